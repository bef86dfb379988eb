from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bpmax_sim.errors import Place, ScriptError
from bpmax_sim.js_values import UNDEFINED, BigInt
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.script.failure import Script
from tests.script.bench import NAME, Bench, ok, run, texts, value_of


def programs(source: str, **options: Any) -> list[CallSpec]:
    bench = Bench()
    bench.run(source, **options).unwrap()
    return bench.programs


def test_a_direct_call_carries_its_arguments_in_order() -> None:
    [program] = programs("await $proxy('qywx').sendTextMessage('UserID', '这是一条测试消息')")

    assert program == CallSpec(
        platform="qywx",
        api="sendTextMessage",
        args=("UserID", "这是一条测试消息"),
        position=Place(NAME, 1, 22),
    )


def test_a_chained_call_carries_its_setters_in_order() -> None:
    source = """const result = await $proxy('crm_system', {instance_key: 'test', caller: '单测'})
  .$api('get_customer_detail')
  .$path({id: '12345'})
  .$query({fields: 'name,phone'})
  .$header({'X-Custom': 'value'})
  .$body({name: '张三'})
  .$call();"""
    [program] = programs(source)

    assert program == CallSpec(
        platform="crm_system",
        options={"instance_key": "test", "caller": "单测"},
        api="get_customer_detail",
        steps=(
            ("path", {"id": "12345"}),
            ("query", {"fields": "name,phone"}),
            ("header", {"X-Custom": "value"}),
            ("body", {"name": "张三"}),
        ),
        position=Place(NAME, 7, 4),
    )


def test_a_builder_is_a_value() -> None:
    source = """
      const crm = $proxy('crm'), query = {page: 1, list: [1]};
      const one = crm.$api('find').$query(query), two = one.$query({size: 2});
      query.page = 9; query.list.push(2);
      await one.$call(); await two.$call(); await one.$call();"""

    assert [program.steps for program in programs(source)] == [
        (("query", {"page": 1, "list": [1]}),),
        (("query", {"page": 1, "list": [1]}), ("query", {"size": 2})),
        (("query", {"page": 1, "list": [1]}),),
    ]


def test_looking_at_a_proxy_sends_nothing() -> None:
    source = """
      const crm = $proxy('crm');
      console.log(crm, `${crm}`, JSON.stringify({crm}), crm + '', crm == 1, Object.keys(crm));
      return [await crm === crm, crm.then, crm.catch, crm.finally, crm.toJSON,
        crm[Symbol.iterator], crm._private, (await Promise.all([crm])).length, typeof crm]"""
    bench = Bench()
    outcome = bench.run(source)

    assert outcome.unwrap() == [True, *[UNDEFINED] * 6, 1, "object"]
    assert texts(outcome) == ["$proxy('crm') $proxy('crm') {\"crm\":{}} $proxy('crm') false []"]
    assert bench.programs == []


def test_awaiting_a_builder_sends_nothing() -> None:
    bench = Bench()
    outcome = bench.run("await $proxy('crm').$api('get').$query({a: 1})")

    assert bench.programs == []
    assert isinstance(outcome.error, ScriptError)
    assert outcome.error.name == "Uncalled"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("$proxy()", "$proxy(platform_key): the key must be a non-empty text, got undefined"),
        ("$proxy('')", "$proxy(platform_key): the key must be a non-empty text, got an empty text"),
        ("$proxy(7)", "$proxy(platform_key): the key must be a non-empty text, got a number"),
        ("$proxy('crm', 'x')", "$proxy('crm', options): options must be an object, got a text"),
        ("$proxy('crm', null)", "$proxy('crm', options): options must be an object, got null"),
        ("$proxy('crm', [])", "$proxy('crm', options): options must be an object, got an array"),
        (
            "$proxy('crm', {instance_key: 1})",
            "$proxy('crm'): instance_key must be a non-empty text, got a number",
        ),
        ("$proxy('crm').$api()", "$api(name): the name must be a non-empty text, got undefined"),
        (
            "$proxy('crm').$api('get').$query('z')",
            "$query(values): expected an object of names and values, got a text",
        ),
        (
            "$proxy('crm').$api('get').$path(null)",
            "$path(values): expected an object of names and values, got null",
        ),
        (
            "$proxy('crm').$api('get').$header(new Map())",
            "$header(values): expected an object of names and values, got a Map",
        ),
        ("$proxy('crm').get(() => 1)", "a function cannot be sent"),
        ("$proxy('crm').$api('get').$body(Symbol())", "a symbol cannot be sent"),
        ("$proxy('crm').get([(async () => 1)()])", "a promise cannot be sent: await it first"),
        (
            "const o = {}; o.o = o; $proxy('crm').$api('get').$body(o)",
            "an object that contains itself cannot be sent",
        ),
    ],
)
def test_a_bad_argument_throws_at_once(source: str, message: str) -> None:
    bench = Bench()
    caught = bench.run(
        f"try {{ {source} }} catch (e) {{ return [e instanceof TypeError, e.message, e.code] }}"
    ).value
    error = bench.run(f"\n  {source}").error

    assert caught == [True, message, "BAD_ARGUMENT"]
    assert isinstance(error, ScriptError)
    assert (error.place and error.place.line) == 2
    # Nothing is sent, but what was refused is told although the script catches it.
    assert {(one.refusal, one.position and one.position.line) for one in bench.programs} == {
        (message, 1),
        (message, 2),
    }


def test_an_error_in_a_getter_of_an_argument_is_thrown_at_once() -> None:
    source = """
      try { $proxy('crm').get({get a() { throw new Error('坏') }}) }
      catch (e) { return e.message }"""

    assert value_of(source) == "坏"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("undefined", UNDEFINED),
        ("new Date(1772413200000)", datetime(2026, 3, 2, 1, tzinfo=UTC)),
        ("10n ** 20n", BigInt(10**20)),
        ("Uint8Array.of(1, 255)", b"\x01\xff"),
        ("Uint8Array.of(1, 2, 3).buffer", b"\x01\x02\x03"),
        ("{$: 1, a: {__proto__: null, $x: 2}}", {"$": 1, "a": {"$x": 2}}),
        ("new URL('https://a.test/x')", "https://a.test/x"),
        ("new (class 客户 { 名 = '张三'; get 长() { return 2 } })", {"名": "张三"}),
        ("[1, , 3]", [1, UNDEFINED, 3]),
        ("{toJSON() { return {a: new Date(0)} }}", {"a": datetime(1970, 1, 1, tzinfo=UTC)}),
        ("new String('张')", "张"),
        ("JSON.parse('{\"__proto__\": 1}')", {"__proto__": 1}),
        ("Object.assign(new Error('x'), {code: 1})", {"code": 1}),
    ],
)
def test_arguments_cross_without_loss(expression: str, value: object) -> None:
    [program] = programs(f"await $proxy('crm').get({expression})")

    assert program.args == (value,)


def test_a_live_object_can_be_sent_whole() -> None:
    [program] = programs(
        "form.b = [form.a]; await $proxy('crm').$api('save').$body(form).$call()",
        form={"a": {"名": "张三"}},
    )

    assert program.steps == (("body", {"a": {"名": "张三"}, "b": [{"名": "张三"}]}),)


@pytest.mark.of_quickjs
def test_the_position_is_the_line_of_the_library_that_calls() -> None:
    library = Script(
        "async function 查(id) {\n  return await $proxy('crm').get(id);\n}", "lib/crm.js"
    )
    [program] = programs("await 查('1')", libraries=[library])

    assert program.position == Place("lib/crm.js", 2, 34)


@pytest.mark.of_quickjs
def test_ten_thousand_calls_are_cheap_enough() -> None:
    bench = Bench(lambda _request: ok({"a": 1}, elapsed=0))
    outcome = bench.run(
        "const crm = $proxy('crm'); for (let i = 0; i < 2000; i++) await crm.get(i); return 'ok'"
    )

    assert outcome.unwrap() == "ok"
    assert len(bench.programs) == 2000


@pytest.mark.of_quickjs
def test_a_script_cannot_see_the_machinery() -> None:
    source = "return Object.getOwnPropertyNames(globalThis).filter(n => n.startsWith('_'))"

    assert run(source).value == []
