"""Find what is doubtful in the platform files that a run used, by the calls that it made.

For example a place under ``redact`` that no message has, or a rule that no response can meet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

from bpmax_sim.errors import Problem
from bpmax_sim.field_path import FieldPath, format_path
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.platform.check import suggest_recover_for_classes
from bpmax_sim.platform.declared_places import (
    DeclaredPlace,
    PlaceSearch,
    list_listed_places,
    list_rule_places,
)
from bpmax_sim.platform.load import Platforms, find_declared_place
from bpmax_sim.platform.model import OkRule, ResponseRules
from bpmax_sim.platform.suspect_declarations import find_suspect_declarations
from bpmax_sim.proxy.compiled_api import CompiledApi
from bpmax_sim.proxy.response import (
    UnmetCondition,
    find_unmet_condition,
    satisfies_rule,
    to_comparable_text,
)
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.findings import RunFinding
from bpmax_sim.scenario.references import show
from bpmax_sim.scenario.result_checks import find_compiled_api, to_platform_response
from bpmax_sim.yamlfile import Steps

MessageParts = Mapping[str, Any]
"""A request or response: the name of each part, such as ``body``, and its value."""


def find_rule_doubts(calls: Sequence[CallMade], platforms: Platforms) -> Iterator[RunFinding]:
    """Yield doubts about the platform files that *calls* used, such as rules that match nothing.

    That is a place in requests or responses that none of them has, a rule that no call can use, and
    a class of failures that occurred and for which the file says nothing under ``recover`` (what to
    do then, such as a new login).
    """
    yield from _find_misspelt_places(calls, platforms)
    yield from _find_conditions_never_met(calls, platforms)
    for key, call in {call.call.partition(".")[0]: call for call in reversed(calls)}.items():
        for suspect in _find_suspect_declarations(platforms, key):
            at = suspect.place or call.place
            yield RunFinding("rule", suspect.message, at, fails=False)
    for call in calls:
        recipe = find_compiled_api(call, platforms)
        classes = recipe.platform.response.classes if recipe is not None else {}
        if recipe is None or not classes:
            continue
        code = str(recipe.rules.find_business_code(*to_platform_response(call)))
        for name, wrong in suggest_recover_for_classes(recipe.platform):
            if code in map(str, classes[name].code):
                yield RunFinding("rule", wrong, call.place, fails=False)


# They depend on the platforms alone, which all rows of a run share.
_SUSPECTS: Final = WeakKeyDictionary[Platforms, dict[str, tuple[Problem, ...]]]()


def _find_suspect_declarations(platforms: Platforms, platform_key: str) -> tuple[Problem, ...]:
    """Return each probable mistake in the file of platform *platform_key*.

    Such are a rule that no response can meet, a time-out written in milliseconds, a misspelt type.
    Empty for an unknown platform. Computed once for *platforms*, which all scenarios of a project
    share.
    """
    known = _SUSPECTS.setdefault(platforms, {})
    if platform_key not in known:
        known[platform_key] = tuple(find_suspect_declarations(platforms, platform_key))
    return known[platform_key]


def _find_misspelt_places(calls: Iterable[CallMade], platforms: Platforms) -> Iterator[RunFinding]:
    """Yield each place declared in a platform file that no request or response had.

    Only if one had a member of a similar name beside it, and the file does not list that one as
    well. For example ``ignore: body.requestid`` where all bodies have ``requestId2``.
    """
    search, first_calls = PlaceSearch(), dict[DeclaredPlace, CallMade]()
    for call in calls:
        for place in _find_places_of_call(call, platforms):
            first_calls.setdefault(place, call)
            search.look_for(place, [_read_message_parts(call, side) for side in place.sides])
    for place in search.missing:
        if hint := search.suggest_name(place):
            at = find_declared_place(platforms, place.platform, place.steps)
            yield RunFinding("rule", msg(
                "{platform} declares {path}, and no message has that{hint}",
                platform=place.platform, path=format_path(place.path), hint=hint,
            ), at or first_calls[place].place, fails=False)  # fmt: skip


def _find_conditions_never_met(
    calls: Iterable[CallMade], platforms: Platforms
) -> Iterator[RunFinding]:
    """Yield each condition of ``response.ok`` that no response met, though each looks like success.

    That is where responses of several APIs have the same value at its path, and data besides: what
    fails has a code and a message. A code of ``response.classes`` is that of a failure anyway.
    """
    judged: dict[str, list[tuple[CallMade, UnmetCondition | None]]] = {}
    for call in calls:
        recipe = find_compiled_api(call, platforms)
        if recipe is not None and not isinstance(recipe.api.response, ResponseRules):
            unmet = _find_unmet_condition(recipe.rules.ok, call)
            judged.setdefault(recipe.platform.platform_key, []).append((call, unmet))
    for key, every in judged.items():
        call, unmet = every[0]
        values = {(one.number, to_comparable_text(one.value)) if one else None for _, one in every}
        are_several = len({one.call for one, _ in every}) > 1
        look_good = all(_has_data(one.response) for one, _ in every)
        is_known = unmet is not None and str(unmet.value) in _list_class_codes(key, platforms)
        if unmet is not None and len(values) == 1 and are_several and look_good and not is_known:
            path, asked, steps = _describe_condition(platforms.platform(key).response.ok, unmet)
            yield RunFinding("rule", msg(
                "{platform}: each of the {number} responses is a business failure, as its {path} "
                "is {value} and not one of {listed}; write what a success has",
                platform=key, number=len(every), path=path, value=show(unmet.value),
                listed=join_list(map(show, asked)),
            ), find_declared_place(platforms, key, steps) or call.place, fails=False)  # fmt: skip


_STATUS: Final = -1
"""Number of the condition that ``response.ok.status`` is."""


def _find_unmet_condition(rule: OkRule, call: CallMade) -> UnmetCondition | None:
    """Return the condition of *rule* that the response of *call* does not meet, or None.

    Only what asks for values counts, and the status; what the response lacks is no failure.
    """
    if rule.status and call.status not in rule.status:
        return UnmetCondition(_STATUS, call.status)
    unmet = find_unmet_condition(rule, *to_platform_response(call), absent_ok=True)
    return None if unmet is None or rule.all[unmet.number].absent else unmet


def _describe_condition(
    rule: OkRule, unmet: UnmetCondition
) -> tuple[str, Sequence[Any], tuple[str | int, ...]]:
    """Return what the condition *unmet* of *rule* is about, its values, and its path in the file.

    It is about a place in the response, or its status.
    """
    if unmet.number == _STATUS:
        return "status", rule.status, ("response", "ok", "status")
    condition = rule.all[unmet.number]
    return condition.path, condition.any_of, ("response", "ok", "all", unmet.number)


def _list_class_codes(key: str, platforms: Platforms) -> set[str]:
    """Return the codes by which platform *key* knows its failures."""
    classes = platforms.platform(key).response.classes
    return {str(code) for one in classes.values() for code in one.code}


def _has_data(response: Any) -> bool:
    """Return whether a response has an object or a list in it that is not empty.

    One that describes a failure, such as ``errors``, does not count.
    """
    members = response.items() if isinstance(response, Mapping) else ()
    return any(
        isinstance(value, Mapping | list) and bool(value) and not _OF_FAILURES.search(str(name))
        for name, value in members
    )


_OF_FAILURES: Final = re.compile(
    r"err|fail|fault|exception|violation|错误|失败|异常", re.IGNORECASE
)
"""What a member is called that describes a failure."""


def _find_places_of_call(call: CallMade, platforms: Platforms) -> Iterator[DeclaredPlace]:
    """Yield each place in request and response of *call* that the platform file names.

    They are those of its lists, such as ``ignore`` and ``redact``, and those by which a response
    counts as success. That of a message is only expected in a failure. For a login, only the values
    of its response that may be absent are yielded.
    """
    if call.is_login:
        yield from _find_optional_login_places(call, platforms)
        return
    recipe = find_compiled_api(call, platforms)
    if recipe is None:
        return
    yield from list_listed_places(recipe.platform)
    yield from list_listed_places(recipe.platform, recipe.api)
    for place in list_rule_places(recipe.platform, recipe.api):
        if place.option != "response.message" or _is_failure(recipe, call):
            yield place


def _is_failure(recipe: CompiledApi, call: CallMade) -> bool:
    return not satisfies_rule(recipe.rules.ok, *to_platform_response(call), absent_ok=True)


def _read_message_parts(call: CallMade, side: str) -> MessageParts:
    if side == "response":
        return {"header": _fold_names(call.response_header), "body": call.response}
    return {
        "path": call.path, "query": call.query, "header": _fold_names(call.header),
        "body": call.body,
    }  # fmt: skip


def _fold_names(header: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in header.items()}


def _find_optional_login_places(call: CallMade, platforms: Platforms) -> Iterator[DeclaredPlace]:
    """Yield the places that may be absent in the response of the login *call*.

    An example is the place of the token's lifetime.
    """
    key = call.call.partition(".")[0]
    platform = platforms.find(key)
    logins = platform.auth.steps if platform is not None and not call.error else ()
    for number, login in enumerate(logins):
        for name, rule in login.extract.items():
            path = FieldPath.from_declared_response_place(rule.path) if rule.optional else None
            if path is not None and path.root == "body" and isinstance(path[-1], str):
                steps: Steps = ("auth", "acquire", "steps", number, "extract", name, "path")
                yield DeclaredPlace(key, "response.extract", path, ("response",), steps)
