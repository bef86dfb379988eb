"""Loops of the engine itself, which looks at no limit there: each ends, and the process goes on."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest

from bpmax_sim.errors import Place, ScriptError, ScriptLimitError
from bpmax_sim.script.limits import Limits, parse_limits
from tests.script.bench import Bench, Form, value_of
from tests.systems import needs_forks

SOON = Limits(cpu=0.05, wall=20)
MOST = "const MOST = 2 ** 53 - 1, 多 = {length: MOST}, 洞 = new Array(2 ** 32 - 1);"
NATIVE = (
    "const 流 = {__proto__: Iterator.prototype, next: Object, [Symbol.iterator]() { return this }};"
)
LIAR = (
    "const 谎 = new Proxy([], {get: (t, k) => k === 'length' ? MOST : k === 'constructor' ? Array : t[k]});"
    "const {proxy: 假} = Proxy.revocable([], {get: (t, k) => k === 'length' ? MOST : undefined});"
)
LIKE = (
    "reverse()", "shift()", "unshift(1)", "splice(0, 1)", "sort()", "copyWithin(1, 0)", "join()", "fill(0)", "indexOf(1)",
    "lastIndexOf(1)", "includes(1)", "every(Boolean)", "some(Boolean)", "forEach(Boolean)", "map(Boolean)", "filter(Boolean)",
    "find(Boolean)", "findIndex(Boolean)", "findLast(Boolean)", "findLastIndex(Boolean)", "reduce(Math.max, 0)",
    "reduceRight(Math.max, 0)", "flat()", "flatMap(Boolean)", "slice()", "toReversed()", "toSorted()", "toSpliced(0, 1)",
    "with(0, 1)", "toLocaleString()",
)  # fmt: skip
OTHERS = (
    "String.raw({raw: 多})", "[].concat({__proto__: 多, [Symbol.isConcatSpreadable]: true})", "[].concat(洞)", "[洞].flat()",
    "JSON.stringify({}, 洞)", "JSON.stringify({}, 谎)", "JSON.stringify(谎)", "Array.from(多)", "Array.from({length: 2 ** 32 - 1})",
    "[].concat(谎)", "[谎].flat(Infinity)", "Array.prototype.reverse.call(谎)", "Array.prototype.indexOf.call(假, 1)",
    "let n = 0; Array.prototype.indexOf.call({get length() { return n++ ? MOST : 0 }, __proto__: null}, 1); throw 1",
    "new Set(流)", "new Set(洞)", "Iterator.from(流).some(Boolean)", "流.drop(Infinity).next()", "流.find(Boolean)",
    "Promise.all(流)", "new Set([1]).isSupersetOf({size: 1, has: Object, keys: () => 流}); new Set([1]).union({size: 1, has: Object, keys: () => 流})",
    "Math.sumPrecise({__proto__: 流, next: Object.prototype.valueOf.bind({value: 1})})",
    "RegExp.prototype[Symbol.replace].call({exec: Object.prototype.valueOf.bind({index: 0, 0: '', length: MOST}), flags: 'g'}, 'x', '')",
    "const s = JSON.stringify(new Array(2e5).fill(1)); for (;;) JSON.parse(s)",
    "const s = '['.repeat(2e5); for (;;) try { JSON.parse(s) } catch {}",
    "for (;;) try { new Set(流) } catch {} finally { new Set(流) }",
    "const a = new Array(1e6).fill(1); for (;;) a.indexOf(2)",
    "const a = 'a'.repeat(4e6), b = 'a'.repeat(2e6) + 'b'; a.indexOf(b)",
    "const a = 'a'.repeat(4e6), b = 'a'.repeat(2e6) + 'b'; a.includes({toString: () => b})",
    "const a = 'a'.repeat(4e6), b = 'a'.repeat(2e6) + 'b'; a.split(b)",
    "const a = 'a'.repeat(4e6), b = 'a'.repeat(2e6) + 'b'; a.replaceAll(b, '')",
    "const a = 'a'.repeat(4e6), b = 'a'.repeat(2e6) + 'b'; a.replace(b, '')",
    "const a = 'a'.repeat(4e6), b = 'a'.repeat(2e6) + 'b'; a.lastIndexOf(b)",
    "for (;;) 'x'.repeat(1e7).normalize()",
)  # fmt: skip


DEEP = """
const 深 = (() => { let o = {length: 2 ** 25}; for (let i = 0; i < 3e3; i++) o = Object.create(o); return o; })();
const 众 = new Array(5e5).fill(深), 稀 = Object.setPrototypeOf(new Array(2 ** 16 - 2), 深);
"""
READERS = (
    "Array.from(深)", "new Uint8Array(深)", "Uint8Array.from(深)", "new Uint8Array(2 ** 25).set(深)", "Boolean.apply(null, 深)",
    "Reflect.apply(Boolean, null, 深)", "Reflect.construct(Object, 深)", "Object.fromEntries(众)", "Object.fromEntries(众.values())",
    "for (;;) Boolean.apply(null, 稀)", "深[Symbol.iterator] = [].values; [...深]", "深[Symbol.iterator] = [].values; Array.from(深)",
    "深[Symbol.iterator] = [].values; new Uint8Array(深)", "深[Symbol.iterator] = [].values; const [a, ...b] = 深",
    "Iterator.prototype.drop.call({next: Object.prototype.valueOf.bind(深)}, 1e8).next()",
    "深.next = Object.prototype.valueOf.bind(深); Iterator.prototype.drop.call(深, 1e8).next()",
)  # fmt: skip
"""Each reads something index by index, along a chain of 3000 objects."""


def ends(source: str) -> None:
    bench = Bench(limits=SOON)
    started = time.thread_time()
    error = bench.run(f"{MOST}{NATIVE}{LIAR}\n{source}").error

    assert isinstance(error, ScriptError)
    assert isinstance(error, ScriptLimitError) or error.name in {
        "RangeError",
        "TypeError",
        "Uncaught",
    }
    assert time.thread_time() - started < 3  # this thread's alone: the limits are 0.05 s and 64 MB
    assert bench.run("return '还在'").value == "还在"


@pytest.mark.parametrize("method", LIKE)
def test_what_is_only_like_an_array_is_walked_within_limits(method: str) -> None:
    name, _, rest = method.partition("(")
    given = f", {rest}" if rest != ")" else ")"

    ends(f"Array.prototype.{name}.call(多{given}")


@pytest.mark.parametrize("source", OTHERS)
def test_a_loop_within_the_engine_ends(source: str) -> None:
    ends(source)


@pytest.mark.parametrize("source", READERS)
def test_what_inherits_from_thousands_of_objects_is_read_within_limits(source: str) -> None:
    ends(DEEP + source)


def test_what_is_read_index_by_index_is_read_as_elsewhere() -> None:
    source = """
      const 长 = {length: 2000, 0: '张', 1999: '李', __proto__: {7: '七'}}, 多 = (...all) => [all.length, all[0], all[7], all[1999]];
      const 数 = {length: 2000, __proto__: {0: 7}}, made = new Uint8Array(数);
      class 名 extends Uint8Array {}
      return [多.apply(null, 长), Reflect.apply(多, null, 长), Array.from(长, x => x)[1999], [made.length, made[0], made[1]],
        Uint8Array.from(数)[0], new 名(数) instanceof 名, made.constructor === Uint8Array, Uint8Array.name, new Uint8Array(new ArrayBuffer(3)).length,
        made.map(x => x + 1)[0], Object.fromEntries(new Map([['客户', '张三']])), Object.prototype.toString.call(made),
        Uint8Array.BYTES_PER_ELEMENT, new Uint8Array(new Set([5, 6])).join(), Reflect.construct(Date, [0]).getTime()]"""
    assert value_of(source) == [
        [2000, "张", "七", "李"], [2000, "张", "七", "李"], "李", [2000, 7, 0],
        7, True, True, "Uint8Array", 3,
        8, {"客户": "张三"}, "[object Uint8Array]",
        1, "5,6", 0,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "source",
    ["文.search(长)", "文.match({toString: () => 长})", "文.matchAll(长)", "new RegExp(长)", "RegExp(长)", "/a/.compile(长)"],
)  # fmt: skip
def test_a_regular_expression_that_no_limit_would_stop_is_refused(source: str) -> None:
    error = Bench().run(f"const 文 = 'a'.repeat(2 ** 22), 长 = 文 + 'b'; {source}").error

    assert isinstance(error, ScriptError)
    assert (error.name, error.message) == (
        "SyntaxError", "Invalid regular expression: Regular expression too large",
    )  # fmt: skip


def test_regular_expressions_are_made_as_elsewhere() -> None:
    source = """
      const 式 = /客户(\\d+)/g; class 名 extends RegExp {}
      return [RegExp(式) === 式, new RegExp(式, 'i').flags, 式 instanceof RegExp, 式.constructor === RegExp, RegExp[Symbol.species] === RegExp,
        new 名('a') instanceof 名, RegExp.name, RegExp.length, new RegExp().source, 'x客户12y'.split(式).join(), '客户7'.match('客户').index,
        [...'abab'.matchAll('a')].length, 'undefined'.match(undefined)[0], 'null'.search(null), 'a.b'.search({toString: () => 'b'})]"""
    assert value_of(source) == [
        True, "i", True, True, True, True, "RegExp", 2, "(?:)", "x,12,y", 0, 2, "", 0, 2,
    ]  # fmt: skip


def test_an_endless_chain_of_timers_ends_by_the_clock_on_the_wall() -> None:
    bench = Bench(limits=Limits(cpu=60, wall=0.3))
    error = bench.run("const 再 = () => setTimeout(再, 0); 再(); await new Promise(() => {})").error

    assert isinstance(error, ScriptLimitError)
    assert error.message == "the script used more than 0.3 s of wall-clock time"


def test_one_turn_ends_by_the_clock_on_the_wall() -> None:
    error = Bench(limits=Limits(cpu=60, wall=0.2)).run("for (;;);").error

    assert isinstance(error, ScriptLimitError)
    assert error.message == "the script used more than 0.2 s of wall-clock time"


class SlowForm(Form):
    """A form that takes its time over a write."""

    def write(self, field: str, value: Any, place: Place | None, /) -> None:
        time.sleep(0.06)
        super().write(field, value, place)


def test_what_a_form_takes_for_a_write_is_real_time_of_the_script() -> None:
    form = SlowForm()
    source = "form.状态 = '已付款'; await $proxy('crm').通知(); form.状态 = '已通知'"
    error = Bench(limits=Limits(cpu=60, wall=0.05)).run(source, form=form).error

    assert isinstance(error, ScriptLimitError)
    assert error.message == "the script used more than 0.05 s of wall-clock time"
    assert ("状态", "已通知") not in form.written


def test_virtual_time_and_real_waits_are_no_time_of_the_script() -> None:
    limits = Limits(wall=0.25)
    wait = "await new Promise(r => setTimeout(r, {})); return 1"

    assert Bench(limits=limits).run(wait.format(86_400_000)).unwrap() == 1
    assert Bench(limits=limits, live=True).run(wait.format(400)).unwrap() == 1


def test_the_limit_of_the_wall_is_set_like_the_others() -> None:
    assert parse_limits("wall=90s, cpu=1.5").wall == 90
    assert parse_limits("cpu=3").wall == Limits().wall


def test_another_script_goes_on_beside_one_that_was_stopped() -> None:
    bench = Bench(limits=SOON)
    for _ in range(3):
        assert bench.run(f"{NATIVE} new Set(流)").error is not None
        assert bench.run("return [3, 1, 2].sort().indexOf(3)").value == 2


FORK = """
import os
from bpmax_sim.script.limits import Limits
from tests.script.bench import Bench
stuck = "new Set({__proto__: Iterator.prototype, next: Object, [Symbol.iterator]() { return this }})"
def ends():
    return type(Bench(limits=Limits(cpu=0.05)).run(stuck).error).__name__ == "ScriptLimitError"
assert ends()
child = os.fork()
if not child:
    os._exit(0 if ends() else 1)
assert os.waitpid(child, 0)[1] == 0 and ends()
"""


@needs_forks
def test_a_forked_child_is_watched_too() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK], timeout=60, capture_output=True, check=False
    )

    assert done.returncode == 0, done.stderr.decode()


SAME = """
  const 像 = {0: 3, 2: '张', 3: 1, length: 4}, 整 = x => JSON.stringify({...x, length: +x.length}), 原 = Array.prototype, 果 = [];
  for (const [名, ...参] of [['slice'], ['slice', -2], ['concat', [9]], ['map', x => x], ['filter', Boolean], ['join', '-'], ['indexOf', 1],
    ['lastIndexOf', 1], ['includes', undefined], ['find', x => x === '张'], ['findLastIndex', x => !x], ['reduce', (a, b) => a + b],
    ['reduceRight', (a, b) => a + b], ['flatMap', x => [x, [x]]], ['flat', 2], ['reverse'], ['sort'], ['splice', 1, 1, 'a', 'b'], ['shift'],
    ['unshift', 7, 8], ['copyWithin', 0, 1], ['fill', 5, 1, 2], ['toSorted'], ['toReversed'], ['toSpliced', 1, 2, 'x'], ['with', 1, 6],
    ['every', Boolean], ['some', Boolean], ['toLocaleString'], ['pop'], ['push', 1], ['at', -1]]) {
    const 甲 = {...像}, 乙 = {WRAP};
    const 一 = Reflect.apply(原[名], 甲, 参), 二 = Reflect.apply(原[名], 乙, 参);
    const 文 = x => JSON.stringify(x === 甲 || x === 乙 ? '自' : x)?.replace('"4"', '4') + Object.keys(x ?? {}) + (Array.isArray(x) ? x.length : '');
    if (文(一) !== 文(二) || 整(甲) !== 整(乙)) 果.push([名, 文(一), 文(二), 整(甲), 整(乙)]);
  }
  return 果"""


@pytest.mark.parametrize(
    "wrap",
    [
        "new Proxy({...像}, {})",
        "Object.defineProperty({...像}, 'length', {value: '4', writable: true})",
    ],
)
def test_what_walks_in_javascript_does_what_the_engine_does(wrap: str) -> None:
    assert value_of(SAME.replace("{WRAP}", wrap)) == []


def test_a_guard_cannot_be_told_from_what_it_guards() -> None:
    source = """
      const 查 = [Array.prototype.reverse, Array.prototype.flat, String.raw, ''.indexOf, ''.replaceAll, JSON.stringify, Proxy, Proxy.revocable];
      const 述 = f => [f.name, f.length, `${f}`.replace(/\\s+/g, ' '), Object.getOwnPropertyNames(f).sort().join(), typeof f];
      const 位 = Object.getOwnPropertyDescriptor(Array.prototype, 'reverse');
      let 造; try { new 查[0]() } catch (e) { 造 = e.name }
      return [查.map(述), 位.writable, 位.enumerable, 位.configurable, 造, new Proxy([1], {}).map(x => x + 1)]"""
    told, *rest = value_of(source)

    names = ("reverse", "flat", "raw", "indexOf", "replaceAll", "stringify")
    lengths = (0, 0, 1, 1, 2, 3)
    assert told[:6] == [
        [name, length, f"function {name}() {{ [native code] }}", "length,name", "function"]
        for name, length in zip(names, lengths, strict=True)
    ]
    assert [one[:3] for one in told[6:]] == [
        ["Proxy", 2, "function Proxy() { [native code] }"],
        ["revocable", 2, "function revocable() { [native code] }"],
    ]
    assert rest == [True, False, True, "TypeError", [2]]


def test_long_texts_are_searched_as_the_engine_does() -> None:
    source = """
      const 针 = 'ab'.repeat(40) + '张', 草 = ('ab'.repeat(100) + 针).repeat(600);
      const 少 = 草.slice(0, 草.length / 600 | 0);
      return [草.length * 针.length > 1e7, 草.indexOf(针), 草.indexOf(针, 201) === 草.indexOf(针) + 少.length, 草.includes(针), 草.includes(针, 草.length - 5),
        草.lastIndexOf(针) === 草.length - 针.length, 草.lastIndexOf(针, 300), 草.split(针).length, 草.split(针, 2).length,
        草.replaceAll(针, '').length === 草.length - 600 * 针.length, 草.replace(针, "<$&$$>").slice(0, 280) === 少.replace(针, "<$&$$>").slice(0, 280),
        草.replace(针, (m, at, all) => `${at}${all.length === 草.length}`).slice(198, 206), 草.split(new String(针)).length]"""

    assert value_of(source) == [
        True, 200, True, True, False, True, 200, 601, 2, True, True, "ab200tru", 601
    ]  # fmt: skip
