"""A platform file that is drafted from traffic, whole; and what else a draft decides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.messages import Exchange, FailedExchange, Pairs, Response
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.starter.path_patterns import ObservedPath, find_templates
from bpmax_sim.starter.platform_draft import draft_platform, make_variable_prefix
from tests.live.test_platform_draft import CRM, FORM, JSON, seen
from tests.live.test_project_draft import document, drafted
from tests.live.traffic import BEARER, TOKEN, entry, good
from tests.live.traffic import CRM as HUAYUAN

WHOLE = """\
# Drafted by bpmax-sim init --from; a comment stands at each guess.
# Guess: key and title, of the host's name; names of APIs, of method and path.
# The address is made up; CRM_2_URL has the true one while you record.
platform_key: crm-2
title: crm-2
base_url: https://crm-2.example.test
hosts:
  sso: https://sso.crm-2.example.test
credentials:
  username: {}
  password: {secret: true}
# Guess: code is the business code, and 0 a success.
# Seen too, and taken for failures: 40401
response:
  ok: {status: [200, 201], all: [{path: "$.code", in: [0]}]}
  code: ["$.code"]
  message: ["$.msg"]
  data: ["$.data"]
  classes: {token: {status: [401]}}
# Guess: header Authorization carries what the response of POST /auth/login issued.
auth:
  acquire:
    share: [password, username]
    steps:
      - request:
          method: POST
          path: /auth/login
          body: {username: "{{ username }}", password: "{{ password }}"}
          host: sso
        extract:
          token: {path: "$.data.token", secret: true}
          ttl: {path: "$.data.expires_in", optional: true}
  apply:
    - {in: header, name: Authorization, value: "Bearer {{ token }}"}
  recover:
    token:
      refresh: 1
apis:
  # Guess: page, X-Tenant required, as all 2 requests had it.
  get_orders:
    path: /api/v1/orders
    parameters:
      - {name: page, in: query, required: true}
      - {name: size, in: query}
      - {name: X-Tenant, in: header, required: true}
  # Guess: order_id of the path was seen with one value.
  # Guess: 数量, 备注 required, as the one request had it.
  create_order_line:
    method: POST
    path: /api/v1/orders/{order_id}/lines
    parameters:
      - {name: order_id, in: path, required: true}
      - {name: 数量, in: body, required: true, type: integer}
      - {name: 备注, in: body, required: true}
  # Guess: order_id of the path was seen with one value.
  delete_order:
    method: DELETE
    path: /api/v1/orders/{order_id}
    parameters:
      - {name: order_id, in: path, required: true}
    redirects: result
  # Guess: order_id of the path was seen with one value.
  # Guess: a, b required, as the one request had it.
  update_order:
    method: PUT
    path: /api/v1/orders/{order_id}
    parameters:
      - {name: order_id, in: path, required: true}
      - {name: a, in: body, required: true}
      - {name: b, in: body, required: true}
    encoding: form
  # Guess: order_id of the path was seen with one value.
  get_order:
    path: /api/v1/orders/{order_id}
    parameters:
      - {name: order_id, in: path, required: true}
"""


def numbered(exchanges: Sequence[Exchange]) -> list[Exchange]:
    return [
        Exchange(request=one.request, outcome=one.outcome, order=number)
        for number, one in enumerate(exchanges, 1)
    ]


def test_a_platform_file_has_all_that_the_traffic_told() -> None:
    token: Pairs = (("Authorization", f"Bearer {TOKEN}"),)
    tenant: Pairs = (*token, ("X-Tenant", "t1"))
    sso = "https://sso.huayuan.test"
    life = {"code": 0, "data": {"token": TOKEN, "expires_in": 7200}}
    calls = [
        seen("POST /auth/login", life, headers=JSON, origin=sso,
             body=b'{"username": "zs", "password": "Zs@2026"}'),
        seen("GET /api/v1/orders?page=1&size=2", {"code": 0, "msg": "ok", "data": []},
             headers=tenant),
        seen("GET /api/v1/orders?page=2", {"code": 40401, "msg": "x", "data": None},
             headers=tenant),
        seen("POST /api/v1/orders/7/lines", {"code": 0, "data": {"id": 1}}, status=201,
             headers=(*token, *JSON), body='{"数量": 2, "备注": null}'.encode()),
        seen("DELETE /api/v1/orders/7", {}, headers=token, status=302),
        seen("PUT /api/v1/orders/8", {"code": 0}, headers=(*token, *FORM), body=b"a=1&a=2&b="),
        seen("GET /api/v1/orders/8", {"m": 1}, headers=token, status=401),
    ]  # fmt: skip

    draft = draft_platform("crm-2", numbered(calls), [CRM, sso])

    assert draft.text == WHOLE


def test_without_a_credential_or_a_rule_the_file_says_so() -> None:
    assert draft_platform("_", [seen("GET /a", {}, status=401)], [CRM]).text == (
        "# Drafted by bpmax-sim init --from; a comment stands at each guess.\n"
        "# Guess: key and title, of the host's name; names of APIs, of method and path.\n"
        "# The address is made up; API_URL has the true one while you record.\n"
        "platform_key: _\ntitle: _\nbase_url: https://-.example.test\n"
        "# Guess: HTTP 401 means a bad token.\n"
        "response:\n  classes: {token: {status: [401]}}\n"
        "# Guess: no request carried a credential.\n"
        "auth: none\napis:\n  get_a:\n    path: /a\n"
    )


@pytest.mark.parametrize(
    ("key", "prefix"),
    [
        ("crm", "CRM"), ("crm-2", "CRM_2"), ("crm.系统", "CRM"), ("用友_u8", "U8"),
        ("-a--b-", "A_B"), ("客户", "API"), ("", "API"), ("__", "API"),
    ],
)  # fmt: skip
def test_a_variable_begins_with_the_key_of_its_platform(key: str, prefix: str) -> None:
    assert make_variable_prefix(key) == prefix


def answered(name: str, outcome: Response | FailedExchange | Any, status: int = 200) -> Exchange:
    if not isinstance(outcome, Response | FailedExchange):
        return seen(f"GET /kind/{name}", outcome, status=status)
    return Exchange(request=seen(f"GET /kind/{name}").request, outcome=outcome)


def text(kind: str) -> Response:
    return Response(status=200, headers=(("content-type", kind),), body=b"<a/>")


@pytest.mark.parametrize(
    ("third", "is_parameter"),
    [
        (answered("blue", {"name": "x"}), True),
        (answered("blue", {"name": "x"}, 299), True),
        (answered("blue", {"name": "x"}, 199), False),
        (answered("blue", {"name": "x"}, 300), False),
        (answered("blue", {"name": "x"}, 404), False),
        (answered("blue", {"title": "x"}), False),
        (answered("blue", {"name": 1}), False),
        (answered("blue", text("text/xml")), False),
        (answered("blue", FailedExchange(code="TIMEOUT", message="")), False),
    ],
)
def test_three_that_are_answered_alike_are_values_of_one_parameter(
    third: Exchange, *, is_parameter: bool
) -> None:
    calls = [answered("red", {"name": "a"}), answered("green", {"name": "b"}), third]

    found = draft_platform("crm", numbered(calls), [CRM])
    assert ("/kind/{kind_id}" in found.text) == is_parameter
    assert len(found.apis) == (1 if is_parameter else 3)


def test_other_media_than_json_are_alike_by_their_type() -> None:
    kinds = ("text/xml; charset=utf-8", "TEXT/XML", "text/xml")
    calls = [answered(f"k{'abc'[n]}", text(kind)) for n, kind in enumerate(kinds)]

    assert [*draft_platform("crm", numbered(calls), [CRM]).apis] == ["get_kind"]


@pytest.mark.parametrize(
    ("observed", "templates"),
    [
        # what goes on in the same way, whatever is answered there
        ("/users/7/orders=a /users/zhang/orders=b", ["/users/{user_id}/orders"] * 2),
        ("/users/7/orders=a /users/zhang/stock=a",
         ["/users/{user_id}/orders", "/users/zhang/stock"]),
        ("/users/7/orders/1=a /users/zhang/orders/2=b", ["/users/{user_id}/orders/{order_id}"] * 2),
        ("/x/7/v/1=a /x/zhang/v/v1=b", ["/x/{x_id}/v/{v_id}", "/x/zhang/v/v1"]),
        ("/x/77/api/1=a /x/zhang/api/1=b", ["/x/{x_id}/api/1"] * 2),
        ("/users/7/a/b=x /users/zhang/a/b=y /users/li=z",
         ["/users/{user_id}/a/b", "/users/{user_id}/a/b", "/users/li"]),
        ("/users/7=a /users/zhang=b", ["/users/{user_id}", "/users/zhang"]),
        ("/users/7= /users/zhang=", ["/users/{user_id}", "/users/zhang"]),
    ],
)  # fmt: skip
def test_a_sibling_that_goes_on_as_a_value_does_is_one(observed: str, templates: list[str]) -> None:
    pairs = [one.partition("=") for one in observed.split()]
    found = find_templates(ObservedPath("GET", path, shape) for path, _, shape in pairs)

    assert [*found.values()] == templates


def test_a_method_tells_what_goes_on_in_another_way() -> None:
    found = find_templates(
        [ObservedPath("GET", "/users/7/a", "x"), ObservedPath("PUT", "/users/zhang/a", "y")]
    )

    assert [*found.values()] == ["/users/{user_id}/a", "/users/zhang/a"]


def test_a_call_that_does_not_replay_is_left_out_and_leaves_no_file(tmp_path: Path) -> None:
    draft = drafted(
        tmp_path / "项目",
        entry("GET", f"{HUAYUAN}/api/ping", good({})),
        entry("POST", f"{HUAYUAN}/api/order/a", good({}), body="{"),
        entry("GET", f"{HUAYUAN}/api/stock?sku=1", good({})),
        entry("POST", f"{HUAYUAN}/api/order/b?x=1", good({}), body='""'),
    )

    assert draft.calls == 2
    assert [str(note).partition(": ")[0] for note in draft.notes] == [
        f"POST https://crm.example.test/api/order/{name}" for name in "ab"
    ]
    assert sorted(name for name in draft.files if "crm" in name or "trial" in name) == [
        "cassettes/crm.yaml", "scenarios/crm.scenario.yaml", "scenarios/platforms/crm.yaml",
        "scenarios/scripts/crm.js",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("paths", "calls"),
    [
        (["/v1/orders", "/v1/stock", "/health", "/a", "/b"], ["orders", "stock"]),
        (["/orders", "/stock", "/v1/health", "/v1/a", "/v1/b"], ["orders", "stock"]),
        (["/v1/orders", "/stock"], ["orders"]),
    ],
)
def test_the_address_that_fits_more_declared_calls_is_that_of_the_document(
    tmp_path: Path, paths: list[str], calls: list[str]
) -> None:
    project = tmp_path / "项目"
    drafted(
        project,
        *(entry("GET", f"{HUAYUAN}{path}", good({})) for path in paths),
        documents=(document(tmp_path),),
    )

    scenario = (project / "scenarios/shop.scenario.yaml").read_text("utf-8")
    assert [
        name for name in ("orders", "stock", "users") if f"call: shop.{name}," in scenario
    ] == calls


def test_what_the_platform_declares_already_is_not_added_again(tmp_path: Path) -> None:
    project = tmp_path / "项目"
    first = [
        entry("GET", f"{HUAYUAN}/api/{name}", good({name: 1}), headers=BEARER) for name in "abc"
    ]
    drafted(project, *first)
    more = [
        entry("GET", f"{HUAYUAN}/api/{path}", good({path[0]: 1}), headers=BEARER)
        for path in ("c", "d/7", "a", "d/8", "e")
    ]
    drafted(project, *more, name="b.har", environ={"CRM_URL": HUAYUAN})

    platform = load_platforms(project / "scenarios/platforms").platform("crm")
    assert {name: api.path for name, api in platform.apis.items()} == {
        "get_a": "/api/a", "get_b": "/api/b", "get_c": "/api/c", "get_d": "/api/d/{d_id}",
        "get_e": "/api/e",
    }  # fmt: skip
