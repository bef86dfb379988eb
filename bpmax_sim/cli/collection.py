"""Scenario files -> items, and every problem of every file at once, before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

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
    found, problems = gather(targets, variables=variables, environ=environ)
    if problems:
        raise ConfigError(*problems)
    return found


def gather(
    targets: Sequence[Target], *, variables: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[list[ScenarioItem], list[Problem]]:
    """Return the items of *targets* that can run, each once, and what is wrong with the others."""
    problems: list[Problem] = []
    found: dict[str, ScenarioItem] = {}
    for target in targets:
        try:
            loaded = items(target.path, variables=variables, environ=environ)
            found |= {item.node_id: item for item in target.among(loaded)}
        except ConfigError as error:
            problems += error.problems
    wrong = _wrong_scripts(found.values())
    problems += [problem for told in wrong.values() for problem in told]
    sound = [item for item in found.values() if not any(one in wrong for one in _scripts(item))]
    return sound, list(dict.fromkeys(problems))


def _wrong_scripts(items: Iterable[ScenarioItem]) -> dict[Script, list[Problem]]:
    """Return the scripts that are not valid JavaScript, and why; nothing of them runs."""
    scripts = dict.fromkeys(script for item in items for script in _scripts(item))
    if not scripts:
        return {}
    with Session.open() as session:
        judged = {script: list(_syntax(session, script)) for script in scripts}
    return {script: problems for script, problems in judged.items() if problems}


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
