"""Marks of tests for what not every system has; the suite runs on Windows and macOS, too."""

from __future__ import annotations

import os

import pytest

WINDOWS = os.name == "nt"


def _not_on_windows(why: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(WINDOWS, reason=f"Windows {why}")


needs_colons = _not_on_windows("has no colon in names of files")
needs_forks = _not_on_windows("forks no process")
needs_links = _not_on_windows("lets administrators alone link files")
needs_local_sockets = _not_on_windows("has no local sockets in Python")
needs_rights = _not_on_windows("has other rights of files")
needs_shell = _not_on_windows("has another shell")
needs_signals = _not_on_windows("ends a process where others send it a signal")
needs_terminal = _not_on_windows("has no pseudo-terminal of this kind")
