"""The keys of each foreign format that are read or may be ignored; others are reported.

Any other key may hold what an extension of the tool has put there instead of a body, so it leaves a
note: a serializer in use keeps JSON under ``parsed_body`` and nothing under ``body``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

Keys = Mapping[str, Any]
"""What is known, by name: keys below it, or nothing where they are free."""


def _build_keys(*names: str, **below: Keys) -> Keys:
    return {**dict.fromkeys(names, None), **below}


_VCR_BODY: Final = _build_keys("string", "base64_string", "encoding")
VCRPY: Final = _build_keys(
    "recorded_at",
    "at",
    "bpmax",
    "id",
    request=_build_keys(
        "method", "uri", "url", "headers", "parsed_body", "form", "host", "proto", "proto_major",
        "proto_minor", "content_length", "transfer_encoding", "trailer", "remote_addr",
        "request_uri",
        body=_VCR_BODY,
    ),
    response=_build_keys(
        "status", "status_code", "code", "headers", "content", "parsed_body", "http_version",
        "protocol", "proto", "proto_major", "proto_minor", "transfer_encoding", "trailer",
        "content_length", "uncompressed", "duration", "url",
        body=_VCR_BODY,
    ),
)  # fmt: skip
BETAMAX: Final = _build_keys(
    "recorded_at",
    request=_build_keys("method", "uri", "headers", body=_VCR_BODY),
    response=_build_keys("status", "status_code", "headers", "url", "http_version", body=_VCR_BODY),
)
_TYPED_BODY: Final = _build_keys("type", "content")
CASSETTER: Final = _build_keys(
    "recorded_at",
    request=_build_keys("method", "uri", "headers", "body_type", "body_content", body=_TYPED_BODY),
    response=_build_keys("status", "headers", "body_type", "body_content", body=_TYPED_BODY),
)
HAR: Final = _build_keys(
    "startedDateTime", "time", "cache", "timings", "serverIPAddress", "connection", "pageref",
    "comment",
    request=_build_keys(
        "method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize",
        "bodySize", "comment",
        postData=_build_keys("mimeType", "params", "text", "encoding", "size", "comment")
    ),
    response=_build_keys(
        "status", "statusText", "httpVersion", "cookies", "headers", "redirectURL", "headersSize",
        "bodySize", "comment",
        content=_build_keys("size", "compression", "mimeType", "text", "encoding", "comment")
    ),
)  # fmt: skip
MITMPROXY: Final = _build_keys(
    "version", "type", "id", "error", "client_conn", "server_conn", "intercepted", "is_replay",
    "marked", "metadata", "comment", "timestamp_created", "backup", "mode", "websocket",
    request=_build_keys(
        "http_version", "headers", "content", "trailers", "timestamp_start", "timestamp_end",
        "host", "port", "method", "scheme", "authority", "path",
    ),
    response=_build_keys(
        "http_version", "headers", "content", "trailers", "timestamp_start", "timestamp_end",
        "status_code", "reason",
    ),
)  # fmt: skip
POSTMAN: Final = _build_keys(
    "variables",
    "request",
    response=_build_keys(
        "id", "uid", "name", "originalRequest", "status", "code", "header", "body", "cookie",
        "responseTime", "timings", "_postman_previewlanguage",
    ),
)  # fmt: skip
WIREMOCK: Final = _build_keys(
    "id", "uuid", "name", "priority", "persistent", "metadata", "insertionIndex", "scenarioName",
    "requiredScenarioState", "newScenarioState",
    request=_build_keys(
        "method", "url", "urlPath", "queryParameters", "headers", "bodyPatterns"
    ),
    response=_build_keys(
        "status", "statusMessage", "headers", "body", "jsonBody", "base64Body", "bodyFileName",
        "fault", "fixedDelayMilliseconds", "transformers", "proxyBaseUrl",
    ),
)  # fmt: skip
HOVERFLY: Final = _build_keys(
    "labels",
    request=_build_keys(
        "method", "scheme", "destination", "path", "query", "deprecatedQuery", "body", "headers",
        "requiresState",
    ),
    response=_build_keys(
        "status", "headers", "body", "encodedBody", "bodyFile", "templated", "fixedDelay",
        "transitionsState", "removesState",
    ),
)  # fmt: skip


def find_unknown_keys(item: Any, known: Keys, above: str = "") -> Iterator[str]:
    """Yield the dotted path of each key of *item* that is not among *known*.

    *known* maps known keys to those below them, or to None where anything may be; *above* is the
    path of *item* with a dot behind it. So an import can say what it ignores. A name that begins
    with an underscore is not yielded: HAR reserves such names for additions of a tool.
    """
    if not isinstance(item, Mapping):
        return
    for name, value in item.items():
        if name not in known:
            if not str(name).startswith("_"):
                yield f"{above}{name}"
        elif known[name] is not None:
            yield from find_unknown_keys(value, known[name], f"{above}{name}.")
