"""What loading twenty platform files costs: from new files, and again in the same process."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import bpmax_sim.starter
from bpmax_sim.platform.load import load_platforms

_COUNT, _ROUNDS = 20, 9
_FILES = Path(bpmax_sim.starter.__file__).parent / "demo_files/scenarios"


def folder(parent: Path) -> Path:
    """Write the demonstration's CRM twenty times, each under a key of its own."""
    platforms = parent / "platforms"
    platforms.mkdir(parents=True)
    text = (_FILES / "platforms/crm_system.yaml").read_text("utf-8")
    for number in range(_COUNT):
        own = text.replace("crm_system", f"crm_{number}")
        (platforms / f"crm_{number}.yaml").write_text(own, "utf-8")
    return platforms


def seconds(platforms: Path) -> float:
    """Return the processor time of loading *platforms*."""
    begun = time.process_time()
    load_platforms(platforms)
    return time.process_time() - begun


def _seconds_to_ask(files: Sequence[str]) -> float:
    """Return the processor time of asking whether *files* have changed."""
    begun = time.process_time()
    for _ in range(20):
        for file in files:
            os.stat(file)  # noqa: PTH116 - nothing but the call
    return (time.process_time() - begun) / 20


def measure() -> dict[str, float]:
    """Return every figure by name; each cold load reads files that were never read before."""
    with tempfile.TemporaryDirectory() as name:
        fresh = [folder(Path(name, str(number))) for number in range(_ROUNDS + 1)]
        cold = [seconds(one) for one in fresh][1:]
        files = [str(path) for path in fresh[0].iterdir()]
        cached, asked = [], []
        for _ in range(15):
            cached.append(sum(seconds(fresh[0]) for _ in range(20)) / 20)
            asked.append(_seconds_to_ask(files))
    return {
        "a platform file, cold, ms": statistics.median(cold) / _COUNT * 1e3,
        f"{_COUNT} platform files, cached, all, ms": statistics.median(cached) * 1e3,
        f"{_COUNT} platform files, cached, times asking the disk": (
            statistics.median(cached) / statistics.median(asked)
        ),
    }
