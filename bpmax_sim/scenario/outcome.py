"""The outcome of a scenario: passed, failed, failed as expected or not run; and its cause."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from bpmax_sim.errors import Place, ScriptError
from bpmax_sim.i18n import msg
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import Outcome, ScenarioFinished, ScenarioStarted
from bpmax_sim.scenario.findings import RunFinding
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.source import Failure
from bpmax_sim.scenario.table_rows import parse_flag_or_reason

Cause = Literal["own", "config", "unreachable", "cassette"]
"""What has to be mended: the scenario or its scripts, what is declared, the way to a third party,
or a recording."""

# A response that breaks off, or is not HTTP, is as little made by scenarios as one that never came.
# TIMEOUT is not among them, since an API declares how long it waits.
_UNREACHABLE = frozenset({"CONNECT", "TLS", "RESET"})
_NO_RECORDING = frozenset({"NoMatchError", "CassetteError", "DamagedCassette", "NewerFormat"})


def find_failure_cause(
    failures: Iterable[Failure], calls: Sequence[CallMade], *, live: bool
) -> Cause:
    """Return what made a scenario fail: ``config``, ``unreachable``, ``cassette`` or ``own``.

    These are missing configuration, a third party that cannot be reached or whose response breaks
    off, a missing or unusable recording, and else the tested scripts or the scenario itself. The
    first that applies counts.
    *live* is whether third parties were contacted, so that they can have been unreachable.
    """
    kinds = {failure.kind for failure in failures}
    # What has to be mended first comes first: without configuration nothing else was asked.
    if collect_config_errors(calls) or "config" in kinds:
        return "config"
    for call in calls if live else ():
        if did_fail_without_fault(call, _UNREACHABLE):
            return "unreachable"
    unusable = any(call.error in _NO_RECORDING for call in calls)
    return "cassette" if unusable or "miss" in kinds else "own"


def did_fail_without_fault(call: CallMade, codes: Collection[str]) -> bool:
    """Return whether *call* failed with one of *codes*, and not by an injected fault."""
    # The messages of injected faults end in "(fault)".
    return call.error in codes and not call.message.endswith("(fault)")


def collect_config_errors(calls: Iterable[CallMade]) -> tuple[str, ...]:
    """Return the lines of the configuration errors with which *calls* were rejected, each once.

    They are reported even if the script swallowed the rejection.
    """
    messages = (call.message for call in calls if call.error == "ConfigError")
    return tuple(dict.fromkeys(line for message in messages for line in message.splitlines()))


def decide_outcome(
    item: ScenarioItem, failures: Sequence[Failure], calls: Sequence[CallMade], *, live: bool
) -> tuple[Outcome, tuple[Failure, ...]]:
    """Return whether *item* passed, failed or failed as expected, and its failures.

    ``xfail`` covers a failure of what is tested only: not what keeps a scenario from running
    (missing recording or declarations; *live* says whether a third party may also have been
    unreachable), nor an unknown name, unless the folder is lenient. An item with ``xfail`` that
    passes has failed.
    """
    if not item.xfail:
        return "failed" if failures else "passed", tuple(failures)
    if not failures:
        wrong = msg("expected to fail but passed; remove xfail")
        return "failed", (_make_failure(item, "xpass", [wrong], _find_xfail_place(item)),)
    mistakes = [failure for failure in failures if _is_unknown_name(failure)]
    if mistakes and item.strictness != "lenient":
        more = msg("xfail stands for a failure of what is tested, not for a name that is wrong")
        return "failed", tuple(replace(one, detail=(*one.detail, more)) for one in mistakes)
    expected = find_failure_cause(failures, calls, live=live) == "own"
    return "xfailed" if expected else "failed", tuple(failures)


def _find_xfail_place(item: ScenarioItem) -> Place:
    """Return where ``xfail`` of *item* is written: in its row if that has one, else in its file."""
    row = item.row
    if row is None or not parse_flag_or_reason(row.values.get("xfail")):
        return item.spot.at("xfail").place
    return row.place if row.spot is None else row.spot.at("xfail").place


def find_one_character_xfails(
    outcome: Outcome, failures: Iterable[Failure]
) -> Iterator[RunFinding]:
    """Yield each failed comparison under ``xfail`` whose texts differ in one character only.

    It is probably a misprint, and not what the scenario is expected to fail of. Only for the
    *outcome* ``xfailed``; texts that differ in a digit, and short ones, are left out.
    """
    for failure in failures if outcome == "xfailed" else ():
        for check in failure.checks:
            pairs = list(zip(check.expected, check.actual, strict=False))
            is_long = len(check.expected) == len(check.actual) >= _LONG
            others = [pair for pair in pairs if pair[0] != pair[1]]
            if not check.ok and is_long and len(others) == 1 and not "".join(others[0]).isdigit():
                yield RunFinding("empty", msg(
                    "xfail also covers a misprint: {label} is {actual}, and {expected} is "
                    "expected; is that what the reason says?",
                    label=check.label, actual=check.actual, expected=check.expected,
                ), failure.place, fails=False)  # fmt: skip


_LONG = 10
"""Characters of a text, its quotes included, in which a single one is probably a misprint."""


def _is_unknown_name(failure: Failure) -> bool:
    """Return whether *failure* is an unknown name in the scenario or in a script."""
    cause = failure.cause
    if isinstance(cause, ScriptError):
        code = cause.fields.get("code")
        return cause.name == "ReferenceError" or str(code).startswith("UNKNOWN_")
    code = str(getattr(cause, "code", None))
    return failure.kind in _MISTAKES or code in _NO_TARGET or code.startswith("UNKNOWN_")


_MISTAKES = frozenset({"name", "call", "rule", "empty", "never_ran", "value"})
_NO_TARGET = frozenset({"NO_FUNCTION", "NO_MODULE"})


def _make_failure(
    item: ScenarioItem,
    kind: str,
    lines: Sequence[str],
    place: Place,
    cause: Exception | None = None,
) -> Failure:
    return Failure(
        kind=kind,
        essence=lines[0],
        scenario=item.name,
        place=place,
        location=place,
        detail=tuple(lines[1:]),
        rerun=item.rerun_command,
        cause=cause,
    )


def read_flag_reason(flag: bool | str) -> str:
    """Return the reason given by ``skip`` or ``xfail``; "" if it is only true or false."""
    return flag if isinstance(flag, str) else ""


def find_failing_place(item: ScenarioItem, failures: Sequence[Failure]) -> Place:
    """Return the place of the first failure: its step, else its key, else the item."""
    places = (place for failure in failures[:1] for place in (failure.location, failure.place))
    return next((place for place in places if place), item.place)


def make_start_event(item: ScenarioItem, at: float, engine: str = "") -> ScenarioStarted:
    """Return the first event of *item*, at the virtual time *at*.

    *engine* is the name of the engine that runs its scripts; "" if nothing is run.
    """
    return ScenarioStarted(
        name=item.scenario.scenario,
        row=item.row_id,
        place=item.place,
        steps=len(item.steps),
        tags=item.tags,
        engine=engine,
        variables=item.cli_variable_assignments,
        options=tuple("=".join(option) for option in item.cli_options),
        at=at,
    )


def make_unrun_events(
    item: ScenarioItem, *, error: Exception | None = None, reason: str = ""
) -> tuple[ScenarioStarted, ScenarioFinished]:
    """Return the events of an item that was skipped, or could not start because of *error*.

    *reason* says why it was skipped.
    """
    failures: tuple[Failure, ...] = ()
    if error:
        lines = str(error).splitlines() or [type(error).__name__]
        failures = (_make_failure(item, "config", lines, item.place, error),)
    finished = ScenarioFinished(
        outcome="failed" if error else "skipped",
        failures=failures,
        warnings=(),
        digest="",
        calls=0,
        duration=0.0,
        reason=reason,
        at=0.0,
    )
    return make_start_event(item, 0.0), finished
