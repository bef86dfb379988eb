"""The tests of scripts under each release of the engine: ``python -m tests.campaigns.engines``.

``shifted`` is the newest release, built from its source with members added in front of what its
objects hold: whoever assumed where anything lies in them would read something else. Each version
has an environment of its own, in which the C functions have to be found, the tests of scripts to
pass, and five hundred fillings of memory to end in an error of the script.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Final

from tests.matrix.environments import ROOT

SHIFTED: Final = "shifted"
VERSIONS: Final = ("0.16.2.1", "0.17.0.1", "0.17.0.2", SHIFTED)
_NEWEST: Final = VERSIONS[-2]
_FOUND: Final = (
    "from bpmax_sim.script.quickjs_api import load_library as load; "
    "from bpmax_sim.script.runtime import describe_engine as describe; "
    "assert load() is not None; print(describe('quickjs'))"
)
# The first line of each structure, or the one that has to come first in it.
_FRONTS: Final = (
    r"^struct JSRuntime \{\n",
    r"^struct JSContext \{\n    JSGCObjectHeader header;[^\n]*\n",
    r"^struct JSObject \{\n(?:    /\*.*?\*/\n)?    JSGCObjectHeader header;[^\n]*\n",
)


def run(*command: str | Path, cwd: Path = ROOT) -> None:
    """Run a command, which has to succeed."""
    print("$", *command, flush=True)  # noqa: T201
    environ = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    subprocess.run(command, cwd=cwd, env=environ, check=True, stdin=subprocess.DEVNULL)


def shift_structures(folder: Path) -> Path:
    """Return the folder of the newest release's source, with members added to its structures."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    run(
        *pip,
        "download",
        "--no-deps",
        "--no-binary",
        ":all:",
        "--dest",
        folder,
        f"quickjs-ng=={_NEWEST}",
    )
    with tarfile.open(next(folder.glob("quickjs_ng-*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.glob("quickjs_ng-*/upstream-quickjs/quickjs.c")
    text = source.read_text(encoding="utf-8")
    for front in _FRONTS:
        text, count = re.subn(
            front, r"\g<0>    void *shifted_by[3];\n", text, flags=re.MULTILINE | re.DOTALL
        )
        assert count == 1, front
    source.write_text(text, encoding="utf-8")
    return source.parents[1]


def try_version(version: str, folder: Path) -> None:
    """Install the engine of *version* into *folder*, and run what has to hold there.

    Raises:
        subprocess.CalledProcessError: something does not, or cannot be installed.
    """
    run(sys.executable, "-m", "venv", folder / "env")
    python = folder / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    engine = shift_structures(folder) if version == SHIFTED else f"quickjs-ng=={version}"
    pip = (python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    run(*pip, "--editable", f"{ROOT}[dev]")
    run(*pip, "--force-reinstall", "--no-deps", engine)
    run(python, "-c", _FOUND)
    run(python, "-m", "pytest", "-q", "-n", "auto", "-p", "no:cacheprovider", "tests/script")
    run(python, "-m", "tests.campaigns.memory")


def main() -> int:
    """Try each version, and return the exit status."""
    failed = []
    for version in sys.argv[1:] or VERSIONS:
        with tempfile.TemporaryDirectory() as folder:
            try:
                try_version(version, Path(folder))
            except subprocess.CalledProcessError as error:
                failed.append(f"{version}: {error}")
    print("\n".join(failed) or "every version of the engine does what it has to")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
