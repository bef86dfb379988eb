"""Promises used as if they were their results, because ``await`` was forgotten."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.i18n import msg
from bpmax_sim.script_source.kinds import strip_parentheses
from bpmax_sim.script_source.scopes import Scopes
from bpmax_sim.script_source.syntax import SyntaxTree, list_parts
from bpmax_sim.script_source.values import (
    PROMISES,
    ScriptValue,
    Values,
    find_parent_beyond_parentheses,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_OF_PROMISES: Final = frozenset({"then", "catch", "finally", "constructor"})
_JOINS: Final = frozenset({"all", "allSettled", "any", "race"})
_OF_VALUES: Final = frozenset(
    {"===", "!==", "==", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/", "%"}
)
_MEMBERS: Final = frozenset({"member_expression", "subscript_expression"})


class PromiseMisuse(msgspec.Struct, frozen=True):
    """A place where a promise is used instead of its result.

    Attributes:
        usage: ``member``: a member of it is read; ``value``: its value is used; ``nothing``:
            nothing awaits it.
        name: member, or function of ``Promise``.
        function: library function whose call returns it; "" if the script itself shows that it is a
            promise.
    """

    usage: Literal["member", "value", "nothing"]
    name: str
    place: Place
    function: str = ""

    @property
    def message(self) -> str:
        """Return what is wrong, and what to write instead."""
        if self.usage == "member":
            member = f".{self.name}"
            return msg(
                "{member} is read of a promise and is undefined; put await before the call",
                member=member,
            )
        if self.usage == "value":
            return msg(
                "a promise stands here in place of its value, and is always true; put await "
                "before the call"
            )
        return msg(
            "nothing waits for {name}; put await before it, or void where that is meant",
            name=self.name,
        )


def select_certain_misuses(
    misuses: Iterable[PromiseMisuse], async_functions: Collection[str]
) -> Iterator[PromiseMisuse]:
    """Yield those of *misuses* in which the value certainly is a promise.

    That is so if the script itself shows it, or if it is the result of a library function that is
    among *async_functions*, the known ones that return a promise.
    """
    for misuse in misuses:
        if not misuse.function or misuse.function in async_functions:
            yield misuse


class PromiseMisuseReader:
    """Finds the promises of a script that are not awaited."""

    def __init__(self, tree: SyntaxTree, scopes: Scopes, values: Values) -> None:
        self._tree = tree
        self._scopes = scopes
        self._values = values

    def find_misuses(self, nodes: Iterable[Node]) -> Iterator[PromiseMisuse]:
        """Yield every promise among *nodes* that is used as its value, or not used at all."""
        for node in nodes:
            if node.type in _MEMBERS:
                yield from self._find_member_of_promise(node)
            elif node.type == "expression_statement":
                yield from self._find_unawaited_promise_all(node)
            for operand in self._find_used_operands(node):
                value = self._values.resolve(operand)
                if value is not None and value.kind in PROMISES:
                    place = self._tree.find_place(operand)
                    yield PromiseMisuse("value", "", place, _find_undeclared_function(value))

    def _find_member_of_promise(self, node: Node) -> Iterator[PromiseMisuse]:
        owner = self._values.resolve(node.child_by_field_name("object"))
        name = self._values.read_member_name(node)
        is_promise = owner is not None and owner.kind in PROMISES
        if owner is not None and is_promise and name not in _OF_PROMISES:
            where = node.child_by_field_name("property") or node.child_by_field_name("index")
            place = self._tree.find_place(where or node)
            yield PromiseMisuse("member", name or "*", place, _find_undeclared_function(owner))

    def _find_unawaited_promise_all(self, statement: Node) -> Iterator[PromiseMisuse]:
        """Yield ``Promise.all(…);`` as a statement of its own."""
        call = statement.named_children[0] if statement.named_children else statement
        callee = call.child_by_field_name("function") if call.type == "call_expression" else None
        owner = callee.child_by_field_name("object") if callee is not None else None
        if callee is None or owner is None or self._tree.get_source(owner) != "Promise":
            return
        name = self._values.read_member_name(callee)
        if name in _JOINS and self._scopes.is_global(owner):
            yield PromiseMisuse("nothing", f"Promise.{name}", self._tree.find_place(call))

    def _find_used_operands(self, node: Node) -> Iterator[Node]:
        """Yield the operands whose value, or truth, *node* uses, as in ``a + b`` or ``!a``."""
        operator = node.child_by_field_name("operator")
        kind = operator.type if operator is not None else ""
        sides = ("left", "right") if kind in _OF_VALUES else ("left",)
        if node.type == "binary_expression" and kind in {"&&", "||", *_OF_VALUES}:
            found = [node.child_by_field_name(side) for side in sides]
        elif node.type == "unary_expression" and kind in {"!", "-", "+"}:
            found = [node.child_by_field_name("argument")]
        elif node.type == "template_substitution":
            found = [*list_parts(node)[:1]]
        else:
            found = [node.child_by_field_name("condition")]
        for operand in found:
            inner = strip_parentheses(operand)
            if inner is not None and inner.type not in {"binary_expression", "await_expression"}:
                yield inner


def _find_undeclared_function(value: ScriptValue) -> str:
    return value.text if value.kind == "outside promise" else ""


def find_assignments_in_conditions(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield ``a = b`` used as a condition, except in doubled parentheses, which mark intent."""
    for node in nodes:
        if node.type != "assignment_expression" or node.parent is None:
            continue
        around, parent = node.parent, find_parent_beyond_parentheses(node)
        is_doubled = (
            around.type == "parenthesized_expression"
            and around.parent is not None
            and around.parent.type == "parenthesized_expression"
        )
        condition = parent.child_by_field_name("condition")
        is_asked = condition is not None and (
            condition.start_byte <= node.start_byte < condition.end_byte
        )
        right = node.child_by_field_name("right")
        is_loop = parent.type in {"while_statement", "do_statement", "for_statement"}
        is_moving = is_loop and right is not None and right.type in {"call_expression", *_MEMBERS}
        if is_asked and not is_doubled and not is_moving:
            yield node
