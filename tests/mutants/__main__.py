"""``python -m tests.mutants [NAME…]``: put each seeded bug in, and see that the laws find it.

It ends with 1 if a bug survives, with 2 if a patch does not apply any more.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.tree import applied, copied, patches

WORKERS = 2
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
             "-p", "no:randomly", "--tb=no", *suite(patch, tree)],
            cwd=tree,
            env={**os.environ, "BPMAX_SIM_HYPOTHESIS": "mutants", "PYTHONDONTWRITEBYTECODE": "1"},
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


def main(names: Sequence[str]) -> int:
    """Try the bugs called *names*, or all."""
    wanted = [one for one in patches() if not names or one.stem in names]
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
