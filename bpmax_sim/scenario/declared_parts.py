"""The parts of a scenario that need not run, and which of them a run used.

These are handlers of events, stubs, and steps with ``if:``. A part used by a failed run is not
proven to work; callers leave such runs out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.scenario.events import (
    Event,
    ScenarioFinished,
    ScenarioPart,
    StepFinished,
    StepStarted,
)
from bpmax_sim.scenario.file_verdict import find_steps_shared_by_rows, walk_steps_of_cell
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.subject.hooks import HookStarted


def find_declared_parts(item: ScenarioItem) -> Iterator[ScenarioPart]:
    """Yield every handler, stub and ``if`` of *item*, all with ``used`` false.

    They are the parts that a run need not reach, and so the ones for which coverage is measured.
    """
    yield from _find_handlers(item)
    yield from _find_stubs(item)
    yield from (part for part, _ in _find_if_steps(item))


def find_reached_parts(item: ScenarioItem, events: Iterable[Event]) -> Iterator[ScenarioPart]:
    """Yield the parts of `find_declared_parts` that the run with *events* reached."""
    events = list(events)
    ended = [event for event in events if isinstance(event, ScenarioFinished)]
    unused = {part.place for event in ended for part in event.unused_parts}
    ran = set(_find_steps_that_ran(events))
    fired = set(_find_fired_handlers(events))
    for part in _find_handlers(item):
        if (part.name, part.place.file) in fired:
            yield replace(part, used=True)
    for part in _find_stubs(item):
        if part.place not in unused:
            yield replace(part, used=True)
    for part, place in _find_if_steps(item):
        if place in ran:
            yield replace(part, used=True)


def mark_used_parts(item: ScenarioItem, events: Iterable[Event]) -> tuple[ScenarioPart, ...]:
    """Return every handler, stub and ``if`` of *item*.

    Each is ``used`` if the run with *events* reached it.
    """
    used = {replace(part, used=False) for part in find_reached_parts(item, events)}
    every = dict.fromkeys(find_declared_parts(item))
    return tuple(replace(part, used=part in used) for part in every)


def _find_handlers(item: ScenarioItem) -> Iterator[ScenarioPart]:
    """Yield a part for each script of an event, also of events of the nodes' forms."""
    subjects = item.subjects
    flows = (subjects.flow, *subjects.subflows.values())
    screens = (screen.scripts for flow in flows for screen in flow.screens.values())
    for scripts in (subjects.scripts, *(flow.scripts for flow in flows), *screens):
        for event, bodies in scripts.items():
            for body in bodies:
                yield ScenarioPart(kind="handler", name=event, place=Place(body.name))


def _find_stubs(item: ScenarioItem) -> Iterator[ScenarioPart]:
    spot = item.spot.at("proxy", "stubs")
    for stub, where in spot.locate_elements(item.scenario.proxy.stubs):
        yield ScenarioPart(kind="stub", name=stub.on, place=where.place)


def _find_if_steps(item: ScenarioItem) -> Iterator[tuple[ScenarioPart, Place]]:
    """Yield each step with ``if`` that *item* may run, with its place in events.

    Named steps that it runs are among them, steps of ``during``, and those in the cell of a row.
    """
    for shared in find_steps_shared_by_rows(item):
        for located in (shared, *walk_steps_of_cell(shared)):
            condition = located.step.condition
            if isinstance(condition, str):
                place = located.spot.at("if").place
                yield ScenarioPart(kind="branch", name=condition, place=place), located.spot.place


def _find_fired_handlers(events: Iterable[Event]) -> Iterator[tuple[str, str]]:
    """Yield event and script name of each hook that ran.

    A sub-flow's event has the names of its projects in front (``合同/submit``); it is yielded with
    and without them, since a part does not say from which project it was started.
    """
    for event in events:
        if isinstance(event, HookStarted):
            names = event.event.split("/")
            yield from (("/".join(names[n:]), event.script) for n in range(len(names)))


def _find_steps_that_ran(events: Iterable[Event]) -> Iterator[Place]:
    """Yield the places of steps that were not skipped; named steps may be skipped once and run."""
    begun: list[Place] = []
    for event in events:
        if isinstance(event, StepStarted):
            begun.append(event.place)
        elif isinstance(event, StepFinished):
            place = begun.pop()
            yield from [place] if event.outcome != "skipped" else ()
