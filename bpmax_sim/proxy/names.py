"""The names that auth's templates see, with real values or with those that are written down."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bpmax_sim.platform.template import names_in, render
from bpmax_sim.proxy.effects import Grant
from bpmax_sim.proxy.environment import Environment, Tenant
from bpmax_sim.proxy.plan import Luck
from bpmax_sim.proxy.recipe import Recipe

CHANGING: Final = frozenset({"now", "nonce", "call_id"})
"""Names whose value is another at every call or attempt."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one form of a request is made with."""

    credentials: Mapping[str, Any] = field(repr=False)
    granted: Mapping[str, Any] = field(repr=False)
    base: str
    luck: Luck
    now: float


def real_side(
    tenant: Tenant, grant: Grant | None, env: Environment, luck: Luck, *, offset: float = 0.0
) -> Side:
    """Return what is sent; *offset* corrects the auth clock."""
    granted = grant.values if grant else {}
    return Side(tenant.real, granted, tenant.live, luck, env.auth_clock.now() + offset)


def standin_side(tenant: Tenant, grant: Grant | None, env: Environment, luck: Luck) -> Side:
    """Return what is written down."""
    granted = grant.standins if grant else {}
    return Side(tenant.standins, granted, tenant.declared, luck, env.clock.now())


def names_of(
    recipe: Recipe, side: Side, attempt: int = 0, *, in_login: bool = False
) -> dict[str, Any]:
    """Return every name that the templates of auth may use, parameters rendered.

    An address that the login has yet to yield stays a template while it is under way.

    Raises:
        ConfigError: if a parameter or the address names something undefined.
    """
    names = {
        **side.credentials,
        **side.granted,
        "now": side.now,
        "nonce": _nonce(side.luck, attempt) if "nonce" in recipe.uses else "",
        "call_id": side.luck.call_id,
    }
    is_known = not in_login or names_in(side.base) <= names.keys()
    names["base_url"] = render(side.base, names).rstrip("/") if is_known else side.base
    for name, value in recipe.auth.parameters.items():
        names[name] = render(value, names) if isinstance(value, str) else value
    return names


def _nonce(luck: Luck, attempt: int) -> str:
    """Return the nonce of one attempt: the same calls have the same ones, in any order."""
    return hashlib.sha256(luck.seed + attempt.to_bytes(4, "big")).hexdigest()[:32]
