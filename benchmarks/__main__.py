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
from benchmarks.goals import JudgedFigure, judge_figures
from benchmarks.machine import measure_slowdown

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
        before = measure_slowdown()
        figures = importlib.import_module(f"benchmarks.{name}").measure()
        found[name] = list(judge_figures(name, figures, (before + measure_slowdown()) / 2))
        if not options.json:
            for line in map(_line, found[name]):
                print(f"{name:11} {line}", flush=True)
    told = {name: dict(map(_told, rows)) for name, rows in found.items()}
    if options.json:
        print(json.dumps({"version": 3, **machine, "figures": told}, ensure_ascii=False))
    if options.write:
        tables.keep({**machine, "figures": told})
    return 0 if all(one.is_met for rows in found.values() for one in rows) else 1


def _machine() -> dict[str, object]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def _line(one: JudgedFigure) -> str:
    verdict = f"{one.goal!s:>8}  {'met' if one.is_met else 'MISSED'}" if one.goal else ""
    scaled = f" = {one.compared:.3f} at the reference speed" if one.slowdown != 1 else ""
    return f"{one.what:62} {one.value:12.3f} {verdict}{scaled if one.goal else ''}".rstrip()


def _told(one: JudgedFigure) -> tuple[str, dict[str, object]]:
    found: dict[str, object] = {"value": one.value}
    if one.goal:
        found |= {"goal": str(one.goal), "met": one.is_met, "slowdown": one.slowdown}
    return one.what, found


if __name__ == "__main__":
    sys.exit(main())
