"""The commonest patterns of approval: each a scenario of a few lines, which holds what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.runner import run_scenario

PATTERNS = sorted((Path(__file__).parents[2] / "scenarios/approvals").glob("*.scenario.yaml"))


def test_there_are_twelve_of_them() -> None:
    assert len(PATTERNS) == 12


@pytest.mark.parametrize("path", PATTERNS, ids=lambda path: path.stem.partition(".")[0])
def test_a_pattern_is_short_and_holds(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 25

    ends = [event for event in run_scenario(path).events if isinstance(event, ScenarioFinished)]
    assert ends
    assert [failure.headline for end in ends for failure in end.failures] == []
