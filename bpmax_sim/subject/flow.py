"""A flow: a project that people move on by acting at its nodes.

Without a definition nothing moves: hooks run and write, and only this can be asserted. Who may do
what is decided here; a refusal names the people who may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

from msgspec.structs import replace

from bpmax_sim.errors import SubjectError, shorten_list
from bpmax_sim.i18n import msg
from bpmax_sim.subject import owners, project
from bpmax_sim.subject.definition import ACTIONS, Action, choose_first_node
from bpmax_sim.subject.form import FormSubject, check_complete
from bpmax_sim.subject.hooks import FlowMove, Result, SubjectEvent
from bpmax_sim.subject.moves import MovingProject
from bpmax_sim.subject.owners import NodeDecision, PossibleMove, Visit

START = "start"
"""What ``return`` names where the project goes back to who started it."""
_MOST_FORESEEN = 500
"""Decisions of a preview after which a flow counts as endless."""
_MOST_PASSES = 20
"""Passes of one node in a preview after which it does, too, as each may run scripts."""
_DECIDED: Mapping[str, int] = {"approve": owners.PASSED, "reject": owners.REFUSED}


class FlowSubject(MovingProject, kw_only=True):
    """A flow that people drive by acting at its nodes.

    A method that performs an action returns its `Result`.
    """

    def submit(self, move: FlowMove) -> Result:
        """Submit the starter's form; this creates the project unless the form refuses.

        Raises:
            SubjectError: if a required field is empty, or the project is already created.
        """
        if self.creation is None:
            return self.create(move)
        self._check_not_created()
        self.creation.redirect_outputs_to(self._result)
        if move.form:
            self.creation.set(move.form)
        self.creation.submit()
        if self._result.refused or self._result.errors:
            self._result.refused = True
            return self._result
        value = self._result.value
        self.create(replace(move, form={}))
        self._result.value = value if self._result.value is None else self._result.value
        return self._result

    def create(self, move: FlowMove) -> Result:
        """Create the project: hooks ``create``, ``project_name``, ``jump``, then the first node.

        *move* has the starter and the values of the form. If ``create`` refuses, there is no
        project.

        Raises:
            SubjectError: if the project is already created, or ``jump`` names no node.
        """
        self._check_not_created()
        creating = replace(move, action="create")
        with self._undo_on_failure():
            self.starter = move.by or self.user_id
            self.created = self.now()
            self.merge_values("form", move.form, "user")
            value = self._call_hook("create", creating, with_form=True)
            if not self._result.errors:
                self.refuse_if_vetoed("create", value)
            if self._result.errors or self._result.refused:
                self._result.refused = True
                return self._result
            value = self._result.value
            name = self._call_hook("project_name", creating)
            if isinstance(name, str):
                self.project["name"] = name
            first = self._call_hook("jump", creating)
            self._run_computed_hook(creating)
            # The hooks may have waited, and the project been created by another action since.
            self._check_not_created()
            if self.parent is None:
                self._add_history(FlowMove(action="submit", by=self.starter, comment=move.comment))
            if not self._result.errors:
                self._enter_as_first_node(
                    choose_first_node(self.definition, first), "create", creating
                )
            self._result.value = value
        return self._result

    def _check_not_created(self) -> None:
        if self.status != project.NEW:
            raise SubjectError(
                "the project is already created; it is at {at!r}; what was sent back or refused is "
                "submitted again by resubmit",
                code="ALREADY_CREATED",
                at=self.at,
            )

    def decide(self, action: Action, move: FlowMove) -> Result:
        """Approve or reject: check, run the scripts of the node, then go where the route leads.

        *move* names the actor, the node, and values that he fills in. If other owners have to
        decide too, the decision is only recorded: scripts run with the one that decides the node.

        Raises:
            SubjectError: if the node does not offer *action*, or the actor is not to act.
        """
        visit = self._find_visit_offering_action(action, move)
        node = visit.node
        if node not in self.owners and not self._assign_owners_unless_hook_fails(visit, move):
            self._result.refused = True
            return self._result
        acting = replace(
            move, at=node, by=self._choose_and_check_actor(visit, move.by), action=action
        )
        with self._undo_on_failure():
            if move.form:
                self._prepare_form_at_node(node).set(move.form)
            if action == "approve":
                check_complete(self._prepare_form_at_node(node))
            # The hooks `approve` and `before_next` belong to leaving the node: they run once, with
            # the decision that completes it, and not for each of several owners.
            decided = _DECIDED[action]
            if (
                self.definition
                and visit.decision.compute_status_after(acting.by, decided) == owners.UNTREATED
            ):
                self._record_decision(visit, acting)
                self._add_history(acting)
                self._run_computed_hook(acting)
            elif (
                self._run_scripts_and_decide_node(visit, action, acting) and not self._result.errors
            ):
                self._run_computed_hook(acting)
        return self._result

    def _run_scripts_and_decide_node(self, visit: Visit, action: Action, acting: FlowMove) -> bool:
        """Run the scripts of *action*, then decide the node.

        *visit* is the stay at the node, and *acting* the action with its actor. Return False if a
        script failed or refused, and the node is not decided.
        """
        node = visit.node
        # Where *action* leads as things stand, for a script that can look at it.
        watched = self.scripts.keys() & {f"before_next.{node}", f"{action}.{node}"}
        target = self._find_target(node, action, acting) if watched else ""
        if self._result.errors or (action == "approve" and self._is_refused(node, acting, target)):
            self._result.refused = True
            return False
        value = self._call_hook(f"{action}.{node}", acting, with_form=True, target=target)
        if self._result.errors:
            self._result.refused = True
            return False
        # While the scripts waited for responses, another person may have acted: look again.
        visit = self._find_visit_after_scripts(visit, acting)
        self._record_decision(visit, acting)
        self._add_history(acting)
        self._follow_route(visit, action, acting)
        self._result.value = value
        return True

    def _find_visit_after_scripts(self, visit: Visit, acting: FlowMove) -> Visit:
        """Return the stay *visit* as it is now, after scripts of the action have run.

        If another action failed meanwhile, the stays were restored from copies, so it may be
        another object. *acting* is the action, with its actor.

        Raises:
            SubjectError: if somebody else moved the project on while they ran.
        """
        if self.definition is None:
            return visit
        present = self.visits.get(visit.node)
        if present is None or present.serial != visit.serial:
            raise SubjectError(
                "cannot {action} at {node!r}: meanwhile the project went on; it is {status}, "
                "{stands}",
                code="MOVED_ON",
                action=acting.action,
                node=visit.node,
                status=self.status,
                stands=self._describe_position(),
            )
        return present

    def _record_decision(self, visit: Visit, acting: FlowMove) -> None:
        """Store the actor's decision as the ``status`` of his owner item: ``{owner_id, status}``.

        *visit* is the stay at the node, whose owners have such items, and *acting* his action. With
        a definition it has to be his turn; without one he may decide repeatedly.
        """
        status = _DECIDED[acting.action]
        if self.definition is not None:
            visit.decision.require_item_to_act_now(acting.by)["status"] = status
            return
        for item in self.owners.get(visit.node, ()):
            if owners.read_owner_id(item) == acting.by:
                item["status"] = status

    def hand_over(self, move: FlowMove) -> Result:
        """Give the actor's task to another person (转交).

        Raises:
            SubjectError: if the actor has no task there, or the other person already has one.
        """
        table, acting = self._find_decision_and_move("hand_over", move)
        to = _require_single_other(acting)
        _check_not_owners_yet(table, acting)
        with self._undo_on_failure():
            item = table.require_item_to_act_now(acting.by)
            item["owner_id"] = to
            transfers = self.transfers.setdefault(acting.at, {})
            # Who gets his own task back has handed over nothing; without this the two would form a
            # ring, in which `apply_transfers` would never end.
            transfers.pop(str(to), None)
            transfers[acting.by] = str(to)
            self._add_history(acting)
        return self._result

    def add_owner(self, move: FlowMove) -> Result:
        """Add people who decide before, after or beside the actor (加签).

        Raises:
            SubjectError: if the actor has no task there, or one of the others already has one.
        """
        table, acting = self._find_decision_and_move("add_owner", move)
        _check_not_owners_yet(table, acting)
        if wrong := owners.find_rule_problem(acting.rule, len(acting.others)):
            raise SubjectError("complete: {wrong}", code="BAD_RULE", wrong=wrong)
        with self._undo_on_failure():
            added = owners.fill_in_untreated_status(
                {"owner_id": person} for person in acting.others
            )
            table.add_owners(acting.by, added, acting.where, acting.rule)
            self.owners[acting.at] = table.owner_items
            self._add_history(acting)
        return self._result

    def send_back(self, move: FlowMove) -> Result:
        """Send the project back to a node that it passed, or to its starter (退回).

        Raises:
            SubjectError: if the actor has no task there, or the project has not passed that node.
        """
        _, acting = self._find_decision_and_move("return", move)
        to, visit = str(_require_single_other(acting)), self.visits[acting.at]
        is_start = to == START and START not in self.nodes
        passed = self._find_nodes_to_return_to(without=acting.at)
        if (
            self.definition is not None
            and visit.split
            and self.definition.are_in_different_branches(acting.at, to)
        ):
            raise SubjectError(
                "{to!r} lies in another branch than {at!r}; return inside the branch, to the "
                "node that splits, to one before it, or to {start}",
                code="OTHER_BRANCH",
                to=to,
                at=acting.at,
                start=START,
            )
        if not is_start and to not in passed:
            raise SubjectError(
                "the project has not passed {to!r}, so it cannot return there; it has passed "
                "{listed}, and {start} is who started it",
                code="NOT_PASSED",
                to=to,
                listed=(shorten_list(passed) or msg("no node")),
                start=START,
            )
        with self._undo_on_failure():
            self._add_history(acting)
            if is_start:
                self.sender = acting.at
                self.passed_nodes.append(acting.at)
                # It leaves the nodes, and waits with its starter until he submits it again.
                self._end_project(project.RETURNED)
                self._report_node_entered("", acting.at, "return", acting.by)
            else:
                # From there on everybody is asked again, so their earlier decisions must not count.
                for node in self._find_nodes_to_redecide(to):
                    self.owners.pop(node, None)
                self._move_to_or_wait_at_join(visit, to, "return", acting)
        return self._result

    def resubmit(self, move: FlowMove) -> Result:
        """Submit again a project that was rejected, or sent back to its starter (重新提交).

        Raises:
            SubjectError: if the project is not with its starter, or another person acts.
        """
        self._check_returned_to_starter()
        by = self._require_permitted_actor(
            "resubmit", move, self._list_known_starter(), msg("who started it")
        )
        acting = replace(move, by=by, action="resubmit", at="")
        with self._undo_on_failure():
            front = self.creation or self._prepare_form_at_node("")
            front.redirect_outputs_to(self._result)
            if move.form:
                front.set(move.form)
            if self.creation is not None:
                self.creation.submit()
            if self._result.errors or self._result.refused:
                self._result.refused = True
                return self._result
            # Once more: while the form's scripts waited for a call, somebody else may have acted.
            self._check_returned_to_starter()
            self._add_history(acting)
            self.owners.clear()
            goes_back = self.definition is not None and self.definition.resubmit == "back"
            target = self._find_node_to_return_to(self.sender) if goes_back and self.sender else ""
            self.sender, self.status = "", project.PROCESSING
            if not target:
                target = choose_first_node(self.definition, self._call_hook("jump", acting))
            self._run_computed_hook(acting)
            self._enter_as_first_node(target, "resubmit", acting)
        return self._result

    def _check_returned_to_starter(self) -> None:
        if self.is_with_starter:
            return
        if self.status not in (project.RETURNED, project.REJECTED):
            raise SubjectError(
                "cannot resubmit: the project is {status}; only what was refused or returned "
                "to who started it can be submitted again",
                code="NOT_RETURNED",
                status=self.status,
            )
        above = self._find_ended_parent()
        raise SubjectError(
            "cannot resubmit: the project that started {name!r} is {status}",
            code="NOT_RETURNED",
            name=self.name,
            status=above.status if above else "",
        )

    def _find_node_to_return_to(self, sending_node: str) -> str:
        """Return the node where a project continues that *sending_node* sent back.

        If *sending_node* is in a branch, this is the gateway, so all branches decide again.
        """
        gateways = self.definition.nodes_inside_gateways if self.definition else {}
        target = sending_node
        while around := [name for name, inside in gateways.items() if target in inside]:
            target = around[0]
        return target

    def withdraw(self, move: FlowMove) -> Result:
        """Withdraw the project while it is in progress (撤回).

        Raises:
            SubjectError: if it is not in progress, or another person than its starter acts.
        """
        return self._end_project_by(
            "withdraw",
            move,
            project.CANCELLED,
            self._list_known_starter(),
            msg("who started it"),
        )

    def terminate(self, move: FlowMove) -> Result:
        """End the project at once (终止).

        Raises:
            SubjectError: if it is not in progress, or the actor is neither administrator nor its
                owner.
        """
        admins = [str(admin) for admin in (self.definition.admins if self.definition else ())]
        mine = owners.list_owner_ids(self.project.get("owner"))
        allowed = [*admins, *(mine or self._list_known_starter())]
        who = msg("an administrator or the project's owner")
        return self._end_project_by("terminate", move, project.TERMINATED, allowed, who)

    def forward(self, move: FlowMove) -> Result:
        """Show the project to others, who cannot decide (抄送, cc)."""
        return self._record_action_and_notify(
            "forward", move, [str(person) for person in move.others]
        )

    def comment(self, move: FlowMove) -> Result:
        """Add a comment to the project's history (评论)."""
        return self._record_action_and_notify("comment", move, [])

    def remind(self, move: FlowMove) -> Result:
        """Remind the people who are to act now (催办)."""
        return self._record_action_and_notify("remind", move, self.find_people_to_act_now(move.at))

    def _record_action_and_notify(self, action: str, move: FlowMove, to: list[str]) -> Result:
        """Add an action such as a comment to the history, and notify the people *to*, if any."""
        self._check_under_way(action)
        part = self._list_known_starter()
        part += [owners.read_owner_id(item) for items in self.owners.values() for item in items]
        part += [entry["by"] for entry in self.history if entry["by"]]
        by = self._require_permitted_actor(
            action, move, list(dict.fromkeys(part)), msg("who takes part in it")
        )
        acting = replace(move, by=by, action=action, at=move.at or self.at)
        with self._undo_on_failure():
            self._add_history(acting)
            if to:
                self._record_notification(action, to, acting.comment, acting.at)
        return self._result

    def _end_project_by(
        self, action: str, move: FlowMove, status: str, allowed: list[str], who: str
    ) -> Result:
        self._check_under_way(action)
        by = self._require_permitted_actor(action, move, allowed, who)
        acting = replace(move, by=by, action=action, at=self.at)
        with self._undo_on_failure():
            self._add_history(acting)
            self._report_node_entered("", self.at, action, by)
            self._end_project(status)
            self._resume_parent(status)
        return self._result

    def find_possible_moves(self, *, runs_owner_hooks: bool = True) -> list[PossibleMove]:
        """Return the possible actions now, including those of sub-flows' projects.

        With *runs_owner_hooks*, ``owners`` hooks (the scripts that return who has to act at a node)
        that have not run yet are run.
        """
        parts = self._list_all_projects()
        return [task for part in parts for task in part._find_project_moves(runs_owner_hooks)]  # noqa: SLF001 - of its own class

    def _find_project_moves(self, runs_owner_hooks: bool) -> Iterator[PossibleMove]:
        if self.is_with_starter:
            since = self.now() if self.ended is None else self.ended
            stay = -len(self.history)
            yield PossibleMove(project=self.name, node=START, visit=stay, arrived=since)
        for visit in [*self.visits.values()] if self.definition else ():
            if runs_owner_hooks and not visit.child and visit.node not in self.owners:
                self._assign_owners_unless_hook_fails(visit, FlowMove(at=visit.node))
            task = PossibleMove(
                project=self.name,
                node=visit.node,
                visit=visit.serial,
                arrived=visit.arrived,
                offered_actions=self.find_node_definition(visit.node).offered_actions,
                is_shared=visit.decision.rule == "any",
            )
            yield task
            for item in visit.decision.find_items_to_act_now():
                yield replace(task, by=owners.read_owner_id(item))

    def preview(self, move: FlowMove) -> Mapping[str, Any]:
        """Return the nodes and people that the project would pass if everybody approved.

        The keys are ``nodes``, ``owners`` (by node), ``branches`` (by gateway), ``end`` and
        ``status``.

        Everything is undone afterwards. It runs as after a submit, except that only the hooks run
        that decide where the project goes and who owns a node.

        Raises:
            SubjectError: if the project would get stuck or never end, or has ended already.
        """
        if self.status != project.NEW:
            self._check_under_way("preview")
        parts = self._list_all_projects()
        before = [(part, part._save_state(), part._screens) for part in parts]  # noqa: SLF001
        tell, self.previews, value = self.tell, True, self._result.value
        for part in parts:
            part.tell, part._screens = _ignore_event, {}  # noqa: SLF001 - of its own class
        try:
            self.foreseen = self._approve_until_end(move)
        finally:
            for part, memory, screens in before:
                part._restore_state(memory)  # noqa: SLF001 - of its own class
                part.tell, part._screens = tell, screens  # noqa: SLF001
            self.previews, self._result.value = False, value
        return self.foreseen

    def _approve_until_end(self, move: FlowMove) -> Mapping[str, Any]:
        """Approve the tasks one after another until the project ends.

        Return the passed nodes, their owners, and the end, as `preview` does.
        """
        if self.status == project.NEW:
            self.create(move)
        else:
            self.merge_values("form", move.form, "user")
        passed_before = {part.name: len(part.passed_nodes) for part in self._list_all_projects()}
        for decisions in count(1):
            if self.status != project.PROCESSING or self._result.errors:
                break
            tasks = self.find_possible_moves()
            task = next((one for one in tasks if one.by), None)
            if task is None:
                self._refuse_if_nobody_can_act()
                break
            acting = self.find(task.project)
            acting._approve_task(task)  # noqa: SLF001 - of its own class
            for part in (self, acting):
                part._refuse_if_endless(passed_before.get(part.name, 0), decisions)  # noqa: SLF001
        passed = list(dict.fromkeys(self.passed_nodes))
        return {
            "nodes": list(self.passed_nodes),
            "owners": {
                part.qualify_name(node): list(map(owners.read_owner_id, items))
                for part in self._list_all_projects()
                for node, items in part.owners.items()
            },
            "branches": {
                node: list(self.nodes[node].parallel)
                for node in passed
                if node in self.nodes and self.nodes[node].parallel
            },
            "end": self.at,
            "status": self.status,
        }

    def _refuse_if_endless(self, begin: int, decisions: int) -> None:
        """Raise if the preview, which began with *begin* passed nodes, probably never ends.

        Raises:
            SubjectError: if the project passed a node too often, or took too many *decisions*.
        """
        passed = self.passed_nodes[begin:]
        if passed.count(passed[-1] if passed else "") > _MOST_PASSES or decisions > _MOST_FORESEEN:
            raise SubjectError(
                "nodes follow each other without end if everybody agrees: {nodes}; what follows "
                "after {decisions} decisions was not looked at",
                code="ENDLESS",
                nodes=shorten_list(passed[-8:]),
                decisions=decisions,
            )

    def _refuse_if_nobody_can_act(self) -> None:
        """Raise what a person who acts now would be told, in a project that no task moves on.

        Raises:
            SubjectError: if a node has no owners, or none of them is to act; if that is so in a
                sub-flow for which a node waits, or its project is with its starter.
        """
        self._check_under_way("preview")
        for visit in self.visits.values():
            if visit.child:
                self.children[visit.child]._refuse_if_nobody_can_act()  # noqa: SLF001
            else:
                somebody = next(iter(visit.decision.owner_ids), "")
                by = self._choose_and_check_actor(visit, somebody)
                visit.decision.require_item_to_act_now(by)

    def _approve_task(self, task: PossibleMove) -> None:
        """Approve a task for its owner without filling in anything."""
        visit = self.visits[task.node]
        acting = FlowMove(at=task.node, by=task.by, action="approve")
        self._record_decision(visit, acting)
        self._add_history(acting)
        if visit.decision.status == owners.PASSED:
            self._follow_route(visit, "approve", acting)
        if not self._result.errors:
            self._run_computed_hook(acting)

    def fire(self, event: str) -> Result:
        """Run only the hook *event*, without the action that usually fires it.

        The values that ``computed`` returns are set in the form, and the owners that ``owners``
        returns become those of the node.
        """
        name, _, target = event.partition(".")
        action = {"before_next": "approve"}.get(name, name)
        move = FlowMove(at=self.at, action=action if action in {"create", *ACTIONS} else "")
        with self._undo_on_failure():
            if name == "computed":
                self._result.value = self._run_computed_hook(move)
            elif name == "owners":
                visit = self.visits.get(target) or Visit(target)
                self._assign_owners_unless_hook_fails(visit, move)
            else:
                self._call_hook(event, move, with_form=name in {"create", "approve", "reject"})
        return self._result

    def set(self, values: Mapping[str, Any]) -> Result:
        """Fill in the project's form as a person at the node does, then update computed values."""
        return self._fill_in("set", lambda front: front.set(values))

    def set_rows(self, table: str, change: Callable[[list[Any]], list[Any]]) -> Result:
        """Replace the rows of a table of the project's form by *change* of its rows."""
        return self._fill_in("change rows", lambda front: front.set_rows(table, change))

    def _fill_in(self, action: str, fill_in: Callable[[FormSubject], object]) -> Result:
        with self._undo_on_failure():
            front = self.require_unambiguous_form(action)
            front.redirect_outputs_to(self._result)
            fill_in(front)
            if self.status != project.NEW or self.creation is None:
                self._run_computed_hook(FlowMove(at=self.node_of_visible_form, by=self.actor))
        return self._result

    def require_unambiguous_form(self, action: str) -> FormSubject:
        """Return the form that a person sees; *action* is what he does there, for messages.

        Raises:
            SubjectError: if the project is at several nodes with forms of their own, and nothing
                says which one is meant.
        """
        if self.actor:
            self._check_may_fill_in(action)
        several = [visit for visit in self.visits if visit in self.screens]
        is_clear = self.focus or len(self._find_visits_of_owner(self.viewer)) == 1
        if len(self.visits) > 1 and several and not is_clear:
            raise self._make_ambiguous_node_error(action)
        return self.current_form

    def _check_may_fill_in(self, action: str) -> None:
        """Check that the actor may fill in the form; *action* is what he does, for messages.

        At a node he has to have a task there. The form of a project that was sent back or rejected
        is for its starter; that of a project not yet created is for anybody, as is any form without
        a definition.

        Raises:
            SubjectError: if he may not, or the project is not in progress.
        """
        if self.is_with_starter:
            who = msg("who started it")
            self._require_permitted_actor(
                action, FlowMove(by=self.actor), self._list_known_starter(), who
            )
        elif self.status != project.NEW and self.definition is not None:
            self._find_decision_and_move(action, FlowMove(at=self.focus, by=self.actor))

    def _find_decision_and_move(self, action: str, move: FlowMove) -> tuple[NodeDecision, FlowMove]:
        """Return who decides at the node of *move*, and *move* with node, actor and *action* set.

        The node is the one that *move* names, else the only one where the actor has a task.

        Raises:
            SubjectError: if there is no definition, the project is not there, or it is not the
                actor's turn.
        """
        if self.definition is None:
            raise SubjectError(
                "{action} needs flow.definition; without it nothing moves",
                code="NO_DEFINITION",
                action=action,
            )
        visit = self._find_visit_to_act_at(action, move)
        if visit.node not in self.owners:
            self._assign_owners_unless_hook_fails(visit, move)
        by = self._choose_and_check_actor(visit, move.by)
        visit.decision.require_item_to_act_now(by)
        return visit.decision, replace(move, at=visit.node, by=by, action=action)

    def _require_permitted_actor(
        self, action: str, move: FlowMove, allowed: list[str], who: str
    ) -> str:
        """Return the actor of *move* (else the user, or else the first allowed) if he is allowed.

        Those *allowed* are given by id. *who* is a text for messages that says who they are, and
        *action* the name of what he does.

        Raises:
            SubjectError: if he is not; the message names those who may.
        """
        by = move.by or self.user_id or (allowed[0] if allowed else "")
        if by not in allowed:
            may = shorten_list(allowed) or msg("nobody is known")
            raise SubjectError(
                "{by} may not {action}: only {who} may ({may})",
                code="NOT_ALLOWED",
                by=(by or msg("nobody")),
                action=action,
                who=who,
                may=may,
            )
        return by


def _ignore_event(_event: SubjectEvent) -> None:
    """Report no event, for a preview."""


def _require_single_other(move: FlowMove) -> str | int:
    if len(move.others) != 1:
        raise SubjectError(
            "{action} needs one in to, got {others_count}",
            code="NEEDS_ONE",
            action=move.action,
            others_count=len(move.others),
        )
    return move.others[0]


def _check_not_owners_yet(decision: NodeDecision, move: FlowMove) -> None:
    """Check that the people to whom *move* gives a task have none at the node yet.

    *decision* says who has to decide there.

    Raises:
        SubjectError: if one has, or *move* names nobody.
    """
    if not move.others:
        raise SubjectError("{action} needs to: who", code="NEEDS_OTHERS", action=move.action)
    there = [str(person) for person in move.others if str(person) in decision.owner_ids]
    if there:
        raise SubjectError(
            "{there} is an owner of {at!r} already",
            code="ALREADY_OWNER",
            there=there[0],
            at=move.at,
        )
