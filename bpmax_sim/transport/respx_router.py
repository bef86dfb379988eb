"""Stubs instead of the network: a respx router, or any httpx transport or handler."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import respx
from respx.models import AllMockedAssertionError, PassThrough

from bpmax_sim.errors import TransportError
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


def make_router_stub(router: Router) -> Callable[[Request], Response | None]:
    """Return a stub, a function from request to response, that is answered by *router*.

    The stub returns None if no route of the router matches, or the route passes the request on.
    """
    transport = stub(router)

    def answer(request: Request) -> Response | None:
        try:
            return transport.handle(request)
        except (AllMockedAssertionError, PassThrough):
            return None
        except TransportError as error:  # in virtual time, as faults have it
            error.elapsed = request.timeout if error.code == "TIMEOUT" else 0.0
            raise

    return answer


def make_router() -> Router:
    """Return a respx router without routes."""
    return respx.Router(assert_all_called=False)
