"""Track the files from which something is loaded: readers of a file call `note_read`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from bpmax_sim.project import to_absolute_path

_READS: ContextVar[set[str] | None] = ContextVar("_READS", default=None)


@contextmanager
def record_reads() -> Iterator[set[str]]:
    """Yield a set that collects the absolute paths of files read inside the block."""
    paths: set[str] = set()
    token = _READS.set(paths)
    try:
        yield paths
    finally:
        _READS.reset(token)


def note_read(path: str | os.PathLike[str]) -> None:
    """Note that what is being loaded depends on the file *path*, even if its text was cached.

    Does nothing outside of a block that tracks reads.
    """
    if (paths := _READS.get()) is not None:
        paths.add(to_absolute_path(path))
