"""Sessions of one owner in one run are one recording: they append in their order, and play it so.

Those belong together that are open at the same time, and all that name the same `Run`.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.player import Playback
from bpmax_sim.cassette.recorder import Recorder
from bpmax_sim.clock import DrawnSequences, SeedParts
from bpmax_sim.secret.secret_names import VERSION
from bpmax_sim.secret.vault import Vault

Key = tuple[str, ...]
Seal = Callable[[bool], None]


@dataclass(slots=True, weakref_slot=True, eq=False)
class Shared:
    """The recording of one owner while sessions play or make it.

    Attributes:
        mode: in force for all of them: what the first one found decides.
        cassette: what the first one found; None where there was none.
        playback: what was played of it.
        recorder: what they record into, once one does.
        stamp: tells the file that was found from a later one.
        is_held: whether more sessions may come when the last one has closed.
        is_over: whether none comes any more, so that what was played can be judged.
        name: of its recorder, also in a forked child, where it records.
        drawn: what scripts draw; each session's seeds follow from it.
        has_drawn: whether any did.
        net: version of the net of names in force; an older recording keeps its own.
    """

    mode: str
    cassette: Cassette | None = None
    playback: Playback = field(default_factory=Playback)
    recorder: Recorder | None = None
    stamp: object = None
    is_held: bool = False
    is_over: bool = False
    name: str = ""
    drawn: DrawnSequences = DrawnSequences((0,))  # noqa: RUF009 - frozen
    has_drawn: bool = False
    net: int = VERSION
    lock: threading.Lock = field(default_factory=threading.Lock)
    _process: int = field(default_factory=os.getpid)
    _open: weakref.WeakSet[Seat] = field(default_factory=weakref.WeakSet)
    _secrets: Vault = field(default_factory=Vault)
    _failed: bool = False
    _seal: Seal | None = None

    @property
    def parent(self) -> int:
        """Return the process that opened it, in a forked child of that; else nothing."""
        return self._process if os.getpid() != self._process else 0

    @property
    def is_idle(self) -> bool:
        """Return whether all of its sessions are closed, or gone."""
        return not self._open

    def is_of(self, stamp: object) -> bool:
        """Return whether another session may join, *stamp* being that of the file now."""
        return not self.is_over and (self.mode == "record" or stamp == self.stamp)

    def seat(self) -> Seat:
        """Return the place of one more session."""
        seat = Seat(self, self.playback.next_session_number())
        self._open.add(seat)
        return seat

    def leave(self, seat: Seat, vault: Vault, seal: Seal, *, failed: bool) -> None:
        """Close a session; the last one seals the recording, set aside if one of them failed."""
        self._open.discard(seat)
        self._failed |= failed
        if self.mode == "record":
            self._secrets.absorb(vault)
        if self.is_held:
            self._seal = seal  # whoever holds it tells what failed
        elif self.is_idle:
            self._end(seal, failed=self._failed)

    def let_go(self, *, failed: bool) -> None:
        """Expect no more sessions; once all are closed, seal the recording.

        Raises:
            CassetteError: it could not be written.
        """
        self.is_held, self._failed = False, failed
        if self.is_idle:
            self._end(self._seal, failed=failed)

    def _end(self, seal: Seal | None, *, failed: bool) -> None:
        self.is_over, self._seal = True, None
        if self.recorder is not None and self.playback.sessions > 1:
            self.recorder.check_with(self._secrets.scan, lambda: self._secrets.size)
        if seal is not None:
            seal(failed)


@dataclass(slots=True, weakref_slot=True, eq=False)
class Seat:
    """The place of one session among those of its owner; it is open until it leaves, or is gone.

    Attributes:
        number: which session it is, from 1.
    """

    shared: Shared
    number: int

    def parts(self, sequence: int) -> SeedParts:
        """Return what a *sequence* of the session is drawn from: a script's, or 0 for the rest."""
        parts = self.shared.drawn.parts(self._named(sequence))
        return tuple((self._own(seed), end) for seed, end in parts)

    def drew(self, sequence: int, drawn: int) -> None:
        """Note how much of a *sequence* was drawn, so that the recording can draw the same."""
        shared = self.shared
        with shared.lock:
            shared.drawn = shared.drawn.with_draws(self._named(sequence), drawn)
            shared.has_drawn = True
            if shared.recorder is not None:
                shared.recorder.drawn = shared.drawn.without_unused_seed()

    def _named(self, sequence: int) -> str:
        return f"{self.number}.{sequence}" if self.number > 1 else str(sequence)

    def _own(self, seed: int) -> int:
        """Return the session's seed, which is the owner's for the first one."""
        if self.number == 1 or not seed:
            return seed
        return int.from_bytes(sha256(f"{seed}/{self.number}".encode()).digest()[:6]) or 1


class Run:
    """Sessions that belong together, of one owner or of several, though one opens after another.

    The recording of each owner is sealed when the run finishes.
    """

    _holds: ClassVar[bool] = True

    def __init__(self) -> None:
        """Start without any."""
        self._known: MutableMapping[Key, Shared] = {}
        self._lock = threading.RLock()

    def join(self, path: Path | None, kind: Key, begun: Callable[[], Shared]) -> Seat:
        """Return a place at the recording of an owner (in *kind*), *begun* by its first session.

        Raises:
            CassetteError: the cassette cannot be used.
        """
        if path is None:
            return begun().seat()
        key = (os.path.abspath(path), *kind)  # noqa: PTH100 - as files are named here
        with self._lock:
            for other, shared in list(self._known.items()):
                if other[:2] == key[:2] and other != key and shared.is_held and shared.is_idle:
                    del self._known[other]  # recorded before it is played, in the same run
                    shared.let_go(failed=False)
            known, stamp = self._known.get(key), _stamp(path)
            if known is None or not known.is_of(stamp):
                self._known[key] = known = begun()
                known.stamp, known.is_held = stamp, self._holds
            return known.seat()

    def finish(self, *, failed: bool) -> tuple[Shared, ...]:
        """Seal what was recorded, set aside if what the sessions belong to *failed*.

        Raises:
            CassetteError: a recording could not be written; the others were.
        """
        with self._lock:
            ended, self._known = list(self._known.values()), {}
        errors: list[Exception] = []
        for shared in ended:
            try:
                shared.let_go(failed=failed)
            except Exception as error:  # noqa: BLE001 - the others are sealed all the same
                errors.append(error)
        if errors:
            raise errors[0]
        return tuple(ended)


class _OpenSessions(Run):
    """The sessions that are open at the same time, in the whole process."""

    _holds = False  # each recording is over with its last session

    def __init__(self) -> None:
        super().__init__()
        self._known = weakref.WeakValueDictionary()


OPEN = _OpenSessions()
"""What a session belongs to that names no run."""


def _stamp(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino
