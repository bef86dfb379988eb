from __future__ import annotations

import pytest

from bpmax_sim.js_values import UNDEFINED, OpaqueValue
from tests.script.bench import NAME, run, texts

ZEROS = "".join(f"  {', '.join('0' * n)},\n" for n in [12] * 8 + [4])
TABLE = """\
┌─────────┬────────┐
│ (index) │ Values │
├─────────┼────────┤
│ 0       │ 1      │
└─────────┴────────┘"""


def text(arguments: str) -> str:
    [line] = run(f"console.log({arguments})").console
    return line.text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("'客户名称:', '张三'", "客户名称: 张三"),
        ("", ""),
        ("1, -0, null, undefined, true, 10n, NaN", "1 -0 null undefined true 10n NaN"),
        ("['a', 1, [2, {b: '丙'}]]", "[ 'a', 1, [ 2, { b: '丙' } ] ]"),
        ("{a: 1, 'b-c': null, 名: 'it\\'s'}", '{ a: 1, \'b-c\': null, \'名\': "it\'s" }'),
        ("{}, []", "{} []"),
        ("new Map([['a', {b: 1}]]), new Set([1])", "Map(1) { 'a' => { b: 1 } } Set(1) { 1 }"),
        ("new Date(0), new Date(NaN), /a/g", "1970-01-01T00:00:00.000Z Invalid Date /a/g"),
        ("() => 1, function f() {}, class C {}", "[Function (anonymous)] [Function: f] [class C]"),
        ("Symbol('号'), Promise.resolve(1)", "Symbol(号) Promise { <state unknown> }"),
        ("Uint8Array.of(1, 2)", "Uint8Array(2) [ 1, 2 ]"),
        ("new (class 客户 { 名 = 1 })", "客户 { '名': 1 }"),
        ("{a: {b: {c: {d: {e: 1}}}}}", "{ a: { b: { c: [Object] } } }"),
        ("Object.create(null)", "[Object: null prototype] {}"),
        ("'%s 有 %d 单 %i %f %%', '张三', '3', 4.9, '1.5', '余'", "张三 有 3 单 4 1.5 % 余"),
        ("'%j %o', {a: 1}, [2]", '{"a":1} [ 2, [length]: 1 ]'),
        ("'100%', 1", "100% 1"),
        ("{get a() { throw 1 }}", "{ a: [Getter] }"),
        ("new Proxy({}, {ownKeys() { throw 1 }})", "[cannot be read]"),
        ("Array.from({length: 102}, () => 0)", f"[\n{ZEROS}  ... 2 more items\n]"),
    ],
)  # fmt: skip
def test_values_print_as_in_node(arguments: str, expected: str) -> None:
    assert text(arguments) == expected


def test_an_object_inside_itself_prints() -> None:
    assert texts(run("const o = {a: 1}; o.o = o; console.log(o)")) == [
        "<ref *1> { a: 1, o: [Circular *1] }"
    ]


@pytest.mark.of_quickjs
def test_an_error_prints_with_its_stack_and_fields() -> None:
    source = """function 查() {
  return Object.assign(new TypeError('坏'), {code: 7});
}
console.error(查())"""

    assert texts(run(source)) == [
        f"TypeError: 坏\n    at 查 ({NAME}:2:28)\n    at {NAME}:4:9 {{\n  code: 7\n}}"
    ]


@pytest.mark.of_quickjs
def test_long_arrays_and_texts_print_at_once() -> None:
    long = "console.log(new Array(2e6).fill(0).length, new Array(1e6).fill(0), ['x'.repeat(3e6)])"
    [first] = texts(run(long))
    [second] = texts(run("console.log(new Uint8Array(5e6), Object.assign([1], {备注: 'a'}))"))

    assert first.count("0, 0") > 40
    assert first.endswith("'... 2990000 more characters\n]")
    assert second.endswith("[ 1, '备注': 'a' ]")


def test_every_level_is_kept() -> None:
    source = """
      const levels = ['log', 'info', 'debug', 'warn', 'error', 'trace'];
      for (const level of levels) console[level](level)"""

    assert [line.level for line in run(source).console] == [
        "log", "info", "debug", "warn", "error", "trace",
    ]  # fmt: skip


def test_values_are_kept_beside_the_text() -> None:
    [line] = run("console.log('客户', {a: [1, undefined]}, () => 1)").console

    assert line.values == ("客户", {"a": [1, UNDEFINED]}, OpaqueValue("function"))


def test_groups_indent_and_counters_count() -> None:
    source = """
      console.group('组'); console.log('一\\n二'); console.groupEnd();
      console.count(); console.count();
      console.countReset(); console.count();
      console.assert(1 > 2, '错'); console.assert(true, '对');
      console.time('t'); await new Promise(r => setTimeout(r, 1500)); console.timeEnd('t');
      console.dir({a: 1}); console.table([1]);"""

    assert texts(run(source)) == [
        "组", "  一\n  二", "default: 1", "default: 2", "default: 1",
        "Assertion failed: 错", "t: 1.500s", "{ a: 1 }", TABLE,
    ]  # fmt: skip


def test_what_is_logged_later_changed_was_logged_as_it_was() -> None:
    outcome = run("const o = {a: 1}; console.log(o); o.a = 2")

    assert outcome.console[0].values == ({"a": 1},)
