"""Whether ``void`` says of a call that nobody is to wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpmax_sim.errors import Place
from bpmax_sim.script_source.syntax import SyntaxTree

if TYPE_CHECKING:
    from tree_sitter import Node


def is_voided(source: str, place: Place) -> bool:
    """Return whether the call at *place* of a script stands behind ``void``, or what holds it."""
    if "void" not in source:
        return False
    tree = SyntaxTree(source, place.file)
    node = next((n for n in tree.walk() if n.is_named and tree.place(n) == place), None)
    return node is not None and _is_voided(tree, _whole_chain(node))


def _whole_chain(node: Node) -> Node:
    """Return the outermost expression that the call at *node* is the value of."""
    while (parent := node.parent) is not None and parent.type in {
        "member_expression",
        "call_expression",
        "parenthesized_expression",
    }:
        if parent.type == "call_expression" and parent.child_by_field_name("function") != node:
            break  # it is an argument
        node = parent
    return node


def _is_voided(tree: SyntaxTree, chain: Node) -> bool:
    parent = chain.parent
    if parent is None:
        return False
    if _is_void(parent):
        return True
    if parent.type != "variable_declarator":
        return False
    name = parent.child_by_field_name("name")
    text = tree.text_of(name) if name is not None else ""
    return any(
        _is_void(node)
        and (argument := node.child_by_field_name("argument")) is not None
        and tree.text_of(argument) == text
        for node in tree.walk()
    )


def _is_void(node: Node) -> bool:
    operator = node.child_by_field_name("operator") if node.type == "unary_expression" else None
    return operator is not None and operator.type == "void"
