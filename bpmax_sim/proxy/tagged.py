"""Tagged JSON, in which values cross between the script engine and Python without loss.

A plain JSON value stands for itself; anything else is ``{"$": "<tag>", "v": …}``, and so is an
object that has a ``$`` key of its own.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from math import copysign, inf, isfinite, isnan, nan
from typing import Any

from bpmax_sim.proxy.kinds import (
    UNDEFINED,
    BigInt,
    FarDate,
    JsMap,
    JsSet,
    Opaque,
    Undefined,
    kind_of,
)
from bpmax_sim.proxy.printing import join_surrogates

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MS = -62_135_596_800_000
_LAST_MS = 253_402_300_799_999


def decode_tagged(value: Any) -> Any:
    """Return the Python value of one tagged JSON value, already parsed.

    Raises:
        ValueError: if a tag is unknown or its value does not fit it.
    """
    if isinstance(value, list):
        return [decode_tagged(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$" not in value:
        return {name: decode_tagged(item) for name, item in value.items()}
    try:
        return _DECODERS[value["$"]](value.get("v"))
    except (KeyError, TypeError, ArithmeticError) as error:
        raise ValueError(f"{value['$']!r} is no tag, or its value does not fit it") from error


def encode_tagged(value: Any) -> Any:
    """Return *value* as tagged JSON, ready for a JSON encoder.

    Raises:
        TypeError: for a value that a script cannot have.
    """
    encoder = _ENCODERS.get(type(value))
    if encoder is not None:
        return encoder(value)
    for base, inherited in _ENCODERS.items():
        if isinstance(value, base):
            return inherited(value)
    raise TypeError(f"{kind_of(value)} is not a value that a script can have")


def date_of(ms: float | None) -> datetime | FarDate:
    """Return the Date of *ms* milliseconds since 1970: a UTC datetime wherever one can hold it."""
    if ms is None or not _FIRST_MS <= ms <= _LAST_MS:
        return FarDate(ms)
    return _EPOCH + timedelta(milliseconds=ms)


def ms_of(value: datetime) -> int:
    """Return the whole milliseconds since 1970; a datetime without a zone counts as UTC."""
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _units_to_text(units: list[int]) -> str:
    return join_surrogates("".join(map(chr, units)))


def _named(value: list[list[Any]]) -> dict[str, Any]:
    found = dict(_pairs(value))
    if not all(isinstance(name, str) for name in found):
        raise TypeError("a name is not a text")
    return found


def _pairs(value: list[list[Any]]) -> tuple[tuple[Any, Any], ...]:
    return tuple((decode_tagged(name), decode_tagged(item)) for name, item in value)


_DECODERS: Mapping[str, Callable[[Any], Any]] = {
    "undefined": lambda _value: UNDEFINED,
    "nan": lambda _value: nan,
    "inf": lambda _value: inf,
    "-inf": lambda _value: -inf,
    "-0": lambda _value: -0.0,
    "bigint": lambda value: BigInt(int(value)),
    "date": date_of,
    "bytes": lambda value: base64.b64decode(value, validate=True),
    "map": lambda value: JsMap(_pairs(value)),
    "set": lambda value: JsSet(tuple(map(decode_tagged, value))),
    "str": _units_to_text,
    "object": _named,
    "function": lambda _value: Opaque("function"),
    "symbol": lambda _value: Opaque("symbol"),
    "cycle": lambda _value: Opaque("cycle"),
    "promise": lambda _value: Opaque("promise"),
}


def _tag(tag: str, value: Any = None) -> dict[str, Any]:
    return {"$": tag} if value is None else {"$": tag, "v": value}


def _encode_float(value: float) -> Any:
    if isfinite(value):
        return value if value or copysign(1, value) > 0 else _tag("-0")
    return _tag("nan" if isnan(value) else "inf" if value > 0 else "-inf")


def _encode_text(value: str) -> Any:
    if value.isascii():
        return value
    text = join_surrogates(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        raw = text.encode("utf-16-le", "surrogatepass")
        return _tag("str", [low | high << 8 for low, high in zip(raw[::2], raw[1::2], strict=True)])
    return text


def _encode_object(value: Mapping[str, Any]) -> Any:
    if "$" in value:
        return _tag("object", [[name, encode_tagged(item)] for name, item in value.items()])
    return {name: encode_tagged(item) for name, item in value.items()}


def _encode_array(value: list[Any]) -> Any:
    return list(map(encode_tagged, value))


def _encode_bytes(value: bytes) -> Any:
    return _tag("bytes", base64.b64encode(value).decode())


def _same(value: Any) -> Any:
    return value


_ENCODERS: Mapping[type, Callable[[Any], Any]] = {
    str: _encode_text,
    bool: _same,
    int: _same,
    float: _encode_float,
    type(None): _same,
    dict: _encode_object,
    list: _encode_array,
    tuple: _encode_array,
    Mapping: _encode_object,
    Undefined: lambda _value: _tag("undefined"),
    datetime: lambda value: _tag("date", ms_of(value)),
    FarDate: lambda value: {"$": "date", "v": value.ms},
    bytes: _encode_bytes,
    bytearray: _encode_bytes,
    BigInt: lambda value: _tag("bigint", str(value.value)),
    JsMap: lambda value: _tag("map", [_encode_array(list(pair)) for pair in value.pairs]),
    JsSet: lambda value: _tag("set", _encode_array(list(value.items))),
    Opaque: lambda value: _tag(value.kind),
}
