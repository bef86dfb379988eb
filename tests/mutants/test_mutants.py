"""The seeded bugs themselves; ``python -m tests.mutants`` sees that the laws find each."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest

from tests.mutants import __main__ as mutants
from tests.mutants.corners import EDITS
from tests.mutants.edits import Edit
from tests.mutants.tree import ROOT, applied, patches


@pytest.mark.parametrize("patch", patches(), ids=lambda patch: patch.stem)
def test_a_seeded_bug_still_fits_the_tree(patch: Path) -> None:
    assert applied(patch, ROOT, check=True) == ""


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_a_seeded_bug_behind_a_corner_still_fits_the_tree(edit: Edit) -> None:
    assert edit.misfit(ROOT) == ""
    assert edit.old != edit.new


def test_there_are_enough_of_every_kind() -> None:
    kinds = [patch.stem.partition("-")[0] for patch in patches()]

    assert len(kinds) >= 25
    assert {"builder", "auth", "matching", "redaction"} <= set(kinds)


def test_a_patch_that_does_not_fit_is_told(tmp_path: Path) -> None:
    patch = tmp_path / "x.patch"
    patch.write_text("--- a/no/file.py\n+++ b/no/file.py\n@@ -1 +1 @@\n-a\n+b\n")

    assert applied(patch, tmp_path) == "error: no/file.py: No such file or directory"


def test_no_bug_of_that_name_kills_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutants.main(["no-such-bug"]) == 0

    assert capsys.readouterr().out == "0 of 0 seeded bugs killed in 0 s\n"


def test_a_few_days_try_every_bug_and_each_day_some_of_every_kind() -> None:
    bugs, few = patches(), 15
    days = -(-len(bugs) // few)
    tried = [mutants.some(bugs, few, day) for day in range(days)]

    assert {*chain(*tried)} == {*bugs}
    assert all(len({*one}) == few for one in tried)
    for one in tried:
        kinds = {bug.stem.partition("-")[0] for bug in one}
        assert {"builder", "auth", "matching", "redaction"} <= kinds
    assert len(mutants.some(bugs[:3], few, 7)) == 3
