"""What a scenario tells while it runs: frozen values for terminal, report and pytest alike.

``at`` is virtual time in POSIX seconds. Values are redacted before they get here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from bpmax_sim.errors import Place
from bpmax_sim.scenario.failure import Failure
from bpmax_sim.scenario.made import CallMade
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


Event = (
    ScenarioStarted
    | StepStarted
    | StepFinished
    | CallMade
    | ConsoleWritten
    | ScenarioFinished
    | Happening
)


def trace_digest(events: Iterable[Event]) -> str:
    """Return the SHA-256 of the events, in hexadecimal; the same events give the same digest."""
    digest = hashlib.sha256()
    for event in events:
        line = json.dumps(
            [type(event).__name__, asdict(event)], ensure_ascii=False, sort_keys=True, default=str
        )
        digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()
