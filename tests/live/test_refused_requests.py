"""What a recording proxy refuses before anything is sent, and the line that it says of it.

Nobody listens at the upstream's address: what is not refused fails to connect.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import bpmax_sim as bs
from bpmax_sim.errors import TransportError
from bpmax_sim.i18n import translate
from bpmax_sim.live.recording_proxy import ProxiedCallSummary, RecordingProxy, decode_header_bytes
from bpmax_sim.live.upstream import UpstreamUrl
from bpmax_sim.messages import Pairs, Request
from bpmax_sim.server import RefusedRequest, ServedClient

UPSTREAM = "http://127.0.0.1:9"
UPGRADE = ("Upgrade", "WebSocket")


@pytest.fixture(name="session")
def opened(tmp_path: Path) -> Iterator[bs.Session]:
    session = bs.Session.open(
        None,
        mode="record",
        record="new",
        cassette=tmp_path / "crm.yaml",
        owner="crm",
        repeat=True,
        unused="ignore",
        allow_ci=True,
        environ={},
    )
    with session:
        yield session


def ask(
    session: bs.Session,
    target: str,
    *headers: tuple[str, str],
    upstream: str = UPSTREAM,
    body: bytes | None = None,
    **options: Any,
) -> tuple[ProxiedCallSummary, Exception]:
    """Send a request to a proxy; return its line and the error that it ended in."""
    calls: list[ProxiedCallSummary] = []
    proxy = RecordingProxy(session, UpstreamUrl.parse(upstream), hear=calls.append, **options)
    raw = [(name.encode(), value.encode()) for name, value in headers]
    scope = {"state": {"raw_target": target.encode(), "raw_headers": raw}}
    base = "http://127.0.0.1:9000"
    request = Request(method="POST", url=base + target, base=base, headers=headers, body=body)
    with pytest.raises((RefusedRequest, TransportError)) as told:
        proxy.forward_or_replay(request, ServedClient(scope, None))
    proxy.close_upstream_connections()
    (call,) = calls
    return call, told.value


@pytest.mark.parametrize(
    ("token", "target", "outcome", "shown"),
    [
        ("t0k", "/t0k", "WEBSOCKET", "/"),
        ("t0k", "/t0k/", "WEBSOCKET", "/"),
        ("t0k", "/t0k?a=/b", "WEBSOCKET", "/"),
        ("t0k", "/t0k/a/1?a=1", "WEBSOCKET", "/a/1"),
        ("t0k", "/t0kx", "NO_TOKEN", "…"),
        ("t0k", "/t0", "NO_TOKEN", "…"),
        ("t0k", "/T0k/a", "NO_TOKEN", "…"),
        ("t0k", "/", "NO_TOKEN", "…"),
        ("t0k", "/a/t0k", "NO_TOKEN", "…"),
        ("t0k", "t0k/a", "NO_FORWARD_PROXY", "…"),
        ("", "http://crm.example.test/a", "NO_FORWARD_PROXY", "…"),
        ("", "*", "NO_FORWARD_PROXY", "…"),
        ("", "/", "WEBSOCKET", "/"),
        ("", "/a", "WEBSOCKET", "/a"),
        ("", "//a", "WEBSOCKET", "//a"),
    ],
)
def test_a_path_begins_with_the_token(
    token: str, target: str, outcome: str, shown: str, session: bs.Session
) -> None:
    call, error = ask(session, target, UPGRADE, token=token)

    assert (call.outcome, call.target, call.method, call.name) == (outcome, shown, "POST", "")
    statuses = {"WEBSOCKET": 501, "NO_TOKEN": 404, "NO_FORWARD_PROXY": 400}
    assert isinstance(error, RefusedRequest)
    assert (error.code, error.status) == (outcome, statuses[outcome])
    assert call.note == str(error)
    assert not call.is_replayed


SIGNED = ("Authorization", "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c")
HERE = ("Host", "127.0.0.1:9")
WAY = "; let the client send to it with `Host: 127.0.0.1:9`"


@pytest.mark.parametrize(
    ("headers", "options", "outcome", "way"),
    [
        ((SIGNED, HERE), {}, "CONNECT", ""),
        ((SIGNED, ("HOST", "127.0.0.1:9")), {}, "CONNECT", ""),
        ((SIGNED,), {}, "SIGNED_ADDRESS", WAY),
        ((SIGNED, ("Host", "127.0.0.1:9000")), {}, "SIGNED_ADDRESS", WAY),
        ((SIGNED, ("Host", "127.0.0.1")), {}, "SIGNED_ADDRESS", WAY),
        ((SIGNED, HERE), {"token": "t0k"}, "SIGNED_ADDRESS", WAY),
        ((SIGNED, HERE), {"upstream": f"{UPSTREAM}/api"}, "SIGNED_ADDRESS", WAY),
        ((("Authorization", "Hawk id=1"), HERE), {}, "SIGNED_ADDRESS", ""),
        ((("Authorization", "Bearer x"),), {}, "CONNECT", ""),
        ((("Upgrade", "h2c"),), {}, "CONNECT", ""),
        ((("Upgrade", ""),), {}, "CONNECT", ""),
        ((("Upgrade", "websocket"), SIGNED), {}, "WEBSOCKET", ""),
        ((("Via", "1.1 bpmax-sim-0"),), {}, "CONNECT", ""),  # of another proxy
    ],
)
def test_a_signature_of_the_address_has_to_fit_the_upstream(
    headers: Pairs, options: dict[str, Any], outcome: str, way: str, session: bs.Session
) -> None:
    token = options.get("token")
    call, _ = ask(session, f"/{token}/a" if token else "/a", *headers, **options)

    assert call.outcome == outcome
    assert (WAY in translate(call.note)) == bool(way)


def test_a_proxy_knows_its_own_name_in_any_line_of_via(session: bs.Session) -> None:
    proxy = RecordingProxy(session, UpstreamUrl.parse(UPSTREAM))
    others = RecordingProxy(session, UpstreamUrl.parse(UPSTREAM))
    own = ("via", f"1.0 fred, 1.1 {proxy._pseudonym} (x)")
    refused = []
    for one in (proxy, others):
        raw = [(b"Via", b"1.1 other"), (own[0].encode(), own[1].encode())]
        client = ServedClient({"state": {"raw_target": b"/a", "raw_headers": raw}}, None)
        request = Request(method="GET", url="http://127.0.0.1:9000/a")
        with pytest.raises((RefusedRequest, TransportError)) as told:
            one.forward_or_replay(request, client)
        refused.append(getattr(told.value, "code", ""))
        one.close_upstream_connections()

    assert refused == ["LOOP", "CONNECT"]


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("/%E5%AE%A2%E6%88%B7/a%20b", "/客户/a b"),
        ("/a%00%1Bb/%7F", "/a??b/?"),
        ("/q8Zx7Kf3VbN2mPw9Rt5Yc1Dh6/a", "/…/a"),
        ("/a%2Fb?token=q8Zx7Kf3VbN2mPw9", "/a/b"),
    ],
)
def test_a_line_shows_the_path_without_what_may_be_a_secret(
    target: str, shown: str, session: bs.Session
) -> None:
    call, _ = ask(session, target, UPGRADE)

    assert call.target == shown


def test_a_request_that_reaches_nobody_is_told_with_its_reason(session: bs.Session) -> None:
    call, error = ask(session, "/%E8%AE%A2%E5%8D%95?a=1", body=b"{}")

    assert isinstance(error, TransportError)
    assert (call.outcome, call.note, call.name) == ("CONNECT", error.message, "")
    assert call.target == "/订单"
    assert 0 <= call.seconds < 60
    assert (session.calls, session.misses) == ([], [])


def test_headers_are_text_where_they_are_utf8() -> None:
    raw = (("X-客", "张三".encode().decode("latin-1")), ("b", "\xe9"), ("b", "x"))

    assert decode_header_bytes(raw) == (("X-客", "张三"), ("b", "é"), ("b", "x"))
