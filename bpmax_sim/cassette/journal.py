"""What was recorded, on the disk before anyone sees the response; one file per recording process.

Each record has its length and checksum, so what a crash leaves is read up to the torn one, or up to
the zeros at the end. The file is locked while its recorder lives; one that can be locked was left
behind. It is made, replaced and recovered under the folder's lock only, so that nobody sees it
unlocked while its recorder lives; and a forked child never writes into it. An exchange with a known
secret in it is never written as it is.
"""

from __future__ import annotations

import glob
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Any, Self

import msgspec

from bpmax_sim.cassette.format import CODINGS, with_failure
from bpmax_sim.cassette.model import Entry, Line
from bpmax_sim.cassette.reader import decode_quoted, read_exchange
from bpmax_sim.errors import NewerFormat
from bpmax_sim.file_system import (
    BINARY,
    close_fork_safe,
    lock_file,
    lock_folder,
    move_file,
    open_fork_safe,
    sync_data,
    sync_folder,
    try_lock,
)
from bpmax_sim.i18n import encode_message
from bpmax_sim.messages import Exchange, FailedExchange
from bpmax_sim.secret.decode import Harmless
from bpmax_sim.secret.scan import decode_all

_READ_WRITE = os.O_RDWR | BINARY
_MOST_ZEROS = 64 * 1024


def create(path: Path) -> int:
    """Return the descriptor of a new, locked file that only its owner can read.

    Hold `lock_folder` meanwhile, so that nobody takes it for left behind before it is locked.

    Raises:
        FileExistsError: if there is one.
        OSError: if it cannot be made or locked; then there is none.
    """
    descriptor = open_fork_safe(partial(os.open, path, _READ_WRITE | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        lock_file(descriptor, wait=False)
        sync_folder(path.parent)
    except OSError:
        close_fork_safe(descriptor)  # Windows deletes nothing that is open
        path.unlink(missing_ok=True)
        raise
    return descriptor


class JournalWriter:
    """A file of one writer, appended to so that nothing is lost.

    It has zeros at its end, into which the next data are written: where a file does not get
    longer, the disk has the data alone to write, in two thirds of the time.
    """

    def __init__(self, descriptor: int) -> None:
        """Append to the open file, which was opened with `open_fork_safe`."""
        self._descriptor = descriptor
        self._end = self._size = os.fstat(descriptor).st_size

    def append(self, data: bytes) -> None:
        """Write *data* and wait until it is on the disk; on failure nothing of it stays.

        Raises:
            OSError: if the disk is full or fails.
        """
        end = self._end + len(data)
        try:
            os.lseek(self._descriptor, self._end, os.SEEK_SET)
            _write(self._descriptor, data)
            if end > self._size:
                with suppress(OSError):  # zeros for as much as was there, if they have room
                    _write(self._descriptor, bytes(min(self._end, _MOST_ZEROS)))
                self._size = os.lseek(self._descriptor, 0, os.SEEK_CUR)
            sync_data(self._descriptor)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._end)
            self._size = self._end
            raise
        self._end = end

    def close(self) -> None:
        """Leave what was appended and nothing more."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with suppress(OSError):
                os.ftruncate(descriptor, self._end)
            close_fork_safe(descriptor)


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def replace_whole(path: Path, data: bytes) -> None:
    """Make *data* the content of *path*, or leave the file as it was; hold `lock_folder` meanwhile.

    Raises:
        OSError: if the disk is full or fails, or the folder cannot be written.
    """
    # Write a copy, sync it, rename it over the file, sync the folder: whenever the machine stops,
    # the old content is there or the new one. Copies of writers that died are removed first.
    for stale in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        stale.unlink(missing_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, mode)
    try:
        try:
            _write(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        move_file(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def list_siblings(path: Path, suffix: str) -> list[Path]:
    """Return the files named ``<path>.<anything><suffix>``, sorted."""
    return sorted(path.parent.glob(f"{glob.escape(path.name)}.*{suffix}"))


SUFFIX = ".journal"
_REWRITING = ".rewriting"
_FORMAT = 1
FORMAT_OF_PIECES = 2
"""Of records that an older version would take for whole exchanges."""
_FRAME = b"%08x %08x "
_FRAME_LENGTH = 18
_IS_FRAME = re.compile(rb"[0-9a-f]{8} [0-9a-f]{8} ").fullmatch
_IS_TORN = re.compile(rb"[0-9a-f ]{,17}").fullmatch
_OF_CASSETTE = re.compile(rf"(.+)\.\d+-\d+{re.escape(SUFFIX)}", re.DOTALL)
_OF_PROCESS = re.compile(rf"\.(\d+)-\d+{re.escape(SUFFIX)}\Z")
_serials = count(1)


class PendingExchange(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A recorded exchange before its place in the order of issue is known.

    ``n`` and ``sha`` of its line come with sealing; its text is empty where a secret was found.

    Attributes:
        issue: the call's order of issue and the attempt, which together order exchanges.
        adding: whether its owner's older exchanges stay.
        leaks: where secrets were found, without their values.
        branch: the recorder that this one was forked from, which takes what it recorded; *parent*
            is its process.
        piece: of an exchange whose response was still arriving, what arrived of its body; its
            first record is such an exchange that did not complete, the next have no text.
        format: of the record.
    """

    issue: tuple[int, int] = (0, 0)
    adding: bool = False
    leaks: tuple[str, ...] = ()
    branch: str = ""
    parent: int = 0
    piece: bytes | None = None
    format: int = _FORMAT

    def with_entry(self, entry: Entry) -> Self:
        """Return the exchange with the line and the text of *entry*, all of it there."""
        return msgspec.structs.replace(self, line=entry.line, text=entry.text, piece=None)

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


_encode = msgspec.json.Encoder(enc_hook=encode_message).encode
_decode = msgspec.json.Decoder(PendingExchange).decode


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
        with lock_folder(cassette.parent):
            for serial in _serials:
                self.path = cassette.with_name(f"{cassette.name}.{os.getpid()}-{serial}{SUFFIX}")
                with suppress(FileExistsError):  # left behind by a process that had our number
                    self._log = JournalWriter(create(self.path))
                    return

    def append(self, draft: PendingExchange) -> None:
        """Return once *draft* is on the disk; on failure the journal is as before.

        Raises:
            OSError: if the disk is full or fails.
        """
        self._log.append(frame(draft))

    def rewrite(self, drafts: Iterable[PendingExchange]) -> None:
        """Hold *drafts* instead of everything so far.

        Raises:
            OSError: if the disk is full or fails; the journal is then as before.
        """
        with lock_folder(self.path.parent):
            fresh = self.path.with_suffix(_REWRITING)
            log = JournalWriter(create(fresh))
            try:
                try:
                    log.append(b"".join(map(frame, drafts)))
                finally:
                    log.close()  # Windows renames neither what is open nor over it
                self._log.close()
                try:
                    move_file(fresh, self.path)
                    sync_folder(self.path.parent)
                finally:
                    self._reopen()
            except OSError:
                fresh.unlink(missing_ok=True)
                raise

    def _reopen(self) -> None:
        descriptor = open_fork_safe(partial(os.open, self.path, _READ_WRITE))
        self._log = JournalWriter(descriptor)
        try:
            lock_file(descriptor, wait=False)
        except OSError:
            self._log.close()  # nothing is added to what somebody else may take
            raise

    def close(self) -> None:
        """Let go of the file, which stays for `recover`."""
        self._log.close()

    def remove(self) -> None:
        """Delete the file: what it held is sealed, or not wanted."""
        try:
            with lock_folder(self.path.parent):  # or somebody finds it between closed and deleted
                self.close()
                self.path.unlink(missing_ok=True)
        except FileNotFoundError:
            self.close()  # the folder is gone


def frame(draft: PendingExchange) -> bytes:
    """Return *draft* as one line with its length and checksum."""
    data = _encode(draft)
    return _FRAME % (len(data), zlib.crc32(data)) + data + b"\n"


def read_journal(path: Path) -> tuple[PendingExchange, ...]:
    """Return what the whole records of a journal hold; a torn or damaged one is left out.

    A record is a line of length and CRC-32, then that many bytes, then a line feed. The last one
    is torn where the process died while it wrote, and zeros may follow it (`JournalWriter`). One
    that is whole but cannot be decoded is of another version: then nothing is taken, as the rest
    would be sealed without it.

    Raises:
        NewerFormat: if a record is whole and not of this version.
    """
    data, drafts = path.read_bytes(), []
    at = number = 0
    while at < len(data):
        number += 1
        head = data[at : at + _FRAME_LENGTH]
        record = _record(head, data, at + _FRAME_LENGTH)
        draft = _decode_record(record) if record is not None else None
        is_frame = _IS_FRAME(head) or _IS_TORN(head.rstrip(b"\0"))
        if (number == 1 and not is_frame) or (record is not None and draft is None):
            raise NewerFormat(
                "{path}: record {number} was not written by this version of bpmax-sim; the "
                "journal is not recovered and stays as it is; run `bpmax-sim cassette recover` of "
                "the version that recorded it, or delete the file",
                path=path,
                number=number,
            )
        if record is not None and draft is not None:
            drafts.append(draft)
            at += _FRAME_LENGTH + len(record) + 1
        else:  # torn; what a failing disk damaged has whole ones behind it
            at = data.find(b"\n", at) + 1 or len(data)
    return tuple(join_pieces(drafts))


def join_pieces(records: Iterable[PendingExchange]) -> Iterator[PendingExchange]:
    """Yield the exchanges of *records*; one whose end is not there did not complete."""
    arriving: dict[tuple[int, int], list[PendingExchange]] = {}
    for draft in records:
        if draft.piece is not None:
            arriving.setdefault(draft.issue, []).append(draft)
            continue
        arriving.pop(draft.issue, None)
        yield draft
    for first, *others in arriving.values():
        if first.text and others:
            failed = read_exchange(first).outcome
            assert isinstance(failed, FailedExchange)
            received = b"".join(one.piece or b"" for one in (first, *others))
            whole = with_failure(first, msgspec.structs.replace(failed, received=received))
            yield first.with_entry(whole)
        elif first.text or first.leaks:
            yield msgspec.structs.replace(first, piece=None)


def _record(head: bytes, data: bytes, start: int) -> bytes | None:
    """Return the record that *head* announces, if it is what was written."""
    if not _IS_FRAME(head):
        return None
    length, checksum = (int(part, 16) for part in head.split())
    record = data[start : start + length]
    return record if len(record) == length and zlib.crc32(record) == checksum else None


def _decode_record(record: bytes) -> PendingExchange | None:
    try:
        draft = _decode(record)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return draft if draft.format in {_FORMAT, FORMAT_OF_PIECES} else None


def find_abandoned(cassette: Path) -> Iterator[Path]:
    """Yield the journals of *cassette* whose process died, each locked while it is looked at.

    The folder's lock has to be held. What was not put in the place of a journal goes.
    """
    for path in list_siblings(cassette, _REWRITING):
        path.unlink(missing_ok=True)
    for path in list_siblings(cassette, SUFFIX):
        with suppress(FileNotFoundError):
            descriptor = open_fork_safe(partial(os.open, path, _READ_WRITE))
            # A living writer holds the lock of its journal until it ends, and the system gives the
            # lock up when it dies: so the lock, and not a process id, which may be used again,
            # tells the dead from the living. The file may have been replaced after it was opened.
            try:
                if try_lock(descriptor) and os.path.samestat(os.fstat(descriptor), path.stat()):
                    yield path
            finally:
                close_fork_safe(descriptor)


def is_recorded_into(folder: Path) -> bool:
    """Return whether a cassette anywhere in *folder* has a journal."""
    return any(_OF_PROCESS.search(path.name) for path in folder.rglob(f"*{SUFFIX}"))


def find_interrupted(cassette: Path) -> tuple[Path, ...]:
    """Return the journals of *cassette* whose process died, where that can be told."""
    try:
        if cassette.name not in _list_cassettes_with_journals(os.path.dirname(cassette)):  # noqa: PTH120 - faster
            return ()
        with lock_folder(cassette.parent):
            return tuple(find_abandoned(cassette))
    except OSError:
        return ()  # there is no folder, or it is another's


def find_awaited(cassette: Path) -> list[tuple[Path, int]]:
    """Return the journals of *cassette* that a living process will seal, and which process.

    That is the one that writes it, or the one that its own was forked from.
    """
    if not list_siblings(cassette, SUFFIX):
        return []
    with lock_folder(cassette.parent):
        parents = {}
        for path in find_abandoned(cassette):
            drafts = read_journal(path)
            parents[path] = drafts[0].parent if drafts and drafts[0].is_awaited else 0
        owners = ((path, _OF_PROCESS.search(path.name)) for path in list_siblings(cassette, SUFFIX))
        writers = {path: int(owner[1]) for path, owner in owners if owner}
    return sorted((path, pid) for path, pid in (writers | parents).items() if pid)


_listed: dict[str, tuple[int, frozenset[str]]] = {}


def _list_cassettes_with_journals(folder: str) -> frozenset[str]:
    """Return the names of the cassettes in *folder* that have journals; read once it changed."""
    changed = os.stat(folder or os.curdir).st_mtime_ns  # noqa: PTH116 - faster
    known = _listed.get(folder)
    if known is None or known[0] != changed:
        names = (_OF_CASSETTE.fullmatch(name) for name in os.listdir(folder or os.curdir))  # noqa: PTH208
        known = _listed[folder] = changed, frozenset(name[1] for name in names if name)
    return known[1]


Scan = Callable[[bytes], Sequence[object]]
"""Tells the secrets in some bytes, as objects whose text names credential and place, no value."""

_INDENT = re.compile(rb"\n +")
_NAMES = b"\n    headers:"
_DIGEST = re.compile(r"[0-9a-f]{32}")
_QUOTED_LINE = re.compile(r' (?:body|string): ".*\\\n')
_BINARY_SCALAR = "!!binary |-\n"
# where a body of text shows such lines, it is looked at as a body too
_BODY = re.compile(rb"!!binary \|-\n(?: +[A-Za-z0-9+/=]+\n?)*+")
_REMEMBERED = 1 << 18
"""Bytes of an exchange, undone, that are kept to look back at; of more all is searched again."""


def finds_nothing(_data: bytes) -> tuple[object, ...]:
    """Scan where no secret is known."""
    return ()


def stub_if_leaking(draft: PendingExchange, scan: Scan) -> PendingExchange:
    """Return *draft*, or a stub of it if *scan* finds a secret in it."""
    if draft.leaks:
        return draft
    places = tuple(str(finding) for part in scannable(draft) for finding in scan(part))
    if not places:
        return draft
    blank: dict[str, Any] = {"base": "", "injected": (), "encoding": {}, "extra": {}, "values": {}}
    line = msgspec.structs.replace(draft.line, **blank)
    return msgspec.structs.replace(draft, line=line, text="", leaks=places)


@dataclass(eq=False, slots=True)
class LeakCheck:
    """Checks drafts, each only once while no more secrets are known; on any thread.

    Attributes:
        scan: what it checks with.
        known: how many secrets *scan* looks for, which never are fewer; without it nothing is
            remembered.
        harmless: what *scan* found to hold none of them.
    """

    scan: Scan
    known: Callable[[], int] | None = None
    harmless: Callable[[], Harmless] = Harmless
    _passed: dict[int, tuple[PendingExchange, int]] = field(default_factory=dict, init=False)
    _undone: dict[int, tuple[PendingExchange, bytes]] = field(default_factory=dict, init=False)

    def __call__(self, draft: PendingExchange, source: Exchange | None = None) -> PendingExchange:
        """Return *draft*, or a stub of it if there is a secret in it; see `entry_parts`."""
        if self.known is None:
            return stub_if_leaking(draft, self.scan)
        known = self.known()  # first, as more may become known meanwhile
        passed = self._passed.get(id(draft))  # which is held there, so that no other has its id
        if passed is not None and passed[1] == known:
            return draft
        places = self._check_unseen(draft, source)
        if places is draft:
            self._passed[id(draft)] = draft, known
        return places

    def _check_unseen(self, draft: PendingExchange, source: Exchange | None) -> PendingExchange:
        """Return the same; what it is made of was mostly searched before, when it was redacted."""
        harmless, parts = self.harmless(), entry_parts(draft, source)
        if parts is None:
            return stub_if_leaking(draft, self.scan)
        heads = harmless.others(parts[1])
        lines = (line for head in heads for line in head.split(b"\n"))
        # the name and the value of a header, or a line with more or less as it is
        split = (line.split(b'"') if line.count(b'"') == _QUOTES else [line] for line in lines)
        pieces = chain.from_iterable(split)
        others = harmless.others([*parts[0], *pieces])
        if others:
            places = stub_if_leaking(draft, self.scan)
            if places is not draft:
                return places
        if heads or others:
            harmless.add([*heads, *others])
        return draft

    def holds(self, draft: PendingExchange, texts: Sequence[str]) -> bool:
        """Return whether any of *texts* is in *draft*, behind encodings too, or may be."""
        cached = self._undone.get(id(draft))
        if cached is None:
            parts = scannable(draft)
            inner = [decode_all(part, _REMEMBERED) for part in parts]
            data = b"" if None in inner else b"\n".join([*parts, *filter(None, inner)])
            cached = self._undone[id(draft)] = draft, data
        if not cached[1] or any(text in draft.text for text in texts):
            return True
        return any(needle in cached[1] for text in texts for needle in _search_bytes(text))

    def forget(self, drafts: Iterable[PendingExchange]) -> None:
        """Let go of *drafts*."""
        for draft in drafts:
            self._passed.pop(id(draft), None)
            self._undone.pop(id(draft), None)


def _search_bytes(text: str) -> Iterator[bytes]:
    """Yield *text* as the bytes of it that are looked for."""
    for codec in ("utf-8", "utf-16-le", "gb18030"):
        with suppress(UnicodeEncodeError):
            yield text.encode(codec).strip(b"\0")  # what UTF-16 has in either order of bytes


_RESPONSE = "\n  response:\n"
_BODIES = ("\n    body: ", "\n    body:\n      string: ")  # of a request and a response
_BLOCK = re.compile(r"\|([-+])\n( +)")
_NO_BODY = ("null", '""\n')
_QUOTES = 2  # of a line with one value
_SAYS_NOTHING: dict[str, Any] = {"key": "", "n": 0, "at": "", "ms": 0, "session": 0, "seed": 0}


def entry_parts(
    entry: Entry, source: Exchange | None = None
) -> tuple[list[bytes], list[bytes]] | None:
    """Return the values of *entry*, such as bodies, and its heads, which stand before bodies.

    None where that is not easy to tell: of a failure, and of a body that is no block. *source* is
    the exchange that *entry* was just written from: its bodies need not be read back.
    """
    request, mark, response = entry.text.partition(_RESPONSE)
    if not mark:
        return None
    bodies = _stored_bodies(entry.line, source)
    before, _, behind = request.partition("\n    uri: ")
    address, _, request = behind.partition("\n")
    line = msgspec.structs.replace(entry.line, **_SAYS_NOTHING)
    values, heads = [_encode(line), address.strip('"').encode()], [before]
    for side, name, body in zip((request, response), _BODIES, bodies, strict=True):
        head, _, scalar = f"\n{side}".partition(name)
        heads.append(head)
        if block := _BLOCK.match(scalar):
            text = scalar[block.end() :].replace("\n" + block[2], "\n")
            values.append((text if block[1] == "+" else text.removesuffix("\n")).encode())
        elif scalar.startswith('"') and "\\\n" in scalar:
            values.append(body or decode_quoted(scalar.removesuffix("\n")).encode())
        elif scalar not in _NO_BODY:
            return None
    return values, list(map(str.encode, heads))


def _stored_bodies(line: Line, source: Exchange | None) -> tuple[bytes, bytes]:
    """Return the bodies of request and response of *source*, where they are stored as they are."""
    is_reencoded = line.sent_in or not line.encoding.keys() <= set(CODINGS)
    if source is None or is_reencoded or isinstance(source.outcome, FailedExchange):
        return b"", b""
    return source.request.body or b"", source.outcome.body


def scannable(entry: Entry) -> tuple[bytes, ...]:
    """Return everything of *entry*: its text, not broken by layout, and bodies that are no text.

    What stands at the ends of two lines is no base64 on both, unless they are lines of a body; and
    a key is a digest of what is there besides, so it says nothing itself.
    """
    line = entry.line
    if _DIGEST.fullmatch(line.key):
        line = msgspec.structs.replace(line, key="")
    laid_out = _BODY.sub(b"", entry.text.encode()).replace(_NAMES, b'"' + _NAMES)
    data = _INDENT.sub(b"\n", laid_out) + _encode(line)
    if _BINARY_SCALAR not in entry.text and not _QUOTED_LINE.search(entry.text):
        return (data,)
    exchange = read_exchange(entry)
    outcome = exchange.outcome
    body = outcome.received if isinstance(outcome, FailedExchange) else outcome.body
    return tuple(filter(None, (data, exchange.request.body, body)))
