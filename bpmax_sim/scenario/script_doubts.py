"""Choose which findings about scripts a run warns of, beside what it has seen itself.

`script_check` finds them in the text of every script that the scenario may run, also in lines that
the run did not reach.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final
from weakref import WeakKeyDictionary

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.i18n import msg
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import matches_api
from bpmax_sim.platform.response_shapes import ResponseShapes
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.findings import RunFinding
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.script_check import ScriptFinding, check_scripts, find_and_read_script
from bpmax_sim.scenario.script_context import ScriptContext, collect_script_contexts

_KINDS: Final[Mapping[str, str]] = {"missing-await": "unawaited", "power": "power"}
"""Rule -> the kind of warning that a run has for it; else ``script``."""
_OF_CALLS: Final = frozenset({
    "unknown-platform", "unknown-instance", "unknown-api", "missing-parameter",
    "unknown-parameter", "extra-argument", "uncalled-chain",
})  # fmt: skip
"""Rules that a run judges itself where it comes by."""
_OF_MEMBERS: Final = frozenset({"unknown-member", "closed-member", "unknown-value"})
"""Rules about names that a run judges itself where it reads or writes one."""
_OF_A_PROJECT: Final = frozenset(
    {"undeclared-write", "undeclared-read", "unused-library", "full-width"}
)
"""Rules that need all scenarios of a script; of its own names a run knows more."""


def find_script_doubts(
    item: ScenarioItem,
    platforms: Platforms,
    reported_places: Iterable[Place | None],
    called: Iterable[CallMade],
) -> Iterator[RunFinding]:
    """Yield the findings of `check_scripts` in the scripts that *item* may run.

    Members of responses are checked against declarations only, not against recordings. A finding is
    left out if the run has a warning or failure at its line (*reported_places*), if it is about a
    call that the run made (*called*), or if an expectation needs that call.
    """
    contexts = tuple(collect_script_contexts([item], lambda _: platforms))
    found = [one for context in contexts for one in _check_script_alone(context)]
    is_allowed = item.scenario.proxy.unawaited == "allow"
    lines = set(map(_locate_line, reported_places)) if found else set()
    calls = lines.union(_locate_line(call.place) for call in called) if found else lines
    for finding in found:
        place, kind = finding.problem.place, _KINDS.get(finding.rule, "script")
        known = calls if finding.rule in _OF_CALLS else set()
        if kind == "unawaited" or finding.rule in _OF_MEMBERS:
            known = lines
        if _locate_line(place) in known or (kind == "unawaited" and is_allowed):
            continue
        if finding.rule == "unused-result" and _is_call_expected(item, place, called):
            continue  # the call is what the scenario is about
        message = finding.problem.message
        if kind == "script":
            message = msg("{message} [{rule}]", message=message, rule=finding.rule)
        elif kind == "unawaited" and _is_call_not_made(contexts, place, calls):
            message = msg("{message} (this run does not reach it)", message=message)
        yield RunFinding(kind, message, place, fails=False)


def _is_call_not_made(
    contexts: Iterable[ScriptContext],
    place: Place | None,
    called_lines: Collection[tuple[str, int]],
) -> bool:
    """Return whether a script calls ``$proxy`` at the line of *place*, and no call was made there.

    *called_lines* are file and line of each call of the run.
    """
    reading = find_and_read_script(contexts, place.file) if place else None
    line = _locate_line(place)
    is_call = reading is not None and any(_locate_line(one.place) == line for one in reading.calls)
    return is_call and line not in called_lines


def _is_call_expected(item: ScenarioItem, place: Place | None, called: Iterable[CallMade]) -> bool:
    """Return whether *item* expects a call of *called* made at the line of *place*, or any error.

    *called* are the calls of the run. A step with ``expect_error`` may need any of them.
    """
    steps = list(item.walk_steps())
    if any(located.step.expect_error is not msgspec.UNSET for located in steps):
        return True
    expected = (item.scenario.expect, *(located.step.expect for located in steps))
    named = [one.call for each in expected if each.proxy is not msgspec.UNSET for one in each.proxy]
    names = [call.call for call in called if _locate_line(call.place) == _locate_line(place)]
    return any(matches_api(one, name) for one in named for name in names)


def _locate_line(place: Place | None) -> tuple[str, int]:
    return (place.file, place.line) if place is not None else ("", 0)


_ALONE: Final = WeakKeyDictionary[Platforms, dict[ScriptContext, tuple[ScriptFinding, ...]]]()
"""What was found, as long as the platforms are there."""


def _check_script_alone(context: ScriptContext) -> tuple[ScriptFinding, ...]:
    """Return the findings that depend on this script only; they are cached.

    Findings about fields and unused libraries are left out, as other scenarios may explain them.
    """
    known, key = _ALONE.setdefault(context.platforms, {}), replace(context, platforms=_NO_PLATFORMS)
    if key not in known:
        found = check_scripts([replace(context, fields=None)], ResponseShapes())
        known[key] = tuple(one for one in found if one.rule not in _OF_A_PROJECT)
    return known[key]


_NO_PLATFORMS: Final = Platforms()
