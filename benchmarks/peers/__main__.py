"""``python -m benchmarks.peers [--write] [--only NAME…]``: run every trial with every peer.

It makes an environment with the pinned peers, prints their versions, the results and both tables.
With --write the results are kept where the documentation's tables are made of them.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.peers.environment import PEERS, environment
from benchmarks.tables import RESULTS, compare, numbers

OURS = "bpmax_sim"
TRIALS = (
    *("clients", "redaction", "changed_body", "unplayed", "extra", "miss", "kill", "cut"),
    *("replay", "opening", "recording"),
)
_MOST_SECONDS = 120


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
            return {"failed": f"not done within {_MOST_SECONDS} s"}
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


def measured(tools: list[str], python: Path) -> dict[str, Any]:
    """Return the result of each trial by tool."""
    found: dict[str, Any] = {}
    for tool in (OURS, *tools):
        found[tool] = {}
        for name in TRIALS:
            print(
                f"{dt.datetime.now(tz=dt.UTC):%H:%M:%S} {tool} {name} …",
                file=sys.stderr,
                flush=True,
            )
            own = Path(sys.executable) if tool == OURS else python
            result = trial(own, tool, name)
            if result is not None:
                found[tool][name] = result
    return found


def main() -> int:
    """Run, print, and keep the results if asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"keep the results in {RESULTS}")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="these peers alone")
    parser.add_argument("--index", help="another package index for pip")
    options = parser.parse_args()
    peers = [one for one in PEERS if not options.only or one.name in options.only]
    unknown = sorted({*(options.only or ())} - {one.name for one in PEERS})
    if unknown:
        parser.error(
            f"no such peer: {', '.join(unknown)}; there are {', '.join(p.name for p in PEERS)}"
        )
    index = ("--index-url", options.index) if options.index else ()
    python, missing = environment(peers, options=index)
    for one in peers:
        why = missing.get(one.name)
        print(f"{one.name} {one.version} ({one.date})" + (f": left out, {why}" if why else ""))
    tools = [one.name for one in peers if one.name not in missing]
    results = {
        "version": 1,
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "machine": {
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
            "processors": os.cpu_count(),
        },
        "peers": {one.name: {"version": one.version, "date": one.date} for one in peers},
        "missing": dict(missing),
        "trials": measured(tools, python),
    }
    text = json.dumps(results, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if options.write:
        RESULTS.write_text(text, encoding="utf-8")
    print(text)
    print(compare("en", results))
    print(numbers("en", results))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
