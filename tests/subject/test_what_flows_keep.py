"""What a flow keeps apart: nodes at once, previews, forms of others, owners of earlier stays."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.errors import Place, SubjectError
from bpmax_sim.script.failure import Script
from bpmax_sim.script.turn_result import Outcome
from bpmax_sim.subject.definition import (
    Deadline,
    Definition,
    FlowNode,
    FlowParts,
    SubFlow,
    Transition,
)
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.form import FormSubject, find_option_problems
from bpmax_sim.subject.hooks import (
    BranchArrived,
    FlowMove,
    NamedWrite,
    PersonActed,
    Result,
    parse_event,
)
from tests.subject.stage import PlainStage, Play, Thrown
from tests.subject.test_what_flows_tell import END, TWO, approve, flow_of

SPLIT = {
    "起草": FlowNode(owners=("张三",), approve="分"),
    "分": FlowNode(parallel=("法务", "询价"), join="合"),
    "法务": FlowNode(owners=("甲",), approve="合", reject="止"),
    "询价": FlowNode(subflow="比价", approve="定价", reject="止"),
    "定价": FlowNode(owners=("乙",), approve="合"),
    "合": FlowNode(owners=("丙",), approve="止"),
    "止": END,
}
BIDS = FlowParts(
    definition=Definition(
        flow="比价", start="报", nodes={"报": FlowNode(owners=("丁",), approve="完"), "完": END}
    )
)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("法务", "询价", True),
        ("法务", "定价", True),
        ("询价", "定价", False),
        ("法务", "法务", False),
        ("起草", "法务", False),
        ("法务", "合", False),
        ("起草", "合", False),
        ("分", "法务", False),
    ],
)
def test_nodes_are_apart_where_they_are_in_two_branches(
    one: str, other: str, *, apart: bool
) -> None:
    definition = Definition(flow="x", start="起草", nodes=SPLIT)

    assert definition.are_in_different_branches(one, other) is apart
    assert definition.are_in_different_branches(other, one) is apart


def test_the_end_of_a_sub_flow_decides_its_node_and_no_other_one() -> None:
    flow, _ = flow_of(SPLIT, subflows={"比价": BIDS})
    flow.create(FlowMove(by="申请人"))
    approve(flow, "张三")
    assert [*flow.visits] == ["法务", "询价"]

    flow.find("比价").decide("approve", FlowMove(by="丁"))

    assert [*flow.visits] == ["法务", "定价"]
    assert flow.find_people_to_act_now() == ["甲", "乙"]
    assert flow.find_people_to_act_now("定价") == ["乙"]


def test_the_facts_of_a_flow_are_all_there() -> None:
    clock = [5.0]
    flow, _ = flow_of(
        SPLIT, subflows={"比价": BIDS}, form={"金额": 1}, now=lambda: clock[0], format_time=str
    )
    flow.create(FlowMove(by="申请人", form={"税率": 2}))
    clock[0] = 7.0
    flow.decide("approve", FlowMove(by="张三", comment="同意"))
    facts = {**flow.collect_facts()}

    child = facts.pop("projects")["比价"]
    assert facts == {
        "at": ["法务", "询价"],
        "status": "processing",
        "form": {"金额": 1, "税率": 2},
        "project": {},
        "owners": ["甲"],
        "pending": ["甲"],
        "tasks": {"起草": {"张三": "passed"}, "法务": {"甲": "untreated"}},
        "history": [
            {"node": "", "action": "submit", "by": "申请人"},
            {"node": "起草", "action": "approve", "by": "张三", "comment": "同意"},
        ],
        "passed": ["起草", "分"],
        "notified": [],
        "delay_level": 0,
    }
    assert (child["at"], child["pending"], child["tasks"]) == (
        "报", ["丁"], {"报": {"丁": "untreated"}}
    )  # fmt: skip
    assert flow.project_members == {
        "id": 1, "name": "采购", "status": "processing", "user_id": "申请人", "create_time": "5.0",
        "real_start_time": "5.0",
    }  # fmt: skip
    flow.decide("reject", FlowMove(at="法务", by="甲"))
    assert flow.project_members["real_end_time"] == "7.0"
    assert flow.find("比价").status == "terminated"


@pytest.mark.parametrize(
    ("applicant", "repeated", "starter", "at", "passed"),
    [
        ("ask", "ask", "甲", "初审", []),
        ("skip", "ask", "甲", "复审", ["applicant", "approve"]),
        ("skip", "ask", "乙", "初审", []),
        ("ask", "none", "甲", "初审", []),
        ("skip", "none", "乙", "初审", []),
    ],
)
def test_a_starter_who_is_not_asked_has_passed_his_node(
    applicant: str, repeated: str, starter: str, at: str, passed: list[str]
) -> None:
    flow, _ = flow_of(TWO, settings={"applicant": applicant, "repeated": repeated})
    flow.create(FlowMove(by=starter))

    told = [entry["action"] for entry in flow.history if entry["node"] and entry["by"]]
    assert (flow.at, told) == (at, passed)
    if at == "初审":
        approve(flow, "甲")
    # who approved himself is asked at no later node; a starter who is skipped neither
    is_over = applicant == "skip" and starter == "乙"
    assert flow.at == ("止" if is_over else "复审")


@pytest.mark.parametrize(
    ("repeated", "is_asked"), [("ask", True), ("adjacent", False), ("none", False)]
)
def test_an_approval_that_is_not_asked_again_decides_the_next_node(
    repeated: str, *, is_asked: bool
) -> None:
    nodes = {**TWO, "复审": FlowNode(owners=("乙", "甲"), complete="any", approve="止")}
    flow, _ = flow_of(nodes, settings={"repeated": repeated})
    flow.create(FlowMove(by="申请人"))

    approve(flow, "甲")

    assert (flow.at, flow.status) == (("复审", "processing") if is_asked else ("止", "finished"))
    assert [(one["node"], one["action"], one["by"]) for one in flow.history[1:]] == [
        ("初审", "approve", "甲"), ("复审", "repeated", "甲"), ("复审", "approve", "甲"),
    ][: 1 if is_asked else 3]  # fmt: skip


@pytest.mark.parametrize("where", ["before", "after", "beside"])
def test_people_who_are_added_are_in_the_history_and_in_the_result(where: Any) -> None:
    flow, stage = flow_of(TWO)
    flow.create(FlowMove(by="申请人"))

    move = FlowMove(by="甲", others=("丁", 8), where=where, comment="请会签")
    result = flow.add_owner(move)

    assert (result.refused, result.errors) == (False, [])
    assert flow.history[-1] == {
        "node": "初审", "action": "add_owner", "by": "甲", "comment": "请会签", "to": ["丁", "8"]
    }  # fmt: skip
    [acted] = [one for one in stage.told if isinstance(one, PersonActed)][1:]
    assert (acted.to, acted.comment, acted.node) == (("丁", "8"), "请会签", "初审")
    ids = {"before": ["丁", 8, "甲"], "after": ["甲", "丁", 8], "beside": ["甲", "丁", 8]}[where]
    assert flow.collect_facts()["owners"] == ids


def test_a_condition_of_a_preview_sees_the_node_that_it_leaves() -> None:
    when = "ctx.step_id === '初审'"
    routes = (Transition(when=when, to="复审"), Transition(to="止"))
    plays: dict[str, Play] = {
        f"return Boolean({when}\n);": lambda _form, ctx: ctx["step_id"] == "初审"
    }
    stage = PlainStage(plays)
    nodes = {
        **TWO,
        "初审": FlowNode(owners=("甲",), approve=routes),
        "复审": FlowNode(owners=("乙",), approve=routes),
    }
    flow = FlowSubject(
        runner=stage,
        tell=stage.told.append,
        definition=Definition(flow="x", start="初审", nodes=nodes),
    )

    foreseen = flow.preview(FlowMove(by="申请人"))

    assert (foreseen["nodes"], foreseen["end"]) == (["初审", "复审"], "止")
    assert (flow.at, flow.status, stage.told) == ("", "new", [])


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ("withdraw", "cannot preview: the project is cancelled; nothing is left"),
        ("reject", "cannot preview: the project is rejected; nothing is left"),
        ("send_back", "cannot preview: the project is returned; resubmit it first"),
    ],
)
def test_what_is_not_under_way_has_no_preview(ends: str, said: str) -> None:
    flow, _ = flow_of(TWO)
    flow.create(FlowMove(by="申请人"))
    if ends == "reject":
        flow.decide("reject", FlowMove(by="甲"))
    elif ends == "send_back":
        flow.send_back(FlowMove(by="甲", others=("start",)))
    else:
        flow.withdraw(FlowMove(by="申请人"))

    with pytest.raises(SubjectError) as refused:
        flow.preview(FlowMove(by="申请人"))

    assert (refused.value.code, str(refused.value)) == ("NOT_UNDER_WAY", said)


@pytest.mark.parametrize(
    ("stuck", "code", "said"),
    [
        ({"复审": FlowNode(approve="止")}, "NO_OWNERS", "nobody may act at '复审'"),
        (
            {
                "复审": FlowNode(subflow="比价", approve="止", reject="止"),
            },
            "NO_OWNERS",
            "nobody may act at '报'",
        ),
    ],
)
def test_a_preview_that_gets_stuck_tells_where(
    stuck: dict[str, FlowNode], code: str, said: str
) -> None:
    nobody = {"报": FlowNode(approve="完"), "完": END}
    parts = FlowParts(definition=Definition(flow="比价", start="报", nodes=nobody))
    flow, _ = flow_of({**TWO, **stuck}, subflows={"比价": parts})

    with pytest.raises(SubjectError, match=said) as refused:
        flow.preview(FlowMove(by="申请人"))

    assert refused.value.code == code
    assert (flow.status, flow.previews, flow.children) == ("new", False, {})


def test_an_error_of_a_condition_keeps_the_hooks_of_its_node_from_running() -> None:
    def fail(_form: Any, _ctx: Any) -> None:
        raise Thrown("ctx.form.金额 is undefined", "TypeError")

    nodes = {**TWO, "初审": FlowNode(owners=("甲",), approve=Transition(when="ctx.a", to="复审"))}
    flow, stage = flow_of(
        nodes, {"return Boolean(ctx.a\n);": fail, "before_next.初审": lambda _form, _ctx: None}
    )
    flow.create(FlowMove(by="申请人"))

    result = flow.decide("approve", FlowMove(by="甲"))

    assert (result.refused, len(result.errors)) == (True, 1)
    assert "before_next.初审" not in stage.ran
    assert flow.at == "初审"


@pytest.mark.parametrize(
    ("says", "refused"), [(False, True), ("金额有误", True), (True, False), (None, False)]
)
def test_a_form_may_refuse_to_be_submitted_again(says: Any, *, refused: bool) -> None:
    flow, stage = flow_of(TWO)
    stage.plays["submit"] = lambda _form, _ctx: says if flow.status == "rejected" else None
    flow.creation = FormSubject(
        runner=stage, tell=stage.told.append, scripts=stage.scripts("submit")
    )
    flow.submit(FlowMove(by="申请人"))
    flow.decide("reject", FlowMove(by="甲"))
    flow.begin_action()

    result = flow.resubmit(FlowMove(by="申请人"))

    assert result.refused is refused
    assert flow.status == ("rejected" if refused else "processing")
    assert [one["action"] for one in flow.history[2:]] == ([] if refused else ["resubmit"])
    assert flow.collect_facts()["tasks"] == (
        {"初审": {"甲": "refused"}} if refused else {"初审": {"甲": "untreated"}}
    )


def test_owners_whom_a_hook_gave_its_own_node_are_those_of_that_stay() -> None:
    given: list[Any] = [[{"owner_id": 8}], None, [], [{"owner_id": 9}]]
    flow, _ = flow_of(TWO, {"owners.初审": lambda _form, _ctx: given.pop(0)})
    flow.create(FlowMove(by="申请人"))
    seen = [flow.find_people_to_act_now()]
    for by in ("8", "甲"):
        flow.decide("reject", FlowMove(by=by))
        flow.resubmit(FlowMove(by="申请人"))
        seen.append(flow.find_people_to_act_now())

    assert seen == [["8"], ["甲"], []]


def test_owners_whom_a_hook_gave_a_later_node_are_those_of_every_stay_there() -> None:
    given: list[Any] = [{"复审": [{"owner_id": 8}], "初审": [{"owner_id": 5}]}, None]
    flow, _ = flow_of(TWO, {"owners.初审": lambda _form, _ctx: given.pop(0)})
    flow.create(FlowMove(by="申请人"))
    approve(flow, "5")
    assert flow.find_people_to_act_now() == ["8"]
    flow.decide("reject", FlowMove(by="8"))
    assert (flow.at, flow.find_people_to_act_now()) == ("初审", ["甲"])
    approve(flow, "甲")

    assert flow.find_people_to_act_now() == ["8"]


@pytest.mark.parametrize(
    ("member", "named", "code"),
    [
        ("action", [("ctx", "action")], None),
        ("无此", [("ctx", "无此")], None),
        ("form", [("ctx", "form")], "BAD_WRITE"),
        ("project", [("ctx", "project")], "BAD_WRITE"),
    ],
)
def test_what_a_script_writes_into_ctx_is_noted(
    member: str, named: list[tuple[str, str]], code: str | None
) -> None:
    flow, _ = flow_of(TWO)
    flow.create(FlowMove(by="申请人"))
    result = flow.begin_action()
    _, ctx = flow.make_script_views()
    place = Place("a.js", 3)

    if code is None:
        ctx.write(member, 1, place)
    else:
        with pytest.raises(SubjectError, match=f"ctx.{member} takes an object") as refused:
            ctx.write(member, 1, place)
        assert refused.value.code == code
    assert result.named_writes == [NamedWrite(*pair, place) for pair in named]


def test_a_project_that_is_created_while_its_hook_waits_is_created_once() -> None:
    def create(_form: Any, _ctx: Any) -> None:
        if not begun:
            begun.append(1)
            with flow.begin_concurrent_action():
                flow.create(FlowMove(by="甲"))

    begun: list[int] = []
    flow, _ = flow_of(TWO, {"create": create})

    with pytest.raises(SubjectError, match="already created; it is at '初审'") as late:
        flow.create(FlowMove(by="申请人"))

    assert late.value.code == "ALREADY_CREATED"
    assert [(one["action"], one["by"]) for one in flow.history] == [("submit", "甲")]


@pytest.mark.parametrize(
    ("status", "actor", "code"),
    [
        ("new", "戊", None),
        ("processing", "甲", None),
        ("processing", "乙", "NOT_OWNER"),
        ("processing", "申请人", "NOT_OWNER"),
        ("rejected", "申请人", None),
        ("rejected", "甲", "NOT_ALLOWED"),
        ("returned", "申请人", None),
        ("returned", "甲", "NOT_ALLOWED"),
        ("cancelled", "甲", "NOT_UNDER_WAY"),
        ("cancelled", "申请人", "NOT_UNDER_WAY"),
    ],
)
def test_a_form_is_filled_in_by_whose_turn_it_is(status: str, actor: str, code: str | None) -> None:
    flow, stage = flow_of(TWO)
    flow.creation = FormSubject(runner=stage, tell=stage.told.append, fields=flow.form)
    if status != "new":
        flow.submit(FlowMove(by="申请人"))
    if status == "rejected":
        flow.decide("reject", FlowMove(by="甲"))
    elif status == "returned":
        flow.send_back(FlowMove(by="甲", others=("start",)))
    elif status == "cancelled":
        flow.withdraw(FlowMove(by="申请人"))
    flow.actor = actor

    if code is None:
        flow.set({"金额": 3})
        assert flow.form["金额"] == 3
        return
    with pytest.raises(SubjectError) as refused:
        flow.set({"金额": 3})
    assert (refused.value.code, flow.form) == (code, {})


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        (None, []),
        ("", []),
        ("经理", []),
        ("总监", ["级别: '总监' is none of its options; there are 经理, 员工, 7"]),
        (7, []),
        ("7", ["级别: '7' is none of its options; write 7, without quotes"]),
        (["经理", "总监", "老板"], ["级别: '总监' is none of its options"]),
    ],
)
def test_a_value_is_held_against_its_options(value: Any, problems: list[str]) -> None:
    stage = PlainStage({})
    form = FormSubject(runner=stage, tell=stage.told.append)
    form.set_state("级别", "options", ["经理", {"value": "员工", "label": "x"}, 7])

    found = list(find_option_problems(form, "级别", value))

    assert len(found) == len(problems)
    assert all(one.startswith(text) for one, text in zip(found, problems, strict=True)), found


def test_each_column_of_a_table_is_held_against_its_own_options() -> None:
    stage = PlainStage({})
    form = FormSubject(runner=stage, tell=stage.told.append)
    form.set_state("明细.单位", "options", ["个", "箱"])
    form.set_state("明细.税率", "options", [3, 6])
    rows = [{"单位": "个", "税率": 6}, {"单位": "件", "税率": 6}, {"单位": "箱", "税率": 9}]

    found = list(find_option_problems(form, "明细", rows))

    assert [one.partition(" is none")[0] for one in found] == ["明细.单位: '件'", "明细.税率: 9"]


@pytest.mark.parametrize(
    ("empty", "at", "pending", "acts"),
    [
        ("refuse", "初审", [], None),
        ("approve", "复审", ["乙"], "approve"),
        ("reject", "止", [], "reject"),
        ("admins", "初审", ["管", "7"], None),
    ],
)
def test_a_node_that_nobody_owns_does_what_its_setting_says(
    empty: Any, at: str, pending: list[str], acts: str | None
) -> None:
    nodes = {**TWO, "初审": FlowNode(empty=empty, approve="复审", reject="止")}
    flow, _ = flow_of(nodes, settings={"admins": ("管", 7)})
    flow.create(FlowMove(by="申请人"))

    assert (flow.at, flow.find_people_to_act_now()) == (at, pending)
    assert [(one["action"], one["by"]) for one in flow.history[1:]] == (
        [(acts, "")] if acts else []
    )
    if empty == "admins":
        approve(flow, "7")
        assert flow.at == "复审"


@pytest.mark.parametrize(
    ("offers", "decides", "said"),
    [
        ({"approve": "复审"}, "approve", ""),
        ({"approve": "复审"}, "reject", "ended rejected, and node '初审' offers no reject"),
        ({"approve": "复审", "reject": "止"}, "reject", ""),
    ],
)
def test_the_end_of_a_sub_flow_needs_a_way_on(offers: Any, decides: Any, said: str) -> None:
    steps = {"报": FlowNode(owners=("丁",), approve="完", reject="完"), "完": END}
    parts = FlowParts(definition=Definition(flow="比价", start="报", nodes=steps))
    seen: list[tuple[str, str]] = []
    nodes = {**TWO, "初审": FlowNode(subflow="比价", **offers)}
    flow, _ = flow_of(
        nodes,
        {
            f"{event}.初审": lambda _form, ctx: seen.append((ctx["step_id"], ctx["action"]))
            for event in ("approve", "reject")
        },
        subflows={"比价": parts},
    )
    flow.create(FlowMove(by="申请人"))
    child = flow.find("比价")
    assert (child.find("比价"), child.find("")) == (child, child)

    if said:
        with pytest.raises(SubjectError, match=said) as refused:
            child.decide(decides, FlowMove(by="丁"))
        assert refused.value.code == "NO_ROUTE"
        assert (child.status, flow.at) == ("processing", "初审")
        return
    child.decide(decides, FlowMove(by="丁"))
    assert seen == [("初审", decides)]
    assert flow.at == offers[decides]


def test_the_end_of_a_project_ends_the_sub_flows_that_still_run() -> None:
    nodes = {
        "甲": FlowNode(subflow=SubFlow(flow="比价", wait=False), approve="乙"),
        "乙": FlowNode(subflow=SubFlow(flow="比价", wait=False), approve="丙"),
        "丙": FlowNode(subflow=SubFlow(flow="比价", wait=False), approve="复审"),
        "复审": FlowNode(owners=("己",), approve="止"),
        "止": END,
    }
    flow, _ = flow_of(nodes, subflows={"比价": BIDS})
    flow.create(FlowMove(by="申请人"))
    flow.find("比价").decide("approve", FlowMove(by="丁"))
    flow.find("比价#2").send_back(FlowMove(by="丁", others=("start",)))

    flow.withdraw(FlowMove(by="申请人"))

    assert [one.status for one in flow.children.values()] == ["finished", *["terminated"] * 2]


@pytest.mark.parametrize(("runs", "pending"), [(True, ["8"]), (False, [])])
def test_what_is_possible_is_known_with_or_without_the_hooks_of_owners(
    runs: bool, pending: list[str]
) -> None:
    calls: list[int] = []

    def owners(_form: Any, _ctx: Any) -> Any:
        calls.append(1)
        return [{"owner_id": 8}]

    flow, _ = flow_of(TWO, {"owners.初审": owners}, at="初审")
    moves = [flow.find_possible_moves(runs_owner_hooks=runs) for _ in range(2)]

    assert [[one.by for one in found if one.by] for found in moves] == [pending, pending]
    assert len(calls) == len(pending)
    assert {one.offered_actions for one in moves[0]} == {("approve", "reject")}


def test_a_preview_from_where_a_project_began_asks_the_hook_who_acts_there() -> None:
    """It did not arrive there, so that nothing has asked before."""
    flow, _ = flow_of(TWO, {"owners.初审": lambda _form, _ctx: [{"owner_id": 8}]}, at="初审")

    seen = flow.preview(FlowMove())

    assert (seen["owners"]["初审"], seen["status"]) == (["8"], "finished")


@pytest.mark.parametrize("now", [0.0, 9.0])
def test_what_is_with_its_starter_is_there_since_it_was_refused(now: float) -> None:
    clock = [0.0]
    flow, _ = flow_of(TWO, now=lambda: clock[0])
    flow.create(FlowMove(by="申请人"))
    flow.decide("reject", FlowMove(by="甲"))
    clock[0] = now

    [task] = flow.find_possible_moves()

    assert (task.node, task.by, task.arrived, task.visit) == ("start", "", 0.0, -2)


def test_a_hook_of_a_branch_sees_its_own_node() -> None:
    seen: list[Any] = []
    nodes = {
        **SPLIT,
        "询价": FlowNode(owners=("乙",), title="向三家询价", approve="合", deadline=60.0),
    }
    flow, _ = flow_of(
        nodes, {"approve.询价": lambda _form, ctx: seen.append(ctx["step"])}, format_time=str
    )
    flow.create(FlowMove(by="申请人"))
    approve(flow, "张三")
    flow.decide("approve", FlowMove(at="询价", by="乙"))

    assert flow.at == "法务"
    assert seen == [
        {
            "id": "询价",
            "name": "向三家询价",
            "flow_step_id": "询价",
            "owner": [{"owner_id": "乙", "status": 1}],
            "plan_start_time": "0.0",
            "plan_end_time": "60.0",
            "delay_level": 0,
        }
    ]


@pytest.mark.parametrize(
    ("instant", "levels", "level"),
    [(59.9, [0, 0], 0), (60.0, [1, 0], 1), (90.0, [2, 0], 2), (120.0, [2, 1], 2)],
)
def test_a_project_is_as_late_as_its_latest_branch(
    instant: float, levels: list[int], level: int
) -> None:
    nodes = {
        **SPLIT,
        "法务": FlowNode(
            owners=("甲",), approve="合", deadline=(Deadline(after=60), Deadline(after=90))
        ),
        "询价": FlowNode(owners=("乙",), approve="合", deadline=120.0),
    }
    flow, _ = flow_of(nodes, now=lambda: 0.0)
    flow.create(FlowMove(by="申请人"))
    approve(flow, "张三")

    flow.fire_due_deadlines(instant)

    assert flow.collect_facts()["delay_level"] == level
    assert [visit.level for visit in flow.visits.values()] == levels
    flow.decide("approve", FlowMove(at="法务", by="甲"))
    assert flow.collect_facts()["delay_level"] == levels[1]


def test_the_outputs_of_all_scripts_of_an_action_are_in_its_result() -> None:
    result = Result()
    one: Any = Outcome(
        console=("c",),  # type: ignore[arg-type]
        timers=("t",),  # type: ignore[arg-type]
        unhandled=("u",),  # type: ignore[arg-type]
        unawaited=("w",),  # type: ignore[arg-type]
        absent_reads=("a",),  # type: ignore[arg-type]
        unranked=("r",),  # type: ignore[arg-type]
    )
    for _ in range(2):
        result.add_outcome(one)

    kept = (result.console, result.timers, result.unhandled, result.unawaited)
    assert [*kept, result.absent_reads, result.unranked] == [[name] * 2 for name in "ctuwar"]
    assert (result.errors, result.ran, result.value) == ([], False, None)


@pytest.mark.parametrize("text", ["open.", "submit.", "change.", "click", ".", "change"])
def test_an_event_has_a_name_behind_its_dot_or_no_dot(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|has no event"):
        parse_event(text, "form")


def test_the_branches_that_are_still_to_come_are_told_in_order() -> None:
    names = ("丙", "甲", "丁", "乙", "戊")
    nodes: dict[str, FlowNode] = {
        "分": FlowNode(parallel=names, join="合"),
        **{name: FlowNode(owners=(name,), approve="合") for name in names},
        "合": FlowNode(owners=("己",), approve="止"),
        "止": END,
    }
    flow, stage = flow_of(nodes)
    flow.create(FlowMove(by="申请人"))
    for name in names:
        flow.decide("approve", FlowMove(at=name, by=name))

    told = [one for one in stage.told if isinstance(one, BranchArrived)]
    assert [one.waiting for one in told] == [
        tuple(sorted(names[number:])) for number in range(1, 5)
    ]
    assert {(one.join, one.node == one.branch) for one in told} == {("合", True)}


def test_an_error_of_a_condition_is_the_only_one() -> None:
    def fail(_form: Any, _ctx: Any) -> None:
        raise Thrown("x is not defined", "ReferenceError")

    nodes = {**TWO, "初审": FlowNode(owners=("甲",), approve=Transition(when="ctx.a", to="复审"))}
    flow, stage = flow_of(nodes)
    stage.plays["return Boolean(ctx.a\n);"] = fail
    flow.create(FlowMove(by="申请人"))

    result = flow.decide("approve", FlowMove(by="甲"))

    assert [str(error) for error in result.errors] == ["ReferenceError: x is not defined"]
    assert flow.at == "初审"
    assert flow.collect_facts()["tasks"] == {"初审": {"甲": "untreated"}}


@pytest.mark.parametrize(
    ("event", "says", "ran"),
    [
        ("before_next.初审", "额度不足", 1), ("before_next.初审", False, 1),
        ("before_next.初审", True, 3), ("before_next.初审", None, 3),
        ("approve.初审", "额度不足", 3), ("approve.初审", False, 1),
    ],
)  # fmt: skip
def test_a_text_stops_the_scripts_of_a_node_where_it_refuses(
    event: str, says: Any, ran: int
) -> None:
    flow, stage = flow_of(TWO)
    flow.scripts = {event: tuple(Script("", f"{event}{n}") for n in range(3))}
    for n in range(3):
        stage.plays[f"{event}{n}"] = lambda _form, _ctx: says
    flow.create(FlowMove(by="申请人"))

    flow.decide("approve", FlowMove(by="甲"))

    assert len(stage.ran) == ran


def test_a_sub_flow_has_the_clock_and_the_user_of_its_project() -> None:
    clock = [50.0]
    steps = {"报": FlowNode(owners=("丁",), approve="完", deadline=5.0), "完": END}
    parts = FlowParts(definition=Definition(flow="比价", start="报", nodes=steps))
    nodes = {**TWO, "初审": FlowNode(subflow="比价", approve="复审")}
    flow, _ = flow_of(
        nodes, subflows={"比价": parts}, now=lambda: clock[0], format_time=lambda at: f"t{at}",
        user={"id": 7}, people={"丁": "丁某"},
    )  # fmt: skip
    flow.create(FlowMove(by="申请人"))
    child = flow.find("比价")

    assert flow.find_next_due() == 55.0
    assert (child.user, child.people, child.parent) == ({"id": 7}, {"丁": "丁某"}, flow)
    assert child.project_members["create_time"] == "t50.0"
    clock[0] = 56.0
    flow.fire_due_deadlines(54.9)
    assert flow.notified == []
    flow.fire_due_deadlines(55.0)
    assert (child.notified, flow.find_next_due()) == (
        [{"kind": "deadline", "to": ["丁"], "node": "报"}], None,
    )  # fmt: skip
