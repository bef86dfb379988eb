"""Draw texts and values that break encoders: business data, unusual spellings, JavaScript values.

`values_of` draws values that a JSON Schema allows, as OpenAPI 3.0 and 3.1 write it, with the
formats that parameters name, and a few of Chinese business. Keywords for which it has no strategy,
such as ``not`` and ``oneOf``, are checked by a validator afterwards.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from functools import cache
from string import ascii_lowercase, digits
from typing import Any, Final, TypeVar

import msgspec
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, SchemaError, ValidationError
from jsonschema.validators import extend

from bpmax_sim.errors import BAD_PATTERN, ConfigError
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.proxy.encode import DOTS
from bpmax_sim.secret.pseudonym import compute_resident_id_check_char

BUSINESS: Final = ("客户", "合同 HT-0001", "张三", "13800138000", "应收账款", "2026-03-02", "上海")
"""What forms hold."""

HOSTILE: Final = (
    "", " ", "..", ".", "../..", "a/b?c#d", "%", "%2F", "%25", "a+b c", "a&b=c;d", "{{ now }}",
    "${x}", "{id}", "\"\\'`", "\r\nX-Evil: 1", "\x00", "\u2028\u2029", "</script>", "😀", "é",
    "null", "undefined", "1e21", "0123", "on", "__proto__", "redacted.a.b.c.1",
)  # fmt: skip
"""Texts that some encoder, template or parser is known to stumble over."""

NO_SEGMENT: Final = ("", *sorted(DOTS))
"""Texts that no path can hold as a segment."""

LARGEST: Final = 2**53 - 1
"""The largest integer that JavaScript holds exactly."""

_ODD_NUMBERS: Final = (float("nan"), float("inf"), -float("inf"), -0.0)
_GAPS = st.sampled_from((" ", "  ", "\t"))


Make = TypeVar("Make", bound=Callable[..., Any])


def cache_strategy(make: Make) -> Make:
    """Return *make* with its results cached, so that equal arguments give the same strategy.

    Hypothesis validates each new strategy, which costs more than to draw from it.
    """
    # Hypothesis validates a strategy once for each object; of a new one at every draw, that costs
    # more than drawing.
    return cache(make)  # type: ignore[return-value]


@cache_strategy
def texts(*, max_size: int = 12, refusable: bool = False) -> st.SearchStrategy[str]:
    """Draw texts such as users type into a form; with *refusable*, lone surrogates too."""
    drawn = st.one_of(
        st.sampled_from(BUSINESS),
        st.sampled_from(HOSTILE),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=max_size),
    )
    return drawn | st.sampled_from(("\ud800", "甲\udfff", "\udc00\ud83d")) if refusable else drawn


@cache_strategy
def header_values() -> st.SearchStrategy[str]:
    """Draw header values: visible ASCII with spaces only inside, possibly empty."""
    run = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=16)
    return run | st.builds("".join, st.tuples(run.filter(bool), _GAPS, run.filter(bool)))


@cache_strategy
def identifiers() -> st.SearchStrategy[str]:
    """Draw lower-case identifiers."""
    later = st.text(f"{ascii_lowercase}{digits}_", max_size=8)
    return st.builds("{}{}".format, st.sampled_from(ascii_lowercase), later)


@cache_strategy
def numbers() -> st.SearchStrategy[int | float]:
    """Draw finite numbers that Python and JavaScript both represent exactly."""
    return st.integers(-LARGEST, LARGEST) | st.floats(allow_nan=False, allow_infinity=False)


@cache_strategy
def scalars(*, refusable: bool = False) -> st.SearchStrategy[Any]:
    """Draw texts, numbers and booleans; with *refusable*, texts with lone surrogates too."""
    return texts(refusable=refusable) | numbers() | st.booleans()


@cache_strategy
def json_values(*, max_leaves: int = 8) -> st.SearchStrategy[Any]:
    """Draw nested JSON values."""
    return _nest_values(st.none() | scalars(), max_leaves)


@cache_strategy
def script_values(*, max_leaves: int = 8, refusable: bool = False) -> st.SearchStrategy[Any]:
    """Draw values for a body in a script: JSON, undefined, NaN, infinities and Dates.

    With *refusable*, texts may have lone surrogates, with which a call is rejected.
    """
    odd = st.just(UNDEFINED) | st.sampled_from((UNDEFINED, *_ODD_NUMBERS))
    return _nest_values(st.none() | scalars(refusable=refusable) | odd | dates(), max_leaves)


@cache_strategy
def dates() -> st.SearchStrategy[datetime]:
    """Draw Dates with whole milliseconds, as datetimes in UTC."""
    return st.integers(-(10**12), 4 * 10**12).map(
        lambda ms: datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000)
    )


def draw_evenly(values: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Draw each of *values* about equally often; shrinking leads to the first.

    Hypothesis repeats what it drew before, so a single draw is not spread evenly; the sum of
    several draws nearly is.
    """
    place = st.integers(0, len(values) - 1)
    return st.tuples(place, place, place).map(lambda drawn: values[sum(drawn) % len(values)])


def draw_weighted(*drawn: tuple[int, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Draw from one of several strategies, each given with its weight (relative frequency)."""
    branches = [branch for weight, branch in drawn for _ in range(weight)]
    return draw_evenly(branches).flatmap(lambda branch: branch)


def _nest_values(leaves: st.SearchStrategy[Any], max_leaves: int) -> st.SearchStrategy[Any]:
    names = identifiers() | texts(max_size=4)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
        max_leaves=max_leaves,
    )


def is_xml_value(value: Any) -> bool:
    """Return whether *value* can be encoded as XML: valid element names, no control characters."""
    if isinstance(value, dict):
        named = all(_ELEMENT.fullmatch(name) for name in value)
        return named and all(map(is_xml_value, value.values()))
    if isinstance(value, list):
        return all(map(is_xml_value, value)) and not any(isinstance(item, list) for item in value)
    return not (isinstance(value, str) and _NOT_XML.search(value))


_ELEMENT: Final = re.compile(r"[^\W\d][\w.\-]*")
_NOT_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_ZONES = st.integers(-12 * 4, 14 * 4).map(lambda n: timezone(timedelta(minutes=15 * n)))
_LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)


def _draw_id_cards() -> st.SearchStrategy[str]:
    """Draw resident identity card numbers with a valid check digit (GB 11643)."""
    days = st.dates(date(1900, 1, 1), date(2099, 12, 31)).map("{:%Y%m%d}".format)
    drawn = st.builds("{}{}{:03d}".format, st.integers(110000, 659999), days, st.integers(1, 999))
    return drawn.map(lambda digits: digits + compute_resident_id_check_char(digits))


def _draw_hosts() -> st.SearchStrategy[str]:
    return st.lists(_LABEL, min_size=1, max_size=2).map(lambda labels: ".".join([*labels, "test"]))


def _draw_urls() -> st.SearchStrategy[str]:
    ends = st.sampled_from(("", "/", "/a%20b/c?d=1&e=%25#f", "/%E5%AE%A2%E6%88%B7", "?q=a+b"))
    return st.builds("https://{}{}".format, _draw_hosts(), ends)


FORMATS: Final[Mapping[str, Callable[[], st.SearchStrategy[Any]]]] = {
    "binary": texts,
    "byte": lambda: st.binary(max_size=12).map(lambda data: base64.b64encode(data).decode()),
    "date": lambda: st.dates().map(str),
    "date-time": lambda: st.datetimes(timezones=_ZONES).map(lambda moment: moment.isoformat()),
    "duration": lambda: st.builds(
        "P{}DT{}H{}M".format, st.integers(0, 9), st.integers(0, 5), st.integers(0, 50)
    ),
    "email": st.emails,
    "hostname": _draw_hosts,
    "id-card": _draw_id_cards,
    "ipv4": lambda: st.ip_addresses(v=4).map(str),
    "ipv6": lambda: st.ip_addresses(v=6).map(str),
    "json-pointer": lambda: st.sampled_from(("", "/a/0", "/a~1b/m~0n")),
    "password": texts,
    "phone": lambda: st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    "time": lambda: st.times().map(lambda moment: f"{moment.isoformat()}+08:00"),
    "uri": _draw_urls,
    "uri-reference": _draw_urls,
    "url": _draw_urls,
    "uuid": lambda: st.uuids().map(str),
}  # fmt: skip
"""Texts by format."""

_FLOAT32: Final = float.fromhex("0x1.fffffep+127")
RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-LARGEST, LARGEST),  # what JavaScript holds exactly of it
    "float": (-_FLOAT32, _FLOAT32),
    "double": (-1.7976931348623157e308, 1.7976931348623157e308),
}
"""Bounds of numbers by format."""


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
    "properties": lambda a, b: a | {k: merge_schemas(a.get(k, {}), v) for k, v in b.items()},
    "enum": lambda mine, other: [value for value in mine if value in other],
}  # fmt: skip
_OF_FORMAT: Final[Mapping[str, str]] = {
    "int32": "integer", "int64": "integer", "float": "number", "double": "number",
}  # fmt: skip
_END = re.compile(r"(?<!\\)((?:\\\\)*)\$$")
_ELEMENT_OF_PATTERN: Final = re.compile(r"\\.|.", re.DOTALL)
_ASCII_CLASSES: Final[Mapping[str, str]] = {
    r"\d": "0-9", r"\w": "A-Za-z0-9_", r"\s": r" \t\n\r\f\v",
}  # fmt: skip


def _expand_ascii_classes(pattern: str) -> str:
    r"""Return a JavaScript pattern whose ``\d``, ``\w`` and ``\s`` are written out in ASCII.

    In JavaScript they are (``\s`` nearly). Not by the flag `re.ASCII`: Hypothesis before 6.166
    refuses a Chinese character in a pattern that has it.
    """
    pieces, in_class = [], False
    for element in _ELEMENT_OF_PATTERN.findall(pattern):
        if characters := _ASCII_CLASSES.get(element):
            pieces.append(characters if in_class else f"[{characters}]")
            continue
        in_class = element == "[" or (in_class and element != "]")
        pieces.append(element)
    return "".join(pieces)


def _check_multiple(
    validator: Any, step: float, number: Any, _schema: Schema
) -> Iterator[ValidationError]:
    """Yield an error if *number* is no multiple of *step*, both taken as they are written.

    Of the floats that stand for them, 19.99 is no multiple of 0.01.
    """
    is_number = validator.is_type(number, "number") and math.isfinite(number)
    if is_number and Fraction(str(number)) % Fraction(str(step)):
        yield ValidationError(f"{number} is not a multiple of {step}")


_Validator: Final = extend(Draft202012Validator, {"multipleOf": _check_multiple})


def values_of(schema: Schema, /, *, name: str = "schema") -> Drawn:
    """Draw values that a JSON Schema allows.

    Args:
        schema: JSON Schema; OpenAPI's ``nullable`` and boolean ``exclusiveMinimum`` are allowed.
        name: name of the schema in messages.

    Raises:
        ConfigError: if it is not a valid JSON Schema.
    """
    plain = convert_openapi_schema(schema)
    try:
        _Validator.check_schema(plain)
    except SchemaError as error:
        raise ConfigError(f"{name}: not a JSON Schema: {error.message}") from None
    except BAD_PATTERN as error:
        raise ConfigError(f"{name}: not a JSON Schema: a pattern of it: {error}") from None
    valid = _Validator(plain).is_valid
    return _Drawer(plain, name).draw_any(plain).filter(valid)


def check_value(schema: Schema, value: Any, /) -> str:
    """Return in one line where and how *value* violates *schema*, without the value.

    "" if it does not.
    """
    errors = _Validator(convert_openapi_schema(schema)).iter_errors(value)
    first = min(errors, key=lambda error: (len(error.path), str(error.path)), default=None)
    if first is None:
        return ""
    rule = f"{first.validator}: {json.dumps(first.validator_value, ensure_ascii=False)[:80]}"
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in first.path)
    return f"${place} is {_describe_json_type(first.instance)}, which breaks {rule}"


def _describe_json_type(value: Any) -> str:
    kinds = {dict: "an object", list: "an array", str: "text", bool: "a boolean"}
    return "null" if value is None else kinds.get(type(value), "a number")


def convert_openapi_schema(schema: Any) -> Any:
    """Return *schema*, which may use keywords of OpenAPI 3.0, as JSON Schema 2020-12."""
    if isinstance(schema, list | tuple):
        return [convert_openapi_schema(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    plain = {name: convert_openapi_schema(value) for name, value in schema.items()}
    if plain.get("type") == "text":
        plain["type"] = "string"
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if plain.get(exclusive) is True and limit in plain:
            plain[exclusive] = plain.pop(limit)
        elif isinstance(plain.get(exclusive), bool):
            del plain[exclusive]
    return _allow_null(plain) if plain.pop("nullable", None) is True else plain


def _allow_null(plain: dict[str, Any]) -> dict[str, Any]:
    if isinstance(plain.get("type"), str):
        plain["type"] = [plain["type"], "null"]
    if "enum" in plain:
        plain["enum"] = [*plain["enum"], None]
    return plain


def _to_mapping(schema: Schema | bool) -> Schema:
    """Return the schemas true and false, which allow anything and nothing, as mappings."""
    return schema if isinstance(schema, Mapping) else {} if schema else {"enum": []}


def merge_schemas(first: Schema | bool, second: Schema | bool) -> dict[str, Any]:
    """Return a schema that allows only what both schemas allow."""
    result = dict(_to_mapping(first))
    for name, value in _to_mapping(second).items():
        join = _BOUNDS.get(name)
        result[name] = join(result[name], value) if join and name in result else value
    return result


class _Drawer(msgspec.Struct, frozen=True):
    """Makes the strategies for a JSON Schema, part by part.

    Attributes:
        root: the whole schema, to which ``$ref`` refers.
        name: name of the schema in messages.
        depth: number of ``$ref`` followed so far, as a schema may contain itself.
    """

    root: Any
    name: str
    depth: int = 0

    def draw_any(self, schema: Any) -> Drawn:
        if schema is True or schema == {}:
            return json_values(max_leaves=4)
        if schema is False:
            return st.nothing()
        if "const" in schema:
            return st.just(schema["const"])
        if "enum" in schema:
            return st.sampled_from(schema["enum"]) if schema["enum"] else st.nothing()
        return self._draw_composed(schema)

    def _draw_composed(self, schema: Schema) -> Drawn:
        rest = {name: value for name, value in schema.items() if name not in _COMPOSED}
        if "$ref" in schema:
            return self._draw_target(merge_schemas(self._follow_pointer(schema["$ref"]), rest))
        if "allOf" in schema:
            return self._draw_joined(rest, *schema["allOf"])
        choices = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        if choices:
            return st.one_of([self._draw_joined(rest, choice) for choice in choices])
        return st.one_of([_MAKERS[kind](self, rest) for kind in _infer_schema_types(rest)])

    def _draw_joined(self, rest: Schema, *parts: Any) -> Drawn:
        """Draw what *rest* and all *parts* allow."""
        for part in parts:
            rest = merge_schemas(rest, self._resolve_reference(part))
        refers = any(isinstance(part, Mapping) and "$ref" in part for part in parts)
        return self._draw_target(rest) if refers else self.draw_any(rest)

    def _draw_target(self, schema: Schema) -> Drawn:
        """Draw what *schema*, to which a ``$ref`` led, allows.

        A schema may contain itself: beyond the depth the branch draws nothing, and Hypothesis takes
        another one.
        """
        if self.depth > 2 * _DEEPEST:
            return st.nothing()
        inner = _Drawer(self.root, self.name, self.depth + 1)
        return st.deferred(lambda: inner.draw_any(schema))

    def _resolve_reference(self, part: Any) -> Any:
        refers = isinstance(part, Mapping) and "$ref" in part
        return self._resolve_reference(self._follow_pointer(part["$ref"])) if refers else part

    def _follow_pointer(self, reference: str) -> Any:
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

    def draw_string(self, schema: Schema) -> Drawn:
        least, most = _find_size_limits(schema, "minLength", "maxLength")
        if most is not None and least > most:
            return st.nothing()
        if "pattern" in schema:
            pattern = _END.sub(r"\1\\Z", schema["pattern"])  # in JavaScript $ is the very end
            drawn: Drawn = st.from_regex(re.compile(_expand_ascii_classes(pattern)))
        elif schema.get("format") in FORMATS:
            drawn = FORMATS[schema["format"]]()
        elif not least and most is None:
            return texts()
        else:
            known = [text for text in HOSTILE if _fits_length(text, least, most)]
            free = st.text(st.characters(exclude_categories=["Cs"]), min_size=least, max_size=most)
            return free | st.sampled_from(known) if known else free
        return drawn.filter(lambda text: _fits_length(text, least, most))

    def draw_integer(self, schema: Schema) -> Drawn:
        # Of 2.5, which is 5/2, the whole multiples are those of 5.
        return _draw_multiples(schema, Fraction(_to_fraction(schema).numerator))

    def draw_number(self, schema: Schema) -> Drawn:
        if "multipleOf" in schema:
            return _draw_multiples(schema, _to_fraction(schema))
        low, high = map(_to_nearest_float, _find_number_limits(schema, None))
        if low is not None and high is not None and low > high:
            return st.nothing()
        drawn: Drawn = st.floats(low, high, allow_nan=False, allow_infinity=False)
        return drawn | self.draw_integer(schema)

    def draw_array(self, schema: Schema) -> Drawn:
        least, most = _find_size_limits(schema, "minItems", "maxItems")
        if most is not None and least > most:
            return st.nothing()
        if self.depth >= _DEEPEST:
            # Deeper, only what the schema demands; a schema that contains itself would not end
            # otherwise.
            most = least
        limit = least + 3 if most is None else most
        unique = schema.get("uniqueItems", False)
        return st.lists(
            self.draw_any(schema.get("items", {})),
            min_size=least,
            max_size=limit,
            unique_by=(lambda value: json.dumps(value, sort_keys=True)) if unique else None,
        )

    def draw_object(self, schema: Schema) -> Drawn:
        known, required = schema.get("properties", {}), schema.get("required", ())
        more = schema.get("additionalProperties", True)
        if not known and not required:
            return st.dictionaries(texts(max_size=4), self.draw_any(more), max_size=3)
        needed = {name: self.draw_any(known.get(name, more)) for name in required}
        others = {name: self.draw_any(part) for name, part in known.items() if name not in needed}
        return st.fixed_dictionaries(needed, optional={} if self.depth >= _DEEPEST else others)


_COMPOSED: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf"})
_MAKERS: Final[Mapping[str, Callable[[_Drawer, Schema], Drawn]]] = {
    "string": _Drawer.draw_string,
    "integer": _Drawer.draw_integer,
    "number": _Drawer.draw_number,
    "boolean": lambda _drawer, _schema: st.booleans(),
    "null": lambda _drawer, _schema: st.none(),
    "array": _Drawer.draw_array,
    "object": _Drawer.draw_object,
}


def _infer_schema_types(schema: Schema) -> Iterable[str]:
    types = schema.get("type")
    if types is not None:
        return [types] if isinstance(types, str) else types
    hinted = [kind for name, kind in _HINTS.items() if name in schema]
    if not hinted and "format" in schema:
        hinted = [_OF_FORMAT.get(schema["format"], "string")]
    return dict.fromkeys(hinted or _MAKERS)


def _find_size_limits(schema: Schema, least: str, most: str) -> tuple[int, int | None]:
    """Return the values of the keywords *least* and *most*, which JSON may write as ``2.0``."""
    size = schema.get(most)
    return int(schema.get(least, 0)), None if size is None else int(size)


def _to_nearest_float(limit: float | None) -> float | None:
    """Return a limit of numbers as a float; what no float can hold is no limit.

    The next float may lie beyond a limit such as 9999999999999999: the validator checks that.
    """
    try:
        return None if limit is None else float(limit)
    except OverflowError:
        return None


def _fits_length(text: str, least: int, most: int | None) -> bool:
    return least <= len(text) and (most is None or len(text) <= most)


def _to_fraction(schema: Schema) -> Fraction:
    """Return what numbers have to be a multiple of: 1/10 for 0.1, as it is written."""
    return Fraction(str(schema.get("multipleOf", 1)))


def _draw_multiples(schema: Schema, step: Fraction) -> Drawn:
    """Draw multiples of *step* between the limits of *schema*: integers where they are whole."""
    low, high = (Fraction(limit) for limit in _find_number_limits(schema, LARGEST))
    first, last = math.ceil(low / step), math.floor(high / step)
    if first > last:
        return st.nothing()
    if step.denominator == 1:
        return st.integers(first, last).map(lambda number: number * step.numerator)
    return st.integers(first, last).map(lambda number: float(number * step))


def _find_number_limits(schema: Schema, widest: int | None) -> tuple[Any, Any]:
    """Return the smallest and the largest number that *schema* allows, each None if unlimited.

    *widest* limits the amount of numbers without bound; None for no limit. Exclusive bounds are
    included: the validator checks them.
    """
    low, high = RANGES.get(schema.get("format", ""), (None, None))
    lows = [low, schema.get("minimum"), schema.get("exclusiveMinimum"), widest and -widest]
    highs = [high, schema.get("maximum"), schema.get("exclusiveMaximum"), widest]
    return (
        max((low for low in lows if low is not None), default=None),
        min((high for high in highs if high is not None), default=None),
    )
