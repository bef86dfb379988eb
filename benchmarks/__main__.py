"""``python -m benchmarks [--json] [--write] [NAME…]``: run the benchmarks and print one table.

It ends with 1 if a goal was missed. With ``--write`` the documentation's table is made anew of
what was found; a run of some benchmarks alone changes only theirs.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from datetime import UTC, datetime

from benchmarks import tables
from benchmarks.goals import Goal, judge_outcome

NAMES = (
    *("calls", "cassette", "determinism", "items", "memory", "platforms", "scripts", "signing"),
    *("start", "variants", "ways"),
)


def main() -> int:
    """Measure, print, and return 1 if a goal was missed, else 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    parser.add_argument("--write", action="store_true", help="keep it for the documentation")
    options = parser.parse_args()
    machine = _machine()
    found = {}
    for name in options.names or NAMES:
        print(f"{name} …", file=sys.stderr)
        figures = importlib.import_module(f"benchmarks.{name}").measure()
        found[name] = list(judge_outcome(name, figures))
        if not options.json:
            for line in map(_line, found[name]):
                print(f"{name:11} {line}", flush=True)
    told = {name: dict(map(_told, rows)) for name, rows in found.items()}
    if options.json:
        print(json.dumps({"version": 2, **machine, "figures": told}, ensure_ascii=False))
    if options.write:
        tables.keep({**machine, "figures": told})
    verdicts = [goal.is_met(value) for rows in found.values() for _, value, goal in rows if goal]
    return 0 if all(verdicts) else 1


def _machine() -> dict[str, object]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def _line(row: tuple[str, float, Goal | None]) -> str:
    what, value, goal = row
    verdict = f"{goal!s:>8}  {'met' if goal.is_met(value) else 'MISSED'}" if goal else ""
    return f"{what:62} {value:12.3f} {verdict}".rstrip()


def _told(row: tuple[str, float, Goal | None]) -> tuple[str, dict[str, object]]:
    what, value, goal = row
    verdict = {"goal": str(goal), "met": goal.is_met(value)} if goal else {}
    return what, {"value": value, **verdict}


if __name__ == "__main__":
    sys.exit(main())
