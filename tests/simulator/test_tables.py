"""Which rules a platform is simulated by, whose simulator answers, and how long things count."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from msgspec.structs import replace

from bpmax_sim.clock import VirtualClock
from bpmax_sim.errors import TransportError
from bpmax_sim.messages import Call, Request
from bpmax_sim.platform.load import load_platforms, read_platform
from bpmax_sim.platform.model import Platform
from bpmax_sim.secret.vault import Credentials
from bpmax_sim.simulator.model import Route, RouteCheck, SignatureCheck
from bpmax_sim.simulator.simulator import (
    Simulator,
    SimulatorTransport,
    find_rule_table,
    has_shipped_rule_table,
)
from bpmax_sim.simulator.state import TenantCredentials
from bpmax_sim.starter import demo
from tests.simulator.bench import START, Bench, bench, logged_in
from tests.simulator.bench import log_in as log_in_again

CRM = Path(demo.__file__).parent / "demo_files/scenarios/platforms/crm_system.yaml"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def declared(folder: Path, text: str) -> Platform:
    path = folder / "x.yaml"
    path.write_text(text, encoding="utf-8")
    return read_platform(path)


WECOM = """\
platform_key: qywx
base_url: https://qyapi.weixin.qq.com
credentials: {corpid: {}, corpsecret: {secret: true}}
auth:
  acquire:
    steps:
      - request: {method: GET, path: /cgi-bin/gettoken, query: {corpid: "{{ corpid }}", corpsecret: "{{ corpsecret }}"}}
        extract: {token: {path: $.access_token, secret: true}}
  apply: [{in: query, name: access_token, value: "{{ token }}"}]
apis: {get: {path: /cgi-bin/user/get}}
"""  # noqa: E501 - a line of YAML


@pytest.mark.parametrize(
    ("old", "new", "is_shipped"),
    [
        ("", "", True), ("platform_key: qywx", "platform_key: mine", False),
        ("method: GET", "method: POST", False), ("/cgi-bin/gettoken", "/cgi-bin/token", False),
        ("/cgi-bin/gettoken", "/gateway/cgi-bin/gettoken", True),
        ("credentials: {corpid: {}, ", "credentials: {", False),
        ("credentials: {corpid: {}, ", "credentials: {corpid: {}, agentid: {}, ", True),
        ("name: access_token", "name: token", False), ("in: query", "in: header", False),
        ("name: access_token", "name: ACCESS_TOKEN", True),
        ("apply: [", 'apply: [{in: header, name: X-App, value: "{{ corpid }}"}, ', True),
    ],
)  # fmt: skip
def test_a_shipped_table_is_followed_by_a_platform_that_logs_in_as_it_says(
    old: str, new: str, is_shipped: bool, tmp_path: Path
) -> None:
    text = WECOM.replace(old, new) if old else WECOM
    if "corpid: {}" not in text:  # a login may only send what is declared
        text = text.replace('corpid: "{{ corpid }}", ', "")
    platform = declared(tmp_path, text)

    assert has_shipped_rule_table(platform) == is_shipped
    assert bool(find_rule_table(platform).routes) == is_shipped
    assert "token" in find_rule_table(platform).errors  # of the platform file, beside the table's


@pytest.mark.parametrize("apply", ["", '{in: header, name: X-App, value: "{{ corpid }}"}, '])
def test_an_api_that_a_shipped_table_lacks_has_its_errors_of_tokens(
    apply: str, tmp_path: Path
) -> None:
    text = WECOM.replace("apply: [", f"apply: [{apply}").replace(
        "apis: {", "apis: {own: {path: /cgi-bin/oa/own}, "
    )
    made = bench(declared(tmp_path, text), {"corpid": "ww1", "corpsecret": "s-1"})
    login = "GET /cgi-bin/gettoken?corpid=ww1&corpsecret=s-1"
    token = made.ask(login)["access_token"]
    made.headers = {"X-App": "ww1"}

    def ask(query: str) -> Any:
        return made.ask(f"GET /cgi-bin/oa/own{query}")["errcode"]

    assert ask(f"?access_token={token}") == 0
    assert ask("?access_token=no") == 40014
    assert ask("") == (40014 if apply else 41001)  # the other one is there
    made.headers = {}
    assert ask("") == 41001
    assert ask(f"?access_token={token}") == (40014 if apply else 0)
    made.headers = {"X-App": "ww1"}
    made.simulator.expire()
    assert ask(f"?access_token={token}") == 42001
    made.simulator.revoke()
    assert ask(f"?access_token={token}") == 40014


def crm() -> Bench:
    return bench(read_platform(CRM), {"client_id": "c", "client_secret": "s", "refresh_token": "r"})


def log_in(made: Bench, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Any:
    raw = urlencode(fields).encode()
    return json.loads(
        made.send("POST /oauth/token", raw=raw, headers={**FORM, **(headers or {})}).body
    )


def basic(pair: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


@pytest.mark.parametrize(
    ("headers", "fields", "error"),
    [
        ({}, {"client_id": "c", "client_secret": "s"}, None), (basic("c:s"), {}, None),
        (basic("c:s"), {"client_id": "c"}, None),
        (basic("c:s"), {"client_secret": "s"}, "invalid_request"),
        (basic("c:s"), {"client_secret": ""}, "invalid_request"),
        (basic("c:x"), {}, "invalid_client"), (basic("x:s"), {}, "invalid_client"),
        (basic("c"), {}, "invalid_client"), ({"Authorization": "Bearer c"}, {}, "invalid_client"),
        ({}, {"client_id": "c"}, "invalid_client"), ({}, {"client_secret": "s"}, "invalid_client"),
        ({}, {"client_id": "c", "client_secret": "x"}, "invalid_client"),
        ({}, {}, "invalid_client"), (basic("%63:%73"), {}, None),
    ],
)  # fmt: skip
def test_a_client_authenticates_once_and_rightly(
    headers: dict[str, str], fields: dict[str, str], error: str | None
) -> None:
    answer = log_in(crm(), {"grant_type": "client_credentials", **fields}, headers)

    assert answer.get("error") == error
    assert ("access_token" in answer) == (error is None)
    assert "scope" not in answer  # which nobody asked for


@pytest.mark.parametrize("secret", ["s", "a+b", "50%20", "%2B", "客户"])
@pytest.mark.parametrize("spell", [str, quote_plus], ids=["raw", "encoded"])
def test_a_client_may_encode_its_secret_or_not(secret: str, spell: Callable[[str], str]) -> None:
    made = bench(read_platform(CRM), {"client_id": "c", "client_secret": secret})

    answer = log_in(made, {"grant_type": "client_credentials"}, basic(f"c:{spell(secret)}"))

    assert answer["token_type"] == "Bearer"


@pytest.mark.parametrize(("client", "error"), [("甲", None), ("乙", "invalid_grant")])
def test_a_refresh_token_is_no_other_instances(client: str, error: str | None) -> None:
    tenants = [
        TenantCredentials(n, {"client_id": n, "client_secret": "s", "refresh_token": f"r-{n}"})
        for n in "甲乙"
    ]
    clock = VirtualClock(START)
    made = Bench(Simulator(read_platform(CRM), lambda: tenants, clock=clock), clock)
    fields = {"grant_type": "refresh_token", "client_secret": "s"}
    granted = log_in(made, fields | {"client_id": "甲", "refresh_token": "r-甲"})

    sent = {"client_id": client, "refresh_token": granted["refresh_token"]}

    assert log_in(made, fields | sent).get("error") == error


@pytest.mark.parametrize(
    ("token", "is_fine"), [("r", True), ("R", False), ("", False), ("none", False), (None, False)]
)
def test_a_refresh_token_is_the_instances_own(token: str | None, is_fine: bool) -> None:
    fields = {} if token is None else {"refresh_token": token}
    made = crm()
    client = {"client_id": "c", "client_secret": "s", "grant_type": "refresh_token"}

    answer = log_in(made, client | fields)

    assert answer.get("error") == (None if is_fine else "invalid_grant")
    if is_fine:
        assert log_in(made, client | fields)["error"] == "invalid_grant"
        renewed = log_in(made, client | {"refresh_token": answer["refresh_token"]})
        assert renewed["refresh_token"] != answer["refresh_token"]
        made.simulator.revoke()
        last = log_in(made, client | {"refresh_token": renewed["refresh_token"]})
        assert last["error"] == "invalid_grant"


TENANTS = tuple(
    TenantCredentials(name, {"key": f"k-{name}", "secret": f"s-{name}"}) for name in "甲乙丙"
)
SHOP = """\
platform_key: shop
base_url: https://shop.example.test
credentials: {key: {secret: true}, secret: {secret: true}}
auth:
  acquire:
    steps:
      - request: {method: POST, path: /login, body: {key: "{{ key }}"}}
        extract: {token: {path: $.token, secret: true}}
    ttl: {default: 100}
  apply: [{in: header, name: X-Token, value: "{{ token }}"}]
response: {code: [$.code], classes: {token: {code: [E1]}}}
apis:
  get: {path: "/x/{id}"}
  save: {method: POST, path: /x, idempotency: {in: header, name: X-Key},
         parameters: [{name: a, in: body}]}
  open: {path: /open, auth: none}
"""


def shop(folder: Path) -> Bench:
    clock = VirtualClock(START)
    return Bench(Simulator(declared(folder, SHOP), lambda: TENANTS, clock=clock), clock)


@pytest.mark.parametrize("tenant", ["甲", "乙", "丙"])
@pytest.mark.parametrize(
    ("after", "revoked", "status"), [(0, False, 200), (99.5, False, 200), (100, False, 401),
                                     (0, True, 401)],
)  # fmt: skip
def test_a_token_of_each_instance_is_known_until_it_ends(
    tenant: str, after: float, revoked: bool, status: int, tmp_path: Path
) -> None:
    made = shop(tmp_path)
    tokens = {
        name: made.ask("POST /login", {"key": f"k-{name}"})["token"] for name in ("甲", "乙", "丙")
    }
    made.clock.advance(after)
    if revoked:
        made.simulator.revoke()

    assert made.send("GET /x/1", headers={"X-Token": tokens[tenant]}).status == status
    assert made.send("GET /x/1", headers={"X-Token": tokens[tenant][:-1]}).status == 401
    assert made.send("GET /x/1").status == 401
    assert made.send("GET /open").status == 200
    assert made.ask("POST /login", {"key": "k-丁"})["message"] == "the credentials are wrong"


@pytest.mark.parametrize(("after", "is_same"), [(0, True), (3599.5, True), (3600, False)])
def test_an_idempotency_key_counts_for_an_hour(after: float, is_same: bool, tmp_path: Path) -> None:
    made = shop(tmp_path)
    key = {"X-Key": "k-1"}

    def save(value: str, headers: dict[str, str]) -> Any:
        token = made.ask("POST /login", {"key": "k-乙"})["token"]
        return made.ask("POST /x", {"a": value}, headers={"X-Token": token, **headers})["a"]

    assert save("一", key) == "一"
    assert save("二", {}) == save("二", {"X-Key": ""}) == "二"
    made.clock.advance(after)
    assert save("三", key) == ("一" if is_same else "三")


def test_an_idempotency_key_is_of_its_instance_alone(tmp_path: Path) -> None:
    made = shop(tmp_path)
    tokens = {name: made.ask("POST /login", {"key": f"k-{name}"})["token"] for name in "甲乙丙"}

    def save(tenant: str, value: str, key: str = "HT-0007") -> Any:
        headers = {"X-Token": tokens[tenant], "X-Key": key}
        return made.ask("POST /x", {"a": value}, headers=headers)["a"]

    assert [save(name, name) for name in "甲乙丙"] == ["甲", "乙", "丙"]
    assert [save(name, "又") for name in "甲乙丙"] == ["甲", "乙", "丙"]
    assert [save(name, "改", "HT-0008") for name in "甲乙"] == ["改", "改"]
    assert save("甲", "又", "ht-0007") == "又"


ORDERS = """\
platform_key: shop
base_url: https://shop.example.test
apis:
  create_order: {method: POST, path: /orders, idempotency: {in: header, name: X-Key},
                 parameters: [{name: a, in: body}]}
  replace_order: {method: PUT, path: /orders, idempotency: {in: header, name: X-Key},
                  parameters: [{name: a, in: body}]}
  create_invoice: {method: POST, path: /invoices, idempotency: {in: header, name: X-Key},
                   parameters: [{name: a, in: body}]}
  change_invoice: {method: PUT, path: "/invoices/{id}", idempotency: {in: header, name: X-Key},
                   parameters: [{name: id, in: path}, {name: a, in: body}]}
"""


def test_an_idempotency_key_is_of_its_api_alone(tmp_path: Path) -> None:
    """Neither of one with another method at its path nor with its method at another path."""
    made = bench(declared(tmp_path, ORDERS), {})
    lines = ["POST /orders", "PUT /orders", "POST /invoices", "PUT /invoices/1"]

    def save(values: str, key: str) -> list[Any]:
        return [
            made.ask(line, {"a": value}, headers={"X-Key": key})["a"]
            for line, value in zip(lines, values, strict=True)
        ]

    assert save("订改票换", "HT-0007") == ["订", "改", "票", "换"]
    assert save("甲乙丙丁", "HT-0007") == ["订", "改", "票", "换"]
    assert save("甲乙丙丁", "HT-0008") == ["甲", "乙", "丙", "丁"]
    other = made.ask("PUT /invoices/2", {"a": "戊"}, headers={"X-Key": "HT-0007"})
    assert other["a"] == "换"  # the same API, whatever its path says


@pytest.mark.parametrize(
    ("added", "asked", "name"),
    [
        ((), "zhangsan", "张三"),
        (({"userid": "zhangsan", "name": "张三丰"},), "zhangsan", "张三丰"),
        (({"userid": "zhangsan", "name": "张三丰"},), "lisi", "李四"),
        (({"userid": "ZhangSan", "name": "张三丰"},), "zhangsan", "张三丰"),
        (({"userid": "zhou", "name": "周"}, {"userid": "zhou", "name": "后"}), "zhou", "周"),
        (({"userid": None, "name": "无"}, {"name": "空"}), "zhangsan", "张三"),
    ],
)
def test_a_record_that_is_added_is_found_before_the_built_in_one(
    added: tuple[dict[str, Any], ...], asked: str, name: str
) -> None:
    made = logged_in("qywx")
    made.simulator.add("users", *added)

    found = made.ask(f"GET /cgi-bin/user/get?access_token={{token}}&userid={asked}")

    assert found["name"] == name


def test_expired_tokens_stay_expired_when_all_are_expired(tmp_path: Path) -> None:
    made = shop(tmp_path)
    made.ask("POST /login", {"key": "k-甲"})
    made.clock.advance(150)
    made.ask("POST /login", {"key": "k-乙"})
    before = [one.expires for one in made.simulator.state.grants]

    made.simulator.expire()

    assert before == [START + 100, START + 250]
    assert [one.expires for one in made.simulator.state.grants] == [START + 100, START + 150]


def test_records_that_were_added_last_come_first_and_a_reset_forgets_them() -> None:
    made = crm()
    made.simulator.add("customers", {"id": "1"}, {"id": "2"})
    made.simulator.add("customers", {"id": "3"})

    assert [one["id"] for one in made.simulator.state.rows["customers"]] == ["3", "1", "2"]
    made.simulator.reset()
    assert made.simulator.state.rows == {}
    assert repr(made.simulator) == "<Simulator of 'crm_system', 0 tokens, 0 messages>"


def transport() -> SimulatorTransport:
    def credentials(_platform: Any, _instance: Any) -> Credentials:
        return Credentials()

    return SimulatorTransport(load_platforms(None), credentials, clock=VirtualClock(START))


@pytest.mark.parametrize(
    ("url", "platform", "answers"),
    [
        ("https://qyapi.weixin.qq.com/cgi-bin/user/get", "", "qywx"),
        ("https://open.feishu.cn/open-apis/contact/v3/users/x", "", "feishu"),
        ("https://nowhere.test/x", "feishu", "feishu"),
        ("https://qyapi.weixin.qq.com/cgi-bin/user/get", "feishu", "feishu"),
        ("https://nowhere.test/x?a=1", "", None),
    ],
)
def test_a_request_is_answered_by_the_platform_of_its_call_or_of_its_address(
    url: str, platform: str, answers: str | None
) -> None:
    made = transport()
    request = Request(method="GET", url=url)
    if platform:
        call = Call(platform=platform, instance="default", api="x", method="GET", path="/x")
        request = replace(request, call=call)

    if answers is None:
        with pytest.raises(TransportError) as caught:
            made.handle(request)
        assert (caught.value.code, caught.value.sent) == ("CONNECT", False)
        assert "GET https://nowhere.test/x, so nothing" in str(caught.value)
    else:
        body = json.loads(made.handle(request).body)
        assert ("errcode" in body) == (answers == "qywx")
        assert made.get_simulator(answers) is made.get_simulator(answers)


def test_ids_of_a_simulator_are_those_of_seed_zero_unless_another_is_chosen(tmp_path: Path) -> None:
    platform = declared(tmp_path, SHOP)

    def token(**more: Any) -> Any:
        clock = VirtualClock(START)
        made = Bench(Simulator(platform, lambda: TENANTS, clock=clock, **more), clock)
        return made.ask("POST /login", {"key": "k-甲"})["token"]

    assert token() == token(seed=0)
    assert len({token(), token(seed=1), token(seed=-1)}) == 3
    assert transport().seed == 0


@pytest.mark.parametrize(
    ("raw", "status"),
    [(b"", 400), (b"{}", 400), (b"null", 400), (b"<a/>", 200), (b'{"a": 1}', 200), (b"[1]", 400)],
)
def test_a_body_that_is_not_looked_into_may_hold_what_is_required(
    raw: bytes, status: int, tmp_path: Path
) -> None:
    text = (
        "platform_key: shop\nbase_url: https://shop.example.test\napis:\n"
        "  save: {method: POST, path: /x, parameters: [{name: a, in: body, required: true}]}\n"
        "  find: {method: POST, path: /y, parameters: [{name: a, in: query, required: true}]}\n"
    )
    made = bench(declared(tmp_path, text), {})

    if raw == b'{"a": 1}':
        raw = b'{"a": "1"}'
    assert made.send("POST /x", raw=raw).status == status
    assert made.send("POST /y", raw=raw).status == 400


@pytest.mark.parametrize(("left", "seconds"), [(0.25, 0), (0.75, 0), (1.0, 1), (1.75, 1)])
def test_a_token_that_is_about_to_end_says_so_in_whole_seconds(left: float, seconds: int) -> None:
    wecom = logged_in("qywx")
    wecom.clock.advance(7200 - left)

    assert (log_in_again(wecom)["expires_in"], wecom.token) == (seconds, wecom.token)


@pytest.mark.parametrize("left", [0.25, 0.75, 1.0, 7200])
def test_a_token_is_extended_up_to_its_end(left: float) -> None:
    wecom = logged_in("qywx")
    wecom.simulator.renewal("extend")
    wecom.clock.advance(7200 - left)
    before = wecom.token

    assert (log_in_again(wecom)["expires_in"], wecom.token) == (7200, before)


def test_a_route_without_a_declared_api_has_no_signature_to_check(tmp_path: Path) -> None:
    made = shop(tmp_path)
    route = Route(on="GET /z", checks=(RouteCheck(signed=SignatureCheck(error="wrong")),))
    made.simulator.table = replace(made.simulator.table, routes=(route,))

    assert made.send("GET /z").status == 200
