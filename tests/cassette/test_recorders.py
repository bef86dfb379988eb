"""Recorders that start, fork and die together; storage that is full, and one of another kind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.journal import (
    Journal,
    find_abandoned_journals,
    list_files_named_after,
    lock_abandoned_journals,
    scan_nothing,
)
from bpmax_sim.cassette.merge import recover
from bpmax_sim.cassette.recorder import Recorder, describe_kept_files
from bpmax_sim.errors import CassetteError, InterruptedWarning, NoMatchError
from bpmax_sim.messages import Exchange
from tests.cassette.exchanges import OWNER, RULES, ZONE, detail
from tests.cassette.recording import record
from tests.session.test_session import opened
from tests.systems import needs_forks

ROOT = Path(__file__).parents[2]
CAMPAIGN = (sys.executable, "-m", "tests.campaigns.recorders", "--seed", "20261126")


@needs_forks
@pytest.mark.parametrize(
    ("trial", "processes", "rounds"),
    [("killed together", 6, 1), ("forked inside", 6, 1), ("crashing workers", 1, 1)],
)
def test_recorders_that_start_and_die_together_lose_nothing(
    trial: str, processes: int, rounds: int
) -> None:
    done = subprocess.run(
        [*CAMPAIGN, "--trial", trial, "--rounds", str(rounds), "--processes", str(processes)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert (done.stderr, done.returncode) == ("", 0), done.stdout
    assert f"| {trial}, {processes} processes | {rounds} rounds | " in done.stdout
    assert done.stdout.endswith(": 0 lost\n")


@needs_forks
def test_the_lock_of_a_journal_ends_with_its_process_though_a_child_lives(tmp_path: Path) -> None:
    path = tmp_path / "客户.yaml"
    reading, told = os.pipe()
    parent = os.fork()
    if not parent:
        record(path, OWNER, 1)
        if not os.fork():
            os.write(told, f"{os.getpid()}\n".encode())  # by now it has let go
        signal.pause()
    child = int(os.read(reading, 100).split()[-1])
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    try:
        assert recover(path) == (path,)
        assert len(Cassette.load(path)) == 1
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_journal_that_was_replaced_is_not_taken_for_one_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "客户.yaml"
    journal = Journal(path)
    journal.rewrite(())
    journal.path.with_suffix(".rewriting").write_bytes(b"of a process that died there")

    assert list(lock_abandoned_journals(path)) == []
    assert list(tmp_path.iterdir()) == [journal.path]
    journal.close()
    assert list(lock_abandoned_journals(path)) == [journal.path]


def test_journals_of_one_process_are_listed_in_the_order_in_which_they_began(
    tmp_path: Path,
) -> None:
    """All may have begun at the same virtual instant, so only their numbers tell."""
    path, names = tmp_path / "客户.yaml", [f"客户.yaml.7-{n}.journal" for n in (9, 10, 99, 100)]
    for name in (*names, "客户.yaml.7-1.rewriting", "别的.yaml.7-1.journal", "客户.yaml"):
        (tmp_path / name).touch()

    assert [file.name for file in list_files_named_after(path, ".journal")] == names
    assert list_files_named_after(path / "下", ".journal") == []


def test_several_journals_of_one_owner_are_recovered_together(tmp_path: Path) -> None:
    path = tmp_path / "客户.yaml"
    first, second = (record(path, OWNER, count) for count in (2, 3))
    first.close()
    second.close()

    assert recover(path) == (path,)
    assert len(Cassette.load(path)) == 5
    record(path, OWNER, 1).close()
    assert recover(path) == ()  # it says what is recorded, as far as it got
    for count in (3, 2):
        record(path, OWNER, count).close()
        assert recover(path) == (path.with_name("客户.yaml.new"),)
    assert len(Cassette.load(path.with_name("客户.yaml.new"))) == 5


@pytest.mark.parametrize("adding", [False, True])
def test_a_journal_that_outlived_its_sealing_adds_nothing(tmp_path: Path, *, adding: bool) -> None:
    path = tmp_path / "客户.yaml"
    record(path, OWNER, 1).seal()
    recording = Recorder(path, rules=RULES, owner=OWNER, scan=scan_nothing, adding=adding)
    recording.append(detail(1))
    (journal,) = tmp_path.glob("*.journal")
    kept = journal.read_bytes()
    recording.seal()
    sealed = path.read_bytes()
    journal.write_bytes(kept)  # as if the process had been killed before it deleted it

    assert recover(path) == ()
    assert path.read_bytes() == sealed
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture(name="tmpfs", scope="module")
def mounted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a real file system in memory with room for 256 KB."""
    folder = tmp_path_factory.mktemp("tmpfs")
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount on this system")
    if done.returncode:
        pytest.skip("mounting a tmpfs needs the rights to")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def unknown_detail() -> Exchange:
    """Return an exchange of another client, whose platform nobody declares."""
    known = detail(2)
    assert known.request.call is not None
    call = replace(known.request.call, platform="", instance="", api="")
    return replace(known, request=replace(known.request, call=call))


def test_a_full_disk_keeps_the_old_file_and_what_was_safe(tmpfs: Path) -> None:
    path = tmpfs / "cassettes/客户.yaml"
    record(path, "别的", 5).seal()
    before = path.read_bytes()
    filler = tmpfs / "filler"
    recording = record(path, OWNER, 3)
    another = Recorder(path, rules=RULES, owner="再一个", scan=scan_nothing, zone=ZONE)
    with pytest.raises(OSError, match="No space left"):
        fill(filler)

    with pytest.raises(CassetteError) as raised:
        another.append(detail(1))
    assert f"{path}: the answer of crm_system.get_customer_detail could not be kept (No space" in (
        str(raised.value)
    )
    with pytest.raises(CassetteError, match="the answer of a request could not be kept"):
        another.append(unknown_detail())
    with pytest.raises(CassetteError, match=r"not written \(No space left on device\)"):
        recording.seal()
    assert path.read_bytes() == before
    recording.close()
    another.close()
    filler.unlink()

    assert recover(path) == (path,)
    assert Cassette.load(path).owners == tuple(sorted((OWNER, "别的")))
    assert len([one for one in Cassette.load(path).exchanges() if one.owner == OWNER]) == 3
    assert sorted(one.name for one in path.parent.iterdir()) == [path.name]


@pytest.mark.parametrize("is_old", [False, True])
@pytest.mark.parametrize("journal", [None, Path("客户.journal")])
def test_what_a_failed_write_leaves_is_said(
    tmp_path: Path, journal: Path | None, *, is_old: bool
) -> None:
    path = tmp_path / "客户.yaml"
    if is_old:
        path.touch()

    said = describe_kept_files(path, journal)

    whole, kept = ["the old file is whole"], [f"the recording is kept in {journal}"]
    left = " and ".join((*whole * is_old, *kept * bool(journal)))
    assert said == (f"; {left}" if left else "")


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def test_replay_says_how_to_seal_an_interrupted_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cassettes/crm/客户.yaml"
    recording = record(path, "选择客户", 1)
    with opened(tmp_path) as session:  # while it is under way nothing is said
        assert session.mode == "replay"
    recording.close()
    (journal,) = find_abandoned_journals(path)

    told = "is not replayed; seal it with `bpmax-sim cassette recover"
    with pytest.warns(InterruptedWarning, match=told) as warned:
        session = opened(tmp_path)
    with pytest.raises(NoMatchError) as missed:
        session.proxy("crm_system").getCustomerDetail("1")
    session.close(failed=True)

    assert str(warned[0].message).startswith(f"{journal} holds a recording that was interrupted")
    assert f"\n  recover   bpmax-sim cassette recover '{path}'" in str(missed.value) or (
        f"\n  recover   bpmax-sim cassette recover {path}" in str(missed.value)
    )
    assert journal.exists()
