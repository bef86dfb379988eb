"""Defaults, setters and arguments merged into what the call says, weakest first.

API template < platform < instance < API < setter or direct argument. Nothing given is changed:
each merge makes new mappings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, Struct, field

from bpmax_sim.errors import CallError, ConfigError, near
from bpmax_sim.proxy.encode import header_name, header_value
from bpmax_sim.proxy.hidden import conceal
from bpmax_sim.proxy.kinds import UNDEFINED
from bpmax_sim.proxy.program import Program
from bpmax_sim.proxy.recipe import CREDENTIAL, Input, Recipe


class Merged(Struct):
    """What a call says, before it is encoded.

    Attributes:
        headers: by lower-case name, the last spelling and the value.
        body: `UNDEFINED` for none.
        notes: what was dropped or overridden.
    """

    path: dict[str, Any]
    query: dict[str, Any]
    headers: dict[str, tuple[str, str]]
    body: Any
    notes: list[str] = field(default_factory=list)

    __repr__ = conceal


def merge(program: Program, recipe: Recipe, credentials: Mapping[str, Any]) -> Merged:
    """Return what *program* says on top of the defaults of *recipe*.

    Raises:
        CallError: MISSING_PARAMETER, UNKNOWN_PARAMETER.
        BadValueError: for a value that cannot stand where it was put.
    """
    body = UNDEFINED if recipe.body is UNSET else recipe.body
    query = dict(recipe.query)
    if recipe.resolves:
        body, query = _resolved(body, credentials), _resolved(query, credentials)
    merged = Merged({}, query, dict(recipe.headers), body)
    for given in recipe.defaults:
        _put(merged, given, given.default)
    if program.args is None:
        for setter, value in program.steps:
            _SETTERS[setter](merged, value)
    else:
        _direct(merged, program.args, recipe)
    if program.args is None and merged.path:
        _rename_path(merged, recipe)
    for wanted in recipe.required:
        _require(merged, wanted, recipe)
    return merged


def _resolved(value: Any, credentials: Mapping[str, Any]) -> Any:
    """Replace ``{$credential: name}`` in a declared value; a script's value never comes here."""
    if isinstance(value, Mapping):
        if CREDENTIAL in value:
            return _credential(credentials, value[CREDENTIAL])
        return {name: _resolved(item, credentials) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_resolved(item, credentials) for item in value]
    return value


def _credential(credentials: Mapping[str, Any], name: str) -> Any:
    try:
        return credentials[name]
    except KeyError:
        hint = near(name, credentials)
        raise ConfigError(f"the instance has no credential {name!r}{hint}; add it") from None


def _set_path(merged: Merged, values: Any) -> None:
    _update(merged.path, values)


def _set_query(merged: Merged, values: Any) -> None:
    _update(merged.query, values)


def _update(known: dict[str, Any], values: Any) -> None:
    if values is not UNDEFINED:
        known.update({name: value for name, value in values.items() if value is not UNDEFINED})


def _set_headers(merged: Merged, values: Any) -> None:
    if values is not UNDEFINED:
        for name, value in values.items():
            _set_header(merged, name, value)


def _set_header(merged: Merged, name: str, value: Any) -> None:
    if value is UNDEFINED:
        return
    lower = header_name(name).lower()
    if value is None:
        merged.headers.pop(lower, None)
    else:
        merged.headers[lower] = (name, header_value(name, value))


def _set_body(merged: Merged, value: Any) -> None:
    if value is UNDEFINED:
        return
    if isinstance(value, Mapping):
        given = {name: item for name, item in value.items() if item is not UNDEFINED}
        merged.body = {**merged.body, **given} if isinstance(merged.body, Mapping) else given
    else:
        merged.body = value


_SETTERS = {"path": _set_path, "query": _set_query, "header": _set_headers, "body": _set_body}


def _put(merged: Merged, given: Input, value: Any) -> None:
    """Put one parameter's value at its place."""
    if given.place == "path":
        merged.path[given.target] = value
    elif given.place == "query":
        merged.query[given.target] = value
    elif given.place == "header":
        _set_header(merged, given.target, value)
    elif given.steps:
        merged.body = with_value(merged.body, given.steps, value)
    else:
        _set_body(merged, value)


def with_value(body: Any, steps: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return *body* with *value* at the dotted path *steps*; the given body stays as it is."""
    first, rest = steps[0], steps[1:]
    known = body if isinstance(body, Mapping) else {}
    return {**known, first: with_value(known.get(first), rest, value) if rest else value}


def _direct(merged: Merged, args: tuple[Any, ...], recipe: Recipe) -> None:
    """Give the nth argument to the nth declared parameter."""
    extra = args[len(recipe.inputs) :]
    for given, value in zip(recipe.inputs, args, strict=False):
        if value is not UNDEFINED:
            _put(merged, given, value)
    if not extra:
        return
    known = ", ".join(given.name for given in recipe.inputs) or "none"
    told = f"{len(args)} arguments given, {len(recipe.inputs)} declared ({known})"
    if recipe.strict:
        raise CallError(f"{recipe.name}: {told}; drop the rest", code="UNKNOWN_PARAMETER")
    merged.notes.append(f"{told}; the rest was dropped")


def _rename_path(merged: Merged, recipe: Recipe) -> None:
    """Accept a path parameter's declared name for its placeholder, and nothing unknown."""
    known = {*recipe.pieces[1::2]}
    renamed: dict[str, Any] = {}
    for name, value in merged.path.items():
        target = name if name in known else recipe.path_names.get(name, name)
        if target not in known:
            listed = ", ".join(sorted(known)) or "none"
            raise CallError(
                f"{recipe.name}: unknown path parameter {name!r}; {recipe.api.path} has {listed}"
                f"{near(name, known)}",
                code="UNKNOWN_PARAMETER",
            )
        renamed[target] = value
    merged.path = renamed


def _require(merged: Merged, wanted: Input, recipe: Recipe) -> None:
    if not _PRESENT[wanted.place](merged, wanted):
        raise CallError(
            f"{recipe.name}: parameter {wanted.name!r} is missing ({_place(wanted)})",
            code="MISSING_PARAMETER",
        )


def _place(wanted: Input) -> str:
    return f"{wanted.place}.{wanted.target}" if wanted.steps else "the body"


def _in_body(merged: Merged, wanted: Input) -> bool:
    value = merged.body
    if value is UNDEFINED:
        return False
    for step in wanted.steps:
        if not isinstance(value, Mapping):
            return value is not None
        if step not in value or value[step] is UNDEFINED:
            return False
        value = value[step]
    return True


_PRESENT = {
    "path": lambda merged, wanted: wanted.target in merged.path,
    "query": lambda merged, wanted: merged.query.get(wanted.target) is not None,
    "header": lambda merged, wanted: wanted.target.lower() in merged.headers,
    "body": _in_body,
}
