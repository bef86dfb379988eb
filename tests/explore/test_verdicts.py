"""The verdict on a run with a failure: each thing that decides, just there and just not."""

from __future__ import annotations

from math import nan
from typing import Any

import pytest

from bpmax_sim.errors import Place
from bpmax_sim.explore.failures import PossibleFailure
from bpmax_sim.explore.judge import (
    Judgement,
    describe_difference,
    describe_unrecorded_calls,
    expect_value,
    find_broken_invariant,
    find_calls_waiting_for_login,
    judge_endless,
    judge_failure,
    judge_repetition,
)
from bpmax_sim.explore.run_view import RunView
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.scenario.events import ErrorThrown
from tests.explore.views import (
    LINE,
    failing,
    hook,
    made,
    ordered,
    seen,
    shown,
    step,
    thrown,
    written,
)


def told(base: RunView, run: RunView, failure: PossibleFailure) -> tuple[str, str]:
    """Return verdict and reason, in English."""
    found = judge_failure(base, run, failure)
    return found.verdict, to_plain_english(found.why)


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        ([], None),
        ([("always", 2)], ("2", "always 2")),
        ([("never", 0)], ("0", "never 0")),
        ([("value", 1), ("config", 2)], None),
        ([("value", 1), ("never", 3), ("always", 2)], ("3", "never 3")),
    ],
)
def test_the_first_invariant_that_broke_is_named(
    broken: list[tuple[str, int]], found: tuple[str, str] | None
) -> None:
    judged = find_broken_invariant(seen(broken=broken), LINE)

    assert judged == (
        found and Judgement(verdict="invariant", why=found[1], step=found[0], place=LINE)
    )


@pytest.mark.parametrize(
    ("exceeded", "what"),
    [
        ("calls", "number of calls"), ("timers", "number of timers"), ("seconds", "virtual time"),
        ("interrupts", "steps of the engine"), ("jobs", "number of promises"), ("别的", "别的"),
    ],
)  # fmt: skip
def test_a_run_without_end_names_its_limit(exceeded: str, what: str) -> None:
    judged = judge_endless(seen(exceeded=exceeded), "2", LINE)

    assert (judged.verdict, judged.step, judged.place) == ("endless", "2", LINE)
    assert to_plain_english(judged.why).endswith(f"ended by a limit: {what}")


@pytest.mark.parametrize(
    ("misses", "text"),
    [
        ([], ""),
        (["crm.查客户"], "no recording of crm.查客户"),
        (["erp.下单", "crm.查客户", "erp.下单"], "no recording of erp.下单, crm.查客户"),
    ],
)
def test_what_is_not_recorded_is_named_once(misses: list[str], text: str) -> None:
    assert to_plain_english(describe_unrecorded_calls(seen(misses=misses))) == text


def test_what_no_comparison_excuses_is_told_before_all_else() -> None:
    """An invariant, then a run without end, then what was done twice, then what is unknown."""
    call = made(begin=1)
    twice = [ordered(3), ordered(5)]
    state = step(errors=(thrown("TypeError"),))
    parts: dict[str, Any] = {
        "broken": [("never", 1)], "exceeded": "calls", "calls": [call, *twice], "misses": ["a.b"],
    }  # fmt: skip
    verdicts = []
    for name in [*parts, ""]:
        run = seen(state, **{"calls": [call], **parts})
        verdicts.append(judge_failure(seen(step(), calls=[call]), run, failing(call)).verdict)
        parts.pop(name, None)

    assert verdicts == ["invariant", "endless", "duplicate", "unrecorded", "crash"]


KEYED = {"key": "DD-1"}
REPEATED: dict[str, tuple[list[Any], list[Any], dict[str, Any], str | None]] = {
    # calls without and with the failure, the failure, and the reason
    "nothing": ([], [], {}, None),
    "once as before": ([ordered(1)], [ordered(1)], {}, None),
    "once more than never": ([], [ordered(1)], {}, None),
    "twice": ([ordered(1)], [ordered(1), ordered(3)], {}, "erp.下单 was done 2 times"),
    "twice where it was twice": ([ordered(1), ordered(3)], [ordered(1), ordered(3)], {}, None),
    "a third time": (
        [ordered(1), ordered(3)], [ordered(1), ordered(3), ordered(5)], {},
        "erp.下单 was done 3 times",
    ),
    "twice with one key": ([ordered(1)], [ordered(1, **KEYED), ordered(3, **KEYED)], {}, None),
    "twice with two keys": (
        [ordered(1)], [ordered(1, **KEYED), ordered(3, key="DD-2")], {},
        "erp.下单 was done 2 times",
    ),
    "twice, once for another thing": ([ordered(1)], [ordered(1), ordered(3, request="x")], {}, None),
    "twice, once of another API": (
        [ordered(1)], [ordered(1), made("erp.收款", 3, has_effect=True, request="erp.下单")], {}, None,
    ),
    "a read twice": ([made()], [made(), made("crm.查客户", 3)], {}, None),
    "again by a person": ([ordered(1)], [ordered(1), ordered(3, step="2")], {}, None),
    "again by a timer": (
        [ordered(1)], [ordered(1), ordered(3, step="3")], {}, "erp.下单 was done 2 times",
    ),
    "by a timer alone": ([], [ordered(3, step="3")], {}, None),
    "by a timer as before": ([ordered(3, step="3")], [ordered(3, step="3")], {}, None),
    "by a timer, after another": (
        [ordered(3, step="3")], [ordered(1, request="x"), ordered(3, step="3")], {}, None,
    ),
    "twice, refused once": ([ordered(1)], [ordered(1, error="BUSINESS"), ordered(3)], {}, None),
    "twice, not recorded once": (
        [ordered(1)], [ordered(1), ordered(3, error="NoMatchError")], {}, "erp.下单 was done 2 times",
    ),
    "after a time-out that was executed": (
        [ordered(1)], [ordered(1, error="TIMEOUT"), ordered(3, number=2)], {"is_executed": True},
        "erp.下单 was done 2 times",
    ),
    "after a time-out that was not": (
        [ordered(1)], [ordered(1, error="TIMEOUT"), ordered(3, number=2)], {}, None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REPEATED)
def test_an_effect_is_had_more_often_than_without_the_failure(name: str) -> None:
    before, after, more, why = REPEATED[name]
    failure = failing(ordered(1), **more) if more or "time-out" in name else None

    found = judge_repetition(
        seen(calls=before, idle=["3"]), seen(calls=after, idle=["3"]), failure
    )

    assert (found and to_plain_english(found.why)) == why
    assert found is None or found.verdict == "duplicate"


@pytest.mark.parametrize(
    ("base", "times"),
    [
        ([], 1),
        ([ordered(1)], 1),
        ([ordered(1), ordered(3), ordered(5, request="x")], 3),
        ([ordered(1), ordered(3, step="2"), made("erp.收款", 5, has_effect=True)], 1),
    ],
)
def test_what_was_done_twice_is_expected_as_often_as_in_the_same_step(
    base: list[Any], times: int
) -> None:
    found = judge_repetition(seen(calls=base), seen(calls=[ordered(n) for n in range(4)]))

    assert found is not None
    assert found.failing_expectation == {
        "proxy": [{"call": "erp.下单", "times": times, "once_per_key": True}]
    }


def test_the_call_that_was_one_too_many_is_the_last() -> None:
    paid = {"has_effect": True, "request": "收款"}
    run = seen(calls=[ordered(1), made("erp.收款", 2, **paid), ordered(3), made("erp.收款", 4, **paid)])

    found = judge_repetition(seen(calls=[]), run)

    assert found is not None
    assert to_plain_english(found.why) == "erp.收款 was done 2 times"


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"collection": ("orders",)}, "unrecorded"),
        ({"numbers": frozenset({"DD-1"})}, "unrecorded"),
        ({}, "duplicate"),
        ({"collection": ("orders",), "error": "TIMEOUT"}, "duplicate"),
        ({"collection": ("orders",), "end": 6}, "duplicate"),
        ({"collection": ("orders",), "begin": 1}, "duplicate"),
    ],
)
def test_a_script_that_looked_before_it_ordered_again_is_not_judged(
    fields: dict[str, Any], verdict: str
) -> None:
    about = {"collection": ("orders",), "numbers": frozenset({"DD-1"})}
    first, second = ordered(1, error="TIMEOUT", **about), ordered(5, number=2, **about)
    look = made("erp.查单", **{"begin": 2, "end": 4, **fields})

    found = judge_repetition(
        seen(calls=[ordered(1)]),
        seen(calls=[first, look, second]),
        failing(ordered(1), is_executed=True),
    )

    assert found is not None
    assert found.verdict == verdict
    if verdict == "unrecorded":
        assert to_plain_english(found.why) == (
            "what erp.查单 answers after erp.下单 was executed is not recorded"
        )


@pytest.mark.parametrize(
    ("fields", "waits"),
    [
        ({}, True),
        ({"begin": 4}, True),
        ({"begin": 5}, False),
        ({"end": 4}, True),
        ({"end": 3}, False),
        ({"name": "erp.查单"}, False),
        ({"is_login": True}, False),
    ],
)
def test_a_call_waits_for_the_login_that_is_sent_meanwhile(
    fields: dict[str, Any], *, waits: bool
) -> None:
    login = made("crm.$token", 4, 6, is_login=True)
    call = made(**{"name": "crm.查客户", "begin": 2, "end": 8, **fields})

    assert find_calls_waiting_for_login(seen(calls=[login, call]), login) == (call,) * waits


# ---------------------------------------------------------------------- what a person sees

STATE = {"form.客户": "张三"}
NOTICED: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, str]]] = {
    # the step without and with the failure of a read, and the verdict
    "a message": ({}, {"messages": (shown("请稍后再试"),)}, ("handled", "shown: 请稍后再试")),
    "a message that was there": (
        {"messages": (shown("已查询"),)}, {"messages": (shown("已查询"),)},
        ("silent", "crm.查客户 failed, and nobody was told"),
    ),
    "a message of success": (
        {}, {"messages": (shown("已查询", "success"),)},
        ("silent", "crm.查客户 failed, and nobody was told"),
    ),
    "an empty message": (
        {}, {"messages": (shown(""),)}, ("silent", "crm.查客户 failed, and nobody was told"),
    ),
    "the third message": (
        {},
        {"messages": (shown("好", "success"), shown(""), shown("没有查到客户"))},
        ("handled", "shown: 没有查到客户"),
    ),
    "a message of other values": (
        {"messages": (shown("客户张三，折扣九五折，已经回填"),)},
        {"messages": (shown("客户李四，折扣九五折，已经回填"),)},
        ("silent", "crm.查客户 failed, and nobody was told"),
    ),
    "a message of other words": (
        {"messages": (shown("客户张三，折扣九五折，已经回填"),)},
        {"messages": (shown("手写"),)},
        ("handled", "shown: 手写"),
    ),
    "a message of other values that says it failed": (
        {"messages": (shown("客户张三的折扣已经回填"),)},
        {"messages": (shown("客户张三的折扣回填失败"),)},
        ("handled", "shown: 客户张三的折扣回填失败"),
    ),
    "a message with undefined": (
        {}, {"messages": (shown("您好 undefined"),)}, ("silent", "shown: 您好 undefined"),
    ),
    "a message with undefined that says it failed": (
        {}, {"messages": (shown("失败：undefined"),)}, ("handled", "shown: 失败：undefined"),
    ),
    "a warning on the console": (
        {}, {"console": (shown("x", "log"), shown("慢", "warn"))}, ("handled", "console: 慢"),
    ),
    "an error on the console": ({}, {"console": (shown("错", "error"),)}, ("handled", "console: 错")),
    "a log line on the console": (
        {}, {"console": (shown("错", "log"), shown("错", "info"))},
        ("silent", "crm.查客户 failed, and nobody was told"),
    ),
    "a line on the console that was there": (
        {"console": (shown("慢", "warn"),)}, {"console": (shown("慢", "warn"),)},
        ("silent", "crm.查客户 failed, and nobody was told"),
    ),
    "a message before the console": (
        {}, {"messages": (shown("请重试"),), "console": (shown("慢", "warn"),)},
        ("handled", "shown: 请重试"),
    ),
    "a rejection that stops the action": (
        {}, {"errors": (thrown("ProxyError"),)}, ("handled", "rejected: 坏了"),
    ),
    "a rejection that nobody handles": (
        {}, {"errors": (thrown("ProxyError", unhandled=True),)},
        ("silent", "crm.查客户 failed, and nobody was told"),
    ),
    "an error that was there": (
        {"errors": (thrown("TypeError"),)}, {"errors": (thrown("TypeError"),)},
        ("silent", "crm.查客户 failed, and nobody was told"),
    ),
    "a crash": ({}, {"errors": (thrown("TypeError"),)}, ("crash", "TypeError: 坏了")),
    "a crash in Python": (
        {}, {"errors": (thrown("TypeError", **{"from": "python"}),)}, ("crash", "TypeError: 坏了"),
    ),
    "a crash of nobody known": (
        {}, {"errors": (thrown("RangeError", **{"from": None}),)}, ("crash", "RangeError: 坏了"),
    ),
    "a TypeError of the third party": (
        {}, {"errors": (thrown("TypeError", **{"from": "crm.查客户"}),)}, ("handled", "rejected: 坏了"),
    ),
    "a crash behind an error": (
        {}, {"errors": (thrown("ProxyError"), thrown("ReferenceError", "x"))},
        ("crash", "ReferenceError: x"),
    ),
    "a crash and a message": (
        {}, {"errors": (thrown("TypeError"),), "messages": (shown("请重试"),)},
        ("crash", "TypeError: 坏了"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTICED)
def test_what_a_person_sees_decides(name: str) -> None:
    before, after, expected = NOTICED[name]
    call = made(begin=1)
    base = seen(step(**{"state": STATE, **before}), calls=[call])
    run = seen(step(**{"state": STATE, **after}), calls=[made(begin=1, error="TIMEOUT")])

    assert told(base, run, failing(call)) == expected


@pytest.mark.parametrize(
    ("key", "verdict"),
    [("0", "silent"), ("1", "handled"), ("1.1", "handled"), ("2", "handled"), ("10", "handled")],
)
def test_only_what_is_told_from_the_failed_step_on_counts(key: str, verdict: str) -> None:
    call = made(begin=1)
    keys = ["0", "1", "1.1", "2", "10"]
    base = seen(*map(step, keys), calls=[call])
    steps = [step(one, messages=(shown("请重试"),) if one == key else ()) for one in keys]

    found = judge_failure(base, seen(*steps, calls=[]), failing(call))

    assert found.verdict == verdict
    assert found.step == ("1" if verdict == "silent" else key)


def test_a_step_that_the_other_run_does_not_have_is_compared_with_none() -> None:
    call = made(begin=1)
    run = seen(step(), step("1.1", errors=(thrown("TypeError"),)))

    assert judge_failure(seen(step(), calls=[call]), run, failing(call)).step == "1.1"


ERRORS = [
    ErrorThrown(type="Error", message="别的", source="script", place=Place("a.js", 1), at=0.0),
    ErrorThrown(type="TypeError", message="坏了", source="script", place=Place("b.js", 9), at=0.0),
    ErrorThrown(type="TypeError", message="坏了", source="script", place=Place("c.js", 9), at=0.0),
]


@pytest.mark.parametrize(
    ("events", "place"), [(ERRORS, Place("b.js", 9)), (ERRORS[:1], LINE), ([], LINE)]
)
def test_a_crash_is_where_its_error_was_thrown_else_at_the_call(
    events: list[Any], place: Place
) -> None:
    call = made(begin=1)
    run = seen(step(errors=(thrown("TypeError"),)), events=events)

    assert judge_failure(seen(step()), run, failing(call)).place == place


DONE = ordered(1)
PAID = made("erp.收款", 2, has_effect=True)
PARTIAL: dict[str, tuple[dict[str, Any], list[Any], dict[str, Any], tuple[str, str]]] = {
    # what the step shows, the calls of the run, the failure of erp.通知, and the verdict
    "a crash after an order": (
        {"errors": (thrown("TypeError"),)}, [DONE], {},
        ("partial", "erp.下单 was done, then the script failed: TypeError: 坏了"),
    ),
    "a crash that is shown to be possible": (
        {"errors": (thrown("TypeError"),)}, [DONE], {"shown_by": "recorded"},
        ("crash", "TypeError: 坏了, after erp.下单 was done"),
    ),
    "a crash after two orders and a payment": (
        {"errors": (thrown("TypeError"),)}, [DONE, PAID, ordered(3)], {},
        ("partial", "erp.下单, erp.收款 was done, then the script failed: TypeError: 坏了"),
    ),
    "a crash after an order that failed": (
        {"errors": (thrown("TypeError"),)}, [ordered(1, error="BUSINESS")], {},
        ("crash", "TypeError: 坏了"),
    ),
    "a crash after a read": (
        {"errors": (thrown("TypeError"),)}, [made(begin=1)], {}, ("crash", "TypeError: 坏了"),
    ),
    "a crash after an order of another step": (
        {"errors": (thrown("TypeError"),)}, [ordered(1, step="0")], {}, ("crash", "TypeError: 坏了"),
    ),
    "a refusal after an order": (
        {"errors": (thrown("ProxyError"),)}, [DONE], {},
        ("partial", "erp.下单 was done, then the script failed: rejected: 坏了"),
    ),
    "a refusal that nobody handles, and a message": (
        {"errors": (thrown("ProxyError", unhandled=True),), "messages": (shown("请重试"),)}, [DONE], {},
        ("handled", "shown: 请重试"),
    ),
    "a message after an order": (
        {"messages": (shown("请重试"),)}, [DONE], {}, ("handled", "shown: 请重试"),
    ),
    "a refusal alone": (
        {"errors": (thrown("ProxyError"),)}, [], {}, ("handled", "rejected: 坏了"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PARTIAL)
def test_a_step_that_was_left_half_done(name: str) -> None:
    after, calls, more, expected = PARTIAL[name]
    call = made("erp.通知", 5)
    struck = made("erp.通知", 5, error="TIMEOUT")
    base = seen(step(), calls=[DONE, PAID, ordered(3), call])

    assert told(base, seen(step(**after), calls=[*calls, struck]), failing(call, **more)) == expected


@pytest.mark.parametrize(
    ("is_executed", "has_effect", "verdict"),
    [(True, True, "partial"), (True, False, "crash"), (False, True, "crash")],
)
def test_a_failed_call_that_was_executed_is_done(
    is_executed: bool, has_effect: bool, verdict: str
) -> None:
    call = ordered(1, has_effect=has_effect)
    run = seen(step(errors=(thrown("TypeError"),)), calls=[call])

    found = judge_failure(seen(step(), calls=[call]), run, failing(call, is_executed=is_executed))

    assert found.verdict == verdict


def test_a_later_step_that_is_refused_leaves_nothing_half_done() -> None:
    call = made(begin=5)
    run = seen(step(), step("2", errors=(thrown("ProxyError"),)), calls=[DONE, call])

    found = judge_failure(seen(step(), step("2"), calls=[DONE, call]), run, failing(call))

    assert (found.verdict, found.step) == ("handled", "2")


# ---------------------------------------------------------------------- what is left behind

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


def test_an_order_that_failed_is_missed_whatever_comes_later() -> None:
    call = ordered(1, 5)
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
    run = seen(
        step(state=after), calls=[ordered(1, collection=("orders",), error="TIMEOUT"), look]
    )

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
