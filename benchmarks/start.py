"""What starting costs: the import, the command line, and pytest with the plugin unused.

Everything runs in processes of its own, with bytecode written before, and each figure is beside
the same process without us, in turns. Processor time, since others may be using the machine.

Pytest is beside itself with an empty plugin: for any ``-p`` it searches the entry points of all
distributions, as it does once in every start that loads plugins by itself.
"""

from __future__ import annotations

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


def _best(taken: Iterable[float]) -> float:
    return statistics.mean(sorted(taken)[: _ROUNDS // 3])


def measure() -> dict[str, float]:
    """Return every figure by name."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "nothing.py").touch()
        (folder / "test_nothing.py").write_text("def test_nothing():\n    pass\n", "utf-8")
        return {
            "import bpmax_sim, ms more": beside(("-c", "import bpmax_sim"), ("-c", "pass"), folder),
            "bpmax-sim --help, ms more": beside(
                ("-m", "bpmax_sim", "--help"), ("-c", "pass"), folder
            ),
            "pytest with the plugin unused, ms more": beside(
                (*_PYTEST, "-p", "bpmax_sim.pytest_plugin"), (*_PYTEST, "-p", "nothing"), folder
            ),
        }
