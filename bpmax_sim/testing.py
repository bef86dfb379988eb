"""What tests annotate with: the values of the fixtures, and what public signatures name.

Imported on first use, as from `bpmax_sim`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from bpmax_sim.i18n import msg

if TYPE_CHECKING:
    from bpmax_sim.cassette.remote import Remote
    from bpmax_sim.clock import Clock, Instant, VirtualClock
    from bpmax_sim.messages import Chunk, Failed, Proof, Sensitive, Signed
    from bpmax_sim.platform.model import Api, Instance, Platform
    from bpmax_sim.proxy.response import Sending
    from bpmax_sim.pytest_plugin.python_tests import RunClock, RunEvents, RunFaults
    from bpmax_sim.scenario.calls import CallAttempted, CallMade
    from bpmax_sim.scenario.events import (
        CallAnswered,
        ConsoleWritten,
        ErrorThrown,
        FaultStruck,
        FlowAttached,
        ScenarioFinished,
        ScenarioStarted,
        SourceAttached,
        StepFinished,
        StepStarted,
    )
    from bpmax_sim.scenario.handles import FlowHandle, FormHandle
    from bpmax_sim.script.outbox import ConsoleLine, TimerFired
    from bpmax_sim.script.outbox import Unawaited as UnawaitedCall
    from bpmax_sim.session.options import Against, EngineName, Mode, RecordMode, Unawaited, Unused
    from bpmax_sim.session.witness import Recalled, Struck
    from bpmax_sim.simulator.state import Message, State
    from bpmax_sim.subject.hooks import (
        BranchArrived,
        CycleCut,
        DeadlinePassed,
        FieldChanged,
        HookStarted,
        MessageShown,
        NodeEntered,
        Notified,
        PersonActed,
    )
    from bpmax_sim.transport.adapters import Handles
    from bpmax_sim.transport.respx_router import Router

__all__ = [
    "Against",
    "Api",
    "BranchArrived",
    "CallAnswered",
    "CallAttempted",
    "CallMade",
    "Chunk",
    "Clock",
    "ConsoleLine",
    "ConsoleWritten",
    "CycleCut",
    "DeadlinePassed",
    "EngineName",
    "ErrorThrown",
    "Failed",
    "FaultStruck",
    "FieldChanged",
    "FlowAttached",
    "FlowHandle",
    "FormHandle",
    "Handles",
    "HookStarted",
    "Instance",
    "Instant",
    "Message",
    "MessageShown",
    "Mode",
    "NodeEntered",
    "Notified",
    "PersonActed",
    "Platform",
    "Proof",
    "Recalled",
    "RecordMode",
    "Remote",
    "Router",
    "RunClock",
    "RunEvents",
    "RunFaults",
    "ScenarioFinished",
    "ScenarioStarted",
    "Sending",
    "Sensitive",
    "Signed",
    "SourceAttached",
    "State",
    "StepFinished",
    "StepStarted",
    "Struck",
    "TimerFired",
    "Unawaited",
    "UnawaitedCall",
    "Unused",
    "VirtualClock",
]

_HOMES: Final = {
    "Against": "session.options",
    "Api": "platform.model",
    "BranchArrived": "subject.hooks",
    "CallAnswered": "scenario.events",
    "CallAttempted": "scenario.calls",
    "CallMade": "scenario.calls",
    "Chunk": "messages",
    "Clock": "clock",
    "ConsoleLine": "script.outbox",
    "ConsoleWritten": "scenario.events",
    "CycleCut": "subject.hooks",
    "DeadlinePassed": "subject.hooks",
    "EngineName": "session.options",
    "ErrorThrown": "scenario.events",
    "Failed": "messages",
    "FaultStruck": "scenario.events",
    "FieldChanged": "subject.hooks",
    "FlowAttached": "scenario.events",
    "FlowHandle": "scenario.handles",
    "FormHandle": "scenario.handles",
    "Handles": "transport.adapters",
    "HookStarted": "subject.hooks",
    "Instance": "platform.model",
    "Instant": "clock",
    "Message": "simulator.state",
    "MessageShown": "subject.hooks",
    "Mode": "session.options",
    "NodeEntered": "subject.hooks",
    "Notified": "subject.hooks",
    "PersonActed": "subject.hooks",
    "Platform": "platform.model",
    "Proof": "messages",
    "Recalled": "session.witness",
    "RecordMode": "session.options",
    "Remote": "cassette.remote",
    "Router": "transport.respx_router",
    "RunClock": "pytest_plugin.python_tests",
    "RunEvents": "pytest_plugin.python_tests",
    "RunFaults": "pytest_plugin.python_tests",
    "ScenarioFinished": "scenario.events",
    "ScenarioStarted": "scenario.events",
    "Sending": "proxy.response",
    "Sensitive": "messages",
    "Signed": "messages",
    "SourceAttached": "scenario.events",
    "State": "simulator.state",
    "StepFinished": "scenario.events",
    "StepStarted": "scenario.events",
    "Struck": "session.witness",
    "TimerFired": "script.outbox",
    "Unawaited": "session.options",
    "Unused": "session.options",
    "VirtualClock": "clock",
    "UnawaitedCall": "script.outbox",
}
_NAMES_THERE: Final = {"UnawaitedCall": "Unawaited"}
"""Where a name has another meaning in the place that it comes from."""


if not TYPE_CHECKING:  # type checkers would take every name to be there

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(
                msg("module {name!r} has no attribute {name_2!r}", name=__name__, name_2=name)
            )
        home = import_module(f"bpmax_sim.{_HOMES[name]}")
        value = getattr(home, _NAMES_THERE.get(name, name))
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
