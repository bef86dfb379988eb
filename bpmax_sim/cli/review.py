"""``review``: recordings of runs that failed or were killed wait as ``<file>.new``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from bpmax_sim.cassette import files
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cli.asking import agree, choose
from bpmax_sim.cli.cassettes import Yes
from bpmax_sim.cli.changes import changes
from bpmax_sim.cli.options import Json
from bpmax_sim.cli.output import say, say_document, tell
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
    json: Json = False,
) -> int:
    """Review recordings."""
    if accept and reject:
        raise ConfigError("--accept and --reject: choose one")
    action = "accept" if accept else "reject" if reject else "show"
    found = [_told(path) for path in below(paths or (), SUFFIX)]
    is_asked = action == "show" and not json and sys.stdin.isatty()
    if not json and not is_asked:
        for one in found:
            _show(one)
    if is_asked and found:
        return _each(found)
    code = _done([Path(one["file"]) for one in found], action, yes=yes)
    if json:
        say_document(action=action, files=found)
    return code


def _each(found: Sequence[Mapping[str, Any]]) -> ExitCode:
    """Show them one by one, and ask of each."""
    skipped = False
    for one in found:
        _show(one)
        action = choose(one["file"], ("accept", "reject", "skip"))
        skipped = skipped or action == "skip"
        if action != "skip":
            _DECISIONS[action][1](Path(one["file"]))
    return ExitCode.REVIEW if skipped else ExitCode.PASSED


def _done(waiting: Sequence[Path], action: str, *, yes: bool) -> ExitCode:
    if not waiting:
        tell("nothing waits for review")
        return ExitCode.PASSED
    if action == "show":
        tell("accept with `bpmax-sim review --accept`, or reject with --reject; both take a file")
        return ExitCode.REVIEW
    word, decide = _DECISIONS[action]
    if not yes:
        agree(f"{word} {len(waiting)} as shown?")
    for path in waiting:
        decide(path)
    return ExitCode.PASSED


def _old(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(SUFFIX))


def _told(path: Path) -> dict[str, Any]:
    old = _old(path)
    before = old.read_text(encoding="utf-8") if old.exists() else ""
    return {
        "file": shown(path),
        "exchanges": len(Cassette.load(path)),
        "changes": list(changes(before, path.read_text(encoding="utf-8"))),
    }


def _show(one: Mapping[str, Any]) -> None:
    say(f"{one['file']}  ({counted(one['exchanges'], 'exchange')})")
    for line in one["changes"]:
        say(f"  {line}")


def _accept(path: Path) -> None:
    with files.locked(path.parent):
        files.replace_whole(_old(path), path.read_bytes())
        path.unlink()
    tell(f"{shown(_old(path))}: replaced")


def _reject(path: Path) -> None:
    path.unlink()
    tell(f"{shown(path)}: deleted")


_DECISIONS: Mapping[str, tuple[str, Callable[[Path], None]]] = {
    "accept": ("Replace", _accept),
    "reject": ("Delete", _reject),
}
