"""Scripts, and the way back from the engine's positions to a line and column of theirs.

The engine knows one file, ``<input>``, and counts columns in UTF-8 bytes. So each script is
evaluated below its own number of empty lines, and positions are mapped back here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from bpmax_sim.errors import Place

FIRST_LINE = 500  # the prelude and the bindings are above
_LINE_END = re.compile(r"\n|\r(?!\n)")
_UNTOLD = re.compile("[\0\ud800-\udfff]")
_FRAME = re.compile(r"^ +at (?:(.*) \()?(.+):(\d+):(\d+)\)?$", re.MULTILINE)


def lines_of(source: str) -> list[str]:
    """Return the lines of *source*, which may end in LF, CR LF or CR."""
    return _LINE_END.split(source)


def plain(source: str) -> str:
    """Return *source* with escapes for what UTF-8 and C strings cannot hold."""
    return _UNTOLD.sub(lambda found: f"\\u{ord(found[0]):04x}", source)


class Script(msgspec.Struct, frozen=True):
    """JavaScript and the file name that its stacks show."""

    name: str
    source: str


class Frame(msgspec.Struct, frozen=True):
    """A function call in a user's file."""

    function: str
    place: Place

    def __str__(self) -> str:
        """Return ``f (file:line:column)``."""
        return f"{self.function} ({self.place})" if self.function else str(self.place)


class Placed(msgspec.Struct, frozen=True):
    """A script, and the engine's line before its first one."""

    script: Script
    start: int

    @property
    def text(self) -> str:
        """Return the script below as many empty lines, as engines take it."""
        return "\n" * self.start + plain(self.script.source)

    @property
    def lines(self) -> list[str]:
        """Return the script's lines."""
        return lines_of(self.script.source)

    def place(self, row: int, column: int) -> Place:
        """Return the position of the engine's *row* and *column*; one past the end is the end."""
        lines = self.lines
        line = min(row - self.start, len(lines))
        text = lines[line - 1].encode("utf-8", "surrogatepass")
        if row - self.start > len(lines):
            column = len(text) + 1
        return Place(self.script.name, line, len(text[: column - 1].decode(errors="ignore")) + 1)


class Sources:
    """The scripts of one context."""

    def __init__(self, scripts: Sequence[Script]) -> None:
        """Give each script its lines."""
        placed = []
        start = FIRST_LINE
        for script in scripts:
            source = "\n".join(lines_of(script.source))  # a lone CR is the same to JavaScript only
            placed.append(Placed(Script(script.name, source), start))
            start += source.count("\n") + 3
        self.placed = tuple(placed)

    def place(self, row: int, column: int) -> Place | None:
        """Return the user's position, or None for one in our own files."""
        found = [one for one in self.placed if one.start < row]
        return found[-1].place(row, column) if found else None

    def is_past_end(self, raw: str) -> bool:
        """Return whether the first position of *raw* is behind the last line of its file."""
        first = _FRAME.search(raw)
        if first is None or first[2] != "<input>":
            return False
        row = int(first[3])
        found = [one for one in self.placed if one.start < row]
        return bool(found) and row - found[-1].start > len(found[-1].lines)

    def frames(self, raw: str) -> tuple[Frame, ...]:
        """Return the frames of *raw* that are in users' files, innermost first."""
        known = {one.script.name for one in self.placed}
        found = []
        for function, file, row, column in _FRAME.findall(raw):
            place = self.place(int(row), int(column)) if file == "<input>" else None
            if file in known:
                place = Place(file, int(row), int(column))
            if place:
                found.append(Frame("" if function.startswith("<") else function, place))
        return tuple(found)
