"""Everything that can be found wrong in a scenario before it runs; one function for each matter.

What can be wrong in a scenario beside its steps: its name, clock, user, secrets and proxy.

Every ``${…}`` of a scenario must name something: variables, columns, steps, fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from msgspec import UNSET

from bpmax_sim.clock import Instant
from bpmax_sim.errors import ConfigError, Problem, suggestion
from bpmax_sim.field_path import FieldPath
from bpmax_sim.i18n import joined, msg, series
from bpmax_sim.scenario.actions import ACTIONS, check_action, declared_actions
from bpmax_sim.scenario.cases import ScenarioDraft, elements
from bpmax_sim.scenario.expect import count_problem, section_problem
from bpmax_sim.scenario.expect import problems as operand_problems
from bpmax_sim.scenario.faults import fault_problem
from bpmax_sim.scenario.model import (
    During,
    Expect,
    ExpectedError,
    FaultRule,
    FlowSpec,
    FormSpec,
    Retry,
    Step,
    inner_steps,
)
from bpmax_sim.scenario.people import check_people, literal
from bpmax_sim.scenario.references import (
    Reference,
    UndefinedValueError,
    check_condition,
    pieces,
    reference,
    undefined,
    unset,
)
from bpmax_sim.scenario.rows import RowAction
from bpmax_sim.scenario.source import ScenarioSource, Spot
from bpmax_sim.subject.cells import field_hint, steps_of
from bpmax_sim.subject.definition import Definition, NodeForm, SubFlow, reachable
from bpmax_sim.subject.hooks import SubjectKind, check_target, parse_event
from bpmax_sim.yamlfile.node import Node

_SECRET_ROOTS = ("env", "vars", "case")


def check_settings(draft: ScenarioDraft) -> None:
    """Tell *draft* what is wrong with them."""
    for rule in (_name, _clock, _user, _stubs, _places, _secrets, _rows):
        rule(draft)


def _name(draft: ScenarioDraft) -> None:
    if not draft.scenario.scenario.strip():
        draft.tell(draft.spot.at("scenario"), msg("a scenario needs a name"))


def _clock(draft: ScenarioDraft) -> None:
    if draft.scenario.clock:
        try:
            Instant.parse(draft.scenario.clock)
        except ValueError as error:
            draft.tell(draft.spot.at("clock"), str(error))


def _user(draft: ScenarioDraft) -> None:
    user = draft.scenario.user
    if user is not UNSET and not isinstance(user, str | int | Mapping):
        draft.tell(draft.spot.at("user"), msg("expected an id, or a map such as {id: lisi}"))


def _stubs(draft: ScenarioDraft) -> None:
    for stub, spot in elements(draft.spot.at("proxy", "stubs"), draft.scenario.proxy.stubs):
        if "." not in stub.on:
            draft.tell(spot, "on: expected platform.api or platform.*, got {on!r}", on=stub.on)


def _places(draft: ScenarioDraft) -> None:
    """Find paths that name no place of a request, and would be ignored without a word."""
    for text, spot in elements(draft.spot.at("proxy", "ignore"), draft.scenario.proxy.ignore):
        try:
            FieldPath.parse(text, "ignore")
        except ConfigError as error:
            reason = str(error).removeprefix("ignore: ")
            draft.tell(spot, reason)


def _rows(draft: ScenarioDraft) -> None:
    """Find marks of rows that are neither a text nor a list of them."""
    for row in draft.rows:
        for key in ("tags", "skip", "xfail"):
            value = row.values.get(key)
            listed = value if isinstance(value, list) and key == "tags" else [value]
            if any(isinstance(item, Mapping | list) for item in listed):
                draft.problems.append(
                    Problem(msg("{key}: expected text", key=key), row.place, "cases")
                )


def _secrets(draft: ScenarioDraft) -> None:
    for text, spot in elements(draft.spot.at("secrets"), draft.scenario.secrets):
        if wrong := _secret(draft, text):
            draft.tell(spot, wrong)


def _secret(draft: ScenarioDraft, text: str) -> str | None:
    """Return what is wrong with the name of a secret; a variable of the environment may come."""
    try:
        referenced = reference(text)
    except UndefinedValueError:
        referenced = None
    if referenced is None or referenced.root not in _SECRET_ROOTS:
        return msg("expected env.X, vars.x or case.x, got {text!r}", text=text)
    return None if referenced.root == "env" else _Scope(draft, ()).problem(referenced)


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
_FLOW_FACTS = (*_MOVING, "form", "project", "task_title", "visibility")
_ID = re.compile(r"[.\[\]{}]")
_FIELD_FACTS = ("visible", "required", "readonly", "options")


def check(draft: ScenarioDraft) -> None:
    """Tell *draft* everything that is wrong with it."""
    for rule in _CHECKS:
        rule(draft)


def _subject(draft: ScenarioDraft) -> None:
    scenario = draft.scenario
    steps = draft.spot.source.root.child("steps")
    if not scenario.steps and not (steps and steps.elements):
        draft.tell(draft.spot.at("steps"), msg("a scenario needs a step"))
    flow = scenario.flow
    if flow is not UNSET and flow.at and draft.nodes and flow.at not in draft.nodes:
        draft.tell(
            draft.spot.at("flow", "at"),
            "no node {at!r}{hint}",
            at=flow.at,
            hint=suggestion(flow.at, draft.nodes),
        )
    elif flow is not UNSET and draft.definition and flow.at and draft.definition.nodes[flow.at].end:
        draft.tell(
            draft.spot.at("flow", "at"),
            "the flow has ended at {at!r}; nothing is left to do",
            at=flow.at,
        )


def _scripts(draft: ScenarioDraft) -> None:
    for subject, spec in draft.specs.items():
        _events(draft, subject, spec.scripts, draft.spot.at(subject, "scripts"), draft.nodes)
    flow = draft.scenario.flow
    for name, sub in (flow.subflows if isinstance(flow, FlowSpec) else {}).items():
        spot = draft.spot.at("flow", "subflows", name, "scripts")
        definition = draft.subflows.get(name)
        _events(draft, "flow", sub.scripts, spot, tuple(definition.nodes if definition else ()))


def _events(
    draft: ScenarioDraft,
    subject: SubjectKind,
    scripts: Mapping[str, Any],
    spot: Spot,
    nodes: tuple[str, ...],
) -> None:
    """Find events that *subject* does not have, or that are about what is not there."""
    targets = {"change": draft.fields, "approve": nodes, "reject": nodes}
    targets |= {"before_next": nodes, "owners": nodes}
    for text in scripts:
        try:
            event = parse_event(text, subject)
        except ValueError as error:
            draft.tell(spot.at(text), str(error))
            continue
        wrong = check_target(event, targets.get(event.hook.name, ()))
        if wrong:
            draft.tell(spot.at(text), wrong)


def _flows(draft: ScenarioDraft) -> None:
    """Find what does not fit between the flow's definition and the rest of the scenario."""
    flows: dict[str, tuple[Definition, ScenarioSource]] = dict(draft.children)
    if draft.definition is not None and draft.definition_source is not None:
        flows[""] = draft.definition, draft.definition_source
    for definition, source in flows.values():
        for name, node in definition.nodes.items():
            spot = Spot(source, ("nodes", name))
            if isinstance(node.form, NodeForm):
                _node_form(draft, node.form, spot.at("form"))
            if draft.lists_people:
                for owner, place in elements(spot.at("owners"), node.owners):
                    check_people(draft, owner, place)
    _starts(draft, flows)


def _fields_of_subflows(draft: ScenarioDraft) -> None:
    if draft.definition is not None and draft.definition_source is not None:
        for name, node in draft.definition.nodes.items():
            _handed(draft, node.child, Spot(draft.definition_source, ("nodes", name, "subflow")))


def _handed(draft: ScenarioDraft, child: SubFlow | None, spot: Spot) -> None:
    """Find fields that a sub-flow gets or gives back and the form does not have."""
    for field, to in (child.form if child else {}).items():
        if wrong := field_hint(to, draft.fields):
            draft.tell(spot.at("form", field), wrong)
    for field in child.back if child else ():
        if wrong := field_hint(field, draft.fields):
            draft.tell(spot.at("back", field), wrong)


def _node_form(draft: ScenarioDraft, form: NodeForm, spot: Spot) -> None:
    for field in form.fields:
        if wrong := field_hint(field.replace(".", "[0]."), draft.fields):
            draft.tell(spot.at("fields", field), wrong)
    _events(draft, "form", form.scripts, spot.at("scripts"), ())


def _starts(draft: ScenarioDraft, flows: Mapping[str, tuple[Definition, ScenarioSource]]) -> None:
    """Find sub-flows that are not there, that start themselves, and that nobody starts."""
    begins: dict[str, dict[str, Spot]] = {name: {} for name in flows}
    for flow, (definition, source) in flows.items():
        for name, node in definition.nodes.items():
            if node.child is None:
                continue
            path = ("subflow",) if isinstance(node.subflow, str) else ("subflow", "flow")
            spot = Spot(source, ("nodes", name, *path))
            if node.child.flow not in flows:
                known = draft.children
                more = suggestion(node.child.flow, known) or msg(
                    "; declare it in the scenario: flow.subflows"
                )
                draft.tell(spot, "no sub-flow {flow!r}{more}", flow=node.child.flow, more=more)
            begins[flow][node.child.flow] = spot
    started = reachable(begins.get("", ()), lambda name: begins.get(name, ()))
    for flow in draft.children:
        if flow in reachable(begins[flow], lambda name: begins.get(name, ())):
            spot = next(iter(begins[flow].values()))
            draft.tell(
                spot, "the sub-flow {flow!r} starts itself, so it would never end", flow=flow
            )
        if flow not in started:
            spot = draft.spot.at("flow", "subflows", flow)
            draft.tell(spot, "no node starts the sub-flow {flow!r}", flow=flow)


def _rows_beyond(draft: ScenarioDraft) -> None:
    """Find rows that no table has at a step, as far as only steps change tables."""
    form = draft.scenario.form
    if not isinstance(form, FormSpec) or draft.scripts or draft.scenario.use:
        return
    counts = {name: len(value) for name, value in form.fields.items() if isinstance(value, list)}
    for step, spot in elements(draft.spot.at("steps"), draft.scenario.steps):
        if step.condition is not True or step.expect_error is not UNSET or not counts:
            return
        if not _rows_of_step(draft, step, counts, spot.at(step.action)):
            return


def _rows_of_step(draft: ScenarioDraft, step: Step, counts: dict[str, int], spot: Spot) -> bool:
    """Judge and count the rows of a step; return whether nothing else can have changed tables."""
    kind, value = step.kind, step.value if isinstance(step.value, Mapping) else {}
    if step.action == "set":
        for name, entered in value.items():
            _cell_beyond(draft, counts, name, entered, spot.at(name))
    elif kind is not None and issubclass(kind, RowAction) and value.get("table") in counts:
        table = value["table"]
        for key in kind.rows:
            row, more = value.get(key, 0), int(kind.adds)
            _row_beyond(draft, table, (row, counts[table], more), spot.at(key))
        counts[table] += kind.more
    elif step.action:
        return False
    return True


def _cell_beyond(
    draft: ScenarioDraft, counts: dict[str, int], name: str, value: Any, spot: Spot
) -> None:
    if name in counts:
        counts.update({name: len(value)} if isinstance(value, list) else {})
        return
    match steps_of(name):
        case (str(table), int(row), *_) if table in counts:
            _row_beyond(draft, table, (row, counts[table], 0), spot)


def _row_beyond(draft: ScenarioDraft, table: str, rows: tuple[Any, int, int], spot: Spot) -> None:
    """Tell a row that is not there; *rows* are the row, how many there are, and one more or not."""
    row, there, more = rows
    if isinstance(row, int) and row >= there + more:
        draft.tell(
            spot,
            "{table}: no row {row} here; there are {there}, counted from 0; add_row adds one",
            table=table,
            there=there,
            row=row,
        )


def _during(draft: ScenarioDraft) -> None:
    for step, spot in draft.steps():
        if isinstance(step.during, During):
            platform, dot, api = step.during.call.partition(".")
            if not (platform and dot and api):
                wrong = msg("expected call: platform.api, got {call!r}", call=step.during.call)
                draft.tell(spot.at("during", "call"), wrong)
            if not step.action:
                draft.tell(
                    spot.at("during"), msg("nothing goes on meanwhile: this step has no action")
                )


def _fault_sets(draft: ScenarioDraft) -> None:
    for rules in draft.fault_sets().values():
        for rule, spot in rules:
            _fault(draft, rule, spot)
    _fault_list(draft, draft.scenario.faults, draft.spot.at("faults"))
    for step, spot in draft.steps():
        _fault_list(draft, step.faults, spot.at("faults"))


def _fault(draft: ScenarioDraft, rule: FaultRule, spot: Spot) -> None:
    wrong = fault_problem(rule)
    if wrong and not _is_reported(draft, spot):
        draft.tell(spot, wrong)


def _is_reported(draft: ScenarioDraft, spot: Spot) -> bool:
    """Return whether something inside *spot* could not be read, which was told."""
    node = spot.source.root.at(spot.steps)
    inside = {inner.place for inner in _nodes(node)} if node else set()
    return any(problem.place in inside for problem in draft.problems)


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in (*node.items.values(), *node.elements):
        yield from _nodes(child)


def _fault_list(draft: ScenarioDraft, faults: tuple[Any, ...], spot: Spot) -> None:
    sets = draft.fault_sets()
    for fault, place in elements(spot, faults):
        if isinstance(fault, str) and "${" not in fault and fault not in sets:
            message = msg("no fault set {fault!r}{hint}", fault=fault, hint=suggestion(fault, sets))
            draft.tell(place, message)


def _ids(draft: ScenarioDraft) -> None:
    first: dict[str, Spot] = {}
    for step, spot in draft.steps():
        if step.id in first:
            line = first[step.id].place.line
            draft.tell(
                spot.at("id"),
                "the id {step_id!r} is used twice, first in line {line}",
                step_id=step.id,
                line=line,
            )
        elif step.id:
            first[step.id] = spot
        if wrong := _ID.search(step.id):
            draft.tell(
                spot.at("id"),
                "the id {step_id!r} has a {wrong!r}; a reference to it would end there",
                step_id=step.id,
                wrong=wrong[0],
            )


def _steps(draft: ScenarioDraft) -> None:
    for step, spot in draft.steps():
        actions = declared_actions(step)
        if len(actions) > 1:
            message = msg(
                "a step has one action, not {actions_count}: {names}",
                actions_count=len(actions),
                names=series(actions),
            )
            draft.tell(spot.at(actions[1]), message)
        elif actions:
            check_action(draft, actions[0], getattr(step, actions[0]), spot.at(actions[0]))
        if step.at:
            _at(draft, step, spot.at("at"))
        wrong = check_condition(step.condition)
        if wrong:
            draft.tell(spot.at("if"), wrong)
        if not actions and step.retry is not UNSET:
            draft.tell(spot.at("retry"), msg("retry repeats an action; this step has none"))


def _at(draft: ScenarioDraft, step: Step, spot: Spot) -> None:
    """Find a node that is not there, and actions that name their own or need none."""
    if step.kind is not None and not step.kind.sees_form:
        draft.tell(spot, "{action} is not done at a form", action=step.action)
    elif "${" not in step.at and step.at not in draft.nodes:
        draft.tell(spot, "no node {at!r}{hint}", at=step.at, hint=suggestion(step.at, draft.nodes))


def _expectations(draft: ScenarioDraft) -> None:
    for expect, spot in _all_expects(draft):
        for section in expect.__struct_fields__:
            value = getattr(expect, section)
            if value is not UNSET:
                _section(draft, section, value, spot.at(section))


def _all_expects(draft: ScenarioDraft) -> Iterator[tuple[Expect, Spot]]:
    yield draft.scenario.expect, draft.spot.at("expect")
    for step, spot in draft.steps():
        yield step.expect, spot.at("expect")
        if isinstance(step.retry, Retry) and isinstance(step.retry.until, Expect):
            yield step.retry.until, spot.at("retry", "until")


def _section(draft: ScenarioDraft, section: str, value: Any, spot: Spot) -> None:
    needed = _SUBJECT_SECTIONS.get(section)
    if needed and not {*needed} & {*draft.subjects}:
        draft.tell(
            spot,
            "{section} needs a {names} in the scenario",
            section=section,
            names=joined(msg(" or a "), needed),
        )
        return
    if section == "proxy":
        for item, place in elements(spot, value):
            _expected_call(draft, item, place)
        return
    if wrong := section_problem(section, value):
        draft.tell(spot, wrong)
    for steps, message in operand_problems(value):
        draft.tell(spot.at(*steps), message)
    if section in {"flow", "fields"} and isinstance(value, Mapping):
        _FACTS[section](draft, value, spot)


def _expected_call(draft: ScenarioDraft, item: Any, spot: Spot) -> None:
    platform, dot, api = item.call.partition(".")
    if "${" not in item.call and not (platform and dot and api):
        message = msg("expected platform.api, or platform.$token, got {call!r}", call=item.call)
        draft.tell(spot.at("call"), message)
    if item.times is not UNSET and (wrong := count_problem(item.times)):
        draft.tell(spot.at("times"), wrong)
    for part in item.__struct_fields__:
        value = getattr(item, part)
        if part != "call" and value is not UNSET:
            for steps, message in operand_problems(value):
                draft.tell(spot.at(part, *steps), message)


def _flow_facts(draft: ScenarioDraft, value: Mapping[str, Any], spot: Spot) -> None:
    for key, expected in value.items():
        if key not in _FLOW_FACTS and not key.startswith("$"):
            draft.tell(
                spot.at(key),
                "a flow has no {key!r}{hint}",
                key=key,
                hint=suggestion(key, _FLOW_FACTS),
            )
        elif key in _MOVING and draft.definition is None:
            draft.tell(
                spot.at(key), "{key} needs flow.definition; without it nothing moves", key=key
            )
        elif key == "at":
            several = expected if isinstance(expected, list) else [expected]
            for node, where in elements(spot.at(key), several):
                if literal(node) and node and node not in draft.nodes:
                    draft.tell(
                        where,
                        "no node {node!r}{hint}",
                        node=node,
                        hint=suggestion(node, draft.nodes),
                    )


def _field_facts(draft: ScenarioDraft, value: Mapping[str, Any], spot: Spot) -> None:
    for name, facts in value.items():
        if not name.startswith("$") and (wrong := field_hint(name, draft.fields)):
            draft.tell(spot.at(name), wrong)
        for fact in facts if isinstance(facts, Mapping) else ():
            if fact not in _FIELD_FACTS and not fact.startswith("$"):
                message = msg(
                    "a field has no {fact!r}{hint}", fact=fact, hint=suggestion(fact, _FIELD_FACTS)
                )
                draft.tell(spot.at(name, fact), message)


_FACTS: Mapping[str, Callable[[ScenarioDraft, Mapping[str, Any], Spot], None]] = {
    "flow": _flow_facts,
    "fields": _field_facts,
}


def _expected_errors(draft: ScenarioDraft) -> None:
    for step, spot in draft.steps():
        if isinstance(step.expect_error, ExpectedError):
            _expected_error(draft, step, step.expect_error, spot.at("expect_error"))


def _expected_error(draft: ScenarioDraft, step: Step, expected: ExpectedError, spot: Spot) -> None:
    if not step.action:
        draft.tell(spot, msg("only an action can end in an error; this step has none"))
    for name in expected.__struct_fields__:
        value = getattr(expected, name)
        if value is not UNSET:
            key = "from" if name == "source" else name
            for steps, message in operand_problems(value):
                draft.tell(spot.at(key, *steps), message)


def _runs(draft: ScenarioDraft) -> None:
    """Find named steps that run themselves."""
    named = draft.named_steps()
    calls = {
        name: {inner[0] for step, _ in steps if (inner := inner_steps(step))}
        for name, steps in named.items()
    }
    for name, steps in named.items():
        if name in reachable(calls[name], lambda inner: calls.get(inner, ())):
            draft.tell(steps[0][1], "the steps {name!r} run themselves", name=name)


_CHECKS: tuple[Callable[[ScenarioDraft], None], ...] = (
    _subject,
    _scripts,
    check_settings,
    _fault_sets,
    _ids,
    _steps,
    _expectations,
    _expected_errors,
    _runs,
    _flows,
    _fields_of_subflows,
    _rows_beyond,
    _during,
)


_WITHOUT_VALUES = frozenset(
    ("scripts", "libraries", "definition", "description", "platforms", "use")
) | {name for name, action in ACTIONS.items() if action.is_code}


def check_values(draft: ScenarioDraft) -> None:
    """Tell *draft* each reference to something that does not exist."""
    names = _Scope(draft, [step for step, _ in draft.steps()])
    for spot, text in _texts(draft):
        try:
            references = [piece for piece in pieces(text) if isinstance(piece, Reference)]
        except UndefinedValueError as error:
            draft.tell(spot, str(error))
            continue
        for ref in references:
            wrong = names.problem(ref)
            if wrong:
                draft.tell(spot, wrong)


def _texts(draft: ScenarioDraft) -> Iterator[tuple[Spot, str]]:
    spots = [draft.spot, *(loaded.spot for loaded in draft.fragments)]
    for spot in spots:
        if not any("${" in line or "\\" in line for line in spot.source.lines):
            continue  # nor is it spelled with an escape
        for path, text in spot.source.root.texts():
            if "${" in text and _WITHOUT_VALUES.isdisjoint(path):
                yield Spot(spot.source, path), text


class _Scope:
    """What there is to name, by the root of a reference; ``now`` and ``uuid`` have no names.

    Attributes:
        known: root -> names, of a form none where it declares none.
        lacking: root -> why it has no names at all.
    """

    def __init__(self, draft: ScenarioDraft, steps: Sequence[Step]) -> None:
        self.draft = draft
        variables = {*draft.declared_vars(), *(name for step in steps for name in step.save)}
        for step in steps:
            if inner := inner_steps(step):
                variables |= inner[1].keys()
        columns = list(dict.fromkeys(name for row in draft.rows for name in row.values))
        self.known: Mapping[str, Collection[str]] = {
            "vars": sorted(variables),
            "case": columns,
            "env": draft.environ,
            "steps": [step.id for step in steps if step.id],
            "form": draft.fields,
            "flow": _FLOW_FACTS,
        }
        self.lacking = {
            "case": "" if columns else msg("; the scenario has no cases"),
            "form": "" if draft.subjects else msg("; the scenario has no form"),
            "flow": "" if "flow" in draft.subjects else msg("; the scenario has no flow"),
        }

    def problem(self, ref: Reference) -> str | None:
        """Return what is wrong with *ref*, or None."""
        if ref.root not in self.known:
            return None
        known, whole = self.known[ref.root], ref.text.partition(".")[2]
        name = whole if whole in known or ref.root == "env" else str(ref.path[0])
        if lacking := self.lacking.get(ref.root):
            return str(undefined(ref.text, lacking))
        if name in known or (ref.root == "form" and not known):
            self._check_cells(ref, name)
            return None
        hint = unset(name) if ref.root == "env" else suggestion(name, known)
        return str(undefined(ref.text, hint))

    def _check_cells(self, ref: Reference, name: str) -> None:
        """Report rows that lack the cell *name*."""
        for row in self.draft.rows if ref.root == "case" else ():
            if name not in row.values:
                message = msg(
                    "row {row_id!r} has no {name!r}, which ${{{ref_text}}} names",
                    row_id=row.id,
                    name=name,
                    ref_text=ref.text,
                )
                problem = Problem(message, row.place, "cases")
                if problem not in self.draft.problems:
                    self.draft.problems.append(problem)
