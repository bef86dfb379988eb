from __future__ import annotations

import gzip
import logging
import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpx
import pytest

from bpmax_sim.errors import BadResponseError, TransportError
from bpmax_sim.messages import Request, Response
from bpmax_sim.transport.live import LiveTransport
from tests.loopback import Answer, answer_json, loopback, serving


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
    assert str(caught.value) == (
        "the body cannot be decoded: it is compressed with zstd, which is not supported; "
        "gzip, deflate and br are"
    )


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
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Late)) as url, LiveTransport() as live:
        request = Request(method="GET", url=f"{url}/", timeout=0.4)
        answers = [live.handle(request).status for _ in range(4)]

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


def follow(
    first: str, steps: Mapping[str, tuple[int, str]], **fields: Any
) -> tuple[Response, list[httpx.Request]]:
    """Return the last response to a request for *first*, and the requests, without a socket.

    *steps*: status and Location of the response to each address.
    """
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        request.read()
        sent.append(request)
        status, location = steps.get(str(request.url), (200, ""))
        return httpx.Response(status, headers={"Location": location} if location else {})

    fields.setdefault("method", "GET")
    with LiveTransport(inner=httpx.MockTransport(answer)) as live:
        return live.handle(Request(url=first, **fields)), sent


HERE = "http://a.example:81/x"
WITH_BODY = {"accept-language", "content-type", "content-md5"}


@pytest.mark.parametrize(
    ("location", "same"),
    [
        ("http://a.example:81/y", True),
        ("//a.example:81/y", True),
        ("?z=1", True),
        ("http://A.EXAMPLE:81/y", True),
        ("http://a.example:82/y", False),
        ("http://a.example/y", False),
        ("http://b.example:81/y", False),
        ("https://a.example:81/y", False),
        ("http://a.example.cn:81/y", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(location: str, *, same: bool) -> None:
    _, sent = follow(HERE, {HERE: (302, location)}, headers=(("X-Tenant", "t-1"),))

    assert len(sent) == 2
    assert ("x-tenant" in sent[1].headers) == same


@pytest.mark.parametrize(
    ("method", "status", "body", "again"),
    [
        ("GET", 302, b"x", ("GET", b"x")),
        ("HEAD", 302, None, ("HEAD", b"")),
        ("HEAD", 303, b"x", ("HEAD", b"x")),
        ("DELETE", 302, None, ("GET", b"")),
        ("POST", 303, b"x", ("GET", b"")),
        ("PUT", 308, b"x", ("PUT", b"x")),
        ("PUT", 307, b"", ("PUT", b"")),
        ("POST", 300, b"x", None),
        ("POST", 304, b"x", None),
        ("POST", 201, b"x", None),
    ],
)
def test_a_redirect_keeps_what_its_status_says(
    method: str, status: int, body: bytes | None, again: tuple[str, bytes] | None
) -> None:
    headers = (("Content-Type", "text/plain"), ("CONTENT-language", "zh"), ("X-Tenant", "t-1"))
    _, sent = follow(HERE, {HERE: (status, "/y")}, method=method, body=body, headers=headers)

    assert [(one.method, one.content) for one in sent[1:]] == ([again] if again else [])
    for one in sent[1:]:
        is_kept = status in {307, 308} or method in {"GET", "HEAD"}
        assert ("content-language" in one.headers, "content-type" in one.headers) == (is_kept,) * 2
        assert one.headers["x-tenant"] == "t-1"


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"body": b"x"}, WITH_BODY),
        ({"body": None}, {"accept-language"}),
        ({"body": b"x", "injected": ("header.x",)}, WITH_BODY),
        ({"body": b"x", "injected": ("body",)}, None),
        ({"body": b"x", "injected": ("header.x", "body.a.b")}, None),
        ({"body": None, "injected": ("body.a",), "confined": True}, {"accept-language"}),
    ],
)  # fmt: skip
def test_another_origin_gets_a_body_without_credentials(
    fields: dict[str, Any], names: set[str] | None
) -> None:
    headers = [("ACCEPT-Language", "zh"), ("CONTENT-Type", "a/b"), ("content-md5", "="), ("X", "1")]
    _, sent = follow(
        HERE,
        {HERE: (307, "http://b.example/y"), "http://b.example/y": (307, "http://c.example/z")},
        method="POST",
        headers=tuple(headers),
        **fields,
    )

    assert [one.url.host for one in sent[1:]] == (
        [] if names is None else ["b.example", "c.example"]
    )
    for one in sent[1:]:
        assert {name.lower() for name, _ in headers} & {*one.headers} == names


def test_each_redirect_is_noted_without_its_query_and_user() -> None:
    steps = {
        HERE: (301, "/b?sign=s-1"),
        "http://a.example:81/b?sign=s-1": (302, "/c"),
        "http://a.example:81/c": (307, "/d#e"),
    }
    response, _ = follow(HERE, steps)

    assert response.redirects == (
        ("301", "http://a.example:81/b?…"),
        ("302", "http://a.example:81/c"),
        ("307", "http://a.example:81/d"),
    )
    assert follow("http://a.example:81/d", steps)[0].redirects == ()
    signed = "http://u:geheim@b.example/d?sign=s-1"
    assert follow(HERE, {HERE: (302, signed)})[0].redirects == (("302", "http://b.example/d?…"),)
    assert follow(HERE, steps, follow=False)[0].status == 301


@pytest.mark.parametrize(
    ("name", "value"),
    [("ACCEPT", "text/xml"), ("Accept-Encoding", "identity"), ("User-AGENT", "ERP/3")],
)
def test_a_header_of_the_script_stands_for_our_default_in_any_case(name: str, value: str) -> None:
    [sent] = follow(HERE, {}, headers=((name, value),))[1]

    assert sent.headers.get_list(name) == [value]
    [plain] = follow(HERE, {})[1]
    assert plain.headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize(("size", "taken"), [(0, True), (9, True), (10, True), (11, False)])
def test_a_body_may_be_as_large_as_the_limit(size: int, *, taken: bool) -> None:
    def give_pieces() -> Iterator[bytes]:
        yield from (b"x" * 5, b"x" * (size - 5))

    for content in (b"x" * size, give_pieces() if size > 5 else b"x" * size):
        replied = httpx.Response(200, content=content)
        answer = httpx.MockTransport(lambda _, replied=replied: replied)
        with LiveTransport(inner=answer, max_body=10) as live:
            request = Request(method="GET", url=HERE)
            if taken:
                assert len(live.handle(request).body) == size
            else:
                with pytest.raises(BadResponseError, match="larger than 10 bytes"):
                    live.handle(request)


@pytest.mark.parametrize(
    ("codings", "refused"),
    [
        ("GZIP", ""),
        ("identity", ""),
        (" , gzip", ""),
        ("ZSTD", "zstd"),
        ("gzip,deflate,compress", "compress"),
    ],
)
def test_a_coding_is_known_in_any_case(codings: str, refused: str) -> None:
    head = {"content-encoding": codings}
    body = gzip.compress(b"1") if "gzip" in codings.lower() else b"1"
    answer = httpx.MockTransport(lambda _: httpx.Response(200, headers=head, stream=Once(body)))
    with LiveTransport(inner=answer) as live:
        request = Request(method="GET", url=HERE)
        if not refused:
            assert live.handle(request).body == b"1"
        else:
            with pytest.raises(BadResponseError, match=f"compressed with {refused},"):
                live.handle(request)


class Once(httpx.SyncByteStream):
    def __init__(self, body: bytes) -> None:
        self.body = body

    def __iter__(self) -> Iterator[bytes]:
        yield self.body


@pytest.mark.parametrize(
    ("content_type", "kept"),
    [
        ("text/event-stream", True),
        ("Text/Event-Stream; charset=utf-8", True),
        ("application/json", False),
        ("", False),
    ],
)
def test_only_of_a_stream_the_chunks_are_kept(content_type: str, *, kept: bool) -> None:
    head = {"Content-Type": content_type, "X-Request-ID": "Ab"}
    reply = httpx.MockTransport(lambda _: httpx.Response(200, headers=head, content=b"data: 1\n\n"))
    with LiveTransport(inner=reply) as live:
        response = live.handle(Request(method="GET", url=HERE))

    assert [chunk.length for chunk in response.chunks] == ([9] if kept else [])
    assert ("x-request-id", "Ab") in response.headers


@pytest.mark.parametrize(
    ("error", "code", "sent", "message"),
    [
        (httpx.ConnectTimeout("x"), "TIMEOUT", False, "no connection within 30 s"),
        (httpx.PoolTimeout("x"), "TIMEOUT", False, "no free connection within 30 s"),
        (httpx.WriteTimeout("x"), "TIMEOUT", True, "no answer within 30 s"),
        (httpx.ConnectError("x"), "CONNECT", False, "cannot connect: x"),
        (httpx.ProxyError("x"), "CONNECT", False, "the proxy refused: x"),
        (httpx.UnsupportedProtocol("x"), "CONNECT", False, "cannot connect: x"),
        (httpx.WriteError("x"), "RESET", True, "the connection broke: x"),
        (httpx.LocalProtocolError("x"), "RESET", True, "the request cannot be sent: x"),
        (httpx.TooManyRedirects("x"), "CONNECT", False, "the request cannot be sent: x"),
        (httpx.InvalidURL("x"), "CONNECT", False, "the request cannot be sent: x"),
    ],
)
def test_each_failure_says_whether_the_server_may_have_seen_the_request(
    error: Exception, code: str, message: str, *, sent: bool
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/first":
            return httpx.Response(307, headers={"location": "/second"})
        raise error

    with LiveTransport(inner=httpx.MockTransport(fail)) as live:
        for path, after in (("/", ""), ("/first", "after a redirect: ")):
            with pytest.raises(TransportError) as caught:
                live.handle(Request(method="GET", url=f"http://a.example{path}"))
            assert str(caught.value) == f"{after}{message}"
            assert (caught.value.code, caught.value.sent) == (code, sent or bool(after))
            assert 0 < caught.value.elapsed < 30
