# ruff: noqa: E501 - a case, one a line
"""The verdict on a failure of which nobody is told: by what it leaves behind and what made up."""

from __future__ import annotations

from math import nan
from typing import Any

import pytest

from bpmax_sim.explore.judge import describe_difference, expect_value, judge_failure
from bpmax_sim.i18n import to_plain_english
from tests.explore.views import LINE, failing, hook, made, ordered, seen, shown, step, written

LOST = ("silent", "crm.查客户 failed, and nobody was told")
LEFT: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, str]]] = {
    # the state of the form and so on without and with the failure, and the verdict
    "nothing differs": ({"form.a": 1}, {"form.a": 1}, LOST),
    "an empty field": (
        {"form.a": "甲"}, {"form.a": ""},
        ("silent", 'nobody was told: form.a is "" instead of 甲'),
    ),
    "a field that says so": ({"form.a": "甲"}, {"form.a": "未查到"}, ("handled", "")),
    "a field that says so in English": ({"form.a": "甲"}, {"form.a": "N/A"}, ("handled", "")),
    "a field with another text": (
        {"form.a": "甲"}, {"form.a": "乙"}, ("silent", "nobody was told: form.a is 乙 instead of 甲"),
    ),
    "the third field says so": (
        {"form.a": 1, "form.b": 2, "form.c": 3}, {"form.a": 2, "form.b": 3, "form.c": "失败"},
        ("handled", ""),
    ),
    "a state of a field": (
        {}, {"fields.a.required": True}, ("handled", ""),
    ),
    "a state that is not set": (
        {"fields.a.required": True}, {},
        ("silent", "nobody was told: fields.a.required is null instead of true"),
    ),
    "true is not one": (
        {"form.a": 1}, {"form.a": True},
        ("silent", "nobody was told: form.a is true instead of 1"),
    ),
    "a flag of a read": (
        {"form.a": True}, {"form.a": False},
        ("silent", "nobody was told: form.a is false instead of true"),
    ),
    "a node of the flow": (
        {"flow.at": "财务"}, {"flow.at": "未知"},
        ("silent", "nobody was told: flow.at is 未知 instead of 财务"),
    ),
    "a text with undefined": ({"form.a": "甲"}, {"form.a": "undefined 元"},
                              ("silent", "form.a is undefined 元")),
    "a Chinese text with undefined": ({"form.a": "甲"}, {"form.a": "共undefined元"}, ("silent", "form.a is 共undefined元")),
    "a Chinese text with null": ({"form.a": "甲"}, {"form.a": "您好null"}, ("silent", "form.a is 您好null")),
    "a Chinese text with NaN that says so": ({"form.a": "甲"}, {"form.a": "未算出NaN"}, ("handled", "")),
    "a text with null that says so": ({"form.a": "甲"}, {"form.a": "失败 null"}, ("handled", "")),
    "a text with undefined that was there": (
        {"form.a": "NaN"}, {"form.a": "undefined"},
        ("silent", "nobody was told: form.a is undefined instead of NaN"),
    ),
    "an object as a text": ({"form.a": "甲"}, {"form.a": "[object Object]"},
                            ("silent", "form.a is [object Object]")),
    "undefined within a word": (
        {"form.a": "甲"}, {"form.a": "undefinedX"},
        ("silent", "nobody was told: form.a is undefinedX instead of 甲"),
    ),
    "no number": ({"form.a": 1.5}, {"form.a": nan}, ("silent", "form.a is NaN")),
    "another number": ({"form.a": 1.5}, {"form.a": 2.5}, ("silent", "nobody was told: form.a is 2.5 instead of 1.5")),
    "no number as before": ({"form.a": nan}, {"form.a": nan}, LOST),
}  # fmt: skip


@pytest.mark.parametrize("name", LEFT)
def test_what_differs_at_the_end_decides_where_nobody_is_told(name: str) -> None:
    before, after, expected = LEFT[name]
    call = made(begin=1)
    base, run = seen(step(state=before), calls=[call]), seen(step(state=after), calls=[])

    found = judge_failure(base, run, failing(call))

    assert (found.verdict, to_plain_english(found.why)) == expected
    assert (found.step, found.place) == ("1", LINE)


@pytest.mark.parametrize(
    ("result", "is_seen"),
    [
        (None, True), (False, True), ("", True), ([], True), ({}, True), (0, False), ("好", False),
        ([0], False), ({"ok": False}, True), ({"success": False}, True), ({"成功": False}, True),
        ({"ok": 0}, False), ({"ok": True}, False), ({"error": "x"}, True), ({"errors": [1]}, True),
        ({"message": "x"}, True), ({"错误": "x"}, True), ({"原因": "x"}, True), ({"error": ""}, False),
        ({"data": "x"}, False),
    ],
)  # fmt: skip
def test_a_result_tells_who_called_that_there_is_none(result: Any, *, is_seen: bool) -> None:
    call = made(begin=1)
    base, run = seen(step(state={"result": "张三"})), seen(step(state={"result": result}))

    assert (judge_failure(base, run, failing(call)).verdict == "handled") == is_seen


@pytest.mark.parametrize(
    ("was", "got", "verdict"),
    [(True, False, "handled"), (False, True, "silent"), (1, False, "silent"), (True, 0, "silent")],
)
def test_a_flag_shows_that_an_order_was_not_executed(was: Any, got: Any, verdict: str) -> None:
    call = ordered(1)
    base, run = seen(step(state={"form.已下单": was})), seen(step(state={"form.已下单": got}))

    assert judge_failure(base, run, failing(call)).verdict == verdict
    base, run = seen(step(state={"flow.已下单": was})), seen(step(state={"flow.已下单": got}))
    assert judge_failure(base, run, failing(call)).verdict == "silent"


@pytest.mark.parametrize(
    ("more", "after", "verdict"),
    [
        ({}, {"form.a": 2}, "silent"),
        ({"lacks_member": True}, {"form.a": 2}, "handled"),
        ({"lacks_member": True}, {"form.a": "undefined"}, "silent"),
        ({"is_rejected": False}, {"form.a": 1}, "handled"),
        ({"is_rejected": False}, {"form.a": 2}, "silent"),
    ],
)
def test_a_failure_of_another_kind_needs_less(
    more: dict[str, Any], after: dict[str, Any], verdict: str
) -> None:
    call = made(begin=1)
    base, run = seen(step(state={"form.a": 1})), seen(step(state=after))

    found = judge_failure(base, run, failing(call, shown_by="declared", **more))

    assert found.verdict == verdict
    assert found.is_shown == (after == {"form.a": "undefined"})


@pytest.mark.parametrize(
    ("messages", "least"), [((), 0), ((shown("甲"),), 1), ((shown("甲"),) * 3, 3)]
)
@pytest.mark.parametrize("state", [{"form.a": "undefined"}, {"form.a": 2}, {}])
def test_one_more_message_than_before_is_expected(
    messages: tuple[Any, ...], least: int, state: dict[str, Any]
) -> None:
    call = made(begin=1)
    base, run = seen(step(messages=messages)), seen(step(messages=messages, state=state))

    assert judge_failure(base, run, failing(call)).failing_expectation == {
        "messages": {"$length": {"$gt": least}}
    }


# ---------------------------------------------------------------------- what made up for it

READ = made(begin=1, end=5)
MADE_UP: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    # base run and run with the failure of a read, and the verdict
    "nobody needs it: a person changed something": (
        {"events": [hook(), hook(), written(by="user"), hook(), hook(), hook()]}, {}, "handled",
    ),
    "nobody needs it, and another one at once is needed": (
        {
            "calls": [made("crm.查合同", 0, 2), READ],
            "events": [hook(), hook(), written(by="user"), hook(), hook()],
        }, {}, "handled",
    ),
    "a person changed something before it": (
        {"events": [written(by="user"), hook(), hook(), hook(), hook(), hook()]}, {}, "silent",
    ),
    "a person changed something after it": (
        {"events": [hook(), hook(), hook(), hook(), hook(), written(by="user")]}, {}, "silent",
    ),
    "a script changed something": ({"events": [hook(), hook(), written(), hook()]}, {}, "silent"),
    "a later script asked the same, and it was not needed": (
        {"calls": [READ, made(begin=4, number=2)], "events": [hook(), hook(), hook(), hook()]}, {},
        "handled",
    ),
    "a later script asked the same, after it": (
        {"calls": [READ, made(begin=6, number=2)], "events": [written()] * 5 + [hook()] * 2},
        {"calls": [made(begin=1, error="TIMEOUT"), made(begin=6, number=2, error="TIMEOUT")]},
        "handled",
    ),
    "the same script asked the same": (
        {"calls": [READ, made(begin=4, number=2)], "events": [written()] * 6}, {}, "silent",
    ),
    "a later script asked another thing": (
        {"calls": [READ, made("crm.查合同", 4)], "events": [hook()] * 6}, {}, "silent",
    ),
    "another read stood in": (
        {}, {"calls": [made(begin=1, error="TIMEOUT"), made("crm.查档案", 3)]}, "handled",
    ),
    "another read that is always made": (
        {"calls": [READ, made("crm.查档案", 3)]},
        {"calls": [made(begin=1, error="TIMEOUT"), made("crm.查档案", 3)]}, "silent",
    ),
    "another read of another thing": (
        {"calls": [READ, made("crm.查档案", 3)]},
        {"calls": [made(begin=1, error="TIMEOUT"), made("crm.查档案", 3, request="x")]}, "handled",
    ),
    "another read that failed": (
        {}, {"calls": [made(begin=1, error="TIMEOUT"), made("crm.查档案", 3, error="RESET")]}, "silent",
    ),
    "another read that a fault rule answered": (
        {}, {"calls": [made(begin=1, error="TIMEOUT"), made("crm.查档案", 3, source="fault")]}, "silent",
    ),
    "a login": (
        {}, {"calls": [made(begin=1, error="TIMEOUT"), made("crm.$token", 3, is_login=True)]}, "silent",
    ),
    "another read before it failed": (
        {}, {"calls": [made("crm.查档案", 0), made(begin=1, error="TIMEOUT")]}, "silent",
    ),
    "another read before it": ({}, {"calls": [made("crm.查档案", 1), READ]}, "handled"),
    "the same again": (
        {}, {"calls": [made(begin=1, error="TIMEOUT"), made(begin=3, number=2)]}, "handled",
    ),
    "the client sent it again": ({}, {"calls": [made(begin=1)]}, "handled"),
    "the same again, in vain": (
        {}, {"calls": [made(begin=1, error="TIMEOUT"), made(begin=3, number=2, error="TIMEOUT")]},
        "silent",
    ),
    "the same for another thing": (
        {"calls": [READ, made(begin=3, number=2, request="x")]},
        {"calls": [made(begin=1, error="TIMEOUT"), made(begin=3, number=2, request="x")]}, "silent",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MADE_UP)
def test_a_read_that_nobody_missed(name: str) -> None:
    before, after, verdict = MADE_UP[name]
    struck = [made(begin=1, error="TIMEOUT")]
    base = seen(step(), **{"calls": [READ], **before})
    run = seen(step(), **{"calls": struck, **after})

    assert judge_failure(base, run, failing(READ)).verdict == verdict


def test_a_step_that_showed_nothing_before_is_expected_to_show_something() -> None:
    found = judge_failure(seen(), seen(step()), failing(READ))

    assert found.failing_expectation == {"messages": {"$length": {"$gt": 0}}}


def test_what_a_person_has_replaced_meanwhile_may_look_otherwise_until_the_end() -> None:
    events = [hook(), hook(), written(by="user"), hook(), hook(), hook()]
    end = step("2", state={"form.a": "丙"})
    base = seen(step(state={"form.a": "甲"}), end, calls=[READ], events=events)
    run = seen(step(state={"form.a": ""}), end, calls=[made(begin=1, error="TIMEOUT")])

    assert judge_failure(base, run, failing(READ)).verdict == "handled"


def test_an_order_that_failed_is_missed_whatever_comes_later() -> None:
    call = ordered(1, 5)
    assert (
        judge_failure(seen(step(), calls=[call]), seen(step()), failing(call)).verdict == "silent"
    )
    for events, calls in (
        ([hook(), hook(), written(by="user"), hook()], [call]),
        ([hook()] * 5, [call, ordered(3, number=2)]),
    ):
        run = seen(step(), calls=[ordered(1, error="TIMEOUT"), made("erp.查单", 3)])
        base = seen(step(), calls=calls, events=events)
        assert judge_failure(base, run, failing(call)).verdict == "silent"


@pytest.mark.parametrize(
    ("look", "after", "verdict"),
    [
        (made("erp.查单", 3, collection=("orders",)), {}, "handled"),
        (made("erp.查客户", 3, collection=("customers",)), {}, "silent"),
        (made("erp.查单", 3, collection=("orders",)), {"form.a": 1}, "silent"),
        (made("erp.查单", 3, collection=("orders",), error="RESET"), {}, "silent"),
    ],
)
def test_a_script_that_asks_whether_it_was_executed_handles_it(
    look: Any, after: dict[str, Any], verdict: str
) -> None:
    call = ordered(1, collection=("orders",))
    run = seen(step(state=after), calls=[ordered(1, collection=("orders",), error="TIMEOUT"), look])

    assert judge_failure(seen(step(), calls=[call]), run, failing(call)).verdict == verdict


@pytest.mark.parametrize(
    ("calls", "is_recovered"),
    [
        ([made(begin=1)], False),
        ([made(begin=1, error="TIMEOUT"), made(begin=3, number=2)], True),
        ([made(begin=3, number=2)], True),
    ],
)
def test_only_a_script_that_asks_again_has_recovered(calls: list[Any], is_recovered: bool) -> None:
    found = judge_failure(seen(step(), calls=[READ]), seen(step(), calls=calls), failing(READ))

    assert (found.verdict, found.is_recovered) == ("handled", is_recovered)


def test_a_response_that_comes_too_late_makes_a_difference() -> None:
    calls = [made(begin=1, error="TIMEOUT"), made(begin=3, number=2)]
    base = seen(step(state={"form.a": "甲", "form.b": 1}), calls=[READ])
    run = seen(step(state={"form.a": "", "form.b": 2}), calls=calls)

    found = judge_failure(base, run, failing(READ))

    assert found.verdict == "differs"
    assert to_plain_english(found.why) == (
        'the response of crm.查客户 comes later: form.a is "" instead of 甲'
    )
    assert found.failing_expectation == {"form": {"a": "甲"}}


def test_a_success_before_the_failed_call_is_no_second_try() -> None:
    failed = made(begin=3, number=2, error="TIMEOUT")
    base = seen(step(), calls=[made(begin=0), made(begin=3, number=2)])

    found = judge_failure(base, seen(step(), calls=[made(begin=0), failed]), failing(failed))

    assert found.verdict == "silent"


def test_a_run_that_ends_earlier_has_nothing_to_expect() -> None:
    base = seen(step(), step("2", state={"form.a": "甲"}), calls=[READ])
    run = seen(step(), calls=[made(begin=1, error="TIMEOUT"), made(begin=3, number=2)])

    found = judge_failure(base, run, failing(READ))

    assert (found.verdict, found.failing_expectation) == ("differs", {})


@pytest.mark.parametrize(
    ("needed", "verdict"),
    [((), "silent"), (("user",), "handled"), (("user", "change"), "silent")],
)
def test_a_login_is_needed_by_the_calls_that_wait_for_it(
    needed: tuple[str, ...], verdict: str
) -> None:
    """Two reads wait; a person changes something during the first, a script during the second."""
    login = made("crm.$token", 2, 2, is_login=True)
    waiting = {"user": made("crm.查客户", 1, 4), "change": made("crm.查合同", 2, 3)}
    events = [hook(), hook(), hook(), written(by="user"), hook()]
    base = seen(step(), calls=[login, *(waiting[name] for name in needed)], events=events)

    found = judge_failure(base, seen(step(), calls=[]), failing(login))

    assert found.verdict == verdict


# ---------------------------------------------------------------------- words and values


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        ("form.a", "甲", {"form": {"a": "甲"}}),
        ("form.a.b", 1, {"form": {"a.b": 1}}),
        ("flow.at", None, {"flow": {"at": None}}),
        ("fields.明细.数量.required", True, {"fields": {"明细.数量": {"required": True}}}),
        ("fields.a.visible", False, {"fields": {"a": {"visible": False}}}),
        ("result", 1, {}),
        ("the error", None, {}),
    ],
)
def test_a_value_is_expected_at_its_place(place: str, value: Any, expected: Any) -> None:
    assert expect_value(place, value) == expected


@pytest.mark.parametrize(
    ("was", "got", "text"),
    [
        ("甲", "乙", "a is 乙 instead of 甲"),
        ("", None, 'a is null instead of ""'),
        (1, "1", "a is 1 instead of 1"),
        ("x" * 60, "y" * 61, f"a is {'y' * 59}… instead of {'x' * 60}"),
        ([1] * 40, {}, f"a is {{}} instead of [{'1, ' * 19}1…"),
    ],
)
def test_long_values_are_cut(was: Any, got: Any, text: str) -> None:
    assert to_plain_english(describe_difference("a", was, got)) == text
