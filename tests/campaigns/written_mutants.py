"""``python -m tests.campaigns.written_mutants FILE… [--minutes N]``: do tests notice bugs?

A reader who has seen the package but not its tests writes small bugs, as a colleague makes them:
each FILE is a JSON list of ``{"id", "file", "old", "new", "why"}``, where the text ``old`` occurs
once in ``file`` and ``why`` says what a user would see. Each is tried by tests that reach its line,
of all folders, as a change by an operator is (`tests.campaigns.mutant_trials`); which those are is
measured once for a state of the sources.

It ends with 1 where fewer than `ENOUGH` of a hundred died, and with 2 where a row fits no place of
the package or the tests cannot be run.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

from tests.campaigns.mutant_trials import judge
from tests.mutants.tree import ROOT

ENOUGH = 95
TESTS = (ROOT / "tests",)


@dataclass(frozen=True, slots=True)
class WrittenMutant:
    """The text *new* in place of *old* in *module*, a path below the tree."""

    name: str
    module: str
    old: str
    new: str
    why: str

    @property
    def line(self) -> int:
        """Return the number of the first line that differs, from 1."""
        lines = zip(self._sound().splitlines(), self.code().splitlines(), strict=False)
        return next((n for n, (old, new) in enumerate(lines, 1) if old != new), 1)

    @property
    def package(self) -> str:
        return self.module.split("/")[1]

    def code(self) -> str:
        """Return the module's text with this change in it."""
        return self._sound().replace(self.old, self.new)

    def keys(self) -> tuple[str, str]:
        """Return what is printed where it is not killed."""
        return f"{self.name}: {self.why}", ""

    def fits(self) -> bool:
        """Return whether there is one place for it."""
        return (ROOT / self.module).is_file() and self._sound().count(self.old) == 1

    def _sound(self) -> str:
        return (ROOT / self.module).read_text(encoding="utf-8")


def read_rows(path: Path) -> list[WrittenMutant]:
    """Return the rows of a reader's file."""
    return [
        WrittenMutant(row["id"], row["file"], row["old"], row["new"], row.get("why", ""))
        for row in json.loads(path.read_text(encoding="utf-8"))
    ]


def main(arguments: Sequence[str]) -> int:
    """Try the rows, print what survived and the table by package."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.written_mutants")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--minutes", type=float, default=inf, metavar="N", help="of all trials")
    asked = parser.parse_args(arguments)
    rows = [row for path in asked.files for row in read_rows(path)]
    if strays := [row.name for row in rows if not row.fits()]:
        parser.error(f"fit no place, or more than one: {', '.join(strays)}")
    return judge(rows, TESTS, enough=ENOUGH, minutes=asked.minutes)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
