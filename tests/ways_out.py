"""Ways to reach somebody beside ``$proxy``; each is a function of a port of 127.0.0.1 and of ::1.

Where the network is open, each of them gets through. The file is copied into the projects that
tests make, so it imports nothing of ours.
"""

from __future__ import annotations

import asyncio
import http.client
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import httpx
import requests

HOST = "127.0.0.1"
OTHER = "127.0.0.2"
"""An address of this machine whose names are looked up as those of any other."""

Way = Callable[[int], object]


def connect(port: int, host: str | bytes = HOST, family: int = socket.AF_INET) -> None:
    with socket.socket(family) as sock:
        sock.connect((host, port))


def connect_ex(port: int) -> None:
    with socket.socket() as sock:
        assert sock.connect_ex((HOST, port)) == 0


def not_blocking(port: int) -> None:
    with socket.socket() as sock, suppress(BlockingIOError):
        sock.setblocking(False)
        sock.connect((HOST, port))


def socketpair(port: int) -> None:
    with socket.socket() as sock:
        sock.connect((HOST, port))  # as the socket module does, in a function of that name


def _fallback_socketpair(port: int) -> None:
    with socket.socket() as sock:
        sock.connect((HOST, port))


def datagram(send: Callable[[socket.socket, tuple[str, int]], object], port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        send(sock, (HOST, port))


def encrypted(port: int) -> None:
    context = ssl.create_default_context()
    sock = context.wrap_socket(socket.socket(), server_hostname=HOST)
    with sock, suppress(ssl.SSLError, ConnectionError):
        sock.connect((HOST, port))


def in_a_loop(go: Callable[[int], Coroutine[Any, Any, object]], port: int) -> None:
    asyncio.run(go(port))


async def streams(port: int) -> None:
    _, writer = await asyncio.open_connection(HOST, port)
    writer.close()


async def datagrams(port: int) -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=(HOST, port)
    )
    transport.close()


async def names(port: int) -> None:
    await asyncio.get_running_loop().getaddrinfo("localhost", port)


async def names_of_addresses(port: int) -> None:
    await asyncio.get_running_loop().getnameinfo((OTHER, port))


async def httpx_async(port: int) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.get(f"http://{HOST}:{port}/")


async def aiohttp_client(port: int) -> None:
    import aiohttp  # noqa: PLC0415 - it is slow, and every worker collects who uses this file

    async with aiohttp.ClientSession() as client, client.get(f"http://{HOST}:{port}/") as answer:
        await answer.read()


def names_of(address: str) -> None:
    with suppress(socket.herror):  # it need not have one
        socket.gethostbyaddr(address)


def http_client(port: int) -> None:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    connection.request("GET", "/")
    connection.getresponse().read()
    connection.close()


def opener(port: int) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    direct.open(f"http://{HOST}:{port}/", timeout=5).close()


def requests_session(port: int) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.get(f"http://{HOST}:{port}/", timeout=5)


def pool(port: int) -> None:
    with ThreadPoolExecutor(1) as threads:
        threads.submit(connect, port).result()


def bare_thread(port: int) -> None:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            connect(port)
        except Exception as error:  # noqa: BLE001 - it goes on in the thread that waits
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]


WAYS: dict[str, Way] = {
    "connect": connect,
    "connect_ex": connect_ex,
    "bytes": partial(connect, host=b"127.0.0.1"),
    "name": partial(connect, host="localhost"),
    "ipv6": partial(connect, host="::1", family=socket.AF_INET6),
    "ipv4 in ipv6": partial(connect, host="::ffff:127.0.0.1", family=socket.AF_INET6),
    "not blocking": not_blocking,
    "socketpair": socketpair,
    "_fallback_socketpair": _fallback_socketpair,
    "create_connection": lambda port: socket.create_connection((HOST, port), 5).close(),
    "sendto": partial(datagram, lambda sock, to: sock.sendto(b"x", to)),
    "sendto with flags": partial(datagram, lambda sock, to: sock.sendto(b"x", 0, to)),
    "sendmsg": partial(datagram, lambda sock, to: sock.sendmsg([b"x"], [], 0, to)),
    "connected datagrams": partial(datagram, lambda sock, to: sock.connect(to)),
    "tls": encrypted,
    "asyncio streams": partial(in_a_loop, streams),
    "asyncio datagrams": partial(in_a_loop, datagrams),
    "asyncio getaddrinfo": partial(in_a_loop, names),
    "asyncio getnameinfo": partial(in_a_loop, names_of_addresses),
    "http.client": http_client,
    "urllib": opener,
    "httpx": lambda port: httpx.get(f"http://{HOST}:{port}/", timeout=5, trust_env=False),
    "httpx, async": partial(in_a_loop, httpx_async),
    "requests": requests_session,
    "aiohttp": partial(in_a_loop, aiohttp_client),
    "thread": bare_thread,
    "pool": pool,
    "getaddrinfo": lambda port: socket.getaddrinfo("localhost", port),
    "getaddrinfo of bytes": lambda port: socket.getaddrinfo(b"localhost", port),
    "gethostbyname": lambda _port: socket.gethostbyname("localhost"),
    "gethostbyname_ex": lambda _port: socket.gethostbyname_ex("localhost"),
    "gethostbyaddr": lambda _port: names_of(OTHER),
    "gethostbyaddr of a name": lambda _port: socket.gethostbyaddr("localhost"),
    "getnameinfo": lambda port: socket.getnameinfo((OTHER, port), 0),
    "getfqdn": lambda _port: socket.getfqdn(),
    "getfqdn of an address": lambda _port: socket.getfqdn(OTHER),
}


def take(way: str, port: int) -> None:
    """Take one of the ways, by name."""
    WAYS[way](port)


def step(_session: object, way: str, port: int) -> None:
    """Take one, as a step of a scenario."""
    take(way, port)
