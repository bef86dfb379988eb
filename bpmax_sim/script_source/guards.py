"""Members that a script tests before it uses them, such as ``if ('x' in form) form.x = 1``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from bpmax_sim.script_source.kinds import list_arguments, read_operator
from bpmax_sim.script_source.syntax import SyntaxTree, list_parts
from bpmax_sim.script_source.values import ScriptValue, Values

if TYPE_CHECKING:
    from tree_sitter import Node

_BRANCHES: Final = frozenset({"if_statement", "ternary_expression"})
_NOTHING: Final = frozenset({"undefined", "null", "void 0"})
_EQUAL: Final = {"===": True, "==": True, "!==": False, "!=": False}


class Guards:
    """Finds the tests by which a script checks that a member exists, and the code behind them.

    So ``if (form.a) { form.a.b }`` is not reported as reading a member of undefined.
    """

    def __init__(self, tree: SyntaxTree, values: Values) -> None:
        self._tree = tree
        self._values = values
        self._known: dict[tuple[int, bool], tuple[ScriptValue, ...]] = {}

    def is_guarded(self, node: Node, value: ScriptValue) -> bool:
        """Return whether *node* is only reached if *value*, or an object that holds it, is present.

        For ``form.a.b`` these are ``form.a.b`` and ``form.a``.
        """
        return any(
            known.path
            and known.kind == value.kind
            and known.call == value.call
            and value.path[: len(known.path)] == known.path
            for condition, holds in self._find_deciding_conditions(node)
            for known in self._list_present_values(condition, holds)
        )

    def is_presence_test(self, node: Node) -> bool:
        """Return whether *node* compares a value with undefined or null."""
        sides = [node.child_by_field_name(side) for side in ("left", "right")]
        return read_operator(node) in _EQUAL and any(map(self._is_null_or_undefined, sides))

    def _find_deciding_conditions(self, node: Node) -> Iterator[tuple[Node, bool]]:
        """Yield each condition that decides whether *node* is reached, and if it has to be true.

        If not, *node* is reached only where it is false.
        """
        child, parent = node, node.parent
        while parent is not None:
            if parent.type in _BRANCHES:
                condition = parent.child_by_field_name("condition")
                if condition is not None and condition != child:
                    yield condition, parent.child_by_field_name("consequence") == child
            elif parent.type in {"statement_block", "program"}:
                yield from (
                    (one.condition, one.holds)
                    for one in self._tree.find_exits_before(parent, child)
                )
            elif read_operator(parent) in {"&&", "||"}:
                left = parent.child_by_field_name("left")
                if left is not None and left != child:
                    yield left, read_operator(parent) == "&&"
            child, parent = parent, parent.parent

    def _list_present_values(self, condition: Node, holds: bool) -> tuple[ScriptValue, ...]:
        """Return the values that are present, neither null nor absent, if *condition* is true.

        Or, with *holds* false, if it is false. The result is cached.
        """
        key = condition.id, holds
        if key not in self._known:
            self._known[key] = tuple(self._find_present_values(condition, holds))
        return self._known[key]

    def _find_present_values(self, condition: Node, holds: bool) -> Iterator[ScriptValue]:
        """Yield the values that are present if *condition* is true, or false with *holds* false.

        That is ``form.b`` for ``'b' in form`` that is true.
        """
        if condition.type == "parenthesized_expression":
            for child in list_parts(condition)[:1]:
                yield from self._find_present_values(child, holds)
        operator = read_operator(condition)
        left, right = (condition.child_by_field_name(side) for side in ("left", "right"))
        argument = condition.child_by_field_name("argument")
        if operator == "!" and argument is not None:
            yield from self._find_present_values(argument, not holds)
        # Both sides hold if ``&&`` holds, and neither does if ``||`` does not; else one may.
        elif operator == ("&&" if holds else "||") and left is not None and right is not None:
            yield from self._find_present_values(left, holds)
            yield from self._find_present_values(right, holds)
        elif operator == "in" and holds:
            yield from self._find_member_value(right, left)
        elif operator in _EQUAL and _EQUAL[operator] != holds:
            yield from self._find_compared_values(left, right)
        elif condition.type == "call_expression" and holds:
            yield from self._find_member_tested_as_own(condition)

    def _find_compared_values(self, left: Node | None, right: Node | None) -> Iterator[ScriptValue]:
        """Yield the value that is compared with undefined or null, on whichever side it is."""
        for one, other in ((left, right), (right, left)):
            if one is None or not self._is_null_or_undefined(other):
                continue
            inner = one.child_by_field_name("argument") if read_operator(one) == "typeof" else one
            if (value := self._values.resolve(inner)) is not None:
                yield value

    def _find_member_tested_as_own(self, call: Node) -> Iterator[ScriptValue]:
        """Yield the member that ``form.hasOwnProperty('x')`` or ``Object.hasOwn`` tests."""
        callee, arguments = call.child_by_field_name("function"), list_arguments(call)
        name = callee.child_by_field_name("property") if callee is not None else None
        method = self._tree.get_source(name) if name is not None else ""
        if method == "hasOwnProperty" and callee is not None and len(arguments) == 1:
            yield from self._find_member_value(callee.child_by_field_name("object"), arguments[0])
        elif method == "hasOwn" and len(arguments) == 2:  # noqa: PLR2004 - an object and a name
            yield from self._find_member_value(arguments[0], arguments[1])

    def _find_member_value(self, owner: Node | None, name: Node | None) -> Iterator[ScriptValue]:
        text = self._values.resolve(name)
        if text is not None and text.kind == "text":
            value = self._values.resolve_member(self._values.resolve(owner), (text.text,))
            if value is not None:
                yield value

    def _is_null_or_undefined(self, node: Node | None) -> bool:
        """Return whether *node* is ``undefined``, ``null`` or ``typeof``'s ``'undefined'``."""
        if node is None:
            return False
        text = self._tree.read_literal_text(node)
        return text == "undefined" or self._tree.get_source(node) in _NOTHING
