"""Values of declared parameters: those that were given, with their type, or examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from bpmax_sim.platform.model import Parameter, is_set
from bpmax_sim.simulator.asked import ABSENT

_BY_FORMAT: Final[Mapping[str, str]] = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T09:00:00+08:00",
    "email": "zhangsan@example.test",
    "phone": "13800138000",
    "uri": "https://example.test/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_BY_TYPE: Final[Mapping[str, Any]] = {
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "array": [],
    "object": {},
}
_WORDS: Final = {"true": True, "false": False}
_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "integer": lambda text: int(text[:20]),
    "number": lambda text: float(text) if float(text) - float(text) == 0 else ABSENT,
    "boolean": lambda text: _WORDS.get(text, ABSENT),
}
_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "string": (str,),
}


def example(parameter: Parameter) -> Any:
    """Return a value that fits what is declared of *parameter*."""
    if parameter.enum:
        return parameter.enum[0]
    if is_set(parameter.default):
        return parameter.default
    found = _BY_TYPE.get(parameter.type)
    if found is not None:
        return found
    return _BY_FORMAT.get(parameter.format, parameter.title or parameter.name)


def sampled(schema: Mapping[str, Any], name: str = "", levels: int = 8) -> Any:
    """Return the example of a JSON Schema, or a value of its type; *name* is that of the member.

    Its members have theirs in turn. A pattern is not looked at.
    """
    said = [schema[word] for word in ("example", "const", "default") if word in schema]
    said += schema.get("enum", ())[:1]
    if said:
        return said[0]
    parts = [*schema.get("allOf", ()), *schema.get("oneOf", ())[:1], *schema.get("anyOf", ())[:1]]
    if parts and levels:
        own = {key: one for key, one in schema.items() if key not in ("allOf", "oneOf", "anyOf")}
        return _together([sampled(one, name, levels - 1) for one in (own, *parts)])
    return _of_type(schema, name, levels)


def _of_type(schema: Mapping[str, Any], name: str, levels: int) -> Any:
    kinds = schema.get("type", "object" if "properties" in schema else "")
    kind = kinds if isinstance(kinds, str) else next((one for one in kinds if one != "null"), "")
    if kind == "object":
        inner = schema.get("properties", {}) if levels else {}
        return {key: sampled(one, key, levels - 1) for key, one in inner.items()}
    if kind == "array":
        return [sampled(schema["items"], name, levels - 1)] if levels and "items" in schema else []
    if kind in _BY_TYPE:
        return max(_BY_TYPE[kind], schema.get("minimum", 0))
    return _BY_FORMAT.get(schema.get("format", ""), name) if kind == "string" else None


def _together(values: list[Any]) -> Any:
    """Return objects as one; else the last of *values* that says something."""
    objects = [one for one in values if isinstance(one, dict)]
    if objects:
        return {key: value for one in objects for key, value in one.items()}
    return next((one for one in reversed(values) if one is not None), None)


def typed(value: Any, parameter: Parameter) -> Any:
    """Return *value* with the declared type, or `ABSENT` where it does not fit.

    What stands in a path, query, header or form is a text, and is read.
    """
    if isinstance(value, str) and parameter.type in _READERS:
        try:
            value = _READERS[parameter.type](value)
        except (ValueError, OverflowError):
            return ABSENT
    kinds = _KINDS.get(parameter.type)
    if kinds and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
        return ABSENT
    return value
