"""What hooks and fixtures remember of a test, in its stash."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from bpmax_sim.guard import NetworkGuard

if TYPE_CHECKING:
    from weakref import WeakMethod

    from bpmax_sim.pytest_plugin.python_tests import PythonTestRun, Sessions

CURRENT = pytest.StashKey[pytest.Item]()
"""The test that runs, for fixtures that outlive it."""

GUARD = pytest.StashKey[NetworkGuard]()
"""Whether the network is closed to a test; it is in force in its call phase."""

RUN: pytest.StashKey[PythonTestRun] = pytest.StashKey()
"""The session of a Python test, and what is left to judge about it."""

SESSIONS: pytest.StashKey[Sessions] = pytest.StashKey()
"""The sessions of a test."""

HIDING = pytest.StashKey[list[Callable[[str], str]]]()
"""What hides the secrets of a test's sessions."""

LIVING: pytest.StashKey[list[WeakMethod[Callable[[str], str]]]] = pytest.StashKey()
"""What hides those of all sessions, for later tests, while anybody has the session."""
