"""Careful scripts of many styles are not red, and each is where one bug is put into it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bpmax_sim.explore.search import AT_ONCE, Exploration
from tests.explore.project import explore, write_shop

PAIRS: dict[str, dict[str, Any]] = {
    one["name"]: one
    for one in yaml.safe_load(Path(__file__).with_name("pairs.yaml").read_text("utf-8"))
}
BY_DAY = {
    "a generation counter that handlers share",
    "an archive stands in for a customer, and says when it fails too",
    "an idempotency key in the body",
}
"""An order, two failures at once, and what is done twice; the others by night."""
NAMES = [
    pytest.param(name, id=name, marks=() if name in BY_DAY else pytest.mark.night) for name in PAIRS
]


def found_in(folder: Path, case: dict[str, Any], text: str) -> Exploration:
    """Return what exploring *case* with the script *text* comes to."""
    found = explore(write_shop(folder, case, text))
    assert found.refused == ""
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_careful_script_is_not_red(name: str, tmp_path: Path) -> None:
    found = found_in(tmp_path, PAIRS[name], PAIRS[name]["careful"])

    assert [
        (one.call.label, one.kind, one.judgement.verdict, one.judgement.why)
        for one in found.variants
        if one.fails_scenario
    ] == []


@pytest.mark.parametrize("name", NAMES)
def test_its_twin_with_one_bug_is(name: str, tmp_path: Path) -> None:
    case = PAIRS[name]
    found = found_in(tmp_path, case, case["buggy"])

    severity = "warn" if case.get("warns") else "fail"
    verdicts = {one.judgement.verdict for one in found.variants if one.severity == severity}
    assert verdicts & set(case["verdicts"])
    if case.get("at_once"):  # neither of the two failures comes to that alone
        assert {one.column for one in found.variants if one.fails_scenario} == {AT_ONCE}
        assert {len(one.rules) for one in found.variants if one.fails_scenario} == {2}
