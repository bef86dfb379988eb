"""Modes as objects around objects: one table from mode to transport."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from bpmax_sim.clock import Clock
from bpmax_sim.errors import ConfigError, NoMatchError
from bpmax_sim.messages import Request, Response
from bpmax_sim.proxy.minting import learn
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.tracks import Tracks
from bpmax_sim.transport.protocol import Handler, Transport
from bpmax_sim.transport.record import Record
from bpmax_sim.transport.redaction import learn_cookies
from bpmax_sim.transport.replay import Replay

_PLACEHOLDER = b"redacted."


class Timeless(msgspec.Struct, frozen=True):
    """Let logins take no virtual time, so that it does not matter when a token was renewed."""

    inner: Transport

    def handle(self, request: Request) -> Response:
        """Return the answer of the inner transport."""
        response = self.inner.handle(request)
        return replace(response, elapsed=0.0) if request.is_login else response


class Learning(msgspec.Struct, frozen=True):
    """Let what an answer mints be known before anyone can show it."""

    inner: Transport
    vault: Vault

    def handle(self, request: Request) -> Response:
        """Return the answer of the inner transport."""
        response = self.inner.handle(request)
        learn(request, response, self.vault)
        learn_cookies(request, response, self.vault)
        return response


class Missing(msgspec.Struct, frozen=True):
    """Answer from recordings; send and record what was never recorded.

    With *extra*, a call that was played already is recorded once more.
    """

    replay: Transport
    record: Transport
    extra: bool = False

    def handle(self, request: Request) -> Response:
        """Return the recorded answer, else the live one.

        Raises:
            NoMatchError: the call was recorded and is played already.
            ConfigError: the live request would carry a stand-in from a recorded answer.
        """
        if request.is_login:
            return self.record.handle(request)
        try:
            return self.replay.handle(request)
        except NoMatchError as error:
            if error.case == "already played" and not self.extra:
                raise
        refuse_placeholder(request)
        return self.record.handle(request)


def refuse_placeholder(request: Request) -> None:
    """Let no stand-in out.

    Raises:
        ConfigError: *request* carries one.
    """
    sent = [request.url, *(value for _, value in request.headers)]
    if any(_PLACEHOLDER in text.encode() for text in sent) or _PLACEHOLDER in (request.body or b""):
        name = request.call.name if request.call else request.method
        raise ConfigError(
            f"{name}: the live request would carry a value that a recorded answer only stands in "
            "for; record afresh: bpmax-sim record, or pytest with --bpmax-record=rewrite"
        )


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What the transports of a session are made of."""

    live: Callable[[], Transport]  # the third parties, or what stands in for them
    tracks: Tracks
    vault: Vault
    clock: Clock
    extra: bool = False
    trust: Callable[[Request, Response], str] = lambda _request, _response: ""


def _replay(parts: Parts) -> Transport:
    return Replay(parts.tracks.answer, parts.vault)


def _live(parts: Parts) -> Transport:
    return Learning(parts.live(), parts.vault)


def _record(parts: Parts) -> Transport:
    return Record(
        inner=_live(parts),
        keep=parts.tracks.keep,
        vault=parts.vault,
        clock=parts.clock,
        trust=parts.trust,
    )


def witnessed(parts: Parts, response: Response) -> Transport:
    """Return a transport that records *response* as the answer to whatever it is asked."""
    return Timeless(_record(replace(parts, live=lambda: Handler(lambda _: response))))


def _new(parts: Parts) -> Transport:
    return Missing(_replay(parts), _record(parts), parts.extra)


STACKS: dict[tuple[str, str], Callable[[Parts], Transport]] = {
    ("replay", ""): _replay,
    ("record", "once"): _record,
    ("record", "rewrite"): _record,
    ("record", "new"): _new,
    ("live", ""): _live,
    ("simulate", ""): _live,
}


def stack(mode: str, record: str, parts: Parts) -> Transport:
    """Return the transport of *mode*, and of its kind of recording."""
    key = (mode, record if mode == "record" else "")
    return Timeless(STACKS[key](parts))
