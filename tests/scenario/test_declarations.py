"""How the tree of a scenario is joined with a tree further away, key by key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.scenario.declarations import merge_nodes, read_declarations
from bpmax_sim.yamlfile import parse_yaml
from tests.files import write_files


@pytest.mark.parametrize(
    ("near", "far", "merged"),
    [
        ("user: 甲", "user: 乙\nclock: 早", {"user": "甲", "clock": "早"}),
        ("user: null", "user: 乙", {"user": None}),
        ("user: 甲", "{}", {"user": "甲"}),
        ("vars: {甲: 1, 乙: {子: 1}}", "vars: {乙: {孙: 2}, 丙: 3}",
         {"vars": {"乙": {"子": 1}, "丙": 3, "甲": 1}}),
        ("vars: {}", "vars: {甲: 1}", {"vars": {}}),
        ("vars: null", "vars: {甲: 1}", {"vars": None}),
        ("people: {甲: {名: 1}}", "people: {甲: {岁: 2}, 乙: {}}",
         {"people": {"甲": {"名": 1}, "乙": {}}}),
        ("fault_sets: {断: []}", "fault_sets: {慢: [], 断: [1]}",
         {"fault_sets": {"慢": [], "断": []}}),
        ("form: {fields: {金额: 1}, libraries: [a]}",
         "form: {fields: {金额: 2, 客户: 3}, libraries: [b], scripts: {open: o.js}}",
         {"form": {"fields": {"金额": 1, "客户": 3}, "libraries": ["a"],
                   "scripts": {"open": "o.js"}}}),
        ("form: {definition: 新.yaml}", "form: {fields: {金额: 2}}",
         {"form": {"definition": "新.yaml"}}),
        ("form: {fields: {金额: 1}}", "form: {definition: 旧.yaml}",
         {"form": {"definition": "旧.yaml", "fields": {"金额": 1}}}),
        ("flow: {definition: 新.yaml, form: {甲: 1}}", "flow: {at: 审批, form: {乙: 1}}",
         {"flow": {"definition": "新.yaml", "form": {"甲": 1}}}),
        ("flow: {form: {甲: 1}, project: {id: 1}, owners: {}}",
         "flow: {form: {乙: 1}, project: {name: 2}, at: 审批, owners: {甲: 1}}",
         {"flow": {"form": {"甲": 1, "乙": 1}, "project": {"name": 2, "id": 1}, "at": "审批",
                   "owners": {}}}),
        ("flow: {subflows: {用印: {definition: a}}}", "flow: {subflows: {用印: {at: 1}, 归档: 2}}",
         {"flow": {"subflows": {"用印": {"definition": "a"}, "归档": 2}}}),
        ("secrets: env.甲", "secrets: [env.乙, env.丙, env.丁]",
         {"secrets": ["env.甲", "env.乙", "env.丙", "env.丁"]}),
        ("secrets: [env.甲]", "secrets: env.乙", {"secrets": ["env.甲", "env.乙"]}),
        ("secrets: null", "secrets: [env.乙]", {"secrets": None}),
        ("secrets: []", "secrets: [env.乙]", {"secrets": ["env.乙"]}),
        ("policies: [{by: 甲}]", "policies: [{by: 乙}, {by: 丙}]",
         {"policies": [{"by": "甲"}, {"by": "乙"}, {"by": "丙"}]}),
        ("proxy: {redact: body.a, ignore: [x]}", "proxy: {redact: [body.b], ignore: [y, z]}",
         {"proxy": {"redact": ["body.a", "body.b"], "ignore": ["x"]}}),
        # only at their own places these names are those of lists, or of a form and a flow
        ("vars: {secrets: 甲, policies: 乙, redact: 丙}",
         "vars: {secrets: 1, policies: 2, redact: 3}",
         {"vars": {"secrets": "甲", "policies": "乙", "redact": "丙"}}),
        ("form: {fields: {secrets: [甲]}}", "form: {fields: {secrets: [乙], redact: 丙}}",
         {"form": {"fields": {"secrets": ["甲"], "redact": "丙"}}}),
        ("redact: 甲\nproxy: {secrets: 甲}", "redact: 乙\nproxy: {secrets: 乙}",
         {"redact": "甲", "proxy": {"secrets": "甲"}}),
        ("flow: {form: {definition: 甲}}", "flow: {form: {definition: 乙, 金额: 1}}",
         {"flow": {"form": {"definition": "甲", "金额": 1}}}),
        ("proxy: {cassette: 甲}", "proxy: {cassette: 乙, repeat: true}",
         {"proxy": {"cassette": "甲", "repeat": True}}),
        ("proxy: {stubs: [{on: a.x}]}", "proxy: {cassette: 乙}",
         {"proxy": {"cassette": "乙", "stubs": [{"on": "a.x"}]}}),
    ],
)  # fmt: skip
def test_the_nearer_value_holds_and_some_maps_and_lists_are_joined(
    near: str, far: str, merged: Any
) -> None:
    tree = merge_nodes(parse_yaml(near, "近.yaml"), parse_yaml(far, "远.yaml"))

    assert tree.to_plain() == merged
    assert {key: tree.find_key_place(key).file for key in tree.items} == {
        key: "近.yaml" if key in parse_yaml(near, "").items else "远.yaml" for key in merged
    }


@pytest.mark.parametrize(
    ("near", "far", "merged"),
    [
        ("[{on: a.x, body: 1}]", "[{on: a.x}, {on: a.y}, {on: b.x}, {on: b.y}, {on: a.x}]",
         ["a.x", "a.y", "b.x", "b.y"]),
        ("{on: a.x}", "{on: a.y}", ["a.x", "a.y"]),
        ("[{on: a.*}]", "[{on: a.x}]", ["a.*", "a.x"]),
        ("[{on: a.x}, {on: a.x}]", "[{on: b.x}, {on: b.x}, {on: b.x}]",
         ["a.x", "a.x", "b.x", "b.x", "b.x"]),
        ("[]", "[{on: a.x}]", ["a.x"]),
        ("[{on: a.x}, {body: 1}]", "[{body: 2}, {on: a.y}]", ["a.x", None, "a.y"]),
    ],
)  # fmt: skip
def test_stubs_of_other_apis_stay(near: str, far: str, merged: list[str | None]) -> None:
    trees = [parse_yaml(f"proxy: {{stubs: {text}}}", "x.yaml") for text in (near, far)]

    tree: Any = merge_nodes(trees[0], trees[1]).to_plain()

    assert [stub.get("on") for stub in tree["proxy"]["stubs"]] == merged


@pytest.mark.parametrize(
    ("folders", "clock"),
    [
        ([], None),
        (["."], None),
        (["项目"], "项目"),
        (["项目/采购"], "项目/采购"),
        (["项目/采购/合同"], "项目/采购/合同"),
        (["项目/采购/合同/用印"], None),
        (["项目/报销"], None),
        ([".", "项目", "项目/采购"], "项目/采购"),
        (["项目", "项目/采购/合同", "项目/报销"], "项目/采购/合同"),
    ],
)
def test_defaults_come_from_the_projects_folder_down_to_that_of_the_scenario(
    tmp_path: Path, folders: list[str], clock: str | None
) -> None:
    scenario = "项目/采购/合同/单.scenario.yaml"
    defaults = {f"{folder}/defaults.yaml": f"clock: {folder}\n" for folder in folders}
    write_files(tmp_path, {scenario: "scenario: 单\n", **defaults})

    found = read_declarations(tmp_path / scenario, tmp_path / "项目", [])

    assert found.source.root.to_plain() == {
        "scenario": "单", **({"clock": clock} if clock else {})
    }  # fmt: skip
    inherited = [folder for folder in folders if folder in "项目/采购/合同" and folder != "."]
    assert len(found.fragments) == len(inherited)


@pytest.mark.parametrize(
    ("defaults", "own", "flow"),
    [
        ("{}", "{subflows: {用印: 用印.yaml}}", {"用印": {"definition": "用印.yaml"}}),
        ("{subflows: {用印: 用印.yaml}}", "{at: 审批}", {"用印": {"definition": "用印.yaml"}}),
        ("{}", "{subflows: {用印: 用印.yaml, 归档: {result: {}}}}",
         {"用印": {"definition": "用印.yaml"}, "归档": {"result": {}}}),
        ("{subflows: {用印: 用印.yaml}}", "{subflows: {用印: {at: 盖章}, 归档: 归档.yaml}}",
         {"用印": {"at": "盖章"}, "归档": {"definition": "归档.yaml"}}),
        ("{subflows: {用印: {definition: 用印.yaml, result: {}}}}", "{subflows: {用印: 归档.yaml}}",
         {"用印": {"definition": "归档.yaml"}}),
        ("{}", "{subflows: {}}", {}),
    ],
)  # fmt: skip
def test_a_sub_flow_may_be_the_name_of_its_file(
    tmp_path: Path, defaults: str, own: str, flow: Any
) -> None:
    write_files(tmp_path, {
        "defaults.yaml": f"flow: {defaults}\n", "单.scenario.yaml": f"scenario: 单\nflow: {own}\n",
        "用印.yaml": "nodes: {盖章: {}}\n", "归档.yaml": "nodes: {入库: {}}\n",
    })  # fmt: skip
    problems: list[Any] = []

    tree: Any = read_declarations(tmp_path / "单.scenario.yaml", tmp_path, problems)

    assert tree.source.root.to_plain()["flow"]["subflows"] == flow
    assert problems == []
