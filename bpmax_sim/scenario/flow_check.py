"""Checks of a scenario's flows against the rest of it: events, people, fields.

The conditions of a node's routes are read as one ``if``/``else if`` chain of JavaScript.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from bpmax_sim.i18n import msg
from bpmax_sim.scenario import flow_actions, model
from bpmax_sim.scenario.source import Spot
from bpmax_sim.scenario.table_rows import ScenarioDraft
from bpmax_sim.script_source.condition_slips import describe_kind
from bpmax_sim.script_source.literal_slips import describe_ordered_text, is_no_number
from bpmax_sim.script_source.reading import find_slips, read_script
from bpmax_sim.subject.definition import (
    FlowNode,
    NodeForm,
    SubFlow,
    Transition,
    explain_never_fired_event,
)
from bpmax_sim.subject.form import parse_form_path
from bpmax_sim.subject.hooks import HookEvent, SubjectKind, check_target, parse_event

_SOON: Final = 60.0
"""Seconds that no person needs for a task."""


def check_script_events_can_occur(
    draft: ScenarioDraft,
    subject: SubjectKind,
    scripts: Mapping[str, Any],
    owner: Spot,
    nodes: Mapping[str, FlowNode] | Collection[str],
    *,
    has_own_fields: bool = False,
) -> None:
    """Report events in *scripts* that can never be fired.

    These are unknown events, events of unknown nodes or fields, events that the node never has
    (of which nobody decides, for instance), and, in a scenario without a form, events that only
    showing a form fires.

    Args:
        draft: scenario to check.
        subject: whether *scripts* belong to a form or a flow.
        scripts: event -> script files.
        owner: spot of the form or flow.
        nodes: nodes of that flow, with their properties if a definition has them.
        has_own_fields: whether the form is of a sub-flow, whose fields the scenario does not
            declare.
    """
    targets = dict.fromkeys(("approve", "reject", "before_next", "owners"), nodes)
    targets["change"] = () if has_own_fields else draft.declared_fields
    for text in scripts:
        try:
            event = parse_event(text, subject)
            wrong = check_target(event, targets.get(event.hook.name, ())) or (
                draft.names.find_field_problem(event.target)
                if event.hook.name == "change" and not has_own_fields
                else None
            )
        except ValueError as error:
            wrong = str(error)
        if wrong:
            draft.tell(owner.at("scripts", text), wrong)
        elif idle := explain_never_fired_event(event.hook.name, event.target, nodes) or (
            _explain_change_of_no_column(draft, event) if not has_own_fields else ""
        ):
            draft.tell(owner.at("scripts", text), idle, kind="never_ran")
        elif (
            text in _SHOWING
            and "form" not in draft.subject_kinds
            and not _is_fired_by_step(draft, text)
        ):
            draft.tell(
                owner.at("scripts", text),
                "{event} runs where a form is shown; this scenario has none, so it never runs",
                event=text,
                kind="never_ran",
                fails=False,
            )


def _explain_change_of_no_column(draft: ScenarioDraft, event: HookEvent) -> str:
    """Return why the change *event* never runs, if it is that of a part that is no column; or "".

    Fields change, and columns of tables. A field that is empty at first may become a table.
    """
    scenario, path = draft.scenario, parse_form_path(event.target) or (event.target,)
    values = model.get_initial_form(scenario)
    name, *parts = map(str, path)
    is_of_part = event.hook.name == "change" and event.target not in values
    if not is_of_part or name not in values or _is_fired_by_step(draft, str(event)):
        return ""
    value = values[name]
    may_be_table = value in (None, "") or isinstance(value, list | tuple) or "${" in str(value)
    if may_be_table and len(parts) == 1:
        return ""
    return msg(
        "a change is one of a field, or of a column of a table, so that this never runs; write "
        "change.{known}",
        known=f"{name}.{parts[0]}" if may_be_table else name,
    )


_SHOWING = ("task_title", "visibility")


def _is_fired_by_step(draft: ScenarioDraft, event: str) -> bool:
    return any(step.action == "fire" and step.value == event for step, _ in draft.steps)


def check_flow(draft: ScenarioDraft) -> None:
    """Report what flow definitions name and the scenario lacks, and probable mistakes in them.

    Such are unknown people, fields and events, deadlines of a few seconds, conditions of routes
    that all lead to one node, and fields to be taken back (``back``) from a sub-flow that is not
    waited for.
    """
    for flow, (definition, file) in draft.flows.items():
        for admin, place in file.at("admins").locate_elements(definition.admins):
            flow_actions.check_people_exist(draft, admin, place)
        for name, node in definition.nodes.items():
            spot = file.at("nodes", name)
            if isinstance(node.form, NodeForm):
                is_main = flow is None
                fields = {field: field.replace(".", "[0].") for field in node.form.fields}
                _check_fields(draft, fields if is_main else {}, spot.at("form", "fields"))
                check_script_events_can_occur(
                    draft,
                    "form",
                    node.form.scripts,
                    spot.at("form"),
                    (),
                    has_own_fields=not is_main,
                )
            _check_people_of_node(draft, node, spot)
            _check_short_deadlines(draft, node, spot)
            _check_conditions(draft, node, spot)
            if flow is None and node.child_flow:
                _check_fields(draft, node.child_flow.form, spot.at("subflow", "form"))
                back = {field: field for field in node.child_flow.back}
                _check_fields(draft, back, spot.at("subflow", "back"))
                _check_field_pair_direction(draft, node.child_flow, spot.at("subflow"))
            if node.child_flow and node.child_flow.back and not node.child_flow.wait:
                draft.tell(
                    spot.at("subflow", "wait"),
                    "wait: false goes on at once, so that nothing ever comes back; take back away, "
                    "or wait",
                    kind="rule",
                    fails=False,
                )


def _check_people_of_node(draft: ScenarioDraft, node: FlowNode, spot: Spot) -> None:
    """Report unknown people among the owners of *node* and in the reminders of its deadlines."""
    for owner, place in spot.at("owners").locate_elements(node.owners):
        flow_actions.check_people_exist(draft, owner, place)
    for number, late in enumerate(node.deadlines):
        level = spot.at("deadline", *([number] if isinstance(node.deadline, tuple) else []))
        for person, place in level.at("notify").locate_elements(late.notify):
            flow_actions.check_people_exist(draft, person, place)


def _check_short_deadlines(draft: ScenarioDraft, node: FlowNode, spot: Spot) -> None:
    """Report deadlines of a few seconds, whose unit was probably forgotten."""
    for number, late in enumerate(node.deadlines):
        where = spot.at("deadline", *([number] if isinstance(node.deadline, tuple) else []))
        written = where.source.root.find_at(where.steps)
        where = where if written is None or not written.items else where.at("after")
        written = where.source.root.find_at(where.steps)
        if written is not None and isinstance(written.value, int | float) and late.after < _SOON:
            draft.tell(
                where,
                "{after:g} is in seconds, which is no time for a person; write its unit: "
                "{after:g}h or {after:g}d, or {after:g}s where that is meant",
                after=late.after,
                kind="unfit",
                fails=False,
            )


def _check_conditions(draft: ScenarioDraft, node: FlowNode, spot: Spot) -> None:
    """Report conditions of routes that are probably mistaken, or do not matter.

    They do not matter if all routes of an action lead to one node.
    """
    for action in node.offered_actions:
        routes = node.list_routes(action)
        spots = {n: at for offer, n, at, _ in node.list_routes_with_paths() if offer == action}
        for number, message in _find_condition_mistakes(routes, draft.initial_value_kinds):
            place = spot.at(*spots[number], "when")
            draft.tell(place, "{message}", message=message, kind="script", fails=False)
        last = routes[-1] if len(routes) > 1 else None
        same = [n for n, route in enumerate(routes) if last is not None and route.to == last.to]
        if last is not None and not last.when and len(same) == len(routes):
            draft.tell(
                spot.at(*spots[0]),
                "all routes lead to {to!r}, so that no condition decides anything",
                to=last.to,
                kind="script",
                fails=False,
            )


def _find_condition_mistakes(
    routes: Sequence[Transition], kinds: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    """Yield index of the route, and message, of each probable mistake in a condition of *routes*.

    The conditions are checked as if they were one ``if … else if …`` of a script. *kinds* maps
    fields to the kinds of their initial values; comparing a field with a literal of another kind is
    a mistake.
    """
    asked = [(number, route.when) for number, route in enumerate(routes) if route.when]
    lines = [f"if (\n{' '.join(str(when).split())}\n) ctx.go();" for _, when in asked]
    text = "\nelse ".join(lines)
    reading = read_script(text)
    found = [(slip.place, slip.message) for slip in find_slips(text)]
    for one in reading.comparisons if asked else ():
        kind = kinds.get(one.path[0]) if one.root == "form" else None
        if one.is_strict and kind in _CERTAIN and kind != one.kind:
            found.append((one.place, msg(
                "{left} is {kind} and never equals {right}, which is {other}",
                left=".".join(("ctx", one.root, *one.path)), kind=describe_kind(kind),
                right=repr(one.text) if one.kind == "text" else one.text,
                other=describe_kind(one.kind),
            )))  # fmt: skip
    found += [
        (one.place, describe_ordered_text(repr(one.text)))
        for one in (reading.order_comparisons if asked else ())
        if one.root == "form" and kinds.get(one.path[0]) == "number" and is_no_number(one.text)
    ]
    for place, message in found:
        # Three lines a route: the middle one is its condition.
        number = (place.line - 1) // 3
        if number < len(asked):
            yield asked[number][0], message


_CERTAIN: Final = frozenset({"number", "boolean", "list"})
"""Kinds that a field keeps; what begins as a text may stand for anything."""


def _check_fields(draft: ScenarioDraft, fields: Mapping[str, str], spot: Spot) -> None:
    """Report unknown fields in *fields*: key in the map at *spot* -> field that it stands for."""
    for key, field in fields.items():
        if wrong := draft.names.find_field_problem(field):
            is_declared = bool(draft.names.fields)  # else it is only near to a known one
            kind = "" if is_declared else "name"
            draft.tell(spot.at(key), wrong, kind=kind, fails=is_declared)


def _check_field_pair_direction(draft: ScenarioDraft, subflow: SubFlow, spot: Spot) -> None:
    """Report field pairs of a sub-flow (``form``, ``back``) whose two sides are swapped."""
    known = draft.names.fields or draft.names.fields_named_by_flow
    pairs = [("form", inner, outer) for inner, outer in subflow.form.items()]
    pairs += [("back", inner, outer) for outer, inner in subflow.back.items()]
    for key, inner, outer in pairs:
        if outer not in known and inner in known:
            left, right = (outer, inner) if key == "back" else (inner, outer)
            order = (
                msg("field of the sub-flow: field of this project")
                if key == "form"
                else msg("field of this project: field of the sub-flow")
            )
            draft.tell(
                spot.at(key, left),
                "{inner!r} is a field of this project, and {outer!r} is none; {key} is written as "
                "{order}, so write {right}: {left}",
                inner=inner,
                outer=outer,
                key=key,
                order=order,
                right=right,
                left=left,
                kind="name",
                fails=False,
            )
