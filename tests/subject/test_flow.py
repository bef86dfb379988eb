from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import Place, SubjectError
from bpmax_sim.i18n import translate
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.script.failure import Script
from bpmax_sim.script.turn_result import Outcome
from bpmax_sim.subject.definition import (
    Deadline,
    Definition,
    FlowNode,
    FlowParts,
    LoadedNodeForm,
    NodeForm,
    RouteKey,
    SubFlow,
    SubFlowResult,
    Transition,
    check_hook_result,
    choose_first_node,
    explain_never_fired_event,
)
from bpmax_sim.subject.flow import START, FlowSubject
from bpmax_sim.subject.form import FormSubject
from bpmax_sim.subject.hooks import DeadlinePassed, FlowMove, NodeEntered, NotificationSent
from tests.subject.stage import PlainStage, Play, Thrown

BIG = "ctx.form.amount > 100000"
NODES = {
    "部门审批": FlowNode(
        owners=("wangwu", 7),
        approve=(Transition(when=BIG, to="总经理"), Transition(to="财务审批")),
        reject="结束",
    ),
    "总经理": FlowNode(owners=("ceo",), approve="财务审批", reject="部门审批"),
    "财务审批": FlowNode(owners=("zhaoliu",), approve="结束", reject="部门审批"),
    "结束": FlowNode(end=True),
}
CONTRACT = Definition(flow="合同审批", start="部门审批", nodes=NODES)


def flow_with(
    plays: Mapping[str, Play] | None = None,
    *,
    at: str = "部门审批",
    definition: Definition | None = CONTRACT,
    amount: float = 100,
    user: Mapping[str, Any] | None = None,
) -> tuple[FlowSubject, PlainStage]:
    conditions = {
        f"return Boolean({BIG}\n);": lambda _form, ctx: ctx["form"]["amount"] > 100000,
        "return Boolean(false\n);": lambda _form, _ctx: False,
    }
    stage = PlainStage({**conditions, **(plays or {})})
    flow = FlowSubject(
        runner=stage,
        tell=stage.told.append,
        scripts=stage.scripts(*(plays or {})),
        definition=definition,
        at=at,
        form={"amount": amount},
        user=user or {},
    )
    return flow, stage


def throws(message: str, name: str = "Error") -> Play:
    def play(_form: Any, _ctx: Any) -> None:
        raise Thrown(message, name)

    return play


@pytest.mark.parametrize(("amount", "node"), [(100, "财务审批"), (128000.5, "总经理")])
def test_an_approval_goes_where_the_first_matching_route_leads(amount: float, node: str) -> None:
    flow, stage = flow_with(amount=amount)

    flow.decide("approve", FlowMove(at="部门审批", by="wangwu"))

    assert (flow.at, flow.status) == (node, "processing")
    assert stage.told[-1] == NodeEntered(
        node=node, previous="部门审批", action="approve", by="wangwu"
    )


def test_a_rejection_leads_to_its_node_and_an_end_closes_the_project() -> None:
    flow, _ = flow_with(at="财务审批")

    flow.decide("reject", FlowMove(by="zhaoliu"))
    assert (flow.at, flow.status) == ("部门审批", "processing")

    flow.decide("reject", FlowMove(by="7"))
    assert (flow.at, flow.status) == ("结束", "rejected")

    with pytest.raises(SubjectError, match="cannot approve: the project is rejected; nothing is"):
        flow.decide("approve", FlowMove())


def test_the_last_approval_finishes_the_project() -> None:
    flow, _ = flow_with(at="财务审批")

    flow.decide("approve", FlowMove(by="zhaoliu"))

    assert (flow.at, flow.status) == ("结束", "finished")


@pytest.mark.parametrize(
    ("move", "message"),
    [
        (FlowMove(by="lisi"), "lisi is not an owner of '部门审批'; its owners: wangwu, 7"),
        (FlowMove(at="财务审批"), "cannot approve at '财务审批': it is at '部门审批'"),
        (
            FlowMove(at="财务审核"),
            "cannot approve at '财务审核': it is at '部门审批'; did you mean '财务审批'?",
        ),
    ],
)
def test_what_may_not_be_done_is_an_error(move: FlowMove, message: str) -> None:
    flow, _ = flow_with()

    with pytest.raises(SubjectError) as caught:
        flow.decide("approve", move)

    assert str(caught.value) == message


def test_an_action_that_the_node_does_not_offer_is_an_error() -> None:
    nodes = {"登记": FlowNode(approve="结束"), "结束": FlowNode(end=True)}
    flow, _ = flow_with(at="登记", definition=Definition(flow="x", start="登记", nodes=nodes))

    with pytest.raises(SubjectError) as caught:
        flow.decide("reject", FlowMove())

    assert str(caught.value) == "node '登记' does not offer reject; it offers approve"


def test_a_project_that_is_not_created_cannot_be_approved() -> None:
    flow, _ = flow_with(at="")

    with pytest.raises(SubjectError) as caught:
        flow.decide("approve", FlowMove())

    assert str(caught.value) == (
        "cannot approve: the project is new; submit it first, or set flow.at"
    )


def test_without_a_name_the_user_acts_or_else_the_first_owner() -> None:
    flow, stage = flow_with(user={"id": 7})
    flow.decide("approve", FlowMove())
    flow.user = {}
    flow.decide("approve", FlowMove())

    entered = [told.by for told in stage.told if isinstance(told, NodeEntered)]
    assert entered == ["7", "zhaoliu"]


def test_without_a_name_the_first_of_those_who_may_terminates() -> None:
    flow, stage = flow_with(definition=replace(CONTRACT, admins=("admin", "boss")))
    flow.terminate(FlowMove())

    assert [told.by for told in stage.told if isinstance(told, NodeEntered)] == ["admin"]


def test_a_preview_names_the_branches_of_nodes_that_split_and_of_no_others() -> None:
    nodes = {
        "会审": FlowNode(owners=(1,), approve="分头"),
        "分头": FlowNode(parallel=("法务", "财务"), join="结束"),
        "法务": FlowNode(owners=(2,), approve="结束"),
        "财务": FlowNode(owners=(3,), approve="结束"),
        "结束": FlowNode(end=True),
    }
    flow, _ = flow_with(at="会审", definition=Definition(flow="x", start="会审", nodes=nodes))

    assert flow.preview(FlowMove())["branches"] == {"分头": ["法务", "财务"]}


def test_the_script_of_an_approval_sees_who_acts_and_writes_the_form() -> None:
    seen: dict[str, Any] = {}

    def sync(form: Any, ctx: Any) -> str:
        seen.update(user=ctx["userInfo"], action=ctx["action"], text=ctx["description"])
        seen.update(step=ctx["step"]["name"])
        ctx["form"] = {**ctx["form"], "crmOrderId": "SO1"}
        form["syncStatus"] = "OK"
        ctx["project"] = {"brief": "已同步"}
        ctx["scratch"] = 1
        return "完成"

    flow, _ = flow_with({"approve.部门审批": sync})

    result = flow.decide("approve", FlowMove(by="wangwu", comment="同意", form={"remark": "急"}))

    assert seen == {
        "user": {"id": "wangwu"},
        "action": "approve",
        "text": "同意",
        "step": "部门审批",
    }
    assert flow.form == {"amount": 100, "remark": "急", "crmOrderId": "SO1", "syncStatus": "OK"}
    assert flow.project == {"brief": "已同步"}
    assert result.value == "完成"
    assert flow.owners["部门审批"][0] == {"owner_id": "wangwu", "status": 1}


def test_form_and_the_form_of_the_context_are_one() -> None:
    def play(form: Any, ctx: Any) -> None:
        form["amount"] = 200
        assert ctx["form"] == {"amount": 200}
        ctx["form"] = {**ctx["form"], "crmOrderId": "SO1"}

    flow, _ = flow_with({"approve.部门审批": play})

    flow.decide("approve", FlowMove(by="wangwu"))

    assert flow.form == {"amount": 200, "crmOrderId": "SO1"}


def test_a_member_that_the_script_deletes_is_gone() -> None:
    def play(_form: Any, ctx: Any) -> None:
        assert ctx["form"] == {"amount": 100}
        ctx["form"] = {"total": 1}

    flow, _ = flow_with({"approve.财务审批": play}, at="财务审批")

    flow.decide("approve", FlowMove(by="zhaoliu"))

    assert flow.form == {"total": 1}


def test_a_throw_stops_the_transition() -> None:
    flow, _ = flow_with({"approve.部门审批": throws("CRM 不可用")})

    result = flow.decide("approve", FlowMove(by="wangwu"))

    assert (flow.at, result.refused) == ("部门审批", True)
    assert str(result.errors[0]) == "Error: CRM 不可用"


@pytest.mark.parametrize(
    ("play", "message"),
    [
        (lambda _form, _ctx: False, "before_next.部门审批 refused"),
        (lambda _form, _ctx: "金额必填", "金额必填"),
        (throws("金额必填"), "金额必填"),
        (throws("'金额必填'", "Uncaught"), "金额必填"),  # a text that was thrown as it is
        (throws("金额必填", "Uncaught"), "金额必填"),
        (throws("'金额' 必填 '", "Uncaught"), "金额' 必填 "),
        (throws("'金额' 必填", "Uncaught"), "'金额' 必填"),
        (throws("'金额必填'"), "'金额必填'"),
    ],
)
def test_before_next_refuses_with_a_message_and_no_error(play: Play, message: str) -> None:
    flow, _ = flow_with({"before_next.部门审批": play})

    result = flow.decide("approve", FlowMove(by="wangwu"))

    assert (flow.at, result.refused, result.errors) == ("部门审批", True, [])
    assert [(shown.text, shown.level) for shown in flow.messages] == [(message, "error")]


def test_a_bug_in_before_next_is_an_error_too() -> None:
    flow, _ = flow_with({"before_next.部门审批": throws("x is not defined", "ReferenceError")})

    result = flow.decide("approve", FlowMove(by="wangwu"))

    assert flow.at == "部门审批"
    assert [str(error) for error in result.errors] == ["ReferenceError: x is not defined"]


def test_a_check_before_the_next_node_does_not_stop_a_rejection() -> None:
    flow, stage = flow_with({"before_next.部门审批": lambda _form, _ctx: False})

    flow.decide("reject", FlowMove(by="wangwu"))

    assert flow.at == "结束"
    assert stage.ran == []


def test_creation_names_the_project_and_jumps() -> None:
    flow, stage = flow_with(
        {
            "create": lambda form, _ctx: form["amount"] == 100,
            "project_name": lambda _form, ctx: f"合同 {ctx['form']['contractNo']}",
            "jump": lambda _form, _ctx: "总经理",
            "computed": lambda _form, _ctx: {"total": 200},
        },
        at="",
    )

    result = flow.create(FlowMove(by="lisi", form={"contractNo": "HT-0007"}))

    assert stage.ran == ["create", "project_name", "jump", "computed"]
    assert (flow.at, flow.status, flow.project) == (
        "总经理",
        "processing",
        {"name": "合同 HT-0007"},
    )
    assert flow.form["total"] == 200
    assert result.value is True
    assert flow.owners["总经理"] == [{"owner_id": "ceo", "status": 0}]


def test_creation_starts_at_the_first_node_and_happens_once() -> None:
    flow, _ = flow_with(at="")
    flow.create(FlowMove())
    assert flow.at == "部门审批"

    with pytest.raises(SubjectError, match="the project is already created; it is at"):
        flow.create(FlowMove())


def test_a_throw_in_create_stops_the_creation() -> None:
    flow, _ = flow_with({"create": throws("缺合同号")}, at="")

    assert flow.create(FlowMove()).refused
    assert flow.status == "new"


def test_a_jump_to_nowhere_is_an_error() -> None:
    flow, _ = flow_with({"jump": lambda _form, _ctx: "总经里"}, at="")

    with pytest.raises(SubjectError) as caught:
        flow.create(FlowMove())

    assert (
        str(caught.value) == "jump returned '总经里', which is not a node; did you mean '总经理'?"
    )


@pytest.mark.parametrize(
    "value",
    [[{"owner_id": "sunqi"}], {"财务审批": [{"owner_id": "sunqi"}], "0": [{"owner_id": 1}]}],
)
def test_an_owners_hook_decides_who_may_act(value: Any) -> None:
    flow, _ = flow_with({"owners.财务审批": lambda _form, _ctx: value})
    flow.decide("approve", FlowMove(by="wangwu"))

    assert flow.owners["财务审批"] == [{"status": 0, "owner_id": "sunqi"}]
    with pytest.raises(
        SubjectError, match="zhaoliu is not an owner of '财务审批'; its owners: sun"
    ):
        flow.decide("approve", FlowMove(by="zhaoliu"))
    if isinstance(value, dict):
        assert flow.project == {"owner": [{"owner_id": 1}]}


def test_owners_of_the_wrong_shape_are_an_error() -> None:
    flow, _ = flow_with({"owners.部门审批": lambda _form, _ctx: ["wangwu"]})

    result = flow.decide("approve", FlowMove(by="wangwu"))

    assert str(result.errors[0]) == (
        "owners.部门审批 must return owners such as [{owner_id: 7}], got ['wangwu']"
    )


def test_no_matching_route_is_an_error() -> None:
    nodes = {
        "a": FlowNode(owners=(7,), approve=(Transition(when="false", to="b"),)),
        "b": FlowNode(end=True),
    }
    flow, _ = flow_with(at="a", definition=Definition(flow="x", start="a", nodes=nodes))

    with pytest.raises(SubjectError) as caught:
        flow.decide("approve", FlowMove())

    assert str(caught.value) == "no route of approve at 'a' matches; add one without when"


def test_without_a_definition_hooks_run_and_nothing_moves() -> None:
    flow, stage = flow_with(
        {"approve.部门审批": lambda form, _ctx: form["amount"]}, definition=None
    )

    result = flow.decide("approve", FlowMove(by="谁都行"))

    assert (flow.at, flow.status, result.value) == ("部门审批", "processing", 100)
    assert stage.ran == ["approve.部门审批"]


def test_without_a_definition_a_decision_is_noted_for_who_made_it_alone() -> None:
    people = [{"owner_id": name} for name in ("wangwu", "zhaoliu", "sunqi")]
    hooks: dict[str, Play] = {
        "owners.部门审批": lambda _form, _ctx: people,
        "approve.部门审批": lambda _form, _ctx: None,
    }
    flow, _ = flow_with(hooks, definition=None)
    flow.fire("owners.部门审批")

    flow.decide("approve", FlowMove(by="zhaoliu"))

    assert [one["status"] for one in flow.owners["部门审批"]] == [0, 1, 0]


def test_fire_runs_one_hook_with_its_effect() -> None:
    flow, _ = flow_with(
        {
            "visibility": lambda _form, _ctx: {"总经理": False},
            "computed": lambda _form, _ctx: {"amount": UNDEFINED, "sum": 1},
            "owners.总经理": lambda _form, _ctx: [{"owner_id": 9}],
        }
    )

    assert flow.fire("visibility").value == {"总经理": False}
    flow.fire("computed")
    assert flow.form == {"sum": 1}
    flow.fire("owners.总经理")
    assert flow.owners["总经理"] == [{"status": 0, "owner_id": 9}]


def test_filling_in_the_form_brings_computed_values_up_to_date() -> None:
    flow, _ = flow_with({"computed": lambda _form, ctx: {"double": ctx["form"]["amount"] * 2}})

    flow.set({"amount": 5})

    assert flow.form == {"amount": 5, "double": 10}


@pytest.mark.parametrize(
    ("nodes", "start", "findings"),
    [
        ({"a": FlowNode(end=True)}, "b", [(("start",), "no node 'b'; there is a")]),
        (
            {"部门": FlowNode(approve="流程结朿"), "流程结束": FlowNode(end=True)},
            "部门",
            [
                (("nodes", "部门", "approve"), "no node '流程结朿'; did you mean '流程结束'?"),
                (("nodes", "流程结束"), "node '流程结束' cannot be reached from '部门'"),
            ],
        ),
        (
            {
                "a": FlowNode(
                    approve=(Transition(to="a"), Transition(when="x", to="q")),
                    reject=(Transition(to="q"),),
                )
            },
            "a",
            [
                (("nodes", "a", "approve", 0), "a route without when always matches; put it last"),
            ],
        ),
        (
            {"a": FlowNode(reject=Transition(to="q"))},
            "a",
            [(("nodes", "a", "reject", "to"), "no node 'q'; there is a")],
        ),
        ({"a": FlowNode()}, "a", [(("nodes", "a"), "a node needs approve, reject, or end: true")]),
        (
            {"a": FlowNode(end=True, approve="a")},
            "a",
            [(("nodes", "a", "approve"), "an end node offers no action")],
        ),
    ],
)
def test_a_wrong_definition_is_found_before_anything_runs(
    nodes: dict[str, FlowNode], start: str, findings: list[Any]
) -> None:
    assert list(Definition(flow="x", start=start, nodes=nodes).find_mistakes()) == findings


def test_a_right_definition_has_no_findings() -> None:
    assert list(CONTRACT.find_mistakes()) == []


TWICE = {
    "初审": FlowNode(owners=("乙", "甲"), approve="复审", reject="结束"),
    "复审": FlowNode(owners=("甲", "乙"), complete="all", approve="结束", reject="结束"),
    "结束": FlowNode(end=True),
}


@pytest.mark.parametrize("action", ["forward", "comment", "remind"])
def test_only_who_approved_is_not_asked_again(action: str) -> None:
    definition = Definition(flow="复核", start="初审", nodes=TWICE, repeated="none")
    flow, _ = flow_with(definition=definition, at="初审")
    others = ("丙",) if action == "forward" else ()
    getattr(flow, action)(FlowMove(by="甲", others=others))

    flow.decide("approve", FlowMove(by="乙"))

    assert flow.find_people_to_act_now("复审") == ["甲"]
    assert [entry["by"] for entry in flow.history if entry["action"] == "repeated"] == ["乙"]


HANDED = {
    "初审": FlowNode(owners=("甲", "乙"), complete="all", approve="复审", reject="结束"),
    "复审": FlowNode(owners=("丙",), approve="结束", reject="结束"),
    "结束": FlowNode(end=True),
}


@pytest.mark.parametrize("action", ["forward", "comment", "remind"])
@pytest.mark.parametrize(
    ("by", "takes_part"),
    [
        ("申请人", True),
        ("甲", True),  # has handed his task over, and owns nothing any more
        ("丁", True),  # has got it
        ("乙", True),  # has decided
        ("丙", True),  # is to decide now
        ("戊", False),
        ("7", False),
    ],
)
def test_who_takes_part_in_a_project_may_speak(action: str, by: str, *, takes_part: bool) -> None:
    flow, _ = flow_with(definition=Definition(flow="转", start="初审", nodes=HANDED), at="")
    flow.create(FlowMove(by="申请人"))
    flow.hand_over(FlowMove(by="甲", others=("丁",)))
    flow.decide("approve", FlowMove(by="乙"))
    flow.decide("approve", FlowMove(by="丁"))
    move = FlowMove(by=by, others=("戊",) if action == "forward" else ())

    if takes_part:
        getattr(flow, action)(move)
        last = flow.history[-1]
        assert (last["by"], last["action"], last["node"]) == (by, action, "复审")
    else:
        with pytest.raises(SubjectError) as refused:
            getattr(flow, action)(move)
        assert refused.value.code == "NOT_ALLOWED"
        assert str(refused.value) == (
            f"{by} may not {action}: only who takes part in it may (申请人, 丁, 乙, 丙, 甲)"
        )


def test_a_new_start_lets_those_speak_who_decided_before_it() -> None:
    flow, _ = flow_with(definition=Definition(flow="转", start="初审", nodes=HANDED), at="")
    flow.create(FlowMove(by="申请人"))
    flow.hand_over(FlowMove(by="甲", others=("丁",)))
    flow.decide("reject", FlowMove(by="丁"))
    flow.resubmit(FlowMove(by="申请人"))

    flow.comment(FlowMove(by="甲", comment="已转给丁"))

    assert flow.history[-1] == {
        "node": "初审", "action": "comment", "by": "甲", "comment": "已转给丁"
    }  # fmt: skip


LATE = FlowNode(
    owners=("甲", "乙", "丙"),
    deadline=(
        Deadline(after=60),
        Deadline(after=90, notify=("经理", 7)),
        Deadline(after=120, to="复核"),
    ),
    approve="结束",
)


@pytest.mark.parametrize(
    ("instant", "happened", "due"),
    [
        (0, 0, 60),
        (59.99, 0, 60),
        (60, 1, 90),
        (60.01, 1, 90),
        (89.99, 1, 90),
        (90, 2, 120),
        (119.99, 2, 120),
        (120, 3, 135),
        (900, 3, 915),
    ],
)
def test_a_deadline_is_over_at_its_instant(instant: float, happened: int, due: float) -> None:
    """In between nothing happens, and what is passed at once happens in its order."""
    more = FlowNode(owners=("丁",), deadline=Deadline(after=15, then="reject"), reject="结束")
    nodes = {"初审": LATE, "复核": more, "结束": FlowNode(end=True)}
    stage, clock = PlainStage({}), [1000.0]
    flow = FlowSubject(
        runner=stage,
        tell=stage.told.append,
        definition=Definition(flow="复核", start="初审", nodes=nodes),
        now=lambda: clock[0],
    )
    flow.create(FlowMove(by="甲"))
    clock[0] += instant

    flow.fire_due_deadlines(clock[0])

    does = [one.does for one in stage.told if isinstance(one, DeadlinePassed)]
    assert does == ["notify", "notify", "go to 复核"][:happened]
    assert flow.find_next_due() == 1000 + due
    told = [(one.kind, one.to) for one in stage.told if isinstance(one, NotificationSent)]
    people = [("deadline", ("甲", "乙", "丙")), ("deadline", ("经理", "7"))]
    assert told == people[:happened]
    clock[0] = 1000 + due
    flow.fire_due_deadlines(clock[0])
    assert flow.at == ("结束" if happened == 3 else "复核" if happened == 2 else "初审")


@pytest.mark.parametrize("line", [1, 2, 3, 40])
@pytest.mark.parametrize("column", [1, 2, 17])
def test_a_condition_stands_where_its_file_has_it(line: int, column: int) -> None:
    flow, stage = flow_with()
    flow.route_places = {RouteKey("部门审批", "approve", 0): Place("流程.yaml", line, column)}
    seen: list[Script] = []

    def run_script(script: Script, **_: Any) -> Outcome:
        seen.append(script)
        return Outcome(value=True)

    stage.run_script = run_script  # type: ignore[method-assign]
    flow.decide("approve", FlowMove(by="wangwu"))

    [script] = [one for one in seen if BIG in one.source]
    before = script.source.partition(BIG)[0].split("\n")
    # the word before it needs a line of its own
    assert (len(before), len(before[-1]) + 1) == (max(line, 2), column)
    assert script.name == "流程.yaml"


@pytest.mark.parametrize("action", ["approve", "reject"])
def test_a_decision_that_its_hook_throws_in_is_refused_and_nothing_moves(action: Any) -> None:
    flow, stage = flow_with({f"{action}.部门审批": throws("额度不足")})

    result = flow.decide(action, FlowMove(by="wangwu"))

    assert (result.refused, [str(error) for error in result.errors]) == (True, ["Error: 额度不足"])
    assert (flow.at, flow.status, flow.history) == ("部门审批", "processing", [])
    assert not [told for told in stage.told if isinstance(told, NodeEntered)]


@pytest.mark.parametrize(
    ("hook", "undone"),
    [
        ("owners.复核", [("财务", "复核")]),  # it fails on the way to the next node
        ("approve.财务", []),  # nothing was left yet
    ],
)
def test_what_is_undone_in_a_later_branch_is_reported_as_undone(
    hook: str, undone: list[tuple[str, str]]
) -> None:
    nodes = {
        "分头": FlowNode(parallel=("法务", "财务"), join="合"),
        "法务": FlowNode(owners=(2,), approve="合"),
        "财务": FlowNode(owners=(3,), approve="复核"),
        "复核": FlowNode(owners=(4,), approve="合"),
        "合": FlowNode(owners=(5,), approve="结束"),
        "结束": FlowNode(end=True),
    }
    flow, stage = flow_with(
        {hook: throws("无此部门")},
        at="",
        definition=Definition(flow="x", start="分头", nodes=nodes),
    )
    flow.create(FlowMove(by="1"))
    before = len(stage.told)

    flow.decide("approve", FlowMove(at="财务", by="3"))

    told = [one for one in stage.told[before:] if isinstance(one, NodeEntered)]
    assert [(one.node, one.previous) for one in told if one.action == "undo"] == undone
    assert sorted(flow.visits) == ["法务", "财务"]


@pytest.mark.parametrize(
    ("lawyer", "crossing"),
    [
        (FlowNode(owners=(1,), approve="汇总"), ""),
        (FlowNode(owners=(1,), approve="汇总", reject="财务"), "reject"),
        (FlowNode(owners=(1,), approve="汇总", deadline=Deadline(after=60, to="财务")), "deadline"),
        (FlowNode(owners=(1,), approve="汇总", deadline=Deadline(after=60)), ""),
        (FlowNode(owners=(1,), approve="汇总", deadline=Deadline(after=60, to="汇总")), ""),
    ],
)
def test_no_route_leads_from_one_branch_into_another(lawyer: FlowNode, crossing: str) -> None:
    nodes = {
        "分头": FlowNode(parallel=("法务", "财务"), join="汇总"),
        "法务": lawyer,
        "财务": FlowNode(owners=(2,), approve="汇总"),
        "汇总": FlowNode(end=True),
    }
    found = list(Definition(flow="x", start="分头", nodes=nodes).find_mistakes())

    crossed = [path[-1] for path, text in found if "lies in another branch" in text]
    assert crossed == ([crossing] if crossing else []), found


SEALING = {
    "用印": FlowNode(subflow=SubFlow(flow="盖章"), approve="归档", reject="退回"),
    "归档": FlowNode(owners=("甲",), approve="结束"),
    "退回": FlowNode(owners=("乙",), approve="结束"),
    "结束": FlowNode(end=True),
}
ENDS = [
    ("finished", "归档"), ("rejected", "退回"), ("cancelled", "退回"), ("terminated", "退回"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "node"), ENDS)
@pytest.mark.parametrize("is_run", [True, False])
def test_only_a_sub_flow_that_is_finished_is_a_yes(status: str, node: str, *, is_run: bool) -> None:
    stage = PlainStage({})
    steps = {
        "盖": FlowNode(owners=("丙",), approve="完", reject="完"),
        "完": FlowNode(end=True),
    }
    sealing = Definition(flow="盖章", start="盖", nodes=steps, admins=("管",))
    given = SubFlowResult(result={}, status=status)
    flow = FlowSubject(
        runner=stage,
        tell=stage.told.append,
        definition=Definition(flow="合同", start="用印", nodes=SEALING),
        subflows={"盖章": FlowParts(definition=sealing, stand_in=None if is_run else given)},
    )
    flow.create(FlowMove(by="申请人"))
    if is_run:
        assert flow.at == "用印"
        child = flow.find("盖章")
        if status in {"finished", "rejected"}:
            child.decide("approve" if status == "finished" else "reject", FlowMove(by="丙"))
        elif status == "cancelled":
            child.withdraw(FlowMove(by="申请人"))
        else:
            child.terminate(FlowMove(by="管"))
        assert child.status == status

    assert (flow.at, flow.status) == (node, "processing")
    if is_run and status == "rejected":
        assert [one.project for one in flow.find_possible_moves() if one.node == START] == ["盖章"]
        flow.withdraw(FlowMove(by="申请人"))
        assert (child.status, list(flow.find_possible_moves())) == ("rejected", [])
        with pytest.raises(SubjectError, match="the project that started '盖章' is cancelled"):
            child.resubmit(FlowMove(by="申请人"))


def _deadlines(*deadlines: Deadline, **more: Any) -> FlowNode:
    return FlowNode(**{"owners": ("甲",), "approve": "结束", "deadline": deadlines, **more})


SEAL = SubFlow(flow="盖章")


@pytest.mark.parametrize(
    ("node", "found"),
    [
        (_deadlines(Deadline(after=0)), {"deadline.0": "the deadline is over when"}),
        (_deadlines(Deadline(after=-60)), {"deadline.0": "the deadline is over when"}),
        (_deadlines(Deadline(after=0.001)), {}),
        (_deadlines(Deadline(after=60), Deadline(after=60)), {"deadline.1.after": "each deadline"}),
        (_deadlines(Deadline(after=60), Deadline(after=59)), {"deadline.1.after": "each deadline"}),
        (_deadlines(*(Deadline(after=n) for n in (60, 61, 62))), {}),
        (
            _deadlines(*(Deadline(after=n) for n in (60, 90, 90, 61))),
            {"deadline.2.after": "each deadline", "deadline.3.after": "each deadline"},
        ),
        (_deadlines(Deadline(after=60), Deadline(after=90, to="结束")), {}),
        (
            _deadlines(Deadline(after=60, to="结束"), Deadline(after=90)),
            {"deadline.0": "the project leaves the node here"},
        ),
        (
            _deadlines(Deadline(after=60), Deadline(after=70, then="approve"), Deadline(after=90)),
            {"deadline.1": "the project leaves the node here"},
        ),
        (_deadlines(Deadline(after=60, notify=("经理",))), {}),
        (
            _deadlines(Deadline(after=60, notify=("经理",), then="approve")),
            {"deadline.0.notify": "notify goes with"},
        ),
        (
            _deadlines(Deadline(after=60, notify=(0,), to="结束")),
            {"deadline.0.notify": "notify goes with"},
        ),
        (
            _deadlines(Deadline(after=60, then="approve", to="结束")),
            {"deadline.0.to": "a deadline decides, or goes to a node"},
        ),
        (
            _deadlines(Deadline(after=60, then="reject")),
            {"deadline.0.then": "the node does not offer reject; it offers approve"},
        ),
        (_deadlines(Deadline(after=60, then="reject"), reject="结束"), {}),
        (FlowNode(owners=("甲",), approve="结束", deadline=60.0), {}),
        (
            FlowNode(owners=("甲",), approve="结束", deadline=Deadline(after=0)),
            {"deadline": "the deadline is over when"},
        ),
        (_deadlines(Deadline(after=60, to="没有")), {"deadline.0.to": "no node '没有'"}),
        (FlowNode(subflow=SEAL, approve="结束"), {}),
        (FlowNode(subflow="盖章", approve="结束", reject="结束"), {}),
        (FlowNode(subflow=SEAL, reject="结束"), {"subflow": "a node with subflow needs approve"}),
        (FlowNode(subflow=SEAL), {"": "a node needs approve, reject, or end: true"}),
        (
            FlowNode(subflow=SEAL, approve="结束", owners=("甲",), complete="all"),
            {"owners": "owners belongs to a node", "complete": "complete belongs to a node"},
        ),
        (
            FlowNode(subflow=SEAL, approve="结束", empty="approve", deadline=9, form=NodeForm()),
            {key: f"{key} belongs to a node" for key in ("empty", "deadline", "form")},
        ),
        (FlowNode(owners=("甲", 7, "7", "乙"), approve="结束"), {}),
        (FlowNode(owners=("乙", "甲", 7, "甲"), approve="结束"), {"owners": "the owner '甲' is"}),
        (
            FlowNode(owners=("甲", "乙"), complete=3, approve="结束"),
            {"complete": "3 of 2 owners can never be reached"},
        ),
        (FlowNode(owners=(), complete=3, approve="结束"), {}),
        (FlowNode(empty="admins", approve="结束"), {"empty": "the flow has no admins"}),
        (FlowNode(parallel=("结束",), join="结束"), {"parallel": "parallel needs two branches"}),
        (FlowNode(parallel=("甲", "甲"), join="结束"), {"parallel": "parallel needs two branches"}),
        (FlowNode(join="结束"), {"parallel": "parallel needs two branches"}),
        (FlowNode(parallel=("甲", "乙")), {"parallel": "parallel needs join"}),
        (
            FlowNode(parallel=("甲", "乙"), join="结束", reject="结束"),
            {"reject": "a node with parallel goes on at its join"},
        ),
        (
            FlowNode(parallel=("甲", "没有"), join="无"),
            {"parallel.0": "no node '甲'", "parallel.1": "no node '没有'", "join": "no node '无'"},
        ),
        (
            FlowNode(approve=(Transition(to="结束", when=" "),), owners=("甲",)),
            {"approve.0.when": "expected a JavaScript expression"},
        ),
        (
            FlowNode(
                approve=tuple(Transition(to="结束", when=one) for one in ("true", "a.b > 1", "a=1"))
            ),
            {"approve.2.when": "a condition compares with ==="},
        ),
        (
            FlowNode(
                approve=(
                    Transition(to="结束", when="true"), Transition(to="结束"), Transition(to="结束")
                )
            ),
            {"approve.1": "a route without when always matches"},
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_node_is_said_where_it_stands(
    node: FlowNode, found: dict[str, str]
) -> None:
    nodes = {"审": node, "结束": FlowNode(end=True)}
    mistakes = {
        ".".join(map(str, path[2:])): str(wrong)
        for path, wrong in Definition(flow="合同", start="审", nodes=nodes).find_mistakes()
        if path[:2] == ("nodes", "审")
    }

    assert mistakes.keys() == found.keys(), mistakes
    for path, wrong in mistakes.items():
        assert translate(wrong).startswith(found[path])


@pytest.mark.parametrize(
    ("when", "wrong"),
    [
        ("ctx.form.金额 > 1000", ""),
        ("ctx.form.金额 >= 1000 && ctx.form.金额 <= 2000", ""),
        ("ctx.form.类 === '借款' || ctx.form.类 !== \"x\"", ""),
        ("ctx.form.类 == '借款'", ""),
        ("ctx.form.行.some(行 => 行.数量 > 3)", ""),
        ("ctx.form.备注 === 'a = b'", ""),
        ('ctx.form.备注 === "form.金额"', ""),
        ("ctx.form.备注 === `it's = ${1}`", ""),
        (r"ctx.form.备注 === 'it\'s = b'", ""),
        ("/a=b/.test(ctx.form.备注)", ""),
        (r"/a\/=b/.test(ctx.form.备注)", ""),
        ("ctx.form.类 = '借款'", "a condition compares"),
        ("ctx.form['类'] = 1", "a condition compares"),
        ("ctx.form.$a=1", "a condition compares"),
        ("f() = 1", "a condition compares"),
        ("", "expected a JavaScript expression"),
        ("\t ", "expected a JavaScript expression"),
        ("form.金额 > 1", "a condition sees ctx alone"),
        ("1 < form ?.金额", "a condition sees ctx alone"),
        ("form['金额'] > 1", "a condition sees ctx alone"),
        ("platform.x", ""),
        ("$form.x", ""),
        ("ctx.form['金额'] > 1", ""),
        ("ctx.formula.x", ""),
    ],
)
def test_a_condition_compares_what_ctx_holds(when: str, wrong: str) -> None:
    nodes = {
        "审": FlowNode(approve=(Transition(to="结束", when=when),)),
        "结束": FlowNode(end=True),
    }
    found = [
        translate(text)
        for _, text in Definition(flow="合同", start="审", nodes=nodes).find_mistakes()
    ]

    assert [text[: len(wrong)] for text in found] == ([wrong] if wrong else [])


@pytest.mark.parametrize(
    ("hook", "value", "error"),
    [
        *((hook, none, "") for hook in ("jump", "visibility") for none in (None, UNDEFINED)),
        ("jump", "", ""),
        ("jump", 0, "jump must return the name of a node, got 0"),
        ("project_name", False, "project_name must return a text, got false"),
        ("task_title", [], "task_title must return a text, got []"),
        ("task_title", "报销", ""),
        ("computed", {}, ""),
        ("computed", [], "computed must return an object of fields and values, got []"),
        ("visibility", {}, ""),
        ("visibility", {"总经理": True, "财务审批": False, "结束": False}, ""),
        (
            "visibility", {"总经理": True, "财务审批": False, "部门审批": 0},
            "visibility returned '部门审批': 0;",
        ),
        ("visibility", {"总经理": None}, "visibility returned '总经理': null; it takes nodes"),
        (
            "visibility", {"总经里": True},
            "visibility returned '总经里': true; it takes nodes, and true or false; did you mean",
        ),
        ("approve.部门审批", 0, ""),
    ],
)  # fmt: skip
def test_a_hook_returns_what_it_is_for(hook: str, value: Any, error: str) -> None:
    if not error:
        check_hook_result(hook, value, NODES)
        check_hook_result(hook, value, ())
        return
    with pytest.raises(SubjectError) as refused:
        check_hook_result(hook, value, NODES)
    assert (refused.value.code, str(refused.value)[: len(error)]) == ("BAD_RETURN", error)


@pytest.mark.parametrize(
    ("value", "definition", "first"),
    [
        (None, CONTRACT, "部门审批"), (UNDEFINED, CONTRACT, "部门审批"),
        ("总经理", CONTRACT, "总经理"),
        ("", CONTRACT, None), ("总经里", CONTRACT, None), (None, None, ""), ("甲", None, "甲"),
        (UNDEFINED, None, ""),
    ],
)  # fmt: skip
def test_a_jump_that_says_nothing_begins_at_the_start(
    value: Any, definition: Definition | None, first: str | None
) -> None:
    if first is not None:
        assert choose_first_node(definition, value) == first
        return
    with pytest.raises(SubjectError, match="which is not a node"):
        choose_first_node(definition, value)


@pytest.mark.parametrize(
    ("hook", "node", "told"),
    [
        ("approve", "部门审批", ""),
        ("reject", "部门审批", ""),
        ("reject", "办理", "node '办理' has no reject, so this never runs; it has approve"),
        ("approve", "结束", "node '结束' has no approve, so this never runs; it has end"),
        ("approve", "空", ""),
        ("approve", "没有", ""),
        ("owners", "结束", ""),
    ],
)
def test_a_script_of_an_action_that_its_node_lacks_never_runs(
    hook: str, node: str, told: str
) -> None:
    nodes = {**NODES, "办理": FlowNode(approve="结束"), "空": FlowNode()}

    assert translate(explain_never_fired_event(hook, node, nodes)) == told
    assert explain_never_fired_event(hook, node, tuple(nodes)) == ""


@pytest.mark.parametrize("has_creation", [True, False])
@pytest.mark.parametrize(
    ("status", "is_before_creation"),
    [
        ("new", True), ("returned", True), ("processing", False), ("finished", False),
        ("rejected", False), ("cancelled", False), ("terminated", False),
    ],
)  # fmt: skip
def test_the_form_of_the_starter_is_seen_where_he_has_the_project(
    status: str, is_before_creation: bool, has_creation: bool
) -> None:
    flow, stage = flow_with(at="")
    creation = FormSubject(runner=stage, tell=stage.told.append) if has_creation else None
    flow.creation, flow.status = creation, status

    assert (flow.current_form is creation) == (is_before_creation and has_creation)


@pytest.mark.parametrize("at", ["部门审批", "财务审批", ""])
def test_without_a_definition_any_node_may_be_decided(at: str) -> None:
    node = at or "部门审批"
    flow, stage = flow_with({f"approve.{node}": lambda _form, _ctx: node}, definition=None)

    for _ in range(3):
        assert flow.decide("approve", FlowMove(at=at, by="谁都行")).value == node
    assert stage.ran == [f"approve.{node}"] * 3


@pytest.mark.parametrize(
    ("dues", "order"),
    [
        ((60, 90, 120), "法务 财务 行政"),
        ((120, 90, 60), "行政 财务 法务"),
        ((90, 60, 90), "财务 法务 行政"),
        ((60, 60, 60), "法务 财务 行政"),
        ((120, 121, 119), "行政 法务"),
    ],
)
def test_the_deadline_that_is_over_first_is_applied_first(
    dues: tuple[int, ...], order: str
) -> None:
    names = ("法务", "财务", "行政")
    nodes = {
        "分头": FlowNode(parallel=names, join="结束"),
        **{
            name: FlowNode(owners=("甲",), approve="结束", deadline=float(due))
            for name, due in zip(names, dues, strict=True)
        },
        "结束": FlowNode(end=True),
    }
    flow, stage = flow_with(at="", definition=Definition(flow="会签", start="分头", nodes=nodes))
    flow.create(FlowMove(by="甲"))

    flow.fire_due_deadlines(120)

    told = [one.node for one in stage.told if isinstance(one, DeadlinePassed)]
    assert " ".join(told) == order


@pytest.mark.parametrize(
    ("starter", "project", "user", "known"),
    [
        ("", {}, {}, []),
        ("", {}, {"id": ""}, []),
        ("", {}, {"id": None}, []),
        ("", {}, {"id": 0}, ["0"]),
        ("", {}, {"id": 7}, ["7"]),
        ("", {"user_id": 0}, {"id": 7}, ["0"]),
        ("", {"user_id": ""}, {"id": 7}, ["7"]),
        ("", {"user_id": None}, {"id": "张三"}, ["张三"]),
        ("李四", {"user_id": 9}, {"id": 7}, ["李四"]),
    ],
)
def test_who_started_a_project_is_its_starter_or_else_the_user(
    starter: str, project: dict[str, Any], user: dict[str, Any], known: list[str]
) -> None:
    flow, _ = flow_with(user=user)
    flow.starter, flow.project = starter, project

    who = known[0] if known else "nobody is known"
    with pytest.raises(SubjectError, match=rf"only who started it may \({who}\)$"):
        flow.withdraw(FlowMove(by="王五"))
    if known:
        flow.withdraw(FlowMove(by=known[0]))
        assert (flow.status, flow.history[-1]["by"]) == ("cancelled", known[0])


@pytest.mark.parametrize(
    ("by", "user", "acts"),
    [
        ("", {}, "wangwu"), ("", {"id": None}, "wangwu"), ("", {"id": ""}, "wangwu"),
        ("", {"id": 7}, "7"), ("wangwu", {"id": 7}, "wangwu"), ("", {"id": 0}, None),
        ("", {"name": "张三"}, "wangwu"),
    ],
)  # fmt: skip
def test_a_user_without_an_id_is_nobody(by: str, user: dict[str, Any], acts: str | None) -> None:
    flow, _ = flow_with(user=user)
    if acts is None:
        with pytest.raises(SubjectError, match=r"^0 is not an owner of '部门审批'"):
            flow.decide("approve", FlowMove(by=by))
        return
    flow.decide("approve", FlowMove(by=by))

    assert flow.history[0]["by"] == acts


@pytest.mark.parametrize("to", [7, "张三", 0])
def test_who_gets_a_task_keeps_the_kind_of_his_id(to: str | int) -> None:
    flow, _ = flow_with(at="财务审批")

    flow.hand_over(FlowMove(by="zhaoliu", others=(to,)))
    assert flow.collect_facts()["owners"] == [to]
    flow.hand_over(FlowMove(by=str(to), others=("zhaoliu",)))
    assert flow.transfers == {"财务审批": {str(to): "zhaoliu"}}


@pytest.mark.parametrize(
    ("admins", "owner", "may"),
    [
        ((), None, ["zhangsan"]),
        ((), [], ["zhangsan"]),
        ((), [{"owner_id": 9}, {"owner_id": "lisi"}], ["9", "lisi"]),
        (("管", 0, 3), None, ["管", "0", "3", "zhangsan"]),
        (("管",), [{"owner_id": 0}], ["管", "0"]),
        ((), ["lisi", 9], ["lisi", "9"]),
        ((), "lisi", ["lisi"]),
        (("管",), {"owner_id": 9}, ["管", "9"]),
    ],
)
def test_a_project_is_ended_by_its_owner_or_an_administrator(
    admins: tuple[str | int, ...], owner: Any, may: list[str]
) -> None:
    definition = replace(CONTRACT, admins=admins)
    for by in (*may, "", "wangwu"):
        flow, _ = flow_with(definition=definition)
        flow.starter, flow.project = "zhangsan", {"owner": owner}
        if by == "wangwu":
            with pytest.raises(SubjectError, match=rf"project's owner may \({', '.join(may)}\)$"):
                flow.terminate(FlowMove(by=by))
        else:
            flow.terminate(FlowMove(by=by))
            assert flow.history == [{"node": "部门审批", "action": "terminate", "by": by or may[0]}]
            assert (flow.status, flow.at) == ("terminated", "")


@pytest.mark.parametrize(
    ("value", "refused", "said"),
    [
        (None, False, []), (True, False, []), (UNDEFINED, False, []),
        (False, True, ["submit refused"]), ("额度不足", True, ["额度不足"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_sent_back", [False, True])
def test_a_form_that_refuses_begins_no_project(
    value: Any, said: list[str], *, refused: bool, is_sent_back: bool
) -> None:
    flow, stage = flow_with(at="")
    stage.plays["submit"] = lambda _form, _ctx: None if is_sent_back else value
    creation = FormSubject(
        runner=stage, tell=stage.told.append, scripts=stage.scripts("submit"), fields=flow.form
    )
    flow.creation = creation
    flow.redirect_outputs_to(flow.begin_action())

    result = flow.submit(FlowMove(by="张三", form={"amount": 7}))
    if is_sent_back:
        flow.send_back(FlowMove(by="wangwu", others=("start",)))
        assert (flow.status, flow.sender) == ("returned", "部门审批")
        stage.plays["submit"] = lambda _form, _ctx: value
        result = flow.begin_action()
        flow.resubmit(FlowMove(by="张三", form={"amount": 8}))

    assert (result.refused, result.errors) == (refused, [])
    assert flow.form["amount"] == (8 if is_sent_back and not refused else 7)
    before = "returned" if is_sent_back else "new"
    assert flow.status == (before if refused else "processing")
    assert [one.text for one in creation.messages] == said


def test_a_preview_asks_the_hooks_that_route_alone_and_leaves_no_trace() -> None:
    hooks: dict[str, Play] = {
        "create": lambda _form, _ctx: False,
        "jump": lambda _form, _ctx: "总经理",
        "owners.总经理": lambda _form, _ctx: [{"owner_id": "李总"}],
        "computed": lambda _form, ctx: {"合计": ctx["form"]["amount"] * 2},
        "before_next.总经理": lambda _form, _ctx: False,
        "approve.总经理": throws("不该运行"),
        "task_title": throws("不该运行"),
    }
    flow, stage = flow_with(hooks, at="")

    seen = flow.preview(FlowMove(by="张三", form={"amount": 7}))

    assert seen == {
        "nodes": ["总经理", "财务审批"],
        "owners": {"总经理": ["李总"], "财务审批": ["zhaoliu"]},
        "branches": {},
        "end": "结束",
        "status": "finished",
    }
    assert {*stage.ran} == {"jump", "owners.总经理", "computed"}
    assert (stage.told, flow.status, flow.form, flow.history) == ([], "new", {"amount": 100}, [])
    assert (flow.previews, flow.foreseen) == (False, seen)
    assert flow.create(FlowMove(by="张三")).refused


@pytest.mark.parametrize(
    ("submitted", "created", "value"),
    [
        (None, None, None), (True, None, True), (None, True, True), (UNDEFINED, None, UNDEFINED),
        (True, UNDEFINED, UNDEFINED),
    ],
)  # fmt: skip
def test_a_submission_returns_what_create_says_or_else_the_form(
    submitted: Any, created: Any, value: Any
) -> None:
    flow, stage = flow_with({"create": lambda _form, _ctx: created}, at="")
    stage.plays["submit"] = lambda _form, _ctx: submitted
    flow.creation = FormSubject(
        runner=stage, tell=stage.told.append, scripts=stage.scripts("submit"), fields=flow.form
    )
    flow.begin_action()

    assert flow.submit(FlowMove(by="张三", comment="加急")).value == value
    assert flow.history == [{"node": "", "action": "submit", "by": "张三", "comment": "加急"}]


@pytest.mark.parametrize(
    ("returned", "project"),
    [("合同 7", {"name": "合同 7"}), ("", {"name": ""}), (None, {}), (UNDEFINED, {})],
)
def test_a_project_has_the_name_that_its_hook_returns(
    returned: Any, project: dict[str, Any]
) -> None:
    flow, _ = flow_with({"project_name": lambda _form, _ctx: returned}, at="")
    flow.create(FlowMove(by="张三"))

    assert flow.project == project


def test_the_history_of_a_sub_flow_begins_with_its_first_decision() -> None:
    flow, _ = flow_with(at="", definition=Definition(flow="合同", start="用印", nodes=SEALING))
    steps = {"盖": FlowNode(owners=("丙",), approve="完"), "完": FlowNode(end=True)}
    flow.subflows = {"盖章": FlowParts(definition=Definition(flow="盖章", start="盖", nodes=steps))}
    flow.create(FlowMove(by="张三"))

    assert (flow.find("盖章").history, len(flow.history)) == ([], 1)


START_NODES = {
    "start": FlowNode(owners=("张三",), approve="初审"),
    "初审": FlowNode(owners=("甲", "乙"), complete="all", approve="复审"),
    "复审": FlowNode(owners=("丙",), approve="结束", reject="初审"),
    "结束": FlowNode(end=True),
}


@pytest.mark.parametrize("is_named", [True, False])
def test_start_is_the_starter_unless_a_node_has_that_name(*, is_named: bool) -> None:
    nodes = START_NODES if is_named else {
        name.replace("start", "起草"): one for name, one in START_NODES.items()
    }  # fmt: skip
    first = next(iter(nodes))
    flow, stage = flow_with(at="", definition=Definition(flow="合同", start=first, nodes=nodes))
    flow.create(FlowMove(by="张三"))
    for by in ("张三", "甲", "乙"):
        flow.decide("approve", FlowMove(by=by))
    told = len(stage.told)
    flow.send_back(FlowMove(by="丙", others=("start",)))

    entered = [one for one in stage.told[told:] if isinstance(one, NodeEntered)]
    node = "start" if is_named else ""
    assert entered == [NodeEntered(node=node, previous="复审", action="return", by="丙")]
    assert (flow.at, flow.status) == (node, "processing" if is_named else "returned")
    assert flow.passed_nodes == [first, "初审", "复审"]
    if not is_named:
        flow.resubmit(FlowMove(by="张三"))
    for by in ("张三", "甲", "乙"):  # everybody is asked again
        assert flow.find_people_to_act_now()[0] == by
        flow.decide("approve", FlowMove(by=by))
    assert flow.at == "复审"


def test_who_was_returned_to_decides_again_and_so_does_who_was_added() -> None:
    flow, _ = flow_with(at="初审", definition=Definition(flow="x", start="初审", nodes=START_NODES))
    flow.add_owner(FlowMove(by="甲", others=("丁", 7), where="after"))
    assert flow.collect_facts()["owners"] == ["甲", "丁", 7, "乙"]
    assert flow.collect_facts()["tasks"]["初审"]["甲"] == "passed"
    for by in ("丁", "7", "乙"):
        flow.decide("approve", FlowMove(by=by))
    flow.send_back(FlowMove(by="丙", others=("初审",)))

    assert flow.find_people_to_act_now() == ["甲", "乙"]
    assert flow.collect_facts()["tasks"] == {"初审": {"甲": "untreated", "乙": "untreated"}}


@pytest.mark.parametrize(("action", "is_refused"), [("approve", True), ("reject", False)])
def test_only_who_approves_has_to_fill_in_and_both_may(action: Any, *, is_refused: bool) -> None:
    flow, _ = flow_with()
    flow.set_state("合同号", "required", True)

    if is_refused:
        with pytest.raises(SubjectError, match="required and empty is 合同号"):
            flow.decide(action, FlowMove(by="wangwu"))
    else:
        flow.decide(action, FlowMove(by="wangwu", form={"意见": "金额过大"}))
        assert (flow.at, flow.form["意见"]) == ("结束", "金额过大")
        return
    flow.decide(action, FlowMove(by="wangwu", form={"合同号": "HT-7", "意见": ""}))
    assert (flow.at, flow.form["合同号"], flow.form["意见"]) == ("财务审批", "HT-7", "")


@pytest.mark.parametrize(
    ("action", "others", "to"),
    [
        ("forward", ("戊", 7), ["戊", "7"]), ("forward", (), None), ("comment", ("戊",), None),
        ("remind", (), ["wangwu", "7"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("at", ["", "财务审批"])
def test_people_are_notified_at_the_node_that_is_named(
    action: str, others: tuple[str | int, ...], to: list[str] | None, at: str
) -> None:
    flow, _ = flow_with()
    getattr(flow, action)(FlowMove(by="wangwu", others=others, at=at, comment="请看"))

    node = at or "部门审批"
    assert flow.history[-1]["node"] == node
    if action == "remind" and at:
        to = None  # nobody is to act there
    notified = [{"kind": action, "to": to, "node": node, "text": "请看"}]
    assert flow.notified == (notified if to else [])


@pytest.mark.parametrize("status", ["rejected", "returned"])
def test_what_is_with_its_starter_may_be_moved_on_since_it_came_there(status: str) -> None:
    flow, _ = flow_with()
    clock = [100.0]
    flow.now = lambda: clock[0]
    if status == "rejected":
        flow.decide("reject", FlowMove(by="wangwu"))
    else:
        flow.send_back(FlowMove(by="wangwu", others=("start",)))
    clock[0] = 200.0

    [move] = flow.find_possible_moves()
    assert (flow.status, move.node, move.arrived, move.by) == (status, "start", 100.0, "")
    assert move.visit == -len(flow.history) == -1


@pytest.mark.parametrize(
    ("event", "action", "has_form"),
    [
        ("create", "create", True), ("approve.部门审批", "approve", True),
        ("reject.部门审批", "reject", True), ("before_next.部门审批", "approve", False),
        ("owners.部门审批", "", False), ("project_name", "", False), ("computed", "", False),
    ],
)  # fmt: skip
def test_a_hook_that_is_fired_alone_sees_its_action(
    event: str, action: str, *, has_form: bool
) -> None:
    seen: list[Any] = []
    flow, _ = flow_with({event: lambda form, ctx: seen.append((ctx["action"], form is not None))})

    flow.fire(event)

    assert seen == [(action, has_form)]


@pytest.mark.parametrize(
    ("rule", "is_shared"), [("any", True), ("all", False), ("in_order", False), (1, False)]
)
def test_only_what_any_of_the_owners_decides_is_shared(rule: str | int, *, is_shared: bool) -> None:
    nodes = {"审": FlowNode(owners=("甲", "乙", 7), complete=rule, approve="结"),
             "结": FlowNode(end=True)}  # fmt: skip
    flow, _ = flow_with(at="审", definition=Definition(flow="x", start="审", nodes=nodes))

    moves = flow.find_possible_moves()
    assert [one.by for one in moves] == ["", "甲", *(["乙", "7"] if rule != "in_order" else [])]
    assert {one.is_shared for one in moves} == {is_shared}


def test_after_a_preview_the_project_tells_and_returns_as_before() -> None:
    flow, stage = flow_with({"approve.部门审批": lambda _form, _ctx: "已同步"})
    result = flow.begin_action()
    result.set_value("早些")

    flow.preview(FlowMove())
    assert (result.value, stage.told) == ("早些", [])
    flow.decide("approve", FlowMove(by="wangwu"))
    assert (result.value, flow.at) == ("已同步", "财务审批")
    assert any(isinstance(one, NodeEntered) for one in stage.told)


@pytest.mark.parametrize("has_creation", [True, False])
@pytest.mark.parametrize("status", ["new", "processing"])
def test_computed_values_wait_for_the_project(status: str, *, has_creation: bool) -> None:
    flow, stage = flow_with({"computed": lambda _form, _ctx: {"合计": 1}}, at="")
    flow.status = status
    if has_creation:
        flow.creation = FormSubject(runner=stage, tell=stage.told.append, fields=flow.form)

    flow.set({"amount": 7})

    assert ("合计" in flow.form) == (status == "processing" or not has_creation)


@pytest.mark.parametrize(
    ("names", "screens", "focus", "user", "is_clear"),
    [
        (("法务",), "法务", "", "", True),
        (("法务", "财务"), "", "", "", True),
        (("法务", "财务"), "法务", "", "", False),
        (("法务", "财务"), "财务", "法务", "", True),
        (("法务", "财务", "行政"), "行政", "", "", False),
        (("法务", "财务", "行政"), "行政", "", "行政员", True),
        (("法务", "财务", "行政"), "行政", "", "总监", False),
        (("法务", "财务", "行政"), "总经理", "", "", True),
    ],
)
def test_a_form_is_filled_in_where_it_is_clear_which_node_shows_it(
    names: tuple[str, ...], screens: str, focus: str, user: str, *, is_clear: bool
) -> None:
    nodes = {
        "分": FlowNode(parallel=("法务", "财务", "行政"), join="结"),
        **{
            name: FlowNode(owners=(f"{name}员", "总监"), approve="结")
            for name in ("法务", "财务", "行政")
        },
        "结": FlowNode(end=True),
    }
    flow, _ = flow_with(
        at="", definition=Definition(flow="x", start="分", nodes=nodes), user={"id": user}
    )
    flow.create(FlowMove(by="张三"))
    for name in {"法务", "财务", "行政"} - {*names}:
        flow.decide("approve", FlowMove(at=name, by=f"{name}员"))
    flow.screens = {screens: LoadedNodeForm()} if screens else {}
    flow.focus = focus

    if is_clear:
        flow.set({"amount": 7})
        assert flow.form["amount"] == 7
        return
    with pytest.raises(SubjectError) as refused:
        flow.set({"amount": 7})
    assert (refused.value.code, flow.form["amount"]) == ("AMBIGUOUS_NODE", 100)


def test_owners_whom_a_script_gives_are_known_before_one_hands_over() -> None:
    flow, stage = flow_with({"owners.部门审批": lambda _form, _ctx: [{"owner_id": "sunqi"}]})

    flow.hand_over(FlowMove(by="sunqi", others=("zhaoliu",)))
    flow.comment(FlowMove(by="zhaoliu"))

    assert (stage.ran, flow.collect_facts()["owners"]) == (["owners.部门审批"], ["zhaoliu"])


def test_a_project_that_is_submitted_again_has_the_tasks_of_its_first_node_alone() -> None:
    flow, _ = flow_with(user={"id": "张三"})
    flow.decide("approve", FlowMove(by="wangwu"))
    flow.send_back(FlowMove(by="zhaoliu", others=("start",)))
    flow.resubmit(FlowMove(by="张三"))

    assert flow.collect_facts()["tasks"] == {"部门审批": {"wangwu": "untreated", "7": "untreated"}}


@pytest.mark.parametrize("action", ["withdraw", "resubmit"])
def test_where_nobody_is_known_nobody_may(action: str) -> None:
    flow, _ = flow_with()
    if action == "resubmit":
        flow.decide("reject", FlowMove(by="wangwu"))

    with pytest.raises(SubjectError) as refused:
        getattr(flow, action)(FlowMove())
    assert str(refused.value) == (
        f"nobody may not {action}: only who started it may (nobody is known)"
    )


def test_the_states_of_a_node_end_with_it() -> None:
    flow, _ = flow_with()
    flow.screens = {"财务审批": LoadedNodeForm(states={"amount": {"visible": False}})}

    flow.decide("approve", FlowMove(by="wangwu"))
    there = flow.find_changed_states()
    flow.decide("reject", FlowMove(by="zhaoliu"))

    assert (there, flow.find_changed_states()) == ({"amount": {"visible": False}}, {})
