"""One platform -> its stand-in for clients that are not scripts, in real time.

Whoever wants in uses the credentials of an instance; what is secret in them is a stand-in.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec.structs import replace

from bpmax_sim.clock import SystemClock
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.credentials import resolve
from bpmax_sim.platform.model import Instance
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.simulator.simulator import Simulator
from bpmax_sim.simulator.turn import Tenant


class Standin:
    """The stand-in of one platform; safe to use from several threads.

    Attributes:
        simulator: itself, with its knobs.
        tenants: instances and what they log in with.
    """

    def __init__(self, platforms: Platforms, key: str, *, seed: int = 0) -> None:
        """Stand in for the platform *key*.

        Raises:
            CallError: UNKNOWN_PLATFORM.
        """
        platform = platforms.platform(key)
        entries = [one.instance for one in platforms.entries.get(key, ()) if one.instance.enabled]
        instances = entries or [Instance(platform=key, instance_key="default")]
        self.tenants = tuple(_tenant(platforms, one) for one in instances)
        self.simulator = Simulator(platform, lambda: self.tenants, clock=SystemClock(), seed=seed)
        base = platform.base_url
        self._path = "" if "{" in base else urlsplit(base).path.rstrip("/")

    def answer(self, request: Request) -> Response:
        """Return the third party's answer.

        The server's address stands for the whole address of the platform, or for its host.

        Raises:
            TransportError: RESET, where a knob says so.
        """
        path = request.url.removeprefix(request.base)
        own = self._path
        if own and (path == own or path.startswith((f"{own}/", f"{own}?"))):
            request = replace(request, base=f"{request.base}{own}")
        return self.simulator.handle(request)


def _tenant(platforms: Platforms, instance: Instance) -> Tenant:
    platform = platforms.platform(instance.platform)
    found = resolve(platform, instance, environ={}, closed=True)
    return Tenant(instance.instance_key, found.real)
