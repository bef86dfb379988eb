"""What a draft decides at the edges of numbers, statuses, names and lengths."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import Exchange, FailedExchange, Pairs, Request, Response
from bpmax_sim.platform.matcher import ApiMatcher
from bpmax_sim.platform.model import Platform
from bpmax_sim.starter.auth_guess import (
    AuthGuess,
    find_credentials,
    find_issued_value_places,
    group_origins_by_tokens,
    guess_auth,
    parse_json_body,
)
from bpmax_sim.starter.file_additions import append_apis, append_missing_instance
from bpmax_sim.starter.path_patterns import (
    ObservedPath,
    find_templates,
    is_value,
    make_json_shape_key,
    to_singular,
)
from bpmax_sim.starter.scenario_draft import (
    ScriptedCall,
    UnplayableCall,
    draft_script_call,
    to_javascript,
)
from bpmax_sim.traffic.identify import identify_request
from bpmax_sim.traffic.imported import make_foreign_request
from bpmax_sim.yamlfile import read_yaml

ADDRESS = "https://crm.example.test"
LARGEST = 2**53 - 1


@pytest.mark.parametrize(
    ("value", "is_kept"),
    [
        (LARGEST - 1, True),
        (LARGEST, True),
        (LARGEST + 1, False),
        (-LARGEST, True),
        (-LARGEST - 1, False),
        (0, True),
        (True, True),
        (1e300, True),
        (None, True),
        ([1, 2, LARGEST + 1], False),
        ({"a": 1, "b": {}, "c": [[], [{"d": LARGEST + 1}]]}, False),
        ({"a": str(LARGEST + 1)}, True),
    ],
)
def test_a_number_that_javascript_does_not_keep_is_no_literal(value: Any, is_kept: bool) -> None:
    if is_kept:
        assert json.loads(to_javascript(value)) == value
        return
    with pytest.raises(UnplayableCall, match=f"{LARGEST + 1} is a number that"):
        to_javascript(value)


def drafted(
    outcome: Response | FailedExchange, headers: Pairs = (), **platform: Any
) -> ScriptedCall:
    """Return the drafted call of an API that was answered by *outcome*."""
    declared = {
        "platform_key": "crm",
        "base_url": ADDRESS,
        "apis": {"get": {"path": "/x", "headers": {"X-Tenant": "测试"}}},
    }
    matcher = ApiMatcher([msgspec.convert({**declared, **platform}, Platform)])
    sent = make_foreign_request("GET", f"{ADDRESS}/x", headers, None)
    request = identify_request(sent, matcher.match(sent))
    return draft_script_call(Exchange(request=request, outcome=outcome), matcher, 1)


def answered(status: int, body: bytes = b"{}", media: str = "application/json") -> Response:
    return Response(status=status, headers=(("content-type", media),), body=body)


@pytest.mark.parametrize(
    ("outcome", "is_rejected"),
    [
        (answered(199), True),
        (answered(200), False),
        (answered(204, b""), False),
        (answered(299), False),
        (answered(300), True),
        (answered(399), True),
        (answered(400), True),
        (answered(500), True),
        (answered(200, b""), False),
        (answered(200, b"{"), True),
        (answered(200, b"<p>", "application/problem+json"), True),
        (answered(200, b"{", "text/html"), False),
        (answered(200, b"NaN"), True),
        (answered(200, b'{"a": "\xd5\xc5"}'), True),
        (answered(200, b'{"a": "\xd5\xc5"}', "application/json; charset=gbk"), False),
        (answered(200, b"null"), False),
        (answered(200, b"{", "application/json-patch"), False),
        (FailedExchange(code="TIMEOUT", message=""), True),
    ],
)
def test_a_draft_catches_what_rejects_and_nothing_else(
    outcome: Response | FailedExchange, is_rejected: bool
) -> None:
    assert (".catch(" in drafted(outcome).line) == is_rejected


@pytest.mark.parametrize(
    ("status", "is_rejected"), [(299, False), (300, False), (302, False), (399, False), (400, True)]
)
def test_a_redirect_that_is_the_result_does_not_reject(status: int, is_rejected: bool) -> None:
    apis = {"get": {"path": "/x", "redirects": "result"}}

    assert (".catch(" in drafted(answered(status), apis=apis).line) == is_rejected


@pytest.mark.parametrize("name", ["X-Tenant", "x-tenant", "X-TENANT", "Accept", "CONTENT-TYPE"])
def test_a_header_that_is_declared_or_made_is_not_drafted(name: str) -> None:
    apis = {"get": {"path": "/x", "headers": {"X-Tenant": "a", "X-Own": ""}, "parameters": [
        {"name": name, "in": "header"}]}}  # fmt: skip

    assert "$header" not in drafted(answered(200), ((name, "a"),), apis=apis).line


def guessed(*exchanges: tuple[Pairs, Any, Pairs]) -> AuthGuess:
    """Return the guess of calls, each with what it sends and with the body and headers it gets."""
    return guess_auth([
        Exchange(
            request=make_foreign_request("GET", f"{ADDRESS}/{order}", headers, None),
            outcome=Response(
                status=200,
                headers=(("content-type", "application/json"), *more),
                body=json.dumps(body).encode(),
            ),
            order=order,
        )
        for order, (headers, body, more) in enumerate(exchanges, 1)
    ])  # fmt: skip


@pytest.mark.parametrize(("length", "is_issued"), [(1, False), (7, False), (8, True), (9, True)])
@pytest.mark.parametrize("place", ["body", "header"])
def test_a_token_of_eight_characters_is_recognised_where_it_is_issued(
    length: int, is_issued: bool, place: str
) -> None:
    token = "a1b2c3d4e5"[:length]
    told = {"body": ({"token": token}, ()), "header": ({}, (("X-Auth-Token", token),))}[place]
    found = guessed(((), *told), ((("Authorization", f"Bearer {token}"),), {}, ()))

    assert bool(found.logins) == is_issued
    assert ("token" in found.credentials) != is_issued


@pytest.mark.parametrize(
    ("life", "unit"),
    [(0, None), (7200, None), (999_999, None), (1_000_000, "ms"), (7_200_000, "ms"), ("7200", "")],
)
def test_a_life_of_a_million_and_more_is_in_milliseconds(life: int | str, unit: str | None) -> None:
    token = "a1b2c3d4e5"
    told = {"token": token, "expires_in": life}
    found = guessed(((), told, ()), ((("Authorization", f"Bearer {token}"),), {}, ()))

    acquire = found.auth["acquire"]
    assert acquire.get("ttl", {}).get("unit") == (unit or None)
    assert ("ttl" in acquire["steps"][0]["extract"]) == (unit != "")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://crm.test/a%20b/c?d=/e#f", "/a%20b/c"),
        ("https://crm.test/a#b?c", "/a"),
        ("https://crm.test?next=https://other.test/a", "/"),
        ("https://crm.test#top", "/"),
    ],
)
def test_the_path_of_a_login_has_neither_query_nor_fragment(url: str, path: str) -> None:
    body = b'{"token": "a1b2c3d4e5"}'
    found = guess_auth([
        Exchange(request=Request(method="GET", url=url), outcome=answered(200, body), order=1),
        Exchange(
            request=make_foreign_request("GET", url, (("Authorization", "a1b2c3d4e5"),), None),
            outcome=answered(200), order=2,
        ),
    ])  # fmt: skip

    assert found.auth["acquire"]["steps"][0]["request"]["path"] == path
    assert any(
        str(one).endswith(f"what the response of GET {path} issued") for one in found.comments
    )


@pytest.mark.parametrize(
    ("paths", "template"),
    [
        ("/users/1 /users/2", "/users/{user_id}"),
        ("/users/1", "/users/{user_id}"),
        ("/kind/red /kind/green", None),
        ("/kind/red /kind/green /kind/blue", "/kind/{kind_id}"),
        (f"/x/{'a' * 31}", None),
        (f"/x/{'a' * 32}", None),
        (f"/x/{'a' * 33}", "/x/{x_id}"),
        ("/boxes/1", "/boxes/{box_id}"),
        ("/companies/1", "/companies/{company_id}"),
        ("/classes/1", "/classes/{class_id}"),
        ("/status/1", "/status/{status_id}"),
        ("/address/1", "/address/{address_id}"),
        ("/is/1", "/is/{is_id}"),
        ("/orders/1/orders/2", "/orders/{order_id}/orders/{order_id_2}"),
        ("/a/1/2/3", "/a/{a_id}/{a_id_2}/{a_id_3}"),
        ("/v1/x", None),
        ("/api/1/x", None),
        ("/api/v1.2/x", None),
    ],
)
def test_a_segment_is_a_parameter_where_it_is_a_value_or_has_three_alike(
    paths: str, template: str | None
) -> None:
    observed = [ObservedPath("GET", path, "{name:str}") for path in paths.split()]
    found = find_templates(observed)

    assert {*found.values()} == ({template} if template else {*paths.split()})


@pytest.mark.parametrize(
    ("segment", "before", "found"),
    [
        ("0", "orders", True), ("-1", "orders", True), ("1.5", "orders", True), ("1,2", "x", True),
        ("2026-11-30", "reports", True), ("a1b2c3d4", "x", True), ("abcdefab", "x", False),
        ("ABCDEF12", "x", True), ("abcdeg12", "x", False), ("a1b2c3d", "x", True),
        ("order1", "x", False),
        ("order123", "x", False), ("order1234", "x", True), ("12ab", "x", True),
        ("客户", "x", True),
        ("get_order", "x", False), ("a:b", "x", False), ("a.b-c_d", "x", False),
        ("a--b", "x", True),
        ("", "x", True), ("a b", "x", True), ("v1", "orders", False), ("V2", "orders", False),
        ("v1.2beta3", "orders", False), ("v123", "orders", False),
        ("V2.1", "orders", False), ("V2beta", "orders", False), ("x2.1", "orders", True),
        ("2.1", "orders", True), ("2.1", "Openapi", False),
        ("v1234", "orders", True),
        ("1", "", False), ("1", "API", False), ("12", "openapi", False), ("2.1", "services", False),
        ("1", "rest", False), ("1", "version", False), ("123", "api", True), ("1", "apis", True),
        ("2alpha", "api", False), ("3f8a2c1e-1b2d-4c3e-9f8a-0b1c2d3e4f5a", "x", True),
    ],
)  # fmt: skip
def test_a_segment_is_a_value_where_it_is_no_name_and_no_version(
    segment: str, before: str, *, found: bool
) -> None:
    assert is_value(segment, before) == found


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (None, ""), (True, "bool"), (0, "int"), (1.5, "float"), ("", "str"), ([], "[]"), ({}, "{}"),
        ([None], "[]"), ([1, "a"], "[int]"), ({"b": 1, "a": None}, "{a:,b:int}"),
        ({"a": {"b": {"c": 1}}}, "{a:{b:{}}}"), ([[{"a": 1}]], "[[{}]]"), ([[[1]]], "[[[]]]"),
        ({"a": [{"b": 1}]}, "{a:[{}]}"),
    ],
)  # fmt: skip
def test_responses_have_one_shape_by_the_names_of_two_levels(value: Any, key: str) -> None:
    assert make_json_shape_key(value) == key


@pytest.mark.parametrize(
    ("observed", "templates"),
    [
        # what leads on as a value does, is one too
        ("/users/7/orders /users/zhang/orders", "/users/{user_id}/orders"),
        ("/users/7/orders /users/zhang/stock", "/users/{user_id}/orders /users/zhang/stock"),
        ("/users/7 /users/zhang", "/users/{user_id}"),
        ("/users/7 /users/8=other /users/zhang", "/users/{user_id}"),
        ("/users/7 /users/zhang=list", "/users/{user_id} /users/zhang"),
        # three alike with a shape, or with a rest of the path, but not two, and not without either
        ("/kind/red /kind/green /kind/blue", "/kind/{kind_id}"),
        ("/kind/red= /kind/green= /kind/blue=", None),
        ("/kind/red=[] /kind/green=[] /kind/blue=[]", None),
        ("/kind/red={} /kind/green={} /kind/blue={}", None),
        ("/kind/red=str /kind/green=str /kind/blue=str", None),
        ("/kind/red/x=str /kind/green/x=str /kind/blue/x=str", "/kind/{kind_id}/x"),
        ("/kind/red/x /kind/green/x /kind/blue/y", None),
        ("/kind/red /kind/green /kind/blue=other", None),
        ("/%E7%94%B2/1", "/{id}/{id_2}"),
        ("/customer-types/1", "/customer-types/{customer_type_id}"),
        ("/7up/1", "/{id}/{id_2}"),
        ("/api/2.1/7", "/api/2.1/{id}"),
        ("/Order-Lines/1", "/Order-Lines/{order_line_id}"),
        (
            "/users/7/a /users/7/b=other /users/zhang/a /users/li/b=other",
            "/users/{user_id}/a /users/{user_id}/b",
        ),
        ("//users//1", "/users//{id}"),
        ("/api/12345 /rest/678", "/api/{api_id} /rest/{rest_id}"),
    ],
)
def test_siblings_are_values_where_they_lead_to_the_same(
    observed: str, templates: str | None
) -> None:
    paths = [one.partition("=") for one in observed.split()]
    found = find_templates(
        ObservedPath("GET", path, shape if equals else "{name:str}")
        for path, equals, shape in paths
    )

    assert [*dict.fromkeys(found.values())] == (
        templates.split() if templates else [path for path, _, _ in paths]
    )


@pytest.mark.parametrize(
    ("word", "singular"),
    [
        ("orders", "order"), ("order", "order"), ("categories", "category"), ("ties", "tie"),
        ("boxes", "box"), ("axes", "axe"), ("pies", "pie"), ("taxes", "tax"),
        ("classes", "class"), ("status", "status"),
        ("us", "us"), ("bus", "bus"), ("is", "is"), ("ids", "id"), ("s", "s"), ("", ""),
        ("address", "address"), ("glass", "glass"), ("news", "new"),
    ],
)  # fmt: skip
def test_the_singular_of_a_word(word: str, singular: str) -> None:
    assert to_singular(word) == singular


def plain(text: str) -> Any:
    return read_yaml(text).to_plain()


def exchanged(
    number: int, url: str, headers: Pairs = (), body: bytes | None = None, *, answer: Any = None,
    more: Pairs = (),
) -> Exchange:  # fmt: skip
    media = (("content-type", "application/json"),)
    return Exchange(
        request=make_foreign_request("GET", f"{ADDRESS}{url}", headers, body),
        outcome=Response(status=200, headers=(*media, *more), body=json.dumps(answer).encode()),
        order=number,
    )


FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
TOKEN = "a1b2c3d4e5f6"
CARRIES = (("Authorization", f"Bearer {TOKEN}"),)


@pytest.mark.parametrize(
    ("login", "request_", "credentials"),
    [
        (
            exchanged(1, "/login?lang=zh&app=crm&k=", FORM, b"username=zs&password=x&scope=a&e="),
            {
                "query": {"lang": "zh", "app": "{{ app }}", "k": ""},
                "form": {
                    "username": "{{ username }}", "password": "{{ password }}", "scope": "a",
                    "e": "",
                },
            },
            {"app": {}, "username": {}, "password": {"secret": True}},
        ),
        (
            exchanged(
                1, "/login", (),
                b'{"u":{"User-Name":"zs","9":"b","-":"c"},"n":0,"t":true,"z":null}',
            ),
            {"body": {
                "u": {"User-Name": "{{ user_name }}", "9": "{{ key_9 }}", "-": "{{ key }}"},
                "n": 0, "t": True, "z": None,
            }},
            {"user_name": {}, "key_9": {}, "key": {}},
        ),
        (exchanged(1, "/login", (), b'["zs"]'), {"body": ["zs"]}, {}),
        (exchanged(1, "/login", (), b"{}"), {"body": {}}, {}),
        (exchanged(1, "/login", (), b'"zs"'), {}, {}),
        (exchanged(1, "/login", (), b"{"), {}, {}),
        (
            exchanged(1, "/login", (("authorization", "Basic enM6cHc="),), b"{}"),
            {
                "headers": {
                    "Authorization": "Basic {{ (client_id ~ ':' ~ client_secret) | b64 }}"
                },
                "body": {},
            },
            {"client_id": {}, "client_secret": {"secret": True}},
        ),
    ],
)  # fmt: skip
def test_a_login_is_drafted_with_its_texts_as_credentials(
    login: Exchange, request_: dict[str, Any], credentials: dict[str, Any]
) -> None:
    issuing = msgspec.structs.replace(
        login, outcome=answered(200, json.dumps({"token": TOKEN}).encode())
    )
    found = guess_auth([issuing, exchanged(2, "/a", CARRIES)])

    [step] = found.auth["acquire"]["steps"]
    assert step["request"] == {"method": "GET", "path": "/login"} | request_
    assert found.credentials == credentials
    assert found.auth["acquire"].get("share", []) == sorted(credentials)


@pytest.mark.parametrize(
    ("headers", "places"),
    [
        ((("authorization", "x"),), ["header Authorization"]),
        ((("X-API-Key", "x"), ("x-trace", "x")), ["header X-API-Key"]),
        ((("Proxy-Authorization", "x"), ("COOKIE", "")), []),
        ((("Cookie", "SESSION=1; lang=zh"),), ["cookie SESSION", "cookie lang"]),
    ],
)
def test_a_credential_stands_in_a_place_that_has_its_name(
    headers: Pairs, places: list[str]
) -> None:
    request = make_foreign_request("GET", f"{ADDRESS}/a?page=2&access_token=7", headers, None)
    found = [f"{place.place} {place.name}" for place, _ in find_credentials(request)]

    assert found == [*places, "query access_token"]


@pytest.mark.parametrize(
    ("body", "more", "issued"),
    [
        ({"data": {"token": TOKEN}}, (), {TOKEN: "$.data.token"}),
        ({"a-b": TOKEN, "list": [TOKEN], "n": 123456789}, (), {}),
        ({"a": TOKEN, "b": TOKEN}, (), {TOKEN: "$.a"}),
        ([TOKEN], (), {}),
        ({"a": "1234567"}, (), {}),
        ({"a": "12345678"}, (), {"12345678": "$.a"}),
        ({}, (("Set-Cookie", "sid=1; Path=/"),), {"1": "cookie:sid"}),
        ({}, (("X-Auth-Token", "12345678"), ("X-Trace", "12345678")), {
            "12345678": "header:X-Auth-Token"}),
        ({}, (("X-Auth-Token", "1234567"),), {}),
        ({"token": TOKEN}, (("X-Auth-Token", TOKEN),), {TOKEN: "header:X-Auth-Token"}),
        (TOKEN, (), {}),
    ],
)  # fmt: skip
def test_a_value_is_issued_where_its_place_can_be_written(
    body: Any, more: Pairs, issued: dict[str, str]
) -> None:
    outcome = exchanged(1, "/", answer=body, more=more).outcome
    assert isinstance(outcome, Response)

    assert find_issued_value_places(outcome) == issued


@pytest.mark.parametrize(
    ("values", "is_signature"),
    [
        (["a1b2c3d4"], False), (["a1b2c3d4"] * 3, False), (["a1b2c3d4", "b"], True),
        (["a", "a", "b"], True), (["a", "a", "a", "b"], False), (["a", "a", "b", "c"], True),
        (["a", "b", "a", "b", "c", "c"], False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["X-API-Key", "X-Ca-Signature"])
def test_what_differs_from_request_to_request_is_taken_for_a_signature(
    values: list[str], name: str, *, is_signature: bool
) -> None:
    found = guess_auth([exchanged(n, "/a", ((name, one),)) for n, one in enumerate(values, 1)])

    is_named = "Signature" in name and len(values) > 1
    assert ["differs from request" in str(one) for one in found.comments] == [
        is_signature or is_named
    ]
    assert found.auth == {"preset": "api_key", "in": "header", "name": name}
    assert found.credentials == {"key": {"secret": True}}


@pytest.mark.parametrize(
    ("headers", "auth", "credentials"),
    [
        ([], "none", []),
        ([("Authorization", "Bearer x")], "bearer", ["token"]),
        ([("Authorization", "Basic enM6cHc=")], "basic", ["username", "password"]),
        ([("Authorization", "x")], [("header", "Authorization", "{{ token }}")], ["token"]),
        (
            [("Authorization", "Token x")],
            [("header", "Authorization", "Token {{ token }}")], ["token"],
        ),
        (
            [("Authorization", "Bearer x"), ("X-Api-Key", "y"), ("X-Token", "z")],
            [
                ("header", "Authorization", "Bearer {{ token }}"),
                ("header", "X-Api-Key", "{{ x_api_key }}"), ("header", "X-Token", "{{ x_token }}"),
            ],
            ["token", "x_api_key", "x_token"],
        ),
        (
            [("Token", "x"), ("Authorization", "Bearer y")],
            [
                ("header", "Authorization", "Bearer {{ token }}"),
                ("header", "Token", "{{ token_2 }}"),
            ],
            ["token", "token_2"],
        ),
        ([("Token", "Bearer x")], [("header", "Token", "Bearer {{ token }}")], ["token"]),
        (
            [("Cookie", "SESSION=s"), ("Token", "x")],
            [("cookie", "SESSION", "{{ session }}"), ("header", "Token", "{{ token }}")],
            ["session", "token"],
        ),
        (
            [("Api-Key", "x"), ("Api_Key", "y")],
            [
                ("header", "Api-Key", "{{ api_key }}"), ("header", "Api_Key", "{{ api_key_2 }}"),
            ],
            ["api_key", "api_key_2"],
        ),
        ([("X-CSRF-Token", "x")], "none", []),
        (
            [("Cookie", "XSRF-TOKEN=x")],
            {"preset": "api_key", "in": "cookie", "name": "XSRF-TOKEN"}, ["key"],
        ),
    ],
)  # fmt: skip
def test_fixed_credentials_become_a_preset_or_entries(
    headers: list[tuple[str, str]], auth: Any, credentials: list[str]
) -> None:
    found = guess_auth([exchanged(1, "/a", tuple(headers)), exchanged(2, "/b", tuple(headers))])

    if isinstance(auth, list):
        auth = {"apply": [dict(zip(("in", "name", "value"), one, strict=True)) for one in auth]}
    assert (found.auth, [*found.credentials]) == (auth, credentials)


@pytest.mark.parametrize(("last", "names"), [("b", ["api_key"]), ("c", ["api_key", "api_key_2"])])
def test_places_have_one_credential_where_all_their_values_are_alike(
    last: str, names: list[str]
) -> None:
    sent = [("a", "a"), ("b", last), ("b", last)]
    found = guess_auth([
        exchanged(number, "/a", (("Api-Key", one), ("Api_Key", other)))
        for number, (one, other) in enumerate(sent, 1)
    ])  # fmt: skip

    assert [*found.credentials] == names


def test_what_only_a_login_sends_is_not_put_into_calls() -> None:
    found = guess_auth([
        exchanged(1, "/login", (("X-Api-Key", "k1"),), answer={"token": TOKEN}),
        exchanged(2, "/a", CARRIES),
    ])  # fmt: skip

    assert [one["name"] for one in found.auth["apply"]] == ["Authorization"]
    assert [one.name for one in found.places] == ["Authorization"]


@pytest.mark.parametrize(
    ("value", "is_step"),
    [
        ("20261130", False), ("shanghai", False), ("2026-11-30", False), ("q7w8e9r0", True),
        ("1234567890123456", True),
    ],
)  # fmt: skip
def test_a_plain_word_or_number_that_a_login_sends_is_of_no_step_before_it(
    value: str, *, is_step: bool
) -> None:
    found = guess_auth([
        exchanged(1, "/start", answer={"x": value}),
        exchanged(2, "/login", (), json.dumps({"x": value}).encode(), answer={"token": TOKEN}),
        exchanged(3, "/a", CARRIES),
    ])  # fmt: skip

    assert [one.order for one in found.logins] == ([1, 2] if is_step else [2])


@pytest.mark.parametrize(
    ("tokens", "joint"),
    [
        ({"a": [], "b": []}, []),
        ({"a": ["t1"], "b": ["t2"], "c": ["t3"]}, []),
        ({"a": ["t1"], "b": ["t2"], "c": ["t1"]}, ["ac"]),
        ({"a": ["t1"], "b": ["t1", "t2"], "c": ["t2"], "d": ["t3"]}, ["abc"]),
        ({"a": ["t1"], "b": ["t1"], "c": ["t2"], "d": ["t2"], "e": ["t1", "t2"]}, ["abcde"]),
        ({"a": ["t1"], "b": ["t1"], "c": ["t2"], "d": ["t2"]}, ["ab", "cd"]),
    ],
)
@pytest.mark.parametrize("scheme", ["", "Bearer "])
def test_origins_that_share_tokens_are_one_platform(
    tokens: dict[str, list[str]], joint: list[str], scheme: str
) -> None:
    groups = [
        (origin, [exchanged(1, "/", (("Authorization", f"{scheme if n else ''}{one}"),))
                  for n, one in enumerate(own)])
        for origin, own in tokens.items()
    ]  # fmt: skip

    assert sorted("".join(sorted(one)) for one in group_origins_by_tokens(groups)) == joint


ENTRY = {"platform": "crm", "instance_key": "test"}
WRITTEN = '- platform: crm\n  instance_key: "test"\n'


@pytest.mark.parametrize(
    ("before", "is_added"),
    [
        ("", True), ("\n", True), ("# none\n", True), ("[]\n", None), ("null\n", None),
        ("- {platform: erp}", True), ("- {platform: erp}\n", True), ("- {platform: crm}\n", False),
        ("- {platform: a}\n- {platform: b}\n- {platform: crm, instance_key: x}\n", False),
        ("- {platform: CRM}\n", True), ("[{platform: erp}]\n", None), ("- 1\n", True),
    ],
)  # fmt: skip
def test_an_instance_is_appended_where_its_platform_has_none(
    before: str, is_added: bool | None
) -> None:
    if is_added is None:
        with pytest.raises(ConfigError, match=r"instances.yaml: add this to the list yourself:"):
            append_missing_instance(before, ENTRY)
        return
    after = append_missing_instance(before, ENTRY)

    assert after.startswith(before)
    known = plain(before) or [] if before.strip() else []
    assert (plain(after) or []) == [*known, *([ENTRY] if is_added else [])]
    assert append_missing_instance(after, ENTRY) == after


@pytest.mark.parametrize(
    ("before", "is_added"),
    [
        ("a: 1\napis:\n  x: {path: /x}\n", True),
        ("a: 1\napis:\n  x: {path: /x}", True),
        ("apis:\n  x: {path: /x}\n# end\n", True),
        ("apis:\n  x: {path: /x}\na: 1\n", False),
        ("apis:\n  x: {path: /x}\ncredentials:\n  密钥: {env: CRM_KEY}\n", False),
        ("apis:\n  x: {path: /x}\nresponse:\n  ok: {status: 200}\n  # end\n", False),
        ("apis:\n  x: {path: /x}\ndescription: |\n  客户系统\n", False),
        ("apis:\n  x: {path: /x}\n  y: {path: /z}\n", False),
        ("apis: {x: {path: /x}}\n", False),
        ("apis:\n    x: {path: /x}\n", False),
        ("a: 1\n", False),
    ],
)
def test_apis_are_appended_where_a_file_ends_with_its_own(before: str, *, is_added: bool) -> None:
    added = {"y": "  y:\n    path: /y\n", "z": "  z:\n    path: /z\n"}
    if not is_added:
        with pytest.raises(ConfigError, match=r"crm.yaml: add these below `apis` yourself:\n  y:"):
            append_apis(before, added, Path("crm.yaml"))
        return
    after = append_apis(before, added, Path("crm.yaml"))

    assert after.startswith(before)
    assert [*plain(after)["apis"]] == ["x", "y", "z"]


def test_tokens_of_several_places_are_numbered_and_each_has_its_source() -> None:
    other, third = "f6e5d4c3b2a1", "c0ffee00c0ffee"
    found = guess_auth([
        exchanged(1, "/a", answer={"token": TOKEN}),
        exchanged(2, "/b", (("Authorization", TOKEN),), more=(("X-Session-Token", other),)),
        exchanged(3, "/c", (("Cookie", f"sid={third}"),), answer={"sid": third}),
        exchanged(4, "/d", answer={"data": {"sid": "aaaaaaaaaaaa", "t": 1, "sidx": third}}),
        exchanged(5, "/e", (
            ("Authorization", f"Token {TOKEN}"), ("X-Session-Token", other),
            ("Cookie", "sid=aaaaaaaaaaaa"),
        )),
    ])  # fmt: skip

    assert [one["value"] for one in found.auth["apply"]] == [
        "{{ token }}", "{{ token_2 }}", "{{ token_3 }}",
    ]  # fmt: skip
    assert [one["in"] for one in found.auth["apply"]] == ["cookie", "header", "header"]
    assert [one.order for one in found.logins] == [1, 2, 4]
    assert [
        {name: one["path"] for name, one in step["extract"].items()}
        for step in found.auth["acquire"]["steps"]
    ] == [{"token_2": "$.token"}, {"token_3": "header:X-Session-Token"}, {"token": "$.data.sid"}]
    assert found.auth["acquire"].keys() == {"steps"}


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"用户": {"code": "zhangsan"}, "公司": {"code": "huayuan"}}, {"code", "code_2"}),
        ({"用户": {"code": "huayuan"}, "公司": {"code": "huayuan"}}, {"code"}),
        ({"client-id": "wx8f3a", "client_id": "ding77"}, {"client_id", "client_id_2"}),
        ({"用户名": "zhangsan", "密码": "Zs-2026"}, {"key", "key_2"}),
        ({"用户code": "zhangsan", "code-": "huayuan", "_2": "a"}, {"code", "code_2", "key_2"}),
        ({"token": "固定口令"}, {"token_2"}),  # the login's own is `token`
        ({"api_key": "k-1"}, {"api_key"}),  # that of the calls
        ({"api_key": "k-2"}, {"api_key", "api_key_2"}),
    ],
)
def test_a_credential_of_a_login_has_a_name_that_no_other_value_has(
    fields: dict[str, Any], names: set[str]
) -> None:
    calls = ("/a?api_key=k-1", CARRIES) if "api_key" in fields else ("/a", CARRIES)
    found = guess_auth([
        exchanged(1, "/login", (), json.dumps(fields).encode(), answer={"data": TOKEN}),
        exchanged(2, *calls),
        exchanged(3, *calls),
    ])  # fmt: skip

    (step,) = found.auth["acquire"]["steps"]
    assert [*step["extract"]] == ["token"]
    assert found.credentials.keys() == names
    sent = re.findall(r"{{ (\w+) }}", json.dumps(step["request"]["body"]))
    assert {*sent, *(["api_key"] if "api_key" in fields else [])} == names


@pytest.mark.parametrize(
    ("sent", "scheme"),
    [("", ""), ("Bearer ", "Bearer "), ("Token ", "Token "), ("bearer ", "bearer ")],
)
def test_the_scheme_in_front_of_a_token_stays(sent: str, scheme: str) -> None:
    found = guess_auth([
        exchanged(1, "/login", answer={"token": TOKEN}),
        exchanged(2, "/a", (("Authorization", f"{sent}{TOKEN}"),)),
    ])  # fmt: skip

    assert found.auth["apply"] == [
        {"in": "header", "name": "Authorization", "value": f"{scheme}{{{{ token }}}}"}
    ]


@pytest.mark.parametrize(
    ("sent", "told", "is_issued"),
    [
        ([2], [1], True), ([2, 3], [1], True), ([1], [1], False), ([1, 3], [2], False),
        ([3], [2, 1], True), ([1], [2], False), ([2], [1, 2], True), ([1, 2], [1], False),
    ],
)  # fmt: skip
def test_a_response_issues_only_what_was_never_sent_before(
    sent: list[int], told: list[int], *, is_issued: bool
) -> None:
    found = guess_auth([
        exchanged(n, f"/a{n}", CARRIES * (n in sent), answer={"x": TOKEN} if n in told else {})
        for n in (1, 2, 3)
    ])  # fmt: skip

    assert [one.order for one in found.logins] == ([min(told)] if is_issued else [])


@pytest.mark.parametrize(("length", "is_step"), [(7, False), (8, True), (9, True)])
@pytest.mark.parametrize("place", ["query", "form", "json"])
def test_a_login_of_several_steps_is_found_by_what_it_sends(
    length: int, place: str, *, is_step: bool
) -> None:
    code = "q7w8e9r0t1"[:length]
    url, headers, body = {
        "query": (f"/login?code={code}", (), None),
        "form": ("/login", FORM, f"a=&code={code}".encode()),
        "json": ("/login", (), json.dumps({"a": {"code": code, "n": 1}}).encode()),
    }[place]
    found = guess_auth([
        exchanged(1, "/start?x=1", answer={"code": code}),
        exchanged(2, url, headers, body, answer={"token": TOKEN}),
        exchanged(3, "/a", CARRIES),
    ])  # fmt: skip

    assert [one.order for one in found.logins] == ([1, 2] if is_step else [2])
    steps = found.auth["acquire"]["steps"]
    assert ("{{ step_1 }}" in json.dumps(steps[-1]["request"])) == is_step
    extracts = [[*step["extract"]] for step in steps]
    assert extracts == ([["step_1"], ["token"]] if is_step else [["token"]])


CODES = ("q7w8e9r0t1", "z4x5c6v7b8", "a1s2d3f4g5", "p9o8i7u6y5")


@pytest.mark.parametrize(
    ("sent", "told", "steps"),
    [
        ([[], [0], [1]], [[0], [1], []],
         ["0: > step_2", "1: step_2 > step_1", "2: step_1 > token"]),
        ([[], [0], [1], [2]], [[0], [1], [2], []],
         ["0: > step_3", "1: step_3 > step_2", "2: step_2 > step_1", "3: step_1 > token"]),
        ([[], [], [0, 1]], [[0], [1], []],
         ["0: > step_1", "1: > step_2", "2: step_1 step_2 > token"]),
        ([[], [0, 1]], [[0, 1], []], ["0: > step_1 step_2", "1: step_1 step_2 > token"]),
        ([[], [0], [0, 1]], [[0], [1], []],
         ["0: > step_1", "1: step_1 > step_2", "2: step_1 step_2 > token"]),
        ([[], [0], [0], [1, 2]], [[0], [1], [2], []],
         ["0: > step_3", "1: step_3 > step_1", "2: step_3 > step_2", "3: step_1 step_2 > token"]),
        ([[], [], [1]], [[0], [1], []], ["1: > step_1", "2: step_1 > token"]),
    ],
)  # fmt: skip
def test_each_step_before_a_login_is_found_by_what_the_next_ones_send(
    sent: list[list[int]], told: list[list[int]], steps: list[str]
) -> None:
    found = guess_auth([
        *(
            exchanged(
                number,
                "/步骤?" + "&".join(f"k{n}={CODES[n]}" for n in sends),
                answer={f"k{n}": CODES[n] for n in tells} or {"token": TOKEN},
            )
            for number, (sends, tells) in enumerate(zip(sent, told, strict=True))
        ),
        exchanged(9, "/a", CARRIES),
    ])  # fmt: skip

    drafted = found.auth["acquire"]["steps"]
    assert steps == [
        " ".join([f"{login.order}:", *re.findall(r"{{ (\w+) }}", str(step)), ">", *step["extract"]])
        for login, step in zip(found.logins, drafted, strict=True)
    ]
    assert all(one["secret"] for step in drafted for one in step["extract"].values())


def test_the_steps_of_a_login_are_told_from_the_last_one_back() -> None:
    found = guess_auth([
        exchanged(1, "/captcha", answer={"编号": CODES[0]}),
        exchanged(2, f"/check?编号={CODES[0]}", answer={"票据": CODES[1]}),
        exchanged(3, f"/login?票据={CODES[1]}", answer={"token": TOKEN}),
        exchanged(4, "/a", CARRIES),
    ])  # fmt: skip

    assert [str(one) for one in found.comments if "has several steps" in str(one)] == [
        "the login has several steps: GET /login sends what GET /check issued",
        "the login has several steps: GET /check sends what GET /captcha issued",
    ]


@pytest.mark.parametrize(
    ("name", "is_life"),
    [
        *((name, True) for name in ("expires_in", "expiresIn", "expire_in", "expireIn", "expire")),
        *((name, True) for name in ("expires", "ttl", "TTL", "Expires_In")),
        *((name, False) for name in ("expired", "expires_at", "life", "in")),
    ],
)
def test_the_life_of_a_token_is_told_under_a_usual_name(name: str, *, is_life: bool) -> None:
    found = guessed(((), {"token": TOKEN, "data": {name: 0}}, ()), (CARRIES, {}, ()))

    extract = found.auth["acquire"]["steps"][0]["extract"]
    assert extract.get("ttl") == ({"path": f"$.data.{name}", "optional": True} if is_life else None)


def test_the_life_that_the_last_step_tells_has_the_unit() -> None:
    for lives, unit in (((7200, 7_200_000), {"unit": "ms"}), ((7_200_000, 7200), None)):
        found = guess_auth([
            exchanged(1, "/start", answer={"code": "q7w8e9r0t1", "ttl": lives[0]}),
            exchanged(2, "/login?c=q7w8e9r0t1", answer={"token": TOKEN, "ttl": lives[1]}),
            exchanged(3, "/a", CARRIES),
        ])  # fmt: skip
        assert found.auth["acquire"].get("ttl") == unit


@pytest.mark.parametrize(
    "name",
    ["grant_type", "grantType", "scope", "response_type", "type", "lang", "locale", "format",
     "version", "audience", "Scope"],
)  # fmt: skip
def test_what_every_login_sends_alike_is_no_credential(name: str) -> None:
    body = json.dumps({name: "client", "user": "zs"}).encode()
    found = guess_auth(
        [exchanged(1, "/l", (), body, answer={"t": TOKEN}), exchanged(2, "/a", CARRIES)]
    )

    assert found.credentials == {"user": {}}


@pytest.mark.parametrize(
    ("name", "is_signature"),
    [
        ("sign", True), ("signature", True), ("sig", True), ("X-Sign", True), ("x-signature", True),
        ("X-Ca-Signature", True), ("X-Token", False), ("X-Design-Token", False),
    ],
)  # fmt: skip
def test_a_signature_is_known_by_its_name(name: str, *, is_signature: bool) -> None:
    query = f"/a?{name}=x1" if name.islower() and "-" not in name else "/a"
    headers = () if query != "/a" else ((name, "x1"),)
    found = guess_auth([exchanged(n, query, headers) for n in (1, 2, 3, 4)])

    assert ["a signature?" in str(one) for one in found.comments] == [is_signature]


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 200_000, "{", "[1,]", "", "1", '"a"'])
def test_a_body_that_is_no_json_object_or_list_has_no_value(text: str) -> None:
    assert parse_json_body(answered(200, text.encode())) is None


@pytest.mark.parametrize(
    ("answer", "more", "is_joint"),
    [
        ({"token": TOKEN}, (), True), ({"data": {"accessToken": TOKEN}}, (), True),
        ({"name": TOKEN}, (), False), ({}, (("X-Auth-Token", TOKEN),), True),
        ({}, (("Set-Cookie", f"sid={TOKEN}"),), True), ({"token": [TOKEN]}, (), False),
    ],
)  # fmt: skip
def test_who_issues_a_token_and_who_is_sent_it_are_one_platform(
    answer: Any, more: Pairs, *, is_joint: bool
) -> None:
    groups = [("sso", [exchanged(1, "/", answer=answer, more=more)]),
              ("crm", [exchanged(2, "/", CARRIES)])]  # fmt: skip

    assert group_origins_by_tokens(groups) == ([{"sso", "crm"}] if is_joint else [])
