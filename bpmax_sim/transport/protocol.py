"""The interface of everything that answers requests; one transport wraps another.

`StubTransport` are fixed responses in front of a transport. `OWN` marks requests that a session
sends itself, so that the interception of HTTP clients in this process leaves them alone.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol, cast, runtime_checkable

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import ConnectionRoute, Request, Response


class Transport(Protocol):
    """Something that answers requests; safe to call from several threads at once."""

    def handle(self, request: Request) -> Response:
        """Return the response to *request*.

        Raises:
            TransportError: if the exchange fails.
            NoMatchError: if replay has no response.
        """
        ...


@runtime_checkable
class RoutableTransport(Protocol):
    """A transport that accepts a connection route for each request."""

    def with_routes(self, route: Callable[[Request], ConnectionRoute], /) -> Transport:
        """Return a transport over the same connections; *route* returns the route of a request."""
        ...


class Handler(msgspec.Struct, frozen=True):
    """A function as a transport."""

    function: Callable[[Request], Response]

    def handle(self, request: Request) -> Response:
        """Return the response of the function to *request*."""
        return self.function(request)


def get_handle_function(transport: Transport) -> Callable[[Request], Response]:
    """Return the function that answers a request; for a `Handler` its own, which saves a call."""
    return transport.function if isinstance(transport, Handler) else transport.handle


TransportLike = Transport | Callable[[Request], Response]
"""What `as_transport` takes."""


def as_transport(transport: object) -> Transport:
    """Return *transport* as a transport; a function from request to response becomes one.

    Raises:
        ConfigError: if it is neither.
    """
    if not isinstance(transport, type):
        if callable(getattr(transport, "handle", None)):
            return cast("Transport", transport)
        if callable(transport):
            return Handler(transport)
    raise ConfigError(
        "transport: expected a function of a Request that returns a Response, or an "
        "object with a method handle, got {transport!r}",
        transport=transport,
    )


SOURCE = "stub"
"""What calls say who answered them."""

Stub = Callable[[Request], Response | None]
"""Returns a response, or None for a request that is none of its own."""


@dataclass(slots=True)
class StubTransport:
    """Answers by the test's own functions (stubs), the last added first, else by *inner*.

    A stub's response plays no recording, takes no virtual time and is not recorded.

    Attributes:
        inner: the transport below, for requests to which no stub returns a response.
        learn: function that registers the secrets of a stub's response before it is shown.
    """

    inner: Transport
    learn: Callable[[Request, Response], None]
    _stubs: list[Stub] = field(default_factory=list, init=False)

    @property
    def has_stubs(self) -> bool:
        """Return whether there is any stub."""
        return bool(self._stubs)

    def add(self, stub: Stub) -> None:
        """Ask *stub* first from now on, before the stubs that were added earlier."""
        self._stubs.insert(0, stub)

    def handle(self, request: Request) -> Response:
        """Return the response of the first stub that returns one, else of the transport below."""
        responses = (stub(request) for stub in self._stubs)
        response = next((response for response in responses if response is not None), None)
        if response is None:
            return self.inner.handle(request)
        fixed = replace(response, source=SOURCE, elapsed=0.0)
        self.learn(request, fixed)
        return fixed


OWN: ContextVar[bool] = ContextVar("bpmax_sim_own", default=False)
"""Whether the request under way is a session's own, and recorded as the call that it is."""
