"""Traffic without a builder -> the call that a builder would have said.

The platform is known by its address, the API by method and path; what auth puts in is taken out,
and so is every header that neither platform nor API declares. Where none fits, the request stays as
it is, and its method, address and body identify it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import quote, unquote_plus

import msgspec
from msgspec.structs import replace

from bpmax_sim.cassette.injected import call_behind, split_query
from bpmax_sim.messages import Call, Request
from bpmax_sim.platform.model import Api, Auth, Platform
from bpmax_sim.platform.placed import emitted, name_of, put_in
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.platform.sensitive import sensitive
from bpmax_sim.platform.template import names_in, render
from bpmax_sim.secret.vault import Vault

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
