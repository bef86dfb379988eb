"""Slips in the use of values: methods, members and operators that do something else.

Each is a habit of JavaScript that does not fail: a method that is not called, a member that a list
has and a set does not have, a value that is overwritten before it is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from bpmax_sim.errors import suggest_nearest
from bpmax_sim.i18n import msg
from bpmax_sim.script_source.kinds import (
    EQUALITIES,
    list_arguments,
    read_operator,
    split_sides,
    strip_parentheses,
)
from bpmax_sim.script_source.literal_slips import (
    BASE_TEN,
    NUMBER_READ,
    is_number_text,
    read_base,
)
from bpmax_sim.script_source.scopes import FUNCTIONS, Binding
from bpmax_sim.script_source.slips import Found, SlipReader
from bpmax_sim.script_source.syntax import list_parts
from bpmax_sim.script_source.values import find_parent_beyond_parentheses

if TYPE_CHECKING:
    from tree_sitter import Node

_CALLED: Final = frozenset({
    "toString", "toFixed", "trim", "toUpperCase", "toLowerCase", "reverse", "padStart", "padEnd",
    "toISOString", "getTime", "getFullYear", "getMonth", "toLocaleString", "toLocaleDateString",
})  # fmt: skip
"""Methods whose names no field has, so that without a call they are forgotten ones."""
_BUILT_IN: Final = (
    "length", "toUpperCase", "toLowerCase", "toFixed", "indexOf", "includes", "forEach", "replace",
    "substring", "startsWith", "endsWith", "padStart", "toString", "concat", "splice", "reduce",
    "getFullYear", "getMonth", "getTime", "toISOString", "findIndex", "stringify", "hasOwnProperty",
)  # fmt: skip
_ONE_ARGUMENT: Final = frozenset({"round", "floor", "ceil", "trunc", "abs", "sqrt", "isInteger"})
_SEPARATORS: Final = frozenset({",", " ", "-", "/", "，", "、"})
_WALKS: Final = frozenset({"forEach", "map", "filter", "some", "every", "find", "findIndex"})
_ASKS: Final = frozenset({"filter", "some", "every", "find", "findIndex", "findLast"})
_WITH_UNIT: Final = re.compile(r"\s*[+-]?[0-9.]+\s*[A-Za-z%]*")


def _split_callee(node: Node) -> tuple[str, Node | None]:
    """Return the name of the method that *node* calls, and the object that has it.

    ("", None) if the call is of a function and not of a method.
    """
    callee = strip_parentheses(node.child_by_field_name("function"))
    if callee is None or callee.type != "member_expression":
        return "", None
    name = callee.child_by_field_name("property")
    text = name.text if name is not None else None
    return (text or b"").decode("utf-8", "replace"), strip_parentheses(
        callee.child_by_field_name("object")
    )


def _find_overwritten_assignment(reader: SlipReader, node: Node) -> Found:
    """Yield an assignment to what the next statement assigns again, without reading it between."""
    statements = list_parts(node)
    for before, after in pairwise(statements):
        target, value = _split_assignment(reader, after)
        if not target or value is None or reader.has_effect(value):
            continue  # what was written first may be seen while that goes on
        inner = [before]
        if before.type == "if_statement" and before.child_by_field_name("alternative") is None:
            body = before.child_by_field_name("consequence")
            inner = [one for one in [body] if one is not None]
            if body is not None and body.type == "statement_block":
                inner = list_parts(body)
        if len(inner) == 1 and _split_assignment(reader, inner[0])[0] == target:
            first = _split_assignment(reader, inner[0])[1]
            if first is None or reader.has_effect(first) or target in reader.tree.get_source(value):
                continue
            yield "no-effect", inner[0], msg(
                "{target} is overwritten by line {line} before anything reads it",
                target=target, line=reader.tree.find_place(after).line,
            )  # fmt: skip


def _split_assignment(reader: SlipReader, statement: Node) -> tuple[str, Node | None]:
    """Return target and value of a plain assignment that is a statement of its own.

    ("", None) for any other statement, and for assignments to ``form.$…``: these members act when
    they are set, so the first of two assignments counts, too.
    """
    inner = strip_parentheses(statement.named_children[0]) if statement.named_children else None
    if statement.type != "expression_statement" or inner is None:
        return "", None
    if inner.type != "assignment_expression":
        return "", None
    left, right = inner.child_by_field_name("left"), inner.child_by_field_name("right")
    is_plain = left is not None and left.type in {"member_expression", "identifier"}
    if not is_plain or left is None or reader.tree.get_source(left).startswith("form.$"):
        return "", None
    return reader.tree.get_source(left), right


def _find_same_branches(reader: SlipReader, node: Node) -> Found:
    """Yield conditions whose two branches are equal."""
    first, second = (node.child_by_field_name(arm) for arm in ("consequence", "alternative"))
    if second is not None and second.type == "else_clause":
        second = second.named_children[-1] if second.named_children else None
    if first is None or second is None:
        return
    texts = ["".join(reader.tree.get_source(one).split()) for one in (first, second)]
    if texts[0] == texts[1] and texts[0] not in {"", "{}"}:
        yield "same-sides", node, msg("both branches do the same, so the condition decides nothing")


def _find_chained_equality(reader: SlipReader, node: Node) -> Found:
    """Yield ``a === b === c``, which compares true or false with c."""
    left, right = split_sides(node)
    if read_operator(node) not in EQUALITIES or left is None or right is None:
        return
    # A comparison in parentheses is meant so.
    is_chained = read_operator(left) in EQUALITIES and node.child_by_field_name("left") == left
    if is_chained and reader.tree.get_source(right) not in {"true", "false"}:
        yield "constant-condition", node, msg(
            "this compares true or false with {right}; join two comparisons by &&",
            right=reader.shorten_source(right),
        )  # fmt: skip


def _find_bit_operator_in_condition(_reader: SlipReader, node: Node) -> Found:
    """Yield ``if (a & b)``, which works on the bits of numbers."""
    operator, parent = read_operator(node), find_parent_beyond_parentheses(node)
    if operator in {"&", "|"} and (
        _is_condition(parent, node) or read_operator(parent) in {"&&", "||", "!"}
    ):
        yield "constant-condition", node, msg(
            "{operator} works on the bits of numbers; write {operator}{operator}", operator=operator
        )  # fmt: skip


def _find_deciding_literal(reader: SlipReader, node: Node) -> Found:
    """Yield ``x || true``, which is always true, and ``x && false``."""
    operator, (_, right) = read_operator(node), split_sides(node)
    if right is None or _is_condition(find_parent_beyond_parentheses(node), node):
        return
    if {"||": "true", "&&": "false"}.get(operator) == reader.tree.get_source(right):
        yield "constant-condition", right, msg(
            "{operator} {text} decides it, whatever stands before", operator=operator,
            text=reader.tree.get_source(right),
        )  # fmt: skip


def _is_condition(parent: Node, node: Node) -> bool:
    """Return whether *node* is the condition of *parent*, such as an ``if``."""
    return _is_part(parent, "condition", node)


def _find_inexact_equality(reader: SlipReader, node: Node) -> Found:
    """Yield ``0.1 + 0.2 === 0.3``: equality of values computed with fractions."""
    for side in split_sides(node) if read_operator(node) in EQUALITIES else ():
        parts = split_sides(side) if side is not None and read_operator(side) in {*"+-*/"} else ()
        fractions = [
            part for part in parts
            if part is not None and part.type == "number" and "." in reader.tree.get_source(part)
        ]  # fmt: skip
        if side is not None and fractions:
            yield "never-equal", side, msg(
                "{text} is not exact, so that it may equal nothing; compare rounded values",
                text=reader.shorten_source(side),
            )  # fmt: skip


def _find_index_of_above_zero(reader: SlipReader, node: Node) -> Found:
    """Yield ``list.indexOf(x) > 0``, which leaves out the first element."""
    left, right = split_sides(node)
    if left is None or right is None or left.type != "call_expression":
        return
    name, _ = _split_callee(left)
    if read_operator(node) == ">" and reader.tree.get_source(right) == "0" and name == "indexOf":
        yield "index-condition", node, msg(
            "indexOf gives 0 for the first place, which > 0 leaves out; write includes, or >= 0"
        )  # fmt: skip


def _find_comma_operator(reader: SlipReader, node: Node) -> Found:
    """Yield ``x = (a, b)``, which is b alone."""
    parent = find_parent_beyond_parentheses(node)
    is_value = parent.type in {"assignment_expression", "variable_declarator", "return_statement"}
    if is_value and not reader.has_effect(node):
        yield "no-effect", node, msg("of values joined by a comma only the last one counts")


def _find_unknown_or_uncalled_member(reader: SlipReader, node: Node) -> Found:
    """Yield members that a value of this kind does not have, and methods that are not called."""
    name = node.child_by_field_name("property")
    owner = strip_parentheses(node.child_by_field_name("object"))
    if name is None or owner is None:
        return
    text, parent = reader.tree.get_source(name), find_parent_beyond_parentheses(node)
    is_called = parent.type == "call_expression" and _is_part(parent, "function", node)
    made = _find_constructor_name(reader, owner)
    if made in {"Set", "Map"} and text == "length":
        yield "wrong-value", name, msg("a {kind} has no length; write size", kind=made)
    elif text == "size" and reader.kinds.find_kind(owner) in {"list", "text"} and not is_called:
        yield "wrong-value", name, msg("a list and a text have no size; write length")
    elif text == "length" and is_called:
        yield "wrong-value", name, msg("length is a number and cannot be called; leave () away")
    elif text in _CALLED and not is_called and not _is_tested_chained_or_written(node, parent):
        yield "no-effect", name, msg("{name} is a method that is not called; write {name}()",
                                     name=text)  # fmt: skip
    elif text not in _BUILT_IN and len(text) > 4 and owner.type != "identifier":  # noqa: PLR2004
        near = suggest_nearest(text, _BUILT_IN) if text.isascii() else ""
        is_like = any(text.lower() == one.lower() or sorted(text) == sorted(one)
                      for one in _BUILT_IN)  # fmt: skip
        if near and is_like:
            yield "unknown-member", name, msg("there is no {name!r}{hint}", name=text, hint=near)


def _is_tested_chained_or_written(node: Node, parent: Node) -> bool:
    """Return whether *node* is tested, part of a longer chain, or written."""
    if parent.type in {"member_expression", "subscript_expression"}:
        return _is_part(parent, "object", node)
    is_asked = read_operator(parent) in {"typeof", "&&", "||", "??", "!", "in", *EQUALITIES}
    is_asked = is_asked or parent.child_by_field_name("condition") is not None
    return is_asked or (parent.type == "assignment_expression" and _is_part(parent, "left", node))


def _is_part(parent: Node, field: str, node: Node) -> bool:
    """Return whether *node* is the *field* of *parent*, in parentheses or not."""
    return strip_parentheses(parent.child_by_field_name(field)) == node


def _find_constructor_name(reader: SlipReader, node: Node) -> str:
    """Return the class of the object that *node* creates by ``new``, or names; "" if unclear."""
    if node.type == "identifier":
        binding = reader.scopes.find_binding(node)
        if binding is None or binding.is_reassigned or binding.path or binding.value is None:
            return ""
        node = strip_parentheses(binding.value)
    made = node.child_by_field_name("constructor") if node.type == "new_expression" else None
    return reader.tree.get_source(made) if made is not None else ""


def _find_unknown_member_of_const(reader: SlipReader, node: Node) -> Found:
    """Yield ``LIMITS.limt``, if ``const LIMITS = {limit: 5}`` has no such member."""
    owner, name = node.child_by_field_name("object"), node.child_by_field_name("property")
    binding = reader.scopes.find_binding(owner) if owner and owner.type == "identifier" else None
    value = strip_parentheses(binding.value) if binding is not None and not binding.path else None
    if binding is None or value is None or name is None or value.type != "object":
        return
    if binding.is_reassigned or binding.kind != "const":
        return
    keys = [
        reader.scopes.read_key_name(part.child_by_field_name("key") or part)
        for part in value.named_children
        if part.type in {"pair", "shorthand_property_identifier", "method_definition"}
    ]
    methods = [part.child_by_field_name("name") for part in value.named_children]
    known = {key for key in keys if key}
    known |= {reader.tree.get_source(one) for one in methods if one is not None}
    is_whole = len(known) == len(list_parts(value))
    text = reader.tree.get_source(name)
    hint = suggest_nearest(text, sorted(known)) if is_whole and text not in known else ""
    if hint and _has_fixed_members(reader, binding):
        yield "unknown-member", name, msg("there is no {name!r}{hint}", name=text, hint=hint)


def _has_fixed_members(reader: SlipReader, binding: Binding) -> bool:
    """Return whether no code can add members to the object that *binding* declares.

    False also if the object is used as a whole, so that other code may get it.
    """
    for use in reader.scopes.find_name_uses():
        if use.binding is not binding or use.node.parent is None:
            continue
        parent, grand = use.node.parent, use.node.parent.parent
        is_read = parent.type == "member_expression" and parent.child_by_field_name("object")
        if not is_read:
            return False
        if grand is not None and grand.child_by_field_name("left") == parent:
            return False
    return True


def _find_misleading_method_call(reader: SlipReader, node: Node) -> Found:
    """Yield calls of built-in methods that do less than they seem to.

    ``Math.round(x, 2)`` ignores the 2, and ``text.replace(',', '')`` replaces only the first comma.
    """
    name, owner = _split_callee(node)
    arguments = list_arguments(node)
    texts = [reader.tree.read_literal_text(one) for one in arguments]
    owner_text = reader.tree.get_source(owner) if owner is not None else ""
    if owner_text in {"Math", "Number"} and name in _ONE_ARGUMENT and len(arguments) > 1:
        yield "wrong-value", arguments[1], msg(
            "{name} takes one number and drops the rest; for two digits write "
            "Math.round(x * 100) / 100",
            name=name,
        )  # fmt: skip
    elif name == "replace" and texts[:1] and texts[0] in _SEPARATORS:
        yield "wrong-value", node, msg("replace changes the first {text!r} alone; write replaceAll",
                                       text=texts[0])  # fmt: skip
    elif name == "getYear" and not arguments:
        yield "wrong-value", node, msg("getYear counts from 1900; write getFullYear")
    elif name in {"map", "forEach"} and owner is not None and _is_sparse_array(reader, owner):
        yield "wrong-value", node, msg(
            "Array(n) has no elements yet, so that {name} does nothing; write Array.from", name=name
        )  # fmt: skip
    elif name == "fill" and arguments and arguments[0].type in {"array", "object"}:
        yield "wrong-value", arguments[0], msg(
            "fill puts the same object into each place; write Array.from(…, () => …)"
        )  # fmt: skip
    elif name == "test" and owner is not None and _is_global_pattern(reader, owner):
        yield "wrong-pattern", node, msg(
            "a pattern with g goes on where its last test ended; leave the g away"
        )  # fmt: skip
    yield from _find_list_changed_in_loop(reader, node, name, owner)


def _is_sparse_array(reader: SlipReader, owner: Node) -> bool:
    made = owner.child_by_field_name("constructor") or owner.child_by_field_name("function")
    is_array = made is not None and reader.tree.get_source(made) == "Array"
    arguments = list_arguments(owner) if is_array else []
    return len(arguments) == 1 and arguments[0].type == "number"


def _is_global_pattern(reader: SlipReader, owner: Node) -> bool:
    """Return whether *owner* names a variable declared as a regular expression with flag g."""
    binding = reader.scopes.find_binding(owner) if owner.type == "identifier" else None
    value = strip_parentheses(binding.value) if binding is not None else None
    flags = value.child_by_field_name("flags") if value is not None else None
    return flags is not None and "g" in reader.tree.get_source(flags)


def _find_list_changed_in_loop(
    reader: SlipReader, node: Node, name: str, owner: Node | None
) -> Found:
    """Yield ``splice`` of the list of the running loop, which skips elements.

    *name* is the called method, *owner* the object on which it is called.
    """
    if name not in {"splice", "shift"} or owner is None:
        return
    text, around = reader.tree.get_source(owner), node.parent
    while around is not None and around.type != "program":
        listed = around.child_by_field_name("right") if around.type == "for_in_statement" else None
        if around.type in FUNCTIONS:
            call = (
                find_parent_beyond_parentheses(find_parent_beyond_parentheses(around))
                if around.parent is not None
                else around
            )
            method, listed = _split_callee(call) if call.type == "call_expression" else ("", None)
            listed = listed if method in _WALKS else None
        if listed is not None and reader.tree.get_source(listed) == text:
            leaves = any(one.type == "break_statement" for one in reader.tree.walk(around))
            if not leaves:
                yield "wrong-value", node, msg(
                    "this takes elements out of {list} while it is gone through, which skips the "
                    "next one; write filter", list=text,
                )  # fmt: skip
            return
        around = around.parent


def _find_partial_parse(reader: SlipReader, node: Node) -> Found:
    """Yield ``parseFloat('1,200')``, which is 1."""
    callee, arguments = node.child_by_field_name("function"), list_arguments(node)
    name = reader.tree.get_source(callee).removeprefix("Number.") if callee is not None else ""
    read = NUMBER_READ.get(name)
    text = reader.tree.read_literal_text(arguments[0]) if arguments else None
    match = read(text) if read is not None and text is not None else None
    if text is None or match is None or read_base(reader, name, arguments) not in BASE_TEN:
        return
    rest = text[match.end() :].replace("\ufeff", "").strip()
    if rest and not _WITH_UNIT.fullmatch(text):
        yield "wrong-value", arguments[0], msg(
            "{name} reads {read} of {text!r} and stops", name=name, read=match[1], text=text
        )  # fmt: skip


def _find_delay_with_unit(reader: SlipReader, node: Node) -> Found:
    """Yield ``setTimeout(f, '1s')``, which fires at once."""
    callee, arguments = node.child_by_field_name("function"), list_arguments(node)
    if callee is None or reader.tree.get_source(callee) not in {"setTimeout", "setInterval"}:
        return
    text = reader.tree.read_literal_text(arguments[1]) if len(arguments) > 1 else None
    is_delay = is_number_text(text) and text.strip()[:1] not in {"", "-"} if text else False
    if text is not None and not is_delay:
        yield "wrong-value", arguments[1], msg(
            "{text!r} is no number of milliseconds, so that this fires at once", text=text
        )  # fmt: skip


def _find_loop_variable_in_callback(reader: SlipReader, node: Node) -> Found:
    """Yield ``for (var i …) setTimeout(() => i)``, where each callback sees the last i."""
    initial, body = node.child_by_field_name("initializer"), node.child_by_field_name("body")
    if initial is None or initial.type != "variable_declaration" or body is None:
        return
    names = {
        reader.tree.get_source(one)
        for child in initial.named_children
        if (one := child.child_by_field_name("name")) is not None
    }
    for part in reader.tree.walk(body):
        if part.type == "call_expression" and _runs_callback_later(reader, part):
            inner = [one for one in reader.tree.walk(part) if one.type == "identifier"]
            used = next((one for one in inner if reader.tree.get_source(one) in names), None)
            if used is not None:
                yield "for-in", used, msg(
                    "all callbacks share this {name}, which has its last value by then; write let",
                    name=reader.tree.get_source(used),
                )  # fmt: skip
                return


def _runs_callback_later(reader: SlipReader, call: Node) -> bool:
    callee = call.child_by_field_name("function")
    name = reader.tree.get_source(callee) if callee is not None else ""
    arguments = list_arguments(call)
    is_function = bool(arguments) and arguments[0].type in FUNCTIONS
    return is_function and (name in {"setTimeout", "queueMicrotask"} or name.endswith(".then"))


def _find_loop_beyond_list_end(reader: SlipReader, node: Node) -> Found:
    """Yield a condition ``i <= list.length`` of a loop that reads ``list[i]``.

    It reads one element too many.
    """
    condition = strip_parentheses(node.child_by_field_name("condition"))
    while condition is not None and condition.type == "expression_statement":
        condition = (
            strip_parentheses(condition.named_children[0]) if condition.named_children else None
        )
    if condition is None or read_operator(condition) != "<=":
        return
    left, right = split_sides(condition)
    if left is None or right is None or right.type != "member_expression":
        return
    if not reader.tree.get_source(right).endswith(".length"):
        return
    index = (
        f"{reader.tree.get_source(right).removesuffix('.length')}[{reader.tree.get_source(left)}]"
    )
    body = node.child_by_field_name("body")
    if body is not None and index in reader.tree.get_source(body):
        yield "wrong-value", condition, msg(
            "{index} is not there in the last round; write <", index=index
        )  # fmt: skip


def _find_assigning_callback(_reader: SlipReader, node: Node) -> Found:
    """Yield ``list.find(row => row.sku = 'A')``, which assigns instead of comparing."""
    name, _ = _split_callee(node)
    arguments = list_arguments(node)
    if name not in _ASKS or not arguments or arguments[0].type not in FUNCTIONS:
        return
    body = strip_parentheses(arguments[0].child_by_field_name("body"))
    if body is not None and body.type == "assignment_expression":
        yield "constant-condition", body, msg(
            "this assigns to each element; a comparison is ==="
        )  # fmt: skip


def _find_useless_increment(reader: SlipReader, node: Node) -> Found:
    """Yield ``n = n++``, which changes nothing."""
    left, right = split_sides(node)
    if left is None or right is None or right.type != "update_expression":
        return
    changed = right.child_by_field_name("argument")
    is_behind = reader.tree.get_source(right).endswith(("++", "--"))
    if (
        is_behind
        and changed is not None
        and reader.tree.get_source(changed) == reader.tree.get_source(left)
    ):
        yield "no-effect", node, msg("{text} changes nothing; leave the assignment away",
                                     text=reader.shorten_source(node))  # fmt: skip


def _find_surplus_arguments(reader: SlipReader, node: Node) -> Found:
    """Yield arguments for which a function of the script has no parameters."""
    callee = strip_parentheses(node.child_by_field_name("function"))
    arguments = list_arguments(node)
    if callee is None or callee.type != "identifier" or not arguments:
        return
    value = reader.values.resolve(callee)
    function = value.node if value is not None and value.kind == "function" else None
    if function is None or any(one.type == "spread_element" for one in arguments):
        return
    names = list(_find_parameters(function))
    is_open = any(one.type == "rest_pattern" for one in names)
    if is_open or "arguments" in reader.tree.get_source(function):
        return
    if len(arguments) > len(names):
        yield "wrong-value", arguments[len(names)], msg(
            "{name} takes {count}, so that this is dropped", name=reader.tree.get_source(callee),
            count=len(names),
        )  # fmt: skip


def _find_parameters(function: Node) -> Iterator[Node]:
    listed = function.child_by_field_name("parameters")
    single = function.child_by_field_name("parameter")
    yield from [single] if single is not None else []
    yield from list_parts(listed) if listed else ()


FINDERS: Final[Mapping[str, Sequence[Callable[[SlipReader, Node], Found]]]] = {
    "program": (_find_overwritten_assignment,),
    "statement_block": (_find_overwritten_assignment,),
    "if_statement": (_find_same_branches,),
    "ternary_expression": (_find_same_branches,),
    "binary_expression": (
        _find_chained_equality, _find_bit_operator_in_condition, _find_deciding_literal,
        _find_inexact_equality, _find_index_of_above_zero,
    ),
    "sequence_expression": (_find_comma_operator,),
    "member_expression": (_find_unknown_or_uncalled_member, _find_unknown_member_of_const),
    "call_expression": (
        _find_misleading_method_call, _find_partial_parse, _find_delay_with_unit,
        _find_assigning_callback, _find_surplus_arguments,
    ),
    "for_statement": (_find_loop_variable_in_callback, _find_loop_beyond_list_end),
    "assignment_expression": (_find_useless_increment,),
}  # fmt: skip
"""Type of node -> what may be wrong with one."""
