"""What starting costs: the import, the command line, and pytest with the plugin unused.

Everything runs in processes of its own, with bytecode written before, and each figure is beside
the same process without us, in turns. Processor time, since others may be using the machine.

Pytest is beside itself with an empty plugin: for any ``-p`` it searches the entry points of all
distributions, as it does once in every start that loads plugins by itself. The difference of two
such times is a twentieth of each, and on a busy machine it is chance; so the calls of functions of
both are counted, too.
"""

from __future__ import annotations

import marshal
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

_ROUNDS = 21
_ROOT = Path(__file__).parents[1]
_PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")


def spent(arguments: Sequence[str], folder: Path) -> float:
    """Return the milliseconds of processor time that ``python`` takes with *arguments*."""
    environ = {**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONPYCACHEPREFIX": str(folder / "code")}
    environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # others may import what we would have to
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, *arguments]
    subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return float(taken) * 1e3


def beside(ours: Sequence[str], bare: Sequence[str], folder: Path) -> float:
    """Return how many milliseconds *ours* takes longer than *bare*, by the best third of each."""
    runs = [(spent(ours, folder), spent(bare, folder)) for _ in range(_ROUNDS + 1)]
    kept = runs[1:]  # the first writes the bytecode
    return _best(own for own, _ in kept) - _best(other for _, other in kept)


def count_calls(arguments: Sequence[str], folder: Path) -> int:
    """Return how many calls of functions ``python`` makes with *arguments*, imports included."""
    told = folder / "calls"
    for _ in range(2):  # the first writes the bytecode
        spent(("-m", "cProfile", "-o", str(told), *arguments), folder)
    functions = marshal.loads(told.read_bytes())  # of each: primitive calls, all calls, times
    return sum(calls for _, calls, *_ in functions.values())


def _best(taken: Iterable[float]) -> float:
    return statistics.mean(sorted(taken)[: _ROUNDS // 3])


def measure() -> dict[str, float]:
    """Return every figure by name."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        unused, alone = (
            (*_PYTEST, "-p", plugin) for plugin in ("bpmax_sim.pytest_plugin", "nothing")
        )
        (folder / "nothing.py").touch()
        (folder / "test_nothing.py").write_text("def test_nothing():\n    pass\n", "utf-8")
        return {
            "import bpmax_sim, ms more": beside(("-c", "import bpmax_sim"), ("-c", "pass"), folder),
            "bpmax-sim --help, ms more": beside(
                ("-m", "bpmax_sim", "--help"), ("-c", "pass"), folder
            ),
            "pytest with the plugin unused, ms more": beside(unused, alone, folder),
            "pytest with the plugin unused, in calls, times pytest alone": (
                count_calls(unused, folder) / count_calls(alone, folder)
            ),
        }
