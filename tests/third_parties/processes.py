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
SHARE, LONGEST = 0.2, 5
"""One that had less than this share of a processor gets up to so many times as long."""
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
        RuntimeError: it ended, or was not up after *patience* seconds of which it had its share of
            a processor, or after `LONGEST` times as many; with all it had printed.
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
    start = time.monotonic()
    while child.poll() is None and _is_due(child.pid, time.monotonic() - start, patience):
        if found := LISTENING.search(output.read_text("utf-8", "replace")):
            return int(found[1])
        time.sleep(0.02)
    printed = output.read_text("utf-8", "replace")
    waited = f"not up after {time.monotonic() - start:.0f} s ({_describe_load(child.pid)})"
    state = waited if child.poll() is None else f"exit {child.poll()}"
    raise RuntimeError(f"{module}: {state}; it printed:\n{printed}")


def _is_due(process: int, waited: float, patience: float) -> bool:
    """Return whether *process* may still come up: where others have the machine, it gets longer."""
    spent = _processor_seconds(process)
    return waited < patience or (
        spent is not None and spent < patience * SHARE and waited < patience * LONGEST
    )


def _processor_seconds(process: int) -> float | None:
    """Return what *process* had of a processor; None where the system does not say."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _describe_load(process: int) -> str:
    spent = _processor_seconds(process)
    if spent is None:
        return "this system does not say of how much of a processor"
    load = os.getloadavg()[0]
    return f"{spent:.1f} s of a processor; {load:.1f} wait for {os.cpu_count()} of them"


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdin:
        child.stdin.close()
