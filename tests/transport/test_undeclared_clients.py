"""Requests beside $proxy that no platform declares, by real clients: at once, and with credentials.

Each test records against a server in this process, and replays with the same code.
"""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import re
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import quote, unquote

import aiohttp
import httpx
import pytest
import requests
import urllib3
from vcr.patch import force_reset

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.errors import ClosedNetworkError, UnrecordedWarning
from bpmax_sim.session.session import Session
from bpmax_sim.transport.adapters import httpx_transport
from tests.leaks import folder, leaks
from tests.loopback import Loopback, answer_json, loopback
from tests.proxies import authority
from tests.systems import needs_local_sockets


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


def with_httpx(url: str) -> Any:
    return httpx.get(url).json()


def in_threads(urls: list[str], get: Callable[[str], Any]) -> list[Any]:
    with ThreadPoolExecutor(8, "worker") as pool:
        return list(pool.map(get, urls))


def with_httpx_in_threads(urls: list[str]) -> list[Any]:
    return in_threads(urls, with_httpx)


def with_aiohttp_tasks(urls: list[str]) -> list[Any]:
    async def ask() -> list[Any]:
        async with aiohttp.ClientSession() as client:

            async def get(url: str) -> Any:
                async with client.get(url) as response:
                    return await response.json()

            return await asyncio.gather(*map(get, urls))

    return asyncio.run(ask())


def with_requests_one_after_another(urls: list[str]) -> list[Any]:
    with requests.Session() as client:
        return [client.get(url, timeout=9).json() for url in urls]


@pytest.mark.parametrize(
    "ask", [with_httpx_in_threads, with_aiohttp_tasks, with_requests_one_after_another]
)
@pytest.mark.filterwarnings("error::bpmax_sim.errors.UnrecordedWarning")
def test_requests_that_are_all_seen_are_recorded_and_none_is_told(
    tmp_path: Path, server: Loopback, ask: Callable[[list[str]], Any]
) -> None:
    urls = [f"{server.url}/{number}" for number in range(16)]
    recorded, replayed = record_and_replay(tmp_path, lambda: ask(urls))

    assert recorded == replayed == [{"path": f"/{number}"} for number in range(16)]
    assert (len(entries(tmp_path)), len(server.received)) == (16, 16)


UNSEEN = re.compile(r"(\d+) to (\S+) by (.+?)(?=, \d+ to |; vcrpy does)")


def get_unseen(warned: pytest.WarningsRecorder) -> dict[str, tuple[int, str]]:
    """Return the number and the threads of what was told as not seen, by host and port."""
    return {
        where: (int(number), threads)
        for one in warned
        for number, where, threads in UNSEEN.findall(str(one.message))
    }


@pytest.mark.parametrize("get", [with_urllib, with_requests, with_urllib3, None])
def test_each_request_of_threads_is_either_recorded_or_told(
    tmp_path: Path,
    server: Loopback,
    get: Callable[[str], Any] | None,
    recwarn: pytest.WarningsRecorder,
) -> None:
    urls = [f"{server.url}/{number}" for number in range(24)]
    with (
        requests.Session() as client,  # whose connections are kept, and shared by the threads
        opened(tmp_path, "record") as session,
        session.listen(),
    ):
        in_threads(urls, get or (lambda url: client.get(url, timeout=9).json()))

    unseen, _ = get_unseen(recwarn).get(server.url.removeprefix("http://"), (0, ""))
    assert len(entries(tmp_path)) + unseen == len(server.received) == 24


class SlowHandshake:
    """A server's TLS context that waits in its first handshake.

    Attributes:
        begun: is set when a client waits for it.
        goes_on: has to be set by the test.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self.begun, self.goes_on = threading.Event(), threading.Event()

    def wrap_socket(self, sock: socket.socket, **options: Any) -> ssl.SSLSocket:
        self.begun.set()
        self.goes_on.wait(9)
        return self._context.wrap_socket(sock, **options)


@contextmanager
def waiting_for_handshake(server: Loopback) -> Iterator[None]:
    """Let a request of another thread wait in its handshake with *server*, in this context."""
    slow = SlowHandshake(server.context or ssl.create_default_context())
    server.context = cast("Any", slow)
    with ThreadPoolExecutor(1, "slow") as pool:
        asked = pool.submit(with_requests, f"{server.url}/slow")
        try:
            assert slow.begun.wait(9)
            yield
        finally:
            slow.goes_on.set()
        assert asked.result(9) == {"path": "/slow"}


def connect(url: str) -> None:
    host, port = url.removeprefix("http://").split(":")
    socket.create_connection((host, int(port))).close()


@pytest.mark.parametrize("get", [with_urllib, with_requests, with_urllib3, with_httpx, connect])
def test_what_begins_while_a_request_of_another_thread_connects_is_told(
    tmp_path: Path,
    server: Loopback,
    tls_server: Loopback,
    get: Callable[[str], Any],
    recwarn: pytest.WarningsRecorder,
) -> None:
    with opened(tmp_path, "record") as session, session.listen():
        with waiting_for_handshake(tls_server):
            in_threads([server.url] * 3, get)
        get(server.url)

    count, threads = get_unseen(recwarn)[where := server.url.removeprefix("http://")]
    assert (count, set(threads.split(", ")) <= {f"worker_{n}" for n in range(8)}) == (3, True)
    [told] = [str(one.message) for one in recwarn]
    assert told == (
        f"{tmp_path / 'cassettes/客户端.yaml'}: requests may have passed vcrpy, which are neither "
        f"recorded nor replayed: 3 to {where} by {threads}; vcrpy does not see every request of "
        "several threads at once if they use requests, urllib3 or urllib.request; send them one "
        "after another, or all with httpx or aiohttp"
    )
    assert len(entries(tmp_path)) == 1 + (get is not connect)


@pytest.mark.parametrize("get", [with_urllib, with_requests, with_urllib3, with_httpx])
def test_what_is_sent_while_the_patches_are_off_is_told(
    tmp_path: Path,
    server: Loopback,
    get: Callable[[str], Any],
    recwarn: pytest.WarningsRecorder,
) -> None:
    with opened(tmp_path, "record") as session, session.listen(), force_reset():
        for _ in range(2):
            get(server.url)

    assert get_unseen(recwarn) == {server.url.removeprefix("http://"): (2, "MainThread")}


class LocalConnection(http.client.HTTPConnection):
    """A connection to a process on this machine, as Docker's SDK has one of its own."""

    def connect(self) -> None:
        self.sock, there = socket.socketpair()
        with there:
            there.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            self.there = there.dup()


@needs_local_sockets
def test_a_request_over_a_local_socket_is_none_that_should_be_recorded(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    with opened(tmp_path, "record") as session, session.listen():
        connection = LocalConnection("localhost")
        connection.request("GET", "/containers")
        assert connection.getresponse().status == 204
        connection.close()
        connection.there.close()

    assert get_unseen(recwarn) == {}


def get_refusal(send: Callable[[], Any]) -> str:
    with pytest.raises(ClosedNetworkError) as refused:
        send()
    return str(refused.value)


def get_refusal_without_listening(folder: Path, send: Callable[[], Any]) -> str:
    with opened(folder, guard=True, unused="ignore"):
        return get_refusal(send)


@pytest.mark.parametrize("get", [with_urllib, with_requests, with_urllib3])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_guard_says_in_replay_why_a_request_was_not_seen(
    tmp_path: Path, server: Loopback, get: Callable[[str], Any], scheme: str
) -> None:
    record_and_replay(tmp_path, lambda: get(server.url))
    url = server.url.replace("http", scheme)
    with opened(tmp_path, guard=True, unused="ignore") as session, session.listen():
        with force_reset():  # as while another thread makes a connection
            error = get_refusal(lambda: get(url))
        other = get_refusal(lambda: connect(server.url))
    after = get_refusal_without_listening(tmp_path, lambda: get(url))

    assert "; vcrpy does not see every request of several threads at once if they use" in error
    assert error.endswith('or allow the host: Session.open(allow_hosts=["127.0.0.1"])')
    assert "; call it through $proxy, or allow the host: " in other
    assert "; call it through $proxy, or allow the host: " in after


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
