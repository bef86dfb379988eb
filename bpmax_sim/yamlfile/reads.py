"""Which files something is made of: whoever reads one while it is loaded says so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from bpmax_sim.project import absolute_path

_READS: ContextVar[set[str] | None] = ContextVar("_READS", default=None)


@contextmanager
def record_reads() -> Iterator[set[str]]:
    """Give the absolute paths of the files that are read within it, as `note_read` is told."""
    paths: set[str] = set()
    token = _READS.set(paths)
    try:
        yield paths
    finally:
        _READS.reset(token)


def note_read(path: str | os.PathLike[str]) -> None:
    """Note that what is loaded depends on the file *path*, also where its text was cached."""
    if (paths := _READS.get()) is not None:
        paths.add(absolute_path(path))
