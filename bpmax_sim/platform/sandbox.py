"""The templates that need Jinja: its parser and code generator over a short list of node types.

Nothing is called, nothing is looped over and no attribute of an object is reached, so a template
takes time and memory by its length alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, nodes
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment
from jinja2.visitor import NodeTransformer

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import label_message, msg
from bpmax_sim.platform.compiled_template import (
    Renderer,
    Template,
    format_template_excerpt,
    join_bounded,
    make_failed_expression_error,
    make_undefined_name_error,
    make_unknown_filter_error,
)
from bpmax_sim.platform.encodings import LIMIT, FilterError, to_text
from bpmax_sim.platform.filters import FILTERS, find_filter

_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.CondExpr, nodes.Name,
    nodes.Const, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword, nodes.Filter,
    nodes.Test, nodes.Concat, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod,
    nodes.Neg, nodes.Not, nodes.And, nodes.Or, nodes.Compare, nodes.Operand, nodes.Getattr,
    nodes.Getitem, nodes.Slice,
)  # fmt: skip
_WORDS: Final = {nodes.Call: "a call", nodes.For: "a loop", nodes.Assign: msg("an assignment")}
_MOST_NODES = 400
_DEEPEST = 40
_RETURN = "\ue00d"
"""Stands for a carriage return while Jinja parses: its lexer turns each one into a line feed."""
_TAG = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)
_IN_TAG = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\r""", re.DOTALL)
# Whole numbers have no end in Python: squared again and again they would fill the memory.
_BIG: Final = 10**30
_MISSING = re.compile(r"^'(?P<name>[^']+)' is undefined$")


class _Sandbox(SandboxedEnvironment):
    """A Jinja environment in which ``a.b`` is a member of a map or list, never a Python attribute.

    ``a['b']`` means the same.
    """

    intercepted_binops = frozenset({"*", "+", "%", "/", "//"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return item *attribute* of *obj*, or an undefined value; never an attribute."""
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return item *argument* of a mapping or list; an undefined value if there is none."""
        if isinstance(obj, StrictUndefined):
            return obj
        if isinstance(obj, Mapping | list | tuple | str):
            try:
                return obj[argument]
            except (LookupError, TypeError):
                pass
        return self.undefined(hint=msg("nothing is called {argument!r} in it", argument=argument))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Return the result of an operator on two numbers, or two short texts joined by ``+``.

        ``"x" * 10 ** 9`` and the like are refused, as they would fill the memory.
        """
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        texts = operator == "+" and isinstance(left, str) and isinstance(right, str)
        if numbers and abs(left) < _BIG and abs(right) < _BIG:
            return super().call_binop(context, operator, left, right)
        if texts and len(left) + len(right) <= LIMIT:
            return left + right
        raise FilterError("{operator!r} needs two numbers, or + two short texts", operator=operator)


class _CarriageReturnTransformer(NodeTransformer):
    """Changes Jinja's syntax tree so that carriage returns in texts are kept.

    Also makes ``~`` convert values to text as the rest of a template does.
    """

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.Node:  # noqa: N802 - Jinja's
        return nodes.TemplateData(node.data.replace(_RETURN, "\r"), lineno=node.lineno)

    def visit_Const(self, node: nodes.Const) -> nodes.Node:  # noqa: N802 - Jinja's name
        value = node.value
        plain = value.replace(_RETURN, "\r") if isinstance(value, str) else value
        return nodes.Const(plain, lineno=node.lineno)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        wrapped: list[nodes.Expr] = [
            nodes.Filter(part, "_text", [], [], None, None, lineno=node.lineno)
            for part in node.nodes
        ]
        return nodes.Concat(wrapped, lineno=node.lineno)


_ENVIRONMENT = _Sandbox(undefined=StrictUndefined, keep_trailing_newline=True, finalize=to_text)
_ENVIRONMENT.filters = {**FILTERS, "default": _ENVIRONMENT.filters["default"], "_text": to_text}
_ENVIRONMENT.globals = {}


def compile_source(source: str) -> Template:
    """Return the template *source* compiled, for templates that need more than names and filters.

    Raises:
        ConfigError: if *source* is not a template, or uses more than expressions and ``if``.
    """
    try:
        # Carriage returns that Jinja keeps; between words they are spaces.
        spaced = _TAG.sub(lambda tag: _IN_TAG.sub(_replace_return_by_space, tag[0]), source)
        tree = _ENVIRONMENT.parse(spaced.replace("\r", _RETURN))
        seen = list(_walk(tree, _DEEPEST))
    except TemplateSyntaxError as error:
        raise ConfigError(label_message(format_template_excerpt(source), error.message)) from None
    except RecursionError:
        raise ConfigError(
            "{source} is nested too deeply; simplify it",
            source=format_template_excerpt(source),
        ) from None
    if len(seen) > _MOST_NODES:
        raise ConfigError(
            "{source} has more than {most_nodes} parts; shorten it",
            source=format_template_excerpt(source),
            most_nodes=_MOST_NODES,
        )
    for node in seen:
        _check_nodes(source, node)
    names = frozenset([node.name for node in seen if isinstance(node, nodes.Name)])
    return Template(names, _make_renderer(source, tree))


def _replace_return_by_space(match: re.Match[str]) -> str:
    """Return a space if *match* is a carriage return between the words of a tag.

    Other matches, quoted texts, are unchanged: the caller replaces carriage returns in them by
    `_RETURN`, which Jinja does not change.
    """
    return " " if match[0] == "\r" else match[0]


def _check_nodes(source: str, node: nodes.Node) -> None:
    if not isinstance(node, _ALLOWED):
        kind = _WORDS.get(type(node), type(node).__name__)
        raise ConfigError(
            "{source} has {kind}; use expressions, filters and if alone",
            source=format_template_excerpt(source),
            kind=kind,
        )
    if isinstance(node, nodes.Tuple) and any(isinstance(part, nodes.Slice) for part in node.items):
        raise ConfigError(
            "{source} mixes a slice with other indexes; split it into two expressions",
            source=format_template_excerpt(source),
        )
    if isinstance(node, nodes.Filter) and node.name not in _ENVIRONMENT.filters:
        function = find_filter(node.name)
        if function is None:
            raise make_unknown_filter_error(source, node.name)
        _ENVIRONMENT.filters[node.name] = function
    if isinstance(node, nodes.Test) and node.name not in _ENVIRONMENT.tests:
        raise ConfigError(
            "{source}: unknown test {node_name!r}",
            source=format_template_excerpt(source),
            node_name=node.name,
        )


def _walk(node: nodes.Node, depth: int) -> Iterator[nodes.Node]:
    """Yield *node* and all nodes below it.

    Raises:
        RecursionError: if there are more than *depth* levels; Python could not compile them.
    """
    if not depth:  # Python's compiler fails on the code of a deeper one, in its own words
        raise RecursionError
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child, depth - 1)


def _make_renderer(source: str, tree: nodes.Template) -> Renderer:
    @cache  # loading a platform asks for names alone, and code costs ten times as much as parsing
    def compile_tree() -> Callable[[Context], Iterator[str]]:
        space: dict[str, Any] = {"environment": _ENVIRONMENT, "__file__": "template"}
        exec(_ENVIRONMENT.compile(_CarriageReturnTransformer().visit(tree)), space)  # noqa: S102 - from those nodes
        root: Callable[[Context], Iterator[str]] = space["root"]
        return root

    def render(names: Mapping[str, object]) -> str:
        context = Context(_ENVIRONMENT, names, None, {})  # type: ignore[arg-type] # only read
        try:
            return join_bounded(source, compile_tree()(context))
        except UndefinedError as error:
            match = _MISSING.match(error.message or "")
            if match is None:
                raise ConfigError(
                    label_message(format_template_excerpt(source), error.message)
                ) from None
            raise make_undefined_name_error(source, match["name"], names) from None
        except (ArithmeticError, TypeError, ValueError, LookupError, AttributeError) as error:
            raise make_failed_expression_error(source, error) from None

    return render
