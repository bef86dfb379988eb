"""Files that survive a crash: whole replacement, durable appends, and locks that die with us."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_sync_data = getattr(os, "fdatasync", os.fsync)
_BINARY = getattr(os, "O_BINARY", 0)
_MOST_ZEROS = 64 * 1024
_held: set[int] = set()
_opening = threading.Lock()

if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 30  # a byte nobody reads or writes, since these locks are mandatory

    def _lock(descriptor: int, *, wait: bool) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)

    def _open_lock(folder: Path) -> int:
        return os.open(folder / ".lock.journal", os.O_CREAT | os.O_RDWR | _BINARY, 0o600)

    def _sync_folder(folder: Path) -> None:
        """Do nothing: Windows writes a folder's entries through."""
else:
    import fcntl

    def _lock(descriptor: int, *, wait: bool) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))

    def _open_lock(folder: Path) -> int:
        return os.open(folder, os.O_RDONLY)  # a folder can be locked, so no file is left behind

    def _sync_folder(folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep every other process and thread out of *folder*'s cassettes meanwhile."""
    descriptor = hold(lambda: _open_lock(folder))
    try:
        _lock(descriptor, wait=True)
        yield
    finally:
        let_go(descriptor)


def hold(opened: Callable[[], int]) -> int:
    """Return the descriptor that *opened* returns, which no forked child keeps.

    A lock belongs to the open file, which a child shares: it would outlive the process that took
    it for as long as the child lives.
    """
    with _opening:
        descriptor = opened()
        _held.add(descriptor)
    return descriptor


def let_go(descriptor: int) -> None:
    """Close what `hold` returned, and with it give up its lock."""
    with _opening:
        _held.discard(descriptor)
        os.close(descriptor)


def _in_child() -> None:
    for descriptor in _held:
        with suppress(OSError):
            os.close(descriptor)
    _held.clear()
    _opening.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_opening.acquire, after_in_parent=_opening.release, after_in_child=_in_child
    )


def try_lock(descriptor: int) -> bool:
    """Return whether the open file is now ours; it stays so until it is closed, or we die."""
    try:
        _lock(descriptor, wait=False)
    except OSError:
        return False
    return True


def create(path: Path) -> int:
    """Return the descriptor of a new, locked file that only its owner can read.

    Hold `locked` meanwhile, so that nobody takes it for left behind before it is locked.

    Raises:
        FileExistsError: if there is one.
        OSError: if it cannot be made or locked; then there is none.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY
    descriptor = hold(lambda: os.open(path, flags, 0o600))
    try:
        _lock(descriptor, wait=False)
        _sync_folder(path.parent)
    except OSError:
        path.unlink(missing_ok=True)
        let_go(descriptor)
        raise
    return descriptor


def rename(path: Path, target: Path) -> None:
    """Put *path* in the place of *target*, on the disk when this returns.

    Raises:
        OSError: if the folder cannot be written.
    """
    path.replace(target)
    _sync_folder(target.parent)


@contextmanager
def taken(path: Path) -> Iterator[bool]:
    """Lock the file at *path* meanwhile; False if another has it, or it is gone.

    Raises:
        OSError: if it cannot be opened.
    """
    try:
        descriptor = hold(lambda: os.open(path, os.O_RDWR | _BINARY))
    except FileNotFoundError:
        yield False
        return
    try:
        yield try_lock(descriptor) and _is_at(path, descriptor)
    finally:
        let_go(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    """Return whether the open file still is the one at *path*, and no other in its place."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


class Log:
    """A file of one writer, appended to so that nothing is lost.

    It has zeros at its end, into which the next data are written: where a file does not get
    longer, the disk has the data alone to write, in two thirds of the time.
    """

    def __init__(self, descriptor: int) -> None:
        """Append to the open file, which is empty and was opened with `hold`."""
        self._descriptor = descriptor
        self._end = self._size = 0

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
                self._size = self._grown()
            _sync_data(self._descriptor)
        except OSError:
            self._cut()
            raise
        self._end = end

    def close(self) -> None:
        """Leave what was appended and nothing more."""
        self._cut()
        let_go(self._descriptor)

    def _grown(self) -> int:
        """Return the length with zeros for as much as was there before, if they have room."""
        with suppress(OSError):
            _write(self._descriptor, bytes(min(self._end, _MOST_ZEROS)))
        return os.lseek(self._descriptor, 0, os.SEEK_CUR)

    def _cut(self) -> None:
        with suppress(OSError):
            os.ftruncate(self._descriptor, self._end)
        self._size = self._end


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def replace_whole(path: Path, data: bytes) -> None:
    """Make *data* the content of *path*, or leave the file as it was; hold `locked` meanwhile.

    Raises:
        OSError: if the disk is full or fails, or the folder cannot be written.
    """
    for stale in path.parent.glob(f".{_literal(path.name)}.*.tmp"):
        stale.unlink(missing_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode)
    try:
        try:
            _write(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _literal(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def siblings(path: Path, suffix: str) -> list[Path]:
    """Return the files named ``<path>.<anything><suffix>``, sorted."""
    return sorted(path.parent.glob(f"{_literal(path.name)}.*{suffix}"))
