"""Every run of base64 and hexadecimal in some bytes, found and decoded by a few calls in C."""

from __future__ import annotations

import binascii
import re
from collections.abc import Container, Iterator, Sequence
from string import ascii_letters, digits, hexdigits

from bpmax_sim.secret.packed import octets

SHORTEST_RUN = 8
"""Characters of the shortest run that is decoded; of hexadecimal some more."""

_HEX_RUN = 12
_GROUP = 20_000  # characters of base64 that are decoded at once
_NEAR = 128
_FOLD = re.compile(rb" (?<=A{16} ) {0,3}A")  # in what `_KINDS` makes of data
_FOLD_AT_PLUS = re.compile(rb"\+(?:(?<=[A-Za-z0-9+/\s]{9})|(?=[A-Za-z0-9+/\s]{8}))")
_LINES = re.compile(rb"[A-Za-z0-9+/\s]*")
_OF_LINES = f"{ascii_letters}{digits}+/".encode()


def _only(kept: str) -> bytes:
    """Return a table that makes a space of every byte but those of *kept*."""
    return bytes(code if chr(code) in kept else ord(" ") for code in range(256))


def _kinds() -> bytes:
    """Return a table that makes A of what lines of base64 are of, and a space of every blank."""
    kinds = {**dict.fromkeys(_OF_LINES, "A"), **dict.fromkeys(b" \t\n\r\f\v", " ")}
    return "".join(kinds.get(code, ".") for code in range(256)).encode()


_KINDS = _kinds()
_IN_BASE64 = _only(ascii_letters + digits + "+/-_")
_IN_HEX = _only(hexdigits)
_ANY_RUN = b"A" * SHORTEST_RUN
_AS_RUNS = bytes(ord(" ") if code == ord(" ") else ord("A") for code in _IN_BASE64)
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
    runs = data.translate(_IN_BASE64).split()
    return [run for run in runs if len(run) >= SHORTEST_RUN and run not in known]


def hex_runs_of(data: bytes) -> list[bytes]:
    """Return the runs of *data* that may be hexadecimal."""
    return [run for run in data.translate(_IN_HEX).split() if len(run) >= _HEX_RUN]


def folded(data: bytes) -> Iterator[bytes]:
    """Yield what goes over several lines, or blanks, each as one run with all that follows it."""
    end = 0
    for found in _FOLD.finditer(data.translate(_KINDS)):
        if found.start() >= end:
            start, end = _start(data, found.start()), _end(data, found.start())
            yield b"".join(data[start:end].split())


def may_fold_at_plus(data: bytes) -> bool:
    """Return whether `folded` may yield more of *data* once its plus signs are taken for blanks.

    It does not where so little of base64 is on both sides that it is no line with a further one.
    """
    return b"+" in data and _FOLD_AT_PLUS.search(data) is not None


def _end(data: bytes, start: int) -> int:
    """Return where the lines of base64 end that go on at *start*."""
    lines = _LINES.match(data, start)
    return lines.end() if lines else start


def _start(data: bytes, end: int) -> int:
    """Return where the line of base64 starts that ends at *end*."""
    size = _NEAR
    while True:
        low = max(0, end - size)
        kept = len(data[low:end].rstrip(_OF_LINES))
        if kept or not low:
            return low + kept
        size *= 4


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
