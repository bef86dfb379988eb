"""What a flow tells of an action: events, history, facts, and what its scripts see in ``ctx``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bpmax_sim.errors import CallError, Place, ScriptError, SubjectError, TransportError
from bpmax_sim.i18n import translate
from bpmax_sim.subject.definition import (
    Deadline,
    Definition,
    FlowNode,
    FlowParts,
    LoadedNodeForm,
    NodeForm,
    SubFlow,
    SubFlowResult,
    Transition,
)
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.form import FormSubject, find_changed_columns
from bpmax_sim.subject.hooks import (
    FieldChanged,
    FieldReassigned,
    FlowMove,
    NodeEntered,
    RouteEvaluated,
    add_refusal_code,
    read_thrown_refusal,
)
from tests.subject.stage import PlainStage, Play, Thrown

END = FlowNode(end=True)


def flow_of(
    nodes: Mapping[str, FlowNode],
    plays: Mapping[str, Play] | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    **fields: Any,
) -> tuple[FlowSubject, PlainStage]:
    stage = PlainStage({**(plays or {})})
    start = next(iter(nodes))
    flow = FlowSubject(
        runner=stage,
        tell=stage.told.append,
        scripts=stage.scripts(*(plays or {})),
        definition=Definition(flow="采购", start=start, nodes=nodes, **(settings or {})),
        **fields,
    )
    return flow, stage


def approve(flow: FlowSubject, *people: str) -> None:
    for by in people:
        flow.decide("approve", FlowMove(by=by))


TWO = {
    "初审": FlowNode(owners=("甲",), approve="复审", reject="止"),
    "复审": FlowNode(owners=("乙",), approve="止", reject="初审"),
    "止": END,
}


def test_a_sub_flow_that_is_begun_thrice_has_three_projects() -> None:
    nodes = {
        "询价": FlowNode(subflow="比价", approve="复审", reject="复审"),
        "复审": FlowNode(owners=("乙",), approve="止", reject="询价"),
        "止": END,
    }
    parts = FlowParts(
        definition=Definition(
            flow="比价", start="报", nodes={"报": FlowNode(owners=("丙",), approve="完"), "完": END}
        )
    )
    other = FlowParts(definition=Definition(flow="x", start="完", nodes={"完": END}))
    flow, _ = flow_of(nodes, subflows={"比价": parts, "比": other})
    flow.create(FlowMove(by="申请人"))
    for name in ("比价", "比价#2", "比价#3"):
        child = flow.find(name)
        assert (child.status, flow.visits["询价"].child) == ("processing", name)
        child.decide("approve", FlowMove(by="丙"))
        flow.decide("reject", FlowMove(by="乙"))

    assert [*flow.children] == ["比价", "比价#2", "比价#3", "比价#4"]
    assert [one.status for one in flow.children.values()] == [*["finished"] * 3, "processing"]


@pytest.mark.parametrize(
    ("project", "known"),
    [({"id": 7, "name": "甲案"}, 7), ({"name": "甲案"}, "甲案"), ({"id": 0}, 0), ({}, None)],
)
def test_the_project_of_a_sub_flow_knows_its_starting_project_and_node(
    project: dict[str, Any], known: Any
) -> None:
    nodes = {"询价": FlowNode(subflow="比价", approve="止"), "止": END}
    steps = {"报": FlowNode(owners=("丙",), approve="完"), "完": END}
    child = FlowParts(definition=Definition(flow="比价", start="报", nodes=steps))
    flow, _ = flow_of(nodes, subflows={"比价": child}, project=project, format_time=str)
    flow.create(FlowMove(by="申请人"))

    assert flow.find("比价").project == {"project_id": known, "step_id": "询价"}
    ids = [part.project_members["id"] for part in (flow, flow.find("比价"))]
    assert ids == [project.get("id", 1), 2]
    assert flow.find("比价").starter == "申请人"


def test_a_result_that_is_given_is_told_as_its_project_s() -> None:
    nodes = {"询价": FlowNode(subflow="比价", approve="止", reject="止"), "止": END}
    given = FlowParts(stand_in=SubFlowResult(result={"价": 9}, status="finished"))
    flow, stage = flow_of(nodes, subflows={"比价": given})
    flow.create(FlowMove(by="申请人"))

    told = [(one.node, one.previous, one.action) for one in stage.told if type(one) is NodeEntered]
    assert told == [
        ("询价", "", "create"), ("比价/", "比价/", "finished"), ("止", "询价", "approve"),
    ]  # fmt: skip
    assert flow.collect_facts()["projects"]["比价"]["form"] == {"价": 9}


TASK_KEYS: tuple[tuple[str, Any], ...] = (
    ("owners", ("甲",)),
    ("complete", "all"),
    ("empty", "approve"),
    ("deadline", 60.0),
    ("form", NodeForm(fields={"金额": "hidden"})),
)


@pytest.mark.parametrize(("key", "value"), TASK_KEYS)
@pytest.mark.parametrize(
    ("kind", "is_task"),
    [
        ({"end": True}, False),
        ({"parallel": ("一", "二"), "join": "三"}, False),
        ({"subflow": "比价", "approve": "三"}, False),
        ({"subflow": SubFlow(flow="比价", wait=False), "approve": "三"}, False),
        ({"approve": "三"}, True),
        ({"reject": "三"}, True),
    ],
)
def test_what_people_decide_with_belongs_where_people_decide(
    kind: dict[str, Any], key: str, value: Any, *, is_task: bool
) -> None:
    nodes = {
        "零": FlowNode(owners=("甲",), approve="查", reject="一"),
        "查": FlowNode(**kind, **{key: value}),
        "一": FlowNode(owners=("甲",), approve="三"),
        "二": FlowNode(owners=("甲",), approve="三"),
        "三": FlowNode(owners=("甲",), approve="零", reject="二"),
    }
    definition = Definition(flow="x", start="零", nodes=nodes, admins=("管",))

    found = [(path, translate(text)) for path, text in definition.find_mistakes()]

    wrong = f"{key} belongs to a node where people decide"
    assert found == ([] if is_task else [(("nodes", "查", key), wrong)])


@pytest.mark.parametrize(
    ("law", "finance", "wrong"),
    [
        (FlowNode(owners=(1,), approve="汇总"), FlowNode(owners=(2,), approve="汇总"), []),
        (FlowNode(owners=(1,), approve="汇总", reject="止"), FlowNode(approve="汇总"), []),
        (
            FlowNode(owners=(1,), approve="止"),
            FlowNode(owners=(2,), approve="汇总"),
            [(0, "the branch '法务' leads to '止', which ends the flow")],
        ),
        (
            FlowNode(owners=(1,), approve="汇总"),
            FlowNode(approve=(Transition(to="汇总", when="ctx.a"), Transition(to="止"))),
            [(1, "the branch '财务' leads to '止', which ends the flow")],
        ),
        (
            FlowNode(owners=(1,), approve="法务"),
            FlowNode(owners=(2,), approve="汇总"),
            [(0, "the branch '法务' does not lead to it")],
        ),
    ],
)
def test_every_branch_leads_to_its_join_and_to_no_end(
    law: FlowNode, finance: FlowNode, wrong: list[tuple[int, str]]
) -> None:
    nodes = {
        "分头": FlowNode(parallel=("法务", "财务"), join="汇总"),
        "法务": law,
        "财务": finance,
        "汇总": FlowNode(owners=(3,), approve="止"),
        "止": END,
    }

    found = Definition(flow="x", start="分头", nodes=nodes).find_mistakes()

    assert [(path, translate(text)) for path, text in found] == [
        (("nodes", "分头", "parallel", number), f"the join '汇总' can never complete: {text}")
        for number, text in wrong
    ]


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("editable", {"visible": True, "readonly": False, "required": False}),
        ("readonly", {"visible": True, "readonly": True, "required": False}),
        ("hidden", {"visible": False, "readonly": False, "required": False}),
        ("required", {"visible": True, "readonly": False, "required": True}),
    ],
)
def test_a_node_shows_a_field_in_one_of_four_ways(state: Any, shown: dict[str, bool]) -> None:
    assert NodeForm(fields={"金额": state}).states == {"金额": shown}


def test_states_that_scripts_set_at_a_node_are_there_when_it_is_shown_again() -> None:
    nodes = {
        "分": FlowNode(parallel=("法务", "财务"), join="合"),
        "法务": FlowNode(owners=("甲",), approve="合"),
        "财务": FlowNode(owners=("乙",), approve="合"),
        "合": FlowNode(owners=("丙",), approve="止"),
        "止": END,
    }
    hidden = LoadedNodeForm(states={"税率": {"visible": False}})
    flow, _ = flow_of(nodes, form={"金额": 1, "税率": 2}, screens={"财务": hidden})
    flow.create(FlowMove(by="申请人"))

    def shown(by: str) -> tuple[bool, bool]:
        flow.actor = by
        states = flow.current_form.read_states
        return states("金额")["visible"], states("税率")["visible"]

    assert [shown("甲"), shown("乙")] == [(True, True), (True, False)]
    flow.actor = "甲"
    flow.current_form.set_state("金额", "visible", False)
    assert [shown("甲"), shown("乙"), shown("甲")] == [(False, True), (True, False), (False, True)]


@pytest.mark.parametrize(
    ("fields", "cause", "name", "is_refusal"),
    [
        ({}, None, "Error", True),
        ({}, None, "Uncaught", True),
        ({}, None, "TypeError", False),
        ({}, None, "RangeError", False),
        ({"code": "E1"}, None, "Error", True),
        ({"code": "BUSINESS"}, None, "Error", True),
        ({"code": CallError.default_code}, None, "Error", False),
        ({"code": "E1", "platform_key": "crm"}, None, "Error", False),
        ({"platform_key": "crm"}, None, "Error", True),
        ({"code": "E1"}, TransportError("x"), "Error", False),
        ({}, TransportError("x"), "Error", True),
        ({"code": "E1"}, ScriptError("x"), "Error", True),
        ({"code": "E1"}, ValueError("x"), "Error", True),
    ],
)
def test_an_error_refuses_unless_it_is_that_of_a_call(
    fields: dict[str, Any], cause: Exception | None, name: str, *, is_refusal: bool
) -> None:
    thrown = ScriptError("额度不足", name=name, fields=fields)
    thrown.__cause__ = cause

    assert read_thrown_refusal(thrown) == ("额度不足" if is_refusal else None)
    add_refusal_code(thrown)
    assert thrown.fields.get("code") == fields.get("code", "REFUSED" if is_refusal else None)


@pytest.mark.parametrize(
    ("message", "name", "text"),
    [
        ("'额度不足'", "Uncaught", "额度不足"),
        ('"额度不足"', "Uncaught", "额度不足"),
        ("`额度`", "Uncaught", "额度"),
        ("'额度不足'", "Error", "'额度不足'"),
        ("'额度\"", "Uncaught", "'额度\""),
        ("额度额", "Uncaught", "额度额"),
        ("''", "Uncaught", ""),
        ("'", "Uncaught", "'"),
        ("", "Uncaught", ""),
    ],
)
def test_a_text_that_is_thrown_is_told_without_its_quotes(
    message: str, name: str, text: str
) -> None:
    assert read_thrown_refusal(ScriptError(message, name=name)) == text
    assert read_thrown_refusal(SubjectError("x", code="X")) is None


@pytest.mark.parametrize(
    ("old", "new", "columns"),
    [
        (({"量": 1},), [{"量": 2}], ["量"]),
        ([{"量": 1}], ({"量": 2, "价": 1},), ["量", "价"]),
        (({"量": 1},), ({"量": 1},), []),
        (None, ({"量": 1},), ["量"]),
        (({"量": 1},), "x", ["量"]),
        ([1, {"量": 1}], [2, {"量": 1}], []),
    ],
)
def test_rows_of_a_script_are_a_table_like_those_of_a_person(
    old: Any, new: Any, columns: list[str]
) -> None:
    assert list(find_changed_columns(old, new)) == columns


def test_what_a_deadline_does_is_in_the_history_under_its_name() -> None:
    nodes = {
        "初审": FlowNode(
            owners=("甲",),
            approve="复审",
            deadline=(Deadline(after=5), Deadline(after=9, to="复审")),
        ),
        "复审": FlowNode(owners=("乙",), reject="止", deadline=Deadline(after=7, then="reject")),
        "止": END,
    }
    clock = [0.0]
    flow, stage = flow_of(nodes, now=lambda: clock[0])
    flow.create(FlowMove(by="申请人"))
    for clock[0] in (5, 9, 16):
        flow.fire_due_deadlines(clock[0])

    assert [(one["node"], one["action"], one["by"]) for one in flow.history] == [
        ("", "submit", "申请人"),
        ("初审", "deadline", ""),
        ("初审", "deadline", ""),
        ("复审", "deadline", ""),
        ("复审", "reject", ""),
    ]
    told = [(one.node, one.action) for one in stage.told if isinstance(one, NodeEntered)]
    assert told == [("初审", "create"), ("复审", "deadline"), ("止", "reject")]
    assert (flow.status, flow.collect_facts()["passed"]) == ("rejected", ["初审", "复审"])
    assert flow.notified == [{"kind": "deadline", "to": ["甲"], "node": "初审"}]


def test_only_a_title_that_has_a_script_is_a_fact() -> None:
    plays: dict[str, Play] = {"task_title": lambda _form, ctx: f"{ctx['step_id']}：{ctx['action']}"}
    flow, stage = flow_of(TWO, plays)
    flow.creation = FormSubject(runner=stage, tell=stage.told.append)
    flow.submit(FlowMove(by="申请人"))

    assert flow.titles == {"task_title": "初审：create"}
    approve(flow, "甲")
    assert flow.collect_facts()["task_title"] == "复审：approve"
    assert "visibility" not in flow.collect_facts()


@pytest.mark.parametrize("at", ["", "复审", "无此"])
def test_who_submits_again_does_so_at_no_node(at: str) -> None:
    flow, stage = flow_of(TWO)
    flow.create(FlowMove(by="申请人"))
    flow.decide("reject", FlowMove(by="甲", comment="金额有误"))

    result = flow.resubmit(FlowMove(by="申请人", at=at, comment="已改"))

    assert (result.refused, flow.at, flow.status) == (False, "初审", "processing")
    assert flow.history[-1] == {"node": "", "action": "resubmit", "by": "申请人", "comment": "已改"}
    last = [one for one in stage.told if isinstance(one, NodeEntered)][-1]
    assert (last.node, last.previous, last.action, last.by) == ("初审", "止", "resubmit", "申请人")


def test_one_resubmission_while_the_form_of_another_waits_is_enough() -> None:
    flow, stage = flow_of(TWO)
    meanwhile: list[str] = []

    def submit(_form: Any, _ctx: Any) -> None:
        if flow.status == "rejected" and not meanwhile:
            meanwhile.append("甲")
            with flow.begin_concurrent_action():
                flow.resubmit(FlowMove(by="申请人"))

    stage.plays["submit"] = submit
    flow.creation = FormSubject(
        runner=stage, tell=stage.told.append, scripts=stage.scripts("submit")
    )
    flow.submit(FlowMove(by="申请人"))
    flow.decide("reject", FlowMove(by="甲"))

    with pytest.raises(SubjectError, match="cannot resubmit: the project is processing") as late:
        flow.resubmit(FlowMove(by="申请人"))

    assert late.value.code == "NOT_RETURNED"
    assert [one["action"] for one in flow.history] == ["submit", "reject", "resubmit"]


def test_what_is_refused_where_it_stands_goes_back_nowhere() -> None:
    flow, stage = flow_of(TWO, {"before_next.复审": lambda _form, _ctx: "额度不足"})
    flow.create(FlowMove(by="申请人"))
    approve(flow, "甲")
    before = len(stage.told)

    approve(flow, "乙")

    assert flow.at == "复审"
    assert [one for one in stage.told[before:] if isinstance(one, NodeEntered)] == []
    assert [(node, left) for left, node in flow.arrivals] == [("初审", ""), ("复审", "初审")]


def test_what_was_passed_before_an_action_that_fails_stays_told_as_passed() -> None:
    def fail(_form: Any, _ctx: Any) -> None:
        raise Thrown("无此部门")

    nodes = {
        **TWO,
        "复审": FlowNode(owners=("乙",), approve="终审"),
        "终审": FlowNode(approve="止"),
    }
    flow, stage = flow_of(nodes, {"owners.终审": fail})
    flow.create(FlowMove(by="申请人"))
    approve(flow, "甲", "乙")

    told = [one for one in stage.told if isinstance(one, NodeEntered)]
    assert [(one.node, one.previous, one.action) for one in told] == [
        ("初审", "", "create"),
        ("复审", "初审", "approve"),
        ("终审", "复审", "approve"),
        ("复审", "终审", "undo"),
    ]
    assert [entry["by"] for entry in flow.history] == ["申请人", "甲"]
    assert flow.passed_nodes == ["初审"]


def test_values_are_computed_after_each_of_several_decisions() -> None:
    nodes = {**TWO, "初审": FlowNode(owners=("甲", "乙", "丙"), complete="all", approve="复审")}
    plays: dict[str, Play] = {
        "computed": lambda _form, ctx: {"最后": ctx["userInfo"].get("id", "")}
    }
    flow, _ = flow_of(nodes, plays)
    flow.create(FlowMove(by="申请人"))
    seen = []
    for by in ("甲", "乙", "丙"):
        approve(flow, by)
        seen.append(flow.form["最后"])

    assert (seen, flow.at) == (["甲", "乙", "丙"], "复审")


def test_a_script_sees_the_action_that_it_belongs_to() -> None:
    seen: list[tuple[str, ...]] = []

    def note(event: str) -> Play:
        def play(_form: Any, ctx: Any) -> None:
            post = ",".join(f"{name}={value}" for name, value in ctx["postData"].items())
            said = (ctx["action"], ctx["step_id"], ctx["target_step"], ctx["description"], post)
            seen.append((event, *said))

        return play

    nodes = {
        "初审": FlowNode(owners=("甲",), approve="空"),
        "空": FlowNode(empty="approve", approve="复审"),
        "复审": FlowNode(owners=("乙",), approve="止", reject="止"),
        "止": END,
    }
    events = (
        "create", "project_name", "before_next.初审", "approve.初审", "approve.空", "reject.复审",
    )  # fmt: skip
    flow, _ = flow_of(nodes, {event: note(event) for event in events})
    flow.create(FlowMove(by="申请人", comment="急", form={"金额": 1}))
    flow.decide("approve", FlowMove(by="甲", comment="同意", form={"税率": 2}))
    flow.decide("reject", FlowMove(by="乙"))

    assert seen == [
        ("create", "create", "", "", "急", "金额=1"),
        ("project_name", "create", "", "", "急", "金额=1"),
        ("before_next.初审", "approve", "初审", "空", "同意", "税率=2"),
        ("approve.初审", "approve", "初审", "空", "同意", "税率=2"),
        ("approve.空", "approve", "空", "", "同意", ""),
        ("reject.复审", "reject", "复审", "止", "", ""),
    ]


def test_a_user_whom_a_script_changes_stays_who_he_is() -> None:
    flow, _ = flow_of(TWO, user={"id": "甲", "name": "王五"})
    flow.create(FlowMove(by="申请人"))
    _, ctx = flow.make_script_views()
    info = ctx.snapshot()["userInfo"]
    info["name"] = "别人"

    assert dict(flow.user) == {"id": "甲", "name": "王五"}
    assert (ctx.snapshot()["step_id"], ctx.snapshot()["action"]) == ("初审", "")


def test_each_route_that_was_tried_is_told_with_its_condition() -> None:
    routes = (
        Transition(when="ctx.form.金额 > 9", to="终审"),
        Transition(when="ctx.form.急", to="终审"),
        Transition(to="复审"),
        Transition(to="止"),
    )
    nodes = {
        **TWO,
        "初审": FlowNode(owners=("甲",), approve=routes),
        "终审": FlowNode(owners=("丙",), approve="止"),
    }
    plays: dict[str, Play] = {
        f"return Boolean({route.when}\n);": lambda _form, _ctx: False for route in routes[:2]
    }
    flow, stage = flow_of(nodes, plays, form={"金额": 9})
    flow.create(FlowMove(by="申请人"))
    approve(flow, "甲")

    told = [one for one in stage.told if isinstance(one, RouteEvaluated)]
    assert [(one.action, one.to, one.taken, one.when, [*one.values]) for one in told] == [
        ("approve", "终审", False, "ctx.form.金额 > 9", ["ctx.form.金额"]),
        ("approve", "终审", False, "ctx.form.急", ["ctx.form.急"]),
        ("approve", "复审", True, "", []),
    ]
    assert told[0].values == {"ctx.form.金额": 9}


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ("withdraw", "it is cancelled, it is at no node"),
        ("terminate", "it is terminated, it is at no node"),
        ("approve", "it is processing, it is at '复审'"),
    ],
)
def test_who_decides_after_the_project_went_on_is_told_where_it_is(ends: str, said: str) -> None:
    def meanwhile(_form: Any, _ctx: Any) -> None:
        with flow.begin_concurrent_action():
            if ends == "approve":
                stage.plays["before_next.初审"] = lambda _form, _ctx: None
                flow.decide("approve", FlowMove(by="乙"))
            else:
                done = getattr(flow, ends)(FlowMove(by="申请人"))
                assert (done.refused, done.errors) == (False, [])

    nodes = {**TWO, "初审": FlowNode(owners=("甲", "乙"), approve="复审")}
    flow, stage = flow_of(nodes, {"before_next.初审": meanwhile})
    flow.create(FlowMove(by="申请人"))

    with pytest.raises(SubjectError, match=f"meanwhile the project went on; {said}$") as late:
        approve(flow, "甲")

    assert late.value.code == "MOVED_ON"
    assert flow.history[-1]["action"] == ends


def test_who_decided_before_the_node_to_which_it_goes_back_has_decided() -> None:
    nodes = {
        "起草": FlowNode(owners=("张三",), approve="初审"),
        "初审": FlowNode(owners=("甲", "乙"), complete="all", approve="复审"),
        "复审": FlowNode(owners=("丙",), approve="终审"),
        "终审": FlowNode(owners=("丁",), approve="止"),
        "止": END,
    }
    flow, _ = flow_of(nodes)
    flow.create(FlowMove(by="申请人"))
    approve(flow, "张三", "甲", "乙", "丙")

    flow.send_back(FlowMove(by="丁", others=("初审",)))

    assert flow.collect_facts()["tasks"] == {
        "起草": {"张三": "passed"}, "初审": {"甲": "untreated", "乙": "untreated"},
    }  # fmt: skip
    assert flow.collect_facts()["passed"] == ["起草", "初审", "复审", "终审"]


@pytest.mark.parametrize(
    ("at", "sender", "back"),
    [("法务", "甲", "分"), ("内二", "丁", "分"), ("合", "戊", "合"), ("起草", "张三", "起草")],
)
def test_what_was_sent_back_from_a_branch_goes_on_at_the_outermost_gateway(
    at: str, sender: str, back: str
) -> None:
    nodes = {
        "起草": FlowNode(owners=("张三",), approve="分"),
        "分": FlowNode(parallel=("法务", "内"), join="合"),
        "内": FlowNode(parallel=("内一", "内二"), join="内合"),
        "内一": FlowNode(owners=("丙",), approve="内合"),
        "内二": FlowNode(owners=("丁",), approve="内合"),
        "内合": FlowNode(owners=("丙",), approve="合"),
        "法务": FlowNode(owners=("甲",), approve="合"),
        "合": FlowNode(owners=("戊",), approve="止"),
        "止": END,
    }
    flow, _ = flow_of(nodes, settings={"resubmit": "back"})
    flow.create(FlowMove(by="申请人"))
    if at != "起草":
        approve(flow, "张三")
    if at == "合":
        for node, by in (("法务", "甲"), ("内一", "丙"), ("内二", "丁"), ("内合", "丙")):
            flow.decide("approve", FlowMove(at=node, by=by))
    flow.send_back(FlowMove(at=at, by=sender, others=("start",)))
    assert (flow.status, flow.sender, [*flow.visits]) == ("returned", at, [])

    flow.resubmit(FlowMove(by="申请人"))

    stands = ["法务", "内一", "内二"] if back == "分" else [back]
    assert ([*flow.visits], flow.sender) == (stands, "")


def test_a_form_tells_where_a_script_wrote_a_field() -> None:
    stage = PlainStage({})
    form = FormSubject(runner=stage, tell=stage.told.append, fields={"金额": 1}, name="比价")
    view, _ = form.make_script_views()
    place = Place("open.js", 3)
    view.write("金额", 2, place)
    view.write("金额", 2, place)

    assert stage.told == [
        FieldChanged(field="比价/金额", old=1, new=2, by="js", place=place),
        FieldReassigned(field="比价/金额", by="js", place=place),
    ]
    assert [one.is_by_script for one in stage.told if isinstance(one, FieldChanged)] == [True]


@pytest.mark.parametrize(
    ("by", "seen"),
    [
        ("", {"id": 7, "name": "王五", "dept": "财务"}),
        ("7", {"id": 7, "name": "王五", "dept": "财务"}),
        ("8", {"id": 8, "name": "李四"}),
        ("9", {"id": "9", "name": "赵六", "dept": "法务"}),
        ("10", {"id": 10}),
        ("11", {"id": "11"}),
    ],
)
def test_a_script_sees_who_acts_as_he_is_known(by: str, seen: dict[str, Any]) -> None:
    infos: list[Any] = []
    people = {"8": "李四", "9": {"name": "赵六", "dept": "法务"}, "10": "", "7": "别人"}
    nodes = {**TWO, "初审": FlowNode(owners=(7, 8, "9", 10, "11"), approve="复审")}
    flow, _ = flow_of(
        nodes,
        {"create": lambda _form, ctx: infos.append(ctx["userInfo"]),
         "approve.初审": lambda _form, ctx: infos.append(ctx["userInfo"])},
        user={"id": 7, "name": "王五", "dept": "财务"},
        people=people,
    )  # fmt: skip
    flow.create(FlowMove())
    flow.decide("approve", FlowMove(by=by))

    assert infos == [{"id": 7, "name": "王五", "dept": "财务"}, seen]


def test_a_node_may_pass_by_itself_more_than_a_hundred_times_in_all() -> None:
    nodes = {
        "空": FlowNode(empty="approve", approve="初审"),
        "初审": FlowNode(owners=("甲",), reject="空", approve="止"),
        "止": END,
    }
    flow, _ = flow_of(nodes)
    flow.create(FlowMove(by="申请人"))
    for _ in range(105):
        flow.decide("reject", FlowMove(by="甲"))

    assert (flow.at, len(flow.passed_nodes)) == ("初审", 1 + 2 * 105)
    assert flow.history[-1] == {"node": "空", "action": "approve", "by": ""}


@pytest.mark.parametrize(
    ("field", "value", "states"),
    [
        ("$visible", {"金额": False}, {"金额": {"visible": False}}),
        ("$required", {"金额": True, "税率": True},
         {"金额": {"required": True}, "税率": {"required": True}}),
        ("$options", {"金额": [1]}, {"金额": {"options": [1]}}),
        ("金额", 3, {}),
    ],
)  # fmt: skip
def test_a_script_of_a_flow_sets_states_of_its_form(
    field: str, value: Any, states: dict[str, Any]
) -> None:
    flow, stage = flow_of(TWO, form={"金额": 1, "税率": 2})
    flow.create(FlowMove(by="申请人"))
    form, ctx = flow.make_script_views()
    form.write(field, value, None)
    ctx.links["project"].write("$visible", 7, None)

    assert flow.find_changed_states() == states
    assert (flow.form["金额"], flow.project) == (3 if field == "金额" else 1, {"$visible": 7})
    told = [one.field for one in stage.told if isinstance(one, FieldChanged)]
    assert told == [*(["金额"] if field == "金额" else []), "project.$visible"]
