# ruff: noqa: E501 - flows and scenarios, one a line
"""The code that a scenario names: which scripts and libraries there are, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.platform.load import Platforms
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.script_context import ScriptContext, collect_script_contexts
from tests.files import write_files

FLOW = """\
flow: 合同
start: 部门
nodes:
  部门:
    title: 部门审批
    owners: [李经理]
    form: {fields: {客户: editable}, scripts: {change.客户: 备注.js}, libraries: [节点库.js]}
    approve: [{when: 'ctx.form.金额 > 5', to: 用印}, {when: "ctx.form.金额 > 3", to: 结束}, {when: ctx.form.金额 > 1, to: 用印}, {to: 结束}]
    reject: 结束
  用印: {subflow: {flow: 用印}, approve: 结束, reject: [{when: ctx.form.金额 > 7, to: 结束}, {to: 部门}]}
  结束: {end: true}
"""
INNER = """\
flow: 用印
start: 盖章
nodes:
  盖章: {owners: [赵六], deadline: 2h, approve: 完}
  完: {end: true}
"""
SCENARIO = """\
version: 1
scenario: 合同
form: {scripts: {change.金额: 金额.js, click.查: 查.js}, libraries: [表单库.js], fields: {金额: 0, 客户: "", 明细: [], 加急: false}}
flow:
  definition: 流程.yaml
  scripts: {approve.部门: 批.js, owners.部门: 人.js}
  libraries: [流程库.js, 表单库.js]
  subflows: {用印: {definition: 用印.yaml, scripts: {approve.盖章: 盖.js}, libraries: [用印库.js]}}
  form: {金额: 10}
people: {李经理: {}, 赵六: {}}
steps:
  - {js: {file: 步.js, args: {税率: 1, 币种: 元}}, expect: {form: {金额: 1}}}
"""
SCRIPTS = ["金额", "查", "批", "人", "盖", "步", "备注", "表单库", "流程库", "节点库", "用印库"]


def load(folder: Path, text: str = SCENARIO, name: str = "单.yaml", **more: str) -> ScenarioItem:
    """Return the first item of the scenario *text*; *more* replaces scripts, named without suffix."""
    texts = {f"{one}.js": f"form.金额 = '{one}'\n" for one in SCRIPTS}
    texts |= {"流程.yaml": FLOW, "用印.yaml": INNER, name: text}
    write_files(folder, texts | {f"{one}.js": source for one, source in more.items()})
    return load_items(folder / name, environ={}, root=folder)[0]


def name_all(scripts: Any) -> list[str]:
    return [Path(one.name).stem for one in scripts]


def test_scripts_and_libraries_of_each_part_are_there_once(tmp_path: Path) -> None:
    subjects = load(tmp_path).subjects

    assert name_all(subjects.handlers) == ["金额", "查", "批", "人", "备注", "盖"]
    assert name_all(subjects.all_libraries) == ["表单库", "流程库", "节点库", "用印库"]
    assert name_all(subjects.inline.values()) == ["步"]
    assert name_all(subjects.flow_files) == ["流程", "用印"]
    assert name_all(subjects.script_and_flow_files) == [
        *("金额", "查", "批", "人", "备注", "盖"), "步",
        *("表单库", "流程库", "节点库", "用印库"), "流程", "用印",
    ]  # fmt: skip


def test_a_condition_of_a_route_stands_behind_its_quote(tmp_path: Path) -> None:
    parts = load(tmp_path).subjects.flow
    line = FLOW.splitlines()[7]

    places = {key.number: place for key, place in parts.route_places.items() if key.node == "部门"
              and key.action == "approve"}  # fmt: skip
    shown = [line[place.column - 1 :].split(",")[0] for place in places.values() if place.line == 8]
    assert shown == [
        "ctx.form.金额 > 5'", 'ctx.form.金额 > 3"', "ctx.form.金额 > 1", "{to: 结束}]",
    ]  # fmt: skip


def test_each_route_of_each_action_has_its_place(tmp_path: Path) -> None:
    places = load(tmp_path).subjects.flow.route_places

    assert {(key.node, key.action, key.number): (place.line, place.column)
            for key, place in places.items()} == {
        ("部门", "approve", 0): (8, 23),
        ("部门", "approve", 1): (8, 58),
        ("部门", "approve", 2): (8, 92),
        ("部门", "approve", 3): (8, 118),
        ("部门", "reject", 0): (9, 13),
        ("用印", "approve", 0): (10, 38),
        ("用印", "reject", 0): (10, 58),
        ("用印", "reject", 1): (10, 84),
    }  # fmt: skip


def find_contexts(*items: ScenarioItem) -> dict[str, ScriptContext]:
    known = Platforms()
    found = collect_script_contexts(items, lambda item: None if item.skip else known)
    return {Path(one.script.name).stem: one for one in found}


def test_each_script_is_known_with_the_forms_and_flows_that_it_runs_with(tmp_path: Path) -> None:
    contexts = find_contexts(load(tmp_path))

    assert list(contexts) == [
        *SCRIPTS[:4],
        "备注",
        "盖",
        "步",
        "表单库",
        "流程库",
        "节点库",
        "用印库",
    ]
    for name, one in contexts.items():
        assert one.fields is None, name  # of sub-flows there may be others
        assert one.buttons == {"查"}
        assert one.nodes == {"部门", "部门审批", "用印", "结束", "盖章", "完"}
        assert name_all(one.libraries) == ["表单库", "流程库", "节点库", "用印库"]
        assert one.is_library == name.endswith("库")
        assert one.arguments == ({"税率", "币种"} if name == "步" else set())
        assert one.people == {"李经理", "赵六"}
        assert one.lacks_deadlines is False
        assert one.field_kinds == set()
    hooks = {name: set(one.hooks) for name, one in contexts.items() if one.hooks}
    assert hooks == {
        "金额": {"change.金额"}, "查": {"click.查"}, "批": {"approve.部门"}, "人": {"owners.部门"},
        "备注": {"change.客户"}, "盖": {"approve.盖章"},
    }  # fmt: skip
    assert {name: one.hook_nodes for name, one in contexts.items() if one.hook_nodes} == {
        "批": {"部门"}, "盖": {"盖章"},
    }  # fmt: skip


FORM = "version: 1\nscenario: 单\n%sform: {scripts: {%s: 金额.js}, fields: {%s}}\n%ssteps: [%s]\n"
SET = "{set: {金额: 5}, expect: {form: {金额: 5}}}"
ONE = FORM % (
    "",
    "change.金额",
    "金额: 0, 明细: [], 加急: false, 客户: 甲, 级别: 1",
    "people: {甲: {}}\n",
    SET,
)


@pytest.mark.parametrize(
    ("other", "merged"),
    [
        (
            FORM % ("", "change.金额", "金额: 0, 明细: [], 加急: false", "people: {乙: {}}\n", SET),
            {"kinds": "加急 明细 金额", "people": "乙 甲"},
        ),
        (
            FORM % ("", "change.金额", "金额: '0', 明细: [], 加急: 1, 税: 1", "", SET),
            {"fields": "加急 客户 明细 税 级别 金额", "kinds": "明细", "people": ""},
        ),
        (
            FORM % ("", "click.算", "金额: 0", "people: {甲: {}}\n", SET),
            {"kinds": "金额", "hooks": "change.金额 click.算", "buttons": "算"},
        ),
        (
            FORM.replace(", fields: {%s}", "") % ("", "change.金额", "people: {甲: {}}\n", SET),
            {"fields": None, "kinds": ""},
        ),
        (FORM % ("skip: 以后\n", "click.算", "税: 0", "", SET.replace("金额", "税")), {}),
        (
            FORM % ("", "change.金额", "金额: 0", "people: {甲: {}}\n",
                    "{js: {file: 金额.js, args: {税率: 1}}, expect: {form: {金额: 1}}}"),
            {"kinds": "金额", "hooks": "", "arguments": "税率"},
        ),
    ],
)  # fmt: skip
def test_what_two_scenarios_know_of_a_script_is_right_in_both(
    tmp_path: Path, other: str, merged: Mapping[str, str | None]
) -> None:
    contexts = find_contexts(load(tmp_path, ONE, "一.yaml"), load(tmp_path, other, "二.yaml"))

    [one] = contexts.values()
    found = {
        "fields": None if one.fields is None else " ".join(sorted(one.fields)),
        "kinds": " ".join(sorted(name for name, _ in one.field_kinds)),
        "hooks": " ".join(sorted(one.hooks)),
        "people": " ".join(sorted(one.people)),
        "buttons": " ".join(sorted(one.buttons)),
        "arguments": " ".join(sorted(one.arguments)),
    }
    alone = {
        "fields": "加急 客户 明细 级别 金额", "kinds": "加急 明细 级别 金额", "hooks": "change.金额",
        "people": "甲", "buttons": "", "arguments": "",
    }  # fmt: skip
    assert found == {**alone, **merged}
