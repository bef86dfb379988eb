"""Fault injection: an overlay on any transport, in virtual time.

A request with a fault is not passed to the transport below, so it plays no recorded exchange.
Exceptions are delays, and faults after the execution (`is_executed`). `Faults.disarm` returns the
rules that never fired.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError, Place, TransportError
from bpmax_sim.i18n import msg, template
from bpmax_sim.messages import Chunk, Pairs, Request, Response
from bpmax_sim.platform.model import matches_api
from bpmax_sim.transport.protocol import Transport

_JSON: Pairs = (("content-type", "application/json; charset=utf-8"),)


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Action of a fault: the script gets this response instead of the real one.

    Attributes:
        status, headers, body: the response.
        delay: seconds until it arrives.
        source: where the response says that it comes from, such as ``fault``.
        is_executed: whether the request is passed on all the same, and only its response is
            replaced.
    """

    status: int = 200
    headers: Pairs = _JSON
    body: bytes = b""
    delay: float = 0.0
    source: str = "fault"
    is_executed: bool = False


class Break(msgspec.Struct, frozen=True, kw_only=True):
    """Action of a fault: the exchange fails instead of giving a response.

    Attributes:
        error: how it fails, such as a connection that is reset.
        after: bytes of the response that arrive first (``reset``).
        delay: seconds until it breaks; a time-out always takes the request's whole ``timeout``.
        is_executed: whether the request goes on all the same, and only its response is lost.
    """

    error: Literal["timeout", "reset", "dns", "connect", "tls", "truncated", "invalid_json"]
    after: int = 0
    delay: float = 0.0
    is_executed: bool = False


class Slow(msgspec.Struct, frozen=True, kw_only=True):
    """Action of a fault: the real response, but later.

    Attributes:
        delay: seconds by which it is later.
        chunks: number of pieces in which it arrives; 0 for as recorded.
    """

    delay: float = 0.0
    chunks: int = 0


class BadToken(msgspec.Struct, frozen=True, kw_only=True):
    """Action of a fault: the platform's response to a token that is expired or revoked.

    *state* says which of both.
    """

    state: Literal["expired", "revoked"] = "expired"


Action = Reply | Break | Slow | BadToken


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of fault injection: which requests it concerns, and what happens to them.

    Attributes:
        on: ``platform.api``, ``platform.get_*``, ``platform.*`` or ``*``.
        first, last: range of matching calls of the script, from 1; *last* None for no end.
        attempts: number of sendings of one call that it concerns. None: all, but only the first
            sending if *first* and *last* choose single calls, so that a retry succeeds.
        matches: predicate for requests of these calls; None for all.
        answers: actions used one after the other instead of *action*, one for each request; after
            the last the rule has no effect.
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
        """Return whether the rule concerns ``platform.api`` *name*."""
        return self.on == "*" or matches_api(self.on, name)

    def strikes(self, number: int, attempt: int = 0) -> bool:
        """Return whether the rule fires for call *number* (from 1), sent for the *attempt*th time.

        *attempt* counts from 0.
        """
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
    """An active rule, with how many calls it concerned (*call_count*) and in how many it acted."""

    rule: Fault
    call_count: int = 0
    fired_count: int = 0
    _numbers: dict[int, int] = msgspec.field(default_factory=dict)

    def covers(self, names: Sequence[str], request: Request) -> bool:
        """Return whether the rule concerns *request*, a call of the API with these *names*."""
        matches = self.rule.matches
        return any(map(self.rule.covers, names)) and (matches is None or matches(request))

    def assign_call_number(self, request: Request) -> int:
        """Return the number of the request's call among the calls that the rule concerns, from 1.

        Retries of a call have its number.
        """
        # Counted by call, not by request: ``call: 2`` must not mean the retry of the first call.
        # A request without a call has no number: each counts by itself.
        serial = request.call.serial if request.call else 0
        if serial not in self._numbers or not serial:
            self.call_count += 1
            self._numbers[serial] = self.call_count
        return self._numbers[serial]

    def take_action(self, number: int, attempt: int) -> Action | None:
        """Return the action for one sending of call *number*, and count it; None if there is none.

        *attempt* is 0 for the first sending of the call, and greater for its retries.
        """
        rule = self.rule
        if rule.answers:
            action = (
                rule.answers[self.fired_count] if self.fired_count < len(rule.answers) else None
            )
        else:
            action = rule.action if rule.strikes(number, attempt) else None
        self.fired_count += action is not None
        return action


@dataclass(slots=True)
class Faults:
    """Injects faults: applies the first active rule that fires, or passes the request on.

    Rules that were activated later are asked first. A delay passes the request on as well: to the
    next rule, or to the transport below.

    Attributes:
        inner: the transport below.
        bad_token: function that returns the response of a request's platform to a bad token.
        struck: callback for each rule that fires, with the request.
        names_of: returns all names of an API, aliases included, given its ``platform.key``.
    """

    inner: Transport
    bad_token: Callable[[Request, BadToken], Response]
    struck: Callable[[Fault, Request], None] = lambda _fault, _request: None
    names_of: Callable[[str], Sequence[str]] = lambda name: (name,)
    _armed: list[_ActiveRule] = field(default_factory=list, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    @property
    def has_active_rules(self) -> bool:
        """Return whether any rule still watches the calls, whether or not it has acted yet."""
        return bool(self._armed)

    def activate(self, rules: Iterable[Fault]) -> None:
        """Activate *rules*, before those already active; their counts start at 0."""
        with self._lock:
            self._armed[:0] = map(_ActiveRule, rules)

    def deactivate_and_list_unfired(self, rules: Iterable[Fault]) -> tuple[Fault, ...]:
        """Deactivate *rules* and return those that never fired.

        Raises:
            ConfigError: if one is not active; then all others stay active.
        """
        with self._lock:
            left = list(self._armed)
            gone = [left.pop(_find_rule(rule, left)) for rule in rules]
            self._armed = left
        return tuple(one.rule for one in gone if not one.fired_count)

    def count_firings(self, rule: Fault) -> int:
        """Return how often the active *rule* has fired.

        Raises:
            ConfigError: if it is not active.
        """
        with self._lock:
            return self._armed[_find_rule(rule, self._armed)].fired_count

    def handle(self, request: Request) -> Response:
        """Return the response of the rule that fires, or that of the transport below.

        Raises:
            TransportError: if the rule makes the exchange fail, or it fails below.
        """
        if not self._armed:
            return self.inner.handle(request)
        names = self.names_of(request.call.name) if request.call else ("",)
        # Every rule that covers the request counts it, also those that do not come to act: ``call:
        # 2`` means the second call of the script, whatever other rules have done to the first one.
        with self._lock:
            covering = [armed for armed in self._armed if armed.covers(names, request)]
            numbered = [(armed, armed.assign_call_number(request)) for armed in covering]
        return self._apply_rules(request, numbered)

    def _apply_rules(self, request: Request, rules: Sequence[tuple[_ActiveRule, int]]) -> Response:
        """Return the response of the first of *rules* that fires, else that of the transport below.

        *rules* are those that concern *request*, each with the number of the call among its calls.
        """
        for index, (armed, number) in enumerate(rules):
            with self._lock:
                action = armed.take_action(number, request.attempt)
            if action is None:
                continue
            rule = armed.rule
            self.struck(replace(rule, action=action) if rule.answers else rule, request)
            # The server executes the request, but the script gets the fault: the recorded exchange
            # is played.
            # A failure below is raised, and not replaced by the fault: a call that has no recording
            # is a miss.
            if isinstance(action, Reply | Break) and action.is_executed:
                self._apply_rules(request, rules[index + 1 :])
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
                case BadToken() as token:
                    return replace(self.bad_token(request, token), source="fault")
                case Slow() as slow:
                    return _delay_response(self._apply_rules(request, rules[index + 1 :]), slow)
        return self.inner.handle(request)


def _find_rule(rule: Fault, active: Sequence[_ActiveRule]) -> int:
    """Return where *rule* itself, not an equal one, is in *active*.

    Raises:
        ConfigError: if it is not there.
    """
    for index, one in enumerate(active):
        if one.rule is rule:
            return index
    raise ConfigError("the fault {rule} is not active; arm it first, and disarm it once", rule=rule)


def _break_exchange(broken: Break, request: Request) -> Response:
    # A bad body is a response, and not a failed exchange: only who reads it finds that it is no
    # JSON.
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
