# ruff: noqa: E501 - files of a project, one key a line
"""A scenario with all that it inherits: which file each key is of, and what is wrong with the files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError, Problem
from bpmax_sim.scenario.declarations import read_declarations
from bpmax_sim.scenario.source import Spot
from tests.files import write_files

NAME = "甲/乙/单.scenario.yaml"
FILES = {
    "pyproject.toml": '[tool.bpmax_sim.defaults]\nseed = 1\nclock = "早"\nuser = "最外"\nsecrets = ["env.外"]\n',
    "defaults.yaml": """\
user: 外层
vars: {外: 1, 同: 1}
secrets: env.根
policies: [{at: 外, approve: {}}]
proxy: {redact: body.外, ignore: body.外, stubs: [{on: crm.a, body: 外}, {on: crm.b, body: 外}], mode: live}
form: {fields: {外栏: 1, 同栏: 1}}
flow: 外流.yaml
people: {外人: 1}
""",
    "甲/defaults.yaml": """\
vars: {中: 2, 同: 2, secrets: [x]}
form: {scripts: {open: 中.js}, fields: {同栏: 2}, libraries: [中库.js]}
flow: {definition: ../内流.yaml, scripts: {submit: s.js}, subflows: {用印: 印.yaml, 归档: {status: finished}}}
clock: null
people: 人.yaml
""",
    "甲/人.yaml": "中人: {名: 1}\n同人: 中\n",
    "甲/乙/defaults.yaml": "use: [../片一.yaml]\nproxy: {redact: [header.内], stubs: {on: crm.c, body: 内}}\nfault_sets: {断: []}\n",
    "甲/片一.yaml": "use: [片二.yaml, 片一.yaml]\nvars: {片一: 1, 同: 3}\npolicies: [{at: 片, approve: {}}]\nfault_sets: {断: [1], 慢: []}\n",
    "甲/片二.yaml": "use: 片一.yaml\nvars: {片二: 1, 片一: 2}\nseed: 2\nsteps: {填: [{set: {金额: 1}}]}\n",
    "甲/片三.yaml": "use: [片二.yaml, 无此.yaml, 5, 片四.yaml]\nform: {fields: {三栏: 3, 同栏: 3}}\nuser: 三\nfault_sets: {慢: [2]}\n",
    "甲/片四.yaml": "vars: {四: 1}\nsteps: []\n",
    "内流.yaml": "flow: 内\nstart: 审批\nscripts: {submit: 定义.js, jump: 跳.js}\nlibraries: [流库.js]\nnodes: {审批: {owners: [a], approve: 完}, 完: {end: true}}\n",
    "甲/印.yaml": "flow: 印\nstart: 盖\nscripts: {approve.盖: 盖.js}\nnodes: {盖: {owners: [a], approve: 完}, 完: {end: true}}\n",
    "外流.yaml": "flow: 外\nscripts: {jump: 外.js}\n",
    NAME: """\
scenario: 单
use: [../片三.yaml]
vars: {自: 1, 同: 4}
secrets: [env.自]
policies: [{at: 自, approve: {}}]
proxy: {stubs: [{on: crm.b, body: 自}, {on: crm.d, body: 自}, {body: 无}]}
form: {fields: {自栏: 4, 同栏: 4}}
people: {自人: 1, 同人: 自}
script: 做.js
""",
}


def read(folder: Path, files: Mapping[str, str], name: str = NAME) -> tuple[Any, list[str], Any]:
    write_files(folder, files)
    problems: list[Problem] = []
    found = read_declarations(Path(name), Path(), problems)
    told = [f"{one.place} {one.path}: {one.message}" for one in problems]
    return found, told, found.source.root.to_plain()


def test_the_nearest_file_wins_key_by_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found, told, tree = read(tmp_path, FILES)
    spot = Spot(found.source)

    assert told == [
        "甲/片一.yaml:4:18 fault_sets.断[0]: expected a mapping, got a number",
        "甲/片二.yaml:1:6 use: these files use each other without end: 甲/片一.yaml -> 甲/片二.yaml -> 甲/片一.yaml",
        "甲/片一.yaml:1:16 use: these files use each other without end: 甲/片一.yaml -> 甲/片一.yaml",
        "甲/片三.yaml:1:25 use[2]: expected text, got a number; quote it",
        "甲/片三.yaml:4:18 fault_sets.慢[0]: expected a mapping, got a number",
        "甲/片三.yaml:1:16 : there is no file 甲/无此.yaml; did you mean '印.yaml'?",
        "甲/片四.yaml:2:8 steps: expected a mapping, got a list",
    ]
    assert tree == {
        "seed": 2,
        "user": "三",
        "secrets": ["env.自", "env.根", "env.外"],
        "vars": {
            "外": 1,
            "同": 4,
            "中": 2,
            "secrets": ["x"],
            "片二": 1,
            "片一": 1,
            "四": 1,
            "自": 1,
        },
        "policies": [
            {"at": "自", "approve": {}},
            {"at": "片", "approve": {}},
            {"at": "外", "approve": {}},
        ],
        "proxy": {
            "redact": ["header.内", "body.外"],
            "ignore": "body.外",
            "stubs": [
                {"on": "crm.b", "body": "自"},
                {"on": "crm.d", "body": "自"},
                {"body": "无"},
                {"on": "crm.c", "body": "内"},
                {"on": "crm.a", "body": "外"},
            ],
            "mode": "live",
        },
        "form": {
            "fields": {"外栏": 1, "同栏": 4, "三栏": 3, "自栏": 4},
            "scripts": {"open": "中.js"},
            "libraries": ["中库.js"],
        },
        "flow": {
            "scripts": {"submit": "s.js", "jump": "跳.js"},
            "libraries": ["流库.js"],
            "definition": "../内流.yaml",
            "subflows": {
                "用印": {"scripts": {"approve.盖": "盖.js"}, "definition": "印.yaml"},
                "归档": {"status": "finished"},
            },
        },
        "people": {"外人": 1, "中人": {"名": 1}, "同人": "自", "自人": 1},
        "fault_sets": {"断": [], "慢": [2]},
        "scenario": "单",
        "use": ["../片三.yaml"],
        "script": "做.js",
        "steps": [{"js": {"file": "做.js"}}],
    }
    assert ([one[1].source.file for one in found.fragments], found.used_fragment_count) == (
        [
            "pyproject.toml",
            "defaults.yaml",
            "甲/defaults.yaml",
            "甲/片二.yaml",
            "甲/片一.yaml",
            "甲/乙/defaults.yaml",
            "甲/片四.yaml",
            "甲/片三.yaml",
        ],
        2,
    )
    paths: list[tuple[str | int, ...]] = [
        ("seed",), ("user",), ("vars", "外"), ("vars", "中"), ("vars", "片一"), ("vars", "四"), ("vars", "同"), ("form", "fields", "外栏"), ("form", "scripts"), ("form", "scripts", "open"),
        ("flow",), ("flow", "scripts", "jump"), ("flow", "scripts", "submit"), ("people", "中人"), ("secrets", 1), ("proxy", "stubs", 3), ("steps", 0), ("policies", 2),
    ]  # fmt: skip
    assert {path: str(spot.at(*path).place) for path in paths} == {
        ("seed",): "甲/片二.yaml:3:1",
        ("user",): "甲/片三.yaml:3:1",
        ("vars", "外"): "defaults.yaml:2:8",
        ("vars", "中"): "甲/defaults.yaml:1:8",
        ("vars", "片一"): "甲/片一.yaml:2:8",
        ("vars", "四"): "甲/片四.yaml:1:8",
        ("vars", "同"): "甲/乙/单.scenario.yaml:3:14",
        ("form", "fields", "外栏"): "defaults.yaml:6:17",
        ("form", "scripts"): "甲/defaults.yaml:2:8",
        ("form", "scripts", "open"): "甲/defaults.yaml:2:18",
        ("flow",): "甲/defaults.yaml:3:1",
        ("flow", "scripts", "jump"): "内流.yaml:3:26",
        ("flow", "scripts", "submit"): "甲/defaults.yaml:3:42",
        ("people", "中人"): "甲/人.yaml:1:1",
        ("secrets", 1): "defaults.yaml:3:10",
        ("proxy", "stubs", 3): "甲/乙/defaults.yaml:2:36",
        ("steps", 0): "甲/乙/单.scenario.yaml:9:9",
        ("policies", 2): "defaults.yaml:4:12",
    }
    assert sorted(found.source.others) == [
        "defaults.yaml",
        "pyproject.toml",
        "内流.yaml",
        "甲/defaults.yaml",
        "甲/乙/defaults.yaml",
        "甲/人.yaml",
        "甲/印.yaml",
        "甲/片一.yaml",
        "甲/片三.yaml",
        "甲/片二.yaml",
        "甲/片四.yaml",
    ]


SHARED = {
    "片.yaml": "form: null\nflow: {definition: 无流.yaml}\npeople: 无人.yaml\nuser: null\n",
    "坏.yaml": "a: [\n",
    "人坏.yaml": "- 甲\n",
    "表坏.yaml": "fields: 5\n",
    "表单.yaml": "form: 表\nfields: {甲: 1, 乙: 2}\nscripts: {open: a.js}\nlibraries: [l.js]\n",
}
DEFAULTS = {
    "defaults.yaml": "scenario: 外\ntags: [a]\nstubs: []\nmode: live\nignore: [x]\nsteps: [{set: {a: 1}}]\nform: {fields: 5}\nfrom: 1\n"
}
TEXTS = {
    "keys that a shared file may not have": "scenario: 单\nsteps: []\n",
    "null takes an inherited key away": "scenario: 单\nform: null\nuser: null\nsteps: []\n",
    "files that are not there": "scenario: 单\nuse: [片.yaml, 票.yaml, 坏.yaml]\nsteps: []\n",
    "people of a broken file": "scenario: 单\npeople: 人坏.yaml\nsteps: []\n",
    "a broken form": "scenario: 单\nform: 表坏.yaml\nsteps: []\n",
    "a form in a file": "scenario: 单\nform: {definition: 表单.yaml, fields: {乙: 3, 丙: 4}}\nflow: {definition: 5}\nsteps: []\n",
    "a form that is not there": "scenario: 单\nform: 表担.yaml\nflow: {definition: ''}\nsteps: []\n",
    "a script in a map": "scenario: 单\nscript: {file: a.js}\n",
    "a script beside steps": "scenario: 单\nscript: a.js\nsteps: [{advance: 1s}]\n",
}  # fmt: skip


def read_one(folder: Path, name: str) -> tuple[Any, list[str], Any]:
    """Read the scenario *name*; the first two have defaults."""
    defaults = DEFAULTS if name in list(TEXTS)[:2] else {}
    return read(folder, {**SHARED, **defaults, "单.scenario.yaml": TEXTS[name]}, "单.scenario.yaml")


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_wrong_with_an_inherited_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    found, told, tree = read_one(tmp_path, name)

    assert {"told": told, "tree": tree, "files": [*found.source.others]} == WRONG[name]


WRONG: dict[str, Any] = {
    "keys that a shared file may not have": {
        "told": [
            "defaults.yaml:1:1 scenario: 'scenario' belongs to a scenario; this file is shared by several",
            "defaults.yaml:2:1 tags: 'tags' belongs to a scenario; this file is shared by several",
            "defaults.yaml:3:1 stubs: stubs belongs to proxy; write proxy: {stubs: …}",
            "defaults.yaml:4:1 mode: mode belongs to proxy; write proxy: {mode: …}",
            "defaults.yaml:5:1 ignore: ignore belongs to proxy; write proxy: {ignore: …}",
            "defaults.yaml:6:1 steps: 'steps' belongs to a scenario; this file is shared by several",
            "defaults.yaml:7:16 form.fields: expected a mapping, got a number",
            "defaults.yaml:8:1 from: unknown key 'from'; did you mean 'form'?",
        ],
        "tree": {"form": {"fields": 5}, "scenario": "单", "steps": []},
        "files": ["defaults.yaml"],
    },
    "null takes an inherited key away": {
        "told": [
            "defaults.yaml:1:1 scenario: 'scenario' belongs to a scenario; this file is shared by several",
            "defaults.yaml:2:1 tags: 'tags' belongs to a scenario; this file is shared by several",
            "defaults.yaml:3:1 stubs: stubs belongs to proxy; write proxy: {stubs: …}",
            "defaults.yaml:4:1 mode: mode belongs to proxy; write proxy: {mode: …}",
            "defaults.yaml:5:1 ignore: ignore belongs to proxy; write proxy: {ignore: …}",
            "defaults.yaml:6:1 steps: 'steps' belongs to a scenario; this file is shared by several",
            "defaults.yaml:7:16 form.fields: expected a mapping, got a number",
            "defaults.yaml:8:1 from: unknown key 'from'; did you mean 'form'?",
        ],
        "tree": {"scenario": "单", "user": None, "steps": []},
        "files": ["defaults.yaml"],
    },
    "files that are not there": {
        "told": [
            "片.yaml:3:9 : there is no file 无人.yaml; did you mean '人坏.yaml'?",
            "单.scenario.yaml:2:15 : there is no file 票.yaml; did you mean '片.yaml'?",
            "坏.yaml:2:1 : not valid YAML: did not find expected node content",
        ],
        "tree": {
            "flow": {"definition": "无流.yaml"},
            "people": {},
            "scenario": "单",
            "use": ["片.yaml", "票.yaml", "坏.yaml"],
            "steps": [],
        },
        "files": ["片.yaml"],
    },
    "people of a broken file": {
        "told": ["人坏.yaml:1:1 : expected a mapping, got a list"],
        "tree": {"scenario": "单", "people": {}, "steps": []},
        "files": ["人坏.yaml"],
    },
    "a broken form": {
        "told": ["表坏.yaml:1:9 fields: expected a mapping, got a number"],
        "tree": {"scenario": "单", "form": {"definition": "表坏.yaml"}, "steps": []},
        "files": ["表坏.yaml"],
    },
    "a form in a file": {
        "told": [],
        "tree": {
            "scenario": "单",
            "form": {
                "fields": {"甲": 1, "乙": 3, "丙": 4},
                "scripts": {"open": "a.js"},
                "libraries": ["l.js"],
                "definition": "表单.yaml",
            },
            "flow": {"definition": 5},
            "steps": [],
        },
        "files": ["表单.yaml"],
    },
    "a form that is not there": {
        "told": ["单.scenario.yaml:2:7 : there is no file 表担.yaml; did you mean '表坏.yaml'?"],
        "tree": {
            "scenario": "单",
            "form": {"definition": "表担.yaml"},
            "flow": {"definition": ""},
            "steps": [],
        },
        "files": [],
    },
    "a script in a map": {
        "told": [],
        "tree": {"scenario": "单", "script": {"file": "a.js"}, "steps": [{"js": {"file": "a.js"}}]},
        "files": [],
    },
    "a script beside steps": {
        "told": [],
        "tree": {"scenario": "单", "script": "a.js", "steps": [{"advance": "1s"}]},
        "files": [],
    },
}


def test_a_shared_file_is_read_again_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = {"单.scenario.yaml": "scenario: 单\nsteps: []\n"}
    trees = [
        read(tmp_path, {**files, "defaults.yaml": text}, "单.scenario.yaml")[2]
        for text in ("vars: {a: 1}\n", "vars: {a: 1, b: 2}\n")
    ]
    assert [one["vars"] for one in trees] == [{"a": 1}, {"a": 1, "b": 2}]
    with pytest.raises(ConfigError):
        read(tmp_path, {"单.scenario.yaml": "a: [\n"}, "单.scenario.yaml")
