"""``if:`` of a step: ``a == b``, ``a != b``, ``not a`` or ``a``; logic belongs in scripts."""

from __future__ import annotations

import re
from typing import Any

from bpmax_sim.numeric import loads
from bpmax_sim.scenario.values import Lookup, as_text, resolve

_COMPARE = re.compile(r"^(.+?)\s*(==|!=)\s*(.+)$", re.DOTALL)
_WORDY = re.compile(r"\s(and|or)\s|&&|\|\||[<>]")
_FALSE_TEXTS = frozenset({"", "false", "0", "null"})


def check_condition(condition: Any) -> str | None:
    """Return what is wrong with *condition*, or None."""
    if isinstance(condition, bool):
        return None
    if not isinstance(condition, str) or not condition.strip():
        return "expected a condition such as ${case.状态} == 成功"
    if _WORDY.search(condition):
        return "a condition knows ==, != and not only; put more into js: or python:"
    return None


def holds(condition: Any, lookup: Lookup) -> bool:
    """Return whether *condition* is true for the values of *lookup*.

    Raises:
        UndefinedValueError: if it names a value that does not exist.
    """
    if not isinstance(condition, str):
        return bool(condition)
    text = condition.strip()
    negated = text.startswith("not ")
    body = text[4:].strip() if negated else text
    return _truth(body, lookup) is not negated


def _truth(body: str, lookup: Lookup) -> bool:
    match = _COMPARE.match(body)
    if match is None:
        value = resolve(body, lookup)
        return value.lower() not in _FALSE_TEXTS if isinstance(value, str) else bool(value)
    return _same(_side(match[1], lookup), _side(match[3], lookup)) is (match[2] == "==")


def _side(text: str, lookup: Lookup) -> tuple[Any, bool]:
    """Return the value of one side, and whether it is a bare word that stands for any type."""
    stripped = text.strip()
    if "${" in stripped:
        return resolve(stripped, lookup), False
    if stripped[:1] in {"'", '"'} and stripped[-1:] == stripped[:1]:
        return stripped[1:-1], False
    try:
        return loads(stripped), True
    except ValueError:
        return stripped, True


def _same(left: tuple[Any, bool], right: tuple[Any, bool]) -> bool:
    if left[1] or right[1]:
        return as_text(left[0]) == as_text(right[0])
    return type(left[0]) is type(right[0]) and bool(left[0] == right[0])
