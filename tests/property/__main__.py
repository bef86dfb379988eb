"""``python -m tests.property [--minutes N]``: search with the profile ``nightly``, an hour long.

With ``--profile fresh`` a round is what CI would try, from a seed of its own.

Every round has a seed of its own and goes on from the example database of those before it. Tests
that are due when the time is over are skipped. It ends with 1 at the first round that fails; what
a night found is in ``.hypothesis/``, so that the test suite fails at once in the same way.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence

from tests.fuzz.places import ROOT

SUITE = ("tests/property", "tests/strategies", "tests/fuzz/test_readers.py")
_NOTHING = 5  # pytest: no test was run


def main(arguments: Sequence[str]) -> int:
    """Search round by round until the time is over or a round fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.property")
    parser.add_argument("--minutes", type=float, default=60, help="how long (default: 60)")
    parser.add_argument("--profile", choices=("nightly", "fresh"), default="nightly")
    parser.add_argument("-n", dest="workers", default="2", help="processes (default: 2)")
    parser.add_argument("paths", nargs="*", help=f"tests (default: {' '.join(SUITE)})")
    asked = parser.parse_args(arguments)
    start = time.time()
    until, number = start + 60 * asked.minutes, 0
    while time.time() < until:
        number += 1
        seed = random.SystemRandom().randrange(2**32)
        os.environ |= {"BPMAX_SIM_HYPOTHESIS": asked.profile, "BPMAX_SIM_UNTIL": str(until)}
        code = searched(asked.paths or SUITE, seed, asked.workers)
        told = f"round {number}, seed {seed}: {'sound' if not code else 'FAILED'}"
        sys.stdout.write(f"{told} after {time.time() - start:.0f} s\n")
        sys.stdout.flush()
        if code:
            return 1
    return 0


def searched(paths: Sequence[str], seed: int, workers: str) -> int:
    """Run *paths* once and return what pytest ended with, nothing run being no failure."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", workers, f"--hypothesis-seed={seed}", *paths],
        cwd=ROOT,
        check=False,
    )
    return 0 if done.returncode == _NOTHING else done.returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
