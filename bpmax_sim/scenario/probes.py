"""Sample values with which an expectation is tried, to see whether none or all of them match.

The result of an operator changes only at its operands, so it is enough to try these and values next
to them. Nothing is known of regular expressions and of operators of other distributions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from msgspec import UNSET

from bpmax_sim.scenario.expect import fulfils, is_list, is_number, is_operator, parse_near_operand

_KNOWN: Final = frozenset({
    "$eq", "$ne", "$in", "$not", "$gt", "$gte", "$lt", "$lte", "$near", "$exists",
})  # fmt: skip
_USUAL: Final = ("", "没有这样的文字", 0, -1, 1, True, False, None, UNSET)
_WIDE: Final = 10


def is_impossible(expected: Any) -> bool:
    """Return whether no value, and not even an absent one, fulfils *expected*.

    Decided by trying the values that matter (`_find_probes`), as ``{$gt: 5, $lt: 3}`` cannot be
    solved in general.
    """
    if not isinstance(expected, Mapping) or not any(map(is_operator, expected)):
        return False
    if not _can_be_probed(expected):
        return False
    return not any(fulfils(expected, value) for value in _find_probes(expected))


def _can_be_probed(expected: Any) -> bool:
    """Return whether trying values proves something.

    That is so with known operators, without a ``${…}``, and if ``$near`` is not about a time.
    """
    if isinstance(expected, Mapping) and any(map(is_operator, expected)):
        near = expected.get("$near")
        target = near.get("value") if isinstance(near, Mapping) else near
        return not isinstance(target, str) and all(
            key in _KNOWN and _can_be_probed(value) for key, value in expected.items()
        )
    if isinstance(expected, str):
        return "${" not in expected
    if is_list(expected):
        return all(map(_can_be_probed, expected))
    return not isinstance(expected, Mapping) or all(map(_can_be_probed, expected.values()))


def _find_probes(expected: Any) -> list[Any]:
    """Return the values to try on *expected*, an expectation with operators.

    They are those that the operators name, numbers beside and between them, longer texts, and some
    usual values. If none of these fulfils it, it is taken that no value does.
    """
    operands = list(_find_operands(expected))
    numbers = sorted({one for one in operands if is_number(one)})
    beside = [one for number in numbers for one in (number - 1, number + 1)]
    between = [(low + high) / 2 for low, high in pairwise(numbers)]
    texts = [f"{one}~" for one in operands if isinstance(one, str)]
    return [*_USUAL, *operands, *beside, *between, *texts]


def _find_operands(expected: Any) -> Iterator[Any]:
    if isinstance(expected, Mapping) and "$near" in expected:
        target, distance = parse_near_operand(expected["$near"])
        yield from (
            (target - distance, target, target + distance) if is_number(target) else (target,)
        )
    elif isinstance(expected, Mapping) and any(map(is_operator, expected)):
        for operand in expected.values():
            yield from _find_operands(operand)
    elif is_list(expected):
        yield expected
        for item in expected:
            yield from _find_operands(item)
    else:
        yield expected


def find_other_values(value: Any) -> list[Any]:
    """Return values that *value* might have been instead: of its type, beside it and far from it.

    For a null, which has no type, they are a text and a number. An expectation that all of them
    fulfil says nothing about *value*.
    """
    if isinstance(value, bool):
        return [not value]
    if is_number(value):
        return [value + 1, value - 1, value * _WIDE, -value, 0]
    if isinstance(value, str):
        return ["没有这样的文字", "", f"{value}1"]
    if is_list(value):
        return [[], [*value, *value, None]]
    if isinstance(value, Mapping):
        return [{}, {**value, "没有这样的文字": None}]
    return ["没有这样的文字", 0]
