"""Texts that a script compares something with: ``ctx.action === 'approve'``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.script_source.scopes import Scopes
from bpmax_sim.script_source.syntax import SyntaxTree
from bpmax_sim.script_source.values import Values

if TYPE_CHECKING:
    from tree_sitter import Node

_EQUALITIES: Final = frozenset({"===", "!==", "==", "!="})


class TextComparison(msgspec.Struct, frozen=True):
    """A comparison of a member with a text.

    Attributes:
        root: what it is a member of; ``error`` is what a ``catch`` caught.
        path: of the member.
        place: where the text stands.
    """

    root: Literal["form", "ctx", "error"]
    path: tuple[str, ...]
    text: str
    place: Place


class ComparisonReader:
    """Finds the comparisons of one script."""

    def __init__(self, tree: SyntaxTree, scopes: Scopes, values: Values) -> None:
        """Know nothing yet."""
        self._tree = tree
        self._scopes = scopes
        self._values = values

    def find_comparisons(self, nodes: Iterable[Node]) -> Iterator[TextComparison]:
        """Yield each comparison among *nodes* of a known member with a literal text."""
        for node in nodes:
            for member, text in self._pairs_of(node):
                literal = self._tree.literal_text(text)
                if literal is not None and (found := self._member(member)) is not None:
                    root, path = found
                    yield TextComparison(root, path, literal, self._tree.place(text))

    def _pairs_of(self, node: Node) -> Iterator[tuple[Node, Node]]:
        """Yield what *node* compares, each side with the other."""
        if node.type == "binary_expression":
            operator = node.child_by_field_name("operator")
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            is_equality = operator is not None and operator.type in _EQUALITIES
            if is_equality and left is not None and right is not None:
                yield left, right
                yield right, left
        elif node.type == "switch_statement":
            asked, body = node.child_by_field_name("value"), node.child_by_field_name("body")
            for case in body.named_children if body is not None else ():
                value = case.child_by_field_name("value")
                if asked is not None and value is not None:
                    yield asked, value

    def _member(self, node: Node) -> tuple[Literal["form", "ctx", "error"], tuple[str, ...]] | None:
        while node.type == "parenthesized_expression" and node.named_children:
            node = node.named_children[0]
        value = self._values.value(node)
        if value is not None and value.path and value.kind in {"form", "ctx"}:
            return ("form" if value.kind == "form" else "ctx"), value.path
        owner = node.child_by_field_name("object") if node.type == "member_expression" else None
        binding = self._scopes.binding_of(owner) if owner is not None else None
        if binding is None or binding.kind != "catch" or binding.is_reassigned:
            return None
        return "error", (self._values.member_name(node) or "*",)
