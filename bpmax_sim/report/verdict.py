"""What became of one item: its events -> a verdict, and the exit code that it asks for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import BpmaxError, CassetteError, pasted
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.scenario.events import Event, ScenarioFinished
from bpmax_sim.scenario.failure import Failure
from bpmax_sim.scenario.item import ScenarioItem
from bpmax_sim.scenario.made import CallMade

Outcome = Literal["passed", "failed", "skipped", "xfailed"]
_OFFLINE = frozenset({"CONNECT", "TLS"})
_NO_RECORDING = frozenset({"NoMatchError", "CassetteError", "DamagedCassette", "NewerFormat"})


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an item.

    Attributes:
        calls: everything that was called, logins too.
        duration: virtual seconds.
        reason: of a skip or an expected failure.
        problems: what kept it from running as it should, each with its position.
    """

    item: ScenarioItem
    outcome: Outcome
    code: ExitCode = ExitCode.PASSED
    calls: tuple[CallMade, ...] = ()
    duration: float = 0.0
    digest: str = ""
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""
    problems: tuple[str, ...] = ()

    def noting(self, note: str) -> Verdict:
        """Return the same verdict with one note more."""
        return replace(self, notes=(*self.notes, note))


def skipped(item: ScenarioItem) -> Verdict:
    """Return the verdict of an item that is not to run."""
    return Verdict(item=item, outcome="skipped", reason=_reason(item.skip))


def broken(item: ScenarioItem, error: BpmaxError) -> Verdict:
    """Return the verdict of an item that could not start."""
    code = ExitCode.CASSETTE if isinstance(error, CassetteError) else ExitCode.USAGE
    problems = tuple(str(error).splitlines())
    return Verdict(item=item, outcome="failed", code=code, problems=problems)


def judged(
    item: ScenarioItem, events: Iterable[Event], *, live: bool = False, mode: str = "replay"
) -> Verdict:
    """Return the verdict of an item that ran in *mode*; *live*: third parties were asked."""
    told = tuple(events)
    last = told[-1]
    assert isinstance(last, ScenarioFinished)
    calls = tuple(event for event in told if isinstance(event, CallMade))
    found = Verdict(
        item=item,
        outcome="failed" if last.failures else "passed",
        code=_code(last.failures, calls, live=live),
        calls=calls,
        duration=last.duration,
        digest=last.digest,
        failures=tuple(
            dataclasses.replace(failure, rerun=rerun(item, mode)) for failure in last.failures
        ),
        notes=last.notes,
        problems=_config(calls) if last.failures else (),
    )
    return _expected(found, _reason(item.xfail)) if item.xfail else found


def rerun(item: ScenarioItem, mode: str = "replay") -> str:
    """Return the command that runs *item* alone, in the same mode."""
    how = "record" if mode == "record" else "run" if mode == "replay" else f"run --mode {mode}"
    return f"bpmax-sim {how} {target(item)}"


def target(item: ScenarioItem) -> str:
    """Return *item* and its variables as arguments of a command, quoted for a shell."""
    name = item.node_id if item.row else item.spot.source.file
    return " ".join(map(pasted, (name, *item.repeated("--var"))))


def _code(failures: tuple[Failure, ...], calls: tuple[CallMade, ...], *, live: bool) -> ExitCode:
    if not failures:
        return ExitCode.PASSED
    if _config(calls) or any(failure.kind == "config" for failure in failures):
        return ExitCode.USAGE
    if live and any(_is_unreachable(call) for call in calls):
        return ExitCode.UNREACHABLE
    missed = any(failure.kind == "miss" for failure in failures)
    unusable = any(call.error in _NO_RECORDING for call in calls)
    return ExitCode.CASSETTE if missed or unusable else ExitCode.FAILED


def _is_unreachable(call: CallMade) -> bool:
    return call.error in _OFFLINE and not call.message.endswith("(fault)")


def _config(calls: tuple[CallMade, ...]) -> tuple[str, ...]:
    """Return what is not set up: a script sees it as a rejection, and may have swallowed it."""
    told = (call.message for call in calls if call.error == "ConfigError")
    return tuple(dict.fromkeys(line for message in told for line in message.splitlines()))


def _expected(verdict: Verdict, reason: str) -> Verdict:
    """Return *verdict* as that of an item that is expected to fail."""
    if verdict.outcome == "failed" and verdict.code is ExitCode.FAILED:
        return replace(verdict, outcome="xfailed", code=ExitCode.PASSED, reason=reason)
    if verdict.outcome == "failed":
        return verdict  # what keeps it from running is not what was expected
    spot = verdict.item.spot.at("xfail")
    told = "expected to fail, but passed; take xfail away"
    return replace(
        verdict,
        outcome="failed",
        code=ExitCode.FAILED,
        failures=(
            Failure(
                kind="xpass",
                essence=told,
                scenario=verdict.item.name,
                place=spot.place,
                location=spot.place,
                rerun=rerun(verdict.item),
            ),
        ),
    )


def _reason(told: bool | str) -> str:
    return told if isinstance(told, str) else ""
