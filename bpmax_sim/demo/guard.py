"""Close the network for a while: every attempt of any thread and library is refused and counted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

_OUTWARD = frozenset({"socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.sendmsg"})
_closed: list[list[str]] = []


class NetworkClosedError(OSError):
    """Somebody tried to use the network while it was closed."""


@contextmanager
def network_closed() -> Iterator[list[str]]:
    """Refuse connections until the block ends; yield the list of those that were tried."""
    _install()
    attempts: list[str] = []
    _closed.append(attempts)
    try:
        yield attempts
    finally:
        _closed.remove(attempts)


@cache
def _install() -> None:
    """Add the audit hook; a hook cannot be removed, so there is one, and it is idle mostly."""
    sys.addaudithook(_watch)


def _watch(event: str, _arguments: tuple[object, ...]) -> None:
    if _closed and event in _OUTWARD:
        for attempts in _closed:
            attempts.append(event)
        raise NetworkClosedError(f"{event}: the network is closed")
