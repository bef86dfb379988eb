"""``list``: scenarios and their rows, without running anything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from bpmax_sim.cli.collection import collect
from bpmax_sim.cli.options import Json, Keyword, Paths
from bpmax_sim.cli.output import complain, say, say_document
from bpmax_sim.cli.selection import chosen, targets
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.report.terminal import table
from bpmax_sim.scenario.item import ScenarioItem


def listing(paths: Paths = None, *, keyword: Keyword = "", json: Json = False) -> int:
    """List scenarios."""
    files = targets(paths or (), folder=Path.cwd())
    found = chosen(collect(files, variables={}, environ=os.environ), keyword)
    if json:
        say_document(items=[_item(item) for item in found])
    elif found:
        for line in table([_row(item) for item in found]):
            say(line)
    else:
        complain("there is no scenario here; write one, or see one with `bpmax-sim demo`")
    return ExitCode.PASSED if found else ExitCode.NOTHING


def _row(item: ScenarioItem) -> tuple[str, ...]:
    return f"{item.place.file}:{item.place.line}", item.name, item.cassette, " ".join(item.tags)


def _item(item: ScenarioItem) -> dict[str, Any]:
    return {
        "name": item.name,
        "row": item.row_id,
        "file": item.place.file,
        "line": item.place.line,
        "tags": list(item.tags),
        "cassette": item.cassette,
        "steps": len(item.steps),
        "skip": item.skip,
        "xfail": item.xfail,
    }
