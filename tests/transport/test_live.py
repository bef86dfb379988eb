from __future__ import annotations

import gzip
import logging
import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import httpx
import pytest

from bpmax_sim.errors import BadResponseError, TransportError
from bpmax_sim.messages import Request, Response
from bpmax_sim.transport.live import LiveTransport
from tests.loopback import Answer, answer_json, loopback


def ask(answer: Answer, *, target: str = "/", **fields: object) -> tuple[Response, list[bytes]]:
    with loopback(answer) as server, LiveTransport() as live:
        fields.setdefault("method", "GET")
        request = Request(url=server.url + target, **fields)  # type: ignore[arg-type]
        return live.handle(request), server.received


def test_the_target_is_sent_as_it_stands() -> None:
    target = "/a/%2E%2E/客户?x=%2C,&empty=&x=1+1%20~'"
    encoded = target.replace("客户", "%E5%AE%A2%e6%88%b7")

    _, received = ask(lambda _: answer_json("1"), target=encoded)

    assert received[0].split(b"\r\n")[0] == f"GET {encoded} HTTP/1.1".encode()


def test_a_body_on_get_is_sent() -> None:
    _, received = ask(lambda _: answer_json("1"), body='{"姓名":"张三"}'.encode())

    assert received[0].endswith('\r\n\r\n{"姓名":"张三"}'.encode())


def test_the_answer_keeps_repeated_headers_in_order() -> None:
    cookies = "Set-Cookie: a=1\r\nX-Other: x\r\nSet-Cookie: b=2\r\n"

    response, _ = ask(lambda _: answer_json('{"码":0}', headers=cookies))

    assert response.status == 200
    assert response.reason == "OK"
    assert [value for name, value in response.headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert response.body.decode() == '{"码":0}'
    assert response.elapsed > 0


def test_a_compressed_body_comes_back_decoded() -> None:
    body = gzip.compress("合同".encode())
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(body)}\r\n\r\n"

    response, _ = ask(lambda _: head.encode() + body)

    assert response.body.decode() == "合同"


def test_compression_that_was_not_asked_for_is_a_bad_response() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip, zstd\r\ncontent-length: 4\r\n\r\nabcd"

    with pytest.raises(BadResponseError) as caught:
        ask(lambda _: head)
    assert str(caught.value) == ("the response is compressed with zstd, which was not requested")


def test_brotli_comes_back_decoded_with_its_extra() -> None:
    brotli = pytest.importorskip("brotli", reason="it is an extra, and the tests' own")
    body = brotli.compress("合同".encode())
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: {len(body)}\r\n\r\n"

    response, _ = ask(lambda _: head.encode() + body)

    assert response.body.decode() == "合同"


def test_broken_compression_is_a_bad_response() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nabcd"

    with pytest.raises(BadResponseError, match=r"^the body cannot be decoded: "):
        ask(lambda _: head)


def test_a_closed_port_is_connect_and_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with LiveTransport() as live, pytest.raises(TransportError) as caught:
        live.handle(Request(method="GET", url=f"http://127.0.0.1:{port}/"))

    assert caught.value.code == "CONNECT"
    assert caught.value.sent is False
    assert str(caught.value).startswith("cannot connect: ")


def test_silence_is_a_timeout_after_sending() -> None:
    def silent(_: bytes) -> Iterator[bytes]:
        time.sleep(0.4)
        yield b""

    with pytest.raises(TransportError, match=r"^no answer within 0.1 s$") as caught:
        ask(silent, timeout=0.1)

    assert (caught.value.code, caught.value.sent) == ("TIMEOUT", True)


def test_a_slow_drip_is_cut_at_the_timeout() -> None:
    def drip(_: bytes) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n"
        for _piece in range(20):
            time.sleep(0.05)
            yield b"x"

    with pytest.raises(TransportError, match=r"^the response was not complete within 0.6 s$"):
        ask(drip, timeout=0.6)  # the head has to come before, on a busy machine too


def dripped(first: bytes, piece: bytes) -> Answer:
    def drip(_: bytes) -> Iterator[bytes]:
        yield first
        for _piece in range(40):
            time.sleep(0.05)
            yield piece

    return drip


def test_headers_that_drip_are_cut_at_the_timeout() -> None:
    started = time.perf_counter()

    with pytest.raises(TransportError, match=r"^no answer within 0.2 s$") as caught:
        ask(dripped(b"HTTP/1.1 200 OK\r\nx-slow: ", b"x"), timeout=0.2)

    assert (caught.value.code, caught.value.sent) == ("TIMEOUT", True)
    assert caught.value.elapsed == pytest.approx(0.2, abs=0.1)
    assert time.perf_counter() - started < 2.5  # the server is still dripping


def test_a_compressed_drip_that_decodes_to_nothing_is_cut_at_the_timeout() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 900\r\n\r\n"
    name_follows = b"\x1f\x8b\x08\x08" + bytes(5) + b"\x03"  # RFC 1952: FLG.FNAME

    with pytest.raises(TransportError) as caught:
        ask(dripped(head + name_follows, b"x"), timeout=0.2)

    assert str(caught.value) == "the response was not complete within 0.2 s"


class Late(BaseHTTPRequestHandler):
    """Answers after a while, and keeps the connection."""

    protocol_version = "HTTP/1.1"
    peers: ClassVar[set[object]] = set()

    def do_GET(self) -> None:
        self.peers.add(self.client_address)
        time.sleep(0.15)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_each_exchange_on_a_kept_connection_has_its_own_time() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Late) as server, ThreadPoolExecutor(1) as pool:
        pool.submit(server.serve_forever)
        with LiveTransport() as live:
            url = f"http://127.0.0.1:{server.server_port}/"
            request = Request(method="GET", url=url, timeout=0.4)
            answers = [live.handle(request).status for _ in range(4)]
        server.shutdown()

    assert answers == [200] * 4
    assert len(Late.peers) == 1


def test_a_connection_that_breaks_is_a_reset() -> None:
    def half(_: bytes) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"

    with pytest.raises(TransportError) as caught:
        ask(half)

    assert (caught.value.code, caught.value.sent) == ("RESET", True)


def test_a_server_that_speaks_no_tls_is_a_tls_error() -> None:
    def refuse() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        pool.submit(refuse)
        port = listener.getsockname()[1]
        with LiveTransport() as live, pytest.raises(TransportError) as caught:
            live.handle(Request(method="GET", url=f"https://127.0.0.1:{port}/", timeout=2))

    assert (caught.value.code, caught.value.sent) == ("TLS", False)


def test_an_endless_body_is_bounded() -> None:
    def endless(_: bytes) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        for _piece in range(64):
            yield b"x" * 1024

    with loopback(endless) as server, LiveTransport(max_body=10_000) as live:
        request = Request(method="GET", url=server.url + "/")
        with pytest.raises(BadResponseError, match=r"^the response is larger than 10000 bytes$"):
            live.handle(request)


def test_a_stream_keeps_its_chunks() -> None:
    def events(_: bytes) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
        for number in range(3):
            yield f"data: {number}\n\n".encode()
            time.sleep(0.03)

    response, _ = ask(events)

    assert [chunk.length for chunk in response.chunks] == [9, 9, 9]
    assert sorted(chunk.at for chunk in response.chunks) == [chunk.at for chunk in response.chunks]


def redirecting(location: str, status: str = "302 Found") -> Answer:
    def answer(request: bytes) -> bytes:
        if b" /start" in request:
            return answer_json("0", status=status, headers=f"Location: {location}\r\n")
        return answer_json('"there"')

    return answer


def test_a_redirect_within_the_origin_is_followed() -> None:
    response, received = ask(redirecting("/there"), target="/start", injected=("header.a",))

    assert response.body == b'"there"'
    assert len(received) == 2


@pytest.mark.parametrize(
    ("status", "sent"),
    [("301 Moved", b"GET"), ("302 Found", b"GET"), ("303 See", b"GET"), ("307 Again", b"POST"),
     ("308 For good", b"POST")],
)  # fmt: skip
def test_a_post_is_sent_again_only_where_the_status_says_so(status: str, sent: bytes) -> None:
    _, received = ask(redirecting("/there", status), target="/start", method="POST", body=b"x=1")

    assert received[1].startswith(sent + b" /there ")
    assert received[1].endswith(b"x=1") == (sent == b"POST")


OWN = (
    ("Authorization", "Basic eA=="),
    ("Cookie", "sid=mine"),
    ("X-Tenant", "t-1"),
    ("X-Request-ID", "r-1"),
    ("Accept-Language", "zh-CN"),
)


@pytest.mark.parametrize("injected", [("header.authorization",), ()], ids=["auth", "a script"])
def test_only_what_it_accepts_goes_to_another_origin(injected: tuple[str, ...]) -> None:
    with loopback(lambda _: answer_json("1")) as storage:
        response, received = ask(
            redirecting(storage.url + "/file?sign=s-1"),
            target="/start",
            headers=OWN,
            injected=injected,
        )

    assert (response.status, len(received), len(storage.received)) == (200, 1, 1)
    sent = storage.received[0].lower()
    assert sent.startswith(b"get /file?sign=s-1 ")
    assert b"accept-language: zh-cn" in sent
    assert not any(name in sent for name in (b"authorization", b"cookie", b"x-tenant", b"x-req"))
    assert [(status, url[-7:]) for status, url in response.redirects] == [("302", "/file?…")]


@pytest.mark.parametrize("fields", [{"injected": ("body.sign",)}, {"confined": True}])
def test_a_body_that_holds_a_credential_stays_in_its_origin(fields: Mapping[str, object]) -> None:
    with loopback(lambda _: answer_json("1")) as other:
        answer = redirecting(other.url + "/steal", "307 Again")
        response, _ = ask(answer, target="/start", method="POST", body=b'{"sign":"x"}', **fields)

    assert response.status == 307
    assert other.received == []


def test_a_redirect_loop_ends() -> None:
    response, received = ask(redirecting("/start"), target="/start")

    assert response.status == 302
    assert len(received) == 5


def test_a_fragment_of_a_redirect_is_not_sent() -> None:
    _, received = ask(redirecting("/客户#首页"), target="/start")

    assert received[1].startswith(b"GET /%E5%AE%A2%E6%88%B7 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "location",
    ["http://[::bad", "http://:no", "mailto:a@b.example", "ftp://a.example/x", "\x01", ""],
)
def test_a_location_that_is_no_address_is_the_last_answer(location: str) -> None:
    response, received = ask(redirecting(location), target="/start")

    assert (response.status, len(received)) == (302, 1)
    assert response.header("location") == location


@pytest.mark.parametrize("location", ["http://127.0.0.1:1/", f"http://{'a' * 64}.example/"])
def test_what_fails_after_a_redirect_has_reached_a_server(location: str) -> None:
    with pytest.raises(TransportError, match="after a redirect: ") as caught:
        ask(redirecting(location), target="/start")

    assert (caught.value.code, caught.value.sent) == ("CONNECT", True)


def test_no_cookie_is_kept_from_one_request_to_the_next() -> None:
    with (
        loopback(lambda _: answer_json("1", headers="Set-Cookie: sid=of-tenant-1\r\n")) as server,
        LiveTransport() as live,
    ):
        first, _ = [live.handle(Request(method="GET", url=f"{server.url}/")) for _ in range(2)]

    assert first.header("set-cookie") == "sid=of-tenant-1"
    assert b"cookie" not in server.received[1].lower()


def test_debug_logs_of_the_client_hold_nothing_that_a_session_sends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = answer_json("1", headers="Set-Cookie: sid=minted-77\r\n")
    headers = (("Authorization", "Bearer k-99887766"),)
    with loopback(lambda _: answer) as server:
        with LiveTransport() as live:
            live.handle(Request(method="GET", url=f"{server.url}/?key=k-1122", headers=headers))
        assert not any(text in caplog.text for text in ("k-99887766", "minted-77", "k-1122"))
        httpx.get(f"{server.url}/of-somebody-else")
    assert "/of-somebody-else" in caplog.text
