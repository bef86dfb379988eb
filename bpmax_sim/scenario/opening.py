"""Open the session that an item asks for, or run a whole file.

What the caller says wins over the scenario.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import UNSET

from bpmax_sim.errors import ConfigError, Problem
from bpmax_sim.scenario.item import ScenarioItem
from bpmax_sim.scenario.scope import Scope
from bpmax_sim.scenario.source import Spot
from bpmax_sim.scenario.values import UndefinedValueError, reference
from bpmax_sim.session.session import Session
from bpmax_sim.yamlfile import shown


def open_session(
    item: ScenarioItem,
    *,
    cassettes: Path | None = None,
    environ: Mapping[str, str] = os.environ,
    **overrides: Any,
) -> Session:
    """Return an open session for *item*.

    Args:
        item: what is to run.
        cassettes: the folder of all cassettes; by default ``cassettes`` in the project's root.
        environ: where ``secrets`` and credentials come from.
        overrides: options of `Session.open` that win over the scenario's own.

    Raises:
        ConfigError: a file or an option is wrong, or a secret is not there.
        CassetteError: the cassette cannot be used.
    """
    proxy = item.scenario.proxy
    folder = cassettes or item.root / "cassettes"
    options: dict[str, Any] = {
        "instances": item.instances,
        "mode": "replay" if proxy.mode is UNSET else proxy.mode,
        "cassette": folder / f"{item.cassette}.yaml",
        "logins": folder / "auth",
        "clock": item.scenario.clock or None,
        "seed": item.scenario.seed,
        "ignore": proxy.ignore,
        "redact": proxy.redact,
        "unused": proxy.unused,
        "unawaited": "allow",  # each step judges its own
        "owner": item.owner,
        "repeat": proxy.repeat,
        "default_instance": proxy.instance or None,
        "command": f"{item.rerun} --bpmax-mode=record",
        **overrides,
    }
    needed = options["mode"] in {"record", "live"} and options.get("against") != "simulator"
    options.setdefault("secrets", secrets(item, environ, needed=needed))
    wrong = [one for one in absent(item) if not overrides.get(one.path.removeprefix("proxy."))]
    if wrong:
        raise ConfigError(*wrong)
    platforms = options.pop("platforms", None) or _platforms(item)
    return Session.open(platforms, environ=environ, **options)


def absent(item: ScenarioItem) -> Iterator[Problem]:
    """Yield what is wrong where the scenario names platforms or instances that are not there."""
    proxy = item.scenario.proxy
    for name, said, path in (
        ("platforms", proxy.platforms, item.platforms),
        ("instances", proxy.instances, item.instances),
    ):
        if said and path is not None and not os.path.exists(path):  # noqa: PTH110 - faster
            place = Spot(item.spot.source, ("proxy", name)).place
            told = f"there is no {shown(path)}; create it, or name another"
            yield Problem(told, place, f"proxy.{name}")


def _platforms(item: ScenarioItem) -> Path | None:
    """Return the platforms of *item*; the default folder need not exist."""
    return item.platforms if item.scenario.proxy.platforms or item.platforms.exists() else None


def secrets(
    item: ScenarioItem, environ: Mapping[str, str], *, needed: bool = True
) -> tuple[str, ...]:
    """Return the values of what ``secrets`` names: ``env.X``, ``vars.x`` or ``case.x``.

    Raises:
        ConfigError: if one is not there although it is *needed*, as it is to record.
    """
    scope = Scope(
        vars=dict(item.vars),
        case=item.row.values if item.row else {},
        environ=environ,
        now=str,
        uuid=str,
    )
    found: list[str] = []
    for index, name in enumerate(item.scenario.secrets):
        try:
            found.append(str(scope.resolve(scope.lookup(reference(name)))))
        except UndefinedValueError as error:
            if needed:
                place = Spot(item.spot.source, ("secrets", index)).place
                raise ConfigError(Problem(str(error), place, "secrets")) from None
    return tuple(found)
