"""Values that a script hands out and gets: how they are printed, carried, and put into files."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from math import copysign, inf, nan
from typing import Any

import msgspec
import pytest

from bpmax_sim.js_values import (
    LARGEST,
    UNDEFINED,
    BigInt,
    FarDate,
    JsMap,
    JsSet,
    NotStringifiableError,
    OpaqueValue,
    SearchParams,
    check_number_size,
    date_to_ms,
    decode_tagged,
    describe_kind,
    dump_tagged,
    dumps_compact,
    encode_tagged,
    format_far_date,
    format_iso_date,
    format_js_number,
    has_finite_numbers,
    holds_promise,
    join_surrogates,
    loads_as_javascript,
    ms_to_date,
    order_object_keys,
    parse_whole_number,
    stringify_json,
    to_scenario_value,
)

SHANGHAI = timezone(timedelta(hours=8))
MORNING = datetime(2026, 3, 2, 9, 0, 0, 999_999, SHANGHAI)


def test_kinds_are_named_in_terms_of_javascript() -> None:
    values: list[Any] = [
        None,
        UNDEFINED,
        True,
        1,
        1.5,
        "x",
        b"",
        bytearray(),
        memoryview(b""),
        [],
        (),
        {},
        MORNING,
        FarDate(None),
        BigInt(1),
        JsMap(()),
        JsSet(()),
        {1},
        frozenset(),
        SearchParams(()),
        OpaqueValue("function"),
        OpaqueValue("symbol"),
        OpaqueValue("cycle"),
        OpaqueValue("promise"),
        1j,
    ]
    assert [*map(describe_kind, values)] == [
        "null",
        "undefined",
        "a boolean",
        "a number",
        "a number",
        "a text",
        "bytes",
        "bytes",
        "bytes",
        "an array",
        "an array",
        "an object",
        "a Date",
        "a Date",
        "a BigInt",
        "a Map",
        "a Set",
        "a Set",
        "a Set",
        "a URLSearchParams",
        "a function",
        "a symbol",
        "an object that contains itself",
        "a promise",
        "a Python complex",
    ]
    assert (bool(UNDEFINED), repr(UNDEFINED)) == (False, "undefined")


def test_numbers_are_printed_as_javascript_prints_them() -> None:
    numbers = (
        0.0,
        -0.0,
        1.0,
        -5.0,
        1.5,
        999_999_999_999_999.0,
        1e15,
        123456789012345680000.0,
        1e20,
        1e21,
        1.5e21,
        1.2e22,
        0.000001,
        0.0000012,
        1e-7,
        -1.5e-7,
        0.1,
        100.25,
        5e-324,
        1.7976931348623157e308,
        nan,
        inf,
        -inf,
        2**70,
        True,
        1234567.875,
    )
    assert [*map(format_js_number, numbers)] == [
        "0",
        "0",
        "1",
        "-5",
        "1.5",
        "999999999999999",
        "1000000000000000",
        "123456789012345680000",
        "100000000000000000000",
        "1e+21",
        "1.5e+21",
        "1.2e+22",
        "0.000001",
        "0.0000012",
        "1e-7",
        "-1.5e-7",
        "0.1",
        "100.25",
        "5e-324",
        "1.7976931348623157e+308",
        "NaN",
        "Infinity",
        "-Infinity",
        "1180591620717411303424",
        "1",
        "1234567.875",
    ]


def test_dates_are_printed_in_utc_and_with_as_many_digits_as_their_year_needs() -> None:
    assert format_iso_date(MORNING) == "2026-03-02T01:00:00.999Z"
    assert format_iso_date(datetime(7, 1, 2, 3, 4, 5)) == "0007-01-02T03:04:05.000Z"  # noqa: DTZ001
    far: dict[Any, Any] = {
        None: None,
        8.64e15: "+275760-09-13T00:00:00.000Z",
        8.64e15 + 1: None,
        -8.64e15: "-271821-04-20T00:00:00.000Z",
        -8.64e15 - 1: None,
        nan: None,
        253_402_300_800_000: "+010000-01-01T00:00:00.000Z",
        -62_135_596_800_001: "0000-12-31T23:59:59.999Z",
        -62_167_219_200_000: "0000-01-01T00:00:00.000Z",
        -62_167_219_200_001: "-000001-12-31T23:59:59.999Z",
    }
    assert {ms: format_far_date(FarDate(ms)) for ms in far} == far
    edges = (-62_135_596_800_001, -62_135_596_800_000, 253_402_300_799_999, 253_402_300_800_000)
    assert [type(ms_to_date(ms)) for ms in (*edges, None)] == [
        FarDate,
        datetime,
        datetime,
        FarDate,
        FarDate,
    ]
    assert ms_to_date(1.0) == datetime(1970, 1, 1, 0, 0, 0, 1000, UTC)
    assert [
        date_to_ms(one)
        for one in (MORNING, datetime(1970, 1, 1), datetime(1969, 12, 31, 23, 59, 59, 999_500))  # noqa: DTZ001
    ] == [
        1_772_413_200_999,
        0,
        -1,
    ]


def test_keys_that_are_indexes_come_first_in_order() -> None:
    keys = ("b", "10", "9", "01", "-1", "4294967294", "4294967295", "1.5", "0", "a", "²", "", "1e1")

    assert [*order_object_keys(dict.fromkeys(keys))] == [
        "0",
        "9",
        "10",
        "4294967294",
        "b",
        "01",
        "-1",
        "4294967295",
        "1.5",
        "a",
        "²",
        "",
        "1e1",
    ]
    assert order_object_keys({"2": "二", "x": 0, "1": "一"}) == {"1": "一", "2": "二", "x": 0}


def test_json_is_what_stringify_prints() -> None:
    value = {
        "名": '张"三\n',
        "2": [UNDEFINED, OpaqueValue("function"), OpaqueValue("symbol"), None, nan, -0.0, True],
        "省": UNDEFINED,
        "函": OpaqueValue("promise"),
        "期": MORNING,
        "远": FarDate(8.64e15),
        "误": FarDate(None),
        "节": b"\x01\xff",
        "数": bytearray(b"\x02"),
        "图": JsMap(((1, 2),)),
        "集": JsSet((1,)),
        "参": SearchParams((("a", "b"),)),
        "对": (1, 2.5),
        "1": {},
    }
    promised = stringify_json({"p": OpaqueValue("promise"), "q": 1}).decode()

    assert json.loads(promised) in ({"q": 1}, {"p": {}, "q": 1})
    value.pop("函")
    assert stringify_json(value).decode() == (
        '{"1":{},"2":[null,null,null,null,null,0,true],"名":"张\\"三\\n",'
        '"期":"2026-03-02T01:00:00.999Z","远":"+275760-09-13T00:00:00.000Z","误":null,'
        '"节":{"0":1,"1":255},"数":{"0":2},"图":{},"集":{},"参":{},"对":[1,2.5]}'
    )
    assert [
        stringify_json(one) for one in (UNDEFINED, OpaqueValue("symbol"), "\ud83d\ude00", "\ud800x")
    ] == [
        b"",
        b"",
        '"😀"'.encode(),
        b'"\\ud800x"',
    ]


def test_what_has_no_json_form_is_named_with_its_path() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    values: list[Any] = [
        BigInt(1),
        {"a": [1, {"b": BigInt(1)}]},
        [OpaqueValue("cycle")],
        {"x": 1j},
        OpaqueValue("cycle"),
        deep,
    ]
    told = []
    for value in values:
        with pytest.raises(NotStringifiableError) as refused:
            stringify_json(value)
        told.append(str(refused.value))
    while deep:
        deep = deep[0]

    big = "a BigInt has no JSON form; send String(value) or Number(value)"
    cycle = "an object that contains itself has no JSON form"
    assert told == [
        f"the value: {big}",
        f".a[1].b: {big}",
        f"[0]: {cycle}",
        ".x: a Python complex has no JSON form",
        f"the value: {cycle}",
        "nested too deeply for JSON",
    ]


def test_every_value_of_a_script_survives_the_tagged_form() -> None:
    value = {
        "$": "名",
        "空": None,
        "无": UNDEFINED,
        "数": [1, 2.5, inf, -inf, True],
        "大": BigInt(2**80),
        "期": datetime(2026, 3, 2, 1, 0, 0, 5000, UTC),
        "远": FarDate(8.64e15),
        "误": FarDate(None),
        "节": b"\x00\xff",
        "图": JsMap((("k", JsSet((1, "二"))), (None, {"x": 1}))),
        "参": SearchParams((("a", "1"), ("a", "2"))),
        "半": "x\ud800",
        "值": [OpaqueValue(kind) for kind in ("function", "symbol", "cycle", "promise")],
    }
    carried = decode_tagged(json.loads(dump_tagged(value)))

    assert carried == value
    assert encode_tagged({"a": (1,), "b": nan, "c": -0.0, "d": "\ud83d\ude00"}) == {
        "a": [1],
        "b": {"$": "nan"},
        "c": {"$": "-0"},
        "d": "😀",
    }
    assert encode_tagged({"$": 1}) == {"$": "object", "v": [["$", 1]]}
    assert encode_tagged("a\ud800") == {"$": "str", "v": [97, 0xD800]}
    assert copysign(1, decode_tagged({"$": "-0"})) == -1
    assert decode_tagged({"$": "nan"}) != decode_tagged({"$": "nan"})
    assert [dump_tagged(one) for one in ("x", None, "\udc00", 3, [0.0])] == [
        '"x"',
        "null",
        '{"$":"str","v":[56320]}',
        "3",
        "[0.0]",
    ]


@pytest.mark.parametrize(
    "tagged",
    [
        {"$": "what"},
        {"$": "bigint", "v": []},
        {"$": "bytes", "v": "*"},
        {"$": ["x"]},
        {"$": "object", "v": [[1, 2]]},
        {"$": "map", "v": 5},
        {"$": "str"},
    ],
    ids=repr,
)
def test_a_tag_that_does_not_fit_is_refused(tagged: dict[str, Any]) -> None:
    with pytest.raises(
        ValueError, match=r"is no tag, or its value does not fit it|Only base64|Invalid"
    ):
        decode_tagged(tagged)
    with pytest.raises(TypeError, match="a Python complex is not a value that a script can have"):
        encode_tagged([1j])


def test_a_scenario_file_gets_plain_values() -> None:
    value = {
        1: "整",
        "省": UNDEFINED,
        "表": [UNDEFINED, 2.0, 2.5, -0.0, (1,)],
        "期": MORNING,
        "大": BigInt(7),
        "图": JsMap(
            ((None, 1), (True, 2), (3.0, 3), (UNDEFINED, 4), ("k", UNDEFINED), (MORNING, 5))
        ),
        "集": JsSet((1.0, UNDEFINED)),
        "参": SearchParams((("a", "b"),)),
        "节": b"\x00",
        "远": FarDate(1.0),
        "函": OpaqueValue("function"),
    }
    got = to_scenario_value(value)

    assert got == {
        "1": "整",
        "表": [None, 2, 2.5, 0, [1]],
        "期": "2026-03-02T01:00:00.999Z",
        "大": 7,
        "图": {
            "null": 1,
            "true": 2,
            "3": 3,
            "undefined": 4,
            "k": None,
            "2026-03-02T01:00:00.999Z": 5,
        },
        "集": [1, None],
        "参": [["a", "b"]],
        "节": "AA==",
        "远": "Invalid Date",
        "函": "[function]",
    }
    assert [type(one) for one in got["表"][1:4]] == [int, float, int]
    assert (to_scenario_value(UNDEFINED), to_scenario_value(bytearray(b"\x00"))) == (None, "AA==")


def test_numbers_are_as_large_as_those_of_javascript() -> None:
    edge = str(LARGEST)
    assert (parse_whole_number(edge), parse_whole_number(f"-{edge}")) == (LARGEST, -LARGEST)
    assert (parse_whole_number(" 007 "), check_number_size(-LARGEST)) == (7, -LARGEST)
    for text in (
        str(LARGEST + 1),
        str(-LARGEST - 1),
        "9" * 400,
        f" +{'9' * 400}",
        f" {'9' * 5000}",
        "9" * 5000,
    ):
        with pytest.raises(ValueError, match="a number is larger than the largest of JavaScript"):
            parse_whole_number(text)
    for text in ("x" * 400, "1.5", ""):
        with pytest.raises(ValueError, match="invalid literal"):
            parse_whole_number(text)
    read = loads_as_javascript
    texts = (edge, f"-{edge}", f"1{'0' * 309}", "9" * 400, "0", "-0", f"-{'9' * 400}")
    assert [*map(read, texts)] == [LARGEST, -LARGEST, inf, inf, 0, 0, -inf]
    assert [type(read(text)) for text in ("0", "-0", "7")] == [int, int, int]
    assert read(str(LARGEST + 1)) == float(LARGEST)
    assert read(b"[1]") == [1]
    with pytest.raises(ValueError, match="BOM"):
        read("\ufeff[1]")
    assert read('{"a": 1}', object_pairs_hook=list) == [("a", 1)]


def test_promises_and_numbers_that_json_lacks_are_found_wherever_they_are() -> None:
    promise = OpaqueValue("promise")
    assert [
        holds_promise(one)
        for one in (
            promise,
            [1, (promise,)],
            {"a": {"b": promise, "c": 1}},
            OpaqueValue("function"),
            [],
            {"a": 1},
        )
    ] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    assert [
        has_finite_numbers(one)
        for one in ([1, {"a": nan}], {"a": [inf]}, -inf, {"a": [1.5]}, "nan", (nan,))
    ] == [
        False,
        False,
        False,
        True,
        True,
        True,
    ]
    assert [join_surrogates(one) for one in ("\ud83d\ude00", "x", "客", "\ude00\ud83d")] == [
        "😀",
        "x",
        "客",
        "\ude00\ud83d",
    ]
    assert dumps_compact({"a": msgspec.Raw(b"[1]"), "b": "客"}) == '{"a":[1],"b":"客"}'
    assert json.loads(dumps_compact({"a": msgspec.Raw(b"[1]"), "b": "\ud800"})) == {
        "a": [1],
        "b": "\ud800",
    }
