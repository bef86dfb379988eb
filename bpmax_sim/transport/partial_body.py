"""The part of an arriving body that may already be recorded.

A secret is recognised by its name, its place or its whole value; half a body may contain neither.
So the recorded part ends before anything incomplete: whole lines of a stream, JSON up to the last
complete member. Other bodies are not recorded before their end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from bpmax_sim.content_coding import ContentCodingError, ContentDecoder, list_codings
from bpmax_sim.messages import STREAMED, Headers, Pairs

_MOST: Final = 64 * 1024  # bytes of JSON that are read anew with each piece
_MOST_OF_STREAM: Final = 1 << 20  # bytes of a line
# Possessive (``*+``): of a text without an end nothing is tried again, which would be quadratic.
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|["{}\[\],]', re.DOTALL)
_CLOSED_BY: Final = {b"{": b"}", b"[": b"]"}

Hide = Callable[[bytes], bytes]
"""Takes a complete document, or complete lines of one, and returns it without its secrets."""


class StreamedBodyRedactor:
    """Takes a body piece by piece, and returns what of it may be recorded before the rest arrives.

    A secret may be cut by the end of a piece, so only complete lines or members are returned.
    """

    def __init__(self, headers: Pairs, hide: Hide) -> None:
        """Read a body with *headers*; *hide* redacts a complete document or complete lines."""
        head = Headers(headers)
        media = head.media_type
        try:
            self._decoder = ContentDecoder(list_codings(headers))
        except ContentCodingError:
            media = ""
        self._cut = (
            _find_lines_and_closing
            if media in STREAMED
            else _find_json_prefix_and_closing
            if media == "application/json" or media.endswith("+json")
            else None
        )
        self._is_streamed, self._hide = media in STREAMED, hide
        self._most = _MOST_OF_STREAM if self._is_streamed else _MOST
        self._waiting, self._shown = b"", b""

    def take_piece(self, piece: bytes) -> bytes:
        """Return what can be added to the recording after *piece*, redacted; b"" if nothing."""
        if self._cut is not None:
            self._waiting += self._decompress(piece)
        if self._cut is None or len(self._waiting) > self._most:
            self._cut = None
            return b""
        # The part is closed by brackets only for `hide`, which has to parse it to see names.
        complete, closing = self._cut(self._waiting)
        shown = self._hide(complete + closing).removesuffix(closing) if complete else b""
        if self._is_streamed:
            self._waiting = self._waiting[len(complete) :]
            return shown
        # What is on disk cannot be taken back; the complete exchange at the end replaces it.
        if not shown.startswith(self._shown):
            return b""  # what came is known to be secret only now: the rest waits for the end
        added, self._shown = shown[len(self._shown) :], shown
        return added

    def _decompress(self, piece: bytes) -> bytes:
        """Return *piece* decompressed; if that fails, nothing more is recorded of this body."""
        try:
            return self._decoder.decode(piece, self._most)
        except ContentCodingError:
            self._cut = None
            return b""


def _find_lines_and_closing(data: bytes) -> tuple[bytes, bytes]:
    return data[: data.rfind(b"\n") + 1], b""


def _find_json_prefix_and_closing(data: bytes) -> tuple[bytes, bytes]:
    """Return a JSON document up to its last complete member, and the missing brackets.

    ``b'{"a": [1, 2, "x'`` gives ``b'{"a": [1, 2'`` and ``b']}'``: joined, they are JSON again.
    """
    end, open_brackets = 0, list[bytes]()
    for token in _TOKEN.finditer(data):
        sign = token[0]
        if sign in _CLOSED_BY:
            open_brackets.append(_CLOSED_BY[sign])
        elif sign in {b"}", b"]"} and open_brackets:
            open_brackets.pop()
        # Complete texts fall through to `continue`: whether one is a value, and of which name, is
        # certain only at the comma or bracket after it. So are numbers, which the next piece may
        # continue.
        elif sign == b'"':
            break  # a text that is not complete
        elif sign != b",":
            continue
        end = token.start() if sign == b"," else token.end()
    return data[:end], b"".join(reversed(open_brackets))
