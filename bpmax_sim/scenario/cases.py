"""The rows of a table, inline or from a CSV file; each row becomes an item of its own.

CSV is read as UTF-8 with or without BOM, else as GB18030, which Chinese Excel writes. Cells are
text unless the header says otherwise: ``金额:number``.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from bpmax_sim.errors import ConfigError, Place, Problem, Problems, listed, near
from bpmax_sim.numeric import TOO_LARGE, is_bounded, loads, whole
from bpmax_sim.scenario.action_values import Table, keys_of
from bpmax_sim.scenario.source import Spot
from bpmax_sim.yamlfile import Node, shown

RESERVED = ("id", "faults", "skip", "xfail", "tags")
_FROM_KEYS = keys_of(Table)
_SHOWN = 40
_WHOLE = re.compile(r"[-+]?[0-9]+")
_BOOLEANS: Mapping[str, bool] = {
    "true": True,
    "false": False,
    "是": True,
    "否": False,
    "1": True,
    "0": False,
}


class Row(msgspec.Struct, frozen=True):
    """One row: its id, its values by column, and where it stands."""

    id: str
    values: Mapping[str, Any]
    place: Place


def rows_of(spot: Spot, problems: list[Problem]) -> tuple[Row, ...]:
    """Return the rows of ``cases`` at *spot*; what is wrong goes to *problems*."""
    node = spot.source.root.at(spot.steps)
    assert node is not None
    if node.items:
        found = list(_from_file(node, spot, problems))
    elif node.elements:
        found = list(_inline(node, problems))
    else:
        problems.append(Problem("expected rows, or {from: a CSV file}", spot.place, "cases"))
        return ()
    _check_ids(found, problems)
    return tuple(found)


def _inline(node: Node, problems: list[Problem]) -> Iterator[Row]:
    for index, child in enumerate(node.elements):
        path = f"cases[{index}]"
        if not isinstance(child.value, dict):
            problems.append(Problem("expected a row such as {id: 正常}", child.place, path))
            continue
        values = {key: value.plain() for key, value in child.items.items()}
        if not isinstance(values.get("id"), str | int) or values["id"] == "":
            problems.append(Problem("a row needs an id", child.place, path))
            continue
        yield Row(str(values["id"]), values, child.place)


def _check_ids(rows: list[Row], problems: list[Problem]) -> None:
    first: dict[str, Place] = {}
    for row in rows:
        if row.id in first:
            message = f"the id {row.id!r} is used twice, first in line {first[row.id].line}"
            problems.append(Problem(message, row.place, "cases"))
        first.setdefault(row.id, row.place)


def _from_file(node: Node, spot: Spot, problems: list[Problem]) -> Iterator[Row]:
    for key in node.items:
        if key not in _FROM_KEYS:
            hint = near(key, _FROM_KEYS) or "; known are from, id"
            problems.append(Problem(f"unknown key {key!r}{hint}", node.key_place(key), "cases"))
    name = node.items.get("from")
    if name is None or not isinstance(name.value, str):
        problems.append(Problem("from: expected the path of a CSV file", spot.place, "cases"))
        return
    id_node = node.items.get("id")
    id_column = str(id_node.value) if id_node else "id"
    try:
        yield from read_table(spot.source.path.parent / name.value, id_column)
    except ConfigError as error:
        problems += [
            problem if problem.place else Problem(problem.message, name.place, "cases.from")
            for problem in error.problems
        ]


def read_table(path: Path, id_column: str = "id") -> tuple[Row, ...]:
    """Return the rows of a CSV file.

    Raises:
        ConfigError: if it cannot be read, is empty, or has a cell that is not of its column's
            type; every problem at once.
    """
    file = shown(path)
    reader = csv.reader(io.StringIO(_text(path, file), newline=""))
    problems: list[Problem] = Problems()
    columns = _columns(next(_lines(reader, file, problems), []), file, problems)
    if not problems and id_column not in columns:
        hint = near(id_column, columns) or f"; there is {listed(columns)}"
        problems.append(Problem(f"no column {id_column!r}{hint}", Place(file, 1)))
    if problems:
        raise ConfigError(*problems)
    rows: list[Row] = []
    line = 2
    for cells in _lines(reader, file, problems):
        place, line = Place(file, line), reader.line_num + 1
        if any(cell.strip() for cell in cells):
            rows += _row(cells, columns, id_column, place, problems)
    if not rows and not problems:
        problems.append(Problem("the table has no rows", Place(file)))
    if problems:
        raise ConfigError(*problems)
    return tuple(rows)


def _lines(reader: Any, file: str, problems: list[Problem]) -> Iterator[list[str]]:
    """Yield the lines of a table up to one that cannot be read, such as with a quote left open."""
    try:
        yield from reader
    except csv.Error as error:
        told = f"not a table: {error}; look for a quote that is not closed"
        problems.append(Problem(told, Place(file, reader.line_num)))


def _text(path: Path, file: str) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror
        raise ConfigError(f"table {file} cannot be read: {reason}; check the path") from None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    message = "this is neither UTF-8 nor GB18030; save the table as CSV UTF-8"
    raise ConfigError(Problem(message, Place(file)))


def _columns(header: list[str], file: str, problems: list[Problem]) -> dict[str, str]:
    """Return column names and their types, in order."""
    columns: dict[str, str] = {}
    for number, cell in enumerate(header, 1):
        name, _, kind = cell.strip().rpartition(":") if ":" in cell else (cell.strip(), "", "text")
        place = Place(file, 1, number)
        if not name:
            problems.append(Problem(f"column {number} has no name", place))
        elif name in columns:
            problems.append(Problem(f"column {name!r} is there twice", place))
        if kind not in TYPES:
            hint = near(kind, TYPES) or f"; there is {listed(TYPES)}"
            problems.append(Problem(f"column {name!r}: unknown type {kind!r}{hint}", place))
        columns[name] = kind
    if not header:
        problems.append(
            Problem("the table is empty; its first line names the columns", Place(file))
        )
    return columns


def _row(
    cells: list[str], columns: dict[str, str], id_column: str, place: Place, problems: list[Problem]
) -> Iterator[Row]:
    if len(cells) > len(columns):
        message = f"{len(cells)} cells for {len(columns)} columns"
        problems.append(Problem(message, place))
        return
    padded = [*cells, *([""] * (len(columns) - len(cells)))]
    values: dict[str, Any] = {}
    for (name, kind), cell in zip(columns.items(), padded, strict=True):
        try:
            values[name] = TYPES[kind](cell)
        except (ValueError, RecursionError):
            shown_cell = cell if len(cell) <= _SHOWN else f"{cell[:_SHOWN]}…"
            problems.append(Problem(f"column {name!r}: {shown_cell!r} is not a {kind}", place))
    row_id = str(values.get(id_column, "")).strip()
    if not row_id:
        problems.append(Problem(f"column {id_column!r} is empty; a row needs an id", place))
        return
    yield Row(row_id, {**values, "id": row_id}, place)


def _number(cell: str) -> int | float | None:
    text = cell.strip().replace(",", "")
    if not text:
        return None
    if _WHOLE.fullmatch(text):
        return whole(text)
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _boolean(cell: str) -> bool | None:
    text = cell.strip().lower()
    if text and text not in _BOOLEANS:
        raise ValueError(text)
    return _BOOLEANS.get(text)


def _json(cell: str) -> Any:
    value = loads(cell) if cell.strip() else None
    if not is_bounded(value):
        raise ValueError(TOO_LARGE)
    return value


TYPES: Mapping[str, Callable[[str], Any]] = {
    "text": str,
    "number": _number,
    "boolean": _boolean,
    "json": _json,
}
"""Column types; an empty number, boolean or json cell is null."""


def names_in_cell(value: Any) -> tuple[Any, ...]:
    """Return the entries of a reserved cell: a list as it is, a text split at commas."""
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        parts = value.replace("，", ",").replace("、", ",").replace(";", ",").split(",")
        return tuple(part.strip() for part in parts if part.strip())
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def flag(value: Any) -> bool | str:
    """Return a ``skip`` or ``xfail`` cell: a reason, or whether it holds at all."""
    if isinstance(value, str):
        text = value.strip()
        return _BOOLEANS.get(text.lower(), text) if text else False
    return bool(value)
