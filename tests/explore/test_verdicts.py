# ruff: noqa: E501 - a case, one a line
"""The verdict on a run with a failure: each thing that decides, just there and just not."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.errors import Place
from bpmax_sim.explore.failures import PossibleFailure
from bpmax_sim.explore.judge import (
    Judgement,
    describe_unrecorded_calls,
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
    made,
    ordered,
    seen,
    shown,
    step,
    thrown,
)


def told(base: RunView, run: RunView, failure: PossibleFailure) -> tuple[str, str]:
    """Return verdict and reason, in English, of what is told at the line of the call."""
    found = judge_failure(base, run, failure)
    assert found.place == LINE
    assert found.is_shown == (found.verdict in {"crash", "partial"} and bool(failure.shown_by))
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
    found = []
    for name in [*parts, ""]:
        run = seen(state, **{"calls": [call], **parts})
        found.append(judge_failure(seen(step(), calls=[call]), run, failing(call)))
        parts.pop(name, None)

    assert [(one.verdict, one.step, one.place) for one in found] == [
        (verdict, "1", LINE)
        for verdict in ("invariant", "endless", "duplicate", "unrecorded", "crash")
    ]


KEYED: dict[str, Any] = {"key": "DD-1"}
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
        [ordered(1)], [ordered(1), made("erp.收款", 3, has_effect=True, request="erp.下单 7")], {}, None,
    ),
    "a read twice": ([made()], [made(), made("crm.查客户", 3)], {}, None),
    "again by a person": ([ordered(1)], [ordered(1), ordered(3, step="2")], {}, None),
    "again by a timer": (
        [ordered(1)], [ordered(1), ordered(3, step="3")], {}, "erp.下单 was done 2 times",
    ),
    "by a timer alone": ([], [ordered(3, step="3")], {}, None),
    "by a timer as before": ([ordered(3, step="3")], [ordered(3, step="3")], {}, None),
    "by a timer as before, and by a person": (
        [ordered(1), ordered(3, step="3")], [ordered(1), ordered(3, step="3")], {}, None,
    ),
    "by a timer in another step": (
        [ordered(3, step="3")], [ordered(3, step="4")], {}, None,
    ),
    "twice, and then another": (
        [ordered(1)], [ordered(1), ordered(3), made("erp.收款", 5, has_effect=True)], {},
        "erp.下单 was done 2 times",
    ),
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
        seen(calls=before, idle=["3"]), seen(calls=after, idle=["3", "4"]), failure
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
    paid: dict[str, Any] = {"has_effect": True, "request": "收款"}
    run = seen(
        calls=[ordered(1), made("erp.收款", 2, **paid), ordered(3), made("erp.收款", 4, **paid)]
    )

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
    about: dict[str, Any] = {"collection": ("orders",), "numbers": frozenset({"DD-1"})}
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
    "a message of other values, after another that is gone": (
        {"messages": (shown("手写"), shown("客户张三，折扣九五折，已经回填"), shown("请填"))},
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
    "a Chinese message with undefined": (
        {}, {"messages": (shown("您好undefined"),)}, ("silent", "shown: 您好undefined"),
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
        {}, {"errors": (thrown("ProxyError"), thrown("ReferenceError", message="x"))},
        ("crash", "ReferenceError: x"),
    ),
    **{
        f"the crash {name}": ({}, {"errors": (thrown(name),)}, ("crash", f"{name}: 坏了"))
        for name in (
            "ReferenceError", "RangeError", "SyntaxError", "InternalError", "URIError",
            "EvalError", "ScriptLimitError", "PendingPromise", "PendingPromiseError",
        )
    },
    "an error of the script's own": (
        {}, {"errors": (thrown("库存不足"),)}, ("handled", "rejected: 坏了"),
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
        ("partial", "erp.下单, erp.收款 were done, then the script failed: TypeError: 坏了"),
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
    "a refusal that is shown to be possible": (
        {"errors": (thrown("ProxyError"),)}, [DONE], {"shown_by": "declared"},
        ("partial", "erp.下单 was done, then the script failed: rejected: 坏了"),
    ),
    "a message where it is shown to be possible": (
        {"messages": (shown("请重试"),)}, [], {"shown_by": "declared"}, ("handled", "shown: 请重试"),
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

    assert (
        told(base, seen(step(**after), calls=[*calls, struck]), failing(call, **more)) == expected
    )


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
    calls = [DONE, call, ordered(7, step="2", request="x")]
    run = seen(step(), step("2", errors=(thrown("ProxyError"),)), calls=calls)

    found = judge_failure(seen(step(), step("2"), calls=calls), run, failing(call))

    assert (found.verdict, found.step) == ("handled", "2")
