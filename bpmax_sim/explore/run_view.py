"""A trial run as seen by the judge: the result of each step, and the calls that it made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.explore.effects import (
    find_static_segments,
    has_effect_when_repeated,
    identify_request,
)
from bpmax_sim.platform.load import Platforms
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import (
    CallAnswered,
    Event,
    FaultStruck,
    StepFinished,
    StepStarted,
)
from bpmax_sim.scenario.observation import Observation, observe
from bpmax_sim.scenario.trial_run import TrialRun
from bpmax_sim.subject.hooks import FieldChanged
from bpmax_sim.transport.protocol import SOURCE

_MISS: Final = "NoMatchError"
Line = Mapping[str, Any]


class ObservedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call or login of a run, with what the judges need to know of it.

    Attributes:
        name: ``platform.api``.
        number: number of this call of the API, from 1.
        step: key of the step that made it.
        request: text that is equal for requests for the same thing.
        key: idempotency key, or "".
        numbers: values in the request that identify a thing, such as an order number.
        collection: segments of its API's path that are no placeholders.
        has_effect: whether sending it again would have a second effect.
        is_faulted: whether a fault rule of the scenario itself affects it.
        begin, end: positions in the list of events.
        sent_at, elapsed: virtual instant of the last sending, and seconds until its result.
        error: code of the rejection, such as ``TIMEOUT``; "" for a response.
        source: where the response came from, a key of `scenario.calls.SOURCES`.
    """

    name: str
    number: int
    step: str
    request: str
    key: str = ""
    numbers: frozenset[str] = frozenset()
    collection: tuple[str, ...] = ()
    has_effect: bool
    is_faulted: bool
    is_login: bool
    begin: int
    end: int
    sent_at: float
    elapsed: float
    status: int | None
    error: str
    source: str
    response: Any
    place: Place | None

    @property
    def has_third_party_response(self) -> bool:
        """Return whether the third party responded, not an injected fault."""
        return not self.error and self.source != "fault"

    @property
    def platform(self) -> str:
        """Return the key of the platform."""
        return self.name.partition(".")[0]

    @property
    def api(self) -> str:
        """Return the key of the API."""
        return self.name.partition(".")[2]

    def shares_idempotency_key(self, other: ObservedCall) -> bool:
        """Return whether both calls carry one idempotency key, so that they have one effect."""
        return bool(self.key) and (self.name, self.key) == (other.name, other.key)

    def can_observe(self, other: ObservedCall) -> bool:
        """Return whether this call can show the effect of *other*, as it is about the same things.

        That is so if the paths begin alike (``/orders``), or both name the same number.
        """
        if self.platform != other.platform:
            return False
        short = min(len(self.collection), len(other.collection))
        is_near = short and self.collection[:short] == other.collection[:short]
        return bool(is_near or self.numbers & other.numbers)

    @property
    def label(self) -> str:
        """Return the name, with the call's number if it is not the first."""
        return f"{self.name} #{self.number}" if self.number > 1 else self.name


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """What a person sees of one step, and the state after it.

    Attributes:
        messages: ``{level, text}`` of each displayed message; *console* the same for the console.
        errors: thrown errors; ``unhandled`` for a rejection that nobody handled.
        state: place, such as ``form.phone`` -> value, for form, states of fields, flow, and the
            result of the action.
    """

    key: str
    messages: tuple[Line, ...] = ()
    console: tuple[Line, ...] = ()
    errors: tuple[Line, ...] = ()
    state: Mapping[str, Any] = {}
    is_skipped: bool = False


class RunView(msgspec.Struct, frozen=True):
    """A run of a scenario (with or without a failure), step by step, and its calls in order.

    The functions that judge what a failure does compare two of these.

    Attributes:
        steps: key of a step -> its view.
        idle: keys of the steps in which only time passes.
    """

    steps: Mapping[str, StepView]
    calls: tuple[ObservedCall, ...]
    trial: TrialRun
    idle: frozenset[str] = frozenset()

    @property
    def end(self) -> Mapping[str, Any]:
        """Return form, fields and flow after the last step, without results of steps."""
        last = next(reversed(tuple(self.steps.values())), None)
        return drop_result(last.state) if last else {}

    def find_calls_with_effect(
        self, failed_call: ObservedCall | None = None, *, is_failed_call_executed: bool = False
    ) -> tuple[ObservedCall, ...]:
        """Return the calls that had an effect, such as an order, once for each idempotency key.

        A call for which there is no recording counts: it would have been sent, though its response
        is unknown. The failed call *failed_call* counts if it *is_failed_call_executed*, whatever
        its response.
        """
        done: list[ObservedCall] = []
        for call in self.calls:
            came_through = (
                is_failed_call_executed if call is failed_call else call.error in {"", _MISS}
            )
            if call.has_effect and came_through and not any(map(call.shares_idempotency_key, done)):
                done.append(call)
        return tuple(done)

    @property
    def user_inputs(self) -> Counter[str]:
        """Return what persons entered, and how often: a text of field and value -> number."""
        by_user = (e for e in self.trial.events if isinstance(e, FieldChanged) and e.by == "user")
        return Counter(repr((event.field, event.new)) for event in by_user)

    def find_fields_written_by_scripts(self, begin: int, end: int) -> set[str]:
        """Return the fields that scripts wrote between two events: indexes *begin* and *end*."""
        events = self.trial.events[begin:end]
        return {e.field for e in events if isinstance(e, FieldChanged) and e.by != "user"}

    def find_read_of_effect(
        self, failed_call: ObservedCall, before_call: ObservedCall | None = None
    ) -> ObservedCall | None:
        """Return a successful read that can show whether *failed_call* had its effect, or None.

        It is made after the failed call and before *before_call*. A script that looks first whether
        a lost request was executed does right.
        """
        return next(
            (
                one
                for one in self.calls
                if one.begin > failed_call.begin
                and (before_call is None or one.end < before_call.begin)
                and not (one.has_effect or one.is_login or one.error)
                and one.can_observe(failed_call)
            ),
            None,
        )

    def find_steps_from(self, step: str) -> Iterator[tuple[str, StepView]]:
        """Yield the steps from *step* on, including those done during it."""
        keys = list(self.steps)
        begins = (n for n, key in enumerate(keys) if key == step or key.startswith(f"{step}."))
        for key in keys[next(begins, 0) :]:
            yield key, self.steps[key]


def drop_result(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return *state* without the return value of the step's action."""
    return {place: value for place, value in state.items() if place != "result"}


def make_run_view(trial: TrialRun, platforms: Platforms) -> RunView:
    """Return what happened in *trial*, a run of a scenario: its events by step, and its calls."""
    steps: dict[str, list[Observation]] = {}
    for observation in observe(trial.events):
        steps.setdefault(observation.step, []).append(observation)
    views = {key: _view_step(key, entries) for key, entries in steps.items()}
    idle = frozenset(
        str(event.number)
        for event in trial.events
        if isinstance(event, StepStarted) and event.action in {"", "advance"}
    )
    return RunView(views, tuple(_view_calls(trial.events, platforms)), trial, idle)


def _view_step(key: str, entries: Iterable[Observation]) -> StepView:
    lines: dict[str, dict[int, dict[str, Any]]] = {"messages": {}, "console": {}, "errors": {}}
    state: dict[str, Any] = {}
    for _, place, value in entries:
        kind, _, rest = place.partition("[")
        if kind in lines:
            number, _, part = rest.partition("].")
            lines[kind].setdefault(int(number), {})[part] = value
        elif not place.startswith(("calls[", "flow.log[")):
            state[place] = value
    return StepView(
        key=key,
        messages=tuple(lines["messages"].values()),
        console=tuple(lines["console"].values()),
        errors=tuple(lines["errors"].values()),
        state=state,
        is_skipped="skipped" in state,
    )


def _view_calls(events: Iterable[Event], platforms: Platforms) -> Iterator[ObservedCall]:
    made: dict[int, tuple[CallMade, str, int, int]] = {}
    ends: dict[int, int] = {}
    struck: set[int] = set()
    counts: Counter[str] = Counter()
    for position, (step, event) in enumerate(_pair_events_with_outermost_steps(events)):
        if isinstance(event, CallMade):
            counts[event.call] += 1
            made[event.number] = (event, step, counts[event.call], position)
        elif isinstance(event, CallAnswered):
            ends[event.number] = position
        elif isinstance(event, FaultStruck):
            struck.add(event.number)
    for number, (call, step, count, begin) in made.items():
        platform = platforms.find(call.call.partition(".")[0])
        api = platform.apis.get(call.call.partition(".")[2]) if platform else None
        identity = identify_request(call)
        yield ObservedCall(
            name=call.call,
            number=count,
            step=step,
            request=identity.request,
            key=identity.key,
            numbers=identity.numbers,
            collection=find_static_segments(api.path) if api else (),
            has_effect=not call.is_login and has_effect_when_repeated(api, call.method),
            is_faulted=number in struck and call.source != SOURCE,
            is_login=call.is_login,
            begin=begin,
            end=ends.get(number, begin),
            sent_at=call.sent_at,
            elapsed=call.at + call.duration - call.sent_at,
            status=call.status,
            error=call.error,
            source=call.source,
            response=call.response,
            place=call.place,
        )


def _pair_events_with_outermost_steps(events: Iterable[Event]) -> Iterator[tuple[str, Event]]:
    """Yield each event with the key of the outermost step that it happens in."""
    under_way: list[str] = []
    for event in events:
        if isinstance(event, StepStarted):
            under_way.append(str(event.number))
        yield (under_way[0] if under_way else "", event)
        if isinstance(event, StepFinished) and under_way:
            under_way.pop()
