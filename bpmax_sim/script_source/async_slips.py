"""Slips (probable mistakes) with functions passed to others, and with promises not awaited."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from bpmax_sim.i18n import msg
from bpmax_sim.script_source.kinds import list_arguments, strip_parentheses
from bpmax_sim.script_source.scopes import FUNCTIONS
from bpmax_sim.script_source.slips import Found, SlipReader
from bpmax_sim.script_source.syntax import is_await, list_parts
from bpmax_sim.script_source.values import PROMISES, find_parent_beyond_parentheses, is_async

if TYPE_CHECKING:
    from tree_sitter import Node

_ANSWERING: Final = frozenset({
    "map", "filter", "find", "findLast", "findIndex", "findLastIndex", "some", "every", "reduce",
    "reduceRight", "flatMap", "sort", "toSorted",
})  # fmt: skip
"""Methods of lists that use what their callback returns."""
_ASKING: Final = frozenset(
    {"filter", "find", "findLast", "findIndex", "findLastIndex", "some", "every", "sort"}
)
_OF_VALUES: Final = frozenset({
    "filter", "length", "some", "every", "find", "findIndex", "join", "includes", "indexOf",
    "sort", "at", "slice",
})  # fmt: skip
"""Members of a list that are of no use while its elements are promises."""
_TIMERS: Final = frozenset({"setTimeout", "setInterval", "queueMicrotask"})
_JOINS: Final = frozenset({"all", "allSettled", "any", "race"})


def _find_builtin_method_and_argument(reader: SlipReader, call: Node) -> tuple[str, Node | None]:
    """Return the built-in method that *call* calls ("" if none), and the first argument of *call*.

    An argument that names a function of the script is replaced by that function. It is None for a
    call without arguments.
    """
    method = reader.kinds.find_builtin_method(call)
    arguments = list_arguments(call)
    callback = strip_parentheses(arguments[0]) if arguments else None
    if callback is not None and callback.type == "identifier":
        value = reader.values.resolve(callback)
        callback = value.node if value is not None and value.kind == "function" else callback
    return method, callback


def _find_returns_unless_only_throws(function: Node) -> list[Node] | None:
    """Return the expressions that *function* returns; None if it only throws."""
    body = function.child_by_field_name("body")
    if body is None or body.type not in {"statement_block", "object"}:
        return [body] if body is not None else []
    pending, found, throws = [body], [], False
    while pending:
        node = pending.pop()
        throws = throws or node.type == "throw_statement"
        if node.type == "return_statement":
            found += list_parts(node)[:1]
        pending += [child for child in node.named_children if child.type not in FUNCTIONS]
    return None if throws and not found else found


def _find_missing_return(reader: SlipReader, node: Node) -> Found:
    """Yield each callback with braces that returns nothing although its method uses the result.

    For example ``list.filter(row => { row.ok })``.
    """
    method, function = _find_builtin_method_and_argument(reader, node)
    if method not in _ANSWERING or function is None or function.type not in FUNCTIONS:
        return
    is_statement = find_parent_beyond_parentheses(node).type == "expression_statement"
    # As a statement they are loops, like `forEach`, and what the callback returns does not matter.
    if is_async(function) or (is_statement and method in {"map", "flatMap", "some", "every"}):
        return
    if _find_returns_unless_only_throws(function) == []:
        yield "missing-return", function, msg(
            "this callback of {method} has braces and returns nothing; write return, or leave the "
            "braces away", method=method,
        )  # fmt: skip


def _find_async_callback(reader: SlipReader, node: Node) -> Found:
    """Yield async callbacks of methods that use the promise as a value, or do not await it."""
    method, function = _find_builtin_method_and_argument(reader, node)
    if function is None or function.type not in FUNCTIONS or not is_async(function):
        return
    waits = any(map(is_await, reader.tree.walk(function)))
    if method in _ASKING:
        yield "missing-await", function, msg(
            "{method} takes the promise of an async function for its result, and a promise is "
            "always true; await the results first: await Promise.all(….map(…))", method=method,
        )  # fmt: skip
    elif method == "forEach" and waits:
        yield (
            "missing-await",
            function,
            msg(
                "forEach waits for no async function; write for (… of …), or await "
                "Promise.all(….map(…))"
            ),
        )


def _find_list_of_promises(reader: SlipReader, node: Node) -> Found:
    """Yield ``xs.map(async …)`` whose elements are used as values: they are promises."""
    method, function = _find_builtin_method_and_argument(reader, node)
    if method != "map" or function is None or function.type not in FUNCTIONS:
        return
    results = _find_returns_unless_only_throws(function) or []
    values = [reader.values.resolve(result) for result in results]
    is_promise = bool(values) and all(v is not None and v.kind == "promise" for v in values)
    if not (is_async(function) or is_promise):
        return
    name = _find_element_using_method(reader, node)
    if not name:
        parent = node.parent
        declared = parent.child_by_field_name("name") if parent is not None else None
        if parent is None or parent.type != "variable_declarator" or declared is None:
            return
        uses = [
            use.node
            for use in reader.scopes.find_name_uses()
            if use.binding is not None and use.binding.declared == declared
        ]
        read = [_find_element_using_method(reader, use) for use in uses]
        if not read or not all(read):
            return
        name = read[0]
    yield "missing-await", function, msg(
        "these are promises, of which {member} says nothing; await them first: await "
        "Promise.all(….map(…))", member=f".{name}",
    )  # fmt: skip


def _find_element_using_method(reader: SlipReader, node: Node) -> str:
    """Return the name of the method called on the list *node*, if it uses the elements' values.

    Such a method is ``filter``; "" for any other.
    """
    parent = find_parent_beyond_parentheses(node)
    is_owner = parent.type == "member_expression" and strip_parentheses(
        parent.child_by_field_name("object")
    ) in {node, strip_parentheses(node)}
    name = reader.values.read_member_name(parent) if is_owner else None
    return name if name in _OF_VALUES else ""


def _find_unsuitable_callback(reader: SlipReader, node: Node) -> Found:
    """Yield callbacks that do not fit the function that calls them.

    ``sort((a, b) => a > b)`` returns no number, ``map(parseInt)`` takes the index for a base, and
    ``setTimeout(f(), 100)`` calls at once.
    """
    method, callback = _find_builtin_method_and_argument(reader, node)
    callee = strip_parentheses(node.child_by_field_name("function"))
    if callback is None or callee is None:
        return
    if method in {"sort", "toSorted"} and callback.type in FUNCTIONS:
        results = _find_returns_unless_only_throws(callback) or []
        # `sort` converts the result to a number: false is 0, "equal", and none is ever negative.
        if results and all(reader.kinds.find_kind(one) == "boolean" for one in results):
            yield "wrong-callback", callback, msg(
                "{method} wants a number below, at or above 0, and gets true or false; write "
                "(a, b) => a - b", method=method,
            )  # fmt: skip
    elif method == "map" and reader.tree.get_source(callback) == "parseInt":
        yield (
            "wrong-callback",
            callback,
            msg(
                "map gives parseInt the index as its base; write Number, or "
                "text => parseInt(text, 10)"
            ),
        )
    elif callee.type == "identifier" and reader.tree.get_source(callee) in _TIMERS:
        value = reader.values.resolve(callback)
        is_function = value is not None and value.kind == "function"
        inner = strip_parentheses(callback.child_by_field_name("function"))
        is_bound = inner is not None and reader.tree.get_source(inner).endswith(".bind")
        if callback.type == "call_expression" and not is_function and not is_bound:
            yield (
                "wrong-callback",
                callback,
                msg(
                    "{text} is called here and now, not when the time is up; write () => {text}",
                    text=reader.shorten_source(callback),
                ),
            )


def _find_sorted_numbers(reader: SlipReader, node: Node) -> Found:
    """Yield ``sort()`` of numbers, which compares them as text."""
    callee = strip_parentheses(node.child_by_field_name("function"))
    if reader.kinds.find_builtin_method(node) not in {"sort", "toSorted"} or callee is None:
        return
    owner = strip_parentheses(callee.child_by_field_name("object"))
    if list_arguments(node) or owner is None or not _holds_numbers(reader, owner):
        return
    yield (
        "wrong-callback",
        node,
        msg("sort() without a callback sorts numbers as texts, 10 before 9; write (a, b) => a - b"),
    )


def _holds_numbers(reader: SlipReader, node: Node) -> bool:
    if node.type == "array":
        parts = list_parts(node)
        return len(parts) > 1 and {*map(reader.kinds.find_kind, parts)} == {"number"}
    if node.type == "identifier":
        binding = reader.scopes.find_binding(node)
        value = binding.value if binding is not None and not binding.path else None
        return value is not None and value.type != "identifier" and _holds_numbers(reader, value)
    method, callback = (
        _find_builtin_method_and_argument(reader, node)
        if node.type == "call_expression"
        else ("", None)
    )
    if method != "map" or callback is None:
        return False
    if reader.tree.get_source(callback) in {"Number", "parseFloat"}:
        return True
    results = _find_returns_unless_only_throws(callback) if callback.type in FUNCTIONS else []
    return bool(results) and all(reader.kinds.find_kind(one) == "number" for one in results or ())


def _find_impossible_search(reader: SlipReader, node: Node) -> Found:
    """Yield ``list.includes({…})`` and ``list.indexOf(NaN)``, which never find anything."""
    method, value = _find_builtin_method_and_argument(reader, node)
    if value is None or method not in {"includes", "indexOf", "lastIndexOf"}:
        return
    if value.type in {"object", "array"}:
        yield (
            "never-equal",
            value,
            msg("what is made here anew equals nothing else; compare its members or its length"),
        )
    # `includes` compares by SameValueZero, for which NaN equals itself; `indexOf` by `===`.
    elif method != "includes" and reader.tree.get_source(value) == "NaN":
        yield (
            "never-equal",
            value,
            msg("nothing equals NaN, not even itself; write Number.isNaN({text})", text="…"),
        )


def _find_promise_all_without_list(reader: SlipReader, node: Node) -> Found:
    """Yield ``Promise.all(a, b)``, which awaits only the elements of its first argument."""
    callee, listed = (node.child_by_field_name(part) for part in ("function", "arguments"))
    owner = callee.child_by_field_name("object") if callee is not None else None
    if callee is None or owner is None or listed is None:
        return
    name = reader.values.read_member_name(callee) if callee.type == "member_expression" else ""
    is_join = reader.tree.get_source(owner) == "Promise" and name in _JOINS
    arguments = list_arguments(node)
    first = reader.values.resolve(arguments[0]) if arguments else None
    is_single = first is not None and first.kind in PROMISES
    if is_join and (len(arguments) > 1 or is_single):
        yield (
            "missing-await",
            listed,
            msg("Promise.{name} takes one list; write Promise.{name}([…])", name=name),
        )


def _find_awaited_function(reader: SlipReader, node: Node) -> Found:
    """Yield ``await sleep;``, which awaits a function and not its call, so that it never runs."""
    awaited = strip_parentheses(next(iter(list_parts(node)), node))
    value = reader.values.resolve(awaited) if awaited.type == "identifier" else None
    if value is not None and value.kind == "function":
        name = reader.tree.get_source(awaited)
        yield "missing-await", node, msg(
            "this awaits the function {name} and does not call it; write await {name}(…)", name=name
        )  # fmt: skip


def _find_async_executor(reader: SlipReader, node: Node) -> Found:
    """Yield ``new Promise(async …)``: what the async function throws is lost."""
    made = node.child_by_field_name("constructor")
    function = next(iter(list_arguments(node)), None)
    is_promise = made is not None and reader.tree.get_source(made) == "Promise"
    # `new Promise` ignores what its executor returns, thus also the promise of an async one.
    if is_promise and function is not None and function.type in FUNCTIONS and is_async(function):
        yield (
            "missing-await",
            function,
            msg(
                "what an async function throws in new Promise is lost; leave new Promise away "
                "and call the async function"
            ),
        )


def _find_promise_stored_or_sent(reader: SlipReader, node: Node) -> Found:
    """Yield a promise that is written into a field, or sent as a value."""
    part = "right" if node.type == "assignment_expression" else "value"
    value = reader.values.resolve(node.child_by_field_name(part))
    if value is None or value.kind != "promise":
        return
    if node.type == "pair":
        if not _is_sent(reader, node):
            return
    else:
        left = reader.values.resolve(node.child_by_field_name("left"))
        if left is None or left.kind != "form":
            return
    where = node.child_by_field_name(part) or node
    yield (
        "missing-await",
        where,
        msg("a promise is handed on here in place of its value; put await before the call"),
    )


def _is_sent(reader: SlipReader, node: Node) -> bool:
    """Return whether *node* is inside an object that a setter sends, such as ``$query({…})``."""
    while node.parent is not None and node.type in {"pair", "object"}:
        node = node.parent
    call = node.parent if node.type == "arguments" else None
    value = reader.values.resolve(call) if call is not None else None
    return value is not None and value.kind in {"chain", "promise"}


def _find_useless_callback_return(reader: SlipReader, node: Node) -> Found:
    """Yield ``return false`` or a returned text in a callback such as that of ``forEach``.

    ``forEach`` and timers ignore it; the author probably wants to stop or refuse.
    """
    callee = strip_parentheses(node.child_by_field_name("function"))
    names = callee.named_children[-1:] if callee is not None else []
    if callee is not None and callee.type == "identifier":
        names = [callee] if reader.tree.get_source(callee) in _TIMERS else []
    name = reader.tree.get_source(names[0]) if names else ""
    outside = find_parent_beyond_parentheses(node)
    if is_await(outside):
        outside = find_parent_beyond_parentheses(outside)
    if name not in _DROPPING or outside.type != "expression_statement":
        return
    for argument in list_arguments(node)[:1]:
        function = strip_parentheses(argument)
        body = function.child_by_field_name("body")
        if function.type not in FUNCTIONS or body is None:
            continue
        for returned in (
            (_find_returns_unless_only_throws(function) or ())
            if body.type == "statement_block"
            else ()
        ):
            if returned.type in {"false", "string", "template_string"}:
                yield "unused-result", returned, msg(
                    "this goes back to {name}, which nothing asks for it, and the script goes on; "
                    "await what is needed first, and return it from the script itself", name=name,
                )  # fmt: skip


_DROPPING: Final = frozenset({"then", "forEach", *_TIMERS})


FINDERS: Final[Mapping[str, Sequence[Callable[[SlipReader, Node], Found]]]] = {
    "call_expression": (
        _find_missing_return, _find_async_callback, _find_list_of_promises,
        _find_unsuitable_callback, _find_sorted_numbers, _find_impossible_search,
        _find_promise_all_without_list, _find_useless_callback_return,
    ),
    "await_expression": (_find_awaited_function,),
    "new_expression": (_find_async_executor,),
    "assignment_expression": (_find_promise_stored_or_sent,),
    "pair": (_find_promise_stored_or_sent,),
}  # fmt: skip
"""Type of node -> what may be wrong with one."""
