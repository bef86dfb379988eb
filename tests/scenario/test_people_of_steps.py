"""Who acts in a step, what a transfer does to later rounds, and what a second submit says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import translate
from bpmax_sim.scenario.flow_actions import describe_person
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import run_scenario

FLOW = """\
flow: 采购
start: 部门
nodes:
  部门: {owners: [李经理, 王总监], complete: all, approve: 财务, reject: 结束}
  财务: {owners: [赵会计], approve: 结束, reject: 部门}
  结束: {end: true}
"""
HEAD = """\
scenario: 采购
flow: flow.yaml
people: {zhangsan: 张三, 李经理: {name: 李建国}, 王总监: 王强, 孙副经理: 孙丽, 赵会计: 赵敏}
user: zhangsan
steps:
"""


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("flow.yaml").write_text(FLOW, "utf-8")


def write(steps: str, head: str = HEAD) -> Path:
    path = Path("采购.scenario.yaml")
    path.write_text(head + steps, "utf-8")
    return path


ACTING = """\
- {js: 'return ctx.userInfo.name', expect: {result: 张三}}
- {submit: {}}
- {user: 李经理, js: 'return ctx.userInfo.name', expect: {result: 李建国}}
- {user: 李经理, approve: {}, expect: {flow: {pending: [王总监]}}}
- {user: {id: 王总监}, approve: {}, expect: {flow: {at: 财务}}}
- {js: 'return ctx.userInfo.id', expect: {result: zhangsan}}
"""
TRANSFER = """\
- {submit: {}}
- {hand_over: {by: 李经理, to: 孙副经理}}
- {return: {by: 王总监, to: start}}
- {resubmit: {}}
- {expect: {flow: {pending: [孙副经理, 王总监]}}}
- {approve: {by: 孙副经理}}
- {approve: {by: 王总监}, expect: {flow: {at: 财务}}}
- {reject: {by: 赵会计}, expect: {flow: {pending: [孙副经理, 王总监]}}}
- {hand_over: {by: 孙副经理, to: 李经理}}
- {return: {by: 王总监, to: start}}
- {resubmit: {}, expect: {flow: {pending: [李经理, 王总监]}}}
"""
SOURCES = """\
- {approve: {by: 李经理}, expect_error: {from: flow}}
- {approve: {by: 李经理}, expect_error: {from: subject}}
- {submit: {}}
"""


@pytest.mark.parametrize("steps", [ACTING, TRANSFER, SOURCES])
def test_it_passes(steps: str) -> None:
    assert not run_scenario(write(steps)).failures


def test_the_user_of_a_step_acts_in_sub_flows_that_were_begun_before() -> None:
    files = {
        "合同.yaml": "{flow: 合同, start: 用印, nodes: {用印: {subflow: {flow: 盖章, wait: false}, "
        "approve: 归档}, 归档: {owners: [李经理], approve: 止}, 止: {end: true}}}",
        "盖章.yaml": "{flow: 盖章, start: 盖, nodes: {盖: {owners: [李经理], approve: 止}, "
        "止: {end: true}}}",
        "盖.js": "console.log(ctx.userInfo.name);",
    }
    for name, text in files.items():
        Path(name).write_text(text, "utf-8")
    sealing = "{definition: 盖章.yaml, scripts: {approve.盖: 盖.js}}"
    flows = f"{{definition: 合同.yaml, subflows: {{盖章: {sealing}}}}}"
    head = HEAD.replace("flow: flow.yaml", f"flow: {flows}")
    steps = (
        "- {submit: {}}\n- {user: 李经理, approve: {project: 盖章}, expect: {console: [李建国]}}\n"
    )

    assert not run_scenario(write(steps, head)).failures


def test_a_second_submit_says_resubmit() -> None:
    failure, *_ = run_scenario(write("- {submit: {}}\n- {submit: {}}\n")).failures

    assert "submitted again by resubmit" in failure.essence
    assert "resubmit" in translate(failure.essence, "zh")


def test_where_an_error_comes_from_is_told_as_the_page_has_it() -> None:
    steps = "- {approve: {by: 李经理}, expect_error: {from: script}}\n"
    failure, *_ = run_scenario(write(steps)).failures

    assert 'from "script", got one from "form" or "flow"' in failure.essence


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("- {user: 李经利, submit: {}}\n", "people has no '李经利'; did you mean '李经理'?"),
        ("- {user: 8, submit: {}}\n", "people has no '8'"),
        ("- {user: 0, submit: {}}\n", "people has no '0'"),
        ("- {user: {id: 8}, submit: {}}\n", "people has no '8'"),
        ("- {user: [李经理], submit: {}}\n", "expected an id, or a map such as {id: lisi}"),
        ("- {user: 李经理, run: 甲}\n", "user is of one action; write it at the steps that run"),
    ],
)
def test_what_is_wrong_with_a_user_is_told(steps: str, message: str) -> None:
    with pytest.raises(ConfigError, match=r"采购.scenario.yaml:6:\d+") as caught:
        load_items(write(steps))

    assert any(message in str(problem) for problem in caught.value.problems)


def test_a_user_of_a_form_alone_does_nothing() -> None:
    head = "scenario: 表单\nform: {fields: {金额: 0}}\nsteps:\n"
    with pytest.raises(ConfigError, match="user says who acts in a flow; there is no flow"):
        load_items(write("- {user: 李经理, set: {金额: 1}}\n", head))


@pytest.mark.parametrize(
    ("user", "people", "seen"),
    [
        (1001, {"1001": "王小明"}, {"id": 1001, "name": "王小明"}),
        ("1001", {"1001": "王小明"}, {"id": "1001", "name": "王小明"}),
        (0, {"0": "零"}, {"id": 0, "name": "零"}),
        (7, {"7": {"name": "七", "dept": "法务"}}, {"id": 7, "name": "七", "dept": "法务"}),
        ("甲", {"甲": ""}, {"id": "甲"}),
        ("甲", {"甲": None}, {"id": "甲"}),
        ("乙", {"甲": "甲"}, {"id": "乙"}),
        ("甲", {"甲": {"id": 1001, "name": "王"}}, {"id": 1001, "name": "王"}),
        (None, {"None": "甲"}, {}),
        ({"id": "甲", "name": "自己"}, {"甲": "别名"}, {"id": "甲", "name": "自己"}),
        (UNSET, {"甲": "甲"}, {}),
    ],
)
def test_a_person_is_found_in_people_by_number_or_text(
    user: Any, people: dict[str, Any], seen: dict[str, Any]
) -> None:
    assert describe_person(user, people, lambda value: value) == seen


@pytest.mark.parametrize(
    ("who", "call", "told"),
    [
        ("李经理", "crm.*", []),
        ("李经里", "crm.*", ["people has no '李经里'; did you mean '李经理'?"]),
        ("李经理", "crn.*", ["no platform 'crn'; did you mean 'crm'?"]),
        ("李经里", "crn.*", ["no platform 'crn'; did you mean 'crm'?"]),  # what is wrong at first
    ],
)
def test_a_user_of_a_row_is_checked_once_all_else_is_right(
    who: str, call: str, told: list[str]
) -> None:
    Path("platforms").mkdir()
    crm = "platform_key: crm\nbase_url: https://crm.example.test\napis: {x: {path: /x}}\n"
    Path("platforms/crm.yaml").write_text(crm, "utf-8")
    head = HEAD.replace("user: zhangsan", "user: '${case.人}'\nproxy: {platforms: platforms}")
    steps = (
        f"- {{submit: {{}}, expect: {{flow: {{at: 部门}}, proxy: [{{call: {call}, times: 0}}]}}}}\n"
    )
    cases = f"cases: [{{id: 甲, 人: {who}}}]\n"

    result = run_scenario(write(f"{steps}{cases}", head), environ={})

    assert [str(one.essence).partition(" (filled")[0] for one in result.failures] == told
