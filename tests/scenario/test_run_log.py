"""The log of a run: the order of its events, what belongs to a step, and what is told once."""

from __future__ import annotations

from typing import Any, cast

import pytest

from bpmax_sim.errors import Place
from bpmax_sim.scenario.events import START, ConsoleWritten, ErrorThrown, LogPosition
from bpmax_sim.scenario.findings import RunFinding
from bpmax_sim.scenario.names import ScenarioNames
from bpmax_sim.scenario.run_log import RunLog
from bpmax_sim.script.turn_result import ConsoleLine
from bpmax_sim.session.session import Session
from bpmax_sim.subject.hooks import FieldChanged, MessageShown, NamedWrite, Result
from tests.scenario.bench import PlainBench

LINE = Place("脚本.js", 3, 5)


def make_log(**parts: Any) -> RunLog:
    return RunLog(cast("Session", PlainBench()), **parts)


def write(text: str, order: int) -> ConsoleLine:
    return ConsoleLine(level="log", text=text, values=(text,), at=0.0, order=order)


def test_lines_of_a_step_within_another_are_in_the_order_of_writing() -> None:
    log = make_log()

    log.add_action_result(Result(console=[write("等待", 12)]))
    events = log.collect_new_events(Result(console=[write("查", 11), write("好", 13)]))

    assert [line["text"] for _, line in log.console] == ["查", "等待", "好"]
    assert [one.text for one in events if isinstance(one, ConsoleWritten)] == ["查", "等待", "好"]
    assert log.collect_new_events(Result()) == ()
    assert log.get_position() == LogPosition(0, 3, 0, 3)


def throw(source: str, message: str = "不行") -> ErrorThrown:
    return ErrorThrown(type="Error", code="HIDDEN", message=message, source=source, at=0.0)


def test_only_what_form_or_flow_refuse_is_a_refusal_and_since_then_only() -> None:
    log = make_log()
    log.redact_and_add_event(throw("subject", "先前"))
    mark = log.get_position()
    for source in ("script", "subject", "crm.get_order", "python"):
        log.redact_and_add_event(throw(source, f"来自 {source}"))

    [refusal] = log.get_refusals_since(mark)
    assert refusal == {"text": "来自 subject", "type": "error", "code": "HIDDEN"}
    assert [one["text"] for one in log.get_refusals_since(START)] == ["先前", "来自 subject"]
    assert len(log.get_events_since(mark)) == 4


def test_a_warning_is_told_once() -> None:
    log = make_log()
    found = RunFinding("unfit", "甲", LINE, fails=False)

    log.add_findings([found, found, RunFinding("unfit", "甲", None, fails=False)])
    log.add_warning("unfit", "甲", LINE)
    log.add_warning("unfit", "甲", LINE, fails=True)

    assert [(one.place, one.fails) for one in log.warnings] == [
        (LINE, False), (None, False), (LINE, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "message", "told"),
    [
        (MessageShown(text="好", level="info"), {"text": "好", "type": "info"}, 0),
        (
            MessageShown(text="隐藏", level="error", code="HIDDEN"),
            {"text": "隐藏", "type": "error", "code": "HIDDEN"},
            0,
        ),
        (MessageShown(text="undefined", level="info"), {"text": "undefined", "type": "info"}, 0),
        (
            MessageShown(text="undefined", level="error", code="E1"),
            {"text": "undefined", "type": "error", "code": "E1"},
            1,
        ),
    ],
)
def test_a_message_is_kept_with_its_code_if_it_has_one(
    shown: MessageShown, message: dict[str, str], told: int
) -> None:
    log = make_log()
    log.add_subject_event(shown)

    assert (log.messages, len(log.warnings)) == ([message], told)
    assert log.get_position().messages == 1


def change(field: str, new: Any, by: str = "change.客户") -> FieldChanged:
    return FieldChanged(field=field, old=None, new=new, by=by, place=LINE)


@pytest.mark.parametrize(
    ("changes", "wrong", "warnings"),
    [
        ([change("金额", 5)], [], 0),
        ([change("金颜", 5)], ["金颜"], 0),
        ([change("金颜", 5), change("金颜", 6), change("客护", 1)], ["金颜", "客护"], 0),
        ([change("金额", "五")], [], 1),
        ([change("金额", "五"), change("金额", "五"), change("金额", "六")], [], 1),
        ([change("金额", "五", by="user")], [], 0),
        ([change("合计", "五")], [], 0),
    ],
)
def test_a_write_is_held_beside_the_fields_that_there_are(
    changes: list[FieldChanged], wrong: list[str], warnings: int
) -> None:
    names = ScenarioNames(
        fields=("金额", "客户", "合计"), initial_value_kinds={"金额": "number", "合计": "number"}
    )
    log = make_log(names=names, find_fields_meant_to_change_type=lambda: frozenset({"合计"}))
    for one in changes:
        log.add_subject_event(one)

    assert [(name, place) for name, place, _ in log.pop_undeclared_names()] == [
        (f"form.{name}", LINE) for name in wrong
    ]
    assert log.pop_undeclared_names() == []
    assert len(log.warnings) == warnings


def test_a_name_that_is_written_twice_is_told_once_where_it_was_written_first() -> None:
    log = make_log(names=ScenarioNames(fields=("金额",)))
    places = [Place("脚本.js", line, 1) for line in (3, 8, 9)]
    events = [FieldChanged(field="金颜", old=None, new=1, by="open", place=at) for at in places]

    log.add_subject_event(events[0])
    log.add_subject_event(events[1])
    assert [place for _, place, _ in log.pop_undeclared_names()] == [places[0]]
    log.add_subject_event(events[2])
    assert log.pop_undeclared_names() == []


def test_what_is_written_beside_the_fields_is_wrong_or_doubtful() -> None:
    log = make_log(names=ScenarioNames(fields=("金额",)))
    owners = ["form.$visible", "ctx", "form.$message", "form.$message.type"]
    members = ["金颜", "actoin", "txet", "warn"]
    for owner, member in zip(owners, members, strict=True):
        log.judge_writes_outside_fields([NamedWrite(owner, member, LINE)] * 2)

    assert [name for name, _, _ in log.pop_undeclared_names()] == [
        "form.$visible.金颜", "form.$message.txet",
    ]  # fmt: skip
    assert [one.message.partition(":")[0] for one in log.warnings] == [
        "the script wrote ctx", "the script wrote form.$message.type",
    ]  # fmt: skip
