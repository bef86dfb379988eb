"""Differences between Windows, macOS and Linux: locks, moves, flags, owners, separators, quotes.

No other module imports `fcntl` or `msvcrt`, or replaces a file (checked by `tests/structure`).
"""

from __future__ import annotations

import errno
import os
import re
import shlex
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

BINARY = getattr(os, "O_BINARY", 0)
"""Windows takes line ends for something to translate, and Ctrl+Z for an end, without it."""
NO_LINK = getattr(os, "O_NOFOLLOW", 0)
"""Opening fails if the path is a symbolic link, which could lead out of its folder."""
NO_WAIT = getattr(os, "O_NONBLOCK", 0)
"""Opening a named pipe does not wait for its writer, as it would do for ever without."""
CAN_REPLACE_OPEN_FILES = sys.platform != "win32"
sync_data = getattr(os, "fdatasync", os.fsync)
"""Wait until what was written is on the disk, the time of the change perhaps not."""

_BARE = re.compile(r"[\w./:@%+,=-]+")
_EXPANDED = re.compile(r'["\\$`!]')
"""Characters that mean something to a POSIX shell between double quotation marks."""


def shell_quote(text: str) -> str:
    """Return *text* as one word of a command that a person pastes into a shell of this system.

    Words of letters of any script stay as they are. Of quotation marks, cmd.exe knows double ones
    only, so these are preferred everywhere; in POSIX shells they do not take everything.
    """
    if _BARE.fullmatch(text):
        return text
    if sys.platform == "win32":
        # A program there reads \" as a quotation mark, and \\ as one backslash only before one.
        return '"' + re.sub(r'(\\*)("|$)', _double_backslashes, text) + '"'
    return shlex.quote(text) if _EXPANDED.search(text) else f'"{text}"'


def _double_backslashes(found: re.Match[str]) -> str:
    return 2 * found[1] + (r"\"" if found[2] else "")


_held: set[int] = set()
_opening = threading.Lock()

if sys.platform == "win32":
    import msvcrt

    _LOCK_OFFSET = 1 << 30  # a byte nobody reads or writes, since these locks are mandatory
    _RETRY_SECONDS = 0.01

    def lock_file(descriptor: int, *, wait: bool) -> None:
        """Lock the open file until it is closed, or this process ends.

        Raises:
            OSError: if another process has it and *wait* is false, or it cannot be locked.
        """
        os.lseek(descriptor, _LOCK_OFFSET, os.SEEK_SET)
        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            except OSError as error:
                if not wait or error.errno != errno.EACCES:
                    raise
                time.sleep(_RETRY_SECONDS)  # LK_LOCK looks once a second and gives up after ten
            else:
                return

    def move_file(path: Path, target: Path) -> None:
        """Move *path* to *target* in one step, replacing an existing file.

        Raises:
            OSError: if that fails, or a process has the target open for longer than two seconds.
        """
        for _ in range(200):  # who reads the target, or looks for viruses in it, soon lets go
            with suppress(PermissionError):
                path.replace(target)
                return
            time.sleep(_RETRY_SECONDS)
        path.replace(target)

    def _open_lock(folder: Path) -> int:
        return os.open(folder / ".lock.journal", os.O_CREAT | os.O_RDWR | BINARY, 0o600)

    def sync_folder(folder: Path) -> None:
        """Do nothing: Windows writes a folder's entries through."""

    def find_user() -> int | None:
        """Return None: files have no owner by number."""
else:
    import fcntl

    def lock_file(descriptor: int, *, wait: bool) -> None:
        """Lock the open file until it is closed, or this process ends.

        Raises:
            OSError: if another process has it and *wait* is false, or it cannot be locked.
        """
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))

    def move_file(path: Path, target: Path) -> None:
        """Move *path* to *target* in one step, replacing an existing file.

        Raises:
            OSError: if that fails.
        """
        path.replace(target)

    def _open_lock(folder: Path) -> int:
        return os.open(folder, os.O_RDONLY)  # a folder can be locked, so no file is left behind

    def sync_folder(folder: Path) -> None:
        """Wait until the entries of *folder* are on the disk."""
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def find_user() -> int | None:
        """Return the numeric id of the user who owns the files that this process creates."""
        return os.getuid()


def to_slashes(path: str) -> str:
    """Return *path* with ``/`` as separator, as in files and messages on every system."""
    return path.replace(os.sep, "/")


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold an exclusive lock on *folder*, against other processes and threads."""
    descriptor = open_fork_safe(lambda: _open_lock(folder))
    try:
        lock_file(descriptor, wait=True)
        yield
    finally:
        close_and_unlock(descriptor)


def open_fork_safe(open_descriptor: Callable[[], int]) -> int:
    """Return the descriptor that *open_descriptor* returns, and close it in every forked child.

    A file lock belongs to the open file description, which a forked child shares: without this, the
    lock would outlive the process that took it for as long as the child runs.
    """
    with _opening:  # held over each fork too, so no child can come between these two lines
        descriptor = open_descriptor()
        _held.add(descriptor)
    return descriptor


def close_and_unlock(descriptor: int) -> None:
    """Close *descriptor*, which `open_fork_safe` returned; that also releases its lock."""
    with _opening:
        _held.discard(descriptor)
        os.close(descriptor)


def _close_descriptors_in_forked_child() -> None:
    for descriptor in _held:
        with suppress(OSError):
            os.close(descriptor)
    _held.clear()
    _opening.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_opening.acquire,
        after_in_parent=_opening.release,
        after_in_child=_close_descriptors_in_forked_child,
    )


def try_lock(descriptor: int) -> bool:
    """Lock the open file without waiting; return whether that succeeded.

    The lock lasts until the file is closed or the process ends.
    """
    try:
        lock_file(descriptor, wait=False)
    except OSError:
        return False
    return True
