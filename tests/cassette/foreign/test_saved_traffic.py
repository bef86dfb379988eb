"""Flows of mitmproxy, collections of Postman, and archives whose texts are in other encodings."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from typing import Any

import pytest

from bpmax_sim.errors import CassetteError
from bpmax_sim.messages import FailedExchange, Response
from bpmax_sim.traffic.formats import detect_format, read_foreign
from bpmax_sim.traffic.imported import ForeignExchanges, ReadOptions

PAGE = '<html><head><meta charset="gbk"></head><body>王喆的订单</body></html>'


def tnet(value: Any) -> bytes:
    """Write *value* as a tnetstring, which is what mitmproxy keeps."""
    if isinstance(value, dict):
        kind, data = b"}", b"".join(tnet(part) for pair in value.items() for part in pair)
    elif isinstance(value, list | tuple):
        kind, data = b"]", b"".join(map(tnet, value))
    elif isinstance(value, bool):
        kind, data = b"!", str(value).lower().encode()
    elif value is None:
        kind, data = b"~", b""
    else:
        kinds = {bytes: b",", str: b";", int: b"#", float: b"^"}
        kind = kinds[type(value)]
        data = value if isinstance(value, bytes) else str(value).encode()
    return b"%d:%b%b" % (len(data), data, kind)


def flow(path: str, headers: list[tuple[bytes, bytes]], content: bytes | None, **more: Any) -> Any:
    return {
        "version": 21,
        "type": "http",
        "request": {
            "method": b"GET", "scheme": b"http", "host": b"127.0.0.1", "port": 8431,
            "authority": b"", "path": path.encode(), "http_version": b"HTTP/1.1",
            "headers": [(b"Host", b"127.0.0.1:8431"), (b"X-Tenant", b"a")], "content": b"",
            "timestamp_start": 1772413200.25, "timestamp_end": 1772413200.5, "trailers": None,
        },
        "response": {
            "status_code": 200, "reason": b"OK", "http_version": b"HTTP/1.1", "headers": headers,
            "content": content, "timestamp_start": 1772413200.5, "timestamp_end": 1772413201.0,
            "trailers": None,
        },
        **more,
    }  # fmt: skip


def read(data: bytes, kind: str) -> ForeignExchanges:
    assert detect_format(data) == kind
    return read_foreign(data)


def test_flows_of_mitmproxy_keep_every_byte() -> None:
    zipped = gzip.compress('{"名":"王喆"}'.encode())
    flows = [
        flow(
            "/gbk?a=1", [(b"Content-Type", b"text/html"), (b"X", b"\xcd\xf5")], PAGE.encode("gbk")
        ),
        flow("/zip", [(b"Content-Encoding", b"gzip")], zipped),
        flow("/tcp", [], b"", type="tcp"),
        flow("/streamed", [], None),
        {**flow("/down", [], b""), "response": None, "error": {"msg": "Connection refused"}},
    ]
    found = read(b"".join(map(tnet, flows)), "mitmproxy")

    first, second, third = found.exchanges
    assert isinstance(first.outcome, Response)
    assert isinstance(second.outcome, Response)
    assert first.request.url == "http://127.0.0.1:8431/gbk?a=1"
    assert first.outcome.body == PAGE.encode("gbk")
    assert first.outcome.header("x") == "Íõ"
    assert (first.at, first.outcome.elapsed) == (1772413200.25, 0.75)
    assert second.outcome.body.decode() == '{"名":"王喆"}'
    assert isinstance(third.outcome, FailedExchange)
    assert third.outcome.code == "CONNECT"
    assert list(found.notes) == [
        "exchange 3: it is tcp, which is not supported",
        "exchange 4: mitmproxy did not keep the body of its response",
    ]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_flows_that_were_cut_are_refused_with_the_place(share: float) -> None:
    data = tnet(flow("/a", [], b"x" * 100))

    with pytest.raises(CassetteError, match="damaged or cut at byte"):
        read_foreign(data[: int(len(data) * share)], kind="mitmproxy")


def test_a_collection_of_postman_with_saved_responses() -> None:
    saved = {
        "name": "成功",
        "originalRequest": {
            "method": "POST",
            "header": [
                {"key": "X-Tenant", "value": "{{tenant}}"},
                {"key": "Off", "disabled": True},
            ],
            "body": {
                "mode": "raw",
                "raw": '{"id":"{{id}}"}',
                "options": {"raw": {"language": "json"}},
            },
            "url": {
                "raw": "{{base}}/customers/:id?fields=name",
                "variable": [{"key": "id", "value": "张 三"}],
            },
        },
        "status": "OK",
        "code": 200,
        "header": [{"key": "Content-Type", "value": "text/plain; charset=GBK"}],
        "responseTime": 120,
        "body": "王喆",
    }
    lost = {**saved, "originalRequest": {"method": "GET", "url": "{{unknown}}/x"}}
    collection = {
        "info": {
            "name": "CRM",
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "variable": [
            {"key": "base", "value": "https://{{host}}/api"},
            {"key": "host", "value": "crm.example.test"},
            {"key": "tenant", "value": "t1"},
            {"key": "id", "value": "12345"},
        ],
        "item": [
            {
                "name": "客户",
                "item": [
                    {"name": "查", "request": {}, "response": [saved, lost]},
                    {
                        "name": "无",
                        "request": {"method": "GET", "url": "{{base}}/n"},
                        "response": [],
                    },
                ],
            }
        ],
    }
    found = read(json.dumps(collection).encode(), "postman")

    (exchange,) = found.exchanges
    assert exchange.request.method == "POST"
    assert exchange.request.url == (
        "https://crm.example.test/api/customers/%E5%BC%A0%20%E4%B8%89?fields=name"
    )
    assert exchange.request.headers == (("X-Tenant", "t1"), ("Content-Type", "application/json"))
    assert exchange.request.body == b'{"id":"12345"}'
    assert isinstance(exchange.outcome, Response)
    assert (exchange.outcome.body, exchange.outcome.elapsed) == ("王喆".encode("gbk"), 0.12)
    assert list(found.notes) == [
        (
            "exchange 2: it uses the variable 'unknown', which the collection does not have; give "
            "it a value there (Variables) and export again"
        ),
        "1 request has no saved response: it is left out",
    ]


def entry(content: dict[str, Any], *headers: tuple[str, str]) -> dict[str, Any]:
    return {
        "startedDateTime": "2026-03-02T09:00:00.000+08:00",
        "time": 5,
        "request": {"method": "GET", "url": "http://a.test/x", "headers": []},
        "response": {
            "status": 200,
            "statusText": "OK",
            "headers": [{"name": name, "value": value} for name, value in headers],
            "content": content,
        },
    }


def har(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"log": {"version": "1.2", "entries": entries}}).encode()


GBK = PAGE.encode("gbk")


@pytest.mark.parametrize(
    ("content", "headers", "body"),
    [
        ({"text": PAGE}, [("Content-Type", "text/html; charset=GBK")], GBK),
        # the size is Playwright's, of UTF-8
        ({"text": PAGE, "size": len(PAGE.encode())}, [("Content-Type", "text/html")], GBK),
        ({"text": "café", "size": 4}, [("Content-Type", "text/plain")], b"caf\xe9"),
        ({"text": "café", "size": 5}, [("Content-Type", "text/plain")], "café".encode()),
        ({"text": "王喆"}, [], "王喆".encode()),
        # Polly.JS: the pieces of a compressed body
        (
            {"text": '["H4sIAAAAAAAC/w==","SyvKz1VILE5JAwCtMKQMCAAAAA=="]', "encoding": "base64"},
            [],
            base64.b64decode("H4sIAAAAAAAC/w==") + base64.b64decode("SyvKz1VILE5JAwCtMKQMCAAAAA=="),
        ),
        ({"text": '["6162","63"]', "_isBinary": True}, [], b"abc"),
    ],
)
def test_a_text_of_an_archive_becomes_the_bytes_it_was(
    content: dict[str, Any], headers: list[tuple[str, str]], body: bytes
) -> None:
    (exchange,) = read(har(entry(content, *headers)), "har").exchanges

    assert isinstance(exchange.outcome, Response)
    assert exchange.outcome.body == body


def test_a_lost_body_and_a_header_that_is_no_utf_8_end_no_import() -> None:
    data = har(
        entry({"text": "\ufffd\ufffd", "size": 4}, ("Content-Type", "text/html; charset=gbk")),
        entry({"size": -1}, ("Content-Length", "88")),
        entry({"text": "好"}, ("X-Name", "\udccd\udcf5")),
    )
    found = read(data, "har")

    assert [e.outcome.header("x-name") for e in found.exchanges if isinstance(e.outcome, Response)]
    assert [note.partition(":")[0] for note in found.notes] == ["exchange 1", "exchange 2"]


@pytest.mark.parametrize(
    ("taken", "seconds"), [(-1, 0.0), (0, 0.0), (None, 0.0), (0.4, 0.0), (0.6, 0.001), (1500, 1.5)]
)
def test_the_time_of_an_archive_is_never_negative(taken: float | None, seconds: float) -> None:
    """HAR 1.2, timings: -1 stands for what does not apply; some write it as the whole time."""
    (exchange,) = read(har({**entry({"text": "a"}), "time": taken}), "har").exchanges

    assert isinstance(exchange.outcome, Response)
    assert exchange.outcome.elapsed == seconds


@pytest.mark.parametrize(
    ("states", "order"),
    [
        ([("二", "三"), ("一", "二"), ("Started", "一")], [2, 1, 0]),
        ([("丙", "丁"), ("Started", "甲")], [1, 0]),  # who goes from 甲 to 丙 is missing
        ([("丁", "戊"), ("丙", "丁"), ("Started", "甲")], [2, 0, 1]),
        ([("Started", None), (None, None)], [0, 1]),
    ],
)
def test_states_of_a_scenario_are_read_in_their_order(
    states: list[tuple[str | None, str | None]], order: list[int]
) -> None:
    mappings = [
        {
            "scenarioName": "下单",
            **({"requiredScenarioState": before} if before else {}),
            **({"newScenarioState": after} if after else {}),
            "request": {"method": "GET", "url": "/a"},
            "response": {"status": 200 + number, "body": "x"},
        }
        for number, (before, after) in enumerate(states)
    ]
    data = json.dumps({"mappings": mappings}).encode()
    found = read_foreign(data, kind="wiremock", options=ReadOptions(address="http://a.test"))

    statuses = [e.outcome.status for e in found.exchanges if isinstance(e.outcome, Response)]
    assert statuses == [200 + number for number in order]


def test_an_archive_that_playwright_zipped() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        content = {"_file": "1a.html", "size": 3}
        archive.writestr("har.har", har(entry(content, ("Content-Type", "text/html; charset=gbk"))))
        archive.writestr("1a.html", PAGE)  # as Chromium read it
    (exchange,) = read(target.getvalue(), "har").exchanges

    assert isinstance(exchange.outcome, Response)
    assert exchange.outcome.body == GBK
    with pytest.raises(CassetteError, match="an HTTP Archive"):
        read_foreign(target.getvalue()[:-30], kind="har")


@pytest.mark.parametrize(
    ("scheme", "port", "host"),
    [
        ("http", 80, "h"), ("https", 443, "h"), ("http", 443, "h:443"), ("https", 80, "h:80"),
        ("http", 0, "h"), ("http", 8080, "h:8080"),
    ],
)  # fmt: skip
def test_a_flow_names_the_port_that_its_scheme_does_not_mean(
    scheme: str, port: int, host: str
) -> None:
    made = flow("/a", [], b"")
    made["request"] |= {"scheme": scheme.encode(), "host": b"h", "port": port, "headers": []}

    [exchange] = read(tnet(made), "mitmproxy").exchanges

    assert exchange.request.url == f"{scheme}://{host}/a"


def test_a_flow_whose_path_is_raw_utf8_has_the_address_that_was_sent() -> None:
    [exchange] = read(tnet(flow("/客户", [], b"")), "mitmproxy").exchanges

    assert exchange.request.url == "http://127.0.0.1:8431/%E5%AE%A2%E6%88%B7"


@pytest.mark.parametrize(
    ("levels", "url"),
    [
        ([{"host": "a"}], "https://a/x"),
        ([{"host": "a"}, {}], "https://a/x"),
        ([{"host": "a"}, {"host": "b"}], "https://b/x"),
        ([{"host": "a"}, {"host": "b"}, {"host": "c"}], "https://c/x"),
        ([{}, {"host": "b"}, {}], "https://b/x"),
    ],
)
def test_a_variable_of_an_inner_folder_wins(levels: list[dict[str, str]], url: str) -> None:
    saved = {"originalRequest": {"method": "GET", "url": "https://{{host}}/x"}, "code": 200}
    item: dict[str, Any] = {"name": "查", "request": {}, "response": [saved]}
    for level in reversed(levels):
        variables = [{"key": key, "value": value} for key, value in level.items()]
        item = {"name": "层", "variable": variables, "item": [item]}
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    collection = {**item, "info": {"name": "CRM", "schema": schema}}

    [exchange] = read(json.dumps(collection).encode(), "postman").exchanges

    assert exchange.request.url == url
