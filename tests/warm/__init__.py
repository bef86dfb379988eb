"""A Python that has imported already what tests start it for: a process of its own for a tenth.

What the tests of commands, pages and workers look at is what a process prints, leaves and ends
with; that it imported pytest and this package first costs more than all that. So one process of
each run of tests imports, and is forked where a command is started. Whoever starts it sees a
process like any other: arguments, environment, folder, streams, exit code, death by a signal.

Not for tests of the start itself, of signals, of the locale, or of the seed of hashes.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
PROGRAMS = {"python": (), "pytest": ("-m", "pytest"), "bpmax-sim": ("-m", "bpmax_sim")}
FORKS = hasattr(os, "pidfd_open") and len(sys.executable) < 120 and " " not in sys.executable
"""Whether the system can, and programs can name the Python in their first line."""

_INHERITED = "WARM_PYTHON"
_running: list[tuple[subprocess.Popen[bytes], Path]] = []


def python() -> str:
    """Return the program to start instead of ``sys.executable``."""
    return str(folder() / "python")


@cache
def folder() -> Path:
    """Return a folder for the front of ``PATH``, with the `PROGRAMS`.

    They are those of the environment where nothing can be forked, or coverage is measured.
    """
    if not FORKS or "COVERAGE_PROCESS_START" in os.environ:
        return Path(sys.executable).parent
    if _INHERITED in os.environ:
        return Path(os.environ[_INHERITED])
    place = Path(tempfile.mkdtemp(prefix="warm-"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place / "socket"))
        listener.listen(64)
        process = subprocess.Popen(
            [sys.executable, str(HERE / "server.py"), str(listener.fileno())],
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,  # it ends when nobody holds the other end any more
            start_new_session=True,
        )
    _running.append((process, place))
    os.environ[_INHERITED] = str(place)
    client = (HERE / "client.py").read_text(encoding="utf-8")
    for name, arguments in PROGRAMS.items():
        program = place / name
        call = f"main({str(place / 'socket')!r}, {arguments})"
        program.write_text(f"#!{sys.executable} -IS\n{client}\n{call}\n", encoding="utf-8")
        program.chmod(0o755)
    return place


def stop() -> None:
    """End the process that is forked, and what still runs of its children."""
    for process, place in _running:
        process.communicate()
        shutil.rmtree(place, ignore_errors=True)
        del os.environ[_INHERITED]
    _running.clear()
    folder.cache_clear()
