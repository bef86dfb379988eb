"""Whether what was recorded before is signed as its platform signs now."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bpmax_sim.messages import Request
from bpmax_sim.platform.model import Instance, Platform
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.proxy.effects import Grant
from bpmax_sim.proxy.environment import Tenant
from bpmax_sim.proxy.recipe import recipe_for
from bpmax_sim.proxy.resigning import is_signed


def still_signed(
    asked: Request,
    platforms: Platforms,
    tenant: Callable[[Platform, Instance], Tenant],
    granted: Mapping[str, Grant],
) -> bool:
    """Return whether a recorded request is signed as it would be today; *granted* by login key."""
    said = asked.call
    platform = platforms.find(said.platform) if said else None
    if said is None or platform is None or said.api not in platform.apis:
        return False
    instance = platforms.instance(said.platform, said.instance)
    recipe = recipe_for(platform, instance, platform.apis[said.api])
    own = f"{said.platform}/{said.instance}/"
    grant = next((grant for key, grant in granted.items() if key.startswith(own)), None)
    return is_signed(asked, recipe, tenant(platform, instance), grant)
