"""Write what is expected into scenario files: comments and layout stay, a diff says what changes.

`challenge --update` adds lines, ``run --update`` takes what was got.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET

from bpmax_sim.errors import ConfigError, Problem
from bpmax_sim.i18n import msg
from bpmax_sim.scenario.expect import is_operator
from bpmax_sim.yamlfile import display_path, parse_yaml, read_text, write_text
from bpmax_sim.yamlfile.edit import merge_into
from bpmax_sim.yamlfile.node import Steps
from bpmax_sim.yamlfile.write import write_inline


class ExpectEdit(msgspec.Struct, frozen=True):
    """What is to stand in the mapping at *steps* of the file *path*, such as a step or a row.

    Attributes:
        keys: what replaces the values of these keys, mappings member by member.
        is_merged: both what is there and *keys* are to hold: lists are merged element by element,
            and operators stay.
    """

    path: Path
    steps: Steps
    keys: Mapping[str, Any]
    is_merged: bool = False


class FileRewrite(msgspec.Struct):
    """A file before and after its edits."""

    path: Path
    before: str
    after: str

    @property
    def is_changed(self) -> bool:
        """Return whether the edits come to anything."""
        return self.before != self.after

    def diff(self) -> Iterator[str]:
        """Yield the lines of a unified diff."""
        name = display_path(self.path)
        lines = (self.before.splitlines(), self.after.splitlines())
        yield from difflib.unified_diff(*lines, name, name, n=1, lineterm="")

    def write(self) -> None:
        """Write the file anew.

        Raises:
            ConfigError: it cannot be written.
        """
        write_text(self.path, self.after)

    def restore(self) -> None:
        """Write the file as it was before."""
        write_text(self.path, self.before)


def rewrite_files(edits: Iterable[ExpectEdit]) -> tuple[list[FileRewrite], list[ConfigError]]:
    """Return the files with *edits* in them, nothing of it written, and why others cannot be."""
    files: dict[Path, FileRewrite] = {}
    refused: list[ConfigError] = []
    for edit in edits:
        try:
            if edit.path not in files:
                text = read_text(edit.path)
                files[edit.path] = FileRewrite(edit.path, text, text)
            file = files[edit.path]
            file.after = _apply(file.after, edit)
        except ConfigError as error:
            refused.append(error)
    return [file for file in files.values() if file.is_changed], refused


def _apply(text: str, edit: ExpectEdit) -> str:
    name = display_path(edit.path)
    node = parse_yaml(text, name).at(edit.steps)
    before = node.plain() if node is not None else {}
    keys = merge_expected(before, edit.keys) if edit.is_merged else edit.keys
    if keys is UNSET:
        value = write_inline(dict(edit.keys))
        message = msg(
            "what is expected there leaves no room; write it by hand: {value}", value=value
        )
        raise ConfigError(Problem(message, node.place if node is not None else None))
    changes = find_changes(before, keys)
    return merge_into(text, edit.steps, changes, name) if changes else text


def find_changes(before: Any, after: Mapping[str, Any]) -> dict[str, Any]:
    """Return those keys of *after*, at any depth, that *before* has otherwise or not at all."""
    changes: dict[str, Any] = {}
    for key, value in after.items():
        known = before.get(key, UNSET) if isinstance(before, Mapping) else UNSET
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            if inner := find_changes(known, value):
                changes[key] = inner
        elif known is UNSET or known != value:
            changes[key] = value
    return changes


def merge_expected(known: Any, addition: Any) -> Any:
    """Return what is expected already with *addition*; `UNSET` where the two do not go together."""
    if known is UNSET or known == addition:
        return addition
    if isinstance(known, list) and isinstance(addition, list):
        is_whole = len(known) == len(addition)
        pairs = zip(known, addition, strict=False)
        elements = [merge_expected(*pair) for pair in pairs] if is_whole else [UNSET]
        return UNSET if UNSET in elements else elements
    if not isinstance(known, Mapping):
        return UNSET
    if isinstance(addition, Mapping):
        added = {key: merge_expected(known.get(key, UNSET), v) for key, v in addition.items()}
        return UNSET if UNSET in added.values() else {**known, **added}
    if not all(map(is_operator, known)) or "$eq" in known:
        return UNSET
    # A list that is equal to what the operators hold of says more than they do.
    return addition if isinstance(addition, list) else {**known, "$eq": addition}
