"""Undo the compression of a body, as its ``Content-Encoding`` declares (RFC 9110, 8.4).

Clients of HTTP do so, too, but many take a body that was cut short for a whole one, and read only
the first member of a gzip.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, Protocol

from bpmax_sim.i18n import msg
from bpmax_sim.messages import Pairs

GZIP: Final = b"\x1f\x8b"  # with which each member begins (RFC 1952, 2.3.1)
_HEAD: Final = 2  # bytes that tell the formats apart
# 15 bits of window; 16 more where a gzip's header is before it, negative without any (zlib.h).
_IN_GZIP, _IN_ZLIB, _BARE = 31, 15, -15


class ContentCodingError(ValueError):
    """Raised when a body is not what its ``Content-Encoding`` says; the message says how."""


class BodyTooLargeError(ContentCodingError):
    """Raised when a body becomes larger than allowed."""


class _Decompressor(Protocol):
    def decompress(self, data: bytes, most: int) -> bytes: ...

    def has_ended(self) -> bool: ...


class ContentDecoder:
    """Decodes a body piece by piece."""

    def __init__(self, codings: Iterable[str]) -> None:
        """Undo *codings*, in small letters, in the order in which they were applied.

        Raises:
            ContentCodingError: if one is unknown, or is br without its extra.
        """
        self._stages = [_make_decompressor(coding) for coding in codings if coding not in _NONE]
        self._stages.reverse()
        self._has_begun = False

    def decode(self, piece: bytes, most: int) -> bytes:
        """Return what *piece*, the next bytes as they arrived, adds to the body.

        Raises:
            BodyTooLargeError: if that is more than *most* bytes.
            ContentCodingError: if *piece* is damaged.
        """
        self._has_begun = self._has_begun or bool(piece)
        for stage in self._stages:
            piece = stage.decompress(piece, most)
        _check_size(len(piece), most)
        return piece

    def finish(self) -> None:
        """Check that the body is whole; one of no bytes is, however it is said to be compressed.

        Raises:
            ContentCodingError: if a coding has not come to its end.
        """
        if self._has_begun and not all(stage.has_ended() for stage in self._stages):
            raise ContentCodingError(msg("it is compressed, and was cut short"))


def list_codings(headers: Pairs) -> list[str]:
    """Return what *headers* say of the compression, in small letters, the first applied first."""
    return [
        coding.strip().lower()
        for name, value in headers
        if name.lower() == "content-encoding"
        for coding in value.split(",")
    ]


def decode_whole_body(data: bytes, codings: Iterable[str], most: int) -> bytes:
    """Return *data* without *codings*, which are in the order in which they were applied.

    Raises:
        ContentCodingError: if a coding is unknown, if *data* is damaged or cut short, or if it
            becomes larger than *most* bytes.
    """
    decoder = ContentDecoder(codings)
    decoded = decoder.decode(data, most)
    decoder.finish()
    return decoded


def encode_uncompressed(data: bytes, codings: Iterable[str]) -> bytes:
    """Return *data* in the formats of *codings*, applied in their order, but not compressed.

    So the bytes are the same on every machine, whatever version of zlib it has. Only the package of
    br has no such format.

    Raises:
        ContentCodingError: if a coding is unknown.
    """
    for coding in codings:
        encode = _ENCODERS.get(coding)
        if encode is None:
            raise ContentCodingError(coding)
        data = encode(data)
    return data


def begins_like_zlib(data: bytes) -> bool:
    """Return whether *data* begins with the header of zlib, and is no text that begins with an x.

    Both bytes of the header are, as one number, a multiple of 31 (RFC 1950, 2.2).
    """
    return data[:1] == b"x" and int.from_bytes(data[:_HEAD], "big") % 31 == 0


class _Inflater:
    """Undoes gzip and deflate, the second of which some servers send without its header."""

    def __init__(self, *, is_gzip: bool) -> None:
        self._is_gzip, self._waiting = is_gzip, b""
        self._engine: Any = None

    def decompress(self, data: bytes, most: int) -> bytes:
        inflated = bytearray()
        self._waiting += data
        while self._waiting and self._enter_stream():
            try:
                inflated += self._engine.decompress(self._waiting, most + 1 - len(inflated))
            except zlib.error as error:
                raise ContentCodingError(str(error)) from error
            _check_size(len(inflated), most)
            self._waiting = self._engine.unused_data
        return bytes(inflated)

    def has_ended(self) -> bool:
        return self._engine is not None and self._engine.eof

    def _enter_stream(self) -> bool:
        """Return whether what waits is of a stream, which begins with it unless one is open."""
        if self._engine is not None and not self._engine.eof:
            return True
        if len(self._waiting) < _HEAD:
            return False
        is_first = self._engine is None
        # A gzip may have several members (RFC 1952, 2.2); anything else behind an end is padding.
        if not is_first and not (self._is_gzip and self._waiting[:_HEAD] == GZIP):
            self._waiting = b""
            return False
        # The header that RFC 9110, 8.4.1.2 asks for is left out by some servers.
        is_bare = not self._is_gzip and not begins_like_zlib(self._waiting)
        self._engine = zlib.decompressobj(
            _IN_GZIP if self._is_gzip else _BARE if is_bare else _IN_ZLIB
        )
        return True


class _BrotliDecompressor:
    """Undoes br; its package is an extra."""

    def __init__(self) -> None:
        if not find_spec("brotli"):
            raise ContentCodingError(msg('it is compressed with br; pip install "bpmax-sim[br]"'))
        self._brotli: Any = import_module("brotli")
        self._engine = self._brotli.Decompressor()

    def decompress(self, data: bytes, most: int) -> bytes:
        try:
            inflated = bytes(self._engine.process(data, output_buffer_limit=most + 1))
        except self._brotli.error as error:
            raise ContentCodingError(str(error)) from error
        _check_size(len(inflated), most)
        return inflated

    def has_ended(self) -> bool:
        return bool(self._engine.is_finished())


_NONE: Final = frozenset({"", "identity"})
_DECOMPRESSORS: Final[Mapping[str, Callable[[], _Decompressor]]] = {
    "gzip": partial(_Inflater, is_gzip=True),
    "x-gzip": partial(_Inflater, is_gzip=True),  # the same (RFC 9110, 8.4.1.3)
    "deflate": partial(_Inflater, is_gzip=False),
    "br": _BrotliDecompressor,
}


_LONGEST_BLOCK: Final = 0xFFFF
_GZIP_HEAD: Final = GZIP + b"\x08\0\0\0\0\0\0\xff"  # deflate, no time, of an unknown system
_ZLIB_HEAD: Final = b"\x78\x01"  # 32 kB of window, the fastest level


def _store_as_deflate(data: bytes) -> bytes:
    """Return *data* as deflate in stored blocks, which are not compressed (RFC 1951, 3.2.4)."""
    stored = bytearray()
    for start in range(0, len(data) or 1, _LONGEST_BLOCK):
        block = data[start : start + _LONGEST_BLOCK]
        is_last = start + _LONGEST_BLOCK >= len(data)
        size = len(block).to_bytes(2, "little")
        stored += bytes([is_last, *size, *(byte ^ 0xFF for byte in size)]) + block
    return bytes(stored)


def _store_as_gzip(data: bytes) -> bytes:
    end = zlib.crc32(data).to_bytes(4, "little") + (len(data) & 0xFFFFFFFF).to_bytes(4, "little")
    return _GZIP_HEAD + _store_as_deflate(data) + end


def _store_as_zlib(data: bytes) -> bytes:
    return _ZLIB_HEAD + _store_as_deflate(data) + zlib.adler32(data).to_bytes(4, "big")


def _compress_as_br(data: bytes) -> bytes:
    encoded: bytes = import_module("brotli").compress(data)
    return encoded


_ENCODERS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "": bytes,
    "identity": bytes,
    "gzip": _store_as_gzip,
    "x-gzip": _store_as_gzip,
    "deflate": _store_as_zlib,
    "br": _compress_as_br,
}


def _make_decompressor(coding: str) -> _Decompressor:
    make = _DECOMPRESSORS.get(coding)
    if make is None:
        raise ContentCodingError(
            msg(
                "it is compressed with {coding}, which is not supported; gzip, deflate and br are",
                coding=coding,
            )
        )
    return make()


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise BodyTooLargeError(msg("it becomes larger than {most} bytes", most=most))
