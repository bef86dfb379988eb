"""Whatever a client sends, a third party answers; it never breaks."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import Request
from bpmax_sim.platform.load import read_platform
from bpmax_sim.simulator.model import RouteCheck, RuleTable
from bpmax_sim.simulator.simulator import RULES, find_rule_table, read_table
from tests.simulator.bench import CREDENTIALS, Bench, bench, log_in

PLATFORMS = Path(__file__).parents[2] / "scenarios/platforms"
DEMO = (
    Path(__file__).parents[2] / "bpmax_sim/starter/demo_files/scenarios/platforms/crm_system.yaml"
)
CLIENT = {"client_id": "c", "client_secret": "s-1", "refresh_token": "r-1"}


@cache
def world(key: str) -> Bench:
    if key in CREDENTIALS:
        made = bench(key)
        log_in(made)
        return made
    return bench(read_platform(DEMO), CLIENT)


def lines(table: RuleTable) -> list[str]:
    return [*(route.on for route in table.routes), "GET /nothing", "DELETE /", "POST /%FF/{x}"]


names = st.sampled_from([
    "touser", "agentid", "msgtype", "text", "content", "uuid", "receive_id", "msg_type", "userIds",
    "msgParam", "robotCode", "msgKey", "clientToken", "enable_duplicate_check", "mobiles", "emails",
    "duplicate_check_interval", "agent_id", "userid_list", "msg", "userid", "appKey", "sign",
    "timestamp", "$value", "{{ now }}", "$",
])  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
bodies = st.none() | st.binary(max_size=40) | values.map(lambda v: json.dumps(v).encode())
headers = st.dictionaries(
    st.sampled_from(["Authorization", "Content-Type", "Cookie", "x-acs-dingtalk-access-token"]),
    st.sampled_from(["Bearer x", "Basic x", "Basic eDp5", "application/x-www-form-urlencoded"])
    | st.text(max_size=8),
)
queries = st.dictionaries(
    st.sampled_from(["access_token", "receive_id_type", "corpid", "corpsecret", "key", "timestamp"])
    | names,
    st.sampled_from(["open_id", "ww1", "rk-1", "rt-1", "1", "", "%", "%FF", "{{ now }}"]),
)


@pytest.mark.parametrize("key", RULES.list_names())
@given(data=st.data())
def test_a_simulator_never_breaks(key: str, data: st.DataObject) -> None:
    made = world(key)
    line = data.draw(st.sampled_from(lines(made.simulator.table)))
    query = data.draw(queries)
    if data.draw(st.booleans()):
        query["access_token"] = made.token
        head = {**data.draw(headers), **made.headers}
    else:
        head = data.draw(headers)
    method, _, path = line.partition(" ")
    text = "&".join(f"{name}={value}" for name, value in query.items())
    response = made.simulator.handle(
        Request(
            method=method,
            url=f"{made.simulator.base}{path}?{text}",
            headers=tuple(head.items()),
            body=data.draw(bodies),
        )
    )

    assert 200 <= response.status < 500
    if (response.header("content-type") or "").startswith("application/json"):
        json.loads(response.body)
    assert all(value.isprintable() for _, value in response.headers)


@pytest.mark.parametrize("key", RULES.list_names())
def test_every_check_of_a_table_is_one_check_and_every_code_is_declared(key: str) -> None:
    table = read_table(key)
    checks = [*table.checks, *(check for route in table.routes for check in route.checks)]

    for check in checks:
        assert len(said(check)) == 1
    for code in codes(table):
        assert code in table.errors, code
    assert table.simulator == key


def said(check: RouteCheck) -> list[str]:
    from msgspec import UNSET  # noqa: PLC0415

    return [name for name in check.__struct_fields__ if getattr(check, name) is not UNSET]


def codes(table: RuleTable) -> set[str]:
    found = {table.tokens.missing, table.tokens.invalid, table.tokens.expired, table.busy}
    for check in (*table.checks, *(check for route in table.routes for check in route.checks)):
        rule = getattr(check, said(check)[0])
        if isinstance(rule, str):
            found.add(rule)
        for one in rule if isinstance(rule, tuple) else (rule,):
            for name in ("error", "missing", "wrong", "expired", "used"):
                found.add(getattr(one, name, ""))
    return found - {""}


@pytest.mark.parametrize("key", ["dingtalk", "dingtalk_v1", "feishu", "qywx"])
def test_every_declared_api_of_a_shipped_platform_has_a_route(key: str) -> None:
    platform = bench(key).simulator.platform
    routes = {route.on.split("{")[0] for route in read_table(key).routes}

    for api in platform.apis.values():
        assert f"{api.method} {api.path}".split("{")[0] in routes, api.key


def test_a_shipped_table_counts_for_the_platform_that_logs_in_alike() -> None:
    assert find_rule_table(read_platform(DEMO)).checked == "2026-11"
    assert find_rule_table(read_platform(PLATFORMS / "crm_system.yaml")).checked == ""


def test_a_table_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ConfigError):
        read_table("qywy")
