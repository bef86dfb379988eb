"""Checks of a call's names and values against what its API declares.

A ``strict`` platform refuses undeclared names in query and body; headers may have any name. For
other platforms, a name that resembles a declared one is a doubt. Values are checked against the
``enum`` of their parameter, whichever way they were set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, KeysView, Mapping
from typing import Any

from msgspec import UNSET

from bpmax_sim.errors import suggest_nearest, suggest_or_list
from bpmax_sim.field_path import get_nested
from bpmax_sim.i18n import DataValue, join_list, msg
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.platform.model import Parameter
from bpmax_sim.platform.schema_check import (
    describe_unknown_choice,
    describe_violated_limit,
    describe_wrong_type,
)
from bpmax_sim.platform.schema_keywords import to_list_or_empty
from bpmax_sim.proxy.compiled_api import CompiledApi
from bpmax_sim.proxy.encode import BadValueError, UnknownParameterError, to_scalar_text


def refuse_undeclared_arguments(steps: Iterable[tuple[str, Any]], recipe: CompiledApi) -> None:
    """Refuse names in the query or body of a call that its API does not declare.

    *steps* are pairs of setter (such as ``query``) and value. Only calls of strict platforms are
    checked, which have to declare every name.

    Raises:
        UnknownParameterError: if there is such a name; the message has the first.
    """
    for setter, value in steps:
        known = None if value is UNDEFINED else _list_declared_names(recipe, setter)
        if known is None:
            continue
        if not isinstance(value, Mapping):
            if not known:
                raise UnknownParameterError("no body is declared (the platform is strict)")
            continue
        for name, sent in value.items():
            if name not in known and sent is not UNDEFINED:
                raise UnknownParameterError(
                    "no {setter} parameter {name!r} is declared{hint} (the platform is strict)",
                    setter=setter,
                    name=name,
                    hint=suggest_or_list(name, known),
                )


def explain_misspelt_names(steps: Iterable[tuple[str, Any]], recipe: CompiledApi) -> Iterator[str]:
    """Yield a message for each undeclared name in *steps* that is near to a declared one.

    Declared names that the same setter sends too are not suggested.
    """
    for setter, value in steps:
        if not isinstance(value, Mapping) or not (known := _list_declared_names(recipe, setter)):
            continue
        for name, sent in value.items():
            if name in known or sent is UNDEFINED:
                continue
            hint = suggest_nearest(name, known - value.keys())
            if not hint:
                continue
            yield msg(
                "no {setter} parameter {name!r} is declared{hint}",
                setter=setter,
                name=name,
                hint=hint,
            )


def _list_declared_names(recipe: CompiledApi, setter: str) -> KeysView[str] | None:
    """Return the names that the API declares for *setter* (``query`` or ``body``).

    They are in the order of the declaration, in which messages list them. None if any name is
    allowed, as in headers, or in a body that is one parameter as a whole.
    """
    parameters = [one for one in recipe.api.parameters if one.place == setter]
    if setter == "query":
        return dict.fromkeys((*recipe.query, *(one.wire_name for one in parameters))).keys()
    if setter != "body" or not all(one.steps for one in parameters):
        return None
    template = recipe.api.body
    if template is not UNSET and not isinstance(template, Mapping):
        return None
    return dict.fromkeys((*(template or ()), *(one.steps[0] for one in parameters))).keys()


def check_enum_values(recipe: CompiledApi, values: Mapping[str, Any]) -> None:
    """Check the *values* of a call, by place, against the ``enum`` of each parameter.

    Raises:
        BadValueError: if a value is not in its ``enum``; the message has the first.
    """
    for parameter in recipe.limited:
        known = [to_scalar_text(item) for item in parameter.enum]
        for value in _iterate_values(parameter, values) if known else ():
            if to_scalar_text(value) not in known:
                raise BadValueError(
                    "{name} is one of {listed}, got {value!r}{hint}",
                    name=parameter.name,
                    listed=join_list(map(str, known)),
                    value=DataValue(value),
                    hint=suggest_nearest(str(DataValue(value)), map(str, known)),
                )


def explain_values_breaking_schema(recipe: CompiledApi, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield a message for each of the *values*, by place, that its parameter does not allow.

    What it allows is given by its ``enum``, type, format and limits. In path, query and header
    everything is sent as text, so a text is accepted for a number there.
    """
    for parameter in recipe.limited:
        enum = parameter.enum or to_list_or_empty(parameter.schema.get("enum"))
        kind = parameter.type or parameter.schema.get("type")
        known = [to_scalar_text(item) for item in enum]
        limits = {"format": parameter.format, **parameter.schema}
        is_typed = parameter.place == "body" and not enum
        if "array" in (kind if isinstance(kind, list | tuple) else (kind,)):
            # Of an array the elements come here, and `kind` is not theirs. In a form a value alone
            # is an array of one.
            whole = get_nested(values.get(parameter.place), parameter.steps)
            is_array = isinstance(whole, list | tuple)
            is_typed = is_typed and not is_array and recipe.encoding == "json"
        for value in _iterate_values(parameter, values):
            wrong = "" if to_scalar_text(value) in known else describe_unknown_choice(value, enum)
            if is_typed:
                wrong = describe_wrong_type(value, kind)
            wrong = wrong or describe_violated_limit(value, limits)
            if wrong:
                yield msg("parameter {name!r}: {wrong}", name=parameter.name, wrong=wrong)


def _iterate_values(parameter: Parameter, values: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the value of *parameter* in *values*, which are by place; of a list each element.

    Null and undefined are left out.
    """
    value = get_nested(values.get(parameter.place), parameter.steps)
    for item in value if isinstance(value, list | tuple) else (value,):
        if item is not None and item is not UNSET and item is not UNDEFINED:
            yield item
