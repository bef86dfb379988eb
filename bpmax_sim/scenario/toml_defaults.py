"""Read ``[tool.bpmax_sim.defaults]`` of a project as a file of defaults with positions.

``tomllib`` returns no positions, so each key is searched for in the text; keys inside an inline
table or a list get the place of the key that holds it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from bpmax_sim.project import PROJECT, Stamp, compute_file_stamp, read_setting
from bpmax_sim.scenario.source import ScenarioSource
from bpmax_sim.yamlfile import Node, read_text

_TABLE: Final = ("tool", "bpmax_sim", "defaults")
_WORD: Final = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_PATH: Final = rf"{_WORD}(?:[ \t]*\.[ \t]*{_WORD})*"
_LINE: Final = re.compile(
    rf"^[ \t]*(?:\[{{1,2}}[ \t]*(?P<table>{_PATH})[ \t]*\]|(?P<key>{_PATH})[ \t]*=)", re.MULTILINE
)
_STEP: Final = re.compile(_WORD)

_Marks = dict[tuple[str, ...], tuple[int, int]]


def has_toml_defaults(root: Path) -> bool:
    """Return whether the ``pyproject.toml`` of the project at *root* declares defaults."""
    folder = str(root)
    return _has_defaults(folder, compute_file_stamp(os.path.join(folder, PROJECT)))  # noqa: PTH118


@lru_cache(maxsize=64)
def _has_defaults(root: str, _stamp: Stamp) -> bool:
    return read_setting(root, "defaults") is not None


def read_toml_defaults(path: Path, name: str) -> ScenarioSource:
    """Return the scenario defaults in the ``pyproject.toml`` at *path* as if they were a YAML file.

    Messages call the file *name*.

    Raises:
        ConfigError: if it cannot be read.
    """
    import tomllib  # noqa: PLC0415 - hardly any project has such defaults

    text = read_text(path)
    value = tomllib.loads(text)
    for step in _TABLE:
        value = value[step]
    marks: _Marks = {}
    for keys, mark in _locate_toml_keys(text):
        marks.setdefault(keys, mark)  # of several lines with one key above them the first
    line, column = marks.get(_TABLE, (1, 1))
    root = _make_node(value, name, _TABLE, marks, (line, column))
    return ScenarioSource(path, name, root, tuple(text.splitlines()))


def _locate_toml_keys(text: str) -> Iterator[tuple[tuple[str, ...], tuple[int, int]]]:
    """Yield each table and key of a TOML text, with its line and column."""
    table: tuple[str, ...] = ()
    # A line of a multi-line text may look like a key; values come from `tomllib`, so a place may be
    # wrong, and nothing else.
    for match in _LINE.finditer(text):
        kind = "table" if match["table"] else "key"
        steps = tuple(word.strip("\"'") for word in _STEP.findall(match[kind]))
        start = match.start(kind)
        line = text.count("\n", 0, start) + 1
        mark = line, start - text.rfind("\n", 0, start)
        path = steps if kind == "table" else (*table, *steps)
        table = steps if kind == "table" else table
        for size in range(len(path), 0, -1):  # a dotted key declares those above it, too
            yield path[:size], mark


def _make_node(
    value: Any, file: str, path: tuple[str, ...], marks: _Marks, place: tuple[int, int]
) -> Node:
    """Return *value*, read from TOML, as nodes like those of a YAML file.

    *path* are the keys that lead to *value*. Positions come from *marks*: keys down to a value ->
    its line and column. A value without a mark gets *place*, the position of its parent.
    """
    if isinstance(value, dict):
        keys = {key: marks.get((*path, key), place) for key in value}
        items = {
            key: _make_node(child, file, (*path, key), marks, keys[key])
            for key, child in value.items()
        }
        return Node(items, file, *place, keys)
    if isinstance(value, list):
        elements = tuple(_make_node(child, file, (*path, "*"), marks, place) for child in value)
        return Node(elements, file, *place)
    plain = value if isinstance(value, str | int | float | bool) else str(value)
    return Node(plain, file, *place)
