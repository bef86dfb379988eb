"""What a scenario tells while it runs: frozen values for terminal, report and pytest alike.

``at`` is virtual time in POSIX seconds. Values are redacted before they get here.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.scenario.failure import Failure
from bpmax_sim.scenario.made import CallMade
from bpmax_sim.script.outcome import TimerFired
from bpmax_sim.subject.stage import Happening

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
