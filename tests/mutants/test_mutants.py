"""The seeded bugs themselves; ``python -m tests.mutants`` sees that the laws find each."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest

from tests.mutants import __main__ as mutants
from tests.mutants.corners import EDITS
from tests.mutants.edits import Edit
from tests.mutants.seeded import SEEDED
from tests.mutants.tree import ROOT, Patch, applied, patches


@pytest.mark.parametrize("patch", patches(), ids=lambda patch: patch.name)
def test_a_seeded_bug_still_fits_the_tree(patch: Patch) -> None:
    assert applied(patch.path, ROOT, check=True) == ""


@pytest.mark.parametrize("edit", [*EDITS, *SEEDED], ids=lambda edit: edit.name)
def test_a_seeded_replacement_still_fits_the_tree(edit: Edit) -> None:
    assert edit.misfit(ROOT) == ""
    assert edit.old != edit.new
    assert all((ROOT / test.partition("::")[0]).exists() for test in edit.tests.split())


def test_there_are_enough_of_every_kind_and_some_in_every_package() -> None:
    everything = [*mutants.bugs(), *EDITS]
    files = {line for one in everything for line in places(one)}
    packages = {path.parent.name for path in (ROOT / "bpmax_sim").glob("*/__init__.py")}

    assert len({one.name for one in everything}) == len(everything) >= 150
    assert {"builder", "auth", "matching", "redaction"} <= {one.kind for one in everything}
    assert packages - {path.split("/")[1] for path in files} == set()


def places(bug: Patch | Edit) -> list[str]:
    """Return the files that *bug* changes."""
    if isinstance(bug, Edit):
        return [bug.path]
    return re.findall(r"^\+\+\+ b/(\S+)", bug.path.read_text("utf-8"), re.MULTILINE)


def test_a_patch_that_does_not_fit_is_told(tmp_path: Path) -> None:
    patch = tmp_path / "x.patch"
    patch.write_text("--- a/no/file.py\n+++ b/no/file.py\n@@ -1 +1 @@\n-a\n+b\n")

    assert applied(patch, tmp_path) == "error: no/file.py: No such file or directory"


def test_no_bug_of_that_name_kills_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutants.main(["no-such-bug"]) == 0

    assert capsys.readouterr().out == "0 of 0 seeded bugs killed in 0 s\n"


def test_a_few_days_try_every_bug_and_each_day_some_of_every_kind() -> None:
    bugs, few = mutants.bugs(), 15
    days = -(-len(bugs) // few)
    tried = [mutants.some(bugs, few, day) for day in range(days)]

    assert {*chain(*tried)} == {*bugs}
    assert all(len({*one}) == few for one in tried)
    for one in tried:
        kinds = {bug.kind for bug in one}
        assert {"builder", "auth", "matching", "redaction"} <= kinds
    assert len(mutants.some(bugs[:3], few, 7)) == 3
