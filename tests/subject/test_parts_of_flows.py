"""What a flow is made of: its scripts and libraries, nested branches, and a start at some node."""

from __future__ import annotations

import pytest

from bpmax_sim.i18n import translate
from bpmax_sim.script.failure import Script
from bpmax_sim.subject.definition import (
    Deadline,
    Definition,
    FlowNode,
    FlowParts,
    LoadedNodeForm,
    Transition,
)
from bpmax_sim.subject.hooks import FlowMove, PersonActed
from tests.subject.test_what_flows_tell import END, TWO, approve, flow_of


def scripts(*names: str) -> tuple[Script, ...]:
    return tuple(Script("", name) for name in names)


def test_the_scripts_of_a_flow_are_those_of_its_forms_too() -> None:
    parts = FlowParts(
        scripts={"create": scripts("一", "二"), "jump": scripts("三")},
        libraries=scripts("库"),
        screens={
            "甲": LoadedNodeForm(scripts={"open": scripts("四")}, libraries=scripts("甲库")),
            "乙": LoadedNodeForm(scripts={"open": scripts("五", "六")}, libraries=scripts("乙库")),
        },
    )

    assert [one.name for one in parts.handlers] == ["一", "二", "三", "四", "五", "六"]
    assert [one.name for one in parts.all_libraries] == ["库", "甲库", "乙库"]
    assert (FlowParts().handlers, FlowParts().all_libraries) == ([], [])


def test_branches_hold_the_gateways_and_nodes_within_them() -> None:
    nodes = {
        "外": FlowNode(parallel=("甲", "内"), join="合"),
        "甲": FlowNode(approve=(Transition(to="丙", when="ctx.a"), Transition(to="合"))),
        "丙": FlowNode(approve="合", reject="止"),
        "内": FlowNode(parallel=("一", "二"), join="内合"),
        "一": FlowNode(approve="内合"),
        "二": FlowNode(approve="三"),
        "三": FlowNode(approve="内合"),
        "内合": FlowNode(approve="合"),
        "合": FlowNode(approve="止"),
        "止": END,
    }
    definition = Definition(flow="x", start="外", nodes=nodes)

    assert definition.find_branches("外") == {
        "甲": {"甲", "丙"}, "内": {"内", "一", "二", "三", "内合"},
    }  # fmt: skip
    assert definition.find_branches("内") == {"一": {"一"}, "二": {"二", "三"}}
    assert definition.nodes_inside_gateways == {
        "外": {"甲", "丙", "内", "一", "二", "三", "内合"}, "内": {"一", "二", "三"},
    }  # fmt: skip
    assert definition.are_in_different_branches("一", "三")
    assert definition.are_in_different_branches("丙", "一")
    assert not definition.are_in_different_branches("二", "三")
    assert [*definition.find_mistakes()] == []


@pytest.mark.parametrize("at", ["初审", "复审"])
def test_a_flow_that_starts_at_a_node_has_its_deadline_and_its_owners(at: str) -> None:
    nodes = {
        "初审": FlowNode(owners=("甲", 7), approve="复审", deadline=Deadline(after=60)),
        "复审": FlowNode(owners=("乙",), approve="止"),
        "止": END,
    }
    flow, _ = flow_of(nodes, at=at, now=lambda: 100.0)

    assert flow.find_next_due() == (160.0 if at == "初审" else None)
    assert flow.find_people_to_act_now() == (["甲", "7"] if at == "初审" else ["乙"])
    assert (flow.status, flow.created, flow.visits[at].arrived) == ("processing", 100.0, 100.0)
    assert flow.history == []


def test_a_decision_that_decides_no_node_yet_is_told_as_an_action() -> None:
    nodes = {**TWO, "初审": FlowNode(owners=("甲", "乙", "丙"), complete=2, approve="复审")}
    flow, stage = flow_of(nodes)
    flow.create(FlowMove(by="申请人"))
    approve(flow, "乙", "甲")
    flow.comment(FlowMove(by="乙", comment="好"))

    told = [one for one in stage.told if isinstance(one, PersonActed)]
    assert [(one.node, one.action, one.by) for one in told] == [
        ("", "submit", "申请人"), ("初审", "approve", "乙"), ("复审", "comment", "乙"),
    ]  # fmt: skip


def test_a_branch_that_ends_the_flow_is_told_with_the_first_of_its_ends() -> None:
    nodes = {
        "分": FlowNode(parallel=("甲", "乙"), join="合"),
        "甲": FlowNode(approve=(Transition(to="止", when="ctx.a"), Transition(to="完"))),
        "乙": FlowNode(approve="合"),
        "合": FlowNode(approve="止"),
        "止": END,
        "完": END,
    }
    definition = Definition(flow="x", start="分", nodes=nodes)
    assert [(path, translate(text)) for path, text in definition.find_mistakes()] == [
        (
            ("nodes", "分", "parallel", 0),
            "the join '合' can never complete: the branch '甲' leads to '完', which ends the flow",
        )
    ]
    unknown = Definition(flow="x", start="分", nodes={**nodes, "乙": FlowNode(approve="没有")})
    assert unknown.find_branches("分") == {"甲": {"甲", "止", "完"}, "乙": {"乙"}}
    direct = {**nodes, "分": FlowNode(parallel=("乙", "合"), join="合")}
    definition = Definition(
        flow="x", start="分", nodes={n: direct[n] for n in ("分", "乙", "合", "止")}
    )
    assert definition.find_branches("分") == {"乙": {"乙"}, "合": set()}
    assert [translate(text) for _, text in definition.find_mistakes()] == [
        "the join '合' can never complete: the branch '合' does not lead to it"
    ]


def test_a_project_begins_at_a_node_that_does_not_end_it() -> None:
    definition = Definition(flow="x", start="初审", nodes=TWO)

    assert [
        translate(definition.explain_wrong_beginning(at))
        for at in ("初审", "复审", "止", "终审", ["初审"], None)
    ] == [
        "", "", "the flow has ended at '止'; nothing is left to do",
        "no node '终审'; there are 初审, 复审, 止", "no node ['初审']; there are 初审, 复审, 止",
        "no node null; there are 初审, 复审, 止",
    ]  # fmt: skip
