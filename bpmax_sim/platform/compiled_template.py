"""A compiled template, the errors of both ways to compile one, and the bound of its result.

`bpmax_sim.platform.template` compiles the simple ones, `bpmax_sim.platform.sandbox` the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from bpmax_sim.errors import ConfigError, nearest_name
from bpmax_sim.i18n import label_message, msg, series
from bpmax_sim.platform.encodings import LIMIT, FilterError
from bpmax_sim.platform.filters import REGISTERED

_MOST_QUOTED = 60
"""Characters of a template that a message quotes."""

Renderer = Callable[[Mapping[str, object]], str]
"""Makes a text of the values of names."""


class Template(msgspec.Struct, frozen=True):
    """A compiled text: the names that it needs and what turns them into text."""

    names: frozenset[str]
    render: Renderer


def quote_template(source: str) -> str:
    """Return ``template '…'`` with as much of *source* as fits a message."""
    cut = source if len(source) <= _MOST_QUOTED else source[:_MOST_QUOTED] + "…"
    return msg("template {cut!r}", cut=cut)


def unknown_filter_error(source: str, name: str) -> ConfigError:
    """Return the error that tells of a filter nobody defined."""
    hint = nearest_name(name, REGISTERED.names())
    return ConfigError(
        "{source}: unknown filter {name!r}{hint}",
        source=quote_template(source),
        name=name,
        hint=hint,
    )


def undefined_name_error(source: str, name: str, names: Iterable[str]) -> ConfigError:
    """Return the error that tells of a name without a value."""
    known = sorted(names)
    hint = nearest_name(name, known) or msg(
        "; defined are {names}", names=(series(known) or msg("none"))
    )
    return ConfigError(
        "{source}: {name!r} is not defined{hint}",
        source=quote_template(source),
        name=name,
        hint=hint,
    )


def failed_expression_error(source: str, error: Exception) -> ConfigError:
    """Return the error that tells of a failed expression, without any value in it."""
    name = type(error).__name__
    message = str(error) if isinstance(error, FilterError) else msg("{name} in it", name=name)
    return ConfigError(label_message(quote_template(source), message))


def join_bounded(source: str, pieces: Iterable[str]) -> str:
    """Return *pieces* joined.

    Raises:
        ConfigError: if they are longer than `LIMIT` in all.
    """
    parts = pieces if isinstance(pieces, list) else list(pieces)
    if sum(map(len, parts)) > LIMIT:
        raise ConfigError(
            "{source} yields more than {limit} characters; shorten it",
            source=quote_template(source),
            limit=LIMIT,
        )
    return "".join(parts)
