"""``schema``: JSON Schemas, generated from the types that read the files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from bpmax_sim.cli.output import say, say_json
from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.platform.schema import instances_schema, platform_schema
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.scenario.model import Scenario
from bpmax_sim.scenario.names import find_root
from bpmax_sim.yamlfile import json_schema, shown


class Kind(StrEnum):
    """The kinds of files."""

    scenario = "scenario"
    platform = "platform"
    instances = "instances"


_MADE: Mapping[Kind, Callable[[], Mapping[str, Any]]] = {
    Kind.scenario: lambda: json_schema(Scenario, title="bpmax-sim scenario"),
    Kind.platform: platform_schema,
    Kind.instances: instances_schema,
}


def schema(
    kind: Annotated[Kind, typer.Argument(help="Which to print.")] = Kind.scenario,
    *,
    write: Annotated[
        bool, typer.Option("--write", help="Write all of them into scenarios/schemas/.")
    ] = False,
) -> int:
    """Print a schema, or write all."""
    if not write:
        say_json(_MADE[kind]())
        return ExitCode.PASSED
    folder = find_root(Path.cwd()) / "scenarios" / "schemas"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, make in _MADE.items():
            path = folder / f"{name}.schema.json"
            text = json.dumps(make(), ensure_ascii=False, indent=2)
            path.write_text(f"{text}\n", encoding="utf-8", newline="\n")
            say(shown(path))
    except OSError as error:
        told = f"cannot be written: {error.strerror}"
        raise ConfigError(Problem(told, Place(shown(folder)))) from error
    return ExitCode.PASSED
