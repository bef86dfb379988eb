"""A chain without its ``$call()`` in a scenario: red with its line, or a note where only built."""

from __future__ import annotations

from pathlib import Path

from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.runner import run_scenario

PLATFORM = """\
platform_key: crm
base_url: https://crm.example.test
apis: {查客户: {method: GET, path: /customers}}
"""
SCENARIO = """\
version: 1
scenario: 客户
form: {scripts: {open: ./客户.js}, fields: {名: ""}}
proxy: {platforms: ./platforms}
clock: "2026-03-02T09:00:00+08:00"
steps:
  - open: {}
"""


def finished(folder: Path, script: str) -> ScenarioFinished:
    (folder / "platforms").mkdir()
    (folder / "platforms/crm.yaml").write_text(PLATFORM, encoding="utf-8")
    (folder / "instances.yaml").write_text("- {platform: crm, instance_key: a}\n", encoding="utf-8")
    (folder / "客户.js").write_text(script, encoding="utf-8")
    path = folder / "客户.scenario.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    last = list(run_scenario(path, environ={}))[-1]
    assert isinstance(last, ScenarioFinished)
    return last


def test_a_forgotten_call_is_red_with_its_line(tmp_path: Path) -> None:
    last = finished(tmp_path, "\nform.名 = (await $proxy('crm').$api('查客户')).data ?? '无'\n")

    (failure,) = last.failures
    assert last.outcome == "failed"
    assert "crm.查客户 was awaited but never called" in failure.headline
    assert failure.script is not None
    assert failure.script.line == 2


def test_a_chain_that_was_only_built_is_a_note(tmp_path: Path) -> None:
    last = finished(tmp_path, "$proxy('crm').$api('查客户')\n")

    assert (last.outcome, last.failures) == ("passed", ())
    (note,) = last.notes
    assert note.endswith("客户.js:1:15: crm.查客户 was built and never called")
