"""Checks of expectations themselves: invalid operands, empty expectations, unknown names.

The same checks run at load on the text of the file, and during the run on values that a row or a
variable has filled in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, get_args

from msgspec import UNSET
from msgspec.structs import asdict

from bpmax_sim.errors import suggest_nearest
from bpmax_sim.i18n import join_messages, msg
from bpmax_sim.scenario import expect, flow_actions, model
from bpmax_sim.scenario.actions import ACTIONS
from bpmax_sim.scenario.call_check import check_misspelt_denied_parameters
from bpmax_sim.scenario.events import VERSION
from bpmax_sim.scenario.expected_literals import (
    denies_value,
    find_literals_with_denial,
    find_maps,
    find_member_names,
    find_nested_literals,
)
from bpmax_sim.scenario.names import CheckContext
from bpmax_sim.scenario.observation import NEW_DIGEST, parse_digest_format
from bpmax_sim.scenario.references import Path
from bpmax_sim.scenario.source import Spot
from bpmax_sim.script.turn_result import Level
from bpmax_sim.subject.definition import Definition, NodeForm
from bpmax_sim.subject.project import STATUSES, TASK_STATES

_LINE_KEYS = {"messages": ("text", "type", "code"), "console": ("text", "level")}
_LEVELS = {
    "messages": ("type", ("info", "success", "warning", "error")),
    "console": ("level", get_args(Level)),
}
PROJECT = ("id", "name", "status", "user_id", "create_time", "real_start_time", "real_end_time")
_NOTICE = ("kind", "to", "node", "text")
_NOTICES = (
    "deadline",
    *(key for key, kind in ACTIONS.items() if issubclass(kind, flow_actions.FlowAction)),
)
_NOTICE_KINDS = ("forward", "remind", "deadline")
_DONE = (*_NOTICES, "create", "submit", "resubmit", "repeated", "applicant")
"""What is told to be done in the history of a project."""
_CALL_SOURCES = ("recorded", "live", "stub", "fault", "simulated")
_SUBJECT_SECTIONS = {
    **dict.fromkeys(("form", "fields"), ("form", "flow")),
    **dict.fromkeys(("flow", "preview"), ("flow",)),
}
_MOVING = (
    "at",
    "status",
    "owners",
    "pending",
    "tasks",
    "history",
    "passed",
    "notified",
    "delay_level",
    "projects",
)
FLOW_FACTS = (*_MOVING, "form", "project", "task_title", "visibility")
_FIELD_FACTS = ("visible", "required", "readonly", "options")
_NOTHING = model.Expect()
_SOURCES = ("script", "form", "flow", "python", "proxy")
_EARLIER_SOURCES = ("subject",)


def check_expect(context: CheckContext, expected: model.Expect, spot: Spot) -> None:
    """Report unknown names and invalid operators in the sections of *expected* at *spot*."""
    if expected == _NOTHING:
        return
    for section, value in asdict(expected).items():
        if value is not UNSET:
            _check_section(context, section, value, spot.at(section))


def check_expected_error(context: CheckContext, expected: model.ExpectedError, spot: Spot) -> None:
    """Report unknown names and operators in *expected*, the value of ``expect_error`` at *spot*."""
    _check_operands(context, expected, spot)
    for path, code in find_nested_literals(expected.code):
        _check_misspelt_error_code(context, code, spot.at("code", *path))
    for path, source in find_nested_literals(expected.source):
        is_known = source in (*_SOURCES, *_EARLIER_SOURCES)
        if not isinstance(source, str) or "${" in source or is_known:
            continue
        if wrong := context.names.find_call_problem(source):
            hint = msg("{wrong}; or one of {names}", wrong=wrong, names=", ".join(_SOURCES))
            context.tell(spot.at("from", *path), hint, kind="name")


def _check_misspelt_error_code(context: CheckContext, code: Any, spot: Spot) -> None:
    """Report a literal *code* that is probably a misspelled error code of this package."""
    if flow_actions.is_literal_text(code) and (
        wrong := context.names.find_misspelt_code_problem(code)
    ):
        context.tell(spot, wrong, kind="name")


def _check_operands(
    context: CheckContext, expected: model.ExpectedError | model.ExpectedCall, spot: Spot
) -> None:
    """Report invalid operators in *expected*, and invalid operands such as a wrong pattern."""
    for (name, value), key in zip(
        asdict(expected).items(), expected.__struct_encode_fields__, strict=True
    ):
        if value is not UNSET and name != "call":
            for steps, message in expect.find_expectation_problems(value):
                context.tell(spot.at(key, *steps), message)


def _check_section(context: CheckContext, section: str, value: Any, spot: Spot) -> None:
    """Report what is wrong with *value*, that of the key *section* of an ``expect``.

    That is a section that needs a form or flow which the scenario lacks, a wrong type, or an
    unknown name or operator in it.
    """
    needed = _SUBJECT_SECTIONS.get(section)
    if needed and not {*needed} & {*context.names.subject_kinds}:
        names = join_messages(msg(" or a "), needed)
        context.tell(
            spot, "{section} needs a {names} in the scenario", section=section, names=names
        )
    elif section == "proxy":
        for item, place in spot.locate_elements(value):
            check_call(context, item, place)
    else:
        if wrong := expect.find_section_problem(section, value):
            context.tell(spot, wrong)
        for steps, message in expect.find_expectation_problems(value):
            context.tell(spot.at(*steps), message)
        if section in _OF_ANY_TYPE:
            _OF_ANY_TYPE[section](context, section, value, spot)
        if section in _FACTS and isinstance(value, Mapping):
            _FACTS[section](context, value, spot)


def _check_digests(context: CheckContext, _section: str, value: Any, spot: Spot) -> None:
    """Report texts in ``trace`` that do not have the form of a digest, so that no run has them.

    Texts below ``$contains`` may be parts of one.
    """
    for path, text in find_nested_literals(value):
        is_whole = flow_actions.is_literal_text(text) and "$contains" not in path
        if is_whole and text != NEW_DIGEST and parse_digest_format(text) is None:
            context.tell(
                spot.at(*path),
                "{text!r} is no digest, which is v{version}- and 64 digits and letters; write "
                "trace: new, and run --update writes it",
                text=text,
                version=VERSION,
            )


def check_watched_call(context: CheckContext, call: str, spot: Spot) -> None:
    """Report what is wrong with *call*, the ``during.call`` of a step, once its ``${…}`` are known.

    It has the form ``platform.api``; whether that exists is known only where platforms are.
    """
    if "${" not in call and not _names_call(call):
        message = msg("expected call: platform.api, got {call!r}", call=call)
        context.tell(spot, message)
    elif wrong := context.names.find_call_problem(call):
        context.tell(spot, wrong, kind="name")


def _names_call(text: str) -> bool:
    """Return whether *text* has the form ``platform.api``; whether it exists is not checked."""
    return all(text.partition("."))


def check_call(context: CheckContext, item: model.ExpectedCall, spot: Spot) -> None:
    """Report what is wrong with an expected call.

    If it is expected with an ``error``, its API need not exist.
    """
    if "${" not in item.call and not _names_call(item.call):
        message = msg("expected platform.api, or platform.$token, got {call!r}", call=item.call)
        context.tell(spot.at("call"), message)
    elif item.error is UNSET and (wrong := context.names.find_call_problem(item.call)):
        context.tell(spot.at("call"), wrong, kind="name")
    elif item.error is UNSET:
        check_misspelt_denied_parameters(context, item.call, item, spot)
    if item.times is not UNSET and (wrong := expect.find_count_problem(item.times)):
        context.tell(spot.at("times"), wrong)
    if item.once_per_key and item.times is UNSET:
        context.tell(spot.at("once_per_key"), msg("counts calls; write times: beside it"))
    _check_codes_and_sources(context, item, spot)
    _check_operands(context, item, spot)


def _check_text_bounds_of_numbers(
    context: CheckContext, expected: Mapping[str, Any], spot: Spot
) -> None:
    """Report ``$lt``, ``$gte`` … with a text such as "0" for a form field that holds a number.

    *expected* is field -> expectation. A text is never less or greater than a number, so such an
    expectation never holds.
    """
    for name, value in expected.items():
        is_number = context.names.initial_value_kinds.get(name) == "number"
        for path, operand in _find_numeric_text_bounds(value) if is_number else ():
            context.tell(
                spot.at(name, *path),
                '{operator} compares {field}, a number, with the text "{text}", which never holds; '
                "write {text} without quotes",
                operator=path[-1],
                field=name,
                text=operand,
                kind="unfit",
                fails=False,
            )


_ORDERS = frozenset({"$gt", "$gte", "$lt", "$lte"})
_NUMERAL = re.compile(r"-?\d+(\.\d+)?")


def _find_numeric_text_bounds(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield each operand of ``$gt``, ``$gte``, ``$lt`` or ``$lte`` that is the text of a number.

    Each has its path in front.
    """
    for key, operand in value.items() if isinstance(value, Mapping) else ():
        if key in _ORDERS and isinstance(operand, str) and _NUMERAL.fullmatch(operand):
            yield (*path, key), operand
        else:
            yield from _find_numeric_text_bounds(operand, (*path, key))


def _check_codes_and_sources(context: CheckContext, item: model.ExpectedCall, spot: Spot) -> None:
    """Report misspelled error codes, and unknown sources and instances, in an expected call.

    A source says where the response came from, such as ``stub``; an instance is a tenant of the
    platform.
    """
    if item.error is not UNSET:
        for path, code in find_nested_literals(item.error):
            _check_misspelt_error_code(context, code, spot.at("error", *path))
    if item.source is not UNSET:
        _check_known_words(context, item.source, spot.at("source"), _CALL_SOURCES)
    _check_denied_callers(context, item, spot)
    platform = item.call.partition(".")[0]
    codes = [code for _, code in find_nested_literals(item.error)]
    is_told = item.error is not UNSET and (not codes or "UNKNOWN_INSTANCE" in codes)
    is_known = item.instance is not UNSET and not is_told
    for path, key in find_nested_literals(item.instance) if is_known else ():
        if isinstance(key, str) and (wrong := context.names.find_instance_problem(key, platform)):
            context.tell(spot.at("instance", *path), wrong, kind="name")


def _check_denied_callers(context: CheckContext, item: model.ExpectedCall, spot: Spot) -> None:
    """Report a ``caller`` (option of ``$proxy``) that is only denied and that no script contains.

    Such an expectation always holds.
    """
    for path, caller, denied in (
        find_literals_with_denial(item.caller) if item.caller is not UNSET else ()
    ):
        is_plain = isinstance(caller, str) and caller and "${" not in caller
        if is_plain and (denied or item.times == 0) and not context.names.occurs_in_scripts(caller):
            context.tell(
                spot.at("caller", *path),
                "no script calls as {caller!r}, so that this always holds",
                caller=caller,
                kind="name",
                fails=False,
            )


def _check_known_words(context: CheckContext, value: Any, spot: Spot, known: Sequence[str]) -> None:
    """Report texts in *value* that are not among the *known* ones."""
    for path, word in find_nested_literals(value):
        if flow_actions.is_literal_text(word) and word not in known:
            context.tell(
                spot.at(*path), "there is no {word!r}{hint}", known=known, word=word, kind="name"
            )


def _check_flow(
    context: CheckContext,
    value: Mapping[str, Any],
    spot: Spot,
    definition: Definition | None = None,
) -> None:
    """Report unknown keys of ``expect: flow``, and unknown nodes, people and fields in the values.

    *definition* is that of the flow, by default the main one.
    """
    definition = definition or context.names.definition
    for path, facts, _ in find_maps(value):
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
        return
    known = _find_fields_of_subflow(context, definition)
    for path, name, is_denied in find_member_names(value):
        hint = suggest_nearest(name, known) if is_denied and name not in known else ""
        if hint and not path and not context.names.occurs_in_scripts(name):
            context.tell(
                spot.at(name),
                "the sub-flow has no field {name!r}{hint}",
                name=name,
                hint=hint,
                kind="name",
                fails=False,
            )


def _find_fields_of_subflow(context: CheckContext, definition: Definition | None) -> list[str]:
    """Return the names of fields that a sub-flow's project has, as far as flow definitions say.

    These are fields in the forms of its nodes, and those that nodes of other flows pass to it or
    take back.
    """
    nodes = definition.nodes.values() if definition else ()
    fields: list[Mapping[str, Any]] = [
        node.form.fields for node in nodes if isinstance(node.form, NodeForm)
    ]
    flows = (context.names.definition, *context.names.subflows.values())
    children = [node.child_flow for flow in flows if flow for node in flow.nodes.values()]
    for child in children:
        if child is not None and context.names.subflows.get(child.flow) is definition:
            fields += [child.form, dict.fromkeys(child.back.values(), "editable")]
    return [name for one in fields for name in one]


def _check_subflow_projects(
    context: CheckContext, value: Any, spot: Spot, _definition: Definition | None
) -> None:
    known = context.names.subflows
    for name, facts in value.items() if isinstance(value, Mapping) else ():
        flow = str(name).partition("#")[0]
        if not name.startswith("$") and flow not in known:
            context.tell(
                spot.at(name), "no sub-flow {flow!r}{hint}", known=known, flow=flow, kind="name"
            )
        elif flow in known and isinstance(facts, Mapping):
            _check_flow(context, facts, spot.at(name), known[flow])


def _check_nodes(
    context: CheckContext, value: Any, spot: Spot, definition: Definition | None
) -> None:
    nodes = definition.nodes if definition else {}
    for path, node in find_nested_literals(value) if nodes else ():
        if node and flow_actions.is_literal_text(node) and node not in nodes:
            context.tell(spot.at(*path), "no node {node!r}{hint}", known=nodes, node=node)


def _check_node_text(
    context: CheckContext, value: Any, spot: Spot, definition: Definition | None
) -> None:
    """Report unknown nodes in *value*, which is expected of a single node.

    The text of ``$contains`` may be a part of its name.
    """
    nodes = definition.nodes if definition else {}
    for path, text in find_nested_literals(value):
        is_part = "$contains" in path and any(str(text) in name for name in nodes)
        if not is_part:
            _check_nodes(context, text, spot.at(*path), definition)


def _check_people(
    context: CheckContext, value: Any, spot: Spot, _definition: Definition | None
) -> None:
    for path, person, denied in find_literals_with_denial(value):
        if isinstance(person, str | int):
            flow_actions.check_people_exist(context, person, spot.at(*path))
            if denied:
                flow_actions.check_unmentioned_denied_person(context, person, spot.at(*path))


def _deny_if(denied: bool, expected: Any) -> Any:
    """Return *expected* as `_check_people` takes it if it is below a denial, with *denied*."""
    return {"$not": expected} if denied else expected


def _check_unwritten_project_denials(
    context: CheckContext, value: Any, spot: Spot, _definition: Definition | None
) -> None:
    """Report a denial of a member of ``project`` that no script writes, which would always hold."""
    known = (*PROJECT, *context.names.project_members)
    for path, name, denied in find_member_names(value):
        if path or not denied or name in known or context.names.occurs_in_scripts(name):
            continue
        context.tell(
            spot.at(name),
            "a project has no {name!r}, and no script writes it{hint}",
            known=known,
            name=name,
            kind="name",
        )


def _check_notices(
    context: CheckContext, value: Any, spot: Spot, definition: Definition | None
) -> None:
    for path, entry, denied in find_literals_with_denial(value):
        for key, expected in entry.items() if isinstance(entry, Mapping) else ():
            where = spot.at(*path, key)
            if key not in _NOTICE:
                context.tell(
                    where, "a notice has no {key!r}{hint}", known=_NOTICE, key=key, kind="name"
                )
            elif key == "to":
                _check_people(context, _deny_if(denied, expected), where, definition)
            elif key == "node":
                _check_node_text(context, expected, where, definition)
            elif key == "kind":
                _check_known_words(context, expected, where, _NOTICE_KINDS)


def _check_status(
    context: CheckContext, value: Any, spot: Spot, _definition: Definition | None
) -> None:
    for path, status in find_nested_literals(value):
        if flow_actions.is_literal_text(status) and status not in STATUSES:
            context.tell(
                spot.at(*path),
                "no project is ever {status!r}{hint}",
                known=STATUSES,
                status=status,
                kind="name",
            )


def _check_history_actions(
    context: CheckContext, value: Any, spot: Spot, _definition: Definition | None
) -> None:
    _check_known_words(context, value, spot, _DONE)


def _check_history(
    context: CheckContext, value: Any, spot: Spot, definition: Definition | None
) -> None:
    for path, entry, denied in find_literals_with_denial(value):
        for key, check in _HISTORY.items() if isinstance(entry, Mapping) else ():
            if key in entry:
                asked = _deny_if(denied and check is _check_people, entry[key])
                check(context, asked, spot.at(*path, key), definition)


def _check_passed(
    context: CheckContext, value: Any, spot: Spot, definition: Definition | None
) -> None:
    """Report unknown nodes in ``passed``, a list of nodes or a map of counts.

    *definition* is that of the flow, None if it has none.
    """
    for path, nodes, _ in find_maps(value):
        _check_node_map(context, nodes, spot.at(*path), definition)
    _check_nodes(context, value, spot, definition)


def _check_preview(context: CheckContext, value: Mapping[str, Any], spot: Spot) -> None:
    """Report unknown keys of ``expect: preview``, and unknown nodes and people in their values."""
    definition = context.names.definition
    for path, facts, _ in find_maps(value):
        for key, expected in facts.items():
            where = spot.at(*path, key)
            if key not in _PREVIEW:
                context.tell(where, "a preview has no {key!r}{hint}", known=_PREVIEW, key=key)
            else:
                _PREVIEW[key](context, expected, where, definition)


def _check_owners_of_nodes(
    context: CheckContext, value: Any, spot: Spot, definition: Definition | None
) -> None:
    """Report unknown nodes and people in *value*, which maps nodes of the main flow to owners."""
    for _, nodes, _ in find_maps(value):
        for node, people in nodes.items():
            if "/" not in node:  # else of a sub-flow
                _check_nodes(context, node, spot.at(node), definition)
            _check_people(context, people, spot.at(node), definition)


def _check_branches(
    context: CheckContext, value: Any, spot: Spot, definition: Definition | None
) -> None:
    _check_node_map(context, value, spot, definition)
    for node, first in value.items() if isinstance(value, Mapping) else ():
        _check_node_text(context, first, spot.at(node), definition)


def _check_tasks(
    context: CheckContext, value: Any, spot: Spot, definition: Definition | None
) -> None:
    for path, tasks in find_nested_literals(value):
        for node, owners in tasks.items() if isinstance(tasks, Mapping) else ():
            where = spot.at(*path, node)
            _check_nodes(context, node, where, definition)
            for person, state in owners.items() if isinstance(owners, Mapping) else ():
                if person.startswith("$"):
                    continue
                _check_people(context, person, where.at(person), definition)
                for below, known in find_nested_literals(state):
                    if flow_actions.is_literal_text(known) and known not in TASK_STATES:
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
    "action": _check_history_actions,
    "node": _check_node_text,
    "by": _check_people,
    "to": _check_people,
}
_FLOW_VALUES: Mapping[str, FlowCheck] = {
    "at": _check_node_text,
    "project": _check_unwritten_project_denials,
    "notified": _check_notices,
    "form": _check_flow_form,
    "projects": _check_subflow_projects,
    "status": _check_status,
    "owners": _check_people,
    "pending": _check_people,
    "history": _check_history,
    "passed": _check_passed,
    "tasks": _check_tasks,
    "visibility": _check_node_map,
}


_PREVIEW: Mapping[str, FlowCheck] = {
    "nodes": _check_nodes,
    "owners": _check_owners_of_nodes,
    "branches": _check_branches,
    "end": _check_node_text,
    "status": _check_status,
}


def _check_form(context: CheckContext, value: Mapping[str, Any], spot: Spot) -> None:
    """Report fields that the form does not have, and columns denied under a misspelled name."""
    _check_text_bounds_of_numbers(context, value, spot)
    for path, fields, denied in find_maps(value):
        for name, expected in fields.items():
            where, is_denied = spot.at(*path, name), denied or denies_value(expected)
            base = name.partition("[")[0].partition(".")[0]
            wrong = context.names.find_field_problem(name)
            if wrong and (is_denied or base not in context.names.fields):
                # A script may make a column; that it is absent, says the comparison.
                context.tell(where, context.names.add_declaration_hint(wrong), kind="name")
            _check_misspelt_denied_columns(context, name, expected, where, all_denied=denied)


def _check_misspelt_denied_columns(
    context: CheckContext, table: str, expected: Any, spot: Spot, *, all_denied: bool
) -> None:
    """Report misspelled columns in *expected* that it denies, as such a denial always holds.

    *expected* is what a form's field *table* is compared with; *all_denied* is whether all of it is
    denied, as below ``$not``. Nothing is reported if the columns of *table* are not known.
    """
    if table not in context.names.initial_table_columns:
        return
    for path, row, under in find_literals_with_denial(expected, (), all_denied):
        for column, cell in row.items() if isinstance(row, Mapping) else ():
            wrong = context.names.find_column_problem(table, column)
            if wrong and (under or denies_value(cell)):
                context.tell(spot.at(*path, column), wrong, kind="name")


def _check_lines(context: CheckContext, section: str, value: Any, spot: Spot) -> None:
    """Report keys that a message or console line does not have, and unknown levels and error codes.

    *section* of ``expect`` says which of the two *value* describes.
    """
    keys, (level_key, levels) = _LINE_KEYS[section], _LEVELS[section]
    for path, line in find_nested_literals(value):
        for key, expected in line.items() if isinstance(line, Mapping) else ():
            where = spot.at(*path, key)
            if key not in keys:
                context.tell(where, "a line has no {key!r}{hint}", known=keys, key=key, kind="name")
            for inside, word in find_nested_literals(expected):
                if key == "code":
                    _check_misspelt_error_code(context, word, where.at(*inside))
                elif key == level_key and not context.names.occurs_in_scripts(str(word)):
                    _check_known_words(context, word, where.at(*inside), levels)


def _check_fields(context: CheckContext, value: Mapping[str, Any], spot: Spot) -> None:
    for path, fields, _ in find_maps(value):
        for name, facts in fields.items():
            where = spot.at(*path, name)
            if wrong := context.names.find_field_problem(name):
                context.tell(where, wrong)
            for fact in facts if isinstance(facts, Mapping) else ():
                if fact == "options":
                    _check_denied_options_exist(context, facts[fact], where.at(fact))
                if fact not in _FIELD_FACTS and not fact.startswith("$"):
                    context.tell(
                        where.at(fact),
                        "a field has no {fact!r}{hint}",
                        known=_FIELD_FACTS,
                        fact=fact,
                    )


def _check_denied_options_exist(context: CheckContext, expected: Any, spot: Spot) -> None:
    """Report options of a field that an expectation only denies and that no script can offer.

    Nothing is reported if scripts make calls, as any response may offer them.
    """
    if context.names.occurs_in_scripts("$proxy"):
        return  # any response may offer them
    for path, option, denied in find_literals_with_denial(expected):
        is_told = denied and option and flow_actions.is_literal_text(option)
        lines = spot.source.lines if is_told else ()
        is_elsewhere = sum(line.count(option) for line in lines) > 1
        if lines and not is_elsewhere and not context.names.occurs_in_scripts(option):
            context.tell(
                spot.at(*path),
                "no script offers the option {option!r}, so that this always holds",
                option=option,
                kind="name",
                fails=False,
            )


def _check_variables(context: CheckContext, value: Mapping[str, Any], spot: Spot) -> None:
    known = context.names.variables
    for path, variables, _ in find_maps(value):
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
    "preview": _check_preview,
    "fields": _check_fields,
    "form": _check_form,
    "vars": _check_variables,
}
_OF_ANY_TYPE: Mapping[str, Callable[[CheckContext, str, Any, Spot], None]] = {
    **dict.fromkeys(_LINE_KEYS, _check_lines),
    "trace": _check_digests,
}
