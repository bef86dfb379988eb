"""Values by which an expectation is tried, to see whether anything meets it, or everything does.

What an operator says changes at its operands alone, so that those, and values beside them, are
enough to try; of a regular expression, and of operators of other distributions, nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from msgspec import UNSET

from bpmax_sim.scenario.expect import holds, is_list, is_number, is_operator, near_operand

_KNOWN: Final = frozenset({
    "$eq", "$ne", "$in", "$not", "$gt", "$gte", "$lt", "$lte", "$near", "$exists",
})  # fmt: skip
_USUAL: Final = ("", "没有这样的文字", 0, -1, 1, True, False, None, UNSET)
_WIDE: Final = 10


def is_impossible(expected: Any) -> bool:
    """Return whether nothing can be as *expected*, also what is not there."""
    if not isinstance(expected, Mapping) or not any(map(is_operator, expected)):
        return False
    if not _is_known(expected):
        return False
    return not any(holds(expected, value) for value in _find_probes(expected))


def _is_known(expected: Any) -> bool:
    if isinstance(expected, Mapping) and any(map(is_operator, expected)):
        return all(key in _KNOWN and _is_known(value) for key, value in expected.items())
    if isinstance(expected, str):
        return "${" not in expected
    return not isinstance(expected, Mapping) or all(map(_is_known, expected.values()))


def _find_probes(expected: Any) -> list[Any]:
    """Return the operands of *expected*, and values between and beside them."""
    operands = list(_find_operands(expected))
    numbers = sorted({one for one in operands if is_number(one)})
    beside = [one for number in numbers for one in (number - 1, number + 1)]
    between = [(low + high) / 2 for low, high in pairwise(numbers)]
    texts = [f"{one}~" for one in operands if isinstance(one, str)]
    return [*_USUAL, *operands, *beside, *between, *texts]


def _find_operands(expected: Any) -> Iterator[Any]:
    if isinstance(expected, Mapping) and "$near" in expected:
        target, distance = near_operand(expected["$near"])
        yield from (target, target + distance * 2) if is_number(target) else (target,)
    elif isinstance(expected, Mapping) and any(map(is_operator, expected)):
        for operand in expected.values():
            yield from _find_operands(operand)
    elif is_list(expected):
        yield expected
        for item in expected:
            yield from _find_operands(item)
    else:
        yield expected


def find_others(value: Any) -> list[Any]:
    """Return values of the type of *value* that are far from it in each direction."""
    if isinstance(value, bool):
        return [not value]
    if is_number(value):
        return [value + 1, value - 1, value * _WIDE, -value, 0]
    if isinstance(value, str):
        return ["没有这样的文字", "", f"{value}1"]
    if is_list(value):
        return [[], [*value, *value, None]]
    return []
