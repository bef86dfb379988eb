"""What the plugin costs where it is installed and not used."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

HEAVY = ("httpx", "_quickjs", "hypothesis", "yaml", "msgspec", "jinja2", "cryptography", "vcr")
LOADED = f"""
import pytest, sys, time
before = set(sys.modules)
start = time.perf_counter()
import bpmax_sim.pytest_plugin
took = time.perf_counter() - start
print([name for name in {HEAVY!r} if name in sys.modules and name not in before])
print(took)
"""
ALLOWED = 0.010


def fresh(cache: Path) -> tuple[str, float]:
    """Return what was loaded, and the seconds; compiled code is kept, as in an installation."""
    environment = {
        name: os.environ[name] for name in os.environ if name != "PYTHONDONTWRITEBYTECODE"
    }
    result = subprocess.run(
        [sys.executable, "-c", LOADED],
        capture_output=True,
        text=True,
        check=True,
        env={**environment, "PYTHONPYCACHEPREFIX": str(cache)},
    )
    heavy, took = result.stdout.splitlines()
    return heavy, float(took)


def test_nothing_heavy_is_imported_at_start(tmp_path: Path) -> None:
    assert fresh(tmp_path)[0] == "[]"


def test_the_start_takes_at_most_ten_milliseconds(tmp_path: Path) -> None:
    deadline = time.monotonic() + 20  # the best of several, for the machine is shared
    best = min(fresh(tmp_path)[1] for _ in range(5))
    while best > ALLOWED and time.monotonic() < deadline:
        best = min(best, fresh(tmp_path)[1])

    assert best <= ALLOWED
