from __future__ import annotations

import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from bpmax_sim.check.drift import find_changes, find_unsteady_places
from bpmax_sim.messages import Response
from tests.examples import drawn

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


def answer(value: Any, status: int = 200) -> Response:
    headers = (("content-type", "application/json"),)
    return Response(status=status, headers=headers, body=json.dumps(value).encode())


def told(recorded: Any, live: Any) -> list[str]:
    found = find_changes(answer(recorded), answer(live))
    return [f"{change.tier}: {change}" for change in found]


@pytest.mark.parametrize(
    ("recorded", "live", "found"),
    [
        ({"n": 1}, {"n": 2.5}, []),
        ({"姓名": "张三"}, {"姓名": "李四"}, []),
        ({"a": 1}, {"a": 1, "b": {"c": 2}}, ["info: body.b: is new (object)"]),
        ({"a": {"x": [1]}}, {}, ["warning: body.a: is gone (was object)"]),
        ({"a": 1}, {"a": "1"}, ["error: body.a: number became text"]),
        ({"a": {"b": 1}}, {"a": [1]}, ["error: body.a: object became list"]),
        ({"a": None}, {"a": "x"}, ["info: body.a: is new (text)"]),
        ({"a": "x"}, {"a": None}, ["warning: body.a: is gone (was text)"]),
        ({"a": None}, {}, ["warning: body.a: is gone (was null)"]),
        ({}, {"a": None}, ["info: body.a: is new (null)"]),
        ({"l": []}, {"l": [{"q": 1}]}, []),
        ({"l": [{"q": 1}]}, {"l": []}, []),
        ({"l": [{"q": 1}]}, {"l": [{"q": 1}, {"q": "1"}]}, [
            "error: body.l[*].q: number became number or text",
        ]),
        ({"l": [{"q": 1, "r": 1}]}, {"l": [{"q": 1}]}, [
            "warning: body.l[*].r: is gone (was number)",
        ]),
        ([1], {"a": 1}, ["error: body: list became object"]),
        (True, 1, ["error: body: boolean became number"]),
    ],
)  # fmt: skip
def test_a_difference_of_shape_has_a_tier(recorded: Any, live: Any, found: list[str]) -> None:
    assert told(recorded, live) == found


def test_another_status_is_all_that_is_told() -> None:
    (change,) = find_changes(answer({"a": 1}), answer({"b": 2}, 503))

    assert (change.tier, str(change)) == ("error", "status: 200 became 503")


def test_bodies_that_are_no_json_compare_by_their_type() -> None:
    text = Response(status=200, headers=(("content-type", "text/html"),), body=b"<p>busy</p>")
    empty = Response(status=200)

    assert [str(c) for c in find_changes(answer({"a": 1}), text)] == [
        "body: object became text/html"
    ]
    assert [str(c) for c in find_changes(text, empty)] == ["body: is gone (was text/html)"]
    assert list(find_changes(text, text)) == []


@settings(max_examples=drawn(80))
@given(VALUES, VALUES)
@example([False, False, False], [False, False, 0])
def test_what_two_live_answers_differ_in_is_no_drift(one: Any, two: Any) -> None:
    learned = find_unsteady_places(answer(one), answer(two))

    assert find_unsteady_places(answer(one), answer(one)) == frozenset()
    assert list(find_changes(answer(one), answer(one))) == []
    leaves = [c for c in find_changes(answer(one), answer(two), learned) if c.what == "type"]
    assert all({"object", "list"} & {*c.was.split(" or "), *c.now.split(" or ")} for c in leaves)
