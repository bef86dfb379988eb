"""``python -m tests.fuzz [TARGET…] [--seconds N] [--seed N]``: search for what fails a reader.

Coverage leads the search (atheris, the extra ``fuzz``). Each target is a process of its own, two at
a time. It ends with 1 if one fails; the input is then in ``tests/fuzz/corpus/<target>/``, where the
test suite reads it from now on. What was found on the way is kept in ``.bpmax/fuzz/``.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import redirect_stderr
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

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
    asked = parser.parse_args(arguments)
    unknown = sorted({*asked.targets} - {*NAMES})
    if unknown:
        parser.error(f"there is no target {unknown[0]!r}; there are {', '.join(NAMES)}")
    if find_spec("atheris") is None:
        parser.error("atheris is not installed; pip install 'bpmax-sim[fuzz]' (Linux, up to 3.13)")
    names = asked.targets or NAMES
    return search_all(names, prepared(names), options(asked.seconds, asked.seed))


def prepared(names: Iterable[str]) -> ModuleType:
    """Return the targets with what they call, instrumented and imported.

    This takes longer than a short search, so that it is done once, for all.
    """
    import atheris  # noqa: PLC0415 - an extra

    packages = ["bpmax_sim", "jsonpath", "tests.fuzz.targets"]
    with redirect_stderr(io.StringIO()), atheris.instrument_imports(include=packages):
        targets = import_module("tests.fuzz.targets")
        for name in names:
            for data in targets.samples(name):
                targets.TARGETS[name](data)  # and whatever is imported on first use
    return targets


def search_all(names: Sequence[str], targets: ModuleType, options: Sequence[str]) -> int:
    """Search in forks of this process, since libFuzzer ends its own; return 1 if one failed."""
    waiting, running, failed = list(reversed(names)), dict[int, tuple[str, float]](), 0
    while waiting or running:
        if waiting and len(running) < WORKERS:
            name = waiting.pop()
            pid = os.fork()
            if not pid:
                search(name, targets, options)
                return 0
            running[pid] = name, time.monotonic()
            continue
        pid, status = os.wait()
        name, start = running.pop(pid)
        printed = printed_by(name).read_text("utf-8", "replace")
        tell(name, printed, time.monotonic() - start, failed=bool(status))
        failed |= bool(status)
    return failed


def tell(name: str, printed: str, seconds: float, *, failed: bool) -> None:
    """Print what came of a target: its last line of libFuzzer's, or all that it said last."""
    last = [line for line in printed.splitlines() if _STEP.match(line)][-1:]
    word = "FAILED" if failed else "sound"
    sys.stdout.write(f"{word:<7}{seconds:5.0f} s  {name}: {' '.join(last)}\n")
    if failed:
        sys.stdout.write(f"{printed[-4500:]}\n")
    sys.stdout.flush()


def printed_by(name: str) -> Path:
    """Return where a search leaves what it prints."""
    return FOUND / f"{name}.txt"


def search(name: str, targets: ModuleType, options: Sequence[str]) -> None:
    """Search in this process, which libFuzzer ends when the time is over.

    Raises:
        Exception: whatever the target fails with; libFuzzer writes the input when the process ends.
    """
    import atheris  # noqa: PLC0415 - an extra

    crashes, found = CORPUS / name, FOUND / name
    for folder in (crashes, found):
        folder.mkdir(parents=True, exist_ok=True)
    with printed_by(name).open("wb") as sink:
        for stream in (1, 2):
            os.dup2(sink.fileno(), stream)
    for number, data in enumerate(targets.samples(name)):
        (found / f"sample-{number}").write_bytes(data)
    prefix = f"-artifact_prefix={crashes}{Path('/')}"
    atheris.Setup([sys.argv[0], *options, prefix, str(found)], targets.TARGETS[name])
    atheris.Fuzz()


def options(seconds: int, seed: int) -> list[str]:
    """Return what libFuzzer is told for any target."""
    return [
        f"-max_total_time={seconds}",
        f"-seed={seed}",
        f"-max_len={_MOST_BYTES}",
        f"-timeout={_SLOWEST}",
        f"-rss_limit_mb={_MEGABYTES}",
        "-print_final_stats=1",
    ]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
