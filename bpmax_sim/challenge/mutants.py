"""Small mistakes that people make in scripts, put in one at a time: `read_mutants`.

Only kinds that were measured to be worth a look: what `lint` finds by itself, ``caller``,
arithmetic, templates, timers and a missing ``await`` are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import Place, suggest
from bpmax_sim.i18n import msg, template
from bpmax_sim.script_source.reading import BUILT_IN
from bpmax_sim.script_source.scopes import FUNCTIONS, Scopes
from bpmax_sim.script_source.syntax import SyntaxTree
from bpmax_sim.script_source.values import WRAPPED, ProxyCall, Values

if TYPE_CHECKING:
    from tree_sitter import Node

KINDS: Final[Mapping[str, str]] = {
    "member-name": template("a member is misspelt"),
    "field-write": template("a field is not written"),
    "field-state": template("a state of a field is not set"),
    "message": template("a message is not shown"),
    "body-member": template("a member of what is sent is left out"),
    "args-swap": template("two arguments are swapped"),
    "code-check": template("a check is always true, never true, or left out"),
    "comparison": template("a comparison is off by one"),
    "fallback": template("a fallback is left out"),
    "argument": template("a value that is passed on is another one"),
    "guard": template("what stops here goes on"),
    "error-swallowed": template("an error is swallowed"),
}
"""Kind of a mutant, as ``// bpmax-ignore-next`` spells it -> what is wrong in it."""

EQUAL_SIDES: Final = "\x01equal"
_PROBE: Final = (
    "(((l, r) => {{ if (l <= r && l >= r) console.debug('\\x01equal'); return l {sign} r; }})"
    "({left}, {right}))"
)
BRANCH: Final = "unreached"
"""The kind of a finding that is no mutant: a branch that nothing takes."""


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """One mistake in one script.

    Attributes:
        kind: a key of `KINDS`.
        place: where it is.
        start, end: the bytes that are replaced.
        old, new: the text there, and the text instead.
        about: what it concerns: ``platform.api`` of a call, or the condition.
        probe: of a comparison, what does the same and writes `EQUAL_SIDES` to the console where
            both sides are equal.
    """

    kind: str
    place: Place
    start: int
    end: int
    old: str
    new: str
    about: str = ""
    probe: str = ""

    def apply(self, data: bytes) -> str:
        """Return the script *data*, in UTF-8, with the mistake in it."""
        return (data[: self.start] + self.new.encode() + data[self.end :]).decode()


def read_mutants(tree: SyntaxTree) -> tuple[Mutant, ...]:
    """Return the mutants of a script, in the order of its text; of one with mistakes, none."""
    if tree.root.has_error:
        return ()
    found = dict.fromkeys(_MutantReader(tree).read())
    return tuple(sorted(found, key=lambda mutant: (mutant.start, mutant.end)))


_EQUALITIES: Final = frozenset({"===", "!==", "==", "!="})
_SHIFTED: Final = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_WRITES: Final = frozenset({"assignment_expression", "augmented_assignment_expression"})
_CONDITIONS: Final = frozenset({"if_statement", "ternary_expression"})
_LOOPS: Final = frozenset({"for_statement", "while_statement", "do_statement"})
_LITERALS: Final = frozenset({"string", "number", "true", "false", "null", "undefined"})
_TIMERS: Final = frozenset({"setTimeout", "setInterval", "clearTimeout", "clearInterval"})
_GLOBALS: Final = frozenset(
    {
        "Math", "JSON", "Object", "Array", "Number", "String", "Date", "Promise", "Boolean", "Map",
        "Set", "Intl", "RegExp", "Error", "BigInt", "Symbol", "Reflect", "console", "globalThis",
        "parseInt", "parseFloat", "isNaN", "isFinite", "encodeURIComponent", "decodeURIComponent",
        "structuredClone", "atob", "btoa", *_TIMERS,
    }
)  # fmt: skip
_COMPUTED: Final = frozenset(
    {"identifier", "member_expression", "subscript_expression", "template_string", "number"}
)
_OTHER: Final = (
    "v => typeof v === 'string' ? v + '~' : typeof v === 'number' ? v + 1 : "
    "typeof v === 'boolean' ? !v : v"
)
_READ: Final = frozenset({"result", "form", "ctx"})
_SENT: Final = frozenset({"$body", "$query"})
_BUILT_IN_MEMBERS: Final = BUILT_IN | {"message", "stack", "then", "catch", "finally"}


class _MutantReader:
    """One pass over the nodes of a script."""

    def __init__(self, tree: SyntaxTree) -> None:
        self._tree = tree
        self._scopes = Scopes(tree)
        self._values = Values(tree, self._scopes)

    def read(self) -> Iterator[Mutant]:
        for node in self._tree.walk():
            reader = _READERS.get(node.type)
            is_read = node.type == "member_expression"
            if reader is not None and not self._is_quiet(node, is_read=is_read):
                yield from reader(self, node)

    def _make(
        self,
        kind: str,
        node: Node,
        new: str,
        *,
        until: Node | None = None,
        about: str = "",
    ) -> Mutant:
        end = (until or node).end_byte
        old = self._tree.bytes_between(node.start_byte, end).decode()
        return Mutant(
            kind=kind,
            place=self._tree.place(node),
            start=node.start_byte,
            end=end,
            old=old,
            new=new,
            about=about,
        )

    def _text(self, node: Node | None) -> str:
        return self._tree.text_of(node) if node is not None else ""

    def _is_quiet(self, node: Node, *, is_read: bool) -> bool:
        """Return whether *node* says which platform is called, or is logged and *is_read* not."""
        while (parent := node.parent) is not None:
            if parent.type == "arguments" and parent.parent is not None:
                name = self._text(parent.parent.child_by_field_name("function"))
                if name == "$proxy" or (name.startswith("console.") and not is_read):
                    return True
            if parent.type in FUNCTIONS:
                return False
            node = parent
        return False

    # ------------------------------------------------------------------ reads and writes

    def _misspell_member(self, node: Node) -> Iterator[Mutant]:
        name = node.child_by_field_name("property")
        owner, parent = node.child_by_field_name("object"), node.parent
        if name is None or owner is None or parent is None or self._is_written(node):
            return
        is_called = parent.child_by_field_name("function") == node
        value = self._values.value(node)
        is_named = value is not None and value.kind not in _READ
        root = owner
        while (inner := root.child_by_field_name("object")) is not None:
            root = inner
        is_global = root.type == "identifier" and self._scopes.is_global(root)
        text = self._text(name)
        if is_called or is_named or text in _BUILT_IN_MEMBERS or text.startswith("$"):
            return
        if is_global and self._text(root) in _GLOBALS:
            return
        yield self._make("member-name", name, f"{text}_", about=self._text(node))

    def _misspell_destructured(self, node: Node) -> Iterator[Mutant]:
        binding = next((b for b in self._scopes.bindings if b.declared == node), None)
        if binding is None or not binding.path:
            return
        value = self._values.value_of_destructuring(binding)
        if value is None or value.kind == "result":
            text = self._text(node)
            yield self._make("member-name", node, f"{text}_: {text}", about=text)

    def _is_written(self, node: Node) -> bool:
        parent = node.parent
        return parent is not None and (
            (parent.type in _WRITES and parent.child_by_field_name("left") == node)
            or parent.type == "update_expression"
        )

    def _drop_write(self, node: Node) -> Iterator[Mutant]:
        left, right = (node.child_by_field_name(side) for side in ("left", "right"))
        value = self._values.value(left)
        if left is None or right is None or value is None or not value.path:
            return
        is_project = value.kind == "ctx" and value.path[0] == "project"
        if value.kind != "form" and not is_project:
            return
        member = value.path[0]
        kind = "message" if member == "$message" else "field-write"
        kind = "field-state" if member.startswith("$") and kind != "message" else kind
        is_statement = node.parent is not None and node.parent.type == "expression_statement"
        new = f"{'void ' if is_statement else ''}({self._text(right)})"
        about = ".".join(value.path)
        pairs = [child for child in right.named_children if child.type == "pair"]
        if kind == "field-state" and right.type == "object" and len(pairs) > 1:
            for pair in pairs:
                yield self._make(kind, pair, "...{}", about=about)
            return
        yield self._make(kind, node, new, about=about)

    # ------------------------------------------------------------------ calls

    def _read_call(self, node: Node) -> Iterator[Mutant]:
        function, listed = (node.child_by_field_name(part) for part in ("function", "arguments"))
        if function is None or listed is None or listed.type != "arguments":
            return
        arguments = [child for child in listed.named_children if child.type != "comment"]
        value, name = self._values.value(function), self._text(function)
        is_direct = value is not None and value.kind == "method"
        is_setter = value is not None and value.kind == "chain method" and value.text in _SENT
        is_own = function.type == "identifier" and name not in {*_GLOBALS, "$proxy"}
        about = _call_name(value.draft) if value is not None and value.draft is not None else name
        for argument in arguments if is_direct or is_setter else ():
            yield from self._drop_members(argument, about)
        for argument in arguments if is_direct or is_setter or is_own else ():
            yield from self._change_value(argument, about, is_sent=is_direct or is_setter)
        if is_direct or is_own:
            yield from self._swap(arguments, about)
        if name.endswith(".catch") and arguments:
            yield from self._swallow_caught(arguments[0])
        if name == "Object.assign":
            yield from self._drop_assigned(arguments)

    def _drop_assigned(self, arguments: Sequence[Node]) -> Iterator[Mutant]:
        """Leave out what ``Object.assign(form, {…})`` writes."""
        target = self._values.value(arguments[0]) if arguments else None
        if target is None or target.kind != "form":
            return
        for pair in (pair for one in arguments[1:] for pair in one.named_children):
            if pair.type in {"pair", "shorthand_property_identifier"}:
                yield self._make("field-write", pair, "...{}", about=self._text(pair))

    def _drop_members(self, node: Node, about: str) -> Iterator[Mutant]:
        if (node := self._follow(node)).type != "object":
            return
        for pair in node.named_children:
            if pair.type in {"pair", "shorthand_property_identifier"}:
                yield self._make("body-member", pair, "...{}", about=about)
            if (value := pair.child_by_field_name("value")) is not None:
                yield from self._drop_members(value, about)

    def _follow(self, node: Node) -> Node:
        """Return the object literal that a name stands for, or *node*."""
        binding = self._scopes.binding_of(node) if node.type == "identifier" else None
        if binding is None or binding.value is None or binding.path or binding.is_reassigned:
            return node
        return binding.value

    def _swap(self, arguments: Sequence[Node], about: str) -> Iterator[Mutant]:
        for first, second in pairwise(arguments):
            one, other = self._text(first), self._text(second)
            is_plain = not {first.type, second.type} & {*FUNCTIONS, "spread_element"}
            if one != other and is_plain:
                between = self._tree.bytes_between(first.end_byte, second.start_byte).decode()
                yield self._make(
                    "args-swap", first, f"{other}{between}{one}", until=second, about=about
                )

    def _change_value(self, node: Node, about: str, *, is_sent: bool) -> Iterator[Mutant]:
        """Change a text; of what is sent to a third party also what is only known when it runs."""
        followed = self._follow(node) if is_sent else node
        if followed.type == "object":
            for pair in followed.named_children:
                value = pair.child_by_field_name("value")
                if value is not None:
                    yield from self._change_value(value, about, is_sent=is_sent)
        elif node.type == "string" and len(text := self._text(node)) > len("''"):
            yield self._make("argument", node, f"{text[:-1]}~{text[-1]}", about=about)
        elif is_sent and node.type in _COMPUTED:
            yield self._make("argument", node, f"({_OTHER})({self._text(node)})", about=about)

    # ------------------------------------------------------------------ conditions

    def _read_condition(self, node: Node) -> Iterator[Mutant]:
        condition = node.child_by_field_name("condition")
        if condition is None:
            return
        inner = _without_parentheses(condition)
        if not self._is_check(inner):
            return
        about = self._text(inner)
        for new in ("true", "false"):
            yield self._make("code-check", inner, new, about=about)

    def _is_check(self, node: Node) -> bool:
        """Return whether *node* asks for a code: compares with a literal, or asks a response."""
        return any(self._is_single_check(part) for part in _operands(node))

    def _is_single_check(self, node: Node) -> bool:
        argument = node.child_by_field_name("argument")
        if _operator(node) == "!" and argument is not None:
            node = _without_parentheses(argument)
        value = self._values.value(node)
        if value is not None and value.kind == "result":
            return True
        if _operator(node) not in _EQUALITIES:
            return False
        sides = [node.child_by_field_name(side) for side in ("left", "right")]
        return any(side is not None and side.type in _LITERALS for side in sides)

    def _read_binary(self, node: Node) -> Iterator[Mutant]:
        sign = node.child_by_field_name("operator")
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if sign is None or left is None or right is None:
            return
        if sign.type in _SHIFTED:
            one, other = self._text(left), self._text(right)
            new = f"{one} {_SHIFTED[sign.type]} {other}"
            mutant = self._make("comparison", node, new, about=self._text(node))
            yield replace(mutant, probe=_PROBE.format(sign=sign.type, left=one, right=other))
        elif sign.type in {"||", "??"} and not _is_condition(node):
            yield self._make("fallback", node, f"({self._text(left)})", about=self._text(node))
        elif sign.type in {"&&", "||"} and _is_condition(node):
            for kept, dropped in ((left, right), (right, left)):
                if self._is_check(_without_parentheses(dropped)):
                    about = self._text(dropped)
                    yield self._make("code-check", node, f"({self._text(kept)})", about=about)

    # ------------------------------------------------------------------ errors

    def _drop_statement(self, node: Node) -> Iterator[Mutant]:
        if node.type == "return_statement":
            values = [child for child in node.named_children if child.type != "comment"]
            if not values or values[0].type != "false":
                return
        block = node.parent
        outer = block.parent if block is not None and len(block.named_children) == 1 else None
        if outer is not None and outer.type == "catch_clause":
            return  # the same as to swallow it
        yield self._make("guard", node, ";", about=self._text(node))

    def _swallow(self, node: Node) -> Iterator[Mutant]:
        body = node.child_by_field_name("body")
        if body is not None and any(child.type != "comment" for child in body.named_children):
            yield self._make("error-swallowed", body, "{}", about=self._calls_above(node))

    def _calls_above(self, catch: Node) -> str:
        """Return the calls in the ``try`` that *catch* belongs to."""
        block = catch.parent.child_by_field_name("body") if catch.parent is not None else None
        return ", ".join(dict.fromkeys(self.calls_in(block))) if block is not None else ""

    def calls_in(self, block: Node) -> Iterator[str]:
        """Yield the names of the calls that *block* awaits."""
        for node in self._tree.walk(block):
            value = self._values.value(node) if node.type == "call_expression" else None
            if value is not None and value.kind == "promise" and value.call >= 0:
                yield _call_name(self._values.calls[value.call])

    def _swallow_caught(self, handler: Node) -> Iterator[Mutant]:
        body = handler.child_by_field_name("body") if handler.type in FUNCTIONS else None
        if body is not None and (body.type != "statement_block" or body.named_children):
            yield self._make("error-swallowed", handler, "() => {}")

    def _swallow_awaited(self, node: Node) -> Iterator[Mutant]:
        inner = node.named_children[-1] if node.named_children else None
        value = self._values.value(inner)
        if inner is None or value is None or value.kind != "promise" or value.call < 0:
            return
        text = self._text(inner)
        if _is_tried(node) or ".catch(" in text or "arguments" in text:
            return
        new = f"await (async () => {{ try {{ return await {text}; }} catch {{ return {{}}; }} }})()"
        about = _call_name(self._values.calls[value.call])
        yield self._make("error-swallowed", node, new, about=about)


def _call_name(call: ProxyCall) -> str:
    return f"{call.platform or '?'}.{call.api or '?'}"


def _operator(node: Node) -> str:
    operator = node.child_by_field_name("operator")
    return operator.type if operator is not None else ""


def _operands(node: Node) -> Iterator[Node]:
    """Yield what *node* joins by ``&&`` and ``||``."""
    if _operator(node) in {"&&", "||"}:
        for side in ("left", "right"):
            if (inner := node.child_by_field_name(side)) is not None:
                yield from _operands(_without_parentheses(inner))
    else:
        yield node


def _without_parentheses(node: Node) -> Node:
    while node.type in WRAPPED and node.named_children:
        node = node.named_children[-1]
    return node


def _is_condition(node: Node) -> bool:
    """Return whether only the truth of *node* counts."""
    child, parent = node, node.parent
    while parent is not None:
        if parent.type in WRAPPED or _operator(parent) in {"&&", "||"}:
            child, parent = parent, parent.parent
            continue
        is_asked = parent.child_by_field_name("condition") == child
        return _operator(parent) == "!" or (is_asked and parent.type in {*_CONDITIONS, *_LOOPS})
    return False


def _is_tried(node: Node) -> bool:
    """Return whether an error at *node* is caught in its function."""
    child, parent = node, node.parent
    while parent is not None and parent.type not in FUNCTIONS:
        if parent.type == "try_statement" and parent.child_by_field_name("body") == child:
            return any(part.type == "catch_clause" for part in parent.named_children)
        child, parent = parent, parent.parent
    return False


_READERS: Final[Mapping[str, Callable[[_MutantReader, Node], Iterator[Mutant]]]] = {
    "member_expression": _MutantReader._misspell_member,  # noqa: SLF001 - the table of the class
    "shorthand_property_identifier_pattern": _MutantReader._misspell_destructured,  # noqa: SLF001
    "assignment_expression": _MutantReader._drop_write,  # noqa: SLF001
    "augmented_assignment_expression": _MutantReader._drop_write,  # noqa: SLF001
    "call_expression": _MutantReader._read_call,  # noqa: SLF001
    "if_statement": _MutantReader._read_condition,  # noqa: SLF001
    "ternary_expression": _MutantReader._read_condition,  # noqa: SLF001
    "binary_expression": _MutantReader._read_binary,  # noqa: SLF001
    "throw_statement": _MutantReader._drop_statement,  # noqa: SLF001
    "return_statement": _MutantReader._drop_statement,  # noqa: SLF001
    "catch_clause": _MutantReader._swallow,  # noqa: SLF001
    "await_expression": _MutantReader._swallow_awaited,  # noqa: SLF001
}


class IgnoreComment(msgspec.Struct, frozen=True):
    """A comment ``// bpmax-ignore-next args-swap: reason``.

    Attributes:
        line: that it speaks of.
        wrong: why it is refused, or nothing.
    """

    kinds: tuple[str, ...]
    line: int
    reason: str
    place: Place
    wrong: str = ""


_IGNORE: Final = re.compile(
    r"bpmax-ignore-next\b\s*([\w-]+(?:\s*,\s*[\w-]+)*)?\s*:?\s*(.*)", re.DOTALL
)


def read_ignored(tree: SyntaxTree) -> Iterator[IgnoreComment]:
    """Yield what comments of a script leave out."""
    for node in tree.walk():
        text = tree.text_of(node).strip("/* \t\r\n") if node.type == "comment" else ""
        match = _IGNORE.match(text)
        if match is not None:
            kinds = tuple(re.split(r"\s*,\s*", match[1])) if match[1] else ()
            place = tree.place(node)
            last = tree.place_of_byte(node.end_byte).line
            yield IgnoreComment(
                kinds, last + 1, match[2].strip(), place, _problem_of(kinds, match[2])
            )


def _problem_of(kinds: Sequence[str], reason: str) -> str:
    known = (*KINDS, BRANCH)
    unknown = next((kind for kind in kinds if kind not in known), None)
    if unknown is not None:
        return msg("no kind {kind!r}{hint}", kind=unknown, hint=suggest(unknown, known))
    if not kinds or not reason.strip():
        return msg("a reason is missing; write // bpmax-ignore-next args-swap: why it is right")
    return ""
