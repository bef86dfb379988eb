"""Render text with ``{{ … }}`` from given names, in a sandbox without calls, loops or time.

Only expressions, filters (`bpmax_sim.platform.filters`) and ``if`` exist. Plain text is returned
unchanged; text with only ``{{ name | filter }}`` needs no Jinja.

`find_uses` finds all templates of an ``auth`` block, in the order in which they are rendered, with
the names that each may use: credentials, parameters, acquired values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from bpmax_sim.errors import ConfigError
from bpmax_sim.platform.compiled_template import (
    Renderer,
    Template,
    format_template_excerpt,
    join_bounded,
    make_failed_expression_error,
    make_undefined_name_error,
    make_unknown_filter_error,
)
from bpmax_sim.platform.encodings import to_text
from bpmax_sim.platform.filters import find_filter
from bpmax_sim.yamlfile import Node, Steps

COMMON_NAMES: Final = frozenset({"base_url", "call_id", "nonce", "nonce_count", "now"})
"""Names that every template of ``auth`` may use, besides credentials and parameters."""
SIGN_NAMES: Final = frozenset(
    {"body", "headers", "host", "method", "path", "query_string", "signature", "target", "url"}
)
"""Names that the templates of ``sign`` may use as well; ``signature`` in ``emit`` only."""
RESPONSE_NAMES: Final = frozenset({"response_body", "response_headers", "response_status"})
"""Names that the templates of ``verify_response`` may use as well."""

_MARK = re.compile(r"\{[{%#]")
_ARGUMENTS = r"\(\s*'[^'\\\r\n]*'(?:\s*,\s*'[^'\\\r\n]*')*\s*\)"
# Possessive, or what needs Jinja behind many filters would be tried in each division of the spaces.
_FILTER = rf"\s*+\|\s*+[a-z]\w*+\s*+(?:{_ARGUMENTS})?+"
_SIMPLE = re.compile(rf"\{{\{{\s*+([^\W\d]\w*+)((?:{_FILTER})*+)\s*+\}}\}}")
_SINGLE_FILTER = re.compile(rf"\|\s*([a-z]\w*)\s*({_ARGUMENTS})?")
_ARGUMENT = re.compile(r"'([^']*)'")
_WORDS = frozenset(
    {"and", "else", "false", "if", "in", "is", "none", "not", "or", "true", "False", "None", "True"}
)
_LONGEST = 65_536


def is_template(source: str) -> bool:
    """Return whether *source* contains anything to render."""
    return _MARK.search(source) is not None


def iterate_texts(value: Any) -> Iterator[str]:
    """Yield every text in *value*: in values of mappings, in lists, and in members of structs.

    Also in those members that were not set and so have their default.
    """
    inner: Iterable[Any] = ()
    if isinstance(value, str):
        yield value
    elif isinstance(value, msgspec.Struct):
        inner = msgspec.structs.astuple(value)
    elif isinstance(value, Mapping):
        inner = value.values()
    elif isinstance(value, list | tuple):
        inner = value
    for item in inner:
        yield from iterate_texts(item)


def render(source: str, names: Mapping[str, object]) -> str:
    """Return *source* with every ``{{ … }}`` replaced; templates inside values are not rendered.

    *names* are the values by the name that a template uses.

    Raises:
        ConfigError: if *source* is no valid template, uses an undefined name, or gets too long.
    """
    if "{" not in source:
        return source
    return compile_template(source).render(names)


def find_names(source: str) -> frozenset[str]:
    """Return the names that *source* uses, without rendering it.

    Raises:
        ConfigError: if *source* is no valid template.
    """
    return compile_template(source).names if "{" in source else frozenset()


@lru_cache(maxsize=4096)
def compile_template(source: str) -> Template:
    """Return the template *source* compiled; cached.

    Raises:
        ConfigError: if *source* is not a template.
    """
    if not is_template(source):
        return Template(frozenset(), lambda _names: source)
    if len(source) > _LONGEST:
        raise ConfigError(
            "{source} is longer than {longest} characters; shorten it",
            source=format_template_excerpt(source),
            longest=_LONGEST,
        )
    if simple := _compile_simple(source):
        return simple
    from bpmax_sim.platform import sandbox  # noqa: PLC0415 - Jinja takes long to import

    return sandbox.compile_source(source)


def _compile_simple(source: str) -> Template | None:
    """Return *source* compiled without Jinja, which takes long to import; None if it needs Jinja.

    It needs none if every ``{{ … }}`` in it is a name, perhaps with filters, but ``default``.
    """
    parts: list[str | tuple[str, tuple[Callable[[Any], Any], ...]]] = []
    end = 0
    for match in _SIMPLE.finditer(source):
        # `default` takes a name that has no value, which is an error here.
        if match[1] in _WORDS or "default" in match[2]:
            return None
        chain = _SINGLE_FILTER.findall(match[2])
        filters = [
            _bind_filter(source, name, _ARGUMENT.findall(arguments)) for name, arguments in chain
        ]
        parts += [source[end : match.start()], (match[1], tuple(filters))]
        end = match.end()
    parts.append(source[end:])
    # Jinja reads {{{ from the left, so a brace right before a mark is its matter.
    texts = [part for part in parts if isinstance(part, str)]
    if any(_MARK.search(part) or part.endswith("{") for part in texts):
        return None
    return Template(
        frozenset(part[0] for part in parts if isinstance(part, tuple)),
        _make_renderer(source, tuple(part for part in parts if part)),
    )


def _bind_filter(source: str, name: str, arguments: list[str]) -> Callable[[Any], Any]:
    function = find_filter(name)
    if function is None:
        raise make_unknown_filter_error(source, name)
    return (lambda value: function(value, *arguments)) if arguments else function


def _make_renderer(
    source: str, parts: tuple[str | tuple[str, tuple[Callable[[Any], Any], ...]], ...]
) -> Renderer:
    def render_parts(names: Mapping[str, object]) -> str:
        pieces: list[str] = []
        for part in parts:
            if isinstance(part, str):
                pieces.append(part)
                continue
            name, functions = part
            try:
                value: Any = names[name]
            except KeyError:
                raise make_undefined_name_error(source, name, names) from None
            try:
                for function in functions:
                    value = function(value)
            except (ArithmeticError, TypeError, ValueError, LookupError, AttributeError) as error:
                raise make_failed_expression_error(source, error) from None
            pieces.append(value if type(value) is str else to_text(value))
        return join_bounded(source, pieces)

    return render_parts


RESERVED = COMMON_NAMES | SIGN_NAMES | RESPONSE_NAMES


class TemplateUse(msgspec.Struct, frozen=True):
    """A template in an ``auth`` block, and the names that are defined where it is rendered.

    Attributes:
        steps: path inside the ``auth`` block.
        node: YAML node of the text, for its position; of a template that is the key of a map, the
            node of the value under this key.
        text: the template.
        names: names that the template may use, besides those of credentials.
    """

    steps: Steps
    node: Node
    text: str
    names: frozenset[str]


def find_uses(auth: Node) -> Iterator[TemplateUse]:
    """Yield every template in an ``auth`` block of a platform file, with the names it may use."""
    names = COMMON_NAMES
    for key, node in _iterate_members(auth, "parameters"):
        yield from _iterate_templates_below(node, ("parameters", key), names)
        names |= {key}
    for index, step in enumerate(_list_elements(auth, "acquire", "steps")):
        if (request := step.find_child("request")) is not None:
            yield from _iterate_templates_below(
                request, ("acquire", "steps", index, "request"), names
            )
        names |= frozenset(key for key, _ in _iterate_members(step, "extract"))
    for index, item in enumerate(_list_elements(auth, "apply")):
        yield from _find_uses_in_apply(item, ("apply", index), names)
    if (sign := auth.find_child("sign")) is not None:
        yield from _find_uses_in_sign(sign, names)
    if (verify := auth.find_child("verify_response")) is not None:
        yield from _iterate_templates_below(verify, ("verify_response",), names | RESPONSE_NAMES)


def _find_uses_in_sign(sign: Node, names: frozenset[str]) -> Iterator[TemplateUse]:
    names |= SIGN_NAMES - {"signature"}
    names = yield from _find_uses_in_definitions(sign, "define", names)
    for key in ("default_headers", "set_headers", "set_query"):
        for name, node in _iterate_members(sign, key):
            yield TemplateUse(("sign", key, name), node, name, names)
            yield from _iterate_templates_below(node, ("sign", key, name), names)
    names = yield from _find_uses_in_definitions(sign, "canonical", names)
    for key in ("message", "key"):
        if (child := sign.find_child(key)) is not None:
            yield from _iterate_templates_below(child, ("sign", key), names)
    for index, item in enumerate(_list_elements(sign, "emit")):
        yield from _find_uses_in_apply(item, ("sign", "emit", index), names | SIGN_NAMES)


def _find_uses_in_definitions(
    sign: Node, key: str, names: frozenset[str]
) -> Generator[TemplateUse, None, frozenset[str]]:
    """Yield the templates under *key* of *sign*, in order; each may use the names before it.

    *key* holds named templates, such as ``define``; *names* are those known before. Return all
    names then defined.
    """
    for index, group in enumerate(_list_elements(sign, key)):
        for name, node in group.items.items():
            yield from _iterate_templates_below(node, ("sign", key, index, name), names)
            names |= {name}
    return names


def _find_uses_in_apply(item: Node, steps: Steps, names: frozenset[str]) -> Iterator[TemplateUse]:
    for key in ("name", "value"):
        if (node := item.find_child(key)) is not None:
            yield from _iterate_templates_below(node, (*steps, key), names)


def _iterate_templates_below(
    node: Node, steps: Steps, names: frozenset[str]
) -> Iterator[TemplateUse]:
    """Yield each text at or below *node* as a template that may use *names*.

    *steps* is the path of *node* inside the ``auth`` block.
    """
    for below, value in node.walk_texts():
        inner = node.find_at(below)
        if inner is not None:
            yield TemplateUse((*steps, *below), inner, value, names)


def _iterate_members(node: Node, *steps: str) -> Iterator[tuple[str, Node]]:
    inner = node.find_at(steps)
    if inner is not None:
        yield from inner.items.items()


def _list_elements(node: Node, *steps: str) -> tuple[Node, ...]:
    """Return the elements of the list at the path *steps* below *node*; empty if there is none.

    A mapping there stands for a list with this one element.
    """
    inner = node.find_at(steps)
    if inner is None:
        return ()
    return (inner,) if inner.items else inner.elements
