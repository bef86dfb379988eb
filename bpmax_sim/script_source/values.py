"""The meaning of an expression of a script, as far as its source shows it.

Constants are followed, nothing is run: a name means its initial value if it is never assigned
again, and a call of a function means the value that all its ``return`` agree on. Values built at
run time are None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.script_source.scopes import FUNCTIONS, Binding, Scopes
from bpmax_sim.script_source.syntax import SyntaxTree, is_await, list_parts

if TYPE_CHECKING:
    from tree_sitter import Node

SETTERS: Final = frozenset({"$path", "$query", "$header", "$body"})
NEVER_APIS: Final = frozenset({"then", "catch", "finally", "toJSON", ""})
WRAPPED: Final = frozenset({"parenthesized_expression"})
_DEEPEST: Final = 40  # names, members and calls that one value is followed through
_GIVES_ELEMENT: Final = frozenset(
    {"map", "filter", "forEach", "find", "some", "every", "flatMap", "findIndex", "findLast"}
)
"""Methods of lists whose callback gets an element first."""
_GIVES_LIST: Final = frozenset({"filter", "slice", "sort", "reverse", "toSorted", "concat"})
_GIVES_ITEM: Final = frozenset({"find", "findLast", "at", "pop", "shift"})
_DATA: Final = frozenset({"result", "form", "ctx"})
PROMISES: Final = frozenset({"promise", "outside promise"})
"""The kinds of values that are promises."""


class ChainSetterCall(msgspec.Struct, frozen=True):
    """One setter call in a chain, such as ``$query({id: 1})``, and the names that it sets.

    Attributes:
        part: ``path``, ``query``, ``header`` or ``body``.
        names: dotted names, such as ``data.name``; None if only known at run time.
    """

    part: str
    names: tuple[str, ...] | None
    place: Place


Usage = Literal["awaited", "returned", "argument", "assigned", "void", "member", "nothing", "other"]
_USAGES: Final[Mapping[str, Usage]] = {
    "return_statement": "returned",
    "arrow_function": "returned",
    "arguments": "argument",
    "array": "argument",
    "spread_element": "argument",
    "variable_declarator": "assigned",
    "assignment_expression": "assigned",
    "pair": "assigned",
    "member_expression": "member",
    "subscript_expression": "member",
    "expression_statement": "nothing",
}


class ProxyCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call of ``$proxy`` in the source.

    Attributes:
        platform, instance, api: as the script spells them; None if only known at run time. An empty
            instance is the default one.
        style: ``direct``, or ``chain`` for ``$api(…)``.
        arguments: number of a direct call's arguments; None for a chain, or if ``...`` spreads a
            list.
        setters: setters of a chain, in order.
        is_called: whether a chain ends in ``$call()``; always true for a direct call.
        usage: how its promise is used, such as ``awaited`` or ``assigned``; ``nothing`` if it is a
            statement of its own.
        place: start of the expression.
        platform_place, api_place: places of the names of platform and API.
        options: names of options, with their places.
    """

    platform: str | None
    instance: str | None
    api: str | None = None
    style: Literal["direct", "chain"] = "direct"
    arguments: int | None = None
    setters: tuple[ChainSetterCall, ...] = ()
    is_called: bool = False
    usage: Usage = "other"
    place: Place
    platform_place: Place
    api_place: Place
    options: tuple[tuple[str, Place], ...] = ()


class ScriptValue(msgspec.Struct, frozen=True):
    """What an expression stands for, as far as the source shows it, such as the result of a call.

    Attributes:
        kind: ``text``; ``$proxy`` itself; ``proxy`` of a platform; ``method`` of a proxy; ``chain``
            and ``chain method``; ``promise`` and ``result`` of a call; ``promise method``; ``form``
            and ``ctx``; ``function``; ``outside`` for a name that the script does not declare, and
            ``outside promise`` for the result of calling it, if it is async.
        text: value of a text, or the name of a method or of an undeclared name.
        node: syntax node of a function or method.
        path: members below a result, a form or a ctx; ``*`` is an element of a list.
        call: index in `Values.calls` of the call of a promise or result; -1 for an async function.
        draft: of a chain that is not yet called, its call with the setters so far.
    """

    kind: str
    text: str = ""
    node: Any = None
    path: tuple[str, ...] = ()
    call: int = -1
    draft: ProxyCall | None = None


_GLOBALS: Final[Mapping[str, ScriptValue]] = {
    "$proxy": ScriptValue("$proxy"), "form": ScriptValue("form"), "ctx": ScriptValue("ctx"),
}  # fmt: skip


class Values:
    """The values of the expressions of one script, and its calls.

    Attributes:
        calls: every call of ``$proxy``, in the order in which they were read.
    """

    def __init__(self, tree: SyntaxTree, scopes: Scopes) -> None:
        self._tree = tree
        self._scopes = scopes
        self._known: dict[int, ScriptValue | None] = {}
        self._depth = 0
        self.calls: list[ProxyCall] = []

    def resolve(self, node: Node | None) -> ScriptValue | None:
        """Return what the expression *node* stands for; None if the source does not show it."""
        if node is None:
            return None
        if node.id in self._known:
            return self._known[node.id]
        # Too deep is not stored: the same expression may be asked for later from nearer by.
        evaluate = _EVALUATE.get(node.type)
        if evaluate is None or self._depth > _DEEPEST:
            return None
        self._known[node.id] = None  # what is declared by itself
        self._depth += 1
        try:
            value = evaluate(self, node)
        finally:
            self._depth -= 1
        self._known[node.id] = value
        return value

    def read_member_name(self, node: Node) -> str | None:
        """Return the name of a member, ``*`` for a number, or None if only known at run time."""
        if node.type == "member_expression":
            name = node.child_by_field_name("property")
            return self._tree.get_source(name) if name is not None else None
        index = node.child_by_field_name("index")
        if index is None or index.type == "number":
            return "*"
        value = self.resolve(index)
        return value.text if value and value.kind == "text" else None

    def resolve_member(self, value: ScriptValue | None, path: Sequence[str]) -> ScriptValue | None:
        """Return the member at *path* of *value*; ``ctx.form`` is the form.

        None if *value* is not a form, ``ctx`` or result of a call, or *path* is not known.
        """
        if value is None or value.kind not in _DATA or "?" in path:
            return None
        whole = (*value.path, *path)
        if value.kind == "ctx" and whole[:1] == ("form",):
            return ScriptValue("form", path=whole[1:])
        return replace(value, path=whole)

    def resolve_binding(self, binding: Binding) -> ScriptValue | None:
        """Return what a declared name stands for; None if that is not known.

        That is the value of its declaration; for a destructured name a member of that value; for a
        callback's parameter what the callback is called with.
        """
        if binding.kind == "parameter":
            return self._resolve_callback_parameter(binding)
        value = self.resolve(binding.value)
        return self.resolve_member(value, binding.path) if binding.path else value

    # ------------------------------------------------------------------ expressions

    def _resolve_text(self, node: Node) -> ScriptValue | None:
        text = self._tree.read_literal_text(node)
        return None if text is None else ScriptValue("text", text)

    def _resolve_name(self, node: Node) -> ScriptValue | None:
        binding = self._scopes.find_binding(node)
        if binding is None:
            is_global = self._scopes.is_global(node)
            name = self._tree.get_source(node)
            return _GLOBALS.get(name, ScriptValue("outside", name)) if is_global else None
        return None if binding.is_reassigned else self.resolve_binding(binding)

    def _resolve_function(self, node: Node) -> ScriptValue:
        return ScriptValue("function", node=node)

    def _resolve_comma_expression(self, node: Node) -> ScriptValue | None:
        return self.resolve(next(reversed(list_parts(node)), None))

    def _resolve_await(self, node: Node) -> ScriptValue | None:
        value = self._resolve_comma_expression(node)
        return _resolve_promise(value) if value and value.kind in PROMISES else value

    def _resolve_left_of_fallback(self, node: Node) -> ScriptValue | None:
        """Return the left side of ``a || b`` or ``a ?? b``: the value that the author expects.

        None for any other operator.
        """
        operator = node.child_by_field_name("operator")
        if operator is None or operator.type not in {"||", "??"}:
            return None
        return self.resolve(node.child_by_field_name("left"))

    def _resolve_member_expression(self, node: Node) -> ScriptValue | None:
        value = self.resolve(node.child_by_field_name("object"))
        if value is None:
            return None
        name = self.read_member_name(node)
        if value.kind == "proxy":
            return self._resolve_proxy_member(value, node, name)
        if value.kind in {"chain", "promise"}:
            return replace(value, kind=f"{value.kind} method", text=name or "?", node=node)
        return self.resolve_member(value, ("*" if name is None else name,))

    def _resolve_proxy_member(
        self, value: ScriptValue, node: Node, name: str | None
    ) -> ScriptValue | None:
        """Return what the member *name* of a platform's proxy is: an API method, or ``$api``.

        *value* is the proxy (``$proxy('crm')``), *node* the expression that reads the member; a
        *name* of None is only known at run time. None if *name* can be no API's.
        """
        draft = value.draft
        if draft is None or (name is not None and name != "$api" and _is_not_api_name(name)):
            return None
        if name == "$api":
            chain = replace(draft, style="chain")
            return ScriptValue("chain method", "$api", node=node, draft=chain)
        where = node.child_by_field_name("property") or node.child_by_field_name("index") or node
        return ScriptValue(
            "method", draft=replace(draft, api=name, api_place=self._tree.find_place(where))
        )

    def _resolve_callback_parameter(self, binding: Binding) -> ScriptValue | None:
        """Return what a callback's first parameter stands for.

        In ``list.map(row => …)`` it is an element of the list, in ``promise.then(result => …)`` the
        result of the promise. None for others.
        """
        function = binding.function
        if function is None or function.parent is None or function.parent.type != "arguments":
            return None
        call = function.parent.parent
        called = call.child_by_field_name("function") if call is not None else None
        if called is None or called.type != "member_expression" or binding.position != 0:
            return None
        owner, method = (
            self.resolve(called.child_by_field_name("object")),
            self.read_member_name(called),
        )
        if owner is None or list_parts(function.parent)[0] != function:
            return None
        if method in _GIVES_ELEMENT:
            return self.resolve_member(owner, ("*", *binding.path))
        if method == "then" and owner.kind == "promise":
            return self.resolve_member(_resolve_promise(owner), binding.path)
        return None

    # ------------------------------------------------------------------ calls

    def _resolve_call_expression(self, node: Node) -> ScriptValue | None:
        listed = node.child_by_field_name("arguments")
        if listed is not None and is_await(node):
            return self._resolve_await(listed)
        value = self.resolve(node.child_by_field_name("function"))
        if value is None or listed is None:
            return None
        arguments = list_parts(listed)
        of_kind = _CALL.get(value.kind)
        return of_kind(self, node, value, arguments) if of_kind else None

    def _resolve_platform_proxy(
        self, node: Node, _value: ScriptValue, arguments: Sequence[Node]
    ) -> ScriptValue | None:
        if not arguments:
            return None
        platform = self.resolve(arguments[0])
        instance, options = (
            self._read_instance_and_options(arguments[1]) if len(arguments) > 1 else ("", ())
        )
        draft = ProxyCall(
            platform=platform.text if platform and platform.kind == "text" else None,
            instance=instance,
            place=self._tree.find_place(node),
            platform_place=self._tree.find_place(arguments[0]),
            api_place=self._tree.find_place(node),
            options=options,
        )
        return ScriptValue("proxy", draft=draft)

    def _read_instance_and_options(
        self, node: Node
    ) -> tuple[str | None, tuple[tuple[str, Place], ...]]:
        """Return the instance that *node*, the options of ``$proxy(key, {…})``, names.

        Also the names of all options, each with its place. The instance is "" if none is named, and
        None if it is only known at run time.
        """
        instance: str | None = "" if node.type == "object" else None
        names = []
        for key, value in self._walk_keys_and_values(node):
            name = self._scopes.read_key_name(key)
            names.append((name or "", self._tree.find_place(key)))
            if name == "instance_key":
                known = self.resolve(value)
                instance = known.text if known and known.kind == "text" else None
        return instance, tuple(pair for pair in names if pair[0])

    def _walk_keys_and_values(self, node: Node) -> Iterator[tuple[Node, Node | None]]:
        for child in node.named_children if node.type == "object" else ():
            if child.type == "pair" and (key := child.child_by_field_name("key")) is not None:
                yield key, child.child_by_field_name("value")
            elif child.type == "shorthand_property_identifier":
                yield child, child

    def _resolve_api_method_call(
        self, node: Node, value: ScriptValue, arguments: Sequence[Node]
    ) -> ScriptValue | None:
        """Return the promise of a direct call: ``proxy.getCustomer('C1')``.

        *value* is the method that *node* calls with *arguments*; None if its call is not known.
        """
        if value.draft is None:
            return None
        is_spread = any(child.type == "spread_element" for child in arguments)
        return self._add_call_and_make_promise(
            node, replace(value.draft, arguments=None if is_spread else len(arguments))
        )

    def _resolve_chain_call(
        self, node: Node, value: ScriptValue, arguments: Sequence[Node]
    ) -> ScriptValue | None:
        """Return the chain after a setter such as ``$query()``, or the promise of ``$call()``.

        None for any other method.
        """
        draft, name = value.draft, value.text
        if draft is None:
            return None
        if name == "$call":
            return self._add_call_and_make_promise(node, draft)
        if name == "$api":
            api = self.resolve(arguments[0]) if arguments else None
            text = api.text if api and api.kind == "text" else None
            place = self._tree.find_place(arguments[0] if arguments else node)
            return ScriptValue("chain", node=node, draft=replace(draft, api=text, api_place=place))
        if name not in SETTERS:
            return None
        where = value.node.child_by_field_name("property") or value.node
        names = self._read_object_literal_names(arguments[0]) if arguments else ()
        setter = ChainSetterCall(name.removeprefix("$"), names, self._tree.find_place(where))
        return ScriptValue(
            "chain", node=node, draft=replace(draft, setters=(*draft.setters, setter))
        )

    def _read_object_literal_names(self, node: Node) -> tuple[str, ...] | None:
        """Return the dotted names of an object literal, or None if it may have more."""
        kinds = {child.type for child in node.named_children}
        if node.type != "object" or kinds - {"pair", "shorthand_property_identifier", "comment"}:
            return None
        names: list[str] = []
        for key, value in self._walk_keys_and_values(node):
            name = self._scopes.read_key_name(key)
            if name is None:
                return None
            inner = self._read_object_literal_names(value) if value is not None else None
            names += [name, *(f"{name}.{below}" for below in inner or ())]
        return tuple(names)

    def _add_call_and_make_promise(self, node: Node, call: ProxyCall) -> ScriptValue:
        """Add *call*, which is made at *node*, to `calls`, and return its promise."""
        place, usage = self._tree.find_place(node), find_usage(node)
        self.calls.append(replace(call, place=place, is_called=True, usage=usage))
        return ScriptValue("promise", call=len(self.calls) - 1)

    def _resolve_promise_method(
        self, _node: Node, value: ScriptValue, arguments: Sequence[Node]
    ) -> ScriptValue | None:
        if value.text != "then":  # catch, finally
            return replace(value, kind="promise", text="", node=None)
        callback = self.resolve(arguments[0]) if arguments else None
        known = callback is not None and callback.kind == "function"
        result = (
            self._resolve_returned_value(callback.node) if callback is not None and known else None
        )
        is_result = result is not None and result.kind == "result"
        return replace(result, kind="promise") if result is not None and is_result else result

    def _resolve_array_method(
        self, _node: Node, value: ScriptValue, _arguments: Sequence[Node]
    ) -> ScriptValue | None:
        """Return the list, or the element, that an array method returns.

        The list is a member of a form, of ``ctx`` or of a result. None for a method that returns
        neither.
        """
        *owner, method = value.path or ("",)
        if method in _GIVES_LIST:
            return replace(value, path=tuple(owner))
        return replace(value, path=(*owner, "*")) if method in _GIVES_ITEM else None

    def _resolve_function_call(
        self, _node: Node, value: ScriptValue, _arguments: Sequence[Node]
    ) -> ScriptValue | None:
        return self._resolve_returned_value(value.node)

    def _resolve_returned_value(self, function: Node) -> ScriptValue | None:
        """Return the result of a function, if all its ``return`` agree; else None.

        For an async function it is a promise, or a chain of a call that lacks its ``$call()``.
        """
        body = function.child_by_field_name("body")
        if body is None:
            return None
        results = (
            [body] if body.type != "statement_block" else list(self._find_returned_nodes(body))
        )
        values = [value for value in map(self.resolve, results) if value is not None]
        known = [value for value in values if not value.kind.startswith("outside")]
        result = known[0] if known and all(value == known[0] for value in known) else None
        if not is_async(function) or (result is not None and result.kind == "chain"):
            return result
        is_call = result is not None and result.kind in {"result", "promise"}
        return replace(result, kind="promise") if is_call and result else ScriptValue("promise")

    def _resolve_undeclared_call(
        self, _node: Node, value: ScriptValue, _arguments: Sequence[Node]
    ) -> ScriptValue:
        """Return the kind ``outside promise``, a value that may be a promise and may be anything.

        The called function is not in this script, and a library may declare it as async.
        """
        return replace(value, kind="outside promise")

    def _find_returned_nodes(self, body: Node) -> Iterator[Node]:
        """Yield the values of the ``return`` statements in *body*, without inner functions."""
        pending = [body]
        while pending:
            node = pending.pop()
            if node.type == "return_statement":
                yield from list_parts(node)[:1]
            pending += [child for child in node.named_children if child.type not in FUNCTIONS]


def is_async(function: Node) -> bool:
    """Return whether a call of *function* returns a promise."""
    return any(child.type == "async" for child in function.children)


def _resolve_promise(promise: ScriptValue) -> ScriptValue | None:
    """Return the result that awaiting *promise* gives; None unless it is the promise of a call."""
    is_of_call = promise.kind == "promise" and promise.call >= 0
    return replace(promise, kind="result") if is_of_call else None


def find_parent_beyond_parentheses(node: Node) -> Node:
    """Return the node around *node*, skipping parentheses; the root is its own."""
    parent = node.parent
    while parent is not None and parent.type in WRAPPED:
        parent = parent.parent
    if parent is not None and parent.parent is not None and parent.type == "arguments":
        return parent.parent if is_await(parent.parent) else parent
    return parent or node


def find_usage(node: Node) -> Usage:
    """Return how the value of *node*, a promise or a chain, is used, such as ``awaited``.

    ``nothing`` if it is a statement of its own.
    """
    parent = find_parent_beyond_parentheses(node)
    operator = parent.child_by_field_name("operator")
    if operator is not None and operator.type == "void":
        return "void"
    if is_await(parent):
        return "awaited"
    return _USAGES.get(parent.type, "other")


def _is_not_api_name(name: str) -> bool:
    return name in NEVER_APIS or name[:1] in {"$", "_"}


_EVALUATE: Final[Mapping[str, Callable[[Values, Node], ScriptValue | None]]] = {
    "string": Values._resolve_text,  # noqa: SLF001 - the table of the class above
    "template_string": Values._resolve_text,  # noqa: SLF001
    "identifier": Values._resolve_name,  # noqa: SLF001
    "shorthand_property_identifier": Values._resolve_name,  # noqa: SLF001
    "arrow_function": Values._resolve_function,  # noqa: SLF001
    "function_expression": Values._resolve_function,  # noqa: SLF001
    "function_declaration": Values._resolve_function,  # noqa: SLF001
    "parenthesized_expression": Values._resolve_comma_expression,  # noqa: SLF001
    "await_expression": Values._resolve_await,  # noqa: SLF001
    "binary_expression": Values._resolve_left_of_fallback,  # noqa: SLF001
    "member_expression": Values._resolve_member_expression,  # noqa: SLF001
    "subscript_expression": Values._resolve_member_expression,  # noqa: SLF001
    "call_expression": Values._resolve_call_expression,  # noqa: SLF001
}
_CALL: Final[
    Mapping[str, Callable[[Values, Node, ScriptValue, Sequence[Node]], ScriptValue | None]]
] = {
    "$proxy": Values._resolve_platform_proxy,  # noqa: SLF001
    "method": Values._resolve_api_method_call,  # noqa: SLF001
    "chain method": Values._resolve_chain_call,  # noqa: SLF001
    "promise method": Values._resolve_promise_method,  # noqa: SLF001
    "result": Values._resolve_array_method,  # noqa: SLF001
    "form": Values._resolve_array_method,  # noqa: SLF001
    "ctx": Values._resolve_array_method,  # noqa: SLF001
    "function": Values._resolve_function_call,  # noqa: SLF001
    "outside": Values._resolve_undeclared_call,  # noqa: SLF001
}
