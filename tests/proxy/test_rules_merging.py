"""proxy.md, section Merging: who wins, and what removes a default."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.messages import Request
from bpmax_sim.platform.model import Api, Instance, Parameter
from tests.proxy.world import CREATE, SEARCH, World, body_of, crm, headers_of, rejected

LEVELS = ("template", "platform", "instance", "api", "setter")


def test_repeated_setters_merge_shallowly_and_the_later_wins() -> None:
    """O: repeated `$path`, `$query`, `$header`: shallow merge by key, later wins."""
    world = World()

    chain = world.proxy().api("get_customer_detail").path(id="1").path(id="2")
    chain.query(a=1, b=1).query(b=2).call()

    assert world.request.url.endswith("/api/customers/2?a=1&b=2")


def test_header_names_are_case_insensitive_and_the_last_spelling_is_sent() -> None:
    """O: header names are case-insensitive, and the last spelling is sent."""
    world = World(crm(SEARCH, headers={"x-trace": "平台".encode().hex()}))

    world.proxy().api("search").header({"X-Trace": "a"}).header({"X-TRACE": "b"}).call()

    assert headers_of(world.request) == {"X-TRACE": "b"}


def test_two_plain_bodies_merge_and_anything_else_replaces() -> None:
    """O: repeated `$body`: two plain objects merge shallowly, anything else replaces."""
    world = World()
    api = world.proxy().api("create_contract")

    api.body({"客户": {"a": 1}, "金额": 1}).body({"客户": {"b": 2}}).call()
    api.body({"a": 1}).body([1, 2]).call()
    api.body([1, 2]).body({"a": 1}).call()
    api.body({"a": 1}).body("原文").call()

    assert body_of(world.sent[0]) == {"客户": {"b": 2}, "金额": 1}
    assert [request.body for request in world.sent[1:]] == [b"[1,2]", b'{"a":1}', "原文".encode()]


@pytest.mark.parametrize(
    ("place", "strongest"),
    [("query", count) for count in range(1, 6)] + [("header", count) for count in range(2, 6)],
)
def test_precedence_from_the_template_to_the_setter(place: str, strongest: int) -> None:
    """O: API template < platform < instance < API default < setter."""
    field = {"query": "query", "header": "headers"}[place]
    given: dict[str, Any] = {level: {"x-level": level} for level in LEVELS[:strongest]}
    template = "/api/search?x-level=template" if place == "query" else "/api/search"
    api = Api(key="search", path=template, **{field: given.get("api", {})})
    instance = Instance(
        platform="crm_system", instance_key="test", **{field: given.get("instance", {})}
    )
    world = World(crm(api, **{field: given.get("platform", {})}), instances=(instance,))

    chain = world.proxy().api("search")
    chain = getattr(chain, place)(given["setter"]) if "setter" in given else chain
    chain.call()

    assert _level(world.request, place) == LEVELS[strongest - 1]


def _level(request: Request, place: str) -> str:
    if place == "header":
        return headers_of(request)["x-level"]
    assert request.call
    return dict(request.call.query)["x-level"]


def test_a_body_template_is_weaker_than_a_parameter_default_and_a_setter() -> None:
    """O: API template < … < API default < setter or direct argument."""
    api = Api(
        key="send",
        method="POST",
        body={"msgtype": "text", "safe": 0, "text": {"content": "默认"}},
        parameters=(
            Parameter(name="content", place="body", to="text.content"),
            Parameter(name="safe", place="body", default=1),
        ),
    )
    world = World(crm(api))

    world.proxy().send("你好")
    world.proxy().api("send").body({"safe": 2}).call()

    assert body_of(world.sent[0]) == {"msgtype": "text", "safe": 1, "text": {"content": "你好"}}
    assert body_of(world.sent[1]) == {"msgtype": "text", "safe": 2, "text": {"content": "默认"}}
    assert api.body["text"] == {"content": "默认"}


def test_undefined_sets_nothing() -> None:
    """O: `undefined` sets nothing."""
    api = msgspec.structs.replace(CREATE, query={"page": 1}, headers={"X-A": "a"}, body={"k": 1})
    world = World(crm(api))

    chain = world.proxy().api("create_contract").query({"page": UNDEFINED})
    chain.header({"X-A": UNDEFINED}).body({"k": UNDEFINED, "深": {"x": UNDEFINED}}).call()

    assert world.request.url.endswith("?page=1")
    assert headers_of(world.request)["X-A"] == "a"
    assert body_of(world.request) == {"k": 1, "深": {}}


def test_an_undefined_body_sends_none() -> None:
    """O: `undefined` sets nothing."""
    world = World()

    world.proxy().api("create_contract").body(UNDEFINED).call()

    assert world.request.body is None
    assert world.request.headers == ()


@pytest.mark.parametrize("place", ["query", "body"])
def test_what_is_merged_comes_in_the_order_of_an_object_of_javascript(place: str) -> None:
    """O: serialised as `JSON.stringify` does, so both sides send the same bytes: indexes first."""
    api = Api(key="search", method="POST", path="/s", encoding="form", **{place: {"客户": "甲"}})  # type: ignore[arg-type]
    world = World(crm(api))

    getattr(world.proxy().api("search"), place)({"b": 2, "1": 1}).call()

    sent = {
        "query": world.request.url.partition("?")[2],
        "body": (world.request.body or b"").decode(),
    }
    assert sent[place] == "1=1&%E5%AE%A2%E6%88%B7=%E7%94%B2&b=2"


def test_null_in_query_and_header_removes_a_default() -> None:
    """O: `null` in `$query`/`$header` removes a default."""
    api = Api(key="search", path="/api/search?v=1", query={"page": 1}, headers={"X-A": "a"})
    world = World(crm(api))

    world.proxy().api("search").query(page=None, v=None).header({"x-a": None}).call()

    assert world.request.url.endswith("/api/search")
    assert world.request.headers == ()


def test_null_in_a_body_is_json_null() -> None:
    """O: `null` in a body is JSON null."""
    world = World()

    world.proxy().api("create_contract").body({"终止日期": None}).call()
    world.proxy().api("create_contract").body(None).call()

    assert [request.body for request in world.sent] == ['{"终止日期":null}'.encode(), b"null"]


@pytest.mark.parametrize("how", ["chain", "direct"])
def test_null_in_a_path_rejects(how: str) -> None:
    """O: `null` in a path rejects."""
    world = World()
    actions: dict[str, Any] = {
        "chain": lambda: world.proxy().api("get_customer_detail").path(id=None).call(),
        "direct": lambda: world.proxy().get_customer_detail(None),
    }

    error = rejected(actions[how])

    assert error.code == "BAD_ARGUMENT"
    assert error.message == (
        "crm_system.get_customer_detail: path.id is null; expected a text, a number or a boolean"
    )
    assert world.sent == []


def test_a_declared_header_that_cannot_be_sent_is_a_configuration_error() -> None:
    """O: rejects: configuration errors."""
    world = World(crm(SEARCH, headers={"X-A": "值"}))

    with pytest.raises(ConfigError, match=r"crm_system.search: header.X-A holds U\+503C"):
        world.proxy().search()
