"""The engine through its Python interface alone, as where its C functions are out of reach."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from bpmax_sim.script.engine import SWITCH, TESTED
from tests.apart import PLUGINS

HERE = Path(__file__).parent
MODULES = ("test_bytecode.py", "test_engine.py", "test_live_objects.py", "test_proxy_object.py")


def test_scripts_run_without_the_engines_c_functions() -> None:
    asked = "from bpmax_sim.script.engine import load_library; assert load_library() is None"
    tests = ["-q", "-p", "no:cacheprovider", *(str(HERE / name) for name in MODULES)]
    environ = {**os.environ, **PLUGINS, SWITCH: "0"}
    for command in (["-c", asked], ["-m", "pytest", *tests]):
        done = subprocess.run(
            [sys.executable, *command], env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_the_dependency_is_pinned_to_what_was_tested() -> None:
    project = tomllib.loads((HERE.parents[1] / "pyproject.toml").read_text("utf-8"))
    [pin] = [one for one in project["project"]["dependencies"] if one.startswith("quickjs-ng")]

    assert pin == f"quickjs-ng>={min(TESTED)},<=0.17.0.2"
    assert max(TESTED) == "0.17.0.2"
