"""A request as a third party looks at it; whatever a client sends, nothing here raises."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote, unquote_plus

import msgspec

from bpmax_sim.messages import Request

ABSENT: Final = object()
"""Stands for a value that is not there."""

_DEEPEST: Final = 64
_FORM: Final = "application/x-www-form-urlencoded"


class Asked(msgspec.Struct, frozen=True):
    """A request taken apart.

    Attributes:
        path: below the address, still encoded.
        query, headers, cookies, form: by name, the first of each; header names in lower case.
        body: the JSON of the body, or `ABSENT`.
    """

    request: Request
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    form: Mapping[str, str]
    body: Any


def read(request: Request, base: str) -> Asked:
    """Return *request* taken apart; *base* is the address of the third party."""
    path, _, query = below(request.url, base).partition("#")[0].partition("?")
    headers: dict[str, str] = {}
    for name, value in request.headers:
        headers.setdefault(name.lower(), value)
    is_form = headers.get("content-type", "").lower().startswith(_FORM)
    return Asked(
        request=request,
        method=request.method.upper(),
        path=path or "/",
        query=_pairs(query),
        headers=headers,
        cookies=_cookies(headers.get("cookie", "")),
        form=_pairs((request.body or b"").decode("utf-8", "replace")) if is_form else {},
        body=_json(request.body or b""),
    )


def below(address: str, base: str) -> str:
    """Return *address* without *base*, or without its host where it is of another one."""
    if base and address.startswith(base):
        return address[len(base) :]
    if "://" in address:
        return "/" + address.partition("://")[2].partition("/")[2]
    return address


def look(scope: Mapping[str, Any], place: str) -> Any:
    """Return what stands at a dotted place, or `ABSENT`."""
    value: Any = scope
    for name in place.split("."):
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        else:
            return ABSENT
    return value


def is_empty(value: Any) -> bool:
    """Return whether a third party would call *value* missing."""
    return value is ABSENT or value is None or value in ("", [], {})


def segments(path: str) -> tuple[str, ...]:
    """Return the decoded segments of a path; a slash at its end does not count."""
    return tuple(unquote(part) for part in path.strip("/").split("/"))


def every(asked: Asked, place: str, name: str) -> Any:
    """Return the list of all values of *name* in the query or in a form, or `ABSENT`."""
    query = asked.request.url.partition("#")[0].partition("?")[2]
    text = query if place == "query" else (asked.request.body or b"").decode("utf-8", "replace")
    return [value for key, value in _listed(text) if key == name] or ABSENT


def _pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in _listed(text):
        found.setdefault(name, value)
    return found


def _listed(text: str) -> Iterator[tuple[str, str]]:
    for piece in text.split("&"):
        name, _, value = piece.partition("=")
        if name:
            yield unquote_plus(name), unquote_plus(value)


def _cookies(line: str) -> dict[str, str]:
    pairs = (crumb.strip().partition("=") for crumb in line.split(";"))
    return {name: value for name, _, value in pairs if name}


def _json(body: bytes) -> Any:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ABSENT
    return value if _is_shallow(value, _DEEPEST) else ABSENT


def _is_shallow(value: Any, levels: int) -> bool:
    """Return whether *value* may be handed back in an answer of ours."""
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_shallow(one, levels - 1) for one in inner)


def basic(header: str) -> tuple[str, str] | None:
    """Return user and password of a Basic header (RFC 7617), or None."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    user, colon, password = text.partition(":")
    return (user, password) if colon else None
