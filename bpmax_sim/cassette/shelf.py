"""Small cassettes that every session of a process opens, such as those of logins, kept read.

Each is read again once its file is another: every writer of ours puts a new file in its place.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.index import Index
from bpmax_sim.messages import Outcome

_MOST = 64
_LARGEST = 64 * 1024  # bytes
_kept: dict[str, tuple[object, Cassette]] = {}


class _Shelved(Cassette):
    """A cassette that keeps what it read; outcomes never change."""

    def __init__(self, path: Path, index: Index, read: Callable[[int, int], bytes]) -> None:
        super().__init__(path, index, read)
        self._outcomes: dict[int, Outcome] = {}

    def outcome(self, number: int) -> Outcome:
        if number not in self._outcomes:
            self._outcomes[number] = super().outcome(number)
        return self._outcomes[number]


def take(path: str) -> Cassette:
    """Return the cassette at *path*, which several sessions may play at the same time.

    Raises:
        FileNotFoundError: if there is none.
        CassetteError: if it cannot be used.
    """
    # pathlib would take five times as long
    place, status = os.path.join(os.getcwd(), path), os.stat(path)  # noqa: PTH109, PTH116, PTH118
    stamp = (path, status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev)
    known = _kept.get(place)
    if known is not None and known[0] == stamp:
        return known[1]
    cassette = _Shelved.load(path)
    if status.st_size <= _LARGEST:
        if len(_kept) >= _MOST:
            _kept.clear()
        _kept[place] = stamp, cassette
    return cassette
