"""Make the failures of a step: what is wrong, its place in the file, the script line behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec

from bpmax_sim.errors import (
    REFUSALS,
    UNAWAITED,
    UNCALLED,
    ConfigError,
    NoMatchError,
    PendingPromise,
    Place,
    ScriptError,
    SubjectError,
)
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.scenario import assertions, events, faults, load, model, source
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.error_translation import append_message_in_language
from bpmax_sim.scenario.expect import (
    Checks,
    Comparison,
    is_operator,
    select_failing_checks,
    shorten_line,
)
from bpmax_sim.scenario.findings import RunFinding
from bpmax_sim.scenario.name_claims import explain_unintended_error
from bpmax_sim.scenario.observation import (
    Observation,
    describe_states_and_results,
    find_outdated_digest,
)
from bpmax_sim.scenario.provenance import Origins, describe_origin, describe_routes_to_wrong_node
from bpmax_sim.scenario.references import Path
from bpmax_sim.scenario.source import Failure
from bpmax_sim.script.failure import Script, split_lines
from bpmax_sim.script.turn_result import UnawaitedCall
from bpmax_sim.secret.vault import Redact, redact_values
from bpmax_sim.subject.form import parse_form_path
from bpmax_sim.subject.hooks import REFUSED
from bpmax_sim.transport.faults import Fault


class FailureReporter(msgspec.Struct, frozen=True, kw_only=True):
    """Makes the failures of one step, or of the scenario as a whole.

    Attributes:
        located: step, with its place; None for the scenario as a whole.
        origins: who last wrote each field, and by which routes the flow went.
        redact: function that replaces secrets in the texts of failures.
    """

    item: load.ScenarioItem
    located: load.LocatedStep | None = None
    number: int = 0
    total: int = 0
    title: str = ""
    calls: tuple[CallMade, ...] = ()
    origins: Origins = msgspec.field(default_factory=Origins)
    bodies: Sequence[Script] = msgspec.field(default_factory=tuple)
    redact: Redact = str

    def report(
        self,
        kind: str,
        essence: str,
        path: Path = (),
        *,
        checks: Checks = (),
        script: Place | None = None,
        cause: BaseException | None = None,
    ) -> Failure:
        """Return a failure of the step, or of the scenario if there is no step.

        Args:
            kind: short word for what failed, such as ``expect``, ``miss`` or ``error``.
            essence: what is wrong; its lines after the first become the failure's detail.
            path: path below the step of the key that failed.
            checks: comparisons to show.
            script: script line involved.
            cause: exception behind the failure.
        """
        first, *detail = self.redact(essence).splitlines() or [""]
        spot = self.located.spot if self.located else self.item.spot
        place = spot.at(*path).place
        start = spot.place if self.located else place
        return Failure(
            kind=kind,
            essence=first,
            scenario=self.item.name,
            step=self.number,
            total=self.total,
            title=self.title,
            place=place,
            location=start,
            excerpt=spot.source.make_excerpt(start, place),
            checks=checks,
            calls=self.calls,
            detail=tuple(detail),
            script=script,
            script_text=self._find_script_line_text(script),
            rerun=self.item.rerun_command,
            cause=cause,
        )

    @property
    def spot(self) -> source.Spot:
        """Return the spot of the step, or of the scenario."""
        return self.located.spot if self.located else self.item.spot

    def has_reference(self, key: str | int) -> bool:
        """Return whether a ``${…}`` occurs below *key* of the step or the scenario."""
        return key in (self.located.fills if self.located else self.item.fills)

    def report_finding(self, finding: RunFinding) -> Failure:
        """Return *finding* as a failure, placed where the finding is instead of at the step."""
        failure, place = (
            self.report(finding.kind, finding.message, self._path_of_action),
            finding.place,
        )
        if place is None:
            return failure
        source = self.spot.source
        location = failure.location if self.located else place
        shown = source.make_excerpt(location or place, place) if place.file == source.file else ()
        return replace(failure, place=place, location=location, excerpt=shown)

    def report_caught_invalid_call(self, call: CallMade) -> Failure:
        """Return the failure of a call that can never succeed, whose error the script caught.

        An example is a call of an unknown API (error codes `WRONG_CALLS`).
        """
        essence = msg(
            "{call}: {message}; the script caught that: mend the call, or expect it in proxy: "
            "{{call: {call}, error: {code}}}",
            call=call.call,
            message=call.message,
            code=call.error,
        )
        return self.report("call", essence, self._path_of_action, script=call.place)

    def report_unexpected_refusal(self, refusal: str) -> Failure:
        """Return the failure of an action that a script refused although no error is expected.

        *refusal* is the text with which it refused.
        """
        essence = msg(
            "{code}: {text} ({action} was refused, and nothing of the kind is expected; expect "
            "what comes of it: messages, flow, result or expect_error)",
            code=REFUSED,
            text=" ".join(refusal.split()) if "\n" in refusal else refusal,
            action=self.located.step.action if self.located else "",
        )
        return self.report("refused", essence, self._path_of_action)

    def _find_script_line_text(self, place: Place | None) -> str:
        for body in self.bodies:
            lines = split_lines(body.source)
            if place and body.name == place.file and 0 < place.line <= len(lines):
                return lines[place.line - 1].strip()
        return ""

    def _find_causing_script_line(self, check: Comparison) -> Place | None:
        """Return the script line that caused what *check* compares, or None.

        It is the line that wrote the field or made the call.
        """
        section, *rest = check.path or ("",)
        if section == "proxy" and rest and isinstance(rest[0], int) and rest[0] < len(self.calls):
            return self.calls[rest[0]].place
        write = self.origins.assignments.get(self._find_compared_field(check))
        return write.event.place if write else None

    def _explain_value_origins(self, wrong: Checks) -> Iterator[str]:
        """Yield lines on who wrote the wrong values of fields, and by which routes a flow went.

        *wrong* are the comparisons that failed.
        """
        for check in wrong:
            if field := self._find_compared_field(check):
                label = check.label
                yield describe_origin(
                    label, self.origins.assignments.get(field), self._find_initial_place(field)
                )
        texts = [check.expected for check in wrong if check.path[:1] == ("flow",)]
        if any(
            check.path[:1] == ("flow",) and not self._find_compared_field(check) for check in wrong
        ):
            missed = {
                route.to for route in self.origins.routes if any(route.to in one for one in texts)
            }
            yield from describe_routes_to_wrong_node(self.origins.routes, missed)

    def _find_compared_field(self, check: Comparison) -> str:
        """Return the form field or project member that *check* compares, "" if it compares neither.

        It has the name that events use: ``金额`` for ``form.金额.$gt``, ``project.owner``, and
        ``明细`` for ``form["明细[0].数量"]`` unless a field has just that name.
        """
        section, *rest = check.path or ("",)
        names = [str(part) for part in rest if not is_operator(part)]
        if section == "flow" and names[:1] == ["project"]:
            return ".".join(names[:2])
        if section == "flow":
            names = names[1:] if names[:1] == ["form"] else []
        if section not in {"form", "flow"} or not names:
            return ""
        name = names[0]
        is_own = name in self.origins.assignments or self._find_initial_place(name) is not None
        return name if is_own else str((parse_form_path(name) or (name,))[0])

    def _find_initial_place(self, field: str) -> Place | None:
        """Return the place of a field's initial value in the scenario, or None."""
        spot = self.item.spot
        for path in (("form", "fields", field), ("flow", "form", field)):
            if spot.source.root.find_at((*spot.steps, *path)) is not None:
                return spot.at(*path).place
        return None

    def report_expectation(self, checks: Checks, path: Path = ("expect",)) -> list[Failure]:
        """Return a list with the failure of an ``expect``; an empty one if all *checks* hold.

        *checks* are its comparisons, and *path* is its path below the step. All that failed are
        shown in one failure, whose place is that of the first.
        """
        wrong = select_failing_checks(checks)
        if not wrong:
            return []
        first = wrong[0]
        where = (*path, *first.path)
        failure = self.report(
            "expect", str(first), where, checks=checks, script=self._find_causing_script_line(first)
        )
        return [replace(failure, detail=(*failure.detail, *self._explain_value_origins(wrong)))]

    def add_effects_to_digest_failure(
        self, failure: Failure, digest: Any, observed: Sequence[Observation]
    ) -> Failure:
        """Return *failure* of an expected *digest*, with what the run did as details.

        *observed* are the effects over which the digest is made: of these, states of fields and
        results are shown. A digest alone does not say what is different.
        """
        lines = [*describe_states_and_results(observed)]
        if other := find_outdated_digest(digest):
            lines.insert(0, msg(
                "{digest} is of another format of traces, in which other things count; look at the "
                "run, then let run --update write the new digest",
                digest=shorten_line(other, 11),
            ))  # fmt: skip
        return replace(failure, detail=(*failure.detail, *map(self.redact, lines)))

    def report_uncaught(self, error: Exception, *, is_rejection: bool = False) -> Failure:
        """Return the failure of an unexpected error; *is_rejection* if no handler got it.

        That is the error of a promise that was rejected and that no script handled.

        If the cause is missing configuration, the failure names that, wherever the error surfaced.
        """
        thrown = self._to_error_thrown(error)
        if setting := _find_config_error(error):
            kind, essence = "config", str(setting)
        elif is_rejection:
            kind, essence = "rejection", msg("unhandled rejection: {thrown}", thrown=thrown)
        else:
            kind = _classify_uncaught(error)
            is_own = thrown.source in {"script", "subject"}
            origin = "" if is_own else msg(" (from {source})", source=thrown.source)
            # The latest first: a script usually breaks on the call that it has just made.
            known = (call.message for call in reversed(self.calls))
            essence = msg(
                "{thrown}{origin}",
                thrown=append_message_in_language(str(thrown), thrown.message, known),
                origin=origin,
            )
        failure = self.report(kind, essence, self._path_of_action, script=thrown.place, cause=error)
        if not thrown.has_code_of(_ELSEWHERE):
            return failure
        missed = [route.to for route in self.origins.routes if repr(route.to) in str(error)]
        return replace(
            failure,
            detail=(*failure.detail, *describe_routes_to_wrong_node(self.origins.routes, missed)),
        )

    @property
    def _path_of_action(self) -> Path:
        action = self.located.step.action if self.located else ""
        return (action,) if action else ()

    def report_unawaited(self, call: UnawaitedCall) -> Failure:
        """Return the failure of a call whose promise was not awaited."""
        essence = msg("{problem}, or write proxy: {{unawaited: allow}}", problem=call.problem)
        return self.report("unawaited", essence, self._path_of_action, script=call.place)

    def report_stray_write(self, name: str, place: Place | None, message: str) -> Failure:
        """Return the failure of a script that wrote the undeclared field or column *name*.

        *place* is the script line; *message* says what is wrong.
        """
        is_python = place is None and self._path_of_action == ("python",)
        if is_python:
            essence = msg("the step wrote {name}: {wrong}", name=name, wrong=message)
        else:
            essence = msg("the script wrote {owner}: {wrong}", owner=name, wrong=message)
        line = (
            None
            if is_python
            else place or self._find_member_write_in_scripts(name.rpartition(".")[2])
        )
        return self.report("name", essence, self._path_of_action, script=line)

    def _find_member_write_in_scripts(self, name: str) -> Place | None:
        """Return the first place where a script writes a member *name*; None if it is computed.

        The engine does not tell the line of a write into a row of a table.
        """
        pattern = re.compile(rf"(?<![\w$]){re.escape(name)}\b['\"\]]*\s*{_WRITES}")
        for body in self.bodies:
            for number, line in enumerate(split_lines(body.source), 1):
                found = pattern.search(_COMMENT.split(line, maxsplit=1)[0])
                if found:
                    return Place(body.name, number, found.start() + 1)
        return None

    def report_miss(self, error: NoMatchError) -> Failure:
        """Return the failure of a call for which the cassette has no response, as *error* says."""
        place = next((call.place for call in reversed(self.calls) if call.error), None)
        return self.report("miss", str(error), self._path_of_action, script=place, cause=error)

    def find_vacuous_checks(self, checks: Checks, path: Path = ()) -> Iterator[RunFinding]:
        """Yield a finding for each of *checks* that holds only as there was nothing to compare.

        An example is ``$each`` of an empty list. *path* is the key below the step at which the
        checks begin, such as ``("expect",)``.
        """
        for check in checks:
            if check.doubt:
                message = msg("{label} {expected}: {doubt}", label=check.label,
                              expected=check.expected, doubt=check.doubt)  # fmt: skip
                place = self.spot.at(*path, *check.path).place
                yield RunFinding("empty", message, place, fails=False)

    def report_expected_error(
        self, expected: model.ExpectedError, errors: Sequence[Exception]
    ) -> tuple[Checks, list[Failure]]:
        """Compare the errors of a step with *expected*, the error with which it must end.

        Returns:
            The comparisons with the matching error, if there is one; and the failures.
        """
        path, described = ("expect_error",), assertions.describe_error(expected)
        if not errors:
            essence = msg(
                "expected an error{described_error}, but the step succeeded",
                described_error=described,
            )
            check = Comparison(path, False, f"an error{described}", msg("none"))
            return (check,), [self.report("no_error", essence, path)]
        every = [self._to_error_thrown(error) for error in errors]
        compared = [assertions.compare_error(expected, thrown) for thrown in every]
        hit = next(
            (n for n, checks in enumerate(compared) if not select_failing_checks(checks)), None
        )
        thrown = every[hit or 0]
        checks = assertions.compare_error(expected, thrown, path)
        if hit is not None:
            others = [self.report_uncaught(error) for n, error in enumerate(errors) if n != hit]
            first, *rest = checks or (Comparison(path, True, "an error", str(every[0])),)
            title = (self.located and self.located.step.name) or self.item.scenario.scenario
            doubt = explain_unintended_error(expected, thrown, self.item.names.fields, title)
            return (msgspec.structs.replace(first, doubt=first.doubt or doubt), *rest), others
        first = select_failing_checks(compared[0])[0]
        if first.path == ("from",):
            essence = msg(
                "expected an error from {expected}, got one from {actual}",
                expected=first.expected,
                actual=first.actual,
            )
            essence += msg(" ({thrown})", thrown=thrown)
        else:
            essence = msg(
                "error {label} expected {expected}, got {actual}",
                label=first.label,
                expected=first.expected,
                actual=first.actual,
            )
        failure = self.report(
            "other_error",
            essence,
            (*path, *first.path),
            checks=compared[0],
            script=thrown.place,
            cause=errors[0],
        )
        return checks, [failure]

    def _to_error_thrown(self, error: Exception) -> events.ErrorThrown:
        return redact_values(assertions.make_thrown_error(error), self.redact)

    def report_unfired_fault(self, fault: Fault) -> Failure:
        """Return the failure of a fault that was never injected."""
        names = join_list(dict.fromkeys(call.call for call in self.calls)) or msg("none")
        essence = msg(
            "fault never fired: {fault} -> {describe_fault} (calls made: {names})",
            fault=fault,
            describe_fault=faults.describe_fault(fault),
            names=names,
        )
        if fault.place is None:  # a marker's
            return self.report("fault", essence, ("scenario",))
        failure = self.report("fault", essence, ("faults",))
        return replace(failure, place=fault.place, excerpt=())


_COMMENT: Final = re.compile(r"(?<!:)//")
"""Where a line of a script goes on as a comment: not behind the colon of an address."""
_WRITES = r"(?:(?:[-+*/%&|?]{0,3}=(?!=))|[:,}]|\+\+|--)"
"""What follows a member that is written: an assignment, or the value of an object's member."""
_ELSEWHERE = frozenset({"NOT_AT_NODE", "NO_ROUTE", "NOT_UNDER_WAY", "AMBIGUOUS_NODE"})
"""Codes of the errors that mean that a flow is not where a step acts."""


_KINDS_OF_ERRORS: Final = {UNCALLED: "uncalled", UNAWAITED: "unawaited"}
"""Name of an error of a script that misused a promise -> kind of its failure."""


def _classify_uncaught(error: Exception) -> str:
    """Return the kind of the failure that an unexpected error is, such as ``error`` or ``refused``.

    A lenient folder turns failures of some kinds into warnings, but not those of ``error``. A
    promise that never settles is ``pending``, a ``$proxy`` chain awaited without ``$call()`` is
    ``uncalled``, and a member read of a promise is ``unawaited``. The last two are an ``error`` if
    they have a cause: then the script threw because of them.
    """
    if isinstance(error, PendingPromise):
        return "pending"
    if isinstance(error, SubjectError) and error.code in REFUSALS:
        return "refused"
    if isinstance(error, ScriptError) and error.__cause__ is None:
        return _KINDS_OF_ERRORS.get(error.name, "error")
    return "error"


def _find_config_error(error: BaseException) -> ConfigError | None:
    """Return the configuration error that caused *error*, or None."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, ConfigError):
        seen = seen.__cause__
    return seen
