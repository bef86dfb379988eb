"""Recording the scenarios of this repository starts the real third parties that they talk to."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

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
