"""What a variant takes from its baseline: environment, recordings, what is checked and told."""

from __future__ import annotations

import os
import warnings
from collections import UserDict
from pathlib import Path

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError
from bpmax_sim.file_version import read_version
from bpmax_sim.messages import Request, Response
from bpmax_sim.scenario.events import ConsoleWritten, ScenarioFinished
from bpmax_sim.scenario.expect_writer import FileRewrite
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.outcome import make_unrun_events
from bpmax_sim.scenario.runner import open_session, run_item
from bpmax_sim.transport.protocol import Handler
from bpmax_sim.variant.rewrite import collect_item_updates, write_if_scenarios_pass
from bpmax_sim.variant.run import (
    BaselineError,
    Variant,
    VariantRun,
    measure_baseline,
    run_variant,
    run_variant_without_expectations,
    run_within_usual_limits,
)
from bpmax_sim.variant.workers import map_in_order
from tests.variant.project import load_item, write_project

SCENARIO = """\
version: 1
scenario: 订单
form: {scripts: {change.编号: submit.js}, fields: {编号: '', 客户: '', 备注: ''}}
proxy: {cassette: 订单}
steps:
- {set: {编号: '7'}, expect: {form: {客户: 张三}}}
"""
SCRIPT = "form.客户 = (await $proxy('erp').getOrder(form.编号)).customer;\n"


def answer(_request: Request) -> Response:
    return Response(
        status=200, reason="OK", headers=(("content-type", "application/json"),),
        body='{"customer":"张三"}'.encode(), elapsed=0.01, source="live",
    )  # fmt: skip


@pytest.fixture
def item(tmp_path: Path) -> ScenarioItem:
    """Return a scenario whose recording is in the folder 录音, not in that of the project."""
    item = load_item(tmp_path, SCENARIO, submit=SCRIPT)
    session = open_session(
        item, cassettes=tmp_path / "录音", environ={}, mode="record", record="rewrite",
        transport=Handler(answer),
    )  # fmt: skip
    *_, end = run_item(item, session, environ={})
    assert isinstance(end, ScenarioFinished)
    assert not end.failures
    return item


def test_recordings_are_those_of_the_named_folder(item: ScenarioItem, tmp_path: Path) -> None:
    folder = tmp_path / "录音"
    base = measure_baseline(item, cassettes=folder)
    (script,) = (one.name for one in item.subjects.script_and_flow_files)
    silent = Variant(scripts={script: "form.客户 = '张三'"})

    assert run_within_usual_limits(item, cassettes=folder).is_passed
    assert run_variant_without_expectations(base).failures == ()
    with pytest.raises(BaselineError, match="does not pass: "):
        measure_baseline(item)
    # What is not played is a failure, unless the variant is lenient.
    assert [
        run_variant(base, replace(silent, is_lenient=lenient)).is_passed
        for lenient in (False, True)
    ] == [False, True]

    text = SCENARIO.replace("张三", "李四")
    item.path.write_text(text, encoding="utf-8")
    wrong = load_item(tmp_path, text, submit=SCRIPT)
    updates = collect_item_updates([wrong], folder)
    assert (len(updates.edits), updates.skip_notes) == (1, [])
    file = FileRewrite(read_version(item.path), text, SCENARIO)
    with pytest.raises(ConfigError):
        write_if_scenarios_pass([file])
    write_if_scenarios_pass([file], cassettes=folder)
    assert item.path.read_text(encoding="utf-8") == SCENARIO


class ChangingVariables(UserDict[str, str]):
    """An environment whose variables are other ones each time."""

    def __getitem__(self, name: str) -> str:
        self.data[name] = f"{self.data.get(name, '')}1"
        return self.data[name]

    def __contains__(self, name: object) -> bool:
        return True


def test_of_two_runs_the_first_difference_is_told(tmp_path: Path) -> None:
    steps = "[{set: {编号: '1'}}, {set: {客户: '${env.A}'}}, {set: {备注: '${env.A}'}}]"
    form = "form: {fields: {编号: '', 客户: '', 备注: ''}}"
    text = f"version: 1\nscenario: 变\n{form}\nsteps: {steps}\n"
    (item,) = load_items(write_project(tmp_path, text), environ={"A": "1"})
    with pytest.raises(BaselineError) as refused:
        measure_baseline(item, environ=ChangingVariables())

    assert refused.value.problems[0].message == (
        "two runs of it differ: step 2, form.客户; set clock: and seed:, or mend what is left to "
        "chance"
    )


TELLING = """version: 1
scenario: 订单
form: {scripts: {change.编号: submit.js}, fields: {编号: '', 客户: ''}}
proxy: {stubs: [{on: erp.get_order, body: {customer: 张三}}]}
steps:
- {set: {编号: '${env.NO}'}, expect: {form: {客户: 张三}}}
"""


def test_a_variant_reads_its_environment_and_warns_nobody(tmp_path: Path) -> None:
    environ = {"NO": "7"}
    script = "console.log(form.编号);\nif (form.编号 == null) form.编号 == '8';\n"
    path = write_project(tmp_path, TELLING, submit=script + SCRIPT)
    (item,) = load_items(path, environ=environ)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        base = measure_baseline(item, environ=environ)
        runs = [run_variant(base, Variant(checks_sources=checks)) for checks in (True, False)]

    assert [str(one.message) for one in seen] == []
    for run in runs:
        assert [one.text for one in run.events if isinstance(one, ConsoleWritten)] == ["7"]
    assert [bool(run.end.warnings) for run in runs] == [True, False]


def test_only_a_run_that_passed_is_passed(tmp_path: Path) -> None:
    start, end = make_unrun_events(load_item(tmp_path, SCENARIO, submit=SCRIPT))
    outcomes = ("passed", "failed", "skipped", "xfailed", "xpassed")

    runs = [VariantRun((start, replace(end, outcome=outcome))) for outcome in outcomes]
    assert [run.is_passed for run in runs] == [True, False, False, False, False]


def test_a_skipped_scenario_and_a_row_of_the_given_variables_are_written(tmp_path: Path) -> None:
    text = TELLING.replace("${env.NO}", "${vars.号}").replace("steps:", "vars: {号: 'x'}\nsteps:")
    strict = f"{SCRIPT}if (form.编号 !== '9') throw new Error('不是 9');\n"
    item = load_item(tmp_path, text, submit=strict)
    skipped = item.path.with_name("略.scenario.yaml")
    skipped.write_text(text.replace("steps:", "skip: 以后\nsteps:"), encoding="utf-8")
    before = {path: path.read_text(encoding="utf-8") for path in (item.path, skipped)}
    files = [FileRewrite(read_version(path), old, f"{old}# 改\n") for path, old in before.items()]

    with pytest.raises(ConfigError, match="不是 9"):
        write_if_scenarios_pass(files)
    assert {path: path.read_text(encoding="utf-8") for path in before} == before
    write_if_scenarios_pass(files, {"号": "9"})
    assert [file.path.read_text(encoding="utf-8") for file in files] == [one.after for one in files]


def test_one_piece_of_work_is_done_here_and_each_process_that_dies_is_replaced() -> None:
    def end_early(number: int) -> int:
        return os._exit(1) if number < 2 else number

    assert [*map_in_order(lambda _number: os.getpid(), 1, 3)] == [os.getpid()]
    waited: list[None] = []

    def wait_shortly() -> None:
        waited.append(None)
        assert len(waited) < 50  # of 0.2 s each

    assert [*map_in_order(end_early, 4, 2, wait_shortly)] == [None, None, 2, 3]
