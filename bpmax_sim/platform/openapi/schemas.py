"""A schema of a document -> one that stands alone, bounded, in words that JSON Schema knows.

References are written out; where one leads back into itself, anything is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bpmax_sim.errors import BAD_PATTERN
from bpmax_sim.platform.openapi.document import Document, Steps, listed, mapping

Schema = Mapping[str, Any]

_DEEPEST: Final = 8
_MOST: Final = 300
_LONGEST: Final = 200
_TYPES: Final = ("string", "integer", "number", "boolean", "array", "object", "null")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_limit(value: Any) -> bool:
    return isinstance(value, bool) or _is_number(value)


def _is_pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except BAD_PATTERN:
        return False
    return True


def _is_type(value: Any) -> bool:
    known = listed(value) or [value]
    return all(isinstance(one, str) and one in _TYPES for one in known) and len(known) == len(
        {*known}
    )


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


_RULES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "type": _is_type,
    "format": lambda value: isinstance(value, str),
    "enum": lambda value: isinstance(value, list) and bool(value),
    "const": lambda _value: True,
    "example": lambda _value: True,
    **dict.fromkeys(("minimum", "maximum"), _is_number),
    **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum"), _is_limit),
    "multipleOf": lambda value: _is_number(value) and value > 0,
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _is_count),
    "pattern": _is_pattern,
    "uniqueItems": lambda value: isinstance(value, bool),
    "nullable": lambda value: isinstance(value, bool),
    "required": _is_names,
}
"""Keywords that are kept as they are, and whether a value may stand there."""

_ONE: Final = ("items", "not", "additionalProperties")
_SEVERAL: Final = ("allOf", "anyOf", "oneOf")


@dataclass(slots=True)
class Carrying:
    """The writing out of one schema; it counts what it has written."""

    document: Document
    drop: str = "readOnly"  # what has no place in this direction
    most: int = _MOST
    _written: int = field(default=0, init=False)
    _top: Steps = field(default=(), init=False)

    def schema(self, value: Any, steps: Steps, above: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return the schema *value*, which stands at *steps*."""
        self._top = self._top or steps
        if isinstance(value, bool) or value is None:
            return {"not": {}} if value is False else {}
        reference = str(mapping(value).get("$ref", ""))
        if reference and reference in above:
            self.document.tell(f"{reference!r} holds itself; there, anything is allowed", steps)
            return {}
        above = (*above, reference) if reference else above
        found = self.document.followed(value, steps)
        self._written += 1
        if self._written > self.most or len(steps) - len(above) > 3 * _DEEPEST + 12:
            told = "the schema is too large; the rest of it allows anything"
            self.document.tell(told, self._top)
            return {}
        return dict(self._kept(mapping(found), steps, above))

    def _kept(self, found: Schema, steps: Steps, above: tuple[str, ...]) -> Iterator[Any]:
        for word, value in found.items():
            if word in _RULES:
                if _RULES[word](value) and is_small(value):
                    yield word, value
                else:
                    self.document.tell(f"{word} cannot have this value", (*steps, word))
            elif word in _ONE:
                yield word, self._one(word, value, (*steps, word), above)
            elif word in _SEVERAL and listed(value):
                inner = enumerate(value)
                yield word, [self.schema(one, (*steps, word, n), above) for n, one in inner]
            elif word == "properties":
                yield word, self._properties(value, (*steps, word), above)
        if "example" not in found and listed(found.get("examples")):
            yield "example", found["examples"][0]

    def _one(self, word: str, value: Any, steps: Steps, above: tuple[str, ...]) -> Any:
        if word == "additionalProperties" and isinstance(value, bool):
            return value
        return self.schema(value, steps, above)

    def _properties(self, value: Any, steps: Steps, above: tuple[str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, inner in mapping(value).items():
            if len(name) > _LONGEST:
                self.document.tell(f"the name is longer than {_LONGEST} characters", steps)
            elif mapping(self.document.followed(inner, (*steps, name))).get(self.drop) is not True:
                found[name] = self.schema(inner, (*steps, name), above)
        return found


def is_small(value: Any, levels: int = 12) -> bool:
    """Return whether *value* may stand in a file of at most 64 levels, its names short enough."""
    if isinstance(value, Mapping):
        return levels > 0 and all(
            len(name) <= _LONGEST and is_small(one, levels - 1) for name, one in value.items()
        )
    return not isinstance(value, list) or (
        levels > 0 and all(is_small(one, levels - 1) for one in value)
    )


def as_object(schema: Schema) -> Schema | None:
    """Return *schema* with the properties of all that it is made of, or None if it is no object."""
    parts = [as_object(part) for part in schema.get("allOf", ())]
    if any(word in schema for word in ("anyOf", "oneOf", "not")) or None in parts:
        return None
    merged: dict[str, Any] = {}
    required: list[str] = []
    for part in (*filter(None, parts), schema):
        merged |= part.get("properties", {})
        required += part.get("required", [])
    kind = schema.get("type", "object" if merged else "")
    is_open = isinstance(schema.get("additionalProperties"), Mapping) or not merged
    return None if kind != "object" or is_open else {"properties": merged, "required": required}


def plain_type(schema: Schema) -> str:
    """Return the one type of a schema, or nothing where it has several, or none."""
    kind = schema.get("type", "")
    if isinstance(kind, list):
        kind = kind[0] if len(kind) == 1 else ""
    return "" if schema.get("nullable") is True or kind == "null" else kind
