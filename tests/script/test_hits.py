# ruff: noqa: E501 - a script stands on one line
"""Scripts with counters: what ran is counted, and nothing else comes out otherwise than without."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import Place, ScriptLimitError
from bpmax_sim.script.failure import Script
from bpmax_sim.script.hits import ScriptHits, add_counters_to_script
from bpmax_sim.script.limits import Limits
from bpmax_sim.script.turn_result import Outcome
from bpmax_sim.script_source.syntax import LONGEST
from tests.script.bench import NAME, Bench, Form

CORPUS = Path(__file__).parent / "v8_parity" / "corpus"
HELPERS = Script("function 读(o) {\n  return o.甲.乙 || '无';\n}\n", "库/助手.js")

WRITTEN = {
    "a BOM": "\ufeffconsole.log('张', 1 ? 2 : 3); null.x",
    "CR LF": "const a = 1;\r\nif (a) console.log('二');\r\nelse null.x;\r\nundefined.y",
    "CR alone": "const a = 1;\rconsole.log(a);\rnull.x",
    "one minified line": "var a=[];for(var i=0;i<3;i++)a.push(i)\nif(a.length)console.log('三',a);else b();a.b.x",
    "directives": "'use strict'; 'other'; function f() { 'use strict'; return this } console.log(f()); x = 1",
    "sloppy": "x = 1; with ({x: 2}) { console.log(x || 3) } console.log(typeof this)",
    "generators": "function* g() { const a = yield 1; return a ? yield 2 : 3 } for (const i of g()) console.log(i); null.x",
    "async arrows": "const f = async x => await x; const h = async () => ({a: await f(1) || 2}); console.log(await h(), f.name, h.length)",
    "labels": "out: for (const i of [1, 2]) { for (;;) { if (i === 1) continue out; break out } }\nfoo: { if (1) break foo; null.x }\nconsole.log('过')",
    "switch": "switch (3) { case 1: console.log(1); case 3: console.log(3); case 4: console.log(4); break; default: null.x }",
    "no default": "switch (9) { case 1: case 2: { let a = 1 } }\nconsole.log('无')",
    "optional chains": "const o = {f: null}; console.log(o?.g?.(1) ?? '空', o.f?.x, o.g?.[1] || 2); o.f.x",
    "assignments": "let a, b = 0, c = 1, f; a ??= () => 1; b ||= 2; c &&= 3; f ??= class {}; console.log(a.name, b, c, f.name)",
    "templates": "const 名 = '张三'; console.log(`你好，${名 ? `${名 && '先生'}` : '？'}\n第二行 ${1 || 2}`); null.名",
    "dangling else": "if (0) if (1) console.log(1); else console.log(2)\nif (1) if (0) console.log(3); else console.log(4)",
    "no semicolons": "let i = 0\ndo i++; while (i < 3) console.log(i)\nif (i) console.log('是')\nelse console.log('否')\nfor (;;) break\nlet x = i\n++x\nconsole.log(x)",
    "comments behind statements": "let n = 0\nif (!n) n++ // 一\nelse n-- // 二\nfor (const x of [1, 2]) if (x > 1) n += x // 三\nwhile (n < 9) n++ // 四\ndo n-- // 五\nwhile (n > 7)\nout: for (;;) break out // 六\nconst f = x => x ? n : 0 // 七\nconsole.log(n, f(1)) // 八\nnull.x // 九",
    "joined cases": "const a = 7, b = null\nswitch (true) { case a > 5 && b !== null: console.log(1); break\n case a > 9 || (b ?? a) === 7:console.log(2); break; case a ? b : a: default: console.log(3) }\nswitch (a) { case (() => 7)():{ console.log(4) } case b?.c: null.x }",
    "comments behind else": "let n = 0\nif (n) n = 1; else /* 否则 */ { n = 2 }\nif (!n) n = 3\nelse // 否则\n  n += 4\nif (n > 9) n = 5\nelse /* 一 */ if (n > 5) n += 10 /* 二 */\nelse // 三\n{ n = 0 }\nconsole.log(n)",
    "a directive with a comment": "'use strict' // 严格\nfunction f() { 'use strict' /* 严格 */\n return this }\nconsole.log(f()) // 无\nx = 1",
    "function texts": "function f(a) { if (a) return `张${a || 1}`; }\nconsole.log(String(f), `${x => x ? 1 : 2}`, f.toString().length)",
    "stacks": "const f = () => { throw new Error('坏') }; try { f() } catch (e) { console.log(e.stack) }\nconst o = {}; Error.captureStackTrace(o); console.log(o.stack)",
    "thrown": "const 客户 = {}; if (1) { 客户.电话.slice(1) }",
    "not a function": "const a = {b: 1}; 1 && a.b(2)",
    "not defined": "const a = 1 ? 缺 : 2",
    "const assigned": "const a = 1; if (a) { a = 2 }",
    "destructured": "const f = ({a: {b} = {}} = {}) => b || 'x'; console.log(f(), f({})); const {c: {d}} = {}",
    "classes": "class A { static #n = 0; static { A.#n++ } x = 1 ? 2 : 3; get y() { return A.#n && this.x } constructor() { this.z = this.y || 0 } } class B extends A { constructor() { super() } }\nconsole.log(new B().z)",
    "eval": "const v = 3; console.log(eval('v ? v + 1 : 0'), new Function('a', 'return a || 1')(0))",
    "a syntax error": "const a = ;\nif (",
    "a reserved word": "let yield = 1; return",
    "closed early": "1 }); (() => {",
    "an early return": "if (1) return 5; console.log('不到')",
    "timers": "setTimeout(() => { console.log('晚'); null.x }, 10); console.log('早')",
    "a library": "console.log(读({甲: {乙: 1}})); 读({})",
    "a forgotten call": "1 && $proxy('crm').get_customer('1')\nif (1) void $proxy('crm').get_order('1')",
    "never settled": "const a = 1;\nif (a) await new Promise(() => {})",
    "a form": "form.a = form.b || 1; form.c = form.a > 0 ? '正' : '负'; form.rows = [{d: 1}]; form.rows[0].d = 2",
}  # fmt: skip


def _of(outcome: Outcome) -> list[Any]:
    return [
        [(line.text, str(line.place), line.at) for line in outcome.console],
        repr(outcome.value),
        repr(outcome.error),
        str(getattr(outcome.error, "place", "")),
        getattr(outcome.error, "stack", ""),
        [str(error) for error in outcome.unhandled],
        outcome.unawaited,
        outcome.timers,
        outcome.absent_reads,
    ]


def _run(source: str, hits: ScriptHits | None) -> list[Any]:
    form = Form({"b": 0})
    bench = Bench(hits=hits)
    outcome = bench.run(source, form=form, libraries=[HELPERS])
    calls = [(one.api, str(one.position)) for one in bench.programs]
    return [*_of(outcome), form.written, list(map(str, form.places)), calls]


@pytest.mark.parametrize("source", WRITTEN.values(), ids=WRITTEN)
def test_a_script_comes_to_the_same_with_counters(source: str) -> None:
    assert _run(source, ScriptHits()) == _run(source, None)


@pytest.mark.filterwarnings("ignore::bpmax_sim.errors.PowerWarning")
def test_what_implementers_write_comes_to_the_same_and_all_of_it_is_counted() -> None:
    hits = ScriptHits()
    paths = sorted(CORPUS.glob("*.js"))
    for path in paths:
        source = path.read_text(encoding="utf-8")
        assert _of(Bench(hits=hits).run(source)) == _of(Bench().run(source)), path.name
    assert len(hits.counts) == len(paths)
    assert not hits.lost


@pytest.mark.parametrize(("file", "prices"), [(NAME, ["12"]), ("另一个.js", []), (None, [])])
def test_values_are_kept_at_the_place_that_is_watched_alone(
    file: str | None, prices: list[str]
) -> None:
    hits = ScriptHits(watched=Place(file, 2, 1) if file else None)
    Bench(hits=hits).run("const 单价 = 12;\nconsole.log(单价)")

    assert [one.values["单价"] for one in hits.seen] == prices


COUNTED = {
    "both ways": ("if (1) a = 1; else a = 2", "then 1, else 0"),
    "the way that is not written": ("if (0) { a = 1 }", "then 0, else 1"),
    "else if": ("if (0) {} else if (1) {} else {}", "then 0, else 1, then 1, else 0"),
    "a conditional": ("a = 0 ? 1 : 2", "? 0, : 1"),
    "fallbacks": ("a = null ?? (0 || 1) ; b = 0 && 1", "?? 1, || 1, && 0"),
    "assigned fallbacks": ("var a = 1, b; a ||= 2; b ??= 3", "|| 0, ?? 1"),
    "cases": ("switch (2) { case 1: break; case 2: case 3: break; default: }", "case 0, case 1, case 1, default 0"),
    "what is in a case": ("switch (true) { case 0 && 1: a(); case 1 && (null ?? 0): case 1 ? true : 2: b = 3 } var b", "case 0, && 0, case 0, && 1, ?? 1, case 1, ? 1, : 0"),
    "what catches": ("try { null.x } catch { 1 } try { 2 } catch (e) { 3 }", "catch 1, catch 0"),
    "with comments behind": ("var a\nif (0) a = 1 // 甲\nelse a = 2 // 乙\nif (a) a = 3 // 丙\na", "then 0, else 1, then 1, else 0"),
    "an else with a comment": ("var a\nif (1) a = 1; else /* 否则 */ { a = 2 }\nif (a > 1) a = 3\nelse // 否则\n a = 4", "then 1, else 0, then 0, else 1"),
    "as often as it ran": ("for (const i of [0, 1, 2]) if (i) i.x", "then 2, else 1"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), COUNTED.values(), ids=COUNTED)
def test_branches_are_counted(source: str, expected: str) -> None:
    assert _branches(source) == sorted(expected.split(", "))


def _branches(source: str) -> list[str]:
    hits = ScriptHits()
    Bench(hits=hits).run(source)
    [(script, counts)] = hits.counts.items()
    counted = add_counters_to_script(script)
    assert counted is not None
    pairs = zip(counted.counters, counts, strict=True)
    return sorted(f"{one.arm} {n}" for one, n in pairs if one.kind == "branch")


def test_statements_and_functions_are_counted_at_their_lines() -> None:
    source = "function f() {\n  return 1;\n}\nconst g = x => x;\nif (0)\n  f();\ng(1); g(2);\n"
    hits = ScriptHits()
    Bench(hits=hits).run(source)
    [(script, counts)] = hits.counts.items()
    counted = add_counters_to_script(script)
    assert counted is not None
    found = [
        (one.kind, one.line, one.name, n)
        for one, n in zip(counted.counters, counts, strict=True)
        if one.kind != "branch"
    ]
    assert sorted(found) == [
        ("function", 1, "f", 0),
        ("function", 4, "g", 2),
        *[("statement", line, "", n) for line, n in ((2, 0), (4, 1), (4, 2), (5, 1), (6, 0))],
        *[("statement", 7, "", 1)] * 2,
    ]


def test_runs_add_up_and_so_do_processes() -> None:
    hits, other = ScriptHits(), ScriptHits()
    for one in (hits, hits, other):
        Bench(hits=one).run("if (form.a) form.b = 1", form={"a": 1})
    hits.merge(other.to_data())
    assert [sorted(counts) for counts in hits.counts.values()] == [[0, 3, 3, 3]]


def test_scripts_of_one_page_are_counted_apart() -> None:
    hits = ScriptHits()
    Bench(hits=hits).run("读({甲: {}})", libraries=[HELPERS])
    assert {script.name: sum(counts) for script, counts in hits.counts.items()} == {
        NAME: 1,
        HELPERS.name: 3,
    }


@pytest.mark.parametrize(
    ("place", "values"),
    [
        (Place(HELPERS.name, 2, 3), [{"o": '{"甲":{}}'}]),
        (Place("库/价格.js", 2, 3), [{"单价": "120", "数量": "3"}]),
        (Place(NAME, 2, 1), [{"总价": "360"}]),
        (Place("库/折扣.js", 1, 1), []),
    ],
)
def test_values_are_kept_of_whichever_script_of_a_page_is_watched(
    place: Place, values: list[dict[str, str]]
) -> None:
    price = Script("function 算(单价, 数量) {\n  return 单价 * 数量;\n}\n", "库/价格.js")
    hits = ScriptHits(watched=place)

    Bench(hits=hits).run("const 总价 = 算(120, 3);\n读({甲: {}});", libraries=[HELPERS, price])

    assert [one.values for one in hits.seen] == values


def test_a_script_without_end_is_told_as_without_counters() -> None:
    for hits in (None, ScriptHits()):
        bench = Bench(hits=hits, limits=Limits(cpu=0.05, wall=5))
        error = bench.run("let i = 0;\nwhile (i >= 0) i++;").error
        assert isinstance(error, ScriptLimitError)
        assert error.message == "the script used more than 0.05 s of processor time"


@pytest.mark.needs_native  # without it, what ran can still be read
def test_a_script_that_passes_a_limit_is_named_as_lost() -> None:
    hits = ScriptHits()
    outcome = Bench(hits=hits).run("const a = [];\nfor (;;) a.push(a.length)")
    assert re.search("ScriptLimitError", repr(outcome.error))
    assert [script.name for script in hits.lost] == [NAME]


@pytest.mark.parametrize(
    "source",
    ["", "// 只有注释", "const a = ;", "'\ud83d'", "x" * (LONGEST + 1), "a();" * 2_500_000],
    ids=["empty", "a comment", "a mistake", "half a character", "long", "10 MB"],
)
def test_what_cannot_be_counted_runs_as_it_is(source: str) -> None:
    assert add_counters_to_script(Script(source)) is None


def test_a_deep_script_can_be_counted() -> None:
    counted = add_counters_to_script(Script("(" * 300 + "1 || 2" + ")" * 300))
    assert counted is not None
    assert len(counted.counters) == 2


def test_counters_cannot_be_seen_or_changed_by_what_a_script_does_to_the_language() -> None:
    source = (
        "const names = Object.getOwnPropertyNames(globalThis).filter(n => /hits/.test(n));\n"
        "Array.prototype.join = Array.prototype.map = () => { throw 1 };\n"
        "Object.defineProperty = () => { throw 2 }; String = null; Array = null;\n"
        "return names.length;"
    )
    hits = ScriptHits()
    assert Bench(hits=hits).run(source).value == 0
    assert [min(counts) for counts in hits.counts.values()] == [0]  # what throws


@pytest.mark.parametrize(
    ("source", "is_counted"),
    [
        ("if (1) console.log(2)", True),
        ("\ufeffif (1)\r\n  f()", True),
        ("if (", False),
        ("1;" * LONGEST, False),
    ],
)
def test_a_script_is_listed_that_no_run_executes(source: str, *, is_counted: bool) -> None:
    hits = ScriptHits()
    hits.include_script(Script(source, "未用.js"))
    hits.include_script(Script(source, "未用.js"))

    assert (len(hits.counts), len(hits.uncounted)) == (int(is_counted), int(not is_counted))
    assert not any(sum(counts) for counts in hits.counts.values())
    for script, counts in [*hits.counts.items()]:
        hits.add(script, [1] * len(counts))
        hits.add(script, [2] * len(counts))
        hits.include_script(script)
        assert [*hits.counts[script]] == [3] * len(counts)


def test_each_session_hides_its_own_secrets_of_a_script_that_all_run() -> None:
    hits, script = ScriptHits(), Script("登录('甲的密钥', '乙的密钥')", NAME)
    hits.include_script(script)

    for secret in ("甲", "乙"):
        hits.redact_script_texts(lambda text, secret=secret: text.replace(f"{secret}的密钥", "***"))  # type: ignore[misc]

    assert hits.shown == {script: "登录('***', '***')"}


def test_the_hits_of_several_processes_are_those_of_one() -> None:
    counted, lost, bundle = (
        Script(f"form.{name} = 1", f"{name}.js") for name in ("甲", "乙", "丙")
    )
    hits = ScriptHits()
    hits.add(counted, [1, 0, 3])
    hits.lost[lost] = 2
    hits.uncounted[bundle] = None
    hits.redact_script_texts(lambda text: text.replace("甲", "…"))

    assert hits.to_data() == [
        ("丙.js", bundle.source, None, 0, bundle.source),
        ("乙.js", lost.source, None, 2, lost.source),
        ("甲.js", counted.source, [1, 0, 3], 0, "form.… = 1"),
    ]
    both = ScriptHits()
    both.merge(hits.to_data())
    both.merge(hits.to_data())
    assert both.counts == {counted: [2, 0, 6]}
    assert +both.lost == {lost: 4}
    assert [*both.uncounted] == [bundle]
    assert both.shown == {counted: "form.… = 1"}
