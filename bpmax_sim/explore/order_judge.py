"""Judge a run with another order of responses, or with an additional action of a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.explore.judge import (
    Judgement,
    describe_difference,
    describe_unrecorded_calls,
    expect_value,
    find_broken_invariant,
    find_new_lines,
    judge_endless,
    judge_repetition,
)
from bpmax_sim.explore.orders import Interruption
from bpmax_sim.explore.run_view import ObservedCall, RunView
from bpmax_sim.i18n import msg
from bpmax_sim.scenario.events import CallAnswered
from bpmax_sim.subject.hooks import FieldChanged, is_same_value

Difference = tuple[str, Any, Any]


def judge_order(
    expected_run: RunView,
    run: RunView,
    late_call: ObservedCall,
    *,
    base: RunView | None = None,
    interruption: Interruption | None = None,
    compares_end_only: bool = False,
) -> Judgement:
    """Return the verdict on *run*, whose responses came in another order than in *expected_run*.

    Its result should be the same.

    Args:
        expected_run: run with the result that is right.
        run: run to judge.
        late_call: call whose response came later.
        base: run in which effects are counted; by default *expected_run*.
        interruption: action of a person meanwhile, if any.
        compares_end_only: whether form and flow are compared at the end only, not after each step;
            with an *interruption* they always are. Effects and errors are compared in any case.
    """
    if broken := find_broken_invariant(run, late_call.place):
        return broken
    if run.trial.exceeded:
        return judge_endless(run, late_call.step, late_call.place)
    judgement = _find_verdict(
        expected_run, run, base or expected_run, interruption, compares_end_only=compares_end_only
    )
    return replace(judgement, step=late_call.step, place=judgement.place or late_call.place)


def _find_verdict(
    expected_run: RunView,
    run: RunView,
    base: RunView,
    interruption: Interruption | None,
    *,
    compares_end_only: bool,
) -> Judgement:
    # A form that is busy may refuse the second action: whatever else differs follows from that.
    if interruption is not None and _is_interruption_rejected(run):
        return Judgement(verdict="handled")
    if twice := judge_repetition(base, run):
        return twice
    if missing := describe_unrecorded_calls(run):
        return Judgement(verdict="unrecorded", why=missing)
    difference = next(
        _find_differences(
            expected_run, run, compares_end_only=compares_end_only or interruption is not None
        ),
        None,
    )
    if difference is None:
        return Judgement(verdict="handled")
    place, was, got = difference
    return Judgement(
        verdict="stale" if _is_written_by_older_call(run, place) else "differs",
        why=describe_difference(place, was, got),
        place=_find_last_writer(run, place)[0],
        failing_expectation=expect_value(place, was),
    )


def _is_interruption_rejected(run: RunView) -> bool:
    """Return whether the action during the call was refused, with a message to the person."""
    inner = (step for key, step in run.steps.items() if "." in key)
    return any(step.messages or step.errors for step in inner)


def _find_differences(
    expected_run: RunView, run: RunView, *, compares_end_only: bool
) -> Iterator[Difference]:
    """Yield where *run* differs from *expected_run*: place, expected value, value.

    Compared are errors and, after each step (*compares_end_only*: after the last one), form and
    flow.
    """
    before = [error for step in expected_run.steps.values() for error in step.errors]
    after = [error for step in run.steps.values() for error in step.errors]
    for error in find_new_lines(before, after):
        yield msg("the error"), None, error.get("message")
    if compares_end_only:
        yield from _compare_states(expected_run.end, run.end)
        return
    for key, step in run.steps.items():
        if key in expected_run.steps:
            yield from _compare_states(expected_run.steps[key].state, step.state)


def _compare_states(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for place in dict.fromkeys((*before, *after)):
        if not is_same_value(before.get(place), after.get(place)):
            yield place, before.get(place), after.get(place)


def _is_written_by_older_call(run: RunView, place: str) -> bool:
    """Return whether the value at *place* was written last by the response of an older call.

    A newer call of the same API had written it before, so a stale response won.
    """
    calls = [call for _, call in _find_writers(run, place) if call is not None]
    return any(other.name == calls[-1].name and other.begin > calls[-1].begin for other in calls)


def _find_last_writer(run: RunView, place: str) -> tuple[Place | None, ObservedCall | None]:
    """Return the script line that last wrote the field at *place*, and the call behind it.

    That call is the one that had responded just before the write. (None, None) if no script wrote.
    """
    writers = _find_writers(run, place)
    return writers[-1] if writers else (None, None)


def _find_writers(run: RunView, place: str) -> list[tuple[Place | None, ObservedCall | None]]:
    """Return each script line that wrote the field at *place*, in order.

    Each comes with the call that had responded just before, as its response probably caused the
    write. The line is None if it is not known, the call if none had responded yet.
    """
    field = place.removeprefix("form.")
    ends = {call.end: call for call in run.calls}
    writers: list[tuple[Place | None, ObservedCall | None]] = []
    latest: ObservedCall | None = None
    for position, event in enumerate(run.trial.events):
        if isinstance(event, CallAnswered):
            latest = ends.get(position, latest)
        elif isinstance(event, FieldChanged) and event.field == field and event.by != "user":
            writers.append((event.place, latest))
    return writers
