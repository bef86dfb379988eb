"""Grants kept by key, and one login at a time for each key."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec

from bpmax_sim.proxy.effects import Acquire, Flow, Grant


class Flight(msgspec.Struct):
    """A login under way; whoever comes later waits for it and shares what comes of it."""

    landed: threading.Event = msgspec.field(default_factory=threading.Event)
    grant: Grant | None = None
    error: Exception | None = None


class TokenStore:
    """The grants of one session; safe to use from several threads."""

    def __init__(self) -> None:
        """Start without a grant."""
        self._lock = threading.Lock()
        self._grants: dict[str, Grant] = {}
        self._flights: dict[str, Flight] = {}

    def peek(self, wanted: Acquire) -> Grant | None:
        """Return the grant that answers *wanted*, or None if a login is due.

        A refused or expired grant is evicted.
        """
        with self._lock:
            return self._valid(wanted)

    def put(self, key: str, grant: Grant) -> None:
        """Keep *grant* for *key*."""
        with self._lock:
            self._grants[key] = grant

    def clear(self) -> None:
        """Forget every grant."""
        with self._lock:
            self._grants.clear()

    def obtain(self, wanted: Acquire, run: Callable[[Flow], Grant]) -> Grant:
        """Return a valid grant, by at most one login at a time for each key; blocks.

        Raises:
            Exception: what the login raised, to everyone who waited for it.
        """
        with self._lock:
            grant = self._valid(wanted)
            if grant is not None:
                return grant
            flight = self._flights.get(wanted.key)
            leads = flight is None
            if flight is None:
                flight = self._flights[wanted.key] = Flight()
        return self._lead(wanted, flight, run) if leads else _follow(flight)

    def _valid(self, wanted: Acquire) -> Grant | None:
        grant = self._grants.get(wanted.key)
        if grant is None or not (grant is wanted.stale or grant.expires <= wanted.now):
            return grant
        del self._grants[wanted.key]
        return None

    def _lead(self, wanted: Acquire, flight: Flight, run: Callable[[Flow], Grant]) -> Grant:
        try:
            flight.grant = run(wanted.flow())
        except Exception as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                if flight.grant is not None:
                    self._grants[wanted.key] = flight.grant
                del self._flights[wanted.key]
            flight.landed.set()
        return flight.grant


def _follow(flight: Flight) -> Grant:
    flight.landed.wait()
    if flight.grant is not None:
        return flight.grant
    raise flight.error or RuntimeError("the login that this call waited for was interrupted")
