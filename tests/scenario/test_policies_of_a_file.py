# ruff: noqa: E501 - policies, one a line
"""Policies that cannot be: what is told of each in one file, and which one hides which."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.loading import list_problems

FLOW = """\
flow: 采购
start: 部门
admins: [行政]
nodes:
  部门: {owners: [李经理, 王总监], complete: all, approve: 财务, reject: 结束}
  财务: {owners: [赵会计], approve: 会审, reject: 部门, empty: admins}
  会审: {parallel: [法务, 风控], join: 用印}
  法务: {owners: [陈律师], approve: 用印}
  风控: {owners: ['${vars.专员}'], approve: 用印}
  用印: {subflow: 盖章, approve: 结束, reject: 结束}
  结束: {end: true}
"""
CHILD = "flow: 盖章\nstart: 盖\nnodes: {盖: {owners: [印章员], approve: 财务}, 财务: {owners: [孙出纳], approve: 完}, 完: {end: true}}\n"
FILES = {"流程.yaml": FLOW.replace("'${vars.专员}'", "吴专员"), "盖章.yaml": CHILD}
HEAD = """\
scenario: 采购
flow: {definition: 流程.yaml, subflows: {盖章: {definition: 盖章.yaml}}, form: {金额: 800}}
user: 张三
cases: [{id: 甲, 状态: 已审批}, {id: 乙, 状态: 已驳回}]
"""
STEPS = "steps: [{submit: {}}, {play: {until: 结束}, expect: {flow: {status: finished}}}, {if: '${case.状态} == 已审批', expect: {flow: {at: 结束}}}]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tell(folder: Path, *policies: str, head: str = HEAD, steps: str = STEPS) -> list[str]:
    """Return what is told of *policies*: number of the policy and message, without the place."""
    lines = "".join(f"  - {policy}\n" for policy in policies)
    begin = head.count("\n") + 2
    found = list_problems(folder, f"{head}policies:\n{lines}{steps}", FILES)
    told = []
    for one in found:
        _, _, rest = (
            one.partition(": ") if one.split(":")[0].rstrip("?").isalpha() else ("", "", one)
        )
        line, _, more = rest.partition(":")
        number = int(line) - begin if line.isdecimal() else line
        message = more.partition(": ")[2].removeprefix(f"policies[{number}]")
        told.append(f"{number} {message.removeprefix('.').removeprefix(': ')}")
    return told


def test_each_policy_is_told_what_is_wrong_with_it(folder: Path) -> None:
    policies = {
        "{at: 部门}": ["a policy says one thing that is done, not 0; it is one of"],
        "{at: 部门, approve: {}, reject: {}}": ["reject: a policy says one thing that is done, not 2; it is one of"],
        "{at: 部们, approve: {}}": ["at: no node '部们'; did you mean '部门'?"],
        "{at: 部门, by: 李经里, approve: {}}": ["by: '李经里' never has a task at '部门'; did you mean '李经理'?"],
        "{at: 部门, by: 赵会计, if: true, approve: {}}": ["by: '赵会计' never has a task at '部门'; there are 李经理, 王总监, 周副, 行政副"],
        "{at: 财务, by: 行政, reject: {}}": [],
        "{at: 财务, by: 孙出纳, approve: {}}": ["by: '孙出纳' never has a task at '财务'; there are 赵会计, 行政, 周副, 行政副"],
        "{at: 财务, project: 盖章, by: 孙出纳, approve: {}}": [],
        "{at: 财务, project: 盖张, approve: {}}": ["project: no sub-flow '盖张'; did you mean '盖章'?"],
        "{at: 盖, by: 印章员, approve: {}}": [],
        "{at: 盖, project: 盖章, reject: {}}": ["at: node '盖' does not offer reject; it offers approve"],
        "{at: 会审, approve: {}}": ["at: nobody decides at '会审': it is an end, a gateway or a sub-flow"],
        "{at: 用印, approve: {}}": ["at: nobody decides at '用印': it is an end, a gateway or a sub-flow"],
        "{at: 结束, approve: {}}": ["at: nobody decides at '结束': it is an end, a gateway or a sub-flow"],
        "{at: 法务, reject: {}}": ["at: node '法务' does not offer reject; it offers approve"],
        "{at: start, approve: {}}": ["at: at: start goes with resubmit, and resubmit with at: start"],
        "{at: 部门, resubmit: {}}": ["at: at: start goes with resubmit, and resubmit with at: start"],
        "{at: start, resubmit: {}}": [],
        "{at: 部门, approve: {by: 李经理}}": ["approve.by: write by beside approve, not in it"],
        "{at: 部门, approve: {at: 部门, project: x}}": ["approve.at: write at beside approve, not in it", "approve.project: write project beside approve, not in it"],
        "{at: 部门, if: '${case.状态} ==', approve: {}}": ["if: a value is missing"],
        "{at: 部门, only: [丙], approve: {}}": ["only[0]: no row '丙'; there are 甲, 乙"],
        "{at: 部门, by: 周副, hand_over: }": ["hand_over: expected to"],
        "{at: 部门, by: 李经理, hand_over: {by: 周副}}": ["hand_over.by: write by beside hand_over, not in it"],
        "{at: 部门, hand_over: {to: 周副}}": [],
        "{at: '*', only: [甲], add_owner: {to: [行政副]}}": [],
    }  # fmt: skip
    found = tell(folder, *policies)
    expected = [
        (number, told) for number, messages in enumerate(policies.values()) for told in messages
    ]
    plain = [one for one in found if "can never be used" not in one]
    assert len(plain) == len(expected), plain
    assert [
        (number, told)
        for one, (number, told) in zip(plain, expected, strict=True)
        if not one.startswith(f"{number} {told}")
    ] == [], plain


def test_policies_need_a_flow_and_a_step_that_plays(folder: Path) -> None:
    policy = "{at: 部门, approve: {}}"
    assert [
        one
        for one in tell(folder, policy, steps="steps: [{submit: {}, expect: {flow: {at: 部门}}}]\n")
        if "column" not in one
    ] == ["-1 policies: nothing runs these policies; add a step such as play: {until: …}"]
    head = "scenario: 采购\nform: {fields: {金额: 1}}\n"
    plain = "steps: [{set: {金额: 2}, expect: {form: {金额: 2}}}]\n"
    assert tell(folder, policy, head=head, steps=plain) == [
        "-1 policies: policies need flow.definition; without it nothing moves"
    ]
    scripts = HEAD.replace(
        "{definition: 流程.yaml,", "{definition: 流程.yaml, scripts: {%s: 人.js},"
    )
    (folder / "人.js").write_text("return []", encoding="utf-8")
    other = "{at: 部门, by: 赵会计, approve: {}}"
    texts = {
        event: bool(
            [one for one in tell(folder, other, head=scripts % event) if "never has" in one]
        )
        for event in ("owners.财务", "approve.部门")
    }
    assert texts == {"owners.财务": False, "approve.部门": True}
    hands = STEPS.replace("{play:", "{hand_over: {by: 李经理, to: 赵会计}}, {play:")
    assert [one for one in tell(folder, other, steps=hands) if "never has" in one] == []
    filled = hands.replace("to: 赵会计", "to: '${case.id}'")
    assert [one for one in tell(folder, other, steps=filled) if "never has" in one] == []


def test_a_policy_hides_those_behind_it_that_fit_no_more_than_it(folder: Path) -> None:
    def is_hidden(first: str, later: str) -> bool:
        return bool(
            [
                one
                for one in tell(folder, f"{{{first}}}", f"{{{later}}}")
                if "can never be used: the one in line 6 fits all" in one
            ]
        )

    pairs = {
        ("at: 部门, approve: {}", "at: 部门, reject: {}"): True,
        ("at: 部门, approve: {}", "at: 财务, approve: {}"): False,
        ("at: '*', approve: {}", "at: 部门, reject: {}"): True,
        ("at: '*', reject: {}", "at: 部门, approve: {}"): False,
        ("at: 部门, reject: {}", "at: 部门, approve: {}"): True,
        ("at: 部门, approve: {}", "at: '*', approve: {}"): False,
        ("at: 部门, by: 李经理, approve: {}", "at: 部门, approve: {}"): False,
        ("at: 部门, by: 李经理, approve: {}", "at: 部门, by: 李经理, reject: {}"): True,
        ("at: 部门, approve: {}", "at: 部门, by: 李经理, reject: {}"): True,
        ("at: 部门, times: 2, approve: {}", "at: 部门, reject: {}"): False,
        ("at: 部门, only: [甲], approve: {}", "at: 部门, reject: {}"): False,
        ('at: 部门, if: "${case.状态} == 已审批", approve: {}', "at: 部门, reject: {}"): False,
        ("at: 部门, approve: {}", "at: 部门, times: 1, reject: {}"): True,
        ("at: 部门, hand_over: {to: 周副}", "at: 部门, approve: {}"): False,
        ("at: 部门, add_owner: {to: [周副]}", "at: 部门, approve: {}"): False,
        ("at: 财务, approve: {}", "at: 财务, project: 盖章, approve: {}"): True,
        ("at: 财务, project: 盖章, approve: {}", "at: 财务, approve: {}"): False,
        ("at: 财务, project: 盖章, approve: {}", "at: 财务, project: 盖章, by: 孙出纳, approve: {}"): True,
        ("at: 部门, approve: {}", "at: 部门, by: 张三, withdraw: {}"): False,
        ("at: '${case.状态}', approve: {}", "at: '${case.状态}', approve: {}"): False,
        ("at: '*', approve: {}", "at: start, resubmit: {}"): False,
        ("at: '*', after: 2h, approve: {}", "at: 部门, approve: {}"): True,
    }  # fmt: skip
    assert {pair: is_hidden(*pair) for pair in pairs} == pairs
    several = tell(
        folder,
        "{at: 法务, approve: {}}",
        "{at: 部门, approve: {}}",
        "{at: '*', approve: {}}",
        "{at: 部门, reject: {}}",
        "{at: 风控, approve: {}}",
    )
    assert [one.partition(";")[0] for one in several] == [
        "3 this policy can never be used: the one in line 7 fits all that it fits",
        "4 this policy can never be used: the one in line 8 fits all that it fits",
    ]
