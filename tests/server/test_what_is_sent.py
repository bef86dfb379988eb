"""What a server reads of a request and sends of a response or an error, without a connection."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from starlette.requests import Request as Incoming

from bpmax_sim import server
from bpmax_sim.errors import (
    AuthError,
    CallError,
    ConfigError,
    NoMatchError,
    TransportError,
)
from bpmax_sim.messages import Request, Response
from bpmax_sim.server import RefusedRequest, ReplayServer
from tests.cassette.exchanges import BASE, detail, keyed, order
from tests.cli.test_cassette_commands import write


def arrive(
    target: bytes = b"/a", query: bytes = b"", *headers: tuple[bytes, bytes], pieces: Any = ()
) -> Incoming:
    sent = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    sent.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Any:
        return sent.pop(0)

    scope = {
        "type": "http", "method": "POST", "path": "/a", "raw_path": target, "query_string": query,
        "headers": list(headers),
    }  # fmt: skip
    return Incoming(scope, receive)


# ---------------------------------------------------------------------------- responses


def as_bytes(text: str) -> str:
    return text.encode().decode("latin-1")


@pytest.mark.parametrize(
    ("status", "headers", "body", "is_head", "sent"),
    [
        (200, [("X-A", "1"), ("x-b", "2")], b"ab", False,
         [("x-a", "1"), ("x-b", "2"), ("content-length", "2")]),
        (200, [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")], b"", False,
         [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("content-length", "0")]),
        (200, [("Content-Length", "99"), ("Content-Encoding", "gzip"), ("Connection", "close"),
               ("Transfer-Encoding", "chunked"), ("TE", "x"), ("Upgrade", "y")], b"abc", False,
         [("content-length", "3")]),
        (200, [("content-length", "99")], b"", True, [("content-length", "99")]),
        (200, [("content-length", "-9")], b"", True, [("content-length", "0")]),
        (200, [], b"abc", True, [("content-length", "3")]),
        (204, [("x-a", "1"), ("content-length", "3")], b"abc", False, [("x-a", "1")]),
        (205, [], b"abc", False, []), (304, [("content-length", "3")], b"", True, []),
        (201, [], b"", False, [("content-length", "0")]),
        (599, [], b"", False, [("content-length", "0")]),
        (200, [("x-名", "王"), ("x-b", "é"), ("x-c", "é王"), ("x-d", "\ud83d")], b"", False,
         [("x-?", as_bytes("王")), ("x-b", "é"), ("x-c", as_bytes("é王")), ("x-d", "?"),
          ("content-length", "0")]),
    ],
)  # fmt: skip
def test_headers_of_the_connection_are_those_of_the_server(
    status: int, headers: Any, body: bytes, is_head: bool, sent: list[tuple[str, str]]
) -> None:
    response = Response(status=status, headers=tuple(headers), body=body)
    outgoing = server._to_outgoing_response(response, is_head=is_head)

    raw = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in outgoing.raw_headers
    ]
    assert (outgoing.status_code, raw) == (status, sent)
    assert outgoing.body == (b"" if status in {204, 205, 304} else body)


@pytest.mark.parametrize("status", [0, 100, 199, 600, 999])
def test_a_status_that_no_server_may_send_is_a_bad_gateway(status: int) -> None:
    outgoing = server._to_outgoing_response(Response(status=status, body=b"ab"))

    assert (outgoing.status_code, outgoing.headers["x-bpmax-sim"]) == (502, "STATUS")
    assert json.loads(bytes(outgoing.body)) == {
        "error": "STATUS", "message": f"the response has status {status}"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("error", "status", "document"),
    [
        (RefusedRequest(403, "NO_TOKEN", "路径"), 403, {"error": "NO_TOKEN", "message": "路径"}),
        (NoMatchError("没有", case="no such call"), 501,
         {"error": "NO_MATCH", "case": "no such call", "message": "没有"}),
        (TransportError("迟了", code="TIMEOUT"), 504, {"error": "TIMEOUT", "message": "迟了"}),
        (TransportError("断了", code="RESET"), 502, {"error": "RESET", "message": "断了"}),
        (TransportError("连不上"), 502, {"error": "CONNECT", "message": "连不上"}),
        (CallError("不行", code="UNKNOWN_API"), 500, {"error": "UNKNOWN_API", "message": "不行"}),
        (AuthError("拒绝"), 500, {"error": "AUTH_FAILED", "message": "拒绝"}),
        (ConfigError("文件不对"), 500, {"error": "CONFIG", "message": "文件不对"}),
        (KeyError("x"), 500,
         {"error": "BUG", "message": "the server failed; its standard error says how"}),
    ],
)  # fmt: skip
def test_each_error_has_its_status_and_its_code(
    error: Exception, status: int, document: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        outgoing = server._make_error_response(error, arrive())

    assert (outgoing.status_code, json.loads(bytes(outgoing.body))) == (status, document)
    assert outgoing.headers["x-bpmax-sim"] == document["error"]
    assert outgoing.headers["content-type"] == "application/json; charset=utf-8"
    logged = [record.getMessage() for record in caplog.records]
    assert logged == (["no answer to POST /a"] if document["error"] == "BUG" else [])


# ---------------------------------------------------------------------------- requests


@pytest.mark.parametrize(
    ("target", "query", "headers", "url"),
    [
        (b"/a%2Fb/%E7%8E%8B", b"x=1&x=2", [(b"host", b"crm.test:8700")],
         "http://crm.test:8700/a%2Fb/%E7%8E%8B?x=1&x=2"),
        (b"/a", b"", [], "http://127.0.0.1/a"),
        (b"/a?b=1", b"b=1", [(b"x", b"y"), (b"host", b"a"), (b"host", b"b")], "http://a/a?b=1"),
        (b"", b"", [(b"host", b"a")], "http://a/a"),  # where there is no raw path
    ],
)  # fmt: skip
def test_a_request_keeps_its_address_as_it_was_written(
    target: bytes, query: bytes, headers: Any, url: str
) -> None:
    request = server._read_request(arrive(target, query, *headers), b"")

    assert (request.url, request.method, request.body) == (url, "POST", None)
    assert request.base == "/".join(url.split("/")[:3])
    assert request.headers == tuple((name.decode(), value.decode()) for name, value in headers)
    assert server._read_request(arrive(), b"{}").body == b"{}"


@pytest.mark.parametrize(
    ("pieces", "declared", "body"),
    [
        ([], None, b""), ([b"ab", b"cd"], None, b"abcd"), ([b"abcd", b"e"], None, None),
        ([b"ab"], b"4", b"ab"), ([b"ab"], b"5", None), ([b"ab"], b"-5", b"ab"),
        ([b"ab"], b"viel", b"ab"),
    ],
)  # fmt: skip
def test_a_body_is_read_up_to_its_limit(
    pieces: list[bytes], declared: bytes | None, body: bytes | None
) -> None:
    headers = [(b"content-length", declared)] if declared else []
    incoming = arrive(b"/a", b"", *headers, pieces=pieces)

    assert asyncio.run(server._read_body(incoming, 4)) == body


# ---------------------------------------------------------------------------- recordings


@pytest.fixture(name="replaying")
def replay_server(tmp_path: Path) -> ReplayServer:
    return ReplayServer([write(tmp_path / "一.yaml", [("甲", [detail(1)]), ("乙", [order(b"1")])])])


@pytest.mark.parametrize(
    ("target", "urls"),
    [
        ("/customers/1", [f"{BASE}/customers/1"]),
        ("", [f"{BASE}/"]),
        ("/", [f"{BASE}/"]),
        ("/crm_system/orders?a=1", [f"{BASE}/orders?a=1"]),
        ("/crm_system", [f"{BASE}/"]),
        ("/crm_system?a=1", [f"{BASE}/?a=1"]),
        ("/crm_system2/orders", [f"{BASE}/crm_system2/orders"]),
        ("/api/crm_system", [f"{BASE}/api/crm_system"]),
    ],
)
def test_an_address_may_begin_with_the_key_of_its_platform(
    replaying: ReplayServer, target: str, urls: list[str]
) -> None:
    request = Request(
        method="GET", url=f"http://127.0.0.1:8700{target}", base="http://127.0.0.1:8700"
    )

    assert replaying.bases == (("crm_system", BASE),)
    assert [*replaying._list_candidate_urls(request)] == urls


@pytest.mark.parametrize(
    ("target", "urls"),
    [
        ("/", ["https://other.example.test/", f"{BASE}/"]),
        ("/?a=1", ["https://other.example.test/?a=1", f"{BASE}/?a=1"]),
        ("/x", ["https://other.example.test/x", f"{BASE}/x"]),
        ("/crm_system/", [f"{BASE}/"]),
    ],
)
def test_traffic_without_a_platform_has_no_key(
    tmp_path: Path, target: str, urls: list[str]
) -> None:
    foreign = keyed(
        replace(detail(1), request=Request(method="GET", url=f"https://other.example.test{target}"))
    )
    replaying = ReplayServer(
        [write(tmp_path / "一.yaml", [("甲", [detail(1)]), ("乙", [foreign])])]
    )
    request = Request(method="GET", url=f"http://a.test{target}", base="http://a.test")

    assert sorted(replaying._list_candidate_urls(request)) == sorted(urls)


ELSEWHERE = """\
platform_key: crm_system
base_url: https://crm.example.test/open
credentials: {key: {secret: true}}
auth:
  acquire:
    steps:
      - request: {method: POST, url: "https://id.example.test/v1/token"}
        extract: {t: {path: $.t}}
      - {request: {method: POST, path: /session}, extract: {u: {path: $.u}}}
  apply: [{in: header, name: X-Token, value: "{{ u }}"}]
apis: {get_customer_detail: {path: "/customers/{id}"}}
"""


@pytest.mark.parametrize(
    ("target", "urls"),
    [
        ("/v1/token", [f"{BASE}/v1/token", "https://id.example.test/v1/token"]),
        ("/crm_system/v1/token", [f"{BASE}/v1/token", "https://id.example.test/v1/token"]),
        ("/crm/v1", [f"{BASE}/crm/v1", "https://id.example.test/crm/v1"]),
    ],
)
def test_a_login_may_have_been_recorded_at_another_address(
    tmp_path: Path, target: str, urls: list[str]
) -> None:
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/crm.yaml").write_text(ELSEWHERE, encoding="utf-8")
    cassette = write(tmp_path / "一.yaml", [("甲", [detail(1)])])
    replaying = ReplayServer([cassette], platforms=tmp_path / "platforms", environ={})
    request = Request(method="POST", url=f"http://a.test{target}", base="http://a.test")

    assert [*replaying._list_candidate_urls(request)] == urls


@pytest.mark.parametrize(
    ("host", "port", "told"),
    [
        ("127.0.0.1", 70_000, "127.0.0.1:70000 cannot be listened to: "),
        ("203.0.113.1", 0, "203.0.113.1:0 cannot be listened to: "),
    ],
)
def test_an_address_that_cannot_be_listened_to_is_told(host: str, port: int, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        server._bind_socket(host, port)
    assert str(refused.value).startswith(told)
    assert str(refused.value).endswith("; name another --port or --host")


def test_a_server_needs_one_who_answers() -> None:
    with pytest.raises(TypeError, match="handle or answer"):
        server._adapt_handle_to_answer(None)
    response = Response(status=204)
    answer: Any = server._adapt_handle_to_answer(lambda _request: response)
    assert answer(None, None) is response
