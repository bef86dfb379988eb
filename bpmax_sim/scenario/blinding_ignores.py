"""Find calls that only ``ignore`` made equal to a recording, or to each other.

Values that every run creates anew, such as a time or a UUID, are not reported: ``ignore`` exists
for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any, Final

from msgspec import UNSET

from bpmax_sim.errors import Place
from bpmax_sim.field_path import FieldPath, find_values_at, without_paths
from bpmax_sim.i18n import msg
from bpmax_sim.platform.load import Platforms
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.findings import RunFinding
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.references import show
from bpmax_sim.session.credentials import find_declarations, find_volatile_places

_MADE_AT_RUN_TIME: Final = re.compile(
    r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"  # a UUID
    r"|[0-9a-fA-F]{16,}|\d{10}|\d{13,17}|0?\.\d{6,}"  # a digest, an instant, Math.random()
    # A date, with or without a time; a number of eight digits is one only if it can be.
    r"|(?:19|20)\d\d[-/]?(?:0[1-9]|1[0-2])[-/]?(?:0[1-9]|[12]\d|3[01])([T ]?\d\d:?\d\d.*)?"
)
_MOST_COMPARED: Final = 20
"""Calls of one API that are compared with each other."""


def find_responses_matched_by_ignore(calls: Iterable[CallMade]) -> Iterator[RunFinding]:
    """Yield a finding for each response that was recorded for another request, due to ``ignore``.

    ``ignore: body.no`` lets a recording match whatever ``no`` is. That is meant for values that
    every run creates anew, such as a time or a UUID; any other difference is reported.
    """
    for call in calls:
        recording = call.recording
        for one in recording.ignored if recording is not None and recording.played else ():
            sides = [one.get("recorded"), one.get("sent")]
            if not _are_made_at_run_time(side for side in sides if side):
                yield RunFinding("ignore", msg(
                    "{call}: this response was recorded for {path} {recorded}, not {sent}; record "
                    "it for this one, too, or take {path} out of ignore",
                    call=call.call, path=one["path"], recorded=show(sides[0]), sent=show(sides[1]),
                ), call.place, fails=False)  # fmt: skip


def find_calls_made_equal(
    item: ScenarioItem,
    calls: Sequence[CallMade],
    platforms: Platforms,
    *,
    is_recording: bool = False,
) -> Iterator[RunFinding]:
    """Yield a finding for each ``ignore`` that makes two replayed calls equal.

    Only calls whose responses differ are reported: they get these in the order of the recording,
    whatever they ask for. Responses differ by status and body, without places that are declared
    ``volatile``. With *is_recording*, calls that a live system answered count too.
    """
    entries = item.spot.at("proxy", "ignore").locate_elements(item.scenario.proxy.ignore)
    own = [(FieldPath.parse(text, "ignore"), text, spot.place) for text, spot in entries]
    by_name: dict[str, list[CallMade]] = {}
    for call in calls:
        is_played = call.recording is not None and call.recording.played
        if (is_played or (is_recording and call.source == "live")) and not call.is_login:
            by_name.setdefault(call.call, []).append(call)
    for name, same in by_name.items():
        if len(same) == 1:
            continue
        declared = (text for one in find_declarations(platforms, name) for text in one.ignore)
        rules = [*own, *((FieldPath.parse(text, "ignore"), text, None) for text in declared)]
        if rules:
            places = [FieldPath.parse(text, "") for text in find_volatile_places(platforms, name)]
            yield from _find_rules_making_calls_equal(same[:_MOST_COMPARED], rules, places)


def _find_rules_making_calls_equal(
    same: Sequence[CallMade],
    rules: Sequence[tuple[FieldPath, str, Place | None]],
    volatile: Sequence[FieldPath],
) -> Iterator[RunFinding]:
    """Yield a finding for each of *rules* (entries of ``ignore``) that makes two calls equal.

    *same* are calls of one API, and *volatile* the places in which its responses always differ.
    """
    left = [_drop_places(call, [path for path, _, _ in rules]) for call in same]
    reported: set[str] = set()
    for (first, one), (second, other) in combinations(zip(same, left, strict=True), 2):
        results = (
            without_paths({"status": call.status, "body": call.response}, volatile)
            for call in (first, second)
        )
        if one != other or next(results) == next(results):
            continue
        for path, text, place in rules:
            sides = [_find_value_at(first, path), _find_value_at(second, path)]
            if sides[0] == sides[1] or _are_made_at_run_time(sides) or text in reported:
                continue
            reported.add(text)
            yield RunFinding("ignore", msg(
                "ignore: {text} makes calls of {call} equal whose responses differ ({first} and "
                "{second}), so that each may get the other's; take it out of ignore",
                text=text, call=first.call, first=show(sides[0]), second=show(sides[1]),
            ), place or second.place, fails=False)  # fmt: skip


def _are_made_at_run_time(values: Iterable[Any]) -> bool:
    return all(_MADE_AT_RUN_TIME.fullmatch(str(value)) for value in values)


def _get_request_parts(call: CallMade) -> dict[str, Any]:
    return {"path": call.path, "query": call.query, "header": call.header, "body": call.body}


def _find_value_at(call: CallMade, path: FieldPath) -> Any:
    return next(
        find_values_at(_get_request_parts(call).get(path.root), path.steps_below_root), UNSET
    )


def _drop_places(call: CallMade, paths: Sequence[FieldPath]) -> dict[str, Any]:
    """Return the parts of the request, and its instance, without the places *paths*."""
    parts = {
        part: without_paths(value, [path.steps_below_root for path in paths if path.root == part])
        for part, value in _get_request_parts(call).items()
    }
    return {**parts, "instance": call.instance}
