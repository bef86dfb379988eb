"""What one action does to form, flow and clock, without a scenario around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace

from bpmax_sim.clock import parse_duration
from bpmax_sim.errors import SubjectError
from bpmax_sim.scenario.action import Performer
from bpmax_sim.scenario.actions import ACTIONS, AddRow, ProxyAction
from bpmax_sim.session.session import Session
from bpmax_sim.subject.definition import Deadline, Definition, FlowNode
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.form import FormSubject
from bpmax_sim.subject.hooks import DeadlinePassed, FlowMove, Result
from tests.scenario.bench import PlainBench

LATE = FlowNode(
    owners=("甲",),
    deadline=(Deadline(after=60), Deadline(after=90), Deadline(after=120, to="复核")),
    approve="结束",
)
NEXT = FlowNode(owners=("丁",), deadline=Deadline(after=15), approve="结束")


def begin(bench: PlainBench) -> tuple[Performer, list[tuple[str, float]]]:
    """Return a performer on a project at 初审, and the deadlines that pass, with their seconds."""
    begun, passed = bench.clock.now(), cast("list[tuple[str, float]]", [])

    def tell(event: Any) -> None:
        if isinstance(event, DeadlinePassed):
            passed.append((event.does, bench.clock.now() - begun))

    nodes = {"初审": LATE, "复核": NEXT, "结束": FlowNode(end=True)}
    flow = FlowSubject(
        runner=bench.stage,
        tell=tell,
        definition=Definition(flow="复核", start="初审", nodes=nodes),
        now=bench.clock.now,
    )
    flow.create(FlowMove(by="甲"))
    return perform_on(bench, flow), passed


def perform_on(bench: PlainBench, subject: Any) -> Performer:
    session = cast("Session", bench)
    return Performer(session=session, subject=subject, path=Path("x.scenario.yaml"), inline={})


@pytest.mark.parametrize(
    ("seconds", "passed"),
    [
        (0, []),
        ("59.9s", []),
        ("1m", [("notify", 60)]),
        (89.9, [("notify", 60)]),
        (90, [("notify", 60), ("notify", 90)]),
        ("2m", [("notify", 60), ("notify", 90), ("go to 复核", 120)]),
        (134.9, [("notify", 60), ("notify", 90), ("go to 复核", 120)]),
        (135, [("notify", 60), ("notify", 90), ("go to 复核", 120), ("notify", 135)]),
        ("1h", [("notify", 60), ("notify", 90), ("go to 复核", 120), ("notify", 135)]),
    ],
)
def test_time_stops_at_each_deadline_on_its_way(seconds: Any, passed: Any) -> None:
    bench = PlainBench()
    performer, told = begin(bench)
    begun = bench.clock.now()

    ACTIONS["advance"].run(performer, seconds, "", Result())

    assert told == passed
    assert bench.clock.now() - begun == pytest.approx(parse_duration(seconds))


def test_what_is_done_while_a_call_is_in_flight_leaves_deadlines_to_the_step_around_it() -> None:
    bench = PlainBench()
    performer, told = begin(bench)
    bench.clock.advance(95)

    inner = performer.perform_in_flight(ACTIONS["comment"], {"by": "甲", "comment": "稍等"}, "")
    assert (inner.errors, told) == ([], [])

    outer = performer.perform(ACTIONS["comment"], {"by": "甲", "comment": "好了"}, "")
    assert (outer.errors, told) == ([], [("notify", 95), ("notify", 95)])


@pytest.mark.parametrize(
    ("value", "row"),
    [({"row": {"料": "新"}}, {"料": "新"}), ({"row": {}}, {}), ({"row": None}, {}), ({}, {})],
)
def test_a_new_row_without_values_is_empty(value: dict[str, Any], row: dict[str, Any]) -> None:
    assert AddRow.change_rows(["甲", "乙"], 1, value) == ["甲", row, "乙"]


class Watcher:
    """Notes when owners are looked for that have got a task."""

    def __init__(self, bench: PlainBench) -> None:
        self.bench = bench
        self.noted: list[tuple[str, float]] = []

    def play(self, performer: Performer, flow: FlowSubject, until: str, result: Result, /) -> None:
        pass

    def record_task_arrivals(self, flow: FlowSubject, /) -> None:
        self.noted.append((flow.at, self.bench.clock.now()))


def test_who_gets_a_task_is_noted_after_each_action_also_while_a_call_is_in_flight() -> None:
    bench = PlainBench()
    performer, _ = begin(bench)
    watcher, begun = Watcher(bench), bench.clock.now()
    performer = replace(performer, player=watcher)

    bench.clock.advance(5)
    performer.perform_in_flight(ACTIONS["approve"], {"by": "甲"}, "")
    bench.clock.advance(5)
    performer.perform(None, None, "")
    refused = performer.perform(ACTIONS["approve"], {"by": "甲"}, "")

    assert watcher.noted == [("结束", begun + 5), ("结束", begun + 10)]
    assert len(refused.errors) == 1


@pytest.mark.parametrize(
    ("action", "subject", "code"),
    [
        ("open", None, "NO_FORM"),
        ("click", None, "NO_FORM"),
        ("remove_row", None, "NO_SUBJECT"),
        ("submit", None, "NO_FORM"),
        ("set", None, "NO_SUBJECT"),
        ("fire", None, "NO_SUBJECT"),
        ("approve", None, "NO_FLOW"),
        ("play", None, "NO_FLOW"),
        ("preview", "form", "NO_FLOW"),
        ("return", "form", "NO_FLOW"),
        ("comment", "form", "NO_FLOW"),
    ],
)
def test_an_action_without_its_subject_is_refused(
    action: str, subject: str | None, code: str
) -> None:
    bench = PlainBench()
    form = FormSubject(runner=bench.stage, tell=bench.stage.told.append, fields={})
    value = {"table": "明细", "at": 0, "to": "start"}

    done = perform_on(bench, form if subject else None).perform(ACTIONS[action], value, "")

    (error,) = done.errors
    assert isinstance(error, SubjectError)
    assert (error.code, action in str(error), error.__traceback__) == (code, True, None)


@pytest.mark.parametrize(
    ("value", "options", "answer"),
    [
        ({"call": "crm_system.get_customer_detail"}, {}, {}),
        ({"call": "crm_system.get_customer_detail", "args": ["12345", {"全": True}, None]}, {},
         ["12345", {"全": True}, None]),
        ({"call": "crm_system.get_customer_detail", "args": []}, {}, []),
        ({"call": "crm_system.create_order", "path": {"id": 1}, "query": {"页": 2},
          "header": {"X-租户": "甲"}, "body": None},
         {}, {"path": {"id": 1}, "query": {"页": 2}, "header": {"X-租户": "甲"}, "body": None}),
        ({"call": "crm_system.create_order", "instance": "华东"}, {"instance_key": "华东"}, {}),
        ({"call": "crm_system.create_order", "caller": "审批流"}, {"caller": "审批流"}, {}),
        ({"call": "crm_system.create_order", "caller": "", "instance": "华南", "body": 0},
         {"caller": "", "instance_key": "华南"}, {"body": 0}),
    ],
)  # fmt: skip
def test_a_call_without_a_script_has_the_parts_of_the_step(
    value: dict[str, Any], options: dict[str, Any], answer: Any
) -> None:
    bench, result = PlainBench(), Result()

    ProxyAction.run(perform_on(bench, None), value, "", result)

    assert bench.proxied == [("crm_system", options)]
    assert result.value == answer
    assert (result.ran, [one.name for one in bench.calls]) == (True, [value["call"]])
