"""What the plugin costs where it is installed and not used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import bpmax_sim

HEAVY = ("httpx", "_quickjs", "hypothesis", "yaml", "msgspec", "jinja2", "cryptography", "vcr")
LOADED = f"""
import sys, time
start = time.process_time()
import pytest
before = set(sys.modules)
middle = time.process_time()
import bpmax_sim.pytest_plugin
took = (time.process_time() - middle) / (middle - start)
print([name for name in {HEAVY!r} if name in sys.modules and name not in before])
print(took)
"""
ALLOWED = 1 / 8
"""Of what pytest itself takes to be imported, which is some 80 ms."""
TELLING = """
import sys

hooks = []
sys.addaudithook(lambda event, _: hooks.append(event) if event == "sys.addaudithook" else None)

def pytest_unconfigure():
    print("loaded:", *sorted(sys.modules), *hooks)
"""
OURS = {
    "bpmax_sim",
    "bpmax_sim.exports",
    "bpmax_sim.guard",
    "bpmax_sim.i18n",
    "bpmax_sim.pytest_plugin",
    "bpmax_sim.pytest_plugin.fixtures",
    "bpmax_sim.pytest_plugin.options",
    "bpmax_sim.pytest_plugin.plain_import",
    "bpmax_sim.project",
    "bpmax_sim.pytest_plugin.stash",
    "bpmax_sim.session",
    "bpmax_sim.session.options",
}
"""All that a run loads which does not use the plugin."""


def fresh(cache: Path) -> tuple[str, float]:
    """Return what was loaded, and its part of the time of pytest itself; code stays compiled."""
    environment = {
        name: os.environ[name] for name in os.environ if name != "PYTHONDONTWRITEBYTECODE"
    }
    result = subprocess.run(
        [sys.executable, "-c", LOADED],
        capture_output=True,
        text=True,
        check=True,
        env={**environment, "PYTHONPYCACHEPREFIX": str(cache)},
    )
    heavy, took = result.stdout.splitlines()
    return heavy, float(took)


def test_nothing_heavy_is_imported_at_start(tmp_path: Path) -> None:
    assert fresh(tmp_path)[0] == "[]"


def test_the_start_takes_at_most_an_eighth_of_pytests_own(tmp_path: Path) -> None:
    fresh(tmp_path)  # which compiles

    assert min(fresh(tmp_path)[1] for _ in range(3)) <= ALLOWED


def loaded(project: Path, *options: str) -> set[str]:
    """Return the modules that a whole run of pytest has loaded at its end."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-s", "-p", "no:cacheprovider", *options],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
        env={
            **os.environ,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONPATH": str(Path(bpmax_sim.__file__).parents[1]),
        },
    )
    line = next(line for line in run.stdout.splitlines() if line.startswith("loaded: "))
    return set(line.split()[1:])


def test_a_run_that_does_not_use_the_plugin_loads_nothing_heavy_until_its_end(
    tmp_path: Path,
) -> None:
    (tmp_path / "conftest.py").write_text(TELLING, "utf-8")
    (tmp_path / "test_别的.py").write_text("def test_nothing():\n    pass\n", "utf-8")

    more = loaded(tmp_path, "-p", "bpmax_sim.pytest_plugin") - loaded(tmp_path)

    assert more == OURS


REWRITTEN = """
import sys
from _pytest.assertion.rewrite import AssertionRewritingHook

def pytest_sessionfinish(session):
    ours = [name for name in sys.modules if name.startswith("bpmax_sim.")]
    hooked = [n for n in ours if isinstance(sys.modules[n].__spec__.loader, AssertionRewritingHook)]
    print("\\nloaded", len(ours) > 100, "rewritten", *sorted(hooked))
"""


def test_no_module_of_ours_is_rewritten_where_no_bytecode_is_kept(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(REWRITTEN, encoding="utf-8")
    (tmp_path / "a.scenario.yaml").write_text(
        "version: 1\nscenario: 库存\nform: {fields: {n: 1}}\nsteps: [{set: {n: 2}}]\n", "utf-8"
    )
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )

    before = "exports", "i18n", "pytest_plugin", "pytest_plugin.plain_import"
    names = " ".join(f"bpmax_sim.{name}" for name in before)  # until the finder is there
    assert f"loaded True rewritten {names}\n" in run.stdout
