"""What loading a scenario tells: each problem or warning in one line, with its place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.scenario.load import ScenarioItem, load_items
from tests.files import write_files

NAME = "单.scenario.yaml"


def load_text(
    folder: Path, text: str, files: Mapping[str, str] | None = None, **options: Any
) -> list[ScenarioItem]:
    """Write a scenario and the files beside it, and return its items."""
    write_files(folder, {**(files or {}), NAME: text})
    return load_items(folder / NAME, root=folder, **{"environ": {}, **options})


def list_problems(
    folder: Path, text: str, files: Mapping[str, str] | None = None, **options: Any
) -> list[str]:
    """Return ``line:column path: message`` of each problem; of warnings, with ``kind:`` before.

    The file is named only where it is not the scenario itself. A warning that would fail in a
    strict folder alone has ``kind?``.
    """
    try:
        items = load_text(folder, text, files, **options)
    except ConfigError as error:
        found = [str(problem) for problem in error.problems]
    else:
        warnings = dict.fromkeys(one for item in items for one in item.warnings)
        found = [f"{one.kind}{'' if one.fails else '?'}: {one}" for one in warnings]
    names = (f"{folder}/{NAME}:", f"{NAME}:", f"{folder}/")
    lines = [to_plain_english(one) for one in found]
    for name in names:
        lines = [line.replace(name, "") for line in lines]
    return lines
