from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from bpmax_sim.cli.app import run_command_line
from tests.team.project import Crm, TeamProject, make_project, serve_crm


class Done(NamedTuple):
    code: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture(name="bs")
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setattr("sys.stdin", io.StringIO())  # no terminal, and nobody answers

    def call(*arguments: str) -> Done:
        capsys.readouterr()
        code = run_command_line(arguments)
        return Done(code, *capsys.readouterr())

    return call


@pytest.fixture
def crm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crm]:
    with serve_crm() as running:
        monkeypatch.setenv("CRM_URL", running.url)
        monkeypatch.setenv("CRM_USER", "zhang.wei")
        monkeypatch.setenv("CRM_PASSWORD", "kR7-vT2-qW9")
        monkeypatch.delenv("CI", raising=False)
        yield running


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TeamProject:
    monkeypatch.chdir(tmp_path)
    return make_project(tmp_path)
