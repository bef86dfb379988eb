"""Find compressed streams inside bytes, and decompress them up to their end or first damage.

Random bytes often look like the beginning of a stream and fail after a few bytes, so an attempt has
to be cheap.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress
from struct import Struct
from typing import Any, NamedTuple

from ahocorasick_rs import BytesAhoCorasick, Implementation

_BARE = -zlib.MAX_WBITS
PROBE = 64  # bytes that a stream by chance hardly ever gets over
STEP = 4096
# What it costs to try a stream, to see that it is none, and to undo what is damaged; as bytes.
_TRIED, _SKIPPED, _DAMAGED = 4096, 2048, 16384
_SHORTEST = 6  # bytes of the shortest secret
_AHEAD, _TIMES = 64 << 20, 32
"""Bytes that may come of a stream, and of each byte that was read of it: a bomb ends early."""
_AT_ONCE, _LONGEST_HEAD = 1 << 16, 4
_STORED = 5  # bytes before what a stored block holds
_ZIP_HEAD = 30  # bytes of a member's local header before its name (APPNOTE 4.3.7)
_ZIP_SIZES, _ZIP_SIZES_AT = Struct("<HH"), 26  # of the name and what is behind it
_KINDS = bytes(code for code in range(256) if code >> 1 & 3 in {1, 2}) + b"\0\1"
"""Bytes that a compressor writes first; a stored block fills its first one up with zeros."""

_ZLIB = tuple(bytes((ord("x"), level, kind)) for level in b"\x01\x5e\x9c\xda" for kind in _KINDS)
_BEGINS = BytesAhoCorasick(
    (*_ZLIB, b"\x1f\x8b\x08", b"PK\x03\x04"), implementation=Implementation.DFA
)
_BEFORE_BLOCKS = {zlib.MAX_WBITS: 2, _BARE: 0}  # bytes; what gzip has there is of any length
_FLAGS = 0x1F  # of gzip, the rest is reserved (RFC 1952, 2.3.1)


class DecodeLimitError(Exception):
    """Raised when undoing the encodings of some data takes more work than allowed.

    Such data cannot be searched completely for secrets; the message says where.

    Attributes:
        at: offset where the data begins that could not be decoded.
        labels: encodings that would have been undone there, outermost first.
    """

    at = 0
    labels: tuple[str, ...] = ()


class WorkBudget:
    """The number of bytes that a search may still process, as a limit for data that expands."""

    def __init__(self, left: int) -> None:
        """Allow *left* bytes."""
        self._left = left

    def spend(self, size: int, reserve: int = 0) -> None:
        """Charge *size* bytes to the budget.

        Raises:
            DecodeLimitError: if fewer than *reserve* bytes would be left.
        """
        self._left -= size
        if self._left < reserve:
            raise DecodeLimitError


class Stream(NamedTuple):
    """A compressed stream found inside other data.

    Attributes:
        label: its format: ``gzip``, ``deflate`` or ``zip``.
        start: offset where it begins.
        inner: decompressed content.
    """

    label: str
    start: int
    inner: bytes


class StreamHeader(NamedTuple):
    """What the first bytes of a compressed stream tell.

    Attributes:
        label: its format: ``gzip``, ``deflate`` or ``zip``.
        data_offset: offset of what zlib decompresses.
        window: zlib's parameter for the format, its window bits.
    """

    label: str
    data_offset: int
    window: int


def find_streams(data: bytes, work: WorkBudget) -> Iterator[Stream]:
    """Yield each gzip, zlib and ZIP stream in *data*, decompressed; *work* limits the effort.

    Inside a complete stream no others are searched for.

    Raises:
        DecodeLimitError: if *work* does not suffice.
    """
    if data.isascii() and not _may_have_stream(data):
        return
    view, end = memoryview(data), 0
    for start in _find_beginnings(data):
        if start < end or not _is_valid_header(data, start):
            continue
        label, first, window = _read_stream_header(data, start)
        try:
            # A few bytes of signature occur by chance all the time: a short probe costs a fraction
            # of what starting the decompression of each would.
            if _is_accidental_match(view[first : first + PROBE], window):
                work.spend(_SKIPPED)
                continue
            inner, size = inflate(view[first:], window, work)
            work.spend(0 if size else _DAMAGED)
        except DecodeLimitError as error:
            error.at, error.labels = start, (label,)
            raise
        end = first + size if size else end
        if inner:
            yield Stream(label, start, inner)


def _find_beginnings(data: bytes) -> Iterator[int]:
    """Yield the offsets of bytes with which a stream may begin; most of them are coincidences.

    It works lazily, since there may be very many.
    """
    for begin in range(0, len(data), _AT_ONCE):
        part = data[begin : begin + _AT_ONCE + _LONGEST_HEAD - 1]
        for _, start, _ in _BEGINS.find_matches_as_indexes(part):
            if start < _AT_ONCE:
                yield begin + start


def _is_accidental_match(data: memoryview, window: int) -> bool:
    """Return whether *data* is no stream, or one too short to contain a secret.

    *data* begins at an offset where the bytes look like the header of a stream. *window* is zlib's
    parameter for its format.
    """
    if window in _BEFORE_BLOCKS and not _may_begin_deflate(data[_BEFORE_BLOCKS[window] :]):
        return True
    decoder = zlib.decompressobj(window)
    try:
        inner = decoder.decompress(data, _SHORTEST)
    except zlib.error:
        return True
    return decoder.eof and len(inner) < _SHORTEST


def _may_have_stream(text: bytes) -> bool:
    """Return whether a compressed stream may begin in *text*, which is ASCII.

    That takes one of the characters ``^``, U+0001 and U+0003 that follow ``x`` (zlib) or ``PK``
    (ZIP) there; they are rare in text, and quickly found.
    """
    return (b"^" in text and b"x^" in text) or b"\x01" in text or b"\x03" in text


def _read_stream_header(data: bytes, start: int) -> StreamHeader:
    """Return what the header of the stream at *start* tells."""
    if data[start] == 0x1F:  # noqa: PLR2004 - RFC 1952
        return StreamHeader("gzip", start, zlib.MAX_WBITS | 16)
    if data[start] == ord("x"):
        return StreamHeader("deflate", start, zlib.MAX_WBITS)
    first = start + _ZIP_HEAD
    if first <= len(data):
        first += sum(_ZIP_SIZES.unpack_from(data, start + _ZIP_SIZES_AT))
    return StreamHeader("zip", first, _BARE)


def _is_valid_header(data: bytes, start: int) -> bool:
    """Return whether the header at *start* announces a supported compression."""
    if data[start] == ord("P"):
        return data[start + 8 : start + 10] == b"\x08\0"  # deflated
    return data[start] == ord("x") or (start + 3 < len(data) and data[start + 3] <= _FLAGS)


def inflate_raw(data: bytes, work: WorkBudget) -> bytes:
    """Return the decompressed *data* if it is deflate without a header, else empty bytes."""
    return inflate(data, _BARE, work)[0] if _may_begin_deflate(data) else b""


def may_begin_raw_deflate(data: bytes, total_size: int, work: WorkBudget) -> bool:
    """Return whether *data* may be the beginning of a deflate stream without header.

    There is no signature to look for, but hardly any data passes this test: the first `PROBE` bytes
    must decompress. *total_size* is the size of all data, of which *data* is the beginning; up to
    `STEP` the caller has to check that the first byte is in `MAY_BE_WHOLE`, those with which short
    streams begin. The test is charged to *work*.
    """
    if total_size > STEP and not _may_begin_deflate(data):
        return False
    work.spend(_TRIED // 16)
    try:
        zlib.decompress(data[:PROBE], _BARE)
    except zlib.error as error:
        return "incomplete" in str(error)  # which a beginning is
    return True


def _may_begin_single_block(first_byte: int) -> bool:
    kind, code = first_byte & 7, first_byte >> 3
    if kind == 5:  # noqa: PLR2004 - the last block, which has its codes first (RFC 1951, 3.2.7)
        return code < 30  # noqa: PLR2004 - and 257 more for letters and lengths, of which 286 exist
    # with fixed codes, which are packed from their first bit on; a length has nothing to repeat
    return kind == 3 and int(f"{code:05b}"[::-1], 2) > 5  # noqa: PLR2004


MAY_BE_WHOLE = frozenset(first for first in range(256) if _may_begin_single_block(first))
"""What a stream without a header, of one block as compressors make a short one, may begin with."""


def _may_begin_deflate(data: bytes | memoryview) -> bool:
    """Return whether *data* may begin a deflate stream, judged by its first block (RFC 1951, 3.2).

    Block type 3 does not exist, and a stored block has its length twice.
    """
    kind = data[0] >> 1 & 3 if data else 3
    if kind:
        return kind != 3  # noqa: PLR2004
    return len(data) >= _STORED and (data[1] ^ data[3]) == (data[2] ^ data[4]) == 0xFF  # noqa: PLR2004


def inflate(data: bytes | memoryview, window: int, work: WorkBudget) -> tuple[bytes, int]:
    """Return the decompressed beginning of *data*, and the size of the stream (0 if it is damaged).

    *window* is zlib's parameter for the format: gzip, zlib, or no header.

    Raises:
        DecodeLimitError: if the output exceeds the budget *work*, or is out of proportion to the
            input.
    """
    work.spend(_TRIED)
    decoder = zlib.decompressobj(window)
    pieces: list[bytes] = []
    at, step, size = 0, PROBE, 0
    while at < len(data) and not decoder.eof:
        part, before = bytes(data[at : at + step]), decoder.copy()
        try:
            pieces.append(decoder.decompress(part))  # at most 1032 times as many (zlib's FAQ)
        except zlib.error:
            pieces += _decompress_bytewise(
                before, part
            )  # an error takes with it what its call has decoded
            return b"".join(pieces), 0
        at, step, size = at + len(part), STEP, size + len(pieces[-1])
        work.spend(len(part) + len(pieces[-1]), size)  # as all that comes is looked at as well
        if size > _AHEAD + _TIMES * at:
            raise DecodeLimitError
    return b"".join(pieces), at - len(decoder.unused_data) if decoder.eof else 0


def _decompress_bytewise(decoder: Any, data: bytes) -> Iterator[bytes]:
    with suppress(zlib.error):
        for at in range(len(data)):
            yield decoder.decompress(data[at : at + 1])
