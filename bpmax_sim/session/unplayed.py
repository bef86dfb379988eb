"""Recordings that nothing asked for, and values in them that nobody declared, told on one line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bpmax_sim.messages import Exchange
from bpmax_sim.yamlfile import shown

_SHOWN = 5


def told_unplayed(left: Sequence[Exchange], cassette: Path | None, command: str = "") -> str:
    """Return which recordings of *cassette* were not played, and what to do.

    *command* records everything afresh.
    """
    afresh = f"record afresh with `{command}`" if command else "record afresh"
    path = shown(cassette) if cassette else ""
    told = ", ".join(f"[{one.order}] {_told(one)}" for one in left)
    return (
        f"{path}: {len(left)} recorded "
        f"exchange{'s were' if len(left) > 1 else ' was'} not played: {told}; "
        f"{afresh}, or write proxy: {{unused: warn}}"
    )


def told_unrecognised(places: Sequence[str]) -> str:
    """Return where values look like secrets, and what to do."""
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return (
        f"recorded as it is, and looks like a secret: {', '.join(places[:_SHOWN])}{more}; if it is "
        "one, declare its place with `secret:` in the platform file and record again"
    )


def _told(exchange: Exchange) -> str:
    call = exchange.request.call
    name = f"{call.name} " if call and call.platform else ""
    return f"{name}{exchange.request.method} {exchange.request.url}"
