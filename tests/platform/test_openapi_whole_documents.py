"""Whole OpenAPI documents, and all that becomes of each: the platform file and every note."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.openapi.convert import METHODS, convert_document
from bpmax_sim.openapi.document import (
    Document,
    convert_swagger2,
    cut_to_first_line,
    derive_platform_key,
    read_document,
)
from bpmax_sim.openapi.references import follow_pointer, rewrite_references
from bpmax_sim.openapi.schema import (
    SchemaConverter,
    Security,
    collect_scopes,
    find_single_type,
    is_within_file_limits,
    merge_object,
)
from tests.platform.openapi_imports import FORM, JSON, URL, XML, api_of, made, told, tree

PART = "multipart/form-data"
TEXT: dict[str, Any] = {"type": "string"}


def field(name: str, place: str = "query", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, **more}


def test_the_parameters_of_an_operation_come_in_the_order_of_a_call() -> None:
    operation: dict[str, Any] = {
        "operationId": "save",
        "parameters": [
            field("q", schema={"type": "integer", "example": 1, "minimum": 0}, required=True),
            field("b", "path", required=False, description=" \n 编号 \n mehr"),
            field("fehlt", "path"), field("page", schema={"enum": ["1"]}, required="true"),
            field("X-Mode", "header", required=True, schema={"type": "string", "enum": ["eins"]}),
            field("const", required=True, schema={"const": 0}),
            field("none", required=True, schema={"const": None}),
            field("two", required=True, schema={"type": "string", "enum": ["a", "b"]}),
            field("free", schema={"type": "string", "enum": ["a"], "format": "x", "maxLength": 3}),
            field("X-IDEMPOTENCY-key", "header"), field("ACCEPT", "header"),
            field("q", "header", title="Kopf", description="zwei"), field("k", "cookie"),
            field("a b", "header"), field("x" * 201), field("x" * 200), {"in": "query"}, {}, 7,
            field("list", schema={"type": "array"}, style="pipeDelimited"),
            field("csv", schema={"type": "array"}, explode=False),
            field("plain", schema={"type": "array"}), field("one", explode=False, schema=TEXT),
            field("deep", schema={"type": "object"}, style="deepObject"),
            field("head", "header", schema={"type": "array"}, explode=False),
            field("json", content={JSON: {}, XML: {}}), field("Idempotency-Key"), field("Accept"),
            field("c d"), field(""),
        ],
        "requestBody": {"required": True, "content": {JSON: {"schema": {
            "required": ["q", "n"], "properties": {"q": TEXT, "n": {"const": 1}, "r": {},
            "m": {"const": 2},
                                                   "page": {"type": ["number"]}}}}}},
    }  # fmt: skip
    shared = [field("b", "path", schema={"type": "integer"}), field("page", schema=TEXT),
              field("old", description="alt")]  # fmt: skip
    platform = made(paths={"/{a}/x-{b}": {"parameters": shared, "post": operation}})
    where = 'paths["/{a}/x-{b}"].post'

    assert tree(platform)["apis"] == {"save": {
        "method": "POST", "path": "/{a}/x-{b}",
        "parameters": [
            field("a", "path", required=True), field("b", "path", required=True, title="编号"),
            field("page", schema={"enum": ["1"]}), field("old", title="alt"),
            field("q", required=True, type="integer", schema={"minimum": 0}),
            field("X-Mode", "header", required=True, type="string", enum=["eins"],
                  default="eins"),
            field("const", required=True, schema={"const": 0}, default=0),
            field("none", required=True, schema={"const": None}),
            field("two", required=True, type="string", enum=["a", "b"]),
            field("free", type="string", enum=["a"], format="x", schema={"maxLength": 3}),
            field("header_q", "header", to="q", title="Kopf"),
            field("x" * 200), field("list", type="array"), field("csv", type="array"),
            field("plain", type="array"), field("one", type="string"),
            field("deep", type="object"), field("head", "header", type="array"), field("json"),
            field("Idempotency-Key"), field("Accept"), field("c d"),
            field("body_q", "body", to="q", required=True, type="string"),
            field("n", "body", required=True, schema={"const": 1}, default=1),
            field("r", "body"), field("m", "body", schema={"const": 2}),
            field("body_page", "body", to="page", type="number"),
        ],
        "idempotency": {"in": "header", "name": "X-IDEMPOTENCY-key"},
    }}  # fmt: skip
    assert told(platform) == [
        f"{where}.parameters[16]: the parameter has no name and was skipped",
        f"{where}.parameters[18]: the parameter has no name and was skipped",
        f"{where}.parameters[29]: the parameter has no name and was skipped",
        (
            f"{where}.parameters[12]: parameter 'k': a parameter in 'cookie' cannot be declared; "
            f"it is "
            "left out"
        ),
        f"{where}.parameters[13]: parameter 'a b': not a header name; it is left out",
        (
            f"{where}.parameters[14]: parameter '{'x' * 200}': its name is longer than 200 "
            f"characters; "
            "it is left out"
        ),
        (
            f"{where}.parameters[19]: parameter 'list': an array is written with | between its "
            f"items; "
            "pass a text"
        ),
        (
            f"{where}.parameters[20]: parameter 'csv': an array is written with , between its "
            f"items; "
            "pass a text"
        ),
        (
            f"{where}.parameters[23]: parameter 'deep': an object is written as name[key]=value; "
            f"pass "
            "such a name with $query"
        ),
        (
            f"{where}.parameters[25]: parameter 'json' is application/json in a text; pass "
            "JSON.stringify(…)"
        ),
        f"{where}: parameter 'fehlt': it is not in the path; it is left out",
    ]


def test_a_body_is_sent_in_the_media_type_that_fits_best() -> None:
    whole = field("body", "body", to="$")

    def body(*media: str, schema: Any = None, **more: Any) -> dict[str, Any]:
        content = {name: {"schema": schema or {"type": "array"}} for name in media}
        return {"requestBody": {"content": content, **more}}

    cases: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "json": (body(XML, FORM, JSON), {}),
        "json with charset": (body("Application/JSON; charset=utf-8"), {}),
        "kind of json": (body(FORM, "application/vnd.crm+json; v=1"),
                         {"headers": {"Content-Type": "application/vnd.crm+json"}}),
        "form": (body(XML, PART, FORM), {"encoding": "form"}),
        "parts": (body(XML, PART), {"encoding": "multipart"}),
        "xml": (body("text/plain", "*/*", "text/xml"),
                {"encoding": "xml", "headers": {"Content-Type": "text/xml"}}),
        "usual xml": (body(XML), {"encoding": "xml"}),
        "kind of xml": (body("application/soap+xml"),
                        {"encoding": "xml", "headers": {"Content-Type": "application/soap+xml"}}),
        "anything": (body("text/plain", "application/*"), {}),
        "text": (body("text/PLAIN"), {"encoding": "text"}),
        "kind of text": (body("text/csv"), {"encoding": "text",
                                            "headers": {"Content-Type": "text/csv"}}),
        "bytes": (body("application/octet-stream"),
                  {"encoding": "text", "headers": {"Content-Type": "application/octet-stream"}}),
        "two": (body(XML, JSON), {}),
        "like json": (body("application/jsonlines"), {"encoding": "text", "headers": {
            "Content-Type": "application/jsonlines"}}),
        "other": (body("image/png", "image/gif"), {"encoding": "text", "headers": {"Content-Type":
                                                                      "image/png"}}),
        "wild": (body("image/*"), {"encoding": "text"}),
        "chinese": (body("text/甲"), {"encoding": "text"}),
    }  # fmt: skip

    assert {name: api_of(one)["parameters"] for name, (one, _) in cases.items()} == {
        name: [{**whole, "type": "array"}] for name in cases
    }
    assert {
        name: {key: value for key, value in api_of(one).items() if key in ("encoding", "headers")}
        for name, (one, _) in cases.items()
    } == {name: keys for name, (_, keys) in cases.items()}
    assert [told(made(cases[name][0])) for name in (
        "json", "other", "usual xml", "two")] == [
        [(f"paths{PATH}.post.requestBody: the body is sent as {JSON}; not carried over: {XML}, "
         f"{FORM}")],
        [(f'paths{PATH}.post.requestBody.content["image/png"]: a body of image/png is sent as the '
         "text that a script passes")],
        [], [f"paths{PATH}.post.requestBody: the body is sent as {JSON}; not carried over: {XML}"],
    ]  # fmt: skip
    bodies: list[dict[str, Any]] = [
        {"required": True}, {"required": "true"},
        {"schema": {"properties": {"a.b": {}}}, "required": True},
        {"schema": {"properties": {"$": {}, "a": {}}}},
        {"schema": {"properties": {"$a": TEXT, "b": {}}, "required": ["b"]}},
        {"schema": {"properties": {" ": {}}}},
        {"schema": {"type": "string", "enum": ["a"]}, "required": True},
    ]  # fmt: skip
    assert [api_of(body(JSON, **more))["parameters"] for more in bodies] == [
        [{**whole, "required": True, "type": "array"}], [{**whole, "type": "array"}],
        [{**whole, "required": True, "schema": {"properties": {"a.b": {}}}}],
        [{**whole, "schema": {"properties": {"$": {}, "a": {}}}}],
        [field("$a", "body", type="string"), field("b", "body")],
        [{**whole, "schema": {"properties": {" ": {}}}}],
        [{**whole, "required": True, "type": "string", "enum": ["a"]}],
    ]  # fmt: skip


PATH = '["/客户"]'


def test_operations_have_keys_and_aliases_and_paths_that_are_none_are_left_out() -> None:
    ok: dict[str, Any] = {}
    paths: dict[str, Any] = {
        "/a": {"get": {"operationId": "getItem"}, "put": {"operationId": "get_item"},
               "post": {"operationId": " get-item! ", "summary": "一", "description": "二"},
               "patch": {"operationId": 7, "description": "\n二\n三"}, "x-y": ok, "delete": None},
        "/a/{客 户}/{id}": {"get": ok, "trace": {"operationId": "$"},
                            "head": {"operationId": "$x"}},
        "/": {"get": ok, "servers": [{"url": "https://x.test"}]},
        "/l": {"get": {"operationId": "x" * 101, "servers": [{"url": "/"}], "callbacks": {"a": 1}}},
        "b": {"get": ok}, "/c\n": {"get": ok}, "/{d": {"get": ok}, "x-e": {"get": ok},
        f"/{'f' * 999}": {"get": {"operationId": "f", "servers": []}},
        "/o": {"get": {"operationId": "GetItem", "servers": [{"url": URL}]}},
        f"/{'g' * 1000}": {"get": ok},
    }  # fmt: skip
    platform = made(paths=paths, webhooks={"a": {}}, servers=[{"url": URL}])
    apis = tree(platform)["apis"]
    wrong = "a path begins with '/'; it is left out"

    assert {key: (api.get("method"), api["path"][:12], api.get("aliases")) for key, api in
            apis.items()} == {
        "getItem": (None, "/a", None), "get_item_2": ("PUT", "/a", None),
        "get_item_3": ("POST", "/a", ["get-item!"]), "patch_a": ("PATCH", "/a", None),
        "get_a_by_客_户_by_id": (None, "/a/{客 户}/{id", None),
        "trace_a_by_客_户_by_id": ("TRACE", "/a/{客 户}/{id", None),
        "x": ("HEAD", "/a/{客 户}/{id", None), "get": (None, "/", None),
        "GetItem_4": (None, "/o", None), "x" * 100: (None, "/l", None), "f": (None,
        "/fffffffffff", None),
    }  # fmt: skip
    assert (apis["get_item_3"]["title"], apis["patch_a"]["title"]) == ("一", "二")
    assert told(platform) == [
        "webhooks: who calls BPMAX is not declared here",
        ('paths["/"].servers: per-operation servers are not supported; the platform has a single '
        "base URL"),
        'paths["/l"].get.callbacks: callbacks are not supported and were skipped',
        ('paths["/l"].get.servers: per-operation servers are not supported; the platform has a '
        "single base URL"),
        f"paths.b: {wrong}", f'paths["/c\\n"]: {wrong}', f'paths["/{{d"]: {wrong}',
        f'paths["/{"g" * 99}"]: {wrong}',
        ('paths["/a"].put.operationId: another API is called \'get_item\' too; this one is called '
        "'get_item_2'"),
        ('paths["/a"].post.operationId: another API is called \'get_item\' too; this one is called '
        "'get_item_3'"),
        ('paths["/o"].get.operationId: another API is called \'GetItem\' too; this one is called '
        "'GetItem_4'"),
    ]  # fmt: skip
    with pytest.raises(ConfigError) as raised:
        made(paths={"/a": {"x-b": {}}})
    assert str(raised.value) == "crm.json: 'paths' has no operations, so nothing can be imported"


def test_the_address_is_that_of_the_first_server_or_a_placeholder() -> None:
    def base(server: Any, url: str = "", key: str = "CRM_1") -> tuple[str, int]:
        servers = {} if server is None else {"servers": server}
        root = {"openapi": "3.0.0", "paths": {"/a": {"get": {}}}, **servers}
        platform = convert_document(Document("a", root), key=key, url=url)
        return tree(platform)["base_url"], len(platform.notes)

    with_variable = {
        "url": "https://{host}.test/{v}/",
        "variables": {"host": {"default": "crm"}, "v": {"default": 2}},
    }
    instead = "https://crm-1.example.test"
    servers: dict[str, tuple[Any, tuple[str, int]]] = {
        "none": (None, (instead, 1)), "empty": ([], (instead, 1)), "map": ({}, (instead, 1)),
        "first": ([{"url": "http://a.test/x/"}, {"url": "https://b.test"}], ("http://a.test/x", 0)),
        "relative": ([{"url": "/v1/"}], (f"{instead}/v1", 1)),
        "bare": ([{"url": "v1"}], (f"{instead}/v1", 1)),
        "other scheme": ([{"url": "ftp://a.test"}], (instead, 1)),
        "variable": ([with_variable], (instead, 1)),
        "filled": ([with_variable | {"variables": {"host": {"default": "crm"},
                                                   "v": {"default": "2"}}}],
                   ("https://crm.test/2", 0)),
        "broken": ([{"url": "https://[a"}], (instead, 1)), "number": ([{"url": 7}], (instead, 1)),
        "query": ([{"url": "https://a.test?x=1"}], (instead, 1)),
    }  # fmt: skip

    assert {name: base(server) for name, (server, _) in servers.items()} == {
        name: found for name, (_, found) in servers.items()
    }
    assert base([{"url": "http://a.test"}], "https://b.test/x//") == ("https://b.test/x", 0)
    assert base(None, key="甲") == ("https://api.example.test", 1)


def test_the_answer_is_the_schema_of_the_first_json_response_that_succeeds() -> None:
    def answer(responses: Any, **root: Any) -> Any:
        return api_of({"responses": responses}, answers=True, **root).get("answer")

    def response(schema: Any, media: str = JSON, **more: Any) -> dict[str, Any]:
        return {"content": {media: {"schema": schema, **more}}}

    one, two = {"type": "integer"}, {"type": "number"}
    fields = {"a": {"writeOnly": True}, "b": {"readOnly": True}}
    cases: dict[str, tuple[Any, Any]] = {
        "first": ({"404": response(two), "201": response(one), "202": response(two)}, one),
        "sorted": ({"204": response(two), "200": response(one)}, one),
        "default": ({"default": response(one), "404": response(two)}, one),
        "success before default": ({"default": response(two), "2XX": response(one)}, one),
        "not json": ({"200": response(one, "text/plain"), "201": response(two)}, two),
        "any": ({"200": response(one, "*/*")}, one),
        "JSON": ({"200": response(one, "A/JSON")}, one),
        "none": ({"404": response(one)}, None), "nothing": ({}, None),
        "direction": ({"200": response({"properties": fields})}, {"properties": {"b": {}}}),
        "example": ({"200": response(one, example=0)}, one | {"example": 0}),
        "null": ({"200": response(one, example=None, examples={"a": {"value": 1}})}, one),
        "examples": ({"200": response(one, examples={"a": {"value": 1}, "b": {"value": 2}})},
                     one | {"example": 1}),
        "reference": ({"200": response(one, examples={"a": {"$ref": "#/x"}})},
                      one | {"example": 3}),
        "long": ({"200": response(one, example="x" * 8985)}, one | {"example": "x" * 8985}),
        "too long": ({"200": response(one, example="x" * 8986)}, one),
    }  # fmt: skip

    assert {name: answer(responses, x={"value": 3}) for name, (responses, _) in cases.items()} == {
        name: found for name, (_, found) in cases.items()
    }
    assert "answer" not in api_of({"responses": {"200": response(one)}})


def write(schema: Any, **root: Any) -> tuple[Any, list[str]]:
    document = Document("a.json", root)
    written = SchemaConverter(document).write_schema(schema, ("s",))
    return written, [f"{note.path}: {note.message}" for note in document.notes]


def test_a_schema_has_no_references_and_only_keywords_that_a_file_may_have() -> None:
    deep: Any = 1
    for _ in range(12):
        deep = [deep]
    schema = {
        "$ref": "#/a", "description": "weg", "type": "object", "minLength": "3", "maxLength": 3,
        "enum": [], "const": [deep], "example": deep, "examples": [1], "nullable": True,
        "properties": {
            "rein": {"readOnly": True}, "raus": {"writeOnly": True, "examples": [0, 1]},
            "ref": {"$ref": "#/ro"}, "nein": False, "ja": True, "x" * 201: {}, "x" * 200: {},
            "deep": {"examples": [[deep]]}, "leer": {"examples": []},
        },
        "items": {"readOnly": True, "type": "string"}, "not": {"type": "null"},
        "additionalProperties": False, "allOf": [{"$ref": "#/b"}, True], "anyOf": [],
        "oneOf": "kein",
    }  # fmt: skip
    roots = {"a": {"title": "weg", "pattern": "a", "type": "string"}, "b": {"type": "integer"},
             "ro": {"readOnly": True}}  # fmt: skip

    assert write(schema, **roots) == (
        {
            "pattern": "a", "type": "object", "maxLength": 3, "example": deep, "nullable": True,
            "properties": {"raus": {"example": 0}, "nein": {"not": {}}, "ja": {}, "x" * 200: {},
                           "deep": {}, "leer": {}},
            "items": {"type": "string"}, "not": {"type": "null"}, "additionalProperties": False,
            "allOf": [{"type": "integer"}, {}],
        },
        ["s.minLength: minLength cannot have this value", "s.enum: enum cannot have this value",
         "s.const: const cannot have this value",
         "s.properties: the name is longer than 200 characters",
         "s.properties.deep.examples: examples cannot have this value"],
    )  # fmt: skip
    assert write({"items": True, "not": False, "additionalProperties": True})[0] == {
        "items": {}, "not": {"not": {}}, "additionalProperties": True,
    }  # fmt: skip
    assert write({"additionalProperties": {"type": 7}, "items": None}) == (
        {"additionalProperties": {}, "items": {}},
        ["s.additionalProperties.type: type cannot have this value"],
    )


def test_a_schema_that_holds_itself_or_is_too_large_allows_anything_there() -> None:
    tree_of = {"type": "object", "properties": {"kind": {"$ref": "#/t"}, "zwei": {"$ref": "#/u"}}}
    many = {"properties": {f"n{n}": TEXT for n in range(400)}}
    deep: Any = {"type": "string"}
    for _ in range(40):
        deep = {"items": deep}
    levels, found = 0, write(deep)[0]
    while "items" in found:
        levels, found = levels + 1, found["items"]

    assert write({"$ref": "#/t"}, t=tree_of, u=TEXT) == (
        {"type": "object", "properties": {"kind": {}, "zwei": TEXT}},
        ["s.properties.kind: '#/t' holds itself; there, anything is allowed"],
    )
    assert write({"$ref": "#/a"}, a={"items": {"$ref": "#/b"}}, b={"not": {"$ref": "#/a"}}) == (
        {"items": {"not": {}}}, ["s.items.not: '#/a' holds itself; there, anything is allowed"],
    )  # fmt: skip
    chain: dict[str, Any] = {f"n{n}": {"items": {"$ref": f"#/n{n + 1}"}} for n in range(45)}
    assert write({"$ref": "#/n0"}, **chain, n45=TEXT)[1] == []
    large, notes = write(many)
    assert [len([one for one in large["properties"].values() if one == kind]) for kind in
            (TEXT, {})] == [299, 101]  # fmt: skip
    assert notes == ["s: the schema is too large; the rest of it allows anything"]
    assert (levels, found) == (36, {})


def test_an_object_is_merged_of_its_parts_and_has_fixed_members() -> None:
    a: Any
    b: Any
    a, b = {"properties": {"a": {}}}, {"properties": {"b": {}, "a": TEXT}}
    merged: list[tuple[Any, Any]] = [
        (a, {"properties": {"a": {}}, "required": []}),
        ({"allOf": [a, b, {"required": ["a"]}], "properties": {"c": {}}, "required": ["c"]},
         {"properties": {"a": TEXT, "b": {}, "c": {}}, "required": ["a", "c"]}),
        ({"type": ["object"], **a}, {"properties": {"a": {}}, "required": []}),
        ({"type": ["object", "null"], **a}, None), ({"type": "array", **a}, None),
        ({"oneOf": [a], **a}, None), ({"not": {}, **a}, None), ({"anyOf": [], **a}, None),
        ({"allOf": [a, {"oneOf": [b]}]}, None), ({"allOf": [a, {"type": "string"}]}, None),
        ({"allOf": [a, {}]}, None), ({"allOf": [a, {"required": ["a"]}]},
                                     {"properties": {"a": {}}, "required": ["a"]}),
        ({"additionalProperties": True, **a}, {"properties": {"a": {}}, "required": []}),
        ({"additionalProperties": TEXT, **a}, None), ({"additionalProperties": {}, **a},
                                                      {"properties": {"a": {}}, "required": []}),
        ({}, None), ({"required": ["a"]}, None), ({"type": "object"}, None),
    ]  # fmt: skip
    kinds: list[tuple[Any, str]] = [
        ({}, ""), (TEXT, "string"), ({"type": ["string"]}, "string"),
        ({"type": ["string", "null"]}, ""), ({"type": "null"}, ""), ({"type": ["null"]}, ""),
        ({"type": "string", "nullable": True}, ""), ({"type": "string", "nullable": False},
                                                     "string"),
    ]  # fmt: skip

    assert [merge_object(schema) for schema, _ in merged] == [found for _, found in merged]
    assert [find_single_type(schema) for schema, _ in kinds] == [kind for _, kind in kinds]
    values: list[Any] = [
        1, [], {}, [[1]], [[[]]], {"a": {"b": 1}}, {"a": {"b": {}}}, [1, {"a": [1]}],
        {"x" * 200: 1}, {"x" * 201: 1}, [{"x" * 201: 1}],
    ]  # fmt: skip
    assert [is_within_file_limits(value, 2) for value in values] == [
        True, True, True, True, False, True, False, False, True, False, False,
    ]  # fmt: skip


def test_the_scopes_of_a_document_are_collected_by_scheme() -> None:
    requirements: Any = [
        [{"a": ["r", "w"]}, {"b": []}], None, [{"a": ["w", "x:y", 7, "a b", "{c}", 'q"', ""]}],
        [{"c": "x"}], "kein", [7],
    ]  # fmt: skip

    assert collect_scopes(iter(requirements)) == {"a": ["r", "w", "x:y"], "b": [], "c": []}


SCHEMES: dict[str, Any] = {
    "basic": {"type": "http", "scheme": "BASIC"}, "bearer": {"type": "http", "scheme": "Bearer"},
    "second": {"type": "http", "scheme": "bearer"},
    "key": {"type": "apiKey", "in": "query", "name": "key"}, "basic 2": {"type": "http",
                                                                         "scheme": "basic"},
    "key 2": {"type": "apiKey", "in": "header", "name": "KEY"},
    "Other Key": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "same place": {"type": "apiKey", "in": "header", "name": "authorization"},
    "place": {"type": "apiKey", "in": "body", "name": "k"},
    "name": {"type": "apiKey", "in": "header", "name": "a b"},
    "long": {"type": "apiKey", "in": "header", "name": "x" * 101},
    "digest": {"type": "http", "scheme": "digest"}, "tls": {"type": "mutualTLS"},
    "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
    "csrf query": {"type": "apiKey", "in": "query", "name": "xsrf"},
    "client": {"type": "oauth2", "flows": {
        "clientCredentials": {"tokenUrl": f"{URL}/token", "refreshUrl": "/r"},
        "authorizationCode": {"tokenUrl": "/no"}}},
    "code": {"type": "oauth2", "flows": {"authorizationCode": {
        "tokenUrl": "token", "refreshUrl": "//sso/refresh"}}},
    "code, one URL": {"type": "oauth2", "flows": {"authorizationCode": {
        "tokenUrl": "https://sso.example.test/token"}}},
    "braces": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/{t}"}}},
    "no address": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "ftp://x"}}},
    "implicit": {"type": "oauth2", "flows": {"implicit": {"tokenUrl": "/t"}}},
    "openid": {"type": "openIdConnect"}, "ref": {"$ref": "#/components/securitySchemes/key"},
}  # fmt: skip


def secure(*ways: Any, scopes: Any = None) -> tuple[Any, dict[str, Any], list[str], Any]:
    """Return the auth of requirements, its credentials, the notes, and the response rules."""
    document = Document("a.json", {"components": {"securitySchemes": SCHEMES}})
    security = Security(document, URL, scopes or {})
    auth = security.write_auth(list(ways), ("s",))
    notes = [f"{note.path}: {note.message}" for note in document.notes]
    return auth, dict(security.credentials), notes, security.response


def test_each_way_to_log_in_becomes_its_preset_and_credentials() -> None:
    secret = {"secret": True}
    client = {"client_id": {}, "client_secret": secret}
    fixed = "a person logs in, or the token URL is missing; a fixed token is declared"
    person = "a person logs in once; put the refresh token that this yields into the instance"
    nowhere = "s: none of these ways to log in can be declared; write auth by hand, see Platforms"
    at = "components.securitySchemes"
    refresh = {"client_id": {}, "client_secret": secret, "refresh_token": secret}
    found: dict[str, tuple[Any, Any, list[str]]] = {
        "basic": ("basic", {"username": {"secret": False}, "password": secret}, []),
        "bearer": ("bearer", {"token": secret}, []),
        "key": ({"preset": "api_key", "in": "query", "name": "key"}, {"key": secret}, []),
        "ref": ({"preset": "api_key", "in": "query", "name": "key"}, {"key": secret}, []),
        "Other Key": ({"preset": "api_key", "in": "cookie", "name": "sid"}, {"key": secret}, []),
        "csrf query": ({"preset": "api_key", "in": "query", "name": "xsrf"}, {"key": secret}, []),
        "client": ({"preset": "oauth2_client_credentials", "token_url": "{{ base_url }}/token",
                    "scope": "r w"}, client, []),
        "code": ({"preset": "oauth2_refresh_token", "token_url": "{{ base_url }}/sso/refresh"},
                 refresh, [f"{at}.code: {person}"]),
        "code, one URL": ({"preset": "oauth2_refresh_token",
                           "token_url": "https://sso.example.test/token"}, refresh,
                          [f'{at}["code, one URL"]: {person}']),
        "braces": ("bearer", {"token": secret}, [f"{at}.braces: {fixed}"]),
        "no address": ("bearer", {"token": secret}, [f'{at}["no address"]: {fixed}']),
        "implicit": ("bearer", {"token": secret}, [f"{at}.implicit: {fixed}"]),
        "openid": ("bearer", {"token": secret}, [f"{at}.openid: {fixed}"]),
        "place": ("none", {}, [f"{at}.place: 'body' has no key 'k'", nowhere]),
        "name": ("none", {}, [f"{at}.name: 'header' has no key 'a b'", nowhere]),
        "long": ("none", {}, [f"{at}.long: 'header' has no key '{'x' * 101}'", nowhere]),
        "digest": ("none", {}, [f"{at}.digest: the way to log in 'digest' has no preset", nowhere]),
        "tls": ("none", {}, [f"{at}.tls: the way to log in 'mutualTLS' has no preset", nowhere]),
        "fehlt": ("none", {}, ["s.fehlt: unknown security scheme 'fehlt'", nowhere]),
    }  # fmt: skip

    assert {name: secure({name: []}, scopes={"client": ["r", "w"]})[:3] for name in found} == found
    assert secure({"client": []})[0] == {
        "preset": "oauth2_client_credentials", "token_url": "{{ base_url }}/token",
    }  # fmt: skip


def test_several_ways_to_log_in_are_used_together_or_the_first_that_can_be() -> None:
    def header(value: str, name: str = "Authorization", place: str = "header") -> dict[str, str]:
        return {"in": place, "name": name, "value": value}

    together = "s: these schemes cannot be declared together"
    nowhere = "s: none of these ways to log in can be declared; write auth by hand, see Platforms"
    ways: dict[str, tuple[list[Any], Any, list[str]]] = {
        "nothing": ([], "none", []), "empty": ([{}], "none", []), "kein": (["x", {}], "none", []),
        "first": ([{"basic": []}, {"bearer": []}], "basic", ["username", "password"]),
        "first that can be": ([{"tls": []}, {"key": [], "place": []}, {"bearer": []}], "bearer",
                              ["token"]),
        "both": ([{"bearer": [], "key": []}],
                 {"apply": [header("Bearer {{ token }}"), header("{{ key }}", "key", "query")]},
                 ["token", "key"]),
        "one name": ([{"key": [], "key 2": []}],
                     {"apply": [header("{{ key }}", "key", "query"),
                                header("{{ key_2_key }}", "KEY")]}, ["key", "key_2_key"]),
        "login and key": ([{"key": [], "client": []}],
                          {"preset": "oauth2_client_credentials",
                           "token_url": "{{ base_url }}/token",
                           "apply": [header("{{ key }}", "key", "query"),
                                     header("{{ prefix }} {{ token }}")]},
                          ["key", "client_id", "client_secret"]),
        "one place": ([{"basic": [], "same place": []}, {"key": []}],
                      {"preset": "api_key", "in": "query", "name": "key",
                       "key": "{{ key_key }}"}, ["key_key"]),
        "two logins": ([{"client": [], "code": []}], "none", []),
    }  # fmt: skip

    found = {name: secure(*given) for name, (given, *_) in ways.items()}
    assert {name: (auth, list(names)) for name, (auth, names, *_) in found.items()} == {
        name: (auth, list(names)) for name, (_, auth, names) in ways.items()
    }
    assert [found[name][2] for name in ("one place", "empty")] == [[together], []]
    assert found["two logins"][2][-2:] == [together, nowhere]


def test_two_schemes_with_one_credential_have_names_of_their_own() -> None:
    document = Document("a.json", {"components": {"securitySchemes": SCHEMES}})
    security = Security(document, URL, {})
    auths = [
        security.write_auth([{name: []}], ("s",))
        for name in ("bearer", "second", "key", "Other Key", "bearer", "basic", "basic 2")
    ]

    assert auths == [
        "bearer", {"preset": "bearer", "token": "{{ second_token }}"},
        {"preset": "api_key", "in": "query", "name": "key"},
        {"preset": "api_key", "in": "cookie", "name": "sid", "key": "{{ other_key_key }}"},
        "bearer", "basic",
        {"preset": "basic", "username": "{{ basic_2_username }}",
         "password": "{{ basic_2_password }}"},
    ]  # fmt: skip
    assert {name: one["secret"] for name, one in security.credentials.items()} == {
        "token": True, "second_token": True, "key": True, "other_key_key": True,
        "username": False, "password": True, "basic_2_username": False, "basic_2_password": True,
    }  # fmt: skip


def test_an_operation_has_an_auth_of_its_own_only_if_it_differs() -> None:
    schemes = {"securitySchemes": SCHEMES}
    root: list[Any] = [{"client": []}]
    ways: list[tuple[Any, Any]] = [
        (root, None), ([{"key": []}], {"preset": "api_key", "in": "query", "name": "key"}),
        ([], "none"),
    ]  # fmt: skip

    assert [
        api_of({"security": way}, security=root, components=schemes).get("auth") for way, _ in ways
    ] == [auth for _, auth in ways]
    assert (
        tree(
            made(
                {"security": [{"client": ["r"]}]}, security=[{"client": ["w"]}], components=schemes
            )
        )["auth"]["scope"]
        == "r"
    )


def test_a_csrf_token_is_fetched_with_the_credentials_beside_it() -> None:
    auth, credentials, notes, response = secure(
        {"csrf": [], "basic": [], "Other Key": [], "key": []}
    )
    basic = {"in": "header", "name": "Authorization",
             "value": "Basic {{ (username ~ ':' ~ password) | b64 }}"}  # fmt: skip
    cookie = {"in": "cookie", "name": "sid", "value": "{{ key }}"}
    query = {"in": "query", "name": "key", "value": "{{ key_key }}"}

    assert auth == {
        "acquire": {
            "share": ["username", "password", "key", "key_key"],
            "methods": ["POST", "PUT", "PATCH", "DELETE"],
            "steps": [{
                "request": {
                    "method": "GET", "path": "/", "query": {"key": "{{ key_key }}"},
                    "headers": {"Authorization": basic["value"], "X-CSRF-Token": "Fetch"},
                },
                "ok": {"status": [200, 204]},
                "extract": {"csrf": {"path": "header:x-csrf-token", "secret": True},
                            "jar": {"path": "cookies", "secret": True}},
            }],
            "ttl": {"default": 1500},
        },
        "apply": [
            basic, cookie, query,
            {"in": "header", "name": "X-CSRF-Token", "value": "{{ csrf }}"},
            {"in": "header", "name": "Cookie", "value": "{{ jar }}"},
        ],
        "recover": {"token": {"refresh": 1}},
    }  # fmt: skip
    assert list(credentials) == ["username", "password", "key", "key_key"]
    assert response == {
        "code": ["header:x-csrf-token"], "classes": {"token": {"code": ["Required", "required"]}},
    }  # fmt: skip
    assert notes == [
        "s: the CSRF token is fetched by GET /; where it is handed out elsewhere, change path"
    ]
    assert secure({"csrf": [], "client": []})[0] == "none"
    assert secure({"csrf": []})[0]["acquire"]["steps"][0]["request"] == {
        "method": "GET", "path": "/", "headers": {"X-CSRF-Token": "Fetch"},
    }  # fmt: skip


def test_a_swagger_document_becomes_one_of_openapi_3() -> None:
    shared = [field("a", type="string", description="alt"), field("s", "header", type="array")]
    form = [field("f", "formData", type="string", required=True, description="x"),
            field("g", "formData", type="integer", default=1)]  # fmt: skip

    def array(**more: Any) -> dict[str, Any]:
        return field("l", type="array", items=TEXT, **more)

    root: dict[str, Any] = {
        "swagger": "2.0", "host": "crm.example.test", "basePath": "v1",
        "schemes": ["http", "wss", "https"], "consumes": [XML], "produces": ["*/*", 7],
        "parameters": {"p": field("p", required=True, type="number", format="float",
                                  allowEmptyValue=True)},
        "responses": {"r": {"schema": TEXT, "examples": {JSON: 1, XML: 2}}},
        "paths": {
            "/a": {
                "parameters": shared, "x-y": 1, "head": None,
                "get": {"parameters": [
                    field("a", type="integer"), {"$ref": "#/parameters/p"}, array(),
                    array(collectionFormat="multi") | {"name": "m"},
                    array(collectionFormat="pipes") | {"name": "q"},
                    array(collectionFormat="ssv") | {"name": "r"},
                ], "responses": {"200": {"$ref": "#/responses/r"}, "204": {}}},
                "post": {"consumes": [FORM, JSON], "produces": [XML], "parameters": [
                    field("k", "body", required=True, schema={"type": "object"}), *form],
                    "responses": {"200": {"$ref": "#/responses/r"}}},
                "put": {"parameters": form, "summary": "s"},
                "patch": {"consumes": ["application/json-patch+json", JSON],
                          "parameters": [field("k", "body")]},
                "delete": {"consumes": [PART], "parameters": form[1:]},
                "options": {"parameters": [form[0], field("d", "formData", type="file")]},
                "trace": {"consumes": ["application/x+json"], "parameters": [field("k", "body")]},
            },
        },
        "securityDefinitions": {
            "b": {"type": "basic"}, "k": {"type": "apiKey", "name": "x", "in": "query"},
            "o": {"type": "oauth2", "flow": "application", "tokenUrl": "/t", "scopes": {}},
            "p": {"type": "oauth2", "flow": "accessCode", "tokenUrl": "/t",
                  "authorizationUrl": "/u"},
            "q": {"type": "oauth2", "flow": "neu"},
        },
    }  # fmt: skip
    new = convert_swagger2(Document("a.json", root), METHODS).root
    path = new["paths"]["/a"]
    shown = [field("a", description="alt", schema={"type": "string"}),
             field("s", "header", schema={"type": "array"})]  # fmt: skip
    fields = {"f": TEXT, "g": {"type": "integer", "default": 1}}

    assert (new["openapi"], new["servers"]) == ("3.0.0", [{"url": "https://crm.example.test/v1"}])
    assert list(path) == ["get", "put", "post", "delete", "options", "patch", "trace"]
    items: dict[str, Any] = {"type": "array", "items": TEXT}
    assert path["get"] == {
        "parameters": [
            field("a", schema={"type": "integer"}), shown[1],
            field("p", required=True, schema={"type": "number", "format": "float"}),
            field("l", style="form", explode=False, schema=items), field("m", schema=items),
            field("q", style="pipeDelimited", schema=items),
            field("r", style="spaceDelimited", schema=items),
        ],
        "responses": {"200": {"content": {JSON: {"schema": TEXT, "example": 1}}}, "204": {}},
    }  # fmt: skip
    bodies = {name: one.get("requestBody") for name, one in path.items()}
    assert bodies == {
        "get": None,
        "put": {"required": True, "content": {FORM: {"schema": {
            "type": "object", "properties": fields, "required": ["f"]}}}},
        "post": {"required": True, "content": {JSON: {"schema": {"type": "object"}}}},
        "delete": {"required": False, "content": {PART: {"schema": {
            "type": "object", "properties": {"g": fields["g"]}, "required": []}}}},
        "options": {"required": True, "content": {PART: {"schema": {
            "type": "object", "required": ["f"],
            "properties": {"f": TEXT, "d": {"type": "string", "format": "binary"}}}}}},
        "patch": {"required": None, "content": {JSON: {"schema": None}}},
        "trace": {"required": None, "content": {"application/x+json": {"schema": None}}},
    }  # fmt: skip
    assert path["post"]["responses"] == {"200": {"content": {XML: {"schema": TEXT, "example": 2}}}}
    assert (path["put"]["summary"], path["put"]["parameters"]) == ("s", shown)
    assert new["components"]["securitySchemes"] == {
        "b": {"type": "http", "scheme": "basic"}, "k": root["securityDefinitions"]["k"],
        "o": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/t"}}},
        "p": {"type": "oauth2", "flows": {"authorizationCode": {
            "tokenUrl": "/t", "authorizationUrl": "/u"}}},
        "q": {"type": "oauth2", "flows": {"implicit": {}}},
    }  # fmt: skip


def test_the_address_of_a_swagger_document_is_put_together_of_three_parts() -> None:
    roots: list[tuple[dict[str, Any], list[str]]] = [
        ({}, []), ({"basePath": "/v1"}, ["/v1"]), ({"basePath": 7}, []), ({"host": ""}, []),
        ({"host": "a.test"}, ["https://a.test"]),
        ({"host": "a.test", "basePath": "/"}, ["https://a.test/"]),
        ({"host": "a.test", "schemes": ["http"]}, ["http://a.test"]),
        ({"host": "a.test", "schemes": ["ws"]}, ["https://a.test"]),
    ]  # fmt: skip

    assert [
        [one["url"] for one in convert_swagger2(Document("a", root), METHODS).root["servers"]]
        for root, _ in roots
    ] == [found for _, found in roots]


def test_a_title_is_the_first_line_that_can_be_printed() -> None:
    lines = {
        "": "", " \n\n 甲\t乙 \n丙": "甲 乙", "a\x00b": "a b", "x" * 130: "x" * 120,
        "x" * 119 + " y": "x" * 119,
    }  # fmt: skip

    assert {text: cut_to_first_line(text) for text in lines} == lines
    assert (cut_to_first_line(7), cut_to_first_line("abcd", 3)) == ("", "abc")


def test_a_key_is_made_of_the_name_of_the_file_or_else_of_the_title() -> None:
    names = {
        ("crm.v2.json", "x"): "crm", ("My CRM-甲.yaml", ""): "my_crm_甲", ("openapi.json", "Cs R"):
        "cs_r", ("API.yaml", ""): "api", ("docs.json", "swagger"): "api", ("-.json", "X"): "x",
        ("a" * 70, ""): "a" * 64, ("index.json", "7"): "7",
    }  # fmt: skip

    assert {given: derive_platform_key(given[0], {"info": {"title": given[1]}}) for given in
            names} == names  # fmt: skip
    roots: list[Any] = [{}, {"info": 7}, {"info": {}}]
    assert [derive_platform_key("spec", root) for root in roots] == (["api"] * 3)


def test_a_pointer_leads_to_its_target_or_nowhere() -> None:
    root = {"a/b": {"m~n": [1, {"x y": 2}]}, "": 3, "ref": {"$ref": "there"}, "~1": 4}

    def follow(pointer: str) -> Any:
        try:
            return follow_pointer(root, pointer, lambda _value: {"k": 5, "$ref": 6})
        except LookupError:
            return None

    pointers = {
        "": root, "/a~1b/m~0n/0": 1, "/a~1b/m~0n/1/x%20y": 2, "/": 3, "/~01": 4, "/ref/k": 5,
        "/ref/$ref": "there", "/nein": None, "/a~1b/m~0n/2": None, "/a~1b/m~0n/-1": None,
        "/a~1b/m~0n/x": None, "/a~1b/m~0n/0/x": None, "ref": None,
        f"/a~1b/m~0n/{'0' * 8}": None, f"/a~1b/m~0n/{'0' * 7}": 1,
    }  # fmt: skip

    assert {pointer: follow(pointer) for pointer in pointers} == pointers
    references = {
        "#/a": "d/f.yaml#/a", "g.yaml": "d/g.yaml#", "../g%20h.yaml#/x": "g h.yaml#/x",
        "e/../h%23.yaml#": "d/h%23.yaml#", "https://x.test/a": "https://x.test/a", "/abs": "/abs",
        "//x": "//x", "C:a": "C:a", "%25.yaml": "d/%25.yaml#",
    }  # fmt: skip
    assert rewrite_references(
        [{"n": {"$ref": one, "x": [1]}} for one in references] + [{"$ref": 7}], "d/f.yaml"
    ) == [{"n": {"$ref": one, "x": [1]}} for one in references.values()] + [{"$ref": 7}]


def test_a_reference_is_followed_with_what_stands_beside_it_or_noted(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.yaml").write_text(
        "x: {$ref: '#/y'}\ny: {n: 1, o: {$ref: '../a.yaml#/z'}}\n", encoding="utf-8"
    )
    (tmp_path / "bad.json").write_text('{"甲": 1,\n "b" 2}', encoding="utf-8")
    root: dict[str, Any] = {
        "openapi": "3.0.0",
        "z": {"v": 2, "w": 3}, "chain": {"$ref": "#/next", "v": 9, "u": 8},
        "next": {"$ref": "#/z", "v": 7, "t": 6}, "loop": {"$ref": "#/pool"},
        "pool": {"$ref": "#/loop", "s": 5}, "list": {"$ref": "#/l"}, "l": [1],
        "file": {"$ref": "sub/b.yaml#/x", "k": 0}, "own": {"$ref": "./a.yaml#/z"},
        "url": {"$ref": "https://x.test/a"}, "out": {"$ref": "../x.yaml"},
        "bad": {"$ref": "bad.json"}, "bad again": {"$ref": "bad.json#/b"},
        "nowhere": {"$ref": "#/nein", "r": 4}, "odd": {"$ref": 7},
    }  # fmt: skip
    document = Document("a.yaml", root, folder=tmp_path)
    found = {
        name: document.resolve_reference(root[name], (name,))
        for name in root if name not in ("openapi", "z", "l", "next", "pool")
    }  # fmt: skip
    notes = {note.path: note.message for note in document.notes}

    assert found == {
        "chain": {"v": 9, "w": 3, "t": 6, "u": 8}, "loop": {}, "list": [1],
        "file": {"n": 1, "o": {"$ref": "a.yaml#/z"}, "k": 0}, "own": {"v": 2, "w": 3}, "url": {},
        "out": {}, "bad": {}, "bad again": {}, "nowhere": {"r": 4}, "odd": {"$ref": 7},
    }  # fmt: skip
    assert notes["loop"] == "the reference '#/pool' leads in a circle; it is left out"
    assert notes["nowhere"] == "the reference '#/nein' leads nowhere; it is left out"
    assert notes["url"] == (
        "'https://x.test/a' is a URL, and URLs are not fetched; save the file next to the document "
        "and refer to it by its relative path"
    )
    assert notes["out"] == (
        "the file of '../x.yaml' is left out: ../x.yaml is outside of the document's folder; "
        "import from a folder that holds both"
    )
    assert notes["bad"].endswith("bad.json:2:6: not valid JSON: JSON is malformed: expected ':'")
    assert notes['["bad again"]'].startswith("the file of 'bad.json#/b' is left out: ")
    assert len(notes) == 6


def test_a_file_is_a_document_of_a_version_that_is_known(tmp_path: Path) -> None:
    texts = {
        "openapi: 3.0.0": "", "openapi: 3.1": "", "swagger: 2.0": "", "swagger: '2.0'": "",
        '\ufeff {"openapi": "3.1.0"}': "", "swagger: 2": "", "openapi: 3.x\nswagger: '2.0'": "",
        "openapi: 3": "openapi: 3 is not known; 3.0 and 3.1 are read, and Swagger 2.0",
        "openapi: 2.0.0": "openapi: '2.0.0' is not known; 3.0 and 3.1 are read, and Swagger 2.0",
        "openapi: [3.0]": "openapi: [3.0] is not known; 3.0 and 3.1 are read, and Swagger 2.0",
        "swagger: 1.2": "swagger: 1.2 is not known; 2.0 and OpenAPI 3 are read",
        "info: {}": "not an OpenAPI document: key 'openapi' is missing",
        "- 1": "not an OpenAPI document",
    }  # fmt: skip
    path = tmp_path / "a.yaml"
    found = {}
    for text in texts:
        path.write_text(text, encoding="utf-8")
        try:
            found[text] = "" if read_document(path).root else "empty"
        except ConfigError as error:
            found[text] = str(error).partition("a.yaml: ")[2]

    assert found == texts
