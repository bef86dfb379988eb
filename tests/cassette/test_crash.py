"""Real processes, real signals, real limits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.merge import recover
from bpmax_sim.cassette.recorder import describe_kept_files
from bpmax_sim.errors import CassetteError
from bpmax_sim.i18n import to_plain_english
from tests import warm
from tests.cassette.exchanges import OWNER
from tests.cassette.recording import record
from tests.systems import needs_signals

ROOT = Path(__file__).parents[2]
pytestmark = needs_signals


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "crm.yaml"


def started(path: Path, count: int, *owners: str, limit: int = 0) -> subprocess.Popen[str]:
    module = "tests.cassette.recording"
    return subprocess.Popen(
        [warm.python(), "-m", module, str(path), str(count), str(limit), *owners],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


EXCHANGES = 50


@pytest.fixture(name="forks", scope="module")
def forking() -> Iterator[subprocess.Popen[str]]:
    """Return a process that forks one that records for every line, so that none starts anew."""
    command = [sys.executable, "-m", "tests.cassette.recording", "--fork"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        yield process
        process.communicate(timeout=60)
    assert process.returncode == 0


def killed_after(forks: subprocess.Popen[str], path: Path, count: int) -> list[int]:
    """Kill a recording process once *count* exchanges are safe; return those it told to be."""
    assert forks.stdin is not None
    assert forks.stdout is not None
    pipe = path.with_name("told")
    os.mkfifo(pipe)
    print(path, EXCHANGES, OWNER, pipe, file=forks.stdin, sep="\t", flush=True)
    child = int(forks.stdout.readline())
    with pipe.open(encoding="utf-8") as reading:
        told = [int(reading.readline()) for _ in range(count)]
        os.kill(child, signal.SIGKILL)
        told += map(int, reading.read().split())
    assert int(forks.stdout.readline()) == signal.SIGKILL
    pipe.unlink()
    return told


@pytest.mark.parametrize("count", range(EXCHANGES + 1))
def test_a_killed_process_loses_at_most_the_call_in_flight(
    path: Path, count: int, forks: subprocess.Popen[str]
) -> None:
    told = killed_after(forks, path, count)
    left = recover(path)
    kept = [e.order for e in Cassette.load(path).exchanges()] if left else []

    assert left == ((path,) if kept else ())
    assert told == list(range(1, len(told) + 1))
    assert kept == list(range(1, len(kept) + 1))
    assert len(kept) - len(told) in {0, 1}  # the one in flight may be safe and not yet told
    assert sorted(path.parent.iterdir()) == ([path] if kept else [])


@pytest.mark.parametrize("workers", [8, 3])
def test_the_bytes_do_not_depend_on_the_number_of_workers(path: Path, workers: int) -> None:
    owners = [f"场景{number}" for number in range(24)]
    for owner in owners:
        record(path, owner, 2).seal()
    alone = path.read_bytes()
    path.unlink()
    processes = [started(path, 2, *owners[n::workers]) for n in range(workers)]
    outcomes = [process.communicate(timeout=60) for process in processes]

    assert [errors for _, errors in outcomes] == [""] * workers
    assert Cassette.load(path).owners == tuple(sorted(owners))
    assert path.read_bytes() == alone
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_while_sealing_leaves_the_old_file_and_the_recording(path: Path) -> None:
    record(path, OWNER, 40).seal()
    record(path, "另一个", 40).seal()
    before = path.read_bytes()
    process = started(path, 41, OWNER, limit=len(before) - 100)
    _, errors = process.communicate(timeout=60)

    assert process.returncode != 0
    assert path.read_bytes() == before
    journal = next(path.parent.glob("*.journal"))
    assert (
        f"CassetteError: {path}: not written (File too large); the old file is whole and the "
        f"recording is kept in {journal}; make room and run `bpmax-sim cassette recover {path}`\n"
    ) in errors
    assert recover(path) == (path.with_name("crm.yaml.new"),)
    assert len(Cassette.load(path.with_name("crm.yaml.new"))) == 81
    assert sorted(p.name for p in path.parent.iterdir()) == ["crm.yaml", "crm.yaml.new"]


JOURNAL = Path("crm.yaml.7-1.journal")


@pytest.mark.parametrize(
    ("recorded", "journal", "told"),
    [
        (True, JOURNAL, f"; the old file is whole and the recording is kept in {JOURNAL}"),
        (True, None, "; the old file is whole"),
        (False, JOURNAL, f"; the recording is kept in {JOURNAL}"),
        (False, None, ""),
    ],
)
def test_a_failed_write_speaks_of_an_old_file_only_where_there_was_one(
    path: Path, *, recorded: bool, journal: Path | None, told: str
) -> None:
    if recorded:
        record(path, OWNER, 1).seal()

    assert to_plain_english(describe_kept_files(path, journal)) == told


def test_a_full_disk_while_recording_keeps_what_was_safe(path: Path) -> None:
    process = started(path, 50, OWNER, limit=9_000)
    told, errors = process.communicate(timeout=60)

    assert (
        f"CassetteError: {path}: the answer of crm_system.get_customer_detail could not be kept "
        "(File too large); make room, or record elsewhere\n"
    ) in errors
    assert recover(path) == (path,)
    assert len(Cassette.load(path)) == len(told.split()) > 1


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CassetteError) as raised:
        record(tmp_path / "file" / "crm.yaml", OWNER, 1)

    assert str(raised.value).startswith(f"{tmp_path / 'file' / 'crm.yaml'}: cannot be opened")
    with pytest.raises(CassetteError) as nowhere:
        record(Path("/proc/crm.yaml"), OWNER, 1)
    assert "could not be kept (" in str(nowhere.value)
