"""A null of a row is an empty text where a text is due, and never Python's ``None``."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.scenario.events import (
    ConsoleWritten,
    Event,
    ScenarioFinished,
    StepFinished,
    StepStarted,
)
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import run_scenario
from bpmax_sim.subject.hooks import MessageShown
from tests.scenario import bench
from tests.variant.project import write_project

T = TypeVar("T", bound=Event)
FLOW = """\
version: 1
scenario: 合同
flow:
  definition: 合同.yaml
  scripts: {approve.审批: a.js}
  form: {客户: 零}
cases: [{id: 空, 值: null, 真: true, 数: 7, 列: [1]}]
"""
DEFINITION = """\
flow: 合同
start: 审批
nodes:
  审批: {owners: [甲, 乙], approve: 复核, complete: any}
  复核: {owners: [甲], approve: 结束}
  结束: {end: true}
"""
FORM = """\
version: 1
scenario: 报价
form: {fields: {客户: "${case.值}"}, scripts: {change.客户: b.js}}
cases: [{id: 空, 值: null, 真: true, 数: 7, 列: [1]}]
"""


def play(folder: Path, text: str, script: str = "console.log(JSON.stringify(ctx));") -> list[Event]:
    """Return the events of the one row, which has to pass."""
    path = write_project(folder, text, a=script, b=script)
    (path.parent / "合同.yaml").write_text(DEFINITION, encoding="utf-8")
    events = list(run_scenario(path).events)
    (end,) = select(events, ScenarioFinished)
    assert [failure.headline for failure in end.failures] == []
    return events


def select(events: list[Event], kind: type[T]) -> list[T]:
    """Return the events of that *kind*."""
    return [event for event in events if isinstance(event, kind)]


COMMENTS = [("值", "{$exists: false}"), ("真", "'true'"), ("数", "'7'"), ("列", "'[1]'")]


@pytest.mark.parametrize(("column", "comment"), COMMENTS)
@pytest.mark.parametrize(
    "step", ["approve: {at: 审批", "approve: {form: '${case.值}'", "comment: {"]
)
def test_a_comment_of_a_cell_is_as_it_is_written(
    tmp_path: Path, step: str, column: str, comment: str
) -> None:
    done = f"{step}, by: 甲, comment: '${{case.{column}}}'}}".replace("{,", "{")
    history = f"[{{action: submit}}, {{by: 甲, comment: {comment}}}]"
    play(
        tmp_path, f"{FLOW}steps:\n- submit:\n- {done}\n  expect: {{flow: {{history: {history}}}}}\n"
    )


def test_nobody_is_the_user_for_a_null(tmp_path: Path) -> None:
    steps = "steps: [submit: , {approve: {by: 甲}, user: '${case.值}'}]\n"
    script = "console.log(JSON.stringify(ctx.user ?? {}));"
    (line,) = select(play(tmp_path, FLOW + steps, script), ConsoleWritten)
    assert "None" not in line.text


def test_a_policy_takes_a_null_as_if_its_key_was_missing(tmp_path: Path) -> None:
    policies = "policies: [{approve: {comment: '${case.值}'}, at: '*'}]\n"
    history = "[{action: submit}, {comment: {$exists: false}}, {comment: {$exists: false}}]"
    expect = f"expect: {{flow: {{history: {history}, status: finished}}}}"
    play(tmp_path, f"{FLOW}{policies}steps: [submit: , {{play: , {expect}}}]\n")


@pytest.mark.parametrize(
    ("column", "node"), [("值", ""), ("真", "true"), ("数", "7"), ("列", "[1]")]
)
def test_a_node_of_a_cell_is_a_text(tmp_path: Path, column: str, node: str) -> None:
    refused = f"expect_error: {{code: NOT_AT_NODE, message: {{$contains: \"'{node}'\"}}}}"
    step = f"set: {{客户: 一}}, at: '${{case.{column}}}', by: 甲{', ' + refused if node else ''}"

    events = play(tmp_path, f"{FLOW}steps:\n- submit:\n- {{{step}}}\n", "")

    assert select(events, StepFinished)[1].form == {"客户": "零" if node else "一"}


def test_the_title_of_a_step_is_empty_for_a_null(tmp_path: Path) -> None:
    events = play(tmp_path, FORM + "steps: [{name: '${case.值}', set: {客户: 一}}]\n", "")
    assert "None" not in select(events, StepStarted)[0].title


def test_a_header_of_a_stub_is_left_out_for_a_null(tmp_path: Path) -> None:
    head = "{X-A: '${case.值}', X-B: '${case.真}'}"
    stub = f"{{on: erp.getOrder, status: 400, headers: {head}}}"
    script = (
        "try { await $proxy('erp').getOrder(1) } catch (e) {\n"
        "console.log(e.response.headers['x-a'], e.response.headers['x-b']) }"
    )
    proxy = f"proxy: {{stubs: [{stub}]}}\n"
    events = play(tmp_path, f"{FORM}{proxy}steps: [set: {{客户: 一}}]\n", script)
    assert [line.text for line in select(events, ConsoleWritten)] == ["undefined true"]


def test_no_secret_is_found_in_a_null(tmp_path: Path) -> None:
    text = f"{FORM}secrets: [case.值]\nsteps: [set: {{客户: None}}]\n"
    events = play(tmp_path, text, "console.log(form.客户.length, form.客户)")
    assert select(events, StepFinished)[0].form == {"客户": "None"}


@pytest.mark.parametrize(
    ("value", "text"),
    [("null", "null"), ("undefined", "undefined"), ("true", "true"), ("1.0", "1"), ("'甲'", "甲"),
     ("{a: 1}", "[object Object]"), ("[1, '甲']", "1,甲")],
)  # fmt: skip
def test_a_message_is_a_text_as_javascript_makes_it(tmp_path: Path, value: str, text: str) -> None:
    script = f"form.$message = {{text: {value}, type: null}};"
    events = play(tmp_path, f"{FORM}steps: [set: {{客户: 一}}]\n", script)
    assert [(one.text, one.level) for one in select(events, MessageShown)] == [(text, "info")]


@pytest.mark.parametrize(
    ("condition", "only", "told"),
    [("", "", 1), ("if: '${case.跑}', ", "", 0), ("", "only: [乙], ", 0), ("if: true, ", "", 1)],
)
def test_an_empty_cell_of_a_step_that_runs_is_told(
    tmp_path: Path, condition: str, only: str, told: int
) -> None:
    text = (
        "version: 1\nscenario: 单\nform: {scripts: {click.盖章: 盖.js}, fields: {客户: ''}}\n"
        "cases: [{id: 甲, 跑: false, 按钮: ''}, {id: 乙, 跑: true, 按钮: 盖章}]\n"
        f"steps: [{{{condition}{only}click: '${{case.按钮}}'}}]\n"
    )
    path = bench.write(tmp_path, text, 盖__js="form.客户 = 1")
    try:
        load_items(path, environ={})
        found = []
    except ConfigError as error:
        found = [str(one) for one in error.problems if "no script for click." in one.message]

    assert len(found) == told


@pytest.mark.parametrize("in_file", [True, False], ids=["inline", "csv"])
@pytest.mark.parametrize(
    ("button", "hint"),
    [
        ("盖章", ""),
        ("", ""),
        ("-", ""),
        ("盖张", "; did you mean '盖章'?"),
        ("--", "; there is 盖章"),
        ("0", "; there is 盖章"),
    ],
)
def test_an_empty_cell_of_a_step_that_is_left_out_is_no_mistake(
    tmp_path: Path, button: str, hint: str, in_file: bool
) -> None:
    rows = f"[{{id: 甲, 跑: false, 按钮: '{button}'}}]" if in_file else "{from: 行.csv}"
    steps = "[{set: {客户: 乙}}, {if: '${case.跑}', click: '${case.按钮}'}]"
    text = (
        "version: 1\nscenario: 单\nform: {scripts: {click.盖章: 盖.js}, fields: {客户: ''}}\n"
        f"cases: {rows}\nsteps: {steps}\n"
    )
    table = f"id,跑:boolean,按钮\n甲,否,{button}\n"
    path = bench.write(tmp_path, text, 盖__js="form.客户 = 1", 行__csv=table)
    try:
        last = bench.verdict(bench.play(path, bench.PlainBench(), row="甲"))
        told = [one.message for one in last.warnings]
    except ConfigError as error:
        told = [one.message for one in error.problems]

    assert [one.partition(" (filled in")[0] for one in told if "click." in one] == [
        f"no script for click.{button}{hint}"
    ] * bool(hint)
