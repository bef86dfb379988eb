"""``python -m tests.campaigns.reach [--seeds N] [CORNER…]``: does the bug behind a corner die?

Each bug of `tests.mutants.corners` is put into a copy of the tree, and the laws that CI runs are
tried on it with fresh seeds and CI's budget. A table says how many of the seeds found each bug, and
in how many rounds. It ends with 1 where one was found by fewer than nine in ten, with 2 where one
does not fit.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutants.corners import EDITS
from tests.mutants.edits import Edit
from tests.mutants.tree import copied
from tests.property.rounds import ROUND

WORKERS = 2
ENOUGH = 0.9


def main(arguments: Sequence[str]) -> int:
    """Try every bug, or those of the corners named."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.reach")
    parser.add_argument("corners", nargs="*", metavar="CORNER", help="(default: all)")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.inside:
        sys.stdout.write(json.dumps([rounds(asked.corners[0], one) for one in seeds(asked.seeds)]))
        return 0
    edits = [one for one in EDITS if not asked.corners or one.corner in asked.corners]
    fates = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for one in pool.map(lambda edit: fate(edit, asked.seeds), edits):
            sys.stdout.write(f"{one}\n")
            sys.stdout.flush()
            fates.append(one)
    few = [one for one in fates if not one.is_enough]
    last = f"{len(fates)} corners, {asked.seeds} seeds each: {len(few)} bugs found too seldom"
    sys.stdout.write(f"{last}\n")
    return 2 if any(one.problem for one in fates) else int(bool(few))


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the bug behind *corner*: the rounds to its death for each seed, or None."""

    corner: str
    rounds: list[int | None]
    problem: str = ""

    @property
    def is_enough(self) -> bool:
        found = sum(one is not None for one in self.rounds)
        return not self.problem and found >= ENOUGH * len(self.rounds)

    def __str__(self) -> str:
        if self.problem:
            return f"{self.corner}: BROKEN {self.problem}"
        found = sorted(one for one in self.rounds if one is not None)
        spread = f"in {found[len(found) // 2]} rounds, {found[-1]} at most" if found else ""
        word = "" if self.is_enough else "  TOO FEW"
        return f"{len(found):2} of {len(self.rounds)}  {self.corner}: {spread}{word}"


def fate(edit: Edit, count: int) -> Fate:
    """Return by how many of *count* seeds *edit* is found, and how soon."""
    with copied() as tree:
        problem = edit.apply(tree)
        if problem:
            return Fate(edit.corner, [], problem)
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.campaigns.reach",
                "--inside",
                f"--seeds={count}",
                edit.corner,
            ],
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree), "BPMAX_SIM_HYPOTHESIS": "mutants"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return Fate(edit.corner, [], done.stderr[-300:])
        return Fate(edit.corner, json.loads(done.stdout))


def seeds(count: int) -> list[int]:
    """Return fresh seeds."""
    return [random.SystemRandom().randrange(2**32) for _ in range(count)]


def rounds(corner: str, number: int) -> int | None:
    """Return in which round a law breaks, tried as CI tries it but from the seed *number* on.

    That of presets is tried first for a *corner* that is a preset.
    """
    # Imported here, where the bug is; the first brings the profiles.
    from tests import conftest as _profiles  # noqa: F401, PLC0415
    from tests.property import test_laws_auth, test_laws_builder  # noqa: PLC0415

    laws: list[Callable[..., Any]] = [
        test_laws_builder.test_the_last_value_of_each_place_and_name_wins,
        test_laws_auth.test_a_preset_puts_in_what_its_vendor_asks_for,
    ]
    for law in reversed(laws) if corner.startswith("preset") else laws:
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                law(first=number)
            except BaseException as error:  # noqa: BLE001 - whatever it is, the bug is found
                notes = [one for one in getattr(error, "__notes__", ()) if one.startswith(ROUND)]
                return int(notes[0].split()[2]) if notes else 1
    return None


if __name__ == "__main__":
    start = time.monotonic()
    code = main(sys.argv[1:])
    if "--inside" not in sys.argv:
        sys.stdout.write(f"{Path(__file__).stem}: {time.monotonic() - start:.0f} s\n")
    raise SystemExit(code)
