from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.guard.somebody import listening


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    with listening() as port:
        yield port
