"""The command line ``bpmax-sim``: each command parses, calls, prints and returns an exit code."""

from __future__ import annotations

from bpmax_sim.cli.app import main

__all__ = ["main"]
