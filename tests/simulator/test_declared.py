"""What a platform file alone says of a third party: samples, envelopes, statuses, addresses."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from bpmax_sim.errors import ConfigError, TransportError
from bpmax_sim.messages import FORM, Request
from bpmax_sim.platform.load import read_platform
from bpmax_sim.platform.model import Parameter
from bpmax_sim.platform.response_shapes import derive_schema_shape
from bpmax_sim.platform.schema_check import find_misfits
from bpmax_sim.platform.target import NumberedLoginStep
from bpmax_sim.secret.standin import make_standin
from bpmax_sim.simulator.auth import make_standin_login_response
from bpmax_sim.simulator.engine import (
    convert_to_declared_type,
    make_example_value,
    sample_schema,
)
from bpmax_sim.simulator.model import (
    CredentialFormat,
    ResponseTemplate,
    Route,
    RouteCheck,
    RuleTable,
    derive_rules,
    make_refusal_with_code,
    set_at_path,
)
from bpmax_sim.simulator.simulator import Simulator, format_credentials
from bpmax_sim.simulator.state import is_missing, merge_members, parse_request
from tests.simulator.bench import Bench, bench


def shop(folder: Path, text: str = "", credentials: dict[str, Any] | None = None) -> Bench:
    path = folder / "shop.yaml"
    head = "" if "base_url" in text else "base_url: https://shop.example.test\n"
    path.write_text(f"platform_key: shop\n{head}{text}", encoding="utf-8")
    return bench(read_platform(path), credentials or {})


DEEP = {"properties": {"a": {"properties": {"b": {"type": "array", "items": {"type": "integer"}}}}}}


@pytest.mark.parametrize(
    ("schema", "sample"),
    [
        ({"example": 1, "const": 2, "default": 3, "enum": [4]}, 1),
        ({"enum": [4, 5], "default": 3, "const": 2}, 2),
        ({"enum": [4, 5], "default": 3}, 3),
        ({"enum": [4, 5, 6]}, 4),
        ({"example": None}, None), ({"example": 0, "default": 1}, 0), ({"default": ""}, ""),
        ({"const": False, "default": True}, False), ({"enum": []}, None), ({}, None),
        ({"type": "string"}, "名称"), ({"type": "string", "format": "date"}, "2026-01-01"),
        ({"type": "string", "format": "date-time"}, "2026-01-01T09:00:00+08:00"),
        ({"type": "string", "format": "email"}, "zhangsan@example.test"),
        ({"type": "string", "format": "phone"}, "13800138000"),
        ({"type": "string", "format": "uri"}, "https://example.test/"),
        ({"type": "string", "format": "uuid"}, "00000000-0000-4000-8000-000000000000"),
        ({"type": "string", "format": "Date"}, "名称"),
        ({"type": "integer"}, 1), ({"type": "number"}, 1.5), ({"type": "boolean"}, True),
        ({"type": "array"}, []), ({"type": "object"}, {}), ({"type": "null"}, None),
        ({"type": ["null", "string"]}, "名称"), ({"type": ["null", "integer", "string"]}, 1),
        ({"type": ["null"]}, None), ({"type": []}, None), ({"type": "file"}, None),
        ({"type": "array", "items": {"type": "string"}}, ["名称"]),
        ({"type": "array", "items": {}}, [None]),
        ({"properties": {"a": {"type": "string"}, "b": {"type": "number"}}}, {"a": "a", "b": 1.5}),
        (DEEP, {"a": {"b": [1]}}),
        ({"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}},
                    {"properties": {"a": {"const": 3}}}]}, {"a": 3, "b": 2}),
        ({"properties": {"a": {"const": 0}, "c": {"const": 0}},
          "allOf": [{"properties": {"a": {"const": 1}}}]}, {"a": 1, "c": 0}),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, "名称"),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, 1),
        ({"oneOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]},
         {"a": 1}),
        ({"anyOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]},
         {"a": 1}),
        ({"allOf": [{"type": "string"}, {"maxLength": 3}]}, "名称"),
        ({"allOf": [{"const": 1}, {"const": 2}, {"const": 3}]}, 3),
        ({"allOf": [{}]}, None), ({"allOf": [], "type": "string"}, "名称"),
        ({"type": "string", "minLength": 5}, "名称名称名"),
        ({"type": "string", "minLength": 2}, "名称"),
        ({"type": "string", "minLength": 10**12}, "名称" * 500),
        ({"type": "array", "items": {"const": 1}, "minItems": 10**12}, [1] * 1000),
        ({"type": "integer", "multipleOf": 0}, 1),
        ({"type": "string", "maxLength": 1}, "名"), ({"type": "string", "maxLength": 0}, ""),
        ({"type": "string", "minLength": 3.0, "maxLength": 4.0}, "名称名"),
        ({"type": "string", "format": "date", "maxLength": 4}, "2026-01-01"),
        ({"type": "array", "items": {"const": 1}, "minItems": 3}, [1, 1, 1]),
        ({"type": "array", "items": {"const": 1}, "maxItems": 0}, []),
        ({"type": "array", "items": {"const": 1}, "minItems": 0, "maxItems": 5.0}, [1]),
        ({"type": "integer", "multipleOf": 5}, 5), ({"type": "integer", "multipleOf": 0.5}, 1),
        ({"type": "number", "multipleOf": 0.1}, 1.5), ({"type": "number", "multipleOf": 4}, 4),
        ({"type": "number", "multipleOf": 0.4, "maximum": 1.5}, 1.2),
        ({"type": "integer", "multipleOf": 100, "minimum": 101}, 200),
        ({"type": "integer", "multipleOf": 7, "maximum": -8}, -14),
        ({"type": "integer", "multipleOf": 10, "minimum": 1, "maximum": 9}, 1),
        ({"allOf": [{}, {"const": 0}]}, 0),
    ],
)  # fmt: skip
def test_a_sample_is_what_the_schema_says_first(schema: Any, sample: Any) -> None:
    found = sample_schema(schema, "名称")

    assert (found, type(found)) == (sample, type(sample))


@pytest.mark.parametrize(("least", "text"), [(0, ""), (1, "x"), (3, "xxx")])
def test_a_text_without_a_name_is_as_long_as_it_has_to_be(least: int, text: str) -> None:
    assert sample_schema({"type": "string", "minLength": least}) == text
    assert sample_schema({"type": "string"}) == ""
    assert sample_schema({"items": {"type": "string", "minLength": least}, "type": "array"}) == [
        text
    ]


@pytest.mark.parametrize(
    ("wrap", "end"),
    [
        (lambda inner: {"type": "array", "items": inner}, []),
        (lambda inner: {"type": "object", "properties": {"a": inner}}, {}),
        (lambda inner: {"allOf": [inner]}, None),
    ],
)
@pytest.mark.parametrize("levels", [1, 8, 9])
def test_a_sample_is_nested_eight_levels_deep(
    wrap: Callable[[Any], Any], end: Any, levels: int
) -> None:
    schema: Any = {"const": "底"}
    for _ in range(levels):
        schema = wrap(schema)

    text = json.dumps(sample_schema(schema), ensure_ascii=False)

    assert ("底" in text) == (levels <= 8)
    assert text.count(json.dumps(end)) == (levels > 8)


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ({}, "编号"), ({"title": "客户编号"}, "客户编号"), ({"type": "integer"}, 1),
        ({"type": "integer", "default": 0}, 0), ({"default": ""}, ""),
        ({"default": "乙", "enum": ("甲", "乙")}, "甲"), ({"enum": ("甲",)}, "甲"),
        ({"format": "date"}, "2026-01-01"), ({"type": "array"}, []), ({"type": "boolean"}, True),
        # what OpenAPI says of it beyond that
        ({"type": "integer", "schema": {"minimum": 10}}, 10), ({"schema": {}}, "编号"),
        ({"schema": {"type": "integer", "maximum": 0}}, 0), ({"schema": {"maxLength": 1}}, "编"),
        ({"type": "string", "schema": {"type": "integer"}}, "编号"),
        ({"type": "array", "schema": {"items": {"type": "string"}}}, ["编号"]),
        ({"type": "object", "schema": {"properties": {"金额": {"type": "number"}}}}, {"金额": 1.5}),
        ({"schema": {"properties": {"金额": {"type": "number"}}}}, {"金额": 1.5}),
        ({"schema": {"oneOf": [{"type": "integer"}, {"type": "string"}]}}, 1),
        ({"schema": {"enum": ["甲", "乙"]}}, "甲"), ({"schema": {"example": "丙"}}, "丙"),
        ({"enum": ("乙",), "schema": {"enum": ["甲"]}}, "乙"),
        ({"default": "乙", "schema": {"enum": ["甲", "乙"]}}, "甲"),
        ({"default": "丁", "schema": {"maxLength": 9}}, "丁"),
        ({"schema": {"format": "date"}}, "2026-01-01"),
        ({"type": "array", "enum": ("甲", "乙")}, ["甲"]),
        ({"type": "array", "enum": ("甲", "乙"), "default": ["乙"]}, ["甲"]),
        ({"type": "array", "default": ["乙"]}, ["乙"]),
        ({"format": "email", "schema": {"format": "date"}}, "zhangsan@example.test"),
        ({"type": "file", "schema": {"minLength": 3}}, "编号编"),
    ],
)  # fmt: skip
def test_an_example_fits_what_is_declared_of_a_parameter(declared: Any, value: Any) -> None:
    assert make_example_value(Parameter(name="编号", place="query", **declared)) == value


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("true", {"boolean": True}), ("false", {"boolean": False}), ("True", {}), ("", {}),
        (True, {"boolean": True}), (1, {"integer": 1, "number": 1}), (1.5, {"number": 1.5}),
        (0, {"integer": 0, "number": 0}), ("0", {"integer": 0, "number": 0.0}),
        ([], {"array": []}), ({}, {"object": {}}), (None, {}), ("甲", {}),
        ("1e999", {}), ("9" * 5000, {}),
    ],
)  # fmt: skip
def test_a_value_is_of_its_type_or_of_none(value: Any, fits: dict[str, Any]) -> None:
    kinds: Any = ("integer", "number", "boolean", "array", "object")
    found = {
        kind: convert_to_declared_type(value, Parameter(name="a", place="body", type=kind))
        for kind in kinds
    }

    assert {kind: one for kind, one in found.items() if one is not UNSET} == fits


ENVELOPES = """\
response:
  code: [$.head.code, $.code]
  message: [$.head.msg]
"""
THREE = "{all: [{path: $.ok, in: [true]}, {path: $.n, in: [3]}, {path: header:X-Ok, in: [yes]}]}"


@pytest.mark.parametrize(
    ("response", "status", "headers", "body"),
    [
        ("", 200, {}, {}),
        (ENVELOPES, 200, {}, {}),
        (f"{ENVELOPES}  data: [$.data]\n", 200, {}, {"head": {"code": 200, "msg": "ok"}}),
        (f"{ENVELOPES}  ok: {{status: [201, 200]}}\n", 201, {}, {}),
        (f"{ENVELOPES}  ok: {{all: [{{path: $.head.code, in: [0, 1]}}]}}\n", 200, {},
         {"head": {"code": 0, "msg": "ok"}}),
        (f"{ENVELOPES}  ok: {{all: [{{path: $.e, absent: true}}, {{path: $.ok, in: [1]}}]}}\n",
         200, {}, {"head": {"msg": "ok"}, "ok": 1}),
        (f"{ENVELOPES}  ok: {THREE}\n", 200, {"X-Ok": "yes"},
         {"head": {"msg": "ok"}, "ok": True, "n": 3}),
        ("response: {code: [header:X-Code], message: [header:X-Msg], data: [$.data]}\n", 200,
         {"X-Msg": "ok"}, {}),
        ("response: {data: [$.data]}\n", 200, {}, {}),
    ],
)  # fmt: skip
def test_a_success_has_what_the_envelope_says_of_it(
    response: str, status: int, headers: Any, body: Any, tmp_path: Path
) -> None:
    ok = derive_rules(shop(tmp_path, response).simulator.platform).ok

    assert (ok.status, ok.headers, ok.body) == (status, headers, body)


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("token", 401), ("rate", 429), ("transient", 503), ("400", 400), ("401", 401),
        ("404", 404), ("409", 409), ("expired", 401), ("used", 401), ("signature", 401),
    ],
)  # fmt: skip
def test_a_refusal_has_the_status_of_its_kind(key: str, status: int, tmp_path: Path) -> None:
    rules = derive_rules(shop(tmp_path).simulator.platform)

    assert (rules.errors[key].status, rules.errors[key].code) == (status, str(status))
    assert (rules.tokens.life, rules.tokens.missing) == (7200, "token")


@pytest.mark.parametrize(
    ("classes", "ok", "status", "code"),
    [
        ("", "", 401, "401"),
        ("token: {code: [E1, E2]}", "", 401, "E1"),
        ("token: {code: [7, 8], status: [403, 401]}", "", 403, "7"),
        ("token: {status: [403]}", "", 403, "403"),
        ("token: {code: [E1]}", "all: [{path: $.ok, in: [true]}]", 200, "E1"),
        ("token: {code: [E1]}", "status: [202], all: [{path: $.ok, in: [true]}]", 202, "E1"),
        ("token: {code: [E1]}", "status: [203, 200, 202], all: [{path: $.ok, in: [1]}]", 203, "E1"),
        ("", "all: [{path: $.ok, in: [true]}]", 401, "401"),
        ("token: {code: [E1]}", "status: [202]", 401, "E1"),
    ],
)
def test_a_class_has_its_first_code_and_status(
    classes: str, ok: str, status: int, code: str, tmp_path: Path
) -> None:
    text = f"response: {{classes: {{{classes}}}, ok: {{{ok}}}}}\n"

    found = derive_rules(shop(tmp_path, text).simulator.platform).errors["token"]

    assert (found.status, found.code) == (status, code)


@pytest.mark.parametrize(
    ("response", "refusal", "status", "headers", "body"),
    [
        ("", ("rate", 0), 429, {}, "{}"),
        ("{code: [$.code]}", ("rate", UNSET), 429, {}, "{}"),
        ("{code: [$.code]}", ("transient", 0), 503, {}, '{"code":0}'),
        ("{message: [$.m]}", ("other", 0), 400, {}, '{"m":"忙"}'),
        ("{code: [$.e.c, $.c], message: [$.e.m]}", ("rate", "E9"), 429, {},
         '{"e":{"c":"E9","m":"忙"}}'),
        ("{code: [header:X-Code], message: [$.m]}", ("token", "E9"), 401, {"x-code": "E9"},
         '{"m":"忙"}'),
    ],
)  # fmt: skip
def test_a_fault_is_told_where_the_envelope_has_it(
    response: str, refusal: tuple[str, Any], status: int, headers: Any, body: str, tmp_path: Path
) -> None:
    text = f"response: {response}\n" if response else ""
    rules = shop(tmp_path, text).simulator.platform.response

    found = make_refusal_with_code(rules, *refusal, "忙")

    assert (found.status, found.body.decode()) == (status, body)
    assert dict(found.headers) == {"content-type": "application/json; charset=utf-8", **headers}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("$", {"a": 1}), ("", {"a": 1}), ("$.a", {"a": 9}), ("$.b", {"a": 1, "b": 9}),
        ("$.b.c.d", {"a": 1, "b": {"c": {"d": 9}}}), ("$['b']", {"a": 1, "b": 9}),
        ("$.a.b", {"a": {"b": 9}}),
    ],
)  # fmt: skip
def test_a_value_is_set_at_a_path_of_names(path: str, body: Any) -> None:
    value: dict[str, Any] = {"a": 1}
    set_at_path(value, path, 9)

    assert value == body


@pytest.mark.parametrize(
    ("bottom", "top", "merged"),
    [
        ({"a": 1}, {"a": 2}, {"a": 2}), ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": {"b": 1, "c": 1}}, {"a": {"c": 2, "d": 3}}, {"a": {"b": 1, "c": 2, "d": 3}}),
        ({"a": {"b": {"c": 1}}}, {"a": {"b": {"d": 2}}}, {"a": {"b": {"c": 1, "d": 2}}}),
        ({"a": [1]}, {"a": [2]}, {"a": [2]}), ({"a": 1}, None, None), (None, {"a": 1}, {"a": 1}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}), ({"a": 1}, {}, {"a": 1}),
    ],
)  # fmt: skip
def test_of_two_objects_each_member_is_merged(bottom: Any, top: Any, merged: Any) -> None:
    assert merge_members(bottom, top) == merged


@pytest.mark.parametrize(
    ("value", "is_it"),
    [(UNSET, True), (None, True), ("", True), ([], True), ({}, True), (0, False), (False, False),
     (0.0, False), (" ", False), ([None], False), ({"": None}, False), ("0", False)],
)  # fmt: skip
def test_a_value_is_missing_where_it_is_absent_null_or_empty(value: Any, is_it: bool) -> None:
    assert is_missing(value) == is_it


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://shop.example.test/api/x", "/x"), ("https://shop.example.test/api", "/"),
        ("https://shop.example.test/api?a=1", "/"), ("https://shop.example.test/api/", "/"),
        ("https://shop.example.test/apis/x", "/apis/x"), ("https://other.test/x/y?a#b", "/x/y"),
        ("https://other.test", "/"), ("/x?a=1", "/x"),
        ("https://shop.example.test/api/x#/y?z", "/x"),
    ],
)  # fmt: skip
def test_a_path_is_that_below_the_address(url: str, path: str) -> None:
    parsed = parse_request(Request(method="get", url=url), "https://shop.example.test/api")

    assert (parsed.path, parsed.method) == (path, "GET")


@pytest.mark.parametrize(
    ("media", "body", "form", "value"),
    [
        (FORM, b"a=1", {"a": "1"}, UNSET), (f"{FORM}; charset=utf-8", b"a=1", {"a": "1"}, UNSET),
        (FORM, b"1", {"1": ""}, 1), (FORM, b"", {}, UNSET), ("text/plain", b"a=1", {}, UNSET),
        ("", b'{"a": 1}', {}, {"a": 1}), ("", b"null", {}, None), ("", b"\xff", {}, UNSET),
        ("", None, {}, UNSET),
    ],
)  # fmt: skip
def test_a_body_is_a_form_where_its_header_says_so(
    media: str, body: bytes | None, form: Any, value: Any
) -> None:
    headers = (("CONTENT-TYPE", media), ("X-A", "1"), ("x-a", "2"), ("Cookie", "a=1; b=2; a=3"))
    parsed = parse_request(Request(method="POST", url="/x", headers=headers, body=body), "")

    assert (parsed.form, parsed.body) == (form, value)
    assert (parsed.headers["x-a"], parsed.cookies["b"]) == ("1", "2")


@pytest.mark.parametrize("length", [0, 1, 32, 43, 85, 86, 87, 200])
def test_an_id_is_as_long_as_it_is_asked_for(length: int, tmp_path: Path) -> None:
    made = shop(tmp_path)
    answer = {"id": {"$made": "m_", "length": length}, "plain": {"$made": None},
              "other": {"$made": "m_", "length": length}}  # fmt: skip
    route = Route(on="get /x", answer=ResponseTemplate(body=answer))
    made.simulator.table = RuleTable(simulator="shop", routes=(route,))

    found = made.ask("GET /x")

    assert (len(found["id"]), len(found["plain"])) == (length + 2, 32)
    assert found["id"].startswith("m_")
    assert (found["id"] == found["other"]) == (length == 0)
    assert found["id"][2:].isalnum() == (length > 0)


ROWS = ({"id": "1", "tags": ["甲", "乙", "丙"], "by": {"open_id": "o1", "user_id": "u1"}},
        {"id": "2", "tags": "丙", "by": {"open_id": "o2"}}, {"id": "3", "by": "x"})  # fmt: skip


@pytest.mark.parametrize(
    ("query", "node", "found"),
    [
        ("", {"$rows": "r", "pick": "id"}, ["1", "2", "3"]),
        ("", {"$rows": "none"}, []),
        ("", {"$rows": "r", "pick": "tags"}, [["甲", "乙", "丙"], "丙"]),
        ("?t=丙", {"$rows": "r", "pick": "id", "where": {"tags": "query.t"}}, ["1", "2"]),
        ("?t=", {"$rows": "r", "pick": "id", "where": {"tags": "query.t"}}, []),
        ("", {"$rows": "r", "pick": "id", "where": {"tags": "query.t"}}, ["1", "2", "3"]),
        ("?t=丙&i=2", {"$rows": "r", "pick": "id", "where": {"tags": "query.t", "id": "query.i"}},
         ["2"]),
        ("", {"$rows": "r", "pick": ["by"], "spell": {"by": "query.k"}},
         [{"by": "o1"}, {"by": "o2"}, {"by": "x"}]),
        ("?k=user_id", {"$rows": "r", "pick": "by", "spell": {"by": "query.k"}},
         ["u1", "x"]),
        ("?k=user_id", {"$rows": "r", "pick": ["id", "by"], "spell": {"by": "query.k"}},
         [{"id": "1", "by": "u1"}, {"id": "2"}, {"id": "3", "by": "x"}]),
        ("?a=甲", {"a": "{{ seconds }}", "b": ["{{ now }}"], "c": {"$value": "query.a"},
                  "d": {"$value": "query.z"}, "e": [{"$value": "query.z"}, 1], "f": None},
         {"a": "1772413200", "b": ["1772413200"], "c": "甲", "e": [1], "f": None}),
        ("?n=7", {"a": {"$value": "query.n", "as": "text"},
                  "b": {"$value": "query.m", "as": "text"},
                  "c": {"$value": "millis", "as": "text"}, "d": {"$value": "millis"}},
         {"a": "7", "c": "1772413200000", "d": 1772413200000}),
    ],
)  # fmt: skip
def test_a_response_is_filled_with_what_there_is(
    query: str, node: Any, found: Any, tmp_path: Path
) -> None:
    made = shop(tmp_path)
    route = Route(on="GET /x", answer=ResponseTemplate(body=node))
    made.simulator.table = RuleTable(simulator="shop", rows={"r": ROWS}, routes=(route,))

    assert made.ask(f"GET /x{query}") == found


@pytest.mark.parametrize(
    ("over", "status", "media", "body"),
    [
        ({}, 201, "application/json; charset=utf-8", b'{"a":1}'),
        ({"status": 202}, 202, "application/json; charset=utf-8", b'{"a":1}'),
        ({"body": {"b": 2}}, 201, "application/json; charset=utf-8", b'{"a":1,"b":2}'),
        ({"body": {"b": 2}, "alone": True}, 201, "application/json; charset=utf-8", b'{"b":2}'),
        ({"body": None}, 201, None, b""),
        ({"alone": True}, 201, None, b""),
        ({"text": "成功 {{ seconds }}"}, 201, "text/plain; charset=utf-8",
         "成功 1772413200".encode()),
        ({"text": ""}, 201, None, b""),
        ({"text": "a", "headers": {"Content-Type": "text/csv"}}, 201, "text/csv", b"a"),
        ({"headers": {"x-base": "over"}, "body": []}, 201, "application/json; charset=utf-8",
         b"[]"),
    ],
)  # fmt: skip
def test_a_response_is_laid_over_that_of_the_table(
    over: Any, status: int, media: str | None, body: bytes, tmp_path: Path
) -> None:
    made = shop(tmp_path)
    ok = ResponseTemplate(status=201, body={"a": 1}, headers={"x-base": "客"})
    route = Route(on="GET /x", answer=ResponseTemplate(**over))
    made.simulator.table = RuleTable(simulator="shop", ok=ok, routes=(route,))

    found = made.send("GET /x")

    assert (found.status, found.body) == (status, body)
    assert found.header("content-type") == media
    assert found.header("x-base") == ("over" if "x-base" in over.get("headers", {}) else "?")
    assert found.header("date") == "Mon, 02 Mar 2026 01:00:00 GMT"


@pytest.mark.parametrize(
    ("code", "told"),
    [("7", 7), ("-7", -7), ("0", 0), ("E7", "E7"), ("²", "²"), ("", "k"), ("--7", "--7"),
     ("7.0", "7.0")],
)  # fmt: skip
def test_a_code_is_a_number_where_it_reads_so(code: str, told: Any, tmp_path: Path) -> None:
    made = shop(tmp_path)
    table = RuleTable(
        simulator="shop",
        error=ResponseTemplate(body={"c": {"$value": "code"}, "m": {"$value": "message"}}),
        errors={"k": ResponseTemplate(code=code, message="{{ code }}!")},
        routes=(Route(on="GET /x", checks=(RouteCheck(object="k"),)),),
    )
    made.simulator.table = table

    assert made.ask("GET /x") == {"c": told, "m": f"{told}!"}


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ({"prefix": "SEC", "groups": (4,)}, 7), ({"groups": (8, 4, 12)}, 26), ({"groups": ()}, 0),
    ],
)  # fmt: skip
def test_a_stand_in_has_the_format_of_the_vendor(form: Any, value: int) -> None:
    table = RuleTable(simulator="shop", credentials={"secret": CredentialFormat(**form)})
    standin = "[[secret:shop.default.secret]]"
    values = {"secret": standin, "key": standin, "none": 5}

    found = format_credentials(values, table)

    plain = format_credentials({"secret": "mine", "agent": 5}, table)
    assert plain == {"secret": "mine", "agent": 5}
    assert {name: found[name] for name in ("key", "none")} == {"key": standin, "none": 5}
    assert found["secret"] == standin or len(found["secret"]) == value


@pytest.mark.parametrize(
    ("knob", "arguments", "is_refused"),
    [
        ("life", [0], False), ("life", [-1], True), ("overlap", [0], False),
        ("overlap", [-0.5], True), ("limit", [0, 0], False), ("limit", [-1, 1], True),
        ("limit", [1, -1], True), ("skew", [-60], False),
    ],
)  # fmt: skip
def test_a_knob_is_set_from_nothing_on(
    knob: str, arguments: list[Any], is_refused: bool, tmp_path: Path
) -> None:
    simulator = shop(tmp_path).simulator

    if is_refused:
        with pytest.raises(ConfigError, match=f"{knob}: .* is less than nothing"):
            getattr(simulator, knob)(*arguments)
    else:
        getattr(simulator, knob)(*arguments)


@pytest.mark.parametrize(
    ("drops", "broken"),
    [([], 0), ([("before", 0)], 0), ([("before", 1)], 1), ([("before", 3)], 3),
     ([("after", 1), ("before", 1), ("after", 1)], 3)],
)  # fmt: skip
def test_so_many_connections_break(drops: list[Any], broken: int, tmp_path: Path) -> None:
    made = shop(tmp_path, "apis: {get: {path: /x}}\n")
    for when, times in drops:
        made.simulator.drop(when, times)

    for _ in range(broken):
        with pytest.raises(TransportError, match="the connection was reset"):
            made.send("GET /x")
    assert made.send("GET /x").status == 200


@pytest.mark.parametrize(
    ("base", "address"),
    [
        ("https://shop.example.test/api", "https://shop.example.test/api"),
        ('"{{ gateway }}"', "https://shop.example.test"),
        ('"https://{{ tenant }}.shop.test"', "https://shop.example.test"),
    ],
)
def test_a_simulator_has_an_address_where_none_is_declared(
    base: str, address: str, tmp_path: Path
) -> None:
    text = f"base_url: {base}\ncredentials: {{gateway: {{}}, tenant: {{}}}}\n"
    platform = shop(tmp_path, text).simulator.platform

    made = shop(tmp_path, text)

    assert made.simulator.base == address
    assert Simulator(platform, tuple, clock=made.clock, base="https://a.test").base == (
        "https://a.test"
    )


@pytest.mark.parametrize(
    ("response", "answer", "sent", "body"),
    [
        ("", "", {"a": 1, "b": 2}, {"a": 1, "b": 2, "c": "c"}),
        ("{data: [$.data, $.result]}", "", {"a": 1, "b": 2},
         {"message": "ok", "code": 200, "data": {"a": 1, "b": 2, "c": "c"}}),
        ("{data: [header:X, $.result.list]}", "", {"a": 1, "b": 2},
         {"message": "ok", "code": 200, "result": {"list": {"a": 1, "b": 2, "c": "c"}}}),
        ("", "{properties: {a: {const: 9}, z: {const: 8}}}", {"a": 1, "b": 2}, {"a": 1, "z": 8}),
        ("{data: [$.data]}", "{properties: {data: {properties: {b: {const: 9}}}, a: {const: 7}}}",
         {"a": 1, "b": 2}, {"data": {"b": 2}, "a": 7, "message": "ok", "code": 200}),
        ("{data: [$.data]}", "{type: array}", {"a": 1, "b": 2}, []),
        ("", "{type: string, example: 完成}", {"a": 1, "b": 2}, "完成"),
    ],
)  # fmt: skip
def test_a_response_repeats_what_was_sent_where_the_envelope_has_data(
    response: str, answer: str, sent: Any, body: Any, tmp_path: Path
) -> None:
    more = f", answer: {answer}" if answer else ""
    rules = f"response: {response}\n" if response else ""
    text = (
        f"{rules}apis:\n  save: {{method: POST, path: /x{more}, parameters: ["
        "{name: a, in: body, type: integer}, {name: b, in: body, type: integer}, "
        "{name: c, in: body}]}\n"
    )

    found = shop(tmp_path, text).ask("POST /x", sent)

    assert (
        {**found, "message": "ok", "code": 200} == {**body, "message": "ok", "code": 200}
        if (isinstance(body, dict))
        else found == body
    )


LOGIN = """\
credentials: {app: {}, secret: {secret: true}}
auth:
  acquire:
    steps:
      - request:
          method: POST
          path: /login
          headers: {X-App: "{{ app }}"}
          query: {at: "{{ now | unix }}"}
          body:
            app: {keys: [1, "{{ app }}", "{{ secret }}"], kind: 7, open: true, none: null}
        extract: {token: {path: $.token, secret: true}, ttl: {path: $.life}}
    ttl: {default: 60, unit: UNIT}
  apply: [{in: header, name: X-Token, value: "{{ token }}"}]
apis: {get: {path: /x}}
"""
RIGHT = {"keys": [1, "a-1", "s-1"], "kind": 7, "open": True}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200), ({"more": 1, "none": 5}, 200), ({"keys": [1, "a-1", "s-1", 9]}, 200),
        ({"keys": ["1", "a-1", "s-1"], "kind": "7", "open": "true"}, 200),
        ({"keys": [1, "a-1"]}, 401), ({"keys": [1, "a-1", "s-2"]}, 401), ({"keys": []}, 401),
        ({"keys": [1, "s-1", "a-1"]}, 401), ({"keys": {"0": 1}}, 401), ({"keys": None}, 401),
        ({"keys": "1"}, 401), ({"kind": 8}, 401), ({"kind": None}, 401), ({"open": False}, 401),
    ],
)  # fmt: skip
def test_a_login_is_compared_with_all_that_is_declared_of_it(
    change: Any, status: int, tmp_path: Path
) -> None:
    made = shop(tmp_path, LOGIN.replace("UNIT", "s"), {"app": "a-1", "secret": "s-1"})
    headers = {"x-app": "a-1", "X-More": "1"}

    assert made.send("POST /login?at=5", {"app": RIGHT | change}, headers=headers).status == status
    assert made.send("POST /login", {"app": RIGHT}, headers=headers).status == 401
    assert made.send("POST /login?at=", {"app": RIGHT}, headers=headers).status == 401
    assert made.send("POST /login?at=5", {"app": RIGHT}).status == 401
    assert made.send("POST /login?at=5", {"app": []}, headers=headers).status == 401


@pytest.mark.parametrize(
    ("unit", "life"),
    [("s", 60), ("ms", 60_000), ("absolute", 1772413260), ("absolute_ms", 1772413260_000)],
)
def test_a_login_says_in_its_unit_how_long_a_token_lives(
    unit: str, life: int, tmp_path: Path
) -> None:
    made = shop(tmp_path, LOGIN.replace("UNIT", unit), {"app": "a-1", "secret": "s-1"})
    login = made.ask("POST /login?at=5", {"app": RIGHT}, headers={"X-App": "a-1"})
    token = {"X-Token": login["token"]}

    assert login["life"] == life
    made.clock.advance(59.5)
    assert made.send("GET /x", headers=token).status == 200
    made.clock.advance(0.5)
    assert made.send("GET /x", headers=token).status == 401
    assert made.send("GET /x", headers={"X-Token": ""}).status == 401


@pytest.mark.parametrize(
    ("path", "header", "text"),
    [
        ("header: X-Token", "X-Token", "{}"), ("header:X-Token", "X-Token", "{}"),
        ("cookie: sid", "set-cookie", "sid={}; Path=/; HttpOnly"),
        ("cookie:sid", "set-cookie", "sid={}; Path=/; HttpOnly"),
        ("cookies", "set-cookie", "{}; Path=/; HttpOnly"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("ok", "status"),
    [("", 200), ("status: [200]", 200), ("status: [201, 200]", 200), ("status: [202, 201]", 202)],
)
def test_a_login_answers_where_and_as_it_is_declared(
    path: str, header: str, text: str, ok: str, status: int, tmp_path: Path
) -> None:
    step = f"request: {{method: POST, path: /login}}, ok: {{{ok}}}"
    token = f'token: {{path: "{path}", secret: true}}'
    made = shop(tmp_path, f"auth: {{acquire: {{steps: [{{{step}, extract: {{{token}}}}}]}}}}\n")

    login = made.send("POST /login")

    (grant,) = made.simulator.state.grants
    assert (login.status, login.header(header)) == (status, text.format(grant.values["token"]))
    assert {header.lower(), "cache-control"} <= {name.lower() for name, _ in login.headers}
    assert login.header("cache-control") == "no-store"


@pytest.mark.parametrize(
    ("extract", "ok", "status", "headers", "body"),
    [
        ("token: {path: $.data.token, secret: true}, ttl: {path: $.life}", "", 200,
         {"content-type": "application/json; charset=utf-8"},
         {"data": {"token": "T"}, "life": 60, "code": 0}),
        ("token: {path: $.token}", "status: [202, 201]", 202, {}, {"token": "T", "code": 0}),
        ("token: {path: 'header: X-T', secret: true}", "", 200,
         {"X-T": "T"}, {"code": 0}),
        ("token: {path: 'cookie: sid', secret: true}", "", 200,
         {"set-cookie": "sid=T; Path=/"}, {"code": 0}),
        ("token: {path: cookies, secret: true}", "", 200,
         {"set-cookie": "session=T; Path=/"}, {"code": 0}),
        ("token: {path: 'css:#t', secret: true}", "status: [201]", 201,
         {"content-type": "text/html; charset=utf-8"}, None),
    ],
    ids=["json", "status", "header", "cookie", "cookies", "page"],
)  # fmt: skip
def test_a_login_that_was_not_recorded_is_answered_with_stand_ins(
    extract: str, ok: str, status: int, headers: Any, body: Any, tmp_path: Path
) -> None:
    step = f"request: {{method: POST, path: /login}}, ok: {{{ok}}}, extract: {{{extract}}}"
    text = (
        "response: {ok: {all: [{path: $.code, in: [0]}]}}\n"
        f"auth: {{acquire: {{steps: [{{{step}}}], ttl: {{default: 60}}}}}}\n"
    )
    platform = shop(tmp_path, text).simulator.platform
    acquire = platform.auth.acquire
    assert acquire is not None
    login = NumberedLoginStep(platform.auth, acquire.steps[0], 1)

    made = make_standin_login_response(platform, "华东", login)

    standin = make_standin(kind="text", platform="shop", instance="华东", name="token")
    assert (made.status, made.source) == (status, "recorded")
    assert {name: (made.header(name) or "").replace(standin, "T") for name in headers} == headers
    text = made.body.decode().replace(standin, "T")
    assert "T" in text.partition("<body>")[2] if body is None else json.loads(text) == body


@pytest.mark.parametrize(
    ("sloppy", "sample"),
    [
        (3, None),
        ({"allOf": 3}, None),
        ({"allOf": "x"}, None),
        ({"allOf": [3]}, None),
        ({"allOf": [3, {"properties": {"金额": {"type": "number"}}}]}, {"金额": 1.5}),
        ({"oneOf": [3, {"const": "已付款"}]}, "已付款"),
        ({"properties": []}, {}),
        ({"properties": {"金额": 3}}, {"金额": None}),
        ({"type": [[]], "properties": {"客户": {"type": "string"}}}, {"客户": "客户"}),
        ({"type": "string", "enum": 3}, "名称"),
        ({"type": "string", "format": ["date"], "minLength": "x", "maxLength": -1}, "名称"),
        ({"type": "array", "items": {"type": "integer"}, "minItems": "3"}, [1]),
        ({"type": "array", "items": True}, [None]),
        ({"type": "number", "minimum": "5", "exclusiveMaximum": [], "multipleOf": "0.1"}, 1.5),
    ],
)
def test_what_has_the_wrong_type_in_a_schema_is_passed_over(sloppy: Any, sample: Any) -> None:
    assert sample_schema(sloppy, "名称") == sample


_WORDS = (
    "type", "required", "allOf", "oneOf", "properties", "items", "enum", "const", "format",
    "minimum", "exclusiveMaximum", "multipleOf", "minLength", "maxItems", "pattern", "nullable",
    "additionalProperties", "not", "$ref", "example",
)  # fmt: skip
_SLOPPY: tuple[Any, ...] = (
    3,
    "x",
    [3],
    [],
    {},
    {"a": 3},
    None,
    True,
    [[]],
    [None],
    ["x", 3],
    -1,
    1.5,
    inf,
)


@pytest.mark.parametrize("word", _WORDS)
def test_no_reader_of_schemas_trips_over_a_sloppy_one(word: str) -> None:
    kinds = ("object", "array", "string", "number", "")
    inner: list[dict[str, Any]] = [
        {"type": kind, word: value} for kind in kinds for value in _SLOPPY
    ]
    nested: list[dict[str, Any]] = [{"properties": {"内": one}, "allOf": [one]} for one in inner]
    values: tuple[Any, ...] = ({"内": 1}, [1, "甲"], "甲", 3, None)

    for schema in (*inner, *nested):
        sample_schema(schema, "名称")
        derive_schema_shape(schema)
        for value in values:
            assert all(map(str, (wrong for _, wrong in find_misfits(value, schema))))
