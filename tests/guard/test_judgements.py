"""What the guard lets pass and what it says of the rest, without any connection."""

from __future__ import annotations

import socket
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bpmax_sim import guard as module
from bpmax_sim.errors import ClosedNetworkError
from bpmax_sim.guard import NetworkGuard, NetworkTarget, observe_connections, split_hosts

ADDRESSES = {"crm.example.test": "192.0.2.1", "erp.example.test": "192.0.2.2"}


@pytest.fixture(autouse=True)
def resolved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let names have the addresses of the table, and return the names that were looked up."""
    asked: list[str] = []

    def look_up(host: str, _port: object) -> list[Any]:
        asked.append(host)
        module._check_audit_event("socket.getaddrinfo", (host, None))  # which is not judged
        if host == "x" * 70:
            raise UnicodeError
        if host not in ADDRESSES:
            raise OSError
        return [(0, 0, 0, "", (ADDRESSES[host], 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def judge(guard: NetworkGuard, host: Any, port: Any = 443, verb: str = "connect to") -> str:
    """Return what *guard* says of the attempt; "" if it lets it pass."""
    try:
        guard.judge(verb, NetworkTarget(host, port))
    except ClosedNetworkError as error:
        return str(error)
    return ""


def test_a_refusal_names_who_what_and_how_to_allow_it() -> None:
    guard = NetworkGuard("付款", allow="--allow-hosts={}")
    told = [
        judge(guard, "crm.example.test"),
        judge(guard, b"10.0.0.1", 53, "send to"),
        judge(guard, "::1", 80),
        judge(guard, "::1", None),
        judge(guard, "crm", None, "look up"),
        judge(guard, "a\nb", "http"),
        judge(guard, None, 5),
    ]
    end = "outside $proxy, and the network is closed in replay and simulate mode; call it through $proxy"  # noqa: E501

    assert told[0] == (
        f"付款 tried to connect to crm.example.test:443 {end}, or allow the host: "
        "--allow-hosts=crm.example.test"
    )
    assert guard.attempts == [
        "connect to crm.example.test:443",
        "send to 10.0.0.1:53",
        "connect to [::1]:80",
        "connect to ::1",
        "look up crm",
        r"connect to 'a\nb':http",
        "connect to :5",
    ]
    assert judge(NetworkGuard("付款"), "crm") == f"付款 tried to connect to crm:443 {end}"
    assert NetworkGuard("付款", closed=False).attempts == []


def test_an_allowed_host_is_reached_by_name_pattern_and_address(resolved: list[str]) -> None:
    other = NetworkGuard("退款")
    other.enter()
    guard = NetworkGuard("付款", hosts=["CRM.example.test", "*.corp", "10.0.0.?", "x" * 70])
    let_pass = {
        host: judge(guard, host) == ""
        for host in (
            "erp.example.test",
            "192.0.2.2",
            "192.0.2.1",
            "crm.EXAMPLE.test",
            "a.corp",
            "corp",
            "10.0.0.7",
            "10.0.0.17",
            "192.0.2.3",
        )
    }

    assert let_pass == {
        "erp.example.test": False,
        "192.0.2.2": False,
        "192.0.2.1": True,
        "crm.EXAMPLE.test": True,
        "a.corp": True,
        "corp": False,
        "10.0.0.7": True,
        "10.0.0.17": False,
        "192.0.2.3": False,
    }
    assert "*.corp" not in resolved
    assert "10.0.0.?" not in resolved
    assert getattr(module._resolving, "on", False) is False
    other.leave()
    erp = NetworkGuard("付款", hosts=["*.example.test"])
    assert judge(erp, "192.0.2.2") != ""
    assert (judge(erp, "erp.example.test"), judge(erp, "192.0.2.2")) == ("", "")
    erp.close(["a"])
    assert judge(erp, "192.0.2.2") != ""


def test_hosts_are_split_at_commas() -> None:
    assert split_hosts(" crm , ,erp,") == split_hosts(["crm", " erp,,"]) == ("crm", "erp")
    assert split_hosts(["a,b", "c"]) == ("a", "b", "c")
    assert split_hosts("") == split_hosts([]) == ()


class Sock:
    """A socket as far as the guard looks at it."""

    def __init__(self, family: Any, type_: Any = socket.SOCK_STREAM) -> None:
        self.family, self.type = family, type_


@contextmanager
def closed(*guards: NetworkGuard) -> Iterator[None]:
    for guard in guards:
        guard.enter()
    try:
        yield
    finally:
        for guard in guards:
            guard.leave()


def attempt(event: str, *args: Any) -> str:
    """Return what the audit hook says of an event; "" if it lets it pass."""
    try:
        module._check_audit_event(event, args)
    except ClosedNetworkError as error:
        return str(error).partition(" tried to ")[2].partition(" outside")[0]
    return ""


def test_events_that_reach_somebody_are_judged_and_others_pass() -> None:
    inet, six, local = Sock(socket.AF_INET), Sock(socket.AF_INET6), Sock(socket.AF_UNIX)
    raw = Sock(socket.AF_PACKET)
    kernel, cipher = Sock(socket.AF_NETLINK), Sock(socket.AF_ALG)
    events: dict[tuple[Any, ...], str] = {
        ("socket.connect", inet, ("crm", 443)): "connect to crm:443",
        ("socket.connect", six, ("::1", 443, 0, 0)): "connect to [::1]:443",
        ("socket.connect", local, "/tmp/x"): "",
        ("socket.connect", inet, "/tmp/x"): "",
        ("socket.connect", kernel, (0, 0)): "",
        ("socket.connect", cipher, ("hash", "sha256")): "",
        ("socket.connect", raw, ("eth0", 0)): "connect to AF_PACKET",
        ("socket.connect", Sock(99), ("x", 0)): "connect to family 99",
        ("socket.sendto", inet, ("crm", 53)): "send to crm:53",
        ("socket.sendto", inet): "",
        ("socket.sendmsg", inet, ("crm", 53)): "send to crm:53",
        ("socket.sendmsg", inet, None): "",
        ("socket.bind", inet, ("crm", 53)): "",
        ("socket.bind", local, "/tmp/x"): "",
        ("socket.bind", raw, ("eth0", 0)): "bind to AF_PACKET",
        ("socket.getaddrinfo", "crm", 443, 0, 0, 0): "look up crm:443",
        ("socket.getaddrinfo", "crm", None, 0, 0, 0): "look up crm",
        ("socket.getaddrinfo", None, 80, 0, 0, 0): "",
        ("socket.gethostbyname", "crm"): "look up crm",
        ("socket.gethostbyaddr", "127.0.0.1"): "",
        ("socket.gethostbyaddr", "10.0.0.1"): "look up 10.0.0.1",
        ("socket.getnameinfo", ("::1", 80)): "",
        ("socket.getnameinfo", ("10.0.0.1", 80)): "look up 10.0.0.1",
        ("socket.getnameinfo", ()): "look up ",
        ("socket.__new__", inet): "",
        ("http.client.send", inet, b""): "",
        ("open", "x"): "",
    }
    with closed(NetworkGuard("付款")):
        found = {event: attempt(*event) for event in events}
    assert found == events
    assert attempt("socket.gethostbyname", "crm") == ""
    with closed(NetworkGuard("付款", closed=False)):
        assert attempt("socket.gethostbyname", "crm") == ""


def test_a_connection_belongs_to_the_last_guard_of_its_thread() -> None:
    before = module._guards.entries
    first, second, other = (NetworkGuard(name) for name in ("甲", "乙", "丙"))
    open_ = NetworkGuard("丁", closed=False)
    with closed(first, second):
        attempt("socket.gethostbyname", "a")
        second.leave()
        attempt("socket.gethostbyname", "b")
        thread = threading.Thread(target=other.enter)
        thread.start()
        thread.join()
        attempt("socket.gethostbyname", "c")
        elsewhere = threading.Thread(target=attempt, args=("socket.gethostbyname", "d"))
        elsewhere.start()
        elsewhere.join()
        with open_:
            attempt("socket.gethostbyname", "e")
        other.leave()
    other.leave()

    assert [one.attempts for one in (first, second, other, open_)] == [
        ["look up b", "look up c"],
        ["look up a"],
        ["look up d"],
        [],
    ]
    assert module._guards.entries == before


class Observer:
    """Notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def note_connection(self, sock: Any, target: NetworkTarget, /) -> None:
        self.heard.append((sock.family, *target))

    def note_sending(self, connection: Any, data: Any, /) -> None:
        self.heard.append((connection, data))


def test_the_latest_observer_hears_of_tcp_that_no_guard_refused() -> None:
    first, second = Observer(), Observer()
    events: list[tuple[Any, ...]] = [
        ("socket.connect", Sock(socket.AF_INET), ("crm", 443)),
        ("socket.connect", Sock(socket.AF_INET6), ("::1", 80, 0, 0)),
        ("socket.connect", Sock(socket.AF_INET, socket.SOCK_DGRAM), ("crm", 53)),
        ("socket.connect", Sock(socket.AF_UNIX), "/tmp/x"),
        ("socket.connect", Sock(socket.AF_UNIX), ("a", 1)),
        ("socket.connect", Sock(socket.AF_INET), "crm"),
        ("socket.sendto", Sock(socket.AF_INET), ("crm", 443)),
        ("http.client.send", "c", b"d"),
    ]
    with observe_connections(first):
        with observe_connections(second):
            for event in events:
                attempt(*event)
            with closed(NetworkGuard("付款")):
                assert attempt(*events[0]) == "connect to crm:443"
        attempt(*events[-1])

    assert second.heard == [
        (socket.AF_INET, "crm", 443),
        (socket.AF_INET6, "::1", 80),
        ("c", b"d"),
    ]
    assert first.heard == [("c", b"d")]
    assert module._observers.entries == ()


def test_an_http_client_under_an_observer_is_told_of_threads() -> None:
    source = "def call(guard, target, judge):\n    import sys\n    judge(guard, target, sys._getframe())\n"  # noqa: E501
    told = {}
    for name in ("http.client", "urllib3.connection", "aiohttp"):
        space: dict[str, Any] = {"__name__": name}
        exec(source, space)
        for observed in (True, False):
            guard = NetworkGuard("付款")

            def judged(one: NetworkGuard, target: NetworkTarget, frame: Any) -> None:
                one.judge("connect to", target, frame)

            try:
                if observed:
                    with observe_connections(Observer()):
                        space["call"](guard, NetworkTarget("crm", 1), judged)
                else:
                    space["call"](guard, NetworkTarget("crm", 1), judged)
            except ClosedNetworkError as error:
                told[name, observed] = "vcrpy does not see" in str(error)

    assert told == {
        ("http.client", True): True,
        ("http.client", False): False,
        ("urllib3.connection", True): True,
        ("urllib3.connection", False): False,
        ("aiohttp", True): False,
        ("aiohttp", False): False,
    }


def test_a_pair_of_sockets_that_the_socket_module_connects_is_ours() -> None:
    def call(name: str, globals_: dict[str, Any], host: str) -> str:
        space: dict[str, Any] = {}
        exec(f"def {name}(check, event, args):\n    check(event, args)\n", space)
        function = types.FunctionType(space[name].__code__, globals_)
        try:
            function(module._check_audit_event, "socket.connect", (Sock(socket.AF_INET), (host, 1)))
        except ClosedNetworkError:
            return "refused"
        return ""

    ours = vars(socket)
    with closed(NetworkGuard("付款")):
        assert [
            call("socketpair", ours, "127.0.0.1"),
            call("_fallback_socketpair", ours, "::1"),
            call("socketpair", ours, "10.0.0.1"),
            call("create_connection", ours, "127.0.0.1"),
            call("socketpair", {"__name__": "socket"}, "127.0.0.1"),
        ] == ["", "", "refused", "refused", "refused"]


def test_the_own_look_up_of_an_allowed_name_is_not_judged() -> None:
    with closed(NetworkGuard("付款")):
        module._resolving.on = True
        try:
            assert attempt("socket.getaddrinfo", "crm", 1) == ""
        finally:
            module._resolving.on = False
        assert attempt("socket.getaddrinfo", "crm", 1) == "look up crm:1"
