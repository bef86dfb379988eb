"""``types``: write TypeScript declarations for editors, from platforms, recordings and forms."""

from __future__ import annotations

import json as json_module
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import msgspec
from typer import Argument

from bpmax_sim.cli.item_selection import load_item_platforms, make_missing_file_problem
from bpmax_sim.cli.options import Json
from bpmax_sim.cli.terminal import notify, say_result
from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import get_current_language, join_list, msg
from bpmax_sim.index.store import load_index
from bpmax_sim.platform.presets import make_instances_schema, make_platform_schema
from bpmax_sim.platform.response_shapes import ResponseShapes
from bpmax_sim.project import SUFFIX, find_root, read_language
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.model import (
    make_flow_schema,
    make_form_schema,
    make_fragment_schema,
    make_people_schema,
    make_scenario_schema,
)
from bpmax_sim.starter.editor_types import (
    SETTINGS,
    DeclarationSources,
    format_declarations,
    read_settings,
)
from bpmax_sim.yamlfile import to_display_path, translate_write_errors, write_text_creating_folders


def types(
    folder: Annotated[Path, Argument(metavar="DIR", help=msg("The project's folder."))] = Path(),
    *,
    json: Json = False,
) -> int:
    """Write JSON Schemas and TypeScript declarations for editors."""
    if not folder.exists():  # a folder above it may be another project
        raise ConfigError(make_missing_file_problem(folder, ""))
    root = find_root(Path.cwd() / folder)
    written = list(write_editor_files(root))
    names = [to_display_path(path) for path in written]
    say_result(names, json=json, files=names)
    return ExitCode.PASSED


def write_editor_files(root: Path) -> Iterator[Path]:
    """Write schemas and TypeScript declarations for editors.

    Yield the paths that are new or changed.

    ``scenarios/bpmax.d.ts`` and the schemas are overwritten. To ``jsconfig.json`` and VS Code's
    settings only missing keys are added; if such a file cannot be parsed, it is left unchanged.

    Raises:
        ConfigError: if a file cannot be written.
    """
    every = list(_load_first_row_items(root))
    loaded = {}
    for item in every:
        with suppress(ConfigError):
            loaded[item.platforms, item.instances] = load_item_platforms(item)
    project = DeclarationSources(
        platforms=list(loaded.values()),
        shapes=ResponseShapes(load_index(root).recorded_shapes),
        forms=list(_list_form_fields(every)),
        libraries=[library for item in every for library in item.subjects.all_libraries],
    )
    text = format_declarations(project, read_language(root) or get_current_language())
    with translate_write_errors(root):
        place = root / "scenarios" / "bpmax.d.ts"
        # Unchanged files are left alone: editors read each new one, and all declarations in it,
        # again.
        if not place.exists() or place.read_text(encoding="utf-8") != text:
            place.parent.mkdir(exist_ok=True)
            write_text_creating_folders(place, text)
            yield place
        if list(write_schemas(root)):
            yield root / "scenarios" / "schemas"
        for name, source in SETTINGS.items():
            path = root / name
            if _add_settings(path, read_settings(source)):
                yield path


def refresh_existing_types(root: Path) -> None:
    """Rewrite the declarations if the project has them; write errors are only printed."""
    if not (root / "scenarios" / "bpmax.d.ts").is_file():
        return
    try:
        names = join_list(to_display_path(path) for path in write_editor_files(root))
    except ConfigError as error:
        notify(str(error))
        return
    if names:
        notify("written for the editor: {names}", names=names)


FILES: Mapping[str, Callable[[], Mapping[str, Any]]] = {
    "scenario": make_scenario_schema,
    "fragment": make_fragment_schema,
    "form": make_form_schema,
    "flow": make_flow_schema,
    "people": make_people_schema,
    "platform": make_platform_schema,
    "instances": make_instances_schema,
}
"""The kinds of files that have a schema."""


def write_schemas(root: Path) -> Iterator[Path]:
    """Write the schema of each kind of file; yield those that are new or changed.

    Raises:
        ConfigError: if a file cannot be written.
    """
    folder = root / "scenarios" / "schemas"
    with translate_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, make in FILES.items():
            path = folder / f"{name}.schema.json"
            text = f"{json_module.dumps(make(), ensure_ascii=False, indent=2)}\n"
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8", newline="\n")
                yield path


def _load_first_row_items(root: Path) -> Iterator[ScenarioItem]:
    """Load every readable scenario, of a table only the first row; `lint` reports the others."""
    for path in sorted((root / "scenarios").rglob(f"*{SUFFIX}")):
        with suppress(ConfigError):
            yield from load_items(path, root=root)[:1]


def _list_form_fields(items: list[ScenarioItem]) -> Iterator[Mapping[str, Any]]:
    """Yield field -> value at the start for each form: those of form scenarios and of flows."""
    for item in items:
        if item.scenario.form is not msgspec.UNSET:
            yield item.scenario.form.fields
        if item.scenario.flow is not msgspec.UNSET:
            yield item.scenario.flow.form


def _add_settings(path: Path, settings: Mapping[str, Any]) -> bool:
    """Add those of *settings* whose names the JSON file at *path* lacks.

    Return whether it was written. A file that has comments or is no object is left unchanged, which
    a message says.
    """
    try:
        current = json_module.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except OSError as error:
        shown, reason = to_display_path(path), error.strerror
        notify("{path} was left unchanged: it cannot be read ({reason})", path=shown, reason=reason)
        return False
    except ValueError:
        current = None  # with comments, as VS Code allows them
    if not isinstance(current, dict):
        notify(
            "{path} was left unchanged: it has comments or is not an object",
            path=to_display_path(path),
        )
        return False
    if all(name in current for name in settings):
        return False
    path.parent.mkdir(exist_ok=True)
    text = json_module.dumps({**settings, **current}, ensure_ascii=False, indent=2)
    write_text_creating_folders(path, f"{text}\n")
    return True
