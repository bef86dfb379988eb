"""Try what is published as a stranger would: ``python -m tests.campaigns.distributions [suite]``.

Sdist and wheel are built and pass `twine check`; a folder of wheels installs without an index and
without a compiler, and what it installs records and replays. With ``suite``, the sdist is unpacked
into an empty folder whose name has a blank and Chinese letters, and the README's own test command
runs there with nothing of the shell above: PATH and what reaches a package index are all it gets,
no home and no standard input, signals of a terminal ignored, in another time zone.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.distributions import ROOT
from tests.docs.blocks import blocks

FOLDER: Final = "空 文件夹"
# What pip needs behind a company's proxy; no test may need one of them.
_INDEX: Final = ("PIP_INDEX_URL", "PIP_CERT", "SSL_CERT_FILE", "HTTPS_PROXY", "NO_PROXY")
_SCRIPTS: Final = "Scripts" if os.name == "nt" else "bin"


def run(*command: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> None:
    """Run a command, which has to succeed."""
    print("$", *command, flush=True)  # noqa: T201
    subprocess.run(command, cwd=cwd, env=env, check=True, stdin=subprocess.DEVNULL)


def bare(*folders: Path) -> dict[str, str]:
    """Return the environment of a command that nobody's shell started."""
    kept = {name: os.environ[name] for name in _INDEX if name in os.environ}
    found = [Path(one).parent for one in (shutil.which("node"),) if one]
    path = os.pathsep.join(map(str, [*folders, *found, os.defpath]))
    return {**kept, "PATH": path, "TZ": "Asia/Shanghai"}


def publishable(folder: Path) -> None:
    """Build both distributions into *folder* and judge their metadata."""
    run(sys.executable, "-m", "build", "--outdir", folder)
    run(sys.executable, "-m", "twine", "check", "--strict", *folder.iterdir())


def installs_offline(wheel: Path, folder: Path) -> None:
    """Gather wheels in *folder* and install from them alone, then record and replay."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    house, made = folder / "wheels", folder / "环境"
    only = ("--only-binary", ":all:", "--quiet")
    run(*pip, "download", *only, "--dest", house, wheel)
    run(sys.executable, "-m", "venv", made)
    scripts = made / _SCRIPTS
    nothing = {"PATH": str(scripts)}  # no compiler, and no index: it would not be reached
    python = scripts / "python"
    no_index = ("--no-index", "--find-links", house, "--quiet")
    run(python, "-m", "pip", "install", *no_index, "bpmax-sim", cwd=folder, env=nothing)
    run(python, "-m", "bpmax_sim", "doctor", cwd=folder, env=nothing)
    run(python, "-m", "bpmax_sim", "demo", cwd=folder, env=nothing)


def _deaf() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def passes_its_own_tests(sdist: Path, folder: Path) -> None:
    """Run the README's test command in what *sdist* holds."""
    readme = (ROOT / "README.md").read_text("utf-8")
    (command,) = (one.text for one in blocks(readme) if one.kind == "test-command")
    place = folder / FOLDER
    with tarfile.open(sdist) as archive:
        archive.extractall(place, filter="data")
    (tree,) = place.iterdir()
    python = Path(sys.executable).resolve().parent
    subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", command],
        cwd=tree,
        env=bare(python),
        check=True,
        stdin=subprocess.DEVNULL,
        preexec_fn=_deaf,
    )


def main(arguments: Sequence[str]) -> int:
    """Try all, or the suite of the sdist."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dist = folder / "dist"
        try:
            publishable(dist)
            if "suite" in arguments:
                passes_its_own_tests(next(dist.glob("*.tar.gz")), folder)
            else:
                installs_offline(next(dist.glob("*.whl")), folder)
        except subprocess.CalledProcessError as error:
            print(error)  # noqa: T201
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
