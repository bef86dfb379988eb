"""The words of a script's code, which tell whether it may read a member of some name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import msgspec

from bpmax_sim.script_source.comparisons import is_caught_error
from bpmax_sim.script_source.scopes import Scopes
from bpmax_sim.script_source.syntax import SyntaxTree
from bpmax_sim.script_source.values import Values

if TYPE_CHECKING:
    from tree_sitter import Node

_NAMES: Final = frozenset({
    "identifier", "property_identifier", "shorthand_property_identifier",
    "shorthand_property_identifier_pattern",
})  # fmt: skip
_TEXTS: Final = frozenset({"string_fragment", "regex_pattern"})
_WORD: Final = re.compile(r"[\w$]+")
_OF_FIELDS: Final = 1  # form.code is a field; form.order.code may be a member of a response


class CodeWords(msgspec.Struct, frozen=True):
    """The names and the words of texts in a script, without those of comments.

    Members of a caught error, such as ``error.code``, are no part of them.

    Attributes:
        all: all words.
        of_unknown: those that may be members of an object that the source does not show, such as a
            parameter; no members of a known call's result, no fields of a form.
    """

    all: frozenset[str] = frozenset()
    of_unknown: frozenset[str] = frozenset()


def list_code_words(
    tree: SyntaxTree, scopes: Scopes, values: Values, nodes: Iterable[Node]
) -> CodeWords:
    """Return the words in *nodes*, those of *tree*.

    *scopes* and *values* are those of the script.
    """
    words: set[str] = set()
    unknown: set[str] = set()
    of_errors = {
        binding.declared.id for binding in scopes.bindings if is_caught_error(values, binding)
    }
    for node in nodes:
        if node.type in _TEXTS:
            found = {*_WORD.findall(tree.get_source(node))}
            words |= found
            unknown |= found
        elif node.type in _NAMES and not _is_of_error(node, scopes, values, of_errors):
            words.add(name := tree.get_source(node))
            if not _is_of_known_object(node, scopes, values):
                unknown.add(name)
    return CodeWords(frozenset(words), frozenset(unknown))


def _is_of_error(node: Node, scopes: Scopes, values: Values, of_errors: set[int]) -> bool:
    """Return whether *node* names a caught error or a member of one."""
    parent = node.parent
    is_member = node.type == "property_identifier" and parent is not None
    owner = parent.child_by_field_name("object") if is_member and parent is not None else node
    binding = scopes.find_binding(owner) if owner is not None else None
    return node.id in of_errors or (binding is not None and is_caught_error(values, binding))


def _is_of_known_object(node: Node, scopes: Scopes, values: Values) -> bool:
    """Return whether *node* is a member of a known call's result, or a field of a form."""
    parent, value = node.parent, None
    if node.type == "property_identifier" and parent is not None:
        value = values.resolve(parent) if parent.type == "member_expression" else None
    elif binding := scopes.find_binding(node):
        value = values.resolve_binding(binding) if not binding.is_reassigned else None
    else:
        named = (one for one in scopes.bindings if one.declared == node)
        value = next(filter(None, map(values.resolve_binding, named)), None)
    if value is None:
        return False
    return value.kind == "result" or (
        value.kind in {"form", "ctx"} and len(value.path) <= _OF_FIELDS
    )
