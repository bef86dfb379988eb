"""The names that the templates of a platform's auth see, on the third party's side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bpmax_sim.errors import ConfigError
from bpmax_sim.platform.model import Auth
from bpmax_sim.platform.template import names_in, render
from bpmax_sim.simulator.turn import Tenant, Turn

CHANGING: Final = frozenset({"now", "nonce", "call_id"})
"""Names that a client makes anew each time; what holds one is not compared."""


def names_for(
    turn: Turn, tenant: Tenant, auth: Auth, granted: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return every name with its value, parameters rendered as far as they can be."""
    names: dict[str, Any] = {
        **tenant.credentials,
        **(granted or {}),
        "base_url": turn.world.base,
        "now": turn.now,
        "nonce": "",
        "call_id": "",
    }
    for name, value in auth.parameters.items():
        made = rendered(value, names) if isinstance(value, str) else value
        if made is not None:
            names[name] = made
    return names


def rendered(source: str, names: Mapping[str, Any]) -> str | None:
    """Return *source* rendered, or None where a name has no value."""
    try:
        return render(source, names) if names_in(source) <= names.keys() else None
    except ConfigError:
        return None


def is_changing(source: str, auth: Auth) -> bool:
    """Return whether *source* is another text at every request."""
    names = names_in(source)
    through = [auth.parameters.get(name) for name in names]
    inner = [names_in(text) for text in through if isinstance(text, str)]
    return not CHANGING.isdisjoint(names.union(*inner))
