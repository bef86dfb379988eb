"""How many scripts of an event run, and what becomes of a table's rows."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.errors import ScriptError, SubjectError
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.script.failure import Script
from bpmax_sim.script.turn_result import Outcome
from bpmax_sim.subject.form import ScriptedSubject, check_row, find_changed_columns
from bpmax_sim.subject.hooks import Result
from tests.subject.stage import PlainStage

ERROR = ScriptError("坏", name="Error")


@pytest.mark.parametrize(
    ("outcomes", "ran", "value"),
    [
        ([], 0, None),
        ([Outcome(value=None)] * 3, 3, None),
        ([Outcome(value=0), Outcome(value=""), Outcome(value=[])], 1, 0),
        ([Outcome(value=True), Outcome(value=False), Outcome(value=1)], 2, False),
        ([Outcome(value=False), Outcome(value=1)], 1, False),
        ([Outcome(value=True), Outcome(error=ERROR), Outcome(value=2)], 2, UNDEFINED),
        ([Outcome(value="不行"), Outcome(value=7)], 1, "不行"),
    ],
)
def test_scripts_of_an_event_run_until_one_fails_or_says_no(
    outcomes: list[Outcome], ran: int, value: Any
) -> None:
    scripts = tuple(Script("", f"{number}.js") for number in range(len(outcomes)))
    for event in ("submit", "create", "before_next.初审"):
        stage = PlainStage()
        subject = ScriptedSubject(runner=stage, tell=stage.told.append, scripts={event: scripts})
        left = iter(outcomes)

        assert subject.run_scripts_until_refused(event, lambda _script: next(left)) == value  # noqa: B023
        assert len(stage.told) == ran
    assert len(list(left)) == len(outcomes) - ran


@pytest.mark.parametrize(
    ("values", "ran"),
    [
        ([False, 1, 2], 1), ([1, False, 2], 2), ([True, 0, None], 3), (["不行", "", False], 3),
        ([UNDEFINED, [], {}], 3),
    ],
)  # fmt: skip
@pytest.mark.parametrize("event", ["open", "change.a", "approve.审批"])
def test_only_false_stops_the_scripts_of_an_event_that_refuses_nothing(
    event: str, values: list[Any], ran: int
) -> None:
    stage = PlainStage()
    scripts = tuple(Script("", f"{number}.js") for number in range(3))
    subject = ScriptedSubject(runner=stage, tell=stage.told.append, scripts={event: scripts})
    left = [Outcome(value=value) for value in values]

    assert subject.run_scripts_until_refused(event, lambda _script: left.pop(0)) == values[ran - 1]
    assert len(left) == 3 - ran


@pytest.mark.parametrize(
    ("said_before", "says", "value", "shown"),
    [
        (0, 0, False, 1), (0, 1, False, 1), (1, 0, False, 2), (1, 1, False, 2), (0, 2, False, 2),
        (0, 3, False, 3), (0, 0, "不行", 1), (0, 1, "不行", 2), (1, 0, None, 1), (0, 0, True, 0),
    ],
)  # fmt: skip
def test_a_no_without_a_word_is_shown(said_before: int, says: int, value: Any, shown: int) -> None:
    stage = PlainStage()
    scripts = {"submit": (Script("", "一.js"),)}
    subject = ScriptedSubject(runner=stage, tell=stage.told.append, scripts=scripts)

    def run(_script: Script) -> Outcome:
        for number in range(says):
            subject.show(f"因为{number}")
        return Outcome(value=value)

    for _ in range(said_before):
        subject.show("早些")
    result = subject.begin_action()
    subject.refuse_if_vetoed("submit", subject.run_scripts_until_refused("submit", run))

    assert len(subject.messages) == shown
    last = f"因为{says - 1}" if says else "submit refused"
    assert result.refusal == {False: last, "不行": "不行"}.get(value, "")
    assert result.refused is (value not in (None, True))


@pytest.mark.parametrize(
    ("rows", "number", "more", "fits"),
    [
        (0, 0, 0, False), (0, 0, 1, True), (0, 1, 1, False), (1, 0, 0, True), (1, 1, 0, False),
        (1, 1, 1, True), (3, 2, 0, True), (3, 3, 0, False), (3, 3, 1, True), (3, 4, 1, False),
    ],
)  # fmt: skip
def test_a_row_is_there_or_directly_behind_the_last(
    rows: int, number: int, more: int, *, fits: bool
) -> None:
    if fits:
        check_row([{}] * rows, number, "明细", extra_rows=more)
        return
    with pytest.raises(SubjectError) as caught:
        check_row([{}] * rows, number, "明细", extra_rows=more)
    there = {0: "are no rows", 1: "is row 0 alone"}.get(rows, f"are rows 0 to {rows - 1}")
    assert f"明细: no row {number}; there {there}" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "columns"),
    [
        ([], [], []), (None, None, []), ([], [{"a": 1}], ["a"]), ([{"a": 1}], [], ["a"]),
        ([{"a": 1}], [{"a": 1}], []), ([{"a": 1, "b": 2}], [{"b": 3, "a": 1}], ["b"]),
        ([{"a": 1}], [{"a": None}], ["a"]), ([{"a": 1}], [{}], ["a"]),
        ([{"a": 1}, {"a": 2}, {"a": 3}], [{"a": 1}, {"a": 2}, {"a": 4}], ["a"]),
        ([{"a": 1}, {"a": 2}], [{"a": 2}, {"a": 1}], ["a"]),
        ([{"a": 1}], [{"a": 1}, {"a": 1}], ["a"]),
    ],
)  # fmt: skip
def test_the_columns_in_which_two_tables_differ(old: Any, new: Any, columns: list[str]) -> None:
    assert list(find_changed_columns(old, new)) == columns


def test_all_that_a_script_leaves_is_kept_in_the_order_of_the_scripts() -> None:
    names = ("console", "timers", "unhandled", "unawaited", "absent_reads", "unranked")
    result = Result()
    for number, error in enumerate((None, ERROR)):
        outputs: dict[str, Any] = {name: (f"{name}{number}",) for name in names}
        result.add_outcome(Outcome(error=error, **outputs))

    kept = {name: getattr(result, name) for name in names}
    assert kept == {name: [f"{name}0", f"{name}1"] for name in names}
    assert (result.errors, result.ran, result.value) == ([ERROR], False, None)
