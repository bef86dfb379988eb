"""Run an item with changes (a variant), and compare the result with its unchanged run.

`measure_baseline` runs the item twice unchanged, and rejects items against which no variant can be
judged: those that fail, differ between the two runs, need a live system, or run Python.
`run_variant` runs it with a `Variant`. A variant writes no file (trace, usage, recording, memory of
failures), and its network is closed. Its limits are counts, multiples of those of the baseline, and
never seconds, so a busy machine does not change the outcome.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import BpmaxError, ConfigError, Problem
from bpmax_sim.i18n import msg
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import Event, ScenarioFinished
from bpmax_sim.scenario.load import ScenarioItem, Subjects
from bpmax_sim.scenario.observation import Observation, compare_runs, observe
from bpmax_sim.scenario.outcome import make_unrun_events
from bpmax_sim.scenario.runner import open_session, run_item
from bpmax_sim.scenario.source import Failure
from bpmax_sim.scenario.trial_run import TrialRun, run_trial
from bpmax_sim.script.budget import UNLIMITED, SessionWorkBudget, WorkCounts
from bpmax_sim.script.failure import Script
from bpmax_sim.script.hits import ScriptHits
from bpmax_sim.script.limits import LimitsWithBudget
from bpmax_sim.session.session import Session
from bpmax_sim.session.settings import SessionOptions
from bpmax_sim.subject.definition import FlowParts, LoadedNodeForm
from bpmax_sim.transport.faults import Fault

T = TypeVar("T")
Owner = TypeVar("Owner", Subjects, FlowParts, LoadedNodeForm)
_FACTOR: Final = 100
_LEAST: Final = WorkCounts(interrupts=100, jobs=20_000, calls=200, timers=1000, seconds=3600)
_NOTHING: Final = WorkCounts()
_BACKSTOP: Final = 20.0
"""Seconds of processor after which a built-in function that never asks is ended, too."""


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """How a run of an item differs from its unchanged run: in a script, a response or a step.

    An item is a scenario, or one row of its table. A trial is a run in which its expectations are
    not checked.

    Attributes:
        scripts: name of a script (`Script.name`) -> its replaced source.
        faults: further fault rules for the whole run, before stubs and recordings and after the
            scenario's own rules; they may remain unused.
        item: item with other steps, which replaces that of the baseline.
        usual: for each step, how often it makes each request in a trial without *faults*. What it
            makes more often is taken for a retry, which the scenario's own fault rules with ``call:
            2`` and the like do not count as a call. None counts every request.
        library: script inserted before the libraries of each form and flow.
        is_lenient: whether unplayed recordings and unused fault rules of the scenario are allowed.
        checks_sources: whether names in the scenario are checked, and its scripts for doubtful
            places, which may take longer than the run.
    """

    scripts: Mapping[str, str] = {}
    faults: tuple[Fault, ...] = ()
    item: ScenarioItem | None = None
    usual: tuple[Any, ...] | None = None
    library: Script | None = None
    is_lenient: bool = False
    checks_sources: bool = True


@dataclass(frozen=True)
class VariantRun:
    """The result of running a variant.

    Attributes:
        events: all events of the run; the last one is the verdict.
        used: work of its scripts, counted: interrupts (10,000 steps each), calls, timers …
        exceeded: why it was ended early: a name of `WorkCounts`, such as ``interrupts``, or
            ``limit`` for memory, stack and processor; else "".
    """

    events: tuple[Event, ...]
    used: WorkCounts = _NOTHING
    exceeded: str = ""

    @property
    def is_passed(self) -> bool:
        """Return whether the scenario passed."""
        return self.end.outcome == "passed"

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Return the failures of the scenario; none if it passed."""
        return self.end.failures

    @property
    def calls(self) -> tuple[CallMade, ...]:
        """Return calls and logins in the order in which they began."""
        return tuple(event for event in self.events if isinstance(event, CallMade))

    @property
    def end(self) -> ScenarioFinished:
        """Return the last event, which has the verdict."""
        end = self.events[-1]
        assert isinstance(end, ScenarioFinished), "the last event is the verdict"
        return end

    @cached_property
    def observations(self) -> tuple[Observation, ...]:
        """Return the observable effects of its steps, by which two runs are compared."""
        return observe(self.events)


class BaselineError(ConfigError):
    """Raised for an item whose variants cannot be judged, as it does not pass itself.

    *failures* are those of its own run.
    """

    default_code = "NO_BASELINE"
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class Baseline:
    """An item that passes, with the result of its unchanged run, to which variants are compared.

    An item is a scenario, or one row of its table.

    Attributes:
        run: result of the unchanged item.
        most: counts (interrupts, calls, timers …) at which the scripts of a variant are ended.
        environ: environment that ``${env.X}`` reads.
        cassettes: folder of all cassettes; by default that of the item's project.
    """

    item: ScenarioItem
    run: VariantRun
    most: WorkCounts
    environ: Mapping[str, str]
    cassettes: Path | None = None


def measure_baseline(
    item: ScenarioItem,
    *,
    environ: Mapping[str, str] = os.environ,
    cassettes: Path | None = None,
    hits: ScriptHits | None = None,
) -> Baseline:
    """Run *item* twice unchanged, and return the result with which variants are compared.

    It is a scenario, or one row of its table; a variant is a run with a changed script, response or
    step. *cassettes* is the folder of its recordings, None for that of its project. The second run
    counts executed code into *hits*.

    Raises:
        BaselineError: if the item is skipped, fails, is expected to fail, differs between the two
            runs, needs a live system, or runs Python.
    """
    if why := explain_no_variants(item):
        raise BaselineError(Problem(why, item.place))
    first = Baseline(item, VariantRun(make_unrun_events(item)), UNLIMITED, environ, cassettes)
    runs = [run_variant(first), run_variant(first, hits=hits)]
    for run in runs:
        if run.exceeded or not run.is_passed:
            why = next((failure.headline for failure in run.failures), run.end.outcome)
            error = BaselineError(Problem(msg("does not pass: {why}", why=why), item.place))
            error.failures = run.failures
            raise error
    if differing := compare_runs(runs[0].observations, runs[1].observations):
        step, place = differing[0].step, differing[0].place
        message = msg(
            "two runs of it differ: step {step}, {place}; set clock: and seed:, or mend what is "
            "left to chance",
            step=step,
            place=place,
        )
        raise BaselineError(Problem(message, item.place))
    # A mutant may loop without end; counted, not timed, so that the load of a machine kills none.
    used = replace(runs[0].used, seconds=runs[0].end.duration)
    return Baseline(item, runs[0], used.scale(_FACTOR, _LEAST), environ, cassettes)


def run_within_usual_limits(
    item: ScenarioItem,
    environ: Mapping[str, str] = os.environ,
    cassettes: Path | None = None,
) -> VariantRun:
    """Run *item* unchanged within the usual limits of scripts, without a baseline's budget.

    *cassettes* is the folder of its recordings, None for that of its project.
    """
    unrun = VariantRun(make_unrun_events(item))
    return run_variant(Baseline(item, unrun, UNLIMITED, environ, cassettes))


def explain_no_variants(item: ScenarioItem) -> str:
    """Return why no variant (changed run) of the scenario or row *item* can be run; "" if it can.

    That is: it is skipped or expected to fail, needs a live system, or runs Python, whose effects
    cannot be undone.
    """
    mode = item.scenario.proxy.mode
    if item.skip:
        return msg("is skipped")
    if item.xfail:
        return msg("is expected to fail (xfail)")
    if mode in {"record", "live"}:
        return msg(
            "asks a live system (mode: {mode}); only replay and simulate are tried", mode=mode
        )
    if any(located.step.action == "python" for located in item.walk_steps()):
        return msg("has a python: step, whose effects cannot be taken back; it is left out")
    return ""


def run_variant(
    baseline: Baseline,
    variant: Variant = Variant(),  # noqa: B008 - frozen
    *,
    hits: ScriptHits | None = None,
) -> VariantRun:
    """Run the item of *baseline* with the changes of *variant* and check its expectations.

    *hits* counts the executed code.
    """

    def run(item: ScenarioItem, options: SessionOptions) -> tuple[Event, ...]:
        if variant.is_lenient:
            options["unused"] = "ignore"
        if hits is not None:
            options["hits"] = hits
        return _run_variant(item, variant, options, baseline)

    events, budget = _run_within_limits(baseline, variant, run)
    exceeded = budget.exceeded or ("limit" if _has_exceeded_script_limit(events) else "")
    return VariantRun(events, budget.counts, exceeded)


def run_variant_without_expectations(baseline: Baseline, variant: Variant = Variant()) -> TrialRun:  # noqa: B008 - frozen
    """Run the item of *baseline* with the changes of *variant*, and do not check expectations.

    Return what happened in it.

    Raises:
        BpmaxError: if the session cannot be opened.
    """

    def run(item: ScenarioItem, options: SessionOptions) -> TrialRun:
        return run_trial(
            item,
            open_session(item, cassettes=baseline.cassettes, **options),
            injected=variant.faults,
            usual_requests=variant.usual,
            environ=baseline.environ,
        )

    trial, budget = _run_within_limits(baseline, variant, run)
    return replace(trial, exceeded=budget.exceeded)


def _run_within_limits(
    baseline: Baseline, variant: Variant, run: Callable[[ScenarioItem, SessionOptions], T]
) -> tuple[T, SessionWorkBudget]:
    """Call *run* with the item that *variant* changes, and with options for its session.

    *baseline* has the item and the amounts of work at which scripts are ended. The options are the
    environment, limits that only count the work of scripts, and the guard that closes the network.
    Return the result of *run*, and the budget with the amounts that were used.
    """
    item = variant.item or baseline.item
    if variant.scripts:
        item = replace(item, subjects=replace_scripts(item.subjects, variant.scripts))
    if variant.library:
        item = replace(item, subjects=add_library(item.subjects, variant.library))
    budget = SessionWorkBudget(baseline.most)
    options: SessionOptions = {
        "environ": baseline.environ,
        # Only counts end a variant, which are the same everywhere; the CPU limit is a last resort.
        "limits": LimitsWithBudget(cpu=_BACKSTOP, wall=float("inf"), budget=budget),
        "guard": True,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run(item, options), budget


def _run_variant(
    item: ScenarioItem, variant: Variant, options: SessionOptions, baseline: Baseline
) -> tuple[Event, ...]:
    try:
        session = open_session(item, cassettes=baseline.cassettes, **options)
    except BpmaxError as error:
        return make_unrun_events(item, error=error)
    try:
        events = tuple(
            run_item(
                item,
                session,
                environ=baseline.environ,
                more_faults=variant.faults,
                silent_faults=variant.is_lenient,
                checks_sources=variant.checks_sources,
                has_digest=False,
            )
        )
    except BpmaxError as error:
        _close_session(session)
        return make_unrun_events(item, error=error)
    except BaseException:  # such as Ctrl-C
        _close_session(session)
        raise
    return session.redact_value(events)


def _close_session(session: Session) -> None:
    with suppress(BpmaxError):
        session.close(failed=True)


def _has_exceeded_script_limit(events: Sequence[Event]) -> bool:
    end = events[-1]
    return isinstance(end, ScenarioFinished) and any(
        getattr(failure.cause, "name", "") == "ScriptLimitError" for failure in end.failures
    )


def replace_scripts(subjects: Subjects, texts: Mapping[str, str]) -> Subjects:
    """Return *subjects*, the scripts and flows of a scenario file, with some scripts replaced.

    *texts* maps the name of each replaced script to its new source.
    """

    def swap(scripts: Sequence[Script]) -> tuple[Script, ...]:
        return tuple(Script(texts.get(one.name, one.source), one.name) for one in scripts)

    return _change_scripts(subjects, swap, swap)


def add_library(subjects: Subjects, library: Script) -> Subjects:
    """Return *subjects* with *library* before the other libraries of each form and flow."""
    return _change_scripts(subjects, tuple, lambda libraries: (library, *libraries))


ChangeScripts = Callable[[Sequence[Script]], tuple[Script, ...]]


def _change_scripts(
    subjects: Subjects, change: ChangeScripts, change_libraries: ChangeScripts
) -> Subjects:
    """Return *subjects* with *change* applied to scripts and *change_libraries* to libraries."""

    def change_owner(owner: Owner) -> Owner:
        scripts = {event: change(scripts) for event, scripts in owner.scripts.items()}
        return replace(owner, scripts=scripts, libraries=change_libraries(owner.libraries))

    def change_flow(flow: FlowParts) -> FlowParts:
        screens = {node: change_owner(screen) for node, screen in flow.screens.items()}
        return replace(change_owner(flow), screens=screens)

    return replace(
        change_owner(subjects),
        inline={name: change((script,))[0] for name, script in subjects.inline.items()},
        flow=change_flow(subjects.flow),
        subflows={name: change_flow(flow) for name, flow in subjects.subflows.items()},
    )
