"""A project with one scenario of two rows, recorded from the demonstration's CRM."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from bpmax_sim.pytest_plugin import items as items_module
from bpmax_sim.pytest_plugin import python_tests, summary
from bpmax_sim.starter.demo import Crm, serve_crm
from tests.plugin.project import Project, record

LOADED = (items_module, python_tests, summary)
"""Loaded once, or each pytest inside this one would load them anew."""


@pytest.fixture(name="crm", scope="session")
def running() -> Iterator[Crm]:
    with serve_crm() as crm:
        yield crm


@pytest.fixture(scope="session")
def recorded(crm: Crm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the scenario and its cassettes."""
    root = tmp_path_factory.mktemp("recorded")
    record(root, crm)
    return root


@pytest.fixture
def project(pytester: pytest.Pytester, recorded: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a copy of the recorded project, to run pytest in; CI is not set for it."""
    shutil.copytree(recorded, pytester.path, dirs_exist_ok=True)
    for name in ("CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    without = "-p no:randomly -p no:inline_snapshot"
    pytester.makeini(f"[pytest]\naddopts = --strict-markers {without}\nfilterwarnings = error")
    return Project(pytester, monkeypatch)


@pytest.fixture
def live(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """Export what recording needs of the running CRM."""
    for name, value in crm.environment.items():
        monkeypatch.setenv(name, value)
    return crm.environment
