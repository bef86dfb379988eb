"""The network guard: blocks connections outside ``$proxy`` while a run replays or simulates.

It is one audit hook for the process (PEP 578), installed when a guard is first closed, and idle
while none is active. Whoever intercepts HTTP clients may have connections reported by it
(`observe_connections`). It sees every thread and every library that uses Python's sockets. It does
not see other processes, ctypes, and native libraries with their own sockets (uvloop, libpq, gRPC,
and asyncio on Windows with a numeric address). A host name passed to ``socket.connect`` or
``socket.sendto`` is resolved by Python before the hook runs; only the connection is blocked.

A connection belongs to the guard most recently activated by its own thread; in a thread that has
activated none, to the guard most recently activated by any thread.
"""

from __future__ import annotations

import inspect
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from types import FrameType
from typing import Any, Final, Generic, NamedTuple, Protocol, Self, TypeVar

from bpmax_sim.i18n import msg

_LOCAL_FAMILIES: Final = ("AF_UNIX", "AF_NETLINK", "AF_ALG", "AF_SYSTEM")
"""Families whose other end is this machine's kernel or a process on it."""

_PAIRS: Final = frozenset({"socketpair", "_fallback_socketpair"})
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})

WHY_UNSEEN: Final = msg(
    "vcrpy does not see every request of several threads at once if they use requests, urllib3 or "
    "urllib.request; send them one after another, or all with httpx or aiohttp"
)
"""Why a request passes who intercepts HTTP clients, and what to do."""

_CALL_IT: Final = msg("call it through $proxy")
_HTTP_CLIENT_MODULES: Final = frozenset({"http.client", "urllib3.connection"})


T = TypeVar("T")


class NetworkTarget(NamedTuple):
    """What an audit event of the socket module names as its other end, as the caller passed it.

    Attributes:
        host: name or address, as text or bytes; the family of a socket that has neither.
        port: port or name of a service; None if there is none.
    """

    host: Any
    port: Any


_FindTarget = Callable[[tuple[Any, ...], FrameType | None], NetworkTarget | None]
"""What an event with these arguments names; None for one that goes nowhere."""


class NetworkGuard:
    """Whether the network is closed for one run, and which hosts remain reachable.

    Attributes:
        attempts: blocked attempts, such as ``connect to crm.example.test:443``.
    """

    def __init__(
        self,
        who: str,
        *,
        allow: str = "",
        hosts: Iterable[str] = (),
        closed: bool = True,
    ) -> None:
        """Create a guard. It is active between `enter` and `leave`, or in a ``with`` block.

        Args:
            who: name of the scenario, test or session, for messages.
            allow: option that opens a host, with ``{}`` for the host.
            hosts: names, addresses or patterns with ``*`` that remain reachable.
            closed: whether the network is closed from the start.
        """
        self.attempts: list[str] = []
        self._who = who
        self._allow = allow
        self._thread = 0
        self.is_closed = False
        if closed:
            self.close(hosts)

    def close(self, hosts: Iterable[str] = ()) -> None:
        """Close the network except for *hosts*."""
        self._hosts = tuple(host.lower() for host in hosts)
        self._addresses: set[str] = set()
        self.is_closed = True
        _install_audit_hook_once()

    def enter(self) -> None:
        """Activate the guard for this thread, and for threads that have activated none."""
        self._thread = threading.get_ident()
        _guards.add(self)

    def leave(self) -> None:
        """Deactivate the guard; nothing happens if it is not active."""
        _guards.remove(self)

    def __enter__(self) -> Self:
        self.enter()
        return self

    def __exit__(self, *_error: object) -> None:
        self.leave()

    def is_activated_by(self, thread: int) -> bool:
        """Return whether the thread with this identifier activated the guard."""
        return self._thread == thread

    def judge(self, verb: str, target: NetworkTarget, frame: FrameType | None = None) -> None:
        """Note the attempt to reach *target*, and raise, unless its host is allowed.

        *verb* says in the message what was attempted, such as "connect to"; *frame* is of who
        attempts it.

        Raises:
            ClosedNetworkError: if the host is not allowed.
        """
        name, port = _to_text(target.host), target.port
        if self._allows(name):
            return
        from bpmax_sim.errors import ClosedNetworkError  # noqa: PLC0415 - nobody should need it

        shown = name if name.isprintable() else repr(name)
        where = f"[{shown}]:{port}" if port and ":" in shown else f"{shown}:{port}"
        attempt = msg("{verb} {where}", verb=verb, where=where if port else shown)
        self.attempts.append(attempt)
        allow = self._allow.format(shown)
        option = msg(", or allow the host: {option}", option=allow) if allow else ""
        raise ClosedNetworkError(
            "{who} tried to {attempt} outside $proxy, and the network is closed in replay "
            "and simulate mode; {advice}{option}",
            who=self._who,
            attempt=attempt,
            advice=WHY_UNSEEN if _observers.entries and _is_http_client(frame) else _CALL_IT,
            option=option,
        )

    def _allows(self, host: str) -> bool:
        """Return whether *host* is an allowed name or address, or an address of an allowed name."""
        name = host.lower()
        if name in self._addresses:
            return True
        if any(fnmatchcase(name, host) for host in self._hosts):
            self._resolve_allowed_name(name)
            return True
        for pattern in self._hosts:
            if not set(pattern) & set("*?["):
                self._resolve_allowed_name(pattern)
        return name in self._addresses

    def _resolve_allowed_name(self, host: str) -> None:
        """Look up the addresses of the allowed *host*, and allow them too.

        A client resolves the name itself and then connects to one of its addresses.
        """
        import socket  # noqa: PLC0415 - loaded already where there is one

        _resolving.on = True
        try:
            addresses = socket.getaddrinfo(host, None)
        except (OSError, UnicodeError):
            addresses = []
        finally:
            _resolving.on = False
        self._addresses.update(str(address[4][0]) for address in addresses)


class ConnectionObserver(Protocol):
    """What hears of connections that no guard refused, in the thread that makes them.

    Neither method may raise.
    """

    def note_connection(self, sock: Any, target: NetworkTarget, /) -> None:
        """Note that *sock*, of TCP, connects to *target*, an IP address or the name of one."""
        ...

    def note_sending(self, connection: Any, data: Any, /) -> None:
        """Note that *connection*, of `http.client` or a subclass, sends *data*."""
        ...


@contextmanager
def observe_connections(observer: ConnectionObserver) -> Iterator[None]:
    """Report connections of this process to *observer* in this context.

    Of several observers only the latest hears of them.
    """
    _install_audit_hook_once()
    _observers.add(observer)
    try:
        yield
    finally:
        _observers.remove(observer)


def split_hosts(hosts: str | Iterable[str]) -> tuple[str, ...]:
    """Return the single hosts; each text may contain several, separated by commas."""
    texts = [hosts] if isinstance(hosts, str) else hosts
    return tuple(host.strip() for text in texts for host in text.split(",") if host.strip())


def _find_connection_target(args: tuple[Any, ...], frame: FrameType | None) -> NetworkTarget | None:
    """Return the target of an attempt to connect, or None if it cannot leave this machine.

    *args* are those of the audit event ``socket.connect`` or ``socket.sendto``: the socket and its
    address. *frame* is the caller's frame: Windows connects pairs of sockets over loopback, which
    is recognised by the caller.
    """
    import socket  # noqa: PLC0415 - loaded already where there is one

    sock, address = args[0], args[1] if len(args) > 1 else None
    if sock.family not in {socket.AF_INET, socket.AF_INET6}:
        return _find_raw_socket_family(args, frame)
    if not isinstance(address, tuple):
        return None
    # Windows has no pairs of sockets: the socket module connects two over loopback.
    is_ours = (
        frame is not None
        and frame.f_globals is vars(socket)
        and frame.f_code.co_name in _PAIRS
        and address[0] in _LOOPBACK
    )
    return None if is_ours else NetworkTarget(address[0], address[1])


def _find_raw_socket_family(
    args: tuple[Any, ...], _frame: FrameType | None
) -> NetworkTarget | None:
    """Return the family of a socket that is neither IP nor local, such as one for raw frames.

    It is returned in place of a host, with None as port. For these, binding may be enough to send.
    None for an IP or local socket: binding one sends nothing.
    """
    import socket  # noqa: PLC0415 - loaded already where there is one

    family = args[0].family
    open_ = {getattr(socket, name, None) for name in (*_LOCAL_FAMILIES, "AF_INET", "AF_INET6")}
    if family in open_:
        return None
    return NetworkTarget(getattr(family, "name", f"family {family}"), None)


def _find_lookup_target(args: tuple[Any, ...], _frame: FrameType | None) -> NetworkTarget | None:
    """Return the target of a DNS lookup.

    None if no host is named, which means this machine.
    """
    host, port = args[0], args[1] if len(args) > 1 else None
    return NetworkTarget(host, port) if host else None


def _find_reverse_lookup_target(
    args: tuple[Any, ...], _frame: FrameType | None
) -> NetworkTarget | None:
    """Return the address of a reverse lookup, with None as port.

    None for a literal loopback address.

    `http.server.HTTPServer` looks up the name of the address that it is bound to.
    """
    address = args[0]
    host = address[0] if isinstance(address, tuple) and address else address
    return None if _to_text(host) in _LOOPBACK else NetworkTarget(host, None)


_WAYS: Final[Mapping[str, tuple[str, _FindTarget]]] = {
    "socket.connect": (msg("connect to"), _find_connection_target),
    "socket.sendto": (msg("send to"), _find_connection_target),
    "socket.sendmsg": (msg("send to"), _find_connection_target),
    "socket.bind": (msg("bind to"), _find_raw_socket_family),
    "socket.getaddrinfo": (msg("look up"), _find_lookup_target),
    "socket.gethostbyname": (msg("look up"), _find_lookup_target),
    "socket.gethostbyaddr": (msg("look up"), _find_reverse_lookup_target),
    "socket.getnameinfo": (msg("look up"), _find_reverse_lookup_target),
}
"""Every event of the socket module that can reach somebody.

The others pass: ``socket.__new__`` opens nothing, the names of services stand in a file, and
``gethostname`` and ``sethostname`` are about this machine.
"""


class _ActiveList(Generic[T]):
    """What the audit hook asks, latest last; threads change it one at a time.

    The hook reads `entries` without a lock, and finds them as they were before or after a change.
    """

    def __init__(self) -> None:
        self.entries: tuple[T, ...] = ()
        self._changing = threading.Lock()

    def add(self, entry: T) -> None:
        with self._changing:
            self.entries = (*self.entries, entry)

    def remove(self, entry: T) -> None:
        """Remove *entry*, wherever it is; nothing happens if it is not there."""
        with self._changing:
            self.entries = tuple(one for one in self.entries if one is not entry)


_guards = _ActiveList[NetworkGuard]()
_observers = _ActiveList[ConnectionObserver]()
_resolving = threading.local()
_installing = threading.Lock()
_installed: list[bool] = []


def _check_audit_event(event: str, args: tuple[Any, ...]) -> None:
    guards, observers = _guards.entries, _observers.entries
    # The guard's own look-up of an allowed name raises this event as well, on the same thread.
    if guards and event in _WAYS and not getattr(_resolving, "on", False):
        me = threading.get_ident()
        guard = next((guard for guard in reversed(guards) if guard.is_activated_by(me)), guards[-1])
        if guard.is_closed:
            caller = inspect.currentframe()  # it is not in *args*
            caller = caller.f_back if caller else None  # a frame that names itself is garbage
            verb, find_target = _WAYS[event]
            target = find_target(args, caller)
            if target is not None:
                guard.judge(verb, target, caller)
    if observers and event in _OBSERVED:
        _OBSERVED[event](observers[-1], args)


def _report_connection(observer: ConnectionObserver, args: tuple[Any, ...]) -> None:
    import socket  # noqa: PLC0415 - loaded already where there is one

    sock, address = args[:2]
    is_ip = sock.family in {socket.AF_INET, socket.AF_INET6} and isinstance(address, tuple)
    if is_ip and sock.type == socket.SOCK_STREAM:
        observer.note_connection(sock, NetworkTarget(*address[:2]))


def _report_sending(observer: ConnectionObserver, args: tuple[Any, ...]) -> None:
    observer.note_sending(*args)


_OBSERVED: Final[Mapping[str, Callable[[ConnectionObserver, tuple[Any, ...]], None]]] = {
    "socket.connect": _report_connection,
    "http.client.send": _report_sending,
}


def _is_http_client(frame: FrameType | None) -> bool:
    """Return whether *frame* is called by a connection of http.client or urllib3."""
    frames = traceback.walk_stack(frame) if frame else ()
    return any(one.f_globals.get("__name__") in _HTTP_CLIENT_MODULES for one, _ in frames)


_check_audit_event.__cantrace__ = True  # type: ignore[attr-defined] # debuggers and coverage see it, too


def _install_audit_hook_once() -> None:
    # An audit hook stays for the life of the process and takes time at each event, so there is one
    # for all guards and observers, and none without one.
    with _installing:
        if not _installed:
            _installed.append(True)
            sys.addaudithook(_check_audit_event)


def _to_text(host: Any) -> str:
    if isinstance(host, bytes | bytearray):
        return host.decode("ascii", "replace")
    return str(host or "")
