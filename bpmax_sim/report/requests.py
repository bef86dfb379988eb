"""A call of a trace as a curl command; stand-ins stay stand-ins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

from bpmax_sim.cassette.foreign.curl import command
from bpmax_sim.messages import Request

_FORM = "application/x-www-form-urlencoded"


def curl_of(event: Mapping[str, Any]) -> str:
    """Return the command that sends the call of a ``CallMade`` again."""
    headers = {str(name).lower(): str(value) for name, value in event.get("header", {}).items()}
    return command(
        Request(
            method=str(event.get("method") or "GET"),
            url=str(event.get("url", "")),
            headers=tuple(headers.items()),
            body=_body(event.get("body"), headers.get("content-type", "")),
        )
    )


def _body(body: Any, content_type: str) -> bytes | None:
    """Return the bytes of a body that was parsed to be shown."""
    if body is None:
        return None
    if isinstance(body, str):
        return body.encode("utf-8", "replace")
    if content_type.startswith(_FORM) and isinstance(body, Mapping):
        return "&".join(_pair(name, value) for name, value in body.items()).encode()
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _pair(name: str, value: Any) -> str:
    values = value if isinstance(value, list) else [value]
    return "&".join(f"{quote_plus(name)}={quote_plus(str(one))}" for one in values)
