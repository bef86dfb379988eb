"""Signatures that a platform file declares: by whom, when, once, and at which places they stand."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bpmax_sim.clock import VirtualClock
from bpmax_sim.messages import Request
from bpmax_sim.platform.load import read_platform
from bpmax_sim.simulator.simulator import Simulator
from bpmax_sim.simulator.state import TenantCredentials
from tests.simulator.bench import START

HEAD = """\
platform_key: gateway
base_url: https://gateway.example.test
credentials: {app: {}, secret: {secret: true}}
"""
APIS = "apis: {下单: {method: POST, path: /orders}}\n"
SIGNED = """\
auth:
  sign:
    set_headers: {X-Time: "%s", X-Nonce: "{{ nonce }}"}
    message: "{{ headers['x-time'] }}|{{ headers['x-nonce'] }}|{{ body }}"
    key: "{{ secret }}"
    emit: [%s]
"""
IN_HEADER = '{in: header, name: X-Sign, value: "{{ signature }}"}'
OK, WRONG = "ok", "the signature is wrong"
LATE, USED = "the time of the signature is too old", "the nonce was used before"


class Gateway:
    """A simulator of a platform file, with two instances and a clock."""

    def __init__(self, folder: Path, text: str) -> None:
        path = folder / "gateway.yaml"
        path.write_text(HEAD + text, encoding="utf-8")
        self.clock = VirtualClock(START)
        tenants = [
            TenantCredentials(key, {"app": f"a-{key}", "secret": f"s-{key}"})
            for key in ("一", "二")
        ]
        self.simulator = Simulator(read_platform(path), lambda: tenants, clock=self.clock)

    def send(
        self,
        headers: dict[str, str] | None = None,
        *,
        query: str = "",
        body: bytes = b"{}",
        cookie: str = "",
    ) -> str:
        pairs = [*(headers or {}).items(), *([("Cookie", cookie)] if cookie else [])]
        url = f"https://gateway.example.test/orders{f'?{query}' if query else ''}"
        request = Request(
            method="POST",
            url=url,
            headers=(*pairs, ("Content-Type", "application/json")),
            body=body,
        )
        response = self.simulator.handle(request)
        found: str = json.loads(response.body).get("message", OK)
        assert (response.status == 200) == (found == OK)
        return found


def sign(text: str, secret: str = "s-一") -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def headers_of(
    time: str, nonce: str = "n-1", *, body: str = "{}", secret: str = "s-一"
) -> dict[str, str]:
    return {
        "X-Time": time,
        "X-Nonce": nonce,
        "X-Sign": sign(f"{time}|{nonce}|{body}", secret),
    }


@pytest.fixture(name="gateway")
def signed_gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path, SIGNED % ("{{ now | unix }}", IN_HEADER) + APIS)


@pytest.mark.parametrize(
    ("offset", "told"),
    [(0, OK), (-900, OK), (900, OK), (-901, LATE), (901, LATE), (-(10**9), LATE)],
)
def test_a_signature_is_fifteen_minutes_old_or_ahead_at_most(
    offset: int, told: str, gateway: Gateway
) -> None:
    assert gateway.send(headers_of(str(int(START) + offset))) == told


@pytest.mark.parametrize(("later", "told"), [(0, USED), (1799, USED), (1800, OK), (3600, OK)])
def test_a_nonce_is_remembered_for_two_windows(later: int, told: str, gateway: Gateway) -> None:
    assert gateway.send(headers_of(str(int(START)))) == OK
    gateway.clock.advance(later)

    assert gateway.send(headers_of(str(int(START) + later))) == told
    assert gateway.send(headers_of(str(int(START) + later), "n-2")) == OK
    gateway.clock.advance(1800)
    assert gateway.send(headers_of(str(int(START) + later + 1800), "n-3")) == OK
    assert len(gateway.simulator.state.seen) == 1  # what is over takes no room


def test_a_nonce_is_used_up_by_a_right_signature_alone(gateway: Gateway) -> None:
    now = str(int(START))

    assert gateway.send(headers_of(now, secret="s-三")) == WRONG
    assert gateway.send(headers_of(now)) == OK
    assert gateway.send(headers_of(now, secret="s-二")) == USED  # of whichever instance
    assert gateway.send(headers_of(now, "n-2", secret="s-二")) == OK


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, OK),
        ({"X-Sign": ""}, WRONG),
        ({"X-Sign": None}, WRONG),
        ({"X-Sign": "张三"}, WRONG),
        ({"X-Sign": sign(f"{int(START)}|n-1|{{}}").upper()}, WRONG),
        ({"X-Nonce": "n-2"}, WRONG),
        ({"X-Nonce": None}, WRONG),
        ({"X-Time": str(int(START) + 1)}, WRONG),
        ({"X-Time": None}, WRONG),
        ({"X-Other": "1"}, OK),
    ],
)
def test_all_that_is_signed_has_to_be_as_it_was(
    changed: dict[str, Any], told: str, gateway: Gateway
) -> None:
    headers = {**headers_of(str(int(START))), **changed}

    sent = {name: value for name, value in headers.items() if value is not None}
    assert gateway.send(sent) == told


@pytest.mark.parametrize(("body", "told"), [(b"{}", OK), (b"{ }", WRONG), (b"", WRONG)])
def test_a_body_is_signed_byte_for_byte(body: bytes, told: str, gateway: Gateway) -> None:
    assert gateway.send(headers_of(str(int(START))), body=body) == told


@pytest.mark.parametrize(
    ("template", "early", "late"),
    [
        ("{{ now | unix }}", "1772412300", "1772412299"),
        ("{{ now | unix_ms }}", "1772412300000", "1772412299999"),
        ("{{ now | iso }}", "2026-03-02T00:45:00Z", "2026-03-02T00:44:59Z"),
        ("{{ now | http_date }}", "Mon, 02 Mar 2026 00:45:00 GMT", "Mon, 02 Mar 2026 00:44:59 GMT"),
        ("{{ now | time('%Y%m%d%H%M%S') }}", "20260302004500", "20260302004459"),
        ("v1:{{ now | unix }};", "v1:1772412300;", "v1:1772412299;"),
    ],
)
def test_the_time_of_a_signature_is_read_as_it_is_written(
    template: str, early: str, late: str, tmp_path: Path
) -> None:
    gateway = Gateway(tmp_path, SIGNED % (template, IN_HEADER) + APIS)

    assert gateway.send(headers_of(early)) == OK
    assert gateway.send(headers_of(late, "n-2")) == LATE


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ now | unix }}", "9" * 400), ("{{ now | unix_ms }}", "9" * 5000),
        ("{{ now | unix }}", "昨天"), ("{{ now | unix }}", "-"), ("{{ now | iso }}", "1772412300"),
        ("{{ now | iso }}", "2026-02-30T00:00:00Z"), ("{{ now | http_date }}", "Mon, 99 Foo"),
        ("{{ now | http_date }}", "x"),
    ],
)  # fmt: skip
def test_a_time_that_is_none_makes_a_wrong_signature(
    template: str, text: str, tmp_path: Path
) -> None:
    gateway = Gateway(tmp_path, SIGNED % (template, IN_HEADER) + APIS)

    assert gateway.send(headers_of(text)) == WRONG


@pytest.mark.parametrize(
    ("place", "at"),
    [
        ('{in: query, name: sign, value: "{{ signature }}"}', "query"),
        ('{in: header, name: Authorization, value: "V1 {{ signature }}"}', "header"),
        ('{in: cookie, name: sign, value: "{{ signature }}"}', "cookie"),
        ('{in: header, name: X-Sign, value: "{{ signature | upper }}"}', "upper"),
    ],
)
def test_a_signature_stands_where_it_is_declared(place: str, at: str, tmp_path: Path) -> None:
    def told(value: str, nonce: str) -> str:
        gateway = Gateway(tmp_path, SIGNED % ("{{ now | unix }}", place) + APIS)
        now = str(int(START))
        headers = {"X-Time": now, "X-Nonce": nonce}
        text = sign(f"{now}|{nonce}|{{}}") if value == "right" else value
        if at == "query":
            return gateway.send(headers, query=f"a=1&sign={quote(text)}")
        if at == "cookie":
            return gateway.send(headers, cookie=f"b=2; sign={text}")
        if at == "upper":
            return gateway.send(headers | {"X-Sign": text.upper()})
        return gateway.send(headers | {"Authorization": f"V1 {text}"})

    assert told("right", "n-1") == OK
    assert told("0" * 64, "n-1") == WRONG
    assert told("", "n-2") == WRONG


TOKEN_AND_SIGN = (
    'auth:\n  apply: [{in: header, name: X-App, value: "{{ app }}"}]\n'
    + SIGNED.removeprefix("auth:\n")
)


@pytest.mark.parametrize(
    ("app", "secret", "told"),
    [
        ("a-一", "s-一", OK),
        ("a-二", "s-二", OK),
        ("a-一", "s-二", WRONG),
        ("a-三", "s-一", "the token is missing, unknown or over"),
        (None, "s-一", "the token is missing, unknown or over"),
    ],
)
def test_the_instance_that_is_named_has_to_have_signed(
    app: str | None, secret: str, told: str, tmp_path: Path
) -> None:
    gateway = Gateway(tmp_path, TOKEN_AND_SIGN % ("{{ now | unix }}", IN_HEADER) + APIS)
    headers = headers_of(str(int(START)), secret=secret)

    assert gateway.send(headers | ({"X-App": app} if app else {})) == told


def test_an_api_without_a_signature_of_its_own_follows_the_platform(tmp_path: Path) -> None:
    own = APIS.replace("path: /orders", "path: /orders, auth: {apply: []}")
    free = Gateway(tmp_path, SIGNED % ("{{ now | unix }}", IN_HEADER) + own)
    assert free.send() == OK

    bound = Gateway(tmp_path, SIGNED % ("{{ now | unix }}", IN_HEADER) + APIS)
    assert bound.send() == WRONG
