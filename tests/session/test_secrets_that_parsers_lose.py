"""Secrets that a parser loses: a plus read as a space, compressed bodies, JSON that is none."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

import aiohttp
import httpx
import pytest
import requests
import urllib3

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.errors import BpmaxError, NoMatchError
from bpmax_sim.field_path import format_path
from bpmax_sim.messages import Request, Response
from bpmax_sim.secret.secret_names import restore_plus_signs
from bpmax_sim.session.session import Session
from bpmax_sim.text_codec import decode_text
from bpmax_sim.transport.message_members import find_secret_members, parse_message_parts
from bpmax_sim.transport.redaction import decode_compressed_body
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
        ("sign", "Zx9kLm8f1 e4", 1), ("sign", "Zx9kLm8f1 e", 0),  # too short to be in base64
        # words and numbers, which a person wrote
        ("signature", "a1b2c3 hello", 0), ("signature", "a1b2c3d hello", 1),
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
    "br": lambda data: pytest.importorskip("brotli", reason="it is an extra").compress(data),
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


TOKEN, SECOND = "k3y-9f2zQ/a1", "Qx7-8e1wPz"
JSON, HTML, SCRIPT = "application/json", "text/html", "application/javascript"


@pytest.mark.parametrize(
    ("kind", "body", "places"),
    [
        # a name twice in one object, of which parsers keep the last
        (JSON, '{"token":"%s","token":"%s"}', ["body.token[*]", "body.token[*]"]),
        ("text/plain", '{"a":{"口令":"%s","b":1,"口令":"%s"}}', ["body.a.口令[*]"] * 2),
        ("text/plain", 'data: {"token":"%s"}\ndata: {"token":"%s","token":"1"}',
         ["body[*].token", "body[*].token[*]"]),
        (JSON, '{"数据":"{\\"pwd\\":\\"%s\\",\\"pwd\\":\\"%s\\"}"}',
         ["body.数据", "body.数据"]),
        (JSON, r'{"\u5bc6\u7801":"%s","\u5BC6\u7801":"%s"}', ["body.密码[*]"] * 2),
        (JSON, r'{"token":"%s","\u0074oken":"%s"}', ["body.token[*]"] * 2),
        # JSONP, as the logins of QQ and WeChat answer
        (SCRIPT, 'cb1({"access_token": "%s","openid":"o1","姓名":"王五"});', ["body.access_token"]),
        (HTML, ' callback( {"access_token":"%s"} );\n', ["body.access_token"]),
        (SCRIPT, '/**/ jQuery.cb_1([{"token":"%s"},\n {"token":"%s"}])', ["body[*].token"] * 2),
        (SCRIPT, 'try{cb({"token":"%s"})}catch(e){}', ["body.token"]),
        # cut off, single quotes, unquoted names
        (JSON, '{"access_token":"%s","x":', ["body.access_token"]),
        (JSON, '{"姓名":"王五","密码":"%s","token":"%s","姓', ["body.密码", "body.token"]),
        (JSON, r'{"\u59d3\u540d":"王五","\u5bc6\u7801":"%s","x', ["body.密码"]),
        (JSON, "{'access_token':'%s', 'pwd': \"%s\"}", ["body.access_token", "body.pwd"]),
        (JSON, "{access_token:'%s',n:1}", ["body.access_token"]),
        (JSON, '[{"token":"%s"},{"token":"%s"},', ["body.token[*]"] * 2),
        ("text/plain", '{"n":1}\n{"token":"%s"}\n{"token":"%s","n', ["body[*].token"] * 2),
        # programs and pages
        (SCRIPT, 'var apiKey = "%s", a=1; window.token=`%s`;', ["body.apiKey", "body.token"]),
        (SCRIPT, f'var token="{TOKEN}"; a.token="%s"', ["body.token"]),
        (HTML, "<script>window.__INIT__={csrfToken:'%s',user:{\"token\":\"%s\"}};</script>",
         ["body.csrfToken", "body.token"]),
        (HTML, '<p>密码</p><SCRIPT id=a>var api_key="%s"</SCRIPT >', ["body.api_key"]),
        (SCRIPT, 'var apiKey="%s"; location.href="/a?token=%s";', ["body.apiKey", "body.token"]),
        # a name and its value as two members
        (JSON, '[{"name":"password","value":"%s"},{"key":"api_key","value":"%s"}]',
         ["body[*].value", "body[*].value"]),
        (JSON, '{"字段":{"Key":"登录密码","Value":"%s"}}', ["body.字段.Value"]),
        (JSON, '{"field_name":"client_secret","label":"x","field_value":"%s"}',
         ["body.field_value"]),
    ],
)  # fmt: skip
def test_a_secret_in_what_is_almost_json_is_found(kind: str, body: str, places: list[str]) -> None:
    text = body % (TOKEN, SECOND)[: body.count("%s")]
    parts = parse_message_parts((("Content-Type", kind),), text.encode(), ())
    found = [*find_secret_members(parts)]

    assert [format_path(one.path) for one in found] == places
    assert [one.text for one in found] == [TOKEN, SECOND][: len(places)]
    older = parse_message_parts((("Content-Type", kind),), text.encode(), (), version=1)
    assert len([*find_secret_members(older, version=1)]) < len(places)


@pytest.mark.parametrize(
    ("body", "secret"),
    [
        ('{"password":"a1b2c3","姓', "a1b2c3"),  # no shorter one is a secret
        ('\n {"密码":"芝麻开门吧","姓', ""), ('\n {"密码":"芝麻开门吧啊","姓', "芝麻开门吧啊"),
        (r"{'pwd':'it\'s open','姓", "it's open"), (r'{"pwd":"a\"b\u5bc6\/c","姓', 'a"b密/c'),
        (r'{"pwd":"a\xdefg","姓', r"a\xdefg"),
    ],
)  # fmt: skip
def test_what_is_cut_off_holds_words_as_they_are_meant(body: str, secret: str) -> None:
    parts = parse_message_parts((("Content-Type", JSON),), body.encode(), ())

    assert [member.text for member in find_secret_members(parts)] == [secret][: len(secret)]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (SCRIPT, "var m = {password: 'Please enter a password', token: \"access_token\"};"),
        (SCRIPT, "$.ajax({data: {password: $('#pwd').val(), token: '{{ token1 }}'}});"),
        (SCRIPT, "const s = {password: '#password1', pwd: '.pwd-input2', token: '/oauth2/token'};"),
        (SCRIPT, "if (type === 'password') { name='token'; session='abcdef'; sign = 'a1'; }"),
        (SCRIPT, "var tokenName1='X-CSRF-Token1', password='Password', csrf='X-CSRF-Token1';"),
        (SCRIPT, "var password = '密码必须有8位'; var secret = `${a}1234567`;"),
        (SCRIPT, "var token = '%s1234567', secret='a|b12345';"),
        (HTML, '<script>var i={"password":"Enter your password","token":"令牌令牌令牌"}</script>'),
        ("text/plain", "The token: 'abcdefgh' is an example; password=\"changeme\""),
        (JSON, '[{"name":"password","label":"密码","value":""}]'),
        (JSON, '[{"name":"Password","value":"password"},{"key":"token","value":"access_token"}]'),
        (JSON, '[{"key":"password","value":"请输入您的登录密码"},{"name":"密码","value":"mima"}]'),
        (JSON, '[{"name":"grant","value":"PASSWORD_LOGIN"},{"name":"密码","value":"GRANT_BY"}]'),
        (JSON, '[{"name":"签名","value":"k3y9f2zQ7"},{"name":"sign","value":"20260302"}]'),
        (JSON, '[{"name":"token","title":"k3y9f2zQ7"},{"value":"k3y9f2zQ7"},{"name":1,"value":2}]'),
        (JSON, '[{"name":"next_token","value":"k3y9f2zQ7"}]'),
        (JSON, '{"name":"王五","name":"赵六","id":1,"id":2}'),
    ],
)  # fmt: skip
def test_labels_selectors_and_examples_are_no_secrets(kind: str, body: str) -> None:
    parts = parse_message_parts((("Content-Type", kind),), body.encode(), ())

    assert [*find_secret_members(parts)] == []


@pytest.mark.parametrize(
    "part",
    [
        "token='",
        "token='aaaaaaa\"token",
        "a(",
        "a({",
        "token:",
        "<script>token='",
        "a/* ",
        r"\u5bc6",
    ],
)
def test_programs_are_searched_in_a_time_that_grows_with_the_text(part: str) -> None:
    for text in (part * (60_000 // len(part)), f"x{part}" + "}" * 60_000):
        found = [*find_secret_members(parse_message_parts((), text.encode(), ()))]
        assert len(found) < len(text)


def test_what_is_almost_json_is_recorded_and_replayed_without_its_secrets(tmp_path: Path) -> None:
    bodies = {
        "/登录": 'cb1({"access_token": "%s","姓名":"王五"});', "/坏": '{"token":"%s","token":"%s"}',
        "/页": "<script>var t={csrfToken:'%s',a:\"password\"};</script><p>%s</p>",
        "/表": '[{"name":"password","value":"%s"}]', "/词": "{'pwd':'changeme','a':'changeme'}",
    }  # fmt: skip

    def answer(raw: bytes) -> bytes:
        body = bodies[unquote(raw.split(b" ")[1].decode())]
        return answer_json(body % (TOKEN, SECOND)[: body.count("%s")])

    def send(url: str, _secret: str) -> str:
        return "\n".join(requests.get(f"{url}{path}", timeout=9).text for path in bodies)

    with loopback(answer) as server:
        run(tmp_path, "record", server.url, send, "")
        shown = run(tmp_path, "replay", server.url, send, "")

    assert shown.splitlines() == [
        'cb1({"access_token": "redacted.http.any.access_token.1","姓名":"王五"});',
        '{"token":"redacted.http.any.access_token.1","token":"redacted.http.any.token.1"}',
        (
            "<script>var t={csrfToken:'redacted.http.any.access_token.1',a:\"password\"};</script>"
            "<p>redacted.http.any.token.1</p>"
        ),
        '[{"name":"password","value":"redacted.http.any.access_token.1"}]',
        "{'pwd':'redacted.http.any.pwd.1','a':'changeme'}",
    ]
    assert leaks(folder(tmp_path), {"one": TOKEN, "two": SECOND}) == []


PASSWORD = "密码是大象八九"
ENCODED: dict[str, tuple[str, bytes]] = {
    "GBK": (
        "application/json; charset=gbk",
        f'{{"密码":"{PASSWORD}","姓名":"王五","回显":"<{PASSWORD}>"}}'.encode("gbk"),
    ),
    "GBK, escaped as JSON": (
        "application/json; charset=gb2312",
        '{"密码":"密码是\\"大象\\u516b九","姓名":"王五"}'.encode("gbk"),
    ),
    "GBK that the page declares": (
        "text/xml",
        f"<?xml version='1.0' encoding='GBK'?><r><密码>{PASSWORD}</密码><名>王五</名></r>".encode(
            "gbk"
        ),
    ),
    "UTF-16": (
        "application/json; charset=utf-16le",
        '{"token":"u16-Kenn_wort-9","姓名":"王五"}'.encode("utf-16-le"),
    ),
    "UTF-16 with a mark": (
        "application/json; charset=utf-16",
        f'{{"口令":"{PASSWORD}","姓名":"王五"}}'.encode("utf-16"),
    ),
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_a_secret_in_another_encoding_is_hidden_and_replayed(tmp_path: Path, encoding: str) -> None:
    kind, body = ENCODED[encoding]

    def answer(_raw: bytes) -> bytes:
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
        return head.encode() + body

    def send(url: str, _secret: str) -> str:
        response = requests.get(f"{url}/用户", timeout=9)
        return decode_text(response.content, response.headers["content-type"]).text

    with loopback(answer) as server:
        recorded = run(tmp_path, "record", server.url, send, "")
        shown = run(tmp_path, "replay", server.url, send, "")

    assert "王五" in shown
    assert "redacted.http.any." in shown
    assert shown.count("redacted.") == max(1, recorded.count(PASSWORD))
    secrets = {"gbk": PASSWORD, "escaped": '密码是"大象八九', "utf-16": "u16-Kenn_wort-9"}
    assert leaks(folder(tmp_path), secrets) == []
    text = (tmp_path / "cassettes/签名.yaml").read_text(encoding="utf-8")
    assert not any(secret in text for secret in secrets.values())


PLATFORM = """\
platform_key: 供应商
base_url: https://v.example.test
credentials: {key: {secret: true}}
auth: {preset: bearer, token: "{{ key | b64 }}"}
apis:
  查: {path: /a}
"""


def test_a_declared_secret_on_an_error_page_in_gbk_is_hidden(tmp_path: Path) -> None:
    real = "密钥Пароль🔑12"
    (tmp_path / "供应商.yaml").write_text(
        PLATFORM.replace("{{ key | b64 }}", "{{ key | b64 }}"), encoding="utf-8"
    )
    instance = "- {platform: 供应商, instance_key: test, credentials: {key: {env: PW}}}"
    (tmp_path / "instances.yaml").write_text(instance, encoding="utf-8")
    page = f"<b>错误</b> {real}<pre>{''.join(f'&#{ord(c)};' for c in real)}</pre>%C3%DC%D4%BF"

    def serve(_request: Request) -> Response:
        body = page.encode("gbk", "xmlcharrefreplace")
        kind = (("content-type", "text/html; charset=gbk"),)
        return Response(status=401, headers=kind, body=body)

    options: dict[str, Any] = {
        "instances": tmp_path / "instances.yaml", "cassette": tmp_path / "cassettes/a.yaml",
    }  # fmt: skip
    files = tmp_path / "供应商.yaml"
    with (
        Session.open(files, mode="record", transport=serve, environ={"PW": real}, **options) as it,
        pytest.raises(BpmaxError),
    ):
        it.proxy("供应商").direct("查")
    with Session.open(files, **options) as it, pytest.raises(BpmaxError) as replayed:
        it.proxy("供应商").direct("查")

    assert real not in str(replayed.value)
    assert leaks(folder(tmp_path / "cassettes"), {"key": real}) == []
    text = (tmp_path / "cassettes/a.yaml").read_text(encoding="utf-8")
    assert text.count("test.key.1") >= 2
    assert "错误" in text
