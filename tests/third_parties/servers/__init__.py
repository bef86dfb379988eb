"""The programs that run as child processes; none of them is imported by a test."""

from __future__ import annotations
