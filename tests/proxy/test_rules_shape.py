"""proxy.md, section Shape: what a proxy and a builder are."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bpmax_sim.errors import CallError
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.proxy.builder import NEVER_APIS, check_proxy, check_setter_argument, is_api_property
from tests.proxy.world import CREATE, DETAIL, World, body_of, crm, headers_of, rejected


def test_a_proxy_is_returned_at_once_and_sends_nothing() -> None:
    """D: `$proxy(platform_key, options?)` returns an interface proxy at once."""
    world = World()

    repr(world.proxy(instance_key="test", caller="unit").api("get_customer_detail").path(id="1"))

    assert world.sent == []
    assert world.log == []


def test_instance_key_picks_the_instance_and_the_default_one_otherwise() -> None:
    """D: `options.instance_key` picks the instance, the default one otherwise."""
    world = World()

    world.proxy(instance_key="prod").api("search").call()
    world.proxy().api("search").call()

    calls = [request.call for request in world.sent]
    assert [call.instance for call in calls if call] == ["prod", "test"]


def test_the_caller_is_logged_and_never_sent() -> None:
    """D: `options.caller` names the source of the call. O: logged, never sent."""
    world = World()

    world.proxy(caller="合同审批脚本").api("search").call()

    assert world.log[0].caller == "合同审批脚本"
    assert "合同审批" not in repr((world.request.url, world.request.headers, world.request.body))


def test_a_direct_call_gives_its_arguments_in_order() -> None:
    """D: direct — the method is the API, arguments go in order."""
    world = World()

    world.proxy().get_customer_detail("12345", "name,phone")

    assert world.request.url.endswith("/api/customers/12345?fields=name%2Cphone")


def test_a_chained_call_sets_each_part() -> None:
    """D: chained `.$api.$path.$query.$header.$body.$call`."""
    world = World()

    chain = world.proxy().api("get_customer_detail").path({"id": "12345"})
    chain.query({"fields": "name"}).header({"X-Custom": "v"}).body({"备注": "加急"}).call()

    assert world.request.url.endswith("/api/customers/12345?fields=name")
    assert headers_of(world.request)["X-Custom"] == "v"
    assert world.request.body == '{"备注":"加急"}'.encode()


def test_any_subset_of_setters_and_a_stored_proxy_serve_several_calls() -> None:
    """D: any subset of the setters, and a stored proxy may be used for several calls."""
    world = World()
    stored = world.proxy()

    stored.api("search").call()
    stored.api("search").query(page=2).call()
    stored.direct("get_customer_detail", "1")

    assert [request.url.rpartition("test")[2] for request in world.sent] == [
        "/api/search",
        "/api/search?page=2",
        "/api/customers/1",
    ]


def test_setters_may_come_in_any_order() -> None:
    """O: setters may come in any order after `$api`."""
    world = World()
    api = world.proxy().api("get_customer_detail")

    api.path(id="1").query(fields="a").header({"X-A": "b"}).call()
    api.header({"X-A": "b"}).query(fields="a").path(id="1").call()

    first, second = world.sent
    assert (first.url, first.headers) == (second.url, second.headers)


@pytest.mark.parametrize("name", [*sorted(NEVER_APIS), "$call", "$path", "__await__", "_x", ""])
def test_then_and_its_like_are_never_api_names(name: str) -> None:
    """O: `then`, `catch`, `finally`, `toJSON`, symbols and `$`-names are never API names."""
    assert not is_api_property(name)
    with pytest.raises(AttributeError):
        getattr(World().proxy(), name)


def test_copying_or_printing_a_proxy_sends_nothing() -> None:
    """O: so `await $proxy('x')` or `console.log($proxy('x'))` sends nothing."""
    world = World()

    assert repr(copy.copy(world.proxy())) == "proxy('crm_system')"
    assert (
        repr(world.proxy().api("search").query(a=1)) == "proxy('crm_system').api('search').query(…)"
    )
    assert world.sent == []


def test_two_chains_from_one_builder_never_see_each_other() -> None:
    """O: a builder is a value: each setter returns a new one."""
    world = World()
    stored = world.proxy().api("search").query(status="有效")

    stored.query(owner="张三").call()
    stored.query(owner="李四").call()
    stored.call()

    assert [len(request.call.query) for request in world.sent if request.call] == [2, 2, 1]


def test_a_dict_changed_after_it_was_passed_changes_nothing() -> None:
    """O: a dict passed in and changed afterwards changes nothing."""
    world = World()
    lines = [{"产品": "A"}]
    given: dict[str, Any] = {"lines": lines}
    chain = world.proxy().api("create_contract").body(given)

    given["extra"] = 1
    lines.append({"产品": "B"})
    chain.call()

    assert body_of(world.request) == {"lines": [{"产品": "A"}]}


def test_calling_twice_sends_twice() -> None:
    """O: `$call()` twice sends twice."""
    world = World()
    chain = world.proxy().api("search")

    chain.call()
    chain.call()

    assert len(world.sent) == 2


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: check_proxy(UNDEFINED), "must be a non-empty text, got undefined"),
        (lambda: check_proxy(""), "must be a non-empty text, got a text"),
        (lambda: check_proxy(7), "must be a non-empty text, got a number"),
        (lambda: check_proxy("x", "test"), "$proxy('x', options): options must be an object, got"),
        (lambda: check_proxy("x", {"instance_key": 1}), "instance_key must be a non-empty text"),
        (
            lambda: check_setter_argument("x", "y", "query", "a=1"),
            "$query(values): expected an object",
        ),
        (
            lambda: check_setter_argument("x", "y", "path", [1]),
            "expected an object of names and values, got",
        ),
        (lambda: World().proxy().api(""), "$api(name): the name must be a non-empty text"),
    ],
)
def test_bad_argument_types_throw_at_once(action: Any, message: str) -> None:
    """O: bad argument types throw at once (`$proxy()` without a key, `$query('x')`)."""
    error = rejected(action)

    assert error.code == "BAD_ARGUMENT"
    assert message in error.message


def test_undefined_options_and_setter_values_are_no_arguments() -> None:
    """O: `undefined` sets nothing."""
    check_proxy("x", UNDEFINED)
    check_proxy("x", {"instance_key": UNDEFINED})
    check_setter_argument("x", "y", "query", UNDEFINED)
    check_setter_argument("x", "y", "body", "text")


@pytest.mark.parametrize(
    ("action", "code", "message"),
    [
        (
            lambda world: world.proxy("crm_sytem").api("search").call(),
            "UNKNOWN_PLATFORM",
            "unknown platform 'crm_sytem'; did you mean 'crm_system'?",
        ),
        (
            lambda world: world.proxy(instance_key="tset").api("search").call(),
            "UNKNOWN_INSTANCE",
            "unknown instance 'tset'; did you mean 'test'?",
        ),
        (
            lambda world: world.proxy().api("serach").call(),
            "UNKNOWN_API",
            "unknown api 'serach'; did you mean 'search'?",
        ),
        (
            lambda world: world.proxy().api("get_customer_detail").path(idd="1").call(),
            "UNKNOWN_PARAMETER",
            (
                "crm_system.get_customer_detail: unknown path parameter 'idd';"
                " /api/customers/{id} has id; did you mean 'id'?"
            ),
        ),
    ],
)
def test_unknown_names_reject_when_called_before_any_http(
    action: Any, code: str, message: str
) -> None:
    """O: unknown platform, instance, API or parameter reject when called, with near names."""
    world = World()

    error = rejected(lambda: action(world))

    assert (error.code, error.message) == (code, message)
    assert world.sent == []
    assert world.log[0].error is error


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("instanceKey", "instance_key"),
        ("instance", "instance_key"),
        ("Caller", "caller"),
        ("INSTANCE_KEY", "instance_key"),
        ("Instance-Key", "instance_key"),
        ("CALLER", "caller"),
        ("instance__key", "instance_key"),
        ("callerr", "caller"),
    ],
)
def test_a_near_miss_of_a_known_option_rejects(name: str, meant: str) -> None:
    """O: a near miss of a known option (`instanceKey`) rejects."""
    world = World()

    error = rejected(lambda: world.proxy(**{name: "prod"}).api("search").call())

    assert error.code == "BAD_ARGUMENT"
    assert error.message == (
        f"$proxy('crm_system'): unknown option {name!r}; did you mean {meant!r}?"
    )
    assert world.sent == []


def test_other_unknown_options_are_logged() -> None:
    """O: other unknown options are logged."""
    world = World()

    world.proxy(timeout=5).api("search").call()

    assert world.log[0].notes == (
        "unknown option 'timeout' was ignored; options are instance_key, caller",
    )


def test_strict_rejects_every_unknown_option_and_extra_argument() -> None:
    """O: `strict: true` rejects every unknown option and extra argument."""
    world = World(crm(strict=True))

    option = rejected(lambda: world.proxy(timeout=5).api("search").call())
    argument = rejected(lambda: world.proxy().get_customer_detail("1", "name", "多余"))

    assert option.message == (
        "$proxy('crm_system'): unknown option 'timeout'; options are instance_key, caller"
    )
    assert argument.code == "UNKNOWN_PARAMETER"
    assert argument.message == (
        "crm_system.get_customer_detail: 3 arguments given, 2 declared (id, fields); drop the rest"
    )
    assert world.sent == []


def test_both_spellings_of_python_setters_may_be_mixed() -> None:
    """Python spelling: each setter takes a mapping, keyword arguments, or both."""
    world = World(crm(DETAIL, CREATE))

    api = world.proxy().api("create_contract")
    api.query({"a-b": 1}, page=2).body({"名称": "合同"}, amount=3).call()

    assert world.request.url.endswith("?a-b=1&page=2")
    assert body_of(world.request) == {"名称": "合同", "amount": 3}


def test_build_gives_the_request_before_auth_and_sends_nothing() -> None:
    """Python spelling: `build()` is the request, nothing sent."""
    world = World()

    request = world.proxy().api("get_customer_detail").path(id="1").build()

    assert request.url == "https://crm.example.test/api/customers/1"
    assert request.injected == ()
    assert world.sent == []
    assert world.log == []


def test_an_object_of_a_foreign_type_throws_at_once() -> None:
    """O: bad argument types throw at once."""
    with pytest.raises(CallError, match="a Python object cannot be sent; pass texts, numbers"):
        World().proxy().api("create_contract").body({"x": object()})
