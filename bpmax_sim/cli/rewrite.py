"""Write edits into scenario files: a diff, a question, and nothing that does not pass then."""

from __future__ import annotations

from collections.abc import Sequence

from bpmax_sim.cli.terminal import agree, tell
from bpmax_sim.i18n import msg, plural
from bpmax_sim.scenario.expect_writer import ExpectEdit, rewrite_files
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.table_columns import ColumnEdit
from bpmax_sim.variant.rewrite import collect_item_updates, write_checked
from bpmax_sim.yamlfile import display_path


def rewrite(edits: Sequence[ExpectEdit | ColumnEdit], *, yes: bool) -> None:
    """Write *edits*, after a diff and a question.

    Raises:
        ConfigError: with the edits a scenario does not pass; all files are as they were.
        typer.Abort: nobody agrees.
    """
    files, refused = rewrite_files(edits)
    for error in refused:
        tell(str(error))
    if not files:
        tell(msg("there is nothing to write"))
        return
    for line in (line for file in files for line in file.diff()):
        tell("{line}", line=line)
    if not yes:
        agree("Write {count}?", count=plural(len(files), "{number} file", "{number} files"))
    write_checked(files)
    for file in files:
        tell("{file}: written", file=display_path(file.path))


def update_items(items: Sequence[ScenarioItem], *, yes: bool) -> None:
    """Write what *items*, which failed, got into what they expect, after a diff and a question.

    One that failed for another reason than its ``expect`` is named and left as it is.

    Raises:
        ConfigError: with the edits a scenario does not pass; all files are as they were.
        typer.Abort: nobody agrees.
    """
    updates = collect_item_updates(items)
    for line in updates.left:
        tell("{line}", line=line)
    rewrite(updates.edits, yes=yes)
