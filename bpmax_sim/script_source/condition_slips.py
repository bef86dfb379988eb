"""Slips in conditions and comparisons that are always true, or never."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from bpmax_sim.i18n import msg
from bpmax_sim.script_source.conditions import find_constant_logic, find_excluded_conditions
from bpmax_sim.script_source.kinds import (
    EQUALITIES,
    RELATIONS,
    ExpressionKind,
    read_operator,
    split_sides,
    strip_parentheses,
)
from bpmax_sim.script_source.scopes import FUNCTIONS
from bpmax_sim.script_source.slips import Found, SlipReader
from bpmax_sim.script_source.values import find_parent_beyond_parentheses

if TYPE_CHECKING:
    from tree_sitter import Node

_TYPES: Final = frozenset(
    {"undefined", "object", "boolean", "number", "bigint", "string", "symbol", "function"}
)
_FRESH: Final = frozenset({"array", "object", "regex", "new_expression", *FUNCTIONS})
_NOTHING: Final = frozenset({"null", "undefined"})
_SAME_SIDES: Final = frozenset({*EQUALITIES, *RELATIONS, "-", "/", "%", "&&", "||"})
_LITERALS: Final = frozenset({"string", "number", "true", "false", "null", "undefined"})


def _find_constant_conditions(reader: SlipReader, node: Node) -> Found:
    """Yield conditions in *node* that are always true, or always false."""
    asked = node.child_by_field_name("condition")
    if node.type == "unary_expression":
        asked = node.child_by_field_name("argument") if read_operator(node) == "!" else None
    parent = find_parent_beyond_parentheses(node)
    if asked is None or read_operator(parent) in {"!", "in", "instanceof"}:
        return
    is_loop = node.type in {"while_statement", "do_statement", "for_statement"}
    truth = reader.kinds.find_constant_truth(asked)
    if truth is None:
        return
    _, where = truth
    if is_loop and where.type in {"true", "number"}:
        return  # while (true)
    yield "constant-condition", where, _describe_constant_condition(reader, where)


def _describe_constant_condition(reader: SlipReader, where: Node) -> str:
    kind, text = reader.kinds.find_kind(where), reader.shorten_source(where)
    if where.type == "arrow_function":
        return msg("=> makes a function, which is always true; >= compares")
    parent = find_parent_beyond_parentheses(where)
    left = split_sides(parent)[0]
    if left is not None and left != where and read_operator(left) in EQUALITIES:
        compared = reader.shorten_source(split_sides(left)[0])
        return msg(
            "{text} stands here by itself and is always true; compare it, too: {compared} "
            "{operator} {text}", text=text, compared=compared, operator=read_operator(left),
        )  # fmt: skip
    if kind == "function":
        return msg("{text} is a function, which is always true; call it: {text}()", text=text)
    if kind == "list":
        return msg("a list is always true, also an empty one; ask for its length")
    truth = reader.kinds.find_constant_truth(where)
    always = msg("true") if truth is not None and truth[0] else msg("false")
    return msg("{text} is always {always} here", text=text, always=always)


def _find_constant_operands(reader: SlipReader, node: Node) -> Found:
    """Yield ``'A' || 'B'``, and ``x === 'A' || 'B'`` outside of conditions: ``'B'`` is constant."""
    operator = read_operator(node)
    if operator not in {"||", "&&", "??"}:
        return
    left, right = split_sides(node)
    if left is None or right is None:
        return
    if left.type in {"string", "number", "object", "array", "arrow_function"}:
        yield "constant-condition", left, msg(
            "{text} decides {operator} by itself: what follows it, or the whole, is never used",
            text=reader.shorten_source(left), operator=operator,
        )  # fmt: skip
    elif operator == "||" and read_operator(left) in EQUALITIES and right.type in _LITERALS:
        parent = find_parent_beyond_parentheses(node)
        condition = parent.child_by_field_name("condition")
        is_asked = read_operator(parent) in {"||", "&&", "!"} or condition is not None
        if (
            not is_asked
            and reader.kinds.find_constant_truth(right) == (True, right)
            and right.type != "true"
        ):
            yield "constant-condition", right, _describe_constant_condition(reader, right)


def _find_chained_comparison(reader: SlipReader, node: Node) -> Found:
    """Yield ``1 < x < 5``, which compares true or false with 5, and ``list.length < 0``."""
    if read_operator(node) not in RELATIONS:
        return
    left, right = split_sides(node)
    if left is not None and read_operator(left) in RELATIONS:
        middle = reader.shorten_source(split_sides(left)[1])
        yield "constant-condition", node, msg(
            "this compares true or false with {right}; write {left} && {middle} {operator} {right}",
            right=reader.shorten_source(right), left=reader.shorten_source(left), middle=middle,
            operator=read_operator(node),
        )  # fmt: skip
    is_zero = right is not None and reader.tree.get_source(right) == "0"
    is_length = (
        left is not None
        and left.type == "member_expression"
        and (reader.values.read_member_name(left) == "length")
    )
    if is_zero and is_length and read_operator(node) in {"<", ">="}:
        yield (
            "constant-condition",
            node,
            msg("a length is never below 0; write {text} > 0", text=reader.shorten_source(left)),
        )


def _find_never_equal(reader: SlipReader, node: Node) -> Found:
    """Yield comparisons by equality that are never true, whatever the values are."""
    if read_operator(node) not in EQUALITIES:
        return
    left, right = split_sides(node)
    if left is not None and right is not None:
        yield from _find_comparison_slips(
            reader, left, right, is_strict=len(read_operator(node)) > len("==")
        )


def _find_dead_cases(reader: SlipReader, node: Node) -> Found:
    """Yield cases of a switch that never match, and duplicate ones."""
    asked, body = (
        strip_parentheses(node.child_by_field_name("value")),
        node.child_by_field_name("body"),
    )
    seen: set[str] = set()
    for case in body.named_children if body is not None else ():
        value = strip_parentheses(case.child_by_field_name("value"))
        if asked is None or value is None:
            continue
        text = reader.tree.get_source(value)
        if text in seen:
            yield "duplicate-key", value, msg("the case {text} stands twice", text=text)
        seen.add(text)
        is_open = asked.type in {"true", "false"} or reader.kinds.find_kind(asked) == "boolean"
        joins = read_operator(value) in {*EQUALITIES, *RELATIONS, "&&", "||"}
        if joins and not is_open and reader.kinds.find_kind(value) == "boolean":
            yield (
                "never-equal",
                value,
                msg(
                    "{asked} is compared with true or false here; write switch (true), or if",
                    asked=reader.shorten_source(asked),
                ),
            )
        else:
            yield from _find_comparison_slips(reader, asked, value, is_strict=True)


def _find_comparison_slips(
    reader: SlipReader, left: Node, right: Node, *, is_strict: bool
) -> Found:
    """Yield why *left* never equals *right*: NaN, a new object, an unknown ``typeof``, other kinds.

    Kinds such as text and number count only if the comparison *is_strict* (``===``).
    """
    for one, other in ((left, right), (right, left)):
        if reader.tree.get_source(other) in {"NaN", "Number.NaN"}:
            yield (
                "never-equal",
                other,
                msg(
                    "nothing equals NaN, not even itself; write Number.isNaN({text})",
                    text=reader.shorten_source(one),
                ),
            )
            return
        if one.type == "unary_expression" and read_operator(one) == "typeof":
            literal = reader.tree.read_literal_text(other)
            if other.type == "undefined" or (literal is not None and literal not in _TYPES):
                hint = "'undefined'" if other.type == "undefined" else ""
                yield "never-equal", other, msg(
                    "typeof never gives {text}; it gives a text: {types}",
                    text=reader.shorten_source(other), types=hint or _LISTED_TYPES,
                )  # fmt: skip
                return
        if other.type in _FRESH and one.type not in _NOTHING:
            yield (
                "never-equal",
                other,
                msg(
                    "what is made here anew equals nothing else; compare its members or its length"
                ),
            )
            return
    kinds = (reader.kinds.find_kind(left), reader.kinds.find_kind(right))
    if is_strict and None not in kinds and kinds[0] != kinds[1]:
        yield "never-equal", right, msg(
            "{left} is {kind} and never equals {right}, which is {other}",
            left=reader.shorten_source(left), right=reader.shorten_source(right),
            kind=describe_kind(kinds[0]), other=describe_kind(kinds[1]),
        )  # fmt: skip


_LISTED_TYPES: Final = "'string', 'number', 'boolean', 'object', 'function', 'undefined'"


def describe_kind(kind: ExpressionKind | str | None) -> str:
    """Return *kind* as a phrase for messages."""
    words = {
        "text": msg("a text"),
        "number": msg("a number"),
        "boolean": msg("true or false"),
        "list": msg("a list"),
        "object": msg("an object"),
        "function": msg("a function"),
    }
    return words.get(kind or "", "")


def _find_same_sides(reader: SlipReader, node: Node) -> Found:
    """Yield ``x === x``, ``a - a`` and ``x = x``."""
    left, right = split_sides(node)
    operator = read_operator(node)
    if node.type == "binary_expression" and operator not in _SAME_SIDES:
        return
    if left is None or right is None or left.type in _LITERALS or reader.has_effect(left):
        return
    if reader.tree.get_source(left) == reader.tree.get_source(right):
        yield (
            "same-sides",
            node,
            msg(
                "both sides are {text}; one of them is hardly meant",
                text=reader.shorten_source(left),
            ),
        )


def _find_index_as_condition(reader: SlipReader, node: Node) -> Found:
    """Yield ``if (text.indexOf('a'))``, which is false at the beginning and true for -1."""
    asked = node.child_by_field_name("condition")
    if node.type == "unary_expression":
        asked = node.child_by_field_name("argument") if read_operator(node) == "!" else None
    inner = strip_parentheses(asked)
    if inner is None or inner.type != "call_expression":
        return
    method = reader.kinds.find_builtin_method(inner)
    if method in {"indexOf", "findIndex", "lastIndexOf", "search"}:
        yield "index-condition", inner, msg(
            "{method} gives 0 for the first place and -1 for none; write includes, or compare with "
            "-1", method=method,
        )  # fmt: skip


def _find_in_of_list(reader: SlipReader, node: Node) -> Found:
    """Yield ``'A' in ['A', 'B']``, which asks for an index, and ``!'a' in form``.

    In the latter ``!`` negates ``'a'`` alone, before ``in``.
    """
    if read_operator(node) not in {"in", "instanceof"}:
        return
    left, right = split_sides(node)
    if left is None or right is None:
        return
    if read_operator(left) == "!" and node.child_by_field_name("left") == left:
        yield "never-equal", left, msg(
            "! stands for the left side alone here; write !({left} {operator} {right})",
            left=reader.shorten_source(left.child_by_field_name("argument")),
            operator=read_operator(node), right=reader.shorten_source(right),
        )  # fmt: skip
    elif read_operator(node) == "in" and reader.kinds.find_kind(right) == "list":
        yield "never-equal", node, msg(
            "in asks a list for an index; write {right}.includes({left})",
            right=reader.shorten_source(right), left=reader.shorten_source(left),
        )  # fmt: skip


FINDERS: Final[Mapping[str, Sequence[Callable[[SlipReader, Node], Found]]]] = {
    "if_statement": (_find_constant_conditions, _find_index_as_condition, find_excluded_conditions),
    "while_statement": (_find_constant_conditions, _find_index_as_condition),
    "do_statement": (_find_constant_conditions, _find_index_as_condition),
    "ternary_expression": (
        _find_constant_conditions, _find_index_as_condition, find_excluded_conditions,
    ),
    "unary_expression": (_find_constant_conditions, _find_index_as_condition),
    "binary_expression": (
        _find_constant_operands, find_constant_logic, _find_chained_comparison, _find_never_equal,
        _find_same_sides, _find_in_of_list,
    ),
    "switch_statement": (_find_dead_cases,),
    "assignment_expression": (_find_same_sides,),
}  # fmt: skip
"""Type of node -> what may be wrong with one."""
