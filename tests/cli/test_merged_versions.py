"""`merge` with the files that Git's merge driver passes, and the hint that there is no driver."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cli import merge
from bpmax_sim.cli.merge import hint_at_missing_merge_driver
from bpmax_sim.git import configure_merging, run_git
from tests.cassette.exchanges import detail, order
from tests.cli.project import Command
from tests.cli.test_cassette_commands import write

PATH = "cassettes/采购/付款.yaml"
AGAIN = "`bpmax-sim review` it, then `bpmax-sim merge` for theirs"


@pytest.fixture(name="root", autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "cassettes/采购").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    write(tmp_path / "base", [("甲", [detail(1)])])
    write(tmp_path / "ours", [("甲", [detail(1)]), ("乙", [order(b"1")])])
    write(tmp_path / "theirs", [("甲", [detail(1)]), ("丙", [order(b"2")])])
    write(tmp_path / "other", [("甲", [detail(1)]), ("乙", [order(b"3")])])
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "broken").write_bytes((tmp_path / "theirs").read_bytes()[:-20])
    return tmp_path


def owners(path: Path) -> tuple[str, ...]:
    return Cassette.load(path).owners


@pytest.mark.parametrize(
    ("base", "theirs", "merged"),
    [
        ("base", "theirs", ("丙", "乙", "甲")),
        ("empty", "theirs", ("丙", "乙", "甲")),
        ("没有", "theirs", ("丙", "乙", "甲")),
        ("base", "base", ("乙", "甲")),
        ("base", "ours", ("乙", "甲")),
        ("ours", "base", ("甲",)),
    ],
)
def test_what_both_sides_recorded_goes_into_ours(
    root: Path, bs: Command, base: str, theirs: str, merged: tuple[str, ...]
) -> None:
    done = bs("merge", base, "ours", theirs, PATH)

    assert (done.code, done.out, done.err) == (0, "", "")
    assert sorted(owners(root / "ours")) == sorted(merged)
    assert [*(root / "cassettes").rglob("*.new")] == []
    assert not (root / PATH).exists()  # which is Git's to write


@pytest.mark.parametrize("path", [PATH, None])
def test_what_both_recorded_otherwise_waits_beside_the_cassette(
    root: Path, bs: Command, path: str | None
) -> None:
    ours = (root / "ours").read_bytes()
    done = bs("merge", "base", "ours", "other", *([path] if path else []), "--json")

    place = path or "ours"
    assert done.code == 1
    assert (
        done.err
        == f"{place}: both sides recorded '乙'; ours stays, theirs waits: `bpmax-sim review`\n"
    )
    assert json.loads(done.out) == {"version": 1, "files": ["ours"], "review": [place]}
    assert (root / "ours").read_bytes() == ours
    assert (root / f"{place}.new").read_bytes() == (root / "other").read_bytes()


@pytest.mark.parametrize(
    ("there", "told"),
    [
        ("other", "theirs waits: `bpmax-sim review`"),  # the same, of an earlier try
        ("theirs", f"and {PATH}.new waits already: {AGAIN}"),
    ],
)
def test_another_recording_that_waits_already_is_not_replaced(
    root: Path, bs: Command, there: str, told: str
) -> None:
    waiting = (root / there).read_bytes()
    (root / f"{PATH}.new").write_bytes(waiting)

    done = bs("merge", "base", "ours", "other", PATH)

    assert (done.code, done.err) == (1, f"{PATH}: both sides recorded '乙'; ours stays, {told}\n")
    assert (root / f"{PATH}.new").read_bytes() == waiting


def test_a_side_that_cannot_be_read_is_a_conflict_and_ours_stays(root: Path, bs: Command) -> None:
    ours = (root / "ours").read_bytes()
    done = bs("merge", "base", "ours", "broken", PATH)

    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(PATH)
    assert (root / "ours").read_bytes() == ours


@pytest.mark.parametrize("count", [1, 2, 5])
def test_git_passes_three_files_or_four(bs: Command, count: int) -> None:
    done = bs("merge", *["base"] * count)
    assert (done.code, done.err) == (2, "merge: expected no file, or BASE OURS THEIRS [PATH]\n")


def test_outside_of_a_repository_nothing_is_unmerged(bs: Command) -> None:
    done = bs("merge")
    assert (done.code, done.err) == (2, "merge: there is no Git repository here\n")


@pytest.mark.parametrize(
    ("unmerged", "code", "done", "waiting"),
    [
        ({}, 0, [], []),
        ({"cassettes/一.yaml": "theirs", "采购/cassettes/华东/二.yaml": "theirs"}, 0,
         ["cassettes/一.yaml", "采购/cassettes/华东/二.yaml"], []),
        ({"cassettes/一.yaml": "theirs", "cassettes/二.yaml": "other"}, 1,
         ["cassettes/一.yaml"], ["cassettes/二.yaml"]),
        ({"cassettes/一.yaml": "other", "cassettes/二.yaml": "theirs"}, 1,
         ["cassettes/二.yaml"], ["cassettes/一.yaml"]),
        ({"cassettes/一.yaml": "theirs", "cassettes/二.yaml": "broken",
          "cassettes/三.yaml": "other"}, 3, ["cassettes/一.yaml"], ["cassettes/三.yaml"]),
        ({"scenarios/platforms/crm.yaml": "broken", "cassettes.yaml": "broken",
          "cassettes/说明.md": "broken"}, 0, [], []),
    ],
)  # fmt: skip
def test_of_several_unmerged_cassettes_each_ends_and_the_worst_is_the_code(  # noqa: PLR0913, PLR0917
    root: Path,
    bs: Command,
    monkeypatch: pytest.MonkeyPatch,
    unmerged: dict[str, str],
    code: int,
    done: list[str],
    waiting: list[str],
) -> None:
    added: list[str] = []
    stages = {path: {1: "base", 2: "ours", 3: theirs} for path, theirs in unmerged.items()}
    for name, end in {
        "find_repository": lambda _: root,
        "find_unmerged_files": lambda _: stages,
        "read_blob": lambda folder, name: (folder / name).read_bytes(),
        "run_git": lambda _, *words: added.append(words[-1]),
        "hint_at_missing_merge_driver": lambda: None,
    }.items():
        monkeypatch.setattr(merge, name, end)

    told = bs("merge", "--json")

    assert told.code == code
    assert json.loads(told.out) == {"version": 1, "files": done, "review": waiting}
    assert added == done
    assert ("no cassette is unmerged" in told.err) is (code == 0 and not done)


HINT = "Git does not merge cassettes here yet; set that up with `bpmax-sim doctor --fix`\n"


def test_the_missing_driver_is_told_once_where_somebody_can_set_it_up(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def hint() -> str:
        hint_at_missing_merge_driver()
        return capsys.readouterr().err

    assert hint() == ""  # outside of a repository
    run_git(root, "init", "-q")
    monkeypatch.setenv("CI", "1")
    assert hint() == ""
    monkeypatch.setenv("CI", "")
    assert (hint(), hint()) == (HINT, "")
    assert run_git(root, "status", "--porcelain", "--", ".bpmax") == b""

    (root / ".bpmax/merge-hint").unlink()
    assert hint() == HINT
    (root / ".bpmax/merge-hint").unlink()
    list(configure_merging(root))
    assert hint() == ""
    assert not (root / ".bpmax/merge-hint").exists()
