"""What tests annotate with: the values of the fixtures, and what public signatures name."""

from __future__ import annotations

from bpmax_sim.exports import lazy_exports

__getattr__, __dir__ = lazy_exports(globals())
