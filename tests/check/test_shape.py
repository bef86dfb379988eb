from __future__ import annotations

import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from bpmax_sim.check.drift import (
    find_changes,
    find_outdated,
    find_unsteady_places,
    has_standin_set_by_script,
)
from bpmax_sim.field_path import format_path
from bpmax_sim.messages import Call, Exchange, FailedExchange, Request, Response
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
        ({"c": 1, "a": 1}, {"b": 1, "c": "1", "a": "1"}, [
            "error: body.a: number became text", "info: body.b: is new (number)",
            "error: body.c: number became text",
        ]),
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
        ({"l": [1]}, {"l": [1, "甲", True, {}, []]}, [
            "error: body.l[*]: number became boolean or list or number or object or text",
        ]),
        ({"l": [{"q": 1, "r": 1}]}, {"l": [{"q": 1}]}, [
            "warning: body.l[*].r: is gone (was number)",
        ]),
        ({"l": [{"q": 1}, {"q": "1"}]}, {"l": [{"q": 1}]}, []),
        ({"l": [1, "甲", None]}, {"l": ["甲"]}, []),
        ({"l": [{"x": [1]}, {"x": {"a": 1}}]}, {"l": [{"x": []}, {"x": {"a": 1}}]}, []),
        ({"l": [{"x": [1]}, {"x": {"a": 1}}]}, {"l": [{"x": [1]}, {"x": {}}]}, [
            "warning: body.l[*].x.a: is gone (was number)",
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


@pytest.mark.parametrize(
    ("one", "two", "places"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, ["body.b"]),
        ({"a": 1}, {"a": True}, ["body.a"]),
        ({"a": 0}, {"a": False}, ["body.a"]),
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": None}, {}, ["body.a"]),
        ({"l": [1, 2, 3]}, {"l": [1, 2, 4]}, ["body.l[*]"]),
        ({"l": [1, 2]}, {"l": [1]}, ["body.l[*]"]),
        ({"l": []}, {"l": [1]}, ["body.l[*]"]),
    ],
)
def test_what_differs_between_two_answers_is_unsteady(
    one: Any, two: Any, places: list[str]
) -> None:
    found = find_unsteady_places(answer(one), answer(two))

    assert sorted(map(format_path, found)) == places


DAY = 86_400
SENT = Request(method="GET", url="https://erp.example.test/a")


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (-1, ""),
        (0, ""),
        (30 * DAY, ""),
        (30 * DAY + 1, "30 days ago"),
        (31 * DAY - 1, "30 days ago"),
        (31 * DAY, "31 days ago"),
    ],
)
def test_a_recording_is_old_after_so_many_days(age: float, said: str) -> None:
    recorded = Exchange(request=SENT, outcome=answer({}), at=1000.0)

    found = [str(one) for one in find_outdated(recorded, now=1000 + age, max_age=30 * DAY)]
    assert [said in one for one in found] == [True] * bool(said)


@pytest.mark.parametrize(
    ("date", "recorded_at"),
    [
        ("Thu, 01 Jan 1970 01:00:00 GMT", 3600),
        ("Thu Jan  1 01:00:00 1970", 3600),  # an old form, which is in UTC on every machine
        ("Thu, 01 Jan 1970 09:00:00 +0800", 3600),
        ("gestern", 5000),
        ("", 5000),
        (None, 5000),
        (FailedExchange(code="TIMEOUT", message="x"), 5000),
    ],
)
def test_a_recording_is_as_old_as_its_answer_says(date: Any, recorded_at: float) -> None:
    headers = (("Date", date),) if isinstance(date, str) else ()
    outcome = date if isinstance(date, FailedExchange) else Response(status=200, headers=headers)
    one = Exchange(request=SENT, outcome=outcome, at=5000.0)

    assert [len(list(find_outdated(one, now=recorded_at + age, max_age=7))) for age in (7, 8)] == [
        0,
        1,
    ]


STANDIN = "redacted.crm.test.password"


@pytest.mark.parametrize(
    ("parts", "has_one"),
    [
        ({}, False),
        ({"path": f"/a/{STANDIN}"}, True),
        ({"query": (("a", "1"), ("b", "2"), ("c", STANDIN))}, True),
        ({"headers": (("a", STANDIN),)}, True),
        ({"body": f'{{"a": "{STANDIN}"}}'.encode()}, True),
        ({"body": b"redacted"}, False),
        ({"body": b""}, False),
        ({"path": "/redacted"}, False),
    ],
)
def test_a_stand_in_that_a_script_says_cannot_be_sent(
    parts: dict[str, Any], *, has_one: bool
) -> None:
    given = {"platform": "crm", "instance": "a", "api": "x", "method": "GET", "path": "/", **parts}
    made_by_auth = (("X-Key", STANDIN),)

    built = Request(
        method="GET", url=f"https://x/{STANDIN}", headers=made_by_auth, call=Call(**given)
    )
    assert has_standin_set_by_script(built) == has_one

    raw = Request(
        method="GET",
        url=f"https://x{given['path']}",
        headers=parts.get("headers", ()),
        body=parts.get("body"),
    )
    assert has_standin_set_by_script(raw) == (has_one and "query" not in parts)
