"""Probable mistakes that a script's source shows, such as ``x === NaN`` or a missing return.

Each rule is an entry of a table, `FINDERS` of `condition_slips`, `statement_slips` and
`async_slips`: the node types that it reads, and a function that yields what is wrong with a node.
All are certain as far as the source shows, in the manner of ESLint's "possible problems"
(https://eslint.org/docs/latest/rules/#possible-problems).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.i18n import msg
from bpmax_sim.script_source.kinds import (
    KindReader,
    list_arguments,
    read_operator,
    strip_parentheses,
)
from bpmax_sim.script_source.scopes import Binding, Scopes
from bpmax_sim.script_source.syntax import SyntaxTree, is_await_as_name
from bpmax_sim.script_source.values import Values, find_parent_beyond_parentheses

if TYPE_CHECKING:
    from tree_sitter import Node

T = TypeVar("T")
_MOST_SHOWN: Final = 40
_EFFECTS: Final = frozenset({
    "call_expression", "new_expression", "await_expression", "assignment_expression",
    "augmented_assignment_expression", "update_expression", "yield_expression", "throw_statement",
})  # fmt: skip
_CHANGED: Final = {
    **dict.fromkeys(("assignment_expression", "augmented_assignment_expression"), "left"),
    **dict.fromkeys(("update_expression", "unary_expression"), "argument"),
    "for_in_statement": "left", "call_expression": "function",
}  # fmt: skip
"""What may change a value -> the field of it that has what is changed."""
_QUOTED: Final = re.compile(r"""\[\s*(['"`])([^\W\d][\w$]*)\1\s*\]""")
PURE: Final = frozenset({
    "replace", "replaceAll", "trim", "toFixed", "toUpperCase", "toLowerCase", "padStart", "padEnd",
    "concat", "slice", "filter", "map", "join", "toSorted", "toReversed", "substring", "substr",
    "split", "flat", "includes", "indexOf", "startsWith", "endsWith", "toISOString", "find",
    "some", "every", "findIndex", "flatMap", "toLocaleString",
})  # fmt: skip
"""Methods that change nothing and only give something back."""
_NAME: Final = re.compile(r"[\w$]+")
_HARMLESS: Final = frozenset({
    "console", "$proxy", "Promise", "Number", "String", "Boolean", "parseInt", "parseFloat",
    "isNaN", "isFinite", "Array", "BigInt", "Symbol", "encodeURIComponent", "decodeURIComponent",
    "Intl", "structuredClone", "setTimeout", "setInterval", "clearTimeout", "clearInterval",
    "crypto", "queueMicrotask", "atob", "btoa", "await", "super", "import",
})  # fmt: skip
"""Globals whose calls change no member of what they get, or do so later."""
_CHANGING: Final = frozenset(
    {"push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin"}
)
GIVEN: Final = frozenset({"form", "ctx", "$proxy"})


class Slip(msgspec.Struct, frozen=True):
    """A probable mistake in a script: the name of the rule, a message, and the place.

    Attributes:
        is_top: whether it is about a name declared outside of functions. In a library, other
            scripts may use such a name.
    """

    rule: str
    message: str
    place: Place
    is_top: bool = False


Found = Iterator[tuple[str, "Node", str]]
"""Rule, node and message of each slip."""


class SlipReader:
    """Finds the slips (probable mistakes) in one script."""

    def __init__(self, tree: SyntaxTree, scopes: Scopes, values: Values) -> None:
        self.tree = tree
        self.scopes = scopes
        self.values = values
        self.kinds = KindReader(tree, scopes, values)
        self._computed: dict[tuple[str, int], Any] = {}

    def compute_once(self, cache_name: str, node: Node, compute: Callable[[], T]) -> T:
        """Return ``compute()``, or its result of the last call with *cache_name* and *node*.

        Each caller has a *cache_name* of its own. A condition is looked at again from every place
        that it decides about, so computing it anew would take the square of the time.
        """
        key = cache_name, node.id
        if key not in self._computed:
            self._computed[key] = compute()
        result: T = self._computed[key]
        return result

    @cached_property
    def change_offsets(self) -> Mapping[str, Sequence[int]]:
        """Return source of an expression -> offsets in bytes where its value may change, ascending.

        Those are the ends of assignments to it, updates of it, and calls of its methods. Sources
        are those of `get_plain_source`.
        """
        changes: dict[str, list[int]] = {}
        for part in self.tree.walk():
            for changed in self._find_changed(part):
                changes.setdefault(self.get_plain_source(changed), []).append(part.end_byte)
        return {name: sorted(places) for name, places in changes.items()}

    def _find_changed(self, part: Node) -> Iterator[Node]:
        """Yield the expressions whose values *part* changes: assigned, deleted, its owner …."""
        field = _CHANGED.get(part.type)
        target = part.child_by_field_name(field) if field is not None else None
        if part.type == "call_expression" and target is not None:
            target = target.child_by_field_name("object")
        elif part.type == "unary_expression" and read_operator(part) != "delete":
            target = None
        if target is None:
            return
        # In a pattern each name; of `list[i]`, which may be any element, the list, too.
        for inner in self.tree.walk(target) if target.type.endswith("_pattern") else (target,):
            yield inner
            if inner.type == "subscript_expression" and "[" in self.get_plain_source(inner):
                yield from filter(None, [inner.child_by_field_name("object")])

    def get_plain_source(self, node: Node) -> str:
        """Return the source of *node* with ``a.b`` in place of ``a?.b`` and ``a['b']``.

        They are the same value, except that ``a.b`` throws if ``a`` is null or undefined.
        """
        source = self.tree.get_source(node)
        if "?." in source or "[" in source:
            source = _QUOTED.sub(r".\2", source.replace("?.[", "[").replace("?.", "."))
        return source

    @cached_property
    def await_offsets(self) -> Sequence[int]:
        """Return the offsets in bytes of the ends of all ``await``, ascending.

        Of one that stands as a name (`syntax.is_await_as_name`), it is the end of the word.
        """
        return sorted(
            part.end_byte
            for part in self.tree.walk()
            if part.type == "await_expression" or is_await_as_name(part)
        )

    @cached_property
    def call_offsets(self) -> Sequence[int]:
        """Return the offsets in bytes of the ends of calls that may change members, ascending.

        These are calls of functions that assign to a member, or that the script does not declare.
        """
        calls = (part for part in self.tree.walk() if part.type == "call_expression")
        return sorted(part.end_byte for part in calls if self._may_change_members(part, set()))

    def _may_change_members(self, call: Node, seen: set[int]) -> bool:
        """Return whether *call* may change a member of an object such as the form.

        *seen* are the ids of functions that are being looked at, as they may call each other.
        """
        callee = strip_parentheses(call.child_by_field_name("function"))
        source = self.tree.get_source(callee) if callee is not None else ""
        named = [one for one in list_arguments(call) if one.type == "identifier"]
        functions = [
            value.node
            for value in map(self.values.resolve, (callee, *named))
            if value is not None and value.kind == "function"
        ]
        if any(self._changes_members(function, seen) for function in functions):
            return True
        if method := self.kinds.find_builtin_method(call):
            # Outside of functions, `change_offsets` has the list that it changes.
            return source == "Object.assign" or (bool(seen) and method in _CHANGING)
        value = self.values.resolve(callee)
        if value is not None and value.kind != "outside":  # of the script, or of an API
            return False
        names = _NAME.findall(source)
        return not (_HARMLESS & {*names[:1]} or PURE & {*names[-1:]})

    def _changes_members(self, function: Node, seen: set[int]) -> bool:
        changes = partial(self._has_part_that_changes_members, function, seen)
        return changes() if seen else self.compute_once("members", function, changes)

    def _has_part_that_changes_members(self, function: Node, seen: set[int]) -> bool:
        is_first = function.id not in seen
        seen.add(function.id)
        return is_first and any(
            self._may_change_members(part, seen)
            if part.type == "call_expression"
            else any(changed.type != "identifier" for changed in self._find_changed(part))
            for part in self.tree.walk(function)
        )

    def find_slips(
        self, nodes: Iterable[Node], finders: Mapping[str, Sequence[Callable[..., Found]]]
    ) -> Iterator[Slip]:
        """Yield the probable mistakes in *nodes*.

        *finders* maps a type of node to functions, each of which gets this reader and such a node,
        and yields rule, node and message of each mistake of one kind.
        """
        for node in nodes:
            for find in finders.get(node.type, ()):
                for rule, where, message in find(self, node):
                    yield Slip(rule, message, self.tree.find_place(where))

    def find_declared_name_slips(self) -> Iterator[Slip]:
        """Yield problems of declared names: never read, hiding another one, a const assigned to.

        Also assignments to given globals such as ``form``, and ``row.member`` if ``row`` is the
        text that a ``for … in`` gives.
        """
        used: set[int] = set()
        for use in self.scopes.find_name_uses():
            is_assigned = self.scopes.is_assignment(use)
            if use.binding is None:
                if is_assigned and use.name in GIVEN:
                    yield Slip("const-assign", msg(
                        "this puts something else in the place of {name} and changes nothing in "
                        "it; assign to a member, such as {name}.field", name=use.name,
                    ), self.tree.find_place(use.node))  # fmt: skip
                continue
            if is_assigned and use.binding.kind == "const":
                yield Slip(
                    "const-assign",
                    msg("{name} is a const and cannot be assigned to; use let", name=use.name),
                    self.tree.find_place(use.node),
                )
            if (
                not is_assigned
                or use.node.parent is None
                or _is_assignment_value_used(use.node.parent)
            ):
                used.add(id(use.binding))
            yield from self._find_member_of_for_in_name(use.binding, use.node)
        for binding in self.scopes.bindings:
            if id(binding) not in used:
                yield from self._find_unused_name(binding)
            yield from self._find_let_hiding_unchanged_let(binding)

    def shorten_source(self, node: Node | None) -> str:
        """Return the source of *node* on one short line, to be quoted in a message; "" for None."""
        return self.shorten_text(self.tree.get_source(node)) if node is not None else ""

    def shorten_text(self, source: str) -> str:
        """Return *source* on one line, shortened."""
        text = " ".join(source.split())
        return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"

    def has_effect(self, node: Node) -> bool:
        """Return whether *node* may do more than return a value."""
        return any(
            (
                part.type in _EFFECTS
                and not (
                    part.type == "call_expression" and self.kinds.find_builtin_method(part) in PURE
                )
            )
            or read_operator(part) in {"delete", "void"}
            for part in self.tree.walk(node)
        )

    def _find_member_of_for_in_name(self, binding: Binding, use: Node) -> Iterator[Slip]:
        """Yield ``row.数量`` in ``for (const row in rows)``, where ``row`` is a text."""
        parent, member = use.parent, None
        loop = binding.declared.parent
        if binding.path != ("?",) or parent is None or parent.type != "member_expression":
            return
        if loop is not None and loop.type == "for_in_statement" and binding.kind != "parameter":
            member = parent.child_by_field_name("property")
        if member is None or parent.child_by_field_name("object") != use:
            return
        name = self.tree.get_source(member)
        if name not in _OF_TEXTS:
            yield Slip("for-in", msg(
                "for … in gives names and indexes, which are texts and have no {member}; "
                "write for (const {name} of …)", member=name, name=self.tree.get_source(use),
            ), self.tree.find_place(member))  # fmt: skip

    def _find_unused_name(self, binding: Binding) -> Iterator[Slip]:
        """Yield a problem if nothing reads *binding*, a variable or function.

        The caller knows that there is no use of it. Nothing is yielded for names that begin with
        ``_``, for destructured names, if the initial value has an effect, and for functions in a
        file that only declares functions.
        """
        name = self.tree.get_source(binding.declared)
        is_function = binding.kind == "function" and binding.value is not None
        is_variable = binding.kind in {"const", "let", "var"} and not binding.path
        if not (is_variable or is_function) or binding.value is None or name.startswith("_"):
            return
        if is_function and binding.value.type == "function_expression":
            return  # a name for stacks: ``(function calculate() { … })()``
        is_function = is_function or self.kinds.find_kind(binding.value) == "function"
        if not is_function and self.has_effect(binding.value):
            return
        is_top = self.scopes.top.names.get(name) is binding
        if is_top and is_function and self._declares_only_functions:
            return  # what somebody else calls
        message = msg("nothing reads {name}; use it, or take it away", name=name)
        if is_function:
            message = msg("nothing calls {name}; call it, or take it away", name=name)
        yield Slip("unused-variable", message, self.tree.find_place(binding.declared), is_top)

    @cached_property
    def _declares_only_functions(self) -> bool:
        kinds = {child.type for child in self.tree.root.named_children}
        return kinds <= {"function_declaration", "generator_function_declaration", "comment"}

    def _find_let_hiding_unchanged_let(self, binding: Binding) -> Iterator[Slip]:
        """Yield ``let total`` in a block, if an outer ``let total`` is never assigned again.

        The author probably wanted to assign to the outer one.
        """
        if binding.kind not in {"const", "let"} or binding.path:
            return
        outer = self.scopes.find_hidden_binding(binding)
        if outer is None or outer.kind != "let" or outer.is_reassigned or outer.path:
            return
        name, line = (
            self.tree.get_source(binding.declared),
            self.tree.find_place(outer.declared).line,
        )
        yield Slip("shadowed-variable", msg(
            "this declares another {name}, and that of line {line} never changes; "
            "leave out the word before it", name=name, line=line,
        ), self.tree.find_place(binding.declared))  # fmt: skip


_OF_TEXTS: Final = frozenset({
    "length", "split", "replace", "replaceAll", "trim", "startsWith", "endsWith", "includes",
    "slice", "substring", "indexOf", "match", "toUpperCase", "toLowerCase", "padStart", "padEnd",
    "charAt", "concat", "at", "localeCompare", "toString", "test", "search", "charCodeAt",
})  # fmt: skip


def _is_assignment_value_used(parent: Node) -> bool:
    """Return whether the assignment or update *parent* is itself used as a value: ``x = n++``."""
    if parent.type in {"augmented_assignment_expression", "update_expression"}:
        return find_parent_beyond_parentheses(parent).type != "expression_statement"
    return (
        parent.type == "assignment_expression"
        and parent.parent is not None
        and (parent.parent.type != "expression_statement")
    )
