"""The file that a recording is in until it is sealed: records, and zeros behind them."""

from __future__ import annotations

import errno
import itertools
import os
import signal
from pathlib import Path

import pytest
from msgspec.structs import replace

from bpmax_sim import file_system
from bpmax_sim.cassette import journal as journal_module
from bpmax_sim.cassette.journal import Journal, PendingExchange, encode_record, read_journal
from bpmax_sim.cassette.model import IndexLine
from tests.systems import needs_forks, needs_rights


def draft(number: int) -> PendingExchange:
    line = IndexLine(
        key=f"{number:032x}",
        n=1,
        call="crm.find",
        instance="测试",
        owner="场景",
        at="",
        ms=1,
        sha="",
    )
    return PendingExchange(line=line, text="text " * number, issue=(number, 0))


DRAFTS = tuple(draft(number) for number in range(1, 30))


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "crm.yaml")


def test_all_of_an_open_journal_is_read_and_the_zeros_behind_it_are_not(journal: Journal) -> None:
    for number, one in enumerate(DRAFTS, start=1):
        journal.append(one)
        assert read_journal(journal.path) == DRAFTS[:number]

    left = journal.path.read_bytes()
    assert left.rstrip(b"\0") == b"".join(map(encode_record, DRAFTS))
    assert left.endswith(b"\0")
    journal.close()


def test_a_closed_journal_holds_the_records_alone(journal: Journal) -> None:
    for one in DRAFTS:
        journal.append(one)
    journal.close()

    assert journal.path.read_bytes() == b"".join(map(encode_record, DRAFTS))


def test_a_journal_that_was_rewritten_goes_on_behind_what_it_holds(journal: Journal) -> None:
    for one in DRAFTS:
        journal.append(one)
    journal.rewrite(DRAFTS[5:8])
    journal.append(DRAFTS[0])

    assert read_journal(journal.path) == (*DRAFTS[5:8], DRAFTS[0])
    journal.close()
    assert journal.path.read_bytes() == b"".join(map(encode_record, (*DRAFTS[5:8], DRAFTS[0])))


def test_a_journal_that_cannot_be_locked_again_takes_nothing_more(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append(DRAFTS[0])
    lock, locks = file_system.lock_file, itertools.count()

    def fails_at_last(descriptor: int, *, wait: bool) -> None:
        if next(locks) == 2:  # after the folder and the new file
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
        lock(descriptor, wait=wait)

    for module in (file_system, journal_module):
        monkeypatch.setattr(module, "lock_file", fails_at_last)
    with pytest.raises(OSError, match=os.strerror(errno.ENOLCK)):
        journal.rewrite(DRAFTS[5:8])
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        journal.append(DRAFTS[0])
    assert read_journal(journal.path) == DRAFTS[5:8]


def test_a_record_that_is_cut_among_zeros_is_as_torn_as_one_at_the_end(journal: Journal) -> None:
    for one in DRAFTS[:3]:
        journal.append(one)
    whole = b"".join(map(encode_record, DRAFTS[:3]))
    two = len(b"".join(map(encode_record, DRAFTS[:2])))
    journal.close()

    for length in range(two, len(whole) - 1):
        journal.path.write_bytes(whole[:length].ljust(2 * len(whole), b"\0"))
        assert read_journal(journal.path) == DRAFTS[:2]


def test_zeros_are_few_beside_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = journal_module.JournalWriter(journal_module.create_locked(path))
    held = 0
    for size in (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000):
        log.append(b"x" * size)
        held += size
        assert held <= path.stat().st_size <= min(2 * held, held + 64 * 1024)

    log.close()
    assert path.read_bytes() == b"x" * held


def test_a_closed_writer_leaves_the_file_that_has_its_descriptor_now(tmp_path: Path) -> None:
    old, new = (journal_module.create_locked(tmp_path / name) for name in ("旧", "新"))
    log, following = map(journal_module.JournalWriter, (old, new))
    following.append("报销".encode())
    log.close()
    os.dup2(new, old)

    log.close()

    assert os.fstat(old).st_size == os.fstat(new).st_size > 0
    os.close(old)
    following.close()
    assert (tmp_path / "新").read_text(encoding="utf-8") == "报销"


def test_a_writer_may_have_the_number_of_a_standard_input_that_is_closed(tmp_path: Path) -> None:
    standard_input = os.dup(0)
    descriptor = journal_module.create_locked(tmp_path / "日志")
    os.dup2(descriptor, 0)
    file_system.close_and_unlock(descriptor)
    try:
        log = journal_module.JournalWriter(0)
        log.append("报销".encode())
        log.append("付款".encode())
        log.close()
    finally:
        os.dup2(standard_input, 0)
        os.close(standard_input)

    assert (tmp_path / "日志").read_text(encoding="utf-8") == "报销付款"


def test_an_append_that_fails_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log"
    descriptor = journal_module.create_locked(path)
    log = journal_module.JournalWriter(descriptor)
    log.append(b"one")
    reading = os.open(path, os.O_RDONLY)
    kept = os.dup(descriptor)
    os.dup2(reading, descriptor)  # as a disk that cannot be written any more
    with pytest.raises(OSError, match="Bad file descriptor"):
        log.append(b"two")
    os.dup2(kept, descriptor)
    log.append(b"three")

    log.close()
    os.close(reading)
    os.close(kept)
    assert path.read_bytes() == b"onethree"


@needs_forks
def test_the_parent_of_a_pending_exchange_is_alive_or_not() -> None:
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    heard = list[int]()
    before = signal.signal(signal.SIGHUP, lambda number, _frame: heard.append(number))

    parents = {0: False, os.getpid(): True, child: False, 1: True}
    try:
        found = {
            parent: replace(draft(1), parent=parent).has_live_parent_process for parent in parents
        }
    finally:
        signal.signal(signal.SIGHUP, before)

    assert (found, heard) == (parents, [])  # nobody is told that he was asked for


@needs_rights
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
@pytest.mark.parametrize("rights", [None, 0o400, 0o600, 0o640, 0o660, 0o664, 0o666])
def test_a_file_that_is_replaced_keeps_its_rights(
    tmp_path: Path, rights: int | None, umask: int
) -> None:
    path = tmp_path / "crm.yaml"
    if rights is not None:
        path.write_bytes(b"old")
        path.chmod(rights)
    before = os.umask(umask)
    try:
        journal_module.replace_file(path, b"new")
    finally:
        os.umask(before)

    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == (0o666 & ~umask if rights is None else rights)
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("name", ["合同.yaml", "合同[1].yaml", "合同[!甲].yaml", "合同.yaml.new"])
def test_copies_of_writers_that_died_go_and_those_of_other_files_stay(
    tmp_path: Path, name: str
) -> None:
    stale = [tmp_path / f".{name}.{process}.tmp" for process in (1, os.getpid(), 99_999_999)]
    others = [tmp_path / f".{other}" for other in ("合同1.yaml.1.tmp", f"{name}.1.tmp2", "a.tmp")]
    for path in (*stale, *others):
        path.write_bytes(b"half")

    journal_module.replace_file(tmp_path / name, b"new")

    assert {*tmp_path.iterdir()} == {tmp_path / name, *others}
    assert (tmp_path / name).read_bytes() == b"new"


def test_where_a_file_cannot_be_replaced_no_copy_stays(tmp_path: Path) -> None:
    path = tmp_path / "合同.yaml"
    path.mkdir()

    with pytest.raises(OSError, match="合同"):
        journal_module.replace_file(path, b"new")

    assert [*tmp_path.iterdir()] == [path]


@needs_forks
@pytest.mark.parametrize("parent", [0, 1])
def test_a_journal_without_its_process_is_its_parents_or_nobodys(
    tmp_path: Path, parent: int
) -> None:
    path = tmp_path / "crm.yaml.77-1.journal"
    path.write_bytes(encode_record(replace(draft(1), parent=parent)))

    live = [(path, parent)] if parent else []
    assert journal_module.find_live_journals(tmp_path / "crm.yaml") == live
