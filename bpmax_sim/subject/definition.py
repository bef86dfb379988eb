"""A flow definition: nodes, who may act at them, and where each action leads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from bpmax_sim.errors import listed, near
from bpmax_sim.platform.model import Model

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
