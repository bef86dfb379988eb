"""The door itself: what comes in arrives whole, and what is hostile is refused."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from bpmax_sim import server as server_module
from bpmax_sim.errors import ConfigError, NoMatchError, TransportError
from bpmax_sim.messages import Request, Response

ASKED: list[Request] = []


def answer(request: Request) -> Response:
    """Say what came; some paths misbehave."""
    ASKED.append(request)
    path = urlsplit(request.url).path
    if path == "/miss":
        raise NoMatchError("no such call: 没有录制\n  call GET /miss", case="no such call")
    if path == "/reset":
        raise TransportError("the connection was reset", code="RESET")
    if path == "/timeout":
        raise TransportError("no answer in 30 s", code="TIMEOUT")
    if path == "/config":
        raise ConfigError("a platform file is wrong")
    status = int(path[1:]) if path[1:].isdecimal() else 200
    headers = (
        ("Content-Type", "application/json"),
        ("Set-Cookie", "a=1; Path=/"),
        ("Set-Cookie", "b=2; Path=/"),
        ("Content-Length", "999"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Encoding", "gzip"),
        ("Connection", "close"),
    )
    told = {"method": request.method, "url": request.url, "bytes": len(request.body or b"")}
    return Response(status=status, headers=headers, body=json.dumps(told).encode())


@pytest.fixture(name="url", scope="module")
def server() -> Iterator[str]:
    with server_module.run_server(answer) as url:
        yield url


def raw(url: str, data: bytes) -> bytes:
    """Send bytes as they are, and return all that comes back until the server closes."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        got = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65_536):
                got += piece
        except OSError:
            pass  # it has said what it had to
        return got


def test_the_path_stays_as_it_was_written(url: str) -> None:
    got = httpx.get(f"{url}/%E5%AE%A2%E6%88%B7/a%2Fb;c?q=%20+&空=%26")

    assert got.json()["url"] == f"{url}/%E5%AE%A2%E6%88%B7/a%2Fb;c?q=%20+&%E7%A9%BA=%26"


def test_headers_of_the_body_are_ours_and_others_are_kept(url: str) -> None:
    got = httpx.post(f"{url}/x", content="客户".encode())

    assert got.json()["bytes"] == 6
    assert got.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2; Path=/"]
    assert got.headers["content-length"] == str(len(got.content))
    assert "content-encoding" not in got.headers


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        (
            "/miss",
            501,
            {
                "error": "NO_MATCH",
                "case": "no such call",
                "message": "no such call: 没有录制\n  call GET /miss",
            },
        ),
        ("/reset", 502, {"error": "RESET", "message": "the connection was reset"}),
        ("/timeout", 504, {"error": "TIMEOUT", "message": "no answer in 30 s"}),
        ("/config", 500, {"error": "CONFIG", "message": "a platform file is wrong"}),
        ("/101", 502, {"error": "STATUS", "message": "the response has status 101"}),
    ],
)
def test_what_is_no_answer_is_told_as_json(
    url: str, path: str, status: int, told: dict[str, str]
) -> None:
    got = httpx.get(f"{url}{path}")

    assert (got.status_code, got.json()) == (status, told)
    assert got.headers["x-bpmax-sim"] == told["error"]


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_cannot_have_a_body_has_none(url: str, status: int) -> None:
    got = httpx.get(f"{url}/{status}")

    assert (got.status_code, got.content) == (status, b"")


def test_any_method_comes_through_and_head_has_no_body(url: str) -> None:
    assert httpx.request("MKCALENDAR", f"{url}/x").json()["method"] == "MKCALENDAR"
    assert httpx.head(f"{url}/x").content == b""


def test_many_at_once_each_get_their_own(url: str) -> None:
    with httpx.Client() as client, ThreadPoolExecutor(32) as pool:
        got = list(pool.map(lambda n: client.get(f"{url}/n?{n}").json()["url"], range(300)))

    assert got == [f"{url}/n?{number}" for number in range(300)]


@pytest.mark.parametrize(
    "data",
    [
        b"GET /x HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(20_000)),
        b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /x HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 512,
        b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /x HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
    ],
    ids=["many headers", "long target", "long header", "tls", "negative", "chunk", "nul"],
)
def test_what_is_no_bounded_request_is_refused_and_never_answered(url: str, data: bytes) -> None:
    ASKED.clear()

    got = raw(url, data)

    assert got[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 431", b""}
    assert ASKED == []
    assert httpx.get(f"{url}/x").status_code == 200


def test_a_body_that_is_too_large_is_refused_before_it_is_all_there() -> None:
    ASKED.clear()

    with server_module.run_server(answer, limits=server_module.ClientLimits(body=100_000)) as url:
        got = httpx.post(f"{url}/x", content=b"y" * 100_001)
        allowed = httpx.post(f"{url}/x", content=b"y" * 100_000)

    assert got.json() == {"error": "TOO_LARGE", "message": "the body has more than 100000 bytes"}
    assert (got.status_code, allowed.json()["bytes"]) == (413, 100_000)
    assert [len(one.body or b"") for one in ASKED] == [100_000]


def test_a_body_that_is_said_to_be_too_large_is_refused_before_any_of_it(url: str) -> None:
    head = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: %s\r\n\r\n"

    parts = urlsplit(url)

    for length in (b"33554433", b"9" * 20):
        with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
            connection.sendall(head % length)
            assert connection.recv(12) == b"HTTP/1.1 413"


def test_a_client_that_goes_away_leaves_the_server_alive(url: str) -> None:
    parts = urlsplit(url)
    for _ in range(20):
        with socket.create_connection((parts.hostname, parts.port)) as connection:
            connection.sendall(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\nabc")

    assert httpx.get(f"{url}/x").status_code == 200


def test_a_port_that_is_taken_is_told(url: str) -> None:
    port = urlsplit(url).port
    assert port is not None

    with pytest.raises(ConfigError) as caught, server_module.run_server(answer, port=port):
        pass

    assert str(caught.value) == (
        f"127.0.0.1:{port} cannot be listened to: Address already in use; name another --port or "
        "--host"
    )
