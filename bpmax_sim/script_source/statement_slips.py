"""Slips in statements and literals: duplicates, and code without effect or never reached."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from bpmax_sim.i18n import msg
from bpmax_sim.script_source.kinds import (
    list_arguments,
    read_operator,
    strip_parentheses,
)
from bpmax_sim.script_source.scopes import FUNCTIONS
from bpmax_sim.script_source.slips import GIVEN, PURE, Found, SlipReader
from bpmax_sim.script_source.syntax import LEAVING_STATEMENTS, list_parts
from bpmax_sim.script_source.values import find_parent_beyond_parentheses

if TYPE_CHECKING:
    from tree_sitter import Node

_IDLE: Final = frozenset({
    "identifier", "member_expression", "subscript_expression", "number", "template_string",
    "string", "array", "arrow_function", "function_expression", "binary_expression", "true",
    "false", "null", "undefined", "unary_expression", "ternary_expression",
})  # fmt: skip
_MEANT: Final = re.compile(r"\$\{\s*([A-Za-z_$\u0080-\uffff][\w$]*)[^{}]*\}")
_TURNED: Final = re.compile(r"=[+\-!]\s")


def _find_double_keys(reader: SlipReader, node: Node) -> Found:
    """Yield duplicate keys of an object, and duplicate methods of a class."""
    seen: set[str] = set()
    for child in node.named_children:
        key: Node | None = None
        if child.type == "pair":
            key = child.child_by_field_name("key")
        elif child.type == "shorthand_property_identifier":
            key = child
        elif child.type == "method_definition" and not _is_accessor_or_static(child):
            key = child.child_by_field_name("name")
        name = reader.scopes.read_key_name(key) if key is not None else None
        if key is None or name is None:
            continue
        if name in seen:
            yield (
                "duplicate-key",
                key,
                msg("{name} stands twice in this object, and the last one counts", name=name),
            )
        seen.add(name)


def _is_accessor_or_static(method: Node) -> bool:
    return any(child.type in {"get", "set", "static"} for child in method.children)


def _find_double_functions(reader: SlipReader, node: Node) -> Found:
    """Yield functions that a block or the script declares a second time by the same name."""
    seen: set[str] = set()
    for child in node.named_children:
        name = child.child_by_field_name("name") if child.type == "function_declaration" else None
        if name is None:
            continue
        text = reader.tree.get_source(name)
        if text in seen:
            yield (
                "duplicate-key",
                name,
                msg("the function {name} is declared twice, and the last one counts", name=text),
            )
        seen.add(text)


def _find_statement_without_effect(reader: SlipReader, node: Node) -> Found:
    """Yield statements that only compute a value, which is not used."""
    inner = strip_parentheses(node.named_children[0]) if node.named_children else None
    if inner is None or (inner.type == "string" and "use " in reader.tree.get_source(inner)):
        return
    if inner.type == "call_expression":
        method = reader.kinds.find_builtin_method(inner)
        listed = inner.child_by_field_name("arguments")
        callee = strip_parentheses(inner.child_by_field_name("function"))
        owner = callee.child_by_field_name("object") if callee is not None else None
        is_idle = method in PURE and not any(
            reader.has_effect(part) for part in (owner, listed) if part is not None
        )
        if is_idle:
            yield (
                "no-effect",
                inner,
                msg(
                    ".{method}() changes nothing and gives its result back, which nothing takes",
                    method=method,
                ),
            )
    elif inner.type in FUNCTIONS or (inner.type in _IDLE and not reader.has_effect(inner)):
        if read_operator(inner) in {"==", "==="}:
            yield "no-effect", inner, msg("this compares and changes nothing; a single = assigns")
        elif reader.kinds.find_kind(inner) == "function" or (
            (value := reader.values.resolve(inner)) is not None and value.kind == "function"
        ):
            yield "no-effect", inner, msg("this function is not called; put () behind it")
        else:
            yield (
                "no-effect",
                inner,
                msg(
                    "{text} does nothing here; use it, or take it away",
                    text=reader.shorten_source(inner),
                ),
            )


def always_leaves(statement: Node | None) -> bool:
    """Return whether *statement* always ends its block, as ``return`` or ``throw`` does."""
    if statement is None:
        return False
    part = statement.child_by_field_name
    if statement.type == "statement_block":
        return any(map(always_leaves, statement.named_children))
    if statement.type in {"else_clause", "catch_clause"}:
        return always_leaves(part("body") or next(reversed(statement.named_children), None))
    if statement.type == "if_statement":
        return always_leaves(part("consequence")) and always_leaves(part("alternative"))
    if statement.type == "try_statement":
        return always_leaves(part("body")) and (
            part("handler") is None or always_leaves(part("handler"))
        )
    return statement.type in LEAVING_STATEMENTS


def _find_unreachable(_reader: SlipReader, node: Node) -> Found:
    """Yield the first statement that is never reached, as the one before returns or throws.

    Also a ``return`` in ``finally``, which drops an error that was thrown.
    """
    value = node.child_by_field_name("value") if node.type == "switch_case" else None
    statements = [
        child for child in node.named_children if child.type != "comment" and child != value
    ]
    for before, after in pairwise(statements):
        is_needless = after.type in {"break_statement", "empty_statement"}
        if always_leaves(before) and not is_needless and after.type != "function_declaration":
            if not any(child.child_by_field_name("value") for child in after.named_children) and (
                after.type == "variable_declaration"
            ):
                continue
            yield "unreachable", after, msg("nothing comes by here; what stands before it leaves")
            return
    if node.type == "finally_clause":
        for part in _walk_outside_inner_functions(node):
            if part.type == "return_statement":
                yield "unreachable", part, msg("a return in finally drops what was thrown")


def _walk_outside_inner_functions(node: Node) -> Iterator[Node]:
    """Yield the nodes below *node*, except those of functions in it."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending += [child for child in current.named_children if child.type not in FUNCTIONS]


def _find_loop_that_runs_once(_reader: SlipReader, node: Node) -> Found:
    """Yield loops that never run a second time."""
    body = node.child_by_field_name("body")
    if body is None or body.type != "statement_block" or not body.named_children:
        return
    operator = node.child_by_field_name("operator")
    if operator is not None and operator.type == "in":
        return  # whether there is any member
    last = next(reversed(list_parts(body)), body)
    continues = any(
        part.type == "continue_statement" for part in _walk_outside_inner_functions(body)
    )
    if always_leaves(last) and last.type != "continue_statement" and not continues:
        yield "unreachable", last, msg("this ends the loop in its first round")


def _find_fall_through(reader: SlipReader, node: Node) -> Found:
    """Yield cases that fall through to the next one."""
    body = node.parent
    cases = [c for c in body.named_children if c.type != "comment"] if body is not None else []
    number = cases.index(node) if node in cases else len(cases)
    value = node.child_by_field_name("value")
    inside = [child for child in node.named_children if child != value]
    statements = [child for child in inside if child.type != "comment"]
    if number + 1 >= len(cases) or not statements or any(map(always_leaves, statements)):
        return
    following = cases[number + 1]
    between = reader.tree.get_bytes_between(statements[-1].end_byte, following.start_byte)
    if b"//" not in between and b"/*" not in between:
        yield (
            "fallthrough",
            following,
            msg(
                "the case before it runs on into this one; end it with break, or say in a "
                "comment that it is meant"
            ),
        )


def _find_reversed_operator(reader: SlipReader, node: Node) -> Found:
    """Yield ``n =+ 1`` and the like, typed for ``n += 1``."""
    right = node.child_by_field_name("right")
    operator = node.child_by_field_name("operator")
    left = node.child_by_field_name("left")
    if right is None or right.type != "unary_expression" or left is None:
        return
    text = reader.tree.get_bytes_between(left.end_byte, right.end_byte).decode("utf-8", "replace")
    if _TURNED.match(text.lstrip()) and operator is None:
        sign, shown = read_operator(right), reader.shorten_source(right)
        message = msg("=! assigns {text}; != compares", text=shown) if sign == "!" else msg(
            "={sign} assigns {text}; {sign}= is what changes by it", sign=sign, text=shown
        )  # fmt: skip
        yield "turned-operator", right, message


def _find_template_in_quotes(reader: SlipReader, node: Node) -> Found:
    """Yield ``'客户 ${name}'``, which is not a template."""
    text = reader.tree.get_source(node)
    match = _MEANT.search(text) if "${" in text else None
    if match is None:
        return
    names = {reader.tree.get_source(binding.declared) for binding in reader.scopes.bindings}
    if match[1] in names or match[1] in GIVEN:
        yield (
            "plain-template",
            node,
            msg(
                "{text} stands in quotes and is not filled in; write the text between backticks",
                text=match[0],
            ),
        )


def _find_lost_digits(reader: SlipReader, node: Node) -> Found:
    """Yield integer literals with more digits than a number can hold."""
    text = reader.tree.get_source(node).replace("_", "")
    if text.isdigit() and len(text) < 300 and int(float(text)) != int(text):  # noqa: PLR2004 - of floats
        yield (
            "lost-digits",
            node,
            msg(
                "a number holds some 16 digits: this becomes {value}; write it as a text",
                value=str(int(float(text))),
            ),
        )


def _find_empty_body(reader: SlipReader, node: Node) -> Found:
    """Yield ``if (x);``, whose body is only the semicolon, and ``if (x) {}`` without a comment."""
    part = node.child_by_field_name
    body = part("body") or part("consequence")
    if body is not None and body.type == "empty_statement":
        yield "no-effect", body, msg("the ; ends this here, so that what follows always runs")
        return
    is_empty = body is not None and body.type == "statement_block" and not body.named_children
    if node.type == "if_statement" and is_empty and part("alternative") is None:
        message = msg(
            "{text} does nothing here; use it, or take it away", text=reader.shorten_source(node)
        )
        yield "no-effect", node, message


def _find_used_void_result(reader: SlipReader, node: Node) -> Found:
    """Yield used results that are no list: ``x = list.forEach(…)`` and ``list = list.push(x)``.

    ``forEach`` returns undefined, ``push`` the new length.
    """
    method, parent = reader.kinds.find_builtin_method(node), find_parent_beyond_parentheses(node)
    if method not in {"forEach", "push", "unshift"}:
        return
    value = strip_parentheses(
        parent.child_by_field_name("value") or parent.child_by_field_name("right")
    )
    if method == "forEach":
        if value == node or parent.type in {"member_expression", "return_statement"}:
            yield "wrong-value", node, msg("forEach gives nothing back; map gives a list")
        return
    callee, left = node.child_by_field_name("function"), parent.child_by_field_name("left")
    owner = callee.child_by_field_name("object") if callee is not None else None
    is_same = (
        value == node
        and left is not None
        and owner is not None
        and reader.tree.get_source(left) == reader.tree.get_source(owner)
    )
    if is_same:
        yield "wrong-value", node, msg(
            "{method} gives the new length back, not the list; leave {text} = away",
            method=method, text=reader.shorten_source(left),
        )  # fmt: skip


def _find_math_max_of_list(reader: SlipReader, node: Node) -> Found:
    """Yield ``Math.max(list)``, which is NaN."""
    method, arguments = reader.kinds.find_builtin_method(node), list_arguments(node)
    is_one = method in {"max", "min"} and len(arguments) == 1
    if is_one and reader.kinds.find_kind(arguments[0]) == "list":
        yield "wrong-value", arguments[0], msg(
            "Math.{method} takes numbers, and gives NaN for a list; write ...{text}",
            method=method, text=reader.shorten_source(arguments[0]),
        )  # fmt: skip


_BRANCHING: Final = frozenset({
    "if_statement", "ternary_expression", "for_statement", "for_in_statement", "while_statement",
    "switch_statement", "try_statement",
})  # fmt: skip


def _find_endless_recursion(reader: SlipReader, node: Node) -> Found:
    """Yield functions that call themselves before anything can end them."""
    body, name = node.child_by_field_name("body"), node.child_by_field_name("name")
    parent = node.parent
    if name is None and parent is not None and parent.type == "variable_declarator":
        name = parent.child_by_field_name("name")
    text = reader.tree.get_source(name) if name is not None else ""
    for part in _walk_always_reached_nodes(body) if text and body is not None else ():
        callee = part.child_by_field_name("function") if part.type == "call_expression" else None
        if callee is not None and reader.tree.get_source(callee) == text:
            yield "endless-recursion", part, msg(
                "{name} calls itself whatever it is given, and so without end; return first where "
                "it has to stop", name=text,
            )  # fmt: skip
            return


def _walk_always_reached_nodes(body: Node) -> Iterator[Node]:
    """Yield the nodes that are reached whenever *body* is."""
    pending = [body]
    while pending:
        part = pending.pop(0)
        yield part
        asked = map(part.child_by_field_name, ("condition", "value", "left"))
        first = next((one for one in asked if one is not None), None)
        is_open = part.type in _BRANCHING
        if is_open and any(
            inner.type in LEAVING_STATEMENTS for inner in _walk_outside_inner_functions(part)
        ):
            return
        if is_open or read_operator(part) in {"&&", "||", "??"}:
            pending[:0] = [first] if first is not None else []
        elif part.type in LEAVING_STATEMENTS:
            pending = list(part.named_children)
        elif part.type not in FUNCTIONS:
            pending[:0] = part.named_children


_CHARACTER: Final = r"(?:\\(?:u\{[^}]*\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|.)|[^\\])"
"""One character of a class, which may be escaped."""
_ESCAPE_OR_CLASS: Final = re.compile(r"\\.|\[\^?(?P<content>(?:\\.|[^\\\]])*)\]", re.DOTALL)
_CHARACTER_OR_RANGE: Final = re.compile(rf"{_CHARACTER}(?:-{_CHARACTER})?", re.DOTALL)


def _find_wrong_regular_expression(reader: SlipReader, node: Node) -> Found:
    """Yield ``[A-z]``, which has punctuation in it, and ``[]``, which matches no character."""
    pattern = reader.tree.get_source(node)
    classes = [one for one in _ESCAPE_OR_CLASS.finditer(pattern) if one["content"] is not None]
    if any("A-z" in _CHARACTER_OR_RANGE.findall(one["content"]) for one in classes):
        yield "wrong-pattern", node, msg("A-z has [ \\ ] ^ _ ` in it, too; write A-Za-z")
    elif any(one[0] == "[]" for one in classes):
        yield "wrong-pattern", node, msg("[] fits no character at all; write \\[\\] or what it is")


FINDERS: Final[Mapping[str, Sequence[Callable[[SlipReader, Node], Found]]]] = {
    "if_statement": (_find_empty_body,),
    "while_statement": (_find_empty_body,),
    "call_expression": (_find_used_void_result, _find_math_max_of_list),
    "function_declaration": (_find_endless_recursion,),
    "function_expression": (_find_endless_recursion,),
    "arrow_function": (_find_endless_recursion,),
    "regex_pattern": (_find_wrong_regular_expression,),
    "for_statement": (_find_loop_that_runs_once, _find_empty_body),
    "for_in_statement": (_find_loop_that_runs_once, _find_empty_body),
    "switch_case": (_find_fall_through, _find_unreachable),
    "statement_block": (_find_unreachable, _find_double_functions),
    "program": (_find_unreachable, _find_double_functions),
    "finally_clause": (_find_unreachable,),
    "object": (_find_double_keys,),
    "class_body": (_find_double_keys,),
    "expression_statement": (_find_statement_without_effect,),
    "assignment_expression": (_find_reversed_operator,),
    "string": (_find_template_in_quotes,),
    "number": (_find_lost_digits,),
}
"""Type of node -> what may be wrong with one."""
