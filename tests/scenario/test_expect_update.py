"""What of an expectation is written anew: what does not hold, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from bpmax_sim.scenario.expect_update import update_expected


@pytest.mark.parametrize(
    ("expected", "got", "updated"),
    [
        (1, 1, 1),
        (1, 2, 2),
        (1, UNSET, UNSET),
        (1, None, None),
        (None, UNSET, UNSET),
        ({"$gt": 0}, 1, {"$gt": 0}),
        ({"$gt": 1}, 1, 1),
        ({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 2, "c": 4, "d": 5}, {"a": 1, "b": 2, "c": 4}),
        ({"a": {"$gt": 0}, "b": 2}, {"a": 1, "b": 3}, {"a": {"$gt": 0}, "b": 3}),
        ({"a": 1, "b": 2}, {"a": 2}, {"a": 2}),
        ({"a": 1}, {}, {}),
        ({"a": 1}, 7, 7),
        ([1, 2, 3], [1, 2, 4], [1, 2, 4]),
        ([{"$gt": 0}, 2, 3], [1, 2, 4], [{"$gt": 0}, 2, 4]),
        ([1, 2, 3], [1, 2], [1, 2]),
        ([1], [], []),
        ("${vars.x}", "甲", "${vars.x}"),
        ("${vars.x}", "乙", "乙"),
        ({"a": "${vars.x}", "b": 1}, {"a": "甲", "b": 2}, {"a": "${vars.x}", "b": 2}),
    ],
)
def test_only_what_does_not_hold_is_replaced(expected: Any, got: Any, updated: Any) -> None:
    def resolve(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: resolve(item) for key, item in value.items()}
        return "甲" if value == "${vars.x}" else value

    assert update_expected(expected, got, resolve) == updated
