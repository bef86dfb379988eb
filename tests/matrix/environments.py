"""Virtual environments with one version of pytest each, and every plugin that has to get along.

`OLDEST` is one with the oldest version of everything that is needed at run time, as pyproject.toml
declares it; the others have the newest that there is.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
VERSIONS = ("8.4", "9.1", "9.2")
OLDEST = "oldest"
ALL = (OLDEST, *VERSIONS)
RUN_TIME_EXTRAS = ("br", "engine-v8", "keyring", "remote", "server")
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


def floors() -> Iterator[str]:
    """Yield the oldest version of each run-time dependency, as a requirement.

    Raises:
        BuildError: a dependency names no oldest version.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    declared = [*project["dependencies"], *(one for key in RUN_TIME_EXTRAS for one in extras[key])]
    for one in map(Requirement, declared):
        least = [each.version for each in one.specifier if each.operator in {">=", "=="}]
        if len(least) != 1:
            raise BuildError(f"pyproject.toml: {one} names no oldest version")
        yield f"{one.name}=={least[0]}"


def pytest_of(version: str) -> str:
    """Return the version of pytest in the environment that is called *version*."""
    return VERSIONS[0] if version == OLDEST else version


def environment(folder: Path, built: Path, version: str) -> Path:
    """Return the Python of a new environment in *folder*, with pytest of *version*.

    Raises:
        BuildError: something is not to be had.
    """
    # An installer of this Python works on it: a pip of its own takes longer to make than the rest.
    _run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    what: tuple[str | Path, ...] = (built, f"pytest=={pytest_of(version)}.*")
    if version == OLDEST:
        pins = folder / "oldest.txt"
        pins.write_text("\n".join(floors()), encoding="utf-8")
        extras = ",".join(RUN_TIME_EXTRAS)
        what = (f"bpmax-sim[{extras}] @ {built.resolve().as_uri()}", "--constraint", pins)
    _install(python, *what, *PLUGINS)
    return python


def _install(python: Path, *what: str | Path) -> None:
    if find_spec("uv"):  # does it in a tenth of the time, but reads no pip.conf
        with suppress(BuildError):
            return _run(sys.executable, "-m", "uv", "pip", "install", "--python", python, *what)
    return _run(sys.executable, "-m", "pip", "--python", python, "install", *what)


def _run(*command: str | Path) -> None:
    quiet = ("--quiet", "--disable-pip-version-check") if "pip" in command else ()
    done = subprocess.run([*command, *quiet], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{' '.join(map(str, command))}\n{done.stderr.strip()}")
