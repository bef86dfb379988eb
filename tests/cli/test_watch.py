"""``run --watch``: a real process, real files that are saved, and what it prints of them."""

from __future__ import annotations

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.project import NAME, ROOT, Command, Project
from tests.snapshots import snapshot
from tests.systems import needs_signals

TABLE = """\
scenario: 报价
version: 1
cases: {from: 报价.csv}
form: {fields: {数量: "${case.数量}"}}
steps: [{name: 核对, js: "return +form.数量", expect: {result: 1}}]
"""
PYTHON = """\
scenario: 算价
version: 1
steps: [{name: 算, python: "prices:price", expect: {result: 7}}]
"""
SECONDS = 30  # far more than any of it takes; nothing waits that long unless it fails


class Watching:
    """The command, and every line that it prints, in order."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        left = {k: v for k, v in os.environ.items() if not k.startswith(("CRM_", "CI"))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bpmax_sim", "run", "--watch", *arguments],
            cwd=folder,
            env={**left, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def until(self, pattern: str) -> list[str]:
        """Return the lines up to the first that has *pattern* in it, as soon as it is there."""
        found: list[str] = []
        while not (found and re.search(pattern, found[-1])):
            try:
                found.append(self._lines.get(timeout=SECONDS))
            except queue.Empty:
                raise AssertionError(f"no {pattern!r} in {found}") from None
        return found

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(SECONDS)
        self._reader.join(SECONDS)
        assert self.process.stdout
        self.process.stdout.close()
        return code


@pytest.fixture(name="watching")
def watched(recorded: Project, heard: None) -> Iterator[Watching]:
    folder = recorded.folder / "scenarios"
    (folder / "报价.scenario.yaml").write_text(TABLE, encoding="utf-8")
    (folder / "报价.csv").write_text("id,数量\n甲,1\n乙,1\n", encoding="utf-8")
    (folder / "算价.scenario.yaml").write_text(PYTHON, encoding="utf-8")
    (folder / "prices.py").write_text("def price(session):\n    return 7\n", encoding="utf-8")
    running = Watching(recorded.folder)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.end()


def saved(running: Watching, path: Path, old: str, new: str) -> list[str]:
    """Save *path*, and return what was printed up to the end of the report's rewriting."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return running.until("^report: ")


def marked(lines: list[str]) -> list[str]:
    """Return which scenarios ran, each with its mark."""
    return [line.partition("   ")[0] for line in lines if line.startswith(("√ ", "× "))]


@needs_signals
def test_what_uses_a_saved_file_runs_again(recorded: Project, watching: Watching) -> None:
    scenarios, page = recorded.folder / "scenarios", recorded.folder / ".bpmax/report.html"
    first = watching.until("Ctrl-C ends it$")
    assert any(line.startswith("4 passed") for line in first)
    assert page.is_file()
    page.unlink()

    script = saved(watching, recorded.script, "客户", "顾客")
    assert marked(script) in ([f"√ {NAME}"], [f"× {NAME}"])
    assert script[1] == snapshot("saved: scenarios/scripts/customer.js")
    assert script[-2].startswith(("1 passed", "1 failed"))  # the terminal first, then the report
    assert page.is_file()
    saved(watching, recorded.script, "顾客", "客户")

    table = saved(watching, scenarios / "报价.csv", "乙,1", "乙,2")
    assert marked(table)[:2] == ["√ 报价[甲]", "× 报价[乙]"]
    assert any(line.startswith("1 passed, 1 failed") for line in table)

    platform = saved(watching, scenarios / "platforms/crm_system.yaml", "api", "api")
    assert marked(platform) == [f"√ {NAME}"]

    for name in ("instances.yaml", "instances.local.yaml"):  # which need not be there before
        path = scenarios / name
        path.write_text(path.read_text("utf-8") + "\n" if path.exists() else "", "utf-8")
        assert f"√ {NAME}" in marked(watching.until("^report: ")), name

    python = saved(watching, scenarios / "prices.py", "return 7", "return 8")
    assert any(line.startswith("1 failed") for line in python)
    python = saved(watching, scenarios / "prices.py", "return 8", "return 3 + 4")
    assert any(line.startswith("1 passed") for line in python)

    assert watching.end() == 130


@needs_signals
def test_mistakes_new_files_and_files_that_are_replaced(
    recorded: Project, watching: Watching
) -> None:
    watching.until("Ctrl-C ends it$")
    path = recorded.folder / "scenarios/报价.scenario.yaml"

    broken = saved(watching, path, "expect:", "expct:")
    assert any("unknown key 'expct'" in line for line in broken)
    mended = saved(watching, path, "expct:", "expect:")
    assert any(line.startswith("2 passed") for line in mended)

    fresh = path.with_name("新.scenario.yaml")
    fresh.write_text("scenario: 新\nversion: 1\nsteps: [{js: return 1}]\n", encoding="utf-8")
    assert any(line.startswith("√ 新 ") for line in watching.until("^report: "))

    aside = recorded.folder / "customer.js"  # as editors do that replace a file whole
    shutil.copy(recorded.script, aside)
    aside.replace(recorded.script)
    assert any(line.startswith(f"√ {NAME}") for line in watching.until("^report: "))

    assert watching.end() == 130


@needs_signals
def test_a_shared_name_goes_out_of_use_and_comes_into_it_while_files_are_saved(
    recorded: Project,
) -> None:
    folder = recorded.folder / "scenarios/报价"
    folder.mkdir()
    (folder / "defaults.yaml").write_text("vars: {折扣: 5}\n", encoding="utf-8")
    text = "scenario: {}\nversion: 1\nsteps: [{{js: return 5, expect: {{result: {}}}}}]\n"
    path = folder / "促销.scenario.yaml"
    path.write_text(text.format("促销", "'${vars.折扣}'"), encoding="utf-8")
    (folder / "核对.scenario.yaml").write_text(text.format("核对", 5), encoding="utf-8")
    running = Watching(recorded.folder, "scenarios/报价")
    try:
        rounds = [running.until("Ctrl-C ends it$")]
        for old, new in (("'${vars.折扣}'", "5"), ("version: 1", "version: 1 # 折扣")):
            rounds.append(saved(running, path, old, new))
    finally:
        running.process.kill()
        running.end()
    said = [any("uses '折扣'" in line for line in lines) for lines in rounds]
    assert said == [False, True, False]


def test_watching_goes_with_no_document_and_no_live_system(project: Project, bs: Command) -> None:
    for option in ("--json", "--junitxml=x.xml", "--shard=1/2", "--mode=record", "--mode=live"):
        done = bs("run", "--watch", option)
        assert done.code == 2
        assert "--watch and --" in done.err
        assert "choose one" in done.err
