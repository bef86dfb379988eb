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
from itertools import chain, repeat

from tests.mutants.edits import Edit, make_name_check
from tests.mutants.seeded import SEEDED
from tests.mutants.tree import copied

WORKERS = 2
DAY = 24 * 60 * 60
KILLED = 1  # pytest: some test failed
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


def fate(tests: Sequence[str], bug: Edit | None = None) -> Fate:
    """Return what *tests* say of the tree with *bug* in it, or without any."""
    name = bug.name if bug else "without any bug"
    with copied() as tree:
        problem = bug.apply(tree) if bug else ""
        start = time.monotonic()
        if problem:
            return Fate(name, 2, 0, problem)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider",
             "--tb=no", *(str(tree / one) for one in tests)],
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
        # A file that cannot be imported ends with the same code, and finds nothing.
        code = done.returncode if lines or done.returncode != KILLED else 2
        return Fate(name, code, time.monotonic() - start, told)


def some(bugs: Sequence[Edit], count: int, turn: int) -> list[Edit]:
    """Return *count* of *bugs*, from every kind alike; each *turn* goes on where the last ended."""
    kinds: dict[str, list[Edit]] = {}
    for one in bugs:
        kinds.setdefault(one.kind, []).append(one)
    order = sorted(bugs, key=lambda one: _share(one, kinds[one.kind]))
    return [order[(turn * count + n) % len(order)] for n in range(min(count, len(order)))]


def _share(bug: Edit, kind: Sequence[Edit]) -> tuple[float, str]:
    return (kind.index(bug) + 0.5) / len(kind), bug.name


def main(arguments: Sequence[str]) -> int:
    """Try the bugs that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    known = make_name_check(one.name for one in SEEDED)
    parser.add_argument("names", nargs="*", type=known, metavar="NAME", help="(default: all)")
    parser.add_argument("--some", type=int, metavar="N", help="only so many, others each day")
    parser.add_argument("--turn", type=int, default=int(time.time() // DAY), help="(default: day)")
    asked = parser.parse_args(arguments)
    bugs = [one for one in SEEDED if not asked.names or one.name in asked.names]
    if asked.some is not None:
        bugs = some(bugs, asked.some, asked.turn)
        sys.stdout.write(f"--some {asked.some} --turn {asked.turn}\n")
    start = time.monotonic()
    tests = [one.tests.split() for one in bugs]
    fates = []
    with ThreadPoolExecutor(WORKERS) as pool:
        sound = pool.submit(fate, sorted({*chain(*tests)})) if bugs else None
        for done in as_completed(list(map(pool.submit, repeat(fate), tests, bugs))):
            fates.append(done.result())
            sys.stdout.write(f"{fates[-1]}\n")
            sys.stdout.flush()
    killed = sum(one.is_killed for one in fates)
    spent = time.monotonic() - start
    if sound is not None and sound.result().code:
        sys.stdout.write(f"{sound.result()}\n")
        return 2
    sys.stdout.write(f"{killed} of {len(fates)} seeded bugs killed in {spent:.0f} s\n")
    return 2 if any(one.code > KILLED for one in fates) else int(killed < len(fates))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
