"""A project in a temporary folder: the demonstration's files, and the command line in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bpmax_sim
from tests import warm

ROOT = Path(bpmax_sim.__file__).parents[1]
AT_START = {"PYTHONIOENCODING", "PYTHONUTF8", "LC_ALL", "LANG"}
NAME = "选择客户后显示联系人"


@dataclass(frozen=True, slots=True)
class Done:
    """What a command printed and ended with."""

    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """Return the last line of data."""
        return self.out.rstrip().rpartition("\n")[2]


Command = Callable[..., Done]


@dataclass(frozen=True, slots=True)
class Project:
    """The folder and its files."""

    folder: Path

    @property
    def scenario(self) -> Path:
        return self.folder / "scenarios/customer.scenario.yaml"

    @property
    def script(self) -> Path:
        return self.folder / "scenarios/scripts/customer.js"

    @property
    def cassette(self) -> Path:
        return self.folder / "cassettes/crm/customer.yaml"

    def edit(self, path: Path, old: str, new: str) -> None:
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


def in_a_process(*arguments: str, cwd: Path, **environ: str) -> Done:
    """Run the command line in a process of its own, without a terminal and without ``CI``.

    Python is started anew where *environ* has what it reads when it starts.
    """
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("CRM_", "CI"))}
    done = subprocess.run(
        [sys.executable if AT_START & {*environ} else warm.python(), "-m", "bpmax_sim", *arguments],
        cwd=cwd,
        env={**inherited, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environ},
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    encoding = environ.get("PYTHONIOENCODING", "utf-8").partition(":")[0]
    return Done(done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding))
