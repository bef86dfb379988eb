"""Cells of tables and members of objects by path: ``明细[0].数量``, ``客户.电话``.

Values are replaced, never changed inside, so putting a cell makes a new table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import UNSET

from bpmax_sim.errors import SubjectError, suggestion
from bpmax_sim.field_path import plain_steps
from bpmax_sim.i18n import msg

_PATH = re.compile(r"[^.\[\]]+(?:\[\d+\]|\.[^.\[\]]+)+")
Steps = tuple[str | int, ...]


def steps_of(text: str) -> Steps:
    """Return the steps of a path: a name, then members and row numbers; none if it is no path."""
    return plain_steps(text) if _PATH.fullmatch(text) else ()


def cell(value: Any, steps: Steps) -> Any:
    """Return what stands at *steps* inside *value*, or `UNSET`."""
    for step in steps:
        if isinstance(step, int):
            rows = value if isinstance(value, list | tuple) else ()
            value = rows[step] if step < len(rows) else UNSET
        else:
            value = value.get(step, UNSET) if isinstance(value, Mapping) else UNSET
    return value


def with_cell(value: Any, steps: Steps, new: Any, path: str) -> Any:
    """Return *value* with *new* at *steps*; *path* is how a message calls the place.

    Raises:
        SubjectError: there is no such row, or no table or object on the way.
    """
    if not steps:
        return new
    step, *rest = steps
    if isinstance(step, int):
        rows = table_of(value, path)
        check_row(rows, step, path)
        return [*rows[:step], with_cell(rows[step], tuple(rest), new, path), *rows[step + 1 :]]
    if value is not None and not isinstance(value, Mapping):
        raise SubjectError(
            "{path}: there is no member {step!r} in {value!r}", path=path, step=step, value=value
        )
    members = dict(value or {})
    return {**members, step: with_cell(members.get(step), tuple(rest), new, path)}


def table_of(value: Any, path: str) -> list[Any]:
    """Return the rows of a table; an empty field is a table without rows.

    Raises:
        SubjectError: it is none.
    """
    if value is None or value == "":
        return []
    if not isinstance(value, list | tuple):
        raise SubjectError(
            "{path}: expected a table, that is a list of rows, got {value!r}",
            path=path,
            value=value,
        )
    return list(value)


def check_row(rows: list[Any], number: int, path: str, *, more: int = 0) -> None:
    """Check that there is a row *number*, or that one can be added there with *more* of 1.

    Raises:
        SubjectError: there is not; the message says which there are.
    """
    last = len(rows) - 1 + more
    if number > last:
        there = msg("rows 0 to {rows_count}", rows_count=len(rows) - 1) if rows else msg("no rows")
        raise SubjectError(
            "{path}: no row {number}; there are {there}, add_row adds one",
            path=path,
            number=number,
            there=there,
        )


def changed_columns(old: Any, new: Any) -> Iterator[str]:
    """Yield the columns in which two tables differ, in the order of the new one."""
    before = old if isinstance(old, list | tuple) else ()
    after = new if isinstance(new, list | tuple) else ()
    rows = [row for row in (*after, *before) if isinstance(row, Mapping)]
    for name in dict.fromkeys(name for row in rows for name in row):
        if _column(before, name) != _column(after, name):
            yield name


def _column(rows: Any, name: str) -> list[Any]:
    return [cell(row, (name,)) for row in rows]


def field_hint(name: str, fields: tuple[str, ...]) -> str | None:
    """Return what is wrong with *name* as one of *fields*, or as a path inside one."""
    base = steps_of(name)[:1]
    if not fields or name in fields or (base and base[0] in fields):
        return None
    return msg("no field {name!r}{near}", name=name, near=suggestion(name, fields))
