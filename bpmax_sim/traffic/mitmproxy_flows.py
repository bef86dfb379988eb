"""Read flow files of mitmproxy (``-w``, *File → Save*): a sequence of tnetstrings.

https://tnetstrings.org; the keys are those of ``mitmproxy.io.compat``, whose ``version`` counts up.
Bodies are kept as they came over the wire, so they are exact, whatever their character set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from bpmax_sim.errors import CassetteError
from bpmax_sim.i18n import msg
from bpmax_sim.messages import Exchange, FailedExchange, Pairs
from bpmax_sim.traffic import imported, known_keys
from bpmax_sim.traffic.imported import (
    ForeignExchanges,
    ForeignFormat,
    NotConvertibleError,
    ReadOptions,
)

WHAT: Final = msg("a file of flows of mitmproxy")
_LENGTH: Final = re.compile(rb"(\d{1,12}):")
_DEEPEST: Final = 30
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def read_flows(data: bytes, _options: ReadOptions) -> ForeignExchanges:
    """Return the exchanges of a mitmproxy flow file.

    WebSocket, TCP, UDP and DNS flows become notes.

    Raises:
        CassetteError: if *data* is not a flow file, or is truncated.
    """
    flows = enumerate(_read_values(data), 1)
    return imported.read_items(flows, _read_exchange, known_keys.MITMPROXY)


def _read_values(data: bytes) -> Iterator[Any]:
    at = 0
    while at < len(data):
        value, at = _read_value(data, at, len(data), 0)
        yield value


def _read_value(data: bytes, at: int, end: int, depth: int) -> tuple[Any, int]:
    """Return the value that begins at offset *at*, and the offset after it.

    *depth* is the number of lists and mappings around it.

    Raises:
        CassetteError: if there is none, it extends beyond offset *end*, or it is nested too deep.
    """
    head = _LENGTH.match(data, at)
    if head is None or depth > _DEEPEST:
        raise _make_damage_error(at)
    start = head.end()
    stop = start + int(head[1])
    # The type byte behind the value has to be inside as well, so equal is damaged, too.
    if stop >= end:
        raise _make_damage_error(at)
    kind, inner = data[stop : stop + 1], data[start:stop]
    if kind in b"]}":
        items = []
        while start < stop:
            item, start = _read_value(data, start, stop, depth + 1)
            items.append(item)
        if kind == b"]":
            return items, stop + 1
        names = [name.decode() if isinstance(name, bytes) else name for name in items[::2]]
        return dict(zip(names, items[1::2], strict=False)), stop + 1
    try:
        return _SCALARS[kind](inner), stop + 1
    except (KeyError, ValueError):
        raise _make_damage_error(at) from None


_SCALARS: Final[dict[bytes, Any]] = {
    b",": bytes,
    # Text is mitmproxy's own addition; tnetstrings has `,` only, which is bytes.
    b";": bytes.decode,
    b"#": int,
    b"^": float,
    b"!": lambda text: text == b"true",
    b"~": lambda _text: None,
}


def _make_damage_error(at: int) -> CassetteError:
    return CassetteError("not {what}: damaged or cut at byte {at}", what=WHAT, at=at + 1)


def _read_exchange(flow: Any) -> Exchange:
    if flow.get("type") != "http":
        raise NotConvertibleError("it is {kind}, which is not supported", kind=flow.get("type"))
    if flow.get("websocket"):
        raise NotConvertibleError("it is a WebSocket, which is not supported")
    sent, reply, failure = flow["request"], flow.get("response"), flow.get("error")
    begun = float(sent.get("timestamp_start") or 0)
    return Exchange(
        request=imported.make_foreign_request(
            imported.decode_header_text(sent["method"]),
            _read_url(sent),
            _read_pairs(sent["headers"]),
            _read_content(sent, msg("request"), _read_pairs(sent["headers"])),
        ),
        outcome=_read_response(reply, begun) if reply else _read_failure(failure, begun),
        at=begun,
    )


def _read_url(sent: Any) -> str:
    scheme = imported.decode_header_text(sent["scheme"])
    headers = {name.lower(): value for name, value in _read_pairs(sent["headers"])}
    authority = imported.decode_header_text(sent.get("authority") or b"")
    host = authority or headers.get("host") or imported.decode_header_text(sent["host"])
    port = int(sent.get("port") or 0)
    if ":" not in host.rpartition("]")[2] and port not in {0, _DEFAULT_PORTS.get(scheme)}:
        host = f"{host}:{port}"
    path = imported.decode_header_text(sent["path"])
    # Requests to a proxy have the whole address as their target (RFC 9112, 3.2.2).
    return path if path.startswith("http") else f"{scheme}://{host}{path}"


def _read_pairs(headers: Any) -> Pairs:
    return tuple(
        (imported.decode_header_text(name), imported.decode_header_text(value))
        for name, value in headers
    )


def _read_content(part: Any, what: str, headers: Pairs) -> bytes:
    content = part.get("content")
    if content is None:  # streamed through
        raise NotConvertibleError("mitmproxy did not keep the body of its {what}", what=what)
    return imported.undo_content_codings(content, headers)


def _read_response(reply: Any, begun: float) -> Any:
    headers = _read_pairs(reply["headers"])
    content = _read_content(reply, msg("response"), headers)
    ended = float(reply.get("timestamp_end") or begun)
    reason = imported.decode_header_text(reply.get("reason") or b"")
    return imported.make_decompressed_response(
        int(reply["status_code"]), reason, headers, content, elapsed=ended - begun
    )


def _read_failure(failure: Any, begun: float) -> FailedExchange:
    if not failure:
        raise NotConvertibleError("it had no response, and the file does not say why")
    text = imported.decode_header_text(failure.get("msg") or "")
    ended = float(failure.get("timestamp") or begun)
    code = imported.to_failure_code(text)
    return FailedExchange(
        code=code, message=text, elapsed=max(0.0, round(ended - begun, 3)), sent=code != "CONNECT"
    )


FLOWS_FORMAT: Final = ForeignFormat(
    read=read_flows,
    recognise=lambda text, _tree: bool(_LENGTH.match(text)) and b"7:request" in text,
)
