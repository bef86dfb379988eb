"""The path of an API: the one place that knows what ``{name}`` means.

A raw path is split at its slashes first and decoded then, so an encoded slash belongs to a value.
Bytes that are no UTF-8 survive: what is filled in again is what was taken out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from typing import Final
from urllib.parse import quote, unquote_to_bytes

import msgspec

_PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")
_SAFE: Final = "/:@!$&'()*+,;=~%"
_BYTES: Final = "surrogateescape"


def placeholders(path: str) -> tuple[str, ...]:
    """Return the names in braces in *path*, each once, in their order."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(path)))


def fill_placeholders(text: str, value: Callable[[str], str | None]) -> str:
    """Return *text* with each ``{name}`` replaced by its value; without one it stays."""

    def filled(match: re.Match[str]) -> str:
        known = value(match[1])
        return match[0] if known is None else known

    return _PLACEHOLDER.sub(filled, text) if "{" in text else text


def literal_path(text: str) -> str:
    """Return the fixed part of a declared path, with what an address cannot hold encoded."""
    return quote(text, safe=_SAFE)


def decode_path(raw: str) -> str:
    """Return a part of a raw path decoded; bytes that are no UTF-8 as lone surrogates."""
    return unquote_to_bytes(raw).decode(errors=_BYTES) if "%" in raw else raw


def encode_value(value: str) -> str:
    """Return a value as one path segment, as a builder writes it (RFC 3986, section 2.3)."""
    if value.isascii() and value.isalnum():
        return value
    return quote(value.encode(errors=_BYTES), safe="")


class _Segment(msgspec.Struct, frozen=True):
    """What one segment has to be.

    Attributes:
        literal: the decoded text where there is no placeholder.
        pattern, names: what matches a decoded segment, and which placeholders its groups are.
        around: the decoded texts in front of, between and behind the placeholders.
        whole: whether it is placeholders alone.
    """

    literal: str = ""
    pattern: re.Pattern[str] | None = None
    names: tuple[str, ...] = ()
    around: tuple[str, ...] = ()
    whole: bool = False

    def match(self, text: str) -> tuple[str, ...] | None:
        if self.pattern is None:
            return () if text == self.literal else None
        if self.whole and len(self.names) == 1:
            return (text,) if text else None
        match = self.pattern.fullmatch(text)
        return match.groups() if match else None

    def readings(self, text: str) -> Iterator[dict[str, str]]:
        readings = _texts_between(self.around, text) if self.names else iter([()])
        return (dict(zip(self.names, values, strict=True)) for values in readings)

    @property
    def rank(self) -> int:
        """Return how little it is fixed: 0 a literal, 1 a mixture, 2 a placeholder alone."""
        return 0 if self.pattern is None else 2 if self.whole else 1


class PathTemplate(msgspec.Struct, frozen=True):
    """A declared path, compiled.

    Attributes:
        pieces: literal parts, encoded, at even places, names of placeholders at odd ones.
        segments: what each segment has to be; a slash at the end makes none.
        has_slash: whether there is one.
    """

    pieces: tuple[str, ...]
    segments: tuple[_Segment, ...]
    has_slash: bool

    @property
    def rank(self) -> tuple[int, tuple[int, ...]]:
        """Return what the most literal of several templates has the least of."""
        ranks = tuple(segment.rank for segment in self.segments)
        return sum(len(segment.names) for segment in self.segments), ranks

    def match(self, raw: str) -> dict[str, str] | None:
        """Return the decoded values that the *raw* path has, or None where it is another.

        A slash at the end makes no difference here; `has_trailing_slash` tells it.
        """
        return self.match_segments(raw_segments(raw))

    def match_segments(self, segments: tuple[str, ...]) -> dict[str, str] | None:
        """Return the values of decoded *segments*, or None where they are others."""
        if len(segments) != len(self.segments):
            return None
        values: dict[str, str] = {}
        for expected, text in zip(self.segments, segments, strict=True):
            if expected.pattern is None:  # most are, and every request comes by here
                if text != expected.literal:
                    return None
                continue
            groups = expected.match(text)
            if groups is None:
                return None
            for name, value in zip(expected.names, groups, strict=True):
                if values.setdefault(name, value) != value:
                    return None
        return values

    def readings(self, raw: str) -> Iterator[dict[str, str]]:
        """Yield every way to read the *raw* path: ``a-b-c`` is two ways of ``{no}-{id}``."""
        pairs = zip(self.segments, raw_segments(raw), strict=False)
        for several in product(*(segment.readings(text) for segment, text in pairs)):
            yield {name: value for reading in several for name, value in reading.items()}

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the raw path with *values*; a placeholder without one stays as it is."""
        filled = list(self.pieces)
        for index in range(1, len(filled), 2):
            name = filled[index]
            filled[index] = encode_value(values[name]) if name in values else f"{{{name}}}"
        return "".join(filled)


def raw_segments(raw: str) -> tuple[str, ...]:
    """Return the decoded segments of a *raw* path, without that after a slash at its end."""
    parts = raw.removeprefix("/").split("/")
    if not parts[-1]:
        parts.pop()
    return tuple(map(decode_path, parts)) if "%" in raw else tuple(parts)


def has_trailing_slash(raw: str) -> bool:
    """Return whether *raw* ends in a slash that is not its beginning."""
    return len(raw) > 1 and raw.endswith("/")


@lru_cache(maxsize=8192)
def path_template(path: str) -> PathTemplate:
    """Return *path* compiled; a query that it declares is no part of it."""
    path = path.partition("?")[0]
    path = path if path.startswith("/") or not path else f"/{path}"
    split = _PLACEHOLDER.split(path)
    pieces = tuple(part if index % 2 else literal_path(part) for index, part in enumerate(split))
    parts = _split_outside_braces(path.removeprefix("/"))
    if not parts[-1]:
        parts.pop()
    return PathTemplate(pieces, tuple(map(_parse_segment, parts)), has_trailing_slash(path))


def _split_outside_braces(path: str) -> list[str]:
    """Return the segments of a template; a slash within braces is a part of the name."""
    parts = [""]
    for index, piece in enumerate(_PLACEHOLDER.split(path)):
        if index % 2:
            parts[-1] += f"{{{piece}}}"
        else:
            first, *others = piece.split("/")
            parts[-1] += first
            parts += others
    return parts


def _parse_segment(part: str) -> _Segment:
    split = _PLACEHOLDER.split(part)
    names = tuple(split[1::2])
    literals = [decode_path(literal) for literal in split[::2]]
    if not names:
        return _Segment(literals[0])
    pattern = re.compile("(.+?)".join(map(re.escape, literals)), re.DOTALL)
    return _Segment("", pattern, names, tuple(literals), whole=not any(literals))


def _texts_between(around: tuple[str, ...], text: str) -> Iterator[tuple[str, ...]]:
    """Yield what may stand between the texts of *around*, none of it empty."""
    first, *others = around
    if not text.startswith(first):
        return
    rest = text[len(first) :]
    if len(others) == 1:
        end = len(rest) - len(others[0])
        if end > 0 and rest.endswith(others[0]):
            yield (rest[:end],)
        return
    for end in range(1, len(rest)):
        for more in _texts_between(tuple(others), rest[end:]):
            yield rest[:end], *more
