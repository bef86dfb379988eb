"""Compressed streams inside bytes: where they may begin, and what comes out up to any damage.

Any bytes hold the two or three that such a stream begins with by chance, and most begin deflate
without a header. Such streams end after a few bytes, so trying one has to cost next to nothing.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

_BARE = -zlib.MAX_WBITS
_PROBE = 64  # bytes that a stream by chance hardly ever gets over
_STEP = 4096
_TRIED, _TOLD = 4096, 1024  # what it costs to try a stream, or not to, as bytes looked at
_STORED = 5  # bytes before what a stored block holds
_ZIP_HEAD = 30  # bytes of a member's local header before its name (APPNOTE 4.3.7)
_KINDS = bytes(code for code in range(256) if code >> 1 & 3 in {1, 2}) + b"\0\1"
"""Bytes that a compressor writes first; a stored block fills its first one up with zeros."""

_BEGINS = (
    re.compile(rb"\x1f\x8b\x08[\x00-\x1f]"),
    re.compile(rb"x[\x01\x5e\x9c\xda][%s]" % re.escape(_KINDS)),
    re.compile(rb"PK\x03\x04.{4}\x08\x00", re.DOTALL),
)


class TooMuchError(Exception):
    """More came of some bytes than is due to be looked at.

    Attributes:
        at: the byte where what is too much begins.
        labels: what would have been undone there.
    """

    at = 0
    labels: tuple[str, ...] = ()


class Work:
    """What may still be looked at, in bytes."""

    def __init__(self, left: int) -> None:
        """Allow for *left* bytes."""
        self._left = left

    def spend(self, size: int) -> None:
        """Count *size* bytes.

        Raises:
            TooMuchError: if they are too many.
        """
        self._left -= size
        if self._left < 0:
            raise TooMuchError


class Stream(NamedTuple):
    """What a stream holds, and where it is."""

    label: str
    start: int
    inner: bytes


def streams(data: bytes, work: Work) -> Iterator[Stream]:
    """Yield what every stream in *data* holds; inside a whole one no other is looked for."""
    if not _has_sign(data):
        return
    view, end = memoryview(data), 0
    for start in sorted(found.start() for sign in _BEGINS for found in sign.finditer(data)):
        if start < end:
            continue
        label, first, window = _kind(data, start)
        if label == "deflate" and not _may_begin(data[start + 2 : start + 2 + _STORED]):
            work.spend(_TOLD)
            continue
        try:
            inner, size = inflate(view[first:], window, work)
        except TooMuchError as error:
            error.at, error.labels = start, (label,)
            raise
        end = first + size if size else end
        if inner:
            yield Stream(label, start, inner)


def _kind(data: bytes, start: int) -> tuple[str, int, int]:
    """Return what begins at *start*, where its compressed data does, and how zlib reads it."""
    if data[start] == 0x1F:  # noqa: PLR2004 - RFC 1952
        return "gzip", start, zlib.MAX_WBITS | 16
    if data[start] == ord("x"):
        return "deflate", start, zlib.MAX_WBITS
    name, extra = (int.from_bytes(data[n : n + 2], "little") for n in (start + 26, start + 28))
    return "zip", start + _ZIP_HEAD + name + extra, _BARE


def _has_sign(data: bytes) -> bool:
    """Return whether a stream may begin in *data*; the rarer bytes of a sign come first.

    To look for two bytes takes long where the first of them comes over and over.
    """
    return (
        (b"\x9c" in data and b"x\x9c" in data)
        or (b"\x1f" in data and b"\x1f\x8b\x08" in data)
        or (b"\xda" in data and b"x\xda" in data)
        or (b"\x01" in data and b"x\x01" in data)
        or (b"^" in data and b"x^" in data)
        or (b"\x03" in data and b"PK\x03\x04" in data)
    )


def bare(data: bytes, work: Work, *, by_chance: bool = False) -> bytes:
    """Return what *data* holds if it is deflate without a header from its first byte.

    With *by_chance* it hardly ever is: what is short has to be one block, as compressors make it,
    and to have no damage near its beginning.
    """
    if not _may_begin(data) or (by_chance and len(data) < _STEP and not data[0] & 1):
        return b""
    if by_chance:
        work.spend(_TRIED // 16)
        try:
            zlib.decompress(data[:_PROBE], _BARE)
        except zlib.error as error:
            if "incomplete" not in str(error):  # which a beginning is
                return b""
    return inflate(data, _BARE, work)[0]


def _may_begin(data: bytes | memoryview) -> bool:
    """Return whether deflate may begin so: its first block tells (RFC 1951, 3.2).

    The third kind of block does not exist, and a stored one has its length twice.
    """
    kind = data[0] >> 1 & 3 if data else 3
    if kind:
        return kind != 3  # noqa: PLR2004
    return len(data) >= _STORED and (data[1] ^ data[3]) == (data[2] ^ data[4]) == 0xFF  # noqa: PLR2004


def inflate(data: bytes | memoryview, window: int, work: Work) -> tuple[bytes, int]:
    """Return what *data* begins with, up to the damage if any, and the size of a whole stream.

    Raises:
        TooMuchError: if there is more than may still be looked at.
    """
    work.spend(_TRIED)
    decoder = zlib.decompressobj(window)
    pieces: list[bytes] = []
    at, step = 0, _PROBE
    while at < len(data) and not decoder.eof:
        part, before = bytes(data[at : at + step]), decoder.copy()
        try:
            pieces.append(decoder.decompress(part))  # at most 1032 times as many (zlib's FAQ)
        except zlib.error:
            pieces += _bytewise(before, part)  # an error takes with it what its call has decoded
            return b"".join(pieces), 0
        work.spend(len(part) + len(pieces[-1]))
        at, step = at + len(part), _STEP
    return b"".join(pieces), at - len(decoder.unused_data) if decoder.eof else 0


def _bytewise(decoder: Any, data: bytes) -> Iterator[bytes]:
    with suppress(zlib.error):
        for at in range(len(data)):
            yield decoder.decompress(data[at : at + 1])
