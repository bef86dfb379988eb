"""JavaScript's values in Python: printed forms and tagged JSON."""

from __future__ import annotations

import copy
import json
import math
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.js_values import (
    UNDEFINED,
    BigInt,
    FarDate,
    JsMap,
    JsSet,
    NotStringifiableError,
    OpaqueValue,
    date_to_ms,
    decode_tagged,
    describe_kind,
    encode_tagged,
    format_far_date,
    format_iso_date,
    format_js_number,
    join_surrogates,
    ms_to_date,
    order_object_keys,
    stringify_json,
)
from tests.examples import drawn


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (1.0, "1"), (-1.5, "-1.5"), (0.1, "0.1"), (100.0, "100"),
        (1e15, "1000000000000000"), (123456789012345680.0, "123456789012345680"),
        (1e20, "100000000000000000000"), (1e21, "1e+21"), (-1e21, "-1e+21"),
        (1.7976931348623157e308, "1.7976931348623157e+308"), (5e-324, "5e-324"),
        (1e-6, "0.000001"), (1e-7, "1e-7"), (1.23e-7, "1.23e-7"), (0.00012, "0.00012"),
        (123.456, "123.456"), (1.5e16, "15000000000000000"), (math.nan, "NaN"),
        (math.inf, "Infinity"), (-math.inf, "-Infinity"),
        (2**53 + 1, "9007199254740993"), (True + 0, "1"),
    ],
)  # fmt: skip
def test_numbers_print_as_javascript_prints_them(value: float, text: str) -> None:
    assert format_js_number(value) == text


@settings(max_examples=drawn(100), deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_number_reads_back_as_itself(value: float) -> None:
    printed = format_js_number(value)

    assert float(printed) == value
    assert len(printed) <= 25


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_772_413_200_123, "2026-03-02T01:00:00.123Z"),
        (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
        (-62_135_596_800_001, "0000-12-31T23:59:59.999Z"),
        (-62_198_755_200_000, "-000001-01-01T00:00:00.000Z"),
        (253_402_300_800_000, "+010000-01-01T00:00:00.000Z"),
        (8.64e15, "+275760-09-13T00:00:00.000Z"),
        (-8.64e15, "-271821-04-20T00:00:00.000Z"),
        (8.64e15 + 1, None),
        (math.nan, None),
        (None, None),
    ],
)
def test_dates_print_as_iso_far_beyond_pythons_years(ms: float | None, text: str | None) -> None:
    value = ms_to_date(ms)

    assert (
        format_iso_date(value) if isinstance(value, datetime) else format_far_date(value)
    ) == text


def test_a_datetime_without_a_zone_counts_as_utc() -> None:
    noon = datetime(2026, 3, 2, 12)  # noqa: DTZ001 - that is the case
    shanghai = datetime(2026, 3, 2, 20, tzinfo=timezone(timedelta(hours=8)))

    assert format_iso_date(noon) == format_iso_date(shanghai) == "2026-03-02T12:00:00.000Z"
    assert date_to_ms(noon) == date_to_ms(shanghai)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e15, 1e15) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=drawn(100), deadline=None)
@given(PLAIN)
def test_json_reads_back_as_the_value(value: Any) -> None:
    assert json.loads(stringify_json(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (UNDEFINED, b""),
        ([UNDEFINED, OpaqueValue("function"), OpaqueValue("symbol")], b"[null,null,null]"),
        ({"a": OpaqueValue("function"), "b": UNDEFINED, "c": 1}, b'{"c":1}'),
        (JsMap(((1, 2),)), b"{}"),
        (JsSet((1,)), b"{}"),
        (b"\x01\xff", b'{"0":1,"1":255}'),
        (FarDate(None), b"null"),
        (FarDate(8.64e15), b'"+275760-09-13T00:00:00.000Z"'),
        ('\b\f\n\r\t\x0b\x7f"\\/\u2028', b'"\\b\\f\\n\\r\\t\\u000b\x7f\\"\\\\/\xe2\x80\xa8"'),
        ("\ud83d\ude00\ude00", b'"\xf0\x9f\x98\x80\\ude00"'),
        ((1, 2), b"[1,2]"),
        ({"10": 1, "9": 2, "a": 3, "01": 4, "4294967295": 5, "-1": 6},
         b'{"9":2,"10":1,"a":3,"01":4,"4294967295":5,"-1":6}'),
        ({"4294967296": 1, "a": 2, "4294967294": 3, "00": 4, "0": 5, "4294967293": 6, "1.0": 7},
         b'{"0":5,"4294967293":6,"4294967294":3,"4294967296":1,"a":2,"00":4,"1.0":7}'),
        ({"b": 1, "\u0663": 2, "\u00b2": 3, "": 4, "3": 5},
         '{"3":5,"b":1,"\u0663":2,"\u00b2":3,"":4}'.encode()),
    ],
)  # fmt: skip
def test_json_of_what_only_javascript_has(value: Any, text: bytes) -> None:
    assert stringify_json(value) == text


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"合同": [1, BigInt(2)]}, ".合同[1]: a BigInt has no JSON form; send String(value) or"),
        (BigInt(2), "the value: a BigInt has no JSON form"),
        ({"a": {1, 2}}, ".a: a Set has no JSON form"),
        ([1j], "[0]: a Python complex has no JSON form"),
    ],
)
def test_what_json_refuses_is_named_with_its_place(value: Any, message: str) -> None:
    with pytest.raises(NotStringifiableError) as caught:
        stringify_json(value)

    assert str(caught.value).startswith(message)


SCRIPT = st.recursive(
    PLAIN
    | st.floats()
    | st.just(UNDEFINED)
    | st.binary()
    | st.integers().map(BigInt)
    | st.datetimes(timezones=st.just(UTC)).map(
        lambda value: value.replace(microsecond=value.microsecond // 1000 * 1000, fold=0)
    )
    | st.sampled_from(
        [FarDate(None), FarDate(8.64e15), OpaqueValue("function"), OpaqueValue("cycle")]
    )
    | st.text(st.characters(), max_size=3).map(lambda text: join_surrogates(f"{text}\ud800")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["$", "v", "__proto__", "名"]), inner, max_size=3)
        | st.lists(inner, max_size=3).map(lambda items: JsSet(tuple(items)))
        | st.lists(st.tuples(inner, inner), max_size=2).map(lambda pairs: JsMap(tuple(pairs)))
    ),
    max_leaves=10,
)


@settings(max_examples=drawn(100), deadline=None)
@given(SCRIPT)
def test_tagged_json_loses_nothing(value: Any) -> None:
    crossed = decode_tagged(json.loads(json.dumps(encode_tagged(value))))

    assert repr(crossed) == repr(value)


def test_minus_zero_crosses() -> None:
    assert encode_tagged(-0.0) == {"$": "-0"}
    assert math.copysign(1, decode_tagged({"$": "-0"})) == -1


@pytest.mark.parametrize("bad", [{"$": "nope"}, {"$": []}, {"$": "map", "v": 5}, {"$": "bytes"}])
def test_a_tag_that_nobody_knows_is_an_error(bad: Any) -> None:
    with pytest.raises(ValueError, match="is no tag, or its value does not fit it"):
        decode_tagged(bad)


def test_a_value_that_a_script_cannot_have_is_named() -> None:
    with pytest.raises(TypeError) as caught:
        encode_tagged({"x": 1j})

    assert str(caught.value) == "a Python complex is not a value that a script can have"


def test_undefined_is_one_value_and_false() -> None:
    copies = [copy.copy(UNDEFINED), copy.deepcopy(UNDEFINED)]

    assert all(one is UNDEFINED for one in copies)
    assert pickle.loads(pickle.dumps(UNDEFINED)) is UNDEFINED
    assert not UNDEFINED
    assert repr([UNDEFINED]) == "[undefined]"


@pytest.mark.parametrize(
    ("value", "word"),
    [(None, "null"), (True, "a boolean"), (1.5, "a number"), ({}, "an object"), ((), "an array"),
     (b"", "bytes"), (UNDEFINED, "undefined"), (OpaqueValue("symbol"), "a symbol"),
     (FarDate(None), "a Date"), (JsMap(()), "a Map"), (frozenset(), "a Set")],
)  # fmt: skip
def test_kinds_are_named_in_a_script_writers_words(value: Any, word: str) -> None:
    assert describe_kind(value) == word


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text("0123456789a-", max_size=12), unique=True))
def test_indexes_come_first_and_the_rest_keeps_its_order(names: list[str]) -> None:
    ordered = order_object_keys({name: name for name in names})

    assert ordered == {name: name for name in names}
    assert list(order_object_keys(ordered)) == list(ordered)
