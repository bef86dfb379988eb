"""Flows at their corners: who acts where nobody is named, what counts again, what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bpmax_sim.errors import SubjectError
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.subject.definition import (
    Deadline,
    Definition,
    FlowNode,
    SubFlow,
    Transition,
)
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.form import FormSubject
from bpmax_sim.subject.hooks import UNDO, FieldChanged, FlowMove, NodeEntered, RouteEvaluated
from tests.subject.stage import Thrown
from tests.subject.test_what_flows_keep import BIDS, SPLIT
from tests.subject.test_what_flows_tell import END, TWO, approve, flow_of


def _refusal(flow: FlowSubject, action: str, move: FlowMove) -> str:
    """Return the code with which *action* is refused."""
    with pytest.raises(SubjectError) as caught:
        getattr(flow, action)(move)
    return str(caught.value.code)


def _steps(flow: FlowSubject) -> list[tuple[str, str, str]]:
    return [(entry["node"], entry["action"], entry["by"]) for entry in flow.history]


def test_what_a_script_of_the_form_made_of_an_entry_is_what_the_project_begins_with() -> None:
    flow, stage = flow_of(TWO, {"change.金额": lambda form, _ctx: form.__setitem__("金额", 1280)})
    flow.creation = FormSubject(
        runner=stage, tell=stage.told.append, fields=flow.form, scripts=stage.scripts("change.金额")
    )

    flow.submit(FlowMove(by="张三", form={"金额": 1280.5}))

    assert flow.form == {"金额": 1280}


@pytest.mark.parametrize(
    ("by", "user", "starter"),
    [("张三", "李四", "张三"), ("", "李四", "李四"), ("张三", None, "张三"), ("", None, "")],
)
def test_who_creates_a_project_is_who_is_named_or_else_the_user(
    by: str, user: str | None, starter: str
) -> None:
    flow, _ = flow_of(TWO, user={} if user is None else {"id": user})

    flow.create(FlowMove(by=by))

    assert (flow.starter, _steps(flow)) == (starter, [("", "submit", starter)])


@pytest.mark.parametrize(
    ("user", "by", "code"),
    [
        ("", "", ""),  # nobody is known: the first who may
        ("", "张三", ""),
        ("张三", "", ""),
        ("李四", "", "NOT_ALLOWED"),
        ("李四", "张三", ""),
        ("张三", "李四", "NOT_ALLOWED"),
    ],
)
def test_a_project_is_withdrawn_by_who_is_named_or_else_by_the_user(
    user: str, by: str, code: str
) -> None:
    flow, _ = flow_of(TWO, user={"id": user} if user else {})
    flow.create(FlowMove(by="张三"))

    if code:
        assert _refusal(flow, "withdraw", FlowMove(by=by)) == code
        assert flow.status == "processing"
    else:
        flow.withdraw(FlowMove(by=by))
        assert (flow.status, _steps(flow)[-1]) == ("cancelled", ("初审", "withdraw", "张三"))


def test_a_task_that_is_handed_over_twice_stays_with_the_last_when_it_comes_again() -> None:
    """Also over somebody whose id is a number."""
    flow, _ = flow_of(TWO)
    flow.create(FlowMove(by="张三"))
    flow.hand_over(FlowMove(by="甲", others=(7,)))
    flow.hand_over(FlowMove(by="7", others=("丙",)))
    approve(flow, "丙")
    flow.decide("reject", FlowMove(by="乙"))

    assert flow.transfers == {"初审": {"甲": "7", "7": "丙"}}
    assert flow.collect_facts()["owners"] == ["丙"]


def test_a_project_that_goes_back_into_a_branch_begins_at_the_outermost_gateway() -> None:
    nodes = {
        "内": FlowNode(parallel=("甲审", "乙审"), join="内合"),
        "外": FlowNode(parallel=("内", "旁"), join="外合"),
        "甲审": FlowNode(owners=("甲",), approve="内合"),
        "乙审": FlowNode(owners=("乙",), approve="内合"),
        "内合": FlowNode(owners=("丁",), approve="外合"),
        "旁": FlowNode(owners=("丙",), approve="外合"),
        "外合": FlowNode(owners=("戊",), approve="止"),
        "止": END,
    }
    flow, _ = flow_of(nodes)
    flow.definition = Definition(flow="采购", start="外", nodes=nodes, resubmit="back")
    flow.create(FlowMove(by="张三"))
    approve(flow, "丙")
    assert [*flow.visits] == ["甲审", "乙审"]

    flow.send_back(FlowMove(by="甲", others=("start",)))
    flow.resubmit(FlowMove(by="张三"))

    assert [*flow.visits] == ["甲审", "乙审", "旁"]
    assert (flow.sender, flow.status) == ("", "processing")


def test_a_preview_leaves_forms_and_the_result_of_the_action_as_they_were() -> None:
    flow, _ = flow_of(TWO, {"computed": lambda _form, _ctx: {"税": 1}})
    flow.create(FlowMove(by="张三"))
    front = flow.current_form
    result = flow.begin_action()

    foreseen = flow.preview(FlowMove())

    assert (foreseen["end"], foreseen["nodes"]) == ("止", ["初审", "复审"])
    assert flow.current_form is front
    assert result.value is None
    assert flow.previews is False
    flow.decide("approve", FlowMove(by="甲"))
    assert flow.at == "复审"


def test_a_project_that_came_back_while_a_script_waited_is_another_stay() -> None:
    nodes = {**TWO, "初审": FlowNode(owners=("甲", "丁"), approve="复审", reject="止")}
    went = False

    def wait(_form: Any, _ctx: Any) -> None:
        nonlocal went
        if went:
            return
        went = True
        with flow.begin_concurrent_action():
            flow.decide("approve", FlowMove(by="丁"))
        with flow.begin_concurrent_action():
            flow.decide("reject", FlowMove(by="乙"))

    flow, _ = flow_of(nodes, {"before_next.初审": wait})
    flow.create(FlowMove(by="张三"))

    assert _refusal_of_approval(flow, "甲") == "MOVED_ON"
    assert flow.at == "初审"
    assert flow.find_people_to_act_now() == ["甲", "丁"]
    assert _steps(flow)[1:] == [("初审", "approve", "丁"), ("复审", "reject", "乙")]


def _refusal_of_approval(flow: FlowSubject, by: str) -> str:
    with pytest.raises(SubjectError) as caught:
        flow.decide("approve", FlowMove(by=by))
    return str(caught.value.code)


def test_at_a_node_that_waits_for_a_sub_flow_nobody_acts_and_nobody_is_meant() -> None:
    flow, _ = flow_of(SPLIT, subflows={"比价": BIDS})
    flow.create(FlowMove(by="申请人"))
    approve(flow, "张三")
    assert [*flow.visits] == ["法务", "询价"]

    with pytest.raises(SubjectError) as caught:
        flow.decide("approve", FlowMove(at="询价"))
    assert caught.value.code == "NOT_AT_NODE"

    flow.decide("approve", FlowMove())  # 法务 alone is open, and its owner acts
    assert [*flow.visits] == ["询价"]
    assert _refusal_of_approval(flow, "甲") == "WAITS_FOR_SUBFLOW"


@pytest.mark.parametrize("rule", ["all", "in_order", 3, "100%"])
def test_where_nobody_is_named_those_act_who_have_not_decided(rule: str | int) -> None:
    nodes = {"会签": FlowNode(owners=("甲", "乙", "丙"), complete=rule, approve="止"), "止": END}
    flow, _ = flow_of(nodes)
    flow.create(FlowMove(by="张三"))

    for _ in range(3):
        flow.decide("approve", FlowMove())

    assert flow.status == "finished"
    assert [by for _, action, by in _steps(flow) if action == "approve"] == ["甲", "乙", "丙"]


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("初审", "NOT_PASSED"),
        ("复审", ""),
        ("start", ""),
        ("止", "NOT_PASSED"),
        ("无", "NOT_PASSED"),
    ],
)
def test_a_project_returns_to_nodes_that_it_passed_but_not_to_where_it_is(
    to: str, code: str
) -> None:
    flow, _ = flow_of(TWO)
    flow.create(FlowMove(by="张三"))
    approve(flow, "甲")
    flow.decide("reject", FlowMove(by="乙"))
    assert flow.at == "初审"

    if code:
        assert _refusal(flow, "send_back", FlowMove(by="甲", others=(to,))) == code
    else:
        flow.send_back(FlowMove(by="甲", others=(to,)))
        assert flow.at == ("" if to == "start" else to)


def test_a_project_that_starts_within_a_branch_has_passed_no_node_of_another() -> None:
    flow, _ = flow_of(SPLIT, at="法务", subflows={"比价": BIDS})

    assert _refusal(flow, "send_back", FlowMove(by="甲", others=("定价",))) == "NOT_PASSED"


def test_what_was_decided_before_the_last_stay_at_a_node_is_kept_by_a_return_to_it() -> None:
    route = (Transition(when="ctx.form.大额", to="核价"), Transition(to="法务"))
    nodes = {
        "初审": FlowNode(owners=("甲",), approve=route),
        "核价": FlowNode(owners=("乙",), approve="法务", reject="初审"),
        "法务": FlowNode(owners=("丙",), approve="止", reject="止"),
        "止": END,
    }
    script = "return Boolean(ctx.form.大额\n);"
    flow, _ = flow_of(nodes, {}, form={"大额": True})
    flow.runner.plays[script] = lambda _form, ctx: ctx["form"]["大额"]  # type: ignore[attr-defined]
    flow.create(FlowMove(by="张三"))
    approve(flow, "甲")
    flow.decide("reject", FlowMove(by="乙"))
    flow.decide("approve", FlowMove(by="甲", form={"大额": False}))
    assert flow.at == "法务"

    flow.send_back(FlowMove(by="丙", others=("初审",)))

    assert flow.collect_facts()["tasks"] == {
        "核价": {"乙": "refused"},
        "初审": {"甲": "untreated"},
    }


@pytest.mark.parametrize(
    ("then", "to", "status"),
    [("notify", "止", "finished"), ("approve", "", "finished"), ("reject", "", "rejected")],
)
def test_how_a_project_ends_by_a_deadline(then: Any, to: str, status: str) -> None:
    late = Deadline(after=60, then=then, to=to)
    nodes = {"审": FlowNode(owners=("甲",), approve="止", reject="止", deadline=late), "止": END}
    clock = [0.0]
    flow, _ = flow_of(nodes, now=lambda: clock[0])
    flow.create(FlowMove(by="张三"))

    clock[0] = 60.0
    flow.fire_due_deadlines(60.0)

    assert (flow.at, flow.status, flow.ended) == ("止", status, 60.0)


def test_of_several_who_are_not_asked_again_as_many_pass_as_the_rule_needs() -> None:
    nodes = {
        "会签": FlowNode(owners=("甲", "乙"), complete="all", approve="复核"),
        "复核": FlowNode(owners=("甲", "乙"), complete="any", approve="终审"),
        "终审": FlowNode(owners=("乙", "丙", "甲"), complete="all", approve="止"),
        "止": END,
    }
    flow, _ = flow_of(nodes, settings={"repeated": "none"})
    flow.create(FlowMove(by="张三"))
    approve(flow, "甲", "乙")

    assert _steps(flow)[3:] == [
        ("复核", "repeated", "甲"), ("复核", "approve", "甲"), ("终审", "repeated", "乙"),
        ("终审", "repeated", "甲"),
    ]  # fmt: skip
    assert flow.find_people_to_act_now() == ["丙"]


@pytest.mark.parametrize(
    ("people", "asked", "passed"),
    [
        (("甲", "乙"), [], ["甲", "乙"]),
        (("甲", "乙", "丙"), ["丙"], ["甲", "乙"]),
        (("丙", "乙", "甲"), ["丙"], ["乙", "甲"]),
        (("甲", "丙", "丁", "乙"), ["丙"], ["甲", "乙"]),
        (("丙", "丁"), ["丙"], []),
    ],
)
@pytest.mark.parametrize("setting", ["repeated", "applicant"])
def test_of_those_who_decide_in_order_the_first_who_has_to_be_asked_is(
    people: tuple[str, ...], asked: list[str], passed: list[str], setting: str
) -> None:
    is_starter = setting == "applicant"  # one person, who is asked neither at his place nor before
    known = passed if not is_starter else [one for one in passed if one == "甲"]
    nodes = {
        "会签": FlowNode(owners=("甲", "乙"), complete="all", approve="复核"),
        "复核": FlowNode(owners=people, complete="in_order", approve="止"),
        "止": END,
    }
    settings = {"applicant": "skip"} if is_starter else {"repeated": "none"}
    flow, _ = flow_of(nodes, settings=settings)
    flow.create(FlowMove(by="甲" if is_starter else "张三"))
    approve(flow, *(("乙",) if is_starter else ("甲", "乙")))

    left = [one for one in people if one not in known]
    assert [one for one in _steps(flow)[3:] if one[1] == setting] == [
        ("复核", setting, one) for one in known
    ]
    assert flow.find_people_to_act_now() == (left[:1] if is_starter else asked)
    approve(flow, *left)
    assert (flow.at, flow.status) == ("止", "finished")


@pytest.mark.parametrize("repeated", ["ask", "adjacent", "none"])
def test_what_was_approved_before_a_project_was_submitted_again_does_not_count(
    repeated: str,
) -> None:
    nodes = {
        "初审": FlowNode(owners=("甲",), approve="复审", reject="止"),
        "复审": FlowNode(owners=("甲", "乙"), complete="all", approve="止", reject="止"),
        "止": END,
    }
    flow, _ = flow_of(nodes, settings={"repeated": repeated})
    flow.create(FlowMove(by="张三"))
    approve(flow, "甲")
    flow.decide("reject", FlowMove(by="乙"))
    flow.resubmit(FlowMove(by="张三"))

    assert flow.find_people_to_act_now() == ["甲"]
    approve(flow, "甲")
    assert flow.find_people_to_act_now() == (["甲", "乙"] if repeated == "ask" else ["乙"])


def _ask(**subflow: Any) -> Mapping[str, FlowNode]:
    return {
        "审": FlowNode(owners=("甲",), approve="询价"),
        "询价": FlowNode(subflow=SubFlow(flow="比价", **subflow), approve="询单", reject="止"),
        "询单": FlowNode(subflow="询单", approve="止", reject="止"),
        "止": END,
    }


def test_sub_flows_are_numbered_by_their_flow_and_begun_for_the_starter() -> None:
    flow, stage = flow_of(
        _ask(form={"标的": "物料"}, back={"价": "报价", "备注": "无"}),
        subflows={"比价": BIDS, "询单": BIDS},
        form={"物料": "M8 螺栓"},
    )
    flow.create(FlowMove(by="申请人"))
    approve(flow, "甲")
    child = flow.find("比价")
    assert (child.starter, child.form) == ("申请人", {"标的": "M8 螺栓"})
    child.decide("approve", FlowMove(by="丁", form={"报价": 3.5}))

    assert [*flow.children] == ["比价", "询单"]
    changes = [one for one in stage.told if isinstance(one, FieldChanged) and one.field == "价"]
    assert [(one.new, one.by, one.is_by_script) for one in changes] == [(3.5, "比价", True)]
    assert flow.form == {"物料": "M8 螺栓", "价": 3.5, "备注": None}


def test_a_sub_flow_of_a_project_without_starter_is_begun_for_who_acts() -> None:
    flow, _ = flow_of(_ask(), at="审", subflows={"比价": BIDS, "询单": BIDS})

    approve(flow, "甲")

    assert (flow.starter, flow.find("比价").starter) == ("", "甲")


@pytest.mark.parametrize(
    ("owner", "wrong"), [("甲", False), (7, False), ("u1", False), ("7 ", True), ("丙", True)]
)
def test_owners_whom_a_script_gives_are_people_or_the_user(owner: Any, *, wrong: bool) -> None:
    flow, _ = flow_of(
        TWO,
        {"owners.初审": lambda _form, _ctx: [{"owner_id": owner}]},
        people={"甲": "甲先生", "7": {"name": "七"}},
        user={"id": "u1"},
    )

    result = flow.begin_action()
    flow.create(FlowMove())

    assert [error.code for error in result.errors] == (["UNKNOWN_PERSON"] if wrong else [])  # type: ignore[attr-defined]
    assert flow.status == ("new" if wrong else "processing")


def test_owners_of_0_are_those_of_a_node_of_that_name_or_else_of_the_project() -> None:
    for name, project, node in (("复审", [{"owner_id": "丙"}], ["乙"]), ("0", None, ["丙"])):
        nodes = {
            "初审": FlowNode(owners=("甲",), approve=name),
            name: FlowNode(owners=("乙",), approve="止"),
            "止": END,
        }
        flow, _ = flow_of(nodes, {"owners.初审": lambda _form, _ctx: {"0": [{"owner_id": "丙"}]}})
        flow.create(FlowMove(by="张三"))
        approve(flow, "甲")

        assert flow.project.get("owner") == project
        assert flow.collect_facts()["owners"] == node


def test_owners_given_to_a_node_take_away_what_was_decided_there_before() -> None:
    plays = {
        "owners.初审": lambda _form, _ctx: {
            "复审": [{"owner_id": "丙"}],
            "初审": [{"owner_id": "甲"}],
        }
    }
    flow, _ = flow_of(TWO, plays)
    flow.create(FlowMove(by="张三"))
    assert flow.collect_facts()["tasks"] == {"初审": {"甲": "untreated"}}
    approve(flow, "甲")
    flow.decide("reject", FlowMove(by="丙"))

    assert flow.collect_facts()["tasks"] == {"初审": {"甲": "untreated"}}
    approve(flow, "甲")
    assert flow.collect_facts()["owners"] == ["丙"]


@pytest.mark.parametrize(
    ("when", "values"),
    [
        ("ctx.form.客户.级别 > 1 && ctx.form.客户", {"ctx.form.客户.级别": 2}),
        ("ctx.form.明细[ctx.form.行].数量 > 1", {"ctx.form.明细": [{"数量": 3}], "ctx.form.行": 0}),
        (
            "ctx.action === 'approve' && ctx.form.无 !== 1",
            {"ctx.action": "approve", "ctx.form.无": UNDEFINED},
        ),
        ("ctx.project.name || ctx.step.id", {"ctx.project.name": "采购", "ctx.step.id": "初审"}),
    ],
)  # fmt: skip
def test_a_route_is_told_with_what_its_condition_reads(when: str, values: dict[str, Any]) -> None:
    nodes = {**TWO, "初审": FlowNode(owners=("甲",), approve=(Transition(when=when, to="复审"),))}
    form = {"客户": {"级别": 2}, "明细": [{"数量": 3}], "行": 0}
    flow, stage = flow_of(nodes, form=form)
    stage.plays[f"return Boolean({when}\n);"] = lambda _form, _ctx: True
    flow.create(FlowMove(by="张三"))

    approve(flow, "甲")

    [told] = [one for one in stage.told if isinstance(one, RouteEvaluated)]
    assert (told.values, told.taken, told.to) == (values, True, "复审")


def test_a_flow_that_starts_at_a_gateway_begins_its_branches_once() -> None:
    flow, stage = flow_of(SPLIT, at="分", subflows={"比价": BIDS})

    for _ in range(3):
        flow.begin_branches_or_child_at_start()

    assert [*flow.visits] == ["法务", "询价"]
    assert [*flow.children] == ["比价"]
    entered = [one.node for one in stage.told if isinstance(one, NodeEntered)]
    assert entered == ["分", "法务", "询价", "比价/报"]


def test_a_branch_whose_arrival_is_undone_is_told_to_be_back() -> None:
    def compute(_form: Any, _ctx: Any) -> None:
        if flow.arrivals and flow.arrivals[-1][1] == "合":
            raise Thrown("计算失败")

    nodes = {
        "分": FlowNode(parallel=("法务", "财务"), join="合"),
        "法务": FlowNode(owners=("甲",), approve="合"),
        "财务": FlowNode(owners=("乙",), approve="合"),
        "合": FlowNode(owners=("丙",), approve="止"),
        "止": END,
    }
    flow, stage = flow_of(nodes, {"computed": compute})
    flow.create(FlowMove(by="张三"))

    result = flow.begin_action()
    flow.decide("approve", FlowMove(at="法务", by="甲"))

    assert [str(error) for error in result.errors] == ["Error: 计算失败"]
    assert [*flow.visits] == ["法务", "财务"]
    assert stage.told[-1] == NodeEntered(node="法务", previous="合", action=UNDO, by="")


def test_a_node_that_passes_by_itself_after_a_return_names_nobody() -> None:
    nodes = {
        "自动": FlowNode(empty="approve", approve="复审"),
        "复审": FlowNode(owners=("乙",), approve="止"),
        "止": END,
    }
    flow, _ = flow_of(nodes)
    flow.create(FlowMove(by="张三"))

    flow.send_back(FlowMove(by="乙", others=("自动",)))

    assert flow.at == "复审"
    assert flow.history[-2:] == [
        {"node": "复审", "action": "return", "by": "乙", "to": ["自动"]},
        {"node": "自动", "action": "approve", "by": ""},
    ]


@pytest.mark.parametrize(("count", "ends"), [(99, True), (100, True), (101, False)])
def test_a_hundred_nodes_may_pass_by_themselves(count: int, *, ends: bool) -> None:
    nodes = {f"n{n}": FlowNode(empty="approve", approve=f"n{n + 1}") for n in range(count)}
    flow, _ = flow_of({**nodes, f"n{count}": END})

    if ends:
        flow.create(FlowMove(by="张三"))
        assert (flow.status, len(flow.passed_nodes)) == ("finished", count)
    else:
        assert _refusal(flow, "create", FlowMove(by="张三")) == "ENDLESS"


@pytest.mark.parametrize(
    ("viewer", "shown"),
    [("甲", "一审"), ("乙", "二审"), ("丙", "一审"), ("丁", "一审"), ("", "一审")],
)
def test_of_several_nodes_a_person_sees_the_only_one_that_is_his(viewer: str, shown: str) -> None:
    """丙 has two, 丁 has none: both see the first."""
    nodes = {
        "分": FlowNode(parallel=("一审", "二审", "三审", "四审"), join="合"),
        "一审": FlowNode(owners=("甲",), approve="合"),
        "二审": FlowNode(owners=("乙",), approve="合"),
        "三审": FlowNode(owners=("丙",), approve="合"),
        "四审": FlowNode(owners=("丙",), approve="合"),
        "合": END,
    }
    flow, _ = flow_of(nodes)
    flow.create(FlowMove(by="张三"))
    flow.actor = viewer

    assert flow.node_of_visible_form == shown


@pytest.mark.parametrize(
    ("people", "info"),
    [
        ({"7": {"id": "U-7", "name": "七"}}, {"id": "U-7", "name": "七"}),
        ({"7": {"name": "七"}}, {"id": 7, "name": "七"}),
        ({"7": "七"}, {"id": 7, "name": "七"}),
        ({"7": ""}, {"id": 7}),
        ({}, {"id": 7}),
    ],
)
def test_a_script_sees_who_acts_as_people_and_owners_name_him(
    people: dict[str, Any], info: dict[str, Any]
) -> None:
    seen: list[Any] = []
    nodes = {**TWO, "初审": FlowNode(owners=("甲", 7), approve="复审")}
    flow, _ = flow_of(
        nodes, {"approve.初审": lambda _form, ctx: seen.append(ctx["userInfo"])}, people=people
    )
    flow.create(FlowMove(by="张三"))

    approve(flow, "7")

    assert seen == [info]


@pytest.mark.parametrize("name", ["", "比价"])
def test_what_was_done_meanwhile_stays_where_the_action_fails_that_waited(name: str) -> None:
    """In the project itself, and in that of a sub-flow."""

    def wait(_form: Any, _ctx: Any) -> None:
        part = flow.find(name)
        with part.begin_concurrent_action():
            part.comment(FlowMove(by="丁" if name else "丙", comment="已核价"))
        raise Thrown("接口超时")

    nodes = {**SPLIT, "法务": FlowNode(owners=("甲", "丙"), approve="合", reject="止")}
    flow, _ = flow_of(nodes, {"approve.法务": wait}, subflows={"比价": BIDS})
    flow.create(FlowMove(by="申请人"))
    approve(flow, "张三")

    result = flow.begin_action()
    flow.decide("approve", FlowMove(at="法务", by="甲"))

    assert (result.refused, [*flow.visits]) == (True, ["法务", "询价"])
    assert [entry["action"] for entry in flow.find(name).history][-1] == "comment"


def test_each_of_several_nodes_keeps_the_states_of_fields_that_its_scripts_set() -> None:
    nodes = {
        "分": FlowNode(parallel=("一审", "二审", "三审"), join="合"),
        **{name: FlowNode(owners=("甲",), approve="合") for name in ("一审", "二审", "三审")},
        "合": END,
    }
    flow, _ = flow_of(nodes, form={"金额": 1})
    flow.create(FlowMove(by="张三"))

    def see(node: str, value: bool | None = None) -> object:
        flow.focus = node
        shown = flow.make_script_views()[0].links["$visible"]
        if value is not None:
            shown.write("金额", value, None)
        return shown.snapshot()["金额"]

    assert see("一审", False) is False
    assert see("二审", True) is True
    assert see("一审") is False
    assert see("三审", False) is False
    assert [see(node) for node in ("二审", "一审", "三审", "二审")] == [True, False, False, True]


def test_a_title_is_no_result_of_the_action_that_led_to_its_task() -> None:
    plays = {
        "create": lambda _form, _ctx: True,
        "task_title": lambda _form, ctx: f"待办：{ctx['step_id']}",
        "visibility": lambda _form, _ctx: {"复审": False},
    }
    flow, stage = flow_of(TWO, plays)
    flow.creation = FormSubject(runner=stage, tell=stage.told.append, fields=flow.form)

    assert flow.begin_action() is flow.create(FlowMove(by="张三"))
    assert flow.titles == {"task_title": "待办：初审", "visibility": {"复审": False}}
    result = flow.begin_action()
    flow.decide("approve", FlowMove(by="甲"))

    assert (result.value, flow.titles["task_title"]) == (None, "待办：复审")
    flow.decide("reject", FlowMove(by="乙"))
    flow.send_back(FlowMove(by="甲", others=("start",)))
    result = flow.begin_action()
    flow.resubmit(FlowMove(by="张三"))
    assert (result.value, flow.titles["task_title"]) == (None, "待办：初审")


def test_a_script_is_told_of_the_columns_of_tables_in_the_form_and_not_in_the_project() -> None:
    flow, _ = flow_of(TWO, tables=("明细", "附件"))
    form, ctx = flow.make_script_views()

    assert form.watched_members == ("明细", "附件")
    assert ctx.links["form"].watched_members == ("明细", "附件")  # type: ignore[attr-defined]
    assert ctx.links["project"].watched_members == ()  # type: ignore[attr-defined]


def test_a_preview_computes_after_each_approval() -> None:
    seen: list[str] = []
    flow, _ = flow_of(TWO, {"computed": lambda _form, ctx: seen.append(ctx["step_id"])})

    flow.preview(FlowMove(by="张三"))

    assert seen == ["", "初审", "复审"]


def test_rows_of_the_form_of_a_flow_are_replaced_by_their_change() -> None:
    flow, _ = flow_of(TWO, {"computed": lambda _form, ctx: {"行数": len(ctx["form"]["明细"])}})
    flow.create(FlowMove(by="张三", form={"明细": [{"sku": "M8"}]}))

    flow.set_rows("明细", lambda rows: [*rows, {"sku": "M10"}, {"sku": "M12"}])

    assert flow.form == {"明细": [{"sku": "M8"}, {"sku": "M10"}, {"sku": "M12"}], "行数": 3}


@pytest.mark.parametrize(("action", "by"), [("withdraw", "张三"), ("terminate", "张三")])
def test_the_end_of_a_project_is_told_from_where_it_was(action: str, by: str) -> None:
    flow, stage = flow_of(TWO)
    flow.create(FlowMove(by="张三"))
    approve(flow, "甲")

    getattr(flow, action)(FlowMove(by=by))

    told = [one for one in stage.told if isinstance(one, NodeEntered)]
    assert told[-1] == NodeEntered(node="", previous="复审", action=action, by=by)


def test_branches_at_the_start_are_begun_by_the_user() -> None:
    flow, stage = flow_of(SPLIT, at="分", subflows={"比价": BIDS}, user={"id": "u1"})

    flow.begin_branches_or_child_at_start()

    told = [one.by for one in stage.told if isinstance(one, NodeEntered)]
    assert told == ["u1"] * 4


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (TWO, "no project of a sub-flow '比'; none has begun"),
        (SPLIT, "no project of a sub-flow '比'; did you mean '比价'?"),
    ],
)
def test_a_project_that_is_not_there_is_told_with_those_that_are(
    nodes: Mapping[str, FlowNode], message: str
) -> None:
    flow, _ = flow_of(nodes, subflows={"比价": BIDS})
    flow.create(FlowMove(by="申请人"))
    approve(flow, next(iter(flow.find_people_to_act_now())))

    with pytest.raises(SubjectError) as caught:
        flow.find("比")

    assert (caught.value.code, str(caught.value)) == ("UNKNOWN_SUBFLOW", message)
