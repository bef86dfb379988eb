"""Console output of scripts as text and as data, the same in every report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.i18n import join_messages, label_message, msg, translate
from bpmax_sim.scenario.events import ConsoleWritten
from bpmax_sim.script.turn_result import ConsoleLine


class ConsoleOutput(msgspec.Struct, frozen=True, kw_only=True):
    """A line that a script wrote to the console, and the place where it did.

    Attributes:
        level: method of ``console``, such as ``log`` or ``error``.
        file: "" if the place is not known.
        ms: milliseconds of virtual time since the scenario started.
    """

    text: str
    level: str
    file: str = ""
    line: int = 0
    column: int = 0
    ms: float = 0.0

    @property
    def place(self) -> Place:
        """Return the place where the line was written; the file is "" if there is none."""
        return Place(self.file, self.line, self.column)

    @classmethod
    def from_line(
        cls, line: ConsoleWritten | ConsoleLine, scenario_start: float = 0.0
    ) -> ConsoleOutput:
        """Return the output for *line*, an event of a scenario or a line of a session.

        *scenario_start* is the virtual instant at which the scenario started; 0 outside of one.
        """
        place = line.place or Place("")
        return cls(
            text=line.text,
            level=line.level,
            **msgspec.structs.asdict(place),
            ms=round((line.at - scenario_start) * 1000, 3),
        )


CONSOLE_SECTION = "Captured console call"


def format_console_section(console: Sequence[ConsoleOutput]) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of a section of a pytest report for *console*; nothing if it is empty.

    pytest shows such sections below a failure, like captured output.
    """
    if console:
        yield CONSOLE_SECTION, translate(join_messages("\n", format_console_lines(console)))


def format_console_lines(console: Iterable[ConsoleOutput]) -> Iterator[str]:
    """Yield ``scripts/customer.js:12:3  log: 客户 12345``; further lines of a text are indented."""
    for line in console:
        first, *more = line.text.splitlines() or [""]
        if line.file:
            head = msg("{place}  {level}: {text}", place=line.place, level=line.level, text=first)
        else:
            head = label_message(line.level, first)
        yield head
        yield from (f"    {line}" for line in more)
