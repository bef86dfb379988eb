"""How a project moves: who decides at a node, where that leads, and what happens by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any

import msgspec

from bpmax_sim.errors import SubjectError, listed, near
from bpmax_sim.i18n import joined, msg, series
from bpmax_sim.script.failure import Script
from bpmax_sim.subject.definition import Action, FlowNode, SubFlow
from bpmax_sim.subject.hooks import (
    BranchArrived,
    DeadlinePassed,
    FlowMove,
)
from bpmax_sim.subject.owners import (
    PASSED,
    PROJECT,
    UNTREATED,
    Items,
    OwnersTable,
    actor,
    assigned,
    owner_of,
    untreated,
)
from bpmax_sim.subject.project import (
    FINISHED,
    NEW,
    PROCESSING,
    REJECTED,
    RETURNED,
    TERMINATED,
    ProjectState,
)
from bpmax_sim.subject.visits import Split, Visit

ENDS: Mapping[str, str] = {"approve": FINISHED, "reject": REJECTED}
_MOST_HOPS = 100


class MovingProject(ProjectState, kw_only=True):
    """A project with a definition moves along its nodes; without one it stays where it is."""

    begins: bool = False
    _hops: int = 0

    def next_due(self) -> float | None:
        """Return the instant of the next deadline, of sub-flows, too."""
        due = [v.due for flow in self._family() for v in flow.visits.values() if v.due is not None]
        return min(due, default=None)

    def expire(self, instant: float) -> None:
        """Let happen what happens at the deadlines that are over at *instant*, the first first."""
        while late := sorted(self._late(instant), key=itemgetter(0)):
            _, part, visit = late[0]
            part._expire(visit)  # noqa: SLF001 - of its own class

    def _late(self, instant: float) -> Iterator[tuple[float, MovingProject, Visit]]:
        for part in self._family():
            for visit in part.visits.values():
                if visit.due is not None and visit.due <= instant:
                    yield visit.due, part, visit

    def _plan(self, visit: Visit) -> None:
        """Say when the next deadline of a node is over, from when the project came there."""
        node = self._declared(visit.node)
        levels = node.levels[visit.level :] if node else ()
        visit.due = visit.arrived + levels[0].after if levels else None
        visit.plan = visit.due if visit.plan is None else visit.plan

    def _expire(self, visit: Visit) -> None:
        node = self._declared(visit.node)
        levels = node.levels if node else ()
        deadline = levels[visit.level]
        visit.level += 1
        self._plan(visit)
        does = msg("go to {to}", to=deadline.to) if deadline.to else deadline.then
        self.tell(DeadlinePassed(node=self._label(visit.node), does=does))
        late = FlowMove(at=visit.node, action="deadline")
        with self._whole_or_not_at_all():
            self._note(late)
            if deadline.to:
                self._go(visit, deadline.to, "deadline", late)
            elif deadline.then == "notify":
                who = visit.table.pending() if visit.table else []
                people = [str(owner) for owner in deadline.notify] or [
                    owner_of(item) for item in who
                ]
                self._notify("deadline", people, "", visit.node)
            else:
                self._pass(visit, "approve" if deadline.then == "approve" else "reject", late)

    def _visit(self, action: Action, move: FlowMove) -> Visit:
        """Return the visit at which somebody acts."""
        if self.definition is None:
            node = move.at or self.at
            visit = self.places.visits.get(node) or Visit(node)
            visit.table = visit.table or OwnersTable.of(self.owners.get(node, []), "any")
            return visit
        visit = self._present(action, move)
        offers = self.definition.nodes[visit.node].offers
        if action not in offers:
            offered = series(offers) or msg("no action")
            raise SubjectError(
                "node {node!r} does not offer {action}; it offers {offered}",
                node=visit.node,
                action=action,
                offered=offered,
            )
        return visit

    def _present(self, action: str, move: FlowMove) -> Visit:
        """Return the node that is meant: the one that a step names, or where the actor has a task.

        Raises:
            SubjectError: the project is not there, or several nodes may be meant.
        """
        self._check_under_way(action)
        visits = self.places.visits
        if move.at:
            if move.at in visits and not visits[move.at].child:
                return visits[move.at]
            raise self._not_there(action, move.at)
        open_visits = [visit for visit in visits.values() if not visit.child]
        if not open_visits:
            waits = listed(visit.child for visit in visits.values())
            raise SubjectError(
                "cannot {action}: the project waits for {waits}; act in that project",
                action=action,
                waits=waits,
            )
        if len(open_visits) == 1:
            return open_visits[0]
        mine = self._mine(move.by or str(self.user.get("id", "")))
        if len(mine) != 1:
            raise SubjectError(
                "cannot {action}: {stands}; say at which of them, with at",
                action=action,
                stands=self._stands(),
            )
        return mine[0]

    def _not_there(self, action: str, at: str) -> SubjectError:
        known = self.definition.nodes if self.definition else {}
        return SubjectError(
            "cannot {action} at {at!r}: {stands}{hint}",
            action=action,
            at=at,
            stands=self._stands(),
            hint=near(at, known) if at not in known else "",
        )

    def _stands(self) -> str:
        return msg(
            "it stands at {names}",
            names=(joined(msg(" and "), map(repr, self.places.visits)) or msg("no node")),
        )

    def _check_under_way(self, action: str) -> None:
        if self.status != PROCESSING:
            hints = {
                NEW: msg("submit it first, or set flow.at"),
                RETURNED: msg("resubmit it first"),
            }
            hint = hints.get(self.status, msg("nothing is left"))
            raise SubjectError(
                "cannot {action}: the project is {status}; {hint}",
                action=action,
                status=self.status,
                hint=hint,
            )

    def _actor(self, visit: Visit, by: str) -> str:
        """Return who acts; where nothing is said of owners at all, that is anybody."""
        table = visit.table
        items = table.items if table else []
        if self.definition is None and not items:
            return by or str(self.user.get("id", ""))
        first = table.pending()[:1] if table else []
        chosen = by or str(self.user.get("id", "")) or (owner_of(first[0]) if first else "")
        return actor(visit.node, items, chosen, self.user)

    def _passed(self, without: str) -> list[str]:
        """Return the nodes that were passed, beside *without*, and the gateways of branches."""
        nodes = list(
            dict.fromkeys(entry["node"] for entry in self.history if entry["node"] != without)
        )
        gateways = self.definition.gateways if self.definition else {}
        split = [name for name, inside in gateways.items() if inside & {*nodes, without}]
        return [*nodes, *(entry for entry in split if entry not in nodes)]

    def _after(self, node: str) -> list[str]:
        """Return the nodes that are decided again from *node* on, itself or its branches included.

        What other branches decided meanwhile stands.
        """
        passed = [entry["node"] for entry in self.history]
        definition = self.definition
        if definition is None:
            return passed
        inside = definition.gateways.get(node, {node}) & {*passed}
        first = min(len(passed) - 1 - passed[::-1].index(entry) for entry in inside)
        return [entry for entry in passed[first:] if not definition.are_apart(node, entry)]

    def _move(self, visit: Visit, action: Action, move: FlowMove) -> None:
        """Go where *action* leads."""
        if self.definition is None:
            return
        target = self._route(visit.node, action, move)
        if target:
            self._go(visit, target, action, move)
        elif not self._result.errors:
            raise SubjectError(
                "no route of {action} at {node!r} matches; add one without when",
                action=action,
                node=visit.node,
            )

    def _go(self, visit: Visit, target: str, action: str, move: FlowMove) -> None:
        """Leave a node for *target*, or for a join that waits for other branches."""
        split, branch, waits = self.places.leave(visit, target)
        if waits and split is not None:
            self.at = next(iter(self.places.visits), self.at)
            left = tuple(sorted(split.waiting))
            label = self._label(visit.node)
            join = self._label(target)
            self.tell(BranchArrived(join=join, node=label, branch=branch, waiting=left))
            return
        self._enter(target, action, move, Visit(target, split=split, branch=branch), visit.node)

    def _arrive(self, node: str, action: str, move: FlowMove) -> None:
        """Come to the first node."""
        self._enter(node, action, move, Visit(node), self.at)

    def _enter(self, node: str, action: str, move: FlowMove, visit: Visit, previous: str) -> None:
        declared = self._declared(node)
        self.status = PROCESSING
        if declared is None:
            self.at = node
            self._tell_entered(node, previous, action, move.by)
            return
        if declared.end:
            self._end(ENDS.get(action, FINISHED), node)
            self._tell_entered(node, previous, action, move.by)
            self._render(move)
            self._tell_parent(self.status)
            return
        self._tell_entered(node, previous, action, move.by)
        if declared.parallel and self.definition is not None:
            region = self.definition.region(node)
            split = Split(node, declared.join, region, set(region), visit.split, visit.branch)
            for first in region:
                branch = Visit(first, split=split, branch=first)
                self._enter(first, action, move, branch, node)
            return
        self.places.visits[node] = visit
        self.at = next(iter(self.places.visits))
        self._begin_node(
            visit, declared, previous, msgspec.structs.replace(move, at=node, others=())
        )

    def _begin_node(
        self, visit: Visit, declared: FlowNode, previous: str, coming: FlowMove
    ) -> None:
        """Start what a node is for: a sub-flow, or the tasks of its owners."""
        if declared.child is not None:
            self._start_child(visit, declared.child, coming)
            return
        self._show(visit.node)
        visit.arrived = self.now()
        self._plan(visit)
        if self._assign(visit, coming):
            self._render(coming)
            self._pass_by_itself(visit, declared, previous, coming)

    def _pass_by_itself(
        self, visit: Visit, declared: FlowNode, previous: str, move: FlowMove
    ) -> None:
        """Decide a node that needs nobody, or whose owners have approved before."""
        table = visit.table or OwnersTable.of([], "any")
        if not table.items:
            self._pass_without_owners(visit, declared, move)
            return
        asks = self.definition.repeated if self.definition else "ask"
        if asks == "ask":
            return
        last = [
            n for n, entry in enumerate(self.history) if entry["action"] in ("return", "resubmit")
        ]
        before = {
            entry["by"]
            for entry in self.history[last[-1] if last else 0 :]
            if entry["action"] == "approve" and (asks == "none" or entry["node"] == previous)
        }
        for item in table.pending():
            if owner_of(item) in before and table.status == UNTREATED:
                item["status"] = PASSED
                self._note(FlowMove(at=visit.node, by=owner_of(item), action="repeated"))
        if table.status == PASSED:
            self._pass(visit, "approve", move)

    def _pass_without_owners(self, visit: Visit, declared: FlowNode, move: FlowMove) -> None:
        """Do what the definition says where nobody owns a node."""
        if declared.empty == "admins" and self.definition is not None:
            items = [{"owner_id": admin} for admin in self.definition.admins]
            self._seat(visit, untreated(items))
        elif declared.empty in ("approve", "reject"):
            action: Action = "approve" if declared.empty == "approve" else "reject"
            self._pass(visit, action, msgspec.structs.replace(move, by=""))

    def _pass(self, visit: Visit, action: Action, move: FlowMove) -> None:
        """Decide a node without a person; its script runs, nobody is asked before."""
        self._hops += 1
        if self._hops > _MOST_HOPS:
            self._hops = 0
            raise SubjectError(
                "nodes pass by themselves without end, the last is {node!r}", node=visit.node
            )
        acting = msgspec.structs.replace(move, at=visit.node, action=action, form={})
        value = self._result.value
        self._hook(f"{action}.{visit.node}", acting, both=True)
        self._result.value = value
        if not self._result.errors:
            self._note(acting)
            self._move(visit, action, acting)
        self._hops = 0

    def _end(self, status: str, node: str = "") -> None:
        """Stand at no node any more; what began in sub-flows ends with it."""
        self.places.visits.clear()
        self.at, self.status = node, status
        for child in self.children.values():
            if child.status in (PROCESSING, RETURNED):
                child._end(TERMINATED)  # noqa: SLF001 - of its own class

    def _start_child(self, visit: Visit, spec: SubFlow, move: FlowMove) -> None:
        """Create the project of a sub-flow, and wait for it or go on."""
        parts = self.subflows[spec.flow]
        number = sum(name.partition("#")[0] == spec.flow for name in self.children) + 1
        name = spec.flow if number == 1 else f"{spec.flow}#{number}"
        form = {mine: self.form.get(theirs) for mine, theirs in spec.form.items()}
        child: Any = type(self)(
            stage=self.stage,
            tell=self.tell,
            scripts=parts.scripts,
            libraries=parts.libraries,
            definition=parts.definition,
            conditions=parts.conditions,
            screens=parts.screens,
            subflows=self.subflows,
            project={
                "project_id": self.project.get("id", self.project.get("name")),
                "step_id": visit.node,
            },
            user=self.user,
            people=self.people,
            now=self.now,
            written=self.written,
            name=name,
            parent=self,
        )
        child.join(self._result)
        self.children[name] = child
        if spec.wait:
            visit.child = name
        value = self._result.value
        child.create(FlowMove(by=self.starter or move.by, form=form))
        self._result.value = value
        if not spec.wait and not self._result.errors:
            self._move(visit, "approve", move)

    def _tell_parent(self, status: str) -> None:
        """Let the project go on that waited for this one."""
        parent = self.parent
        waiting = [v for v in parent.visits.values() if v.child == self.name] if parent else []
        if parent is None or not waiting:
            return
        visit = waiting[0]
        declared = parent._declared(visit.node)  # noqa: SLF001 - of its own class
        spec = declared.child if declared else None
        for mine, theirs in (spec.back if spec else {}).items():
            parent.store("form", {mine: self.form.get(theirs)}, self.name)
        action: Action = "approve" if status == FINISHED else "reject"
        if declared is not None and action not in declared.offers:
            raise SubjectError(
                "the sub-flow {name!r} ended {status}, and node {node!r} offers no {action}; "
                "say where it goes on then",
                name=self.name,
                status=status,
                node=visit.node,
                action=action,
            )
        parent._pass(visit, action, FlowMove(at=visit.node, action=action))  # noqa: SLF001

    def _assign(self, visit: Visit, move: FlowMove) -> bool:
        """Say who may act at a node: its hook, else an earlier hook's map, else the definition.

        Returns whether the hook went well.
        """
        node = visit.node
        declared = self._declared(node)
        nodes = self.definition.nodes if self.definition else {}
        earlier = self.assigned.get(node)
        own = declared.owners if declared else ()
        items = [{"owner_id": owner} for owner in own] if earlier is None else earlier
        self._seat(visit, untreated(items))
        wrong = len(self._result.errors)
        value = self._hook(f"owners.{node}", msgspec.structs.replace(move, at=node))
        try:
            owners = assigned(value, node, nodes)
        except SubjectError as error:
            self._result.errors.append(error)
            owners = {}
        if len(self._result.errors) > wrong:
            del self.owners[node]
            visit.table = None
            return False
        for step, step_items in owners.items():
            self._take_owners(visit, step, step_items)
        return True

    def _take_owners(self, visit: Visit, step: str, items: Items) -> None:
        """Take what the hook of a node returned of the owners of *step*."""
        if step == PROJECT and step not in (self.definition.nodes if self.definition else {}):
            self.store("project", {"owner": items}, f"owners.{visit.node}")
            return
        if step != visit.node:
            self.assigned[step] = items
        present = visit if step == visit.node else self.places.visits.get(step)
        if present is not None:
            self._seat(present, untreated(items))
        else:
            self.owners.pop(step, None)

    def _seat(self, visit: Visit, items: Items) -> None:
        declared = self._declared(visit.node)
        self.owners[visit.node] = items
        visit.table = OwnersTable.of(items, declared.complete if declared else "any")

    def _target(self, node: str, action: Action, move: FlowMove) -> str:
        """Return where *action* leads as things stand, for a script that can look at it."""
        watched = self.scripts.keys() & {f"before_next.{node}", f"{action}.{node}"}
        return self._route(node, action, move) if watched else ""

    def _route(self, node: str, action: Action, move: FlowMove) -> str:
        """Return the node that the first matching route leads to."""
        declared = self._declared(node)
        for number, route in enumerate(declared.routes(action) if declared else ()):
            if not route.when or self._holds(node, number, route.when, move):
                return route.to
            if self._result.errors:
                break
        return ""

    def _holds(self, node: str, number: int, when: str, move: FlowMove) -> bool:
        name = f"{node}.{move.action}[{number}].when"
        script = Script(f"return Boolean({when}\n);", f"{name}.js")
        place = self.conditions.get((node, move.action, number))
        if place is not None:  # the expression stands in its script where it stands in its file
            lines = "\n" * max(place.line - 2, 0)
            text = msg(
                "{lines}return Boolean(\n{value}{when}\n);",
                lines=lines,
                value=" " * (place.column - 1),
                when=when,
            )
            script = Script(text, place.file)
        ended = self._run(script, name, move)
        self._result.take(ended)
        return ended.error is None and bool(ended.value)

    def __post_init__(self) -> None:
        """Start in the middle where *at* says so, as if the project had just come there."""
        if not self.at:
            return
        self.status = PROCESSING
        visit = self.places.visits[self.at] = Visit(self.at)
        self._show(self.at)
        declared = self._declared(self.at)
        if declared is None:
            return
        visit.arrived = self.now()
        self._plan(visit)
        self.begins = bool(declared.parallel or declared.child)
        if not self.begins and not self.bodies(f"owners.{self.at}"):
            self._seat(visit, untreated({"owner_id": owner} for owner in declared.owners))

    def settle(self) -> None:
        """Start the branches or the sub-flow of the node where a scenario starts.

        Raises:
            SubjectError: the project is not at the node that a step looks at.
        """
        declared = self._declared(self.at)
        if self.begins and declared is not None:
            self.begins = False
            visit = self.places.visits.pop(self.at)
            move = FlowMove(at=self.at, by=str(self.user.get("id", "")))
            with self._whole_or_not_at_all():
                self._enter(visit.node, "", move, visit, "")
        if self.focus and self.focus not in self.visits:
            raise self._not_there(msg("see the form"), self.focus)
