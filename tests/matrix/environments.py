"""Virtual environments with one version of pytest each, and every plugin that has to get along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
VERSIONS = ("8.4", "9.1", "9.2")
PLUGINS = (
    "allure-pytest",
    "anyio",
    "pytest-asyncio",
    "pytest-html",
    "pytest-randomly",
    "pytest-recording",
    "pytest-timeout",
    "pytest-xdist",
)


class BuildError(Exception):
    """An environment could not be made; the message is what pip said."""


def wheel(folder: Path) -> Path:
    """Return the wheel of this tree, built into *folder*.

    Raises:
        BuildError: it cannot be built.
    """
    _run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, ROOT)
    return next(folder.glob("bpmax_sim-*.whl"))


def environment(folder: Path, built: Path, version: str) -> Path:
    """Return the Python of a new environment in *folder*, with pytest of *version*.

    Raises:
        BuildError: something is not to be had.
    """
    # This Python's pip installs into it, as a pip of its own takes longer to make than the rest.
    _run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    pip = (sys.executable, "-m", "pip", "--python", python)
    _run(*pip, "install", built, f"pytest=={version}.*", *PLUGINS)
    return python


def _run(*command: str | Path) -> None:
    quiet = ("--quiet", "--disable-pip-version-check") if "pip" in command else ()
    done = subprocess.run([*command, *quiet], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{' '.join(map(str, command))}\n{done.stderr.strip()}")
