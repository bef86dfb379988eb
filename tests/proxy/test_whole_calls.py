"""Whole calls with everything in them: what is sent, what is doubted, and each reason to refuse."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NoReturn

import msgspec
import pytest

from bpmax_sim.errors import CallError, ConfigError
from bpmax_sim.js_values import UNDEFINED, JsMap, OpaqueValue, SearchParams
from bpmax_sim.platform.model import Api, Auth, Instance, Platform
from bpmax_sim.proxy.builder import (
    CallSpec,
    Proxy,
    check_api,
    check_proxy,
    check_setter_argument,
    copy_value_marking_cycles,
    is_api_property,
)
from bpmax_sim.proxy.call_plan import LONGEST_TARGET, Plan, find_rejected_call_target, plan_call
from bpmax_sim.secret.vault import Credential, Credentials
from tests.proxy.world import BASE, SECRET, STANDIN, World, crm, rejected

OVERRIDDEN = "is set by auth; the call's own value was dropped"


def api(**fields: Any) -> Api:
    return msgspec.convert({"key": "make", "method": "post", "path": "/orders", **fields}, Api)


def parameters(*rows: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Return parameters of (place, name, to) and further keys."""
    return [
        {"in": place, "name": name, "to": to, **(more[0] if more else {})}
        for place, name, to, *more in rows
    ]


def plan(
    of: Api, *steps: tuple[str, Any], args: Any = None, options: Any = None,
    world: World | None = None, environment: Any = None, **platform: Any,
) -> Plan:  # fmt: skip
    made = world or World(crm(of, **platform), **(environment or {}))
    return plan_call(
        CallSpec(
            platform="crm_system",
            api=of.key,
            steps=steps,  # type: ignore[arg-type]
            args=args,
            options=options or {},
        ),
        made.env,
    )


def refusal(of: Api, *steps: tuple[str, Any], **more: Any) -> tuple[str, str]:
    """Return code and message with which a call is rejected, without the call's name."""
    error = rejected(lambda: plan(of, *steps, **more))
    return error.code, error.message.removeprefix("crm_system.make: ")


LEVELS: dict[str, Any] = {
    "query": {"p": "平台", "q": "p", "own": "p"},
    "headers": {"X-Level": "p", "X-Only": "p", "X-Gone": "p"},
    "timeout": 11.0,
    "redact": ("body.phone",),
}


def test_later_values_win_and_everything_is_sent_in_order() -> None:
    order = api(
        path="/orders/{no}/{line}.json?own=path&own=path2&only=path&none=&tag=1&tag=2&tag=3",
        query={"q": "api", "2": "two"},
        headers={"x-level": "api"},
        body={"客户": {"名": "默认", "级": 1}, "z": 0, "1": "first"},
        parameters=parameters(
            ("path", "orderNo", "no", {"required": True}),
            ("path", "line", "", {"default": 7}),
            ("query", "page", "pageNo", {"default": 1}),
            ("header", "trace", "X-Trace", {"default": "t0"}),
            ("body", "phone", "客户.电话", {"default": "010"}),
        ),
    )
    made = plan(
        order,
        ("path", {"orderNo": "DD/1", "gone": UNDEFINED}),
        ("query", {"p": None, "标签": ["甲", "乙"], "skip": UNDEFINED, "10": 1}),
        ("query", {"pageNo": 3}),
        ("header", {"X-TRACE": "t1", "x-gone": None, "X-Und": UNDEFINED}),
        ("body", {"z": 5, "und": UNDEFINED, "0": None}),
        ("body", {"客户": {"名": "张三"}}),
        **LEVELS,
    )

    call = made.call
    assert call.method == "POST"
    assert call.path == "/orders/DD%2F1/7.json"
    assert call.query == (
        ("2", "two"), ("10", "1"), ("own", "p"), ("only", "path"), ("none", ""), ("tag", "1"),
        ("tag", "2"), ("tag", "3"), ("q", "api"),
        ("pageNo", "3"), ("标签", "甲"), ("标签", "乙"),
    )  # fmt: skip
    assert call.headers == (
        ("x-level", "api"), ("X-Only", "p"), ("X-TRACE", "t1"),
        ("Content-Type", "application/json"),
    )  # fmt: skip
    assert call.body is not None
    assert call.body.decode() == '{"0":null,"1":"first","客户":{"名":"张三"},"z":5}'
    assert (made.notes, made.doubts) == ((), ())
    assert made.real is call
    assert (call.serial, call.caller, call.instance, call.api) == (1, None, "test", "make")
    recipe = made.recipe
    assert (recipe.timeout, recipe.personal, recipe.strict) == (11.0, ("body.phone",), False)

    direct = plan(order, args=("DD-2", UNDEFINED, 9, "t2", "139", "more"), **LEVELS)
    assert direct.call.path == "/orders/DD-2/7.json"
    assert dict(direct.call.query)["pageNo"] == "9"
    assert direct.call.headers[3:] == (("X-Trace", "t2"), ("Content-Type", "application/json"))
    assert direct.call.body is not None
    assert direct.call.body.decode() == (
        '{"1":"first","客户":{"名":"默认","级":1,"电话":"139"},"z":0}'
    )
    assert direct.doubts == direct.notes == (
        "6 arguments given, 5 declared (orderNo, line, page, trace, phone); the rest was dropped",
    )  # fmt: skip


def test_a_body_of_another_kind_takes_the_place_of_the_one_before() -> None:
    template = api(body={"a": 1})
    bodies: list[tuple[tuple[Any, ...], str | None]] = [
        ((), '{"a":1}'),
        (({"b": 2},), '{"a":1,"b":2}'),
        (({"a": UNDEFINED},), '{"a":1}'),
        ((UNDEFINED,), '{"a":1}'),
        (([1],), "[1]"),
        (([1], {"b": 2}), '{"b":2}'),
        ((None,), "null"),
        (("文",), "文"),
        (({"b": 2}, None, {"c": 3}), '{"c":3}'),
    ]
    found = []
    for values, _ in bodies:
        made = plan(template, *(("body", value) for value in values)).call.body
        found.append((values, None if made is None else made.decode()))
    assert found == bodies
    bare = plan(api())
    assert (bare.call.body, bare.call.headers) == (None, ())
    templates: list[tuple[Any, bytes]] = [({}, b"{}"), (None, b"null"), ([], b"[]"), ("", b"")]
    for own, sent in templates:
        assert plan(api(body=own)).call.body == sent
    form = api(encoding="form", body={"z": 0})
    assert plan(form, ("body", {"b": 1, "10": 2}), ("body", {"2": 3})).call.body == (
        b"2=3&10=2&z=0&b=1"
    )
    assert plan(api(headers={"X-A": "1"}), ("header", {"x-a": ""})).call.headers == (("x-a", ""),)
    swapped = api(path="/o/{a}/{b}", parameters=parameters(("path", "a", "b"), ("path", "x", "a")))
    assert plan(swapped, ("path", {"a": 1, "b": 2})).call.path == "/o/1/2"
    assert plan(swapped, ("path", {"x": 1, "b": 2})).call.path == "/o/1/2"


def test_the_type_of_a_body_is_declared_or_set() -> None:
    params = SearchParams((("a", "1"),))
    form, json = "application/x-www-form-urlencoded", "application/json"
    cases: list[tuple[Any, Any, Any, str, str]] = [
        # declared, own header, value -> header, bytes
        ({}, None, {"a": 1}, json, '{"a":1}'),
        ({}, None, params, form, "a=1"),
        ({}, "text/csv", "a,b", "text/csv", "a,b"),
        ({}, f"{form}; charset=gbk", {"a": 1}, f"{form}; charset=gbk", "a=1"),
        ({"encoding": "xml"}, None, {"a": 1}, "application/xml; charset=utf-8", "<a>1</a>"),
        ({"encoding": "text"}, None, params, "text/plain; charset=utf-8", "a=1"),
        ({"encoding": "form"}, json, {"a": 1}, json, "a=1"),
    ]
    found = []
    for declared, own, value, _, _ in cases:
        steps = (("header", {"content-TYPE": own}),) if own else ()
        made = plan(api(**declared), *steps, ("body", value)).call
        assert made.body is not None
        found.append((declared, own, value, made.headers[0][1], made.body.decode()))
    assert found == cases
    assert refusal(api(encoding="json"), ("body", params))[0] == "BAD_ARGUMENT"
    assert plan(api(), ("body", params), encoding="form").call.body == b"a=1"
    parts = plan(api(), ("body", params), encoding="multipart").call.headers
    assert parts[0][1].startswith("multipart/form-data; boundary=")
    made = plan(
        api(encoding="multipart"), ("header", {"Content-Type": "multipart/form-data"}),
        ("body", {"a": 1}),
    ).call  # fmt: skip
    assert made.headers[0][1].startswith("multipart/form-data; boundary=bpmax-")
    raw = plan(
        api(encoding="multipart"), ("header", {"Content-Type": "multipart/form-data; boundary=x"}),
        ("body", b"--x--"),
    ).call  # fmt: skip
    assert raw.headers == (("Content-Type", "multipart/form-data; boundary=x"),)
    auth = {"apply": [{"in": "header", "name": "CONTENT-TYPE", "value": "x/y"}]}
    reserved = plan(api(), ("body", {"a": 1}), auth=msgspec.convert(auth, Auth))
    assert reserved.call.headers == ()


AUTH = msgspec.convert(
    {
        "apply": [
            {"in": "header", "name": "X-Token", "value": "t"},
            {"in": "query", "name": "Access_Token", "value": "t"},
            {"in": "cookie", "name": "SID", "value": "s"},
            {"in": "path", "name": "Key", "value": "k"},
            {"in": "body", "name": "auth.Sign", "value": "s"},
            {"in": "body", "name": "Seal", "value": "s"},
            {"in": "header", "name": "x-time", "value": "t"},
        ]
    },
    Auth,
)


def test_what_auth_sets_is_dropped_in_every_spelling() -> None:
    made = plan(
        api(path="/hooks/{Key}", headers={"x-token": "d", "X-TIME": "d"}),
        ("path", {"Key": "own"}),
        ("query", {"ACCESS_TOKEN": "d", "access_token": "own", "Access_Token": None, "x": 1}),
        ("header", {"X-TOKEN": "own", "cookie": 'sid=1; b=2; Sid=3; c="4"'}),
        (
            "body",
            {"Auth": {"SIGN": "own", "x": 1}, "AUTH": {"x": 2}, "auth.sign": 2, "seal": {"y": 1}},
        ),
        auth=AUTH,
    )

    assert made.call.path == "/hooks/{Key}"
    assert made.call.query == (("x", "1"),)
    assert made.real.headers == (("cookie", 'b=2; c="4"'), ("Content-Type", "application/json"))
    assert made.call.body == b'{"Auth":{"x":1},"AUTH":{"x":2},"auth.sign":2}'
    assert made.doubts == tuple(
        f"{place} {OVERRIDDEN}"
        for place in (
            "header.x-time", "header.x-token", "query.ACCESS_TOKEN", "query.access_token",
            "cookie.Sid",
            "cookie.sid", "path.Key", "body.auth.Sign", "body.Seal",
        )
    )  # fmt: skip
    clean = plan(api(path="/hooks/{Key}"), auth=AUTH)
    assert (clean.call.body, clean.doubts) == (b"{}", ())
    gone = plan(
        api(path="/hooks/{Key}"), ("header", {"Cookie": "sid=1"}), ("body", None), auth=AUTH
    )
    assert gone.call.headers == (("Content-Type", "application/json"),)
    form = plan(
        api(path="/hooks/{Key}", encoding="form"),
        ("body", {"AUTH.SIGN": "own", "auth": "text"}),
        auth=AUTH,
    )
    assert form.call.body == b"auth=text"
    assert form.doubts == (f"body.auth.Sign {OVERRIDDEN}",)


def test_auth_in_a_body_needs_json_or_a_form() -> None:
    hook = {"path": "/hooks/{Key}"}
    place = "which can be JSON or a form, and not"
    cases = {
        refusal(api(**hook, encoding="xml"), ("body", {"a": 1}), auth=AUTH)[1],
        refusal(api(**hook, encoding="form"), ("header", {"Content-Type": "text/Csv"}), auth=AUTH)[
            1
        ],
        refusal(api(**hook), ("body", [1]), auth=AUTH)[1],
        refusal(api(**hook), ("body", "text"), auth=AUTH)[1],
    }
    assert cases == {
        f"auth puts 'auth.Sign' into the body, {place} application/xml",
        f"auth puts 'auth.Sign' into the body, {place} text/csv",
        "auth puts 'auth.Sign' into the body: pass an object",
    }


def test_a_parameter_that_is_missing_or_unknown_is_refused() -> None:
    needs = api(
        path="/o/{no}",
        parameters=parameters(
            ("path", "orderNo", "no", {"required": True}),
            ("query", "page", "pageNo", {"required": True}),
            ("header", "trace", "X-Trace", {"required": True}),
            ("body", "name", "客户.名", {"required": True}),
            ("query", "size", "", {"required": True, "default": 20}),
        ),
    )
    steps: list[tuple[str, Any]] = [
        ("path", {"orderNo": 1}), ("query", {"pageNo": 1}), ("header", {"x-trace": "t"}),
        ("body", {"客户": {"名": None}}),
    ]  # fmt: skip
    assert plan(needs, *steps).call.body == '{"客户":{"名":null}}'.encode()
    told = [refusal(needs, *steps[:at], *steps[at + 1 :]) for at in range(4)]
    missing = "MISSING_PARAMETER"
    assert told == [
        (missing, "parameter 'orderNo' is missing (path.no)"),
        (missing, "parameter 'page' is missing (query.pageNo)"),
        (missing, "parameter 'trace' is missing (header.X-Trace)"),
        (missing, "parameter 'name' is missing (body.客户.名)"),
    ]
    empty: list[Any] = [{"客户": {}}, {"客户": {"名": UNDEFINED}}, {"名": 1}, None]
    for body in empty:
        assert refusal(needs, *steps[:3], ("body", body)) == told[3]
    opaque: list[Any] = [{"客户": "张三"}, {"客户": [1]}, "text", [1]]
    for body in opaque:
        assert plan(needs, *steps[:3], ("body", body)).doubts == ()
    assert refusal(needs, *steps[:3], ("body", {"客户": None})) == told[3]
    assert dict(plan(needs, *steps, ("query", {"size": None})).call.query) == {"pageNo": "1"}
    assert refusal(needs, ("query", {"pageNo": None}), steps[0], *steps[2:]) == told[1]
    assert refusal(needs, ("header", {"X-Trace": "t"}), ("header", {"X-TRACE": None}), *steps[:2],
                   steps[3]) == told[2]  # fmt: skip
    assert refusal(needs, ("path", {"no": None}), *steps[1:])[0] == "BAD_ARGUMENT"
    unknown = "UNKNOWN_PARAMETER"
    assert refusal(needs, ("path", {"nr": 1}), *steps[1:]) == (
        unknown, "unknown path parameter 'nr'; /o/{no} has no",
    )  # fmt: skip
    assert refusal(api(), ("path", {"x": 1})) == (
        unknown, "unknown path parameter 'x'; /orders has none",
    )  # fmt: skip
    undeclared = api(path="/o/{b}/{a}")
    assert refusal(undeclared, ("path", {"zz": 1})) == (
        unknown, "unknown path parameter 'zz'; /o/{b}/{a} has a, b",
    )  # fmt: skip
    assert refusal(api(path="/o/{number}"), ("path", {"numbr": 1}))[1] == (
        "unknown path parameter 'numbr'; /o/{number} has number; did you mean 'number'?"
    )
    assert refusal(undeclared, ("path", {"b": 1})) == (
        missing, "path parameter 'a' is missing; /o/{b}/{a} needs it",
    )  # fmt: skip
    assert refusal(api(), args=(1,), strict=True) == (
        unknown, "1 arguments given, 0 declared (none); drop the rest",
    )  # fmt: skip
    whole = api(parameters=[{"in": "body", "name": "数据", "to": "", "required": True}])
    assert refusal(whole)[1] == "parameter '数据' is missing (body.数据)"


def test_a_strict_platform_refuses_what_is_not_declared() -> None:
    known = api(
        query={"q": 1},
        body={"t": 1},
        parameters=parameters(
            ("query", "page", "pageNo"), ("body", "name", "客户.名"),
            ("query", "state", "", {"enum": ["open", "closed", 3]}),
            ("header", "Mode", "X-Mode", {"enum": ["a"]}),
        ),
    )  # fmt: skip
    strict: dict[str, Any] = {"strict": True}
    assert plan(
        known, ("query", {"pageNo": 1, "q": 2, "state": "open", "und": UNDEFINED}),
        ("body", {"客户": {"任意": 1}, "t": 2}), ("header", {"X-Any": "1", "x-mode": "a"}),
        **strict,
    ).doubts == ()  # fmt: skip
    unknown, bad = "UNKNOWN_PARAMETER", "BAD_ARGUMENT"
    end = " (the platform is strict)"
    allowed: list[Any] = [3, "3", ["closed", None, UNDEFINED], None]
    for value in allowed:
        assert plan(known, ("query", {"state": value}), **strict).doubts == ()
    for value in "opn", ["open", "opn"]:
        assert refusal(known, ("query", {"state": value}), **strict) == (
            bad, "state is one of open, closed, 3, got 'opn'; did you mean 'open'?",
        )  # fmt: skip
    assert refusal(known, ("header", {"X-MODE": "b"}), **strict)[1] == "Mode is one of a, got 'b'"
    assert refusal(known, ("query", {"pageN": 1}), **strict) == (
        unknown, f"no query parameter 'pageN' is declared; did you mean 'pageNo'?{end}",
    )  # fmt: skip
    code, message = refusal(known, ("body", {"t": 1, "zzzz": 1}), **strict)
    assert code == unknown
    assert message.startswith("no body parameter 'zzzz' is declared")
    assert message.endswith(end)
    assert refusal(known, ("query", UNDEFINED), ("body", {"x": 1}), **strict)[0] == unknown


def test_a_strict_platform_lets_no_body_pass_that_is_not_declared() -> None:
    known, bare = api(query={"q": 1}, body={"t": 1}), api()
    strict: dict[str, Any] = {"strict": True}
    unknown, end = "UNKNOWN_PARAMETER", " (the platform is strict)"
    assert refusal(bare, ("body", [1]), **strict) == (
        unknown, "no body is declared (the platform is strict)",
    )  # fmt: skip
    whole = api(parameters=parameters(("body", "data", "$")))
    assert plan(whole, ("body", {"any": 1}), **strict).call.body == b'{"any":1}'
    assert plan(bare, ("body", UNDEFINED), **strict).call.body is None
    assert plan(known, ("body", [1]), **strict).call.body == b"[1]"
    assert plan(api(body=[1]), ("body", {"any": 1}), **strict).call.body == b'{"any":1}'
    listed = api(
        query={"甲": 1, "乙": 2, "丙": 3, "p": 4}, parameters=parameters(("query", "a", "b"))
    )
    assert refusal(listed, ("query", {"zzz": 1}), **strict) == (
        unknown, f"no query parameter 'zzz' is declared; there are 甲, 乙, 丙, p, b{end}",
    )  # fmt: skip
    broken = api(parameters=parameters(("body", "n", "", {"schema": {"minimum": 3}})))
    assert len(plan(broken, ("body", {"n": 2}), **strict).doubts) == 1


def test_a_lax_platform_doubts_what_is_nearly_declared() -> None:
    known = api(
        parameters=parameters(
            ("query", "page", "pageNo"), ("query", "size", "limitSize"),
            ("body", "name", "customer.name"),
            ("body", "amount", "amount", {"type": "number", "schema": {"minimum": 1}}),
            ("body", "tags", "tags", {"type": "array", "schema": {"maxLength": 2}}),
            ("query", "state", "", {"enum": ["open", 3]}),
            ("query", "count", "", {"type": "integer", "schema": {"maximum": 5}}),
            ("query", "day", "", {"format": "date"}),
            ("header", "Mode", "X-Mode", {"schema": {"enum": ["a", "b"]}}),
        ),
    )  # fmt: skip

    def doubts(*steps: tuple[str, Any], **more: Any) -> tuple[str, ...]:
        return plan(known, *steps, **more).doubts

    assert doubts(("query", {"pageN": 1, "zzz": 1, "limitsize": 2}), ("body", {"custmer": 1})) == (
        "no query parameter 'pageN' is declared; did you mean 'pageNo'?",
        "no query parameter 'limitsize' is declared; did you mean 'limitSize'?",
        "no body parameter 'custmer' is declared; did you mean 'customer'?",
    )
    assert doubts(("query", {"pageN": 1, "pageNo": 2})) == ()
    assert doubts(("query", {"pageN": UNDEFINED}), ("body", [1]), ("header", {"X-Mod": "1"})) == ()
    assert (
        doubts(("query", UNDEFINED), ("query", {"pageN": 1}))[0][:30]
        == ("no query parameter 'pageN' is declared"[:30])
    )
    wrong = doubts(
        ("query", {"state": ["open", "shut"], "count": ["6", "5"], "day": "2026-13-01"}),
        ("header", {"X-MODE": "c"}),
        ("body", {"amount": "12", "tags": ["甲", "甲乙丙"]}),
    )
    assert [one.partition(":")[0] for one in wrong] == [
        f"parameter '{name}'" for name in ("amount", "tags", "state", "day", "Mode")
    ]
    assert [one.partition(":")[0] for one in doubts(("body", {"tags": "甲", "amount": 0}))] == [
        "parameter 'amount'", "parameter 'tags'",
    ]  # fmt: skip
    assert doubts(("body", {"tags": ["甲"], "amount": 1})) == ()
    assert doubts(("body", {"tags": "甲"}), encoding="form") == ()
    typed = api(parameters=parameters(("body", "n", "", {"type": "number"})))
    assert len(plan(typed, ("body", {"n": "1"})).doubts) == 1
    assert doubts(("query", {"state": "3", "day": "2026-02-28", "count": 5})) == ()


def test_a_call_that_cannot_be_looked_up_is_named_as_far_as_it_is_known() -> None:
    world = World(crm(api()))

    def target(platform: str, name: str, **options: Any) -> tuple[str, ...]:
        spec = CallSpec(platform=platform, api=name, options=options)
        found = find_rejected_call_target(spec, world.env)
        return found.platform, found.instance, found.api

    assert target("hr", "x") == ("hr", "", "x")
    assert target("hr", "x", instance_key="prod") == ("hr", "prod", "x")
    assert target("hr", "x", instance_key=5) == ("hr", "", "x")
    assert target("crm_system", "make") == ("crm_system", "test", "make")
    assert target("crm_system", "x", instance_key="prod") == ("crm_system", "prod", "x")
    assert target("crm_system", "make", instance_key="xx") == ("crm_system", "xx", "make")
    assert target("crm_system", "make", instancekey="prod") == ("crm_system", "", "make")
    error = rejected(lambda: plan_call(CallSpec(platform="crm_system", refusal="不能"), world.env))
    assert (error.code, error.message) == ("BAD_ARGUMENT", "不能")


def test_an_option_is_known_nearly_known_or_ignored() -> None:
    ignored = "unknown option {!r} was ignored; options are instance_key, caller"
    made = plan(api(), options={"caller": "表单", "timeoutMs": 5, "zone": 1})
    assert made.call.caller == "表单"
    assert made.notes == (ignored.format("timeoutMs"), ignored.format("zone"))
    assert made.doubts == ()
    both = plan(api(query={"page": 1}), ("query", {"pages": 1}), options={"zone": 1})
    assert len(both.doubts) == 1
    assert both.notes == (ignored.format("zone"), *both.doubts)
    for name, meant in (
        ("instanceKey", "instance_key"), ("INSTANCE-KEY", "instance_key"), ("instnce",
        "instance_key"),
        ("callers", "caller"), ("Caller", "caller"),
    ):  # fmt: skip
        for more in {}, {"instance_key": "prod"}, {"zone": 1}:
            told = refusal(api(), options={**more, name: "prod"})
            assert told == (
                "BAD_ARGUMENT",
                f"$proxy('crm_system'): unknown option {name!r}; did you mean {meant!r}?",
            )
    assert refusal(api(), options={"zone": 1, "b": 2}, strict=True)[1] == (
        "$proxy('crm_system'): unknown option 'zone'; options are instance_key, caller"
    )
    assert plan(api(), options={"instance_key": "prod"}).call.instance == "prod"


def test_the_default_instance_of_the_session_comes_before_that_of_the_platform() -> None:
    def chosen(default: str | None, **options: Any) -> str:
        return plan(api(), options=options, environment={"default_instance": default}).call.instance

    assert chosen(None) == "test"
    assert chosen("prod") == "prod"
    assert chosen("none") == "test"
    assert chosen("prod", instance_key="test") == "test"
    assert chosen("prod", caller="x") == "prod"


def test_a_default_names_a_credential_wherever_it_stands() -> None:
    key = {"$credential": "secret"}
    of = api(
        query={"k": key, "list": [key, "x"]},
        body={"a": {"b": [{"c": key}]}, "plain": 1},
    )
    made = plan(of, ("body", {"own": {"$credential": "secret"}}), environment={"separate": True})

    assert made.call.body is not None
    assert made.real.body is not None
    assert STANDIN in made.call.body.decode()
    assert made.real.body.decode() == (
        f'{{"a":{{"b":[{{"c":"{SECRET}"}}]}},"plain":1,"own":{{"$credential":"secret"}}}}'
    )
    assert made.call.query == (("k", STANDIN), ("list", STANDIN), ("list", "x"))
    assert made.real.query == (("k", SECRET), ("list", SECRET), ("list", "x"))
    assert made.real.serial == made.call.serial
    for one in {"query": {"k": key}}, {"body": {"k": key}}:
        alone = plan(api(**one))
        assert alone.real != alone.call
    world = World(crm(of))
    world.close_network()
    replayed = plan(of, world=world)
    assert replayed.real is replayed.call
    with pytest.raises(ConfigError) as caught:
        plan(api(query={"k": [{"$credential": "secrt"}]}))
    assert str(caught.value) == (
        "the instance has no credential 'secrt'; did you mean 'secret'?; add it"
    )


def test_a_credential_that_a_script_writes_is_hidden_in_the_record() -> None:
    made = plan(api(), ("header", {"Authorization": "Bearer abc-1234567", "X-B": "Bearer abc-2"}))
    assert made.real.headers == (("Authorization", "Bearer abc-1234567"), ("X-B", "Bearer abc-2"))
    (name, value), other = made.call.headers
    assert name == "Authorization"
    assert "abc-1234567" not in value
    assert other == ("X-B", "Bearer abc-2")


def test_an_address_may_be_sixty_thousand_characters_long() -> None:
    room = LONGEST_TARGET - len("/orders") - len("q=")
    assert len(plan(api(), ("query", {"q": "a" * room})).call.query[0][1]) == room
    assert refusal(api(), ("query", {"q": "a" * (room + 1)})) == (
        "BAD_ARGUMENT",
        "the address is 60001 characters long, more than 60000; send long values in the body",
    )
    assert refusal(api(), ("query", {"q": "甲" * (room // 9 + 1)}))[0] == "BAD_ARGUMENT"
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert refusal(api(), ("body", deep)) == ("BAD_ARGUMENT", "body: nested too deeply for JSON")


def test_random_values_are_drawn_where_they_are_used() -> None:
    def drawn(**auth: Any) -> Plan:
        return plan(api(), auth=msgspec.convert(auth, Auth))

    def put(text: str) -> list[dict[str, str]]:
        return [{"in": "header", "name": "X", "value": text}]

    assert drawn(apply=put("{{ now }}")).randomness.seed == b""
    for name in "nonce", "call_id":
        made = drawn(apply=put(f"{{{{ {name} }}}}"))
        assert len(made.randomness.seed) == 16
        assert len(made.randomness.call_id) == 36
        assert made.randomness == made.standin_randomness
        assert made.randomness.nonce == ""


def test_a_name_is_an_api_unless_javascript_asks_for_it() -> None:
    names: list[tuple[Any, bool]] = [
        ("find", True), ("查询", True), ("f_", True), ("a$", True), ("", False), ("$api", False),
        ("_x", False), ("then", False), ("catch", False), ("finally", False), ("toJSON", False),
        ("Then", True), ("toString", True), (5, False), (None, False),
    ]  # fmt: skip
    assert [(name, is_api_property(name)) for name, _ in names] == names


def test_arguments_of_the_wrong_type_are_refused_with_what_is_known() -> None:
    def told(action: Any, *args: Any) -> tuple[str, str, str, str]:
        error = rejected(lambda: action(*args))
        return error.code, error.message, error.platform, error.api

    value: Any
    key = "$proxy(platform_key): the key must be a non-empty text, got {}"
    bad = "BAD_ARGUMENT"
    assert told(check_proxy, "") == (bad, key.format("a text"), "", "")
    assert told(check_proxy, None) == (bad, key.format("null"), "", "")
    for value, kind in (
        (None, "null"), ("x", "a text"), ([], "an array"), (JsMap(()), "a Map"),
    ):  # fmt: skip
        assert told(check_proxy, "crm", value) == (
            bad, f"$proxy('crm', options): options must be an object, got {kind}", "crm", "",
        )  # fmt: skip
    for name in "instance_key", "caller":
        for value, kind in (5, "a number"), ("", "a text"), (None, "null"):
            assert told(check_proxy, "crm", {name: value}) == (
                bad, f"$proxy('crm'): {name} must be a non-empty text, got {kind}", "crm", "",
            )  # fmt: skip
    check_proxy("crm", {"instance_key": UNDEFINED, "caller": UNDEFINED, "other": None})
    check_proxy("crm")
    for value, kind in ("", "a text"), (UNDEFINED, "undefined"), ({}, "an object"):
        assert told(check_api, "crm", value) == (
            bad, f"$api(name): the name must be a non-empty text, got {kind}", "crm", "",
        )  # fmt: skip
    for setter in "path", "query", "header":
        for value, kind in (
            (None, "null"),
            ([], "an array"),
            (SearchParams(()), "a URLSearchParams"),
        ):
            assert told(check_setter_argument, "crm", "find", setter, value) == (
                bad, f"${setter}(values): expected an object of names and values, got {kind}",
                "crm", "find",
            )  # fmt: skip
        check_setter_argument("crm", "find", setter, UNDEFINED)
        check_setter_argument("crm", "find", setter, {})
    check_setter_argument("crm", "find", "body", [1])


def test_a_value_is_copied_as_javascript_sees_it() -> None:
    shared = {"k": 1}
    loop: dict[str, Any] = {"a": shared, "b": [shared]}
    loop["self"] = {"in": [loop]}
    moment = datetime(2026, 3, 2, tzinfo=UTC)
    tree = {"b": (1, [2]), "2": "", 10: 3, 5: bytearray(b"x"), None: memoryview(b"y"), True: moment}

    assert copy_value_marking_cycles(loop) == {
        "a": {"k": 1}, "b": [{"k": 1}], "self": {"in": [OpaqueValue("cycle")]},
    }  # fmt: skip
    made = copy_value_marking_cycles(tree)
    assert list(made.items()) == [
        ("2", ""), ("5", b"x"), ("10", 3), ("b", [1, [2]]), ("null", b"y"), ("true", moment),
    ]  # fmt: skip
    items = [[1]]
    items.append(items)  # type: ignore[arg-type]
    assert copy_value_marking_cycles(items) == [[1], OpaqueValue("cycle")]
    source = {"k": [1]}
    copy = copy_value_marking_cycles(source)
    source["k"].append(2)
    assert copy == {"k": [1]}
    for value, told in (
        ({1, 2}, "a Set cannot be sent; pass texts, numbers, lists, dicts or bytes"),
        ([object()], "a Python object cannot be sent; pass texts, numbers, lists, dicts or bytes"),
        ({(1,): 1}, "an array cannot be a name in an object; use a text"),
        ({b"x": 1}, "bytes cannot be a name in an object; use a text"),
    ):
        assert rejected(lambda value=value: copy_value_marking_cycles(value)).message == told  # type: ignore[misc]
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert rejected(lambda: copy_value_marking_cycles(deep)).message == (
        "a value is nested too deeply"
    )


def test_a_builder_is_immutable_and_says_what_it_sets() -> None:
    ran: list[CallSpec] = []

    def run(spec: CallSpec) -> int:
        ran.append(spec)
        return len(ran)

    proxy = Proxy(
        "crm", {"caller": "x"}, run=run,
        build=lambda spec: spec,  # type: ignore[arg-type,return-value]
    )  # fmt: skip
    value = {"a": [1]}
    first = proxy.api("find")
    second = first.query(value, b=2).path(id=1).header({}).body(5, c=3).body()
    value["a"].append(9)

    assert repr(second) == (
        "proxy('crm').api('find').query(…).query(…).path(…).header(…).body(…).body(…)"
    )
    assert second.spec.steps == (
        ("query", {"a": [1]}), ("query", {"b": 2}), ("path", {"id": 1}), ("header", {}),
        ("body", 5), ("body", {"c": 3}),
    )  # fmt: skip
    assert first.spec.steps == ()
    assert second.call() == 1
    assert second.build().api == "find"  # type: ignore[attr-defined]
    assert (proxy.direct("find", 1, [2]), proxy.find(3), proxy.find()) == (2, 3, 4)
    source = [{"a": 1}]
    proxy.direct("find", source)
    source.append({})
    assert ran.pop().args == ([{"a": 1}],)
    assert [(one.api, one.args, one.options) for one in ran] == [
        ("find", None, {"caller": "x"}), ("find", (1, [2]), {"caller": "x"}),
        ("find", (3,), {"caller": "x"}), ("find", (), {"caller": "x"}),
    ]  # fmt: skip


def fail(_spec: CallSpec) -> NoReturn:
    raise TypeError


def test_a_builder_that_nobody_used_is_dropped() -> None:
    dropped: list[str] = []
    proxy = Proxy(
        "crm",
        run=repr,
        build=fail,
        drop=lambda builder: dropped.append(repr(builder)),
    )
    for name in "then", "_x", "$api":
        with pytest.raises(AttributeError) as caught:
            getattr(proxy, name)
        assert str(caught.value) == (
            f"{name!r} is not a valid API name; call it with proxy.direct({name!r}, …)"
        )
    for action in (
        lambda: proxy.api(""),
        lambda: proxy.direct(""),
        lambda: Proxy("", run=repr, build=fail),
    ):
        with pytest.raises(CallError):
            action()
    assert proxy.api("seen").spec.api == "seen"
    with pytest.raises(TypeError):
        proxy.api("made").build()
    assert dropped == []
    proxy.api("a")
    proxy.api("b").query(x=1)
    assert dropped == ["proxy('crm').api('a')", "proxy('crm').api('b').query(…)"]
    assert repr(proxy) == "proxy('crm')"
    Proxy("crm", run=repr, build=fail).api("x")


def test_levels_and_classes_are_chosen_once_for_all_calls() -> None:
    levels: list[tuple[Any, ...]] = [
        # platform, instance, api, and what holds
        ({"timeout": 5.0}, {}, {}, "timeout", 5.0),
        ({"timeout": 5.0}, {"timeout": 6.0}, {}, "timeout", 6.0),
        ({"timeout": 5.0}, {"timeout": 6.0}, {"timeout": 7.0}, "timeout", 7.0),
        ({"charset": "gbk"}, {}, {}, "charset", "gbk"),
        ({"charset": "gbk"}, {}, {"charset": ""}, "charset", ""),
        ({"redirects": "result"}, {}, {}, "redirects", "result"),
        ({"redirects": "result"}, {}, {"redirects": "follow"}, "redirects", "follow"),
        ({"strict": True}, {"strict": False}, {}, "strict", False),
        ({"reject": ("business",)}, {}, {}, "rejects_business", True),
        ({"reject": ("business",)}, {"reject": ()}, {}, "rejects_business", False),
        ({"encoding": "form"}, {}, {"encoding": "json"}, "encoding", "json"),
        ({"result": "envelope"}, {"result": "bytes"}, {}, "result", "bytes"),
        ({"query": {"a": 1}}, {"query": {"a": 2, "b": 2}}, {"query": {"b": 3}}, "query",
         {"a": 2, "b": 3}),
        ({"headers": {"X-A": "1"}}, {"headers": {"x-a": "2"}}, {}, "headers",
         {"x-a": ("x-a", "2")}),
    ]  # fmt: skip
    for on_platform, on_instance, on_api, name, value in levels:
        known = Instance(platform="crm_system", instance_key="test", default=True, **on_instance)
        world = World(crm(api(**on_api), **on_platform), instances=(known,))
        assert getattr(plan(api(**on_api), world=world).recipe, name) == value, name
    with pytest.raises(ConfigError) as caught:
        plan(api(headers={"X-A": "合同"}))
    assert str(caught.value).startswith("crm_system.make: header.X-A holds U+5408 at character 1")
    login = {"acquire": {"steps": [{"request": {"path": "/t"}, "extract": {"t": {"path": "$.t"}}}]}}
    for auth, recover in (
        ({}, {}), (login, {"token": 1}), ({**login, "recover": {"rate": {"tries": 3}}},
        {"token": 1, "rate": 0}),
        ({**login, "recover": {"token": {"tries": 2}}}, {"token": 0}),
        ({"recover": {"rate": {"tries": 2}}}, {"rate": 0}),
    ):  # fmt: skip
        known_rules = plan(api(), auth=msgspec.convert(auth, Auth)).recipe.recover
        assert {name: rule.refresh for name, rule in known_rules.items()} == recover
    cached = World(crm(api()))
    assert plan(api(), world=cached).recipe is plan(api(), world=cached).recipe
    other = plan(api(), world=cached, options={"instance_key": "prod"})
    assert other.recipe.instance.instance_key == "prod"


def test_a_platform_can_be_named_by_a_host_of_its_own() -> None:
    world = World(crm(api(host="sso", path="/s"), hosts={"sso": "https://sso.example.test/"}))
    world.tenants["test"] = Credentials(
        Credential(name="sso_url", real="https://sso.example.test/", standin="https://s.test/"),
        live=BASE, declared=BASE,
    )  # fmt: skip
    assert isinstance(world.platform, Platform)
    assert world.proxy().api("make").build().url == "https://s.test/s"
    world.proxy().make()
    assert world.request.url == "https://sso.example.test/s"
