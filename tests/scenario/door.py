"""`bpmax-sim run` in this process, on one scenario with the files beside it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from bpmax_sim.cli.app import run_command_line
from tests.scenario.project import INSTANCES, PLATFORM

PROXY = """\
proxy:
  platforms: platforms
  instances: instances.yaml
  stubs: [{on: crm_system.get_customer_detail, body: {code: 200, data: {name: 张三}}}]
"""
STUBS = PROXY.splitlines()[-1]


@dataclass(frozen=True)
class Ended:
    """How the command ended, and what it printed."""

    code: int
    text: str

    @property
    def headlines(self) -> list[str]:
        """Return the first line of each failure."""
        return [line for line in self.text.splitlines() if line.startswith("step ")]


@dataclass(frozen=True)
class Door:
    """A folder in which scenarios are written and run."""

    folder: Path

    def run(self, text: str, files: Mapping[str, str] | None = None, *arguments: str) -> Ended:
        """Write a scenario and its files, and run it."""
        return self.call("run", text, files, *arguments)

    def call(
        self, command: str, text: str, files: Mapping[str, str] | None = None, *arguments: str
    ) -> Ended:
        """Write a scenario and its files, and call *command* with it."""
        for name, content in {
            "platforms/crm.yaml": PLATFORM,
            "instances.yaml": INSTANCES,
            **(files or {}),
        }.items():
            (self.folder / name).parent.mkdir(exist_ok=True)
            (self.folder / name).write_text(content, encoding="utf-8")
        if not any("$proxy" in part for part in (text, *(files or {}).values())):
            text = text.replace(STUBS, "  unused: fail")  # nothing calls what it answers
        path = self.folder / "场景.scenario.yaml"
        path.write_text(text, encoding="utf-8")
        printed = StringIO()
        with chdir(self.folder), redirect_stdout(printed), redirect_stderr(printed):
            code = run_command_line((command, str(path), *arguments))
        return Ended(code, printed.getvalue())


def steps(*lines: str) -> str:
    """Return the steps of a scenario, each on a line of its own."""
    return "steps:\n" + "".join(f"  - {line}\n" for line in lines)
