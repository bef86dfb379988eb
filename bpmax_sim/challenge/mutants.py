"""Generate small mistakes as people make them in scripts, one for each mutant: `read_mutants`.

Left out are kinds that proved useless when measured: what `lint` finds by itself, ``caller``,
arithmetic, templates, timers and a missing ``await``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from bpmax_sim.challenge import probes
from bpmax_sim.challenge.condition_uses import (
    LOOPS,
    always_gives_boolean,
    find_logical_operands,
    find_returned_values,
    is_case_of_true,
    is_order_comparison,
    is_predicate_of_list_method,
    is_used_as_condition,
    is_value_stored_or_returned,
)
from bpmax_sim.challenge.equivalents import (
    can_be,
    can_decide,
    can_have_equal_sides,
    can_need_fallback,
    gives_same_result_for_equal_sides,
    is_fallback_without_effect,
    is_last_executed_statement,
)
from bpmax_sim.challenge.probes import Probe
from bpmax_sim.errors import Place
from bpmax_sim.i18n import template
from bpmax_sim.script_source.kinds import (
    EQUALITIES,
    list_arguments,
    read_operator,
    strip_parentheses,
)
from bpmax_sim.script_source.reading import BUILT_IN
from bpmax_sim.script_source.scopes import FUNCTIONS, Scopes
from bpmax_sim.script_source.slips import SlipReader
from bpmax_sim.script_source.syntax import SyntaxTree, find_end_of_code, list_parts
from bpmax_sim.script_source.values import WRAPPED, ProxyCall, ScriptValue, Values

if TYPE_CHECKING:
    from tree_sitter import Node

KINDS: Final[Mapping[str, str]] = {
    "member-name": template("a member is misspelt"),
    "field-write": template("a field is not written, or gets another value"),
    "field-state": template("a state of a field is not set"),
    "message": template("a message is not shown, or says something else"),
    "body-member": template("a member of what is sent or made is left out"),
    "args-swap": template("two arguments are swapped"),
    "code-check": template("a check is always true, never true, or left out"),
    "comparison": template("a comparison is off by one"),
    "fallback": template("a fallback is left out"),
    "argument": template("a value that is passed on is another one"),
    "call": template("a call is not made"),
    "loop": template("a loop ends after its first turn"),
    "guard": template("what stops here goes on"),
    "error-swallowed": template("an error is swallowed"),
}
"""Kind of a mutant, as ``// bpmax-ignore-next`` spells it -> what is wrong in it."""

RETURNED: Final = "return"
"""What a mutant is about whose function returns something else."""
BRANCH: Final = "unreached"
"""The kind of a finding that is no mutant: a branch that nothing takes."""


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """A script with one mistake, as an edit of its text.

    Attributes:
        kind: a key of `KINDS`.
        place: place of the mistake in the script.
        start, end: byte offsets (UTF-8) of the replaced text.
        old, new: replaced text, and its replacement.
        about: subject of the mistake: ``platform.api`` of a call, or the condition.
        probe: replacement that behaves like the script and reports where the mistake would matter;
            see `bpmax_sim.challenge.probes`.
        unmet: message if the probe never reported; "" if the message is made from the condition.
        condition: byte offsets of the condition that decides whether the mistake matters; None if
            that is the replaced text itself.
    """

    kind: str
    place: Place
    start: int
    end: int
    old: str
    new: str
    about: str = ""
    probe: str = ""
    unmet: str = ""
    condition: tuple[int, int] | None = None

    def apply(self, data: bytes) -> str:
        """Return the script *data* (UTF-8) with the mistake applied."""
        return (data[: self.start] + self.new.encode() + data[self.end :]).decode()


def add_probe(mutant: Mutant, probe: Probe | None) -> Mutant:
    """Return *mutant* with *probe*, which tells whether any run's input makes it matter.

    Unchanged if there is none.
    """
    if probe is None:
        return mutant
    return replace(mutant, probe=probe.text, unmet=probe.unmet)


def read_mutants(tree: SyntaxTree) -> tuple[Mutant, ...]:
    """Return the mutants of a script in source order; empty for a script with syntax errors."""
    if tree.root.has_error:
        return ()
    found: dict[tuple[int, int, str], Mutant] = {}
    for mutant in _MutantReader(tree).find_mutants():
        key = mutant.start, mutant.end, mutant.new
        # Several readers may find one edit; the one that knows its subject makes the better
        # message.
        if key not in found or not found[key].about:
            found[key] = mutant
    return tuple(sorted(found.values(), key=lambda mutant: (mutant.start, mutant.end)))


_SHIFTED: Final = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_WRITES: Final = frozenset({"assignment_expression", "augmented_assignment_expression"})
_TRUTHS: Final = ("true", "false")
_LEAVES: Final = frozenset({"return_statement", "throw_statement", "break_statement"})
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
    {
        "identifier", "member_expression", "subscript_expression", "template_string", "number",
        "call_expression", "binary_expression", "ternary_expression", "await_expression",
        "parenthesized_expression", "unary_expression", "true", "false",
    }
)  # fmt: skip
_OTHER: Final = (
    "v => typeof v === 'string' ? v + '~' : typeof v === 'number' ? v + 1 : "
    "typeof v === 'boolean' ? !v : v"
)
_PLAINLY_OTHER: Final = _OTHER.replace("v + '~'", "'~'")
"""Gives a text in which no pattern and no part of the right one is found."""
_NEARLY_SAME: Final = "v => typeof v === 'string' ? v.replace(/\\d(?=\\D*$)/, d => 9 - d) : v"
"""Gives a text with another last digit, which a pattern takes for the right one."""
_MAYBE_TEXT: Final = frozenset(
    {
        "identifier", "member_expression", "subscript_expression", "template_string",
        "call_expression", "await_expression", "binary_expression", "ternary_expression",
    }
)  # fmt: skip
_SETS: Final = re.compile(r"set(?:UTC)?(?:FullYear|Month|Date|Hours|Minutes)$")
_ADDS: Final = frozenset({"push", "unshift", "concat"})
_READ: Final = frozenset({"result", "form", "ctx"})
_SENT: Final = frozenset({"$body", "$query", "$path", "$header"})
_BUILT_IN_MEMBERS: Final = BUILT_IN | {"message", "stack", "then", "catch", "finally"}


class _MutantReader:
    """One pass over the syntax nodes of a script, yielding a mutant for each possible mistake."""

    def __init__(self, tree: SyntaxTree) -> None:
        self._tree = tree
        self._scopes = Scopes(tree)
        self._values = Values(tree, self._scopes)
        self._slips = SlipReader(tree, self._scopes, self._values)

    def find_mutants(self) -> Iterator[Mutant]:
        for node in self._tree.walk():
            reader = _READERS.get(node.type)
            is_read = node.type == "member_expression"
            if reader is not None and not self._is_proxy_argument_or_logged(node, is_read=is_read):
                yield from reader(self, node)

    def _make_mutant(
        self,
        kind: str,
        node: Node,
        new: str,
        *,
        until: Node | None = None,
        about: str = "",
    ) -> Mutant:
        end = (until or node).end_byte
        old = self._tree.get_bytes_between(node.start_byte, end).decode()
        return Mutant(
            kind=kind,
            place=self._tree.find_place(node),
            start=node.start_byte,
            end=end,
            old=old,
            new=new,
            about=about,
        )

    def _get_source(self, node: Node | None) -> str:
        return self._tree.get_source(node) if node is not None else ""

    def _is_proxy_argument_or_logged(self, node: Node, *, is_read: bool) -> bool:
        """Return whether *node* is in ``$proxy(…)`` or is logged, where no mutants are made.

        With *is_read* (a member that is read) only ``$proxy(…)`` counts.
        """
        while (parent := node.parent) is not None:
            if parent.type == "arguments" and parent.parent is not None:
                name = self._get_source(parent.parent.child_by_field_name("function"))
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
        if name is None or owner is None or parent is None or self._is_assignment_target(node):
            return
        is_called = parent.child_by_field_name("function") == node
        value = self._values.resolve(node)
        is_named = value is not None and value.kind not in _READ
        root = owner
        while (inner := root.child_by_field_name("object")) is not None:
            root = inner
        is_global = root.type == "identifier" and self._scopes.is_global(root)
        text = self._get_source(name)
        if is_called or is_named or text in _BUILT_IN_MEMBERS or text.startswith("$"):
            return
        if is_global and self._get_source(root) in _GLOBALS:
            return
        yield self._make_mutant("member-name", name, f"{text}_", about=self._get_source(node))

    def _misspell_destructured(self, node: Node) -> Iterator[Mutant]:
        binding = next((b for b in self._scopes.bindings if b.declared == node), None)
        if binding is None or not binding.path:
            return
        value = self._values.resolve_binding(binding)
        if value is None or value.kind == "result":
            text = self._get_source(node)
            yield self._make_mutant("member-name", node, f"{text}_: {text}", about=text)

    def _is_assignment_target(self, node: Node) -> bool:
        parent = node.parent
        return parent is not None and (
            (parent.type in _WRITES and parent.child_by_field_name("left") == node)
            or parent.type == "update_expression"
        )

    def _drop_write(self, node: Node) -> Iterator[Mutant]:
        left, right = (node.child_by_field_name(side) for side in ("left", "right"))
        value = self._values.resolve(left)
        if left is None or right is None:
            return
        if value is not None and value.path:
            yield from self._drop_form_write(node, value, right)
        elif value is None:
            yield from self._drop_write_to_local_object(node, left, right)

    def _drop_form_write(self, node: Node, value: ScriptValue, right: Node) -> Iterator[Mutant]:
        is_project = value.kind == "ctx" and value.path[0] == "project"
        if value.kind != "form" and not is_project:
            return
        member = value.path[0]
        kind = "message" if member == "$message" else "field-write"
        kind = "field-state" if member.startswith("$") and kind != "message" else kind
        is_statement = node.parent is not None and node.parent.type == "expression_statement"
        new = f"{'void ' if is_statement else ''}({self._get_source(right)})"
        about = ".".join(value.path)
        pairs = [child for child in right.named_children if child.type == "pair"]
        if kind == "field-state" and right.type == "object" and len(pairs) > 1:
            for pair in pairs:
                yield self._make_mutant(kind, pair, "...{}", about=about)
            return
        yield self._add_write_probe(self._make_mutant(kind, node, new, about=about), node, right)
        is_computed = kind == "field-state" and right.type not in {"true", "false"}
        if (kind == "field-write" and node.type == "assignment_expression") or is_computed:
            yield from self._change_written_or_returned_value(right, about, kind)
        if kind == "message":
            yield from self._change_message(right, about)

    def _add_write_probe(self, mutant: Mutant, node: Node, right: Node) -> Mutant:
        """Return *mutant*, which lacks the assignment *node*, with a probe of whether that matters.

        *right* is the assigned value. The mutant stays without a probe if the same assignment
        occurs twice in the script, as the other one may have written the value, or if it is no
        plain assignment to a field.
        """
        left = self._get_source(node.child_by_field_name("left"))
        is_once = self._tree.text.count(mutant.old) == 1  # or another may have written the same
        is_plain = node.type == "assignment_expression" and left != self._get_source(right)
        if mutant.kind != "field-write" or not is_plain or not is_once:
            return mutant
        return add_probe(mutant, probes.make_missing_write_probe(left, self._get_source(right)))

    def _change_message(self, node: Node, about: str) -> Iterator[Mutant]:
        """Change the text of the message that a script assigns to ``$message`` of its form.

        *node* is the assigned value: a text literal, or an object with the member ``text``. Nothing
        is yielded if the text is no literal. *about* names the message in what is reported.
        """
        pairs = [pair for pair in node.named_children if pair.type == "pair"]
        keyed = {self._get_source(pair.child_by_field_name("key")): pair for pair in pairs}
        text = keyed["text"].child_by_field_name("value") if "text" in keyed else node
        if text is not None and text.type == "string":
            yield from self._change_written_or_returned_value(text, about, "message")

    def _drop_write_to_local_object(self, node: Node, left: Node, right: Node) -> Iterator[Mutant]:
        """Remove ``row.amount = …``, an assignment to an object created by the script."""
        owner = left.child_by_field_name("object")
        binding = self._scopes.find_binding(owner) if owner and owner.type == "identifier" else None
        is_statement = node.parent is not None and node.parent.type == "expression_statement"
        if binding is not None and is_statement:
            yield self._make_mutant(
                "body-member", node, f"void ({self._get_source(right)})", about=""
            )

    # ------------------------------------------------------------------ calls

    def _mutate_call(self, node: Node) -> Iterator[Mutant]:
        function, listed = (node.child_by_field_name(part) for part in ("function", "arguments"))
        if function is None or listed is None or listed.type != "arguments":
            return
        arguments = list_parts(listed)
        value, name = self._values.resolve(function), self._get_source(function)
        is_direct = value is not None and value.kind == "method"
        is_setter = value is not None and value.kind == "chain method" and value.text in _SENT
        is_own = function.type == "identifier" and name not in {*_GLOBALS, "$proxy"}
        about = (
            _format_call_name(value.draft)
            if value is not None and value.draft is not None
            else name
        )
        for argument in arguments if is_direct or is_setter else ():
            yield from self._drop_members(argument, about)
        for argument in arguments if is_direct or is_setter or is_own else ():
            yield from self._change_value(argument, about, is_sent=is_direct or is_setter)
        if is_direct or is_own:
            yield from self._swap_arguments(arguments, about)
        if is_direct and not arguments and _is_result_unused(node):
            yield self._make_mutant("call", node, "void 0", about=about)
        if function.type == "member_expression":
            yield from self._mutate_method_call(
                function,
                name,
                arguments,
                is_proxy_method=value is not None and value.kind not in _READ,
            )

    def _mutate_method_call(
        self, function: Node, name: str, arguments: Sequence[Node], *, is_proxy_method: bool
    ) -> Iterator[Mutant]:
        """Yield mutants of any method call: of its predicate, ``.catch``, ``Object.assign`` ….

        *function* is what is called, and *name* its source, such as ``list.filter``.
        *is_proxy_method* is whether the method is one of ``$proxy`` or its builder, not of the
        script's own data.
        """
        if not is_proxy_method:
            yield from self._change_method_arguments(function, arguments)
        if arguments and is_predicate_of_list_method(self._tree, arguments[0]):
            yield from self._decide_predicate(arguments[0])
        if name.endswith(".catch") and arguments:
            yield from self._empty_catch_callback(arguments[0])
        if name == "Object.assign":
            yield from self._drop_object_assign_members(arguments)

    def _drop_object_assign_members(self, arguments: Sequence[Node]) -> Iterator[Mutant]:
        """Remove members of the object in ``Object.assign(form, {…})``."""
        target = self._values.resolve(arguments[0]) if arguments else None
        if target is None or target.kind != "form":
            return
        for pair in (pair for one in arguments[1:] for pair in one.named_children):
            if pair.type in {"pair", "shorthand_property_identifier"}:
                yield self._make_mutant("field-write", pair, "...{}", about=self._get_source(pair))

    def _drop_members(self, node: Node, about: str) -> Iterator[Mutant]:
        for pair in self._find_object_members(self._resolve_object(node)):
            mutant = self._make_mutant("body-member", pair, "...{}", about=about)
            key, value = (pair.child_by_field_name(part) for part in ("key", "value"))
            read = self._values.resolve(value)
            if read is not None and read.kind == "result" and read.path:
                probe = probes.make_missing_member_probe(
                    self._get_source(key), self._get_source(value)
                )
                mutant = add_probe(mutant, probe)
            yield mutant

    def _find_object_members(self, node: Node) -> Iterator[Node]:
        """Yield the members of all object literals below *node*."""
        for pair in self._tree.walk(node):
            parent = pair.parent
            is_member = pair.type in {"pair", "shorthand_property_identifier"}
            if is_member and parent is not None and parent.type == "object":
                yield pair

    def _resolve_object(self, node: Node) -> Node:
        """Return the value of *node* if it names a constant, such as an object; else *node*."""
        binding = self._scopes.find_binding(node) if node.type == "identifier" else None
        if binding is None or binding.value is None or binding.path or binding.is_reassigned:
            return node
        return binding.value

    def _swap_arguments(self, arguments: Sequence[Node], about: str) -> Iterator[Mutant]:
        for first, second in pairwise(arguments):
            one, other = self._get_source(first), self._get_source(second)
            is_plain = not {first.type, second.type} & {*FUNCTIONS, "spread_element"}
            if one != other and is_plain:
                between = self._tree.get_bytes_between(first.end_byte, second.start_byte).decode()
                mutant = self._make_mutant(
                    "args-swap", first, f"{other}{between}{one}", until=second, about=about
                )
                yield add_probe(mutant, probes.make_argument_swap_probe(one, other, mutant.old))

    def _change_value(self, node: Node, about: str, *, is_sent: bool) -> Iterator[Mutant]:
        """Change a text literal, or each one in an object literal.

        Of values sent to a third party (*is_sent*), computed ones are changed, too, and a constant
        is followed to its object. *about* names what is changed, such as a call, in messages.
        """
        followed = self._resolve_object(node) if is_sent else node
        if followed.type == "object":
            for pair in followed.named_children:
                value = pair.child_by_field_name("value")
                if value is not None:
                    yield from self._change_value(value, about, is_sent=is_sent)
        elif node.type == "string" and len(text := self._get_source(node)) > len("''"):
            yield self._make_mutant("argument", node, f"{text[:-1]}~{text[-1]}", about=about)
        elif is_sent and node.type in _COMPUTED:
            yield self._make_mutant(
                "argument", node, f"({_OTHER})({self._get_source(node)})", about=about
            )
            yield from self._change_digit(node, about, "argument")

    def _change_digit(self, node: Node, about: str, kind: str) -> Iterator[Mutant]:
        """Change the last digit of a text such as a date.

        *about* names the value in messages; *kind* is the mutant's kind.
        """
        if node.type in _MAYBE_TEXT:
            yield self._make_mutant(
                kind, node, f"({_NEARLY_SAME})({self._get_source(node)})", about=about
            )

    def _change_method_arguments(
        self, function: Node, arguments: Sequence[Node]
    ) -> Iterator[Mutant]:
        """Change literal arguments of methods such as ``slice(0, 10)`` or of date setters."""
        owner, name = (
            self._get_source(function.child_by_field_name(part)) for part in ("object", "property")
        )
        if owner in _GLOBALS:
            return
        for argument in arguments:
            if argument.type in {"number", "string"} or (
                _SETS.match(name) and argument.type in _COMPUTED
            ):
                texts = (owner, self._get_source(arguments[0]), self._get_source(argument))
                probe = probes.make_method_argument_probe(name, *texts)
                for mutant in self._change_value(argument, "", is_sent=True):
                    yield add_probe(mutant, probe)

    def _change_written_or_returned_value(
        self, node: Node, about: str, kind: str = "argument"
    ) -> Iterator[Mutant]:
        """Change a value that is written into a field or returned.

        A text becomes ``~``, so that an expectation of a part of it fails, too. *about* names the
        value in messages; *kind* is the mutant's kind.
        """
        if node.type == "string" and len(self._get_source(node)) > len("''"):
            yield self._make_mutant(kind, node, "'~'", about=about)
        elif node.type in _COMPUTED and not (
            node.type == "identifier" and self._get_source(node) == "undefined"
        ):
            yield self._make_mutant(
                kind, node, f"({_PLAINLY_OTHER})({self._get_source(node)})", about=about
            )
            if kind == "field-write":
                yield from self._change_digit(node, about, kind)

    def _mutate_return(self, node: Node) -> Iterator[Mutant]:
        yield from self._drop_statement(node)
        values = list_parts(node)
        if values and values[0].type not in {"true", "false"}:
            yield from self._change_written_or_returned_value(values[0], RETURNED)

    def _change_thrown_error_text(self, node: Node) -> Iterator[Mutant]:
        """Change the text of a thrown error."""
        name = self._get_source(node.child_by_field_name("constructor"))
        for first in list_arguments(node)[:1] if name.endswith("Error") else ():
            if first.type in {"string", "template_string"}:
                yield from self._change_written_or_returned_value(first, name)

    def _drop_stored_object_member(self, node: Node) -> Iterator[Mutant]:
        """Remove a member of an object that is assigned to a variable, list or field."""
        if not self._is_sent_or_state_object(node):
            for pair in node.named_children:
                if pair.type in {"pair", "shorthand_property_identifier"}:
                    yield self._make_mutant("body-member", pair, "...{}", about="")

    def _is_sent_or_state_object(self, node: Node) -> bool:
        """Return whether the object *node* is passed to a call or assigned to ``$states``.

        The methods that mutate calls and assignments change its members already.
        """
        parent = node.parent
        while parent is not None and parent.type in {"pair", "object", *WRAPPED}:
            parent = parent.parent
        if parent is None:
            return True
        if parent.type == "arguments" and parent.parent is not None:
            function = parent.parent.child_by_field_name("function")
            name = self._get_source(function)
            is_own = function is not None and function.type == "identifier"
            return name.rpartition(".")[2] not in _ADDS and (not is_own or name in _GLOBALS)
        left = parent.child_by_field_name("left") if parent.type in _WRITES else None
        value = self._values.resolve(left)
        return value is not None and bool(value.path) and value.path[0].startswith("$")

    # ------------------------------------------------------------------ conditions

    def _mutate_condition(self, node: Node) -> Iterator[Mutant]:
        condition = node.child_by_field_name("condition")
        if condition is None:
            return
        inner = strip_parentheses(condition)
        about = self._get_source(inner) if self._contains_comparison_or_test(inner) else ""
        # A counting loop without its condition only runs behind the end of what it counts.
        is_counting = node.type in LOOPS and is_order_comparison(inner)
        yield from self._decide_condition(inner, about, ("false",) if is_counting else _TRUTHS)

    def _decide_condition(
        self, node: Node, about: str, truths: Sequence[str], *, adds_probe: bool = False
    ) -> Iterator[Mutant]:
        """Replace the condition *node* by each of *truths*, ``true`` or ``false``.

        A value that *node* always has here is left out. *about* is the condition as messages name
        it, "" for none. With *adds_probe* the mutant gets a probe, which reports whether *node*
        ever had the other value in a run.
        """
        if node.type in _TRUTHS:
            return
        text = self._get_source(node)
        for new in truths:
            if not can_be(self._slips, node, is_denied=new == "true"):
                continue
            mutant = self._make_mutant("code-check", node, new, about=about)
            met = "!v" if new == "true" else "v"
            probe = probes.TRUTH.format(met=met, text=text) if adds_probe else ""
            yield replace(mutant, probe=probe)

    def _decide_case_of_switch_true(self, node: Node) -> Iterator[Mutant]:
        """Replace the condition of a case of ``switch (true)`` by true, and by false."""
        value = node.child_by_field_name("value")
        if value is not None and is_case_of_true(self._tree, node):
            about = self._get_source(value) if self._contains_comparison_or_test(value) else ""
            yield from self._decide_condition(value, about, _TRUTHS)

    def _decide_short_circuit_statement(self, node: Node) -> Iterator[Mutant]:
        """Replace the condition of ``done || send();`` by true, and by false.

        Such a statement is an ``if`` in another spelling.
        """
        whole = strip_parentheses(node.named_children[0]) if node.named_children else None
        left = whole.child_by_field_name("left") if whole is not None else None
        if whole is None or left is None or read_operator(whole) not in {"&&", "||"}:
            return
        inner = strip_parentheses(left)
        about = self._get_source(inner) if self._contains_comparison_or_test(inner) else ""
        yield from self._decide_condition(inner, about, _TRUTHS)

    def _mutate_loop(self, node: Node) -> Iterator[Mutant]:
        """Yield the mutants of a loop's condition, and one that ends after its first iteration."""
        yield from self._mutate_condition(node) if node.type in LOOPS else ()
        body, condition = node.child_by_field_name("body"), node.child_by_field_name("condition")
        if body is None or node.parent is None or node.parent.type == "labeled_statement":
            return
        statements = list_parts(body) if body.type == "statement_block" else [body]
        if not statements or statements[-1].type in _LEAVES:
            return
        head, tail = (
            self._tree.get_bytes_between(*span).decode()
            for span in ((node.start_byte, body.start_byte), (body.end_byte, node.end_byte))
        )
        end = find_end_of_code(body)
        text = self._tree.get_bytes_between(body.start_byte, end).decode()
        is_open = body.type != "statement_block" and not text.endswith(";")
        new = f"{head}{{ {text}{';' * is_open} break; }}{tail}"
        mutant = self._make_mutant("loop", node, new, about=head.strip())
        if condition is not None and not is_order_comparison(condition):
            probe = probes.LOOP.format(head=head, body=text, tail=tail)
            mutant = replace(
                mutant, probe=probe, condition=(condition.start_byte, condition.end_byte)
            )
        yield mutant

    def _decide_predicate(self, function: Node) -> Iterator[Mutant]:
        """Replace what the callback of a list method such as ``filter`` returns by true, by false.

        So the method accepts every element, or none. *function* is the callback; a returned
        variable is left as it is.
        """
        for value in find_returned_values(function):
            inner = strip_parentheses(value)
            if inner.type != "identifier":
                about = self._get_source(inner)
                yield from self._decide_condition(inner, about, _TRUTHS, adds_probe=True)

    def _replace_check_by_constant(self, node: Node) -> Iterator[Mutant]:
        """Replace a check whose result is stored or returned by a constant."""
        if not (
            is_value_stored_or_returned(node)
            and always_gives_boolean(node)
            and self._contains_comparison_or_test(node)
        ):
            return
        yield from self._decide_condition(node, self._get_source(node), _TRUTHS, adds_probe=True)

    def _contains_comparison_or_test(self, node: Node) -> bool:
        """Return whether *node*, or an operand of its ``&&`` and ``||``, checks something.

        That is a comparison with a literal (``a === 1``), or a response used as a condition.
        """
        return any(
            self._compares_literal_or_tests_response(part) for part in find_logical_operands(node)
        )

    def _compares_literal_or_tests_response(self, node: Node) -> bool:
        argument = node.child_by_field_name("argument")
        if read_operator(node) == "!" and argument is not None:
            node = strip_parentheses(argument)
        value = self._values.resolve(node)
        if value is not None and value.kind == "result":
            return True
        if read_operator(node) not in EQUALITIES:
            return False
        sides = [node.child_by_field_name(side) for side in ("left", "right")]
        return any(side is not None and side.type in _LITERALS for side in sides)

    def _mutate_check_or_binary(self, node: Node) -> Iterator[Mutant]:
        yield from self._replace_check_by_constant(node)
        yield from self._mutate_binary(node)

    def _mutate_binary(self, node: Node) -> Iterator[Mutant]:
        sign = read_operator(node)
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return
        if sign in _SHIFTED:
            yield from self._shift_comparison(node, left, right)
        elif sign in {"&&", "||"} and is_used_as_condition(self._tree, node):
            yield from self._drop_operand(node, left, right)
        elif sign in {"||", "??"}:
            yield from self._drop_fallback(node, left)

    def _shift_comparison(self, node: Node, left: Node, right: Node) -> Iterator[Mutant]:
        """Put ``>=`` for ``>`` (and so on) between *left* and *right*, the sides of *node*.

        Nothing is yielded if they are never equal here, or if both branches then do the same.
        """
        if gives_same_result_for_equal_sides(self._tree, node):
            return
        if not can_have_equal_sides(self._slips, node):
            return
        sign = read_operator(node)
        one, other = self._get_source(left), self._get_source(right)
        new = f"{one} {_SHIFTED[sign]} {other}"
        mutant = self._make_mutant("comparison", node, new, about=self._get_source(node))
        probe = probes.SIDES.format(sign=sign, left=one, right=other)
        yield replace(mutant, probe=probes.separate_from_statement_before(self._tree, node, probe))

    def _drop_operand(self, node: Node, left: Node, right: Node) -> Iterator[Mutant]:
        for kept, dropped in ((left, right), (right, left)):
            if can_decide(self._slips, dropped, kept, node):
                about = self._get_source(dropped)
                new = probes.separate_from_statement_before(
                    self._tree, node, f"({self._get_source(kept)})"
                )
                yield self._make_mutant("code-check", node, new, about=about)

    def _drop_fallback(self, node: Node, left: Node) -> Iterator[Mutant]:
        is_useless = is_fallback_without_effect(self._tree, node) or _is_result_unused(node)
        if not is_useless and can_need_fallback(self._slips, node):
            text = self._get_source(left)
            yield self._make_mutant("fallback", node, f"({text})", about=text)

    # ------------------------------------------------------------------ errors

    def _drop_statement(self, node: Node) -> Iterator[Mutant]:
        if node.type == "return_statement":
            values = list_parts(node)
            if values and values[0].type != "false":
                return
            if not values:
                if not is_last_executed_statement(node):
                    yield self._make_mutant("guard", node, ";", about=self._get_source(node))
                return
        block = node.parent
        outer = block.parent if block is not None and len(list_parts(block)) == 1 else None
        if outer is not None and outer.type == "catch_clause":
            return  # the same as to swallow it
        if node.type == "return_statement":
            yield self._make_mutant("guard", node, "return;", about=self._get_source(node))
        yield self._make_mutant("guard", node, ";", about=self._get_source(node))

    def _empty_catch_block(self, node: Node) -> Iterator[Mutant]:
        body = node.child_by_field_name("body")
        if body is not None and list_parts(body):
            yield self._make_mutant(
                "error-swallowed", body, "{}", about=self._join_call_names_in_try(node)
            )

    def _join_call_names_in_try(self, catch: Node) -> str:
        """Return the names (``platform.api``) of the calls in the ``try`` block of *catch*.

        They are separated by commas, each once; "" if there is none.
        """
        block = catch.parent.child_by_field_name("body") if catch.parent is not None else None
        return ", ".join(dict.fromkeys(self.find_call_names(block))) if block is not None else ""

    def find_call_names(self, block: Node) -> Iterator[str]:
        """Yield the name of each call of a third party in *block*: ``crm.get_customer``.

        ``?`` stands for a platform or API that the source does not name.
        """
        for node in self._tree.walk(block):
            value = self._values.resolve(node) if node.type == "call_expression" else None
            if value is not None and value.kind == "promise" and value.call >= 0:
                yield _format_call_name(self._values.calls[value.call])

    def _empty_catch_callback(self, handler: Node) -> Iterator[Mutant]:
        body = handler.child_by_field_name("body") if handler.type in FUNCTIONS else None
        if body is not None and (body.type != "statement_block" or list_parts(body)):
            yield self._make_mutant("error-swallowed", handler, "() => {}")

    def _swallow_awaited(self, node: Node) -> Iterator[Mutant]:
        inner = next(reversed(list_parts(node)), None)
        value = self._values.resolve(inner)
        if inner is None or value is None or value.kind != "promise" or value.call < 0:
            return
        text = self._get_source(inner)
        if _has_error_handler(node) or ".catch(" in text or "arguments" in text:
            return
        new = f"await (async () => {{ try {{ return await {text}; }} catch {{ return {{}}; }} }})()"
        about = _format_call_name(self._values.calls[value.call])
        yield self._make_mutant("error-swallowed", node, new, about=about)


def _format_call_name(call: ProxyCall) -> str:
    return f"{call.platform or '?'}.{call.api or '?'}"


def _is_result_unused(node: Node) -> bool:
    """Return whether *node* is a whole statement, awaited or not, so that its result is lost."""
    parent = node.parent
    if parent is not None and parent.type == "await_expression":
        parent = parent.parent
    return parent is not None and parent.type == "expression_statement"


def _has_error_handler(node: Node) -> bool:
    """Return whether a handler of the same function catches errors of *node*."""
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
    "call_expression": _MutantReader._mutate_call,  # noqa: SLF001
    "if_statement": _MutantReader._mutate_condition,  # noqa: SLF001
    "ternary_expression": _MutantReader._mutate_condition,  # noqa: SLF001
    "binary_expression": _MutantReader._mutate_check_or_binary,  # noqa: SLF001
    "unary_expression": _MutantReader._replace_check_by_constant,  # noqa: SLF001
    "expression_statement": _MutantReader._decide_short_circuit_statement,  # noqa: SLF001
    "switch_case": _MutantReader._decide_case_of_switch_true,  # noqa: SLF001
    "while_statement": _MutantReader._mutate_loop,  # noqa: SLF001
    "do_statement": _MutantReader._mutate_loop,  # noqa: SLF001
    "for_statement": _MutantReader._mutate_loop,  # noqa: SLF001
    "for_in_statement": _MutantReader._mutate_loop,  # noqa: SLF001
    "object": _MutantReader._drop_stored_object_member,  # noqa: SLF001
    "new_expression": _MutantReader._change_thrown_error_text,  # noqa: SLF001
    "throw_statement": _MutantReader._drop_statement,  # noqa: SLF001
    "return_statement": _MutantReader._mutate_return,  # noqa: SLF001
    "catch_clause": _MutantReader._empty_catch_block,  # noqa: SLF001
    "await_expression": _MutantReader._swallow_awaited,  # noqa: SLF001
}
