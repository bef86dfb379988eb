"""What nobody declares and is named like a secret: hidden in every format, and found again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries
from bpmax_sim.errors import NoMatchError
from bpmax_sim.messages import Request, Response
from bpmax_sim.secret.secret_names import (
    VERSION,
    is_redactable_everywhere,
    is_secret_name,
    is_secret_value,
    may_name_secret,
)
from bpmax_sim.session.session import Session
from bpmax_sim.transport.adapters import httpx_transport
from bpmax_sim.transport.message_members import find_secret_members, parse_message_parts
from tests.leaks import folder, leaks
from tests.loopback import Loopback, answer_json, loopback

PLANTED = {
    "query": "q9-Ticket-Zugang",
    "header": "h7-Schluessel-77",
    "form": "f5-Kennwort!",
    "json": "j3-geheim-lang",
    "nested": "n1-innen-geheim",
    "xml": "x8-Parole-88",
    "cdata": "c6-Parole&66",
    "part": "m4-Teil-geheim",
    "token": "t2tokenOfTheServer22",
    "refresh": "r0-Erneuerung-00",
    "html": "csrf-0a1b2c3d4e5f",
}
REFUSED = ("next_token", "page_token", "password_required", "token_type", "access_key_id", "ETag")


def answer(raw: bytes) -> bytes:
    head, _, body = raw.partition(b"\r\n\r\n")
    target = head.split(b" ")[1].decode()
    if target.startswith("/login"):
        minted = {"token": PLANTED["token"], "refresh_token": PLANTED["refresh"], "user": "王喆"}
        return answer_json(
            json.dumps({**minted, "next_token": "page-2-of-the-list"}, ensure_ascii=False)
        )
    if target.startswith("/form"):
        page = f'<form><input type="hidden" name="_csrf" value="{PLANTED["html"]}"></form>'
        kind = "content-type: text/html; charset=utf-8"
        size = len(page.encode())
        return f"HTTP/1.1 200 OK\r\n{kind}\r\ncontent-length: {size}\r\n\r\n{page}".encode()
    return answer_json(json.dumps({"path": target[:2], "size": len(body)}))


BANK = """\
platform_key: 网银
base_url: https://bank.example.test
credentials: {user: {secret: false}, password: {secret: true}}
%s
auth:
  acquire:
    steps:
      - request: {method: POST, path: /login, body: {u: "{{ user }}", p: "{{ password }}"}}
        extract: {token: {path: $.token, secret: true}}
  apply: [{in: header, name: X-Token, value: "{{ token }}"}]
apis:
  余额: {path: /balance}
"""


@pytest.mark.parametrize(
    ("name", "value"),
    [("Authorization", "Bearer {}"), ("Authorization", "{}"), ("Cookie", "{}"), ("Cookie", "s={}")],
)
def test_a_script_that_logs_in_by_itself_is_replayed(tmp_path: Path, name: str, value: str) -> None:
    """Its header has the stand-in of the response from which it has the token."""
    apis = "apis: {登录: {method: POST, path: /login}, 余额: {path: /balance}}\n"
    head = "platform_key: 网银\nbase_url: https://bank.example.test\n"
    (tmp_path / "网银.yaml").write_text(head + apis, encoding="utf-8")
    options: dict[str, Any] = {"cassette": tmp_path / "cassettes/a.yaml", "environ": {}}

    def serve(request: Request) -> Response:
        told = {"余额": "8.50", "by": [value for _, value in request.headers]}
        if request.url.endswith("/login"):
            told = {"access_token": f"{PLANTED['token']}-{json.loads(request.body or b'')['user']}"}
        body = json.dumps(told).encode()
        return Response(status=200, headers=(("content-type", "application/json"),), body=body)

    def ask(session: Session) -> list[Any]:
        bank = session.proxy("网银")
        tokens = [
            bank.api("登录").body({"user": user}).call()["access_token"]
            for user in ("zhangsan", "lisi")
        ]
        heads = [{name: value.format(token)} for token in (*tokens, tokens[0])]
        return [bank.api("余额").header(head).call()["余额"] for head in heads]

    with Session.open(tmp_path / "网银.yaml", mode="record", transport=serve, **options) as session:
        assert ask(session) == ["8.50"] * 3
    with Session.open(tmp_path / "网银.yaml", **options) as session:
        assert ask(session) == ["8.50"] * 3
    assert leaks(folder(tmp_path / "cassettes"), {"token": PLANTED["token"]}) == []


@pytest.mark.parametrize(
    ("rules", "more"),
    [
        ('response: {ok: {all: [{path: $.code, in: ["000000"]}]}}', {}),
        ("response: {code: [$.code]}", {}),
        ('response: {code: [$.state], classes: {token: {code: ["000000"]}}}', {}),
        ("", {"msg": "登录成功"}), ("", {"data": None}),
    ],
)  # fmt: skip
def test_the_code_of_a_success_is_recorded_as_it_is(
    tmp_path: Path, rules: str, more: Mapping[str, Any]
) -> None:
    (tmp_path / "网银.yaml").write_text(BANK % rules, encoding="utf-8")
    instance = (
        "- {platform: 网银, instance_key: test, credentials: {user: 张三, password: {env: PW}}}"
    )
    (tmp_path / "instances.yaml").write_text(instance, encoding="utf-8")

    def serve(request: Request) -> Response:
        token = {"token": PLANTED["token"]} if request.url.endswith("/login") else {"余额": "8.50"}
        body = json.dumps({"code": "000000", **more, **token}).encode()
        return Response(status=200, headers=(("content-type", "application/json"),), body=body)

    options: dict[str, Any] = {
        "instances": tmp_path / "instances.yaml", "cassette": tmp_path / "cassettes/a.yaml",
        "environ": {"PW": "p-Kennwort-99"},
    }  # fmt: skip
    with Session.open(tmp_path / "网银.yaml", mode="record", transport=serve, **options) as session:
        recorded = session.proxy("网银").direct("余额")
    with Session.open(tmp_path / "网银.yaml", **options) as session:
        assert session.proxy("网银").direct("余额") == recorded

    assert recorded["code"] == "000000"
    secrets = {"token": PLANTED["token"], "password": "p-Kennwort-99"}
    assert leaks(folder(tmp_path / "cassettes"), secrets) == []


@pytest.fixture(name="server")
def running() -> Iterator[Loopback]:
    with loopback(answer) as server:
        yield server


def opened(root: Path, mode: Literal["record", "replay"], **options: Any) -> Session:
    path = root / "cassettes/net.yaml"
    return Session.open(None, cassette=path, owner="客户端", mode=mode, allow_ci=True, **options)


def say(session: Session, url: str, sent: Mapping[str, str] = PLANTED) -> list[Any]:
    """Send a secret in each format, and log in with what the server gave."""
    with httpx.Client(transport=httpx_transport(session), base_url=url) as client:
        token = client.post("/login", json={"user": "lisi", "password": sent["json"]}).json()
        csrf = client.get("/form").text.partition('value="')[2].partition('"')[0]
        soap = (
            f"<s:Envelope xmlns:s='urn:s'><s:UserName>lisi</s:UserName><s:Password>{sent['xml']}"
            f"</s:Password><appSecret><![CDATA[{sent['cdata']}]]></appSecret></s:Envelope>"
        )
        return [
            token["next_token"],
            client.get(
                "/a", params={"api_key": sent["query"], "page_token": "seite-zwei-2"}
            ).json(),
            client.get("/b", headers={"X-Api-Key": sent["header"], "If-None-Match": "ab12cd34ef"}),
            client.post("/c", data={"userPwd": sent["form"], "_csrf": csrf, "sign": "1"}).json(),
            client.post(
                "/d", json={"auth": {"clientSecret": sent["nested"], "secret": True}}
            ).json(),
            client.post("/e", content=soap, headers={"content-type": "text/xml"}).json(),
            client.post("/f", files={"otp": (None, sent["part"]), "datei": ("a.txt", b"1")}).json(),
            client.get(f"/g/{token['token']}").json(),
            client.post("/h", json={"grant": "refresh", "value": token["refresh_token"]}).json(),
        ]


def test_secrets_in_every_format_are_hidden_and_replayed(tmp_path: Path, server: Loopback) -> None:
    with opened(tmp_path, "record") as session:
        recorded = say(session, server.url)
    # whoever replays has other secrets, or none
    others = {name: f"andere-{name}-99" for name in PLANTED}
    with opened(tmp_path, "replay") as replay:
        replayed = say(replay, server.url, others)

    assert leaks(folder(tmp_path), PLANTED) == []
    assert [str(value) for value in replayed] == [str(value) for value in recorded]
    assert recorded[0] == "page-2-of-the-list"
    text = (tmp_path / "cassettes/net.yaml").read_text(encoding="utf-8")
    assert all(word in text for word in ("seite-zwei-2", "page-2-of-the-list", "王喆", "sign=1"))
    assert f'"net":{VERSION}' in text


def test_each_place_is_reported_once_with_the_way_to_open_it(
    tmp_path: Path, server: Loopback
) -> None:
    with opened(tmp_path, "record") as session:
        say(session, server.url)
        say(session, server.url)

    places = [note.partition(": hidden by its name")[0] for note in session.standin_notes]
    assert len(places) == len({*places}) == len(PLANTED)
    assert f"POST {server.url}/login body.password" in places
    assert f"POST {server.url}/e body.appSecret" in places
    assert 'bpmax-sim review --not-secret "POST ' in session.standin_notes[0]


def test_a_project_can_open_a_place(tmp_path: Path, server: Loopback) -> None:
    place = f"POST {server.url}/d body.auth.clientSecret"
    (tmp_path / "pyproject.toml").write_text(f'[tool.bpmax_sim]\nnot_secret = ["{place}"]\n')
    with opened(tmp_path, "record") as session:
        say(session, server.url)
    with opened(tmp_path, "replay") as replay:
        say(replay, server.url)
    with pytest.raises(NoMatchError), opened(tmp_path, "replay") as replay:
        say(replay, server.url, {**PLANTED, "nested": "another-one-7"})

    others = {name: value for name, value in PLANTED.items() if name != "nested"}
    assert PLANTED["nested"] in (tmp_path / "cassettes/net.yaml").read_text(encoding="utf-8")
    assert leaks(folder(tmp_path), others) == []


def test_an_older_recording_keeps_its_meaning(tmp_path: Path, server: Loopback) -> None:
    path = tmp_path / "cassettes/net.yaml"
    place = [f"POST {server.url}/d body.auth.clientSecret"]
    opening = f"[tool.bpmax_sim]\nnot_secret = {json.dumps(place)}\n"
    (tmp_path / "pyproject.toml").write_text(opening)
    with opened(tmp_path, "record") as session:
        httpx_send(session, server.url, PLANTED["nested"])
    cassette = Cassette.load(path)
    old = [cassette.get_entry_with_head_defaults(n).with_line(net=0) for n in range(len(cassette))]
    path.write_bytes(dump_entries(old))
    (tmp_path / "pyproject.toml").unlink()

    with opened(tmp_path, "replay") as replay:
        httpx_send(replay, server.url, PLANTED["nested"])
    with opened(tmp_path, "record", record="rewrite") as session:
        httpx_send(session, server.url, PLANTED["nested"])

    assert Cassette.load(path).get_secret_name_rules_version("客户端") == VERSION
    assert leaks(folder(tmp_path), PLANTED) == []


def httpx_send(session: Session, url: str, secret: str) -> None:
    with httpx.Client(transport=httpx_transport(session), base_url=url) as client:
        client.post("/d", json={"auth": {"clientSecret": secret}})


@pytest.mark.parametrize(
    "word", ["changeme", "20260302", "production"], ids=["word", "number", "place"]
)
def test_a_common_word_is_hidden_at_its_own_place_only(
    tmp_path: Path, server: Loopback, word: str
) -> None:
    def talk(session: Session) -> None:
        with httpx.Client(transport=httpx_transport(session), base_url=server.url) as client:
            client.post("/d", json={"type": word, "password": word})
            client.post(f"/e?secret={word}&kind={word}", data={"passwd": word, "note": word})

    with opened(tmp_path, "record") as session:
        talk(session)
    with opened(tmp_path, "replay") as replay:
        talk(replay)

    text = (tmp_path / "cassettes/net.yaml").read_text(encoding="utf-8")
    assert f"kind={word}" in text
    assert f"note={word}" in text
    assert not re.search(rf"""(?:secret|passwd|password)[":=\\]+{word}""", text)


CHINESE = {
    "form": "%E5%AF%86%E7%A0%81={}&%E5%A4%87%E6%B3%A8={}",
    "form in GBK": "%C3%DC%C2%EB={}&%B1%B8%D7%A2={}",
    "form in GBK, in small letters": "%c3%dc%c2%eb={}&%b1%b8%d7%a2={}",
    "plain form": "密码={}&备注={}",
    "json": '{{"密码":"{}","备注":"{}"}}',
    "json of Python": '{{"\\u5bc6\\u7801": "{}", "\\u5907\\u6ce8": "{}"}}',
    "address": '{{"a":"/x?%E5%AF%86%E7%A0%81={}&b={}"}}',
    "address in JSON of Python": '{{"a":"/x?\\u5bc6\\u7801={}&b={}"}}',
}


@pytest.mark.parametrize("body", CHINESE.values(), ids=CHINESE)
@pytest.mark.parametrize(
    "secret", ["changeme", "20260302", "k3y-9f2zQ"], ids=["word", "number", "key"]
)
def test_a_chinese_name_is_known_however_it_is_written(
    tmp_path: Path, body: str, secret: str
) -> None:
    other = "k3y" if secret.startswith("k3y") else secret
    text = body.format(secret, other)

    def serve(request: Request) -> Response:
        return Response(status=200, headers=(("content-type", "text/plain"),), body=text.encode())

    def talk(session: Session) -> str:
        media = "application/json" if text[0] == "{" else "application/x-www-form-urlencoded"
        with httpx.Client(transport=httpx_transport(session)) as client:
            url = "https://crm.example.test/d"
            return client.post(url, content=text, headers={"content-type": media}).text

    with opened(tmp_path, "record", transport=serve) as session:
        talk(session)
    with opened(tmp_path, "replay") as replay:
        shown = talk(replay)

    before, after = body.split("{}", 1)
    assert shown.startswith(before.format()), shown
    assert shown.endswith(after.format(other)), shown
    standin = shown.removeprefix(before.format()).removesuffix(after.format(other))
    assert re.fullmatch(r"redacted\.http\.any\.[\w-]+\.1", standin), shown
    recorded = (tmp_path / "cassettes/net.yaml").read_text(encoding="utf-8")
    assert recorded.count(standin) == len(re.findall(r"redacted\.[\w.-]+", recorded))


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("application/json", '{"password" : "changeme", "note" : "changeme"}'),
        ("application/json", '{\n\t"note": "changeme",\n\t"password":\n\t\t"changeme"\n}\n'),
        (
            "application/json",
            '{"a": "{\\"password\\" : \\"changeme\\", \\"b\\" : \\"changeme\\"}"}',
        ),
        ("text/xml", '<r><password type="x">changeme</password><b>changeme</b></r>'),
        ("text/xml", "<r password = 'changeme' b = 'changeme'/>"),
        ("text/html", '<input name="b" value="changeme"><input name="password" value="changeme">'),
        ("text/html", "<input name=b value=changeme><input value=changeme name=password>"),
        (
            "multipart/form-data; boundary=x",
            (
                '--x\r\nContent-Disposition: form-data; name="password"\r\n'
                "Content-Type: text/plain\r\n\r\nchangeme\r\n"
                '--x\r\nContent-Disposition: form-data; name="b"\r\n\r\nchangeme\r\n--x--\r\n'
            ),
        ),
    ],
    ids=["Jackson", "indented", "nested", "element", "attribute", "field", "bare field", "part"],
)
def test_a_common_word_is_hidden_however_a_body_is_laid_out(
    tmp_path: Path, media: str, body: str
) -> None:
    def serve(request: Request) -> Response:
        return Response(status=200, headers=(("content-type", media),), body=body.encode())

    def talk(session: Session, text: str) -> str:
        with httpx.Client(transport=httpx_transport(session)) as client:
            headers = {"content-type": media}
            url = "https://crm.example.test/d"
            return client.post(url, content=text, headers=headers).text

    with opened(tmp_path, "record", transport=serve) as session:
        talk(session, body)
    with opened(tmp_path, "replay") as replay:
        shown = talk(replay, body)

    assert re.sub(r"redacted\.http\.any\.(?:sent-)?password\.1", "changeme", shown, count=1) == body
    assert shown.count("changeme") == 1
    recorded = (tmp_path / "cassettes/net.yaml").read_text(encoding="utf-8")
    assert recorded.count("changeme") == 3, recorded  # the other one: sent, compared and received


@pytest.mark.parametrize(
    "headers",
    [
        {"Referer": "https://a.test/?a=1&token={}"}, {"X-Callback": "/#access_token={}&b=1"},
        {"Link": '<https://a.test/p?n=2&sign={}>; rel="next"'}, {"X-Zu": "/a?%C3%DC%C2%EB={}"},
        {"Refresh": "3; url=/a?token={}"}, {"X-Context": '{{"user":{{"password":"{}"}}}}'},
        {"Location": "/a?b=1#token={}"}, {"Content-Location": "/a?%E5%8F%A3%E4%BB%A4={}"},
    ],
)  # fmt: skip
def test_an_address_in_a_header_is_looked_into(tmp_path: Path, headers: dict[str, str]) -> None:
    def fill(secret: str) -> list[tuple[bytes, bytes]]:
        return [(name.encode(), value.format(secret).encode()) for name, value in headers.items()]

    def serve(request: Request) -> Response:
        pairs = [(name.decode(), value.decode()) for name, value in fill("k3y-9f2zQ-got")]
        return Response(status=200, headers=tuple(pairs), body=b"changeme")

    def talk(session: Session) -> None:
        with httpx.Client(transport=httpx_transport(session)) as client:
            client.get("https://crm.example.test/d", headers=fill("k3y-9f2zQ-sent"))
            client.get("https://crm.example.test/e?word=changeme", headers=fill("changeme"))

    with opened(tmp_path, "record", transport=serve) as session:
        talk(session)
    with opened(tmp_path, "replay") as replay:
        talk(replay)

    sent = {"got": "k3y-9f2zQ-got", "sent": "k3y-9f2zQ-sent"}
    assert leaks(folder(tmp_path / "cassettes"), sent) == []
    text = (tmp_path / "cassettes/net.yaml").read_text(encoding="utf-8")
    assert "?word=changeme" in text
    assert [
        line
        for line in text.splitlines()
        if "changeme" in line and any(map(line.__contains__, headers))
    ] == []


@pytest.mark.parametrize(
    "name",
    [
        *("password", "userPwd", "client_secret", "appsecret", "access_token", "refreshToken"),
        *("api_key", "apikey", "X-API-KEY", "authorization", "sign", "signature", "csrf", "otp"),
        *("code_verifier", "用户密码", "SAMLResponse", "token2"),
        *("PASSWORD", "db_pass", "x-db-pass", "myApiKey", "newPasswordConfirm", "password_2"),
        *("password_again_text", "x_request_verification_token", "pageSecret", "令牌"),
        *("a" * 71 + "_password", "pass", "auth", "x__sign", "Set-Cookie", "cookie1"),
    ],
)
def test_these_names_hold_secrets(name: str) -> None:
    assert is_secret_name(name)
    assert is_secret_value(name, "ab-cdef")
    assert not is_secret_value(name, "ab-cd")


@pytest.mark.parametrize(
    "name",
    [*REFUSED, "boundary", "if-none-match", "nextPageToken", "userId", "prompt_tokens", "key",
     "signature_method", "call_sign", "passport", "secretary", "session_count", "", "_", "7",
     "confirm", "confirmation_2", "密码提示", "a" * 72 + "_password", "my_auth", "bypass",
     "last_token", "idempotency_token", "my_session", "verification", "api"],
)  # fmt: skip
def test_these_names_hold_none(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("name", "text", "secret"),
    [
        ("token", "abcde", False),
        ("token", "abcdef", True),
        ("token", "", False),
        ("token", "ab cdef", False),
        ("token", "密码abcdef", False),
        ("token", "http://a.test/x", False),
        ("token", "https://a.test/x", False),
        ("token", "ftp://a.test/x", True),
        ("token", "redacted.a.b.c.1", False),
        ("token", "x redacted.a", False),
        ("password", "ab cdef", True),
        ("password", "我的密码是一", True),
        ("password", "password", False),
        ("password", "PassWord", False),
        ("userPwd", "a b c d", True),
        ("USER_PWD", "user_pwd", False),
        ("用户密码", "一二三四五 六", True),
        ("用户密码", "用户密码", False),
        ("password", "https://a.test/x", True),
    ],
)
def test_a_value_is_a_secret_from_six_characters_on(name: str, text: str, *, secret: bool) -> None:
    assert is_secret_value(name, text) == secret


@pytest.mark.parametrize(
    ("text", "distinctive"),
    [
        ("production", False),
        ("abcdefghijklmno", False),
        ("abcdefghijklmnop", True),
        ("12:30/7-2.5", False),
        ("123456789012345", False),
        ("1234567890123456", True),
        ("abc1", True),
        ("a b", True),
        ("密码", True),
        ("", True),
    ],
)
def test_a_plain_word_or_number_is_hidden_in_its_place_only(
    text: str, *, distinctive: bool
) -> None:
    assert is_redactable_everywhere(text) == distinctive


@pytest.mark.parametrize(
    ("data", "may"),
    [
        (b"", False),
        (b"{}", False),
        (b'{"PASSWORD":1}', True),
        (b"sig=1", True),
        (b"design=1", True),
        (b"sig", True),
        (b"sig2=1", True),
        (b"sigValue=1", True),
        (b"x" * 4095 + b"token", True),
        (b"x" * (4096 + 65535) + b"token", True),
        (b"x" * 200_000 + b"otp", True),
        (b"x" * 200_000, False),
        ("{'密码': 1}".encode(), True),
        ("{'密码': 1}".encode("gb18030"), True),
        (b'{"\\u5BC6": 1}', True),
    ],
)
def test_a_quick_look_misses_no_name(data: bytes, *, may: bool) -> None:
    assert may_name_secret(data) == may


@pytest.mark.parametrize(
    "page",
    [
        '<meta name="csrf-token" content="k3y-9f2zQ">',
        '<input name="csrf-token" value="k3y-9f2zQ">',
        '<INPUT VALUE="k3y-9f2zQ" NAME="csrf-token" content="other">',
        "<r><csrf-token>k3y-9f2zQ</csrf-token></r>",
        "<meta name=csrf-token content=k3y-9f2zQ>",
        "<input type=hidden name=_csrf value=k3y-9f2zQ/>",
        "<input value = k3y-9f2zQ name='_csrf'\n>",
        "<input title='a name=x value=y' name=_csrf value=k3y-9f2zQ checked>",
        "<div data-csrf-token=k3y-9f2zQ hidden>",
        "<script src=/app.js?token=k3y-9f2zQ></script>",
    ],
)
def test_a_page_says_a_name_and_its_value_in_these_ways(page: str) -> None:
    headers = (("content-type", "text/html"),)

    found = find_secret_members(parse_message_parts(headers, page.encode(), ()))

    assert "k3y-9f2zQ" in [one.text for one in found]


@pytest.mark.parametrize(
    ("page", "members"),
    [
        ("<input name=_csrf value=YWJjZA==>", {"_csrf": "YWJjZA==", "name": "_csrf"}),
        ("<img alt='it is' src=a.png>", {"alt": "it is", "src": "a.png"}),
        ('<a title="x y=z" b>', {"title": "x y=z"}),
        ("<a href=https://a.test/b/?c=d&amp;e=f/>", {"href": "https://a.test/b/?c=d&e=f"}),
    ],
)
def test_attributes_are_read_with_and_without_quotes(page: str, members: dict[str, str]) -> None:
    body = parse_message_parts((("content-type", "text/html"),), page.encode(), ())["body"]

    assert members.items() <= body.items()
    assert "y" not in body
