"""Say in words where the present value of a field came from, and by which routes a flow went."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.js_values import UNDEFINED, to_scenario_value
from bpmax_sim.scenario import references
from bpmax_sim.scenario.events import StepFinished, StepStarted
from bpmax_sim.subject.hooks import (
    UNDO,
    FieldChanged,
    FieldReassigned,
    RouteEvaluated,
    SubjectEvent,
)


class LastAssignment(msgspec.Struct, frozen=True):
    """The last assignment of a field, and the place of the step in which it happened."""

    event: FieldChanged | FieldReassigned
    step: Place | None = None


class Origins(msgspec.Struct):
    """Where the values of a run came from, for the messages of failures.

    Attributes:
        assignments: field -> its last assignment.
        routes: routes of flows in the order of their evaluation.
    """

    assignments: dict[str, LastAssignment] = msgspec.field(default_factory=dict)
    routes: list[RouteEvaluated] = msgspec.field(default_factory=list)
    _open_steps: list[Place] = msgspec.field(default_factory=list)

    def note_assignment(self, event: SubjectEvent) -> None:
        """Remember *event* if it is the assignment of a field."""
        if isinstance(event, FieldChanged | FieldReassigned):
            step = self._open_steps[-1] if self._open_steps else None
            self.assignments[event.field] = LastAssignment(event, step)

    def note_step(self, event: object) -> None:
        """Remember the place of a step when *event* is its start, and forget it when it is its end.

        Assignments in between get the place of the innermost step. Other events are ignored.
        """
        if isinstance(event, StepStarted):
            self._open_steps.append(event.place)
        elif isinstance(event, StepFinished) and self._open_steps:
            self._open_steps.pop()


def to_plain_script_values(event: SubjectEvent) -> dict[str, Any]:
    """Return the members of *event* whose values come from scripts, as plain values for a trace.

    They are the old and new value of a changed field, and the values that a route's condition read.
    Empty for other events.
    """
    plain = _PLAIN_VALUES.get(type(event), {}).items()
    return {name: convert(getattr(event, name)) for name, convert in plain}


def describe_origin(label: str, write: LastAssignment | None, initial: Place | None) -> str:
    """Return a line that says where the value of *label* (``form.discount``) came from.

    Args:
        label: field as an expectation names it.
        write: its last assignment; None if it has its initial value.
        initial: place of its initial value in the scenario; None if it has none.
    """
    if write is None:
        if initial is None:
            return msg("{label}: never written, and without an initial value", label=label)
        return msg(
            "{label}: never written since its initial value, at {place}", label=label, place=initial
        )
    event, step = write.event, write.step or ""
    if event.by == "user":
        return msg("{label}: last set by the scenario, at {step}", label=label, step=step)
    if event.by == UNDO:
        return msg("{label}: restored when the step at {step} failed", label=label, step=step)
    by = str(event.place or event.by)
    if isinstance(event, FieldReassigned):
        by = msg("{by}, with the value it already had", by=by)
    return msg("{label}: last written by {by}", label=label, by=by)


def describe_values(values: Mapping[str, Any]) -> Mapping[str, str]:
    """Return name -> value as text for messages: as JSON, or ``undefined``."""
    return {
        name: "undefined" if value is UNDEFINED else references.show(to_scenario_value(value))
        for name, value in values.items()
    }


_PLAIN_VALUES: Mapping[type, Mapping[str, Callable[[Any], Any]]] = {
    FieldChanged: {"old": to_scenario_value, "new": to_scenario_value},
    RouteEvaluated: {"values": describe_values},
}


def describe_routes_to_wrong_node(
    routes: Sequence[RouteEvaluated], expected: Collection[str]
) -> Iterator[str]:
    """Yield a line for each route of the decision that led a flow to a wrong node.

    A line has the route's condition, place, and the values that the condition read.

    Args:
        routes: routes in the order of their evaluation.
        expected: nodes where the flow should be; if no route leads there, the last decision is
            described.
    """
    wanted = [n for n, route in enumerate(routes) if route.to in expected and not route.taken]
    last = wanted[-1] if wanted else len(routes) - 1
    start = last
    while start > 0 and _is_next_route_of_decision(routes[start - 1], routes[start]):
        start -= 1
    end = last + 1
    while 0 < end < len(routes) and _is_next_route_of_decision(routes[end - 1], routes[end]):
        end += 1
    yield from map(_describe_route, routes[max(start, 0) : end])


def _is_next_route_of_decision(before: RouteEvaluated, after: RouteEvaluated) -> bool:
    """Return whether *after* was tried next because *before*, of the same node, did not hold."""
    return not before.taken and (before.node, before.action) == (after.node, after.action)


def _describe_route(route: RouteEvaluated) -> str:
    values = join_list(f"{name} = {value}" for name, value in route.values.items())
    why = msg("{when}, with {values}", when=route.when, values=values) if values else route.when
    if not route.taken:
        text = msg("route not taken  {node} → {to}: {why}", node=route.node, to=route.to, why=why)
    elif why:
        text = msg("route taken      {node} → {to}: {why}", node=route.node, to=route.to, why=why)
    else:
        text = msg("route taken      {node} → {to}", node=route.node, to=route.to)
    return msg("{text}   {place}", text=text, place=route.place or "").rstrip()
