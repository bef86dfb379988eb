"""``fmt``: cassettes in their canonical layout, with keys under the rules in force."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from bpmax_sim.cassette import files
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.matching import Rules
from bpmax_sim.cassette.rewrite import rekeyed
from bpmax_sim.cli.collection import collect
from bpmax_sim.cli.options import Json
from bpmax_sim.cli.output import say, say_document, tell
from bpmax_sim.cli.places import below
from bpmax_sim.cli.selection import targets
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.report.terminal import counted
from bpmax_sim.scenario.item import ScenarioItem
from bpmax_sim.session.rules import matching_rules
from bpmax_sim.yamlfile import shown


def fmt(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Cassettes or folders; by default cassettes/."),
    ] = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; 1 if it would.")] = False,
    json: Json = False,
) -> int:
    """Write cassettes anew where that changes them."""
    found = below(paths or (), ".yaml")
    known = _rules()
    fresh = {path: _formatted(path, known) for path in found}
    changed = [path for path, data in fresh.items() if data != path.read_bytes()]
    if not check:
        for path in changed:
            with files.locked(path.parent):
                files.replace_whole(path, fresh[path])
    if json:
        say_document(check=check, files=[shown(path) for path in changed])
    else:
        for path in changed:
            say(f"{shown(path)}: {'would be written anew' if check else 'written anew'}")
    if not changed:
        tell(f"{counted(len(found), 'cassette')}: canonical, keys under the rules in force")
    return ExitCode.FAILED if check and changed else ExitCode.PASSED


def _formatted(path: Path, known: Mapping[tuple[Path, str], Rules]) -> bytes:
    place = path.absolute()
    return rekeyed(Cassette.load(shown(path)), lambda owner: known.get((place, owner)))


def _rules() -> Mapping[tuple[Path, str], Rules]:
    """Return the rules of each scenario and row, by its cassette and name.

    Those of Python tests are in their markers, and nothing of them is run here.
    """
    items = collect(targets((), folder=Path.cwd()), variables={}, environ=os.environ)
    return {(_cassette(item), item.owner): _rules_of(item) for item in items}


def _cassette(item: ScenarioItem) -> Path:
    return item.root / "cassettes" / f"{item.cassette}.yaml"


def _rules_of(item: ScenarioItem) -> Rules:
    folder = item.platforms if item.platforms.exists() else None
    platforms = load_platforms(folder, instances=item.instances)
    return matching_rules(platforms, item.scenario.proxy.ignore)
