"""The kind of an expression (text, number, list …), and expressions that are always true.

No kind is given if the source leaves it open, as for a variable that is assigned twice, or a value
that may be undefined (``?.``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Literal, overload

from bpmax_sim.script_source.scopes import FUNCTIONS, Scopes
from bpmax_sim.script_source.syntax import SyntaxTree, list_parts
from bpmax_sim.script_source.values import PROMISES, Values, find_parent_beyond_parentheses

if TYPE_CHECKING:
    from tree_sitter import Node

ExpressionKind = Literal["text", "number", "boolean", "list", "object", "function"]
EQUALITIES: Final = frozenset({"===", "!==", "==", "!="})
RELATIONS: Final = frozenset({"<", ">", "<=", ">="})
OPPOSITES: Final[Mapping[str, str]] = {
    "===": "!==", "!==": "===", "==": "!=", "!=": "==", ">": "<=", "<=": ">", "<": ">=", ">=": "<",
}  # fmt: skip
"""Each comparison and the one that holds where it does not."""
_DEEPEST: Final = 12
_OF_NODES: Final[Mapping[str, ExpressionKind]] = {
    "string": "text", "template_string": "text", "number": "number", "true": "boolean",
    "false": "boolean", "array": "list", "object": "object", "regex": "object",
    "new_expression": "object", "class": "function", **dict.fromkeys(FUNCTIONS, "function"),
}  # fmt: skip
_OF_OPERATORS: Final[Mapping[str, ExpressionKind]] = {
    **dict.fromkeys((*EQUALITIES, *RELATIONS, "in", "instanceof", "!", "delete"), "boolean"),
    "typeof": "text",
    **dict.fromkeys(("-", "*", "/", "%", "**"), "number"),
}
METHODS: Final[Mapping[str, ExpressionKind]] = {
    **dict.fromkeys(
        (
            "toFixed", "toString", "trim", "toUpperCase", "toLowerCase", "padStart", "padEnd",
            "join", "toLocaleString", "substring", "substr", "charAt", "toISOString", "replace",
            "replaceAll", "toPrecision", "normalize", "repeat", "stringify",
        ),
        "text",
    ),
    **dict.fromkeys(
        (
            "includes", "startsWith", "endsWith", "some", "every", "test", "isArray", "isNaN",
            "isInteger", "isFinite", "hasOwnProperty", "hasOwn",
        ),
        "boolean",
    ),
    **dict.fromkeys(
        (
            "indexOf", "lastIndexOf", "findIndex", "findLastIndex", "getTime", "getFullYear",
            "getMonth", "getDate", "getDay", "getHours", "getMinutes", "charCodeAt", "search",
            "localeCompare", "push", "unshift", "now", "round", "floor", "ceil", "abs", "max",
            "min", "trunc", "parseInt", "parseFloat",
        ),
        "number",
    ),
    **dict.fromkeys(
        ("map", "filter", "flatMap", "split", "toSorted", "sort", "from", "flat"), "list"
    ),
}  # fmt: skip
_FUNCTIONS: Final[Mapping[str, ExpressionKind]] = {
    "Number": "number", "parseInt": "number", "parseFloat": "number", "String": "text",
    "Boolean": "boolean", "isNaN": "boolean", "isFinite": "boolean", "Array": "list",
}  # fmt: skip
_TRUTHS: Final = {"true": True, "false": False, "null": False, "undefined": False}
_ZERO: Final = re.compile(
    r"0(?:[xob][0_]+|[0_]*)n?|(?:[0_]+\.?[0_]*|\.[0_]+)(?:e[+-]?[0-9_]+)?", re.IGNORECASE
)
"""What 0 may look like in a script."""
_OWNERS: Final = frozenset({"Math", "Date", "Number", "Object", "Array", "JSON"})
_OF_OBJECT: Final[Mapping[str, ExpressionKind]] = dict.fromkeys(
    ("keys", "values", "entries"), "list"
)


@overload
def strip_parentheses(node: Node) -> Node: ...
@overload
def strip_parentheses(node: Node | None) -> Node | None: ...
def strip_parentheses(node: Node | None) -> Node | None:
    """Return *node* without the parentheses around it, and without comments within them.

    None for None.
    """
    while node is not None and node.type == "parenthesized_expression":
        if not (parts := list_parts(node)):
            break
        node = parts[0]
    return node


def read_operator(node: Node) -> str:
    """Return the operator of *node*, or ""."""
    operator = node.child_by_field_name("operator")
    return operator.type if operator is not None else ""


def split_sides(node: Node) -> tuple[Node | None, Node | None]:
    """Return left and right of *node*, without parentheses; None for a side that it lacks."""
    return strip_parentheses(node.child_by_field_name("left")), strip_parentheses(
        node.child_by_field_name("right")
    )


def list_arguments(node: Node) -> list[Node]:
    """Return the arguments of a call or of ``new``."""
    listed = node.child_by_field_name("arguments")
    return list_parts(listed) if listed else []


class KindReader:
    """Finds the kind of value (text, number, list, date …) of each expression of one script."""

    def __init__(self, tree: SyntaxTree, scopes: Scopes, values: Values) -> None:
        self._tree = tree
        self._scopes = scopes
        self._values = values

    def find_kind(self, node: Node | None, depth: int = 0) -> ExpressionKind | None:
        """Return the kind of value that *node* has in every run; None if it is not known.

        *depth* limits the recursion.
        """
        node = strip_parentheses(node)
        if node is None or depth > _DEEPEST:
            return None
        if kind := _OF_NODES.get(node.type):
            return kind
        find = _FIND.get(node.type)
        return find(self, node, depth + 1) if find else None

    def find_builtin_method(self, call: Node) -> str:
        """Return the method of lists, texts, numbers or dates that *call* calls; "" if none.

        Methods of APIs, or of objects that a library declares, are not returned.
        """
        callee = strip_parentheses(call.child_by_field_name("function"))
        if callee is None or callee.type != "member_expression" or has_optional_chain(callee):
            return ""
        owner, name = (
            strip_parentheses(callee.child_by_field_name("object")),
            callee.named_children[-1],
        )
        value = self._values.resolve(owner)
        is_known = value is None or value.kind in {"form", "ctx", "result", "text", "outside"}
        if owner is None or not is_known or self._has_methods_of_its_own(owner):
            return ""
        return self._tree.get_source(name)

    def _has_methods_of_its_own(self, owner: Node) -> bool:
        """Return whether *owner*, on which a method is called, may be an object with own methods.

        Such an object comes from a script or library; a method ``map`` of it is not that of lists.
        """
        if owner.type != "identifier":
            return False
        if self._scopes.is_global(owner):
            return self._tree.get_source(owner) not in _OWNERS
        return self.find_kind(owner) == "object"

    def find_constant_truth(self, node: Node | None) -> tuple[bool, Node] | None:
        """Return whether the condition *node* is always true or always false, and what decides it.

        The second item is the deciding part of it. None if it may be either. Comparisons are left
        out: other rules report them.
        """
        node = strip_parentheses(node)
        if node is None:
            return None
        operator = read_operator(node)
        if node.type == "binary_expression" and operator in {"||", "&&"}:
            left, right = split_sides(node)
            first, second = self.find_constant_truth(left), self.find_constant_truth(right)
            # One side is enough: a true one makes ``||`` true, a false one makes ``&&`` false.
            decides = operator == "||"
            return next((one for one in (second, first) if one and one[0] is decides), None)
        if node.type == "unary_expression" and operator == "!":
            inner = self.find_constant_truth(node.child_by_field_name("argument"))
            return (not inner[0], inner[1]) if inner else None
        truth = self._find_literal_truth(node)
        if truth is None and self.find_kind(node) in {"list", "object", "function"}:
            truth = True
        return None if truth is None else (truth, node)

    def _find_literal_truth(self, node: Node) -> bool | None:
        if node.type in _TRUTHS:
            return _TRUTHS[node.type]
        if (text := self._tree.read_literal_text(node)) is not None:
            return bool(text)
        is_filled = False
        if node.type == "template_string":
            is_filled = any(child.type == "string_fragment" for child in node.named_children)
        elif node.type == "number":  # !0 is how others write true
            is_zero = _ZERO.fullmatch(self._tree.get_source(node)) is not None
            return (
                None if read_operator(find_parent_beyond_parentheses(node)) == "!" else not is_zero
            )
        elif node.type == "unary_expression":
            is_filled = read_operator(node) == "typeof"
        elif node.type == "binary_expression" and read_operator(node) == "+":
            is_filled = any(map(self._is_never_empty_text, split_sides(node)))
        return is_filled or None

    def _is_never_empty_text(self, node: Node | None) -> bool:
        """Return whether *node* is a text that is never empty."""
        return (
            node is not None
            and self.find_kind(node) == "text"
            and node.type in {"string", "template_string", "binary_expression"}
            and self._find_literal_truth(node) is True
        )

    # ------------------------------------------------------------------ by type of node

    def _find_unary_kind(self, node: Node, _depth: int) -> ExpressionKind | None:
        operator = read_operator(node)
        return "number" if operator == "+" else _OF_OPERATORS.get(operator)

    def _find_binary_kind(self, node: Node, depth: int) -> ExpressionKind | None:
        operator = read_operator(node)
        left, right = (self.find_kind(side, depth) for side in split_sides(node))
        if operator == "+":
            return "text" if "text" in {left, right} else left if left == right else None
        if operator in {"||", "&&", "??"}:
            return left if left == right else None
        return _OF_OPERATORS.get(operator)

    def _find_ternary_kind(self, node: Node, depth: int) -> ExpressionKind | None:
        one, other = (
            self.find_kind(node.child_by_field_name(arm), depth)
            for arm in ("consequence", "alternative")
        )
        return one if one == other else None

    def _find_name_kind(self, node: Node, depth: int) -> ExpressionKind | None:
        binding = self._scopes.find_binding(node)
        if binding is None or binding.is_reassigned or binding.path or binding.value is None:
            return None
        return self.find_kind(binding.value, depth)

    def _find_member_kind(self, node: Node, _depth: int) -> ExpressionKind | None:
        is_length = self._values.read_member_name(node) == "length" and not has_optional_chain(node)
        return "number" if is_length else None

    def _find_call_kind(self, node: Node, _depth: int) -> ExpressionKind | None:
        callee = strip_parentheses(node.child_by_field_name("function"))
        value = self._values.resolve(node)
        if callee is None or (value is not None and value.kind in PROMISES - {"outside promise"}):
            return None
        if callee.type == "identifier":
            is_global = self._scopes.is_global(callee)
            return _FUNCTIONS.get(self._tree.get_source(callee)) if is_global else None
        method = self.find_builtin_method(node)
        owner = callee.child_by_field_name("object")
        if method in _OF_OBJECT and owner is not None and self._tree.get_source(owner) == "Object":
            return _OF_OBJECT[method]
        return METHODS.get(method)


def has_optional_chain(node: Node) -> bool:
    """Return whether the chain of members and calls *node* contains ``?.``."""
    current: Node | None = node
    while current is not None and current.type in {
        "member_expression", "subscript_expression", "call_expression",
    }:  # fmt: skip
        if current.child_by_field_name("optional_chain") is not None:
            return True
        current = current.child_by_field_name("object") or current.child_by_field_name("function")
    return False


_FIND: Final[Mapping[str, Callable[[KindReader, Node, int], ExpressionKind | None]]] = {
    "unary_expression": KindReader._find_unary_kind,  # noqa: SLF001 - the table of the class above
    "binary_expression": KindReader._find_binary_kind,  # noqa: SLF001
    "ternary_expression": KindReader._find_ternary_kind,  # noqa: SLF001
    "identifier": KindReader._find_name_kind,  # noqa: SLF001
    "member_expression": KindReader._find_member_kind,  # noqa: SLF001
    "call_expression": KindReader._find_call_kind,  # noqa: SLF001
}
