"""A proxy before a third party: what comes goes on as it came, and is on the disk before that."""

from __future__ import annotations

import gzip
import json
import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import brotli
import httpx
import pytest

import bpmax_sim as bs
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.journal import read_journal
from bpmax_sim.cassette.merge import recover
from bpmax_sim.cassette.reader import read_exchange
from bpmax_sim.live import recording_proxy
from bpmax_sim.live.recording_proxy import ProxiedCallSummary, RecordingProxy
from bpmax_sim.live.upstream import UpstreamUrl
from bpmax_sim.messages import Exchange, FailedExchange, Response
from bpmax_sim.server import run_server
from tests.loopback import Answer, Loopback, answer_json, loopback
from tests.proxies import authority

SECRET = "sEcReT-9f8a7b6c5d4e3f21"
OK = answer_json('{"ok": true}')


class Bench:
    """A proxy before an upstream, and what it recorded once `seal` was called."""

    def __init__(self, folder: Path, upstream: str, **options: Any) -> None:
        self.path = folder / "cassettes/crm.yaml"
        self.calls: list[ProxiedCallSummary] = []
        self.stack = ExitStack()
        self.session = bs.Session.open(
            options.pop("platforms", None),
            mode="record",
            record="new",
            cassette=self.path,
            owner="crm",
            repeat=True,
            unused="ignore",
            allow_ci=True,
            environ={},
        )
        self.proxy = RecordingProxy(
            self.session, UpstreamUrl.parse(upstream), hear=self.calls.append, **options
        )
        server = run_server(answer=self.proxy.forward_or_replay, stop=self.proxy.cancel_exchanges)
        self.url = self.stack.enter_context(server)
        self.client = self.stack.enter_context(httpx.Client(base_url=self.url, timeout=10))

    def seal(self) -> list[Exchange]:
        self.close()
        return list(Cassette.load(self.path).exchanges()) if self.path.exists() else []

    def close(self) -> None:
        self.stack.close()
        self.session.close()
        self.proxy.close_upstream_connections()


@contextmanager
def bench(folder: Path, answer: Answer, **options: Any) -> Iterator[tuple[Bench, Loopback]]:
    with loopback(answer) as server:
        one = Bench(folder, options.pop("upstream", server.url), **options)
        try:
            yield one, server
        finally:
            one.close()


def raw(url: str, data: bytes) -> bytes:
    """Send bytes as they are, and return all that comes back."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_a_request_goes_on_as_it_was_written(tmp_path: Path) -> None:
    with bench(tmp_path, lambda _request: OK) as (one, server):
        host = urlsplit(one.url).netloc
        raw(
            one.url,
            f"POST /%E5%AE%A2/a%2fb;c?q=%20+&x HTTP/1.1\r\nX-CamelCase: 1\r\nHost: {host}\r\n"
            "x-other: 客户\r\nConnection: close, X-Hop\r\nX-Hop: mine\r\nTE: trailers\r\n"
            "Keep-Alive: 5\r\nProxy-Authorization: Basic eDp5\r\nX-CamelCase: 2\r\n"
            "Content-Length: 2\r\n\r\n{}".encode(),
        )
        (got,) = server.received
        head, _, sent = got.partition(b"\r\n\r\n")

        assert re.sub(rb"[0-9a-f]{8}$", b"", head).decode().split("\r\n") == [
            "POST /%E5%AE%A2/a%2fb;c?q=%20+&x HTTP/1.1",
            f"Host: {urlsplit(server.url).netloc}",  # it is sent first (RFC 9110, 7.2)
            "X-CamelCase: 1",
            "x-other: 客户",
            "X-CamelCase: 2",
            "Content-Length: 2",
            "Via: 1.1 bpmax-sim-",
        ]
        assert sent == b"{}"
        address = server.url
        (exchange,) = one.seal()

    assert exchange.request.url == f"{address}/%E5%AE%A2/a%2fb;c?q=%20+&x"
    assert ("x-other", "客户") in exchange.request.headers


CHUNKED = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    b'6\r\n{"ok":\r\n6\r\n true}\r\n0\r\n\r\n'
)
BODIES = {
    "length": (OK, b'{"ok": true}'),
    "chunked": (CHUNKED, b'{"ok": true}'),
    "gzip": (
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n%s"
        % (len(zipped := gzip.compress(b'{"ok": true}')), zipped),
        b'{"ok": true}',
    ),
    "br": (
        b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: %d\r\n\r\n%s"
        % (len(shrunk := brotli.compress(b'{"ok": true}')), shrunk),
        b'{"ok": true}',
    ),
    "204": (b"HTTP/1.1 204 No Content\r\nx-a: b\r\n\r\n", b""),
    "304": (b"HTTP/1.1 304 Not Modified\r\netag: x\r\ncontent-length: 9\r\n\r\n", b""),
    "500": (answer_json('{"no": 1}', status="500 Oops"), b'{"no": 1}'),
}


@pytest.mark.parametrize(("answer", "body"), BODIES.values(), ids=BODIES)
def test_a_response_comes_back_as_it_was_sent_and_is_recorded_decoded(
    tmp_path: Path, answer: bytes, body: bytes
) -> None:
    with bench(tmp_path, lambda _request: answer) as (one, _server):
        got = one.client.get("/x")
        head = one.client.head("/x") if b"chunked" not in answer else got
        first, *_ = one.seal()

    assert got.content == body
    assert got.headers.get("content-encoding", "").encode() in answer
    assert (head.content, head.status_code) == (b"" if head is not got else body, got.status_code)
    assert isinstance(first.outcome, Response)
    assert (first.outcome.status, first.outcome.body) == (got.status_code, body)


def half(_request: bytes) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n"
    yield b'{"items": [{"id": 1, "access_token": "sEcReT-9f8a7b6c5d4e3f21"}, {"id": 2, "tok'


def nothing(_request: bytes) -> Iterator[bytes]:
    yield from ()


def silence(_request: bytes) -> Iterator[bytes]:
    threading.Event().wait(1)
    yield b""


FAILURES = {
    "half a body": (half, 200, "RESET"),
    "reset": (nothing, 502, "RESET"),
    "no HTTP": (lambda _request: iter([b"SSH-2.0-x\r\n"]), 502, "RESET"),
    "silence": (silence, 504, "TIMEOUT"),
}


@pytest.mark.parametrize(("answer", "status", "code"), FAILURES.values(), ids=FAILURES)
def test_an_upstream_that_fails_is_recorded_as_that(
    tmp_path: Path, answer: Answer, status: int, code: str
) -> None:
    with bench(tmp_path, answer, patience=0.3) as (one, _server):
        with one.client.stream("GET", "/x") as got:
            told = got.headers.get("x-bpmax-sim")
            if status == 200:
                with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
                    got.read()
        (exchange,) = one.seal()

    assert (got.status_code, told) == (status, None if status == 200 else code)
    assert isinstance(exchange.outcome, FailedExchange)
    assert exchange.outcome.code == code
    kept = {
        200: b'{"items": [{"id": 1, "access_token": "redacted.http.any.access_token.1"}, {"id": 2'
    }
    assert exchange.outcome.received == kept.get(status, b"")
    assert SECRET not in one.path.read_text("utf-8")
    assert [call.outcome for call in one.calls] == ["200 RESET" if status == 200 else code]


@pytest.mark.parametrize("answer", [OK, CHUNKED])
def test_what_is_too_large_for_a_recording_reaches_the_client(
    tmp_path: Path, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_proxy, "_MOST", 11)
    with bench(tmp_path, lambda _request: answer) as (one, _server):
        got = one.client.get("/x")
        (exchange,) = one.seal()

    assert (got.status_code, got.content) == (200, b'{"ok": true}')
    assert isinstance(exchange.outcome, FailedExchange)
    assert exchange.outcome.code == "BAD_RESPONSE"
    (call,) = one.calls
    assert (call.outcome, call.note) == ("200 BAD_RESPONSE", exchange.outcome.message)
    assert abs(exchange.at - call.at) < 0.01  # recorded at the time of its arrival


def test_nobody_there_and_a_certificate_that_nobody_vouches_for_are_told(tmp_path: Path) -> None:
    context = authority(tmp_path).server()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with loopback(lambda _request: OK, context) as server:
        for folder, url, code in (
            ("a", f"http://127.0.0.1:{port}", "CONNECT"),
            ("b", server.url, "TLS"),
        ):
            with bench(tmp_path / folder, lambda _request: OK, upstream=url) as (one, _):
                got = one.client.get("/x")
                (exchange,) = one.seal()

            assert (got.status_code, got.json()["error"]) == (502, code)
            assert isinstance(exchange.outcome, FailedExchange)
            assert (exchange.outcome.code, exchange.outcome.sent) == (code, False)
        assert server.received == []


def test_each_piece_is_on_the_disk_before_the_client_has_it(tmp_path: Path) -> None:
    """What a process that is killed here leaves is that much of the response."""
    go, left = threading.Semaphore(0), list[bytes]()

    def stream(_request: bytes) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
        for number in range(3):
            yield b'data: {"n": %d, "token": "sEcReT-9f8a7b6c5d4e3f2%d"}\n\n' % (number, number)
            go.acquire()

    with bench(tmp_path, stream) as (one, _server):
        with one.client.stream("GET", "/events") as got:
            for line in filter(None, got.iter_lines()):
                assert line.startswith(f'data: {{"n": {len(left)}')
                left += [path.read_bytes() for path in one.path.parent.glob("*.journal")]
                go.release()
        (whole,) = one.seal()
    killed = tmp_path / "killed/crm.yaml"
    killed.parent.mkdir()
    killed.with_name("crm.yaml.1-1.journal").write_bytes(left[1])
    recover(killed)
    (cut,) = Cassette.load(killed).exchanges()

    assert [data.count(b'"piece"') for data in left] == [1, 2, 3]
    assert not [data for data in left if b"sEcReT" in data]
    assert isinstance(whole.outcome, Response)
    assert len(whole.outcome.chunks) == 3
    assert isinstance(cut.outcome, FailedExchange)
    assert cut.outcome.message == "the recording ended while the response was arriving (HTTP 200)"
    assert cut.outcome.received == (
        b'data: {"n": 0, "token": "redacted.http.any.token.1"}\n\n'
        b'data: {"n": 1, "token": "redacted.http.any.token.2"}\n\n'
    )


def test_a_secret_that_is_known_late_is_taken_out_of_what_is_still_arriving(tmp_path: Path) -> None:
    go = threading.Event()

    def answer(request: bytes) -> bytes | Iterator[bytes]:
        if b"/login" in request:
            return answer_json(json.dumps({"access_token": SECRET}))
        return stream()

    def stream() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\n\r\n"
        yield b'{"echo": "%s"}\n' % SECRET.encode()
        go.wait(5)
        yield b'{"end": 1}\n'

    with bench(tmp_path, answer) as (one, _server):
        with one.client.stream("GET", "/events") as got:
            lines = got.iter_lines()
            next(lines)
            (journal,) = one.path.parent.glob("*.journal")
            one.client.post("/login")
            assert all(SECRET not in str(read_exchange(d)) + d.text for d in read_journal(journal))
            go.set()
            list(lines)
        exchanges = one.seal()

    assert len(exchanges) == 2
    assert SECRET not in one.path.read_text("utf-8")


def test_what_names_the_upstream_names_the_proxy_for_the_client(tmp_path: Path) -> None:
    def answer(request: bytes) -> bytes:
        host = re.search(rb"Host: (.+)\r\n", request)
        assert host is not None
        more = (
            f"Location: http://{host[1].decode()}/api/next?a=1\r\n"
            "Set-Cookie: sid=a1b2c3d4e5f6a7b8; Domain=127.0.0.1; Path=/api; Secure; HttpOnly; "
            "SameSite=None\r\nConnection: x-hop\r\nX-Hop: 1\r\n"
        )
        return answer_json("{}", status="302 Found", headers=more)

    with loopback(answer) as server:
        address = server.url
        one = Bench(tmp_path, f"{address}/api", token="t0ken")
        refused = one.client.get("/other/x")
        got = one.client.get("/t0ken/x")
        (exchange,) = one.seal()

    assert (refused.status_code, refused.json()["error"]) == (404, "NO_TOKEN")
    assert server.received[0].startswith(b"GET /api/x HTTP/1.1\r\n")
    assert got.headers["location"] == f"{one.url}/t0ken/next?a=1"
    assert got.headers["set-cookie"] == "sid=a1b2c3d4e5f6a7b8; Path=/t0ken; HttpOnly"
    assert "x-hop" not in got.headers
    assert isinstance(exchange.outcome, Response)
    assert exchange.outcome.header("location") == f"{address}/api/next?a=1"
    assert [call.target for call in one.calls] == ["…", "/api/x"]
    assert "t0ken" not in one.path.read_text("utf-8")


@pytest.mark.parametrize("refused", [("__host-", "__secure-"), ("none",)])
def test_cookies_whose_names_ask_for_tls_reach_any_client_and_come_back(
    tmp_path: Path, refused: tuple[str, ...]
) -> None:
    more = (
        "Set-Cookie: __Host-sid=a1b2c3d4e5f6a7b8; Path=/; Secure; HttpOnly\r\n"
        "Set-Cookie: __secure-csrf=c7d8e9f0a1b2c3d4; Secure\r\nSet-Cookie: plain=1\r\n"
    )
    with bench(tmp_path, lambda _request: answer_json("{}", headers=more)) as (one, server):
        lines = one.client.get("/login").headers.get_list("set-cookie")
        one.client.cookies.clear()
        # Browsers refuse these prefixes without TLS, other clients refuse none.
        kept = [line for line in lines if not line.lower().startswith(refused)]
        cookies = "; ".join(line.partition(";")[0] for line in kept)
        one.client.get("/next", headers={"Cookie": cookies})
        (sent,) = re.findall(rb"(?i)\r\ncookie: (.+)\r\n", server.received[-1])
        one.seal()

    assert not any("secure" in line.lower().split("; ") for line in lines)
    assert sent == b"__Host-sid=a1b2c3d4e5f6a7b8; __secure-csrf=c7d8e9f0a1b2c3d4; plain=1"
    assert "proxied-" not in one.path.read_text("utf-8")


REFUSED = {
    "sigv4": ("Authorization", "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host;x-amz-date"),
    "tc3": ("Authorization", "TC3-HMAC-SHA256 Credential=a/b, SignedHeaders=content-type;host"),
    "rfc9421": ("Signature-Input", 'sig1=("@method" "@authority");created=1;keyid="k"'),
    "target-uri": ("Signature-Input", 'sig1=("@target-uri");keyid="k"'),
    "cavage": ("Signature", 'keyId="k",headers="(request-target) host date",signature="YQ=="'),
    "oauth1": ("Authorization", 'OAuth oauth_signature_method="HMAC-SHA1", oauth_signature="b"'),
    "dpop": ("DPoP", "e30.eyJodHUiOiJodHRwczovL2EifQ.YQ"),
    "hawk": ("Authorization", 'Hawk id="a", mac="b"'),
    "negotiate": ("Authorization", "Negotiate YII="),
}
PASSED = {
    "bearer": ("Authorization", "Bearer abc"),
    "no host": ("Authorization", "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=x-amz-date"),
    "method only": ("Signature-Input", 'sig1=("@method" "content-digest");keyid="k"'),
    "plaintext": ("Authorization", 'OAuth oauth_signature_method="PLAINTEXT", oauth_signature="b"'),
    "its own sign": ("X-Sign", "d41d8cd98f00b204e9800998ecf8427e"),
}


def test_what_the_upstream_would_refuse_for_its_address_is_refused_by_name(tmp_path: Path) -> None:
    with bench(tmp_path, lambda _request: OK) as (one, server):
        told = {name: one.client.get("/x", headers=[pair]) for name, pair in REFUSED.items()}
        told["presigned"] = one.client.get("/x?X-Amz-SignedHeaders=host&X-Amz-Signature=a")
        upgrade = one.client.get("/x", headers={"Connection": "Upgrade", "Upgrade": "websocket"})
        forward = raw(one.url, b"GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n")
        assert server.received == []
        passed = [one.client.get("/x", headers=[pair]).status_code for pair in PASSED.values()]
        own = [REFUSED["sigv4"], ("Host", urlsplit(server.url).netloc)]
        passed.append(one.client.get("/x", headers=own).status_code)
        exchanges = one.seal()

    errors = {(got.status_code, got.json()["error"]) for got in told.values()}
    assert errors == {(501, "SIGNED_ADDRESS")}
    assert "(AWS Signature Version 4)" in told["sigv4"].json()["message"]
    assert (upgrade.status_code, upgrade.json()["error"]) == (501, "WEBSOCKET")
    assert forward.startswith(b"HTTP/1.1 400 ")
    assert b"NO_FORWARD_PROXY" in forward
    assert passed == [200] * 6
    assert len(exchanges) == 6


def test_an_upstream_that_is_the_proxy_itself_by_another_name_is_found(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    one = Bench(tmp_path, f"http://localhost:{port}")
    with run_server(answer=one.proxy.forward_or_replay, port=port):
        got = one.client.get("/x")
    exchanges = one.seal()

    assert (got.status_code, got.json()["error"]) == (508, "LOOP")
    assert exchanges == []
    assert UpstreamUrl.parse(f"http://localhost:{port}").is_served_here(port)
    assert not UpstreamUrl.parse("http://192.0.2.1:80").is_served_here(80)


PLATFORM = """\
platform_key: crm
base_url: https://crm.example.test
credentials: {client_id: {}, client_secret: {secret: true}}
auth: {preset: oauth2_client_credentials, token_url: "{{ base_url }}/oauth/token"}
apis:
  getCustomer: {path: "/customers/{id}", parameters: [{name: id, in: path, required: true}]}
"""


def crm(request: bytes) -> bytes:
    if b"/oauth/token" in request:
        return answer_json(json.dumps({"access_token": SECRET, "expires_in": 600}))
    return answer_json('{"name": "华东机械"}')


def test_of_a_declared_platform_calls_have_their_names_and_no_login_is_played(
    tmp_path: Path,
) -> None:
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/crm.yaml").write_text(PLATFORM, "utf-8")
    options = {
        "platforms": tmp_path / "platforms",
        "declared": "https://crm.example.test",
        "fallback": True,
    }
    login = {"grant_type": "client_credentials", "client_id": "b", "client_secret": "pw-5e7a1c"}
    bearer = {"Authorization": f"Bearer {SECRET}"}
    for turn in (1, 2):
        with bench(tmp_path, crm, **options) as (one, server):
            assert one.client.post("/oauth/token", data=login).json()["access_token"] == SECRET
            for number in (1, 2, turn * 7):
                got = one.client.get(f"/customers/{number}", headers=bearer)
                assert got.json() == {"name": "华东机械"}
            asked = len(server.received)
            one.close()
            # heard of when the client has it already, so perhaps after its next call
            heard = sorted(one.calls, key=lambda call: call.at)
            told = [(call.name, call.is_replayed) for call in heard]

        assert told[0] == ("crm.$token", False)
        assert told[1:] == [("crm.getCustomer", turn == 2)] * 2 + [("crm.getCustomer", False)]
        assert asked == (4 if turn == 1 else 2)
    texts = [path.read_text("utf-8") for path in (tmp_path / "cassettes").rglob("*.yaml")]
    assert len(texts) == 2
    assert not [text for text in texts if SECRET in text or "pw-5e7a1c" in text]


def test_a_login_that_nobody_declared_is_not_played_either(tmp_path: Path) -> None:
    with loopback(crm) as server:
        for _ in range(2):
            one = Bench(tmp_path, server.url, fallback=True)
            got = one.client.post("/oauth/token", data={"client_secret": "pw-5e7a1c"})
            one.client.get("/customers/1")
            one.close()

            assert got.json()["access_token"] == SECRET
        asked = [request.split(b" ", 2)[1] for request in server.received]

    assert asked == [b"/oauth/token", b"/customers/1", b"/oauth/token"]


def test_many_at_once_each_get_and_record_their_own(tmp_path: Path) -> None:
    def answer(request: bytes) -> bytes:
        return answer_json(json.dumps({"path": request.split(b" ", 2)[1].decode()}))

    with bench(tmp_path, answer) as (one, _server), ThreadPoolExecutor(50) as pool:
        got = list(pool.map(lambda n: one.client.get(f"/n/{n}").json()["path"], range(100)))
        exchanges = one.seal()

    assert got == [f"/n/{number}" for number in range(100)]
    recorded = {urlsplit(each.request.url).path: each.outcome for each in exchanges}
    assert len(recorded) == 100
    assert all(
        isinstance(o, Response) and json.loads(o.body)["path"] == p for p, o in recorded.items()
    )
