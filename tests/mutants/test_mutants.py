"""The seeded bugs themselves; ``python -m tests.mutants`` sees that the laws find each."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

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
    changed = [edit.find(ROOT) for edit in (*SEEDED, *EDITS)]

    assert len({*changed}) == len(changed)


SOURCE = """\
def fill(merged, name, value):
    if name in merged.paths:
        raise BadValueError("path parameter {name!r} is known", name=name)
    merged.headers[name] = encode(value or {})
    return dict(kept=value, more={"kind": name})
"""
RENAMED = """\
def put(whole, name, item):
    if name in whole.paths:
        raise BadValueError(
            "path parameter {name!r} is there already", name=name
        )
    whole.headers[name] = encode(item or {})
    return dict(kept=item, more={"kind": name})
"""


@pytest.mark.parametrize("text", [SOURCE, RENAMED], ids=["as it was", "renamed"])
@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("if name in merged.paths:", "if False:", "    if (False):"),
        ("merged.headers[name] = encode(value or {})", "pass", "    pass"),
        ("kept=value", "kept=None", "kept=(None)"),
        ('"kind": name', '"kind": name, "x": 1', "('kind'): ("),
        ('raise BadValueError("path parameter {name!r} is known", name=name)', "return", "return"),
    ],
)
def test_a_pattern_fits_where_names_lines_and_messages_have_changed(
    tmp_path: Path, text: str, old: str, new: str, line: str
) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack/other.py").write_text(text, encoding="utf-8")

    found = Edit("a-bug", "pack/gone.py", old, new).find(tmp_path)

    assert not isinstance(found, str), found
    assert line in found[1]
    assert len(found[1].splitlines()) >= len(text.splitlines()) - 2
    compile(found[1], "other.py", "exec")


@pytest.mark.parametrize(
    ("old", "why"),
    [
        ("if merged.gone:", "nothing looks like"),
        ("return value", "nothing looks like"),
        ("f(a)", "nothing looks like"),
    ],
)
def test_what_is_only_of_the_same_shape_does_not_fit(tmp_path: Path, old: str, why: str) -> None:
    (tmp_path / "other.py").write_text(SOURCE, encoding="utf-8")

    assert why in Edit("a-bug", "gone.py", old, "pass").misfit(tmp_path)


def test_of_equal_places_none_is_guessed(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(SOURCE + SOURCE, encoding="utf-8")

    wrong = Edit("a-bug", "other.py", "if name in merged.paths:", "if False:").misfit(tmp_path)

    assert "other.py:2, other.py:7 alike; name more of it" in wrong


def test_there_are_enough_of_every_kind() -> None:
    everything = [*SEEDED, *EDITS]

    assert len({one.name for one in everything}) == len(everything) >= 150
    assert {"builder", "auth", "matching", "redaction"} <= {one.kind for one in everything}


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
