"""Slips of the pen in a scenario: a chain without ``$call()``, a call without await, a wrong field.

Red with the line, or a note where nothing may be wrong.
"""

from __future__ import annotations

from pathlib import Path

import pytest

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
  - {js: return 1, expect: {result: 1}}
"""


FLOW = """\
version: 1
scenario: 客户
form: {fields: {客户名称: ""}}
flow: {scripts: {approve.部门审批: ./客户.js}, definition: ./流程.yaml, at: 部门审批}
proxy: {platforms: ./platforms}
clock: "2026-03-02T09:00:00+08:00"
steps:
  - approve: {by: wangwu}
"""
DEFINITION = """\
flow: 合同
start: 部门审批
nodes:
  部门审批: {owners: [wangwu], approve: 结束}
  结束: {end: true}
"""


def finished(folder: Path, script: str, scenario: str = SCENARIO) -> ScenarioFinished:
    (folder / "platforms").mkdir()
    (folder / "platforms/crm.yaml").write_text(PLATFORM, encoding="utf-8")
    (folder / "instances.yaml").write_text("- {platform: crm, instance_key: a}\n", encoding="utf-8")
    (folder / "客户.js").write_text(script, encoding="utf-8")
    path = folder / "客户.scenario.yaml"
    path.write_text(scenario, encoding="utf-8")
    last = run_scenario(path, environ={}).events[-1]
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
    (note,) = tuple(map(str, last.warnings))
    assert note.endswith("客户.js:1:15: crm.查客户 was built and never called")


@pytest.mark.parametrize(
    ("script", "member", "cause"),
    [
        ("\nif (r.code !== 200) throw new Error(r.message)", "code", "Error: "),
        (
            "\nform.名 = r.data.name",
            "data",
            "TypeError: Cannot read properties of undefined",
        ),
        ("\nform.名 = r.data ?? '无'", "data", ""),
    ],
)
def test_a_missing_await_is_the_headline_of_what_comes_of_it(
    tmp_path: Path, script: str, member: str, cause: str
) -> None:
    stub = "proxy: {platforms: ./platforms, stubs: [{on: crm.查客户, body: {code: 200}}]}"
    scenario = SCENARIO.replace("proxy: {platforms: ./platforms}", stub)
    last = finished(tmp_path, f"const r = $proxy('crm').查客户(){script}", scenario)

    failure = last.failures[0]
    assert last.outcome == "failed"
    assert f"crm.查客户 was not awaited, so {member} was read of its promise" in failure.headline
    assert failure.script is not None
    assert failure.script.line == 2
    assert cause in str(failure.cause.__cause__ if failure.cause else "")


def test_a_field_that_the_form_does_not_have_is_red_with_the_near_name(tmp_path: Path) -> None:
    scenario = SCENARIO.replace('{名: ""}', '{customerName: "", 明细: []}')
    script = "form.明细 = [{数量: 1}]\nform.custmerNaem = '张三'\nform.custmerNaem = '李四'"
    last = finished(tmp_path, script, scenario)

    (failure,) = last.failures
    assert "form.custmerNaem" in failure.headline
    assert "did you mean 'customerName'?" in failure.headline
    assert failure.script is not None
    assert failure.script.line == 2


def test_a_form_that_declares_no_fields_takes_all(tmp_path: Path) -> None:
    last = finished(tmp_path, "form.甲 = 1", SCENARIO.replace(', fields: {名: ""}', ""))

    assert (last.outcome, tuple(map(str, last.warnings))) == ("passed", ())


def test_a_flow_beside_the_form_changes_nothing_in_that(tmp_path: Path) -> None:
    (tmp_path / "流程.yaml").write_text(DEFINITION, encoding="utf-8")
    last = finished(tmp_path, "ctx.form.客护名称 = '张三'\nctx.project.备注 = 1", FLOW)

    (failure,) = last.failures
    assert "the script wrote form.客护名称: " in failure.headline
    assert "did you mean '客户名称'?" in failure.headline
    assert str(failure.script).endswith("客户.js:1:1")


CALLED = "$proxy('crm').查客户()"
BUILT = "$proxy('crm').$api('查客户')"
NOT_AWAITED = ("unawaited", "crm.查客户 was not awaited")
NEVER_CALLED = ("uncalled", "crm.查客户 was built and never called")
CHAIN_ENDS = (
    "script",
    "this chain ends without $call(), so nothing is sent; add .$call() [uncalled-chain]",
)


@pytest.mark.parametrize(
    ("script", "chosen", "failed", "warned"),
    [
        (f"{CALLED};", "", ["unawaited"], []),
        (f"{CALLED};", "fail", ["unawaited"], []),
        (f"{CALLED};", "warn", [], [NOT_AWAITED]),
        (f"{CALLED};", "allow", [], []),
        (f"const 待 = {CALLED}; form.名 = 待 ? '甲' : '';", "warn", [], [NOT_AWAITED]),
        (f"void {CALLED};", "fail", [], []),
        (f"{CALLED}.then(() => {{ form.名 = '甲' }});", "fail", [], []),
        (f"await {CALLED};", "fail", [], []),
        (f"{BUILT};", "", [], [NEVER_CALLED]),
        (f"{BUILT};", "fail", ["unawaited"], []),
        (f"{BUILT};", "warn", [], [NEVER_CALLED]),
        (f"{BUILT};", "allow", [], [CHAIN_ENDS]),
    ],
)
def test_a_scenario_says_what_a_forgotten_call_is(
    tmp_path: Path, script: str, chosen: str, failed: list[str], warned: list[tuple[str, str]]
) -> None:
    stubs = "" if script.startswith(BUILT) else ", stubs: [{on: crm.查客户, body: {}}]"
    option = f", unawaited: {chosen}" if chosen else ""
    proxy = f"./platforms{stubs}{option}"

    last = finished(tmp_path, script, SCENARIO.replace("./platforms", proxy))

    assert [one.kind for one in last.failures] == failed
    assert [(one.kind, one.message) for one in last.warnings] == warned
