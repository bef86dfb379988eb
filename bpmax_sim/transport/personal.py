"""Personal data at declared places (``body.phone``, ``query.idCard``) -> pseudonyms.

Everything else keeps its bytes: a JSON body is not written anew, only its literals are replaced.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from bpmax_sim.cassette.paths import Path, Wild, parse_path
from bpmax_sim.messages import Pairs
from bpmax_sim.numeric import loads
from bpmax_sim.secret.pseudonym import pseudonym

_FORM = "application/x-www-form-urlencoded"


def in_pairs(pairs: Pairs, places: Iterable[str], root: str) -> Pairs:
    """Return *pairs* with the values that *places* names under *root* replaced."""
    names = _names(places, root)
    if not names:
        return pairs
    return tuple((n, pseudonym(v) if n in names or n.lower() in names else v) for n, v in pairs)


def in_url(url: str, places: Iterable[str]) -> str:
    """Return *url* with the query values that *places* names replaced."""
    names = _names(places, "query")
    address, found, query = url.partition("?")
    if not names or not found:
        return url
    return f"{address}?{'&'.join(_parameter(part, names) for part in query.split('&'))}"


def in_body(body: bytes, content_type: str, places: Iterable[str]) -> bytes:
    """Return *body* with the values that *places* names replaced, where it is JSON or a form."""
    paths = tuple(path[1:] for path in map(parse_path, places) if path[0] == "body" and path[1:])
    if not paths:
        return body
    if content_type.lower().startswith(_FORM):
        return _in_form(body, {str(path[0]) for path in paths})
    try:
        value = loads(body)
    except ValueError:
        return body
    return _in_json(body, value, paths)


def _names(places: Iterable[str], root: str) -> frozenset[str]:
    found = (parse_path(place) for place in places)
    return frozenset(str(path[1]) for path in found if path[0] == root and path[1:])


def _parameter(part: str, names: frozenset[str]) -> str:
    name, equals, value = part.partition("=")
    if unquote(name) not in names:
        return part
    return f"{name}{equals}{quote(pseudonym(unquote(value)), safe='-._~')}"


def _in_form(body: bytes, names: set[str]) -> bytes:
    pairs = parse_qsl(body.decode(errors="surrogateescape"), keep_blank_values=True)
    changed = [(name, pseudonym(value) if name in names else value) for name, value in pairs]
    return body if changed == pairs else urlencode(changed).encode()


def _in_json(body: bytes, value: Any, paths: tuple[Path, ...]) -> bytes:
    text = body.decode(errors="surrogateescape")
    for found in dict.fromkeys(item for path in paths for item in _values(value, path)):
        for ascii_only in (False, True):
            old = json.dumps(found, ensure_ascii=ascii_only)
            text = text.replace(old, json.dumps(pseudonym(found), ensure_ascii=ascii_only))
    return text.encode(errors="surrogateescape")


def _values(value: Any, path: Path) -> Iterator[str]:
    """Yield the texts at *path*; a number is no text, so declare such a field as text."""
    if not path:
        if isinstance(value, str):
            yield value
        return
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        items = value.values() if head is Wild.ALL else [value[head]] if head in value else []
    elif isinstance(value, list):
        fits = isinstance(head, int) and head < len(value)
        items = value if head is Wild.ALL else [value[head]] if fits else []  # type: ignore[index]
    else:
        items = []
    for item in items:
        yield from _values(item, rest)
