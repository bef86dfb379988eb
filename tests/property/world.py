"""Drawn cases, and a third party in little that keeps its own books."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from hypothesis import settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim import strategies
from bpmax_sim.clock import Instant
from bpmax_sim.errors import CallError
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.model import Api, Instance, Platform
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.session import Session, Settings
from bpmax_sim.strategies.platforms import KINDS
from bpmax_sim.transport.protocol import Handler

JSON = (("Content-Type", "application/json"),)
MANY = settings(max_examples=3 * settings().max_examples)
"""For laws with many cases that take little time each."""
START = "2026-03-02T09:00:00+08:00"


@dataclass(slots=True)
class Case:
    """A platform, its two instances, and calls of it."""

    platform: Platform
    instances: tuple[Instance, ...]
    programs: list[CallSpec]

    @property
    def program(self) -> CallSpec:
        return self.programs[0]

    def api(self, program: CallSpec) -> Api:
        return self.platform.apis[program.api]

    def instance(self, program: CallSpec) -> Instance:
        key = program.options.get("instance_key", UNDEFINED)
        found = [one for one in self.instances if one.instance_key == key]
        return found[0] if found else self.instances[0]


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    kinds: Iterable[str] = KINDS,
    forms: Iterable[str] = ("chained", "direct"),
    size: int = 1,
    refusable: bool = False,
) -> Case:
    """Draw a platform with two instances, and *size* calls of it."""
    platform = draw(_platforms(tuple(kinds)))
    tenants = tuple(draw(_tenants(platform.platform_key, key)) for key in ("test", "prod"))
    named = {"platform": platform, "instances": ("test", "prod"), "refusable": refusable}
    makers: dict[str, Callable[..., st.SearchStrategy[CallSpec]]] = {
        "chained": strategies.chains,
        "direct": strategies.direct_calls,
    }
    calls = st.one_of([makers[form](**named) for form in forms])
    return Case(platform, tenants, [draw(calls) for _ in range(size)])


@cache  # checking a strategy anew costs more than drawing from it
def _platforms(kinds: tuple[str, ...]) -> st.SearchStrategy[Platform]:
    return strategies.platforms(auth=strategies.auths(kinds=kinds), max_apis=2)


@cache
def _tenants(platform: str, key: str) -> st.SearchStrategy[Instance]:
    return strategies.instances(platform=platform, key=st.just(key)).map(_own)


def _own(instance: Instance) -> Instance:
    """Return *instance* with a secret that no other one has."""
    secret = f"{instance.credentials['secret']}{instance.instance_key}"
    return replace(instance, credentials={**instance.credentials, "secret": secret})


@dataclass(slots=True)
class ThirdParty:
    """Answers every request; a token is good while it stands in the books.

    Attributes:
        answer: what a good request is answered with, a value or a whole response.
        ttl: seconds that a token is said to live.
        forgets: whether no token is ever good.
        refused: logins that were refused.
    """

    case: Case
    answer: Callable[[Request], Any] = lambda _request: {"code": 200, "message": "ok"}
    ttl: float = 7200
    forgets: bool = False
    refused: int = 0
    requests: list[Request] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    good: set[str] = field(default_factory=set)
    tokens: list[str] = field(default_factory=list)

    def handle(self, request: Request) -> Response:
        assert request.call is not None
        if request.call.is_login:
            return self._login(request)
        self.requests.append(request)
        if self.case.platform.auth.acquire is not None and not self.good & set(_shown(request)):
            return reply({"code": 401, "message": "令牌无效"}, 401)
        answer = self.answer(request)
        return answer if isinstance(answer, Response) else reply(answer)

    def _login(self, request: Request) -> Response:
        form = parse_qs((request.body or b"").decode(), strict_parsing=True)
        for one in self.case.instances:
            if form == {name: [str(value)] for name, value in one.credentials.items()}:
                token = f"tok-{len(self.tokens)}-{one.instance_key}-Zx8Q"
                token = token.encode().hex()
                self.tokens.append(token)
                self.logins.append(one.instance_key)
                self.good.update(() if self.forgets else (token,))
                return reply({"token": token, "ttl": self.ttl})
        self.refused += 1
        return reply({"error": "invalid_client"}, 401)

    def values(self, program: CallSpec) -> dict[str, str]:
        """Return credentials and the latest token of the instance that *program* calls."""
        one = self.case.instance(program)
        tokens = [t for t, key in zip(self.tokens, self.logins, strict=True)
                  if key == one.instance_key]  # fmt: skip
        given = {name: str(value) for name, value in one.credentials.items()}
        return {**given, "token": tokens[-1] if tokens else ""}

    @property
    def secrets(self) -> list[str]:
        """Return every secret that there is, those that it minted included."""
        own = [str(one.credentials["secret"]) for one in self.case.instances]
        return [*own, *self.tokens]


def _shown(request: Request) -> list[str]:
    pairs = request.url.partition("?")[2].split("&")
    shown = [unquote(pair.partition("=")[2]) for pair in pairs if pair.startswith("access_token=")]
    heads = [value for name, value in request.headers if name.lower() == "authorization"]
    return [*shown, *(value.removeprefix("Bearer ") for value in heads)]


def reply(value: Any, status: int = 200) -> Response:
    """Return an answer of JSON."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Response(status=status, headers=JSON, body=body, elapsed=0.25)


def opened(
    case: Case,
    third: ThirdParty | None = None,
    cassette: Path | None = None,
    *,
    network: bool = False,
    **more: Any,
) -> Session:
    """Return a session: live with *third* or the *network*, recording, or replaying."""
    closed = third is None and not network
    settings: dict[str, Any] = {
        "mode": "replay" if closed else "live" if cassette is None else "record",
        "cassette": cassette,
        "logins": cassette.parent / "auth" if cassette else None,
        "clock": Instant.parse(START),
        "environ": {},
        "owner": "定律",
    }
    platforms = strategies.declared(*case.instances, platform=case.platform)
    transport = Handler(third.handle) if third else None
    return Session(platforms, Settings(**{**settings, **more}), transport=transport)


def refused(call: Callable[[], Any]) -> CallError | None:
    """Return the rejection that *call* ends in, or None."""
    try:
        call()
    except CallError as error:
        return error
    return None
