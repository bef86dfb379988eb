"""Whether the request under way is a session's own.

What listens to the requests of all HTTP clients of a process lets those pass: they are recorded
already, as the calls that they are.
"""

from __future__ import annotations

from contextvars import ContextVar

OWN: ContextVar[bool] = ContextVar("bpmax_sim_own", default=False)
