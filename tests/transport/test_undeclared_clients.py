"""Requests beside $proxy that no platform declares, by real clients: at once, and with credentials.

Each test records against a server in this process, and replays with the same code.
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, unquote

import aiohttp
import httpx
import pytest
import requests
import urllib3

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.errors import UnrecordedWarning
from bpmax_sim.session.session import Session
from bpmax_sim.transport.adapters import httpx_transport
from tests.leaks import folder, leaks
from tests.loopback import Loopback, answer_json, loopback
from tests.proxies import authority


def opened(folder: Path, mode: Literal["record", "replay"] = "replay", **options: Any) -> Session:
    cassette = folder / "cassettes/客户端.yaml"
    return Session.open(cassette=cassette, owner="客户端", mode=mode, environ={}, **options)


def entries(folder: Path) -> list[str]:
    """Return the text of each recorded exchange, in the order of the file."""
    cassette = Cassette.load(folder / "cassettes/客户端.yaml")
    return [entry.text for entry in cassette.entries()]


def record_and_replay(folder: Path, ask: Callable[[], Any]) -> tuple[Any, Any]:
    """Return what *ask* returns while it is recorded, and in replay."""
    with opened(folder, "record") as session, session.listen():
        recorded = ask()
    with opened(folder) as session, session.listen():
        return recorded, ask()


def say_the_path(raw: bytes) -> bytes:
    return answer_json(json.dumps({"path": unquote(raw.split(b" ")[1].decode())}))


@pytest.fixture(name="server")
def running() -> Iterator[Loopback]:
    with loopback(say_the_path) as server:
        yield server


@pytest.fixture(name="tls_server")
def running_with_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    ca = authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(ca.file))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca.file))
    with loopback(say_the_path, ca.server()) as server:
        yield server


def with_urllib(url: str) -> Any:
    with urllib.request.urlopen(url) as answer:
        return json.loads(answer.read())


def with_requests(url: str) -> Any:
    return requests.get(url, timeout=9).json()


def with_urllib3(url: str) -> Any:
    pool = urllib3.PoolManager(ssl_context=ssl.create_default_context())
    return json.loads(pool.request("GET", url).data)


@pytest.mark.parametrize("get", [with_urllib, with_requests, with_urllib3])
@pytest.mark.parametrize("scheme", ["server", "tls_server"])
def test_requests_of_threads_are_all_recorded_and_none_goes_past_the_recording(
    tmp_path: Path, request: pytest.FixtureRequest, scheme: str, get: Callable[[str], Any]
) -> None:
    server: Loopback = request.getfixturevalue(scheme)
    numbers = range(16)

    def ask() -> list[Any]:
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda number: get(f"{server.url}/{number}"), numbers))

    recorded, replayed = record_and_replay(tmp_path, ask)

    assert recorded == replayed == [{"path": f"/{number}"} for number in numbers]
    assert (len(entries(tmp_path)), len(server.received)) == (16, 16)


def test_threads_share_the_connections_of_a_session(tmp_path: Path, server: Loopback) -> None:
    def ask() -> list[Any]:
        with requests.Session() as client, ThreadPoolExecutor(8) as pool:
            paths = [f"{server.url}/{number}" for number in range(24)]
            return list(pool.map(lambda path: client.get(path, timeout=9).json(), paths))

    recorded, replayed = record_and_replay(tmp_path, ask)

    assert recorded == replayed == [{"path": f"/{number}"} for number in range(24)]
    assert len(entries(tmp_path)) == 24


TOKENS = {"张三": "tok-of-zhangsan-4711xyz", "李四": "tok-of-lisi-0815abc"}
CREDENTIALS: dict[str, Callable[[str], dict[str, Any]]] = {
    "access_token": lambda token: {"params": {"access_token": token}},
    "password": lambda token: {"method": "POST", "json": {"password": token}},
    "Authorization": lambda token: {"headers": {"Authorization": f"Bearer {token}"}},
    "Cookie": lambda token: {"headers": {"Cookie": f"sid={token}"}},
    "X-Api-Key": lambda token: {"headers": {"X-Api-Key": token}},
}


async def with_async_httpx(url: str, options: list[dict[str, Any]]) -> list[Any]:
    async with httpx.AsyncClient(follow_redirects=True) as client:

        async def ask(method: str = "GET", **more: Any) -> Any:
            return (await client.request(method, url, **more)).json()

        return await asyncio.gather(*[ask(**one) for one in options])


async def with_aiohttp(url: str, options: list[dict[str, Any]]) -> list[Any]:
    async with aiohttp.ClientSession() as client:

        async def ask(method: str = "GET", **more: Any) -> Any:
            async with client.request(method, url, **more) as response:
                return await response.json()

        return await asyncio.gather(*[ask(**one) for one in options])


@pytest.mark.parametrize("client", [with_async_httpx, with_aiohttp])
@pytest.mark.parametrize("place", CREDENTIALS)
def test_requests_at_once_are_numbered_as_they_are_sent_and_not_as_they_are_answered(
    tmp_path: Path, client: Callable[..., Any], place: str
) -> None:
    last_is_answered = threading.Event()

    def answer(raw: bytes) -> bytes:
        who = next(name for name, token in TOKENS.items() if token.encode() in raw)
        if who == "李四":
            threading.Timer(0.02, last_is_answered.set).start()
        else:
            last_is_answered.wait(5)
        return answer_json(json.dumps({"name": who}, ensure_ascii=False))

    sent = [CREDENTIALS[place](token) for token in TOKENS.values()]
    with loopback(answer) as server:
        answers = record_and_replay(tmp_path, lambda: asyncio.run(client(f"{server.url}/me", sent)))

    assert answers == (expected := [{"name": name} for name in TOKENS], expected)
    for number, (text, name) in enumerate(zip(entries(tmp_path), TOKENS, strict=True), 1):
        assert name in text
        assert f"{place}.{number}".lower() in text.lower()
    assert leaks(folder(tmp_path), TOKENS) == []


def with_requests_in_turn(url: str, options: list[dict[str, Any]]) -> list[Any]:
    return [requests.get(url, timeout=9, **one).json() for one in options]


@pytest.mark.parametrize("client", [with_async_httpx, with_aiohttp, with_requests_in_turn])
def test_a_redirect_is_recorded_whoever_follows_it(
    tmp_path: Path, client: Callable[..., Any]
) -> None:
    def answer(raw: bytes) -> bytes:
        if raw.startswith(b"GET /new "):
            return answer_json('{"n":1}')
        return answer_json('{"moved":true}', status="302 Found", headers="location: /new\r\n")

    def ask() -> Any:
        found = client(f"{server.url}/old", [{}])
        return found if isinstance(found, list) else asyncio.run(found)

    with loopback(answer) as server:
        answers = record_and_replay(tmp_path, ask)

    assert answers == ([{"n": 1}], [{"n": 1}])
    assert [text.split("\n")[2].split("/")[-1] for text in entries(tmp_path)] == ["old", "new"]


def echo(raw: bytes) -> bytes:
    """Return a response that has the head of the request *raw* in it, as httpbin's."""
    head = raw.partition(b"\r\n\r\n")[0].decode()
    return answer_json(
        json.dumps({"headers": dict(h.split(": ", 1) for h in head.split("\r\n")[1:])})
    )


SECRET = "Ech0edT0ken-4711"
BASIC = base64.b64encode(f"张三:{SECRET}".encode()).decode()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", f"Bearer {SECRET}"),
        ("Authorization", SECRET),
        ("Authorization", f"Basic {BASIC}"),
        ("Proxy-Authorization", f"Bearer {SECRET}"),
        ("Cookie", f"sid={SECRET}"),
    ],
    ids=["Bearer", "bare", "Basic", "proxy", "cookie"],
)
@pytest.mark.parametrize("door", ["listen", "transport"])
def test_a_response_that_repeats_the_credential_of_its_request_is_recorded(
    tmp_path: Path, name: str, value: str, door: str
) -> None:
    with loopback(echo) as server:

        def ask(session: Session) -> Any:
            with httpx.Client(transport=httpx_transport(session)) as client:
                get = requests.get if door == "listen" else client.get
                return [get(server.url, headers={name: value}).json()["headers"] for _ in range(2)]

        with opened(tmp_path, "record") as session, session.listen():
            recorded = ask(session)
        with opened(tmp_path) as session, session.listen():
            replayed = ask(session)

    assert [{k.lower(): v for k, v in one.items()}[name.lower()] for one in recorded] == [value] * 2
    shown = {k.lower(): v for k, v in replayed[0].items()}[name.lower()]
    assert shown.endswith(f"script-{name.lower()}.1")
    assert replayed[0] == replayed[1]
    assert leaks(folder(tmp_path / "cassettes"), {"secret": SECRET, "basic": BASIC}) == []


def say_who(raw: bytes) -> bytes:
    """Return a token to who logs in, else the name that belongs to the credential in *raw*."""
    if raw.startswith(b"POST /login "):
        user = json.loads(raw.partition(b"\r\n\r\n")[2])["user"]
        return answer_json(json.dumps({"access_token": TOKENS[user]}))
    who = next(name for name, token in TOKENS.items() if token.encode() in raw)
    return answer_json(json.dumps({"name": who}, ensure_ascii=False))


def give_token(_url: str, user: str) -> str:
    return TOKENS[user]


def log_in(url: str, user: str) -> str:
    token: str = requests.post(f"{url}/login", json={"user": user}, timeout=9).json()[
        "access_token"
    ]
    return token


@pytest.mark.parametrize(
    "in_replay",
    ["张三 李四 张三 李四 张三", "张三 李四 李四 张三 张三", "张三 张三 张三 李四 李四"],
)
@pytest.mark.parametrize("get_token", [give_token, log_in])
@pytest.mark.parametrize("place", ["Authorization", "X-Api-Key", "Cookie"])
def test_each_user_gets_his_own_response_though_only_a_header_says_who_he_is(
    tmp_path: Path, place: str, get_token: Callable[[str, str], str], in_replay: str
) -> None:
    def ask(users: str) -> list[str]:
        tokens = {user: get_token(server.url, user) for user in TOKENS}
        sent = [CREDENTIALS[place](tokens[user]) for user in users.split()]
        return [requests.get(f"{server.url}/me", timeout=9, **one).json()["name"] for one in sent]

    recorded = "张三 李四 李四 张三 张三"
    with loopback(say_who) as server:
        with opened(tmp_path, "record") as session, session.listen():
            assert ask(recorded) == recorded.split()
        with opened(tmp_path) as session, session.listen():
            assert ask(in_replay) == in_replay.split()


def test_a_header_that_is_no_secret_tells_calls_apart_whoever_comes_first(tmp_path: Path) -> None:
    def answer(raw: bytes) -> bytes:
        tenant = raw.decode().lower().partition("x-tenant-id: ")[2].partition("\r\n")[0]
        return answer_json(json.dumps({"tenant": tenant, "n": len(server.received)}))

    def ask(tenants: str) -> list[Any]:
        heads = [
            {"X-Tenant-Id": one, "X-Request-Id": f"{tenants}-{at}"}
            for at, one in enumerate(tenants)
        ]
        return [requests.get(f"{server.url}/me", timeout=9, headers=h).json() for h in heads]

    with loopback(answer) as server:
        with opened(tmp_path, "record") as session, session.listen():
            recorded = ask("abbac")
        with opened(tmp_path) as session, session.listen():
            replayed = ask("bcaab")
        with opened(tmp_path) as session, session.listen():
            unknown = ask("xabbb")  # whom nobody recorded, and once more than recorded

    by_turn = {(one["tenant"], one["n"]) for one in recorded}
    assert by_turn == {("a", 1), ("b", 2), ("b", 3), ("a", 4), ("c", 5)}
    assert [(one["tenant"], one["n"]) for one in replayed] == [
        ("b", 2), ("c", 5), ("a", 1), ("a", 4), ("b", 3),
    ]  # fmt: skip
    assert [(one["tenant"], one["n"]) for one in unknown] == [
        ("a", 1), ("a", 4), ("b", 2), ("b", 3), ("c", 5),
    ]  # fmt: skip


def test_equal_requests_are_answered_in_their_order_whatever_their_headers_are(
    tmp_path: Path, server: Loopback
) -> None:
    def ask(first: int) -> list[str]:
        heads = [{"X-Request-Id": str(number)} for number in range(first, first + 3)]
        found = [requests.get(f"{server.url}/n", timeout=9, headers=one) for one in heads]
        return [one.headers["X-N"] for one in found]

    server.answer = lambda _raw: answer_json("{}", headers=f"x-n: {len(server.received)}\r\n")
    with opened(tmp_path, "record") as session, session.listen():
        assert ask(10) == ["1", "2", "3"]
    with opened(tmp_path) as session, session.listen():
        assert ask(20) == ["1", "2", "3"]


def fail_with_requests(url: str) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=9)


def fail_with_httpx(url: str) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.get(url)


def fail_with_aiohttp(url: str) -> None:
    async def get() -> None:
        async with aiohttp.ClientSession() as client, client.get(url):
            pass

    with pytest.raises(aiohttp.ClientError):
        asyncio.run(get())


def fail_with_urllib(url: str) -> None:
    with pytest.raises(OSError, match=r"refused|closed|reset"):
        urllib.request.urlopen(url)


@pytest.mark.parametrize(
    "fail", [fail_with_requests, fail_with_httpx, fail_with_aiohttp, fail_with_urllib]
)
@pytest.mark.parametrize("is_refused", [True, False])
def test_a_request_that_fails_is_told_while_it_is_recorded(
    tmp_path: Path, fail: Callable[[str], None], is_refused: bool
) -> None:
    with loopback(lambda _raw: iter([b""])) as server:  # closes the connection
        url = f"{server.url}/{quote('开票')}?access_token={SECRET}"
        if is_refused:
            url = url.replace(server.url, "http://127.0.0.1:9")
        with (
            pytest.warns(UnrecordedWarning) as told,
            opened(tmp_path, "record") as session,
            session.listen(),
        ):
            fail(url)

    shown = url.replace(SECRET, "redacted.http.any.sent-access_token.1")
    cassette = tmp_path / "cassettes/客户端.yaml"
    assert [str(one.message).split("; ")[0] for one in told] == [
        f"{cassette}: not recorded, as no response came: GET {shown}"
    ]


def test_a_request_that_its_client_repeats_with_success_is_not_told(tmp_path: Path) -> None:
    def answer(_raw: bytes) -> Any:
        return iter([b""]) if len(server.received) == 1 else answer_json('{"n":2}')

    def ask() -> Any:
        retries = urllib3.Retry(2, backoff_factor=0.001)
        return json.loads(urllib3.PoolManager().request("GET", server.url, retries=retries).data)

    with loopback(answer) as server:
        assert record_and_replay(tmp_path, ask) == ({"n": 2}, {"n": 2})
    assert len(entries(tmp_path)) == 1
