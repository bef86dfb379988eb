"""JSON Schema, as OpenAPI 3.0 and 3.1 write it, made into strategies.

What the mapping does not honour by itself, such as ``not`` and ``oneOf``, a validator filters.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, SchemaError

from bpmax_sim.errors import BAD_PATTERN, ConfigError
from bpmax_sim.strategies.values import FORMATS, HOSTILE, LARGEST, RANGES, json_values, texts

Schema = Mapping[str, Any]
Drawn = st.SearchStrategy[Any]

_DEEPEST: Final = 3
_HINTS: Final[Mapping[str, str]] = {
    "properties": "object", "required": "object", "additionalProperties": "object",
    "items": "array", "minItems": "array", "maxItems": "array", "uniqueItems": "array",
    "pattern": "string", "minLength": "string", "maxLength": "string",
    "minimum": "number", "maximum": "number", "exclusiveMinimum": "number",
    "exclusiveMaximum": "number", "multipleOf": "number",
}  # fmt: skip
_BOUNDS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "minimum": max, "maximum": min, "minLength": max, "maxLength": min, "minItems": max,
    "maxItems": min, "required": lambda mine, other: [*dict.fromkeys([*mine, *other])],
    "properties": lambda a, b: a | {k: merged(a.get(k, {}), v) for k, v in b.items()},
    "enum": lambda mine, other: [value for value in mine if value in other],
}  # fmt: skip
_OF_FORMAT: Final[Mapping[str, str]] = {
    "int32": "integer", "int64": "integer", "float": "number", "double": "number",
}  # fmt: skip
_END = re.compile(r"(?<!\\)((?:\\\\)*)\$$")


def values_of(schema: Schema, /, *, name: str = "schema") -> Drawn:
    """Draw values that a JSON Schema allows.

    Args:
        schema: OpenAPI's ``nullable`` and boolean ``exclusiveMinimum`` are understood too.
        name: what messages call it.

    Raises:
        ConfigError: if it is no JSON Schema.
    """
    plain = normal(schema)
    _check(plain, name)
    valid = Draft202012Validator(plain).is_valid
    return _Drawer(plain, name).any(plain).filter(valid)


def check_value(schema: Schema, value: Any, /) -> str:
    """Return what is wrong with *value*, in one line without the value itself, or nothing."""
    errors = Draft202012Validator(normal(schema)).iter_errors(value)
    first = min(errors, key=lambda error: (len(error.path), str(error.path)), default=None)
    if first is None:
        return ""
    rule = f"{first.validator}: {json.dumps(first.validator_value, ensure_ascii=False)[:80]}"
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in first.path)
    return f"${place} is {_kind(first.instance)}, which breaks {rule}"


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "an array", str: "text", bool: "a boolean"}
    return "null" if value is None else kinds.get(type(value), "a number")


def normal(schema: Any) -> Any:
    """Return *schema* in the words of JSON Schema 2020-12."""
    if isinstance(schema, list | tuple):
        return [normal(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    plain = {name: normal(value) for name, value in schema.items()}
    if plain.get("type") == "text":
        plain["type"] = "string"
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if plain.get(exclusive) is True and limit in plain:
            plain[exclusive] = plain.pop(limit)
        elif isinstance(plain.get(exclusive), bool):
            del plain[exclusive]
    return _nullable(plain) if plain.pop("nullable", None) is True else plain


def _nullable(plain: dict[str, Any]) -> dict[str, Any]:
    if isinstance(plain.get("type"), str):
        plain["type"] = [plain["type"], "null"]
    if "enum" in plain:
        plain["enum"] = [*plain["enum"], None]
    return plain


def merged(first: Schema, two: Schema) -> dict[str, Any]:
    """Return what both say; the stricter bound counts."""
    result = dict(first)
    for name, value in two.items():
        join = _BOUNDS.get(name)
        result[name] = join(result[name], value) if join and name in result else value
    return result


def _check(schema: Any, name: str) -> None:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ConfigError(f"{name}: not a JSON Schema: {error.message}") from None
    except BAD_PATTERN as error:
        raise ConfigError(f"{name}: not a JSON Schema: a pattern of it: {error}") from None


class _Drawer(msgspec.Struct, frozen=True):
    """Makes strategies of the parts of one schema; *depth* counts the references on the way."""

    root: Any
    name: str
    depth: int = 0

    def any(self, schema: Any) -> Drawn:
        if schema is True or schema == {}:
            return json_values(max_leaves=4)
        if schema is False:
            return st.nothing()
        if "const" in schema:
            return st.just(schema["const"])
        if "enum" in schema:
            return st.sampled_from(schema["enum"]) if schema["enum"] else st.nothing()
        return self._composed(schema)

    def _composed(self, schema: Schema) -> Drawn:
        rest = {name: value for name, value in schema.items() if name not in _COMPOSED}
        if "$ref" in schema and self.depth > 2 * _DEEPEST:
            return st.nothing()
        if "$ref" in schema:
            inner = _Drawer(self.root, self.name, self.depth + 1)
            target = self._target(schema["$ref"])
            return st.deferred(lambda: inner.any(merged(target, rest)))
        if "allOf" in schema:
            for part in schema["allOf"]:
                rest = merged(rest, self._resolved(part))
            return self.any(rest)
        choices = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        if choices:
            return st.one_of([self.any(merged(rest, self._resolved(choice))) for choice in choices])
        return st.one_of([_MAKERS[kind](self, rest) for kind in _types(rest)])

    def _resolved(self, part: Any) -> Any:
        return self._resolved(self._target(part["$ref"])) if "$ref" in part else part

    def _target(self, reference: str) -> Any:
        schema = self.root
        for step in reference.removeprefix("#").split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(schema, Mapping) or key not in schema:
                raise ConfigError(
                    f"{self.name}: there is no {reference!r} in it; write the schema out, "
                    "or put what it names below $defs"
                )
            schema = schema[key]
        return schema

    def string(self, schema: Schema) -> Drawn:
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        if "pattern" in schema:
            # In JavaScript $ is the very end, and \d an ASCII digit.
            pattern = _END.sub(r"\1\\Z", schema["pattern"])
            drawn: Drawn = st.from_regex(re.compile(pattern, re.ASCII))
        elif schema.get("format") in FORMATS:
            drawn = FORMATS[schema["format"]]()
        elif not least and most is None:
            return texts()
        else:
            known = [text for text in HOSTILE if _fits(text, least, most)]
            free = st.text(st.characters(exclude_categories=["Cs"]), min_size=least, max_size=most)
            return free | st.sampled_from(known) if known else free
        return drawn.filter(lambda text: _fits(text, least, most))

    def integer(self, schema: Schema) -> Drawn:
        low, high = _limits(schema, LARGEST)
        step = schema.get("multipleOf", 1)
        if not isinstance(step, int):
            step = math.lcm(*step.as_integer_ratio()) if step > 1 else 1
        first, last = math.ceil(low / step), math.floor(high / step)
        if first > last:
            return st.nothing()
        return st.integers(first, last).map(lambda number: number * step)

    def number(self, schema: Schema) -> Drawn:
        if "multipleOf" in schema:
            return self.integer(schema)
        low, high = _limits(schema, None)
        drawn: Drawn = st.floats(low, high, allow_nan=False, allow_infinity=False)
        return drawn | self.integer(schema)

    def array(self, schema: Schema) -> Drawn:
        least, most = schema.get("minItems", 0), schema.get("maxItems")
        if self.depth >= _DEEPEST:
            most = least
        limit = least + 3 if most is None else most
        unique = schema.get("uniqueItems", False)
        return st.lists(
            self.any(schema.get("items", {})),
            min_size=least,
            max_size=limit,
            unique_by=(lambda value: json.dumps(value, sort_keys=True)) if unique else None,
        )

    def object(self, schema: Schema) -> Drawn:
        known, required = schema.get("properties", {}), schema.get("required", ())
        more = schema.get("additionalProperties", True)
        if not known and not required:
            return st.dictionaries(texts(max_size=4), self.any(more), max_size=3)
        needed = {name: self.any(known.get(name, more)) for name in required}
        others = {name: self.any(part) for name, part in known.items() if name not in needed}
        return st.fixed_dictionaries(needed, optional={} if self.depth >= _DEEPEST else others)


_COMPOSED: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf"})
_MAKERS: Final[Mapping[str, Callable[[_Drawer, Schema], Drawn]]] = {
    "string": _Drawer.string,
    "integer": _Drawer.integer,
    "number": _Drawer.number,
    "boolean": lambda _drawer, _schema: st.booleans(),
    "null": lambda _drawer, _schema: st.none(),
    "array": _Drawer.array,
    "object": _Drawer.object,
}


def _types(schema: Schema) -> Iterable[str]:
    types = schema.get("type")
    if types is not None:
        return [types] if isinstance(types, str) else types
    hinted = [kind for name, kind in _HINTS.items() if name in schema]
    if not hinted and "format" in schema:
        hinted = [_OF_FORMAT.get(schema["format"], "string")]
    return dict.fromkeys(hinted or _MAKERS)


def _fits(text: str, least: int, most: int | None) -> bool:
    return least <= len(text) and (most is None or len(text) <= most)


def _limits(schema: Schema, widest: int | None) -> tuple[Any, Any]:
    """Return the least and the greatest number; exclusive bounds are left to the validator."""
    low, high = RANGES.get(schema.get("format", ""), (None, None))
    lows = [low, schema.get("minimum"), schema.get("exclusiveMinimum"), widest and -widest]
    highs = [high, schema.get("maximum"), schema.get("exclusiveMaximum"), widest]
    return (
        max((low for low in lows if low is not None), default=None),
        min((high for high in highs if high is not None), default=None),
    )
