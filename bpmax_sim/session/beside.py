"""The requests of clients that send for themselves: what is recorded is answered and not sent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import NoMatchError
from bpmax_sim.messages import Request, Response
from bpmax_sim.session.stack import Parts, refuse_placeholder, witnessed
from bpmax_sim.transport.own import OWN
from bpmax_sim.transport.protocol import Transport
from bpmax_sim.transport.replay import Replay

_DAY = 86400.0

Relay = Callable[[Request, Transport | None], Response]


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """What a session does about them, in its mode.

    Attributes:
        mode: the mode in force.
        record: what is recorded in mode ``record``.
        parts: what the session's transports are made of.
        relay: makes a request of another client into a call that a transport answers; with None
            the session's own does.
        knows: returns whether a request was ever recorded.
    """

    mode: str
    record: str
    parts: Parts
    relay: Relay
    knows: Callable[[Request], bool]

    def listening(self, name: str) -> AbstractContextManager[object]:
        """Return a context in which the clients that vcrpy knows are listened to."""
        from bpmax_sim.cassette.foreign.listener import listening  # noqa: PLC0415 - few need vcrpy

        return listening(self, name)

    def passes(self) -> bool:
        """Return whether the request under way is the session's own, or nothing is recorded."""
        return OWN.get() or self.mode == "live"

    def answer(self, request: Request, /) -> Response | None:
        """Return the recorded answer, or None where the client has to ask for itself.

        Raises:
            NoMatchError: replay has no answer; the session remembers that.
            ConfigError: the request would carry a stand-in from a recorded answer.
        """
        patient = replace(request, timeout=_DAY)  # how long it waits is the client's own affair
        if self.mode != "record":
            return self.relay(patient, None)
        if self.record != "new":
            return None
        if self.knows(patient):
            replay = Replay(self.parts.tracks.answer, self.parts.vault)
            try:
                return self.relay(patient, replay)
            except NoMatchError as error:
                if error.case == "already played" and not self.parts.extra:
                    raise
        refuse_placeholder(request)
        return None

    def keep(self, request: Request, response: Response, /) -> None:
        """Record what the client was answered; it is on the disk when this returns.

        Raises:
            CassetteError: it cannot be kept.
        """
        self.relay(replace(request, timeout=_DAY), witnessed(self.parts, response))
