"""Convert option and argument values without pydantic.

typer converts each value, even of options that are not given, with a pydantic adapter. Importing
pydantic and building forty adapters takes more processor time than most commands. Texts, paths,
integers and exactly spelled choices need no adapter. All other values, and all wrong ones, are left
to typer, so that errors and results stay the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from typer.core import TyperArgument, TyperOption


class PydanticNeededError(ValueError):
    """Raised if only typer itself, which imports pydantic, can convert or refuse a value."""


class OptionWithoutPydantic(TyperOption):
    """An option that converts plain values without pydantic."""

    def process_value(self, ctx: Any, value: Any) -> Any:
        """Return *value* converted, or the result of the option's callback for it, if it has one.

        Where pydantic is needed, or a required value is missing, typer's own method does this.
        """
        return _process_without_pydantic(self, ctx, value, super().process_value)


class ArgumentWithoutPydantic(TyperArgument):
    """An argument that converts plain values without pydantic."""

    def process_value(self, ctx: Any, value: Any) -> Any:
        """Return *value* converted, or the result of the argument's callback for it, if it has one.

        Where pydantic is needed, or a required value is missing, typer's own method does this.
        """
        return _process_without_pydantic(self, ctx, value, super().process_value)


def _process_without_pydantic(
    parameter: TyperOption | TyperArgument,
    context: Any,
    value: Any,
    process_by_typer: Callable[[Any, Any], Any],
) -> Any:
    described = parameter.type_descriptor
    is_several = parameter.multiple or parameter.nargs == -1
    try:
        if value is None:
            taken: Any = () if is_several else None
        else:
            taken = convert_without_pydantic(described.annotation, value, described.parameter_info)
    except PydanticNeededError:
        return process_by_typer(context, value)
    if parameter.required and taken in (None, (), []):
        return process_by_typer(context, value)
    return taken if parameter.callback is None else parameter.callback(context, parameter, taken)


_PLAIN: Final[Mapping[type, type]] = {
    TyperOption: OptionWithoutPydantic,
    TyperArgument: ArgumentWithoutPydantic,
}


def avoid_pydantic(parameters: Sequence[Any]) -> Sequence[Any]:
    """Change the class of typer's *parameters* to one that needs no pydantic, and return them.

    The classes are `OptionWithoutPydantic` and `ArgumentWithoutPydantic`.
    """
    # typer makes its parameters itself, and has no setting for the class of them.
    for parameter in parameters:
        parameter.__class__ = _PLAIN.get(type(parameter), type(parameter))
    return parameters


def convert_without_pydantic(annotation: Any, value: Any, info: Any) -> Any:
    """Return *value* of the command line converted to *annotation*: a plain type, or a list of one.

    Plain are bool, text, path, integer without limits, and one of several literals, each also as an
    optional value. *info* is typer's declaration of the parameter (limits, choices and the like).

    Raises:
        PydanticNeededError: if only typer itself can convert or refuse the value.
    """
    if info.parser is not None or info.resolve_path or info.exists or info.allow_dash:
        raise PydanticNeededError
    if get_origin(annotation) in {Union, UnionType}:
        kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
        if len(kinds) != 1:
            raise PydanticNeededError
        return convert_without_pydantic(kinds[0], value, info)
    if get_origin(annotation) is list:
        if not isinstance(value, list | tuple):
            raise PydanticNeededError
        return [convert_without_pydantic(get_args(annotation)[0], one, info) for one in value]
    return _convert_single_value(annotation, value, info)


def _convert_single_value(annotation: Any, value: Any, info: Any) -> Any:
    if get_origin(annotation) is Literal and value in get_args(annotation):
        return value
    if annotation in {bool, str} and type(value) is annotation:
        return value
    if annotation is Path and isinstance(value, str | Path):
        return Path(value)
    is_free = info.min is None and info.max is None and not info.clamp
    if annotation is int and is_free and (type(value) is int or str(value).isdecimal()):
        return int(value)
    raise PydanticNeededError
