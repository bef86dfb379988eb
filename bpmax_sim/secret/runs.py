"""Every run of base64 and hexadecimal in some bytes, found and decoded by a few calls in C."""

from __future__ import annotations

import binascii
from collections.abc import Container, Iterator, Sequence
from string import ascii_letters, digits, hexdigits

from bpmax_sim.secret.packed import octets

SHORTEST_RUN = 8
"""Characters of the shortest run that is decoded; of hexadecimal some more."""

_HEX_RUN = 12
_GROUP = 20_000  # characters of base64 that are decoded at once
_LINE = 16  # characters of the shortest line that goes on in the next
_BLANKS = b" \t\n\r\f\v"
_WIDEST = 64  # blanks that the next line begins with, as in what is indented
_OF_LINES = f"{ascii_letters}{digits}+/".encode()


def _only(kept: str) -> bytes:
    """Return a table that makes a space of every byte but those of *kept*."""
    return bytes(code if chr(code) in kept else ord(" ") for code in range(256))


_IN_BASE64 = _only(ascii_letters + digits + "+/-_")
_IN_HEX = _only(hexdigits)
_ANY_RUN = b"A" * SHORTEST_RUN
_AS_RUNS = bytes(ord(" ") if code == ord(" ") else ord("A") for code in _IN_BASE64)
_AS_HEX = bytes(ord(" ") if code == ord(" ") else ord("A") for code in _IN_HEX)
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_FILLINGS = (b"", b"AAA", b"AA", b"A")
"""What makes base64 complete, by what it has over a multiple of four."""

_BETWEEN, _BETWEEN_HEX = b"AAAA", b"000"
"""What comes between runs: zeros, of which some complete what is left of the run before."""


def has_run(data: bytes) -> bool:
    """Return whether there is any run in *data*, which is told faster than which."""
    return _ANY_RUN in data.translate(_AS_RUNS)


def runs_of(data: bytes, known: Container[bytes] = ()) -> list[bytes]:
    """Return the runs of *data* that may be base64, in either alphabet, and are not *known*."""
    runs = long_runs(data, data.translate(_AS_RUNS), SHORTEST_RUN)
    return [run for run in runs if run not in known]


def hex_runs_of(data: bytes) -> list[bytes]:
    """Return the runs of *data* that may be hexadecimal."""
    return long_runs(data, data.translate(_AS_HEX), _HEX_RUN)


def long_runs(data: bytes, told: bytes, size: int) -> list[bytes]:
    """Return the parts of *data* where *told* has A only, *size* times or more, else a space."""
    found: list[bytes] = []
    shortest = b"A" * size
    start = told.find(shortest)
    while start >= 0:
        end = told.find(b" ", start + size)
        if end < 0:
            found.append(data[start:])
            break
        found.append(data[start:end])
        start = told.find(shortest, end)
    return found


def runs_and_lines(data: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the runs of *data*, and those that go over several lines or blanks, without these."""
    told = data.translate(_AS_RUNS)
    runs: list[bytes] = []
    folded = False
    start = told.find(_ANY_RUN)
    while start >= 0:
        end = told.find(b" ", start + SHORTEST_RUN)
        if end < 0:
            runs.append(data[start:])
            break
        runs.append(data[start:end])
        if not folded and end - start >= _LINE and data[end] in _BLANKS:
            rest = data[end : end + _WIDEST].lstrip()
            folded = rest != b"" and rest[0] in _OF_LINES
        start = told.find(_ANY_RUN, end)
    if not folded:
        return runs, []
    lines = runs_of(data.translate(None, _BLANKS))
    return runs, [run for run in lines if len(run) > _LINE]


def decoded(runs: Sequence[bytes], hex_runs: Sequence[bytes]) -> Iterator[bytes]:
    """Yield what *runs* may hold, at each of the four alignments, and *hex_runs* at both.

    They are decoded as one. Where each begins in it does not matter: to begin with the whole, then
    one character later and so on, has every run at every alignment.
    """
    for group in _groups(runs):
        told = _BETWEEN.join([*group, b""]).translate(_TO_STANDARD)
        for start in range(4):
            yield binascii.a2b_base64(told[start:] + _FILLINGS[(len(told) - start) % 4])
    for group in _groups(hex_runs):
        yield from octets(_BETWEEN_HEX.join(group))


def _groups(runs: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Yield *runs*, as many at once as may be: mostly all of them."""
    if sum(map(len, runs)) + len(runs) * len(_BETWEEN) <= _GROUP:
        if runs:
            yield runs
        return
    group: list[bytes] = []
    size = 0
    for run in runs:
        if group and size + len(run) > _GROUP:
            yield group
            group, size = [], 0
        group.append(run)
        size += len(run) + len(_BETWEEN)
    if group:
        yield group
