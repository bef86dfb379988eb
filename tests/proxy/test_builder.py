"""What a builder takes, and in which order two ways of setting one name count."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.errors import CallError
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.proxy.builder import check_api, check_proxy, check_setter_argument
from tests.proxy.world import World, body_of, headers_of


def test_a_name_that_is_set_by_a_map_and_by_a_keyword_has_the_keywords_value() -> None:
    world = World()
    built = world.proxy().api("get_customer_detail")
    built = built.path({"id": "1"}, id="2").query({"fields": "a"}, fields="b")
    built.header({"X-A": "1"}, **{"X-A": "2"}).body({"a": 1, "b": 1}, a=2).call()

    assert world.request.url.endswith("/api/customers/2?fields=b")
    assert headers_of(world.request)["X-A"] == "2"
    assert body_of(world.request) == {"a": 2, "b": 1}


@pytest.mark.parametrize("name", ["instance_key", "caller"])
@pytest.mark.parametrize("value", ["", None, 0, False, [], {}])
def test_an_option_is_a_text_that_is_not_empty(name: str, value: Any) -> None:
    with pytest.raises(CallError, match=f"{name}.* must be a non-empty text"):
        check_proxy("crm", {name: value})
    check_proxy("crm", {name: "x"})
    check_proxy("crm", {name: UNDEFINED})


@pytest.mark.parametrize("key", ["", None, 0, UNDEFINED, ["crm"]])
def test_a_platform_and_an_api_are_texts_that_are_not_empty(key: Any) -> None:
    with pytest.raises(CallError, match="non-empty text"):
        check_proxy(key)
    with pytest.raises(CallError, match="non-empty text"):
        check_api("crm", key)


@pytest.mark.parametrize("options", [None, "", 0, [], "x"])
def test_options_are_an_object(options: Any) -> None:
    with pytest.raises(CallError, match="options must be an object"):
        check_proxy("crm", options)


@pytest.mark.parametrize("setter", ["path", "query", "header", "body"])
@pytest.mark.parametrize("value", [None, "", 0, [], "x", UNDEFINED, {}])
def test_only_a_body_may_be_no_object(setter: str, value: Any) -> None:
    if setter == "body" or value is UNDEFINED or value == {}:
        check_setter_argument("crm", "x", setter, value)
        return
    with pytest.raises(CallError) as caught:
        check_setter_argument("crm", "x", setter, value)
    assert f"${setter}(values): expected an object" in str(caught.value)
