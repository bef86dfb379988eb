"""What a preview or a failed action leaves behind: nothing of what the project remembers."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.errors import SubjectError
from bpmax_sim.subject.definition import FlowNode, LoadedNodeForm
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.hooks import UNDO, FlowMove, NodeEntered
from tests.subject.stage import Thrown
from tests.subject.test_what_flows_tell import END, TWO, approve, flow_of

MEMORY = (
    *("at", "visits", "owners", "assigned", "transfers", "history", "passed_nodes", "notified"),
    *("starter", "sender", "titles", "shown", "shelved", "created", "ended", "status", "states"),
    *("form", "project"),
)
BRANCHES = {
    "分": FlowNode(parallel=("技术", "商务"), join="汇"),
    "技术": FlowNode(owners=("甲",), approve="汇"),
    "商务": FlowNode(approve="汇"),
    "汇": FlowNode(owners=("丙",), approve="止"),
    "止": END,
}


def _remember(flow: FlowSubject) -> dict[str, str]:
    return {name: repr(getattr(flow, name)) for name in MEMORY}


def test_a_preview_leaves_nothing_behind() -> None:
    flow, stage = flow_of(
        BRANCHES,
        {
            "owners.技术": lambda _form, _ctx: {"商务": [{"owner_id": "乙"}]},
            "computed": lambda form, _ctx: {"次数": form and 1},
        },
        screens={"技术": LoadedNodeForm(states={"报价": {"visible": False}})},
        form={"金额": 1},
        now=lambda: 7.0,
    )
    before = _remember(flow)
    foreseen = flow.preview(FlowMove(by="张三", form={"金额": 2}))

    assert (foreseen["end"], foreseen["owners"]) == (
        "止", {"技术": ["甲"], "商务": ["乙"], "汇": ["丙"]}
    )  # fmt: skip
    assert _remember(flow) == before
    assert flow.project_members == {"id": 1, "name": "采购", "status": "new", "user_id": ""}
    assert stage.told == []
    assert stage.ran == ["computed", "owners.技术"] + ["computed"] * 3


def test_a_creation_that_fails_leaves_nothing_behind() -> None:
    fails = [True]

    def first(_form: Any, ctx: Any) -> None:
        ctx["project"] = {"编号": "HT-1"}
        if fails[0]:
            raise Thrown("x is undefined", "TypeError")

    plays = {
        "create": lambda form, _ctx: form.__setitem__("税率", 3),
        "owners.技术": lambda _form, _ctx: {"商务": [{"owner_id": "乙"}], "汇": []},
        "owners.商务": first,
    }
    flow, _ = flow_of(BRANCHES, plays, form={"金额": 1}, now=lambda: 7.0)
    before = _remember(flow)
    result = flow.begin_action()
    flow.create(FlowMove(by="张三", form={"金额": 2}))

    assert len(result.errors) == 1
    assert _remember(flow) == before
    fails[0] = False
    flow.begin_action()
    flow.create(FlowMove(by="李四"))
    assert (flow.starter, flow.form, flow.project) == (
        "李四", {"金额": 1, "税率": 3}, {"编号": "HT-1"}
    )  # fmt: skip


def test_who_sent_it_back_is_known_after_a_resubmission_that_fails() -> None:
    fails = [True]

    def jump(_form: Any, _ctx: Any) -> None:
        if fails[0]:
            raise Thrown("x is undefined", "TypeError")

    flow, stage = flow_of(TWO, settings={"resubmit": "back"})
    flow.scripts = stage.scripts("computed")
    stage.plays["computed"] = lambda _form, _ctx: None
    flow.create(FlowMove(by="张三"))
    approve(flow, "甲")
    flow.send_back(FlowMove(by="乙", others=("start",)))
    before = _remember(flow)
    stage.plays["computed"] = jump
    result = flow.begin_action()
    flow.resubmit(FlowMove(by="张三"))
    assert len(result.errors) == 1
    assert _remember(flow) == before

    fails[0] = False
    flow.begin_action()
    flow.resubmit(FlowMove(by="张三"))
    assert flow.at == "复审"


def test_an_action_that_fails_leaves_the_states_of_the_node_that_is_shown() -> None:
    flow, _ = flow_of(
        TWO,
        {"owners.复审": lambda _form, _ctx: [{"owner_id": "乙"}, {"owner_id": "乙"}]},
        screens={"初审": LoadedNodeForm(states={"报价": {"readonly": True}})},
    )
    flow.create(FlowMove(by="张三"))
    flow.set_state("意见", "required", True)
    flow.form["意见"] = "同意"
    before = _remember(flow)
    result = flow.begin_action()
    approve(flow, "甲")
    assert len(result.errors) == 1
    assert _remember(flow) == before
    with pytest.raises(SubjectError, match="报价 is read-only"):
        flow.decide("approve", FlowMove(by="甲", form={"报价": 7}))


def test_scripts_may_misspell_what_they_read_of_the_step_the_actor_and_the_entries() -> None:
    flow, _ = flow_of(TWO)
    flow.tables = ("明细",)
    form, ctx = flow.make_script_views()
    views: list[Any] = [form, ctx.links["form"], ctx.links["project"]]

    assert ctx.watched_members == ("step", "userInfo", "postData")
    assert [[*view.watched_members] for view in views] == [["明细"], ["明细"], []]


def test_what_is_undone_is_told_from_the_last_node_to_the_first() -> None:
    nodes = {
        "初审": FlowNode(owners=("甲",), approve="登记"),
        "登记": FlowNode(empty="approve", approve="复审"),
        "复审": FlowNode(approve="止"),
        "止": END,
    }
    same = [{"owner_id": "乙"}, {"owner_id": "乙"}]
    flow, stage = flow_of(nodes, {"owners.复审": lambda _form, _ctx: same})
    flow.create(FlowMove(by="张三"))
    approve(flow, "甲")

    told = [one for one in stage.told if isinstance(one, NodeEntered)]
    assert [(one.previous, one.node, one.action) for one in told] == [
        ("", "初审", "create"), ("初审", "登记", "approve"), ("登记", "复审", "approve"),
        ("复审", "初审", UNDO),
    ]  # fmt: skip


def test_a_creation_that_is_refused_asks_for_neither_name_nor_node() -> None:
    plays = {
        "create": lambda _form, _ctx: "额度已满",
        "project_name": lambda _form, _ctx: "采购单",
        "jump": lambda _form, _ctx: "复审",
    }
    flow, stage = flow_of(TWO, plays)
    before = _remember(flow)
    result = flow.begin_action()
    flow.create(FlowMove(by="张三"))

    assert (result.refused, result.refusal, stage.ran) == (True, "额度已满", ["create"])
    assert _remember(flow) == before


def test_a_preview_ends_where_nodes_follow_each_other_too_often_or_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def preview(nodes: dict[str, FlowNode]) -> str:
        flow, _ = flow_of(nodes)
        try:
            return str(flow.preview(FlowMove(by="张三"))["end"])
        except SubjectError as error:
            return str(error).partition("; ")[2]

    ring = {**TWO, "复审": FlowNode(owners=("乙",), approve="初审")}
    assert preview(ring) == "what follows after 41 decisions was not looked at"
    monkeypatch.setattr("bpmax_sim.subject.flow._MOST_FORESEEN", 2)
    assert preview(TWO) == "止"
    long = {"起草": FlowNode(owners=("张三",), approve="初审"), **TWO}
    assert preview(long) == "what follows after 3 decisions was not looked at"
