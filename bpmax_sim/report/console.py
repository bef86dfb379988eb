"""What scripts wrote to their console: one line as text and as data, wherever a run is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.i18n import join_messages, label_message, msg, translate
from bpmax_sim.scenario.events import ConsoleWritten
from bpmax_sim.script.turn_result import ConsoleLine


class ConsoleOutput(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a console and where the script wrote it; without a place, an empty file.

    Attributes:
        ms: of virtual time since the scenario started.
    """

    text: str
    level: str
    file: str = ""
    line: int = 0
    column: int = 0
    ms: float = 0.0

    @property
    def place(self) -> Place:
        """Return where it was written; without a place, an empty file."""
        return Place(self.file, self.line, self.column)

    @classmethod
    def of(cls, line: ConsoleWritten | ConsoleLine, start: float = 0.0) -> ConsoleOutput:
        """Return *line*, which a script wrote in a scenario that started at *start*, or outside."""
        place = line.place or Place("")
        return cls(
            text=line.text,
            level=line.level,
            **msgspec.structs.asdict(place),
            ms=round((line.at - start) * 1000, 3),
        )


CONSOLE_SECTION = "Captured console call"


def console_section(console: Sequence[ConsoleOutput]) -> Iterator[tuple[str, str]]:
    """Yield pytest's captured section of *console*, its name and text; of nothing none."""
    if console:
        yield CONSOLE_SECTION, translate(join_messages("\n", console_lines(console)))


def console_lines(console: Iterable[ConsoleOutput]) -> Iterator[str]:
    """Yield ``scripts/customer.js:12:3  log: 客户 12345``, more lines of one text indented."""
    for line in console:
        first, *more = line.text.splitlines() or [""]
        if line.file:
            head = msg("{place}  {level}: {text}", place=line.place, level=line.level, text=first)
        else:
            head = label_message(line.level, first)
        yield head
        yield from (f"    {line}" for line in more)
