"""Values against the types and enumerations that a platform file declares.

What only a validator can decide (``$ref``, ``anyOf``, conditions) allows everything here, and so
does null: what is not filled in is no mistake.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any, Final

from bpmax_sim.errors import shorten_list, suggest_nearest
from bpmax_sim.i18n import DataValue, msg
from bpmax_sim.platform.schema_keywords import to_list_or_empty

Path = tuple[str | int, ...]
_OPEN: Final = frozenset({"$ref", "anyOf", "oneOf", "allOf", "not", "if"})
TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,), "number": (int, float, Decimal), "integer": (int, float, Decimal),
    "boolean": (bool,), "object": (Mapping,), "array": (list, tuple),
}  # fmt: skip
"""Type of JSON Schema -> the types of its values."""


def find_misfits(
    value: Any, schema: Mapping[str, Any], path: Path = ()
) -> Iterator[tuple[Path, str]]:
    """Yield the path of each part of *value* that *schema* forbids, and a message."""
    if value is None or _OPEN & schema.keys():
        return
    wrong = describe_wrong_type(value, schema.get("type")) or describe_unknown_choice(
        value, schema.get("enum")
    )
    wrong = wrong or describe_violated_limit(value, schema)
    if wrong:
        yield path, wrong
        return
    members, items = schema.get("properties"), schema.get("items")
    if isinstance(value, Mapping) and isinstance(members, Mapping):
        for name, member in members.items():
            if name in value and isinstance(member, Mapping):
                yield from find_misfits(value[name], member, (*path, name))
    elif isinstance(value, list) and isinstance(items, Mapping):
        for index, item in enumerate(value):
            yield from find_misfits(item, items, (*path, index))


def describe_wrong_type(value: Any, declared: Any) -> str:
    """Return a message if *value* has none of the *declared* types of a schema; else ""."""
    words = [declared] if isinstance(declared, str) else to_list_or_empty(declared)
    known = [word for word in words if isinstance(word, str) and word in TYPES]
    if not known or len(known) < len(words) - ("null" in words):
        return ""
    if any(
        isinstance(value, TYPES[word]) and _is_bool_or_whole_as_declared(value, word)
        for word in known
    ):
        return ""
    return msg(
        "{types} is declared, got {value!r}", types=" / ".join(known), value=DataValue(value)
    )


def _is_bool_or_whole_as_declared(value: Any, word: str) -> bool:
    # In Python, True is a number as well.
    is_flag = isinstance(value, bool)
    is_whole = (
        word != "integer" or isinstance(value, int) or (isfinite(value) and value == int(value))
    )
    return is_flag == (word == "boolean") and is_whole


def describe_violated_limit(value: Any, schema: Mapping[str, Any]) -> str:
    """Return a message with the first limit of *schema* that *value* violates; else "".

    Limits are bounds, lengths, a pattern or a format.
    """
    for key, breaks in _LIMITS.items():
        # `exclusiveMinimum: true` (OpenAPI 3.0) is no number, so that the limit itself is allowed
        # here. A limit of 0 is one.
        limit = schema.get(key)
        if limit is not None and breaks(value, limit):
            return msg("{key}: {limit} is declared, got {value!r}", key=key, limit=limit,
                       value=DataValue(value))  # fmt: skip
    return ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _make_number_test(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Return a function (value, limit) that is *test* for numbers and false for anything else.

    True means that the limit is violated.
    """
    return lambda value, limit: _is_number(value) and _is_number(limit) and test(value, limit)


def _make_length_test(test: Callable[[int, Any], bool]) -> Callable[[Any, Any], bool]:
    """Return a function (value, limit) that is *test* of a text's length; false for other values.

    True means that the limit is violated.
    """
    return lambda value, limit: (
        isinstance(value, str) and _is_number(limit) and test(len(value), limit)
    )


def _breaks_pattern(value: Any, pattern: Any) -> bool:
    """Return whether *value* is a text that does not match *pattern*.

    False if the pattern is not valid in Python: schemas are written for JavaScript.
    """
    try:
        return isinstance(value, str) and re.search(pattern, value) is None
    except (re.error, TypeError):
        return False  # a regular expression of another language


def _breaks_format(value: Any, name: Any) -> bool:
    pattern = _FORMATS.get(str(name))
    return pattern is not None and isinstance(value, str) and not pattern.fullmatch(value)


_LIMITS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "minimum": _make_number_test(operator.lt),
    "maximum": _make_number_test(operator.gt),
    "exclusiveMinimum": _make_number_test(operator.le),
    "exclusiveMaximum": _make_number_test(operator.ge),
    "minLength": _make_length_test(operator.lt),
    "maxLength": _make_length_test(operator.gt),
    "pattern": _breaks_pattern,
    "format": _breaks_format,
}
_DATE: Final = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_TIME: Final = r"(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?"
_FORMATS: Final[Mapping[str, re.Pattern[str]]] = {
    "date": re.compile(_DATE),
    "date-time": re.compile(rf"{_DATE}[Tt ]{_TIME}(?:[Zz]|[+-]\d\d:?\d\d)?"),
    "time": re.compile(rf"{_TIME}(?:[Zz]|[+-]\d\d:?\d\d)?"),
    "email": re.compile(r"[^@\s]+@[^@\s]+"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "uri": re.compile(r"[A-Za-z][\w+.-]*:\S+"),
}
"""The formats of JSON Schema that a regular expression can tell."""


def describe_unknown_choice(value: Any, declared: Any) -> str:
    """Return a message if *value* is none of the values that ``enum`` (*declared*) lists, or ""."""
    choices = to_list_or_empty(declared)
    if not choices or value in choices or isinstance(value, Mapping | list | tuple):
        return ""
    known = [str(DataValue(choice)) for choice in choices]
    shown = DataValue(value)
    return msg(
        "{choices} are declared, got {value!r}{hint}",
        choices=shorten_list(known), value=shown, hint=suggest_nearest(str(shown), known),
    )  # fmt: skip
