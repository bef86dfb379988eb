"""Write edits into scenario files: nothing stays written that does not pass then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bpmax_sim.errors import ConfigError, Problem
from bpmax_sim.i18n import msg
from bpmax_sim.scenario.expect_update import collect_updates, merge_row_edits
from bpmax_sim.scenario.expect_writer import ExpectEdit, FileRewrite
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.variant.run import find_obstacle, measure_baseline, run_unlimited


class ItemUpdates(NamedTuple):
    """What scenarios that failed have to expect to pass.

    Attributes:
        edits: of their files.
        left: why others are left as they are, a line each.
    """

    edits: list[ExpectEdit]
    left: list[str]


def collect_item_updates(failed: Sequence[ScenarioItem]) -> ItemUpdates:
    """Return what the items *failed* got, where they failed for their ``expect`` alone."""
    edits: list[list[ExpectEdit]] = []
    left: list[str] = []
    for item in failed:
        why = find_obstacle(item)
        own: list[ExpectEdit] = []
        if not why:
            own, why = collect_updates(item, lambda changed: run_unlimited(changed).end)
        if why:
            left.append(msg("{item}: left as it is: {why}", item=item.node_id, why=why))
        edits.append(own)
    joined, differing = merge_row_edits(edits)
    notes = [note for edit in joined for note in edit.notes]
    return ItemUpdates(joined, [*left, *map(str, (*differing, *notes))])


def write_checked(files: Sequence[FileRewrite]) -> None:
    """Write *files*, and put all back if a scenario of one does not pass then.

    Raises:
        ConfigError: one does not.
    """
    for file in files:
        file.write()
    scenarios = [file for file in files if not file.is_table]
    problems = [problem for file in scenarios for problem in _find_problems(file)]
    if problems:
        for file in files:
            file.restore()
        raise ConfigError(*problems)


def _find_problems(file: FileRewrite) -> Iterator[Problem]:
    """Yield why the scenarios of a file that was written do not pass any more."""
    try:
        for item in load_items(file.path):
            if not find_obstacle(item):
                measure_baseline(item)
    except ConfigError as error:
        yield from error.problems
