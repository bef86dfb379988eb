"""Stand-ins over HTTP: they let in who has the credentials, and know the time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from bpmax_sim.errors import CallError
from bpmax_sim.messages import Pairs, Request
from bpmax_sim.openapi.convert import convert_document
from bpmax_sim.openapi.document import read_document
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.server import SimulatorServer, run_server

DATA = Path(__file__).parents[1] / "data/openapi"


@pytest.fixture(name="qywx")
def wecom() -> Iterator[tuple[str, SimulatorServer]]:
    standin = SimulatorServer(load_platforms(None), "qywx")
    with run_server(standin.handle) as url:
        yield url, standin


def token(url: str, standin: SimulatorServer) -> str:
    (tenant,) = standin.tenants
    asked = {name: str(tenant.credentials[name]) for name in ("corpid", "corpsecret")}
    got = httpx.get(f"{url}/cgi-bin/gettoken", params=asked).json()
    assert got["errcode"] == 0, got
    return str(got["access_token"])


def test_a_client_logs_in_sends_and_is_told_of_a_token_that_ended(
    qywx: tuple[str, SimulatorServer],
) -> None:
    url, standin = qywx
    access = token(url, standin)
    (tenant,) = standin.tenants
    message = {
        "touser": "zhangsan",
        "msgtype": "text",
        "agentid": tenant.credentials["agentid"],
        "text": {"content": "合同已审批"},
    }

    def send() -> int:
        got = httpx.post(f"{url}/cgi-bin/message/send?access_token={access}", json=message)
        return int(got.json()["errcode"])

    sent = send()
    standin.simulator.expire()
    ended = send()

    assert (sent, ended) == (0, 42001)
    assert [one.to for one in standin.simulator.messages] == ["zhangsan"]


def test_wrong_credentials_are_refused_as_the_vendor_does(
    qywx: tuple[str, SimulatorServer],
) -> None:
    url, _ = qywx

    got = httpx.get(f"{url}/cgi-bin/gettoken", params={"corpid": "a", "corpsecret": "b"})

    assert got.status_code == 200
    assert got.json()["errcode"] in {40013, 40001}


def test_a_connection_that_is_dropped_on_purpose_is_a_502(
    qywx: tuple[str, SimulatorServer],
) -> None:
    url, standin = qywx
    access = token(url, standin)
    standin.simulator.drop("before")

    got = httpx.get(f"{url}/cgi-bin/user/get", params={"access_token": access, "userid": "x"})

    assert (got.status_code, got.json()["error"]) == (502, "RESET")


def test_ids_that_many_clients_get_at_once_differ(qywx: tuple[str, SimulatorServer]) -> None:
    url, standin = qywx
    access = token(url, standin)
    agent = standin.tenants[0].credentials["agentid"]
    message = {"touser": "zhangsan", "msgtype": "text", "agentid": agent}

    def send(number: int) -> str:
        body = {**message, "text": {"content": f"第 {number} 条"}}
        with httpx.Client() as client:
            got = client.post(f"{url}/cgi-bin/message/send?access_token={access}", json=body).json()
        return str(got.get("msgid", got["errcode"]))

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(send, range(24)))

    assert len({*ids}) == 24


@pytest.mark.parametrize("prefix", ["", "/open/v2"])
def test_an_imported_platform_is_served_below_its_path_or_without_it(
    tmp_path: Path, prefix: str
) -> None:
    made = convert_document(read_document(DATA / "crm.json"), key="crm")
    (tmp_path / "crm.yaml").write_text(made.text, encoding="utf-8")
    standin = SimulatorServer(load_platforms(tmp_path), "crm")
    (tenant,) = standin.tenants
    with run_server(standin.handle) as url:
        access = httpx.post(
            f"{url}{prefix}/oauth/token",
            data={"grant_type": "client_credentials", "scope": "customer.read customer.write"},
            auth=(str(tenant.credentials["client_id"]), str(tenant.credentials["client_secret"])),
        ).json()["access_token"]
        got = httpx.get(
            f"{url}{prefix}/customers/C20260302001", headers={"Authorization": f"Bearer {access}"}
        )
        refused = httpx.get(f"{url}{prefix}/customers/C20260302001")

    assert got.json()["id"] == "C20260302001"
    assert refused.status_code == 401


def test_an_unknown_platform_is_told_with_a_near_one() -> None:
    with pytest.raises(CallError) as caught:
        SimulatorServer(load_platforms(None), "qywxx")

    assert str(caught.value) == "there is no platform 'qywxx'; did you mean 'qywx'?"


def test_credentials_that_are_handed_out_have_the_vendors_form() -> None:
    shipped = load_platforms(None)
    robot = SimulatorServer(shipped, "dingtalk_v1").tenants[0].credentials
    wecom = SimulatorServer(shipped, "qywx").tenants[0].credentials

    assert re.fullmatch("SEC[0-9a-f]{64}", robot["robot_secret"])
    assert re.fullmatch("[0-9a-f]{64}", robot["robot_token"])
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", wecom["robot_key"])
    assert robot == SimulatorServer(shipped, "dingtalk_v1").tenants[0].credentials


def test_credentials_that_an_instance_gives_are_left_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "instances.yaml").write_text(
        "- {platform: qywx, instance_key: a, credentials: {corpid: ww-1, agentid: 7}}\n",
        encoding="utf-8",
    )
    (tmp_path / "platforms").mkdir()
    given = SimulatorServer(load_platforms(tmp_path / "platforms"), "qywx").tenants[0].credentials

    assert (given["corpid"], given["agentid"]) == ("ww-1", 7)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api", 200), ("/api/", 200), ("/api?a=1", 200), ("/api/?a=1", 200), ("/?a=1", 200),
        ("/api/x", 200), ("/x", 200), ("/apis?a=1", 404), ("/apix", 404), ("/api/api", 404),
        ("/apis/x", 200), ("/api/apis/x", 200),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "address",
    [
        "https://crm.example.test/api",
        "https://crm.example.test/api/",
        "https://{{ 租户 }}.crm.example.test/api",
        "https://{{租户}}.crm.example.test:8443/api/",
        'https://{{ 租户 | replace("/", "-") }}.crm.example.test/api',
    ],
)
def test_the_path_of_the_platform_s_own_address_may_be_there_or_not(
    tmp_path: Path, address: str, path: str, status: int
) -> None:
    assert request_status(tmp_path, address, path) == status


@pytest.mark.parametrize(("path", "status"), [("/x", 200), ("/api/x", 404), ("/huayuan/x", 404)])
@pytest.mark.parametrize(
    "address",
    ["{{ 地址 }}", "{{ 地址 }}/api", "https://crm.example.test/{{ 租户 }}",
     "https://crm.example.test/{{ 租户 }}/api", "https://crm.example.test/"],
)  # fmt: skip
def test_a_path_that_is_not_known_is_left_out(
    tmp_path: Path, address: str, path: str, status: int
) -> None:
    assert request_status(tmp_path, address, path) == status


APPLIED = "{apply: [{in: header, name: Origin, value: '{{ base_url }}'}]}"


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("/api/apis/x", "/api"), ("/api", "/api"), ("/api?a=1", "/api"), ("/api/", "/api"),
        ("/apis/x", ""), ("/apis/x?a=1", ""), ("/x", ""), ("/?a=1", ""),
    ],
)  # fmt: skip
def test_the_path_is_a_part_of_the_address_where_a_client_asks_below_it(
    tmp_path: Path, path: str, own: str
) -> None:
    base = "http://127.0.0.1:8080"
    statuses = [
        request_status(
            tmp_path, "https://crm.example.test/api", path, APPLIED, (("Origin", origin),)
        )
        for origin in (f"{base}{own}", base if own else f"{base}/api")
    ]

    assert statuses == [200, 401]


def request_status(
    folder: Path, address: str, path: str, auth: str = "none", headers: Pairs = ()
) -> int:
    """Return the status of a GET of *path* from the stand-in of a platform at *address*."""
    (folder / "crm.yaml").write_text(
        f"platform_key: crm\nbase_url: '{address}'\nauth: {auth}\n"
        "credentials: {租户: {default: huayuan}, 地址: {default: 'https://crm.example.test/api'}}\n"
        "apis: {root: {path: /}, x: {path: /x}, list: {path: /apis/x}}\n",
        encoding="utf-8",
    )
    standin = SimulatorServer(load_platforms(folder / "crm.yaml", instances=None), "crm")
    base = "http://127.0.0.1:8080"
    return standin.handle(
        Request(method="GET", url=f"{base}{path}", headers=headers, base=base)
    ).status


CRM, OA = "{platform: crm, instance_key:", "{platform: oa, instance_key:"


@pytest.mark.parametrize(
    ("instances", "tenants"),
    [
        ("[]", ["default"]),
        ("[{platform: oa, instance_key: 生产}]", ["default"]),
        ("[{platform: crm, instance_key: 停用, enabled: false}]", ["default"]),
        (
            f"[{CRM} 生产}}, {CRM} 停用, enabled: false}}, {OA} 别的}}, {CRM} 测试}}]",
            ["生产", "测试"],
        ),
    ],
)
def test_who_may_log_in_are_the_instances_that_take_calls(
    tmp_path: Path, instances: str, tenants: list[str]
) -> None:
    for key in ("crm", "oa"):
        path = tmp_path / f"platforms/{key}.yaml"
        path.parent.mkdir(exist_ok=True)
        text = f"platform_key: {key}\nbase_url: https://{key}.example.test/api/\napis: {{}}\n"
        path.write_text(text, encoding="utf-8")
    (tmp_path / "instances.yaml").write_text(instances, encoding="utf-8")
    platforms = load_platforms(tmp_path / "platforms", instances=tmp_path / "instances.yaml")

    assert [one.instance for one in SimulatorServer(platforms, "crm").tenants] == tenants
    with pytest.raises(CallError) as refused:
        SimulatorServer(platforms, "erp")
    assert refused.value.code == "UNKNOWN_PLATFORM"
