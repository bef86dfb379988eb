"""Find expectations that held in a run, and would have held whatever the scripts had done.

Only a run shows these: everything expected was there before the first step, the values to choose
from are all that a field offers, or a preview was taken before its form changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, Final

import msgspec
from msgspec import UNSET

from bpmax_sim.errors import is_plural, suggest_meant_value, suggest_nearest
from bpmax_sim.i18n import DataValue, join_list, msg, plural
from bpmax_sim.platform.model import matches_api
from bpmax_sim.scenario import model
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.denied_texts import find_unproducible_texts
from bpmax_sim.scenario.events import Event
from bpmax_sim.scenario.expect import fulfils, is_list, is_operator
from bpmax_sim.scenario.expected_literals import (
    denies_value,
    find_literals_with_denial,
    find_member_names,
)
from bpmax_sim.scenario.findings import RunFinding, find_columns_of_expected_rows
from bpmax_sim.scenario.load import LocatedStep, ScenarioItem
from bpmax_sim.scenario.probes import find_other_values
from bpmax_sim.scenario.references import Path, find_referenced_column, show
from bpmax_sim.scenario.source import Spot
from bpmax_sim.scenario.table_rows import EMPTY
from bpmax_sim.session.session import Session
from bpmax_sim.subject.form import parse_form_path
from bpmax_sim.subject.hooks import FieldChanged

_LOOKING: Final = frozenset({"preview", "advance"})
"""Actions that leave a form as it is."""


def find_set_without_change(
    item: ScenarioItem, located: LocatedStep, events: Iterable[Event]
) -> Iterator[RunFinding]:
    """Yield a finding if *located*, a step ``set``, gives its fields the values that they have.

    *events* are those of the step. Only a step of ``during`` has to change something; any other is
    reported if it expects something although a script of its fields would have to run for that. A
    row may fill in what a form begins with, but an empty cell fires no script.
    """
    step, spot = located.step, located.spot
    entered = step.value if isinstance(step.value, Mapping) else {}
    if not entered or any(isinstance(one, FieldChanged) and one.by == "user" for one in events):
        return
    tables = [f"change.{_to_top_level_field(field)}" for field in entered]
    is_watched = any(f"{event}.".startswith(f"{table}.") for event in item.names.scripts
                     for table in tables)  # fmt: skip
    is_meanwhile = spot.steps[-3:-1] == ("during", "steps")
    if not is_meanwhile and (step.expect == _NOTHING or not is_watched):
        return
    columns = list(filter(None, map(find_referenced_column, entered.values())))
    row = item.row.values if item.row else {}
    if any(row.get(column) not in EMPTY for column in columns):
        return
    hint = columns and msg(
        ", or leave the step out in such a row: if: ${{case.{column}}}", column=columns[0]
    )
    yield _make_finding(spot.at("set"), plural(
        len(entered),
        "{fields} has this value already, so that nothing changes and no script runs; set another "
        "value{hint}",
        "{fields} have these values already, so that nothing changes and no script runs; set "
        "other values{hint}", fields=join_list(entered), hint=hint or "",
    ))  # fmt: skip


class FieldHistory(msgspec.Struct, frozen=True):
    """The values of the fields during a run.

    Attributes:
        initial: form values before the first step.
        changes: changes of fields, oldest first.
        offered: field -> all values that were ever among its options.
        scripts: script sources.
        flow: facts of the flow before the first step; empty without a flow.
    """

    initial: Mapping[str, Any]
    changes: Sequence[FieldChanged]
    offered: Mapping[str, Sequence[Any]]
    scripts: Sequence[str] = ()
    flow: Mapping[str, Any] = {}

    def find_assigned_literals(self, field: str) -> list[str]:
        """Return the string literals that `scripts` assign to *field*: ``form.x = '…'``.

        An assignment with a function call in it (any bracket) is left out, as its literals may be
        arguments.

        A member of another object, as in ``subform.x`` or ``other.form.x``, is none of them; one of
        ``ctx.form`` is.
        """
        form = r"(?<![\w$.])(?:ctx\s*\.\s*)?form"
        written = re.compile(rf"{form}\.{re.escape(field)}\s*=(?!=)([^;\n]*)")
        values = [
            match for text in self.scripts for match in written.findall(text) if "(" not in match
        ]
        return list(dict.fromkeys(
            one or other for value in values for one, other in _QUOTED.findall(value)
        ))  # fmt: skip

    def get_values(self, field: str) -> list[Any]:
        """Return all values that *field* had, oldest first."""
        changes = [change.new for change in self.changes if change.field == field]
        return [*([self.initial[field]] if field in self.initial else []), *changes]


def find_expectations_that_never_fail(
    item: ScenarioItem, history: FieldHistory, calls: Sequence[CallMade]
) -> Iterator[RunFinding]:
    """Yield the expectations of *item* that can never fail, judged by the values of this run.

    *history* has the values that fields had in the run, and *calls* are the calls that it made.
    """
    expectations = list(_find_expectations(item))
    for expected, spot, path in expectations:
        for section, field, value in _find_expected_form_fields(expected):
            if isinstance(value, Mapping | list) or "never" in path:
                place = partial(spot.at, *path, *section, field)
                yield from _find_choices_of_everything(field, value, place, history)
                yield from _find_misspelt_denied_texts(
                    field, value, place, history, is_never="never" in path
                )
                yield from _find_misspelt_columns(field, value, place, history)
                if path[0] == "expect":
                    yield from _find_operators_fitting_any_value(field, value, place, history)
        yield from _find_misspelt_members_of_calls(expected, spot.at(*path, "proxy"), calls)
    yield from _find_stale_previews(item)
    if not expectations and history.scripts and not _has_other_judge(item, calls):
        yield _make_finding(item.spot.at("scenario"), msg(
            "nothing is expected here, so that only a refusal or an error of a script fails it; "
            "write expect:, or expect: new and run --update"
        ))  # fmt: skip
    known = chain(*history.offered.values(), (change.new for change in history.changes))
    yield from find_unproducible_texts(
        item, expectations, calls, [*known, *history.initial.values()]
    )


def _find_expected_form_fields(expected: model.Expect) -> Iterator[tuple[Path, str, Any]]:
    """Yield each expected field of a form, or of a flow's form: section, field, expected value.

    The section is the path ``("form",)`` or ``("flow", "form")``.
    """
    flow = expected.flow if isinstance(expected.flow, Mapping) else {}
    for section, fields in ((("form",), expected.form), (("flow", "form"), flow.get("form"))):
        for field, value in fields.items() if isinstance(fields, Mapping) else ():
            yield section, field, value


_QUOTED: Final = re.compile(r"""'([^'\\\n]+)'|"([^"\\\n]+)\"""")


def _has_other_judge(item: ScenarioItem, calls: Sequence[CallMade]) -> bool:
    """Return whether something besides ``expect`` can fail the item.

    That is a recording from which one of *calls* was answered (its requests must match), ``xfail``,
    or a step with ``expect_error``, ``during`` (steps performed while a call is in flight),
    ``retry: {until: …}`` or Python code.
    """
    steps = [located.step for located in item.walk_steps()]
    is_replayed = any(call.recording is not None for call in calls)
    return is_replayed or bool(item.scenario.xfail) or any(
        step.expect_error is not UNSET or step.during or step.action == "python"
        or (isinstance(step.retry, model.Retry) and step.retry.until is not UNSET)
        for step in steps
    )  # fmt: skip


_Expectation = tuple[model.Expect, Spot, Path]
_FindSpot = Callable[[], Spot]


def _find_expectations(item: ScenarioItem) -> Iterator[_Expectation]:
    """Yield each ``expect``, ``always`` and ``never`` of *item*, except an empty ``expect``.

    Each comes with the spot of the step or scenario that has it, and its path below that spot.
    """
    if item.scenario.expect != _NOTHING:
        yield item.scenario.expect, item.spot, ("expect",)
    yield from ((one, item.spot, tuple(path)) for path, one in item.scenario.invariants)
    for located in item.walk_steps():
        if located.step.expect != _NOTHING:
            yield located.step.expect, located.spot, ("expect",)


_NOTHING: Final = model.Expect()


def _make_finding(spot: Spot, message: str, kind: str = "empty") -> RunFinding:
    return RunFinding(kind, message, spot.place, fails=False)


def _find_choices_of_everything(
    field: str, value: Any, spot: _FindSpot, history: FieldHistory
) -> Iterator[RunFinding]:
    """Yield a finding if ``$in`` lists every option of *field*, or every value that it had."""
    chosen: Any = value.get("$in") if isinstance(value, Mapping) and len(value) == 1 else None
    if not is_list(chosen) or not chosen[1:]:
        return
    offered, known = history.offered.get(field), history.get_values(field)
    if offered and all(one in chosen for one in offered):
        yield _make_finding(spot(), msg(
            "$in has all options that form.{field} offers, so this holds whatever happens; name "
            "those that are right", field=field,
        ))  # fmt: skip
    elif len(known) > 1 and all(one in chosen for one in known):
        yield _make_finding(spot(), msg(
            "$in has each value that form.{field} had, also before anything ran: {values}; name "
            "the one that is right", field=field, values=join_list(map(str, known)),
        ))  # fmt: skip


def _find_operators_fitting_any_value(
    field: str, value: Any, spot: _FindSpot, history: FieldHistory
) -> Iterator[RunFinding]:
    """Yield a finding if the operators *value*, expected of *field*, fit whatever it could be.

    That is so if they accept its last value and each other literal that scripts write into it, or
    all values that it had and values of the same type near the last one and far from it.
    ``{$gte: 0}`` is also reported for a field that became 0.
    """
    known = history.get_values(field)
    is_operation = isinstance(value, Mapping) and any(map(is_operator, value))
    if not is_operation or field not in history.initial or denies_value(value) or "$in" in value:
        return
    if "${" in show(value):
        return
    literals = history.find_assigned_literals(field)
    others = [one for one in literals if one != known[-1]] if known[-1] in literals else []
    if others and all(fulfils(value, one) for one in (known[-1], *others)):
        yield _make_finding(spot(), msg(
            "{expected} fits also {others}, which a script writes into form.{field} in other "
            "cases; write the value that is right here",
            expected=show(value), field=field, others=join_list(map(show, others)),
        ))  # fmt: skip
        return
    if value == {"$gte": 0} and known[-1] == 0 != known[0]:
        yield _make_finding(spot(), msg(
            "form.{field} is 0, as little as this allows; write 0 where that is meant", field=field,
        ))  # fmt: skip
    if not all(fulfils(value, one) for one in (*known, *find_other_values(known[-1]))):
        return
    yield _make_finding(spot(), msg(
        "{expected} fits what form.{field} was before anything ran, {before}, and whatever else it "
        "could be; write the value, or a narrower range",
        expected=show(value), field=field, before=show(known[0]),
    ))  # fmt: skip


def _find_misspelt_denied_texts(
    field: str, value: Any, spot: _FindSpot, history: FieldHistory, *, is_never: bool
) -> Iterator[RunFinding]:
    """Yield a finding for each denied text that *field* never had but that resembles a known one.

    Known are the values that it had and its options; what a script has in it is possible, too. In a
    ``never`` (*is_never*), plain texts are the denied ones.
    """
    for _, literal, is_denied in find_literals_with_denial(value):
        if not isinstance(literal, str) or is_denied == is_never or "${" in literal:
            continue
        values = (*history.offered.get(field, ()), *history.get_values(field))
        known = [str(DataValue(one)) for one in values]
        is_possible = literal in known or any(literal in text for text in history.scripts)
        if literal and not is_possible and (hint := suggest_meant_value(literal, known)):
            yield _make_finding(spot(), msg(
                "form.{field} was never {value!r}, so denying it says nothing{hint}",
                field=field, value=literal, hint=hint,
            ), "name")  # fmt: skip


def _find_misspelt_columns(
    field: str, value: Any, spot: _FindSpot, history: FieldHistory
) -> Iterator[RunFinding]:
    """Yield columns that no row of a table ever had but that resemble one that some row had.

    *field* is the table, or a cell of it: ``明细[0].数量``.
    """
    base, *steps = parse_form_path(field) or (field,)
    table, cell = str(base), next((step for step in steps if isinstance(step, str)), None)
    columns = dict.fromkeys(find_columns_of_expected_rows(value)) if cell is None else (cell,)
    rows = chain.from_iterable(one for one in history.get_values(table) if isinstance(one, list))
    known = dict.fromkeys(chain.from_iterable(row for row in rows if isinstance(row, Mapping)))
    for column in columns if known else ():
        if column not in known and (hint := suggest_nearest(column, map(str, known))):
            yield _make_finding(spot(), msg(
                "no row of {table} ever had a column {column!r}{hint}",
                table=table, column=column, hint=hint,
            ), "name")  # fmt: skip


def _find_misspelt_members_of_calls(
    expected: model.Expect, spot: Spot, calls: Sequence[CallMade]
) -> Iterator[RunFinding]:
    """Yield members of calls that *expected*, at *spot*, denies and that no call ever had.

    Only those that resemble a member that a call of that API had: a misspelt one is always absent.
    A plural or another number is no misspelling: it may be denied that ``mobiles`` are sent, too.
    In a ``never``, which plain members break, these are denied, too.
    """
    is_never = "never" in spot.steps
    for item, where in spot.locate_elements(() if expected.proxy is UNSET else expected.proxy):
        made = [call for call in calls if matches_api(item.call, call.call)]
        for part in ("query", "header", "body", "response") if made else ():
            value = getattr(item, part)
            known = {name for call in made for name in _find_all_names(getattr(call, part))}
            for inside, name, is_denied in find_member_names(value) if value is not UNSET else ():
                text = name.lower() if part == "header" else name
                if is_denied is is_never or text in known:
                    continue
                others = (one for one in known if not is_plural(text, one))
                if hint := suggest_meant_value(text, others):
                    yield _make_finding(where.at(part, *inside, name), msg(
                        "no call of {call} had {name!r} in {part}, so denying it says nothing"
                        "{hint}", call=item.call, name=name, part=part, hint=hint,
                    ), "name")  # fmt: skip


def _find_all_names(value: Any) -> Iterator[str]:
    """Yield the names of all members in *value*, also in lists and in other members."""
    if isinstance(value, Mapping):
        yield from map(str, value)
    members = value.values() if isinstance(value, Mapping) else value if is_list(value) else ()
    for member in members:
        yield from _find_all_names(member)


def _find_stale_previews(item: ScenarioItem) -> Iterator[RunFinding]:
    """Yield expectations of a preview that are checked after a later step changed the form.

    A preview (action ``preview``) computes the way that a project would take as the form is then.
    """
    is_stale = False
    for located in item.steps:
        step = located.step
        if step.action == "preview":
            is_stale = False
        elif step.action and step.action not in _LOOKING:
            is_stale = True
        if step.expect.preview is not UNSET and is_stale:
            yield _make_finding(located.spot.at("expect", "preview"), msg(
                "this preview is of an earlier step, and something was done since; take it again "
                "by a step preview"
            ))  # fmt: skip


def find_only_unwritten_fields(item: ScenarioItem, history: FieldHistory) -> Iterator[RunFinding]:
    """Yield one finding if all expectations are of fields that no script of the run wrote."""
    expectations = list(_find_expectations(item))
    written = {_to_top_level_field(one.field) for one in history.changes if one.is_by_script}
    entered = {_to_top_level_field(one.field) for one in history.changes if one.by == "user"}
    names: list[str] = []
    steps = list(item.walk_steps())
    for expected, _, _ in expectations:
        facts = _find_flow_facts_held_at_start(expected, history)
        if facts is None:
            return
        fields = [field for _, field, _ in _find_expected_form_fields(expected)]
        known = {_to_top_level_field(name) for name in fields}
        if known & written or not known <= {*history.initial, *entered}:
            return
        names += [*fields, *facts]
    if not names or any(one.step.expect_error is not UNSET or one.during for one in steps):
        return
    _, spot, path = expectations[0]
    names = list(dict.fromkeys(names))
    is_entered = any(_to_top_level_field(name) in entered for name in names)
    entry = msg(
        "all that is expected was there before anything ran, or a step entered it, and no script "
        "wrote it: {names}; expect what the scripts do, too", names=join_list(names),
    ) if is_entered else msg(
        "all that is expected was there before anything ran, and nothing wrote it: {names}; "
        "expect what the scripts do, too", names=join_list(names),
    )  # fmt: skip
    yield _make_finding(spot.at(*path), entry)


def _find_flow_facts_held_at_start(
    expected: model.Expect, history: FieldHistory
) -> list[str] | None:
    """Return the facts (such as ``at``) of a flow in *expected* if all held before the run already.

    None if one of them did not hold then, or if *expected* contains anything else than facts and
    fields of a form.
    """
    flow = {} if expected.flow is UNSET else expected.flow
    if not isinstance(flow, Mapping) or expected != model.Expect(
        form=expected.form, flow=expected.flow
    ):
        return None
    facts = {key: value for key, value in flow.items() if key != "form"}
    is_known = history.flow and "at" in facts and facts.keys() <= _HELD_BEFORE
    if facts and not (is_known and fulfils(facts, history.flow)):
        return None
    return [f"flow.{key}" for key in facts]


_HELD_BEFORE: Final = frozenset({"at", "status", "owners", "pending"})
"""Facts of a flow by which a person sees where it stands."""


def _to_top_level_field(field: str) -> str:
    """Return ``明细`` of ``明细[0].数量``; of a sub-flow's field, ``合同/金额``, the sub-flow."""
    return field.partition("/")[0].partition("[")[0].partition(".")[0]


def find_parts_checking_nothing(
    item: ScenarioItem, located: LocatedStep, calls: Sequence[CallMade], result: Any
) -> Iterator[RunFinding]:
    """Yield expectations of the step *located* that check nothing, such as any count of calls.

    *calls* are the calls that the step made; the ``times`` of an expected one may accept any
    number. Also a finding if *result*, the return value of its action, looks like a "no" (such as
    false) and no expectation compares it.
    """
    yield from _find_loose_call_counts(located, calls, item.scenario.expect)
    yield from _find_unchecked_negative_result(item, located, result)


def _find_unchecked_negative_result(
    item: ScenarioItem, located: LocatedStep, result: Any
) -> Iterator[RunFinding]:
    """Yield a finding if a step's *result* looks like a "no" and no expectation compares it.

    Nothing is yielded if the step has ``save`` or ``retry: {until: …}``, or a ``${…}`` names its
    result.
    """
    step, steps = located.step, list(item.steps)
    advice = _advise_on_negative_result(step.action, result)
    if not advice or step.save:
        return
    following = steps[steps.index(located) + 1 :] if located in steps else steps
    readers = [item.scenario.expect, step.expect]
    for other in following:
        if other.step.action:
            break
        readers.append(other.step.expect)
    is_named = bool(step.id) and any(
        f"steps.{step.id}." in text for text in located.spot.source.lines_of_all_files
    )
    has_until = isinstance(step.retry, model.Retry) and step.retry.until is not UNSET
    if not (is_named or has_until or any(one.result is not UNSET for one in readers)):
        yield _make_finding(located.spot.at(step.action), advice)


_VERDICTS: Final = ("ok", "success", "pass", "passed", "allow", "allowed", "valid", "agree")
"""Members by which a returned object says yes or no."""


def _advise_on_negative_result(action: str, result: Any) -> str:
    """Return advice if *result* of the action *action* looks like a "no" that had no effect.

    "" if it does not. A "no" is False. Of ``approve`` and ``reject`` it is also a text, which would
    be a refusal in ``before_next`` or ``submit`` but is ignored here, and a map with a false member
    such as ``ok``.
    """
    if action == "python":
        return _UNREAD_RETURN if result is False else ""
    if action not in {"approve", "reject"}:
        return ""
    members = result if isinstance(result, Mapping) else {}
    is_text = isinstance(result, str) and result != ""
    if not (result is False or is_text or any(members.get(name) is False for name in _VERDICTS)):
        return ""
    return msg(
        "the script returned {value}, which refuses nothing, and nothing looks at it; to refuse, "
        "throw, or refuse in before_next; or expect: {{result: …}}",
        value=show(result),
    )


_UNREAD_RETURN: Final = msg(
    "the function returned False, and nothing looks at it; assert in the function, or "
    "expect: {result: true}"
)


def _find_loose_call_counts(
    located: LocatedStep, calls: Sequence[CallMade], item_expect: model.Expect
) -> Iterator[RunFinding]:
    """Yield expected calls of the step *located* whose ``times`` accepts no call, or any number.

    *calls* are the calls that the step made, *item_expect* what the scenario as a whole expects.
    Also those whose calls all failed although nothing in step or scenario expects an error, and
    ``times: 0`` of a login if the step did not call its platform, as that says nothing.
    """
    expected = located.step.expect
    if expected.proxy is UNSET:
        return
    is_all = expected == model.Expect(proxy=expected.proxy) and item_expect == _NOTHING
    for item, where in located.spot.at("expect", "proxy").locate_elements(expected.proxy):
        made = [call for call in calls if matches_api(item.call, call.call)]
        is_plain = item == model.ExpectedCall(call=item.call, times=item.times)
        if made and is_plain and item.times != 0 and is_all and all(one.error for one in made):
            yield _make_finding(where, msg(
                "each call of {call} failed ({code}), and nothing else is expected; write error: "
                "{code} where that is meant", call=item.call, code=made[0].error,
            ), "unseen")  # fmt: skip
        if item.times is UNSET:
            continue
        is_range = isinstance(item.times, Mapping)
        if is_range and (fulfils(item.times, 0) or (fulfils(item.times, _MANY) and made)):
            yield _make_finding(where.at("times"), _describe_loose_count(item, made))
        elif item.times == 0 and not made:
            yield from _find_login_denial_without_call(item, calls, where)


_MANY: Final = 1_000_000


def _describe_loose_count(item: model.ExpectedCall, made: Sequence[CallMade]) -> str:
    """Return the message that the range ``times`` of *item* accepts more than the calls *made*.

    *made* are the calls of that API in the step. The message names the ``times`` to write instead.
    """
    if not made:
        return msg(
            "{call} was not called at all, which this allows, too; write times: 0 where that is "
            "meant", call=item.call,
        )  # fmt: skip
    return msg(
        "this allows {other}, too; write times: {count}, as it is here",
        count=len(made),
        other=msg("no call at all") if fulfils(item.times, 0) else msg("any number of calls"),
    )  # fmt: skip


def _find_login_denial_without_call(
    item: model.ExpectedCall, calls: Sequence[CallMade], where: Spot
) -> Iterator[RunFinding]:
    """Yield a finding if a login is expected not to happen although nothing called its platform.

    *item* is the expected call with ``times: 0``, *where* its spot in the file, and *calls* are all
    that the step made.
    """
    platform, _, name = item.call.partition(".")
    is_called = any(call.call.partition(".")[0] == platform for call in calls)
    if name == "$token" and not is_called:
        yield _make_finding(where.at("times"), msg(
            "nothing called {platform} in this step, so there was no reason for a login; call "
            "it first", platform=platform,
        ))  # fmt: skip


def find_useless_proxy_settings(
    item: ScenarioItem, calls: Sequence[CallMade], session: Session
) -> Iterator[RunFinding]:
    """Yield findings on keys of ``proxy`` that had no effect, or a harmful one.

    These are an ``instance`` to which no call went, and ``unused: ignore`` if it hides that the
    scenario no longer calls an API that was recorded for it.
    """
    instance = item.scenario.proxy.instance
    own = [call for call in calls if not call.is_login]
    if instance and own and not any(call.instance == instance for call in own):
        yield _make_finding(item.spot.at("proxy", "instance"), msg(
            "no call went to the instance {instance!r}: scripts name another one themselves",
            instance=instance,
        ), "rule")  # fmt: skip
    spot = item.spot.at("proxy", "unused")
    if item.scenario.proxy.unused == "ignore" and spot.place.file == item.spot.source.file:
        left = (one.request.call for one in session.unplayed_exchanges)
        names = dict.fromkeys(call.name for call in left if call is not None and call.platform)
        called = {call.call for call in calls}
        for name in [name for name in names if name not in called]:
            yield _make_finding(spot, msg(
                "unused: ignore hides that nothing calls {call} any more, which was recorded for "
                "this scenario; call it, or record afresh", call=name,
            ), "unplayed")  # fmt: skip
