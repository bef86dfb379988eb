"""OpenAPI documents become platform files that load, lint clean and answer at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

import bpmax_sim as bs
from bpmax_sim.errors import BpmaxError, ConfigError
from bpmax_sim.openapi.convert import ConvertedPlatform, convert_document
from bpmax_sim.openapi.document import Document, read_document
from bpmax_sim.platform.load import read_platform
from bpmax_sim.platform.model import Auth, Idempotency, Platform
from bpmax_sim.yamlfile import read_yaml
from tests.examples import drawn
from tests.files import write_files
from tests.platform.openapi_documents import DOCUMENTS, SWAGGER
from tests.snapshots import snapshot
from tests.systems import needs_links

DATA = Path(__file__).parents[1] / "data/openapi"
FILES = {
    "crm": "crm.json",
    "erp": "erp.yaml",
    "files": "files.yaml",
    "strange": "strange.yaml",
    "oa": "oa.swagger.json",
}

NOTHING = "'paths' has no operations, so nothing can be imported"


def imported(name: str, folder: Path) -> tuple[ConvertedPlatform, Platform]:
    made = convert_document(read_document(DATA / FILES[name]), key=name, has_response_schemas=True)
    return made, loaded(made, folder)


def loaded(made: ConvertedPlatform, folder: Path) -> Platform:
    path = folder / "platforms" / f"{made.key}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(made.text, encoding="utf-8")
    return read_platform(path)


def of(**paths: Any) -> Document:
    """Return a document with one operation, ``POST /x``, and *paths* of its value."""
    operation = {"operationId": "x", **paths}
    return Document("x.json", {"openapi": "3.0.0", "paths": {"/x": {"post": operation}}})


@pytest.mark.parametrize("name", FILES)
def test_what_is_imported_loads_and_has_the_operations(name: str, tmp_path: Path) -> None:
    made, platform = imported(name, tmp_path)

    assert tuple(platform.apis) == made.apis
    assert list(platform.credentials) == list(made.credentials)


@pytest.mark.parametrize("name", FILES)
def test_every_api_answers_in_simulate_mode_at_once(name: str, tmp_path: Path) -> None:
    made, platform = imported(name, tmp_path)
    entry = {
        "platform": name,
        "instance_key": "default",
        "credentials": {one: {"env": "ANY"} for one in made.credentials},
    }
    (tmp_path / "instances.yaml").write_text(json.dumps([entry]), encoding="utf-8")

    with bs.Session.open(tmp_path / "platforms", mode="simulate") as session:
        for key, api in platform.apis.items():
            call = session.proxy(name).api(key)
            values = [sample(one) for one in api.parameters if one.required]
            for place, target, value in values:
                call = _put(call, place, target, value)
            call.call()

        assert [one for one in session.calls if one.error is not None] == []


def sample(one: Any) -> tuple[str, str, Any]:
    kinds = {"integer": 1, "number": 1.5, "boolean": True, "array": [], "object": {}}
    return one.place, one.wire_name, (one.enum or (kinds.get(one.type, "C20260302001"),))[0]


def _put(call: Any, place: str, target: str, value: Any) -> Any:
    if place == "body" and target == "$":
        return call.body({"甲": value} if not isinstance(value, dict) else value)
    return getattr(call, place)({target: value})


def test_a_crm_is_carried_over_in_order_and_answers_as_its_document_says(tmp_path: Path) -> None:
    made, platform = imported("crm", tmp_path)
    detail, create = platform.apis["getCustomerDetail"], platform.apis["createCustomer"]
    with bs.Session.open(
        tmp_path / "platforms", instances=instances(tmp_path), mode="simulate"
    ) as s:
        answer = s.proxy("crm").getCustomerDetail("C20260302777")
        page = s.proxy("crm").listCustomers(1, 20)

    assert platform.base_url == "https://cn-east.crm.example.test/open/v2"
    assert "scope: customer.read customer.write\n" in made.text
    assert [one.name for one in detail.parameters] == ["id", "fields"]
    assert [(one.name, one.required) for one in create.parameters] == [
        ("name", True), ("level", False), ("credit", False), ("contacts", False),
    ]  # fmt: skip
    assert create.idempotency == Idempotency(place="header", name="Idempotency-Key")
    assert platform.apis["ping"].auth == Auth()
    assert answer["id"] == "C20260302777"
    assert answer["contacts"] == [
        {"name": "张三", "phone": "13800138000", "email": "zhangsan@example.test"}
    ]
    assert [row["id"] for row in page["rows"]] == ["C20260302001"]
    assert [(note.path.rpartition(".")[2], note.message) for note in made.notes] == [
        ("items", "'#/components/schemas/Department' holds itself; there, anything is allowed")
    ]


def instances(folder: Path) -> Path:
    path = folder / "instances.yaml"
    text = "- {platform: crm, instance_key: default, credentials: {client_id: {env: A}}}\n"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_erp_fetches_a_csrf_token_before_it_writes(tmp_path: Path) -> None:
    made, platform = imported("erp", tmp_path)
    (tmp_path / "instances.yaml").write_text(
        "- {platform: erp, instance_key: default, credentials: {key: {env: A}}}\n", encoding="utf-8"
    )
    with bs.Session.open(tmp_path / "platforms", mode="simulate") as session:
        erp = session.proxy("erp")
        erp.purchase_orders_get("4500000017")
        order = erp.purchase_orders_create("苏州精工", "CNY")
        called = [f"{one.api} {one.call.method}" for one in session.calls if one.call]

    assert called == ["purchase_orders_get GET", "$token GET", "purchase_orders_create POST"]
    assert order == {
        "orderNo": "4500000017",
        "supplier": "苏州精工",
        "currency": "CNY",
        "items": [{"material": "material", "quantity": 1.5}],
    }
    assert platform.apis["purchase_orders_get"].aliases == ("purchase-orders/get",)
    assert platform.apis["purchase_orders_create"].title == "创建采购订单"
    assert made.credentials == ("key",)
    assert [note.message for note in made.notes] == snapshot(
        [
            "the CSRF token is fetched by GET /; where it is handed out elsewhere, change path",
            "parameter 'ids': an array is written with , between its items; pass a text",
            (
                "parameter 'filter': an object is written as name[key]=value; "
                "pass such a name with $query"
            ),
            "parameter 'sap-language': a parameter in 'cookie' cannot be declared; it is left out",
        ]
    )


def test_forms_uploads_and_texts_have_their_encoding(tmp_path: Path) -> None:
    _, platform = imported("files", tmp_path)
    upload = platform.apis["uploadFile"]

    assert [one.encoding for one in platform.apis.values()] == ["form", "multipart", "text", "xml"]
    assert [(one.name, one.place, one.wire_name) for one in upload.parameters] == [
        ("id", "path", "id"), ("body_id", "body", "id"), ("file", "body", "file"),
        ("pages", "body", "pages"),
    ]  # fmt: skip
    assert [one.wire_name for one in platform.apis["writeNote"].parameters] == ["id", "$"]


def test_swagger_2_is_carried_over_too(tmp_path: Path) -> None:
    made, platform = imported("oa", tmp_path)
    start, upload = platform.apis["startUsingPOST"], platform.apis["uploadUsingPOST"]
    page, token = platform.apis["listUsingGET"], platform.apis["loginUsingPOST"]

    assert platform.base_url == "https://oa.example.test/rest"
    assert [(one.name, one.place, one.required) for one in start.parameters] == [
        ("processKey", "path", True), ("title", "body", True), ("fields", "body", False),
    ]  # fmt: skip
    assert start.answer["properties"]["data"] == {"type": "string", "example": "202603020001"}
    assert (upload.encoding, [one.name for one in upload.parameters]) == (
        "multipart",
        ["file", "note"],
    )
    assert (token.encoding, token.auth) == ("form", Auth())
    assert [(one.name, one.type) for one in page.parameters] == [
        ("status", "array"),
        ("size", "integer"),
    ]
    assert "preset: api_key" in made.text
    assert [note.message for note in made.notes] == [
        "parameter 'status': an array is written with , between its items; pass a text"
    ]


def test_whatever_is_strange_is_told_with_its_place(tmp_path: Path) -> None:
    made, _ = imported("strange", tmp_path)
    told = [str(note) for note in made.notes]

    assert (
        "paths[\"/circle/{a}\"]: the reference '#/paths/~1circle~1{b}' leads in a circle; "
        "it is left out"
    ) in told
    assert "components.securitySchemes.mutual: the way to log in 'mutualTLS' has no preset" in told
    assert (
        "paths[\"/schemas\"].put.parameters[6]: the file of 'other.yaml#/parameters/x' is left "
        "out: tests/data/openapi/other.yaml: cannot be read: No such file or directory; "
        "check the path and its permissions"
    ) in told
    assert made.apis == (
        "get_thing", "getThing_2", "proxy", "yes", "写入", "get_很长_by_编号", "post_很长_by_编号",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("schemes", "security", "auth"),
    [
        ({"a": {"type": "http", "scheme": "basic"}}, [{"a": []}], "basic"),
        ({"a": {"type": "http", "scheme": "Bearer"}}, [{"a": []}], "bearer"),
        ({}, [], "none"),
        ({"a": {"type": "mutualTLS"}}, [{"a": []}], "none"),
        (
            {"a": {"type": "apiKey", "in": "cookie", "name": "sid"}},
            [{"a": []}],
            "{preset: api_key, in: cookie, name: sid}",
        ),
        (
            {
                "a": {"type": "apiKey", "in": "header", "name": "X-App"},
                "b": {"type": "apiKey", "in": "query", "name": "sign"},
            },
            [{"a": [], "b": []}],
            (
                '{apply: [{in: header, name: X-App, value: "{{ key }}"}, '
                '{in: query, name: sign, value: "{{ b_key }}"}]}'
            ),
        ),
        (
            {"a": {"type": "http", "scheme": "basic"}, "b": {"type": "http", "scheme": "bearer"}},
            [{"a": [], "b": []}, {"b": []}],
            "bearer",
        ),
        (
            {
                "a": {
                    "type": "oauth2",
                    "flows": {"authorizationCode": {"tokenUrl": "https://id.example.test/token"}},
                }
            },
            [{"a": ["x"]}],
            '{preset: oauth2_refresh_token, token_url: "https://id.example.test/token"}',
        ),
        ({"a": {"type": "openIdConnect"}}, [{"a": []}], "bearer"),
        (
            {
                "a": {
                    "type": "oauth2",
                    "flows": {"clientCredentials": {"tokenUrl": "/oauth2/token"}},
                },
                "b": {"type": "apiKey", "in": "header", "name": "X-Tenant"},
            },
            [{"a": [], "b": []}],
            (
                '{preset: oauth2_client_credentials, token_url: "{{ base_url }}/oauth2/token", '
                'apply: [{in: header, name: Authorization, value: "{{ prefix }} {{ token }}"}, '
                '{in: header, name: X-Tenant, value: "{{ key }}"}]}'
            ),
        ),
    ],
    ids=["basic", "bearer", "none", "mutual", "key", "keys", "clash", "code", "oidc", "together"],
)
def test_each_way_to_log_in_becomes_a_preset(
    schemes: Any, security: Any, auth: str, tmp_path: Path
) -> None:
    document = of()
    root = {**document.root, "components": {"securitySchemes": schemes}, "security": security}

    made = convert_document(Document("x.json", root), key="x", url="https://x.example.test")
    again = f"platform_key: x\nbase_url: https://x.example.test\nauth: {auth}\n"
    path = tmp_path / "again.yaml"
    path.write_text(again + credentials_of(made), encoding="utf-8")

    assert loaded(made, tmp_path).auth == read_platform(path).auth


def credentials_of(made: ConvertedPlatform) -> str:
    return (
        "".join(["credentials:\n", *(f"  {one}: {{}}\n" for one in made.credentials)])
        if (made.credentials)
        else ""
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"swagger": "1.2"}', "swagger: '1.2' is not known; 2.0 and OpenAPI 3 are read"),
        (
            '{"openapi": "4.0.0"}',
            "openapi: '4.0.0' is not known; 3.0 and 3.1 are read, and Swagger 2.0",
        ),
        ("paths: {}", "not an OpenAPI document: key 'openapi' is missing"),
        ("- 1", "not an OpenAPI document"),
        ('{"openapi": "3.0.0", "paths": {}}', NOTHING),
    ],
)
def test_what_is_no_openapi_3_is_refused_with_what_to_do(
    text: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        convert_document(read_document(path), key="x")

    assert str(caught.value) == f"{path}: {message}"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'{\n  "openapi": "3.0.0",\n  "paths": [1, }\n}', ":3:16: not valid JSON: "),
        (b"[" * 100_000, ":1:"),  # in the words of whichever PyYAML there is
        (b'{"openapi":' + b"[" * 100_000, ": nested too deeply; make the document flatter"),
        ('{"openapi": "3.0.0",\n"客户": {"金额": 1, }}'.encode(), ":2:17: not valid JSON: "),
        ('{"标题": "客户", }\n'.encode(), ":1:14: not valid JSON: "),
        ('{"张三": 1\n张}'.encode(), ":2:1: not valid JSON: "),
        ('{"客户":\n"张三'.encode(), ":2:4: not valid JSON: "),
        (
            '{"客户": "张\udcff", "金额":\n1}'.encode(errors="surrogateescape"),
            ":1:10: not valid JSON: ",
        ),
        (b"openapi: 3.0.0\npaths: {a: 1, a: 2}", "duplicate key 'a'"),
    ],
    ids=[
        "comma",
        "yaml deep",
        "json deep",
        "wide",
        "first line",
        "line begin",
        "end",
        "bytes",
        "twice",
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_place(
    data: bytes, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(data)

    with pytest.raises(ConfigError) as caught:
        read_document(path)

    assert told in str(caught.value)


def test_a_schema_that_grows_without_end_is_cut(tmp_path: Path) -> None:
    wide = {f"名称{n}": {"$ref": "#/components/schemas/B"} for n in range(400)}
    schemas = {
        "A": {"type": "object", "properties": wide},
        "B": {"properties": {"a": {"type": "string"}}},
    }
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}
    root = {**of(requestBody={"content": content}).root, "components": {"schemas": schemas}}

    made = convert_document(Document("x.json", root), key="x")

    assert len(loaded(made, tmp_path).apis["x"].parameters) == 400
    assert any("the schema is too large" in note.message for note in made.notes)


def test_a_parameter_of_the_path_is_required_whatever_the_document_says(tmp_path: Path) -> None:
    parameters = [{"name": name, "in": place} for name, place in (("编号", "path"), ("q", "query"))]

    paths = {"/x/{编号}": {"get": {"operationId": "x", "parameters": parameters}}}
    made = convert_document(Document("x.json", {"openapi": "3.0.0", "paths": paths}), key="x")

    found = loaded(made, tmp_path).apis["x"].parameters
    assert [(one.name, one.required) for one in found] == [("编号", True), ("q", False)]


def test_parameters_that_are_not_in_the_path_are_told_in_the_order_of_the_document() -> None:
    names = [f"p{number}" for number in range(12)]
    parameters = [{"name": name, "in": "path"} for name in names]
    paths = {"/x": {"get": {"operationId": "x", "parameters": parameters}}}

    made = convert_document(Document("x.json", {"openapi": "3.0.0", "paths": paths}), key="x")

    told = [note.message for note in made.notes if "not in the path" in note.message]
    assert told == [f"parameter {name!r}: it is not in the path; it is left out" for name in names]


@pytest.mark.parametrize(
    ("room", "parts", "note"),
    [
        (100_000, 100, None),
        (2_700, 59, "the schema is too large; the rest of it allows anything"),
        (10, 0, "the document is very large; response schemas were skipped"),
    ],
)
def test_a_large_document_keeps_as_much_of_its_answers_as_a_file_has_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, parts: int, note: str | None
) -> None:
    monkeypatch.setattr("bpmax_sim.openapi.convert._ROOM", room)
    schema = {"properties": {f"字段{n}": {"type": "string"} for n in range(100)}}
    document = of(responses={"200": {"content": {"application/json": {"schema": schema}}}})

    made = convert_document(
        document, key="x", url="https://x.example.test", has_response_schemas=True
    )

    answer = loaded(made, tmp_path).apis["x"].answer
    kept = [one for one in answer.get("properties", {}).values() if one]
    assert len(kept) == parts
    assert [one.message for one in made.notes] == ([note] if note else [])


@settings(max_examples=drawn(120), suppress_health_check=list(HealthCheck), deadline=None)
@given(root=DOCUMENTS)
def test_any_document_is_imported_into_a_file_that_loads_or_refused_for_having_no_operation(
    root: Any, tmp_path: Path
) -> None:
    text = outcome(root)

    if text == f"x.json: {NOTHING}":
        return
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    assert read_platform(path).apis


@settings(max_examples=drawn(50), suppress_health_check=list(HealthCheck), deadline=None)
@given(root=DOCUMENTS, more=SWAGGER)
def test_any_document_that_says_that_it_is_swagger_is_imported_or_refused_too(
    root: Any, more: Any, tmp_path: Path
) -> None:
    old = {**root, **more, "swagger": "2.0"}
    old.pop("openapi")

    text = outcome(old)

    if text == f"x.json: {NOTHING}":
        return
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    assert read_platform(path).apis


@settings(max_examples=drawn(60), suppress_health_check=list(HealthCheck), deadline=None)
@given(root=DOCUMENTS)
def test_the_same_document_gives_the_same_file(root: Any) -> None:
    assert outcome(root) == outcome(root)


def outcome(root: Any) -> str:
    """Return the file, or why there is none."""
    try:
        return convert_document(Document("x.json", root), key="x", has_response_schemas=True).text
    except BpmaxError as error:
        return str(error)


@pytest.mark.parametrize(
    ("reference", "leads_to"),
    [
        ("#/components/schemas/%E5%AE%A2%E6%88%B7", {"type": "object"}),
        ("#/components/a~1b/1/~0", 7),
        ("#/components/c~01d", {"x": 1}),
        ("#/components/c~1d", {"x": 2}),
        ("#/components/schemas/客户/type/x", {}),
        ("#/components/a~1b/9", {}),
        ("#/components/a~1b/x", {}),
        ("#客户", {}),
        ("other.yaml#/x", {}),
        ("https://example.test/x", {}),
    ],
)
def test_a_reference_is_a_json_pointer_into_the_document(reference: str, leads_to: Any) -> None:
    root = {"components": {"schemas": {"客户": {"type": "object"}}, "a/b": [0, {"~": 7}],
                           "c~1d": {"x": 1}, "c/d": {"x": 2}}}  # fmt: skip
    document = Document("x.yaml", root)

    assert document.resolve_reference({"$ref": reference}, ("paths",)) == leads_to
    assert len(document.notes) == (leads_to == {})


BESIDE = {
    "接口/openapi.yaml": """\
openapi: 3.0.3
info: {title: 客户系统, version: 1}
servers: [{url: "https://crm.corp.test"}]
paths: {$ref: paths/全部.yaml}
components:
  schemas: {$ref: "./schemas/_index.yaml"}
  securitySchemes: {$ref: 登录.json}
security: [{令牌: []}]
""",
    "接口/paths/全部.yaml": """\
/customers/{编号}:
  get:
    operationId: getCustomer
    parameters: [{$ref: "../parameters.yaml#/编号"}]
    responses:
      "200":
        content:
          application/json: {schema: {$ref: "../openapi.yaml#/components/schemas/客户"}}
  put:
    operationId: saveCustomer
    requestBody:
      content:
        application/json: {schema: {$ref: "../schemas/%E5%AE%A2%E6%88%B7.yaml"}}
""",
    "接口/parameters.yaml": """\
编号: {name: 编号, in: path, schema: {type: string, example: 007123}}
""",
    "接口/schemas/_index.yaml": "客户: {$ref: 客户.yaml}\n部门: {$ref: 部门.yaml}\n",
    "接口/schemas/客户.yaml": """\
type: object
properties:
  编号: {type: string, enum: [007123, 007124], example: 007123}
  部门: {$ref: ./部门.yaml}
""",
    "接口/schemas/部门.yaml": """\
type: object
properties: {名称: {type: string, example: 采购部}, 上级: {$ref: "部门.yaml"}}
""",
    "接口/登录.json": '{"令牌": {"type": "http", "scheme": "bearer"}}',
}


def write_beside(folder: Path, **more: str) -> Path:
    write_files(folder, {**BESIDE, **more})
    return folder / "接口/openapi.yaml"


def test_a_document_of_many_files_is_one_platform(tmp_path: Path) -> None:
    made = convert_document(
        read_document(write_beside(tmp_path)), key="crm", has_response_schemas=True
    )
    platform = loaded(made, tmp_path)
    save = platform.apis["saveCustomer"].parameters

    assert [(one.name, one.place) for one in save] == [
        ("编号", "path"), ("body_编号", "body"), ("部门", "body"),
    ]  # fmt: skip
    assert save[1].enum == ("007123", "007124")
    answer = platform.apis["getCustomer"].answer
    assert answer["properties"]["编号"]["example"] == "007123"
    assert answer["properties"]["部门"]["properties"]["名称"] == {
        "type": "string",
        "example": "采购部",
    }
    assert made.credentials == ("token",)
    assert {note.message for note in made.notes} == {
        "'schemas/部门.yaml#' holds itself; there, anything is allowed"
    }


@needs_links
@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("https://example.test/客户.yaml", "is a URL, and URLs are not fetched"),
        ("//example.test/客户.yaml", "is a URL, and URLs are not fetched"),
        ("file:///etc/hostname", "is a URL, and URLs are not fetched"),
        ("/etc/hostname", "is a URL, and URLs are not fetched"),
        ("../外面.yaml", "../外面.yaml is outside of the document's folder"),
        ("链接.yaml", "链接.yaml is outside of the document's folder"),
        ("没有.yaml", "没有.yaml: cannot be read: No such file"),
        ("坏.yaml#/a", "坏.yaml:2:1: not valid YAML"),
        ("schemas/部门.yaml#/没有", "leads nowhere"),
        ("圈.yaml#/a", "leads in a circle"),
        ("圈.yaml#/c/x", "leads in a circle"),
    ],
)
def test_a_reference_that_leads_to_nothing_says_why(
    tmp_path: Path, reference: str, why: str
) -> None:
    (tmp_path / "外面.yaml").write_text("type: string\n", encoding="utf-8")
    circle = "a: {$ref: '#/b'}\nb: {$ref: '圈.yaml#/a'}\nc: {$ref: '#/c'}\n"
    path = write_beside(tmp_path, **{"接口/坏.yaml": "a: [\n", "接口/圈.yaml": circle})
    (path.parent / "链接.yaml").symlink_to(tmp_path / "外面.yaml")
    document = read_document(path)

    assert document.resolve_reference({"$ref": reference, "title": "留"}, ("x",)) == {"title": "留"}
    (note,) = document.notes
    assert why in note.message


def test_notes_of_a_kind_are_one(tmp_path: Path) -> None:
    parameters = [
        {"name": f"名称{n}", "in": "query", "style": "deepObject", "schema": {"type": "object"}}
        for n in range(5)
    ]
    cookie = {"name": "会话", "in": "cookie", "schema": {"type": "string"}}
    made = convert_document(Document("x.json", of(parameters=[*parameters, cookie]).root), key="x")
    head = made.text.partition("platform_key:")[0]

    assert [(len(kind.paths), kind.first.path) for kind in made.kinds[1:]] == [
        (5, 'paths["/x"].post.parameters[0]'),
        (1, 'paths["/x"].post.parameters[5]'),
    ]
    assert "pass such a name with $query (and 4 more of this kind)\n" in head
    assert "名称1" not in head


def inputs_of(item: dict[str, Any], path: str = "/x/{id}") -> list[str]:
    """Return the parameters of the one API at *path*, as ``in.target name`` with ! if required."""
    document = Document("x.json", {"openapi": "3.0.0", "paths": {path: item}})
    text = convert_document(document, key="k", url="https://k.example.test").text
    platform: Any = read_yaml(text).to_plain()
    [api] = platform["apis"].values()
    return [
        f"{one['in']}.{one.get('to', one['name'])} {one['name']}{'!' * one.get('required', False)}"
        for one in api.get("parameters", ())
    ]


def declared(name: str, place: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": {"type": "string"}, **more}


def body(schema: Any, **more: Any) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"schema": schema}}, **more}}


def test_one_name_at_several_places_is_several_parameters() -> None:
    """A parameter of the operation replaces that of the path at the same place, and no other."""
    shared = [
        declared("id", "path"),
        declared("id", "query"),
        declared("q", "query"),
        declared("x", "header"),
    ]
    own = [
        declared("id", "header"),
        declared("q", "query", required=True),
        declared("query_id", "query"),
    ]
    members = body({"type": "object", "properties": {"id": {}, "q": {}}, "required": ["q"]})

    item = {"parameters": shared, "post": {"parameters": own, **members}}
    assert inputs_of(item) == [
        "path.id id!",
        "query.id query_id",
        "query.q q!",
        "header.x x",
        "header.id header_id",
        "query.query_id query_query_id",
        "body.id body_id",
        "body.q body_q",
    ]


def part(names: str, **more: Any) -> dict[str, Any]:
    """Return an object with a member for each letter, required for each capital."""
    members: dict[str, Any] = {name.lower(): {} for name in names}
    required = [name.lower() for name in names if name.isupper()]
    return {"type": "object", "properties": members, "required": required, **more}


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (part("Ab"), "a! b"),
        (part("c", allOf=[part("A"), part("b")]), "a! b c"),
        (part("D", allOf=[part("A"), part("b"), part("C")]), "a! b c! d!"),
        (part("d", allOf=[part("a", allOf=[part("B")]), part("C")]), "b! a c! d"),
        ({"allOf": [part("A"), {"required": ["b"]}, part("b")]}, "a! b!"),
        ({"allOf": [part("ab"), {"required": ["c", "b"]}]}, "a b!"),
        (part("ab", allOf=[{"allOf": [{"type": "object", "required": ["a"]}]}]), "a! b"),
        ({"allOf": [part("a"), {}]}, "body"),
        ({"allOf": [part("a"), {"required": ["a"], "type": "array"}]}, "body"),
        (
            {"allOf": [part("a"), {"required": ["a"], "additionalProperties": {"type": "string"}}]},
            "body",
        ),
        ({"required": ["a"]}, "body"),
        (part("a", additionalProperties=False), "a"),
        (part("a", additionalProperties=True), "a"),
        (part("a", additionalProperties={}), "a"),
        (part("a", additionalProperties={"type": "string"}), "body"),
        (part(""), "body"),
        (part("Ab", type=["object"]), "a! b"),
        (part("a", type=["object", "null"]), "body"),
        (part("a", type="array"), "body"),
        (part("a", oneOf=[part("b")]), "body"),
        (part("a", anyOf=[part("b")]), "body"),
        (part("a", **{"not": {"required": ["b"]}}), "body"),
        (part("b", allOf=[part("a", additionalProperties={"type": "string"})]), "body"),
    ],
)
@pytest.mark.parametrize("required", [True, False, None])
def test_members_of_all_parts_are_parameters_and_required_where_the_body_is(
    schema: dict[str, Any], told: str, required: bool | None
) -> None:
    found = inputs_of({"post": body(schema, required=required)}, "/x")

    names = told if required or told == "body" else told.replace("!", "")
    names += "!" * (told == "body" and required is True)
    assert [one.partition(" ")[2] for one in found] == names.split()


def converted(parameter: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Return what a parameter becomes, but name and place, and how much of it is lost."""
    operation = {"get": {"parameters": [{"name": "a", "in": "query", **parameter}]}}
    document = Document("x.json", {"openapi": "3.1.0", "paths": {"/x": operation}})
    made = convert_document(document, key="k", url="https://k.example.test")
    platform: Any = read_yaml(made.text).to_plain()
    [api] = platform["apis"].values()
    [entry] = api.get("parameters") or [{}]
    return {key: one for key, one in entry.items() if key not in {"name", "in"}}, len(made.notes)


@pytest.mark.parametrize(
    ("schema", "default"),
    [
        ({"enum": ["x"]}, "x"),
        ({"enum": [""]}, ""),
        ({"enum": [0]}, 0),
        ({"enum": [False]}, False),
        ({"enum": [0.5]}, 0.5),
        ({"const": 5}, 5),
        ({"const": 0}, 0),
        ({"const": ""}, ""),
        ({"enum": ["x", "y"]}, None),
        ({"enum": ["x", "y", "z"]}, None),
        ({"enum": [None]}, None),
        ({"const": None}, None),
        ({"const": ["x"]}, None),
    ],
)
def test_the_only_value_of_a_required_parameter_is_its_default(schema: Any, default: Any) -> None:
    required, _ = converted({"required": True, "schema": schema})
    optional, _ = converted({"schema": schema})

    assert (required.get("default"), "default" in optional) == (default, False)


@pytest.mark.parametrize(
    ("schema", "lost"),
    [
        ({"minLength": 0}, 0),
        ({"minLength": 1}, 0),
        ({"minLength": -1}, 1),
        ({"maxItems": 0}, 0),
        ({"maxLength": True}, 1),
        ({"maxLength": 1.5}, 1),
        ({"multipleOf": 0}, 1),
        ({"multipleOf": 0.5}, 0),
        ({"multipleOf": -1}, 1),
        ({"enum": []}, 1),
        ({"pattern": "("}, 1),
        ({"required": ["a", "b", 3]}, 1),
    ],
)
def test_a_keyword_is_kept_where_a_schema_may_have_its_value(schema: Any, lost: int) -> None:
    found, notes = converted({"schema": schema})

    assert (found.get("schema", {}), notes) == ({} if lost else schema, lost)


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, "string"),
        ({"type": ["string"]}, "string"),
        ({"type": ["string", "null"]}, None),
        ({"type": ["string", "integer"]}, None),
        ({"type": "null"}, None),
        ({"type": "string", "nullable": True}, None),
        ({"type": "string", "nullable": False}, "string"),
        ({}, None),
    ],
)
def test_a_type_is_the_parameters_where_it_is_the_only_one(schema: Any, kind: str | None) -> None:
    found, _ = converted({"schema": schema})

    assert found.get("type") == kind
    assert ("type" in found.get("schema", {})) == ("type" in schema and kind is None)


@pytest.mark.parametrize(("length", "is_kept"), [(1, True), (199, True), (200, True), (201, False)])
def test_a_name_may_have_200_characters(length: int, is_kept: bool) -> None:
    found, lost = converted({"name": "a" * length, "required": True})

    assert (found, lost) == ({"required": True} if is_kept else {}, int(not is_kept))


@pytest.mark.parametrize(
    ("style", "lost"),
    [
        ({}, 0),
        ({"style": "form"}, 0),
        ({"explode": True}, 0),
        ({"explode": False}, 1),
        ({"style": "form", "explode": False}, 1),
        ({"in": "header", "explode": False}, 0),
        ({"style": "pipeDelimited"}, 1),
        ({"style": "spaceDelimited"}, 1),
        ({"style": "deepObject"}, 1),
    ],
)
def test_how_a_list_is_written_is_told_where_it_is_not_as_here(
    style: dict[str, Any], lost: int
) -> None:
    assert converted({**style, "schema": {"type": "array", "items": {}}})[1] == lost
    assert converted({**style, "schema": {"$ref": "#/无此"}})[1] == lost + 1
    for kind in ("string", "integer", "number", "boolean"):
        assert converted({**style, "schema": {"type": kind}})[1] == 0


def described(word: str) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"type": "object", "title": word,
            "properties": {word: {"type": "string"}}}}}}  # fmt: skip


@pytest.mark.parametrize(
    ("responses", "member"),
    [
        ({"200": described("a")}, "a"),
        ({"201": described("b"), "200": described("a")}, "a"),
        ({"204": {}, "202": described("c"), "201": described("b")}, "b"),
        ({"204": {}, "500": described("e")}, None),
        ({"404": described("e"), "default": described("d")}, "d"),
        ({"2XX": described("x"), "201": described("b")}, "b"),
        ({}, None),
    ],
)
def test_the_answer_is_that_of_the_least_status_of_a_success(
    responses: dict[str, Any], member: str | None
) -> None:
    document = Document("x.json", {"openapi": "3.0.0", "paths": {"/x": {"get": {
        "responses": responses}}}})  # fmt: skip
    made = convert_document(
        document, key="k", url="https://k.example.test", has_response_schemas=True
    )
    platform: Any = read_yaml(made.text).to_plain()
    [api] = platform["apis"].values()

    assert [*api.get("answer", {}).get("properties", {})] == ([member] if member else [])


def auth_of(schemes: dict[str, Any]) -> Any:
    """Return the auth of a document in which every call needs all of *schemes*."""
    root = {"openapi": "3.0.0", "paths": {"/x": {"get": {}}}}
    security: list[Any] = [{name: [] for name in schemes}]
    more = {"components": {"securitySchemes": schemes}, "security": security}
    document = Document("x.json", {**root, **more})
    platform: Any = read_yaml(
        convert_document(document, key="k", url="https://k.example.test").text
    ).to_plain()
    return platform["auth"]


TOKENS, REFRESH = "https://id.example.test/token", "https://id.example.test/refresh"


@pytest.mark.parametrize(
    ("flows", "url"),
    [
        ({"authorizationCode": {"tokenUrl": TOKENS}}, TOKENS),
        ({"authorizationCode": {"tokenUrl": TOKENS, "refreshUrl": REFRESH}}, REFRESH),
        ({"clientCredentials": {"tokenUrl": TOKENS, "refreshUrl": REFRESH}}, TOKENS),
        ({"authorizationCode": {"tokenUrl": REFRESH}, "clientCredentials": {"tokenUrl": TOKENS}},
         TOKENS),
        ({"clientCredentials": {"tokenUrl": "https://k.example.test/t"}}, "{{ base_url }}/t"),
        ({"clientCredentials": {"tokenUrl": "https://k.example.test.cn/t"}},
         "https://k.example.test.cn/t"),
    ],
)  # fmt: skip
def test_a_token_is_fetched_and_refreshed_where_the_document_says(
    flows: dict[str, Any], url: str
) -> None:
    assert auth_of({"o": {"type": "oauth2", "flows": flows}})["token_url"] == url


def key_in(name: str, place: str = "header") -> dict[str, Any]:
    return {"type": "apiKey", "in": place, "name": name}


@pytest.mark.parametrize(
    ("schemes", "is_declared"),
    [
        ({"a": key_in("X-Key"), "b": key_in("X-Other")}, True),
        ({"a": key_in("X-Key"), "b": key_in("X-Key")}, False),
        ({"a": key_in("X-Key"), "b": key_in("x-key")}, False),
        ({"a": key_in("X-Key"), "b": key_in("X-Key", "query")}, True),
        ({"a": key_in("authorization"), "b": {"type": "http", "scheme": "Bearer"}}, False),
        ({"a": key_in("k"), "b": key_in("l"), "c": key_in("K")}, False),
    ],
)
def test_two_schemes_that_fill_one_place_are_not_declared_together(
    schemes: dict[str, Any], is_declared: bool
) -> None:
    assert (auth_of(schemes) != "none") == is_declared
