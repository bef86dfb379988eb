"""``python -m tests.campaigns.reach [--seeds N] [CORNER…]``: does the bug behind a corner die?

Each bug of `tests.mutants.corners` is put into a copy of the tree, and the laws that CI runs are
tried on it with fresh seeds and CI's budget. A table says how many of the seeds found each bug. It
ends with 1 where one was found by fewer than nine in ten, with 2 where one does not fit.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.mutants.corners import EDITS
from tests.mutants.edits import Edit
from tests.mutants.tree import copied

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
        sys.stdout.write(f"{sum(map(killed, seeds(asked.seeds)))}\n")
        return 0
    edits = [one for one in EDITS if not asked.corners or one.corner in asked.corners]
    code = 0
    with ThreadPoolExecutor(WORKERS) as pool:
        for edit, (count, told) in zip(
            edits, pool.map(lambda one: fate(one, asked.seeds), edits), strict=True
        ):
            is_enough = count >= ENOUGH * asked.seeds
            code = max(code, 2 if count < 0 else int(not is_enough))
            word = "" if is_enough else "  TOO FEW" if count >= 0 else f"  BROKEN {told}"
            sys.stdout.write(f"{count:3} of {asked.seeds}  {edit.corner}{word}\n")
            sys.stdout.flush()
    return code


def fate(edit: Edit, seeds_: int) -> tuple[int, str]:
    """Return by how many seeds *edit* is found, or -1 and why it could not be tried."""
    with copied() as tree:
        problem = edit.apply(tree)
        if problem:
            return -1, problem
        done = subprocess.run(
            [sys.executable, "-m", "tests.campaigns.reach", "--inside", "--seeds", str(seeds_)],
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree), "BPMAX_SIM_HYPOTHESIS": "mutants"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return -1, done.stderr[-300:]
        return int(done.stdout.splitlines()[-1]), ""


def seeds(count: int) -> list[int]:
    """Return fresh seeds."""
    return [random.SystemRandom().randrange(2**32) for _ in range(count)]


def killed(number: int) -> bool:
    """Return whether any law breaks, tried as CI tries it but from the seed *number* on."""
    # Imported here, where the bug is; the first brings the profiles.
    from tests import conftest as _profiles  # noqa: F401, PLC0415
    from tests.property import test_laws_auth, test_laws_builder  # noqa: PLC0415

    laws: list[Callable[..., Any]] = [
        test_laws_builder.test_the_last_value_of_each_place_and_name_wins,
        test_laws_auth.test_a_preset_puts_in_what_its_vendor_asks_for,
    ]
    for law in laws:
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                law(first=number)
            except BaseException:  # noqa: BLE001 - whatever it is, the bug is found
                return True
    return False


if __name__ == "__main__":
    start = time.monotonic()
    code = main(sys.argv[1:])
    if "--inside" not in sys.argv:
        sys.stdout.write(f"{Path(__file__).stem}: {time.monotonic() - start:.0f} s\n")
    raise SystemExit(code)
