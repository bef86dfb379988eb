"""A flow as its file declares it: nodes, how they are decided, where actions lead, and scripts.

All errors of a definition by itself are found here, before anything runs. Everything beyond
nodes, owners and transitions is this simulator's interpretation of approval flows, not the
product's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Meta, UnsetType

from bpmax_sim.errors import Place, SubjectError, suggest_nearest, suggest_or_list
from bpmax_sim.i18n import DataValue, join_list, msg
from bpmax_sim.js_values import UndefinedType
from bpmax_sim.platform.model import Model
from bpmax_sim.script.failure import Script
from bpmax_sim.subject.owners import find_rule_problem
from bpmax_sim.yamlfile import Seconds

Action = Literal["approve", "reject"]
ACTIONS: tuple[Action, ...] = ("approve", "reject")
Path = tuple[str | int, ...]
Finding = tuple[Path, str]


def find_reachable(start: Iterable[str], following: Callable[[str], Iterable[str]]) -> set[str]:
    """Return the nodes *start* and all that can be reached from them.

    *following* gives the next ones.
    """
    names: set[str] = set()
    waiting = [*start]
    while waiting:
        if (name := waiting.pop()) not in names:
            names.add(name)
            waiting += following(name)
    return names


class Transition(Model, frozen=True, kw_only=True):
    """A route of an action: it leads to node *to*.

    *when* is its condition, a JavaScript expression over ``ctx``; absent for always.
    """

    to: str
    when: str | UnsetType = UNSET


Routes = str | Transition | Annotated[tuple[Transition, ...], Meta(min_length=1)] | UnsetType
"""The next node, or where an action leads when; the first that matches wins."""


class Deadline(Model, frozen=True, kw_only=True):
    """A deadline of a node, and its consequence.

    Attributes:
        after: seconds from the arrival at the node.
        then: ``notify`` reminds people; ``approve`` and ``reject`` decide in place of the owners.
        to: node to which the project goes instead of *then*.
        notify: people to remind; by default the owners who are to act.
    """

    after: Seconds
    then: Literal["notify", "approve", "reject"] = "notify"
    to: str = ""
    notify: tuple[str | int, ...] = ()


class SubFlow(Model, frozen=True, kw_only=True):
    """The declaration that a node starts another flow, as a project of its own.

    Attributes:
        flow: name among the scenario's ``subflows``.
        form: field of the sub-flow's form -> field of the starting project. The values are copied
            when the sub-flow starts.
        back: field of the starting project -> field of the sub-flow's form. The values are copied
            when the sub-flow ends.
        wait: whether the node is decided only by the end of the sub-flow's project.
    """

    flow: str
    form: Mapping[str, str] = {}
    back: Mapping[str, str] = {}
    wait: bool = True


FieldState = Literal["editable", "readonly", "hidden", "required"]


class NodeForm(Model, frozen=True, kw_only=True):
    """How a node shows the form, and the scripts that run there; fields not named are editable.

    Attributes:
        fields: field -> ``hidden``, ``readonly`` or ``required``.
        scripts: event -> script files.
        libraries: scripts that run before them.
    """

    fields: Mapping[str, FieldState] = {}
    scripts: Mapping[str, tuple[str, ...]] = {}
    libraries: tuple[str, ...] = ()

    @property
    def states(self) -> dict[str, dict[str, bool]]:
        """Return ``visible``, ``required`` and ``readonly`` of each field that the node names."""
        return {
            name: {
                "visible": state != "hidden",
                "readonly": state == "readonly",
                "required": state == "required",
            }
            for name, state in self.fields.items()
        }


class FlowNode(Model, frozen=True, kw_only=True):
    """A node; ``approve`` and ``reject`` name the next node, or list routes in order.

    Attributes:
        complete: which owners have to decide: ``any``, ``all``, ``in_order``, a number or a share.
        empty: what happens if nobody owns the node: whoever acts is refused, it is approved or
            rejected at once, or the administrators become its owners.
        deadline: one deadline, or several levels; the first one is the planned end.
        parallel: first nodes of branches that run in parallel, up to the node *join*.
    """

    title: str = ""
    owners: tuple[str | int, ...] = ()
    complete: str | int = "any"
    empty: Literal["refuse", "approve", "reject", "admins"] = "refuse"
    approve: Routes = UNSET
    reject: Routes = UNSET
    deadline: Deadline | tuple[Deadline, ...] | Seconds | UnsetType = UNSET
    parallel: tuple[str, ...] = ()
    join: str = ""
    subflow: SubFlow | str | UnsetType = UNSET
    form: NodeForm | UnsetType = UNSET
    end: bool = False

    def list_routes_with_paths(self) -> Iterator[tuple[Action, int, Path, Transition]]:
        """Yield the routes: action, number from 0, path of the declaration, transition."""
        for action in self.offered_actions:
            is_list = isinstance(getattr(self, action), tuple)
            for number, route in enumerate(self.list_routes(action)):
                yield action, number, (action, number) if is_list else (action,), route

    def list_routes(self, action: Action) -> tuple[Transition, ...]:
        """Return the routes of *action* in order, of which the first that matches is taken.

        Empty if the node does not offer *action*.
        """
        declared: Routes = getattr(self, action)
        if isinstance(declared, str):
            return (Transition(to=declared),)
        if isinstance(declared, Transition):
            return (declared,)
        return declared or ()

    @property
    def offered_actions(self) -> tuple[Action, ...]:
        """Return the actions that owners have at the node.

        ``approve``, ``reject``, both or none.
        """
        return tuple(action for action in ACTIONS if getattr(self, action) is not UNSET)

    @property
    def deadlines(self) -> tuple[Deadline, ...]:
        """Return the deadlines in order; a plain duration means a reminder."""
        declared = self.deadline
        if isinstance(declared, UnsetType):
            return ()
        if isinstance(declared, tuple):
            return declared
        return (declared if isinstance(declared, Deadline) else Deadline(after=declared),)

    @property
    def last_deadline_target(self) -> str:
        """Return the node to which the project goes when the last deadline passes, or ""."""
        return self.deadlines[-1].to if self.deadlines else ""

    @property
    def child_flow(self) -> SubFlow | None:
        """Return the sub-flow that the node starts, or None."""
        if isinstance(self.subflow, SubFlow):
            return self.subflow
        return None if isinstance(self.subflow, UnsetType) else SubFlow(flow=self.subflow)

    @property
    def targets(self) -> Iterator[str]:
        """Yield the nodes that may come next."""
        for action in self.offered_actions:
            yield from (route.to for route in self.list_routes(action))
        yield from self.parallel
        if self.join:
            yield self.join
        if self.last_deadline_target:
            yield self.last_deadline_target


class Definition(Model, frozen=True, kw_only=True):
    """A flow: its name, first node and nodes.

    Attributes:
        scripts: event -> script files, relative to the definition, and their libraries.
        admins: people who may terminate it, beside the project's owner.
        resubmit: where a project continues that was sent back to its starter: from the ``start``,
            or ``back`` at the node that sent it back.
        repeated: whether people who approved earlier are asked again: ``ask``; ``adjacent`` skips
            those who approved at the previous node, ``none`` all of them.
        applicant: whether the starter decides his own project: ``ask``, or ``skip``, which passes
            his task.
    """

    flow: str
    start: str
    scripts: Mapping[str, tuple[str, ...]] = {}
    libraries: tuple[str, ...] = ()
    admins: tuple[str | int, ...] = ()
    resubmit: Literal["start", "back"] = "start"
    repeated: Literal["ask", "adjacent", "none"] = "ask"
    applicant: Literal["ask", "skip"] = "ask"
    nodes: Mapping[str, FlowNode]

    def find_mistakes(self) -> Iterator[Finding]:
        """Yield the errors of the flow as a whole, each with its path inside the file."""
        if self.start not in self.nodes:
            yield ("start",), self._make_unknown_node_message(self.start)
        malformed = list(self._find_node_mistakes())
        yield from malformed
        if malformed or self.start not in self.nodes:
            return
        for name, node in self.nodes.items():
            if node.empty == "admins" and not self.admins:
                yield ("nodes", name, "empty"), msg("the flow has no admins; declare them")
        nowhere = list(self._find_unknown_targets())
        yield from nowhere
        reached = find_reachable(
            [self.start], lambda name: (to for to in self.nodes[name].targets if to in self.nodes)
        )
        for name in self.nodes:
            if name not in reached:
                wrong = msg(
                    "node {name!r} cannot be reached from {start!r}", name=name, start=self.start
                )
                yield ("nodes", name), wrong
        if not nowhere:
            yield from self._find_endless_joins()

    def find_branches(self, gateway: str) -> dict[str, set[str]]:
        """Return the branches of a gateway: first node -> nodes on its ways up to the join."""
        node = self.nodes[gateway]
        return {first: self._find_nodes_before_join(first, node.join) for first in node.parallel}

    @property
    def nodes_inside_gateways(self) -> dict[str, set[str]]:
        """Return each gateway with the nodes of all its branches."""
        return {
            name: set().union(*self.find_branches(name).values())
            for name, node in self.nodes.items()
            if node.parallel
        }

    def are_in_different_branches(self, node: str, other: str) -> bool:
        """Return whether two nodes are in different branches of one gateway."""
        for gateway in self.nodes_inside_gateways:
            branches = self.find_branches(gateway).values()
            mine, others = ([branch for branch in branches if n in branch] for n in (node, other))
            if mine and others and mine != others:
                return True
        return False

    def _find_nodes_before_join(self, first: str, join: str) -> set[str]:
        """Return the nodes of the branch that begins at *first*.

        They are reached by approvals without passing *join*.
        """

        # Rejections lead out of a branch (to an end, or back), so they do not make it longer.
        def following(name: str) -> Iterable[str]:
            node = self.nodes[name]
            branches = [*node.parallel, node.join] if node.parallel else ()
            ways = branches or [route.to for route in node.list_routes("approve")]
            return (name for name in ways if name != join and name in self.nodes)

        return find_reachable([first] if first != join and first in self.nodes else (), following)

    def _find_endless_joins(self) -> Iterator[Finding]:
        """Yield (path of a branch in the file, message) for each join that can never complete.

        Also for nodes that two branches share, and for routes from one branch into another.
        """
        for name, node in self.nodes.items():
            if not node.parallel:
                continue
            seen: dict[str, str] = {}
            for index, (first, nodes) in enumerate(self.find_branches(name).items()):
                path = ("nodes", name, "parallel", index)
                if wrong := self._explain_never_joining(first, nodes, node.join):
                    join = node.join
                    text = msg(
                        "the join {join!r} can never complete: {wrong}", join=join, wrong=wrong
                    )
                    yield path, text
                for target in nodes:
                    other = seen.setdefault(target, first)
                    if other != first:
                        text = msg(
                            "the branches {seen!r} and {first!r} share {target!r}",
                            seen=other,
                            first=first,
                            target=target,
                        )
                        yield path, text
            yield from self._find_branch_crossings(seen)

    def _find_branch_crossings(self, branches: Mapping[str, str]) -> Iterator[Finding]:
        """Yield routes from one branch into another.

        *branches* are node -> first node of its branch.
        """
        for name, first in branches.items():
            node = self.nodes[name]
            ways = [
                (str(offer), route.to)
                for offer in node.offered_actions
                for route in node.list_routes(offer)
            ]
            ways += [("deadline", node.last_deadline_target)] if node.last_deadline_target else []
            for key, to in ways:
                if branches.get(to, first) != first:
                    wrong = msg("{to!r} lies in another branch than {name!r}", to=to, name=name)
                    yield ("nodes", name, key), wrong

    def _explain_never_joining(self, first: str, nodes: set[str], join: str) -> str:
        """Return why a branch never reaches *join*, or ""."""
        ends = sorted(name for name in nodes if self.nodes[name].end)
        if ends:
            return msg(
                "the branch {first!r} leads to {ends!r}, which ends the flow",
                first=first,
                ends=ends[0],
            )
        if not any(join in self.nodes[name].targets for name in nodes):
            return msg("the branch {first!r} does not lead to it", first=first)
        return ""

    def _find_node_mistakes(self) -> Iterator[Finding]:
        for name, node in self.nodes.items():
            path: Path = ("nodes", name)
            yield from _find_keys_of_other_kinds(node, path)
            yield from _find_route_mistakes(node, path)
            if wrong := find_rule_problem(node.complete, len(node.owners)):
                yield (*path, "complete"), wrong
            doubled = [owner for owner in node.owners if node.owners.count(owner) > 1]
            if doubled:
                wrong = msg("the owner {doubled!r} is there twice", doubled=doubled[0])
                yield (*path, "owners"), wrong
            yield from _find_deadline_mistakes(node, path)

    def _find_unknown_targets(self) -> Iterator[Finding]:
        for name, node in self.nodes.items():
            path: Path = ("nodes", name)
            ways: list[tuple[Path, str]] = [
                (at if isinstance(getattr(node, action), str) else (*at, "to"), route.to)
                for action, _, at, route in node.list_routes_with_paths()
            ]
            ways += [(("parallel", index), first) for index, first in enumerate(node.parallel)]
            ways += [(("join",), node.join)] if node.join else []
            ways += [
                ((*at, "to"), late.to) for at, late in _list_deadlines_with_paths(node) if late.to
            ]
            for inside, to in ways:
                if to not in self.nodes:
                    yield (*path, *inside), self._make_unknown_node_message(to)

    def explain_wrong_beginning(self, at: Any) -> str:
        """Return why a project cannot be at the node *at* from its beginning; "" if it can."""
        if not isinstance(at, str) or at not in self.nodes:
            return self._make_unknown_node_message(at)
        if self.nodes[at].end:
            return msg("the flow has ended at {at!r}; nothing is left to do", at=at)
        return ""

    def _make_unknown_node_message(self, name: Any) -> str:
        shown = DataValue(name)
        hint = suggest_or_list(str(shown), self.nodes)
        return msg("no node {node!r}{hint}", node=shown, hint=hint)


_TASK_KEYS = ("owners", "complete", "empty", "deadline", "form")


def _find_keys_of_other_kinds(node: FlowNode, path: Path) -> Iterator[Finding]:
    """Yield (path, message) for keys that do not belong to the kind of *node*.

    Kinds are task, gateway (``parallel``), sub-flow and end.
    """
    if node.end:
        if node.offered_actions:
            yield (*path, node.offered_actions[0]), msg("an end node offers no action")
    elif node.parallel or node.join:
        yield from _find_gateway_mistakes(node, path)
    elif not node.offered_actions:
        yield path, msg("a node needs approve, reject, or end: true")
    elif node.child_flow and node.approve is UNSET:
        yield (*path, "subflow"), msg("a node with subflow needs approve: where it goes on")
    is_task = not (node.end or node.parallel or node.child_flow)
    for key in () if is_task else _TASK_KEYS:
        if getattr(node, key) != getattr(PLAIN, key):
            yield (*path, key), msg("{key} belongs to a node where people decide", key=key)


def _find_gateway_mistakes(node: FlowNode, path: Path) -> Iterator[Finding]:
    if len(set(node.parallel)) < 2:  # noqa: PLR2004 - one branch is none
        wrong = msg("parallel needs two branches or more, each by its first node")
        yield (*path, "parallel"), wrong
    if not node.join:
        yield (*path, "parallel"), msg("parallel needs join: the node that waits for all branches")
    if node.offered_actions:
        yield (*path, node.offered_actions[0]), msg("a node with parallel goes on at its join")


def _list_deadlines_with_paths(node: FlowNode) -> Iterator[tuple[Path, Deadline]]:
    """Yield each deadline with its path inside the node."""
    several = isinstance(node.deadline, tuple)
    for index, late in enumerate(node.deadlines):
        yield ("deadline", *((index,) if several else ())), late


def _find_deadline_mistakes(node: FlowNode, path: Path) -> Iterator[Finding]:
    before = 0.0
    for inside, late in _list_deadlines_with_paths(node):
        at = (*path, *inside)
        if late.after <= 0:
            yield at, msg("the deadline is over when the project arrives; give it some time")
        elif late.after <= before:
            yield (*at, "after"), msg("each deadline is later than the one before")
        before = late.after
        leaves = bool(late.to) or late.then != "notify"
        if leaves and late is not node.deadlines[-1]:
            yield at, msg("the project leaves the node here; what comes later never happens")
        if leaves and late.notify:
            yield (*at, "notify"), msg("notify goes with a deadline that reminds")
        if late.to and late.then != "notify":
            yield (*at, "to"), msg("a deadline decides, or goes to a node; not both")
        if late.then in ("approve", "reject") and late.then not in node.offered_actions:
            offered = join_list(node.offered_actions) or msg("no action")
            yield (
                (*at, "then"),
                msg(
                    "the node does not offer {then}; it offers {offered}",
                    then=late.then,
                    offered=offered,
                ),
            )


def _find_route_mistakes(node: FlowNode, path: Path) -> Iterator[Finding]:
    for action, number, at, route in node.list_routes_with_paths():
        if isinstance(route.when, str):
            if wrong := _find_problem_without_engine(route.when):
                yield (*path, *at, "when"), wrong
        elif number < len(node.list_routes(action)) - 1:
            yield (*path, *at), msg("a route without when always matches; put it last")


_QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`""")
_PATTERN = re.compile(r"/(?:\\.|[^/\\\n])+/")
_ASSIGNMENT = re.compile(r"[\w$\])]\s*=(?![=>])\s*[^=>\s]")
_BARE_FORM = re.compile(r"(?<![\w$.])form\s*(?=[.\[?])")


def _find_problem_without_engine(when: str) -> str | None:
    """Return the error of a condition that can be seen without an engine, or None."""
    if not when.strip():
        return msg("expected a JavaScript expression over ctx, got {when!r}", when=DataValue(when))
    if _BARE_FORM.search(_QUOTED.sub("''", when)):
        return msg("a condition sees ctx alone; write ctx.form where form is written")
    # Texts and regular expressions may contain `=`, so they are emptied first.
    if _ASSIGNMENT.search(_PATTERN.sub("''", _QUOTED.sub("''", when))):
        return msg("a condition compares with ===; a single = would write what it reads")
    return None


PLAIN = FlowNode()


class LoadedNodeForm(msgspec.Struct, frozen=True, kw_only=True):
    """The form as a node shows it, with its script files loaded.

    Attributes:
        states: field -> ``visible``, ``required``, ``readonly``.
        scripts: event -> scripts.
    """

    states: Mapping[str, Mapping[str, Any]] = msgspec.field(default_factory=dict)
    scripts: Mapping[str, tuple[Script, ...]] = msgspec.field(default_factory=dict)
    libraries: tuple[Script, ...] = ()


class SubFlowResult(msgspec.Struct, frozen=True, kw_only=True):
    """The declared result of a sub-flow that is not run: its fields, and its final status."""

    result: Mapping[str, Any]
    status: str


class RouteKey(NamedTuple):
    """Which route of a flow is meant.

    Attributes:
        node: name of the node that it leaves.
        action: action that takes it.
        number: its number among the routes of the action, from 0.
    """

    node: str
    action: Action
    number: int


class FlowParts(msgspec.Struct, frozen=True, kw_only=True):
    """A flow with the contents of its files: definition, scripts of the flow and of its nodes.

    Attributes:
        route_places: route -> its place in its file: that of its ``when``, if it has one.
        screens: node -> form as the node shows it.
        stand_in: declared result if the flow is not run, or None.
    """

    definition: Definition | None = None
    stand_in: SubFlowResult | None = None
    route_places: Mapping[RouteKey, Place] = msgspec.field(default_factory=dict)
    scripts: Mapping[str, tuple[Script, ...]] = msgspec.field(default_factory=dict)
    libraries: tuple[Script, ...] = ()
    screens: Mapping[str, LoadedNodeForm] = msgspec.field(default_factory=dict)

    @property
    def handlers(self) -> list[Script]:
        """Return the scripts of all events, including those of node forms."""
        events = [self.scripts, *(screen.scripts for screen in self.screens.values())]
        return [script for scripts in events for bodies in scripts.values() for script in bodies]

    @property
    def all_libraries(self) -> list[Script]:
        """Return all library scripts of the flow, including those of forms at nodes."""
        more = [script for screen in self.screens.values() for script in screen.libraries]
        return [*self.libraries, *more]


def choose_first_node(definition: Definition | None, jump_result: Any) -> str:
    """Return the first node: the value of the hook ``jump``, or else the start of the definition.

    Without *definition*, any text that the hook returned is the node; else "".

    Raises:
        SubjectError: if there is no such node.
    """
    if definition is None:
        return jump_result if isinstance(jump_result, str) else ""
    if jump_result is None or isinstance(jump_result, UndefinedType):
        return definition.start
    if jump_result not in definition.nodes:
        hint = suggest_or_list(str(jump_result), definition.nodes)
        raise SubjectError(
            "jump returned {jump!r}, which is not a node{hint}",
            code="UNKNOWN_NODE",
            jump=jump_result,
            hint=hint,
        )
    return str(jump_result)


def check_hook_result(hook: str, value: Any, nodes: Collection[str]) -> None:
    """Check that the hook *hook* returned a value that it may return, such as ``jump`` a text.

    No value is always accepted, and so is any value of a hook that is not named ``jump``,
    ``project_name``, ``task_title``, ``computed`` or ``visibility``. *nodes* are those of the flow,
    which ``visibility`` may name.

    Raises:
        SubjectError: if the value is of another kind and would be ignored silently.
    """
    if hook not in _GIVES or value is None or isinstance(value, UndefinedType):
        return
    kind, what = _GIVES[hook]
    if not isinstance(value, kind):
        raise SubjectError(
            "{hook} must return {what}, got {value!r}",
            code="BAD_RETURN",
            hook=hook,
            what=what,
            value=DataValue(value),
        )
    shown: Mapping[str, Any] = value if hook == "visibility" else {}
    for node, is_shown in shown.items():
        if not isinstance(is_shown, bool) or (nodes and node not in nodes):
            raise SubjectError(
                "visibility returned {node!r}: {shown!r}; it takes nodes, and true or false{hint}",
                code="BAD_RETURN",
                node=node,
                shown=DataValue(is_shown),
                hint="" if node in nodes else suggest_nearest(str(node), nodes),
            )


_GIVES: Mapping[str, tuple[type[Any], str]] = {
    "jump": (str, msg("the name of a node")),
    "project_name": (str, msg("a text")),
    "task_title": (str, msg("a text")),
    "computed": (Mapping, msg("an object of fields and values")),
    "visibility": (Mapping, msg("an object of nodes, each true or false")),
}


def explain_never_fired_event(hook: str, target: str, nodes: Collection[str]) -> str:
    """Return why *hook* never runs at node *target*, or ""; *nodes* are those of the flow."""
    node = nodes.get(target) if isinstance(nodes, Mapping) else None
    if not isinstance(node, FlowNode) or hook not in ACTIONS or hook in node.offered_actions:
        return ""
    if not node.offered_actions and not node.end:
        return ""  # what is wrong with the node is said where it stands
    offers = node.offered_actions or ("end",)
    return msg(
        "node {node!r} has no {action}, so this never runs; it has {offers}",
        node=target, action=hook, offers=join_list(offers),
    )  # fmt: skip
