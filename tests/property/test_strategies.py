"""What the public strategies draw is what the rest of the package takes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from bpmax_sim import strategies
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.matching import (
    call_to_parts,
    find_differences,
    rebuild_call_without_injected,
)
from bpmax_sim.errors import ConfigError, ScriptError
from bpmax_sim.messages import Exchange, FailedExchange, Request
from bpmax_sim.platform.check import contains_template
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.model import Api, Platform
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.scenario.load import load_items
from bpmax_sim.session.session import Session
from bpmax_sim.strategies.traffic import RULES, number_exchanges_per_owner
from bpmax_sim.transport.protocol import Handler
from tests.property.logins import reply
from tests.property.world import Case, ThirdParty, cases, opened, refused

FOLDER = Path(__file__).parents[1] / "data/wire"
ORDERS = """
platform_key: orders
base_url: https://orders.example.test
apis:
  createOrder:
    method: POST
    path: /orders/{kind}
    parameters:
      - {name: kind, in: path, required: true, enum: [sale, 退货]}
      - {name: due, in: query, format: date, required: true}
      - {name: trace, in: header, to: X-Trace, format: uuid}
      - {name: count, in: body, to: order.count, type: integer, required: true}
      - {name: phone, in: body, to: order.phone, format: phone}
      - {name: paid, in: body, type: boolean}
"""


@pytest.fixture(name="folder", scope="module")
def made_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("drawn")


@pytest.fixture(name="orders")
def written_orders(tmp_path: Path) -> Path:
    path = tmp_path / "platforms/orders.yaml"
    path.parent.mkdir()
    path.write_text(ORDERS, encoding="utf-8")
    (tmp_path / "instances.yaml").write_text("[{platform: orders, instance_key: test}]")
    return path


@given(platform=strategies.platforms())
def test_a_platform_that_is_written_and_read_is_the_same(platform: Platform, folder: Path) -> None:
    plain: dict[str, Any] = msgspec.to_builtins(platform)
    plain.pop("spellings")
    for api in plain["apis"].values():
        api.pop("key")
    path = folder / f"{len(list(folder.iterdir()))}.yaml"
    path.write_text(strategies.yaml_text(plain), encoding="utf-8")

    read = load_platforms(path).platform(platform.platform_key)

    assert read == platform


@settings(max_examples=100, phases=[Phase.generate])
@given(api=strategies.apis())
def test_no_default_is_a_template_that_would_be_sent_as_it_stands(api: Api) -> None:
    defaults = [*api.headers.values(), *api.query.values()]
    assert not any(contains_template(value) for value in defaults)


@given(strategies.requests())
def test_a_request_tells_its_call(request: Request) -> None:
    assert request.call is not None
    behind = call_to_parts(rebuild_call_without_injected(request, request.call))

    assert find_differences(call_to_parts(request.call), behind, RULES) == ()


@given(data=strategies.cassettes())
def test_a_cassette_is_sound(data: bytes, folder: Path) -> None:
    path = folder / "x.yaml"
    path.write_bytes(data)

    for exchange in Cassette.load(path).exchanges():
        assert exchange.key


@given(st.lists(strategies.exchanges(), max_size=4))
def test_exchanges_are_numbered_for_each_owner(found: list[Exchange]) -> None:
    numbered = number_exchanges_per_owner(found)

    for owner in {one.owner for one in numbered}:
        own = [one.order for one in numbered if one.owner == owner]
        assert own == list(range(1, len(own) + 1))


@pytest.mark.filterwarnings("ignore::bpmax_sim.errors.UnknownNameWarning")  # drawn so
@pytest.mark.filterwarnings("ignore::bpmax_sim.errors.WrongCallWarning")
@given(case=cases(size=3), data=st.data())
def test_a_script_runs_to_its_end(case: Case, data: st.DataObject) -> None:
    script = data.draw(strategies.scripts(programs=st.sampled_from(case.programs)))
    third = ThirdParty(case)
    with opened(case, third) as session:
        outcome = session.run_script(script)

    if outcome.error is not None:
        assert isinstance(outcome.error, ScriptError)
        assert outcome.error.fields.get("code") in {
            "MISSING_PARAMETER",
            "BAD_ARGUMENT",
            "UNKNOWN_PARAMETER",
        }


@given(document=strategies.scenarios())
def test_a_scenario_file_is_read_without_a_problem(document: Any, folder: Path) -> None:
    path = folder / "抽取.scenario.yaml"
    path.write_text(strategies.yaml_text(document), encoding="utf-8")

    (item,) = load_items(path, environ={})

    assert item.name == document["scenario"]
    assert len(item.steps) == len(document["steps"])


def test_calls_of_a_users_platform_follow_enum_format_and_type(orders: Path) -> None:
    case = Case(load_platforms(orders).platform("orders"), (), [])

    @given(strategies.for_platform(orders))
    def is_sent(program: CallSpec) -> None:
        third = ThirdParty(case)
        with Session.open(orders, mode="live", transport=Handler(third.handle)) as session:
            strategies.perform(program, session)
        (request,) = third.requests
        assert re.search(r"/orders/(sale|%E9%80%80%E8%B4%A7)\?due=\d{4}-\d\d-\d\d$", request.url)
        order = json.loads(request.body or b"")["order"]
        assert isinstance(order["count"], int)
        assert re.fullmatch(r"1[3-9]\d{9}", order.get("phone", "13800138000"))

    is_sent()


def test_calls_of_a_folder_name_its_instances() -> None:
    sent: list[Request] = []

    def handle(request: Request) -> Any:
        sent.append(request)
        return reply({"码": 0})

    @given(strategies.for_platform(FOLDER / "order_system.yaml", api="getOrder"))
    def is_sent(program: CallSpec) -> None:
        environ = {"ORDER_USER": "u", "ORDER_PASSWORD": "pass-word", "ORDER_URL": "http://x.test"}
        with Session.open(
            FOLDER / "order_system.yaml",
            mode="live",
            environ=environ,
            transport=Handler(handle),
        ) as session:
            assert refused(lambda: strategies.perform(program, session)) is None
        assert program.options == {"instance_key": "default"}

    is_sent()
    assert {one.call.api for one in sent if one.call} == {"get_order"}


def test_an_api_that_there_is_not_is_told(orders: Path) -> None:
    with pytest.raises(ConfigError, match="there is no API to call named 'nothing'"):
        strategies.for_platform(orders, api="nothing")
    with pytest.raises(ConfigError, match="there is no platform 'order'; did you mean 'orders'"):
        strategies.for_platform(orders.parent, key="order")


@pytest.mark.parametrize(
    ("is_wanted", "is_drawn"),
    [
        (lambda one: one.elapsed == 0, True),
        (lambda one: 0 < one.elapsed < 1, True),
        (lambda one: one.elapsed > 30, True),
        (lambda one: one.elapsed > 40, False),
        (lambda one: one.elapsed < 0, False),
        (lambda one: one.sent and one.code == "RESET", True),
        (lambda one: not one.sent and one.code == "CONNECT", True),
        (lambda one: not one.code, False),
    ],
)
def test_a_failure_takes_forty_seconds_at_most(
    is_wanted: Callable[[FailedExchange], bool], is_drawn: bool
) -> None:
    found = True
    try:
        find(
            strategies.failures(), is_wanted, settings=settings(max_examples=300, derandomize=True)
        )
    except NoSuchExample:
        found = False

    assert found is is_drawn


@pytest.mark.parametrize("calls", [strategies.chains(), strategies.direct_calls()])
def test_what_hypothesis_prints_of_a_call_is_the_call(calls: st.SearchStrategy[CallSpec]) -> None:
    @settings(max_examples=1, database=None, phases=[Phase.generate])
    @given(calls)
    def law(call: CallSpec) -> None:
        raise AssertionError(strategies.javascript(call))

    with pytest.raises(AssertionError) as failed:
        law()

    assert f"call={failed.value}" in "".join(failed.value.__notes__)
