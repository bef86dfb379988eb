"""A project: its values, its nodes, its history, and the hooks that run on it.

An action that fails leaves the project, and all projects that belong to it, as they were before.
Members of ``ctx`` follow the product's API where it is public; the nesting names ``project``,
``step`` and ``form`` are this simulator's.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, Self

import msgspec

from bpmax_sim.errors import (
    Place,
    SubjectError,
    suggest_or_list,
)
from bpmax_sim.i18n import msg
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.script.channel import LiveObject
from bpmax_sim.script.failure import Script
from bpmax_sim.script.runtime import Page
from bpmax_sim.script.turn_result import Outcome
from bpmax_sim.subject import hooks
from bpmax_sim.subject.definition import (
    ACTIONS,
    PLAIN,
    Definition,
    FlowNode,
    FlowParts,
    LoadedNodeForm,
    RouteKey,
    SubFlowResult,
    check_hook_result,
)
from bpmax_sim.subject.form import FormSubject, ScriptedSubject, make_object_for_each_state
from bpmax_sim.subject.hooks import UNDO, FlowMove, Result
from bpmax_sim.subject.owners import PASSED, REFUSED, UNTREATED, Items, Visit, read_owner_id


class ContextView(msgspec.Struct, frozen=True):
    """The object ``ctx`` that one running script sees.

    What it writes into form and project stays. Anything else that it writes into ``ctx`` is seen by
    this script alone, and has no effect after it.

    Attributes:
        flow: project that the script belongs to.
        members: members of ``ctx`` without *links*.
        links: ``form`` and ``project``, which the script can change.
        watched_members: names of *members*; if a script reads what one of them lacks, its outcome
            says so.
    """

    flow: ScriptedSubject
    members: Mapping[str, Any]
    links: Mapping[str, LiveObject]
    watched_members: Sequence[str] = ("step", "userInfo", "postData")

    def snapshot(self) -> Mapping[str, Any]:
        """Return the members other than form and project."""
        return self.members

    def write(self, field: str, _value: Any, place: Place | None, /) -> None:
        """Record a script's write to a member of ``ctx``, which has no effect after the script.

        Raises:
            SubjectError: if form or project itself is replaced by something that is not an object.
        """
        self.flow.note_write("ctx", field, place)
        if field in self.links:
            raise SubjectError(
                "ctx.{field} takes an object of names and values", code="BAD_WRITE", field=field
            )


CONTEXT_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "ctx": (
        "action",
        "step_id",
        "target_step",
        "description",
        "postData",
        "step",
        "userInfo",
        "form",
        "project",
    ),
    "ctx.step": (
        "id",
        "name",
        "flow_step_id",
        "owner",
        "plan_start_time",
        "plan_end_time",
        "delay_level",
    ),
    "ctx.userInfo": ("id", "name"),
    "ctx.project": (
        "id",
        "name",
        "status",
        "user_id",
        "create_time",
        "real_start_time",
        "real_end_time",
    ),
}
"""What flow scripts see as ``ctx``; of people and projects the product may know more."""


NEW, PROCESSING, FINISHED, REJECTED = "new", "processing", "finished", "rejected"
CANCELLED, TERMINATED, RETURNED = "cancelled", "terminated", "returned"
_FORESEEN = ("owners", "jump", "computed")
"""Hooks that say where a project goes, and to whom; they run in a preview, too."""
STATUSES = (NEW, PROCESSING, FINISHED, REJECTED, CANCELLED, TERMINATED, RETURNED)
"""Everything that a project can be."""
_LATER: Mapping[int, str] = {UNTREATED: "untreated", PASSED: "passed", REFUSED: "refused"}
TASK_STATES = tuple(_LATER.values())
"""Everything that a task can be."""


_SavedState = tuple[bytes, Mapping[str, Any], int]
"""A project before an action: its `_STATE`, pickled, and its other fields, by name.

Hardly any action is undone, and a pickle takes a tenth of the time of a deep copy.
"""
# Pickled together: `visits` and `owners` hold the same owner items, and still do when restored.
_STATE = (
    "at",
    "visits",
    "owners",
    "assigned",
    "transfers",
    "history",
    "passed_nodes",
    "notified",
    "starter",
    "sender",
    "titles",
    "shown",
    "shelved",
    "created",
    "ended",
    "status",
    "states",
)
Part = Literal["form", "project"]
_PARTS: tuple[Part, ...] = ("form", "project")


class ProjectState(ScriptedSubject, kw_only=True):
    """The state of one project of a flow, and the scripts (hooks) that run on its events.

    Attributes:
        route_places: place of each route in its file.
        stand_in: declared result of a sub-flow's project that is not run; None if it is run.
        at: current node, the first of several; "" before creation or without a definition.
        status: ``new``, ``processing``, ``finished``, ``rejected``, ``cancelled``, ``terminated``
            or ``returned``.
        owners: node -> owner items (``owner_id`` and ``status``), set when the project gets there.
        assigned: node -> owner items that the hook of another node returned for it, for whenever
            the project gets there.
        user: person who acts if a step does not say who.
        people: other people: id -> members of ``ctx.userInfo``.
        passed_nodes: nodes in the order in which the project left them for another one, or was sent
            back from them to its starter; not those that a withdrawal or another branch cut off,
            nor an end.
        starter: person who created the project.
        sender: node that sent it back to the starter.
        creation: form whose submission creates the project.
        visits: stays of the project, by node.
        subflows: name -> loaded files of which its projects are made.
        children: projects of sub-flows, by name.
        titles: results of the hooks ``task_title`` and ``visibility``, by hook.
        now, format_time: function for the current instant, and for formatting an instant as the
            product does.
        focus: node that a step looks at, if the project is at several.
        transfers: node -> owner -> person who was given his task, also for later decisions there.
        actor: person who fills in, opens or clicks in a step; "" if it does not say.
        created, ended: instants at which the project was created and ended.
        shown: node whose states of fields apply now; *shelved* are those of other nodes.
        commits: number of actions done while another action was in progress.
        previews: whether a preview runs; hooks that act are not run then.
        foreseen: result of the last preview.
        arrivals: (node left, node arrived at), in order, for actions that are undone.
    """

    definition: Definition | None = None
    stand_in: SubFlowResult | None = None
    route_places: Mapping[RouteKey, Place] = msgspec.field(default_factory=dict)
    screens: Mapping[str, LoadedNodeForm] = msgspec.field(default_factory=dict)
    subflows: Mapping[str, FlowParts] = msgspec.field(default_factory=dict)
    at: str = ""
    project: dict[str, Any] = msgspec.field(default_factory=dict)
    form: dict[str, Any] = msgspec.field(default_factory=dict)
    user: Mapping[str, Any] = msgspec.field(default_factory=dict)
    people: Mapping[str, Any] = msgspec.field(default_factory=dict)
    status: str = NEW
    owners: dict[str, Items] = msgspec.field(default_factory=dict)
    assigned: dict[str, Items] = msgspec.field(default_factory=dict)
    transfers: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    creation: FormSubject | None = None
    now: Callable[[], float] = lambda: 0.0
    format_time: Callable[[float], str] = str
    parent: Self | None = None
    children: dict[str, Self] = msgspec.field(default_factory=dict)
    visits: dict[str, Visit] = msgspec.field(default_factory=dict)
    starter: str = ""
    sender: str = ""
    history: list[dict[str, Any]] = msgspec.field(default_factory=list)
    passed_nodes: list[str] = msgspec.field(default_factory=list)
    notified: list[dict[str, Any]] = msgspec.field(default_factory=list)
    titles: dict[str, Any] = msgspec.field(default_factory=dict)
    focus: str = ""
    actor: str = ""
    created: float | None = None
    ended: float | None = None
    shown: str = ""
    shelved: dict[str, dict[str, dict[str, Any]]] = msgspec.field(default_factory=dict)
    commits: int = 0
    is_meanwhile: bool = False
    previews: bool = False
    foreseen: Mapping[str, Any] | None = None
    arrivals: list[tuple[str, str]] = msgspec.field(default_factory=list)
    _screens: dict[str, FormSubject] = msgspec.field(default_factory=dict)
    _hops: int = 0

    @property
    def nodes(self) -> Mapping[str, FlowNode]:
        """Return the nodes of the definition; none without a definition."""
        return self.definition.nodes if self.definition else {}

    def find_node_definition(self, node: str) -> FlowNode:
        """Return what the definition says about *node*; an empty declaration if it is not there."""
        return self.nodes.get(node, PLAIN)

    @property
    def current_form(self) -> FormSubject:
        """Return the form that a person sees: the creation form, or the node's."""
        if self.creation is not None and self.status in (NEW, RETURNED):
            return self.creation
        return self._prepare_form_at_node(self.node_of_visible_form)

    @property
    def node_of_visible_form(self) -> str:
        """Return the node whose form a person sees, if the project is at several.

        It is `focus`, the one that the scenario step names; else the only one where the viewer has
        a task; else the first.
        """
        if self.focus in self.visits:
            return self.focus
        mine = self._find_visits_of_owner(self.viewer)
        return mine[0].node if len(mine) == 1 and len(self.visits) > 1 else self.at

    @property
    def viewer(self) -> str:
        """Return the person who sees the form: the actor of the step, or else the user."""
        return self.actor or self.user_id

    @property
    def user_id(self) -> str:
        """Return the id of `user` as text; "" if it is not known."""
        known = self.user.get("id")
        return "" if known is None else str(known)

    def _find_visits_of_owner(self, by: str) -> list[Visit]:
        """Return the visits at which *by* has a task."""
        return [visit for visit in self.visits.values() if by in visit.decision.owner_ids]

    @property
    def root(self) -> Self:
        """Return the main project."""
        project = self
        while project.parent is not None:
            project = project.parent
        return project

    def redirect_outputs_with_parts_to(self, result: Result) -> None:
        """Collect errors, messages and other outputs of all projects and forms in one *result*."""
        for part in self._list_all_projects():
            part.redirect_outputs_to(result)

    @contextmanager
    def begin_concurrent_action(self) -> Iterator[Result]:
        """Run an action in this block while another one is in progress; yield its result.

        If the other one fails, this one is not undone with it.
        """
        root = self.root
        root.is_meanwhile = True
        try:
            with super().begin_concurrent_action() as inner:
                yield inner
        finally:
            root.is_meanwhile = False

    def redirect_outputs_to(self, result: Result) -> None:
        """From now on collect errors and other outputs of the project and its forms in *result*."""
        super().redirect_outputs_to(result)
        for form in (*self._screens.values(), *((self.creation,) if self.creation else ())):
            form.redirect_outputs_to(result)

    def find(self, name: str) -> Self:
        """Return the project of the sub-flow *name*, or this project for "" or its own name.

        Raises:
            SubjectError: if there is no such project.
        """
        if not name or name == self.name:
            return self
        known = {flow.name: flow for flow in self._list_all_projects() if flow.name}
        if name not in known:
            hint = suggest_or_list(name, known) or msg("; none has begun")
            raise SubjectError(
                "no project of a sub-flow {name!r}{hint}",
                code="UNKNOWN_SUBFLOW",
                name=name,
                hint=hint,
            )
        return known[name]

    @property
    def is_with_starter(self) -> bool:
        """Return whether its starter may submit it again: it was rejected, or sent back to him.

        What was started by a project that has ended, or was sent back itself, stays as it is.
        """
        return self.status in (RETURNED, REJECTED) and self._find_ended_parent() is None

    def _find_ended_parent(self) -> Self | None:
        """Return the nearest project that started this one, or is above, and is not under way."""
        above = self.parent
        while above is not None and above.status == PROCESSING:
            above = above.parent
        return above

    def _list_all_projects(self) -> list[Self]:
        """Return the main project and those of all sub-flows."""
        return list(self.root.walk_with_subprojects())

    def walk_with_subprojects(self) -> Iterator[Self]:
        """Yield the project and those of its sub-flows."""
        yield self
        for child in self.children.values():
            yield from child.walk_with_subprojects()

    def merge_values(
        self, part: Part, values: Mapping[str, Any], by: str, place: Place | None = None
    ) -> None:
        """Merge *values* into the form's fields, or into ``ctx.project``; an event reports each.

        *part* says which: ``form`` or ``project``. `UNDEFINED` removes a member. *by* is who gave
        the values: the event whose script did, ``user``, or the name of a sub-flow's project;
        *place* is the script's line.
        """
        target: dict[str, Any] = getattr(self, part)
        for name, value in values.items():
            old = target.get(name)
            label = self.qualify_name(name if part == "form" else f"{part}.{name}")
            if hooks.set_or_delete_member(target, name, value):
                self.tell(hooks.FieldChanged(field=label, old=old, new=value, by=by, place=place))
            else:
                self.tell(hooks.FieldReassigned(field=label, by=by, place=place))

    @property
    def project_members(self) -> Mapping[str, Any]:
        """Return ``ctx.project``.

        The members that every project has, then those that scripts wrote.

        Names are those of BPMAX. The words of ``status`` are ours, because its numbers are not
        public.
        """
        every = self._list_all_projects()
        instants = {"create_time": self.created, "real_start_time": self.created}
        instants["real_end_time"] = self.ended
        return {
            "id": 1 + next((n for n, part in enumerate(every) if part is self), len(every)),
            "name": self.definition.flow if self.definition else "",
            "status": self.status,
            "user_id": next(iter(self._list_known_starter()), ""),
            **{key: self.format_time(at) for key, at in instants.items() if at is not None},
            **self.project,
        }

    def _list_known_starter(self) -> list[str]:
        """Return the starter of the project as a list; empty if not known."""
        # A scenario may start in the middle of a flow: then `project` says who created it, or else
        # it is taken to be the user's own.
        known = (self.starter, self.project.get("user_id"), self.user_id)
        return [str(one) for one in known if one not in (None, "")][:1]

    def make_script_views(self) -> tuple[FormOrProjectView, ContextView]:
        """Return ``form`` and ``ctx`` for a script that belongs to no event."""
        return self._make_event_views("js", FlowMove(at=self.node_of_visible_form))

    def collect_facts(self) -> Mapping[str, Any]:
        """Return what a scenario can assert about the flow, such as position, status and tasks."""
        stands = list(self.visits)
        items = [item for node in stands or [self.at] for item in self.owners.get(node, [])]
        return {
            "at": stands if len(stands) > 1 else self.at,
            "status": self.status,
            "form": self.form,
            "project": self.project,
            "owners": [item.get("owner_id") for item in items],
            "pending": self.find_people_to_act_now(),
            "tasks": {
                node: {read_owner_id(item): _LATER[item["status"]] for item in owners}
                for node, owners in self.owners.items()
            },
            "history": self.history,
            "passed": self.passed_nodes,
            "notified": self.notified,
            "delay_level": max((visit.level for visit in self.visits.values()), default=0),
            "projects": {name: child.collect_facts() for name, child in self.children.items()},
            **self.titles,
        }

    def find_people_to_act_now(self, at: str = "") -> list[str]:
        """Return the people who are to act now, at one node or at all nodes."""
        return [
            read_owner_id(item)
            for visit in self.visits.values()
            if at in ("", visit.node)
            for item in visit.decision.find_items_to_act_now()
        ]

    def _call_hook(
        self, event: str, move: FlowMove, *, with_form: bool = False, target: str = ""
    ) -> Any:
        # A preview asks where the project would go. Other hooks may call third parties, and such a
        # call cannot be undone.
        if self.root.previews and event.partition(".")[0] not in _FORESEEN:
            return None
        value = self.run_scripts_until_refused(
            event,
            lambda script: self._run_hook_script(
                script, event, move, with_form=with_form, target=target
            ),
        )
        try:
            check_hook_result(event, value, self.nodes)
        except SubjectError as error:
            raise self.place_at_return(error) from None
        return value

    def _run_hook_script(
        self,
        script: Script,
        event: str,
        move: FlowMove,
        *,
        with_form: bool = False,
        target: str = "",
    ) -> Outcome:
        form, ctx = self._make_event_views(event, move, target)
        return self.runner.run_script(
            script, ctx=ctx, form=form if with_form else None, libraries=self.libraries, page=Page()
        )

    def _make_event_views(
        self, event: str, move: FlowMove, target: str = ""
    ) -> tuple[FormOrProjectView, ContextView]:
        """Return ``form`` and ``ctx`` for a script of *event*; ``ctx.form`` is ``form`` itself.

        *move* is the action that fired the event: its node, actor, comment and values are members
        of ``ctx``. *target* is the node to which it leads (``ctx.target_step``); "" if that is not
        known.
        """
        form = FormOrProjectView(self, "form", event)
        node = move.at or self.at
        self._restore_states_of(node)
        owners = self.owners.get(node, [])
        members = {
            "action": move.action,
            "step_id": node,
            "target_step": target,
            "description": move.comment,
            "postData": dict(move.form),
            "step": {
                "id": node,
                "name": self.find_node_definition(node).title or node,
                "flow_step_id": node,
                "owner": owners,
                **self._make_deadline_members(node),
            },
            "userInfo": self._make_user_info(move.by, owners),
        }
        links: dict[str, LiveObject] = {
            "form": form,
            "project": FormOrProjectView(self, "project", event),
        }
        return form, ContextView(self, members, links)

    def _make_user_info(self, by: str, owners: Items) -> dict[str, Any]:
        """Return the actor *by* as scripts see him: ``user``, or his entry in ``people``.

        His id keeps the type that it has in *owners*, the owner items of the node.
        """
        if not by or self.user_id == by:
            return dict(self.user)
        ids = (item.get("owner_id") for item in owners)
        known = self.people.get(by)
        more = known if isinstance(known, Mapping) else {"name": known} if known else {}
        return {"id": next((key for key in ids if str(key) == by), by), **more}

    def _make_deadline_members(self, node: str) -> Mapping[str, Any]:
        """Return arrival, planned end and passed deadlines of a node, by their names in BPMAX.

        Empty if the project is not there, or the node has no deadline.
        """
        visit = self.visits.get(node)
        if visit is None or visit.plan is None:
            return {}
        return {
            "plan_start_time": self.format_time(visit.arrived),
            "plan_end_time": self.format_time(visit.plan),
            "delay_level": visit.level,
        }

    def _is_refused(self, node: str, move: FlowMove, target: str) -> bool:
        """Run the hook ``before_next`` of *node*, and return whether it refuses to leave the node.

        An exception that it throws on purpose is a refusal. After any other error the result is
        true, too, and the error remains in the errors of the action, which so fails. *move* is the
        action of the person, as the hook sees it in ``ctx``, and *target* the next node.
        """
        event = f"before_next.{node}"
        value = self._call_hook(event, move, target=target)
        if not self._result.errors:
            self.refuse_if_vetoed(event, value)
            return self._result.refused
        thrown = self._result.errors[-1]
        text = hooks.read_thrown_refusal(thrown)
        if text is not None:
            self._result.errors.remove(thrown)
            self.refuse(text)
        return True

    def _run_computed_hook(self, move: FlowMove) -> Any:
        """Run the hook ``computed``, merge its values into the form, and return them.

        The result of the action stays what the person's script returned.
        """
        before = self._result.value
        value = self._call_hook("computed", move)
        self._result.value = before
        if isinstance(value, Mapping):
            self.merge_values("form", value, "computed")
        return value

    def _run_title_and_visibility_hooks(self, move: FlowMove) -> None:
        """Run the hooks ``task_title`` and ``visibility``, as BPMAX does to show a task and log.

        Nothing is run without a form whose submission creates the project (`creation`).
        """
        if self.creation is None:
            return
        value = self._result.value
        for hook in ("task_title", "visibility"):
            if self.scripts.get(hook):
                self.titles[hook] = self._call_hook(hook, move)
        self._result.value = value

    def _prepare_form_at_node(self, node: str) -> FormSubject:
        """Return the form with the states of fields and the scripts that *node* declares."""
        self._restore_states_of(node)
        if node not in self._screens:
            screen = self.screens.get(node, LoadedNodeForm())
            subject = FormSubject(
                runner=self.runner,
                tell=self.tell,
                name=self.name,
                scripts=screen.scripts,
                libraries=screen.libraries,
                fields=self.form,
                tables=self.tables,
                states=self.states,
                messages=self.messages,
                is_of_node=True,
            )
            subject.redirect_outputs_to(self._result)
            self._screens[node] = subject
        return self._screens[node]

    def _restore_states_of(self, node: str) -> None:
        """Switch to the states of fields at *node*, if the project is there."""
        if node == self.shown or node not in self.visits:
            return
        self._save_field_states()
        states = self.shelved.pop(node, None)
        if states is not None:
            self.states.clear()
            self.states.update(states)
        self.shown = node

    def _apply_node_states(self, node: str) -> None:
        """Set the states of fields that *node* declares, and reset those of other nodes."""
        self._save_field_states()
        self.shown = node
        for field in {name for screen in self.screens.values() for name in screen.states}:
            self.states.pop(field, None)
        for field, states in self.screens.get(node, LoadedNodeForm()).states.items():
            for key, value in states.items():
                self.set_state(field, key, value)

    def _save_field_states(self) -> None:
        """Save the states of fields that scripts set at the shown node, for its next showing."""
        if self.shown in self.visits:
            self.shelved[self.shown] = {name: dict(state) for name, state in self.states.items()}

    def _report_node_entered(self, node: str, previous: str, action: str, by: str) -> None:
        self.arrivals.append((previous, node))
        node, previous = self.qualify_name(node), self.qualify_name(previous)
        self.tell(hooks.NodeEntered(node=node, previous=previous, action=action, by=by))

    def _add_history(self, move: FlowMove) -> None:
        """Add an action to the history.

        A `PersonActed` event reports it, unless it is an approval or rejection that decides its
        node.
        """
        others, comment = tuple(map(str, move.others)), move.comment
        entry = {"node": move.at, "action": move.action, "by": move.by}
        optional = {"comment": comment, "to": list(others)}
        self.history.append(entry | {name: value for name, value in optional.items() if value})
        visit = self.visits.get(move.at)
        waits = visit and visit.decision.owner_items and visit.decision.status == UNTREATED
        if move.action not in ACTIONS or waits:
            node = self.qualify_name(move.at)
            self.tell(
                hooks.PersonActed(
                    node=node, action=move.action, by=move.by, to=others, comment=comment
                )
            )

    def _record_notification(self, kind: str, to: list[str], text: str, node: str) -> None:
        more = {"text": text} if text else {}
        self.notified.append({"kind": kind, "to": to, "node": node, **more})
        self.tell(
            hooks.NotificationSent(kind=kind, to=tuple(to), text=text, node=self.qualify_name(node))
        )

    @contextmanager
    def _undo_on_failure(self) -> Iterator[None]:
        """Restore values and nodes if an action fails.

        If another action was completed meanwhile, nothing is restored: its changes stay, and with
        them those that this action made before.
        """
        root = self.root
        before = [(part, part._save_state()) for part in self._list_all_projects()]  # noqa: SLF001
        commits, went_well = root.commits, False
        try:
            yield
            went_well = not (self._result.errors or self._result.refused)
        finally:
            if went_well:
                root.commits += root.is_meanwhile
            # A snapshot from before another completed action would undo that one as well.
            elif root.commits == commits:
                for part, memory in before:
                    part._restore_state(memory)  # noqa: SLF001 - of its own class

    def _save_state(self) -> _SavedState:
        state = pickle.dumps({name: getattr(self, name) for name in _STATE})
        parts = {name: dict(getattr(self, name)) for name in (*_PARTS, "children")}
        return state, parts, len(self.arrivals)

    def _restore_state(self, saved: _SavedState) -> None:
        before = {**saved[1], **pickle.loads(saved[0])}  # noqa: S301 - of this process
        for part in _PARTS:
            now: dict[str, Any] = getattr(self, part)
            gone = {name: UNDEFINED for name in now if name not in before[part]}
            self.merge_values(part, {**before[part], **gone}, UNDO)
        if undone := self.arrivals[saved[2] :]:
            # The first of them left the node where the action began. The project may be at another
            # node as well, which it never left, so `at` does not tell.
            (begun_at, _), (_, last) = undone[0], undone[-1]
            self._report_node_entered(begun_at, last, UNDO, "")
            del self.arrivals[saved[2] :]
        # The forms of nodes hold this very mapping, so it is filled anew and not replaced.
        shared = self.states  # with the forms of nodes
        for name in (*_STATE, "children"):
            setattr(self, name, before[name])
        self.states = shared
        self.states.clear()
        self.states.update(before["states"])


class FormOrProjectView(msgspec.Struct, frozen=True):
    """The object ``form`` (also ``ctx.form``) or ``ctx.project`` that one running script sees.

    Attributes:
        part: ``form`` or ``project``, whichever it is.
        event: event whose script it is, for reports of writes.
    """

    flow: ProjectState
    part: Part
    event: str
    is_frozen: bool = True

    @property
    def links(self) -> Mapping[str, LiveObject]:
        """Return the members that are objects by themselves, such as ``form.$visible``."""
        return make_object_for_each_state(self.flow, self.flow.form) if self.part == "form" else {}

    @property
    def watched_members(self) -> Sequence[str]:
        """Return the tables whose columns are known.

        If a script reads another column of a row, its outcome names it, and the scenario warns.
        """
        return self.flow.tables if self.part == "form" else ()

    def snapshot(self) -> Mapping[str, Any]:
        """Return a copy of the current values: of the form's fields, or of ``ctx.project``."""
        return dict(self.flow.form if self.part == "form" else self.flow.project_members)

    def write(self, field: str, value: Any, place: Place | None, /) -> None:
        """Set a field or member, or an extension such as ``$visible``.

        Raises:
            SubjectError: if *field* is a ``$`` name but no extension, or does not accept the value.
        """
        if self.part == "form" and field.startswith("$"):
            self.flow.assign_extension(field, value, place)
        else:
            self.flow.merge_values(self.part, {field: value}, self.event, place)
