from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.js_values import UNDEFINED, BigInt, FarDate, JsMap, JsSet, Opaque, to_scenario_value
from bpmax_sim.scenario.expect import (
    OPERATORS,
    Comparison,
    compare,
    expectation_problems,
    failing_checks,
    fulfils,
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
    ],
)
def test_an_expectation_holds(expected: Any, actual: Any) -> None:
    assert list(expectation_problems(expected)) == []
    assert failing_checks(compare(expected, actual)) == ()


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
    ],
)
def test_what_does_not_hold_says_where_expected_and_got(
    expected: Any, actual: Any, message: str
) -> None:
    assert str(failing_checks(compare(expected, actual))[0]).startswith(message)


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
    found = list(expectation_problems(expected))

    assert [place for place, _ in found] == [path]
    assert found[0][1].startswith(message)


def test_the_operand_of_eq_is_taken_literally() -> None:
    assert list(expectation_problems({"$eq": {"$whatever": 1}})) == []


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
        (JsSet((1, "a")), [1, "a"]),
        (b"\x00\xff", "AP8="),
        (FarDate(None), "Invalid Date"),
        (Opaque("function"), "[function]"),
        (UNDEFINED, None),
        ({"a": UNDEFINED, "b": [1.0]}, {"b": [1]}),
    ],
)
def test_what_a_script_hands_out_becomes_what_a_file_can_spell(value: Any, expected: Any) -> None:
    assert to_scenario_value(value) == expected


def test_a_missing_value_prints_as_absent() -> None:
    (check,) = compare({"名": "张三"}, {})

    assert (check.ok, check.actual) == (False, "(absent)")
