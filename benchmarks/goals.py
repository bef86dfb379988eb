"""What the figures are to be: the numbers that the project set itself before it was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Goal(NamedTuple):
    """A bound of a figure: the most it may be, or with *least* the least."""

    bound: float
    least: bool = False

    def __str__(self) -> str:
        return f"{'≥' if self.least else '≤'} {self.bound:g}"

    def is_met(self, value: float) -> bool:
        """Return whether *value* is within the bound."""
        return value >= self.bound if self.least else value <= self.bound


_GROWTH = Goal(1.1)
GOALS: Mapping[str, Mapping[str, Goal]] = {
    "calls": {
        "build and authorise, times the floor": Goal(0.4),
        "replay of one call, first time, times the floor": Goal(1.2),
        "replay of one call, again, times the floor": Goal(0.5),
        "replay through a client of one's own, times the floor": Goal(1.5),
        "a session with one call, times the floor": Goal(2.5),
        "a session with a login and one call, times the floor": Goal(2.5),
        "growth of a call, 100 to 10000, in order": _GROWTH,
        "growth of a call, 100 to 10000, shuffled": _GROWTH,
        "what recording adds to a call, times a bare durable append": Goal(2),
        "what recording 67 kB of JSON adds to a call, times a bare durable append": Goal(2),
    },
    "cassette": {
        "take, urls, growth 100 to 10000": _GROWTH,
        "take, urls, growth, shuffled": _GROWTH,
        "take, bodies, growth 100 to 10000": _GROWTH,
        "take, bodies, growth, shuffled": _GROWTH,
        "take, repeated, growth 100 to 10000": _GROWTH,
        "take, repeated, growth, shuffled": _GROWTH,
        "open, times faster": Goal(150, least=True),
        "open, times reading and digesting the file": Goal(2.4),  # 1.1 × of 837ff7bd's
        "open, peak memory, MB": Goal(5),
        "append, times a bare one": Goal(2),
        "append, growth": _GROWTH,
        "close, times vcrpy": Goal(0.3),
        "merge 10000, s": Goal(1),
    },
    "determinism": {"different digests": Goal(1)},
    "items": {
        "a scenario in its own file, times an empty test": Goal(3),
        "a row of a table, times an empty test": Goal(3),
        "collecting a scenario file, times the raw parse": Goal(3),
        "collecting scenario files again, times as many empty tests": Goal(1.5),
        "listing a scenario file again, ms": Goal(0.08),  # so that 3,000 start within half a second
    },
    "memory": {"2,000 contexts: growth, MB": Goal(1)},
    "platforms": {
        "a platform file, cold, ms": Goal(2),
        "20 platform files, cached, all, ms": Goal(0.05),
    },
    "scripts": {
        "a fresh context with the prelude, ms": Goal(1),
        "one call in a script, over Python, µs": Goal(60),
        "ten minutes of back-off, ms": Goal(20),
        "one scenario, three replayed calls, ms": Goal(3),
    },
    "signing": {"a SigV4 signature, times botocore": Goal(1.5)},
    "start": {"pytest with the plugin unused, ms more": Goal(10)},
}


def judge_outcome(
    name: str, figures: Mapping[str, float]
) -> Iterator[tuple[str, float, Goal | None]]:
    """Yield the figures of the benchmark *name*, each with its goal if it has one.

    Raises:
        KeyError: a goal is for a figure that was not measured.
    """
    goals = GOALS.get(name, {})
    if left := sorted(goals.keys() - figures.keys()):
        raise KeyError(f"{name}: goals without a figure: {', '.join(left)}")
    for what, value in figures.items():
        yield what, value, goals.get(what)
