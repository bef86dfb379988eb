"""Values in an exchange that look like secrets and that nobody declared, by their places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

from bpmax_sim.cassette.bodies import read_body
from bpmax_sim.cassette.injected import call_behind
from bpmax_sim.cassette.meaning import PASSING
from bpmax_sim.cassette.paths import Path, Wild, format_path, parse_path, without
from bpmax_sim.messages import Call, Exchange, Pairs, Request, Response
from bpmax_sim.secret.randomness import has_mixed_run, looks_random

Stranger = tuple[str, str]
"""Where it stands, such as ``crm.find answer body.data.ticket``, and the value."""

_STANDIN = "redacted."
_TAGS = re.compile(r"etag|.*(?:sha256|md5|digest|checksum|policy).*|server|user-agent|via")
_NOBODY = Call(platform="", instance="", api="", method="", path="")
_MOST = 200_000
"""Bytes of a body that are looked at; a larger one is a file."""


def strangers(exchange: Exchange, volatile: tuple[str, ...] = ()) -> Iterator[Stranger]:
    """Yield each value of a redacted exchange that looks like a secret.

    What auth put in is known, what passes (*volatile*) is no secret, and a stand-in is none.
    """
    request, outcome = exchange.request, exchange.outcome
    call = request.call
    name = call.name if call and call.platform else f"{request.method} {_address(request.url)}"
    if _may_hold(request):
        said = call_behind(request, _NOBODY)
        yield from _found(f"{name} request", _parts(said.headers, said.body, said.query))
    if isinstance(outcome, Response) and _any_mixed(outcome.headers, outcome.body):
        told = _parts(outcome.headers, outcome.body, ())
        if told["body"] is None and not any(map(looks_random, told["header"].values())):
            return
        paths = map(parse_path, (*PASSING, *volatile))
        yield from _found(f"{name} answer", without(told, paths))


def _may_hold(request: Request) -> bool:
    """Return whether what is left of *request* without auth may hold any: mostly it may not."""
    url = unquote_plus(request.url) if "%" in request.url else request.url
    written_anew = any(place.startswith("body") for place in request.injected)
    return written_anew or _any_mixed(request.headers, request.body, url)


def _any_mixed(headers: Pairs, body: bytes | None, url: str = "") -> bool:
    told = "\n".join([url, *[value for _, value in headers]])
    return has_mixed_run(told) or bool(body and len(body) <= _MOST and has_mixed_run(_text(body)))


def _text(body: bytes) -> str:
    return body.decode(errors="replace")


def _address(url: str) -> str:
    return url.partition("?")[0]


def _parts(headers: Pairs, body: bytes | None, query: Pairs) -> dict[str, Any]:
    kind = next((value for name, value in headers if name.lower() == "content-type"), "")
    return {
        "query": dict(query),
        "header": {n.lower(): v for n, v in headers if not _TAGS.fullmatch(n.lower())},
        "body": _body(body or b"", kind),
    }


def _body(body: bytes, kind: str) -> Any:
    if len(body) > _MOST or not looks_random(_text(body)):
        return None
    read = read_body(body, kind)
    return None if read.kind == "bytes" else read.value


def _found(where: str, parts: Any) -> Iterator[Stranger]:
    for path, value in _leaves(parts, ()):
        if _STANDIN not in value and looks_random(value):
            yield f"{where} {format_path(path)}", value


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the texts in *value*; items of a list have one place."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*path, str(name)))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner, (*path, Wild.ALL))
    elif isinstance(value, str):
        yield path, value
