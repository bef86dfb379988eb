"""Credentials and their stand-ins, derived forms, redaction, leak scan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

SHOWN_BY: Final[list[Callable[[Callable[[str], str]], None]]] = []
"""Who shows texts of this process: the last one gets what redacts them of each session opened."""
