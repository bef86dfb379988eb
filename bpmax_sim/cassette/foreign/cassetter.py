"""Cassettes of cassetter, YAML or TOML.

It sorts exchanges by address, so their order comes from ``recorded_at``; its JSON bodies are kept
as values, so their spelling is lost.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from typing import Any, Final

from bpmax_sim.cassette.foreign.imported import (
    Imported,
    NotCarried,
    each,
    grouped_pairs,
    instant,
    listed,
    numbered,
    request,
    response,
    text,
)
from bpmax_sim.cassette.foreign.safe_yaml import load
from bpmax_sim.errors import CassetteError
from bpmax_sim.messages import Exchange

WHAT: Final = "a cassette of cassetter"


def read_cassetter(data: bytes) -> Imported:
    """Return what a cassette of cassetter holds.

    Raises:
        CassetteError: if it is none.
    """
    tree = load(data, WHAT, typed=True) if b"[[interactions]]" not in data else _toml(data)
    found = each(numbered(listed(tree, "interactions", what=WHAT)), _exchange)
    return Imported(found.exchanges, (*found.notes, *_lost(tree)))


def _toml(data: bytes) -> Any:
    try:
        return tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise CassetteError(f"not {WHAT}: not TOML: {error}") from error


def _lost(tree: Any) -> Iterator[str]:
    for kind, told in (("ws_interactions", "WebSocket"), ("grpc_interactions", "gRPC")):
        if tree.get(kind):
            yield f"{len(tree[kind])} {told} exchanges: they are not supported"


def _exchange(item: Any) -> Exchange:
    asked, came = item["request"], item["response"]
    return Exchange(
        request=request(
            text(asked["method"]),
            text(asked["uri"]),
            grouped_pairs(asked.get("headers")),
            _body(asked),
        ),
        outcome=response(
            int(came["status"]), "", grouped_pairs(came.get("headers")), _body(came) or b""
        ),
        at=instant(item.get("recorded_at")),
    )


def _body(part: Any) -> bytes | None:
    """Return the body of a request or answer; YAML nests it, TOML has it flat and JSON as text."""
    nested = isinstance(part.get("body"), dict)
    said = part["body"] if nested else {k.removeprefix("body_"): v for k, v in part.items()}
    kind, content = said.get("type", "none"), said.get("content")
    if kind == "none" or content is None:
        return b"null" if kind == "json" else None
    if kind == "json":
        whole = content if isinstance(content, str) and not nested else _compact(content)
        return whole.encode()
    if kind == "binary":
        return bytes.fromhex(text(content))
    if kind == "text":
        return text(content).encode()
    raise NotCarried(f"a body of the kind {kind!r} is not supported")


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
