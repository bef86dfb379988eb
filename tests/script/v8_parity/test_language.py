"""What makes the language that of V8, however a script gets at it; and scripts run as they are."""

from __future__ import annotations

import time

import pytest

from bpmax_sim.errors import ScriptError
from bpmax_sim.script.engine import find_polyfills
from bpmax_sim.script.failure import Script
from tests.script.bench import run, value_of


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("console.log(Math.round(1.5), Math.cbrt(27), '$1')", ()),
        ("'a'.replace(new RegExp('(a)'), '$1')", ("legacy",)),
        ("fmt.replace(RegExp.$1, '')", ("legacy",)),
        ("return RegExp['$' + 1] + RegExp[\"$&\"]", ("legacy",)),
        ("RegExp.leftContext", ("legacy",)),
        ("return new RegExp('^HT-').test(form.合同编号)", ()),
        ("form.备注 = 'authentic'", ()),
        ("return fetch合同().then(r => r)", ("messages",)),
        ("new Intl.ListFormat('zh-CN')", ("formatjs",)),
    ],
)
def test_the_text_decides_on_polyfills(text: str, names: tuple[str, ...]) -> None:
    assert find_polyfills((text,)) == names


def test_a_library_decides_too() -> None:
    library = Script("function 年(s) { /(\\d{4})/.test(s); return RegExp.$1 }", "lib/日期.js")

    assert run("return 年('于2026年')", libraries=[library]).unwrap() == "2026"


def test_the_decision_takes_time_in_proportion_to_the_text() -> None:
    def took(text: str) -> float:
        started = time.thread_time()
        find_polyfills((text,))
        return time.thread_time() - started

    small, large = (min(took("x = Mat + RegEx + $1;" * n) for _ in range(3)) for n in (2000, 20001))

    assert large < 60 * max(small, 1e-4)


def test_our_own_use_of_regular_expressions_leaves_no_trace() -> None:
    source = """
      /(张)(三)?/.test('张');
      const seen = [];
      const look = () => seen.push(RegExp.$1 + RegExp.$2);
      new Date('2026/3/2 10:00'); look(); new Date(0).toString(); look();
      new Intl.NumberFormat('zh-CN').format(1234.5); look(); (1234.5).toLocaleString(); look();
      new URL('https://例.测试/a?b=1').searchParams.get('b'); look();
      console.log({a: 'x'}, /(b)/); look(); '甲'.localeCompare('乙'); look();
      new Date(0).toLocaleDateString('zh-CN', {month: 'long'}); look();
      return [...new Set(seen)]"""

    assert value_of(source) == ["张"]


def test_what_is_wrapped_is_what_it_was() -> None:
    source = """
      RegExp.$1;
      class 日 extends Date {}
      const d = new 日(2026, 2, 2);
      return [Date.name, Date.length, new Date(5).constructor === Date, d instanceof Date,
        d.getFullYear(), `${RegExp.prototype.exec}`.includes('[native code]'), Math.cbrt.name,
        new URL('http://a/b').pathname, `${Math.atan2}`.includes('[native code]'),
        Math.hypot.length]"""

    assert value_of(source) == ["Date", 7, True, True, 2026, True, "cbrt", "/b", True, 2]


def test_what_the_text_hides_is_refused_by_name() -> None:
    error = run("new Intl['Plural' + 'Rules']()").error

    assert isinstance(error, ScriptError)
    assert error.message == (
        "Intl.PluralRules is not simulated: PluralRules has to stand in the text of the script"
    )


def test_long_tables_are_there_where_the_text_hides_them() -> None:
    source = """
      const kinds = {style: 'un' + 'it', ['un' + 'it']: 'meter'};
      return [(5).toLocaleString('zh-CN', kinds),
        new TextDecoder('g' + 'bk').decode(Uint8Array.of(0xd6, 0xd0)),
        new Date(8e11).toLocaleString('zh-CN', {timeZone: 'America' + '/New_York'})]"""

    assert value_of(source) == ["5米", "中", "1995/5/9 02:13:20"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("Math.cbrt(27)", 3),
        ("Math.exp(1)", 2.718281828459045),
        ("Math.log10(1000)", 3),
        ("Math.sinh(-0.9224734044862781)", -1.0589850008223292),
        ("Math.tanh(0.366489111269102)", 0.3509169649369762),
        ("Math.cos(0.1)", 0.9950041652780257),
        ("Math.hypot(3, '4')", 5),
        ("Math.hypot()", 0),
        ("(0.1).toString(36)", "0.3lllllllllm"),
        ("(7.999999999999999).toString(8)", "7.77777777777777776"),
        ("(-9007199254740992).toString(3)", "-1121202011211211122211100012101112"),
        ("[(-2.5).toString(2), (-0).toString(7), NaN.toString(3)]", ["-10.1", "0", "NaN"]),
        ("Math.atan2()", None),
        ("Math.asin('0.7')", 0.775397496610753),
    ],
)
def test_math_is_that_of_v8_to_the_last_digit(expression: str, value: object) -> None:
    assert value_of(f"const x = {expression}; return x === x ? x : null") == value


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("return new Function('a', 'return Math.max(0, ...a)')([1, 7])", 7),
        ("return eval('2 ** 3 + Math.max(...[1, 2])')", 10),
        ("return (0, eval)('(function (...r) { return {...r[0]} })')({a: 1})", {"a": 1}),
        ("return (async () => 1).constructor === Object.getPrototypeOf(async () => 2).constructor", True),
        ("function f(o) { o.p **= 2; return {...o, n: 2 ** 3} } return `${f}` + f({p: 3}).p", None),
        ("return [`${Function}`.includes('native code'), Function.name, `${eval}`.includes('[native')]", [True, "Function", True]),
    ],
)  # fmt: skip
def test_code_of_texts_and_of_the_script_reaches_the_engine_as_it_is(
    source: str, value: object
) -> None:
    expected = value or "function f(o) { o.p **= 2; return {...o, n: 2 ** 3} }9"

    assert value_of(source) == expected


def test_a_template_library_runs() -> None:
    """As lodash's ``_.template`` makes a function of what stands around ``<%= %>``."""
    source = r"""
      const template = text => new Function('obj', 'const p = []; with (obj) { p.push(\'' +
        text.replace(/'/g, "\\'").replace(/<%=([^]+?)%>/g, "', $1, '") + '\'); } return p.join("")');
      return template('**订单** <%= id %> {...<%= n ** 2 %>}')({id: 'A-1', n: 3})"""

    assert value_of(source) == "**订单** A-1 {...9}"


def test_what_only_a_made_text_names_is_refused() -> None:
    error = run("/(a)/.test('a'); return new Function('return Reg' + 'Exp.$1')()").error

    assert isinstance(error, ScriptError)
    assert error.message == (
        "RegExp.$1 is not simulated: RegExp and $1 have to stand in the text of the script"
    )
