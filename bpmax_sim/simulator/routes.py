"""Which route, login or API a request is for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from bpmax_sim.simulator.asked import Asked, segments

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


def matched(method: str, path: str, asked: Asked) -> Mapping[str, str] | None:
    """Return the values of the placeholders of *path*, or None where the request is another."""
    if method.upper() != asked.method:
        return None
    wanted, given = segments(path.partition("?")[0]), segments(asked.path)
    if len(wanted) != len(given):
        return None
    values: dict[str, str] = {}
    for template, text in zip(wanted, given, strict=True):
        pattern, names = _compiled(template)
        found = pattern.fullmatch(text)
        if found is None:
            return None
        values |= dict(zip(names, found.groups(), strict=True))
    return values


@lru_cache(maxsize=1024)
def _compiled(template: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    literals = map(re.escape, _PLACEHOLDER.split(template)[::2])
    pattern = re.compile("(.+?)".join(literals), re.DOTALL)
    return pattern, tuple(_PLACEHOLDER.findall(template))
