"""Which parts of a script were evaluated, according to its counters.

A counter counts how often a statement, function or branch ran (`script_source.counters`). Whether
any smaller part ran is read from the counter of the code around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from bpmax_sim.script_source.counters import Counter, LineColumn
from bpmax_sim.script_source.kinds import strip_parentheses
from bpmax_sim.script_source.scopes import FUNCTIONS
from bpmax_sim.script_source.syntax import LEAVING_STATEMENTS, SyntaxTree, list_parts

if TYPE_CHECKING:
    from tree_sitter import Node

Counts = Sequence[int]
"""How often each counter of a script was passed, in their order."""
_TRUTHS: Final = frozenset({"then", "else", "?", ":"})
"""The ways of a condition."""
_BETWEEN: Final = frozenset({"else_clause", "switch_body", "catch_clause"})
"""What stands between a way and what has it."""


class ScriptReach:
    """Relates the syntax nodes of one script to the counters of an instrumented run.

    A counter counts how often a branch or a function was executed.

    Attributes:
        counters: all counters of the script; a counter's number is its index here.
    """

    def __init__(self, tree: SyntaxTree, counters: Sequence[Counter]) -> None:
        """Find the node of each of *counters* in *tree*."""
        self._tree = tree
        self.counters = tuple(counters)
        self._statements: dict[LineColumn, int] = {}
        self._functions: dict[LineColumn, int] = {}
        self._ways: dict[tuple[LineColumn, LineColumn], int] = {}
        self._implied: dict[LineColumn, int] = {}
        for number, counter in enumerate(self.counters):
            spot = LineColumn(counter.line, counter.column)
            if counter.kind == "statement":
                self._statements[spot] = number
            elif counter.kind == "function":
                self._functions[spot] = number
            elif counter.arm == "else" and spot == counter.decision:
                self._implied[spot] = number
            else:
                self._ways[spot, counter.decision] = number
        self._nodes: dict[int, Node] = {}
        for node in tree.walk():
            self._register_counted_node(node)

    def _register_counted_node(self, node: Node) -> None:
        """Remember *node* for the counter that counts it, if there is one."""
        spot = self._get_position(node)
        if node.type in FUNCTIONS and spot in self._functions:
            self._nodes[self._functions[spot]] = node
        elif node.type == "if_statement" and spot in self._implied:
            self._nodes[self._implied[spot]] = node
        if (
            node.parent is not None
            and (way := self._find_branch_counter(node, node.parent)) is not None
        ):
            self._nodes.setdefault(way, node)

    def find_enclosing_counters(self, node: Node) -> Iterator[int]:
        """Yield the numbers of the counters of all code around *node*, the innermost first."""
        child, parent = node, node.parent
        while parent is not None:
            spot = self._get_position(child)
            found = (
                self._statements.get(spot),
                self._find_branch_counter(child, parent),
                self._functions.get(spot) if child is not node else None,
            )
            yield from (number for number in found if number is not None)
            child, parent = parent, parent.parent

    def is_evaluated(self, node: Node, counts: Counts) -> bool:
        """Return whether *node* was evaluated in a run with these *counts*.

        It was if the innermost code around it, of which executions are counted, ran at all.
        """
        return all(counts[number] for number in islice(self.find_enclosing_counters(node), 1))

    def find_implied_else_counter(self, condition: Node) -> int | None:
        """Return the number of the counter of runs in which *condition* was false.

        None if it is not the condition of an ``if`` without ``else``.
        """
        owner = condition.parent
        while owner is not None and owner.type == "parenthesized_expression":
            owner = owner.parent
        is_if = owner is not None and owner.type == "if_statement"
        return self._implied.get(self._get_position(owner)) if owner is not None and is_if else None

    def find_outermost_unrun_counters(self, counts: Counts) -> Iterator[int]:
        """Yield the numbers of the counters of code that never ran although that around it did.

        Branches without code are left out.
        """
        decided = {
            counter.decision
            for counter, number in zip(self.counters, counts, strict=True)
            if counter.arm in _TRUTHS and number
        }
        for number, node in sorted(self._nodes.items()):
            counter = self.counters[number]
            if counts[number] or (counter.arm in _TRUTHS and counter.decision not in decided):
                continue
            owner = (
                node if number in self._functions.values() else _find_branching_node(node, counter)
            )
            if self.is_evaluated(owner, counts) and _is_worth_reporting(counter, owner):
                yield number

    def find_node_to_report(self, number: int) -> Node:
        """Return what to show to a reader for the code that counter *number* counts.

        For either branch of a condition (``if``, ``?:``) that is the condition; for anything else
        that is counted, such as a ``catch`` block or a function, the code itself.
        """
        node, counter = self._nodes[number], self.counters[number]
        if counter.arm in _TRUTHS:
            owner = _find_branching_node(node, counter)
            condition = owner.child_by_field_name("condition") or owner
            return strip_parentheses(condition)
        return node

    def _find_branch_counter(self, child: Node, parent: Node) -> int | None:
        owner = parent
        if parent.type in _BETWEEN and parent.parent is not None:
            owner = parent.parent
        return self._ways.get((self._get_position(child), self._get_position(owner)))

    def _get_position(self, node: Node) -> LineColumn:
        place = self._tree.find_place(node)
        return LineColumn(place.line, place.column)


def _find_branching_node(node: Node, counter: Counter) -> Node:
    """Return the statement or expression of which *node* is a branch, such as the whole ``if``."""
    if _is_implied_else(counter) or node.parent is None:
        return node
    parent = node.parent
    return parent.parent if parent.type in _BETWEEN and parent.parent is not None else parent


def _is_implied_else(counter: Counter) -> bool:
    """Return whether *counter* counts the ``else`` of an ``if`` that is written without one."""
    return counter.arm == "else" and (counter.line, counter.column) == counter.decision


def _is_worth_reporting(counter: Counter, node: Node) -> bool:
    if counter.arm in {"&&", "||", "??"}:
        return counter.arm == "&&" and _is_expression_statement(node)  # elsewhere a mutant says it
    return not _is_implied_else(counter) or _is_guard_clause(node)


def _is_expression_statement(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "expression_statement"


def _is_guard_clause(node: Node) -> bool:
    """Return whether *node* is an ``if`` that leaves (``return``, ``throw`` …) before more code."""
    inner = node.child_by_field_name("consequence")
    statements = list_parts(inner) if inner is not None and "block" in inner.type else [inner]
    last = statements[-1] if statements else None
    return (
        last is not None and last.type in LEAVING_STATEMENTS and node.next_named_sibling is not None
    )
