"""Findings of a run besides failed expectations: unknown names, forgotten calls, refused actions.

Each finding is a failure, or a warning of the same kind if the folder's ``strictness`` is lenient;
if it is strict, warnings are failures too. Values from rows and variables are checked here in the
same way as the file at load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.errors import WARNINGS, WRONG_CALLS, Place
from bpmax_sim.i18n import msg
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Auth, matches_api
from bpmax_sim.scenario import model
from bpmax_sim.scenario.call_check import (
    check_misspelt_denied_parameters,
    check_misspelt_denied_results,
    check_proxy_action_arguments,
    check_stub_body,
)
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.expect_check import check_call, check_expected_error, check_watched_call
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.names import (
    CheckContext,
    ScenarioNames,
    describe_finding,
    expects_invalid_call,
)
from bpmax_sim.scenario.source import Spot
from bpmax_sim.subject.form import parse_form_path
from bpmax_sim.subject.hooks import UNDO, FieldChanged
from bpmax_sim.transport.faults import BadToken, Fault, Reply, Slow


def find_invalid_calls(calls: Iterable[CallMade], *expected: model.Expect) -> Iterator[CallMade]:
    """Yield each call that can never work (such as of an unknown API), once for each script line.

    Calls that an *expected* section names with an ``error`` are left out.
    """
    sections = [one.proxy for one in expected if one.proxy is not UNSET]
    named = [item.call for items in sections for item in items if item.error is not UNSET]
    seen: set[tuple[str, Place | None]] = set()
    for call in calls:
        if call.error not in WRONG_CALLS or (call.call, call.place) in seen:
            continue
        seen.add((call.call, call.place))
        if not any(matches_api(name, call.call) for name in named):
            yield call


_ANY_REQUEST = model.StubRequest()


class RunFinding(msgspec.Struct, frozen=True):
    """An error or doubt found in a run, and its place; *kind* is that of the failure or warning."""

    kind: str
    message: str
    place: Place | None = None
    fails: bool = True


class FilledValueContext:
    """The `CheckContext` of checks that are repeated in the run, when ``${…}`` are replaced.

    A value such as ``${case.field}`` cannot be checked at load. `findings` collects what is wrong.
    """

    def __init__(self, names: ScenarioNames) -> None:
        """Check references against *names*."""
        self.names = names
        self.findings: list[RunFinding] = []

    def tell(
        self,
        spot: Spot,
        message: str,
        /,
        known: Iterable[str] | None = None,
        kind: str = "",
        fails: bool = True,
        **values: Any,
    ) -> None:
        """Store that the value at *spot* is wrong.

        *message* is a template for *values*, whose ``{hint}`` lists names of *known* like the first
        value. It is a warning with *fails* false, or, in a lenient folder, with a *kind* of
        `WARNINGS`; else a failure.
        """
        words = describe_finding(message, values, known)
        kind = kind if kind in WARNINGS else "value"
        self.findings.append(RunFinding(kind, words, spot.place, fails))


def run_check_on_row_values(
    item: ScenarioItem, names: ScenarioNames, check: Callable[[CheckContext], None]
) -> list[RunFinding]:
    """Run *check* on values filled in from the row of *item*; return its findings.

    Their messages name the row, as its cell is what has to be mended.
    """
    context = FilledValueContext(names)
    check(context)
    row = item.row
    if row is None:
        return context.findings
    return [
        replace(
            one,
            message=msg(
                "{message} (filled in by the row {row_id!r}, {place})",
                message=one.message,
                row_id=row.id,
                place=row.place,
            ),
        )
        for one in context.findings
    ]


def check_names_against_platforms(item: ScenarioItem, platforms: Platforms) -> list[RunFinding]:
    """Return findings on each platform, API or instance that *item* names and *platforms* lack.

    Also on faults whose effect is none, such as an expired token where there is no login, and
    doubts about the platform files themselves.
    """
    context = FilledValueContext(replace(item.names, platforms=platforms))
    steps = list(item.walk_steps())
    faults = (fault for located in steps for fault in located.faults)
    findings = [
        RunFinding("rule", msg("this can never answer: {wrong}", wrong=wrong), rule.place)
        for rule in dict.fromkeys((*item.faults, *faults))
        if (wrong := context.names.find_call_problem(rule.on))
    ]
    for name, rules in item.scenario.fault_sets.items():
        for rule, place in item.spot.at("fault_sets", name).locate_elements(rules):
            _check_call_name(context, rule.on, place.at("on"))
    every = dict.fromkeys((*item.faults, *chain.from_iterable(one.faults for one in steps)))
    findings += (
        RunFinding("rule", wrong, fault.place, fails=False)
        for fault in every
        for wrong in _explain_useless_fault_action(fault, platforms)
    )
    _check_stubs(context, item)
    if wrong := context.names.find_instance_problem(item.scenario.proxy.instance):
        context.tell(item.spot.at("proxy", "instance"), wrong, kind="name")
    findings += (
        RunFinding(one.kind, one.message, one.place, fails=False)
        for one in (*platforms.doubts, *platforms.suspects)
    )
    for path, expected in ((("expect",), item.scenario.expect), *item.scenario.invariants):
        _check_expected_calls(context, expected, item.spot.at(*path))
    for located in steps:
        _check_step(context, located.step, located.spot)
    # What is wrong with the rest of them was found when the file was read.
    fresh = (one for one in context.findings if one.kind in {"name", "unfit"} or not one.fails)
    return [*findings, *dict.fromkeys(fresh)]


def _explain_useless_fault_action(rule: Fault, platforms: Platforms) -> Iterator[str]:
    """Yield a message for each reason why what *rule* injects tests nothing.

    That is an expired token of a platform without login, and a delay that is probably meant in
    milliseconds.
    """
    platform = platforms.find(rule.on.partition(".")[0])
    if isinstance(rule.action, BadToken) and platform is not None:
        own = [api.auth for api in platform.apis.values()]
        if not any(isinstance(auth, Auth) and auth.acquire for auth in (platform.auth, *own)):
            yield msg(
                "{platform} has no login, so no token of it ends; write status: 401 where a "
                "refused key is meant",
                platform=platform.platform_key,
            )
    if isinstance(rule.action, Reply | Slow) and (
        wrong := _find_delay_problem(rule.action.delay, rule.on, platforms)
    ):
        yield wrong


_LONG_DELAY = 100.0
"""Seconds that nobody waits for, and milliseconds that everybody does."""


def _find_delay_problem(delay: float | str, on: str, platforms: Platforms) -> str:
    """Return what is wrong with *delay* in virtual seconds, or "".

    Wrong is a long one beyond the timeout of the platform of *on* (``platform.api``): it was
    probably meant in milliseconds. A text, which contains a ``${…}``, is not checked.
    """
    if isinstance(delay, str):
        return ""
    platform = platforms.find(on.partition(".")[0])
    limit = platform.timeout if platform is not None else _LONG_DELAY
    if delay < _LONG_DELAY or delay <= limit:
        return ""
    return msg(
        "delay: {delay:g} is in seconds and beyond the timeout of {limit:g}; write {less:g} where "
        "milliseconds are meant, error: timeout where a time-out is",
        delay=delay, limit=limit, less=delay / 1000,
    )  # fmt: skip


def _check_stubs(context: CheckContext, item: ScenarioItem) -> None:
    for stub, place in item.spot.at("proxy", "stubs").locate_elements(item.scenario.proxy.stubs):
        if stub.request != _ANY_REQUEST:
            check_misspelt_denied_parameters(context, stub.on, stub.request, place.at("request"))
        for delay in (stub.delay, *(one.delay for one in stub.answers if one.delay is not UNSET)):
            if wrong := _find_delay_problem(delay, stub.on, context.names.platforms or Platforms()):
                context.tell(place, wrong, kind="rule", fails=False)
        answers = place.at("answers").locate_elements(stub.answers)
        replies: list[tuple[model.Stub | model.FaultAction, Spot]] = [(stub, place), *answers]
        for reply, where in replies:
            if reply.body is not UNSET and reply.status in {UNSET, 200}:
                check_stub_body(context, stub.on, reply.body, where.at("body"))


def _check_step(context: CheckContext, step: model.Step, spot: Spot) -> None:
    _check_expected_calls(context, step.expect, spot.at("expect"))
    if isinstance(step.retry, model.Retry) and isinstance(step.retry.until, model.Expect):
        _check_expected_calls(context, step.retry.until, spot.at("retry", "until"))
    if isinstance(step.expect_error, model.ExpectedError):
        check_expected_error(context, step.expect_error, spot.at("expect_error"))
    if isinstance(step.during, model.During):
        check_watched_call(context, step.during.call, spot.at("during", "call"))
    if step.action == "proxy" and isinstance(step.value, Mapping):
        call = step.value.get("call")
        if not expects_invalid_call(spot.at("proxy")):
            _check_call_name(context, call, spot.at("proxy", "call"))
        check_misspelt_denied_results(
            context, str(call), step.expect.result, spot.at("expect", "result")
        )
        error = step.expect_error
        names_one = isinstance(error, model.ExpectedError) and isinstance(error.code, str)
        parts = ("query", "body") if names_one else ("path", "query", "body")
        check_proxy_action_arguments(context, step.value, spot.at("proxy"), parts)


def _check_expected_calls(context: CheckContext, expected: model.Expect, spot: Spot) -> None:
    if expected.proxy is not UNSET:
        for item, place in spot.at("proxy").locate_elements(expected.proxy):
            check_call(context, item, place)


def _check_call_name(context: CheckContext, call: object, spot: Spot) -> None:
    if isinstance(call, str) and (wrong := context.names.find_call_problem(call)):
        context.tell(spot, wrong, kind="name")


def find_undeclared_names_in_write(
    names: ScenarioNames, change: FieldChanged, expected: Mapping[str, frozenset[str]]
) -> Iterator[tuple[str, str]]:
    """Yield each undeclared field or column that a write names, and what is wrong with it.

    Needed for scripts and ``python:`` steps: what other steps write was checked at load.

    Args:
        names: names that exist in the scenario.
        change: the write; forms of sub-flows and members of the project are not checked, as they
            need no declaration.
        expected: table -> columns that expectations name, which are taken as intended.
    """
    field = change.field
    if change.by == UNDO or "/" in field or field.startswith("project."):
        return
    if wrong := names.find_field_problem(field):
        yield f"form.{field}", names.add_declaration_hint(wrong)
    for (number, column), wrong in names.find_unknown_columns(field, change.new):
        if column not in expected.get(field, ()):
            cure = msg(
                "{wrong} (if it is a column, declare it: a row of form.fields.{table} that has it)",
                wrong=wrong,
                table=field,
            )
            yield f"form.{field}[{number}].{column}", cure


def find_expected_columns(item: ScenarioItem) -> Mapping[str, frozenset[str]]:
    """Return the columns that expectations of *item* name, by table."""
    tables: dict[str, set[str]] = {table: set() for table in item.names.initial_table_columns}
    for form in _find_expected_forms(item) if tables else ():
        for table, column in find_named_columns(form):
            tables.get(table, set()).add(column)
    return {table: frozenset(columns) for table, columns in tables.items()}


def find_fields_meant_to_change_type(item: ScenarioItem) -> frozenset[str]:
    """Return the form fields that are expected with another type than their initial value.

    For example a text where the initial value is a number. A script that writes such a value is
    then not reported, as the change of type is meant.
    """
    fields: set[str] = set()
    for form in _find_expected_forms(item):
        for name, value in form.items() if isinstance(form, Mapping) else ():
            base, *rest = parse_form_path(name) or (name,)
            is_map = isinstance(value, Mapping) and not any(key.startswith("$") for key in value)
            kind = item.names.initial_value_kinds.get(str(base), "text")
            is_other = kind != "text" and isinstance(value, str)
            if rest or is_map or is_other or isinstance(value, list | tuple):
                fields.add(str(base))
    return frozenset(fields)


def _find_expected_forms(item: ScenarioItem) -> Iterator[Any]:
    """Yield each ``form`` and ``flow: {form: …}`` of the expectations of *item* that must hold."""
    of_steps = chain.from_iterable(located.step.expectations for located in item.walk_steps())
    for expected in (item.scenario.expect, item.scenario.always, *of_steps):
        yield expected.form
        yield expected.flow.get("form") if isinstance(expected.flow, Mapping) else UNSET


def find_named_columns(value: Any) -> Iterator[tuple[str, str]]:
    """Yield table and column for each column that *value*, an expected form, names."""
    for name, expected in value.items() if isinstance(value, Mapping) else ():
        base, *rest = parse_form_path(name) or (name,)
        yield from ((str(base), step) for step in rest if isinstance(step, str))
        yield from ((name, column) for column in find_columns_of_expected_rows(expected))


def find_columns_of_expected_rows(value: Any) -> Iterator[str]:
    """Yield the columns named by an expected table, also in its operators."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from find_columns_of_expected_rows(item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key.startswith("$"):
                yield from find_columns_of_expected_rows(item)
            else:
                yield key
