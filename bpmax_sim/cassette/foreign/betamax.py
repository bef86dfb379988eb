"""Cassettes of betamax (JSON), which are also those of Ruby's VCR and of its other ports."""

from __future__ import annotations

from typing import Any, Final

from bpmax_sim.cassette.foreign.imported import (
    Imported,
    NotCarried,
    each,
    from_base64,
    grouped_pairs,
    instant,
    listed,
    numbered,
    parse_json,
    request,
    response,
    text,
)
from bpmax_sim.messages import Exchange

WHAT: Final = "a cassette of betamax"


def read_betamax(data: bytes) -> Imported:
    """Return what a cassette of betamax holds.

    Raises:
        CassetteError: if it is none.
    """
    return each(numbered(listed(parse_json(data, WHAT), "http_interactions", what=WHAT)), _exchange)


def _exchange(item: Any) -> Exchange:
    asked, came = item["request"], item["response"]
    status = came["status"]
    return Exchange(
        request=request(
            text(asked["method"]),
            text(asked["uri"]),
            grouped_pairs(asked.get("headers")),
            _body(asked.get("body")),
        ),
        outcome=response(
            int(status["code"]),
            str(status.get("message") or ""),
            grouped_pairs(came.get("headers")),
            _body(came.get("body")) or b"",
        ),
        at=instant(item.get("recorded_at")),
    )


def _body(body: Any) -> bytes | None:
    if body is None or isinstance(body, str):
        return body.encode() if body else None
    if isinstance(body.get("base64_string"), str):
        return from_base64(body["base64_string"])
    said = text(body.get("string") or "")
    if "\ufffd" in said:
        raise NotCarried(
            "a body of it was no text, and betamax kept it damaged; record it with "
            "preserve_exact_body_bytes"
        )
    return said.encode(_charset(body.get("encoding")), "replace") or None


def _charset(name: Any) -> str:
    """Return the charset in which requests decoded the body, where it can say it again."""
    try:
        "".encode(str(name or "utf-8"))
    except LookupError:
        return "utf-8"
    return str(name or "utf-8")
