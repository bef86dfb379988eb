"""Closes the network while a test that replays is in its call phase.

One audit hook for the process, installed when it is first needed and switched by the test that
runs (PEP 578). It holds for all threads, but not for sockets connected before, other processes,
local (AF_UNIX) sockets, setup and teardown, so that pytest-xdist, debuggers and servers of
fixtures go on. The innermost running test decides where pytest runs inside pytest.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any

import pytest

_ADDRESSED = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_NAMED = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
_PAIRS = frozenset({"socketpair", "_fallback_socketpair"})


class Door:
    """Whether the network is open for one test, and which hosts are anyway."""

    def __init__(self) -> None:
        """Start open."""
        self.closed = False
        self._allowed: tuple[str, ...] = ()
        self._addresses: set[str] = set()
        self._resolving = threading.local()

    def close(self, allowed: tuple[str, ...]) -> None:
        """Close the network but for the hosts of *allowed*."""
        _install()
        self._allowed = tuple(host.lower() for host in allowed)
        self.closed = True

    def refuse(self, event: str, args: tuple[Any, ...]) -> None:
        """Judge one audit event.

        Raises:
            ClosedNetworkError: it goes to a host that is not allowed.
        """
        if getattr(self._resolving, "on", False):
            return
        if event in _NAMED:
            self._refuse_name(args)
        elif not self._is_open(args[0], args[1] if len(args) > 1 else None):
            raise _refusal(*args[1][:2])

    def _refuse_name(self, args: tuple[Any, ...]) -> None:
        host = _text(args[0])
        if not host:
            return
        if not self._allows(host):
            raise _refusal(host, args[1] if len(args) > 1 else None)
        self._remember(host)

    def _allows(self, host: str) -> bool:
        """Return whether a name or address is allowed, or is an address of an allowed name."""
        name = host.lower()
        if name in self._addresses or any(fnmatchcase(name, one) for one in self._allowed):
            return True
        for one in self._allowed:
            if not set(one) & set("*?["):
                self._remember(one)
        return name in self._addresses

    def _remember(self, host: str) -> None:
        """Let connections to the addresses of an allowed name pass."""
        import socket  # noqa: PLC0415 - loaded already where a name is resolved

        self._resolving.on = True
        try:
            found = socket.getaddrinfo(host, None)
        except OSError:
            found = []
        finally:
            self._resolving.on = False
        self._addresses.update(str(one[4][0]) for one in found)

    def _is_open(self, sock: Any, address: Any) -> bool:
        """Return whether *address* is allowed, local, or the other end of a pair of sockets."""
        import socket  # noqa: PLC0415 - loaded already where there is one

        if sock.family not in {socket.AF_INET, socket.AF_INET6} or not isinstance(address, tuple):
            return True
        made_by = sys._getframe(3).f_code.co_name  # noqa: SLF001 - Windows makes pairs of these
        return made_by in _PAIRS or self._allows(_text(address[0]))


DOOR = pytest.StashKey[Door]()
_doors: list[Door] = []
_installed: list[bool] = []


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _doors or not _doors[-1].closed or not event.startswith("socket."):
        return
    if event in _ADDRESSED or event in _NAMED:
        _doors[-1].refuse(event, args)


_hook.__cantrace__ = True  # type: ignore[attr-defined] # debuggers and coverage see it, too


def _install() -> None:
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_hook)


@contextmanager
def behind(door: Door) -> Iterator[None]:
    """Let *door* decide until the block ends."""
    _doors.append(door)
    try:
        yield
    finally:
        _doors.remove(door)


def _text(host: Any) -> str:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")


def _refusal(host: Any, port: Any = None) -> Exception:
    from bpmax_sim.errors import ClosedNetworkError  # noqa: PLC0415 - nobody should need it

    name = _text(host)
    where = f"{name}:{port}" if port else name
    return ClosedNetworkError(
        f"the test reached for {where} beside $proxy, and the network is closed while replaying; "
        f"call it through $proxy, or allow it: --bpmax-allow-hosts={name}"
    )
