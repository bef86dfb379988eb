"""Calls that are not awaited: by ``void``, or because the async function around them is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.script_source.scopes import FUNCTIONS, Scopes
from bpmax_sim.script_source.syntax import SyntaxTree
from bpmax_sim.script_source.values import Values, is_async

if TYPE_CHECKING:
    from tree_sitter import Node


def has_void_in_front(names_and_sources: Iterable[tuple[str, str]], place: Place) -> bool:
    """Return whether the call at *place* has ``void`` in front: nobody is to await it.

    ``void`` may also stand before an expression that holds the call, or before the call of a
    function that returns it. An engine reports as place of a call what it evaluated last before:
    the method or an argument. So the call is the smallest call of ``$proxy`` around that place.
    *names_and_sources* are pairs of a script's name and its source.
    """
    pairs = tuple(dict.fromkeys(names_and_sources))
    if not any("void" in source for _, source in pairs):
        return False
    trees = _parse_scripts(pairs)
    own = _find_tree_at(trees, place)
    node = _find_call_around(own, (place.line, place.column)) if own is not None else None
    return (
        own is not None
        and node is not None
        and _is_value_discarded_by_void(trees, own, node, set())
    )


@lru_cache(maxsize=4)
def _parse_scripts(names_and_sources: tuple[tuple[str, str], ...]) -> Sequence[SyntaxTree]:
    """Return the syntax trees of scripts; a run asks for the same ones at each of its calls."""
    return [SyntaxTree(source, name) for name, source in names_and_sources]


def _find_tree_at(trees: Iterable[SyntaxTree], place: Place) -> SyntaxTree | None:
    return next((tree for tree in trees if tree.name == place.file), None)


def _find_call_around(tree: SyntaxTree, position: tuple[int, int]) -> Node | None:
    """Return the smallest call of ``$proxy`` around *position*, or else of any method; else None.

    *position* is line and column.
    """
    values = Values(tree, Scopes(tree))
    around = [
        node
        for node in tree.walk()
        if node.type == "call_expression"
        and _get_line_and_column(tree.find_place(node))
        <= position
        < _get_line_and_column(tree.find_place_of_byte(node.end_byte))
    ]
    around.reverse()  # the outermost comes first in the order of the text
    known = [node for node in around if (value := values.resolve(node)) and value.call >= 0]
    methods = [node for node in around if _is_of_a_method(node)]
    return next(iter([*known, *methods]), None)


def _get_line_and_column(place: Place) -> tuple[int, int]:
    return place.line, place.column


def _is_of_a_method(call: Node) -> bool:
    function = call.child_by_field_name("function")
    return function is not None and function.type == "member_expression"


def _find_whole_chain(node: Node) -> Node:
    """Return the whole chain of members and calls that contains *node*: ``p.$api('x').$call()``."""
    while (parent := node.parent) is not None and parent.type in {
        "member_expression",
        "call_expression",
        "parenthesized_expression",
    }:
        if parent.type == "call_expression" and parent.child_by_field_name("function") != node:
            break  # it is an argument
        node = parent
    return node


def _is_value_discarded_by_void(
    trees: Sequence[SyntaxTree], tree: SyntaxTree, node: Node, seen: set[int]
) -> bool:
    """Return whether the value of *node* is discarded by ``void``.

    ``void`` may stand before it, before the variable that it is assigned to, or before a call of
    the function that returns it, if no other call of that function is a statement of its own.
    *seen* are the ids of functions whose calls are being looked at, as they may call each other.
    """
    node = _find_outermost_value(node)
    parent = node.parent
    if parent is None:
        return False
    if _is_void_operator(parent):
        return True
    if parent.type == "variable_declarator":
        name = parent.child_by_field_name("name")
        uses = Scopes(tree).find_uses_of_declared_name(name) if name is not None else ()
        return any(_is_void_operator(_find_outermost_value(use.node).parent) for use in uses)
    function = _find_function_returning(node)
    if function is None or function.id in seen:
        return False
    calls = list(_find_calls_of(trees, tree, function))
    values = [_find_outermost_value(call).parent for _, call in calls]
    is_dropped = any(value is not None and value.type == "expression_statement" for value in values)
    inner = {*seen, function.id}
    return not is_dropped and any(
        _is_value_discarded_by_void(trees, own, call, inner) for own, call in calls
    )


def _find_outermost_value(node: Node) -> Node:
    """Return the outermost expression that may have the value of *node*, or a list with it.

    For ``b()`` in ``a && [b(), c()]`` that is all of it.
    """
    while (parent := (node := _find_whole_chain(node)).parent) is not None:
        is_choice = parent.type in {"ternary_expression", "sequence_expression"}
        is_tested = parent.child_by_field_name("condition") == node
        operator = parent.child_by_field_name("operator")
        is_logical = operator is not None and operator.type in {"&&", "||", "??"}
        if not (is_logical or parent.type == "array" or (is_choice and not is_tested)):
            break
        node = parent
    return node


def _find_function_returning(node: Node) -> Node | None:
    """Return the function whose result the expression *node* is, or None."""
    parent = node.parent
    if parent is not None and parent.type == "arrow_function":
        return parent
    if parent is None or parent.type != "return_statement":
        return None
    while parent is not None and parent.type not in FUNCTIONS:
        parent = parent.parent
    return parent


def _find_calls_of(
    trees: Sequence[SyntaxTree], tree: SyntaxTree, function: Node
) -> Iterator[tuple[SyntaxTree, Node]]:
    """Yield (syntax tree of its script, call) for each call of *function*.

    It may be called by its name, a method on whatever object, at once where it is written
    (``(() => …)()``), or by a method that gets it, such as `map`. *tree* is the syntax tree of
    *function*'s script, *trees* are those of all scripts.
    """
    yield from _find_calls_by_name(trees, tree, function)
    if (call := _find_call_around_inline_function(function)) is not None:
        yield tree, call


def _find_call_around_inline_function(function: Node) -> Node | None:
    """Return the call of *function* where it is written, or the call that gets it as argument.

    None if there is neither.
    """
    parent = function.parent
    while parent is not None and parent.type == "parenthesized_expression":
        parent = parent.parent
    call = parent.parent if parent is not None and parent.type == "arguments" else parent
    return call if call is not None and call.type == "call_expression" else None


def _is_void_operator(node: Node | None) -> bool:
    operator = node.child_by_field_name("operator") if node is not None else None
    return operator is not None and operator.type == "void"


_WALKS = frozenset({"forEach", "map"})
"""Methods that call an async function for each element, and wait for none."""


class UnusedAsyncCall(msgspec.Struct, frozen=True):
    """A call of an async function, by its name, whose promise is not used."""

    name: str
    place: Place


def find_unawaited_outer_call(
    names_and_sources: Iterable[tuple[str, str]], place: Place
) -> UnusedAsyncCall | None:
    """Return the unawaited call of an async function during which *place* runs, or None.

    The search goes outwards: from the async function around *place* to the functions that await it
    by name, and so on. *names_and_sources* are pairs of a script's name and its source.
    """
    trees = _parse_scripts(tuple(dict.fromkeys(names_and_sources)))
    own = _find_tree_at(trees, place)
    inner = own and _find_async_function_around(own.find_node_at(place))
    pending, seen = [(own, inner)] if own and inner else [], set[str]()
    while pending:
        tree, function = pending.pop(0)
        if (direct := _find_immediate_call(tree, function)) is not None:
            return direct
        name = _find_function_name(tree, function)
        if not name or name in seen:
            continue
        seen.add(name)
        for caller, call in _find_calls_by_name(trees, tree, function):
            if call.parent is not None and call.parent.type == "expression_statement":
                return UnusedAsyncCall(f"{name}()", caller.find_place(call))
            if (around := _find_async_function_around(call)) is not None:
                pending.append((caller, around))
    return None


def _find_async_function_around(node: Node | None) -> Node | None:
    """Return the innermost function around *node* if it is async, else None."""
    while node is not None and node.type not in FUNCTIONS:
        node = node.parent
    return node if node is not None and is_async(node) else None


def _find_immediate_call(tree: SyntaxTree, function: Node) -> UnusedAsyncCall | None:
    """Return the call of *function* if it is called where it is written, and not awaited.

    It is called at once, as ``(async () => …)()``, or by a method such as ``map``. Otherwise None.
    """
    call = _find_call_around_inline_function(function)
    if call is None or call.parent is None or call.parent.type != "expression_statement":
        return None
    callee = call.child_by_field_name("function")
    if callee is not None and callee.start_byte <= function.start_byte < callee.end_byte:
        return UnusedAsyncCall("(async () => …)()", tree.find_place(call))
    member = callee.child_by_field_name("property") if callee is not None else None
    name = tree.get_source(member) if member is not None else ""
    return (
        UnusedAsyncCall(f".{name}(async …)", tree.find_place(member))
        if member and name in _WALKS
        else None
    )


_NAMING_FIELDS: Final = {
    "variable_declarator": "name",
    "pair": "key",
    "field_definition": "property",
    "assignment_expression": "left",
}
"""Kind of node that names the function in it -> the field that holds the name."""


def _find_function_name(tree: SyntaxTree, function: Node) -> str:
    """Return the name of *function*, for a method that of the member; "" if it has none."""
    named = function.child_by_field_name("name")
    parent = function.parent
    if named is None and parent is not None and (field := _NAMING_FIELDS.get(parent.type)):
        named = parent.child_by_field_name(field)
    return tree.get_source(_find_last_name(named)) if named is not None else ""


def _find_last_name(node: Node) -> Node:
    """Return the part of *node* that names a function: the last member of ``a.b.c``."""
    return node.child_by_field_name("property") or node


def _find_calls_by_name(
    trees: Iterable[SyntaxTree], tree: SyntaxTree, function: Node
) -> Iterator[tuple[SyntaxTree, Node]]:
    """Yield (syntax tree of its script, call) for each call with the name of *function*.

    A call of another function that is declared with the same name does not count.
    """
    name = _find_function_name(tree, function)
    for script in trees if name else ():
        scopes = Scopes(script) if name in script.text else None
        for node in script.walk() if scopes else ():
            callee = (
                node.child_by_field_name("function") if node.type == "call_expression" else None
            )
            if callee is None or script.get_source(_find_last_name(callee)) != name:
                continue
            binding = scopes.find_binding(callee) if scopes else None
            value = None if binding is None or binding.is_reassigned else binding.value
            if value is None or value == function or value.type not in FUNCTIONS:
                yield script, node
