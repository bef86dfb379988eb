"""Texts that a user reads, held as they are and rewritten by a command: inline-snapshot.

    python -m pytest -p inline_snapshot --inline-snapshot=fix tests/cli/test_run.py

What changed is reviewed as a diff. Without that the plugin is not loaded (``addopts``), so that no
run pays for its import, and a snapshot is the text itself.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

T = TypeVar("T")

if TYPE_CHECKING or "inline_snapshot" not in sys.modules:

    def snapshot(value: T) -> T:
        """Return *value*, to be compared with."""
        return value

else:
    from inline_snapshot import snapshot

__all__ = ["snapshot"]
