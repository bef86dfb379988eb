"""Which calls, platforms, APIs and ways to authenticate are drawn, and which never are."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import strategies as st
from msgspec import UNSET

from bpmax_sim.js_values import UNDEFINED, BigInt
from bpmax_sim.path_template import list_placeholders
from bpmax_sim.platform.model import Api, Apply, Auth, Platform, to_snake_case
from bpmax_sim.strategies import (
    apis,
    auths,
    chains,
    direct_calls,
    instances,
    platforms,
    rivals,
)
from bpmax_sim.strategies.platforms import METHODS, find_response_rules
from tests.strategies.drawing import Has, draw_all, has_each, require_kinds

AUTH = Auth(
    apply=(
        Apply(place="path", name="tenant", value="{{ user }}"),
        Apply(place="header", name="X-Api-Key", value="{{ secret }}"),
    )
)
FIND = msgspec.convert(
    {
        "path": "/{tenant}/orders/{id}",
        "aliases": ["查订单", "oldFind"],
        "parameters": [
            {"name": "id", "in": "path", "required": True},
            {"name": "X-Trace", "in": "header", "to": "X-Trace", "required": True},
            {"name": "客户", "in": "body", "to": "订单.客户", "required": True},
            {"name": "page", "in": "query"},
        ],
    },
    Api,
)
FIND = msgspec.structs.replace(FIND, key="findOrders")
SPELLINGS = {"findOrders", "查订单", "oldFind", "find_orders", "old_find"}
CRM = Platform(
    platform_key="crm",
    base_url="https://crm.example.test",
    auth=AUTH,
    apis={"findOrders": FIND, "ping": Api(key="ping", path="/ping")},
    spellings={"find_orders": "findOrders", "查订单": "findOrders", "old_find": "findOrders",
               "ping": "ping"},
)  # fmt: skip


def named(call: Any, setter: str) -> list[Any]:
    """Return each map that *call* gives to *setter*."""
    return [value for step, value in call.steps if step == setter and isinstance(value, dict)]


def has_required(call: Any) -> bool:
    return (
        any("id" in one for one in named(call, "path"))
        and any("X-Trace" in one for one in named(call, "header"))
        and any("客户" in (one.get("订单") or {}) for one in named(call, "body"))
    )


WHO: dict[str, Has] = {
    **has_each("api", ("findOrders", "查订单")),
    "snake case": lambda call: call.api in {"find_orders", "old_find"},
    "an alias": lambda call: call.api in {"查订单", "oldFind", "old_find"},
    "another name": lambda call: call.api not in SPELLINGS,
    "test": lambda call: call.options.get("instance_key") == "test",
    "prod": lambda call: call.options.get("instance_key") == "prod",
    "undefined": lambda call: call.options.get("instance_key") is UNDEFINED,
    "no option": lambda call: not call.options,
    "caller": lambda call: isinstance(call.options.get("caller"), str),
    "no caller": lambda call: call.options.get("caller") is UNDEFINED,
    "an empty caller": lambda call: call.options.get("caller") == "",
    "an instance that there is not": lambda call: call.options.get("instance_key") == "prd",
    "another platform": lambda call: call.platform != "crm",
    "another option": lambda call: call.options.keys() - {"caller", "instance_key"},
}  # fmt: skip
USUAL = {
    "findOrders",
    "查订单",
    "snake case",
    "an alias",
    "test",
    "prod",
    "undefined",
    "no option",
    "caller",
    "no caller",
}
REFUSED = USUAL | {"an instance that there is not"}
CHAINS: dict[str, Has] = WHO | {
    "all that is required": has_required,
    "not all": lambda call: not has_required(call),
    "many setters": lambda call: len(call.steps) > 5,
    "what auth sets": lambda call: {"X-API-KEY": "mine"} in named(call, "header"),
    "undefined for a body": lambda call: ("body", UNDEFINED) in call.steps,
    "arguments": lambda call: call.args is not None,
    "a name that no path has": lambda call: any("unknown" in one for one in named(call, "path")),
    "null in a path": lambda call: any(None in one.values() for one in named(call, "path")),
    "dots in a path": lambda call: any(".." in one.values() for one in named(call, "path")),
    "a BigInt": lambda call: any(isinstance(value, BigInt) for _, value in call.steps),
    "a header of two lines": lambda call: "x\r\nX-Evil: 1"
    in [value for one in named(call, "header") for value in one.values()],
}  # fmt: skip
FEW: Mapping[str, Has] = {
    "nothing": lambda call: not call.steps,
    "all that is required": has_required,
    "more": lambda call: len(call.steps) > 3,
    "a platform by chance": lambda call: re.fullmatch("[a-z][a-z0-9_]*", call.platform),
    "an instance": lambda call: call.options.get("instance_key", UNDEFINED) is not UNDEFINED,
}
CALLS: dict[str, Has] = WHO | {
    "all arguments": lambda call: len(call.args) == 4,
    "too few": lambda call: len(call.args) < 4,
    "three too many": lambda call: len(call.args) == 7,
    "the optional one undefined": lambda call: call.args[3:4] == (UNDEFINED,),
    "more than three too many": lambda call: len(call.args) > 7,
    "a required one undefined": lambda call: UNDEFINED in call.args[:3],
}
ARGUMENTS = {"all arguments", "too few", "three too many", "the optional one undefined"}


@pytest.mark.parametrize(
    ("make", "kinds", "there"),
    [
        (
            lambda: chains(platform=CRM, api=FIND, instances=("test", "prod")),
            CHAINS,
            USUAL | {*[*CHAINS][len(WHO) : len(WHO) + 5]},
        ),
        (
            lambda: chains(platform=CRM, api=FIND, instances=("test", "prod"), refusable=True),
            CHAINS,
            REFUSED | {*[*CHAINS][len(WHO) :]} - {"arguments"},
        ),
        (
            lambda: chains(api=FIND, max_steps=0),
            FEW,
            {"nothing", "all that is required", "a platform by chance"},
        ),
        (
            lambda: direct_calls(platform=CRM, api=FIND, instances=("test", "prod")),
            CALLS,
            USUAL | ARGUMENTS,
        ),
        (
            lambda: direct_calls(
                platform=CRM, api=FIND, instances=("test", "prod"), refusable=True
            ),
            CALLS,
            REFUSED | ARGUMENTS | {"a required one undefined"},
        ),
    ],
    ids=["chains", "refused chains", "bare chains", "direct calls", "refused direct calls"],
)
def test_calls_of_all_kinds_are_drawn_and_no_other(
    make: Callable[[], st.SearchStrategy[Any]], kinds: Mapping[str, Has], there: Collection[str]
) -> None:
    require_kinds(make(), kinds, there, 30)


def test_any_api_of_a_platform_and_any_name_without_one_is_called() -> None:
    for drawn in (chains, direct_calls):
        called = {call.api for call in draw_all(drawn(platform=CRM), 30)}
        assert {"findOrders", "ping"} <= called <= {*SPELLINGS, "ping"}
        assert {call.api for call in draw_all(drawn(), 20)} == {"get_customer_detail"}


def test_who_rivals_auth_sets_the_same_in_every_case_of_letters() -> None:
    names = ("X-Api-Key", "x-api-key", "X-API-KEY")

    assert {str(one) for one in draw_all(rivals(platform=CRM, api=FIND), 30)} == {
        str(("path", {"tenant": "mine"})),
        *(str(("header", {name: "mine"})) for name in names),
    }


def describe_auth(auth: Auth) -> str:
    """Return what *auth* does: its logins, what it puts where, and its signature."""
    logins = [
        f"{step.request.path} {step.request.form or step.request.body} -> {[*step.extract]}"
        for step in (auth.acquire.steps if auth.acquire else ())
    ]
    spots = [f"{spot.place} {spot.name}: {spot.value}" for spot in auth.apply]
    signed = [f"signed {spot.name}" for spot in (auth.sign.emit if auth.sign else ())]
    return "; ".join([*logins, *spots, *signed])


LOGIN = "/login {'user': '{{ user }}', 'secret': '{{ secret }}'} -> "
WHOLE = f"{LOGIN}['token', 'ttl']; "
STEPS = f"{LOGIN}['ticket']; /token {{'ticket': '{{{{ ticket }}}}'}} -> ['token', 'ttl']; "
TOKEN, TOKEN_IN_QUERY = (
    "header Authorization: Bearer {{ token }}",
    "query access_token: {{ token }}",
)
BASIC = "header Authorization: Basic {{ (user ~ ':' ~ secret) | b64 }}"
KEY, USER = "header X-Api-Key: {{ secret }}", "header X-Api-Key: {{ user }}"
QUERY, COOKIE = "query access_token: {{ secret }}", "cookie sid: {{ secret | hex }}"
BODY = "body auth.key: {{ secret }}"


@pytest.mark.parametrize(
    ("kind", "ways"),
    [
        ("none", {""}),
        ("static", {BASIC, KEY, QUERY, COOKIE, BODY, "header Authorization: Bearer {{ secret }}",
                    "path tenant: {{ user }}"}),
        ("login", {WHOLE + TOKEN, WHOLE + TOKEN_IN_QUERY}),
        ("steps", {STEPS + TOKEN, STEPS + TOKEN_IN_QUERY}),
        ("signed", {"signed X-Signature"}),
        ("double", {f"{BASIC}; {QUERY}", f"{KEY}; {COOKIE}", f"{BODY}; {USER}", f"{BODY}; {KEY}",
                    f"{WHOLE}{TOKEN}; {USER}"}),
    ],
)  # fmt: skip
def test_all_ways_of_a_kind_of_auth_are_drawn_and_no_other(kind: str, ways: set[str]) -> None:
    assert {describe_auth(auth) for auth in draw_all(auths(kinds=[kind]), 60)} == ways


def body_of(api: Api) -> list[Any]:
    return [one.to for one in api.parameters if one.place == "body"]


def names_of(api: Api, place: str) -> list[str]:
    return [one.name for one in api.parameters if one.place == place]


def holds_body(api: Api) -> bool:
    """Return whether its encoding can hold the default body and the parameters of *api*."""
    inner = {UNSET: "深.", "xml": "单."}.get(api.encoding, "")
    is_text = api.encoding == "text"
    default = isinstance(api.body, str if is_text else dict) or api.body is UNSET
    return default and all(to.startswith(inner) and not is_text for to in body_of(api))


APIS: Mapping[str, Has] = {
    **has_each("method", METHODS),
    **has_each("encoding", ("form", "multipart", "xml", "text")),
    "JSON": lambda api: api.encoding is UNSET,
    "an alias": lambda api: api.aliases == (f"old_{api.key}",),
    "no alias": lambda api: not api.aliases,
    "two placeholders": lambda api: len(list_placeholders(api.path)) == 2,
    "no placeholder": lambda api: not list_placeholders(api.path),
    "a query in its path": lambda api: api.path.endswith(("?v=1", "?lang=zh&flag")),
    "a default": lambda api: any(one.default is not UNSET for one in api.parameters),
    "an enum": lambda api: any(one.enum for one in api.parameters),
    "a parameter of the body": body_of,
    "no default body": lambda api: api.body is UNSET,
    "a default of the query": lambda api: api.query,
    # never
    "a placeholder without parameter": lambda api: {*list_placeholders(api.path)}
    != {*names_of(api, "path")},
    "a placeholder that need not be filled": lambda api: not all(
        one.required for one in api.parameters if one.place == "path"),
    "a name twice": lambda api: len({one.name for one in api.parameters}) < len(api.parameters),
    "a default elsewhere": lambda api: any(
        one.default is not UNSET for one in api.parameters if one.place != "query"),
    "a default of a declared kind": lambda api: any(
        one.default is not UNSET and (one.type or one.enum or one.format)
        for one in api.parameters),
    "a header that is none": lambda api: not all(
        re.fullmatch(r"X-\w+", one.to, re.ASCII) for one in api.parameters
        if one.place == "header"),
    "a body that it cannot hold": lambda api: not holds_body(api),
    "a template in a default": lambda api: "{{" in f"{api.query}{api.headers}",
    "no header": lambda api: not {*api.headers} & {"X-Trace", "x-lower"},
}  # fmt: skip
PLATFORMS: Mapping[str, Has] = {
    **has_each("platform_key", ("crm_system", "erp", "qywx-test")),
    "one API": lambda one: len(one.apis) == 1,
    "three": lambda one: len(one.apis) == 3,
    "strict": lambda one: one.strict,
    "not strict": lambda one: not one.strict,
    "auth of an API's own": lambda one: any(
        isinstance(api.auth, Auth) for api in one.apis.values()),
    "a path in its address": lambda one: one.base_url == "http://erp.test:8080/根/v2/",
    "a query": lambda one: one.query,
    "no header": lambda one: not one.headers,
    # never
    "no API or four": lambda one: not 1 <= len(one.apis) <= 3,
    "a name that leads elsewhere": lambda one: any(
        one.spellings.get(to_snake_case(name)) != key for key, api in one.apis.items()
        for name in (key,)),
    "rules of another auth": lambda one: any(
        api.response != find_response_rules(api.auth)
        for api in one.apis.values() if isinstance(api.auth, Auth)),
    "a secret that is none": lambda one: one.credentials["user"].secret
    or not one.credentials["secret"].secret,
}  # fmt: skip
INSTANCES: Mapping[str, Has] = {
    **has_each("instance_key", ("test", "prod", "客户甲")),
    "its own address": lambda one: one.base_url == "https://own.example.test/租户/",
    "that of the platform": lambda one: one.base_url == "",
    "a query": lambda one: one.query,
    "a header": lambda one: one.headers,
    # never
    "other credentials": lambda one: {*one.credentials} != {"user", "secret"}
    or not re.fullmatch("s3c.+-Kq7", str(one.credentials["secret"])),
    "another platform": lambda one: one.platform != "crm_system",
}  # fmt: skip


@pytest.mark.parametrize(
    ("make", "kinds", "never"),
    [
        (apis, APIS, 9),
        (lambda: platforms(auth=auths(kinds=["static", "login"])), PLATFORMS, 4),
        (instances, INSTANCES, 2),
    ],
    ids=["apis", "platforms", "instances"],
)
def test_what_is_declared_is_of_all_kinds_and_no_other(
    make: Callable[[], st.SearchStrategy[Any]], kinds: Mapping[str, Has], never: int
) -> None:
    require_kinds(make(), kinds, [*kinds][:-never], 25)
