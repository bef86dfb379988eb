"""A flow as a graph, with the number of walks of its nodes and routes in the traced runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from bpmax_sim.report.trace_failures import PathsFromRoot
from bpmax_sim.report.trace_files import Trace
from bpmax_sim.subject.definition import Definition
from bpmax_sim.subject.hooks import UNDO


class FlowEdge(msgspec.Struct, frozen=True):
    """A route from the node *source* to the node *target*, taken by *action*.

    Attributes:
        when: condition of the route; "" if there is none.
    """

    source: str
    action: str
    target: str
    when: str = ""


class FlowWalks(msgspec.Struct, frozen=True, kw_only=True):
    """How often projects in traces walked the nodes and routes of a flow.

    Attributes:
        edges: routes of the definition, then walked ones outside it, such as returns.
        counts: route -> number of walks.
        visits: node -> number of times a project entered or left it.
        runs: number of scenarios and rows with this flow.
        unknown_nodes: nodes in traces that the file does not define.
    """

    definition: Definition
    edges: tuple[FlowEdge, ...]
    counts: Mapping[FlowEdge, int]
    visits: Mapping[str, int]
    runs: int
    unknown_nodes: tuple[str, ...]

    @property
    def nodes_never_walked(self) -> list[str]:
        """Return the nodes that no project visited."""
        return [name for name in self.definition.nodes if not self.visits.get(name)]

    @property
    def edges_never_walked(self) -> list[FlowEdge]:
        """Return the routes that no project took."""
        return [way for way in self.edges if not self.counts.get(way)]


def find_edges(definition: Definition) -> Iterator[FlowEdge]:
    """Yield the routes of a definition, in its order.

    Starts of parallel branches and expired deadlines count as routes, too.
    """
    for name, node in definition.nodes.items():
        for action in node.offered_actions:
            for route in node.list_routes(action):
                yield FlowEdge(name, action, route.to, route.when or "")
        yield from (FlowEdge(name, "parallel", first) for first in node.parallel)
        if node.last_deadline_target:
            yield FlowEdge(name, "deadline", node.last_deadline_target)


def count_walks(definition: Definition, file: str, traces: Iterable[Trace]) -> FlowWalks:
    """Count in *traces* how often the nodes and routes of *definition* were walked.

    A trace counts if it was made with the flow's *file* (relative to the root) and names the flow.
    """
    ways = dict.fromkeys(find_edges(definition))
    counts: Counter[FlowEdge] = Counter()
    entered: Counter[str] = Counter()
    left: Counter[str] = Counter()
    runs = 0
    for trace in traces:
        home = PathsFromRoot(trace.folder)
        is_made_of = file in map(home.to_root_place, trace.sources)
        flows = trace.flows.items() if is_made_of else ()
        names = {name for name, flow in flows if flow["flow"] == definition.flow}
        runs += bool(names)
        for source, action, target, waits in _read_moves(trace, names):
            entered[target] += not waits
            if source:
                is_gateway = source in definition.nodes and definition.nodes[source].parallel
                left[source] += not is_gateway  # it is left once for each branch
                way = _find_or_make_edge(ways, source, action, target)
                ways.setdefault(way)
                counts[way] += 1
    known = definition.nodes
    return FlowWalks(
        definition=definition,
        edges=tuple(way for way in ways if {way.source, way.target} <= known.keys()),
        counts=counts,
        visits={name: max(entered[name], left[name]) for name in known},
        runs=runs,
        unknown_nodes=tuple(name for name in entered if name and name not in known),
    )


class _Move(NamedTuple):
    """A move of a project from node to node.

    Attributes:
        action: such as ``approve``.
        is_arrival: whether a branch arrived at its join and waits there for the others.
    """

    source: str
    action: str
    target: str
    is_arrival: bool


def _read_moves(trace: Trace, flow_names: set[str]) -> list[_Move]:
    """Return the moves of a trace in order, without those of actions that were undone.

    *flow_names* are the names under which the trace runs the flow: "" as main flow, else as
    sub-flow. Empty: there are no moves.
    """
    moves: list[_Move] = []
    for event in trace.events if flow_names else ():
        if event["event"] == "NodeEntered":
            target = _to_name_in_flow_file(trace, event["node"], flow_names)
            source = _to_name_in_flow_file(trace, event["previous"], flow_names) or ""
            if event["action"] == UNDO and source:
                # The action is undone as a whole: what it did since it left that node, automatic
                # steps too.
                while moves and moves.pop().source != (target or ""):
                    pass
            elif target:
                moves.append(_Move(source, event["action"], target, is_arrival=False))
        elif event["event"] == "BranchArrived":
            node, join = (
                _to_name_in_flow_file(trace, event[key], flow_names) for key in ("node", "join")
            )
            if node and join:
                moves.append(_Move(node, "approve", join, is_arrival=True))
    return moves


def _to_name_in_flow_file(trace: Trace, name_in_trace: str, flow_names: set[str]) -> str | None:
    """Return the name that a node of a trace has in the flow's own file.

    In a trace, ``用印#2/盖章`` is the node ``盖章`` in the second project of the sub-flow ``用印``.
    *flow_names* are the names under which the trace runs the flow: "" as main flow, any other name
    as sub-flow. None if the node is not one of this flow.
    """
    project, slash, node = name_in_trace.partition("/")
    name = project.partition("#")[0]
    if slash and name in trace.flows and name:
        return node if name in flow_names else None
    return name_in_trace if "" in flow_names else None


def _find_or_make_edge(
    edges: Iterable[FlowEdge], source: str, action: str, target: str
) -> FlowEdge:
    """Return the declared route from *source* to *target* by *action*.

    A new one if none is declared, as for a return or a withdrawal.
    """
    between = [way for way in edges if (way.source, way.target) == (source, target)]
    fitting = [way for way in between if way.action in (action, "parallel")]
    return next(iter(fitting), FlowEdge(source, action, target))
