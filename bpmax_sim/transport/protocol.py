"""The seam: whatever answers a request has one method, and a mode wraps another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from bpmax_sim.messages import Request, Response


class Transport(Protocol):
    """Something that answers requests; safe to call from several threads at once."""

    def handle(self, request: Request) -> Response:
        """Return the answer to *request*.

        Raises:
            TransportError: the exchange did not complete.
            NoMatchError: replay has no answer.
        """
        ...


class Handler(msgspec.Struct, frozen=True):
    """A function as a transport."""

    function: Callable[[Request], Response]

    def handle(self, request: Request) -> Response:
        """Return what the function answers."""
        return self.function(request)
