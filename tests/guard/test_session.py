"""``Session.open(guard=True)``: what the guard refuses, for whom, and what it leaves alone."""

from __future__ import annotations

import asyncio
import gc
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import bpmax_sim as bs
from bpmax_sim.errors import ClosedNetworkError, ConfigError
from bpmax_sim.guard import NetworkGuard, NetworkTarget, observe_connections
from bpmax_sim.session.options import Mode
from tests.ways_out import HOST, WAYS, connect

V4 = "127.0.0.1"


def opened(*, mode: Mode = "replay", hosts: tuple[str, ...] = ()) -> bs.Session:
    return bs.Session.open(mode=mode, owner="审批", guard=True, allow_hosts=hosts)


def refused(call: Callable[[], object]) -> str:
    with pytest.raises((ClosedNetworkError, ExceptionGroup)) as caught:
        call()
    error = caught.value
    while isinstance(error, ExceptionGroup):  # aiohttp collects what its attempts come to
        error = error.exceptions[0]
    assert isinstance(error, ClosedNetworkError)
    return str(error)


@pytest.mark.parametrize("mode", ["replay", "simulate"])
def test_no_way_leads_out_while_answers_are_recorded_or_simulated(mode: Mode, port: int) -> None:
    with opened(mode=mode):
        for way in WAYS.values():
            refused(partial(way, port))


@pytest.mark.parametrize("way", WAYS)
def test_every_way_leads_out_live_and_after_the_session(way: str, port: int) -> None:
    with opened():
        pass
    with opened(mode="live"):
        WAYS[way](port)


def test_a_session_reaches_nothing_into_the_interpreter_unless_it_is_asked(port: int) -> None:
    with bs.Session.open():
        connect(port)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_server_of_the_test_itself_may_look_up_the_name_of_its_loopback_address(
    host: str,
) -> None:
    class Server(HTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    with opened(), Server((host, 0), BaseHTTPRequestHandler) as server:
        assert server.server_address[0] == host
        socket.getnameinfo((host, 80), 0)
        socket.getfqdn(host)
        refused(lambda: connect(server.server_address[1], host, server.address_family))


def test_the_refusal_says_who_how_where_and_what_to_do(port: int) -> None:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with opened(), udp:
        told = [
            refused(lambda: connect(port)),
            refused(lambda: socket.create_connection(("客户.example.test", 443))),
            refused(lambda: connect(port, "::1", socket.AF_INET6)),
            refused(lambda: udp.sendto(b"x", ("192.0.2.1", 53))),
            refused(lambda: socket.gethostbyaddr("192.0.2.1")),
        ]

    assert told[0] == (
        f"the session of 审批 tried to connect to 127.0.0.1:{port} outside $proxy, and the network "
        "is closed in replay and simulate mode; call it through $proxy, or allow the host: "
        'Session.open(allow_hosts=["127.0.0.1"])'
    )
    assert [one.split(" tried to ")[1].split(" outside ")[0] for one in told[1:]] == [
        "look up 客户.example.test:443",
        f"connect to [::1]:{port}",
        "send to 192.0.2.1:53",
        "look up 192.0.2.1",
    ]


def test_allowed_hosts_stay_open_by_name_by_address_and_by_pattern(port: int) -> None:
    for host in (V4, "127.0.0.*", "localhost", "LocalHost", "*"):
        with opened(hosts=(host,)):
            connect(port)
            socket.gethostbyaddr(V4)
    with opened(hosts=("LOCAL*",)):
        refused(lambda: connect(port))
        socket.create_connection(("localhost", port), timeout=5).close()
    with opened(hosts=("crm.invalid",)):
        refused(lambda: connect(port))
        refused(lambda: socket.getaddrinfo("db.invalid", 1))
    with bs.Session.open(guard=True, allow_hosts=f"db.invalid, {V4}"):
        connect(port)


def test_hosts_are_not_allowed_where_nothing_is_closed() -> None:
    with pytest.raises(ConfigError) as caught:
        bs.Session.open(allow_hosts=["crm.example.test"])

    assert str(caught.value) == (
        "allow_hosts opens nothing where nothing is closed; add guard=True"
    )


def test_what_stays_on_this_machine_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"

    async def tick() -> str:
        server = await asyncio.start_server(lambda _reader, _writer: None, HOST, 0)
        unix = await asyncio.start_unix_server(lambda _reader, theirs: theirs.close(), path)
        reader, ours = await asyncio.open_unix_connection(path)
        assert await reader.read() == b""
        ours.close()
        for one in (server, unix):
            one.close()
            await one.wait_closed()
        return "done"

    with opened():
        left, right = socket.socketpair()
        with left, right, socket.create_server((HOST, 0)):
            left.sendall("客户".encode())
            assert right.recv(9).decode() == "客户"
        assert socket.getaddrinfo(None, 0)
        assert socket.gethostname()
        assert socket.getservbyname("http") == 80
        assert asyncio.run(tick()) == "done"
        assert subprocess.run([sys.executable, "-c", ""], check=True).returncode == 0


def test_the_pair_that_python_makes_over_loopback_stays_open() -> None:
    pair = getattr(socket, "_fallback_socketpair", None)
    if pair is None:
        pytest.skip("this Python makes no pairs over loopback")
    with opened():
        for end in pair(socket.AF_INET):
            end.close()


def test_what_a_refused_caller_holds_is_gone_with_it(port: int) -> None:
    def attempt() -> weakref.ref[threading.Event]:
        held = threading.Event()
        with pytest.raises(ClosedNetworkError):
            connect(port)
        return weakref.ref(held)

    gc.disable()
    try:
        with opened():
            assert attempt()() is None
    finally:
        gc.enable()


def test_a_socket_for_raw_frames_is_bound_to_nothing() -> None:
    try:
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    except (AttributeError, PermissionError):
        pytest.skip("only root of Linux may open one")
    with raw, opened():
        assert "tried to bind to AF_PACKET outside" in refused(lambda: raw.bind(("lo", 0)))


def test_connections_made_before_go_on(port: int) -> None:
    with socket.create_connection((HOST, port), timeout=5) as before, opened():
        before.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert before.recv(12) == b"HTTP/1.0 200"


def test_a_call_belongs_to_the_guard_that_its_own_thread_put_in_force_last(port: int) -> None:
    """Two sessions at once, each with its own hosts, in whichever order they end."""
    both = threading.Barrier(2, timeout=10)

    def mine(host: str) -> bool:
        session = opened(hosts=(host,))
        both.wait()
        try:
            connect(port)
        except ClosedNetworkError:
            return False
        else:
            return True
        finally:
            both.wait()
            session.close()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(mine, (V4, "crm.invalid"))) == [True, False]
    connect(port)


def test_sessions_inside_each_other_decide_from_the_inside(port: int) -> None:
    with opened():
        with opened(hosts=(V4,)):
            connect(port)
        refused(lambda: connect(port))
        with NetworkGuard("a test that calls live systems, run inside another", closed=False):
            connect(port)
    connect(port)


def test_a_scenario_closes_the_network_while_it_runs_and_no_longer(
    tmp_path: Path, port: int
) -> None:
    path = tmp_path / "半途.scenario.yaml"
    path.write_text('version: 1\nscenario: 半途\nsteps: [{name: 一, js: "return 1"}]\n', "utf-8")

    assert bs.run_scenario(path, guard=True).ok

    connect(port)


class Observer:
    """Notes the ports to which connections are made."""

    def __init__(self) -> None:
        self.ports: list[int] = []

    def note_connection(self, _sock: object, target: NetworkTarget) -> None:
        self.ports.append(target.port)

    def note_sending(self, _connection: object, _data: object) -> None:
        """Nothing is sent here."""


def test_the_latest_of_several_observers_hears_of_tcp_connections() -> None:
    outer, inner = Observer(), Observer()
    with socket.create_server((V4, 0)) as server, socket.socket(type=socket.SOCK_DGRAM) as udp:
        port = server.getsockname()[1]
        with observe_connections(outer):
            socket.create_connection((V4, port)).close()
            with observe_connections(inner):
                socket.create_connection((V4, port)).close()
                udp.connect((V4, port))
            assert (outer.ports, inner.ports) == ([port], [port])
            socket.create_connection((V4, port)).close()
        socket.create_connection((V4, port)).close()

    assert (outer.ports, inner.ports) == ([port, port], [port])
