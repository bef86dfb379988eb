# ruff: noqa: E501 - scripts, one a line
"""A script with counters comes to the same, counts each of its parts, and keeps watched values."""

from __future__ import annotations

import json
from typing import Any

import _quickjs

from bpmax_sim.script_source.counters import (
    CountedScript,
    insert_counters,
    write_script_throwing_counts,
    write_script_throwing_values,
)
from bpmax_sim.script_source.syntax import LONGEST
from tests.script_source.tables import retell
from tests.script_source.test_small_readings import list_counters

RUNS = """
3 statement@1=1 statement@12=1 branch@19[then<12]=0 statement@19=0 branch@33[else<12]=1 statement@33=1 statement@42=1 branch@52[?<48]=0 branch@58[:<48]=1 | var 数 = 0; if (数) out = 1; else out = 2; out = 数 ? out : out + 1
2 statement@1=1 statement@12=1 branch@42[else<42]=2 statement@42=3 branch@55[then<42]=1 statement@55=1 statement@65=2 statement@74=1 | var 数 = 0; for (var i = 0; i < 3; i++) { if (i === 1) continue; 数 += i } out = 数
2,4 statement@1=1 function@20(甲)=2 statement@36=2 statement@53=1 | var 数 = [1, 2].map(function 甲(x) { return x * 2 }); out = 数.join()
a,0,b statement@1=1 function@24=3 statement@29=3 branch@35[&&<30]=1 branch@43[||<29]=2 branch@49[??<44]=1 | out = [1, 0, null].map(x => (x && 'a') || (x ?? 'b')).join()
甲乙丙 statement@1=1 statement@8=1 function@14=0 statement@20=0 statement@23=1 statement@30=1 function@36=0 statement@52=1 statement@63=1 statement@79=1 | var 甲; 甲 ||= () => 1; var 乙; 乙 ??= function () {}; var 丙 = 1; 丙 &&= class {}; out = 甲.name + 乙.name + 丙.name
3 statement@1=1 statement@12=1 branch@18[||<12]=1 statement@21=1 branch@27[&&<21]=1 statement@30=1 branch@36[??<30]=0 statement@39=1 | var 甲 = 0; 甲 ||= 2; 甲 &&= 3; 甲 ??= 4; out = 甲
true function@1(甲)=1 statement@36=1 statement@64=1 | function 甲() { '说明'; 'use strict'; return this === undefined } out = 甲()
1 statement@1=1 branch@8[then<1]=1 statement@8=1 branch@30[else<1]=0 statement@30=0 | if (1) out = 1; else /* 注 */ out = 2
2 statement@1=1 branch@8[then<1]=0 statement@8=0 branch@30[else<1]=1 statement@30=1 | if (0) out = 1; else /* 注 */ out = 2 // 注
2 branch@1[else<1]=0 statement@1=1 statement@37=2 statement@46=2 | if (1) 标: for (const x of [1, 2]) { out = x; continue 标 }
function branch@1[else<1]=0 statement@1=1 function@8(甲)=0 statement@23=0 statement@34=1 | if (1) function 甲() { return 1 } out = typeof 甲
3 statement@1=1 branch@14[case<1]=0 statement@22=0 branch@31[case<1]=1 statement@43=1 branch@52[case<1]=1 statement@60=1 statement@75=1 branch@82[default<1]=0 statement@91=0 | switch (3) { case 1: out = 1; case 2 + 1: out = 2; case 4: out = out + 1; break; default: out = 9 }
2 statement@1=1 statement@7=1 branch@27[catch<1]=1 statement@29=1 statement@49=1 | try { throw 1 } catch (e) { out = e } finally { out += 1 }
3 statement@1=1 function@8=1 statement@14=1 function@31=1 statement@36=1 | out = (() => ({a: 1}))().a + (x => x)(2)
6 statement@1=1 function@11(算)=1 statement@17=1 function@28(造)=2 statement@41=2 function@58(值)=1 statement@68=1 statement@88=1 statement@100=1 | class 单 { 算() { return 1 } static 造() { return new 单() } get 值() { return 2 } static { out = 3 } } out += 单.造().算() + 单.造().值
5 statement@1=1 statement@12=1 statement@26=2 statement@31=1 statement@34=3 statement@54=1 | var i = 0; while (i < 2) i++; do i++; while (i < 5); out = i
说明，（）甲丙 statement@1=1 branch@22[?<18]=1 branch@28[:<18]=0 branch@41[||<36]=1 | out = '说明，（）' + (1 ? '甲' : '乙') + (0 || '丙') // 全角
3 statement@1=1 function@16(f)=1 statement@26=1 branch@30[?<26]=1 branch@34[:<26]=0 statement@37=1 branch@50[&&<45]=1 branch@61[?<53]=1 branch@70[:<53]=0 | var 甲 = 2, f = (a, b) => a ? b : a; out = f(甲 && 1, 甲 > 1 ? (甲, 3) : 4)
1 statement@1=1 statement@10=1 statement@19=1 | label: { out = 1; break label }
0ab12 statement@1=1 statement@12=1 statement@42=2 statement@50=1 statement@74=2 statement@82=1 | var s = 0; for (const k in {a: 1, b: 2}) s += k; for (const v of [1, 2]) s += v; out = s
甲5 statement@1=1 statement@8=1 function@14=0 statement@31=1 branch@44[||<39]=1 function@44=1 statement@58=1 statement@70=1 | var 甲; 甲 ||= function* () {}; var f = 0 || function () { return 5 }; out = 甲.name + f()
1 statement@1=1 branch@14[case<1]=1 branch@24[||<19]=1 statement@27=1 statement@41=1 | switch (1) { case 0 || 1: 'use strict'; out = 1 }
true function@1(甲)=1 statement@38=1 statement@66=1 | function 甲() { 'use strict' /* 注 */; return this === undefined } out = 甲()
"""


def count(source: str, watched: tuple[int, int] | None = None) -> CountedScript:
    """Return *source* with counters, which it must have."""
    counted = insert_counters(source, "单.js", watched)
    assert counted is not None
    return counted


def throw(context: Any, source: str) -> str:
    """Return what *source* throws."""
    try:
        context.eval(source)
    except _quickjs.JSException as error:
        return str(error)
    return ""


def list_results(script: str) -> list[str]:
    """Return ``out`` as the script leaves it, the same without counters, and what was counted."""
    plain, counting = _quickjs.Context(), _quickjs.Context()
    counted = count(script)
    plain.eval(f"var out; {script}")
    counting.eval(counted.declaration)
    counting.eval(f"var out; {counted.code}")
    outs = [str(context.eval("String(out)")) for context in (plain, counting)]
    assert outs[0] == outs[1]
    counts = throw(counting, write_script_throwing_counts(counted.name)).split("\n")[0].split()
    named = zip(list_counters(script), counts, strict=True)
    return [outs[0], *(f"{name}={number}" for name, number in named)]


def keep(script: str, line: int, column: int) -> list[dict[str, str]]:
    """Return the values that variables had whenever the watched place was reached."""
    context, counted = _quickjs.Context(), count(script, (line, column))
    assert counted.is_watched
    context.eval(counted.declaration)
    context.eval(f"{counted.code}\n;0")
    text = throw(context, write_script_throwing_values(counted.name)).split("\n")[0]
    found: list[dict[str, Any]] = json.loads(text)
    return [one["values"] for one in found]


def remove_inserted(counted: CountedScript) -> str:
    """Return the code of *counted* without what was inserted, by its shifts."""
    lines = []
    for number, line in enumerate(counted.code.encode().split(b"\n"), 1):
        rest = line
        for column, length in reversed(counted.shifts.get(number, ())):
            rest = rest[: column - 1] + rest[column - 1 + length :]
        lines.append(rest)
    return b"\n".join(lines).decode()


def test_a_script_comes_to_the_same_with_counters_and_each_part_is_counted() -> None:
    assert retell(RUNS, list_results) == RUNS.strip()


def test_shifts_tell_where_something_was_inserted() -> None:
    scripts = [line.partition(" | ")[2] for line in RUNS.strip().splitlines()]
    scripts += [";\n".join(scripts), "form.备注 = form.甲 ? '（中）' : f(x => x && 1); return '𝒳'"]

    assert [remove_inserted(count(script)) for script in scripts] == scripts
    assert remove_inserted(count(WATCHED, (4, 1))) == WATCHED
    assert not count(scripts[0]).is_watched
    whole = "a" * LONGEST
    assert insert_counters(whole) is not None
    assert insert_counters(f"{whole}a") is None


WATCHED = """\
let 甲 = 1, 乙 = '文', 丙 = () => 1, 丁 = 10n, 戊 = null, 己, 庚 = [1, {a: 2}];
let 辛 = new Map([[1, 2]]), 壬 = new Error('错: 一'), 癸 = Symbol('s'), 子 = new Set(['x']);
let 丑 = {toJSON() { return undefined }}, 寅 = {}, 卯 = 1.5, 辰 = true; 寅.x = 寅;
甲 = 2; 甲 = 3;
let 后 = 3;
"""


def test_values_are_kept_as_texts_when_the_watched_statement_is_reached() -> None:
    values = {
        "甲": "1", "乙": '"文"', "丁": "10n", "戊": "null", "己": "undefined",
        "庚": '[1,{"a":2}]', "辛": "[object Map] [[1,2]]", "壬": "Error: 错: 一",
        "癸": "Symbol(s)", "子": '[object Set] ["x"]', "丑": "[object Object]",
        "寅": "[object Object]", "卯": "1.5", "辰": "true",
    }  # fmt: skip

    assert keep(WATCHED, 4, 1) == [values]
    assert keep(WATCHED, 4, 7) == [values]
    assert keep(WATCHED, 4, 8) == [{**values, "甲": "2"}]
    assert keep(WATCHED, 6, 1) == []


def test_the_latest_values_are_kept_each_cut_to_a_length() -> None:
    loop = "let 甲 = 0;\nfor (let i = 0; i < 30; i++) 甲 += i;"
    cut = "function f(x) {\n  return x + 1;\n}\nf(1); f('a'.repeat(30000)); const 别 = 无 => 无;"

    assert [one["i"] for one in keep(loop, 2, 34)] == [str(number) for number in range(10, 30)]
    assert [(len(one["x"]), sorted(one)) for one in keep(cut, 2, 3)] == [
        (1, ["x"]),
        (20_000, ["x"]),
    ]
    assert keep("const f = x => x && 1;\n[2, 3].map(f);", 1, 16) == [{}, {"x": "2"}, {"x": "3"}]


def test_values_are_kept_of_visible_names_and_of_the_globals_that_the_statement_uses() -> None:
    script = "var 外 = 1;\nfunction f(x) { const 内 = 2;\n  { let 深 = 3; }\n  return 数 + 内; }\n"

    kept = keep(f"{script}数 = 5; 别 = 6; {{ let 旁 = 7; }} f(1);", 4, 5)

    assert kept == [{"x": "1", "内": "2", "外": "1", "数": "5"}]
    assert list(kept[0]) == ["x", "内", "外", "数"]
