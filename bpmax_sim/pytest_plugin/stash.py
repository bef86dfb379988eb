"""Keys of the values that hooks and fixtures store on pytest's items and configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakMethod

import pytest

from bpmax_sim.guard import NetworkGuard

CURRENT = pytest.StashKey[pytest.Item]()
"""The test that runs, for fixtures that outlive it."""

GUARD = pytest.StashKey[NetworkGuard]()
"""Whether the network is closed to a test; it is in force in its call phase."""

RUN = pytest.StashKey[Any]()
"""The `PythonTestRun` of a Python test; its class is loaded where a fixture is used."""

SESSIONS = pytest.StashKey[Any]()
"""The `Sessions` of a Python test."""

ROUTER = pytest.StashKey[Any]()
"""The router of ``bpmax_stubs`` of a test, whose class needs httpx."""

HIDING = pytest.StashKey[list[Callable[[str], str]]]()
"""What hides the secrets of a test's sessions."""

LIVING = pytest.StashKey[list[WeakMethod[Callable[[str], str]]]]()
"""What hides those of all sessions, for later tests, while anybody has the session."""

FINDER = pytest.StashKey[Any]()
"""The `ItemFinder` of a collection; its class is loaded with the first scenario."""
