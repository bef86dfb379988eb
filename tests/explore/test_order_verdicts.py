# ruff: noqa: E501 - a case, one a line
"""The verdict on another order of responses, and the view of a run that it is read from."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.errors import Place
from bpmax_sim.explore.judge import Judgement
from bpmax_sim.explore.order_judge import judge_order
from bpmax_sim.explore.orders import Interruption
from bpmax_sim.explore.run_view import ObservedCall, RunView, drop_result, make_run_view
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Api, Platform
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import (
    CallAnswered,
    ConsoleWritten,
    ErrorThrown,
    Event,
    FaultStruck,
    StepFinished,
    StepStarted,
)
from bpmax_sim.scenario.trial_run import TrialRun
from bpmax_sim.subject.hooks import MessageShown, NodeEntered
from tests.explore.views import LINE, made, ordered, seen, shown, step, thrown, written

LATE = made(begin=1, end=4, step="2")
CLICK = Interruption(call=LATE, what="点下单", is_again=False)


def judged(expected: RunView, run: RunView, **fields: Any) -> tuple[str, str]:
    """Return verdict and reason, in English."""
    found = judge_order(expected, run, LATE, **fields)
    return found.verdict, to_plain_english(found.why)


def test_an_invariant_comes_first_then_a_run_without_end_then_what_was_done_twice() -> None:
    parts: dict[str, Any] = {
        "broken": [("always", 3)], "exceeded": "timers",
        "calls": [ordered(1), ordered(2)], "misses": ["erp.下单"],
    }  # fmt: skip
    found = []
    for name in [*parts, ""]:
        run = seen(step(state={"form.a": 2}), **parts)
        found.append(judge_order(seen(step(state={"form.a": 1})), run, LATE))
        parts.pop(name, None)

    assert [(one.verdict, one.step, one.place) for one in found] == [
        ("invariant", "3", LINE), ("endless", "2", LINE), ("duplicate", "2", LINE),
        ("unrecorded", "2", LINE), ("differs", "2", LINE),
    ]  # fmt: skip


def test_effects_are_counted_against_the_base_run_where_there_is_one() -> None:
    once, twice = seen(calls=[ordered(1)]), seen(calls=[ordered(1), ordered(3)])

    assert judged(once, twice) == ("duplicate", "erp.下单 was done 2 times")
    assert judged(once, twice, base=twice) == ("handled", "")
    assert judged(twice, twice) == ("handled", "")
    assert judged(twice, twice, base=once) == ("duplicate", "erp.下单 was done 2 times")


FORM = {"form.a": 1}
OTHER = {"form.a": 2}
REFUSED: dict[str, tuple[list[Any], str]] = {
    "told off": ([step(), step("1.1", messages=(shown("正在下单"),)), step("2", state=OTHER)], "handled"),
    "an error": ([step(), step("1.1", errors=(thrown(),)), step("2", state=OTHER)], "handled"),
    "nothing is said": ([step(), step("1.1"), step("2", state=OTHER)], "differs"),
    "a log line": (
        [step(), step("1.1", console=(shown("x", "error"),)), step("2", state=OTHER)], "differs",
    ),
    "a message of the step around it": (
        [step(messages=(shown("已下单"),)), step("1.1"), step("2", state=OTHER)], "differs",
    ),
    "the third is told off": (
        [step(), step("1.1"), step("1.2"), step("1.3", messages=(shown("忙"),)), step("2", state=OTHER)],
        "handled",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_person_who_is_told_off_is_no_mistake(name: str) -> None:
    steps, verdict = REFUSED[name]
    expected, run = seen(step(), step("2", state=FORM)), seen(*steps)

    assert judged(expected, run, interruption=CLICK)[0] == verdict
    assert judged(expected, run)[0] == "differs"


DIFFERENCES: dict[str, tuple[list[Any], list[Any], str, str]] = {
    # steps of both runs; what is said of all steps, and of the end alone
    "nothing": ([step(state=FORM)], [step(state=FORM)], "", ""),
    "a value at the end": (
        [step(state=FORM)], [step(state=OTHER)], "form.a is 2 instead of 1", "form.a is 2 instead of 1",
    ),
    "a value meanwhile": (
        [step(state=FORM), step("2", state=FORM)], [step(state=OTHER), step("2", state=FORM)],
        "form.a is 2 instead of 1", "",
    ),
    "the third value": (
        [step(state={"form.a": 1, "form.b": 2, "form.c": 3})],
        [step(state={"form.a": 1, "form.b": 2, "form.c": 4})],
        "form.c is 4 instead of 3", "form.c is 4 instead of 3",
    ),
    "a value more": ([step()], [step(state=FORM)], "form.a is 1 instead of null",
                     "form.a is 1 instead of null"),
    "a value less": ([step(state=FORM)], [step()], "form.a is null instead of 1",
                     "form.a is null instead of 1"),
    "a result": ([step(state={"result": 1})], [step(state={"result": 2})],
                 "result is 2 instead of 1", ""),
    "true for one": ([step(state=FORM)], [step(state={"form.a": True})],
                     "form.a is true instead of 1", "form.a is true instead of 1"),
    "an error": ([step()], [step(errors=(thrown(),))], "the error is 坏了 instead of null",
                 "the error is 坏了 instead of null"),
    "an error and a value": (
        [step(state=FORM)], [step(errors=(thrown(),), state=OTHER)],
        "the error is 坏了 instead of null", "the error is 坏了 instead of null",
    ),
    "an error of another step": (
        [step(errors=(thrown(),)), step("2")], [step(), step("2", errors=(thrown(),))], "", "",
    ),
    "an error once more": (
        [step(errors=(thrown(),)), step("2")],
        [step(errors=(thrown(),)), step("2", errors=(thrown(),))],
        "the error is 坏了 instead of null", "the error is 坏了 instead of null",
    ),
    "an error less": ([step(errors=(thrown(),))], [step()], "", ""),
    "a step more": ([step(state=FORM)], [step("1.1", state=OTHER), step(state=FORM)], "", ""),
    "a value during a call": (
        [step("1.1", state=FORM), step(state=FORM)], [step("1.1", state=OTHER), step(state=FORM)],
        "form.a is 2 instead of 1", "",
    ),
    "a message": ([step()], [step(messages=(shown("好"),))], "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENCES)
def test_errors_and_the_state_after_each_step_are_compared(name: str) -> None:
    before, after, each, end = DIFFERENCES[name]
    expected, run = seen(*before), seen(*after)

    assert judged(expected, run) == ("differs" if each else "handled", each)
    assert judged(expected, run, compares_end_only=True) == ("differs" if end else "handled", end)
    assert judged(expected, run, interruption=CLICK) == ("differs" if end else "handled", end)


def answered(number: int) -> CallAnswered:
    return CallAnswered(number=number, call="crm.查客户")


def queries(*ends: int) -> list[ObservedCall]:
    """Return calls of one API, sent one after the other, that end at the events *ends*."""
    return [made(begin=number, end=end, number=number + 1) for number, end in enumerate(ends)]


A, B = Place("查.js", 3, 1), Place("查.js", 9, 1)
X = written("无关")
WRITTEN: dict[str, tuple[list[Any], list[Event], tuple[str, Place | None]]] = {
    # calls of the run, its events, and verdict and place of form.客户
    "by the newer response": (
        queries(2, 4), [X, X, answered(1), written(place=B), answered(2), written(place=A)],
        ("differs", A),
    ),
    "by the older response": (
        queries(4, 2), [X, X, answered(2), written(place=B), answered(1), written(place=A)],
        ("stale", A),
    ),
    "by the older response alone": (
        queries(3, 2), [X, X, answered(2), answered(1), written(place=A)], ("differs", A),
    ),
    "by the older response, and then by another script": (
        [*queries(4, 2), made("crm.查合同", 1, 6)],
        [X, X, answered(2), written(), answered(1), written(), answered(3), written(place=B)],
        ("differs", B),
    ),
    "by the older response of another API": (
        [made(begin=0, end=4), made("crm.查合同", 1, 2)],
        [X, X, answered(2), written(place=B), answered(1), written(place=A)], ("differs", A),
    ),
    "by the second of three": (
        queries(2, 6, 4),
        [X, X, answered(1), written(), answered(3), written(place=B), answered(2), written(place=A)],
        ("stale", A),
    ),
    "by the third, after the second and the first": (
        queries(4, 2, 6),
        [X, X, answered(2), written(), answered(1), written(), answered(3), written(place=A)],
        ("differs", A),
    ),
    "by a person behind the older response": (
        queries(4, 2),
        [X, X, answered(2), written(place=B), answered(1), written(by="user", place=A)],
        ("differs", B),
    ),
    "by a script without a line": (
        queries(4, 2), [X, X, answered(2), written(place=B), answered(1), written()], ("stale", LINE),
    ),
    "by nobody": (queries(3, 2), [X] * 4, ("differs", LINE)),
    "before any response": (queries(3, 2), [written(place=A)], ("differs", A)),
    "behind the response of a login": (
        queries(4, 2),
        [X, X, answered(2), written(), answered(1), answered(9), written(place=A)],
        ("stale", A),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_a_value_of_an_older_query_over_that_of_a_newer_one_is_stale(name: str) -> None:
    calls, events, (verdict, place) = WRITTEN[name]
    run = seen(step(state={"form.客户": "李四"}), calls=calls, events=events)

    found = judge_order(seen(step(state={"form.客户": "张三"})), run, LATE)

    assert found == Judgement(
        verdict=verdict, why=found.why, step="2", place=place,  # type: ignore[arg-type]
        failing_expectation={"form": {"客户": "张三"}},
    )  # fmt: skip
    assert to_plain_english(found.why) == "form.客户 is 李四 instead of 张三"


# ---------------------------------------------------------------------- the view of a run

CRM = Platform(
    platform_key="crm",
    base_url="https://crm.example.test",
    apis={
        "查单": Api(key="查单", path="/orders/{no}"),
        "下单": Api(key="下单", path="/orders", method="POST"),
        "作废": Api(key="作废", path="/voids", method="POST", idempotent=True),
    },
)
PLATFORMS = Platforms({"crm": CRM})


def begun(number: int, action: str = "set") -> StepStarted:
    return StepStarted(number=number, total=2, id="", title="", action=action, place=LINE, at=0.0)


def ended(number: int, **fields: Any) -> StepFinished:
    usual: dict[str, Any] = {"title": "", "outcome": "passed", "duration": 0.0, "at": 0.0}
    return StepFinished(number=number, **{**usual, **fields})


def sent(number: int, name: str = "crm.查单", **fields: Any) -> CallMade:
    usual: dict[str, Any] = {"method": "GET", "source": "recorded", "status": 200, "place": LINE}
    return CallMade(number=number, call=name, **{**usual, **fields})


def viewed(*events: Event) -> RunView:
    return make_run_view(TrialRun(events, (), (), ()), PLATFORMS)


def struck(number: int) -> FaultStruck:
    return FaultStruck(number=number, call="crm.查单", attempt=1, rule="", action="", at=0.0)


def test_a_call_is_seen_with_its_step_number_end_and_effect() -> None:
    run = viewed(
        sent(1, "crm.$token", method="POST"),
        begun(1),
        sent(2, path={"no": "DD-1"}, at=10.0, sent_at=11.0, duration=3.5, response={"a": 1}),
        begun(0),
        sent(3, "crm.下单", method="POST", body={"request_id": "k", "order_no": "7"}),
        answered(2),
        ended(0),
        sent(4, error="TIMEOUT", status=None, source=""),
        ended(1),
        begun(2),
        sent(5),
        struck(5),
        sent(6, source="stub"),
        struck(6),
        answered(5),
        answered(3),
        sent(7, "crm.作废", method="POST"),
        sent(8, "oa.通知", method="POST"),
        ended(2),
    )

    token, first, order, again, _, _, void, other = run.calls
    assert [(one.label, one.step, one.begin, one.end) for one in run.calls] == [
        ("crm.$token", "", 0, 0), ("crm.查单", "1", 2, 5), ("crm.下单", "1", 4, 15),
        ("crm.查单 #2", "1", 7, 7), ("crm.查单 #3", "2", 10, 14), ("crm.查单 #4", "2", 12, 12),
        ("crm.作废", "2", 16, 16), ("oa.通知", "2", 17, 17),
    ]  # fmt: skip
    assert [one.has_effect for one in run.calls] == [False] * 2 + [True] + [False] * 4 + [True]
    assert [one.is_faulted for one in run.calls] == [False] * 4 + [True] + [False] * 3
    assert [one.is_login for one in run.calls] == [True] + [False] * 7
    assert (first.sent_at, first.elapsed, first.status, first.response) == (
        11.0,
        2.5,
        200,
        {"a": 1},
    )
    assert (first.numbers, first.collection, first.key) == (frozenset({"DD-1"}), ("orders",), "")
    assert (order.key, order.numbers) == ("request_id=k", frozenset({"7", "k"}))
    assert (again.error, again.status, again.source, again.place) == ("TIMEOUT", None, "", LINE)
    assert (void.collection, other.collection) == (("voids",), ())
    assert (other.platform, other.api, token.api) == ("oa", "通知", "$token")


def test_steps_are_seen_with_what_a_person_sees_and_without_calls_and_log() -> None:
    run = viewed(
        begun(1),
        MessageShown(level="info", text="一"),
        ConsoleWritten(text="慢", level="warn", at=0.0),
        MessageShown(level="error", text="二"),
        ErrorThrown(type="Error", message="坏", source="script", at=0.0),
        sent(1),
        NodeEntered(node="初审", previous="", action="create", by="甲"),
        begun(0),
        MessageShown(level="info", text="里"),
        ended(0),
        ended(1, form={"a": 1}, fields={"a": {"visible": False}}, flow={"at": "初审"}, result=True),
        begun(2, "advance"),
        ended(2),
        begun(3, ""),
        ended(3, outcome="skipped"),
    )

    assert [*run.steps] == ["1.1", "1", "3"]
    assert run.steps["1"].messages == (shown("一"), shown("二", "error"))
    assert run.steps["1"].console == (shown("慢", "warn"),)
    assert run.steps["1"].errors == (thrown(message="坏"),)
    assert run.steps["1"].state == {
        "form.a": 1, "fields.a.visible": False, "flow.at": "初审", "result": True,
    }  # fmt: skip
    assert run.steps["1.1"].messages == (shown("里"),)
    assert [run.steps[key].is_skipped for key in run.steps] == [False, False, True]
    assert run.idle == {"2", "3"}


def test_the_end_of_a_run_is_the_state_after_its_last_step_without_its_result() -> None:
    state = {"form.a": 1, "result": 2, "form.result": 3}

    assert seen().end == {}
    assert seen(step(state={"form.a": 0}), step("2", state=state)).end == {
        "form.a": 1, "form.result": 3,
    }  # fmt: skip
    assert drop_result({}) == {}


@pytest.mark.parametrize(
    ("fields", "executed", "count"),
    [
        ({}, False, 1),
        ({"error": "NoMatchError"}, False, 1),
        ({"error": "TIMEOUT"}, False, 0),
        ({"has_effect": False}, False, 0),
    ],
)
def test_an_order_without_a_recording_counts_as_done(
    fields: dict[str, Any], executed: bool, count: int
) -> None:
    assert len(seen(calls=[ordered(1, **fields)]).find_calls_with_effect()) == count


@pytest.mark.parametrize(("executed", "count"), [(True, 2), (False, 1)])
@pytest.mark.parametrize("error", ["", "TIMEOUT"])
def test_a_failed_order_is_done_where_it_was_executed_whatever_its_response(
    error: str, executed: bool, count: int
) -> None:
    failed, other = ordered(1, error=error), ordered(3, number=2)
    run = seen(calls=[failed, other])

    found = run.find_calls_with_effect(failed, is_failed_call_executed=executed)

    assert found == (failed, other)[-count:]
    assert run.find_calls_with_effect(failed) == (other,)


@pytest.mark.parametrize(
    ("one", "other", "shares"),
    [
        ({"key": "k"}, {"key": "k"}, True),
        ({"key": "k"}, {"key": "j"}, False),
        ({"key": ""}, {"key": ""}, False),
        ({"key": "k"}, {"key": "k", "name": "erp.收款"}, False),
    ],
)
def test_one_key_is_one_effect(one: dict[str, Any], other: dict[str, Any], *, shares: bool) -> None:
    first, second = (
        made(**{"name": "erp.下单", "has_effect": True, **fields}) for fields in (one, other)
    )

    assert first.shares_idempotency_key(second) is shares


@pytest.mark.parametrize(
    ("fields", "is_theirs"),
    [
        ({}, True), ({"source": "live"}, True), ({"source": "fault"}, False),
        ({"error": "TIMEOUT"}, False), ({"error": "BUSINESS", "source": "live"}, False),
    ],
)  # fmt: skip
def test_a_response_is_the_third_partys_or_a_faults(
    fields: dict[str, Any], *, is_theirs: bool
) -> None:
    assert made(**fields).has_third_party_response is is_theirs


def test_what_persons_and_scripts_wrote_is_told_apart() -> None:
    events: list[Event] = [
        written("a", by="user", new=1), written("a", by="user", new=1), written("a", new=2),
        written("b", by="user", new="1"), written("c", by="undo", new=3), answered(1),
    ]  # fmt: skip
    run = seen(events=events)

    assert run.user_inputs == {"('a', 1)": 2, "('b', '1')": 1}
    assert run.find_fields_written_by_scripts(0, 6) == {"a", "c"}
    assert run.find_fields_written_by_scripts(2, 4) == {"a"}
    assert run.find_fields_written_by_scripts(3, 4) == set()


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("1", ["1.1", "1", "2.1", "2.2", "2", "11"]),
        ("2", ["2.1", "2.2", "2", "11"]),
        ("11", ["11"]),
        ("3", ["1.1", "1", "2.1", "2.2", "2", "11"]),
    ],
)
def test_steps_from_one_on_begin_with_those_inside_it(key: str, found: list[str]) -> None:
    run = seen(*map(step, ["1.1", "1", "2.1", "2.2", "2", "11"]))

    assert [one for one, _ in run.find_steps_from(key)] == found
