"""How a scenario ended: passed, failed, failed as expected or not run, and for which cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from bpmax_sim.i18n import msg
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import Outcome, ScenarioFinished, ScenarioStarted
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.source import Failure

Cause = Literal["own", "config", "unreachable", "cassette"]
"""What has to be mended: the scenario or its scripts, what is declared, the way to a third party,
or a recording."""

_UNREACHABLE = frozenset({"CONNECT", "TLS"})
_NO_RECORDING = frozenset({"NoMatchError", "CassetteError", "DamagedCassette", "NewerFormat"})


def cause_of(failures: Iterable[Failure], calls: Sequence[CallMade], *, live: bool) -> Cause:
    """Return why a scenario failed; *live*: third parties were asked."""
    kinds = {failure.kind for failure in failures}
    if config_errors(calls) or "config" in kinds:
        return "config"
    if live and any(_is_unreachable(call) for call in calls):
        return "unreachable"
    unusable = any(call.error in _NO_RECORDING for call in calls)
    return "cassette" if unusable or "miss" in kinds else "own"


def _is_unreachable(call: CallMade) -> bool:
    return call.error in _UNREACHABLE and not call.message.endswith("(fault)")


def config_errors(calls: Iterable[CallMade]) -> tuple[str, ...]:
    """Return what is not set up: a script sees it as a rejection, and may have swallowed it."""
    messages = (call.message for call in calls if call.error == "ConfigError")
    return tuple(dict.fromkeys(line for message in messages for line in message.splitlines()))


def conclude(
    item: ScenarioItem, failures: Sequence[Failure], calls: Sequence[CallMade], *, live: bool
) -> tuple[Outcome, tuple[Failure, ...]]:
    """Return the outcome of *item*, and its failures: an unexpected pass is one.

    What keeps a scenario from running (a recording that is missing, what is not declared) is not
    the failure that ``xfail`` expects.
    """
    if not item.xfail:
        return "failed" if failures else "passed", tuple(failures)
    if not failures:
        return "failed", (_unexpected_pass(item),)
    expected = cause_of(failures, calls, live=live) == "own"
    return "xfailed" if expected else "failed", tuple(failures)


def _unexpected_pass(item: ScenarioItem) -> Failure:
    place = item.spot.at("xfail").place
    return Failure(
        kind="xpass",
        essence=msg("expected to fail, but passed; take xfail away"),
        scenario=item.name,
        place=place,
        location=place,
        rerun=item.rerun,
    )


def _config_failure(item: ScenarioItem, error: Exception) -> Failure:
    first, *detail = str(error).splitlines() or [type(error).__name__]
    return Failure(
        kind="config",
        essence=first,
        scenario=item.name,
        place=item.place,
        location=item.place,
        detail=tuple(detail),
        rerun=item.rerun,
        cause=error,
    )


def flag_reason(flag: bool | str) -> str:
    """Return the reason that ``skip`` or ``xfail`` gives, if it gives one."""
    return flag if isinstance(flag, str) else ""


def start_of(item: ScenarioItem, at: float) -> ScenarioStarted:
    """Return the event with which *item* starts."""
    return ScenarioStarted(
        name=item.scenario.scenario,
        row=item.row_id,
        place=item.place,
        steps=len(item.steps),
        tags=item.tags,
        at=at,
    )


def not_run(
    item: ScenarioItem, *, error: Exception | None = None, reason: str = ""
) -> tuple[ScenarioStarted, ScenarioFinished]:
    """Return the events of an item that was skipped or, for *error*, could not start."""
    finished = ScenarioFinished(
        outcome="failed" if error else "skipped",
        failures=(_config_failure(item, error),) if error else (),
        notes=(),
        digest="",
        calls=0,
        duration=0.0,
        reason=reason,
        at=0.0,
    )
    return start_of(item, 0.0), finished
