"""What bytes may hold once an encoding is undone: escapes, base64, hexadecimal, compression."""

from __future__ import annotations

import html
import re
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

from bpmax_sim.secret.packed import aligned, octets

Layer = tuple[str, int, bytes]  # what was undone, the offset, the bytes

DEPTH = 4
"""How many encodings within one another are undone."""

_SHORT = 4096
_LARGE = 64 * 1024
_STEP = 1024
_STORED = 5  # bytes before what a stored block holds
_WORD = 46  # bytes of eight escaped characters after the first backslash
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{8,}")
_FOLDED = re.compile(
    rb"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{16,}+(?:\s{1,4}[A-Za-z0-9+/]{16,}+)*+"
    rb"(?:\s{1,4}[A-Za-z0-9+/]+)"
)
_HEX = re.compile(rb"[0-9a-fA-F]{12,}")
STREAM = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")  # gzip or zlib starts so
_ESCAPE = re.compile(rb'\\(?:u([0-9a-fA-F]{4}(?:\\u[0-9a-fA-F]{4})*)|(["\\/bfnrt]))')
_PERCENT = re.compile(rb"%[0-9a-fA-F]{2}")
_ESCAPED = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_ENTITY = re.compile(rb"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-z]{2,6});")


def layers(data: bytes, within: tuple[str, ...], most: int) -> Iterator[Layer]:
    """Yield every decoded piece of *data*, which lies inside *within*.

    Decompression yields *most* bytes, and one more to show that there are more.
    """
    found = _pieces(data, most)
    if within:
        yield from _joined(found)
    else:
        yield from found
        # only a whole body; it has no signature, and by chance any bytes begin such a stream
        yield "deflate", 0, inflated(data, most, -zlib.MAX_WBITS)
    if may_be_undone(data, twice=bool(within) and within[-1] in _TEXT):
        for label, undo in _TEXT.items():
            inner = undo(data)
            if inner != data:
                yield label, 0, inner


def _pieces(data: bytes, most: int) -> Iterator[Layer]:
    for found in _BASE64.finditer(data):
        yield from (("base64", found.start(), inner) for inner in aligned(found[0]))
    for found in _FOLDED.finditer(data):
        core = re.sub(rb"\s", b"", found[0])
        yield from (("base64", found.start(), inner) for inner in aligned(core))
    for found in _HEX.finditer(data):
        yield from (("hex", found.start(), inner) for inner in octets(found[0]))
    for found in STREAM.finditer(data):
        label = "gzip" if found[0][0] == 0x1F else "deflate"  # noqa: PLR2004 - RFC 1952
        packed = memoryview(data)[found.start() :]
        yield label, found.start(), inflated(packed, most, zlib.MAX_WBITS | 32)


def _joined(pieces: Iterator[Layer]) -> Iterator[Layer]:
    """Yield short pieces of one encoding as one; the offset that counts is the outermost."""
    short: dict[str, list[bytes]] = {}
    for label, offset, inner in pieces:
        if len(inner) > _SHORT:
            yield label, offset, inner
        else:
            short.setdefault(label, []).append(inner)
    for label, inners in short.items():
        yield label, 0, b"\n".join(inners)


def has_stream(data: bytes) -> bool:
    """Return whether `STREAM` is in *data*; its rarer bytes come first, to be quick.

    To look for two bytes takes long where the first of them comes over and over.
    """
    return (
        (b"\x9c" in data and b"x\x9c" in data)
        or (b"\x1f" in data and b"\x1f\x8b\x08" in data)
        or (b"\xda" in data and b"x\xda" in data)
        or (b"\x01" in data and b"x\x01" in data)
        or (b"^" in data and b"x^" in data)
    )


def has_escape(data: bytes) -> bool:
    """Return whether any escape in *data* can be undone; its first sign is told in less time."""
    return bool(
        (b"%" in data and _PERCENT.search(data))
        or (b"\\" in data and _ESCAPE.search(data))
        or (b"&" in data and _ENTITY.search(data))
    )


def may_be_undone(data: bytes, *, twice: bool) -> bool:
    """Return whether escapes in *data* are undone; *twice*, if some were undone to get it.

    Large binary data hold such signs by chance, and each would make one more copy.
    """
    return not (twice and len(data) > _LARGE and _is_binary(data))


def _is_binary(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False


def inflated(data: bytes | memoryview, most: int, window: int) -> bytes:
    """Return up to *most* + 1 bytes; a damaged stream yields what comes before the damage."""
    if window < 0 and not _begins_bare(data):
        return b""
    try:
        return _whole(data, most, window)
    except zlib.error:
        return _until_damage(memoryview(data), most, window)


def _begins_bare(data: bytes | memoryview) -> bool:
    """Return whether deflate without a header may begin so: its first block tells (RFC 1951, 3.2).

    The third kind of block does not exist, and a stored one has its length twice.
    """
    kind = data[0] >> 1 & 3 if data else 3
    if kind:
        return kind != 3  # noqa: PLR2004
    return len(data) > _STORED and (data[1] ^ data[3]) == (data[2] ^ data[4]) == 0xFF  # noqa: PLR2004


def _whole(data: bytes | memoryview, most: int, window: int) -> bytes:
    decoder = zlib.decompressobj(window)
    pieces: list[bytes] = []
    size = 0
    while data and size <= most and not decoder.eof:
        pieces.append(decoder.decompress(data, min(most - size + 1, 1 << 20)))
        size += len(pieces[-1])
        data = decoder.unconsumed_tail
    return b"".join(pieces)


def _until_damage(data: memoryview, most: int, window: int) -> bytes:
    """Return what a damaged stream yields; an error takes with it what its call has decoded."""
    decoder = zlib.decompressobj(window)
    pieces: list[bytes] = []
    size = 0
    for start in range(0, len(data), _STEP):
        before = decoder.copy()
        step = data[start : start + _STEP]
        try:
            pieces.append(decoder.decompress(step, most - size + 1))
        except zlib.error:
            pieces += _bytewise(before, step)
            break
        size += len(pieces[-1])
        if size > most or decoder.eof:
            break
    return b"".join(pieces)


def _bytewise(decoder: Any, data: memoryview) -> Iterator[bytes]:
    with suppress(zlib.error):
        for at in range(len(data)):
            yield decoder.decompress(data[at : at + 1])


def unquoted(data: bytes) -> bytes:
    """Return *data* with percent-encoding undone (RFC 3986)."""
    return unquote_to_bytes(data) if _PERCENT.search(data) else data


def _form(data: bytes) -> bytes:
    return unquote_to_bytes(data.replace(b"+", b" ")) if b"+" in data else data


def unescaped(data: bytes) -> bytes:
    """Return *data* with the escapes of JSON undone (RFC 8259)."""
    return _ESCAPE.sub(_character, data) if b"\\" in data else data


def _character(found: re.Match[bytes]) -> bytes:
    escapes = found[1]
    if not escapes:
        return _ESCAPED.get(found[2], found[2])
    return _of_word(escapes) if len(escapes) <= _WORD else _of_units(escapes)


def _of_units(escapes: bytes) -> bytes:
    """Return what UTF-16 units are; two may make one character."""
    units = bytes.fromhex(escapes.replace(b"\\u", b"").decode())
    return units.decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass")


_of_word = lru_cache(maxsize=1024)(_of_units)  # as the names of members come over and over


def unentitied(data: bytes) -> bytes:
    """Return *data* with references to XML's characters undone."""
    return _ENTITY.sub(_entity, data) if b"&" in data else data


def _entity(found: re.Match[bytes]) -> bytes:
    name = found[0][1:-1].decode()
    if not name.startswith("#"):
        return html.unescape(found[0].decode()).encode()
    # not html.unescape, which drops the control characters that XML encoders write
    code = int(f"0{name[1:]}", 16) if name[1] in "xX" else int(name[1:])
    return chr(code).encode("utf-8", "surrogatepass") if code <= sys.maxunicode else found[0]


_TEXT: Mapping[str, Callable[[bytes], bytes]] = {
    "percent": unquoted,
    "form": _form,
    "json": unescaped,
    "xml": unentitied,
}
