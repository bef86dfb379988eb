"""Text with ``{{ … }}`` rendered from given names, in a sandbox without calls, loops or time.

Only expressions, filters (`bpmax_sim.platform.filters`) and ``if`` exist. A plain text is returned
as it is; texts made of ``{{ name | filter }}`` alone need no Jinja at all.

Which names the templates of ``auth`` may use where: credentials, parameters, acquired values.

`uses` walks an ``auth`` block in the order in which it is carried out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from bpmax_sim.errors import ConfigError, nearest_name
from bpmax_sim.i18n import label_message, msg, series
from bpmax_sim.platform.encodings import LIMIT, FilterError, text
from bpmax_sim.platform.filters import FILTERS
from bpmax_sim.yamlfile import Node, Steps

COMMON_NAMES: Final = frozenset({"base_url", "call_id", "nonce", "now"})
"""Names that every template of ``auth`` may use, besides credentials and parameters."""
SIGN_NAMES: Final = frozenset(
    {"body", "headers", "host", "method", "path", "query_string", "signature", "target", "url"}
)
"""Names that the templates of ``sign`` may use as well; ``signature`` in ``emit`` only."""
RESPONSE_NAMES: Final = frozenset({"response_body", "response_headers", "response_status"})
"""Names that the templates of ``verify_response`` may use as well."""

_MARK = re.compile(r"\{[{%#]")
_ARGUMENTS = r"\(\s*'[^'\\\r\n]*'(?:\s*,\s*'[^'\\\r\n]*')*\s*\)"
_FILTER = rf"\s*\|\s*[a-z]\w*\s*(?:{_ARGUMENTS})?"
_SIMPLE = re.compile(rf"\{{\{{\s*([^\W\d]\w*)((?:{_FILTER})*)\s*\}}\}}")
_SINGLE_FILTER = re.compile(rf"\|\s*([a-z]\w*)\s*({_ARGUMENTS})?")
_ARGUMENT = re.compile(r"'([^']*)'")
_SHOWN = 60
_WORDS = frozenset(
    {"and", "else", "false", "if", "in", "is", "none", "not", "or", "true", "False", "None", "True"}
)
_LONGEST = 65_536

Renderer = Callable[[Mapping[str, object]], str]


class Template(msgspec.Struct, frozen=True):
    """A compiled text: the names that it needs and what turns them into text."""

    names: frozenset[str]
    render: Renderer


def is_template(source: str) -> bool:
    """Return whether *source* holds anything to render."""
    return _MARK.search(source) is not None


def texts_in(value: Any) -> Iterator[str]:
    """Yield every text in *value*: in mappings, lists and structs, their defaults too."""
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
        yield from texts_in(item)


def render(source: str, names: Mapping[str, object]) -> str:
    """Return *source* with every ``{{ … }}`` replaced; the values themselves are never rendered.

    Raises:
        ConfigError: if *source* is not a template, names something undefined, or grows too long.
    """
    if "{" not in source:
        return source
    return compile_template(source).render(names)


def names_in(source: str) -> frozenset[str]:
    """Return the names that *source* needs, without rendering it.

    Raises:
        ConfigError: if *source* is not a template.
    """
    return compile_template(source).names if "{" in source else frozenset()


@lru_cache(maxsize=4096)
def compile_template(source: str) -> Template:
    """Return the compiled *source*, from a cache.

    Raises:
        ConfigError: if *source* is not a template.
    """
    if not is_template(source):
        return Template(frozenset(), lambda _names: source)
    if len(source) > _LONGEST:
        raise ConfigError(
            "{source} is longer than {longest} characters; shorten it",
            source=shown(source),
            longest=_LONGEST,
        )
    if simple := _simple(source):
        return simple
    from bpmax_sim.platform import sandbox  # noqa: PLC0415 - Jinja takes long to import

    return sandbox.compile_source(source)


def shown(source: str) -> str:
    """Return ``template '…'`` with as much of *source* as fits a message."""
    cut = source if len(source) <= _SHOWN else source[:_SHOWN] + "…"
    return msg("template {cut!r}", cut=cut)


def unknown_filter(source: str, name: str) -> ConfigError:
    """Return the error that tells of a filter nobody defined."""
    hint = nearest_name(name, FILTERS)
    return ConfigError(
        "{source}: there is no filter {name!r}{hint}",
        source=shown(source),
        name=name,
        hint=hint,
    )


def undefined(source: str, name: str, names: Iterable[str]) -> ConfigError:
    """Return the error that tells of a name without a value."""
    known = sorted(names)
    hint = nearest_name(name, known) or msg(
        "; defined are {names}", names=(series(known) or msg("none"))
    )
    return ConfigError(
        "{source}: {name!r} is not defined{hint}", source=shown(source), name=name, hint=hint
    )


def broken(source: str, error: Exception) -> ConfigError:
    """Return the error that tells of a failed expression, without any value in it."""
    name = type(error).__name__
    message = str(error) if isinstance(error, FilterError) else msg("{name} in it", name=name)
    return ConfigError(label_message(shown(source), message))


def _simple(source: str) -> Template | None:
    """Compile a text of ``{{ name | filter }}``, or return None when it needs Jinja."""
    parts: list[str | tuple[str, tuple[Callable[[Any], Any], ...]]] = []
    end = 0
    for match in _SIMPLE.finditer(source):
        if match[1] in _WORDS or "default" in match[2]:
            return None
        chain = _SINGLE_FILTER.findall(match[2])
        filters = [_bound(source, name, _ARGUMENT.findall(arguments)) for name, arguments in chain]
        parts += [source[end : match.start()], (match[1], tuple(filters))]
        end = match.end()
    parts.append(source[end:])
    # Jinja reads {{{ from the left, so a brace right before a mark is its matter.
    texts = [part for part in parts if isinstance(part, str)]
    if any(_MARK.search(part) or part.endswith("{") for part in texts):
        return None
    return Template(
        frozenset(part[0] for part in parts if isinstance(part, tuple)),
        _joiner(source, tuple(part for part in parts if part)),
    )


def _bound(source: str, name: str, arguments: list[str]) -> Callable[[Any], Any]:
    try:
        function = FILTERS[name]
    except KeyError:
        raise unknown_filter(source, name) from None
    return (lambda value: function(value, *arguments)) if arguments else function


def _joiner(
    source: str, parts: tuple[str | tuple[str, tuple[Callable[[Any], Any], ...]], ...]
) -> Renderer:
    def joined(names: Mapping[str, object]) -> str:
        pieces: list[str] = []
        for part in parts:
            if isinstance(part, str):
                pieces.append(part)
                continue
            name, functions = part
            try:
                value: Any = names[name]
            except KeyError:
                raise undefined(source, name, names) from None
            try:
                for function in functions:
                    value = function(value)
            except (ArithmeticError, TypeError, ValueError, LookupError, AttributeError) as error:
                raise broken(source, error) from None
            pieces.append(value if type(value) is str else text(value))
        return bounded(source, pieces)

    return joined


def bounded(source: str, pieces: Iterable[str]) -> str:
    """Return *pieces* joined.

    Raises:
        ConfigError: if they are longer than `LIMIT` in all.
    """
    parts = pieces if isinstance(pieces, list) else list(pieces)
    if sum(map(len, parts)) > LIMIT:
        raise ConfigError(
            "{source} yields more than {limit} characters; shorten it",
            source=shown(source),
            limit=LIMIT,
        )
    return "".join(parts)


RESERVED = COMMON_NAMES | SIGN_NAMES | RESPONSE_NAMES


class Use(msgspec.Struct, frozen=True):
    """A text that is a template, where it stands, and the names that are defined there.

    Attributes:
        steps: the path inside the ``auth`` block.
        node: what holds the text; a key's own place is that of its value.
        names: defined names besides credentials.
    """

    steps: Steps
    node: Node
    text: str
    names: frozenset[str]


def uses(auth: Node) -> Iterator[Use]:
    """Yield every template of an ``auth`` block."""
    names = COMMON_NAMES
    for key, node in _items(auth, "parameters"):
        yield from _texts(node, ("parameters", key), names)
        names |= {key}
    for index, step in enumerate(_elements(auth, "acquire", "steps")):
        if (request := step.child("request")) is not None:
            yield from _texts(request, ("acquire", "steps", index, "request"), names)
        names |= frozenset(key for key, _ in _items(step, "extract"))
    for index, item in enumerate(_elements(auth, "apply")):
        yield from _value(item, ("apply", index), names)
    if (sign := auth.child("sign")) is not None:
        yield from _sign(sign, names)
    if (verify := auth.child("verify_response")) is not None:
        yield from _texts(verify, ("verify_response",), names | RESPONSE_NAMES)


def _sign(sign: Node, names: frozenset[str]) -> Iterator[Use]:
    names |= SIGN_NAMES - {"signature"}
    names = yield from _defined(sign, "define", names)
    for key in ("default_headers", "set_headers", "set_query"):
        for name, node in _items(sign, key):
            yield Use(("sign", key, name), node, name, names)
            yield from _texts(node, ("sign", key, name), names)
    names = yield from _defined(sign, "canonical", names)
    for key in ("message", "key"):
        if (child := sign.child(key)) is not None:
            yield from _texts(child, ("sign", key), names)
    for index, item in enumerate(_elements(sign, "emit")):
        yield from _value(item, ("sign", "emit", index), names | SIGN_NAMES)


def _defined(sign: Node, key: str, names: frozenset[str]) -> Generator[Use, None, frozenset[str]]:
    """Yield definitions, each seeing those before it; return what is defined behind them."""
    for index, group in enumerate(_elements(sign, key)):
        for name, node in group.items.items():
            yield from _texts(node, ("sign", key, index, name), names)
            names |= {name}
    return names


def _value(item: Node, steps: Steps, names: frozenset[str]) -> Iterator[Use]:
    for key in ("name", "value"):
        if (node := item.child(key)) is not None:
            yield from _texts(node, (*steps, key), names)


def _texts(node: Node, steps: Steps, names: frozenset[str]) -> Iterator[Use]:
    for below, value in node.texts():
        inner = node.at(below)
        if inner is not None:
            yield Use((*steps, *below), inner, value, names)


def _items(node: Node, *steps: str) -> Iterator[tuple[str, Node]]:
    inner = node.at(steps)
    if inner is not None:
        yield from inner.items.items()


def _elements(node: Node, *steps: str) -> tuple[Node, ...]:
    """Return the elements of a list; a single mapping stands for a list of one."""
    inner = node.at(steps)
    if inner is None:
        return ()
    return (inner,) if inner.items else inner.elements
