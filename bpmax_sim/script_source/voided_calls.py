"""Whether ``void`` says of a call that nobody is to wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpmax_sim.errors import Place
from bpmax_sim.script_source.scopes import Scopes
from bpmax_sim.script_source.syntax import SyntaxTree
from bpmax_sim.script_source.values import Values

if TYPE_CHECKING:
    from tree_sitter import Node


def is_voided(source: str, place: Place) -> bool:
    """Return whether the call at *place* of a script stands behind ``void``, or what holds it.

    An engine names the place of what it evaluated last before a call: that of the method, or of
    an argument. So the call is the smallest one of ``$proxy`` around that place.
    """
    if "void" not in source:
        return False
    tree = SyntaxTree(source, place.file)
    node = _call_around(tree, (place.line, place.column))
    return node is not None and _is_voided(tree, _whole_chain(node))


def _call_around(tree: SyntaxTree, position: tuple[int, int]) -> Node | None:
    """Return the smallest call of ``$proxy`` around *position*, else of any method."""
    values = Values(tree, Scopes(tree))
    around = [
        node
        for node in tree.walk()
        if node.type == "call_expression"
        and _line_and_column(tree.place(node))
        <= position
        < _line_and_column(tree.place_of_byte(node.end_byte))
    ]
    around.reverse()  # the outermost comes first in the order of the text
    known = [node for node in around if (value := values.value(node)) and value.kind == "promise"]
    methods = [node for node in around if _is_of_a_method(node)]
    return next(iter([*known, *methods]), None)


def _line_and_column(place: Place) -> tuple[int, int]:
    return place.line, place.column


def _is_of_a_method(call: Node) -> bool:
    function = call.child_by_field_name("function")
    return function is not None and function.type == "member_expression"


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
