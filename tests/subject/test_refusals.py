"""What may not be done with a project: the code and the words of each, and that nothing moved."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.errors import SubjectError
from bpmax_sim.subject.definition import (
    Deadline,
    Definition,
    FlowNode,
    FlowParts,
    SubFlow,
    SubFlowResult,
    Transition,
)
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.hooks import FlowMove
from tests.subject.stage import PlainStage

NODES = {
    "起草": FlowNode(owners=("张三",), approve="初审"),
    "初审": FlowNode(owners=("甲", 7), complete="in_order", approve="分", reject="结束"),
    "分": FlowNode(parallel=("法务", "财务"), join="合"),
    "法务": FlowNode(owners=("李四",), approve="合"),
    "财务": FlowNode(owners=("王五", "李四"), approve="合"),
    "合": FlowNode(approve=Transition(when="false", to="结束"), owners=("甲",)),
    "空": FlowNode(approve="结束"),
    "结束": FlowNode(end=True),
}
DEFINITION = Definition(flow="合同", start="起草", nodes=NODES, admins=("管",))


def flow_at(at: str, definition: Definition | None = DEFINITION, **fields: Any) -> FlowSubject:
    stage = PlainStage({"return Boolean(false\n);": lambda _form, _ctx: False})
    return FlowSubject(
        runner=stage, tell=stage.told.append, definition=definition, at=at, form={}, **fields
    )


def _do(flow: FlowSubject, action: str, move: FlowMove) -> None:
    if action in {"approve", "reject"}:
        flow.decide("approve" if action == "approve" else "reject", move)
    else:
        getattr(flow, {"return": "send_back"}.get(action, action))(move)


STANDS = "it is at '初审'"
MOVES: tuple[tuple[str, str, FlowMove, str, str], ...] = (
    (
        "初审",
        "approve",
        FlowMove(by="丙"),
        "NOT_OWNER",
        "丙 is not an owner of '初审'; its owners: 甲, 7",
    ),
    (
        "初审",
        "approve",
        FlowMove(by="7"),
        "NOT_YOUR_TURN",
        "7 is not to act yet; who may act now: 甲",
    ),
    ("初审", "approve", FlowMove(at="财务"), "NOT_AT_NODE", f"cannot approve at '财务': {STANDS}"),
    (
        *("初审", "reject", FlowMove(at="复审"), "NOT_AT_NODE"),
        f"cannot reject at '复审': {STANDS}; did you mean '初审'?",
    ),
    (
        *("起草", "reject", FlowMove(by="张三"), "NOT_OFFERED"),
        "node '起草' does not offer reject; it offers approve",
    ),
    (
        *("空", "approve", FlowMove(by="甲"), "NO_OWNERS"),
        (
            "nobody may act at '空': it has no owners; declare owners in the definition, or return "
            "them from owners.空"
        ),
    ),
    (
        *("合", "approve", FlowMove(by="甲"), "NO_ROUTE"),
        "no route of approve at '合' matches; add one without when",
    ),
    *(
        (
            *("", action, FlowMove(by="甲"), "NOT_UNDER_WAY"),
            f"cannot {action}: the project is new; submit it first, or set flow.at",
        )
        for action in ("approve", "hand_over", "add_owner", "return", "withdraw")
    ),
    *(
        (
            *("初审", action, FlowMove(by="甲", others=others), "NEEDS_ONE"),
            f"{action} needs one in to, got {len(others)}",
        )
        for action in ("hand_over", "return")
        for others in ((), ("乙", "丙"))
    ),
    ("初审", "add_owner", FlowMove(by="甲"), "NEEDS_OTHERS", "add_owner needs to: who"),
    *(
        (
            *("初审", action, FlowMove(by="甲", others=others), "ALREADY_OWNER"),
            "7 is an owner of '初审' already",
        )
        for action, others in (("hand_over", (7,)), ("add_owner", ("丙", "7")))
    ),
    *(
        (
            *("初审", "add_owner", FlowMove(by="甲", others=("丙", "丁"), rule=rule), "BAD_RULE"),
            f"complete: {told}",
        )
        for rule, told in (
            (0, "expected at least one owner, got 0"),
            (3, "3 of 2 owners can never be reached"),
        )
    ),
    (
        *("初审", "return", FlowMove(by="甲", others=("起草",)), "NOT_PASSED"),
        (
            "the project has not passed '起草', so it cannot return there; it has passed no node, "
            "and start is who started it"
        ),
    ),
    (
        *("初审", "resubmit", FlowMove(by="张三"), "NOT_RETURNED"),
        (
            "cannot resubmit: the project is processing; only what was refused or returned to who "
            "started it can be submitted again"
        ),
    ),
    *(
        (
            *("初审", action, FlowMove(by="丙"), "NOT_ALLOWED"),
            f"丙 may not {action}: only {who}",
        )
        for action, who in (
            ("withdraw", "who started it may (张三)"),
            ("terminate", "an administrator or the project's owner may (管, 张三)"),
        )
    ),
    (
        *("分", "approve", FlowMove(by="赵六"), "AMBIGUOUS_NODE"),
        "cannot approve: it is at '法务' and '财务'; say at which of them, with at",
    ),
    (
        *("分", "approve", FlowMove(by="李四"), "AMBIGUOUS_NODE"),
        "cannot approve: it is at '法务' and '财务'; say at which of them, with at",
    ),
    (
        *("分", "return", FlowMove(by="王五", others=("法务",)), "OTHER_BRANCH"),
        (
            "'法务' lies in another branch than '财务'; return inside the branch, to the node that "
            "splits, to one before it, or to start"
        ),
    ),
)


@pytest.mark.parametrize(("at", "action", "move", "code", "message"), MOVES)
def test_what_may_not_be_done_is_told_and_moves_nothing(
    at: str, action: str, move: FlowMove, code: str, message: str
) -> None:
    flow = flow_at(at, project={"user_id": "张三"})
    flow.begin_branches_or_child_at_start()
    before = (flow.at, flow.status, [*flow.visits], len(flow.history), repr(flow.owners))

    with pytest.raises(SubjectError) as refused:
        _do(flow, action, move)

    assert (refused.value.code, str(refused.value)) == (code, message)
    assert (flow.at, flow.status, [*flow.visits], len(flow.history)) == before[:4]
    assert not flow.owners or code == "NO_OWNERS" or repr(flow.owners) == before[4]


@pytest.mark.parametrize(
    ("action", "move"),
    [("hand_over", FlowMove(others=("乙",))), ("add_owner", FlowMove(others=("乙",)))],
)
def test_without_a_definition_nobody_hands_over(action: str, move: FlowMove) -> None:
    with pytest.raises(SubjectError) as refused:
        getattr(flow_at("初审", None), action)(move)

    assert refused.value.code == "NO_DEFINITION"
    assert str(refused.value) == f"{action} needs flow.definition; without it nothing moves"


def test_what_is_ended_says_what_may_come_next() -> None:
    flow = flow_at("初审", project={"user_id": "张三"})
    flow.withdraw(FlowMove(by="张三"))

    for action in ("approve", "hand_over"):
        told = f"cannot {action}: the project is cancelled; nothing is left"
        with pytest.raises(SubjectError, match=told):
            _do(flow, action, FlowMove(by="甲", others=("丙",)))
    with pytest.raises(SubjectError) as refused:
        flow.create(FlowMove(by="张三"))
    assert refused.value.code == "ALREADY_CREATED"

    returned = flow_at("初审", project={"user_id": "张三"})
    returned.send_back(FlowMove(by="甲", others=("start",)))
    with pytest.raises(SubjectError, match="the project is returned; resubmit it first"):
        returned.decide("approve", FlowMove(by="甲"))


def test_nodes_that_pass_by_themselves_end_after_a_hundred() -> None:
    nodes = {
        "甲": FlowNode(empty="approve", approve="乙"),
        "乙": FlowNode(empty="approve", approve="甲"),
    }
    flow = flow_at("", Definition(flow="圈", start="甲", nodes=nodes))

    with pytest.raises(SubjectError) as refused:
        flow.create(FlowMove(by="张三"))

    assert refused.value.code == "ENDLESS"
    assert str(refused.value).startswith("nodes pass by themselves without end, the last is '")
    chain = {f"{n}": FlowNode(empty="approve", approve=f"{n + 1}") for n in range(100)}
    chain["100"] = FlowNode(end=True)
    long = flow_at("", Definition(flow="长", start="0", nodes=chain))
    long.create(FlowMove(by="张三"))
    assert (long.status, len(long.history)) == ("finished", 101)
    assert {(entry["by"], entry["action"]) for entry in long.history[1:]} == {("", "approve")}


@pytest.mark.parametrize(
    "ring",
    [
        {
            "甲": FlowNode(parallel=("左", "右"), join="合"),
            "左": FlowNode(empty="approve", approve="合"),
            "右": FlowNode(empty="approve", approve="合"),
            "合": FlowNode(empty="approve", approve="甲"),
        },
        {"甲": FlowNode(subflow=SubFlow(flow="子", wait=False), approve="甲")},
    ],
    ids=["through a gateway", "of a sub-flow that nobody waits for"],
)
def test_a_ring_of_nodes_that_pass_by_themselves_ends(ring: dict[str, FlowNode]) -> None:
    given = FlowParts(stand_in=SubFlowResult(result={}, status="finished"))
    flow = flow_at("", Definition(flow="圈", start="甲", nodes=ring), subflows={"子": given})

    with pytest.raises(SubjectError, match="nodes pass by themselves without end"):
        flow.create(FlowMove(by="张三"))


@pytest.mark.parametrize(
    ("people", "code"), [({}, ""), ({"乙": "乙"}, "UNKNOWN_PERSON"), ({"甲": "甲"}, "")]
)
def test_owners_whom_a_script_returns_are_people_where_these_are_known(
    people: dict[str, str], code: str
) -> None:
    stage = PlainStage({"owners.初审": lambda _form, _ctx: [{"owner_id": "甲"}]})
    flow = FlowSubject(
        runner=stage,
        tell=stage.told.append,
        scripts=stage.scripts("owners.初审"),
        definition=DEFINITION,
        at="起草",
        people=people,
    )
    result = flow.decide("approve", FlowMove(by="张三"))

    assert [getattr(error, "code", "") for error in result.errors] == ([code] if code else [])
    assert flow.find_people_to_act_now("初审") == ([] if code else ["甲"])


def test_a_script_sees_the_plan_of_its_node_and_how_late_it_is() -> None:
    nodes = {
        "审": FlowNode(
            owners=("甲",), deadline=(Deadline(after=60), Deadline(after=90)), approve="结束"
        ),
        "结束": FlowNode(end=True),
    }
    seen: list[Any] = []
    stage = PlainStage({"approve.审": lambda _form, ctx: seen.append(ctx["step"])})
    clock = [1000.0]
    flow = FlowSubject(
        runner=stage,
        tell=stage.told.append,
        scripts=stage.scripts("approve.审"),
        definition=Definition(flow="期", start="审", nodes=nodes),
        now=lambda: clock[0],
        format_time=lambda instant: f"{instant:g}",
    )
    flow.create(FlowMove(by="甲"))
    clock[0] = 1060.0
    flow.fire_due_deadlines(1060.0)
    flow.decide("approve", FlowMove(by="甲"))

    plan = {"plan_start_time": "1000", "plan_end_time": "1060", "delay_level": 1}
    (step,) = seen
    assert plan.items() <= step.items()


@pytest.mark.parametrize(
    ("repeated", "skipped"), [("ask", []), ("none", ["终审"]), ("adjacent", [])]
)
@pytest.mark.parametrize("is_sent_back", [False, True])
def test_who_approved_is_not_asked_again_as_the_setting_says(
    repeated: Any, skipped: list[str], is_sent_back: bool
) -> None:
    """甲 approves first and is asked third; what was approved before a return counts no more."""
    nodes = {
        "初审": FlowNode(owners=("甲",), approve="复审"),
        "复审": FlowNode(owners=("乙",), approve="终审"),
        "终审": FlowNode(owners=("甲", "丙"), complete="all", approve="结束"),
        "结束": FlowNode(end=True),
    }
    flow = flow_at("初审", Definition(flow="x", start="初审", nodes=nodes, repeated=repeated))
    flow.decide("approve", FlowMove(by="甲"))
    if is_sent_back:
        flow.send_back(FlowMove(by="乙", others=("初审",)))
        nodes_of = [entry["node"] for entry in flow.history]
        assert (flow.at, nodes_of) == ("初审", ["初审", "复审"])
        flow.decide("approve", FlowMove(by="甲"))
    flow.decide("approve", FlowMove(by="乙"))

    passed = [entry["node"] for entry in flow.history if entry["action"] == "repeated"]
    assert passed == skipped
    assert flow.find_people_to_act_now("终审") == (["丙"] if skipped else ["甲", "丙"])


@pytest.mark.parametrize(
    ("returns", "asked"),
    [((), False), ((0,), False), ((1,), True), ((0, 1), True), ((1, 0), False)],
)
def test_who_approved_before_the_last_return_is_asked_again(
    returns: tuple[int, ...], asked: bool
) -> None:
    """Each return is made by the third of three nodes, to the first or to the second of them."""
    names, people = ("初审", "复审", "会审"), ("甲", "乙", "丙")
    routes = zip(names, people, (*names[1:], "终审"), strict=True)
    nodes = {
        **{node: FlowNode(owners=(by,), approve=to) for node, by, to in routes},
        "终审": FlowNode(owners=("甲", "丁"), complete="all", approve="结束"),
        "结束": FlowNode(end=True),
    }
    flow = flow_at("初审", Definition(flow="x", start="初审", nodes=nodes, repeated="none"))
    begin = 0
    for to in returns:
        for by in people[begin:2]:
            flow.decide("approve", FlowMove(by=by))
        flow.send_back(FlowMove(by="丙", others=(names[to],)))
        begin = to
    for by in people[begin:]:
        flow.decide("approve", FlowMove(by=by))

    assert flow.find_people_to_act_now("终审") == (["甲", "丁"] if asked else ["丁"])


def test_the_neighbours_approval_alone_counts_where_the_setting_says_so() -> None:
    nodes = {
        "初审": FlowNode(owners=("甲",), approve="复审"),
        "复审": FlowNode(owners=("甲", "乙"), complete="all", approve="结束"),
        "结束": FlowNode(end=True),
    }
    flow = flow_at("初审", Definition(flow="x", start="初审", nodes=nodes, repeated="adjacent"))
    flow.decide("approve", FlowMove(by="甲"))

    assert flow.find_people_to_act_now("复审") == ["乙"]


def test_one_returns_to_a_node_that_was_passed_or_to_the_gateway_of_ones_branch() -> None:
    flow = flow_at("", project={"user_id": "张三"})
    flow.create(FlowMove(by="张三"))
    with pytest.raises(SubjectError, match="it has passed no node, and start is who started it"):
        flow.send_back(FlowMove(by="张三", others=("分",)))
    for by in ("张三", "甲", "7"):
        flow.decide("approve", FlowMove(by=by))
    assert [*flow.visits] == ["法务", "财务"]
    with pytest.raises(SubjectError, match="it has passed 起草, 初审, 分, and start is who"):
        flow.send_back(FlowMove(at="财务", by="王五", others=("合",)))

    flow.send_back(FlowMove(at="财务", by="王五", others=("分",)))
    assert [*flow.visits] == ["法务", "财务"]
    flow.send_back(FlowMove(at="财务", by="王五", others=("初审",)))
    assert ([*flow.visits], flow.find_people_to_act_now("初审")) == (["初审"], ["甲"])


@pytest.mark.parametrize(
    ("at", "where", "owners"),
    [
        ("分", ["法务", "财务"], ["李四", "王五", "李四"]),
        ("初审", "初审", ["甲", 7]),
        ("空", "空", []),
        ("", "", []),
    ],
)
def test_the_owners_of_a_flow_are_those_of_all_nodes_where_it_stands(
    at: str, where: object, owners: list[object]
) -> None:
    flow = flow_at(at, project={"user_id": "张三"})
    flow.begin_branches_or_child_at_start()

    assert (flow.collect_facts()["at"], flow.collect_facts()["owners"]) == (where, owners)


@pytest.mark.parametrize(
    ("empty", "action", "at"), [("approve", "approve", "乙"), ("reject", "reject", "丙")]
)
def test_the_script_of_a_node_without_people_sees_the_form_too(
    empty: Any, action: str, at: str
) -> None:
    def write(form: Any, ctx: Any) -> None:
        form["由"] = ctx is not None

    stage = PlainStage({f"{action}.甲": write})
    nodes = {
        "甲": FlowNode(empty=empty, approve="乙", reject="丙"),
        "乙": FlowNode(owners=("李四",), approve="丙"),
        "丙": FlowNode(owners=("王五",), approve="乙"),
    }
    flow = FlowSubject(
        runner=stage,
        tell=stage.told.append,
        scripts=stage.scripts(f"{action}.甲"),
        definition=Definition(flow="合同", start="甲", nodes=nodes),
        form={},
    )

    flow.create(FlowMove(by="张三"))

    assert (flow.at, flow.form["由"], stage.ran) == (at, True, [f"{action}.甲"])
