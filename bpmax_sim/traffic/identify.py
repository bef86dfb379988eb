"""Traffic without a builder -> the call that a builder would have said.

The platform is known by its address, the API by method and path; what auth puts in is taken out,
and so is every header that neither platform nor API declares. Where none fits, the request stays as
it is, and its method, address and body identify it.

Logins in foreign traffic, known by method and address.

What a login carries and what its answer mints is secret wherever else it stands.

Requests of users' own clients: told apart by address, method and path, and made safe to keep.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlsplit

import msgspec
from msgspec.structs import replace

from bpmax_sim.cassette.matching import call_behind, split_query, unbuilt
from bpmax_sim.errors import BpmaxError
from bpmax_sim.js_values import loads
from bpmax_sim.messages import LOGIN, Call, Request, Response, Sensitive
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import (
    Api,
    Auth,
    LoginStep,
    Platform,
    Source,
    emitted,
    is_set,
    name_of,
    put_in,
    sensitive,
)
from bpmax_sim.platform.template import names_in, render
from bpmax_sim.proxy.effects import Effect, Send
from bpmax_sim.proxy.environment import Environment
from bpmax_sim.proxy.response import CallRecord
from bpmax_sim.proxy.result import learn
from bpmax_sim.secret.vault import Credentials, Vault

Addresses = Mapping[tuple[str, str], str]
"""The address in use, by platform and instance key."""

_ANY_INSTANCE: Final = "default"
_TEMPLATE = re.compile(r"\{\{.*?\}\}")
_PLACEHOLDER = re.compile(r"\{[^{}]+\}")
_PATH_SAFE: Final = "/:@!$&'()*+,;=~%"
_ALWAYS: Final = frozenset({
    "header.authorization", "header.proxy-authorization", "header.cookie",
})  # fmt: skip
_SCHEMES: Final = frozenset({"basic", "bearer", "digest", "token"})
_OWN_HEADERS: Final = frozenset({"content-type"})


class _Address(msgspec.Struct, frozen=True):
    platform: Platform
    instance: str
    pattern: re.Pattern[str]
    length: int


class Identifier:
    """Knows requests by what is declared; made once for many requests."""

    def __init__(self, platforms: Platforms, addresses: Addresses | None = None) -> None:
        """Prepare *platforms*; *addresses* are those that are in use besides the declared ones."""
        known = _addresses(platforms, addresses or {})
        self._addresses = sorted(known, key=lambda address: -address.length)

    def identify(self, request: Request) -> Request:
        """Return *request* with its call, address, and places that hold secrets, where one fits."""
        for address in self._addresses:
            found = address.pattern.match(request.url)
            if found is None:
                continue
            path = split_query(request.url[found.end() :])[0]
            api = _api(address.platform, request.method, path)
            if api is not None:
                return _named(request, address, api, found[0])
        return request


def identify(request: Request, platforms: Platforms, addresses: Addresses | None = None) -> Request:
    """Return *request* as the call of an API of *platforms*, or as it is where none fits."""
    return Identifier(platforms, addresses).identify(request)


def _addresses(platforms: Platforms, in_use: Addresses) -> Iterator[_Address]:
    for platform in platforms:
        entries = platforms.entries.get(platform.platform_key, ())
        enabled = [entry.instance for entry in entries if entry.instance.enabled]
        enabled.sort(key=lambda instance: not instance.default)
        for instance in enabled:
            key = instance.instance_key
            live = in_use.get((platform.platform_key, key), "")
            own = instance.base_url if isinstance(instance.base_url, str) else ""
            for text in filter(None, (live, own or platform.base_url)):
                yield _address(platform, key, text)
        if not enabled:
            yield _address(platform, _ANY_INSTANCE, platform.base_url)


def _address(platform: Platform, instance: str, text: str) -> _Address:
    base = text.rstrip("/")
    literals = map(re.escape, _TEMPLATE.split(base))
    pattern = re.compile(f"{'[^/?#]+'.join(literals)}(?=[/?#]|$)", re.IGNORECASE)
    return _Address(platform, instance, pattern, len(base))


def _api(platform: Platform, method: str, path: str) -> Api | None:
    """Return the API that *method* and *path* fit, the one with the most fixed text first."""
    fitting = [
        (len(_PLACEHOLDER.sub("", api.path)), api)
        for api in platform.apis.values()
        if api.method.upper() == method.upper() and _path_pattern(api.path).fullmatch(path or "/")
    ]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def _path_pattern(template: str) -> re.Pattern[str]:
    path = template.partition("?")[0]
    path = path if path.startswith("/") else f"/{path}"
    literals = (re.escape(quote(part, safe=_PATH_SAFE)) for part in _PLACEHOLDER.split(path))
    return re.compile("[^/]+".join(literals))


def _named(request: Request, address: _Address, api: Api, base: str) -> Request:
    platform = address.platform
    auth = api.auth if isinstance(api.auth, Auth) else platform.auth
    injected = dict.fromkeys(_injected(auth))
    kept = _declared_headers(platform, api)
    others = {f"header.{name.lower()}" for name, _ in request.headers if name.lower() not in kept}
    places = (*injected, *sorted(others - injected.keys()))
    placed = replace(request, base=base, injected=places)
    said = Call(
        platform=platform.platform_key,
        instance=address.instance,
        api=api.key,
        method=request.method.upper(),
        path="",
    )
    return replace(
        placed,
        call=call_behind(placed, said),
        sensitive=sensitive((*platform.secret, *api.secret)),
        personal=(*platform.redact, *api.redact),
    )


def _declared_headers(platform: Platform, api: Api) -> frozenset[str]:
    declared = [*platform.headers, *api.headers]
    declared += [item.target for item in api.parameters if item.place == "header"]
    return _OWN_HEADERS | {name.lower() for name in declared}


def _injected(auth: Auth) -> Iterator[str]:
    """Yield every place that auth and signing put in, also where nothing else is."""
    for spot, name in put_in(auth, auth.apply):
        yield _place(spot, name)
    for name in auth.sign.default_headers if auth.sign else ():
        yield _place("header", render(name, auth.parameters))


def _place(spot: str, name: str) -> str:
    return f"{spot}.{name.lower() if spot == 'header' else name}"


def secret_places(platform: Platform, api: Api) -> tuple[str, ...]:
    """Return the places of a request where auth puts in something secret."""
    auth = api.auth if isinstance(api.auth, Auth) else platform.auth
    names = _secret_names(platform, auth)
    return tuple(
        _place(item.place, name_of(item, auth))
        for item in (*auth.apply, *emitted(auth))
        if names_in(item.value) & names
    )


def hidden(request: Request, platforms: Platforms, vault: Vault) -> Request:
    """Return an identified *request* as it may be written down, its credentials known to *vault*.

    A credential is hidden by its place, however short: where the platform's auth puts one in, and
    in every Authorization, Proxy-Authorization and Cookie. The address becomes the declared one.
    """
    call = request.call
    assert call is not None
    platform = platforms.platform(call.platform)
    places = _ALWAYS | set(secret_places(platform, platforms.api(platform, call.api)))

    def hide(place: str, value: str) -> str:
        if place not in places or not value:
            return value
        known = vault.redact_text(value)
        if known != value:
            return known
        scheme, space, rest = value.partition(" ")
        if not rest or scheme.lower() not in _SCHEMES:
            scheme, space, rest = "", "", value
        name = f"client-{place.partition('.')[2]}"
        return f"{scheme}{space}{vault.minted(call.platform, call.instance, name, rest)}"

    return replace(
        _at_declared_address(request, platform, hide),
        headers=tuple((n, hide(f"header.{n.lower()}", value)) for n, value in request.headers),
    )


def _at_declared_address(
    request: Request, platform: Platform, hide: Callable[[str, str], str]
) -> Request:
    declared = platform.base_url.rstrip("/")
    base = request.base if "{" in declared else declared
    path, mark, query = request.url[len(request.base) :].partition("?")
    parts = (_parameter(part, hide) for part in query.split("&"))
    return replace(request, url=f"{base}{path}{mark}{'&'.join(parts)}", base=base)


def _parameter(part: str, hide: Callable[[str, str], str]) -> str:
    name, equals, value = part.partition("=")
    plain = unquote_plus(value)
    shown = hide(f"query.{unquote_plus(name)}", plain)
    return part if shown == plain else f"{name}{equals}{quote(shown, safe='-._~')}"


def _secret_names(platform: Platform, auth: Auth) -> set[str]:
    """Return the template names that are secret, or made of what is."""
    names = {name for name, spec in platform.credentials.items() if spec.secret} | {"signature"}
    for step in auth.acquire.steps if auth.acquire else ():
        names |= {name for name, rule in step.extract.items() if rule.secret}
    for name, text in auth.parameters.items():
        if isinstance(text, str) and names_in(text) & names:
            names.add(name)
    return names


_NAME: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_DEEPEST: Final = 5


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
            for instance, address in _login_addresses(platforms, platform, addresses or {})
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


def _login_addresses(
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


def addresses_in(platforms: Platforms, environ: Mapping[str, str]) -> Addresses:
    """Return the addresses that instances take from *environ*, as far as they are set."""
    found: dict[tuple[str, str], str] = {}
    for entries in platforms.entries.values():
        for entry in entries:
            one, given = entry.instance, entry.instance.base_url
            if isinstance(given, Source) and isinstance(given.env, str) and environ.get(given.env):
                found[one.platform, one.instance_key] = environ[given.env]
    return found


def know(found: Credentials, tenant: tuple[str, str], vault: Vault) -> None:
    """Make the credentials of a tenant (platform key and instance key) known to *vault*."""
    for one in found:
        vault.add(str(one.real), str(one.standin), name=".".join((*tenant, one.name)))


@dataclass(slots=True)
class Outside:
    """Makes the requests of other clients into calls of the session."""

    platforms: Platforms
    environ: Mapping[str, str] = field(repr=False)
    env: Environment
    vault: Vault
    _identifier: Identifier | None = field(default=None, init=False)

    def call(self, request: Request) -> Generator[Effect, Any, Response]:
        """Send *request* as a call that is recorded and logged like a builder's.

        Raises:
            TransportError: the exchange did not complete.
            NoMatchError: replay has no answer.
        """
        known = self.known(request, serial=self.env.serial())
        start = self.env.clock.now(), self.env.clock.tick()
        try:
            response: Response = yield Send(known)
        except BpmaxError as error:
            self.env.log(_record(known, self.env, start, error=error))
            raise
        self.env.log(_record(known, self.env, start, received=response))
        return response

    def known(self, request: Request, *, serial: int = 0) -> Request:
        """Return *request* as the call of the API that it belongs to, with its stand-in twin."""
        if self._identifier is None:
            live = addresses_in(self.platforms, self.environ)
            self._identifier = Identifier(self.platforms, live)
            self._know_everyone()
        named = self._identifier.identify(request)
        call = replace(named.call or unbuilt(named), serial=serial)
        if named.call is None:
            return replace(named, call=call)
        self._know_tenant(call)
        named = replace(named, call=call)
        return replace(named, standin=hidden(named, self.platforms, self.vault))

    def _know_everyone(self) -> None:
        """Where something is written down, make the credentials of all instances known.

        A client may send one where no declared API expects it.
        """
        if not self.env.separate:
            return
        for entries in self.platforms.entries.values():
            for entry in entries:
                one = entry.instance
                with suppress(BpmaxError):  # what is not set cannot be sent
                    platform = self.platforms.platform(one.platform)
                    found = self.platforms.credentials(
                        platform, one, environ=self.environ, closed=False
                    )
                    know(found, (one.platform, one.instance_key), self.vault)

    def _know_tenant(self, call: Call) -> None:
        """Make the instance's own credentials known, where it has them."""
        try:
            instance = self.platforms.instance(call.platform, call.instance)
            self.env.tenant(self.platforms.platform(call.platform), instance)
        except BpmaxError:
            pass  # a client of its own has credentials of its own


def _record(
    request: Request, env: Environment, start: tuple[float, int], **came: Any
) -> CallRecord:
    at, began = start
    call = request.call
    assert call is not None
    return CallRecord(
        platform=call.platform or urlsplit(request.url).hostname or "",
        instance=call.instance,
        api=call.api or call.method,
        at=at,
        duration=env.clock.now() - at,
        began=began,
        ended=env.clock.tick(),
        attempts=1,
        call=call,
        sent=request,
        redact=env.redact,
        **came,
    )
