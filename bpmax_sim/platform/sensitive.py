"""What a platform file says of secrets in answers -> places in a message."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bpmax_sim.messages import Sensitive


def sensitive(paths: Iterable[str]) -> tuple[Sensitive, ...]:
    """Return the declared ``secret:`` *paths* (``body.a.b``, ``header.Name``) as places."""
    found = []
    for path in paths:
        kind, _, name = path.partition(".")
        spelled = f"header:{name}" if kind == "header" else path
        found.append(Sensitive(spelled, re.sub(r"\W+", "_", name or path).strip("_")))
    return tuple(found)
