"""Add facts about names that a script computes, as seen in the traces of its runs.

Only calls and fields are learned. A trace counts only if its script has not changed since. Learned
facts are marked (`Fact.is_learned`); one that the script's text has too is not added.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.file_system import to_slashes
from bpmax_sim.index.facts import Fact, FactKind, FileFacts, Role
from bpmax_sim.index.store import ProjectIndex
from bpmax_sim.platform.model import to_snake_case
from bpmax_sim.project import TRACES

_LEARNED: Final[Mapping[str, tuple[FactKind, Role, str]]] = {
    "CallMade": ("api", "calls", "call"),
    "FieldChanged": ("field", "writes", "field"),
}
"""Event of a trace -> what it says of the script at its place, and which key has the name."""
_decode_event: Final = msgspec.json.Decoder(dict[str, Any]).decode
_MARKS: Final = tuple(f'"event":"{event}"'.encode() for event in _LEARNED)


def add_traced_names(index: ProjectIndex) -> ProjectIndex:
    """Return *index* with names that a script's text does not show, but the trace of a run does.

    An example is a call whose API is computed. These facts are marked as learned.
    """
    files = dict(index.files)
    for path, fact in dict.fromkeys(_read_traces(index.root)):
        facts = files.get(path)
        if facts is not None and facts.kind == "script" and not _has_fact_in_source(facts, fact):
            files[path] = replace(facts, facts=(*facts.facts, fact))
    return replace(index, files=files)


def _has_fact_in_source(facts: FileFacts, fact: Fact) -> bool:
    """Return whether *facts* already contain *fact*, which the trace of a run tells of a script.

    *facts* are what is known of the script. If its text shows the same name in the same use, such
    as an API that it calls, *fact* is not new, on whatever line it is; if another trace has added
    that, only on the same line. An API may be written in snake case or camel case.
    """
    return any(
        (said.kind, said.role, to_snake_case(said.name))
        == (fact.kind, fact.role, to_snake_case(fact.name))
        and (not said.is_learned or said.line == fact.line)
        for said in facts.facts
    )


def _read_traces(root: Path) -> Iterator[tuple[str, Fact]]:
    folder = root / TRACES
    for trace in sorted(folder.rglob("*.ndjson")):
        # A trace lies in a folder of its scenario, and names files from where that lies.
        home = os.path.normpath(root / trace.parent.parent.relative_to(folder))
        with suppress(OSError):
            written = trace.stat().st_mtime_ns
            for line in trace.read_bytes().splitlines():
                # half a line of a run that was stopped, a script that is gone
                with suppress(OSError, ValueError, msgspec.MsgspecError):
                    # Bytes first: most lines of a trace are other events, and parsing each costs
                    # far more.
                    if any(mark in line for mark in _MARKS):
                        yield from _find_trace_facts(root, home, written, _decode_event(line))


def _find_trace_facts(
    root: Path, scenario_folder: str, trace_mtime_ns: int, event: Mapping[str, Any]
) -> Iterator[tuple[str, Fact]]:
    if event.get("event") not in _LEARNED:
        return  # a value that a script wrote looks like one
    kind, role, key = _LEARNED[event["event"]]
    name = str(event.get(key, ""))
    place = Place.parse(str(event.get("place", "")))
    if "$" in name or not place.file.endswith(".js") or not place.column:
        return  # a login, or nothing that a script did
    script = os.path.normpath(os.path.join(scenario_folder, place.file))  # noqa: PTH118
    if os.stat(script).st_mtime_ns <= trace_mtime_ns:  # noqa: PTH116
        path = to_slashes(os.path.relpath(script, root))
        yield path, Fact(kind, role, name, place.line, place.column, is_learned=True)
