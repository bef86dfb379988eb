"""The answer with which a platform refuses a token, made from its own declaration."""

from __future__ import annotations

import json
import re
from typing import Any

from msgspec import UNSET

from bpmax_sim.messages import Response
from bpmax_sim.platform.model import Api, ErrorClass, Platform, ResponseRules

_NAME = re.compile(r"[^$.\[\]'\"]+")


def bad_token(platform: Platform, api: Api) -> Response:
    """Return what *platform* answers to an expired token: its first token code, or HTTP 401."""
    rules = platform.response if api.response is UNSET else api.response
    assert isinstance(rules, ResponseRules)
    token = rules.classes.get("token", ErrorClass(status=(401,)))
    status = token.status[0] if token.status else 200
    values = [(rules.code, token.code[0])] if token.code else []
    values.append((rules.message, "the token has expired (fault)"))
    headers = [("content-type", "application/json; charset=utf-8")]
    body: dict[str, Any] = {}
    for paths, value in values:
        first = paths[0] if paths else ""
        if first.startswith("header:"):
            headers.append((first.removeprefix("header:").lower(), str(value)))
        elif first:
            _put(body, _NAME.findall(first), value)
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(status=status, headers=tuple(headers), body=text.encode())


def _put(body: dict[str, Any], names: list[str], value: Any) -> None:
    for name in names[:-1]:
        body = body.setdefault(name, {})
    body[names[-1]] = value
