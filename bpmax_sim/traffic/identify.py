"""Traffic without a builder -> the call that a builder would have said, made safe to keep.

What auth puts in is taken out, and so is every header that neither platform nor API declares. A
credential is hidden by its place, and the address becomes the declared one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlencode

from msgspec.structs import replace

from bpmax_sim.cassette.matching import call_behind
from bpmax_sim.js_values import loads
from bpmax_sim.messages import LOGIN, Call, Request, Sensitive
from bpmax_sim.path_template import encode_value, fill_placeholders
from bpmax_sim.platform.matcher import ApiMatch, Login
from bpmax_sim.platform.model import (
    Auth,
    Platform,
    emitted,
    is_set,
    name_of,
    put_in,
    sensitive,
)
from bpmax_sim.platform.secrecy import always_secret
from bpmax_sim.platform.template import names_in, render
from bpmax_sim.secret.http_auth import SECRET_HEADERS, read_basic, split_scheme, with_standin
from bpmax_sim.secret.standin import standin
from bpmax_sim.secret.vault import Vault

CLIENT: Final = "header.user-agent"
"""Among the injected places of a client's own login and never of a builder's."""

_ALWAYS: Final = frozenset(f"header.{name}" for name in SECRET_HEADERS)


def identify(request: Request, match: ApiMatch | None) -> Request:
    """Return *request* with the call, address, and places of secrets that *match* says.

    It stays as it is where its path is not declared.
    """
    if match is None or not match.is_declared:
        return request
    platform, api, login = match.platform, match.api, match.login
    kept = _login_headers(login) if login else _declared_headers(match)
    if request.body:
        kept |= {"content-type"}
    injected = dict.fromkeys((CLIENT,) if login else _injected(match.auth))
    others = {f"header.{name.lower()}" for name, _ in request.headers if name.lower() not in kept}
    injected |= dict.fromkeys(sorted(others - injected.keys()))
    placed = replace(request, base=match.base, injected=tuple(injected), confined=bool(login))
    said = Call(
        platform=platform.platform_key,
        instance=match.instance,
        api=LOGIN if login else api.key if api else "",
        method=request.method.upper(),
        path="",
    )
    call = replace(call_behind(placed, said), path=match.path, method=said.method)
    return replace(
        placed,
        call=call,
        sensitive=_minted(login) if login else sensitive((*platform.secret, *_of(api, "secret"))),
        personal=(*platform.redact, *_of(api, "redact")),
    )


def _of(api: Any, name: str) -> tuple[str, ...]:
    places: tuple[str, ...] = getattr(api, name) if api else ()
    return places


def _declared_headers(match: ApiMatch) -> set[str]:
    declared = [*match.platform.headers]
    for api in (match.api,) if match.api else match.candidates:
        declared += api.headers
        declared += [item.target for item in api.parameters if item.place == "header"]
    return {name.lower() for name in declared}


def _login_headers(login: Login) -> set[str]:
    return {name.lower() for name in login.step.request.headers}


def _injected(auth: Auth) -> Iterator[str]:
    """Yield every place that auth and signing put in, also where nothing else is."""
    for spot, name in put_in(auth, auth.apply):
        yield _place(spot, name)
    for name in auth.sign.default_headers if auth.sign else ():
        yield _place("header", render(name, auth.parameters))


def _place(spot: str, name: str) -> str:
    return f"{spot}.{name.lower() if spot == 'header' else name}"


def _minted(login: Login) -> tuple[Sensitive, ...]:
    rules = login.step.extract.items()
    return tuple(Sensitive(rule.path, name, rule.kind) for name, rule in rules if rule.secret)


def hidden(request: Request, match: ApiMatch, vault: Vault) -> Request:
    """Return an identified *request* as it may be written down, its credentials known to *vault*.

    A credential is hidden by its place, however short: where the platform's auth puts one in or a
    declared login sends it, and in every Authorization, Proxy-Authorization and Cookie.
    """
    hide = _Hiding(match, vault)
    headers = tuple((n, hide(f"header.{n.lower()}", value)) for n, value in request.headers)
    url, base = declared_address(request, match, hide)
    shown = replace(request, headers=headers, url=url, base=base)
    if match.login is not None:
        shown = replace(shown, body=_hidden_body(shown.body, hide))
    if match.login is not None and request.call is not None:
        call = replace(call_behind(shown, request.call), path=match.path)
        shown = replace(shown, call=replace(call, serial=request.call.serial))
    return shown


def declared_address(
    request: Request, match: ApiMatch, hide: Callable[[str, str], str] = lambda _place, text: text
) -> tuple[str, str]:
    """Return the URL below the address that recordings hold, and that address."""
    declared = match.platform.base_url.rstrip("/")
    base = match.base if "{" in declared or match.is_outside else declared
    path, mark, query = request.url[len(match.base) :].partition("#")[0].partition("?")
    if match.is_declared:
        path = fill_placeholders(
            match.path,
            lambda name: encode_value(hide(f"path.{name}", match.parameters.get(name, ""))),
        )
    parts = (_parameter(part, hide) for part in query.split("&"))
    return f"{base}{path}{mark}{'&'.join(parts)}", base


def _parameter(part: str, hide: Callable[[str, str], str]) -> str:
    name, equals, value = part.partition("=")
    plain = unquote_plus(value)
    shown = hide(f"query.{unquote_plus(name)}", plain)
    return part if shown == plain else f"{name}{equals}{quote(shown, safe='-._~')}"


class _Hiding:
    """Hides what stands at the places of secrets."""

    def __init__(self, match: ApiMatch, vault: Vault) -> None:
        self._names = dict(_secret_places(match))
        self._key = match.platform.platform_key, match.instance
        self._vault = vault

    def __call__(self, place: str, value: str) -> str:
        """Return *value*, or what stands for it where *place* is that of a secret."""
        if not value or not (place in _ALWAYS or place in self._names):
            return value
        credential = self._names.get(place, "")
        if credential and (password := _password(value)):
            self._learn(credential, password)
        known = self._vault.redact_text(value)
        if known != value:
            return known
        if credential:
            return with_standin(value, partial(self._learn, credential))
        name = f"client-{place.partition('.')[2]}"
        return with_standin(value, partial(self._vault.register_issued, *self._key, name))

    def _learn(self, credential: str, value: str) -> str:
        """Return the stand-in of a *credential* that a client sent.

        One that is not the instance's own, such as a wrong password, has another stand-in.
        """
        known = self._vault.redact_text(value)
        if known != value:
            return known
        own = standin(kind="text", platform=self._key[0], instance=self._key[1], name=credential)
        name = f"client-{credential}" if self._vault.has_standin(own) else credential
        return self._vault.register_issued(*self._key, name, value)


def _secret_places(match: ApiMatch) -> Iterator[tuple[str, str]]:
    """Yield the places of a request that hold a secret; of a login with the credential's name."""
    platform, auth = match.platform, match.auth
    secrets = _secret_names(platform, auth)
    if match.login is None:
        for item in (*auth.apply, *emitted(auth)):
            if names_in(item.value) & secrets:
                yield _place(item.place, name_of(item, auth)), ""
        return
    for place, template in _login_texts(match.login):
        used = sorted(names_in(template) & secrets)
        if used:
            yield place, used[0]


def _login_texts(login: Login) -> Iterator[tuple[str, str]]:
    said = login.step.request
    yield from _texts("query", said.query)
    yield from _texts("header", {name.lower(): value for name, value in said.headers.items()})
    yield from _texts("body", said.form if is_set(said.form) else said.body)


def _texts(place: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(f"{place}.{name}", item)
    elif isinstance(value, str):
        yield place, value


def _hidden_body(body: bytes | None, hide: Callable[[str, str], str]) -> bytes | None:
    """Return the body of a login, a form or JSON whatever is declared, without its secrets."""
    if not body:
        return body
    try:
        value = loads(body)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, Mapping):
        shown = _hidden_json("body", value, hide)
        return body if shown == value else json.dumps(shown, ensure_ascii=False).encode()
    pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    hidden_pairs = [(name, hide(f"body.{name}", text)) for name, text in pairs]
    return body if hidden_pairs == pairs else urlencode(hidden_pairs).encode()


def _hidden_json(place: str, value: Any, hide: Callable[[str, str], str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _hidden_json(f"{place}.{name}", item, hide) for name, item in value.items()}
    return hide(place, value) if isinstance(value, str) else value


def _secret_names(platform: Platform, auth: Auth) -> set[str]:
    """Return the template names that are secret, or made of what is."""
    names = {
        name
        for name, spec in platform.credentials.items()
        if spec.secret is True or always_secret(platform, name)
    } | {"signature"}
    for step in auth.acquire.steps if auth.acquire else ():
        names |= {name for name, rule in step.extract.items() if rule.secret}
    for name, text in auth.parameters.items():
        if isinstance(text, str) and names_in(text) & names:
            names.add(name)
    return names


def _password(value: str) -> str:
    """Return the password of Basic credentials, and any other value without a scheme as it is."""
    basic = read_basic(value)
    if basic is not None:
        return unquote(basic[1])
    scheme, rest = split_scheme(value)
    return "" if scheme else rest
