"""A small recorded project whose folder, files, scenarios and tests have Chinese names."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Final

from bpmax_sim.starter.demo import serve_crm
from tests.plugin.project import record

NAME: Final = "合同 审批"
PASSED: Final = 8
_FORGOTTEN = ("CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "PYTEST_ADDOPTS", "PYTHONPATH")
_INI = """\
[pytest]
addopts = --strict-markers --strict-config
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""
_CONFTEST = """\
import pytest

@pytest.fixture(autouse=True, scope="module")
def 每个文件(request):
    print("module", request.module.__name__)

@pytest.fixture(autouse=True)
def 每个场景(request):
    print("item", request.node.name)

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""
_TESTS = """\
import asyncio
import pytest

@pytest.mark.asyncio
async def test_异步():
    await asyncio.sleep(0)

@pytest.mark.anyio
async def test_任一():
    await asyncio.sleep(0)

@pytest.mark.vcr
def test_录像(vcr):
    assert vcr.play_count == 0

@pytest.mark.asyncio
async def test_异步会话(bpmax_session):
    assert bpmax_session.mode == "replay"

@pytest.mark.anyio
async def test_任一会话(bpmax_session):
    assert bpmax_session.mode == "replay"

@pytest.mark.timeout(60)
def test_时钟(bpmax_clock):
    before = bpmax_clock.now()
    bpmax_clock.advance("10m")
    assert bpmax_clock.now() == before + 600
"""


def write(root: Path) -> None:
    """Write the project into *root*, recorded from the demonstration's CRM."""
    with serve_crm() as crm:
        record(root, crm)
    (root / "tests").mkdir()
    for name, text in {
        "pytest.ini": _INI,
        "conftest.py": _CONFTEST,
        "tests/test_别的.py": _TESTS,
    }.items():
        (root / name).write_text(text, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left: its exit code and what it printed."""

    code: int
    raw: bytes

    @property
    def text(self) -> str:
        return self.raw.decode("utf-8", "backslashreplace")

    @property
    def last(self) -> str:
        """Return pytest's last line, without its rulers and the time that it took."""
        line = self.text.rstrip().splitlines()[-1].strip("= ")
        return line.partition(" in ")[0]


@dataclass(frozen=True, slots=True)
class Place:
    """A copy of the project, and the Python that runs pytest in it."""

    root: Path
    python: Path
    version: str
    said: list[Done] = field(default_factory=list)

    def pytest(self, *arguments: str, **environ: str) -> Done:
        """Run pytest with *arguments*."""
        return self.run(str(self.python), "-m", "pytest", *arguments, environ=environ)

    def run(self, *command: str, environ: Mapping[str, str] | None = None) -> Done:
        """Run *command* as somebody would who has this environment active."""
        kept = {name: value for name, value in os.environ.items() if name not in _FORGOTTEN}
        path = f"{self.python.parent}{os.pathsep}{kept.get('PATH', '')}"
        done = subprocess.run(
            command,
            cwd=self.root,
            env={**kept, "PATH": path, "PYTHONUTF8": "1", **(environ or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
        )
        self.said.append(Done(done.returncode, done.stdout))
        return self.said[-1]

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Change every *old* in a file, of which there is at least one."""
        text = (self.root / name).read_text(encoding="utf-8")
        assert old in text
        (self.root / name).write_text(text.replace(old, new), encoding="utf-8")
