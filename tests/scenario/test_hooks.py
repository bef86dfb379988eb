"""Every hook, driven by a scenario file: its script really runs, and its effect is expected."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.source import Failure
from bpmax_sim.subject.hooks import HOOKS
from tests.scenario.project import Project, headlines

DEFINITION = """\
flow: 合同审批
start: 部门审批
nodes:
  部门审批:
    owners: [wangwu]
    approve: [{when: "ctx.form.amount > 100000", to: 总经理}, {to: 财务审批}]
    reject: 结束
  总经理: {owners: [ceo], approve: 财务审批, reject: 部门审批}
  财务审批: {owners: [zhaoliu], approve: 结束, reject: 部门审批}
  结束: {end: true}
"""
FLOW = """\
version: 1
scenario: 合同审批
flow:
  definition: 流程.yaml
  scripts: {%s: 脚本.js}
  form: {amount: 128000, title: 采购合同}
"""
FORM = """\
version: 1
scenario: 申请单
form:
  scripts: {%s: 脚本.js}
  fields: {amount: 1, level: ""}
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A hook's event, its script, and what is done and expected."""

    hook: str
    event: str
    script: str
    steps: str

    @property
    def head(self) -> str:
        form = any(one.name == self.hook and one.subject == "form" for one in HOOKS)
        return (FORM if form else FLOW) % self.event


CASES = [
    Case("open", "open", "form.level = '普通'", "- {open: {}, expect: {form: {level: 普通}}}"),
    Case(
        "change",
        "change.amount",
        "form.level = form.amount > 100000 ? '大额' : '普通'",
        "- {open: {}, expect: {form: {level: ''}}}\n"
        "- {set: {amount: 128000}, expect: {form: {level: 大额}}}",
    ),
    Case(
        "click",
        "click.核对",
        "form.$message = '已核对'; form.level = '已核对'",
        "- {click: 核对, expect: {form: {level: 已核对}, messages: [已核对]}}",
    ),
    Case(
        "submit",
        "submit",
        "if (form.amount < 10) return false; form.level = '已提交'",
        "- {submit: {}, expect: {result: false, form: {level: ''}}}\n"
        "- {set: {amount: 10}}\n- {submit: {}, expect: {form: {level: 已提交}}}",
    ),
    Case(
        "create",
        "create",
        "form.title = ctx.form.title + '（' + ctx.userInfo.id + '）'",
        "- submit: {by: lisi}\n"
        "  expect: {flow: {at: 部门审批, status: processing, form: {title: 采购合同（lisi）}}}",
    ),
    Case(
        "approve",
        "approve.部门审批",
        "ctx.form.checked = ctx.step_id + ':' + ctx.action; form.by = ctx.userInfo.id",
        "- {submit: {}}\n"
        "- approve: {by: wangwu}\n"
        "  expect: {flow: {at: 总经理, form: {checked: '部门审批:approve', by: wangwu}}}",
    ),
    Case(
        "reject",
        "reject.总经理",
        "ctx.form.reason = ctx.description",
        "- {submit: {}}\n- {approve: {}}\n"
        "- reject: {at: 总经理, by: ceo, comment: 超预算}\n"
        "  expect: {flow: {at: 部门审批, form: {reason: 超预算}}}",
    ),
    Case(
        "before_next",
        "before_next.部门审批",
        "return ctx.form.attachment ? true : '请先上传附件'",
        "- {submit: {}}\n"
        "- approve: {}\n"
        "  expect: {flow: {at: 部门审批}, messages: [{text: 请先上传附件, type: error}]}\n"
        "- {set: {attachment: 合同.pdf}}\n"
        "- {approve: {}, expect: {flow: {at: 总经理}, messages: []}}",
    ),
    Case(
        "owners",
        "owners.部门审批",
        "return {'部门审批': [{owner_id: 7}], '总经理': [{owner_id: 8}], '0': [{owner_id: 9}]}",
        "- {submit: {}, expect: {flow: {owners: [7], project: {owner: [{owner_id: 9}]}}}}\n"
        "- {approve: {by: 7}, expect: {flow: {at: 总经理}}}",
    ),
    Case(
        "jump",
        "jump",
        "return ctx.form.amount > 100000 ? '总经理' : '部门审批'",
        "- {submit: {}, expect: {flow: {at: 总经理, owners: [ceo]}}}",
    ),
    Case(
        "project_name",
        "project_name",
        "return `${ctx.form.title} ${ctx.form.amount} 元`",
        "- {submit: {}, expect: {flow: {project: {name: 采购合同 128000 元}}}}\n"
        "- {fire: project_name, expect: {result: 采购合同 128000 元}}",
    ),
    Case(
        "task_title",
        "task_title",
        "return `${ctx.step.name}：${ctx.form.title}`",
        "- {submit: {}}\n- {fire: task_title, expect: {result: 部门审批：采购合同}}",
    ),
    Case(
        "computed",
        "computed",
        "return {tax: ctx.form.amount * 0.06}",
        "- {submit: {}, expect: {flow: {form: {tax: 7680}}}}\n"
        "- {set: {amount: 100}, expect: {flow: {form: {tax: 6}}}}",
    ),
    Case(
        "visibility",
        "visibility",
        "return {'总经理': ctx.form.amount > 100000}",
        "- {submit: {}}\n- {fire: visibility, expect: {result: {总经理: true}}}",
    ),
]


@pytest.fixture(name="project")
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "流程.yaml").write_text(DEFINITION, encoding="utf-8")
    return Project(tmp_path)


def failures(project: Project, text: str, script: str) -> tuple[Failure, ...]:
    last = project.events(project.write(text, {"脚本.js": script}))[-1]
    assert isinstance(last, ScenarioFinished)
    return last.failures


def test_there_is_a_scenario_for_every_hook() -> None:
    assert [case.hook for case in CASES] == [hook.name for hook in HOOKS]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.hook)
def test_a_scenario_drives_the_hook(project: Project, case: Case) -> None:
    assert failures(project, f"{case.head}steps:\n{case.steps}\n", case.script) == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.hook)
def test_without_its_script_the_expectation_fails(project: Project, case: Case) -> None:
    assert failures(project, f"{case.head}steps:\n{case.steps}\n", "") != ()


@pytest.mark.parametrize(
    ("event", "step"),
    [
        ("create", "submit: {}"),
        ("approve.部门审批", "approve: {}"),
        ("reject.部门审批", "reject: {}"),
        ("jump", "submit: {}"),
        ("project_name", "submit: {}"),
        ("computed", "submit: {}"),
        ("owners.部门审批", "submit: {}"),
        ("task_title", "fire: task_title"),
        ("visibility", "fire: visibility"),
    ],
)
def test_a_hook_that_throws_fails_its_step_at_its_line(
    project: Project, event: str, step: str
) -> None:
    text = FLOW % event + ("  at: 部门审批\n" if not step.startswith("submit") else "")

    (failure,) = failures(project, f"{text}steps: [{{{step}}}]\n", "\nthrow new Error('坏了')")

    label = "REFUSED" if event == "create" else "Error"
    assert failure.headline == "step 1/1 " + step.partition(":")[0] + f": {label}: 坏了"
    assert str(failure.script) == "脚本.js:2:11"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "approve: 财务审批, reject: 部门审批}",
            "approve: 财务审核, reject: 部门审批}",
            "流程.yaml:8:24: nodes.总经理.approve: no node '财务审核'; did you mean '财务审批'?",
        ),
        (
            "  结束: {end: true}",
            "  结束: {end: true}\n  法务: {owners: [fawu], approve: 结束}",
            "流程.yaml:11:3: nodes.法务: node '法务' cannot be reached from '部门审批'",
        ),
        (
            "start: 部门审批",
            "start: 部门",
            "流程.yaml:2:1: start: no node '部门'; did you mean '部门审批'?",
        ),
    ],
)
def test_a_wrong_flow_definition_is_told_at_its_place(
    project: Project, old: str, new: str, told: str
) -> None:
    project.write("", {"流程.yaml": DEFINITION.replace(old, new, 1)})
    path = project.write(FLOW % "create" + "steps: [{submit: {}}]\n", {"脚本.js": ""})

    with pytest.raises(ConfigError) as caught:
        project.events(path)

    assert [str(one) for one in caught.value.problems] == [told]


@pytest.mark.parametrize(
    ("steps", "essence"),
    [
        (
            "- {approve: {by: lisi}}",
            "NOT_OWNER: lisi is not an owner of '部门审批'; its owners: wangwu",
        ),
        (
            "- {approve: {at: 财务审批}}",
            "NOT_AT_NODE: cannot approve at '财务审批': it is at '部门审批'",
        ),
        (
            "- {approve: {}}\n- {approve: {}}\n- {approve: {}}\n- {reject: {}}",
            "NOT_UNDER_WAY: cannot reject: the project is finished; nothing is left",
        ),
    ],
)
def test_what_may_not_be_done_fails_its_step(project: Project, steps: str, essence: str) -> None:
    text = dedent(FLOW % "create") + "  at: 部门审批\n"

    (failure,) = failures(project, f"{text}steps:\n{steps}\n", "")

    assert failure.essence == essence


def test_a_step_fires_the_script_of_the_screen_or_else_that_of_the_flow(project: Project) -> None:
    files = {
        "屏.yaml": "flow: 采购\nstart: 审批\nnodes:\n  审批:\n    owners: [李四]\n"
        "    form: {fields: {金额: editable}, scripts: {change.金额: 屏.js}}\n"
        "    approve: 完\n  完: {end: true}\n",
        "屏.js": "form.金额 = 9",
        "流.js": "return {审批: ctx.form.金额 > 5}",
    }
    text = """\
scenario: 采购
flow: {definition: 屏.yaml, form: {金额: 1}, scripts: {visibility: 流.js}}
steps:
  - {submit: {}, expect: {flow: {at: 审批, form: {金额: 1}}}}
  - {fire: visibility, expect: {result: {审批: false}}}
  - {fire: change.金额, expect: {flow: {form: {金额: 9}}}}
  - {fire: visibility, expect: {result: {审批: true}}}
"""
    assert headlines(project.run(text, files)) == []
