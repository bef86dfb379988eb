"""The engine through its Python interface alone, as where its C functions are out of reach."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bpmax_sim.script.quickjs_api import SWITCH
from tests.apart import PLUGINS

HERE = Path(__file__).parent
MODULES = ("test_engine.py",)
"""The night runs all tests of scripts so."""


def test_scripts_run_without_the_engines_c_functions() -> None:
    asked = "from bpmax_sim.script.quickjs_api import load_library as f; assert f() is None"
    tests = ["-q", "-p", "no:cacheprovider", *(str(HERE / name) for name in MODULES)]
    environ = {**os.environ, **PLUGINS, SWITCH: "0"}
    for command in (["-c", asked], ["-m", "pytest", *tests]):
        done = subprocess.run(
            [sys.executable, *command], env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
