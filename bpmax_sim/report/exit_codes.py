"""Exit codes of the command line, and which of several wins."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command ends with."""

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


def foremost(codes: Iterable[ExitCode]) -> ExitCode:
    """Return which of *codes* is told: the cause that has to be mended first."""
    present = set(codes)
    return next((code for code in FIRST if code in present), ExitCode.PASSED)
