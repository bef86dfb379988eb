"""Whether the live third party still answers as it did when it was recorded.

Each recorded call is made twice: what differs between the two live answers is volatile and counts
as no drift. Calls that change something are made once, and only where that is allowed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol
from urllib.parse import unquote

from bpmax_sim.cassette.bodies import by_name, media_type
from bpmax_sim.cassette.paths import Path, Wild, format_path, parse_path
from bpmax_sim.check.shape import Change, Tier, changes, unsteady
from bpmax_sim.errors import CallError
from bpmax_sim.messages import Call, Exchange, Request, Response
from bpmax_sim.platform.model import Api, Platform
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.proxy.builder import Builder, Proxy
from bpmax_sim.proxy.record import CallRecord

SAFE: Final = frozenset({"GET", "HEAD"})
_STANDIN: Final = "redacted."
_PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")

Kind = Literal["changed", "volatile", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What verifying one exchange brought to light; no value of an answer is in it.

    Attributes:
        tier: ``info``, ``warning`` or ``error``.
        kind: ``changed``, ``volatile`` (learned), ``failed`` (no answer) or ``skipped``.
        path: the place, such as ``body.data.items[*].qty``, where there is one.
    """

    exchange: Exchange
    tier: Tier
    kind: Kind
    message: str
    path: str = ""

    def __str__(self) -> str:
        """Return ``error: [2] crm_system.get_customer: body.name: text became number``."""
        call = self.exchange.request.call
        name = call.name if call and call.platform else self.exchange.request.url
        return f"{self.tier}: [{self.exchange.order}] {name}: {self.message}"


class LiveSession(Protocol):
    """A session whose calls go to the live third party."""

    @property
    def calls(self) -> Sequence[CallRecord]:
        """Return the records of the calls so far."""
        ...

    @property
    def platforms(self) -> Platforms:
        """Return what is declared."""
        ...

    def proxy(self, platform: str, /, **options: Any) -> Proxy:
        """Return the proxy of a platform."""
        ...

    def handle(self, request: Request, /) -> Response:
        """Answer a request that no builder made."""
        ...


def verify(
    session: LiveSession, exchanges: Iterable[Exchange], *, allow_writes: bool = False
) -> Iterator[Drift]:
    """Yield how the live answers to *exchanges* differ from the recorded ones.

    Logins and exchanges that did not complete are left out.
    """
    for exchange in exchanges:
        if isinstance(exchange.outcome, Response) and not exchange.request.is_login:
            yield from _Check(session, exchange, exchange.outcome).run(allow_writes=allow_writes)


@dataclass(frozen=True, slots=True)
class _Check:
    session: LiveSession
    exchange: Exchange
    recorded: Response

    def run(self, *, allow_writes: bool) -> Iterator[Drift]:
        declared = self._declared()
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
            yield self._drift("error", "failed", error.message)
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
            _builder(self.session, call).call()
        except CallError as error:
            failure = error
        made = [one for one in self.session.calls[before:] if not one.is_login]
        if made and made[-1].received is not None:
            return made[-1].received
        raise failure or CallError("it was not answered")

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
    if _carries_standin(exchange.request):
        return "not sent: it carries a value that the recording only stands in for"
    return ""


def _carries_standin(request: Request) -> bool:
    """Return whether a stand-in is in what the script said; auth puts in real values itself."""
    call = request.call
    if call is None:
        texts = [request.url, *(value for _, value in request.headers)]
        return any(_STANDIN in text for text in texts) or _in_body(request.body)
    said = [call.path, *(value for _, value in (*call.query, *call.headers))]
    return any(_STANDIN in text for text in said) or _in_body(call.body)


def _in_body(body: bytes | None) -> bool:
    return _STANDIN.encode() in (body or b"")


def _builder(session: LiveSession, call: Call) -> Builder:
    """Return the call of a script that said *call*."""
    platform = session.platforms.platform(call.platform)
    template = session.platforms.api(platform, call.api).path
    builder = session.proxy(call.platform, instance_key=call.instance).api(call.api)
    builder = builder.path(_path_values(template, call.path))
    builder = builder.query(by_name(call.query))
    builder = builder.header(dict(call.headers))
    if call.body is None:
        return builder
    content_type = next((v for n, v in call.headers if n.lower() == "content-type"), "")
    return builder.body(_said(call.body, media_type(content_type)))


def _path_values(template: str, path: str) -> Mapping[str, str]:
    pieces = _PLACEHOLDER.split(template.partition("?")[0])
    names, literals = pieces[1::2], [unquote(piece) for piece in pieces[::2]]
    found = re.fullmatch("([^/]+)".join(map(re.escape, literals)), _readable(path))
    values = found.groups() if found else ()
    return {name: unquote(value) for name, value in zip(names, values, strict=False)}


def _readable(path: str) -> str:
    """Return *path* decoded but for the slashes and percent signs that belong to values."""
    kept = re.sub(r"%(25|2[fF])", r"%25\1", path)
    return unquote(kept)


def _said(body: bytes, media: str) -> Any:
    """Return JSON as its value, so that it merges with declared defaults; all else as bytes."""
    if not media.endswith("json"):
        return body
    try:
        return json.loads(body)
    except ValueError:
        return body
