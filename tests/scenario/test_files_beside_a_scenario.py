# ruff: noqa: E501 - scenarios, one a line
"""Sub-flows, defaults of a folder or of pyproject.toml, and references: each mistake at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.errors import Place
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.scenario import model
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.shared_names import find_env_names_of_shared_files, forget_searched_folders
from bpmax_sim.scenario.source import ScenarioSource, Spot
from bpmax_sim.scenario.table_rows import ScenarioDraft
from bpmax_sim.scenario.toml_defaults import has_toml_defaults, read_toml_defaults
from bpmax_sim.yamlfile import Node, decode
from tests.files import write_files
from tests.scenario.loading import list_problems, load_text

FLOW = """\
flow: 采购
start: 部门
nodes:
  部门: {owners: [李四], approve: 用印}
  用印: {subflow: {flow: 盖章, form: {额: 金额}, back: {章号: 号, 经办: 人}}, approve: 收款, reject: 完}
  收款: {subflow: 收, approve: 存档}
  存档: {subflow: {flow: 存, wait: false, back: {档号: 档}}, approve: 寄送}
  寄送: {subflow: 盖張, approve: 完}
  完: {end: true}
"""
LOOP = "flow: %s\nstart: 甲\nnodes: {甲: {subflow: %s, approve: 乙}, 乙: {subflow: {flow: %s}, approve: 丙}, 丙: {end: true}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_sub_flows_are_started_and_end(folder: Path) -> None:
    files = {
        "流程.yaml": FLOW, "收.yaml": LOOP % ("收", "转", "收"), "转.yaml": LOOP % ("转", "查", "收"),
        "查.yaml": "flow: 查\nstart: 甲\nnodes: {甲: {owners: [王五], approve: 丙}, 丙: {end: true}}\n", "孤.yaml": LOOP % ("孤", "查", "查"),
    }  # fmt: skip
    text = (
        "scenario: 采购\nflow:\n  definition: 流程.yaml\n  at: 部门\n  form: {金额: 1, 章号: '', 经办: '', 档号: ''}\n  subflows:\n"
        "    盖章: {result: {章: 7, 额: 1}, status: rejected}\n"
        "    收: 收.yaml\n"
        "    转: {definition: 转.yaml, status: rejected}\n"
        "    查: {definition: 查.yaml, scripts: {create: [库.js]}, libraries: [库.js]}\n"
        "    孤: {definition: 孤.yaml}\n"
        "    存: {result: {}, status: rejected, libraries: [库.js]}\n    档: {result: {}, scripts: {create: [库.js]}, libraries: [库.js]}\n"
        "    寄: {result: {a: 1}, definition: 查.yaml}\n"
        "    送: {}\n"
        "steps: [{approve: {by: 李四}, expect: {flow: {at: 用印}}}]\n"
    )
    found = list_problems(folder, text, {**files, "库.js": "//"})
    back = "7:5: node '用印' takes {!r} back; there are 章, 额"
    assert [one.replace("flow.subflows.", "") for one in found] == [
        "7:10: 盖章.result: " + back.format("号")[5:],
        "7:10: 盖章.result: " + back.format("人")[5:],
        "9:29: 转.status: status goes with result; a definition is run",
        "11:5: 孤: no node starts the sub-flow '孤'",
        "12:39: 存.libraries: libraries: nothing of a sub-flow with a result is run",
        "13:5: 档: no node starts the sub-flow '档'",
        "13:21: 档.scripts: scripts: nothing of a sub-flow with a result is run",
        "14:5: 寄: no node starts the sub-flow '寄'",
        "14:5: 寄: a sub-flow has a definition, or a result that stands in for it",
        "15:5: 送: no node starts the sub-flow '送'",
        "15:5: 送: a sub-flow has a definition, or a result that stands in for it",
        "收.yaml:3:13: nodes.甲.subflow: the sub-flow '收' starts itself, so it would never end",
        "流程.yaml:8:8: nodes.寄送.subflow: no sub-flow '盖張'; did you mean '盖章'?",
        "转.yaml:3:52: nodes.乙.subflow.flow: the sub-flow '转' starts itself, so it would never end",
    ]
    again = (
        text.replace(", libraries: [库.js]", "")
        .replace("status: rejected}\n    收", "status: finished}\n    收")
        .replace("{result: {章: 7, 额: 1}", "{result: {号: 7}")
    )
    kept = [
        one.replace("flow.subflows.", "")
        for one in list_problems(folder, again, {**files, "库.js": "//"})
    ]
    assert [one for one in kept if "盖章" in one or "存" in one] == [
        "7:10: 盖章.result: node '用印' takes '人' back; there is 号",
        "12:9: 存.result: node '存档' takes '档' back; result is empty",
        "流程.yaml:8:8: nodes.寄送.subflow: no sub-flow '盖張'; did you mean '盖章'?",
    ]
    alone = "scenario: 采购\nflow: {definition: 流程.yaml, at: 部门, form: {金额: 1, 章号: '', 经办: '', 档号: ''}, subflows: {盖章: {result: {号: 1, 人: 2}, status: rejected}}}\nsteps: [{approve: {by: 李四}, expect: {flow: {at: 用印}}}]\n"
    flow = "flow: 采购\nstart: 部门\nnodes:\n  部门: {owners: [李四], approve: 用印}\n  用印: {subflow: %s, approve: 完}\n  完: {end: true}\n"
    told = {
        child: [
            one.partition(": ")[2]
            for one in list_problems(folder, alone, {"流程.yaml": flow % child})
        ]
        for child in (
            "盖章",
            "{flow: 盖章, wait: false}",
            "{flow: 盖章, form: {x: 金额}, back: {章号: x, 经办: 人}}",
            "别的",
        )
    }
    offer = "flow.subflows.盖章.status: node '用印' does not offer reject; it offers approve"
    assert told == {
        "盖章": [offer], "{flow: 盖章, wait: false}": [], "{flow: 盖章, form: {x: 金额}, back: {章号: x, 经办: 人}}": [offer],
        "别的": ["flow.subflows.盖章: no node starts the sub-flow '盖章'", "nodes.用印.subflow: no sub-flow '别的'; there is 盖章"],
    }  # fmt: skip
    finished = alone.replace(", status: rejected", "")
    assert list_problems(folder, finished, {"流程.yaml": flow % "盖章"}) == []
    none = (
        alone.partition(", subflows")[0]
        + "}\nsteps: [{approve: {by: 李四}, expect: {flow: {at: 用印}}}]\n"
    )
    assert list_problems(folder, none, {"流程.yaml": flow % "盖章"}) == [
        "流程.yaml:5:8: nodes.用印.subflow: no sub-flow '盖章'; declare it in the scenario: flow.subflows"
    ]
    alone = "scenario: 采购\nflow: {at: 部门, subflows: {查: 查.yaml}}\nsteps: [{approve: {by: 李四}, expect: {form: {金额: 1}}}]\n"
    assert list_problems(folder, alone, files) == [
        "2:27: flow.subflows.查: no node starts the sub-flow '查'"
    ]


TOML = """\
[project]
name = "x"  # user = "甲"

  [ tool . "bpmax_sim" . defaults ]
user = "张三"
'clock' = 2026-03-02T09:00:00+08:00
proxy.redact = ["body.号", "header.x"]
proxy.cassette = "录"
seed = 7
"vars" = {"甲" = 1, "乙" = [1, {"丙" = true}]}

[tool.bpmax_sim.defaults.people."李四"]
"部门" = "采购"
[[tool.bpmax_sim.defaults.policies]]
at = "部门"
[[tool.bpmax_sim.defaults.policies]]
at = "财务"
[tool.bpmax_sim]
user = "乙"
"""


def flatten(node: Node, path: str = "") -> dict[str, tuple[object, str]]:
    found: dict[str, tuple[object, str]] = {}
    for key, child in node.items.items():
        found |= {f"{path}{key}@": (None, str(node.find_key_place(key)).removeprefix("py:"))}
        found |= flatten(child, f"{path}{key}.")
    for number, child in enumerate(node.elements):
        found |= flatten(child, f"{path}{number}.")
    if not node.items and not node.elements:
        found[path.rstrip(".")] = (node.value, f"{node.place.line}:{node.place.column}")
    return found


def test_defaults_in_a_toml_file_have_the_places_of_their_keys(folder: Path) -> None:
    write_files(
        folder,
        {"pyproject.toml": TOML, "其他/pyproject.toml": "[tool.bpmax_sim]\nlenient = true\n"},
    )
    source = read_toml_defaults(folder / "pyproject.toml", "py")

    assert (source.file, len(source.lines), source.root.place) == ("py", 19, Place("py", 4, 5))
    assert flatten(source.root) == {
        "user@": (None, "5:1"), "user": ("张三", "5:1"), "clock@": (None, "6:1"), "clock": ("2026-03-02 09:00:00+08:00", "6:1"),
        "proxy@": (None, "7:1"), "proxy.redact@": (None, "7:1"), "proxy.redact.0": ("body.号", "7:1"), "proxy.redact.1": ("header.x", "7:1"),
        "proxy.cassette@": (None, "8:1"), "proxy.cassette": ("录", "8:1"), "seed@": (None, "9:1"), "seed": (7, "9:1"),
        "vars@": (None, "10:1"), "vars.甲@": (None, "10:1"), "vars.甲": (1, "10:1"), "vars.乙@": (None, "10:1"), "vars.乙.0": (1, "10:1"),
        "vars.乙.1.丙@": (None, "10:1"), "vars.乙.1.丙": (True, "10:1"),
        "people@": (None, "12:2"), "people.李四@": (None, "12:2"), "people.李四.部门@": (None, "13:1"), "people.李四.部门": ("采购", "13:1"),
        "policies@": (None, "14:3"), "policies.0.at@": (None, "14:3"), "policies.0.at": ("部门", "14:3"), "policies.1.at@": (None, "14:3"), "policies.1.at": ("财务", "14:3"),
    }  # fmt: skip
    assert [has_toml_defaults(folder / name) for name in (".", "其他", "没有")] == [
        True,
        False,
        False,
    ]
    write_files(folder, {"其他/pyproject.toml": "[tool.bpmax_sim.defaults]\nuser = 'a'\n"})
    assert has_toml_defaults(folder / "其他")


def test_what_defaults_declare_is_named_by_something_below_their_folder(folder: Path) -> None:
    forget_searched_folders()
    files = {
        "pyproject.toml": "[tool.bpmax_sim]\n",
        "scenarios/defaults.yaml": "vars: {用: 1, 别: 1, 没: 1, 词: 1, 表: 1, 码: 1, a-b: 1, x y: 1}\nfault_sets: {慢: [{on: crm.a, do: {delay: 1}}], 断: [{on: crm.a, do: {delay: 2}}]}\n",
        "scenarios/内/defaults.yaml": "vars: {深: 1, 浅: 1}\n",
        "scenarios/乙/乙.scenario.yaml": "# 别 ${vars.a-b} 断\n", "scenarios/乙/表.csv": "id,表\n", "scenarios/乙/步.py": "码 = 1", "scenarios/乙/词.js": "词",
        "scenarios/乙/x.yaml": "x: y", "外/浅.scenario.yaml": "浅",
    }  # fmt: skip
    write_files(folder, files)
    text = "scenario: 甲\nuse: 零件.yaml\nform: {fields: {金额: 0}}\nsteps: [{set: {金额: '${vars.用}'}, expect: {form: {金额: 1}}}, {run: 走}]\n"
    parts = {
        "零件.yaml": "vars: {闲: 1}\nsteps: {走: [{set: {金额: 2}, expect: {form: {金额: 2}}}]}\n"
    }
    wrong = "rule?: scenarios/{}: no scenario below this folder uses {!r}; take it away, or name it"
    inside = folder / "scenarios/内"
    write_files(inside, {"单.scenario.yaml": text, **parts})

    def tell() -> list[str]:
        [item] = load_items(inside / "单.scenario.yaml", environ={}, root=folder)
        return [
            f"{one.kind}{'' if one.fails else '?'}: {to_plain_english(str(one))}"
            for one in item.warnings
        ]

    assert tell() == [
        wrong.format("defaults.yaml:1:20", "没"),
        wrong.format("defaults.yaml:1:26", "词"),
        wrong.format("defaults.yaml:2:14", "慢"),
        wrong.format("内/defaults.yaml:1:8", "深"),
        wrong.format("内/defaults.yaml:1:14", "浅"),
    ]
    write_files(folder, {"scenarios/乙/乙.scenario.yaml": "# 别 没 词 慢 ${vars.a-b} 断 a-b\n"})
    assert len(tell()) == 5
    forget_searched_folders()
    assert [one.partition("uses ")[2][:3] for one in tell()] == ["'深'", "'浅'"]


def test_the_environment_of_shared_files_is_known(folder: Path) -> None:
    forget_searched_folders()
    write_files(
        folder,
        {
            "pyproject.toml": "[tool.bpmax_sim]\nplatforms = '平台'\n",
            "平台/crm.yaml": "token: {env: CRM_TOKEN}\n", "instances.yaml": "- {secret: '${env.CRM_SECRET}'}\n", "instances.local.yaml": "env.CRM_LOCAL\n",
            "scenarios/共.yaml": "a: ${env.共}\nb: {'env': 'B1'}\nc: env[ 'C1' ]", "scenarios/甲.scenario.yaml": "${env.甲}", "外.yaml": "${env.外}", "scenarios/表.csv": "env.表",
            "别处/erp.yaml": "env: ERP", "别处/i.yaml": "env: 实例", "别处/i.local.yaml": "env: 本机",
        },
    )  # fmt: skip

    def find(text: str) -> set[str]:
        path = folder / "scenarios/单.scenario.yaml"
        path.write_text(text, encoding="utf-8")
        source = ScenarioSource.read(path)
        scenario = decode(source.root, model.Scenario, [])
        assert scenario is not None
        return find_env_names_of_shared_files(ScenarioDraft(spot=Spot(source), scenario=scenario))

    head = "scenario: 甲\nsteps: []\nvars: {a: '${ env.自己 }', b: env.没}\n"
    shared = {"自己", "共", "B1", "C1"}
    assert find(head) == {*shared, "CRM_TOKEN", "CRM_SECRET", "CRM_LOCAL"}
    assert find(head + "proxy: {platforms: ../别处/erp.yaml, instances: ../别处/i.yaml}\n") == {
        *shared,
        "ERP",
        "实例",
        "本机",
    }
    assert find(head + "proxy: {platforms: [../别处/erp.yaml, ../平台]}\n") == {
        *shared,
        "ERP",
        "CRM_TOKEN",
        "CRM_SECRET",
        "CRM_LOCAL",
    }


def test_references_name_what_the_scenario_has(folder: Path) -> None:
    text = (
        "scenario: 采购 ${vars.标题}\nform: {fields: {金额: 0, 说明: '', description: '${vars.庚}'}, scripts: {open: '${vars.没}.js'}}\n"
        "vars: {甲: 1, 乙: '${vars.丁}', 丙.x: 1}\nuser: '${env.没人}'\nsecrets: [env.令牌, vars.甲, vars.戊, form.金额, 乱, case.额, 'case.無']\n"
        "cases: [{id: 一, 额: 1, 备: '${vars.己}'}, {id: 二, 额: 2}]\n"
        "steps:\n"
        "  - {id: 开, set: {金额: '${case.额}', 说明: '${case.备} ${case.金额}'}, save: {存: '${steps.开.result}'}}\n"
        "  - {js: '${vars.码中}', expect: {result: '${steps.关.result}', form: {金额: '${form.金颜}', 说明: '${vars.丙.x} ${vars.存} ${now} ${uuid}'}}}\n"
        "  - {python: 'json:${vars.模块}', name: '${flow.at}', description: x, expect: {result: '${'}}\n"
    ).replace(", description: x", "")
    names = "; there are 丙.x, 乙, 存, 甲"
    none = "${{{}}} is not defined{}"
    found = list_problems(folder, text, {"${vars.没}.js": "//"})
    assert [
        one
        for one in found
        if "defined" in one or "secrets" in one or "has no" in one or "closed" in one
    ] == [
        "1:1: scenario: " + none.format("vars.标题", names),
        "2:32: form.fields.description: " + none.format("vars.庚", names),
        "3:14: vars.乙: " + none.format("vars.丁", names),
        "4:1: user: " + none.format("env.没人", "; set the environment variable 没人"),
        "5:27: secrets[2]: " + none.format("vars.戊", "; there are 丙.x, 乙, 甲"),
        "5:35: secrets[3]: expected env.X, vars.x or case.x, got 'form.金额'",
        "5:44: secrets[4]: expected env.X, vars.x or case.x, got '乱'",
        "5:55: secrets[6]: " + none.format("case.無", "; there are id, 额, 备"),
        "6:23: cases[0].备: " + none.format("vars.己", names),
        "6:40: cases: row '二' has no '备', which ${case.备} names",
        "8:36: steps[0].set.说明: " + none.format("case.金额", "; did you mean '额'?"),
        "9:33: steps[1].expect.result: " + none.format("steps.关.result", "; there is 开"),
        "9:69: steps[1].expect.form.金额: " + none.format("form.金颜", "; did you mean '金额'?"),
        "10:6: steps[2].python: " + none.format("vars.模块", names),
        "10:33: steps[2].name: " + none.format("flow.at", "; the scenario has no flow"),
        "10:62: steps[2].expect.result: '${' is not closed; write '$${' for the characters themselves",
    ]
    ids = "scenario: 甲\nform: {scripts: {open: 开.js}}\nsteps:\n  - {id: 甲, open: {}}\n  - {id: 乙, js: '${form.随便}'}\n  - {expect: {result: '${steps.乙.result}', form: {随便: '${form.任意}'}}}\n"
    assert list_problems(folder, ids, {"开.js": "form.随便 = 1"}) == []
    assert load_text(folder, "scenario: 甲\nsteps: [{js: 'return 1', expect: {result: 1}}]\n")
