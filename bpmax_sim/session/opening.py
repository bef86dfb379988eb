"""What a session starts from: its recording, the mode in force, and virtual time."""

from __future__ import annotations

import time
from datetime import timedelta

import msgspec

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.merge import recover
from bpmax_sim.clock import Clock, Instant, SystemClock, VirtualClock
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.tracks import fetch_logins, load

NEVER_RECORDED = Instant.parse("2026-01-01T00:00:00+08:00")
"""Where virtual time starts in replay when nothing says otherwise."""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """The start of a run.

    Attributes:
        mode: the mode in force: recording once what is recorded already is replaying it.
        simulated: whether stand-ins answer.
        zone: offset from UTC of the scripts' local time and of the instants in a recording.
    """

    mode: str
    cassette: Cassette | None
    clock: VirtualClock
    zone: timedelta
    simulated: bool = False

    @property
    def is_closed(self) -> bool:
        """Return whether the network is closed and no real credential is needed."""
        return self.mode == "replay" or self.simulated

    @property
    def auth_clock(self) -> Clock:
        """Return what auth is dated with: real time where it is sent to somebody."""
        return self.clock if self.is_closed else SystemClock()


def opening(settings: Settings) -> Opening:
    """Open the recording and set the clock; what a killed recording left is sealed first.

    Raises:
        CassetteError: the cassette cannot be used.
    """
    if settings.remote and settings.cassette:
        settings.remote.fetch(settings.cassette, recording=settings.mode == "record")
    if settings.mode == "record" and settings.cassette is not None:
        recover(settings.cassette)
    cassette = load(settings.cassette)
    once = settings.mode == "record" and settings.record == "once"
    known = cassette is not None and settings.owner in cassette.owners
    mode = "replay" if once and known else settings.mode
    if mode == "replay" and cassette is not None:
        fetch_logins(settings, cassette)  # while the network is open
    start = settings.clock or _recorded_start(settings, cassette, mode)
    return Opening(
        mode=mode,
        cassette=cassette,
        clock=VirtualClock(start.seconds),
        zone=start.offset,
        simulated=mode != "replay" and settings.is_simulated,
    )


def _recorded_start(settings: Settings, cassette: Cassette | None, mode: str) -> Instant:
    if mode != "replay":
        return NEVER_RECORDED if settings.is_simulated else NEVER_RECORDED.at(time.time())
    recorded = cassette.start(settings.owner) if cassette else None
    return recorded or NEVER_RECORDED
