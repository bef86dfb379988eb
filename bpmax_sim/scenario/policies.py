"""Simulated people: the policies of a scenario decide what happens while a step ``play`` runs.

Virtual time advances to the next event: a decision that is due, an expired deadline, a timer. Each
open task gets the first policy that matches it; the policy's action is performed like that of a
step, with node and person filled in. A play that gets stuck, does not end, or ends at another node
fails, and its message says where the project is.

`PolicyPlayer.play` repeats one round until the goal is reached: it lists the possible moves of
people (`PossibleMove`: a task of an owner, or an action of others), chooses for each the first
policy that matches, and lets time pass to the earliest of these, of deadlines, and, only if there
is neither, of scripts' timers. One thing happens in a round, as it may change all that is possible.
A policy acts once on each task, so a person who is asked again by a return acts again, while one
whose action did not move the project does not repeat it for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from bpmax_sim.errors import SubjectError, shorten_list, suggest_or_list
from bpmax_sim.i18n import join_list, join_messages, msg
from bpmax_sim.scenario import model, references
from bpmax_sim.scenario.action import Performer
from bpmax_sim.scenario.actions import check_action
from bpmax_sim.scenario.flow_actions import (
    FlowAction,
    check_people_exist,
    check_performer,
    is_literal_text,
)
from bpmax_sim.scenario.names import CheckContext
from bpmax_sim.scenario.row_checks import check_compared_cells, check_only_rows
from bpmax_sim.scenario.source import Spot
from bpmax_sim.scenario.table_rows import ScenarioDraft
from bpmax_sim.subject import project
from bpmax_sim.subject.definition import Definition
from bpmax_sim.subject.flow import START, FlowSubject
from bpmax_sim.subject.hooks import Result
from bpmax_sim.subject.owners import PossibleMove

MOST_MOVES = 200
"""How much may happen in one ``play`` before it counts as endless."""
_ANY = "*"
_OUTSIDE = ("at", "by", "project")
"""What a policy says beside its action."""
_ENDED = (project.FINISHED, project.REJECTED, project.CANCELLED, project.TERMINATED)

LocatedPolicy = tuple[model.Policy, Spot]


def find_action_class(policy: model.Policy) -> type[FlowAction] | None:
    """Return the class of the action of *policy*, or None if it has none."""
    return next((kind for _, kind, _ in find_actions(policy)), None)


def find_actions(policy: model.Policy) -> Iterator[tuple[str, type[FlowAction], Any]]:
    """Yield all actions of *policy*, each with its value; a valid policy has exactly one."""
    for key, kind in model.POLICY_ACTIONS.items():
        value = getattr(policy, key)
        if value is not UNSET:
            yield key, kind, value


class NextPersonAction(msgspec.Struct, frozen=True, kw_only=True):
    """The next action of a person.

    Attributes:
        due: virtual time at which the person acts.
        number: index of the policy by which, from 0; a lower one has precedence.
        task: what the person acts on: a task at a node, or an action such as a withdrawal.
    """

    due: float
    number: int
    task: PossibleMove


class PolicyPlayer:
    """Acts for the people of a scenario by its ``policies``.

    Args:
        policies: in order of precedence, each with its spot.
        scope: replaces ``${…}`` in their values.
        check: function that is given a check of a policy's values, their ``${…}`` replaced, and the
            spot of the policy; it runs the check and raises `SubjectError` if a value is wrong.
        ran: set to which the place of each policy is added when it acts.
    """

    def __init__(
        self,
        policies: Sequence[LocatedPolicy],
        scope: references.Scope,
        check: Callable[[Callable[[CheckContext], None], Spot], None],
        ran: set[str],
    ) -> None:
        """Start without any known task; the arguments are described at the class."""
        self.policies = policies
        self.scope = scope
        self.check = check
        self.ran = ran
        self._since: dict[tuple[int, str], float] = {}
        self._visits: set[int] = set()
        self._done: set[tuple[int, int, str]] = set()
        self._used: dict[int, int] = {}

    def record_task_arrivals(self, flow: FlowSubject, /) -> None:
        """Note since when each present owner has had the task.

        ``after`` of a policy counts from then.
        """
        self._record_arrival_times(flow.find_possible_moves(runs_owner_hooks=False), flow.now())

    def _record_arrival_times(self, tasks: Sequence[PossibleMove], now: float) -> None:
        fresh = {task.visit for task in tasks} - self._visits
        for task in tasks:
            # Owners of a new visit have the task since its arrival; one added later gets it now.
            begin = task.arrived if task.visit in fresh else now
            self._since.setdefault((task.visit, task.by), begin)
        self._visits |= fresh

    def play(self, performer: Performer, flow: FlowSubject, until: str, result: Result, /) -> None:
        """Run *flow* until it is at the node *until*; if that is "", until the project has ended.

        It stops before that if an action of a person fails or is refused. *performer* performs the
        actions, whose outputs and errors are added to *result*.

        Raises:
            SubjectError: if the project is new, gets stuck, does not end within `MOST_MOVES`
                actions, or ends at another node.
        """
        if flow.status == project.NEW:
            raise SubjectError(
                "cannot play: the project is new; submit it first, or set flow.at",
                code="NOT_UNDER_WAY",
            )
        for _ in range(MOST_MOVES):
            if result.errors or result.refused or has_reached(flow, until):
                return
            self._advance_to_next_event(performer, flow, until, result)
        if not (result.errors or result.refused or has_reached(flow, until)):
            raise _make_endless_error(flow, until)

    def _advance_to_next_event(
        self, on: Performer, flow: FlowSubject, until: str, result: Result
    ) -> None:
        """Let virtual time pass until a policy acts, a deadline is due or a timer fires.

        Timers count only if nothing else will happen. *on* performs the policy's action, whose
        outputs and errors are added to *result*; *until* is the goal, for the error's message.

        Raises:
            SubjectError: if nothing is left to happen.
        """
        tasks = flow.find_possible_moves()
        if result.errors:  # of a hook that says who owns a node
            return
        # Before policies are chosen: a task found only now has begun at its arrival.
        self._record_arrival_times(tasks, flow.now())
        choice = min(self._plan_moves(tasks), key=_to_sort_key, default=None)
        due = self._find_next_instant(on, flow, choice)
        if due is None:
            raise self._make_stuck_error(flow, tasks, until)
        on.session.advance(max(due - flow.now(), 0))
        # At the same instant the deadline wins: who acts only when the time is over, is too late.
        deadline = flow.find_next_due()
        if deadline is not None and deadline <= flow.now():
            on.fire_due_deadlines()
        elif choice is not None and choice.due <= flow.now():
            self._perform_policy(on, flow, choice, result)

    def _find_next_instant(
        self, on: Performer, flow: FlowSubject, choice: NextPersonAction | None
    ) -> float | None:
        """Return the virtual time of the next action (*choice*) or deadline; None without one.

        Timers of scripts count only if there is neither, and the project has not ended: the
        interval of a script never ends, and would be the next event for ever. *on* has the session
        with the timers.
        """
        instants = [choice.due] if choice else []
        deadline = flow.find_next_due()
        instants += [] if deadline is None else [deadline]
        if not instants and flow.status not in _ENDED:
            instants = [timer.due for timer in on.session.pending_timers()]
        return min(instants, default=None)

    def _plan_moves(self, tasks: Sequence[PossibleMove]) -> Iterator[NextPersonAction]:
        """Yield for each of *tasks* the action that the first matching policy makes of it.

        *tasks* are what people can do now; one that no policy matches is left out. A policy matches
        if it is for the node and the owner, its ``if`` holds, the node offers its action, and it
        was not used up.

        If several owners share a task, so that one decision is enough, only one action is yielded
        for it: that of the policy with the highest precedence.
        """
        shared: dict[int, NextPersonAction] = {}
        for task in tasks:
            fits = (
                n for n in range(len(self.policies)) if not self._why_policy_not_matching(n, task)
            )
            number = next(fits, None)
            if number is None:
                continue
            since = self._since[task.visit, task.by]
            due = since + self.policies[number][0].after
            choice = NextPersonAction(due=due, number=number, task=task)
            if task.is_shared:
                best = shared.setdefault(task.visit, choice)
                shared[task.visit] = min(best, choice, key=lambda one: one.number)
            else:
                yield choice
        yield from shared.values()

    def _why_policy_not_matching(self, number: int, task: PossibleMove) -> str:
        """Return why policy *number* does not act on *task*; "" if it does.

        The text ``*`` is returned for a policy that is for other nodes or other kinds of task: such
        a policy is not mentioned in messages.
        """
        policy, spot = self.policies[number]
        kind = find_action_class(policy)
        at, by = (
            references.to_text_or_empty(self.scope.resolve(value))
            for value in (policy.at, policy.by)
        )
        self.check(lambda to: _check_filled_names(to, policy, at, by, spot), spot)
        if kind is None or not _applies_to(kind, task) or not self._is_at_node(policy, at, task):
            return _ANY
        if kind.needs_task and by not in ("", task.by):
            return msg("is for {by}", by=by)
        if kind.decides and kind.decides not in task.offered_actions:
            return msg("does what the node does not offer: {action}", action=kind.decides)
        if not references.condition_holds(policy.condition, self.scope.look_up):
            return msg("does not hold: if: {condition}", condition=policy.condition)
        return self._why_used_up(number, task)

    def _why_used_up(self, number: int, task: PossibleMove) -> str:
        """Return why policy *number* cannot be used for *task* any more, or "".

        A policy is used once for each task, and ``times`` in all.
        """
        times = self.policies[number][0].times
        if times is not UNSET and self._used.get(number, 0) >= times:
            return msg("has been used {times} times", times=times)
        is_done = (number, task.visit, task.by) in self._done
        return msg("has been used here") if is_done else ""

    def _is_at_node(self, policy: model.Policy, at: str, task: PossibleMove) -> bool:
        """Return whether *policy* is for the node of *task*.

        *at* is the policy's node with ``${…}`` replaced; ``*`` is for any. If main flow and a
        sub-flow have a node of that name, a policy without ``project`` is for that of the main
        flow.
        """
        if policy.project and policy.project != task.project.partition("#")[0]:
            return False
        if at == _ANY:
            return True
        return at == task.node and bool(policy.project or not task.project or at not in self.nodes)

    nodes: Sequence[str] = ()
    """Nodes of the main flow."""

    def _perform_policy(
        self, on: Performer, flow: FlowSubject, choice: NextPersonAction, result: Result
    ) -> None:
        """Perform the planned move *choice* as a step with that action would.

        Errors added to *result* name the policy.
        """
        policy, spot = self.policies[choice.number]
        task = choice.task
        key, kind, written = next(find_actions(policy))
        filled = self.scope.resolve(written)
        options = dict(filled) if isinstance(filled, Mapping) else {"comment": filled}
        by = task.by or references.to_text_or_empty(self.scope.resolve(policy.by))
        node = "" if task.node == START else task.node
        outside = {"at": node, "by": by, "project": task.project}
        value = {**options, **{k: v for k, v in outside.items() if v}}
        self.check(lambda to: check_action(to, key, value, spot.at(key)), spot.at(key))
        self.ran.add(str(spot.place))
        self._done.add((choice.number, task.visit, task.by))
        self._used[choice.number] = self._used.get(choice.number, 0) + 1
        before = len(result.errors)
        try:
            kind.run(on, {**options, **outside}, "", result)
        except SubjectError as error:
            raise _add_policy_line(error, spot) from None
        result.errors[before:] = [
            _add_policy_line(one, spot) if type(one) is SubjectError else one
            for one in result.errors[before:]
        ]
        self._record_arrival_times(flow.find_possible_moves(runs_owner_hooks=False), flow.now())

    def _make_stuck_error(
        self, flow: FlowSubject, tasks: Sequence[PossibleMove], until: str
    ) -> SubjectError:
        """Return the error of a project that cannot go on to *until* (a node; "" for the end).

        It has ended or gone back to its starter, or no policy matches any of *tasks* and neither
        deadline nor timer is pending. The message says which, and why the policies for these tasks
        do not match.
        """
        if flow.status in (*_ENDED, project.RETURNED):
            return SubjectError(
                "the project is {status}{at} and has not come to {until}; it passed {passed}",
                code="ENDED_ELSEWHERE",
                status=flow.status,
                at=msg(" at {at!r}", at=flow.at) if flow.at else "",
                until=_describe_goal(until),
                passed=_join_last_nodes(flow.passed_nodes),
            )
        return SubjectError(
            "play stands still on the way to {until}: no policy fits {tasks}, and no deadline or "
            "timer is pending{reasons}",
            code="STANDS_STILL",
            until=_describe_goal(until),
            tasks=_describe_tasks(flow, tasks),
            reasons=self._describe_reasons(tasks),
        )

    def _describe_reasons(self, tasks: Sequence[PossibleMove]) -> str:
        """Return, for each policy that is for these tasks, why it does not match."""
        reasons = {
            (number, why): None
            for number in range(len(self.policies))
            for task in tasks
            if (why := self._why_policy_not_matching(number, task)) not in ("", _ANY)
        }
        parts = [
            msg("the policy in line {line} {why}", line=self.policies[n][1].place.line, why=why)
            for n, why in reasons
        ]
        if parts:
            return msg("; {parts}", parts=join_list(parts))
        node = next((task.node for task in tasks if task.by), "")
        return msg("; add one with at: {node}", node=node) if node else ""


def _to_sort_key(choice: NextPersonAction) -> tuple[float, int]:
    return choice.due, choice.number


def _applies_to(kind: type[FlowAction], task: PossibleMove) -> bool:
    """Return whether the person of *task* can perform an action of *kind*.

    At ``start`` only an action for the starter (``resubmit``) is possible. Elsewhere, an action
    that needs a task is for an owner (``task.by``); any other, such as a withdrawal, for a
    `PossibleMove` without an owner.
    """
    if task.node == START or kind.is_for_starter:
        return task.node == START and kind.is_for_starter
    return kind.needs_task is bool(task.by)


def has_reached(flow: FlowSubject, until: str) -> bool:
    """Return whether the project has reached *until*, or has ended if *until* is empty."""
    if until == START and START not in flow.nodes:
        return flow.status == project.RETURNED
    if flow.status in _ENDED:
        return until in ("", flow.at)
    return until in flow.visits


def _add_policy_line(error: SubjectError, spot: Spot) -> SubjectError:
    return SubjectError(
        "{error} (the policy in line {line})", code=error.code, error=error, line=spot.place.line
    )


def _join_last_nodes(nodes: Sequence[str], max_nodes: int = 8) -> str:
    """Return the nodes joined in their order; only the last *max_nodes* of a long list."""
    shown = [*(["…"] if len(nodes) > max_nodes else []), *nodes[-max_nodes:]]
    return join_messages(" → ", shown) or msg("no node")


def _describe_goal(until: str) -> str:
    return msg("{until!r}", until=until) if until else msg("its end")


def _make_endless_error(flow: FlowSubject, until: str) -> SubjectError:
    return SubjectError(
        "after {count} decisions and deadlines the project has not come to {until}; it passed "
        "{passed}; bound a policy with times: 1, or let one decide otherwise",
        code="NEVER_ENDS",
        count=MOST_MOVES,
        until=_describe_goal(until),
        passed=_join_last_nodes(flow.passed_nodes),
    )


def _describe_tasks(flow: FlowSubject, tasks: Sequence[PossibleMove]) -> str:
    """Return where the project and its sub-flows are, and who could act there."""
    who: dict[str, list[str]] = {}
    for task in tasks:
        name = f"{task.project}/{task.node}" if task.project else task.node
        people = who.setdefault(name, [])
        people += [task.by] if task.by else []
    waits = [visit.node for visit in flow.visits.values() if visit.child]
    parts = [
        msg("{node!r} ({people})", node=node, people=shorten_list(people) or msg("nobody may act"))
        for node, people in who.items()
        if node not in waits
    ]
    parts += [msg("{node!r} (it waits for the sub-flow)", node=node) for node in waits]
    return join_list(parts) or msg("no node")


# ---------------------------------------------------------------------------- before a run


def check_policies(draft: ScenarioDraft) -> None:
    """Report to *draft* policies that cannot be performed, and those that never get their turn.

    Wrong are unknown nodes and people, actions that a node does not offer, a policy behind one that
    matches all its tasks, and policies that no step ``play`` uses.
    """
    spot = draft.spot.at("policies")
    located = list(spot.locate_elements(draft.scenario.policies))
    if not located:
        return
    if draft.definition is None:
        wrong = msg("policies need flow.definition; without it nothing moves")
        draft.tell(spot, wrong)
        return
    if not any(step.action == "play" for step, _ in draft.steps):
        draft.tell(spot, msg("nothing runs these policies; add a step such as play: {until: …}"))
    unread = [problem.path for problem in draft.problems]
    for number, (policy, where) in enumerate(located):
        if not any(path.startswith(f"policies[{number}].") for path in unread):
            _check_task_policy(draft, policy, where)
        first = next((at for one, at in located[:number] if _shadows_policy(one, policy)), None)
        if first is not None:
            draft.tell(
                where,
                "this policy can never be used: the one in line {line} fits all that it fits; put "
                "this one before it, or give that one only:, if:, by: or times:",
                line=first.place.line,
                kind="rule",
            )


def _check_task_policy(draft: ScenarioDraft, policy: model.Policy, spot: Spot) -> None:
    actions = list(find_actions(policy))
    if len(actions) != 1:
        draft.tell(
            spot.at(actions[1][0]) if actions else spot,
            "a policy says one thing that is done, not {count}; it is one of {names}",
            count=len(actions),
            names=join_list(model.POLICY_ACTIONS),
        )
        return
    key, kind, value = actions[0]
    if wrong := references.check_condition(policy.condition):
        draft.tell(spot.at("if"), wrong)
    check_compared_cells(draft, policy.condition, spot)
    check_only_rows(draft, policy, spot)
    options = value if isinstance(value, Mapping) else {}
    doubled = [name for name in _OUTSIDE if name in options]
    for name in doubled:
        draft.tell(spot.at(key, name), "write {name} beside {key}, not in it", name=name, key=key)
    if value is not None and not doubled:
        kind.check(draft, value, spot.at(key))
    elif value is None and "to" in kind.__struct_fields__:
        kind.check(draft, {}, spot.at(key))
    definition = _check_at(draft, policy, kind, spot)
    check_people_exist(draft, policy.by, spot.at("by"))
    if definition is not None and kind.needs_task:
        _check_owner(draft, policy, definition, spot.at("by"))


def _check_filled_names(
    context: CheckContext, policy: model.Policy, at: str, by: str, spot: Spot
) -> None:
    """Report the node *at* and the person *by*, filled in from ``${…}``, that do not exist."""
    if policy.by and (by.strip() or policy.condition is True):
        check_performer(context, {"by": by}, spot)
    flows = (context.names.definition, *context.names.subflows.values())
    nodes = [node for flow in flows if flow for node in flow.nodes]
    if nodes and at not in {*nodes, START, _ANY}:
        context.tell(spot.at("at"), "no node {at!r}{hint}", known=nodes, at=at, kind="name")


def _check_at(
    draft: ScenarioDraft, policy: model.Policy, kind: type[FlowAction], spot: Spot
) -> Definition | None:
    """Report ``project`` or ``at`` of *policy* that does not exist or where it cannot be performed.

    Return the definition of the flow that has the node. None if there is no such sub-flow or node,
    if nobody decides there, or if the policy names no single node: ``*``, ``start`` or a ``${…}``.
    *kind* is the class of the policy's action.
    """
    flows = {"": draft.definition, **draft.subflows}
    if policy.project and policy.project not in draft.subflows:
        draft.tell(
            spot.at("project"), "no sub-flow {flow!r}{hint}", known=draft.subflows,
            flow=policy.project,
        )  # fmt: skip
        return None
    if not is_literal_text(policy.at) or policy.at == _ANY:
        return None
    at = spot.at("at")
    if kind.is_for_starter or policy.at == START:
        if policy.at != START or not kind.is_for_starter:
            wrong = msg("at: start goes with resubmit, and resubmit with at: start")
            draft.tell(at, wrong)
        return None
    names = [policy.project] if policy.project else [*flows]
    found = [flow for name in names if (flow := flows[name]) and policy.at in flow.nodes]
    if not found:
        known = [node for name in names if (flow := flows[name]) for node in flow.nodes]
        draft.tell(at, "no node {at!r}{hint}", known=known, at=policy.at)
        return None
    node = found[0].nodes[policy.at]
    if kind.needs_task and (node.end or node.parallel or node.child_flow):
        draft.tell(at, "nobody decides at {at!r}: it is an end, a gateway or a sub-flow",
                   at=policy.at)  # fmt: skip
        return None
    kind.check_node(draft, found[0], policy.at, at)
    return found[0]


def _check_owner(
    draft: ScenarioDraft, policy: model.Policy, definition: Definition, spot: Spot
) -> None:
    """Report a ``by`` of *policy* who never has a task at its node, if the files give the owners.

    *definition* is that of the flow with the node, *spot* that of ``by``.
    """
    by, known = str(policy.by), _find_possible_owners(draft, definition, policy.at)
    if not is_literal_text(by) or not by or not known or by in known:
        return
    draft.tell(
        spot,
        "{by!r} never has a task at {at!r}{hint}",
        by=by,
        at=policy.at,
        hint=suggest_or_list(by, known),
        kind="name",
    )


def _find_possible_owners(draft: ScenarioDraft, definition: Definition, at: str) -> tuple[str, ...]:
    """Return the possible owners at the node *at* of *definition*; empty if not all are known.

    That is so if scripts or values of a row determine them. Those to whom steps and policies hand a
    task over are included.
    """
    scripts = [spec.scripts for spec, _ in draft.flow_specs.values()]
    if any(event.startswith("owners.") for events in scripts for event in events):
        return ()
    others: list[Any] = []
    values = [step.value for step, _ in draft.steps]
    values += [value for policy in draft.scenario.policies for *_, value in find_actions(policy)]
    for value in values:
        to = value.get("to", ()) if isinstance(value, Mapping) else ()
        others += to if isinstance(to, list | tuple) else [to]
    node = definition.nodes[at]
    people = [*node.owners, *(definition.admins if node.empty == "admins" else ()), *others]
    names = tuple(dict.fromkeys(map(str, people)))
    return () if any("${" in name for name in names) else names


def _shadows_policy(first: model.Policy, later: model.Policy) -> bool:
    """Return whether *first* matches all tasks that *later* does, so that *later* never acts."""
    kind, other = find_action_class(first), find_action_class(later)
    narrows = (first.times, first.only) != (UNSET, UNSET) or first.condition is not True
    if kind is None or other is None or narrows:
        return False
    is_open = any("${" in str(value) for value in (first.at, first.by, later.at, later.by))
    alike = (kind.needs_task, kind.is_for_starter) == (other.needs_task, other.is_for_starter)
    never_lacks = kind.decides in (None, "approve") or first.at == later.at
    return (
        not is_open
        and alike
        and kind.ends_stay
        and never_lacks
        and first.at in (_ANY, later.at)
        and first.project in ("", later.project)
        and first.by in ("", later.by)
    )
