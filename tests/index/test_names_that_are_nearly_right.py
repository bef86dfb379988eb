"""Which files a project has for nothing, told of a whole folder at once, and learned names."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.index.facts import Fact, FileFacts
from bpmax_sim.index.store import ProjectIndex, load_index
from bpmax_sim.index.traces import add_traced_names
from bpmax_sim.index.unread_files import explain_unread_file, find_unread_files
from bpmax_sim.index.uses import ProjectPlace, ProjectUses

SCENARIO = "version: 1\nscenario: 采购\nsteps: []\n"
SCRIPT = "scenario: 采购\nscript: a.js\n"
CASES = "scenario: 采购\ncases : {from: a.csv}\n"
INSTANCES = "- {platform: crm, instance_key: default}\n"
NESTED = "# 实例\n  -  { platform : crm}\n"
DEFAULTS = "clock: '2026-03-02T09:00:00+08:00'\n"
TOLD = {
    # a name in scenarios/: (its text, the name that it should have; "" if nothing is told)
    "一.secnario.yaml": (SCENARIO, "一.scenario.yaml"),
    "二-scenaro.yml": (SCENARIO, "二.scenario.yaml"),
    "三.SCENAIRO.json": ('{"scenario" : "采购"}', "三.scenario.yaml"),
    "四 scenario.yaml.txt": (SCENARIO, "四.scenario.yaml"),
    "五_sceanrio.yml.txt": (SCENARIO, "五.scenario.yaml"),
    "六scenarios.yaml": ("scenario: 采购\n", "六.scenario.yaml"),
    "七/scenario.yaml": (SCENARIO, "七.scenario.yaml"),
    "八.yaml": (SCRIPT, "八.scenario.yaml"),
    "九.yml": (CASES, "九.scenario.yaml"),
    "十.yaml": ("\ufeff'scenario' \t: 采购\nform: {}\n", "十.scenario.yaml"),
    "十一.yaml": ("scenario: 采购\nflow: a.yaml\n", "十一.scenario.yaml"),
    "十二.yaml": ("{scenario: 采购, steps: []}\n", ""),  # in one line, and with an ordinary name
    "十三.yaml": ("scenario: 采购\nuse: []\n", ""),
    "十四.senario.yaml": ("steps: []\n", ""),
    "十五.senario.yaml": ("{steps: [], scenario: 采购}\n", "十五.scenario.yaml"),
    "_十六.senario.yaml": (SCENARIO, ""),
    "十_七.yaml": (SCENARIO, "十_七.scenario.yaml"),
    "样例.scenario.yml": (SCENARIO, ""),
    "采购模板.yaml": (SCENARIO, ""),
    "MySample.yaml": (SCENARIO, ""),
    "十八.scenario.yaml": (SCENARIO, ""),
    "十九.txt": (SCENARIO, ""),
    "二十/default.yml": (DEFAULTS, "defaults.yaml"),
    "二一/DEFAULTS.yaml.txt": (f"{DEFAULTS}people : people.yaml\n", "defaults.yaml"),
    "二二/defaults.yml": ("", "defaults.yaml"),
    "二三/default.yaml": (f"{DEFAULTS}其他: 1\nunknown: 1\n", ""),
    "二四/default.yaml": ("- 1\n", ""),
    "二五/instance.yaml": (INSTANCES, "instances.yaml"),
    "二六/Instances-Local.yml": (NESTED, "instances.local.yaml"),
    "二七/instances.local.yaml.txt": (INSTANCES, "instances.local.yaml"),
    "二八/instances_local.yml": ("- {name: crm}\n", ""),
    "二九/instances.local.yaml": (INSTANCES, ""),
    "三十/instances.yaml": (INSTANCES, ""),
    "三一/defaults.yaml": (DEFAULTS, ""),
}


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")


def test_each_file_that_no_run_reads_is_told_with_the_name_that_it_should_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {f"scenarios/{name}": text for name, (text, _) in TOLD.items()})
    monkeypatch.chdir(tmp_path)
    told = dict.fromkeys(TOLD, "")
    for problem in find_unread_files(tmp_path):
        assert problem.place
        assert (problem.place.line, problem.place.column) == (1, 1)
        name = problem.place.file.removeprefix("scenarios/")
        message = problem.message
        if "rename it to" in message:
            told[name] = message.rpartition(" ")[2]
        else:
            told[name] = message.removeprefix("only ").partition(" ")[0]
            kind = "defaults" if "default" in name.lower() else "instances"
            assert message.endswith(f"is read as {kind}; rename the file")

    assert told == {name: right for name, (_, right) in TOLD.items()}


def test_a_file_that_another_one_names_is_meant_for_that(tmp_path: Path) -> None:
    path = tmp_path / "scenarios/采购.scenario.yml"
    write(tmp_path, {"scenarios/采购.scenario.yml": SCENARIO})
    assert explain_unread_file(path, tmp_path) is not None
    others = {
        "tests/a.py": ("run('采购.scenario.yml')", False),
        "pyproject.toml": ("x = '采购.scenario.yml'", False),
        "b.yaml": ("- ../采购.scenario.yml", False), "c.md": ("采购.scenario.yml", True),
        "d.py": ("'总采购.scenario.yml'", True), "e.py": ("'x-采购.scenario.yml'", True),
        "f.py": ("run_scenario(f'{x}.scenario.yml')", False), "g.py": ("f'{x}.scenario.yml'", True),
        "h.py": ("run_scenario('a.yml')", True), "i.py": ("run_scenario('a.scenario.yaml')", True),
        "cassettes/a.yaml": ("采购.scenario.yml", True), "k.js": ("采购.scenario.yml", True),
        "l.py": ("run_scenario('b.scenario.scenario.yml')", True),
    }  # fmt: skip
    found = {}
    for name, (text, _) in others.items():
        write(tmp_path, {name: text})
        found[name] = explain_unread_file(path, tmp_path) is not None
        (tmp_path / name).unlink()

    assert found == {name: is_told for name, (_, is_told) in others.items()}


def test_what_runs_taught_is_told_in_the_order_of_their_traces_and_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "scenarios/x.js": "$proxy('crm').getOrder();\nform.甲 = 1;\n",
            "scenarios/y.yaml": "a: 1\n",
        },
    )
    os.utime(tmp_path / "scenarios/x.js", ns=(0, 10**9))

    def call(name: str, place: str, event: str = "CallMade") -> str:
        key = "call" if event == "CallMade" else "field"
        return json.dumps({"event": event, key: name, "place": place}, separators=(",", ":"))

    traces = {
        "乙": [call("crm.third", "x.js:3:1"), call("crm.list", "x.js:5:1")],
        "甲": [
            call("crm.gone", "weg.js:1:1"), '{"event":"CallMade","place":7}', '{"event":"CallMade"',
            call("crm.login.$token", "x.js:3:1"), call("crm.y", "y.yaml:1:1"),
            call("crm.line", "x.js:3"), call("crm.get_order", "x.js:9:1"),
            call("甲", "x.js:9:1", "FieldChanged"), call("甲", "x.js:9:2", "FormOpened"),
            call("乙", "x.js:4:2", "FieldChanged"), call("crm.list", "x.js:3:4"),
            call("crm.List", "x.js:3:9"),
        ],
    }  # fmt: skip
    for name, lines in traces.items():
        trace = tmp_path / f".bpmax/trace/scenarios/付款/{name}.ndjson"
        write(tmp_path, {str(trace.relative_to(tmp_path)): "\n".join(lines)})
        os.utime(trace, ns=(0, 10**9))
    facts = add_traced_names(load_index(tmp_path, uses_cache=False)).files

    learned = [
        (fact.kind, fact.role, fact.name, fact.line, fact.column)
        for fact in facts["scenarios/x.js"].facts
        if fact.is_learned
    ]
    assert learned == [
        ("api", "calls", "crm.third", 3, 1), ("api", "calls", "crm.list", 5, 1),
        ("field", "writes", "乙", 4, 2), ("api", "calls", "crm.list", 3, 4),
    ]  # fmt: skip
    assert all(not fact.is_learned for fact in facts["scenarios/y.yaml"].facts)


def uses_of(**said: list[Fact]) -> ProjectUses:
    """Return the uses of a project of these facts by file; ``__`` is a slash, ``_`` a dot."""
    files: dict[str, Any] = {
        name.replace("__", "/").replace("_", "."): FileFacts(
            "platform" if any(fact.kind == "platform" for fact in facts) else "yaml", tuple(facts)
        )
        for name, facts in said.items()
    }
    return ProjectUses(ProjectIndex(Path(), files))


def test_facts_of_any_spelling_are_those_of_what_was_declared_first() -> None:
    uses = uses_of(
        a_yaml=[
            Fact("api", "declares", "crm.getOrder", 1, 1, "getOrder"),
            Fact("api", "declares", "crm.order", 2, 1, "getOrder"),
            Fact("parameter", "declares", "crm.getOrder.id", 3, 1, "path.id"),
            Fact("parameter", "declares", "crm.getOrder.页", 4, 1, "query.page"),
            Fact("parameter", "declares", "crm.getOrder.行", 5, 1, "query.size"),
            Fact("api", "declares", "crm.list", 6, 1, "list"),
            Fact("api", "declares", "crm.order", 7, 1, "list"),
        ],
        b_js=[
            Fact("instance", "names", "crm.华东", 1, 1),
            Fact("api", "calls", "crm.order", 2, 1, "direct 2"),
            Fact("api", "calls", "crm.get_order", 3, 1, "chain 2"),
            Fact("parameter", "sends", "crm.order.page", 4, 1, "query.page"),
            Fact("member", "reads", "crm.order.rows.*", 5, 1),
            Fact("member", "reads", "crm.getOrder.rows.*", 6, 1),
            Fact("member", "writes", "crm.getOrder.x", 6, 1),
            Fact("api", "calls", "oa.start", 7, 1, "direct 1"),
        ],
        c_js=[Fact("instance", "names", "oa.华东", 1, 1)],
    )

    def said(kind: Any, name: str) -> list[str]:
        return [f"{use.path}:{use.fact.line}" for use in uses.find_uses(ProjectPlace(kind, name))]

    assert {name: said(kind, name) for kind, name in (
        ("api", "crm.getOrder"), ("api", "crm.list"), ("parameter", "crm.getOrder.id"),
        ("parameter", "crm.getOrder.页"), ("parameter", "crm.getOrder.行"), ("platform", "crm"),
        ("platform", "oa"), ("instance", "oa.华东"), ("api", "oa.start"),
    )} == {
        "crm.getOrder": ["a.yaml:1", "a.yaml:2", "a.yaml:7", "b.js:2", "b.js:3"],
        "crm.list": ["a.yaml:6"],
        "crm.getOrder.id": ["a.yaml:3", "b.js:2"],
        "crm.getOrder.页": ["a.yaml:4", "b.js:2", "b.js:4"],
        "crm.getOrder.行": ["a.yaml:5"],
        "crm": ["b.js:2", "b.js:3", "b.js:1"],
        "oa": ["b.js:7", "c.js:1"], "oa.华东": ["c.js:1"], "oa.start": ["b.js:7"],
    }  # fmt: skip
    assert uses.find_member_reading_places("crm.getOrder") == {("rows", "*"): "b.js:5"}
    assert [use.fact.name for use in uses.find_uses(ProjectPlace("file", "b.js", 6))] == []
    [first, second] = [
        place.kind for place in uses.find_places("b.js") + uses.find_places("crm.order")
    ]
    assert (first, second) == ("file", "api")


def _runs(name: str, role: Any = "loads", detail: str = "", line: int = 1) -> Fact:
    return Fact("file", role, name, line, 1, detail)


def test_a_place_is_that_of_its_own_kind_and_its_users_come_nearest_first() -> None:
    uses = uses_of(
        scenarios__p1_yaml=[_runs("scenarios/a.js", "runs"), _runs("共用", "plays")],
        scenarios__p2_yaml=[_runs("scenarios/a.js", "runs")],
        scenarios__s1_scenario_yaml=[_runs("scenarios/p1.yaml"), _runs("x/y.py", "runs")],
        scenarios__s2_scenario_yaml=[_runs("scenarios/p2.yaml"), _runs("scenarios/平台")],
        scenarios__平台__内__crm_yaml=[Fact("platform", "declares", "crm", 1, 1)],
        scenarios__b_js=[
            Fact("api", "calls", "crm.get", 1, 1), Fact("field", "reads", "客户", 2, 1),
            Fact("member", "reads", "crm.get.rows", 2, 1), Fact("api", "calls", "form.客户", 3, 1),
            Fact("field", "writes", "金额", 4, 1), Fact("member", "reads", "crm.get.total", 5, 1),
        ],
        scenarios__c_js=[Fact("member", "reads", "crm.get.rows", 1, 1)],
        cassettes__crm_yaml=[], cassettes__auth__crm_华东_yaml=[],
    )  # fmt: skip

    def told(name: str, line: int = 0) -> list[str]:
        return [
            " ".join([one.path, *one.through]).replace("scenarios/", "")
            for one in uses.find_uses(ProjectPlace("file", name, line))
        ]

    assert told("scenarios/a.js") == [
        "p1.yaml", "p2.yaml", "s1.scenario.yaml p1.yaml", "s2.scenario.yaml p2.yaml",
    ]  # fmt: skip
    assert told("scenarios/平台/内/crm.yaml") == ["b.js", "s2.scenario.yaml"]
    assert told("cassettes/crm.yaml") == []
    played = [uses.may_play("scenarios/s1.scenario.yaml", f"cassettes/{one}.yaml")
              for one in ("共用", "s1", "s1/甲", "s1甲", "scenarios/s1")]  # fmt: skip
    assert played == [False, True, True, False, False]  # what a fragment plays is its own
    assert told("cassettes/auth/crm.华东.yaml") == ["平台/内/crm.yaml", "b.js"]
    assert told("scenarios/b.js", 2) == ["b.js"]
    assert told("scenarios/b.js", 5) == []
    assert [(one.kind, one.name) for one in uses.find_places("form.客户")] == [("api", "form.客户")]
    assert [(one.kind, one.name) for one in uses.find_places("form.金额")] == [("field", "金额")]
    hints = {
        "form.没有的字段": "; name a file, file:line, platform,",
        "scenarios/平台/内/crn.yaml": "; did you mean '",
        "crm.get.rowss": "; did you mean 'crm.get'?",
    }  # fmt: skip
    for text, hint in hints.items():
        with pytest.raises(ConfigError) as caught:
            uses.find_places(text)
        assert f"called {text!r}{hint}" in str(caught.value)
    assert uses.find_affected_scenarios(["scenarios/c.js", "x/other.py", "scenarios/b.js"]) == {
        "scenarios/s1.scenario.yaml"
    }
    assert uses.find_affected_scenarios(["scenarios/c.js"]) == set()
    kinds: dict[str, Any] = {
        kind: FileFacts(kind) for kind in ("platform", "instances", "yaml", "script", "scenario")
    }
    known = ProjectUses(ProjectIndex(Path(), kinds))
    assert [one for one in [*kinds, "none"] if known.may_declare_platforms(one)] == [
        "platform", "instances", "yaml",
    ]  # fmt: skip
