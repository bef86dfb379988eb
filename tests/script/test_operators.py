# ruff: noqa: E501 - JavaScript
"""``{...text}``, ``**`` and ``**=``: what V8 makes of them, in a script that stays as written."""

from __future__ import annotations

import pytest

from bpmax_sim.errors import ScriptError
from bpmax_sim.script import operators
from bpmax_sim.script.failure import Script
from bpmax_sim.script.operators import Rewritten, rewritten
from tests.script.bench import NAME, Bench, run, value_of


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("return {...'张三', n: 1}", {"0": "张", "1": "三", "n": 1}),
        ("const s = 'ab'; return {...s, ...null, ...5, ...[7]}", {"0": 7, "1": "b"}),
        ("const {a, ...rest} = {a: 1, b: 2}; let q; ({...q} = 'ab'); return [rest, q]", None),
        ("return [1.0277777134968444 ** 46.03, Math.pow(22300.496665304334, -8.747823086910127)]", None),
        ("let n = 3; n **= 2; const o = {p: 2, q: {r: 3}}; o.p **= 3; o.q['r'] **= 2; return [n, o]", None),
        ("return String(2n ** 70n)", "1180591620717411303424"),
        ("return [2 ** 3 ** 2, (-2) ** 3, 2 ** -1, [3] ** '2']", [512, -8, 0.5, 9]),
    ],
)  # fmt: skip
def test_operators_are_those_of_v8(source: str, value: object) -> None:
    got = value_of(source)
    expected = value
    if value is None:
        expected = {
            "const": [{"b": 2}, {"0": "a", "1": "b"}],
            "retur": [3.529555361146469, 9.156167245415996e-39],
            "let n": [9, {"p": 8, "q": {"r": 9}}],
        }[source[:5]]

    assert got == expected


LIBRARY = Script("const 甲 = {...'q'};\nfunction f(a) { return [3 ** 2, a.b.c] }", "lib/工具.js")


@pytest.mark.parametrize(
    "source",
    [
        "const 客户 = null;\nconst x = {...'张', 幂: 2 ** 3 ** 1, 名: 客户.名}",
        "const s = '张三';\nreturn f({...s, 名: 's'})",
        "let n = 2;\nn **= 3; const k = n; throw new Error('坏' + n ** k)",
        "const n = 'ab'; form.值 = {...n}; await $proxy('crm').查({...n, m: n}); return [{...'b'}, new Error('x').stack]",
        "const n = 2, 张 = '张'; setTimeout(() => { throw new Error({...张}) }, n ** n)",
        "const x = {...'张'}; await new Promise(() => 2 ** 2)",
    ],
)  # fmt: skip
def test_places_are_those_of_the_script_as_it_is_written(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def places() -> list[object]:
        bench = Bench()
        outcome = bench.run(source, libraries=[LIBRARY])
        error = outcome.error or next(iter(outcome.unhandled), None)
        stack = outcome.value[1] if isinstance(outcome.value, list) else None
        where = [program.position for program in bench.programs], stack
        return [*where, getattr(error, "place", None), getattr(error, "stack", None)]

    found = places()
    monkeypatch.setattr(operators, "rewritten", Rewritten)

    assert found == places()
    assert any(found)


def test_a_library_that_is_not_valid_is_told_by_its_own_columns() -> None:
    wrong = Script("const 甲 = {...'q', z: 2 ** };", "lib/工具.js")

    assert str(run("return 1", libraries=[wrong]).error).startswith("lib/工具.js:1:28: SyntaxError")


@pytest.mark.parametrize(
    ("source", "start"),
    [
        ("return -2 ** 2", ":1:"),
        ("const a = {...'x'};\nlet b = 1, b = 2", ":2:"),
        ("{...a} = b", ":1:"),
    ],
)
def test_a_script_that_is_not_valid_is_told_by_its_own_columns(source: str, start: str) -> None:
    assert f"{NAME}{start}" in str(run(source).error)


def test_a_functions_text_is_as_written() -> None:
    source = (
        "function f(a, o) { o.p **= 2; return {...a, ...(a && o), n: a**2 ** 3, e: eval('1') } }"
    )

    assert value_of(f"{source}; return `${{f}}`") == source


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("eval('({...x})')", "{...} or ** in a text for eval or new Function is not simulated"),
        ("(0, eval)('({...x})')", "{...} or ** in a text for eval or new Function is not simulated"),
        ("const e = eval; e('2 ** 2')", "{...} or ** in a text for eval or new Function"),
        ("globalThis.eval('2 ** 2')", "{...} or ** in a text for eval or new Function"),
        ("new Function('a', 'return a ** 2')", "{...} or ** in a text for eval or new Function"),
        ("(async () => 1).constructor('return {a, ...b}')", "{...} or ** in a text"),
        ("const o = [1]; o[(() => 0)()] **= 2", "**= to a place that may not be the same when"),
    ],
)  # fmt: skip
def test_what_is_not_rewritten_is_refused_by_name(source: str, told: str) -> None:
    error = run(source).error

    assert isinstance(error, ScriptError)
    assert error.message.startswith(told)


def test_code_of_texts_without_such_operators_runs() -> None:
    source = (
        "const 甲 = 1; return [eval('甲 + 1'), (0, eval)('typeof 甲'), typeof eval,"
        " new Function('a', 'return a + 1')(3),"
        " (function () {}).constructor === Function, (() => 1) instanceof Function]"
    )

    assert value_of(source) == [2, "undefined", "function", 4, True, True]


@pytest.mark.parametrize(
    "source",
    ["return [...a, ...b]", "f(...a)", "/** 说明 **/ const a = 1;", "({a: 1, ...{b: 2}})", "x ? {...(a && {b})} : 0",
     "const {a, ...b} = c", "'加载中...'", "-x ** 2"],
)  # fmt: skip
def test_what_needs_no_call_is_left_alone(source: str) -> None:
    assert rewritten(source).text == source


@pytest.mark.parametrize(
    "source",
    [
        "return {..." + "(" * 2000 + "'ab'" + ")" * 2000 + "}",
        "const a = {}; try { a" + ".b" * 3000 + " **= 2 } catch {}",
        "return {...'张'.repeat(1e4)}",
        "return " + "2 ** " * 3000 + "1",
        "return [" + "{...{a: '张三'}, n: 2 ** 3},\n" * 500 + "]",
    ],
)
def test_deep_and_long_sources_are_read(source: str) -> None:
    assert run(source).error is None
