"""What a call must say, in plain dicts: the rules of the builder and of auth, written once more.

Nothing of the package's proxy is used here but its value for ``undefined``.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from typing import Any
from urllib.parse import quote, unquote

from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.messages import Request
from bpmax_sim.platform.model import Api, Auth, Instance, Parameter, Platform
from bpmax_sim.proxy.builder import CallSpec

Values = Mapping[str, str]

TEMPLATES: Mapping[str, Callable[[Values], str]] = {
    "Basic {{ (user ~ ':' ~ secret) | b64 }}": lambda v: (
        "Basic " + base64.b64encode(f"{v['user']}:{v['secret']}".encode()).decode()
    ),
    "Bearer {{ secret }}": lambda v: f"Bearer {v['secret']}",
    "{{ secret }}": lambda v: v["secret"],
    "{{ secret | hex }}": lambda v: v["secret"].encode().hex(),
    "{{ user }}": lambda v: v["user"],
    "Bearer {{ token }}": lambda v: f"Bearer {v['token']}",
    "{{ token }}": lambda v: v["token"],
}


@dataclass(slots=True)
class Said:
    """What is sent for a program; with a *code* it is refused instead."""

    path: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, Any] = field(default_factory=dict)
    body: Any = UNDEFINED
    code: str = ""


def said(platform: Platform, instance: Instance, program: CallSpec) -> Said:
    """Return what *program* must come to, before auth puts anything in."""
    api = platform.apis[program.api]
    found = Said(body=api.body if isinstance(api.body, dict) else UNDEFINED)
    for pair in filter(None, api.path.partition("?")[2].split("&")):
        found.query[pair.partition("=")[0]] = pair.partition("=")[2]
    for level in (platform, instance, api):
        found.query.update(level.query)
        found.headers.update({name.lower(): value for name, value in level.headers.items()})
    for one in api.parameters:
        if one.place == "query" and one.default is not None and isinstance(one.default, SCALAR):
            found.query[one.target] = one.default
    if program.args is None:
        for setter, value in program.steps:
            _SET[setter](found, value)
    else:
        for one, value in zip(api.parameters, program.args, strict=False):
            _argument(found, one, value)
    missing = [one for one in api.parameters if one.required and not _has(found, one)]
    climbs = any(value in {".", ".."} for value in found.path.values() if isinstance(value, str))
    found.code = "MISSING_PARAMETER" if missing else "BAD_ARGUMENT" if climbs else ""
    return found


SCALAR = (str, int, float, bool)


def _named(found: dict[str, Any], value: Any) -> None:
    if value is not UNDEFINED:
        found.update({name: item for name, item in value.items() if item is not UNDEFINED})


def _headers(found: Said, value: Any) -> None:
    for name, item in ({} if value is UNDEFINED else value).items():
        if item is None:
            found.headers.pop(name.lower(), None)
        elif item is not UNDEFINED:
            found.headers[name.lower()] = item


def _body(found: Said, value: Any) -> None:
    if isinstance(value, dict):
        known = found.body if isinstance(found.body, dict) else {}
        found.body = dict(known)
        _named(found.body, value)
    elif value is not UNDEFINED:
        found.body = value


_SET: Mapping[str, Callable[[Said, Any], None]] = {
    "path": lambda found, value: _named(found.path, value),
    "query": lambda found, value: _named(found.query, value),
    "header": _headers,
    "body": _body,
}


def _argument(found: Said, one: Parameter, value: Any) -> None:
    if value is UNDEFINED:
        return
    if one.place != "body":
        _SET[one.place](found, {one.target: value})
        return
    *above, last = one.target.split(".")
    found.body = at = dict(found.body) if isinstance(found.body, dict) else {}
    for name in above:
        at[name] = dict(at[name]) if isinstance(at.get(name), dict) else {}
        at = at[name]
    at[last] = value


def _has(found: Said, one: Parameter) -> bool:
    if one.place == "body":
        return _reaches(found.body, one.target.split("."))
    where: dict[str, Any] = getattr(found, "headers" if one.place == "header" else one.place)
    name = one.target.lower() if one.place == "header" else one.target
    return name in where and where[name] is not None


def _reaches(value: Any, names: list[str]) -> bool:
    if value is UNDEFINED or (names and value is None):
        return False
    if not names or not isinstance(value, dict):
        return True
    return names[0] in value and _reaches(value[names[0]], names[1:])


def authorise(found: Said, auth: Auth, values: Values) -> Said:
    """Take out of *found* what auth owns, and put the credential in, unless it is signed."""
    if found.code:
        return found
    for one in auth.apply:
        text = TEMPLATES[one.value](values)
        _PUT[one.place](found, one.name, text)
    if auth.sign is not None:
        for name in ("x-key", "x-signature"):
            found.headers.pop(name, None)
    return found


def _put_header(found: Said, name: str, text: str) -> None:
    found.headers[name.lower()] = text


def _put_query(found: Said, name: str, text: str) -> None:
    found.query = {key: v for key, v in found.query.items() if key.lower() != name.lower()}
    found.query[name] = text


def _put_cookie(found: Said, name: str, text: str) -> None:
    crumbs = [one.strip() for one in found.headers.get("cookie", "").split(";") if one.strip()]
    kept = [one for one in crumbs if one.partition("=")[0].lower() != name.lower()]
    found.headers["cookie"] = "; ".join([*kept, f"{name}={text}"])


def _put_path(found: Said, name: str, text: str) -> None:
    found.path[name] = text


def _put_body(found: Said, name: str, text: str) -> None:
    if found.body is UNDEFINED or found.body is None:
        found.body = {}
    if not isinstance(found.body, dict):
        found.code = "BAD_ARGUMENT"
        return
    outer, inner = name.split(".")
    left = {}
    for key, value in found.body.items():
        if key.lower() != outer:
            left[key] = value
        elif isinstance(value, dict):
            left[key] = {k: v for k, v in value.items() if k.lower() != inner}
    left[outer] = {**left.get(outer, {}), inner: text}
    found.body = left


_PUT: Mapping[str, Callable[[Said, str, str], None]] = {
    "header": _put_header,
    "query": _put_query,
    "cookie": _put_cookie,
    "path": _put_path,
    "body": _put_body,
}


def check(request: Request, expected: Said, platform: Platform, api: Api) -> None:
    """Assert that *request* says exactly what is *expected*."""
    base = platform.base_url.rstrip("/")
    assert request.url.startswith(base), request.url
    path, _, query = request.url[len(base) :].partition("?")
    assert request.method == api.method
    _check_path(path, expected, api)
    _check_query(query, expected.query)
    _check_headers(request, expected, platform)
    _check_body(request.body, expected.body)


def _check_path(path: str, expected: Said, api: Api) -> None:
    wanted = api.path.partition("?")[0].split("/")
    sent = path.split("/")
    assert len(sent) == len(wanted), path
    for one, text in zip(wanted, sent, strict=True):
        name = re.fullmatch(r"\{(.+)\}", one)
        assert same(expected.path[name[1]] if name else one, unquote(text, errors="strict"))
        assert text not in {".", ".."}
        assert re.fullmatch(r"(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*", text)


def _check_query(query: str, expected: dict[str, Any]) -> None:
    sent: dict[str, list[str]] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        assert re.fullmatch(r"(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*", name + value), pair
        sent.setdefault(unquote(name), []).append(unquote(value))
    listed = {name: v if isinstance(v, list) else [v] for name, v in expected.items()}
    wanted = {name: values for name, values in listed.items() if values not in ([], [None])}
    assert sent.keys() == wanted.keys()
    for name, values in wanted.items():
        assert len(values) == len(sent[name]), name
        assert all(map(same, values, sent[name])), (name, values, sent[name])


def _check_headers(request: Request, expected: Said, platform: Platform) -> None:
    names = [name.lower() for name, _ in request.headers]
    assert len(names) == len(set(names)), request.headers
    sent = {name.lower(): value for name, value in request.headers}
    wanted = dict(expected.headers)
    if expected.body is not UNDEFINED:
        wanted.setdefault("content-type", "application/json")
    if platform.auth.sign is not None:
        for name in ("x-key", "x-signature"):
            wanted[name] = sent[name]
    assert sent.keys() == wanted.keys()
    assert all(same(value, sent[name]) for name, value in wanted.items()), (sent, wanted)


def _check_body(body: bytes | None, expected: Any) -> None:
    if expected is UNDEFINED:
        assert body is None
    elif isinstance(expected, str):
        assert body == expected.encode()
    else:
        assert body is not None
        assert b"NaN" not in body
        assert equal(json.loads(body), plain(expected)), body


def same(value: Any, text: str) -> bool:
    """Return whether *text* is how JavaScript prints *value*, numbers by their value."""
    if isinstance(value, bool):
        return text == ("true" if value else "false")
    if isinstance(value, int | float):
        return not text.endswith(".0") and float(text) == value
    return bool(text == value)


def plain(value: Any) -> Any:
    """Return what ``JSON.parse(JSON.stringify(value))`` is."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items() if item is not UNDEFINED}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is UNDEFINED or (isinstance(value, float) and not isfinite(value)):
        return None
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
    return value


def equal(left: Any, right: Any) -> bool:
    """Compare JSON values; True is not 1, and 1.0 is 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(v, right[k]) for k, v in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, float) or isinstance(right, float):
        return isinstance(left, int | float) and float(left) == right  # as JavaScript reads it
    return bool(left == right)


def signature(request: Request, values: Values) -> str:
    """Return the signature that *request* must carry."""
    rest = re.sub(r"^\w+://[^/?]*", "", request.url)
    target = rest if rest[:1] == "/" else f"/{rest}"
    message = f"{request.method}\n{target}\n".encode() + (request.body or b"")
    return hmac.new(values["secret"].encode(), message, "sha256").hexdigest()


def found(request: Request, place: str, name: str) -> list[str]:
    """Return every value that stands at a place of *request*, under the name in any case."""
    return _FOUND[place](request, name)


def spelled(value: str, place: str) -> str:
    """Return how *value* is written at *place*."""
    if place == "query":
        return quote(value, safe="")
    return json.dumps(value)[1:-1] if place == "body" else value


def _in_headers(request: Request, name: str) -> list[str]:
    return [value for key, value in request.headers if key.lower() == name.lower()]


def _in_query(request: Request, name: str) -> list[str]:
    pairs = [pair.partition("=") for pair in request.url.partition("?")[2].split("&")]
    return [unquote(value) for key, _, value in pairs if unquote(key).lower() == name.lower()]


def _in_cookies(request: Request, name: str) -> list[str]:
    crumbs = "; ".join(_in_headers(request, "cookie")).split(";")
    pairs = [crumb.strip().partition("=") for crumb in crumbs]
    return [value for key, _, value in pairs if key.lower() == name.lower()]


def _in_body(request: Request, name: str) -> list[str]:
    outer, inner = name.split(".")
    body = json.loads(request.body or b"{}")
    objects = [value for key, value in body.items() if key.lower() == outer]
    return [v for one in objects if isinstance(one, dict) for k, v in one.items()
            if k.lower() == inner]  # fmt: skip


_FOUND: Mapping[str, Callable[[Request, str], list[str]]] = {
    "header": _in_headers,
    "query": _in_query,
    "cookie": _in_cookies,
    "body": _in_body,
}
