"""Laws hold for platforms that are sound: fifty that are generated, each law on each."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim import strategies
from bpmax_sim.fuzz.laws import LAWS
from bpmax_sim.fuzz.search import hold_programs
from bpmax_sim.fuzz.target import program, target_of
from bpmax_sim.platform.load import read_root
from bpmax_sim.platform.model import Platform
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
    found = read_root(read_yaml(ORDERS)).platform
    assert found is not None
    target = target_of(strategies.declared(platform=found), "orders")
    one, other = (
        program({"call": "orders.createOrder", "args": [{"行": [order], **order}]})
        for order in ({"客户": "张三", "数量": 1}, {"数量": 1, "客户": "张三"})
    )

    hold_programs(target, "identity", (one, other))


@pytest.mark.night("every law on fifty platforms")
@settings(max_examples=50)
@given(platform=strategies.platforms(max_apis=1), data=st.data())
def test_every_law_holds_on_generated_platforms(platform: Platform, data: st.DataObject) -> None:
    key = platform.platform_key
    tenants = [
        data.draw(strategies.instances(platform=key, key=st.just(one))) for one in ("test", "prod")
    ]
    target = target_of(strategies.declared(*tenants, platform=platform), key)
    (api,) = target.platform.apis.values()
    for name, law in LAWS.items():
        if law.applies(target, api):
            hold_programs(target, name, data.draw(law.draw(target, api)))
