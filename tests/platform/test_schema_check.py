"""What a platform file declares of a value, and what does not fit."""

from __future__ import annotations

from decimal import Decimal
from math import inf, nan
from typing import Any

import pytest

from bpmax_sim.platform.schema_check import (
    describe_unknown_choice,
    describe_violated_limit,
    describe_wrong_type,
    find_misfits,
)


def test_misfits_come_in_the_order_of_the_declaration() -> None:
    names = ["单号", "客户", "金额", "状态", "备注", "电话"]
    schema = {"type": "object", "properties": {name: {"type": "integer"} for name in names}}

    found = find_misfits(dict.fromkeys(reversed(names), "无"), schema)

    assert [path for path, _ in found] == [(name,) for name in names]


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        (3, True),
        (3.0, True),
        (Decimal(3), True),
        (0, True),
        (-1, True),
        (10**400, True),
        (3.5, False),
        (Decimal("0.5"), False),
        (inf, False),
        (nan, False),
        (True, False),
        ("3", False),
        ([], False),
    ],
)
def test_a_whole_number_is_one(value: Any, fits: bool) -> None:
    assert (describe_wrong_type(value, "integer") == "") is fits


SLOPPY: tuple[Any, ...] = ([], None, "", 1, True, {}, {"integer": 1}, ["string"])


@pytest.mark.parametrize(
    ("value", "declared", "message"),
    [
        ("", "string", ""),
        (0, "string", "string is declared, got 0"),
        (0.5, "number", ""),
        (Decimal("0.5"), "number", ""),
        (False, "number", "number is declared, got false"),
        ("1", "number", "number is declared, got '1'"),
        (False, "boolean", ""),
        (0, "boolean", "boolean is declared, got 0"),
        ({}, "object", ""),
        ([], "object", "object is declared, got []"),
        ((), "array", ""),
        ({}, "array", "array is declared, got {}"),
        ("甲", ["integer", "boolean"], "integer / boolean is declared, got '甲'"),
        (True, ["integer", "boolean"], ""),
        (2, ["string", "array", "integer"], ""),
        ("甲", ["integer", "null"], "integer is declared, got '甲'"),
        ("甲", ["null", "integer"], "integer is declared, got '甲'"),
        ("甲", ["integer", "money"], ""),
        ("甲", "money", ""),
        ("甲", "null", ""),
        *(("甲", sloppy, "") for sloppy in SLOPPY),
        *(("甲", ["integer", sloppy], "") for sloppy in SLOPPY),
        ("甲", ("integer", "null"), "integer is declared, got '甲'"),
    ],
)
def test_a_type_is_one_of_those_that_are_declared(value: Any, declared: Any, message: str) -> None:
    assert describe_wrong_type(value, declared) == message


LIMITS: list[tuple[dict[str, Any], list[Any], list[Any]]] = [
    ({"minimum": 3}, [3, 4, "2", True, None, Decimal(3)], [2, 2.9, Decimal("2.9"), -3]),
    ({"maximum": 3}, [3, 2, "4", -4, Decimal(3)], [4, 3.1]),
    ({"minimum": 0}, [0, 1, 0.0], [-1, -0.01]),
    ({"maximum": 0}, [0, -1], [1, 0.01]),
    ({"maximum": -2}, [-2, -3], [-1, 0]),
    ({"exclusiveMinimum": 0}, [1, 0.01], [0, -1]),
    ({"exclusiveMaximum": 3}, [2, 2.9], [3, 4]),
    ({"minimum": 3, "exclusiveMinimum": True}, [3], [2]),
    ({"minimum": False}, [-1], []),
    ({"minimum": "3"}, [2], []),
    ({"minimum": None}, [-1], []),
    ({"minLength": 2}, ["张三", "张三丰", 1, [], None], ["张", ""]),
    ({"maxLength": 2}, ["张三", "", 100], ["张三丰"]),
    ({"maxLength": 0}, [""], ["张"]),
    ({"maxLength": True}, ["张三"], []),
    ({"pattern": "^HT"}, ["HT-1", 1], ["ht-1", "-HT", ""]),
    ({"pattern": "T-[0-9]"}, ["HT-1"], ["HT-"]),
    ({"pattern": ""}, ["", "甲"], []),
    ({"pattern": "(?<年>\\d)("}, ["甲"], []),
    ({"pattern": 7}, ["甲"], []),
    (
        {"format": "date"},
        ["2026-01-01", "2026-12-31", "2026-10-30", "2026-09-09", 20260101],
        ["2026-13-01", "2026-00-01", "2026-01-32", "2026-01-00", "2026-1-1", "2026-01-01T", ""],
    ),
    (
        {"format": "date-time"},
        [
            "2026-03-02T09:00:00Z", "2026-03-02 09:00:00", "2026-03-02t23:59:60.123+08:00",
            "2026-03-02T09:00:00z", "2026-03-02T09:00:00-0800",
        ],
        ["2026-03-02", "2026-03-02T09:00", "2026-03-02T39:00:00", "2026-03-02T09:60:00"],
    ),
    (
        {"format": "time"},
        ["00:00:00", "19:00:00", "20:00:00", "23:59:59.9Z", "23:59:60Z", "09:00:00+08:00"],
        ["9:00:00", "09:00", "09:00:70", "09:00:00.", "24:00:00", "29:00:00Z", "09:00:61"],
    ),
    ({"format": "email"}, ["a@b", "张三@公司.中国"], ["a", "a@", "@b", "a@b@c", "a b@c", " a@b"]),
    (
        {"format": "uuid"},
        ["01234567-89ab-cdef-ABCD-0123456789ab"],
        ["01234567-89ab-cdef-0123456789ab", "01234567-89ab-cdef-0123-0123456789ag", "{0}"],
    ),
    ({"format": "uri"}, ["https://crm.example.com", "urn:a", "a+b-c.d:e"], ["crm", "1a:b", "a: "]),
    ({"format": "int32"}, ["甲", 1], []),
    ({"format": ""}, ["甲"], []),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "fitting", "wrong"), LIMITS)
def test_a_limit_is_held_at_its_boundary(
    schema: dict[str, Any], fitting: list[Any], wrong: list[Any]
) -> None:
    assert [value for value in fitting if describe_violated_limit(value, schema)] == []
    assert [value for value in wrong if not describe_violated_limit(value, schema)] == []


def test_the_first_limit_that_is_violated_is_named() -> None:
    schema = {"pattern": "^HT", "maxLength": 2, "minLength": 9}

    assert describe_violated_limit("订单号", schema) == "minLength: 9 is declared, got '订单号'"


@pytest.mark.parametrize(
    ("value", "declared", "message"),
    [
        ("草稿", ["草稿", "生效"], ""),
        ("生效", ("草稿", "生效"), ""),
        ("作废", ["草稿", "生效"], "草稿, 生效 are declared, got '作废'"),
        ("activ", ["active", "closed"],
            "active, closed are declared, got 'activ'; did you mean 'active'?"),
        ("Active", ["active"], "active are declared, got 'Active'; did you mean 'active'?"),
        (0, [0, 1], ""),
        (3, [0, 1], "0, 1 are declared, got 3"),
        ("", ["草稿"], "草稿 are declared, got ''"),
        (["草稿"], ["草稿"], ""),
        ({"a": 1}, ["草稿"], ""),
        ("作废", [], ""),
        ("作废", None, ""),
        ("作废", "草稿", ""),
    ],
)  # fmt: skip
def test_a_value_is_one_of_an_enumeration(value: Any, declared: Any, message: str) -> None:
    assert describe_unknown_choice(value, declared) == message


ORDER = {
    "type": "object",
    "properties": {
        "单号": {"type": "string", "pattern": "^HT"},
        "状态": {"enum": ["草稿", "生效"]},
        "金额": {"type": "number", "minimum": 0},
        "明细": {"type": "array", "items": {"properties": {"数量": {"type": "integer"}}}},
        "客户": {"$ref": "#/客户"},
        "备注": True,
    },
}


@pytest.mark.parametrize(
    ("value", "schema", "found"),
    [
        ({"单号": "HT-1", "状态": "草稿", "金额": 0, "明细": []}, ORDER, []),
        ({}, ORDER, []),
        (None, ORDER, []),
        ([], ORDER, [((), "object is declared, got []")]),
        ({"单号": None, "状态": None, "明细": [None, {"数量": None}]}, ORDER, []),
        (
            {"金额": -1, "单号": "1"},
            ORDER,
            [(("单号",), "pattern: ^HT is declared, got '1'"),
             (("金额",), "minimum: 0 is declared, got -1")],
        ),
        ({"单号": 1}, ORDER, [(("单号",), "string is declared, got 1")]),
        ({"备注": 1, "客户": 1, "其它": 1}, ORDER, []),
        (
            {"明细": [{"数量": 1}, {"数量": 1.5}, {"数量": "2"}]},
            ORDER,
            [(("明细", 1, "数量"), "integer is declared, got 1.5"),
             (("明细", 2, "数量"), "integer is declared, got '2'")],
        ),
        ({"明细": {"数量": "2"}}, ORDER, [(("明细",), "array is declared, got {'数量': '2'}")]),
        ("x", {"type": "string", "enum": ["y"], "minLength": 2},
            [((), "y are declared, got 'x'")]),
        *(
            ("x", {"type": "integer", word: []}, [])
            for word in ("$ref", "anyOf", "oneOf", "allOf", "not", "if")
        ),
        ([1, "x"], {"items": False}, []),
        ({"a": 1}, {"properties": []}, []),
    ],
)  # fmt: skip
def test_each_part_that_does_not_fit_is_found(
    value: Any, schema: dict[str, Any], found: list[Any]
) -> None:
    assert list(find_misfits(value, schema)) == found
