"""Tables of ``docs/facts.yaml``, in both languages; tests compare their names with the code."""

from __future__ import annotations

import re
from functools import cache

import msgspec

from tests.docs.pages import ROOT

Cell = str | dict[str, str]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table: what stands above its columns, and its rows."""

    head: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


@cache
def tables() -> dict[str, Table]:
    """Return every table by its name."""
    text = (ROOT / "docs/facts.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=dict[str, Table])


MARKS = {
    "zh": {"documented": "文档", "ours": "理解", "confirmed": "证实", "refuted": "不符"},
    "en": {name: name for name in ("documented", "ours", "confirmed", "refuted")},
}
"""Whose a rule of ``$proxy`` is."""


def text_of(cell: Cell, language: str) -> str:
    """Return what a cell says in *language*."""
    if isinstance(cell, dict):
        return cell[language]
    if language == "en":
        cell = cell.replace("`、`", "`, `")
    return MARKS[language].get(cell, cell)


def names(table: str) -> list[str]:
    """Return the code of each first cell of *table*."""
    firsts = [text_of(row[0], "en") for row in tables()[table].rows]
    return [name for first in firsts for name in re.findall(r"`([^`]+)`", first)]
