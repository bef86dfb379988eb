"""The texts of a failure in pytest: its place, what else failed, what is behind it, what to run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError, Place, ScriptError
from bpmax_sim.pytest_plugin.items import (
    FailureText,
    format_tracebacks,
    substitute_pytest_commands,
)
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.source import LONGEST, Failure
from bpmax_sim.scenario.table_rows import parse_cli_variables

FILE = "scenarios/付款.scenario.yaml"


def failure(essence: str = "没有变量", **more: Any) -> Failure:
    return Failure(kind="config", essence=essence, scenario="付款", **more)


@pytest.mark.parametrize(
    ("more", "path", "line"),
    [
        ({}, "", 0),
        ({"place": Place(FILE, 9, 3)}, FILE, 9),
        ({"place": Place("defaults.yaml", 2), "location": Place(FILE, 7)}, FILE, 7),
        ({"location": Place(FILE)}, FILE, 0),
    ],
)
def test_a_failure_stands_at_its_step_or_else_at_its_key(
    more: dict[str, Any], path: str, line: int
) -> None:
    text = FailureText.from_failures([failure(**more), failure("后来", place=Place("b.yaml", 1))])

    crash = text.reprcrash
    assert (crash.path, crash.lineno, crash.message) == (path, line, "付款: 没有变量")


def test_what_is_behind_a_failure_follows_an_empty_line() -> None:
    lines = FailureText.from_failures([failure()], "线索\n第二行").splitlines()

    assert lines[0] == "付款: 没有变量"
    assert lines[-3:] == ["", "线索", "第二行"]
    assert FailureText.from_failures([failure()]) == "\n".join(lines[:-3])


@pytest.mark.parametrize("detail", [0, 1, 10, LONGEST + 9])
@pytest.mark.parametrize("more", [1, 2, 10, LONGEST, 60])
def test_every_further_failure_is_named_or_counted(detail: int, more: int) -> None:
    first = failure(detail=tuple(f"第 {n} 行" for n in range(detail)))
    alone = str(FailureText.from_failures([first])).splitlines()
    lines = FailureText.from_failures(
        [first, *(failure(f"另 {n}") for n in range(more))]
    ).splitlines()

    named = [line for line in lines if line.startswith("also: 付款: 另")]
    counted = [line for line in lines if line.endswith(" more failures")]
    assert named == [f"also: 付款: 另 {n}" for n in range(len(named))]
    left = more - len(named)
    assert counted == ([f"also: {left} more failures"] if left else [])
    assert len(lines) == min(max(len(alone), 1) + more, LONGEST)
    kept = lines[: len(lines) - len(named) - len(counted)]
    assert kept == alone[: len(kept)]
    assert lines[-1] == (counted or named)[-1]


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    error.__cause__ = cause
    return error


def test_behind_a_failure_are_the_stacks_of_scripts_and_the_traceback() -> None:
    inner = ScriptError("内", stack=("内 (scripts/b.js:2:3)", "外 (scripts/a.js:9:1)"))
    middle = raised(ConfigError("中"), inner)
    outer = raised(ScriptError("外", stack=("外 (scripts/c.js:1:1)",)), middle)
    text = format_tracebacks(
        [failure("一", cause=outer), failure("二"), failure("三", cause=ConfigError("口令"))],
        lambda text: text.replace("口令", "***"),
    )

    lines = text.splitlines()
    assert lines[:6] == [
        "behind: 付款: 一",
        "Script stack (innermost call first):",
        "  外 (scripts/c.js:1:1)",
        "Script stack (innermost call first):",
        "  内 (scripts/b.js:2:3)",
        "  外 (scripts/a.js:9:1)",
    ]
    assert lines[-2:] == ["behind: 付款: 三", "bpmax_sim.errors.ConfigError: ***"]
    assert [line for line in lines if line.startswith("behind: ")] == [
        "behind: 付款: 一",
        "behind: 付款: 三",
    ]
    assert "bpmax_sim.errors.ConfigError: 中" in lines
    assert "\n\nThe above exception was the direct cause" in text


def test_where_no_exception_is_behind_failures_that_is_said() -> None:
    text = "no exception is behind this: the run went on and was compared"

    assert format_tracebacks([failure(), failure()], str) == text
    assert format_tracebacks([], str) == text


@pytest.mark.parametrize(
    ("name", "variables"), [("付款", []), ("付款[甲]", []), ("付款", ["客户=张 三"])]
)
def test_commands_are_those_of_pytest(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    variables: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").mkdir()
    cases = "cases: [{id: 甲}, {id: 乙}]\n" if "[" in name else ""
    declared = "vars: {客户: 李四}\n" if variables else ""
    (tmp_path / FILE).write_text(
        f"version: 1\nscenario: 付款\n{declared}{cases}steps: [{{advance: 1s}}]\n", encoding="utf-8"
    )
    item, *_ = load_items(FILE, variables=parse_cli_variables(variables))
    ours = item.selection_arguments
    words = [f"{FILE}::{name}" if "[" not in name else f'"{FILE}::{name}"']
    theirs = " ".join(["pytest", *words, *(['--bpmax-var "客户=张 三"'] if variables else [])])
    recording = f"{theirs} --bpmax-mode=record"
    commands = {
        f"bpmax-sim run {ours}": theirs,
        f"bpmax-sim run --mode live {ours}": f"{theirs} --bpmax-mode=live",
        f"bpmax-sim run --mode simulate {ours}": f"{theirs} --bpmax-mode=simulate",
        f"bpmax-sim record {ours}": recording,
        f"bpmax-sim record {ours} --record=new": f"{recording} --bpmax-record=new",
        f"bpmax-sim record {ours} --record=rewrite": f"{recording} --bpmax-record=rewrite",
        f"bpmax-sim record {ours} --record=new --record-extra": (
            f"{recording} --bpmax-record=new --bpmax-record-extra"
        ),
        "bpmax-sim run scenarios/别的.scenario.yaml": "bpmax-sim run scenarios/别的.scenario.yaml",
    }
    written = failure(rerun=f"bpmax-sim run {ours}", detail=tuple(f"做 {one}" for one in commands))
    changed = substitute_pytest_commands(written, item)

    assert changed.rerun == theirs
    assert changed.detail == tuple(f"做 {one}" for one in commands.values())
    assert changed.essence == written.essence
