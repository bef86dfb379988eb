"""JavaScript values in Python: types, printed forms, and JSON in two forms.

Plain values are None, bool, int, float, str, list, tuple and dict with text keys; `datetime` stands
for a Date, `bytes` for an ArrayBuffer or a typed array. The other types of JavaScript are small
frozen classes here.

Numbers, dates and JSON are printed as in ECMA-262, so that Python and scripts send equal texts.

Tagged JSON carries values between the script engine and Python without loss: a plain JSON value
stands for itself; anything else, including an object with a ``$`` key, is ``{"$": "<tag>", "v":
…}``.

`to_scenario_value` converts results of scripts to values that a scenario file can contain: a Date
becomes its ISO text, a BigInt an integer, a Map a mapping, a Set a list, bytes base64.

JSON for the engine is written by `msgspec`, which takes a fifth of the time of `json`. `json` is
only used for what `msgspec` cannot do, such as lone surrogates.
"""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from json.encoder import encode_basestring
from math import copysign, inf, isfinite, isnan, nan
from types import UnionType
from typing import Any, Final, Literal

import msgspec

from bpmax_sim.i18n import encode_as_english, label_message, msg


class UndefinedType:
    """The type of `UNDEFINED`, JavaScript's ``undefined``, which differs from None (``null``)."""

    __slots__ = ()

    def __bool__(self) -> bool:
        """Return False, as in JavaScript."""
        return False

    def __repr__(self) -> str:
        """Return ``undefined``."""
        return "undefined"

    def __reduce__(self) -> str:
        """Return the global name, so that copies and pickles are the same object."""
        return "UNDEFINED"


UNDEFINED: Final = UndefinedType()


class BigInt(msgspec.Struct, frozen=True):
    """A BigInt, which ``JSON.stringify`` refuses."""

    value: int


class FarDate(msgspec.Struct, frozen=True):
    """A Date outside `datetime`'s range: milliseconds since 1970, or None for an invalid one."""

    ms: float | None


class JsMap(msgspec.Struct, frozen=True):
    """A Map, in insertion order; JSON prints it as ``{}``."""

    pairs: tuple[tuple[Any, Any], ...]


class JsSet(msgspec.Struct, frozen=True):
    """A Set, in insertion order; JSON prints it as ``{}``."""

    items: tuple[Any, ...]


class SearchParams(msgspec.Struct, frozen=True):
    """A URLSearchParams: names and values, in order; JSON prints it as ``{}``."""

    pairs: tuple[tuple[str, str], ...]


class OpaqueValue(msgspec.Struct, frozen=True):
    """Stands in Python for a script's value that Python cannot hold, such as a function.

    The kind ``cycle`` is an object that contains itself.
    """

    kind: Literal["function", "symbol", "cycle", "promise"]


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (type(None), "null"),
    (UndefinedType, "undefined"),
    (bool, msg("a boolean")),
    ((int, float), msg("a number")),
    (str, msg("a text")),
    ((bytes, bytearray, memoryview), msg("bytes")),
    ((list, tuple), msg("an array")),
    (Mapping, msg("an object")),
    ((datetime, FarDate), msg("a Date")),
    (BigInt, msg("a BigInt")),
    (JsMap, msg("a Map")),
    ((JsSet, set, frozenset), msg("a Set")),
    (SearchParams, "a URLSearchParams"),
)
_OPAQUE = {
    "function": msg("a function"),
    "symbol": msg("a symbol"),
    "cycle": msg("an object that contains itself"),
    "promise": "a promise",
}


def describe_kind(value: object) -> str:
    """Return the kind of *value* in JavaScript terms, such as ``an array``, for error messages."""
    if isinstance(value, OpaqueValue):
        return _OPAQUE[value.kind]
    words = (word for types, word in _KINDS if isinstance(value, types))
    return next(words, msg("a Python {name}", name=type(value).__name__))


# ECMA-262, Number::toString: plain digits while the point comes behind at most 21 digits, or at
# most 5 zeros after "0."; otherwise an exponent. Below 1e15, Python prints a whole number alike.
_EXACT_FLOAT = 1e15
_MOST_DIGITS = 21
_LEAST_POINT = -6
# ECMA-262, 6.1.7: an array index is less than 2**32 - 1; a longer number is an ordinary name.
_LARGEST_INDEX = 2**32 - 2
# ECMA-262, 21.4.1.1: a Date reaches 100 million days from 1970 in both directions.
_MAX_TIME = 8.64e15
_SURROGATE = re.compile("[\ud800-\udfff]")
# The Gregorian calendar repeats after 400 years, which are 146,097 days. So a Date outside of
# the years 1 to 9999 is printed by way of `datetime`, with its year put in afterwards.
_CYCLE_YEARS = 400
_CYCLE_MS = 146_097 * 86_400_000
_LAST_YEAR = 9999
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NotStringifiableError(ValueError):
    """Raised for a value that ``JSON.stringify`` refuses; the message gives value and path."""


def format_js_number(value: float) -> str:
    """Return *value* as ``String(value)`` prints it (ECMA-262, Number::toString).

    A Python int is printed with all its digits, even those that a JavaScript number would lose.
    """
    if isinstance(value, int):
        return int.__repr__(value)
    if not isfinite(value):
        return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value.is_integer() and abs(value) < _EXACT_FLOAT:
        return int.__repr__(int(value))
    return _format_shortest(value)


def _format_shortest(value: float) -> str:
    """Return the shortest digits that read back as *value*, with point and exponent inserted."""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    written = whole + fraction
    digits = written.lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(written) - len(digits))
    return ("-" if value < 0 else "") + _insert_decimal_point(digits.rstrip("0"), point)


def _insert_decimal_point(digits: str, point: int) -> str:
    if len(digits) <= point <= _MOST_DIGITS:
        return digits.ljust(point, "0")
    if 0 < point <= _MOST_DIGITS:
        return f"{digits[:point]}.{digits[point:]}"
    if _LEAST_POINT < point <= 0:
        return f"0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{tail}e{point - 1:+d}"


def format_iso_date(value: datetime) -> str:
    """Return *value* as ``toISOString`` prints it; a datetime without a zone counts as UTC."""
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    millis = moment.microsecond // 1000
    return f"{moment.year:04d}{moment:-%m-%dT%H:%M:%S}.{millis:03d}Z"


def format_far_date(value: FarDate) -> str | None:
    """Return the ISO text of a Date outside the years 1 to 9999, or None for an invalid one."""
    ms = value.ms
    if ms is None or not abs(ms) <= _MAX_TIME:
        return None
    cycles, rest = divmod(ms, _CYCLE_MS)
    moment = _EPOCH + timedelta(milliseconds=rest)
    year = moment.year + int(cycles) * _CYCLE_YEARS
    # Beyond four digits, years have a sign and six digits (ECMA-262, expanded years).
    head = f"{year:04d}" if 0 <= year <= _LAST_YEAR else f"{year:+07d}"
    return head + format_iso_date(moment)[4:]


def has_surrogate(text: str) -> bool:
    """Return whether *text* has half a character, which no encoding can write."""
    return not text.isascii() and _SURROGATE.search(text) is not None


def join_surrogates(text: str) -> str:
    """Return *text* with surrogate pairs joined to one character; lone surrogates stay."""
    if not has_surrogate(text):
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "surrogatepass")


def order_object_keys(values: dict[str, Any]) -> dict[str, Any]:
    """Return *values* in JavaScript's key order.

    Array indexes come first, in ascending order; the other names follow as they were inserted.
    """
    indexes = [name for name in values if "0" <= name[:1] <= "9" and _is_index(name)]
    return {name: values[name] for name in sorted(indexes, key=int)} | values if indexes else values


def _is_index(name: str) -> bool:
    is_short_number = name.isascii() and name.isdigit() and len(name) <= len(str(_LARGEST_INDEX))
    return is_short_number and str(int(name)) == name and int(name) <= _LARGEST_INDEX


def stringify_json(value: Any) -> bytes:
    """Return *value* as ``JSON.stringify`` prints it, in UTF-8; empty for undefined.

    Raises:
        NotStringifiableError: if it contains a BigInt, a cycle or a foreign type, or is nested too
            deeply.
    """
    try:
        text = _stringify(value)
    except RecursionError:
        raise NotStringifiableError(msg("nested too deeply for JSON")) from None
    except NotStringifiableError as error:
        path, problem = error.args
        raise NotStringifiableError(label_message(path or msg("the value"), problem)) from None
    if text is None:
        return b""
    try:
        return text.encode()
    except UnicodeEncodeError:
        escaped = _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", join_surrogates(text))
        return escaped.encode()


def _stringify(value: Any) -> str | None:
    """Return *value* as JSON text.

    None stands for a value that ``JSON.stringify`` leaves out of an object, such as undefined.
    """
    printer = _PRINTERS.get(type(value)) or _find_function_of_base_class(_PRINTERS, value)
    if printer is None:
        raise NotStringifiableError(
            "", msg("{kind_of} has no JSON form", kind_of=describe_kind(value))
        )
    return printer(value)


def _find_function_of_base_class(
    table: Mapping[Any, Callable[[Any], Any]], value: Any
) -> Callable[[Any], Any] | None:
    """Return the function in *table* (class -> function) for a base class of *value*'s class.

    None if there is none. It is called after the table was searched for that class itself.
    """
    return next((function for base, function in table.items() if isinstance(value, base)), None)


def _object_to_json(value: dict[str, Any]) -> str:
    parts = []
    for name, item in order_object_keys(value).items():
        try:
            text = _stringify(item)
        except NotStringifiableError as error:
            path, problem = error.args
            raise NotStringifiableError(f".{name}{path}", problem) from None
        if text is not None:
            parts.append(f"{encode_basestring(name)}:{text}")
    return "{" + ",".join(parts) + "}"


def _array_to_json(value: Iterable[Any]) -> str:
    parts = []
    for index, item in enumerate(value):
        try:
            parts.append(_stringify(item) or "null")
        except NotStringifiableError as error:
            path, problem = error.args
            raise NotStringifiableError(f"[{index}]{path}", problem) from None
    return "[" + ",".join(parts) + "]"


def _omit_or_refuse_opaque(value: OpaqueValue) -> None:
    if value.kind == "cycle":
        raise NotStringifiableError(
            "", msg("{kind_of} has no JSON form", kind_of=describe_kind(value))
        )


def _refuse_bigint(_value: BigInt) -> str:
    raise NotStringifiableError(
        "", msg("a BigInt has no JSON form; send String(value) or Number(value)")
    )


def _bytes_to_json(value: bytes) -> str:
    # JSON.stringify prints a Uint8Array as an object whose members are its indexes.
    return "{" + ",".join(f'"{index}":{byte}' for index, byte in enumerate(bytes(value))) + "}"


_PRINTERS: dict[type, Callable[[Any], str | None]] = {
    str: encode_basestring,
    bool: lambda value: "true" if value else "false",
    int: int.__repr__,
    float: lambda value: format_js_number(value) if isfinite(value) else "null",
    type(None): lambda _value: "null",
    dict: _object_to_json,
    list: _array_to_json,
    tuple: _array_to_json,
    UndefinedType: lambda _value: None,
    datetime: lambda value: f'"{format_iso_date(value)}"',
    FarDate: lambda value: f'"{text}"' if (text := format_far_date(value)) else "null",
    bytes: _bytes_to_json,
    bytearray: _bytes_to_json,
    BigInt: _refuse_bigint,
    JsMap: lambda _value: "{}",
    JsSet: lambda _value: "{}",
    SearchParams: lambda _value: "{}",
    OpaqueValue: _omit_or_refuse_opaque,
}


_FIRST_MS = -62_135_596_800_000
_LAST_MS = 253_402_300_799_999


def decode_tagged(value: Any) -> Any:
    """Return the Python value of *value*, parsed JSON in the tagged form.

    In that form a value without JSON counterpart is ``{"$": "<tag>", "v": …}``; a Date, for
    example, becomes a datetime.

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
        raise ValueError(
            msg("{value!r} is no tag, or its value does not fit it", value=value["$"])
        ) from error


def encode_tagged(value: Any) -> Any:
    """Return *value* ready for a JSON encoder; what JSON lacks becomes ``{"$": "<tag>", "v": …}``.

    Raises:
        TypeError: if a script cannot have such a value.
    """
    encoder = _ENCODERS.get(type(value)) or _find_function_of_base_class(_ENCODERS, value)
    if encoder is None:
        message = msg(
            "{kind_of} is not a value that a script can have", kind_of=describe_kind(value)
        )
        raise TypeError(message)
    return encoder(value)


def dump_tagged(value: Any) -> str:
    """Return *value* as JSON text; what JSON does not have is ``{"$": "<tag>", "v": …}``.

    Raises:
        TypeError: if a script cannot have such a value.
    """
    if type(value) not in _PLAIN:
        return dumps_compact(encode_tagged(value))
    try:
        return _encode(value).decode()
    except UnicodeEncodeError:  # half a character, which only a tag can carry
        return dumps_compact(encode_tagged(value))


def ms_to_date(ms: float | None) -> datetime | FarDate:
    """Return the Date *ms* milliseconds after 1970; with None, an invalid Date.

    A UTC datetime from year 1 to 9999, else a `FarDate`.
    """
    if ms is None or not _FIRST_MS <= ms <= _LAST_MS:
        return FarDate(ms)
    return _EPOCH + timedelta(milliseconds=ms)


def date_to_ms(value: datetime) -> int:
    """Return whole milliseconds since 1970; a datetime without zone counts as UTC."""
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _decode_object(value: list[list[Any]]) -> dict[str, Any]:
    pairs = dict(_decode_pairs(value))
    if not all(isinstance(name, str) for name in pairs):
        raise TypeError(msg("a name is not a text"))
    return pairs


def _decode_pairs(value: list[list[Any]]) -> tuple[tuple[Any, Any], ...]:
    return tuple((decode_tagged(name), decode_tagged(item)) for name, item in value)


_DECODERS: Mapping[str, Callable[[Any], Any]] = {
    "undefined": lambda _value: UNDEFINED,
    "nan": lambda _value: nan,
    "inf": lambda _value: inf,
    "-inf": lambda _value: -inf,
    "-0": lambda _value: -0.0,
    "bigint": lambda value: BigInt(int(value)),
    "date": ms_to_date,
    "bytes": lambda value: base64.b64decode(value, validate=True),
    "map": lambda value: JsMap(_decode_pairs(value)),
    "set": lambda value: JsSet(tuple(map(decode_tagged, value))),
    "params": lambda value: SearchParams(_decode_pairs(value)),
    "str": lambda units: join_surrogates("".join(map(chr, units))),
    "object": _decode_object,
    "function": lambda _value: OpaqueValue("function"),
    "symbol": lambda _value: OpaqueValue("symbol"),
    "cycle": lambda _value: OpaqueValue("cycle"),
    "promise": lambda _value: OpaqueValue("promise"),
}


def _tag_value(tag: str, value: Any = None) -> dict[str, Any]:
    return {"$": tag} if value is None else {"$": tag, "v": value}


def _encode_float(value: float) -> Any:
    if isfinite(value):
        return value if value or copysign(1, value) > 0 else _tag_value("-0")
    return _tag_value("nan" if isnan(value) else "inf" if value > 0 else "-inf")


def _encode_text(value: str) -> Any:
    if value.isascii():
        return value
    text = join_surrogates(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        raw = text.encode("utf-16-le", "surrogatepass")
        return _tag_value(
            "str", [low | high << 8 for low, high in zip(raw[::2], raw[1::2], strict=True)]
        )
    return text


def _encode_object(value: Mapping[str, Any]) -> Any:
    if "$" in value:
        return _tag_value("object", [[name, encode_tagged(item)] for name, item in value.items()])
    return {name: encode_tagged(item) for name, item in value.items()}


def _encode_array(value: list[Any]) -> Any:
    return list(map(encode_tagged, value))


def _encode_bytes(value: bytes) -> Any:
    return _tag_value("bytes", base64.b64encode(value).decode())


def _return_unchanged(value: Any) -> Any:
    return value


_ENCODERS: Mapping[type, Callable[[Any], Any]] = {
    str: _encode_text,
    bool: _return_unchanged,
    int: _return_unchanged,
    float: _encode_float,
    type(None): _return_unchanged,
    dict: _encode_object,
    list: _encode_array,
    tuple: _encode_array,
    Mapping: _encode_object,
    UndefinedType: lambda _value: _tag_value("undefined"),
    datetime: lambda value: _tag_value("date", date_to_ms(value)),
    FarDate: lambda value: {"$": "date", "v": value.ms},
    bytes: _encode_bytes,
    bytearray: _encode_bytes,
    BigInt: lambda value: _tag_value("bigint", str(value.value)),
    JsMap: lambda value: _tag_value("map", [_encode_array(list(pair)) for pair in value.pairs]),
    JsSet: lambda value: _tag_value("set", _encode_array(list(value.items))),
    SearchParams: lambda value: _tag_value(
        "params", [_encode_array(list(pair)) for pair in value.pairs]
    ),
    OpaqueValue: lambda value: _tag_value(value.kind),
}


_PLAIN = frozenset({str, int, bool, type(None)})


def to_scenario_value(value: Any) -> Any:
    """Return *value*, from a script, in the types that a scenario file can contain.

    A Date becomes ISO text, a Map a mapping; members of an object that are undefined are left out.
    """
    if type(value) in _PLAIN:
        return value
    convert = _CONVERSIONS.get(type(value)) or _find_function_of_base_class(_CONVERSIONS, value)
    return convert(value) if convert else value


def _mapping_to_scenario(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        str(key): to_scenario_value(item)
        for key, item in value.items()
        if not isinstance(item, UndefinedType)
    }


def _list_to_scenario(value: Iterable[Any]) -> list[Any]:
    return [to_scenario_value(item) for item in value]


_CONVERSIONS: Mapping[type | UnionType, Callable[[Any], Any]] = {
    dict: _mapping_to_scenario,
    Mapping: _mapping_to_scenario,
    list: _list_to_scenario,
    tuple: _list_to_scenario,
    float: lambda value: int(value) if value.is_integer() else value,
    datetime: format_iso_date,
    BigInt: lambda value: value.value,
    JsMap: lambda value: {
        _format_map_key(key): to_scenario_value(item) for key, item in value.pairs
    },
    JsSet: lambda value: _list_to_scenario(value.items),
    SearchParams: lambda value: [list(pair) for pair in value.pairs],
    bytes | bytearray: lambda value: base64.b64encode(value).decode(),
    FarDate: lambda _: "Invalid Date",
    OpaqueValue: lambda value: f"[{value.kind}]",
    UndefinedType: lambda _: None,
}


STRUCT_VALUES: Final = (BigInt, JsMap, JsSet, SearchParams, FarDate, OpaqueValue)
"""The structs among what a script hands out, each of which has another form."""


def _format_map_key(key: Any) -> str:
    """Return *key* as the text by which it is told; one that is no text as its value is shown."""
    if key is None or isinstance(key, bool):
        return json.dumps(key)
    if isinstance(key, int | float):
        return format_js_number(key)
    return str(key) if isinstance(key, UndefinedType) else str(to_scenario_value(key))


LARGEST: Final = int(sys.float_info.max)
"""The largest whole number of JavaScript, of 309 digits."""

TOO_LARGE: Final = msg("a number is larger than the largest of JavaScript, 1.8e308")
_DIGITS: Final = len(str(LARGEST)) + 1


def parse_whole_number(text: str) -> int:
    """Return the integer written in *text* in decimal digits.

    Raises:
        ValueError: if it is not one, or too large.
    """
    if len(text) > _DIGITS and text.strip().lstrip("+-").isdecimal():
        raise ValueError(TOO_LARGE)
    return check_number_size(int(text))


def check_number_size(number: int) -> int:
    """Return *number*, an integer of a user's file or script, unchanged.

    Raises:
        ValueError: if it is larger than any JavaScript number (1.8e308).
    """
    if abs(number) > LARGEST:
        raise ValueError(TOO_LARGE)
    return number


def loads_as_javascript(text: str | bytes, **options: Any) -> Any:
    """Return the JSON value in *text*. As in JavaScript, a too large number becomes infinity.

    *options* are those of `json.loads`.

    Raises:
        ValueError: if it is not JSON.
        RecursionError: if it is nested too deeply.
    """
    if options or not isinstance(text, str) or text[:1] == "﻿":
        return json.loads(text, parse_int=_parse_integer_or_infinity, **options)
    return _decode_any(text)


def _parse_integer_or_infinity(text: str) -> int | float:
    number = int(text) if len(text) <= _DIGITS else 0
    return number if 0 < abs(number) <= LARGEST or text in {"0", "-0"} else float(text)


_decode_any = json.JSONDecoder(parse_int=_parse_integer_or_infinity).decode


def holds_promise(value: Any) -> bool:
    """Return whether *value*, from a script, is or contains a promise."""
    if isinstance(value, Mapping):
        return any(map(holds_promise, value.values()))
    if isinstance(value, list | tuple):
        return any(map(holds_promise, value))
    return isinstance(value, OpaqueValue) and value.kind == "promise"


def has_finite_numbers(value: object) -> bool:
    """Return whether all numbers in *value* are finite: JSON cannot express NaN and infinity.

    True if there is no number.
    """
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, float) and item - item != 0:
            return False
        left.extend(
            item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        )
    return True


_encode = msgspec.json.Encoder(enc_hook=encode_as_english).encode
_decode = msgspec.json.Decoder().decode
_encode_any = json.JSONEncoder(separators=(",", ":"), default=_decode).encode


def dumps_compact(value: Any) -> str:
    """Return compact JSON; a `msgspec.Raw` in *value* is JSON already and is inserted as it is."""
    try:
        return _encode(value).decode()
    except UnicodeEncodeError:
        return _encode_any(value)
