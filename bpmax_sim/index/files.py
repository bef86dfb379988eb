"""The state of a project's files at one time, and the caches below ``.bpmax``.

A file is read again unless its size, times and inode are those of the last scan, and it was changed
longer before that scan than the resolution of file times: Git's "racy" rule
(https://git-scm.com/docs/racy-git). A cache only saves time: one that is damaged, of another
version or not writable is ignored.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import msgspec

import bpmax_sim
from bpmax_sim.file_system import move_file, to_slashes
from bpmax_sim.project import make_parent_folder

LARGEST: Final = 64 * 1024 * 1024
_RACY: Final = 2_000_000_000
"""Nanoseconds within which two changes may have one time; FAT keeps times to two seconds."""


_UNTIDY: Final = re.compile(rf"[{re.escape(os.sep)}/][./{re.escape(os.sep)}]|{os.altsep or '$^'}")
"""What a path has in it that is not as `os.path.abspath` writes it, or may be so."""


class FileStamp(msgspec.Struct, frozen=True, array_like=True):
    """Size, times and inode of a file: if they are unchanged, so is its content, probably.

    A file with the same stamp as in the last scan is not read again, unless it was written so
    shortly before that scan that a later change may have the same time (see
    `FileScan.is_stamp_reliable`).
    """

    size: int
    modified: int
    changed: int
    inode: int


class ScannedFile(msgspec.Struct, frozen=True, array_like=True):
    """A scanned file: its stamp, and the digest of its path and content."""

    stamp: FileStamp
    digest: bytes


class FileScan:
    """One scan of the files of a project, which reads only files that changed since the last scan.

    Attributes:
        root: project folder.
        files: path from the root -> scanned file; None if there is no file.
    """

    def __init__(self, root: Path, known: Mapping[str, ScannedFile]) -> None:
        """Start a scan; it trusts *known*, from `find_files_with_reliable_stamp`."""
        self.root = root
        self.files: dict[str, ScannedFile | None] = {}
        self._known = known
        self._place = f"{os.path.abspath(root)}{os.sep}"  # noqa: PTH100
        self._begin = time.time_ns()

    def to_index_name(self, path: str | os.PathLike[str]) -> str:
        """Return the name of *path* in the index: its path from the root, with ``/``."""
        whole = os.fspath(path)
        if not whole.startswith(self._place) or _UNTIDY.search(whole):
            whole = os.path.abspath(whole)  # noqa: PTH100
        if whole.startswith(self._place):
            return to_slashes(whole[len(self._place) :])
        with contextlib.suppress(ValueError):  # of another drive
            return to_slashes(os.path.relpath(whole, self._place))
        return whole

    def to_absolute_path(self, name: str) -> str:
        """Return the absolute path of the file that the index calls *name*."""
        return os.path.join(self._place, name)  # noqa: PTH118

    def get_file(self, name: str) -> ScannedFile | None:
        """Return stamp and digest of the file *name*; None if it is not a readable regular file."""
        try:
            return self.files[name]
        except KeyError:
            found = self.files[name] = self._scan_file(name)
            return found

    def get_digest(self, name: str) -> bytes:
        """Return the digest of file *name*; ``b""`` if it is not a file."""
        file = self.get_file(name)
        return file.digest if file is not None else b""

    def read(self, name: str) -> tuple[ScannedFile | None, bytes]:
        """Read the file *name*; return its stamp with the digest of its content, and the content.

        None and ``b""`` if it is not a readable regular file. The content of a file larger than
        `LARGEST` is empty, and its digest is that of the stamp.
        """
        file, data = None, b""
        absolute = self.to_absolute_path(name)
        with contextlib.suppress(OSError, ValueError), open(absolute, "rb") as stream:  # noqa: PTH123
            # Of the open file and before its content: if it is written or replaced meanwhile, the
            # stamp is the older one, and the next scan reads again. The other way round would keep
            # old content under a new stamp.
            status = os.fstat(stream.fileno())
            if stat.S_ISREG(status.st_mode):
                stamp = _stamp_from_status(status)
                is_small = stamp.size <= LARGEST
                data = stream.read() if is_small else b""
                # With its name, since facts depend on it: the kind of a file, and what relative
                # names in it mean. A name that is not UTF-8 has lone surrogates (PEP 383).
                named = f"{name}\0".encode("utf-8", "surrogatepass")
                told = named + (data if is_small else repr(stamp).encode())
                file = ScannedFile(stamp, hashlib.blake2b(told, digest_size=16).digest())
        self.files[name] = file
        return file, data

    def is_stamp_reliable(self, name: str) -> bool:
        """Return whether the file is so old that an equal stamp means equal content.

        A file that was written within the resolution of its time stamp may change without changing
        it. True for a file that does not exist: once it exists, its digest differs from ``b""``.
        """
        file = self.get_file(name)
        if file is None:
            # What exists and is no readable file (no permission, a broken link) may become one
            # without a new stamp of its own.
            return not os.path.lexists(self.to_absolute_path(name))
        # As in Git ("racily clean"): a second change within the clock's resolution keeps the stamp.
        return max(file.stamp.modified, file.stamp.changed) < self._begin - _RACY

    def find_files_with_reliable_stamp(self) -> dict[str, ScannedFile]:
        """Return the scanned files, by name, for which the next scan can trust an equal stamp.

        These were not written just before this scan began.
        """
        files = self.files.items()
        return {
            name: file for name, file in files if file is not None and self.is_stamp_reliable(name)
        }

    def _scan_file(self, name: str) -> ScannedFile | None:
        last = self._known.get(name)
        if last is not None:
            stamp = stamp_file(self.to_absolute_path(name))
            if stamp is None or last.stamp == stamp:
                return None if stamp is None else last
        return self.read(name)[0]


def stamp_file(path: str) -> FileStamp | None:
    """Return the stamp of the file at *path*; None if it does not exist."""
    try:
        status = os.stat(path)  # noqa: PTH116 - of thousands of files
    except (OSError, ValueError):
        return None
    return _stamp_from_status(status) if stat.S_ISREG(status.st_mode) else None


def _stamp_from_status(status: os.stat_result) -> FileStamp:
    # The change time as well: tools set the modification time back (`tar`, `cp -p`, `touch -r`),
    # and no program can set st_ctime. On Windows it is the time of creation.
    return FileStamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


@cache
def make_code_edition() -> str:
    """Return a text that changes with the code of this package.

    Caches contain it, so that no version of the package uses what another one wrote.
    """
    package = os.path.dirname(bpmax_sim.__file__)  # noqa: PTH120
    # More than the version, as the code of an editable installation changes without it.
    parts = [bpmax_sim.__version__, platform.python_version(), msgspec.__version__]
    parts += sorted(_stamp_python_files(package))
    return hashlib.blake2b(" ".join(parts).encode(), digest_size=16).hexdigest()


def _stamp_python_files(folder: str) -> Iterator[str]:
    """Yield path, size and time of each Python file below *folder*, as ``path:size:time``."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                status = entry.stat()
                yield f"{entry.path}:{status.st_size}:{status.st_mtime_ns}"
            elif "." not in entry.name and entry.is_dir() and entry.name != "__pycache__":
                yield from _stamp_python_files(entry.path)


class CacheContent(Protocol):
    """The content of a cache file: a struct with the edition of the code that wrote it.

    The edition is the result of `make_code_edition`; content of another edition is discarded.
    """

    edition: str


K = TypeVar("K", bound=CacheContent)


def read_cache(path: Path, decoder: msgspec.msgpack.Decoder[K], edition: str) -> K | None:
    """Return the content of the cache file *path*, or None if it is missing or damaged.

    None is also returned if its *edition* is another one, because other code wrote it.
    """
    try:
        kept = decoder.decode(path.read_bytes())
    except (OSError, msgspec.MsgspecError, ValueError):
        return None
    return kept if kept.edition == edition else None


def write_cache(path: Path, content: Any) -> None:
    """Replace the cache file *path* in one step.

    If that fails, nothing is raised: the next scan reads everything again.
    """
    with contextlib.suppress(OSError):
        make_parent_folder(path)
        # Processes run at the same time (workers, an editor, a watcher): a reader finds the old or
        # the new file whole, and the last writer wins. Nothing is lost, each cache can be made
        # anew.
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", suffix=".tmp", delete=False
        ) as file:
            file.write(msgspec.msgpack.encode(content))
        try:
            move_file(Path(file.name), path)
        except OSError:
            os.unlink(file.name)  # noqa: PTH108
