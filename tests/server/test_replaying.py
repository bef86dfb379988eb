"""Cassettes over HTTP: any client gets what was recorded, or the text of the miss."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

import bpmax_sim as bs
from bpmax_sim.messages import Request, Response
from bpmax_sim.server import ReplayServer, run_server
from bpmax_sim.transport.protocol import Handler

PLATFORMS = {
    "crm": """\
platform_key: crm
base_url: https://crm.example.test/open/v2
credentials: {client_id: {}, client_secret: {secret: true}}
auth: {preset: oauth2_client_credentials, token_url: "{{ base_url }}/oauth/token"}
apis:
  getCustomer:
    path: /customers/{id}
    parameters: [{name: id, in: path, required: true}, {name: fields, in: query}]
  createOrder:
    method: POST
    path: /orders
    parameters: [{name: no, in: body}, {name: amount, in: body}]
""",
    "erp": """\
platform_key: erp
base_url: https://erp.example.test
auth: none
apis: {getCustomer: {path: "/customers/{id}"}}
""",
}
INSTANCES = """\
- platform: crm
  instance_key: default
  credentials: {client_id: bpmax, client_secret: {env: CRM_SECRET}}
- {platform: erp, instance_key: default}
"""


def third_party(request: Request) -> Response:
    """Answer as both do, with the address in the answer."""
    if request.is_login:
        body = '{"access_token": "geheim-geheim-1", "expires_in": 60}'
    elif request.url.endswith("/404"):
        return Response(status=404, body=b'{"message": "no such customer"}')
    else:
        body = f'{{"url": "{request.url}", "sent": "{(request.body or b"").hex()}"}}'
    return Response(status=200, headers=(("content-type", "application/json"),), body=body.encode())


@pytest.fixture(name="folder", scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "platforms").mkdir()
    for key, text in PLATFORMS.items():
        (folder / f"platforms/{key}.yaml").write_text(text, encoding="utf-8")
    (folder / "instances.yaml").write_text(INSTANCES, encoding="utf-8")
    with bs.Session.open(
        folder / "platforms",
        mode="record",
        cassette=folder / "cassettes/客户.yaml",
        environ={"CRM_SECRET": "sehr-geheim"},
        transport=Handler(third_party),
    ) as session:
        crm, erp = session.proxy("crm"), session.proxy("erp")
        crm.getCustomer("12345")
        crm.getCustomer("1", "name,phone")
        crm.createOrder("合同-1", 100)
        crm.createOrder("合同-1", 200)
        erp.getCustomer("777")
        with pytest.raises(bs.CallError):
            erp.getCustomer("404")
    return folder


@pytest.fixture(name="url")
def server(folder: Path) -> Iterator[str]:
    recordings = ReplayServer(
        [folder / "cassettes/客户.yaml"], platforms=folder / "platforms", environ={}
    )
    with run_server(recordings.handle) as url:
        yield url


@pytest.mark.parametrize(
    ("target", "answered"),
    [
        ("/customers/12345", "https://crm.example.test/open/v2/customers/12345"),
        ("/open/v2/customers/12345", "https://crm.example.test/open/v2/customers/12345"),
        ("/crm/customers/12345", "https://crm.example.test/open/v2/customers/12345"),
        ("/customers/1?fields=name,phone", "https://crm.example.test/open/v2/customers/1?fields=name%2Cphone"),
        ("/customers/777", "https://erp.example.test/customers/777"),
        ("/erp/customers/777", "https://erp.example.test/customers/777"),
    ],
)  # fmt: skip
def test_the_address_of_the_server_stands_for_that_of_a_third_party(
    url: str, target: str, answered: str
) -> None:
    got = httpx.get(f"{url}{target}", headers={"Authorization": "Bearer t-4711-anders"})

    assert got.json()["url"] == answered


def test_bodies_are_told_apart_and_an_answer_may_be_had_again(url: str) -> None:
    got = [
        httpx.post(f"{url}/orders", json={"amount": amount, "no": "合同-1"}).json()["sent"]
        for amount in (200, 100, 200)
    ]

    assert [bytes.fromhex(one).decode()[-4:] for one in got] == ["200}", "100}", "200}"]


def test_a_status_that_was_recorded_is_the_third_party_s_own(url: str) -> None:
    got = httpx.get(f"{url}/customers/404")

    assert (got.status_code, got.json()) == (404, {"message": "no such customer"})
    assert "x-bpmax-sim" not in got.headers


def test_a_miss_has_its_text_and_a_status_that_no_third_party_has(url: str) -> None:
    got = httpx.get(f"{url}/crm/customers/12346")

    assert (got.status_code, got.headers["x-bpmax-sim"]) == (501, "NO_MATCH")
    assert got.json()["case"] == "no such call"
    assert 'recorded "12345", sent "12346"' in got.json()["message"]


@pytest.mark.parametrize("order", [("客户", "单"), ("单", "客户")])
@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("GET /crm/customers/12346", 'recorded "12345", sent "12346"'),
        ("GET /erp/customers/778", 'recorded "777", sent "778"'),
        ("POST /crm/orders", "crm.createOrder is not recorded"),
    ],
)
def test_a_miss_is_explained_by_the_cassette_that_has_the_api(
    tmp_path: Path, folder: Path, order: tuple[str, ...], target: str, told: str
) -> None:
    calls = {"客户": ("crm", "12345"), "单": ("erp", "777")}
    for name, (platform, customer) in calls.items():
        with bs.Session.open(
            folder / "platforms",
            mode="record",
            cassette=tmp_path / f"{name}.yaml",
            owner=name,
            environ={"CRM_SECRET": "sehr-geheim"},
            transport=Handler(third_party),
        ) as session:
            session.proxy(platform).getCustomer(customer)
    recordings = ReplayServer(
        [tmp_path / f"{name}.yaml" for name in order], platforms=folder / "platforms", environ={}
    )
    method, _, path = target.partition(" ")

    with pytest.raises(bs.NoMatchError) as missed:
        recordings.handle(Request(method=method, url=f"http://a{path}", base="http://a"))
    assert told in str(missed.value)


def test_what_is_of_no_third_party_is_told_with_those_that_there_are(url: str) -> None:
    assert httpx.get(f"{url}/nowhere").json()["message"] == (
        "no such call: nothing of this address is recorded; these are: "
        "https://crm.example.test/open/v2 (crm), https://erp.example.test (erp)"
    )


def test_whoever_logs_in_gets_the_recorded_response_and_a_stand_in_that_opens_everything(
    url: str,
) -> None:
    got = httpx.post(
        f"{url}/oauth/token", data={"grant_type": "client_credentials"}, auth=("wer", "auch immer")
    )
    token = got.json()["access_token"]

    assert got.json() == {"access_token": "redacted.crm.default.token.1", "expires_in": 60}
    assert httpx.get(
        f"{url}/customers/12345", headers={"Authorization": f"Bearer {token}"}
    ).is_success


def test_a_session_against_it_is_answered_like_the_live_system(url: str, folder: Path) -> None:
    local = folder / "instances.local.yaml"
    local.write_text(f"- {{platform: crm, instance_key: default, base_url: {url}}}\n", "utf-8")
    try:
        with bs.Session.open(
            folder / "platforms", mode="live", environ={"CRM_SECRET": "anders"}
        ) as session:
            got = session.proxy("crm").getCustomer("12345")
    finally:
        local.unlink()

    assert got["url"] == "https://crm.example.test/open/v2/customers/12345"


def test_many_clients_at_once_get_their_own_answers(url: str) -> None:
    with httpx.Client() as client, ThreadPoolExecutor(16) as pool:
        amounts = [100, 200] * 60
        got = list(
            pool.map(
                lambda amount: client.post(
                    f"{url}/orders", json={"no": "合同-1", "amount": amount}
                ).json()["sent"],
                amounts,
            )
        )

    assert [bytes.fromhex(one).decode()[-4:-1] for one in got] == list(map(str, amounts))


def test_nothing_of_a_request_is_kept(folder: Path) -> None:
    recordings = ReplayServer([folder / "cassettes/客户.yaml"], platforms=folder / "platforms")
    for number in range(50):
        with pytest.raises(bs.NoMatchError):
            recordings.handle(
                Request(method="GET", url=f"http://a/customers/x{number}", base="http://a")
            )

    assert [len(one.calls) + len(one.misses) for one in recordings._sessions] == [0]


def test_a_head_has_the_recorded_length(tmp_path: Path) -> None:
    def answer(_request: Request) -> Response:
        return Response(status=200, headers=(("content-length", "1234"), ("x-a", "1")))

    platforms = tmp_path / "platforms"
    platforms.mkdir()
    text = "platform_key: files\nbase_url: https://files.example.test\n"
    (platforms / "files.yaml").write_text(
        text + "apis: {head: {method: HEAD, path: /a.pdf}}\n", encoding="utf-8"
    )
    path = tmp_path / "cassettes/head.yaml"
    how: dict[str, Any] = {"owner": "头", "mode": "record", "transport": answer}
    with bs.Session.open(platforms, cassette=path, **how) as session:
        session.proxy("files").head()
    with run_server(ReplayServer([path], platforms=platforms).handle) as url:
        found = httpx.head(f"{url}/a.pdf")

    assert (found.headers["content-length"], found.headers["x-a"]) == ("1234", "1")
