"""The call behind a recorded request: what is left without its address, auth and signature."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote_plus, urlencode

import msgspec
from msgspec.structs import replace

from bpmax_sim.cassette.bodies import decode_json, encode_sorted, media_type
from bpmax_sim.cassette.paths import Path, parse_path, without
from bpmax_sim.messages import Call, Pairs, Request


def unbuilt(request: Request) -> Call:
    """Return a nameless call for traffic without a builder: method, address, query and body."""
    path, query = split_query(request.url)
    kept = tuple(pair for pair in request.headers if pair[0].lower() == "content-type")
    named = Call(platform="", instance="", api="", method=request.method, path=path)
    return replace(named, query=query, headers=kept, body=request.body)


def split_query(url: str) -> tuple[str, Pairs]:
    """Return what stands before the query, and the decoded query; a fragment is never sent."""
    path, _, query = url.partition("#")[0].partition("?")
    return path, tuple([_pair(piece) for piece in query.split("&") if piece])


def _pair(piece: str) -> tuple[str, str]:
    name, _, value = piece.partition("=")
    return unquote_plus(name), unquote_plus(value)


def call_behind(request: Request, named: Call) -> Call:
    """Return *named* with path, query, headers and body of *request*, less what auth put in."""
    address = request.url
    if request.base and address.startswith(request.base):
        address = address[len(request.base) :]
    path, query = split_query(address)
    headers, body = request.headers, request.body
    if request.injected:
        put = _put_in(request.injected)
        query = _less(query, put.query)
        headers = _less_headers(headers, put.headers, put.cookies)
        body = _less_body(body, headers, put.body)
    return Call(
        platform=named.platform,
        instance=named.instance,
        api=named.api,
        method=request.method,
        path=path,
        query=query,
        headers=headers,
        body=body,
        serial=named.serial,
    )


class _Put(NamedTuple):
    """What auth put in, by where; *headers* in lower case."""

    query: tuple[str, ...]
    headers: frozenset[str]
    cookies: tuple[str, ...]
    body: tuple[str, ...]


@lru_cache(maxsize=256)  # the same in every call of an API
def _put_in(injected: tuple[str, ...]) -> _Put:
    return _Put(
        query=_names(injected, "query."),
        headers=frozenset(name.lower() for name in _names(injected, "header.")),
        cookies=_names(injected, "cookie."),
        body=_names(injected, "body."),
    )


def _names(injected: Iterable[str], root: str) -> tuple[str, ...]:
    return tuple([place[len(root) :] for place in injected if place.startswith(root)])


def _less(pairs: Pairs, names: tuple[str, ...]) -> Pairs:
    return tuple([pair for pair in pairs if pair[0] not in names]) if names else pairs


def _less_headers(headers: Pairs, gone: frozenset[str], cookies: tuple[str, ...]) -> Pairs:
    kept = tuple([pair for pair in headers if pair[0].lower() not in gone])
    if not cookies:
        return kept
    stripped = (_strip_cookies(pair, cookies) for pair in kept)
    return tuple(pair for pair in stripped if pair[1] or pair[0].lower() != "cookie")


def _strip_cookies(header: tuple[str, str], names: tuple[str, ...]) -> tuple[str, str]:
    if header[0].lower() != "cookie":
        return header
    crumbs = (crumb.strip() for crumb in header[1].split(";"))
    kept = (crumb for crumb in crumbs if crumb.partition("=")[0] not in names)
    return (header[0], "; ".join(kept))


def _less_body(body: bytes | None, headers: Pairs, names: tuple[str, ...]) -> bytes | None:
    if body is None or not names:
        return body
    content_type = next((v for n, v in headers if n.lower() == "content-type"), "")
    if media_type(content_type) == "application/x-www-form-urlencoded":
        return _strip_form(body, names)
    return _strip_json(body, tuple(_body_path(name) for name in names))


def _body_path(name: str) -> Path:
    return parse_path(name if name.startswith("[") else f"body.{name}")[1:]


def _strip_form(body: bytes, names: tuple[str, ...]) -> bytes | None:
    pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    return urlencode([pair for pair in pairs if pair[0] not in names]).encode() or None


def _strip_json(body: bytes, paths: tuple[Path, ...]) -> bytes | None:
    try:
        value: Any = decode_json(body)
    except ValueError:
        return body
    left = without(value, paths, prune=True)
    return None if left is None else encode_sorted(left)


def correction(said: Call) -> dict[str, Any]:
    """Return the fields of *said* that no request shows, as plain values for an index line."""
    return {
        "path": said.path,
        "query": said.query,
        "headers": said.headers,
        "body": _plain(said.body),
    }


def corrected(built: Call, extra: dict[str, Any]) -> Call:
    """Return *built* with the fields that `correction` kept."""
    return replace(
        built,
        path=extra["path"],
        query=msgspec.convert(extra["query"], Pairs),
        headers=msgspec.convert(extra["headers"], Pairs),
        body=_data(extra["body"]),
    )


def _plain(body: bytes | None) -> str | dict[str, str] | None:
    if body is None:
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return {"hex": body.hex()}


def _data(said: str | dict[str, str] | None) -> bytes | None:
    if said is None:
        return None
    return said.encode() if isinstance(said, str) else bytes.fromhex(said["hex"])
