"""The state of one run, which its steps share: subject, values, failures, and the log so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import chain
from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict, replace

from bpmax_sim.clock import make_uuid
from bpmax_sim.errors import WARNINGS, SubjectError
from bpmax_sim.i18n import msg
from bpmax_sim.js_values import to_scenario_value
from bpmax_sim.project import to_absolute_path
from bpmax_sim.scenario import (
    assertions,
    expectation_doubts,
    findings,
    load,
    model,
    result_checks,
    source,
)
from bpmax_sim.scenario.absent_columns import AbsentColumnReads
from bpmax_sim.scenario.action import Performer, Subject
from bpmax_sim.scenario.actions import check_action
from bpmax_sim.scenario.blinding_ignores import (
    find_calls_made_equal,
    find_responses_matched_by_ignore,
)
from bpmax_sim.scenario.events import START, LogPosition
from bpmax_sim.scenario.expect import (
    NOTHING_IN_IT,
    NOTHING_THERE,
    Checks,
    select_failing_checks,
)
from bpmax_sim.scenario.expect_check import check_expect
from bpmax_sim.scenario.expect_new import report_new_expect
from bpmax_sim.scenario.expect_update import attach_update
from bpmax_sim.scenario.failure_report import FailureReporter
from bpmax_sim.scenario.fault_checks import find_useless_faults
from bpmax_sim.scenario.faults import fill_stub, stub_to_fault
from bpmax_sim.scenario.file_verdict import (
    find_unused_conditions_of_row,
    find_unused_parts,
    is_inherited,
    make_ran_step_key,
    make_unused_part_failure,
    select_keys_of_other_files,
)
from bpmax_sim.scenario.flow_actions import check_user, describe_person
from bpmax_sim.scenario.names import CheckContext
from bpmax_sim.scenario.observation import (
    SubjectState,
    observe,
    read_field_states,
    read_field_values,
    read_flow_facts,
    read_last_preview,
    read_subject_state,
)
from bpmax_sim.scenario.platform_doubts import find_rule_doubts
from bpmax_sim.scenario.policies import PolicyPlayer
from bpmax_sim.scenario.references import (
    InterpolationError,
    Path,
    Reference,
    Scope,
    UndefinedValueError,
    UnfitValueError,
    resolve,
    to_text_or_empty,
)
from bpmax_sim.scenario.run_log import RunLog
from bpmax_sim.scenario.script_doubts import find_script_doubts
from bpmax_sim.scenario.script_texts import find_shadowed_functions, find_utc_dates
from bpmax_sim.scenario.table_rows import EMPTY
from bpmax_sim.script.failure import Script
from bpmax_sim.script.turn_result import AbsentRead, UnawaitedCall
from bpmax_sim.script_source.reading import is_compared_with_undefined
from bpmax_sim.session.session import Session
from bpmax_sim.subject.definition import FlowParts
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.form import FormSubject
from bpmax_sim.subject.hooks import (
    FieldChanged,
    Result,
)
from bpmax_sim.transport.faults import Fault

_NOTHING_COMPARED = (NOTHING_IN_IT, NOTHING_THERE)


def _return_unchanged(value: Any) -> Any:
    return value


class Progress:
    """The state of one run, shared by its steps.

    Attributes:
        faults: whether the scenario's faults are injected.
        is_judged: whether expectations are checked. They are not in a trial, a run of ``explore``
            with changed responses, which also continues after a failed step.
        absent_columns: reads of columns that may turn out to be in no row of the run.
        silent_faults: whether fault rules may remain without effect; else that is a failure.
        failures: failures so far, in the order of detection.
        result: result of the latest action.
        missed: numbers of the calls without a recording that a step has reported already.
        subject: form or flow that is driven; None without one.
        initial: field -> value before the first step.
        ran: the stubs, steps, policies and the like that were used so far: the place of each as
            text, perhaps with a word behind it.
        unawaited: calls not awaited so far, each with the reporter of its step.
        checks: comparisons of the scenario's own expectations.
    """

    _has_refusal: bool = False
    """Whether a form, flow or script refused what a step that passed did."""

    def __init__(
        self,
        item: load.ScenarioItem,
        session: Session,
        environ: Mapping[str, str],
        *,
        faults: bool,
        is_judged: bool = True,
        silent_faults: bool = False,
    ) -> None:
        """Create the state before the first step of *item*, which runs in *session*.

        *environ* is what ``${env.X}`` reads; the other arguments are attributes of this class.
        """
        self.item = item
        self.session = session
        self.faults = faults
        self.is_judged = is_judged
        self.silent_faults = silent_faults
        self.bodies = item.subjects.script_and_flow_files
        root = to_absolute_path(item.root)
        # The session's platforms, since options may name other folders than the file does.
        self.names = replace(item.names, platforms=session.platforms)
        columns = findings.find_expected_columns(item) if item.names.initial_table_columns else {}
        self.log = RunLog(
            session,
            item.trace_file_names,
            root,
            names=item.names,
            expected_columns=columns,
            find_fields_meant_to_change_type=partial(
                findings.find_fields_meant_to_change_type, item
            ),
        )
        self.absent_columns = AbsentColumnReads(item.names)
        self.failures: list[source.Failure] = []
        self.result: Any = None
        self.missed: set[int] = set()
        self.checks: Checks = ()
        self.subject: Subject = None
        self.initial: Mapping[str, Any] = {}
        self.ran: set[str] = set()
        self.unawaited: list[tuple[UnawaitedCall, FailureReporter]] = []
        # Parts of ``always`` and ``never``: those compared so far, and findings on the others.
        self._compared: set[Path] = set()
        self._uncompared: dict[Path, tuple[findings.RunFinding, ...]] = {}
        self.redact = session.redact_value
        # Times and ids of a run come from its clock and its seed. Real ones would change each
        # request, and no recording would be found again.
        chance, zone = session.chance(), item.clock
        self.scope = Scope(
            case=item.row.values if item.row else {},
            environ=environ,
            now=lambda: str(zone.at(session.clock.now())),
            uuid=lambda: make_uuid(chance),
        )

    @property
    def _subflow_scripts(self) -> Iterator[Script]:
        """Yield the scripts of sub-flows, which act on forms of their own."""
        for flow in self.item.subjects.subflows.values():
            yield from flow.handlers

    def make_vars_and_subject(self) -> bool:
        """Replace ``${…}`` in variables and create the subject; return False after a failure."""
        path: tuple[str, ...] = ()
        try:
            for name, value in self.item.vars.items():
                path = ("vars", name)
                self.scope.vars[name] = self.scope.resolve(value)
            path = ("flow", "at")
            begin = self._resolve_flow_beginning()
            path = ("flow",) if self.item.scenario.form is UNSET else ("form",)
            self.subject = self._make_subject(begin)
        except InterpolationError as error:
            self.failures.append(self.make_reporter().report("value", str(error), path))
            return False
        self.initial = read_field_values(self.subject)
        self.initial_flow = read_flow_facts(self.subject)
        self.scope.form = partial(read_field_values, self.subject)
        self.scope.flow = partial(read_flow_facts, self.subject)
        self.performer = Performer(
            session=self.session,
            subject=self.subject,
            path=self.item.path,
            inline=self.item.subjects.inline,
            libraries=self.item.subjects.all_libraries,
            player=self._make_player(),
        )
        return True

    def _make_player(self) -> PolicyPlayer | None:
        """Return the player of people if the scenario has policies or ``play`` steps, else None."""
        item, definition = self.item, self.item.names.definition
        policies = item.scenario.policies
        steps = (*item.steps, *item.cleanup, *chain(*item.subjects.named.values()))
        if not policies and not any(located.step.action == "play" for located in steps):
            return None
        located = tuple(
            (policy, spot)
            for policy, spot in item.spot.at("policies").locate_elements(policies)
            if model.is_for_row(policy, item.row_id)
        )
        player = PolicyPlayer(located, self.scope, self._check_policy, self.ran)
        player.nodes = tuple(definition.nodes) if definition else ()
        return player

    def _check_policy(self, check: Callable[[CheckContext], None], spot: source.Spot) -> None:
        """Run *check* on the policy at *spot* once its ``${…}`` are replaced.

        At load their values are not known yet, so names in them are checked only here. Without
        ``${…}`` in the policies nothing is done. What a lenient folder tolerates becomes a warning.

        Raises:
            SubjectError: if it names something that does not exist, with the line of the policy.
        """
        if "policies" not in self.item.fills:
            return
        for one in findings.run_check_on_row_values(self.item, self.names, check):
            if not one.fails or (one.kind in WARNINGS and self.item.strictness == "lenient"):
                self.log.add_findings([one])
            else:
                raise SubjectError(
                    "{wrong} (the policy in line {line})",
                    code="UNKNOWN_NAME",
                    wrong=one.message,
                    line=spot.place.line,
                )

    def check_platform_names(self) -> bool:
        """Check the names of platforms, APIs and instances, and a ``user`` filled in from a row.

        Return False if one is wrong or anything failed before: then no step runs.
        """
        self.log.warnings += self.item.warnings
        wrong = findings.check_names_against_platforms(self.item, self.session.platforms)
        self.failures += self._report_findings(self.make_reporter(), wrong)
        if not self.failures and "user" in self.item.fills:
            user, spot = self.scope.resolve(self.item.scenario.user), self.item.spot.at("user")
            self.failures += self.check_filled(
                self.make_reporter(), lambda to: check_user(to, user, spot)
            )
        return not self.failures

    def warn_of_scripts(self) -> None:
        """Add warnings for doubtful places in the scripts, from their text and the platforms."""
        said = (*(one.place for one in self.log.warnings), *(one.script for one in self.failures))
        self.log.add_findings((
            *find_script_doubts(self.item, self.session.platforms, said, self.log.calls),
            *find_shadowed_functions(self.item.subjects.libraries),
            *find_utc_dates(self.bodies, self.item.clock, self.session.clock.now()),
        ))  # fmt: skip

    def _report_findings(
        self, reporter: FailureReporter, wrong: Iterable[findings.RunFinding]
    ) -> list[source.Failure]:
        """Return the failures among the findings *wrong*; doubts are added to the run's warnings.

        *reporter* makes the failures. Those that a lenient folder tolerates become warnings, too.
        """
        failures = []
        for one in wrong:
            if one.fails:
                failures.append(reporter.report_finding(one))
            else:
                self.log.add_findings([one])
        return self.apply_leniency(failures)

    def fill_stubs(self) -> tuple[Fault, ...]:
        """Return the stubs of the scenario as fault rules, with every ``${…}`` replaced.

        A stub with an undefined ``${…}``, or for an unknown API, adds a failure to the run.
        """
        rules = []
        spot = self.item.spot.at("proxy", "stubs")
        for number, (stub, where) in enumerate(
            spot.locate_elements(self.item.scenario.proxy.stubs)
        ):
            path = ("proxy", "stubs", number)
            try:
                filled = fill_stub(stub, self.scope.resolve)
            except InterpolationError as error:
                self.failures.append(self.make_reporter().report("value", str(error), path))
                continue
            if wrong := self.names.find_call_problem(filled.on):
                message = msg("this can never answer: {wrong}", wrong=wrong)
                failure = self.make_reporter().report("rule", message, path)
                self.failures += self.apply_leniency([failure])
            rules.append(stub_to_fault(filled, where.place, self.session.template))
        return tuple(rules)

    def judge_empty_run_and_unused_parts(self) -> list[source.Failure]:
        """Return failures: no step ran, or, without a table, some parts were not used.

        A part is a stub, policy, ``if`` or the like. With a table, `FileRuns` judges them over all
        rows; only each ``if`` of steps in the row's own cells is judged here.
        """
        steps = self.item.steps
        if steps and not any(map(self._has_run, steps)):
            message = msg(
                "no step of this row ran: each is left out by its if: or only:, or runs no steps"
            )
            failures = [self.make_reporter().report("never_ran", message, ("scenario",))]
        else:
            file = self.item.spot.source.file
            own = list(find_unused_conditions_of_row(self.item, self.ran))
            if not self.item.rows:
                own += [part for part in self.unused_parts if not is_inherited(part, file)]
            for part in own:
                if not part.fails:
                    self.log.add_warning(part.kind, part.message, part.place)
            failures = [make_unused_part_failure(self.item, part) for part in own if part.fails]
        return self.apply_leniency(failures)

    def _has_run(self, located: load.LocatedStep) -> bool:
        """Return whether the step *located* ran in this run, and was not skipped.

        A ``run`` step (it runs named steps) that expects nothing itself counts only if one of those
        did.
        """
        step = located.step
        is_there = make_ran_step_key(located) in self.ran
        if not is_there or model.find_named_steps(step) is None or step.expect != model.Expect():
            return is_there
        name, _ = model.find_named_steps(step) or ("", {})
        named = self.item.subjects.named.get(name, ())
        return any(map(self._has_run, named if located.inner is None else located.inner))

    @cached_property
    def unused_parts(self) -> tuple[source.RunWarning, ...]:
        """Return a warning for each part (stub, policy, ``if`` …) that this run has not used.

        Only asked for when the run is complete. Also one if all expectations look only at fields
        that no script wrote, unless something of the run went wrong: then scripts rightly leave
        fields as they are, and a flow stays at its node.
        """
        log = self.log
        idle: Iterable[findings.RunFinding] = ()
        is_announced = any(line["level"] in {"warn", "error"} for _, line in log.console) or any(
            message.get("type") in {"warning", "error"} for message in log.messages
        )
        is_unsuccessful = result_checks.has_unsuccessful_call(log.calls, self.session.platforms)
        if not (self._has_refusal or is_announced or is_unsuccessful):
            idle = expectation_doubts.find_only_unwritten_fields(self.item, self._field_history)
        left = (source.RunWarning(one.kind, one.message, one.place) for one in idle)
        return (*find_unused_parts(self.item, self.ran), *left)

    @property
    def used_keys_of_other_files(self) -> tuple[str, ...]:
        """Return what the run used of other files, such as inherited stubs, as places in text form.

        Each is such as ``defaults.yaml:3:5``.
        """
        return select_keys_of_other_files(self.item, self.ran)

    def warn_of_values_in_skipped_step(self, located: load.LocatedStep) -> None:
        """Add warnings for wrong values of the row in a skipped step, which nothing else checks."""
        step = located.step
        if self.item.row is None or step.action not in located.fills or located.inner is not None:
            return  # the steps of a cell were checked at load
        try:
            value = resolve(step.value, self._look_up_without_run)
        except InterpolationError:
            return
        spot = located.spot.at(step.action)
        for finding in findings.run_check_on_row_values(
            self.item, self.names, lambda to: check_action(to, step.action, value, spot)
        ):
            self.log.add_warning("name", finding.message, finding.place)

    def _look_up_without_run(self, ref: Reference) -> Any:
        """Return the value of *ref* if it comes from the row, the variables or the environment.

        Raises:
            UndefinedValueError: if it comes from elsewhere, so that it depends on the run, or is
                empty.
        """
        value = self.scope.look_up(ref) if ref.root in {"case", "vars", "env"} else None
        if value in EMPTY:
            raise UndefinedValueError("{text}", text=ref.text)
        return value

    def warn_of_step(self, located: load.LocatedStep, since: LogPosition, result: Result) -> None:
        """Add warnings for what looks wrong in a step that passed, such as an unnoticed failure.

        *since* is the position in the log at which the step began.
        """
        step, log, platforms = located.step, self.log, self.session.platforms
        self._has_refusal |= result.refused
        outcome = result_checks.StepOutcome(
            step=step,
            calls=log.calls[since.calls :],
            expected=(step.expect, self.item.scenario.expect),
            messages=log.messages[since.messages :],
            console=[line for _, line in log.console[since.console :]],
            written=[
                event.new
                for event in log.get_events_since(since)
                if isinstance(event, FieldChanged) and event.by != "user"
            ],
        )
        scripts = self.item.subjects.script_and_flow_files
        found = [
            *result_checks.find_unnoticed_business_failures(
                outcome, self.names, platforms, scripts
            ),
            *result_checks.find_failures_in_empty_catches(outcome, scripts),
        ]
        found += result_checks.find_doubts_of_subject(located, self.subject, log.options)
        is_refused = step.expect_error is not UNSET or result.refused or result.errors
        if step.action == "set" and not is_refused:
            found += expectation_doubts.find_set_without_change(
                self.item, located, log.get_events_since(since)
            )
        unread = None if result.refused else self.result  # a no that refused needs no reader
        found += expectation_doubts.find_parts_checking_nothing(
            self.item, located, outcome.calls, unread
        )
        log.add_findings(
            (*found, *result_checks.find_loops_requesting_same_page(outcome.calls, platforms))
        )

    def warn_of_run(self) -> None:
        """Add warnings that only the whole run allows, such as expectations that can never fail."""
        calls, subjects, dropped = self.log.calls, self.item.subjects, self.session.dropped_chains
        scripts = (*subjects.handlers, *subjects.inline.values(), *subjects.all_libraries)
        for key, found in self._uncompared.items():
            self.log.add_findings(found if key not in self._compared else ())
        self.log.add_findings((
            *(findings.RunFinding("uncalled", *one, fails=False) for one in dropped),
            *find_responses_matched_by_ignore(calls),
            *find_calls_made_equal(
                self.item,
                calls,
                self.session.platforms,
                is_recording=self.session.settings.mode == "record",
            ),
            *find_useless_faults(self.item, calls, self.session),
            *expectation_doubts.find_useless_proxy_settings(self.item, calls, self.session),
            *expectation_doubts.find_expectations_that_never_fail(
                self.item, self._field_history, calls
            ),
            *result_checks.find_sent_undefined_texts(calls),
            *find_rule_doubts(calls, self.session.platforms),
            *self.log.options.check_comparisons(scripts),
            *result_checks.find_misread_responses(calls, scripts, self.session.platforms),
            *self.absent_columns.find_doubts(self._field_history.get_values, self.bodies),
        ))  # fmt: skip

    def fail_warnings_if_strict(self) -> list[source.Failure]:
        """Return the run's warnings as failures if the folder is strict, else nothing."""
        if self.item.strictness != "strict":
            return []
        reporter = self.make_reporter()
        return [
            reporter.report_finding(findings.RunFinding(one.kind, one.message, one.place))
            for one in self.log.warnings
        ]

    @cached_property
    def _field_history(self) -> expectation_doubts.FieldHistory:
        """Return the values that fields had; only asked for when the run is complete."""
        changes = [one for one in self.log.events if isinstance(one, FieldChanged)]
        sources, offered = [body.source for body in self.bodies], self.log.options.offered
        parts = (self.initial, changes, offered, sources, self.initial_flow)
        return expectation_doubts.FieldHistory(*parts)

    def _resolve_flow_beginning(self) -> str:
        """Return the node at which the flow begins; "" for a new project, or without a flow.

        Raises:
            InterpolationError: if a ``${…}`` cannot be filled in, or stands for no such node.
        """
        flow = self.item.scenario.flow
        begin = self.scope.resolve(flow.at) if isinstance(flow, model.FlowSpec) else ""
        definition = self.item.subjects.flow.definition
        if begin and definition and (wrong := definition.explain_wrong_beginning(begin)):
            raise UnfitValueError(wrong)
        return begin or ""

    def _make_subject(self, begin: str) -> Subject:
        scenario, resolve = self.item.scenario, self.scope.resolve
        form = scenario.form if isinstance(scenario.form, model.FormSpec) else None
        if not isinstance(scenario.flow, model.FlowSpec):
            return self._make_form(resolve(form.fields)) if form else None
        values = resolve(model.get_initial_form(scenario))
        zone = self.item.clock
        return FlowSubject(
            **asdict(self.item.subjects.flow),
            runner=self.session,
            tell=self.log.add_subject_event,
            tables=self.names.tables_with_known_columns,
            subflows=self._fill_stand_ins(),
            creation=self._make_form(values) if form else None,
            at=begin,
            project=resolve(scenario.flow.project),
            form=values,
            user=describe_person(scenario.user, scenario.people, resolve),
            people=resolve(scenario.people),
            now=self.session.clock.now,
            # As the product's API writes it: 2026-03-02 09:00:00
            format_time=lambda seconds: str(zone.at(seconds))[:19].replace("T", " "),
        )

    def _fill_stand_ins(self) -> Mapping[str, FlowParts]:
        """Return the sub-flows by name, each with the contents of its files.

        In a stand-in, a declared result that is used instead of running the sub-flow, ``${…}`` are
        replaced.
        """
        return {
            name: parts
            if parts.stand_in is None
            else replace(
                parts,
                stand_in=replace(parts.stand_in, result=self.scope.resolve(parts.stand_in.result)),
            )
            for name, parts in self.item.subjects.subflows.items()
        }

    def _make_form(self, fields: dict[str, Any]) -> FormSubject:
        return FormSubject(
            runner=self.session,
            tell=self.log.add_subject_event,
            scripts=self.item.subjects.scripts,
            libraries=self.item.subjects.libraries,
            tables=self.names.tables_with_known_columns,
            fields=fields,
        )

    def set_flow_focus_and_actors(self, step: model.Step) -> None:
        """Let the flow show the form of the node ``at`` of *step*, with ``by`` and ``user`` acting.

        Without these keys, what the scenario says applies.
        """
        if not isinstance(self.subject, FlowSubject):
            return
        self.subject.focus = to_text_or_empty(self.scope.resolve(step.at))
        self.subject.actor = to_text_or_empty(self.scope.resolve(step.by))
        user = self.item.scenario.user if step.user is UNSET else step.user
        person = describe_person(user, self.item.scenario.people, self.scope.resolve)
        for project in self.subject.walk_with_subprojects():
            project.user = person

    def make_reporter(self, since: LogPosition = START, **details: Any) -> FailureReporter:
        """Return an object that makes failures, which show the calls made after *since*.

        *details* are further attributes of `FailureReporter`, such as ``located``.
        """
        log = self.log
        return FailureReporter(
            item=self.item,
            calls=tuple(log.calls[since.calls :]),
            origins=log.origins,
            bodies=self.bodies,
            redact=self.session.redact,
            **details,
        )

    def make_section_readers(self, since: LogPosition = START) -> assertions.State:
        """Return for each section of ``expect`` a function that returns its actual value.

        Calls, messages and console lines count from the position *since*. Values are redacted, so
        that they are equal when recording and in replay.
        """
        log = self.log
        return {
            "form": lambda: self.redact(read_field_values(self.subject)),
            "fields": lambda: self.redact(read_field_states(self.subject)),
            "flow": lambda: self.redact(read_flow_facts(self.subject)),
            "preview": lambda: self.redact(read_last_preview(self.subject)),
            "proxy": lambda: log.calls[since.calls :],
            "messages": lambda: log.messages[since.messages :],
            "refusals": lambda: log.get_refusals_since(since),
            "console": lambda: [line for _, line in log.console[since.console :]],
            "result": lambda: self.redact(self.result),
            "vars": lambda: self.redact(self.scope.vars),
            "trace": lambda: log.compute_run_digest(self.redact(self.read_subject_state())),
        }

    def read_subject_state(self) -> SubjectState:
        """Return the present state of form and flow, with the latest result."""
        return read_subject_state(self.subject, self.result)

    def read_form_values(self) -> Mapping[str, Any] | None:
        """Return field -> value of the form in plain values; None without a form or flow."""
        return None if self.subject is None else read_field_values(self.subject)

    def resolve_expected_value(self, value: Any) -> Any:
        """Return *value* with ``${…}`` replaced and redacted, as actual values are.

        Raises:
            UndefinedValueError: if a ``${…}`` is not defined.
        """
        return self.redact(self.scope.resolve(value))

    def apply_leniency(self, failures: Iterable[source.Failure]) -> list[source.Failure]:
        """Return *failures* without those that the folder, if it is lenient, turns into warnings.

        These are added to the warnings of the run. Their kinds are the keys of `WARNINGS`.
        """
        left = []
        for failure in failures:
            if self.item.strictness == "lenient" and failure.kind in WARNINGS:
                place = failure.script or failure.place
                self.log.add_warning(failure.kind, failure.essence, place, fails=True)
            else:
                left.append(failure)
        return left

    def judge_unawaited(
        self, call: UnawaitedCall, reporter: FailureReporter
    ) -> Iterator[source.Failure]:
        """Yield the failure of a call that the script did not await, or add a warning instead.

        ``proxy: unawaited`` of the scenario decides: ``fail``, ``warn``, or ``allow``, by which
        nothing is reported. Without it a doubtful case is a warning, any other a failure.
        *reporter* makes the failure of the step that made the call.
        """
        chosen = self.item.scenario.proxy.unawaited
        if chosen == "fail" or (chosen is UNSET and not call.is_doubtful):
            yield reporter.report_unawaited(call)
        elif chosen != "allow":
            kind = "uncalled" if call.built else "unawaited"
            self.log.add_warning(kind, call.problem_without_remedy, call.place)

    def warn_of_absent_read(self, read: AbsentRead, written: Sequence[Script]) -> None:
        """Add a warning if a script read a member that neither exists nor is declared anywhere.

        Nothing is added for scripts of sub-flows, and if the script only compares it with
        undefined. *written* are scripts that stand in the step itself, not in files.
        """
        file = read.place.file if read.place else ""
        if any(file == script.name for script in self._subflow_scripts):
            return
        doubt = self.names.find_script_read_problem(read.owner, read.member)
        scripts = (*written, *self.bodies)
        if doubt and not is_compared_with_undefined(read.place, scripts):
            self.log.add_warning("name", doubt, read.place)
        elif not doubt:
            self.absent_columns.note_read(read)

    def check_filled(
        self, reporter: FailureReporter, check: Callable[[CheckContext], None]
    ) -> list[source.Failure]:
        """Return the failures that *check* finds in values filled in from a row or a variable."""
        return self._report_findings(
            reporter, findings.run_check_on_row_values(self.item, self.names, check)
        )

    def compare_expectation(
        self,
        reporter: FailureReporter,
        expected: model.Expect,
        since: LogPosition = START,
        path: Path = ("expect",),
    ) -> tuple[Checks, list[source.Failure]]:
        """Compare the state since *since* with *expected*, which is at *path*.

        Returns:
            The comparisons; and the failures, also of a ``${…}`` that is not defined.
        """
        if isinstance(expected, model.NewExpect):
            happened = self.log.get_events_since(since)
            return (), [
                report_new_expect(
                    reporter, self.make_section_readers(since), happened, self.log.calls
                )
            ]
        resolve: Callable[[Any], Any] = self.resolve_expected_value
        unresolved = expected
        try:
            if reporter.has_reference(path[0]):
                expected = assertions.resolve_expect(expected, resolve)
                # Not twice: `$${` has become `${` by now, which means these characters.
                resolve = _return_unchanged
                spot = reporter.spot.at(*path)
                wrong = self.check_filled(reporter, lambda to: check_expect(to, expected, spot))
                if wrong:
                    return (), wrong
            checks = assertions.compare_expected(
                expected, self.make_section_readers(since), resolve
            )
        except InterpolationError as error:
            return (), [reporter.report("value", str(error), path)]
        self._add_vacuous_checks(reporter, checks, path)
        failures = reporter.report_expectation(checks, path)
        if any(check.path == ("trace",) for check in select_failing_checks(checks)):
            observed = observe(self.log.events, unfinished=self.redact(self.read_subject_state()))
            failures = [
                reporter.add_effects_to_digest_failure(failures[0], expected.trace, observed)
            ]
        if failures and path == ("expect",):
            readers = self.make_section_readers(since)
            own = (unresolved, readers, self.resolve_expected_value, reporter.spot)
            failures = attach_update(failures, *own)
        return checks, failures

    def _add_vacuous_checks(self, reporter: FailureReporter, checks: Checks, path: Path) -> None:
        """Add a warning for each of *checks* that compared nothing; they are of the part at *path*.

        An ``always`` or ``never`` is compared after each step, and what it is about need not be
        there at once: of these, `warn_of_run` adds what was never compared.
        """
        is_repeated = path[0] in {"always", "never"}
        late = [one for one in checks if is_repeated and one.doubt in _NOTHING_COMPARED]
        self.log.add_findings(
            reporter.find_vacuous_checks(tuple(one for one in checks if one not in late), path)
        )
        for check in late:
            found = tuple(reporter.find_vacuous_checks((check,), path))
            self._uncompared.setdefault((*path, *check.path), found)
        if is_repeated:
            self._compared |= {(*path, *check.path) for check in checks if check not in late}

    def store_result(self, step_id: str, value: Any, error: Mapping[str, Any] | None) -> None:
        """Keep a step's result and error, which ``${steps.<id>.result}`` and ``expect`` read.

        *error* is the first error of its action, as a map with members such as ``code``, or None.
        """
        self.result = to_scenario_value(value)
        if step_id:
            self.scope.steps[step_id] = {"result": self.result, "error": error}
