"""Identify a request of another HTTP client as API call, and remove its credentials.

Values that auth adds are removed, and so is every header that neither platform nor API declares.
Credentials are redacted by their place, and the address becomes the declared one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import quote, unquote, unquote_plus

from msgspec.structs import replace

from bpmax_sim.cassette.matching import rebuild_call_without_injected
from bpmax_sim.js_values import loads_as_javascript
from bpmax_sim.messages import LOGIN, Call, Request
from bpmax_sim.path_template import encode_value, fill_placeholders
from bpmax_sim.platform.matcher import ApiMatch
from bpmax_sim.platform.target import RequestTarget
from bpmax_sim.secret.credential_headers import hide_credential
from bpmax_sim.secret.http_auth import SECRET_HEADERS, read_basic, replace_credential, split_scheme
from bpmax_sim.secret.secret_names import is_secret_name, is_secret_value
from bpmax_sim.secret.standin import make_standin
from bpmax_sim.secret.vault import Vault

_ALWAYS: Final = frozenset(f"header.{name}" for name in SECRET_HEADERS)
_INDEX: Final = re.compile(r"\[\d+\]")
"""A step into a list, which is no part of a name."""
_BYTES: Final = "surrogateescape"
"""Keeps what is not UTF-8, such as a form in GBK."""


def identify_request(request: Request, match: ApiMatch | None) -> Request:
    """Return *request* with what *match*, the API that it addresses, declares about it.

    That is its API, its declared address, and the places of secrets in its response and of personal
    data. It is unchanged if its path is not declared.
    """
    if match is None or not match.target.is_declared:
        return request
    target = match.target
    injected = _find_non_script_places(request, target)
    placed = replace(request, base=match.base, injected=injected, confined=target.login is not None)
    recorded_call = Call(
        platform=target.platform.platform_key,
        instance=match.instance,
        api=LOGIN if target.login else target.api.key if target.api else "",
        method="",
        path="",
    )
    call = rebuild_call_without_injected(placed, recorded_call)
    return replace(
        placed,
        call=replace(call, path=match.path, method=request.method.upper()),
        sensitive=target.response_secret_places,
        personal=target.personal_places,
        charset=target.charset,
        path_template=target.api.path if target.api else "",
    )


def _find_non_script_places(request: Request, target: RequestTarget) -> tuple[str, ...]:
    """Return the places of *request* that do not come from a script, and so are not compared.

    They are those that auth of the API *target* fills, and all headers that are not declared, which
    the client added. If *request* itself lists such places, as an imported file may, only headers
    in that list are added.
    """
    declared = (
        {*target.declared_header_names, "content-type"}
        if request.body
        else target.declared_header_names
    )
    names = {name.lower() for name, _ in request.headers} - declared
    others = {f"header.{name}" for name in names}.difference(target.injected_places)
    if request.injected:
        # Files that we wrote tell which headers the script did not set
        # (`list_injected_header_places`); all others were the script's own.
        others.intersection_update(request.injected)
    return (*target.injected_places, *sorted(others)) if others else target.injected_places


def hide_credentials(request: Request, match: ApiMatch, vault: Vault) -> Request:
    """Return *request* with stand-ins for its credentials, which are registered in *vault*.

    *request* itself is returned if it contains none and goes to the declared address.

    A credential is redacted by its place, however short it is: where the platform's auth or a
    declared login puts one, and in every Authorization, Proxy-Authorization and Cookie.
    """
    hide = _SecretPlaceRedactor(match, vault)
    headers = tuple([(n, hide(f"header.{n.lower()}", value)) for n, value in request.headers])
    url, base = find_recorded_url_and_base(request, match, hide)
    shown = replace(request, headers=headers, url=url, base=base)
    if match.target.login is None:
        return request if shown == request else shown
    shown = replace(shown, body=_hide_in_login_body(shown.body, hide))
    if request.call is not None:
        call = rebuild_call_without_injected(shown, request.call)
        shown = replace(shown, call=replace(call, path=url[len(base) :].partition("?")[0]))
    return shown


def find_recorded_url_and_base(
    request: Request, match: ApiMatch, hide: Callable[[str, str], str] = lambda _place, text: text
) -> tuple[str, str]:
    """Return the URL of *request* as recordings contain it, and the base URL it begins with.

    *hide* returns the stand-in of a value in path or query.
    """
    declared = match.target.platform.base_url.rstrip("/")
    # A declared address with a placeholder cannot stand in a recording; the one that was asked
    # does.
    base = match.base if "{" in declared or match.is_outside else declared
    base = match.declared or base
    path, mark, query = request.url[len(match.base) :].partition("#")[0].partition("?")
    if match.target.is_declared:
        path = fill_placeholders(
            match.path,
            lambda name: encode_value(hide(f"path.{name}", match.parameters.get(name, ""))),
        )
    if query:
        query = "&".join([_hide_in_pair("query", part, hide) for part in query.split("&")])
    return f"{base}{path}{mark}{query}", base


def _hide_in_pair(place: str, pair: str, hide: Callable[[str, str], str]) -> str:
    """Return *pair*, ``name=value`` of a query or form, with a stand-in for its value if secret.

    Any other pair stays to the letter, in whatever encoding it is.
    """
    name, equals, value = pair.partition("=")
    plain = unquote_plus(value.encode(errors=_BYTES).decode(errors="replace"))
    shown = hide(f"{place}.{unquote_plus(name)}", plain)
    return pair if shown == plain else f"{name}{equals}{quote(shown, safe='-._~')}"


class _SecretPlaceRedactor:
    """Replaces secret values of one API by stand-ins, when called with a place and its value.

    Secret are the values at the places that the API declares so.
    """

    def __init__(self, match: ApiMatch, vault: Vault) -> None:
        self._names, self._is_login = (
            match.target.login_secret_name_by_place,
            match.target.login is not None,
        )
        self._key = match.target.platform.platform_key, match.instance
        self._vault = vault

    def __call__(self, place: str, value: str) -> str:
        """Return *value*, or its stand-in if *place* is that of a secret."""
        if not value or not (
            place in _ALWAYS or place in self._names or self._is_unlisted_secret(place, value)
        ):
            return value
        credential = self._names.get(place, "")
        if credential and (password := _extract_basic_password(value)):
            self._learn(credential, password)
        # A value that the vault knows already keeps its stand-in, so that one secret has one name
        # in all exchanges.
        known = self._vault.redact_text(value)
        if known != value:
            return known
        if credential:
            return replace_credential(value, partial(self._learn, credential))
        if place in _ALWAYS:
            header = place.partition(".")[2]
            return hide_credential(header, value, self._key, self._vault, sender="client")
        name = f"client-{_INDEX.sub('', place.partition('.')[2])}"
        return replace_credential(value, partial(self._vault.register_issued, *self._key, name))

    def _is_unlisted_secret(self, place: str, value: str) -> bool:
        """Return whether *value* is a secret although its place is not declared.

        In a login, the name of the member decides, such as ``password``.
        """
        name = _INDEX.sub("", place.rpartition(".")[2])
        return self._is_login and is_secret_name(name) and is_secret_value(name, value)

    def _learn(self, credential: str, value: str) -> str:
        """Register *value*, which a client sent as *credential*; return its stand-in.

        If the value is not the instance's own, for example a wrong password, it gets another
        stand-in.
        """
        known = self._vault.redact_text(value)
        if known != value:
            return known
        own = make_standin(
            kind="text", platform=self._key[0], instance=self._key[1], name=credential
        )
        name = f"client-{credential}" if self._vault.has_standin(own) else credential
        return self._vault.register_issued(*self._key, name, value)


def _hide_in_login_body(body: bytes | None, hide: Callable[[str, str], str]) -> bytes | None:
    """Return the body of a login with stand-ins for its secrets, whether it is a form or JSON.

    *hide* returns the stand-in of a value, given its place, or the value if it is no secret.
    """
    if not body:
        return body
    try:
        value = loads_as_javascript(body)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, Mapping | list):
        shown = _hide_in_json("body", value, hide)
        return body if shown == value else json.dumps(shown, ensure_ascii=False).encode()
    pairs = body.decode(errors=_BYTES).split("&")
    return "&".join([_hide_in_pair("body", pair, hide) for pair in pairs]).encode(errors=_BYTES)


def _hide_in_json(place: str, value: Any, hide: Callable[[str, str], str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _hide_in_json(f"{place}.{name}", item, hide) for name, item in value.items()}
    if isinstance(value, list):
        return [_hide_in_json(f"{place}[{n}]", item, hide) for n, item in enumerate(value)]
    return hide(place, value) if isinstance(value, str) else value


def _extract_basic_password(value: str) -> str:
    """Return the password of Basic credentials; other values unchanged."""
    basic = read_basic(value)
    if basic is not None:
        return unquote(basic[1])
    scheme, rest = split_scheme(value)
    return "" if scheme else rest
