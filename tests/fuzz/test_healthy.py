"""Laws hold for platforms that are sound: fifty that are generated, each law on each."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim import strategies
from bpmax_sim.fuzz.laws import LAWS
from bpmax_sim.fuzz.search import check_law_by_calls
from bpmax_sim.fuzz.target import call_from_data, make_target
from bpmax_sim.platform.load import read_platform_root
from bpmax_sim.platform.model import Api, Auth, Instance, Platform, ResponseRules
from bpmax_sim.strategies.platforms import PRESETS, make_auth_preset_platform
from bpmax_sim.yamlfile import read_yaml

ORDERS = """
platform_key: orders
base_url: https://orders.example.test
apis:
  createOrder:
    method: POST
    path: /orders
    parameters: [{name: 明细, in: body, to: $, type: object, required: true}]
"""


def test_two_calls_that_differ_in_the_order_of_keys_break_no_law() -> None:
    found = read_platform_root(read_yaml(ORDERS)).platform
    assert found is not None
    target = make_target(strategies.with_instances(platform=found), "orders")
    one, other = (
        call_from_data({"call": "orders.createOrder", "args": [{"行": [order], **order}]})
        for order in ({"客户": "张三", "数量": 1}, {"数量": 1, "客户": "张三"})
    )

    check_law_by_calls(target, "identity", (one, other))


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("owner", ["platform", "api"])
def test_a_preset_logs_in_and_renews_on_a_platform_with_the_key_of_a_shipped_table(
    preset: str, owner: str
) -> None:
    platform = replace(make_auth_preset_platform(preset), platform_key="crm_system")
    api = Api(key="创建", method="POST", path="/api")
    if owner == "api":
        api = replace(api, auth=platform.auth, response=platform.response)
        platform = replace(platform, auth=Auth(), response=ResponseRules())
    tenant = Instance(
        platform="crm_system",
        instance_key="test",
        credentials={"user": "zhangsan", "secret": "s3c-Kq7"},
    )
    platform = replace(platform, apis={api.key: api})
    target = make_target(strategies.with_instances(tenant, platform=platform), "crm_system")
    call = call_from_data({"call": "crm_system.创建", "args": []})

    for law in ("accepted", "renewal"):
        if LAWS[law].applies(target, api):
            check_law_by_calls(target, law, (call,))


def test_two_logins_by_one_request_get_what_each_of_them_looks_for() -> None:
    login = {"method": "POST", "path": "/login", "body": {"password": "{{ secret }}"}}
    text = {
        "platform_key": "erp",
        "base_url": "https://erp.example.test",
        "credentials": {"secret": {"secret": True}},
        "auth": {
            "acquire": {"steps": [{"request": login, "extract": {"token": {"path": "$.token"}}}]},
            "apply": [{"in": "header", "name": "Authorization", "value": "Bearer {{ token }}"}],
        },
        "apis": {
            "查询": {"path": "/订单"},
            "导出": {
                "path": "/导出",
                "auth": {
                    "acquire": {
                        "steps": [{"request": login, "extract": {"sid": {"path": "cookie:sid"}}}]
                    },
                    "apply": [{"in": "cookie", "name": "sid", "value": "{{ sid }}"}],
                },
            },
        },
    }
    found = read_platform_root(read_yaml(json.dumps(text)))
    assert found.platform is not None, found.problems
    tenant = Instance(platform="erp", instance_key="test", credentials={"secret": "s3c-Kq7"})
    target = make_target(strategies.with_instances(tenant, platform=found.platform), "erp")

    for api in ("查询", "导出"):
        for law in ("accepted", "renewal"):
            check_law_by_calls(target, law, (call_from_data({"call": f"erp.{api}", "args": []}),))


def test_a_value_that_can_be_read_in_two_ways_arrives() -> None:
    text = """
platform_key: orders
base_url: https://orders.example.test
apis:
  查询:
    path: /订单/{年}-{号}
    parameters: [{name: 年, in: path}, {name: 号, in: path, enum: [7, -1]}]
"""
    found = read_platform_root(read_yaml(text))
    assert found.platform is not None, found.problems
    target = make_target(strategies.with_instances(platform=found.platform), "orders")

    for values in (["2026-03", 7], [-1.5e-7, -1]):
        call = call_from_data({"call": "orders.查询", "args": values})
        check_law_by_calls(target, "accepted", (call,))
        check_law_by_calls(target, "arrives", (call,))


@pytest.mark.night("every law on fifty platforms")
@settings(max_examples=50)
@given(platform=strategies.platforms(max_apis=1), data=st.data())
def test_every_law_holds_on_generated_platforms(platform: Platform, data: st.DataObject) -> None:
    key = platform.platform_key
    tenants = [
        data.draw(strategies.instances(platform=key, key=st.just(one))) for one in ("test", "prod")
    ]
    target = make_target(strategies.with_instances(*tenants, platform=platform), key)
    (api,) = target.platform.apis.values()
    for name, law in LAWS.items():
        if law.applies(target, api):
            check_law_by_calls(target, name, data.draw(law.draw(target, api)))
