"""Handlers, stubs and conditions of a scenario, and which of them a run reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.errors import Place
from bpmax_sim.scenario.declared_parts import (
    find_declared_parts,
    find_reached_parts,
    mark_used_parts,
)
from bpmax_sim.scenario.events import Event, ScenarioFinished, StepFinished, StepStarted
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.runner import open_session, run_item
from bpmax_sim.scenario.source import RunWarning
from bpmax_sim.subject.hooks import HookStarted
from tests.files import write_files
from tests.scenario.test_doubts_of_a_run import FILES, FORM, load

STEPS = """\
vars: {加急: true}
proxy:
  platforms: platforms
  stubs:
    - {on: crm.查客户, body: {}}
    - {on: crm.下单, body: {}}
steps:
  - open: {}
  - {if: "${vars.加急}", set: {金额: 1}}
  - {if: false, set: {金额: 2}}
finally:
  - set: {客户: 甲}
    if: "!${vars.加急}"
"""
EVERY = [
    ("handler", "open", "开.js"),
    ("stub", "crm.查客户", "单.scenario.yaml:8:7"),
    ("stub", "crm.下单", "单.scenario.yaml:9:7"),
    ("branch", "${vars.加急}", "单.scenario.yaml:12:6"),
    ("branch", "!${vars.加急}", "单.scenario.yaml:16:5"),
]


@pytest.fixture
def item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScenarioItem:
    monkeypatch.chdir(tmp_path)
    return load(tmp_path, STEPS)


def test_what_may_stay_unused_is_declared(item: ScenarioItem) -> None:
    found = [*find_declared_parts(item)]

    assert [(one.kind, one.name, str(one.place)) for one in found] == EVERY
    assert not any(one.used for one in found)


def step(place: Place, outcome: str, *inside: Event) -> list[Event]:
    begun = StepStarted(number=1, total=3, id="", title="", action="set", place=place, at=0.0)
    ended = StepFinished(number=1, title="", outcome=outcome, duration=0.0, at=0.0)  # type: ignore[arg-type]
    return [begun, *inside, ended]


def end(*unused: Place) -> ScenarioFinished:
    return ScenarioFinished(
        outcome="passed", failures=(), warnings=(), digest="", calls=0, duration=0.0, at=0.0,
        unused_parts=tuple(RunWarning("rule", "", place) for place in unused),
    )  # fmt: skip


def test_a_run_reaches_what_fired_answered_or_was_not_skipped(item: ScenarioItem) -> None:
    first, last = item.steps[1].spot.place, item.cleanup[0].spot.place
    stubs = [part.place for part in find_declared_parts(item) if part.kind == "stub"]
    opened = HookStarted(event="open", script="开.js", at=0.0)
    other = HookStarted(event="open", script="另.js", at=0.0)
    below = HookStarted(event="合同/用印/open", script="开.js", at=0.0)
    outer = item.steps[0].spot.place

    def reach(*events: Event) -> list[str]:
        found = [*find_reached_parts(item, events)]
        assert all(part.used for part in found)
        used = [part.name for part in mark_used_parts(item, events) if part.used]
        assert used == [part.name for part in found]
        return used

    every = ["open", "crm.查客户", "crm.下单", "${vars.加急}", "!${vars.加急}"]
    assert reach(opened, end()) == every[:3]
    assert reach(below, end()) == every[:3]
    assert reach(other, end()) == every[1:3]
    assert reach(HookStarted(event="open.x", script="开.js", at=0.0), end()) == every[1:3]
    assert reach(opened, end(stubs[1])) == every[:2]
    assert reach(end(*stubs)) == []
    assert reach(*step(first, "passed"), *step(last, "skipped"), end()) == every[1:4]
    assert reach(*step(first, "skipped"), *step(last, "passed"), end()) == [*every[1:3], every[4]]
    assert reach(*step(outer, "passed", *step(first, "skipped")), end()) == every[1:3]
    assert reach(*step(outer, "passed", *step(first, "passed")), end()) == every[1:4]
    assert reach(*step(first, "skipped"), *step(first, "passed"), end()) == every[1:4]


NAMED = """\
use: 共.yaml
proxy: {platforms: platforms, mode: simulate, stubs: [{on: crm.查客户, body: {}}]}
cases: [{id: 一, 步骤: [{if: "${form.金额} == 2", set: {客户: 乙}}, {run: 收尾}]}]
steps:
  - open: {}
    during: {call: crm.查客户, steps: [{if: "${form.金额} == 0", set: {客户: 甲}}]}
  - run: 改单
  - run: 改单
  - run: ${case.步骤}
"""
SHARED = """\
steps:
  改单: [{if: "${form.金额} == 1", set: {金额: 2}}, {if: "${form.金额} == 9", set: {金额: 3}}]
  收尾: [{if: "${form.金额} == 7", set: {金额: 8}}]
  别的: [{if: "${form.金额} == 5", set: {金额: 4}}]
"""


def test_conditions_count_in_named_steps_in_during_and_in_the_steps_of_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    script = "await $proxy('crm').查客户(); form.金额 = 1"
    write_files(tmp_path, {**FILES, "开.js": script, "共.yaml": SHARED})
    (tmp_path / "单.scenario.yaml").write_text(f"{FORM}{NAMED}", "utf-8")
    (item,) = load_items(tmp_path / "单.scenario.yaml", environ={}, root=tmp_path)
    parts = mark_used_parts(item, list(run_item(item, open_session(item), environ={})))

    assert {part.name[-1]: part.used for part in parts if part.kind == "branch"} == {
        "0": True, "1": True, "9": False, "2": True, "7": False,
    }  # fmt: skip


def test_handlers_are_those_of_form_flow_subflows_and_screens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    nodes = "nodes:\n  审批: {owners: [甲], approve: 用印, form: {scripts: {open: 屏.js}}}\n"
    write_files(tmp_path, {
        "合同.scenario.yaml": "scenario: 合同\n"
        "form: {fields: {金额: 1}, scripts: {open: 开.js, change.金额: [算.js, 查.js, 报.js]}}\n"
        "flow:\n  definition: 合同.yaml\n  scripts: {create: 交.js}\n"
        "  subflows: {用印: {definition: 用印.yaml, scripts: {approve.盖章: 盖.js}}}\n"
        "steps: [{open: {}}]\n",
        "合同.yaml": f"flow: 合同\nstart: 审批\n{nodes}"
        "  用印: {subflow: 用印, approve: 完}\n  完: {end: true}\n",
        "用印.yaml": "flow: 用印\nstart: 盖章\nnodes:\n"
        "  盖章: {owners: [乙], approve: 完, form: {scripts: {open: 印.js}}}\n  完: {end: true}\n",
        **dict.fromkeys(
            ("开.js", "算.js", "查.js", "报.js", "交.js", "盖.js", "屏.js", "印.js"), "//\n"
        ),
    })  # fmt: skip
    (item,) = load_items(tmp_path / "合同.scenario.yaml", environ={}, root=tmp_path)

    assert [(one.kind, one.name, str(one.place)) for one in find_declared_parts(item)] == [
        ("handler", "open", "开.js"),
        *(("handler", "change.金额", f"{name}.js") for name in "算查报"),
        ("handler", "create", "交.js"),
        ("handler", "approve.盖章", "盖.js"),
        ("handler", "open", "屏.js"),
        ("handler", "open", "印.js"),
    ]


def test_each_part_is_counted_once(item: ScenarioItem) -> None:
    parts = mark_used_parts(item, [HookStarted(event="open", script="开.js", at=0.0), end()])

    assert [(one.kind, one.name, str(one.place)) for one in parts] == EVERY
    assert [one.used for one in parts] == [True, True, True, False, False]
