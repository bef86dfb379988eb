"""Run an item as a trial: with other responses than it expects, to observe the effects.

Expectations are not checked, steps go on after a failed one, as a person would, and at the end
virtual time passes, so that timers of scripts fire. The caller compares the results.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import NoMatchError
from bpmax_sim.i18n import msg
from bpmax_sim.messages import Call, Pairs, Request
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
    """The result of a trial: a run with changed responses, in which expectations are not checked.

    Attributes:
        events: events of all steps, in the order in which they happened.
        misses: calls for which replay had no response.
        failures: steps whose values were no longer defined, and broken invariants.
        fired: those of the injected fault rules that affected a call.
        exceeded: name of the count (`WorkCounts`) that ended the trial early, or "".
        requests: for each step, key of a request -> how often it was made.
    """

    events: tuple[Event, ...]
    misses: tuple[NoMatchError, ...]
    failures: tuple[Failure, ...]
    fired: tuple[Fault, ...]
    exceeded: str = ""
    requests: tuple[Counter[Any], ...] = ()


def run_trial(
    item: ScenarioItem,
    session: Session,
    *,
    injected: Sequence[Fault] = (),
    usual_requests: Sequence[Counter[CallKey]] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> TrialRun:
    """Run *item* in *session*, which is closed at the end, and return the result.

    Args:
        item: scenario, whose expectations are not checked.
        session: open session.
        injected: fault rules that come after the scenario's own, which they do not replace, and
            before its stubs.
        usual_requests: `TrialRun.requests` of a trial without them. A request made more often in a
            step than there is a retry caused by the faults, and is not counted by ``call: n`` of
            the scenario's own rules.
        environ: environment that ``${env.X}`` reads.
    """
    numbers = None if usual_requests is None else _UsualCalls(usual_requests)
    if numbers is not None:
        item = numbers.make_rules_count_usual_calls(item)
    progress = Progress(item, session, environ, faults=True, is_judged=False)
    fired: tuple[Fault, ...] = ()
    requests: list[Counter[CallKey]] = []
    try:
        if progress.make_vars_and_subject():
            # The scenario's own faults come first: explored is the scenario as it is.
            session.arm((*item.faults, *injected, *progress.fill_stubs()))
            for number, located in enumerate(_walk_steps_then_timer_waits(progress), 1):
                if numbers is not None:
                    numbers.begin_step(number)
                before = len(session.calls)
                for _ in StepRun(progress, located, number, len(item.steps)).run():
                    pass
                made = (record.call for record in session.calls[before:])
                requests.append(Counter(make_call_key(call) for call in made if call is not None))
            fired = tuple(rule for rule in injected if session.strikes_of(rule))
    finally:
        # As if it failed: unplayed recordings and the like are no fault of a run with other
        # responses.
        session.close(failed=True)
    return TrialRun(
        events=tuple(progress.log.events),
        misses=tuple(session.misses),
        failures=tuple(progress.failures),
        fired=fired,
        requests=tuple(requests),
    )


def _walk_steps_then_timer_waits(progress: Progress) -> Iterator[LocatedStep]:
    """Yield the scenario's steps, then steps that let virtual time pass until no timer is left.

    It stops at a step with an undefined ``${…}``, as the following ones depend on it.
    """
    for located in progress.item.steps:
        yield located
        if any(failure.kind == "value" for failure in progress.failures):
            return
    for _ in range(MOST_WAITS):
        now = progress.session.clock.now()
        waits = [max(timer.due - now, 0) for timer in progress.session.pending_timers()]
        if not waits:
            return
        yield LocatedStep(replace(_TIME_PASSES, advance=max(waits)), progress.item.spot)


CallKey = tuple[str, str, str, Pairs, bytes | None]


def make_call_key(call: Call) -> CallKey:
    """Return ``platform.api``, method, path, query and body of *call*: equal for equal requests."""
    return call.name, call.method, call.path, call.query, call.body


class _UsualCalls:
    """Tells the calls that the scenario always makes from retries that injected faults cause.

    *usual* has, for each step of a run without these faults, how often each request was made; more
    requests of the same kind are retries.
    """

    def __init__(self, usual: Sequence[Counter[CallKey]]) -> None:
        self._usual = usual
        self._wanted: Counter[CallKey] = Counter()
        self._seen: Counter[CallKey] = Counter()
        self._known: dict[int, bool] = {}

    def begin_step(self, number: int) -> None:
        """Count the requests of step *number* (from 1) from now on, beginning with none."""
        self._wanted = self._usual[number - 1] if number <= len(self._usual) else Counter()
        self._seen.clear()

    def includes(self, request: Request) -> bool:
        """Return whether *request* belongs to a call that the step makes without faults, too."""
        call = request.call
        if call is None:
            return True
        if call.serial not in self._known:
            key = make_call_key(call)
            self._seen[key] += 1
            # Decided once for each call: its later sendings (a renewed token) ask here again.
            wanted = self._wanted[key]
            self._known[call.serial] = not wanted or self._seen[key] <= wanted
        return self._known[call.serial]

    def make_rules_count_usual_calls(self, item: ScenarioItem) -> ScenarioItem:
        """Return *item* with fault rules that count only usual calls.

        So ``call: 2`` means the same call however often an injected fault causes a retry.
        """
        steps = tuple(
            replace(one, faults=self._count_usual_calls_only(one.faults)) for one in item.steps
        )
        return replace(item, faults=self._count_usual_calls_only(item.faults), steps=steps)

    def _count_usual_calls_only(self, rules: Sequence[Fault]) -> tuple[Fault, ...]:
        """Return *rules*; those for certain calls, such as ``call: 2``, count only usual calls."""
        return tuple(
            replace(rule, matches=self.includes)
            if rule.last is not None or rule.first > 1
            else rule
            for rule in rules
        )
