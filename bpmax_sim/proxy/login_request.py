"""One request of a login, rendered from given names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from msgspec.structs import replace

from bpmax_sim.cassette.injected import call_behind
from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import LOGIN, Call, Pairs, Request
from bpmax_sim.platform.model import LoginRequest, is_set
from bpmax_sim.platform.template import names_in, render
from bpmax_sim.proxy.encode import (
    BadValueError,
    header_value,
    literal_path,
    query_pairs,
    query_text,
)
from bpmax_sim.proxy.names import CHANGING
from bpmax_sim.proxy.payload import Payload, encode_payload
from bpmax_sim.proxy.recipe import Recipe

_PLAIN = re.compile(r"[\w$-]+")


def login_request(recipe: Recipe, said: LoginRequest, names: Mapping[str, Any]) -> Request:
    """Return *said* with its templates rendered; its call is everything in it but what changes.

    What the time and a nonce make is put in by auth, as a signature is: the same login at another
    time has the same identity.

    Raises:
        ConfigError: if a template does not fit, or yields what cannot be sent.
    """
    try:
        return _rendered(recipe, said, names)
    except BadValueError as error:
        key = recipe.platform.platform_key
        raise ConfigError(f"the login of {key!r} cannot be sent: {error}") from None


def _rendered(recipe: Recipe, said: LoginRequest, names: Mapping[str, Any]) -> Request:
    base, path, query = _address(recipe, said, names)
    query += query_pairs({name: filled(value, names) for name, value in said.query.items()})
    payload = _payload(said, names)
    headers = _headers(said, names, payload)
    call = Call(
        platform=recipe.platform.platform_key,
        instance=recipe.instance.instance_key,
        api=LOGIN,
        method=said.method.upper(),
        path=path,
        query=query,
        headers=headers,
        body=payload.data if payload else None,
    )
    text = query_text(query)
    request = Request(
        method=call.method,
        url=f"{base}{path}?{text}" if text else base + path,
        headers=headers,
        body=call.body,
        timeout=recipe.timeout,
        call=call,
        base=base,
        confined=True,
        injected=tuple(_changing(recipe, said)),
    )
    return replace(request, call=call_behind(request, call)) if request.injected else request


def _changing(recipe: Recipe, said: LoginRequest) -> Iterator[str]:
    """Yield the places whose value is another at every login."""
    if CHANGING.isdisjoint(recipe.uses):
        return
    parameters = recipe.auth.parameters.items()
    names, more = frozenset[str](), CHANGING
    while more != names:
        names = more
        more = names | {name for name, value in parameters if _uses(value, names)}
    headers = {name.lower(): value for name, value in said.headers.items()}
    filled_in = said.form if is_set(said.form) else said.body if is_set(said.body) else None
    for root, value in (("query", said.query), ("header", headers), ("body", filled_in)):
        yield from _places(root, value, names)


def _places(place: str, value: Any, names: frozenset[str]) -> Iterator[str]:
    """Yield where below *place* a template uses one of *names*; a list is one place."""
    if isinstance(value, Mapping) and all(map(_PLAIN.fullmatch, value)):
        for name, item in value.items():
            yield from _places(f"{place}.{name}", item, names)
    elif _uses(value, names):
        yield place


def _uses(value: Any, names: frozenset[str]) -> bool:
    if isinstance(value, str):
        return not names.isdisjoint(names_in(value))
    items = value.values() if isinstance(value, Mapping) else value
    return isinstance(value, Mapping | list | tuple) and any(_uses(item, names) for item in items)


def _address(
    recipe: Recipe, said: LoginRequest, names: Mapping[str, Any]
) -> tuple[str, str, Pairs]:
    """Return base, path and query; an address of another host is its own base."""
    base = str(names["base_url"])
    if said.url:
        address = render(said.url, names)
    else:
        path = literal_path(render(said.path, names))
        address = base + (path if path.startswith("/") or not path else f"/{path}")
    parts = urlsplit(address)
    if not parts.scheme or not parts.netloc:
        key = recipe.platform.platform_key
        raise ConfigError(f"the login address of {key!r} is not absolute; start it with https://")
    if not address.startswith(base):
        base = f"{parts.scheme}://{parts.netloc}"
    path = address[len(base) :].partition("#")[0].partition("?")[0]
    query = parse_qsl(parts.query, keep_blank_values=True) if parts.query else ()
    return base, path, tuple(query)


def _payload(said: LoginRequest, names: Mapping[str, Any]) -> Payload | None:
    if is_set(said.form):
        fields = {name: item for name, item in filled(said.form, names).items() if item is not None}
        return encode_payload(fields, "form")
    if is_set(said.body):
        return encode_payload(filled(said.body, names), "json")
    return None


def _headers(said: LoginRequest, names: Mapping[str, Any], payload: Payload | None) -> Pairs:
    headers = [
        (name, header_value(name, render(value, names))) for name, value in said.headers.items()
    ]
    if payload and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", payload.content_type))
    return tuple(headers)


def filled(value: Any, names: Mapping[str, Any]) -> Any:
    """Return *value* with every text in it rendered."""
    if isinstance(value, str):
        return render(value, names)
    if isinstance(value, Mapping):
        return {name: filled(item, names) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [filled(item, names) for item in value]
    return value
