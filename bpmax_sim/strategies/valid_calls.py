"""Calls of a user's own platform, from what its file declares of each parameter."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim.errors import CallError, ConfigError, Problem, near
from bpmax_sim.field_path import with_member
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.platform.check import CREDENTIAL
from bpmax_sim.platform.instances import read_instances
from bpmax_sim.platform.load import Platforms, load_platforms, read_platform
from bpmax_sim.platform.model import Api, Parameter, Platform
from bpmax_sim.project import absolute, find_instances, local_of
from bpmax_sim.proxy.builder import CallSpec, Setter
from bpmax_sim.strategies.programs import DrawnCall
from bpmax_sim.strategies.values import NO_SEGMENT, is_element, scalars, values_of, words
from bpmax_sim.yamlfile import read_yaml

_SETTERS: Final[tuple[Setter, ...]] = ("path", "query", "header", "body")
_TYPES: Final = frozenset({"string", "text", "integer", "number", "boolean", "array", "object"})


def for_platform(
    path: str | os.PathLike[str], /, *, api: str | None = None, key: str | None = None
) -> st.SearchStrategy[CallSpec]:
    """Draw calls of the user's platforms in *path*, chained and direct, that must not be refused.

    Values follow each parameter's type, format, enum and JSON Schema, as OpenAPI writes them; one
    without any of these gets hostile texts and numbers. Required parameters are always given,
    others sometimes. Enabled instances are named in turn, where there are any.

    Args:
        path: a platform file, or a folder of them.
        api: the one API to call, in either style; None for all.
        key: the one platform of a folder; None for all of them.

    Raises:
        ConfigError: a file is wrong, or there is no such platform or API.
    """
    known = loaded(path)
    calls = [
        valid_calls(known, platform, item)
        for platform in _candidates(known, Path(path), key)
        for item in _apis(known, platform, api)
    ]
    if not calls:
        raise _nothing(path, api)
    return st.one_of(calls)


def loaded(path: str | os.PathLike[str], /) -> Platforms:
    """Return the platforms of a folder, or that of a file, with their instances.

    A project declares its instances in one file; those of platforms in other files than *path*
    are left out.

    Raises:
        ConfigError: a file is wrong.
    """
    place = "" if Path(path).is_dir() else find_instances(absolute(path))
    if not place:
        return load_platforms(path)
    known = load_platforms(path, instances="")
    problems: list[Problem] = []
    keys = {*known.keys, *_named(Path(place)), *_named(Path(local_of(place)))}
    entries = read_instances(Path(place), known.find, keys, problems)
    if problems:
        raise ConfigError(*problems)
    return known.with_entries(entry for entry in entries if known.find(entry.instance.platform))


def together(path: str | os.PathLike[str], /) -> Platforms:
    """Return the platforms of a folder, or those beside a file too: a script may call any of them.

    Raises:
        ConfigError: a file is wrong.
    """
    try:
        return load_platforms(path if Path(path).is_dir() else Path(path).absolute().parent)
    except ConfigError:
        return loaded(path)  # what else is in its folder may be no platform


def _named(place: Path) -> Iterator[str]:
    """Yield the platforms that a file of instances names."""
    for element in read_yaml(place).elements if place.is_file() else ():
        named = element.child("platform")
        if named is not None:
            yield str(named.value)


def apis_named(
    known: Platforms, platform: Platform, name: str, *, path: str | os.PathLike[str]
) -> list[Api]:
    """Return the API of *name*, in either style, or all if it is empty.

    Raises:
        ConfigError: *platform*, which *path* declares, has none.
    """
    apis = _apis(known, platform, name or None)
    if not apis:
        raise ConfigError(f"{_nothing(path, name)}{near(name, platform.apis)}")
    return apis


def _nothing(path: str | os.PathLike[str], api: str | None) -> ConfigError:
    return ConfigError(f"{path}: there is no API to call{f' named {api!r}' if api else ''}")


def _candidates(known: Platforms, path: Path, key: str | None) -> list[Platform]:
    if path.is_file():
        return [known.own[read_platform(path).platform_key]]
    if key is None:
        return list(known.own.values())
    if key not in known.own:
        raise ConfigError(f"{path}: there is no platform {key!r}{near(key, known.own)}")
    return [known.own[key]]


def _apis(known: Platforms, platform: Platform, name: str | None) -> list[Api]:
    if name is None:
        return list(platform.apis.values())
    try:
        return [known.api(platform, name)]
    except CallError:
        return []


def valid_calls(
    known: Platforms, platform: Platform, api: Api, /, *, direct: bool | None = None
) -> st.SearchStrategy[CallSpec]:
    """Draw calls of one API that must not be refused; see `for_platform`.

    Args:
        known: holds the instances.
        platform: declares *api*.
        api: what is called.
        direct: whether arguments are passed, or setters called; None for both.
    """
    is_xml = (api.encoding or platform.encoding) == "xml"
    entries = known.entries.get(platform.platform_key, ())
    instances = [entry.instance.instance_key for entry in entries if entry.instance.enabled]
    drawn = st.builds(
        DrawnCall,
        platform=st.just(platform.platform_key),
        options=st.fixed_dictionaries(
            {"instance_key": st.sampled_from(instances)} if instances else {}
        ),
        api=st.just(api.key),
        # made once: a strategy costs more to make than a value to draw
        args=st.tuples(*(_values_of(parameter, is_xml=is_xml) for parameter in api.parameters)),
    )
    ways = st.booleans() if direct is None else st.just(direct)
    return st.builds(lambda spec, is_direct: spec if is_direct else chained(api, spec), drawn, ways)


def chained(api: Api, program: CallSpec, /) -> CallSpec:
    """Return the chain that sets what the direct call *program* of *api* sets."""
    if program.args is None:
        return program
    return replace(program, args=None, steps=_setters(api, list(program.args)))


def _values_of(parameter: Parameter, *, is_xml: bool) -> st.SearchStrategy[Any]:
    values = parameter_values(parameter)
    if is_xml and parameter.place == "body":
        values = values.filter(is_element)
    return values if parameter.required else values | st.just(UNDEFINED)


def parameter_values(parameter: Parameter, /, *, name: str = "") -> st.SearchStrategy[Any]:
    """Draw values of one declared parameter that can stand at its place.

    Args:
        parameter: what the platform file says of it.
        name: what messages call it.

    Raises:
        ConfigError: if its schema is none.
    """
    schema = schema_of(parameter)
    if not schema:
        return words() if parameter.place == "header" else _placed(parameter, scalars())
    if schema == {"type": "string"} and parameter.place == "header":
        return words()
    return _placed(parameter, values_of(schema, name=name or f"parameter {parameter.name!r}"))


def schema_of(parameter: Parameter, /) -> dict[str, Any]:
    """Return everything that is declared of a parameter's values as one JSON Schema."""
    schema: dict[str, Any] = {}
    if parameter.type in _TYPES:
        schema["type"] = "string" if parameter.type == "text" else parameter.type
    if parameter.enum:
        schema["enum"] = list(parameter.enum)
    if parameter.format:
        schema["format"] = parameter.format
    return {**schema, **parameter.schema}


def _placed(parameter: Parameter, drawn: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return drawn.filter(_FITTING.get(parameter.place, lambda _value: True))


def _is_visible(value: Any) -> bool:
    text = str(value)
    return _is_single(value) and text.isascii() and text.isprintable() and text == text.strip()


def _is_single(value: Any) -> bool:
    return value is not None and not isinstance(value, dict | list)


_FITTING: Final[Mapping[str, Callable[[Any], bool]]] = {
    "header": _is_visible,
    "path": lambda value: _is_single(value) and value not in NO_SEGMENT,
    "query": lambda value: all(map(_is_single, value if isinstance(value, list) else [value])),
}
"""What can stand at a place at all, whatever the schema says."""


def _setters(api: Api, values: list[Any]) -> tuple[tuple[Setter, Any], ...]:
    """Return the setters that say what the arguments *values* of a direct call would."""
    steps: dict[Setter, dict[str, Any]] = {}
    whole: list[tuple[Setter, Any]] = []
    for parameter, value in zip(api.parameters, values, strict=False):
        if value is not UNDEFINED and parameter.steps:
            place = parameter.place
            steps[place] = with_member(steps.get(place), parameter.steps, value)
        elif value is not UNDEFINED:
            whole.append(("body", value))
    if "body" in steps and isinstance(api.body, Mapping):
        steps["body"] = {
            name: _over(api.body.get(name), value) for name, value in steps["body"].items()
        }
    return (*whole, *((setter, steps[setter]) for setter in _SETTERS if setter in steps))


def _over(template: Any, value: Any) -> Any:
    """Return *value* with what a direct call would keep of the body's template around it."""
    if not (isinstance(template, Mapping) and isinstance(value, dict)):
        return value
    # A script cannot say what stands for a credential.
    members = {
        k: v for k, v in template.items() if not (isinstance(v, Mapping) and CREDENTIAL in v)
    }
    return {**members, **{name: _over(template.get(name), value) for name, value in value.items()}}
