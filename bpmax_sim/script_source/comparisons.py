"""Comparisons with literals in a script, such as ``ctx.action === 'approve'``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.script_source.kinds import (
    RELATIONS,
    read_operator,
    split_sides,
    strip_parentheses,
)
from bpmax_sim.script_source.scopes import Binding, Scopes
from bpmax_sim.script_source.syntax import SyntaxTree, list_parts
from bpmax_sim.script_source.values import Values

if TYPE_CHECKING:
    from tree_sitter import Node

_EQUALITIES: Final = frozenset({"===", "!==", "==", "!="})


LiteralKind = Literal["text", "number", "boolean"]
ComparedRoot = Literal["form", "ctx", "error", "result"]
_KINDS: Final[Mapping[str, LiteralKind]] = {
    "string": "text", "template_string": "text", "number": "number", "true": "boolean",
    "false": "boolean",
}  # fmt: skip


class LiteralComparison(msgspec.Struct, frozen=True):
    """A comparison in a script of some member of form, ``ctx``, result or error with a literal.

    If it is known which values the member can have, such as the options of a field, it shows
    whether the comparison can ever hold.

    Attributes:
        root: object that has the member; ``error`` is one that a ``catch`` caught.
        path: names from *root* down to the member.
        text: value of the literal as text.
        place: place of the literal.
        kind: kind of the literal.
        is_strict: whether types count (``===``, ``switch``).
        call: index in `ScriptReading.calls` of the call whose result it is; None for other roots.
    """

    root: ComparedRoot
    path: tuple[str, ...]
    text: str
    place: Place
    kind: LiteralKind = "text"
    is_strict: bool = True
    call: int | None = None


class ComparisonReader:
    """Finds where one script compares a member of form, ``ctx``, an error or a result to a literal.

    A literal is a text, a number, true or false.
    """

    def __init__(self, tree: SyntaxTree, scopes: Scopes, values: Values) -> None:
        self._tree = tree
        self._scopes = scopes
        self._values = values

    def find_comparisons(self, nodes: Iterable[Node]) -> Iterator[LiteralComparison]:
        """Yield each comparison in *nodes* of a literal with a member.

        The member is of the form, of ``ctx``, of a caught error or of the result of a call.
        """
        for node in nodes:
            for member, one in self._find_compared_pairs(node):
                literal = strip_parentheses(one)
                kind = _KINDS.get(literal.type)
                if kind is None or (found := self._find_compared_member(member)) is None:
                    continue
                text = self._tree.read_literal_text(literal)
                if text is None and literal.type != "template_string":
                    text = self._tree.get_source(literal)
                operator = node.child_by_field_name("operator")
                is_strict = operator is None or operator.type in {"===", "!=="}
                if text is not None:
                    root, path, call = found
                    place = self._tree.find_place(literal)
                    yield LiteralComparison(root, path, text, place, kind, is_strict, call)

    def find_order_comparisons(self, nodes: Iterable[Node]) -> Iterator[LiteralComparison]:
        """Yield each comparison by ``<``, ``>`` and the like in *nodes* of a member with a text."""
        for node in nodes:
            sides = split_sides(node) if read_operator(node) in RELATIONS else ()
            for member, other in (sides, sides[::-1]) if sides else ():
                text = self._tree.read_literal_text(other) if other is not None else None
                found = self._find_compared_member(member) if member is not None else None
                if text is not None and found is not None and other is not None:
                    root, path, call = found
                    place = self._tree.find_place(other)
                    yield LiteralComparison(root, path, text, place, "text", False, call)

    def _find_compared_pairs(self, node: Node) -> Iterator[tuple[Node, Node]]:
        """Yield the two sides of each comparison that *node* makes, also in reverse order."""
        find = _PAIRS.get(node.type)
        if find is not None:
            yield from find(self, node)

    def _find_equality_pairs(self, node: Node) -> Iterator[tuple[Node, Node]]:
        operator = node.child_by_field_name("operator")
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        is_equality = operator is not None and operator.type in _EQUALITIES
        if is_equality and left is not None and right is not None:
            yield left, right
            yield right, left

    def _find_switch_pairs(self, node: Node) -> Iterator[tuple[Node, Node]]:
        asked, body = node.child_by_field_name("value"), node.child_by_field_name("body")
        for case in body.named_children if body is not None else ():
            value = case.child_by_field_name("value")
            if asked is not None and value is not None:
                yield asked, value

    def _find_includes_pairs(self, node: Node) -> Iterator[tuple[Node, Node]]:
        """Yield the pairs of ``['A', 'B'].includes(member)``: *member* with each element."""
        callee, listed = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if callee is None or listed is None or callee.type != "member_expression":
            return
        owner = callee.child_by_field_name("object")
        is_list = owner is not None and owner.type == "array"
        arguments = list_parts(listed)
        if is_list and self._values.read_member_name(callee) == "includes" and arguments:
            for element in owner.named_children if owner is not None else ():
                yield arguments[0], element

    def _find_object_key_pairs(self, node: Node) -> Iterator[tuple[Node, Node]]:
        """Yield the pairs of ``{'A': 1, 'B': 2}[member]``: *member* with each key."""
        owner, index = node.child_by_field_name("object"), node.child_by_field_name("index")
        owner = strip_parentheses(owner)
        if owner is not None and owner.type == "object" and index is not None:
            for pair in owner.named_children:
                key = pair.child_by_field_name("key")
                if key is not None and key.type == "string":
                    yield index, key

    def _find_compared_member(
        self, node: Node
    ) -> tuple[ComparedRoot, tuple[str, ...], int | None] | None:
        """Return root, path and call index of the member that *node* is (see `LiteralComparison`).

        None if it is no member of a form, ``ctx``, an error or a result.
        """
        node = strip_parentheses(node)
        value = self._values.resolve(node)
        if value is not None and value.path and value.kind in {"form", "ctx", "result"}:
            root: ComparedRoot = value.kind  # type: ignore[assignment]
            return root, value.path, value.call if root == "result" else None
        owner = node.child_by_field_name("object") if node.type == "member_expression" else None
        binding = self._scopes.find_binding(owner) if owner is not None else None
        if binding is None or binding.is_reassigned or not is_caught_error(self._values, binding):
            return None
        return "error", (self._values.read_member_name(node) or "*",), None


def is_caught_error(values: Values, binding: Binding) -> bool:
    """Return whether *binding*, a declared name, holds an error: that of ``catch (error)``.

    The first parameter of a callback does, too, in ``.catch(error => …)``. *values* are the values
    of the script.
    """
    listed = binding.function.parent if binding.function is not None else None
    call = listed.parent if listed is not None and listed.type == "arguments" else None
    callee = call.child_by_field_name("function") if call is not None else None
    is_callback = callee is not None and callee.type == "member_expression"
    return binding.kind == "catch" or (
        is_callback
        and binding.position == 0
        and callee is not None
        and values.read_member_name(callee) == "catch"
    )


_PAIRS: Final[Mapping[str, Callable[[ComparisonReader, Node], Iterator[tuple[Node, Node]]]]] = {
    "binary_expression": ComparisonReader._find_equality_pairs,  # noqa: SLF001 - of the class above
    "switch_statement": ComparisonReader._find_switch_pairs,  # noqa: SLF001
    "call_expression": ComparisonReader._find_includes_pairs,  # noqa: SLF001
    "subscript_expression": ComparisonReader._find_object_key_pairs,  # noqa: SLF001
}
