"""What is noted of a session: what stood behind each sending, and what was recorded undeclared.

The faults that struck and the recordings that answered are noted as it happens, in a few words, and
spelled out only for whoever asks: a scenario does, for its trace. All of it is in redacted form.

Values may look secret where nobody declared them to be, in what was recorded. What a script sends
itself it sends in replay as well, where nothing makes it the stand-in that was recorded: that
recording could never be replayed. In a response the stand-in is what scripts see.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET

from bpmax_sim.cassette.alignment import PlacesOf
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.matching import Difference, Parts, Rules, differences, parts_of_exchange
from bpmax_sim.clock import VirtualClock
from bpmax_sim.errors import BpmaxError
from bpmax_sim.field_path import format_path
from bpmax_sim.i18n import msg
from bpmax_sim.js_values import to_scenario_value
from bpmax_sim.messages import Call, Exchange, Request, Response
from bpmax_sim.platform.check import credentials_in
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.secrecy import always_secret
from bpmax_sim.project import find_root, open_places_of
from bpmax_sim.proxy.response import read_body
from bpmax_sim.secret.vault import Credential, Credentials, Vault
from bpmax_sim.transport.faults import Fault
from bpmax_sim.transport.redaction import UndeclaredSecret, find_undeclared_secrets


class Struck(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that struck a sending.

    Attributes:
        call: ``platform.api``.
        serial, attempt: of the call, and which of its sendings it was, from 0.
        order: its place among all that happens in the session.
    """

    fault: Fault
    call: str
    serial: int
    attempt: int
    at: float
    order: int


class Recalled(msgspec.Struct, frozen=True, kw_only=True):
    """The recording behind a sending.

    Attributes:
        file: the cassette.
        exchange, line: which of its exchanges, from 1, and where that stands.
        played: whether it answered; else it is the nearest one, and *differs* says why it did not.
        ignore: the places that do not count for this API.
        ignored: those of them where recorded and sent differ: ``{path, recorded, sent}``.
        request: what was recorded, where anything of it differs.
        status, response: what the nearest one would have answered.
    """

    file: str
    exchange: int
    line: int
    played: bool
    ignore: tuple[str, ...] = ()
    ignored: tuple[Mapping[str, Any], ...] = ()
    differs: tuple[Mapping[str, Any], ...] = ()
    request: Mapping[str, Any] | None = None
    status: int | None = None
    response: Any = None


class _Played(msgspec.Struct, frozen=True):
    cassette: Cassette
    number: int
    played: bool
    sent: Parts | None


class Witness:
    """Notes what happens to the requests of one session; safe to use from several threads.

    Attributes:
        struck: every fault that struck, in order.
    """

    def __init__(self, rules: Rules, clock: VirtualClock) -> None:
        """Start with nothing noted."""
        self.struck: list[Struck] = []
        self._rules = rules
        self._clock = clock
        self._answered: dict[tuple[int, int], _Played] = {}

    def strike(self, fault: Fault, request: Request) -> None:
        """Note that *fault* struck."""
        if (call := request.call) is not None:
            struck = Struck(
                fault=fault,
                call=call.name,
                serial=call.serial,
                attempt=request.attempt,
                at=self._clock.now(),
                order=self._clock.tick(),
            )
            self.struck.append(struck)

    def answer(self, request: Request, played: tuple[Cassette, int], sent: Parts) -> None:
        """Note that a recording answered."""
        counted = not self._rules.paths(sent.platform, sent.api)
        self._note(request, _Played(*played, True, None if counted else sent))

    def miss(self, request: Request, nearest: tuple[Cassette, int] | None, sent: Parts) -> None:
        """Note that none did, and which one is nearest."""
        if nearest is not None:
            self._note(request, _Played(*nearest, False, sent))

    def _note(self, request: Request, answered: _Played) -> None:
        if request.call is not None:
            self._answered[request.call.serial, request.attempt] = answered

    def recalled(self, serial: int, attempt: int) -> Recalled | None:
        """Return what is behind one sending, if a recording is."""
        answered = self._answered.get((serial, attempt))
        if answered is None:
            return None
        cassette, number = answered.cassette, answered.number
        return Recalled(
            file=str(cassette.path),
            exchange=number + 1,
            line=cassette.line_of(number),
            played=answered.played,
            **({} if answered.sent is None else self._compared(answered, answered.sent)),
        )

    def _compared(self, answered: _Played, sent: Parts) -> dict[str, Any]:
        rules = self._rules
        data: dict[str, Any] = {
            "ignore": tuple(map(format_path, rules.paths(sent.platform, sent.api)))
        }
        try:
            recorded = parts_of_exchange(answered.cassette.exchange(answered.number))
        except BpmaxError:  # a damaged one is told of when it is played
            return data
        every = differences(recorded, sent, Rules(templates=rules.templates))
        counted = () if answered.played else differences(recorded, sent, rules)
        ignored = [difference for difference in every if difference not in counted]
        data["ignored"] = tuple(map(_difference_data, ignored))
        data["differs"] = tuple(map(_difference_data, counted))
        if every:
            data["request"] = {
                "method": recorded.method,
                "path": recorded.path,
                "query": dict(recorded.query),
                "header": dict(recorded.header),
                "body": None
                if recorded.body.kind == "none"
                else to_scenario_value(recorded.body.value),
            }
        if not answered.played:
            outcome = answered.cassette.outcome(answered.number)
            if isinstance(outcome, Response):
                data |= {"status": outcome.status, "response": read_body(outcome).shown}
        return data


def _difference_data(difference: Difference) -> dict[str, Any]:
    """Return a difference in JSON values; a side that is not there is not told."""
    sides = {"recorded": difference.recorded, "sent": difference.sent}
    return {"path": difference.path} | {
        k: to_scenario_value(v) for k, v in sides.items() if v is not UNSET
    }


Key = tuple[str, str]


class Undeclared:
    """Takes redacted exchanges, on any thread, and looks at them when it is asked."""

    def __init__(self, platforms: Platforms, tenants: Iterable[tuple[Key, Credentials]]) -> None:
        """Look for the credentials of *tenants*, which may become more."""
        self._platforms = platforms
        self._tenants = tenants
        self._fresh: deque[Exchange] = deque()
        self._unplayable: dict[str, None] = {}
        self._notes: dict[str, None] = {}
        self._received: set[tuple[Key, str]] = set()

    def add(self, exchange: Exchange) -> None:
        """Take what was recorded."""
        self._fresh.append(exchange)

    @property
    def unplayable(self) -> tuple[str, ...]:
        """Return what no replay could find, and what to write."""
        self._look_at_all()
        return tuple(self._unplayable)

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what else was replaced, and what to write if it need not be."""
        self._look_at_all()
        return tuple(self._notes)

    def _look_at_all(self) -> None:
        while self._fresh:
            exchange = self._fresh.popleft()
            call = exchange.request.call
            if call is None or call.is_login or not call.api:
                continue  # a client that logs in by itself sends what its variables hold
            for key, credentials in self._tenants:
                for credential in credentials:
                    if credential.kind == "text" and credential.real != credential.standin:
                        self._look(exchange, call, key, credential)

    def _look(self, exchange: Exchange, call: Call, key: Key, credential: Credential) -> None:
        shown, outcome = str(credential.standin), exchange.outcome
        place = next((place for place, text in _texts_of(call) if shown in text), "")
        received = isinstance(outcome, Response) and (
            shown.encode() in outcome.body or any(shown in value for _, value in outcome.headers)
        )
        name = credential.name
        is_new = place and (key, name) not in self._received
        if is_new and not self._is_injected(call, name):
            self._unplayable[self._request_message(call, place, key, credential)] = None
        if received:
            self._received.add((key, name))
            if not self._is_secret(key, credential):
                note = msg(
                    "{call_name}: the response holds the value of {name!r} of {names}, and is "
                    "recorded with its stand-in; if it is no secret, {line}",
                    call_name=call.name,
                    name=name,
                    names=".".join(key),
                    line=self._line(key, credential),
                )
                self._notes[note] = None

    def _is_injected(self, call: Call, name: str) -> bool:
        """Return whether a declared default put the credential in, which replay does as well."""
        platform = self._platforms.find(call.platform)
        api = platform.apis.get(call.api) if platform else None
        if platform is None or api is None:
            return False
        instance = self._platforms.instance(call.platform, call.instance)
        declared: tuple[Any, ...] = (platform.query, instance.query, api.query, api.body)
        return any(name == used for _, used in credentials_in(declared))

    def _is_secret(self, key: Key, credential: Credential) -> bool:
        platform = self._platforms.platform(key[0])
        return credential.secret or bool(always_secret(platform, credential.name))

    def _request_message(self, call: Call, place: str, key: Key, credential: Credential) -> str:
        message = msg(
            "{call_name}: the {place} says the value of {name!r} of {names} itself",
            call_name=call.name,
            place=place,
            name=credential.name,
            names=".".join(key),
        )
        where = f" ({call.position})" if call.position else ""
        if self._is_secret(key, credential):
            hint = msg(
                "leave a secret to auth, or put it in with {$credential: …} in the platform file"
            )
        else:
            hint = msg("if it is no secret, {line}", line=self._line(key, credential))
        return msg(
            "{message}{where}, which replay cannot, as only its stand-in is recorded; {hint}",
            message=message,
            where=where,
            hint=hint,
        )

    def _line(self, key: Key, credential: Credential) -> str:
        return msg(
            "write `{name}: {{secret: false}}` under credentials of platform {key!r} "
            "({folder}) and record again",
            name=credential.name,
            key=key[0],
            folder=self._platforms.folder,
        )


def _texts_of(call: Call) -> Iterator[tuple[str, str]]:
    yield "path", call.path
    yield "query", "\n".join(text for pair in call.query for text in pair)
    yield "header", "\n".join(value for _, value in call.headers)
    yield "body", (call.body or b"").decode(errors="replace")


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """Takes exchanges, on any thread, and looks at them when it is asked: no script waits for it.

    Attributes:
        vault: what is known by now.
        passing: names the fields of an API's responses that pass, and so are no secrets.
        answered: names the places of an API that are declared to be no secrets.
        cassette: of the project that may declare more of them.
    """

    vault: Vault
    passing: PlacesOf
    answered: PlacesOf
    cassette: Path
    _fresh: deque[Exchange] = field(default_factory=deque, init=False)
    _secrets: dict[UndeclaredSecret, None] = field(default_factory=dict, init=False)

    def add(self, exchange: Exchange) -> None:
        """Take a redacted exchange."""
        self._fresh.append(exchange)

    def places(self) -> tuple[str, ...]:
        """Return where values stand that look like secrets and are not known as such by now."""
        while self._fresh:
            exchange = self._fresh.popleft()
            call = exchange.request.call
            name = call.name if call else ""
            secrets = find_undeclared_secrets(exchange, self.passing(name), self.answered(name))
            self._secrets.update(dict.fromkeys(secrets))
        still = dict.fromkeys(
            p for p, value in self._secrets if self.vault.redact_text(value) == value
        )
        open_places = open_places_of(find_root(self.cassette)) if still else ()
        return tuple(place for place in still if place not in open_places)
