"""Stubs instead of the network: a respx router, or any httpx transport or handler."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any, Final, NamedTuple

import httpx
import respx
from respx.models import AllMockedAssertionError, CallList, PassThrough

from bpmax_sim.errors import TransportError, find_frame_outside
from bpmax_sim.messages import Request, Response
from bpmax_sim.transport.live import LiveTransport
from bpmax_sim.transport.protocol import Transport

Router = respx.Router
Handler = Callable[[httpx.Request], httpx.Response]


def stub(router: respx.Router | httpx.BaseTransport | Handler) -> Transport:
    """Return a transport that answers from *router*, for ``Session.open(transport=…)``.

    *router* may be a respx router, a WSGI or mock transport, or a function of an `httpx.Request`.
    Its responses pass through the same client as those of the network.
    """
    if isinstance(router, httpx.BaseTransport):
        return LiveTransport(router)
    answer = router.handler if isinstance(router, respx.Router) else router
    return LiveTransport(httpx.MockTransport(answer))


def make_router_stub(router: WatchedRouter) -> Callable[[Request], Response | None]:
    """Return a stub, a function from request to response, that is answered by *router*.

    The stub returns None if no route of the router matches, or the route passes the request on.
    """
    transport = stub(router)

    def answer(request: Request) -> Response | None:
        router.requests.append(f"{request.method} {request.url.partition('?')[0]}")
        try:
            return transport.handle(request)
        except (AllMockedAssertionError, PassThrough):
            return None
        except TransportError as error:  # in virtual time, as faults have it
            error.elapsed = request.timeout if error.code == "TIMEOUT" else 0.0
            raise

    return answer


def make_router(test: CodeType | None = None) -> WatchedRouter:
    """Return a respx router without routes; *test* is the code of the test that adds some."""
    return WatchedRouter(test)


class _WatchedCalls:
    """Calls of respx, in a class that is mixed into those of respx, and whether a test read them.

    Attributes:
        is_read: whether anybody read ``calls``, or what respx makes of it, such as ``called``.
    """

    is_read = False

    @property
    def calls(self) -> CallList:
        """Return the calls that were answered."""
        self.is_read = True
        return self._calls

    @calls.setter
    def calls(self, calls: CallList) -> None:
        self._calls = calls


class WatchedRoute(_WatchedCalls, respx.Route):
    """A route that knows whether a test looked at its calls."""

    def __init__(self, *patterns: Any, **lookups: Any) -> None:
        """Make the route as respx does."""
        super().__init__(*patterns, **lookups)
        self.is_read = False  # the initialiser reads them, too

    @property
    def has_answered(self) -> bool:
        """Return whether the route answered any request, without noting that somebody looked."""
        return bool(self._calls)


class UnusedRoute(NamedTuple):
    """A route that answered no request: ``GET https://…``, and the line that made it."""

    name: str
    file: str
    line: int


class WatchedRouter(_WatchedCalls, respx.Router):
    """A respx router that knows which routes of a test's own body answered no request.

    Attributes:
        requests: method and address, without its query, of each request that was asked for.
    """

    def __init__(self, test: CodeType | None) -> None:
        """Create a router without routes; *test* is the code whose routes are watched."""
        super().__init__(assert_all_called=False)
        self.is_read = False
        self.requests: list[str] = []
        self._test = test
        self._made: list[tuple[respx.Route, UnusedRoute]] = []

    def route(self, *patterns: Any, name: str | None = None, **lookups: Any) -> respx.Route:
        """Add a route as respx does, and note who made it."""
        route = self.add(WatchedRoute(*patterns, **lookups), name=name)
        frame = find_frame_outside(_WRAPPERS)
        if frame is not None and frame.f_code is self._test:
            shown = " ".join(filter(None, map(_to_words, lookups, lookups.values())))
            place = frame.f_code.co_filename, frame.f_lineno
            self._made.append((route, UnusedRoute(shown or repr(route.pattern), *place)))
        return route

    def record(
        self,
        request: httpx.Request,
        *,
        response: httpx.Response | None = None,
        route: respx.Route | None = None,
    ) -> None:
        """Add a call as respx does, which is no look at the calls."""
        before = self.is_read
        super().record(request, response=response, route=route)
        self.is_read = before

    def find_unused_routes(self) -> list[UnusedRoute]:
        """Return the routes of the test's own body that answered nothing and that it never asked.

        Routes that pass requests on answer nothing on purpose; those of fixtures and helpers serve
        other tests, too.
        """
        return [
            unused
            for route, unused in self._made
            if not self.is_read
            and isinstance(route, WatchedRoute)
            and not (route.has_answered or route.is_read or route.is_pass_through)
            and route in list(self.routes)
        ]


_WRAPPERS: Final = (str(Path(respx.__file__).parent), __file__)


def _to_words(lookup: str, value: object) -> str:
    """Return a look-up of a route for a message: ``GET``, an address, ``path__regex=…``."""
    text = "" if value is None else str(getattr(value, "pattern", value))
    return text if lookup in {"method", "url"} else f"{lookup}={text}"
