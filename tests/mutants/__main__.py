"""``python -m tests.mutants [NAME…] [--some N]``: seed each bug, and see that its tests find it.

With ``--some`` each day has the next N of them, so that a few days of short runs try all. It ends
with 1 if a bug survives, with 2 if one does not fit any more. Bugs behind corners are tried with
fresh seeds by `tests.campaigns.reach`.
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

from tests.mutants.edits import Edit
from tests.mutants.seeded import SEEDED
from tests.mutants.tree import Patch, copied, patches

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
class Nothing:
    """No bug, with the tests that other bugs name: they have to pass."""

    tests: str
    name: str = "nothing"
    kind: str = ""

    def apply(self, _tree: Path) -> str:
        return ""


Bug = Patch | Edit


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


def fate(bug: Bug | Nothing) -> Fate:
    """Return what its tests say of the tree with *bug* in it."""
    with copied() as tree:
        problem = bug.apply(tree)
        start = time.monotonic()
        if problem:
            return Fate(bug.name, 2, 0, problem)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider",
             "--tb=no", *suite(bug, tree)],
            cwd=tree,
            env={
                **os.environ,
                "PYTHONPATH": str(tree),
                "BPMAX_SIM_HYPOTHESIS": "mutants",
            },
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        lines = [line for line in done.stdout.splitlines() if line.startswith(_LAST)]
        told = lines[0].removeprefix(_LAST).partition(" - ")[0] if lines else done.stdout[-300:]
        return Fate(bug.name, done.returncode, time.monotonic() - start, told)


def suite(bug: Bug | Nothing, tree: Path) -> list[str]:
    """Return the tests that *bug* names, or the property suite, what finds its kind first."""
    if bug.tests:
        return [str(tree / one) for one in bug.tests.split()]
    first = FIRST.get(bug.kind, "")
    files = sorted((tree / "tests/property").glob("test_*.py"))
    return [str(path) for path in sorted(files, key=lambda path: path.name != first)]


def bugs() -> list[Bug]:
    """Return every seeded bug that this runs, sorted by name."""
    return sorted([*patches(), *SEEDED], key=lambda one: one.name)


def some(bugs: Sequence[Bug], count: int, turn: int) -> list[Bug]:
    """Return *count* of *bugs*, from every kind alike; each *turn* goes on where the last ended."""
    kinds: dict[str, list[Bug]] = {}
    for one in bugs:
        kinds.setdefault(one.kind, []).append(one)
    order = sorted(bugs, key=lambda one: _share(one, kinds[one.kind]))
    return [order[(turn * count + n) % len(order)] for n in range(min(count, len(order)))]


def _share(bug: Bug, kind: Sequence[Bug]) -> tuple[float, str]:
    return (kind.index(bug) + 0.5) / len(kind), bug.name


def main(arguments: Sequence[str]) -> int:
    """Try the bugs that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("names", nargs="*", metavar="NAME", help="(default: all)")
    parser.add_argument("--some", type=int, metavar="N", help="only so many, others each day")
    parser.add_argument("--turn", type=int, default=int(time.time() // DAY), help="(default: day)")
    asked = parser.parse_args(arguments)
    wanted = [one for one in bugs() if not asked.names or one.name in asked.names]
    if asked.some is not None:
        wanted = some(wanted, asked.some, asked.turn)
        sys.stdout.write(f"--some {asked.some} --turn {asked.turn}\n")
    start = time.monotonic()
    tests = sorted({*" ".join(one.tests for one in wanted).split()})
    sound = fate(Nothing(" ".join(tests))) if tests else None
    if sound is not None and sound.code:
        sys.stdout.write(f"without any bug: {sound}\n")
        return 2
    fates = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for done in as_completed([pool.submit(fate, bug) for bug in wanted]):
            fates.append(done.result())
            sys.stdout.write(f"{fates[-1]}\n")
            sys.stdout.flush()
    killed = sum(one.is_killed for one in fates)
    spent = time.monotonic() - start
    sys.stdout.write(f"{killed} of {len(fates)} seeded bugs killed in {spent:.0f} s\n")
    return 2 if any(one.code > KILLED for one in fates) else int(killed < len(fates))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
