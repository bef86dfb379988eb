"""Lazy names of modules that re-export others: each is imported at its first use.

Type checkers read the stub file beside such a module. `EXPORTS` repeats it for run time, where
stubs may be missing, for example in a zip; a test compares the two. So importing the package takes
almost no time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from bpmax_sim.i18n import msg

EXPORTS: Final[Mapping[str, Mapping[str, str]]] = {
    "bpmax_sim": {
        "bpmax_sim": "strategies",
        "bpmax_sim.cassette.file": "Cassette",
        "bpmax_sim.cassette.recorder": "Outage",
        "bpmax_sim.errors": (
            "AuthError BadResponseError BlindIgnoreWarning BpmaxError BpmaxWarning "
            "BusinessError CallError CassetteError ChallengeWarning ChangeCycleWarning "
            "ClosedNetworkError CollationWarning "
            "ConfigError DamagedCassette EmptyExpectationWarning ExpectationError "
            "ExploreWarning ExtensionWarning FormerFolderWarning HttpStatusError "
            "IgnoredSettingWarning InterruptedWarning LeakError "
            "LostCharactersWarning "
            "NeverRanWarning NewerFormat NoMatchError OutageWarning PendingPromise Place "
            "PowerWarning Problem "
            "RefusedActionWarning ScriptError ScriptLimitError ScriptSlipWarning "
            "ScriptSyntaxError SubjectError "
            "TransportError UnawaitedWarning UncalledWarning UndeclaredSecretWarning "
            "UnfitValueWarning "
            "UnknownNameWarning UnplayedWarning UnreadFileWarning UnrecordedWarning "
            "UnseenFailureWarning "
            "UnusedRuleWarning "
            "WaitingTimerWarning "
            "WeakSecretWarning WrongCallWarning"
        ),
        "bpmax_sim.guard": "NetworkGuard",
        "bpmax_sim.messages": "Call Exchange Request Response",
        "bpmax_sim.platform.load": "Platforms load_platforms",
        "bpmax_sim.proxy.builder": "Builder CallSpec Proxy",
        "bpmax_sim.proxy.response": "CallRecord RedactedRequest RedactedResponse",
        "bpmax_sim.scenario.events": "Event",
        "bpmax_sim.scenario.expect": "Comparison",
        "bpmax_sim.scenario.result": "ScenarioResult",
        "bpmax_sim.scenario.runner": "run_scenario",
        "bpmax_sim.scenario.source": "ExcerptLine Failure",
        "bpmax_sim.script.channel": "LiveObject",
        "bpmax_sim.script.failure": "Script",
        "bpmax_sim.script.limits": "Limits",
        "bpmax_sim.script.runtime": "Page",
        "bpmax_sim.script.turn_result": "AbsentRead Outcome PendingTimer UnrankedCharacter",
        "bpmax_sim.session.migration": "RecordingMoves",
        "bpmax_sim.session.session": "Session record replay",
        "bpmax_sim.session.settings": (
            "EverydayOptions OpeningOptions ScenarioOptions SessionOptions Settings"
        ),
        "bpmax_sim.session.shared_logins": "SharedLoginTransport SharedLogins",
        "bpmax_sim.session.shared_recording": "RunRecordings",
        "bpmax_sim.simulator.simulator": "Simulator",
        "bpmax_sim.transport.adapters": "RecordReplayTransport httpx_transport",
        "bpmax_sim.transport.faults": "BadToken Break Fault Reply Slow",
        "bpmax_sim.transport.protocol": "Handler Stub Transport",
        "bpmax_sim.transport.respx_router": "stub",
    },
    "bpmax_sim.testing": {
        "bpmax_sim.cassette.remote": "RemoteStorage",
        "bpmax_sim.clock": "Clock Instant VirtualClock",
        "bpmax_sim.messages": "Chunk FailedExchange Proof Sensitive SignatureInput",
        "bpmax_sim.platform.model": "Api Instance Platform",
        "bpmax_sim.proxy.response": "Sending",
        "bpmax_sim.pytest_plugin.python_tests": "RunClock RunEvents RunFaults",
        "bpmax_sim.scenario.calls": "CallAttempted CallMade",
        "bpmax_sim.scenario.events": (
            "CallAnswered ConsoleWritten ErrorThrown FaultStruck FlowAttached NamesAttached "
            "PartsAttached ScenarioFinished ScenarioPart ScenarioStarted SourceAttached "
            "StepFinished StepStarted"
        ),
        "bpmax_sim.scenario.python_step": "FlowHandle FormHandle",
        "bpmax_sim.script.hits": "NameValues ScriptHits",
        "bpmax_sim.script.turn_result": "ConsoleLine TimerFired UnawaitedCall",
        "bpmax_sim.session.options": "Against EngineName Mode RecordMode Unawaited Unused",
        "bpmax_sim.session.sending_log": "InjectedFault RecordingMatch",
        "bpmax_sim.simulator.state": "Message State",
        "bpmax_sim.subject.hooks": (
            "BranchArrived CycleCut DeadlinePassed FieldChanged HookStarted MessageShown "
            "NodeEntered NotificationSent PersonActed RouteEvaluated SubjectEvent"
        ),
        "bpmax_sim.transport.adapters": "Handles",
        "bpmax_sim.transport.respx_router": "Router",
    },
}
"""Module that gives out names -> module that has them -> the names."""


def make_lazy_exports(
    module: dict[str, Any],
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` (PEP 562) for a package whose namespace is *module*.

    They import a public name when it is first used, as importing all of them is slow.
    """
    own = module["__name__"]
    homes = {name: home for home, names in EXPORTS[own].items() for name in names.split()}

    def get(name: str) -> Any:
        if name == "__all__":
            return sorted(homes)
        if name not in homes:
            raise AttributeError(
                msg("module {name!r} has no attribute {name_2!r}", name=own, name_2=name)
            )
        home = homes[name]
        is_module = home == own  # such as `bpmax_sim.strategies`
        value = import_module(f"{home}.{name}") if is_module else getattr(import_module(home), name)
        module[name] = value
        return value

    return get, lambda: sorted({*module, *homes})
