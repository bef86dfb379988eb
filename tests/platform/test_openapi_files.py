"""Swagger 2.0, versions, references and keys of OpenAPI documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.openapi import references
from bpmax_sim.openapi.convert import ConvertedPlatform, convert_document
from bpmax_sim.openapi.document import (
    Document,
    derive_platform_key,
    read_document,
)
from tests.platform.openapi_imports import (
    FORM,
    JSON,
    URL,
    XML,
    tree,
)

HAL = "application/hal+json"


def swagger(operation: dict[str, Any] | None = None, **root: Any) -> ConvertedPlatform:
    """Return what becomes of a document in Swagger 2.0 with ``POST /客户``."""
    paths = {"/客户": {"post": {"operationId": "saveCustomer", **(operation or {})}}}
    document = Document("oa.json", {"swagger": "2.0", "paths": paths, **root})
    url = "" if "host" in root or "basePath" in root else URL
    return convert_document(document, key="oa", url=url, has_response_schemas=True)


@pytest.mark.parametrize(
    ("root", "address"),
    [
        ({"host": "oa.test"}, "https://oa.test"),
        ({"host": "oa.test", "basePath": "/v1"}, "https://oa.test/v1"),
        ({"host": "oa.test", "basePath": "/"}, "https://oa.test"),
        ({"host": "oa.test", "basePath": "v1"}, "https://oa.test/v1"),
        ({"host": "oa.test:8080", "basePath": "v1/x/"}, "https://oa.test:8080/v1/x"),
        ({"basePath": "v1"}, "https://oa.example.test/v1"),
        ({"host": "oa.test:8080", "schemes": ["http"]}, "http://oa.test:8080"),
        ({"host": "oa.test", "schemes": ["http", "https"]}, "https://oa.test"),
        ({"host": "oa.test", "schemes": ["https", "http"]}, "https://oa.test"),
        ({"host": "oa.test", "schemes": ["wss", "http"]}, "http://oa.test"),
        ({"host": "oa.test", "schemes": ["wss"]}, "https://oa.test"),
        ({"host": "oa.test", "schemes": []}, "https://oa.test"),
        ({"host": "oa.test", "schemes": "http"}, "https://oa.test"),
        ({"host": "oa.test", "basePath": 5}, "https://oa.test"),
        ({"host": ""}, "https://oa.example.test"),
        ({"host": None}, "https://oa.example.test"),
        ({"host": "", "basePath": "/v1"}, "https://oa.example.test/v1"),
        ({"basePath": "/v1"}, "https://oa.example.test/v1"),
    ],
)
def test_the_address_of_swagger_2_is_host_and_path(root: dict[str, Any], address: str) -> None:
    assert tree(swagger(**root))["base_url"] == address


@pytest.mark.parametrize(
    ("declared", "own", "encoding", "header"),
    [
        (None, None, None, None),
        ([], [], None, None),
        ([JSON, XML], None, None, None),
        ([XML, JSON], None, "xml", None),
        ([FORM, "multipart/form-data", XML], None, "xml", None),
        ([FORM, "multipart/form-data"], None, None, None),
        ([JSON], [XML], "xml", None),
        ([XML], [], "xml", None),
        ([XML], [5, "text/plain"], "text", None),
        ([XML], "text/plain", "xml", None),
        (["application/json-patch+json", JSON, "text/json"], None, None, None),
        ([XML, "application/hal+json", JSON], None, "xml", None),
        ([HAL, XML], None, None, {"Content-Type": HAL}),
    ],
)
def test_a_body_of_swagger_2_has_the_first_media_type_that_is_no_form(
    declared: Any, own: Any, encoding: str | None, header: str | None
) -> None:
    whole = {"in": "body", "name": "客户", "required": True, "schema": {"type": "string"}}
    root = {} if declared is None else {"consumes": declared}
    more = {} if own is None else {"consumes": own}

    [api] = tree(swagger({"parameters": [whole], **more}, **root))["apis"].values()

    assert (api.get("encoding"), api.get("headers")) == (encoding, header)
    assert api["parameters"] == [
        {"name": "body", "in": "body", "to": "$", "required": True, "type": "string"}
    ]


@pytest.mark.parametrize(
    ("kinds", "consumes", "encoding"),
    [
        (["string"], None, "form"), (["string"], [FORM], "form"), (["string"], [JSON], "form"),
        (["string"], ["multipart/form-data"], "multipart"),
        (["string"], [FORM, "multipart/form-data"], "multipart"),
        (["string", "string", "file"], [FORM], "multipart"),
        (["file"], None, "multipart"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("required", [True, False, "true", None])
def test_a_form_of_swagger_2_is_multipart_where_it_has_a_file(
    kinds: list[str], consumes: Any, encoding: str, required: Any
) -> None:
    fields = [{"in": "formData", "name": f"f{n}", "type": one} for n, one in enumerate(kinds)]
    fields[-1]["required"] = required

    [api] = tree(swagger({"parameters": fields, "consumes": consumes}))["apis"].values()

    assert api["encoding"] == encoding
    assert [(one["name"], one.get("required"), one["type"], one.get("format"))
            for one in api["parameters"]] == [
        (f"f{n}", True if n == len(kinds) - 1 and required is True else None, "string",
         "binary" if one == "file" else None)
        for n, one in enumerate(kinds)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("required", "is_required"), [([False, False], None), ([False, True], True)]
)
def test_a_form_of_swagger_2_is_required_where_one_of_its_fields_is(
    required: list[bool], is_required: bool | None
) -> None:
    fields = [
        {"in": "formData", "name": f"单.{n}", "type": "string", "required": one}
        for n, one in enumerate(required)
    ]

    [api] = tree(swagger({"parameters": fields}))["apis"].values()

    [whole] = api["parameters"]
    assert (whole["name"], whole["to"], whole.get("required")) == ("body", "$", is_required)


@pytest.mark.parametrize("kind", [{}, {"type": "string"}, {"type": "object"}])
def test_what_is_no_list_in_swagger_2_has_no_note(kind: dict[str, str]) -> None:
    platform = swagger({"parameters": [{"in": "query", "name": "单号", **kind}]})

    assert platform.notes == ()


@pytest.mark.parametrize(
    ("style", "place", "note"),
    [
        (None, "query", "an array is written with , between its items; pass a text"),
        ("csv", "query", "an array is written with , between its items; pass a text"),
        ("ssv", "query", "an array is written with spaces between its items; pass a text"),
        ("pipes", "query", "an array is written with | between its items; pass a text"),
        ("tsv", "query", "an array is written with tabs between its items; pass a text"),
        ("multi", "query", ""), ("pipes", "header", ""),
    ],
)  # fmt: skip
def test_how_swagger_2_writes_a_list_is_noted(style: str | None, place: str, note: str) -> None:
    more = {} if style is None else {"collectionFormat": style}
    parameter = {"in": place, "name": "ids", "type": "array", "items": {"type": "string"}, **more}

    platform = swagger({"parameters": [parameter]})

    [api] = tree(platform)["apis"].values()
    assert [one["type"] for one in api["parameters"]] == ["array"]
    assert [one.message.partition(": ")[2] for one in platform.notes] == ([note] if note else [])


def test_an_operation_of_swagger_2_replaces_parameters_of_its_path() -> None:
    shared = [{"in": "query", "name": "页", "type": "integer"}, {"in": "query", "name": "a"},
              {"in": "header", "name": "a"}]  # fmt: skip
    own = [{"in": "query", "name": "页", "type": "string"}, {"in": "query", "name": "b"}]
    paths = {"/x": {"parameters": shared, "get": {"parameters": own}, "x-a": {}, "head": None}}

    [api] = tree(swagger(paths=paths))["apis"].values()

    assert [(one["in"], one["name"], one.get("type")) for one in api["parameters"]] == [
        ("query", "页", "string"), ("query", "a", None), ("header", "header_a", None),
        ("query", "b", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("produces", "response", "found"),
    [
        (None, {"schema": {"type": "string"}}, {"type": "string"}),
        (["*/*"], {"schema": {"type": "string"}}, {"type": "string"}),
        ([JSON, XML], {"schema": {"type": "string"}}, {"type": "string"}),
        ([XML, JSON], {"schema": {"type": "string"}}, None),
        (None, {"examples": {JSON: {"编号": "C1"}, XML: "<a/>"}}, {"example": {"编号": "C1"}}),
        (["*/*"], {"examples": {JSON: 1}}, {"example": 1}),
        (None, {"examples": {XML: "<a/>"}}, None),
        (None, {"examples": None}, None),
        (None, {}, None),
    ],
)
def test_an_answer_of_swagger_2_is_of_the_first_media_type(
    produces: Any, response: Any, found: Any
) -> None:
    operation = {"produces": produces, "responses": {"200": response}}

    [api] = tree(swagger(operation))["apis"].values()

    assert api.get("answer") == found


@pytest.mark.parametrize(
    ("scheme", "auth"),
    [
        ({"type": "basic"}, "basic"),
        ({"type": "apiKey", "in": "header", "name": "X-Key"}, "api_key"),
        ({"type": "oauth2", "flow": "application", "tokenUrl": "/t"}, "oauth2_client_credentials"),
        ({"type": "oauth2", "flow": "accessCode", "tokenUrl": "/t"}, "oauth2_refresh_token"),
        ({"type": "oauth2", "flow": "password", "tokenUrl": "/t"}, "bearer"),
        ({"type": "oauth2", "flow": "implicit", "authorizationUrl": "/a"}, "bearer"),
        ({"type": "oauth2", "flow": "none", "tokenUrl": "/t"}, "bearer"),
        ({"type": "oauth2", "flow": "application"}, "bearer"),
        ({"type": "none"}, "none"),
    ],
)
def test_a_way_to_log_in_of_swagger_2_is_one_of_openapi_3(scheme: Any, auth: str) -> None:
    platform = tree(swagger(securityDefinitions={"a": scheme}, security=[{"a": []}]))

    found = platform["auth"]
    assert (found if isinstance(found, str) else found["preset"]) == auth


@pytest.mark.parametrize(
    ("name", "title", "key"),
    [
        ("crm.json", "客户", "crm"), ("CRM-v2.openapi.json", "", "crm_v2"),
        ("客户系统.yaml", "", "客户系统"), ("openapi.yaml", "进销存 ERP", "进销存_erp"),
        ("Swagger.json", "OA!", "oa"), ("api.json", "API", "api"), ("docs.json", None, "api"),
        ("__.json", "a" * 65, "a" * 64), ("a" * 65, "", "a" * 64), (".json", "", "api"),
        ("-crm-.json", "", "crm"), ("index.a.b", 5, "5"),
    ],
)  # fmt: skip
def test_a_key_is_made_of_the_name_of_the_file_or_of_the_title(
    name: str, title: Any, key: str
) -> None:
    assert derive_platform_key(name, {"info": {"title": title}} if title is not None else {}) == key


@pytest.mark.parametrize(
    ("head", "is_read"),
    [
        ("openapi: 3.0.0", True), ("openapi: 3.1.0", True), ('openapi: "3.0"', True),
        ('openapi: "3.2.0"', True), ('openapi: "3"', False), ('openapi: "3."', False),
        ('openapi: "30.1"', False), ('openapi: " 3.0.0"', False), ("openapi: 3.1", True),
        ("openapi: 3.0", True), ("openapi: 30.1", False), ("openapi: 4.0", False),
        ("openapi: 3", False), ("openapi: true", False), ("openapi: [3.0]", False),
        ("openapi: null", False), ("openapi: 2.0.0", False),
        ('swagger: "2.0"', True), ("swagger: 2.0", True), ("swagger: 2", True),
        ('swagger: "2.0.0"', False), ("swagger: 1.2", False), ("swagger: null", False),
        ("{}", False), ("[]", False), ("null", False),
    ],
)  # fmt: skip
def test_a_version_is_read_where_it_is_known(head: str, is_read: bool, tmp_path: Path) -> None:
    path = tmp_path / "crm.yaml"
    path.write_text(f"{head}\n", encoding="utf-8")

    if is_read:
        assert read_document(path).folder == tmp_path
    else:
        with pytest.raises(ConfigError, match=r"not an OpenAPI document|is not known"):
            read_document(path)


@pytest.mark.parametrize("hops", [1, 99, 100, 101])
def test_a_reference_leads_through_at_most_a_hundred_others(hops: int) -> None:
    chain: dict[str, Any] = {f"s{n}": {"$ref": f"#/s{n + 1}"} for n in range(1, hops)}
    document = Document("x.json", {**chain, f"s{hops}": {"type": "string"}})

    found = document.resolve_reference({"$ref": "#/s1", "title": "留"}, ("x",))

    assert found == ({"type": "string", "title": "留"} if hops <= 100 else {"title": "留"})
    assert len(document.notes) == (hops > 100)


POINTED: dict[str, Any] = {
    "a": ["甲", "乙", "丙"], "": 0, "null": None,
    "b": {"$ref": "#/d", "自": "己"}, "c": {"$ref": "#/b"}, "d": {"自": "别", "远": "方"},
    "断": {"$ref": "#/nichts", "自": "己"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("pointer", "target"),
    [
        ("", POINTED), ("/", 0), ("/null", None),
        ("/a/0", "甲"), ("/a/2", "丙"), ("/a/-1", "留"), ("/a/-", "留"), ("/a/3", "留"),
        ("/a/", "留"), ("/a/²", "留"), ("/a/0/x", "留"), ("a", "留"), ("/e", "留"),
        ("/a/" + "0" * 8, "留"), ("/%61/1", "乙"),
        # what stands beside a reference, then what it refers to
        ("/断/自", "己"), ("/断/远", "留"),
        ("/b/自", "己"), ("/b/远", "方"), ("/b/无", "留"), ("/c/远", "方"), ("/c/自", "己"),
    ],
)  # fmt: skip
def test_a_pointer_leads_to_a_member_or_an_item(pointer: str, target: Any) -> None:
    found = Document("x.json", POINTED).resolve_reference({"$ref": f"#{pointer}", "x": 1}, ())

    lost = target == "留"
    assert found == ({"x": 1} if lost else {**target, "x": 1} if pointer == "" else target)


@pytest.mark.parametrize(
    ("most", "room", "read"),
    [(3, 99, 3), (2, 99, 2), (0, 99, 0), (3, 21, 3), (3, 20, 2), (3, 10, 1), (3, 0, 0)],
)
def test_a_document_refers_to_so_many_files_and_bytes(
    most: int, room: int, read: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(references, "_MOST_FILES", most)
    for name in "abc":
        (tmp_path / f"{name}.yaml").write_text("x: 1234567", encoding="utf-8")  # ten bytes
    files = references.ReferencedFiles(tmp_path, "x.json", _room=room)
    document = Document("x.json", {}, folder=tmp_path, _files=files)

    found = [document.resolve_reference({"$ref": f"{name}.yaml#/x"}, ()) for name in "abcab"]

    wanted: list[Any] = [1234567 if number < read else {} for number in range(3)]
    assert found == [*wanted, *wanted[:2]]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n", b" \n\t"])
def test_a_document_in_json_may_begin_with_a_mark_and_with_spaces(
    mark: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "crm.json"
    path.write_bytes(mark + '{"openapi": "3.0.0", "paths": {"/客户": {}}}'.encode())
    assert read_document(path).root["paths"] == {"/客户": {}}

    path.write_bytes(mark + '{"openapi": "3.0.0", "paths": {"/客户": 1e400}}'.encode())
    with pytest.raises(ConfigError, match="not valid JSON"):
        read_document(path)


SHARED = {
    "outer": {"$ref": "#/inner", "summary": "中", "description": "中"},
    "inner": {"$ref": "#/leaf", "description": "内", "title": "内"},
    "leaf": {"summary": "叶", "type": "string"},
    "list": [1, {"$ref": "#/leaf"}, 3],
    "loop": {"$ref": "#/pool", "x": 1},
    "pool": {"$ref": "#/loop"},
    "deep": {"$ref": "#/outer/type"},
}


@pytest.mark.parametrize(
    ("value", "found", "note"),
    [
        ({"$ref": "#/leaf"}, SHARED["leaf"], ""),
        # what stands beside the outer reference wins
        ({"$ref": "#/outer", "summary": "外"},
         {"summary": "外", "description": "中", "title": "内", "type": "string"}, ""),
        ({"$ref": "#/list", "summary": "外"}, SHARED["list"], ""),
        ({"$ref": "#/list/1/type"}, "string", ""), ({"$ref": "#/list/2"}, 3, ""),
        ({"$ref": "#/outer/type"}, "string", ""), ({"$ref": "#/deep"}, "string", ""),
        ({"$ref": "#/list/3", "x": 1}, {"x": 1}, "leads nowhere"),
        ({"$ref": "#leaf"}, {}, "leads nowhere"),
        ({"$ref": "#/loop", "y": 1}, {"y": 1}, "leads in a circle"),
        ({"$ref": 5}, {"$ref": 5}, ""), ({}, {}, ""), (["$ref"], ["$ref"], ""), (None, None, ""),
        ({"$ref": "https://a.test/x"}, {}, "is a URL"), ({"$ref": "/a.yaml"}, {}, "is a URL"),
        ({"$ref": "x.json#/leaf"}, SHARED["leaf"], ""),
        ({"$ref": "./x.json#/list/1"}, SHARED["leaf"], ""),
        ({"$ref": "%E5%AE%A2%20%E6%88%B7.yaml#/%E5%90%8D"}, "张三", ""),
        ({"$ref": "nichts.yaml#/a"}, {}, "is left out: nichts.yaml: cannot be read"),
        ({"$ref": "../a.yaml"}, {}, "is left out: ../a.yaml is outside of the document's folder"),
    ],
)  # fmt: skip
def test_a_reference_stands_for_its_target_and_what_is_beside_it(
    value: Any, found: Any, note: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/客 户.yaml").write_text("名: 张三\n", "utf-8")
    monkeypatch.chdir(tmp_path / "docs")
    document = Document("x.json", SHARED, folder=tmp_path / "docs")

    assert document.resolve_reference(value, ("paths", "/单")) == found
    assert [(one.path, note in one.message) for one in document.notes] == (
        [('paths["/单"]', True)] if note else []
    )


@pytest.mark.parametrize(("top", "is_read"), [(".", True), ("docs", False), ("docs/api", False)])
def test_a_reference_leads_to_no_file_outside_of_the_working_directory(
    top: str, is_read: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs/api").mkdir(parents=True)
    (tmp_path / "shared.yaml").write_text("名: 张三\n", "utf-8")
    monkeypatch.chdir(tmp_path / top)
    document = Document("x.json", {}, folder=tmp_path / "docs/api")

    found = document.resolve_reference({"$ref": "../../shared.yaml#/名"}, ())

    assert (found, len(document.notes)) == (("张三", 0) if is_read else ({}, 1))


@pytest.mark.parametrize(
    ("reference", "rewritten"),
    [
        ("#/x", "子/b.yaml#/x"), ("", "子/b.yaml#"), ("c.yaml#/x", "子/c.yaml#/x"),
        ("../c.yaml", "c.yaml#"), ("./客%20户.yaml#/x", "子/客 户.yaml#/x"),
        ("100%25.yaml#/a%20b", "子/100%25.yaml#/a%20b"), ("%2523.yaml", "子/%2523.yaml#"),
        ("a%23b.yaml", "子/a%23b.yaml#"), ("../../c.yaml#/x#y", "../c.yaml#/x#y"),
        ("https://a.test/c.yaml#/x", "https://a.test/c.yaml#/x"), ("/c.yaml", "/c.yaml"),
        (r"\c.yaml", r"\c.yaml"), ("C:c.yaml", "C:c.yaml"), (5, 5),
    ],
)  # fmt: skip
def test_a_reference_of_another_file_is_one_from_the_folder_of_the_document(
    reference: Any, rewritten: Any
) -> None:
    one, other = {"$ref": reference, "x": "#/x"}, {"$ref": rewritten, "x": "#/x"}

    assert references.rewrite_references([1, {"a": {"b": one}}, [one]], "子/b.yaml") == [
        1,
        {"a": {"b": other}},
        [other],
    ]
    if rewritten != reference:
        files = references.ReferencedFiles(Path(), "x.json")
        again = references.rewrite_references({"$ref": rewritten}, "y.json")["$ref"]
        assert files.normalise(again) == files.normalise(rewritten)


@pytest.mark.parametrize(
    ("root", "path"),
    [
        ({"paths": {"$ref": "#/no"}}, "paths"),
        ({"paths": {"/x": {"$ref": "#/no"}, "/y": {"get": {}}}}, 'paths["/x"]'),
        ({"components": {"$ref": "#/no"}}, "components"),
        ({"components": {"securitySchemes": {"$ref": "#/no"}}}, "components.securitySchemes"),
        ({"components": {"securitySchemes": {"a": {"$ref": "#/no"}}}},
         "components.securitySchemes.a"),
    ],
)  # fmt: skip
def test_a_reference_that_leads_nowhere_is_noted_at_its_own_place(root: Any, path: str) -> None:
    whole = {"paths": {"/x": {"get": {}}}, "security": [{"a": []}], **root}
    document = Document("x.json", {"openapi": "3.0.0", **whole})

    if path == "paths":
        with pytest.raises(ConfigError, match="nothing can be imported"):
            convert_document(document, key="x", url=URL)
    else:
        convert_document(document, key="x", url=URL)

    [note] = [one for one in document.notes if "leads nowhere" in one.message]
    assert note.path == path
