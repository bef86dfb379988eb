"""Secrets that a parser loses: a plus read as a space, compressed bodies, JSON that is none."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import aiohttp
import brotli
import httpx
import pytest
import requests
import urllib3

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.errors import NoMatchError
from bpmax_sim.secret.secret_names import restore_plus_signs
from bpmax_sim.session.session import Session
from bpmax_sim.transport.redaction import decode_compressed_body
from bpmax_sim.transport.suspicious_names import find_secret_members, parse_message_parts
from tests.leaks import folder, leaks
from tests.loopback import Loopback, answer_json, loopback

Send = Callable[[str, str], str]
"""Sends the secret to a base URL, and returns the body of the response."""

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SIGNATURE = "Rawp1usSigAbc+Ymfy/9+x=="
OTHER = "Zk29usSigQrs+Wert/7+y=="
"""Of somebody else, who replays."""


@pytest.fixture(name="server")
def running() -> Iterator[Loopback]:
    """Echo the target and the body, as the error pages of many third parties do."""

    def answer(raw: bytes) -> bytes:
        head, _, body = raw.partition(b"\r\n\r\n")
        target = head.split(b" ")[1].decode()
        shown = body.decode(errors="replace").replace('"', "'")
        return answer_json(f'{{"url":"{target}","签名":"{shown}","姓名":"王五"}}')

    with loopback(answer) as server:
        yield server


def run(root: Path, mode: Literal["record", "replay"], url: str, send: Send, secret: str) -> str:
    """Return what *send* returns while its requests are recorded or replayed."""
    cassette = root / "cassettes/签名.yaml"
    with (
        Session.open(None, cassette=cassette, owner="签名", mode=mode, allow_ci=True) as session,
        session.relay.intercept("签名"),
    ):
        return send(url, secret)


def send_with_aiohttp(url: str, secret: str) -> str:
    import asyncio  # noqa: PLC0415

    async def send() -> str:
        async with (
            aiohttp.ClientSession() as client,
            client.post(
                f"{url}/下单", data=f"user=张三&sign={secret}".encode(), headers=FORM
            ) as response,
        ):
            return await response.text()

    return asyncio.run(send())


PLUS: dict[str, Send] = {
    "query, httpx": lambda url, secret: httpx.get(f"{url}/small?sign={secret}").text,
    "query, requests": lambda url, secret: requests.get(
        f"{url}/small?access_token={secret}&n=1", timeout=9
    ).text,
    "query, urllib3": lambda url, secret: urllib3.PoolManager()
    .request("GET", f"{url}/small?n=1&sign={secret}").data.decode(),
    "form, requests": lambda url, secret: requests.post(
        f"{url}/下单", data=f"user=zs&sign={secret}", headers=FORM, timeout=9
    ).text,
    "form, httpx": lambda url, secret: httpx.post(
        f"{url}/下单", content=f"sign={secret}&金额=8.50".encode(), headers=FORM
    ).text,
    "form, aiohttp": send_with_aiohttp,
    "form in GBK": lambda url, secret: requests.post(
        f"{url}/下单", data=f"姓名=张三&sign={secret}".encode("gbk"), headers=FORM, timeout=9
    ).text,
}  # fmt: skip


@pytest.mark.parametrize("send", PLUS.values(), ids=PLUS.keys())
def test_a_signature_whose_plus_signs_nobody_escaped_is_hidden(
    tmp_path: Path, server: Loopback, send: Send
) -> None:
    run(tmp_path, "record", server.url, send, SIGNATURE)
    received = len(server.received)

    shown = run(tmp_path, "replay", server.url, send, OTHER)

    assert "sign.1" in shown or "access_token.1" in shown
    assert len(server.received) == received
    secrets = {"it": SIGNATURE, "decoded": SIGNATURE.replace("+", " ")}
    assert leaks(folder(tmp_path), secrets) == []


@pytest.mark.parametrize(
    ("name", "text", "plus_signs"),
    [
        ("sign", SIGNATURE.replace("+", " "), 2),
        ("access_token", "Zx9kLm8f1 e45Q/ b7", 2),
        ("signature", "uKtX3 rQ2mZp0aYw 8sDf", 2),
        # words and numbers, which a person wrote
        ("signature", "Best regards from Li Wei", 0), ("signature", "Sent from my iPhone 15", 0),
        ("sign", "2026-03-02 09:00:00", 0), ("token", "no token", 0), ("auth", "see attached", 0),
        ("session", "Room 12B", 0), ("sign", "Order PO20261201 is ready", 0),
        ("signature", "张三 Ab12cd34ef56", 0), ("sign", "a 1", 0), ("sign", "", 0),
        ("sign", "https://a.test/ Ab12cd34ef56", 0),
        # a password is any text, and its spaces stay
        ("password", "Zx9kLm8f1 e45Q/ b7", 0),
    ],
)  # fmt: skip
def test_spaces_are_plus_signs_where_only_a_signature_is_plausible(
    name: str, text: str, plus_signs: int
) -> None:
    restored = restore_plus_signs(name, text)

    assert restored.count("+") == plus_signs
    assert restored.replace("+", " ") == text


def test_the_rules_of_an_older_recording_read_a_plus_as_before() -> None:
    sent = f"sign={SIGNATURE}"
    for version, found in ((1, False), (2, True)):
        parts = parse_message_parts(tuple(FORM.items()), sent.encode(), (), version=version)
        assert bool([*find_secret_members(parts)]) == found


SENT = '{"user":"王五","password":"%s"}'
ENCODE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,  # with the time
    "x-gzip": lambda data: gzip.compress(data, mtime=0),
    "deflate": zlib.compress,
    "gzip, deflate": lambda data: zlib.compress(gzip.compress(data)),
    "br": brotli.compress,
    "identity": bytes,
}


@pytest.mark.parametrize("coding", ENCODE)
@pytest.mark.parametrize("client", ["requests", "httpx", "urllib3"])
def test_a_secret_in_a_compressed_request_is_hidden(
    tmp_path: Path, server: Loopback, coding: str, client: str
) -> None:
    def send(url: str, secret: str) -> str:
        body = ENCODE[coding]((SENT % secret).encode())
        headers = {"Content-Encoding": coding, "Content-Type": "application/json"}
        if client == "requests":
            return requests.post(f"{url}/登录", data=body, headers=headers, timeout=9).text
        if client == "httpx":
            return httpx.post(f"{url}/登录", content=body, headers=headers).text
        pool = urllib3.PoolManager()
        return pool.request("POST", f"{url}/登录", body=body, headers=headers).data.decode()

    run(tmp_path, "record", server.url, send, "Gz1pReqPassw0rd")
    run(tmp_path, "replay", server.url, send, "Another0ne-77")

    with pytest.raises(NoMatchError):
        run(tmp_path, "replay", server.url, lambda url, _: send(url, '","user":"赵六'), "")
    cassette = Cassette.load(tmp_path / "cassettes/签名.yaml")
    request = cassette.exchange(0).request
    shown = decode_compressed_body(request.body, request.headers)
    assert shown == (SENT % "redacted.http.any.sent-password.1").encode()
    assert leaks(folder(tmp_path), {"password": "Gz1pReqPassw0rd"}) == []


@pytest.mark.parametrize("coding", ["gzip", "zstd", "br"])
def test_a_body_that_is_not_compressed_as_it_says_is_recorded_as_it_is(
    tmp_path: Path, server: Loopback, coding: str
) -> None:
    def send(url: str, secret: str) -> str:
        headers = {"Content-Encoding": coding, "Content-Type": "application/json"}
        body = (SENT % secret).encode()
        return requests.post(f"{url}/登录", data=body, headers=headers, timeout=9).text

    run(tmp_path, "record", server.url, send, "Gz1pReqPassw0rd")
    run(tmp_path, "replay", server.url, send, "Another0ne-77")

    assert leaks(folder(tmp_path), {"password": "Gz1pReqPassw0rd"}) == []
