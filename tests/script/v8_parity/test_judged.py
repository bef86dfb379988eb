"""What V8 makes of expressions drawn at random; `tests.campaigns.javascript` draws many more."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.script.v8_parity.judged import (
    BY_NODE,
    KINDS,
    Judge,
    differing,
    find_why_no_node_judges,
    node,
    racer,
)

FEW = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))


def judge_of(kind: str) -> Judge:
    if kind in BY_NODE:
        why = find_why_no_node_judges(kind)
        return pytest.skip(why) if why else node()
    if not find_spec("py_mini_racer"):
        pytest.skip("the extra engine-v8 is not installed")
    return racer()


@pytest.mark.parametrize("kind", KINDS)
def test_expressions_are_worth_what_they_are_in_v8(kind: str) -> None:
    judge = judge_of(kind)

    @FEW
    @given(st.lists(KINDS[kind], min_size=1, max_size=25))
    def check(expressions: list[str]) -> None:
        assert differing(expressions, judge) == []

    check()


@pytest.mark.parametrize(
    ("comparator", "items"),
    [
        ("(a, b) => a - b", "[3, 1, 2]"),
        ("(a, b) => (a * 7 + b * 3) % 5 - 2", "[14, -25, 3, 11, 31]"),
    ],
)
def test_a_judge_sees_a_sort_that_takes_other_steps(comparator: str, items: str) -> None:
    judge = judge_of("comparators")
    other = f"{items}.sort((a, b) => ({comparator})(b, a))"

    assert differing([f"{items}.sort({comparator})"], judge) == []
    assert differing([f"{items}.sort({comparator})"], lambda _: judge([other])) != []
