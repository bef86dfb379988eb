"""Clients that log in by themselves: recorded at a test system, replayed with nothing set.

The third party is a homeserver that a vendor's client would talk to: a login, paths full of
``@!:`` and a token that nobody declared as a value.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import aiohttp
import httpx
import pytest
import requests

from bpmax_sim.errors import NoMatchError
from bpmax_sim.server import ReplayServer, run_server
from bpmax_sim.session.session import Session
from bpmax_sim.transport.adapters import httpx_transport
from tests.leaks import folder, leaks
from tests.loopback import Loopback, answer_json, loopback

DECLARED = "https://matrix.example.test"
PASSWORD = "kT8-geheim-kennwort"
TOKEN = "syt_bGlzaQ_tokenOfTheServer_0x1"
PLATFORM = """\
platform_key: matrix
base_url: https://matrix.example.test
credentials: {user: {secret: false}, password: {secret: true}}
response: {ok: {status: [200]}, code: [$.errcode], message: [$.error]}
auth:
  acquire:
    steps:
      - request:
          path: /login
          body: {type: m.login.password, user: "{{ user }}", password: "{{ password }}"}
        extract: {token: {path: $.access_token, secret: true}}
  apply: [{in: header, name: Authorization, value: "Bearer {{ token }}"}]
apis:
  getProfile: {path: "/profile/{userId}"}
  send: {method: PUT, path: "/rooms/{roomId}/send/{txnId}"}
"""
INSTANCES = """\
- platform: matrix
  instance_key: default
  base_url: {env: MATRIX_URL}
  credentials: {user: {env: MATRIX_USER}, password: {env: MATRIX_PASSWORD}}
"""
Ask = Callable[[str, str], list[Any]]


def homeserver(raw: bytes) -> bytes:
    head, _, body = raw.partition(b"\r\n\r\n")
    method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
    if target == "/login":
        said = json.loads(body)
        if said["password"] != PASSWORD:
            return answer_json('{"errcode":"M_FORBIDDEN"}', status="403 Forbidden")
        told = {"user_id": f"@{said['user']}:localhost", "access_token": TOKEN, "device_id": "甲"}
        return answer_json(json.dumps(told))
    if TOKEN.encode() not in head:
        return answer_json('{"errcode":"M_MISSING_TOKEN"}', status="401 Unauthorized")
    return answer_json(json.dumps({"asked": f"{method} {unquote(target)}", "名": "李四"}))


@pytest.fixture(name="server")
def running() -> Iterator[Loopback]:
    with loopback(homeserver) as server:
        yield server


@pytest.fixture(name="root")
def project(tmp_path: Path) -> Path:
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/matrix.yaml").write_text(PLATFORM, encoding="utf-8")
    (tmp_path / "instances.yaml").write_text(INSTANCES, encoding="utf-8")
    return tmp_path


def opened(root: Path, environ: Mapping[str, str] | None = None, **options: Any) -> Session:
    return Session.open(
        root / "platforms",
        cassette=root / "cassettes/sdk.yaml",
        owner="客户端",
        mode="record" if environ else "replay",
        environ=environ or {},
        **options,
    )


def environment(server: Loopback) -> dict[str, str]:
    return {"MATRIX_URL": server.url, "MATRIX_USER": "lisi", "MATRIX_PASSWORD": PASSWORD}


def with_requests(base: str, password: str) -> list[Any]:
    client = requests.Session()
    login = {"type": "m.login.password", "user": "lisi", "password": password, "device": "requests"}
    granted = client.post(f"{base}/login", json=login).json()
    client.headers["Authorization"] = f"Bearer {granted.get('access_token')}"
    user = quote(granted.get("user_id", ""), safe="")
    answers = [
        client.get(f"{base}/profile/{user}").json(),
        client.put(f"{base}/rooms/!r:localhost/send/1", json={"body": "你好"}).json(),
        client.get(f"{base}/undeclared?x=1").json(),
    ]
    return [granted.get("user_id"), *answers]


def with_aiohttp(base: str, password: str) -> list[Any]:
    async def ask() -> list[Any]:
        async with aiohttp.ClientSession() as client:
            login = {"type": "m.login.password", "user": "lisi", "password": password}
            async with client.post(f"{base}/login", json=login) as got:
                granted = await got.json()
            client.headers["Authorization"] = f"Bearer {granted.get('access_token')}"
            answers = []
            for method, path, body in (
                ("GET", f"/profile/{granted.get('user_id')}", None),
                ("PUT", "/rooms/!r:localhost/send/1", {"body": "你好"}),
                ("GET", "/undeclared?x=1", None),
            ):
                async with client.request(method, base + path, json=body) as got:
                    answers.append(await got.json())
        return [granted.get("user_id"), *answers]

    return asyncio.run(ask())


EXPECTED = [
    "@lisi:localhost",
    {"asked": "GET /profile/@lisi:localhost", "名": "李四"},
    {"asked": "PUT /rooms/!r:localhost/send/1", "名": "李四"},
    {"asked": "GET /undeclared?x=1", "名": "李四"},
]


@pytest.mark.parametrize("ask", [with_requests, with_aiohttp])
@pytest.mark.parametrize("address", ["instance", "declared"])
@pytest.mark.parametrize("replayed_at", ["instance", "declared"])
def test_a_client_that_logs_in_is_recorded_and_replayed_without_any_variable(
    root: Path, server: Loopback, ask: Ask, address: str, replayed_at: str
) -> None:
    base = server.url if address == "instance" else DECLARED
    with opened(root, environment(server)) as session, session.listen():
        recorded = ask(base, PASSWORD)
    asked = len(server.received)
    with opened(root) as session, session.listen():
        base = server.url if replayed_at == "instance" else DECLARED
        replayed = ask(base, "nobody-knows-it")
        calls = [(call.name, call.is_login) for call in session.calls]

    assert recorded == replayed == EXPECTED
    assert (asked, len(server.received)) == (4, 4)
    assert calls == [
        ("matrix.$token", True),
        ("matrix.getProfile", False),
        ("matrix.send", False),
        ("matrix.example.test.GET", False),
    ]
    assert leaks(folder(root / "cassettes"), {"password": PASSWORD, "token": TOKEN}) == []
    assert server.url.encode() not in b"".join(
        path.read_bytes() for path in (root / "cassettes").rglob("*.yaml")
    )


@pytest.mark.parametrize("ask", [with_requests, with_aiohttp])
def test_one_client_replays_what_another_one_recorded(
    root: Path, server: Loopback, ask: Ask
) -> None:
    other = with_aiohttp if ask is with_requests else with_requests
    with opened(root, environment(server)) as session, session.listen():
        recorded = other(server.url, PASSWORD)
    with opened(root) as session, session.listen():
        assert ask(DECLARED, "x") == recorded == EXPECTED


@pytest.mark.parametrize("variable", ["MATRIX_URL", "MATRIX_TEST_URL"])
def test_a_miss_at_a_test_address_says_where_it_was_looked_for(
    root: Path, server: Loopback, variable: str
) -> None:
    if variable == "MATRIX_URL":
        (root / "instances.yaml").unlink()  # the variable is that of the convention
    else:
        instances = INSTANCES.replace("MATRIX_URL", variable)
        (root / "instances.yaml").write_text(instances, encoding="utf-8")
    environ = environment(server) | {variable: server.url}
    with opened(root, environ) as session, session.listen():
        with_requests(server.url, PASSWORD)
    with (
        pytest.raises(NoMatchError) as raised,
        opened(root, unused="ignore") as session,
        httpx.Client(transport=httpx_transport(session)) as client,
    ):
        client.get(f"{server.url}/profile/@wangwu:localhost")

    told = str(raised.value)
    assert f"address   {server.url} is no address of a platform; matrix is recorded under" in told
    assert f"{DECLARED}, and has nothing like this there" in told
    assert f"test at   {variable}={server.url}, set while it is recorded" in told


def test_a_miss_at_an_unknown_path_says_what_is_recorded(root: Path, server: Loopback) -> None:
    with opened(root, environment(server)) as session, session.listen():
        with_requests(server.url, PASSWORD)
    with (
        pytest.raises(NoMatchError) as raised,
        opened(root, unused="ignore") as session,
        httpx.Client(transport=httpx_transport(session)) as client,
    ):
        client.get(f"{server.url}/nirgends")

    assert f"recordings are stored under {DECLARED} (matrix)" in str(raised.value)


def test_a_builder_and_a_client_share_login_and_calls(root: Path, server: Loopback) -> None:
    with opened(root, environment(server)) as session:
        built = session.proxy("matrix").getProfile("@lisi:localhost")
    with opened(root) as session, httpx.Client(transport=httpx_transport(session)) as client:
        login = client.post(f"{DECLARED}/login", json={"user": "wer", "password": "auch immer"})
        found = client.get(f"{DECLARED}/profile/@lisi:localhost")

    assert login.json() == {
        "user_id": "@lisi:localhost",
        "access_token": "redacted.matrix.default.token.1",
        "device_id": "甲",
    }
    assert found.json() == built


def test_a_builder_replays_with_the_login_of_a_client(root: Path, server: Loopback) -> None:
    with opened(root, environment(server)) as session, session.listen():
        with_requests(server.url, PASSWORD)
    with opened(root, unused="ignore") as session:
        built = session.proxy("matrix").getProfile("@lisi:localhost")

    assert built == EXPECTED[1]


def test_a_refused_login_does_not_answer_a_right_one(root: Path, server: Loopback) -> None:
    with (
        opened(root, environment(server)) as session,
        httpx.Client(base_url=DECLARED, transport=httpx_transport(session)) as client,
    ):
        login = {"type": "m.login.password", "user": "lisi", "password": "falsch-falsch"}
        refused = client.post("/login", json=login)
        granted = client.post("/login", json=login | {"password": PASSWORD})
    with (
        opened(root) as session,
        httpx.Client(base_url=DECLARED, transport=httpx_transport(session)) as client,
    ):
        again = client.post("/login", json={"user": "wang", "password": "egal-was"})

    assert (refused.status_code, granted.status_code) == (403, 200)
    assert again.json()["user_id"] == "@lisi:localhost"


def test_a_login_that_nobody_recorded_is_synthesised(root: Path, server: Loopback) -> None:
    with opened(root, environment(server)) as session:
        session.proxy("matrix").getProfile("@lisi:localhost")
    (root / "cassettes/auth/matrix.default.yaml").unlink()
    with (
        opened(root, unused="ignore") as session,
        httpx.Client(base_url=DECLARED, transport=httpx_transport(session)) as client,
    ):
        granted = client.post("/login", json={"user": "wang", "password": "egal-was"})

    assert granted.json()["access_token"] == "redacted.matrix.default.token.1"


def test_a_server_of_recordings_answers_a_client_that_escapes_otherwise(
    root: Path, server: Loopback
) -> None:
    with opened(root, environment(server)) as session, session.listen():
        with_requests(server.url, PASSWORD)
    recordings = ReplayServer(
        [root / "cassettes/sdk.yaml"], platforms=root / "platforms", environ={}
    )
    with run_server(recordings.handle) as url:
        got = with_aiohttp(url, "what ever")
        missed = requests.get(f"{url}/profile/@wang:localhost", timeout=5)

    assert got == EXPECTED
    assert missed.status_code == 501
    assert "@wang%3Alocalhost" in missed.text or "%40wang%3Alocalhost" in missed.text
    assert "matrix.getProfile" in missed.json()["message"]


def test_a_client_that_carries_a_content_type_without_a_body_says_the_same(
    root: Path, server: Loopback
) -> None:
    with opened(root, environment(server)) as session:
        built = session.proxy("matrix").getProfile("甲")
    with opened(root) as session, httpx.Client(transport=httpx_transport(session)) as client:
        headers = {"Content-Type": "application/json"}
        found = client.get(f"{DECLARED}/profile/甲", headers=headers)

    assert found.json() == built


def test_a_miss_is_about_the_call_and_no_login_is_missed(root: Path, server: Loopback) -> None:
    with opened(root, environment(server)) as session, session.listen():
        with_requests(server.url, PASSWORD)
    session = opened(root)
    with httpx.Client(base_url=DECLARED, transport=httpx_transport(session)) as client:
        client.post("/login", json={"user": "a", "password": "b"})
        with pytest.raises(NoMatchError) as caught:
            client.get("/profile/@wang:localhost")
    with pytest.raises(NoMatchError):
        session.close()

    assert "matrix.getProfile is not recorded like this" in str(caught.value)
    assert [one.api for one in session.misses] == ["getProfile"]
