"""``demo``: the five-minute demonstration, in a few seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bpmax_sim.cli.options import Json
from bpmax_sim.cli.output import say, say_document
from bpmax_sim.demo.story import tell
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.yamlfile import shown


def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where its project is made.")] = (
        Path("bpmax-demo")
    ),
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Write into a folder that holds other files.")
    ] = False,
    json: Json = False,
) -> int:
    """Show recording and replay."""
    if json:
        say_document(folder=shown(folder), lines=list(tell(folder, force=force)))
        return ExitCode.PASSED
    for line in tell(folder, force=force):
        say(line)
    return ExitCode.PASSED
