"""``lint``: everything that can be found wrong without running anything."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cli.collection import collect
from bpmax_sim.cli.options import Json, Paths
from bpmax_sim.cli.output import complain, say_json, tell
from bpmax_sim.cli.places import below
from bpmax_sim.cli.selection import Target, targets
from bpmax_sim.errors import CassetteError, ConfigError, Place, Problem, near
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.report.document import document
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.report.terminal import counted
from bpmax_sim.scenario.item import ScenarioItem
from bpmax_sim.scenario.names import find_root
from bpmax_sim.script.source import Script
from bpmax_sim.yamlfile import shown

_NAMED = re.compile(r"""\$proxy\(\s*(['"])([^'"\n]+)\1""")
_COMMENT = re.compile(r"^\s*(?://|\*|/\*)")


def lint(
    paths: Paths = None,
    *,
    cassettes: Annotated[bool, typer.Option(help="Check every cassette's digests too.")] = True,
    json: Json = False,
) -> int:
    """Report every problem."""
    files = targets(paths or (), folder=Path.cwd())
    problems = list(dict.fromkeys(_problems(files, cassettes=cassettes)))
    code = ExitCode.USAGE if problems else ExitCode.PASSED
    if json:
        say_json(document([], code=code, problems=problems))
        return code
    for problem in problems:
        complain(str(problem))
    found = counted(len(problems), "problem") if problems else "sound"
    tell(f"{counted(len(files), 'scenario file')}: {found}")
    return code


def _problems(files: Sequence[Target], *, cassettes: bool) -> Iterator[Problem]:
    items: list[ScenarioItem] = []
    for target in files:
        yield from _kept(lambda one=target: items.extend(_collected(one)))  # type: ignore[misc]
    loaded: dict[tuple[Path, Path | None], Platforms] = {}
    for key in dict.fromkeys(_folders(items)):
        yield from _kept(lambda one=key: loaded.update({one: _load(*one)}))  # type: ignore[misc]
    for item in items:
        platforms = loaded.get((item.platforms, item.instances))
        if platforms is not None:
            yield from unknown_platforms(item.cast.scripts.values(), platforms)
    if cassettes:
        roots = dict.fromkeys([find_root(target.path) for target in files] or [Path.cwd()])
        yield from _cassettes([root / "cassettes" for root in roots])


def _collected(target: Target) -> list[ScenarioItem]:
    return collect([target], variables={}, environ=os.environ)


def _kept(work: Callable[[], None]) -> Iterator[Problem]:
    """Do *work* and yield what is wrong with it."""
    try:
        work()
    except ConfigError as error:
        yield from error.problems


def _folders(items: Iterable[ScenarioItem]) -> Iterator[tuple[Path, Path | None]]:
    """Yield where platforms and instances are; those of the project even if no scenario is."""
    default = find_root(Path.cwd()) / "scenarios" / "platforms"
    if default.is_dir():
        yield default, None
    yield from ((item.platforms, item.instances) for item in items)


def _load(platforms: Path, instances: Path | None) -> Platforms:
    return load_platforms(platforms if platforms.exists() else None, instances=instances)


def unknown_platforms(scripts: Iterable[Script], platforms: Platforms) -> Iterator[Problem]:
    """Yield a problem for each platform that a script spells out and that is not declared."""
    for script in scripts:
        for number, text in enumerate(script.source.splitlines(), 1):
            for found in () if _COMMENT.match(text) else _NAMED.finditer(text):
                key = found[2]
                if platforms.find(key) is None:
                    hint = near(key, platforms.keys) or f"; declare it in {platforms.folder}"
                    place = Place(script.name, number, found.start(2) + 1)
                    yield Problem(f"there is no platform {key!r}{hint}", place)


def _cassettes(folders: Iterable[Path]) -> Iterator[Problem]:
    there = [folder for folder in folders if folder.is_dir()]
    for path in below(there, ".yaml") if there else ():
        try:
            for _ in Cassette.load(Path(shown(path))).exchanges():
                pass
        except CassetteError as error:
            yield Problem(str(error))
