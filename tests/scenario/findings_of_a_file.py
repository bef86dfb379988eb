"""All that the checks of a scenario file tell, failures and warnings, with places and kinds."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import chdir, suppress
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.scenario import check, load
from bpmax_sim.scenario.table_rows import ScenarioDraft
from tests.files import write_files

NAME = "单.scenario.yaml"
PROJECT = "[tool.bpmax_sim]\nlenient = true\n"
"""In a lenient folder all that has a kind is a warning, which tells its kind."""


def examine(
    folder: Path,
    text: str,
    files: Mapping[str, str] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
) -> list[str]:
    """Return ``line:column kind! message`` of all findings in the order of their places.

    The mark ``!`` is that of a failure in a normal folder. A finding in another file than the
    scenario's has the name of that file in front.
    """
    drafts: list[ScenarioDraft] = []
    found: list[tuple[str, int, int, str, str]] = []
    write_files(folder, {"pyproject.toml": PROJECT, NAME: text, **(files or {})})

    def check_and_keep(draft: ScenarioDraft) -> None:
        check.check_scenario(draft)
        found_here: list[Any] = [*draft.problems, *draft.warnings]
        for one in found_here:
            place = one.place
            if place is not None:
                mark = getattr(one, "kind", "") + "!" * getattr(one, "fails", True)
                file = "" if place.file == NAME else f"{place.file}:"
                found.append((file, place.line, place.column, mark, one.message))
        drafts.append(draft)

    with chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "check_scenario", check_and_keep)
        with suppress(ConfigError):
            load.load_items(Path(NAME), environ=environ or {}, root=folder)
    assert drafts, "the checks were not reached"
    return [
        f"{file}{line}:{column} {mark} {message}"
        for file, line, column, mark, message in sorted(found)
    ]
