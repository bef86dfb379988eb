"""A rule table made of a platform file alone: its envelopes, its classes of failure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from bpmax_sim.platform.model import ErrorClass, Platform, ResponseRules
from bpmax_sim.simulator.model import Reply, Table, Tokens

_NAMES = re.compile(r"[^$.\[\]'\"]+")
_STATUS: Final = {"token": 401, "rate": 429, "transient": 503}
_TOLD: Final = {
    "token": "the token is missing, unknown or over",
    "rate": "too many requests",
    "transient": "busy, try again",
}


def derived(platform: Platform) -> Table:
    """Return the rules that *platform* implies."""
    rules = platform.response
    acquire = platform.auth.acquire
    errors = {name: _class(rules, name) for name in _STATUS}
    errors |= {
        "400": Reply(status=400, code="400"),
        "401": Reply(status=401, code="401", message="the credentials are wrong"),
        "404": Reply(status=404, code="404", message="there is no such interface"),
        "409": Reply(status=409, code="409", message="the same request was made before"),
        "expired": Reply(status=401, code="401", message="the time of the signature is too old"),
        "used": Reply(status=401, code="401", message="the nonce was used before"),
        "signature": Reply(status=401, code="401", message="the signature is wrong"),
    }
    return Table(
        simulator=platform.platform_key,
        title=platform.title,
        ok=_ok(rules),
        error=Reply(body=_error_body(rules)),
        errors=errors,
        tokens=Tokens(
            life=acquire.ttl.default if acquire else 7200,
            missing="token",
            invalid="token",
            expired="token",
        ),
    )


def put(body: dict[str, Any], path: str, value: Any) -> None:
    """Set what a simple path such as ``$.data.name`` names in *body*."""
    *outer, last = _NAMES.findall(path) or [""]
    for name in outer:
        inner = body.setdefault(name, {})
        if not isinstance(inner, dict):
            inner = body[name] = {}
        body = inner
    if last:
        body[last] = value


def data_path(rules: ResponseRules) -> str:
    """Return where an answer has its data, or ``$``."""
    return next((path for path in rules.data if path.startswith("$.")), "$")


def _ok(rules: ResponseRules) -> Reply:
    body: dict[str, Any] = {}
    headers: dict[str, str] = {}
    if (code := _first(rules.code)) and not rules.ok.all and not code.startswith("header:"):
        put(body, code, 200)
    if message := _first(rules.message):
        _set(body, headers, message, "ok")
    for condition in rules.ok.all:
        if condition.any_of:
            _set(body, headers, condition.path, condition.any_of[0])
    status = rules.ok.status[0] if rules.ok.status else 200
    return Reply(status=status, headers=headers, body=body)


def _class(rules: ResponseRules, name: str) -> Reply:
    found = rules.classes.get(name, ErrorClass(status=(_STATUS[name],)))
    status = found.status[0] if found.status else (rules.ok.status or (_STATUS[name],))[0]
    code = str(found.code[0]) if found.code else str(status)
    headers: dict[str, str] = {}
    for path in rules.code[:1]:
        _set({}, headers, path, code)
    return Reply(status=status, headers=headers, code=code, message=_TOLD[name])


def _error_body(rules: ResponseRules) -> dict[str, Any]:
    body: dict[str, Any] = {}
    code, message = _first(rules.code) or "$.code", _first(rules.message) or "$.message"
    _set(body, {}, code, {"$value": "code"})
    _set(body, {}, message, {"$value": "message"})
    return body


def _first(paths: Iterable[str]) -> str:
    return next(iter(paths), "")


def _set(body: dict[str, Any], headers: dict[str, str], path: str, value: Any) -> None:
    if path.startswith("header:"):
        headers[path.removeprefix("header:")] = str(value)
    else:
        put(body, path, value)
