"""What is drawn from a JSON Schema fits it, and spans what it allows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample, Unsatisfiable
from jsonschema import Draft202012Validator

from bpmax_sim.errors import ConfigError
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.model import Parameter
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.strategies import parameter_values
from bpmax_sim.strategies.programs import valid_calls
from bpmax_sim.strategies.values import (
    FORMATS,
    check_value,
    convert_openapi_schema,
    values_of,
)
from tests.examples import drawn

NODE = {
    "type": "object",
    "properties": {"名称": {"type": "string"}, "下级": {"$ref": "#/$defs/部门"}},
    "required": ["名称"],
    "additionalProperties": False,
}
SCHEMAS: dict[str, dict[str, Any]] = {
    "anything": {},
    "constant": {"const": "合同"},
    "enum": {"enum": ["草稿", 1, None, [True]]},
    "lengths": {"type": "string", "minLength": 3, "maxLength": 5},
    "pattern": {"type": "string", "pattern": r"^HT-\d{4}$"},
    "pattern of classes": {"type": "string", "pattern": r"^[甲\d-]\w\d\[\s\S$"},
    "pattern inside": {"type": "string", "pattern": "甲|乙", "maxLength": 9},
    "integer": {"type": "integer", "minimum": 3, "exclusiveMaximum": 9, "multipleOf": 2},
    "OpenAPI 3.0 bound": {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 1},
    "money": {"type": "number", "multipleOf": 0.5, "minimum": 100},
    "int32": {"format": "int32"},
    "float": {"type": "number", "format": "float"},
    "nullable": {"type": "string", "nullable": True, "enum": ["甲"]},
    "types": {"type": ["boolean", "null"]},
    "array": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "uniqueItems": True},
    "object": {"properties": {"a": {"type": "boolean"}}, "required": ["a", "b"]},
    "map": {"type": "object", "additionalProperties": {"type": "integer"}},
    "recursive": {"$ref": "#/$defs/部门", "$defs": {"部门": NODE}},
    "recursive list": {
        "anyOf": [{"type": "null"}, {"type": "array", "items": {"$ref": "#"}}],
    },
    "one of": {"type": "integer", "oneOf": [{"multipleOf": 3}, {"multipleOf": 5}]},
    "all of": {"allOf": [{"type": "string", "minLength": 2}, {"maxLength": 3}, {"minLength": 1}]},
    "not": {"type": "string", "not": {"maxLength": 2}},
    "hinted": {"minLength": 1},
    "format with a length": {"type": "string", "format": "email", "maxLength": 40},
}  # fmt: skip


def test_an_exclusive_limit_of_openapi_3_0_is_the_limit_itself() -> None:
    old = {"minimum": 0, "exclusiveMinimum": True, "maximum": 9, "exclusiveMaximum": False}

    assert convert_openapi_schema(old) == {"exclusiveMinimum": 0, "maximum": 9}


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_is_drawn_fits_the_schema(name: str) -> None:
    schema = SCHEMAS[name]
    validator = Draft202012Validator(convert_openapi_schema(schema))

    @given(values_of(schema))
    def fits(value: Any) -> None:
        assert validator.is_valid(value)
        assert check_value(schema, value) == ""
        json.dumps(value, allow_nan=False)

    fits()


MISSING = (
    "there is no '#/components/schemas/Order' in it; write the schema out, or put what it names "
    "below $defs"
)
SHAPES = {
    "byte": r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
    "date": r"\d{4}-\d\d-\d\d",
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?[+-]\d\d:\d\d",
    "duration": r"P\dDT\dH\d\d?M",
    "email": r"[^@\s]+@[^@\s]+",
    "hostname": r"[a-z0-9-]+(\.[a-z0-9-]+)*\.test",
    "id-card": r"[1-6]\d{5}(19|20)\d{6}\d{3}[\dX]",
    "ipv4": r"\d+\.\d+\.\d+\.\d+",
    "ipv6": r"[0-9a-f:.]+",
    "phone": r"1[3-9]\d{9}",
    "time": r"\d\d:\d\d:\d\d(\.\d{6})?\+08:00",
    "uri": r"https://[a-z0-9.-]+\.test(/[!-~]*|\?[!-~]*)?",
    "uuid": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_format_has_its_shape(name: str) -> None:
    shape = re.compile(SHAPES.get(name, r"[\s\S]*"), re.ASCII)

    @settings(max_examples=20)
    @given(values_of({"type": "string", "format": name}))
    def fits(value: Any) -> None:
        assert shape.fullmatch(value)

    fits()


@pytest.mark.parametrize(
    ("schema", "wanted"),
    [
        ({"type": "integer", "minimum": 3, "maximum": 7}, 7),
        ({"type": "integer", "exclusiveMinimum": 3, "maximum": 7}, 4),
        ({"type": "array", "items": {"type": "boolean"}, "maxItems": 2}, [True, True]),
        ({"type": "object", "properties": {"甲": {"type": "null"}}}, {"甲": None}),
        ({"type": "object", "properties": {"甲": {"type": "null"}}}, {}),
        ({"type": "string"}, "../.."),
    ],
    ids=["last", "first", "full", "with", "without", "hostile"],
)
def test_the_borders_are_reached(schema: dict[str, Any], wanted: Any) -> None:
    options = settings(max_examples=5000, database=None, derandomize=True)

    assert find(values_of(schema), lambda value: value == wanted, settings=options) == wanted


@pytest.mark.parametrize("zone", ["-12:00", "-03:30", "+05:45", "+14:00"])
def test_times_of_every_zone_are_drawn(zone: str) -> None:
    options = settings(max_examples=5000, database=None, derandomize=True, phases=[Phase.generate])
    schema = {"type": "string", "format": "date-time"}

    assert find(values_of(schema), lambda text: text.endswith(zone), settings=options)


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (
            {"type": "money"},
            "not a JSON Schema: 'money' is not valid under any of the given schemas",
        ),
        ({"pattern": "("}, "not a JSON Schema: '(' is not a 'regex'"),
        (
            {"pattern": "a{99999999999}"},
            "not a JSON Schema: a pattern of it: the repetition number is too large",
        ),
        ({"$ref": "#/components/schemas/Order"}, MISSING),
    ],
    ids=["type", "pattern", "repetition", "reference"],
)
def test_a_schema_that_is_none_is_told(schema: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        find(values_of(schema, name="orders.create: parameter 'no'"), lambda _value: True)

    assert str(raised.value) == f"orders.create: parameter 'no': {told}"


def test_a_schema_that_allows_nothing_draws_nothing() -> None:
    with pytest.raises(Unsatisfiable):
        find(values_of({"type": "integer", "minimum": 2, "maximum": 1}), lambda _value: True)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"id": "1", "金额": "x"}, '$.金额 is text, which breaks type: "number"'),
        ({"id": "1", "金额": True}, '$.金额 is a boolean, which breaks type: "number"'),
        ({"金额": 1}, '$ is an object, which breaks required: ["id"]'),
        ({"id": None, "金额": 1}, '$.id is null, which breaks type: "string"'),
        ([], '$ is an array, which breaks type: "object"'),
        ({"id": "", "金额": -1}, "$.金额 is a number, which breaks minimum: 0"),
        ({"id": "1", "金额": 0}, ""),
    ],
    ids=["text", "boolean", "missing", "null", "array", "number", "right"],
)
def test_what_is_wrong_with_a_value_is_told_without_the_value(value: Any, told: str) -> None:
    schema = {
        "type": "object",
        "properties": {"id": {"type": "string"}, "金额": {"type": "number", "minimum": 0}},
        "required": ["id"],
    }

    assert check_value(schema, value) == told


@pytest.mark.parametrize("place", ["path", "query", "header", "body"])
@given(data=st.data())
def test_a_value_can_stand_at_its_place(place: Any, data: st.DataObject) -> None:
    schema = data.draw(st.sampled_from([SCHEMAS["types"], SCHEMAS["anything"], {"type": "string"}]))
    parameter = Parameter(name="值", place=place, schema=schema)
    value = data.draw(parameter_values(parameter))

    assert place != "path" or (value is not None and value != "")
    assert place != "header" or re.fullmatch("[!-~]?|[!-~][\t -~]*[!-~]", str(value))
    assert place == "body" or not isinstance(value, dict)


@pytest.mark.parametrize(
    ("form", "least", "most"),
    [("int32", -(2**31), 2**31 - 1), ("int64", -(2**53) + 1, 2**53 - 1)],
)
@pytest.mark.parametrize("beyond", [0, 5])
def test_a_whole_number_stays_within_its_format(
    form: str, least: int, most: int, beyond: int
) -> None:
    """Also where its limits reach further."""

    @settings(max_examples=drawn(10))
    @given(
        values_of({"format": form, "minimum": most, "maximum": most + beyond}),
        values_of({"format": form, "minimum": least - beyond, "maximum": least}),
    )
    def check(highest: int, lowest: int) -> None:
        assert (lowest, highest) == (least, most)

    check()


@pytest.mark.parametrize(
    ("place", "encoding", "required", "is_drawn"),
    [
        ("query", "json", True, False),
        ("body", "form", True, False),
        ("body", "multipart", True, False),
        ("body", "json", True, True),
        ("query", "json", False, True),
        ("body", "form", False, True),
    ],
)
@pytest.mark.parametrize("of_platform", [True, False])
def test_an_empty_list_is_drawn_where_it_is_sent_or_need_not_be(
    place: str, encoding: str, required: bool, is_drawn: bool, of_platform: bool, tmp_path: Path
) -> None:
    declared = {"name": "附件", "in": place, "to": "files", "required": required, "type": "array"}
    api = {"method": "POST", "path": "/orders", "parameters": [declared]}
    whole: dict[str, Any] = {"platform_key": "orders", "base_url": "https://orders.test"}
    (whole if of_platform else api)["encoding"] = encoding
    path = tmp_path / "orders.yaml"
    path.write_text(json.dumps(whole | {"apis": {"建单": api}}))
    known = load_platforms(path)
    orders = known.own["orders"]
    calls = valid_calls(known, orders, orders.apis["建单"], direct=True)
    found = True
    try:
        find(calls, lambda call: call.args == ([],), settings=settings(derandomize=True))
    except NoSuchExample:
        found = False

    assert found is is_drawn


@pytest.mark.parametrize(
    ("instances", "drawn_keys"),
    [
        ("", {"default"}),
        ("- {platform: orders, instance_key: 上海}\n", {"上海"}),
        (
            (
                "- {platform: orders, instance_key: 上海}\n"
                "- {platform: orders, instance_key: 北京, enabled: false}\n"
                "- {platform: orders, instance_key: 广州, enabled: true}\n"
            ),
            {"上海", "广州"},
        ),
    ],
)
def test_a_call_names_an_instance_that_takes_calls(
    tmp_path: Path, instances: str, drawn_keys: set[str]
) -> None:
    platforms = tmp_path / "platforms"
    platforms.mkdir()
    (platforms / "orders.yaml").write_text(
        "platform_key: orders\nbase_url: https://orders.test\napis: {list: {path: /orders}}\n"
    )
    if instances:
        (tmp_path / "instances.yaml").write_text(instances, "utf-8")
    known = load_platforms(platforms)
    orders = known.own["orders"]
    seen: set[str] = set()

    @settings(max_examples=30, database=None, derandomize=True)
    @given(valid_calls(known, orders, orders.apis["list"]))
    def draw(call: CallSpec) -> None:
        seen.add(call.options["instance_key"])

    draw()
    assert seen == drawn_keys
