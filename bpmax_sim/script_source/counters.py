"""Insert counters into a script, to learn which parts ran, and how often.

Only runs with coverage execute such a script. Inserted code is on the existing lines, calls nothing
and uses no name that a script sees, so that results stay the same. Where inserted code moves a
column, `CountedScript.shifts` tells by how much; reported positions are those of the original.

Counted are statements, functions and branches. Branches are both ways of ``if`` and ``?:``, the
right sides of ``||``, ``&&`` and ``??`` and of their assignments, the cases of a ``switch``, and
``catch`` handlers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import takewhile
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import msgspec

from bpmax_sim.script_source.scopes import Scopes
from bpmax_sim.script_source.syntax import LONGEST, SyntaxTree, find_end_of_code, list_parts

if TYPE_CHECKING:
    from tree_sitter import Node

CounterKind = Literal["statement", "function", "branch"]
Arm = Literal["then", "else", "?", ":", "||", "&&", "??", "case", "default", "catch"]


class LineColumn(NamedTuple):
    """A position in a script: line and column, both from 1, the column in characters."""

    line: int
    column: int


class Counter(msgspec.Struct, frozen=True):
    """A part of a script of which the runs are counted.

    Attributes:
        kind: ``statement``, ``function`` for its body, or ``branch``.
        line, column: start, from 1; the column in characters.
        end_line: line of the end.
        name: of a function, its name; "" for other parts and functions without a name.
        arm: of a branch, which one it is, such as ``then``, ``else`` or ``case``.
        decision: of a branch, position of the expression or statement that branches.
    """

    kind: CounterKind
    line: int
    column: int
    end_line: int
    name: str = ""
    arm: Arm | Literal[""] = ""
    decision: LineColumn = LineColumn(0, 0)


class CountedScript(msgspec.Struct, frozen=True):
    """A script with code inserted that counts how often each of its parts runs.

    Attributes:
        code: source that the engine runs.
        name: name of the JavaScript array of counts, in the order of *counters*.
        shifts: line -> for each text inserted there: its byte column in *code*, from 1, and its
            length in bytes.
        is_watched: whether it also keeps the values that variables have at one line and column,
            which the caller of `insert_counters` named.
    """

    code: str
    name: str
    counters: tuple[Counter, ...]
    shifts: Mapping[int, tuple[tuple[int, int], ...]]
    is_watched: bool = False

    @property
    def declaration(self) -> str:
        """Return the global script that declares the counts; it has to run before.

        It creates no property of the global object.
        """
        watch = _WATCH % (self.name, LONGEST_VALUE) if self.is_watched else ""
        return f"const {self.name} = [{','.join('0' * len(self.counters))}];{watch}"


def write_script_throwing_counts(array: str) -> str:
    """Return a global script that throws the counts in array *array* as text.

    It calls nothing, so no script can have changed what it does.
    """
    return f"{{ let t=''; for (let i=0; i<{array}.length; i++) t += ' ' + {array}[i]; throw t; }}"


def write_script_throwing_values(array: str) -> str:
    """Return a global script that throws, as JSON, what was kept at the watched place.

    That is the values of variables. *array* is the name of the script's array of counts.
    """
    return f"throw {array}w.read();"


LONGEST_VALUE: Final = 20_000
"""To how many characters the text of a name's value is cut in the engine."""

_WATCH: Final = """const %sw = (() => {
  const seen = [], {stringify} = JSON, {now} = Date, MOST = 20, LONG = %d;
  const kind = Function.prototype.call.bind(Object.prototype.toString);
  const text = value => {
    if (typeof value === 'bigint') return value + 'n';
    if (typeof value !== 'object' || value === null) return stringify(value) ?? String(value);
    if (value instanceof Error) return String(value);
    try {
      const isMany = value instanceof Map || value instanceof Set;
      return isMany ? `${kind(value)} ${stringify([...value])}` : stringify(value) ?? kind(value);
    } catch { return kind(value); }
  };
  return {
    take(names) {
      const values = {};
      for (const name in names) {
        try {
          const value = names[name]();
          if (typeof value !== 'function') values[name] = text(value).slice(0, LONG);
        } catch {}
      }
      seen.push({at: now() / 1000, values, stack: new Error().stack});
      if (seen.length > MOST) seen.shift();
    },
    read: () => stringify(seen).replaceAll(': ', ':\\\\u0020'),
  };
})();"""
"""Keeps the values of names as they are when a place is reached.

What a value's own methods do to the script does not matter: the run is not the one that is judged.
A name that is not initialised yet throws when it is read, and is left out. The JSON is thrown as an
error's text, which is split at its first ``: ``; so its colons are followed by an escaped space.
"""


@lru_cache(maxsize=256)
def insert_counters(
    text: str, file: str = "script.js", watched: tuple[int, int] | None = None
) -> CountedScript | None:
    """Return *text* with counters, or None if it cannot be counted.

    Not counted are invalid JavaScript, bundles that nobody wrote by hand, and empty scripts. *file*
    is the script's name. At the line and column *watched*, the script also notes the values of
    variables, for `write_script_throwing_values`.
    """
    if len(text) > LONGEST:
        return None
    if _UNTOLD.search(text):
        return None  # what stands for it in the tree is not what the engine gets
    tree = SyntaxTree(text, file)
    if tree.root.has_error:
        return None
    digest = hashlib.blake2b(f"{file}\0{text}".encode("utf-8", "surrogatepass"), digest_size=6)
    writer = _CounterWriter(tree, f"$hits{digest.hexdigest()}", watched)
    writer.visit()
    return writer.finish() if writer.counters else None


_UNTOLD: Final = re.compile("[\0\ud800-\udfff]")
_LISTS: Final = frozenset(
    {"program", "statement_block", "switch_case", "switch_default", "class_static_block"}
)
"""What statements stand in one after the other."""
_STATEMENTS: Final = frozenset(
    {
        "expression_statement",
        "lexical_declaration",
        "variable_declaration",
        "class_declaration",
        "return_statement",
        "throw_statement",
        "if_statement",
        "for_statement",
        "for_in_statement",
        "while_statement",
        "do_statement",
        "switch_statement",
        "try_statement",
        "break_statement",
        "continue_statement",
        "labeled_statement",
        "with_statement",
        "debugger_statement",
    }
)
_BODIES: Final[Mapping[str, str]] = {
    "if_statement": "consequence",
    "for_statement": "body",
    "for_in_statement": "body",
    "while_statement": "body",
    "do_statement": "body",
}
"""What has one statement -> the field of it, which may be no block."""
_LOGICAL: Final[Mapping[str, Arm]] = {
    "||": "||",
    "&&": "&&",
    "??": "??",
    "||=": "||",
    "&&=": "&&",
    "??=": "??",
}
_UNWRAPPED: Final = frozenset({"statement_block", "function_declaration", "labeled_statement"})
"""Bodies that stay as they are: a label has to stand right before its loop."""
_FUNCTIONS: Final = frozenset(
    {
        "arrow_function",
        "function_declaration",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "method_definition",
    }
)
_TERNARY: Final[Mapping[str, Arm]] = {"consequence": "?", "alternative": ":"}
_ANONYMOUS: Final = frozenset(
    {"arrow_function", "function_expression", "generator_function", "class"}
)
"""What an assignment names after what it is assigned to."""


class _CounterWriter:
    """Walks a syntax tree and collects the texts to insert, of one place in their order.

    The script must behave as before. So nothing is inserted before directives (``'use strict'``
    would be one no more), between a label and its loop, or around an anonymous function that gets
    its name from what it is assigned to. Insertions contain no line end, so lines stay; columns are
    mapped back by `CountedScript.shifts`.
    """

    def __init__(self, tree: SyntaxTree, name: str, watched: tuple[int, int] | None = None) -> None:
        self._tree = tree
        self._name = name
        self._watched = watched
        self._scopes = Scopes(tree) if watched else None
        self._texts: list[tuple[int, str]] = []
        self.counters: list[Counter] = []

    def visit(self) -> None:
        """Collect the insertions of every node; without recursion, so deep trees need no stack."""
        pending: list[tuple[Node, str | None]] = [(self._tree.root, None)]
        while pending:
            node, closing = pending.pop()
            if closing is not None:
                self._insert_text(find_end_of_code(node), closing)
                continue
            if closing := self._insert_in_node(node):
                pending.append((node, closing))
            if node.type != "with_statement":  # its names may be looked up in the script's object
                pending += [(child, None) for child in reversed(node.named_children)]

    def finish(self) -> CountedScript:
        """Return the script with the counters that were added so far inserted."""
        parts, at, shifts = list[bytes](), 0, dict[int, list[tuple[int, int]]]()
        # What is inserted behind the colon of a `case` is collected before what is in its value.
        for offset, text in sorted(self._texts, key=itemgetter(0)):
            parts += [self._tree.get_bytes_between(at, offset), text.encode()]
            at = offset
            line, column = self._tree.find_line_and_byte_column(offset)
            of_line = shifts.setdefault(line, [])
            of_line.append((column + sum(size for _, size in of_line), len(text.encode())))
        code = b"".join([*parts, self._tree.get_bytes_between(at, None)])
        return CountedScript(
            code.decode(),
            self._name,
            tuple(self.counters),
            {line: tuple(found) for line, found in shifts.items()},
            is_watched=self._watched is not None,
        )

    def _insert_in_node(self, node: Node) -> str:
        """Insert before and within *node*; return the text to insert behind it, such as ``}``."""
        parent, closing = node.parent, ""
        if node.type == "if_statement" and node.child_by_field_name("alternative") is None:
            closing = " else {" + self._make_branch_counter_code("else", node, node) + "}"
        if parent is None:
            return closing
        if node.type == "statement_block":
            self._insert_in_block(node, parent)
        elif node.type in {"switch_case", "switch_default"} and parent.parent is not None:
            colon = next(child for child in node.children if child.type == ":")
            arm: Arm = "case" if node.type == "switch_case" else "default"
            self._insert_text(
                colon.end_byte, self._make_branch_counter_code(arm, node, parent.parent)
            )
        return (
            closing
            + self._insert_in_statement(node, parent)
            + self._insert_in_expression(node, parent)
        )

    def _insert_in_statement(self, node: Node, parent: Node) -> str:
        """Insert a counter before the statement *node*; return ``}`` if that closes it, or "".

        It gets braces if it stands alone as the body of *parent*, such as an ``if``.
        """
        if parent.type in _LISTS:
            if node.type in _STATEMENTS and not _is_directive(node, parent):
                self._insert_text(node.start_byte, self._make_counter_code("statement", node))
            return ""
        is_body = _is_child_in_field(parent, _BODIES.get(parent.type, ""), node)
        is_body = is_body or (parent.type == "else_clause" and node.type != "comment")
        if not is_body or node.type in _UNWRAPPED:
            return ""
        text = self._make_if_branch_code(node, parent)
        text += self._make_counter_code("statement", node) if node.type in _STATEMENTS else ""
        self._insert_text(node.start_byte, "{" + text)
        return "}"

    def _make_if_branch_code(self, node: Node, parent: Node) -> str:
        """Return the code that counts *node* as a branch of an ``if``, or "" if it is no branch."""
        if parent.type == "if_statement":
            return self._make_branch_counter_code("then", node, parent)
        if parent.type == "else_clause" and parent.parent is not None:
            return self._make_branch_counter_code("else", node, parent.parent)
        return ""

    def _insert_in_block(self, node: Node, parent: Node) -> None:
        """Insert a counter at the beginning of the block *node*, after its directives.

        Only if *parent* is an ``if``, a ``catch`` or a function: then the block is a branch or a
        body.
        """
        text = self._make_if_branch_code(node, parent)
        if parent.type == "catch_clause":
            text = self._make_branch_counter_code("catch", node, parent.parent or parent)
        elif parent.type in _FUNCTIONS:
            text = self._make_function_counter_code(parent)
        if text:
            directives = [one for one in node.named_children if _is_directive(one, node)]
            at = find_end_of_code(directives[-1]) if directives else node.start_byte + 1
            self._insert_text(at, ";" * bool(directives) + text)

    def _insert_in_expression(self, node: Node, parent: Node) -> str:
        """Insert a counter before *node* if it is an arm of ``?:`` or ``&&``, or an arrow's body.

        Return ``)``, the text to insert behind it, or "" if it is none of these. *parent* is the
        expression that it is a part of.
        """
        texts: list[str] = []
        if parent.type == "ternary_expression":
            for field, arm in _TERNARY.items():
                if _is_child_in_field(parent, field, node):
                    texts.append(self._make_branch_counter_code(arm, node, parent))
        elif parent.type in {"binary_expression", "augmented_assignment_expression"}:
            operator = parent.child_by_field_name("operator")
            way = _LOGICAL.get(operator.type if operator is not None else "")
            is_named = parent.type != "binary_expression" and node.type in _ANONYMOUS
            if way and not is_named and _is_child_in_field(parent, "right", node):
                texts.append(self._make_branch_counter_code(way, node, parent))
        elif (
            parent.type == "arrow_function"
            and node.type != "statement_block"
            and _is_child_in_field(parent, "body", node)
        ):
            texts += (
                self._make_function_counter_code(parent),
                self._make_counter_code("statement", node),
            )
        if texts:
            text = "".join(texts)
            counts = text.replace(";", ",") if _begins_with_name(node) else f"{_GETTER % text},"
            self._insert_text(node.start_byte, f"({counts}")
        return ")" if texts else ""

    def _insert_text(self, offset: int, text: str) -> None:
        self._texts.append((offset, text))

    def _make_counter_code(self, kind: CounterKind, node: Node, **more: Any) -> str:
        """Return the code that counts *node* under the next number.

        *more* are further members of its `Counter`, such as ``arm``.
        """
        place, end = self._tree.find_place(node), self._tree.find_place_of_byte(node.end_byte)
        self.counters.append(Counter(kind, place.line, place.column, end.line, **more))
        text = f"{self._name}[{len(self.counters) - 1}]++;"
        if kind != "statement" or self._watched is None or self._scopes is None:
            return text
        inside = (place.line, place.column) <= self._watched <= (end.line, end.column)
        names = self._scopes.list_visible_names(node)[:_MOST_NAMES] if inside else ()
        kept = ",".join(f"{name}:()=>{name}" for name in names)
        return f"{text}{self._name}w.take({{{kept}}});" if inside else text

    def _make_function_counter_code(self, function: Node) -> str:
        named = function.child_by_field_name("name")
        holder = function.parent
        if named is None and holder is not None and holder.type == "variable_declarator":
            named = holder.child_by_field_name("name")
        name = self._tree.get_source(named) if named is not None else ""
        return self._make_counter_code("function", function, name=name)

    def _make_branch_counter_code(self, arm: Arm, node: Node, owner: Node) -> str:
        first = self._tree.find_place(owner)
        decision = LineColumn(first.line, first.column)
        return self._make_counter_code("branch", node, arm=arm, decision=decision)


_MOST_NAMES: Final = 60
_GETTER: Final = "{get a(){%s}}.a"
"""Runs a text in a function of its own, in the midst of an expression.

The engine takes a call to be where the last name stands before it, of its arguments, too; a
counter's name would be one, unless another follows before anything else happens.
"""
_FIRST: Final = frozenset(
    {
        "augmented_assignment_expression",
        "await_expression",
        "binary_expression",
        "call_expression",
        "member_expression",
        "new_expression",
        "parenthesized_expression",
        "subscript_expression",
        "ternary_expression",
        "unary_expression",
        "update_expression",
    }
)
"""What evaluates its first part first."""


def _begins_with_name(node: Node) -> bool:
    """Return whether the first thing that the expression *node* evaluates is a name.

    If so, names in a counter that is inserted in front do no harm. Else the engine, which reports
    as place of a call the last name evaluated before it, would report that of the counter.
    """
    current: Node | None = node
    while current is not None and current.type in _FIRST:
        current = next((one for one in current.named_children if one.type != "comment"), None)
    return current is not None and current.type == "identifier"


def _is_child_in_field(parent: Node, field: str, node: Node) -> bool:
    found = parent.child_by_field_name(field) if field else None
    return found is not None and found.id == node.id


def _is_directive(node: Node, parent: Node) -> bool:
    """Return whether *node* is a directive, such as ``'use strict'``."""
    if parent.type not in {"program", "statement_block"} or not _is_text(node):
        return False
    earlier = takewhile(lambda one: one.id != node.id, parent.named_children)
    return all(_is_text(one) or one.type in {"comment", "hash_bang_line"} for one in earlier)


def _is_text(statement: Node) -> bool:
    """Return whether *statement* is only a string literal, such as ``'use strict'``."""
    inner = [one.type for one in list_parts(statement)]
    return statement.type == "expression_statement" and inner == ["string"]
