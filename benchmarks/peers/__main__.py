"""``python -m benchmarks.peers [--write]``: run every trial with every peer.

It makes an environment with the pinned peers, prints their versions, the results and both tables.
What a call costs is measured several times, in turns of all tools, and kept with its spread.
With --write the results are kept, and the documentation's tables made of them; a busy machine
does not write unless forced. --only and --trials try the tools again without keeping anything.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.environment import PEERS, environment
from benchmarks.tables import RESULTS, compare, numbers, write

OURS = "bpmax_sim"
COSTS = ("replay_100", "replay_1000", "replay_10000", "opening", "recording")
"""The trials that are measurements, each with what is compared: one that takes long, less often."""
TRIALS = (
    *("clients", "redaction", "redaction_declared", "changed_body", "unplayed", "extra"),
    *("miss", "miss_declared", "kill", "cut"),
    *COSTS,
)
_ROUNDS = 5
_MOST_SECONDS = 60
_LONG_SECONDS = 30  # what the rounds of one trial may take before no further one begins
_MOST_LOAD = 1.5


def trial(python: Path, tool: str, name: str) -> Any:
    """Run one trial in a process of its own and return its result."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(__file__).with_name("trial.py")
        command = [str(python), str(script), tool, name, folder]
        root = str(Path(__file__).parents[2])
        kept = {"PYTHONPATH": root} if tool == OURS else {}
        try:
            ran = subprocess.run(
                command, check=False, capture_output=True, text=True, timeout=_MOST_SECONDS,
                cwd=folder, env={**os.environ, **kept},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return {"late": _MOST_SECONDS}
    if ran.returncode:
        return {"failed": (ran.stderr.strip().splitlines() or ["?"])[-1]}
    return _without_ports(json.loads(ran.stdout.splitlines()[-1]))


def _without_ports(found: Any) -> Any:
    """Keep of what a tool raised its kind: addresses and folders are others each time."""
    if isinstance(found, dict):
        return {
            name: value.partition(":")[0] if isinstance(value, str) else value
            for name, value in found.items()
        }
    return found


def load() -> float | None:
    """Return how many processes waited for a processor in the last minute, where that is known."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def measured(
    tools: list[str], python: Path, trials: list[str], rounds: int = 1
) -> dict[str, dict[str, Any]]:
    """Return the result of each trial by tool; of one that measures, of so many *rounds*."""
    found: dict[tuple[str, str], list[Any]] = {(t, name): [] for t in tools for name in trials}
    spent = dict.fromkeys(found, 0.0)
    for turn in range(rounds):
        for tool, name in found:
            key = tool, name
            if turn and (name not in COSTS or spent[key] > _LONG_SECONDS or None in found[key]):
                continue
            now = dt.datetime.now(tz=dt.UTC)
            print(f"{now:%H:%M:%S} {tool} {name} …", file=sys.stderr, flush=True)
            begun = time.monotonic()
            own = Path(sys.executable) if tool == OURS else python
            found[key].append(trial(own, tool, name))
            spent[key] += time.monotonic() - begun
    results: dict[str, dict[str, Any]] = {tool: {} for tool in tools}
    for (tool, name), each in found.items():
        if each[0] is not None:
            results[tool][name] = merge_rounds(each)
    return results


def merge_rounds(each: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the median of each number of several rounds, with the spread of the first number.

    What could not be measured in one of them is the result.

    >>> merge_rounds([{"ms": 3.0}, {"ms": 1.0}, {"ms": 2.0}])
    {'ms': 2.0, 'spread': [1.0, 3.0], 'rounds': 3}
    >>> merge_rounds([{"ms": 3.0}, {"late": 60}])
    {'late': 60}
    """
    first = each[0]
    odd = next((one for one in each if one.keys() != first.keys() or "failed" in one), None)
    if odd is not None or len(each) == 1:
        return odd or first
    middle = {name: statistics.median(one[name] for one in each) for name in first}
    main = [one[next(iter(first))] for one in each]
    return {**middle, "spread": [min(main), max(main)], "rounds": len(each)}


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what the command line asks for; end where that cannot be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"keep the results in {RESULTS}")
    parser.add_argument("--force", action="store_true", help="write on a busy machine too")
    tools = [OURS, *(one.name for one in PEERS)]
    parser.add_argument("--only", nargs="+", choices=tools, metavar="NAME", help="these tools")
    parser.add_argument("--trials", nargs="+", choices=TRIALS, metavar="NAME", help="these trials")
    parser.add_argument("--rounds", type=int, default=_ROUNDS, metavar="N", help="of measurements")
    parser.add_argument("--index", help="another package index for pip")
    options = parser.parse_args(given)
    if options.write and (options.only or options.trials):
        parser.error("--write keeps whole results: leave --only and --trials out")
    return options


def refusal(options: argparse.Namespace, busy: float | None) -> str:
    """Return why results must not be written at this load, or nothing."""
    if not options.write or options.force or busy is None or busy <= _MOST_LOAD:
        return ""
    return (
        f"the machine is busy: its load is {busy}, more than {_MOST_LOAD}; wait until it is quiet, "
        "or give --force"
    )


def main() -> int:
    """Run, print, and keep the results if asked."""
    options, before = arguments(), load()
    if refused := refusal(options, before):
        print(refused, file=sys.stderr)
        return 2
    peers = [one for one in PEERS if not options.only or one.name in options.only]
    index = ("--index-url", options.index) if options.index else ()
    python, missing = environment(peers, options=index)
    for one in peers:
        why = missing.get(one.name)
        print(f"{one.name} {one.version} ({one.date})" + (f": left out, {why}" if why else ""))
    tools = [one.name for one in peers if one.name not in missing]
    ours = [OURS] if not options.only or OURS in options.only else []
    begun = dt.datetime.now(tz=dt.UTC)
    trials = measured([*ours, *tools], python, options.trials or list(TRIALS), options.rounds)
    results = {
        "version": 2,
        "date": begun.date().isoformat(),
        "seconds": round((dt.datetime.now(tz=dt.UTC) - begun).total_seconds()),
        "machine": {
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
            "processors": os.cpu_count(),
            "load": {"before": before, "after": load()},
        },
        "peers": {one.name: {"version": one.version, "date": one.date} for one in peers},
        "missing": dict(missing),
        "trials": trials,
    }
    text = json.dumps(results, ensure_ascii=False, indent=1) + "\n"
    if options.write:
        RESULTS.write_text(text, encoding="utf-8")
        write()
    print(text)
    print(compare("en", results))
    print(numbers("en", results))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
