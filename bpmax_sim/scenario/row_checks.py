"""Checks of the rows of a table, and of steps that are in cells or name rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from msgspec import UNSET

from bpmax_sim.errors import suggest_meant_value
from bpmax_sim.file_names import find_case_conflicts, to_file_name
from bpmax_sim.i18n import join_list, msg, plural
from bpmax_sim.scenario import model, references
from bpmax_sim.scenario.actions import check_action
from bpmax_sim.scenario.source import RunWarning, Spot
from bpmax_sim.scenario.table_rows import (
    EMPTY,
    RESERVED,
    LocatedSteps,
    ScenarioDraft,
    find_run_column,
)

_ID = re.compile(r"[.\[\]{}]")


def check_rows_differ(
    draft: ScenarioDraft, used_columns: AbstractSet[str], columns_with_effect: AbstractSet[str]
) -> None:
    """Report rows that test the same as an earlier one: equal, or different only in names.

    Args:
        draft: scenario to check.
        used_columns: columns that anything reads, be it only the name of a step.
        columns_with_effect: those of them that do more than appear in names.
    """
    seen: dict[str, str] = {}
    like: dict[str, str] = {}
    chosen = [set(map(str, step.only)) for step, _ in draft.steps if step.only is not UNSET]
    marks = {"id", *(used_columns - {*columns_with_effect, *RESERVED})}
    columns = sorted(marks - {"id"})
    for row in () if "id" in used_columns else draft.rows:
        steps = [row.id in ids for ids in chosen]
        values = {key: value for key, value in row.values.items() if key != "id"}
        key = references.show([steps, values])
        with_effect = {name: value for name, value in values.items() if name not in marks}
        other = references.show([steps, with_effect])
        where = row.spot or draft.spot.at("cases")
        if values and key in seen:
            draft.tell(
                where,
                "the row {row!r} has the values of the row {other!r}, so that it tests nothing new",
                row=row.id,
                other=seen[key],
                kind="rule",
                fails=False,
            )
        elif len(marks) > 1 and other in like:
            draft.tell(
                where,
                "{message}",
                message=plural(
                    len(columns),
                    "the row {row!r} differs from the row {other!r} only in {columns}, which no "
                    "more than a name reads; fill it in where it is meant",
                    "the row {row!r} differs from the row {other!r} only in {columns}, which no "
                    "more than names read; fill them in where they are meant",
                    row=row.id,
                    other=like[other],
                    columns=join_list(columns),
                ),
                kind="rule",
                fails=False,
            )
        seen.setdefault(key, row.id)
        like.setdefault(other, row.id)


def check_rows_have_all_cells(draft: ScenarioDraft, columns_with_effect: AbstractSet[str]) -> None:
    """Report lines of a CSV table that end before a column of *columns_with_effect*.

    Such a cell is read as empty, be it left out by mistake or by a spreadsheet. A column for which
    an empty cell has a meaning of its own may be left out: ``skip`` and the like, and those that
    ``if`` and ``expect_error`` read.
    """
    needed = columns_with_effect - {*RESERVED}
    if not any(row.missing for row in draft.rows):
        return
    optional = [str(one) for step, _ in draft.steps for one in (step.condition, step.expect_error)]
    for row in draft.rows:
        names = [
            name
            for name in row.missing
            if name in needed and not any(f"case.{name}" in text for text in optional)
        ]
        if names:
            wrong = msg(
                "the line ends before {columns}, so that these cells are empty; write a comma for "
                "each empty cell",
                columns=join_list(names),
            )
            draft.warnings.append(RunWarning("rule", wrong, row.place))


def check_row_ids_name_files(draft: ScenarioDraft) -> None:
    """Report rows whose ids differ in case alone: on Windows and macOS they have one recording.

    Not if a ``${case.…}`` names the recordings.
    """
    if "${case." in draft.scenario.proxy.cassette:
        return
    rows = {Path(to_file_name(row.id)): row for row in draft.rows}
    for path, other in find_case_conflicts(rows):
        wrong = msg(
            "the ids {first!r} and {second!r} differ only in case, so that their recordings are "
            "one file on Windows and macOS; rename one",
            first=rows[path].id,
            second=rows[other].id,
        )
        draft.warnings.append(RunWarning("name", wrong, rows[other].place))


def check_step_ids(draft: ScenarioDraft) -> None:
    """Report step ids that are used twice or cannot be referenced.

    The steps in a row's cells may have ids that another row's steps have too.
    """
    first = _check_unique_ids(draft, draft.steps_shared_by_rows, {})
    for steps in draft.steps_by_row.values():
        _check_unique_ids(draft, steps, first)


def _check_unique_ids(
    draft: ScenarioDraft, steps: LocatedSteps, known: Mapping[str, Spot]
) -> Mapping[str, Spot]:
    """Report ids of *steps* that are used twice, or have a character that no ``${…}`` can contain.

    *known* are ids of other steps, with their spots. Return *known* with the ids of *steps* added.
    """
    first = dict(known)
    for step, spot in steps:
        if step.id in first:
            draft.tell(
                spot.at("id"),
                "the id {step_id!r} is used twice, first in line {line}",
                step_id=step.id,
                line=first[step.id].place.line,
            )
        elif step.id:
            first[step.id] = spot
        if wrong := _ID.search(step.id):
            draft.tell(
                spot.at("id"),
                "the id {step_id!r} has a {wrong!r}; a reference to it would end there",
                step_id=step.id,
                wrong=wrong[0],
            )
    return first


def check_action_cells(draft: ScenarioDraft, step: model.Step, column: str) -> None:
    """Report what is wrong in *column*, whose cells are the values of the action of *step*.

    Rows with an empty cell are left out if the step has a condition: it does not run there.
    """
    for row in draft.rows:
        cell = row.values.get(column, UNSET)
        is_chosen = step.only is UNSET or row.id in map(str, step.only)
        is_empty = cell in EMPTY and step.condition is not True
        if row.spot is None or cell is UNSET or is_empty or not is_chosen:
            continue
        spot = row.spot.at(column)
        node = spot.source.root.find_at(spot.steps)
        if node is not None and not any("${" in text for _, text in node.walk_texts()):
            check_action(draft, step.action, cell, spot)


def check_compared_cells(draft: ScenarioDraft, condition: Any, spot: Spot) -> None:
    """Report texts that *condition*, an ``if`` at *spot*, compares with a cell and no row has.

    Only those that resemble a cell of the column, see `suggest_meant_value`.
    """
    for ref, text, _ in references.find_compared_texts(condition) if draft.rows else ():
        column = ref.text.partition(".")[2] if ref.root == "case" else ""
        cells = dict.fromkeys(
            references.to_inserted_text(row.values.get(column, "")) for row in draft.rows
        )
        if not column or text in cells or any("${" in cell for cell in cells):
            continue
        if hint := suggest_meant_value(text, filter(None, cells)):
            draft.tell(
                spot.at("if"),
                "no row has {text!r} in the column {column!r}, so that this comparison is the "
                "same in each{hint}",
                text=text,
                column=column,
                hint=hint,
                kind="name",
                fails=False,
            )


def check_only_rows(draft: ScenarioDraft, step: model.Step | model.Policy, spot: Spot) -> None:
    """Report ``only``, a list of row ids, if it is empty or contains an unknown id.

    Also any ``only`` in a fragment or a scenario without ``cases``, which have no rows. *spot* is
    that of *step*.
    """
    if step.only is UNSET:
        return
    rows = [row.id for row in draft.rows]
    if spot.source.file != draft.spot.source.file:
        draft.tell(spot.at("only"), msg("steps of a fragment know no rows; use if: instead"))
    elif draft.scenario.cases is UNSET:
        draft.tell(spot.at("only"), msg("only names rows; the scenario has no cases"))
    elif not step.only:
        draft.tell(spot.at("only"), msg("only names no row, so this step is never done"))
    for name, place in spot.at("only").locate_elements(step.only) if rows else ():
        if str(name) not in rows:
            draft.tell(place, "no row {name!r}{hint}", known=rows, name=str(name))


def check_cell_run_placement(draft: ScenarioDraft, step: model.Step, spot: Spot) -> None:
    """Report ``run: ${case.x}`` (steps of a row's cell) in a fragment or in a row.

    Only the scenario's own steps may run them.
    """
    column = find_run_column(step) if draft.rows else ""
    is_own = spot.source is draft.spot.source and spot.steps[0] != "cases"
    if column and not is_own:
        wrong = msg("only the steps of the scenario itself run those of a row")
        draft.tell(spot.at("run"), wrong)
