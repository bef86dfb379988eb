# ruff: noqa: E501 - scenarios, one a line
"""What loading makes of a scenario: code, places, names, faults and options of each of its items."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.scenario.load import (
    check_variables_read,
    find_unread_variables,
    load_items_checking_variables,
)
from bpmax_sim.scenario.table_rows import CliText
from bpmax_sim.script.failure import Script
from tests.scenario.loading import list_problems, load_text

FLOW = """\
flow: 采购
start: 部门
nodes:
  部门:
    owners: [李四]
    form: {fields: {金额: readonly}, scripts: {open: 点.js}, libraries: [点库.js, 库.js]}
    approve:
      - {to: 财务, when: "ctx.form.金额 > 5"}
      - {to: 用印, when: ctx.form.金额 > 3}
      - {to: 完}
    reject: {to: 完, when: 'ctx.form.金额 < 0'}
  财务: {owners: [王五], approve: 完, reject: 部门}
  用印: {subflow: 盖章, approve: 完}
  完: {end: true}
"""
CHILD = "flow: 盖章\nstart: 盖\nnodes: {盖: {owners: [赵六], approve: 成, form: {scripts: {open: 子点.js}}}, 成: {end: true}}\n"
HEAD = """\
version: 1
scenario: 采购
use: [零件.yaml]
tags: [crm]
form: {scripts: {open: [开.js, 开2.js], click.查: 开.js}, libraries: [库.js], fields: {金额: 0, 说明: ''}}
flow:
  definition: 流程.yaml
  at: 部门
  scripts: {approve.部门: 批.js}
  libraries: [流库.js, 库.js]
  subflows: {盖章: {definition: 子/盖章.yaml, scripts: {approve.盖: 子.js}, libraries: [子库.js]}}
"""
NAMES = ("开", "开2", "库", "批", "流库", "点", "点库", "步", "子", "子库", "内")
FILES = {
    **{f"{name}.js": f"// {name}" for name in NAMES},
    "子/子点.js": "// 子点",
    "流程.yaml": FLOW,
    "子/盖章.yaml": CHILD,
    "零件.yaml": "steps:\n  走: [{id: 零, js: {file: 内.js}, expect: {result: 1}}, {approve: {by: 李四}}]\n",
}
STEPS = """\
steps:
  - {js: {file: 步.js}, expect: {result: 1}, during: {call: crm.x, steps: [{id: 时, set: {说明: a}}]}}
  - {run: 走}
  - {js: "return '内文'", expect: {result: 内文}}
finally: [{id: 末, set: {说明: b}}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def name(scripts: Iterable[Script]) -> list[str]:
    return [script.name.removesuffix(".js") for script in scripts]


def test_an_item_has_all_code_that_its_steps_may_run(folder: Path) -> None:
    [item] = load_text(folder, HEAD + STEPS, FILES)
    subjects = item.subjects

    assert {event: name(scripts) for event, scripts in subjects.scripts.items()} == {
        "open": ["开", "开2"],
        "click.查": ["开"],
    }
    assert name(subjects.handlers) == ["开", "开2", "批", "点", "子", "子/子点"]
    assert name(subjects.all_libraries) == ["库", "流库", "点库", "子库"]
    assert (name(subjects.libraries), name(subjects.flow.libraries)) == (["库"], ["流库", "库"])
    assert {key: script.name for key, script in subjects.inline.items()} == {
        "步.js": "步.js",
        "内.js": "内.js",
    }
    files = name(subjects.script_and_flow_files)
    assert files == [
        "开",
        "开2",
        "批",
        "点",
        "子",
        "子/子点",
        "步",
        "内",
        "库",
        "流库",
        "点库",
        "子库",
        "流程.yaml",
        "子/盖章.yaml",
    ]
    assert sorted(item.file_texts) == sorted(
        [
            *(f"{one}.js" for one in files[:12]),
            "流程.yaml",
            "子/盖章.yaml",
            "单.scenario.yaml",
            "零件.yaml",
        ]
    )
    assert item.file_texts["单.scenario.yaml"] == (HEAD + STEPS).rstrip("\n")
    assert item.names.texts is not None
    assert [text for text in item.names.texts if "内文" in text or "子点" in text] == [
        "// 子点",
        CHILD.rstrip("\n"),
        "return '内文'",
    ]
    assert [one.step.id or one.step.action for one in item.walk_steps()] == [
        "js",
        "时",
        "run",
        "js",
        "末",
        "零",
        "approve",
    ]
    screen = subjects.flow.screens["部门"]
    assert (screen.states["金额"], name(screen.libraries), [*subjects.flow.screens]) == (
        {"visible": True, "readonly": True, "required": False}, ["点库", "库"], ["部门"],
    )  # fmt: skip
    [python] = load_text(
        folder, HEAD + STEPS.replace("finally: [", "finally: [{python: 'json:loads'}, "), FILES
    )
    assert python.names.texts is None


def test_a_route_has_the_place_of_its_condition(folder: Path) -> None:
    [item] = load_text(folder, HEAD + STEPS, FILES)
    places = {
        tuple(key): f"{place.line}:{place.column}"
        for key, place in item.subjects.flow.route_places.items()
    }
    assert places == {
        ("部门", "approve", 0): "8:25", ("部门", "approve", 1): "9:24", ("部门", "approve", 2): "10:9", ("部门", "reject", 0): "11:28",
        ("财务", "approve", 0): "12:31", ("财务", "reject", 0): "12:42", ("用印", "approve", 0): "13:30",
    }  # fmt: skip
    assert [str(place) for place in item.subjects.subflows["盖章"].route_places.values()] == [
        "子/盖章.yaml:3:36"
    ]


def test_a_stand_in_runs_nothing_of_its_sub_flow(folder: Path) -> None:
    for result in ("{}", "{章号: 7}"):
        stand = HEAD.replace(
            "{definition: 子/盖章.yaml, scripts: {approve.盖: 子.js}, libraries: [子库.js]}",
            f"{{result: {result}, status: rejected}}",
        )
        flow = FLOW.replace(
            "subflow: 盖章, approve: 完", "subflow: 盖章, approve: 完, reject: 部门"
        )
        [item] = load_text(folder, stand + STEPS, {**FILES, "流程.yaml": flow})
        parts = item.subjects.subflows["盖章"]
        assert parts.stand_in is not None
        assert (
            dict(parts.stand_in.result),
            parts.stand_in.status,
            parts.screens,
            parts.route_places,
        ) == ({"章号": 7} if "7" in result else {}, "rejected", {}, {})
        assert "子" not in name(item.subjects.handlers)


ROWS = """\
scenario: 报价
tags: [crm, 二]
skip: 停用
xfail: 单据 1
form: {fields: {金额: 0}}
vars: {环境: 测试, 集: '慢、断'}
fault_sets: {慢: [{on: crm.a, do: {delay: 1}}], 断: [{on: crm.b, do: {error: reset}}, {on: crm.c, do: {error: dns}}]}
faults: [慢]
cases:
  - {id: 甲, 额: 1, 码: 1, tags: '急, 三', skip: 否, xfail: ''}
  - {id: 乙/2, 额: 2, 码: 1, tags: [7], skip: 以后, xfail: yes, faults: 断, 集: [断, 慢]}
  - {id: 丙, 额: 3, 码: 303, faults: [慢, {on: crm.d, do: {status: '${case.码}'}}], 集: {on: crm.e, do: {status: 500}}}
steps:
  - {set: {金额: '${case.额}'}, expect: {form: {金额: '${case.额}'}}, faults: ['${case.集}', 断]}
"""


def test_a_row_adds_to_what_the_file_says(folder: Path) -> None:
    text = ROWS.replace("id: 甲, 额: 1, 码: 1,", "id: 甲, 额: 1, 码: 1, 集: '',")
    items = load_text(folder, text)

    assert [(item.name, item.tags, item.skip, item.xfail, item.rows) for item in items] == [
        ("报价[甲]", ("crm", "二", "急", "三"), "停用", "单据 1", 3),
        ("报价[乙/2]", ("crm", "二", "7"), "以后", True, 3),
        ("报价[丙]", ("crm", "二"), "停用", "单据 1", 3),
    ]
    assert [
        [f"{fault.on} {fault.place}".replace("单.scenario.yaml:", "") for fault in item.faults]
        for item in items
    ] == [
        ["crm.a 7:18"],
        ["crm.a 7:18", "crm.b 7:52", "crm.c 7:85"],
        ["crm.a 7:18", "crm.a 7:18", "crm.d 12:39"],
    ]
    assert [[fault.on for fault in item.steps[0].faults] for item in items] == [
        ["crm.b", "crm.c"], ["crm.b", "crm.c", "crm.a", "crm.b", "crm.c"], ["crm.e", "crm.b", "crm.c"],
    ]  # fmt: skip
    assert getattr(items[2].faults[2].action, "status", None) == 303
    assert [item.cassette for item in items] == [
        "单.scenario.yaml".removesuffix(".scenario.yaml") + f"/{one}"
        for one in ("甲", items[1].cassette.rpartition("/")[2], "丙")
    ]
    assert "/2" not in items[1].cassette


def test_what_is_wrong_in_faults_is_told_where_it_stands(folder: Path) -> None:
    text = ROWS.replace("id: 甲, 额: 1, 码: 1,", "id: 甲, 额: 1, 码: 1, 集: [快, 慢],").replace(
        "faults: 断, 集", "faults: '断,满', 集"
    )
    text = text.replace(
        "{on: crm.e, do: {status: 500}}", "[{on: crm.e, do: {status: '${case.额.x}'}}, {no: 1}, 5]"
    )
    sets = "; there are 慢, 断"
    assert list_problems(folder, text) == [
        "11:5: cases: no fault set '满'" + sets,
        "12:84: faults: ${case.额.x} is not defined: no 'x' in 3",
        "12:126: cases[2].集[1]: the key 'on' is missing; add it",
        "12:126: cases[2].集[1]: the key 'do' is missing; add it",
        "12:127: cases[2].集[1].no: unknown key 'no'; known are on, call, attempts, do",
        "12:135: cases[2].集[2]: expected a mapping, got a number",
        "14:74: no fault set '快'" + sets,
    ]


def test_names_of_cassettes_and_instances_are_known_before_the_run(folder: Path) -> None:
    head = "scenario: 报价\nvars: {名: {短: 一}, 空: null}\nform: {fields: {金额: 0}}\nsteps: [{set: {金额: 1}, expect: {form: {金额: '${vars.空}${env.区}'}}}]\n"
    rows = "cases: [{id: 甲, 号: HT-1}, {id: 乙, 号: HT-2}]\n"
    found = {}
    for cassette, more in (
        ("录/${case.号}", rows), ("录/${vars.名.短}", rows), ("录", rows), ("", rows), ("录/${env.区}.yaml", ""), ("$${x", ""),
        ("录/${form.金额}", ""), ("录/${case.无}", rows), ("录/${", ""), ("录/${vars.名.长}", ""), ("录/${vars.没}", ""),
    ):  # fmt: skip
        text = f"{head}{more}proxy: {{cassette: '{cassette}'}}\n"
        try:
            found[cassette] = [
                item.cassette for item in load_text(folder, text, environ={"区": "华东"})
            ]
        except ConfigError:
            found[cassette] = list_problems(folder, text, environ={"区": "华东"})
    if "录" in found:
        at = {key: value for key, value in found.items() if value and ": " in value[0]}
    assert {key: value for key, value in found.items() if key not in at} == {
        "录/${case.号}": ["录/HT-1", "录/HT-2"], "录/${vars.名.短}": ["录/一/甲", "录/一/乙"], "录": ["录/甲", "录/乙"], "": ["单/甲", "单/乙"],
        "录/${env.区}.yaml": ["录/华东"], "$${x": ["${x"],
    }  # fmt: skip
    assert {key: [one.partition(": ")[2] for one in value] for key, value in at.items()} == {
        "录/${form.金额}": [
            "proxy.cassette: a cassette's name knows case, vars and env only, not ${form.金额}"
        ],
        "录/${case.无}": ["proxy.cassette: ${case.无} is not defined; there are id, 号"],
        "录/${": ["proxy.cassette: '${' is not closed; write '$${' for the characters themselves"],
        "录/${vars.名.长}": ["proxy.cassette: ${vars.名.长} is not defined; there is 短"],
        "录/${vars.没}": ["proxy.cassette: ${vars.没} is not defined; there are 名, 空"],
    }
    instances = {}
    for instance, more in (
        ("华东", ""),
        ("${vars.名.短}区", ""),
        ("${vars.空}", ""),
        ("${case.号}", rows),
        ("${form.金额}", ""),
        ("${vars.名.长}", ""),
        ("${vars.没}", ""),
    ):
        text = f"{head}{more}proxy: {{instance: '{instance}'}}\n"
        try:
            instances[instance] = [
                item.scenario.proxy.instance
                for item in load_text(folder, text, environ={"区": "x"})
            ]
        except ConfigError:
            instances[instance] = [
                one.partition(": ")[2] for one in list_problems(folder, text, environ={"区": "x"})
            ]
    assert instances == {
        "华东": ["华东"], "${vars.名.短}区": ["一区"], "${vars.空}": [""], "${case.号}": ["HT-1", "HT-2"],
        "${form.金额}": ["proxy.instance: an instance's name knows case, vars and env only, not ${form.金额}"],
        "${vars.名.长}": ["proxy.instance: ${vars.名.长} is not defined; there is 短"],
        "${vars.没}": ["proxy.instance: ${vars.没} is not defined; there are 名, 空"],
    }  # fmt: skip


PLAIN = "scenario: 报价\nform: {fields: {金额: 0, 说明: ''}}\nsteps: [{set: {金额: 5}, expect: {form: {金额: 5}}}]\n"


def test_an_item_is_selected_and_repeated_by_its_name(folder: Path) -> None:
    [item] = load_text(folder, PLAIN)
    assert (item.name, item.row_id, item.node_id, item.rows) == (
        "报价",
        "",
        "单.scenario.yaml::报价",
        0,
    )
    assert (item.selection_arguments, item.rerun_command, item.tags) == (
        "单.scenario.yaml",
        "bpmax-sim run 单.scenario.yaml",
        (),
    )
    text = (
        PLAIN.replace("{金额: 5}", "{说明: '${vars.客户}${vars.密}'}", 1)
        + "cases: [{id: 甲 1}]\nsecrets: [vars.密]\n"
    )
    variables = {"客户": CliText("张 三"), "密": CliText("s"), "数": 5}
    [row] = load_text(folder, text, variables=variables)
    row = replace(row, cli_options=(("mode", "live"), ("seed", "3"), ("没有", "x")))
    words = row.make_option_arguments("cli")
    assert words[-2:] == ("--var", "客户=张 三")
    assert "没有" not in " ".join(words)
    assert row.cli_variable_assignments == ("客户=张 三",)
    assert row.make_option_arguments("pytest")[-2:] == ("--bpmax-var", "客户=张 三")
    assert row.selection_arguments.startswith('"单.scenario.yaml::报价[甲 1]" ')
    assert row.rerun_command == f"bpmax-sim run {row.selection_arguments}"
    header = row.header
    assert (
        header.title,
        header.row_id,
        header.steps,
        header.file,
        header.tags,
        header.cassette,
    ) == ("报价", "甲 1", 1, "单.scenario.yaml", (), "单/甲 1")
    assert (str(item.clock), str(replace(item, scenario=replace(item.scenario, clock="2026-03-02T09:00:00+08:00")).clock)) == (
        "1970-01-01T00:00:00.000+00:00", "2026-03-02T09:00:00.000+08:00",
    )  # fmt: skip


def test_a_variable_of_the_command_line_is_read_by_something(folder: Path) -> None:
    text = (
        PLAIN.replace("{金额: 5}", "{说明: '${vars.客户-号} ${vars.a.b} ${vars.cxd}'}", 1)
        + "vars: {声明: 1}\nuse: 零件.yaml\n"
    )
    files = {"零件.yaml": "vars: {内: 1}\nsteps: {走: [{set: {说明: '${vars.零}'}}]}\n"}
    names = ["客户-号", "客户", "声明", "内", "零", "a.b", "a", "axb", "cxd", "c.d", "生明", "零件"]
    items = load_text(folder, text, files, variables=dict.fromkeys(names, "x"))
    told = [to_plain_english(one) for one in find_unread_variables(names, items)]
    assert told == [
        "nothing reads the variable '客户'; there are 内, 声明",
        "nothing reads the variable 'axb'; there are 内, 声明",
        "nothing reads the variable 'c.d'; there are 内, 声明",
        "nothing reads the variable '生明'; did you mean '声明'?",
        "nothing reads the variable '零件'; there are 内, 声明",
    ]
    assert find_unread_variables(names, []) == []
    check_variables_read(["声明", "零"], items)
    with pytest.raises(ConfigError, match="'axb'"):
        check_variables_read(["声明", "axb", "生明"], items)
    with pytest.raises(ConfigError, match="'生明'"):
        load_items_checking_variables(
            {"生明": "1", "客户-号": "x", "a": "y", "零": "z", "cxd": "1"},
            folder / "单.scenario.yaml",
            {},
        )


def test_all_problems_are_told_once_in_the_order_of_their_places(folder: Path) -> None:
    text = (
        "scenario: 报价\nuse: 零件.yaml\nform: {scripts: {open: 没.js, click.查: 没.js}, fields: {金额: 0}}\n"
        "flow: {definition: 流程.yaml, subflows: {盖章: {definition: 没.yaml}}, at: 部门}\n"
        "cases: [{id: 甲}, {id: 乙}]\nsteps:\n  - {set: {金頟: 1}, faults: ['${case.x}', {on: 5}]}\n  - {run: 走}\nproxy: {platforms: ['', a], instance: '${case.y}'}\n"
    )
    files = {
        "流程.yaml": "flow: 采购\nstart: 步门\nnodes:\n  部门: {owners: [李四], approve: [{to: 5}, 无], 多: 1}\n  用印: {subflow: 盖章, approve: 完}\n  完: {end: true}\n",
        "零件.yaml": "steps: {走: [{set: {金頟: 1}, faults: ['${case.x}']}]}\n",
    }
    found = list_problems(folder, text, files)
    assert len(found) == len(dict.fromkeys(found))
    assert [one.partition("; ")[0].partition(" (if")[0] for one in found] == EVERYTHING


EVERYTHING = [
    "3:18: script 没.js cannot be read: No such file or directory",
    "3:30: script 没.js cannot be read: No such file or directory",
    "4:45: flow.subflows.盖章.definition: 没.yaml cannot be used",
    "7:12: steps[0].set.金頟: no field '金頟'",
    "7:29: steps[0].faults[0]: ${case.x} is not defined",
    "7:42: steps[0].faults[1]: the key 'do' is missing",
    "7:47: steps[0].faults[1].on: expected text, got a number",
    "9:21: proxy.platforms[0]: an empty text names no folder or file",
    "9:29: proxy.instance: ${case.y} is not defined",
    "没.yaml: cannot be read: No such file or directory",
    "流程.yaml:2:1: start: no node '步门'",
    "流程.yaml:4:37: nodes.部门.approve[0].to: expected text, got a number",
    "流程.yaml:4:41: nodes.部门.approve[1]: expected a mapping, got text",
    "流程.yaml:4:45: nodes.部门.多: unknown key '多'",
    "零件.yaml:1:20: steps.走[0].set.金頟: no field '金頟'",
    "零件.yaml:1:37: faults: ${case.x} is not defined",
    "零件.yaml:1:37: steps.走[0].faults[0]: ${case.x} is not defined",
]
