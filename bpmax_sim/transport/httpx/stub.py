"""A stub in the place of the network: a respx router, or any httpx transport or handler."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import respx

from bpmax_sim.transport.httpx.live import Live
from bpmax_sim.transport.protocol import Transport

Handler = Callable[[httpx.Request], httpx.Response]


def stub(router: respx.Router | httpx.BaseTransport | Handler) -> Transport:
    """Return a transport that *router* answers, for ``Session.open(transport=…)``.

    A respx router, a WSGI or mock transport, and a function of an `httpx.Request` will do. What it
    answers passes through the same client as the network's answers.
    """
    if isinstance(router, httpx.BaseTransport):
        return Live(router)
    answer = router.handler if isinstance(router, respx.Router) else router
    return Live(httpx.MockTransport(answer))
