"""Write edits into scenario files, and restore the files if a scenario in them then fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from bpmax_sim.errors import ConfigError, Problem
from bpmax_sim.i18n import msg
from bpmax_sim.scenario.expect_update import collect_edits_or_reason_by_replay, merge_row_edits
from bpmax_sim.scenario.expect_writer import ExpectEdit, FileRewrite
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.variant.run import explain_no_variants, measure_baseline, run_within_usual_limits


class ItemUpdates(NamedTuple):
    """What ``run --update`` would change so that failed scenarios pass.

    Attributes:
        edits: changes of scenario files.
        skip_notes: one line for each item (a scenario, or one row of its table) or value that is
            not updated, with the reason.
    """

    edits: list[ExpectEdit]
    skip_notes: list[str]


def collect_item_updates(
    failed: Sequence[ScenarioItem], cassettes: Path | None = None
) -> ItemUpdates:
    """Return changes of expectations that make *failed* items pass.

    *cassettes* is the folder of all recordings, None for that of the project.

    An item is a scenario, or one row of its table. One is not changed, and a note says why, if it
    fails for any other reason than a wrong expectation, or cannot be run again, as it needs a live
    system.
    """
    edits: list[list[ExpectEdit]] = []
    left: list[str] = []
    for item in failed:
        why = explain_no_variants(item)
        own: list[ExpectEdit] = []
        if not why:
            own, why = collect_edits_or_reason_by_replay(
                item,
                lambda changed: run_within_usual_limits(changed, cassettes=cassettes).end,
            )
        if why:
            left.append(msg("{item}: left as it is: {why}", item=item.node_id, why=why))
        edits.append(own)
    joined, differing = merge_row_edits(edits)
    notes = [note for edit in joined for note in edit.notes]
    return ItemUpdates(joined, [*left, *map(str, (*differing, *notes))])


def write_if_scenarios_pass(
    files: Sequence[FileRewrite],
    variables: Mapping[str, Any] = MappingProxyType({}),
    cassettes: Path | None = None,
) -> None:
    """Write *files*; restore all of them if a scenario in one of them then fails.

    They are restored after any other exception, too, such as ``KeyboardInterrupt``. The scenarios
    are run with *variables*, those given from outside, and the recordings in the folder
    *cassettes*, None for that of the project.

    Raises:
        ConfigError: if a scenario fails, somebody wrote a file since it was read, or it cannot be
            written.
    """
    begun: list[FileRewrite] = []
    try:
        for file in files:
            file.version.require_unchanged()
            begun.append(file)  # before it is written: an interrupted write leaves a part of it
            file.write()
        scenarios = [file for file in files if not file.is_table]
        _require_passing_scenarios(scenarios, variables, cassettes)
    except BaseException as error:
        refusals = [problem for file in reversed(begun) for problem in _restore(file)]
        if refusals and isinstance(error, ConfigError):
            raise ConfigError(*error.problems, *refusals) from error
        raise


def _restore(file: FileRewrite) -> Sequence[Problem]:
    """Restore *file*; return why it cannot be restored."""
    try:
        file.restore()
    except ConfigError as error:
        return error.problems
    return ()


def _require_passing_scenarios(
    files: Sequence[FileRewrite], variables: Mapping[str, Any], cassettes: Path | None
) -> None:
    problems = [
        problem for file in files for problem in _find_failing_scenarios(file, variables, cassettes)
    ]
    if problems:
        raise ConfigError(*problems)


def _find_failing_scenarios(
    file: FileRewrite, variables: Mapping[str, Any], cassettes: Path | None
) -> Iterator[Problem]:
    """Yield a problem for each scenario of the rewritten *file* that fails with *variables*."""
    try:
        for item in load_items(file.path, variables=variables):
            if not explain_no_variants(item):
                measure_baseline(item, cassettes=cassettes)
    except ConfigError as error:
        yield from error.problems
