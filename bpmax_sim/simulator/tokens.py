"""Tokens: issued, handed out again, replaced, judged; each third party by its own rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.simulator.model import Tokens
from bpmax_sim.simulator.state import Grant, Knobs
from bpmax_sim.simulator.turn import Refused, Tenant, Turn

_REMEMBERED = 512
"""Tokens that are still known, so that an old one is told from one that never was."""

NOTHING: Mapping[str, str] = MappingProxyType({})
_RENEWALS = {"same": (0.0, False), "new": (None, False), "extend": (0.0, True)}


def issue(
    turn: Turn,
    tenant: Tenant,
    *,
    names: Iterable[str] = ("token",),
    known: Mapping[str, str] = NOTHING,
) -> Grant:
    """Return the token of *tenant*: that which it has where the rule says so, else a new one.

    *names* are what the login yields, and *known* what need not be made for that.
    """
    rule = bent(turn.world.table.tokens, turn.state.knobs)
    found = _reusable(turn, tenant, rule, {*names, *known})
    if found is not None:
        kept = replace(found, expires=turn.now + rule.life) if rule.extend else found
        turn.change(grants=tuple(kept if one is found else one for one in turn.state.grants))
        return kept
    values = {name: turn.made(rule.prefix, rule.length) for name in names if name not in known}
    grant = Grant(
        instance=tenant.instance,
        values={**known, **values},
        issued=turn.now,
        expires=turn.now + rule.life,
    )
    older = tuple(_overlapping(one, tenant, rule, turn.now) for one in turn.state.grants)
    turn.change(grants=(*older[-_REMEMBERED:], grant))
    return grant


def bent(rule: Tokens, knobs: Knobs) -> Tokens:
    """Return *rule* as the knobs have it."""
    if knobs.life is not None:
        rule = replace(rule, life=knobs.life)
    if knobs.overlap is not None:
        rule = replace(rule, overlap=knobs.overlap)
    if knobs.renewal is None:
        return rule
    reuse, extend = _RENEWALS[knobs.renewal]
    return replace(rule, reuse=UNSET if reuse is None else reuse, extend=extend)


def accept(turn: Turn, value: str) -> Grant:
    """Return the grant whose token is *value*, and know whose request it is.

    Raises:
        Refused: missing, invalid or expired, as the table calls it.
    """
    rule = turn.world.table.tokens
    if not value:
        raise Refused(rule.missing)
    found = next((one for one in turn.state.grants if one.values.get("token") == value), None)
    if found is None or found.revoked:
        raise Refused(rule.invalid)
    if not found.is_live(turn.now):
        raise Refused(rule.expired)
    for tenant in turn.world.tenants:
        if tenant.instance == found.instance:
            turn.belongs_to(tenant)
    return found


def carried(turn: Turn) -> str:
    """Return the token that a request carries where the table says, or nothing."""
    rule = turn.world.table.tokens
    value = turn.look(rule.at)
    if not isinstance(value, str):
        return ""
    if not rule.scheme:
        return value
    scheme, _, rest = value.partition(" ")
    return rest.strip() if scheme.lower() == rule.scheme.lower() else ""


def left(grant: Grant, now: float) -> int:
    """Return the whole seconds that a token still lives."""
    return max(int(grant.expires - now), 0)


def _reusable(turn: Turn, tenant: Tenant, rule: Tokens, names: set[str]) -> Grant | None:
    if rule.reuse is UNSET:
        return None
    least = float(rule.reuse)
    for grant in reversed(turn.state.grants):
        is_theirs = grant.instance == tenant.instance and grant.is_live(turn.now)
        if is_theirs and grant.expires - turn.now > least and names <= grant.values.keys():
            return grant
    return None


def _overlapping(grant: Grant, tenant: Tenant, rule: Tokens, now: float) -> Grant:
    """Return an older token of *tenant*, which may end sooner now that there is a new one."""
    if rule.overlap is UNSET or grant.instance != tenant.instance:
        return grant
    return replace(grant, expires=min(grant.expires, now + float(rule.overlap)))
