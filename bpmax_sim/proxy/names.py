"""The names that auth's templates see, with real values or with those that are written down."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from bpmax_sim.messages import Signed
from bpmax_sim.platform.template import names_in, render
from bpmax_sim.proxy.effects import Grant
from bpmax_sim.proxy.environment import Environment, Tenant
from bpmax_sim.proxy.hidden import Hidden
from bpmax_sim.proxy.plan import Luck
from bpmax_sim.proxy.recipe import Recipe

CHANGING: Final = frozenset({"now", "nonce", "call_id"})
"""Names whose value is another at every call or attempt."""

_SENT, _WRITTEN = "names of what is sent", "names of what is written down"
_NOTHING: Final[Mapping[str, Any]] = {}


class Side(Hidden, frozen=True):
    """What one form of a request is made with; *kept* is where a recipe keeps its names."""

    credentials: Mapping[str, Any]
    granted: Mapping[str, Any]
    base: str
    luck: Luck
    now: float
    kept: str

    def is_like(self, other: Side) -> bool:
        """Return whether both make the same of a request."""
        return replace(self, kept=other.kept) == other


def real_side(
    tenant: Tenant, grant: Grant | None, env: Environment, luck: Luck, *, offset: float = 0.0
) -> Side:
    """Return what is sent; *offset* corrects the auth clock."""
    granted = grant.values if grant else _NOTHING
    return Side(tenant.real, granted, tenant.live, luck, env.auth_clock.now() + offset, _SENT)


def standin_side(tenant: Tenant, grant: Grant | None, env: Environment, luck: Luck) -> Side:
    """Return what is written down."""
    granted = grant.standins if grant else _NOTHING
    return Side(tenant.standins, granted, tenant.declared, luck, env.clock.now(), _WRITTEN)


def standin_at(tenant: Tenant, grant: Grant | None, stamp: Signed) -> Side:
    """Return what was written down at the instant and nonce of *stamp*."""
    granted = grant.standins if grant else _NOTHING
    luck = Luck(b"", stamp.call_id, stamp.nonce)
    return Side(tenant.standins, granted, tenant.declared, luck, stamp.now, _WRITTEN)


def names_of(
    recipe: Recipe, side: Side, attempt: int = 0, *, in_login: bool = False
) -> dict[str, Any]:
    """Return every name that the templates of auth may use, parameters rendered.

    An address that the login has yet to yield stays a template while it is under way.

    Raises:
        ConfigError: if a parameter or the address names something undefined.
    """
    changing = {
        "now": side.now,
        "nonce": _nonce(side.luck, attempt) if "nonce" in recipe.uses else "",
        "call_id": side.luck.call_id,
    }
    made_of = (side.credentials, side.granted, side.base)
    kept = None if in_login else recipe.keys.get(side.kept)
    if kept is not None and kept[0] == made_of:
        return {**kept[1], **changing}
    names = _rendered(recipe, side, changing, in_login=in_login)
    if not in_login and is_steady(recipe, side):
        recipe.keys[side.kept] = (made_of, names)
    return {**names}


def is_steady(recipe: Recipe, side: Side, templates: Iterable[str] = ()) -> bool:
    """Return whether address, parameters and *templates* say the same in every call of *side*."""
    parameters = recipe.auth.parameters
    texts = [
        side.base,
        *(value for value in parameters.values() if isinstance(value, str)),
        *templates,
    ]
    return CHANGING.isdisjoint(parameters) and all(map(CHANGING.isdisjoint, map(names_in, texts)))


def _rendered(
    recipe: Recipe, side: Side, changing: Mapping[str, Any], *, in_login: bool
) -> dict[str, Any]:
    names = {**side.credentials, **side.granted, **changing}
    is_known = not in_login or names_in(side.base) <= names.keys()
    names["base_url"] = render(side.base, names).rstrip("/") if is_known else side.base
    for name, value in recipe.auth.parameters.items():
        names[name] = render(value, names) if isinstance(value, str) else value
    return names


def _nonce(luck: Luck, attempt: int) -> str:
    """Return the nonce of one attempt: the same calls have the same ones, in any order."""
    return luck.nonce or hashlib.sha256(luck.seed + attempt.to_bytes(4, "big")).hexdigest()[:32]
