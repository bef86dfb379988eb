"""Lets ``{...text}``, ``a ** b`` and ``a **= b`` do what they do in V8.

The default engine copies no characters of a text and leaves powers to the machine's C library, and
neither can be changed from within. So calls of bindings/operators.js stand around the operands, in
a script that has such operators; tree-sitter says where. Text is only put in, never taken out, and
no line is added: ``a ** b`` becomes ``__bpmPower(a /*__bpm*/,/**/ b/*__bpm*/)``, with the operator
in a comment. So what a place was before follows from what was put in before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from tree_sitter import Node

SIGN: Final = r"[^\[(\s]\s*\.\.\.|(?<![/*])\*\*(?![/*])|\beval\b"
"""What a text with such operators has, and few others; it need not be code."""
_SPREAD, _POWER, _RAISE, _TEXT = "__bpmSpread", "__bpmPower", "__bpmRaise", "__bpmText"
_QUERY = """
(object (spread_element) @spread)
(binary_expression operator: "**") @power
(augmented_assignment_expression operator: "**=") @write
(call_expression function: (identifier) @direct (#eq? @direct "eval")) @text
((identifier) @eval (#eq? @eval "eval"))
(member_expression object: (identifier) @global (#any-of? @global "globalThis" "window" "self")
  property: (property_identifier) @member (#eq? @member "eval")) @eval
"""
_NEVER_TEXT = frozenset({"object", "array", "new_expression", "number", "this", "arrow_function"})
_MARK = "/*__bpm*/"  # before what is put in behind an operand
_UNARY = frozenset({"unary_expression", "await_expression"})  # a syntax error before `**`
_SAME_TWICE = frozenset(
    {
        *("identifier", "this", "super", "number", "string", "string_fragment"),
        *("property_identifier", "private_property_identifier"),
        *("member_expression", "subscript_expression"),
    }
)
"""What is to be read at the second time as at the first, of a place that is written to."""
_NO_VALUES = frozenset(
    {"formal_parameters", "update_expression", "array_pattern", "object_pattern", "pair_pattern"}
)
"""Where a name is declared or written to."""
_WRITES = frozenset(
    {
        *("assignment_expression", "augmented_assignment_expression"),
        *("assignment_pattern", "for_in_statement"),
    }
)
_HALF_PAIR = re.compile(rb"\xed[\xa0-\xbf].", re.DOTALL)


class Rewritten(msgspec.Struct, frozen=True):
    """A script as an engine runs it.

    Attributes:
        moves: ``(line, byte column, bytes)`` of each text that was put in, by the places before.
    """

    text: str
    moves: Sequence[tuple[int, int, int]] = ()


class _Insertion(msgspec.Struct, frozen=True, order=True):
    """A text to put in; what closes comes before what opens, what is inside closes first."""

    at: int
    phase: int
    nesting: int
    rank: int
    text: str


_CLOSES, _BETWEEN, _OPENS = range(3)
_INNER, _OUTER = range(2)  # of two with the same operand


@lru_cache(maxsize=256)
def rewritten(source: str) -> Rewritten:
    """Return *source* with calls around the operands; as it is where it has none of these."""
    if not re.search(SIGN, source):
        return Rewritten(source)
    data = source.encode("utf-8", "surrogatepass")
    pieces, moves, line, start, last = [], [], 1, 0, 0
    for insertion in sorted(_insertions(_HALF_PAIR.sub(b"???", data))):
        text, before = insertion.text.encode(), data[last : insertion.at]
        pieces += [before, text]
        if lines := before.count(b"\n"):
            line, start = line + lines, last + before.rindex(b"\n") + 1
        last = insertion.at
        moves.append((line, last - start + 1, len(text)))
    sent = b"".join([*pieces, data[last:]])
    return Rewritten(sent.decode("utf-8", "surrogatepass"), tuple(moves))


def _insertions(data: bytes) -> Iterator[_Insertion]:
    parser, query = _parser()
    captured: dict[str, list[Node]] = query(parser.parse(data).root_node)
    for name, insertions in _CASES.items():
        for node in captured.get(name, ()):
            yield from insertions(node, data)


def _spread(node: Node, _data: bytes) -> Iterator[_Insertion]:
    operand = node.named_children[-1]  # behind comments
    if not _is_never_text(operand):
        yield from _around(operand, _SPREAD, _OUTER)


def _eval(node: Node, _data: bytes) -> Iterator[_Insertion]:
    """Yield what stands around ``eval`` as a value, neither called by its name nor written to."""
    above = node.parent
    if above is None or above.type in _NO_VALUES:
        return
    others = [above.child_by_field_name("name")]
    if above.type in _WRITES:
        others.append(above.child_by_field_name("left"))
    if node.type == "identifier":
        others.append(above.child_by_field_name("function"))
    if node not in others:
        yield from _around(node, _TEXT, _INNER)


def _text(node: Node, _data: bytes) -> Iterator[_Insertion]:
    operands = node.child_by_field_name("arguments")
    for code in operands.named_children if operands else ():
        if code.type not in {"spread_element", "comment"}:
            yield from _around(code, _TEXT, _OUTER)


@cache
def _parser() -> tuple[Any, Any]:
    from tree_sitter import Language, Parser, Query, QueryCursor  # noqa: PLC0415 - 15 ms
    from tree_sitter_javascript import language  # noqa: PLC0415

    javascript = Language(language())
    query = Query(javascript, _QUERY)
    return Parser(javascript), lambda root: QueryCursor(query).captures(root)


def _is_never_text(operand: Node) -> bool:
    """Return whether it is of another kind, such as ``known && {…}``, which is nothing or that."""
    while operand.type == "parenthesized_expression" or _is_and(operand):
        operand = operand.named_children[-1]
    return operand.type in _NEVER_TEXT


def _is_and(node: Node) -> bool:
    operator = node.child_by_field_name("operator")
    return node.type == "binary_expression" and operator is not None and operator.type == "&&"


def _around(operand: Node, name: str, rank: int) -> Iterator[_Insertion]:
    yield _Insertion(operand.start_byte, _OPENS, -operand.end_byte, -rank, f"{name}(")
    yield _Insertion(operand.end_byte, _CLOSES, -operand.start_byte, rank, f"{_MARK})")


def _power(node: Node, _data: bytes) -> Iterator[_Insertion]:
    left, operator = node.child_by_field_name("left"), node.child_by_field_name("operator")
    if left and operator and left.type not in _UNARY:
        yield from _around(node, _POWER, _INNER)
        yield _Insertion(operator.start_byte, _BETWEEN, 0, 0, f"{_MARK},/")
        yield _Insertion(operator.end_byte, _BETWEEN, 0, 0, "/")


def _write(node: Node, data: bytes) -> Iterator[_Insertion]:
    target, operator = node.child_by_field_name("left"), node.child_by_field_name("operator")
    value = node.child_by_field_name("right")
    if not (target and operator and value):
        return
    text = data[target.start_byte : target.end_byte].decode()
    if "\n" in text or not _is_same_twice(target):
        yield from _around(value, _RAISE, _INNER)  # of one operand, which is refused
        return
    yield _Insertion(operator.start_byte, _BETWEEN, 0, 0, f"={_RAISE}({text}{_MARK},/")
    yield _Insertion(operator.end_byte, _BETWEEN, 0, 0, "*/")
    yield _Insertion(value.end_byte, _CLOSES, -target.start_byte, _INNER, f"{_MARK})")


def _is_same_twice(place: Node) -> bool:
    nodes = [place]
    while nodes:
        node = nodes.pop()
        if node.type not in _SAME_TWICE:
            return False
        nodes += node.named_children
    return True


_CASES: Final = {"spread": _spread, "power": _power, "write": _write, "text": _text, "eval": _eval}
