"""The command line, called in this process; a project to call it in; a CRM to record against."""

from __future__ import annotations

import io
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bpmax_sim.cli.app import run_command_line
from bpmax_sim.starter.demo import Crm, serve_crm, write_demo
from tests.cli.project import Command, Done, Project


@pytest.fixture(name="project")
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    write_demo(tmp_path)
    return entered(tmp_path, monkeypatch)


def entered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Make *folder* the current one, without what an environment may say to the command line."""
    monkeypatch.chdir(folder)
    for name in ("CI", "CRM_URL", "CRM_CLIENT_ID", "CRM_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    return Project(folder)


@pytest.fixture(name="bs")
def called(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setattr("sys.stdin", io.StringIO())  # no terminal, and nobody answers

    def call(*arguments: str) -> Done:
        code = run_command_line(arguments)
        return Done(code, *capsys.readouterr())

    return call


@pytest.fixture(name="crm")
def running(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crm]:
    with serve_crm() as crm:
        for name, value in crm.environment.items():
            monkeypatch.setenv(name, value)
        yield crm


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the project with its cassettes, which is only copied."""
    folder = tmp_path_factory.mktemp("recorded")
    write_demo(folder)
    with pytest.MonkeyPatch.context() as patch, serve_crm() as crm:
        entered(folder, patch)
        for name, value in crm.environment.items():
            patch.setenv(name, value)
        assert run_command_line(["record"]) == 0
    return folder


@pytest.fixture(name="recorded")
def recorded_project(recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    shutil.copytree(recording, tmp_path, dirs_exist_ok=True)
    return entered(tmp_path, monkeypatch)


@pytest.fixture
def heard() -> Iterator[None]:
    """Let a child hear SIGINT, which a shell has what it starts in the background ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
