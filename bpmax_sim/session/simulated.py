"""The third parties of a run whose answers are simulated; they know the run's own credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bpmax_sim.clock import Clock
from bpmax_sim.platform.model import Instance, Platform
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.secret.credentials import Credentials
from bpmax_sim.simulator.simulators import Simulators
from bpmax_sim.simulator.turn import Tenant


def simulators(
    platforms: Platforms,
    tenant: Callable[[Platform, Instance], Credentials],
    clock: Clock,
    seed: int,
) -> Simulators:
    """Return the stand-ins of *platforms*; *tenant* gives the credentials of an instance."""

    def tenants(key: str) -> Iterator[Tenant]:
        platform = platforms.platform(key)
        for entry in platforms.entries.get(key, ()):
            if entry.instance.enabled:
                credentials = tenant(platform, entry.instance)
                yield Tenant(entry.instance.instance_key, credentials.real)

    return Simulators(platforms, lambda key: tuple(tenants(key)), clock=clock, seed=seed)
