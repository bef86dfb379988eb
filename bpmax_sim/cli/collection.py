"""Scenario files -> items; every problem of every file at once, before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bpmax_sim.cli.selection import Target
from bpmax_sim.errors import ConfigError, Place, Problem, ScriptSyntaxError
from bpmax_sim.scenario.item import ScenarioItem
from bpmax_sim.scenario.load import items
from bpmax_sim.script.source import Script
from bpmax_sim.session.session import Session

_NEVER = "return; "


def collect(
    targets: Sequence[Target], *, variables: Mapping[str, Any], environ: Mapping[str, str]
) -> list[ScenarioItem]:
    """Return the items of *targets*, each once.

    Raises:
        ConfigError: everything that is wrong in any of the files and their scripts.
    """
    problems: list[Problem] = []
    found: dict[str, ScenarioItem] = {}
    for target in targets:
        try:
            loaded = items(target.path, variables=variables, environ=environ)
            found |= {item.node_id: item for item in target.among(loaded)}
        except ConfigError as error:
            problems += error.problems
    problems += syntax_problems(found.values())
    if problems:
        raise ConfigError(*dict.fromkeys(problems))
    return list(found.values())


def syntax_problems(items: Iterable[ScenarioItem]) -> list[Problem]:
    """Return what is not valid JavaScript in the scripts of *items*; nothing of them runs."""
    scripts = dict.fromkeys(script for item in items for script in _scripts(item))
    if not scripts:
        return []
    with Session.open() as session:
        return [problem for script in scripts for problem in _syntax(session, script)]


def _scripts(item: ScenarioItem) -> Iterator[Script]:
    yield from item.cast.scripts.values()
    yield from item.cast.inline.values()
    yield from item.cast.libraries


def _syntax(session: Session, script: Script) -> Iterator[Problem]:
    """Read a script behind a return: the engine parses all of it and runs none."""
    error = session.run_script(Script(script.name, f"{_NEVER}{script.source}")).error
    if isinstance(error, ScriptSyntaxError):
        yield Problem(f"SyntaxError: {error.message}; correct the script", _moved(error.place))


def _moved(place: Place | None) -> Place | None:
    if place is None or place.line != 1:
        return place
    return replace(place, column=max(1, place.column - len(_NEVER)))
