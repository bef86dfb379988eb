"""What OpenAPI documents leave out, have twice, in another case or at a limit."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.openapi import convert
from bpmax_sim.openapi.convert import convert_document
from bpmax_sim.openapi.document import (
    Document,
    cut_to_first_line,
)
from tests.platform.openapi_imports import (
    BEARER,
    FORM,
    JSON,
    KEY,
    URL,
    XML,
    api_of,
    made,
    told,
    tree,
)


@pytest.mark.parametrize(
    ("name", "place", "is_kept"),
    [
        ("Accept", "header", False), ("accept", "header", False), ("Accept", "query", True),
        ("Content-Type", "header", False), ("content-type", "query", True),
        ("AUTHORIZATION", "header", False), ("Authorization", "query", True),
        ("Content-Length", "header", False), ("transfer-encoding", "header", False),
        ("Content-Length", "query", True), ("Accept-Language", "header", True),
        ("客户", "query", True),
    ],
)  # fmt: skip
def test_headers_that_say_nothing_are_left_out_without_a_note(
    name: str, place: str, is_kept: bool
) -> None:
    platform = made({"parameters": [{"name": name, "in": place}]})

    [api] = tree(platform)["apis"].values()
    assert api.get("parameters", []) == ([{"name": name, "in": place}] if is_kept else [])
    assert platform.notes == ()


@pytest.mark.parametrize(
    ("name", "place", "found"),
    [
        ("Idempotency-Key", "header", True), ("IDEMPOTENCY-KEY", "header", True),
        ("X-Idempotency-Key", "header", True), ("Idempotency-Key", "query", False),
        ("Idempotency-Keys", "header", False), ("X-Request-Id", "header", False),
    ],
)  # fmt: skip
def test_a_header_for_an_idempotency_key_is_no_parameter(
    name: str, place: str, found: bool
) -> None:
    api = api_of({"parameters": [{"name": name, "in": place}]})

    assert api.get("idempotency") == ({"in": "header", "name": name} if found else None)
    assert ("parameters" in api) != found


def test_of_several_headers_for_an_idempotency_key_the_last_is_the_one() -> None:
    names = ("Idempotency-Key", "页", "X-Idempotency-Key")
    api = api_of({"parameters": [{"name": name, "in": "header" if name != "页" else "query"}
                                 for name in names]})  # fmt: skip

    assert api["idempotency"] == {"in": "header", "name": "X-Idempotency-Key"}
    assert [one["name"] for one in api["parameters"]] == ["页"]


@pytest.mark.parametrize(
    ("parameter", "note"),
    [
        ({"name": "", "in": "query"}, "the parameter has no name and was skipped"),
        ({"name": 5, "in": "query"}, "the parameter has no name and was skipped"),
        ({"in": "query"}, "the parameter has no name and was skipped"),
        ("客户", "the parameter has no name and was skipped"),
        (None, "the parameter has no name and was skipped"),
        ([], "the parameter has no name and was skipped"),
        ({}, ""),
        ({"name": "客户", "in": "header"}, "parameter '客户': not a header name; it is left out"),
        ({"name": "X A", "in": "header"}, "parameter 'X A': not a header name; it is left out"),
        ({"name": "a", "in": None}, "parameter 'a': a parameter in None cannot be declared"),
        ({"name": "a", "in": "Query"}, "parameter 'a': a parameter in 'Query' cannot be declared"),
    ],
)  # fmt: skip
def test_a_parameter_that_cannot_be_declared_is_noted_at_its_place(
    parameter: Any, note: str
) -> None:
    fine = {"name": "a", "in": "query"}
    platform = made({"parameters": [fine, fine, parameter]})

    [api] = tree(platform)["apis"].values()
    assert api["parameters"] == [fine]
    assert [one.removesuffix("; it is left out") for one in told(platform)] == (
        [f'paths["/客户"].post.parameters[2]: {note.removesuffix("; it is left out")}']
        if note
        else []
    )


@pytest.mark.parametrize(
    ("more", "entry", "note"),
    [
        ({}, {}, ""),
        ({"required": True}, {"required": True}, ""),
        ({"required": False}, {}, ""),
        ({"required": "true"}, {}, ""),
        ({"required": 1}, {}, ""),
        ({"title": "页", "description": "第几页"}, {"title": "页"}, ""),
        ({"title": "", "description": "第几页"}, {"title": "第几页"}, ""),
        ({"title": None, "description": "\n 第几页 \n从 1 起"}, {"title": "第几页"}, ""),
        ({"title": 5}, {}, ""),
        ({"schema": {"example": 3}}, {}, ""),
        ({"schema": {"type": "string", "enum": ["甲"], "format": "x", "maxLength": 3}},
         {"type": "string", "enum": ["甲"], "format": "x", "schema": {"maxLength": 3}}, ""),
        ({"schema": {"enum": ["甲"], "format": "x"}},
         {"schema": {"enum": ["甲"], "format": "x"}}, ""),
        ({"required": True, "schema": {"enum": []}}, {"required": True}, "enum"),
        ({"content": {}}, {}, ""),
        ({"content": {"application/json": {}, "text/x": {}}}, {},
         "parameter '页' is application/json in a text; pass JSON.stringify(…)"),
        ({"content": {"text/x": {}}, "style": "pipeDelimited"}, {},
         "parameter '页' is text/x in a text; pass JSON.stringify(…)"),
        ({"style": "pipeDelimited"}, {},
         "parameter '页': an array is written with | between its items; pass a text"),
        ({"style": "spaceDelimited", "explode": False}, {},
         "parameter '页': an array is written with spaces between its items; pass a text"),
        ({"style": "simple", "explode": False}, {}, ""),
        ({"style": "form", "explode": None}, {}, ""),
    ],
)  # fmt: skip
def test_a_parameter_is_written_with_what_the_document_says_of_it(
    more: dict[str, Any], entry: dict[str, Any], note: str
) -> None:
    platform = made({"parameters": [{"name": "页", "in": "query", **more}]})

    [api] = tree(platform)["apis"].values()
    assert api["parameters"] == [{"name": "页", "in": "query", **entry}]
    assert [note in one for one in told(platform)] == ([True] if note else [])


def test_parameters_stand_in_the_order_of_the_path_and_those_missing_are_added() -> None:
    parameters = [
        {"name": "页", "in": "query"},
        {"name": "c", "in": "path", "description": "第三"},
        {"name": "a", "in": "path"},
        {"name": "a", "in": "query"},
    ]
    paths = {"/{a}/{b}/{c}": {"get": {"parameters": parameters}}}

    [api] = tree(made(paths=paths))["apis"].values()
    assert [(one["name"], one["in"], one.get("required")) for one in api["parameters"]] == [
        ("a", "path", True), ("b", "path", True), ("c", "path", True), ("页", "query", None),
        ("query_a", "query", None),
    ]  # fmt: skip


def test_a_name_that_is_there_a_third_time_gets_a_number() -> None:
    names = [("id", "query"), ("query_id", "header"), ("id", "header"), ("header_id", "query")]
    body = {"content": {"application/json": {"schema": {
        "type": "object", "properties": {"id": {}, "body_id": {}, "query_id": {}}}}}}  # fmt: skip
    parameters = [{"name": name, "in": place} for name, place in [*names, ("body_id", "query")]]

    api = api_of({"parameters": parameters, "requestBody": body})

    assert [(one["name"], one.get("to")) for one in api["parameters"]] == [
        ("id", None), ("query_id", None), ("header_id", "id"), ("query_header_id", "header_id"),
        ("body_id", None), ("body_id_2", "id"), ("body_body_id", "body_id"),
        ("body_query_id", "query_id"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("media", "encoding", "header"),
    [
        ([JSON], None, None),
        (["Application/JSON"], None, None),
        (["application/json; charset=utf-8"], None, None),
        (["application/vnd.api+json"], None, "application/vnd.api+json"),
        (["application/vnd.api+json; version=2"], None, "application/vnd.api+json"),
        (["application/json-patch+json", "text/json", "application/*+json", JSON], None, None),
        ([XML, "application/json-patch+json"], None, "application/json-patch+json"),
        (["application/*+json"], None, None),
        (["model/gltf+json"], None, "model/gltf+json"),
        (["*/*"], None, None),
        (["application/*"], None, None),
        ([FORM], "form", None),
        (["multipart/form-data"], "multipart", None),
        ([XML], "xml", None),
        (["text/xml"], "xml", "text/xml"),
        (["application/soap+xml"], "xml", "application/soap+xml"),
        (["image/svg+xml"], "xml", "image/svg+xml"),
        (["text/plain"], "text", None),
        (["TEXT/Plain;charset=gbk"], "text", None),
        (["text/csv"], "text", "text/csv"),
        (["text/*"], "text", None),
        (["application/octet-stream"], "text", "application/octet-stream"),
        (["image/png"], "text", "image/png"),
        (["图/片"], "text", None),
        (["image/png", "image/gif", "image/jpeg"], "text", "image/png"),
        (["text/plain", "*/*", XML, "multipart/form-data", FORM, JSON], None, None),
        (["text/plain", "*/*", XML, "multipart/form-data", FORM], "form", None),
        (["text/plain", "*/*", XML, "multipart/form-data"], "multipart", None),
        (["text/plain", "*/*", XML], "xml", None),
        (["text/plain", "*/*"], None, None),
    ],
)
def test_of_several_media_types_the_body_has_the_one_that_says_most(
    media: list[str], encoding: str | None, header: str | None
) -> None:
    platform = made({"requestBody": {"content": {one: {} for one in media}}})

    [api] = tree(platform)["apis"].values()
    assert (api.get("encoding"), api.get("headers")) == (
        encoding, {"Content-Type": header} if header else None,
    )  # fmt: skip
    is_unknown = media[0] in ("image/png", "图/片")
    assert [note.message for note in platform.notes] == [
        f"a body of {media[0]} is sent as the text that a script passes"
        if is_unknown
        else f"the body is sent as {media[-1]}; not carried over: {', '.join(media[:-1])}"
    ][: is_unknown or len(media) > 1]


@pytest.mark.parametrize(
    ("members", "is_whole"),
    [
        (["客户"], False), (["客户", "级别", "电话"], False), (["$a", "a$"], False),
        ([""], True), (["a", " "], True), (["a", "b", "c.d"], True), (["$"], True), (["."], True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("required", [True, False, "true", None])
def test_a_body_is_one_parameter_where_a_member_could_not_be_named(
    members: list[str], is_whole: bool, required: Any
) -> None:
    properties: dict[str, Any] = {name: {} for name in members}
    schema = {"type": "object", "properties": properties, "required": members[-1:]}
    body = {"required": required, "content": {JSON: {"schema": schema}}}

    entries = api_of({"requestBody": body})["parameters"]

    names = ["body"] if is_whole else members
    assert [(one["name"], one.get("to")) for one in entries] == [
        (name, "$" if is_whole else None) for name in names
    ]
    assert [one.get("required") for one in entries] == [
        True if required is True and name == names[-1] else None for name in names
    ]


@pytest.mark.parametrize("content", [None, {}, [], "application/json"])
def test_a_body_without_content_is_none(content: Any) -> None:
    assert api_of({"requestBody": {"required": True, "content": content}}) == {
        "method": "POST", "path": "/客户",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "version", "line"),
    [
        ("crm.json", None, "# Made of crm.json by bpmax-sim."),
        ("接口/v2/crm.json", "", "# Made of crm.json by bpmax-sim."),
        ("crm.json", "2.1", "# Made of crm.json, version 2.1, by bpmax-sim."),
        ("crm.json", 3, "# Made of crm.json, version 3, by bpmax-sim."),
        ("crm.json", "甲" * 41, f"# Made of crm.json, version {'甲' * 40}, by bpmax-sim."),
    ],
)
def test_the_file_says_of_what_it_was_made(name: str, version: Any, line: str) -> None:
    info = {} if version is None else {"version": version}
    root = {"openapi": "3.0.0", "info": info, "paths": {"/x": {"get": {}}}}

    text = convert_document(Document(name, root), key="crm", url=URL).text

    assert text.splitlines()[:2] == [line, "platform_key: crm"]


@pytest.mark.parametrize(("kinds", "left"), [(0, 0), (1, 0), (2, 0), (3, 1), (5, 3)])
def test_the_head_of_a_file_names_so_many_kinds_of_notes_and_counts_the_rest(
    kinds: int, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "_MOST_NOTES", 2)
    wrong = [
        {"in": "query"},
        {"name": "a", "in": "query", "content": {JSON: {}}},
        {"name": "b", "in": "query", "style": "deepObject"},
        {"name": "c", "in": "cookie"},
        {"name": "d", "in": "path"},
    ][:kinds]  # fmt: skip
    platform = made({"parameters": [*wrong, *wrong[:1]]})
    head = platform.text.partition("platform_key")[0].splitlines()

    place = 'paths["/客户"].post.parameters[{}]'.format
    assert [len(one.paths) for one in platform.kinds] == [2, 1, 1, 1, 1][:kinds]
    assert [one.partition(": the ")[0].partition(": param")[0] for one in head[1:]] == [
        *["# What could not be carried over, or differs:"][:kinds],
        *[f"#   {place(number)}" for number in range(min(kinds, 2))],
        *[f"#   and {left} more"][: min(left, 1)],
    ]


@pytest.mark.parametrize(
    ("info", "title"),
    [
        ({"title": "客户"}, "客户"), ({"title": " \n 客户 \n系统", "description": "甲"}, "客户"),
        ({"title": "", "description": "甲"}, None), ({"description": "甲", "summary": "乙"}, None),
        ({"title": 5}, None), ({}, None), (None, None), ([], None),
    ],
)  # fmt: skip
def test_a_platform_has_the_title_of_its_document_and_no_description(
    info: Any, title: str | None
) -> None:
    assert tree(made(info=info)).get("title") == title


@pytest.mark.parametrize("method", [*convert.METHODS, "GET", "query", "x-get"])
def test_a_method_is_written_where_it_is_no_get(method: str) -> None:
    paths: dict[str, Any] = {"/客户": {method: {"operationId": "a"}, "get": {"operationId": "b"}}}

    apis = tree(made(paths=paths))["apis"]

    is_known = method in convert.METHODS
    assert [one.get("method", "GET") for one in apis.values()] == (
        ["GET", method.upper()] if is_known and method != "get" else ["GET"]
    )


@pytest.mark.parametrize(
    ("path", "note"),
    [
        ("/客户", ""), ("/", ""), ("/a/{b}/{c}", ""), ("x-logo", None), ("/x-logo", ""),
        ("客户", "left out"), ("", "left out"), ("/{a", "left out"), ("/a}", "left out"),
        ("/a\n", "left out"), ("/" + "a" * 999, ""), ("/" + "a" * 1000, "left out"),
    ],
)  # fmt: skip
def test_a_path_begins_with_a_slash_and_has_whole_braces(path: str, note: str | None) -> None:
    paths: dict[str, Any] = {path: {"get": {}}, "/last": {"get": {}}}

    platform = made(paths=paths)

    assert [one["path"] for one in tree(platform)["apis"].values()] == (
        [path, "/last"] if note == "" else ["/last"]
    )
    assert [note or "?" in one for one in told(platform)] == (["left out"] if note else [])


@pytest.mark.parametrize(
    ("item", "operation", "root", "places"),
    [
        (None, None, None, []),
        ([], [], None, []),
        ([{"url": "/a"}], None, None, ['paths["/客户"].servers']),
        (None, [{"url": "/a"}], None, ['paths["/客户"].post.servers']),
        ([{"url": "/a"}], [{"url": "/b"}], None,
         ['paths["/客户"].servers', 'paths["/客户"].post.servers']),
        ([{"url": "/a"}], [{"url": "/a"}], [{"url": "/a"}], []),
        ([{"url": "/a"}], [{"url": "/b"}], [{"url": "/b"}], ['paths["/客户"].servers']),
    ],
)  # fmt: skip
def test_servers_of_a_path_or_an_operation_are_noted_where_they_are_others(
    item: Any, operation: Any, root: Any, places: list[str]
) -> None:
    paths = {"/客户": {"servers": item, "post": {"servers": operation}}}

    platform = made(paths=paths, servers=root)

    assert [note.path for note in platform.notes] == places


@pytest.mark.parametrize(
    ("part", "value", "noted"),
    [
        ("callbacks", {}, 0), ("callbacks", None, 0), ("callbacks", {"onPaid": {}}, 1),
        ("webhooks", {}, 0), ("webhooks", None, 0), ("webhooks", {"paid": {}}, 1),
    ],
)  # fmt: skip
def test_who_calls_back_is_noted(part: str, value: Any, noted: int) -> None:
    platform = made({part: value}) if part == "callbacks" else made(**{part: value})

    assert [note.path.rpartition(".")[2] for note in platform.notes] == [part] * noted


@pytest.mark.parametrize(
    ("ids", "keys", "aliases"),
    [
        (["save"], ["save"], [None]),
        (["save", "save", "save"], ["save", "save_2", "save_3"], [None] * 3),
        (["saveCustomer", "save_customer"], ["saveCustomer", "save_customer_2"], [None, None]),
        (["crm/save", "crm-save"], ["crm_save", "crm_save_2"], ["crm/save", "crm-save"]),
        ([" save "], ["save"], [None]),
        (["_save_"], ["save"], ["_save_"]),
        (["$save"], ["save"], [None]),
        (["", None, 5], ["post_a", "post_b", "post_c"], [None] * 3),
        (["--"], ["post_a"], ["--"]),
        (["a" * 100, "b" * 101], ["a" * 100, "b" * 100], [None, None]),
        (["-" + "a" * 99, "-" + "b" * 100], ["a" * 99, "b" * 100], ["-" + "a" * 99, None]),
        (["保存 客户", "a\tb"], ["保存_客户", "a_b"], ["保存 客户", None]),
    ],
)
def test_an_api_is_called_by_its_operation_id_and_no_two_are_called_alike(
    ids: list[Any], keys: list[str], aliases: list[str | None]
) -> None:
    paths = {f"/{'abc'[n]}": {"post": {"operationId": one}} for n, one in enumerate(ids)}

    platform = made(paths=paths)

    apis = tree(platform)["apis"]
    assert list(apis) == keys == list(platform.apis)
    assert [one.get("aliases") for one in apis.values()] == [one and [one] for one in aliases]
    assert [note.path for note in platform.notes] == [
        f'paths["/{"abc"[n]}"].post.operationId' for n, key in enumerate(keys) if key[-2:-1] == "_"
        and key[-1].isdigit()
    ]  # fmt: skip


def test_an_operation_without_an_id_is_called_by_method_and_path() -> None:
    paths: dict[str, Any] = {
        "/a/{编号}/b-c": {"get": {}, "delete": {}},
        "/": {"get": {}},
        "/$": {"put": {}},
    }

    assert made(paths=paths).apis == ("get_a_by_编号_b_c", "delete_a_by_编号_b_c", "get", "put")


@pytest.mark.parametrize(
    ("operation", "title"),
    [
        ({"summary": "保存", "description": "保存客户"}, "保存"),
        ({"summary": "", "description": "保存客户"}, "保存客户"),
        ({"summary": " \n", "description": "\r\n 保存\t客户 \n第二行"}, "保存 客户"),
        ({"description": "甲" * 120}, "甲" * 120),
        ({"description": "甲" * 121}, "甲" * 120),
        ({"summary": ["保存"]}, None),
        ({"title": "保存"}, None),
    ],
)
def test_the_title_of_an_api_is_the_first_line_about_it(
    operation: dict[str, Any], title: str | None
) -> None:
    assert api_of(operation).get("title") == title


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""), (None, ""), (5, ""), ("\n\n", ""), ("a", "a"), ("12345", "12345"),
        ("123456", "12345"), ("1234 6", "1234"), ("1\x002", "1 2"), (" " * 21 + "a", ""),
        (" " * 19 + "a", "a"), ("\n a \nb", "a"),
    ],
)  # fmt: skip
def test_a_line_is_printable_and_not_longer_than_it_may_be(text: Any, line: str) -> None:
    assert cut_to_first_line(text, 5) == line


@pytest.mark.parametrize(
    ("root", "own", "auth", "api"),
    [
        ([{"a": []}], None, {"preset": "api_key", "in": "header", "name": "X-Key"}, None),
        ([{"a": []}], [], {"preset": "api_key", "in": "header", "name": "X-Key"}, "none"),
        ([{"a": []}], [{"a": []}], {"preset": "api_key", "in": "header", "name": "X-Key"}, None),
        ([{"a": []}], [{"b": []}], {"preset": "api_key", "in": "header", "name": "X-Key"},
         "bearer"),
        ([], [{"b": []}], "none", "bearer"),
        (None, [{"b": []}], "none", "bearer"),
        (None, [], "none", None),
        ([{}, {"b": []}], None, "bearer", None),
        ([{"c": []}, {"b": []}], None, "bearer", None),
        ([{"c": []}, {"d": []}, {"b": []}], None, "bearer", None),
        ("a", None, "none", None),
    ],
)  # fmt: skip
def test_an_operation_logs_in_as_the_document_does_or_in_its_own_way(
    root: Any, own: Any, auth: Any, api: Any
) -> None:
    operation = {} if own is None else {"security": own}
    schemes = {"a": KEY, "b": BEARER, "d": {"type": "mutualTLS"}}

    platform = tree(made(operation, security=root, components={"securitySchemes": schemes}))

    assert platform["auth"] == auth
    assert platform["apis"]["saveCustomer"].get("auth") == api


def answer(schema: Any, media: str = JSON, **more: Any) -> dict[str, Any]:
    return {"responses": {"200": {"content": {media: {"schema": schema, **more}}}}}


@pytest.mark.parametrize(
    ("operation", "found"),
    [
        (answer({"type": "string"}), {"type": "string"}),
        (answer({"type": "string"}, "application/hal+json"), {"type": "string"}),
        (answer({"type": "string"}, "Application/JSON"), {"type": "string"}),
        (answer({"type": "string"}, "*/*"), {"type": "string"}),
        (answer({"type": "string"}, "text/xml"), None),
        (answer(None), None),
        (answer({}, example={"编号": "C1"}), {"example": {"编号": "C1"}}),
        (answer({}, example=None, examples={"a": {"value": 1}}), None),
        (answer({}, example=0), {"example": 0}),
        (answer({}, example=""), {"example": ""}),
        (answer({}, example=1, examples={"a": {"value": 2}}), {"example": 1}),
        (answer({}, examples={"a": {"value": 2}, "b": {"value": 3}}), {"example": 2}),
        (answer({}, examples={"a": {}, "b": {"value": 3}}), None),
        (answer({}, examples={}), None),
        (answer({"example": 1}, example=2), {"example": 2}),
        (answer({"properties": {"a": {"writeOnly": True}, "b": {"readOnly": True}, "c": {}}}),
         {"properties": {"b": {}, "c": {}}}),
        ({"responses": {200: {"content": {JSON: {"schema": {"type": "null"}}}}}},
         {"type": "null"}),
        ({"responses": {"200": {"content": {"text/html": {}}},
                        "201": {"content": {JSON: {"schema": {"type": "null"}}}}}},
         {"type": "null"}),
        ({"responses": {"20": {"content": {JSON: {"schema": {"type": "null"}}}}}},
         {"type": "null"}),
        ({"responses": {"Default": {"content": {JSON: {"schema": {"type": "null"}}}}}}, None),
    ],
)  # fmt: skip
def test_an_answer_is_that_of_the_first_json_of_a_success(
    operation: dict[str, Any], found: Any
) -> None:
    assert api_of(operation, answers=True).get("answer") == found


@pytest.mark.parametrize(("more", "is_kept"), [(-1, True), (0, True), (1, False)])
def test_an_example_may_have_thirty_characters_for_each_part_of_a_schema(
    more: int, is_kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "_ANSWERS", (2,))
    text = "甲" * (30 * 2 - len("{'example': ''}") + more)

    found = api_of(answer({"type": "string"}, example=text), answers=True)["answer"]

    assert found == {"type": "string", **({"example": text} if is_kept else {})}


def test_members_that_only_responses_have_are_no_parameters() -> None:
    members = {"a": {"readOnly": True}, "b": {"writeOnly": True}, "c": {"readOnly": "true"}}
    body = {"content": {JSON: {"schema": {"type": "object", "properties": members}}}}

    assert [one["name"] for one in api_of({"requestBody": body})["parameters"]] == ["b", "c"]


@pytest.mark.parametrize(
    ("servers", "address", "is_noted"),
    [
        (None, "https://crm.example.test", True),
        ([], "https://crm.example.test", True),
        ([{"url": "https://a.test/v1"}, {"url": "https://b.test"}], "https://a.test/v1", False),
        ([{"url": "https://a.test/v1/"}], "https://a.test/v1", False),
        ([{"url": "http://a.test:8080"}], "http://a.test:8080", False),
        ([{"url": "https://crm.example.test/"}], "https://crm.example.test", False),
        ([{"url": ""}], "https://crm.example.test", True),
        ([{"url": None}], "https://crm.example.test", True),
        ([{"url": "/v1"}], "https://crm.example.test/v1", True),
        ([{"url": "v1/"}], "https://crm.example.test/v1", True),
        ([{"url": "/"}], "https://crm.example.test", True),
        ([{"url": "//a.test/x"}], "https://a.test/x", True),
        ([{"url": "ftp://a.test"}], "https://crm.example.test", True),
        ([{"url": "https://{x}.test"}], "https://crm.example.test", True),
        ([{"url": "https://a.test/}"}], "https://crm.example.test", True),
        ([{"url": "https://a.test/\x00"}], "https://crm.example.test", True),
        ([{"url": "https://a.test/\u200b"}], "https://crm.example.test", True),
        ([{"url": "https://["}], "https://crm.example.test", True),
        ([{"url": "https://{r}.test/{v}", "variables": {"r": {"default": "cn"},
          "v": {"default": ""}}}], "https://cn.test", False),
        ([{"url": "https://{r}.test", "variables": {"r": {"enum": ["cn"]}}}],
         "https://crm.example.test", True),
        ([{"url": "https://{r}.test", "variables": {"r": {"default": 1}}}],
         "https://crm.example.test", True),
    ],
)  # fmt: skip
def test_the_address_is_that_of_the_first_server_or_a_stand_in_that_is_noted(
    servers: Any, address: str, is_noted: bool
) -> None:
    platform = made(url="", servers=servers)

    assert tree(platform)["base_url"] == address
    assert [note.path for note in platform.notes] == ["servers"] * is_noted


@pytest.mark.parametrize(
    ("key", "host"), [("crm", "crm"), ("CRM_2", "crm-2"), ("_客户_a__b_", "a-b"), ("客户", "api")]
)
def test_the_host_of_a_stand_in_is_made_of_the_key(key: str, host: str) -> None:
    document = Document("x.json", {"openapi": "3.0.0", "paths": {"/x": {"get": {}}}})

    text = convert_document(document, key=key).text

    assert f"base_url: https://{host}.example.test\n" in text


@pytest.mark.parametrize("url", ["https://a.test/v1", "https://a.test/v1/", "https://a.test/v1//"])
def test_an_address_that_is_chosen_comes_before_that_of_the_document(url: str) -> None:
    platform = made(url=url, servers=[{"url": "https://b.test"}])

    assert tree(platform)["base_url"] == "https://a.test/v1"
    assert platform.notes == ()
