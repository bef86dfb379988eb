"""Logins in foreign traffic, known by method and address.

What a login carries and what its answer mints is secret wherever else it stands.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

import msgspec
from msgspec.structs import replace

from bpmax_sim.cassette.identify import Addresses
from bpmax_sim.cassette.injected import split_query
from bpmax_sim.messages import LOGIN, Call, Request, Response, Sensitive
from bpmax_sim.numeric import loads
from bpmax_sim.platform.model import Auth, LoginStep, Platform, is_set
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.platform.template import names_in
from bpmax_sim.proxy.minting import learn
from bpmax_sim.secret.vault import Vault

_NAME: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_TEMPLATE: Final = re.compile(r"\{\{.*?\}\}")
_DEEPEST: Final = 5
_ANY_INSTANCE: Final = "default"


class Login(msgspec.Struct, frozen=True):
    """A request that some platform logs in with."""

    platform: Platform
    instance: str
    auth: Auth
    step: LoginStep
    pattern: re.Pattern[str]

    def learn(self, request: Request, outcome: object, vault: Vault) -> None:
        """Make known to *vault* what is secret in *request* and in the answer to it."""
        key = self.platform.platform_key
        secrets = self._secret_names()
        for name, value in self._sent(request, secrets):
            vault.minted(key, self.instance, name, value)
        if not isinstance(outcome, Response):
            return
        call = Call(platform=key, instance=self.instance, api=LOGIN, method=request.method, path="")
        minted = tuple(
            Sensitive(rule.path, name, rule.kind)
            for name, rule in self.step.extract.items()
            if rule.secret
        )
        learn(replace(request, call=call, sensitive=minted), outcome, vault)

    def _secret_names(self) -> frozenset[str]:
        declared = (name for name, one in self.platform.credentials.items() if one.secret)
        steps = self.auth.acquire.steps if self.auth.acquire else ()
        minted = (n for step in steps for n, rule in step.extract.items() if rule.secret)
        found = {*declared, *minted}
        for name, text in self.auth.parameters.items():
            if isinstance(text, str) and names_in(text) & found:
                found.add(name)
        return frozenset(found)

    def _sent(self, request: Request, secrets: frozenset[str]) -> Iterator[tuple[str, str]]:
        """Yield the credentials of *request*, by the templates that put them there."""
        said = self.step.request
        query = dict(split_query(request.url)[1])
        headers = {name.lower(): value for name, value in request.headers}
        yield from _values({n.lower(): v for n, v in said.headers.items()}, headers, secrets)
        yield from _values(said.query, query, secrets)
        yield from _values(said.form if is_set(said.form) else {}, _form(request.body), secrets)
        yield from _values(said.body if is_set(said.body) else {}, _json(request.body), secrets)


class Logins:
    """Knows logins by what is declared."""

    def __init__(self, platforms: Platforms, addresses: Addresses | None = None) -> None:
        """Prepare *platforms*; *addresses* are those that are in use besides the declared ones."""
        self._known = [
            Login(platform, instance, auth, step, _pattern(address, auth, step))
            for platform in platforms
            for instance, address in _addresses(platforms, platform, addresses or {})
            for auth in _auths(platform)
            for step in (auth.acquire.steps if auth.acquire else ())
        ]

    def find(self, request: Request) -> Login | None:
        """Return whose login *request* is, or None."""
        address = split_query(request.url)[0]
        fitting = (
            login
            for login in self._known
            if login.step.request.method.upper() == request.method
            and login.pattern.fullmatch(address)
        )
        return next(fitting, None)


def _auths(platform: Platform) -> Iterator[Auth]:
    yield platform.auth
    yield from (api.auth for api in platform.apis.values() if isinstance(api.auth, Auth))


def _addresses(
    platforms: Platforms, platform: Platform, in_use: Addresses
) -> Iterator[tuple[str, str]]:
    key = platform.platform_key
    entries = [entry.instance for entry in platforms.entries.get(key, ())]
    for one in entries:
        own = one.base_url if isinstance(one.base_url, str) else platform.base_url
        for address in filter(None, (in_use.get((key, one.instance_key)), own)):
            yield one.instance_key, address
    if not entries:
        yield _ANY_INSTANCE, platform.base_url


def _pattern(address: str, auth: Auth, step: LoginStep) -> re.Pattern[str]:
    """Return what the address of *step* looks like; what only a run knows may be anything."""
    known: dict[str, str] = {n: v for n, v in auth.parameters.items() if isinstance(v, str)}
    known["base_url"] = address.rstrip("/")
    text = step.request.url or f"{{{{ base_url }}}}/{step.request.path.lstrip('/')}"
    for _ in range(_DEEPEST):
        text = _NAME.sub(lambda found: known.get(found[1], found[0]), text)
    literals = map(re.escape, _TEMPLATE.split(text.partition("?")[0]))
    return re.compile("[^/?#]+".join(literals), re.IGNORECASE)


def _values(
    said: Any, sent: Mapping[str, Any], secrets: frozenset[str]
) -> Iterator[tuple[str, str]]:
    if not isinstance(said, Mapping):
        return
    for name, template in said.items():
        value = sent.get(name)
        if isinstance(template, str) and isinstance(value, str) and value:
            found = sorted(names_in(template) & secrets)
            if found:
                yield found[0], _bare(value)


def _bare(value: str) -> str:
    """Return the password of Basic credentials, and any other value as it is."""
    scheme, _, packed = value.partition(" ")
    if scheme.lower() != "basic":
        return value
    try:
        known = base64.b64decode(packed, validate=True).decode()
    except (binascii.Error, ValueError):
        return value
    return unquote(known.partition(":")[2]) or value


def _form(body: bytes | None) -> dict[str, str]:
    return dict(parse_qsl((body or b"").decode(errors="replace")))


def _json(body: bytes | None) -> dict[str, Any]:
    try:
        found = loads(body or b"null")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
