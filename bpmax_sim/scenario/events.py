"""What a scenario tells while it runs: frozen values for terminal, report and pytest alike.

``at`` is virtual time in POSIX seconds. Values are redacted before they get here.

A trace: one line of canonical JSON for each event, the same bytes for a run on every machine.

Files are named from the scenario's folder, wherever the checkout lies.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from json.encoder import encode_basestring
from typing import Any, Literal

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.js_values import plain
from bpmax_sim.project import NOWHERE, Homes
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.source import Failure
from bpmax_sim.script.outbox import TimerFired
from bpmax_sim.secret.vault import members
from bpmax_sim.subject.hooks import Happening

Outcome = Literal["passed", "failed", "skipped"]


class ScenarioStarted(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario, or one row of its table, starts."""

    name: str
    row: str
    place: Place
    steps: int
    at: float


class StepStarted(msgspec.Struct, frozen=True, kw_only=True):
    """A step starts; *number* counts from 1, 0 for steps inside ``run`` and ``finally``."""

    number: int
    total: int
    id: str
    title: str
    action: str
    place: Place
    at: float


class StepFinished(msgspec.Struct, frozen=True, kw_only=True):
    """A step ended; *duration* is virtual seconds."""

    number: int
    title: str
    outcome: Outcome
    duration: float
    at: float


class ConsoleWritten(msgspec.Struct, frozen=True, kw_only=True):
    """A line that a script wrote to its console."""

    text: str
    level: str
    at: float


class ScenarioFinished(msgspec.Struct, frozen=True, kw_only=True):
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


class CallAnswered(msgspec.Struct, frozen=True, kw_only=True):
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


_ANSWER = frozenset({"status", "response", "source", "error", "message", "duration"})
_FIRST = frozenset({"at", "order"})  # told by the head of a line
_OUTSIDE = frozenset({"cause"})  # an exception is for whoever wants its traceback
_RENAMED = {"event": "hook"}  # of a hook that starts
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def trace_line(event: Event, number: int, homes: Homes = NOWHERE) -> str:
    """Return *event* as one line of JSON: number, kind, instant, then its fields by name.

    *number* counts what happens in the scenario from 1: of one instant, the earlier is less.
    """
    of: Any = type(event)
    kind, told = _told(of)
    line = f'{{"seq":{number},"event":"{kind}","at":{instant(event.at)!r}'
    for name, key in told:
        value = getattr(event, name)
        line += key + _WRITERS.get(type(value), _any)(value, homes)
    return f"{line}}}".encode("utf-8", "backslashreplace").decode()


@cache
def _told(kind: Any) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return what a line calls an event, and its fields with the text before each value."""
    answer = _ANSWER if issubclass(kind, CallMade) else frozenset()
    names = sorted({*members(kind)} - _FIRST - answer)
    return kind.__name__, tuple((name, f',"{_RENAMED.get(name, name)}":') for name in names)


def trace(events: Iterable[Event], homes: Homes = NOWHERE) -> Iterator[str]:
    """Yield the lines of the events, in their order, each with its line end."""
    for number, event in enumerate(events, 1):
        yield f"{trace_line(event, number, homes)}\n"


def trace_digest(events: Iterable[Event], homes: Homes = NOWHERE) -> str:
    """Return the SHA-256 of the trace, in hexadecimal; the same events give the same digest."""
    return hashlib.sha256("".join(trace(events, homes)).encode()).hexdigest()


def _any(value: Any, homes: Homes) -> str:
    return _encode(_canonical(plain(value), homes))


def _number(value: float) -> str:
    if value.is_integer():
        return f"{int(value)}"
    return f"{value!r}" if math.isfinite(value) else f'"{value}"'


_WRITERS: Mapping[type, Callable[[Any, Homes], str]] = {
    str: lambda value, homes: encode_basestring(homes.within(value)),
    int: lambda value, _homes: f"{value}",
    float: lambda value, _homes: _number(value),
    dict: lambda value, homes: _any(value, homes) if value else "{}",
    type(None): lambda _value, _homes: "null",
    Place: lambda value, homes: encode_basestring(_place(value, homes)),
}
"""What most fields are, without the way through JSON values."""


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
    kind: Any = type(value)
    told = members(kind)
    if not told:
        return f"[{kind.__name__}]"
    return _map({name: plain(getattr(value, name)) for name in told if name not in _OUTSIDE}, homes)


_KINDS: tuple[tuple[type | tuple[type, ...], Callable[[Any, Homes], Any]], ...] = (
    (str, lambda value, homes: homes.within(value)),
    ((bool, int, type(None)), _same),
    (float, _float),
    (Place, _place),
    (Mapping, _map),
    ((list, tuple), _list),
)
