"""Values of options and arguments that are taken as they are, without pydantic.

typer converts each value, also of an option that is not given, by a pydantic adapter: importing it
and making forty of them takes more processor time than most commands. Texts, paths, whole numbers
and choices that are spelled exactly need none; whatever else there is, and whatever is wrong, is
typer's own matter as before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from typer.core import TyperArgument, TyperOption


class NotPlainError(ValueError):
    """The value has to be converted by typer, or is wrong, which typer says."""


class PlainOption(TyperOption):
    """An option whose plain values need no pydantic."""

    def process_value(self, ctx: Any, value: Any) -> Any:
        """Convert *value* and call what is to be called with it, as the method of typer does."""
        return _process_plain(self, ctx, value, super().process_value)


class PlainArgument(TyperArgument):
    """An argument whose plain values need no pydantic."""

    def process_value(self, ctx: Any, value: Any) -> Any:
        """Convert *value* and call what is to be called with it, as the method of typer does."""
        return _process_plain(self, ctx, value, super().process_value)


def _process_plain(
    parameter: TyperOption | TyperArgument,
    context: Any,
    value: Any,
    otherwise: Callable[[Any, Any], Any],
) -> Any:
    described = parameter.type_descriptor
    is_several = parameter.multiple or parameter.nargs == -1
    try:
        if value is None:
            taken: Any = () if is_several else None
        else:
            taken = convert_plain(described.annotation, value, described.parameter_info)
    except NotPlainError:
        return otherwise(context, value)
    if parameter.required and taken in (None, (), []):
        return otherwise(context, value)
    return taken if parameter.callback is None else parameter.callback(context, parameter, taken)


_PLAIN: Final[Mapping[type, type]] = {TyperOption: PlainOption, TyperArgument: PlainArgument}


def take_plain_values(parameters: Sequence[Any]) -> Sequence[Any]:
    """Let *parameters*, which typer made, take plain values as they are, and return them."""
    for parameter in parameters:
        parameter.__class__ = _PLAIN.get(type(parameter), type(parameter))
    return parameters


def convert_plain(annotation: Any, value: Any, info: Any) -> Any:
    """Return what typer makes of *value* for a parameter with *annotation*, if it is plain.

    *info* is what the parameter declares beside its type.

    Raises:
        NotPlainError: it is not.
    """
    if info.parser is not None or info.resolve_path or info.exists or info.allow_dash:
        raise NotPlainError
    if get_origin(annotation) in {Union, UnionType}:
        kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
        if len(kinds) != 1:
            raise NotPlainError
        return convert_plain(kinds[0], value, info)
    if get_origin(annotation) is list:
        if not isinstance(value, list | tuple):
            raise NotPlainError
        return [convert_plain(get_args(annotation)[0], one, info) for one in value]
    return _convert_one(annotation, value, info)


def _convert_one(annotation: Any, value: Any, info: Any) -> Any:
    if get_origin(annotation) is Literal and value in get_args(annotation):
        return value
    if annotation in {bool, str} and type(value) is annotation:
        return value
    if annotation is Path and isinstance(value, str | Path):
        return Path(value)
    is_free = info.min is None and info.max is None and not info.clamp
    if annotation is int and is_free and (type(value) is int or str(value).isdecimal()):
        return int(value)
    raise NotPlainError
