"""Whole archives and flow files of browsers and proxies: each exchange and each note."""

from __future__ import annotations

import base64
import gzip
import io
import json
import warnings
import zipfile
from typing import Any

import pytest

from bpmax_sim.errors import CassetteError, ConfigError
from bpmax_sim.messages import Call, Chunk, Exchange, FailedExchange, Request, Response
from bpmax_sim.traffic.formats import detect_format, read_foreign, write_foreign
from bpmax_sim.traffic.imported import ForeignExchanges, ReadOptions

CRM = "https://crm.example.test"
MIDNIGHT = 1_767_196_800.0  # 2026-01-01 in Beijing: the instant of what has none
GBK = "客户".encode("gbk")


def show(found: ForeignExchanges) -> list[Any]:
    """Return each exchange as request, response and time, and the notes at the end."""
    rows: list[Any] = []
    for one in found.exchanges:
        sent, got = one.request, one.outcome
        rows.append((
            f"{one.order} {sent.method} {sent.url}",
            dict(sent.headers),
            sent.body,
            (f"{got.code} {got.message}", got.elapsed, got.sent)
            if isinstance(got, FailedExchange)
            else (f"{got.status} {got.reason}", dict(got.headers), got.body, got.elapsed),
            one.at,
        ))  # fmt: skip
    return [*rows, *found.notes]


def item(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


def entry(**parts: Any) -> dict[str, Any]:
    return {
        "request": {"method": "GET", "url": CRM} | parts.pop("request", {}),
        "response": {"status": 200} | parts.pop("response", {}),
        **parts,
    }


def text_of(mime: str, text: str, **more: Any) -> dict[str, Any]:
    return {"content": {"mimeType": mime, "text": text, **more}}


ARCHIVE = [
    entry(_webSocketMessages=[{"data": "甲"}]),
    entry(
        _webSocketMessages=[], time=1234.5678, startedDateTime="2026-03-02T08:00:03+08:00",
        pageref="p1", _priority="High",
        request={
            "method": "post", "url": "HTTPS://王:密@crm.example.test/客户?名=a b%20#底",
            "headers": [
                item(":authority", "x"), item("X-A", "1"), item("x-a", "1"), item("X-B", "1"),
                item("X-A", "2"), item("Content-Length", "9"), item("TE", "x"),
            ],
            "postData": {"mimeType": "text/plain; charset=gbk", "text": "客户"}, "bodySize": 4,
            "_injected": ["header.x-b"],
        },
        response={
            "status": 201, "statusText": "Created", "httpVersion": "h2",
            "headers": [item("Content-Type", "text/html;charset=GBK"), item(":status", "201"),
                        item("content-length", "4")],
            **text_of("text/plain", "客户", size=4),
        },
    ),
    entry(
        startedDateTime="2026-03-02T00:00:02Z", time=-5, serverTime=1, other={"a": 1},
        request={"postData": {
            "mimeType": "Application/X-WWW-Form-Urlencoded; charset=utf-8",
            "params": [item("名", "甲 乙"), {"name": "b"}, item("名", "&"), {"name": "n",
                       "value": None}]}, "extra": 1},
        response={"status": "404", "content": {"mimeType": "image/png", "encoding": "base64",
                  "text": base64.b64encode(GBK).decode(), "size": 4}, "_error": "weg"},
    ),
    entry(
        startedDateTime="2026-03-02T00:00:01Z", serverTime=2,
        request={"postData": {"_file": "a.bin", "text": "nicht"}},
        response={"content": {"_file": "b.txt", "mimeType": "text/html; charset=gbk", "size": 4}},
    ),
    entry(
        startedDateTime="2026-03-02T00:00:04Z", serverTime=3, other=1,
        response={"content": {"_file": "c.txt", "mimeType": "text/plain;charset=gbk", "size": 6}},
    ),
    entry(startedDateTime="2026-03-02T00:00:05Z", response={"content": {"_file": "d.txt"}}),
    entry(
        startedDateTime="2026-03-02T00:00:06Z",
        response={"status": -1, "_failureText": "net::ERR_TIMED_OUT", "content": {"size": 0}},
        time=1500.4,
    ),
    entry(startedDateTime="2026-03-02T00:00:07Z", request={"url": "ws://crm.example.test"}),
    entry(startedDateTime="2026-03-02T00:00:08Z", request={"url": 7}),
    entry(startedDateTime="2026-03-02T00:00:09Z", response={"status": 200, "_error": "net::ERR"}),
    {"request": {"method": "GET", "url": CRM}}, entry(response={"status": "viel"}),
]  # fmt: skip


def test_an_archive_of_a_browser_becomes_its_exchanges_in_order_of_time() -> None:
    files = {"a.bin": b"\xff\x00", "b.txt": "客户".encode(), "c.txt": "客户".encode()}
    found = read_foreign(
        b"\xef\xbb\xbf" + json.dumps({"log": {"entries": ARCHIVE}}).encode(),
        kind="har",
        options=ReadOptions(attachment=files.get),
    )
    second = 1_772_409_600.0

    assert show(found) == [
        (f"1 GET {CRM}", {}, b"\xff\x00", ("200 ", {}, GBK, 0.0), second + 1),
        (f"2 GET {CRM}", {}, b"%E5%90%8D=%E7%94%B2+%E4%B9%99&b=&%E5%90%8D=%26&n=",
         ("404 ", {}, GBK, 0.0), second + 2),
        ("3 POST HTTPS://crm.example.test/%E5%AE%A2%E6%88%B7?%E5%90%8D=a%20b%20",
         {"X-A": "2", "X-B": "1",
          "Authorization": "Basic " + base64.b64encode("王:密".encode()).decode()},
         GBK,
         ("201 Created", {"Content-Type": "text/html;charset=GBK", "content-length": "4"}, GBK,
          1.235), second + 3),
        (f"4 GET {CRM}", {}, None, ("200 ", {}, "客户".encode(), 0.0), second + 4),
        (f"5 GET {CRM}", {}, None, ("TIMEOUT net::ERR_TIMED_OUT", 1.5, True), second + 6),
        (f"6 GET {CRM}", {}, None, ("RESET net::ERR", 0.0, True), second + 9),
        "exchange 1: it is a WebSocket, which is not supported",
        "exchange 6: its body is in the file 'd.txt', which is missing next to the archive",
        "exchange 8: 'ws://crm.example.test' is not an HTTP address",
        "exchange 9: not an exchange (request.url is a number, which cannot be read there)",
        "exchange 11: not an exchange (key 'response' is missing)",
        "exchange 12: not an exchange (response.status is a text, which cannot be read there)",
        "exchange 3: the key 'request.extra' is not known and is left out",
        "exchange 3 and 2 more: the key 'serverTime' is not known and is left out",
        "exchange 3 and 1 more: the key 'other' is not known and is left out",
    ]  # fmt: skip
    assert found.exchanges[2].request.injected == ("header.x-b",)
    assert [pair for pair in found.exchanges[2].request.headers if pair[0] == "X-A"] == [
        ("X-A", "1"), ("X-A", "2"),
    ]  # fmt: skip


def test_a_body_of_an_archive_is_in_the_encoding_that_its_sizes_show() -> None:
    plain, packed = {"content-length": "1"}, {"content-length": "2", "content-encoding": "identity"}
    left_out = "the archive leaves out the body of its re"
    sent: list[tuple[Any, Any]] = [
        ({"bodySize": -1}, None), ({"bodySize": 1}, f"{left_out}quest"),
        ({"bodySize": None}, None), ({"postData": {"mimeType": "text/plain"}}, None),
        ({"postData": {"text": "5a", "_encoding": "hex"}}, b"Z"),
        ({"postData": {"text": "é"}, "bodySize": 1}, b"\xe9"),
        ({"postData": {"mimeType": "x", "params": [{"name": "a"}]}},
         "the archive has the parts of its body (x), and not the body"),
        ({"postData": {"params": [{"name": "a"}]}},
         "the archive has the parts of its body (), and not the body"),
        ({"postData": {"params": []}}, None),
    ]  # fmt: skip
    got: list[tuple[Any, Any, Any]] = [
        ({"text": "é", "size": 2}, plain, b"\xe9"),
        ({"text": "é", "size": 1}, {"content-length": "2"}, "é".encode()),
        ({"text": "é", "size": 1}, packed, b"\xe9"), ({"text": "é", "size": 1}, {}, b"\xe9"),
        ({"text": "é", "size": 9, "compression": -8}, {}, b"\xe9"),
        ({"text": "é", "size": 1, "compression": 1}, {}, "é".encode()),
        ({"text": "é", "size": 1, "compression": 5}, {}, b"\xe9"),
        ({"text": "", "size": 3}, {}, b""), ({"size": 1}, {}, f"{left_out}sponse"),
        ({"size": -1}, plain, f"{left_out}sponse"), ({"size": 0}, plain, b""),
        ({"size": -1}, packed, b""), ({"size": -1}, {"content-length": "x"}, b""),
        ({"text": "5a", "encoding": "hex", "_isBinary": True}, {}, b"Z"),
        ({"text": "WlpaWg==", "encoding": "base64", "_isBinary": True}, {}, b"ZZZZ"),
        ({"text": "5a", "_isBinary": True}, {}, b"Z"), ({"text": "5a"}, {}, b"5a"),
        ({"text": '["5a", "5b"]', "encoding": "hex"}, {}, b"Z["),
        ({"text": '["WlpaWg==", "WlpaWg=="]', "encoding": "base64"}, {}, b"ZZZZZZZZ"),
        ({"text": '["5a"]'}, {}, b'["5a"]'),
    ]  # fmt: skip
    entries = [entry(request=request) for request, _ in sent] + [
        entry(response={"content": content, "headers": [item(*pair) for pair in headers.items()]})
        for content, headers, _ in got
    ]
    found = read_foreign(json.dumps({"log": {"entries": entries}}).encode(), kind="har")
    notes = dict(note.removeprefix("exchange ").split(": ", 1) for note in found.notes)
    rest = iter(found.exchanges)
    told = [notes.get(str(number)) or next(rest) for number in range(1, len(entries) + 1)]

    assert [one if isinstance(one, str) else one.request.body for one in told[: len(sent)]] == [
        body for _, body in sent
    ]
    assert [
        one if isinstance(one, str) else getattr(one.outcome, "body", None)
        for one in told[len(sent) :]
    ] == [body for _, _, body in got]


def test_a_failure_in_an_archive_says_what_it_was_and_how_long_it_took() -> None:
    failures: list[tuple[dict[str, Any], Any]] = [
        ({"response": {"status": 0, "_error": "DNS"}, "_error": "weg", "time": 1500.4},
         ("CONNECT", "DNS", 1.5, False)),
        ({"response": {"status": 0}, "_error": "SSL"}, ("TLS", "SSL", 0.0, True)),
        ({"response": {"status": 0, "_failureText": "weg"}, "time": -9},
         ("RESET", "weg", 0.0, True)),
        ({"response": {"status": 0, "_error": "DNS", "_failed": {"sent": True}}},
         ("CONNECT", "DNS", 0.0, True)),
        ({"response": {"status": 0, "_error": "DNS", "_failed": {"code": "TLS"}}},
         ("TLS", "DNS", 0.0, False)),
    ]  # fmt: skip
    entries = [entry(**parts) for parts, _ in failures]
    silent = [entry(response={"status": 0}), entry(response={"status": -1, "_error": ""})]
    found = read_foreign(json.dumps({"log": {"entries": entries + silent}}).encode(), kind="har")

    assert [
        (one.outcome.code, one.outcome.message, one.outcome.elapsed, one.outcome.sent)
        for one in found.exchanges
        if isinstance(one.outcome, FailedExchange)
    ] == [outcome for _, outcome in failures]
    assert found.notes == tuple(
        f"exchange {number}: it was blocked or had no response, and the archive does not say why"
        for number in (6, 7)
    )


def test_one_exchange_without_a_time_leaves_all_in_the_order_of_the_file() -> None:
    times = ["2026-03-02T00:00:09Z", "gestern", "2026-03-02T00:00:01", None]
    entries = [
        entry(startedDateTime=time, request={"url": f"{CRM}/{number}"})
        for number, time in enumerate(times)
    ]
    found = read_foreign(json.dumps({"log": {"entries": entries}}).encode(), kind="har")

    assert [(one.request.url[-1], one.order, one.at) for one in found.exchanges] == [
        ("0", 1, 1_772_409_609.0), ("1", 2, MIDNIGHT), ("2", 3, 1_772_409_601.0),
        ("3", 4, MIDNIGHT),
    ]  # fmt: skip


def written(*exchanges: Exchange) -> tuple[list[Any], tuple[str, ...]]:
    data, notes = write_foreign(exchanges, "har")
    assert data.endswith(b"\n}\n")
    assert b"\\u" not in data
    log = json.loads(data)["log"]
    assert (log["version"], log["creator"]) == ("1.2", {"name": "bpmax-sim", "version": "1"})
    return log["entries"], notes


def test_an_exchange_is_written_with_all_that_an_archive_asks_for() -> None:
    call = Call(platform="crm", instance="", api="get", method="POST", path="/", headers=(
        ("X-Trace", "1"),))  # fmt: skip
    entries, notes = written(
        Exchange(
            request=Request(
                method="POST", url=f"{CRM}/a?名=甲+乙&b=&b=%31",
                headers=(("X-Trace", "1"), ("Content-Type", "text/plain"), ("HOST", "x"),
                         ("A", "b"), ("a", "c")),
                body=b"", call=call,
            ),
            outcome=Response(
                status=302, reason="Found", headers=(("LOCATION", "/b"), ("Location", "/c")),
                body=GBK, elapsed=0.0126, chunks=(Chunk(at=0.0, length=4),),
            ),
            at=1_772_409_600.25, order=3,
        ),
        Exchange(
            request=Request(method="GET", url=CRM, injected=("header.x", "query.y")),
            outcome=FailedExchange(code="TLS", message="", elapsed=2.0, sent=False),
            at=0.0, order=4,
        ),
        Exchange(
            request=Request(method="PUT", url=CRM, body=GBK),
            outcome=FailedExchange(code="TIMEOUT", message="zu spät", elapsed=0.0, sent=True),
            at=0.0, order=5,
        ),
    )  # fmt: skip
    nothing = {
        "status": 0, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
        "content": {"size": 0, "mimeType": ""}, "redirectURL": "", "headersSize": -1,
        "bodySize": 0,
    }  # fmt: skip
    empty = {"httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "queryString": [],
             "headersSize": -1}  # fmt: skip

    assert notes == ("exchange 3: the chunks of its response are not stored",)
    assert entries == [
        {
            "startedDateTime": "2026-03-02T00:00:00.250000+00:00",
            "time": 13,
            "request": {
                "method": "POST", "url": f"{CRM}/a?名=甲+乙&b=&b=%31", "httpVersion": "HTTP/1.1",
                "cookies": [],
                "headers": [item("X-Trace", "1"), item("Content-Type", "text/plain"),
                            item("HOST", "x"), item("A", "b"), item("a", "c")],
                "queryString": [item("名", "甲 乙"), item("b", ""), item("b", "1")],
                "postData": {"mimeType": "text/plain", "text": ""},
                "_injected": ["header.host", "header.content-type", "header.a"],
                "headersSize": -1, "bodySize": 0,
            },
            "response": nothing | {
                "status": 302, "statusText": "Found",
                "headers": [item("LOCATION", "/b"), item("Location", "/c")],
                "content": {"size": 4, "mimeType": "", "encoding": "base64",
                            "text": base64.b64encode(GBK).decode()},
                "redirectURL": "/b", "bodySize": 4,
            },
            "cache": {},
            "timings": {"send": 0, "wait": 13, "receive": 0},
        },
        {
            "startedDateTime": "1970-01-01T00:00:00.000000+00:00", "time": 2000,
            "request": {"method": "GET", "url": CRM, **empty, "bodySize": 0,
                        "_injected": ["header.x", "query.y"]},
            "response": nothing | {"_error": "TLS", "_failed": {"code": "TLS", "sent": False}},
            "cache": {}, "timings": {"send": 0, "wait": 2000, "receive": 0},
        },
        {
            "startedDateTime": "1970-01-01T00:00:00.000000+00:00", "time": 0,
            "request": {
                "method": "PUT", "url": CRM, **empty, "bodySize": 4,
                "postData": {"mimeType": "", "encoding": "base64",
                             "text": base64.b64encode(GBK).decode()}},
            "response": nothing | {"_error": "zu spät",
                                   "_failed": {"code": "TIMEOUT", "sent": True}},
            "cache": {}, "timings": {"send": 0, "wait": 0, "receive": 0},
        },
    ]  # fmt: skip


def packed(*names: str, **files: str) -> bytes:
    buffer = io.BytesIO()
    body = {"content": {"_file": "b.bin", "size": 1}}
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            one = {"log": {"entries": [entry(request={"url": f"{CRM}/{name}"}, response=body)]}}
            archive.writestr(name, json.dumps(one))
        for name, text in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), text)
    return buffer.getvalue()


def test_a_packed_archive_has_its_bodies_beside_the_first_har_in_it() -> None:
    data = packed(
        "._x.har", "l.harx", "m/.har", "m/z.har", "m/b.har", "m/._b.har", m__b_bin="1", b_bin="2"
    )
    lone = packed("a.har", m__b_bin="3")
    (exchange,) = read_foreign(data, kind="har").exchanges

    assert (exchange.request.url, exchange.outcome.body) == (f"{CRM}/m/b.har", b"1")  # type: ignore[union-attr]
    assert detect_format(data) == "har"
    assert show(read_foreign(lone, kind="har")) == [
        "exchange 1: its body is in the file 'b.bin', which is missing next to the archive"
    ]
    for damaged, words in (
        (packed("a.txt", ".har"), "not an HTTP Archive: it contains no .har file"),
        (data[:-30], "not an HTTP Archive: File is not a zip file"),
    ):
        with pytest.raises(CassetteError) as raised:
            read_foreign(damaged, kind="har")
        assert str(raised.value) == words


def tnet(value: Any) -> bytes:
    """Return *value* as mitmproxy writes it."""
    match value:
        case None:
            kind, inner = b"~", b""
        case bool():
            kind, inner = b"!", str(value).lower().encode()
        case int():
            kind, inner = b"#", str(value).encode()
        case float():
            kind, inner = b"^", repr(value).encode()
        case str():
            kind, inner = b";", value.encode()
        case bytes():
            kind, inner = b",", value
        case dict():
            kind = b"}"
            inner = b"".join(tnet(part) for pair in value.items() for part in pair)
        case _:
            kind, inner = b"]", b"".join(map(tnet, value))
    return b"%d:%s%s" % (len(inner), inner, kind)


def flow(request: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    sent = {
        "method": b"GET", "scheme": b"https", "host": "crm.example.test", "port": 443,
        "path": b"/a", "headers": [], "content": b"", "timestamp_start": 1000.0,
        "authority": b"",
    } | (request or {})  # fmt: skip
    reply = {"status_code": 200, "reason": b"OK", "headers": [], "content": b"",
             "timestamp_end": 1000.5}  # fmt: skip
    if isinstance(parts.get("response"), dict):
        parts["response"] = reply | parts["response"]
    return {"type": "http", "request": sent, "response": reply, "websocket": None} | parts


def test_flows_of_a_proxy_become_exchanges_or_say_why_not() -> None:
    zipped = gzip.compress(GBK)
    flows = [
        flow({"timestamp_start": 1003, "authority": b"crm.example.test:443", "host": "x",
              "headers": [[b"Host", b"other.example.test"], [b"X-A", b"1"]]}),
        flow({"timestamp_start": 1002.0, "port": 8443, "headers": [[b"HOST", b"h.example.test"]],
              "content": b"q", "method": b"put"}),
        flow({"timestamp_start": 1001.0, "scheme": b"http", "host": b"[::1]", "port": 443}),
        flow({"timestamp_start": 1004.0, "port": 80, "scheme": b"http", "path": b"/\xff?x"}),
        flow({"timestamp_start": 1005.0, "path": b"http://p.example.test/a", "port": 1}),
        flow({"timestamp_start": 1006.0, "host": "[::1]:99", "port": 98, "content": zipped,
              "headers": [[b"content-ENCODING", b"GZIP"]]},
             response={"reason": b"\xff", "headers": [[b"Content-Encoding", b"gzip"]],
                       "content": zipped, "timestamp_end": 1006.12345}),
        flow({"timestamp_start": 1007.0}, response={"timestamp_end": 1.0, "reason": None},
             websocket=False, error={"msg": "weg"}),
        flow({"timestamp_start": 1008.0}, response=None,
             error={"msg": "Connection refused", "timestamp": 1009.5}),
        flow({"timestamp_start": 1009.0}, response=None, error={"msg": "weg", "timestamp": 1.0}),
        flow({"timestamp_start": 1010.0}, response=None, error={"msg": "TLS"}),
        flow({"timestamp_start": 1011.0}, response=None, error=None),
        flow({"content": None}), flow(response={"content": None}),
        flow(type="tcp"), flow(websocket={"messages": []}), flow(websocket={}, extra=True),
        {"type": "dns"},
    ]  # fmt: skip
    data = b"".join(map(tnet, flows))
    ok: Any = ("200 OK", {}, b"", 0.0)

    assert detect_format(data) == "mitmproxy"
    assert show(read_foreign(data, kind="mitmproxy")) == [
        ("1 GET https://crm.example.test/a", {}, None, ("200 OK", {}, b"", 0.5), 1000.0),
        ("2 GET http://[::1]:443/a", {}, None, ok, 1001.0),
        ("3 PUT https://h.example.test:8443/a", {}, b"q", ok, 1002.0),
        ("4 GET https://crm.example.test:443/a", {"X-A": "1"}, None, ok, 1003.0),
        ("5 GET http://crm.example.test/%C3%BF?x", {}, None, ok, 1004.0),
        ("6 GET http://p.example.test/a", {}, None, ok, 1005.0),
        ("7 GET https://[::1]:99/a", {"content-ENCODING": "GZIP"}, GBK,
         ("200 ÿ", {"Content-Encoding": "gzip"}, GBK, 0.123), 1006.0),
        ("8 GET https://crm.example.test/a", {}, None, ("200 ", {}, b"", 0.0), 1007.0),
        ("9 GET https://crm.example.test/a", {}, None,
         ("CONNECT Connection refused", 1.5, False), 1008.0),
        ("10 GET https://crm.example.test/a", {}, None, ("RESET weg", 0.0, True), 1009.0),
        ("11 GET https://crm.example.test/a", {}, None, ("TLS TLS", 0.0, True), 1010.0),
        "exchange 11: it had no response, and the file does not say why",
        "exchange 12: mitmproxy did not keep the body of its request",
        "exchange 13: mitmproxy did not keep the body of its response",
        "exchange 14: it is tcp, which is not supported",
        "exchange 15: it is a WebSocket, which is not supported",
        "exchange 17: it is dns, which is not supported",
        "exchange 16: the key 'extra' is not known and is left out",
    ]  # fmt: skip


def nest(depth: int) -> bytes:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return tnet(value)


def test_a_flow_file_is_damaged_at_the_byte_where_its_value_begins() -> None:
    whole = tnet(flow())
    texts = {
        whole[:-1]: 1, whole + b"3:ab,": len(whole) + 1, whole + b"x": len(whole) + 1,
        b"2:ab": 1, b"2:ab?": 1, b"2:ab#": 1, b"1:\xff;": 1, b"7:3:abc,x]": 9,
        b"5:3:abc]": 3, nest(31): 97,
    }  # fmt: skip
    found = {}
    for data in texts:
        with pytest.raises(CassetteError) as raised:
            read_foreign(data, kind="mitmproxy")
        found[data] = str(raised.value)

    assert found == {
        data: f"not a file of flows of mitmproxy: damaged or cut at byte {at}"
        for data, at in texts.items()
    }
    assert read_foreign(nest(30), kind="mitmproxy").notes == (
        "exchange 1: not an exchange (it is a list)",
    )


def test_the_format_of_a_file_is_found_by_what_is_in_it() -> None:
    documents = {
        '{"log": {"entries": []}}': "har",
        '{"log": {"entries": null}}': "har",
        '{"log": {}}': None,
        '[{"request": {}}]': "wiremock",
        "[[1]]": None,
        "[1]": None,
        "[{}]": None,
        "[]": None,
        '{"request": {"method": "GET"}}': "wiremock",
        '{"request": {}}': None,
        '{"request": {}, "response": {}}': "wiremock",
        '{"mappings": 1}': "wiremock",
        '{"data": {"pairs": []}}': "hoverfly",
        '{"data": {}}': None,
        '{"info": {"schema": ""}, "item": []}': "postman",
        '{"info": {"schema": ""}}': None,
        '{"info": {"name": ""}, "item": []}': None,
        '{"collection": {"item": []}}': "postman",
        '{"collection": {}}': None,
        '{"interactions": []}': "vcrpy",
        '{"http_interactions": []}': "betamax",
        "interactions:\n- request: {}\n": "vcrpy",
        "version: 1\ninteractions:\n": "vcrpy",
        "version: 1\n interactions:\n": None,
        "interactions:\n- response:\n    body:\n      type: text\n": "cassetter",
        "interactions:\n- response:\n    body: \n\n      type: binary  \n": "cassetter",
        "interactions:\n- response:\n    body:\n      type: html\n": "vcrpy",
        "x = 1\n[[interactions]]\nid = 1\n": "cassetter",
        "[[interactions]]\n": "cassetter",
        "[[other]]\n": None,
        "x [[interactions]]\n": None,
        "": None,
        "12:7:request": "mitmproxy",
        "12:6:request": None,
        "x7:request": None,
    }

    def detect(text: str) -> str | None:
        try:
            return detect_format(text.encode())
        except CassetteError:
            return None

    assert {text: detect(text) for text in documents} == documents
    assert detect_format(b'\xef\xbb\xbf\n {"log": {"entries": []}}') == "har"


def test_an_openapi_document_is_no_recording_and_says_what_to_do_with_it() -> None:
    documents = {
        "openapi: 3.0.0": True, "swagger: '2.0'": True, "info: {}\n  'openapi' : 3": True,
        '{"info": {}, "openapi": "3.1.0"}': False, '{"openapi": "3.1.0"}': True,
        '{\n\t"swagger": "2.0"}': True, "openapis: 3": False, "# openapi: 3": False,
        "a: 1\n" * 13_107 + "openapi: 3": False, "a: 1\n" * 13_100 + "openapi: 3": True,
    }  # fmt: skip
    kinds = {True: ConfigError, False: CassetteError}
    for text, is_document in documents.items():
        with pytest.raises((ConfigError, CassetteError)) as raised:
            detect_format(text.encode())
        assert type(raised.value) is kinds[is_document], text[-40:]
    assert str(raised.value) == (
        "this is an OpenAPI document and no recording; make a platform of it with "
        "`bpmax-sim import openapi <file>`"
    )


def test_a_format_that_is_only_read_or_only_written_says_which_others_there_are() -> None:
    got = {}
    for name, do in (
        ("read", lambda: read_foreign(b"", kind="curl")),
        ("write", lambda: write_foreign([], "postman")),
        ("unknown", lambda: read_foreign(b"", kind="harr")),
        ("none", lambda: detect_format(b"1")),
    ):
        with pytest.raises((ConfigError, CassetteError)) as raised, warnings.catch_warnings():
            do()
        got[name] = str(raised.value)

    assert got == {
        "read": "format: 'curl' can only be written; there are betamax, cassetter, har, hoverfly, "
        "mitmproxy, postman, vcrpy, wiremock",
        "write": "format: 'postman' can only be read; there are curl, har, vcrpy, wiremock",
        "unknown": "format: there is no 'harr'; did you mean 'har'?",
        "none": "not a recording that can be imported; there are betamax, cassetter, har, "
        "hoverfly, mitmproxy, postman, vcrpy, wiremock",
    }
