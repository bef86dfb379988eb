"""Values of JavaScript in Python at the limits of numbers, dates and texts, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from math import copysign, inf, isnan, nan
from typing import Any

import msgspec
import pytest

from bpmax_sim.i18n import msg
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
    loads_as_javascript,
    ms_to_date,
    order_object_keys,
    parse_whole_number,
    stringify_json,
    to_scenario_value,
)

PROMISE, FUNCTION = OpaqueValue("promise"), OpaqueValue("function")
CHINA = timezone(timedelta(hours=8))

# ---------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7), ("-7", -7), ("+7", 7), (" 7\n", 7), ("007", 7), ("-0", 0),
        (str(LARGEST), LARGEST), (str(-LARGEST), -LARGEST),
        (str(LARGEST + 1), "larger"), (str(-LARGEST - 1), "larger"), ("9" * 310, "larger"),
        ("9" * 400, "larger"), (f"-{'9' * 5000}", "larger"), (f" +{'9' * 5000} ", "larger"),
        ("", "invalid"), ("1.0", "invalid"), ("七", "invalid"), ("x" * 400, "invalid"),
        (f"{'9' * 400}.5", "invalid"),
    ],
)  # fmt: skip
def test_a_whole_number_is_at_most_the_largest_of_javascript(text: str, number: Any) -> None:
    if isinstance(number, int):
        assert parse_whole_number(text) == number
        assert check_number_size(number) == number
        return
    with pytest.raises(ValueError, match=number):
        parse_whole_number(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0), ("-0", 0), ("12", 12), ("1.0", 1.0), ("1e400", inf), ("-1e400", -inf),
        (str(LARGEST), LARGEST), (str(-LARGEST), -LARGEST), (str(LARGEST + 1), float(LARGEST)),
        ("9" * 309, inf), ("9" * 310, inf), ("9" * 5000, inf), (f"-{'9' * 5000}", -inf),
        ('{"金额": [1, 2.5, null], "b": true}', {"金额": [1, 2.5, None], "b": True}),
        ('"\\ud83d\\ude00\\ud83d"', "😀\ud83d"),
    ],
)  # fmt: skip
def test_a_number_that_is_too_large_is_infinite_as_in_javascript(text: str, value: Any) -> None:
    for found in (
        loads_as_javascript(text),
        loads_as_javascript(text.encode()),
        loads_as_javascript(f"[{text}]", object_pairs_hook=dict)[0],
    ):
        assert found == value
        assert type(found) is type(value) or text == "-0"


@pytest.mark.parametrize("text", ["", "{", "\ufeff1", "[1,]", "'a'", "01", "undefined"])
def test_what_is_no_json_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"line 1 column"):
        loads_as_javascript(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"客户": [1, None, True], "b": {}}, '{"客户":[1,null,true],"b":{}}'),
        (["\ud83d", 1], '["\\ud83d",1]'),
        ({"a": msgspec.Raw(b"[1, 2]")}, '{"a":[1, 2]}'),
        ({"a": msg("{n} rows", n=2)}, '{"a":"2 rows"}'),
    ],
)
def test_json_is_compact_and_keeps_what_is_json_already(value: Any, text: str) -> None:
    assert dumps_compact(value) == text


@pytest.mark.parametrize(
    ("value", "is_finite"),
    [
        (None, True), (1, True), (1.5, True), (-1.7e308, True), (True, True), ("NaN", True),
        ([], True), ({}, True), ({"a": [1, {"b": 2.0}]}, True), (nan, False), (inf, False),
        (-inf, False), ([1, 2, inf], False), ({"a": {"b": [1, 2, {"c": nan}]}}, False),
        ([[inf], 1], False),
    ],
)  # fmt: skip
def test_all_numbers_in_a_value_are_finite_or_not(value: object, is_finite: bool) -> None:
    assert has_finite_numbers(value) == is_finite


@pytest.mark.parametrize(
    ("value", "is_held"),
    [
        (PROMISE, True), ([1, 2, PROMISE], True), ((1, PROMISE), True),
        ({"a": 1, "b": PROMISE}, True),
        ({"a": [{"b": [PROMISE]}]}, True), (FUNCTION, False), ([FUNCTION, "promise"], False),
        ({}, False), ([], False), (None, False), ("promise", False), ({"promise": 1}, False),
    ],
)  # fmt: skip
def test_a_promise_is_found_wherever_it_is(value: object, is_held: bool) -> None:
    assert holds_promise(value) == is_held


# ---------------------------------------------------------------------------- dates

FIRST, LAST = -62_135_596_800_000, 253_402_300_799_999


@pytest.mark.parametrize(
    ("ms", "date"),
    [
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (1_772_413_200_000, datetime(2026, 3, 2, 1, tzinfo=UTC)),
        (-1, datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
        (0.5, datetime(1970, 1, 1, 0, 0, 0, 500, tzinfo=UTC)),
        (FIRST, datetime(1, 1, 1, tzinfo=UTC)),
        (LAST, datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
        (FIRST - 1, FarDate(FIRST - 1)), (LAST + 1, FarDate(LAST + 1)), (None, FarDate(None)),
    ],
)  # fmt: skip
def test_a_date_of_the_years_1_to_9999_is_a_datetime(ms: float | None, date: object) -> None:
    assert ms_to_date(ms) == date


@pytest.mark.parametrize(
    ("date", "ms", "text"),
    [
        (datetime(1970, 1, 1), 0, "1970-01-01T00:00:00.000Z"),  # noqa: DTZ001 - it counts as UTC
        (datetime(2026, 3, 2, 9, tzinfo=CHINA), 1_772_413_200_000, "2026-03-02T01:00:00.000Z"),
        (datetime(2026, 3, 2, 1, 0, 0, 999_999, UTC), 1_772_413_200_999,
         "2026-03-02T01:00:00.999Z"),
        (datetime(1969, 12, 31, 23, 59, 59, 999_500, UTC), -1, "1969-12-31T23:59:59.999Z"),
        (datetime(1, 1, 1, tzinfo=UTC), FIRST, "0001-01-01T00:00:00.000Z"),
    ],
)  # fmt: skip
def test_a_date_has_whole_milliseconds(date: datetime, ms: int, text: str) -> None:
    assert (date_to_ms(date), format_iso_date(date)) == (ms, text)


# ---------------------------------------------------------------------------- tags


@pytest.mark.parametrize(
    ("value", "tagged"),
    [
        ({"$": 1, "a": UNDEFINED}, {"$": "object", "v": [["$", 1], ["a", {"$": "undefined"}]]}),
        ({"a": [1, {"b": inf}]}, {"a": [1, {"b": {"$": "inf"}}]}), (-inf, {"$": "-inf"}),
        (BigInt(2**70), {"$": "bigint", "v": str(2**70)}),
        (b"\x00\xff", {"$": "bytes", "v": "AP8="}),
        (b"", {"$": "bytes", "v": ""}), (FarDate(None), {"$": "date", "v": None}),
        (FarDate(8.64e15), {"$": "date", "v": 8.64e15}),
        (datetime(1970, 1, 1, tzinfo=UTC), {"$": "date", "v": 0}),
        (JsMap(((1, [2]), ("a", UNDEFINED))),
         {"$": "map", "v": [[1, [2]], ["a", {"$": "undefined"}]]}),
        (JsMap(()), {"$": "map", "v": []}),
        (JsSet((1, -inf)), {"$": "set", "v": [1, {"$": "-inf"}]}),
        (SearchParams((("页", "1"),)), {"$": "params", "v": [["页", "1"]]}),
        ("\ud83d客", {"$": "str", "v": [0xD83D, 0x5BA2]}), ("😀", "😀"),
        (PROMISE, {"$": "promise"}),
        (FUNCTION, {"$": "function"}), (None, None), (True, True), (7, 7), (1.5, 1.5),
    ],
)  # fmt: skip
def test_what_json_lacks_has_a_tag_and_comes_back(value: Any, tagged: Any) -> None:
    assert encode_tagged(value) == tagged
    assert decode_tagged(tagged) == value
    assert loads_as_javascript(dump_tagged(value)) == tagged


def test_numbers_that_equal_no_other_have_tags() -> None:
    assert (encode_tagged(nan), encode_tagged(-0.0)) == ({"$": "nan"}, {"$": "-0"})
    assert isnan(decode_tagged({"$": "nan"}))
    assert copysign(1, decode_tagged({"$": "-0"})) == -1
    assert copysign(1, encode_tagged(0.0)) == 1


def test_halves_of_a_character_are_joined() -> None:
    assert encode_tagged("\ud83d\ude00") == "😀"
    assert decode_tagged({"$": "str", "v": [0xD83D, 0xDE00, 0xDE00]}) == "😀\ude00"
    assert dump_tagged("\ud83d\ude00") == '"😀"'
    assert dump_tagged("\ud83d") == '{"$":"str","v":[55357]}'
    assert dump_tagged(bytearray(b"\xff")) == '{"$":"bytes","v":"/w=="}'


@pytest.mark.parametrize(
    "tagged",
    [
        {"$": "nichts"}, {"$": None}, {"$": ["set"]}, {"$": "bigint", "v": "x"}, {"$": "bigint"},
        {"$": "set"}, {"$": "set", "v": 5}, {"$": "map", "v": [[1]]},
        {"$": "map", "v": [[1, 2, 3]]},
        {"$": "bytes", "v": "%%%="}, {"$": "date", "v": "gestern"}, {"$": "str", "v": "甲"},
        {"$": "str", "v": [0x110000]}, {"$": "object", "v": [[1, 2]]}, [1, {"a": {"$": "nichts"}}],
    ],
)  # fmt: skip
def test_a_tag_whose_value_does_not_fit_is_an_error(tagged: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_tagged(tagged)


@pytest.mark.parametrize("value", [{1, 2}, object(), [1, {"a": {3}}], 1j])
def test_what_no_script_can_have_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="is not a value that a script can have"):
        encode_tagged(value)


def test_the_keys_of_a_map_are_texts_as_scripts_spell_them() -> None:
    """True and 1 are two keys, and so are null and its name."""
    keys = [
        True, 1, False, None, UNDEFINED, BigInt(7), -0.5, 1e21, nan, "客户",
        datetime(2026, 3, 2, tzinfo=UTC),
    ]  # fmt: skip
    value = JsMap(tuple((key, [key, UNDEFINED]) for key in keys))

    found = to_scenario_value(value)
    assert [*found] == [
        "true", "1", "false", "null", "undefined", "7", "-0.5", "1e+21", "NaN", "客户",
        "2026-03-02T00:00:00.000Z",
    ]  # fmt: skip
    assert [found[key] for key in ("true", "1", "undefined", "7", "客户")] == [
        [True, None], [1, None], [None, None], [7, None], ["客户", None],
    ]  # fmt: skip


def test_what_is_undefined_is_no_member_of_a_scenario_s_map() -> None:
    value = {"备注": UNDEFINED, "税率": None, "明细": [UNDEFINED, {"数量": 2.0, "单位": UNDEFINED}]}

    assert to_scenario_value(value) == {"税率": None, "明细": [None, {"数量": 2}]}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (1.0, "1"), (-1.5, "-1.5"), (0.1, "0.1"), (123.456, "123.456"),
        (1e15, "1000000000000000"), (1e20, "100000000000000000000"), (1e21, "1e+21"),
        (123456789012345680000.0, "123456789012345680000"), (1.5e300, "1.5e+300"),
        (-1e21, "-1e+21"), (0.000001, "0.000001"), (0.0000001, "1e-7"), (0.0000015, "0.0000015"),
        (1.5e-7, "1.5e-7"), (5e-324, "5e-324"), (nan, "NaN"), (inf, "Infinity"),
        (-inf, "-Infinity"), (10**25, "10000000000000000000000000"), (4.35, "4.35"),
        (100.25, "100.25"), (999999999999999.9, "999999999999999.9"),
    ],
)  # fmt: skip
def test_a_number_is_printed_as_a_script_does(value: float, text: str) -> None:
    assert format_js_number(value) == text


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (8.64e15, "+275760-09-13T00:00:00.000Z"), (8.64e15 + 1, None),
        (-8.64e15, "-271821-04-20T00:00:00.000Z"), (-8.64e15 - 1, None), (None, None), (nan, None),
        (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
        (-62_167_219_200_001, "-000001-12-31T23:59:59.999Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (253_402_300_800_000, "+010000-01-01T00:00:00.000Z"),
    ],
)  # fmt: skip
def test_a_date_beyond_four_digits_has_a_sign_and_six(ms: float | None, text: str | None) -> None:
    assert format_far_date(FarDate(ms)) == text
    shown = stringify_json(FarDate(ms)).decode()
    assert shown == ("null" if text is None else f'"{text}"')


@pytest.mark.parametrize(
    ("names", "ordered"),
    [
        (["b", "10", "a", "9", "0"], ["0", "9", "10", "b", "a"]),
        (["x", "4294967295", "4294967294"], ["4294967294", "x", "4294967295"]),
        (["01", "-1", "1.0", "", "１", "+1", "1"], ["1", "01", "-1", "1.0", "", "１", "+1"]),
        (["b", "a"], ["b", "a"]),
        ([], []),
    ],
)
def test_indexes_come_before_other_names(names: list[str], ordered: list[str]) -> None:
    assert [*order_object_keys(dict.fromkeys(names))] == ordered


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": UNDEFINED, "b": None, "c": OpaqueValue("function")}, '{"b":null}'),
        ([UNDEFINED, None, OpaqueValue("symbol"), ""], '[null,null,null,""]'),
        (UNDEFINED, ""), (OpaqueValue("function"), ""), (nan, "null"), (-0.0, "0"), (True, "true"),
        ((1, 2.50), "[1,2.5]"), (b"\x00\xff", '{"0":0,"1":255}'), (bytearray(b""), "{}"),
        (JsMap(((1, 2),)), "{}"), ([JsSet((1,))], "[{}]"), (SearchParams((("a", "1"),)), "{}"),
        ('"\n甲\u2028', '"\\"\\n甲\u2028"'), ("\ud83d", '"\\ud83d"'), ("\ud83d\ude00", '"😀"'),
        ({"2": 1, "乙": 2, "1": 3}, '{"1":3,"2":1,"乙":2}'),
        (datetime(2026, 3, 2, 9, 0, 0, 999_999, tzinfo=UTC), '"2026-03-02T09:00:00.999Z"'),
    ],
)  # fmt: skip
def test_a_value_is_json_as_a_script_prints_it(value: Any, text: str) -> None:
    assert stringify_json(value) == text.encode()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (BigInt(1), "the value: a BigInt has no JSON form; send String(value) or Number(value)"),
        ({"a": [1, {"b": BigInt(1)}]}, ".a[1].b: a BigInt has no JSON form"),
        ([0, 1, OpaqueValue("cycle")], "[2]: an object that contains itself has no JSON form"),
        ({"a": {1, 2}}, ".a: a Set has no JSON form"), (object(), "the value: a Python object has"),
    ],
)  # fmt: skip
def test_what_has_no_json_form_is_told_with_its_path(value: Any, told: str) -> None:
    with pytest.raises(NotStringifiableError) as refused:
        stringify_json(value)
    assert str(refused.value).startswith(told)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"), (UNDEFINED, "undefined"), (True, "a boolean"), (1, "a number"),
        (1.5, "a number"), ("", "a text"), (b"", "bytes"), (memoryview(b""), "bytes"),
        ((), "an array"), ({}, "an object"), (datetime(2026, 3, 2, tzinfo=UTC), "a Date"),
        (FarDate(None), "a Date"), (BigInt(0), "a BigInt"), (JsMap(()), "a Map"),
        (frozenset(), "a Set"), (JsSet(()), "a Set"), (SearchParams(()), "a URLSearchParams"),
        (OpaqueValue("promise"), "a promise"),
        (OpaqueValue("cycle"), "an object that contains itself"),
        (object, "a Python type"),
    ],
)  # fmt: skip
def test_a_value_is_named_in_the_terms_of_javascript(value: object, kind: str) -> None:
    assert describe_kind(value) == kind
