"""Requests over a client without a network: what is sent, followed, told, and found by name."""

from __future__ import annotations

import gzip
import json
import logging
import ssl
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpcore
import httpx
import pytest
import respx

from bpmax_sim.errors import BadResponseError, ConfigError, TransportError
from bpmax_sim.messages import Call, ConnectionRoute, Request, Response
from bpmax_sim.secret.vault import Vault
from bpmax_sim.transport.connection import (
    PROGRESS,
    Address,
    ConnectionProgress,
    _limit_to_deadline,
    _parse_proxy,
)
from bpmax_sim.transport.live import LiveTransport
from bpmax_sim.transport.protocol import OWN
from bpmax_sim.transport.respx_router import make_router, make_router_stub, stub
from bpmax_sim.transport.suspicious_names import SecretByNameRegistrar

URL = "https://a.test/x"


class Wire(httpx.BaseTransport):
    """A network that answers by a function, byte by byte as a stream."""

    def __init__(self, answer: Callable[[httpx.Request], Any]) -> None:
        self.answer, self.seen = answer, list[httpx.Request]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        made = self.answer(request)
        if isinstance(made, Exception):
            raise made
        assert isinstance(made, httpx.Response)
        return made


class Pieces(httpx.SyncByteStream):
    """A body that arrives in pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            if piece == b"late":
                raise httpx.ReadTimeout("late")
            yield piece


def moved(location: str, status: int = 302) -> httpx.Response:
    return httpx.Response(status, headers=[(b"Location", location.encode())])


def ask(answer: Callable[[httpx.Request], Any], **fields: Any) -> tuple[Response, Wire]:
    wire = Wire(answer)
    most = fields.pop("max_body", 1000)
    request = Request(**{"method": "GET", "url": URL, **fields})
    with LiveTransport(wire, max_body=most) as live:
        return live.handle(request), wire


def test_a_request_gets_default_headers_and_keeps_its_own() -> None:
    _, wire = ask(
        lambda _request: httpx.Response(200), method="PUT", body=b"x", timeout=7.0,
        url="https://a.test/a%2Fb/../c?q=1+1#f", headers=(("User-Agent", "own"), ("X-A", "1"),
        ("X-A", "2")),
    )  # fmt: skip
    (sent,) = wire.seen
    assert (sent.method, sent.content, sent.url.raw_path) == ("PUT", b"x", b"/a%2Fb/../c?q=1+1")
    assert sent.headers.get_list("x-a") == ["1", "2"]
    assert {name: sent.headers.get_list(name) for name in ("user-agent", "accept",
            "accept-encoding")} == {
        "user-agent": ["own"], "accept": ["*/*"], "accept-encoding": ["gzip, deflate"],
    }  # fmt: skip
    assert sent.extensions["timeout"] == dict.fromkeys(("connect", "read", "write", "pool"), 7.0)
    targets = {
        "https://a.test": b"/", "https://a.test?q=1": b"/?q=1", "https://a.test/x#f": b"/x",
        "https://u:p@a.test:8/x/?": b"/x/?", "http://a.test/%7e": b"/%7e",
    }  # fmt: skip
    assert {url: Address(url).raw_path for url in targets} == targets


def test_a_response_keeps_its_head_and_loses_its_coding() -> None:
    head = [
        ("Content-Encoding", "gzip"),
        ("Set-Cookie", "a=1"),
        ("SET-COOKIE", "b=2"),
        ("Location", "::"),
    ]
    got, _ = ask(
        lambda _request: httpx.Response(
            201, headers=head, stream=Pieces(*[gzip.compress("合同".encode())])
        )
    )
    assert (got.status, got.body, got.chunks, got.source) == (201, "合同".encode(), (), "live")
    assert [pair for pair in got.headers if pair[0] != "content-length"] == [
        ("content-encoding", "gzip"), ("set-cookie", "a=1"), ("set-cookie", "b=2"), ("location",
        "::"),
    ]  # fmt: skip
    events, _ = ask(
        lambda _request: httpx.Response(
            200,
            headers={"Content-Type": "text/event-stream; charset=utf-8"},
            stream=Pieces(b"a", b"", b"bc"),
        )
    )
    assert [chunk.length for chunk in events.chunks] == [1, 2]
    raw, coding = (
        gzip.compress(b"abc"),
        {"Content-Type": "text/event-stream", "Content-Encoding": "gzip"},
    )
    packed, _ = ask(
        lambda _request: httpx.Response(200, headers=coding, stream=Pieces(raw[:5], raw[5:]))
    )
    assert [chunk.length for chunk in packed.chunks] == [3]
    for body, told in (
        (b"x" * 1001, "the response is larger than 1000 bytes"), (b"\x1f\x8b\x08",
        "the body cannot be decoded"),
    ):  # fmt: skip
        coding = {"Content-Encoding": "gzip"} if body[:1] == b"\x1f" else {}
        with pytest.raises(BadResponseError, match=told):
            ask(lambda _request, b=body, c=coding: httpx.Response(200, headers=c, stream=Pieces(b)))  # type: ignore[misc]
    assert (
        len(ask(lambda _request: httpx.Response(200, stream=Pieces(b"x" * 1000)))[0].body) == 1000
    )
    with pytest.raises(TransportError) as caught:
        ask(lambda _request: httpx.Response(200, stream=Pieces(b"a", b"late")), timeout=5.0)
    assert (caught.value.code, caught.value.message) == (
        "TIMEOUT", "the response was not complete within 5 s",
    )  # fmt: skip


SECRETS = (
    ("Authorization", "x"), ("Cookie", "y"), ("ACCEPT", "text/x"), ("Accept-Language", "zh"),
    ("Content-Type", "text/x"), ("X-A", "1"),
)  # fmt: skip


def hops(*answers: httpx.Response, **fields: Any) -> tuple[Response, list[httpx.Request]]:
    queue = iter([*answers, httpx.Response(200)])
    got, wire = ask(lambda _request: next(queue), headers=SECRETS, **fields)
    return got, wire.seen


def names(request: httpx.Request) -> set[str]:
    default = {"user-agent", "accept-encoding", "connection", "host", "content-length"}
    return {name for name in request.headers if name not in default}


def test_a_redirect_keeps_what_its_origin_may_have() -> None:
    for status, method, kept in (
        (301, "GET", False), (302, "GET", False), (303, "GET", False), (307, "POST", True), (308,
        "POST", True),
    ):  # fmt: skip
        got, seen = hops(moved("/y?k=1#f", status), method="POST", body=b"b")
        assert (seen[1].method, str(seen[1].url), seen[1].content) == (
            method, "https://a.test/y?k=1", b"b" if kept else b"",
        )  # fmt: skip
        assert ("content-type" in names(seen[1])) is kept
        assert {"authorization", "cookie", "x-a"} <= names(seen[1])
        assert got.redirects == ((str(status), "https://a.test/y?…"),)
    assert hops(moved("/y"), method="HEAD")[1][1].method == "HEAD"
    for location in "https://b.test/y", "https://a.test:8443/y", "http://a.test/y", "//b.test/y":
        _, seen = hops(moved(location))
        assert names(seen[1]) == {"accept", "accept-language"}
    _, seen = hops(moved("https://b.test/y", 307), method="POST", body=b"b")
    assert (seen[1].content, names(seen[1])) == (
        b"b",
        {"accept", "accept-language", "content-type"},
    )
    for fields in {"confined": True}, {"injected": ("body.sign",)}:
        got, seen = hops(moved("https://b.test/y", 307), method="POST", body=b"b", **fields)
        assert (got.status, len(seen), got.redirects) == (307, 1, ())
    assert len(hops(moved("https://b.test/y"), confined=True, injected=("body.x",))[1]) == 2
    _, seen = hops(
        moved("https://b.test/y", 307), method="POST", body=b"b", injected=("header.x-a",)
    )
    assert len(seen) == 2


def test_a_redirect_that_cannot_be_followed_is_the_response() -> None:
    for location in "ftp://a.test/", "http://a.test:x/", "", "mailto:a@b.test":
        got, seen = hops(moved(location))
        assert (got.status, len(seen)) == (302, 1), location
    for status in 300, 304, 305, 200:
        assert len(hops(moved("/y", status))[1]) == 1
    assert len(hops(moved("/y"), follow=False)[1]) == 1
    got, seen = hops(*[moved(f"/{number}") for number in range(9)])
    assert (got.status, len(seen), len(got.redirects)) == (302, 5, 5)
    address, _ = hops(moved("https://u:p@b.test/订?k=1"))
    assert [shown for _, shown in address.redirects] == ["https://b.test/%E8%AE%A2?…"]


def test_a_failure_has_the_code_of_its_kind() -> None:
    def failure(error: Exception, *before: httpx.Response) -> tuple[str, bool, str]:
        queue = iter([*before, error])
        with pytest.raises(TransportError) as caught:
            ask(lambda _request: next(queue), timeout=5.0)
        return caught.value.code, caught.value.sent, caught.value.message

    kinds: dict[Exception, tuple[str, bool, str]] = {
        httpx.ConnectTimeout("x"): ("TIMEOUT", False, "no connection within 5 s"),
        httpx.PoolTimeout("x"): ("TIMEOUT", False, "no free connection within 5 s"),
        httpx.ReadTimeout("x"): ("TIMEOUT", True, "no answer within 5 s"),
        httpx.WriteTimeout("x"): ("TIMEOUT", True, "no answer within 5 s"),
        httpx.ConnectError("x"): ("CONNECT", False, "cannot connect: x"),
        httpx.ProxyError("x"): ("CONNECT", False, "the proxy refused: x"),
        httpx.UnsupportedProtocol("x"): ("CONNECT", False, "cannot connect: x"),
        httpx.ReadError("x"): ("RESET", True, "the connection broke: x"),
        httpx.LocalProtocolError("x"): ("RESET", True, "the request cannot be sent: x"),
        httpx.DecodingError("x"): ("CONNECT", False, "the request cannot be sent: x"),
    }
    assert {error: failure(error) for error in kinds} == kinds
    code, sent, message = failure(httpx.RemoteProtocolError("bad Content-Length"))
    assert (code, sent) == ("RESET", True)
    assert message.startswith("the response cannot be read: its Content-Length is no number; ")
    assert failure(httpx.ConnectError("x"), moved("/y")) == (
        "CONNECT", True, "after a redirect: cannot connect: x",
    )  # fmt: skip
    broken = httpx.ReadError("x")
    broken.__cause__ = ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] x")
    broken.__cause__.reason = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    assert failure(broken) == (
        "TLS", False,
        ("no trusted TLS connection to https://a.test: x; it asks for a certificate of the client: "
         "name it in tls: {cert: ..., key: ...} of the instance"),
    )  # fmt: skip
    established = httpx.ReadError("x")
    established.__cause__ = ssl.SSLError(1, "other")
    established.__cause__.reason = "BAD_RECORD_MAC"
    assert failure(established) == ("RESET", True, "the connection broke: x")


def test_a_deadline_limits_each_wait() -> None:
    assert _limit_to_deadline(5.0) == 5.0
    assert _limit_to_deadline(None) is None
    token = PROGRESS.set(ConnectionProgress(time.monotonic() + 100))
    try:
        assert _limit_to_deadline(5.0) == 5.0
        assert 99 < (_limit_to_deadline(None) or 0) <= 100
        assert 99 < (_limit_to_deadline(500.0) or 0) <= 100
        assert _limit_to_deadline(0.0) == 0.001
        PROGRESS.set(ConnectionProgress(time.monotonic() - 1))
        with pytest.raises(httpcore.ReadTimeout):
            _limit_to_deadline(5.0)
    finally:
        PROGRESS.reset(token)


def test_a_proxy_is_named_by_where_its_address_stands() -> None:
    for route, name in (ConnectionRoute(proxy="x"), "proxy"), (ConnectionRoute(), "HTTPS_PROXY"):
        with pytest.raises(ConfigError) as caught:
            _parse_proxy("u:secret@host", "https://", route)
        assert str(caught.value).startswith(f"{name}")
        assert "secret" not in str(caught.value)
    proxy = _parse_proxy("http://u:p@host:3128", "all://", ConnectionRoute())
    assert (proxy.url.host, proxy.url.port, proxy.raw_auth) == ("host", 3128, (b"u", b"p"))


def request(**fields: Any) -> Request:
    call = Call(platform="crm", instance="test", api="find", method="GET", path="/x")
    known: dict[str, Any] = {"method": "GET", "url": URL, "base": "https://a.test", "call": call}
    return Request(**{**known, **fields})


def test_a_router_answers_what_its_routes_match() -> None:
    router = make_router()
    router.get(URL).respond(201, json={"a": 1})
    router.get("https://a.test/pass").pass_through()
    router.get("https://a.test/late").mock(side_effect=httpx.ReadTimeout)
    answer = make_router_stub(router)
    got = answer(request())
    assert got is not None
    assert (got.status, got.body) == (201, b'{"a":1}')
    assert answer(request(url="https://a.test/none?k=1")) is None
    assert answer(request(url="https://a.test/pass")) is None
    with pytest.raises(TransportError) as caught:
        answer(request(url="https://a.test/late", timeout=9.0))
    assert (caught.value.code, caught.value.elapsed) == ("TIMEOUT", 9.0)
    assert router.requests == [
        f"GET {URL}", "GET https://a.test/none", "GET https://a.test/pass",
        "GET https://a.test/late",
    ]  # fmt: skip
    plain = respx.Router(assert_all_called=False)
    plain.get(URL).respond(202)
    for made in (
        plain,
        httpx.MockTransport(lambda _request: httpx.Response(202)),
        (lambda _request: httpx.Response(202)),
    ):
        assert stub(made).handle(request()).status == 202


KEY = "k3y-9f2z-abc"


def registrar(version: int = 3, **more: Any) -> SecretByNameRegistrar:
    made = SecretByNameRegistrar(
        Vault(), lambda _request: (), lambda _request, _answer: frozenset()
    )
    made.version = version
    for name, value in more.items():
        setattr(made, name, value)
    return made


def body(document: Any) -> dict[str, Any]:
    return {
        "body": json.dumps(document, ensure_ascii=False).encode(),
        "headers": (("Content-Type", "application/json"),),
    }


def test_what_a_name_tells_is_hidden_and_said() -> None:
    made = registrar()
    made.register_request(request(**body({"password": KEY, "token": "default", "user": "张三"})))
    known = made.vault
    assert known.redact_text(f"<{KEY}>") == "<redacted.crm.test.sent-password.1>"
    assert known.redact_text("default") == "default"
    assert (
        known.redact_text('{"token": "default"}') == '{"token": "redacted.crm.test.sent-token.1"}'
    )
    assert known.redact_text("token=default") == "token=redacted.crm.test.sent-token.1"
    assert list(made.hidden) == ["crm.find.body.password", "crm.find.body.token"]
    assert next(made.describe_hidden_places()) == (
        "crm.find.body.password: hidden by its name or place, with a stand-in; if it is no secret, "
        "answer with `bpmax-sim review --not-secret crm.find.body.password` and record again"
    )
    made.register_response(request(), Response(status=200, **body({"accessToken": "z9y8-x7w6"})))
    assert known.redact_text("z9y8-x7w6") == "redacted.crm.test.accessToken.1"
    made.register_request(request(**body({"secret": KEY})))
    assert len(made.hidden) == 3
    jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
    made.register_response(request(), Response(status=200, **body({"id_token": jwt})))
    assert known.redact_text(jwt).startswith("eyJ")
    assert known.redact_text(jwt) != jwt


def test_what_is_declared_clear_or_of_a_login_is_left() -> None:
    opened = registrar(not_secret_places=lambda _request: ("body.password",))
    opened.register_request(request(**body({"password": KEY, "token": f"{KEY}2"})))
    assert list(opened.hidden) == ["crm.find.body.token"]
    clear = registrar(clear_texts=lambda _request, _answer: frozenset({KEY}))
    clear.register_request(request(**body({"password": KEY})))
    clear.register_response(request(), Response(status=200, **body({"password": KEY})))
    assert not clear.hidden
    login = request(
        call=Call(platform="crm", instance="test", api="$token", method="GET", path="/x")
    )
    made = registrar()
    made.register_request(
        Request(**{"method": "POST", "url": URL, "call": login.call, **body({"password": KEY})})
    )
    assert not made.hidden
    tokens = {"sid": f"{KEY}3", "x": "a8c5e167b2d94f30", "name": "张三"}
    made.register_response(login, Response(status=200, **body(tokens)))
    assert list(made.hidden) == ["crm.$token.body.sid", "crm.$token.body.x"]
    other = registrar()
    other.register_response(request(), Response(status=200, **body(tokens)))
    other.register_response(
        request(), Response(status=200, **body({**tokens, "tokenType": "bearer-x"}))
    )
    assert not other.hidden
    signed = Response(status=200, headers=(("X-Signature", KEY), ("X-Token", f"{KEY}4")))
    other.register_response(request(), signed)
    other.register_response(request(), Response(status=200, **body({"sign": "s9y8-x7w6"})))
    assert list(other.hidden) == ["crm.find.header.x-token", "crm.find.body.sign"]
    old = registrar(version=0)
    old.register_request(request(**body({"password": KEY})))
    assert not old.hidden


def test_credentials_of_a_client_are_known_with_their_parts() -> None:
    sent = request(
        headers=(("Authorization", f"Bearer {KEY}"), ("Cookie", "sid=a1b2c3d4; theme=dark"))
    )
    made = registrar()
    made.register_request(sent)
    assert made.vault.redact_text(KEY) == "redacted.crm.test.script-authorization.1"
    assert made.vault.redact_text("a1b2c3d4") == "redacted.crm.test.sent-cookie-sid.1"
    old = registrar(version=1)
    old.register_request(sent)
    assert old.vault.redact_text(KEY) == "redacted.crm.test.script-authorization.1"
    assert old.vault.redact_text("a1b2c3d4") == "a1b2c3d4"
    for version, shown in (3, "default"), (1, "redacted.crm.test.script-authorization.1"):
        word = registrar(version=version)
        word.register_request(request(headers=(("Authorization", "Bearer default"),)))
        assert word.vault.redact_text("default") == shown
    injected = registrar()
    injected.register_request(
        request(headers=(("Authorization", f"Bearer {KEY}"),), injected=("header.authorization",))
    )
    assert injected.vault.redact_text(KEY) == KEY
    packed = registrar()
    raw = body({"password": KEY})
    headers = (*raw["headers"], ("Content-Encoding", "gzip"))
    packed.register_request(request(body=gzip.compress(raw["body"]), headers=headers))
    assert list(packed.hidden) == ["crm.find.body.password"]
    plus = registrar()
    plus.register_request(request(url=f"{URL}?sign=a1%2Bb2%2Bc3%3D%3D"))
    assert plus.vault.redact_text("a1 b2 c3==") == "redacted.crm.test.sent-sign.1"


def _fail(error: Exception, _request: httpx.Request) -> Exception:
    return error


def test_an_alert_about_the_clients_certificate_says_where_to_name_one() -> None:
    refused = (
        "TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_BAD_CERTIFICATE", "TLSV1_ALERT_UNKNOWN_CA", "TLSV1_ALERT_ACCESS_DENIED",
    )  # fmt: skip
    others = ("TLSV1_ALERT_INTERNAL_ERROR", "WRONG_VERSION_NUMBER", "UNKNOWN_CA")
    told: dict[str, tuple[str, bool]] = {}
    for reason in (*refused, *others):
        cause, error = ssl.SSLError(1, "refused"), httpx.ReadError("refused")
        cause.reason, error.__cause__ = reason, cause
        with pytest.raises(TransportError) as raised:
            ask(partial(_fail, error))
        told[reason] = raised.value.code, "asks for a certificate" in raised.value.message

    assert told == {
        **dict.fromkeys(refused, ("TLS", True)), **dict.fromkeys(others, ("RESET", False)),
    }  # fmt: skip


def test_no_library_logs_the_requests_of_a_session() -> None:
    libraries = (
        "httpcore.connection", "httpcore.http11", "httpcore.proxy", "httpcore.socks", "httpx",
    )  # fmt: skip

    def list_logging() -> list[str]:
        record = logging.makeLogRecord({"msg": f"GET {URL}?key=1"})
        return [name for name in libraries if logging.getLogger(name).filter(record)]

    token = OWN.set(True)
    try:
        assert list_logging() == []
    finally:
        OWN.reset(token)
    assert list_logging() == [*libraries]
