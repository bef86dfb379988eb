"""``python -m tests.matrix [VERSION…]``: the trials under pytest 8.4, 9.1 and 9.2 from PyPI.

``oldest`` is pytest 8.4 beside the oldest version of each run-time dependency.

Each version has an environment of its own with every plugin in it, in a temporary folder. It ends
with 1 if a trial fails, with 2 if an environment cannot be made.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.left_out import report_left_out
from tests.matrix.environments import ALL, BuildError, environment, pytest_of, wheel
from tests.matrix.project import NAME, Place, write
from tests.matrix.trials import TRIALS, NotHereError

WORKERS = 2
FAILED, UNUSABLE = 1, 2
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one trial."""

    version: str
    trial: str
    seconds: float
    wrong: str = ""
    missing: str = ""

    def __str__(self) -> str:
        word = "FAILED" if self.wrong else "not here" if self.missing else "ok"
        told = f"pytest {self.version:<6}  {word:<9}{self.seconds:5.1f} s  {self.trial}"
        more = self.wrong or self.missing
        return f"{told}: {more}" if more else told


def judge(trial: Callable[[Place], None], project: Path, python: Path, version: str) -> Verdict:
    """Return what *trial* says in a copy of *project*."""
    start, name = time.monotonic(), trial.__name__.replace("_", " ")
    wrong = missing = ""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, NAME)
        shutil.copytree(project, root)
        place = Place(root, python, pytest_of(version))
        try:
            trial(place)
        except NotHereError as error:
            missing = str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the trial did not hold
            wrong = told(error, place)
    return Verdict(version, name, time.monotonic() - start, wrong, missing)


def told(error: Exception, place: Place) -> str:
    """Return what did not hold, in which line, and the end of what pytest printed last."""
    line = traceback.extract_tb(error.__traceback__)[-1]
    last = place.said[-1].text.splitlines()[-_SHOWN:] if place.said else []
    where = f"{Path(line.filename).name}:{line.lineno}: {line.line}"
    return "\n  | ".join([f"{type(error).__name__}: {error}", where, *last])


def verdicts(versions: Sequence[str], folder: Path) -> Iterator[Verdict]:
    """Yield what every trial says under every version.

    Raises:
        BuildError: an environment cannot be made.
    """
    built, project = wheel(folder), folder / NAME
    write(project)
    with ThreadPoolExecutor(WORKERS) as pool:
        pythons = pool.map(lambda one: environment(folder / one, built, one), versions)
        waiting = [
            pool.submit(judge, trial, project, python, version)
            for version, python in zip(versions, pythons, strict=True)
            for trial in TRIALS
        ]
        for one in waiting:
            yield one.result()


def main(versions: Sequence[str]) -> int:
    """Try *versions*, or all."""
    start, failed = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder:
        try:
            for verdict in verdicts(versions or ALL, Path(folder)):
                failed += bool(verdict.wrong)
                if verdict.missing:
                    report_left_out(f"{verdict.version}, {verdict.trial}: {verdict.missing}")
                sys.stdout.write(f"{verdict}\n")
                sys.stdout.flush()
        except BuildError as error:
            sys.stderr.write(f"{error}\n")
            return UNUSABLE
    sys.stdout.write(f"{failed} failed, in {time.monotonic() - start:.0f} s\n")
    return FAILED if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
