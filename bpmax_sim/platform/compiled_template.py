"""A compiled template, errors common to both compilers, and the limit of a result's length.

`bpmax_sim.platform.template` compiles simple templates, `bpmax_sim.platform.sandbox` the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from bpmax_sim.errors import ConfigError, suggest_nearest
from bpmax_sim.i18n import join_list, label_message, msg
from bpmax_sim.platform.encodings import LIMIT, FilterError
from bpmax_sim.platform.filters import REGISTERED

_MOST_QUOTED = 60
"""Characters of a template that a message quotes."""

Renderer = Callable[[Mapping[str, object]], str]
"""Makes a text of the values of names."""


class Template(msgspec.Struct, frozen=True):
    """A compiled template: the names that it uses, and the function that renders it with them."""

    names: frozenset[str]
    render: Renderer


def format_template_excerpt(source: str) -> str:
    """Return ``template '…'`` with *source*, shortened for a message."""
    cut = source if len(source) <= _MOST_QUOTED else source[:_MOST_QUOTED] + "…"
    return msg("template {cut!r}", cut=cut)


def make_unknown_filter_error(source: str, name: str) -> ConfigError:
    """Return the error for the filter *name* in the template *source*, with the nearest filter."""
    hint = suggest_nearest(name, REGISTERED.list_names())
    return ConfigError(
        "{source}: unknown filter {name!r}{hint}",
        source=format_template_excerpt(source),
        name=name,
        hint=hint,
    )


def make_undefined_name_error(source: str, name: str, names: Iterable[str]) -> ConfigError:
    """Return the error for *name* in the template *source*; it suggests one of *names*."""
    known = sorted(names)
    hint = suggest_nearest(name, known) or msg(
        "; defined are {names}", names=(join_list(known) or msg("none"))
    )
    return ConfigError(
        "{source}: {name!r} is not defined{hint}",
        source=format_template_excerpt(source),
        name=name,
        hint=hint,
    )


def make_failed_expression_error(source: str, error: Exception) -> ConfigError:
    """Return the error for a failed expression; it contains no value, which may be secret."""
    name = type(error).__name__
    message = str(error) if isinstance(error, FilterError) else msg("{name} in it", name=name)
    return ConfigError(label_message(format_template_excerpt(source), message))


def join_bounded(source: str, pieces: Iterable[str]) -> str:
    """Return *pieces*, the rendered parts of the template *source*, joined.

    Raises:
        ConfigError: if the result is longer than `LIMIT` characters.
    """
    parts = pieces if isinstance(pieces, list) else list(pieces)
    if sum(map(len, parts)) > LIMIT:
        raise ConfigError(
            "{source} yields more than {limit} characters; shorten it",
            source=format_template_excerpt(source),
            limit=LIMIT,
        )
    return "".join(parts)
