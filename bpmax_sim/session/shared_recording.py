"""All sessions of one owner in one run share a recording: they add to it and replay it in order.

Sessions share it if they are open at the same time, or if they name the same `RunRecordings`.
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
from bpmax_sim.clock import RandomSequenceSeeds, SeedRanges
from bpmax_sim.errors import ConfigError
from bpmax_sim.project import to_absolute_path
from bpmax_sim.secret.secret_names import VERSION
from bpmax_sim.secret.vault import Vault

Key = tuple[str, ...]
Seal = Callable[[bool], None]


@dataclass(slots=True, weakref_slot=True, eq=False)
class SharedRecording:
    """The recording of one scenario or test (its owner) while sessions play it or add to it.

    Several sessions, threads and forked processes may have it open; the last one writes the file.
    The states of a recording::

        open ── the last session closes ──▶ over
          │
          └─ so it does in a run that goes on (`is_kept_open`) ──▶ idle ── another opens ──▶ open
                                                                    └─ the run ends ──▶ over

    When it is over, it is written, or set aside if any of its sessions failed. A recording of which
    a run ends while sessions are open is over with the last of them.

    Attributes:
        mode: mode of all its sessions, decided when the first one opens it.
        cassette: the cassette found then; None if there was none.
        playback: what was played of it.
        recorder: recorder of all its sessions; None before the first exchange.
        stamp: size, time and inode of the cassette's file when the first session opened, by which a
            file that replaced it is noticed.
        is_kept_open: whether sessions may still be opened after the last one has closed.
        is_over: whether no more session can be opened, so that unplayed exchanges can be judged.
        name: name of its recorder, the same in forked children; empty in replay.
        drawn: random values that scripts draw; the seeds of each session are derived from it.
        has_drawn: whether any were drawn.
        net: version of the secret-name rules; an older recording keeps its own.
        owner: name of the owner in the cassette; differs from that in the sessions' settings if the
            owner was renamed.
        former: the earlier name, if what is recorded now replaces its exchanges.
    """

    mode: str
    cassette: Cassette | None = None
    playback: OwnerPlayback = field(default_factory=OwnerPlayback)
    recorder: Recorder | None = None
    stamp: object = None
    is_kept_open: bool = False
    is_over: bool = False
    name: str = ""
    drawn: RandomSequenceSeeds = RandomSequenceSeeds((0,))  # noqa: RUF009 - frozen
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
    def opener_pid_in_fork(self) -> int:
        """Return the id of the process that opened the recording; 0 if this is that process."""
        return self._process if os.getpid() != self._process else 0

    @property
    def is_idle(self) -> bool:
        """Return whether no session has the recording open; garbage-collected ones do not count."""
        return not self._open

    def can_join(self, file_version: object) -> bool:
        """Return whether another session may share this recording.

        In record mode it may until this recording is over. In replay mode the file must also be the
        same: *file_version* is that of the file on disk now, and a file that was replaced is opened
        anew.
        """
        return not self.is_over and (self.mode == "record" or file_version == self.stamp)

    def open_session(self) -> OwnerSession:
        """Open one more session that plays or adds to this recording, with the next number."""
        session = OwnerSession(self, self.playback.take_next_session_number())
        self._open.add(session)
        return session

    def close_session(
        self, session: OwnerSession, vault: Vault, seal: Seal, *, failed: bool
    ) -> None:
        """Close a session; the last one writes the recording, or sets it aside if any failed.

        *seal* writes it; if more sessions may be opened, that is done later
        (`refuse_joins_and_seal_when_idle`). The secrets in the session's *vault* stay known until
        then.
        """
        self._open.discard(session)
        self._failed |= failed
        if self.mode == "record":
            self._secrets.add_all(vault)
        if self.is_kept_open:
            self._seal = seal  # whoever holds it tells what failed
        elif self.is_idle:
            self._end_recording(seal, failed=self._failed)

    def refuse_joins_and_seal_when_idle(self, *, failed: bool) -> None:
        """Accept no more sessions; write the recording, or set it aside if *failed*.

        While sessions are open, the last of them does that when it closes.

        Raises:
            CassetteError: if it cannot be written.
        """
        self.is_kept_open, self._failed = False, failed
        if self.is_idle:
            self._end_recording(self._seal, failed=failed)

    def _end_recording(self, seal: Seal | None, *, failed: bool) -> None:
        self.is_over, self._seal = True, None
        # Each session scanned with its own secrets only. A secret of one may be in what another has
        # recorded before it was known there, so the whole is searched with the secrets of all.
        if self.recorder is not None and self.playback.sessions > 1:
            self.recorder.set_scan(self._secrets.scan, lambda: self._secrets.size)
        if seal is not None:
            seal(failed)


@dataclass(slots=True, weakref_slot=True, eq=False)
class OwnerSession:
    """One of the sessions that play or add to one recording, that of an owner.

    The owner is the scenario or test that is recorded. The session is open until it is closed or
    garbage-collected.

    Attributes:
        number: number of the session, from 1.
        is_closed: whether it may no longer call or record.
    """

    recording: SharedRecording
    number: int
    is_closed: bool = False

    def refuse_closed(self) -> None:
        """Check that the session is open.

        Raises:
            ConfigError: if it is closed.
        """
        if self.is_closed:
            raise ConfigError(
                "the session is closed, so it neither calls nor records any more; use it "
                "inside its `with` block, or open another one"
            )

    def get_seeds_with_draw_ends(self, sequence: int) -> SeedRanges:
        """Return the seeds of a sequence of random values, and up to which value each is used.

        *sequence* is the number of a script, or 0 for everything else. A recording to which a later
        run has added exchanges has several seeds for one sequence.
        """
        parts = self.recording.drawn.get_seeds_with_draw_ends(self._make_sequence_name(sequence))
        return tuple((self._derive_session_seed(seed), end) for seed, end in parts)

    def note_draw(self, sequence: int, drawn_count: int) -> None:
        """Note that *drawn_count* random values of *sequence* were drawn.

        *sequence* is the number of a script, or 0 for everything else. Replay gets the same values.
        The count is recorded, so that a later run that adds exchanges draws from a new seed from
        there on.
        """
        recording = self.recording
        with recording.lock:
            recording.drawn = recording.drawn.with_draw_count(
                self._make_sequence_name(sequence), drawn_count
            )
            recording.has_drawn = True
            if recording.recorder is not None:
                recording.recorder.drawn = recording.drawn.without_unused_seed()

    def _make_sequence_name(self, sequence: int) -> str:
        """Return the name of a sequence in the recording, unique among those of all sessions."""
        return f"{self.number}.{sequence}" if self.number > 1 else str(sequence)

    def _derive_session_seed(self, seed: int) -> int:
        """Return the seed of this session; the first session uses the owner's *seed* itself."""
        if self.number == 1 or not seed:
            return seed
        return int.from_bytes(sha256(f"{seed}/{self.number}".encode()).digest()[:6]) or 1


class RunRecordings:
    """The recordings of all sessions of a run, even if one opens after another has closed.

    The recording of each owner is written (sealed) when the run finishes.
    """

    _keeps_open: ClassVar[bool] = True

    def __init__(self) -> None:
        """Start without recordings."""
        self._known: MutableMapping[Key, SharedRecording] = {}
        self._lock = threading.RLock()

    def join(
        self, path: Path | None, sharing_key: Key, open_recording: Callable[[], SharedRecording]
    ) -> OwnerSession:
        """Open one more session for the cassette at *path*; the first one calls *open_recording*.

        *sharing_key* is owner, mode and record option: sessions with equal ones share a
        recording.

        Raises:
            CassetteError: if the cassette cannot be used.
        """
        if path is None:
            return open_recording().open_session()
        key = (to_absolute_path(path), *sharing_key)
        with self._lock:
            for other, shared in list(self._known.items()):
                if other[:2] == key[:2] and other != key and shared.is_kept_open and shared.is_idle:
                    del self._known[other]  # recorded before it is played, in the same run
                    shared.refuse_joins_and_seal_when_idle(failed=False)
            known, stamp = self._known.get(key), _read_file_version(path)
            if known is None or not known.can_join(stamp):
                self._known[key] = known = open_recording()
                known.stamp, known.is_kept_open = stamp, self._keeps_open
            return known.open_session()

    def finish(self, *, failed: bool) -> tuple[SharedRecording, ...]:
        """Seal all recordings, or set them aside if the run *failed*.

        Raises:
            CassetteError: if a recording cannot be written; the others are written all the same.
        """
        with self._lock:
            ended, self._known = list(self._known.values()), {}
        errors: list[Exception] = []
        for shared in ended:
            try:
                shared.refuse_joins_and_seal_when_idle(failed=failed)
            except Exception as error:  # noqa: BLE001 - the others are sealed all the same
                errors.append(error)
        if errors:
            raise errors[0]
        return tuple(ended)


class _OpenSessionRecordings(RunRecordings):
    """The recordings of the sessions that are open at the same time in this process."""

    _keeps_open = False  # each recording is over with its last session

    def __init__(self) -> None:
        super().__init__()
        self._known = weakref.WeakValueDictionary()


OPEN_SESSIONS = _OpenSessionRecordings()
"""What a session belongs to that names no run."""


def _read_file_version(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino
