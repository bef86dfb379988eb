"""``python -m tests.campaigns.sdist [PYTHON…]``: the source distribution passes its own tests.

It is built, unpacked into an empty folder whose name has blanks and Chinese letters, and the
README's own test command runs there with nothing of the shell above: no variable but ``PATH`` and
those that reach a package index, no home, no standard input, SIGINT and SIGHUP ignored, in another
time zone. With ``--gbk`` all of it happens in the locale zh_CN.GBK, file names included.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from hatchling.build import build_sdist

from tests.readme_blocks import test_command

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = "空 文件夹"
# What pip needs behind a company's proxy; no test may need one of them.
_INDEX: Final = ("PIP_INDEX_URL", "PIP_CERT", "SSL_CERT_FILE", "HTTPS_PROXY", "NO_PROXY")
_UNPACK: Final = """
import sys, tarfile
with tarfile.open(sys.argv[1]) as archive:
    archive.extractall(sys.argv[2], filter="data")
"""


def sdist(folder: Path) -> Path:
    """Build the source distribution of this tree into *folder*."""
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        return folder / build_sdist(str(folder))
    finally:
        os.chdir(before)


def members(archive: Path) -> set[str]:
    """Return the files in *archive* as they are called in the tree."""
    with tarfile.open(archive) as opened:
        return {name.partition("/")[2] for name in opened.getnames()}


def bare(python: Path, temporary: Path) -> dict[str, str]:
    """Return the environment of a command that nobody's shell started."""
    kept = {name: os.environ[name] for name in _INDEX if name in os.environ}
    node = shutil.which("node")
    path = dict.fromkeys([str(python.parent), "/usr/bin", "/bin", *([str(Path(node).parent)] if node else [])])
    return {
        "PATH": os.pathsep.join(path),
        "TMPDIR": str(temporary),
        "TZ": "Asia/Shanghai",
        **kept,
    }


def gbk(folder: Path) -> dict[str, str]:
    """Return what puts a process into the locale zh_CN.GBK, which is made in *folder*."""
    made = ("localedef", "-i", "zh_CN", "-f", "GBK", str(folder / "zh_CN.GBK"))
    subprocess.run(made, capture_output=True, check=True)
    return {"LOCPATH": str(folder), "LC_ALL": "zh_CN.GBK", "PYTHONUTF8": "0"}


def deaf() -> None:
    """Close standard input and ignore the signals of a terminal, as `nohup` and daemons do."""
    os.close(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def passes(archive: Path, python: Path, system: Mapping[str, str], folder: Path) -> bool:
    """Run the README's test command in what *archive* holds, and tell whether it passed."""
    environ = {**bare(python, folder), **system}
    subprocess.run(
        [python, "-c", _UNPACK, archive, FOLDER], cwd=folder, env={**environ, "LC_ALL": system.get("LC_ALL", "C.UTF-8")}, check=True
    )
    tree = subprocess.run(
        ["/bin/sh", "-c", f"ls -d */*"], cwd=folder, env=environ, capture_output=True, check=True
    ).stdout.rstrip(b"\n")
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", test_command()],
        cwd=os.path.join(os.fsencode(folder), tree),
        env=environ,
        preexec_fn=deaf,
        check=False,
    )
    return done.returncode == 0
