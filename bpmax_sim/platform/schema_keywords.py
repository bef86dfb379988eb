"""Read JSON Schemas that nobody has validated: what may stand under a keyword, and what does not.

Schemas of platform files and OpenAPI documents are written by hand or by other programs. What has
the wrong type there says nothing, and is no reason to fail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, Final

from bpmax_sim.errors import BAD_PATTERN

_TYPES: Final = ("string", "integer", "number", "boolean", "array", "object", "null")


def to_mapping_or_empty(value: Any) -> Mapping[str, Any]:
    """Return *value* if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def to_list_or_empty(value: Any) -> list[Any]:
    """Return the items of *value* if it is a list, else an empty list."""
    return list(value) if isinstance(value, list | tuple) else []


def list_texts(value: Any) -> list[str]:
    """Return the texts in the list *value*; what is no list has none."""
    return [item for item in to_list_or_empty(value) if isinstance(item, str)]


def list_schemas(value: Any) -> list[Mapping[str, Any]]:
    """Return the schemas in the list *value*; what is no list has none."""
    return [item for item in to_list_or_empty(value) if isinstance(item, Mapping)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    # JSON Schema takes 3.0 for a whole number, too.
    return _is_number(value) and isfinite(value) and value >= 0 and value == int(value)


def _is_pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except BAD_PATTERN:
        return False
    return True


def _is_type(value: Any) -> bool:
    known = to_list_or_empty(value) or [value]
    are_known = all(isinstance(kind, str) and kind in _TYPES for kind in known)
    return are_known and len(known) == len({*known})


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(list_texts(value)) == len(value)


KEYWORD_RULES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "type": _is_type,
    "format": lambda value: isinstance(value, str),
    "enum": lambda value: bool(to_list_or_empty(value)),
    "const": lambda _value: True,
    "example": lambda _value: True,
    **dict.fromkeys(("minimum", "maximum"), _is_number),
    **dict.fromkeys(
        ("exclusiveMinimum", "exclusiveMaximum"), lambda value: isinstance(value, int | float)
    ),
    "multipleOf": lambda value: _is_number(value) and isfinite(value) and value > 0,
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _is_count),
    "pattern": _is_pattern,
    "uniqueItems": lambda value: isinstance(value, bool),
    "nullable": lambda value: isinstance(value, bool),
    "required": _is_list_of_texts,
}
"""Keywords without schemas in them, and whether a value may stand there."""


def drop_invalid_keywords(schema: Any) -> dict[str, Any]:
    """Return *schema* without keywords of `KEYWORD_RULES` whose value may not stand there.

    Empty if it is no map.
    """
    return {
        word: value
        for word, value in to_mapping_or_empty(schema).items()
        if word not in KEYWORD_RULES or KEYWORD_RULES[word](value)
    }
