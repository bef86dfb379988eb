"""A drawn call as JavaScript and as a chain, and the rare setters: what each of them says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from bpmax_sim.js_values import UNDEFINED, BigInt
from bpmax_sim.platform.model import Api, Auth, Platform
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.strategies import rare_setters
from bpmax_sim.strategies.programs import javascript, to_chain, to_js_literal
from bpmax_sim.strategies.rare_setters import claims, find_placeholders_without_auth, get_auth


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("张三\u2028\"'", '"\\u5f20\\u4e09\\u2028\\"\'"'),
        ("\ud800", '"\\ud800"'),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (1e21, "1e+21"),
        (-7, "-7"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (None, "null"),
        (UNDEFINED, "undefined"),
        (BigInt(12), "12n"),
        (datetime(2026, 3, 2, 1, 0, 0, 5000, tzinfo=UTC), "new Date(1772413200005)"),
        (datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC), "new Date(-1)"),
        (b"\xff\x00", "new Uint8Array([255, 0])"),
        ({"__proto__": 1, "客户": [1, {}]}, '{["__proto__"]: 1, ["\\u5ba2\\u6237"]: [1, {}]}'),
        ((), "[]"),
        (("a", UNDEFINED), '["a", undefined]'),
    ],
)
def test_a_value_is_its_literal(value: Any, literal: str) -> None:
    assert to_js_literal(value) == literal


def test_what_has_no_literal_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^object has no JavaScript literal$"):
        to_js_literal({"a": [object()]})


@pytest.mark.parametrize(
    ("spec", "source"),
    [
        (CallSpec(platform="crm", api="a-b", args=()), '$proxy("crm")["a-b"]()'),
        (
            CallSpec(platform="crm", api="x", options={"instance_key": "test"}, args=(1, None)),
            '$proxy("crm", {["instance_key"]: "test"})["x"](1, null)',
        ),
        (CallSpec(platform="crm", api="x"), '$proxy("crm").$api("x").$call()'),
        (
            CallSpec(platform="crm", api="x", steps=(("query", {}), ("body", UNDEFINED))),
            '$proxy("crm").$api("x").$query({}).$body(undefined).$call()',
        ),
    ],
)
def test_a_call_is_its_expression(spec: CallSpec, source: str) -> None:
    assert javascript(spec) == source


KEY = {"$credential": "key"}
API = msgspec.convert(
    {
        "path": "/orders/{id}",
        "body": {"订单": {"来源": "表单", "key": KEY, "深": {"a": 1, "b": KEY}}, "备注": "无"},
        "parameters": [
            {"name": "客户", "in": "body", "to": "订单.客户"},
            {"name": "id", "in": "path"},
            {"name": "页", "in": "query", "to": "page"},
            {"name": "深", "in": "body", "to": "订单.深"},
            {"name": "追踪", "in": "header", "to": "X-Trace"},
            {"name": "每页", "in": "query", "to": "size"},
            {"name": "备注", "in": "body"},
        ],
    },
    Api,
)
WHOLE = msgspec.convert(
    {
        "path": "/orders",
        "body": {"来源": "表单"},
        "parameters": [{"name": "全部", "in": "body", "to": "$"}, {"name": "页", "in": "query"}],
    },
    Api,
)


@pytest.mark.parametrize(
    ("api", "args", "steps"),
    [
        (API, (), ()),
        (API, (UNDEFINED,) * 7, ()),
        (
            API,
            ("张三", 7, 2, UNDEFINED, "t", 20),
            (
                ("path", {"id": 7}),
                ("query", {"page": 2, "size": 20}),
                ("header", {"X-Trace": "t"}),
                ("body", {"订单": {"来源": "表单", "深": {"a": 1, "b": KEY}, "客户": "张三"}}),
            ),
        ),
        (
            API,
            (UNDEFINED, UNDEFINED, UNDEFINED, {"c": 2}),
            (("body", {"订单": {"来源": "表单", "深": {"a": 1, "c": 2}}}),),
        ),
        (
            API,
            (UNDEFINED, UNDEFINED, UNDEFINED, [1], UNDEFINED, UNDEFINED, None),
            (("body", {"订单": {"来源": "表单", "深": [1]}, "备注": None}),),
        ),
        (
            API,
            ("张三", 0),
            (
                ("path", {"id": 0}),
                ("body", {"订单": {"来源": "表单", "深": {"a": 1, "b": KEY}, "客户": "张三"}}),
            ),
        ),
        (WHOLE, ({"a": 1}, 2), (("body", {"a": 1}), ("query", {"页": 2}))),
        (WHOLE, (None,), (("body", None),)),
        (WHOLE, (UNDEFINED, 0, "多余"), (("query", {"页": 0}),)),
    ],
)
def test_arguments_are_the_setters_that_send_the_same(
    api: Api, args: tuple[Any, ...], steps: tuple[Any, ...]
) -> None:
    """What stands for a credential is left out beside a value: no script can write it."""
    chain = to_chain(api, CallSpec(platform="crm", api="x", args=args))

    assert (chain.args, chain.steps) == (None, steps)
    assert to_chain(api, chain) is chain


def test_a_body_that_is_no_map_is_replaced_by_its_parameters() -> None:
    api = msgspec.structs.replace(API, body="文本")
    chain = to_chain(api, CallSpec(platform="crm", api="x", args=("张三",)))

    assert chain.steps == (("body", {"订单": {"客户": "张三"}}),)


def apply(place: str, name: str) -> dict[str, str]:
    return {"in": place, "name": name, "value": "{{ secret }}"}


def auth(*spots: tuple[str, str], sign: dict[str, Any] | None = None) -> Auth:
    given = {"apply": [apply(*spot) for spot in spots]}
    return msgspec.convert(given | ({"sign": sign} if sign else {}), Auth)


def platform(how: Auth, **more: Any) -> Platform:
    return Platform(platform_key="crm", base_url="https://crm.example.test", auth=how, **more)


TENANT = Api(key="x", path="/{tenant}/orders/{id}-{no}/{id}")


def test_a_call_fills_the_placeholders_that_auth_leaves() -> None:
    owned = platform(auth(("path", "tenant"), ("query", "id")))

    assert find_placeholders_without_auth(None, TENANT) == ("tenant", "id", "no")
    assert find_placeholders_without_auth(owned, TENANT) == ("id", "no")
    own = msgspec.structs.replace(TENANT, auth=auth(("path", "no")))
    assert find_placeholders_without_auth(owned, own) == ("tenant", "id")
    assert get_auth(owned, own) is own.auth
    assert get_auth(owned, TENANT) is owned.auth
    assert get_auth(None, TENANT) is None


@pytest.mark.parametrize(
    ("how", "steps"),
    [
        (auth(), []),
        (
            auth(("header", "X-Api-Key")),
            [("header", {name: "mine"}) for name in ("X-Api-Key", "x-api-key", "X-API-KEY")],
        ),
        (auth(("query", "a")), [("query", {"a": "mine"}), ("query", {"A": "mine"})]),
        (auth(("path", "tenant")), [("path", {"tenant": "mine"})]),
        (
            auth(("cookie", "sid")),
            [("header", {"Cookie": f"a=1; {name}=mine; b=2"}) for name in ("sid", "SID", "Sid")],
        ),
        (
            auth(("body", "认证.键")),
            [("body", {"认证": {"键": "mine"}})],
        ),
    ],
)
def test_a_script_claims_what_auth_sets_in_every_case(how: Auth, steps: list[Any]) -> None:
    assert claims(platform=platform(how)) == steps
    assert claims(platform=None) == []


SIGN = {
    "set_query": {"nonce": "1"},
    "message": "m",
    "key": "{{ secret }}",
    "emit": [apply("header", "x-sign")],
}


def test_a_script_claims_what_a_signature_sets() -> None:
    names = {
        (place, name)
        for place, value in claims(platform=platform(auth(sign=SIGN)))
        for name in value
    }

    assert ("header", "x-sign") in names
    assert ("header", "X-SIGN") in names
    assert ("query", "nonce") in names


BARE = Api(key="x", path="/orders")
DEFAULTED = Api(
    key="x",
    path="/orders/{id}/{no}?v=1&lang=zh",
    query={"页": 1, "lang": "zh"},
    headers={"X-Trace": "a", "x-lower": "b"},
)
OF_PLATFORM: dict[str, Any] = {"query": {"aa": 1}, "headers": {"A-Head": "c"}}


def make(name: str, api: Api, known: Platform | None, number: int = 0) -> list[Any]:
    maker, values = rare_setters._ALL[name]
    return maker(api, known, values[number])


@pytest.mark.parametrize(
    ("name", "number", "api", "known", "steps"),
    [
        ("undefined on a default of the query", 0, BARE, None, [("query", {"page": UNDEFINED})]),
        (
            "undefined on a default of the query",
            0,
            DEFAULTED,
            None,
            [("query", {"lang": UNDEFINED})],
        ),
        (
            "null on a default of the query",
            0,
            DEFAULTED,
            platform(Auth(), **OF_PLATFORM),
            [("query", {"aa": None})],
        ),
        ("undefined on a default header", 0, BARE, None, [("header", {"x-tRACE": UNDEFINED})]),
        (
            "null on a default header in another case",
            0,
            DEFAULTED,
            None,
            [("header", {"x-tRACE": None})],
        ),
        (
            "a header that meets a default in another case",
            0,
            DEFAULTED,
            platform(Auth(), **OF_PLATFORM),
            [("header", {"a-hEAD": "t-1"})],
        ),
        ("a value on a default of the query", 3, BARE, None, [("query", {"page": [1, "b"]})]),
        ("a value on a query of the path", 0, DEFAULTED, None, [("query", {"v": "z"})]),
        ("a value on a query of the path", 1, BARE, None, [("query", {"q": None})]),
        ("one query name twice", 1, BARE, None, [("query", {"q": 1}), ("query", {"q": UNDEFINED})]),
        (
            "one header twice in two cases",
            0,
            BARE,
            None,
            [("header", {"X-Twice": "1"}), ("header", {"x-twicE": "2"})],
        ),
        ("one placeholder twice", 0, BARE, None, []),
        (
            "one placeholder twice",
            1,
            DEFAULTED,
            None,
            [("path", {"id": "先"}), ("path", {"id": "a/b?#"})],
        ),
        ("an object after another body", 2, BARE, None, [("body", 7), ("body", {"来源": "后"})]),
        ("another body after an object", 2, BARE, None, [("body", {"来源": "先"}), ("body", None)]),
        (
            "two objects",
            2,
            BARE,
            None,
            [("body", {"来源": "先", "q": 1}), ("body", {"q": None, "来源": None})],
        ),
        (
            "a template in a text",
            1,
            BARE,
            None,
            [("query", {"q": "{{ now }}"}), ("body", {"来源": "{{ now }}"})],
        ),
        ("numbers, a space and a plus in the query", 2, BARE, None, [("query", {"q": True})]),
        ("an array in the query", 2, BARE, None, [("query", {"q": []})]),
        (
            "a date, NaN and undefined in a body",
            2,
            BARE,
            None,
            [("body", {"q": UNDEFINED, "no": [UNDEFINED], "lang": UNDEFINED})],
        ),
        ("undefined for a body", 0, BARE, None, [("body", UNDEFINED)]),
        ("a text for a body", 2, BARE, None, [("body", "")]),
        ("half a character in a body", 1, BARE, None, [("body", "\ud83d")]),
        ("bytes for a body", 1, BARE, None, [("body", b"")]),
        (
            "a content type of the script's own",
            2,
            BARE,
            None,
            [("header", {"content-type": "multipart/form-data"})],
        ),
        (
            "a name that auth owns",
            0,
            BARE,
            platform(auth()),
            [("header", {"authorization": "Bearer mine"})],
        ),
        (
            "a name that auth owns",
            4,
            BARE,
            platform(auth(("query", "a"), ("cookie", "A"))),
            [("query", {"a": "mine"})],
        ),
        (
            "a name that auth owns",
            3,
            BARE,
            platform(auth(("query", "a"), ("path", "b"))),
            [("query", {"a": "mine"})],
        ),
        (
            "a name that auth owns",
            5,
            BARE,
            platform(auth(("query", "a"), ("path", "b"))),
            [("path", {"b": "mine"})],
        ),
        ("null in a path", 0, DEFAULTED, None, [("path", {"id": None})]),
        ("null in a path", 0, BARE, None, []),
        ("a name that no path has", 0, BARE, None, [("path", {"unknown": "1"})]),
        ("an object in the query", 1, BARE, None, [("query", {"q": [[1]]})]),
        ("a BigInt in a body", 1, BARE, None, [("body", {"q": [BigInt(1)]})]),
    ],
)
def test_a_rare_setter_is_made_for_its_api(
    name: str, number: int, api: Api, known: Platform | None, steps: list[Any]
) -> None:
    assert make(name, api, known, number) == steps
