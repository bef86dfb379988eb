from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

import pytest

from bpmax_sim.messages import Response
from bpmax_sim.platform.load import read_platform
from bpmax_sim.simulator.auth import RENEWALS
from bpmax_sim.simulator.simulator import read_table
from bpmax_sim.starter import demo
from tests.simulator.bench import Bench, bench

PLATFORM = Path(demo.__file__).parent / "demo_files/scenarios/platforms/crm_system.yaml"
CLIENT = {"client_id": "bp 1", "client_secret": "s:cret", "refresh_token": "rt-0"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
IN_FORM = {"client_id": "bp 1", "client_secret": "s:cret"}
CUSTOMER = "GET /api/customers/12345"


@pytest.fixture(name="crm")
def simulated() -> Bench:
    return bench(read_platform(PLATFORM), CLIENT)


def login(made: Bench, fields: dict[str, str], headers: dict[str, str] | None = None) -> Response:
    raw = urlencode(fields).encode()
    return made.send("POST /oauth/token", raw=raw, headers=FORM | (headers or {}))


def told(response: Response) -> Any:
    return response.status, json.loads(response.body)


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


def test_a_client_logs_in_with_form_or_header(crm: Bench) -> None:
    ask = {"grant_type": "client_credentials"}
    in_form = login(crm, ask | IN_FORM)
    raw = login(crm, ask, basic("bp 1", "s:cret"))
    encoded = login(crm, ask | {"scope": "read"}, basic("bp+1", "s%3Acret"))

    assert [one.status for one in (in_form, raw, encoded)] == [200, 200, 200]
    body = json.loads(encoded.body)
    assert body.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 7200, "read")
    assert encoded.header("cache-control") == "no-store"


@pytest.mark.parametrize(
    ("fields", "headers", "status", "error"),
    [
        ({}, {}, 400, "invalid_request"),
        ({"grant_type": "password"} | IN_FORM, {}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, {}, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, basic("bp 1", "no"), 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, {"Authorization": "Basic x"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials"} | IN_FORM, basic("x", "y"), 400, "invalid_request"),
        ({"grant_type": "refresh_token"} | IN_FORM, {}, 400, "invalid_grant"),
    ],
    ids=["nothing", "grant", "no-client", "wrong-secret", "no-base64", "twice", "no-token"],
)
def test_a_refused_login_has_the_error_of_the_rfc(
    crm: Bench, fields: dict[str, str], headers: dict[str, str], status: int, error: str
) -> None:
    response = login(crm, fields, headers)

    assert told(response) == (status, {"error": error})
    is_basic = status == 401 and "Authorization" in headers
    assert response.header("www-authenticate") == ('Basic realm="crm"' if is_basic else None)


def test_a_refresh_token_works_once_and_is_replaced(crm: Bench) -> None:
    ask = {"grant_type": "refresh_token"} | IN_FORM
    first = json.loads(login(crm, ask | {"refresh_token": "rt-0"}).body)
    again = login(crm, ask | {"refresh_token": "rt-0"})
    second = json.loads(login(crm, ask | {"refresh_token": first["refresh_token"]}).body)

    assert told(again) == (400, {"error": "invalid_grant"})
    assert first["access_token"] != second["access_token"]
    for answer in (first, second):
        bearer = {"Authorization": f"Bearer {answer['access_token']}"}
        assert crm.ask(CUSTOMER, headers=bearer)["data"]["name"] == "张三"
    misused = {"Authorization": f"Bearer {second['refresh_token']}"}
    assert crm.send(CUSTOMER, headers=misused).status == 401


@pytest.mark.parametrize("renewal", RENEWALS)
def test_a_refresh_token_that_is_returned_again_is_not_spent(
    crm: Bench, renewal: Literal["same", "new", "extend"]
) -> None:
    crm.simulator.renewal(renewal)
    token = "rt-0"
    for _ in range(3):
        ask = {"grant_type": "refresh_token", "refresh_token": token} | IN_FORM
        response = login(crm, ask)
        assert response.status == 200, response.body
        token = json.loads(response.body)["refresh_token"]


def test_a_token_is_missing_wrong_or_over_as_rfc_6750_says(crm: Bench) -> None:
    answer = json.loads(login(crm, {"grant_type": "client_credentials"} | IN_FORM).body)
    bearer = {"Authorization": f"bearer {answer['access_token']}"}
    missing = crm.send(CUSTOMER)
    wrong = crm.send(CUSTOMER, headers={"Authorization": "Bearer no"})
    good = crm.send(CUSTOMER, headers=bearer)
    crm.clock.advance(7200)
    over = crm.send(CUSTOMER, headers=bearer)

    assert told(missing) == (401, {"code": 401, "message": "没有令牌"})
    assert missing.header("www-authenticate") == "Bearer"
    assert told(wrong) == (401, {"code": 401, "message": "令牌无效"})
    assert wrong.header("www-authenticate") == 'Bearer error="invalid_token"'
    assert good.status == 200
    assert told(over) == (401, {"code": 401, "message": "令牌已过期"})


def test_it_knows_the_customers_of_the_demonstration(crm: Bench) -> None:
    rows = {row["id"]: row for row in read_table("crm_system").rows["customers"]}
    answer = json.loads(login(crm, {"grant_type": "client_credentials"} | IN_FORM).body)
    crm.headers = {"Authorization": f"Bearer {answer['access_token']}"}

    for number, known in crm_customers().items():
        assert known.items() <= rows[number].items()
        assert crm.ask(f"GET /api/customers/{number}") == {
            "code": 200,
            "message": "ok",
            "data": known,
        }
    lacking = crm.send("GET /api/customers/9%7B%7Bnow%7D%7D")
    assert told(lacking) == (
        200,
        {"code": 404, "message": "客户 9{{now}} 不存在", "data": None},
    )
    assert told(crm.send("GET /nothing")) == (404, {"code": 404, "message": "没有这个接口"})


def crm_customers() -> Any:
    return demo.CUSTOMERS


def test_it_tells_when_to_come_back(crm: Bench) -> None:
    answer = json.loads(login(crm, {"grant_type": "client_credentials"} | IN_FORM).body)
    crm.headers = {"Authorization": f"Bearer {answer['access_token']}"}
    crm.simulator.limit(1, 30)
    crm.send(CUSTOMER)
    busy = crm.send(CUSTOMER)

    assert told(busy) == (429, {"code": 429, "message": "请求过于频繁"})
    assert busy.header("retry-after") == "30"


def test_another_platform_of_the_same_key_is_another_third_party(tmp_path: Path) -> None:
    path = tmp_path / "crm.yaml"
    path.write_text(
        "platform_key: crm_system\nbase_url: https://crm.example.test\nauth: basic\n"
        "apis:\n  get_customer_detail: {path: '/api/customers/{id}'}\n",
        encoding="utf-8",
    )
    made = bench(read_platform(path), {"username": "u", "password": "p"})

    assert made.send(CUSTOMER, headers=basic("u", "no")).status == 401
    assert made.ask(CUSTOMER, headers=basic("u", "p")) == {"id": "12345"}
