"""What the fixtures of the pytest plugin are, for annotations in tests, and what tools hand in.

Imported on first use, as from `bpmax_sim`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from bpmax_sim.cassette.remote import Remote
    from bpmax_sim.clock import VirtualClock
    from bpmax_sim.pytest_plugin.python_tests import RunClock, RunEvents, RunFaults
    from bpmax_sim.session.options import (
        Against,
        EngineName,
        Mode,
        RecordMode,
        Unawaited,
        Unused,
    )
    from bpmax_sim.transport.respx_router import Router

__all__ = [
    "Against",
    "EngineName",
    "Mode",
    "RecordMode",
    "Remote",
    "Router",
    "RunClock",
    "RunEvents",
    "RunFaults",
    "Unawaited",
    "Unused",
    "VirtualClock",
]

_HOMES: Final = {
    "Remote": "cassette.remote",
    "Router": "transport.respx_router",
    "RunClock": "pytest_plugin.python_tests",
    "RunEvents": "pytest_plugin.python_tests",
    "RunFaults": "pytest_plugin.python_tests",
    "VirtualClock": "clock",
}


if not TYPE_CHECKING:  # type checkers would take every name to be there

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = _HOMES.get(name, "session.options")
        value = getattr(import_module(f"bpmax_sim.{home}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
