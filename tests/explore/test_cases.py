"""The open half of the frozen cases: what is buggy is found, and its scenario fails for that."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from bpmax_sim.explore.reproduce import reproduce, save_and_check_reproduction
from bpmax_sim.explore.search import Explorer
from bpmax_sim.explore.summary import CauseFinding, find_causes
from bpmax_sim.scenario.load import load_items

CASES = Path(__file__).with_name("cases")
BY_DAY = {"buggy/12"}
NAMES = [
    pytest.param(name, id=name, marks=() if name in BY_DAY else pytest.mark.night)
    for name in sorted("/".join(path.parts[-3:-1]) for path in CASES.glob("*/*/case.yaml"))
]


def is_expected(finding: CauseFinding, case: dict[str, object]) -> bool:
    """Return whether *finding* is the one that ``case.yaml`` asks for."""
    return (
        finding.verdict in str(case["verdict"])
        and finding.call == case["call"]
        and finding.fails_scenario >= bool(case["red"])
        and Path(finding.place).name in str(case["at"])
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_case_is_judged_as_its_reader_says(name: str, tmp_path: Path) -> None:
    folder = shutil.copytree(CASES, tmp_path / "cases") / name
    case = yaml.safe_load((folder / "case.yaml").read_text("utf-8"))
    (item,) = load_items(folder / "case.scenario.yaml")

    found = Explorer().explore(item)

    findings = find_causes([found])
    assert found.refused == ""
    if name.startswith("careful"):
        assert [finding for finding in findings if finding.fails_scenario] == []
        return
    expected = next(finding for finding in findings if is_expected(finding, case))
    assert save_and_check_reproduction(reproduce(item, expected.variants[0])) == ""
