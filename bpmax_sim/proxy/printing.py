"""Numbers, dates and JSON as JavaScript prints them (ECMA-262): both sides send one text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from json.encoder import encode_basestring
from math import isfinite, isnan
from typing import Any

from bpmax_sim.proxy.kinds import BigInt, FarDate, JsMap, JsSet, Opaque, Undefined, kind_of

_EXACT_FLOAT = 1e15
_MOST_DIGITS = 21
_LEAST_POINT = -6
_LARGEST_INDEX = 2**32 - 2
_MAX_TIME = 8.64e15
_SURROGATE = re.compile("[\ud800-\udfff]")
_CYCLE_YEARS = 400
_CYCLE_MS = 146_097 * 86_400_000
_LAST_YEAR = 9999
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UnprintableError(ValueError):
    """A value that ``JSON.stringify`` refuses; the message says which, and where in the value."""


def js_number(value: float) -> str:
    """Return *value* as ``String(value)`` prints it (Number::toString).

    A Python int prints all its digits, also those that a JavaScript number would lose.
    """
    if isinstance(value, int):
        return int.__repr__(value)
    if not isfinite(value):
        return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value.is_integer() and abs(value) < _EXACT_FLOAT:
        return int.__repr__(int(value))
    return _shortest(value)


def _shortest(value: float) -> str:
    """Place point and exponent among the shortest digits that read back as *value*."""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    written = whole + fraction
    digits = written.lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(written) - len(digits))
    return ("-" if value < 0 else "") + _placed(digits.rstrip("0"), point)


def _placed(digits: str, point: int) -> str:
    if len(digits) <= point <= _MOST_DIGITS:
        return digits.ljust(point, "0")
    if 0 < point <= _MOST_DIGITS:
        return f"{digits[:point]}.{digits[point:]}"
    if _LEAST_POINT < point <= 0:
        return f"0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{tail}e{point - 1:+d}"


def iso_date(value: datetime) -> str:
    """Return *value* as ``toISOString`` prints it; a datetime without a zone counts as UTC."""
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    millis = moment.microsecond // 1000
    return f"{moment.year:04d}{moment:-%m-%dT%H:%M:%S}.{millis:03d}Z"


def far_date(value: FarDate) -> str | None:
    """Return the ISO text of a Date outside the years 1 to 9999, or None for an invalid one."""
    ms = value.ms
    if ms is None or not abs(ms) <= _MAX_TIME:
        return None
    cycles, rest = divmod(ms, _CYCLE_MS)
    moment = _EPOCH + timedelta(milliseconds=rest)
    year = moment.year + int(cycles) * _CYCLE_YEARS
    head = f"{year:04d}" if 0 <= year <= _LAST_YEAR else f"{year:+07d}"
    return head + iso_date(moment)[4:]


def join_surrogates(text: str) -> str:
    """Return *text* with its surrogate pairs joined to characters; lone surrogates stay."""
    if text.isascii() or not _SURROGATE.search(text):
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "surrogatepass")


def property_order(names: Iterable[str]) -> list[str]:
    """Return *names* in the order in which JavaScript lists an object's keys: indexes first."""
    listed = list(names)
    indexes = [name for name in listed if name[:1].isdigit() and _is_index(name)]
    if not indexes:
        return listed
    rest = set(indexes)
    return sorted(indexes, key=int) + [name for name in listed if name not in rest]


def _is_index(name: str) -> bool:
    plain = name.isascii() and name.isdigit() and len(name) <= len(str(_LARGEST_INDEX))
    return plain and str(int(name)) == name and int(name) <= _LARGEST_INDEX


def json_text(value: Any) -> bytes:
    """Return *value* as ``JSON.stringify`` prints it, in UTF-8; undefined itself prints nothing.

    Raises:
        UnprintableError: for a BigInt, a cycle, a foreign type, or nesting that is too deep.
    """
    try:
        text = _print(value)
    except RecursionError:
        raise UnprintableError("nested too deeply for JSON") from None
    except UnprintableError as error:
        path, problem = error.args
        raise UnprintableError(f"{path or 'the value'}: {problem}") from None
    if text is None:
        return b""
    try:
        return text.encode()
    except UnicodeEncodeError:
        escaped = _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", join_surrogates(text))
        return escaped.encode()


def _print(value: Any) -> str | None:
    """Return JSON, or None for what an object leaves out."""
    printer = _PRINTERS.get(type(value))
    if printer is not None:
        return printer(value)
    for base, inherited in _PRINTERS.items():
        if isinstance(value, base):
            return inherited(value)
    raise UnprintableError("", f"{kind_of(value)} has no JSON form")


def _print_object(value: dict[str, Any]) -> str:
    parts = []
    for name in property_order(value) if _may_have_index(value) else value:
        try:
            text = _print(value[name])
        except UnprintableError as error:
            raise _deeper(f".{name}", error) from None
        if text is not None:
            parts.append(f"{encode_basestring(name)}:{text}")
    return "{" + ",".join(parts) + "}"


def _may_have_index(value: dict[str, Any]) -> bool:
    return any("0" <= name[:1] <= "9" for name in value)


def _print_array(value: Iterable[Any]) -> str:
    parts = []
    for index, item in enumerate(value):
        try:
            parts.append(_print(item) or "null")
        except UnprintableError as error:
            raise _deeper(f"[{index}]", error) from None
    return "[" + ",".join(parts) + "]"


def _deeper(step: str, error: UnprintableError) -> UnprintableError:
    path, problem = error.args
    return UnprintableError(step + path, problem)


def _print_opaque(value: Opaque) -> None:
    if value.kind == "cycle":
        raise UnprintableError("", f"{kind_of(value)} has no JSON form")


def _refuse_bigint(_value: BigInt) -> str:
    raise UnprintableError("", "a BigInt has no JSON form; send String(value) or Number(value)")


def _print_bytes(value: bytes) -> str:
    return "{" + ",".join(f'"{index}":{byte}' for index, byte in enumerate(bytes(value))) + "}"


def _print_far_date(value: FarDate) -> str:
    text = far_date(value)
    return "null" if text is None else f'"{text}"'


_PRINTERS: dict[type, Callable[[Any], str | None]] = {
    str: encode_basestring,
    bool: lambda value: "true" if value else "false",
    int: int.__repr__,
    float: lambda value: js_number(value) if isfinite(value) else "null",
    type(None): lambda _value: "null",
    dict: _print_object,
    list: _print_array,
    tuple: _print_array,
    Undefined: lambda _value: None,
    datetime: lambda value: f'"{iso_date(value)}"',
    FarDate: _print_far_date,
    bytes: _print_bytes,
    bytearray: _print_bytes,
    BigInt: _refuse_bigint,
    JsMap: lambda _value: "{}",
    JsSet: lambda _value: "{}",
    Opaque: _print_opaque,
}
