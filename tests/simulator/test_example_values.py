"""Example values for schemas and parameters, and values that requests carry, in their types."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from bpmax_sim.platform.model import Parameter
from bpmax_sim.simulator.engine import (
    convert_to_declared_type,
    make_example_value,
    sample_schema,
)

NESTED: dict[str, Any] = {
    "type": "object",
    "properties": {"下": {"type": "object", "properties": {"名": {"type": "string"}}}},
}

SAMPLES: list[tuple[dict[str, Any], Any]] = [
    # What a schema says itself: example, const, default, first choice, in this order.
    ({"example": 1, "const": 2, "default": 3, "enum": [4, 5]}, 1),
    ({"const": 2, "default": 3, "enum": [4, 5]}, 2),
    ({"default": 3, "enum": [4, 5]}, 3),
    ({"enum": [4, 5], "type": "string"}, 4),
    ({"example": None, "default": 3}, None),
    ({"const": False, "enum": [True]}, False),
    ({"enum": [], "type": "boolean"}, True),
    ({"enum": "开", "type": "boolean"}, True),
    # By type.
    ({"type": "string"}, "客户"),
    ({"type": "integer"}, 1),
    ({"type": "number"}, 1.5),
    ({"type": "boolean"}, True),
    ({"type": "array"}, []),
    ({"type": "object"}, {}),
    ({"type": "null"}, None),
    ({"type": ["null", "integer", "string"]}, 1),
    ({"type": ["null"]}, None),
    ({}, None),
    ({"items": {"type": "integer"}}, None),
    ({"properties": {"名": {"type": "string"}, "数": {"type": "integer"}}}, {"名": "名", "数": 1}),
    ({"type": "string", "properties": {"名": {}}}, "客户"),
    ({"type": "object", "properties": {"名": "文"}}, {"名": None}),
    ({"type": "object", "properties": ["名"]}, {}),
    # Texts.
    ({"type": "string", "format": "date"}, "2026-01-01"),
    ({"type": "string", "format": "date-time"}, "2026-01-01T09:00:00+08:00"),
    ({"type": "string", "format": "email"}, "zhangsan@example.test"),
    ({"type": "string", "format": "phone"}, "13800138000"),
    ({"type": "string", "format": "uri"}, "https://example.test/"),
    ({"type": "string", "format": "uuid"}, "00000000-0000-4000-8000-000000000000"),
    ({"type": "string", "format": "colour"}, "客户"),
    ({"type": "integer", "format": "date"}, 1),
    ({"type": "string", "minLength": 2}, "客户"),
    ({"type": "string", "minLength": 3}, "客户客"),
    ({"type": "string", "minLength": 5, "maxLength": 5}, "客户客户客"),
    ({"type": "string", "maxLength": 2}, "客户"),
    ({"type": "string", "maxLength": 1}, "客"),
    ({"type": "string", "maxLength": 0}, ""),
    # Lists.
    ({"type": "array", "items": {"type": "integer"}}, [1]),
    ({"type": "array", "items": {"type": "string"}}, ["客户"]),
    ({"type": "array", "items": {"type": "integer"}, "minItems": 0}, [1]),
    ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
    ({"type": "array", "items": {"type": "integer"}, "minItems": 3, "maxItems": 2}, [1, 1]),
    ({"type": "array", "items": {"type": "integer"}, "maxItems": 2}, [1]),
    ({"type": "array", "items": {"type": "integer"}, "maxItems": 0}, []),
    ({"type": "array", "minItems": 2}, []),
    # Numbers.
    ({"type": "integer", "minimum": 5}, 5),
    ({"type": "integer", "minimum": 1, "maximum": 9}, 1),
    ({"type": "integer", "minimum": 2.5}, 3),
    ({"type": "integer", "maximum": -1}, -1),
    ({"type": "integer", "maximum": -1.5}, -2),
    ({"type": "integer", "minimum": 5, "exclusiveMinimum": True}, 6),
    ({"type": "integer", "exclusiveMinimum": 5}, 6),
    ({"type": "integer", "exclusiveMinimum": 5.5}, 6),
    ({"type": "integer", "exclusiveMinimum": False, "minimum": 5}, 5),
    ({"type": "integer", "maximum": 0, "exclusiveMaximum": True}, -1),
    ({"type": "integer", "exclusiveMaximum": 0}, -1),
    ({"type": "integer", "exclusiveMaximum": -0.5}, -1),
    ({"type": "integer", "exclusiveMaximum": False, "maximum": 0}, 0),
    ({"type": "number", "minimum": 2}, 2),
    ({"type": "number", "maximum": 1}, 1),
    ({"type": "number", "minimum": 1, "maximum": 2}, 1.5),
    ({"type": "number", "exclusiveMinimum": 2}, 3),
    ({"type": "number", "exclusiveMaximum": 1}, 0),
    ({"type": "number", "exclusiveMinimum": 2, "exclusiveMaximum": 3}, 2.5),
    ({"type": "number", "minimum": 2, "exclusiveMaximum": 2.5}, 2.25),
    ({"type": "number", "exclusiveMinimum": 2, "maximum": 2.5}, 2.25),
    ({"type": "integer", "multipleOf": 4}, 4),
    ({"type": "integer", "multipleOf": 4, "maximum": 3}, 0),
    ({"type": "integer", "multipleOf": 4, "minimum": 1, "maximum": 3}, 1),
    ({"type": "integer", "multipleOf": 4, "exclusiveMaximum": 4}, 0),
    ({"type": "integer", "multipleOf": 4, "maximum": 4}, 4),
    ({"type": "integer", "minimum": 5, "multipleOf": 4}, 8),
    ({"type": "integer", "minimum": 8, "exclusiveMinimum": True, "multipleOf": 4}, 12),
    ({"type": "integer", "multipleOf": 2.5}, 5),
    ({"type": "integer", "multipleOf": 4, "exclusiveMinimum": 4, "maximum": 7}, 5),
    ({"type": "number", "multipleOf": 0.4}, 1.6),
    ({"type": "number", "multipleOf": 0.4, "maximum": 1.5}, 1.2),
    ({"type": "number", "multipleOf": 0.1}, 1.5),
    ({"type": "number", "multipleOf": 2}, 2),
    ({"type": "integer", "multipleOf": 0, "minimum": 3}, 3),
    ({"type": "integer", "minimum": "5"}, 1),
    # Parts of a schema.
    ({"allOf": [{"properties": {"甲": {"type": "integer"}}}, {"properties": {"乙": {"const": 2}}}]},
     {"甲": 1, "乙": 2}),
    ({"properties": {"甲": {"const": 1}, "丙": {"const": 3}},
      "allOf": [{"properties": {"甲": {"const": 2}}}]}, {"甲": 2, "丙": 3}),
    ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, 1),
    ({"anyOf": [{"type": "boolean"}, {"type": "string"}]}, True),
    ({"oneOf": [{"properties": {"甲": {"const": 1}}}, {"properties": {"乙": {"const": 1}}}],
      "anyOf": [{"properties": {"丙": {"const": 1}}}]}, {"甲": 1, "丙": 1}),
    ({"allOf": [{"type": "integer"}, {"type": "string"}]}, "客户"),
    ({"allOf": [{"type": "integer"}, {}]}, 1),
    ({"allOf": [{"type": "integer"}, {"const": 0}]}, 0),
    ({"type": "integer", "oneOf": [{}]}, 1),
    ({"allOf": [{}]}, None),
    ({"type": "integer", "allOf": "甲", "oneOf": [7]}, 1),
]  # fmt: skip


def test_a_sample_fits_its_schema() -> None:
    samples = [(schema, sample_schema(schema, "客户")) for schema, _ in SAMPLES]
    assert [*map(repr, samples)] == [*map(repr, SAMPLES)]  # 1 is neither true nor 1.0


def test_a_sample_has_an_end() -> None:
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(3):
        deep = {"type": "object", "properties": {"下": deep}}
    listed = {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}
    either = {"type": "integer", "oneOf": [{"oneOf": [{"type": "string"}]}]}

    assert [sample_schema(deep, levels=levels) for levels in range(4)] == [
        {},
        {"下": {}},
        {"下": {"下": {}}},
        {"下": {"下": {"下": "下"}}},
    ]
    assert [sample_schema(listed, levels=levels) for levels in range(3)] == [[], [[]], [[1]]]
    assert [sample_schema(either, "名", levels=levels) for levels in range(3)] == [1, 1, "名"]
    long = [
        {"type": "string", "minLength": 5000},
        {"type": "string", "maxLength": 5000, "minLength": 999},
        {"type": "array", "items": {}, "minItems": 5000},
    ]
    assert [len(sample_schema(schema, "名")) for schema in long] == [1000, 999, 1000]
    assert sample_schema({"type": "string", "minLength": 3}) == "xxx"
    texts = ({"type": "string"}, {"type": "string", "maxLength": 1200})
    assert [len(sample_schema(schema, "名" * 1500)) for schema in texts] == [1000, 1000]
    assert sample_schema(NESTED) == {"下": {"名": "名"}}


def test_an_example_is_of_the_type_and_choice_of_its_parameter() -> None:
    examples: list[tuple[dict[str, Any], Any]] = [
        ({}, "客户"),
        ({"title": "客户编号"}, "客户编号"),
        ({"type": "integer"}, 1),
        ({"type": "date"}, "客户"),
        ({"type": "string", "format": "date"}, "2026-01-01"),
        ({"format": "date"}, "2026-01-01"),
        ({"format": "date", "schema": {"format": "email"}}, "2026-01-01"),
        ({"schema": {"format": "email"}}, "zhangsan@example.test"),
        ({"schema": {"type": "integer", "minimum": 7}}, 7),
        ({"type": "string", "schema": {"type": "integer"}}, "客户"),
        ({"schema": {"properties": {"甲": {"const": 1}}}}, {"甲": 1}),
        ({"schema": {"allOf": [{"type": "integer"}]}}, 1),
        ({"schema": {"oneOf": [{"type": "integer"}]}}, 1),
        ({"schema": {"anyOf": [{"type": "integer"}]}}, 1),
        ({"enum": ("开", "关")}, "开"),
        ({"enum": ("开", "关"), "default": "关"}, "开"),
        ({"enum": ("开", "关"), "schema": {"enum": ["停"]}}, "开"),
        ({"schema": {"enum": ["停"]}, "default": "关"}, "停"),
        ({"default": "关"}, "关"),
        ({"default": ""}, ""),
        ({"default": "关", "schema": {"default": "停"}}, "关"),
        ({"default": "关", "schema": {"example": "停"}}, "停"),
        ({"type": "array", "enum": (1, 2)}, [1]),
        ({"type": "array", "enum": (1, 2), "default": [2]}, [1]),
        ({"type": "array"}, []),
        ({"type": "array", "default": [2]}, [2]),
        ({"type": "array", "schema": {"items": {"type": "integer"}}}, [1]),
    ]
    made = [
        (more, make_example_value(Parameter(name="客户", place="query", **more)))
        for more, _ in examples
    ]
    assert [*map(repr, made)] == [*map(repr, examples)]


def test_a_value_is_of_its_type_or_does_not_fit() -> None:
    values: dict[str, list[tuple[Any, Any]]] = {
        "integer": [
            ("7", 7), ("+7", 7), ("-7", -7), ("007", 7), ("7.0", UNSET), ("", UNSET),
            ("1_000", UNSET), (" 7", UNSET), ("7\n", UNSET), ("７", UNSET), ("9" * 400, UNSET),
            (7, 7), (True, UNSET), (7.0, UNSET), (None, UNSET), ([7], UNSET),
        ],
        "number": [
            ("7", 7.0), ("7.", 7.0), (".5", 0.5), ("-0.5", -0.5), ("+1.5e3", 1500.0), ("2E-1", 0.2),
            ("e5", UNSET), (".", UNSET), ("1e999", UNSET), ("nan", UNSET), ("inf", UNSET),
            ("1_0", UNSET), ("", UNSET), (7, 7), (7.5, 7.5), (False, UNSET), (None, UNSET),
        ],
        "boolean": [
            ("true", True), ("false", False), ("True", UNSET), ("1", UNSET), ("", UNSET),
            (True, True), (False, False), (1, UNSET), (0, UNSET), (None, UNSET),
        ],
        "string": [("", ""), ("7", "7"), (7, UNSET), (None, UNSET), (["7"], UNSET)],
        "array": [([], []), ([1], [1]), ("[1]", UNSET), ({}, UNSET), (None, UNSET)],
        "object": [({}, {}), ({"a": 1}, {"a": 1}), ("{}", UNSET), ([], UNSET), (None, UNSET)],
        "": [("7", "7"), (7, 7), (None, None), ([1], [1])],
        "date": [("7", "7"), (7, 7)],
    }  # fmt: skip
    for kind, pairs in values.items():
        parameter = Parameter(name="x", place="query", type=kind)
        read = [(value, convert_to_declared_type(value, parameter)) for value, _ in pairs]
        assert [*map(repr, read)] == [*map(repr, pairs)]
