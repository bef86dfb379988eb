"""What a declaration allows: schemas of OpenAPI, parameters, and the platforms of a folder."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample, Unsatisfiable
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.model import Instance, Parameter, Platform
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.strategies import for_platform, programs, with_instances, yaml_text
from bpmax_sim.strategies.platforms import (
    PRESETS,
    collect_credentials,
    find_response_rules,
    make_auth_preset_platform,
    make_preset_auths,
)
from bpmax_sim.strategies.programs import (
    load_platforms_beside,
    load_platforms_with_instances,
    require_named_or_all_apis,
    to_json_schema,
)
from bpmax_sim.strategies.traffic import exchanges, number_exchanges_per_owner
from bpmax_sim.strategies.values import (
    check_value,
    convert_openapi_schema,
    dates,
    draw_evenly,
    draw_weighted,
    is_xml_value,
    merge_schemas,
    values_of,
)

QUICK = settings(
    database=None, max_examples=60, derandomize=True, phases=(Phase.generate, Phase.shrink)
)


@pytest.mark.parametrize(
    ("schema", "plain"),
    [
        (True, True),
        ({}, {}),
        ({"type": "text"}, {"type": "string"}),
        ({"type": ["text"]}, {"type": ["text"]}),
        ({"nullable": True, "type": "integer"}, {"type": ["integer", "null"]}),
        ({"nullable": False, "type": "integer"}, {"type": "integer"}),
        ({"nullable": True, "enum": ["甲"]}, {"enum": ["甲", None]}),
        (
            {"nullable": True, "enum": ["甲"], "type": "string"},
            {"enum": ["甲", None], "type": ["string", "null"]},
        ),
        ({"nullable": True, "type": ["string"]}, {"type": ["string"]}),
        ({"nullable": True}, {}),
        ({"minimum": 0, "exclusiveMinimum": True}, {"exclusiveMinimum": 0}),
        ({"minimum": 1, "exclusiveMinimum": False}, {"minimum": 1}),
        ({"exclusiveMinimum": True}, {}),
        ({"exclusiveMinimum": 0}, {"exclusiveMinimum": 0}),
        ({"maximum": 9, "exclusiveMaximum": True}, {"exclusiveMaximum": 9}),
        ({"maximum": 9, "exclusiveMaximum": 1}, {"maximum": 9, "exclusiveMaximum": 1}),
        (
            {"properties": {"a": {"type": "text", "nullable": True}}, "allOf": ({"type": "text"},)},
            {"properties": {"a": {"type": ["string", "null"]}}, "allOf": [{"type": "string"}]},
        ),
    ],
)
def test_a_schema_of_openapi_3_0_is_one_of_json_schema(schema: Any, plain: Any) -> None:
    assert convert_openapi_schema(schema) == plain


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ({}, {"type": "string"}, {"type": "string"}),
        ({"minimum": 1}, {"minimum": 3}, {"minimum": 3}),
        ({"minimum": 3}, {"minimum": 1}, {"minimum": 3}),
        ({"maximum": 1}, {"maximum": 3}, {"maximum": 1}),
        (
            {"minLength": 1, "maxLength": 9},
            {"minLength": 2, "maxLength": 8},
            {"minLength": 2, "maxLength": 8},
        ),
        (
            {"minItems": 2, "maxItems": 3},
            {"minItems": 1, "maxItems": 4},
            {"minItems": 2, "maxItems": 3},
        ),
        ({"required": ["b", "a"]}, {"required": ["a", "c"]}, {"required": ["b", "a", "c"]}),
        ({"enum": [1, 2, 3]}, {"enum": [3, 4, 1]}, {"enum": [1, 3]}),
        ({"enum": [1]}, {"enum": [2]}, {"enum": []}),
        (False, {"type": "null"}, {"enum": [], "type": "null"}),
        ({"enum": [1]}, False, {"enum": []}),
        (True, {"type": "null"}, {"type": "null"}),
        (
            {"properties": {"a": {"minimum": 1}, "b": {}}},
            {"properties": {"a": {"minimum": 2, "type": "integer"}, "c": {"type": "null"}}},
            {
                "properties": {
                    "a": {"minimum": 2, "type": "integer"},
                    "b": {},
                    "c": {"type": "null"},
                }
            },
        ),
        (
            {"format": "date", "title": "一"},
            {"format": "email"},
            {"format": "email", "title": "一"},
        ),
    ],
)
def test_two_schemas_are_merged_into_what_both_allow(first: Any, second: Any, both: Any) -> None:
    kept = json.dumps([first, second])

    assert merge_schemas(first, second) == both
    assert json.dumps([first, second]) == kept


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([1, "x"], '$[1] is text, which breaks type: "integer"'),
        ([[1], 2], '$[0] is an array, which breaks type: "integer"'),
        ([1] * 4, "$ is an array, which breaks maxItems: 3"),
        (["a", "b", "c", "d"], "$ is an array, which breaks maxItems: 3"),
        ([1.5], '$[0] is a number, which breaks type: "integer"'),
        ([False], '$[0] is a boolean, which breaks type: "integer"'),
        ([None, "x"], '$[0] is null, which breaks type: "integer"'),
        ([{"a": 1}], '$[0] is an object, which breaks type: "integer"'),
        ([], ""),
    ],
)
def test_the_outermost_violation_is_told(value: Any, told: str) -> None:
    schema = {"type": "array", "items": {"type": "integer"}, "maxItems": 3}

    assert check_value(schema, value) == told


def test_a_long_rule_is_cut() -> None:
    told = check_value({"enum": ["客户" * 30, "合同" * 30]}, "张三")

    assert told == f'$ is text, which breaks enum: ["{"客户" * 30}", "{"合同" * 7}'


@pytest.mark.parametrize(
    ("value", "is_xml"),
    [
        ({"单": {"来源": "甲\t\r\n", "a.b-c": [1, None, True]}}, True),
        ({"1a": 1}, False),
        ({"": 1}, False),
        ({"a b": 1}, False),
        ({"_a": 1}, True),
        ({"a": 1, "1b": 2}, False),
        ({"a": {"b": "\x00"}}, False),
        ("\ud800", False),
        ("\ufffe", False),
        ("😀", True),
        ([[1]], False),
        ({"a": [1, [2]]}, False),
        ([{"a": 1}, {"b c": 1}], False),
        ([], True),
        (7, True),
    ],
)  # fmt: skip
def test_xml_holds_names_texts_and_flat_lists(value: Any, is_xml: bool) -> None:
    assert is_xml_value(value) == is_xml


@pytest.mark.parametrize(
    ("declared", "schema"),
    [
        ({}, {}),
        ({"type": "text"}, {"type": "string"}),
        ({"type": "money"}, {}),
        ({"type": "array"}, {"type": "array"}),
        ({"enum": ("开", "关")}, {"enum": ["开", "关"]}),
        ({"format": "date"}, {"format": "date"}),
        (
            {"type": "integer", "format": "int32", "schema": {"type": "number", "minimum": 1}},
            {"type": "number", "format": "int32", "minimum": 1},
        ),
    ],
)
def test_a_parameter_is_a_schema(declared: Any, schema: Any) -> None:
    assert to_json_schema(Parameter(name="值", place="query", **declared)) == schema


@pytest.mark.parametrize(
    ("value", "flat"),
    [
        ([1, [2], {"a": 3}, "四", None, [], {}], [1, "四", None]),
        ([[1], [2]], []),
        ([], []),
        ({"a": [1]}, {"a": [1]}),
        ("[1]", "[1]"),
        (None, None),
    ],
)
def test_a_list_in_a_form_has_no_lists_and_objects(value: Any, flat: Any) -> None:
    assert programs._drop_nested_items(value) == flat


VALUES = ["", ".", "..", "a b", " a", "a ", "张三", "a\tb", 0, None, False, [1], [], [None], {}]


@pytest.mark.parametrize(
    ("place", "drawn"),
    [
        ("header", ["", ".", "..", "a b", 0, False]),
        ("path", ["a b", " a", "a ", "张三", "a\tb", 0, False]),
        ("query", ["", ".", "..", "a b", " a", "a ", "张三", "a\tb", 0, False, [1], []]),
        ("body", VALUES),
    ],
)
def test_each_place_holds_some_values_alone(place: Any, drawn: list[Any]) -> None:
    fits = programs._FITTING.get(place, lambda _value: True)

    assert repr([value for value in VALUES if fits(value)]) == repr(drawn)


NOTHING = "nothing"


@pytest.mark.parametrize(
    ("schema", "least"),
    [
        ({"type": "integer", "multipleOf": 5, "minimum": 7}, 10),
        ({"type": "integer", "multipleOf": 2.5, "minimum": 1}, 5),
        ({"type": "integer", "multipleOf": 0.5, "minimum": 3}, 3),
        ({"type": "integer", "minimum": -3, "maximum": -2}, -2),
        ({"exclusiveMinimum": 3, "type": "integer"}, 4),
        ({"minItems": 2, "items": {"const": 1}}, [1, 1]),
        ({"minLength": 2, "maxLength": 2}, "00"),
        ({"type": "number", "multipleOf": 0.01, "minimum": 0.5, "maximum": 0.59}, 0.5),
        ({"type": "number", "multipleOf": 2.5, "minimum": 2, "maximum": 3}, 2.5),
        ({"type": "number", "multipleOf": 3, "minimum": 4}, 6),
        ({"required": ["甲"], "properties": {"甲": {"const": 1}, "乙": {}}}, {"甲": 1}),
        ({"enum": []}, NOTHING),
        ({"allOf": [{"enum": [3, 1]}, {"enum": [1, 2]}]}, 1),
        ({"anyOf": [{"const": 2}, {"const": 3}], "oneOf": [{"const": 2}]}, 2),
        ({"$ref": "#/$defs/a~1b~0c", "$defs": {"a/b~c": {"const": "一"}}}, "一"),
        ({"$ref": "#/$defs/a~01b", "$defs": {"a~1b": {"const": "二"}, "a/b": {"const": 3}}}, "二"),
        ({"type": "string", "pattern": r"^a\$$"}, "a$"),
        ({"type": "string", "pattern": r"^\d$"}, "0"),
        ({"type": "string", "pattern": "^甲乙$", "minLength": 2, "maxLength": 2}, "甲乙"),
        ({"type": ["null", "integer"]}, None),
        ({"type": "number", "maximum": 9_999_999_999_999_999}, 0.0),
        ({"type": "number", "minimum": 9_007_199_254_740_993}, 9_007_199_254_740_994.0),
        ({"type": "number", "maximum": -(10**400)}, NOTHING),
        ({"type": "number", "maximum": 10**400, "minimum": 1}, 1.0),
        ({"type": "number", "minimum": 2, "maximum": 1}, NOTHING),
        ({"type": "number", "minimum": 2, "maximum": 2}, 2.0),
        ({"type": "string", "minLength": 2, "maxLength": 1}, NOTHING),
        ({"type": "string", "minLength": 2.0, "maxLength": 2.0}, "00"),
        ({"type": "array", "minItems": 2, "maxItems": 1}, NOTHING),
        ({"type": "array", "minItems": 1.0, "maxItems": 1.0, "items": {"const": 1}}, [1]),
        ({"type": "array", "maxItems": 0}, []),
        ({"anyOf": [{"type": "string", "minLength": 2, "maxLength": 1}, {"const": 3}]}, 3),
        ({"anyOf": [False, {"const": 3}]}, 3),
        ({"oneOf": [{"const": 3}, False]}, 3),
        ({"allOf": [True, {"const": 3}]}, 3),
        ({"allOf": [False, {"const": 3}]}, NOTHING),
        (
            {
                "allOf": [{"properties": {"甲": True}}, {"properties": {"甲": {"const": 1}}}],
                "required": ["甲"],
            },
            {"甲": 1},
        ),
    ],
)
def test_the_least_value_of_a_schema(schema: Any, least: Any) -> None:
    try:
        found = find(values_of(schema), lambda _: True, settings=QUICK)
    except (NoSuchExample, Unsatisfiable):
        found = NOTHING
    assert found == least


def test_all_branches_are_drawn_and_the_first_is_the_simplest() -> None:
    many = draw_evenly(["甲", "乙", "丙"])
    weighted = draw_weighted((1, st.just("甲")), (2, st.just("乙")))

    def reach(drawn: st.SearchStrategy[Any], wanted: Any) -> Any:
        return find(drawn, lambda one: bool(one == wanted), settings=QUICK)

    assert [reach(many, one) for one in "甲乙丙"] == [*"甲乙丙"]
    assert [reach(weighted, one) for one in "甲乙"] == [*"甲乙"]
    assert find(many, lambda _: True, settings=QUICK) == "甲"
    with pytest.raises(NoSuchExample):
        reach(draw_weighted((0, st.just(1)), (1, st.just(2))), 1)


def test_a_date_has_whole_milliseconds_before_and_after_1970() -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)

    assert find(dates(), lambda _: True, settings=QUICK) == epoch
    early = find(dates(), lambda one: one < epoch, settings=QUICK)
    assert early == datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)


def test_exchanges_are_numbered_from_one_for_each_owner() -> None:
    drawn = find(exchanges(), lambda _: True, settings=QUICK)
    owners = ["甲", "乙", "甲", "丙", "甲", "乙"]
    numbered = number_exchanges_per_owner([replace(drawn, owner=owner) for owner in owners])
    assert [(one.owner, one.order) for one in numbered] == [
        ("甲", 1), ("乙", 1), ("甲", 2), ("丙", 1), ("甲", 3), ("乙", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"客户": ["张三", None]}, '{"客户": ["张三", null]}\n'),
        ("\x7f\x9f\u2028\ufeff\uffff\xa0", '"\\u007f\\u009f\\u2028\\ufeff\\uffff\xa0"\n'),
        ("\ud800", '"\ud800"\n'),
        ("a\nb", '"a\\nb"\n'),
    ],
)
def test_a_document_is_one_line_that_is_json_and_yaml(document: Any, text: str) -> None:
    assert yaml_text(document) == text


def test_the_first_instance_is_the_default() -> None:
    tenants = [
        Instance(platform="crm", instance_key=key, default=True) for key in ("一", "二", "三")
    ]
    known = with_instances(
        *tenants, platform=Platform(platform_key="crm", base_url="https://a.test")
    )

    found = [entry.instance for entry in known.entries["crm"]]
    assert [(one.instance_key, one.default) for one in found] == [
        ("一", True), ("二", False), ("三", False),
    ]  # fmt: skip
    assert list(known.own) == ["crm"]


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_has_its_rules_and_the_credentials_that_it_needs(name: str) -> None:
    auths = make_preset_auths(name)
    specs = collect_credentials(*auths)

    assert len(auths) == len(PRESETS[name])
    assert {"user", "secret"} <= specs.keys()
    assert (specs["user"].secret is True, specs["secret"].secret) == (False, True)
    assert ("key" in specs) == (name == "wechatpay_v3")
    for number, auth in enumerate(auths):
        assert find_response_rules(auth) is make_auth_preset_platform(name, number).response


ORDERS = """\
platform_key: {}
base_url: https://orders.test
apis: {{查询: {{path: /a}}, 下单: {{path: /b}}}}
"""


@pytest.fixture(name="folder")
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "platforms"
    folder.mkdir()
    for key in ("orders", "erp"):
        (folder / f"{key}.yaml").write_text(ORDERS.format(key), encoding="utf-8")
    (tmp_path / "instances.yaml").write_text(
        "- {platform: orders, instance_key: 华东}\n- {platform: erp, instance_key: 总部}\n"
        "- {platform: Gone, instance_key: x}\n",
        encoding="utf-8",
    )
    (tmp_path / "instances.local.yaml").write_text(
        "- {platform: orders, instance_key: 本地}\n- {platform: LOST_2, instance_key: y}\n",
        encoding="utf-8",
    )
    return folder


def list_instances(known: Any) -> dict[str, list[str]]:
    return {
        key: [entry.instance.instance_key for entry in entries]
        for key, entries in known.entries.items()
    }


def test_a_file_has_the_instances_of_its_platform_alone(folder: Path) -> None:
    known = load_platforms_with_instances(folder / "orders.yaml")

    assert list_instances(known) == {"orders": ["华东", "本地"]}
    assert list(known.own) == ["orders"]
    (folder.parent / "instances.yaml").write_text("[]", encoding="utf-8")
    (folder.parent / "instances.local.yaml").unlink()
    assert sorted(load_platforms_beside(folder / "orders.yaml").own) == ["erp", "orders"]
    (folder / "erp.yaml").write_text("no platform", encoding="utf-8")
    assert sorted(load_platforms_beside(folder / "orders.yaml").own) == ["orders"]


def test_calls_are_drawn_of_the_platform_or_the_api_that_is_named(folder: Path) -> None:
    (folder.parent / "instances.yaml").unlink()
    (folder.parent / "instances.local.yaml").unlink()

    def targets(path: Path, **more: Any) -> list[str]:
        found = set()

        @settings(database=None, max_examples=30, derandomize=True)
        @given(for_platform(path, **more))
        def draw(call: CallSpec) -> None:
            found.add(f"{call.platform}.{call.api}")

        draw()
        return sorted(found)

    assert targets(folder) == ["erp.下单", "erp.查询", "orders.下单", "orders.查询"]
    assert targets(folder, key="erp") == ["erp.下单", "erp.查询"]
    assert targets(folder, api="查询") == ["erp.查询", "orders.查询"]
    assert targets(folder / "orders.yaml", api="下单") == ["orders.下单"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"key": "order"}, "there is no platform 'order'; did you mean 'orders'?"),
        ({"api": "删除"}, "there is no API to call named '删除'"),
    ],
)
def test_what_there_is_not_is_told(more: Any, told: str, folder: Path) -> None:
    (folder.parent / "instances.yaml").unlink()
    (folder.parent / "instances.local.yaml").unlink()
    with pytest.raises(ConfigError) as raised:
        for_platform(folder, **more)

    assert str(raised.value) == f"{folder}: {told}"


def test_all_apis_are_those_of_an_empty_name(folder: Path) -> None:
    known = load_platforms_with_instances(folder / "orders.yaml")
    orders = known.own["orders"]

    def names(name: str) -> list[str]:
        return [api.key for api in require_named_or_all_apis(known, orders, name, path="x.yaml")]

    assert (names(""), names("下单")) == (["查询", "下单"], ["下单"])
    with pytest.raises(ConfigError, match=r"^x\.yaml: there is no API to call named '下但'"):
        names("下但")
    assert load_platforms(None).own == {}
