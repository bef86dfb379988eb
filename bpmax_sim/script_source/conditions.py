"""What conditions require, to find those that contradict each other.

A condition is read as alternatives (disjunctive normal form). Each alternative maps the source of
an expression to the *domain* of its value: a range of numbers, some literals, or all but some. An
expression that is not compared with a literal counts as compared with ``true``.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Final

import msgspec

from bpmax_sim.i18n import msg
from bpmax_sim.script_source.kinds import (
    EQUALITIES,
    OPPOSITES,
    RELATIONS,
    read_operator,
    split_sides,
    strip_parentheses,
)
from bpmax_sim.script_source.scopes import FUNCTIONS
from bpmax_sim.script_source.slips import Found, SlipReader
from bpmax_sim.script_source.values import find_enclosing_node

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST: Final = 32
"""Alternatives of a condition; of one with more nothing is said."""
_TURNED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


class Range(msgspec.Struct, frozen=True):
    """The numbers between two bounds.

    A bound itself is included if *has_low* or *has_high* is true.
    """

    low: float = -math.inf
    high: float = math.inf
    has_low: bool = False
    has_high: bool = False

    def intersect(self, other: Range) -> Range | None:
        """Return the numbers in both ranges; None if there are none."""
        low, has_low = max((self.low, not self.has_low), (other.low, not other.has_low))
        high, has_high = min((self.high, self.has_high), (other.high, other.has_high))
        both = Range(low, high, not has_low, has_high)
        is_point = low == high and both.has_low and has_high
        return both if low < high or is_point else None


class LiteralSet(msgspec.Struct, frozen=True):
    """A set of literals, by their source; if *is_denied*, every value except them."""

    values: frozenset[str]
    is_denied: bool = False

    def intersect(self, other: LiteralSet) -> LiteralSet | None:
        """Return the literals in both sets; None if there are none."""
        if self.is_denied and other.is_denied:
            return LiteralSet(self.values | other.values, is_denied=True)
        if self.is_denied or other.is_denied:
            named, denied = (other, self) if self.is_denied else (self, other)
            left = named.values - denied.values
        else:
            left = self.values & other.values
        return LiteralSet(left) if left else None


Facts = Mapping[str, Range | LiteralSet]
"""Source of an expression, behind a mark of the kind of its domain -> the domain."""
Alternatives = Sequence[Facts]


def read_condition(
    reader: SlipReader, node: Node | None, *, is_denied: bool = False
) -> Alternatives | None:
    """Return the cases in which *node* is true (or with *is_denied* false); None if unclear.

    ``a === 1 && b`` has one case, ``a`` is 1 and ``b`` is true; ``a === 1 || b`` has two.
    """
    node = strip_parentheses(node)
    if node is None or reader.has_effect(node):
        return None
    operator = read_operator(node)
    if node.type == "unary_expression" and operator == "!":
        argument = node.child_by_field_name("argument")
        return read_condition(reader, argument, is_denied=not is_denied)
    if operator in {"&&", "||"}:
        sides = [read_condition(reader, side, is_denied=is_denied) for side in split_sides(node)]
        left, right = sides
        if left is None or right is None:
            return None
        # The sides are denied already (De Morgan): a denied ``&&`` joins cases as ``||`` does.
        if (operator == "&&") is is_denied:
            return None if len(left) + len(right) > _MOST else [*left, *right]
        return conjoin_conditions(left, right)
    return _read_comparison(reader, node, operator, is_denied=is_denied)


def conjoin_conditions(left: Alternatives, right: Alternatives) -> Alternatives | None:
    """Return the cases in which *left* and *right* both hold; empty if there are none.

    None if there are too many cases to tell.
    """
    if len(left) * len(right) > _MOST:  # alternatives multiply with each ``&&`` of ``||``
        return None
    return [both for one, other in product(left, right) if (both := _conjoin_facts(one, other))]


def _conjoin_facts(one: Facts, other: Facts) -> Facts | None:
    """Return what holds if two sets of facts both hold; None if they contradict each other.

    A fact says which values an expression may have.
    """
    both = dict(one)
    for key, domain in other.items():
        known = both.get(key, domain)
        met = known.intersect(domain)  # type: ignore[arg-type] # the key has the kind of the domain
        if met is None:
            return None
        both[key] = met
    return both


def _read_comparison(
    reader: SlipReader, node: Node, operator: str, *, is_denied: bool
) -> Alternatives | None:
    """Return the cases in which a comparison of an expression with a literal holds, or None."""
    left, right = split_sides(node)
    if left is not None and right is not None and operator in {*EQUALITIES, *RELATIONS}:
        if _read_literal(reader, right) is None:
            left, right, operator = right, left, _TURNED.get(operator, operator)
        literal, name = _read_literal(reader, right), reader.tree.get_source(left)
        if literal is not None and _read_literal(reader, left) is None:
            number = _parse_number_literal(literal)
            if operator in EQUALITIES:
                is_denied = is_denied is not (operator[0] == "!")
                return _make_equality_alternatives(name, literal, number, is_denied=is_denied)
            if number is None:
                return None
            operator = OPPOSITES[operator] if is_denied else operator
            return [{f"# {name}": _make_range(operator, number)}]
    truth = LiteralSet(frozenset({"true"}), is_denied=is_denied)
    return [{f"? {reader.tree.get_source(node)}": truth}]


def _make_equality_alternatives(
    name: str, literal: str, number: float | None, *, is_denied: bool
) -> Alternatives:
    if number is None:
        return [{f"= {name}": LiteralSet(frozenset({literal}), is_denied=is_denied)}]
    if not is_denied:
        return [{f"# {name}": Range(number, number, has_low=True, has_high=True)}]
    return [{f"# {name}": Range(high=number)}, {f"# {name}": Range(low=number)}]


def _make_range(operator: str, bound: float) -> Range:
    if operator[0] == "<":
        return Range(high=bound, has_high=operator == "<=")
    return Range(low=bound, has_low=operator == ">=")


def _read_literal(reader: SlipReader, node: Node) -> str | None:
    """Return the literal *node* as text, ``'A`` for the string ``'A'``; None for anything else."""
    if (text := reader.tree.read_literal_text(node)) is not None:
        return f"'{text}"
    source = reader.tree.get_source(node)
    if node.type in {"true", "false", "null", "undefined"}:
        return source
    is_number = node.type == "number" or (
        node.type == "unary_expression" and read_operator(node) == "-"
    )
    return source if is_number and _parse_number_literal(source) is not None else None


def _parse_number_literal(literal: str) -> float | None:
    try:
        return None if literal.startswith("'") else float(literal)
    except ValueError:
        return None


def find_contradictions(reader: SlipReader, node: Node) -> Found:
    """Yield the outermost ``&&`` that is never true, and ``||`` that is always true."""
    operator = read_operator(node)
    parent = find_enclosing_node(node)
    if operator not in {"&&", "||"} or read_operator(parent) == operator:
        return
    parts = list(_split_operands(node, operator))
    seen: list[tuple[Node, Alternatives]] = []
    for part in parts:
        asked = read_condition(reader, part, is_denied=operator == "||")
        for _, known in seen if asked else ():
            if asked is not None and conjoin_conditions(known, asked) == []:
                yield (
                    "constant-condition",
                    part,
                    _describe_contradiction(reader, known, asked, operator),
                )
                return
        seen += [(part, asked)] if asked else []


def _describe_contradiction(
    reader: SlipReader, known: Alternatives, asked: Alternatives, operator: str
) -> str:
    """Return the message for two contradictory parts of a condition; it names what both test.

    *known* and *asked* are the cases of the earlier and the later part in which it is true; with
    ``||``, in which it is false.
    """
    keys = [key for key in known[0] if key in asked[0]] or list(known[0])
    name = reader.shorten_text(keys[0][2:])
    if operator == "&&":
        return msg("{name} is never both, so this is always false; write ||", name=name)
    if keys[0].startswith("="):
        return msg(
            "{name} always differs from one of the two, so this is always true; write &&",
            name=name,
        )
    return msg("{name} is always one of the two, so this is always true; write &&", name=name)


def _split_operands(node: Node, operator: str) -> Iterator[Node]:
    """Yield the operands of a chain of *operator*, from left to right."""
    for side in split_sides(node):
        if (
            side is not None
            and side.type == "binary_expression"
            and read_operator(side) == operator
        ):
            yield from _split_operands(side, operator)
        elif side is not None:
            yield side


def find_excluded_conditions(reader: SlipReader, node: Node) -> Found:
    """Yield conditions of ``if`` or ``?:`` that earlier or enclosing conditions rule out."""
    condition = strip_parentheses(node.child_by_field_name("condition"))
    asked = read_condition(reader, condition)
    if not asked or condition is None:
        return
    for before, is_denied in _find_known_conditions(reader, node):
        read = partial(read_condition, reader, before, is_denied=is_denied)
        known = reader.compute_once("denied" if is_denied else "true", before, read)
        if known is None or not known:
            continue
        joined = conjoin_conditions(known, asked)
        if joined:
            asked = joined
        # An empty list is a contradiction; None means that the combination is too large to decide.
        elif joined is not None:
            text = reader.shorten_source(before)
            same = reader.tree.get_source(before) == reader.tree.get_source(condition)
            if same and is_denied:
                message = msg("an if before it asks the same, so this never runs: {text}",
                              text=text)  # fmt: skip
            elif is_denied:
                message = msg(
                    "this is never true here, since all of it goes to {text} before; ask for the "
                    "narrower one first", text=text,
                )  # fmt: skip
            else:
                message = msg("this is never true here, where {text}", text=text)
            yield "duplicate-key" if same else "constant-condition", condition, message
            return


def _find_known_conditions(reader: SlipReader, node: Node) -> Iterator[tuple[Node, bool]]:
    """Yield each condition whose value is known where *node* runs, and whether it is false there.

    These are conditions of ``if`` and ``?:`` around it, and of ``if (…) return;`` before it.
    """
    child, parent = node, node.parent
    while parent is not None and child.type not in FUNCTIONS:
        condition = strip_parentheses(parent.child_by_field_name("condition"))
        is_branch = parent.type in {"if_statement", "ternary_expression"} and condition is not None
        if is_branch and child != parent.child_by_field_name("condition"):
            is_else = child == parent.child_by_field_name("alternative")
            is_between = not is_else and child != node
            start, end = (child.start_byte, child.end_byte) if is_between else (0, 0)
            if condition is not None and not _may_change(reader, condition, start, end):
                yield condition, is_else
        if parent.type in {"statement_block", "program"}:
            for exit_ in reader.tree.find_exits_before(parent, child):
                start, end = exit_.statement.end_byte, child.end_byte
                condition = strip_parentheses(exit_.condition)
                is_alone = exit_.statement.child_by_field_name("alternative") is None
                if is_alone and not _may_change(reader, condition, start, end):
                    yield condition, True
        child, parent = parent, parent.parent


def _may_change(reader: SlipReader, condition: Node, start: int, end: int) -> bool:
    """Return whether an expression of *condition* may change in the bytes *start* to *end*."""
    if start == end:
        return False
    changes = reader.compute_once(
        "changes", condition, partial(_find_change_offsets, reader, condition)
    )
    if changes is None:
        return True
    return any(bisect_left(places, start) < bisect_left(places, end) for places in changes)


def _find_change_offsets(reader: SlipReader, condition: Node) -> list[Sequence[int]] | None:
    """Return the byte offsets where expressions of *condition* may get another value.

    One list for each expression; None if a variable in it is assigned anywhere.
    """
    parts = [*reader.tree.walk(condition)]
    bindings = [reader.scopes.find_binding(part) for part in parts if part.type == "identifier"]
    if any(binding is not None and binding.is_reassigned for binding in bindings):
        return None
    expressions = {"member_expression", "subscript_expression", "identifier"}
    texts = [reader.tree.get_source(part) for part in parts if part.type in expressions]
    return [reader.change_offsets[text] for text in texts if text in reader.change_offsets]
