"""The index of a project: the facts of its files, kept in ``.bpmax/index`` and never stale.

A file is read again unless its size, times and inode are those of the last look, and its last
change is older than that look by more than a clock's step: Git's "racy" rule
(https://git-scm.com/docs/racy-git). What was read is kept by content, so that a branch that comes
back costs no reading. The kept file is only ever a shortcut: one that is damaged, of another
version or cannot be written changes nothing but the time it takes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

import bpmax_sim
from bpmax_sim.index.facts import LARGEST, FileFacts, read_facts
from bpmax_sim.index.recordings import read_recordings
from bpmax_sim.project import NAME, make_folder

_RACY: Final = 2_000_000_000
"""Nanoseconds within which two changes may have one time; FAT keeps times to two seconds."""
_FOLDERS: Final = ("scenarios", "cassettes")
_SUFFIXES: Final = (".yaml", ".yml", ".js", ".csv")
_MOST_KEPT: Final = 4
"""How many times as many contents are kept as there are files, for branches that come back."""


class FileStamp(msgspec.Struct, frozen=True, array_like=True):
    """What tells without reading it that a file is the one that was read."""

    size: int
    modified: int
    changed: int
    inode: int


class IndexedFile(msgspec.Struct, frozen=True, array_like=True):
    """A file as it was looked at: its stamp, and the digest of its content."""

    stamp: FileStamp
    digest: str


class StoredIndex(msgspec.Struct):
    """What lies on the disk.

    Attributes:
        edition: of the code that wrote it.
        looked: nanoseconds of the system's clock when the files were looked at.
    """

    edition: str
    looked: int
    files: dict[str, IndexedFile]
    facts: dict[str, FileFacts]


class ProjectIndex(msgspec.Struct, frozen=True):
    """The facts of every file of a project, by its path from the root.

    Attributes:
        root: of the project.
        read: how many files were read for it; the rest was known.
    """

    root: Path
    files: Mapping[str, FileFacts]
    read: int = 0


def load_index(root: Path, *, is_kept: bool = True) -> ProjectIndex:
    """Return the index of the project at *root*, brought up to date.

    Args:
        root: the project's folder.
        is_kept: use what lies in ``.bpmax``, and keep the result there; else read everything.
    """
    place = root / NAME / "index"
    kept = _read(place) if is_kept else None
    look = _Look(root, kept)
    look.visit(_project_files(root))
    if is_kept and look.is_news:
        _write(place, look.to_keep())
    facts = {path: look.facts[file.digest] for path, file in sorted(look.files.items())}
    return ProjectIndex(root, facts, look.read)


class _Look:
    """One look at the files of a project.

    Attributes:
        files: what was looked at.
        facts: what is known of contents, by their digest.
        read: how many files had to be read.
    """

    def __init__(self, root: Path, kept: StoredIndex | None) -> None:
        self._root = root
        self._kept = kept
        self._begin = time.time_ns()
        self.files: dict[str, IndexedFile] = {}
        self.facts: dict[str, FileFacts] = dict(kept.facts) if kept else {}
        self.read = 0

    @property
    def is_news(self) -> bool:
        return self._kept is None or self.read > 0 or self.files != self._kept.files

    def visit(self, paths: Iterable[str]) -> None:
        """Look at *paths*, and at the files that they lead to."""
        pending = list(paths)
        while pending:
            path = pending.pop()
            file = None if path in self.files else self._index_file(path)
            if file is not None:
                self.files[path] = file
                pending += referenced_files(self.facts[file.digest])

    def to_keep(self) -> StoredIndex:
        """Return what the next look can use: of other branches as much as is worth it."""
        current = {file.digest: self.facts[file.digest] for file in self.files.values()}
        others = [digest for digest in self.facts if digest not in current]
        room = len(current) * (_MOST_KEPT - 1)
        facts = {**{digest: self.facts[digest] for digest in others[-room:]}, **current}
        return StoredIndex(_code_digest(), self._begin, self.files, facts)

    def _index_file(self, path: str) -> IndexedFile | None:
        status = _stamp_of(self._root / path)
        last = self._kept.files.get(path) if self._kept else None
        if status is None:
            return None
        if last is not None and last.stamp == status and not self._is_racy(status):
            return last
        data = _read_content(self._root / path)
        if data is None:
            return None
        digest = hashlib.sha256(f"{path}\0".encode("utf-8", "surrogatepass") + data).hexdigest()
        if digest not in self.facts:
            self.facts[digest] = _facts_of(self._root, path, data)
            self.read += 1
        return IndexedFile(status, digest)

    def _is_racy(self, status: FileStamp) -> bool:
        """Return whether the file may have changed since without a trace in its stamp."""
        looked = self._kept.looked if self._kept else 0
        return max(status.modified, status.changed) > looked - _RACY


def referenced_files(facts: FileFacts) -> Iterator[str]:
    """Yield the files that others lead to: they may lie outside of the usual folders."""
    for fact in facts.facts:
        if fact.kind == "file" and fact.role in {"runs", "loads"} and fact.name.endswith(_SUFFIXES):
            yield fact.name


def _project_files(root: Path) -> Iterator[str]:
    for folder in _FOLDERS:
        pending = [os.fspath(root / folder)]
        while pending:
            try:
                entries = sorted(os.scandir(pending.pop()), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif entry.name.endswith(_SUFFIXES):
                    yield os.path.relpath(entry.path, root).replace(os.sep, "/")


def _stamp_of(path: Path) -> FileStamp | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - of thousands of files
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return FileStamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _read_content(path: Path) -> bytes | None:
    try:
        if path.stat().st_size > LARGEST:
            return b""
        return path.read_bytes()
    except OSError:
        return None


def _facts_of(root: Path, path: str, data: bytes) -> FileFacts:
    facts = read_facts(path, data)
    return read_recordings(root / path) if facts.kind == "cassette" else facts


@cache
def _code_digest() -> str:
    """Return what tells the code that reads files from any other, also between two versions."""
    package = Path(bpmax_sim.__file__).parent
    parts = [bpmax_sim.__version__]
    for module in sorted([*package.glob("index/*.py"), *package.glob("script_source/*.py")]):
        status = module.stat()
        parts.append(f"{module.name}:{status.st_size}:{status.st_mtime_ns}")
    return " ".join(parts)


_DECODER: Final = msgspec.msgpack.Decoder(StoredIndex)


def _read(place: Path) -> StoredIndex | None:
    try:
        kept = _DECODER.decode(place.read_bytes())
    except (OSError, msgspec.MsgspecError, ValueError):
        return None
    return kept if kept.edition == _code_digest() and _is_whole(kept) else None


def _is_whole(kept: StoredIndex) -> bool:
    return all(file.digest in kept.facts for file in kept.files.values())


def _write(place: Path, kept: StoredIndex) -> None:
    """Keep it, in one step; where that cannot be, the next look reads everything again."""
    with contextlib.suppress(OSError):
        make_folder(place)
        with tempfile.NamedTemporaryFile(
            dir=place.parent, prefix=".index.", suffix=".tmp", delete=False
        ) as file:
            file.write(msgspec.msgpack.encode(kept))
        try:
            os.replace(file.name, place)  # noqa: PTH105
        except OSError:
            os.unlink(file.name)  # noqa: PTH108
