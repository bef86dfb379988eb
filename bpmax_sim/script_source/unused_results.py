"""Results of calls that are not used, and handlers that ignore an error silently."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.script_source.kinds import list_arguments, strip_parentheses
from bpmax_sim.script_source.scopes import FUNCTIONS, Scopes
from bpmax_sim.script_source.syntax import (
    SyntaxTree,
    is_await,
    is_await_as_name,
    is_caught_below,
    list_parts,
)
from bpmax_sim.script_source.values import PROMISES, WRAPPED, Values, find_parent_beyond_parentheses

if TYPE_CHECKING:
    from tree_sitter import Node

_EMPTY: Final = frozenset({"", "{}", "[]", "null", "undefined", "''", '""', "({})", "void 0"})
_ASKS: Final = frozenset({"if_statement", "ternary_expression", "while_statement"})
_EQUALITIES: Final = frozenset({"!", "===", "!==", "==", "!=", "&&"})
_ASKING: Final = _ASKS | {"do_statement", "for_statement", "switch_statement"}
_COMPARES: Final = _EQUALITIES | {"||", "<", "<=", ">", ">=", "in"}
_OF_LITERALS: Final = frozenset({
    "object", "array", "pair", "property_identifier", "string", "string_fragment", "number", "true",
    "false", "null", "unary_expression", "comment", "escape_sequence",
})  # fmt: skip
_COMPUTED: Final = frozenset({
    "identifier", "member_expression", "subscript_expression", "call_expression",
    "await_expression", "new_expression",
})  # fmt: skip
TELLING_FAILURE: Final = re.compile(
    r"失败|错误|异常|超时|未知|不可用|不存在|无法|没有|暂无|离线|未[找查]到|[找查]不到|查无|手工|人工|稍后|重试|"
    r"待[补查填]|fail|error|unknown|timeout|unavailable|not found|offline|n/a|none|by hand|"
    r"try again",
    re.IGNORECASE,
)
"""What a text has in it that shows a person that something failed."""
_OPEN_PATTERNS: Final = frozenset({"rest_pattern", "computed_property_name", "array_pattern"})
"""Patterns that take more than known members out of an object."""
_OF_OBJECTS: Final = frozenset({
    "hasOwnProperty", "valueOf", "toString", "propertyIsEnumerable", "map", "filter", "find",
    "some", "every", "forEach", "reduce",
})  # fmt: skip


class ScriptRange(msgspec.Struct, frozen=True):
    """A part of a script.

    Attributes:
        start, end: begin and end (exclusive) of the part.
    """

    start: Place
    end: Place

    def covers(self, place: Place) -> bool:
        """Return whether *place* is within the part."""
        first, last = (self.start.line, self.start.column), (self.end.line, self.end.column)
        return place.file == self.start.file and first <= (place.line, place.column) < last


class IgnoredErrorRange(ScriptRange, frozen=True):
    """A part of a script whose errors a handler ignores, although the part uses results of calls.

    Attributes:
        place: place of the handler.
        way: how the error is ignored: by an ``empty`` handler; by one that ``replaces`` the result
            by a fixed object, which nothing asks whether it is one; or ``settled``, where there is
            no handler and nothing looks at the results of ``Promise.allSettled``.
    """

    place: Place
    way: Literal["empty", "replaces", "settled"] = "empty"


class ResultUse(ScriptRange, frozen=True):
    """How the script uses the result of the call that this part of it makes.

    Attributes:
        call: index of the call in `Values.calls`.
        is_by_members: whether the script reads known members of it and does nothing else with it:
            no condition asks for one, and nothing else gets the result as a whole.
    """

    call: int
    is_by_members: bool


class UnreadResult(msgspec.Struct, frozen=True):
    """A name that gets the result of a call and is never read.

    Attributes:
        name: the declared name.
        call: index of the call in `Values.calls`.
        place: place of the declaration.
    """

    name: str
    call: int
    place: Place


class ResultReader:
    """Finds unused results and ignored errors in one script."""

    def __init__(self, tree: SyntaxTree, scopes: Scopes, values: Values) -> None:
        self._tree = tree
        self._scopes = scopes
        self._values = values

    def find_unused_call_numbers(self, nodes: Iterable[Node]) -> Iterator[int]:
        """Yield the index of each ``$proxy`` call whose result and failure are both ignored."""
        for node in nodes:
            number = self._find_call_number(node)
            is_handled = is_caught_below(
                node, lambda parent: parent.type in FUNCTIONS
            ) or self._has_catch_callback(node)
            if number >= 0 and self._is_value_ignored(node) and not is_handled:
                yield number

    def _has_catch_callback(self, node: Node | None) -> bool:
        """Return whether the chain of calls *node* has a ``.catch(…)`` that does something."""
        while node is not None and node.type == "call_expression":
            callee = node.child_by_field_name("function")
            if callee is None or callee.type != "member_expression":
                return False
            is_catch = self._values.read_member_name(callee) == "catch"
            callback = next(iter(list_arguments(node)), None) if is_catch else None
            body = callback.child_by_field_name("body") if callback is not None else None
            if callback is not None and (
                body is None or self._find_text_of_only_result(body) not in _EMPTY
            ):
                return True
            node = strip_parentheses(callee.child_by_field_name("object"))
        return False

    def find_unread_results(self, nodes: Iterable[Node]) -> Iterator[UnreadResult]:
        """Yield each name that gets the awaited result of a ``$proxy`` call and is never read.

        Names that begin with ``_`` are left out: they say that it is meant. So is a call with which
        its block ends: nothing is done there as if the result had been looked at.
        """
        for node in nodes:
            number = self._find_call_number(node)
            declarator = _find_using_node(node) if number >= 0 else node
            name = declarator.child_by_field_name("name") if number >= 0 else None
            if name is None or self._find_uses(declarator) != []:
                continue
            text, statement = self._tree.get_source(name), declarator.parent
            is_awaited = is_await(find_parent_beyond_parentheses(node))
            block = statement.parent if statement is not None else None
            is_last = block is None or list_parts(block)[-1] == statement
            if is_awaited and not is_last and not text.startswith("_"):
                yield UnreadResult(text, number, self._tree.find_place(name))

    def find_result_uses(self, nodes: Iterable[Node]) -> Iterator[ResultUse]:
        """Yield how the script uses the result of each ``$proxy`` call, in the order of *nodes*."""
        for node in nodes:
            number = self._find_call_number(node)
            if number >= 0:
                place = self._tree.find_place
                end = self._tree.find_place_of_byte(node.end_byte)
                yield ResultUse(place(node), end, number, self._is_used_by_members(node))

    def _is_used_by_members(self, node: Node) -> bool:
        """Return whether the script only reads known members of the result of the call *node*."""
        user = _find_using_node(node)
        if user.type == "expression_statement":
            return True
        if not is_await(find_parent_beyond_parentheses(node)):
            return False
        if user.type != "variable_declarator":
            return self._is_plain_member(user)
        pattern, value = user.child_by_field_name("name"), user.child_by_field_name("value")
        names = [one for one in self._scopes.bindings if one.value == value]
        parts = {part.type for part in self._tree.walk(pattern)} if pattern is not None else set()
        if any(one.is_reassigned or "?" in one.path for one in names) or parts & _OPEN_PATTERNS:
            return False
        is_whole = pattern is not None and pattern.type == "identifier"
        uses = [
            use.node
            for one in names
            for use in self._scopes.find_uses_of_declared_name(one.declared)
        ]
        members = [find_parent_beyond_parentheses(use) if is_whole else use for use in uses]
        return not any(map(_is_asked, members)) and (
            not is_whole or all(map(self._is_plain_member, members))
        )

    def _is_plain_member(self, node: Node) -> bool:
        """Return whether *node* reads a known member, none that lists and objects have anyway."""
        if node.type not in {"member_expression", "subscript_expression"} or _is_asked(node):
            return False
        name = self._values.read_member_name(node)
        return name is not None and name not in _OF_OBJECTS

    def find_silent_handlers(self, nodes: Iterable[Node]) -> Iterator[IgnoredErrorRange]:
        """Yield each empty error handler of calls whose results the script uses.

        Also one that only puts a fixed object in the place of the result.
        """
        for node in nodes:
            if node.type == "catch_clause" and node.parent is not None:
                block = node.child_by_field_name("body")
                body = list_parts(node.parent)[0]
                is_silent = block is not None and not block.named_children
                calls = [one for one in self._tree.walk(body) if self._find_call_number(one) >= 0]
                if is_silent and any(self._is_value_used_beyond_test(one, body) for one in calls):
                    yield self._make_ignored_error_range(body, node)
                elif block is not None and self._gives_fixed_object_for_name(block, calls):
                    yield self._make_ignored_error_range(body, node, "replaces")
            elif node.type == "call_expression":
                yield from self._find_empty_catch_callback(node)
                yield from self._find_unread_all_settled(node)

    def _gives_fixed_object_for_name(self, block: Node, calls: Iterable[Node]) -> bool:
        """Return whether all that *block* does is to assign a fixed object to a result's name.

        The name is one that gets the result of one of *calls*, and that no condition asks for.
        """
        statements = list_parts(block)
        only = next(iter(list_parts(statements[0])), block) if len(statements) == 1 else block
        name, value = only.child_by_field_name("left"), only.child_by_field_name("right")
        if only.type != "assignment_expression" or name is None or not self._is_fixed_object(value):
            return False
        binding = self._scopes.find_binding(name)
        targets = [_find_using_node(call).child_by_field_name("left") for call in calls]
        if binding is None or all(
            one is None or self._scopes.find_binding(one) is not binding for one in targets
        ):
            return False
        uses = list(self._scopes.find_uses_of_declared_name(binding.declared))
        return not any(_is_asked(use.node) or _is_tested(use.node) for use in uses)

    def _is_fixed_object(self, node: Node | None) -> bool:
        """Return whether *node* is an object or list of literals alone that reports no failure."""
        while node is not None and node.type in WRAPPED:
            node = next(iter(list_parts(node)), None)
        if node is None or node.type not in {"object", "array"} or not list_parts(node):
            return False
        parts = list(self._tree.walk(node))
        return {part.type for part in parts} <= _OF_LITERALS and not any(
            TELLING_FAILURE.search(self._tree.get_source(part))
            for part in parts
            if part.type == "string_fragment"
        )

    def _find_unread_all_settled(self, node: Node) -> Iterator[IgnoredErrorRange]:
        """Yield ``await Promise.allSettled([…])`` whose results are not looked at."""
        callee = node.child_by_field_name("function")
        if callee is None or self._tree.get_source(callee) != "Promise.allSettled":
            return
        uses = self._find_uses(_find_using_node(node))
        is_statement = _find_using_node(node).type == "expression_statement"
        states = [use for use in uses or () if not self._may_read_failures(use)]
        if is_statement or uses == [] or (uses and len(states) == len(uses)):
            yield self._make_ignored_error_range(node, node, "settled")

    def _may_read_failures(self, use: Node) -> bool:
        """Return whether *use* of the results may look at a failure.

        A function that is given all results or one of them may, and one that is called with each.
        """
        parent = find_parent_beyond_parentheses(use)
        if parent.type == "subscript_expression" and parent.child_by_field_name("object") == use:
            parent = find_parent_beyond_parentheses(parent)
        outer = parent.parent if parent.type == "member_expression" else None
        given = outer.child_by_field_name("arguments") if outer is not None else None
        if parent.type == "arguments" or (
            given is not None and any(one.type == "identifier" for one in given.named_children)
        ):
            return True
        statement: Node | None = use
        while statement is not None and not statement.type.endswith("_statement"):
            statement = statement.parent
        text = self._tree.get_source(statement) if statement is not None else ""
        return any(word in text for word in ("status", "reason", "return")) or "(" not in text

    def _find_empty_catch_callback(self, node: Node) -> Iterator[IgnoredErrorRange]:
        """Yield ``promise.catch(() => {})`` whose result the script uses."""
        callee, listed = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if callee is None or listed is None or callee.type != "member_expression":
            return
        if self._values.read_member_name(callee) != "catch" or not listed.named_children:
            return
        owner, callback = callee.child_by_field_name("object"), listed.named_children[0]
        word = owner.child_by_field_name("function") if owner is not None else None
        if owner is not None and word is not None and is_await_as_name(word):
            # `await (p).catch(f)`, where `await` is that of the whole
            owner = next(iter(list_parts(owner.named_children[-1])), None)
        value = self._values.resolve(owner)
        body = callback.child_by_field_name("body")
        if owner is None or body is None or value is None or value.kind not in PROMISES:
            return
        if not self._is_value_used_beyond_test(node) or self._is_result_asked(node):
            return
        if self._find_text_of_only_result(body) in _EMPTY:
            yield self._make_ignored_error_range(owner, callback)
        elif self._is_fixed_object(_find_only_result(body)):
            yield self._make_ignored_error_range(owner, callback, "replaces")

    def _is_result_asked(self, node: Node) -> bool:
        """Return whether a condition depends on the awaited value of *node* or a member of it."""
        user, parent = _find_using_node(node), find_parent_beyond_parentheses(node)
        awaited = parent if is_await(parent) else node
        value = user.child_by_field_name("value")
        names = [one for one in self._scopes.bindings if value is not None and one.value == value]
        uses = chain.from_iterable(
            self._scopes.find_uses_of_declared_name(name.declared) for name in names
        )
        return _is_asked(awaited) or any(
            _is_asked(use.node) or _is_tested(use.node) for use in uses
        )

    def _find_text_of_only_result(self, body: Node) -> str | None:
        """Return the source of what a callback's *body* returns; None if it has other statements.

        "" if it returns nothing.
        """
        result = _find_only_result(body)
        if result is not None:
            return self._tree.get_source(result)
        return "" if not body.named_children or _is_bare_return(body) else None

    def _make_ignored_error_range(
        self, body: Node, handler: Node, way: Literal["empty", "replaces", "settled"] = "empty"
    ) -> IgnoredErrorRange:
        place = self._tree.find_place
        end = self._tree.find_place_of_byte(body.end_byte)
        return IgnoredErrorRange(place(body), end, place(handler), way)

    def _find_call_number(self, node: Node) -> int:
        """Return the index in `Values.calls` of the call that *node* makes; -1 if it makes none."""
        if node.type != "call_expression":
            return -1
        value = self._values.resolve(node)
        is_call = value is not None and value.kind == "promise" and value.call >= 0
        if not is_call or value is None or value.call >= len(self._values.calls):
            return -1
        return (
            value.call
            if self._values.calls[value.call].place == self._tree.find_place(node)
            else -1
        )

    def _is_value_ignored(self, node: Node) -> bool:
        """Return whether the value of *node* is not used.

        After ``void`` it counts as used, as the author ignores it on purpose.
        """
        parent = _find_using_node(node)
        uses = self._find_uses(parent)
        return parent.type == "expression_statement" or uses == []

    def _is_value_used_beyond_test(self, node: Node, tried: Node | None = None) -> bool:
        """Return whether the value of *node* is used for more than a test whether it exists.

        A function that returns it leaves the test to its caller, and ``value ?? other`` does
        something else without it. If *node* is in *tried*, the body of a ``try``, a name of outside
        that gets the value may be tested after it.
        """
        parent = _find_using_node(node)
        uses = self._find_uses(parent)
        if uses is not None:
            return bool(uses) and not any(
                _is_tested(use) or _is_handed_on(find_parent_beyond_parentheses(use))
                for use in uses
            )
        if parent.type in {"expression_statement", "unary_expression"} or _is_handed_on(parent):
            return False
        later = [use for use in self._find_uses_of_target(parent) if not _contains(tried, use)]
        return not any(_is_tested(use) or _is_asked(use) for use in later)

    def _find_uses_of_target(self, assignment: Node) -> list[Node]:
        """Return the uses of the name that *assignment* assigns to; none if it is another node."""
        is_assignment = assignment.type == "assignment_expression"
        target = assignment.child_by_field_name("left") if is_assignment else None
        binding = self._scopes.find_binding(target) if target is not None else None
        if binding is None:
            return []
        return [use.node for use in self._scopes.find_uses_of_declared_name(binding.declared)]

    def _find_uses(self, declarator: Node) -> list[Node] | None:
        """Return the uses of the name that *declarator* declares; None if it declares none."""
        is_declared = declarator.type == "variable_declarator"
        name = declarator.child_by_field_name("name") if is_declared else None
        if name is None or name.type != "identifier":
            return None
        return [
            use.node
            for use in self._scopes.find_name_uses()
            if use.binding is not None and use.binding.declared == name
        ]


def _find_only_result(body: Node) -> Node | None:
    """Return what a callback's *body* returns if it does nothing else, or None."""
    if body.type != "statement_block":
        return body
    only = body.named_children[0] if len(body.named_children) == 1 else body
    return next(iter(only.named_children), None) if only.type == "return_statement" else None


def _is_bare_return(body: Node) -> bool:
    """Return whether *body* is ``{ return; }``."""
    kinds = [(child.type, child.named_child_count) for child in body.named_children]
    return kinds == [("return_statement", 0)]


def _find_using_node(node: Node) -> Node:
    """Return the node that uses the value of *node*; an ``await`` around it is skipped."""
    parent = find_parent_beyond_parentheses(node)
    return find_parent_beyond_parentheses(parent) if is_await(parent) else parent


def _is_tested(node: Node) -> bool:
    """Return whether a condition tests the name *node* itself."""
    parent = find_parent_beyond_parentheses(node)
    operator = parent.child_by_field_name("operator")
    return parent.type in _ASKS or (operator is not None and operator.type in _EQUALITIES)


def _is_asked(node: Node) -> bool:
    """Return whether a condition depends on the member *node* or on one below it."""
    parent = find_parent_beyond_parentheses(node)
    while parent.type not in _ASKING:
        operator = parent.child_by_field_name("operator")
        is_operand = operator is not None and operator.type in _COMPARES
        if not (is_operand or _contains(parent.child_by_field_name("object"), node)):
            return False
        parent = find_parent_beyond_parentheses(parent)
    asked = parent.child_by_field_name("condition") or parent.child_by_field_name("value")
    return _contains(asked, node)


def _contains(outer: Node | None, node: Node) -> bool:
    return outer is not None and outer.start_byte <= node.start_byte < outer.end_byte


def _is_handed_on(user: Node) -> bool:
    """Return whether *user*, the node that uses a value, returns it from a function.

    Also if it takes something else than a literal where there is no value: ``value ?? cache``.
    """
    operator, other = user.child_by_field_name("operator"), user.child_by_field_name("right")
    if operator is not None and other is not None and operator.type in {"??", "||"}:
        return other.type in _COMPUTED
    if user.type in FUNCTIONS:
        return True
    outer = user if user.type == "return_statement" else None
    while outer is not None and outer.type not in FUNCTIONS:
        outer = outer.parent
    return outer is not None
