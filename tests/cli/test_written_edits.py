"""What is shown, asked and told before edits of scenarios are written, and what is left of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer

from bpmax_sim.cli.scenario_edits import update_items, write_edits_and_rerun
from bpmax_sim.errors import ConfigError
from bpmax_sim.scenario.expect_writer import ExpectEdit
from bpmax_sim.scenario.load import load_items
from tests.cli.project import Command, Project
from tests.files import write_files
from tests.typed import Typed

TEXT = """\
version: 1
scenario: {}
form: {{fields: {{金额: 1}}}}
steps:
  - set: {{金额: 2}}
    expect: {{form: {{金额: 3}}}}
"""
PAY, REFUND = "scenarios/付款.scenario.yaml", "scenarios/退款.scenario.yaml"
DIFF = ["-    expect: {form: {金额: 3}}", "+    expect: {form: {金额: 2}}"]
GONE = "没有.scenario.yaml: "


@pytest.fixture(autouse=True)
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, {PAY: TEXT.format("付款"), REFUND: TEXT.format("退款")})
    monkeypatch.chdir(tmp_path)


def expect(name: str, value: int) -> ExpectEdit:
    return ExpectEdit(Path(name).absolute(), ("steps", 0), {"expect": {"form": {"金额": value}}})


def read_changes(lines: list[str]) -> list[str]:
    """Return the changed lines of a diff, without its heads."""
    return [line for line in lines if line[:1] in {"-", "+"} and line[:3] not in {"---", "+++"}]


@pytest.mark.parametrize(
    ("edits", "typed", "asked", "told", "changed"),
    [
        ([], None, None, ["there is nothing to write"], []),
        ([(PAY, 3)], None, None, ["there is nothing to write"], []),  # as it is already
        (["没有.scenario.yaml"], None, None, [GONE, "there is nothing to write"], []),
        ([(PAY, 2)], "y\n", "Write 1 file?", [f"{PAY}: written"], [PAY]),
        ([(PAY, 2), (REFUND, 2)], "是\n", "Write 2 files?",
         [f"{PAY}: written", f"{REFUND}: written"], [PAY, REFUND]),
        ([(PAY, 2), (REFUND, 2)], None, None,
         [f"{PAY}: written", f"{REFUND}: written"], [PAY, REFUND]),
        (["没有.scenario.yaml", (REFUND, 2)], None, None, [GONE, f"{REFUND}: written"], [REFUND]),
    ],
)  # fmt: skip
def test_edits_are_written_after_a_diff_and_a_question(  # noqa: PLR0913, PLR0917
    edits: list[Any],
    typed: str | None,
    asked: str | None,
    told: list[str],
    changed: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", Typed(typed or ""))

    write_edits_and_rerun(
        [expect(one, 2) if isinstance(one, str) else expect(*one) for one in edits],
        yes=typed is None,
    )

    lines = capsys.readouterr().err.splitlines()
    assert read_changes(lines) == DIFF * len(changed)
    questions = [line.partition(" [y/N]: ") for line in lines]
    assert [first for first, mark, _ in questions if mark] == ([asked] if asked else [])
    ends = [rest or first for first, _, rest in questions]
    ends = [GONE if line.startswith(GONE) else line for line in ends]
    assert [line for line in ends if line == GONE or line.endswith(("written", "to write"))] == told
    for name, title in ((PAY, "付款"), (REFUND, "退款")):
        text = Path(name).read_text("utf-8")
        assert text == TEXT.format(title).replace("3", "2" if name in changed else "3")


@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_nothing_is_written_without_a_yes(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Typed(typed))
    with pytest.raises(typer.Abort):
        write_edits_and_rerun([expect(PAY, 2)], yes=False)

    assert Path(PAY).read_text("utf-8") == TEXT.format("付款")


def test_all_files_are_as_they_were_where_a_scenario_does_not_pass() -> None:
    with pytest.raises(ConfigError, match="退款"):
        write_edits_and_rerun([expect(PAY, 2), expect(REFUND, 4)], yes=True)

    assert Path(PAY).read_text("utf-8") == TEXT.format("付款")
    assert Path(REFUND).read_text("utf-8") == TEXT.format("退款")


def test_what_did_not_fail_by_an_expectation_is_told_and_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = Path(REFUND)
    crash = TEXT.format("退款").replace("set: {金额: 2}", "js: throw new Error('余额不足')")
    path.write_text(crash, "utf-8")
    items = [item for name in (PAY, REFUND) for item in load_items(Path(name).absolute())]

    update_items(items, yes=True)

    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith(f"{REFUND}:")
    assert "余额不足" in lines[0]
    assert read_changes(lines) == DIFF
    assert lines[-1] == f"{PAY}: written"
    assert (path.read_text("utf-8"), Path(PAY).read_text("utf-8")) == (
        crash, TEXT.format("付款").replace("3", "2"),
    )  # fmt: skip


def test_what_was_got_with_a_variable_of_the_command_passes_with_it_again() -> None:
    text = TEXT.format("付款").replace("set: {金额: 2}", 'set: {金额: "${vars.金额}"}')
    path = Path(PAY).absolute()
    path.write_text(f"{text}vars: {{金额: 2}}\n", "utf-8")

    update_items(load_items(path, variables={"金额": 4}), yes=True)

    assert path.read_text("utf-8") == f"{text.replace('3', '4')}vars: {{金额: 2}}\n"


def test_an_update_replays_what_the_named_folder_has(recorded: Project, bs: Command) -> None:
    (recorded.folder / "cassettes").rename(recorded.folder / "录音")
    before = recorded.scenario.read_text("utf-8")
    recorded.edit(recorded.scenario, "张三", "李四")

    done = bs("run", "--update", "--yes", "--cassettes", "录音", str(recorded.scenario))

    assert done.err.splitlines()[-1] == "scenarios/customer.scenario.yaml: written"
    assert (recorded.scenario.read_text("utf-8").count("张三"), "李四" in done.err) == (
        before.count("张三"), True
    )  # fmt: skip
