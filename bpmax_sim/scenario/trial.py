"""Run an item as a trial: with other responses than it expects, to see what becomes of it.

Nothing is held against ``expect``, steps go on after one that went wrong as a person would, and at
the end time passes, so that the timers of scripts come due. What comes of it is for who compares.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import NoMatchError
from bpmax_sim.i18n import msg
from bpmax_sim.scenario.events import Event
from bpmax_sim.scenario.load import LocatedStep, ScenarioItem
from bpmax_sim.scenario.model import Step
from bpmax_sim.scenario.progress import Progress
from bpmax_sim.scenario.runner import StepRun
from bpmax_sim.scenario.source import Failure
from bpmax_sim.session.session import Session
from bpmax_sim.transport.faults import Fault

MOST_WAITS = 20
"""How often time passes at the end; a timer that sets itself anew comes due no more then."""


_TIME_PASSES = Step(name=msg("time passes"))


class TrialRun(msgspec.Struct, frozen=True):
    """What a trial came to.

    Attributes:
        events: of all steps, in the order in which they happened.
        misses: the calls that replay had no response for.
        failures: values of steps that were not defined any more, and invariants that broke.
        fired: those of the injected rules that struck.
        exceeded: by which count it was ended early, or nothing.
    """

    events: tuple[Event, ...]
    misses: tuple[NoMatchError, ...]
    failures: tuple[Failure, ...]
    fired: tuple[Fault, ...]
    exceeded: str = ""


def run_trial(
    item: ScenarioItem,
    session: Session,
    *,
    injected: Sequence[Fault] = (),
    environ: Mapping[str, str] = os.environ,
) -> TrialRun:
    """Run *item* in *session*, which is closed at the end, and return what came of it.

    The rules *injected* stand behind the scenario's own faults, which they leave alone, and in
    front of its stubs.
    """
    progress = Progress(item, session, environ, faults=True, is_judged=False)
    fired: tuple[Fault, ...] = ()
    try:
        if progress.prepare():
            session.arm((*item.faults, *injected, *progress.fill_stubs()))
            for number, located in enumerate(_steps_until_stuck(progress), 1):
                _run_step(progress, located, number)
            for number in range(len(item.steps) + 1, len(item.steps) + 1 + MOST_WAITS):
                if not _let_time_pass(progress, number):
                    break
            fired = tuple(rule for rule in injected if session.strikes_of(rule))
    finally:
        session.close(failed=True)
    log = progress.log
    return TrialRun(tuple(log.events), tuple(session.misses), tuple(progress.failures), fired)


def _steps_until_stuck(progress: Progress) -> Iterator[LocatedStep]:
    """Yield the steps up to one that needs a value which no step before it has given."""
    for located in progress.item.steps:
        yield located
        if any(failure.kind == "value" for failure in progress.failures):
            break


def _run_step(progress: Progress, located: LocatedStep, number: int) -> None:
    for _ in StepRun(progress, located, number, len(progress.item.steps)).events():
        pass


def _let_time_pass(progress: Progress, number: int) -> bool:
    """Let the timers come due that wait now; return whether there are any."""
    now = progress.session.clock.now()
    waits = [max(timer.due - now, 0) for timer in progress.session.pending_timers()]
    if not waits:
        return False
    step = replace(_TIME_PASSES, advance=max(waits))
    _run_step(progress, LocatedStep(step, progress.item.spot), number)
    return True
