"""Find expectations that hold whatever a run does, so that they say nothing.

``times: {$gte: 0}`` counts nothing, ``messages: {$type: list}`` always holds, and any text matches
``.*``. The certain knowledge of a value is its *shape*: a word of `KINDS`, a map of the members
that always exist (``*`` for all others, ``[]`` for elements), or a tuple of all its possible
values. The empty word means that nothing is known, not even that the value exists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from bpmax_sim.scenario.expect import fulfils, is_list, is_number, is_operator
from bpmax_sim.scenario.probes import is_impossible
from bpmax_sim.scenario.references import Path
from bpmax_sim.subject.project import NEW, STATUSES

_STATUSES: Final = tuple(one for one in STATUSES if one != NEW)
KINDS: Final = ("text", "list", "map", "boolean", "count", "present", "")
Shape = str | Mapping[str, Any] | tuple[Any, ...]

_PROBES: Final = ("", "a", "0", "\n", "没有这样的文字 \t-_/.")
_TYPES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("text",),
    "list": ("list",),
    "map": ("map",),
    "boolean": ("boolean",),
    "count": ("number", "integer"),
}
"""Kind -> the operands of ``$type`` that it always fulfils."""

_PARTS: Final = frozenset({"$each", "$exactly", "$contains", "$unordered"})
"""Operators whose operands are compared with parts of the value."""


def find_tautologies(expected: Any, shape: Shape, path: Path = ()) -> Iterator[Path]:
    """Yield the path of each part of *expected* that holds whatever the value is.

    *shape* is what is certain about the value: its kind, its possible values, or the shape of each
    of its members.
    """
    if (
        is_always(expected, _find_shape_kind(shape))
        or _lists_all_values(expected, shape)
        or _is_true_for_all_values(expected, shape)
    ):
        yield path
    elif type(expected) is dict:
        is_plain = not any(map(is_operator, expected))
        for key, value in expected.items():
            if is_plain or key in _PARTS:
                step = key if is_plain else "[]" if key in _OF_ELEMENTS else ""
                yield from find_tautologies(value, _find_member_shape(shape, step), (*path, key))
    elif type(expected) is list:
        for index, item in enumerate(expected):
            yield from find_tautologies(item, _find_member_shape(shape, "[]"), (*path, index))


_OF_ELEMENTS: Final = frozenset({"$each", "$contains"})


def _lists_all_values(expected: Any, shape: Shape) -> bool:
    """Return whether *expected* is a ``$in`` that lists all possible values of *shape*."""
    if type(shape) is not tuple or type(expected) is not dict or {*expected} != {"$in"}:
        return False
    chosen = expected["$in"]
    return bool(shape) and is_list(chosen) and all(value in chosen for value in shape)


def _is_true_for_all_values(expected: Any, shape: Shape) -> bool:
    """Return whether the operators in *expected* hold for each possible value of *shape*.

    *shape* is what is certain about the value. Only shapes that list every value count: true and
    false, and the statuses of a project. Names of nodes do not: a flow may be at several nodes, or
    at none.
    """
    is_closed = shape in ((True, False), _STATUSES)
    is_operation = type(expected) is dict and any(map(is_operator, expected))
    return is_closed and is_operation and all(fulfils(expected, value) for value in shape)


def _find_shape_kind(shape: Shape) -> str:
    """Return the word of `KINDS` for the values of *shape*, such as ``list``.

    A tuple of values is ``present``: it is only certain that the value exists.
    """
    if type(shape) is str:
        return shape
    if type(shape) is tuple:
        return "present"
    return "list" if "[]" in shape else "map"


def _find_member_shape(shape: Shape, key: str) -> Shape:
    """Return the part of *shape*, what is certain about a map, for its member *key*, or "".

    ``[]`` as *key* is an element of a list. The member ``*`` of a shape stands for all others.
    """
    return shape.get(key, shape.get("*", "")) if isinstance(shape, Mapping) else ""


def is_always(expected: Any, kind: str) -> bool:
    """Return whether every value of *kind*, a word of `KINDS` such as ``list``, fulfils *expected*.

    Its operators show that, a pattern of ``$matches`` by what it makes of some texts. False also if
    it is not clear.
    """
    if type(expected) is not dict:
        return False
    if not any(map(is_operator, expected)):
        return kind == "map" and not expected
    return all(key in _ALWAYS and _ALWAYS[key](value, kind) for key, value in expected.items())


def is_never(expected: Any, kind: str) -> bool:
    """Return whether no value of *kind*, a word of `KINDS` such as ``list``, fulfils *expected*.

    What the operators do not show is decided by trying values (`is_impossible`).
    """
    if not isinstance(expected, Mapping) or not any(map(is_operator, expected)):
        return _is_of_another_kind(expected, kind)
    if any(key in _NEVER and _NEVER[key](value, kind) for key, value in expected.items()):
        return True
    return is_impossible(expected)


def _is_of_another_kind(value: Any, kind: str) -> bool:
    """Return whether *value* is a plain value that no value of *kind* can equal.

    *kind* is a word of `KINDS`, such as ``list``. A text with ``${…}`` may become any value.
    """
    if kind not in _TYPES_OF or (isinstance(value, str) and "${" in value):
        return False
    is_kind: Mapping[str, bool] = {
        "text": isinstance(value, str),
        "list": is_list(value),
        "map": isinstance(value, Mapping),
        "boolean": isinstance(value, bool),
        "count": is_number(value) and value >= 0,
    }
    return not is_kind[kind] and not (kind == "list" and isinstance(value, str | Mapping))


def _is_never_less(limit: Any, kind: str) -> bool:
    return kind == "count" and is_number(limit) and limit <= 0


def _is_always_more(limit: Any, kind: str) -> bool:
    return kind == "count" and is_number(limit) and limit < 0


def _matches_all(pattern: Any, _kind: str) -> bool:
    try:
        return all(re.search(pattern, text) for text in _PROBES)
    except (re.error, TypeError):
        return False  # said where operands are checked


_ALWAYS: Final[Mapping[str, Callable[[Any, str], bool]]] = {
    "$exists": lambda operand, kind: operand is True and kind != "",
    "$type": lambda operand, kind: operand in _TYPES_OF.get(kind, ()),
    "$gte": _is_never_less,
    "$gt": _is_always_more,
    "$length": lambda operand, _: is_always(operand, "count"),
    "$contains": lambda operand, kind: operand == "" and kind != "list",
    "$matches": _matches_all,
    "$each": lambda operand, _: operand == {} or is_always(operand, "present"),
    "$not": is_never,
    "$ne": _is_of_another_kind,
    "$in": lambda operand, kind: is_list(operand) and any(is_always(one, kind) for one in operand),
}
_NEVER: Final[Mapping[str, Callable[[Any, str], bool]]] = {
    "$in": lambda operand, kind: is_list(operand) and all(is_never(one, kind) for one in operand),
    "$exists": lambda operand, kind: operand is False and kind != "",
    "$eq": _is_of_another_kind,
    "$not": is_always,
}


def find_self_comparisons(expected: Any, path: tuple[str, ...]) -> Iterator[Path]:
    """Yield the path of each part of *expected* that compares a value with itself by a ``${…}``.

    *path* is how a ``${…}`` names the value that *expected* as a whole is compared with, such as
    ``vars`` or ``steps.a.result``.
    """
    if isinstance(expected, str):
        if expected.startswith("${") and expected[2:-1].strip() == ".".join(path):
            yield ()
    elif isinstance(expected, Mapping):
        for key, value in expected.items():
            inner = path if is_operator(key) else (*path, str(key))
            yield from ((key, *steps) for steps in find_self_comparisons(value, inner))


def is_positive_expectation(expected: Any) -> bool:
    """Return whether *expected* says what a value is, and not only what it is not."""
    if isinstance(expected, Mapping) and any(map(is_operator, expected)):
        return any(key not in _DENIALS for key in expected)
    return True


_DENIALS: Final = frozenset({"$ne", "$not", "$exists", "$type"})
