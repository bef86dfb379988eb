"""A thing is declared once: defaults, fragments, files of forms, flows and people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.cli.app import run_command_line
from bpmax_sim.cli.resolved import resolve_keys
from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import translate
from bpmax_sim.index.store import load_index
from bpmax_sim.index.uses import ProjectUses
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.runner import run_scenario
from bpmax_sim.scenario.toml_defaults import read_toml_defaults

SCENARIO = "scenarios/采购/大额.scenario.yaml"
FORM = """\
form: 采购申请单
fields: {供应商: '', 金额: 0, 等级: ''}
scripts: {change.金额: ../js/level.js}
"""
FLOW = """\
flow: 采购
start: 部门
scripts: {create: ../js/create.js}
nodes:
  部门: {owners: [李经理], approve: 结束}
  结束: {end: true}
"""
DEFAULTS = """\
form: forms/采购.yaml
flow: flows/采购.yaml
people: people.yaml
user: zhangsan
clock: "2026-03-02T09:00:00+08:00"
proxy:
  cassette: 采购
  redact: body.phone
  stubs:
    - {on: qywx.getUser, body: {单号: CG-1}}
    - {on: qywx.sendTextMessage, body: {errcode: 0}}
"""
PLAIN = "scenario: 大额\nsteps: [{js: 'return 1'}]\n"
PLAYED = "scenario: 大额\nsteps: [{submit: {}}, {play: {until: 结束}}]\n"
PROJECT: Mapping[str, str] = {
    "pyproject.toml": "[tool.bpmax_sim]\n",
    "scenarios/defaults.yaml": DEFAULTS,
    "scenarios/people.yaml": "zhangsan: 张三\n李经理: {name: 李经理}\n",
    "scenarios/forms/采购.yaml": FORM,
    "scenarios/flows/采购.yaml": FLOW,
    "scenarios/js/level.js": "form.等级 = form.金额 > 10000 ? '大额' : '小额';",
    "scenarios/js/create.js": "ctx.form.供应商 = '得力';",
    SCENARIO: "scenario: 大额\nsteps: [{set: {金额: 20000}, expect: {form: {等级: 大额}}}]\n",
}


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(files: Mapping[str, str | bytes]) -> None:
    for name, text in {**PROJECT, **files}.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def load(files: Mapping[str, str | bytes]) -> ScenarioItem:
    write(files)
    return load_items(Path.cwd() / SCENARIO)[0]


def places(item: ScenarioItem) -> Mapping[str, tuple[str, str]]:
    """Return the value and ``file:line:column`` of each key."""
    return {one.key: (one.value, str(one.place)) for one in resolve_keys(item)}


def test_a_scenario_of_two_keys_has_form_flow_people_and_clock_of_its_folder() -> None:
    write({})
    result = run_scenario(SCENARIO)

    item = load_items(Path.cwd() / SCENARIO)[0]

    assert not result.failures
    assert places(item) == {
        "scenario": ("大额", f"{SCENARIO}:1:1"),
        "form.definition": ("forms/采购.yaml", "scenarios/defaults.yaml:1:7"),
        "form.fields.供应商": ("", "scenarios/forms/采购.yaml:2:10"),
        "form.fields.金额": ("0", "scenarios/forms/采购.yaml:2:19"),
        "form.fields.等级": ("", "scenarios/forms/采购.yaml:2:26"),
        'form.scripts["change.金额"]': ("../js/level.js", "scenarios/forms/采购.yaml:3:11"),
        "flow.definition": ("flows/采购.yaml", "scenarios/defaults.yaml:2:7"),
        "flow.scripts.create": ("../js/create.js", "scenarios/flows/采购.yaml:3:11"),
        "people.zhangsan": ("张三", "scenarios/people.yaml:1:1"),
        "people.李经理": ('{"name": "李经理"}', "scenarios/people.yaml:2:1"),
        "user": ("zhangsan", "scenarios/defaults.yaml:4:1"),
        "clock": ("2026-03-02T09:00:00+08:00", "scenarios/defaults.yaml:5:1"),
        "proxy.cassette": ("采购", "scenarios/defaults.yaml:7:3"),
        "proxy.redact": ("body.phone", "scenarios/defaults.yaml:8:3"),
        "proxy.stubs[0]": (
            '{"on": "qywx.getUser", "body": {"单号": "CG-1"}}', "scenarios/defaults.yaml:10:7",
        ),
        "proxy.stubs[1]": (
            '{"on": "qywx.sendTextMessage", "body": {"errcode": 0}}',
            "scenarios/defaults.yaml:11:7",
        ),
        "steps[0]": (
            '{"set": {"金额": 20000}, "expect": {"form": {"等级": "大额"}}}', f"{SCENARIO}:2:9",
        ),
    }  # fmt: skip


NEARER: list[tuple[Mapping[str, str], Mapping[str, str | None]]] = [
    ({"scenarios/采购/defaults.yaml": "clock: '2026-04-01T09:00:00+08:00'\n"},
     {"clock": "2026-04-01T09:00:00+08:00"}),
    ({"defaults.yaml": "clock: '2026-04-01T09:00:00+08:00'\nseed: 7\n"},
     {"clock": "2026-03-02T09:00:00+08:00", "seed": "7"}),
    ({"pyproject.toml": "[tool.bpmax_sim.defaults]\nseed = 3\nclock = '2020-01-01'\n"},
     {"seed": "3", "clock": "2026-03-02T09:00:00+08:00"}),
    ({SCENARIO: "scenario: 大额\nproxy: {redact: body.id}\nsteps: [{open: {}}]\n"},
     {"proxy.redact": '["body.id", "body.phone"]', "proxy.cassette": "采购"}),
    ({SCENARIO: f"{PLAIN}proxy: {{stubs: [{{on: qywx.getUser, status: 500}}]}}\n"},
     {"proxy.stubs[0]": '{"on": "qywx.getUser", "status": 500}',
      "proxy.stubs[1]": '{"on": "qywx.sendTextMessage", "body": {"errcode": 0}}',
      "proxy.stubs[2]": None}),
    ({SCENARIO: "scenario: 大额\nform: {fields: {金额: 5}}\nsteps: [{open: {}}]\n"},
     {"form.fields.金额": "5", "form.fields.供应商": "", "form.definition": "forms/采购.yaml"}),
    ({SCENARIO: "scenario: 大额\nform: null\nuser: null\nsteps: [{submit: {}}]\n"},
     {"form.definition": None, "user": None}),
    ({"scenarios/采购/b.yaml": "fields: {数量: 1}\n",
      SCENARIO: "scenario: 大额\nform: b.yaml\nsteps: [{open: {}}]\n"},
     {"form.fields.数量": "1", "form.fields.金额": None}),
    ({"scenarios/采购/常用.yaml": "people: {wangwu: 王五}\nseed: 9\n",
      SCENARIO: "scenario: 大额\nuse: 常用.yaml\nsteps: [{open: {}}]\n"},
     {"people.wangwu": "王五", "people.zhangsan": "张三", "seed": "9"}),
    ({"scenarios/采购/defaults.yaml": "use: ../常用.yaml\nseed: 2\n",
      "scenarios/常用.yaml": "seed: 1\nclock: '2026-05-01T09:00:00+08:00'\n"},
     {"seed": "2", "clock": "2026-05-01T09:00:00+08:00"}),
    ({"scenarios/采购/defaults.yaml": "policies: [{at: 部门, approve: {}}]\n",
      SCENARIO: f"{PLAYED}policies: [{{at: 部门, times: 1, approve: {{}}}}]\n"},
     {"policies": '[{"at": "部门", "times": 1, "approve": {}}, {"at": "部门", "approve": {}}]'}),
    ({"scenarios/采购/defaults.yaml": "policies: {at: 部门, approve: {}}\n",
      SCENARIO: f"{PLAYED}policies: {{at: 部门, times: 1, approve: {{}}}}\n"},
     {"policies": '[{"at": "部门", "times": 1, "approve": {}}, {"at": "部门", "approve": {}}]'}),
    ({"scenarios/采购/defaults.yaml": "policies: [{at: 部门, approve: {}}]\n",
      SCENARIO: f"{PLAIN}policies: null\n"},
     {"policies": None}),
    ({"scenarios/采购/甲.yaml": "seed: 1\nclock: '2026-05-01T09:00:00+08:00'\n",
      "scenarios/采购/乙.yaml": "use: 甲.yaml\nseed: 2\n",
      "scenarios/采购/丙.yaml": "use: 甲.yaml\nuser: 李经理\n",
      SCENARIO: f"{PLAIN}use: [乙.yaml, 丙.yaml]\n"},
     {"seed": "2", "clock": "2026-05-01T09:00:00+08:00", "user": "李经理"}),
    ({"scenarios/采购/defaults.yaml": "vars: {口令: 甲, 编号: 乙}\nsecrets: [vars.口令]\n",
      SCENARIO: f"{PLAIN}secrets: [vars.编号]\n"},
     {"secrets": '["vars.编号", "vars.口令"]'}),
]  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), NEARER)
def test_the_nearer_wins_key_by_key(
    files: Mapping[str, str], expected: Mapping[str, str | None]
) -> None:
    write(files)
    said = places(load_items(Path.cwd() / SCENARIO)[0])

    assert {key: said[key][0] if key in said else None for key in expected} == expected


def test_a_key_of_the_settings_has_its_line_and_column() -> None:
    text = '[tool.bpmax_sim]\n[tool.bpmax_sim.defaults]\nseed = 3\nproxy.cassette = "共用"\n'
    text += 'people = {wangwu = "王五"}\n'
    bare = {"scenarios/defaults.yaml": "{}\n", SCENARIO: PLAIN}
    said = places(load({"pyproject.toml": text, **bare}))

    assert said["seed"] == ("3", "pyproject.toml:3:1")
    assert said["proxy.cassette"] == ("共用", "pyproject.toml:4:1")
    assert said["people.wangwu"] == ("王五", "pyproject.toml:5:1")


SETTINGS = """\
[tool.bpmax_sim.defaults.vars]
'税率' = 0.13
'折扣' = 1.0
'单价' = -12_800.5
'件数' = 3
'含税' = true
'作废' = false
'单号' = "0.13"
'备注' = ""
'到期' = 2026-03-02
'下单' = 2026-03-02T09:00:00.5+08:00
'入库' = 2026-03-02T09:00:00
'班次' = 09:30:00
'明细' = [{'数量' = 2, '单价' = 0.5, '交期' = 2026-03-05}, [1.5, true, "箱"], []]
'审批' = {'上限' = 5e4, '逐级' = {'总监' = 1.5e5}}
"""


def test_a_value_of_the_settings_keeps_its_type_and_a_date_is_text() -> None:
    item = load({"pyproject.toml": SETTINGS, "scenarios/defaults.yaml": "{}\n", SCENARIO: PLAIN})

    assert repr(item.vars) == repr({  # 1, 1.0 and True are equal
        "税率": 0.13, "折扣": 1.0, "单价": -12800.5, "件数": 3, "含税": True, "作废": False,
        "单号": "0.13", "备注": "",
        "到期": "2026-03-02", "下单": "2026-03-02 09:00:00.500000+08:00",
        "入库": "2026-03-02 09:00:00", "班次": "09:30:00",
        "明细": [{"数量": 2, "单价": 0.5, "交期": "2026-03-05"}, [1.5, True, "箱"], []],
        "审批": {"上限": 50000.0, "逐级": {"总监": 150000.0}},
    })  # fmt: skip


def test_what_is_in_a_list_of_the_settings_has_the_place_of_the_first_of_it() -> None:
    stub = "[[tool.bpmax_sim.defaults.proxy.stubs]]\non = 'erp.入库'\nstatus = 200\n"
    path = Path("pyproject.toml")
    path.write_text(f"seed = 1\n{stub * 3}", encoding="utf-8")

    stubs = read_toml_defaults(path, "设置").root.items["proxy"].items["stubs"]

    assert [(one.keys, str(one.place)) for one in stubs.elements] == [
        ({"on": (2, 3), "status": (2, 3)}, "设置:2:3")  # no line of another one
    ] * 3


@pytest.mark.parametrize(
    ("lines", "key", "place"),
    [
        ("[tool.bpmax_sim.defaults]\nvars.limit = 1", "vars.limit", "3:1"),
        ("[tool.bpmax_sim.defaults]\nvars.'甲' = 1", "vars.甲", "3:1"),
        ('[tool.bpmax_sim.defaults]\n  vars . "甲" = 1', "vars.甲", "3:3"),
        ("[ tool . 'bpmax_sim' . \"defaults\" ]\nseed = 3", "seed", "3:1"),
        ("[tool.bpmax_sim.defaults.vars]\n'乙' = 1\n'甲' = 2", "vars.甲", "4:1"),
        ("[tool.bpmax_sim.defaults.'vars']\nlimit = 2", "vars.limit", "3:1"),
        ("[tool.bpmax_sim.defaults]\nvars = {'乙' = 1, limit = 2}", "vars.limit", "3:1"),
        ("[tool.bpmax_sim]\n  defaults.vars.limit = 2", "vars.limit", "3:3"),
        ("[tool.bpmax_sim.defaults]\nseed = 3\n[[tool.more]]\nseed = 5", "seed", "3:1"),
        ("[tool.bpmax_sim.defaults]\nseed = 3\n[tool.more]\nseed = 5", "seed", "3:1"),
        ("[[tool.more]]\nseed = 5\n[tool.bpmax_sim.defaults]\nseed = 3", "seed", "5:1"),
    ],
)
def test_a_key_of_the_settings_has_its_place_however_it_is_written(
    lines: str, key: str, place: str
) -> None:
    text = f"[tool.other]\n{lines}\n"
    said = places(
        load({"pyproject.toml": text, "scenarios/defaults.yaml": "{}\n", SCENARIO: PLAIN})
    )

    assert said[key][1] == f"pyproject.toml:{place}"


def test_paths_are_relative_to_the_file_that_says_them() -> None:
    item = load(
        {
            "scenarios/defaults.yaml": "proxy: {platforms: [平台, ../more], instances: i.yaml}\n",
            SCENARIO: PLAIN,
        }
    )

    below = [path.relative_to(Path.cwd()).as_posix() for path in item.platforms]
    assert below == ["scenarios/平台", "more"]
    assert item.instances == Path.cwd() / "scenarios/i.yaml"


WRONG: list[tuple[Mapping[str, str | bytes], str, str]] = [
    ({"scenarios/defaults.yaml": "clok: 1\n"},
     "scenarios/defaults.yaml:1:1: clok: unknown key 'clok'; did you mean 'clock'?",
     "未知的键 'clok'；是不是想写 'clock'？"),
    ({"scenarios/defaults.yaml": "steps: [{open: {}}]\n"},
     "scenarios/defaults.yaml:1:1: steps: 'steps' belongs to a scenario; this file is shared",
     "场景文件"),
    ({"scenarios/defaults.yaml": "scenario: 采购\n"},
     "scenarios/defaults.yaml:1:1: scenario: 'scenario' belongs to a scenario", "场景文件"),
    ({"scenarios/defaults.yaml": "stubs: [{on: erp.x}]\n"},
     "scenarios/defaults.yaml:1:1: stubs: stubs belongs to proxy; write proxy: {stubs: …}",
     "写成 proxy: {stubs: …}"),
    ({"scenarios/defaults.yaml": "use: 甲.yaml\n", "scenarios/甲.yaml": "use: 乙.yaml\n",
      "scenarios/乙.yaml": "use: 甲.yaml\n"},
     "scenarios/乙.yaml:1:6: use: these files use each other without end: scenarios/甲.yaml ->",
     "循环引用"),
    ({"scenarios/defaults.yaml": "form: forms/采够.yaml\n"},
     "scenarios/defaults.yaml:1:7: there is no file scenarios/forms/采够.yaml; did you mean '采购",
     "没有这个文件"),
    ({"scenarios/defaults.yaml": "people: nobody.yaml\n"},
     "scenarios/defaults.yaml:1:9: there is no file scenarios/nobody.yaml", "没有这个文件"),
    ({"scenarios/people.yaml": "- 张三\n"},
     "scenarios/people.yaml:1:1: expected a mapping, got a list", "应为映射"),
    ({"scenarios/forms/采购.yaml": "feilds: {金额: 0}\n"},
     "scenarios/forms/采购.yaml:1:1: feilds: unknown key 'feilds'; did you mean 'fields'?",
     "未知的键"),
    ({"scenarios/forms/采购.yaml": "fields: [金额]\n"},
     "scenarios/forms/采购.yaml:1:9: fields: expected a mapping, got a list", "应为映射"),
    ({"scenarios/people.yaml": "zhangsan: 张三\n".encode("gbk")},
     "scenarios/people.yaml:1:11: this is not UTF-8; save the file with the encoding UTF-8",
     "UTF-8"),
    ({"scenarios/defaults.yaml": "user: 张三\n".encode("gbk")},
     "scenarios/defaults.yaml:1:7: this is not UTF-8; save the file with the encoding UTF-8",
     "UTF-8"),
    ({"scenarios/flows/采购.yaml": FLOW.replace("create:", "creat:")},
     "scenarios/flows/采购.yaml:3:11: flow.scripts.creat: a flow has no event 'creat'; did",
     "没有"),
    ({"scenarios/flows/采购.yaml": FLOW.replace("create.js", "creat.js")},
     "scenarios/flows/采购.yaml:3:11: script scenarios/js/creat.js cannot be read", ""),
    ({"scenarios/defaults.yaml": DEFAULTS.replace("on: qywx.getUser", "on: erp")},
     "scenarios/defaults.yaml:10:7: proxy.stubs[0]: on: expected platform.api", ""),
    ({"pyproject.toml": "[tool.bpmax_sim.defaults]\nclok = 1\n"},
     "pyproject.toml:2:1: clok: unknown key 'clok'; did you mean 'clock'?", ""),
    ({"pyproject.toml": "[tool.bpmax_sim]\ndefaults = 'x.yaml'\n"},
     "pyproject.toml:2:1: expected a mapping, got text", ""),
    ({"pyproject.toml": "[[tool.bpmax_sim.defaults.proxy.stubs]]\non = 'crm.a'\nbody = 1\n"
      "[[tool.bpmax_sim.defaults.proxy.stubs]]\non = 'erp'\nbody = 1\n"},
     "pyproject.toml:1:3: proxy.stubs[3]: on: expected platform.api or platform.*, got 'erp'", ""),
    ({SCENARIO: "scenario: 大额\nform: null\nflow: null\nsteps: [{set: {金额: 1}}]\n"},
     f"{SCENARIO}:4:10: steps[0].set: set needs a form or a flow in the scenario", ""),
]  # fmt: skip


@pytest.mark.parametrize(("files", "message", "chinese"), WRONG)
def test_what_is_wrong_is_told_where_its_key_stands(
    files: Mapping[str, str | bytes], message: str, chinese: str
) -> None:
    write(files)

    with pytest.raises(ConfigError) as caught:
        load_items(Path.cwd() / SCENARIO)

    told = [str(problem) for problem in caught.value.problems]
    assert [one for one in told if one.startswith(message)], told
    assert len(told) == 1
    assert chinese in translate(caught.value.problems[0].message, "zh")


def test_what_uses_are_of_a_shared_file() -> None:
    write({})
    uses = ProjectUses(load_index(Path.cwd()))
    shared = [name for name in PROJECT if name.startswith("scenarios/") and name != SCENARIO]

    reached: dict[str, Any] = {name: uses.find_affected_scenarios([name]) for name in shared}

    assert reached == {name: {SCENARIO} for name in shared}
    absent = ["defaults.yaml", "scenarios/采购/defaults.yaml"]
    assert uses.find_affected_scenarios(absent) == {SCENARIO}


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        (
            "people: {李经利: 李强}\n",
            "2:10: '李经利' is added to what is inherited; did you mean '李经理",
        ),
        ("form: {fields: {供应尚: ''}}\n", "2:17: '供应尚' is added to what is inherited; did you"),
    ],
)
def test_a_name_that_hides_an_inherited_one_is_doubted(scenario: str, message: str) -> None:
    item = load({SCENARIO: f"scenario: 大额\n{scenario}steps: [{{js: 'return 1'}}]\n"})

    assert [str(one) for one in item.warnings if message in str(one)], item.warnings


def test_defaults_that_nobody_inherits_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    write(
        {"scenarios/forms/defaults.yaml": "seed: 1\n", "scenarios/采购/defaults.yml": "seed: 1\n"}
    )

    assert run_command_line(["lint"]) == 0
    told = capsys.readouterr().err
    assert "scenarios/forms/defaults.yaml:1:1: no scenario lies in scenarios/forms or below" in told
    assert "scenarios/采购/defaults.yml:1:1: only defaults.yaml is read as defaults" in told


def test_a_listing_tells_each_key_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    write(
        {SCENARIO: "scenario: 大额\nvars: {口令: 甲}\nsecrets: [vars.口令]\nsteps: [{open: {}}]\n"}
    )

    assert run_command_line(["list", "--resolved"]) == 0
    told = capsys.readouterr().out
    assert f"  {SCENARIO}:3" in told
    assert "scenarios/forms/采购.yaml:2" in told
    assert "***" in told
    assert "甲" not in told


OF_TOML = """\
[[tool.bpmax_sim.defaults.proxy.stubs]]
on = "qywx.getUser"
status = 99
[[tool.bpmax_sim.defaults.policies]]
at = "部门"
after = "明天"
"""
OF_YAML = """\
proxy: {stubs: [{on: qywx.getUser}, {on: qywx.getUser, status: 99}]}
policies: [{at: 部门, after: 明天}]
"""
RANGE = "status: expected a whole number of at least 100 and at most 599, got"


@pytest.mark.parametrize(
    ("file", "defaults", "policy", "stub"),
    [
        ("pyproject.toml", OF_TOML, "4:3: policies[0]", "1:3: proxy.stubs[0]"),
        ("scenarios/defaults.yaml", OF_YAML, "2:28: policies[0]", "1:64: proxy.stubs[1]"),
    ],
)
def test_a_mistake_in_a_list_of_defaults_is_told_once_where_a_scenario_goes_on_with_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    defaults: str,
    policy: str,
    stub: str,
) -> None:
    own = "proxy: {stubs: [{on: qywx.sendTextMessage, status: 98}]}\npolicies: [{at: 财务}]\n"
    for name, text in {"pyproject.toml": "[tool.bpmax_sim]\n", file: defaults}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    scenario = tmp_path / "scenarios/大额.scenario.yaml"
    scenario.parent.mkdir(exist_ok=True)
    scenario.write_text(PLAIN + own, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError) as told:
        load_items(scenario)

    assert {*map(str, told.value.problems)} == {
        f"{file}:{policy}.after: expected a duration such as 30s, got '明天'",
        f"{file}:{stub}.{RANGE} 99",
        f"scenarios/大额.scenario.yaml:3:52: proxy.stubs[0].{RANGE} 98",
    }
