"""Locate values in JSON text, break it into one line per member, and replace values in place.

The bytes between values are kept, so that the body stays exactly what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from bpmax_sim.field_path import Steps, contains_path

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = re.compile(rf'{_STRING}|[{{}}\[\],:]|[^\s{{}}\[\],:"]+')
_STRUCTURE = re.compile(rf"{_STRING}|([{{}}\[\],])")
# No string of JSON holds the end of a line, so in what is laid out these find structure alone.
_PLAIN_ARRAY = re.compile(r"\[(?:\n *+[^\n \[\]{}][^\n]*+)++\n *+\]")
_LINE_END = re.compile(r"\n *+")
_BEFORE_CLOSING = re.compile(r"\n *+(?=[\]}])")
_INDENT = 2
_SHORT = 60  # characters of a body, or of an array of plain values, that stays on one line
_decode_name = msgspec.json.Decoder(str).decode


class JsonSpan(msgspec.Struct):
    """Where a value is in JSON text.

    Attributes:
        path: keys and indexes that lead to the value.
        start, end: offsets of its first character and after its last one.
        is_container: whether it is an object or array.
    """

    path: tuple[str | int, ...]
    start: int
    end: int
    is_container: bool = False


def is_json_container(text: str) -> bool:
    """Return whether *text* is a JSON object or array."""
    if text[:1] not in {"{", "["}:
        return False
    try:
        msgspec.json.decode(text, type=msgspec.Raw)  # makes no objects
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def find_values(text: str) -> list[JsonSpan]:
    """Return the position of every value in the JSON *text*, containers before their content.

    Strings that are keys are not values.
    """
    finder = _ValueFinder()
    for match in _TOKEN.finditer(text):
        finder.feed(match[0], *match.span())
    return finder.spans


class _ValueFinder:
    """Collects the positions of values from the tokens of valid JSON, passed to `feed` in turn."""

    def __init__(self) -> None:
        self.spans: list[JsonSpan] = []
        self._open: list[JsonSpan] = []
        self._keys: list[str | int] = []  # of each open container, where it is now
        self._wants_name = False

    def feed(self, symbol: str, start: int, end: int) -> None:
        """Process the next token of the text, from offset *start* to *end*.

        *symbol* is its text: a bracket, comma, colon, or a whole string, number or word.
        """
        if symbol in "}]":
            self._open.pop().end = end
            self._keys.pop()
            self._wants_name = False
        elif symbol == ",":
            key = self._keys[-1]
            self._wants_name = isinstance(key, str)
            self._keys[-1] = "" if isinstance(key, str) else key + 1
        elif symbol == ":":
            self._wants_name = False
        elif self._wants_name:
            self._keys[-1] = _decode_name(symbol)
        else:
            self._add_span(symbol, start, end)

    def _add_span(self, symbol: str, start: int, end: int) -> None:
        span = JsonSpan(tuple(self._keys), start, end, symbol in "{[")
        self.spans.append(span)
        if span.is_container:
            self._open.append(span)
            self._keys.append("" if symbol == "{" else 0)
            self._wants_name = symbol == "{"


def break_long_json_into_members(text: str) -> str | None:
    """Return the JSON *text* with each member of long objects and arrays on a line, indented.

    Existing white space stays at the ends of lines, so every indented line begins with a value.
    None is returned if nothing would change.
    """
    if len(text) <= _SHORT or "\n" in text or not is_json_container(text):
        return None
    broken = _break_if_common_spacing(text) or _break_with_any_spacing(text)
    return broken if "\n" in broken else None


def _break_if_common_spacing(text: str) -> str:
    """Return *text* broken into lines, or "" if its spacing is not that of common serialisers.

    msgspec formats such a text in a twentieth of the time that tokenising takes.
    """
    is_wide = '": ' in text  # or a string holds it, and then none of the two is equal
    if msgspec.json.format(text, indent=0 if is_wide else -1) != text:
        return ""
    laid_out = msgspec.json.format(text, indent=_INDENT)
    laid_out = laid_out.replace(",\n", ", \n") if is_wide else laid_out.replace('": ', '":')
    return _BEFORE_CLOSING.sub("", _PLAIN_ARRAY.sub(_join_lines_if_short, laid_out))


def _join_lines_if_short(match: re.Match[str]) -> str:
    joined = _LINE_END.sub("", match[0])
    return joined if len(joined) <= _SHORT else match[0]


def _break_with_any_spacing(text: str) -> str:
    marks = [(match[0], *match.span()) for match in _STRUCTURE.finditer(text) if match[1]]
    broken = _find_containers_to_break(text, marks)
    lines: list[str] = []
    inside: list[bool] = []  # whether each open container is broken
    begin = depth = own = 0
    for symbol, start, end in marks:
        if symbol in "}]":
            depth -= inside.pop()
            continue
        if symbol != ",":
            inside.append(start in broken)
            depth += inside[-1]
        if inside[-1]:
            stop = end
            while text[stop] in " \t\r":
                stop += 1
            lines.append(" " * _INDENT * own + text[begin:stop])
            begin, own = stop, depth
    return "\n".join([*lines, " " * _INDENT * own + text[begin:]])


def _find_containers_to_break(
    text: str, brackets_and_commas: list[tuple[str, int, int]]
) -> set[int]:
    """Return the offsets in the JSON *text* of objects and arrays whose members get a line each.

    *brackets_and_commas* are those of *text*: symbol, start and end. Members get a line each in
    objects, so that adding one moves no other line, in arrays of containers, and in long arrays of
    plain values.
    """
    broken: set[int] = set()
    inside: list[tuple[int, bool]] = []  # where each begins that is open, and if it is an object
    for symbol, start, end in brackets_and_commas:
        if symbol in "{[":
            if inside:
                broken.add(inside[-1][0])
            inside.append((start, symbol == "{"))
        elif symbol != ",":
            opened, is_object = inside.pop()
            is_filled = is_object and not text[opened + 1 : end - 1].isspace() and end > opened + 2
            if is_filled or end - opened > _SHORT:
                broken.add(opened)
    return broken


def copy_old_values(new: str, old: str, places: list[Steps]) -> str:
    """Return the JSON text *new* with the values of *old* at *places*.

    A place that one of the two lacks is skipped. All other characters of *new* stay as they are.
    """
    was = {span.path: old[span.start : span.end] for span in find_values(old)}
    parts: list[str] = []
    at = 0
    for span in _find_outermost(new, places):
        if span.path in was:
            parts += [new[at : span.start], was[span.path]]
            at = span.end
    return "".join([*parts, new[at:]])


def _find_outermost(text: str, places: list[Steps]) -> Iterator[JsonSpan]:
    """Yield the positions of the values at *places* in the JSON *text*.

    A value inside another one that is also yielded is left out.
    """
    end = 0
    for span in find_values(text):
        if span.start >= end and any(
            len(place) == len(span.path) and contains_path(place, span.path) for place in places
        ):
            end = span.end
            yield span
