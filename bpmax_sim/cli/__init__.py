"""The command line ``bpmax-sim``: each command parses, calls, prints and returns an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process with its exit code."""
    if arguments is None:
        _restart_if_not_utf8()
    # Not before: where this package's own path has Chinese in it, nothing compiled can be loaded.
    try:
        from bpmax_sim.cli.app import run_command_line  # noqa: PLC0415
    except KeyboardInterrupt:  # that takes a while in which somebody may change his mind
        sys.exit(130)  # as shells have it
    sys.exit(run_command_line(sys.argv[1:] if arguments is None else arguments))


def _restart_if_not_utf8() -> None:
    """Restart Python in UTF-8 mode (PEP 540) if file names could not contain Chinese characters.

    This happens in the locale C if ``PYTHONUTF8=0`` turns off Python's own switch to UTF-8.
    """
    try:
        "客户".encode(sys.getfilesystemencoding())
    except UnicodeEncodeError:
        if os.name == "posix" and not sys.flags.utf8_mode and sys.executable:
            command = [sys.executable, "-X", "utf8", *sys.orig_argv[1:]]
            os.execve(sys.executable, command, {**os.environ, "PYTHONUTF8": "1"})  # noqa: S606
