"""What a person may enter, and who decides: the cases in which only one of two rules holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bpmax_sim.errors import ScriptError, SubjectError
from bpmax_sim.subject.definition import (
    Definition,
    FlowNode,
    FlowParts,
    SubFlow,
    SubFlowResult,
    Transition,
)
from bpmax_sim.subject.form import FormSubject
from bpmax_sim.subject.hooks import CycleCut, FlowMove, RouteEvaluated
from tests.subject.stage import PlainStage, Thrown
from tests.subject.test_what_flows_tell import END, TWO, approve, flow_of


def form(*events: str, **fields: Any) -> tuple[FormSubject, PlainStage]:
    stage = PlainStage()
    scripts = stage.scripts(*events)
    return FormSubject(runner=stage, tell=stage.told.append, scripts=scripts, fields=fields), stage


def test_an_entry_is_refused_where_it_cannot_be_seen_or_changed_before_anything_runs() -> None:
    subject, stage = form("submit", "click.查询", 明细=7, 客={"名": "甲"})
    subject.set_state("客.级", "readonly", True)
    subject.set({"客": {"名": "乙", "级": ""}})  # empty as before
    for table in ("明细", "查询"):
        subject.set_state(table, "visible", False)
    subject.set_state("金额", "required", True)
    told = []
    acts: list[Callable[[], object]] = [
        lambda: subject.set({"客": {"级": "A"}}),
        lambda: subject.set_rows("明细", lambda rows: rows),
        lambda: subject.click("查询"),
        subject.submit,
    ]
    for act in acts:
        with pytest.raises(SubjectError) as caught:
            act()
        told.append((caught.value.code, str(caught.value).partition(",")[0]))
    assert told == [
        ("READ_ONLY", "客.级 is read-only"), ("HIDDEN", "明细 is hidden"),
        ("HIDDEN", "查询 is hidden"),
        ("REQUIRED", "required and empty is 金额"),
    ]  # fmt: skip
    assert (stage.ran, subject.fields["客"]) == ([], {"名": "乙", "级": ""})
    subject.set_state("金额", "required", 0)
    assert subject.find_changed_states()["金额"] == {"required": 0}


def test_changes_that_go_round_are_told_in_the_words_of_the_fields() -> None:
    subject, stage = form("change.客")
    stage.plays["change.客"] = lambda fields, _ctx: fields.__setitem__(
        "客", "甲" if fields["客"] == "乙" else "乙"
    )
    subject.set({"客": "甲"})
    cut = [event for event in stage.told if isinstance(event, CycleCut)]
    assert [event.chain for event in cut] == [('客="甲"', '客="乙"', '客="甲"')]


def test_the_user_acts_at_the_one_node_where_he_has_a_task() -> None:
    nodes = {
        "分": FlowNode(parallel=("技术", "商务"), join="汇"),
        "技术": FlowNode(owners=("甲",), approve="汇"),
        "商务": FlowNode(owners=("乙",), approve="汇"),
        "汇": FlowNode(owners=("乙",), approve="止"),
        "止": END,
    }
    flow, _ = flow_of(nodes, user={"id": "乙"})
    flow.create(FlowMove(by="张三"))
    flow.decide("approve", FlowMove())
    assert [*flow.visits] == ["技术"]
    flow, _ = flow_of(nodes, user={"id": "乙"})
    flow.create(FlowMove(by="张三"))
    flow.decide("approve", FlowMove(by="甲"))
    assert [*flow.visits] == ["商务"]


def test_neither_who_approved_nor_who_started_is_asked_again() -> None:
    nodes = {
        "初审": FlowNode(owners=("甲",), approve="复审"),
        "复审": FlowNode(owners=("甲", "张三"), complete="all", approve="止"),
        "止": END,
    }
    flow, _ = flow_of(nodes, settings={"repeated": "none", "applicant": "skip"})
    flow.create(FlowMove(by="张三"))
    approve(flow, "甲")
    assert [(one["node"], one["action"], one["by"]) for one in flow.history[1:]] == [
        ("初审", "approve", "甲"), ("复审", "repeated", "甲"), ("复审", "applicant", "张三"),
        ("复审", "approve", "甲"),
    ]  # fmt: skip


def test_who_rejected_elsewhere_has_not_approved_what_passes_by_itself() -> None:
    nodes = {
        "初审": FlowNode(owners=("甲",), approve="复审"),
        "复审": FlowNode(owners=("乙",), approve="止", reject="初审"),
        "止": END,
    }
    flow, _ = flow_of(nodes, settings={"repeated": "none"})
    flow.create(FlowMove(by="张三"))
    approve(flow, "甲")
    flow.decide("reject", FlowMove(by="乙", comment="缺附件"))
    assert [(one["node"], one["action"], one["by"]) for one in flow.history[2:]] == [
        ("复审", "reject", "乙"), ("初审", "repeated", "甲"), ("初审", "approve", "甲"),
    ]  # fmt: skip
    assert (flow.at, flow.find_people_to_act_now()) == ("复审", ["乙"])


def test_the_sub_flow_that_ends_decides_the_node_that_waits_for_it() -> None:
    child = Definition(
        flow="x", start="报", nodes={"报": FlowNode(owners=("丙",), approve="完"), "完": END}
    )
    same = {"价": "价", "商": "商"}
    nodes = {
        "分": FlowNode(parallel=("询价", "验资"), join="汇"),
        "询价": FlowNode(subflow="比价", approve="汇"),
        "验资": FlowNode(subflow="资质", approve="汇"),
        "汇": FlowNode(
            subflow=SubFlow(flow="定标", form=same, back=same),
            approve="止",
        ),
        "止": END,
    }  # fmt: skip
    parts = {name: FlowParts(definition=child) for name in ("比价", "资质")}
    parts["定标"] = FlowParts(stand_in=SubFlowResult(result={"价": 9}, status="finished"))
    flow, _ = flow_of(nodes, subflows=parts, form={"价": 1, "商": "A"})
    flow.create(FlowMove(by="张三"))
    flow.find("资质").decide("approve", FlowMove(by="丙"))
    assert [*flow.visits] == ["询价"]
    flow.find("比价").decide("approve", FlowMove(by="丙"))
    assert (flow.status, flow.form) == ("finished", {"价": 9, "商": "A"})


def test_every_owner_that_a_script_returns_is_one_of_the_people() -> None:
    owners = [{"owner_id": one} for one in ("甲", "user", "丁")]
    flow, _ = flow_of(
        TWO, {"owners.初审": lambda _form, _ctx: owners},
        user={"id": "user"}, people={"甲": "甲", "乙": "乙"},
    )  # fmt: skip
    result = flow.begin_action()
    flow.create(FlowMove(by="张三"))
    assert [str(error) for error in result.errors] == [
        "owners.初审 returned '丁', who is not in people; there are 甲, 乙"
    ]


def test_after_a_condition_that_fails_no_other_route_is_tried() -> None:
    nodes = {
        "初审": FlowNode(
            owners=("甲",),
            approve=(Transition(to="复审", when="ctx.x.y"), Transition(to="止")),
        ),
        "复审": FlowNode(owners=("乙",), approve="止"),
        "止": END,
    }
    flow, stage = flow_of(nodes)

    def fail(_form: Any, _ctx: Any) -> Any:
        raise Thrown("x is undefined", "TypeError")

    stage.plays["return Boolean(ctx.x.y\n);"] = fail
    flow.create(FlowMove(by="张三"))
    result = flow.begin_action()
    flow.decide("approve", FlowMove(by="甲"))
    assert [type(error) for error in result.errors] == [ScriptError]
    assert (flow.at, [e for e in stage.told if isinstance(e, RouteEvaluated)]) == ("初审", [])


def test_a_script_s_result_stays_where_values_are_computed_after_it() -> None:
    plays = {
        "approve.初审": lambda _form, _ctx: "已通过",
        "computed": lambda _form, _ctx: {"合计": 7},
    }
    flow, _ = flow_of(TWO, plays)
    flow.create(FlowMove(by="张三"))
    result = flow.begin_action()
    flow.decide("approve", FlowMove(by="甲"))
    assert (result.value, flow.form) == ("已通过", {"合计": 7})
    result = flow.begin_action()
    flow.fire("computed")
    assert result.value == {"合计": 7}


def test_nobody_takes_part_in_a_project_by_a_decision_that_no_person_took() -> None:
    nodes = {"空": FlowNode(empty="approve", approve="初审"), **TWO}
    flow, _ = flow_of(nodes)
    flow.create(FlowMove(by="张三"))
    with pytest.raises(SubjectError) as caught:
        flow.comment(FlowMove(by="丁"))
    assert str(caught.value) == "丁 may not comment: only who takes part in it may (张三, 甲)"


def test_a_task_that_is_handed_back_stays_with_its_owner_and_the_starter_is_who_is_named() -> None:
    flow, _ = flow_of(TWO, user={"id": "李四"})
    flow.create(FlowMove(by="张三"))
    flow.hand_over(FlowMove(by="甲", others=("丙",)))
    flow.hand_over(FlowMove(by="丙", others=("甲",)))
    approve(flow, "甲")
    flow.decide("reject", FlowMove(by="乙"))
    assert (flow.starter, flow.find_people_to_act_now()) == ("张三", ["甲"])


def test_a_reminder_goes_to_the_node_that_is_named_and_the_latest_branch_counts() -> None:
    nodes = {
        "分": FlowNode(parallel=("技术", "商务"), join="汇"),
        "技术": FlowNode(owners=("甲",), approve="汇", deadline=60.0),
        "商务": FlowNode(owners=("乙",), approve="汇"),
        "汇": FlowNode(owners=("乙",), approve="止"),
        "止": END,
    }
    flow, _ = flow_of(nodes)
    flow.create(FlowMove(by="张三"))
    flow.fire_due_deadlines(60)
    flow.remind(FlowMove(by="张三", at="商务"))
    facts = flow.collect_facts()
    assert (facts["delay_level"], [(one["node"], one["to"]) for one in facts["notified"]]) == (
        1, [("技术", ["甲"]), ("商务", ["乙"])],
    )  # fmt: skip


def test_a_rejection_needs_no_field_that_an_approval_requires() -> None:
    flow, _ = flow_of(TWO)
    flow.create(FlowMove(by="张三"))
    flow.set_state("意见", "required", True)
    with pytest.raises(SubjectError) as caught:
        flow.decide("approve", FlowMove(by="甲"))
    flow.decide("reject", FlowMove(by="甲"))
    assert (caught.value.code, flow.status) == ("REQUIRED", "rejected")
