"""Opening a cassette file, and reading its exchanges one by one."""

from __future__ import annotations

import mmap
import os
import stat
import threading
import weakref
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from bpmax_sim.cassette import damage
from bpmax_sim.cassette.format import BLANK_SHA, ENTRY, VERSION, exchange_sha
from bpmax_sim.cassette.index import BROKEN_JSON, Data, Index, Newer, Older, Unsound, read_index
from bpmax_sim.cassette.model import FORMAT, Entry, Head, Line, Values
from bpmax_sim.cassette.reader import read_exchange, read_outcome
from bpmax_sim.cassette.versions import up_to_date
from bpmax_sim.clock import Instant
from bpmax_sim.errors import CassetteError, NewerFormat, Place
from bpmax_sim.messages import Exchange, Outcome

T = TypeVar("T")
_SEAL_LINE = 1024  # more than it ever is
_CRLF = VERSION.encode().replace(b"\n", b"\r\n")
_IN_MEMORY = 256 * 1024
_OPEN = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_read_line = msgspec.json.Decoder(Line).decode


class Cassette:
    """An opened cassette; its exchanges are read, and their digests checked, when asked for.

    Attributes:
        path: the file as it was asked for; messages name it so.
        index: where each exchange stands.
    """

    def __init__(self, path: Path, index: Index, read: Callable[[int, int], bytes]) -> None:
        """Use `Cassette.load`; *read* returns the bytes between two offsets."""
        self.path = path
        self.index = index
        self._read = read

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Open the cassette at *path*.

        Raises:
            FileNotFoundError: if there is none.
            DamagedCassette: if it was cut, merged or edited, naming the place.
            NewerFormat: if a newer version wrote it.
            CassetteError: if it is no cassette of ours, or no ordinary file.
        """
        return _load(cls, path if isinstance(path, Path) else _path(path))

    def __len__(self) -> int:
        return len(self.index.starts)

    def __repr__(self) -> str:
        return f"<Cassette {str(self.path)!r}: {len(self)} exchanges>"

    @property
    def head(self) -> Head:
        """Return the head line."""
        return self.index.head

    @property
    def owners(self) -> tuple[str, ...]:
        """Return who recorded exchanges here, sorted."""
        return tuple(sorted(self.index.keys))

    def start(self, owner: str, *, session: int = 1) -> Instant | None:
        """Return when the first exchange of *owner* was sent, in the zone it was recorded in.

        That is the first of its session number *session*, if that recorded any.
        """
        numbers = self.index.numbers(owner)
        if not numbers:
            return None
        own = numbers
        if session > 1 and self.head.several is True:
            own = [number for number in numbers if self.line(number).session == session] or numbers
        return Instant.parse(self.line(own[0]).at)

    def values(self, owner: str) -> Values:
        """Return the credentials of *owner*'s recording that are no secrets."""
        numbers = self.index.numbers(owner)
        return self.line(numbers[0]).values if numbers else {}

    def entry(self, number: int) -> Entry:
        """Return exchange *number* of the file, from 0, as it stands there.

        Raises:
            DamagedCassette: if its text is not what was recorded.
        """
        start, end = self.index.bounds(number)
        index, _, text = self._read(start, end).partition(b"\n")
        raw = index[len(ENTRY) :]
        try:
            line = _read_line(raw)
            blank = raw.replace(b'"sha":"%b"' % line.sha.encode(), BLANK_SHA.encode(), 1)
            if exchange_sha(blank, text) == line.sha:
                return Entry(line, text.decode())
        except BROKEN_JSON:
            pass
        raise self._edited(start, "is not what was recorded, its digest differs")

    def line(self, number: int) -> Line:
        """Return the index line of exchange *number*."""
        return self.entry(number).line

    def exchange(self, number: int) -> Exchange:
        """Return exchange *number* of the file, from 0.

        Raises:
            DamagedCassette: if its text is not what was recorded, or cannot be read.
        """
        return self._parsed(number, read_exchange)

    def outcome(self, number: int) -> Outcome:
        """Return what came of exchange *number*; its request is digested, but not parsed.

        Raises:
            DamagedCassette: if its text is not what was recorded, or cannot be read.
        """
        return self._parsed(number, read_outcome)

    def _parsed(self, number: int, parse: Callable[[Entry], T]) -> T:
        entry = self.entry(number)
        try:
            return parse(entry)
        except ValueError as error:
            start = self.index.bounds(number)[0]
            raise self._edited(start, f"cannot be read ({error})") from error

    def entries(self) -> Iterator[Entry]:
        """Yield every exchange as it stands in the file."""
        return map(self.entry, range(len(self)))

    def exchanges(self) -> Iterator[Exchange]:
        """Yield every exchange, in file order."""
        return map(self.exchange, range(len(self)))

    def place(self, number: int) -> str:
        """Return ``file:line`` of exchange *number*."""
        before = self._read(0, self.index.bounds(number)[0])
        return str(Place(str(self.path), before.count(b"\n") + 1))

    def _edited(self, start: int, why: str) -> CassetteError:
        data = self._read(0, self.index.sections[1] + _SEAL_LINE)
        return damage.edited(self.path, data, start, why=why)


C = TypeVar("C", bound=Cassette)
_path = lru_cache(maxsize=256)(Path)  # the same few in all sessions of a run


def _load(kind: type[C], path: Path) -> C:
    descriptor = _open(path)
    read = _reader(descriptor)
    try:
        size = os.fstat(descriptor).st_size
        index = _mapped(path, descriptor) if size > _IN_MEMORY else None
        if index is None:
            whole, index = _read_whole(path, read(0, size).replace(b"\r\n", b"\n"))
            return kind(path, index, lambda start, end: whole[start:end])
        cassette = kind(path, index, read)
        weakref.finalize(cassette, os.close, descriptor)
        descriptor = -1
        return cassette
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _mapped(path: Path, descriptor: int) -> Index | None:
    """Return the index of a large file, or None if line ends or format are not today's."""
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as data:
        try:
            return None if data[: len(_CRLF)] == _CRLF else _index(path, data)
        except Older:
            return None


def _read_whole(path: Path, data: bytes) -> tuple[bytes, Index]:
    """Return the bytes of a file, brought up to today's format, and their index."""
    try:
        return data, _index(path, data)
    except Older as older:
        try:
            fresh = up_to_date(data, older.version)
        except LookupError as error:
            raise CassetteError(f"{path}:2: {error}; restore it or record it again") from None
        return fresh, _index(path, fresh)


def _reader(descriptor: int) -> Callable[[int, int], bytes]:
    if hasattr(os, "pread"):
        return lambda start, end: os.pread(descriptor, end - start, start)
    lock = threading.Lock()

    def read(start: int, end: int) -> bytes:
        with lock:  # as on Windows
            os.lseek(descriptor, start, os.SEEK_SET)
            return os.read(descriptor, end - start)

    return read


def _open(path: Path) -> int:
    """Open an ordinary file; a link could lead a recording out of its folder.

    Raises:
        FileNotFoundError: if there is none.
        CassetteError: if it is a link, a folder or a device, or cannot be opened.
    """
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISREG(mode):
            return os.open(path, _OPEN)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise CassetteError(f"{path}: cannot be opened: {error}") from error
    kind = "a symbolic link" if stat.S_ISLNK(mode) else "not an ordinary file"
    raise CassetteError(f"{path}: {kind}; a cassette has to be a file of its own")


def _index(path: Path, data: Data) -> Index:
    try:
        return read_index(data)
    except Newer as error:
        raise NewerFormat(
            f"{path}: format {error} was written by a newer bpmax-sim, this one reads up to "
            f"{FORMAT}; upgrade bpmax-sim"
        ) from None
    except Unsound as error:
        raise damage.explain(path, bytes(data), str(error)) from None
