"""Add columns to a CSV table without changing anything else in it.

The counterpart of `table_rows`, with the same character sets, types and line ends.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from bpmax_sim.scenario.table_rows import TYPES, decode_table
from bpmax_sim.yamlfile import to_display_path

Cells = Mapping[str, Any]


class ColumnEdit(msgspec.Struct, frozen=True):
    """New columns for the CSV file *path*: column name -> row id -> value."""

    path: Path
    id_column: str
    columns: Mapping[str, Cells]

    def read_text_and_charset(self) -> tuple[str, str]:
        """Return the text and the character set of the file.

        Raises:
            ConfigError: if it cannot be read.
        """
        return decode_table(self.path, to_display_path(self.path))

    def apply(self, text: str) -> str:
        """Return *text*, the content of a table, with those columns added that it does not have."""
        lines = list(io.StringIO(text, newline=""))
        reader = csv.reader(lines)
        header = [cell.strip().rpartition(":") for cell in next(reader, [])]
        names = [head if colon else tail for head, colon, tail in header]
        new = {name: cells for name, cells in self.columns.items() if name not in names}
        if self.id_column not in names or not new:
            return text
        position = names.index(self.id_column)
        parse = TYPES[header[position][2]] if header[position][1] else str
        kinds = {name: _find_type_suffix(cells) for name, cells in new.items()}
        _add_cells(lines, 0, reader.line_num, [f"{name}{kind}" for name, kind in kinds.items()])
        begin = reader.line_num
        for cells in reader:
            if any(cell.strip() for cell in cells):
                row = str(parse(cells[position])).strip() if position < len(cells) else ""
                missing = [""] * (len(names) - len(cells))
                values = [_format_cell(new[name].get(row), kinds[name]) for name in new]
                _add_cells(lines, begin, reader.line_num, [*missing, *values])
            begin = reader.line_num
        return "".join(lines)


def _add_cells(lines: list[str], begin: int, end: int, cells: list[str]) -> None:
    """Append *cells* to the CSV record that spans the lines *begin* to *end* (exclusive)."""
    last = max(end - 1, begin)
    ending = lines[last][len(lines[last].rstrip("\r\n")) :]
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="").writerow(["", *cells])
    lines[last] = f"{lines[last].removesuffix(ending)}{written.getvalue()}{ending}"


def _find_type_suffix(cells: Cells) -> str:
    """Return what the header of a column with *cells* needs behind the name to keep their type.

    It is ``:number``, ``:boolean`` or ``:json``; "" for texts.
    """
    values = list(cells.values())
    if all(isinstance(value, str) for value in values):
        return ""
    if all(isinstance(value, bool) for value in values):
        return ":boolean"
    is_number = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    return ":number" if is_number else ":json"


def _format_cell(value: Any, kind: str) -> str:
    """Return the cell of *value*; None, a row without one, is an empty cell, which is a null."""
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if kind else str(value)
