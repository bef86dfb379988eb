"""Profiles: what runs in CI repeats itself; `nightly` is what `python -m tests.property` runs."""

from __future__ import annotations

import os
import time

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.database import DirectoryBasedExampleDatabase

SLOW = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)

# No explain phase: it traces every line, which costs more than it tells.
settings.register_profile(
    "local",
    # Said here, as Hypothesis has other defaults where CI is set, and a night is to draw anew.
    derandomize=False,
    database=DirectoryBasedExampleDatabase(".hypothesis/examples"),
    deadline=None,
    max_examples=60,
    stateful_step_count=15,
    suppress_health_check=SLOW,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink),
)
settings.register_profile("ci", settings.get_profile("local"), derandomize=True, database=None)
settings.register_profile(
    "mutants", settings.get_profile("ci"), phases=(Phase.explicit, Phase.generate)
)
settings.register_profile(
    "nightly",
    settings.get_profile("local"),
    max_examples=240,
    stateful_step_count=50,
    print_blob=True,
)
settings.load_profile(
    os.environ.get("BPMAX_SIM_HYPOTHESIS") or ("ci" if os.environ.get("CI") else "local")
)

UNTIL = float(os.environ.get("BPMAX_SIM_UNTIL") or "inf")


def pytest_runtest_setup() -> None:
    """Skip what is due when the time of a search is over."""
    if time.time() > UNTIL:
        pytest.skip("the time of this search is over")
