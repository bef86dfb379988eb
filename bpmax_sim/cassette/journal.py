"""What was recorded, on the disk before anyone sees the answer; one file per recording process.

Each record has its length and checksum, so what a crash leaves is read up to the torn one, or up to
the zeros at the end. The file is locked while its recorder lives; one that can be locked was left
behind. It is made, replaced and recovered under the folder's lock only, so that nobody sees it
unlocked while its recorder lives; and a forked child never writes into it.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

import msgspec

from bpmax_sim.cassette import files
from bpmax_sim.cassette.model import Entry, Line
from bpmax_sim.errors import NewerFormat

SUFFIX = ".journal"
_REWRITING = ".rewriting"
_FORMAT = 1
_FRAME = b"%08x %08x "
_FRAME_LENGTH = 18
_IS_FRAME = re.compile(rb"[0-9a-f]{8} [0-9a-f]{8} ").fullmatch
_IS_TORN = re.compile(rb"[0-9a-f ]{,17}").fullmatch
_OF_CASSETTE = re.compile(rf"(.+)\.\d+-\d+{re.escape(SUFFIX)}", re.DOTALL)
_serials = count(1)


class Draft(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A recorded exchange before its place in the order of issue is known.

    Attributes:
        line: its index line; ``n`` and ``sha`` come with sealing.
        text: the YAML text below that line; empty where a secret was found in it.
        issue: the call's order of issue and the attempt, which together order exchanges.
        adding: whether its owner's older exchanges stay.
        leaks: where secrets were found, without their values.
        branch: the recorder that this one was forked from, which takes what it recorded; *parent*
            is its process.
        format: of the record.
    """

    line: Line
    text: str
    issue: tuple[int, int] = (0, 0)
    adding: bool = False
    leaks: tuple[str, ...] = ()
    branch: str = ""
    parent: int = 0
    format: int = _FORMAT

    @property
    def is_awaited(self) -> bool:
        """Return whether the process lives that this was forked from, and so will take it."""
        if not self.parent:
            return False  # as everywhere on Windows, where this would end a process
        try:
            os.kill(self.parent, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass  # another user's
        return True

    @property
    def entry(self) -> Entry:
        """Return it as an entry of a file."""
        return Entry(self.line, self.text)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Draft).decode


class Journal:
    """An open journal beside a cassette.

    Attributes:
        path: the file; it is readable by its owner only, and Git ignores it.
    """

    def __init__(self, cassette: Path) -> None:
        """Create a journal of this process for *cassette*, on the disk and locked.

        Raises:
            OSError: if the folder cannot be written, or nothing in it be locked.
        """
        cassette.parent.mkdir(parents=True, exist_ok=True)
        with files.locked(cassette.parent):
            self.path, descriptor = _create(cassette)
        self._log = files.Log(descriptor)

    def append(self, draft: Draft) -> None:
        """Return once *draft* is on the disk; on failure the journal is as before.

        Raises:
            OSError: if the disk is full or fails.
        """
        self._log.append(frame(draft))

    def rewrite(self, drafts: Iterable[Draft]) -> None:
        """Hold *drafts* instead of everything so far.

        Raises:
            OSError: if the disk is full or fails; the journal is then as before.
        """
        with files.locked(self.path.parent):
            fresh = self.path.with_suffix(_REWRITING)
            log = files.Log(files.create(fresh))
            try:
                log.append(b"".join(map(frame, drafts)))
                files.rename(fresh, self.path)
            except OSError:
                log.close()
                fresh.unlink(missing_ok=True)
                raise
            self._log.close()
            self._log = log

    def close(self) -> None:
        """Let go of the file, which stays for `recover`."""
        self._log.close()

    def remove(self) -> None:
        """Delete the file: what it held is sealed, or not wanted."""
        self.path.unlink(missing_ok=True)
        self.close()


def _create(cassette: Path) -> tuple[Path, int]:
    while True:
        path = cassette.with_name(f"{cassette.name}.{os.getpid()}-{next(_serials)}{SUFFIX}")
        try:
            return path, files.create(path)
        except FileExistsError:
            continue  # left behind by a process that had our number


def frame(draft: Draft) -> bytes:
    """Return *draft* as one line with its length and checksum."""
    data = _encode(draft)
    return _FRAME % (len(data), zlib.crc32(data)) + data + b"\n"


def read_journal(path: Path) -> tuple[Draft, ...]:
    """Return the whole records of a journal; a torn or damaged one is left out.

    Raises:
        NewerFormat: if a record is whole and not of this version.
    """
    return tuple(_records(path, path.read_bytes()))


def _records(path: Path, data: bytes) -> Iterator[Draft]:
    at = number = 0
    while at < len(data):
        number += 1
        head = data[at : at + _FRAME_LENGTH]
        if number == 1 and not (_IS_FRAME(head) or _IS_TORN(head.rstrip(b"\0"))):
            raise _of_another_version(path, number)
        record = _record(head, data, at + _FRAME_LENGTH)
        if record is None:  # torn; what a failing disk damaged has whole ones behind it
            at = data.find(b"\n", at) + 1
            if not at:
                return
            continue
        draft = _decoded(record)
        if draft is None:
            raise _of_another_version(path, number)
        yield draft
        at += _FRAME_LENGTH + len(record) + 1


def _record(head: bytes, data: bytes, start: int) -> bytes | None:
    """Return the record that *head* announces, if it is what was written."""
    if not _IS_FRAME(head):
        return None
    length, checksum = (int(part, 16) for part in head.split())
    record = data[start : start + length]
    return record if len(record) == length and zlib.crc32(record) == checksum else None


def _of_another_version(path: Path, number: int) -> NewerFormat:
    return NewerFormat(
        f"{path}: record {number} was not written by this version of bpmax-sim; the journal is not "
        "recovered and stays as it is; run `bpmax-sim recover` of the version that recorded it, or "
        "delete the file"
    )


def _decoded(record: bytes) -> Draft | None:
    try:
        draft = _decode(record)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return draft if draft.format == _FORMAT else None


def left_behind(cassette: Path) -> Iterator[Path]:
    """Yield the journals of *cassette* whose process died, each locked while it is looked at.

    The folder's lock has to be held. What was not put in the place of a journal goes.
    """
    for path in files.siblings(cassette, _REWRITING):
        path.unlink(missing_ok=True)
    for path in files.siblings(cassette, SUFFIX):
        with files.taken(path) as is_ours:
            if is_ours:
                yield path


def interrupted(cassette: Path) -> tuple[Path, ...]:
    """Return the journals of *cassette* whose process died, where that can be told."""
    try:
        if cassette.name not in _with_journals(cassette.parent):
            return ()
        with files.locked(cassette.parent):
            return tuple(left_behind(cassette))
    except OSError:
        return ()  # there is no folder, or it is another's


_listed: dict[Path, tuple[int, frozenset[str]]] = {}


def _with_journals(folder: Path) -> frozenset[str]:
    """Return the names of the cassettes in *folder* that have journals; read once it changed."""
    changed = folder.stat().st_mtime_ns
    known = _listed.get(folder)
    if known is None or known[0] != changed:
        names = (_OF_CASSETTE.fullmatch(name) for name in os.listdir(folder))  # noqa: PTH208
        known = _listed[folder] = changed, frozenset(name[1] for name in names if name)
    return known[1]
