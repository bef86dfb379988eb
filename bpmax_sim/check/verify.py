"""Whether the live third party still answers as it did when it was recorded.

Each recorded call is made twice: what differs between the two live answers is volatile and counts
as no drift. Calls that change something are made once, and only where that is allowed. Where a
third party cannot be reached, nothing more is sent to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from email.utils import parsedate_to_datetime
from typing import Final, Literal, Protocol
from urllib.parse import urlsplit

import msgspec

from bpmax_sim.cassette.paths import Path, Wild, format_path, parse_path
from bpmax_sim.check.resend import Proxies, builder, carries_standin
from bpmax_sim.check.shape import Change, Tier, changes, unsteady
from bpmax_sim.clock import Instant
from bpmax_sim.errors import CallError, TransportError
from bpmax_sim.messages import Exchange, Request, Response
from bpmax_sim.platform.model import Api, Platform
from bpmax_sim.proxy.record import CallRecord

SAFE: Final = frozenset({"GET", "HEAD"})

_DAY: Final = 86400

Kind = Literal["changed", "volatile", "failed", "unreachable", "skipped", "old"]


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """What verifying one exchange brought to light; no value of an answer is in it.

    Attributes:
        tier: ``info``, ``warning`` or ``error``.
        kind: ``changed``, ``volatile`` (learned), ``failed`` (it was rejected), ``unreachable``,
            ``skipped``, or ``old``.
        path: the place, such as ``body.data.items[*].qty``, where there is one.
    """

    exchange: Exchange
    tier: Tier
    kind: Kind
    message: str
    path: str = ""

    @property
    def name(self) -> str:
        """Return ``platform.api``, or the address of traffic without a builder."""
        call = self.exchange.request.call
        return call.name if call and call.platform else self.exchange.request.url

    def __str__(self) -> str:
        """Return ``error: [2] crm_system.get_customer: body.name: text became number``."""
        return f"{self.tier}: [{self.exchange.order}] {self.name}: {self.message}"


class LiveSession(Proxies, Protocol):
    """A session whose calls go to the live third party."""

    @property
    def calls(self) -> Sequence[CallRecord]:
        """Return the records of the calls so far."""
        ...

    def handle(self, request: Request, /) -> Response:
        """Answer a request that no builder made."""
        ...


def old(exchange: Exchange, *, now: float, age: float) -> Iterator[Drift]:
    """Yield that *exchange* was answered more than *age* seconds before *now*, if it was.

    The third party's own ``Date`` tells when, for the clock of a recording may stand still.
    """
    recorded = _answered_at(exchange)
    if now - recorded > age:
        day = str(Instant(recorded))[:10]
        told = f"recorded on {day}, {int((now - recorded) // _DAY)} days ago; record it again"
        yield Drift(exchange=exchange, tier="warning", kind="old", message=told)


def _answered_at(exchange: Exchange) -> float:
    outcome = exchange.outcome
    date = outcome.header("date") if isinstance(outcome, Response) else None
    try:
        return parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return exchange.at


class Verification:
    """Sends recorded calls to the live third parties of one session."""

    def __init__(self, session: LiveSession, *, allow_writes: bool = False) -> None:
        """Use *session*; nothing is sent yet."""
        self._session = session
        self._allow_writes = allow_writes
        self._down: set[str] = set()

    def verify(self, exchange: Exchange) -> Iterator[Drift]:
        """Yield how the live answer to *exchange* differs from the recorded one.

        Logins and exchanges that did not complete are left out.
        """
        outcome, request = exchange.outcome, exchange.request
        if not isinstance(outcome, Response) or request.is_login:
            return
        whose = _whose(request)
        if whose in self._down:
            told = f"not sent: {whose} could not be reached before"
            yield Drift(exchange=exchange, tier="info", kind="skipped", message=told)
            return
        check = _Check(self._session, exchange, outcome)
        for drift in check.run(allow_writes=self._allow_writes):
            if drift.kind == "unreachable":
                self._down.add(whose)
            yield drift


def verify(
    session: LiveSession, exchanges: Iterable[Exchange], *, allow_writes: bool = False
) -> Iterator[Drift]:
    """Yield how the live answers to *exchanges* differ from the recorded ones."""
    verification = Verification(session, allow_writes=allow_writes)
    for exchange in exchanges:
        yield from verification.verify(exchange)


def _whose(request: Request) -> str:
    call = request.call
    if call is not None and call.platform:
        return f"{call.platform}.{call.instance}"
    return urlsplit(request.url).netloc


class _Check(msgspec.Struct, frozen=True):
    session: LiveSession
    exchange: Exchange
    recorded: Response

    def run(self, *, allow_writes: bool) -> Iterator[Drift]:
        try:
            declared = self._declared()
        except CallError as error:
            yield self._drift("error", "failed", f"not sent: {error.message}")
            return
        rule = declared[1].verify if declared else "shape"
        safe = self.exchange.request.method in SAFE
        reason = _reason(self.exchange, rule, allowed=safe or allow_writes)
        if reason:
            yield self._drift("info", "skipped", reason)
            return
        try:
            first = self._send()
            second = self._send() if safe else first
        except CallError as error:
            kind: Kind = "unreachable" if isinstance(error, TransportError) else "failed"
            yield self._drift("error", kind, self._told(error))
            return
        if rule == "status":
            yield from self._status(first)
            return
        yield from self._compare(first, second, _known(declared))

    def _declared(self) -> tuple[Platform, Api] | None:
        call = self.exchange.request.call
        if call is None or not call.platform:
            return None
        platform = self.session.platforms.platform(call.platform)
        return platform, self.session.platforms.api(platform, call.api)

    def _send(self) -> Response:
        call = self.exchange.request.call
        if call is None or not call.platform:
            return self.session.handle(self.exchange.request)
        before = len(self.session.calls)
        failure: CallError | None = None
        try:
            builder(self.session, call).call()
        except CallError as error:
            failure = error
        made = [one for one in self.session.calls[before:] if not one.is_login]
        if made and made[-1].received is not None:
            return made[-1].received
        raise failure or CallError("it was not answered")

    def _told(self, error: CallError) -> str:
        """Return the message, without what is secret and without the name that stands before it."""
        calls = self.session.calls
        message = calls[-1].redact(error.message) if calls else error.message
        return message.removeprefix(f"{error.platform}.{error.api}: ")

    def _status(self, live: Response) -> Iterator[Drift]:
        if self.recorded.status != live.status:
            change = Change("status", "status", str(self.recorded.status), str(live.status))
            yield self._drift("error", "changed", str(change), "status")

    def _compare(
        self, first: Response, second: Response, known: frozenset[Path]
    ) -> Iterator[Drift]:
        learned = unsteady(first, second)
        for change in changes(self.recorded, first, learned | known):
            yield self._drift(change.tier, "changed", str(change), change.path)
        for path in sorted(format_path(path) for path in learned if not _within(path, known)):
            told = f"{path}: differs between two answers; declare volatile: [{path}]"
            yield self._drift("info", "volatile", told, path)

    def _drift(self, tier: Tier, kind: Kind, message: str, path: str = "") -> Drift:
        return Drift(exchange=self.exchange, tier=tier, kind=kind, message=message, path=path)


def _known(declared: tuple[Platform, Api] | None) -> frozenset[Path]:
    """Return the places of answers that are declared volatile."""
    if declared is None:
        return frozenset()
    return frozenset(parse_path(path) for one in declared for path in one.volatile)


def _within(path: Path, known: frozenset[Path]) -> bool:
    return any(
        len(place) <= len(path)
        and all(a in {b, Wild.ALL} for a, b in zip(place, path, strict=False))
        for place in known
    )


def _reason(exchange: Exchange, rule: str, *, allowed: bool) -> str:
    """Return why *exchange* is not sent, or nothing."""
    if rule == "never":
        return "not sent: its API says verify: never"
    if not allowed:
        return f"not sent: {exchange.request.method} may change something; pass --allow-writes"
    if carries_standin(exchange.request):
        return "not sent: it carries a value that the recording only stands in for"
    return ""
