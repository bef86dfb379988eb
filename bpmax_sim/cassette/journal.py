"""What was recorded, on the disk before anyone sees the answer; one file per recording process.

Each record has its length and checksum, so what a crash leaves is read up to the torn one, or up to
the zeros at the end. The file is locked while its recorder lives; one that can be locked was left
behind.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

import msgspec

from bpmax_sim.cassette import files
from bpmax_sim.cassette.model import Entry, Line

SUFFIX = ".journal"
_FRAME = b"%08x %08x "
_FRAME_LENGTH = 18
_serials = count(1)


class Draft(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A recorded exchange before its place in the order of issue is known.

    Attributes:
        line: its index line; ``n`` and ``sha`` come with sealing.
        text: the YAML text below that line; empty where a secret was found in it.
        issue: the call's order of issue and the attempt, which together order exchanges.
        adding: whether its owner's older exchanges stay.
        leaks: where secrets were found, without their values.
    """

    line: Line
    text: str
    issue: tuple[int, int] = (0, 0)
    adding: bool = False
    leaks: tuple[str, ...] = ()

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
        """Create a journal of this process for *cassette*.

        Raises:
            OSError: if the folder cannot be written.
        """
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
        fresh = self.path.with_suffix(".rewriting")
        descriptor = files.create(fresh)
        log = files.Log(descriptor)
        try:
            files.try_lock(descriptor)
            log.append(b"".join(map(frame, drafts)))
            fresh.replace(self.path)
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
    cassette.parent.mkdir(parents=True, exist_ok=True)
    while True:
        path = cassette.with_name(f"{cassette.name}.{os.getpid()}-{next(_serials)}{SUFFIX}")
        try:
            descriptor = files.create(path)
        except FileExistsError:
            continue  # left behind by a process that had our number
        files.try_lock(descriptor)
        return path, descriptor


def frame(draft: Draft) -> bytes:
    """Return *draft* as one line with its length and checksum."""
    data = _encode(draft)
    return _FRAME % (len(data), zlib.crc32(data)) + data + b"\n"


def read_journal(path: Path) -> tuple[Draft, ...]:
    """Return the whole records of a journal; a torn one and what follows it are cut off."""
    return tuple(_records(path.read_bytes()))


def _records(data: bytes) -> Iterator[Draft]:
    at = 0
    while at < len(data):
        try:
            length, checksum = (int(part, 16) for part in data[at : at + _FRAME_LENGTH].split())
        except ValueError:
            return
        start = at + _FRAME_LENGTH
        record = data[start : start + length]
        if len(record) != length or zlib.crc32(record) != checksum:
            return
        try:
            yield _decode(record)
        except (msgspec.MsgspecError, RecursionError):
            return  # whole, but not of this version
        at = start + length + 1


def left_behind(cassette: Path) -> Iterator[Path]:
    """Yield the journals of *cassette* whose process died, each locked while it is looked at."""
    for path in files.siblings(cassette, SUFFIX):
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            continue  # sealed meanwhile
        try:
            if files.try_lock(descriptor):
                yield path
        finally:
            os.close(descriptor)
