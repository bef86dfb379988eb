"""Run one item in an open session and yield its events; the last one is the verdict.

One step: condition, faults, action with its repetitions, then expectations. A failed step ends the
steps but not the ``finally`` steps. Nothing here reads a clock or a socket: the session does.
`open_session` opens the session that an item asks for; options of the caller win.

What goes wrong first hides what follows from it. So a failure is reported with its cause alone:
names are checked before anything runs; a call without recording hides the step's errors, these its
expectations, and any failure of a step hides unused faults, unused parts and unplayed recordings.
Each event is yielded when it is complete, and steps of ``during``, which run within another step's
action, are in the order of happening among that step's events.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Unpack

import msgspec
from msgspec import UNSET

from bpmax_sim.cassette.recorder import Replays
from bpmax_sim.clock import format_parsable_duration
from bpmax_sim.errors import (
    BpmaxError,
    ConfigError,
    NoMatchError,
    PendingPromise,
    Problem,
    SubjectError,
)
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.keywords import refuse_unknown_keywords
from bpmax_sim.project import to_path
from bpmax_sim.scenario import findings
from bpmax_sim.scenario.action import Action
from bpmax_sim.scenario.actions import check_action
from bpmax_sim.scenario.assertions import (
    collect_call_error_codes,
    convert_first_error_to_map,
    read_expected_error,
    resolve_error,
)
from bpmax_sim.scenario.events import (
    START,
    Event,
    LogPosition,
    Outcome,
    ScenarioFinished,
    StepFinished,
    StepStarted,
)
from bpmax_sim.scenario.expect import Checks, select_failing_checks
from bpmax_sim.scenario.expect_check import check_expected_error, check_watched_call
from bpmax_sim.scenario.expect_new import has_other_failure
from bpmax_sim.scenario.expected_refusals import is_expected_refusal, is_refusal_covered_by_expect
from bpmax_sim.scenario.failure_report import FailureReporter
from bpmax_sim.scenario.file_verdict import (
    find_used_keys_except_steps,
    make_ran_step_key,
    make_retried_step_key,
)
from bpmax_sim.scenario.flow_actions import check_performer
from bpmax_sim.scenario.former_names import find_former_name
from bpmax_sim.scenario.invariants import judge_invariants
from bpmax_sim.scenario.load import LocatedStep, ScenarioItem, load_items_checking_variables
from bpmax_sim.scenario.model import (
    During,
    Expect,
    ExpectedError,
    Retry,
    find_named_steps,
    is_for_row,
)
from bpmax_sim.scenario.outages import fail_on_unexpected_outages
from bpmax_sim.scenario.outcome import (
    decide_outcome,
    find_one_character_xfails,
    make_start_event,
    read_flag_reason,
)
from bpmax_sim.scenario.progress import Progress
from bpmax_sim.scenario.references import (
    InterpolationError,
    Scope,
    condition_holds,
    parse_reference,
    to_text_or_empty,
)
from bpmax_sim.scenario.result import ScenarioResult
from bpmax_sim.scenario.source import Failure, Spot
from bpmax_sim.script.failure import Script
from bpmax_sim.session.options import list_options_for
from bpmax_sim.session.session import Session
from bpmax_sim.session.settings import ScenarioOptions, SessionOptions
from bpmax_sim.session.shared_logins import SharedLogins
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.hooks import REFUSED, Result
from bpmax_sim.transport.faults import Fault
from bpmax_sim.yamlfile import to_display_path

_ONCE = Retry(tries=1)


class StepRun(msgspec.Struct):
    """Runs one step and holds its result; its failures are added to those of the whole run.

    Attributes:
        number: number of the step from 1; steps inside a step have that of the outer one, and those
            of ``finally`` 0.
        total: number of steps of the scenario; 0 in ``finally``.
        prefix: titles of the steps around it, in front of its own in events.
        since: position in the log at which the step began.
        reason: why it is skipped, by the caller or by its condition; empty if it runs.
        tries: number of runs so far.
        checks: comparisons of the expectations of the last try.
    """

    progress: Progress
    located: LocatedStep
    number: int = 0
    total: int = 0
    prefix: str = ""
    since: LogPosition = START
    failures: list[Failure] = msgspec.field(default_factory=list)
    reason: str = ""
    tries: int = 0
    checks: Checks = ()
    _inner: list[Failure] = msgspec.field(default_factory=list)
    _missing: list[str] = msgspec.field(default_factory=list)
    _first_miss: int = 0

    def run(self) -> Iterator[Event]:
        """Run the step and yield its events."""
        log, step = self.progress.log, self.located.step
        self.since = log.get_position()
        started = self._make_start_event()
        yield log.redact_and_add_event(started)
        if not self.reason and not is_for_row(step, self.progress.item.row_id):
            self.reason = msg("only: {rows}", rows=join_list(map(str, step.only or ())))
        if not self.reason and not self._condition_holds() and not self.failures:
            self.reason = msg("if: {condition} does not hold", condition=step.condition)
            self.progress.warn_of_values_in_skipped_step(self.located)
        if not self.reason and not self.failures:
            self.progress.ran.add(make_ran_step_key(self.located))
            yield from self._run_action_with_retries()
        self.progress.failures += self.failures
        yield log.redact_and_add_event(self._make_finish_event(started))

    def _make_finish_event(self, started: StepStarted) -> StepFinished:
        outcome: Outcome = "skipped" if self.reason else "failed" if self.failures else "passed"
        now = self.progress.session.clock.now()
        state = self.progress.read_subject_state()
        return StepFinished(
            number=self.number,
            title=started.title,
            outcome=outcome,
            duration=round(now - started.at, 6),
            reason=self.reason,
            tries=self.tries,
            checks=self.checks,
            form=state.form,
            fields=state.fields,
            flow=state.flow,
            result=state.result if self.located.step.action and self.tries else None,
            at=now,
        )

    def _make_start_event(self) -> StepStarted:
        return StepStarted(
            number=self.number,
            total=self.total,
            id=self.located.step.id,
            title=self._resolve_step_title(),
            action=self.located.step.action,
            place=self.located.spot.place,
            form=self.progress.read_form_values(),
            at=self.progress.session.clock.now(),
        )

    def _resolve_step_title(self) -> str:
        title = self.located.step.title
        if "${" in title:
            with suppress(InterpolationError):  # it is shown as it is written then
                title = to_text_or_empty(self.progress.scope.resolve(title))
        return self.progress.redact(f"{self.prefix}{title}")

    def _condition_holds(self) -> bool:
        try:
            return condition_holds(self.located.step.condition, self.progress.scope.look_up)
        except InterpolationError as error:
            self._fail_undefined(error, ("if",))
            return False

    def _fail_undefined(self, error: InterpolationError, path: tuple[str | int, ...]) -> None:
        self.failures = [self._make_reporter().report("value", str(error), path)]

    def _run_action_with_retries(self) -> Iterator[Event]:
        """Run the action with its retries, judge each result, and check invariants at the end.

        The step's fault rules apply only meanwhile. They are armed once for all tries, since they
        count calls: ``call: 1`` strikes the first try alone, and a later one can pass.
        """
        session, step = self.progress.session, self.located.step
        rules = self.located.faults if self.progress.faults else ()
        self.progress.set_flow_focus_and_actors(step)
        session.arm(rules)
        retry = step.retry if isinstance(step.retry, Retry) else _ONCE
        for attempt in range(retry.tries):
            if attempt:
                session.wait(retry.every)
            self.failures, self.checks, self._inner, self._missing = [], (), [], []
            self.tries += 1
            result = yield from self._run_action()
            if result is not None and self._fill_expected_error():
                self._judge_result(result)
            if self._is_done(retry, result):
                break
        if self.tries > 1:
            self.progress.ran.add(make_retried_step_key(self.located))
        # After a failure, broken invariants and unused faults are only its consequences.
        silent = session.disarm(rules)
        if not self.failures or not self.progress.is_judged:
            self.failures += self._judge_invariants()
        if not self.failures and not self.progress.silent_faults:
            self.failures = [self._make_reporter().report_unfired_fault(fault) for fault in silent]

    def _judge_invariants(self) -> Iterator[Failure]:
        """Yield the failures of ``always`` and ``never`` after this step."""
        for failure in judge_invariants(self.progress, self.since):
            title = self._resolve_step_title()
            yield replace(failure, step=self.number, total=self.total, title=title)

    def _run_action(self) -> Generator[Event, None, Result | None]:
        """Perform the action and return its result.

        None after a failure: a ``${…}`` in its value is not defined, or a step that it runs failed.
        """
        if inner := find_named_steps(self.located.step):
            return (yield from self._run_named_steps(*inner))
        result = self._perform_filled(self.progress.performer.perform)
        if result is not None:
            yield from self.progress.log.collect_new_events(result)
        return result

    def _fill_action(self) -> Any:
        """Return the action's value with ``${…}`` replaced.

        None, and a failure is added, if one is not defined, or its value names something unknown.
        """
        progress, step = self.progress, self.located.step
        try:
            value = progress.scope.resolve(step.value)
        except InterpolationError as error:
            self._fail_undefined(error, (step.action,))
            return None
        if step.action in self.located.fills:
            spot = self.located.spot.at(step.action)
            self.failures = progress.check_filled(
                self._make_reporter(), lambda to: check_action(to, step.action, value, spot)
            )
        if "by" in self.located.fills:
            who = {"by": progress.scope.resolve(step.by)}
            self.failures += progress.check_filled(
                self._make_reporter(), lambda to: check_performer(to, who, self.located.spot)
            )
        return None if self.failures else value

    def _perform_filled(
        self, perform: Callable[[type[Action] | None, Any, str], Result]
    ) -> Result | None:
        """Perform the action with ``${…}`` in its value replaced, and return its result.

        *perform* is called with the class of the action, its value, and the file name for a script
        written in the step. None after a failure: a ``${…}`` that is not defined, or whose value is
        wrong there. A step without action has an empty result, but brings a flow up to date.
        """
        progress, step, spot = self.progress, self.located.step, self.located.spot
        result = Result()
        if kind := step.kind:
            is_code = kind.is_code and isinstance(step.value, str)
            value = step.value if is_code else self._fill_action()
            watched = self._fill_watched_call()
            if self.failures:
                return None
            name = _name_script(spot) if kind.is_code else ""
            with self._perform_during_steps(watched):
                result = perform(kind, value, name)
        elif isinstance(progress.subject, FlowSubject) and (progress.subject.begins or step.at):
            result = perform(None, None, "")
        if step.action:
            progress.store_result(step.id, result.value, convert_first_error_to_map(result.errors))
        return result

    def _fill_watched_call(self) -> str:
        """Return the name of the call during which steps are performed; "" without ``during``.

        If its ``${…}`` is not defined, or names no call, a failure is added.
        """
        during = self.located.step.during
        if not isinstance(during, During):
            return ""
        try:
            call = to_text_or_empty(self.progress.scope.resolve(during.call))
        except InterpolationError as error:
            self._fail_undefined(error, ("during", "call"))
            return ""
        if "during" in self.located.fills:
            spot = self.located.spot.at("during", "call")
            self.failures += self.progress.check_filled(
                self._make_reporter(), lambda to: check_watched_call(to, call, spot)
            )
        return call

    @contextmanager
    def _perform_during_steps(self, call: str) -> Iterator[None]:
        """Perform the steps of ``during`` at the first call *call* in the ``with`` block.

        If no such call is made there, its name is added to `_missing`.
        """
        if not call:
            yield
            return
        progress = self.progress
        done: list[bool] = []

        def act() -> None:
            if done:
                return
            done.append(True)
            for located in self.located.during:
                prefix = f"{self._resolve_step_title()} > "
                inner = StepRun(progress, located, self.number, self.total, prefix)
                self._inner += inner.perform_in_flight()

        progress.session.watch(call, act)
        try:
            yield
        finally:
            progress.session.watch("", act)
        if not done:
            self._missing.append(call)

    def perform_in_flight(self) -> list[Failure]:
        """Run this step, one of ``during``, while another is in flight, and return its failures."""
        progress = self.progress
        self.since = progress.log.get_position()
        # The call in flight may have missed already: that is the other step's.
        self._first_miss = len(progress.session.misses)
        if not is_for_row(self.located.step, progress.item.row_id) or not self._condition_holds():
            return self.failures
        progress.ran.add(make_ran_step_key(self.located))
        started = self._make_start_event()
        progress.log.add_event_in_flight(started)
        progress.set_flow_focus_and_actors(self.located.step)
        self.tries = 1
        result = self._perform_filled(progress.performer.perform_in_flight)
        if result is not None:
            progress.log.add_action_result(result)
            if self._fill_expected_error():
                self._judge_result(result)
        progress.log.add_event_in_flight(self._make_finish_event(started))
        return self.failures

    def _run_named_steps(
        self, name: str, variables: Mapping[str, Any]
    ) -> Generator[Event, None, Result | None]:
        """Run named steps of a fragment, with *variables* that exist only for them.

        Return the result of the last action; None if one of the steps failed or a variable is
        undefined. An inner step adds its failures to the run; they are taken out there and held by
        this step, which may be tried again and adds them at its end.
        """
        progress = self.progress
        saved = dict(progress.scope.vars)
        try:
            progress.scope.vars |= progress.scope.resolve(variables)
        except InterpolationError as error:
            self._fail_undefined(error, (self.located.step.action,))
            return None
        prefix = f"{self._resolve_step_title()} > "
        inner = self.located.inner
        steps = progress.item.subjects.named[name] if inner is None else inner
        try:
            for located in steps:
                before = len(progress.failures)
                yield from StepRun(progress, located, self.number, self.total, prefix).run()
                if len(progress.failures) > before:
                    self.failures = progress.failures[before:]
                    del progress.failures[before:]
                    return None
        finally:  # of a failure, too: another try and the steps of `finally` see their own values
            for variable in variables:
                del progress.scope.vars[variable]
            progress.scope.vars |= {key: saved[key] for key in variables if key in saved}
        if self.located.step.id:
            progress.store_result(self.located.step.id, progress.result, None)
        return Result(value=progress.result)

    def _judge_result(self, result: Result) -> None:
        """Judge the result in this order: calls without recording, errors, expectations.

        The first kind of failure ends it, as the others would only follow from it.
        """
        progress, step, reporter = self.progress, self.located.step, self._make_reporter()
        if not progress.is_judged:
            # In a trial, whose responses are changed, a value may be missing: steps do without.
            for name, value in step.save.items():
                with suppress(InterpolationError):
                    progress.scope.vars[name] = progress.scope.resolve(value)
            return
        misses = progress.session.misses
        missed = [n for n in range(self._first_miss, len(misses)) if n not in progress.missed]
        progress.missed.update(missed)
        # After a miss the script ran on without a response: whatever else is wrong follows from it.
        if missed:
            self.failures = [reporter.report_miss(misses[number]) for number in missed]
            return
        progress.log.judge_writes_outside_fields(result.named_writes)
        is_refused = result.refused and not result.errors and not is_refusal_covered_by_expect(step)
        silent = [msg("no call of {call} was made meanwhile", call=call) for call in self._missing]
        failures = [
            *self._inner,
            *(reporter.report("value", essence, ("during", "call")) for essence in silent),
            *self._judge_errors(result, reporter),
            *(reporter.report_uncaught(error, is_rejection=True) for error in result.unhandled),
            *self._judge_unawaited(result, reporter),
            *(reporter.report_stray_write(*field) for field in progress.log.pop_undeclared_names()),
            *([reporter.report_unexpected_refusal(result.refusal)] if is_refused else ()),
            *self._judge_invalid_calls(result, reporter),
        ]
        self.failures = progress.apply_leniency(failures)
        if self.failures:
            return  # what is expected of a step that went wrong says nothing new
        for name, value in step.save.items():
            try:
                progress.scope.vars[name] = progress.scope.resolve(value)
            except InterpolationError as error:
                self._fail_undefined(error, ("save", name))
                return
        checks, self.failures = progress.compare_expectation(reporter, step.expect, self.since)
        self.checks += checks
        if not self.failures:
            progress.warn_of_step(self.located, self.since, result)

    def _fill_expected_error(self) -> bool:
        """Replace an ``expect_error`` that is a single ``${…}`` by its value.

        Return False, and add a failure, if it is undefined or no expected error.
        """
        step = self.located.step
        if isinstance(step.expect_error, str):
            try:
                value = self.progress.resolve_expected_value(step.expect_error)
                filled = msgspec.structs.replace(step, expect_error=read_expected_error(value))
            except InterpolationError as error:
                self._fail_undefined(error, ("expect_error",))
                return False
            self.located = msgspec.structs.replace(self.located, step=filled)
        return True

    def _judge_unawaited(self, result: Result, reporter: FailureReporter) -> Iterator[Failure]:
        """Yield failures of calls that the script did not await; also add warnings to the run.

        A call that a later step may still await is judged at the end of the run. The warnings are
        about what the engine noticed (*result*): reads of members that do not exist, and characters
        whose sort order is not known.
        """
        progress = self.progress
        for read in result.absent_reads:
            progress.warn_of_absent_read(read, self._list_written_scripts())
        for character in result.unranked:
            progress.log.add_warning("collation", character.problem, character.place)
        for call in result.unawaited:
            if call.number:
                progress.unawaited.append((call, reporter))
            else:
                yield from progress.judge_unawaited(call, reporter)

    def _list_written_scripts(self) -> Sequence[Script]:
        """Return the script that stands in the step itself, if one does."""
        step = self.located.step
        if step.action != "js" or not isinstance(step.value, str):
            return ()
        return (Script(step.value, _name_script(self.located.spot)),)

    def _judge_invalid_calls(self, result: Result, reporter: FailureReporter) -> Iterator[Failure]:
        """Yield failures of calls that can never work, whose error a script caught and so hid.

        An example is a call of an unknown API.
        """
        progress = self.progress
        whole = progress.item.scenario.expect
        uncaught = collect_call_error_codes((*result.errors, *result.unhandled))
        made = progress.log.calls[self.since.calls :]
        for call in findings.find_invalid_calls(made, self.located.step.expect, whole):
            if call.error not in uncaught:
                yield reporter.report_caught_invalid_call(call)

    def _judge_errors(self, result: Result, reporter: FailureReporter) -> list[Failure]:
        """Return the failures of the step's errors, compared with ``expect_error``.

        A call without recording and a promise that never settles always fail, whatever is expected.
        """
        never = [e for e in result.errors if isinstance(e, NoMatchError | PendingPromise)]
        others = [e for e in result.errors if e not in never]
        step = self.located.step
        expected = step.expect_error
        if never:
            return [
                reporter.report_miss(error)
                if isinstance(error, NoMatchError)
                else reporter.report_uncaught(error)
                for error in never
            ]
        if not isinstance(expected, ExpectedError):
            return [
                reporter.report_uncaught(error)
                for error in others
                if not is_expected_refusal(error, step.expect, self.progress.resolve_expected_value)
            ]
        try:
            expected = resolve_error(expected, self.progress.resolve_expected_value)
        except InterpolationError as error:
            return [reporter.report("value", str(error), ("expect_error",))]
        if reporter.has_reference("expect_error"):
            spot = reporter.spot.at("expect_error")
            if wrong := self.progress.check_filled(
                reporter, lambda to: check_expected_error(to, expected, spot)
            ):
                return wrong
        # A hook refuses by returning a text, which is no exception; ``expect_error`` judges both.
        if result.refused and not result.errors:
            others = [SubjectError("{text}", code=REFUSED, text=result.refusal)]
        checks, failures = reporter.report_expected_error(expected, others)
        self.progress.log.add_findings(reporter.find_vacuous_checks(checks))
        self.checks += checks
        return failures

    def _is_done(self, retry: Retry, result: Result | None) -> bool:
        """Return whether no further try is needed: ``until``, else the step's ``expect``, holds.

        Also if *result*, that of the action, is None: a value is undefined, or an inner step
        failed, and that would be the same again.
        """
        if result is None:
            return True
        if not isinstance(retry.until, Expect):
            return not self.failures
        reporter, path = self._make_reporter(), ("retry", "until")
        checks, failures = self.progress.compare_expectation(
            reporter, retry.until, self.since, path
        )
        self.checks += checks
        if failures and not (checks and self.failures):
            self.failures = failures
        return not select_failing_checks(checks)

    def _make_reporter(self) -> FailureReporter:
        return self.progress.make_reporter(
            self.since,
            located=self.located,
            number=self.number,
            total=self.total,
            title=self._resolve_step_title(),
        )


def _name_script(spot: Spot) -> str:
    """Return the file name given to a script that is written in the step at *spot*."""
    file, line = spot.source.file, spot.place.line
    return msg("{source_file}:{line} js", source_file=file, line=line)


def run_item(  # noqa: PLR0913 - what may be left out of a run
    item: ScenarioItem,
    session: Session,
    *,
    environ: Mapping[str, str] = os.environ,
    faults: bool = True,
    more_faults: tuple[Fault, ...] = (),
    silent_faults: bool = False,
    checks_sources: bool = True,
    has_digest: bool = True,
) -> Iterator[Event]:
    """Run *item* in *session*, which is closed at the end, and yield its events.

    *environ* is what ``${env.X}`` reads. Without *faults* no fault is injected, but stubs are.
    Rules of *more_faults* come after the item's own and may remain unused; with *silent_faults*,
    every rule may. With *checks_sources* names in the scenario are checked against the platforms,
    and scripts for doubtful places; a caller that runs the same files again can do without. Without
    *has_digest* the last event has no digest of the run.
    """
    progress = Progress(item, session, environ, faults=faults, silent_faults=silent_faults)
    begin = session.clock.now()
    yield progress.log.redact_and_add_event(make_start_event(item, begin, session.engine))
    if progress.make_vars_and_subject() and (not checks_sources or progress.check_platform_names()):
        rules, stubs = item.faults if faults else (), progress.fill_stubs()
        # The first rule that fires wins: a fault is injected even where a stub would respond.
        session.arm((*rules, *more_faults, *stubs))
        if not progress.failures:
            yield from _run_steps(progress)
        progress.ran |= find_used_keys_except_steps(item, session, progress.log.calls, stubs)
        silent = session.disarm((*rules, *more_faults, *stubs))
        # After a failure, rules and parts that were not used are only its consequence.
        if not progress.failures:
            reporter = progress.make_reporter()
            progress.failures += [
                reporter.report_unfired_fault(fault)
                for fault in (() if silent_faults else silent)
                if fault in rules
            ]
            progress.failures += progress.judge_empty_run_and_unused_parts()
            if not progress.failures:
                progress.warn_of_run()
        if checks_sources:
            progress.warn_of_scripts()
        if not progress.failures:
            progress.failures += progress.fail_warnings_if_strict()
    # Closing saves the recording or refuses to, and finds unplayed exchanges: the verdict waits.
    _close_session(progress)
    outcome, failures = decide_outcome(
        item, progress.failures, progress.log.calls, live=not session.is_closed
    )
    progress.log.add_findings(find_one_character_xfails(outcome, failures))
    yield ScenarioFinished(
        outcome=outcome,
        failures=session.redact_value(failures),
        warnings=session.redact_value(tuple(progress.log.warnings)),
        digest=progress.log.compute_run_digest() if has_digest else "",
        calls=len(progress.log.calls),
        duration=round(session.clock.now() - begin, 6),
        checks=progress.checks,
        reason=read_flag_reason(item.xfail) if outcome == "xfailed" else "",
        rows=item.rows,
        unused_parts=progress.unused_parts if outcome == "passed" else (),
        used_keys_of_other_files=progress.used_keys_of_other_files if outcome == "passed" else (),
        strictness=item.strictness,
        at=session.clock.now(),
    )


def _run_steps(progress: Progress) -> Iterator[Event]:
    """Run the steps, check the scenario as a whole, and run the ``finally`` steps."""
    item, session, reason = progress.item, progress.session, ""
    # After a failure the other steps are only reported as skipped, each with that reason.
    for number, located in enumerate(item.steps, 1):
        yield from StepRun(progress, located, number, len(item.steps), reason=reason).run()
        if progress.failures and not reason:
            reason = msg("step {number} failed", number=number)
    if not progress.failures:
        progress.checks, progress.failures = progress.compare_expectation(
            progress.make_reporter(), item.scenario.expect
        )
    # A later step may await the promise of a call, so what was forgotten is known only now.
    late = (
        failure
        for call, reporter in progress.unawaited
        if session.is_forgotten(call)
        for failure in progress.judge_unawaited(call, reporter)
    )
    progress.failures += progress.apply_leniency(late)
    for timer in session.pending_timers():
        left = format_parsable_duration(max(timer.due - session.clock.now(), 0))
        message = msg(
            "{timer} still waits at the end; advance: {left} lets it fire",
            timer=timer.label,
            left=left,
        )
        progress.log.add_warning("timer", message, timer.place)
    # They run after a failure, too: they undo what the steps did at a third party.
    for located in item.cleanup:
        yield from StepRun(progress, located, prefix="finally: ").run()


def _close_session(progress: Progress) -> None:
    """Close the session; its error fails the run only if nothing else has."""
    if not progress.failures:
        fail_on_unexpected_outages(progress)
    try:
        progress.session.close(failed=has_other_failure(progress.failures))
    except BpmaxError as error:
        if not progress.failures:
            kind = "miss" if isinstance(error, NoMatchError) else "unplayed"
            progress.failures.append(
                progress.make_reporter().report(kind, str(error), ("proxy", "cassette"))
            )


def open_session(
    item: ScenarioItem, *, cassettes: Path | None = None, **overrides: Unpack[SessionOptions]
) -> Session:
    """Return an open session for *item*.

    Args:
        item: item to run.
        cassettes: folder of all cassettes; by default ``cassettes`` in the project's root.
        overrides: options of `Session.open` that win over the scenario's own.

    Raises:
        ConfigError: if a file or an option is wrong, or a secret is missing.
        CassetteError: if the cassette cannot be used.
    """
    proxy = item.scenario.proxy
    folder = os.path.join(item.root, "cassettes") if cassettes is None else str(cassettes)  # noqa: PTH118
    options: SessionOptions = {
        "instances": item.instances,
        "mode": "replay" if proxy.mode is UNSET else proxy.mode,
        "cassette": to_path(os.path.join(folder, f"{item.cassette}.yaml")),  # noqa: PTH118
        "logins": to_path(os.path.join(folder, "auth")),  # noqa: PTH118
        "clock": item.scenario.clock or None,
        "seed": None if item.scenario.seed is UNSET else item.scenario.seed,
        "ignore": proxy.ignore,
        "redact": proxy.redact,
        "unused": proxy.unused,
        "unawaited": "allow",  # each step judges its own
        "owner": item.owner_name_in_cassette,
        "adopts": partial(find_former_name, item),
        "repeat": proxy.repeat,
        "default_instance": proxy.instance or None,
        "command": msg("bpmax-sim record {target}", target=item.selection_arguments),
        **overrides,
    }
    environ = options.get("environ")
    needed = options["mode"] in {"record", "live"} and options.get("against") != "simulator"
    if "secrets" not in options:
        options["secrets"] = read_secret_values(
            item, os.environ if environ is None else environ, needed=needed
        )
    missing = find_missing_platform_files(item)
    if wrong := [one for one in missing if not overrides.get(one.path.removeprefix("proxy."))]:
        raise ConfigError(*wrong)
    if not options.get("platforms"):
        options["platforms"] = item.platforms
    return Session.open(**options)


def make_replay_check(item: ScenarioItem, folder: Path, options: SessionOptions) -> Replays:
    """Return a function that returns whether *item* passes in replay with the given cassette file.

    A recorder tries a new cassette by it before that replaces the old one. *folder* is the folder
    of all cassettes; *options* are those of the session that records, of which mode and files are
    replaced for the replay.
    """

    def replays(cassette: Path) -> bool:
        of_replay: SessionOptions = {
            **options,
            "mode": "replay",
            "cassette": cassette,
            "logins": folder / "auth",
            "remote": None,  # the trial is a file of this process alone
            "replays": None,
        }
        try:
            session = open_session(item, **of_replay)
            environ = options.get("environ")
            *_, last = run_item(item, session, environ=os.environ if environ is None else environ)
        except BpmaxError:
            return False
        return isinstance(last, ScenarioFinished) and last.outcome != "failed"

    return replays


def find_missing_platform_files(item: ScenarioItem) -> Iterator[Problem]:
    """Yield a problem for each file of platforms or instances that is named but does not exist."""
    proxy = item.scenario.proxy
    several = not isinstance(proxy.platforms, str)
    named: list[tuple[str, tuple[int, ...], Path]] = [
        ("platforms", (number,) if several else (), path)
        for number, path in enumerate(item.platforms if proxy.platform_paths else ())
    ]
    named += [("instances", (), path) for path in [item.instances] if path is not None]
    for name, index, path in named:
        if not os.path.exists(path):  # noqa: PTH110 - faster
            place = Spot(item.spot.source, ("proxy", name, *index)).place
            message = msg(
                "there is no {path}; create it, or name another", path=to_display_path(path)
            )
            yield Problem(message, place, f"proxy.{name}")


def read_secret_values(
    item: ScenarioItem, environ: Mapping[str, str], *, needed: bool = True
) -> tuple[str, ...]:
    """Return the values of the scenario's ``secrets``: ``env.X``, ``vars.x`` or ``case.x``.

    They are removed from everything that is written. A missing one is left out unless *needed*.

    Raises:
        ConfigError: if one is missing although it is *needed*, as it is to record.
    """
    row = item.row.values if item.row else {}
    scope = Scope(vars=dict(item.vars), case=row, environ=environ)
    texts: list[str] = []
    for index, name in enumerate(item.scenario.secrets):
        try:
            texts.append(to_text_or_empty(scope.resolve(scope.look_up(parse_reference(name)))))
        except InterpolationError as error:
            if needed:
                place = Spot(item.spot.source, ("secrets", index)).place
                raise ConfigError(Problem(str(error), place, "secrets")) from None
    return tuple(filter(None, texts))


@refuse_unknown_keywords(
    argument.session_keyword for argument in list_options_for("session").values()
)
def run_scenario(
    path: str | os.PathLike[str],
    *,
    variables: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
    faults: bool = True,
    **options: Unpack[ScenarioOptions],
) -> ScenarioResult:
    """Run every item of a scenario file except skipped ones, and return their result.

    An item is the scenario itself, or each row of its table.

    Args:
        path: scenario file.
        variables: stronger than those of the file.
        environ: environment that ``${env.X}`` and credentials are read from.
        faults: whether the scenario's faults are injected.
        options: options of `open_session`, such as ``mode="record"``; stronger than the scenario's.

    Raises:
        ConfigError: if the file, what it names, or an option is wrong.
        CassetteError: if a cassette cannot be used.
    """
    options.setdefault("shared_logins", SharedLogins())
    events: list[Event] = []
    for item in load_items_checking_variables(variables or {}, Path(path), environ):
        if not item.skip:
            session = open_session(item, environ=environ, **options)
            try:
                events += run_item(item, session, environ=environ, faults=faults)
            except BaseException:  # such as Ctrl-C
                with suppress(BpmaxError):
                    session.close(failed=True)
                raise
    return ScenarioResult(tuple(events))
