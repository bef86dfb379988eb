"""What a test of the plugin runs pytest in: files before, command, outcome and files after."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from bpmax_sim import pytest_plugin
from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import open_session, run_item
from bpmax_sim.starter.demo import Crm
from tests import warm
from tests.apart import PLUGINS
from tests.warm import workers

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "bpmax_sim/starter/demo_files/scenarios"
SCENARIO = """\
version: 1
scenario: 选择客户
tags: [crm, 冒烟]
form:
  scripts: {change.customerId: scripts/customer.js}
  fields: {customerId: null}
proxy: {platforms: platforms/, cassette: crm/选择客户}
vars: {title: 客户名称}
clock: "2026-03-02T09:00:00+08:00"
cases:
  - {id: 贵宾, number: "12345", name: 张三}
  - {id: 普通, number: "12346", name: 李四}
steps:
  - name: 打开
    open: {}
  - name: 选择 ${case.number}
    set: {customerId: "${case.number}"}
    expect:
      console: ["${vars.title}: ${case.name}", {$contains: 联系电话}]
      proxy:
        - {call: crm_system.get_customer_detail, path: {id: "${case.number}"}, status: 200}
"""
OURS = (pytest_plugin, workers)
FILE = "scenarios/选择客户.scenario.yaml"


def record(root: Path, crm: Crm) -> None:
    """Write the scenario and its cassettes, recorded from *crm*, into *root*."""
    shutil.copytree(DEMO, root / "scenarios")
    (root / "scenarios/customer.scenario.yaml").unlink()
    path = root / FILE
    path.write_text(SCENARIO, encoding="utf-8")
    for item in load_items(path):
        session = open_session(item, mode="record", allow_ci=True, environ=crm.environment)
        *_, last = run_item(item, session)
        assert isinstance(last, ScenarioFinished)
        assert last.failures == ()


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with a scenario, a recording and an ini file."""

    pytester: pytest.Pytester
    monkeypatch: pytest.MonkeyPatch

    @property
    def root(self) -> Path:
        return self.pytester.path

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    def edit(self, old: str, new: str, name: str = FILE) -> None:
        text = (self.root / name).read_text(encoding="utf-8")
        assert old in text
        (self.root / name).write_text(text.replace(old, new), encoding="utf-8")

    def ini(self, *lines: str) -> None:
        with (self.root / "tox.ini").open("a", encoding="utf-8") as file:
            file.write("\n" + "\n".join(lines) + "\n")

    def run(self, *args: str) -> pytest.RunResult:
        """Run pytest in this process, without looking for the plugins of all that is installed."""
        with self.monkeypatch.context() as environment:
            environment.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
            environment.setenv("PYTEST_PLUGINS", ",".join(one.__name__ for one in OURS))  # workers'
            # What is known by name alone is looked for among the entry points of all that.
            return self.pytester.runpytest_inprocess(*args, plugins=OURS)

    def items(self, *args: str) -> list[pytest.Item]:
        """Return what pytest collects."""
        result: Any = self.run("--collect-only", *args)
        return [call.item for call in result.reprec.getcalls("pytest_itemcollected")]

    def run_apart(self, *args: str) -> pytest.RunResult:
        """Run pytest in a process of its own, with the plugins that tests work with."""
        with self.monkeypatch.context() as environment:
            for name, value in PLUGINS.items():
                environment.setenv(name, value)
            environment.setenv("PYTHONPATH", str(ROOT))
            return self.pytester.run(
                warm.python(), "-m", "pytest", "-p", "tests.warm.workers", *args
            )


def output(result: pytest.RunResult) -> str:
    return result.stdout.str()


def failure_text(result: pytest.RunResult) -> list[str]:
    """Return the lines of the only failure, without pytest's rulers."""
    lines = output(result).splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("____"))
    end = next(
        n
        for n, line in enumerate(lines)
        if n > start and line.startswith(("===", "----", "____")) and " calls " not in line
    )
    return lines[start + 1 : end]
