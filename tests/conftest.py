"""Profiles: `day` repeats itself, `fresh` does not, `whole` and `nightly` are for a night."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase

from bpmax_sim.i18n import choose_language
from bpmax_sim.pytest_plugin import items as plugin_items
from bpmax_sim.pytest_plugin import python_tests, summary
from bpmax_sim.scenario.shared_names import forget_searched_folders
from tests import warm
from tests.examples import EVERY_NIGHT
from tests.night import explain_night

PRELOADED = (plugin_items, python_tests, summary)
"""A pytest in this process forgets what it was the first to import; others have it twice then."""

collect_ignore = ["data", "challenge/cases"]
"""Scenarios of campaigns, whose third parties do not run here."""

SLOW = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)

# No explain phase: it traces every line, which costs more than it tells.
settings.register_profile(
    "day",
    # What one machine tries, all try: a law that is red is red for everybody, until it is mended.
    derandomize=True,
    database=None,
    deadline=None,
    # After its first ten Hypothesis tries five variations of each example that it draws, which hold
    # hardly a new one. A night draws 60.
    max_examples=10,
    stateful_step_count=15,
    suppress_health_check=SLOW,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink),
)
settings.register_profile("whole", settings.get_profile("day"), max_examples=EVERY_NIGHT)
settings.register_profile("fresh", settings.get_profile("day"), derandomize=False, print_blob=True)
settings.register_profile(
    "mutants",
    settings.get_profile("day"),
    max_examples=24,
    phases=(Phase.explicit, Phase.generate),
)
settings.register_profile(
    "nightly",
    settings.get_profile("day"),
    derandomize=False,
    database=DirectoryBasedExampleDatabase(".hypothesis/examples"),
    max_examples=240,
    stateful_step_count=50,
    print_blob=True,
)
# Recording is refused where CI is set: tests say themselves when it is, so that they mean the same
# on everybody's machine.
os.environ.pop("CI", None)

PROFILE = os.environ.get("BPMAX_SIM_HYPOTHESIS") or "day"
settings.load_profile(PROFILE)

UNTIL = float(os.environ.get("BPMAX_SIM_UNTIL") or "inf")


@pytest.hookimpl(tryfirst=True)  # before the plugin of Hypothesis reads its seed
def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks of what is for the night, and hold the rest to its time."""
    # `bpmax-sim fuzz` draws other examples each time, whatever the profile says: by day the same
    # ones for everybody, as the laws do.
    if settings().derandomize and config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = "20"
    config.addinivalue_line("markers", "night(why): runs with .ci/nightly, or with `-m night`")
    config.addinivalue_line("markers", "long(why): may take more than a test may by day")
    # Where no Python can be forked, whoever starts one pays for its imports.
    if PROFILE == "day" and warm.FORKS and not sys.gettrace():
        config.pluginmanager.import_plugin("tests.budget")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Start one Python that is forked for all workers, where all tests run."""
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        warm.folder()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what is for the night to it."""
    numbers: Counter[str] = Counter()
    for item in items:
        function = item.nodeid.partition("[")[0]
        if why := explain_night(item.nodeid, numbers[function]):
            item.add_marker(pytest.mark.night(why))
        numbers[function] += 1
    if PROFILE in {"whole", "nightly", "mutants"} or "night" in config.getoption("markexpr"):
        return
    by_day, late = list[pytest.Item](), list[pytest.Item]()
    for item in items:
        (late if item.get_closest_marker("night") else by_day).append(item)
    if late:
        config.hook.pytest_deselected(items=late)
        items[:] = by_day


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish() -> None:
    """Have Hypothesis register its random before what holds it is frozen.

    Version 6.130, our oldest, has the garbage collector look for that, and warns if it sees none.
    """
    find(st.none(), lambda _: True)


def pytest_sessionfinish() -> None:
    """Write what coverage has counted: xdist kills a worker that takes ten seconds to end."""
    coverage = sys.modules.get("coverage")
    if coverage is not None and (measured := coverage.Coverage.current()) is not None:
        measured.save()


def pytest_unconfigure() -> None:
    """End the process that tests have forked."""
    warm.stop()


def pytest_runtest_setup() -> None:
    """Begin in English, whoever ran before; skip what is due when the time of a search is over.

    Before 9.0 pytest gives the folder of a test that passed to the next one of its name.
    """
    choose_language("en")
    forget_searched_folders()
    if time.time() > UNTIL:
        pytest.skip("the time of this search is over")
