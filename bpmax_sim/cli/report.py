"""``report``: traces -> one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import bpmax_sim
from bpmax_sim.cli.options import Json
from bpmax_sim.cli.output import say, say_document
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.report.html import write_page
from bpmax_sim.report.traces import FOLDER
from bpmax_sim.scenario.names import find_root
from bpmax_sim.yamlfile import shown


def report(
    traces: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[TRACE]...", help="Files or folders; by default .bpmax/trace."),
    ] = None,
    *,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where; by default .bpmax/report.html.")
    ] = None,
    json: Json = False,
) -> int:
    """Write the page and say where it is."""
    root = find_root(Path.cwd())
    path = to or root / FOLDER.with_name("report.html")
    counts = write_page(path, traces or [root / FOLDER], version=bpmax_sim.__version__)
    if json:
        say_document(
            file=shown(path),
            passed=counts["passed"],
            failed=counts["failed"],
            ended_early=counts["did not end"],
        )
    else:
        say(shown(path))
    return ExitCode.PASSED
