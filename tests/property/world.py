"""Drawn cases, and a third party in little that keeps its own books."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim import strategies
from bpmax_sim.clock import Instant
from bpmax_sim.errors import CallError
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.model import Api, Auth, Instance, Platform
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.session.session import Session
from bpmax_sim.session.settings import Settings
from bpmax_sim.strategies.platforms import KINDS
from bpmax_sim.strategies.values import draw_weighted
from bpmax_sim.transport.protocol import Handler
from tests.property.logins import JSON, grant, reply, signed

MANY = settings(max_examples=2 * settings().max_examples)
"""For laws with many cases that take little time each."""
STEADY = tuple(kind for kind in KINDS if kind != "preset")
"""Kinds of auth that put in the same at any time; presets sign with time and nonce."""
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
        """Return the API that *program* names: by its key, its twin, or an alias in either."""
        known = self.platform.apis
        if program.api in known:
            return known[program.api]
        (found,) = [one for one in known.values() if is_named(program.api, one)]
        return found

    def auth(self, program: CallSpec) -> Auth:
        own = self.api(program).auth
        return own if isinstance(own, Auth) else self.platform.auth

    def instance(self, program: CallSpec) -> Instance:
        key = program.options.get("instance_key", UNDEFINED)
        found = [one for one in self.instances if one.instance_key == key]
        return found[0] if found else self.instances[0]

    def base(self, program: CallSpec) -> str:
        """Return the address that *program* goes to, without a slash at its end."""
        declared = str(self.instance(program).base_url or self.platform.base_url).rstrip("/")
        return quote(declared, safe=":/")

    def moved(self, address: str) -> Case:
        """Return the same with everything at *address*."""
        tenants = tuple(replace(one, base_url="") for one in self.instances)
        return Case(replace(self.platform, base_url=address), tenants, self.programs)

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """Print the calls as a script makes them, and the platform as its file would declare it."""
        printer.text("\n".join(["Case of", *map(strategies.javascript, self.programs)]))
        declared = msgspec.to_builtins((self.platform, self.instances), str_keys=True)
        printer.text(f"\n{json.dumps(declared, ensure_ascii=False, default=repr)}")


def is_named(name: str, api: Api) -> bool:
    """Return whether *name* is the camelCase or snake_case twin of what *api* is called."""
    return any(humps(name) == humps(known) for known in (api.key, *api.aliases))


def humps(name: str) -> str:
    """Return *name* with an underscore in front of each capital, in lower case."""
    return "".join(f"_{one.lower()}" if one.isupper() else one for one in name)


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
        # A long chain hides what one of its setters does behind what the others do.
        "chained": partial(strategies.chains, max_steps=3),
        "direct": strategies.direct_calls,
    }
    calls = draw_weighted(
        *((2 if form == "chained" else 1, makers[form](**named)) for form in forms)
    )
    return Case(platform, tenants, [draw(calls) for _ in range(size)])


def both() -> st.SearchStrategy[Case]:
    """Draw what is sent, mostly, and what must be refused."""
    return cases() | cases(refusable=True)


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
        logins: the instance of each login that yielded a token.
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
    tickets: dict[str, str] = field(default_factory=dict)

    def handle(self, request: Request) -> Response:
        assert request.call is not None
        if request.call.is_login:
            return self._login(request)
        self.requests.append(request)
        auth = self.case.auth(CallSpec(platform="", api=request.call.api))
        if needs_token(auth, request.method) and not self.good & set(_shown(request)):
            return _refusal(auth)
        answer = self.answer(request)
        response = answer if isinstance(answer, Response) else reply(answer)
        return signed(response) if auth.verify_response else response

    def _login(self, request: Request) -> Response:
        assert request.call is not None
        for one in self.case.instances:
            if one.instance_key == request.call.instance:
                granted = grant(request, {k: str(v) for k, v in one.credentials.items()}, self)
                if granted is not None:
                    return granted
        self.refused += 1
        return reply({"error": "invalid_client"}, 401)

    def token(self, instance: str) -> str:
        """Return a new token, which is good from now on."""
        token = f"tok-{len(self.tokens)}-{instance}-Zx8Q".encode().hex()
        self.tokens.append(token)
        self.logins.append(instance)
        self.good.update(() if self.forgets else (token,))
        return token

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
        return [*own, *self.tokens, *self.tickets]


def needs_token(auth: Auth, method: str) -> bool:
    """Return whether a call needs a login first."""
    acquire = auth.acquire
    return acquire is not None and (not acquire.methods or method in acquire.methods)


def _refusal(auth: Auth) -> Response:
    if auth.acquire is not None and auth.acquire.methods:
        return replace(reply({}, 403), headers=(*JSON, ("x-csrf-token", "Required")))
    return reply({"code": 401, "message": "令牌无效"}, 401)


def _shown(request: Request) -> list[str]:
    pairs = request.url.partition("?")[2].split("&")
    shown = [unquote(pair.partition("=")[2]) for pair in pairs if pair.startswith("access_token=")]
    heads = [
        value
        for name, value in request.headers
        if name.lower() in {"authorization", "x-csrf-token"}
    ]
    return [*shown, *(value.removeprefix("Bearer ") for value in heads)]


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
    platforms = strategies.with_instances(*case.instances, platform=case.platform)
    transport = Handler(third.handle) if third else None
    return Session(platforms, Settings(**{**settings, **more}), transport=transport)


def refused(call: Callable[[], Any]) -> CallError | None:
    """Return the rejection that *call* ends in, or None."""
    try:
        call()
    except CallError as error:
        return error
    return None
