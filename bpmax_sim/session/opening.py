"""What a session starts from: its recording, the mode in force, and virtual time."""

from __future__ import annotations

import time
import warnings
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec

from bpmax_sim.cassette.journal import interrupted
from bpmax_sim.cassette.merge import recover
from bpmax_sim.clock import Clock, Instant, SystemClock, VirtualClock
from bpmax_sim.errors import InterruptedWarning, pasted
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.sharing import OPEN, Seat, Shared
from bpmax_sim.session.tracks import fetch_logins, load
from bpmax_sim.yamlfile import shown

NEVER_RECORDED = Instant.parse("2026-01-01T00:00:00+08:00")
"""Where virtual time starts in replay when nothing says otherwise."""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """The start of a run.

    Attributes:
        seat: the session's place among those of its owner.
        zone: offset from UTC of the scripts' local time and of the instants in a recording.
        simulated: whether stand-ins answer.
    """

    seat: Seat
    clock: VirtualClock
    zone: timedelta
    simulated: bool = False

    @property
    def mode(self) -> str:
        """Return the mode in force: recording once what is recorded already is replaying it."""
        return self.seat.shared.mode

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
    kind = (settings.owner, settings.mode, settings.record)
    seat = (settings.run or OPEN).join(settings.cassette, kind, partial(_begun, settings))
    mode = seat.shared.mode
    start = settings.clock or _recorded_start(settings, seat, mode)
    return Opening(
        seat=seat,
        clock=VirtualClock(start.seconds),
        zone=start.offset,
        simulated=mode != "replay" and settings.is_simulated,
    )


def _begun(settings: Settings) -> Shared:
    """Open the recording for the first session of its owner."""
    if settings.remote and settings.cassette:
        settings.remote.fetch(settings.cassette, recording=settings.mode == "record")
    if settings.mode == "record" and settings.cassette is not None:
        recover(settings.cassette)
    cassette = load(settings.cassette)
    once = settings.mode == "record" and settings.record == "once"
    known = cassette is not None and settings.owner in cassette.owners
    mode = "replay" if once and known else settings.mode
    if mode == "replay" and settings.cassette is not None:
        _warn_of_interrupted(settings.cassette)
    if mode == "replay" and cassette is not None:
        fetch_logins(settings, cassette)  # while the network is open
    return Shared(mode=mode, cassette=cassette)


def _warn_of_interrupted(cassette: Path) -> None:
    for journal in interrupted(cassette):
        warnings.warn(
            f"{shown(journal)} holds a recording that was interrupted and is not replayed; seal it "
            f"with `bpmax-sim recover {pasted(shown(cassette))}`",
            InterruptedWarning,
            stacklevel=2,
        )


def _recorded_start(settings: Settings, seat: Seat, mode: str) -> Instant:
    if mode != "replay":
        return NEVER_RECORDED if settings.is_simulated else NEVER_RECORDED.at(time.time())
    cassette = seat.shared.cassette
    recorded = cassette.start(settings.owner, session=seat.number) if cassette else None
    return recorded or NEVER_RECORDED
