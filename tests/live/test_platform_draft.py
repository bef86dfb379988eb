"""What a drafted platform declares of each method, path, body and response that was seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from bpmax_sim.messages import Exchange, Pairs, Response
from bpmax_sim.starter.platform_draft import draft_platform, make_platform_key
from bpmax_sim.traffic.imported import make_foreign_request
from bpmax_sim.yamlfile import read_yaml

CRM = "https://crm.example.test"
JSON: Pairs = (("Content-Type", "application/json"),)
FORM: Pairs = (("Content-Type", "application/x-www-form-urlencoded"),)


def seen(
    line: str,
    answer: Any = None,
    *,
    status: int = 200,
    headers: Pairs = (),
    body: bytes | None = None,
    origin: str = CRM,
) -> Exchange:
    """Return the exchange of *line*, such as ``GET /orders``."""
    method, _, path = line.partition(" ")
    return Exchange(
        request=make_foreign_request(method, f"{origin}{path}", headers, body),
        outcome=Response(
            status=status,
            headers=(("content-type", "application/json"),),
            body=json.dumps({"id": 1} if answer is None else answer).encode(),
        ),
    )


def drafted(
    *exchanges: Exchange, origins: Sequence[str] = (CRM,), taken: Sequence[str] = ()
) -> Any:
    ordered = [
        Exchange(request=one.request, outcome=one.outcome, order=number)
        for number, one in enumerate(exchanges, 1)
    ]
    return read_yaml(draft_platform("crm", ordered, origins, taken).text).to_plain()


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ("GET /orders", "get_orders"),
        ("POST /orders", "create_order"),
        ("PUT /orders/1", "update_order"),
        ("PATCH /orders/1", "update_order"),
        ("DELETE /orders/1", "delete_order"),
        ("HEAD /orders", "head_orders"),
        ("POST /order/cancel", "order_cancel"),
        ("POST /orders/1/lines", "create_order_line"),
        ("GET /orders/1/lines/2", "get_order_line"),
        ("GET /order-lines", "get_order_lines"),
        ("GET /orders/", "get_orders"),
        ("GET /api/v1/orders", "get_orders"),
        ("GET /API/V2.1/Services/Open/stock", "get_stock"),
        ("GET /api", "get_api"),
        ("GET /v1/api", "get_api"),
        ("GET /apis/stock", "get_apis_stock"),
        ("GET /", "get_root"),
        ("POST /", "root"),
        ("POST /9x/do", "do"),
        ("POST /2", "call_2"),
        ("POST /api/2.1", "call_2_1"),
        ("GET /orders,GET /api/orders,GET /v1/orders", "get_orders get_orders_2 get_orders_3"),
        ("POST /orders,POST /api/orders", "create_order create_order_2"),
    ],
)
def test_an_api_is_named_after_its_method_and_path(lines: str, names: str) -> None:
    assert " ".join(drafted(*map(seen, lines.split(",")))["apis"]) == names


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        ((), "get_orders"),
        (("getOrders",), "get_orders_2"),
        (("get_orders", "getOrders_2", "x"), "get_orders_3"),
        (("GET_ORDERS_2",), "get_orders"),
    ],
)
def test_a_name_that_is_taken_gets_a_number(taken: tuple[str, ...], name: str) -> None:
    assert [*drafted(seen("GET /orders"), taken=taken)["apis"]] == [name]


WHOLE = [{"name": "body", "in": "body", "to": "$"}]


@pytest.mark.parametrize(
    ("headers", "bodies", "declared"),
    [
        (
            JSON,
            [b'{"a":1,"b":"x"}', b'{"a":2}', b'{"a":null,"c":1.5}'],
            {"a": ("integer", True), "b": ("string", False), "c": ("number", False)},
        ),
        (JSON, [b'{"a":1}', b'{"a":2}', b'{"a":true}'], {"a": ("", True)}),
        (JSON, [b'{"a":null}', b'{"a":null}'], {"a": ("", True)}),
        (JSON, ['{"客户":[]}'.encode(), '{"客户":[1]}'.encode()], {"客户": ("array", True)}),
        (JSON, [b'{"a":{}}', b"{}", b'{"a":{}}'], {"a": ("object", False)}),
        (JSON, [b'{"a":false}', b"", b'{"a":true}'], {"a": ("boolean", False)}),
        (JSON, [b'{"a":0}', b'{"a":""}'], {"a": ("", True)}),
        (FORM, [b"a=1&b=", b"a=2", b"b=3&a=4"], {"a": ("", True), "b": ("", False)}),
        (FORM, [b"a=1", b""], {"a": ("", False)}),
        ((), [b'{"a":1}'], {"a": ("integer", True)}),
        (JSON, [b""], {}),
        (JSON, [b"{}"], {}),
        *((JSON, [b'{"a":1}', b'{"a":1}', other], None) for other in (b"[1]", b"null", b"{", b"1")),
        *((JSON, [name], None) for name in (b'{"a.b":1}', b'{"1a":1}', b'{"":1}', b'{"a b":1}')),
        ((("Content-Type", "text/xml"),), [b"<a/>"], None),
    ],
)
def test_a_member_of_a_body_is_required_where_every_request_had_it(
    headers: Pairs, bodies: list[bytes], declared: dict[str, tuple[str, bool]] | None
) -> None:
    api = drafted(*(seen("POST /order/save", headers=headers, body=one) for one in bodies))["apis"]

    parameters = api["order_save"].get("parameters", [])
    if declared is None:
        assert parameters == WHOLE
        return
    assert {
        one["name"]: (one.get("type", ""), one.get("required", False)) for one in parameters
    } == declared


@pytest.mark.parametrize(
    ("media", "more"),
    [
        ("application/json", {}),
        ("application/json; charset=utf-8", {}),
        ("", {}),
        ("application/vnd.api+json", {"headers": {"Content-Type": "application/vnd.api+json"}}),
        ("application/x-www-form-urlencoded; charset=GBK", {"encoding": "form"}),
        ("text/xml", {"encoding": "xml", "headers": {"Content-Type": "text/xml"}}),
        ("a/soap+xml", {"encoding": "xml", "headers": {"Content-Type": "a/soap+xml"}}),
        ("text/plain", {"encoding": "text", "headers": {"Content-Type": "text/plain"}}),
    ],
)  # fmt: skip
def test_the_media_type_of_a_body_says_how_it_is_sent(media: str, more: dict[str, Any]) -> None:
    headers = (("Content-Type", media),) if media else ()
    api = drafted(seen("POST /order/save", headers=headers, body=b"1"))["apis"]["order_save"]

    assert {name: api[name] for name in ("encoding", "headers") if name in api} == more


@pytest.mark.parametrize(
    ("queries", "required", "optional"),
    [
        (["?a=1&b=2", "?a=1", "?b=3&a="], "a", "b"),
        (["?a=1&a=2"], "a", ""),
        (["", "?a=1"], "", "a"),
        (["?a=1", "?A=1"], "", "a A"),
        (["?a=1#b=2"], "a", ""),
    ],
)
def test_a_parameter_is_required_where_every_request_had_it(
    queries: list[str], required: str, optional: str
) -> None:
    api = drafted(*(seen(f"GET /stock{one}") for one in queries))["apis"]["get_stock"]

    found: dict[bool, list[str]] = {True: [], False: []}
    for one in api.get("parameters", []):
        assert one["in"] == "query"
        found[one.get("required", False)].append(one["name"])
    assert (found[True], found[False]) == (required.split(), optional.split())


def test_a_header_is_a_parameter_unless_every_client_sends_it() -> None:
    headers = [
        ("X-Tenant", "甲"), ("Accept", "*/*"), ("accept-language", "zh"), ("X-Forwarded-For", "1"),
        ("If-Match", "1"), ("Via", "1"), ("Content-MD5", "1"), ("X-Accept", "1"),
        ("Sec-Fetch", "1"), ("Proxy-X", "1"), ("Viable", "1"), ("Date", "1"),
    ]  # fmt: skip
    api = drafted(seen("GET /stock", headers=tuple(headers)))["apis"]["get_stock"]

    assert [one["name"] for one in api["parameters"]] == ["X-Tenant", "X-Accept", "Viable", "Date"]


def test_a_name_in_several_places_has_its_place_in_front() -> None:
    body = b'{"order_id":1,"id":2}'
    sent = seen("POST /order/7/save?order_id=1&id=2", headers=(*JSON, ("id", "3")), body=body)

    parameters = drafted(sent)["apis"]["order_save"]["parameters"]
    assert [(one["name"], one["in"], one.get("to")) for one in parameters] == [
        ("order_id", "path", None),
        ("query_order_id", "query", "order_id"),
        ("id", "query", None),
        ("header_id", "header", "id"),
        ("body_order_id", "body", "order_id"),
        ("body_id", "body", "id"),
    ]


def test_a_whole_body_stays_one_beside_a_parameter_of_its_name() -> None:
    sent = seen("POST /order/save?body=1", headers=JSON, body=b"[1]")

    assert drafted(sent)["apis"]["order_save"]["parameters"] == [
        {"name": "body", "in": "query", "required": True},
        {"name": "body_body", "in": "body", "to": "$"},
    ]


@pytest.mark.parametrize(
    ("statuses", "is_result"),
    [
        ((200,), False), ((299,), False), ((300,), True), ((302,), True), ((399,), True),
        ((400,), False), ((200, 200, 302), True), ((500, 404), False),
    ],
)  # fmt: skip
def test_a_redirect_that_was_seen_is_the_result(
    statuses: tuple[int, ...], *, is_result: bool
) -> None:
    api = drafted(*(seen("GET /stock", status=one) for one in statuses))["apis"]["get_stock"]

    assert (api.get("redirects") == "result") == is_result


@pytest.mark.parametrize(
    ("answers", "name", "accepted"),
    [
        ([{"code": 0}], "code", [0]),
        ([{"code": "0"}], "code", ["0"]),
        ([{"code": 1}, {"code": "1"}, {"code": 1}], "code", [1, "1"]),
        ([{"code": 500}], "", []),
        ([{"code": 0}, {"code": 500}, {"code": 200}], "code", [0, 200]),
        ([{"code": 0}, {"x": 1}], "code", [0]),
        ([{"code": 0}, {"x": 1}, {"x": 1}], "", []),
        ([{"code": 0}, {"code": 0}, {"x": 1}, {"x": 1}], "code", [0]),
        ([{"code": 500, "errcode": 0}], "errcode", [0]),
        ([{"errcode": 0, "code": 0}], "code", [0]),
        ([{"status": 1}], "", []),
        ([{"status": "1"}], "", []),
        ([{"status": 0}], "status", [0]),
        ([{"status": "OK"}], "status", ["OK"]),
        ([{"success": True}, {"success": False}], "success", [True]),
        ([{"success": False}], "", []),
        ([{"code": None}], "", []),
        ([{"code": ""}], "", []),
        ([{"code": 0.0}], "", []),
        ([{"code": [0]}], "", []),
        ([[{"code": 0}]], "", []),
        ([{"data": {"code": 0}}], "", []),
    ],
)
def test_a_success_is_told_by_a_code_that_half_of_the_responses_have(
    answers: list[Any], name: str, accepted: list[Any]
) -> None:
    declared = drafted(*(seen("GET /stock", one) for one in answers))
    text = draft_platform("crm", [seen("GET /stock", one) for one in answers], [CRM]).text

    if not name:
        assert "response" not in declared
        return
    assert declared["response"]["ok"]["all"] == [{"path": f"$.{name}", "in": accepted}]
    assert declared["response"]["code"] == [f"$.{name}"]
    others = {"500", "False"} & {str(one.get(name)) for one in answers}
    assert ("taken for failures" in text) == bool(others)


@pytest.mark.parametrize(
    ("members", "message", "data"),
    [
        ({}, None, None),
        ({"msg": "好", "message": "好"}, ["$.message"], None),
        ({"error_description": None}, ["$.error_description"], None),
        ({"Data": 1, "result": 0}, None, ["$.result"]),
        ({"data": None, "Message": ""}, ["$.Message"], ["$.data"]),
        ({"DATA": 1, "MSG": 1}, None, None),
    ],
)
def test_message_and_data_are_the_first_of_the_usual_names(
    members: dict[str, Any], message: list[str] | None, data: list[str] | None
) -> None:
    answers = [{"code": 0}, {"code": 0, **members}]
    rules = drafted(*(seen("GET /stock", one) for one in answers))["response"]

    assert (rules.get("message"), rules.get("data")) == (message, data)


@pytest.mark.parametrize(
    ("statuses", "ok", "is_token"),
    [
        ((200,), [200], False), ((201, 200, 299), [200, 201, 299], False),
        ((200, 400, 403), [200], False), ((200, 300, 401), [200], True),
        ((204, 401), [204], True),
    ],
)  # fmt: skip
def test_401_is_a_bad_token_and_what_was_seen_of_2xx_a_success(
    statuses: tuple[int, ...], ok: list[int], *, is_token: bool
) -> None:
    rules = drafted(*(seen("GET /stock", {"code": 0}, status=one) for one in statuses))["response"]
    plain = drafted(*(seen("GET /stock", {}, status=one) for one in statuses)).get("response", {})

    classes = {"token": {"status": [401]}} if is_token else None
    assert (rules["ok"]["status"], rules.get("classes")) == (ok, classes)
    assert plain == ({"classes": classes} if classes else {})


@pytest.mark.parametrize(
    ("origin", "key"),
    [
        ("https://crm.example.com", "crm"),
        ("https://api.crm.example.com", "crm"),
        ("https://openapi.dingtalk.com", "dingtalk"),
        ("https://CRM-2.corp.cn", "crm_2"),
        ("https://k3cloud.cn", "k3cloud"),
        ("https://www.example.com", "api"),
        ("https://localhost", "api"),
        ("https://localhost:8080", "api_8080"),
        ("https://10.0.0.1:8080", "api_8080"),
        ("https://10.0.0.1", "api"),
        ("https://[::1]:81", "api_81"),
        ("https://3c.com:90", "api_90"),
        ("https://_.com", "api"),
        ("https://1.erp.com", "erp"),
        ("https://用友.cn", "api"),
    ],
)
def test_a_platform_is_named_after_the_first_label_that_says_something(
    origin: str, key: str
) -> None:
    assert make_platform_key(origin) == key


def test_further_hosts_have_names_of_their_own() -> None:
    origins = (
        CRM, "https://sso.a.test", "https://10.0.0.1", "http://sso.b.test:81", "https://SSO.c.test",
    )  # fmt: skip
    declared = drafted(
        *(seen(f"GET /x{number}y", origin=one) for number, one in enumerate(origins)),
        origins=origins,
    )

    names = ("sso", "host_3", "sso_2", "sso_3")
    assert declared["hosts"] == {
        one: f"https://{one.replace('_', '-')}.crm.example.test" for one in names
    }
    assert [one.get("host") for one in declared["apis"].values()] == [None, *names]


def test_a_draft_says_no_more_than_was_seen() -> None:
    assert drafted(seen("GET /stock")) == {
        "platform_key": "crm",
        "title": "crm",
        "base_url": "https://crm.example.test",
        "auth": "none",
        "apis": {"get_stock": {"path": "/stock"}},
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("order_id=1", ["order_id", "query_order_id"]),
        ("query_order_id=1", ["order_id", "query_order_id"]),
        ("query_order_id=1&order_id=2", ["order_id", "query_order_id", "query_order_id_3"]),
    ],
)
def test_a_name_with_its_place_that_is_taken_gets_a_number(query: str, names: list[str]) -> None:
    api = drafted(seen(f"GET /orders/7?{query}"))["apis"]["get_order"]

    assert [one["name"] for one in api["parameters"]] == names


def test_an_instance_reads_addresses_and_credentials_from_variables() -> None:
    token = (("Authorization", "Bearer tk_9f8e7d6c5b4a39281706f5e4d3c2b1a0"),)
    sso = "https://sso.huayuan.test:81"
    calls = [
        seen("GET /stock", headers=token), seen("GET /me", headers=token, origin=sso),
        seen("GET /orders/7?page=1", {"code": 0}, headers=token, status=201),
    ]  # fmt: skip
    ordered = [
        Exchange(request=one.request, outcome=one.outcome, order=number)
        for number, one in enumerate(calls, 1)
    ]

    draft = draft_platform("crm-2", ordered, [CRM, sso])

    assert draft.instance == {
        "platform": "crm-2",
        "instance_key": "default",
        "default": True,
        "base_url": {"env": "CRM_2_URL"},
        "hosts": {"sso": {"env": "CRM_2_SSO_URL"}},
        "credentials": {"token": {"env": "CRM_2_TOKEN"}},
    }
    assert draft.addresses == {"CRM_2_URL": CRM, "CRM_2_SSO_URL": sso}
    assert [*draft.apis] == ["get_stock", "get_order", "get_me"]
    assert draft.apis["get_me"] == "  get_me:\n    path: /me\n    host: sso\n"
    assert "    # Guess" not in draft.text
    lines = draft.text.splitlines()
    assert [line for line in lines if line.startswith("  #")] == [
        "  # Guess: order_id of the path was seen with one value.",
        "  # Guess: page required, as the one request had it.",
    ]
    assert "# The address is made up; CRM_2_URL has the true one while you record." in lines
    assert "base_url: https://crm-2.example.test" in lines
    assert draft.text.endswith("".join(["apis:\n", *draft.apis.values()]))


def test_what_all_requests_had_is_told_with_their_number() -> None:
    calls = [seen(f"GET /orders/{n}?page={n}&size=2") for n in (1, 2, 3)]
    text = draft_platform("crm", calls, [CRM]).text

    assert "# Guess: page, size required, as all 3 requests had it.\n" in text
    assert "was seen with one value" not in text
    again = draft_platform("crm", [*calls[:1], *calls[:1]], [CRM]).text
    assert "# Guess: order_id of the path was seen with one value.\n" in again
    assert "  get_order:\n    path: /orders/{order_id}\n" in text
