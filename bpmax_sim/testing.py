"""Types for annotations in tests: those of fixture values, and those in public signatures."""

from __future__ import annotations

from bpmax_sim.exports import make_lazy_exports

__getattr__, __dir__ = make_lazy_exports(globals())
