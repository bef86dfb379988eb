"""What is wrong with flows, told before anything runs: file, line, column, and the near name."""

from __future__ import annotations

import re

import pytest

from tests.scenario.door import PROXY, Door, steps

GOOD = """\
flow: 合同
start: 会审
nodes:
  会审: {parallel: [法务, 财务], join: 用印}
  法务: {owners: [陈律师], approve: 用印}
  财务: {owners: [赵会计, 钱会计], complete: 60%, approve: 用印}
  用印: {subflow: 盖章, approve: 结束, reject: 结束}
  结束: {end: true}
"""
CHILD = """\
flow: 盖章
start: 盖
nodes:
  盖: {owners: [印章员], approve: 完}
  完: {end: true}
"""
HEAD = """\
version: 1
scenario: 合同
flow: {definition: 流程.yaml, subflows: {盖章: {definition: 盖章.yaml}}}
user: 张三
"""


def told(door: Door, main: str = GOOD, child: str = CHILD, *more: str) -> str:
    text = HEAD + PROXY + steps("submit: {}", *more)
    return door.run(text, {"流程.yaml": main, "盖章.yaml": child}).text


def make_starting_flow(name: str, subflows: str) -> str:
    """Return a flow of a node for each of *subflows*, in this order, and one with an owner."""
    called = subflows.split()
    nodes = [
        f"  环节{number}: {{subflow: {one}, approve: 环节{number + 1}, reject: 完}}\n"
        for number, one in enumerate(called)
    ]
    last = f"  环节{len(called)}: {{owners: [印章员], approve: 完}}\n  完: {{end: true}}\n"
    return f"flow: {name}\nstart: 环节0\nnodes:\n{''.join(nodes)}{last}"


def test_the_flow_itself_is_good(door: Door) -> None:
    assert "1 passed" in told(door)


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (
            "法务: {owners: [陈律师], approve: 用印}",
            "法务: {owners: [陈律师], approve: 结束}",
            (
                "流程.yaml:4:19: nodes.会审.parallel[0]: the join '用印' can never complete: "
                "the branch '法务' leads to '结束', which ends the flow"
            ),
        ),
        (
            "法务: {owners: [陈律师], approve: 用印}",
            "法务: {owners: [陈律师], approve: 财务}",
            "流程.yaml:4:23: nodes.会审.parallel[1]: the branches '法务' and '财务' share '财务'",
        ),
        (
            "法务: {owners: [陈律师], approve: 用印}",
            "法务: {owners: [陈律师], approve: 用印, reject: 财务}",
            "流程.yaml:5:36: nodes.法务.reject: '财务' lies in another branch than '法务'",
        ),
        (
            "join: 用印",
            "join: 用印印",
            "流程.yaml:4:28: nodes.会审.join: no node '用印印'; did you mean '用印'?",
        ),
        (
            ", join: 用印",
            "",
            "4:8: nodes.会审.parallel: parallel needs join: the node that waits for all",
        ),
        ("[法务, 财务]", "[法务]", "4:8: nodes.会审.parallel: parallel needs two branches or more"),
        ("60%", "3", "6:28: nodes.财务.complete: 3 of 2 owners can never be reached"),
        ("60%", "al", "6:28: nodes.财务.complete: expected any, all, in_order"),
        (
            "[赵会计, 钱会计]",
            "[赵会计, 赵会计]",
            "6:8: nodes.财务.owners: the owner '赵会计' is there twice",
        ),
        (
            "subflow: 盖章",
            "subflow: 盖张",
            "7:8: nodes.用印.subflow: no sub-flow '盖张'; did you mean '盖章'?",
        ),
        (
            "owners: [陈律师],",
            "owners: [陈律师], deadline: 0s,",
            "5:23: nodes.法务.deadline: the deadline is over when the project arrives",
        ),
        (
            "owners: [陈律师],",
            "owners: [陈律师], deadline: -2d,",
            "5:33: nodes.法务.deadline: expected",
        ),
        (
            "owners: [陈律师],",
            "owners: [陈律师], deadline: {after: 2d, then: reject},",
            "nodes.法务.deadline.then: the node does not offer reject; it offers approve",
        ),
        (
            "owners: [陈律师],",
            "owners: [陈律师], deadline: {after: 2d, to: 财物},",
            "nodes.法务.deadline.to: no node '财物'; did you mean '财务'?",
        ),
        (
            "subflow: 盖章",
            "owners: [印章员], subflow: 盖章",
            "owners belongs to a node where people decide",
        ),
    ],
)
def test_what_can_never_work_is_told_at_load(
    door: Door, before: str, after: str, problem: str
) -> None:
    assert before in GOOD
    assert problem in told(door, GOOD.replace(before, after))


@pytest.mark.parametrize(
    ("subflow", "place"),
    [
        ("盖张", "7:8: nodes.用印.subflow"),
        ("{flow: 盖张}", "7:18: nodes.用印.subflow.flow"),
        ("{form: {金额: 金额}, flow: 盖张, wait: false}", "7:34: nodes.用印.subflow.flow"),
    ],
)
def test_a_sub_flow_that_there_is_not_is_told_where_it_is_named(
    door: Door, subflow: str, place: str
) -> None:
    text = told(door, GOOD.replace("subflow: 盖章", f"subflow: {subflow}"))

    assert f"流程.yaml:{place}: no sub-flow '盖张'; did you mean '盖章'?" in text


@pytest.mark.parametrize(
    ("starts", "circles", "unstarted"),
    [
        ({"": "盖章", "盖章": "归档"}, {}, []),
        ({"": "盖章 归档", "盖章": "归档"}, {}, []),
        ({"": "盖章", "盖章": "归档 盖章"}, {"盖章": "盖章.yaml:5"}, []),
        (
            {"": "盖章", "盖章": "归档", "归档": "盖章"},
            {"归档": "归档.yaml:4", "盖章": "盖章.yaml:4"},
            [],
        ),
        (
            {"": "盖章", "盖章": "备案 归档", "归档": "备案 登记", "登记": "盖章"},
            {"归档": "归档.yaml:5", "登记": "登记.yaml:4", "盖章": "盖章.yaml:5"},
            [],
        ),
        ({"": "盖章", "盖章": "归档", "归档": "归档"}, {"归档": "归档.yaml:4"}, []),
        (  # of two ways back the first
            {"": "盖章", "盖章": "归档 盖章", "归档": "备案 盖章 归档"},
            {"归档": "归档.yaml:5", "盖章": "盖章.yaml:4"},
            [],
        ),
        ({"": "盖章", "归档": ""}, {}, ["归档"]),
        ({"": "盖章", "归档": "登记"}, {}, ["归档", "登记"]),
        ({"": "盖章", "归档": "归档"}, {"归档": "归档.yaml:4"}, ["归档"]),
        ({"": "", "盖章": ""}, {}, ["盖章"]),
    ],
)
def test_a_sub_flow_that_starts_itself_or_that_nobody_starts_is_told_at_load(
    door: Door, starts: dict[str, str], circles: dict[str, str], unstarted: list[str]
) -> None:
    names = sorted({"盖章", *starts, *" ".join(starts.values()).split()} - {""})
    declared = ", ".join(f"{name}: {{definition: {name}.yaml}}" for name in names)
    head = (
        f"version: 1\nscenario: 合同\nflow: {{definition: 流程.yaml, subflows: {{{declared}}}}}\n"
    )
    files = {f"{name}.yaml": make_starting_flow(name, starts.get(name, "")) for name in names}
    files["流程.yaml"] = make_starting_flow("合同", starts[""])
    text = door.run(f"{head}user: 张三\n{PROXY}{steps('submit: {}')}", files).text

    found = re.findall(r"(\S+):\d+: \S+: the sub-flow '(\w+)' starts itself", text)
    assert sorted(found) == sorted((place, name) for name, place in circles.items())
    assert sorted(re.findall(r"no node starts the sub-flow '(\w+)'", text)) == unstarted


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("approve: {at: 法物}", "approve.at: no node '法物'; did you mean '法务'?"),
        ("return: {to: 法物}", "return.to: no node '法物'; did you mean '法务'?"),
        ("hand_over: {by: 陈律师}", "hand_over: expected to: who"),
        ("approve: {project: 盖张}", "approve.project: no sub-flow '盖张'; did you mean '盖章'?"),
        (
            "add_owner: {to: 甲, where: befor}",
            "add_owner.where: expected one of before, after, beside",
        ),
        ("expect: {flow: {at: [法务, 财物]}}", "flow.at[1]: no node '财物'; did you mean '财务'?"),
        ("withdraw: {at: 法务}", "withdraw.at: unknown key 'at'"),
        (
            "{advance: 1s, during: {call: crm, steps: []}}",
            "during.call: expected call: platform.api",
        ),
    ],
)
def test_steps_that_name_what_is_not_there_are_told_at_load(
    door: Door, step: str, problem: str
) -> None:
    text = told(door, GOOD, CHILD, step)

    assert problem in text
    assert "场景.scenario.yaml:" in text


def test_who_is_listed_is_all_there_are(door: Door) -> None:
    text = HEAD + "people: {陈律师: {name: 陈}, 赵会计: 赵, 印章员: 印, 张三: 张}\n" + PROXY
    ended = door.run(text + steps("submit: {}"), {"流程.yaml": GOOD, "盖章.yaml": CHILD})

    assert "流程.yaml:6:22: nodes.财务.owners[1]: people has no '钱会计'" in ended.text


@pytest.mark.parametrize("name", ["王会计", "副会计", "陈律", "赵四"])
def test_another_person_is_no_slip_of_the_pen(door: Door, name: str) -> None:
    ended = door.run(
        HEAD + PROXY + steps("submit: {}", f"hand_over: {{by: 赵会计, to: {name}}}"),
        {"流程.yaml": GOOD, "盖章.yaml": CHILD},
    )

    assert ended.code == 0, ended.text


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        ("approve: {by: 钱会计, at: 法务}", "钱会计 is not an owner of '法务'; its owners: 陈律师"),
        ("approve: {by: 张三}", "it is at '法务' and '财务'; say at which of them, with at"),
        ("return: {by: 陈律师, to: 用印}", "the project has not passed '用印'"),
        ("hand_over: {by: 赵会计, to: 钱会计}", "钱会计 is an owner of '财务' already"),
        ("resubmit: {}", "the project is processing; only what was refused or returned"),
        ("terminate: {by: 陈律师}", "only an administrator or the project's owner may (张三)"),
        ("set: {x: 1}", ""),
    ],
)
def test_who_may_not_is_told_who_may(door: Door, step: str, wrong: str) -> None:
    assert wrong in told(door, GOOD, CHILD, step)
