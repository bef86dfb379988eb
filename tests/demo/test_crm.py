from __future__ import annotations

import json

import pytest

from bpmax_sim.messages import Request, Response
from bpmax_sim.starter.demo import Crm, serve_crm
from bpmax_sim.transport.live import LiveTransport

FORM = (("content-type", "application/x-www-form-urlencoded"),)


def login(live: LiveTransport, crm: Crm, secret: str) -> Response:
    body = f"grant_type=client_credentials&client_id={crm.client_id}&client_secret={secret}"
    return live.handle(
        Request(method="POST", url=f"{crm.url}/oauth/token", headers=FORM, body=body.encode())
    )


def customer(live: LiveTransport, crm: Crm, number: str, token: str) -> Response:
    headers = (("authorization", f"Bearer {token}"),)
    return live.handle(
        Request(method="GET", url=f"{crm.url}/api/customers/{number}", headers=headers)
    )


def test_a_customer_is_told_to_whoever_logged_in() -> None:
    with serve_crm() as crm, LiveTransport() as live:
        token = json.loads(login(live, crm, crm.client_secret).body)["access_token"]
        answer = customer(live, crm, "12345", token)

    assert json.loads(answer.body)["data"]["name"] == "张三"
    assert crm.environment["CRM_CLIENT_SECRET"] == crm.client_secret


@pytest.mark.parametrize(("number", "code"), [("12346", 200), ("99999", 404)])
def test_an_unknown_customer_is_a_business_code_not_a_status(number: str, code: int) -> None:
    with serve_crm() as crm, LiveTransport() as live:
        token = json.loads(login(live, crm, crm.client_secret).body)["access_token"]
        answer = customer(live, crm, number, token)

    assert (answer.status, json.loads(answer.body)["code"]) == (200, code)


def test_a_wrong_secret_and_a_wrong_token_are_refused() -> None:
    with serve_crm() as crm, LiveTransport() as live:
        assert login(live, crm, "wrong").status == 401
        assert customer(live, crm, "12345", "wrong").status == 401
