from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.scenario.source import render_failure
from tests.scenario.project import Project, headlines, verdict

HEAD = """\
version: 1
scenario: 选择客户后回填
form:
  scripts: {open: form.js}
proxy: {platforms: platforms%s}
clock: "2026-03-02T09:00:00+08:00"
steps:
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def test_a_wrong_field_names_the_line_that_wrote_it_last(project: Project) -> None:
    script = """\
// form.discount = 0.8 是旧规则
form.discount = 0.8;
const 改 = 对象 => { 对象['dis' + 'count'] = 0.9; };
改(form);
if (form.discount > 1) form.discount = 1;
"""
    steps = "  - {open: {}, expect: {form: {discount: 1}}}\n"
    (failure,) = project.run(HEAD % "" + steps, {"form.js": script}).failures

    assert failure.headline == "step 1/1 open: form.discount expected 1, got 0.9"
    assert str(failure.script) == "form.js:3:30"
    assert failure.script_text == script.splitlines()[2]


def test_a_field_that_the_user_filled_in_names_no_line(project: Project) -> None:
    steps = "  - {open: {}}\n  - {set: {discount: 2}, expect: {form: {discount: 1}}}\n"
    (failure,) = project.run(HEAD % "" + steps, {"form.js": "form.discount = 1"}).failures

    assert (failure.headline, failure.script) == (
        "step 2/2 set: form.discount expected 1, got 2",
        None,
    )


def test_a_change_inside_a_value_names_no_line(project: Project) -> None:
    steps = "  - {open: {明细: []}, expect: {form: {明细: []}}}\n"
    script = "form.明细.push(1)\nform.a = 1"
    (failure,) = project.run(HEAD % "" + steps, {"form.js": script}).failures

    assert failure.headline == "step 1/1 open: form.明细 expected [], got [1]"
    assert failure.script is None


CARELESS = "console.log(1);\n  $proxy('crm_system').get_customer_detail('12345');"
NOTE = "form.js:2:24: crm_system.get_customer_detail was not awaited"


@pytest.mark.parametrize(
    ("said", "notes"),
    [(", unawaited: warn", (NOTE,)), (", unawaited: allow", ())],
)
def test_a_call_that_nobody_awaits_can_be_a_warning_or_nothing(
    project: Project, said: str, notes: tuple[str, ...]
) -> None:
    steps = "  - {open: {}, expect: {console: [{text: '1'}]}}\n"
    last = project.run(HEAD % said + steps, {"form.js": CARELESS})

    assert (last.outcome, tuple(map(str, last.warnings)), last.calls) == ("passed", notes, 1)
    assert len(project.sent) == 1


@pytest.mark.parametrize("said", ["", ", unawaited: fail"])
def test_a_call_that_nobody_awaits_is_a_failure(project: Project, said: str) -> None:
    last = project.run(HEAD % said + "  - open: {}\n", {"form.js": CARELESS})

    (failure,) = last.failures
    assert failure.kind == "unawaited"
    assert failure.headline == (
        "step 1/1 open: crm_system.get_customer_detail was not awaited; "
        "await it, or write void before it if nothing is to wait for it, "
        "or write proxy: {unawaited: allow}"
    )
    assert render_failure(failure).splitlines()[-2:] == [
        "script: form.js:2:24   $proxy('crm_system').get_customer_detail('12345');",
        "rerun: bpmax-sim run 场景.scenario.yaml",
    ]


@pytest.mark.parametrize(
    ("script", "place"),
    [
        ("Promise.reject(new Error('坏'))", "form.js:1:20"),
        ("setTimeout(() => {\n  throw new Error('坏') }, 0)", "form.js:2:13"),
    ],
)
def test_a_rejection_that_nobody_handles_fails_the_step(
    project: Project, script: str, place: str
) -> None:
    last = project.run(HEAD % "" + "  - open: {}\n", {"form.js": script})

    assert headlines(last) == ["step 1/1 open: unhandled rejection: Error: 坏"]
    assert str(last.failures[0].script) == place


def test_everything_that_happens_is_a_record_of_the_trace(project: Project) -> None:
    script = """\
console.log('始');
await new Promise(r => setTimeout(r, 1500));
const {data} = await $proxy('crm_system').get_customer_detail('12345');
form.customerName = data.name;
form.$message = '好了';
"""
    path = project.write(HEAD % "" + "  - open: {}\n", {"form.js": script})
    project.events(path, mode="record")
    events = project.events(path, mode="replay")
    kinds = [type(event).__name__ for event in events]

    assert verdict(events).outcome == "passed"
    assert kinds == [
        "ScenarioStarted",
        "StepStarted",
        "HookStarted",
        "ConsoleWritten",
        "TimerFired",
        "CallMade",
        "CallAnswered",
        "FieldChanged",
        "MessageShown",
        "StepFinished",
        "ScenarioFinished",
    ]
