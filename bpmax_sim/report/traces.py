"""Traces of runs as NDJSON below ``.bpmax/trace``: where each goes, and reading them back.

A trace lies in a folder like that of its scenario, so those of several shards can lie together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from bpmax_sim.errors import ConfigError
from bpmax_sim.scenario.events import Event
from bpmax_sim.scenario.item import ScenarioItem
from bpmax_sim.scenario.kept import make_folder
from bpmax_sim.scenario.names import SUFFIX, file_name
from bpmax_sim.scenario.trace import trace
from bpmax_sim.yamlfile import shown

FOLDER = Path(".bpmax", "trace")
_ENDING = ".ndjson"
_LINE = msgspec.json.Decoder(dict[str, Any])


class Trace(msgspec.Struct, frozen=True):
    """What one item told.

    Attributes:
        folder: that of the scenario's file, from the project's root, with slashes.
        events: one mapping for each line, in order; ``event`` names its kind.
    """

    folder: str
    events: tuple[Mapping[str, Any], ...]


def trace_path(item: ScenarioItem) -> Path:
    """Return where the trace of *item* goes: beside nothing else, by its path and name."""
    root, path = item.root, item.path.absolute()
    folder = path.relative_to(root).parent if path.is_relative_to(root) else Path()
    stem = file_name(path.name.removesuffix(SUFFIX))
    return root / FOLDER / folder / stem / f"{file_name(item.name)}{_ENDING}"


def keep_trace(item: ScenarioItem, events: Iterable[Event], when: str, *, failed: bool) -> str:
    """Write the trace if it is wanted, and return its path; an old one of a pass goes away.

    A trace that cannot be written is left out: it fails no run.

    Args:
        item: the scenario or row.
        events: everything that happened.
        when: ``on``, ``off`` or ``on-failure``.
        failed: whether it failed.
    """
    if when == "off":
        return ""
    path = trace_path(item)
    with suppress(OSError):
        if when == "on-failure" and not failed:
            path.unlink(missing_ok=True)
            return ""
        make_folder(path)
        path.write_text("".join(trace(events, item.homes)), encoding="utf-8", newline="\n")
        return str(path)
    return ""


def read_traces(places: Sequence[Path]) -> Iterator[Trace]:
    """Yield every trace of *places*: files, or folders like ``.bpmax/trace``.

    One that is there twice, as after running a shard again, counts once: the later place wins.

    Raises:
        ConfigError: a place does not exist, or a line is none of a trace.
    """
    found: dict[Path, Path] = {}
    for place in places:
        if not place.exists():
            raise ConfigError(f"{shown(place)}: there is no such trace; {_HOW}")
        files = [place] if place.is_file() else sorted(place.rglob(f"*{_ENDING}"))
        base = _base(place)
        found |= {file.relative_to(base): file for file in files}
    for name in sorted(found):
        yield _read(found[name], name.parent.parent.as_posix())


_HOW = "write some with `pytest --bpmax-trace=on` or `bpmax-sim run --trace=on`"


def _base(place: Path) -> Path:
    """Return the folder that traces of *place* are named from."""
    if place.is_dir():
        return place
    above = [folder for folder in place.parents if folder.name == FOLDER.name]
    return above[0] if above else place.parent


def _read(path: Path, folder: str) -> Trace:
    events: list[Mapping[str, Any]] = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        event = _event(line)
        if event is None:
            raise ConfigError(f"{shown(path)}:{number}: this is no line of a trace; {_HOW}")
        events.append(event)
    if not events or events[0]["event"] != "ScenarioStarted":
        raise ConfigError(f"{shown(path)}: this trace has no beginning; {_HOW}")
    return Trace("" if folder == "." else folder, tuple(events))


def _event(line: bytes) -> Mapping[str, Any] | None:
    try:
        found = _LINE.decode(line)
    except msgspec.DecodeError:
        return None
    return found if isinstance(found.get("event"), str) and _is_number(found.get("at")) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
