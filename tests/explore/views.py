"""Runs as the judges of explore see them, made by hand: calls, steps and events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bpmax_sim.errors import NoMatchError, Place
from bpmax_sim.explore.failures import PossibleFailure
from bpmax_sim.explore.run_view import ObservedCall, RunView, StepView
from bpmax_sim.scenario.events import Event
from bpmax_sim.scenario.faults import to_transport_fault
from bpmax_sim.scenario.model import FaultAction, FaultRule
from bpmax_sim.scenario.source import Failure
from bpmax_sim.scenario.trial_run import TrialRun
from bpmax_sim.subject.hooks import FieldChanged, HookStarted

LINE = Place("下单.js", 4, 7)


def made(name: str = "crm.查客户", begin: int = 0, end: int = 0, **fields: Any) -> ObservedCall:
    """Return a call of step 1, a read that a recording responded to."""
    usual: dict[str, Any] = {
        "number": 1, "step": "1", "request": f"{name} 7", "has_effect": False, "is_faulted": False,
        "is_login": False, "sent_at": 0.0, "elapsed": 0.0, "status": 200, "error": "",
        "source": "recorded", "response": None, "place": LINE,
    }  # fmt: skip
    return ObservedCall(name=name, begin=begin, end=end or begin, **{**usual, **fields})


def ordered(begin: int = 0, end: int = 0, **fields: Any) -> ObservedCall:
    """Return a call of step 1 that orders something."""
    return made("erp.下单", begin, end, **{"has_effect": True, **fields})


def step(key: str = "1", **fields: Any) -> StepView:
    return StepView(key=key, **fields)


def seen(
    *steps: StepView,
    calls: Sequence[ObservedCall] = (),
    events: Sequence[Event] = (),
    broken: Sequence[tuple[str, int]] = (),
    misses: Sequence[str] = (),
    exceeded: str = "",
    idle: Sequence[str] = (),
) -> RunView:
    """Return the view of a run; *broken* has kind and step of failures, *misses* names of calls."""
    trial = TrialRun(
        events=tuple(events),
        misses=tuple(
            NoMatchError("", platform=name.partition(".")[0], api=name.partition(".")[2])
            for name in misses
        ),
        failures=tuple(Failure(kind=kind, essence=f"{kind} {at}", step=at) for kind, at in broken),
        fired=(),
        exceeded=exceeded,
    )
    return RunView({one.key: one for one in steps}, tuple(calls), trial, frozenset(idle))


def failing(call: ObservedCall, **fields: Any) -> PossibleFailure:
    """Return the failure of *call*, a time-out."""
    rule = FaultRule(on=call.name, call=call.number, do=FaultAction(error="timeout"))
    usual: dict[str, Any] = {"kind": "timeout", "column": "timeout", "rule": rule}
    return PossibleFailure(call=call, fault=to_transport_fault(rule), **{**usual, **fields})


def written(field: str = "客户", by: str = "change.编号", **fields: Any) -> FieldChanged:
    """Return the event of a field that a script writes."""
    return FieldChanged(field=field, by=by, **{"old": "", "new": "", **fields})


def hook() -> HookStarted:
    return HookStarted(event="change.编号", script="查.js")


def shown(text: str, level: str = "info") -> Mapping[str, Any]:
    return {"text": text, "level": level}


def thrown(type_: str = "Error", /, **fields: Any) -> Mapping[str, Any]:
    return {"type": type_, "message": "坏了", "from": "script", **fields}
