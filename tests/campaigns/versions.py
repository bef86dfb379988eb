"""``python -m tests.campaigns.versions [NAME…] [--tests PATH…]``: all tests under each Python.

NAME is a version of Python, or ``oldest``: the oldest of them with the oldest version of each
run-time dependency, where the others have the newest that there is. Each has an environment of its
own, in which the tests run in a random order, in four processes. It ends with 1 where a test fails.
A Python that is neither here nor to be had is left out and named, as is the one that this campaign
itself runs in, unless it is asked for: the night's suite and that of the sdist run in it. Needs uv.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

from tests.campaigns.left_out import SKIPPED, report_left_out
from tests.matrix.environments import OLDEST, ROOT, BuildError, floors

VERSIONS: Final = ("3.11", "3.12", "3.13", "3.14")
MINUTES: Final = 40
"""For the tests of one environment."""
WORKERS: Final = "4"


class NoPythonError(Exception):
    """There is no Python of a version, and uv could fetch none; the message is what uv said."""


def make_environment(folder: Path, name: str) -> Path:
    """Return the Python of a new environment in *folder* with this tree in it.

    Raises:
        NoPythonError: the Python is neither here nor to be had.
        BuildError: a dependency is not to be had.
    """
    version, pins = (VERSIONS[0] if name == OLDEST else name), folder / "oldest.txt"
    try:
        _run("venv", "--quiet", "--python", version, str(folder / "environment"))
    except BuildError as error:
        if _is_here(version):
            raise
        said = [line.strip() for line in str(error).splitlines()[1:3]]  # behind the command
        raise NoPythonError("; ".join(said)) from None
    python = folder / "environment/bin/python"
    pins.write_text("\n".join(_oldest_pins() if name == OLDEST else ()), encoding="utf-8")
    what = ("--editable", f"{ROOT}[test]", "pytest-randomly", "--constraint", str(pins))
    _run("pip", "install", "--quiet", "--python", str(python), *what)
    return python


def _oldest_pins() -> list[str]:
    """Return the oldest version of each run-time dependency that the tests need no newer one of."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    newer = {Requirement(one).name for one in project["optional-dependencies"]["test"]}
    return [pin for pin in floors() if Requirement(pin).name not in newer]


def _is_here(version: str) -> bool:
    try:
        _run("python", "find", version)
    except BuildError:
        return False
    return True


def _run(*arguments: str) -> None:
    uv = shutil.which("uv")
    if uv is None:
        sys.exit("uv is needed: pip install uv")
    done = subprocess.run([uv, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"uv {' '.join(arguments)}\n{done.stderr.strip()}")


def try_suite(name: str, tests: Sequence[str]) -> str:
    """Run *tests* under *name*; return what is wrong, or "".

    Raises:
        NoPythonError: there is no such Python.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            python = make_environment(Path(folder), name)
        except BuildError as error:
            return str(error)
        path = os.pathsep.join((str(python.parent), os.environ["PATH"]))
        options = ("-q", "-n", WORKERS, "--dist", "worksteal", "-p", "no:cacheprovider")
        try:
            done = subprocess.run(
                [python, "-m", "pytest", *options, *tests],
                cwd=ROOT,
                env={**os.environ, "PATH": path, "VIRTUAL_ENV": str(python.parents[1])},
                check=False,
                timeout=60 * MINUTES,
            )
        except subprocess.TimeoutExpired:
            return f"did not end within {MINUTES} minutes"
    return f"pytest ended with {done.returncode}" if done.returncode else ""


def main(arguments: Sequence[str]) -> int:
    """Try all that is asked for, print a line for each, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.versions")
    own = ".".join(map(str, sys.version_info[:2]))
    names = [*(one for one in VERSIONS if one != own), OLDEST]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"(default: {names})")
    parser.add_argument("--tests", nargs="+", default=[], metavar="PATH", help="(default: all)")
    asked = parser.parse_args(arguments)
    lines, results = [], []
    if not asked.names:
        report_left_out(f"Python {own}: the suites of this night run in it")
    for name in asked.names or names:
        start = time.monotonic()
        try:
            wrong = try_suite(name, asked.tests)
        except NoPythonError as error:
            report_left_out(f"Python {name}: {error}")
            continue
        results.append(not wrong)
        lines.append(f"{name:<8}{time.monotonic() - start:7.0f} s  {wrong or 'ok'}\n")
    sys.stdout.write("".join(lines))
    return int(not all(results)) if results else SKIPPED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
