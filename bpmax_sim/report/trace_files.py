"""Write and read traces below ``.bpmax/trace``.

There is one file for each item, because several processes run items at once. The folder of a trace
mirrors that of its scenario, so that the traces of several shards can be copied together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, Final, get_args

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError, Place
from bpmax_sim.file_names import to_file_name
from bpmax_sim.i18n import msg
from bpmax_sim.project import SUFFIX, TRACES, make_parent_folder
from bpmax_sim.scenario.declared_parts import mark_used_parts
from bpmax_sim.scenario.events import (
    VERSION,
    Event,
    FlowAttached,
    NamesAttached,
    Outcome,
    PartsAttached,
    SourceAttached,
    to_trace_lines,
)
from bpmax_sim.scenario.expect import is_number
from bpmax_sim.scenario.header import ItemHeader
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.secret.vault import Redact
from bpmax_sim.subject.definition import FlowNode
from bpmax_sim.yamlfile import to_display_path

TRACE_FOLDER = Path(TRACES)
_ENDING = ".ndjson"
_LINE = msgspec.json.Decoder(dict[str, Any])
_TEXTS: Final[Mapping[str, Sequence[str]]] = {
    "NodeEntered": ("node", "previous", "action"),
    "BranchArrived": ("node", "join"),
    "FlowAttached": ("flow",),
}
"""Members that whoever reads the events of a trace needs, as texts."""
_OUTCOMES: Final = get_args(Outcome)


class Trace(msgspec.Struct, frozen=True):
    """The trace of one scenario or row: everything that happened, read from an ``.ndjson`` file.

    Attributes:
        folder: folder of the scenario's file, relative to the project's root, with slashes.
        events: one mapping for each line, in order; ``event`` is its kind.
        sources: text of the source files, named as in the events.
        flows: nodes and routes of its flow (name "") and of sub-flows, by name.
        parts: handlers, stubs and conditions, and which of them the run used.
        names: values of variables at the script line of the first failure, if known.
    """

    folder: str
    events: tuple[Mapping[str, Any], ...]
    sources: Mapping[str, str] = msgspec.field(default_factory=dict)
    flows: Mapping[str, Mapping[str, Any]] = msgspec.field(default_factory=dict)
    parts: Sequence[Mapping[str, Any]] = ()
    names: Mapping[str, Any] | None = None

    @property
    def main_flow(self) -> Mapping[str, Any] | None:
        """Return nodes and routes of the main flow; None if there is none."""
        return self.flows.get("")


def make_trace_path(item: ItemHeader) -> Path:
    """Return where the trace of *item* is stored below ``.bpmax/trace``.

    The path is made of the scenario's path and name, so that it is unique.
    """
    return make_item_path(item, TRACE_FOLDER, _ENDING)


def make_item_path(item: ItemHeader, folder: Path, ending: str) -> Path:
    """Return the path of a file about *item* below *folder*, such as its trace or stored failure.

    The folders below *folder* are those of the project; the name is that of the item with *ending*.
    """
    root, path = item.root, item.path.absolute()
    below = path.relative_to(root).parent if path.is_relative_to(root) else Path()
    stem = to_file_name(path.name.removesuffix(SUFFIX))
    return root / folder / below / stem / f"{to_file_name(item.name)}{ending}"


def store_trace(
    item: ScenarioItem,
    events: Sequence[Event],
    trace_mode: str,
    *,
    failed: bool,
    redact: Redact | None = None,
    names: NamesAttached | None = None,
) -> str:
    """Write the trace of *item* if *trace_mode* asks for it, and return its path, else "".

    With ``on-failure``, an item that passed has its earlier trace deleted, which showed a failure.
    A write error is ignored: it must not fail the run.

    Args:
        item: scenario or row.
        events: all events.
        trace_mode: ``on``, ``off`` or ``on-failure``.
        failed: whether the item failed.
        redact: redaction of attached source files. Without it none is attached, as for an item that
            did not run, whose secrets are unknown.
        names: redacted values of variables at the failure.
    """
    if trace_mode == "off":
        return ""
    path = make_trace_path(item.header)
    with suppress(OSError):
        if trace_mode == "on-failure" and not failed:
            # The trace of an earlier failure would be taken for that of this run.
            path.unlink(missing_ok=True)
        else:
            make_parent_folder(path)
            attached = _make_attachment_events(item, events, redact) if redact else ()
            every = [*events, *attached, *([names] if names else ())]
            text = "".join(to_trace_lines(every, item.trace_file_names))
            path.write_text(text, encoding="utf-8", newline="\n")
            return str(path)
    return ""


def _make_attachment_events(
    item: ScenarioItem, events: Sequence[Event], redact: Redact
) -> Iterator[Event]:
    """Yield events that carry the item's source files, flows and used parts, redacted.

    So the trace can be viewed without the project, for example from the artefact of a pipeline.
    """
    at = events[-1].at
    parts = mark_used_parts(item, events)
    yield PartsAttached(parts=tuple(replace(one, name=redact(one.name)) for one in parts), at=at)
    for file, text in item.file_texts.items():
        yield SourceAttached(file=Place(file), text=redact(text), at=at)
    for name, flow_parts in {"": item.subjects.flow, **item.subjects.subflows}.items():
        flow = flow_parts.definition
        if flow is not None and flow.nodes:
            nodes = {
                node_name: {
                    "title": redact(node.title),
                    "end": node.end,
                    "routes": list(_list_outgoing_routes(node, redact)),
                }
                for node_name, node in flow.nodes.items()
            }
            yield FlowAttached(name=name, flow=flow.flow, start=flow.start, nodes=nodes, at=at)


def _list_outgoing_routes(node: FlowNode, redact: Redact) -> Iterator[dict[str, str]]:
    """Yield action, target and condition of each route that leaves *node*."""
    for action in node.offered_actions:
        for route in node.list_routes(action):
            yield {"action": action, "to": route.to, "when": redact(route.when or "")}
    due = node.last_deadline_target
    others = [*(("parallel", to) for to in node.parallel), ("join", node.join), ("deadline", due)]
    yield from ({"action": action, "to": to, "when": ""} for action, to in others if to)


def find_traces(places: Sequence[Path]) -> dict[str, Path]:
    """Return the paths of all traces in *places*, by name: their path within the trace folder.

    A place is a trace or a folder like ``.bpmax/trace``. A name found twice, for example after a
    shard ran again, counts once; the later place wins.

    Raises:
        ConfigError: if a place does not exist or has no trace.
    """
    by_name: dict[str, Path] = {}
    for place in places:
        if not place.exists():
            raise ConfigError(
                "{place}: trace not found; {how}", place=to_display_path(place), how=_HOW
            )
        files, base = sorted(place.rglob(f"*{_ENDING}")), place
        if place.is_file():
            above = (folder for folder in place.parents if folder.name == TRACE_FOLDER.name)
            files, base = [place], next(above, place.parent)
        if not files:
            raise ConfigError(
                "{place}: contains no trace; {how}", place=to_display_path(place), how=_HOW
            )
        by_name |= {file.relative_to(base).as_posix(): file for file in files}
    return dict(sorted(by_name.items()))


def read_traces(places: Sequence[Path]) -> Iterator[Trace]:
    """Yield all traces in *places*, which are trace files or folders of them.

    Raises:
        ConfigError: if a place has no trace, or a file is not a valid trace.
    """
    for name, path in find_traces(places).items():
        yield read_trace(path, name)


_HOW = msg("write some with `pytest --bpmax-trace=on` or `bpmax-sim run --trace=on`")


def read_trace(path: Path, name: str) -> Trace:
    """Return the trace at *path*.

    *name*, its path within ``.bpmax/trace``, determines the folder of its scenario.

    Raises:
        ConfigError: if it is not a trace, or one of another version.
    """
    return parse_trace(path.read_bytes(), name, to_display_path(path))


def parse_trace(data: bytes, name: str, display_name: str) -> Trace:
    """Return the trace in *data*; *display_name* stands in messages.

    *name*, its path within ``.bpmax/trace``, determines the folder of its scenario.

    Raises:
        ConfigError: if it is not a trace, or one of another version.
    """
    folder = PurePosixPath(name).parent.parent.as_posix()
    events: list[Mapping[str, Any]] = []
    sources: dict[str, str] = {}
    attached: list[Mapping[str, Any]] = []
    lines = data.splitlines()
    for number, line in enumerate(lines, 1):
        event = _decode_event(line)
        if event is None and number == len(lines) > 1 and not data.endswith(b"\n"):
            break  # whoever wrote it was killed: what came before is told as not ended
        if event is None:
            raise ConfigError(
                "{path}:{number}: not a line of a trace; {how}",
                path=display_name,
                number=number,
                how=_HOW,
            )
        if event["event"] == "SourceAttached":
            sources[str(event.get("file"))] = str(event.get("text"))
        elif event["event"] in {"FlowAttached", "PartsAttached", "NamesAttached"}:
            attached.append(event)
        else:
            events.append(event)
    if not events or events[0]["event"] != "ScenarioStarted":
        raise ConfigError("{path}: this trace has no beginning; {how}", path=display_name, how=_HOW)
    _check_version(events[0], display_name)
    flows = {str(one.get("name", "")): one for one in attached if one["event"] == "FlowAttached"}
    parts = next((one.get("parts") for one in attached if one["event"] == "PartsAttached"), None)
    names = next((one for one in attached if one["event"] == "NamesAttached"), None)
    folder = "" if folder == "." else folder
    return Trace(folder, tuple(events), sources, flows, parts or (), names)


def _check_version(start_event: Mapping[str, Any], display_name: str) -> None:
    """Refuse a trace of another version; *start_event* is its first event.

    Raises:
        ConfigError: if this version does not read it.
    """
    version = start_event.get("version", 1)
    if version != VERSION:
        is_newer = isinstance(version, int) and version > VERSION
        raise ConfigError(
            "{path}: this trace has version {version}, and version {known} is read here; {how}",
            path=display_name,
            version=version,
            known=VERSION,
            how=msg("update bpmax-sim") if is_newer else _HOW,
        )


def _decode_event(line: bytes) -> Mapping[str, Any] | None:
    try:
        event = _LINE.decode(line)
    except msgspec.DecodeError:
        return None
    kind = event.get("event")
    if not isinstance(kind, str) or not is_number(event.get("at")):
        return None
    if kind == "ScenarioFinished" and event.get("outcome") not in _OUTCOMES:
        return None
    has_texts = all(isinstance(event.get(name), str) for name in _TEXTS.get(kind, ()))
    return event if has_texts else None
