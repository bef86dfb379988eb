"""One run: the only place that knows modes and wires platforms, transport, cassette and scripts."""

from __future__ import annotations

from bpmax_sim.session.session import Session
from bpmax_sim.session.settings import Settings

__all__ = ["Session", "Settings"]
