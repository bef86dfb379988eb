"""Find values that a step saves and then compares with the place that they were saved from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict

from bpmax_sim.i18n import msg
from bpmax_sim.scenario import model
from bpmax_sim.scenario.expect import format_path_label, is_list, is_operator
from bpmax_sim.scenario.references import Path, parse_whole_reference
from bpmax_sim.scenario.source import Spot
from bpmax_sim.scenario.table_rows import ScenarioDraft

_Origins = Mapping[str, tuple[str, int]]
"""Variable -> what it was saved from, and how many actions there were before."""


def check_saved_value_compared_with_itself(draft: ScenarioDraft) -> None:
    """Report expectations of a variable that was saved from the same place after the last action.

    They compare a value with itself.
    """
    origins: dict[str, tuple[str, int]] = {}
    actions, last_id = 0, ""
    for step, spot in draft.spot.at("steps").locate_elements(draft.scenario.steps):
        if step.action:
            actions, last_id = actions + 1, step.id
        for name, value in step.save.items():
            ref = parse_whole_reference(value)
            origins[name] = (ref.text if ref is not None else "", actions)
        _report_self_comparisons(draft, step.expect, spot.at("expect"), origins, (actions, last_id))
    _report_self_comparisons(
        draft, draft.scenario.expect, draft.spot.at("expect"), origins, (actions, last_id)
    )


def _report_self_comparisons(
    draft: ScenarioDraft,
    expected: model.Expect,
    spot: Spot,
    origins: _Origins,
    last_action: tuple[int, str],
) -> None:
    """Report parts of *expected* that compare a variable with the value it was saved from.

    Args:
        draft: scenario to check.
        expected: expectation to check.
        spot: spot of *expected*.
        origins: variable -> where it was saved from, and how many actions there had been.
        last_action: number of actions so far, and id of the step with the last one.
    """
    actions, last_id = last_action
    for section, value in asdict(expected).items() if origins else ():
        for path, text in _find_whole_references(value) if value is not UNSET else ():
            # The places in a list of `$in` are none of the value that is compared.
            inside = [step for before, step in pairwise(("", *path)) if before != "$in"]
            place = format_path_label((section, *inside))
            if section == "result":
                place = format_path_label(("steps", last_id, section, *inside))
            name, other = text.removeprefix("vars."), place
            if not text.startswith("vars."):
                name, other = place.removeprefix("vars."), text
            if origins.get(name) == (other, actions):
                draft.tell(
                    spot.at(section, *path),
                    msg(
                        "the variable {name!r} was saved from {place} and nothing was done since, "
                        "so this is compared with itself; write the value that is meant",
                        name=name,
                        place=other,
                    ),
                    kind="empty",
                )


def _find_whole_references(value: Any) -> Iterator[tuple[Path, str]]:
    """Yield each part of *value* that is a single ``${…}``, with its path."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not is_operator(key) or key in {"$eq", "$in", "$near"}:
                yield from ((((key, *path)), text) for path, text in _find_whole_references(item))
    elif is_list(value):
        for index, item in enumerate(value):
            yield from (((index, *path), text) for path, text in _find_whole_references(item))
    elif (ref := parse_whole_reference(value)) is not None:
        yield (), ref.text
