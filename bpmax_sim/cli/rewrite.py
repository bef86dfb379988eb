"""Write edits into scenario files: a diff, a question, and nothing that does not pass then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bpmax_sim.cli.terminal import agree, tell
from bpmax_sim.errors import ConfigError, Problem
from bpmax_sim.i18n import msg, plural
from bpmax_sim.scenario.expect_update import collect_updates, join_rows
from bpmax_sim.scenario.expect_writer import ExpectEdit, FileRewrite, rewrite_files
from bpmax_sim.scenario.load import ScenarioItem, items
from bpmax_sim.variant.run import find_obstacle, measure_baseline, run_unlimited
from bpmax_sim.yamlfile import display_path


def rewrite(edits: Sequence[ExpectEdit], *, yes: bool) -> None:
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
    _write(files)
    for file in files:
        tell("{file}: written", file=display_path(file.path))


def update_items(items: Sequence[ScenarioItem], *, yes: bool) -> None:
    """Write what *items*, which failed, got into what they expect, after a diff and a question.

    One that failed for another reason than its ``expect`` is named and left as it is.

    Raises:
        ConfigError: with the edits a scenario does not pass; all files are as they were.
        typer.Abort: nobody agrees.
    """
    edits = []
    for item in items:
        why = find_obstacle(item)
        own: list[ExpectEdit] = []
        if not why:
            own, why = collect_updates(item, lambda changed: run_unlimited(changed).end)
        if why:
            tell("{item}: left as it is: {why}", item=item.node_id, why=why)
        edits.append(own)
    joined, differing = join_rows(edits)
    for problem in differing:
        tell(str(problem))
    rewrite(joined, yes=yes)


def _write(files: Sequence[FileRewrite]) -> None:
    for file in files:
        file.write()
    problems = [problem for file in files for problem in _find_problems(file)]
    if problems:
        for file in files:
            file.restore()
        raise ConfigError(*problems)


def _find_problems(file: FileRewrite) -> Iterator[Problem]:
    """Yield why the scenarios of a file that was written do not pass any more."""
    try:
        for item in items(file.path):
            if not find_obstacle(item):
                measure_baseline(item)
    except ConfigError as error:
        yield from error.problems
