"""How a value arrives: every element, and no more, as text or as JSON."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.fuzz.laws import is_received_exactly


@pytest.mark.parametrize(
    ("value", "values", "place", "in_form", "sent"),
    [
        ("a", ["a"], "query", False, True),
        ("a", ["a", "a"], "query", False, False),
        ("a", [], "query", False, False),
        (["a", "b", "c"], ["a", "b", "c"], "query", False, True),
        (["a", "b", "c"], ["a", "b"], "query", False, False),
        (["a", "b", "c"], ["a", "c", "b"], "query", False, False),
        (["a", "b"], ["a", "b", "c"], "query", False, False),
        ([], [], "query", False, True),
        ([1, None], ["1", ""], "body", True, True),
        ([1, None], ["1", "null"], "body", True, False),
        (True, ["true"], "query", False, True),
        (True, ["1"], "query", False, False),
        (False, ["false"], "header", False, True),
        (1, ["1"], "path", False, True),
        (1.0, ["1"], "query", False, True),
        (1.0, ["1.0"], "query", False, False),
        (0, ["0"], "query", False, True),
        (0, [""], "query", False, False),
        ([1, 2], [[1, 2]], "body", False, True),
        ([1, 2], [1, 2], "body", False, False),
        ({"a": 1}, [{"a": 1.0}], "body", False, True),
        ({"a": True}, [{"a": 1}], "body", False, False),
        ({"a": 1}, [{"a": 1, "b": 2}], "body", False, False),
        (None, [None], "body", False, True),
        ([1.5], [[2.5]], "body", False, False),
        ([1.5], [["1.5"]], "body", False, False),
        ([2**53 + 1], [[float(2**53)]], "body", False, True),
        ([float(2**53)], [[2**53 + 1]], "body", False, True),
        ("a", ["a"], "body", True, True),
        (1, ["1"], "body", True, True),
    ],
)
def test_a_value_arrives_whole(
    value: Any, values: list[Any], place: str, *, in_form: bool, sent: bool
) -> None:
    assert is_received_exactly(value, values, place, in_form=in_form) == sent
