"""Cassettes of vcrpy and pytest-recording (YAML or JSON), those of httpx's old recorder included.

The writer is vcrpy's own. It keeps one value of a request header, and neither times nor failures.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from vcr.request import Request as VcrRequest
from vcr.serialize import serialize
from vcr.serializers import yamlserializer

from bpmax_sim.cassette.foreign.imported import (
    Imported,
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
from bpmax_sim.cassette.foreign.safe_yaml import load
from bpmax_sim.cassette.render import grouped
from bpmax_sim.errors import CassetteError
from bpmax_sim.messages import Exchange, Pairs, Response

WHAT: Final = "a cassette of vcrpy"


def read_vcrpy(data: bytes) -> Imported:
    """Return what a cassette of vcrpy holds.

    Raises:
        CassetteError: if it is none, or of the time before its version 1.
    """
    tree = parse_json(data, WHAT) if data.lstrip()[:1] in {b"{", b"["} else load(data, WHAT)
    if isinstance(tree, list):
        raise CassetteError(f"not {WHAT}: it is of vcrpy before 1.0; record it again")
    return each(numbered(listed(tree, "interactions", what=WHAT)), _exchange)


def _exchange(item: Any) -> Exchange:
    asked, came = item["request"], item["response"]
    return Exchange(
        request=request(
            text(asked["method"]),
            text(asked["uri"]),
            grouped_pairs(asked.get("headers")),
            _bytes(asked.get("body")),
        ),
        outcome=_answer(came),
        at=instant(item.get("recorded_at") or item.get("at")),
    )


def _answer(came: Any) -> Response:
    status = came.get("status") or {}
    code = status.get("code") if isinstance(status, dict) else status
    body = came.get("content") if "content" in came else came.get("body")
    headers = grouped_pairs(came.get("headers"))
    return response(
        int(came["status_code"] if code is None else code),
        str(status.get("message") or "") if isinstance(status, dict) else "",
        headers,
        _bytes(body) or b"",
    )


def _bytes(body: Any) -> bytes | None:
    """Return a body that is text, bytes, a list of pieces, or a mapping around one of these."""
    if isinstance(body, dict):
        if isinstance(body.get("base64_string"), str):
            return from_base64(body["base64_string"])
        return _bytes(body.get("string"))
    if isinstance(body, list):
        return b"".join(_bytes(piece) or b"" for piece in body)
    if body is None or isinstance(body, bytes):
        return body
    return text(body).encode("utf-8", "surrogatepass")


def write_vcrpy(exchanges: Iterable[Exchange]) -> tuple[bytes, tuple[str, ...]]:
    """Return a cassette that plain vcrpy writes itself, and what it could not carry."""
    requests, responses, notes = [], [], []
    for exchange in exchanges:
        asked, came = exchange.request, exchange.outcome
        if not isinstance(came, Response):
            notes.append(f"exchange {exchange.order}: it did not complete, which vcrpy cannot tell")
            continue
        headers = {name: values[0] for name, values in grouped(asked.headers)}
        if len(headers) < len(asked.headers):
            notes.append(f"exchange {exchange.order}: vcrpy keeps one value of a request header")
        requests.append(VcrRequest(asked.method, asked.url, asked.body, headers))
        responses.append(
            {
                "status": {"code": came.status, "message": came.reason},
                "headers": _lists(came.headers),
                "body": {"string": came.body},
            }
        )
    told = serialize({"requests": requests, "responses": responses}, yamlserializer)
    return told.encode(), tuple(notes)


def _lists(pairs: Pairs) -> dict[str, list[str]]:
    return dict(grouped(pairs))
