"""HTTP Archive 1.2, as Chromium, Firefox, mitmproxy and Playwright write it, and as we do.

What differs: HTTP/2 pseudo headers; where a failure is told (``_error``, ``_failureText``, status 0
or -1); bodies left out, in base64, or in files of their own (Playwright's ``_file``).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from bpmax_sim.cassette.matching import split_query
from bpmax_sim.i18n import msg
from bpmax_sim.messages import FORM, Exchange, Failed, Headers, Pairs, Response
from bpmax_sim.traffic.imported import (
    Imported,
    NotCarried,
    each,
    from_base64,
    instant,
    listed,
    not_said,
    numbered,
    parse_json,
    pieces_lost,
    request,
    response,
    text,
)
from bpmax_sim.traffic.known_keys import HAR

WHAT: Final = msg("an HTTP Archive")
Attachment = Callable[[str], "bytes | None"]

_CODES: Final = (
    ("TIMEOUT", ("timed out", "timeout", "timed_out")),
    ("TLS", ("ssl", "tls", "cert_", "certificate")),
    ("CONNECT", ("refused", "name_not_resolved", "unreachable", "dns", "resolve", "connect")),
)


def no_attachment(_name: str) -> bytes | None:
    """Return that there is no such file."""
    return None


def read_har(data: bytes, *, attachment: Attachment = no_attachment) -> Imported:
    """Return what an archive holds; *attachment* gives the files that Playwright puts beside it.

    Raises:
        CassetteError: if it is none.
    """
    tree = parse_json(data.removeprefix(b"\xef\xbb\xbf"), WHAT)
    entries = numbered(listed(tree, "log", "entries", what=WHAT))
    return each(entries, partial(_exchange, attachment), HAR)


def _exchange(attachment: Attachment, entry: Any) -> Exchange:
    if entry.get("_webSocketMessages"):
        raise NotCarried(msg("it is a WebSocket, which is not supported"))
    asked, came = entry["request"], entry["response"]
    return Exchange(
        request=request(
            text(asked["method"]),
            text(asked["url"]),
            _pairs(asked.get("headers")),
            _posted(asked, attachment),
            asked.get("_injected") or (),
        ),
        outcome=_outcome(entry, came, attachment),
        at=instant(entry.get("startedDateTime")),
    )


def _pairs(headers: Any) -> Pairs:
    return tuple((text(item["name"]), text(item["value"])) for item in headers or ())


def _posted(asked: Any, attachment: Attachment) -> bytes | None:
    posted = asked.get("postData")
    if not posted:
        if (asked.get("bodySize") or 0) > 0:
            raise NotCarried(msg("the archive leaves out the body of its request"))
        return None
    if posted.get("_file"):
        return _attached(posted["_file"], attachment)
    said = posted.get("text")
    if said:
        coded = posted.get("encoding") == "base64" or posted.get("_encoding") == "base64"
        return from_base64(said) if coded else text(said).encode("utf-8", "surrogatepass")
    params = [(p["name"], p.get("value") or "") for p in posted.get("params") or ()]
    if params and not str(posted.get("mimeType", "")).startswith(FORM):
        raise NotCarried(msg("the archive has the parts of its multipart body, and not the body"))
    return urlencode(params).encode() if params else None


def _attached(name: str, attachment: Attachment) -> bytes:
    found = attachment(name)
    if found is None:
        raise NotCarried(
            msg("its body is in the file {name!r}, which is not beside the archive", name=name)
        )
    return found


def _outcome(entry: Any, came: Any, attachment: Attachment) -> Response | Failed:
    elapsed = max(0.0, float(entry.get("time") or 0)) / 1000
    told = next((e[k] for e in (came, entry) for k in ("_error", "_failureText") if e.get(k)), "")
    status = int(came.get("status") or 0)
    if status <= 0 or (told and not came.get("content")):
        if not told:
            raise NotCarried(
                msg("it was blocked or not answered, and the archive does not say why")
            )
        code = _code(str(told))
        known = {"code": code, "sent": code != "CONNECT", **(came.get("_failed") or {})}
        return Failed(
            code=text(known["code"]),
            message=str(told),
            elapsed=round(elapsed, 3),
            sent=bool(known["sent"]),
        )
    body = _content(came.get("content") or {}, attachment)
    headers = _pairs(came.get("headers"))
    return response(status, str(came.get("statusText") or ""), headers, body, elapsed=elapsed)


def _code(told: str) -> str:
    found = (code for code, words in _CODES if any(word in told.lower() for word in words))
    return next(found, "RESET")


def _content(content: Any, attachment: Attachment) -> bytes:
    if content.get("_file"):
        return _attached(content["_file"], attachment)
    said = content.get("text")
    if said is None:
        if (content.get("size") or 0) > 0:
            raise NotCarried(msg("the archive leaves out the body of its answer"))
        return b""
    if content.get("encoding") == "base64":
        return from_base64(said)
    return text(said).encode("utf-8", "surrogatepass")


def write_har(exchanges: Iterable[Exchange]) -> tuple[bytes, tuple[str, ...]]:
    """Return the archive of *exchanges*, and what it could not carry."""
    every = list(exchanges)
    entries = [_entry(exchange) for exchange in every]
    log = {"version": "1.2", "creator": {"name": "bpmax-sim", "version": "1"}, "entries": entries}
    return json.dumps({"log": log}, ensure_ascii=False, indent=1).encode() + b"\n", (
        *pieces_lost(every),
    )


def _entry(exchange: Exchange) -> dict[str, Any]:
    asked, came = exchange.request, exchange.outcome
    took = round(came.elapsed * 1000)
    query = split_query(asked.url)[1]
    posted: dict[str, Any] = {}
    if asked.body is not None:
        posted = {"postData": {"mimeType": _type(asked.headers), **_coded(asked.body)}}
    return {
        "startedDateTime": datetime.fromtimestamp(exchange.at, UTC).isoformat(
            timespec="microseconds"
        ),
        "time": took,
        "request": {
            "method": asked.method,
            "url": asked.url,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _named(asked.headers),
            "queryString": _named(query),
            **posted,
            **({"_injected": not_said(exchange)} if asked.call else {}),
            "headersSize": -1,
            "bodySize": len(asked.body or b""),
        },
        "response": _answered(came) if isinstance(came, Response) else _failed(came),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
    }


def _answered(came: Response) -> dict[str, Any]:
    content = {"size": len(came.body), "mimeType": _type(came.headers), **_coded(came.body)}
    return {
        "status": came.status,
        "statusText": came.reason,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _named(came.headers),
        "content": content,
        "redirectURL": came.header("location") or "",
        "headersSize": -1,
        "bodySize": len(came.body),
    }


def _failed(came: Failed) -> dict[str, Any]:
    empty = _answered(Response(status=0))
    told = {"code": came.code, "sent": came.sent}
    return {
        **empty,
        "content": {"size": 0, "mimeType": ""},
        "_error": came.message or came.code,
        "_failed": told,
    }


def _named(pairs: Pairs) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _type(headers: Pairs) -> str:
    return Headers(headers).content_type


def _coded(body: bytes) -> dict[str, str]:
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(body).decode(), "encoding": "base64"}
