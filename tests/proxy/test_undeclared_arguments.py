"""What a call's values are held against: the enum and the limits of each parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from msgspec import UNSET, convert

from bpmax_sim.i18n import translate
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.platform.model import Api, Instance, Parameter
from bpmax_sim.proxy.compiled_api import CompiledApi, compile_api
from bpmax_sim.proxy.encode import BadValueError, UnknownParameterError
from bpmax_sim.proxy.undeclared_arguments import (
    check_enum_values,
    explain_values_breaking_schema,
    refuse_undeclared_arguments,
)
from tests.proxy.world import World, crm, rejected

SLOPPY: tuple[Any, ...] = (5, True, "zh", {}, None)
ABSENT = (None, UNDEFINED, UNSET)
ALONE: tuple[Any, ...] = ("a", "", 0, False, {"a": 1})


def recipe(**fields: Any) -> CompiledApi:
    place = fields.pop("place", "query")
    api = Api(key="x", path="/x", parameters=(Parameter(name="值", place=place, **fields),))
    return compile_api(crm(api), Instance(platform="crm_system", instance_key="test"), api)


@pytest.mark.parametrize(
    "value", [*ABSENT, [], (), [*ABSENT], ["zh", *ABSENT, "en"], ("zh",), "en"]
)
def test_what_is_absent_is_no_choice(value: Any) -> None:
    check_enum_values(recipe(enum=("zh", "en")), {"query": {"值": value}})


@pytest.mark.parametrize(
    ("enum", "value", "got"),
    [
        (("zh", "en"), "", "''"),
        (("zh", "en"), "ZH", "'ZH'"),
        (("zh", "en"), ["zh", "en", "hz"], "'hz'"),
        (("zh", "en"), ["zh", None, "hz"], "'hz'"),
        (("zh", "en"), (UNDEFINED, "hz"), "'hz'"),
        (("zh", "en"), False, "false"),
        ((0, 1), "", "''"),
        ((0, 1), 2, "2"),
        ((0, 1), -1, "-1"),
    ],
)
def test_each_element_has_to_be_a_choice(enum: Any, value: Any, got: str) -> None:
    with pytest.raises(BadValueError) as caught:
        check_enum_values(recipe(enum=enum), {"query": {"值": value}})

    assert f"got {got}" in str(caught.value)


@pytest.mark.parametrize("value", [0, 1, "0", "1", [0, 1, 0], 1.0])
def test_a_choice_is_the_same_as_number_and_as_text(value: Any) -> None:
    check_enum_values(recipe(enum=(0, 1)), {"query": {"值": value}})


@pytest.mark.parametrize(
    ("place", "fields", "value", "doubts"),
    [
        ("query", {"schema": {"minimum": 1, "maximum": 3}}, [1, 2, 3, *ABSENT], 0),
        ("query", {"schema": {"minimum": 1, "maximum": 3}}, [0, 1, 4], 2),
        ("query", {"schema": {"maxLength": 2}}, ["", "张三", "张三丰"], 1),
        ("query", {"schema": {"minLength": 1}}, "", 1),
        ("query", {"type": "integer"}, ["1", "01", 1], 0),
        ("body", {"type": "integer"}, "1", 1),
        ("body", {"type": "integer"}, 1, 0),
        ("body", {"type": "integer"}, None, 0),
        ("body", {"type": "array"}, [1, "a"], 0),
        *(("body", {"type": "array"}, alone, 1) for alone in ALONE),
        *(("body", {"type": "array"}, absent, 0) for absent in ABSENT),
        ("body", {"type": "array"}, [], 0),
        ("query", {"type": "array"}, "a", 0),
        ("body", {"schema": {"type": ["array", "null"]}}, [1, "a"], 0),
        ("body", {"schema": {"type": ["array", "null"]}}, None, 0),
        ("body", {"schema": {"type": ["array", "null"]}}, 1, 1),
        ("body", {"schema": {"type": ("array", "string")}}, "a", 0),
        ("body", {"schema": {"type": ("array", "string")}}, [1], 0),
        ("body", {"schema": {"type": ("array", "string")}}, 1, 1),
        *(("body", {"schema": {"type": sloppy}}, "zh", 0) for sloppy in SLOPPY),
        ("body", {"type": "string", "schema": {"enum": ["a", "b"]}}, ["a", "b", "c"], 1),
        ("body", {"type": "boolean"}, [False, True, 0], 1),
        ("query", {"schema": {"enum": ("zh", "en")}}, ["zh", "ZH"], 1),
        *(
            (place, {"type": "integer", "schema": {"maxLength": 1}}, "5", 0)
            for place in ("path", "query", "header")
        ),
        *(("query", {"schema": {"enum": sloppy}}, "zh", 0) for sloppy in SLOPPY),
        ("body", {"schema": {"type": [["string"]], "required": True}}, "zh", 0),
    ],
)
def test_a_doubt_for_each_value_that_the_declaration_does_not_allow(
    place: str, fields: dict[str, Any], value: Any, doubts: int
) -> None:
    found = list(
        explain_values_breaking_schema(recipe(place=place, **fields), {place: {"值": value}})
    )

    assert len(found) == doubts, found


@pytest.mark.parametrize(
    ("encoding", "doubts"),
    [
        ("json", ["parameter '值': array is declared, got 'a'"]), ("form", []), ("multipart", []),
    ],
)  # fmt: skip
def test_a_value_alone_is_an_array_of_one_in_a_form(encoding: Any, doubts: list[str]) -> None:
    compiled = replace(recipe(place="body", type="array"), encoding=encoding)

    found = explain_values_breaking_schema(compiled, {"body": {"值": "a"}})
    assert list(map(str, found)) == doubts


def order_api() -> Api:
    """Return an API with a parameter at each place, each with a limit."""
    declared = [
        {"name": "单号", "in": "path", "to": "id", "enum": ["A1", "A2"]},
        {"name": "语言", "in": "header", "to": "X-Lang", "enum": ["zh", "en"]},
        {"name": "页", "in": "query", "to": "page", "enum": [1, 2]},
        {"name": "状态", "in": "body", "to": "order.state", "enum": ["草稿", "生效"]},
        {"name": "批次", "in": "header", "to": "X-Batch", "schema": {"maxLength": 2}},
        {"name": "金额", "in": "body", "to": "order.sum", "type": "number"},
    ]
    fields = {"key": "save", "method": "POST", "path": "/orders/{id}", "parameters": declared}
    return convert(fields, Api)


SOUND: Mapping[str, Mapping[str, Any]] = {
    "path": {"id": "A1"}, "header": {"x-lang": "zh", "X-BATCH": "12"}, "query": {"page": "1"},
    "body": {"order": {"state": "草稿", "sum": 1}},
}  # fmt: skip


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("place", "values", "refusal", "doubt"),
    [
        ("path", {}, "", ""),
        ("path", {"单号": "A3"}, "单号 is one of A1, A2, got 'A3'",
         "parameter '单号': A1, A2 are declared, got 'A3'"),
        ("header", {"X-LANG": "fr"}, "语言 is one of zh, en, got 'fr'",
         "parameter '语言': zh, en are declared, got 'fr'"),
        ("header", {"x-lang": None}, "", ""),
        ("header", {"x-batch": "abc"}, "", "parameter '批次': maxLength: 2 is declared, got 'abc'"),
        ("query", {"page": 3}, "页 is one of 1, 2, got 3",
         "parameter '页': 1, 2 are declared, got 3"),
        ("body", {"order": {"state": "作废"}}, "状态 is one of 草稿, 生效, got '作废'",
         "parameter '状态': 草稿, 生效 are declared, got '作废'"),
        ("body", {"order": {"sum": "1"}}, "", "parameter '金额': number is declared, got '1'"),
    ],
)  # fmt: skip
def test_a_value_at_any_place_is_held_against_its_declaration(
    place: str, values: Mapping[str, Any], refusal: str, doubt: str, *, strict: bool
) -> None:
    world = World(crm(order_api(), strict=strict))
    call = world.proxy().api("save")
    for name, sound in SOUND.items():
        call = getattr(call, name)({**sound, **values} if name == place else sound)

    if strict and refusal:
        error = rejected(call.call)
        assert (error.code, error.message) == ("BAD_ARGUMENT", f"crm_system.save: {refusal}")
        assert world.sent == []
        return
    call.call()
    assert [translate(one) for one in world.log[-1].doubts] == ([doubt] if doubt else [])


@pytest.mark.parametrize(("place", "first"), [("query", UNDEFINED), ("body", "文")])
def test_each_setter_of_a_call_is_held_against_its_declaration(place: str, first: Any) -> None:
    made = recipe(place=place)

    refuse_undeclared_arguments([(place, first), (place, {"值": 1, "页": UNDEFINED})], made)
    with pytest.raises(UnknownParameterError, match="'页' is declared"):
        refuse_undeclared_arguments([(place, first), (place, {"页": 1})], made)
