"""The third parties of one session: each is made when it is first called."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from bpmax_sim.cassette.identify import Identifier
from bpmax_sim.clock import Clock
from bpmax_sim.errors import TransportError
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.simulator.simulator import Simulator
from bpmax_sim.simulator.turn import Tenant


class Simulators:
    """A transport that answers each request as the third party that it is for."""

    def __init__(
        self,
        platforms: Platforms,
        tenants: Callable[[str], Sequence[Tenant]],
        *,
        clock: Clock,
        seed: int = 0,
    ) -> None:
        """Stand in for *platforms*; *tenants* returns the instances of one by its key."""
        self._platforms = platforms
        self._tenants = tenants
        self._clock = clock
        self._seed = seed
        self._made: dict[str, Simulator] = {}
        self._lock = threading.Lock()

    def simulator(self, key: str) -> Simulator:
        """Return the stand-in of a platform.

        Raises:
            CallError: UNKNOWN_PLATFORM.
        """
        with self._lock:
            if key not in self._made:
                self._made[key] = Simulator(
                    self._platforms.platform(key),
                    lambda: self._tenants(key),
                    clock=self._clock,
                    seed=self._seed,
                )
            return self._made[key]

    def handle(self, request: Request) -> Response:
        """Return the answer of the third party that *request* is for.

        Raises:
            TransportError: CONNECT, for an address that no platform has; RESET, where a knob says
                so.
        """
        key = request.call.platform if request.call else ""
        if not key:
            call = Identifier(self._platforms).identify(request).call
            key = call.platform if call else ""
        if not key:
            raise TransportError(
                f"no platform has the address of {request.method} {request.url.partition('?')[0]},"
                " so nothing simulates it; declare it",
                code="CONNECT",
                sent=False,
            )
        return self.simulator(key).handle(request)
