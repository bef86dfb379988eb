from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.messages import FORM, Request
from bpmax_sim.platform.load import load_platforms, read_platform
from bpmax_sim.platform.model import Api, ErrorClass, Parameter, ResponseRules
from bpmax_sim.simulator.auth import RENEWALS
from bpmax_sim.simulator.engine import convert_to_declared_type, sample_schema
from bpmax_sim.simulator.simulator import make_bad_token_response
from bpmax_sim.simulator.state import parse_request
from bpmax_sim.strategies.values import check_value
from tests.simulator.bench import Bench, bench

ERP = """\
platform_key: erp
title: 进销存
base_url: https://erp.example.test/api
response:
  ok: {status: [200], all: [{path: $.code, in: ["0"]}]}
  code: [$.code]
  message: [$.msg]
  data: [$.data]
  classes: {token: {code: [E401]}, rate: {code: [E429], status: [429]}}
auth:
  preset: login_token
  token_path: $.data.token
  ttl_path: $.data.expire
apis:
  get_stock:
    path: /stock/{sku}
    parameters:
      - {name: sku, in: path, required: true}
      - {name: warehouse, in: query, type: integer, enum: [1, 2], required: true}
      - {name: at, in: query, format: date}
  get_all_stock: {path: /stock/all, auth: none}
  create_order:
    method: POST
    path: /orders
    parameters:
      - {name: customer, in: body, to: order.customer, required: true}
      - {name: amount, in: body, to: order.amount, type: number, required: true}
      - {name: urgent, in: body, to: order.urgent, type: boolean}
      - {name: lines, in: body, to: order.lines, type: array}
      - {name: trace, in: header, to: X-Trace}
    idempotency: {in: header, name: X-Key}
"""
LOGIN = {"username": "zhangsan", "password": "p-1"}
STOCK = "GET /stock/A1?warehouse=2"
ORDER = {"order": {"customer": "{{ now }}", "amount": 3}}


def made(tmp_path: Path, text: str, credentials: dict[str, Any]) -> Bench:
    path = tmp_path / "platform.yaml"
    path.write_text(text, encoding="utf-8")
    return bench(read_platform(path), credentials)


@pytest.fixture(name="erp")
def simulated(tmp_path: Path) -> Bench:
    erp = made(tmp_path, ERP, LOGIN)
    token = erp.ask("POST /login", LOGIN)["data"]["token"]
    erp.headers = {"Authorization": f"Bearer {token}"}
    return erp


def test_a_platform_file_alone_logs_in_and_says_inputs_back_with_their_types(erp: Bench) -> None:
    assert erp.ask("POST /login", LOGIN)["data"]["expire"] == 3600
    assert erp.ask(STOCK) == {
        "code": "0",
        "msg": "ok",
        "data": {"sku": "A1", "warehouse": 2, "at": "2026-01-01"},
    }
    assert erp.ask("GET /stock/%E9%94%AE%E7%9B%98?warehouse=1")["data"]["sku"] == "键盘"


def test_what_a_client_sends_is_never_taken_for_a_template(erp: Bench) -> None:
    data = erp.ask("POST /orders", ORDER)["data"]

    assert data == {
        "customer": "{{ now }}",
        "amount": 3,
        "urgent": True,
        "lines": [],
        "trace": "trace",
    }


@pytest.mark.parametrize(
    ("line", "body", "message"),
    [
        ("GET /stock/A1", None, "query.warehouse is missing"),
        ("GET /stock/A1?warehouse=x", None, "query.warehouse is not of type integer"),
        ("GET /stock/A1?warehouse=3", None, "query.warehouse is none of 1, 2"),
        ("POST /orders", {"order": {"customer": "x"}}, "body.order.amount is missing"),
        (
            "POST /orders",
            {"order": {"customer": "x", "amount": True}},
            "body.order.amount is not of type number",
        ),
    ],
    ids=["missing", "type", "choice", "body", "boolean"],
)
def test_a_wrong_input_is_refused(erp: Bench, line: str, body: Any, message: str) -> None:
    response = erp.send(line, body)

    assert response.status == 400
    assert json.loads(response.body) == {"code": 400, "msg": message}


def test_refusals_come_as_the_platform_file_declares_them(erp: Bench) -> None:
    refused = erp.send("POST /login", LOGIN | {"password": "no"})
    missing = erp.send(STOCK, headers={"Authorization": ""})
    wrong = erp.send(STOCK, headers={"Authorization": "Bearer no"})
    erp.simulator.limit(1, 60)
    erp.send(STOCK)
    busy = erp.send(STOCK)
    unknown = erp.send("GET /nothing")

    assert (refused.status, json.loads(refused.body)["msg"]) == (401, "the credentials are wrong")
    for response in (missing, wrong):
        assert (response.status, json.loads(response.body)["code"]) == (200, "E401")
    assert (busy.status, json.loads(busy.body)["code"]) == (429, "E429")
    assert (unknown.status, json.loads(unknown.body)) == (
        404,
        {"code": 404, "msg": "there is no such interface"},
    )


def test_a_token_ends_and_the_plainest_path_and_auth_win(erp: Bench) -> None:
    assert erp.ask("GET /stock/all", headers={"Authorization": ""})["code"] == "0"
    erp.clock.advance(3600)
    assert erp.ask(STOCK)["code"] == "E401"


def test_one_idempotency_key_gets_one_answer(erp: Bench) -> None:
    key = {"X-Key": "k-1"}
    first = erp.ask("POST /orders", ORDER, headers=key)
    other = {"order": {"customer": "李四", "amount": 9}}

    assert erp.ask("POST /orders", other, headers=key) == first
    assert erp.ask("POST /orders", other, headers={"X-Key": "k-2"})["data"]["customer"] == "李四"


def test_basic_and_keys_are_compared(tmp_path: Path) -> None:
    crm = made(
        tmp_path,
        "platform_key: a\nbase_url: https://a.example.test\nauth: basic\n"
        "apis:\n  get: {path: /x}\n",
        {"username": "用户", "password": "密码"},
    )
    right = b64encode("用户:密码".encode()).decode()

    assert crm.send("GET /x").status == 401
    assert crm.send("GET /x", headers={"Authorization": "Basic eDp5"}).status == 401
    assert crm.send("GET /x", headers={"Authorization": f"Basic {right}"}).status == 200


def test_a_credential_is_looked_for_under_the_name_that_a_parameter_gives_it(
    tmp_path: Path,
) -> None:
    crm = made(
        tmp_path,
        "platform_key: a\nbase_url: https://a.example.test\ncredentials: {key: {secret: true}}\n"
        "auth:\n  parameters: {header: X-Key}\n"
        "  apply: [{in: header, name: '{{ header }}', value: '{{ key }}'}]\n"
        "apis:\n  get: {path: /x}\n",
        {"key": "k-123456"},
    )

    assert crm.send("GET /x").status == 401
    assert crm.send("GET /x", headers={"X-Key": "k-654321"}).status == 401
    assert crm.send("GET /x", headers={"X-Key": "k-123456"}).status == 200


def test_sap_hands_out_a_token_with_its_cookie(tmp_path: Path) -> None:
    sap = made(
        tmp_path,
        "platform_key: sap\nbase_url: https://sap.example.test\n"
        "auth: {preset: csrf_session, fetch_path: /odata}\n"
        "apis:\n  read: {path: /orders}\n  write: {method: POST, path: /orders}\n",
        {"username": "u", "password": "p"},
    )
    basic = {"Authorization": f"Basic {b64encode(b'u:p').decode()}"}
    fetched = sap.send("GET /odata", headers=basic | {"X-CSRF-Token": "Fetch"})
    pair = {
        "X-CSRF-Token": fetched.header("x-csrf-token") or "",
        "Cookie": (fetched.header("set-cookie") or "").partition(";")[0],
    }

    assert sap.send("GET /orders", headers=basic).status == 200
    refused = sap.send("POST /orders", headers=basic)
    assert (refused.status, refused.header("x-csrf-token")) == (401, "Required")
    assert sap.send("POST /orders", headers=basic | pair).status == 200
    assert sap.send("POST /orders", headers=basic | pair | {"Cookie": "session=x"}).status == 401


def test_a_login_of_two_steps_yields_the_address_of_the_calls(tmp_path: Path) -> None:
    text = """\
platform_key: yon
base_url: "{{ gateway }}"
credentials: {tenant: {}, secret: {secret: true}}
auth:
  acquire:
    steps:
      - request:
          method: GET
          url: https://login.example.test/gateway
          query: {tenant: "{{ tenant }}"}
        extract: {gateway: {path: $.data.url}}
      - request: {method: POST, url: "{{ gateway }}/token", form: {secret: "{{ secret }}"}}
        extract:
          token: {path: $.token, secret: true}
          ttl: {path: $.until}
    ttl: {unit: absolute_ms}
  apply: [{in: query, name: access_token, value: "{{ token }}"}]
apis:
  get: {path: /x}
"""
    yon = made(tmp_path, text, {"tenant": "t1", "secret": "s-1"})
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    gateway = yon.ask("GET /gateway?tenant=t1")["data"]["url"]
    login = yon.ask("POST /token", raw=b"secret=s-1", headers=form)

    assert gateway == "https://yon.example.test"
    assert login["until"] == (1772413200 + 3600) * 1000
    assert yon.send("POST /token", raw=b"secret=no", headers=form).status == 401
    assert yon.send(f"GET /x?access_token={login['token']}").status == 200
    assert yon.send("GET /x?access_token=no").status == 401


def rotating(tmp_path: Path) -> tuple[Bench, Callable[[str], Any]]:
    """Return a simulator whose login replaces its refresh token, and that login."""
    crm = made(
        tmp_path,
        "platform_key: r\nbase_url: https://r.example.test\n"
        "auth: {preset: oauth2_refresh_token, client_auth: body}\napis:\n  get: {path: /x}\n",
        {"client_id": "c", "client_secret": "s-1", "refresh_token": "rt-0"},
    )
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    def login(token: str) -> Any:
        raw = f"grant_type=refresh_token&refresh_token={token}&client_id=c&client_secret=s-1"
        return crm.ask("POST /oauth/token", raw=raw.encode(), headers=form)

    return crm, login


def test_a_rotating_refresh_token_works_once(tmp_path: Path) -> None:
    crm, login = rotating(tmp_path)

    first = login("rt-0")
    assert login("rt-0") == {"code": 401, "message": "the credentials are wrong"}
    second = login(first["refresh_token"])
    bearer = {"Authorization": f"Bearer {second['access_token']}"}
    assert crm.send("GET /x", headers=bearer).status == 200
    assert login(first["refresh_token"])["code"] == 401


@pytest.mark.parametrize("renewal", RENEWALS)
def test_a_refresh_token_that_a_login_returns_works_at_the_next_one(
    tmp_path: Path, renewal: Literal["same", "new", "extend"]
) -> None:
    crm, login = rotating(tmp_path)
    crm.simulator.renewal(renewal)
    first = login("rt-0")
    second = login(first["refresh_token"])
    third = login(second["refresh_token"])

    assert len({one["access_token"] for one in (first, second, third)}) == (
        3 if renewal == "new" else 1
    )
    assert login("rt-0")["code"] == 401  # it was replaced

    crm.simulator.expire()
    fourth = login(third["refresh_token"])
    assert fourth["access_token"] != third["access_token"]
    crm.simulator.revoke()
    assert login(fourth["refresh_token"])["code"] == 401


def test_an_array_of_a_query_or_a_form_is_all_its_values(tmp_path: Path) -> None:
    shop = made(
        tmp_path,
        """\
platform_key: shop
base_url: https://shop.example.test
apis:
  find:
    path: /find
    parameters: [{name: 标签, in: query, to: tags, type: array, required: true}]
  mark:
    method: POST
    path: /mark
    encoding: form
    parameters: [{name: 单号, in: body, to: no, type: array}]
""",
        {},
    )

    assert shop.ask("GET /find?tags=a&tags=%E5%AE%A2")["标签"] == ["a", "客"]
    assert shop.ask("GET /find?tags=a")["标签"] == ["a"]
    assert shop.ask("GET /find?tag=a")["message"] == "query.tags is missing"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert shop.ask("POST /mark", raw=b"no=1&no=2", headers=form) == {"单号": ["1", "2"]}


def test_a_text_is_taken_as_it_was_sent(tmp_path: Path) -> None:
    shop = made(
        tmp_path,
        """\
platform_key: shop
base_url: https://shop.example.test
apis:
  note:
    method: PUT
    path: /note
    encoding: text
    parameters: [{name: 备注, in: body, to: $, type: string, required: true}]
""",
        {},
    )

    assert shop.ask("PUT /note", raw=b"null")["备注"] == "null"
    assert shop.ask("PUT /note") == {"code": 400, "message": "body.$ is missing"}


MATRIX = """\
platform_key: matrix
base_url: https://matrix.example.test
response:
  code: [$.errcode]
  message: [$.error]
  classes: {token: {code: [M_UNKNOWN_TOKEN]}, rate: {code: [M_LIMIT_EXCEEDED]}}
auth: {preset: bearer, token: "{{ token }}"}
credentials: {token: {secret: true}}
apis: {whoami: {path: /account/whoami}, join: {method: POST, path: "/join/{room}"}}
"""


def test_a_good_response_has_no_code_of_errors(tmp_path: Path) -> None:
    matrix = made(tmp_path, MATRIX, {"token": "mine-2026"})
    matrix.headers = {"Authorization": "Bearer mine-2026"}

    joined = matrix.send("POST /join/%21%E6%88%BF%E9%97%B4%3Aexample.test", {})

    assert (joined.status, json.loads(joined.body)) == (200, {"room": "!房间:example.test"})


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        ("", 401),  # nothing but the status says what a success is
        ("ok: {all: [{path: $.ok, in: [true]}]}", 200),  # what a success is, the body says
    ],
)
def test_a_class_that_is_declared_by_its_code_has_the_status_of_its_kind(
    tmp_path: Path, rules: str, status: int
) -> None:
    text = MATRIX.replace("response:\n", f"response:\n  {rules}\n")
    matrix = made(tmp_path, text, {"token": "mine-2026"})
    matrix.headers = {"Authorization": "Bearer another"}

    refused = matrix.send("GET /account/whoami")
    platform = matrix.simulator.platform
    injected = [
        make_bad_token_response(platform, platform.apis["whoami"], state) for state in STATES
    ]

    for answer in (refused, *injected):
        assert answer.status == status
        assert json.loads(answer.body)["errcode"] == "M_UNKNOWN_TOKEN"


STATES: tuple[Literal["expired", "revoked"], ...] = ("expired", "revoked")


@pytest.mark.parametrize(
    ("key", "codes"),
    [
        ("qywx", (42001, 40014)), ("feishu", (99991663, 99991663)),
        ("dingtalk", ("InvalidAuthentication",) * 2),
    ],
)  # fmt: skip
def test_an_injected_refusal_of_a_token_has_the_code_of_a_simulated_one(
    key: str, codes: tuple[object, object]
) -> None:
    platform = load_platforms(None).platform(key)
    api = next(iter(platform.apis.values()))
    found = [json.loads(make_bad_token_response(platform, api, state).body) for state in STATES]

    assert tuple(one.get("errcode", one.get("code")) for one in found) == codes
    told = [one.get("errmsg", one.get("msg", one.get("message"))) for one in found]
    assert told == ["the token has expired (fault)", "the token was revoked (fault)"]


def test_a_refusal_of_a_token_has_a_code_that_its_own_api_declares() -> None:
    """As an API may have other response rules than its platform."""
    platform = load_platforms(None).platform("qywx")
    rules = ResponseRules(code=("$.状态",), message=("$.说明",), classes={
        "token": ErrorClass(code=("T1", "42001")), "rate": ErrorClass(code=("R1",)),
    })  # fmt: skip
    bare = replace(rules, classes={"token": ErrorClass(status=(403,))})
    answers = [
        make_bad_token_response(platform, Api(response=own), state)
        for own in (rules, bare) for state in STATES
    ]  # fmt: skip

    assert [(one.status, json.loads(one.body).get("状态")) for one in answers] == [
        (401, "42001"), (401, "T1"), (403, None), (403, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "integer", "number"),
    [
        ("0", 0, 0.0), ("-1", -1, -1.0), ("+1", 1, 1.0), ("007", 7, 7.0),
        ("9007199254740993", 9007199254740993, 9007199254740992.0),
        ("1" * 25, int("1" * 25), 1.1111111111111111e24),
        ("1.5", UNSET, 1.5), (".5", UNSET, 0.5), ("1.", UNSET, 1.0), ("1e3", UNSET, 1000.0),
        ("1e309", UNSET, UNSET), ("9" * 400, UNSET, UNSET), ("1_000", UNSET, UNSET),
        (" 1", UNSET, UNSET), ("1 ", UNSET, UNSET), ("٣", UNSET, UNSET), ("", UNSET, UNSET),
        ("-", UNSET, UNSET), (".", UNSET, UNSET), ("nan", UNSET, UNSET), ("0x1", UNSET, UNSET),
        ("Infinity", UNSET, UNSET), ("true", UNSET, UNSET),
    ],
)  # fmt: skip
def test_a_text_is_a_number_where_json_or_a_form_would_write_it_so(
    text: str, integer: Any, number: Any
) -> None:
    def read(kind: Any) -> Any:
        return convert_to_declared_type(text, Parameter(name="a", place="query", type=kind))

    assert read("integer") == integer
    assert read("number") == number
    assert read("string") == text


@pytest.mark.parametrize("kind", ["integer", "number"])
@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"minimum": 0},
        {"minimum": 5},
        {"minimum": -5},
        {"minimum": 1.5},
        {"maximum": 0},
        {"maximum": 1},
        {"maximum": -3},
        {"minimum": 7, "maximum": 7},
        {"minimum": -9, "maximum": -7},
        {"exclusiveMinimum": 1},
        {"exclusiveMinimum": 5, "minimum": 3},
        {"exclusiveMaximum": 1},
        {"exclusiveMaximum": -1, "minimum": -3},
        {"exclusiveMinimum": True, "minimum": 1},
        {"exclusiveMaximum": True, "maximum": 1},
        {"exclusiveMinimum": False, "minimum": 2, "exclusiveMaximum": False, "maximum": 2},
    ],
)
def test_a_sample_of_a_number_keeps_its_limits(kind: str, limits: dict[str, Any]) -> None:
    schema = {"type": kind, **limits}

    assert check_value(schema, sample_schema(schema)) == ""


@pytest.mark.parametrize(
    ("limits", "integer", "number"),
    [
        ({"maximum": 0.5}, 0, 0.5), ({"maximum": -2.5}, -3, -2.5), ({"maximum": 1.5}, 1, 1.5),
        ({"minimum": 1.5}, 2, 1.5), ({"minimum": 0.5}, 1, 1.5), ({"minimum": -0.5}, 1, 1.5),
        ({"exclusiveMinimum": 1.5}, 2, 2.5), ({"exclusiveMinimum": 1}, 2, 2),
        ({"exclusiveMinimum": 1.2, "minimum": 1.5}, 2, 2.2), ({"exclusiveMinimum": 0}, 1, 1.5),
        ({"exclusiveMaximum": 0.5}, 0, -0.5), ({"exclusiveMaximum": 1}, 0, 0),
        ({"exclusiveMaximum": 7, "maximum": 0.5}, 0, 0.5),
        ({"exclusiveMinimum": True, "minimum": 1.25}, 2, 2.25),
        ({"exclusiveMinimum": True, "minimum": 2}, 3, 3),
        ({"exclusiveMaximum": True, "maximum": 0.5}, 0, -0.5),
        ({"exclusiveMaximum": True, "maximum": 1}, 0, 0),
        ({"exclusiveMinimum": True, "exclusiveMaximum": True}, 1, 1.5),
        ({"exclusiveMinimum": 0, "exclusiveMaximum": 2}, 1, 1),
        ({"multipleOf": 2.5}, 5, 2.5), ({"multipleOf": 0.25}, 1, 1.5), ({"multipleOf": 3}, 3, 3),
        ({"multipleOf": 2.5, "maximum": -1}, -5, -2.5), ({"multipleOf": 2, "maximum": 1}, 0, 0),
        ({"multipleOf": 0.4, "exclusiveMinimum": 2}, 4, 3.2),
        ({"multipleOf": 2, "exclusiveMaximum": 2}, 0, 0),
        ({"multipleOf": 2, "maximum": 2, "exclusiveMinimum": 0}, 2, 2),
    ],
)  # fmt: skip
def test_a_sample_is_the_nearest_number_that_is_allowed(
    limits: dict[str, Any], integer: int, number: float
) -> None:
    found = sample_schema({"type": "integer", **limits})

    assert (found, type(found)) == (integer, int)
    assert sample_schema({"type": "number", **limits}) == number


@pytest.mark.parametrize(
    ("limits", "number"),
    [
        ({"exclusiveMinimum": 0, "maximum": 0.5}, 0.25),
        ({"exclusiveMinimum": True, "minimum": 0, "maximum": 0.5}, 0.25),
        ({"minimum": 3, "exclusiveMaximum": 3.5}, 3.25),
        ({"minimum": 3, "exclusiveMaximum": True, "maximum": 3.5}, 3.25),
        ({"exclusiveMinimum": 0, "maximum": 0.5, "multipleOf": 0.1}, 0.3),
        ({"exclusiveMinimum": 0, "exclusiveMaximum": 0.4, "multipleOf": 0.3}, 0.3),
        ({"exclusiveMinimum": 0, "exclusiveMaximum": 0.4, "multipleOf": 0.4}, 0.2),  # none is
    ],
)
def test_a_sample_of_a_share_stands_between_its_limits(
    limits: dict[str, Any], number: float
) -> None:
    assert sample_schema({"type": "number", **limits}) == number


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1, 0), (3, 4)])
def test_a_sample_stands_between_two_limits_that_are_close(low: int, high: int) -> None:
    schema = {"type": "number", "exclusiveMinimum": low, "exclusiveMaximum": high}

    assert low < sample_schema(schema) < high


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}), ("a=1", {"a": "1"}), ("a=1&a=2&a=3", {"a": "1"}), ("a=&a=2", {"a": ""}),
        ("=1&b", {"b": ""}), ("a=1&A=2", {"a": "1", "A": "2"}), ("a=%26+%2B", {"a": "& +"}),
    ],
)  # fmt: skip
def test_of_a_name_that_comes_several_times_a_simulator_takes_the_first(
    text: str, values: dict[str, str]
) -> None:
    form = (("Content-Type", FORM),)
    sent = Request(method="POST", url=f"https://a.test/x?{text}#a=9", headers=form)
    parsed = parse_request(replace(sent, body=text.encode()), "https://a.test")

    assert (parsed.path, parsed.query, parsed.form) == ("/x", values, values)
