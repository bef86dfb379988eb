"""Measure which declared parts the scenarios have used, from the events of their runs.

Parts are the APIs, parameters, instances and auth paths of the user's own platforms, the fields of
forms, the nodes and transitions of flow definitions, the handlers of events, and of scenarios the
stubs and the steps with ``if:``. Parts used only by a failed scenario do not count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET

from bpmax_sim.check.drift import compile_without_instance_overrides, find_response_failure
from bpmax_sim.field_path import get_nested
from bpmax_sim.i18n import msg
from bpmax_sim.messages import Response
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Api, Parameter, Platform
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.declared_parts import find_declared_parts, find_reached_parts
from bpmax_sim.scenario.events import Event, ScenarioPart
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.subject.definition import ACTIONS, Definition
from bpmax_sim.subject.hooks import UNDO, BranchArrived, FieldChanged, NodeEntered
from bpmax_sim.transport.faults import BadToken, Fault, Reply

Kind = Literal[
    "api",
    "parameter",
    "instance",
    "auth",
    "field",
    "node",
    "transition",
    "handler",
    "stub",
    "branch",
]
KINDS: Final[Mapping[Kind, str]] = {
    "api": msg("api"),
    "parameter": msg("parameter"),
    "instance": msg("instance"),
    "auth": msg("auth"),
    "field": msg("field"),
    "node": msg("node"),
    "transition": msg("transition"),
    "handler": msg("handler"),
    "stub": msg("stub"),
    "branch": msg("if"),
}
"""What is counted, and how a person reads it."""
Name = tuple[Kind, str]
_SCENARIO: Final = "scenario\t"


class DeclaredPart(msgspec.Struct, frozen=True):
    """A part that some scenario or platform file declares, such as an API or a field.

    Attributes:
        kind: what it is, one of `KINDS`.
        name: its name among the parts of that kind.
        is_used: whether a run that passed has used it.
    """

    kind: Kind
    name: str
    is_used: bool


class PassedRun(msgspec.Struct, frozen=True):
    """An item that passed, with the platforms declared for it and its events."""

    item: ScenarioItem
    platforms: Platforms
    events: Sequence[Event]

    @property
    def calls(self) -> Iterator[CallMade]:
        """Return all calls of the run, including logins."""
        return (event for event in self.events if isinstance(event, CallMade))


def measure_coverage(
    items: Iterable[tuple[ScenarioItem, Platforms]], used_parts: Collection[str]
) -> list[DeclaredPart]:
    """Return the parts that *items* declare, sorted by kind and name.

    *items* are scenarios with their platforms. A part counts as used if its text is in
    *used_parts*, the texts that `find_parts_used_in_run` returned for the runs.
    """
    declared = {name for item, platforms in items for name in _name_declared_parts(item, platforms)}
    order = {kind: number for number, kind in enumerate(KINDS)}
    ordered = sorted(declared, key=lambda part: (order[part[0]], part[1]))
    return [
        DeclaredPart(kind, name, _encode_part_name_in_english((kind, name)) in used_parts)
        for kind, name in ordered
    ]


def find_parts_used_in_run(run: PassedRun) -> set[str]:
    """Return the parts (APIs, fields, nodes …) that *run* used, and its item, each as a text.

    Texts are equal on every machine and in every language, so that those of several runs can be
    merged.
    """
    item = run.item
    return {f"{_SCENARIO}{item.node_id}", *map(_encode_part_name_in_english, _name_used_parts(run))}


def count_items_run(used_parts: Collection[str]) -> int:
    """Return the number of items that ran, according to *used_parts*."""
    return sum(part.startswith(_SCENARIO) for part in used_parts)


def _encode_part_name_in_english(name: Name) -> str:
    """Return kind and name as one text, in English whatever the language is."""
    return "".join([name[0], "\t", name[1]])  # of a message the words before translation


def _name_declared_parts(item: ScenarioItem, platforms: Platforms) -> Iterator[Name]:
    for platform in platforms.own.values():
        yield from _name_platform_parts(platform)
        for entry in platforms.entries.get(platform.platform_key, ()):
            if entry.instance.enabled:
                yield "instance", f"{platform.platform_key} {entry.instance.instance_key}"
    if item.scenario.form is not UNSET:
        yield from (_name_field(item, name) for name in item.scenario.form.fields)
    if item.subjects.flow.definition is not None:
        yield from _name_flow_parts(item.subjects.flow.definition)
    yield from map(_name_part, find_declared_parts(item))


def _name_part(part: ScenarioPart) -> Name:
    is_handler = part.kind == "handler"
    named = f"{part.name}: {part.place.file}" if is_handler else f"{part.place}: {part.name}"
    return part.kind, named


def _name_platform_parts(platform: Platform) -> Iterator[Name]:
    key = platform.platform_key
    for api in platform.apis.values():
        yield "api", f"{key}.{api.key}"
        for parameter in api.parameters:
            yield "parameter", f"{key}.{api.key} {parameter.name}"
    # The auth of an API that has none of its own is nearly always everybody's.
    first = next((api for api in platform.apis.values() if api.auth is UNSET), None)
    if first is None:
        return
    recipe = compile_without_instance_overrides(platform, first)
    yield from (("auth", f"{key} {word}") for word in recipe.recover)
    if platform.auth.acquire is not None:
        yield "auth", msg("{key} login", key=key)
    if platform.auth.apply or platform.auth.sign is not None:
        yield "auth", msg("{key} applied", key=key)


def _name_flow_parts(flow: Definition) -> Iterator[Name]:
    for name, node in flow.nodes.items():
        yield "node", f"{flow.flow}: {name}"
        for action in ACTIONS:
            for route in node.list_routes(action):
                yield _name_transition(flow, name, action, route.to)


def _name_field(item: ScenarioItem, name: str) -> Name:
    return "field", f"{item.spot.source.file}: {name}"


def _name_transition(flow: Definition, node: str, action: str, to: str) -> Name:
    return "transition", f"{flow.flow}: {node} {action} -> {to}"


def _name_used_parts(ran: PassedRun) -> Iterator[Name]:
    for call in ran.calls:
        yield from _name_parts_used_by_call(ran.platforms, call)
    yield from _name_tested_recoveries(ran)
    for event in _drop_undone_arrivals(ran.events):
        if isinstance(event, FieldChanged):
            yield _name_field(ran.item, event.field)
        elif isinstance(event, NodeEntered) and ran.item.subjects.flow.definition is not None:
            flow = ran.item.subjects.flow.definition
            yield from (("node", f"{flow.flow}: {node}") for node in (event.previous, event.node))
            yield _name_transition(flow, event.previous, event.action, event.node)
        elif isinstance(event, BranchArrived) and ran.item.subjects.flow.definition is not None:
            yield _name_transition(
                ran.item.subjects.flow.definition, event.node, "approve", event.join
            )
    yield from map(_name_part, find_reached_parts(ran.item, ran.events))
    for located in ran.item.steps:
        expected = located.step.expect.form
        if isinstance(expected, Mapping):
            yield from (_name_field(ran.item, name) for name in expected)


def _drop_undone_arrivals(events: Iterable[Event]) -> list[Event]:
    """Return *events* without the arrivals at nodes that were undone because a hook failed.

    The flow reports such an undo as a later `NodeEntered` with the action `UNDO`, back to the node
    where the action began: it may have passed several nodes, such as a gateway and its branches.
    """
    current: list[Event] = []
    for event in events:
        if not isinstance(event, NodeEntered) or event.action != UNDO:
            current.append(event)
            continue
        for number in reversed(range(len(current))):
            arrival = current[number]
            if isinstance(arrival, NodeEntered | BranchArrived):
                del current[number]
                left = arrival.previous if isinstance(arrival, NodeEntered) else arrival.node
                if left == event.node:
                    break
    return current


def _name_parts_used_by_call(platforms: Platforms, call: CallMade) -> Iterator[Name]:
    """Yield the parts that *call* used: instance, API, parameters, login or auth."""
    key, _, name = call.call.partition(".")
    yield "instance", f"{key} {call.instance}"
    if call.is_login:
        yield "auth", msg("{key} login", key=key)
        return
    yield "api", call.call
    platform = platforms.own.get(key)
    api = platform.apis.get(name) if platform else None
    if api is None or api.auth is UNSET:  # else it has auth of its own, or none
        yield "auth", msg("{key} applied", key=key)
    for parameter in api.parameters if api else ():
        if _has_argument(call, parameter):
            yield "parameter", f"{call.call} {parameter.name}"


def _has_argument(call: CallMade, parameter: Parameter) -> bool:
    if not parameter.steps:
        return call.body is not None
    if parameter.place == "body" and isinstance(call.body, str):
        return f'name="{parameter.wire_name}"' in call.body  # a part of a multipart body
    if parameter.place == "body":
        return get_nested(call.body, parameter.steps) is not UNSET
    named: Mapping[str, Any] = getattr(call, parameter.place)
    target = parameter.wire_name.lower() if parameter.place == "header" else parameter.wire_name
    return target in named


def _name_tested_recoveries(ran: PassedRun) -> Iterator[Name]:
    """Yield each recovery of a platform (such as a login after a refused token) that faults tested.

    Every fault of the item counts: one that is never injected fails the run.
    """
    located = (*ran.item.steps, *ran.item.cleanup)
    faults = (*ran.item.faults, *(fault for step in located for fault in step.faults))
    for call in ran.calls:
        key, _, name = call.call.partition(".")
        platform = ran.platforms.own.get(key)
        api = platform.apis.get(name) if platform else None
        if platform is None or api is None or api.auth is not UNSET:
            continue
        for fault in faults:
            word = (
                _find_recovered_failure_class(fault, platform, api)
                if fault.covers(call.call)
                else None
            )
            if word:
                yield "auth", f"{key} {word}"


def _find_recovered_failure_class(fault: Fault, platform: Platform, api: Api) -> str | None:
    """Return the class of failures for which *fault* makes the platform recover, or None."""
    if isinstance(fault.action, BadToken):
        return "token"
    if not isinstance(reply := fault.action, Reply):
        return None
    response = Response(status=reply.status, headers=reply.headers, body=reply.body)
    return find_response_failure(response, platform, api)
