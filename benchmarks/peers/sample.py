"""Which calls of many are measured, and what they cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

_BUDGET, _MOST = 5.0, 300
_GOLDEN = (5**0.5 - 1) / 2


def sampled(work: Callable[[Any], object], calls: list[Any]) -> list[float]:
    """Return what calls cost: as many as the time allows, spread evenly over all of them."""
    first, *rest = spread(len(calls))
    work(calls[first])  # what is made once is not counted
    taken: list[float] = []
    end = time.monotonic() + _BUDGET
    for place in rest:
        begun = time.process_time()
        work(calls[place])
        taken.append(time.process_time() - begun)
        if time.monotonic() > end:
            break
    return taken


def spread(size: int) -> list[int]:
    """Return places in a file, evenly spread however many of them are taken.

    The multiples of the golden ratio, modulo one, fill the line evenly from their first on.
    """
    places = (int(number * _GOLDEN % 1 * size) for number in range(10 * _MOST))
    return list(dict.fromkeys(places))[: _MOST + 1]
