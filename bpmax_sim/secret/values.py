"""Values of any shape with the secrets in their texts replaced; names of members included.

Numbers that are the bytes of a secret, as Node writes a `Buffer`, become the text that *redact*
makes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

from msgspec import Struct

T = TypeVar("T")
Redact = Callable[[str], str]


_PLAIN = frozenset({bool, int, float, type(None)})
_LISTS = frozenset({list, tuple, set, frozenset})


def redacted(value: T, redact: Redact) -> T:
    """Return *value* with *redact* applied to every text in it.

    Texts, bytes, mappings, lists, tuples, sets, structs and dataclasses are looked into; all else
    is kept, and so is a struct in which nothing changes.
    """
    shown: T = _redacted(value, redact)
    return shown


def _redacted(value: Any, redact: Redact) -> Any:
    kind: Any = type(value)
    if kind is str:
        return redact(value)
    if kind in _PLAIN:
        return value
    return _items(value, redact) if kind in _LISTS else _other(value, redact)


def _items(value: Any, redact: Redact) -> Any:
    if type(value) is list and value and all(type(item) is int for item in value):
        text = str(value)
        shown = redact(text)
        return value if shown == text else shown
    return type(value)([_redacted(item, redact) for item in value])


def _other(value: Any, redact: Redact) -> Any:
    if isinstance(value, bytes):
        text = value.decode("utf-8", "surrogateescape")
        return redact(text).encode("utf-8", "surrogateescape")
    if isinstance(value, str):
        shown = redact(str(value))
        return value if shown == value else shown
    if isinstance(value, Mapping):
        return {_redacted(name, redact): _redacted(item, redact) for name, item in value.items()}
    kind: Any = type(value)
    return _fields(value, redact) if members(kind) else value


def _fields(value: Any, redact: Redact) -> Any:
    kind: Any = type(value)
    found, changed = {}, False
    for name in members(kind):
        before = getattr(value, name)
        found[name] = after = _redacted(before, redact)
        changed = changed or (after is not before and after != before)
    return kind(**found) if changed else value


@cache
def members(kind: Any) -> tuple[str, ...]:
    """Return the names of the fields of a struct or a dataclass, of any other type none."""
    if issubclass(kind, Struct):
        names: tuple[str, ...] = kind.__struct_fields__
        return names
    return tuple(one.name for one in fields(kind)) if is_dataclass(kind) else ()
