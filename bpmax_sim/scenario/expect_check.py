"""What is wrong with an expectation itself: operands, what says nothing, and names of nothing.

The same checks are made of what stands in the file, before anything runs, and of what a row or a
variable filled in, when it is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import UNSET

from bpmax_sim.i18n import join_messages, msg
from bpmax_sim.scenario import expect, flow_actions, model
from bpmax_sim.scenario.names import CheckContext
from bpmax_sim.scenario.references import Path
from bpmax_sim.scenario.source import Spot
from bpmax_sim.subject.definition import Definition
from bpmax_sim.subject.project import STATUSES, TASK_STATES

_SUBJECT_SECTIONS = {"form": ("form", "flow"), "fields": ("form", "flow"), "flow": ("flow",)}
_MOVING = (
    "at",
    "status",
    "owners",
    "pending",
    "tasks",
    "history",
    "notified",
    "delay_level",
    "projects",
)
FLOW_FACTS = (*_MOVING, "form", "project", "task_title", "visibility")
_FIELD_FACTS = ("visible", "required", "readonly", "options")
_THROUGH = frozenset({"$eq", "$ne", "$in", "$not", "$contains", "$each", "$unordered", "$exactly"})
_DENYING = frozenset({"$ne", "$not", "$exists"})
_SOURCES = ("script", "subject", "flow", "form", "python", "proxy")


def check_expect(context: CheckContext, expected: model.Expect, spot: Spot) -> None:
    """Report what is wrong with the sections of *expected*, which stand at *spot*."""
    for section in expected.__struct_fields__:
        value = getattr(expected, section)
        if value is not UNSET:
            _check_section(context, section, value, spot.at(section))


def check_error(context: CheckContext, expected: model.ExpectedError, spot: Spot) -> None:
    """Report what is wrong with an expected error."""
    _check_operands(context, expected, spot)
    for path, source in _find_literals(expected.source):
        if not isinstance(source, str) or "${" in source or source in _SOURCES:
            continue
        if wrong := context.names.call_problem(source):
            hint = msg("{wrong}; or one of {names}", wrong=wrong, names=", ".join(_SOURCES))
            context.tell(spot.at("from", *path), hint, kind="name")


def check_nothing_said(context: CheckContext, step_spot: Spot, key: str) -> None:
    """Report an expectation that is written and says nothing; one that a row fills is none."""
    node = step_spot.source.root.at((*step_spot.steps, key))
    if node is None or node.elements:
        return
    if not node.items and node.value in ({}, None):
        cure = (
            msg("write what the error says, such as message: {$contains: …}")
            if key == "expect_error"
            else msg("leave it out")
        )
        wrong = msg("{key} says nothing; {cure}", key=key, cure=cure)
        context.tell(step_spot.at(key), wrong, kind="empty")
    for name, child in node.items.items() if key != "expect_error" else ():
        if name in _SECTIONS_OF_NAMES and child.value == {} and not child.items:
            context.tell(
                step_spot.at(key, name),
                "{name}: {{}} says nothing; name what has to hold, or write "
                "{name}: {{$exactly: {{}}}} where nothing may be there",
                name=name,
                kind="empty",
            )


_SECTIONS_OF_NAMES = ("form", "fields", "flow", "vars")


def _check_operands(
    context: CheckContext, expected: model.ExpectedError | model.ExpectedCall, spot: Spot
) -> None:
    """Find what is wrong with the operands of each key of *expected*."""
    for name, key in zip(
        expected.__struct_fields__, expected.__struct_encode_fields__, strict=True
    ):
        value = getattr(expected, name)
        if value is not UNSET and name != "call":
            for steps, message in expect.problems(value):
                context.tell(spot.at(key, *steps), message)


def _check_section(context: CheckContext, section: str, value: Any, spot: Spot) -> None:
    needed = _SUBJECT_SECTIONS.get(section)
    if needed and not {*needed} & {*context.names.subject_kinds}:
        names = join_messages(msg(" or a "), needed)
        context.tell(
            spot, "{section} needs a {names} in the scenario", section=section, names=names
        )
    elif section == "proxy":
        for item, place in spot.elements(value):
            check_call(context, item, place)
    else:
        if wrong := expect.section_problem(section, value):
            context.tell(spot, wrong)
        for steps, message in expect.problems(value):
            context.tell(spot.at(*steps), message)
        if section in _FACTS and isinstance(value, Mapping):
            _FACTS[section](context, value, spot)


def names_call(text: str) -> bool:
    """Return whether *text* has the form ``platform.api``."""
    return all(text.partition("."))


def check_call(context: CheckContext, item: model.ExpectedCall, spot: Spot) -> None:
    """Report what is wrong with an expected call; one that has to fail may name what is not."""
    if "${" not in item.call and not names_call(item.call):
        message = msg("expected platform.api, or platform.$token, got {call!r}", call=item.call)
        context.tell(spot.at("call"), message)
    elif item.error is UNSET and (wrong := context.names.call_problem(item.call)):
        context.tell(spot.at("call"), wrong, kind="name")
    if item.times is not UNSET and (wrong := expect.count_problem(item.times)):
        context.tell(spot.at("times"), wrong)
    _check_operands(context, item, spot)


def _find_literals(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield what a value is compared with, also below operators, each with its path."""
    if isinstance(value, Mapping) and any(map(expect.is_operator, value)):
        for key, operand in value.items():
            if key in _THROUGH:
                yield from _find_literals(operand, (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _find_literals(item, (*path, index))
    elif value is not UNSET:
        yield path, value


def _check_flow(
    context: CheckContext,
    value: Mapping[str, Any],
    spot: Spot,
    definition: Definition | None = None,
) -> None:
    """Find facts that a flow has not, and nodes, people and fields that are not there."""
    definition = definition or context.names.definition
    for path, facts in _find_maps(value):
        for key, expected in facts.items():
            where = spot.at(*path, key)
            if key not in FLOW_FACTS:
                context.tell(where, "a flow has no {key!r}{hint}", known=FLOW_FACTS, key=key)
            elif key in _MOVING and definition is None:
                wrong = msg("{key} needs flow.definition; without it nothing moves", key=key)
                context.tell(where, wrong)
            elif key in _FLOW_VALUES:
                _FLOW_VALUES[key](context, expected, where, definition)


def _check_flow_form(
    context: CheckContext, value: Any, spot: Spot, definition: Definition | None
) -> None:
    if isinstance(value, Mapping) and definition is context.names.definition:
        _check_form(context, value, spot)


def _check_projects(
    context: CheckContext, value: Any, spot: Spot, _definition: Definition | None
) -> None:
    known = context.names.subflows
    for name, facts in value.items() if isinstance(value, Mapping) else ():
        flow = str(name).partition("#")[0]
        if not name.startswith("$") and known and flow not in known:
            context.tell(
                spot.at(name), "no sub-flow {flow!r}{hint}", known=known, flow=flow, kind="name"
            )
        elif flow in known and isinstance(facts, Mapping):
            _check_flow(context, facts, spot.at(name), known[flow])


def _check_nodes(
    context: CheckContext, value: Any, spot: Spot, definition: Definition | None
) -> None:
    for path, node in _find_literals(value) if definition else ():
        if definition and flow_actions.literal(node) and node and node not in definition.nodes:
            context.tell(
                spot.at(*path), "no node {node!r}{hint}", known=definition.nodes, node=node
            )


def _check_people(
    context: CheckContext, value: Any, spot: Spot, _definition: Definition | None
) -> None:
    for path, person in _find_literals(value):
        if isinstance(person, str | int) and context.names.lists_people:
            flow_actions.check_people(context, person, spot.at(*path))


def _check_status(
    context: CheckContext, value: Any, spot: Spot, _definition: Definition | None
) -> None:
    for path, status in _find_literals(value):
        if flow_actions.literal(status) and status not in STATUSES:
            context.tell(
                spot.at(*path),
                "no project is ever {status!r}{hint}",
                known=STATUSES,
                status=status,
                kind="name",
            )


def _check_history(
    context: CheckContext, value: Any, spot: Spot, definition: Definition | None
) -> None:
    for path, entry in _find_literals(value):
        for key, check in _HISTORY.items() if isinstance(entry, Mapping) else ():
            if key in entry:
                check(context, entry[key], spot.at(*path, key), definition)


def _check_tasks(
    context: CheckContext, value: Any, spot: Spot, definition: Definition | None
) -> None:
    for path, tasks in _find_literals(value):
        for node, owners in tasks.items() if isinstance(tasks, Mapping) else ():
            where = spot.at(*path, node)
            _check_nodes(context, node, where, definition)
            for person, state in owners.items() if isinstance(owners, Mapping) else ():
                if person.startswith("$"):
                    continue
                _check_people(context, person, where.at(person), definition)
                for below, known in _find_literals(state):
                    if flow_actions.literal(known) and known not in TASK_STATES:
                        context.tell(
                            where.at(person, *below),
                            "no task is ever {state!r}{hint}",
                            known=TASK_STATES,
                            state=known,
                            kind="name",
                        )


def _check_node_map(
    context: CheckContext, value: Any, spot: Spot, definition: Definition | None
) -> None:
    for node in value if isinstance(value, Mapping) else ():
        if not node.startswith("$"):
            _check_nodes(context, node, spot.at(node), definition)


FlowCheck = Callable[[CheckContext, Any, Spot, Definition | None], None]
_HISTORY: Mapping[str, FlowCheck] = {
    "node": _check_nodes,
    "by": _check_people,
    "to": _check_people,
}
_FLOW_VALUES: Mapping[str, FlowCheck] = {
    "at": _check_nodes,
    "form": _check_flow_form,
    "projects": _check_projects,
    "status": _check_status,
    "owners": _check_people,
    "pending": _check_people,
    "history": _check_history,
    "tasks": _check_tasks,
    "visibility": _check_node_map,
}


def _check_form(context: CheckContext, value: Mapping[str, Any], spot: Spot) -> None:
    """Find fields that no form has, and columns that only seem to be absent."""
    for path, fields in _find_maps(value):
        for name, expected in fields.items():
            where = spot.at(*path, name)
            base = name.partition("[")[0].partition(".")[0]
            wrong = context.names.field_problem(name)
            if wrong and base in context.names.fields and not _denies(expected):
                continue  # a script may make the column; that it is absent, says the comparison
            if wrong:
                cure = msg("{wrong} (if it is a field, declare it in form.fields)", wrong=wrong)
                context.tell(where, cure, kind="name")


def _denies(expected: Any) -> bool:
    """Return whether an expectation also holds of what is not there."""
    return isinstance(expected, Mapping) and any(
        key in _DENYING and not (key == "$exists" and operand is True)
        for key, operand in expected.items()
    )


def _find_maps(value: Any, path: Path = ()) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the maps that a value is compared with, also below operators."""
    if isinstance(value, Mapping) and not any(map(expect.is_operator, value)):
        yield path, value
    elif isinstance(value, Mapping):
        for key in _THROUGH & {*value}:
            yield from _find_maps(value[key], (*path, key))


def _check_fields(context: CheckContext, value: Mapping[str, Any], spot: Spot) -> None:
    for path, fields in _find_maps(value):
        for name, facts in fields.items():
            where = spot.at(*path, name)
            if wrong := context.names.field_problem(name):
                context.tell(where, wrong)
            for fact in facts if isinstance(facts, Mapping) else ():
                if fact not in _FIELD_FACTS and not fact.startswith("$"):
                    context.tell(
                        where.at(fact),
                        "a field has no {fact!r}{hint}",
                        known=_FIELD_FACTS,
                        fact=fact,
                    )


def _check_variables(context: CheckContext, value: Mapping[str, Any], spot: Spot) -> None:
    known = context.names.variables
    for path, variables in _find_maps(value):
        for name in variables:
            if name not in known:
                context.tell(
                    spot.at(*path, name),
                    "no variable {name!r}{hint}",
                    known=known,
                    name=name,
                    kind="name",
                )


_FACTS: Mapping[str, Callable[[CheckContext, Mapping[str, Any], Spot], None]] = {
    "flow": _check_flow,
    "fields": _check_fields,
    "form": _check_form,
    "vars": _check_variables,
}
