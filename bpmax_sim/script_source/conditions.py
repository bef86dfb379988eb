"""What conditions require, to find those that contradict each other.

A condition is read as alternatives (disjunctive normal form). Each alternative maps the source of
an expression to the *domain* of its value: a range of numbers, some literals, or all but some. For
the truth of an expression, the literals are the `_FALSY` ones and ``truthy``, which stands for all
others: after ``if (a == null) return`` it is none of two of them.

Everywhere here None means that nothing can be said (too many alternatives, a call with an effect, a
comparison of another kind), and an empty list of alternatives that a condition can never hold. Only
the latter is reported. Facts about the same expression are comparable as long as its value stays:
what may assign it between two conditions makes the first one unknown (`_may_change`).
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec.structs import replace

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
from bpmax_sim.script_source.values import find_parent_beyond_parentheses

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST: Final = 32
"""Alternatives of a condition; of one with more nothing is said."""
_TURNED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_FALSY: Final = frozenset({"undefined", "null", "false", "0", "''", "NaN"})
_TRUTHY: Final = frozenset({"truthy"})
_NULLISH: Final = frozenset({"undefined", "null"})
_EQUAL_BESIDE: Final[Mapping[str, frozenset[str]]] = {
    "null": _NULLISH, "undefined": _NULLISH, "true": frozenset({"'1"}), "'1": frozenset({"true"}),
    "false": frozenset({"'", "'0"}), "'": frozenset({"false"}), "'0": frozenset({"false"}),
}  # fmt: skip
"""Literal -> other literals that equal it by ``==``, as far as anybody compares with them."""
_LOOPS: Final = frozenset({"while_statement", "for_statement", "do_statement", "for_in_statement"})
_OF_FILLED: Final = re.compile(r"(.+)\.(?:length|trim\(\))")
"""A member that is truthy only where its owner is, too."""


class Range(msgspec.Struct, frozen=True):
    """The numbers between two bounds.

    The bounds themselves are included if *includes_low* or *includes_high* is true. With
    *includes_others*, so is whatever compares with no number, such as NaN and undefined.
    """

    low: float = -math.inf
    high: float = math.inf
    includes_low: bool = False
    includes_high: bool = False
    includes_others: bool = False

    def intersect(self, other: Range) -> Range | None:
        """Return the values in both ranges; None if there are none."""
        low, has_low = max((self.low, not self.includes_low), (other.low, not other.includes_low))
        high, has_high = min((self.high, self.includes_high), (other.high, other.includes_high))
        has_others = self.includes_others and other.includes_others
        both = Range(low, high, not has_low, has_high, has_others)
        is_point = low == high and both.includes_low and has_high
        return both if low < high or is_point or has_others else None


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
"""Source of an expression, behind a mark of the kind of its domain -> the domain.

``# a`` is its range of numbers, ``= a`` the literals that it may be, ``== a`` the number that it is
by ``===``, ``? a`` its truth. So a fact of one kind meets only its like. ``? a < b`` is the truth
of a comparison of two expressions, of whose values nothing is known.
"""
Alternatives = Sequence[Facts]


def read_condition(
    reader: SlipReader, node: Node | None, *, is_denied: bool = False
) -> Alternatives | None:
    """Return the cases in which the condition *node* is true; None if unclear.

    With *is_denied*, those in which it is false. ``a === 1 && b`` has one case, ``a`` is 1 and
    ``b`` is true; ``a === 1 || b`` has two. Each case is a set of facts about expressions.
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
        return conjoin_unless_too_many(left, right)
    return _read_comparison(reader, node, operator, is_denied=is_denied)


def conjoin_unless_too_many(left: Alternatives, right: Alternatives) -> Alternatives | None:
    """Return the cases in which *left* and *right* both hold; empty if they contradict each other.

    None if there would be more than `_MOST` cases, of which nothing is said.
    """
    if len(left) * len(right) > _MOST:  # alternatives multiply with each ``&&`` of ``||``
        return None
    return [both for one, other in product(left, right) if (both := _conjoin_facts(one, other))]


def _conjoin_facts(one: Facts, other: Facts) -> Facts | None:
    """Return what holds if two sets of facts both hold; None if they contradict each other.

    Facts map the source of an expression to the domain of its value: a range of numbers, or some
    literals.
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
    """Return the cases in which *node* holds, or does not hold with *is_denied*; None if unclear.

    *node* may compare an expression with a literal or two expressions by *operator*. Any other
    expression holds where it is truthy.
    """
    left, right = split_sides(node)
    if left is None or right is None or operator not in {*EQUALITIES, *RELATIONS}:
        return [_make_truth_facts(reader.get_plain_source(node), _FALSY if is_denied else _TRUTHY)]
    if _read_literal(reader, right) is None:
        left, right, operator = right, left, _TURNED.get(operator, operator)
    literal, name = _read_literal(reader, right), reader.get_plain_source(left)
    if literal is None or _read_literal(reader, left) is not None:
        return [
            _make_order_facts(name, operator, reader.get_plain_source(right), is_denied=is_denied)
        ]
    number = _parse_number_literal(literal)
    if operator in EQUALITIES:
        is_denied = is_denied is not (operator[0] == "!")
        is_strict = len(operator) > len("==")
        truths = _list_truths_of_equal(literal, number, is_strict=is_strict, is_denied=is_denied)
        equal = _make_equality_alternatives(
            name, literal, number, is_strict=is_strict, is_denied=is_denied
        )
        return [{**one, **_make_truth_facts(name, truths)} for one in equal]
    if number is None:
        return None
    # Denied, it may be NaN or undefined: nothing that compares so, and yet false.
    is_filled = not is_denied and _excludes_zero(operator, number)
    truths = _TRUTHY if is_filled else frozenset()
    operator = OPPOSITES[operator] if is_denied else operator
    limits = replace(_make_range(operator, number), includes_others=is_denied)
    return [{f"# {name}": limits, **_make_truth_facts(name, truths)}]


def _make_truth_facts(name: str, truths: frozenset[str]) -> Facts:
    """Return the fact that the value of expression *name* is one of *truths*.

    *truths* are falsy values such as ``null`` and ``0`` (`_FALSY`), or the word ``truthy`` for all
    others; if there are none, nothing is known and the result is empty. If ``a.length`` is truthy,
    so is ``a``: that is a second fact.
    """
    facts = {f"? {name}": LiteralSet(truths)} if truths else {}
    filled = _OF_FILLED.fullmatch(name) if truths == _TRUTHY else None
    return {**facts, f"? {filled[1]}": LiteralSet(_TRUTHY)} if filled else facts


def _make_order_facts(left: str, operator: str, right: str, *, is_denied: bool) -> Facts:
    """Return the facts where ``left operator right`` is true, or with *is_denied* false.

    Equal comparisons get equal facts however they are written: ``b > a`` is ``a < b``. Where that
    is true, ``a >= b`` is false; where it is false, both may be, as with NaN.
    """
    if operator in {">", ">="}:
        left, operator, right = right, _TURNED[operator], left
    if operator in {"!==", "!="}:
        operator, is_denied = OPPOSITES[operator], not is_denied
    if operator in EQUALITIES:
        left, right = sorted((left, right))
    facts = _make_truth_facts(f"{left} {operator} {right}", _FALSY if is_denied else _TRUTHY)
    if operator in EQUALITIES or is_denied:
        return facts
    opposite = _TURNED[OPPOSITES[operator]]
    return {**facts, **_make_truth_facts(f"{right} {opposite} {left}", _FALSY)}


def _list_truths_of_equal(
    literal: str, number: float | None, *, is_strict: bool, is_denied: bool
) -> frozenset[str]:
    """Return which of `_FALSY` and ``truthy`` a value can be that equals *literal*.

    With *is_denied*, a value that does not equal it. *number* is the value of *literal* if it is a
    number. *is_strict* says that types count (``===``). Empty if it can be anything, as with ``==
    0``, which ``''`` equals, too.
    """
    if literal in _NULLISH:
        known = frozenset({literal}) if is_strict else _NULLISH
    elif number == 0 or literal in {"'", "false"}:
        falsy = {"'": "''", "false": "false"}.get(literal, "0")
        known = frozenset({falsy}) if is_strict else frozenset()  # '' == 0 and '0' == 0
    else:
        is_known = is_strict or number is not None or literal == "true"  # '0.0' == 0, but no '甲'
        return _TRUTHY if is_known and not is_denied else frozenset()
    return (_FALSY | _TRUTHY) - known if is_denied and known else known


def _excludes_zero(operator: str, bound: float) -> bool:
    """Return whether a value for which ``value operator bound`` is true is never 0.

    It is then no text that counts as 0 either, such as ``''``.
    """
    limits = _make_range(operator, bound)
    return limits.intersect(Range(0, 0, includes_low=True, includes_high=True)) is None


def _make_equality_alternatives(
    name: str, literal: str, number: float | None, *, is_strict: bool, is_denied: bool
) -> Alternatives:
    if number is None:
        alike = frozenset() if is_strict else _EQUAL_BESIDE.get(literal, frozenset())
        return [{f"= {name}": LiteralSet(alike | {literal}, is_denied=is_denied)}]
    # By `===` a text such as '5' differs from 5, and by the signs of order it does not.
    exact = {f"== {name}": LiteralSet(frozenset({repr(number + 0.0)}), is_denied=is_denied)}
    if not is_denied:
        point = Range(number, number, includes_low=True, includes_high=True)
        return [{f"# {name}": point, **(exact if is_strict else {})}]
    if is_strict:
        return [exact]
    return [
        {f"# {name}": Range(high=number, includes_others=True)},
        {f"# {name}": Range(low=number, includes_others=True)},
    ]


def read_fallback_condition(reader: SlipReader, node: Node, operator: str) -> Alternatives | None:
    """Return the cases in which ``node || x`` gives ``x``; None if unclear.

    With the *operator* ``??``, those of ``node ?? x``.
    """
    inner = strip_parentheses(node)
    if operator == "??" and read_operator(inner) not in {"&&", "||"}:
        is_plain = not reader.has_effect(inner)
        return [{f"? {reader.get_plain_source(inner)}": LiteralSet(_NULLISH)}] if is_plain else None
    return read_condition(reader, inner, is_denied=True)


def read_equality(reader: SlipReader, node: Node) -> Alternatives | None:
    """Return the cases in which both sides of the comparison *node* are equal; None if unclear."""
    return (
        None if reader.has_effect(node) else _read_comparison(reader, node, "===", is_denied=False)
    )


def _make_range(operator: str, bound: float) -> Range:
    if operator[0] == "<":
        return Range(high=bound, includes_high=operator == "<=")
    return Range(low=bound, includes_low=operator == ">=")


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


def find_constant_logic(reader: SlipReader, node: Node) -> Found:
    """Yield the outermost ``&&`` that is never true, and ``||`` that is always true."""
    operator = read_operator(node)
    parent = find_parent_beyond_parentheses(node)
    if operator not in {"&&", "||"} or read_operator(parent) == operator:
        return
    parts = list(_split_operands(node, operator))
    seen: list[tuple[Node, Alternatives]] = []
    for part in parts:
        asked = read_condition(reader, part, is_denied=operator == "||")
        for _, known in seen if asked else ():
            if asked is not None and (wrong := _find_contradiction(reader, known, asked, operator)):
                yield "constant-condition", part, wrong
                return
        seen += [(part, asked)] if asked else []


def _find_contradiction(
    reader: SlipReader, known: Alternatives, asked: Alternatives, operator: str
) -> str:
    """Return a message if two parts of a chain of *operator* contradict each other; else "".

    *known* and *asked* are as in `_describe_contradiction`. If only NaN and the like, which compare
    with no number, can make an ``||`` false, that is probably a mistake, too.
    """
    if conjoin_unless_too_many(known, asked) == []:
        return _describe_contradiction(reader, known, asked, operator)
    if operator == "&&":
        return ""
    known, asked = _drop_others(known), _drop_others(asked)
    if conjoin_unless_too_many(known, asked) != []:
        return ""
    name = _name_expression(reader, _find_shared_keys(known, asked)[0])
    return msg(
        "whatever number {name} is, it is one of the two, so this is true; write &&", name=name
    )


def _drop_others(alternatives: Alternatives) -> Alternatives:
    """Return *alternatives* with numbers only where something is compared with numbers."""
    return [
        {
            key: replace(domain, includes_others=False) if isinstance(domain, Range) else domain
            for key, domain in facts.items()
        }
        for facts in alternatives
    ]


def _find_shared_keys(known: Alternatives, asked: Alternatives) -> list[str]:
    """Return the keys of facts of which both parts of a condition tell, else those of the first."""
    return [key for key in known[0] if key in asked[0]] or list(known[0])


def _name_expression(reader: SlipReader, key: str) -> str:
    return reader.shorten_text(key.partition(" ")[2])


def _describe_contradiction(
    reader: SlipReader, known: Alternatives, asked: Alternatives, operator: str
) -> str:
    """Return the message for two contradictory parts of a condition; it names what both test.

    *known* are the alternatives (sets of facts) by which the earlier part is true, and *asked*
    those of the later part; with ``||``, those by which they are false.
    """
    keys = _find_shared_keys(known, asked)
    name = _name_expression(reader, keys[0])
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
    excluding = find_excluding_condition(reader, node, asked) if asked else None
    if excluding is None or condition is None:
        return
    text = reader.shorten_source(excluding.condition)
    same = reader.tree.get_source(excluding.condition) == reader.tree.get_source(condition)
    if same and excluding.is_false:
        message = msg("an if before it asks the same, so this never runs: {text}", text=text)
    elif excluding.is_false:
        message = msg(
            "this is never true here, since all of it goes to {text} before; ask for the "
            "narrower one first", text=text,
        )  # fmt: skip
    else:
        message = msg("this is never true here, where {text}", text=text)
    yield "duplicate-key" if same else "constant-condition", condition, message


class KnownCondition(NamedTuple):
    """A condition whose value is known in some other place of a script.

    Attributes:
        condition: the expression.
        is_false: whether it is false there; else it is true there.
        known_from: byte offset from which that is known, unless something changes.
    """

    condition: Node
    is_false: bool
    known_from: int


def find_excluding_condition(
    reader: SlipReader, node: Node, asked: Alternatives | None
) -> KnownCondition | None:
    """Return a condition whose value where *node* runs rules out *asked*.

    *asked* are the cases in which a condition holds (`read_condition`). Conditions earlier in the
    script or around *node* are looked at. None if none of them rules it out.
    """
    for before in _find_known_conditions(reader, node) if asked else ():
        read = partial(read_condition, reader, before.condition, is_denied=before.is_false)
        known = reader.compute_once("denied" if before.is_false else "true", before.condition, read)
        if not known or asked is None:
            continue
        # What is left of *asked* goes on: two earlier conditions may exclude only together.
        joined = conjoin_unless_too_many(known, asked)
        if joined:
            asked = joined
        # An empty list is a contradiction; None means that the combination is too large to decide.
        elif joined is not None:
            return before
    return None


def _find_known_conditions(reader: SlipReader, node: Node) -> Iterator[KnownCondition]:
    """Yield each condition whose value is known where *node* runs.

    These are conditions of ``if`` and ``?:`` around it, of ``if (…) return;`` before it, and what
    stands before it and ``&&`` or ``||``.
    """
    child, parent = node, node.parent
    end = node.start_byte
    while parent is not None and child.type not in FUNCTIONS:
        if child.type in _LOOPS:
            end = child.end_byte  # what stands behind *node* runs before its next turn
        for known in _list_deciding_conditions(reader, parent, child):
            if not _may_change(reader, known.condition, known.known_from, end):
                yield known
        child, parent = parent, parent.parent


def _list_deciding_conditions(
    reader: SlipReader, parent: Node, child: Node
) -> Iterator[KnownCondition]:
    """Yield the conditions by which *parent* decides whether its part *child* runs."""
    if parent.type in {"if_statement", "ternary_expression"}:
        condition = parent.child_by_field_name("condition")
        if condition is not None and child != condition:
            is_else = child == parent.child_by_field_name("alternative")
            yield KnownCondition(strip_parentheses(condition), is_else, child.start_byte)
    elif (sign := read_operator(parent)) in {"&&", "||"}:
        left = parent.child_by_field_name("left")
        if left is not None and child != left and parent.type == "binary_expression":
            yield KnownCondition(strip_parentheses(left), sign == "||", left.end_byte)
    elif parent.type in {"statement_block", "program"}:
        for exit_ in reader.tree.find_exits_before(parent, child):
            condition = strip_parentheses(exit_.condition)
            yield KnownCondition(condition, not exit_.holds, exit_.known_from)


def _may_change(reader: SlipReader, condition: Node, start: int, end: int) -> bool:
    """Return whether an expression in *condition* may get another value between two places.

    They are the byte offsets *start* and *end* of the script.
    """
    changes = reader.compute_once(
        "changes", condition, partial(_find_change_offsets, reader, condition)
    )
    if changes is None:
        return True
    return any(bisect_right(places, start) < bisect_right(places, end) for places in changes)


def _find_change_offsets(reader: SlipReader, condition: Node) -> list[Sequence[int]] | None:
    """Return the byte offsets where expressions of *condition* may get another value.

    One list for each expression; None if a variable in it is assigned anywhere. During an ``await``
    a person may change the form, and a function that is called may change any member.
    """
    parts = [*reader.tree.walk(condition)]
    bindings = [reader.scopes.find_binding(part) for part in parts if part.type == "identifier"]
    if any(binding is not None and binding.is_reassigned for binding in bindings):
        return None
    expressions = {"member_expression", "subscript_expression", "identifier"}
    texts = [reader.get_plain_source(part) for part in parts if part.type in expressions]
    changes = [reader.change_offsets[text] for text in texts if text in reader.change_offsets]
    is_of_form = any(
        part.type == "identifier" and reader.tree.get_source(part) == "form" for part in parts
    )
    has_member = any(part.type in {"member_expression", "subscript_expression"} for part in parts)
    changes += [reader.call_offsets] if has_member else []
    return [*changes, reader.await_offsets] if is_of_form else changes
