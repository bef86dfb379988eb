"""With which settings a variant runs, and which items of failed ones can be brought up to date."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from msgspec.structs import replace

from bpmax_sim.scenario.events import StepStarted
from bpmax_sim.script.hits import ScriptHits
from bpmax_sim.subject.hooks import FieldChanged
from bpmax_sim.transport.faults import Break, Fault
from bpmax_sim.variant.rewrite import collect_item_updates
from bpmax_sim.variant.run import (
    BaselineError,
    Variant,
    measure_baseline,
    run_variant,
    run_variant_without_expectations,
)
from tests.variant.project import load_item

FORM = "form: {scripts: {change.编号: submit.js}, fields: {编号: '', 客户: ''}}\n"
STUB = "proxy: {stubs: [{on: erp.get_order, body: {customer: 张三}}]}\n"
SCRIPT = "form.客户 = (await $proxy('erp').getOrder(form.编号)).customer;\n"
HEAD = f"version: 1\nscenario: 订单\n{FORM}{STUB}"
STEPS = "steps: [{set: {编号: '7'}, expect: {form: {客户: 张三}}}]\n"
FAULT = "faults: [{on: erp.get_order, call: 2, do: {status: 503}}]\n"


@pytest.mark.parametrize("is_lenient", [False, True])
@pytest.mark.parametrize("has_fault", [False, True])
def test_only_a_lenient_variant_may_leave_a_fault_unused(
    tmp_path: Path, is_lenient: bool, has_fault: bool
) -> None:
    item = load_item(tmp_path, HEAD + STEPS, submit=SCRIPT)
    base = measure_baseline(item)
    changed = load_item(tmp_path, HEAD + (FAULT if has_fault else "") + STEPS, submit=SCRIPT)

    run = run_variant(base, Variant(item=changed, is_lenient=is_lenient))
    assert run.is_passed is (is_lenient or not has_fault)


def test_a_baseline_counts_the_code_of_one_run(tmp_path: Path) -> None:
    item = load_item(tmp_path, HEAD + STEPS, submit=SCRIPT)
    of_baseline, of_variant = ScriptHits(), ScriptHits()
    base = measure_baseline(item, hits=of_baseline)
    run_variant(base, hits=of_variant)

    assert [*of_baseline.counts.values()] == [*of_variant.counts.values()]
    assert any(map(any, of_baseline.counts.values()))


@pytest.mark.parametrize(
    ("passed", "seconds"), [("10s", 3600), ("36s", 3600), ("1h", 360_000), ("30d", 259_200_000)]
)
def test_a_variant_has_a_hundred_times_the_time_of_its_scenario(
    tmp_path: Path, passed: str, seconds: int
) -> None:
    steps = (
        f"steps: [{{set: {{编号: '7'}}, expect: {{form: {{客户: 张三}}}}}}, {{advance: {passed}}}]"
    )
    item = load_item(tmp_path, HEAD + steps, submit=SCRIPT)

    assert measure_baseline(item).most.seconds == pytest.approx(seconds)


LIVE = "asks a live system (mode: {}); only replay and simulate are tried"
OTHER = 'does not pass: step 1/1 set: form.客户 expected "李四", got "张三"'


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("proxy: {", "proxy: {mode: record, "), LIVE.format("record")),
        (("proxy: {", "proxy: {mode: live, "), LIVE.format("live")),
        (("客户: 张三}}", "客户: 李四}}"), OTHER),
        (("scenario: 订单\n", "scenario: 订单\nskip: true\nxfail: true\n"), "is skipped"),
    ],
)  # fmt: skip
def test_what_is_no_baseline_says_the_whole_reason(
    tmp_path: Path, change: tuple[str, str], why: str
) -> None:
    item = load_item(tmp_path, (HEAD + STEPS).replace(*change), submit=SCRIPT)
    with pytest.raises(BaselineError) as refused:
        measure_baseline(item)

    (problem,) = refused.value.problems
    assert problem.message == why
    assert [failure.kind for failure in refused.value.failures] == ["expect"] * ("李四" in why)


def test_a_trial_has_the_faults_of_its_variant_and_its_limits(tmp_path: Path) -> None:
    item = load_item(tmp_path, HEAD + STEPS, submit=SCRIPT)
    base = measure_baseline(item)
    faults = (Fault(on="erp.get_order", action=Break(error="timeout")),)

    trial = run_variant_without_expectations(base, Variant(faults=faults))
    assert [*trial.fired] == [*faults]
    assert trial.exceeded == ""
    endless = Variant(
        scripts={name.name: "for (;;);" for name in item.subjects.script_and_flow_files}
    )
    assert run_variant_without_expectations(base, endless).exceeded == "interrupts"
    few = dataclasses.replace(base, most=replace(base.most, calls=0))
    assert run_variant(few).exceeded == "calls"


@pytest.mark.parametrize(
    ("script", "last"),
    [
        ("for (let n = 1; n <= 25; n++) setTimeout(() => { form.客户 = `${n}` }, n * 1000)", "25"),
        ("const 再 = n => setTimeout(() => { form.客户 = `${n}`; 再(n + 1) }, 1000); 再(1)", "20"),
        ("setTimeout(() => { form.客户 = '晚' }, 86400000)", "晚"),
        ("form.客户 = '早'", "早"),
    ],
)
def test_at_the_end_of_a_trial_time_passes_until_no_timer_is_left_or_twenty_times(
    tmp_path: Path, script: str, last: str
) -> None:
    head = "version: 1\nscenario: 订单\n"
    steps = "steps: [{set: {编号: '7'}, expect: {form: {编号: '7'}}}]\n"
    item = load_item(tmp_path, head + FORM + steps, submit=script)

    trial = run_variant_without_expectations(measure_baseline(item))
    changes = [one.new for one in trial.events if isinstance(one, FieldChanged)]
    assert changes[-1] == last
    assert (trial.failures, trial.exceeded) == ((), "")


def test_a_trial_goes_on_after_an_invariant_that_is_broken(tmp_path: Path) -> None:
    text = (
        "version: 1\nscenario: 订单\nform: {fields: {编号: '', 客户: ''}}\n"
        "always: {form: {编号: {$ne: '8'}}}\nsteps:\n"
        "- {js: {file: submit.js}, expect: {form: {编号: '7'}}}\n"
        "- {set: {客户: 张三}, expect: {form: {客户: 张三}}}\n"
        "- {set: {编号: '9'}, expect: {form: {编号: '9'}}}\n"
    )
    item = load_item(tmp_path, text, submit="form.编号 = '7'")
    (name,) = (one.name for one in item.subjects.script_and_flow_files)

    changed = Variant(scripts={name: "form.编号 = '8'"})
    trial = run_variant_without_expectations(measure_baseline(item), changed)

    assert [one.number for one in trial.events if isinstance(one, StepStarted)] == [1, 2, 3]
    assert [(one.kind, one.step) for one in trial.failures] == [("always", 1), ("always", 2)]


@pytest.mark.parametrize(
    ("script", "steps"), [("return {号: '7'}", [1, 2, 3]), ("return {}", [1, 2])]
)
def test_a_trial_stops_at_a_value_that_is_gone(
    tmp_path: Path, script: str, steps: list[int]
) -> None:
    text = (
        "version: 1\nscenario: 订单\nform: {fields: {编号: '', 客户: ''}}\nsteps:\n"
        "- {id: 查, js: {file: submit.js}, expect: {result: {号: '7'}}}\n"
        "- {set: {编号: '${steps.查.result.号}'}, expect: {form: {编号: '7'}}}\n"
        "- {set: {客户: 张三}, expect: {form: {客户: 张三}}}\n"
    )
    item = load_item(tmp_path, text, submit="return {号: '7'}")
    (name,) = (one.name for one in item.subjects.script_and_flow_files)

    changed = Variant(scripts={name: script})
    trial = run_variant_without_expectations(measure_baseline(item), changed)

    started = [event.number for event in trial.events if isinstance(event, StepStarted)]
    assert started == steps
    assert [one.kind for one in trial.failures] == ["value"] * (3 - len(steps))


def test_of_failed_items_those_that_expect_wrongly_are_changed(tmp_path: Path) -> None:
    wrong = load_item(tmp_path / "一", HEAD + STEPS.replace("张三", "李四"), submit=SCRIPT)
    live = load_item(
        tmp_path / "二", (HEAD + STEPS).replace("proxy: {", "proxy: {mode: live, "), submit=SCRIPT
    )
    broken = load_item(tmp_path / "三", HEAD + STEPS, submit="throw new Error('坏了')")

    updates = collect_item_updates([live, wrong, broken])
    assert len(updates.edits) == 1
    first, second = updates.skip_notes
    assert first == f"{live.node_id}: left as it is: {LIVE.format('live')}"
    assert second.startswith(f"{broken.node_id}: left as it is: ")
    assert collect_item_updates([]) == ([], [])
