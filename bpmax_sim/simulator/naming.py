"""The names that the templates of a platform's auth see, on the third party's side."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from bpmax_sim.errors import ConfigError
from bpmax_sim.platform.model import Auth
from bpmax_sim.platform.template import names_in, render
from bpmax_sim.simulator.turn import Tenant, Turn

CHANGING: Final = frozenset({"now", "nonce", "call_id"})
"""Names that a client makes anew each time; what holds one is not compared."""

EXPRESSION: Final = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_NAME = re.compile(r"[^\W\d]\w*")
_DEEPEST: Final = 8
_SIGNATURE: Final = "signature"


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


def flat(source: str, known: Mapping[str, Any]) -> str:
    """Return *source* with the names that have a template of their own replaced by it."""
    for _ in range(_DEEPEST):
        flat = EXPRESSION.sub(lambda found: _inner(found, known), source)
        if flat == source:
            break
        source = flat
    return source


def _inner(found: re.Match[str], known: Mapping[str, Any]) -> str:
    inner = known.get(found[1]) if _NAME.fullmatch(found[1]) else None
    return inner if isinstance(inner, str) and found[1] != _SIGNATURE else found[0]
