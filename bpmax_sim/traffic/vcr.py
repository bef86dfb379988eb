"""Read cassettes of vcrpy (YAML, JSON), go-vcr, betamax and cassetter; write those of vcrpy.

Betamax's format is also that of Ruby's VCR. cassetter sorts exchanges by address, so their order
comes from ``recorded_at``; JSON bodies that are kept as values lose their spelling. vcrpy keeps one
value of a request header, and neither times nor failures.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from vcr.request import Request as VcrRequest
from vcr.serialize import serialize
from vcr.serializers import yamlserializer

from bpmax_sim.cassette.format import group_headers
from bpmax_sim.errors import CassetteError, describe_data_error
from bpmax_sim.i18n import join_list, join_messages, msg
from bpmax_sim.messages import Exchange, Response
from bpmax_sim.platform.encodings import to_json
from bpmax_sim.traffic import imported, known_keys
from bpmax_sim.traffic.imported import (
    ForeignExchanges,
    ForeignFormat,
    NotConvertibleError,
    has_member,
)

VCRPY: Final = msg("a cassette of vcrpy")
_PARSED: Final = "parsed_body"


def read_vcrpy(data: bytes) -> ForeignExchanges:
    """Return the exchanges of a vcrpy or go-vcr cassette.

    Raises:
        CassetteError: if *data* is not such a cassette, or is older than version 1 of the format.
    """
    if data.lstrip()[:1] in {b"{", b"["}:
        tree = imported.parse_json(data, VCRPY)
    else:  # bodies that were kept as values have types, which the rest of the file does not
        tree = imported.load_yaml(data, VCRPY, typed_below=_PARSED)
    if isinstance(tree, list):
        raise CassetteError("not {vcrpy}: it is of vcrpy before 1.0; record it again", vcrpy=VCRPY)
    items = imported.require_list(tree, "interactions", what=VCRPY)
    return imported.read_items(
        enumerate(items, 1), partial(_read_exchange, _read_body), known_keys.VCRPY
    )


def _read_exchange(body_of: Callable[[Any], bytes | None], item: Any) -> Exchange:
    sent, reply = item["request"], item["response"]
    request = imported.make_foreign_request(
        imported.decode_header_text(sent["method"]),
        imported.decode_header_text(
            sent["url"] if "uri" not in sent and "url" in sent else sent["uri"]
        ),
        imported.flatten_header_groups(sent.get("headers")),
        body_of(sent),
    )
    headers = imported.flatten_header_groups(reply.get("headers"))
    response = imported.make_decompressed_response(
        *_read_status(reply), headers, body_of(reply) or b""
    )
    at = imported.parse_instant(item.get("recorded_at") or item.get("at"))
    return Exchange(request=request, outcome=response, at=at)


def _read_status(response: Any) -> tuple[int, str]:
    """Return status code and reason; go-vcr writes ``200 OK``, old versions only the number."""
    status = response.get("status")
    if isinstance(status, dict) and "code" in status:
        return int(status["code"]), imported.decode_header_text(status.get("message") or "")
    if "code" in response:
        return int(response["code"]), str(status or "").partition(" ")[2]
    has_code = status is not None and not isinstance(status, dict)
    return int(status if has_code else response["status_code"]), ""


def _read_body(part: Any) -> bytes | None:
    """Return the body of a request or response of a cassette; None if it has none.

    Some serializers store a JSON body parsed, under ``parsed_body``.
    """
    if "content" in part:
        return _read_bytes(part["content"])
    if part.get("body") is None and _PARSED in part:
        return to_json(part[_PARSED]).encode("utf-8", "surrogatepass")
    return _read_bytes(part.get("body"))


def _read_bytes(body: Any) -> bytes | None:
    """Return a body stored as text, bytes, list of chunks, or a mapping around one of these."""
    if isinstance(body, dict):
        if isinstance(body.get("base64_string"), str):
            return imported.from_base64(body["base64_string"])
        if body and "string" not in body:
            raise NotConvertibleError(
                "its body has the keys {names}, none of which is known",
                names=join_list(body),
            )
        return _read_bytes(body.get("string"))
    if isinstance(body, list):
        return b"".join(_read_bytes(piece) or b"" for piece in body)
    if body is None or isinstance(body, bytes):
        return body
    return imported.require_text(body).encode("utf-8", "surrogatepass")


def write_vcrpy(exchanges: Iterable[Exchange]) -> tuple[bytes, tuple[str, ...]]:
    """Return *exchanges* in the layout that vcrpy itself writes, and sentences about what is lost.

    Raises:
        CassetteError: if none of *exchanges* can be expressed.
    """
    every = list(exchanges)
    requests, responses, notes = [], [], [*imported.describe_lost_piece_times(every)]
    for exchange in every:
        request, outcome, order = exchange.request, exchange.outcome, exchange.order
        if not isinstance(outcome, Response):
            notes.append(
                msg(
                    "exchange {order}: it did not complete, which vcrpy cannot express", order=order
                )
            )
            continue
        # vcrpy's own serializer keeps request headers as a map of texts.
        headers = {name: values[0] for name, values in group_headers(request.headers)}
        if len(headers) < len(request.headers):
            notes.append(
                msg("exchange {order}: vcrpy keeps one value of a request header", order=order)
            )
        call = None if request.is_login else request.call
        names = sorted({name.lower() for name, _ in call.headers}) if call else []
        if names:
            notes.append(
                msg(
                    "exchange {order}: vcrpy does not tell that the script set {names}; when this "
                    "is imported, only headers that the platform file declares count",
                    order=order,
                    names=join_list(names),
                )
            )
        requests.append(VcrRequest(request.method, request.url, request.body, headers))
        responses.append(
            {
                "status": {"code": outcome.status, "message": outcome.reason},
                "headers": dict(group_headers(outcome.headers)),
                "body": {"string": outcome.body},
            }
        )
    if notes and not requests:
        raise CassetteError(
            "nothing can be written for vcrpy: {names}", names=join_messages("; ", notes)
        )
    text = serialize({"requests": requests, "responses": responses}, yamlserializer)
    return text.encode(), tuple(notes)


BETAMAX: Final = msg("a cassette of betamax")


def read_betamax(data: bytes) -> ForeignExchanges:
    """Return the exchanges of a betamax cassette.

    Raises:
        CassetteError: if *data* is not a betamax cassette.
    """
    items = imported.require_list(
        imported.parse_json(data, BETAMAX), "http_interactions", what=BETAMAX
    )
    return imported.read_items(
        enumerate(items, 1), partial(_read_exchange, _read_betamax_body), known_keys.BETAMAX
    )


def _read_betamax_body(part: Any) -> bytes | None:
    body = part.get("body")
    if body is None or isinstance(body, str):
        return body.encode() if body else None
    if isinstance(body.get("base64_string"), str):
        return imported.from_base64(body["base64_string"])
    content = imported.require_text(body.get("string") or "")
    if "\ufffd" in content:
        raise NotConvertibleError(
            "a body of it was no text, and betamax kept it damaged; record it with "
            "preserve_exact_body_bytes"
        )
    try:  # as requests decoded it, where that can be said again
        return content.encode(str(body.get("encoding") or "utf-8"), "replace") or None
    except LookupError:
        return content.encode("utf-8", "replace") or None


CASSETTER: Final = msg("a cassette of cassetter")


def read_cassetter(data: bytes) -> ForeignExchanges:
    """Return the exchanges of a cassetter cassette.

    Raises:
        CassetteError: if *data* is not a cassetter cassette.
    """
    try:
        tree = (
            tomllib.loads(data.decode("utf-8-sig"))
            if b"[[interactions]]" in data
            else imported.load_yaml(data, CASSETTER, typed=True)
        )
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise CassetteError(
            "not {cassetter}: not TOML: {error}",
            cassetter=CASSETTER,
            error=describe_data_error(error),
        ) from error
    items = imported.require_list(tree, "interactions", what=CASSETTER)
    result = imported.read_items(
        enumerate(items, 1), partial(_read_exchange, _read_cassetter_body), known_keys.CASSETTER
    )
    lost = (
        msg(
            "{tree_count} {protocol} exchanges: they are not supported",
            tree_count=len(tree[kind]),
            protocol=protocol,
        )
        for kind, protocol in (("ws_interactions", "WebSocket"), ("grpc_interactions", "gRPC"))
        if tree.get(kind)
    )
    return ForeignExchanges(result.exchanges, (*result.notes, *lost))


def _read_cassetter_body(part: Any) -> bytes | None:
    """Return the body of a request or response of a cassetter cassette; None if it has none.

    YAML has it in an object ``body`` with ``type`` and ``content``, TOML in the keys ``body_type``
    and ``body_content``, where JSON is stored as text.

    Raises:
        NotConvertibleError: if it is of an unknown type.
    """
    nested = isinstance(part.get("body"), dict)
    body = part["body"] if nested else {k.removeprefix("body_"): v for k, v in part.items()}
    kind, content = body.get("type", "none"), body.get("content")
    if kind == "none" or content is None:
        return b"null" if kind == "json" else None
    if kind == "json":
        whole = content if isinstance(content, str) and not nested else to_json(content)
        return whole.encode()
    if kind == "binary":
        return bytes.fromhex(imported.require_text(content))
    if kind == "text":
        return _read_bytes(content)
    raise NotConvertibleError("a body of the kind {kind!r} is not supported", kind=kind)


_INTERACTIONS: Final = re.compile(rb"(?m)^interactions:")
_TOML: Final = re.compile(rb"(?m)^\[\[interactions\]\]")
_TYPED_BODY: Final = re.compile(rb"(?m)^[ \t]+body:\s*\n\s+type: (?:none|json|text|binary)\s*$")


def _is_cassetter(text: bytes, tree: Any) -> bool:
    return tree is None and bool(_TOML.search(text) or _TYPED_BODY.search(text))


def _is_vcrpy(text: bytes, tree: Any) -> bool:
    if tree is not None:
        return has_member(tree, "interactions")
    return bool(_INTERACTIONS.search(text)) and not _is_cassetter(text, tree)


VCRPY_FORMAT: Final = ForeignFormat(
    read=lambda data, _options: read_vcrpy(data), recognise=_is_vcrpy, write=write_vcrpy
)
BETAMAX_FORMAT: Final = ForeignFormat(
    read=lambda data, _options: read_betamax(data),
    recognise=lambda _text, tree: has_member(tree, "http_interactions"),
)
CASSETTER_FORMAT: Final = ForeignFormat(
    read=lambda data, _options: read_cassetter(data), recognise=_is_cassetter
)
