"""Possible orders of responses, and possible actions of a person while a call is in flight.

Only latencies change: in a group of calls in flight together, each response is delayed until after
its new predecessor, and none comes earlier than in the base run. Timers and time-outs stay the
same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, permutations
from math import comb, factorial
from typing import Any, Final

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.explore.run_view import ObservedCall, RunView
from bpmax_sim.i18n import msg
from bpmax_sim.scenario.faults import to_transport_fault
from bpmax_sim.scenario.load import LocatedStep, ScenarioItem
from bpmax_sim.scenario.model import During, Expect, FaultAction, FaultRule, Step
from bpmax_sim.transport.faults import Fault

FULLY: Final = 4
"""Of so many calls in flight every order is tried; of more, at most two swaps."""
_GAP: Final = 0.001
"""Seconds between two responses that are to come one after the other."""
_IN_FLIGHT: Final = 1.0
"""Seconds for which a call is in flight while a person does something: longer than what debounces,
shorter than what scripts take for a time-out."""
Group = tuple[ObservedCall, ...]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order of responses that differs from that of the run without interference.

    Attributes:
        calls: calls in the new order of their responses.
        rules: delays that cause it, as in ``faults`` of a scenario.
        faults: the same delays in the form that the session's transport takes.
        inversions: number of pairs of calls whose order is reversed.
    """

    calls: Group
    rules: tuple[FaultRule, ...]
    faults: tuple[Fault, ...]
    inversions: int

    @property
    def name(self) -> str:
        """Return the calls in their new order, for display."""
        return " < ".join(call.label for call in self.calls)

    @property
    def late_call(self) -> ObservedCall:
        """Return the first call whose response now comes after one that it had preceded.

        If there is none, the call that was sent first.
        """
        first = min(self.calls, key=lambda call: call.begin)
        for before, after in zip(self.calls, self.calls[1:], strict=False):
            if after.end < before.end:
                return after
        return first


def find_concurrent_calls(calls: Sequence[ObservedCall]) -> tuple[Group, ...]:
    """Return the sets of calls that are in flight at the same time: their responses may swap.

    Logins are left out. Only the largest sets are returned: a set that is part of another one, from
    which a call has ended meanwhile, is not.
    """
    points = sorted(
        [(call.begin, True, call) for call in calls if not call.is_login]
        + [(call.end, False, call) for call in calls if not call.is_login],
        key=lambda point: point[:2],
    )
    groups: list[Group] = []
    in_flight: list[ObservedCall] = []
    has_grown = False
    for _, begins, call in points:
        if begins:
            in_flight.append(call)
            has_grown = True
            continue
        # If no call began since the last end, this set is a part of the one found then.
        if has_grown and len(in_flight) > 1:
            groups.append(tuple(in_flight))
        in_flight.remove(call)
        has_grown = False
    return tuple(groups)


def count_orders(groups: Sequence[Group]) -> int:
    """Return how many orders of responses `find_possible_orders` yields for *groups*.

    What is never tried does not count, or a search would not come to its end: seven calls have
    5039 other orders, of which 196 are tried.
    """
    return sum(_count_other_orders(len(group)) for group in groups)


def _count_other_orders(calls: int) -> int:
    if calls <= FULLY:
        return factorial(calls) - 1
    # One swap; two that share a call, which turn three calls in either direction; two that do not.
    return comb(calls, 2) + 2 * comb(calls, 3) + 3 * comb(calls, 4)


def find_possible_orders(groups: Sequence[Group]) -> Iterator[Order]:
    """Yield the orders in which the responses to each of *groups* can come.

    A group is a set of calls that are in flight at the same time. Its orders follow one another,
    first those with the fewest inversions (pairs of responses that changed places); the order in
    which the responses came in the observed run is left out. Of a group of more than four calls,
    only orders that at most two swaps produce are tried.
    """
    for group in groups:
        arrived = tuple(sorted(group, key=lambda call: call.end))
        numbers = range(len(arrived))
        every = (
            permutations(numbers)
            if len(arrived) <= FULLY
            else _permute_by_at_most_two_swaps(len(arrived))
        )
        ranked = sorted(dict.fromkeys(every), key=lambda order: (_count_inversions(order), order))
        for order in ranked[1:]:  # the first is that of the run
            yield _make_order(tuple(arrived[number] for number in order), _count_inversions(order))


def _permute_by_at_most_two_swaps(count: int) -> Iterator[tuple[int, ...]]:
    """Yield the permutations of *count* elements that at most two swaps produce."""
    start = tuple(range(count))
    pairs = tuple(combinations(start, 2))
    yield start
    for first in pairs:
        once = _swap(start, first)
        yield once
        for second in pairs:
            yield _swap(once, second)


def _swap(order: tuple[int, ...], pair: tuple[int, int]) -> tuple[int, ...]:
    swapped = list(order)
    left, right = pair
    swapped[left], swapped[right] = swapped[right], swapped[left]
    return tuple(swapped)


def _count_inversions(order: Sequence[int]) -> int:
    return sum(left > right for left, right in combinations(order, 2))


def _make_order(calls: Group, inversions: int) -> Order:
    """Return the order in which *calls* receive their responses, with the delays that cause it.

    *inversions* is the number of pairs of calls that are reversed against the run without
    interference.
    """
    rules: list[FaultRule] = []
    latest = float("-inf")
    for call in calls:
        arrival = call.sent_at + call.elapsed
        # Delayed no more than needed: a long delay would let other timers fire first.
        due = max(arrival, latest + _GAP)
        if due > arrival:
            rules.append(_make_delay_rule(call, due - arrival))
        latest = due
    return Order(
        calls=calls,
        rules=tuple(rules),
        faults=tuple(map(to_transport_fault, rules)),
        inversions=inversions,
    )


def make_delay_fault(call: ObservedCall, seconds: float) -> Fault:
    """Return the fault that delays the response of *call* by *seconds*."""
    return to_transport_fault(_make_delay_rule(call, seconds))


def _make_delay_rule(call: ObservedCall, seconds: float) -> FaultRule:
    do = FaultAction(delay=round(seconds, 6))
    return FaultRule(on=call.name, call=call.number, do=do)


def find_orders_late_for_next_call(item: ScenarioItem, base: RunView) -> Iterator[Order]:
    """Yield orders in which a response comes after that of a later call of the same API.

    In *base* the first call has ended before the second begins. But where time passes or a person
    acts between them, the second need not wait for the first.
    """
    loose = {
        str(number)
        for number, located in enumerate(item.steps, 1)
        if located.step.during is not UNSET
    }
    calls = [call for call in base.calls if not call.is_login and not call.is_faulted]
    for call in calls:
        later = next((one for one in calls if one.name == call.name and one.begin > call.end), None)
        # Equal requests have equal responses, so that their order cannot matter.
        if later is None or later.request == call.request:
            continue
        if call.step != later.step and call.step not in loose | base.idle:
            continue
        delay = later.sent_at + later.elapsed - call.sent_at - call.elapsed + _GAP
        rule = _make_delay_rule(call, delay)
        yield Order(
            calls=(later, call), rules=(rule,), faults=(to_transport_fault(rule),), inversions=1
        )


class Interruption(msgspec.Struct, frozen=True, kw_only=True):
    """An action of a person while a call is in flight.

    Attributes:
        call: call in flight.
        what: the action in words, for display.
        is_again: whether the action repeats the one in progress, such as a second click.
    """

    call: ObservedCall
    what: str
    is_again: bool

    @property
    def delay_rule(self) -> FaultRule:
        """Return the delay rule that keeps the call in flight long enough for the action."""
        return _make_delay_rule(self.call, _IN_FLIGHT)


def find_interruptions_during_calls(
    item: ScenarioItem, base: RunView
) -> Iterator[tuple[Interruption, ScenarioItem]]:
    """Yield each action that a person may do during a call, with *item* changed to do it then.

    Tried are the next step of the scenario, and the same press of a button or decision again.
    """
    for index, located in enumerate(item.steps):
        in_flight = [
            call for call in base.calls if call.step == str(index + 1) and not call.is_login
        ]
        if not in_flight or located.step.during is not UNSET:
            continue
        call, rest = in_flight[0], item.steps[index + 1 :]
        following = base.steps.get(str(index + 2))
        is_skipped = following is not None and following.is_skipped
        if rest and _is_done_by_person(rest[0]) and not is_skipped:
            yield _insert_interruption(item, index, rest[0], rest[1:], call, is_again=False)
        if _is_done_by_person(located) and _is_pressed(located):
            for again in _repeat_action_by_each_person(located, base, str(index)):
                yield _insert_interruption(item, index, again, rest, call, is_again=True)


def _insert_interruption(
    item: ScenarioItem,
    index: int,
    added_step: LocatedStep,
    following_steps: Sequence[LocatedStep],
    call: ObservedCall,
    *,
    is_again: bool,
) -> tuple[Interruption, ScenarioItem]:
    """Return the interruption, and *item* with *added_step* performed during step *index*.

    *following_steps* are the steps after it. *call* is the call in flight meanwhile, *is_again*
    whether *added_step* repeats the step itself.
    """
    located = item.steps[index]
    plain = replace(added_step, step=reduce_to_action(added_step.step), during=())
    during = During(call=call.name, steps=(plain.step,))
    step = replace(located.step, during=during)
    steps = (*item.steps[:index], replace(located, step=step, during=(plain,)), *following_steps)
    title = added_step.step.title
    what = msg("{action} during {call}", action=title, call=call.label)
    if is_again:
        what = msg("{action} again during {call}", action=title, call=call.label)
    return Interruption(call=call, what=what, is_again=is_again), replace(item, steps=steps)


def reduce_to_action(step: Step) -> Step:
    """Return *step* without expectations, saved values and repetition."""
    return replace(
        step, expect=Expect(), expect_error=UNSET, save={}, retry=UNSET, during=UNSET, faults=()
    )


def _is_done_by_person(located: LocatedStep) -> bool:
    """Return whether a person performs the step, in contrast to time, code or a call."""
    kind = located.step.kind
    return (
        kind is not None and bool(kind.needs) and kind.find_named_steps(located.step.value) is None
    )


def _is_pressed(located: LocatedStep) -> bool:
    """Return whether the step presses a button, which an impatient person presses again."""
    return located.step.action in {"click", "submit"} or located.step.action == "approve"


def _repeat_action_by_each_person(
    located: LocatedStep, base: RunView, step_before: str
) -> Iterator[LocatedStep]:
    """Yield the step again: by the same person and, if it approves, by each other one with a task.

    These have a pending task before the step. *step_before* is the key of the step before it in
    *base*.
    """
    yield located
    value: Any = located.step.value
    state: Mapping[str, Any] = base.steps[step_before].state if step_before in base.steps else {}
    if located.step.action != "approve" or not isinstance(value, Mapping):
        return
    for other in state.get("flow.pending") or ():
        if str(other) != str(value.get("by")):
            yield replace(located, step=replace(located.step, approve={**value, "by": other}))
