"""Fault injection: an overlay on any transport, in virtual time.

A faulted request never reaches the transport below, so it consumes no recording; a delay, and a
fault that comes after the execution, do reach it. Disarming tells which rules never fired.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import Place, TransportError
from bpmax_sim.i18n import msg, template
from bpmax_sim.messages import Chunk, Pairs, Request, Response
from bpmax_sim.platform.model import names_api
from bpmax_sim.transport.protocol import Transport

_JSON: Pairs = (("content-type", "application/json; charset=utf-8"),)


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Answer with this instead.

    Attributes:
        is_executed: whether the request goes on all the same, and only its response is replaced.
    """

    status: int = 200
    headers: Pairs = _JSON
    body: bytes = b""
    delay: float = 0.0
    source: str = "fault"
    is_executed: bool = False


class Break(msgspec.Struct, frozen=True, kw_only=True):
    """Do not complete the exchange.

    Attributes:
        error: a key of the table below.
        after: bytes of the response that arrive first (``reset``).
        delay: seconds until it breaks; a time-out always takes the request's own.
        is_executed: whether the request goes on all the same, and only its response is lost.
    """

    error: Literal["timeout", "reset", "dns", "connect", "tls", "truncated", "invalid_json"]
    after: int = 0
    delay: float = 0.0
    is_executed: bool = False


class Slow(msgspec.Struct, frozen=True, kw_only=True):
    """Let the response through, later, whole or in pieces."""

    delay: float = 0.0
    chunks: int = 0


class BadToken(msgspec.Struct, frozen=True, kw_only=True):
    """Answer as the platform does when the token is expired or revoked."""

    state: Literal["expired", "revoked"] = "expired"


Action = Reply | Break | Slow | BadToken


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One rule: which requests, counted from 1 as they are sent, and what happens to them.

    Attributes:
        on: ``platform.api``, ``platform.get_*``, ``platform.*`` or ``*``.
        first, last: the nth matching call of the script, or a range; *last* None means for ever.
        attempts: how many sendings of such a call it strikes; None: every one, but of counted
            calls the first alone, so that what is sent again comes through.
        matches: which requests of these calls; None for all.
        answers: given in turn instead of *action*, one a request; then the rule is used up.
    """

    on: str
    action: Action
    first: int = 1
    last: int | None = None
    place: Place | None = None
    attempts: int | None = None
    matches: Callable[[Request], bool] | None = None
    answers: tuple[Action, ...] = ()

    def covers(self, name: str) -> bool:
        """Return whether the rule speaks of ``platform.api`` *name*."""
        return self.on == "*" or names_api(self.on, name)

    def strikes(self, number: int, attempt: int = 0) -> bool:
        """Return whether the rule applies to sending *attempt*, from 0, of the *number*-th call."""
        is_counted = self.last is not None or self.first > 1
        most = 1 if self.attempts is None and is_counted else self.attempts
        is_among = self.first <= number and (self.last is None or number <= self.last)
        return is_among and (most is None or attempt < most)

    def __str__(self) -> str:
        """Return ``platform.api call 1-2``."""
        if self.last is None and self.first == 1:
            return self.on
        last = f"-{self.last}" if self.last not in {None, self.first} else ""
        return self.on + (msg(" call {first}", first=self.first) + last)  # as traces have it


_BREAKS: Mapping[str, tuple[str, bool, str]] = {
    "timeout": ("TIMEOUT", True, template("no answer within {timeout:g} s (fault)")),
    "reset": ("RESET", True, template("the connection was reset after {after} bytes (fault)")),
    "dns": ("CONNECT", False, template("cannot connect: the host name does not resolve (fault)")),
    "connect": ("CONNECT", False, template("cannot connect: the connection was refused (fault)")),
    "tls": (
        "TLS",
        False,
        template("no trusted TLS connection: the certificate has expired (fault)"),
    ),
}
_BAD_BODIES: Mapping[str, bytes] = {
    "truncated": '{"code":200,"message":"ok","data":{"name":"张'.encode(),
    "invalid_json": b"<html><body>502 Bad Gateway</body></html>",
}


class _ActiveRule(msgspec.Struct):
    """A rule in force: the calls that it has seen, by their serial, and how often it struck."""

    rule: Fault
    seen: int = 0
    struck: int = 0
    _numbers: dict[int, int] = msgspec.field(default_factory=dict)

    def covers(self, name: str, request: Request) -> bool:
        """Return whether the rule speaks of *request*, of the API *name*."""
        matches = self.rule.matches
        return self.rule.covers(name) and (matches is None or matches(request))

    def count(self, request: Request) -> int:
        """Return which of the script's calls *request* is of; what is sent again is the same."""
        serial = request.call.serial if request.call else 0
        if serial not in self._numbers or not serial:
            self.seen += 1
            self._numbers[serial] = self.seen
        return self._numbers[serial]

    def take_action(self, number: int, attempt: int) -> Action | None:
        """Return what the rule does to a sending of the *number*-th call, if it does anything."""
        rule = self.rule
        if rule.answers:
            action = rule.answers[self.struck] if self.struck < len(rule.answers) else None
        else:
            action = rule.action if rule.strikes(number, attempt) else None
        self.struck += action is not None
        return action


@dataclass(slots=True)
class Faults:
    """Apply the first rule that strikes, the last armed group first; the rest goes through.

    A delay lets through to what answers next: another rule, or the transport below.

    Attributes:
        bad_token: the response of a platform that refuses its token, for a request to it.
        struck: is shown each rule that strikes, and the request.
    """

    inner: Transport
    bad_token: Callable[[Request], Response]
    struck: Callable[[Fault, Request], None] = lambda _fault, _request: None
    _armed: list[_ActiveRule] = field(default_factory=list, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    @property
    def is_armed(self) -> bool:
        """Return whether there is any rule."""
        return bool(self._armed)

    def arm(self, rules: Iterable[Fault]) -> None:
        """Let *rules* strike from now on, in front of those already there; they count anew."""
        with self._lock:
            self._armed[:0] = map(_ActiveRule, rules)

    def disarm(self, rules: Iterable[Fault]) -> tuple[Fault, ...]:
        """Take *rules* away and return those of them that never fired."""
        silent: list[Fault] = []
        with self._lock:
            for rule in rules:
                armed = next(armed for armed in self._armed if armed.rule is rule)
                self._armed.remove(armed)
                silent += [] if armed.struck else [rule]
        return tuple(silent)

    def strikes_of(self, rule: Fault) -> int:
        """Return how often *rule*, which is in force, has struck."""
        with self._lock:
            return next(armed.struck for armed in self._armed if armed.rule is rule)

    def handle(self, request: Request) -> Response:
        """Return the faulted response, or that of the transport below.

        Raises:
            TransportError: where the rule says that the exchange breaks.
        """
        if not self._armed:
            return self.inner.handle(request)
        name = request.call.name if request.call else ""
        with self._lock:
            covering = [armed for armed in self._armed if armed.covers(name, request)]
            numbered = [(armed, armed.count(request)) for armed in covering]
        return self._answer(request, numbered)

    def _answer(self, request: Request, rules: Sequence[tuple[_ActiveRule, int]]) -> Response:
        """Return what the first of *rules* that strikes makes of *request*."""
        for index, (armed, number) in enumerate(rules):
            with self._lock:
                action = armed.take_action(number, request.attempt)
            if action is None:
                continue
            rule = armed.rule
            self.struck(replace(rule, action=action) if rule.answers else rule, request)
            if isinstance(action, Reply | Break) and action.is_executed:
                self._answer(request, rules[index + 1 :])
            match action:
                case Reply() as reply:
                    return Response(
                        status=reply.status,
                        headers=reply.headers,
                        body=reply.body,
                        elapsed=reply.delay,
                        source=reply.source,
                    )
                case Break() as broken:
                    return _break_exchange(broken, request)
                case BadToken():
                    return replace(self.bad_token(request), source="fault")
                case Slow() as slow:
                    return _delay_response(self._answer(request, rules[index + 1 :]), slow)
        return self.inner.handle(request)


def _break_exchange(broken: Break, request: Request) -> Response:
    bad = _BAD_BODIES.get(broken.error)
    if bad is not None:
        return Response(status=200, headers=_JSON, body=bad, elapsed=broken.delay, source="fault")
    code, sent, text = _BREAKS[broken.error]
    elapsed = request.timeout if broken.error == "timeout" else broken.delay
    message = msg(text, timeout=request.timeout, after=broken.after)
    raise TransportError(message, code=code, elapsed=elapsed, sent=sent)


def _delay_response(response: Response, slow: Slow) -> Response:
    elapsed, size, count = response.elapsed + slow.delay, len(response.body), slow.chunks
    if not count:
        return replace(response, elapsed=elapsed)
    ends = [size * piece // count for piece in range(count + 1)]
    chunks = tuple(
        Chunk(round(elapsed * piece / count, 3), ends[piece] - ends[piece - 1])
        for piece in range(1, count + 1)
    )
    return replace(response, elapsed=elapsed, chunks=chunks)
