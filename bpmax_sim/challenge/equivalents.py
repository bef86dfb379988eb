"""Recognise mutants that, as the script's source shows, behave exactly like the script."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bpmax_sim.script_source.conditions import (
    Alternatives,
    conjoin_unless_too_many,
    find_excluding_condition,
    read_condition,
    read_equality,
    read_fallback_condition,
)
from bpmax_sim.script_source.kinds import has_optional_chain, read_operator, strip_parentheses
from bpmax_sim.script_source.scopes import FUNCTIONS
from bpmax_sim.script_source.slips import SlipReader
from bpmax_sim.script_source.syntax import SyntaxTree, list_parts
from bpmax_sim.script_source.values import WRAPPED

if TYPE_CHECKING:
    from tree_sitter import Node

_VALUES: Final = frozenset(
    {
        "string", "template_string", "number", "array", "object", "true", "false",
        "unary_expression", "update_expression", "regex", *FUNCTIONS,
    }
)  # fmt: skip
"""Expressions that are never null or absent."""
_GIVES_VALUE: Final = re.compile(
    r"(?:\.(?:trim|slice|map|filter|join|split|toFixed|concat|indexOf|replace|toUpperCase|"
    r"toLowerCase|padStart|reduce|toString|includes|some|every|keys|values|entries|"
    r"stringify|round|floor|ceil|abs|max|min|flatMap|sort)|^String|^Number|^Boolean|^parseInt|"
    r"^parseFloat)$"
)
"""Functions that never give null or nothing."""
_MAYBE_NAN: Final = re.compile(r"^(?:Number|parse\w+|Math\.\w+)\b|\.reduce$")
_BRANCHES: Final = frozenset({"statement_block", "if_statement", "else_clause", "program"})
_FALSY: Final = frozenset({"''", '""', "0", "false"})
_JOINS: Final = frozenset({"||", "&&", "??"})


def is_fallback_without_effect(tree: SyntaxTree, fallback: Node) -> bool:
    """Return whether the right side of *fallback*, ``a || b`` or ``a ?? b``, can never matter.

    The left side always has a value, or (``x + y || 0``) the right one is the only falsy value it
    may have. A mutant without the fallback is then no mistake.
    """
    left, right = (
        strip_parentheses(fallback.child_by_field_name(side)) for side in ("left", "right")
    )
    if left is None or right is None:
        return False
    function = left.child_by_field_name("function")
    name = tree.get_source(function or left)
    is_arithmetic = left.type == "binary_expression" and read_operator(left) not in _JOINS
    is_call, is_length = left.type == "call_expression", name.endswith(".length")
    gives = _GIVES_VALUE.search(name) is not None if is_call else is_length
    # Of `a?.length` there is none where `a` is missing.
    if not (left.type in _VALUES or is_arithmetic or (gives and not has_optional_chain(left))):
        return False
    may_be_nan = is_arithmetic or left.type == "unary_expression" or _MAYBE_NAN.search(name)
    is_falsy = tree.get_source(right) in _FALSY
    return read_operator(fallback) == "??" or (is_falsy and not may_be_nan)


def is_last_executed_statement(node: Node) -> bool:
    """Return whether *node* is the last statement that its function or script executes."""
    while (parent := node.parent) is not None and parent.type in _BRANCHES:
        is_block = parent.type in {"statement_block", "program"}
        if is_block and list_parts(parent)[-1] != node:
            return False
        node = parent
    return parent is None or parent.type in FUNCTIONS


def can_be(reader: SlipReader, condition: Node, *, is_denied: bool) -> bool:
    """Return whether *condition* may be true, or false if *is_denied*, where it is evaluated.

    *reader* finds the conditions that hold there because of the code around and before it: behind
    ``if (!a) return;``, for example, ``a`` is never false.
    """
    return _may_hold_where_evaluated(
        reader, condition, read_condition(reader, condition, is_denied=is_denied)
    )


def can_need_fallback(reader: SlipReader, fallback: Node) -> bool:
    """Return whether the left side of *fallback*, ``a || b`` or ``a ?? b``, may lack a value.

    *reader* finds the conditions that hold there because of the code around and before it.
    """
    left = fallback.child_by_field_name("left")
    if left is None:
        return True
    return _may_hold_where_evaluated(
        reader, fallback, read_fallback_condition(reader, left, read_operator(fallback))
    )


def can_have_equal_sides(reader: SlipReader, comparison: Node) -> bool:
    """Return whether both sides of *comparison* may be equal where it is evaluated.

    *reader* finds the conditions that hold there because of the code around and before it.
    """
    return _may_hold_where_evaluated(reader, comparison, read_equality(reader, comparison))


def can_decide(reader: SlipReader, part: Node, other: Node, whole: Node) -> bool:
    """Return whether *part* can change the value of *whole*: ``part && other``, ``part || other``.

    If it cannot, *whole* always has the value of *other*. *reader* finds the conditions that hold
    there because of the code around and before it.
    """
    is_and = read_operator(whole) == "&&"
    denied = read_condition(reader, part, is_denied=is_and)
    kept = read_condition(reader, other, is_denied=not is_and)
    if denied is None or kept is None:
        return True
    return _may_hold_where_evaluated(reader, whole, conjoin_unless_too_many(denied, kept))


def _may_hold_where_evaluated(reader: SlipReader, node: Node, asked: Alternatives | None) -> bool:
    """Return whether the condition *asked* may hold where *node* is evaluated.

    *asked* lists the alternatives (sets of facts about values) one of which has to be true. The
    result is True if it is unclear, and for None, a condition that could not be analysed.
    """
    if asked is None:
        return True
    return bool(asked) and find_excluding_condition(reader, node, asked) is None


def gives_same_result_for_equal_sides(tree: SyntaxTree, comparison: Node) -> bool:
    """Return whether it does not matter which branch runs where the two sides are equal.

    No input then tells ``>`` from ``>=``: in ``a > b ? b : a``, ``if (a > b) a = b``,
    ``a < 0 ? -a : a``, and the comparator of a sorted list.
    """
    if _is_in_sort_comparator(tree, comparison):
        return True
    sides = {_get_field_text(tree, comparison, side) for side in ("left", "right")}
    owner = comparison.parent
    while owner is not None and owner.type in WRAPPED:
        owner = owner.parent
    if owner is None:
        return False
    if owner.type == "ternary_expression":
        arms = {_get_field_text(tree, owner, arm) for arm in ("consequence", "alternative")}
        signs = {f"{sign}{side}" for side in sides - {"0"} for sign in ("", "-")}
        return arms == sides or ("0" in sides and arms == signs)
    if owner.type != "if_statement" or owner.child_by_field_name("alternative") is not None:
        return False
    written = _find_only_assignment(owner.child_by_field_name("consequence"))
    return written is not None and sides == {
        _get_field_text(tree, written, side) for side in ("left", "right")
    }


def _is_in_sort_comparator(tree: SyntaxTree, node: Node) -> bool:
    """Return whether *node* is inside the function passed to ``sort``."""
    owner: Node | None = node
    while owner is not None and owner.type not in FUNCTIONS:
        owner = owner.parent
    listed = owner.parent if owner is not None else None
    call = listed.parent if listed is not None and listed.type == "arguments" else None
    function = call.child_by_field_name("function") if call is not None else None
    name = function.child_by_field_name("property") if function is not None else None
    return name is not None and tree.get_source(name) in {"sort", "toSorted"}


def _find_only_assignment(block: Node | None) -> Node | None:
    """Return the assignment of which *block* consists, or None if it has anything else."""
    while block is not None and block.type in {"statement_block", "expression_statement"}:
        parts = list_parts(block)
        block = parts[0] if len(parts) == 1 else None
    return block if block is not None and block.type == "assignment_expression" else None


def _get_field_text(tree: SyntaxTree, node: Node, field: str) -> str:
    """Return the source of the child *field* of *node* without parentheses; "" if there is none."""
    inner = strip_parentheses(node.child_by_field_name(field))
    return tree.get_source(inner) if inner is not None else ""
