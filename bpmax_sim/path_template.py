"""The path of an API. Only this module knows the meaning of ``{name}``.

A raw path is first split at slashes and then decoded, so that an encoded slash belongs to a value.
Bytes that are not UTF-8 survive a round trip of `match` and `fill`.
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
# The percent sign is safe: a declared path may be percent-encoded already.
_SAFE: Final = "/:@!$&'()*+,;=~%"
_BYTES: Final = "surrogateescape"


def list_placeholders(path: str) -> tuple[str, ...]:
    """Return the names in braces in *path*, in order: ``id`` of ``/orders/{id}``.

    Each only once.
    """
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(path)))


def fill_placeholders(text: str, get_value: Callable[[str], str | None]) -> str:
    """Return *text* with each ``{name}`` replaced by the result of ``get_value(name)``.

    Where that is None, the placeholder stays.
    """

    def filled(match: re.Match[str]) -> str:
        known = get_value(match[1])
        return match[0] if known is None else known

    return _PLACEHOLDER.sub(filled, text) if "{" in text else text


def quote_invalid_path_characters(text: str) -> str:
    """Return *text*, fixed text of a path, with characters that a URL may not contain encoded."""
    return quote(text, safe=_SAFE)


def decode_path(raw: str) -> str:
    """Return *raw*, a part of a path as it is sent, percent-decoded.

    Bytes that are not UTF-8 become lone surrogates.
    """
    return unquote_to_bytes(raw).decode(errors=_BYTES) if "%" in raw else raw


def encode_value(value: str) -> str:
    """Return a value encoded as one path segment (RFC 3986, section 2.3)."""
    if value.isascii() and value.isalnum():
        return value
    return quote(value.encode(errors=_BYTES), safe="")


class _Segment(msgspec.Struct, frozen=True):
    """The compiled pattern of one path segment, such as ``{no}-{id}``.

    Attributes:
        literal: decoded text of a segment without placeholders.
        pattern, names: regular expression for a decoded segment, and the placeholders of its
            groups.
        around: decoded texts before, between and after the placeholders.
        whole: whether the segment consists of placeholders only.
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

    def find_readings(self, text: str) -> Iterator[dict[str, str]]:
        readings = _split_at_literals(self.around, text) if self.names else iter([()])
        return (dict(zip(self.names, values, strict=True)) for values in readings)

    @property
    def generality(self) -> int:
        """Return how general the segment is.

        0 for a literal, 1 for a mixture, 2 for only a placeholder.
        """
        return 0 if self.pattern is None else 2 if self.whole else 1


class PathTemplate(msgspec.Struct, frozen=True):
    """A compiled path declaration, such as ``/orders/{id}/items``.

    Attributes:
        pieces: encoded literal parts at even indexes, names of placeholders at odd ones.
        segments: patterns of the segments; a slash at the end adds none.
        has_slash: whether there is a slash at the end.
    """

    pieces: tuple[str, ...]
    segments: tuple[_Segment, ...]
    has_slash: bool

    @property
    def rank(self) -> tuple[int, tuple[int, ...]]:
        """Return the sort key by which the best of several matching templates comes first.

        That is the one with the fewest placeholders; of equal ones, the one whose segments are more
        literal, compared from the left.
        """
        ranks = tuple(segment.generality for segment in self.segments)
        return sum(len(segment.names) for segment in self.segments), ranks

    def match(self, raw: str) -> dict[str, str] | None:
        """Return placeholder -> decoded value for *raw*, a path as it is sent; None if it differs.

        A slash at the end is ignored here; see `has_trailing_slash`.
        """
        return self.match_segments(split_decoded_segments(raw))

    def match_segments(self, segments: tuple[str, ...]) -> dict[str, str] | None:
        """Return placeholder -> value for the decoded *segments* of a path.

        None if they do not match.
        """
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
                # A placeholder that is there twice stands for one value.
                if values.setdefault(name, value) != value:
                    return None
        return values

    def find_readings(self, raw: str) -> Iterator[dict[str, str]]:
        """Yield every way in which the *raw* path fits, as placeholder -> value.

        ``a-b-c`` has two for ``{no}-{id}``: ``a`` and ``b-c``, ``a-b`` and ``c``.
        """
        pairs = zip(self.segments, split_decoded_segments(raw), strict=False)
        for several in product(*(segment.find_readings(text) for segment, text in pairs)):
            yield {name: value for reading in several for name, value in reading.items()}

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the path as it is sent, with *values* percent-encoded.

        A placeholder without value is kept.
        """
        filled = list(self.pieces)
        for index in range(1, len(filled), 2):
            name = filled[index]
            filled[index] = encode_value(values[name]) if name in values else f"{{{name}}}"
        return "".join(filled)

    def replace_values(self, raw: str, replace: Callable[[str, str], str]) -> str:
        """Return the *raw* path with ``replace(name, value)`` for each decoded value in it.

        It stays as it is where it does not match, or no value changes.
        """
        values = self.match(raw) or {}
        changed = {name: replace(name, value) for name, value in values.items()}
        if changed == values:
            return raw
        filled = self.fill(changed).removesuffix("/" * self.has_slash)
        return f"{filled}/" if has_trailing_slash(raw) else filled


def split_decoded_segments(raw: str) -> tuple[str, ...]:
    """Return the decoded segments of a *raw* path, without the empty one after a final slash."""
    parts = raw.removeprefix("/").split("/")
    if not parts[-1]:
        parts.pop()
    return tuple(map(decode_path, parts)) if "%" in raw else tuple(parts)


def has_trailing_slash(raw: str) -> bool:
    """Return whether *raw* ends in a slash that is not its beginning."""
    return len(raw) > 1 and raw.endswith("/")


@lru_cache(maxsize=8192)
def compile_path_template(path: str) -> PathTemplate:
    """Return *path* compiled; a query in it is ignored."""
    path = path.partition("?")[0]
    path = path if path.startswith("/") or not path else f"/{path}"
    split = _PLACEHOLDER.split(path)
    pieces = tuple(
        part if index % 2 else quote_invalid_path_characters(part)
        for index, part in enumerate(split)
    )
    parts = _split_outside_braces(path.removeprefix("/"))
    if not parts[-1]:
        parts.pop()
    return PathTemplate(pieces, tuple(map(_parse_segment, parts)), has_trailing_slash(path))


def _split_outside_braces(path: str) -> list[str]:
    """Return the segments of a template; a slash within braces belongs to the name."""
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


def _split_at_literals(literals: tuple[str, ...], text: str) -> Iterator[tuple[str, ...]]:
    """Yield each way to split *text* at *literals*, as the non-empty texts between them.

    For ``('', '-', '')`` and ``a-b-c``: ``('a', 'b-c')`` and ``('a-b', 'c')``.
    """
    first, *others = literals
    if not text.startswith(first):
        return
    rest = text[len(first) :]
    if len(others) == 1:
        end = len(rest) - len(others[0])
        if end > 0 and rest.endswith(others[0]):
            yield (rest[:end],)
        return
    for end in range(1, len(rest)):
        for more in _split_at_literals(tuple(others), rest[end:]):
            yield rest[:end], *more
