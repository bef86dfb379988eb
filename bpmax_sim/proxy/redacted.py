"""Requests and answers as plain dicts that may be shown: redacted, bodies parsed."""

from __future__ import annotations

from typing import Any

from bpmax_sim.messages import Pairs, Request, Response
from bpmax_sim.proxy.body import read_body
from bpmax_sim.secret.values import Redact, redacted

_SET_BY_SERVER = frozenset({"set-cookie", "set-cookie2"})
_HIDDEN = "redacted"


def redacted_request(request: Request, redact: Redact) -> dict[str, Any]:
    """Return ``{method, url, headers, body}`` of the form that is written down, redacted."""
    shown = request.recorded
    body = shown.body
    return {
        "method": shown.method,
        "url": redact(shown.url),
        "headers": redacted_headers(shown.headers, redact),
        "body": None if body is None else redact(body.decode("utf-8", "replace")),
    }


def redacted_response(response: Response, redact: Redact) -> dict[str, Any]:
    """Return ``{status, headers, body}``, redacted, the body parsed where it is JSON."""
    return {
        "status": response.status,
        "headers": redacted_headers(response.headers, redact),
        "body": redacted(read_body(response).shown, redact),
    }


def redacted_headers(pairs: Pairs, redact: Redact) -> dict[str, str]:
    """Return headers by lower-case name, several of one name joined, cookies hidden."""
    shown: dict[str, str] = {}
    for name, value in pairs:
        lower = name.lower()
        text = _HIDDEN if lower in _SET_BY_SERVER else redact(value)
        shown[lower] = f"{shown[lower]}, {text}" if lower in shown else text
    return shown
