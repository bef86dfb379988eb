"""A flow that starts in its middle, and what no script does any more after one has failed."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.errors import SubjectError
from bpmax_sim.subject.definition import Definition, FlowNode, FlowParts, SubFlow, Transition
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.form import FormSubject
from bpmax_sim.subject.hooks import FlowMove
from bpmax_sim.subject.owners import fill_in_untreated_status
from tests.subject.stage import PlainStage, Thrown
from tests.subject.test_what_flows_tell import END, TWO, flow_of

SPLIT = {
    "分": FlowNode(parallel=("技术", "商务"), join="汇"),
    "技术": FlowNode(owners=("甲",), approve="汇"),
    "商务": FlowNode(owners=("乙",), approve="汇"),
    "汇": FlowNode(subflow="比价", approve="止", reject="分"),
    "止": END,
}
BIDS = FlowParts(
    definition=Definition(
        flow="比价", start="报", nodes={"报": FlowNode(owners=("丁",), approve="完"), "完": END}
    )
)


def _fail(_form: Any, _ctx: Any) -> Any:
    raise Thrown("x is undefined", "TypeError")


@pytest.mark.parametrize(
    ("at", "stands", "tasks", "children"),
    [
        ("分", ["技术", "商务"], {"技术": {"甲": "untreated"}, "商务": {"乙": "untreated"}}, {}),
        ("商务", "商务", {"商务": {"乙": "untreated"}}, {}),
        ("汇", "汇", {}, {"比价": "报"}),
    ],
)
def test_a_flow_starts_at_a_node_as_if_the_project_had_just_arrived(
    at: str, stands: Any, tasks: dict[str, Any], children: dict[str, str]
) -> None:
    flow, _ = flow_of(SPLIT, at=at, subflows={"比价": BIDS})
    flow.begin_branches_or_child_at_start()
    facts = flow.collect_facts()

    assert (facts["at"], facts["tasks"]) == (stands, tasks)
    assert {name: one["at"] for name, one in facts["projects"].items()} == children


def test_a_form_is_seen_at_a_node_where_the_project_is() -> None:
    flow, _ = flow_of(SPLIT, at="分", subflows={"比价": BIDS})
    flow.begin_branches_or_child_at_start()
    flow.focus = "商务"
    flow.begin_branches_or_child_at_start()
    flow.focus = "汇"
    with pytest.raises(SubjectError) as caught:
        flow.begin_branches_or_child_at_start()
    assert str(caught.value) == "cannot see the form at '汇': it is at '技术' and '商务'"


def test_without_a_definition_only_owners_act_where_there_are_any() -> None:
    stage = PlainStage()
    flow = FlowSubject(
        runner=stage, tell=stage.told.append, at="审批",
        owners={"审批": [{"owner_id": "甲", "status": 0}]},
    )  # fmt: skip
    with pytest.raises(SubjectError) as caught:
        flow.decide("approve", FlowMove(by="乙"))
    assert (caught.value.code, str(caught.value)) == (
        "NOT_OWNER", "乙 is not an owner of '审批'; its owners: 甲"
    )  # fmt: skip
    flow.decide("approve", FlowMove(by="甲"))
    assert flow.collect_facts()["tasks"] == {"审批": {"甲": "passed"}}


def test_after_a_condition_that_fails_no_other_condition_is_evaluated() -> None:
    routes = (
        Transition(to="复审", when="ctx.x.y"),
        Transition(to="复审", when="ctx.z"),
        Transition(to="止"),
    )
    flow, stage = flow_of({**TWO, "初审": FlowNode(owners=("甲",), approve=routes)})
    stage.plays["return Boolean(ctx.x.y\n);"] = _fail
    flow.create(FlowMove(by="张三"))
    flow.decide("approve", FlowMove(by="甲"))
    assert (flow.at, stage.ran) == ("初审", ["初审.approve[0].when.js"])


def test_after_a_sub_flow_that_fails_no_condition_is_evaluated() -> None:
    nodes = {
        "初审": FlowNode(owners=("甲",), approve="通知"),
        "通知": FlowNode(
            subflow=SubFlow(flow="比价", wait=False),
            approve=(Transition(to="复审", when="ctx.z"), Transition(to="止")),
        ),
        "复审": FlowNode(owners=("乙",), approve="止"),
        "止": END,
    }
    flow, stage = flow_of(nodes)
    stage.plays["create"] = _fail
    flow.subflows = {"比价": FlowParts(definition=BIDS.definition, scripts=stage.scripts("create"))}
    flow.create(FlowMove(by="张三"))
    result = flow.begin_action()
    flow.decide("approve", FlowMove(by="甲"))

    assert (len(result.errors), stage.ran, flow.at) == (1, ["create"], "初审")


def test_who_acts_without_a_name_is_who_is_to_act_now_or_else_the_first_owner() -> None:
    nodes = {**TWO, "初审": FlowNode(owners=("甲", "乙"), complete="in_order", approve="复审")}
    flow, _ = flow_of(nodes)
    flow.create(FlowMove())
    for by in ("甲", "乙"):
        flow.decide("approve", FlowMove())
        assert flow.history[-1]["by"] == by

    refused = [{"owner_id": "丁", "status": 2}, {"owner_id": "戊", "status": 2}]
    flow, _ = flow_of(TWO, {"owners.初审": lambda _form, _ctx: refused})
    flow.create(FlowMove())
    with pytest.raises(SubjectError) as caught:
        flow.decide("approve", FlowMove())
    assert str(caught.value) == "丁 has decided already; who may act now: nobody"


def test_a_node_whose_owners_have_all_approved_passes_in_the_name_of_who_led_there() -> None:
    passed = [{"owner_id": "乙", "status": 1}]
    flow, _ = flow_of(TWO, {"owners.复审": lambda _form, _ctx: passed})
    flow.create(FlowMove(by="张三"))
    flow.decide("approve", FlowMove(by="甲"))

    assert (flow.status, flow.history[-1]) == (
        "finished", {"node": "复审", "action": "approve", "by": "甲"}
    )  # fmt: skip


def test_of_several_who_are_not_asked_again_the_last_one_decides() -> None:
    nodes = {
        "初审": FlowNode(owners=("甲",), approve="二审"),
        "二审": FlowNode(owners=("乙",), approve="三审"),
        "三审": FlowNode(owners=("丙",), approve="复审"),
        "复审": FlowNode(owners=("甲", "乙"), complete="all", approve="止"),
        "止": END,
    }
    flow, _ = flow_of(nodes, settings={"repeated": "none"})
    flow.create(FlowMove(by="张三"))
    for by in ("甲", "乙", "丙"):
        flow.decide("approve", FlowMove(by=by))

    assert [(one["action"], one["by"]) for one in flow.history[-3:]] == [
        ("repeated", "甲"), ("repeated", "乙"), ("approve", "乙"),
    ]  # fmt: skip


def test_without_a_definition_the_owners_are_those_of_the_node_that_is_named() -> None:
    stage = PlainStage({"jump": lambda _form, _ctx: "审批"})
    flow = FlowSubject(
        runner=stage, tell=stage.told.append, scripts=stage.scripts("jump"),
        owners={
            node: fill_in_untreated_status({"owner_id": one} for one in people)
            for node, people in (("起草", "甲"), ("审批", (7, "乙")))
        },
    )  # fmt: skip
    flow.create(FlowMove(by="张三"))
    assert (flow.at, flow.collect_facts()["owners"]) == ("审批", [7, "乙"])


@pytest.mark.parametrize(("refuses", "errors"), [(lambda _form, _ctx: False, 0), (_fail, 1)])
def test_after_a_form_that_refuses_no_script_of_the_flow_runs(refuses: Any, errors: int) -> None:
    flow, stage = flow_of(TWO, {"create": lambda _form, _ctx: None})
    stage.plays["submit"] = refuses
    flow.creation = FormSubject(
        runner=stage, tell=stage.told.append, scripts=stage.scripts("submit"), fields=flow.form
    )
    result = flow.begin_action()
    flow.submit(FlowMove(by="张三"))

    assert (result.refused, len(result.errors), stage.ran) == (True, errors, ["submit"])
    assert (flow.status, flow.starter, flow.history) == ("new", "", [])
