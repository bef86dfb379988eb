"""The shape of responses says which members are there, and knows what it does not know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.response_shapes import (
    ResponseShape,
    ResponseShapes,
    derive_schema_shape,
    infer_shape,
    merge_shapes,
    wrap_in_envelope,
)

CUSTOMER = {"code": 200, "data": {"name": "张三", "tags": [{"id": 1}, {"id": 2, "color": "红"}]}}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("data", "name"), "present"),
        (("data", "phone"), "absent"),
        (("data", "tags", "*", "id"), "present"),
        (("data", "tags", "*", "size"), "absent"),
        (("data", "name", "first"), "unknown"),
        (("data", "tags", "total"), "unknown"),
        (("data", "tags", "0", "id"), "present"),
        (("data", "tags", "12", "size"), "absent"),
        (("data", "*"), "unknown"),
        (("data", "tags", "-1"), "unknown"),
        ((), "present"),
    ],
)
def test_a_member_is_there_or_not_or_nobody_can_say(path: tuple[str, ...], expected: str) -> None:
    assert infer_shape(CUSTOMER).check_presence(path) == expected


@pytest.mark.parametrize("sloppy", [None, True, 0, 1.5, "", [], [None], [["名"]], [1]])
@pytest.mark.parametrize(
    "word",
    ["type", "properties", "items", "required", "enum", "allOf", "anyOf", "oneOf", "example"],
)
def test_what_is_none_of_a_schema_says_nothing(word: str, sloppy: Any) -> None:
    plain = {"properties": {"单号": {"type": "string"}}, "additionalProperties": False}
    without = {name: value for name, value in plain.items() if name != word}

    assert derive_schema_shape({**plain, word: sloppy}) == derive_schema_shape(without)
    nested = derive_schema_shape({"properties": {"合同": {**plain, word: sloppy}}})
    assert nested.members["合同"] == derive_schema_shape(without)


@pytest.mark.parametrize(
    ("required", "optional"),
    [
        (True, {"单号", "金额"}),
        ("单号", {"单号", "金额"}),
        (["单号", 5, None, ["金额"]], {"金额"}),
        (("单号", "金额"), set()),
    ],
)
def test_members_are_needed_that_a_list_names(required: Any, optional: set[str]) -> None:
    members = {"单号": {"type": "string", "required": True}, "金额": {"type": "number"}}

    shape = derive_schema_shape({"properties": members, "required": required})

    assert shape.optional == optional
    assert shape.members["单号"] == ResponseShape(frozenset({"text"}))


def test_what_one_response_lacks_is_optional() -> None:
    merged = merge_shapes([infer_shape({"a": 1, "b": None}), infer_shape({"a": "x"})])

    assert merged is not None
    assert merged.members["a"].kinds == {"number", "text"}
    assert merged.optional == {"b"}


def test_elements_of_a_list_are_merged() -> None:
    tags = infer_shape(CUSTOMER).members["data"].members["tags"]

    assert tags.item is not None
    assert set(tags.item.members) == {"id", "color"}
    assert tags.item.optional == {"color"}


def test_a_map_by_ids_says_nothing_of_names() -> None:
    assert (
        infer_shape({str(number): {} for number in range(500)}).check_presence(("x",)) == "unknown"
    )


@pytest.mark.parametrize(("count", "expected"), [(1, "absent"), (200, "absent"), (201, "unknown")])
def test_an_object_has_two_hundred_members_at_most(count: int, expected: str) -> None:
    shape = infer_shape({str(number): {} for number in range(count)})

    assert shape.check_presence(("x",)) == expected


@pytest.mark.parametrize(("depth", "kinds"), [(0, 1), (15, 1), (16, 1), (17, 0)])
def test_what_is_nested_too_deep_is_not_known(depth: int, kinds: int) -> None:
    value: Any = 1
    schema: dict[str, Any] = {"type": "number"}
    for _ in range(depth):
        value, schema = {"a": value}, {"type": "object", "properties": {"a": schema}}

    for shape in (infer_shape(value), derive_schema_shape(schema)):
        found = shape.find(("a",) * depth)
        assert found is not None
        assert len(found.kinds) == kinds


def test_a_path_is_found_in_a_shape() -> None:
    shape = infer_shape(CUSTOMER)

    for step in ("*", "0", "7"):
        found = shape.find(("data", "tags", step, "id"))
        assert found is not None
        assert found.kinds == {"number"}
    assert shape.find(("data", "tags", "x")) is None
    assert shape.find(("none", "id")) is None
    assert shape.list_names_at(("data", "tags", "1")) == ("id", "color")
    assert shape.list_names_at(("none",)) == ()


@pytest.mark.parametrize(
    ("values", "optional", "kinds"),
    [
        ([{"a": 1}, {"a": 1}], set(), {"object"}),
        ([{"a": 1}, {}], {"a"}, {"object"}),
        ([{}, {"a": 1}], {"a"}, {"object"}),
        ([{"a": 1}, {"a": 1}, {"b": 1}], {"a", "b"}, {"object"}),
        ([{"a": 1}, {}, {"a": 1}], {"a"}, {"object"}),
        ([{"a": 1}, None], set(), {"object", "null"}),
        ([{"a": 1}, [], {"a": 1}], set(), {"object", "list"}),
        ([{"a": 1}, object()], set(), set()),
        ([object(), {"a": 1}], set(), set()),
    ],
)
def test_what_one_of_several_lacks_is_optional(
    values: list[Any], optional: set[str], kinds: set[str]
) -> None:
    merged = merge_shapes(map(infer_shape, values))

    assert merged is not None
    assert set(merged.optional) == optional
    assert set(merged.kinds) == kinds


@pytest.mark.parametrize(
    ("schema", "kinds"),
    [
        *(({"type": name}, {kind}) for name, kind in (
            ("null", "null"), ("boolean", "boolean"), ("integer", "number"), ("number", "number"),
            ("string", "text"), ("object", "object"), ("array", "list"),
        )),
        ({"type": ["string", "null", "integer"]}, {"text", "null", "number"}),
        ({"type": "string", "nullable": True}, {"text", "null"}),
        ({"type": "string", "nullable": False}, {"text"}),
        ({"type": "file"}, set()),
        ({"type": []}, set()),
        ({"properties": {"a": {}}}, {"object"}),
        ({"properties": {}}, set()),
        ({"type": "string", "properties": {"a": {}}}, {"text"}),
        ({"items": {}}, {"list"}),
        ({"type": "object", "items": {}}, {"object"}),
        ({"properties": {"a": {}}, "items": {}}, {"object"}),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, {"text", "null"}),
        ({"anyOf": [{"type": "string"}, {"type": "null"}, {"type": "array"}]},
         {"text", "null", "list"}),
        ({"oneOf": [{"type": "string"}, {}]}, set()),
        ({"oneOf": []}, set()),
        ({"example": {"a": 1}}, {"object"}),
        ({"example": [1]}, {"list"}),
        ({"example": {}}, set()),
        ({"example": "甲"}, set()),
        ({"example": {"a": 1}, "type": "string", "enum": ["x"]}, {"text"}),
        ({"allOf": [{"$ref": "#/x"}]}, set()),
        ({"allOf": [{}, {}, {"$ref": "#/x"}], "type": "object"}, set()),
    ],
)  # fmt: skip
def test_a_schema_says_the_kinds(schema: dict[str, Any], kinds: set[str]) -> None:
    assert derive_schema_shape(schema).kinds == kinds


@pytest.mark.parametrize(
    ("schema", "texts"),
    [
        ({"enum": ["甲", "乙", "丙"]}, ("甲", "乙", "丙")),
        ({"enum": ["甲", None]}, ("甲",)),
        ({"enum": ["甲", 1]}, ()),
        ({"enum": [1, 2]}, ()),
        ({"enum": []}, ()),
        ({"const": "甲"}, ("甲",)),
        ({"const": None}, ()),
        ({"const": ""}, ("",)),
        ({"const": 0}, ()),
        ({"enum": ["甲"], "const": "乙"}, ("甲",)),
    ],
)
def test_a_schema_lists_all_texts_or_none(schema: dict[str, Any], texts: tuple[str, ...]) -> None:
    assert derive_schema_shape(schema).texts == texts


@pytest.mark.parametrize(
    ("one", "other", "closed"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
)
def test_only_where_each_is_closed_are_all(one: bool, other: bool, *, closed: bool) -> None:
    schemas = [
        {"properties": {"a": {}}, **({"additionalProperties": False} if is_closed else {})}
        for is_closed in (one, other)
    ]
    assert derive_schema_shape({"anyOf": schemas}).is_closed == closed


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (("$.data",), ("name", "tags")),
        (("$.none", "$.data"), ("name", "tags")),
        (("$.none", "$.data.none", "$.data.tags"), ()),
        (("$.data.name",), ()),
        (("$.none",), ("code", "data")),
        ((), ("code", "data")),
        (("$.data[0]", "$.data"), ()),
        (("$",), ()),
    ],
)
def test_an_envelope_has_what_is_at_the_first_path_that_is_there(
    paths: tuple[str, ...], names: tuple[str, ...]
) -> None:
    envelope = wrap_in_envelope(infer_shape(CUSTOMER), paths)

    assert envelope.list_names_at(("data",)) == names
    assert envelope.is_closed_at(())


@pytest.mark.parametrize(
    ("schema", "path", "expected"),
    [
        ({"type": "object", "properties": {"a": {"type": "string"}}}, ("a",), "present"),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, ("b",), "absent"),
        ({"properties": {"a": {"items": {"properties": {"b": {}}}}}}, ("a", "*", "b"), "present"),
        ({"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, ("b",), "present"),
        ({"oneOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, ("c",), "absent"),
        ({"$ref": "#/components/schemas/客户"}, ("a",), "unknown"),
        ({}, ("a",), "unknown"),
        ({"type": ["object", "null"], "properties": {"a": {}}}, ("b",), "absent"),
    ],
)
def test_a_schema_declares_members(
    schema: dict[str, Any], path: tuple[str, ...], expected: str
) -> None:
    assert derive_schema_shape(schema).check_presence(path) == expected


@pytest.mark.parametrize(
    ("listed", "texts"),
    [
        ((["a"], ["b"]), ("a", "b")),
        ((["a", "b"], ["b", "c"], ["a"]), ("a", "b", "c")),
        ((["a"], []), ()),
        (([], ["a"]), ()),
        (([], []), ()),
        ((["a"], ["b"], []), ()),
        (([], ["a"], ["b"]), ()),
    ],
)
def test_texts_are_all_there_are_where_each_schema_lists_its_own(
    listed: tuple[list[str], ...], texts: tuple[str, ...]
) -> None:
    schemas = [{"type": "string", **({"enum": one} if one else {})} for one in listed]

    assert derive_schema_shape({"oneOf": schemas}).texts == texts


def test_only_a_schema_closes_an_object() -> None:
    closed = derive_schema_shape({"properties": {"a": {}}, "additionalProperties": False})

    assert closed.is_closed_at(())
    assert not infer_shape({"a": 1}).is_closed_at(())


def test_an_envelope_takes_the_data_that_the_platform_names() -> None:
    assert (
        wrap_in_envelope(infer_shape(CUSTOMER), ("$.data",)).check_presence(("data", "name"))
        == "present"
    )
    assert (
        wrap_in_envelope(infer_shape({"name": 1}), ("$.data",)).check_presence(("data", "name"))
        == "present"
    )
    assert (
        wrap_in_envelope(infer_shape(CUSTOMER), ("$..data",)).check_presence(("data", "x"))
        == "unknown"
    )


def paths(value: Any) -> list[tuple[str, ...]]:
    """Return the path of every member of *value*."""
    if isinstance(value, dict):
        return [(name, *rest) for name, item in value.items() for rest in [(), *paths(item)]]
    if isinstance(value, list):
        return [("*", *rest) for item in value for rest in [(), *paths(item)]]
    return []


@given(st.lists(JSON, min_size=1, max_size=4))
def test_what_was_seen_is_never_absent(values: list[Any]) -> None:
    merged = merge_shapes(map(infer_shape, values)) or ResponseShape()

    for value in values:
        for path in paths(value):
            assert merged.check_presence(path) != "absent"


DECLARED = "answer: {type: object, properties: {items: {type: array}, code: {}}}"
RECORDED = {"hr.find": infer_shape({"items": [1], "code": 0})}


@pytest.mark.parametrize(
    ("platform", "api", "instances", "members"),
    [
        ("result: envelope", "", [""], {"code", "message", "data"}),
        ("result: envelope", "result: body", [""], {"items", "code"}),
        ("", "result: envelope", [""], {"code", "message", "data"}),
        ("", "", ["result: envelope"], {"code", "message", "data"}),
        ("", "result: body", ["result: envelope"], {"items", "code"}),
        ("", "", ["", "result: envelope"], {"items", "code", "message", "data"}),
        ("", "", ["", "result: envelope, enabled: false"], {"items", "code"}),
        ("", "result: bytes", [""], None),
        ("", "", ["", "result: bytes"], None),
    ],
)
def test_scripts_get_what_the_api_or_the_instance_says_in_place_of_the_platform(
    tmp_path: Path, platform: str, api: str, instances: list[str], members: set[str] | None
) -> None:
    (tmp_path / "hr.yaml").write_text(
        f"platform_key: hr\nbase_url: https://hr.example.test\n{platform}\n"
        f"apis: {{find: {{path: /f, {DECLARED}, {api}}}}}\n",
        encoding="utf-8",
    )
    entries = (
        f"- {{platform: hr, instance_key: i{n}, {more}}}\n" for n, more in enumerate(instances)
    )
    (tmp_path / "instances.yaml").write_text("".join(entries), encoding="utf-8")
    platforms = load_platforms(tmp_path / "hr.yaml", instances=tmp_path / "instances.yaml")
    hr, shapes = platforms.platform("hr"), ResponseShapes([RECORDED])
    enabled = platforms.list_enabled_instances("hr")

    for find in (shapes.find_declared_shape, shapes.find_recorded_result_shape):
        shape = find(hr, hr.apis["find"], enabled)
        assert (set(shape.members) if shape is not None else None) == members


def test_an_api_with_response_rules_of_its_own_has_its_data_where_they_say(tmp_path: Path) -> None:
    (tmp_path / "hr.yaml").write_text(
        "platform_key: hr\nbase_url: https://hr.example.test\nresult: envelope\n"
        "response: {data: [$.items]}\n"
        "apis: {find: {path: /f, response: {data: [$.rows]}}}\n",
        encoding="utf-8",
    )
    hr = load_platforms(tmp_path / "hr.yaml").platform("hr")
    body = infer_shape({"items": 1, "rows": {"id": 1}})
    shape = ResponseShapes([{"hr.find": body}]).find_recorded_result_shape(hr, hr.apis["find"], [])

    assert shape is not None
    assert shape.check_presence(("data", "id")) == "present"
