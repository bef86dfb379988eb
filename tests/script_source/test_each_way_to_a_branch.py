# ruff: noqa: E501 - scripts, one a line
"""For each branch of a script the row, response or fault that would take it."""

from __future__ import annotations

from bpmax_sim.script_source.counters import insert_counters
from bpmax_sim.script_source.reach import ReachFinder, describe_untaken
from tests.script_source.tables import retell

CALLS = "const 一 = await $proxy('crm').a(), 二 = await $proxy('erp').b();\n"


def list_reaches(script: str) -> list[str]:
    """Return arm, column and what would reach it of each branch of *script*."""
    counted, finder = insert_counters(script), ReachFinder(script, "script.js")
    assert counted is not None
    return [
        f"{one.arm}@{one.column}: {finder.describe_reach(one) or '-'};"
        for one in counted.counters
        if one.arm
    ]


def list_boundaries(comparison: str) -> list[str]:
    """Return the input in which both sides of *comparison* are equal."""
    script = f"{CALLS}if ({comparison}) go()"
    start = len(f"{CALLS}if (".encode())
    finder = ReachFinder(script, "单.js")
    found = finder.describe_comparison_boundary(start, start + len(comparison.encode()))
    assert f"{found.left} {found.operator} {found.right}" == comparison
    return [repr(found.equal_input)]


REACHES = r"""
then@17: a row with 甲 > 5; else@28: a row with 甲 ≤ 5; then@40: a row with 乙 not empty; else@52: a row with 乙 empty; | if (form.甲 > 5) go(); else if (form.乙) go(1); else go(2)
else@1: a row with 甲 ≤ 5, 丙 empty; &&@19: a row with 甲 > 5; ||@29: a row with 甲 ≤ 5; then@37: a row with 甲 > 5, 乙 not empty; | if (form.甲 > 5 && form.乙 || form.丙) go()
?@19: a row with 甲 not empty; ?@29: a row with 乙 not empty; :@33: a row with 乙 empty; :@38: a row with 甲 empty; ?@47: a row with 丙 not empty; :@51: a row with 丙 empty; | form.a = form.甲 ? (form.乙 ? 1 : 2) : form.丙 ? 3 : 4
||@20: a row with 甲 empty; ||@30: a row with 甲 empty, 乙 empty; &&@54: a row with 丙 not empty; &&@64: a row with 丙 not empty, 丁 not empty; ??@86: a row with 戊 empty; ??@96: a row with another 戊, 己; | form.a = form.甲 || form.乙 || '无'; form.b = form.丙 && form.丁 && 1; form.c = form.戊 ?? form.己 ?? 1
||@12: a row with 甲 empty; &&@26: a row with 乙 not empty; ??@40: a row with 丙 empty; | form.甲 ||= 1; form.乙 &&= 2; form.丙 ??= 3
case@19: a row with 甲 = 1; case@40: a row with 甲 = '乙'; case@64: a row with 甲 = 丙; case@91: a row with another 甲; default@116: a row with another 甲; | switch (form.甲) { case 1: go(); break; case '乙': go(1); break; case form.丙: go(2); break; case go(): go(3); break; default: go(4) }
case@21: a row with 甲 = 1; else@31: a row with 乙 empty; then@43: a row with 乙 not empty; default@50: a row with another 甲; case@77: a row with 丙 = 2; default@91: a row with another 丙; | switch ((form.甲)) { case 1: { if (form.乙) go() } default: switch (form.丙) { case 2: go(); default: go(5) } }
case@17: -; default@31: -; case@75: a row with another 甲, 乙; case@106: -; | switch (go()) { case 1: go(); default: go(1) } switch (form.甲 + form.乙) { case 1: go() } switch (true) { case form.甲 > 5: go() }
case@52: a response of crm.a with 状态 = 'ok'; default@76: a response of crm.a with another 状态; | const 回 = await $proxy('crm').a(); switch (回.状态) { case 'ok': go(); break; default: go(1) }
catch@68: a fault on crm.a, such as {error: timeout}; then@90: another fault on crm.a; else@101: a row with 甲 empty; else@101: another fault on crm.a; then@113: a row with 甲 not empty; | try { await $proxy('crm').a(); await $proxy('crm').b() } catch (e) { if (e.code === 'X') go(); else if (form.甲) go(1) }
catch@49: a fault on crm.a, such as {error: timeout}; catch@95: a fault on crm.b, such as {error: timeout}; ?@115: another fault on crm.b; :@119: another fault on crm.b; ?@140: -; :@144: -; | try { try { await $proxy('crm').a() } catch (e) { go(e) } await $proxy('crm').b() } catch (错) { form.a = 错.code ? 1 : 2; form.b = 别.code ? 1 : 2 }
catch@24: -; catch@77: -; catch@135: -; | try { go() } catch (e) { go(e) } try { await $proxy(form.x).a() } catch (e) { go(e) } try { await $proxy('crm')[form.x]() } catch (e) { go(e) }
else@115: a row with 数量 ≤ 5; then@126: a row with 数量 > 5; else@132: a row with 名 ≠ '甲'; then@147: a row with 名 = '甲'; else@153: a row with 整 ≥ 3; then@164: a row with 整 < 3; else@170: a row with 浮 > 2.5; then@184: a row with 浮 ≤ 2.5; else@190: -; then@206: -; | const 量 = Number(form.数量), 名 = String(form.名), 整 = parseInt(form.整), 浮 = parseFloat(form.浮), 别 = Boolean(form.别); if (量 > 5) go(); if (名 === '甲') go(); if (整 < 3) go(); if (浮 <= 2.5) go(); if (别 === true) go()
||@29: a row with 数量 empty; else@33: a row with 数量 ≤ 5; then@44: a row with 数量 > 5; else@50: a row with 数量 ≠ 5; then@63: a row with 数量 = 5; else@69: a row with 数量 = 5; then@82: a row with 数量 ≠ 5; else@88: a row with 数量 > 5; then@100: a row with 数量 ≤ 5; else@106: a row with 数量 < 5; then@118: a row with 数量 ≥ 5; | const 量 = Number(form.数量 || 0); if (5 < 量) go(); if (5 === 量) go(); if (5 !== 量) go(); if (5 >= 量) go(); if (5 <= 量) go()
??@22: a row with 数量 empty; else@67: a row with 数量 ≤ 5; then@78: a row with 数量 > 5; else@84: -; then@95: -; else@101: a row with 数量 ≤ 5; then@112: a row with 数量 > 5; else@118: -; then@125: -; | const 默 = form.数量 ?? 1, 负 = -form.数量, 正 = +form.数量, 非 = !form.数量; if (默 > 5) go(); if (负 > 5) go(); if (正 > 5) go(); if (非) go()
else@18: a row with 甲 empty; then@30: a row with 甲 not empty; else@42: a row with another 乙; then@53: a row with another 乙; else@80: a row with 客户.解 ≤ 5; then@91: a row with 客户.解 > 5; | let 改 = form.数量; if (form.甲) 改 = form.乙; if (改 > 5) go(); const {解} = form.客户; if (解 > 5) go()
else@1: a row with 明细 empty; then@21: a row with 明细 not empty; else@27: a row with 明细 not empty; then@48: a row with 明细 empty; else@54: a row with 明细.length ≤ 3; then@78: a row with 明细.length > 3; else@84: a row with 明细.*.数量 ≤ 3; then@107: a row with 明细.*.数量 > 3; else@113: a row with another 明细; then@144: a row with another 明细; else@150: a row with another 名; then@169: a row with another 名; else@175: a row with another 明细, 明细.*.错; then@203: a row with another 明细, 明细.*.错; | if (form.明细.length) go(); if (!form.明细.length) go(); if (form.明细.length > 3) go(); if (form.明细[0].数量 > 3) go(); if (form.明细.filter(go).length) go(); if (form.名.trim()) go(); if (form.明细.some(x => x.错)) go()
else@37: a row with another 明细; then@55: a row with another 明细; else@61: a row with another 明细; then@68: a row with another 明细; else@108: a row with another 明细.*.量; then@121: a row with another 明细.*.量; | const 行 = form.明细.filter(x => x.有); if (行.length > 2) go(); if (行) go(); const 首 = form.明细.find(x => x.有); if (首.量 > 2) go()
else@1: a row with 甲 not empty, 乙 not empty; &&@17: a row with 甲 not empty; then@26: a row with 甲 empty; else@32: a row with 甲 not empty; ||@48: a row with 甲 empty; then@57: a row with 甲 empty, 乙 empty; else@63: a row with 甲 empty; then@77: a row with 甲 not empty; else@83: a row with 甲 > 5; then@102: a row with 甲 ≤ 5; else@108: a row with another 甲; then@121: a row with another 甲; else@127: a row with another 甲; then@146: a row with another 甲; | if (!(form.甲 && form.乙)) go(); if (!(form.甲 || form.乙)) go(); if (!!form.甲) go(); if (!(form.甲 > 5)) go(); if (-form.甲) go(); if (typeof form.甲) go()
else@1: a row with 甲 empty; &&@15: a row with 甲 not empty; then@21: a row with another 甲; else@28: a row with another 甲; ||@40: -; then@48: a row with 甲 not empty; else@55: a row with 甲 ≠ 乙; then@78: a row with 甲 = 乙; else@84: a row with 甲 ≤ 乙; &&@107: a row with 甲 > 乙; then@119: a row with 甲 > 乙, 丙 > 1; else@125: a row with another 甲, 乙; then@145: a row with another 甲, 乙; else@151: a row with 甲 ≤ 乙; then@171: a row with 甲 > 乙; | if (form.甲 && go()) go(1); if (go() || form.甲) go(1); if (form.甲 === form.乙) go(); if (form.甲 > form.乙 && form.丙 > 1) go(); if (form.甲 > ctx.乙) go(); if (ctx.甲 > form.乙) go()
else@1: a row with 甲 ≠ null; then@22: a row with 甲 = null; else@28: a row with 甲 = undefined; then@54: a row with 甲 ≠ undefined; else@60: a row with 甲 ≠ true; then@80: a row with 甲 = true; else@86: a row with 甲 = false; then@107: a row with 甲 ≠ false; else@113: a row with another 甲; then@133: a row with another 甲; else@139: a row with another 甲; then@164: a row with another 甲; else@170: -; then@187: -; | if (form.甲 === null) go(); if (form.甲 !== undefined) go(); if (form.甲 == true) go(); if (form.甲 != false) go(); if (form.甲 === `x`) go(); if (form.甲 instanceof B) go(); if ('甲' in form) go()
else@65: a response of crm.a with x ≤ 1; &&@80: a response of crm.a with x > 1; &&@87: a response of crm.a with x > 1, a response of erp.b with y not empty; &&@100: a response of crm.a with x > 1, z = 2, a response of erp.b with y not empty; then@108: a response of crm.a with x > 1, z = 2, a response of erp.b with y not empty, a row with 甲 not empty; else@114: a response of crm.a with x ≤ 甲; then@132: a response of crm.a with x > 甲; else@138: a row with another 甲, a response of crm.a with another x; then@156: a row with another 甲, a response of crm.a with another x; else@162: -; then@169: -; | const 一 = await $proxy('crm').a(), 二 = await $proxy('erp').b(); if (一.x > 1 && 二.y && 一.z === 2 && form.甲) go(); if (一.x > form.甲) go(); if (form.甲 > 一.x) go(); if (一) go()
else@1: a row with another 甲; then@23: a row with another 甲; else@29: a row with another 客户.级.别; then@72: a row with another 客户.级.别; else@78: a row with another values; then@110: a row with another values; else@116: a row with another map; then@134: a row with another map; | if (form.甲 * 2 > 一.x) go(); if (form.客户.级.别 + form.客户.级 + form.客户 > 1) go(); if (form.values.length * 2 > 1) go(); if (form.map * 2) go()
else@40: a row with another 甲, 乙; then@51: a row with another 甲, 乙; else@75: a row with another 甲, 乙; then@82: a row with another 甲, 乙; else@106: -; then@113: -; | let 算 = 0; 算 = form.甲 * 2; 算 = form.乙; if (算 > 5) go(); let 深 = 0; 深 = 算; if (深) go(); let 更 = 0; 更 = 深; if (更) go()
else@18: -; then@25: -; &&@91: -; | const f = 甲 => { if (甲) return form.乙; return 1 }; const g = function () { return f(1) && 2 }; form.a = g()
&&@18: a row with 甲 not empty; ||@47: a row with 乙 empty; ?@80: a row with 丙 not empty; :@84: a row with 丙 empty; | while (form.甲 && go()) go(1); for (;form.乙 || go();) go(2); form.c = [form.丙 ? 1 : 2]
catch@68: a fault on crm.a, such as {error: timeout}; catch@107: -; catch@147: a fault on crm.b, such as {error: timeout}; catch@201: a fault on crm.c, such as {error: timeout}; catch@222: -; | try { try { await $proxy('crm').a() } finally { go() } } catch (e) { go(e) } try { try { go() } catch (e) { await $proxy('crm').b() } } catch (e) { go(e) } try { try { await $proxy('crm').c() } catch { go() } } catch (e) { go(e) }
else@1: a row with another 甲; then@24: a row with another 甲; else@30: a row with another 明细.*; then@54: a row with another 明细.*; else@79: a row with another 金额; then@95: a row with another 金额; else@101: a row with another 甲; then@120: a row with another 甲; else@126: a row with 甲 not empty; then@149: a row with 甲 empty; else@155: a row with another 列; then@188: a row with another 列; | if (form['甲'] * 2 > 1) go(); if (form.明细[0] * 2 > 1) go(); const {金额} = form; if (金额 * 2 > 5) go(); if (form.甲 > form) go(); if (!(/* 注 */ form.甲)) go(); if (ctx.列.filter(go).length > 2) go()
else@71: a response of crm.a with 明细.length ≤ 0; then@103: a response of crm.a with 明细.length > 0; else@109: -; then@122: -; else@128: a response of crm.a with another x; then@145: a response of crm.a with another x; | const 回 = await $proxy('crm').a(), 未 = await $proxy('crm')[form.x](); if (回.明细.filter(go).length > 0) go(); if (未.x > 1) go(); if (回.x * 2 > 1) go()
else@25: -; then@36: -; else@63: a row with another 乙; then@79: a row with another 乙; else@85: -; then@92: -; | let 算 = 0; 算 += form.甲; if (算 > 5) go(); let 别 = go(); 别 = 1; if (别 > form.乙) go(); if (别) go()
case@29: a row with 甲 = 1; ||@63: a row with 乙 empty; case@69: a row with 乙 = 2; | switch ((Number(form.甲))) { case 1: go() } switch ((form.乙 || 0)) { case 2: go() }
"""

BOUNDARIES = r"""
'a row with 甲 = 5' | form.甲 > 5
'a row with 甲 = 5' | 5 < form.甲
'a row with 甲 = 3' | Number(form.甲) >= 3
'a row with 甲 = 乙' | form.甲 < form.乙
'' | form.甲 <= go()
None | go() <= 5
'' | form.甲 + 1 < 5
'a row with 明细.length = 2' | form.明细.length > 2
'' | form.明细.filter(go).length > 2
'a row with 甲 = 5' | (form.甲 || 0) > 5
'a response of crm.a with x = 3' | 一.x > 3
'' | 一.x > 二.y
'a row with 甲 = 5' | ctx.甲 > 5
None | form > 5
"""


def test_each_branch_has_the_input_that_takes_it() -> None:
    assert retell(REACHES, list_reaches) == REACHES.strip()


def test_a_comparison_has_the_input_in_which_both_sides_are_equal() -> None:
    assert retell(BOUNDARIES, list_boundaries) == BOUNDARIES.strip()


def test_each_arm_says_why_it_was_not_taken() -> None:
    arms = ("then", "else", "?", ":", "&&", "||", "??", "case", "default", "catch", "")

    assert [str(describe_untaken(arm)) for arm in arms] == [
        "this condition was never true", "this condition was always true",
        "this condition was never true", "this condition was always true",
        "what stands before && was never true", "what stands before || was always true",
        "what stands before ?? was always there", "this case never came",
        "there was a case for everything", "this handler never caught an error",
        "this function was never called",
    ]  # fmt: skip
