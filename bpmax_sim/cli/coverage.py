"""``coverage``: what the scenarios touch of everything that is declared, found by replaying."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from bpmax_sim.check.coverage import KINDS, Part, Ran, coverage
from bpmax_sim.cli.collection import collect
from bpmax_sim.cli.execution import Choices, observe
from bpmax_sim.cli.options import AllowHosts, Json, Keyword, Paths
from bpmax_sim.cli.output import complain, say, say_document, tell
from bpmax_sim.cli.progress import watched
from bpmax_sim.cli.selection import chosen, targets
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.report.terminal import counted, table
from bpmax_sim.scenario.item import ScenarioItem

_OUTSIDE = ("record", "live")


def covered(
    paths: Paths = None,
    *,
    keyword: Keyword = "",
    allow_hosts: AllowHosts = None,
    missing: Annotated[
        bool, typer.Option("--missing/--no-missing", help="Name what no scenario touches.")
    ] = True,
    fail_under: Annotated[
        float,
        typer.Option(metavar="PERCENT", min=0, max=100, help="End with 1 if less is touched."),
    ] = 0.0,
    json: Json = False,
) -> int:
    """Show what scenarios touch."""
    found = collect(targets(paths or (), folder=Path.cwd()), variables={}, environ=os.environ)
    items = [(item, _platforms(item)) for item in (chosen(found, keyword) if keyword else found)]
    if not items:
        complain("there is no scenario here; write one, or see one with `bpmax-sim demo`")
        return ExitCode.NOTHING
    choices = Choices(environ=os.environ, options={"allow_hosts": allow_hosts or ()})
    ran = list(_ran(items, choices))
    parts = coverage(items, ran)
    if json:
        say_document(percent=_percent(parts), scenarios=len(ran), kinds=_kinds(parts))
    else:
        for line in _lines(parts, missing=missing):
            say(line)
    return _judged(_percent(parts), fail_under)


def _platforms(item: ScenarioItem) -> Platforms:
    folder = item.platforms if item.platforms.exists() else None
    return load_platforms(folder, instances=item.instances)


def _ran(items: Sequence[tuple[ScenarioItem, Platforms]], choices: Choices) -> Iterator[Ran]:
    """Replay *items* and yield what those told that passed."""
    platforms = {id(item): one for item, one in items}
    closed = [item for item, _ in items if item.scenario.proxy.mode not in _OUTSIDE]
    if len(closed) < len(items):
        number = counted(len(items) - len(closed), "scenario")
        tell(f"{number}: not run, for they ask a live system")
    failed = 0
    for verdict, events in watched(observe(closed, choices), len(closed)):
        if verdict.outcome == "passed":
            yield Ran(verdict.item, platforms[id(verdict.item)], events)
        failed += verdict.outcome == "failed"
    if failed:
        told = f"{counted(failed, 'scenario')} failed, which counts for nothing"
        tell(f"{told}; see `bpmax-sim run`")


def _percent(parts: Sequence[Part]) -> float:
    return round(100 * sum(part.touched for part in parts) / len(parts), 1) if parts else 100.0


def _judged(percent: float, least: float) -> ExitCode:
    if percent >= least:
        return ExitCode.PASSED
    tell(f"{percent} % is touched, and {least:g} % has to be")
    return ExitCode.FAILED


def _lines(parts: Sequence[Part], *, missing: bool) -> Iterator[str]:
    rows = [("part", "touched", "of", "%")]
    for kind in KINDS:
        of_kind = [part for part in parts if part.kind == kind]
        if of_kind:
            rows.append((kind, *_counts(of_kind)))
    yield from table([*rows, ("all", *_counts(parts))])
    left = [part for part in parts if not part.touched]
    if missing and left:
        yield ""
        yield from table([("-", part.kind, part.name) for part in left])


def _counts(parts: Sequence[Part]) -> tuple[str, str, str]:
    return str(sum(part.touched for part in parts)), str(len(parts)), f"{_percent(parts):g}"


def _kinds(parts: Sequence[Part]) -> list[dict[str, Any]]:
    total = Counter(part.kind for part in parts)
    return [
        {
            "kind": kind,
            "total": total[kind],
            "touched": [part.name for part in parts if part.kind == kind and part.touched],
            "missing": [part.name for part in parts if part.kind == kind and not part.touched],
        }
        for kind in KINDS
    ]
