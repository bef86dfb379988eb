"""Sessions of one owner in one run are one recording: they append in their order, and replay it so.

Those belong together that are open at the same time, and all that name the same `RunRecordings`.
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
from bpmax_sim.cassette.player import OwnerPlayback
from bpmax_sim.cassette.recorder import Recorder
from bpmax_sim.clock import DrawnSequences, SeedParts
from bpmax_sim.errors import ConfigError
from bpmax_sim.secret.secret_names import VERSION
from bpmax_sim.secret.vault import Vault

Key = tuple[str, ...]
Seal = Callable[[bool], None]


@dataclass(slots=True, weakref_slot=True, eq=False)
class SharedRecording:
    """The recording of one owner while sessions play or make it.

    Attributes:
        mode: in force for all of them: what the first one found decides.
        cassette: what the first one found; None where there was none.
        playback: what was played of it.
        recorder: what they record into, once one does.
        stamp: tells the file that was found from a later one.
        is_kept_open: whether more sessions may come when the last one has closed.
        is_over: whether none comes any more, so that what was played can be judged.
        name: of its recorder, also in a forked child, where it records.
        drawn: what scripts draw; each session's seeds follow from it.
        has_drawn: whether any did.
        net: version of the net of names in force; an older recording keeps its own.
        owner: in whose name the cassette holds what is played; another one than that of the
            sessions where that was renamed since.
        former: that other name, where what is recorded now replaces it.
    """

    mode: str
    cassette: Cassette | None = None
    playback: OwnerPlayback = field(default_factory=OwnerPlayback)
    recorder: Recorder | None = None
    stamp: object = None
    is_kept_open: bool = False
    is_over: bool = False
    name: str = ""
    drawn: DrawnSequences = DrawnSequences((0,))  # noqa: RUF009 - frozen
    has_drawn: bool = False
    net: int = VERSION
    owner: str = ""
    former: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    _process: int = field(default_factory=os.getpid)
    _open: weakref.WeakSet[OwnerSession] = field(default_factory=weakref.WeakSet)
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

    def accepts(self, stamp: object) -> bool:
        """Return whether another session may join, *stamp* being that of the file now."""
        return not self.is_over and (self.mode == "record" or stamp == self.stamp)

    def open_session(self) -> OwnerSession:
        """Open one more session."""
        session = OwnerSession(self, self.playback.next_session_number())
        self._open.add(session)
        return session

    def close_session(
        self, session: OwnerSession, vault: Vault, seal: Seal, *, failed: bool
    ) -> None:
        """Close a session; the last one seals the recording, set aside if one of them failed."""
        self._open.discard(session)
        self._failed |= failed
        if self.mode == "record":
            self._secrets.absorb(vault)
        if self.is_kept_open:
            self._seal = seal  # whoever holds it tells what failed
        elif self.is_idle:
            self._end(seal, failed=self._failed)

    def release(self, *, failed: bool) -> None:
        """Expect no more sessions; once all are closed, seal the recording.

        Raises:
            CassetteError: it could not be written.
        """
        self.is_kept_open, self._failed = False, failed
        if self.is_idle:
            self._end(self._seal, failed=failed)

    def _end(self, seal: Seal | None, *, failed: bool) -> None:
        self.is_over, self._seal = True, None
        if self.recorder is not None and self.playback.sessions > 1:
            self.recorder.check_with(self._secrets.scan, lambda: self._secrets.size)
        if seal is not None:
            seal(failed)


@dataclass(slots=True, weakref_slot=True, eq=False)
class OwnerSession:
    """One session of an owner; it is open until it is closed, or garbage.

    Attributes:
        number: which session it is, from 1.
        is_closed: whether it neither calls nor records any more.
    """

    recording: SharedRecording
    number: int
    is_closed: bool = False

    def refuse_closed(self) -> None:
        """Raise if the session is closed.

        Raises:
            ConfigError: it is.
        """
        if self.is_closed:
            raise ConfigError(
                "the session is closed, so it neither calls nor records any more; use it "
                "inside its `with` block, or open another one"
            )

    def seed_parts(self, sequence: int) -> SeedParts:
        """Return what a *sequence* of the session is drawn from: a script's, or 0 for the rest."""
        parts = self.recording.drawn.parts(self._sequence_name(sequence))
        return tuple((self._own_seed(seed), end) for seed, end in parts)

    def note_draw(self, sequence: int, drawn: int) -> None:
        """Note how much of a *sequence* was drawn, so that the recording can draw the same."""
        recording = self.recording
        with recording.lock:
            recording.drawn = recording.drawn.with_draws(self._sequence_name(sequence), drawn)
            recording.has_drawn = True
            if recording.recorder is not None:
                recording.recorder.drawn = recording.drawn.without_unused_seed()

    def _sequence_name(self, sequence: int) -> str:
        return f"{self.number}.{sequence}" if self.number > 1 else str(sequence)

    def _own_seed(self, seed: int) -> int:
        """Return the session's seed, which is the owner's for the first one."""
        if self.number == 1 or not seed:
            return seed
        return int.from_bytes(sha256(f"{seed}/{self.number}".encode()).digest()[:6]) or 1


class RunRecordings:
    """Sessions that belong together, of one owner or of several, though one opens after another.

    The recording of each owner is sealed when the run finishes.
    """

    _keeps_open: ClassVar[bool] = True

    def __init__(self) -> None:
        """Start without any."""
        self._known: MutableMapping[Key, SharedRecording] = {}
        self._lock = threading.RLock()

    def join(
        self, path: Path | None, kind: Key, open_recording: Callable[[], SharedRecording]
    ) -> OwnerSession:
        """Return one more session of an owner (in *kind*); its first one opens the recording.

        Raises:
            CassetteError: the cassette cannot be used.
        """
        if path is None:
            return open_recording().open_session()
        key = (os.path.abspath(path), *kind)  # noqa: PTH100 - as files are named here
        with self._lock:
            for other, shared in list(self._known.items()):
                if other[:2] == key[:2] and other != key and shared.is_kept_open and shared.is_idle:
                    del self._known[other]  # recorded before it is played, in the same run
                    shared.release(failed=False)
            known, stamp = self._known.get(key), _stamp(path)
            if known is None or not known.accepts(stamp):
                self._known[key] = known = open_recording()
                known.stamp, known.is_kept_open = stamp, self._keeps_open
            return known.open_session()

    def finish(self, *, failed: bool) -> tuple[SharedRecording, ...]:
        """Seal what was recorded, set aside if what the sessions belong to *failed*.

        Raises:
            CassetteError: a recording could not be written; the others were.
        """
        with self._lock:
            ended, self._known = list(self._known.values()), {}
        errors: list[Exception] = []
        for shared in ended:
            try:
                shared.release(failed=failed)
            except Exception as error:  # noqa: BLE001 - the others are sealed all the same
                errors.append(error)
        if errors:
            raise errors[0]
        return tuple(ended)


class _OpenSessions(RunRecordings):
    """The sessions that are open at the same time, in the whole process."""

    _keeps_open = False  # each recording is over with its last session

    def __init__(self) -> None:
        super().__init__()
        self._known = weakref.WeakValueDictionary()


OPEN_SESSIONS = _OpenSessions()
"""What a session belongs to that names no run."""


def _stamp(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino
