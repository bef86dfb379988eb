"""Exit codes of the command line, and their precedence."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit code of a command."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    CASSETTE = 3
    UNREACHABLE = 4
    NOTHING = 5
    REVIEW = 6
    INTERRUPTED = 130


FIRST = (
    ExitCode.USAGE,
    ExitCode.UNREACHABLE,
    ExitCode.CASSETTE,
    ExitCode.FAILED,
    ExitCode.REVIEW,
    ExitCode.NOTHING,
)


def choose_exit_code(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code of *codes* with the highest precedence: the cause to be fixed first."""
    present = set(codes)
    return next((code for code in FIRST if code in present), ExitCode.PASSED)
