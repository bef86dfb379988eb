"""Which branches of a script the scenarios take: one run with marks in the script says it.

The marks are console lines that nobody else sees, as such a run expects nothing. They say of each
statement whether it ran, of each condition whether it was true and false, of each fallback whether
it was used, and of each comparison whether both sides were equal once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.scenario.events import ConsoleWritten
from bpmax_sim.scenario.load import LocatedStep, ScenarioItem
from bpmax_sim.scenario.model import Expect, ExpectedError
from bpmax_sim.scenario.runner import expects_refusal
from bpmax_sim.script_source.scopes import FUNCTIONS
from bpmax_sim.script_source.syntax import SyntaxTree
from bpmax_sim.variant.run import Baseline, Variant, run_variant

if TYPE_CHECKING:
    from tree_sitter import Node

Mark = Literal["ran", "true", "false", "nullish", "equal", "unequal"]
Hits = frozenset[tuple[int, int, Mark]]
"""The bytes of a node, from and to, and what happened there."""

_HEAD: Final = (
    "globalThis.__bpmax ??= (() => { const seen = {}; return (key, value, what) => { "
    "const mark = key + ' ' + (what ? what(value) : value ? 'true' : 'false'); "
    "if (!seen[mark]) { seen[mark] = 1; console.debug('\\u0001' + mark); } return value; }; })(); "
)
_RAN: Final = "() => 'ran'"
_NULLISH: Final = ", v => v == null ? 'nullish' : 'true'"
_MARK: Final = "\x01"
_BLOCKS: Final = frozenset({"program", "statement_block", "switch_case", "switch_default"})
_UNMARKED: Final = frozenset(
    {"comment", "function_declaration", "generator_function_declaration", "class_declaration"}
)
_CONDITIONS: Final = frozenset(
    {"if_statement", "ternary_expression", "while_statement", "do_statement", "for_statement"}
)
_IMPURE: Final = frozenset(
    {
        "call_expression", "await_expression", "assignment_expression", "update_expression",
        "augmented_assignment_expression", "new_expression", "yield_expression", *FUNCTIONS,
    }
)  # fmt: skip
_PURE: Final = frozenset(
    {
        "indexOf", "lastIndexOf", "includes", "trim", "toFixed", "getTime", "getFullYear",
        "getMonth", "getDate", "localeCompare", "slice", "split", "join", "abs", "round", "floor",
        "ceil", "max", "min", "findIndex", "startsWith", "endsWith", "keys", "values", "parse",
    }
)  # fmt: skip
_COMPARES: Final = frozenset({"<", "<=", ">", ">="})


def mark_script(tree: SyntaxTree, key: str) -> str:
    """Return the script with marks that begin with *key*; its lines stay where they are."""
    data, parts, at = tree.text.encode(), [], 0
    insertions = [insertion for node in tree.walk() for insertion in _marks_of(tree, node, key)]
    for offset, _, _, text in sorted(insertions):
        parts += [data[at:offset], text.encode()]
        at = offset
    return _HEAD + b"".join([*parts, data[at:]]).decode()


def _marks_of(tree: SyntaxTree, node: Node, key: str) -> Iterator[tuple[int, int, int, str]]:
    """Yield what is inserted for *node*: where, ends first, inner ends and outer begins first."""

    def call(marked: Node, rest: str) -> str:
        return f"__bpmax('{key} {marked.start_byte} {marked.end_byte}', {rest}"

    def wrap(marked: Node, head: str, tail: str) -> Iterator[tuple[int, int, int, str]]:
        size = marked.end_byte - marked.start_byte
        yield marked.start_byte, 1, -size, head
        yield marked.end_byte, 0, size, tail

    if _is_statement(node):
        yield node.start_byte, 1, -(1 << 40), call(node, f"0, {_RAN}); ")
    elif _is_body_of_arrow(node):
        yield from wrap(node, f"({call(node, f'0, {_RAN})')}, ", ")")
    if (condition := condition_of(node)) is not None:
        yield from wrap(condition, call(condition, "("), "))")
    elif (left := fallback_of(node)) is not None:
        yield from wrap(left, call(left, "("), f"){_NULLISH})")
    if (sides := _sides_of(node)) is not None:
        first, second = (tree.text_of(side) for side in sides)
        test = f"0, () => ({first}) == ({second}) ? 'equal' : 'unequal'), "
        yield from wrap(node, f"({call(node, test)}", ")")


def _is_body_of_arrow(node: Node) -> bool:
    parent = node.parent
    return (
        parent is not None
        and parent.type == "arrow_function"
        and node.type != "statement_block"
        and parent.child_by_field_name("body") == node
    )


def _is_statement(node: Node) -> bool:
    parent = node.parent
    is_value = parent is not None and parent.child_by_field_name("value") == node
    return (
        parent is not None
        and parent.type in _BLOCKS
        and node.type not in _UNMARKED
        and not (parent.type in {"switch_case", "switch_default"} and is_value)
    )


def condition_of(node: Node) -> Node | None:
    """Return what is asked at *node*: a condition, or the left side of ``&&`` and ``||``."""
    if node.type in _CONDITIONS:
        condition = node.child_by_field_name("condition")
        while condition is not None and condition.type == "parenthesized_expression":
            condition = condition.named_children[-1] if condition.named_children else None
        is_empty = condition is None or condition.type in {"empty_statement", ";"}
        if condition is not None and condition.type == "expression_statement":
            condition = condition.named_children[0]
        return None if is_empty else condition
    if _operator(node) in {"&&", "||"}:
        return node.child_by_field_name("left")
    return None


def fallback_of(node: Node) -> Node | None:
    """Return the left side of ``??``."""
    return node.child_by_field_name("left") if _operator(node) == "??" else None


def _sides_of(node: Node) -> tuple[Node, Node] | None:
    """Return the sides of an ordering that may be read twice."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if _operator(node) not in _COMPARES or left is None or right is None:
        return None
    pending = [left, right]
    while pending:
        inner = pending.pop()
        if inner.type in _IMPURE and not _is_pure_call(inner):
            return None
        pending += inner.named_children
    return left, right


def _is_pure_call(node: Node) -> bool:
    """Return whether *node* calls a method that changes nothing, such as ``indexOf``."""
    called = node.child_by_field_name("function") if node.type == "call_expression" else None
    name = called.child_by_field_name("property") if called is not None else None
    return name is not None and name.text is not None and name.text.decode() in _PURE


def _operator(node: Node) -> str:
    operator = node.child_by_field_name("operator")
    return operator.type if operator is not None and node.type == "binary_expression" else ""


def find_hits(baseline: Baseline, trees: Mapping[str, SyntaxTree]) -> dict[str, Hits]:
    """Return what happened in each script of *trees*, by name, when the item ran."""
    names = list(trees)
    numbered = enumerate(trees.items())
    texts = {name: mark_script(tree, str(number)) for number, (name, tree) in numbered}
    item = _expect_nothing(baseline.item)
    run = run_variant(baseline, Variant(scripts=texts, item=item, is_lenient=True))
    hits: dict[str, set[tuple[int, int, Mark]]] = {name: set() for name in names}
    for event in run.events:
        if isinstance(event, ConsoleWritten) and event.text.startswith(_MARK):
            number, start, end, what = event.text[1:].split(" ")
            hits[names[int(number)]].add((int(start), int(end), msgspec.convert(what, Mark)))
    return {name: frozenset(found) for name, found in hits.items()}


def _expect_nothing(item: ScenarioItem) -> ScenarioItem:
    """Return *item* without what it expects, but for the errors that it lets happen."""

    def strip(located: LocatedStep) -> LocatedStep:
        step = located.step
        error = UNSET if step.expect_error is UNSET else ExpectedError()
        expect = Expect(messages={"$exists": True}) if expects_refusal(step) else Expect()
        return replace(
            located,
            step=replace(step, expect=expect, expect_error=error),
            during=tuple(map(strip, located.during)),
        )

    named = {name: tuple(map(strip, steps)) for name, steps in item.subjects.named.items()}
    return replace(
        item,
        scenario=replace(item.scenario, expect=Expect()),
        steps=tuple(map(strip, item.steps)),
        cleanup=tuple(map(strip, item.cleanup)),
        subjects=replace(item.subjects, named=named),
        strictness="normal",
    )


def has_hit(node: Node, mark: Mark, hits: Hits) -> bool:
    """Return whether *mark* happened at *node*."""
    return (node.start_byte, node.end_byte, mark) in hits


def is_reached(node: Node, hits: Hits) -> bool:
    """Return whether *node* was evaluated, as far as the marks say."""
    child, parent = node, node.parent
    while parent is not None:
        if _is_statement(child):
            return has_hit(child, "ran", hits)
        if not _is_taken(parent, child, hits):
            return False
        child, parent = parent, parent.parent
    return True


def _is_taken(parent: Node, child: Node, hits: Hits) -> bool:
    """Return whether the branch of *parent* that *child* is was taken."""
    side = next((name for name in _SIDES if parent.child_by_field_name(name) == child), "")
    condition = condition_of(parent)
    if condition is not None and side:
        wanted: Mark = "false" if side == "alternative" or _operator(parent) == "||" else "true"
        return has_hit(condition, wanted, hits)
    if _is_body_of_arrow(child):
        return has_hit(child, "ran", hits)
    left = fallback_of(parent)
    return left is None or side != "right" or has_hit(left, "nullish", hits)


_SIDES: Final = ("consequence", "alternative", "right", "body")


class Branch(msgspec.Struct, frozen=True):
    """A branch that a script offers.

    Attributes:
        kind: ``condition``, ``catch``, ``function`` or ``case``.
        missing: ``true``, ``false``, or ``ran``.
        start: byte of the condition, or of the first statement of what never ran.
        end: byte where that ends.
        text: of the condition, or the name of the function.
        has_more: whether code stands in the branch, or behind one that leaves.
    """

    kind: str
    missing: str
    start: int
    end: int
    text: str
    has_more: bool = True


def find_untaken(tree: SyntaxTree, hits: Hits) -> Iterator[Branch]:
    """Yield the branches that nothing took, the outermost one of those inside each other."""
    for node in tree.walk():
        if node.type in FUNCTIONS:
            yield from _find_uncalled(tree, node, hits)
        elif node.type == "catch_clause":
            yield from _find_never_caught(tree, node, hits)
        elif is_reached(node, hits):
            yield from _find_one_sided(tree, node, hits)


def _find_uncalled(tree: SyntaxTree, node: Node, hits: Hits) -> Iterator[Branch]:
    body = node.child_by_field_name("body")
    if body is None:
        return
    first = body if _is_body_of_arrow(body) else _first_statement(body)
    if first is None or has_hit(first, "ran", hits) or not is_reached(node, hits):
        return
    name = node.child_by_field_name("name")
    if name is None and node.parent is not None:
        name = node.parent.child_by_field_name("name") or node.parent.child_by_field_name("key")
    text = tree.text_of(name) if name is not None else ""
    yield Branch("function", "ran", node.start_byte, node.end_byte, text)


def _find_never_caught(tree: SyntaxTree, node: Node, hits: Hits) -> Iterator[Branch]:
    body = node.child_by_field_name("body")
    first = _first_statement(body) if body is not None else None
    if first is None or has_hit(first, "ran", hits) or node.parent is None:
        return
    tried = node.parent.child_by_field_name("body")
    start = _first_statement(tried) if tried is not None else None
    if start is not None and has_hit(start, "ran", hits):
        yield Branch("catch", "ran", node.start_byte, node.end_byte, tree.text_of(tried or node))


def _find_one_sided(tree: SyntaxTree, node: Node, hits: Hits) -> Iterator[Branch]:
    if node.type == "switch_case":
        first = _first_statement(node)
        if first is not None and not has_hit(first, "ran", hits):
            value = node.child_by_field_name("value")
            text = tree.text_of(value) if value is not None else ""
            yield Branch("case", "ran", node.start_byte, node.end_byte, text)
        return
    condition = condition_of(node)
    if condition is not None and node.type in {"if_statement", "ternary_expression"}:
        was: dict[Mark, bool] = {mark: has_hit(condition, mark, hits) for mark in _TRUTHS}
        for missing in _TRUTHS if any(was.values()) else ():
            if not was[missing]:
                start, end = condition.start_byte, condition.end_byte
                more = missing == "true" or _has_more(node)
                yield Branch("condition", missing, start, end, tree.text_of(condition), more)


_TRUTHS: Final[tuple[Mark, ...]] = ("true", "false")


def _has_more(node: Node) -> bool:
    """Return whether anything stands where the condition of *node* is false."""
    if node.child_by_field_name("alternative") is not None:
        return True
    inner = node.child_by_field_name("consequence")
    statements = inner.named_children if inner is not None and "block" in inner.type else [inner]
    last = statements[-1] if statements else None
    is_last = node.next_named_sibling is None
    return last is not None and last.type in _LEAVES and not is_last


_LEAVES: Final = frozenset(
    {"return_statement", "throw_statement", "continue_statement", "break_statement"}
)


def _first_statement(block: Node) -> Node | None:
    return next((child for child in block.named_children if _is_statement(child)), None)


def join_hits(several: Iterable[Hits]) -> Hits:
    """Return what happened in any of several runs."""
    return frozenset().union(*several)
