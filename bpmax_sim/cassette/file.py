"""Open and verify cassettes: index a file by its line starts, then read each exchange on demand.

A file that is corrupt or of another version is refused with the most specific reason and its line.
`load_cached` caches small files, such as recorded logins, for all sessions of a process until the
file on disk is replaced: every writer of this package replaces the whole file.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import stat
import sys
import threading
import weakref
from array import array
from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec

from bpmax_sim import errors
from bpmax_sim.cassette.format import (
    BLANK_SHA,
    ENTRY,
    HEAD,
    VERSION,
    compute_exchange_sha,
    parse_head,
)
from bpmax_sim.cassette.model import FORMAT, CassetteHead, Entry, IndexLine, Seal, Values
from bpmax_sim.cassette.reader import read_exchange, read_outcome
from bpmax_sim.clock import Instant, RandomSequenceSeeds
from bpmax_sim.errors import CassetteError, DamagedCassette, NewerFormat, Place
from bpmax_sim.file_system import BINARY, CAN_REPLACE_OPEN_FILES, NO_WAIT, shell_quote
from bpmax_sim.i18n import MessageError, msg
from bpmax_sim.messages import Exchange, Outcome

_HEAD = HEAD.encode()
_TEXT = r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
# Written by us, so its keys come in this order; a line of another shape fails the seal's count.
_ENTRY = re.compile(
    rf'\n{ENTRY}\{{"key":"([0-9a-f]*)","n":\d{{1,9}},"call":{_TEXT},"instance":{_TEXT},'
    rf'"for":({_TEXT}),"at":{_TEXT},"ms":\d+,"sha":"([0-9a-f]{{16}})"'.encode()
)
_ORDER = re.compile(rb'[^,\n]*,"n":(\d+)')
_SEALED = b"\nsealed: "
BROKEN_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_read_object = msgspec.json.Decoder(dict[str, Any]).decode
_read_text = msgspec.json.Decoder(str).decode
_read_seal = msgspec.json.Decoder(Seal).decode

Data = Any  # bytes or a memory map


class CorruptDataError(MessageError):
    """Raised while a file is read if it is not a complete cassette that fits its own digests.

    The message says why.
    """


class CassetteIndex(msgspec.Struct):
    """Where each exchange of a file is, and which of them has which owner and matching key.

    Exchanges are numbered from 0 in the order of the file.

    Attributes:
        sections: byte offsets of the line ``failures:``, below which the failed exchanges are, and
            of the last line, ``sealed:``, with the digest of the whole file.
        keys: owner (scenario, row or test) -> matching key -> numbers of exchanges, in the order in
            which calls were issued; a bare number instead of a list for a single one, which is the
            usual case.
        starts: byte offset of each exchange.
        orders: sort key of each exchange within its owner, by the order of issue.
        first_failure: number of the first failed exchange (one without response).
    """

    head: CassetteHead
    sections: tuple[int, int]
    keys: dict[str, dict[bytes, int | list[int]]] = {}
    starts: array[int] = msgspec.field(default_factory=lambda: array("Q"))
    orders: Sequence[int] = ()
    first_failure: int = 0

    def get_offsets(self, number: int) -> tuple[int, int]:
        """Return the byte offsets in the file at which exchange *number* begins and ends."""
        following = number + 1
        if following == len(self.starts):
            end = self.sections[following > self.first_failure]
        else:
            end = self.sections[0] if following == self.first_failure else self.starts[following]
        return self.starts[number], end

    def find_numbers(self, owner: str, key: str) -> Sequence[int]:
        """Return the numbers of *owner*'s exchanges with matching key *key*, in order of issue.

        *owner* is a scenario, row or test.
        """
        entries = self.keys.get(owner, {}).get(key.encode(), ())
        return (entries,) if isinstance(entries, int) else entries

    def list_exchange_numbers(self, owner: str) -> list[int]:
        """Return the numbers of *owner*'s exchanges, in order of issue.

        *owner* is a scenario, row or test.
        """
        buckets = self.keys.get(owner, {}).values()
        numbers = (n for b in buckets for n in ((b,) if isinstance(b, int) else b))
        return sorted(numbers, key=self.orders.__getitem__)


def _read_index(path: Path, data: Data) -> CassetteIndex:
    """Return the index of the cassette *data* after verifying its last line, the seal.

    The seal has the number of exchanges and a digest. *path* is the file, for messages.

    Raises:
        NewerFormat: if a newer version wrote it.
        CassetteError: if anything was truncated, added, moved or removed.
    """
    body = data.find(b"\n", len(_HEAD)) + 1
    if data[: len(_HEAD)] != _HEAD:
        raise explain_damage(path, bytes(data), msg("the first lines are not those of a cassette"))
    if not body:
        raise explain_damage(path, bytes(data), msg("the head line has no end"))
    line = data[len(_HEAD) : body - 1]
    sections = (data.rfind(b"\nfailures:") + 1, data.rfind(_SEALED) + 1)
    try:
        index = CassetteIndex(_read_head(path, line), sections)
        shas = _index_entries(data, body, index)
        _check_nothing_between_exchanges(data, body, index)
        _check_seal(line, data[index.sections[1] :], index, shas)
    except CorruptDataError as error:
        raise explain_damage(path, bytes(data), str(error)) from None
    return index


def _read_head(path: Path, line: bytes) -> CassetteHead:
    try:
        head = _read_object(line)
        version = head.get("format")
        if not isinstance(version, int) or version <= FORMAT:
            return parse_head(head)
    except LookupError as error:
        raise CassetteError(
            "{path}:2: {error}; restore it or record it again", path=path, error=error
        ) from None
    except BROKEN_JSON as error:
        raise CorruptDataError(
            "the head line is broken ({error})", error=errors.describe_data_error(error)
        ) from error
    raise NewerFormat(
        "{path}: format {error} was written by a newer bpmax-sim, this one reads up to "
        "{format}; upgrade bpmax-sim",
        path=path,
        error=version,
        format=FORMAT,
    )


def _index_entries(data: Data, start: int, index: CassetteIndex) -> list[bytes]:
    shas: list[bytes] = []
    owners: dict[bytes, dict[bytes, int | list[int]]] = defaultdict(dict)
    for match in _ENTRY.finditer(data, start):
        key, owner, sha = match.groups()
        index.starts.append(match.start() + 1)
        number = len(shas)
        # A bare number instead of a list for a single exchange: opening a large file allocates far
        # less.
        before = owners[owner].setdefault(key, number)
        if isinstance(before, list):
            before.append(number)
        elif before != number:
            owners[owner][key] = [before, number]
        shas.append(sha)
    try:
        index.keys = {_read_text(owner): keys for owner, keys in owners.items()}
    except BROKEN_JSON as error:
        raise CorruptDataError(
            "an index line is broken ({error})", error=errors.describe_data_error(error)
        ) from error
    index.first_failure = bisect(index.starts, index.sections[0])
    # The order of the file is that of the calls, but for failed exchanges, which have a section of
    # their own.
    if index.first_failure == len(index.starts):
        index.orders = range(len(index.starts))
    else:
        index.orders = _read_sort_keys(data, index.starts)
        _sort_exchange_numbers(index)
    return shas


def _read_sort_keys(data: Data, starts: Iterable[int]) -> list[int]:
    """Return the position of each exchange in the order in which calls were issued.

    *starts* are the byte offsets of the exchanges in *data*; 0 for one whose index line lacks it.
    """
    matches = (_ORDER.match(data, start) for start in starts)
    return [int(order[1]) if order else 0 for order in matches]


def _sort_exchange_numbers(index: CassetteIndex) -> None:
    """Sort the lists of exchange numbers in *index* by the order in which the calls were issued.

    In the file, failed exchanges come last; `CassetteIndex.orders` has the order of issue.
    """
    for keys in index.keys.values():
        for bucket in keys.values():
            if isinstance(bucket, list):
                bucket.sort(key=index.orders.__getitem__)


def _check_nothing_between_exchanges(data: Data, body: int, index: CassetteIndex) -> None:
    """Check that between the exchanges there is nothing but what the format prescribes.

    *body* is the byte offset after the head.

    Raises:
        CorruptDataError: if there is anything else.
    """
    failures, sealed = index.sections
    if not 0 < failures < sealed:
        raise CorruptDataError("the `failures:` or the `sealed:` line is missing")
    starts, first = index.starts, index.first_failure
    for name, begin, exchanges, end in (
        (b"interactions", body, starts[:first], failures),
        (b"failures", failures, starts[first:], sealed),
    ):
        line = name + (b":\n" if exchanges else b": []\n")
        if data[begin : exchanges[0] if exchanges else end] != line:
            raise CorruptDataError("there are lines between the exchanges")


def _check_seal(head: bytes, line: bytes, index: CassetteIndex, shas: list[bytes]) -> None:
    text = line.removeprefix(_SEALED[1:])
    if not text.endswith(b"}\n") or text.count(b"\n") != 1:
        raise CorruptDataError("something follows the `sealed:` line, or its end is missing")
    try:
        seal = _read_seal(text)
    except BROKEN_JSON as error:
        raise CorruptDataError(
            "the `sealed:` line is broken ({error})", error=errors.describe_data_error(error)
        ) from error
    counts = (index.first_failure, len(shas) - index.first_failure)
    if counts != (seal.interactions, seal.failures):
        raise CorruptDataError(
            "it was sealed with {interactions} interactions and {failures} failures, and "
            "holds {counts} and {counts_2}",
            interactions=seal.interactions,
            failures=seal.failures,
            counts=counts[0],
            counts_2=counts[1],
        )
    if hashlib.sha256(b"\n".join([head, *shas])).hexdigest() != seal.sha256:
        raise CorruptDataError("its head line or the set of its exchanges is not what was sealed")


_CONFLICT = re.compile(rb"^(?:<<<<<<<|=======|>>>>>>>)(?: .*)?\r?$", re.MULTILINE)
_NAMED = re.compile(rb'"call":"((?:[^"\\]|\\.)*)".*?"for":"((?:[^"\\]|\\.)*)"')


def _suggest_repair(path: Path) -> str:
    return msg(
        "restore it, record it again, or accept the edit with `bpmax-sim cassette seal {path}`",
        path=shell_quote(str(path)),
    )


def explain_damage(path: Path, data: bytes, otherwise: str) -> CassetteError:
    """Return the error for *data*, the content of a file that is not a valid cassette.

    Known causes, such as a merge conflict, are recognised; *otherwise* is the message for all
    others.
    """
    if not data.strip():
        return DamagedCassette(
            "{path}: the file is empty; restore it or record it again", path=path
        )
    # From the most certain cause to the least: a conflict marker or a wrong encoding also breaks
    # the layout, and the message has to name the cause and not its consequences.
    for error in _find_damage(path, data):
        return error
    if _is_reformatted(data):
        return DamagedCassette(
            "{path}: rewritten by a formatter or a YAML library; `bpmax-sim cassette seal {word}` "
            "takes it back; keep formatters away with `cassettes/` in .prettierignore",
            path=path,
            word=shell_quote(str(path)),
        )
    if b"\nbpmax: {" not in data and not _HEAD.startswith(data[: len(_HEAD)]):
        return CassetteError(
            "{path}: not a cassette of bpmax-sim; `bpmax-sim import {path_2}` reads those "
            "of vcrpy and others",
            path=path,
            path_2=shell_quote(str(path)),
        )
    if not re.search(rb"^sealed: \{[^\n]*\}\r?\n", data, re.MULTILINE):
        last = data.rfind(f"\n{ENTRY}".encode())
        message = msg(
            "the file ends{inside} without its `sealed:` line, it was cut short; restore it or "
            "record it again",
            inside=msg(" in {name}", name=describe_exchange(data, last + 1)) if last >= 0 else "",
        )
        return DamagedCassette.at(_locate_offset(path, data, len(data)), message)
    return DamagedCassette(
        "{path}: {otherwise}; {advice}",
        path=path,
        otherwise=otherwise,
        advice=_suggest_repair(path),
    )


_SECTION = re.compile(rb"^(?:version|bpmax|interactions|sealed):", re.MULTILINE)
_INDENTED_LINE = re.compile(rb"^ *- +bpmax:(?: *\n| +\{ )", re.MULTILINE)


def _is_reformatted(data: bytes) -> bool:
    """Return whether *data* is a cassette that another tool, such as a formatter, wrote anew."""
    if len({*_SECTION.findall(data)}) < 4:  # noqa: PLR2004 - all of them
        return False
    is_ours = data.startswith(_HEAD) and b'\nsealed: {"' in data
    return not is_ours or _INDENTED_LINE.search(data) is not None


def explain_edit(path: Path, data: bytes, start: int, *, why: str) -> CassetteError:
    """Return the error for the exchange at byte offset *start*, whose text was edited.

    *why* says what does not fit.
    """
    for error in _find_damage(path, data):
        return error
    message = msg(
        "{name} {why}; {advice}",
        name=describe_exchange(data, start),
        why=why,
        advice=_suggest_repair(path),
    )
    return DamagedCassette.at(_locate_offset(path, data, start), message)


def describe_exchange(data: bytes, start: int) -> str:
    """Return a name of the exchange at byte offset *start*.

    ``exchange 3 (crm_system.get for 选择客户)``.
    """
    number = data[: start + 1].count(f"\n{ENTRY}".encode()) + (data[start : start + 1] == b"-")
    match = _NAMED.search(data[start:].partition(b"\n")[0])
    if match is None:
        return msg("exchange {number}", number=number)
    call, owner = (text.decode(errors="replace") for text in match.groups())
    return msg(
        "exchange {number} ({call} for {owner})",
        number=number,
        call=(call or msg("without a builder")),
        owner=owner,
    )


def _locate_offset(path: Path, data: bytes, offset: int) -> Place:
    return Place(str(path), data.count(b"\n", 0, offset) + 1)


def _find_damage(path: Path, data: bytes) -> Iterator[DamagedCassette]:
    """Yield an error for each defect of the whole file: encoding, conflict markers, truncation."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        message = msg("the file is UTF-16, not UTF-8; save it as UTF-8")
        yield DamagedCassette.at(Place(str(path), 1), message)
    zero = data.find(b"\0")
    if zero >= 0:
        message = msg("a NUL byte; restore the file or record it again")
        yield DamagedCassette.at(_locate_offset(path, data, zero), message)
    try:
        data.decode()
    except UnicodeDecodeError as error:
        message = msg(
            "not UTF-8 (byte 0x{wrong:02x}); save the file as UTF-8", wrong=data[error.start]
        )
        yield DamagedCassette.at(_locate_offset(path, data, error.start), message)
    if match := _CONFLICT.search(data):
        message = msg(
            "a Git conflict marker; run `bpmax-sim merge` while Git is merging, or take one side "
            "whole: `git checkout --ours {word}`",
            word=shell_quote(str(path)),
        )
        yield DamagedCassette.at(_locate_offset(path, data, match.start()), message)


T = TypeVar("T")
_SEAL_LINE = 1024  # more than it ever is
_CRLF = VERSION.encode().replace(b"\n", b"\r\n")
# Windows replaces no file that somebody has open, and a larger cassette stays open.
_IN_MEMORY = 256 * 1024 if CAN_REPLACE_OPEN_FILES else sys.maxsize
_OPEN = os.O_RDONLY | BINARY | NO_WAIT
_read_line = msgspec.json.Decoder(IndexLine).decode


class Cassette:
    """An open cassette: the recorded exchanges in one file, of one or more owners.

    An owner is the scenario, row or test that recorded an exchange. Exchanges are read, and their
    digests verified, when they are first used.

    Attributes:
        path: the path as the caller gave it; messages use this spelling.
        index: where each exchange is.
    """

    def __init__(self, path: Path, index: CassetteIndex, read: Callable[[int, int], bytes]) -> None:
        """Wrap an index; callers use `Cassette.load`.

        *read* returns the bytes between two offsets.
        """
        self.path = path
        self.index = index
        self._read = read
        self._counted = (0, 1)  # an offset, and its line

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Open the cassette at *path*.

        Raises:
            FileNotFoundError: if there is no file.
            DamagedCassette: if it was truncated, merged or edited; the error names the line.
            NewerFormat: if a newer version wrote it.
            CassetteError: if it is not a cassette, or not a regular file.
        """
        path = path if isinstance(path, Path) else _path(path)
        descriptor = _open_regular_file(path)
        with ExitStack() as opened:
            opened.callback(os.close, descriptor)
            read, size = _make_range_reader(descriptor), os.fstat(descriptor).st_size
            if size > _IN_MEMORY:
                with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as mapped:
                    if mapped[: len(_CRLF)] != _CRLF:
                        cassette = cls(path, _read_index(path, mapped), read)
                        weakref.finalize(cassette, opened.pop_all().close)
                        return cassette
            data = read(0, size).replace(b"\r\n", b"\n")
            index = _read_index(path, data)
            return cls(path, index, lambda start, end: data[start:end])

    @classmethod
    def of_bytes(cls, data: bytes, name: str) -> Self:
        """Return a cassette read from *data*; *name* is the file name used in messages.

        Raises:
            CassetteError: if it is damaged, from a newer version, or not a cassette.
        """
        path, data = Path(name), data.replace(b"\r\n", b"\n")
        return cls(path, _read_index(path, data), lambda start, end: data[start:end])

    def __len__(self) -> int:
        return len(self.index.starts)

    def __repr__(self) -> str:
        return f"<Cassette {str(self.path)!r}: {len(self)} exchanges>"

    @property
    def head(self) -> CassetteHead:
        """Return the head: facts about the whole file, and defaults for its index lines."""
        return self.index.head

    @property
    def owners(self) -> tuple[str, ...]:
        """Return the scenarios, rows and tests that recorded exchanges in this file, sorted."""
        return tuple(sorted(self.index.keys))

    def start(self, owner: str, *, session: int = 1) -> Instant | None:
        """Return the instant of the first request of *owner* (scenario, row or test) in a session.

        *session* is the number of the session; of one that recorded nothing, it is that of the
        first. The instant has the time zone in which it was recorded. None if *owner* recorded
        nothing.
        """
        numbers = self.index.list_exchange_numbers(owner)
        if session > 1 and self.head.several is True:
            numbers = [n for n in numbers if self.line(n).session == session] or numbers
        return Instant.parse(self.line(numbers[0]).at) if numbers else None

    def get_non_secret_credentials(self, owner: str) -> Values:
        """Return the credentials that are in the recording of *owner* because they are not secret.

        *owner* is a scenario, row or test. The result is ``platform.instance`` -> name -> value.
        Such credentials are declared ``secret: false`` in the platform file; replay needs their
        values.
        """
        numbers = self.index.list_exchange_numbers(owner)
        return self.line(numbers[0]).values if numbers else {}

    def get_secret_name_rules_version(self, owner: str) -> int:
        """Return the version of the secret-name rules that redacted the recording of *owner*.

        *owner* is a scenario, row or test. 0 if no such rules were applied. They tell from the name
        of a member, such as ``password``, that its value is a secret.
        """
        numbers = self.index.list_exchange_numbers(owner)
        if self.head.mixed is not True:
            return (self.head.net or 0) if numbers else 0
        return max((self.head.fill_in_defaults(self.line(n)).net or 0 for n in numbers), default=0)

    def drawn_sequences(self, owner: str) -> RandomSequenceSeeds | None:
        """Return the seeds of the random values that the scripts of *owner* drew.

        *owner* is a scenario, row or test. None if they drew none.
        """
        numbers = self.index.list_exchange_numbers(owner)
        known = self.line(numbers[0]).seed if numbers else 0
        return RandomSequenceSeeds((known,)) if known and isinstance(known, int) else known or None

    def entry(self, number: int) -> Entry:
        """Return exchange *number* (from 0) as stored.

        Its index line and its YAML text, not parsed.

        Raises:
            DamagedCassette: if the text differs from what was recorded.
        """
        start, end = self.index.get_offsets(number)
        index, _, text = self._read(start, end).partition(b"\n")
        raw = index[len(ENTRY) :]
        try:
            line = _read_line(raw)
            blank = raw.replace(b'"sha":"%b"' % line.sha.encode(), BLANK_SHA.encode(), 1)
            if compute_exchange_sha(blank, text) == line.sha:
                return Entry(line, text.decode())
        except BROKEN_JSON:
            pass
        raise self._make_edit_error(start, msg("is not what was recorded, its digest differs"))

    def line(self, number: int) -> IndexLine:
        """Return the index line of exchange *number* as stored.

        Values that equal the defaults in the head are left out there;
        `get_entry_with_head_defaults` fills them in.
        """
        return self.entry(number).line

    def get_entry_with_head_defaults(self, number: int) -> Entry:
        """Return exchange *number* with the defaults of the head filled into its index line."""
        entry = self.entry(number)
        return Entry(self.head.fill_in_defaults(entry.line), entry.text)

    def exchange(self, number: int) -> Exchange:
        """Return exchange *number* (from 0), parsed.

        Raises:
            DamagedCassette: if the text differs from what was recorded, or cannot be parsed.
        """
        return self._parse_entry(number, read_exchange)

    def outcome(self, number: int) -> Outcome:
        """Return the response or failure of exchange *number*.

        The digest covers the request too, but the request is not parsed; replay does not need it.

        Raises:
            DamagedCassette: if the text differs from what was recorded, or cannot be parsed.
        """
        return self._parse_entry(number, read_outcome)

    def _parse_entry(self, number: int, parse: Callable[[Entry], T]) -> T:
        entry = self.entry(number)
        try:
            return parse(entry)
        except ValueError as error:
            start = self.index.get_offsets(number)[0]
            raise self._make_edit_error(
                start, msg("cannot be read ({error})", error=errors.describe_data_error(error))
            ) from error

    def entries(self) -> Iterator[Entry]:
        """Yield every exchange as raw text, in file order."""
        return map(self.entry, range(len(self)))

    def exchanges(self) -> Iterator[Exchange]:
        """Yield every exchange, in file order."""
        return map(self.exchange, range(len(self)))

    def place(self, number: int) -> Place:
        """Return the file and line of exchange *number*."""
        return Place(str(self.path), self.line_number(number))

    def line_number(self, number: int) -> int:
        """Return the line of the file at which exchange *number* begins, from 1.

        If it is called in file order, the lines are counted only once for the whole file.
        """
        start = self.index.get_offsets(number)[0]
        offset, line = self._counted if self._counted[0] <= start else (0, 1)
        line += self._read(offset, start).count(b"\n")
        self._counted = start, line
        return line

    def _make_edit_error(self, start: int, why: str) -> CassetteError:
        data = self._read(0, self.index.sections[1] + _SEAL_LINE)
        return explain_edit(self.path, data, start, why=why)


_path = lru_cache(maxsize=256)(Path)  # the same few in all sessions of a run


def _make_range_reader(descriptor: int) -> Callable[[int, int], bytes]:
    if hasattr(os, "pread"):
        return lambda start, end: os.pread(descriptor, end - start, start)
    lock = threading.Lock()

    def read(start: int, end: int) -> bytes:
        with lock:  # as on Windows
            os.lseek(descriptor, start, os.SEEK_SET)
            return os.read(descriptor, end - start)

    return read


@contextmanager
def _translate_open_errors(path: str | Path) -> Iterator[None]:
    """Replace an error of the ``with`` block, which looks for the file *path*, by one of ours.

    Raises:
        FileNotFoundError: if there is no file.
        CassetteError: if it cannot be opened, such as below a file that is no folder.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise CassetteError("{path}: cannot be opened: {error}", path=path, error=error) from error


def _open_regular_file(path: Path) -> int:
    """Open a regular file without following a link, which could lead out of the cassette folder.

    Raises:
        FileNotFoundError: if there is no file.
        CassetteError: if it is a link, a folder or a device, or cannot be opened.
    """
    with _translate_open_errors(path):
        mode = os.lstat(path).st_mode
        if stat.S_ISREG(mode):
            return os.open(path, _OPEN)
    kind = msg("a symbolic link") if stat.S_ISLNK(mode) else msg("not an ordinary file")
    raise CassetteError(
        "{path}: {kind}; a cassette has to be a file of its own", path=path, kind=kind
    )


_MOST = 64
_LARGEST = 64 * 1024  # bytes
_cache: dict[str, tuple[object, Cassette]] = {}


class _ExchangeCachingCassette(Cassette):
    """A small cassette that keeps every exchange it has read in memory; sessions share it."""

    def __init__(self, path: Path, index: CassetteIndex, read: Callable[[int, int], bytes]) -> None:
        super().__init__(path, index, read)
        self._entries: dict[int, Entry] = {}
        self._outcomes: dict[int, Outcome] = {}

    def entry(self, number: int) -> Entry:
        if number not in self._entries:
            self._entries[number] = super().entry(number)
        return self._entries[number]

    def outcome(self, number: int) -> Outcome:
        if number not in self._outcomes:
            self._outcomes[number] = super().outcome(number)
        return self._outcomes[number]


def load_cached(path: str) -> Cassette:
    """Return the cassette at *path* from the process-wide cache.

    Sessions may share it concurrently.

    Raises:
        FileNotFoundError: if there is no file.
        CassetteError: if it cannot be read.
    """
    # pathlib would take five times as long
    place = os.path.join(os.getcwd(), path)  # noqa: PTH109, PTH118
    with _translate_open_errors(path):
        status = os.lstat(path)
    stamp = (path, status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev)
    known = _cache.get(place)
    if known is not None and known[0] == stamp:
        return known[1]
    if status.st_size > _LARGEST:
        return Cassette.load(path)
    if len(_cache) >= _MOST:
        _cache.clear()
    cassette = _ExchangeCachingCassette.load(path)
    _cache[place] = stamp, cassette
    return cassette
