"""Check names of parameters and members in calls: expected ones, those of a step, and stubs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import UNSET

from bpmax_sim.errors import suggest_nearest, suggest_or_list
from bpmax_sim.path_template import list_placeholders
from bpmax_sim.platform.model import Api, Platform
from bpmax_sim.platform.schema_check import find_misfits
from bpmax_sim.scenario import flow_actions, model
from bpmax_sim.scenario.expect import is_operator
from bpmax_sim.scenario.expected_literals import find_member_names
from bpmax_sim.scenario.names import CheckContext
from bpmax_sim.scenario.references import Path
from bpmax_sim.scenario.source import Spot
from bpmax_sim.subject.form import find_value_at_steps


def check_misspelt_denied_parameters(
    context: CheckContext, call: str, item: model.ExpectedCall | model.StubRequest, spot: Spot
) -> None:
    """Report denied parameters of *item* that are misspelled, as such a denial always holds.

    Also denied members of its response, and each parameter in ``path`` that the API does not have.
    *item* is an expected call, or the request of a stub; *call* is its ``platform.api``.
    """
    found = context.names.find_api(call)
    if found is None:
        return
    platform, api = found
    for part in ("path", "query", "body", "response"):
        value = getattr(item, part, UNSET)
        known = _find_parameters(platform, api, part) if isinstance(value, dict) else {}
        _check_misspelt_denied_members(context, call, part, known, value, spot.at(part))


def check_misspelt_denied_results(context: CheckContext, call: str, value: Any, spot: Spot) -> None:
    """Report misspelled members of *value*, an expected response of *call*, that are denied.

    That is a member such as ``{$ne: 1}`` or below ``$not`` whose name resembles one that the API
    declares: the denial would always hold.
    """
    found = context.names.find_api(call)
    known = _find_parameters(*found, "response") if found and isinstance(value, dict) else {}
    _check_misspelt_denied_members(context, call, "response", known, value, spot)


def _check_misspelt_denied_members(
    context: CheckContext,
    call: str,
    part: str,
    known: Mapping[Path, Sequence[str]],
    value: Any,
    spot: Spot,
) -> None:
    """Report members of *value*, a *part* of a call at *spot*, whose name is misspelled.

    In *part* ``path``, every name that is not *known* is reported. Elsewhere only one that
    resembles a known name, and whose expectation is a denial such as ``{$ne: 1}``: it would hold
    for the wrong name, too. *known* is path of a map -> names of its members; if it is empty,
    nothing is reported.
    """
    for path, name, denied in find_member_names(value) if known else ():
        # Operators such as `$not` lead to no other map of the call.
        declared = known.get(tuple(step for step in path if not is_operator(step)), (name,))
        if (part != "path" and not denied) or name in declared:
            continue
        find_hint = suggest_or_list if part == "path" else suggest_nearest
        if hint := find_hint(name, declared):
            _tell_unknown_parameter(context, call, part, spot.at(*path, name), name, hint)


def check_stub_body(context: CheckContext, call: str, body: Any, spot: Spot) -> None:
    """Report where a stub's *body* does not fit the response that the API *call* declares.

    These are parts that the declaration does not allow, and undeclared members whose name resembles
    a declared one.
    """
    found = context.names.find_api(call)
    if found is None or not found[1].answer:
        return
    for path, wrong in find_misfits(body, found[1].answer):
        part = find_value_at_steps(body, path)
        if isinstance(part, str) and not flow_actions.is_literal_text(part):
            continue  # known only in the run
        where = spot.at(*path)
        context.tell(where, "{call}: {wrong}", call=call, wrong=wrong, kind="unfit", fails=False)
    for path, name, hint in _find_misspelt_members(body, _find_parameters(*found, "response")):
        context.tell(
            spot.at(*path, name),
            "{call} is declared to answer without {name!r}{hint}",
            call=call,
            name=name,
            hint=hint,
            kind="name",
            fails=False,
        )


def check_proxy_action_arguments(
    context: CheckContext, value: Mapping[str, Any], spot: Spot, parts: Sequence[str]
) -> None:
    """Report more ``args`` in a ``proxy`` step than its API takes, and misspelled parameters.

    *value* is that of the step; *parts* are the parts of the request to check, such as ``query``.
    """
    call = str(value.get("call", ""))
    found = context.names.find_api(call)
    if found is None:
        return
    platform, api = found
    arguments = value.get("args")
    if isinstance(arguments, list) and len(arguments) > len(api.parameters):
        context.tell(
            spot.at("args", len(api.parameters)),
            "{call} takes {count} arguments; the rest is dropped",
            call=call,
            count=len(api.parameters),
            kind="name",
        )
    for part in parts:
        known = _find_parameters(platform, api, part)
        for path, name, hint in _find_misspelt_members(value.get(part), known):
            _tell_unknown_parameter(context, call, part, spot.at(part, *path, name), name, hint)


def _find_misspelt_members(
    value: Any, known: Mapping[Path, Sequence[str]]
) -> Iterator[tuple[Path, str, str]]:
    """Yield the members of *value* that are not *known* and resemble a known one.

    Each is the path of its map, its name, and the hint. *known* is path of a map -> names of its
    members.
    """
    for path, name, _ in find_member_names(value):
        names = known.get(path, (name,))
        if name not in names and (hint := suggest_nearest(name, names)):
            yield path, name, hint


def _tell_unknown_parameter(
    context: CheckContext, call: str, part: str, spot: Spot, name: str, hint: str
) -> None:
    context.tell(
        spot,
        "{call} has no parameter {name!r} in {part}{hint}",
        call=call,
        name=name,
        part=part,
        hint=hint,
        kind="name",
    )


def _find_parameters(platform: Platform, api: Api, part: str) -> Mapping[Path, Sequence[str]]:
    """Return the possible names in a *part* of a call: path of a map -> names of its members."""
    if part == "path":
        return {(): list_placeholders(api.path)}
    if part == "response":
        return dict(_find_declared_members(api.answer))
    names: dict[Path, list[str]] = {}
    for parameter in api.parameters:
        steps = parameter.steps if parameter.place == part else ()
        for depth, step in enumerate(steps):
            names.setdefault(steps[:depth], []).append(step)
    if part == "query" and names:
        names[()] += [*api.query, *platform.query]
    return names


def _find_declared_members(
    schema: Mapping[str, Any], path: Path = ()
) -> Iterator[tuple[Path, Sequence[str]]]:
    """Yield, for each map in a declared response, its path and the names of its members.

    *schema* is the declaration, a JSON Schema; *path* is put in front of the paths.
    """
    members = schema.get("properties")
    if isinstance(members, Mapping):
        yield path, tuple(members)
        for name, inner in members.items():
            if isinstance(inner, Mapping):
                yield from _find_declared_members(inner, (*path, name))
