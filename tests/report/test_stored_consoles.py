"""What is stored of a failure is read again, whoever wrote to the console and wherever."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import asdict

from bpmax_sim.errors import Place
from bpmax_sim.i18n import msg, translate
from bpmax_sim.report.console import ConsoleOutput, format_console_lines
from bpmax_sim.report.perform import PerformOptions, perform
from bpmax_sim.report.stored_failures import read_failures, store_or_delete_failure
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.source import Failure
from tests.files import write_files

SCENARIO = """\
version: 1
scenario: 打印
steps: [{js: "console.log('甲'); console.warn('乙'); return 1", expect: {result: 2}}]
"""


@pytest.fixture(name="item")
def loaded(tmp_path: Path) -> ScenarioItem:
    write_files(tmp_path, {"scenarios/打印.scenario.yaml": SCENARIO})
    return load_items(tmp_path / "scenarios/打印.scenario.yaml", environ={}, root=tmp_path)[0]


def test_a_failed_step_whose_own_script_wrote_to_the_console_is_shown_again(
    item: ScenarioItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(item.root)

    verdict, _ = perform(item, PerformOptions())
    [failed] = read_failures(item.root)

    lines = [*map(translate, format_console_lines(failed.console))]
    assert lines == [*map(translate, format_console_lines(verdict.console))]
    assert [line.partition("  ")[2] for line in lines[:2]] == ["log: 甲", "warn: 乙"]


def test_lines_of_the_console_are_stored_as_messages_for_every_reader(item: ScenarioItem) -> None:
    place = msg("{file}:{line} js", file="打印.scenario.yaml", line=3)
    lines = (
        ConsoleOutput(text=msg("nothing ran"), level="warn", file=place, line=2, column=5, ms=1.5),
        ConsoleOutput(text="甲\n乙", level="log"),
    )
    failure = Failure(kind="expect", essence="不等", scenario="打印", place=Place("a.yaml", 3))
    store_or_delete_failure(item, (failure,), console=lines)

    [failed] = read_failures(item.root)

    assert [asdict(line) for line in failed.console] == [asdict(line) for line in lines]
    assert translate(failed.console[0].text, "zh") == translate(lines[0].text, "zh")
    assert translate(failed.console[0].text, "zh") != failed.console[0].text
