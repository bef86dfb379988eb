"""Search for calls of a user's platform and scripts that violate a law; report them as tests."""

from __future__ import annotations

from bpmax_sim.fuzz.laws import LAWS
from bpmax_sim.fuzz.search import hold, hold_in_session
from bpmax_sim.fuzz.violation import LawBroken

__all__ = ["LAWS", "LawBroken", "hold", "hold_in_session"]
