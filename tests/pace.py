"""How fast this process computes just now: slower while others run, or while lines are counted."""

from __future__ import annotations

import time

QUIET = 0.012
"""Seconds of a processor that `slowness` takes where nothing else runs."""


def slowness() -> float:
    """Return how many times longer than on a quiet machine a computation takes just now."""
    started = time.process_time()
    sum(number * number % 7 for number in range(200_000))
    return max(1.0, (time.process_time() - started) / QUIET)
