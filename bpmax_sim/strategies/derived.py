"""Calls of a user's own platform, from what its file declares of each parameter."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim.errors import CallError, ConfigError, near
from bpmax_sim.platform.load import load_platforms, read_platform
from bpmax_sim.platform.model import Api, Parameter, Platform
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.proxy.program import Program, Setter
from bpmax_sim.proxy.values import UNDEFINED
from bpmax_sim.strategies.texts import LARGEST, json_values, scalars, texts, words

Maker = Callable[[], st.SearchStrategy[Any]]

_SETTERS: Final[tuple[Setter, ...]] = ("path", "query", "header", "body")


def _text() -> st.SearchStrategy[Any]:
    return texts()


_TYPES: Final[Mapping[str, Maker]] = {
    "string": _text,
    "text": _text,
    "integer": lambda: st.integers(-LARGEST, LARGEST),
    "number": lambda: st.floats(allow_nan=False, allow_infinity=False) | st.integers(-99, 99),
    "boolean": st.booleans,
    "array": lambda: st.lists(scalars(), max_size=3),
    "object": lambda: st.dictionaries(texts(max_size=4), json_values(), max_size=3),
}
_FORMATS: Final[Mapping[str, Maker]] = {
    "date": lambda: st.dates().map(str),
    "date-time": lambda: st.datetimes().map(lambda moment: f"{moment.isoformat()}+08:00"),
    "time": lambda: st.times().map(str),
    "uuid": lambda: st.uuids().map(str),
    "email": st.emails,
    "ipv4": lambda: st.ip_addresses(v=4).map(str),
    "ipv6": lambda: st.ip_addresses(v=6).map(str),
    "uri": lambda: st.uuids().map(lambda number: f"https://example.test/{number}?a=1&b=%20#c"),
    "byte": lambda: st.from_regex(r"(?:[A-Za-z0-9+/]{4}){0,4}", fullmatch=True),
    "int32": lambda: st.integers(-(2**31), 2**31 - 1),
    "int64": lambda: st.integers(-LARGEST, LARGEST),
    "float": lambda: st.floats(width=32, allow_nan=False, allow_infinity=False),
    "double": lambda: st.floats(allow_nan=False, allow_infinity=False),
    "phone": lambda: st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
}


def for_platform(
    path: str | os.PathLike[str], /, *, api: str | None = None, key: str | None = None
) -> st.SearchStrategy[Program]:
    """Draw calls of the user's platforms in *path*, chained and direct, that must not be refused.

    Values follow each parameter's enum, else its format, else its type (as OpenAPI names them);
    one without any of these gets hostile texts and numbers. Required parameters are always given,
    others sometimes. Enabled instances are named in turn, where there are any.

    Args:
        path: a platform file, or a folder of them.
        api: the one API to call, in either style; None for all.
        key: the one platform of a folder; None for all of them.

    Raises:
        ConfigError: a file is wrong, or there is no such platform or API.
    """
    known = load_platforms(path)
    calls = [
        _calls(platform, one, _instances(known, platform))
        for platform in _wanted(known, Path(path), key)
        for one in _apis(known, platform, api)
    ]
    if not calls:
        raise ConfigError(f"{path}: there is no API to call{f' named {api!r}' if api else ''}")
    return st.one_of(calls)


def _wanted(known: Platforms, path: Path, key: str | None) -> list[Platform]:
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
    return [known.api(platform, name)] if _has(known, platform, name) else []


def _has(known: Platforms, platform: Platform, name: str) -> bool:
    try:
        known.api(platform, name)
    except CallError:
        return False
    return True


def _instances(known: Platforms, platform: Platform) -> list[str]:
    entries = known.entries.get(platform.platform_key, ())
    return [one.instance.instance_key for one in entries if one.instance.enabled]


@st.composite
def _calls(draw: st.DrawFn, platform: Platform, api: Api, instances: list[str]) -> Program:
    values = [draw(_given(one)) for one in api.parameters]
    options = {"instance_key": draw(st.sampled_from(instances))} if instances else {}
    said = Program(platform=platform.platform_key, options=options, api=api.key)
    if draw(st.booleans()):
        return replace(said, args=tuple(values))
    return replace(said, steps=_steps(api, values))


def _given(parameter: Parameter) -> st.SearchStrategy[Any]:
    values = parameter_values(parameter)
    return values if parameter.required else values | st.just(UNDEFINED)


def parameter_values(parameter: Parameter, /) -> st.SearchStrategy[Any]:
    """Draw values of one declared parameter that can stand at its place."""
    if parameter.enum:
        return st.sampled_from(parameter.enum)
    maker = _FORMATS.get(parameter.format) or _TYPES.get(parameter.type)
    drawn = maker() if maker else scalars()
    if parameter.place == "header":
        return drawn.filter(_is_visible) if maker and maker is not _text else words()
    if parameter.place == "path":
        return drawn.filter(lambda value: value != "" and not isinstance(value, dict | list))
    return drawn


def _is_visible(value: Any) -> bool:
    text = str(value)
    return text.isascii() and text.isprintable() and text == text.strip()


def _steps(api: Api, values: list[Any]) -> tuple[tuple[Setter, Any], ...]:
    """Return the setters that say what the arguments *values* of a direct call would."""
    said: dict[Setter, dict[str, Any]] = {}
    whole: list[tuple[Setter, Any]] = []
    for parameter, value in zip(api.parameters, values, strict=True):
        if value is UNDEFINED:
            continue
        if parameter.place == "body" and parameter.target in {"$", "."}:
            whole.append(("body", value))
        else:
            _put(said.setdefault(parameter.place, {}), parameter, value)
    return (*whole, *((setter, said[setter]) for setter in _SETTERS if setter in said))


def _put(said: dict[str, Any], parameter: Parameter, value: Any) -> None:
    *above, last = parameter.target.split(".") if parameter.place == "body" else [parameter.target]
    for name in above:
        said = said.setdefault(name, {})
    said[last] = value
