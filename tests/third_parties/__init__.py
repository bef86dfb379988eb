"""Real third parties on loopback ports, for tests and for recording the shipped cassettes."""

from __future__ import annotations
