"""Credentials of headers, bodies and addresses that nobody declares, beside ordinary words.

Each test records with a client of Python against a server in this process, and replays.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
import requests
import urllib3

from bpmax_sim.errors import UnrecordedWarning
from bpmax_sim.messages import Request, Response
from bpmax_sim.session.session import Session
from bpmax_sim.transport.adapters import httpx_transport
from tests.leaks import folder, leaks
from tests.loopback import Loopback, answer_json, loopback

Ask = Callable[[str, Mapping[str, Any]], Any]


def opened(root: Path, mode: Literal["record", "replay"] = "replay", **options: Any) -> Session:
    path = root / "cassettes/a.yaml"
    return Session.open(None, cassette=path, owner="客户端", mode=mode, allow_ci=True, **options)


def encode(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def answer(raw: bytes) -> bytes:
    """Answer as the request's header ``x-answer`` says, or with the request's own body."""
    head, _, body = raw.partition(b"\r\n\r\n")
    found = re.search(r"(?i)\r\nx-answer: (\S+)", head.decode())
    if found is None:
        return answer_json(json.dumps({"body": body.decode()}))
    line, told = json.loads(base64.b64decode(found[1]))
    return answer_json(json.dumps(told, ensure_ascii=False), headers=f"{line}\r\n" if line else "")


@pytest.fixture(name="server", scope="module")
def running() -> Iterator[Loopback]:
    with loopback(answer) as server:
        yield server


def told(body: Any, line: str = "") -> dict[str, str]:
    """Return a header that makes the server answer with *body* and the header *line*.

    It is encoded, so that no name in it is taken for that of a member.
    """
    return {"x-answer": base64.b64encode(json.dumps([line, body]).encode()).decode()}


def with_requests(method: str, url: str, **options: Any) -> Any:
    return requests.request(method, url, **options).json()


def with_httpx(method: str, url: str, **options: Any) -> Any:
    return httpx.request(method, url, **options).json()


def with_urllib3(method: str, url: str, **options: Any) -> Any:
    if "json" in options:
        options["body"] = json.dumps(options.pop("json")).encode()
    with urllib3.PoolManager() as pool:
        return pool.request(method, url, **options).json()


def record_and_replay(root: Path, ask: Callable[[], Any]) -> tuple[Any, Any]:
    with opened(root, "record") as session, session.listen():
        recorded = ask()
    with opened(root) as session, session.listen():
        return recorded, ask()


SETTINGS = {
    "theme": "default", "tz": "Asia/Shanghai", "lang": "zh-Hans", "region": "cn-north-1",
    "seen": "2026-03-02", "place": "Asia%2FShanghai", "page": "100000",
}  # fmt: skip
ORDINARY = {
    "mode": "default", "label": "by default", "default_price": 1, "时区": "Asia/Shanghai",
    "语言": "zh-Hans", "区域": "cn-north-1", "日期": "2026-03-02", "amount": "100000.00",
    "id": 1000001, "media": "application/json",
}  # fmt: skip


@pytest.mark.parametrize("client", [with_requests, with_httpx, with_urllib3])
def test_an_ordinary_word_in_a_cookie_is_hidden_in_the_cookie_alone(
    tmp_path: Path, server: Loopback, client: Callable[..., Any]
) -> None:
    pairs = [f"{name}={value}" for name, value in SETTINGS.items()]

    def ask() -> list[Any]:
        return [
            *[client("GET", f"{server.url}/a", headers=told(ORDINARY, f"Set-Cookie: {pair}"))
              for pair in pairs],
            *[client("GET", f"{server.url}/b?{pair}", headers={"Cookie": pair, **told(ORDINARY)})
              for pair in pairs],
            client("POST", f"{server.url}/c", json=ORDINARY)["body"],
        ]  # fmt: skip

    recorded, replayed = record_and_replay(tmp_path, ask)

    assert replayed == recorded
    assert recorded[0] == ORDINARY
    text = (tmp_path / "cassettes/a.yaml").read_text(encoding="utf-8")
    for number, pair in enumerate(pairs, 1):
        name = pair.partition("=")[0]
        assert f'["{name}=redacted.http.any.cookie-{name}.1"]' in text
        assert f'ookie: ["redacted.http.any.script-cookie.{number}"]' in text
        assert f"/b?{pair}" in text


@pytest.mark.parametrize(
    ("name", "word", "shown"),
    [
        ("X-Token", "100000", "redacted.http.any.sent-x-token.1"),
        ("X-Api-Key", "application", "redacted.http.any.sent-x-api-key.1"),
        ("X-Access-Token", "default", "redacted.http.any.sent-x-access-token.1"),
        ("X-Token", "Bearer default", "Bearer redacted.http.any.sent-x-token.1"),
        ("Authorization", "Bearer default", "Bearer redacted.http.any.script-authorization.1"),
        ("Authorization", "100000", "redacted.http.any.script-authorization.1"),
    ],
    ids=["number", "media type", "setting", "scheme", "bearer", "bare"],
)
def test_an_ordinary_word_in_a_header_is_hidden_in_the_header_alone(
    tmp_path: Path, server: Loopback, name: str, word: str, shown: str
) -> None:
    client = with_urllib3
    echo = {**ORDINARY, "headers": {name: word}, "text": f"{name}: {word}"}

    def ask() -> list[Any]:
        return [
            client("GET", f"{server.url}/a", headers={name: word, **told(echo)}),
            client("POST", f"{server.url}/b", json=ORDINARY, headers={name: word}),
        ]

    recorded, replayed = record_and_replay(tmp_path, ask)

    assert {**replayed[0], "headers": 0, "text": 0} == {**recorded[0], "headers": 0, "text": 0}
    assert replayed[1] == recorded[1]
    text = (tmp_path / "cassettes/a.yaml").read_text(encoding="utf-8")
    assert text.count(f'{name}: ["{shown}"]') == 2
    if name != "Authorization":
        assert replayed[0]["headers"] == {name: shown}
        assert replayed[0]["text"] == f"{name}: {shown}"


def test_a_word_of_a_cookie_may_stand_in_the_name_of_the_test(
    tmp_path: Path, server: Loopback
) -> None:
    options: dict[str, Any] = {"cassette": tmp_path / "cassettes/default.yaml"}
    names = {"owner": "tests/test_a.py::test_cookie_default", "allow_ci": True, **options}
    headers = {"Cookie": "theme=default", **told({}, "Set-Cookie: mode=default")}
    for mode in ("record", "replay"):
        with Session.open(None, mode=mode, **names) as session, session.listen():
            requests.get(server.url, headers=headers)

    assert b"test_cookie_default" in options["cassette"].read_bytes()


PARTS: list[tuple[dict[str, str], str]] = [
    ({"Authorization": encode("zs", "Bas1cPw4711xy")}, "Bas1cPw4711xy"),
    ({"Authorization": encode("张三", "密码Pw-4711")}, "密码Pw-4711"),
    ({"Authorization": encode("sk_live_4711abcd", "")}, "sk_live_4711abcd"),
    ({"Authorization": encode("zs", "a:b-4711xy")}, "a:b-4711xy"),
    ({"Proxy-Authorization": encode("zs", "Pr0xyPw4711")}, "Pr0xyPw4711"),
    ({"Cookie": "sid=C00kieVal4711; lang=zh"}, "C00kieVal4711"),
    ({"Cookie": "lang=zh; rem=a%2Fb%2B4711xyz"}, "a/b+4711xyz"),
    ({"Cookie": "token=Pr0bably-secret"}, "Pr0bably-secret"),
    ({"Authorization": "Bearer t0ken-4711"}, "t0ken-4711"),
]


@pytest.mark.parametrize("client", [with_requests, with_httpx, with_urllib3])
def test_a_part_of_a_credential_is_hidden_where_the_server_repeats_it(
    tmp_path: Path, server: Loopback, client: Callable[..., Any]
) -> None:
    def ask() -> list[str]:
        bodies = [{"error": f"login of zs with {secret} failed"} for _, secret in PARTS]
        return [
            client("GET", server.url, headers={**headers, **told(body)})["error"]
            for (headers, _), body in zip(PARTS, bodies, strict=True)
        ]

    recorded, replayed = record_and_replay(tmp_path, ask)

    for text, shown, (_, secret) in zip(recorded, replayed, PARTS, strict=True):
        assert secret in text
        assert shown.startswith("login of zs with redacted.http.any.")
        assert shown.endswith(" failed")
    secrets = {secret: secret for _, secret in PARTS}
    assert leaks(folder(tmp_path / "cassettes"), secrets) == []


def test_a_password_that_is_a_word_is_hidden_beside_its_user_alone(
    tmp_path: Path, server: Loopback
) -> None:
    def ask() -> Any:
        body = {"pair": "zs:production", "mode": "production"}
        headers = {"Authorization": encode("zs", "production"), **told(body)}
        return requests.get(f"{server.url}/who", headers=headers).json()

    recorded, replayed = record_and_replay(tmp_path, ask)

    assert replayed == recorded | {"pair": "zs:redacted.http.any.basic-password.1"}


BODIES: Mapping[str, Any] = {
    "B0dyBearer4711": {"headers": {"Authorization": "Bearer B0dyBearer4711"}},
    "InB0dyBas1c": {"headers": {"Proxy-Authorization": encode("u", "InB0dyBas1c")}},
    "83359fd73fe94948": {"Authorization": "APPCODE 83359fd73fe94948"},
    "aaaa-bbbb-4711": {"token": "Bearer aaaa-bbbb-4711"},
    "F0rmInText7": {"data": "user=zs&token=F0rmInText7&x=1"},
    "CamelPassW0rd9": {"userName": "zs", "passWord": "CamelPassW0rd9"},
    "ap1-secret-4711": {"apisecret": "ap1-secret-4711"},
    "s1gn-key-4711": {"signKey": "s1gn-key-4711"},
    "abcdefghij4711": {"encodingAESKey": "abcdefghij4711"},
}


@pytest.mark.parametrize("client", [with_requests, with_httpx, with_urllib3])
def test_a_credential_in_a_body_is_hidden_without_its_scheme(
    tmp_path: Path, server: Loopback, client: Callable[..., Any]
) -> None:
    def ask(bodies: Iterable[Any]) -> list[Any]:
        return [json.loads(client("POST", server.url, json=body)["body"]) for body in bodies]

    with opened(tmp_path, "record") as session, session.listen():
        assert ask(BODIES.values()) == [*BODIES.values()]
        answers = [client("GET", server.url, headers=told(body)) for body in BODIES.values()]
    # whoever replays has other secrets
    others = [
        json.loads(json.dumps(body).replace(secret, f"other-secret-{number}"))
        for number, (secret, body) in enumerate(BODIES.items())
    ]
    others[1] = {"headers": {"Proxy-Authorization": encode("u", "other-secret-1")}}
    with opened(tmp_path, unused="ignore") as session, session.listen():
        replayed = ask(others)

    assert answers == [*BODIES.values()]
    assert str(replayed).count("redacted.http.any.sent-") == len(BODIES)
    secrets = {secret: secret for secret in BODIES}
    assert leaks(folder(tmp_path / "cassettes"), secrets) == []


@pytest.mark.parametrize(
    ("line", "secret", "shown"),
    [
        ("Authorization: Bearer L6-Head3rTok", "L6-Head3rTok",
         "Bearer redacted.http.any.authorization.1"),
        ("Authorization: L6-Head3rTok", "L6-Head3rTok", "redacted.http.any.authorization.1"),
        ("X-Auth: L6-Head3rTok", "L6-Head3rTok", "redacted.http.any.x-auth.1"),
        ("X-Debug: password=Deb5gPw99&x=1", "Deb5gPw99",
         "password=redacted.http.any.password.1&x=1"),
        ("X-Access-Token: Bearer default", "", "Bearer redacted.http.any.x-access-token.1"),
        ("X-Mode: mode=default&lang=zh-Hans", "", "mode=default&lang=zh-Hans"),
        ("Cache-Control: max-age=31536000", "", "max-age=31536000"),
    ],
    ids=["bearer", "bare", "auth", "form", "word", "settings", "cache"],
)  # fmt: skip
def test_a_header_of_a_response_is_hidden_by_its_name(
    tmp_path: Path, server: Loopback, line: str, secret: str, shown: str
) -> None:
    name = line.partition(":")[0]

    def ask() -> str:
        headers = told(ORDINARY, line)
        response = requests.get(server.url, headers=headers)
        assert response.json() == ORDINARY
        return response.headers[name]

    recorded, replayed = record_and_replay(tmp_path, ask)

    assert (recorded, replayed) == (line.partition(": ")[2], shown)
    assert leaks(folder(tmp_path / "cassettes"), {"secret": secret} if secret else {}) == []


@pytest.mark.parametrize("door", ["client", "transport"])
def test_a_secret_of_a_failed_request_is_known(tmp_path: Path, door: str) -> None:
    """The client's error shows the address; it is printed, and hidden in what is printed."""
    address = "http://zs:Us3rInf0Pw77@127.0.0.1:9/x?access_token=C0nnRefusedTok77&mode=default"
    secrets = ("Us3rInf0Pw77", "C0nnRefusedTok77", "C00kieVal4711")
    told = pytest.warns(UnrecordedWarning) if door == "client" else nullcontext()
    with opened(tmp_path, "record") as session:
        with told, session.listen(), httpx.Client(transport=httpx_transport(session)) as client:
            get: Any = requests.get if door == "client" else client.get
            with pytest.raises((requests.ConnectionError, httpx.ConnectError)):
                get(address, headers={"Cookie": "sid=C00kieVal4711; mode=default"})
        printed = session.redact(f"{address} sid=C00kieVal4711")

    assert [secret for secret in secrets if secret in printed] == []
    assert printed.count("default") == 1


CRM = """\
platform_key: crm
base_url: https://crm.example.test
credentials: {user: {secret: false}, password: {secret: true}}
auth:
  acquire:
    steps:
      - request: {method: POST, path: /login, body: {u: "{{ user }}", p: "{{ password }}"}}
        extract: {token: {path: $.token, secret: true}}
      - request: {method: POST, path: /login2, body: {u: "{{ user }}"}}
  apply: [{in: header, name: X-Login, value: "{{ token }}"}]
apis:
  open: {method: POST, path: /open}
  who: {method: POST, path: /who}
"""
INSTANCE = "- {platform: crm, instance_key: test, credentials: {user: 张三, password: {env: PW}}}\n"
JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiI3NyIsImV4cCI6MTkwMDAwMDAwMH0.c2lnbmF0dXJlMQ"


def test_what_a_script_sends_by_itself_is_recorded_and_found(tmp_path: Path) -> None:
    (tmp_path / "crm.yaml").write_text(CRM, encoding="utf-8")
    (tmp_path / "instances.yaml").write_text(INSTANCE, encoding="utf-8")

    def serve(request: Request) -> Response:
        headers = [("content-type", "application/json")]
        body: Any = ORDINARY
        if request.url.endswith("/login"):
            headers += [("set-cookie", "theme=default"), ("set-cookie", "sid=S3rver-sid-11")]
            body = {"token": "l0gin-token-4711"}
        if request.url.endswith("/open"):
            body = {"token": "0pened-token-4711", "authorization": "Bearer 0pened-4711", "jwt": 1,
                    "access_token": JWT}  # fmt: skip
        return Response(status=200, headers=tuple(headers), body=json.dumps(body).encode())

    def ask(session: Session) -> list[Any]:
        crm = session.proxy("crm")

        def who(body: Any, **headers: str) -> Any:
            return crm.api("who").header(headers).body(body).call()

        opened = crm.direct("open")
        return [
            who({"t": opened["token"]}, Authorization=f"Bearer {opened['token']}"),
            who({}, Authorization=opened["authorization"]),
            who({}, Authorization=f"Bearer {opened['access_token']}"),
            who({"mode": "default"}, Authorization="Bearer default", Cookie="lang=zh-Hans"),
            who({"lang": "zh-Hans"}, Authorization=encode("zs", "Bas1cPw4711xy")),
            who({"text": "of zs: Bas1cPw4711xy"}, Cookie="sid=C00kieVal4711; theme=default"),
            who({"text": "of C00kieVal4711"}),
        ]

    options: dict[str, Any] = {
        "instances": tmp_path / "instances.yaml", "cassette": tmp_path / "cassettes/a.yaml",
        "environ": {"PW": "p-Kennwort-99"}, "owner": "客户", "allow_ci": True,
    }  # fmt: skip
    with Session.open(tmp_path / "crm.yaml", mode="record", transport=serve, **options) as session:
        recorded = ask(session)
    with Session.open(tmp_path / "crm.yaml", **options) as session:
        assert ask(session) == recorded == [ORDINARY] * 7

    secrets = ("l0gin-token-4711", "0pened-token-4711", "0pened-4711", JWT, "Bas1cPw4711xy",
               "C00kieVal4711", "S3rver-sid-11", "p-Kennwort-99")  # fmt: skip
    assert leaks(folder(tmp_path / "cassettes"), {secret: secret for secret in secrets}) == []
    text = (tmp_path / "cassettes/a.yaml").read_text(encoding="utf-8")
    assert 'Authorization: ["Bearer redacted.crm.test.token.2"]' in text


def test_an_issued_token_takes_no_number_of_those_that_are_sent(
    tmp_path: Path, server: Loopback
) -> None:
    own = "0wn-token-4711"

    def ask() -> list[Any]:
        issued = requests.get(server.url, headers=told({"token": "issued-token-4711"})).json()
        sent = [(issued["token"], ""), (own, own), ("another-token-99", own)]
        return [
            requests.post(
                server.url, json={"text": text}, headers={"Authorization": f"Bearer {token}"}
            ).json()
            for token, text in sent
        ]

    recorded, replayed = record_and_replay(tmp_path, ask)

    assert recorded[-1] == {"body": json.dumps({"text": own})}
    shown = "redacted.http.any.script-authorization.1"
    assert replayed[-1] == {"body": json.dumps({"text": shown})}
