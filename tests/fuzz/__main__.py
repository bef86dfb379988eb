"""``python -m tests.fuzz [TARGET…] [--seconds N] [--seed N]``: search for what fails a reader.

Coverage leads the search (atheris, the extra ``fuzz``). Each target is a process of its own, two at
a time. It ends with 1 if one fails; the input is then in ``tests/fuzz/corpus/<target>/``, where the
test suite reads it from now on. What was found on the way is kept in ``.bpmax/fuzz/``.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz.places import CORPUS, NAMES, ROOT

WORKERS = 2
FOUND = ROOT / ".bpmax/fuzz"
_STEP = re.compile(r"#\d+\s")
_MOST_BYTES = 16384
_SLOWEST = 20
_MEGABYTES = 2048


def main(arguments: Sequence[str]) -> int:
    """Search in every target that is named, or in all."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(NAMES))
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: 60)")
    parser.add_argument("--seed", type=int, default=0, help="repeats a search (default: chance)")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    unknown = sorted({*asked.targets} - {*NAMES})
    if unknown:
        parser.error(f"there is no target {unknown[0]!r}; there are {', '.join(NAMES)}")
    if find_spec("atheris") is None:
        parser.error("atheris is not installed; pip install 'bpmax-sim[fuzz]' (Linux, up to 3.13)")
    if asked.alone:
        return search(asked.targets[0], asked.seconds, asked.seed)
    with ThreadPoolExecutor(WORKERS) as pool:
        wanted = asked.targets or NAMES
        return max(pool.map(lambda name: started(name, asked.seconds, asked.seed), wanted))


def started(name: str, seconds: int, seed: int) -> int:
    """Search in a process of its own, since libFuzzer ends the process; return 1 if it failed."""
    start = time.monotonic()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.fuzz",
            name,
            "--seconds",
            str(seconds),
            "--seed",
            str(seed),
            "--alone",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    told = [line for line in done.stderr.splitlines() if _STEP.match(line)][-1:]
    word = "FAILED" if done.returncode else "sound"
    sys.stdout.write(f"{word:<7}{time.monotonic() - start:5.0f} s  {name}: {' '.join(told)}\n")
    if done.returncode:
        sys.stdout.write(f"{done.stdout[-3000:]}\n{done.stderr[-1500:]}\n")
    sys.stdout.flush()
    return int(done.returncode != 0)


def search(name: str, seconds: int, seed: int) -> int:
    """Search in this process until *seconds* are over or the target fails."""
    import atheris  # noqa: PLC0415 - an extra, and only for the process that searches

    with atheris.instrument_imports(include=["bpmax_sim", "jsonpath", "tests.fuzz.targets"]):
        targets = import_module("tests.fuzz.targets")
        for data in targets.samples(name):
            targets.TARGETS[name](data)  # and whatever is imported on first use
    folder = FOUND / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(targets.samples(name)):
        (folder / f"sample-{number}").write_bytes(data)
    atheris.Setup([sys.argv[0], *options(name, seconds, seed), str(folder)], targets.TARGETS[name])
    atheris.Fuzz()
    return 0


def options(name: str, seconds: int, seed: int) -> list[str]:
    """Return what libFuzzer is told."""
    crashes = CORPUS / name
    crashes.mkdir(parents=True, exist_ok=True)
    return [
        f"-max_total_time={seconds}",
        f"-seed={seed}",
        f"-max_len={_MOST_BYTES}",
        f"-timeout={_SLOWEST}",
        f"-rss_limit_mb={_MEGABYTES}",
        f"-artifact_prefix={crashes}{Path('/')}",
        "-print_final_stats=1",
    ]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
