# ruff: noqa: T201 - a campaign prints what it found
"""``python -m tests.campaigns.lcov``: what scripts cover, read by lcov and drawn by its genhtml.

Both judge a tracefile strictly, and their totals have to be ours. Needs the package lcov of Debian.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Compare, and return the exit status."""
    with tempfile.TemporaryDirectory() as scratch:
        trace = Path(scratch, "lcov.info")
        told = _run(sys.executable, "-m", "bpmax_sim", "coverage", "--scripts", "--json",
                    "--lcov", str(trace))  # fmt: skip
        document = json.loads(told)
        options = ("--branch-coverage", "--quiet")
        _run("genhtml", *options, "--output-directory", str(Path(scratch, "html")), str(trace))
        pages = {path.name for path in Path(scratch, "html").rglob("*.js.gcov.html")}
        summary = _run("lcov", "--branch-coverage", "--summary", str(trace))
    found = {kind: (ran, all_) for kind, ran, all_ in _TOTALS.findall(summary)}
    ours = {
        kind: tuple(
            str(sum(one[kind][key] for one in document["scripts"])) for key in ("covered", "total")
        )
        for kind in ("lines", "branches")
    }
    print("lcov:", found, "ours:", ours, "pages:", len(pages))
    same = all(found.get(kind) == numbers for kind, numbers in ours.items())
    return int(not same or not pages)


_TOTALS = re.compile(r"(lines|branches)\.*: [\d.]+% \((\d+) of (\d+) ")


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        sys.exit(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
