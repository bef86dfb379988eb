"""``python -m benchmarks.beside [REF] [NAME…]``: what costs more than at *REF*, the commit before.

Both commits run the same benchmarks in turns: before, now, now, before. They are this one's, if
*REF* knows what they import, else each its own. Two runs of one commit differ by the machine alone,
and that is the noise. A figure is worse if every run of now costs more than every run of before,
and the median by more than the least change that is told: equal commits do so once in some thousand
figures. Ratios that are no costs, and what *REF* has not, are left out. It ends with 1 if a figure
is worse, and says which and by how much.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_ROOT = Path(__file__).parents[1]
_NAMES = ("calls", "platforms", "scripts", "signing")
_ROUNDS = 3
_LEAST_CHANGE = 0.05
_COSTS = (", ms", ", µs", " floor")
_MEASURE = """
import importlib, json, sys
print(json.dumps({n: importlib.import_module("benchmarks." + n).measure() for n in sys.argv[1:]}))
"""
Figures = Mapping[str, float]


class Comparison(NamedTuple):
    """What one figure cost at both commits, in each run."""

    what: str
    before: Sequence[float]
    now: Sequence[float]

    @property
    def change(self) -> float:
        """Return by what part of it the median has grown."""
        return statistics.median(self.now) / statistics.median(self.before) - 1

    @property
    def noise(self) -> float:
        """Return by what part runs of one commit differ, the middle half of them."""
        return max(_spread(self.before), _spread(self.now))

    @property
    def is_worse(self) -> bool:
        """Return whether it costs more now, and not by the machine alone."""
        return min(self.now) > max(self.before) and self.change > _LEAST_CHANGE

    def __str__(self) -> str:
        before, now = statistics.median(self.before), statistics.median(self.now)
        line = f"{self.what:64} {before:10.3f} {now:10.3f} {self.change:+7.1%}"
        return f"{line} (noise {self.noise:.1%}){' WORSE' if self.is_worse else ''}"


def _spread(values: Sequence[float]) -> float:
    first, middle, third = statistics.quantiles(values, n=4, method="inclusive")
    return (third - first) / middle


def compare_figures(before: Sequence[Figures], now: Sequence[Figures]) -> Iterator[Comparison]:
    """Yield each cost that every run of both commits measured.

    >>> base = [{"a, ms": 1.0}, {"a, ms": 1.2}]
    >>> [one.is_worse for one in compare_figures(base, [{"a, ms": 1.1}, {"a, ms": 1.4}])]
    [False]
    >>> [one.is_worse for one in compare_figures(base, [{"a, ms": 1.3}, {"a, ms": 1.4}])]
    [True]
    """
    every = [*before, *now]
    for what in every[0]:
        if what.endswith(_COSTS) and all(figures.get(what, 0) > 0 for figures in every):
            yield Comparison(what, [one[what] for one in before], [one[what] for one in now])


def measure_at(package: Path, names: Sequence[str]) -> Figures:
    """Return the figures of *names*, measured in *package*'s tree by this commit's benchmarks.

    Where that tree calls what they import by other names, its own benchmarks measure it. A figure
    that neither could measure is left out.
    """
    found: dict[str, float] = {}
    for name in names:
        for benchmarks in dict.fromkeys([_ROOT / "benchmarks", package / "benchmarks"]):
            run = _run_benchmark(name, package, benchmarks)
            if not run.returncode:
                break
        else:
            print(f"{name} cannot be measured in {package.name}", file=sys.stderr)
            print(run.stderr.splitlines()[-1:], file=sys.stderr)
            continue
        for figures in json.loads(run.stdout).values():
            found |= {f"{name}: {what}": value for what, value in figures.items()}
    return found


def _run_benchmark(name: str, package: Path, benchmarks: Path) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "benchmarks").symlink_to(benchmarks)
        environ = {**os.environ, "PYTHONPATH": f"{package}{os.pathsep}{folder}"}
        environ["PYTHONPYCACHEPREFIX"] = str(Path(folder) / "code")
        command = [sys.executable, "-c", _MEASURE, name]
        return subprocess.run(
            command, cwd=folder, env=environ, capture_output=True, text=True, check=False
        )


def main() -> int:
    """Compare, print each figure, and return 1 if one is worse."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.beside", description=__doc__)
    parser.add_argument("ref", nargs="?", default="HEAD~1", metavar="REF")
    parser.add_argument("names", nargs="*", metavar="NAME", default=_NAMES)
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        before = Path(name) / "before"
        git = ("git", "-C", str(_ROOT))
        add = [*git, "worktree", "add", "--quiet", "--detach", str(before), options.ref]
        subprocess.run(add, check=True)
        try:
            runs: dict[Path, list[Figures]] = {before: [], _ROOT: []}
            for _ in range(options.rounds):
                for tree in (before, _ROOT, _ROOT, before):
                    runs[tree].append(measure_at(tree, options.names))
        finally:
            subprocess.run([*git, "worktree", "remove", "--force", str(before)], check=True)
    compared = list(compare_figures(runs[before], runs[_ROOT]))
    print(*compared, sep="\n")
    if not compared:
        print("nothing could be compared")
        return 1
    return 1 if any(figure.is_worse for figure in compared) else 0


if __name__ == "__main__":
    sys.exit(main())
