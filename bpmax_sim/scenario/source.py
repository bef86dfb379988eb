"""A file with its positions: where a value stands, and the lines around it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import msgspec

from bpmax_sim.errors import ConfigError, Place, Problem, near
from bpmax_sim.platform.disk import file_stamp
from bpmax_sim.scenario.failure import Line
from bpmax_sim.scenario.values import Path as Steps
from bpmax_sim.script.source import Script
from bpmax_sim.yamlfile import Node, parsed, read_text, shown

_AROUND = 1


class Source(msgspec.Struct, frozen=True):
    """A YAML file that was read."""

    path: Path
    file: str
    root: Node
    lines: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> Source:
        """Read *path*.

        Raises:
            ConfigError: if it cannot be read or is not YAML.
        """
        text, name = read_text(path), shown(path)
        return cls(path, name, parsed(text, name), tuple(text.splitlines()))

    def place(self, steps: Iterable[str | int]) -> Place:
        """Return where the key or element at *steps* stands, or the last one on the way there."""
        node, place = self.root, self.root.place
        for step in steps:
            child = node.child(step)
            if child is None:
                break
            place = node.key_place(step) if isinstance(step, str) else child.place
            node = child
        return place

    def excerpt(self, start: Place, failing: Place) -> tuple[Line, ...]:
        """Return the line where a step starts and those around the failing one, which is marked."""
        first, last = failing.line - _AROUND, failing.line + _AROUND
        wanted = {max(start.line, 1), *range(max(first, start.line, 1), last + 1)}
        return tuple(
            Line(number, self.lines[number - 1], number == failing.line)
            for number in sorted(wanted)
            if number <= len(self.lines)
        )


class Spot(msgspec.Struct, frozen=True):
    """A path inside a file."""

    source: Source
    steps: Steps = ()

    def at(self, *more: str | int) -> Spot:
        """Return the spot further down."""
        return Spot(self.source, (*self.steps, *more))

    @property
    def place(self) -> Place:
        """Return where it stands."""
        return self.source.place(self.steps)


@lru_cache(maxsize=256)
def _script(name: str, _stamp: object) -> Script:
    """Return the script at *name*, which many scenarios use; its stamp tells another text."""
    return Script(name, Path(name).read_text(encoding="utf-8-sig"))


def read_script(path: Path, place: Place) -> Script:
    """Return the script body of *path*, which a file names at *place*.

    Raises:
        ConfigError: if it cannot be read as UTF-8.
    """
    try:
        return _script(shown(path), file_stamp(str(path)))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        hint = near(path.name, (one.name for one in path.parent.glob("*.js")))
        message = (
            f"script {shown(path)} cannot be read: {reason}{hint if not path.exists() else ''}"
        )
        raise ConfigError(Problem(message, place)) from None
