"""Looking for secrets in bytes, also behind compression, base64, hexadecimal and percent signs."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

_DEPTH = 3
_MOST = 8 * 1024 * 1024  # bytes that one layer of compression may yield
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{8,}={0,2}|[A-Za-z0-9_-]{8,}={0,2}")
_FOLDED = re.compile(rb"(?:[A-Za-z0-9+/]{20,}\s+){1,}[A-Za-z0-9+/]+={0,2}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){6,}")
_GZIP = re.compile(rb"\x1f\x8b\x08")
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")


@dataclass(frozen=True, slots=True)
class Finding:
    """A secret that was found.

    Attributes:
        name: the credential and the form of it; never its value.
        offset: bytes before it, or before the encoded piece that holds it.
        within: the encodings that were undone, outermost first.
    """

    name: str
    offset: int
    within: tuple[str, ...] = ()

    def __str__(self) -> str:
        inside = f" inside {' inside '.join(reversed(self.within))}" if self.within else ""
        return f"{self.name}{inside} at byte {self.offset}"


def find(data: bytes, wanted: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return where *data* holds a text of *wanted*, whose values name them."""
    if not wanted:
        return ()
    named = {text.encode("utf-8", "surrogatepass"): name for text, name in wanted.items()}
    longest = sorted(named, key=len, reverse=True)
    pattern = re.compile(b"|".join(map(re.escape, longest)))
    return tuple(dict.fromkeys(_search(data, pattern, named, ())))


def _search(
    data: bytes, pattern: re.Pattern[bytes], named: Mapping[bytes, str], within: tuple[str, ...]
) -> Iterator[Finding]:
    for found in pattern.finditer(data):
        yield Finding(named[found[0]], found.start(), within)
    if len(within) == _DEPTH:
        return
    for offset, label, inner in _layers(data):
        for finding in _search(inner, pattern, named, (*within, label)):
            yield Finding(finding.name, offset, finding.within)


def _layers(data: bytes) -> Iterator[tuple[int, str, bytes]]:
    """Yield every decoded piece of *data* with its offset and what was undone."""
    if b"%" in data:
        yield 0, "percent", unquote_to_bytes(data)
    for label, pattern, decode in _PIECES:
        for found in pattern.finditer(data):
            inner = decode(data, found)
            if inner:
                yield found.start(), label, inner


def _base64(_data: bytes, found: re.Match[bytes]) -> bytes | None:
    core = re.sub(rb"\s", b"", found[0]).rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    core = core[: len(core) - 1] if len(core) % 4 == 1 else core
    try:
        return base64.b64decode(core + b"=" * (-len(core) % 4), validate=True)
    except binascii.Error:
        return None


def _hex(_data: bytes, found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[0].decode())


def _inflate(data: bytes, found: re.Match[bytes]) -> bytes | None:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(data[found.start() :], _MOST)
    except zlib.error:
        return None


_PIECES: tuple[
    tuple[str, re.Pattern[bytes], Callable[[bytes, re.Match[bytes]], bytes | None]], ...
] = (
    ("base64", _BASE64, _base64),
    ("base64", _FOLDED, _base64),
    ("hex", _HEX, _hex),
    ("gzip", _GZIP, _inflate),
    ("deflate", _ZLIB, _inflate),
)
