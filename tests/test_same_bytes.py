"""One table of calls, through Python and through JavaScript: the same bytes on the wire."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import CallError
from bpmax_sim.js_values import UNDEFINED, BigInt, OpaqueValue
from bpmax_sim.session.session import Session
from tests.loopback import answer_json, loopback

WIRE = Path(__file__).parent / "data/wire"
ENVIRON = {"ORDER_USER": "张三", "ORDER_PASSWORD": "密码+/=&%"}

Case = tuple[str, str, Callable[[Any], Any]]

CASES: list[Case] = [
    ("direct", "p.getOrder('HT-0001')", lambda p: p.getOrder("HT-0001")),
    (
        "direct, all parameters",
        "p.get_order('合同/1', 'a,b', 'T1')",
        lambda p: p.get_order("合同/1", "a,b", "T1"),
    ),
    (
        "direct, a parameter left out",
        "p.getOrder('1', undefined, 'T1')",
        lambda p: p.getOrder("1", UNDEFINED, "T1"),
    ),
    (
        "direct, into the body",
        "p.createOrder('李四', 128000.5)",
        lambda p: p.createOrder("李四", 128000.5),
    ),
    (
        "hostile path values stay one segment",
        "p.$api('get_order').$path({id: '../a b?#%2F;客户\\u{1F600}'}).$call()",
        lambda p: p.api("get_order").path(id="../a b?#%2F;客户\U0001f600").call(),
    ),
    (
        "dots within a segment stay inert",
        "p.$api('get_order').$path({id: '...'}).$call()",
        lambda p: p.api("get_order").path(id="...").call(),
    ),
    (
        "numbers and booleans as JavaScript prints them",
        "p.$api('search').$query({a: 1, b: true, c: 1e21, d: 0.1, e: -0, f: 1e-7}).$call()",
        lambda p: p.api("search").query(a=1, b=True, c=1e21, d=0.1, e=-0.0, f=1e-7).call(),
    ),
    (
        "arrays repeat the key, spaces are %20",
        "p.$api('search').$query({tag: ['甲 乙', 'c+d', 3], q: '~-._!*()'}).$call()",
        lambda p: p.api("search").query({"tag": ["甲 乙", "c+d", 3], "q": "~-._!*()"}).call(),
    ),
    (
        "null removes a default, undefined sets nothing",
        "p.$api('search').$query({lang: null, x: undefined}).$header({'x-drop': null}).$call()",
        lambda p: p.api("search").query(lang=None, x=UNDEFINED).header({"x-drop": None}).call(),
    ),
    (
        "later setters win, header names in any case",
        (
            "p.$api('search').$query({a: 1}).$header({'X-A': '1'})"
            ".$query({a: 2}).$header({'x-a': '2'}).$call()"
        ),
        lambda p: (
            p.api("search").query(a=1).header({"X-A": "1"}).query(a=2).header({"x-a": "2"}).call()
        ),
    ),
    (
        "auth is put in last and wins",
        "p.$api('search').$header({authorization: 'Bearer mine'}).$call()",
        lambda p: p.api("search").header(authorization="Bearer mine").call(),
    ),
    (
        "JSON as JSON.stringify writes it",
        (
            "p.$api('create_order').$body({n: [1, 1.5, 1e21, NaN, -0], t: '\"\\u2028\\ud800',"
            " z: null, u: undefined, d: new Date(0), 客户: {深: [true, false]}}).$call()"
        ),
        lambda p: (
            p.api("create_order")
            .body(
                {
                    "n": [1, 1.5, 1e21, float("nan"), -0.0],
                    "t": '"\u2028\ud800',
                    "z": None,
                    "u": UNDEFINED,
                    "d": "1970-01-01T00:00:00.000Z",
                    "客户": {"深": [True, False]},
                }
            )
            .call()
        ),
    ),
    (
        "functions and symbols are left out, as JSON.stringify leaves them out",
        (
            "p.$api('create_order').$body({金额: 1, 校验() {}, [Symbol()]: 2, 标记: Symbol(),"
            " 明细: [() => 1, {a: Symbol()}]}).$call()"
        ),
        lambda p: (
            p.api("create_order")
            .body(
                {
                    "金额": 1,
                    "校验": OpaqueValue("function"),
                    "标记": OpaqueValue("symbol"),
                    "明细": [OpaqueValue("function"), {"a": OpaqueValue("symbol")}],
                }
            )
            .call()
        ),
    ),
    (
        "a Date in path and query",
        "p.$api('get_order').$path({id: new Date(0)}).$query({t: new Date(1e12)}).$call()",
        lambda p: (
            p.api("get_order")
            .path(id=datetime.fromtimestamp(0, UTC))
            .query(t=datetime.fromtimestamp(1e9, UTC))
            .call()
        ),
    ),
    (
        "names that look like more stay names",
        "p.$api('search').$query({'a=b&c#': 1, '': 2, '键[]': 3}).$call()",
        lambda p: p.api("search").query({"a=b&c#": 1, "": 2, "键[]": 3}).call(),
    ),
    (
        "indexes come first, and a __proto__ of one's own is a name",
        "p.$api('create_order').$body({b: 1, 10: 2, 9: [, 3], ['__proto__']: 4}).$call()",
        lambda p: (
            p.api("create_order")
            .body({"b": 1, "10": 2, "9": [UNDEFINED, 3], "__proto__": 4})
            .call()
        ),
    ),
    (
        "bytes go as they are",
        "p.$api('create_order').$body(new Uint8Array([0, 255, 13, 10])).$call()",
        lambda p: p.api("create_order").body(b"\x00\xff\r\n").call(),
    ),
    (
        "two objects merge, an array replaces",
        "p.$api('create_order').$body({a: 1, b: 1}).$body({b: 2}).$call()",
        lambda p: p.api("create_order").body(a=1, b=1).body(b=2).call(),
    ),
    (
        "a body on GET",
        "p.$api('search').$body([1, '二']).$call()",
        lambda p: p.api("search").body([1, "二"]).call(),
    ),
    (
        "user text is never a template",
        "p.$api('create_order').$body('[1,2]{{ x }}\"\\n%\\u{1F600}').$call()",
        lambda p: p.api("create_order").body('[1,2]{{ x }}"\n%\U0001f600').call(),
    ),
    (
        "a form",
        "p.$api('submit_form').$body({name: '张 三', tags: ['a', 'b'], n: 1.0}).$call()",
        lambda p: p.api("submit_form").body(name="张 三", tags=["a", "b"], n=1.0).call(),
    ),
    (
        "multipart",
        "p.$api('upload').$body({说明: '合同', n: 2}).$call()",
        lambda p: p.api("upload").body(说明="合同", n=2).call(),
    ),
    ("text", "p.$api('note').$body('备注').$call()", lambda p: p.api("note").body("备注").call()),
]

REFUSED: list[Case] = [
    ("a missing parameter", "p.getOrder()", lambda p: p.getOrder()),
    ("an unknown API", "p.getOrdr('1')", lambda p: p.getOrdr("1")),
    (
        "an unknown path key",
        "p.$api('get_order').$path({ids: 1}).$call()",
        lambda p: p.api("get_order").path(ids=1).call(),
    ),
    (
        "null in a path",
        "p.$api('get_order').$path({id: null}).$call()",
        lambda p: p.api("get_order").path(id=None).call(),
    ),
    (
        "an object in a query",
        "p.$api('search').$query({a: {b: 1}}).$call()",
        lambda p: p.api("search").query(a={"b": 1}).call(),
    ),
    (
        "a function in a query",
        "p.$api('search').$query({a: () => 1}).$call()",
        lambda p: p.api("search").query(a=OpaqueValue("function")).call(),
    ),
    (
        "half a character in a path",
        "p.getOrder('\\ud800')",
        lambda p: p.getOrder("\ud800"),
    ),
    (
        "an address of a megabyte",
        "p.$api('search').$query({a: 'x'.repeat(1e6)}).$call()",
        lambda p: p.api("search").query(a="x" * 1_000_000).call(),
    ),
    (
        "a BigInt in a body",
        "p.$api('create_order').$body({a: [1n]}).$call()",
        lambda p: p.api("create_order").body({"a": [BigInt(1)]}).call(),
    ),
    (
        "a header of the transport",
        "p.$api('search').$header({'Transfer-Encoding': 'chunked'}).$call()",
        lambda p: p.api("search").header({"Transfer-Encoding": "chunked"}).call(),
    ),
    (
        "a line break in a header",
        "p.$api('search').$header({a: 'x\\r\\nEvil: 1'}).$call()",
        lambda p: p.api("search").header(a="x\r\nEvil: 1").call(),
    ),
    (
        "Chinese in a header",
        "p.$api('search').$header({a: '张三'}).$call()",
        lambda p: p.api("search").header(a="张三").call(),
    ),
    (
        "a query that is a text",
        "p.$api('note').$query('x')",
        lambda p: p.api("note").query("x"),
    ),
]


def opened(url: str) -> Session:
    return Session.open(
        WIRE / "order_system.yaml", mode="live", environ={**ENVIRON, "ORDER_URL": f"{url}/base"}
    )


def run_js(session: Session, source: str, folder: Path) -> Any:
    script = folder / "一行.js"
    script.write_text(f"const p = $proxy('order_system'); return await {source};", encoding="utf-8")
    return session.run_script(script)


@pytest.mark.filterwarnings("ignore::bpmax_sim.errors.UnknownNameWarning")  # auth wins
@pytest.mark.parametrize(("source", "python"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_both_send_the_same_bytes(
    source: str, python: Callable[[Any], Any], tmp_path: Path
) -> None:
    with loopback(lambda _: answer_json('{"码":0}')) as server:
        with opened(server.url) as session:
            answer = python(session.proxy("order_system"))
        with opened(server.url) as session:
            outcome = run_js(session, source, tmp_path)

    assert outcome.error is None
    assert outcome.value == answer == {"码": 0}
    first, second = server.received
    assert first == second
    assert_authorised_once(first)


def assert_authorised_once(request: bytes) -> None:
    expected = base64.b64encode(f"{ENVIRON['ORDER_USER']}:{ENVIRON['ORDER_PASSWORD']}".encode())
    assert re.findall(rb"(?im)^authorization: (.*?)\r$", request) == [b"Basic " + expected]


@pytest.mark.parametrize(
    ("source", "python"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_both_refuse_alike_and_send_nothing(
    source: str, python: Callable[[Any], Any], tmp_path: Path
) -> None:
    with loopback(lambda _: answer_json("1")) as server:
        with opened(server.url) as session, pytest.raises(CallError) as caught:
            python(session.proxy("order_system"))
        with opened(server.url) as session:
            outcome = run_js(session, source, tmp_path)

    assert outcome.error is not None
    assert (outcome.error.message, outcome.error.fields.get("code")) == (
        caught.value.message,
        caught.value.code,
    )
    assert server.received == []


def test_what_one_request_looks_like() -> None:
    with loopback(lambda _: answer_json("1")) as server, opened(server.url) as session:
        session.proxy("order_system").get_order("合同/1", "a,b", "T1")

    lines = server.received[0].decode().split("\r\n")
    assert lines[0] == (
        "GET /base/orders/%E5%90%88%E5%90%8C%2F1?from=file&flag=&lang=zh"
        "&tenant=%E6%B5%8B%E8%AF%95&fields=a%2Cb HTTP/1.1"
    )
    assert {"X-Platform: p", "X-Drop: d", "X-Trace: T1"} <= set(lines)
