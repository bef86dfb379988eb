"""Recording the scenarios of this repository starts the real third parties that they talk to."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.dont_write_bytecode:
    # As in many images. Tests start hundreds of processes, and each would compile all it imports.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(Path(__file__).parent / ".bpmax/pycache")
    sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"]
    sys.dont_write_bytecode = False

pytest_plugins = ["pytester"]


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
