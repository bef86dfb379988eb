"""What may be wrong with an expectation before anything runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bpmax_sim.clock import Instant
from bpmax_sim.errors import BAD_PATTERN, near
from bpmax_sim.scenario.expect import (
    OPERATORS,
    TYPES,
    is_list,
    is_number,
    is_operator,
    near_operand,
)
from bpmax_sim.scenario.values import Path, show


def problems(expected: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong with an expectation before anything runs, with its path."""
    if isinstance(expected, list | tuple):
        for index, item in enumerate(expected):
            yield from problems(item, (*path, index))
    if not isinstance(expected, Mapping):
        return
    mixed = any(map(is_operator, expected)) and not all(map(is_operator, expected))
    for key, value in expected.items():
        here = (*path, key)
        if is_operator(key) and key not in OPERATORS:
            known = near(key, OPERATORS) or f"; there is {' '.join(OPERATORS)}"
            yield here, f"unknown operator {key}{known}"
        elif is_operator(key) and mixed:
            yield here, f"{key} stands beside plain keys; put it into a map of its own"
        elif is_operator(key):
            yield from _operand_problems(key, value, here)
        else:
            yield from problems(value, here)


def section_problem(section: str, value: Any) -> str | None:
    """Return what is wrong with the kind of value that a section has, or None."""
    kinds, wanted = _SECTIONS.get(section, ((object,), ""))
    if isinstance(value, kinds) or _is_reference(value):
        return None
    return f"expected {wanted}, got {show(value)}"


def count_problem(times: Any) -> str | None:
    """Return what is wrong with a number of calls, or None."""
    whole = isinstance(times, int) and not isinstance(times, bool) and times >= 0
    if whole or isinstance(times, Mapping) or _is_reference(times):
        return None
    return f"expected a whole number from 0, or operators, got {show(times)}"


_LINES = ((str, list, Mapping), "a text, a list of them, or operators")
_NAMED = ((Mapping,), "a map of names and values, or operators")
_SECTIONS: Mapping[str, tuple[tuple[type, ...], str]] = {
    **dict.fromkeys(("form", "fields", "flow", "vars"), _NAMED),
    **dict.fromkeys(("messages", "console"), _LINES),
    "trace": ((str, Mapping), "a digest, or operators"),
}


def _operand_problems(key: str, value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    wrong = None if _is_reference(value) else _OPERANDS.get(key, _anything)(value)
    if wrong:
        yield path, f"{key} {wrong}, got {show(value)}"
    elif key not in _LITERAL:
        yield from problems(value, path)


def _is_reference(value: Any) -> bool:
    return isinstance(value, str) and "${" in value


_LITERAL = frozenset({"$eq", "$ne", "$matches", "$exists", "$type", "$near"})


def _anything(_: Any) -> str | None:
    return None


def _a_list(value: Any) -> str | None:
    return None if is_list(value) else "needs a list"


def _a_pattern(value: Any) -> str | None:
    try:
        re.compile(value)
    except BAD_PATTERN as error:
        return f"needs a regular expression ({error})"
    return None


def _a_type(value: Any) -> str | None:
    if isinstance(value, str) and value in TYPES:
        return None
    return f"needs one of {', '.join(TYPES)}{near(str(value), TYPES)}"


def _a_length(value: Any) -> str | None:
    good = (is_number(value) and value >= 0) or isinstance(value, Mapping)
    return None if good else "needs a count or operators"


def _a_number(value: Any) -> str | None:
    return None if is_number(value) or isinstance(value, str) else "needs a number or a text"


def _a_boolean(value: Any) -> str | None:
    return None if isinstance(value, bool) else "needs true or false"


def _a_distance(value: Any) -> str | None:
    try:
        target, _ = near_operand(value)
        if isinstance(target, str) and not _is_reference(target):
            Instant.parse(target)
    except (KeyError, ValueError, TypeError):
        return "needs a number or {value: …, within: …}"
    return None


_OPERANDS: Mapping[str, Callable[[Any], str | None]] = {
    "$in": _a_list,
    "$unordered": _a_list,
    "$matches": _a_pattern,
    "$type": _a_type,
    "$length": _a_length,
    "$exists": _a_boolean,
    "$near": _a_distance,
    "$gt": _a_number,
    "$gte": _a_number,
    "$lt": _a_number,
    "$lte": _a_number,
}
