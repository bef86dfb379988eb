"""Which expressions of a script are conditions: only whether they are true counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from bpmax_sim.script_source.kinds import (
    EQUALITIES,
    RELATIONS,
    read_operator,
    strip_parentheses,
)
from bpmax_sim.script_source.scopes import FUNCTIONS
from bpmax_sim.script_source.syntax import SyntaxTree, list_parts
from bpmax_sim.script_source.values import WRAPPED

if TYPE_CHECKING:
    from tree_sitter import Node

LOOPS: Final = frozenset({"for_statement", "while_statement", "do_statement"})
_DECIDING: Final = LOOPS | {"if_statement", "ternary_expression"}
_PREDICATED: Final = frozenset({"filter", "find", "findIndex", "findLast", "some", "every"})


def find_logical_operands(node: Node) -> Iterator[Node]:
    """Yield the operands that *node* joins by ``&&`` and ``||``, three for ``a && (b || c)``.

    Any other node is itself the only operand.
    """
    if read_operator(node) in {"&&", "||"}:
        for side in ("left", "right"):
            if (inner := node.child_by_field_name(side)) is not None:
                yield from find_logical_operands(strip_parentheses(inner))
    else:
        yield node


def is_used_as_condition(tree: SyntaxTree, node: Node) -> bool:
    """Return whether only the truth of the value of *node* is used."""
    child, parent = node, node.parent
    while parent is not None and (
        parent.type in WRAPPED or read_operator(parent) in {"&&", "||", "!"}
    ):
        is_left = parent.child_by_field_name("left") == child
        child, parent = parent, parent.parent
        is_whole = parent is not None and parent.type == "expression_statement"
        if read_operator(child) == "!" or (is_left and is_whole):
            return True
    if parent is None:
        return False
    is_condition = parent.child_by_field_name("condition") == child
    return (
        (is_condition and parent.type in _DECIDING)
        or (parent.child_by_field_name("value") == child and is_case_of_true(tree, parent))
        or _is_result_of_predicate(tree, child)
        or (is_value_stored_or_returned(child) and always_gives_boolean(child))
    )


def is_case_of_true(tree: SyntaxTree, node: Node) -> bool:
    """Return whether *node* is a ``case a > b:`` of ``switch (true)``: its value is a condition."""
    body = node.parent if node.type == "switch_case" else None
    switch = body.parent if body is not None else None
    value = strip_parentheses(switch.child_by_field_name("value")) if switch is not None else None
    return value is not None and tree.get_source(value) == "true"


def is_predicate_of_list_method(tree: SyntaxTree, function: Node) -> bool:
    """Return whether *function* is the callback of a list method such as ``filter``."""
    listed = function.parent
    call = listed.parent if listed is not None and listed.type == "arguments" else None
    callee = call.child_by_field_name("function") if call is not None else None
    name = callee.child_by_field_name("property") if callee is not None else None
    return (
        function.type in FUNCTIONS
        and listed is not None
        and list_parts(listed)[0] == function
        and name is not None
        and tree.get_source(name) in _PREDICATED
    )


def _is_result_of_predicate(tree: SyntaxTree, node: Node) -> bool:
    """Return whether *node* is what the callback of a list method such as ``filter`` returns."""
    owner = node.parent
    is_returned = owner is not None and owner.type == "return_statement"
    while owner is not None and is_returned and owner.type not in FUNCTIONS:
        owner = owner.parent
    is_body = owner is not None and owner.child_by_field_name("body") == node
    return (
        owner is not None and (is_returned or is_body) and is_predicate_of_list_method(tree, owner)
    )


def find_returned_values(function: Node) -> Iterator[Node]:
    """Yield the expressions that *function* may return, not those of functions inside it."""
    body = function.child_by_field_name("body")
    if body is not None and body.type != "statement_block":
        yield body
        return
    pending = [body] if body is not None else []
    while pending:
        node = pending.pop()
        values = [
            child for child in node.named_children if child.type not in {"comment", *FUNCTIONS}
        ]
        if node.type == "return_statement":
            yield from values
        else:
            pending += reversed(values)


def is_value_stored_or_returned(node: Node) -> bool:
    """Return whether the value of *node* is assigned, returned or put into an object."""
    child, parent = node, node.parent
    while parent is not None and parent.type in WRAPPED:
        child, parent = parent, parent.parent
    field = _KEPT_BY.get(parent.type) if parent is not None else None
    return parent is not None and (
        parent.type == "return_statement"
        or (field is not None and parent.child_by_field_name(field) == child)
    )


_KEPT_BY: Final = {
    "variable_declarator": "value", "assignment_expression": "right", "pair": "value",
    "arrow_function": "body",
}  # fmt: skip
"""What keeps or gives the value of one of its parts, and which that is."""


def always_gives_boolean(node: Node) -> bool:
    """Return whether the value of *node* is always true or false."""
    sign = read_operator(node)
    return sign in {*EQUALITIES, *RELATIONS, "!"} or (
        sign in {"&&", "||"} and all(map(always_gives_boolean, find_logical_operands(node)))
    )


def is_order_comparison(condition: Node) -> bool:
    """Return whether *condition* compares by order (``<``, ``>=`` …), as most counting loops do."""
    inner = strip_parentheses(condition)
    if read_operator(inner) in {"&&", "||"}:
        sides = (inner.child_by_field_name(side) for side in ("left", "right"))
        return any(is_order_comparison(side) for side in sides if side is not None)
    return read_operator(inner) in RELATIONS
