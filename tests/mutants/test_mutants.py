"""The seeded bugs themselves; ``python -m tests.mutants`` sees that the laws find each."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

import pytest
import yaml

from tests.campaigns import reach
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
    changed = [edit.find(ROOT) for edit in (*SEEDED, *EDITS)]

    assert len({*changed}) == len(changed)


def test_there_are_enough_of_every_kind() -> None:
    everything = [*SEEDED, *EDITS]

    assert len({one.name for one in everything}) == len(everything) >= 150
    assert {"builder", "auth", "matching", "redaction"} <= {one.kind for one in everything}


def test_what_may_survive_names_a_line_that_is_there() -> None:
    """`tests.campaigns.operators` asks more of a key, but only by night."""
    stale = []
    for key in yaml.safe_load((ROOT / "tests/mutants/survivors.yaml").read_text(encoding="utf-8")):
        module, function, change = key.split(": ", 2)
        path = ROOT / module
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        name, line = function.rpartition(".")[2], change.rpartition(" -> ")[0]
        named = {getattr(node, "name", "") for node in ast.walk(ast.parse(text))}
        if name not in named or line.partition(" (")[0] not in text:
            stale.append(key)

    assert stale == []


@pytest.mark.parametrize(
    ("main", "known"), [(mutants.main, SEEDED[0].name), (reach.main, EDITS[0].corner)]
)
def test_a_bug_that_there_is_not_is_refused(
    main: Callable[[Sequence[str]], int], known: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main([f"{known}x"])

    assert caught.value.code == 2
    assert f"there is no '{known}x'; did you mean '{known}'?" in capsys.readouterr().err
