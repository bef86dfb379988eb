"""A Python value copied into plain script values, so that changing the original changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bpmax_sim.errors import CallError
from bpmax_sim.proxy.encode import scalar_text
from bpmax_sim.proxy.kinds import (
    BigInt,
    FarDate,
    JsMap,
    JsSet,
    Opaque,
    Undefined,
    kind_of,
)
from bpmax_sim.proxy.printing import property_order

_ATOMS = (
    str, bool, int, float, type(None), bytes, datetime, Undefined, BigInt, FarDate, JsMap, JsSet,
    Opaque,
)  # fmt: skip


_UNCHANGEABLE = frozenset(_ATOMS)


def freeze(value: Any) -> Any:
    """Return a copy of *value* made of dicts, lists and script values.

    Keys come in the order in which JavaScript lists them, so that a query is the same from both.
    An object within itself becomes ``Opaque("cycle")``, which is refused when it is sent.

    Raises:
        CallError: BAD_ARGUMENT, for a value that a script cannot have, or one nested too deeply.
    """
    if type(value) in _UNCHANGEABLE:
        return value
    try:
        return _copy(value, ())
    except RecursionError:
        raise CallError("a value is nested too deeply") from None


def _copy(value: Any, above: tuple[int, ...]) -> Any:
    if isinstance(value, _ATOMS):
        return value
    if id(value) in above:
        return Opaque("cycle")
    if isinstance(value, Mapping):
        inner = (*above, id(value))
        named = {_name(name): item for name, item in value.items()}
        return {name: _copy(named[name], inner) for name in property_order(named)}
    if isinstance(value, list | tuple):
        inner = (*above, id(value))
        return [_copy(item, inner) for item in value]
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    raise CallError(f"{kind_of(value)} cannot be sent; pass texts, numbers, lists, dicts or bytes")


def _name(name: Any) -> str:
    """Return a key as JavaScript spells a property name."""
    text = "null" if name is None else scalar_text(name)
    if text is None:
        raise CallError(f"{kind_of(name)} cannot be a name in an object; use a text")
    return text
