"""How much slower the machine is at present than the one that goals in seconds were set on.

A shared machine may take twice the time an hour later. A ratio of two things measured in turns does
not mind; a goal in milliseconds does. So a fixed piece of work of the standard library is timed
beside what is measured, and such goals are judged at the speed at which it takes `REFERENCE_MS`.

The machine of the goals is gone, but one figure of it is known: a scenario with one stubbed call
took the project's first version (commit 284d7fc) 1.6 ms there. In twelve turns beside the work that
version takes 0.159 times as long (middle half 0.14 to 0.17), so the work took 10 ms there.
"""

from __future__ import annotations

import json
import re
import time
from typing import Final

REFERENCE_MS: Final = 10.0
"""Processor time of the work on the machine that the goals were set on."""
_ROUNDS: Final = 7
_WORD = re.compile(r"[a-z]+(\d+)")


def _work() -> int:
    """Do what the package does most: attributes of mappings, texts, sorting, JSON, patterns."""
    records = [
        {"name": f"n{n * 7919 % 1000}", "客户": f"c{n}", "amount": n / 3} for n in range(900)
    ]
    found = 0
    for _ in range(6):
        text = json.dumps(sorted(records, key=lambda one: str(one["name"])), ensure_ascii=False)
        for record in json.loads(text):
            match = _WORD.match(record["name"])
            found += int(match[1]) if match else 0
    return found


def measure_slowdown() -> float:
    """Return by how much the work takes longer than at the reference: 2.0 is half the speed."""
    times = []
    for _ in range(_ROUNDS):
        begun = time.process_time()
        _work()
        times.append(time.process_time() - begun)
    return sorted(times)[_ROUNDS // 2] * 1e3 / REFERENCE_MS
