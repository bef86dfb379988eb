"""A plugin of a pytest that a test runs: its workers start warm.

PYTEST_DONT_REWRITE: it is imported before.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests import warm


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs: list[Any]) -> None:
    """Let each worker be started by the warm Python, if there is one."""
    if warm.FORKS:
        specs[:] = [type(one)(f"{one}//python={warm.python()}") for one in specs]
