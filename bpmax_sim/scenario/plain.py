"""What scripts hand out, as the values that a scenario file can spell.

A Date becomes its ISO text, a BigInt an integer, a Map a map, a Set a list, bytes their base64.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from bpmax_sim.proxy.values import (
    BigInt,
    FarDate,
    JsMap,
    JsSet,
    Opaque,
    Undefined,
    iso_date,
    js_number,
)

_PLAIN = frozenset({str, int, bool, type(None)})


def plain(value: Any) -> Any:
    """Return *value* in the words of a scenario file; members that are undefined are left out."""
    kind: Any = type(value)
    return value if kind in _PLAIN else _conversion(kind)(value)


@cache
def _conversion(kind: Any) -> Callable[[Any], Any]:
    return next((run for known, run in _KINDS if issubclass(kind, known)), _same)


def _same(value: Any) -> Any:
    return value


def _map(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): plain(item) for key, item in value.items() if not isinstance(item, Undefined)}


def _list(value: Iterable[Any]) -> list[Any]:
    return [plain(item) for item in value]


def _number(value: float) -> float | int:
    return int(value) if value.is_integer() else value


_KINDS: tuple[tuple[type | tuple[type, ...], Callable[[Any], Any]], ...] = (
    (Mapping, _map),
    ((list, tuple), _list),
    (float, _number),
    (datetime, iso_date),
    (BigInt, lambda value: value.value),
    (JsMap, lambda value: {_key(key): plain(item) for key, item in value.pairs}),
    (JsSet, lambda value: _list(value.items)),
    ((bytes, bytearray), lambda value: base64.b64encode(value).decode()),
    (FarDate, lambda _: "Invalid Date"),
    (Opaque, lambda value: f"[{value.kind}]"),
    (Undefined, lambda _: None),
)


def _key(key: Any) -> str:
    return js_number(key) if isinstance(key, int | float) else str(key)
