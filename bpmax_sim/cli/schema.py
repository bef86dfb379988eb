"""``schema``: JSON Schemas, generated from the types that read the files and from the shapes.

Of files, for editors; of what a command prints with ``--json``, for those who read it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from bpmax_sim.cli.options import Json
from bpmax_sim.cli.output import say, say_document, say_json
from bpmax_sim.cli.shapes import SHAPES, as_schema
from bpmax_sim.errors import ConfigError, Place, Problem, near
from bpmax_sim.platform.schema import instances_schema, platform_schema
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.scenario.names import find_root
from bpmax_sim.scenario.schema import flow_schema, fragment_schema, scenario_schema
from bpmax_sim.yamlfile import shown

FILES: Mapping[str, Callable[[], Mapping[str, Any]]] = {
    "scenario": scenario_schema,
    "fragment": fragment_schema,
    "flow": flow_schema,
    "platform": platform_schema,
    "instances": instances_schema,
}


def schema(
    kind: Annotated[
        str,
        typer.Argument(
            help="scenario, fragment, flow, platform, instances, or a command: what its --json "
            "prints."
        ),
    ] = "scenario",
    *,
    write: Annotated[
        bool, typer.Option("--write", help="Write those of files into scenarios/schemas/.")
    ] = False,
    json: Json = False,
) -> int:
    """Print a schema, or write all."""
    if not write:
        say_json(_of(kind))
        return ExitCode.PASSED
    written = write_schemas(find_root(Path.cwd()))
    if json:
        say_document(files=[shown(path) for path in written])
    else:
        for path in written:
            say(shown(path))
    return ExitCode.PASSED


def _of(kind: str) -> Mapping[str, Any]:
    known = [*FILES, *SHAPES]
    if kind in FILES:
        return FILES[kind]()
    if kind in SHAPES:
        return {"title": f"bpmax-sim {kind} --json", **as_schema(SHAPES[kind])}
    raise ConfigError(f"there is no schema {kind!r}{near(kind, known) or f'; {_listed(known)}'}")


def _listed(known: list[str]) -> str:
    return f"there are {', '.join(known)}"


def write_schemas(root: Path) -> list[Path]:
    """Write the schemas of files below *root* and return their paths.

    Raises:
        ConfigError: the folder cannot be written.
    """
    folder = root / "scenarios" / "schemas"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_written(folder / f"{name}.schema.json", make()) for name, make in FILES.items()]
    except OSError as error:
        told = f"cannot be written: {error.strerror}"
        raise ConfigError(Problem(told, Place(shown(folder)))) from error


def _written(path: Path, schema: Mapping[str, Any]) -> Path:
    text = json.dumps(schema, ensure_ascii=False, indent=2)
    path.write_text(f"{text}\n", encoding="utf-8", newline="\n")
    return path
