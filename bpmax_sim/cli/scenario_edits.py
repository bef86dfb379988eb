"""Write edits into scenario files: after a diff and a question, and only if the result passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bpmax_sim.cli.terminal import confirm, notify
from bpmax_sim.i18n import msg, plural
from bpmax_sim.scenario.expect_writer import ExpectEdit, prepare_rewrites
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.table_columns import ColumnEdit
from bpmax_sim.variant.rewrite import collect_item_updates, write_if_scenarios_pass
from bpmax_sim.yamlfile import to_display_path


def write_edits_and_rerun(
    edits: Sequence[ExpectEdit | ColumnEdit],
    *,
    yes: bool,
    variables: Mapping[str, Any] = MappingProxyType({}),
    cassettes: Path | None = None,
) -> None:
    """Show *edits* of scenario files as a diff, ask (unless *yes*), write them, run the scenarios.

    They run with *variables*, those given on the command line, and the recordings in the folder
    *cassettes*, None for that of the project.

    Raises:
        ConfigError: if a scenario does not pass with the edits; all files are restored.
        typer.Abort: if the user declines.
    """
    files, refused = prepare_rewrites(edits)
    for error in refused:
        notify(str(error))
    if not files:
        notify(msg("there is nothing to write"))
        return
    for line in (line for file in files for line in file.make_diff_lines()):
        notify("{line}", line=line)
    if not yes:
        confirm("Write {count}?", count=plural(len(files), "{number} file", "{number} files"))
    write_if_scenarios_pass(files, variables, cassettes)
    for file in files:
        notify("{file}: written", file=to_display_path(file.path))


def update_items(
    items: Sequence[ScenarioItem], *, yes: bool, cassettes: Path | None = None
) -> None:
    """Replace the expectations of failed *items* by the actual values, after a diff and a question.

    An item is a scenario, or one row of its table. With *yes*, the question is left out.
    *cassettes* is the folder of their recordings, None for that of the project.

    An item that failed for another reason than its ``expect`` is reported and left unchanged.

    Raises:
        ConfigError: if a scenario does not pass with the edits; all files are restored.
        typer.Abort: if the user declines.
    """
    updates = collect_item_updates(items, cassettes)
    for line in updates.skip_notes:
        notify("{line}", line=line)
    variables = items[0].cli_variables if items else {}
    write_edits_and_rerun(updates.edits, yes=yes, variables=variables, cassettes=cassettes)
