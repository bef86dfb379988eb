"""Which declaration a name in a script refers to (ECMA-262, 8.2 and 14.3).

``let``, ``const`` and ``class`` belong to their block, ``var`` to its function, and the name of a
function to its enclosing block. Names without declaration are globals of this package or of
libraries, or mistakes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from bpmax_sim.script_source.syntax import SyntaxTree, is_await_as_name, list_parts

if TYPE_CHECKING:
    from tree_sitter import Node

FUNCTIONS: Final = frozenset(
    {
        "function_declaration", "generator_function_declaration", "function_expression",
        "generator_function", "arrow_function", "method_definition", "class_static_block",
    }
)  # fmt: skip
_BLOCKS: Final = frozenset(
    {
        "program", "statement_block", "for_statement", "for_in_statement", "catch_clause",
        "switch_body", "class_body",
    }
)  # fmt: skip
_IDENTIFIERS: Final = frozenset(
    {"identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"}
)
_KEYS: Final = frozenset({"property_identifier", "identifier", "number", *_IDENTIFIERS})
_ASSIGNS: Final = {
    "assignment_expression": "left",
    "augmented_assignment_expression": "left",
    "update_expression": "argument",
    "for_in_statement": "left",
}
_PATTERNS: Final = frozenset(
    {
        "array_pattern", "object_pattern", "pair_pattern", "assignment_pattern", "rest_pattern",
        "object_assignment_pattern", "parenthesized_expression",
    }
)  # fmt: skip
Path = tuple[str, ...]


class Binding:
    """A declared name.

    Attributes:
        kind: ``const``, ``let``, ``var``, ``function``, ``class``, ``parameter`` or ``catch``.
        declared: identifier that declares it.
        value: its initial expression, before destructuring, or its function.
        path: names of the members that lead from *value* to what the name stands for, if it is
            destructured; ``*`` is an element of a list, ``?`` is unknown.
        function, position: for a parameter, the function that has it, and its position from 0.
        is_reassigned: whether it is assigned again.
    """

    __slots__ = ("declared", "function", "is_reassigned", "kind", "path", "position", "value")

    def __init__(self, kind: str, declared: Node, value: Node | None, path: Path) -> None:
        """Declare a name that is not assigned again so far."""
        self.kind = kind
        self.declared = declared
        self.value = value
        self.path = path
        self.function: Node | None = None
        self.position = 0
        self.is_reassigned = False


class LexicalScope(msgspec.Struct):
    """A block or function with the names that it declares."""

    parent: LexicalScope | None
    is_function: bool
    names: dict[str, Binding]

    def find_function_scope(self) -> LexicalScope:
        """Return the scope of the enclosing function, or of the program."""
        scope = self
        while not scope.is_function and scope.parent is not None:
            scope = scope.parent
        return scope

    def find(self, name: str) -> Binding | None:
        """Return the declaration of *name* in this scope or around it; None for a global."""
        scope: LexicalScope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.parent
        return scope.names[name] if scope else None

    def find_in_enclosing_blocks(self, name: str) -> Binding | None:
        """Return the declaration of *name* in an enclosing block of the same function, or None."""
        scope = self
        while not scope.is_function and scope.parent is not None:
            scope = scope.parent
            if name in scope.names:
                return scope.names[name]
        return None


class NameUse:
    """A use of a name with its declaration; None for a global."""

    __slots__ = ("binding", "name", "node")

    def __init__(self, name: str, node: Node, binding: Binding | None) -> None:
        self.name = name
        self.node = node
        self.binding = binding


class Scopes:
    """All declarations and uses of names in a script.

    Attributes:
        top: the scope of the script itself.
        bindings: every declared name, in the order of the text.
    """

    def __init__(self, tree: SyntaxTree) -> None:
        """Read *tree*: all declarations first, as functions and ``var`` are used before theirs."""
        self._tree = tree
        self._declared: dict[int, Binding] = {}
        self.top = LexicalScope(None, is_function=True, names={})
        self.bindings: list[Binding] = []
        self._inner: dict[int, LexicalScope] = {}
        self._hidden: dict[int, Binding] = {}
        uses = self._declare_names_and_list_uses()
        self._name_uses = {
            node.id: NameUse(name := tree.get_source(node), node, scope.find(name))
            for node, scope in uses
            if node.id not in self._declared
        }
        for use in self._name_uses.values():
            if use.binding is not None and is_assigned(use.node):
                use.binding.is_reassigned = True

    def find_binding(self, node: Node) -> Binding | None:
        """Return the declaration of the identifier *node*; None for a global or another node."""
        use = self._name_uses.get(node.id)
        return use.binding if use else None

    def find_uses_of_declared_name(self, node: Node) -> Iterator[NameUse]:
        """Yield each use of the name that the identifier *node* declares; none if it is a use."""
        if binding := self._declared.get(node.id):
            yield from (use for use in self._name_uses.values() if use.binding is binding)

    def is_global(self, node: Node) -> bool:
        """Return whether *node* is a name that the script does not declare."""
        use = self._name_uses.get(node.id)
        return use is not None and use.binding is None

    def list_visible_names(self, node: Node) -> list[str]:
        """Return the declared names that are visible at *node*, the nearest first.

        They are followed by the globals that *node* itself uses.
        """
        found: dict[str, None] = {}
        current: Node | None = node
        while current is not None:
            found |= dict.fromkeys(
                self._inner[current.id].names if current.id in self._inner else ()
            )
            current = current.parent
        used = (
            use.name
            for use in self.find_global_uses()
            if node.start_byte <= use.node.start_byte < node.end_byte
        )
        return [*found | dict.fromkeys(self.top.names) | dict.fromkeys(used)]

    def find_global_uses(self) -> Iterator[NameUse]:
        """Yield each use of a name that the script does not declare."""
        return (use for use in self._name_uses.values() if use.binding is None)

    def find_name_uses(self) -> Iterator[NameUse]:
        """Yield each use of a name, declared or global, in the order of the text."""
        return iter(self._name_uses.values())

    def is_assignment(self, use: NameUse) -> bool:
        """Return whether *use* assigns to the name."""
        return is_assigned(use.node)

    def find_hidden_binding(self, binding: Binding) -> Binding | None:
        """Return the declaration that *binding* hides, or None.

        It is in an outer block of the same function.
        """
        return self._hidden.get(id(binding))

    def read_key_name(self, key: Node) -> str | None:
        """Return the name of an object's key, or None for a computed one."""
        if key.type in _KEYS:
            return self._tree.get_source(key)
        if key.type == "computed_property_name":
            return (
                self._tree.read_literal_text(key.named_children[0]) if key.named_children else None
            )
        return self._tree.read_literal_text(key)

    def _declare_names_and_list_uses(self) -> list[tuple[Node, LexicalScope]]:
        """Add each declaration of the script, and return all identifiers with their scopes."""
        uses: list[tuple[Node, LexicalScope]] = []
        pending = [(self._tree.root, self.top)]
        while pending:
            node, scope = pending.pop()
            kind = node.type
            if kind in _IDENTIFIERS:
                uses += [] if is_await_as_name(node) else [(node, scope)]
                continue
            inner = scope
            if kind in FUNCTIONS:
                inner = LexicalScope(scope, is_function=True, names={})
                self._declare_parameters(node, inner)
            # The block of a function has the scope of its parameters: to declare one of them there
            # once more by `let` or `const` is a syntax error (ECMA-262, 15.2.1).
            elif kind in _BLOCKS and node.parent is not None and node.parent.type not in FUNCTIONS:
                inner = LexicalScope(scope, is_function=False, names={})
            if inner is not scope:
                self._inner[node.id] = inner
            if declare := _DECLARES.get(kind):
                declare(self, node, scope, inner)
            pending += [(child, inner) for child in reversed(node.named_children)]
        return uses

    def _declare_variable(self, node: Node, scope: LexicalScope, _inner: LexicalScope) -> None:
        parent, name = node.parent, node.child_by_field_name("name")
        is_var = parent is None or parent.type == "variable_declaration"
        if name is not None:
            word = "var" if is_var or parent is None else self._tree.get_source(parent.children[0])
            home = scope.find_function_scope() if is_var else scope
            self._bind_pattern_names(name, word, home, node.child_by_field_name("value"))

    def _declare_function(self, node: Node, scope: LexicalScope, _inner: LexicalScope) -> None:
        self._bind_pattern_names(node.child_by_field_name("name"), "function", scope, node)

    def _declare_inner_name(self, node: Node, _scope: LexicalScope, inner: LexicalScope) -> None:
        self._bind_pattern_names(node.child_by_field_name("name"), "function", inner, node)

    def _declare_class(self, node: Node, scope: LexicalScope, _inner: LexicalScope) -> None:
        self._bind_pattern_names(node.child_by_field_name("name"), "class", scope)

    def _declare_caught(self, node: Node, _scope: LexicalScope, inner: LexicalScope) -> None:
        self._bind_pattern_names(node.child_by_field_name("parameter"), "catch", inner)

    def _declare_loop(self, node: Node, _scope: LexicalScope, inner: LexicalScope) -> None:
        """Declare the name in ``for (const row of rows)``, whose value is an element of ``rows``.

        *node* is the loop and *inner* the scope of its body; a ``var`` belongs to the function
        instead.
        """
        word, operator = node.child_by_field_name("kind"), node.child_by_field_name("operator")
        if word is None:
            return
        kind = self._tree.get_source(word)
        path = ("*",) if operator is not None and operator.type == "of" else ("?",)
        home = inner.find_function_scope() if kind == "var" else inner
        right = node.child_by_field_name("right")
        self._bind_pattern_names(node.child_by_field_name("left"), kind, home, right, path)

    def _declare_imports(self, node: Node, scope: LexicalScope, _inner: LexicalScope) -> None:
        for child in self._tree.walk(node):
            if child.type == "identifier":
                self._bind_pattern_names(child, "const", scope)

    def _declare_parameters(self, function: Node, inner: LexicalScope) -> None:
        several = function.child_by_field_name("parameters")
        single = function.child_by_field_name("parameter")
        patterns = list_parts(several) if several is not None else [single] if single else []
        for position, pattern in enumerate(patterns):
            before = len(self.bindings)
            self._bind_pattern_names(pattern, "parameter", inner)
            for binding in self.bindings[before:]:
                binding.function, binding.position = function, position

    def _bind_pattern_names(
        self,
        pattern: Node | None,
        kind: str,
        scope: LexicalScope,
        value: Node | None = None,
        path: Path = (),
    ) -> None:
        """Declare every name of *pattern* in *scope*, with the *kind* ``const`` or the like.

        *value* is the expression from which they get their values, *path* the members of it that
        lead to *pattern*. A name that the scope has already counts as assigned again.
        """
        for identifier, steps in (
            self._find_pattern_names(pattern, path) if pattern is not None else ()
        ):
            name = self._tree.get_source(identifier)
            # Declared twice, as `var` and functions may be: which value it has is not known.
            if name in scope.names:
                scope.names[name].is_reassigned = True
                self._declared[identifier.id] = scope.names[name]
                continue
            scope.names[name] = binding = Binding(kind, identifier, value, steps)
            self._declared[identifier.id] = binding
            self.bindings.append(binding)
            if (
                not scope.is_function
                and (outer := scope.find_in_enclosing_blocks(name)) is not None
            ):
                self._hidden[id(binding)] = outer

    def _find_pattern_names(self, pattern: Node, path: Path) -> Iterator[tuple[Node, Path]]:
        """Yield each name that *pattern* declares, with the path of members to its value."""
        pending = [(pattern, path)]
        while pending:
            node, steps = pending.pop()
            if node.type == "identifier":
                yield node, steps
            elif node.type == "shorthand_property_identifier_pattern":
                yield node, (*steps, self._tree.get_source(node))
            elif parts := _PARTS.get(node.type):
                pending += [(child, (*steps, *more)) for child, more in parts(self, node)]

    def _split_pair_pattern(self, node: Node) -> list[tuple[Node, Path]]:
        key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
        name = self.read_key_name(key) if key is not None else None
        return [(value, (name or "?",))] if value is not None else []

    def _split_default_pattern(self, node: Node) -> list[tuple[Node, Path]]:
        left = node.child_by_field_name("left")
        return [(left, ())] if left is not None else []

    def _split_array_pattern(self, node: Node) -> list[tuple[Node, Path]]:
        return [(child, ("*",)) for child in reversed(node.named_children)]

    def _split_rest_pattern(self, node: Node) -> list[tuple[Node, Path]]:
        return [(child, ("?",)) for child in node.named_children]

    def _split_object_pattern(self, node: Node) -> list[tuple[Node, Path]]:
        return [(child, ()) for child in reversed(node.named_children)]


_DECLARES: Final[Mapping[str, Callable[[Scopes, Node, LexicalScope, LexicalScope], None]]] = {
    "variable_declarator": Scopes._declare_variable,  # noqa: SLF001 - the tables of the class above
    "function_declaration": Scopes._declare_function,  # noqa: SLF001
    "generator_function_declaration": Scopes._declare_function,  # noqa: SLF001
    "function_expression": Scopes._declare_inner_name,  # noqa: SLF001
    "generator_function": Scopes._declare_inner_name,  # noqa: SLF001
    "class_declaration": Scopes._declare_class,  # noqa: SLF001
    "class": Scopes._declare_class,  # noqa: SLF001
    "catch_clause": Scopes._declare_caught,  # noqa: SLF001
    "for_in_statement": Scopes._declare_loop,  # noqa: SLF001
    "import_clause": Scopes._declare_imports,  # noqa: SLF001
}
_PARTS: Final[Mapping[str, Callable[[Scopes, Node], list[tuple[Node, Path]]]]] = {
    "pair_pattern": Scopes._split_pair_pattern,  # noqa: SLF001
    "assignment_pattern": Scopes._split_default_pattern,  # noqa: SLF001
    "object_assignment_pattern": Scopes._split_default_pattern,  # noqa: SLF001
    "array_pattern": Scopes._split_array_pattern,  # noqa: SLF001
    "rest_pattern": Scopes._split_rest_pattern,  # noqa: SLF001
    "object_pattern": Scopes._split_object_pattern,  # noqa: SLF001
}


def is_assigned(node: Node) -> bool:
    """Return whether the name or member *node* is assigned to, by destructuring too.

    What gives a default value is read: ``b`` in ``[a = b] = list``.
    """
    child, parent = node, node.parent
    while parent is not None and parent.type in _PATTERNS:
        if parent.child_by_field_name("right") == child:
            return False
        child, parent = parent, parent.parent
    target = _ASSIGNS.get(parent.type) if parent is not None else None
    return target is not None and parent is not None and parent.child_by_field_name(target) == child
