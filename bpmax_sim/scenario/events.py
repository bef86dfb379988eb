"""What a scenario tells while it runs: frozen values for terminal, report and pytest alike.

``at`` is virtual time in POSIX seconds. Values are redacted before they get here. A trace is one
line of canonical JSON for each event: the same run gives the same bytes on every machine.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Literal

from bpmax_sim.errors import Place
from bpmax_sim.scenario.failure import Failure
from bpmax_sim.scenario.homes import NOWHERE, Homes
from bpmax_sim.scenario.made import CallMade
from bpmax_sim.scenario.plain import plain
from bpmax_sim.script.outcome import TimerFired
from bpmax_sim.subject.stage import Happening

Outcome = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioStarted:
    """A scenario, or one row of its table, starts."""

    name: str
    row: str
    place: Place
    steps: int
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step starts; *number* counts from 1, 0 for steps inside ``run`` and ``finally``."""

    number: int
    total: int
    id: str
    title: str
    action: str
    place: Place
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished:
    """A step ended; *duration* is virtual seconds."""

    number: int
    title: str
    outcome: Outcome
    duration: float
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleWritten:
    """A line that a script wrote to its console."""

    text: str
    level: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioFinished:
    """The verdict.

    Attributes:
        failures: in the order they were found; the first is the headline.
        notes: what is worth knowing and no failure, such as a change cycle that was cut.
        digest: the trace's digest, the same on every run of the same scenario in replay.
    """

    outcome: Outcome
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]
    digest: str
    calls: int
    duration: float
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered:
    """What came of call *number*: an answer, or the code of its rejection."""

    number: int
    call: str
    status: int | None = None
    response: Any = None
    source: str = ""
    error: str = ""
    message: str = ""
    duration: float = 0.0
    at: float = 0.0


Event = (
    ScenarioStarted
    | StepStarted
    | StepFinished
    | CallMade
    | CallAnswered
    | TimerFired
    | ConsoleWritten
    | ScenarioFinished
    | Happening
)
_ANSWER = frozenset({"status", "response", "source", "error", "message", "duration"})
_FIRST = frozenset({"at", "order"})  # told by the head of a line

_RENAMED = {"event": "hook"}  # of a hook that starts


def instant(at: float) -> float:
    """Return *at* without what summing up seconds leaves behind the hundredth of a millisecond."""
    return round(at, 5)


def answer_of(made: CallMade) -> CallAnswered:
    """Return the end of a call."""
    return CallAnswered(
        number=made.number,
        call=made.call,
        status=made.status,
        response=made.response,
        source=made.source,
        error=made.error,
        message=made.message,
        duration=instant(made.duration),
        at=instant(made.at + made.duration),
    )


def trace_line(event: Event, number: int, homes: Homes = NOWHERE) -> str:
    """Return *event* as one line of JSON: number, kind, instant, then its fields by name.

    *number* counts what happens in the scenario from 1: of one instant, the earlier is less.
    """
    kind: type[Any] = type(event)
    told = {
        _RENAMED.get(name, name): _canonical(plain(getattr(event, name)), homes)
        for name in _told(kind)
    }
    line = {"seq": number, "event": kind.__name__, "at": instant(event.at), **told}
    return _encode(line).encode("utf-8", "backslashreplace").decode()


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_names: dict[type[Any], tuple[str, ...]] = {}


def _told(kind: type[Any]) -> tuple[str, ...]:
    """Return the fields of a line, by name; they are found once for each kind."""
    found = _names.get(kind)
    if found is None:
        answer = _ANSWER if issubclass(kind, CallMade) else frozenset()
        found = tuple(sorted({one.name for one in fields(kind)} - _FIRST - answer))
        _names[kind] = found
    return found


def trace(events: Iterable[Event], homes: Homes = NOWHERE) -> Iterator[str]:
    """Yield the lines of the events, in their order, each with its line end."""
    for number, event in enumerate(events, 1):
        yield f"{trace_line(event, number, homes)}\n"


def trace_digest(events: Iterable[Event], homes: Homes = NOWHERE) -> str:
    """Return the SHA-256 of the trace, in hexadecimal; the same events give the same digest."""
    digest = hashlib.sha256()
    for line in trace(events, homes):
        digest.update(line.encode())
    return digest.hexdigest()


def _canonical(value: Any, homes: Homes) -> Any:
    """Return *value* in JSON types, members by name."""
    kind: Any = type(value)
    return homes.within(value) if kind is str else _writer(kind)(value, homes)


@cache
def _writer(kind: Any) -> Callable[[Any, Homes], Any]:
    return next((write for known, write in _KINDS if issubclass(kind, known)), _other)


def _map(value: Mapping[str, Any], homes: Homes) -> dict[str, Any]:
    return {homes.within(name): _canonical(value[name], homes) for name in sorted(value)}


def _list(value: Iterable[Any], homes: Homes) -> list[Any]:
    return [_canonical(item, homes) for item in value]


def _place(value: Place, homes: Homes) -> str:
    return str(Place(homes.of(value.file), value.line, value.column))


def _float(value: float, _homes: Homes) -> float | str:
    return value if math.isfinite(value) else str(value)


def _same(value: Any, _homes: Homes) -> Any:
    return value


def _other(value: Any, homes: Homes) -> Any:
    if not is_dataclass(value):
        return f"[{type(value).__name__}]"
    told = [one.name for one in fields(value) if one.compare]  # what is not compared is no value
    return _map({name: plain(getattr(value, name)) for name in told}, homes)


_KINDS: tuple[tuple[type | tuple[type, ...], Callable[[Any, Homes], Any]], ...] = (
    (str, lambda value, homes: homes.within(value)),
    ((bool, int, type(None)), _same),
    (float, _float),
    (Place, _place),
    (Mapping, _map),
    ((list, tuple), _list),
)
