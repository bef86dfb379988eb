"""Write expectations into scenario files, keeping comments and layout; a diff shows the change.

``challenge --update`` adds expectations, ``run --update`` replaces them by actual values.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET

from bpmax_sim.errors import ConfigError, Problem
from bpmax_sim.file_version import FileVersion, read_version
from bpmax_sim.i18n import msg
from bpmax_sim.scenario.expect import is_operator
from bpmax_sim.scenario.table_columns import ColumnEdit
from bpmax_sim.subject.hooks import is_same_value
from bpmax_sim.yamlfile import parse_yaml, read_text, to_display_path, write_text_creating_folders
from bpmax_sim.yamlfile.edit import Replacement, merge_into
from bpmax_sim.yamlfile.node import Steps
from bpmax_sim.yamlfile.write import write_inline


class ExpectEdit(msgspec.Struct, frozen=True):
    """A change of the keys of one map in a YAML file, such as the ``expect`` of a step.

    Attributes:
        path: YAML file.
        steps: keys and indices that lead to the map in the file: a step, a row, or (empty) the
            scenario.
        keys: key of the map, such as ``expect`` -> its new value, whose members replace those of
            the present value or are added to them.
        is_merged: whether the new values are added to the existing ones (lists element by element,
            operators are kept) rather than replacing them.
        is_new: whether it replaces ``expect: new``, so that nobody chose any of its values.
        notes: which values of the run are not expected, and why.
    """

    path: Path
    steps: Steps
    keys: Mapping[str, Any]
    is_merged: bool = False
    is_new: bool = False
    notes: tuple[Problem, ...] = ()

    def read_text_and_charset(self) -> tuple[str, str]:
        """Return the text and the character set of the file.

        Raises:
            ConfigError: if it cannot be read.
        """
        return read_text(self.path), "utf-8"

    def apply(self, text: str) -> str:
        """Return *text*, the content of a scenario file, with the edit applied.

        Raises:
            ConfigError: if what is expected there already cannot be combined with it.
        """
        name = to_display_path(self.path)
        node = parse_yaml(text, name).find_at(self.steps)
        before = node.to_plain() if node is not None else {}
        keys = merge_expected(before, self.keys) if self.is_merged else self.keys
        if keys is UNSET:
            value = write_inline(dict(self.keys))
            message = msg(
                "what is expected there leaves no room; write it by hand: {value}", value=value
            )
            raise ConfigError(Problem(message, node.place if node is not None else None))
        changes = find_changed_keys(before, keys)
        return merge_into(text, self.steps, changes, name) if changes else text


class FileRewrite(msgspec.Struct):
    """A file with its text before and after the edits of one ``run --update``.

    Attributes:
        version: the file, as it was before it was read.
        before, after: whole text of the file.
        encoding: character set in which it is read and written.
        is_table: whether it is a CSV file of rows, not a YAML file.
    """

    version: FileVersion
    before: str
    after: str
    encoding: str = "utf-8"
    is_table: bool = False

    @property
    def path(self) -> Path:
        """Return the file."""
        return self.version.path

    @property
    def is_changed(self) -> bool:
        """Return whether the edits change the file at all."""
        return self.before != self.after

    def make_diff_lines(self) -> Iterator[str]:
        """Yield the lines of a unified diff."""
        name = to_display_path(self.path)
        lines = (self.before.splitlines(), self.after.splitlines())
        yield from difflib.unified_diff(*lines, name, name, n=1, lineterm="")

    def write(self) -> None:
        """Write `after` to the file.

        Raises:
            ConfigError: if it cannot be written.
        """
        write_text_creating_folders(self.path, self.after, encoding=self.encoding)

    def restore(self) -> None:
        """Write `before` to the file, because a scenario fails with the edits.

        What somebody else has written there since `write` stays.

        Raises:
            ConfigError: if somebody has, or it cannot be written.
        """
        if read_version(self.path) == self.version:
            return
        # `write` may have been interrupted, and have left a part of the text.
        written = self.after.encode(self.encoding, "replace")
        if not (self.path.is_file() and written.startswith(self.path.read_bytes())):
            raise ConfigError(
                "{path}: somebody wrote it while its scenarios were run with the changes, so they "
                "stay in it; see `git diff`",
                path=to_display_path(self.path),
            )
        write_text_creating_folders(self.path, self.before, encoding=self.encoding)


def prepare_rewrites(
    edits: Iterable[ExpectEdit | ColumnEdit],
) -> tuple[list[FileRewrite], list[ConfigError]]:
    """Return the changed files with *edits* applied in memory only, and the errors, not raised.

    There is an error for each edit that cannot be applied, as its file cannot be read or edited.
    """
    files: dict[Path, FileRewrite] = {}
    refused: list[ConfigError] = []
    for edit in edits:
        try:
            if edit.path not in files:
                version = read_version(edit.path)
                text, encoding = edit.read_text_and_charset()
                is_table = isinstance(edit, ColumnEdit)
                files[edit.path] = FileRewrite(version, text, text, encoding, is_table)
            file = files[edit.path]
            file.after = edit.apply(file.after)
        except ConfigError as error:
            refused.append(error)
    return [file for file in files.values() if file.is_changed], refused


def find_changed_keys(
    before: Any, after: Mapping[str, Any], kept_levels: int = 2
) -> dict[str, Any]:
    """Return the keys of *after*, at any depth, that differ from *before* or are missing there.

    Maps of the first *kept_levels* levels, such as a step and its ``expect``, keep their other
    keys. One below them becomes a `Replacement` if it has lost a key, such as an operator.
    """
    changes: dict[str, Any] = {}
    for key, value in after.items():
        known = before.get(key, UNSET) if isinstance(before, Mapping) else UNSET
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            if kept_levels < 2 and known.keys() - value.keys():  # noqa: PLR2004
                changes[key] = Replacement(value)
            elif inner := find_changed_keys(known, value, kept_levels - 1):
                changes[key] = inner
        elif not is_same_value(known, value):  # 1 is not true
            changes[key] = value
    return changes


def merge_expected(known: Any, addition: Any) -> Any:
    """Return the expectation *known* with *addition* added, so that both must hold.

    `UNSET` if they contradict each other, such as two texts for one field.
    """
    if known is UNSET or is_same_value(known, addition):
        return addition
    if isinstance(known, list) and isinstance(addition, list):
        is_whole = len(known) == len(addition)
        pairs = zip(known, addition, strict=False)
        elements = [merge_expected(*pair) for pair in pairs] if is_whole else [UNSET]
        return UNSET if UNSET in elements else elements
    if not isinstance(known, Mapping):
        return UNSET
    if isinstance(addition, Mapping):
        return _merge_maps(known, addition)
    if not all(map(is_operator, known)) or "$eq" in known:
        return UNSET
    # A list that is equal to what the operators hold of says more than they do.
    return addition if isinstance(addition, list) else {**known, "$eq": addition}


def _merge_maps(known: Mapping[str, Any], addition: Mapping[str, Any]) -> Any:
    is_mixed = _is_operation(known) != _is_operation(addition) and known and addition
    if is_mixed and _is_operation(addition):
        return UNSET
    if is_mixed:  # members do not stand beside operators; `$contains` asks the same of a map
        addition = {"$contains": addition}
    added = {key: merge_expected(known.get(key, UNSET), v) for key, v in addition.items()}
    return UNSET if UNSET in added.values() else {**known, **added}


def _is_operation(expected: Mapping[str, Any]) -> bool:
    return any(map(is_operator, expected))
