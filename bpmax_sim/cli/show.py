"""``show``: the last failures again, without running anything."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from bpmax_sim.cli.options import Json
from bpmax_sim.cli.output import complain, say, say_document, tell
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.report.remembered import Remembered, remembered
from bpmax_sim.report.terminal import counted
from bpmax_sim.scenario.names import find_root


def show(
    word: Annotated[
        str, typer.Argument(metavar="TEXT", help="Only where name or file has this in it.")
    ] = "",
    *,
    everything: Annotated[bool, typer.Option("--all", help="Show all, not the last one.")] = False,
    json: Json = False,
) -> int:
    """Show the last failure."""
    kept = [one for one in remembered(find_root(Path.cwd())) if _has(one, word)]
    shown = list(islice(kept, None if everything or json else 1))
    if json:
        say_document(failures=[_data(one) for one in shown])
    elif not kept:
        complain(_nothing(word))
    for one in () if json else shown:
        say(f"× {one.name}   {one.file}:{one.line}")
        for text in one.texts:
            say(f"\n{text}\n")
    if len(shown) < len(kept):
        tell(f"{counted(len(kept) - len(shown), 'more failure')}; show them with --all")
    return ExitCode.PASSED if shown else ExitCode.NOTHING


def _has(one: Remembered, word: str) -> bool:
    return any(word.casefold() in text.casefold() for text in (one.name, one.file))


def _data(one: Remembered) -> dict[str, object]:
    told: dict[str, object] = msgspec.to_builtins(one)
    return {name: value for name, value in told.items() if name != "version"}


def _nothing(word: str) -> str:
    if word:
        return f"nothing that failed has {word!r} in it; see `bpmax-sim show --all`"
    return "no scenario failed when it last ran"
