"""A flow: a project that stands at a node, moves when someone acts, and runs hooks on the way.

Without a definition nothing moves: hooks run and write, and only that can be asserted. The
shape of ``ctx`` follows the product's API where that is known; the nesting is this simulator's.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from bpmax_sim.errors import Place, SubjectError
from bpmax_sim.proxy.values import Undefined
from bpmax_sim.script.outcome import Outcome
from bpmax_sim.script.source import Script
from bpmax_sim.subject.context import Members, Move, context_of
from bpmax_sim.subject.definition import Action, Definition
from bpmax_sim.subject.owners import PASSED, REFUSED, Items, actor, assigned, mark, untreated
from bpmax_sim.subject.rules import (
    ENDS,
    FINISHED,
    NEW,
    PROCESSING,
    check_action,
    first_node,
    is_meant,
    refusal,
)
from bpmax_sim.subject.stage import (
    FieldChanged,
    HookStarted,
    MessageShown,
    NodeEntered,
    Result,
    Stage,
    Tell,
    same,
)


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

    def create(self, move: Move) -> Result:
        """Create the project: ``create``, ``project_name``, ``jump``, then the first node."""
        self._result = Result()
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

    def act(self, action: Action, move: Move) -> Result:
        """Approve or reject: check, run the hooks, then go where the definition leads.

        Raises:
            SubjectError: if the node does not offer *action*, or the actor is not an owner.
        """
        self._result = Result()
        node = self._node(action, move)
        if node not in self.owners:
            self._assign(node, move)
        by = actor(node, self.owners.get(node, []), move.by, self.user)
        acting = Move(at=node, by=by, comment=move.comment, form=move.form)
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
        self._result = Result()
        move = Move(at=self.at)
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
        self._result = Result()
        self.store("form", values, "user")
        self._computed(Move(at=self.at))
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

    def context(self, event: str = "", move: Move | None = None) -> Members:
        """Return the ``ctx`` of a script."""
        move = move or Move(at=self.at)
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

    def _hook(self, event: str, move: Move, *, both: bool = False) -> Any:
        script = self.scripts.get(event)
        if script is None:
            return None
        self.tell(HookStarted(event=event, script=script.name))
        ended = self._run(script, event, move, both=both)
        self._result.take(ended)
        self._result.value = ended.value
        self._result.ran = True
        return ended.value

    def _run(self, script: Script, event: str, move: Move, *, both: bool = False) -> Outcome:
        return self.stage.run_script(
            script,
            ctx=self.context(event, move),
            form=self.form_view(event) if both else None,
            libraries=self.libraries,
        )

    def _is_refused(self, node: str, move: Move) -> bool:
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

    def _node(self, action: Action, move: Move) -> str:
        if self.definition is None:
            return move.at or self.at
        check_action(self.definition, self.status, self.at, action, move.at)
        return self.at

    def _assign(self, node: str, move: Move) -> None:
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

    def _move(self, node: str, action: Action, move: Move) -> None:
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

    def _holds(self, name: str, expression: str, move: Move) -> bool:
        ended = self._run(Script(f"{name}.js", f"return Boolean({expression}\n);"), name, move)
        self._result.take(ended)
        return ended.error is None and bool(ended.value)

    def _enter(self, node: str, action: str, move: Move) -> None:
        previous, self.at = self.at, node
        end = self.definition is not None and self.definition.nodes[node].end
        self.status = ENDS.get(action, FINISHED) if end else PROCESSING
        self.tell(NodeEntered(node=node, previous=previous, action=action, by=move.by))
        if self.definition is not None and not end:
            self._assign(node, Move(at=node, by=move.by, comment=move.comment))

    def _computed(self, move: Move) -> None:
        value = self._hook("computed", move)
        if isinstance(value, Mapping):
            self.store("form", value, "computed")
