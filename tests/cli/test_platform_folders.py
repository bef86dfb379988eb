"""Several folders of platforms: in a scenario, in pyproject.toml, on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import entered
from tests.cli.project import Command

COMMON = "platform_key: crm\nbase_url: https://crm.example.test\napis: {find: {path: /a}}\n"
TEAM = "platform_key: crm\nextends: crm\napis: {find: {path: /team}}\n"
SCENARIO = """\
version: 1
scenario: 查询客户
proxy: {{mode: simulate{more}}}
steps:
  - js: await $proxy('crm').find()
expect: {{proxy: [{{call: crm.find, path: {path}}}]}}
"""
BROKEN = "platform_key: erp\ntimeout: soon\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in {
        "公共/销售/crm.yaml": COMMON,
        "团队/crm.yaml": TEAM,
        "scenarios/a.scenario.yaml": SCENARIO.format(more="", path="/team"),
        "pyproject.toml": '[tool.bpmax_sim]\nplatforms = ["公共", "团队"]\n',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    entered(tmp_path, monkeypatch)
    return tmp_path


def test_the_later_folder_wins_and_lint_says_so(folder: Path, bs: Command) -> None:
    assert bs("run").code == 0
    done = bs("lint")
    assert (
        done.code,
        "hint: platform 'crm' of 公共/销售/crm.yaml:1:15 is replaced by" in done.err,
    ) == (0, True)
    assert bs("run", "--platforms", "公共").code == 1
    assert bs("run", "--platforms", "公共", "--platforms", "团队").code == 0


def test_a_scenario_names_several(folder: Path, bs: Command) -> None:
    (folder / "pyproject.toml").write_text("[tool.bpmax_sim]\n", "utf-8")
    scenario = folder / "scenarios/a.scenario.yaml"
    assert bs("run").code != 0
    scenario.write_text(
        SCENARIO.format(more=", platforms: [../公共, ../团队]", path="/team"), "utf-8"
    )
    assert bs("run").code == 0
    scenario.write_text(SCENARIO.format(more=", platforms: [../公共, ../组]", path="/a"), "utf-8")
    assert "a.scenario.yaml:3:44: proxy.platforms: there is no 组" in bs("run").err


def test_a_mistake_makes_red_who_uses_it(folder: Path, bs: Command) -> None:
    (folder / "团队/erp.yaml").write_text(BROKEN, "utf-8")
    text = SCENARIO.format(more="", path="/team").replace("查询客户", "查询库存")
    code = "try { await $proxy('erp').find() } catch {}"
    text = text.replace("await $proxy('crm').find()", code).partition("expect:")[0]
    (folder / "scenarios/b.scenario.yaml").write_text(text, "utf-8")
    done = bs("run")
    assert done.code == 2
    assert "1 passed, 1 failed" in done.out
    assert "团队/erp.yaml:2:10: timeout: expected a duration such as 30s, got 'soon'" in done.err
    assert bs("lint").code == 2
    assert bs("simulate", "--platforms", "没有").code == 2


def test_lint_reads_the_folders_of_the_project_that_no_scenario_names(
    folder: Path, bs: Command
) -> None:
    text = SCENARIO.format(more=", platforms: [../公共]", path="/a")
    (folder / "scenarios/a.scenario.yaml").write_text(text, "utf-8")
    assert bs("lint").code == 0
    (folder / "团队/erp.yaml").write_text(BROKEN, "utf-8")
    done = bs("lint")
    assert (done.code, "团队/erp.yaml:2:10: timeout" in done.err) == (2, True)


def test_a_folder_that_is_not_there_is_named(folder: Path, bs: Command) -> None:
    (folder / "pyproject.toml").write_text("[tool.bpmax_sim]\nplatforms = ['公共', 3]\n", "utf-8")
    for command in ("run", "lint"):
        done = bs(command)
        assert "pyproject.toml: [tool.bpmax_sim] platforms: expected folders" in done.err
        assert "got 3" in done.err
    assert "1 problem" in bs("doctor").out
