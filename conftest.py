"""Recording the scenarios of this repository starts the real third parties that they talk to."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

if sys.dont_write_bytecode:
    # As in many images. Tests start hundreds of processes, and each would compile all it imports.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(Path(__file__).parent / ".bpmax/pycache")
    sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"]
    sys.dont_write_bytecode = False

gc.disable()  # what is imported and collected stays: nothing of it is garbage

pytest_plugins = ["pytester"]


def pytest_collection_finish() -> None:
    """Keep what was collected out of the search for garbage.

    Each pytest that a test runs inside this one searches five times when it ends. A search that
    comes by itself is rarer than usual: what a test leaves is little, and most goes without one.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Give the tests of a file to one worker, or each would start the servers that they share."""
    if config.getoption("dist") != "load":
        return None
    from xdist.scheduler import LoadFileScheduling  # noqa: PLC0415 - where it is installed

    config.option.loadscopereorder = False  # by the number of tests, which says nothing of time
    return LoadFileScheduling(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Rewrite the assertions of tests that have never run, or each worker would at the same time.

    What was changed since is left to the workers.
    """
    # Nothing that is public keeps what was rewritten without importing it as well.
    from _pytest.assertion.rewrite import (  # noqa: PLC0415 - only for workers
        PYC_TAIL,
        _rewrite_test,
        _write_pyc,
        assertstate_key,
        get_cache_dir,
        try_makedirs,
    )

    state = config.stash[assertstate_key]
    for place in {config.rootpath / arg.partition("::")[0] for arg in config.args}:
        for path in place.rglob("test_*.py") if place.is_dir() else ():
            kept = get_cache_dir(path) / f"{path.stem}{PYC_TAIL}"
            if not kept.exists() and try_makedirs(kept.parent):
                source, code = _rewrite_test(path, config)
                _write_pyc(state, code, source, kept)


@pytest.fixture(scope="session", autouse=True)
def third_parties(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run the third parties while scenarios are recorded, with their environment exported."""
    if request.config.getoption("bpmax_mode") != "record":
        yield
        return
    from tests.third_parties.together import together  # noqa: PLC0415 - only to record

    with together() as environment:
        os.environ.update(environment)
        yield
        for name in environment:
            del os.environ[name]
