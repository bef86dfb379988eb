"""What is known of a response by values and schemas, and what a schema says of a value."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec import to_builtins

from bpmax_sim.platform.model import Api, Instance, Platform, ResponseRules
from bpmax_sim.platform.response_shapes import (
    ResponseShape,
    ResponseShapes,
    derive_schema_shape,
    find_kind,
    infer_shape,
    make_all_optional,
    merge_shapes,
    wrap_in_envelope,
)
from bpmax_sim.platform.schema_check import find_misfits
from bpmax_sim.platform.schema_keywords import drop_invalid_keywords, list_schemas, list_texts
from tests.proxy.world import crm


def brief(shape: ResponseShape | None) -> Any:
    """Return *shape* as texts: ``number|text``, ``{name?: …}``, ``[…]``, ``!`` for closed."""
    if shape is None:
        return None
    kinds = "|".join(sorted(shape.kinds)) or "unknown"
    words = f"{kinds}{'!' if shape.is_closed else ''}{':'.join(('', *shape.texts))}"
    if not shape.members and not shape.optional and shape.item is None:
        return words
    members = {
        f"{name}{'?' if name in shape.optional else ''}": brief(member)
        for name, member in shape.members.items()
    }
    return [words, members, *([brief(shape.item)] if shape.item is not None else [])]


CUSTOMER: dict[Any, Any] = {
    "name": "甲", "vip": True, "level": 3, "rate": Decimal("1.5"), "gone": None, "t": ("a", 1),
    "rows": [{"id": 1, "qty": 2}, {"id": "2"}, {"id": None, "note": "乙"}], 7: "x",
}  # fmt: skip


def test_a_value_has_a_shape() -> None:
    assert brief(infer_shape(CUSTOMER)) == [
        "object",
        {
            "name": "text", "vip": "boolean", "level": "number", "rate": "number", "gone": "null",
            "t": ["list", {}, "number|text"],
            "rows": ["list", {}, ["object", {"id": "null|number|text", "qty?": "number",
            "note?": "text"}]],
            "7": "text",
        },
    ]  # fmt: skip
    assert [brief(infer_shape({str(n): 1 for n in range(size)}))[0] for size in (200, 201)] == [
        *("object", "u")
    ]
    assert brief(infer_shape([])) == "list"
    assert "7" in infer_shape(CUSTOMER).members
    assert find_kind(object()) is None
    deep: Any = 1
    for _ in range(17):
        deep = [deep]
    shape: ResponseShape | None = infer_shape(deep)
    assert shape is not None
    assert brief(shape.find(["*"] * 16)) == ["list", {}, "unknown"]
    assert brief(infer_shape(deep[0]).find(["0"] * 16)) == "number"


def test_shapes_of_several_responses_are_merged() -> None:
    def shape(**fields: Any) -> ResponseShape:
        return ResponseShape(**fields)

    text = frozenset({"text"})
    thing = frozenset({"object"})
    unknown = shape()
    one = shape(kinds=text, texts=("甲", "乙"), is_closed=True)
    two = shape(kinds=text, texts=("乙", "丙"), is_closed=True)
    free = shape(kinds=text)
    a = shape(kinds=thing, members={"a": one, "b": one}, optional=frozenset({"a"}))
    b = shape(kinds=thing, members={"b": two, "c": two}, optional=frozenset({"b"}))
    rows = shape(kinds=frozenset({"list"}), item=one)

    assert [
        brief(merge_shapes(pair))
        for pair in (
            [], [one], [one, two], [one, free], [free, one], [one, unknown], [unknown, one], [a, b],
            [b, a], [a, free], [free, a], [rows, free], [free, rows], [a, rows, unknown], [a, rows,
            b],
        )
    ] == [
        None, "text!:甲:乙", "text!:甲:乙:丙", "text", "text", "unknown", "unknown",
        ["object", {"a?": "text!:甲:乙", "b?": "text!:甲:乙:丙", "c?": "text!:乙:丙"}],
        ["object", {"b?": "text!:乙:丙:甲", "c?": "text!:乙:丙", "a?": "text!:甲:乙"}],
        ["object|text", {"a?": "text!:甲:乙", "b": "text!:甲:乙"}],
        ["object|text", {"a?": "text!:甲:乙", "b": "text!:甲:乙"}],
        ["list|text", {}, "text!:甲:乙"], ["list|text", {}, "text!:甲:乙"], "unknown",
        ["list|object", {"a?": "text!:甲:乙", "b?": "text!:甲:乙:丙", "c?": "text!:乙:丙"},
        "text!:甲:乙"],
    ]  # fmt: skip


def test_a_place_of_a_shape_is_there_or_not_or_unknown() -> None:
    shape = derive_schema_shape({
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "rows": {"type": "array", "items": {"type": "object",
            "properties": {"0": {"type": "string"}}}},
            "any": {}, "name": {"type": "string"}, "bare": {"type": "array"},
            "either": {"type": ["array", "object"], "properties": {"x": {}},
            "items": {"type": "string"}},
        },
    })  # fmt: skip
    places = [
        "", "rows", "rows.*", "rows.0", "rows.0.0", "rows.*.id", "rows.name", "rows.length", "*",
        "0", "none", "none.x", "any.x", "name.x", "name", "bare.0", "bare.0.x", "either.x",
        "either.y", "either.5", "either.*.z", "rows.0.0.x",
    ]  # fmt: skip
    paths = [place.split(".") if place else [] for place in places]

    assert {place: shape.check_presence(path) for place, path in zip(places, paths,
    strict=True)} == {
        "": "present", "rows": "present", "rows.*": "present", "rows.0": "present",
        "rows.0.0": "present", "rows.*.id": "absent", "rows.name": "unknown",
        "rows.length": "unknown", "*": "unknown", "0": "absent", "none": "absent",
        "none.x": "absent", "any.x": "unknown", "name.x": "unknown", "name": "present",
        "bare.0": "present", "bare.0.x": "unknown", "either.x": "present", "either.y": "absent",
        "either.5": "present", "either.*.z": "unknown", "rows.0.0.x": "unknown",
    }  # fmt: skip
    assert {place: brief(shape.find(path)) for place, path in zip(places[1:], paths[1:],
    strict=True)} == {
        "rows": ["list", {}, ["object", {"0?": "text"}]], "rows.*": ["object", {"0?": "text"}],
        "rows.0": ["object", {"0?": "text"}], "rows.0.0": "text", "rows.*.id": None,
        "rows.name": None, "rows.length": None, "*": None, "0": None, "none": None, "none.x": None,
        "any.x": None, "name.x": None, "name": "text", "bare.0": None, "bare.0.x": None,
        "either.x": "unknown", "either.y": None, "either.5": "text", "either.*.z": None,
        "rows.0.0.x": None,
    }  # fmt: skip
    assert shape.list_names_at([]) == ("rows", "any", "name", "bare", "either")
    assert shape.list_names_at(["none"]) == ()
    assert [shape.is_closed_at(path) for path in ([], ["rows"], ["none"])] == [True, False, False]


SCHEMAS: Mapping[str, dict[str, Any]] = {
    "plain": {"type": "string", "enum": ["甲", None, "乙"]},
    "mixed enum": {"type": ["string", "integer"], "enum": ["甲", 1]},
    "const": {"const": "丙"},
    "no words": {"enum": []},
    "nullable": {"type": "boolean", "nullable": True},
    "not nullable": {"type": "number", "nullable": False},
    "bare": {"properties": {"a": True}},
    "items": {"items": {"type": "null"}},
    "both": {"properties": {"a": {}}, "items": {}},
    "text with items": {"type": "string", "items": {}, "properties": {"a": {}}},
    "odd type": {"type": ["file", 5, "array"]},
    "reference": {"$ref": "#/x"},
    "below": {"type": "object", "allOf": [{}, {"$ref": "#/x"}]},
    "all": {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"type": "string"}, "b": {}},
        "allOf": [
            {"required": ["b"], "properties": {"a": {"type": "integer"}, "c": {}}},
            {"required": ["x"], "additionalProperties": False},
        ],
    },
    "items in all": {"type": "array", "allOf": [{"items": []}, {"items": {"type": "string"}}]},
    "open": {
        "type": "object",
        "additionalProperties": {},
        "allOf": [{"additionalProperties": None}],
    },
    "any": {"anyOf": [{"type": "string"}, {"type": "null"}, {"type": "integer"}]},
    "one": {"oneOf": [{"type": "string"}], "type": "object"},
    "no choice": {"anyOf": [], "oneOf": 5, "type": "object"},
    "any before one": {"oneOf": [{"type": "null"}], "anyOf": [{"type": "string"}, {}]},
    "example": {"type": "object", "example": {"a": {"b": 1}}},
    "list example": {"example": [{"a": 1}]},
    "text example": {"type": "integer", "example": "7"},
    "second example": {"allOf": [{"example": {}}, {"example": {"a": 1}}, {"example": {"b": 1}}]},
    "example beside members": {"properties": {"z": {}}, "example": {"a": 1}},
    "example beside words": {"enum": ["甲"], "example": {"a": 1}},
    "example beside a constant": {"const": "甲", "example": {"a": 1}},
    "example beside a rule": {"type": "object", "additionalProperties": False, "example": {"a": 1}},
    "example beside members of a part": {"example": {"a": 1}, "allOf": [{"items": {}}]},
}


def test_a_schema_has_a_shape() -> None:
    assert {name: brief(derive_schema_shape(schema)) for name, schema in SCHEMAS.items()} == {
        "plain": "text:甲:乙", "mixed enum": "number|text", "const": "unknown:丙",
        "no words": "unknown", "nullable": "boolean|null", "not nullable": "number",
        "bare": ["object", {"a?": "unknown"}], "items": ["list", {}, "null"],
        "both": ["object", {"a?": "unknown"}, "unknown"],
        "text with items": ["text", {"a?": "unknown"}, "unknown"], "odd type": "list",
        "reference": "unknown", "below": "unknown",
        "all": ["object!", {"a": "number", "b": "unknown", "c?": "unknown"}],
        "items in all": ["list", {}, "text"], "open": "object", "any": "null|number|text",
        "one": "text", "no choice": "object", "any before one": "unknown",
        "example": ["object", {"a?": ["object", {"b?": "number"}]}],
        "list example": ["list", {}, ["object", {"a?": "number"}]], "text example": "number",
        "second example": ["object", {"a?": "number"}],
        "example beside members": ["object", {"z?": "unknown"}],
        "example beside words": "unknown:甲", "example beside a constant": "unknown:甲",
        "example beside a rule": "object!", "example beside members of a part": ["list", {},
        "unknown"],
    }  # fmt: skip
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(17):
        deep = {"type": "array", "items": deep}
    assert brief(derive_schema_shape(deep).find(["*"] * 17)) == "unknown"
    assert brief(derive_schema_shape(deep["items"]).find(["*"] * 16)) == "text"
    deep = {"type": "string"}
    for _ in range(17):
        deep = {"properties": {"a": deep}}
    assert brief(derive_schema_shape(deep).find(["a"] * 17)) == "unknown"


def test_an_envelope_has_the_first_data_of_a_body() -> None:
    body = derive_schema_shape(
        {"properties": {"data": {"properties": {"rows": {}}}, "items": {"type": "array"}}}
    )

    found = {
        path: brief(wrap_in_envelope(body, path.split()).members["data"])
        for path in ("", "$.data", "$.none $.items $.data", "$.data.rows $.items",
        "$.data[0] $.data",
                     "$.none $.x.y", "$ $.items", "$.none $..x", "$.items.x.y $.data.rows")
    }  # fmt: skip
    whole = ["object", {"data?": ["object", {"rows?": "unknown"}], "items?": "list"}]

    assert found == {
        "": whole, "$.data": ["object", {"rows?": "unknown"}], "$.none $.items $.data": "list",
        "$.data.rows $.items": "unknown", "$.data[0] $.data": "unknown", "$.none $.x.y": whole,
        "$ $.items": "unknown", "$.none $..x": "unknown", "$.items.x.y $.data.rows": "unknown",
    }  # fmt: skip
    envelope = wrap_in_envelope(body, [])
    assert brief(envelope)[0] == "object!"
    assert list(envelope.members) == ["code", "message", "data"]
    optional = make_all_optional(derive_schema_shape(SCHEMAS["all"] | {"items": {
        "required": ["k"], "properties": {"k": {}}}}))  # fmt: skip
    assert brief(optional) == [
        "object!", {"a?": "number", "b?": "unknown",
        "c?": "unknown"}, ["object", {"k?": "unknown"}],
    ]  # fmt: skip


def test_scripts_get_the_response_in_the_form_of_their_instances() -> None:
    find = Api(key="find", answer={"type": "object", "properties": {"a": {"type": "string"}}})
    other = Api(key="other", response=ResponseRules(data=("$.a",)), result="envelope")
    platform = crm(find, other, result="body", response=ResponseRules(data=("$.b",)))
    east, west, raw = (
        Instance(platform="crm", instance_key="east"),
        Instance(platform="crm", instance_key="west", result="envelope"),
        Instance(platform="crm", instance_key="raw", result="bytes"),
    )
    thing, text = infer_shape({"a": "甲"}), infer_shape({"a": 1, "b": [1]})
    shapes = ResponseShapes(
        [
            {"crm_system.find": thing, "crm_system.other": thing},
            {"crm_system.find": text, "erp.other": text, "other": text},
        ]
    )

    def declared(api: Api, *instances: Instance, of: Platform = platform) -> Any:
        return brief(shapes.find_declared_shape(of, api, instances))

    def recorded(api: Api, *instances: Instance) -> Any:
        return brief(shapes.find_recorded_result_shape(platform, api, instances))

    wrapped = ["object!", {"code": "unknown", "message": "unknown", "data": "unknown"}]
    assert declared(find) == declared(find, east) == ["object", {"a?": "text"}]
    assert declared(find, raw) is None
    assert declared(find, east, raw) is None
    assert declared(other, east) == wrapped
    assert declared(other) == wrapped
    assert declared(Api(key="find"), east) is None
    assert declared(Api(key="find"), east, west) is None
    assert declared(find, west)[1]["data"] == ["object", {"a?": "text"}]
    assert declared(find, east, west) == [
        "object",
        {
            "a?": "text",
            "code?": "unknown",
            "message?": "unknown",
            "data?": ["object", {"a?": "text"}],
        },
    ]
    assert recorded(find) == ["object", {"a": "number|text", "b?": ["list", {}, "number"]}]
    assert recorded(find, west)[1]["data"] == ["list", {}, "number"]
    assert recorded(find, east, raw) is None
    assert recorded(other, east)[1]["data"] == "text"
    assert recorded(Api(key="none")) is None
    assert to_builtins(ResponseShape()) == {}


VALUES: list[tuple[Any, dict[str, Any], str]] = [
    (None, {"type": "string", "enum": ["a"]}, ""),
    (1, {"type": "string", "if": {}}, ""), (1, {"type": "string", "$ref": ""}, ""),
    (1, {"type": "string", "not": {}}, ""), (1, {"type": "string", "allOf": []}, ""),
    (1, {"type": "string"}, "string is declared, got 1"),
    (1, {"type": ["string", "array"]}, "string / array is declared, got 1"),
    ([], {"type": ["string", "array"]}, ""), ((), {"type": "array"}, ""),
    (1, {"type": ["string", "null"]}, "string is declared, got 1"),
    (1, {"type": ["string", "file"]}, ""), (1, {"type": "file"}, ""), (1, {"type": ["null"]}, ""),
    (True, {"type": "integer"}, "integer is declared, got true"),
    (1, {"type": "boolean"}, "boolean is declared, got 1"), (True, {"type": "boolean"}, ""),
    (2.0, {"type": "integer"}, ""), (2.5, {"type": "integer"}, "integer is declared, got 2.5"),
    (float("inf"), {"type": "integer"}, "integer is declared, got inf"),
    (Decimal("2.5"), {"type": "number"}, ""), ({}, {"type": "object"}, ""),
    ("丁", {"enum": ["甲", "乙"]}, "甲, 乙 are declared, got '丁'"),
    ("activ", {"enum": ["active"]}, "active are declared, got 'activ'; did you mean 'active'?"),
    (["甲"], {"enum": ["甲"]}, ""), ({}, {"enum": ["甲"]}, ""), ("甲", {"enum": []}, ""),
    (1, {"minimum": 1}, ""), (0, {"minimum": 1}, "minimum: 1 is declared, got 0"),
    (-1, {"minimum": 0}, "minimum: 0 is declared, got -1"), (1, {"maximum": 1}, ""),
    (2, {"maximum": 1}, "maximum: 1 is declared, got 2"), ("2", {"maximum": 1}, ""),
    (True, {"maximum": 0}, ""), (2, {"maximum": "1"}, ""), (2, {"maximum": None}, ""),
    (1, {"exclusiveMinimum": 1}, "exclusiveMinimum: 1 is declared, got 1"),
    (2, {"exclusiveMinimum": 1}, ""), (1, {"exclusiveMinimum": True, "minimum": 1}, ""),
    (1, {"exclusiveMaximum": 1}, "exclusiveMaximum: 1 is declared, got 1"),
    (0, {"exclusiveMaximum": 1}, ""), (0, {"exclusiveMaximum": True}, ""),
    ("甲乙", {"minLength": 2, "maxLength": 2}, ""),
    ("甲", {"minLength": 2}, "minLength: 2 is declared, got '甲'"),
    ("甲乙丙", {"maxLength": 2}, "maxLength: 2 is declared, got '甲乙丙'"),
    ([1, 2, 3], {"maxLength": 2}, ""), ("甲乙丙", {"maxLength": "2"}, ""),
    ("x甲", {"pattern": "甲"}, ""), ("x", {"pattern": "甲"}, "pattern: 甲 is declared, got 'x'"),
    ("x", {"pattern": "("}, ""), ("x", {"pattern": 5}, ""), (5, {"pattern": "甲"}, ""),
    ("2026-02-31", {"format": "date"}, ""),
    ("2026-13-01", {"format": "date"}, "format: date is declared, got '2026-13-01'"),
    ("2026-01-00", {"format": "date"}, "format: date is declared, got '2026-01-00'"),
    ("2026-01-01x", {"format": "date"}, "format: date is declared, got '2026-01-01x'"),
    ("2026-01-01 23:59:60.5", {"format": "date-time"}, ""),
    ("2026-01-01t09:00:00+0800", {"format": "date-time"}, ""),
    ("2026-01-01T24:00:00Z", {"format": "date-time"},
    "format: date-time is declared, got '2026-01-01T24:00:00Z'"),
    ("09:00:00z", {"format": "time"}, ""), ("9:00:00", {"format": "time"},
    "format: time is declared, got '9:00:00'"),
    ("a@b", {"format": "email"}, ""), ("a@b c", {"format": "email"},
    "format: email is declared, got 'a@b c'"),
    ("0A1b2c3d-0000-0000-0000-00000000000F", {"format": "uuid"}, ""),
    ("0a1b2c3d000000000000000000000000", {"format": "uuid"},
    "format: uuid is declared, got '0a1b2c3d000000000000000000000000'"),
    ("Urn:a", {"format": "uri"}, ""), ("//a", {"format": "uri"},
    "format: uri is declared, got '//a'"),
    ("x", {"format": "money"}, ""), (5, {"format": "date"}, ""),
]  # fmt: skip


def test_a_value_fits_its_schema_or_a_message_says_why() -> None:
    found = [
        "; ".join(text for _, text in find_misfits(value, schema)) for value, schema, _ in VALUES
    ]

    assert found == [message for *_, message in VALUES]


def test_misfits_are_named_by_their_place() -> None:
    rows = {
        "type": "array",
        "items": {"type": "object", "properties": {"qty": {"type": "integer"}}},
    }
    schema = {
        "properties": {"rows": rows, "name": {"type": "string"}, "odd": 5, "no": {"type": "string"}}
    }
    value = {"rows": [{"qty": 1}, {"qty": "2"}, 5, {"qty": "3"}], "name": 1, "odd": 1, "more": 2}

    assert [(path, text[:7]) for path, text in find_misfits(value, schema, ("body",))] == [
        (("body", "rows", 1, "qty"), "integer"), (("body", "rows", 2), "object "),
        (("body", "rows", 3, "qty"), "integer"), (("body", "name"), "string "),
    ]  # fmt: skip
    assert [
        path for path, _ in find_misfits([{"qty": "1"}], {**rows, "enum": [[]], "type": "object"})
    ] == [()]


def test_keywords_with_a_wrong_value_are_dropped() -> None:
    nan = float("nan")
    right: dict[str, list[Any]] = {
        "type": ["string", ["null", "array"]], "format": ["date", ""], "enum": [[1],
        ("a",), [None]],
        "const": [None], "example": [None], "minimum": [0, -1.5], "maximum": [0],
        "exclusiveMinimum": [True, 1], "exclusiveMaximum": [False, 1.5], "multipleOf": [0.1],
        "minLength": [0, 3.0], "maxLength": [0], "minItems": [0], "maxItems": [0, 2],
        "pattern": ["", "a+"], "uniqueItems": [True, False], "nullable": [True, False],
        "required": [[], ["a", "b"], ("a",)], "properties": [5], "x-more": [None],
    }  # fmt: skip
    wrong: dict[str, list[Any]] = {
        "type": ["file", ["string", "string"], ["string", 5], 5, ["null", "any"]],
        "format": [5, ["date"]], "enum": [[], "a", None], "minimum": [True, "1"],
        "maximum": [False, None],
        "exclusiveMinimum": ["1"], "exclusiveMaximum": [None],
        "multipleOf": [0, -1, True, float("inf")],
        "minLength": [-1, 2.5, True, nan], "maxLength": [1.5, "2"], "minItems": [-1],
        "maxItems": [True],
        "pattern": ["(", 5], "uniqueItems": [1], "nullable": [1, "true"],
        "required": [True, ["a", 5], "a"],
    }  # fmt: skip

    for cases, is_kept in ((right, True), (wrong, False)):
        assert {
            word: [drop_invalid_keywords({word: value}) == {word: value} for value in values]
            for word, values in cases.items()
        } == {word: [is_kept] * len(values) for word, values in cases.items()}
    assert drop_invalid_keywords([1]) == {}
    assert list_texts(("a", 1, "b")) == ["a", "b"]
    assert list_schemas(({}, 1, {"a": 1})) == [{}, {"a": 1}]
