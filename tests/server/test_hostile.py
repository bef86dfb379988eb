"""Clients that send slowly, half or for ever, and what the others get meanwhile."""

from __future__ import annotations

import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Thread
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as Incoming
from starlette.responses import Response as Outgoing
from starlette.routing import Route

from bpmax_sim.messages import Request, Response
from bpmax_sim.server import ClientLimits, run_server

QUICK = ClientLimits(head_time=0.3, body_time=0.3, connections=16)
HALF_HEAD = b"GET /x HTTP/1.1\r\nHost: a\r\nX: "
HALF_BODY = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\nabc"
ENDLESS_BODY = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
LARGE = b"y" * 6_000_000  # more than the kernel takes for a client that does not read
WHOLE = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"


def answer(request: Request) -> Response:
    return Response(status=200, headers=(), body=LARGE if "/large" in request.url else b"y" * 999)


@pytest.fixture(name="url", scope="module")
def server() -> Iterator[str]:
    with run_server(answer, limits=QUICK) as url:
        yield url


def connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=10)


def until_closed(client: socket.socket, drip: bytes = b"") -> tuple[bytes, float]:
    """Send *drip* again and again; return what came until the server closed, and the seconds."""
    started = time.monotonic()
    got = b""
    client.settimeout(0.05)
    while time.monotonic() - started < 10:
        try:
            if drip:
                client.sendall(drip)
            piece = client.recv(65_536)
        except TimeoutError:
            continue
        except OSError:
            break
        if not piece:
            break
        got += piece
    return got, time.monotonic() - started


@pytest.mark.parametrize(
    ("first", "drip", "status"),
    [
        (b"", b"", b""),
        (HALF_HEAD, b"", b"HTTP/1.1 408 "),
        (HALF_HEAD, b"y", b"HTTP/1.1 408 "),
        (WHOLE + HALF_HEAD, b"y", b"HTTP/1.1 200 "),
        (HALF_BODY, b"", b"HTTP/1.1 408 "),
        (HALF_BODY, b"y", b"HTTP/1.1 408 "),
        (ENDLESS_BODY, b"3\r\nabc\r\n", b"HTTP/1.1 408 "),
    ],
    ids=["nothing", "head", "head drips", "second head", "body", "body drips", "endless body"],
)
def test_what_does_not_come_is_given_up(url: str, first: bytes, drip: bytes, status: bytes) -> None:
    with connected(url) as client:
        client.sendall(first)

        got, seconds = until_closed(client, drip)

    assert got.startswith(status)
    assert seconds < 9
    assert b"abc" not in got


def test_a_second_half_head_is_told_that_it_is_late(url: str) -> None:
    with connected(url) as client:
        client.sendall(WHOLE + HALF_HEAD)

        assert b"HTTP/1.1 408 " in until_closed(client, b"y")[0]


def test_a_client_that_keeps_its_connection_is_not_late(url: str) -> None:
    with httpx.Client() as client:
        for _ in range(3):
            assert client.get(f"{url}/x").status_code == 200
            time.sleep(QUICK.head_time * 0.7)  # longer than a head may take, all together


@pytest.mark.parametrize("first", [b"", HALF_HEAD, HALF_BODY, ENDLESS_BODY])
def test_clients_that_do_not_go_on_keep_nobody_out(first: bytes) -> None:
    """More of them than there is room for, and none of them is late yet."""
    with run_server(answer, limits=ClientLimits(connections=64)) as url, ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(connected(url)).sendall(first)

        for _ in range(5):
            assert httpx.get(f"{url}/x", timeout=5).status_code == 200


HALF_CLOSED = (
    (b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", 1),
    (b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 1),
    (b"GET /a HTTP/1.0\r\n\r\n", 1),
    (b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n" * 3, 3),
    (b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 1),
    (b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HT", 1),
    (b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na", 0),
    (b"GET /a HT", 0),
    (b"", 0),
)


@pytest.mark.parametrize(("sent", "answers"), HALF_CLOSED)
def test_a_client_that_sends_no_more_is_answered(url: str, sent: bytes, answers: int) -> None:
    with connected(url) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        received, took = until_closed(client)

    assert received.count(b" 200 OK\r\n") == answers
    assert took < 0.5


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_clients_that_do_not_read_keep_nobody_out(version: bytes) -> None:
    with run_server(answer, limits=QUICK) as url, ExitStack() as stack:
        for _ in range(2 * QUICK.connections + 4):
            client = stack.enter_context(connected(url))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(b"GET /large HTTP/%s\r\nHost: a\r\n\r\n" % version)

        assert httpx.get(f"{url}/x", timeout=5).status_code == 200


@contextmanager
def bare() -> Iterator[str]:
    """Serve the same with starlette and uvicorn alone."""

    async def route(incoming: Incoming) -> Outgoing:
        await incoming.body()
        return Outgoing(b"y" * 999)

    app = Starlette(routes=[Route("/x", route, methods=["POST"])])
    config = uvicorn.Config(app, port=0, log_config=None, log_level="critical", http="h11")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def test_a_request_on_a_connection_that_is_kept_takes_what_a_bare_server_takes() -> None:
    def timed(client: httpx.Client, url: str) -> float:
        started = time.perf_counter()
        assert client.post(f"{url}/x", content="客户".encode()).status_code == 200
        return time.perf_counter() - started

    with (
        run_server(answer) as ours,
        bare() as theirs,
        httpx.Client() as one,
        httpx.Client() as other,
    ):
        pairs = [(timed(one, ours), timed(other, theirs)) for _ in range(60)]

    mine, floor = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert mine < 6 * floor  # 60 times with Nagle's algorithm


def test_a_client_that_was_answered_keeps_its_connection_while_others_crowd_in() -> None:
    with run_server(answer, limits=ClientLimits(connections=16)) as url, ExitStack() as stack:
        client = stack.enter_context(httpx.Client())
        for _ in range(3):
            assert client.get(f"{url}/x").status_code == 200
            for _ in range(20):
                stack.enter_context(connected(url)).sendall(HALF_HEAD)


def is_open(client: socket.socket) -> bool:
    """Return whether the server still answers on a connection."""
    client.settimeout(5)
    try:
        client.sendall(WHOLE)
        return client.recv(65_536).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def test_of_those_that_wait_the_one_that_came_first_has_to_go() -> None:
    with run_server(answer, limits=ClientLimits(connections=3)) as url, ExitStack() as stack:
        clients = []
        for _ in range(4):
            clients.append(stack.enter_context(connected(url)))
            time.sleep(0.05)

        assert [is_open(client) for client in clients] == [False, True, True, True]


def test_who_was_answered_stays_longer_than_who_came_later() -> None:
    with run_server(answer, limits=ClientLimits(connections=3)) as url, ExitStack() as stack:
        clients = [stack.enter_context(connected(url))]
        assert is_open(clients[0])
        for _ in range(3):
            time.sleep(0.05)
            clients.append(stack.enter_context(connected(url)))
        time.sleep(0.05)
        clients[0].settimeout(0.2)
        with suppress(TimeoutError):  # the rest of the first response
            clients[0].recv(65_536)

        assert [is_open(client) for client in clients] == [True, False, True, True]
