"""What 2,000 JavaScript contexts leave behind in memory."""

from __future__ import annotations

import resource
import sys

from bpmax_sim.script.failure import Script
from bpmax_sim.session.session import Session

_USES = """
form.a = {b: [1, new Date()]}; console.log(form.a);
await new Promise(resolve => setTimeout(resolve, 9));
try { null.x } catch {}"""


def megabytes() -> float:
    """Return the largest memory of this process so far."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def growth(contexts: int) -> float:
    """Return the megabytes that *contexts* contexts add, after 300 that warm up."""

    def rounds(count: int) -> None:
        for _ in range(count):
            with Session.open(None, clock="2026-03-02T09:00:00+08:00") as session:
                session.run_script(Script(_USES, "表单.js"), form={"a": 0}).unwrap()

    rounds(300)
    before = megabytes()
    rounds(contexts)
    return megabytes() - before


def measure() -> dict[str, float]:
    """Return the growth."""
    return {"2,000 contexts: growth, MB": growth(2000)}
