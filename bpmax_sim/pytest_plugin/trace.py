"""The events of a scenario as NDJSON below ``.bpmax/trace``, one line each, redacted already."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bpmax_sim.scenario.events import Event, trace
from bpmax_sim.scenario.item import ScenarioItem
from bpmax_sim.scenario.names import SUFFIX, file_name, find_root


def trace_path(item: ScenarioItem) -> Path:
    """Return where the trace of *item* goes: beside nothing else, by its path and name."""
    root, path = find_root(item.path), item.path.absolute()
    folder = path.relative_to(root).parent if path.is_relative_to(root) else Path()
    stem = file_name(path.name.removesuffix(SUFFIX))
    return root / ".bpmax" / "trace" / folder / stem / f"{file_name(item.name)}.ndjson"


def keep_trace(item: ScenarioItem, events: Iterable[Event], when: str, *, failed: bool) -> str:
    """Write the trace if it is wanted, and return its path; an old one of a pass goes away.

    Args:
        item: the scenario or row.
        events: everything that happened.
        when: ``on``, ``off`` or ``on-failure``.
        failed: whether it failed.
    """
    path = trace_path(item)
    if when == "off":
        return ""
    if when == "on-failure" and not failed:
        path.unlink(missing_ok=True)
        return ""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(trace(events, item.homes)), encoding="utf-8", newline="\n")
    return str(path)
