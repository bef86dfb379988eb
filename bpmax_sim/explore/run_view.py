"""A trial as the judge sees it: what each step came to, and the calls that it made."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Api
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import (
    CallAnswered,
    Event,
    FaultStruck,
    StepFinished,
    StepStarted,
)
from bpmax_sim.scenario.observation import Observation, observe
from bpmax_sim.scenario.trial import TrialRun
from bpmax_sim.transport.protocol import SOURCE

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods of which a second request has no further effect (RFC 9110, 9.2.2)."""
_MISS: Final = "NoMatchError"
Line = Mapping[str, Any]
Effect = tuple[str, str, str]
"""Step, call and request of something that was done."""


class ObservedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call or login of a run.

    Attributes:
        name: ``platform.api``.
        number: which call of this API it is, from 1.
        step: key of the step that made it.
        request: what tells it from another call of this API; equal ones ask for the same.
        has_effect: whether sending it again would do something once more.
        is_faulted: whether a rule of the scenario itself strikes it.
        begin, end: places among all events.
        sent_at, elapsed: virtual instant of the last sending, and seconds until what came of it.
    """

    name: str
    number: int
    step: str
    request: str
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
    def platform(self) -> str:
        """Return the key of the platform."""
        return self.name.partition(".")[0]

    @property
    def api(self) -> str:
        """Return the key of the API."""
        return self.name.partition(".")[2]

    @property
    def label(self) -> str:
        """Return the name, with its number where it is not the first."""
        return f"{self.name} #{self.number}" if self.number > 1 else self.name


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """What one step came to.

    Attributes:
        messages: ``{level, text}`` of each that was shown; *console* the same of what was written.
        errors: what was thrown; ``unhandled`` for a rejection that nobody handled.
        state: place -> value of form, fields and flow, and the result.
    """

    key: str
    messages: tuple[Line, ...] = ()
    console: tuple[Line, ...] = ()
    errors: tuple[Line, ...] = ()
    state: Mapping[str, Any] = {}
    is_skipped: bool = False


class RunView(msgspec.Struct, frozen=True):
    """What a trial came to, step by step, and its calls in their order.

    Attributes:
        idle: keys of the steps in which only time passes.
    """

    steps: Mapping[str, StepView]
    calls: tuple[ObservedCall, ...]
    trial: TrialRun
    idle: frozenset[str] = frozenset()

    @property
    def end(self) -> Mapping[str, Any]:
        """Return form, fields and flow after the last step; results belong to their steps."""
        last = next(reversed(tuple(self.steps.values())), None)
        return without_result(last.state) if last else {}

    def effects(self, struck: ObservedCall | None = None) -> Counter[Effect]:
        """Return how often each request with an effect was sent and came through, by step.

        One that has no recording was sent all the same; what its response is nobody knows. The
        call *struck* by a failure is left out.
        """
        return Counter(
            (call.step, call.name, call.request)
            for call in self.calls
            if call.has_effect and call.error in {"", _MISS} and call is not struck
        )


def without_result(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return *state* without what the step's action returned."""
    return {place: value for place, value in state.items() if place != "result"}


def view_of(trial: TrialRun, platforms: Platforms) -> RunView:
    """Return what the judge sees of *trial*."""
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
    for position, (step, event) in enumerate(_events_by_step(events)):
        if isinstance(event, CallMade):
            counts[event.call] += 1
            made[event.number] = (event, step, counts[event.call], position)
        elif isinstance(event, CallAnswered):
            ends[event.number] = position
        elif isinstance(event, FaultStruck):
            struck.add(event.number)
    for number, (call, step, count, begin) in made.items():
        yield ObservedCall(
            name=call.call,
            number=count,
            step=step,
            request=_request_of(call),
            has_effect=_has_effect(call, platforms),
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


def _events_by_step(events: Iterable[Event]) -> Iterator[tuple[str, Event]]:
    """Yield each event with the key of the outermost step that it happens in."""
    under_way: list[str] = []
    for event in events:
        if isinstance(event, StepStarted):
            under_way.append(str(event.number))
        yield (under_way[0] if under_way else "", event)
        if isinstance(event, StepFinished) and under_way:
            under_way.pop()


def _request_of(call: CallMade) -> str:
    """Return what *call* asks for as one text; headers are left out, they change with each."""
    parts = [call.instance, call.method, call.path, call.query, call.body]
    return json.dumps(parts, ensure_ascii=False, sort_keys=True, default=str)


def _has_effect(call: CallMade, platforms: Platforms) -> bool:
    if call.is_login:
        return False
    platform = platforms.find(call.call.partition(".")[0])
    api = platform.apis.get(call.call.partition(".")[2]) if platform else None
    return not is_repeatable(api, call.method)


def is_repeatable(api: Api | None, method: str) -> bool:
    """Return whether *api* may be called twice without a further effect: declared, else by method.

    What `Api.is_idempotent` says is narrower: whether a client may send again by itself.
    """
    if api is not None and (api.idempotent is False or api.is_idempotent):
        return api.is_idempotent
    return method in _IDEMPOTENT
