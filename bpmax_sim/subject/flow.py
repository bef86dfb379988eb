"""A flow: a project that stands at a node, moves when someone acts, and runs hooks on the way.

Without a definition nothing moves: hooks run and write, and only that can be asserted. The
shape of ``ctx`` follows the product's API where that is known; the nesting is this simulator's.

A flow definition: nodes, who may act at them, and where each action leads.

Who may act at a node: owner items as the product has them, ``{owner_id, status}``.

What may be done with a project, where it goes first, and how its check says no.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from bpmax_sim.errors import Place, ScriptError, SubjectError, listed, near
from bpmax_sim.js_values import Undefined
from bpmax_sim.platform.model import Model
from bpmax_sim.script.failure import Script
from bpmax_sim.script.outbox import Outcome
from bpmax_sim.subject.hooks import (
    FieldChanged,
    FlowMove,
    HookStarted,
    Members,
    MessageShown,
    NodeEntered,
    Result,
    Stage,
    Tell,
    context_of,
    same,
)

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
                yield from _malformed_routes(getattr(node, action), ("nodes", name, action))

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


def _hint(name: str, known: Any) -> str:
    return near(name, known) or f"; there is {listed(known)}"


UNTREATED, PASSED, REFUSED = 0, 1, 2
Items = list[dict[str, Any]]


def untreated(items: Iterable[Mapping[str, Any]]) -> Items:
    """Return *items* as those of owners who have not acted yet, where they do not say more."""
    return [{"status": UNTREATED, **item} for item in items]


def assigned(value: Any, node: str) -> Mapping[str, Items]:
    """Return what the hook ``owners`` at *node* gave: node -> items; ``"0"`` is the project.

    Raises:
        SubjectError: if it gave something else than owners.
    """
    if isinstance(value, Mapping):
        return {str(step): _items(items, node) for step, items in value.items()}
    if isinstance(value, list | tuple):
        return {node: _items(value, node)}
    return {}


def actor(node: str, items: Sequence[Mapping[str, Any]], by: str, user: Mapping[str, Any]) -> str:
    """Return who acts at *node*: *by*, else the user, else the first owner.

    Raises:
        SubjectError: if that is not one of its owners.
    """
    ids = [str(item.get("owner_id")) for item in items]
    acting = by or str(user.get("id", "")) or (ids[0] if ids else "")
    if ids and acting not in ids:
        raise SubjectError(f"{acting} is not an owner of {node!r}; its owners: {', '.join(ids)}")
    return acting


def mark(items: Items, by: str, status: int) -> None:
    """Note on the items of *by* what was done."""
    for item in items:
        if str(item.get("owner_id")) == by:
            item["status"] = status


def _items(items: Any, node: str) -> Items:
    listed = isinstance(items, list | tuple)
    if not listed or not all(isinstance(one, Mapping) and "owner_id" in one for one in items):
        raise SubjectError(
            f"owners.{node} must return owners such as [{{owner_id: 7}}], got {items!r}"
        )
    return [dict(item) for item in items]


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


def refusal(event: str, value: Any, thrown: Exception | None) -> str | None:
    """Return the text with which the check *event* says no, or None where it does not."""
    if isinstance(thrown, ScriptError) and type(thrown) is ScriptError:
        return thrown.message
    if thrown is not None:
        return str(thrown)
    if value is False:
        return f"{event} refused"
    return value if isinstance(value, str) and value else None


def is_meant(thrown: Exception | None) -> bool:
    """Return whether *thrown* is a plain Error, a check's way of saying no, and not a bug."""
    return type(thrown) is ScriptError and thrown.name == "Error"


class FlowSubject(msgspec.Struct, kw_only=True):
    """A flow that is driven by what people do at its nodes.

    Attributes:
        at: the present node, empty before creation or without a definition.
        status: ``new``, ``processing``, ``finished`` or ``rejected``.
        owners: node -> owner items, as far as they were assigned.
        user: who acts where a step does not say.
    """

    stage: Stage
    tell: Tell
    scripts: Mapping[str, Script] = msgspec.field(default_factory=dict)
    libraries: Sequence[Script] = ()
    definition: Definition | None = None
    at: str = ""
    project: dict[str, Any] = msgspec.field(default_factory=dict)
    form: dict[str, Any] = msgspec.field(default_factory=dict)
    user: Mapping[str, Any] = msgspec.field(default_factory=dict)
    status: str = NEW
    owners: dict[str, Items] = msgspec.field(default_factory=dict)
    messages: list[MessageShown] = msgspec.field(default_factory=list)
    _result: Result = msgspec.field(default_factory=Result)

    def __post_init__(self) -> None:
        """Start in the middle where *at* says so."""
        if self.at:
            self.status = PROCESSING

    def begin(self) -> Result:
        """Start an action; what its scripts come to, and all they start, goes to the result."""
        self._result = Result()
        return self._result

    def views(self) -> tuple[Members, Members]:
        """Return the ``form`` and the ``ctx`` of a script that belongs to no event."""
        return self.form_view("js"), self.context("js")

    def create(self, move: FlowMove) -> Result:
        """Create the project: ``create``, ``project_name``, ``jump``, then the first node."""
        if self.status != NEW:
            raise SubjectError(f"the project is created already; it stands at {self.at!r}")
        self.store("form", move.form, "user")
        if self._hook("create", move, both=True) is False or self._result.errors:
            self._result.refused = True
            return self._result
        value = self._result.value
        name = self._hook("project_name", move)
        if isinstance(name, str):
            self.project["name"] = name
        first = self._hook("jump", move)
        self._computed(move)
        if not self._result.errors:
            self._enter(first_node(self.definition, first), "create", move)
        self._result.value = value
        return self._result

    def act(self, action: Action, move: FlowMove) -> Result:
        """Approve or reject: check, run the hooks, then go where the definition leads.

        Raises:
            SubjectError: if the node does not offer *action*, or the actor is not an owner.
        """
        node = self._node(action, move)
        if node not in self.owners:
            self._assign(node, move)
        by = actor(node, self.owners.get(node, []), move.by, self.user)
        acting = FlowMove(at=node, by=by, comment=move.comment, form=move.form)
        self.store("form", move.form, "user")
        if action == "approve" and self._is_refused(node, acting):
            return self._result
        value = self._hook(f"{action}.{node}", acting, both=True)
        if self._result.errors:
            self._result.refused = True
            return self._result
        mark(self.owners.get(node, []), by, PASSED if action == "approve" else REFUSED)
        self._move(node, action, acting)
        self._computed(acting)
        self._result.value = value
        return self._result

    def fire(self, event: str) -> Result:
        """Run the hook *event* alone; ``computed`` and ``owners`` have their effect."""
        move = FlowMove(at=self.at)
        name, _, target = event.partition(".")
        if name == "computed":
            self._computed(move)
        elif name == "owners":
            self._assign(target, move)
        else:
            self._hook(event, move, both=name in {"create", "approve", "reject"})
        return self._result

    def set(self, values: Mapping[str, Any]) -> Result:
        """Fill in the project's form, then bring computed values up to date."""
        self.store("form", values, "user")
        self._computed(FlowMove(at=self.at))
        return self._result

    def store(
        self, part: str, values: Mapping[str, Any], by: str, place: Place | None = None
    ) -> None:
        """Merge *values* into the form or the project; *place* is the script's line."""
        target: dict[str, Any] = getattr(self, part)
        for name, value in values.items():
            old = target.get(name)
            if name in target and same(old, value):
                continue
            if isinstance(value, Undefined):
                target.pop(name, None)
            else:
                target[name] = copy.deepcopy(value)
            label = name if part == "form" else f"{part}.{name}"
            self.tell(FieldChanged(field=label, old=old, new=value, by=by, place=place))

    def context(self, event: str = "", move: FlowMove | None = None) -> Members:
        """Return the ``ctx`` of a script."""
        move = move or FlowMove(at=self.at)
        node = move.at or self.at
        return Members(
            self, event, context_of(event, move, node, self.owners.get(node, []), self.user)
        )

    def facts(self) -> Mapping[str, Any]:
        """Return what a scenario can ask of the flow."""
        return {
            "at": self.at,
            "status": self.status,
            "form": self.form,
            "project": self.project,
            "owners": [item.get("owner_id") for item in self.owners.get(self.at, [])],
        }

    def form_view(self, event: str = "") -> Members:
        """Return the ``form`` of a script."""
        return Members(self, event)

    def show(self, text: str, level: str = "info") -> None:
        """Show a message to the user."""
        message = MessageShown(text=text, level=level)
        self.messages.append(message)
        self.tell(message)

    def _hook(self, event: str, move: FlowMove, *, both: bool = False) -> Any:
        script = self.scripts.get(event)
        if script is None:
            return None
        self.tell(HookStarted(event=event, script=script.name))
        ended = self._run(script, event, move, both=both)
        self._result.take(ended)
        self._result.returned(ended.value)
        return ended.value

    def _run(self, script: Script, event: str, move: FlowMove, *, both: bool = False) -> Outcome:
        return self.stage.run_script(
            script,
            ctx=self.context(event, move),
            form=self.form_view(event) if both else None,
            libraries=self.libraries,
        )

    def _is_refused(self, node: str, move: FlowMove) -> bool:
        """Run ``before_next``; a plain Error is its way of saying no, any other error is a bug."""
        event = f"before_next.{node}"
        value = self._hook(event, move)
        thrown = self._result.errors[-1] if self._result.errors else None
        text = refusal(event, value, thrown)
        if is_meant(thrown):
            self._result.errors.pop()
        if text is None:
            return False
        self._result.refused = True
        self.show(text, "error")
        return True

    def _node(self, action: Action, move: FlowMove) -> str:
        if self.definition is None:
            return move.at or self.at
        check_action(self.definition, self.status, self.at, action, move.at)
        return self.at

    def _assign(self, node: str, move: FlowMove) -> None:
        declared = self.definition.nodes[node].owners if self.definition and node else ()
        self.owners[node] = untreated({"owner_id": owner} for owner in declared)
        value = self._hook(f"owners.{node}", move)
        try:
            given = assigned(value, node)
        except SubjectError as error:
            self._result.errors.append(error)
            return
        for step, items in given.items():
            if step == "0":
                self.store("project", {"owner": items}, f"owners.{node}")
            else:
                self.owners[step] = untreated(items)

    def _move(self, node: str, action: Action, move: FlowMove) -> None:
        if self.definition is None:
            return
        routes = self.definition.nodes[node].routes(action)
        for number, route in enumerate(routes):
            if not route.when or self._holds(f"{node}.{action}[{number}].when", route.when, move):
                self._enter(route.to, action, move)
                return
            if self._result.errors:
                return
        raise SubjectError(f"no route of {action} at {node!r} matches; add one without when")

    def _holds(self, name: str, expression: str, move: FlowMove) -> bool:
        ended = self._run(Script(f"{name}.js", f"return Boolean({expression}\n);"), name, move)
        self._result.take(ended)
        return ended.error is None and bool(ended.value)

    def _enter(self, node: str, action: str, move: FlowMove) -> None:
        previous, self.at = self.at, node
        end = self.definition is not None and self.definition.nodes[node].end
        self.status = ENDS.get(action, FINISHED) if end else PROCESSING
        self.tell(NodeEntered(node=node, previous=previous, action=action, by=move.by))
        if self.definition is not None and not end:
            self._assign(node, FlowMove(at=node, by=move.by, comment=move.comment))

    def _computed(self, move: FlowMove) -> None:
        value = self._hook("computed", move)
        if isinstance(value, Mapping):
            self.store("form", value, "computed")
