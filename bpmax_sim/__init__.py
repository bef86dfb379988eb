"""Put $proxy scripts on the bench: recorded once, replayed for ever.

Every name is imported on its first use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from bpmax_sim import strategies
    from bpmax_sim.cassette.file import Cassette
    from bpmax_sim.errors import (
        AuthError,
        BadResponseError,
        BpmaxError,
        BusinessError,
        CallError,
        CassetteError,
        ClosedNetworkError,
        ConfigError,
        DamagedCassette,
        ExpectationError,
        HttpStatusError,
        InterruptedWarning,
        LeakError,
        NewerFormat,
        NoMatchError,
        PendingPromise,
        ScriptError,
        ScriptLimitError,
        ScriptSyntaxError,
        SubjectError,
        TransportError,
        UnawaitedWarning,
        WeakSecretWarning,
    )
    from bpmax_sim.platform.load import load_platforms
    from bpmax_sim.scenario.runner import run_scenario
    from bpmax_sim.script.limits import Limits
    from bpmax_sim.session.session import Session
    from bpmax_sim.session.settings import Settings
    from bpmax_sim.transport.adapters import httpx_transport
    from bpmax_sim.transport.respx_router import stub

    __version__: str

__all__ = [
    "AuthError",
    "BadResponseError",
    "BpmaxError",
    "BusinessError",
    "CallError",
    "Cassette",
    "CassetteError",
    "ClosedNetworkError",
    "ConfigError",
    "DamagedCassette",
    "ExpectationError",
    "HttpStatusError",
    "InterruptedWarning",
    "LeakError",
    "Limits",
    "NewerFormat",
    "NoMatchError",
    "PendingPromise",
    "ScriptError",
    "ScriptLimitError",
    "ScriptSyntaxError",
    "Session",
    "Settings",
    "SubjectError",
    "TransportError",
    "UnawaitedWarning",
    "WeakSecretWarning",
    "__version__",
    "httpx_transport",
    "load_platforms",
    "run_scenario",
    "strategies",
    "stub",
]

_HOMES: Final = {
    "Cassette": "cassette.file",
    "Limits": "script.limits",
    "Session": "session.session",
    "Settings": "session.settings",
    "httpx_transport": "transport.adapters",
    "load_platforms": "platform.load",
    "run_scenario": "scenario.runner",
    "stub": "transport.respx_router",
}
"""Where a name lives; those that are not here are errors."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "__version__":
        value: Any = _version()
    elif name == "strategies":
        value = import_module(f"{__name__}.strategies")
    else:
        value = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _version() -> str:
    from importlib import metadata  # noqa: PLC0415 - takes longer than all the rest

    try:
        return metadata.version("bpmax-sim")
    except metadata.PackageNotFoundError:
        return "0+source"  # run from a checkout that is not installed
