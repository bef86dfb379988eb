"""A flow: a project that stands at a node, moves when someone acts, and runs hooks on the way.

Without a definition nothing moves: hooks run and write, and only that can be asserted. What goes
wrong on the way leaves the project as it was before the action.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import msgspec

from bpmax_sim.errors import (
    BpmaxError,
    CallError,
    Place,
    ScriptError,
    SubjectError,
    listed,
    near,
)
from bpmax_sim.js_values import UNDEFINED, Undefined
from bpmax_sim.platform.model import Model
from bpmax_sim.script.channel import LiveObject
from bpmax_sim.script.failure import Script
from bpmax_sim.script.outbox import Outcome
from bpmax_sim.script.runtime import Page
from bpmax_sim.subject.cells import steps_of, table_of, with_cell
from bpmax_sim.subject.context import ContextView, FlowFormView, Part, ProjectView, context_of
from bpmax_sim.subject.hooks import (
    FieldChanged,
    FlowMove,
    HookStarted,
    NodeEntered,
    Result,
    same,
)
from bpmax_sim.subject.screen import Screen

Action = Literal["approve", "reject"]
ACTIONS: tuple[Action, ...] = ("approve", "reject")
_ROUTE_KEYS = ("when", "to")
Finding = tuple[tuple[str | int, ...], str]


class Route(msgspec.Struct, frozen=True):
    """Where an action leads; *when* is a JavaScript expression over ``ctx``, empty for always."""

    to: str
    when: str = ""


class Node(Model, frozen=True, kw_only=True):
    """One node; ``approve`` and ``reject`` name the next node, or list routes in order."""

    title: str = ""
    owners: tuple[str | int, ...] = ()
    approve: Any = None
    reject: Any = None
    end: bool = False

    def conditions(self) -> Iterator[tuple[Action, int, tuple[str | int, ...], str]]:
        """Yield each condition: its action, the number of its route, its path, its text."""
        for action in self.offers:
            is_list = isinstance(getattr(self, action), list | tuple)
            for number, route in enumerate(self.routes(action)):
                if route.when:
                    inside = (number,) if is_list else ()
                    yield action, number, (action, *inside, "when"), route.when

    def routes(self, action: Action) -> tuple[Route, ...]:
        """Return where *action* leads, first match wins; nothing if it is not offered."""
        declared = getattr(self, action)
        if declared is None:
            return ()
        if isinstance(declared, str):
            return (Route(declared),)
        items = declared if isinstance(declared, list | tuple) else (declared,)
        return tuple(Route(item["to"], str(item.get("when", ""))) for item in items)

    @property
    def offers(self) -> tuple[Action, ...]:
        """Return the actions that the node knows."""
        return tuple(action for action in ACTIONS if getattr(self, action) is not None)


class Definition(Model, frozen=True, kw_only=True):
    """A flow: its name, first node and nodes."""

    flow: str
    start: str
    nodes: Mapping[str, Node]

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong with the flow as a whole, with the path inside the file."""
        if self.start not in self.nodes:
            yield ("start",), f"no node {self.start!r}{_hint(self.start, self.nodes)}"
        malformed = list(self._malformed())
        yield from malformed
        if malformed or self.start not in self.nodes:
            return
        yield from self._leads_nowhere()
        reached = self._reached()
        for name in self.nodes:
            if name not in reached:
                yield ("nodes", name), f"node {name!r} cannot be reached from {self.start!r}"

    def _malformed(self) -> Iterator[Finding]:
        for name, node in self.nodes.items():
            if node.end and node.offers:
                yield ("nodes", name, node.offers[0]), "an end node offers no action"
            if not node.end and not node.offers:
                yield ("nodes", name), "a node needs approve, reject, or end: true"
            for action in node.offers:
                path = ("nodes", name, action)
                yield from _malformed_routes(getattr(node, action), path)
                yield from _malformed_conditions(getattr(node, action), path)

    def _leads_nowhere(self) -> Iterator[Finding]:
        for name, node in self.nodes.items():
            for action in node.offers:
                for number, route in enumerate(node.routes(action)):
                    if route.to not in self.nodes:
                        listed = isinstance(getattr(node, action), list | tuple)
                        path = ("nodes", name, action, *((number, "to") if listed else ()))
                        yield path, f"no node {route.to!r}{_hint(route.to, self.nodes)}"

    def _reached(self) -> set[str]:
        reached: set[str] = set()
        waiting = [self.start]
        while waiting:
            name = waiting.pop()
            if name in reached or name not in self.nodes:
                continue
            reached.add(name)
            node = self.nodes[name]
            waiting += [route.to for action in node.offers for route in node.routes(action)]
        return reached


def _malformed_routes(declared: Any, path: tuple[str | int, ...]) -> Iterator[Finding]:
    if isinstance(declared, str):
        return
    items = declared if isinstance(declared, list | tuple) else (declared,)
    if not items:
        yield path, "expected a node, or a list of {when, to}"
    for number, item in enumerate(items):
        if not isinstance(item, Mapping) or not isinstance(item.get("to"), str):
            yield (*path, number), "expected {when: a condition, to: a node}"
            continue
        for key in item:
            if key not in _ROUTE_KEYS:
                yield (*path, number, key), f"unknown key {key!r}{_hint(str(key), _ROUTE_KEYS)}"
        if "when" not in item and number < len(items) - 1:
            yield (*path, number), "a route without when always matches; put it last"


def _malformed_conditions(declared: Any, path: tuple[str | int, ...]) -> Iterator[Finding]:
    for number, item in enumerate(declared if isinstance(declared, list | tuple) else [declared]):
        if isinstance(item, Mapping) and "when" in item:
            inside = (number,) if isinstance(declared, list | tuple) else ()
            if wrong := _condition_problem(item["when"]):
                yield (*path, *inside, "when"), wrong


_QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`""")
_BARE_FORM = re.compile(r"(?<![\w$.])form\s*(?=[.\[?])")


def _condition_problem(when: Any) -> str | None:
    """Return what is wrong with a condition as far as that is seen without an engine."""
    if not isinstance(when, str) or not when.strip():
        return f"expected a JavaScript expression over ctx, got {when!r}"
    if _BARE_FORM.search(_QUOTED.sub("''", when)):
        return "a condition sees ctx alone; write ctx.form where form is written"
    return None


def _hint(name: str, known: Any) -> str:
    return near(name, known) or f"; there is {listed(known)}"


UNTREATED, PASSED, REFUSED = 0, 1, 2
PROJECT = "0"
"""The key of a map of owners that stands for the project as a whole."""
Items = list[dict[str, Any]]


def untreated(items: Iterable[Mapping[str, Any]]) -> Items:
    """Return *items* as those of owners who have not acted yet, where they do not say more."""
    return [{"status": UNTREATED, **item} for item in items]


def assigned(value: Any, node: str, nodes: Iterable[str] = ()) -> Mapping[str, Items]:
    """Return what the hook ``owners`` at *node* gave: node -> items; ``"0"`` is the project.

    *nodes* are those of the flow, as far as they are known.

    Raises:
        SubjectError: if it gave something else than owners, or owners of a node that is not there.
    """
    if value is None or isinstance(value, Undefined):
        return {}
    if not isinstance(value, Mapping):
        return {node: _items(value, node)}
    known = tuple(nodes)
    for step in value:
        if known and str(step) not in (*known, PROJECT):
            hint = _hint(str(step), known)
            raise SubjectError(f"owners.{node} returned owners of {step!r}, which is no node{hint}")
    return {str(step): _items(items, node) for step, items in value.items()}


def actor(node: str, items: Sequence[Mapping[str, Any]], by: str, user: Mapping[str, Any]) -> str:
    """Return who acts at *node*: *by*, else the user, else the first owner.

    Raises:
        SubjectError: if that is not one of its owners, or it has none.
    """
    ids = [str(item.get("owner_id")) for item in items]
    if not ids:
        raise SubjectError(
            f"nobody may act at {node!r}: it has no owners; declare owners in the definition, "
            f"or return them from owners.{node}"
        )
    acting = by or str(user.get("id", "")) or ids[0]
    if acting not in ids:
        raise SubjectError(f"{acting} is not an owner of {node!r}; its owners: {', '.join(ids)}")
    return acting


def mark(items: Items, by: str, status: int) -> None:
    """Note on the items of *by* what was done."""
    for item in items:
        if str(item.get("owner_id")) == by:
            item["status"] = status


def _items(items: Any, node: str) -> Items:
    listed_items = isinstance(items, list | tuple)
    if not listed_items or not items or not all(map(_is_owner, items)):
        raise SubjectError(
            f"owners.{node} must return owners such as [{{owner_id: 7}}], got {items!r}"
        )
    return [dict(item) for item in items]


def _is_owner(item: Any) -> bool:
    """Return whether *item* is an ``OwnerItem``: a number or a text, and a status of three."""
    if not isinstance(item, Mapping):
        return False
    owner, status = item.get("owner_id"), item.get("status", UNTREATED)
    if not isinstance(owner, str | int) or isinstance(owner, bool) or owner == "":
        return False
    return not isinstance(status, bool) and status in (UNTREATED, PASSED, REFUSED)


NEW, PROCESSING, FINISHED, REJECTED = "new", "processing", "finished", "rejected"
ENDS: Mapping[str, str] = {"approve": FINISHED, "reject": REJECTED}


def check_action(definition: Definition, status: str, at: str, action: Action, said: str) -> None:
    """Check that *action* is possible at the present node; *said* is where a step acts.

    Raises:
        SubjectError: if it is not.
    """
    if status != PROCESSING:
        hint = "submit it first, or set flow.at" if status == NEW else "nothing is left"
        raise SubjectError(f"cannot {action}: the project is {status}; {hint}")
    if said and said != at:
        hint = near(said, definition.nodes) if said not in definition.nodes else ""
        raise SubjectError(f"cannot {action} at {said!r}: it stands at {at!r}{hint}")
    offers = definition.nodes[at].offers
    if action not in offers:
        offered = ", ".join(offers) or "no action"
        raise SubjectError(f"node {at!r} does not offer {action}; it offers {offered}")


def first_node(definition: Definition | None, jump: Any) -> str:
    """Return the first node: what the hook ``jump`` gave, else where the definition starts.

    Raises:
        SubjectError: if there is no such node.
    """
    if definition is None:
        return jump if isinstance(jump, str) else ""
    if jump is None:
        return definition.start
    if jump not in definition.nodes:
        hint = near(str(jump), definition.nodes) or f"; there is {listed(definition.nodes)}"
        raise SubjectError(f"jump returned {jump!r}, which is no node{hint}")
    return str(jump)


_BUGS = (
    "EvalError",
    "InternalError",
    "RangeError",
    "ReferenceError",
    "SyntaxError",
    "TypeError",
    "URIError",
)
"""What the language itself throws; a script that says no throws an Error, a text, or its own."""


def refusal(event: str, value: Any, thrown: Exception | None) -> str | None:
    """Return the text with which the check *event* says no, or None where it does not.

    Raises:
        SubjectError: it returned what is neither a yes nor a no.
    """
    if thrown is not None:
        return _said(thrown) if isinstance(thrown, ScriptError) and says_no(thrown) else None
    if value is False:
        return f"{event} refused"
    if isinstance(value, str) and value:
        return value
    if value is None or value is True or isinstance(value, Undefined):
        return None
    raise SubjectError(
        f"{event} returned {value!r}, which neither refuses nor agrees; return false or a text, "
        "or throw, to refuse; return nothing or true to agree"
    )


_QUOTES = ("'", '"', "`")


def _said(thrown: ScriptError) -> str:
    """Return what was thrown; a text that was thrown as it is, is told in quotes."""
    text = thrown.message
    quoted = thrown.name == "Uncaught" and text[:1] in _QUOTES and text[-1:] == text[:1]
    return text[1:-1] if quoted and len(text) > 1 else text


def says_no(thrown: Exception) -> bool:
    """Return whether *thrown* is the script's own: no bug, no limit, and no rejected call."""
    if type(thrown) is not ScriptError or thrown.name in _BUGS:
        return False
    code = thrown.fields.get("code")
    rejected = isinstance(thrown.__cause__, BpmaxError) and not isinstance(
        thrown.__cause__, ScriptError
    )
    return code is None or not (
        rejected or "platform_key" in thrown.fields or code == CallError.default_code
    )


UNDO = "undo"
"""Who takes back what an action wrote that went wrong, and the action of going back."""


class _Memory(msgspec.Struct, frozen=True):
    """A flow before an action."""

    at: str
    status: str
    form: Mapping[str, Any]
    project: Mapping[str, Any]
    owners: dict[str, Items]
    assigned: dict[str, Items]
    states: dict[str, dict[str, Any]]


class FlowSubject(Screen, kw_only=True):
    """A flow that is driven by what people do at its nodes.

    Attributes:
        conditions: where each ``when`` stands in its file, by node, action and number of the route.
        at: the present node, empty before creation or without a definition.
        status: ``new``, ``processing``, ``finished`` or ``rejected``.
        owners: node -> owner items, as far as they were assigned.
        assigned: what hooks said of nodes that the project has not reached, or may reach again.
        user: who acts where a step does not say.
    """

    definition: Definition | None = None
    conditions: Mapping[tuple[str, str, int], Place] = msgspec.field(default_factory=dict)
    at: str = ""
    project: dict[str, Any] = msgspec.field(default_factory=dict)
    form: dict[str, Any] = msgspec.field(default_factory=dict)
    user: Mapping[str, Any] = msgspec.field(default_factory=dict)
    status: str = NEW
    owners: dict[str, Items] = msgspec.field(default_factory=dict)
    assigned: dict[str, Items] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start in the middle where *at* says so."""
        if self.at:
            self.status = PROCESSING

    def create(self, move: FlowMove) -> Result:
        """Create the project: ``create``, ``project_name``, ``jump``, then the first node.

        Raises:
            SubjectError: it is created already, or ``jump`` leads nowhere.
        """
        if self.status != NEW:
            raise SubjectError(f"the project is created already; it stands at {self.at!r}")
        creating = msgspec.structs.replace(move, action="create")
        with self._whole_or_not_at_all():
            self.store("form", move.form, "user")
            if self._hook("create", creating, both=True) is False or self._result.errors:
                self._result.refused = True
                return self._result
            value = self._result.value
            name = self._hook("project_name", creating)
            if isinstance(name, str):
                self.project["name"] = name
            first = self._hook("jump", creating)
            self._computed(creating)
            if not self._result.errors:
                self._enter(first_node(self.definition, first), "create", creating)
            self._result.value = value
        return self._result

    def act(self, action: Action, move: FlowMove) -> Result:
        """Approve or reject: check, run the hooks, then go where the definition leads.

        Raises:
            SubjectError: if the node does not offer *action*, or the actor is not an owner.
        """
        node = self._node(action, move)
        if node not in self.owners and not self._assign(node, move):
            self._result.refused = True
            return self._result
        acting = FlowMove(
            at=node,
            by=self._actor(node, move.by),
            comment=move.comment,
            form=move.form,
            action=action,
        )
        with self._whole_or_not_at_all():
            self.store("form", move.form, "user")
            target = self._target(node, action, acting)
            if self._result.errors or (
                action == "approve" and self._is_refused(node, acting, target)
            ):
                self._result.refused = True
                return self._result
            value = self._hook(f"{action}.{node}", acting, both=True, target=target)
            if self._result.errors:
                self._result.refused = True
                return self._result
            done = PASSED if action == "approve" else REFUSED
            mark(self.owners.get(node, []), acting.by, done)
            self._move(node, action, acting)
            if not self._result.errors:
                self._computed(acting)
            self._result.value = value
        return self._result

    def fire(self, event: str) -> Result:
        """Run the hook *event* alone; ``computed`` and ``owners`` have their effect."""
        name, _, target = event.partition(".")
        action = {"before_next": "approve"}.get(name, name)
        move = FlowMove(at=self.at, action=action if action in {"create", *ACTIONS} else "")
        with self._whole_or_not_at_all():
            if name == "computed":
                self._computed(move)
            elif name == "owners":
                self._assign(target, move)
            else:
                self._hook(event, move, both=name in {"create", "approve", "reject"})
        return self._result

    def set(self, values: Mapping[str, Any]) -> Result:
        """Fill in the project's form, then bring computed values up to date."""
        with self._whole_or_not_at_all():
            for name, value in values.items():
                steps = () if name in self.form else steps_of(name)
                field = str(steps[0]) if steps else name
                new = with_cell(self.form.get(field), steps[1:], value, name)
                self.store("form", {field: new}, "user")
            self._computed(FlowMove(at=self.at))
        return self._result

    def set_rows(self, table: str, change: Callable[[list[Any]], list[Any]]) -> Result:
        """Let a table of the project's form have the rows that *change* makes of its own."""
        return self.set({table: change(table_of(self.form.get(table), table))})

    def store(
        self, part: Part, values: Mapping[str, Any], by: str, place: Place | None = None
    ) -> None:
        """Merge *values* into the form or the project; *place* is the script's line."""
        target: dict[str, Any] = getattr(self, part)
        for name, value in values.items():
            old = target.get(name)
            if name in target and same(old, value):
                continue
            if isinstance(value, Undefined):
                if name not in target:
                    continue
                target.pop(name)
            else:
                target[name] = value
            label = name if part == "form" else f"{part}.{name}"
            self.tell(FieldChanged(field=label, old=old, new=value, by=by, place=place))

    def views(self) -> tuple[FlowFormView, ContextView]:
        """Return the ``form`` and the ``ctx`` of a script that belongs to no event."""
        return self._views("js", FlowMove(at=self.at))

    def _views(
        self, event: str, move: FlowMove, target: str = ""
    ) -> tuple[FlowFormView, ContextView]:
        """Return ``form`` and ``ctx``, whose ``form`` is the same object."""
        form = FlowFormView(self, self, event)
        node = move.at or self.at
        known = self.definition.nodes.get(node) if self.definition else None
        step = {
            "id": node,
            "name": (known.title if known else "") or node,
            "flow_step_id": node,
            "owner": self.owners.get(node, []),
        }
        links: dict[str, LiveObject] = {"form": form, "project": ProjectView(self, event)}
        return form, ContextView(context_of(move, step, target, self.user), links)

    def facts(self) -> Mapping[str, Any]:
        """Return what a scenario can ask of the flow."""
        return {
            "at": self.at,
            "status": self.status,
            "form": self.form,
            "project": self.project,
            "owners": [item.get("owner_id") for item in self.owners.get(self.at, [])],
        }

    @contextmanager
    def _whole_or_not_at_all(self) -> Iterator[None]:
        """Take back what was written, and the way that was gone, where something goes wrong."""
        before = _Memory(
            at=self.at,
            status=self.status,
            form=dict(self.form),
            project=dict(self.project),
            owners=copy.deepcopy(self.owners),
            assigned=dict(self.assigned),
            states=copy.deepcopy(self.states),
        )
        try:
            yield
        except Exception:
            self._undo(before)
            raise
        if self._result.errors or self._result.refused:
            self._undo(before)

    def _undo(self, before: _Memory) -> None:
        for part in _PARTS:
            now: dict[str, Any] = getattr(self, part)
            then: Mapping[str, Any] = getattr(before, part)
            gone = {name: UNDEFINED for name in now if name not in then}
            self.store(part, {**then, **gone}, UNDO)
        if self.at != before.at:
            self.tell(NodeEntered(node=before.at, previous=self.at, action=UNDO, by=""))
        self.at, self.status = before.at, before.status
        self.owners, self.assigned, self.states = before.owners, before.assigned, before.states

    def _hook(self, event: str, move: FlowMove, *, both: bool = False, target: str = "") -> Any:
        script = self.scripts.get(event)
        if script is None:
            return None
        self.tell(HookStarted(event=event, script=script.name))
        ended = self._run(script, event, move, both=both, target=target)
        self._result.take(ended)
        self._result.returned(ended.value)
        return ended.value

    def _run(
        self, script: Script, event: str, move: FlowMove, *, both: bool = False, target: str = ""
    ) -> Outcome:
        form, ctx = self._views(event, move, target)
        return self.stage.run_script(
            script,
            ctx=ctx,
            form=form if both else None,
            libraries=self.libraries,
            page=Page(),
        )

    def _is_refused(self, node: str, move: FlowMove, target: str) -> bool:
        """Run ``before_next``; what it throws of its own is a no, any other error is an error."""
        event = f"before_next.{node}"
        value = self._hook(event, move, target=target)
        thrown = self._result.errors[-1] if self._result.errors else None
        text = refusal(event, value, thrown)
        if text is None:
            return thrown is not None
        if thrown is not None:
            self._result.errors.remove(thrown)
        self.show(text, "error")
        return True

    def _node(self, action: Action, move: FlowMove) -> str:
        if self.definition is None:
            return move.at or self.at
        check_action(self.definition, self.status, self.at, action, move.at)
        return self.at

    def _actor(self, node: str, by: str) -> str:
        """Return who acts; where nothing is said of owners at all, that is anybody."""
        items = self.owners.get(node, [])
        if self.definition is None and not items:
            return by or str(self.user.get("id", ""))
        return actor(node, items, by, self.user)

    def _assign(self, node: str, move: FlowMove) -> bool:
        """Say who may act at *node*: its hook, else an earlier hook's map, else the definition.

        Returns whether the hook went well.
        """
        declared = self.definition.nodes[node].owners if self.definition and node else ()
        earlier = self.assigned.get(node)
        items = [{"owner_id": owner} for owner in declared] if earlier is None else earlier
        self.owners[node] = untreated(items)
        wrong = len(self._result.errors)
        value = self._hook(f"owners.{node}", msgspec.structs.replace(move, at=node))
        try:
            given = assigned(value, node, self.definition.nodes if self.definition else ())
        except SubjectError as error:
            self._result.errors.append(error)
            given = {}
        if len(self._result.errors) > wrong:
            del self.owners[node]
            return False
        for step, found in given.items():
            if step == PROJECT and step not in (self.definition.nodes if self.definition else ()):
                self.store("project", {"owner": found}, f"owners.{node}")
                continue
            if step != node:
                self.assigned[step] = found
            if step in (node, self.at):
                self.owners[step] = untreated(found)
            else:
                self.owners.pop(step, None)
        return True

    def _target(self, node: str, action: Action, move: FlowMove) -> str:
        """Return where *action* leads as things stand, for a script that can look at it."""
        watched = self.scripts.keys() & {f"before_next.{node}", f"{action}.{node}"}
        return self._route(node, action, move) if watched else ""

    def _move(self, node: str, action: Action, move: FlowMove) -> None:
        if self.definition is None:
            return
        target = self._route(node, action, move)
        if target:
            self._enter(target, action, move)
        elif not self._result.errors:
            raise SubjectError(f"no route of {action} at {node!r} matches; add one without when")

    def _route(self, node: str, action: Action, move: FlowMove) -> str:
        """Return the node that the first matching route leads to."""
        routes = self.definition.nodes[node].routes(action) if self.definition else ()
        for number, route in enumerate(routes):
            if not route.when or self._holds(node, number, route.when, move):
                return route.to
            if self._result.errors:
                break
        return ""

    def _holds(self, node: str, number: int, when: str, move: FlowMove) -> bool:
        name = f"{node}.{move.action}[{number}].when"
        script = Script(f"{name}.js", f"return Boolean({when}\n);")
        place = self.conditions.get((node, move.action, number))
        if place is not None:  # the expression stands in its script where it stands in its file
            lines = "\n" * max(place.line - 2, 0)
            text = f"{lines}return Boolean(\n{' ' * (place.column - 1)}{when}\n);"
            script = Script(place.file, text)
        ended = self._run(script, name, move)
        self._result.take(ended)
        return ended.error is None and bool(ended.value)

    def _enter(self, node: str, action: str, move: FlowMove) -> None:
        previous, self.at = self.at, node
        end = self.definition is not None and self.definition.nodes[node].end
        self.status = ENDS.get(action, FINISHED) if end else PROCESSING
        self.tell(NodeEntered(node=node, previous=previous, action=action, by=move.by))
        if self.definition is not None and not end:
            self._assign(
                node, FlowMove(at=node, by=move.by, comment=move.comment, action=move.action)
            )

    def _computed(self, move: FlowMove) -> None:
        value = self._hook("computed", move)
        if isinstance(value, Mapping):
            self.store("form", value, "computed")


_PARTS: tuple[Part, ...] = ("form", "project")
