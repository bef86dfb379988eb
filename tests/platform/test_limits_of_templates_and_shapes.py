"""Operators of templates at their limits, and what a declared shape leaves open."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.platform.encodings import LIMIT
from bpmax_sim.platform.matcher import expand_templates
from bpmax_sim.platform.response_shapes import (
    ResponseShape,
    ResponseShapes,
    derive_schema_shape,
    find_kind,
    infer_shape,
    make_all_optional,
    merge_shapes,
)
from bpmax_sim.platform.template import iterate_texts, render
from tests.proxy.world import CREATE, DETAIL, crm

BIG = 10**30
LONGEST = "x" * LIMIT
NAMES = {"n": 3, "half": 0.5, "big": BIG - 1, "over": BIG, "text": "合同",
         "none": None, "list": ["甲", "乙", "丙"], "map": {"a": {"b": 1}, "items": "明细"},
         "yes": True}  # fmt: skip


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("{{ n + 1 }}|{{ n - 4 }}|{{ n * half }}|{{ n / 2 }}|{{ n // 2 }}|{{ n % 2 }}|{{ -n }}",
            "4|-1|1.5|1.5|1|1|-3"),
        ("{{ big + 0 }}", str(BIG - 1)),
        ("{{ (0 - big) + 0 }}", str(1 - BIG)),
        ("{{ text + '一' }}{{ '' + '' }}", "合同一"),
        ("{{ yes + 1 }}", "2"),
        ("{{ list[1:] | json }}{{ list[0:2] | json }}{{ list[-1] }}", '["乙","丙"]["甲","乙"]丙'),
        ("{{ map.items }}{{ map.a.b }}{{ map['a']['b'] }}", "明细11"),
        ("{{ text[1] }}{{ text ~ none ~ yes ~ 2.0 }}", "同合同true2"),
        ("{% if n > 3 %}大{% elif n == 3 %}等{% else %}小{% endif %}", "等"),
        ("{{ 'x' if n in [1, 3] and not none else 'y' }}", "x"),
        ("{{ other | default('无') }}{{ none | default('无') }}", "无"),
        ("{{ map.c | default('无') }}{{ n | default(5) }}", "无3"),
        ("{{ list.c | default('无') }}{{ list[9] | default('无') }}{{ map[9] | default('无') }}",
         "无无无"),
        ("{{ text['x'] | default('无') }}{{ n.x | default('无') }}{{ list['0'] | default(5) }}",
         "无无5"),
        ("{{ 'a\\r\\nb' ~ '' }}", "a\r\nb"), ("{{ 'a\r\nb' ~ '\r' }}", "a\r\nb\r"),
    ],
)  # fmt: skip
def test_an_expression_has_its_value(source: str, result: str) -> None:
    assert render(source, NAMES) == result


@pytest.mark.parametrize("between", ["", " ", "   ", "\n  "])
def test_what_no_template_can_be_is_known_at_once_however_long(between: str) -> None:
    """Not after each way was tried in which the spaces could belong to the filters."""
    filters = f"|{between}lower{between}" * 30
    assert render(f"{{{{ text {filters}~ 'X' }}}}", NAMES) == "合同X"
    assert expand_templates(f"{{{{{between * 2000}text", {"text": "合同"}).endswith("text")
    assert expand_templates(f"{{{{{between}text{between}}}}}", {"text": "合同"}) == "合同"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ over + 0 }}", "'+' needs two numbers, or + two short texts"),
        ("{{ 0 + over }}", "'+' needs two numbers, or + two short texts"),
        ("{{ 1 / (0 - over) }}", "'/' needs two numbers, or + two short texts"),
        ("{{ text + 1 }}", "'+' needs two numbers, or + two short texts"),
        ("{{ text % text }}", "'%' needs two numbers, or + two short texts"),
        ("{{ list + list }}", "'+' needs two numbers, or + two short texts"),
        ("{{ none + 1 }}", "'+' needs two numbers, or + two short texts"),
        ("{{ list[1:2, 0] }}", " mixes a slice with other indexes; split it into two expressions"),
        ("{{ list[3] }}", "nothing is called 3 in it"),
        ("{{ list.a }}", "nothing is called 'a' in it"),
        ("{{ n.real }}", "nothing is called 'real' in it"),
        ("{{ map.a.c ~ '' }}", "nothing is called 'c' in it"),
    ],
)
def test_what_has_no_value_is_told(source: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        render(source, NAMES)

    assert str(caught.value).endswith(message)


@pytest.mark.parametrize("source", ["{{ a + b }}", "{{ b + a }}", "{{ a ~ b }}", "{{ a }}{{ b }}"])
def test_texts_that_are_joined_have_so_many_characters(source: str) -> None:
    joined = render(source, {"a": LONGEST[1:], "b": "同"})
    assert (len(joined), joined.strip("x")) == (LIMIT, "同")
    with pytest.raises(ConfigError):
        render(source, {"a": LONGEST, "b": "同"})


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("a", ["a"]), (["a", ("b", {"x": "c"}), 5, None], ["a", "b", "c"]), ({}, []),
        ({"键": {"k": "v"}}, ["v"]), (DETAIL.parameters[1], ["fields", "query", "", "", "", ""]),
    ],
)  # fmt: skip
def test_texts_are_found_at_any_depth(value: Any, texts: list[str]) -> None:
    assert list(iterate_texts(value)) == texts


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"), (True, "boolean"), (0, "number"), (1.5, "number"), ("", "text"),
        ({}, "object"), ([], "list"), ((), "list"), (b"", None), (object(), None),
    ],
)  # fmt: skip
def test_a_value_has_one_kind(value: Any, kind: str | None) -> None:
    assert find_kind(value) == kind


@pytest.mark.parametrize(
    ("schema", "optional"),
    [
        ({"properties": {"a": {}, "b": {}}}, {"a", "b"}),
        ({"properties": {"a": {}, "b": {}}, "required": ["b"]}, {"a"}),
        ({"properties": {"a": {}}, "required": ["a", "c"]}, set()),
        ({"properties": {"a": {}}, "required": []}, {"a"}),
        ({"allOf": [{"properties": {"a": {}}, "required": ["b"]}, {"properties": {"b": {}}}]},
            {"a"}),
        ({"properties": {"a": {}}, "required": ["b"], "allOf": [{"properties": {"b": {}}}]},
            {"a"}),
        ({"example": {"a": 1, "b": 2}}, {"a", "b"}),
        ({"allOf": [{"type": "object"}, {"example": {"a": 1}}]}, {"a"}),
        ({"allOf": [{"properties": {"c": {}}}, {"example": {"a": 1}}]}, {"c"}),
    ],
)  # fmt: skip
def test_members_that_a_schema_does_not_require_are_optional(
    schema: dict[str, Any], optional: set[str]
) -> None:
    assert derive_schema_shape(schema).optional == optional


def test_all_that_was_seen_may_be_missing_at_any_depth() -> None:
    shape = infer_shape({"rows": [{"a": {"b": 1}}], "n": 1})

    found = make_all_optional(shape)
    rows = found.members["rows"].item

    assert found.optional == {"rows", "n"}
    assert rows is not None
    assert [*rows.optional, *rows.members["a"].optional] == ["a", "b"]
    assert [*shape.optional, *found.kinds] == ["object"]
    assert merge_shapes([]) is None
    assert merge_shapes([shape]) is shape


def test_recordings_of_one_api_are_merged_and_those_of_others_left_out() -> None:
    platform = crm(DETAIL, CREATE)
    key = f"crm_system.{DETAIL.key}"
    shapes = ResponseShapes([
        {key: infer_shape({"a": 1, "b": 1})},
        {"crm_system.other": infer_shape({"z": 1})},
        {key: infer_shape({"a": 1, "c": None})},
    ])  # fmt: skip

    for _ in range(2):
        found = shapes.find_recorded_result_shape(platform, DETAIL, [])
        assert found is not None
        assert [*found.members, *sorted(found.optional)] == ["a", "b", "c", "b", "c"]
        assert shapes.find_recorded_result_shape(platform, CREATE, []) is None
    assert shapes.find_declared_shape(platform, DETAIL, []) is None
    assert ResponseShape().find(()) == ResponseShape()
