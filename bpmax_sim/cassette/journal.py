"""Write-ahead journal: every exchange is on disk before the caller sees its response.

There is one journal file per recording process. Each record carries its length and checksum, so a
journal left by a crash is read up to the first torn record or up to the padding zeros at the end.
The file stays locked while its recorder lives; one that can be locked is abandoned. Journals are
created, replaced and recovered only while the folder lock is held, so no other process ever sees
one unlocked while its recorder lives. A forked child never writes into its parent's journal. An
exchange that contains a known secret is written as a stub without its content.

The life of a journal, and who may touch it in each state::

    created, locked ──▶ appended, rewritten ──▶ sealed ──▶ deleted     by its recorder
                              │
                              └─ the process dies: the lock goes, so it is abandoned
                                     ├─ of a forked child: collected when the parent seals
                                     └─ else: `recover` merges it into the cassette, or beside it

A journal is deleted only after the cassette with its exchanges is on disk. A crash between these
two steps leaves exchanges in both places; merging the same ones again changes nothing.
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

from bpmax_sim.cassette.format import CODINGS, replace_failure
from bpmax_sim.cassette.model import Entry, IndexLine
from bpmax_sim.cassette.reader import decode_quoted, read_exchange
from bpmax_sim.errors import NewerFormat
from bpmax_sim.file_system import (
    BINARY,
    close_and_unlock,
    lock_file,
    lock_folder,
    move_file,
    open_fork_safe,
    sync_data,
    sync_folder,
    try_lock,
)
from bpmax_sim.i18n import encode_as_english, join_list, msg
from bpmax_sim.messages import Exchange, FailedExchange
from bpmax_sim.secret.decode import HarmlessParts
from bpmax_sim.secret.scan import decode_and_join_inner_layers

_READ_WRITE = os.O_RDWR | BINARY
_MOST_ZEROS = 64 * 1024


def create_locked(path: Path) -> int:
    """Create a locked file that only its owner may read, and return its descriptor.

    Hold `lock_folder` during the call; otherwise another process could find the file before it is
    locked, and treat it as left by a dead process.

    Raises:
        FileExistsError: if the file exists.
        OSError: if it cannot be created or locked; then no file is left.
    """
    descriptor = open_fork_safe(partial(os.open, path, _READ_WRITE | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        lock_file(descriptor, wait=False)
        sync_folder(path.parent)
    except OSError:
        close_and_unlock(descriptor)  # Windows deletes nothing that is open
        path.unlink(missing_ok=True)
        raise
    return descriptor


class JournalWriter:
    """Appends records durably to a file that has a single writer.

    The file is padded with zeros ahead of the data. A write into existing bytes does not change the
    file's size, so ``fdatasync`` has no metadata to write and takes about a third less time.
    """

    def __init__(self, descriptor: int) -> None:
        """Append to the open file, which was opened with `open_fork_safe`."""
        self._descriptor = descriptor
        self._end = self._size = os.fstat(descriptor).st_size

    def append(self, data: bytes) -> None:
        """Write *data* and wait until it is on disk; on failure none of it remains in the file.

        Raises:
            OSError: if the disk is full or fails.
        """
        end = self._end + len(data)
        try:
            os.lseek(self._descriptor, self._end, os.SEEK_SET)
            _write_bytes(self._descriptor, data)
            if end > self._size:
                with suppress(OSError):  # zeros for as much as was there, if they have room
                    _write_bytes(self._descriptor, bytes(min(self._end, _MOST_ZEROS)))
                self._size = os.lseek(self._descriptor, 0, os.SEEK_CUR)
            sync_data(self._descriptor)
        except OSError:
            # What arrived of the record goes, and the padding with it: the next record has to
            # follow the last complete one.
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._end)
            self._size = self._end
            raise
        self._end = end

    def close(self) -> None:
        """Close the file and cut off the padding."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with suppress(OSError):
                os.ftruncate(descriptor, self._end)
            close_and_unlock(descriptor)


def _write_bytes(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def replace_file(path: Path, data: bytes) -> None:
    """Replace the content of *path* by *data* atomically. The caller holds `lock_folder`.

    Its permissions stay. A new file gets those that the umask allows.

    Raises:
        OSError: if the disk is full or fails, or the folder is not writable; the file is unchanged.
    """
    # Write a copy, sync it, rename it over the file, sync the folder: whenever the machine stops,
    # the old content is there or the new one. Copies of writers that died are removed first.
    for stale in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        stale.unlink(missing_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    mode = path.stat().st_mode & 0o777 if path.exists() else None
    created = 0o666 if mode is None else mode
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, created)
    try:
        try:
            _write_bytes(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if mode is not None:
            temporary.chmod(mode)  # the umask may have taken the group's rights away
        move_file(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def list_files_named_after(path: Path, suffix: str) -> list[Path]:
    """Return the files named ``<path>.<anything><suffix>``, those of one process as they began."""
    found = path.parent.glob(f"{glob.escape(path.name)}.*{suffix}")
    return sorted(found, key=lambda file: (len(file.name), file.name))  # 9 is before 10


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
    """A recorded exchange in the journal, not yet written into the cassette.

    ``n`` and ``sha`` of its index line are set when it is written there. The text is empty if a
    secret was found in it.

    Attributes:
        issue: number of the call and of the attempt; exchanges are sorted by it.
        adding: whether older exchanges of the owner (scenario, row or test) are kept.
        leaks: places where secrets were found, without values.
        branch: name of the recorder that this one was forked from, and which collects its
            exchanges.
        parent: process id of that recorder.
        piece: part of a response body that is still arriving. The first record of such an exchange
            has the text of a failed exchange, the following ones have none.
        format: version of the record format.
    """

    issue: tuple[int, int] = (0, 0)
    adding: bool = False
    leaks: tuple[str, ...] = ()
    branch: str = ""
    parent: int = 0
    piece: bytes | None = None
    format: int = _FORMAT

    def with_complete_entry(self, entry: Entry) -> Self:
        """Return this exchange with *entry* as its whole text, not a piece of an arriving body."""
        return msgspec.structs.replace(self, line=entry.line, text=entry.text, piece=None)

    @property
    def has_live_parent_process(self) -> bool:
        """Return whether the process that forked the writer is alive and will collect this."""
        if not self.parent:
            return False  # as everywhere on Windows, where this would end a process
        try:
            os.kill(self.parent, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass  # another user's
        return True


_encode = msgspec.json.Encoder(enc_hook=encode_as_english).encode
_decode = msgspec.json.Decoder(PendingExchange).decode


class Journal:
    """The open journal of one recorder.

    Exchanges that are safe on disk, but not in the cassette yet.

    It is a file beside the cassette. If the process dies, `recover` writes them into the cassette.

    Attributes:
        path: the file; it is readable by its owner only, and Git ignores it.
    """

    def __init__(self, cassette: Path) -> None:
        """Create and lock the journal of this process for *cassette*.

        Raises:
            OSError: if the folder is not writable or does not support locks.
        """
        cassette.parent.mkdir(parents=True, exist_ok=True)
        with lock_folder(cassette.parent):
            for serial in _serials:
                self.path = cassette.with_name(f"{cassette.name}.{os.getpid()}-{serial}{SUFFIX}")
                with suppress(FileExistsError):  # left behind by a process that had our number
                    self._log = JournalWriter(create_locked(self.path))
                    return

    def append(self, draft: PendingExchange) -> None:
        """Append *draft* and wait until it is on disk; on failure the journal is unchanged.

        Raises:
            OSError: if the disk is full or fails.
        """
        self._log.append(encode_record(draft))

    def rewrite(self, drafts: Iterable[PendingExchange]) -> None:
        """Replace all records of the journal by *drafts*.

        Raises:
            OSError: if the disk is full or fails; the journal is unchanged.
        """
        with lock_folder(self.path.parent):
            fresh = self.path.with_suffix(_REWRITING)
            log = JournalWriter(create_locked(fresh))
            try:
                try:
                    log.append(b"".join(map(encode_record, drafts)))
                finally:
                    log.close()  # Windows renames neither what is open nor over it
                self._log.close()
                try:
                    move_file(fresh, self.path)
                    sync_folder(self.path.parent)
                finally:
                    self._reopen_file()
            except OSError:
                fresh.unlink(missing_ok=True)
                raise

    def _reopen_file(self) -> None:
        descriptor = open_fork_safe(partial(os.open, self.path, _READ_WRITE))
        self._log = JournalWriter(descriptor)
        try:
            lock_file(descriptor, wait=False)
        except OSError:
            self._log.close()  # nothing is added to what somebody else may take
            raise

    def close(self) -> None:
        """Close the file but leave it in place, so that `recover` finds its exchanges."""
        self._log.close()

    def remove(self) -> None:
        """Delete the file, because its exchanges are in the cassette now or were discarded."""
        try:
            with lock_folder(self.path.parent):  # or somebody finds it between closed and deleted
                self.close()
                self.path.unlink(missing_ok=True)
        except FileNotFoundError:
            self.close()  # the folder is gone


def encode_record(draft: PendingExchange) -> bytes:
    """Return *draft* as a journal record: a line with length and checksum, then the data."""
    data = _encode(draft)
    return _FRAME % (len(data), zlib.crc32(data)) + data + b"\n"


def read_journal(path: Path) -> tuple[PendingExchange, ...]:
    """Return the complete records of a journal; torn or damaged ones are skipped.

    A record is a line with its length and CRC-32, that many bytes, and a line feed. The last record
    is torn if the process died while writing it, and padding zeros may follow (`JournalWriter`). A
    record that is complete but cannot be decoded was written by another version. It is an error,
    because writing only the other records into the cassette would silently lose this one.

    Raises:
        NewerFormat: if a complete record is not of this version.
    """
    data, drafts = path.read_bytes(), []
    at = number = 0
    while at < len(data):
        number += 1
        head = data[at : at + _FRAME_LENGTH]
        record = _read_record(head, data, at + _FRAME_LENGTH)
        draft = _decode_record(record) if record is not None else None
        is_frame = _IS_FRAME(head) or _IS_TORN(head.rstrip(b"\0"))
        # A record that begins like none is taken for damage, and skipped, but not the first one: a
        # whole file without records of this version has another format, and must not count as
        # empty.
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
    """Yield the exchanges of journal *records*, with bodies that arrived in pieces joined.

    An exchange whose last piece is missing is yielded as failed, with the part that was received.
    """
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
            whole = replace_failure(first, msgspec.structs.replace(failed, received=received))
            yield first.with_complete_entry(whole)
        elif first.text or first.leaks:
            yield msgspec.structs.replace(first, piece=None)


def _read_record(header: bytes, data: bytes, start: int) -> bytes | None:
    """Return the bytes of the journal record that begins at *start* in *data*.

    *header* is the line before it, with its length and checksum. None if these do not fit.
    """
    if not _IS_FRAME(header):
        return None
    length, checksum = (int(part, 16) for part in header.split())
    record = data[start : start + length]
    return record if len(record) == length and zlib.crc32(record) == checksum else None


def _decode_record(record: bytes) -> PendingExchange | None:
    try:
        draft = _decode(record)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return draft if draft.format in {_FORMAT, FORMAT_OF_PIECES} else None


def lock_abandoned_journals(cassette: Path) -> Iterator[Path]:
    """Yield the journals of *cassette* whose process died, each locked until the next is taken.

    The caller holds `lock_folder`. Unfinished rewrites of journals are deleted.
    """
    for path in list_files_named_after(cassette, _REWRITING):
        path.unlink(missing_ok=True)
    for path in list_files_named_after(cassette, SUFFIX):
        with suppress(FileNotFoundError):
            descriptor = open_fork_safe(partial(os.open, path, _READ_WRITE))
            # A living writer holds the lock of its journal until it ends, and the system gives the
            # lock up when it dies: so the lock, and not a process id, which may be used again,
            # tells the dead from the living. The file may have been replaced after it was opened.
            try:
                if try_lock(descriptor) and os.path.samestat(os.fstat(descriptor), path.stat()):
                    yield path
            finally:
                close_and_unlock(descriptor)


def has_journals(folder: Path) -> bool:
    """Return whether a cassette anywhere in *folder* has a journal."""
    return any(_OF_PROCESS.search(path.name) for path in folder.rglob(f"*{SUFFIX}"))


def find_abandoned_journals(cassette: Path) -> tuple[Path, ...]:
    """Return the journals of *cassette* whose process died.

    None if the cassette's folder is not accessible.
    """
    try:
        if cassette.name not in _list_cassettes_with_journals(os.path.dirname(cassette)):  # noqa: PTH120 - faster
            return ()
        with lock_folder(cassette.parent):
            return tuple(lock_abandoned_journals(cassette))
    except OSError:
        return ()  # there is no folder, or it is another's


def find_live_journals(cassette: Path) -> list[tuple[Path, int]]:
    """Return each journal that a running process will write into *cassette*, and its process id.

    It is the process that writes the journal, or the one that the writer was forked from.
    """
    if not list_files_named_after(cassette, SUFFIX):
        return []
    with lock_folder(cassette.parent):
        parents = {}
        for path in lock_abandoned_journals(cassette):
            drafts = read_journal(path)
            parents[path] = drafts[0].parent if drafts and drafts[0].has_live_parent_process else 0
        owners = (
            (path, _OF_PROCESS.search(path.name))
            for path in list_files_named_after(cassette, SUFFIX)
        )
        writers = {path: int(owner[1]) for path, owner in owners if owner}
    return sorted((path, pid) for path, pid in (writers | parents).items() if pid)


_listed: dict[str, tuple[int, frozenset[str]]] = {}


def _list_cassettes_with_journals(folder: str) -> frozenset[str]:
    """Return the names of cassettes in *folder* that have journals.

    Cached by the folder's mtime.
    """
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


def scan_nothing(_data: bytes) -> tuple[object, ...]:
    """Return no findings: the default of *scan* parameters, where no secret is known."""
    return ()


def stub_if_leaking(draft: PendingExchange, scan: Scan) -> PendingExchange:
    """Return *draft*, or a copy without its content if *scan* finds a secret in it.

    The copy says where, so that the recording fails with that message and no secret is on disk.
    """
    if draft.leaks:
        return draft
    findings = [finding for part in collect_scannable_parts(draft) for finding in scan(part)]
    if not findings:
        return draft
    address = "" if draft.line.call else _find_harmless_address(draft.text, scan)
    leaks = tuple(_summarise(findings))
    if address:
        leaks = (f"{address} ({join_list(leaks)})",)
    # The index line is on disk too, and these fields of it hold texts of the exchange.
    blank: dict[str, Any] = {"base": "", "injected": (), "encoding": {}, "extra": {}, "values": {}}
    line = msgspec.structs.replace(draft.line, **blank)
    return msgspec.structs.replace(draft, line=line, text="", leaks=leaks)


def _summarise(findings: Sequence[object]) -> Iterator[str]:
    """Yield the plainest of *findings* for each credential, and how many others there are.

    A secret inside of JSON is found on its own, in the JSON, and again in what encodes that.
    """
    places: dict[str, list[tuple[int, str]]] = {}
    for finding in findings:
        name = getattr(finding, "name", str(finding)).partition(" (")[0]
        depth = len(getattr(finding, "within", ()))
        places.setdefault(name, []).append((depth, str(finding)))
    for found in places.values():
        texts = list(dict.fromkeys(text for _, text in sorted(found, key=lambda one: one[0])))
        rest = len(texts) - 1
        yield msg("{place} and {rest} more", place=texts[0], rest=rest) if rest else texts[0]


def _find_harmless_address(text: str, scan: Scan) -> str:
    """Return method and address in the *text* of an exchange whose API is not known.

    The query is left out; "" if *scan* finds a secret in the address.
    """
    found = _ADDRESS.search(text)
    if found is None:
        return ""
    address = f"{found['method']} {found['uri']}"
    return "" if scan(address.encode()) else address


_ADDRESS = re.compile(r"^ +method: (?P<method>\S+)\n +uri: \"?(?P<uri>[^\s\"?]+)", re.MULTILINE)


@dataclass(eq=False, slots=True)
class LeakCheck:
    """Searches exchanges for secrets, and again only if more secrets have become known since.

    It may be called from any thread.

    Attributes:
        scan: returns the findings in some bytes.
        known: returns how many secrets *scan* looks for, a number that never decreases. If it is
            None, every call scans again.
        harmless: returns the set of texts that *scan* has already cleared.
    """

    scan: Scan
    known: Callable[[], int] | None = None
    harmless: Callable[[], HarmlessParts] = HarmlessParts
    _passed: dict[int, tuple[PendingExchange, int]] = field(default_factory=dict, init=False)
    _undone: dict[int, tuple[PendingExchange, bytes]] = field(default_factory=dict, init=False)

    def __call__(self, draft: PendingExchange, source: Exchange | None = None) -> PendingExchange:
        """Return *draft*, or a stub of it if it contains a secret.

        *source* is the exchange that *draft* was rendered from; with it, bodies need not be parsed
        again.
        """
        if self.known is None:
            return stub_if_leaking(draft, self.scan)
        known = self.known()  # first, as more may become known meanwhile
        passed = self._passed.get(id(draft))  # which is held there, so that no other has its id
        if passed is not None and passed[1] == known:
            return draft
        places = self._scan_uncleared_parts(draft, source)
        if places is draft:
            self._passed[id(draft)] = draft, known
        return places

    def _scan_uncleared_parts(
        self, draft: PendingExchange, source: Exchange | None
    ) -> PendingExchange:
        """Return *draft*, or a stub of it if one of its parts contains a secret.

        Only parts are scanned that redaction has not cleared already. *source* is the exchange that
        *draft* was rendered from, if known: then its bodies need not be parsed again.
        """
        harmless, parts = self.harmless(), split_values_and_heads(draft, source)
        if parts is None:
            return stub_if_leaking(draft, self.scan)
        heads = harmless.find_unknown_parts(parts[1])
        lines = (line for head in heads for line in head.split(b"\n"))
        # the name and the value of a header, or a line with more or less as it is
        split = (line.split(b'"') if line.count(b'"') == _QUOTES else [line] for line in lines)
        pieces = chain.from_iterable(split)
        others = harmless.find_unknown_parts([*parts[0], *pieces])
        if others:
            places = stub_if_leaking(draft, self.scan)
            if places is not draft:
                return places
        if heads or others:
            harmless.add([*heads, *others])
        return draft

    def may_contain(self, draft: PendingExchange, texts: Sequence[str]) -> bool:
        """Return whether *draft* may contain one of the secrets *texts*, plain or encoded.

        True is also returned where the decoded content was too large to keep.
        """
        cached = self._undone.get(id(draft))
        if cached is None:
            parts = collect_scannable_parts(draft)
            inner = [decode_and_join_inner_layers(part, _REMEMBERED) for part in parts]
            data = b"" if None in inner else b"\n".join([*parts, *filter(None, inner)])
            cached = self._undone[id(draft)] = draft, data
        if not cached[1] or any(text in draft.text for text in texts):
            return True
        return any(
            needle in cached[1] for text in texts for needle in _encode_in_likely_charsets(text)
        )

    def forget_results(self, drafts: Iterable[PendingExchange]) -> None:
        """Drop the cached results for *drafts*, which will not be scanned again."""
        for draft in drafts:
            self._passed.pop(id(draft), None)
            self._undone.pop(id(draft), None)


def _encode_in_likely_charsets(text: str) -> Iterator[bytes]:
    """Yield *text* as bytes in the encodings in which a body may contain it.

    These are UTF-8, UTF-16 and GB 18030, where the text can be encoded.
    """
    for codec in ("utf-8", "utf-16-le", "utf-16-be", "gb18030"):
        with suppress(UnicodeEncodeError):
            yield text.encode(codec).strip(b"\0")  # of ASCII, what both orders of bytes have


_RESPONSE = "\n  response:\n"
_BODIES = ("\n    body: ", "\n    body:\n      string: ")  # of a request and a response
_BLOCK = re.compile(r"\|([-+])\n( +)")
_NO_BODY = ("null", '""', '""\n')  # the response is the end of the text
_QUOTES = 2  # of a line with one value
_SAYS_NOTHING: dict[str, Any] = {"key": "", "n": 0, "at": "", "ms": 0, "session": 0, "seed": 0}


def split_values_and_heads(
    entry: Entry, source: Exchange | None = None
) -> tuple[list[bytes], list[bytes]] | None:
    """Split *entry* into values (bodies, index line, URL) and heads (the text before each body).

    Each part is scanned only if it was not seen before: heads are often equal. None is returned for
    failures and for bodies that are not a plain YAML block, whose whole text has to be scanned. If
    *source*, the exchange that *entry* was rendered from, is passed, its bodies are used as they
    are rather than parsed from the text.
    """
    request, mark, response = entry.text.partition(_RESPONSE)
    if not mark:
        return None
    bodies = _get_bodies_stored_unchanged(entry.line, source)
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


def _get_bodies_stored_unchanged(line: IndexLine, source: Exchange | None) -> tuple[bytes, bytes]:
    """Return the bodies of request and response in *source*.

    They are empty if the cassette stores them in another encoding: then these bytes do not occur in
    the text of the file, which is what has to be scanned.
    """
    is_reencoded = line.sent_in or not line.encoding.keys() <= set(CODINGS)
    if source is None or is_reencoded or isinstance(source.outcome, FailedExchange):
        return b"", b""
    return source.request.body or b"", source.outcome.body


def collect_scannable_parts(entry: Entry) -> tuple[bytes, ...]:
    """Return all bytes of *entry* in which secrets have to be searched for.

    These are its text without the line breaks of the layout, and bodies that are stored as binary.

    Line breaks are kept outside bodies, so that the ends of two unrelated lines are not joined into
    what looks like base64. The matching key is left out: it is a digest of the rest.
    """
    line = entry.line
    if _DIGEST.fullmatch(line.key):
        line = msgspec.structs.replace(line, key="")
    # A URI stands there without quotes. This one ends it: else its last segment and the word
    # ``headers`` would look like base64 that goes on in the next line.
    laid_out = _BODY.sub(b"", entry.text.encode()).replace(_NAMES, b'"' + _NAMES)
    data = _INDENT.sub(b"\n", laid_out) + _encode(line)
    if _BINARY_SCALAR not in entry.text and not _QUOTED_LINE.search(entry.text):
        return (data,)
    exchange = read_exchange(entry)
    outcome = exchange.outcome
    body = outcome.received if isinstance(outcome, FailedExchange) else outcome.body
    return tuple(filter(None, (data, exchange.request.body, body)))
