from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from bpmax_sim.i18n import msg, translate
from bpmax_sim.js_values import (
    UNDEFINED,
    BigInt,
    FarDate,
    JsMap,
    JsSet,
    OpaqueValue,
    to_scenario_value,
)
from bpmax_sim.scenario.expect import (
    NOTHING_THERE,
    OPERATORS,
    Comparison,
    compare,
    cut_to_difference,
    find_count_problem,
    find_expectation_problems,
    find_section_problem,
    fulfils,
    select_failing_checks,
)
from bpmax_sim.subject.hooks import is_same_value
from tests.examples import drawn

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("客户ab"), inner, max_size=3)
    ),
    max_leaves=8,
)

DAY = "2026-03-02T00:00:00Z"
CUSTOMER = {"name": "张三", "phone": "13800138000", "discount": 0.9, "tags": ["VIP", "重点"]}


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"name": "张三"}, CUSTOMER),
        ({"phone": {"$matches": r"^1\d{10}$"}, "discount": {"$lt": 1, "$gte": 0.9}}, CUSTOMER),
        ({"tags": ["VIP", "重点"]}, CUSTOMER),
        ({"tags": {"$unordered": ["重点", "VIP"]}}, CUSTOMER),
        ({"tags": {"$each": {"$type": "text"}, "$length": 2}}, CUSTOMER),
        ({"tags": {"$contains": "VIP"}}, CUSTOMER),
        ({"tags": {"$length": {"$gt": 1}}}, CUSTOMER),
        ({"email": {"$exists": False}, "name": {"$exists": True}}, CUSTOMER),
        ({"$exactly": CUSTOMER}, CUSTOMER),
        ({"$contains": "name"}, CUSTOMER),
        ({"$contains": {"name": "张三"}}, CUSTOMER),
        ({"$eq": {"$ref": 1}}, {"$ref": 1}),
        ({"$ne": "李四"}, "张三"),
        ({"$not": {"$in": ["李四", "王五"]}}, "张三"),
        ({"$in": ["李四", {"$matches": "^张"}]}, "张三"),
        ({"$contains": "三"}, "张三"),
        ({"$near": 0.3}, 0.1 + 0.2),
        ({"$near": {"value": 100, "within": 5}}, 96),
        (
            {"$near": {"value": "2026-03-02T09:00:00+08:00", "within": "30s"}},
            "2026-03-02T01:00:29Z",
        ),
        ({"$type": "integer"}, 3.0),
        ({"$type": "null"}, None),
        ({"$type": "boolean"}, True),
        ({"$type": "map"}, {}),
        ({"$type": "list"}, []),
        ({"$type": "number"}, 1.5),
        ({"$gt": "2026-03-01"}, "2026-03-02"),
        ({"$lte": 5}, 5),
        ({}, {"任何": 1}),
        ([], []),
        (1, 1.0),
        ([{"name": "张三"}, {"$exists": True}], [CUSTOMER, 1]),
        ({"$unordered": [{"$type": "text"}, "VIP"]}, ["VIP", "重点"]),
        ({"$each": {"$gt": 0}}, {"a": 1, "b": 2}),
        ({"$each": {"$gt": 0}}, []),
        ({"单价$": 5, "a$b": 1}, {"单价$": 5, "a$b": 1}),
        ({"$matches": "三"}, "张三"),
        ({"$near": {"value": 0.3, "within": 0}}, 0.1 + 0.2),
        ({"$near": 1_000_000}, 1_000_000.0005),
    ],
)
def test_an_expectation_holds(expected: Any, actual: Any) -> None:
    assert list(find_expectation_problems(expected)) == []
    assert select_failing_checks(compare(expected, actual)) == ()


@pytest.mark.parametrize(
    ("expected", "actual", "message"),
    [
        ({"discount": 0.9}, {"discount": 1}, "discount expected 0.9, got 1"),
        ({"name": "张三"}, {}, 'name expected "张三", got (absent)'),
        ({"name": None}, {}, "name expected null, got (absent)"),
        ({"name": None}, {"name": UNDEFINED}, "name expected null, got (absent)"),
        ({"n": "1"}, {"n": 1}, 'n expected "1", got 1'),
        ({"n": 1}, {"n": True}, "n expected 1, got true"),
        ({"a": {"b": 1}}, {"a": 5}, 'a expected {"b": 1}, got 5'),
        ({"a": {}}, {"a": []}, "a expected {}, got []"),
        ({"a": [1]}, {"a": {"x": 1}}, 'a expected [1], got {"x": 1}'),
        ({"a": [1, 2]}, {"a": [1, 3]}, "a[1] expected 2, got 3"),
        ({"a": [1, 2]}, {"a": [1]}, "a expected 2 items, got 1: [1]"),
        ({"a": []}, {"a": [1]}, "a expected [], got [1]"),
        (
            {"p": {"$matches": r"^1\d{10}$"}},
            {"p": "138"},
            r'p expected $matches ^1\d{10}$, got "138"',
        ),
        ({"p": {"$matches": "1"}}, {"p": 1}, "p expected $matches 1, got 1"),
        ({"p": {"$eq": {"a": 1}}}, {"p": {"a": 1, "b": 2}}, 'p expected {"a": 1}, got'),
        ({"p": {"$ne": 1}}, {"p": 1}, "p expected $ne 1, got 1"),
        ({"p": {"$ne": 1}}, {}, "p expected $ne 1, got (absent)"),
        ({"p": {"$gt": 5}}, {"p": "6"}, 'p expected $gt 5, got "6"'),
        ({"p": {"$in": [1, 2]}}, {"p": 3}, "p expected $in [1, 2], got 3"),
        ({"p": {"$contains": "三"}}, {"p": "李四"}, 'p expected $contains "三", got "李四"'),
        ({"p": {"$contains": 1}}, {"p": 1}, "p expected $contains 1, got 1"),
        ({"p": {"$contains": "x"}}, {"p": {"y": 1}}, 'p expected $contains "x", got {"y": 1}'),
        ({"p": {"$contains": [1]}}, {"p": {"y": 1}}, 'p expected $contains [1], got {"y": 1}'),
        ({"p": {"$not": 3}}, {"p": 3}, "p expected $not 3, got 3"),
        ({"p": {"$exists": False}}, {"p": 3}, "p expected (absent), got 3"),
        ({"p": {"$exists": True}}, {}, "p expected a value, got (absent)"),
        ({"p": {"$type": "text"}}, {"p": 3}, 'p expected $type "text", got 3'),
        ({"p": {"$length": 2}}, {"p": "张三丰"}, 'p expected $length 2, got 3: "张三丰"'),
        ({"p": {"$length": 2}}, {"p": 3}, "p expected $length 2, got 3"),
        ({"p": {"$near": 1}}, {"p": 1.1}, "p expected $near 1, got 1.1"),
        ({"p": {"$near": 1}}, {"p": "1"}, 'p expected $near 1, got "1"'),
        ({"p": {"$each": {"a": 1}}}, {"p": [{"a": 1}, {"a": 2}]}, "p[1].a expected 1, got 2"),
        ({"p": {"$each": 1}}, {"p": 1}, "p expected $each 1, got 1"),
        ({"p": {"$unordered": [1, 1]}}, {"p": [1, 2]}, "p expected $unordered [1, 1], got [1, 2]"),
        ({"p": {"$unordered": [1]}}, {"p": [1, 2]}, "p expected $unordered [1], got [1, 2]"),
        ({"p": {"$exactly": {"a": 1}}}, {"p": {"a": 1, "b": 2}}, "p.b expected (absent), got 2"),
        ({"p": {"$exactly": [1]}}, {"p": [2]}, "p[0] expected 1, got 2"),
        ({"p": {"$near": 1_000_000}}, {"p": 1_000_000.5}, "p expected $near 1000000, got"),
        ({"p": {"$in": [1, {"$exists": False}]}}, {}, "p expected $in"),
        ({"p": {"$matches": "vip"}}, {"p": "VIP"}, "p expected $matches vip"),
    ],
)
def test_what_does_not_hold_says_where_expected_and_got(
    expected: Any, actual: Any, message: str
) -> None:
    assert str(select_failing_checks(compare(expected, actual))[0]).startswith(message)


def test_the_checks_that_hold_are_told_too() -> None:
    checks = compare({"name": "张三", "discount": 1}, CUSTOMER, ("form",))

    assert checks == (
        Comparison(("form", "name"), ok=True, expected='"张三"', actual='"张三"'),
        Comparison(("form", "discount"), ok=False, expected="1", actual="0.9"),
    )
    assert [check.label for check in checks] == ["form.name", "form.discount"]


@pytest.mark.parametrize(
    ("expected", "path", "message"),
    [
        (
            {"a": {"$match": "x"}},
            ("a", "$match"),
            "unknown operator $match; did you mean '$matches'?",
        ),
        (
            {"a": {"$gt": 1, "b": 2}},
            ("a", "$gt"),
            "operator $gt cannot be mixed with plain keys; use a separate mapping",
        ),
        ([{"$in": "x"}], (0, "$in"), '$in needs a list, got "x"'),
        ({"$matches": "("}, ("$matches",), "$matches needs a regular expression"),
        (
            {"$matches": "a{99999999999}"},
            ("$matches",),
            "$matches needs a regular expression (the repetition number is too large)",
        ),
        (
            {"$matches": "[a&&b]"},
            ("$matches",),
            "$matches needs a regular expression (Possible set intersection at position 2)",
        ),
        ({"$type": "txt"}, ("$type",), "$type needs one of text, number, integer, boolean, null,"),
        ({"$length": -1}, ("$length",), "$length needs a count or operators, got -1"),
        ({"$gt": True}, ("$gt",), "$gt needs a number or a text, got true"),
        ({"$exists": 1}, ("$exists",), "$exists needs true or false, got 1"),
        *(
            (
                {"$near": operand},
                ("$near",),
                "$near needs a number or {value: …, within: …}, no tolerance below 0",
            )
            for operand in ("明天", {"value": 1, "within": -1}, {"within": 1})
        ),
        ({"$not": {"$foo": 1}}, ("$not", "$foo"), "unknown operator $foo; there are $eq, $ne, $gt"),
    ],
)
def test_a_wrong_expectation_is_found_before_anything_runs(
    expected: Any, path: tuple[str | int, ...], message: str
) -> None:
    found = list(find_expectation_problems(expected))

    assert [place for place, _ in found] == [path]
    assert found[0][1].startswith(message)


def test_the_operand_of_eq_is_taken_literally() -> None:
    assert list(find_expectation_problems({"$eq": {"$whatever": 1}})) == []


def test_every_operator_of_the_format_is_there() -> None:
    assert " ".join(OPERATORS) == (
        "$eq $ne $gt $gte $lt $lte $in $matches $contains $not $exists $type $length $near"
        " $each $unordered $exactly"
    )


@given(JSON)
@settings(max_examples=drawn(80))
def test_every_value_is_as_it_is(value: Any) -> None:
    assert is_same_value(value, value)
    assert fulfils({"$eq": value}, value)
    assert not fulfils({"$ne": value}, value)
    assert fulfils({"$not": {"$ne": value}}, value)


@given(st.dictionaries(st.text("客户ab"), JSON, max_size=4), st.data())
@settings(max_examples=drawn(60))
def test_a_map_is_matched_by_each_of_its_subsets(
    value: dict[str, Any], data: st.DataObject
) -> None:
    keys = data.draw(st.sets(st.sampled_from(sorted(value)))) if value else set()

    assert fulfils({key: value[key] for key in keys}, value)
    assert fulfils({"$exactly": value}, value)
    assert not fulfils({**value, "多": 1}, value)


@given(st.lists(st.integers(0, 3), max_size=5), st.randoms(use_true_random=False))
@settings(max_examples=drawn(60))
def test_unordered_takes_every_permutation(items: list[int], random: Any) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)

    assert fulfils({"$unordered": items}, shuffled)
    assert not fulfils({"$unordered": [*items, 9]}, shuffled)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, 1),
        (0.5, 0.5),
        (datetime(2026, 3, 2, 1, tzinfo=UTC), "2026-03-02T01:00:00.000Z"),
        (BigInt(2**70), 2**70),
        (JsMap((("客户", 1.0), (2, "b"))), {"客户": 1, "2": "b"}),
        (
            JsMap(
                (
                    (True, 1),
                    (1, 2),
                    (False, 3),
                    (None, 4),
                    (UNDEFINED, 5),
                    (BigInt(7), 6),
                    (-0.0, 7),
                    (0.5, 8),
                    (datetime(2026, 3, 2, tzinfo=UTC), 9),
                )
            ),
            {
                "true": 1,
                "1": 2,
                "false": 3,
                "null": 4,
                "undefined": 5,
                "7": 6,
                "0": 7,
                "0.5": 8,
                "2026-03-02T00:00:00.000Z": 9,
            },
        ),
        (JsSet((1, "a")), [1, "a"]),
        (b"\x00\xff", "AP8="),
        (FarDate(None), "Invalid Date"),
        (OpaqueValue("function"), "[function]"),
        (UNDEFINED, None),
        ({"a": UNDEFINED, "b": [1.0]}, {"b": [1]}),
    ],
)
def test_what_a_script_hands_out_becomes_what_a_file_can_spell(value: Any, expected: Any) -> None:
    assert to_scenario_value(value) == expected


def test_a_missing_value_prints_as_absent() -> None:
    (check,) = compare({"名": "张三"}, {})

    assert (check.ok, check.actual) == (False, "(absent)")


@pytest.mark.parametrize(
    ("expected", "actual", "shown"),
    [
        ("a" * 10, "b" * 10, ("a" * 10, "b" * 10)),
        ("a" * 11, "b" * 10, ("a" * 9 + "…", "b" * 10)),
        ("b" * 10, "a" * 11, ("b" * 10, "a" * 9 + "…")),
        ("aaaax" + "y" * 20, "aaaaz", ("aaaaxyyyy…", "aaaaz")),
        ("a" * 20 + "x", "a" * 20 + "y", ("…" + "a" * 6 + "x", "…" + "a" * 6 + "y")),
        ("a" * 12 + "x", "a" * 12 + "y", ("…" + "a" * 6 + "x", "…" + "a" * 6 + "y")),
        ("a" * 12, "a" * 13, ("…" + "a" * 6, "…" + "a" * 7)),
        ("abcdefx" * 2, "abcdefy" * 2, ("abcdefxab…", "abcdefyab…")),
        ("", "b" * 11, ("", "b" * 9 + "…")),
    ],
)
def test_two_texts_are_cut_around_their_first_difference(
    expected: str, actual: str, shown: tuple[str, str]
) -> None:
    assert cut_to_difference(expected, actual, 10) == shown


@pytest.mark.parametrize(("width", "start"), [(44, 0), (42, 0), (41, 8), (40, 8), (20, 8)])
def test_what_both_have_is_left_out_from_half_the_width_on(width: int, start: int) -> None:
    same = "abcdefghijklmnopqrst"
    cut, _ = cut_to_difference(same + "x" * 90, same + "y" * 90, width)

    assert cut[: 3 + bool(start)] == ("…" if start else "") + same[start : start + 3]


@pytest.mark.parametrize(
    ("expected", "holds", "actual"),
    [
        ({"$gt": 5}, False, 5),
        ({"$gt": 5}, True, 5.01),
        ({"$gte": 5}, True, 5),
        ({"$lt": 5}, False, 5),
        ({"$lte": -1}, True, -1),
        ({"$gt": 0}, False, None),
        ({"$gt": 0}, False, True),
        ({"$lt": "b"}, False, 1),
        ({"$gte": "b"}, True, "b"),
        ({"$lt": 1}, False, UNSET),
        ({"$in": [1, None]}, True, None),
        ({"$in": [1, None]}, False, UNSET),
        ({"$in": []}, False, 1),
        ({"$in": [1, 2, "3"]}, False, 3),
        ({"$in": [1, 2, 3]}, True, 3),
        ({"$matches": ""}, True, ""),
        ({"$matches": "a"}, False, None),
        ({"$contains": ""}, True, ""),
        ({"$contains": 1}, False, "1"),
        ({"$contains": None}, True, [1, 2, None]),
        ({"$contains": {"n": 3}}, True, [{"n": 1}, {"n": 2}, {"n": 3, "m": 1}]),
        ({"$contains": {"n": 1}}, True, {"n": 1, "m": 2}),
        ({"$contains": "m"}, True, {"n": 1, "o": 2, "m": 3}),
        ({"$contains": 1}, False, UNSET),
        ({"$exists": True}, True, None),
        ({"$exists": False}, False, None),
        ({"$exists": False}, True, UNDEFINED),
        ({"$type": "integer"}, False, 1.5),
        ({"$type": "integer"}, True, -2.0),
        ({"$type": "integer"}, False, True),
        ({"$type": "number"}, False, True),
        ({"$type": "boolean"}, False, 1),
        ({"$type": "null"}, False, 0),
        ({"$type": "null"}, False, UNSET),
        ({"$type": "list"}, True, (1,)),
        ({"$length": 0}, True, ""),
        ({"$length": 0}, True, {}),
        ({"$length": 0}, False, None),
        ({"$length": {"$lt": 3}}, False, [1, 2, 3]),
        ({"$near": 0}, True, 1e-10),
        ({"$near": 0}, False, 1e-8),
        ({"$near": {"value": 5, "within": 1}}, True, 6),
        ({"$near": {"value": 5, "within": 1}}, True, 4),
        ({"$near": {"value": 5, "within": 1}}, False, 6.1),
        ({"$near": {"value": 5}}, False, 5.1),
        ({"$near": {"value": 5}}, True, 5),
        ({"$near": 1}, False, True),
        ({"$near": True}, False, 1),
        ({"$near": 1e18}, True, 1e18 + 256),
        ({"$near": 10**400}, True, 10**400),
        ({"$near": 10**400}, False, 10**400 + 1),
        ({"$near": {"value": DAY, "within": "1s"}}, True, "2026-03-02T00:00:01Z"),
        ({"$near": {"value": DAY, "within": "1s"}}, True, "2026-03-01T23:59:59Z"),
        ({"$near": {"value": DAY, "within": "1s"}}, False, "2026-03-02T00:00:02Z"),
        ({"$near": {"value": DAY, "within": "1s"}}, False, "2026-03-02"),
        ({"$near": {"value": DAY, "within": "1s"}}, False, ""),
        ({"$near": {"value": DAY, "within": "1s"}}, False, "未填"),
        ({"$near": {"value": DAY, "within": "1s"}}, False, 1772409600),
        ({"$near": {"value": 1e13, "within": 1e12}}, True, 9e12),
        ({"$each": 1}, True, {}),
        ({"$each": 1}, False, [1, 1, 2]),
        ({"$each": 1}, False, UNSET),
        ({"$unordered": []}, True, []),
        ({"$unordered": [{"$gt": 0}, {"$gt": 1}, {"$gt": 2}]}, True, [3, 2, 1]),
        ({"$unordered": [{"$gt": 1}, {"$gt": 1}, {"$gt": 0}]}, False, [1, 2, 1]),
        ({"$unordered": [1, 1]}, False, [1]),
        ({"$exactly": {}}, False, {"a": None}),
        ({"$exactly": {"a": {"b": 1}}}, True, {"a": {"b": 1, "c": 2}}),
        ({"$exactly": {}}, False, []),
        ({"$not": 1}, True, UNSET),
        ({"$not": {"$exists": False}}, False, UNSET),
        ({"$ne": None}, False, None),
        ({"$ne": 0}, True, None),
        ({"$eq": None}, False, UNSET),
        ({"$gt": 1, "$lt": 3, "$ne": 2}, False, 2),
        ([1, 2, 3], False, [1, 2, 4]),
        ([1, 2], False, [1, 2, 3]),
        ([], False, UNSET),
        ((), True, ()),
        ({"a": None}, True, {"a": None}),
        ({"a.b": 1}, True, {"a": {"b": 1}}),
        ({"a.b": 1}, False, {"a.b": 2, "a": {"b": 1}}),
        ({"a.b": None}, True, {"a.b": None, "a": {"b": 1}}),
        ({"a[2].b": 1}, True, {"a": [{}, {}, {"b": 1}]}),
        ({"a[3].b": {"$exists": False}}, True, {"a": [{}, {}, {"b": 1}]}),
        ({"": {"$exists": False}}, True, {"a": 1}),
        ({"": 1}, True, {"": 1}),
    ],
)  # fmt: skip
def test_each_operator_at_its_limits(expected: Any, actual: Any, *, holds: bool) -> None:
    assert fulfils(expected, actual) == holds


WIDE = "every value of that type fits"
AS_WIDE = "0 fits as well"
ANY_MAP = "any map fits"
OTHER_TYPE = "of another type"


@pytest.mark.parametrize(
    ("expected", "actual", "doubt"),
    [
        ({"$gt": -1e16}, 5, WIDE),
        ({"$gt": -1e15}, 5, ""),
        ({"$gte": 0}, 5, ""),
        ({"$gte": ""}, "a", WIDE),
        ({"$gte": "a"}, "a", ""),
        ({"$matches": ""}, "a", WIDE),
        ({"$matches": ".+"}, "a", ""),
        ({"$contains": ""}, "a", WIDE),
        ({"$length": {"$gte": 0}}, "a", WIDE),
        ({"$length": {"$gte": 0}}, ["a"], WIDE),
        ({"$length": {"$gte": 0}}, ("a",), WIDE),
        ({"$length": {"$gte": 0}}, {"a": 1}, WIDE),
        ({"$length": {"$gte": 0}, "$exists": True, "$type": "text"}, "a", WIDE),
        ({"$length": {"$gte": 0}, "$ne": "b"}, "a", ""),
        ({"$length": {"$gte": 1}}, "a", ""),
        ({"$in": [True, False]}, True, WIDE),
        ({"$in": [True]}, True, ""),
        ({"$in": [True, False, 1]}, 1, ""),
        ({"$near": {"value": 5, "within": 5}}, 5, AS_WIDE),
        ({"$near": {"value": 5, "within": 4.9}}, 5, ""),
        ({"$near": {"value": -5, "within": 4.9}}, -5, ""),
        ({"$near": {"value": -5, "within": 5}}, -5, AS_WIDE),
        ({"$near": {"value": 0, "within": 1}}, 0.5, ""),
        ({"$near": {"value": 1, "within": 1}}, 0, ""),
        ({"$near": {"value": 1, "within": 1e16}}, 5, WIDE),
        ({"$near": {"value": DAY, "within": "900d"}}, DAY, ""),
        ({"$exists": True}, 5, ""),
        ({}, {"a": 1}, ANY_MAP),
        ({}, {}, ""),
        ({"$each": 1}, [], "it is empty here"),
        ({"$each": 1}, [1], ""),
        ({"$ne": "1"}, 1, OTHER_TYPE),
        ({"$ne": "2"}, 1, ""),
        ({"$ne": 1}, "1", OTHER_TYPE),
        ({"$ne": "1"}, ["1"], ""),
        ({"$not": {"a": 1}}, "x", OTHER_TYPE),
        ({"$not": [1]}, "x", OTHER_TYPE),
        ({"$not": [1]}, [2], ""),
        ({"$not": {"$gt": 5}}, "4", OTHER_TYPE),
        ({"$not": {"$gt": 5}}, 4, ""),
        ({"$not": {"$matches": "x"}}, 4, OTHER_TYPE),
        ({"$not": {"$matches": "x"}}, "y", ""),
        ({"$not": {"$in": [3, "4"]}}, 4, OTHER_TYPE),
        ({"$not": {"$in": [1, 2, "4"]}}, "3", ""),
        ({"$not": {"$contains": "x"}}, 4, OTHER_TYPE),
        ({"$not": {"$contains": "x"}}, ["y", "z", "ax"], "compared as a whole"),
        ({"$not": {"$contains": ""}}, ["y"], ""),
        ({"$not": {"$contains": "x"}}, ["y"], ""),
        ({"$not": {"$contains": "x"}}, [], ""),
        ({"$not": {"$contains": "x"}}, [{"a": 1}], OTHER_TYPE),
        ({"$not": {"$contains": {"a": 1}}}, ["y"], OTHER_TYPE),
        ({"$not": {"$contains": {"$gt": 1}}}, ["y"], ""),
        ({"$not": {"$eq": 1}}, "1", OTHER_TYPE),
        ({"$not": 1}, UNSET, "nothing is there"),
        ({"$not": {"$exists": True}}, UNSET, ""),
        ({"$not": {"$exists": True, "$eq": 1}}, UNSET, ""),
        ({"$not": {"a": {"b": "1"}}}, {"a": {"b": 1}}, OTHER_TYPE),
        ({"$not": {"a": {"b": "1"}}}, {"a": {"b": 2}}, ""),
        ({"$not": {"a": {"b": "1"}}}, {"a": {}}, ""),
        ({"$not": ["1", 2]}, [1, 3], OTHER_TYPE),
        ({"$not": {"$contains": {"a": "1"}}}, [{"a": 2}, {"a": 1}], OTHER_TYPE),
        ({"$not": {"$each": {"a": "1"}}}, [{"a": 1}], OTHER_TYPE),
        ({"$not": {"$each": {"a": "1"}}}, {"x": {"a": 1}}, ""),
        ({"$not": {"a": {"$in": ["1", "2"]}}}, {"a": 2}, OTHER_TYPE),
        ({"$not": {"a": {"$not": "1"}, "b": 1}}, {"a": 1, "b": 2}, ""),
        ({"$not": {"$exactly": {"a": "1"}}}, {"a": 1}, OTHER_TYPE),
    ],
)
def test_a_doubt_is_told_where_nothing_else_could_come_and_nowhere_else(
    expected: Any, actual: Any, doubt: str
) -> None:
    checks = compare(expected, actual, ("result", "a"))

    assert select_failing_checks(checks) == ()
    doubts = [str(check.doubt) for check in checks if check.doubt]
    assert len(doubts) == bool(doubt)
    assert doubt in "".join(doubts)


@pytest.mark.parametrize(
    ("path", "is_doubtful"),
    [((), True), (("form",), False), (("result",), True), (("form", "客户"), True)],
)
def test_an_empty_section_may_be_what_a_row_leaves_out(path: Any, *, is_doubtful: bool) -> None:
    [check] = compare({}, {"a": 1}, path)

    assert bool(check.doubt) == is_doubtful


MESSAGE = msg("no node")
ZH, EN = (translate(MESSAGE, language) for language in ("zh", "en"))


@pytest.mark.parametrize(
    ("expected", "holds"),
    [
        (EN, True),
        (ZH, True),
        ("另一句", False),
        ({"$in": ["x", ZH]}, True),
        ({"$matches": EN, "$ne": ZH}, False),
        ({"$matches": EN, "$contains": ZH}, True),
        ({"$ne": "x"}, True),
        ({"$ne": EN}, False),
        ({"$ne": ZH}, False),
        ({"$not": {"$contains": ZH}}, False),
        ({"$not": {"$contains": "x"}}, True),
        ({"$exists": False}, False),
        ({"$exists": True}, True),
    ],
)
def test_a_message_of_the_bench_holds_in_one_language_and_is_denied_in_all(
    expected: Any, *, holds: bool
) -> None:
    assert fulfils(expected, MESSAGE) == holds


@pytest.mark.parametrize(
    ("expected", "wrong"),
    [
        ({"$length": 0}, 0),
        ({"$length": "2"}, 1),
        ({"$length": "${vars.n}"}, 0),
        ({"$length": {"$gt": "${vars.n}"}}, 0),
        ({"$gt": None}, 1),
        ({"$in": ()}, 0),
        ({"$in": "${vars.l}"}, 0),
        ({"$in": [{"$x": 1}, {"$y": 1}, {"$z": 1}]}, 3),
        ({"$near": {"value": 1, "within": 0}}, 0),
        ({"$near": {"value": 1, "within": 1e16}}, 0),
        ({"$near": {"value": 1, "within": math.inf}}, 1),
        ({"$near": {"value": 1, "within": math.nan}}, 1),
        ({"$near": {"value": 1, "within": "soon"}}, 1),
        ({"$near": {"value": "${vars.t}", "within": "1s"}}, 0),
        ({"$near": {"value": 1, "within": "${vars.w}"}}, 0),
        ({"$near": {"value": "${vars.t}", "within": "${vars.w}"}}, 0),
        ({"$near": {"value": None, "within": "${vars.w}"}}, 1),
        ({"$near": {"within": "${vars.w}"}}, 1),
        ({"$near": []}, 1),
        ({"$exists": None}, 1),
        ({"$type": 1}, 1),
        ({"$ne": {"$gt": 1}}, 1),
        ({"$ne": {"gt": 1}}, 0),
        ({"$eq": {"$x": 1}}, 0),
        ({"$each": {"$gt": 1, "a": 2}}, 1),
        ([1, 2, {"$x": 1}], 1),
        ({"$": 1}, 1),
        ({"": 1}, 0),
    ],
)
def test_operands_are_judged_at_their_limits(expected: Any, wrong: int) -> None:
    assert len(list(find_expectation_problems(expected))) == wrong


def test_each_member_that_is_too_many_is_told() -> None:
    checks = compare({"$exactly": {"名": 1}}, {"名": 1, "甲": 2, "乙": 3, "丙": 4})

    assert [check.label for check in select_failing_checks(checks)] == ["甲", "乙", "丙"]


@pytest.mark.parametrize(
    ("expected", "actual", "doubtful"),
    [
        ("5", 5, True),
        (5, "5", True),
        ("5", "6", False),
        (5, 6, False),
        ("[1]", [1], False),
        ("5", 6, False),
        ("true", True, True),
        ("", None, False),
    ],
)
def test_a_text_and_a_number_that_look_alike_always_differ(
    expected: Any, actual: Any, *, doubtful: bool
) -> None:
    (check,) = compare({"$ne": expected}, actual)

    assert (check.ok, bool(check.doubt)) == (True, doubtful)


@pytest.mark.parametrize("length", [79, 80])
def test_a_text_that_just_fits_is_shown_as_it_is(length: int) -> None:
    one, other = "金" * (length - 1) + "甲", "金" * (length - 1) + "乙"

    assert cut_to_difference(one, other, 80) == (one, other)
    assert [len(cut) for cut in cut_to_difference(one + "丙丁", other + "丙", 80)] != [82, 81]


def test_of_what_is_absent_nothing_is_said_but_that_nothing_was_compared() -> None:
    for operand in ({"$gt": 5}, "甲", ["甲"], {"a": 1}, {"$contains": 1}, {"$matches": "x"}):
        (check,) = compare({"金额": {"$not": operand}}, {})

        assert (check.ok, check.doubt) == (True, NOTHING_THERE)


MAPS = ["form", "fields", "flow", "preview", "vars"]
LINES = ["messages", "console"]
WITHIN: tuple[Any, ...] = (0, 0.5, "30s", -1, math.inf, "x", None)


def each(names: list[str], right: bool, *values: Any) -> list[tuple[str, Any, bool]]:
    """Return a case for each name with each value."""
    return [(name, value, right) for name in names for value in values]


@pytest.mark.parametrize(
    ("section", "value", "right"),
    [
        *each([*MAPS, *LINES, "trace"], True, {}, "${vars.x}"),
        *each(MAPS, False, "甲", [], 5, None),
        *each(LINES, True, "甲", ["甲"]),
        *each(LINES, False, 5, None, True),
        *each(["trace"], True, "甲"),
        *each(["trace"], False, [], 5, None),
        *each(["result"], True, 5, None, [], {}, ""),
    ],
)
def test_a_section_is_of_its_type(section: str, value: Any, *, right: bool) -> None:
    assert (find_section_problem(section, value) is None) == right


@pytest.mark.parametrize(
    ("times", "right"),
    [
        *((times, True) for times in (0, 1, 7, {}, {"$gt": 1}, "${vars.x}")),
        *((times, False) for times in (-1, True, False, 1.0, 0.5, "1", "", None, [], [1])),
    ],
)
def test_a_count_is_whole(times: Any, *, right: bool) -> None:
    assert (find_count_problem(times) is None) == right


@pytest.mark.parametrize(
    ("operator", "operand", "right"),
    [
        *each(["$length"], True, 0, 1, {"$gt": 1}, "${vars.x}"),
        *each(["$length"], False, -1, 2.5, True, None, "1", []),
        *each(["$in", "$unordered"], True, [], [1]),
        *each(["$in", "$unordered"], False, {}, "a", 5, None),
        *each(["$gt", "$gte", "$lt", "$lte"], True, 0, -1.5, ""),
        *each(["$gt", "$gte", "$lt", "$lte"], False, True, None, [], {}),
        *each(["$near"], True, *({"value": 5, "within": one} for one in WITHIN[:3])),
        *each(["$near"], False, *({"value": 5, "within": one} for one in WITHIN[3:])),
        *each(["$near"], True, 0, -1, DAY, {"value": DAY, "within": "1h"}),
        *each(["$near"], False, "2026", "", None, True, [], {}),
        *each(["$near"], False, {"value": "甲"}, {"value": None}, {"value": False}, {"value": [5]}),
        *each(["$exists"], True, True, False),
        *each(["$exists"], False, 0, 1, None, "true"),
        *each(["$type"], True, "text", "integer", "${vars.x}"),
        *each(["$type"], False, "Text", "", None, 5),
        *each(["$ne"], True, None, "", {"a": 1}, {}),
        *each(["$ne"], False, {"$gt": 1}, {"a": 1, "$b": 2}),
        ("$eq", {"$x": 1}, True),
        ("$each", [{"$x": 1}], False),
        ("$each", [1, 2, {"$x": 1}], False),
        ("$not", {"$exists": True}, True),
    ],
)
def test_an_operand_is_of_the_type_of_its_operator(
    operator: str, operand: Any, *, right: bool
) -> None:
    assert (list(find_expectation_problems({operator: operand})) == []) == right
