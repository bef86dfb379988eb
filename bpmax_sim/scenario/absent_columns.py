"""Reads of columns by scripts in tables that declare none, judged when the run has ended.

A table that starts as ``[]`` gets its columns from the rows that steps enter and scripts write, so
that only the end of the run shows which columns its rows ever had.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import msgspec

from bpmax_sim.errors import suggest_or_list
from bpmax_sim.i18n import msg
from bpmax_sim.scenario.findings import RunFinding
from bpmax_sim.scenario.names import ScenarioNames
from bpmax_sim.script.failure import Script
from bpmax_sim.script.turn_result import AbsentRead
from bpmax_sim.script_source.reading import read_script

_ALLOWING: Final = r"\s*\)*\s*(?:\|\||\?\?|\?\.|&&|\?(?!\.)|[!=]==?\s*(?:undefined|null)\b)"
"""What behind a read allows for a column that is not there."""


class AbsentColumnReads(msgspec.Struct):
    """The reads of absent columns in a run, of tables whose columns nothing declares.

    Attributes:
        names: names of the scenario, which say which tables declare columns.
    """

    names: ScenarioNames
    _reads: dict[tuple[str, str], AbsentRead] = msgspec.field(default_factory=dict)

    def note_read(self, read: AbsentRead) -> None:
        """Keep *read*, the first of its column, if it is one of such a table."""
        root, _, table = read.owner.removeprefix("ctx.").partition(".")
        is_open = table in self.names.entered_columns
        if root == "form" and is_open and not self.names.initial_table_columns.get(table):
            self._reads.setdefault((table, read.member), read)

    def find_doubts(
        self, get_values: Callable[[str], Sequence[Any]], scripts: Sequence[Script]
    ) -> Iterator[RunFinding]:
        """Yield each read of a column that no row of its table ever had in the run.

        Left out are reads that allow for its absence, and columns that some of *scripts* writes.
        *get_values* returns all values that a field had.
        """
        for (table, column), read in self._reads.items():
            lists = (value for value in get_values(table) if isinstance(value, list))
            rows = (row for row in chain.from_iterable(lists) if isinstance(row, Mapping))
            known = [str(name) for name in dict.fromkeys(chain.from_iterable(rows))]
            if not known or column in known or _may_be_absent(column, read, scripts):
                continue
            yield RunFinding("name", msg(
                "the script reads {owner}.{name}, a column that no row ever had{hint}; if it is "
                "one, enter it in a row",
                owner=read.owner, name=column, hint=suggest_or_list(column, known),
            ), read.place, fails=False)  # fmt: skip


def _may_be_absent(column: str, read: AbsentRead, scripts: Sequence[Script]) -> bool:
    """Return whether *read* allows for the absence of *column*, or some of *scripts* writes it."""
    name = re.escape(column)
    writes = re.compile(rf"(?<![\w$]){name}['\"]?\]?\s*(?::|=(?![=>]))")
    if read.place is None or any(writes.search(script.source) for script in scripts):
        return True
    own = [script for script in scripts if script.name == read.place.file]
    at = read.place.line - 1
    lines = chain.from_iterable(script.source.split("\n")[at : at + 1] for script in own)
    allowing = re.compile(
        rf"(?<![\w$]){name}['\"]?\]?{_ALLOWING}|(?:!|typeof )[\w$.?\[\]]*\b{name}\b"
    )
    if any(map(allowing.search, lines)):
        return True
    uses = chain.from_iterable(read_script(one.source, one.name).members for one in own)
    return any(
        use.path[-1] == column and (use.access != "read" or use.is_guarded)
        for use in uses
        if use.place.line == read.place.line
    )
