"""Two texts of a cassette -> what differs, for a person to judge."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

import msgspec

from bpmax_sim.cassette.format import ENTRY
from bpmax_sim.cassette.model import Line

_MACHINE = (ENTRY, "bpmax: ", "sealed: ")


def changes(before: str, after: str) -> Iterator[str]:
    """Yield the lines that differ with one around each; what only machines read is left out."""
    old, new = _readable(before), _readable(after)
    for line in difflib.unified_diff(old, new, n=1, lineterm=""):
        if not line.startswith(("---", "+++", "@@")):
            yield line


def _readable(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith(_MACHINE)]


def edited(before: bytes, after: bytes) -> Iterator[str]:
    """Yield which exchanges of *after* are not sealed like this in *before*."""
    known = set(before.splitlines())
    mark = ENTRY.encode()
    for index in after.splitlines():
        if index.startswith(mark) and index not in known:
            line = msgspec.json.decode(index[len(mark) :], type=Line)
            yield f"edited: {line.call} for {line.owner}, its exchange {line.n}"
