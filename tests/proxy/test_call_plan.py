"""How long an address may be, what is drawn for a call, and what a rejected call was for."""

from __future__ import annotations

import pytest
from msgspec import structs

from bpmax_sim.platform.instances import InstanceOrigin, InstanceWithOrigin
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Api, Instance
from bpmax_sim.proxy import call_plan
from bpmax_sim.proxy.call_plan import CallRandomness
from bpmax_sim.secret.vault import Credentials
from tests.proxy.world import World, crm, rejected


@pytest.mark.parametrize(("length", "fits"), [(0, True), (9, True), (10, True), (11, False)])
def test_an_address_has_so_many_characters_of_path_and_query(
    length: int, monkeypatch: pytest.MonkeyPatch, *, fits: bool
) -> None:
    monkeypatch.setattr(call_plan, "LONGEST_TARGET", len("/a") + len("q=") + 10)
    world = World(crm(Api(key="x", path="/a")))
    built = world.proxy().api("x").query({"q": "1" * length})

    if fits:
        built.call()
        assert world.request.url.endswith(f"/a?q={'1' * length}")
    else:
        assert "more than 14" in rejected(built.call).message


def test_each_call_draws_as_many_bytes_as_in_every_recording() -> None:
    """A replay draws from the recorded seed: one byte more, and all that follows differs."""
    drawn = list[int]()

    class Counted:
        def bytes(self, count: int) -> bytes:
            drawn.append(count)
            return bytes(count)

    CallRandomness.draw(Counted())

    assert drawn == [16, 16]


def two_tenants(*, default: str = "华东") -> Platforms:
    platform = crm(Api(key="find_order", path="/orders/{id}", aliases=("查询订单",)))
    spellings = {"find_order": "find_order", "查询订单": "find_order"}
    entries = tuple(
        InstanceWithOrigin(
            Instance(platform="crm_system", instance_key=key, default=key == default),
            InstanceOrigin(),
        )
        for key in ("test", "华东")
    )
    own = {"crm_system": structs.replace(platform, spellings=spellings)}
    return Platforms(own=own, entries={"crm_system": entries})


@pytest.mark.parametrize(
    ("platform", "options", "api", "code", "target"),
    [
        ("crm", {}, "findOrder", "UNKNOWN_PLATFORM", ("crm", "", "findOrder")),
        ("crm", {"instance_key": "test"}, "x", "UNKNOWN_PLATFORM", ("crm", "test", "x")),
        ("crm_system", {}, "订单", "UNKNOWN_API", ("crm_system", "华东", "订单")),
        ("crm_system", {"instance_key": "test"}, "x", "UNKNOWN_API", ("crm_system", "test", "x")),
        ("crm_system", {"instance_key": "华南"}, "findOrder", "UNKNOWN_INSTANCE",
         ("crm_system", "华南", "find_order")),
        ("crm_system", {"instance_key": "华南"}, "x", "UNKNOWN_INSTANCE",
         ("crm_system", "华南", "x")),
        ("crm_system", {}, "查询订单", "MISSING_PARAMETER", ("crm_system", "华东", "find_order")),
        ("crm_system", {"instance_key": "test"}, "findOrder", "MISSING_PARAMETER",
         ("crm_system", "test", "find_order")),
        ("crm_system", {"instanceKey": "test"}, "findOrder", "BAD_ARGUMENT",
         ("crm_system", "", "find_order")),
        ("crm_system", {"caller": "任务"}, "x", "UNKNOWN_API", ("crm_system", "华东", "x")),
    ],
)  # fmt: skip
def test_a_rejected_call_names_what_it_was_for_as_far_as_it_is_known(
    platform: str, options: dict[str, str], api: str, code: str, target: tuple[str, str, str]
) -> None:
    world = World(platforms=two_tenants(), tenant=lambda *_: Credentials())

    error = rejected(world.proxy(platform, **options).api(api).call)
    [record] = world.log

    assert (error.code, error.platform, error.instance, error.api) == (code, *target)
    assert (record.platform, record.instance, record.api, record.error) == (*target, error)


@pytest.mark.parametrize(
    ("preferred", "default", "instance"),
    [("test", "华东", "test"), ("华南", "华东", "华东"), (None, "", ""), ("华南", "", "")],
)
def test_a_rejected_call_is_for_the_instance_that_holds_where_it_names_none(
    preferred: str | None, default: str, instance: str
) -> None:
    world = World(platforms=two_tenants(default=default), default_instance=preferred)

    error = rejected(world.proxy().api("x").call)

    assert (error.instance, error.api) == (instance, "x")


@pytest.mark.parametrize(
    ("path", "values", "told"),
    [
        ("/{z}/{y}/{x}", {"单号": 1}, "unknown path parameter '单号'; /{z}/{y}/{x} has x, y, z"),
        ("/{id}", {"idd": 1},
         "unknown path parameter 'idd'; /{id} has id; did you mean 'id'?"),
        ("/list", {"id": 1}, "unknown path parameter 'id'; /list has none"),
        ("/{id}", {}, "path parameter 'id' is missing; /{id} needs it"),
    ],
)  # fmt: skip
def test_what_a_path_has_is_told(path: str, values: dict[str, int], told: str) -> None:
    world = World(crm(Api(key="find", path=path)))

    error = rejected(world.proxy().api("find").path(values).call)
    assert error.message == f"crm_system.find: {told}"
