"""Every corner is drawn often enough, and has a seeded bug behind it."""

from __future__ import annotations

import re

import pytest
from hypothesis import settings

from tests.mutants.corners import EDITS
from tests.mutants.tree import ROOT
from tests.property import reach
from tests.property.rules import RULES


@pytest.mark.night("a thousand draws of everything")
def test_every_corner_is_in_one_of_a_hundred_draws() -> None:
    found = reach.shares(1000, 1)

    assert {name: share for name, share in found.items() if share < reach.LEAST} == {}


def test_every_corner_has_a_seeded_bug_behind_it() -> None:
    assert {one.corner for one in EDITS} == {*reach.CORNERS}


def test_the_table_is_printed_and_tells_what_is_too_rare(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert reach.main(["--draws", "10", "--seed", "3"]) == 1

    *lines, last = capsys.readouterr().out.splitlines()
    assert len(lines) == len(reach.CORNERS)
    assert lines[0].endswith("  TOO RARE")
    assert last.startswith(f"{len(lines)} corners in 10 draws of seed 3; ")


def test_what_runs_in_ci_repeats_itself_and_the_night_tells_how_to_repeat_it() -> None:
    assert settings.get_profile("day").derandomize
    assert not settings.get_profile("nightly").derandomize
    assert settings.get_profile("nightly").print_blob


def test_every_rule_that_the_documentation_leaves_open_is_a_corner_or_a_test() -> None:
    sources = [path.read_text("utf-8") for path in ROOT.glob("tests/**/test_*.py")]
    known = {
        name
        for text in sources
        for name in re.findall(r"^(?:def )?(\w+)(?:\(| = )", text, re.MULTILINE)
    }

    named = {name for names in RULES.values() for name in names}
    assert named - known - {*reach.CORNERS} == set()
    presets = {name for name in reach.CORNERS if name.startswith("preset ")}
    others = {"a second instance", "auth of the API", "a login", "a login in two steps"}
    ways = {"a signature", "an address of the instance"}
    assert {*reach.CORNERS} - named == presets | others | ways
