"""Put $proxy scripts on the bench: recorded once, replayed for ever.

Every name is imported on its first use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from bpmax_sim.i18n import msg

if TYPE_CHECKING:
    from bpmax_sim import strategies
    from bpmax_sim.cassette.file import Cassette
    from bpmax_sim.errors import (
        AuthError,
        BadResponseError,
        BpmaxError,
        BpmaxWarning,
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
        Place,
        Problem,
        ScriptError,
        ScriptLimitError,
        ScriptSyntaxError,
        SubjectError,
        TransportError,
        UnawaitedWarning,
        WeakSecretWarning,
    )
    from bpmax_sim.guard import NetworkGuard
    from bpmax_sim.messages import Call, Exchange, Request, Response
    from bpmax_sim.platform.load import Platforms, load_platforms
    from bpmax_sim.proxy.builder import Builder, CallSpec, Proxy
    from bpmax_sim.proxy.response import CallRecord, RedactedRequest, RedactedResponse
    from bpmax_sim.scenario.events import Event
    from bpmax_sim.scenario.runner import run_scenario
    from bpmax_sim.script.channel import LiveObject
    from bpmax_sim.script.failure import Script
    from bpmax_sim.script.limits import Limits
    from bpmax_sim.script.outbox import Outcome, Waiting
    from bpmax_sim.script.runtime import Page
    from bpmax_sim.session.session import Session, record, replay
    from bpmax_sim.session.settings import (
        EverydayOptions,
        ScenarioOptions,
        SessionOptions,
        Settings,
    )
    from bpmax_sim.session.shared_logins import SharedLogins, SharingLogins
    from bpmax_sim.session.sharing import Run
    from bpmax_sim.simulator.simulator import Simulator
    from bpmax_sim.transport.adapters import SessionTransport, httpx_transport
    from bpmax_sim.transport.faults import BadToken, Break, Fault, Reply, Slow
    from bpmax_sim.transport.protocol import Handler, Stub, Transport
    from bpmax_sim.transport.respx_router import stub

    __version__: str

__all__ = [
    "AuthError",
    "BadResponseError",
    "BadToken",
    "BpmaxError",
    "BpmaxWarning",
    "Break",
    "Builder",
    "BusinessError",
    "Call",
    "CallError",
    "CallRecord",
    "CallSpec",
    "Cassette",
    "CassetteError",
    "ClosedNetworkError",
    "ConfigError",
    "DamagedCassette",
    "Event",
    "EverydayOptions",
    "Exchange",
    "ExpectationError",
    "Fault",
    "Handler",
    "HttpStatusError",
    "InterruptedWarning",
    "LeakError",
    "Limits",
    "LiveObject",
    "NetworkGuard",
    "NewerFormat",
    "NoMatchError",
    "Outcome",
    "Page",
    "PendingPromise",
    "Place",
    "Platforms",
    "Problem",
    "Proxy",
    "RedactedRequest",
    "RedactedResponse",
    "Reply",
    "Request",
    "Response",
    "Run",
    "ScenarioOptions",
    "Script",
    "ScriptError",
    "ScriptLimitError",
    "ScriptSyntaxError",
    "Session",
    "SessionOptions",
    "SessionTransport",
    "Settings",
    "SharedLogins",
    "SharingLogins",
    "Simulator",
    "Slow",
    "Stub",
    "SubjectError",
    "Transport",
    "TransportError",
    "UnawaitedWarning",
    "Waiting",
    "WeakSecretWarning",
    "__version__",
    "httpx_transport",
    "load_platforms",
    "record",
    "replay",
    "run_scenario",
    "strategies",
    "stub",
]

_HOMES: Final = {
    "BadToken": "transport.faults",
    "Break": "transport.faults",
    "Builder": "proxy.builder",
    "Call": "messages",
    "CallRecord": "proxy.response",
    "CallSpec": "proxy.builder",
    "Cassette": "cassette.file",
    "Event": "scenario.events",
    "EverydayOptions": "session.settings",
    "Exchange": "messages",
    "Fault": "transport.faults",
    "Handler": "transport.protocol",
    "Limits": "script.limits",
    "LiveObject": "script.channel",
    "NetworkGuard": "guard",
    "Outcome": "script.outbox",
    "Page": "script.runtime",
    "Platforms": "platform.load",
    "Proxy": "proxy.builder",
    "RedactedRequest": "proxy.response",
    "RedactedResponse": "proxy.response",
    "Reply": "transport.faults",
    "Request": "messages",
    "Response": "messages",
    "Run": "session.sharing",
    "SharedLogins": "session.shared_logins",
    "SharingLogins": "session.shared_logins",
    "ScenarioOptions": "session.settings",
    "Script": "script.failure",
    "Session": "session.session",
    "SessionOptions": "session.settings",
    "SessionTransport": "transport.adapters",
    "Settings": "session.settings",
    "Simulator": "simulator.simulator",
    "Slow": "transport.faults",
    "Stub": "transport.protocol",
    "Transport": "transport.protocol",
    "Waiting": "script.outbox",
    "httpx_transport": "transport.adapters",
    "load_platforms": "platform.load",
    "record": "session.session",
    "replay": "session.session",
    "run_scenario": "scenario.runner",
    "stub": "transport.respx_router",
}
"""Where a name lives; those that are not here are errors."""


if not TYPE_CHECKING:  # type checkers would take every name to be there

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(
                msg("module {name!r} has no attribute {name_2!r}", name=__name__, name_2=name)
            )
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
