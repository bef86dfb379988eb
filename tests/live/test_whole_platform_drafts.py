# ruff: noqa: E501 - exchanges, one a line
"""Drafts of platforms whose traffic has two of everything: hosts, logins, spellings, outcomes."""

from __future__ import annotations

from typing import Any

from bpmax_sim.messages import Exchange, Pairs
from bpmax_sim.starter.platform_draft import draft_platform, make_platform_key
from bpmax_sim.yamlfile import read_yaml
from tests.live.test_whole_auth_guesses import CRM, FORM, JSON, TICKET, TOKEN, seen

SSO, PAY = "https://sso.huayuan.test", "https://sso.pay.test:8443"


WHOLE = """\
# Drafted by bpmax-sim init --from; a comment stands at each guess.
# Guess: key and title, of the host's name; names of APIs, of method and path.
# The address is made up; CRM_2_URL has the true one while you record.
platform_key: crm_2
title: crm_2
base_url: https://crm-2.example.test
hosts:
  sso: https://sso.crm-2.example.test
  sso_2: https://sso-2.crm-2.example.test
credentials:
  access_token: {secret: true}
  user: {}
# Guess: errno is the business code, and 0 a success.
# Seen too, and taken for failures: E1
response:
  ok: {status: [200], all: [{path: "$.errno", in: ["0"]}]}
  code: ["$.errno"]
  message: ["$.msg"]
  data: ["$.result"]
  classes: {token: {status: [401]}}
# Guess: cookie cart carries what the response of POST /ticket issued.
# Guess: header Authorization carries what the response of POST /token issued.
# Guess: the login has several steps: POST /token sends what POST /ticket issued.
# Guess: query Access_Token is the same in all requests.
auth:
  acquire:
    share: [user]
    steps:
      - request: {method: POST, path: /ticket, body: {user: "{{ user }}"}, host: sso}
        extract:
          token: {path: "cookie:cart", secret: true}
          step_1: {path: "$.ticket", secret: true}
      - request: {method: POST, path: /token, form: {ticket: "{{ step_1 }}"}, host: sso_2}
        extract: {token_2: {path: "$.token", secret: true}}
  apply:
    - {in: cookie, name: cart, value: "{{ token }}"}
    - {in: header, name: Authorization, value: "Bearer {{ token_2 }}"}
    - {in: query, name: Access_Token, value: "{{ access_token }}"}
  recover:
    token:
      refresh: 1
apis:
  # Guess: cart, x-Tenant required, as all 3 requests had it.
  get_stock_2:
    path: /rest/V1/services/stock
    parameters:
      - {name: cart, in: query, required: true}
      - {name: x-Tenant, in: header, required: true}
  # Guess: x-Tenant required, as all 3 requests had it.
  create_sales_order:
    method: POST
    path: /sales/orders
    parameters:
      - {name: x-Tenant, in: header, required: true}
      - {name: 金额, in: body}
      - {name: 行, in: body, type: array}
      - {name: 加急, in: body, type: boolean}
      - {name: 客户, in: body, type: object}
      - {name: 注, in: body}
    headers: {Content-Type: "application/vnd.api+json"}
  # Guess: id of the path was seen with one value.
  # Guess: x-Tenant required, as the one request had it.
  root:
    method: POST
    path: /{id}
    parameters:
      - {name: id, in: path, required: true}
      - {name: x-Tenant, in: header, required: true}
      - {name: body, in: body, to: "$"}
    encoding: xml
    headers: {Content-Type: "application/soap+xml"}
  # Guess: note_id of the path was seen with one value.
  # Guess: x-Tenant required, as the one request had it.
  update_note:
    method: PUT
    path: /notes/{note_id}
    parameters:
      - {name: note_id, in: path, required: true}
      - {name: x-Tenant, in: header, required: true}
      - {name: body, in: body, to: "$"}
    encoding: text
    headers: {Content-Type: "text/plain; charset=utf-8"}
  # Guess: note_id of the path was seen with one value.
  # Guess: x-Tenant required, as the one request had it.
  update_note_2:
    method: PATCH
    path: /notes/{note_id}
    host: sso_2
    parameters:
      - {name: note_id, in: path, required: true}
      - {name: x-Tenant, in: header, required: true}
      - {name: body, in: body, to: "$"}
  # Guess: note_id of the path was seen with one value.
  # Guess: a, x-Tenant required, as the one request had it.
  delete_note:
    method: DELETE
    path: /notes/{note_id}
    host: sso_2
    parameters:
      - {name: note_id, in: path, required: true}
      - {name: a, in: query, required: true}
      - {name: x-Tenant, in: header, required: true}
      - {name: body, in: body, to: "$"}
"""


def draft(*exchanges: Exchange, origins: tuple[str, ...] = (CRM, SSO, PAY)) -> tuple[str, object]:
    """Return the platform file of *exchanges*, and the addresses that it needs."""
    ordered = [
        Exchange(request=one.request, outcome=one.outcome, order=number)
        for number, one in enumerate(exchanges, 1)
    ]
    drafted = draft_platform("crm_2", ordered, origins, ("getStock",))
    return drafted.text, (drafted.instance, drafted.addresses)


def test_two_logins_on_two_hosts_and_what_stands_beside_them() -> None:
    bearer: Pairs = (("Authorization", f"Bearer {TOKEN}"), ("Cookie", "cart=c1"), ("x-Tenant", "1"))
    text, places = draft(
        seen(f"POST {SSO}/ticket", {"ticket": TICKET}, headers=JSON, body='{"user": "zs"}', given=(("Set-Cookie", "cart=c1"),)),
        seen(f"POST {PAY}/token", {"token": TOKEN}, headers=FORM, body=f"ticket={TICKET}"),
        seen("GET /rest/V1/services/stock?cart=2&Access_Token=q-1", {"errno": "0", "code": 7, "rows": []}, headers=bearer),
        seen("GET /rest/V1/services/stock?cart=3&Access_Token=q-1", {"errno": "0", "Message": "", "result": 1}, headers=(*bearer, ("X-TENANT", "2"))),
        seen("GET /rest/V1/services/stock?cart=4&Access_Token=q-1", {"errno": "E9"}, headers=bearer, status=401),
        seen("POST /sales/orders", {"errno": "0"}, headers=(*bearer, ("Content-Type", "application/vnd.api+json")), body='{"金额": 1.5, "行": [], "加急": true, "客户": {}, "注": null}'),
        seen("POST /sales/orders", {"errno": "E1", "msg": "x"}, headers=(*bearer, *JSON), body='{"金额": 2, "行": [1], "加急": false, "客户": {"a": 1}}'),
        seen("POST /sales/orders", {"errno": "0"}, headers=bearer),
        seen("POST /__2", {"errno": "0"}, headers=(*bearer, ("content-type", "application/soap+xml")), body="<a/>"),
        seen("PUT /notes/7", {"errno": "0"}, headers=(*bearer, ("content-type", "text/plain; charset=utf-8")), body="急"),
        seen(f"PATCH {PAY}/notes/8", {"errno": "0"}, headers=(*bearer, *JSON), body='{"1a": 1}'),
        seen(f"DELETE {PAY}/notes/8?a=1&a=2", {"errno": "0"}, headers=(*bearer, *JSON), body="[1]"),
    )  # fmt: skip
    assert text == WHOLE
    instance = {
        "platform": "crm_2", "instance_key": "default", "default": True,
        "base_url": {"env": "CRM_2_URL"},
        "hosts": {"sso": {"env": "CRM_2_SSO_URL"}, "sso_2": {"env": "CRM_2_SSO_2_URL"}},
        "credentials": {"access_token": {"env": "CRM_2_ACCESS_TOKEN"}, "user": {"env": "CRM_2_USER"}},
    }  # fmt: skip
    assert places == (
        instance, {"CRM_2_URL": CRM, "CRM_2_SSO_URL": SSO, "CRM_2_SSO_2_URL": PAY},
    )  # fmt: skip


def test_the_key_of_a_platform_is_the_first_label_that_says_something() -> None:
    keys = {
        "https://api.crm.example.com": "crm", "https://WWW.Open-API.huayuan.com.cn": "open_api",
        "https://10.0.0.7:8080": "api_8080", "https://10.0.0.7": "api", "https://[fe80::a]:81": "api_81",
        "https://[fe80::a]": "api", "https://.crm.test": "crm", "https://9erp.cn": "api", "https://9erp.cn:1": "api_1",
        "https://api.test.cn": "api", "https://客户.cn": "api", "https://uat.v2.erp.io": "v2", "": "api",
    }  # fmt: skip
    assert {origin: make_platform_key(origin) for origin in keys} == keys


CODES = "code errcode errCode error_code errorCode errno ret retcode retCode resultCode result_code Code status success"
MESSAGES = "message msg errmsg errMsg error_msg errorMsg Message error_description"


def test_the_first_name_that_says_it_is_taken_for_the_code_the_message_and_the_data() -> None:
    def guess(*answers: object) -> dict[str, list[str]]:
        text, _ = draft(*(seen("GET /a", one) for one in answers), origins=(CRM,))
        whole: Any = read_yaml(text).to_plain()
        found = whole.get("response", {})
        return {name: found.get(name) for name in ("code", "message", "data")}

    codes, messages, data = CODES.split(), MESSAGES.split(), ["data", "result", "Data"]
    for names, kind in ((codes, "code"), (messages, "message"), (data, "data")):
        for number, name in enumerate(names):
            whole = {"code": 0} | dict.fromkeys(reversed(names[number:]), 0)
            if kind == "code" and number:
                del whole["code"]
            assert guess(whole)[kind] == [f"$.{name}"]
    goods = [0, "0", 200, "200", "00000", "000000", "0000", "SUCCESS", "ok", True, "TRUE", 1, "1"]
    assert [one for one in goods if guess({"code": one})["code"] is None] == []
    assert [one for one in goods if guess({"status": one})["code"] is None] == [1, "1"]
    assert [guess({"code": one})["code"] for one in (False, 2, None, [0], "00", 1.0, "")] == [
        None
    ] * 7
    assert guess({"code": 0}, {}, {})["code"] is None
    assert guess({"code": 0}, {})["code"] == ["$.code"]
    assert guess({"code": 0}, {"msg": ""}, {"code": 5, "data": 1}) == {
        "code": ["$.code"], "message": ["$.msg"], "data": ["$.data"],
    }  # fmt: skip


def test_what_is_in_front_of_every_path_is_no_part_of_a_name() -> None:
    paths = {
        "/api/v1/rest/stock": "get_stock", "/V2.1/Open/stock": "get_stock", "/openapi/stock": "get_stock",
        "/public/stock": "get_stock", "/service/stock": "get_stock", "/services/stock": "get_stock",
        "/apis/stock": "get_apis_stock", "/stock/api": "get_stock_api", "/v1.2.3/stock": "get_stock",
    }  # fmt: skip
    found = {}
    for path in paths:
        whole: Any = read_yaml(draft_platform("crm", [seen(f"GET {path}")], [CRM]).text).to_plain()
        (found[path],) = whole["apis"]
    assert found == paths
