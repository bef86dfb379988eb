"""Recordings that nothing asked for, told on one line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bpmax_sim.messages import Exchange
from bpmax_sim.yamlfile import shown


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


def _told(exchange: Exchange) -> str:
    call = exchange.request.call
    name = f"{call.name} " if call and call.platform else ""
    return f"{name}{exchange.request.method} {exchange.request.url}"
