"""All checks of a scenario before it runs; one function for each subject of a check."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict

from bpmax_sim.clock import Instant
from bpmax_sim.errors import ConfigError, Problem, suggest_nearest
from bpmax_sim.field_path import FieldPath, parse_plain_steps
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.scenario import faults, flow_actions, model, references, row_actions
from bpmax_sim.scenario.actions import check_action, list_declared_actions
from bpmax_sim.scenario.expect import find_expectation_problems
from bpmax_sim.scenario.expect_check import (
    PROJECT,
    check_expect,
    check_expected_error,
    check_watched_call,
)
from bpmax_sim.scenario.expected_literals import find_maps
from bpmax_sim.scenario.flow_check import check_flow, check_script_events_can_occur
from bpmax_sim.scenario.idle_steps import IDLE_CHECKS, check_cells_meaning_false
from bpmax_sim.scenario.name_claims import NAME_CHECKS
from bpmax_sim.scenario.policies import check_policies
from bpmax_sim.scenario.reference_check import check_secret_names_exist
from bpmax_sim.scenario.references import parse_whole_reference
from bpmax_sim.scenario.row_checks import (
    check_action_cells,
    check_cell_run_placement,
    check_compared_cells,
    check_only_rows,
    check_row_ids_name_files,
    check_rows_differ,
    check_rows_have_all_cells,
    check_step_ids,
)
from bpmax_sim.scenario.saved_values import check_saved_value_compared_with_itself
from bpmax_sim.scenario.shared_names import check_shared_names
from bpmax_sim.scenario.source import Spot
from bpmax_sim.scenario.subflow_check import check_stand_ins, check_subflow_starts
from bpmax_sim.scenario.table_rows import RESERVED, ScenarioDraft, split_names_cell
from bpmax_sim.scenario.tautology_check import (
    check_empty_expectation,
    check_never_can_be_broken,
    check_tautological_error,
    check_tautologies,
)
from bpmax_sim.subject.definition import find_reachable
from bpmax_sim.subject.form import parse_form_path


def check_scenario(draft: ScenarioDraft) -> None:
    """Run all checks of the scenario file *draft*, before it runs, and report to it what is wrong.

    A draft is a scenario that was read, with the names that exist in it and its problems so far.
    """
    for rule in _CHECKS:
        rule(draft)
    _check_expectation(draft, draft.scenario.expect, draft.spot, "expect", None)
    for path, invariant in draft.scenario.invariants:
        _check_expectation(draft, invariant, draft.spot.at(*path[:-1]), path[-1], None)
        if path[0] == "never" and not _has_invalid_operand(invariant):
            check_never_can_be_broken(draft, invariant, draft.spot.at(*path))
    for step, spot in draft.steps:
        for step_rule in _STEP_CHECKS:
            step_rule(draft, step, spot)


def _check_name_clock_and_user(draft: ScenarioDraft) -> None:
    scenario = draft.scenario
    if not scenario.scenario.strip():
        draft.tell(draft.spot.at("scenario"), msg("a scenario needs a name"))
    if scenario.clock:
        try:
            Instant.parse(scenario.clock)
        except ValueError as error:
            draft.tell(draft.spot.at("clock"), str(error))
    if scenario.user is not UNSET and not isinstance(scenario.user, str | int | Mapping):
        draft.tell(draft.spot.at("user"), msg("expected an id, or a map such as {id: lisi}"))
    elif scenario.user is not UNSET:
        flow_actions.check_user(draft, scenario.user, draft.spot.at("user"))


def _check_misspelt_ctx_members(draft: ScenarioDraft) -> None:
    """Report members in ``user``, ``people`` and ``flow: project`` that look misspelled.

    A member such as ``departmnet`` is near one that scripts can read (``ctx.user``,
    ``ctx.project``) but is none. Unknown members that resemble nothing are accepted: projects have
    members of their own.
    """
    people = (draft.spot.at("people", person) for person in draft.scenario.people)
    for spot, known in (
        (draft.spot.at("user"), _PERSON),
        *((person, _PERSON) for person in people),
        (draft.spot.at("flow", "project"), PROJECT),
    ):
        node = spot.source.root.find_at(spot.steps)
        for name in node.items if node is not None else ():
            hint = "" if name in known else suggest_nearest(name, known)
            if hint:
                wrong = msg("{name!r} is no member that scripts see{hint}", name=name, hint=hint)
                draft.tell(spot.at(name), wrong, kind="name", fails=False)


_PERSON = ("id", "name")


def _check_misspelt_inherited_names(draft: ScenarioDraft) -> None:
    """Report people and form fields that the scenario adds under a name near an inherited one.

    The scenario's author probably meant to replace the inherited value and misspelled its name.
    """
    for path in (("people",), ("form", "fields")):
        spot = draft.spot.at(*path)
        node = spot.source.root.find_at(path)
        names = node.items if node is not None and node.files else {}
        inherited = [name for name in names if not draft.is_in_own_file(spot.at(name))]
        for name in names if inherited else ():
            hint = suggest_nearest(name, inherited) if draft.is_in_own_file(spot.at(name)) else ""
            if hint and name not in inherited:
                wrong = msg("{name!r} is added to what is inherited{hint}", name=name, hint=hint)
                draft.tell(spot.at(name), wrong, kind="name", fails=False)


def _check_stubs_and_ignored_paths(draft: ScenarioDraft) -> None:
    """Report stubs that can never respond or are invalid, and invalid paths of ``ignore``."""
    proxy, spot = draft.scenario.proxy, draft.spot.at("proxy")
    stubs = list(spot.at("stubs").locate_elements(proxy.stubs))
    for number, (stub, place) in enumerate(stubs):
        for path, wrong in faults.find_stub_problems(stub):
            draft.tell(place.at(*path), wrong)
        _refuse_step_references_in_stub(draft, place)
        if isinstance(stub.body, str) and stub.body.lstrip()[:1] in {"{", "["}:
            wrong = msg("this body is sent as a text; write the map or list itself for JSON")
            draft.tell(place.at("body"), wrong, kind="rule", fails=False)
        first = next(
            (where for one, where in stubs[:number] if faults.shadows_stub(one, stub)), None
        )
        if first is not None:
            draft.tell(
                place,
                "the stub {on} can never answer: the one in line {line} answers all its calls; put "
                "this one before it, or give that one a request: of its own",
                on=stub.on,
                line=first.place.line,
                kind="rule",
            )
    for text, place in spot.at("ignore").locate_elements(proxy.ignore):
        try:
            FieldPath.parse(text, "ignore")
        except ConfigError as error:
            draft.tell(place, str(error).removeprefix("ignore: "))


def _refuse_step_references_in_stub(draft: ScenarioDraft, spot: Spot) -> None:
    """Report ``${…}`` in a stub that name values of steps, which come too late for a stub."""
    node = spot.source.root.find_at(spot.steps) if draft.may_have_references else None
    for path, text in node.walk_texts() if node is not None else ():
        try:
            parts = references.split_references(text) if "${" in text else ()
        except references.InterpolationError:
            continue  # told where all references are checked
        for part in parts:
            if isinstance(part, references.Reference) and part.root in {"form", "flow", "steps"}:
                draft.tell(
                    spot.at(*path),
                    "a stub knows case, vars, env, now and uuid only, not ${{{text}}}",
                    text=part.text,
                )


def _check_tag_and_flag_cells(draft: ScenarioDraft) -> None:
    """Report cells for tags, ``skip`` and ``xfail`` that are neither text nor a list of texts."""
    for row in draft.rows:
        for key in ("tags", "skip", "xfail"):
            value = row.values.get(key)
            cells = value if isinstance(value, list) and key == "tags" else [value]
            if any(isinstance(item, Mapping | list) for item in cells):
                wrong = msg("{key}: expected text", key=key)
                draft.problems.append(Problem(wrong, row.place, "cases"))


def _check_has_steps_and_start_node(draft: ScenarioDraft) -> None:
    steps = draft.spot.source.root.find_child("steps")
    if (
        draft.scenario.script is not UNSET
        and draft.spot.source.root.keys.get("steps") != (draft.spot.source.root.keys["script"])
    ):
        wrong = msg("script is a scenario's only step; write js: in a step beside others")
        draft.tell(draft.spot.at("script"), wrong)
    if not draft.scenario.steps and not (steps and steps.elements):
        draft.tell(draft.spot.at("steps"), msg("a scenario needs a step"))
    _check_flow_beginning(draft)


def _check_flow_beginning(draft: ScenarioDraft) -> None:
    """Report a node at which the flow cannot begin: one in ``at``, or in a cell that it names.

    Any other text with a ``${…}`` is checked when it is filled in, at the beginning of the run.
    """
    flow, spot = draft.scenario.flow, draft.spot.at("flow", "at")
    if flow is UNSET or draft.definition is None:
        return
    column = references.find_referenced_column(flow.at)
    cells = [(row.values.get(column), row.spot) for row in draft.rows if column]
    for at, row_spot in cells or [(flow.at, None)]:
        if at in (None, "") or references.has_reference(str(at)):
            continue
        if wrong := draft.definition.explain_wrong_beginning(at):
            draft.tell(row_spot.at(column) if row_spot is not None else spot, wrong)


def _check_script_event_names(draft: ScenarioDraft) -> None:
    """Report events of form and flows that do not exist, or whose node or field does not."""
    form = draft.scenario.form
    if isinstance(form, model.FormSpec):
        check_script_events_can_occur(
            draft, "form", form.scripts, draft.spot.at("form"), draft.main_flow_nodes
        )
    for name, (spec, spot) in draft.flow_specs.items():
        nodes = draft.flows[name][0].nodes if name in draft.flows else ()
        check_script_events_can_occur(draft, "flow", spec.scripts, spot, nodes)


def _check_row_numbers(draft: ScenarioDraft) -> None:
    """Report row numbers beyond the end of a table, as long as only steps can change tables.

    The check ends at the first step after which the number of rows is unknown.
    """
    form = draft.scenario.form
    if not isinstance(form, model.FormSpec) or draft.scripts or draft.scenario.use:
        return
    counts = {name: len(value) for name, value in form.fields.items() if isinstance(value, list)}
    for step, spot in draft.spot.at("steps").locate_elements(draft.scenario.steps):
        # A retry does a row action as often as it needs, and `only` lets rows leave it out.
        doubtful = (step.expect_error, step.retry, step.only)
        if step.condition is not True or any(one is not UNSET for one in doubtful) or not counts:
            return
        if not _check_and_update_row_counts(draft, step, counts, spot.at(step.action)):
            return


def _check_and_update_row_counts(
    draft: ScenarioDraft, step: model.Step, counts: dict[str, int], spot: Spot
) -> bool:
    """Report rows that *step* names and that do not exist, then update *counts* (table -> rows).

    Return whether *counts* are still known: False after an action other than ``set`` and the row
    actions, as its scripts may change tables.
    """
    kind, value = step.kind, step.value if isinstance(step.value, Mapping) else {}
    if step.action == "set":
        for name, entered in value.items():
            match parse_form_path(name):
                case (str(table), int(row), *_) if table in counts and name not in counts:
                    _check_row_exists(draft, table, row, counts[table], spot.at(name))
            if name in counts and isinstance(entered, list):
                counts[name] = len(entered)
            else:  # such as the list of a row, which is known only when it runs
                counts.pop(name, None)
    elif (
        kind is not None
        and issubclass(kind, row_actions.RowAction)
        and value.get("table") in counts
    ):
        table = value["table"]
        for key in kind.rows:
            _check_row_exists(
                draft, table, value.get(key, 0), counts[table], spot.at(key), adds=kind.adds
            )
        counts[table] = max(counts[table] + kind.more, 0)
    elif step.action:
        return False
    return True


def _check_row_exists(
    draft: ScenarioDraft, table: str, row: Any, count: int, spot: Spot, *, adds: bool = False
) -> None:
    """Report *row*, counted from 0, if the table has only *count* rows.

    With *adds*, the number behind the last row is allowed too: the action adds a row there.
    """
    if isinstance(row, int) and row >= count + adds:
        draft.tell(
            spot,
            "{table}: no row {row} here; there are {there}, counted from 0; add_row adds one",
            table=table,
            there=count,
            row=row,
        )


def _check_fault_rules_and_sets(draft: ScenarioDraft) -> None:
    """Report invalid fault rules, unknown names of fault sets, and fault sets nobody uses."""
    for rules in draft.fault_sets.values():
        for rule, spot in rules:
            wrong = faults.find_fault_problem(rule)
            if wrong and not _is_reported(draft, spot):
                draft.tell(spot, wrong)
    _check_fault_names(draft, draft.scenario, draft.spot)
    _check_fault_sets_used(draft)


def _check_saved_used(draft: ScenarioDraft, used_variables: Collection[str]) -> None:
    """Report values that a step saves under a name that is not in *used_variables*."""
    for step, spot in draft.steps:
        for name in step.save:
            if name not in used_variables:
                message = msg("nothing reads the variable {name!r}", name=name)
                draft.tell(spot.at("save", name), message, kind="rule", fails=False)


def _check_fault_sets_used(draft: ScenarioDraft) -> None:
    """Report unused fault sets of the file; those of a fragment may be used by other scenarios."""
    named = _find_used_fault_sets(draft)
    for name in draft.scenario.fault_sets:
        spot = draft.spot.at("fault_sets", name)
        if name not in named and draft.is_in_own_file(spot):
            draft.tell(
                spot, "nothing names the fault set {name!r}", name=name, kind="rule", fails=False
            )


def _find_used_fault_sets(draft: ScenarioDraft) -> list[str]:
    """Return the names of fault sets that the scenario, its steps and its rows use.

    If any of these names contains ``${…}``, it may come from any cell or variable, so the texts of
    all of them are included.
    """
    steps = (step.faults for step, _ in draft.steps)
    cells = (split_names_cell(row.values.get("faults")) for row in draft.rows)
    named = [name for names in (draft.scenario.faults, *steps, *cells) for name in names]
    if any(isinstance(name, str) and "${" in name for name in named):
        maps = (draft.declared_vars, *(row.values for row in draft.rows))
        named += [cell for one in maps for text in one.values() for cell in split_names_cell(text)]
    return [name for name in named if isinstance(name, str)]


def _check_declared_names_used(draft: ScenarioDraft) -> None:
    """Report what is declared and used by nothing: columns, variables, fragments.

    These include variables that a step saves or passes to named steps. Rows that do not differ in
    anything that is used are reported, too.
    """
    if draft.fragments:
        check_shared_names(draft, {*_find_used_names(draft)["vars"], *_find_used_fault_sets(draft)})
    saves = any(step.save for step, _ in draft.steps)
    if not (draft.rows or draft.fragments or draft.scenario.vars or saves):
        return
    used = _find_used_names(draft)
    for name in draft.scenario.vars:
        spot = draft.spot.at("vars", name)
        if name not in used["vars"] and draft.is_in_own_file(spot):
            message = msg("nothing reads the variable {name!r}", name=name)
            draft.tell(spot, message, kind="rule", fails=False)
    for row in draft.rows[:1]:
        told = draft.spot.source.root.find_at(("cases", "id"))
        known = {*RESERVED, *used["case"], *_DESCRIBING, str(told.value) if told else "id"}
        for name in [name for name in row.values if name not in known]:
            where = row.spot.at(name) if row.spot else draft.spot.at("cases")
            hint = suggest_nearest(name, RESERVED)
            message = msg("nothing reads the column {name!r}{hint}", name=name, hint=hint)
            draft.tell(where, message, kind="rule", fails=False)
    for step, spot in draft.steps if draft.fragments else ():
        _check_passed_variables_used(draft, step, spot, used["vars"])
    _check_saved_used(draft, used["vars"])
    with_effect = _find_columns_with_effect(draft)
    check_rows_differ(draft, used["case"], with_effect)
    check_rows_have_all_cells(draft, with_effect)
    _check_fragments_used(draft)


_NAMED = ("vars", "fault_sets")
"""What is used by its name, and lies unused where nothing names it."""


def _check_fragments_used(draft: ScenarioDraft) -> None:
    """Report files of ``use`` from which the scenario uses nothing."""
    if not draft.used:
        return
    names = {inner[0] for step, _ in draft.steps if (inner := model.find_named_steps(step))}
    named = [split_names_cell(row.values.get("faults")) for row in draft.rows]
    faults_named = {name for part in named for name in part if isinstance(name, str)}
    lists = (draft.scenario.faults, *(step.faults for step, _ in draft.steps))
    faults_named |= {name for faults_ in lists for name in faults_ if isinstance(name, str)}
    is_open = any("${" in name for name in faults_named)
    tree = draft.spot.source.root
    inherited = {
        file for key, node in tree.items.items() if key not in _NAMED for file in node.all_files
    } | {tree.find_key_place(key).file for key in tree.items if key not in _NAMED}
    texts = {spot.source.file: spot.source.text for _, spot in (*draft.fragments, ("", draft.spot))}
    first = len(draft.fragments) - draft.used
    for fragment, spot in draft.fragments[first:]:
        has_use = (
            names & {*fragment.steps}
            or any(
                re.search(rf"\bvars\.{re.escape(name)}(?!\w)", text)
                for name in fragment.vars
                for file, text in texts.items()
                if file != spot.source.file
            )
            or faults_named & {*fragment.fault_sets}
            or (is_open and fragment.fault_sets)
            or spot.source.file in inherited
        )
        if not has_use:
            message = msg("nothing of {file} is used here", file=spot.source.file)
            draft.tell(draft.spot.at("use"), message, kind="rule", fails=False)


def _check_passed_variables_used(
    draft: ScenarioDraft, step: model.Step, spot: Spot, used_variables: Collection[str]
) -> None:
    """Report variables that ``with`` passes to named steps although no such step reads them."""
    inner = model.find_named_steps(step)
    for name in inner[1] if inner else ():
        if name not in used_variables:
            draft.tell(
                spot.at(step.action, "with", name),
                "no step reads ${{vars.{name}}}{hint}",
                name=name,
                hint=suggest_nearest(name, sorted(used_variables)),
                kind="name",
            )


def _find_used_names(draft: ScenarioDraft) -> Mapping[str, set[str]]:
    """Return the names that ``${root.name}`` read anywhere in the scenario: root -> names.

    References inside script code are included.
    """
    used: dict[str, set[str]] = {"vars": set(), "case": set()}
    texts = [f"${{{text}}}" for text in draft.scenario.secrets]
    # Lines and not values: a reference may stand in a key or in code as well. One in a comment
    # counts as a use, which only leaves a warning out.
    texts += draft.spot.source.lines_of_all_files
    for root, name in _READ.findall("\n".join(texts)):
        used[root] |= {name, *map(str, parse_plain_steps(name)[:1])}
    own = (draft.scenario.expect, *(one for _, one in draft.scenario.invariants))
    for expected in (*own, *(one for step, _ in draft.steps for one in step.expectations)):
        used["vars"].update(*(names for _, names, _ in find_maps(expected.vars)))
    return used


def _find_columns_with_effect(draft: ScenarioDraft) -> set[str]:
    """Return the columns of rows that are read as ``${case.x}`` by anything that affects the run.

    A column used only in names and descriptions has no effect: rows that differ only there are
    equal.
    """
    names: set[str] = set()
    for path, text in draft.spot.source.root.walk_texts():
        if not _is_name_or_description(path):
            for root, name in _READ.findall(text):
                names |= {name, *map(str, parse_plain_steps(name)[:1])} if root == "case" else set()
    return names


def _is_name_or_description(path: Sequence[str | int]) -> bool:
    """Return whether *path* is that of a name or description of the scenario, or of a step."""
    is_of_step = len(path) == 1 or (isinstance(path[-2], int) and path[-3] in _LISTS_OF_STEPS)
    return is_of_step and path[-1] in {"name", "scenario", "description"}


_LISTS_OF_STEPS = frozenset({"steps", "finally", "cases"})
_READ = re.compile(r"\$\{\s*(vars|case)\.([^{}]*?)\s*\}")
_DESCRIBING = frozenset({
    "name", "title", "description", "comment", "note", "名称", "标题", "说明", "备注", "描述",
})  # fmt: skip
"""Columns that are there for who reads the table."""


def _is_reported(draft: ScenarioDraft, spot: Spot) -> bool:
    """Return whether a problem inside *spot* is already reported; a second one would be noise."""
    node = spot.source.root.find_at(spot.steps)
    nodes = [*node.walk()] if node else []
    inside = {inner.place for inner in nodes}
    inside |= {inner.find_key_place(key) for inner in nodes for key in inner.items}
    return any(problem.place in inside for problem in draft.problems)


def _check_fault_names(
    draft: ScenarioDraft, owner: model.Scenario | model.Step, spot: Spot
) -> None:
    """Report names of fault sets in ``faults`` of *owner*, at *spot*, that do not exist."""
    for fault, place in spot.at("faults").locate_elements(owner.faults):
        if isinstance(fault, str) and "${" not in fault and fault not in draft.fault_sets:
            draft.tell(place, "no fault set {fault!r}{hint}", known=draft.fault_sets, fault=fault)


def _check_step_recursion(draft: ScenarioDraft) -> None:
    """Report named steps that call themselves, directly or through others."""
    calls = {
        name: {inner[0] for step, _ in steps if (inner := model.find_named_steps(step))}
        for name, steps in draft.fragment_steps_by_name.items()
    }
    for name, steps in draft.fragment_steps_by_name.items():
        if name in find_reachable(calls[name], lambda inner: calls.get(inner, ())):
            draft.tell(steps[0][1], "steps {name!r} call themselves recursively", name=name)


def _check_action_and_condition(draft: ScenarioDraft, step: model.Step, spot: Spot) -> None:
    actions = tuple(list_declared_actions(step))
    if len(actions) > 1:
        draft.tell(
            spot.at(actions[1]),
            "a step has one action, not {actions_count}: {names}",
            actions_count=len(actions),
            names=join_list(actions),
        )
    elif actions:
        value, at = getattr(step, actions[0]), spot.at(actions[0])
        check_action(draft, actions[0], value, at)
        if (
            draft.rows
            and actions[0] != "run"
            and (column := references.find_referenced_column(value))
        ):
            check_action_cells(draft, step, column)
    elif step.retry is not UNSET:
        draft.tell(spot.at("retry"), msg("retry repeats an action; this step has none"))
    if wrong := references.check_condition(step.condition):
        draft.tell(spot.at("if"), wrong)
    check_compared_cells(draft, step.condition, spot)


def _check_step_node(draft: ScenarioDraft, step: model.Step, spot: Spot) -> None:
    """Report a node ``at`` that does not exist, or ``at`` of a step whose action uses no form."""
    if step.at and step.kind is not None and not step.kind.sees_form:
        draft.tell(spot.at("at"), "{action} is not done at a form", action=step.action)
    elif step.at and "${" not in step.at and step.at not in draft.main_flow_nodes:
        draft.tell(spot.at("at"), "no node {at!r}{hint}", known=draft.main_flow_nodes, at=step.at)


def _check_step_user(draft: ScenarioDraft, step: model.Step, spot: Spot) -> None:
    """Report a ``user`` who does not exist, or who cannot act in this step.

    Nobody can without a flow, or in ``run``, whose steps have a ``user`` of their own.
    """
    if step.user is UNSET:
        return
    if not isinstance(step.user, str | int | Mapping):
        draft.tell(spot.at("user"), msg("expected an id, or a map such as {id: lisi}"))
    elif not draft.flow_specs:
        draft.tell(spot.at("user"), msg("user says who acts in a flow; there is no flow"))
    elif step.action == "run":
        draft.tell(spot.at("user"), msg("user is of one action; write it at the steps that run"))
    else:
        flow_actions.check_user(draft, step.user, spot.at("user"))


def _check_step_by(draft: ScenarioDraft, step: model.Step, spot: Spot) -> None:
    """Report a ``by`` who does not exist, or that the step's action does not accept."""
    if step.by == "":
        if spot.source.root.find_at((*spot.steps, "by")) is not None:
            flow_actions.check_performer(draft, {"by": step.by}, spot)
        return
    if step.kind is None or not step.kind.takes_by:
        inside = msg("; write {action}: {{by: {by}}}", action=step.action, by=step.by)
        has_own = step.kind is not None and "by" in step.kind.__struct_fields__
        draft.tell(
            spot.at("by"),
            "by belongs to set, click, open and actions on rows{hint}",
            hint=inside if has_own else "",
        )
    elif not draft.flow_specs:
        draft.tell(spot.at("by"), msg("by says who has the task at a node; there is no flow"))
    else:
        flow_actions.check_people_exist(draft, step.by, spot.at("by"))


def _check_misspelt_refused_person(draft: ScenarioDraft, step: model.Step, spot: Spot) -> None:
    """Report a ``by`` that occurs once and resembles another person, if the step expects an error.

    The expected error is then probably caused by the misspelling. Only if the scenario lists no
    ``people``; with a list, unknown people are reported elsewhere.
    """
    if step.expect_error is UNSET or draft.scenario.people:
        return
    value = step.value if isinstance(step.value, Mapping) else {}
    own = spot.at(step.action, "by")
    for name, place in ((step.by, spot.at("by")), (value.get("by", ""), own)):
        if (
            not isinstance(name, str)
            or not flow_actions.is_literal_text(name)
            or name in draft.all_named_people
        ):
            continue
        if draft.people_names_with_repeats.count(name) != 1:
            continue
        if hint := suggest_nearest(name, draft.all_named_people):
            message = msg(
                "nothing else names {name!r}{hint} (where another person is meant, list both in "
                "people)",
                name=name,
                hint=hint,
            )
            draft.tell(place, message, kind="name", fails=False)


def _check_during_steps(draft: ScenarioDraft, step: model.Step, spot: Spot) -> None:
    if not isinstance(step.during, model.During):
        return
    for inner, where in spot.at("during", "steps").locate_elements(step.during.steps):
        if inner.action == "play":
            wrong = msg("play lets time pass, so it does not go into during; make it a step")
            draft.tell(where.at("play"), wrong)
    check_watched_call(draft, step.during.call, spot.at("during", "call"))
    if not step.during.steps:
        wrong = msg("during: steps says nothing; name a step, or leave it out")
        draft.tell(spot.at("during"), wrong, kind="empty")
    if not step.action:
        draft.tell(spot.at("during"), msg("nothing goes on meanwhile: this step has no action"))


def _check_expectations(draft: ScenarioDraft, step: model.Step, spot: Spot) -> None:
    _check_expectation(draft, step.expect, spot, "expect", step)
    if isinstance(step.expect, model.NewExpect):
        draft.tell(spot.at("expect"), model.NOTHING_YET, kind="empty", fails=False)
    if isinstance(step.retry, model.Retry) and step.retry.tries == 1:
        wrong = msg("tries: 1 repeats nothing; write 2 or more, or leave retry out")
        draft.tell(spot.at("retry"), wrong, kind="empty", fails=False)
    if isinstance(step.retry, model.Retry) and isinstance(step.retry.until, model.Expect):
        _check_expectation(draft, step.retry.until, spot.at("retry"), "until", step)
    if isinstance(step.expect_error, str) and parse_whole_reference(step.expect_error) is None:
        wrong = msg("expected a map, or the value of a row or variable alone")
        draft.tell(spot.at("expect_error"), wrong)
    if isinstance(step.expect_error, model.ExpectedError):
        if not step.action:
            wrong = msg("only an action can end in an error; this step has none")
            draft.tell(spot.at("expect_error"), wrong)
        check_expected_error(draft, step.expect_error, spot.at("expect_error"))
        check_empty_expectation(draft, spot, "expect_error")
        if not _has_invalid_operand(step.expect_error):
            check_tautological_error(draft, step.expect_error, spot.at("expect_error"))
        _check_needless_error_choice(draft, step.expect_error, spot.at("expect_error"))


def _check_needless_error_choice(
    draft: ScenarioDraft, expected: model.ExpectedError, spot: Spot
) -> None:
    """Report a ``$in`` of several error codes, types or statuses in a scenario without rows.

    Such a scenario ends in the same error every time; steps that others share need not.
    """
    is_single = not draft.rows and draft.is_in_own_file(spot)
    for key in ("code", "type", "status") if is_single else ():
        value = getattr(expected, key)
        chosen = value.get("$in") if isinstance(value, Mapping) else None
        if isinstance(chosen, list | tuple) and len(chosen) > 1:
            message = msg(
                "a scenario ends in the same error each time; write the one that comes, such as "
                "{key}: {value}", key=key, value=references.show(chosen[0]),
            )  # fmt: skip
            draft.tell(spot.at(key), message, kind="empty", fails=False)


def _check_expectation(
    draft: ScenarioDraft,
    expected: model.Expect,
    spot: Spot,
    key: str | int,
    step: model.Step | None,
) -> None:
    """Report what is wrong with *expected*: unknown names, empty parts, parts that always hold.

    It is the value of *key* in the map at *spot*; *step* is the step it belongs to, None for the
    whole scenario.
    """
    check_expect(draft, expected, spot.at(key))
    check_empty_expectation(draft, spot, key)
    if not _has_invalid_operand(expected):
        check_tautologies(draft, expected, spot.at(key), step)


def _has_invalid_operand(expected: model.Expect | model.ExpectedError) -> bool:
    """Return whether an operator in *expected*, such as ``$in: 5``, could compare nothing."""
    sections = asdict(expected)
    calls = sections.pop("proxy", UNSET)
    values = [*sections.values(), *(asdict(call) for call in (() if calls is UNSET else calls))]
    return any(True for value in values for _ in find_expectation_problems(value))


_CHECKS: tuple[Callable[[ScenarioDraft], None], ...] = (
    _check_has_steps_and_start_node,
    _check_script_event_names,
    _check_name_clock_and_user,
    _check_misspelt_ctx_members,
    _check_misspelt_inherited_names,
    _check_stubs_and_ignored_paths,
    _check_tag_and_flag_cells,
    check_secret_names_exist,
    _check_fault_rules_and_sets,
    check_step_ids,
    check_row_ids_name_files,
    _check_step_recursion,
    check_flow,
    _check_declared_names_used,
    check_subflow_starts,
    check_stand_ins,
    check_policies,
    check_saved_value_compared_with_itself,
    _check_row_numbers,
    *IDLE_CHECKS,
    *NAME_CHECKS,
)
_STEP_CHECKS: tuple[Callable[[ScenarioDraft, model.Step, Spot], None], ...] = (
    _check_fault_names,
    _check_action_and_condition,
    check_only_rows,
    check_cells_meaning_false,
    check_cell_run_placement,
    _check_step_node,
    _check_step_by,
    _check_step_user,
    _check_misspelt_refused_person,
    _check_expectations,
    _check_during_steps,
)
