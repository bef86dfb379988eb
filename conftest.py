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
    from tests.file_scheduling import FileScheduling  # noqa: PLC0415 - where xdist is installed

    config.option.loadscopereorder = False  # by the number of tests, which says nothing of time
    return FileScheduling(config, log)


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
