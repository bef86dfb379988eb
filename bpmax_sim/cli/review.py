"""``review``: recordings of runs that failed or were killed wait as ``<file>.new``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from bpmax_sim.cassette import files
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cli.cassettes import Yes
from bpmax_sim.cli.changes import changes
from bpmax_sim.cli.output import say, tell
from bpmax_sim.cli.places import below
from bpmax_sim.errors import ConfigError
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.report.terminal import counted
from bpmax_sim.yamlfile import shown

SUFFIX = ".new"


def review(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Files or folders; by default cassettes/."),
    ] = None,
    *,
    accept: Annotated[bool, typer.Option("--accept", help="Let them replace the old.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="Delete them.")] = False,
    yes: Yes = False,
) -> int:
    """Review recordings."""
    if accept and reject:
        raise ConfigError("--accept and --reject: choose one")
    waiting = below(paths or (), SUFFIX)
    if not waiting:
        tell("nothing waits for review")
        return ExitCode.PASSED
    for path in waiting:
        _show(path)
    if not accept and not reject:
        tell("accept with `bpmax-sim review --accept`, or reject with --reject; both take a file")
        return ExitCode.REVIEW
    decide: Callable[[Path], None] = _accept if accept else _reject
    if not yes:
        word = "Replace" if accept else "Delete"
        typer.confirm(f"{word} {len(waiting)} as shown?", abort=True, err=True)
    for path in waiting:
        decide(path)
    return ExitCode.PASSED


def _old(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(SUFFIX))


def _show(path: Path) -> None:
    old = _old(path)
    before = old.read_text(encoding="utf-8") if old.exists() else ""
    say(f"{shown(path)}  ({counted(len(Cassette.load(path)), 'exchange')})")
    for line in changes(before, path.read_text(encoding="utf-8")):
        say(f"  {line}")


def _accept(path: Path) -> None:
    with files.locked(path.parent):
        files.replace_whole(_old(path), path.read_bytes())
        path.unlink()
    tell(f"{shown(_old(path))}: replaced")


def _reject(path: Path) -> None:
    path.unlink()
    tell(f"{shown(path)}: deleted")
