"""The seeded bugs themselves; ``python -m tests.mutants`` sees that the laws find each."""

from __future__ import annotations

from itertools import chain

import pytest

from tests.mutants import __main__ as mutants
from tests.mutants.corners import EDITS
from tests.mutants.edits import Edit
from tests.mutants.seeded import SEEDED
from tests.mutants.tree import ROOT


@pytest.mark.parametrize("edit", [*EDITS, *SEEDED], ids=lambda edit: edit.name)
def test_a_seeded_replacement_still_fits_the_tree(edit: Edit) -> None:
    assert edit.misfit(ROOT) == ""
    assert edit.old != edit.new
    assert bool(edit.corner) != bool(edit.tests)
    assert all((ROOT / test.partition("::")[0]).exists() for test in edit.tests.split())


def test_no_bug_is_there_twice() -> None:
    changed = [
        (one.path, (ROOT / one.path).read_text("utf-8").replace(one.old, one.new))
        for one in (*SEEDED, *EDITS)
    ]

    assert len({*changed}) == len(changed)


def test_there_are_enough_of_every_kind_and_some_in_every_package() -> None:
    everything = [*SEEDED, *EDITS]
    files = {one.path for one in everything}
    packages = {path.parent.name for path in (ROOT / "bpmax_sim").glob("*/__init__.py")}

    assert len({one.name for one in everything}) == len(everything) >= 150
    assert {"builder", "auth", "matching", "redaction"} <= {one.kind for one in everything}
    assert packages - {path.split("/")[1] for path in files} == set()


def test_no_bug_of_that_name_kills_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutants.main(["no-such-bug"]) == 0

    assert capsys.readouterr().out == "0 of 0 seeded bugs killed in 0 s\n"


def test_a_few_days_try_every_bug_and_each_day_some_of_every_kind() -> None:
    bugs, few = SEEDED, 15
    days = -(-len(bugs) // few)
    tried = [mutants.some(bugs, few, day) for day in range(days)]

    assert {*chain(*tried)} == {*bugs}
    assert all(len({*one}) == few for one in tried)
    for one in tried:
        kinds = {bug.kind for bug in one}
        assert {"builder", "tokens", "matching", "redaction"} <= kinds
    assert len(mutants.some(bugs[:3], few, 7)) == 3
