"""Rule tables as they are shipped, and the one that a platform gets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from bpmax_sim.errors import ConfigError, Problem, Problems
from bpmax_sim.platform.model import LoginStep, Platform
from bpmax_sim.simulator.derived import derived
from bpmax_sim.simulator.model import Route, Table, is_login
from bpmax_sim.simulator.naming import flat
from bpmax_sim.yamlfile import decode, read_yaml

RULES = Path(__file__).parent / "rules"


@cache
def shipped() -> tuple[str, ...]:
    """Return the keys of the tables that are shipped, sorted."""
    return tuple(sorted(path.stem for path in RULES.glob("*.yaml")))


@cache
def read_table(key: str) -> Table:
    """Return the shipped table of *key*.

    Raises:
        ConfigError: everything that is wrong in it.
    """
    problems: list[Problem] = Problems()
    node = read_yaml(RULES / f"{key}.yaml", file=f"rules/{key}.yaml")
    table = decode(node, Table, problems)
    if table is None or problems:
        raise ConfigError(*problems)
    return table


def table_of(platform: Platform) -> Table:
    """Return the rules of *platform*: the shipped ones over those that its file implies.

    A table of the same key counts where the platform logs in as the table says; a platform file of
    a user's own that only shares the key is another third party.
    """
    own = derived(platform)
    if platform.platform_key not in shipped():
        return own
    table = read_table(platform.platform_key)
    if not _logs_in_alike(platform, table):
        return own
    return replace(table, errors={**own.errors, **table.errors})


def _logs_in_alike(platform: Platform, table: Table) -> bool:
    acquire = platform.auth.acquire
    steps = acquire.steps if acquire else ()
    logins = [route for route in table.routes if is_login(route)]
    known = platform.auth.parameters
    return any(_ends_alike(route, step, known) for route in logins for step in steps)


def _ends_alike(route: Route, step: LoginStep, known: Mapping[str, Any]) -> bool:
    method, _, path = route.on.partition(" ")
    address = flat(step.request.url or step.request.path, known)
    return step.request.method.upper() == method and address.partition("?")[0].endswith(path)
