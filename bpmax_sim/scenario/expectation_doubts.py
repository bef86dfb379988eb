"""Expectations that were met in a run, and would have been met whatever the scripts had done.

A file alone does not show these: that all that is expected was there before anything ran, that the
values to choose from are all that a field offers, that a preview was taken before its form changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import msgspec
from msgspec import UNSET

from bpmax_sim.errors import nearest_name
from bpmax_sim.i18n import msg, series
from bpmax_sim.platform.model import names_api
from bpmax_sim.scenario import model
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.claims import find_claims
from bpmax_sim.scenario.expect import is_list, is_number
from bpmax_sim.scenario.findings import NameFinding, find_named_columns
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.source import Spot
from bpmax_sim.subject.hooks import FieldChanged

_LOOKING: Final = frozenset({"preview", "advance", "wait"})
"""Actions that leave a form as it is."""


class RunHistory(msgspec.Struct, frozen=True):
    """What the fields of a run were.

    Attributes:
        initial: the form before the first step.
        changes: of fields, in their order.
        offered: field -> every value that was ever an option of it.
    """

    initial: Mapping[str, Any]
    changes: Sequence[FieldChanged]
    offered: Mapping[str, Sequence[Any]]

    def values_of(self, field: str) -> list[Any]:
        """Return what *field* was, one after another."""
        changes = [change.new for change in self.changes if change.field == field]
        return [*([self.initial[field]] if field in self.initial else []), *changes]


def find_idle_expectations(item: ScenarioItem, history: RunHistory) -> Iterator[NameFinding]:
    """Yield the expectations of *item* that say nothing, as the run shows."""
    for expected, spot in _find_expectations(item):
        for field, value in _fields_of(expected):
            where = spot.at("form", field)
            yield from _check_choice(field, value, where, history)
            yield from _check_denied(field, value, where, history)
        yield from _check_columns(expected, spot.at("form"), history)
    yield from _find_stale_previews(item)
    yield from _find_untouched(item, history)


def _find_expectations(item: ScenarioItem) -> Iterator[tuple[model.Expect, Spot]]:
    yield item.scenario.expect, item.spot.at("expect")
    yield from ((one, item.spot.at(*path)) for path, one in item.scenario.invariants)
    yield from ((one.step.expect, one.spot.at("expect")) for one in item.walk_steps())


def _fields_of(expected: model.Expect) -> Iterable[tuple[str, Any]]:
    return expected.form.items() if isinstance(expected.form, Mapping) else ()


def _tell(spot: Spot, message: str, kind: str = "empty") -> NameFinding:
    return NameFinding(kind, message, spot.place, fails=False)


def _check_choice(field: str, value: Any, spot: Spot, history: RunHistory) -> Iterator[NameFinding]:
    """Yield ``$in`` of all that a field offers, or of what it was before as well as after."""
    chosen: Any = value.get("$in") if isinstance(value, Mapping) and len(value) == 1 else None
    if not is_list(chosen) or len(chosen) < 2:  # noqa: PLR2004 - a choice of one is none
        return
    offered, known = history.offered.get(field), history.values_of(field)
    if offered and all(one in chosen for one in offered):
        yield _tell(spot, msg(
            "$in has all options that form.{field} offers, so this holds whatever happens; name "
            "those that are right", field=field,
        ))  # fmt: skip
    elif len(known) > 1 and all(one in chosen for one in known):
        yield _tell(spot, msg(
            "$in has each value that form.{field} had, also before anything ran: {values}; name "
            "the one that is right", field=field, values=series(map(str, known)),
        ))  # fmt: skip


def _check_denied(field: str, value: Any, spot: Spot, history: RunHistory) -> Iterator[NameFinding]:
    """Yield denied texts that a field never was, beside one that it was or offers."""
    is_never = "never" in spot.steps
    for _, literal, is_denied in find_claims(value):
        if not isinstance(literal, str) or is_denied == is_never or "${" in literal:
            continue
        known = [*map(str, history.offered.get(field, ())), *map(str, history.values_of(field))]
        if literal and literal not in known and (hint := nearest_name(literal, known)):
            yield _tell(spot, msg(
                "form.{field} was never {value!r}, so denying it says nothing{hint}",
                field=field, value=literal, hint=hint,
            ), "name")  # fmt: skip


def _check_columns(
    expected: model.Expect, spot: Spot, history: RunHistory
) -> Iterator[NameFinding]:
    """Yield columns that no row of a table ever had."""
    for table, column in dict.fromkeys(find_named_columns(expected.form)):
        values = history.values_of(table)
        rows = chain.from_iterable(one for one in values if isinstance(one, list))
        known = dict.fromkeys(chain.from_iterable(row for row in rows if isinstance(row, Mapping)))
        if known and column not in known and (hint := nearest_name(column, map(str, known))):
            yield _tell(spot.at(table), msg(
                "no row of {table} ever had a column {column!r}{hint}",
                table=table, column=column, hint=hint,
            ), "name")  # fmt: skip


def _find_stale_previews(item: ScenarioItem) -> Iterator[NameFinding]:
    """Yield expectations of a preview that was taken before the form changed."""
    is_stale = False
    for located in item.steps:
        step = located.step
        if step.action == "preview":
            is_stale = False
        elif step.action and step.action not in _LOOKING:
            is_stale = True
        if step.expect.preview is not UNSET and is_stale:
            yield _tell(located.spot.at("expect", "preview"), msg(
                "this preview is of an earlier step, and something was done since; take it again: "
                "preview: {{}}"
            ))  # fmt: skip


def _find_untouched(item: ScenarioItem, history: RunHistory) -> Iterator[NameFinding]:
    """Yield the first expectation, if all are of fields that the run never wrote."""
    written = {change.field.partition("/")[0].partition("[")[0] for change in history.changes}
    expectations = [one for one in _find_expectations(item) if one[0] != model.Expect()]
    if item.row or any(one.step.expect_error is not UNSET for one in item.walk_steps()):
        return  # rows are there for the difference between them
    for expected, _ in expectations:
        others = {**msgspec.structs.asdict(expected), "form": UNSET}
        if any(value is not UNSET for value in others.values()):
            return
        if any(_is_touched(name, written, history.initial) for name, _ in _fields_of(expected)):
            return
    if expectations:
        names = series(name for expected, _ in expectations for name, _ in _fields_of(expected))
        yield _tell(expectations[0][1], msg(
            "all that is expected was there before anything ran, and nothing wrote it: {names}; "
            "expect what the scripts do, too", names=names,
        ))  # fmt: skip


def _is_touched(name: str, written: Collection[str], initial: Mapping[str, Any]) -> bool:
    base = name.partition("[")[0].partition(".")[0]
    return name in written or base in written or base not in initial


def find_idle_counts(
    expected: model.Expect, spot: Spot, calls: Sequence[CallMade]
) -> Iterator[NameFinding]:
    """Yield counts that none of *calls*, those of a step, had a share in.

    ``times: 0`` says so itself; of a login it says nothing where its platform was not called.
    """
    items = () if expected.proxy is UNSET else expected.proxy
    for item, where in spot.at("proxy").elements(items):
        if any(names_api(item.call, call.call) for call in calls) or item.times is UNSET:
            continue
        platform, _, name = item.call.partition(".")
        is_called = any(call.call.partition(".")[0] == platform for call in calls)
        if isinstance(item.times, Mapping) and not is_number(item.times):
            yield _tell(where.at("times"), msg(
                "{call} was not called at all, which this allows, too; write times: 0 where that "
                "is meant", call=item.call,
            ))  # fmt: skip
        elif item.times == 0 and name == "$token" and not is_called:
            yield _tell(where.at("times"), msg(
                "nothing called {platform} in this step, so there was no reason for a login; call "
                "it first", platform=platform,
            ))  # fmt: skip


def find_idle_settings(item: ScenarioItem, calls: Sequence[CallMade]) -> Iterator[NameFinding]:
    """Yield settings of *item* that decided nothing in its run."""
    instance = item.scenario.proxy.instance
    own = [call for call in calls if not call.is_login]
    if instance and own and not any(call.instance == instance for call in own):
        yield _tell(item.spot.at("proxy", "instance"), msg(
            "no call went to the instance {instance!r}: scripts name another one themselves",
            instance=instance,
        ), "rule")  # fmt: skip
