"""What a call's values are held against: the enum and the limits of each parameter."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.platform.model import Api, Instance, Parameter
from bpmax_sim.proxy.compiled_api import CompiledApi, compile_api
from bpmax_sim.proxy.encode import BadValueError
from bpmax_sim.proxy.undeclared_arguments import check_enum_values, explain_values_breaking_schema
from tests.proxy.world import crm

ABSENT = (None, UNDEFINED, UNSET)


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
        (("zh", "en"), False, "False"),
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
        ("body", {"type": "string", "schema": {"enum": ["a", "b"]}}, ["a", "b", "c"], 1),
        ("body", {"type": "boolean"}, [False, True, 0], 1),
        ("query", {"schema": {"enum": ("zh", "en")}}, ["zh", "ZH"], 1),
        ("query", {"schema": {"enum": 5}}, "zh", 0),
        ("query", {"schema": {"enum": True}}, "zh", 0),
        ("query", {"schema": {"enum": "zh"}}, "zh", 0),
        ("query", {"schema": {"enum": {}}}, "zh", 0),
        ("query", {"schema": {"enum": None}}, "zh", 0),
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
