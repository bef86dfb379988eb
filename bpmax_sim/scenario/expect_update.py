"""Replace expected values that do not hold by actual ones: ``run --update``.

A scenario that also ended in an error, a miss or an unplayed recording is not changed. Operators
and ``${…}`` that hold are kept; whatever does not hold is replaced by the actual value.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.errors import Place, Problem
from bpmax_sim.i18n import msg
from bpmax_sim.platform.model import matches_api
from bpmax_sim.scenario.assertions import SECTIONS, compare_expected, read_section
from bpmax_sim.scenario.calls import PARTS, CallMade, compare_part, read_url_path
from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.expect import (
    find_member_or_path_value,
    fulfils,
    is_operator,
    select_failing_checks,
)
from bpmax_sim.scenario.expect_values import to_expectation
from bpmax_sim.scenario.expect_writer import ExpectEdit
from bpmax_sim.scenario.load import LocatedStep, ScenarioItem
from bpmax_sim.scenario.model import Expect, ExpectedCall
from bpmax_sim.scenario.references import to_inserted_text
from bpmax_sim.scenario.source import Failure, Spot
from bpmax_sim.subject.hooks import is_same_value
from bpmax_sim.yamlfile import format_steps, to_display_path
from bpmax_sim.yamlfile.node import Steps

Resolve = Callable[[Any], Any]


class ExpectUpdate(msgspec.Struct, frozen=True):
    """The replacement of an ``expect`` that does not hold.

    Attributes:
        edit: change of the scenario file's text.
        expect: the new expectation as an object. With it the scenario is run again at once, to find
            the steps that fail after this one.
    """

    edit: ExpectEdit
    expect: Expect


def update_expected(expected: Any, actual: Any, resolve: Resolve) -> Any:
    """Return *expected* with the parts that do not hold replaced by the *actual* value there.

    `UNSET` if there is no actual value any more, or none of the expected members. *resolve*
    replaces ``${…}``; a part that holds keeps its ``${…}``.
    """
    if actual is UNSET:
        return UNSET
    if fulfils(resolve(expected), actual):
        return expected
    if _is_plain_map(expected) and isinstance(actual, Mapping):
        members = {
            key: update_expected(value, find_member_or_path_value(actual, key), resolve)
            for key, value in expected.items()
        }
        return {key: value for key, value in members.items() if value is not UNSET} or UNSET
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        items = [update_expected(*pair, resolve) for pair in zip(expected, actual, strict=True)]
        return to_expectation(actual) if UNSET in items else items
    denied = expected.get("$not") if isinstance(expected, Mapping) else None
    if _is_plain_map(denied) and fulfils(resolve(denied), actual):
        return denied  # of all that there is, its members are what the test is about
    return to_expectation(actual)


def _is_plain_map(expected: Any) -> bool:
    """Return whether *expected* is a map of members, at least one, and of no operators."""
    return isinstance(expected, Mapping) and bool(expected) and not any(map(is_operator, expected))


def _update_lines(expected: Any, actual: Sequence[Mapping[str, Any]], resolve: Resolve) -> Any:
    """Return the *actual* messages or console lines as a new expectation.

    A line is a map where *expected* has one at that position, else a text. *resolve* replaces
    ``${…}``, which is kept in each line that holds.
    """
    known = expected if isinstance(expected, list) else [expected]
    lines = []
    for number, line in enumerate(actual):
        before = known[number] if number < len(known) else ""
        if isinstance(before, Mapping) and not any(map(is_operator, before)):
            lines.append({key: line.get(key, UNSET) for key in before})
        else:
            lines.append(line["text"])
    updated = [update_expected(*pair, resolve) for pair in zip(known, lines, strict=False)]
    return [*updated, *map(to_expectation, lines[len(known) :])]


def _update_calls(expected: Sequence[ExpectedCall], actual: Sequence[Any], resolve: Resolve) -> Any:
    """Return the calls that were made, *actual*, without logins as a new ``expect: proxy``.

    Each has the parts (query, body …) that the item of *expected* at its position has now, and its
    ``call``, such as ``crm.*``, if that fits. `UNSET` if an item has ``times``: which count was
    meant is unclear. *resolve* replaces ``${…}`` in the items.
    """
    if any(call.times is not UNSET for call in expected):
        return UNSET
    calls = [call for call in actual if not call.is_login]
    entries = []
    for number, call in enumerate(calls):
        before = expected[number] if number < len(expected) else None
        fits = before and matches_api(to_inserted_text(resolve(before.call)), call.call)
        entry: dict[str, Any] = {"call": before.call if before and fits else call.call}
        for part in PARTS if before is not None else ():
            value = getattr(before, part)
            new = UNSET if value is UNSET else _update_part(part, value, call, resolve)
            if new is not UNSET:
                entry[part] = new
        entries.append(entry)
    return entries


def _update_part(part: str, expected: Any, call: CallMade, resolve: Resolve) -> Any:
    """Return *expected*, that of a *part* of a call such as ``query``, updated to *call*.

    It is kept if it holds. Names of headers stay as they are written there.
    """
    target = resolve(expected)
    if not select_failing_checks(compare_part(part, target, call, ())):
        return expected
    if part == "path" and isinstance(target, str):
        return read_url_path(call)
    actual = getattr(call, part)
    if part == "header" and isinstance(expected, Mapping):
        names = {name.lower(): name for name in expected}
        actual = {names.get(name, name): value for name, value in actual.items()}
    return update_expected(expected, actual, resolve)


_UPDATES: Mapping[str, Callable[[Any, Any, Resolve], Any]] = {
    "messages": _update_lines,
    "console": _update_lines,
    "proxy": _update_calls,
}


def attach_update(
    failures: Sequence[Failure],
    expected: Expect,
    actual: Mapping[str, Callable[[], Any]],
    resolve: Resolve,
    spot: Spot,
) -> list[Failure]:
    """Return *failures*, those of *expected*, with the update to actual values attached to each.

    It is None where *expected* cannot be replaced, see `make_update_if_possible`.
    """
    update = make_update_if_possible(expected, actual, resolve, spot) if failures else None
    return [dataclasses.replace(failure, update=update) for failure in failures]


def make_update_if_possible(
    expected: Expect, actual: Mapping[str, Callable[[], Any]], resolve: Resolve, spot: Spot
) -> ExpectUpdate | None:
    """Return the replacement of *expected* by actual values, or None.

    None if a section that does not hold cannot be taken from the run: it has no actual value, or
    it expects calls with ``times``, and any count could be meant.

    Args:
        expected: expectation that does not hold.
        actual: section -> function that returns its actual value.
        resolve: replaces ``${…}``.
        spot: step, row or scenario that has the expectation.
    """
    sections: dict[str, Any] = {}
    for section in SECTIONS:
        known = getattr(expected, section)
        if known is UNSET:
            continue
        if not select_failing_checks(compare_expected(Expect(**{section: known}), actual, resolve)):
            continue
        update = _UPDATES.get(section, update_expected)
        target = known if section == "proxy" else resolve(known)
        value = update(known, read_section(section, target, actual), resolve)
        if value is UNSET:
            return None
        sections[section] = value
    return build_update(sections, expected, spot)


def build_update(
    sections: Mapping[str, Any],
    expected: Expect,
    spot: Spot,
    *,
    is_new: bool = False,
    notes: tuple[Problem, ...] = (),
) -> ExpectUpdate:
    """Return the update that replaces the *expected* of the step at *spot* by *sections*.

    Args:
        sections: new value of each section that changes.
        expected: present expectation, of which the other sections are kept.
        spot: step, row or scenario that has the expectation.
        is_new: whether it is ``expect: new``, so that nobody chose any of the values.
        notes: values of the run that are not expected, and why.
    """
    keys = msgspec.to_builtins(sections, enc_hook=_to_plain_str)
    calls = msgspec.convert(keys.get("proxy", ()), tuple[ExpectedCall, ...])
    typed = {**sections, **({"proxy": calls} if "proxy" in sections else {})}
    edit = ExpectEdit(spot.source.path, spot.steps, {"expect": keys}, is_new=is_new, notes=notes)
    return ExpectUpdate(edit, replace(expected, **typed))


def _to_plain_str(value: Any) -> str:
    """Return *value* as a plain `str`; translatable messages are a subclass of it."""
    return value[:] if isinstance(value, str) else repr(value)


Run = Callable[[ScenarioItem], ScenarioFinished]
_MOST_RUNS = 200


def collect_edits_or_reason_by_replay(item: ScenarioItem, run: Run) -> tuple[list[ExpectEdit], str]:
    """Return the edits of expectations with which *item* passes, and "".

    If there are none that make it pass, the list is empty and the text says why. Because a failing
    step ends the run, *run* replays the item repeatedly (at most `_MOST_RUNS` times), each time
    with the edits of the step that failed before.
    """
    edits: list[ExpectEdit] = []
    for _ in range(_MOST_RUNS):
        end = run(item)
        if end.outcome != "failed":
            return edits, ""
        updates = [failure.update for failure in end.failures]
        known = [update for update in updates if update is not None]
        # Actual values are accepted only if nothing but expectations failed.
        if len(known) < len(updates) or not known:
            return [], end.failures[0].headline
        for update in known:
            if update.edit in edits:
                return [], end.failures[0].headline  # it did not help
            edits.append(update.edit)
            item = _replace_expect(item, update)
    return [], msg("more than {most} steps differ", most=_MOST_RUNS)


def _replace_expect(item: ScenarioItem, update: ExpectUpdate) -> ScenarioItem:
    """Return *item* with the expectation of *update* at its step, or at the scenario as a whole."""
    edit = update.edit
    if not edit.steps:
        return replace(item, scenario=replace(item.scenario, expect=update.expect))

    def place(located: LocatedStep) -> LocatedStep:
        spot = located.spot
        if (spot.source.path, spot.steps) == (edit.path, edit.steps):
            return replace(located, step=replace(located.step, expect=update.expect))
        return replace(located, during=tuple(map(place, located.during)))

    named = {name: tuple(map(place, steps)) for name, steps in item.subjects.named.items()}
    return replace(
        item,
        steps=tuple(map(place, item.steps)),
        cleanup=tuple(map(place, item.cleanup)),
        subjects=replace(item.subjects, named=named),
    )


def merge_row_edits(
    edits: Sequence[Sequence[ExpectEdit]],
) -> tuple[list[ExpectEdit], list[Problem]]:
    """Return the edits of all rows of one file merged, and a problem where the rows differ.

    All rows share the ``expect`` of a step, so an edit is possible only if they agree on its
    values; of ``expect: new``, the values on which they agree are written.
    """
    joined: dict[tuple[Path, Steps], ExpectEdit] = {}
    differing: dict[tuple[Path, Steps], Problem] = {}
    for own in edits:
        for edit in own:
            key = edit.path, edit.steps
            first = joined.setdefault(key, edit)
            if is_same_value(first.keys, edit.keys):
                continue
            message = msg("the rows come to different values here; make them a column of cases")
            shared = _find_common_parts(first.keys, edit.keys) if edit.is_new else UNSET
            if shared is not UNSET:
                note = Problem(message, Place(to_display_path(edit.path)), format_steps(edit.steps))
                notes = dict.fromkeys((*first.notes, note))
                joined[key] = replace(first, keys=shared, notes=tuple(notes))
            else:
                differing[key] = Problem(
                    message, Place(to_display_path(edit.path)), format_steps(edit.steps)
                )
    kept = [edit for key, edit in joined.items() if key not in differing]
    return kept, list(differing.values())


def _find_common_parts(first: Any, second: Any) -> Any:
    """Return what *first* and *second* have in common, at any depth; `UNSET` if nothing.

    Of maps these are the members that both have. Lists have something in common only if they are of
    the same length and each pair of elements has, with the first member of the element in it.
    """
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        parts = {key: _find_common_parts(first[key], second[key]) for key in first if key in second}
        return {key: part for key, part in parts.items() if part is not UNSET} or UNSET
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        elements = list(map(_find_common_parts, first, second))
        return elements if all(map(_still_identifies_element, first, elements)) else UNSET
    return first if is_same_value(first, second) else UNSET


def _still_identifies_element(element: Any, shared: Any) -> bool:
    """Return whether *shared*, the common part of a list's *element*, still has its first member.

    The first member, such as the API of a call, says what the element is about.
    """
    if isinstance(element, Mapping) and isinstance(shared, Mapping):
        return next(iter(element), UNSET) in shared
    return shared is not UNSET
