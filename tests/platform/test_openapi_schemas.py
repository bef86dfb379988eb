"""What of schemas and ways to log in of OpenAPI documents a platform file can hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from bpmax_sim.errors import Problem
from bpmax_sim.i18n import msg
from bpmax_sim.openapi.document import group_notes
from tests.platform.openapi_imports import (
    BEARER,
    JSON,
    KEY,
    URL,
    api_of,
    made,
    told,
    tree,
)


def schema_of(schema: Any, **schemas: Any) -> tuple[Any, list[str]]:
    """Return the schema of the whole body that *schema* becomes, and the notes about it."""
    body = {"content": {JSON: {"schema": schema}}}
    platform = made({"requestBody": body}, components={"schemas": schemas})
    [whole] = tree(platform)["apis"]["saveCustomer"]["parameters"]
    place = 'paths["/客户"].post.requestBody.content["application/json"].schema'
    return whole.get("schema"), [one.replace(place, "") for one in told(platform)]


REF = {"$ref": "#/components/schemas/A"}


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        (True, None), (None, None), (False, {"not": {}}), ("甲", None), ([], None),
        ({"items": True}, {"items": {}}),
        ({"items": False}, {"items": {"not": {}}}),
        ({"not": {"const": 1}}, {"not": {"const": 1}}),
        ({"additionalProperties": False}, {"additionalProperties": False}),
        ({"additionalProperties": True}, {"additionalProperties": True}),
        ({"additionalProperties": {"minLength": 1}}, {"additionalProperties": {"minLength": 1}}),
        ({"allOf": []}, None), ({"anyOf": {}}, None), ({"oneOf": None}, None),
        ({"anyOf": [{"const": 1}, False, {"const": 3}]},
         {"anyOf": [{"const": 1}, {"not": {}}, {"const": 3}]}),
        ({"oneOf": [REF, REF]}, {"oneOf": [{"const": "甲"}, {"const": "甲"}]}),
        ({**REF, "minLength": 2}, {"const": "甲", "minLength": 2}),
        ({**REF, "const": "乙"}, {"const": "乙"}),
        ({"examples": [1, 2]}, None),  # an example is none of a parameter's keys
        ({"items": {"examples": [1, 2]}}, {"items": {"example": 1}}),
        ({"items": {"examples": []}}, {"items": {}}),
        ({"items": {"example": None, "examples": [1]}}, {"items": {"example": None}}),
        ({"items": {"$comment": "x", "title": "x", "description": "x"}}, {"items": {}}),
    ],
)  # fmt: skip
def test_a_schema_is_written_without_references_and_words_that_check_nothing(
    schema: Any, found: Any
) -> None:
    assert schema_of(schema, A={"const": "甲"}) == (found, [])


@pytest.mark.parametrize(
    ("word", "value", "is_kept"),
    [
        ("type", ["string", "null"], True),
        ("type", ["string", "string"], False),
        ("type", "String", False),
        ("type", "file", False),
        ("type", ["a"], False),
        ("type", None, False),
        ("format", "", True),
        ("format", None, False),
        ("enum", [None], True),
        ("enum", "ab", False),
        ("enum", {}, False),
        ("const", None, True),
        ("const", 0, True),
        ("minimum", 0, True),
        ("minimum", -1.5, True),
        ("minimum", True, False),
        ("minimum", "1", False),
        ("maximum", 0, True),
        ("maximum", False, False),
        ("exclusiveMinimum", True, True),
        ("exclusiveMinimum", False, True),
        ("exclusiveMaximum", 0, True),
        ("exclusiveMaximum", "0", False),
        ("multipleOf", 0.01, True),
        ("multipleOf", 0, False),
        ("multipleOf", True, False),
        ("minItems", 0, True),
        ("minItems", -1, False),
        ("minItems", 1.0, True),
        ("minItems", 1.5, False),
        ("maxItems", False, False),
        ("minLength", 0, True),
        ("maxLength", None, False),
        ("pattern", "", True),
        ("pattern", "^1\\d{10}$", True),
        ("pattern", "(", False),
        ("pattern", None, False),
        ("pattern", 5, False),
        ("uniqueItems", False, True),
        ("uniqueItems", 0, False),
        ("nullable", True, True),
        ("nullable", 1, False),
        ("required", [], True),
        ("required", ["a", "b", None], False),
        ("required", True, False),
        ("enum", [{"a" * 200: 1}], True),
        ("enum", [{"a" * 201: 1}], False),
    ],
)
def test_a_word_of_a_schema_is_kept_where_its_value_may_stand(
    word: str, value: Any, is_kept: bool
) -> None:
    assert schema_of({"items": {word: value}}) == (
        {"items": {word: value} if is_kept else {}},
        [] if is_kept else [f".items.{word}: {word} cannot have this value"],
    )


def nested(levels: int, inner: Any, name: str | None = None) -> Any:
    for _ in range(levels):
        inner = [inner] if name is None else {name: inner}
    return inner


@pytest.mark.parametrize("name", [None, "a"])
@pytest.mark.parametrize(("levels", "is_kept"), [(0, True), (12, True), (13, False)])
def test_a_value_may_be_nested_twelve_levels_deep(
    name: str | None, levels: int, is_kept: bool
) -> None:
    value = nested(levels, 1, name)

    assert schema_of({"items": {"const": value}})[0] == {
        "items": {"const": value} if is_kept else {}
    }
    lost = [] if is_kept else [".items.examples: examples cannot have this value"]
    assert schema_of({"items": {"examples": [value, 2]}}) == (
        {"items": {"example": value} if is_kept else {}},
        lost,
    )
    assert schema_of({"items": {"example": 1, "examples": [value]}}) == (
        {"items": {"example": 1}},
        [],
    )


@pytest.mark.parametrize(("length", "is_kept"), [(200, True), (201, False)])
def test_a_member_may_have_a_name_of_200_characters(length: int, is_kept: bool) -> None:
    members: dict[str, Any] = {"a": {}, "甲" * length: {}}
    names = [one["name"] for one in api_of(
        {"requestBody": {"content": {JSON: {"schema": {"properties": members}}}}}
    )["parameters"]]  # fmt: skip

    assert names == list(members)[: 1 + is_kept]


@pytest.mark.parametrize(("members", "cut"), [(0, 0), (297, 0), (298, 0), (299, 1), (301, 3)])
def test_a_schema_has_three_hundred_parts(members: int, cut: int) -> None:
    properties = {f"字段{number}": {"maxLength": number} for number in range(members)}
    schema, notes = schema_of({"items": {"properties": properties}})

    found = schema["items"]["properties"]
    assert list(found) == list(properties)
    assert [number for number, one in enumerate(found.values()) if not one] == [
        *range(members - cut, members)
    ]
    assert notes == [": the schema is too large; the rest of it allows anything"][:cut]


@pytest.mark.parametrize(("levels", "cut"), [(0, 0), (28, 0), (29, 0), (30, 1), (33, 4)])
def test_a_schema_is_nested_so_deep(levels: int, cut: int) -> None:
    """Its place in the document counts, with 36 steps, but no reference on the way to it."""
    plain, _ = schema_of({"maxLength": 1, **nested(levels, {"minLength": 2}, "items")})
    referred, notes = schema_of(
        {"maxLength": 1, **nested(levels, REF, "items")}, A={"minLength": 2}
    )

    depth = levels - max(cut - 1, 0)
    assert plain == {"maxLength": 1, **nested(depth, {} if cut else {"minLength": 2}, "items")}
    assert referred == {
        "maxLength": 1, **nested(depth, {} if cut > 1 else {"minLength": 2}, "items"),
    }  # fmt: skip
    assert len(notes) == (cut > 1)


def test_a_schema_that_holds_itself_is_open_there() -> None:
    department = {"items": {**REF, "title": "上级"}, "maxItems": 3}

    assert schema_of({"items": REF}, A=department) == (
        {"items": {"items": {}, "maxItems": 3}},
        [".items.items: '#/components/schemas/A' holds itself; there, anything is allowed"],
    )


def auth_of(
    schemes: dict[str, Any], scopes: Iterable[str] = (), url: str = URL
) -> tuple[Any, Any, list[str]]:
    """Return auth and credentials of a document whose calls need all *schemes*, and its notes."""
    security = [{name: list(scopes) for name in schemes}]
    platform = made(url=url, components={"securitySchemes": schemes}, security=security)
    whole = tree(platform)
    return whole["auth"], whole.get("credentials"), [note.message for note in platform.notes]


def oauth(flow: str = "clientCredentials", **more: Any) -> dict[str, Any]:
    return {"type": "oauth2", "flows": {flow: {"tokenUrl": "/token", **more}}}


FIXED = "a person logs in, or the token URL is missing; a fixed token is declared"
ONCE = "a person logs in once; put the refresh token that this yields into the instance"


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("https://id.example.test/t", "https://id.example.test/t"),
        (f"{URL}/t", "{{ base_url }}/t"),
        (URL, URL),
        (f"{URL}er/t", f"{URL}er/t"),
        ("/t", "{{ base_url }}/t"),
        ("t", "{{ base_url }}/t"),
        ("//t", "{{ base_url }}/t"),
        ("", None), (" ", None), (None, None), (5, None), ("/{t}", None), ("ftp://a.test/t", None),
        ("/t\n", None), ("https://", None),
    ],
)  # fmt: skip
def test_a_token_is_asked_for_at_an_address_that_can_be_asked(address: Any, url: Any) -> None:
    auth, _, notes = auth_of({"a": oauth(tokenUrl=address)})

    assert auth == (
        "bearer" if url is None else {"preset": "oauth2_client_credentials", "token_url": url}
    )
    assert notes == ([FIXED] if url is None else [])


@pytest.mark.parametrize(
    ("scopes", "text"),
    [
        ([], None), (["a"], "a"), (["write", "b", "write", "a"], "write b a"), ([""], None),
        (["a b"], None),
        (["{a}", "a"], "a"), ([5, "a:b/c"], "a:b/c"), (['a"', "\\", "客"], None),
    ],
)  # fmt: skip
def test_scopes_are_asked_for_once_each(scopes: list[Any], text: str | None) -> None:
    auth, _, _ = auth_of({"a": oauth()}, scopes)

    assert auth.get("scope") == text


@pytest.mark.parametrize(
    ("scheme", "kind", "credentials", "notes"),
    [
        ({"type": "http", "scheme": "Basic"}, "basic", {"username": False, "password": True}, []),
        ({"type": "http", "scheme": "BEARER"}, "bearer", {"token": True}, []),
        ({"type": "http", "scheme": "digest"}, "none", {},
         ["the way to log in 'digest' has no preset",
          "none of these ways to log in can be declared; write auth by hand, see Platforms"]),
        ({"type": "openIdConnect"}, "bearer", {"token": True}, [FIXED]),
        (oauth("implicit"), "bearer", {"token": True}, [FIXED]),
        (oauth("password"), "bearer", {"token": True}, [FIXED]),
        (oauth(), "oauth2_client_credentials", {"client_id": False, "client_secret": True}, []),
        (oauth("authorizationCode"), "oauth2_refresh_token",
         {"client_id": False, "client_secret": True, "refresh_token": True}, [ONCE]),
        ({"type": "apiKey", "in": "header", "name": "X-Key"}, "api_key", {"key": True}, []),
        ({"type": "apiKey", "in": "body", "name": "k"}, "none", {},
         ["'body' has no key 'k'",
          "none of these ways to log in can be declared; write auth by hand, see Platforms"]),
        ({"type": "apiKey", "in": "header", "name": "甲"}, "none", {},
         ["'header' has no key '甲'",
          "none of these ways to log in can be declared; write auth by hand, see Platforms"]),
        ({"type": "apiKey", "in": "query", "name": "x-csrf-token"}, "api_key", {"key": True}, []),
        ({"type": "apiKey", "in": "header", "name": "a" * 100}, "api_key", {"key": True}, []),
        ({}, "none", {},
         ["unknown security scheme 'a'",
          "none of these ways to log in can be declared; write auth by hand, see Platforms"]),
    ],
)  # fmt: skip
def test_a_way_to_log_in_has_its_credentials_and_its_notes(
    scheme: dict[str, Any], kind: str, credentials: dict[str, bool], notes: list[str]
) -> None:
    auth, found, told = auth_of({"a": scheme})

    assert (auth if isinstance(auth, str) else auth["preset"]) == kind
    assert {name: one.get("secret", False) for name, one in (found or {}).items()} == credentials
    assert told == notes


def test_credentials_of_a_third_scheme_are_called_after_it() -> None:
    scheme = {"type": "apiKey", "in": "header"}
    auth, credentials, _ = auth_of({
        "a": {**scheme, "name": "X-A"}, "签名-Key 2": {**scheme, "name": "X-B"},
        "签名": {**scheme, "name": "X-C"},
    })  # fmt: skip

    assert list(credentials) == ["key", "key_2_key", "other_key"]
    assert [one["value"] for one in auth["apply"]] == [
        "{{ key }}", "{{ key_2_key }}", "{{ other_key }}",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "flow", "names"),
    [
        (oauth(), "clientCredentials", ["client_id", "client_secret"]),
        (oauth(), "authorizationCode", ["client_id", "client_secret", "refresh_token"]),
        (KEY, "clientCredentials", []),
    ],
)
def test_each_client_of_oauth_has_credentials_of_its_own(
    first: Any, flow: str, names: list[str]
) -> None:
    platform = made(
        security=[{"crm": []}],
        components={"securitySchemes": {"crm": first, "erp": oauth(flow)}},
        paths={"/erp": {"get": {"operationId": "find", "security": [{"erp": []}]}}},
    )
    whole = tree(platform)

    own = {name: f"{{{{ erp_{name} }}}}" for name in names}
    assert {key: whole["apis"]["find"]["auth"].get(key) for key in names} == own
    assert whole["credentials"].keys() >= {f"erp_{name}" for name in names}


@pytest.mark.parametrize("header", ["X-CSRF-Token", "x-xsrf-token"])
@pytest.mark.parametrize("place", ["header", "query", "cookie"])
def test_a_csrf_token_is_fetched_with_what_else_is_required(header: str, place: str) -> None:
    schemes = {
        "b": {"type": "apiKey", "in": "header", "name": header},
        "a": {"type": "apiKey", "in": place, "name": "K"},
    }
    auth, credentials, notes = auth_of(schemes)
    [step] = auth["acquire"]["steps"]

    key = {"in": place, "name": "K", "value": "{{ key }}"}
    wanted: dict[str, Any] = {"method": "GET", "path": "/"}
    if place == "query":
        wanted["query"] = {"K": "{{ key }}"}
    wanted["headers"] = {**({"K": "{{ key }}"} if place == "header" else {}), header: "Fetch"}
    assert step["request"] == wanted
    assert auth["apply"] == [
        key,
        {"in": "header", "name": header, "value": "{{ csrf }}"},
        {"in": "header", "name": "Cookie", "value": "{{ jar }}"},
    ]
    assert step["extract"] == {
        "csrf": {"path": f"header:{header.lower()}", "secret": True},
        "jar": {"path": "cookies", "secret": True},
    }
    assert step["ok"] == {"status": [200, 204]}
    assert (auth["acquire"]["ttl"], auth["recover"]) == (
        {"default": 1500}, {"token": {"refresh": 1}}
    )  # fmt: skip
    assert auth["acquire"]["methods"] == ["POST", "PUT", "PATCH", "DELETE"]
    assert (auth["acquire"]["share"], list(credentials)) == (["key"], ["key"])
    assert len(notes) == 1


@pytest.mark.parametrize(
    ("schemes", "is_declared"),
    [
        ({"a": oauth()}, True),
        ({"a": oauth(), "b": KEY}, True),
        ({"a": oauth(), "b": KEY, "c": {**KEY, "name": "X-C"}}, True),
        ({"a": oauth(), "b": oauth()}, False),
        ({"a": oauth(), "b": {**KEY, "name": "X-CSRF-Token"}}, False),
        ({"a": KEY, "b": {**KEY, "name": "X-CSRF-Token"}}, True),
        ({"a": {**KEY, "name": "X-XSRF"}, "b": {**KEY, "name": "X-CSRF-Token"}}, True),
        ({"a": BEARER, "b": {"type": "mutualTLS"}}, False),
    ],
)
def test_a_platform_has_one_login(schemes: dict[str, Any], is_declared: bool) -> None:
    assert (auth_of(schemes)[0] != "none") == is_declared


def test_a_note_about_a_schema_stands_at_its_part() -> None:
    wrong = {"type": "object", "properties": {"a": {"anyOf": [{}, {}, {"minimum": "x"}]}}}
    answer = {"responses": {"200": {"content": {"application/json": {"schema": wrong}}}}}
    asked = {"requestBody": {"content": {"application/json": {"schema": wrong}}}}

    where = "schema.properties.a.anyOf[2].minimum: minimum cannot have this value"
    inner = 'content["application/json"]'
    assert told(made(answer, answers=True)) == [
        f'paths["/客户"].post.responses.200.{inner}.{where}'
    ]
    assert told(made(asked)) == [f'paths["/客户"].post.requestBody.{inner}.{where}']
    assert told(made(answer)) == []


def test_notes_are_grouped_by_their_words_without_names() -> None:
    notes = [
        Problem("plain", path="a"),
        Problem("plain", path="b"),
        Problem("other", path="c"),
        Problem(msg("unknown {name!r}", name="x"), path="d"),
        Problem(msg("unknown {name!r}", name="y"), path="e"),
        Problem(msg("{why}: {name}", why=msg("nothing ran"), name="x"), path="f"),
        Problem(msg("{why}: {name}", why=msg("did not run"), name="x"), path="g"),
        Problem(msg("{why}: {name}", why=msg("nothing ran"), name="y"), path="h"),
        Problem("plain", path="i"),
    ]

    groups = group_notes(notes)

    assert [one.paths for one in groups] == [
        ("a", "b", "i"), ("c",), ("d", "e"), ("f", "h"), ("g",),
    ]  # fmt: skip
    assert [str(one) for one in groups[:3]] == [
        "plain (and 2 more of this kind)", "other", "unknown 'x' (and 1 more of this kind)",
    ]  # fmt: skip
