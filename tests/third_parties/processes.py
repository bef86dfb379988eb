"""Servers as child processes: each on a port of its own choosing, stopped by its own pid.

What a child prints goes to a temporary file, which is shown when it does not come up in time.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
LISTENING = re.compile(r"^listening on (\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdParty:
    """A running third party.

    Attributes:
        url: its address, without a slash at the end.
        environment: what a client must know, by the names that the instances file uses.
    """

    url: str
    environment: Mapping[str, str] = field(repr=False)


@contextmanager
def serving(
    module: str, environment: Mapping[str, str] | None = None, *, patience: float = 60
) -> Iterator[str]:
    """Run ``python -m module`` and yield the address that it listens on.

    Raises:
        RuntimeError: it ended, or was not up after *patience* seconds; with all it had printed.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "output.txt")
        child = _start(module, environment or {}, output)
        try:
            yield f"http://127.0.0.1:{_port(child, module, output, patience)}"
        finally:
            _stop(child)


def _start(module: str, environment: Mapping[str, str], output: Path) -> subprocess.Popen[bytes]:
    with output.open("wb") as sink:
        return subprocess.Popen(
            [sys.executable, "-X", "utf8", "-m", module],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": "0", **environment},  # Kinto prints sets
            stdin=subprocess.PIPE,  # closes with this process, and the child ends with it
            stdout=sink,
            stderr=subprocess.STDOUT,
        )


def _port(child: subprocess.Popen[bytes], module: str, output: Path, patience: float) -> int:
    deadline = time.monotonic() + patience
    while child.poll() is None and time.monotonic() < deadline:
        if found := LISTENING.search(output.read_text("utf-8", "replace")):
            return int(found[1])
        time.sleep(0.02)
    state = f"not up after {patience:g} s" if child.poll() is None else f"exit {child.poll()}"
    printed = output.read_text("utf-8", "replace")
    raise RuntimeError(f"{module}: {state}; it printed:\n{printed}")


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdin:
        child.stdin.close()
