"""Typed models from nodes, with every problem at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType, defstruct, field

from bpmax_sim.errors import Problem
from bpmax_sim.yamlfile import (
    INTERNAL,
    Seconds,
    attach_description,
    decode,
    make_json_schema,
    read_yaml,
)
from tests.examples import drawn


class Line(Struct, frozen=True, kw_only=True):
    """A line of an order."""

    sku: str
    qty: Annotated[int, Meta(ge=1, le=9)] = 1
    place: Literal["header", "query"] = field(default="query", name="in")


class Order(Struct, frozen=True, kw_only=True):
    """An order.

    With a second paragraph.
    """

    number: str
    key: Annotated[str, INTERNAL] = ""
    customer: str | None = None
    paid: bool = False
    amount: float = 0
    timeout: Seconds = 30
    wait: Seconds | UnsetType = UNSET
    version: Literal[1] = 1
    tags: tuple[str, ...] = ()
    any_of: tuple[Any, ...] = field(default=(), name="in")
    lines: tuple[Line, ...] = ()
    value: str | int | float | bool = ""
    target: str | Line = ""
    extra: Any = UNSET
    by_name: Mapping[str, Line] = {}
    parts: tuple[Order, ...] = ()


def read(text: str) -> tuple[Order | None, list[str]]:
    problems: list[Problem] = []
    value = decode(read_yaml(text, file="订单.yaml"), Order, problems)
    return value, [str(problem) for problem in problems]


def test_a_whole_model_is_read() -> None:
    value, problems = read(
        """
number: '007'
customer: ~
paid: true
amount: 12
timeout: 1m30s
wait: 250ms
tags: 冒烟
in: 40014
lines: {sku: A}
value: 0.5
target: {sku: B, in: header, qty: 2}
extra: {x: [1, on]}
by_name: {甲: {sku: C}}
parts: [{number: "1", parts: {number: "2"}}]
"""
    )
    assert problems == []
    assert value == Order(
        number="007",
        paid=True,
        amount=12,
        timeout=90.0,
        wait=0.25,
        tags=("冒烟",),
        any_of=(40014,),
        lines=(Line(sku="A"),),
        value=0.5,
        target=Line(sku="B", place="header", qty=2),
        extra={"x": [1, "on"]},
        by_name={"甲": Line(sku="C")},
        parts=(Order(number="1", parts=(Order(number="2"),)),),
    )


def test_everything_that_is_wrong_is_told_at_once_and_the_rest_is_kept() -> None:
    value, problems = read(
        """
number: "1"
key: x
custmer: 张三
paid: yes
amount: "12"
timeout: fast
version: 2
tags: [a, 1]
lines:
  - {sku: A, qty: 0}
  - {qty: 1}
  - {sku: B, in: haeder}
  - 5
value: [1]
target: ~
by_name: {"a.b": {sku: 1, 其他: 2}}
"""
    )
    assert problems == [
        "订单.yaml:3:1: key: unknown key 'key'",
        "订单.yaml:4:1: custmer: unknown key 'custmer'; did you mean 'customer'?",
        "订单.yaml:5:7: paid: expected true or false, got text",
        "订单.yaml:6:9: amount: expected a number, got text",
        "订单.yaml:7:10: timeout: expected a duration such as 30s, got 'fast'",
        "订单.yaml:8:10: version: expected 1, got 2",
        "订单.yaml:9:11: tags[1]: expected text, got a number; quote it",
        "订单.yaml:11:19: lines[0].qty: expected a whole number of at least 1 and at most 9, got 0",
        "订单.yaml:12:5: lines[1]: the key 'sku' is missing; add it",
        (
            "订单.yaml:13:18: lines[2].in: expected one of 'header', 'query', got 'haeder'; "
            "did you mean 'header'?"
        ),
        "订单.yaml:14:5: lines[3]: expected a mapping, got a number",
        "订单.yaml:15:8: value: expected text, a number or true or false, got a list",
        (
            "订单.yaml:16:9: target: expected text or a mapping, got nothing; "
            "give a value or remove the key"
        ),
        '订单.yaml:17:24: by_name["a.b"].sku: expected text, got a number; quote it',
        "订单.yaml:17:27: by_name[\"a.b\"].其他: unknown key '其他'; known are sku, qty, in",
    ]
    assert value is not None
    assert value.tags == ("a",)
    assert value.lines == (Line(sku="A"), Line(sku="B"))
    assert value.timeout == 30


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "订单.yaml:1:1: expected a mapping, got nothing; give a value or remove the key"),
        ("[]", "订单.yaml:1:1: expected a mapping, got a list"),
        ("paid: true", "订单.yaml:1:1: the key 'number' is missing; add it"),
        ("number: 1", "订单.yaml:1:9: number: expected text, got a number; quote it"),
        ("number: true", "订单.yaml:1:9: number: expected text, got true or false; quote it"),
        ("number: 1.5", "订单.yaml:1:9: number: expected text, got a number; quote it"),
        ("{number: a, timeout: -1}",
         "订单.yaml:1:22: timeout: expected a duration such as 30s, got -1"),
        ("{number: a, timeout: true}",
         "订单.yaml:1:22: timeout: expected a duration such as 30s, got true or false"),
        ("{number: a, tags: ~}",
         "订单.yaml:1:19: tags: expected a list, got nothing; give a value or remove the key"),
        ("{number: a, tags: {a: b}}",
         "订单.yaml:1:19: tags: expected a list or text, got a mapping"),
        ("{number: a, version: x}", "订单.yaml:1:22: version: expected 1, got text"),
        ("{number: a, by_name: []}", "订单.yaml:1:22: by_name: expected a mapping, got a list"),
    ],
)  # fmt: skip
def test_one_problem_is_told_with_its_place_and_path(text: str, told: str) -> None:
    assert read(text)[1] == [told]


def test_a_value_without_a_required_field_cannot_be_made() -> None:
    assert read("paid: true")[0] is None
    assert read("number: 1")[0] is None


def test_no_message_shows_a_text_of_the_wrong_kind() -> None:
    _, problems = read("{number: [hunter2], paid: hunter2, amount: hunter2, lines: hunter2}")
    assert len(problems) == 4
    assert not any("hunter2" in problem for problem in problems)


def test_a_type_that_no_file_can_hold_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^a file cannot hold SetType\("):
        decode(read_yaml(""), set[str], [])


def test_the_schema_describes_what_is_read() -> None:
    schema = make_json_schema(Order, title="订单")
    jsonschema.Draft7Validator.check_schema(schema)
    assert schema["description"] == "An order."
    assert schema["required"] == ["number"]
    assert "key" not in schema["properties"]
    assert schema["properties"]["tags"] == {
        "anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]
    }
    assert schema["definitions"]["Line"]["properties"]["qty"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 9,
    }


def test_hover_texts_stand_at_their_keys_and_never_beside_a_reference() -> None:
    texts = {
        "Order": {"_": ("An order", "订单"), "number": ("Its number", "订单号")},
        "Line": {"qty": ("How many", "数量")},
    }
    schema = make_json_schema(Order, title="订单", hover=texts)

    assert schema["description"] == "An order\n\n订单"
    assert schema["properties"]["number"]["description"] == "Its number\n\n订单号"
    assert schema["definitions"]["Line"]["properties"]["qty"]["description"] == "How many\n\n数量"
    assert attach_description({"$ref": "#/definitions/Line"}, "一行") == {
        "description": "一行",
        "allOf": [{"$ref": "#/definitions/Line"}],
    }


_SCHEMA = jsonschema.Draft7Validator(make_json_schema(Order, title="订单"))
_leaves = st.none() | st.booleans() | st.integers(-3, 120) | st.sampled_from(
    ["", "30s", "header", "x", "1m30s"]
)  # fmt: skip
_lines = st.fixed_dictionaries(
    {}, optional={"sku": _leaves, "qty": _leaves, "in": _leaves, "other": _leaves}
)
_field = _leaves | _lines | st.lists(_leaves | _lines, max_size=2)
_NAMES = "customer paid amount timeout wait version tags in lines value target extra key"
_orders = st.fixed_dictionaries(
    {"number": _leaves},
    optional={
        **dict.fromkeys(_NAMES.split(), _field),
        "by_name": st.dictionaries(st.sampled_from("甲乙"), _lines, max_size=2),
    },
)


@settings(max_examples=drawn(100))
@given(_orders)
def test_the_schema_accepts_exactly_what_is_read_without_a_problem(order: dict[str, Any]) -> None:
    _, problems = read(json.dumps(order))
    assert _SCHEMA.is_valid(order) == (not problems)


@pytest.mark.parametrize("count", [1, 12, 13])
def test_up_to_twelve_keys_are_listed_where_none_is_near(count: int) -> None:
    names = [f"键{n}" for n in range(count)]
    kind = defstruct("Many", [(name, str, "") for name in names])
    problems: list[Problem] = []
    decode(read_yaml("unknown: 1", file="a.yaml"), kind, problems)

    known = f"; known are {', '.join(names)}" if count <= 12 else ""
    assert [one.message for one in problems] == [f"unknown key 'unknown'{known}"]
