"""Find which input (row, response or fault) would reach a branch that no run took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from bpmax_sim.errors import Place
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.script_source.counters import Counter
from bpmax_sim.script_source.kinds import (
    OPPOSITES,
    list_arguments,
    read_operator,
    strip_parentheses,
)
from bpmax_sim.script_source.reading import BUILT_IN
from bpmax_sim.script_source.scopes import Scopes
from bpmax_sim.script_source.syntax import SyntaxTree, is_caught_below, list_parts
from bpmax_sim.script_source.values import ProxyCall, ScriptValue, Values

if TYPE_CHECKING:
    from tree_sitter import Node

_TURNED: Final = {">": "<", "<": ">", ">=": "<=", "<=": ">="}
_WRITTEN: Final = {"===": "=", "==": "=", "!==": "≠", "!=": "≠", ">=": "≥", "<=": "≤"}
_NAMES: Final = frozenset({"member_expression", "subscript_expression", "identifier"})
_DEEPEST: Final = 2
_CONVERSIONS: Final = frozenset({"Number", "String", "parseFloat", "parseInt"})
_LITERALS: Final = frozenset({"number", "string", "true", "false", "null", "undefined"})


_CONDITIONAL: Final = {
    "then": "if_statement",
    "else": "if_statement",
    "?": "ternary_expression",
    ":": "ternary_expression",
}
_Requirement = tuple[str, str]
"""What has to be so: the call whose response has it, nothing for a row, and what it is."""
_UNTAKEN: Final[Mapping[str, str]] = {
    "then": msg("this condition was never true"),
    "else": msg("this condition was always true"),
    "?": msg("this condition was never true"),
    ":": msg("this condition was always true"),
    "&&": msg("what stands before && was never true"),
    "||": msg("what stands before || was always true"),
    "??": msg("what stands before ?? was always there"),
    "case": msg("this case never came"),
    "default": msg("there was a case for everything"),
    "catch": msg("this handler never caught an error"),
    "": msg("this function was never called"),
}


def describe_untaken(arm: str, reach: str = "", *, has_decided: bool = True) -> str:
    """Return why the branch *arm* ("" for a function) was not taken, with advice.

    *reach* is the input that would take it, such as ``a row with 金额 > 5``; "" for no advice.
    *has_decided* tells whether any run came to what decides about it: a condition that no run came
    to was neither true nor false.
    """
    message = _UNTAKEN[arm] if has_decided else msg("no run came here")
    return msg("{message}; add {reach}", message=message, reach=reach) if reach else message


class ComparisonBoundary(NamedTuple):
    """A comparison of a script, and the input that tells ``<`` from ``<=``.

    Attributes:
        left, operator, right: its parts, as text.
        equal_input: the row or response in which both sides are equal, such as ``a row with 金额 =
            5``: "" if it is unclear, and None if neither side is read from a form or a response.
    """

    left: str
    operator: str
    right: str
    equal_input: str | None


class ReachFinder:
    """Finds, by reading a script, which input makes it take a branch; nothing is run.

    An input is a row of a scenario's table, a response or a fault.
    """

    def __init__(self, text: str, file: str) -> None:
        self._tree = SyntaxTree(text, file)
        self._scopes = Scopes(self._tree)
        self._values = Values(self._tree, self._scopes)

    def describe_reach(self, branch: Counter) -> str:
        """Return the row, response or fault that would reach *branch*; "" if unclear."""
        node = self._tree.find_node_at(Place(self._tree.name, branch.line, branch.column))
        if node is None:
            return ""
        if branch.arm == "catch":
            return self._ask_for_fault_in_try(node)
        if branch.arm in {"case", "default"}:
            return _join_requirements(self._find_case_requirements(node)) or _ask_for_other_values(
                self._find_reads_of_switch_value(node)
            )
        if kind := _CONDITIONAL.get(branch.arm):
            owner = self._find_deciding_ancestor(node, kind, branch)
            condition = owner.child_by_field_name("condition") if owner is not None else None
            return self._describe_input_for_condition(condition, holds=branch.arm in {"then", "?"})
        return self._describe_input_for_condition(
            _find_left_operand(node), holds=branch.arm == "&&"
        )

    def _find_deciding_ancestor(self, node: Node, kind: str, branch: Counter) -> Node | None:
        """Return the node of type *kind* at or above *node* that decides about *branch*, or None.

        Of ``else if`` on one line, each ``if`` decides about branches of its own.
        """
        current: Node | None = node
        while current is not None:
            place = self._tree.find_place(current)
            if current.type == kind and (place.line, place.column) == branch.decision:
                return current
            current = current.parent
        return None

    def describe_condition(self, start: int, end: int, *, holds: bool) -> str:
        """Return the input that makes the condition true or false (*holds*).

        For example ``a row with 金额 > 5``. If that is not clear, it asks for other values of the
        fields and response members that the condition reads; "" if it reads none. The condition is
        at the bytes from *start* to *end*.
        """
        node = self._tree.root.descendant_for_byte_range(start, end)
        return self._describe_input_for_condition(node, holds=holds)

    def describe_comparison_boundary(self, start: int, end: int) -> ComparisonBoundary:
        """Return the comparison at the bytes from *start* to *end*, and the input that tests it."""
        node = self._tree.root.descendant_for_byte_range(start, end)
        names = ("left", "operator", "right")
        sides = [node.child_by_field_name(name) for name in names] if node is not None else []
        left, sign, right = (side for side in sides if side is not None)
        reach = _join_requirements(
            self._find_comparison_requirements(left, "===", right, holds=True)
        )
        is_read = reach or any(True for side in (left, right) for _ in self._find_reads(side))
        texts = (self._tree.get_source(left), sign.type, self._tree.get_source(right))
        return ComparisonBoundary(*texts, reach if is_read else None)

    def _describe_input_for_condition(self, node: Node | None, *, holds: bool) -> str:
        exact = _join_requirements(self._find_requirements(node, holds=holds))
        if exact or node is None:
            return exact
        return _ask_for_other_values(self._find_reads(node)) or self._ask_for_other_error(node)

    def _find_reads_of_switch_value(self, case: Node) -> Iterator[_Requirement]:
        """Yield the fields and response members in the value of the ``switch`` around *case*."""
        node: Node | None = case
        while node is not None and node.type != "switch_statement":
            node = node.parent
        value = node.child_by_field_name("value") if node is not None else None
        if value is not None:
            yield from self._find_reads(value)

    def _find_reads(self, node: Node, depth: int = 0) -> Iterator[_Requirement]:
        """Yield the fields and response members that *node* reads, through variables too.

        *depth* is the number of variables followed so far, which is limited.
        """
        for inner in self._tree.walk(node):
            value = self._values.resolve(inner)
            if inner.type == "identifier" and value is None and depth < _DEEPEST:
                for assigned in self._assigned_values.get(self._tree.get_source(inner), ()):
                    yield from self._find_reads(assigned, depth + 1)
            if inner.type in _NAMES and value is not None and value.path:
                path = value.path
                while path[1:] and path[-1] in BUILT_IN:
                    path = path[:-1]
                yield from self._to_requirements(value, ".".join(path))

    @cached_property
    def _assigned_values(self) -> Mapping[str, Sequence[Node]]:
        """Return the expressions assigned to each variable or member, by its text."""
        values: dict[str, list[Node]] = {}
        for node in self._tree.walk():
            left, right = (node.child_by_field_name(side) for side in ("left", "right"))
            if node.type == "assignment_expression" and left and right:
                values.setdefault(self._tree.get_source(left), []).append(right)
        return values

    def _find_requirements(self, node: Node | None, *, holds: bool) -> list[_Requirement]:
        """Return what makes *node* true or false (*holds*); empty if that is unclear.

        A requirement is the name of the call whose response has to be so, "" for the form, and what
        has to be so, such as ``金额 > 5``.
        """
        while node is not None and node.type in {"parenthesized_expression", "unary_expression"}:
            operator = node.child_by_field_name("operator")
            if operator is not None and operator.type != "!":
                return []
            holds ^= operator is not None
            node = next(iter(list_parts(node)), None)
        if node is None:
            return []
        binary = node.type == "binary_expression"
        return (self._find_binary_requirements if binary else self._find_truth_requirements)(
            node, holds=holds
        )

    def _find_binary_requirements(self, node: Node, *, holds: bool) -> list[_Requirement]:
        operator = node.child_by_field_name("operator")
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if operator is None or left is None or right is None:
            return []
        if operator.type in OPPOSITES:
            return self._find_comparison_requirements(left, operator.type, right, holds=holds)
        if operator.type not in {"&&", "||"}:
            return []
        one, other = (self._find_requirements(side, holds=holds) for side in (left, right))
        # A true ``&&`` and a false ``||`` need both sides, the other two need any one of them.
        if (operator.type == "&&") is holds:
            return [*one, *other] if one and other else []
        return one or other

    def _find_comparison_requirements(
        self, left: Node, operator: str, right: Node, *, holds: bool
    ) -> list[_Requirement]:
        left, right = self._find_converted_expression(left), self._find_converted_expression(right)
        if left.type in _LITERALS:
            left, operator, right = right, _TURNED.get(operator, operator), left
        found, field = self._values.resolve(left), self._values.resolve(right)
        is_field = field is not None and field.kind == "form" and bool(field.path)
        if not (right.type in _LITERALS or is_field) or found is None or not found.path:
            return []
        if self._is_only_part_of_input(left, found):
            return []
        wanted = operator if holds else OPPOSITES[operator]
        value = (
            ".".join(field.path) if field is not None and is_field else self._tree.get_source(right)
        )
        sign = _WRITTEN.get(wanted, wanted)
        name = ".".join(found.path)
        return self._to_requirements(
            found, msg("{name} {sign} {value}", name=name, sign=sign, value=value)
        )

    def _find_converted_expression(self, node: Node) -> Node:
        """Return the expression that *node* converts: ``form.a`` for ``Number(form.a)``.

        A name that is assigned only once is replaced by its value.
        """
        binding = self._scopes.find_binding(node) if node.type == "identifier" else None
        if binding is not None and not (binding.is_reassigned or binding.path):
            inner = binding.value
        elif node.type == "call_expression":
            function = node.child_by_field_name("function")
            is_conversion = function is not None and self._tree.get_source(function) in _CONVERSIONS
            inner = next(iter(list_arguments(node)), None) if is_conversion else None
        elif node.type == "unary_expression" and read_operator(node) == "+":
            inner = node.child_by_field_name("argument")
        else:
            is_fallback = read_operator(node) in {"||", "??"}
            inner = node.child_by_field_name("left") if is_fallback else None
        return self._find_converted_expression(inner) if inner is not None else node

    def _is_only_part_of_input(self, node: Node, value: ScriptValue) -> bool:
        """Return whether *node* is computed from the field *value* by a method such as ``filter``.

        Its value then says nothing simple about the field as a whole. False for a response.
        """
        while (owner := node.child_by_field_name("object")) is not None:
            node = owner
        return (
            value.kind in {"form", "ctx"}
            and self._find_converted_expression(node).type == "call_expression"
        )

    def _find_truth_requirements(self, node: Node, *, holds: bool) -> list[_Requirement]:
        found = self._values.resolve(node)
        if found is None or not found.path or self._is_only_part_of_input(node, found):
            return []
        path = found.path[:-1] if found.path[-1] == "length" else found.path
        name = ".".join(path)
        text = msg("{name} not empty", name=name) if holds else msg("{name} empty", name=name)
        return self._to_requirements(found, text)

    def _to_requirements(self, value: ScriptValue, text: str) -> list[_Requirement]:
        """Return *text* as a requirement on the form, or on the response that has *value*.

        Empty if *value* is part of neither.
        """
        if value.kind in {"form", "ctx"}:
            return [("", text)]
        if value.kind == "result" and 0 <= value.call < len(self._values.calls):
            call = _name_call(self._values.calls[value.call])
            return [(call, text)] if call else []
        return []

    def _find_case_requirements(self, node: Node) -> list[_Requirement]:
        case = node if node.type == "switch_case" else node.parent
        if case is None or case.type != "switch_case" or case.parent is None:
            return []
        switch, value = case.parent.parent, case.child_by_field_name("value")
        asked = strip_parentheses(switch.child_by_field_name("value")) if switch else None
        if asked is None or value is None:
            return []
        return self._find_comparison_requirements(asked, "===", value, holds=True)

    def _ask_for_fault_in_try(self, node: Node) -> str:
        """Return a text that asks for a fault on the first call in the ``try`` before *node*."""
        call = self._find_call_of_handler(_find_catch_clause(node))
        return msg("a fault on {call}, such as {{error: timeout}}", call=call) if call else ""

    def _ask_for_other_error(self, condition: Node) -> str:
        """Return a text that asks for another error, if *condition* is about a caught one."""
        clause = _find_catch_clause(condition)
        caught = clause.child_by_field_name("parameter")
        name = self._tree.get_source(caught) if caught is not None else ""
        names = {self._tree.get_source(one) for one in self._tree.walk(condition)}
        call = self._find_call_of_handler(clause) if name in names else ""
        return msg("another fault on {call}", call=call) if call else ""

    def _find_call_of_handler(self, clause: Node) -> str:
        """Return the first call in the ``try`` whose handler is *clause*; "" if there is none."""
        body = clause.parent.child_by_field_name("body") if clause.parent is not None else None
        return next(self._find_calls(body), "") if body is not None else ""

    def _find_calls(self, body: Node) -> Iterator[str]:
        """Yield the name of each call in *body* whose error leaves it."""
        for node in self._tree.walk(body):
            if node.type != "call_expression":
                continue
            value = self._values.resolve(node)
            is_call = value is not None and 0 <= value.call < len(self._values.calls)
            is_call = is_call and not is_caught_below(node, lambda parent: parent == body.parent)
            if (
                value is not None
                and is_call
                and (name := _name_call(self._values.calls[value.call]))
            ):
                yield name


def _join_requirements(required: list[_Requirement]) -> str:
    """Return requirements as text: ``a row with …, a response of crm.find with …``."""
    texts = []
    for call in dict.fromkeys(call for call, _ in required):
        having = join_list(text for owner, text in required if owner == call)
        texts.append(
            msg("a response of {call} with {having}", call=call, having=having)
            if call
            else msg("a row with {having}", having=having)
        )
    return join_list(texts) if texts else ""


def _ask_for_other_values(reads: Iterator[_Requirement]) -> str:
    """Return a text that asks for other values of what was read: ``a row with another status``."""
    names: dict[str, dict[str, None]] = {}
    for call, name in reads:
        if not any(known.startswith(f"{name}.") for known in names.get(call, ())):
            names.setdefault(call, {})[name] = None
    texts = [
        msg("a response of {call} with another {names}", call=call, names=join_list(known))
        if call
        else msg("a row with another {names}", names=join_list(known))
        for call, known in names.items()
    ]
    return join_list(texts) if texts else ""


def _name_call(call: ProxyCall) -> str | None:
    return f"{call.platform}.{call.api}" if call.platform and call.api else None


def _find_catch_clause(node: Node) -> Node:
    """Return the nearest ``catch`` around *node*; without one, the whole script."""
    while node.type != "catch_clause" and node.parent is not None:
        node = node.parent
    return node


def _find_left_operand(node: Node) -> Node | None:
    """Return the left side of the operator whose right side begins with *node*; None if none."""
    current: Node | None = node
    while current is not None and current.parent is not None:
        right = current.parent.child_by_field_name("right")
        if right is not None and right.id == current.id:
            return current.parent.child_by_field_name("left")
        current = current.parent
    return None
