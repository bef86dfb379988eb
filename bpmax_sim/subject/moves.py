"""How a project moves: who decides at a node, where that leads, and what happens automatically.

A project is *new*, *processing*, or has ended (``finished``, ``rejected``, ``cancelled``,
``terminated``). A ``returned`` one is with its starter, at no node, until he resubmits it, as he
may a rejected one. While it is processing it is at one node, or at several inside of parallel
branches; each stay is a `Visit`. A stay ends in one of these ways:

- its owners have decided by the node's rule, and the first route whose condition holds is taken;
- nobody has to decide (setting ``empty``), or all have approved before (``repeated``), or the node
  starts a sub-flow that has ended: the same, but as an automatic decision without ``before_next``;
- a deadline decides, or sends the project elsewhere;
- somebody sends it back, or another branch leaves the gateway: the stay ends undecided.

An automatic decision can lead to a node that is decided automatically, too. All of this happens
within the action of the person that began it: if anything fails, everything is undone
(`_undo_on_failure`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import Any, Self

from msgspec import UNSET
from msgspec.structs import asdict, replace

from bpmax_sim.errors import Place, SubjectError, shorten_list, suggest_nearest, suggest_or_list
from bpmax_sim.field_path import get_nested
from bpmax_sim.i18n import join_list, join_messages, msg
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.script.failure import Script
from bpmax_sim.script_source.reading import read_script
from bpmax_sim.subject import owners, project
from bpmax_sim.subject.definition import Action, RouteKey, SubFlow
from bpmax_sim.subject.hooks import (
    BranchArrived,
    DeadlinePassed,
    EventSink,
    FlowMove,
    RouteEvaluated,
)
from bpmax_sim.subject.owners import Items, NodeDecision, ParallelBranches, Visit
from bpmax_sim.subject.project import ProjectState

_MOST_HOPS = 100


class MovingProject(ProjectState, kw_only=True):
    """A project that moves along the nodes of its flow's definition.

    Without a definition, which may be missing, only the name of the current node changes.

    Attributes:
        begins: whether it starts at a gateway or sub-flow that has not been started yet.
    """

    begins: bool = False
    _hops: int = 0

    def find_next_due(self) -> float | None:
        """Return the virtual instant of the next deadline, including sub-flows, or None."""
        return min((due for due, _, _ in self._list_pending_deadlines()), default=None)

    def fire_due_deadlines(self, instant: float) -> None:
        """Apply all deadlines that have passed at *instant*, the earliest first."""
        while late := [
            deadline for deadline in self._list_pending_deadlines() if deadline[0] <= instant
        ]:
            _, part, visit = min(late, key=itemgetter(0))
            part._apply_deadline(visit)  # noqa: SLF001 - of its own class

    def _list_pending_deadlines(self) -> Iterator[tuple[float, Self, Visit]]:
        for part in self._list_all_projects():
            for visit in part.visits.values():
                if visit.due is not None:
                    yield visit.due, part, visit

    def _set_due(self, visit: Visit) -> None:
        """Set the instant of the next deadline of a visit, counted from the arrival at the node."""
        levels = self.find_node_definition(visit.node).deadlines[visit.level :]
        visit.due = visit.arrived + levels[0].after if levels else None
        visit.plan = visit.due if visit.plan is None else visit.plan

    def _apply_deadline(self, visit: Visit) -> None:
        deadline = self.find_node_definition(visit.node).deadlines[visit.level]
        visit.level += 1
        # The next level counts from the arrival, too; set first, as the step below may leave the
        # node.
        self._set_due(visit)
        does = msg("go to {to}", to=deadline.to) if deadline.to else deadline.then
        self.tell(DeadlinePassed(node=self.qualify_name(visit.node), does=does))
        late = FlowMove(at=visit.node, action="deadline")
        with self._undo_on_failure():
            self._add_history(late)
            if deadline.to:
                self._move_to_or_wait_at_join(visit, deadline.to, "deadline", late)
            elif deadline.then == "notify":
                people = [str(owner) for owner in deadline.notify]
                people = people or [
                    owners.read_owner_id(item) for item in visit.decision.find_items_to_act_now()
                ]
                self._record_notification("deadline", people, "", visit.node)
            else:
                self._decide_automatically(
                    visit, "approve" if deadline.then == "approve" else "reject", late
                )

    def _find_visit_offering_action(self, action: Action, move: FlowMove) -> Visit:
        """Return the visit (stay at a node) that *action* decides.

        Without a definition it is that of the named or current node, which offers every action.

        Raises:
            SubjectError: if the node does not offer *action*, the project is not there, or several
                nodes may be meant.
        """
        if self.definition is None:
            node = move.at or self.at
            visit = self.visits.get(node) or Visit(node)
            if not visit.decision.owner_items:
                visit.decision = NodeDecision.from_items(self.owners.get(node, []), "any")
            return visit
        visit = self._find_visit_to_act_at(action, move)
        offers = self.definition.nodes[visit.node].offered_actions
        if action not in offers:
            offered = join_list(offers) or msg("no action")
            raise SubjectError(
                "node {node!r} does not offer {action}; it offers {offered}",
                code="NOT_OFFERED",
                node=visit.node,
                action=action,
                offered=offered,
            )
        return visit

    def _find_visit_to_act_at(self, action: str, move: FlowMove) -> Visit:
        """Return the visit at which *action* is performed.

        It is that of the node that the step names, else the one where the actor has a task.

        Raises:
            SubjectError: if the project is not there, or several nodes may be meant.
        """
        self._check_under_way(action)
        visits = self.visits
        if move.at:
            if move.at in visits and not visits[move.at].child:
                return visits[move.at]
            raise self._make_wrong_node_error(action, move.at)
        open_visits = [visit for visit in visits.values() if not visit.child]
        if not open_visits:
            waits = shorten_list(visit.child for visit in visits.values())
            raise SubjectError(
                "cannot {action}: the project waits for {waits}; act in that project",
                code="WAITS_FOR_SUBFLOW",
                action=action,
                waits=waits,
            )
        if len(open_visits) == 1:
            return open_visits[0]
        mine = self._find_visits_of_owner(move.by or self.user_id)
        if len(mine) != 1:
            raise self._make_ambiguous_node_error(action)
        return mine[0]

    def _make_ambiguous_node_error(self, action: str) -> SubjectError:
        stands = self._describe_position()
        return SubjectError(
            "cannot {action}: {stands}; say at which of them, with at",
            code="AMBIGUOUS_NODE",
            action=action,
            stands=stands,
        )

    def _make_wrong_node_error(self, action: str, at: str) -> SubjectError:
        return SubjectError(
            "cannot {action} at {at!r}: {stands}{hint}",
            code="NOT_AT_NODE",
            action=action,
            at=at,
            stands=self._describe_position(),
            hint=suggest_nearest(at, self.nodes) if at not in self.nodes else "",
        )

    def _describe_position(self) -> str:
        names = join_messages(msg(" and "), map(repr, self.visits)) or msg("no node")
        return msg("it is at {names}", names=names)

    def _check_under_way(self, action: str) -> None:
        if self.status != project.PROCESSING:
            hints = {
                project.NEW: msg("submit it first, or set flow.at"),
                project.RETURNED: msg("resubmit it first"),
            }
            hint = hints.get(self.status, msg("nothing is left"))
            raise SubjectError(
                "cannot {action}: the project is {status}; {hint}",
                code="NOT_UNDER_WAY",
                action=action,
                status=self.status,
                hint=hint,
            )

    def _choose_and_check_actor(self, visit: Visit, by: str) -> str:
        """Return the actor: *by*, or else the user, or else the first owner who is to act.

        If nothing is declared about owners, anybody may act.

        Raises:
            SubjectError: if the actor is not an owner of the node, or the node has no owner.
        """
        ids, chosen = visit.decision.owner_ids, by or self.user_id
        if self.definition is None and not ids:
            return chosen
        if not ids:
            raise SubjectError(
                "nobody may act at {node!r}: it has no owners; declare owners in the "
                "definition, or return them from owners.{node_2}",
                code="NO_OWNERS",
                node=visit.node,
                node_2=visit.node,
            )
        chosen = chosen or owners.read_owner_id(
            (visit.decision.find_items_to_act_now() or visit.decision.owner_items)[0]
        )
        if chosen not in ids:
            raise SubjectError(
                "{acting} is not an owner of {node!r}; its owners: {names}",
                code="NOT_OWNER",
                acting=chosen,
                node=visit.node,
                names=join_list(ids),
            )
        return chosen

    def _find_nodes_to_return_to(self, without: str) -> list[str]:
        """Return the nodes that a project may be sent back to: those passed, except *without*.

        Gateways around any of these count, too.
        """
        passed = (entry["node"] for entry in self.history)
        nodes = list(dict.fromkeys(node for node in passed if node not in ("", without)))
        gateways = self.definition.nodes_inside_gateways if self.definition else {}
        return [*nodes, *(name for name, inside in gateways.items() if inside & {*nodes, without})]

    def _find_nodes_to_redecide(self, node: str) -> list[str]:
        """Return the nodes to decide again when the project is sent back to *node*.

        They are those passed from there on: from *node*, or if that is a gateway from the first
        node in its branches. Nodes of branches beside that of *node* are left out: their decisions
        are kept. Without a definition all nodes passed are returned.
        """
        passed = [entry["node"] for entry in self.history]
        definition = self.definition
        if definition is None:
            return passed
        inside = definition.nodes_inside_gateways.get(node, {node}) & {*passed}
        first = min(len(passed) - 1 - passed[::-1].index(entry) for entry in inside)
        return [
            entry
            for entry in passed[first:]
            if not definition.are_in_different_branches(node, entry)
        ]

    def _follow_route(self, visit: Visit, action: Action, move: FlowMove) -> None:
        """Leave the node by the first route of *action* whose condition holds.

        *visit* is the stay at the node, and *move* the action as conditions see it in ``ctx``.

        Raises:
            SubjectError: if no route's condition holds.
        """
        if self.definition is None:
            return
        target = self._find_target(visit.node, action, move, tell=self.tell)
        if target:
            self._move_to_or_wait_at_join(visit, target, action, move)
        elif not self._result.errors:
            raise SubjectError(
                "no route of {action} at {node!r} matches; add one without when",
                code="NO_ROUTE",
                action=action,
                node=visit.node,
            )

    def _move_to_or_wait_at_join(
        self, visit: Visit, target: str, action: str, move: FlowMove
    ) -> None:
        """Leave a node for *target*; if *target* is a join, wait there for other branches.

        *visit* is the stay at the node that ends, and *action* the name of what ends it, such as
        ``agree``; *move* describes that action with who takes it and the values entered.
        """
        self.passed_nodes.append(visit.node)
        split, branch, must_wait = owners.leave_node(self.visits, visit, target)
        if must_wait and split is not None:
            self.at = next(iter(self.visits), self.at)
            self.arrivals.append((visit.node, target))
            left = tuple(sorted(split.waiting))
            node, join = self.qualify_name(visit.node), self.qualify_name(target)
            self.tell(BranchArrived(join=join, node=node, branch=branch, waiting=left))
            return
        self._enter(target, action, move, Visit(target, split=split, branch=branch), visit.node)

    def _enter_as_first_node(self, node: str, action: str, move: FlowMove) -> None:
        """Enter *node* in no branch: at creation, or when the starter submits again.

        *action* led there, and *move* is what the starter did, as hooks of the node see it.
        """
        self._enter(node, action, move, Visit(node), self.at)

    def _enter(self, node: str, action: str, move: FlowMove, visit: Visit, previous: str) -> None:
        """Enter *node*, reached by *action* from the node *previous*.

        At an end the project ends, at a gateway it splits into branches, else the node's tasks
        begin. *visit* is the new stay there, with its parallel branches, and *move* what the person
        did, as hooks of the node see it.
        """
        declared = self.find_node_definition(node)
        self.status = project.PROCESSING
        if self.definition is None:
            self.at = node
            self._report_node_entered(node, previous, action, move.by)
            return
        # The status is by the action that leads to the end, not by the end itself: approvals and
        # rejections may share one end node.
        if declared.end:
            self._end_project(project.REJECTED if action == "reject" else project.FINISHED, node)
            self._report_node_entered(node, previous, action, move.by)
            self._run_title_and_visibility_hooks(move)
            self._resume_parent(self.status)
            return
        self._report_node_entered(node, previous, action, move.by)
        if declared.parallel:
            self.passed_nodes.append(node)
            region = self.definition.find_branches(node)
            # All branches count as waiting before the first is entered: one that nobody has to
            # decide arrives at the join at once, and must not go on alone.
            split = ParallelBranches(declared.join, region, set(region), visit.split, visit.branch)
            for first in region:
                branch = Visit(first, split=split, branch=first)
                self._enter(first, action, move, branch, node)
            return
        self.visits[node] = visit
        self.at = next(iter(self.visits))
        self._begin_node(visit, previous, replace(move, at=node, others=()))

    def _begin_node(self, visit: Visit, previous: str, coming: FlowMove) -> None:
        """Start the sub-flow of a node, or the tasks of its owners.

        *visit* is the stay there, *previous* the node that the project comes from, and *coming* the
        action that led to the node.
        """
        child = self.find_node_definition(visit.node).child_flow
        if child is not None:
            self._start_child(visit, child, coming)
            return
        self._apply_node_states(visit.node)
        visit.arrived = self.now()
        self._set_due(visit)
        if self._assign_owners_unless_hook_fails(visit, coming):
            self._run_title_and_visibility_hooks(coming)
            if visit.decision.owner_items:
                self._approve_tasks_not_asked_again(visit, previous, coming)
            else:
                self._decide_without_owners(visit, coming)

    def _approve_tasks_not_asked_again(self, visit: Visit, previous: str, coming: FlowMove) -> None:
        """Pass the tasks of people who approved before, or who started the project.

        Whether they are asked again is declared by ``repeated`` and ``applicant``. *visit* is the
        stay at their node, *previous* the node that the project comes from, and *coming* the action
        that led here. If that decides the node, the project goes on.
        """
        table = visit.decision
        known = dict.fromkeys(self._find_people_not_asked_again(previous), "repeated")
        if self.definition and self.definition.applicant == "skip":
            known |= dict.fromkeys(self._list_known_starter(), "applicant")
        passed: list[str] = []
        # Of all owners, as with ``in_order`` only the first one is to act now.
        for item in table.owner_items if known else ():
            by, is_open = owners.read_owner_id(item), item["status"] == owners.UNTREATED
            if is_open and by in known and table.status == owners.UNTREATED:
                item["status"] = owners.PASSED
                passed.append(by)
                self._add_history(FlowMove(at=visit.node, by=by, action=known[by]))
        if table.status == owners.PASSED:
            # The approval is theirs: who led here may have rejected another node.
            by = coming.by if coming.by in passed or not passed else passed[-1]
            self._decide_automatically(visit, "approve", replace(coming, by=by))

    def _find_people_not_asked_again(self, previous: str) -> set[str]:
        """Return the people who have approved and are not asked again, by the setting ``repeated``.

        *previous* is the node that the project comes from, whose approvals alone count if the
        setting is ``adjacent``. Approvals before the last return or resubmission do not count.
        """
        asks = self.definition.repeated if self.definition else "ask"
        if asks == "ask":
            return set()
        again = ("return", "resubmit")
        last = [n for n, entry in enumerate(self.history) if entry["action"] in again]
        return {
            entry["by"]
            for entry in self.history[last[-1] if last else 0 :]
            if entry["action"] == "approve" and (asks == "none" or entry["node"] == previous)
        }

    def _decide_without_owners(self, visit: Visit, move: FlowMove) -> None:
        """Do what the setting ``empty`` of a node says that nobody owns.

        ``admins`` makes the administrators its owners, ``approve`` and ``reject`` decide it at
        once, and with ``refuse`` it stays undecided: whoever acts there is refused. *visit* is the
        stay there, *move* the action that led to it.
        """
        empty = self.find_node_definition(visit.node).empty
        if empty == "admins" and self.definition is not None:
            self._set_deciding_owners(
                visit,
                owners.fill_in_untreated_status(
                    {"owner_id": admin} for admin in self.definition.admins
                ),
            )
        elif empty in ("approve", "reject"):
            self._decide_automatically(
                visit, "approve" if empty == "approve" else "reject", replace(move, by="")
            )

    def _decide_automatically(self, visit: Visit, action: Action, move: FlowMove) -> None:
        """Decide a node by *action* without a person, as after a deadline.

        The script of *action* runs, but no ``before_next``. *move* is what led to it.
        """
        acting = replace(move, at=visit.node, action=action, form={})
        with self._count_hop(visit.node):
            # The result of the action is that of the person's script, not that of a node that
            # passes by itself.
            value = self._result.value
            self._call_hook(f"{action}.{visit.node}", acting, with_form=True)
            self._result.value = value
            if not self._result.errors:
                self._add_history(acting)
                self._follow_route(visit, action, acting)

    @contextmanager
    def _count_hop(self, node: str) -> Iterator[None]:
        """Run the block, in which *node* is decided without a person, and limit the nesting.

        Raises:
            SubjectError: if so many nodes are decided so, one from within the other, that they
                probably form a ring.
        """
        # A ring of such nodes would never return. What counts is the depth, not the number: at a
        # gateway one branch returns before the next is entered, and a ring goes on from there.
        if self._hops >= _MOST_HOPS:
            raise SubjectError(
                "nodes pass by themselves without end, the last is {node!r}",
                code="ENDLESS",
                node=node,
            )
        self._hops += 1
        try:
            yield
        finally:
            self._hops -= 1

    def _end_project(self, status: str, node: str = "") -> None:
        """End the project at *node* with *status*; "" for no node, as if it is withdrawn.

        Projects of its sub-flows that are in progress are terminated.
        """
        self.visits.clear()
        self.at, self.status, self.ended = node, status, self.now()
        for child in self.children.values():
            if child.status in (project.PROCESSING, project.RETURNED):
                child._end_project(project.TERMINATED)  # noqa: SLF001 - of its own class

    def _start_child(self, visit: Visit, spec: SubFlow, move: FlowMove) -> None:
        """Create the project of the sub-flow *spec*, then wait for its end or move on.

        *visit* is the stay at the node that declares it, *move* the action that led there.
        """
        # A project that was sent back passes this node again, and starts the flow once more.
        number = sum(name.partition("#")[0] == spec.flow for name in self.children) + 1
        name = spec.flow if number == 1 else f"{spec.flow}#{number}"
        form = {mine: self.form.get(theirs) for mine, theirs in spec.form.items()}
        child: Any = type(self)(
            runner=self.runner,
            tell=self.tell,
            **asdict(self.subflows[spec.flow]),
            subflows=self.subflows,
            project={
                "project_id": self.project.get("id", self.project.get("name")),
                "step_id": visit.node,
            },
            user=self.user,
            people=self.people,
            now=self.now,
            format_time=self.format_time,
            name=name,
            parent=self,
        )
        child.redirect_outputs_to(self._result)
        self.children[name] = child
        if spec.wait:
            visit.child = name
        # The result of the action is what the person's script returned, not what hooks of the new
        # project return.
        value = self._result.value
        begins = FlowMove(by=self.starter or move.by, form=form)
        if child.stand_in is None:
            child.create(begins)
        else:
            child.end_with_given_result(begins)
        self._result.value = value
        if not spec.wait and not self._result.errors:
            with self._count_hop(visit.node):
                self._follow_route(visit, "approve", move)

    def end_with_given_result(self, starting_move: FlowMove) -> None:
        """End at once with the result that the scenario declares for this sub-flow.

        *starting_move* has its starter, and the values that its form starts with.
        """
        if self.stand_in is None:
            return
        self.starter, self.created = starting_move.by, self.now()
        self.merge_values("form", {**starting_move.form, **self.stand_in.result}, self.name)
        self._end_project(self.stand_in.status)
        self._report_node_entered("", "", self.stand_in.status, "")
        self._resume_parent(self.status)

    def _resume_parent(self, status: str) -> None:
        """Decide the node of the parent project that waits for this one, if one does.

        It is approved if this project ended with *status* ``finished``, else rejected. Values of
        fields are copied back before, as the sub-flow's declaration says.

        Raises:
            SubjectError: if that node has no route for it.
        """
        parent = self.parent
        waiting = [v for v in parent.visits.values() if v.child == self.name] if parent else []
        if parent is None or not waiting:
            return
        visit = waiting[0]
        declared = parent.find_node_definition(visit.node)
        spec = declared.child_flow
        for mine, theirs in (spec.back if spec else {}).items():
            parent.merge_values("form", {mine: self.form.get(theirs)}, self.name)
        # The waiting node knows only two ways: withdrawn and terminated are a no, too.
        action: Action = "approve" if status == project.FINISHED else "reject"
        if action not in declared.offered_actions:
            raise SubjectError(
                "the sub-flow {name!r} ended {status}, and node {node!r} offers no {action}; "
                "say where it goes on then",
                code="NO_ROUTE",
                name=self.name,
                status=status,
                node=visit.node,
                action=action,
            )
        parent._decide_automatically(visit, action, FlowMove(at=visit.node, action=action))  # noqa: SLF001

    def _assign_owners_unless_hook_fails(self, visit: Visit, move: FlowMove) -> bool:
        """Set the owners of the node of *visit*; return whether its ``owners`` hook succeeded.

        They come from this hook; else from an ``owners`` hook of an earlier node, which may return
        owners for later nodes, too; else from the definition. *move* is the action that led to the
        node.
        """
        node = visit.node
        own: Items = [{"owner_id": owner} for owner in self.find_node_definition(node).owners]
        items = self.assigned.get(node, own)
        self._set_deciding_owners(visit, owners.fill_in_untreated_status(items))
        wrong = len(self._result.errors)
        value = self._call_hook(f"owners.{node}", replace(move, at=node))
        try:
            returned = owners.parse_returned_owners(value, node, self.nodes)
            for step_items in returned.values():
                self._check_people_known(f"owners.{node}", step_items)
        except SubjectError as error:
            self._result.errors.append(error)
            returned = {}
        if len(self._result.errors) > wrong:
            del self.owners[node]
            visit.decision = NodeDecision()
            return False
        for step, step_items in returned.items():
            self._store_owners_from_hook(visit, step, step_items)
        return True

    def _check_people_known(self, event: str, items: Items) -> None:
        """Check that owners returned by a script are in ``people``, if the scenario lists people.

        Raises:
            SubjectError: if one is not.
        """
        if not self.people:
            return
        known = {*map(str, self.people), self.user_id}
        for owner in map(owners.read_owner_id, items):
            if owner not in known:
                raise SubjectError(
                    "{event} returned {owner!r}, who is not in people{hint}",
                    code="UNKNOWN_PERSON",
                    event=event,
                    owner=owner,
                    hint=suggest_or_list(owner, map(str, self.people)),
                )

    def _store_owners_from_hook(self, visit: Visit, node: str, items: Items) -> None:
        """Store the owners *items* that the ``owners`` hook at *visit* returned for *node*.

        They count at once if the project is there, else when it gets there. The key ``"0"`` in
        place of a node means the owners of the whole project (`ctx.project.owner`).
        """
        if node == owners.PROJECT and node not in self.nodes:
            self.merge_values("project", {"owner": items}, f"owners.{visit.node}")
            return
        if node != visit.node:
            self.assigned[node] = items
        present = visit if node == visit.node else self.visits.get(node)
        if present is not None:
            self._set_deciding_owners(present, owners.fill_in_untreated_status(items))
        else:
            # Not there now: what an earlier visit decided no longer counts when the project comes
            # back.
            self.owners.pop(node, None)

    def _set_deciding_owners(self, visit: Visit, items: Items) -> None:
        """Let the owners *items* decide at a node; tasks handed over there stay handed over."""
        items = owners.apply_transfers(items, self.transfers.get(visit.node, {}))
        self.owners[visit.node] = items
        visit.decision = NodeDecision.from_items(
            items, self.find_node_definition(visit.node).complete
        )

    def _find_target(
        self, node: str, action: Action, move: FlowMove, tell: EventSink | None = None
    ) -> str:
        """Return where the first route of *action* leads whose condition holds; "" if none does.

        *move* is the action as conditions see it in ``ctx``. Each condition that was evaluated is
        reported to *tell*; without *tell* none is, as when a script only wants to know where an
        approval would lead.
        """
        for number, route in enumerate(self.find_node_definition(node).list_routes(action)):
            place = self.route_places.get(RouteKey(node, action, number))
            name = f"{node}.{move.action}[{number}].when"
            when = route.when or ""
            taken = not when or self._evaluate_condition(name, when, place, move)
            if self._result.errors:
                break
            if tell is not None:
                tell(
                    RouteEvaluated(
                        node=self.qualify_name(node),
                        action=action,
                        to=self.qualify_name(route.to),
                        taken=taken,
                        when=when,
                        values=dict(self._read_condition_values(when, move)) if when else {},
                        place=place,
                    )
                )
            if taken:
                return route.to
        return ""

    def _read_condition_values(self, when: str, move: FlowMove) -> Iterator[tuple[str, Any]]:
        """Yield name and value of each member of ``ctx`` that a condition reads.

        A name is written as ``ctx.form.金额``.
        """
        _, ctx = self._make_event_views("when", move)
        parts = {name: link.snapshot() for name, link in ctx.links.items()}
        used = [
            ("form", *one.path) if one.root == "form" else one.path
            for one in read_script(when).members
            if "*" not in one.path
        ]
        for names in dict.fromkeys(used):
            if not any(names != longer and names == longer[: len(names)] for longer in used):
                value = get_nested({**ctx.snapshot(), **parts}, names)
                yield ".".join(("ctx", *names)), UNDEFINED if value is UNSET else value

    def _evaluate_condition(
        self, name: str, when: str, place: Place | None, move: FlowMove
    ) -> bool:
        script = Script(f"return Boolean({when}\n);", f"{name}.js")
        if place is not None:  # the expression stands in its script where it stands in its file
            lines, spaces = "\n" * max(place.line - 2, 0), " " * (place.column - 1)
            script = Script(f"{lines}return Boolean(\n{spaces}{when}\n);", place.file)
        ended = self._run_hook_script(script, name, move)
        self._result.add_outcome(ended)
        return ended.error is None and bool(ended.value)

    def __post_init__(self) -> None:
        """Start at the node in attribute `at`, if any, as if the project had just arrived there."""
        if not self.at:
            return
        self.status, self.created = project.PROCESSING, self.now()
        visit = self.visits[self.at] = Visit(self.at)
        self._apply_node_states(self.at)
        if self.at not in self.nodes:
            return
        declared = self.find_node_definition(self.at)
        visit.arrived = self.now()
        self._set_due(visit)
        self.begins = bool(declared.parallel or declared.child_flow)
        if not self.begins and not self.scripts.get(f"owners.{self.at}"):
            self._set_deciding_owners(
                visit,
                owners.fill_in_untreated_status({"owner_id": owner} for owner in declared.owners),
            )

    def begin_branches_or_child_at_start(self) -> None:
        """Start the branches or the sub-flow of the node where a scenario starts, if not yet done.

        It is called before each step.

        Raises:
            SubjectError: if the step names a node whose form it looks at (`focus`), and the project
                is not there.
        """
        if self.begins:
            self.begins = False
            visit = self.visits.pop(self.at)
            move = FlowMove(at=self.at, by=self.user_id)
            with self._undo_on_failure():
                self._enter(visit.node, "", move, visit, "")
        if self.focus and self.focus not in self.visits:
            raise self._make_wrong_node_error(msg("see the form"), self.focus)
