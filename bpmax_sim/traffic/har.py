"""Read HTTP Archive 1.2 of Chromium, Firefox, mitmproxy and Playwright, and write it.

They differ in HTTP/2 pseudo headers, in the place of a failure (``_error``, ``_failureText``,
status 0 or -1), and in bodies: left out, in base64, or in files of their own (Playwright's
``_file``).
"""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from bpmax_sim.cassette.matching import split_query
from bpmax_sim.errors import CassetteError
from bpmax_sim.i18n import msg
from bpmax_sim.messages import (
    FORM,
    Exchange,
    FailedExchange,
    Headers,
    Pairs,
    Response,
    parse_media_type,
)
from bpmax_sim.traffic import imported, known_keys
from bpmax_sim.traffic.imported import (
    ForeignExchanges,
    ForeignFormat,
    NotConvertibleError,
    ReadOptions,
    has_member,
)

WHAT: Final = msg("an HTTP Archive")
_ZIP: Final = b"PK\x03\x04"
# The Finder of macOS packs a folder, with a hidden companion (`._a.har`) of each file.
_ARCHIVE: Final = re.compile(r"(?:.*/)?[^./][^/]*\.har", re.DOTALL)
_MOST: Final = 1 << 30  # bytes that a zipped archive may become
Attachment = Callable[[str], "bytes | None"]


def read_har(data: bytes, *, attachment: Attachment) -> ForeignExchanges:
    """Return the exchanges of a HAR archive; *attachment* reads Playwright's separate body files.

    Raises:
        CassetteError: if *data* is not an archive.
    """
    tree = imported.parse_json(data, WHAT)
    entries = imported.require_list(tree, "log", "entries", what=WHAT)
    return imported.read_items(
        enumerate(entries, 1), partial(_read_exchange, attachment), known_keys.HAR
    )


def _read_exchange(attachment: Attachment, entry: Any) -> Exchange:
    if entry.get("_webSocketMessages"):
        raise NotConvertibleError("it is a WebSocket, which is not supported")
    sent = entry["request"]
    return Exchange(
        request=imported.make_foreign_request(
            imported.require_text(sent["method"]),
            imported.require_text(sent["url"]),
            _read_pairs(sent.get("headers")),
            _read_request_body(sent, attachment),
            sent.get("_injected") or (),
        ),
        outcome=_read_outcome(entry, attachment),
        at=imported.parse_instant(entry.get("startedDateTime")),
    )


def _read_pairs(headers: Any) -> Pairs:
    text = imported.require_text
    pairs = [(text(item["name"]), text(item["value"])) for item in headers or ()]
    # chrome-har lists what the protocol told before and after sending, so much of it twice
    first = {(name.lower(), value): (name, value) for name, value in reversed(pairs)}
    return tuple([pair for pair in pairs if first.pop((pair[0].lower(), pair[1]), None)])


def _read_request_body(request: Any, attachment: Attachment) -> bytes | None:
    posted = request.get("postData")
    if not posted:
        if (request.get("bodySize") or 0) > 0:
            raise NotConvertibleError("the archive leaves out the body of its request")
        return None
    if posted.get("_file"):
        return _read_attachment(posted["_file"], attachment)
    if posted.get("text"):
        encoding = posted.get("encoding") or posted.get("_encoding") or ""
        mime, size = str(posted.get("mimeType") or ""), int(request.get("bodySize") or 0)
        return _decode_text(posted["text"], encoding, mime, (size,))
    params = [(p["name"], p.get("value") or "") for p in posted.get("params") or ()]
    mime = parse_media_type(str(posted.get("mimeType", "")))
    if params and not mime.startswith(FORM):
        raise NotConvertibleError(
            "the archive has the parts of its body ({mime}), and not the body", mime=mime
        )
    return urlencode(params).encode() if params else None


def _read_attachment(name: str, attachment: Attachment) -> bytes:
    data = attachment(name)
    if data is None:
        raise NotConvertibleError(
            "its body is in the file {name!r}, which is missing next to the archive", name=name
        )
    return data


def _read_outcome(entry: Any, attachment: Attachment) -> Response | FailedExchange:
    elapsed = max(0.0, float(entry.get("time") or 0)) / 1000
    reply = entry["response"]
    failure_text = next(
        (e[k] for e in (reply, entry) for k in ("_error", "_failureText") if e.get(k)), ""
    )
    status = int(reply.get("status") or 0)
    # Status 0 or -1 means that no response came. With a failure text, a status may be there
    # although the body never arrived.
    if status <= 0 or (failure_text and not reply.get("content")):
        if not failure_text:
            raise NotConvertibleError(
                "it was blocked or had no response, and the archive does not say why"
            )
        code = imported.to_failure_code(str(failure_text))
        known = {"code": code, "sent": code != "CONNECT", **(reply.get("_failed") or {})}
        return FailedExchange(
            code=imported.require_text(known["code"]),
            message=str(failure_text),
            elapsed=round(elapsed, 3),
            sent=bool(known["sent"]),
        )
    headers = _read_pairs(reply.get("headers"))
    body = _read_content(reply.get("content") or {}, Headers(headers), attachment)
    reason = str(reply.get("statusText") or "")
    return imported.make_decompressed_response(status, reason, headers, body, elapsed=elapsed)


def _read_content(content: Any, headers: Headers, attachment: Attachment) -> bytes:
    size, length = int(content.get("size") or 0), _get_length_if_uncompressed(headers)
    content_type = headers.content_type or str(content.get("mimeType") or "")
    # the size of a compressed body too where mitmproxy wrote it, of UTF-8 where Playwright did
    sizes = (length,) if length else (size, size + int(content.get("compression") or 0))
    if content.get("_file"):
        data = _read_attachment(content["_file"], attachment)
        return data if len(data) in sizes else _encode_attached_body(data, content_type, sizes)
    if content.get("text") is None:
        if size > 0 or (size < 0 and length):
            raise NotConvertibleError("the archive leaves out the body of its response")
        return b""
    encoding = content.get("encoding") or ("hex" if content.get("_isBinary") else "")
    return _decode_text(content["text"], encoding, content_type, sizes)


def _get_length_if_uncompressed(headers: Headers) -> int:
    """Return the Content-Length of a body that is not compressed, else 0."""
    value = headers.get_first("content-length") or ""
    return int(value) if value.isdecimal() and "content-encoding" not in headers else 0


def _encode_attached_body(data: bytes, content_type: str, known_sizes: Iterable[int]) -> bytes:
    """Return the original bytes of a body file that Playwright stored as UTF-8.

    Chromium had decoded it, from the encoding that *content_type* or the body declares.
    *known_sizes* are lengths that the original may have. A file that is no UTF-8 is returned as is.
    """
    try:
        return imported.encode_text(data.decode(), content_type, known_sizes)
    except UnicodeDecodeError:
        return data


def _decode_text(text: Any, encoding: str, content_type: str, known_sizes: Iterable[int]) -> bytes:
    """Return the bytes of *text*, a body in the archive.

    *encoding* is ``base64``, ``hex``, or anything else for plain text, which *content_type* says
    how to encode; *known_sizes* are lengths that the bytes may have. Polly.JS stores a compressed
    body as list of chunks.
    """
    text = imported.require_text(text)
    if encoding not in ("base64", "hex"):  # of any type
        return imported.encode_text(text, content_type, known_sizes)
    pieces = imported.parse_json(text.encode(), WHAT) if text[:1] == "[" else [text]
    decode = bytes.fromhex if encoding == "hex" else imported.from_base64
    return b"".join(decode(imported.require_text(piece)) for piece in pieces)


def write_har(exchanges: Iterable[Exchange]) -> tuple[bytes, tuple[str, ...]]:
    """Return the HAR archive of *exchanges*, and sentences about what is lost."""
    every = list(exchanges)
    entries = [_write_entry(exchange) for exchange in every]
    log = {"version": "1.2", "creator": {"name": "bpmax-sim", "version": "1"}, "entries": entries}
    archive = json.dumps({"log": log}, ensure_ascii=False, indent=1)
    return archive.encode() + b"\n", tuple(imported.describe_lost_piece_times(every))


def _write_entry(exchange: Exchange) -> dict[str, Any]:
    request, outcome = exchange.request, exchange.outcome
    took = round(outcome.elapsed * 1000)
    injected = imported.list_injected_header_places(exchange)
    posted: dict[str, Any] = {}
    if request.body is not None:
        posted = {"postData": _make_content(request.headers, request.body)}
    return {
        "startedDateTime": datetime.fromtimestamp(exchange.at, UTC).isoformat(
            timespec="microseconds"
        ),
        "time": took,
        "request": {
            "method": request.method,
            "url": request.url,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _to_name_values(request.headers),
            "queryString": _to_name_values(split_query(request.url)[1]),
            **posted,
            # HAR 1.2 leaves names that begin with `_` to tools; other readers ignore it.
            **({"_injected": injected} if injected else {}),
            "headersSize": -1,
            "bodySize": len(request.body or b""),
        },
        "response": _write_response(outcome)
        if isinstance(outcome, Response)
        else _failure_to_har(outcome),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
    }


def _write_response(response: Response) -> dict[str, Any]:
    return {
        "status": response.status,
        "statusText": response.reason,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _to_name_values(response.headers),
        "content": {"size": len(response.body), **_make_content(response.headers, response.body)},
        "redirectURL": response.header("location") or "",
        "headersSize": -1,
        "bodySize": len(response.body),
    }


def _failure_to_har(failure: FailedExchange) -> dict[str, Any]:
    return {
        **_write_response(Response(status=0)),
        "content": {"size": 0, "mimeType": ""},
        "_error": failure.message or failure.code,
        "_failed": {"code": failure.code, "sent": failure.sent},
    }


def _to_name_values(pairs: Pairs) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _make_content(headers: Pairs, body: bytes) -> dict[str, str]:
    mime = {"mimeType": Headers(headers).content_type}
    try:
        return {**mime, "text": body.decode()}
    except UnicodeDecodeError:
        return {**mime, "text": base64.b64encode(body).decode(), "encoding": "base64"}


def read_zipped_har(data: bytes, _options: ReadOptions) -> ForeignExchanges:
    """Return the exchanges of Playwright's ZIP file, which contains a HAR archive and bodies.

    Raises:
        CassetteError: if *data* is not such a file, or is too large when unpacked.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        if sum(item.file_size for item in archive.infolist()) > _MOST:
            raise CassetteError("not {what}: larger than {most} bytes", what=WHAT, most=_MOST)
        names = frozenset(archive.namelist())
        har = next(filter(_ARCHIVE.fullmatch, sorted(names)), "")
        if not har:
            raise CassetteError("not {what}: it contains no .har file", what=WHAT)
        folder = har[: har.rfind("/") + 1]

        def attachment(name: str) -> bytes | None:
            whole = f"{folder}{name}"
            return archive.read(whole) if whole in names else None

        return read_har(archive.read(har), attachment=attachment)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
        raise CassetteError("not {what}: {error}", what=WHAT, error=error) from error


HAR_FORMAT: Final = ForeignFormat(
    read=lambda data, options: (
        read_zipped_har(data, options)
        if data.startswith(_ZIP)
        else read_har(data, attachment=options.attachment)
    ),
    recognise=lambda text, tree: text.startswith(_ZIP) or has_member(tree, "log", "entries"),
    write=write_har,
)
