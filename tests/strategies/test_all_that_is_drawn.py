# ruff: noqa: E501 - schemas
"""All that a strategy draws: each value that it promises, and no other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bpmax_sim.strategies.values import (
    LARGEST,
    _expand_ascii_classes,
    check_value,
    values_of,
)
from tests.strategies.drawing import draw_all


def to_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


TREE = {
    "type": "object",
    "properties": {"子": {"$ref": "#/$defs/节"}},
    "additionalProperties": False,
}
PARENT = {
    "type": "object",
    "properties": {"上级": {"allOf": [{"$ref": "#/$defs/节"}, {"maxProperties": 1}]}},
    "additionalProperties": False,
}
CHAIN = {
    "type": "object",
    "properties": {"次": {"anyOf": [{"$ref": "#/$defs/节"}, {"const": 0}]}},
    "required": ["次"],
}
NEST = {"type": "array", "maxItems": 1, "items": {"$ref": "#/$defs/节"}}


def nest(name: str, depth: int, end: Any) -> Any:
    return {name: nest(name, depth - 1, end)} if depth else end


@pytest.mark.parametrize(
    ("schema", "all_values"),
    [
        ({"type": "integer", "minimum": 2, "maximum": 4}, [2, 3, 4]),
        ({"type": "integer", "exclusiveMinimum": 2, "exclusiveMaximum": 5}, [3, 4]),
        ({"type": "integer", "minimum": 2, "exclusiveMinimum": True, "maximum": 4}, [3, 4]),
        ({"type": "integer", "multipleOf": 2.5, "minimum": 0, "maximum": 15}, [0, 5, 10, 15]),
        ({"type": "integer", "multipleOf": 3, "minimum": -4, "maximum": 4}, [-3, 0, 3]),
        ({"multipleOf": 0.1, "minimum": 0.15, "maximum": 0.45}, [0.2, 0.3, 0.4]),
        ({"multipleOf": 2, "exclusiveMinimum": 0, "exclusiveMaximum": 5}, [2, 4]),
        ({"type": "integer", "minimum": LARGEST - 1}, [LARGEST - 1, LARGEST]),
        ({"type": "integer", "maximum": 1 - LARGEST}, [-LARGEST, 1 - LARGEST]),
        ({"type": "integer", "format": "int32", "minimum": 2**31 - 2}, [2**31 - 2, 2**31 - 1]),
        ({"type": "integer", "format": "int32", "maximum": 1 - 2**31}, [-(2**31), 1 - 2**31]),
        ({"type": "integer", "minimum": 1, "maximum": 3, "not": {"const": 2}}, [1, 3]),
        (
            {"type": "integer", "minimum": 1, "maximum": 9, "oneOf": [{"multipleOf": 2}, {"multipleOf": 3}]},
            [2, 3, 4, 8, 9],
        ),
        (
            {"type": "integer", "minimum": 10**9, "anyOf": [{"maximum": 10**9}, {"enum": [7, 10**12]}]},
            [10**9, 10**12],
        ),
        ({"type": "boolean", "nullable": True}, [False, True, None]),
        ({"type": ["null", "boolean"]}, [False, True, None]),
        ({"enum": ["甲", 1, None, [0]], "nullable": True}, ["甲", 1, None, [0]]),
        ({"minLength": 0, "maxLength": 0}, [""]),
        ({"maxItems": 0, "maxLength": 0}, ["", []]),
        ({"format": "int32", "multipleOf": 2**30}, [n * 2**30 for n in (-2, -1, 0, 1)]),
        ({"type": "text", "pattern": "^[甲乙]{1,2}$"}, ["甲", "乙", "甲甲", "甲乙", "乙甲", "乙乙"]),
        ({"type": "string", "pattern": r"^\d$"}, [*"0123456789"]),
        ({"type": "string", "pattern": r"^[\s]$"}, [*" \t\n\r\f\v"]),
        ({"type": "string", "pattern": r"^[^a-z\d@]\\$", "maxLength": 2, "enum": ["_\\", "1\\"]}, ["_\\"]),
        ({"items": {"enum": [1, 2]}, "minItems": 1, "maxItems": 2}, [[1], [2], [1, 1], [1, 2], [2, 1], [2, 2]]),
        ({"items": {"enum": [1, 2]}, "minItems": 2, "uniqueItems": True}, [[1, 2], [2, 1]]),
        ({"items": {"const": 1}, "minItems": 1}, [[1] * n for n in (1, 2, 3, 4)]),
        ({"items": {"const": 1}}, [[1] * n for n in range(4)]),
        (
            {"properties": {"甲": {"const": 1}, "乙": {"const": 2}}, "required": ["甲"]},
            [{"甲": 1}, {"甲": 1, "乙": 2}],
        ),
        ({"required": ["甲"], "additionalProperties": {"enum": [1, 2]}}, [{"甲": 1}, {"甲": 2}]),
        (
            {"allOf": [{"$ref": "#/$defs/甲"}, {"required": ["二"]}], "required": ["一"],
             "$defs": {"甲": {"$ref": "#/$defs/乙"}, "乙": {"properties": {"一": {"enum": [1, 2]}, "二": {"const": 3}}}}},
            [{"一": 1, "二": 3}, {"一": 2, "二": 3}],
        ),
        (
            {"$ref": "#/$defs/数", "maximum": 3, "$defs": {"数": {"type": "integer", "minimum": 2, "maximum": 5}}},
            [2, 3],
        ),
        ({"$ref": "#/$defs/节", "$defs": {"节": TREE}}, [nest("子", n, {}) for n in range(3)]),
        ({"$ref": "#/$defs/节", "$defs": {"节": PARENT}}, [nest("上级", n, {}) for n in range(3)]),
        ({"$ref": "#/$defs/节", "$defs": {"节": CHAIN}}, [nest("次", n, 0) for n in range(1, 8)]),
        ({"$ref": "#/$defs/节", "$defs": {"节": NEST}}, [[], [[]], [[[]]]]),
    ],
    ids=lambda value: to_text(value)[:40] if isinstance(value, dict) else "",
)  # fmt: skip
def test_each_value_that_a_schema_allows_is_drawn_and_no_other(
    schema: Any, all_values: list[Any]
) -> None:
    assert {*map(to_text, draw_all(values_of(schema)))} == {*map(to_text, all_values)}


def test_an_amount_is_a_multiple_as_it_is_written() -> None:
    amounts = (19.99, 0.07, 0.3, 8, 0.005, 19.999, True, "0.3", float("inf"))

    assert [check_value({"multipleOf": 0.01}, one) for one in amounts] == [
        *("", "", "", ""),
        "$ is a number, which breaks multipleOf: 0.01",
        "$ is a number, which breaks multipleOf: 0.01",
        *("", "", ""),
    ]


def test_of_errors_equally_deep_the_first_in_alphabetical_order_is_told() -> None:
    schema = {"properties": {name: {"type": "string"} for name in ("c", "a", "b")}}

    told = check_value(schema, {"c": 1, "b": None, "a": [2]})
    assert told == '$.a is an array, which breaks type: "string"'


def test_classes_of_a_pattern_are_those_of_javascript() -> None:
    pattern = _expand_ascii_classes(r"\w[^\w甲]\[\d]\s[\s\d]\\d")

    assert pattern == r"[A-Za-z0-9_][^A-Za-z0-9_甲]\[[0-9]][ \t\n\r\f\v][ \t\n\r\f\v0-9]\\d"
