"""What a file may hold, from the models that read it: kind of value and default of each key."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
import yaml

from bpmax_sim.platform import model as platform_model
from bpmax_sim.platform.model import Source
from bpmax_sim.platform.presets import HOVER as PLATFORM_HOVER
from bpmax_sim.scenario import model as scenario_model
from bpmax_sim.scenario.model import collect_hover_texts
from bpmax_sim.subject import definition
from bpmax_sim.yamlfile import FILLABLE, INTERNAL, Seconds, read_hover_texts

HOVERS = {**collect_hover_texts(), **read_hover_texts(PLATFORM_HOVER)}
"""What an editor shows of each key: model -> key -> English, Chinese."""

ELSEWHERE = {"Platform", "Api", "Auth", "Step", "Row", "Expected"}
"""What has a table of its own."""

MODELS: Mapping[str, type[msgspec.Struct]] = {
    name: found
    for home in (platform_model, scenario_model, definition)
    for name, found in vars(home).items()
    if isinstance(found, type) and issubclass(found, msgspec.Struct) and name in HOVERS
    if name not in ELSEWHERE
}
WORDS: Mapping[str, Mapping[Any, str]] = {
    "en": {
        str: "text",
        int: "integer",
        float: "number",
        bool: "true/false",
        Any: "anything",
        list: "list",
        dict: "map",
        Seconds: "duration",
        Source: "source",
    },
    "zh": {
        str: "文本",
        int: "整数",
        float: "数",
        bool: "true/false",
        Any: "任意",
        list: "列表",
        dict: "映射",
        Seconds: "时长",
        Source: "来源",
    },
}


def kind(hint: Any, language: str) -> str:
    """Return what a value of type *hint* is, in words of *language*."""
    words = WORDS[language]
    if hint in words:
        return words[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        is_fillable = FILLABLE in arguments[1:]
        return kind(typing.get_args(arguments[0])[0] if is_fillable else arguments[0], language)
    if origin is Literal:
        return " ".join(f"`{yaml_text(value)}`" for value in arguments)
    if origin in {types.UnionType, typing.Union}:
        told = [
            kind(one, language) for one in arguments if one not in {msgspec.UnsetType, type(None)}
        ]
        return (", " if language == "en" else "、").join(dict.fromkeys(told))
    if origin is tuple:
        return words[list]
    return words[dict]


def yaml_text(value: Any) -> str:
    """Return *value* as a file spells it, on one line."""
    plain = msgspec.to_builtins(value)
    text = yaml.safe_dump(plain, default_flow_style=True, allow_unicode=True, width=10**6)
    return text.removesuffix("...\n").strip()


def default(field: msgspec.structs.FieldInfo) -> str:
    """Return the default of a key as a file spells it; nothing where there is none to speak of."""
    value = field.default
    if field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    nothing: tuple[object, ...] = (msgspec.NODEFAULT, msgspec.UNSET, None, "", (), {})
    if any(value is one or (type(value) is type(one) and value == one) for one in nothing):
        return ""
    text = yaml_text(value)
    return "" if text == "{}" else f"`{text}`"


def is_required(field: msgspec.structs.FieldInfo) -> bool:
    """Return whether a file has to have the key."""
    return field.required


def fields(name: str) -> tuple[msgspec.structs.FieldInfo, ...]:
    """Return the keys of the model *name*, without those that no file sets."""
    return tuple(one for one in msgspec.structs.fields(MODELS[name]) if not _is_internal(one.type))


def _is_internal(hint: Any) -> bool:
    return INTERNAL in typing.get_args(hint)[1:]
