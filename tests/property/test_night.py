"""The search of a night ends in time, and with what it found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.apart import PLUGINS
from tests.fuzz.places import ROOT


def searched(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.property", *arguments],
        cwd=ROOT,
        env={**os.environ, **PLUGINS},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_search_ends_when_its_time_is_over() -> None:
    done = searched("--minutes", "0.01", "-n", "0", "tests/mutants/test_mutants.py")

    last = done.stdout.splitlines()[-1]
    assert done.returncode == 0, done.stdout
    assert last.startswith("round ")
    assert ": sound after " in last


def test_what_breaks_a_law_ends_a_search(tmp_path: Path) -> None:
    path = tmp_path / "test_law.py"
    path.write_text("def test_law() -> None:\n    assert 1 + 1 == 3\n", encoding="utf-8")

    done = searched("--minutes", "1", "-n", "0", str(path))

    assert done.returncode == 1
    assert "assert (1 + 1) == 3" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("round 1, seed ")
    assert ": FAILED after " in done.stdout.splitlines()[-1]
