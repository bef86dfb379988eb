"""Keeps what pytest collected from Python's garbage collector: all of it lives until the end.

The collector would look at thousands of nodes again and again, at the end of the run too.
"""

from __future__ import annotations

import gc

_MANY = 100


class LongLived:
    """What of this process is set aside; a process has one."""

    def __init__(self) -> None:
        """Start with nothing set aside."""
        self._files = 0
        self._is_used = False

    def set_aside(self, tests: int, *, every: int = 1) -> None:
        """Set aside all that lives, where there are many tests.

        It stays there until the process ends, or another run of pytest begins in it.

        Args:
            tests: how many were collected so far.
            every: only after so many files.
        """
        self._files += 1
        if tests >= _MANY and self._files % every == 0:
            gc.freeze()
            self._is_used = True

    def take_back(self) -> None:
        """Let the collector look at everything again."""
        if self._is_used:
            gc.unfreeze()
        self._is_used = False


LONG_LIVED = LongLived()
