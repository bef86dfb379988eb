"""``python -m tests.mutants [NAME…] [--some N]``: seed each bug, and see that the laws find it.

With ``--some`` each day has the next N of them, so that a few days of short runs try all. It ends
with 1 if a bug survives, with 2 if a patch does not apply any more.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from tests.apart import PLUGINS
from tests.mutants.tree import applied, copied, patches

WORKERS = 2
DAY = 24 * 60 * 60
KILLED = 1  # pytest: some test failed
FIRST = {
    "auth": "test_laws_auth.py",
    "builder": "test_laws_builder.py",
    "matching": "test_laws_recordings.py",
    "recording": "test_sessions.py",
    "redaction": "test_laws_secrets.py",
}
"""Where a bug of a kind is likely to be found; the other laws are tried after it."""

_LAST = "FAILED "


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one seeded bug."""

    name: str
    code: int
    seconds: float
    told: str

    @property
    def is_killed(self) -> bool:
        return self.code == KILLED

    def __str__(self) -> str:
        word = "killed" if self.is_killed else "SURVIVED" if self.code == 0 else "BROKEN"
        return f"{word:<9}{self.seconds:6.1f} s  {self.name}: {self.told}"


def fate(patch: Path) -> Fate:
    """Return what the property suite says of the tree with *patch* in it."""
    with copied() as tree:
        problem = applied(patch, tree)
        start = time.monotonic()
        if problem:
            return Fate(patch.stem, 2, 0, problem)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider",
             "--tb=no", *suite(patch, tree)],
            cwd=tree,
            env={**os.environ, "BPMAX_SIM_HYPOTHESIS": "mutants", **PLUGINS},
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        lines = [line for line in done.stdout.splitlines() if line.startswith(_LAST)]
        told = lines[0].removeprefix(_LAST).partition(" - ")[0] if lines else done.stdout[-300:]
        return Fate(patch.stem, done.returncode, time.monotonic() - start, told)


def suite(patch: Path, tree: Path) -> list[str]:
    """Return the files of the property suite, the likeliest to find *patch* first."""
    first = FIRST.get(patch.stem.partition("-")[0], "")
    files = sorted((tree / "tests/property").glob("test_*.py"))
    return [str(path) for path in sorted(files, key=lambda path: path.name != first)]


def some(bugs: Sequence[Path], count: int, turn: int) -> list[Path]:
    """Return *count* of *bugs*, from every kind alike; each *turn* goes on where the last ended."""
    kinds: dict[str, list[Path]] = {}
    for one in bugs:
        kinds.setdefault(one.stem.partition("-")[0], []).append(one)
    order = sorted(bugs, key=lambda one: _share(one, kinds[one.stem.partition("-")[0]]))
    return [order[(turn * count + n) % len(order)] for n in range(min(count, len(order)))]


def _share(bug: Path, kind: Sequence[Path]) -> tuple[float, str]:
    return (kind.index(bug) + 0.5) / len(kind), bug.stem


def main(arguments: Sequence[str]) -> int:
    """Try the bugs that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("names", nargs="*", metavar="NAME", help="(default: all)")
    parser.add_argument("--some", type=int, metavar="N", help="only so many, others each day")
    parser.add_argument("--turn", type=int, default=int(time.time() // DAY), help="(default: day)")
    asked = parser.parse_args(arguments)
    wanted = [one for one in patches() if not asked.names or one.stem in asked.names]
    if asked.some is not None:
        wanted = some(wanted, asked.some, asked.turn)
        sys.stdout.write(f"--some {asked.some} --turn {asked.turn}\n")
    start = time.monotonic()
    fates = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for done in as_completed([pool.submit(fate, patch) for patch in wanted]):
            fates.append(done.result())
            sys.stdout.write(f"{fates[-1]}\n")
            sys.stdout.flush()
    killed = sum(one.is_killed for one in fates)
    spent = time.monotonic() - start
    sys.stdout.write(f"{killed} of {len(fates)} seeded bugs killed in {spent:.0f} s\n")
    return 2 if any(one.code > KILLED for one in fates) else int(killed < len(fates))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
