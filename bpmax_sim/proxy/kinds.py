"""The values that JavaScript has and JSON has not, as small frozen Python types.

Plain values are None, bool, int, float, str, list, tuple and dict with text keys; `datetime` stands
for a Date, `bytes` for an ArrayBuffer or a typed array.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

import msgspec


class Undefined:
    """The type of `UNDEFINED`, which is neither None nor absent text."""

    __slots__ = ()

    def __bool__(self) -> bool:
        """Return False, as JavaScript judges it."""
        return False

    def __repr__(self) -> str:
        """Return ``undefined``."""
        return "undefined"

    def __copy__(self) -> Undefined:
        """Return the one value there is."""
        return self

    def __deepcopy__(self, memo: object) -> Undefined:
        """Return the one value there is."""
        return self

    def __reduce__(self) -> str:
        """Keep its identity across pickling."""
        return "UNDEFINED"


UNDEFINED: Final = Undefined()


class BigInt(msgspec.Struct, frozen=True):
    """A BigInt, which JSON refuses."""

    value: int


class FarDate(msgspec.Struct, frozen=True):
    """A Date that `datetime` cannot hold: milliseconds since 1970, or None for an invalid one."""

    ms: float | None


class JsMap(msgspec.Struct, frozen=True):
    """A Map, in insertion order; JSON prints it as ``{}``."""

    pairs: tuple[tuple[Any, Any], ...]


class JsSet(msgspec.Struct, frozen=True):
    """A Set, in insertion order; JSON prints it as ``{}``."""

    items: tuple[Any, ...]


class Opaque(msgspec.Struct, frozen=True):
    """A value that cannot leave its script; *cycle* stands for an object inside itself."""

    kind: Literal["function", "symbol", "cycle", "promise"]


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (type(None), "null"),
    (Undefined, "undefined"),
    (bool, "a boolean"),
    ((int, float), "a number"),
    (str, "a text"),
    ((bytes, bytearray, memoryview), "bytes"),
    ((list, tuple), "an array"),
    (Mapping, "an object"),
    ((datetime, FarDate), "a Date"),
    (BigInt, "a BigInt"),
    (JsMap, "a Map"),
    ((JsSet, set, frozenset), "a Set"),
)
_OPAQUE = {
    "function": "a function",
    "symbol": "a symbol",
    "cycle": "an object that contains itself",
    "promise": "a promise",
}


def kind_of(value: object) -> str:
    """Return what *value* is, in a script writer's words, for error messages."""
    if isinstance(value, Opaque):
        return _OPAQUE[value.kind]
    found = (word for types, word in _KINDS if isinstance(value, types))
    return next(found, f"a Python {type(value).__name__}")
