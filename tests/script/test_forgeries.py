"""Scripts that change the language under our feet: the result is right, or it is their error."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bpmax_sim.errors import BpmaxError, ScriptError
from bpmax_sim.script.failure import Script
from bpmax_sim.script.limits import Limits
from bpmax_sim.script.runtime import Runtime
from bpmax_sim.script.turn_result import Outcome
from tests.examples import drawn
from tests.script.bench import NAME, Bench, Form, ok, run

BODY = """
  console.log('甲', {乙: [1, 'x']}, 2, null);
  form.金额 = {合计: 12.5, 项: ['a', -0]};
  const 答 = await $proxy('crm', {instance_key: 'd'}).下单({编号: 7, 明细: [1, {件: 2n}]}, '备注');
  await $proxy('crm').$api('查').$query({页: 1}).$body([true]).$call();
  await new P(done => wait(done, 5));
  return {答, 空: [1, null, undefined, NaN], 图, 日};"""
KEEP = "const P = Promise, wait = setTimeout, 图 = new Map([[1, {a: 1}]]), 日 = new Date(0);"
ANSWER = {"单号": "A-1", "行": [{"n": 1}]}
BEFORE_FIRST_USE = ("", "console; $proxy; setTimeout; new Date(); ")


def played(attack: str) -> tuple[Outcome, Bench, Form]:
    bench = Bench(handle=lambda _request: ok(ANSWER), limits=Limits(cpu=1))
    form = Form({"名": "张三"})
    return bench.run(f"{KEEP} {attack}\n{BODY}", form=form), bench, form


@cache
def honest() -> tuple[Any, ...]:
    return seen(*played(""))


def seen(outcome: Outcome, bench: Bench, form: Form) -> tuple[Any, ...]:
    return (
        repr(outcome.value),
        [line.text for line in outcome.console],
        repr(form.written),
        [(p.platform, p.options, p.api, repr(p.steps), repr(p.args)) for p in bench.programs],
    )


EXACT = (
    "JSON.stringify = () => '伪'",
    "JSON.parse = () => ({out: 1})",
    "Object.keys = () => ['伪']",
    "Object.defineProperty = Reflect.defineProperty = () => { throw 1 }",
    "Object.getOwnPropertyDescriptor = Object.getPrototypeOf = () => null",
    "Object.hasOwn = () => true",
    "Array.isArray = () => false",
    "Reflect.apply = Reflect.construct = Reflect.get = () => 1",
    "Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => 1",
    "for (const k of ['get', 'set', 'has', 'delete', 'forEach', Symbol.iterator]) "
    "Map.prototype[k] = WeakMap.prototype[k] = () => 1",
    "for (const k of ['add', 'has', 'delete', 'forEach', 'values']) Set.prototype[k] = () => 1",
    "for (const k of Reflect.ownKeys(String.prototype)) "
    "if (typeof ''[k] === 'function') String.prototype[k] = () => '伪'",
    "for (const k of Reflect.ownKeys(Array.prototype)) "
    "if (typeof [][k] === 'function') Array.prototype[k] = () => '伪'",
    "Array.prototype[Symbol.iterator] = function* () { yield '伪' }",
    "Object.getPrototypeOf([][Symbol.iterator]()).next = () => ({done: true})",
    "for (let i = 0; i < 9; i++) Object.defineProperty(Array.prototype, i, {set() {}, get: () => 1})",
    "Object.defineProperty(Array.prototype, 0, {get() { throw 1 }, set() { throw 2 }})",
    "RegExp.prototype.exec = () => null; RegExp.prototype.test = () => true",
    "RegExp.prototype[Symbol.replace] = RegExp.prototype[Symbol.split] = () => '伪'",
    "String.prototype[Symbol.split] = String.prototype[Symbol.replace] = () => '伪'",
    "String.prototype.toJSON = Number.prototype.toJSON = Boolean.prototype.toJSON = () => '伪'",
    "Number.prototype.toString = BigInt.prototype.toString = Boolean.prototype.toString = () => '伪'",
    "Number.prototype.valueOf = String.prototype.valueOf = () => { throw 1 }",
    "Object.prototype.object = Object.prototype.function = () => '伪'",
    "Object.prototype.patch = [[0, {名: '伪'}, []]]",
    "Object.prototype.v = '伪'; Object.prototype.instance = 1; Object.prototype.up = {}",
    "Object.prototype.get = Object.prototype.set = undefined",
    "Object.defineProperty(Object.prototype, '合计', {set() { throw 1 }, get: () => '伪'})",
    "Object.defineProperty(Object.prototype, '金额', {set() {}, get: () => '伪', configurable: true})",
    "Object.prototype.then = undefined",
    "Promise.prototype.then = () => new P(() => {})",
    "Promise.prototype.constructor = function (f) { f(() => 0, () => 0) }",
    "Object.defineProperty(Promise, Symbol.species, {get() { throw 1 }})",
    "Object.defineProperty(Date, Symbol.hasInstance, {value: () => true})",
    "Object.defineProperty(Map, Symbol.hasInstance, {value: () => false})",
    "Promise.resolve = Promise.reject = Promise.all = () => 1",
    "Date.prototype.getTime = Date.prototype.valueOf = () => 5; Date.prototype.toJSON = () => 1",
    "Error.prepareStackTrace = () => '伪'; Error.stackTraceLimit = 0",
    "Error.prepareStackTrace = () => { throw 1 }",
    "globalThis.String = globalThis.Number = globalThis.Map = globalThis.Set = globalThis.JSON = 1",
    "globalThis.Object = globalThis.Array = globalThis.Reflect = globalThis.Promise = undefined",
    "globalThis.Error = globalThis.Proxy = globalThis.WeakMap = globalThis.Uint8Array = () => 1",
    "globalThis.eval = globalThis.escape = globalThis.decodeURIComponent = globalThis.atob = () => '伪'",
    "Math.floor = Math.max = Math.min = Math.trunc = () => 3; Symbol.prototype.toString = () => 1",
    "Object.freeze(Object.prototype); Object.freeze(Array.prototype); Object.freeze(Map.prototype)",
    "Object.setPrototypeOf(Array.prototype, new Proxy({}, {get() { throw 1 }, has: () => true}))",
)  # fmt: skip


@pytest.mark.parametrize("first", BEFORE_FIRST_USE, ids=["late", "early"])
@pytest.mark.parametrize("attack", EXACT)
def test_what_a_script_makes_of_the_language_changes_nothing(attack: str, first: str) -> None:
    outcome, bench, form = played(f"{first}{attack};")

    assert outcome.error is None, outcome.error
    assert seen(outcome, bench, form) == honest()


CLEAN = (
    "Object.prototype.toJSON = function () { return 1 }",
    "Array.prototype.toJSON = () => { throw new RangeError('坏') }",
    "Object.prototype.toJSON = function () { return this }",
    "Object.prototype.then = function (f) { f(1) }",
    "Object.prototype.then = () => { throw 1 }",
    "Object.defineProperty(Object.prototype, '$', {get: () => '伪', set() { throw 1 }})",
    "Object.prototype.$ = 'map'; Object.prototype.v = 5",
    "let o = {}; for (let i = 0; i < 700; i++) o = {o}; form.深 = o",
    "let o = []; for (let i = 0; i < 3000; i++) o = [o]; await $proxy('crm').深(o)",
    "let o = {}; for (let i = 0; i < 900; i++) o = {o}; console.log(1, o); return o",
    "const o = {}; o.o = o; form.环 = o",
    "const o = []; o.push(o); await $proxy('crm').环(o)",
    "form[Symbol('x')] = 1",
    "form.$ = 'undefined'; form.__proto__ = {a: 1}",
    "return {$: 'map', v: 'x'}",
    "return new Proxy([], {get: (t, k) => k === 'length' ? 2 ** 53 - 1 : 1})",
    "return new Proxy({}, {ownKeys: () => ['a', 'a']})",
    "return new Proxy({}, {getPrototypeOf() { throw 1 }})",
    "return {toJSON() { return {toJSON() { return this }} }}",
    "return {get a() { throw {then() {}} }}",
    "return {valueOf: 1, [Symbol.toPrimitive]: 1n, then: 1}",
    "class E extends Error { get name() { return {} } get message() { return Symbol('x') } } throw new E()",
    "throw Object.assign(new Error('x'), {$: 'x', call: 1, raw: 2, name: 3, stack: {}})",
    "throw new Proxy(new Error('x'), {get: (t, k) => { throw k }})",
    "throw {[Symbol.toPrimitive]() { throw 1 }, toString: null}",
    "const e = new Error('x'); e.cause = e; throw e",
    "setTimeout(() => { throw null }, 1e308); setTimeout(() => {}, {valueOf: () => '9'.repeat(400)})",
    "for (const id of [NaN, 1e300, -1, {}, null, 10n ** 30n]) clearTimeout(id)",
    "return await {then(f, g) { f(1); f(2); g(3); throw 4 }}",
    "const p = $proxy('crm').a(); p.then = f => f(p); p.constructor = 1; await p",
    "queueMicrotask(() => { throw {toString() { throw 1 }} }); await null",
    "globalThis.__track = globalThis.__entry = globalThis.__bpm = () => '{}'",
    "await $proxy('\\ud800').get({'\\udfff': '\\ud800'}); return '\\ud83d'",
    "return [1e999, -1e999, 10n ** 4000n, new Date(NaN), new Date(8.64e15)]",
)  # fmt: skip


@pytest.mark.parametrize("attack", CLEAN)
def test_what_is_odd_is_a_result_or_an_error_of_the_script(attack: str) -> None:
    outcome, bench, _ = played(f"{attack};")

    assert is_clean(outcome)
    assert bench.run("return '还在'").value == "还在"


def is_clean(outcome: Outcome) -> bool:
    errors: list[Exception] = [*outcome.unhandled]
    if outcome.error is not None:
        errors.append(outcome.error)
    return all(
        isinstance(one, BpmaxError) and not isinstance(one.__cause__, TypeError) for one in errors
    )


PATHS = Path(__file__).with_name("builtins.js").read_text("utf-8")


OURS = {'"$proxy"', '"console"', '"constructor"'}  # a script may take these from itself
GROUP = 40


@pytest.mark.parametrize("way", ["() => 1", "() => { throw new RangeError('伪') }"])
def test_no_function_of_the_language_is_looked_up_after_a_script_could_replace_it(way: str) -> None:
    found = json.loads(run(f"const found =\n{PATHS}; return found").unwrap())
    attacks = [
        f"try {{ Object.defineProperty({holder}, {name}, {{{kind}: {way}, configurable: true}}) }} "
        "catch {}"
        for holder, name, kind in found
        if name not in OURS
    ]

    assert len(attacks) > 500
    for first in range(0, len(attacks), GROUP):
        # The last first, since what is replaced is what leads to the rest.
        outcome, bench, form = played(";".join(reversed(attacks[first : first + GROUP])))
        assert outcome.error is None, attacks[first : first + GROUP]
        assert seen(outcome, bench, form) == honest(), attacks[first : first + GROUP]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
    | st.sampled_from(["call", "write", "log", "timer", "clear", "uncaught", "probed", "raced", "end"])
    | st.sampled_from(["$", "map", "date", "object", "bytes", "str", "out", "done", "query", "crm"]),
    lambda inner: st.lists(inner, max_size=5)
    | st.dictionaries(st.sampled_from(["$", "v", "out", "done", "name", "raw"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
TAGGED = JSON | st.builds(lambda tag, v: {"$": tag, "v": v}, st.sampled_from(
    ["undefined", "nan", "-0", "bigint", "date", "bytes", "map", "set", "str", "object", "cycle"]), JSON)  # fmt: skip
ID = st.sampled_from([1, 2, 3, 2**31, 2**53, 2**70, -1, 0]) | JSON
PLACE = st.sampled_from([(501, 1), (502, 9), (0, 0), (2**31, 1), (-1, 5), (501, 2**40)])
TOLD = st.fixed_dictionaries(
    {
        "name": st.just("Error") | JSON,
        "message": st.text(max_size=3) | JSON,
        "raw": st.just("    at f (<input>:501:1)") | JSON,
        "call": st.none() | ID,
        "cause": st.none() | JSON,
        "fields": st.dictionaries(st.sampled_from(["$", "a"]), TAGGED, max_size=2) | JSON,
    }
)
STEPS = st.lists(st.tuples(st.sampled_from(["path", "query", "body", "x"]), TAGGED), max_size=2)
ENTRY = st.one_of(
    st.tuples(st.just("call"), ID, st.text(max_size=3), st.just({}) | TAGGED, st.just("查") | JSON,
              st.none() | STEPS, st.none() | st.lists(TAGGED, max_size=2), PLACE)
    .map(lambda e: [*e[:-1], *e[-1]]),
    st.tuples(st.just("write"), ID, st.just("金额") | JSON, TAGGED, PLACE).map(lambda e: [*e[:-1], *e[-1]]),
    st.tuples(st.just("timer"), ID, ID, st.booleans(), PLACE).map(lambda e: [*e[:-1], *e[-1]]),
    st.tuples(st.just("log"), st.just("log") | JSON, PLACE, TAGGED, st.lists(TAGGED, max_size=2))
    .map(lambda e: [*e[:2], *e[2], *e[3:]]),
    st.tuples(st.sampled_from(["clear", "raced"]), ID),
    st.tuples(st.just("uncaught"), TOLD),
    st.tuples(st.just("end"), st.lists(ID, max_size=2), st.lists(TOLD, max_size=1)),
    st.tuples(st.just("probed"), st.lists(st.tuples(st.text(max_size=2), st.just("    at <input>:501:1")))),
    JSON,
)  # fmt: skip
REPLY = st.fixed_dictionaries(
    {
        "out": st.lists(ENTRY, max_size=4),
        "done": st.none()
        | st.lists(
            st.tuples(ID, st.sampled_from([True, False, None, 1]), TOLD | TAGGED), max_size=2
        ),
    }
)
TEXT = (REPLY | JSON).map(json.dumps) | st.sampled_from(
    ["", "x", "[" * 5000, '{"out":[],"done":[[1,true,' + "[" * 3000 + "]" * 3000 + "]]}", "\0", '"\ud800"']
)  # fmt: skip


class Forged:
    """An engine whose script says whatever it likes."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = iter(texts)

    def load(self, _source: str) -> None:
        pass

    def call(self, operation: str, _argument: str) -> str:
        honest = '{"out":[],"done":[]}'
        return next(self._texts, honest) if operation != "open" else honest

    def reset_time_limits(self) -> None:
        pass

    def close(self) -> None:
        pass


@settings(max_examples=drawn(150), suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(TEXT, max_size=6))
def test_whatever_comes_out_of_an_engine_is_a_result_or_an_error_of_the_script(
    texts: list[str],
) -> None:
    bench = Bench()
    runtime = Runtime(bench.scheduler, bench.begin, engine=lambda _limits, _sources: Forged(texts))
    outcome = runtime.run(Script("return 1\n\n", NAME), bindings={"form": Form()})

    assert is_clean(outcome)
    if isinstance(outcome.error, ScriptError):
        assert outcome.error.place is not None
        assert outcome.error.place.file == NAME
