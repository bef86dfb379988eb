"""The seeded bugs themselves; ``python -m tests.mutants`` sees that the laws find each."""

from __future__ import annotations

import pytest

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
    changed = [edit.find(ROOT) for edit in (*SEEDED, *EDITS)]

    assert len({*changed}) == len(changed)


def test_there_are_enough_of_every_kind() -> None:
    everything = [*SEEDED, *EDITS]

    assert len({one.name for one in everything}) == len(everything) >= 150
    assert {"builder", "auth", "matching", "redaction"} <= {one.kind for one in everything}
