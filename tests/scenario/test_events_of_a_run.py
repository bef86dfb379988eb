# ruff: noqa: E501 - events, one a line
"""The events of a whole run: what is observed of them, and in which order a log has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from bpmax_sim.errors import CallError, Place, ScriptError
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.messages import Call
from bpmax_sim.proxy.response import CallRecord
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import (
    START,
    CallAnswered,
    ConsoleWritten,
    ErrorThrown,
    Event,
    FaultStruck,
    StepFinished,
    StepStarted,
)
from bpmax_sim.scenario.names import ScenarioNames
from bpmax_sim.scenario.observation import (
    Observation,
    ObservedDifference,
    SubjectState,
    compare_runs,
    compute_digest,
    describe_states_and_results,
    observe,
    read_field_states,
    read_field_values,
    read_flow_facts,
    read_last_preview,
    read_subject_state,
)
from bpmax_sim.scenario.provenance import (
    Origins,
    describe_origin,
    describe_routes_to_wrong_node,
    describe_values,
    to_plain_script_values,
)
from bpmax_sim.scenario.run_log import RunLog
from bpmax_sim.script.turn_result import ConsoleLine, TimerFired
from bpmax_sim.session.sending_log import InjectedFault
from bpmax_sim.session.session import Session
from bpmax_sim.subject.form import FormSubject
from bpmax_sim.subject.hooks import (
    UNDO,
    BranchArrived,
    CycleCut,
    DeadlinePassed,
    FieldChanged,
    FieldReassigned,
    MessageShown,
    NamedWrite,
    NodeEntered,
    NotificationSent,
    PersonActed,
    Result,
    RouteEvaluated,
)
from bpmax_sim.transport.faults import Break, Fault
from tests.scenario.bench import PlainBench
from tests.subject.stage import PlainStage

LINE = Place("脚本.js", 3, 5)


def start(number: int, title: str = "步") -> StepStarted:
    return StepStarted(
        number=number,
        total=3,
        id="",
        title=title,
        action="js",
        place=Place("单.yaml", number, 1),
        at=0.0,
    )


def finish(number: int, outcome: Any = "passed", **state: Any) -> StepFinished:
    return StepFinished(number=number, title="步", outcome=outcome, duration=1.0, at=1.0, **state)


EVENTS: list[Event] = [
    MessageShown(text="先", level="info"),
    start(1),
    ConsoleWritten(text="甲", level="log", at=0.0),
    start(1),
    ConsoleWritten(text="乙", level="warn", at=0.0),
    CallMade(number=1, call="crm.$token"),
    CallMade(number=2, call="crm.get", path={"id": "1"}, query={}, status=200),
    start(1),
    finish(1, "skipped", form={"金额": 9}),
    finish(1, form={"金额": 1}),
    start(1),
    NodeEntered(node="财务", previous="部门", action="approve", by="李四", at=3.0),
    PersonActed(node="财务", action="hand_over", by="李四", to=("王五",)),
    finish(1, flow={"status": "processing", "at": "财务"}),
    CallMade(number=3, call="crm.put", error="TIMEOUT"),
    finish(1, form={"金额": 2, "客户": "甲"}, fields={"金额": {"visible": False, "required": True}, "客户": {"readonly": True}}, result=0),
    start(2),
    finish(2, "failed", result={"a": 1}),
    BranchArrived(join="用印", node="法务", branch="法务", waiting=("风控",)),
    DeadlinePassed(node="部门", does="notify"),
    NotificationSent(kind="deadline", to=("李四",), text="", node="部门"),
    start(0),
    ErrorThrown(type="Error", message="坏", source="script", at=0.0),
    finish(0),
    start(0),
    start(0),
    ConsoleWritten(text="丙", level="log", at=0.0),
]  # fmt: skip


def test_effects_belong_to_the_innermost_step_that_is_open() -> None:
    ended = [
        ("1.1.1", "skipped", True),
        ("1.1", "calls[0].api", "crm.get"), ("1.1", "calls[0].path", {"id": "1"}), ("1.1", "calls[0].status", 200),
        ("1.1", "console[0].level", "warn"), ("1.1", "console[0].text", "乙"), ("1.1", "form.金额", 1),
        ("1.2", "flow.log[0].node", "财务"), ("1.2", "flow.log[0].previous", "部门"), ("1.2", "flow.log[0].action", "approve"), ("1.2", "flow.log[0].by", "李四"),
        ("1.2", "flow.log[1].node", "财务"), ("1.2", "flow.log[1].action", "hand_over"), ("1.2", "flow.log[1].by", "李四"), ("1.2", "flow.log[1].to", ("王五",)),
        ("1.2", "flow.at", "财务"), ("1.2", "flow.status", "processing"),
        ("1", "calls[0].api", "crm.put"), ("1", "calls[0].error", "TIMEOUT"), ("1", "console[0].level", "log"), ("1", "console[0].text", "甲"),
        ("1", "form.客户", "甲"), ("1", "form.金额", 2),
        ("1", "fields.客户.readonly", True), ("1", "fields.金额.required", True), ("1", "fields.金额.visible", False), ("1", "result", 0),
        ("2", "result", {"a": 1}),
        ("finally.1", "errors[0].type", "Error"), ("finally.1", "errors[0].message", "坏"), ("finally.1", "errors[0].from", "script"),
    ]  # fmt: skip
    state = SubjectState(form={"金额": 5}, result="今")
    open_steps = [
        ("finally.2.1", "console[0].level", "log"), ("finally.2.1", "console[0].text", "丙"),
        *(("finally.2.1", *rest) for rest in (("form.金额", 5), ("result", "今"))),
        *(("finally.2", *rest) for rest in (("form.金额", 5), ("result", "今"))),
    ]  # fmt: skip
    outside = [
        ("", "flow.log[0].join", "用印"), ("", "flow.log[0].node", "法务"), ("", "flow.log[0].branch", "法务"), ("", "flow.log[0].waiting", ("风控",)),
        ("", "flow.log[1].node", "部门"), ("", "flow.log[1].does", "notify"),
        ("", "flow.log[2].kind", "deadline"), ("", "flow.log[2].to", ("李四",)), ("", "flow.log[2].node", "部门"),
        ("", "messages[0].level", "info"), ("", "messages[0].text", "先"),
    ]  # fmt: skip
    assert [tuple(one) for one in observe(EVENTS, unfinished=state)] == [
        *ended,
        *open_steps,
        *outside,
    ]
    assert [tuple(one) for one in observe(EVENTS)] == [*ended, *open_steps[:2], *outside]
    assert (
        len(
            {
                compute_digest(observe(EVENTS)),
                compute_digest(observe(EVENTS, unfinished=state)),
                compute_digest(observe(EVENTS[:-1])),
            }
        )
        == 3
    )
    lines = [to_plain_english(one) for one in describe_states_and_results(observe(EVENTS))]
    assert lines == [
        "step 1: fields.客户.readonly true, fields.金额.required true, fields.金额.visible false, result 0",
        'step 2: result {"a": 1}',
    ]
    late = observe([finish(1), *EVENTS[2:3]])
    assert [tuple(one) for one in late] == [
        ("", "console[0].level", "log"),
        ("", "console[0].text", "甲"),
    ]
    different = compare_runs(
        observe(EVENTS),
        (
            *observe(EVENTS[:-1]),
            Observation("1", "fields.客户.readonly", False),
            Observation("9", "fields.甲.visible", True),
        ),
    )
    assert different == (
        ObservedDifference("1", "fields.客户.readonly", True, False),
        ObservedDifference("finally.2.1", "console[0].level", "log", different[1].second),
        ObservedDifference("finally.2.1", "console[0].text", "丙", different[1].second),
    )


def test_a_form_is_read_with_values_and_the_states_that_differ() -> None:
    stage = PlainStage()
    form = FormSubject(runner=stage, tell=stage.told.append, fields={"金额": 1, "客户": UNDEFINED})
    form.set_state("金额", "required", True)
    form.set_state("客户", "visible", True)

    assert read_field_values(form)["金额"] == 1
    assert read_field_states(form)["金额"]["required"] is True
    state = read_subject_state(form, UNDEFINED)
    assert (state.flow, state.result, dict(state.fields)) == (
        None,
        None,
        {"金额": {"required": True}},
    )
    assert read_subject_state(None, 5) == SubjectState(result=5)
    assert (
        read_field_values(None),
        read_field_states(None),
        read_flow_facts(None),
        read_flow_facts(form),
    ) == ({}, {}, {}, {})
    assert str(read_last_preview(form)) == "UNSET"


def record(api: str, began: int, ended: int, serial: int, **parts: Any) -> CallRecord:
    call = Call(
        platform="crm_system",
        instance="test",
        api=api,
        method="GET",
        path="/",
        query=(),
        headers=(),
        body=None,
        serial=serial,
    )
    return CallRecord(
        platform="crm_system",
        instance="test",
        api=api,
        began=began,
        ended=ended,
        call=call,
        **parts,
    )


def test_a_log_has_events_in_the_order_of_their_beginnings(tmp_path: Path) -> None:
    bench = PlainBench()
    log = RunLog(cast("Session", bench), root=str(tmp_path))
    rule = Fault(on="crm_system.*", action=Break(error="reset"))
    bench.calls += [
        record("get_customer_detail", 20, 21, 7, doubts=("别名",)),
        record("create_order", 10, 40, 5, error=CallError("慢", code="TIMEOUT")),
        record("gone", 30, 31, 9),
    ]
    bench.injected_faults += [
        InjectedFault(
            fault=rule, call="crm_system.create_order", serial=5, attempt=1, at=0.0, order=12
        ),
        InjectedFault(
            fault=rule, call="crm_system.get_customer_detail", serial=7, attempt=0, at=0.0, order=22
        ),
        InjectedFault(fault=rule, call="x.y", serial=99, attempt=0, at=0.0, order=35),
    ]
    lines = [
        ConsoleLine(level="log", text=text, values=(), at=0.0, order=order)
        for text, order in (("晚", 33), ("早", 15))
    ]
    rejected = ScriptError("没接", name="TypeError")
    events = tuple(
        log.collect_new_events(
            Result(
                console=lines,
                timers=[TimerFired(5.0, LINE, 0.0, 25)],
                errors=[ScriptError("坏", name="Error")],
                unhandled=[rejected],
            )
        )
    )
    told = [
        (
            type(one).__name__,
            getattr(one, "number", None)
            or getattr(one, "text", None)
            or getattr(one, "message", None)
            or getattr(one, "delay", None),
        )
        for one in events
    ]
    assert told == [
        ("ErrorThrown", "坏"), ("ErrorThrown", "没接"),
        ("CallMade", 1), ("FaultStruck", 1), ("ConsoleWritten", "早"), ("CallMade", 2), ("CallAnswered", 2), ("FaultStruck", 2), ("TimerFired", 5.0), ("CallMade", 3),
        ("CallAnswered", 3), ("ConsoleWritten", "晚"), ("FaultStruck", None), ("CallAnswered", 1),
    ]  # fmt: skip
    strikes = [one for one in events if isinstance(one, FaultStruck)]
    assert [(one.number, one.call, one.attempt) for one in strikes] == [
        (1, "crm_system.create_order", 2),
        (2, "crm_system.get_customer_detail", 1),
        (0, "x.y", 1),
    ]
    assert [one.unhandled for one in events if isinstance(one, ErrorThrown)] == [False, True]
    assert [(one.number, one.call, one.error) for one in log.calls] == [
        (1, "crm_system.create_order", "TIMEOUT"), (2, "crm_system.get_customer_detail", ""), (3, "crm_system.gone", ""),
    ]  # fmt: skip
    assert [(one.kind, to_plain_english(one.message)) for one in log.warnings] == [
        ("name", "crm_system.get_customer_detail: 别名")
    ]
    assert [line["text"] for _, line in log.console] == ["早", "晚"]
    mark = log.get_position()
    assert (mark.calls, mark.console, mark.events) == (3, 2, len(events))
    assert log.collect_new_events(Result()) == ()
    bench.calls.append(record("again", 50, 51, 11))
    assert [type(one) for one in log.collect_new_events(Result())] == [CallMade, CallAnswered]
    assert [one.number for one in log.calls] == [1, 2, 3, 4]
    assert len(log.get_events_since(mark)) == 2
    assert len(log.get_events_since(START)) == len(events) + 2


def change(
    field: str, new: Any, by: str = "change.客户", place: Place | None = LINE
) -> FieldChanged:
    return FieldChanged(field=field, old=UNDEFINED, new=new, by=by, place=place)


def test_writes_of_scripts_are_judged_where_they_are_made() -> None:
    names = ScenarioNames(
        fields=("金额", "合计", "明细"),
        initial_value_kinds={
            "金额": "number",
            "合计": "number",
            "明细": "list",
            "明细[0].额": "number",
            "明细[1].额": "number",
        },
    )
    log = RunLog(
        cast("Session", PlainBench()),
        names=names,
        find_fields_meant_to_change_type=lambda: frozenset({"合计"}),
    )
    for event in (
        change("金额", "五"), change("金额", "六"), change("金额", "七", place=None), change("金额", "八", place=None), change("合计", "五"),
        change("金额", "九", by="user", place=Place("单.yaml", 1, 1)), change("金额", "十", by=UNDO), change("盖章#1/金额", "五"), change("金额", 5), change("明细", 7), change("明细[0].额", "a"), change("明细[1].额", "b"),
        FieldReassigned(field="金額", by="open", place=LINE), CycleCut(field="金额", chain=("金额", "合计", "金额")), CycleCut(field="金额", chain=("金额", "合计", "金额")),
        RouteEvaluated(node="部门", action="approve", to="财务", taken=True, values={"ctx.form.金额": UNDEFINED}),
    ):  # fmt: skip
        log.add_subject_event(event)
    wrong = "the script wrote {}, a text, into form.金额, which begins as a number; write what is meant, or let the field begin as null"
    assert [
        (one.kind, to_plain_english(one.message), one.place, one.fails) for one in log.warnings
    ] == [
        ("unfit", wrong.format('"五"'), LINE, False),
        ("unfit", wrong.format('"七"'), None, False),
        ("unfit", wrong.format('"八"'), None, False),
        (
            "unfit",
            "the script wrote 7, a number, into form.明细, which begins as a list; write what is meant, or let the field begin as null",
            LINE,
            False,
        ),
        ("unfit", wrong.format('"a"').replace("form.金额", "form.明细[0].额"), LINE, False),
        ("cycle", "change cycle cut: 金额 -> 合计 -> 金额", None, False),
    ]
    assert [type(one).__name__ for one in log.get_events_since(START)] == ["FieldChanged"] * 12 + [
        "CycleCut"
    ] * 2 + ["RouteEvaluated"]
    assert (log.pop_undeclared_names(), log.get_refusals_since(START)) == ([], [])
    assert sorted(log.origins.assignments) == [
        "合计",
        "明细",
        "明细[0].额",
        "明细[1].额",
        "盖章#1/金额",
        "金額",
        "金额",
    ]
    assert [dict(route.values) for route in log.origins.routes] == [{"ctx.form.金额": "undefined"}]
    log.judge_writes_outside_fields(
        [
            NamedWrite("form.$message.text", "第undefined次", LINE),
            NamedWrite("form.$visible", "金额", LINE),
        ]
    )
    assert to_plain_english(log.warnings[-1].message).startswith(
        'the script wrote "第undefined次" into form.$message'
    )
    twice = [NamedWrite("form.$visible", "金領", place) for place in (LINE, Place("别.js", 9, 9))]
    log.judge_writes_outside_fields(twice)
    assert [one[:2] for one in log.pop_undeclared_names()] == [("form.$visible.金領", LINE)]


def test_a_value_comes_from_whoever_assigned_it_last() -> None:
    origins = Origins()
    outer, inner = Place("单.yaml", 4, 1), Place("单.yaml", 7, 1)
    origins.note_assignment(change("甲", 1, by="user"))
    origins.note_step(
        StepStarted(number=1, total=1, id="", title="", action="", place=outer, at=0.0)
    )
    origins.note_assignment(change("乙", 1, by="user"))
    origins.note_step(
        StepStarted(number=1, total=1, id="", title="", action="", place=inner, at=0.0)
    )
    origins.note_assignment(change("丙", 1, by=UNDO))
    origins.note_assignment(FieldReassigned(field="丁", by="open", place=LINE))
    origins.note_assignment(MessageShown(text="x"))
    origins.note_step(finish(1))
    origins.note_assignment(change("戊", 1, by="盖章#1", place=None))
    origins.note_assignment(change("己", 1, by="user"))
    origins.note_step(finish(1))
    origins.note_step(finish(1))
    told = [
        to_plain_english(describe_origin(f"form.{name}", origins.assignments.get(name), None))
        for name in "甲乙丙丁戊己庚"
    ]
    assert told == [
        "form.甲: last set by the scenario, at ",
        "form.乙: last set by the scenario, at 单.yaml:4:1",
        "form.丙: restored when the step at 单.yaml:7:1 failed",
        "form.丁: last written by 脚本.js:3:5, with the value it already had",
        "form.戊: last written by 盖章#1",
        "form.己: last set by the scenario, at 单.yaml:4:1",
        "form.庚: never written, and without an initial value",
    ]
    assert (
        to_plain_english(describe_origin("form.庚", None, outer))
        == "form.庚: never written since its initial value, at 单.yaml:4:1"
    )
    assert describe_values({"甲": UNDEFINED, "乙": "x", "丙": None, "丁": [1]}) == {
        "甲": "undefined",
        "乙": '"x"',
        "丙": "null",
        "丁": "[1]",
    }
    assert to_plain_script_values(change("甲", UNDEFINED))["new"] is None
    assert to_plain_script_values(MessageShown(text="x")) == {}


def route(node: str, to: str, taken: bool, action: str = "approve", **parts: Any) -> RouteEvaluated:
    return RouteEvaluated(node=node, action=action, to=to, taken=taken, **parts)


def test_the_routes_of_the_decision_that_led_elsewhere_are_told() -> None:
    routes = [
        route("部门", "财务", False, when="a > 1", values={"a": "0"}, place=LINE),
        route("部门", "用印", False, when="b"),
        route("部门", "完", True),
        route("部门", "财务", False, action="reject", when="c", values={"c": "1", "d": "2"}),
        route("部门", "完", True, action="reject", when="e", place=LINE),
        route("财务", "完", True, when="", values={"f": "3"}),
    ]
    first = [
        "route not taken  部门 → 财务: a > 1, with a = 0   脚本.js:3:5",
        "route not taken  部门 → 用印: b",
        "route taken      部门 → 完",
    ]
    second = [
        "route not taken  部门 → 财务: c, with c = 1, d = 2",
        "route taken      部门 → 完: e   脚本.js:3:5",
    ]

    def tell(*expected: str, among: list[RouteEvaluated] = routes) -> list[str]:
        return [to_plain_english(line) for line in describe_routes_to_wrong_node(among, expected)]

    assert tell("用印") == first
    assert tell("财务") == second
    assert tell("用印", "财务") == second
    assert tell("别处") == ["route taken      财务 → 完: , with f = 3"]
    assert tell("完", among=routes[:5]) == second
    assert tell("别处", among=[]) == []
    assert tell("用印", among=routes[1:3]) == first[1:]
    assert tell("完", among=[*routes[:5], route("财务", "用印", True)]) == [
        "route taken      财务 → 用印"
    ]
    again = [
        route("部门", "完", True),
        route("部门", "财务", False),
        route("部门", "完", True),
        route("部门", "财务", True),
    ]
    assert tell("财务", among=again) == [
        "route not taken  部门 → 财务:",
        "route taken      部门 → 完",
    ]
    assert tell(
        "财务", among=[route("部门", "财务", False), route("部门", "完", True, action="reject")]
    ) == ["route not taken  部门 → 财务:"]
