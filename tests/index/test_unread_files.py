"""A file that is meant to be in a run, and is not by its name alone, is told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from bpmax_sim.index.unread_files import find_unread_files

SCENARIO = "version: 1\nscenario: 采购审批\nform: {fields: {金额: 0}}\nsteps: [{set: {金额: 3}}]\n"
DEFAULTS = 'clock: "2026-03-02T09:00:00+08:00"\npeople: people.yaml\n'
INSTANCES = "- {platform: crm, instance_key: default}\n"
RENAME = (
    "{}:1:1: the names of scenarios end with .scenario.yaml, so this one is in no run; rename it "
    "to {}.scenario.yaml"
)
ONLY = "{}:1:1: only {} is read as {}; rename the file"


def find_in(root: Path, files: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is told of a project with *files* at *root*."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    monkeypatch.chdir(root)
    return [str(problem) for problem in find_unread_files(root)]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("采购.scenario.yml", "采购"),
        ("采购.scenarios.yaml", "采购"),
        ("采购.Scenario.YAML", "采购"),
        ("采购.senario.yaml", "采购"),
        ("采购.scenario.yaml.txt", "采购"),
        ("采购.scenario.json", "采购"),
        ("采购_scenario.yaml", "采购"),
        ("采购 scenario.yaml", "采购"),
        ("采购.yaml", "采购"),
        ("采购.yml", "采购"),
        ("审批/scenario.yaml", "审批"),
    ],
)
def test_a_scenario_of_another_ending_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, stem: str
) -> None:
    told = find_in(tmp_path, {f"scenarios/{name}": SCENARIO}, monkeypatch)

    assert told == [RENAME.format(f"scenarios/{name}", stem)]


def test_a_scenario_that_begins_with_a_byte_order_mark_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SCENARIO.removeprefix("version: 1\n")
    told = find_in(tmp_path, {"scenarios/采购.yaml": f"\ufeff{text}"}, monkeypatch)

    assert told == [RENAME.format("scenarios/采购.yaml", "采购")]


@pytest.mark.parametrize(
    ("name", "text", "right", "read_as"),
    [
        ("defaults.yml", "lang: zh\n", "defaults.yaml", "defaults"),
        ("采购/default.yaml", DEFAULTS, "defaults.yaml", "defaults"),
        ("default.yml", DEFAULTS, "defaults.yaml", "defaults"),
        ("Defaults.yaml", DEFAULTS, "defaults.yaml", "defaults"),
        ("instance.yaml", INSTANCES, "instances.yaml", "instances"),
        ("instances.yml", INSTANCES, "instances.yaml", "instances"),
        ("instances_local.yaml", INSTANCES, "instances.local.yaml", "instances"),
    ],
)
def test_shared_files_nearly_named_so_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, right: str, read_as: str
) -> None:
    told = find_in(tmp_path, {f"scenarios/{name}": text}, monkeypatch)

    assert told == [ONLY.format(f"scenarios/{name}", right, read_as)]


@pytest.mark.parametrize(
    "files",
    [
        {"scenarios/采购.scenario.yaml": SCENARIO, "scenarios/defaults.yaml": DEFAULTS},
        {"scenarios/instances.yaml": INSTANCES, "scenarios/instances.local.yaml": INSTANCES},
        {"scenarios/platforms/default.yaml": "platform_key: crm\nbase_url: https://crm.test\n"},
        {"scenarios/forms/default.yaml": "form: 采购单\nfields: {金额: 0}\n"},
        {"scenarios/people/default.yaml": "zhangsan: 张三\n"},
        {"scenarios/采购.scenario.yaml.bak": SCENARIO, "scenarios/采购.scenario.off": SCENARIO},
        {"scenarios/_采购.yaml": SCENARIO, "scenarios/模板.yaml": SCENARIO},
        {"scenarios/template.scenario.yml": SCENARIO, "scenarios/.旧/采购.yaml": SCENARIO},
        {"scenarios/数据/采购.yaml": "版本: 1\n行:\n  - scenario: 采购\n    steps: 3\n"},
        {"scenarios/TEMPLATE.yaml": SCENARIO, "scenarios/Sample_采购.yml": SCENARIO},
        {"scenarios/数据/采购.yaml": "[{scenario: 采购, 数: 3}]\n"},
        {"scenarios/数据/说明.txt": SCENARIO, "scenarios/数据/scenarios.json": "[1]"},
        {"scenarios/汇总.yaml": "flow: 采购\nrows:\n  scenario: 采购审批\n"},
        {"scenarios/共用.yaml": "steps: {打开: [{open: {}}]}\n"},
        {"scenarios/default.yaml": DEFAULTS, "scenarios/a.scenario.yaml": "use: [default.yaml]\n"},
        {"scenarios/生产.yml": INSTANCES, "scenarios/instance.yaml": "名称: 实例\n"},
        {"scenarios/a.yaml": SCENARIO, "tests/test_a.py": "bs.run_scenario('scenarios/a.yaml')\n"},
        {"scenarios/单/a.yaml": SCENARIO,
         "tests/test_a.py": "for x in F.glob('*.yaml'): bs.run_scenario(x).unwrap()\n"},
        {"docs/采购.scenario.yml": SCENARIO},
    ],
)  # fmt: skip
def test_what_is_read_or_meant_for_something_else_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: Mapping[str, str]
) -> None:
    assert find_in(tmp_path, files, monkeypatch) == []


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"scenarios/采购.scenarios.yaml": "scenario: 采购\nuse: [共用.yaml]\n"}, True),
        ({"scenarios/采购.yaml": "scenario: 采购\nuse: [共用.yaml]\n"}, False),
        ({"scenarios/default.yaml": "# 以后再写\n"}, False),
        (
            {"scenarios/采购.yml": SCENARIO, "tests/test_a.py": "for x in F.glob('*.yml'): 1\n"},
            True,
        ),
        ({"scenarios/采购.yml": SCENARIO, "cassettes/a.yaml": "url: /采购.yml\n"}, True),
        ({"scenarios/采购.yml": SCENARIO, "tests/cassettes/a.yaml": "- 采购.yml\n"}, False),
        ({"scenarios/采购.yml": SCENARIO, "pyproject.toml": "a = 'x/采购.yml'\n"}, False),
        ({"scenarios/采购.yml": SCENARIO, "pyproject.toml": "a = 'x/总采购.yml'\n"}, True),
    ],
)
def test_what_decides_whether_a_file_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: Mapping[str, str], *, told: bool
) -> None:
    assert len(find_in(tmp_path, files, monkeypatch)) == told


def test_json_is_a_scenario_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '{"version": 1,\n "scenario": "采购", "steps": []}'

    told = find_in(tmp_path, {"scenarios/采购.scenario.json": text}, monkeypatch)
    assert told == [RENAME.format("scenarios/采购.scenario.json", "采购")]


def test_tests_of_other_scenarios_do_not_hide_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = (
        "bs.run_scenario('scenarios/其他采购.yaml'); bs.run_scenario('scenarios/b.scenario.yaml')"
    )
    files = {"scenarios/采购.scenario.yml": SCENARIO, "tests/test_a.py": other}

    assert find_in(tmp_path, files, monkeypatch) == [
        RENAME.format("scenarios/采购.scenario.yml", "采购")
    ]
