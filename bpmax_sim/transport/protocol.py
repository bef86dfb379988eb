"""The seam: whatever answers a request has one method, and a mode wraps another.

Fixed answers in front of a transport: no stub consumes a recording, takes time, or is recorded.

The stub that was added last is asked first; what none has an answer for goes on.

Whether the request under way is a session's own.

What listens to the requests of all HTTP clients of a process lets those pass: they are recorded
already, as the calls that they are.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol, cast, runtime_checkable

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import Request, Response, Route


class Transport(Protocol):
    """Something that answers requests; safe to call from several threads at once."""

    def handle(self, request: Request) -> Response:
        """Return the answer to *request*.

        Raises:
            TransportError: the exchange did not complete.
            NoMatchError: replay has no answer.
        """
        ...


@runtime_checkable
class Routed(Protocol):
    """A transport that can be told how each request travels."""

    def routed(self, route: Callable[[Request], Route], /) -> Transport:
        """Return a transport over the same connections."""
        ...


class Handler(msgspec.Struct, frozen=True):
    """A function as a transport."""

    function: Callable[[Request], Response]

    def handle(self, request: Request) -> Response:
        """Return what the function answers."""
        return self.function(request)


TransportLike = Transport | Callable[[Request], Response]
"""What `as_transport` takes."""


def as_transport(given: object) -> Transport:
    """Return *given* as a transport; a function of a request becomes one.

    Raises:
        ConfigError: it is neither.
    """
    if not isinstance(given, type):
        if callable(getattr(given, "handle", None)):
            return cast("Transport", given)
        if callable(given):
            return Handler(given)
    raise ConfigError(
        "transport: expected a function of a Request that returns a Response, or an object with "
        f"a method handle, got {given!r}"
    )


SOURCE = "stub"
"""What calls say who answered them."""

Stub = Callable[[Request], Response | None]
"""Returns an answer, or None for a request that is none of its own."""


@dataclass(slots=True)
class Stubs:
    """Ask the stubs, then the transport below.

    Attributes:
        learning: wraps whatever answers, so that what it mints is known before anyone shows it.
    """

    inner: Transport
    learning: Callable[[Transport], Transport]
    _stubs: list[Stub] = field(default_factory=list, init=False)

    def add(self, stub: Stub) -> None:
        """Ask *stub* from now on, before those that are there already."""
        self._stubs.insert(0, stub)

    def handle(self, request: Request) -> Response:
        """Return the answer of the first stub that has one, else that of the transport below."""
        for stub in self._stubs:
            answer = stub(request)
            if answer is not None:
                told = replace(answer, source=SOURCE, elapsed=0.0)
                return self.learning(_Said(told)).handle(request)
        return self.inner.handle(request)


class _Said(msgspec.Struct, frozen=True):
    """An answer that is there already."""

    response: Response

    def handle(self, request: Request) -> Response:  # noqa: ARG002 - the transport's signature
        return self.response


OWN: ContextVar[bool] = ContextVar("bpmax_sim_own", default=False)
