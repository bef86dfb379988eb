"""The start of a session: its mode, virtual time, and the random values of scripts."""

from __future__ import annotations

import time
import warnings
from datetime import timedelta
from functools import lru_cache, partial
from pathlib import Path
from uuid import uuid4

import msgspec

from bpmax_sim.cassette import file
from bpmax_sim.cassette.alignment import PlacesOf, find_no_places
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.journal import find_abandoned_journals
from bpmax_sim.cassette.merge import recover
from bpmax_sim.cassette.model import Values
from bpmax_sim.clock import (
    Clock,
    Instant,
    RandomSequenceSeeds,
    SystemClock,
    VirtualClock,
    make_fresh_seed,
)
from bpmax_sim.errors import InterruptedWarning
from bpmax_sim.file_system import shell_quote
from bpmax_sim.i18n import msg
from bpmax_sim.secret.secret_names import VERSION
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.shared_recording import OPEN_SESSIONS, OwnerSession, SharedRecording
from bpmax_sim.yamlfile import to_display_path

Key = tuple[str, str]
"""Platform key and instance key."""


def load_cassette(path: Path | None) -> Cassette | None:
    """Return the cassette at *path*, cached; None if there is no file.

    Raises:
        CassetteError: if it cannot be used.
    """
    try:
        return file.load_cached(to_display_path(path)) if path else None
    except FileNotFoundError:
        return None


def download_login_recordings(settings: Settings, cassette: Cassette, owner: str) -> None:
    """Download the login recordings of the instances that *owner*'s recording uses.

    Raises:
        CassetteError: if one cannot be read at its URL.
    """
    remote, folder = settings.remote, settings.logins
    if remote is None or folder is None:
        return
    lines = map(cassette.line, cassette.index.list_exchange_numbers(owner))
    for key in {(line.call.partition(".")[0], line.instance) for line in lines}:
        remote.fetch(get_login_file(folder, key), recording=settings.mode == "record")


def read_recorded_login_non_secrets(settings: Settings, instance_name: str) -> Values:
    """Return credentials that are recorded in clear, such as a user name, from a recorded login.

    *instance_name* is the instance, ``platform.instance``: in the file of its logins, it is the
    owner. Empty if no login is recorded.

    Raises:
        CassetteError: if the recording cannot be read.
    """
    folder = settings.logins
    cassette = load_cassette(folder / f"{instance_name}.yaml") if folder else None
    return cassette.get_non_secret_credentials(instance_name) if cassette else {}


@lru_cache(maxsize=256)
def get_login_file(folder: Path, key: Key) -> Path:
    """Return the path of the recording of the logins of an instance: ``platform.instance.yaml``."""
    return folder / f"{'.'.join(key)}.yaml"


_PLAYING = frozenset({"replay", "record"})
"""Modes that play a recording or add to it; the others need no file of a URL."""

NEVER_RECORDED = Instant.parse("2026-01-01T00:00:00+08:00")
"""Where virtual time starts in replay when nothing says otherwise."""


class SessionStart(msgspec.Struct, frozen=True, kw_only=True):
    """What is decided when a session opens: clock, mode, and its part of the recording.

    Attributes:
        owner_session: the session's number and shared recording.
        clock: virtual clock.
        zone: offset from UTC of the scripts' local time and of the instants in a recording.
        mode: effective mode: ``record="once"`` of something recorded already is ``replay``.
        simulated: whether simulators answer.
        is_network_closed: whether the network is closed and no real credential is needed.
    """

    owner_session: OwnerSession
    clock: VirtualClock
    zone: timedelta
    mode: str
    simulated: bool
    is_network_closed: bool

    @property
    def real_or_virtual_auth_clock(self) -> Clock:
        """Return the clock for auth: real time if requests are really sent, else virtual time."""
        return self.clock if self.is_network_closed else SystemClock()


def start_session(settings: Settings, volatile: PlacesOf = find_no_places) -> SessionStart:
    """Open the recording and set the clock; an interrupted recording is completed first.

    *volatile* returns the fields of an API's responses that are new in each response, such as the
    server's time.

    Raises:
        CassetteError: if the cassette cannot be used.
    """
    kind = (settings.owner, settings.mode, settings.record)
    open_recording = partial(_open_recording, settings, volatile)
    run = settings.run or OPEN_SESSIONS
    owner_session = run.join(settings.cassette, kind, open_recording)
    mode = owner_session.recording.mode
    # A replay begins at the recorded instant, as dates that scripts compute are parts of calls.
    start = settings.clock or _choose_start_instant(settings, owner_session, mode)
    simulated = mode != "replay" and settings.is_simulated
    return SessionStart(
        owner_session=owner_session,
        clock=VirtualClock(start.seconds),
        zone=start.offset,
        mode=mode,
        simulated=simulated,
        is_network_closed=mode == "replay" or simulated,
    )


def _open_recording(settings: Settings, volatile: PlacesOf) -> SharedRecording:
    """Open the recording for the first session of its owner, and decide the effective mode.

    An owner is the scenario or test that a recording belongs to. ``record="once"`` becomes
    ``replay`` if it has a recording already. *volatile* returns the fields of an API's responses
    that are new in each response.
    """
    if settings.remote and settings.cassette and settings.mode in _PLAYING:
        settings.remote.fetch(settings.cassette, recording=settings.mode == "record")
    # Before the cassette is read: what a killed process left in its journal becomes part of it.
    if settings.mode == "record" and settings.cassette is not None:
        recover(settings.cassette, volatile=volatile)
    cassette = load_cassette(settings.cassette)
    once = settings.mode == "record" and settings.record == "once"
    recorded = _find_recorded_owner(settings, cassette)
    known = cassette is not None and recorded in cassette.owners
    # By owner, not by file: a new test records into the file of others that are replayed.
    mode = "replay" if once and known else settings.mode
    if mode == "replay" and settings.cassette is not None:
        _warn_of_interrupted_journals(settings.cassette)
    if mode == "replay" and cassette is not None:
        download_login_recordings(settings, cassette, recorded)  # while the network is open
    name = uuid4().hex if mode == "record" else ""
    is_kept = mode == "replay" or settings.record == "new"
    owner = recorded if is_kept else settings.owner
    return SharedRecording(
        mode=mode,
        cassette=cassette,
        name=name,
        drawn=_choose_seeds(settings, mode, cassette, owner),
        net=cassette.get_secret_name_rules_version(owner)
        if cassette and known and is_kept
        else VERSION,
        owner=owner,
        former=recorded if recorded != owner else "",
    )


def _find_recorded_owner(settings: Settings, cassette: Cassette | None) -> str:
    """Return the name of the scenario or test (owner) whose exchanges are played.

    That is the owner of *settings*; if *cassette* has nothing under this name, the one that the
    owner had before it was renamed, if it has any.
    """
    owner = settings.owner
    if cassette is None or settings.adopts is None or owner in cassette.owners:
        return owner
    return settings.adopts(cassette.owners) or owner


def _choose_seeds(
    settings: Settings, mode: str, cassette: Cassette | None, owner: str
) -> RandomSequenceSeeds:
    """Return the seeds of the random values of scripts: fixed, else recorded, else new ones.

    If only simulators answer, every run has the same seed. What is added to a recording is drawn
    from a new seed; otherwise every addition would send the same values.
    """
    if settings.seed is not None:
        return RandomSequenceSeeds((settings.seed,))
    is_synthetic = mode == "replay" or settings.is_simulated
    adds = mode == "record" and settings.record == "new"
    known = cassette.drawn_sequences(owner) if cassette and (mode == "replay" or adds) else None
    if known is None:
        return RandomSequenceSeeds((0 if is_synthetic else make_fresh_seed(settings.owner),))
    if is_synthetic or not known.ends:
        return known
    return RandomSequenceSeeds((*known.seeds, make_fresh_seed(settings.owner)), known.ends)


def _warn_of_interrupted_journals(cassette: Path) -> None:
    for journal in find_abandoned_journals(cassette):
        warnings.warn(
            msg(
                "{journal} holds a recording that was interrupted and is not replayed; seal it "
                "with `bpmax-sim cassette recover {cassette}`",
                journal=to_display_path(journal),
                cassette=shell_quote(to_display_path(cassette)),
            ),
            InterruptedWarning,
            stacklevel=2,
        )


def _choose_start_instant(settings: Settings, owner_session: OwnerSession, mode: str) -> Instant:
    if mode != "replay":
        return NEVER_RECORDED if settings.is_simulated else NEVER_RECORDED.at(time.time())
    cassette, owner = owner_session.recording.cassette, owner_session.recording.owner
    recorded = cassette.start(owner, session=owner_session.number) if cassette else None
    return recorded or NEVER_RECORDED
