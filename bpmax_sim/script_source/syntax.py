"""Parse a script into its syntax tree, with positions as people count them.

tree-sitter parses bodies with top-level ``await`` and ``return`` as they are stored, and continues
after an error, so that half a script still shows its calls. It is used beside the engine, never
before it: only for checks, types and the index.
"""

from __future__ import annotations

import bisect
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bpmax_sim.errors import Place

if TYPE_CHECKING:
    from tree_sitter import Node

LONGEST: Final = 1_000_000
"""Characters of a script that is still read; a larger one is a bundle that no person wrote."""
LEAVING_STATEMENTS: Final = frozenset(
    {"return_statement", "throw_statement", "break_statement", "continue_statement"}
)
"""Types of statements behind which control does not go on."""
_ESCAPE = re.compile(
    r"\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|.))", re.DOTALL
)
_SIMPLE: Final = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "0": "\0",
    "\n": "",
    "\r\n": "",
}
_HALF_PAIR = re.compile(rb"\xed[\xa0-\xbf].", re.DOTALL)


class ConditionalExit(NamedTuple):
    """An ``if`` one branch of which leaves its block.

    Attributes:
        holds: whether *condition* is true where the block goes on.
        known_from: offset from which that is known, unless something changes.
    """

    statement: Node
    condition: Node
    holds: bool
    known_from: int


def _find_exits(block: Node) -> Iterator[ConditionalExit]:
    """Yield each ``if`` of *block* one branch of which ends with ``return`` or the like."""
    for statement in block.named_children:
        if statement.type != "if_statement":
            continue
        condition, first, other = (
            statement.child_by_field_name(part)
            for part in ("condition", "consequence", "alternative")
        )
        if condition is None or first is None:
            continue
        if _leaves(first):
            yield ConditionalExit(statement, condition, False, first.end_byte)
        elif other is not None and _leaves(other.named_children[-1]):
            yield ConditionalExit(statement, condition, True, condition.end_byte)


def _leaves(branch: Node) -> bool:
    """Return whether *branch* ends with ``return``, ``throw`` or the like."""
    statements = list_parts(branch) if branch.type == "statement_block" else [branch]
    return bool(statements) and statements[-1].type in LEAVING_STATEMENTS


def list_parts(node: Node) -> list[Node]:
    """Return the named children of *node* without comments, which may stand between any two."""
    return [child for child in node.named_children if child.type != "comment"]


def find_end_of_code(node: Node) -> int:
    """Return the byte offset behind *node* without the comments at its end.

    The last part of a statement without ``;`` is the comment behind it, and whatever is inserted
    behind ``// …`` would be a part of that.
    """
    last: Node | None = node
    while last is not None:
        node = last
        last = next((one for one in reversed(node.children) if one.type != "comment"), None)
    return node.end_byte


class SyntaxTree:
    """The syntax tree of one script.

    Attributes:
        name: file name in positions.
        text: source of the script.
        root: tree-sitter's ``program`` node.
    """

    def __init__(self, text: str, name: str = "script.js") -> None:
        """Parse *text*; a text longer than `LONGEST` characters is not parsed at all."""
        self.name = name
        self.text = text if len(text) <= LONGEST else ""
        data = self.text.encode("utf-8", "surrogatepass")
        # tree-sitter stops at half a surrogate pair; three ASCII characters keep the offsets.
        self._data = _HALF_PAIR.sub(b"???", data)
        self.root: Node = _make_parser().parse(self._data).root_node
        self._exits: dict[int, Sequence[ConditionalExit]] = {}

    def has_error_with(self, start: int, end: int, new: bytes) -> bool:
        """Return whether the script is broken with *new* in place of the bytes *start* to *end*.

        Only the innermost statement around these bytes is parsed again, about a thousandth of a
        long script.
        """
        if self.root.has_error:
            return True
        whole = self.root.descendant_for_byte_range(start, end) or self.root
        while whole.parent and whole.parent.type not in {"program", "statement_block"}:
            whole = whole.parent
        before, after = self._data[whole.start_byte : start], self._data[end : whole.end_byte]
        root: Node = _make_parser().parse(before + new + after).root_node
        return root.has_error

    @cached_property
    def _line_starts(self) -> list[int]:
        """Return the byte offset of each line; lines end in LF, CR LF or CR."""
        return [0, *(match.end() for match in re.finditer(rb"\r\n|\n|\r", self._data))]

    def find_place(self, node: Node) -> Place:
        """Return the start of *node*: line and column from 1, the column in characters."""
        return self.find_place_of_byte(node.start_byte)

    def find_place_of_byte(self, offset: int) -> Place:
        """Return the position of the byte at *offset*."""
        row = bisect.bisect_right(self._line_starts, offset) - 1
        before = self._data[self._line_starts[row] : offset]
        return Place(self.name, row + 1, len(before.decode("utf-8", "replace")) + 1)

    def find_line_and_byte_column(self, offset: int) -> tuple[int, int]:
        """Return the line and the byte column of *offset*, both from 1."""
        row = bisect.bisect_right(self._line_starts, offset) - 1
        return row + 1, offset - self._line_starts[row] + 1

    def get_bytes_between(self, start: int, end: int | None) -> bytes:
        """Return the script's bytes from *start* to *end*, or to its end."""
        return self._data[start:end]

    def find_node_at(self, place: Place) -> Node | None:
        """Return the smallest node at *place*; None if *place* is behind the end of the script."""
        start = (
            self._line_starts[place.line - 1]
            if place.line <= len(self._line_starts)
            else len(self._data)
        )
        line = self._data[start:].decode("utf-8", "replace")
        at = start + len(line[: place.column - 1].encode())
        return self.root.descendant_for_byte_range(at, at)

    def get_source(self, node: Node) -> str:
        """Return the source of *node*."""
        return self._data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def read_literal_text(self, node: Node | None) -> str | None:
        """Return the value of a string literal, or of a template without ``${}``; else None."""
        if node is None or node.type not in {"string", "template_string"}:
            return None
        parts = []
        for child in node.named_children:
            if child.type == "string_fragment":
                parts.append(self.get_source(child))
            elif child.type == "escape_sequence":
                parts.append(_ESCAPE.sub(_unescape_match, self.get_source(child)))
            else:
                return None
        return "".join(parts)

    def walk(self, node: Node | None = None) -> Iterator[Node]:
        """Yield *node*, or the root, and all named nodes below, in the order of the text."""
        pending = [node or self.root]
        while pending:
            current = pending.pop()
            yield current
            pending += reversed(current.named_children)

    def find_exits_before(self, block: Node, statement: Node) -> Sequence[ConditionalExit]:
        """Return each ``if (…) return;`` of *block* before *statement*, in order.

        Those of a block are found once and kept, because most of its statements are asked about.
        """
        if block.id not in self._exits:
            self._exits[block.id] = [*_find_exits(block)]
        exits = self._exits[block.id]
        start = statement.start_byte
        return exits[: bisect.bisect_left(exits, start, key=lambda one: one.statement.start_byte)]

    def find_syntax_errors(self) -> Iterator[Place]:
        """Yield the places that could not be parsed as JavaScript."""
        if not self.root.has_error:
            return
        for node in self.walk():
            # Missing punctuation has no name, and is told with the node that lacks it.
            signs = [child for child in node.children if child.is_missing and not child.is_named]
            for wrong in [*([node] if node.is_error or node.is_missing else []), *signs]:
                yield self.find_place(wrong)


def _unescape_match(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code is None:
        return _SIMPLE.get(match[4], match[4])
    number = int(code, 16)
    return chr(number) if number <= sys.maxunicode else match[0]


@cache
def _make_parser() -> Any:
    from tree_sitter import Language, Parser  # noqa: PLC0415 - 15 ms that most runs never need
    from tree_sitter_javascript import language  # noqa: PLC0415

    return Parser(Language(language()))


def is_await_as_name(node: Node) -> bool:
    """Return whether *node* is the word ``await`` that tree-sitter takes for a name.

    It does so in ``await (x)`` where no semicolon follows, which it reads as a call.
    """
    return node.type == "identifier" and node.text == b"await"


def is_caught_below(node: Node, is_end: Callable[[Node], bool]) -> bool:
    """Return whether a handler catches what *node* throws, below the node around that is the end.

    *is_end* tells it, such as the function in which *node* runs.
    """
    child, parent = node, node.parent
    while parent is not None and not is_end(parent):
        is_body = parent.type == "try_statement" and parent.child_by_field_name("body") == child
        if is_body and parent.child_by_field_name("handler") is not None:
            return True
        child, parent = parent, parent.parent
    return False


def is_await(node: Node) -> bool:
    """Return whether *node* is an ``await``, also one that is read as the call of a name.

    Before ``.y`` and ``()``, too, it may be read so, where ``await`` is that of the whole.
    """
    callee = node.child_by_field_name("function") if node.type == "call_expression" else None
    if callee is None or not is_await_as_name(callee) or node.parent is None:
        return node.type == "await_expression"
    return node not in map(node.parent.child_by_field_name, ("object", "function"))
