# ruff: noqa: E501 - scripts, one a line
"""What is read and found in forms of JavaScript that are written seldom."""

from __future__ import annotations

import pytest

from bpmax_sim.errors import Place
from bpmax_sim.script_source.reading import read_script
from bpmax_sim.script_source.syntax import SyntaxTree
from bpmax_sim.script_source.unused_results import IgnoredErrorRange
from tests.script_source.tables import list_slips, retell
from tests.script_source.test_readings_at_their_limits import (
    list_comparisons,
    list_ignored,
    list_members,
    list_misuses,
)

MEMBERS = r"""
form.b:write@6 form.明细.*.数量:read@26 form.明细:read@18 form.明细:read@15 | form.b = form.明细.shift().数量
form.b:write@6 form.明细.*.数量:read@24 form.明细:read@18 form.明细:read@15 | form.b = form.明细.pop().数量
form.b:write@6 form.明细.*.数量:read@42 form.明细:read@18 form.明细:read@15 form.明细.*.有效:read@38 | form.b = form.明细.findLast(row => row.有效).数量
form.b:write@6 form.明细.*.数量:read@54 form.明细:read@48 form.明细:read@37 form.明细:read@28 form.明细:read@18 form.明细:read@15 | form.b = form.明细.reverse().slice(1).concat([]).at(0).数量
form.b:write@6 form.明细.*.数量:read@54 form.明细.*:read@51 form.明细:read@44 form.明细:read@18 form.明细:read@15 | form.b = form.明细.toSorted((a, b) => a - b).sort()[0].数量
form.b:write@6 form.明细:read@18 form.明细:read@15 form.明细.*.子项:read@37 | form.b = form.明细.flatMap(row => row.子项)
form.明细:read@14 form.b:write@43 | let 行 = form.明细; [首, ...行] = [1, 2]; form.b = 行.数量
form.明细:read@14 form.b:write@40 | let 行 = form.明细; ({a: 行} = go()); form.b = 行.数量
form.明细:read@14 form.b:write@37 | let 行 = form.明细; ({行} = go()); form.b = 行.数量
form.明细:read@14 form.b:write@41 | let 行 = form.明细; ({行 = 1} = go()); form.b = 行.数量
form.明细:read@14 form.b:write@37 | let 行 = form.明细; [[行]] = go(); form.b = 行.数量
form.明细:read@14 form.b:write@39 | let 行 = form.明细; for (行 of go()) form.b = 行.数量
form.明细:read@14 form.b:write@35 | let 行 = form.明细; (行) = go(); form.b = 行.数量
form.明细:read@14 form.b:write@35 | let 行 = form.明细; go(行 += 1); form.b = 行.数量
form.明细:read@20 form.b:write@35 form.明细.*.数量:read@41 form.明细.*:read@10 | for (var 行 of form.明细) go(); form.b = 行.数量
form.明细:read@20 form.b:write@35 form.明细.*:read@10 | for (let 行 of form.明细) go(); form.b = 行.数量
form.明细:read@22 form.b:write@31 | for (const 键 in form.明细) form.b = 键.数量
form.b:write@6 form.明细.*.数量:read@27 form.明细.*:read@18 form.明细:read@15 form.序号:read@23 | form.b = form.明细[form.序号].数量
form.a:test@10 form.c:test@34 form.b:write@50 form.a:read!@59 form.c:read!@68 | if (form.a !== undefined && form.c != null) form.b = form.a + form.c
form.a:test@10 form.b:write@29 form.a.c:read!@40 form.a:read!@38 | if (form.a !== void 0) form.b = form.a.c
form.a:test@21 form.b:write@37 form.a:read!@46 | if (void 0 === form.a) return; form.b = form.a
form.a:test@17 form.b:write@49 form.a:read!@58 | if (typeof form.a === 'undefined') return; form.b = form.a
form.a:test@17 form.b:write@41 form.a:read!@50 | if (typeof form.a !== 'undefined') form.b = form.a
form.a:test@24 form.b:write@32 form.a:read@41 form.c:write@54 form.a:read!@63 | if (undefined === form.a) form.b = form.a; else form.c = form.a
form.a:test@7 form.b:write@46 form.a:read!@55 | if (!('a' in form)) { return; /* 无 */ } form.b = form.a
form.a:test@5 form.b:write@57 form.a:read!@66 | if ('a' in form) { go() } else { throw 1 /* 无 */ } form.b = form.a
form.a:test@7 form.b:write@6 form.a:read!@15 | if (!('a' in form)) return⏎form.b = form.a
form.a.c:test@12 form.a:read@10 form.b:write@42 form.a.c.d:read!@55 form.a.c:read!@53 form.a:read@51 form.a.e:read@66 form.a:read@64 | if (form.a.c === undefined) return; form.b = form.a.c.d + form.a.e
result#0.a:test@73 form.b:write@88 result#1.a:read@94 result#0.a:read!@100 | const r = await $proxy('crm').get(), s = await $proxy('crm').get(); if ('a' in r) form.b = s.a + r.a
form.x:truth@46 form.b:write@101 result#0.data:read@117 | const {取} = 库; async function 问() { if (form.x) return 外(); return await $proxy('crm').get() } form.b = (await 问()).data
form.b:write@6 form.x:read@23 | form.b = (await (form.x, $proxy('crm').get())).data
"""

AWAITED = r"""
get:awaited unused:get | await ($proxy('crm').get())
get:awaited unused:get | await ($proxy('crm').get());
get:awaited result#0.data:read@12 | const r = await ($proxy('crm').get())⏎form.b = r.data
get:awaited result#0.data:read@12 | const r = await ($proxy('crm').get());⏎form.b = r.data
get:awaited result#0.data:read@40 | form.b = (await ($proxy('crm').get())).data
get:awaited result#0.data:read@12 | const r = await ($proxy('crm').$api('get').$query({a: 1}).$call())⏎form.b = r.data
get:awaited | await ($proxy('crm').$api('get'))
- | const r = await ($proxy('crm')).get()⏎form.b = r.data
get:awaited unused:get | if (form.x) await ($proxy('crm').get())
get:awaited | return await ($proxy('crm').get())
- | await (async () => { form.b = 1 })()
get:other find:other | await (form.x ? $proxy('crm').get() : $proxy('crm').find())
get:awaited global:go | try { await ($proxy('crm').get()) } catch (e) { go(e) }
get:awaited global:go | const r = await ($proxy('crm').get()); if (r) go()
get:awaited global:go | go(await ($proxy('crm').get()))
"""

COMPARISONS = r"""
- | go().catch((错, 次) => { if (次.code === 'A') go() })
error.code===text:A@39 | go().catch((错, 次) => { if (错.code === 'A') go() })
- | go().then(错 => { if (错.code === 'A') go() })
error.code===text:A@41 | try { go() } catch (错) { if (错.code === 'A') go() }
- | try { go() } catch (错) { 错 = 1; if (错.code === 'A') go() }
- | try { go() } catch ({code}) { if (code === 'A') go() }
form.a===text:A@6 form.a===text:B@11 form.a===text:C@16 form.a===text:D@21 | if (['A', 'B', 'C', 'D'].includes(form.a)) go()
form.a===text:A@11 form.a===text:C@25 form.a===text:D@33 | form.b = {'A': 1, B: 2, 'C': 3, 'D': 4}[form.a]
form.a===text:A@24 form.a===text:B@34 form.a===text:C@44 | switch (form.a) { case 'A': case 'B': case 'C': go(); default: go() }
"""

MISUSES = r"""
value:@42 | const r = $proxy('crm').get(); form.a = +r
- | const r = $proxy('crm').get(); form.a = ~r
value:@41 | const r = $proxy('crm').get(); form.a = r % 2
value:@41 | const r = $proxy('crm').get(); form.a = r || 1
value:@51 | const r = $proxy('crm').get(); do { go() } while (r)
value:@39 | const r = $proxy('crm').get(); for (; r;) go()
value:@57 member:data@73 | const r = $proxy('crm').get(); form.a = r.constructor + r.catch(go) + r.data
"""

IGNORED = r"""
dropped:16-35@42 | form.a = await $proxy('crm').get().catch(() => void 0)
dropped:16-35@42 | form.a = await $proxy('crm').get().catch(() => undefined)
dropped:16-35@42 | form.a = await $proxy('crm').get().catch(() => "")
dropped:16-35@42 | form.a = await $proxy('crm').get().catch(function () {})
- | const 查 = id => $proxy('crm').get(id).catch(() => null); form.a = (await 查(1)) ?? '手填'
- | async function 查() { return await $proxy('crm').get().catch(() => null) }
- | async function 查() { try { return await $proxy('crm').get() } catch (e) {} }
- | const r = await $proxy('crm').get().catch(() => []); form.a = r.length ? r[0] : go()
- | async function 查() { const r = await $proxy('crm').get().catch(() => null); return r }
- | form.a = (await $proxy('crm').get().catch(() => null)) ?? form.b
dropped:17-36@43 | form.a = (await $proxy('crm').get().catch(() => null)) ?? ''
- | const {data} = await $proxy('crm').get().catch(() => ({})); form.a = data ? data : go()
- | let r; try { r = await $proxy('crm').get() } catch (e) {} if (!r) go(); form.a = r.data
- | let r; while (!r) { try { r = await $proxy('crm').get() } catch {} } form.a = r.data
dropped:12-62@63 | let r; try { r = await $proxy('crm').get(); if (r.ok) go(r) } catch (e) {} form.a = r
dropped:12-45@46 | let r; try { r = await $proxy('crm').get() } catch (e) {} form.a = r.data
- | try { const r = await $proxy('crm').get(); r && go(r) } catch (e) {}
- | try { const r = await $proxy('crm').get(); form.a = r ? 1 : 2 } catch (e) {}
- | try { const r = await $proxy('crm').get(); while (r) go() } catch (e) {}
dropped:5-61@62 | try { const r = await $proxy('crm').get(); form.a = r || 1 } catch (e) {}
- | const r = await $proxy('crm').save(1); void r
- | for (const r of [await $proxy('crm').save(1)]) go()
"""

SLIPS = r"""
never-equal@17 | if (+form.a === '5') go()
never-equal@17 | if (-form.a === '5') go()
- | if (~form.a === '5') go()
never-equal@23 | if (typeof form.a === 5) go()
- | if (form.a?.[0].length === '5') go()
never-equal@26 | if (form.a[0].length === '5') go()
- | if (form.a?.b.length === '5') go()
index-condition@5 | if (form.名.lastIndexOf('甲')) go()
index-condition@5 | if (form.名.search(/甲/)) go()
index-condition@5 | if (form.明细.findIndex(row => row.ok)) go()
never-equal@16 | if (form.a === Number.NaN) go()
never-equal@5 | if (Number.NaN !== form.a) go()
never-equal@25 | if (form.明细.lastIndexOf({a: 1}) > 0) go()
never-equal@25 | if (form.明细.lastIndexOf(NaN) > -1) go()
- | if (form.明细.includes(NaN)) go()
- | for (const 名 in form) form.a = 名.at(0)
for-in@34 | for (const 名 in form) form.a = 名.数量
- | for (const 名 in form) form.a = form[名].数量
- | let {总} = form; if (form.x) { let 总 = 1; go(总) } form.a = 总
shadowed-variable@30 | let 总 = 1; if (form.x) { let 总 = 2; go(总) } form.a = 总
shadowed-variable@32 | let 总 = 1; if (form.x) { const 总 = 2; go(总) } form.a = 总
- | let 总 = 1; if (form.x) { let {总} = form; go(总) } form.a = 总
- | let 总 = 1; 总 = 3; if (form.x) { let 总 = 2; go(总) } form.a = 总
- | const 总 = 1; if (form.x) { let 总 = 2; go(总) } form.a = 总
- | function 算(n) { switch (n) { case 0: return 0 } return 算(n - 1) } form.a = 算(3)
- | function 算(n) { switch (n) { case 1: 算(n - 1) } } form.a = 算(3)
- | function 算(n) { for (const x of n) 算(x) } form.a = 算(3)
endless-recursion@25 | function 算(n) { switch (算(n - 1)) { case 1: go() } } form.a = 算(3)
- | function 算(n) { while (n > 9) { return n } return 算(n - 1) } form.a = 算(3)
unreachable@38 | function 算(n) { for (const x of n) { return x } return 算(n - 1) } form.a = 算(3)
- | function 算(n) { try { if (n) throw 1 } catch { return 0 } return 算(n - 1) } form.a = 算(3)
endless-recursion@31 | function 算(n) { go(n); return 算(n - 1) } form.a = 算(3)
- | function 算(n) { return n && 算(n - 1) } form.a = 算(3)
- | function 算(n) { return n ?? 算(n - 1) } form.a = 算(3)
- | function 算(n) { return [1].map(() => 算(n - 1)) } form.a = 算(3)
endless-recursion@16 | const 算 = n => 算(n - 1); form.a = 算(3)
- | class 单 { static 建() {} 建() {} } go(单)
- | class 单 { get 号() { return 1 } set 号(v) {} } go(单)
duplicate-key@18 | class 单 { 建() {} 建() {} } go(单)
unreachable@51 | function f() { try { return 1 } catch { throw 2 } go() } f()
- | function f() { try { return 1 } catch { go() } go() } f()
unreachable@50 | function f() { try { return 1 } finally { go() } go() } f()
unreachable@55 | function f() { if (form.x) return 1; else { throw 2 } go() } f()
- | function f() { return 1; var 甲; } f()
unreachable@26 | function f() { return 1; var 甲 = 2; go(甲) } f()
wrong-value@34 | setTimeout(() => { form.a = 1 }, 30 * 86_400 * 1000)
lost-digits@10 | form.a = 9_007_199_254_740_993
- | form.a = 9_007_199_254_740_992
- | form.a = 9007199254740993n
- | form.a = 0x20000000000001
- | form.a = new Date().toLocaleString('zh-CN', {timeZone: '-05:00'})
- | form.a = new Date().toLocaleString('zh-CN', {timeZone: '+08:00'})
- | form.a = new Date().toLocaleString('zh-CN', {timeZone: 'asia/shanghai'})
wrong-value@56 | form.a = new Date().toLocaleString('zh-CN', {timeZone: 'Asia/Beijing'})
wrong-value@58 | form.a = new Date('2026-02-28T24:00'); form.b = new Date('2026-02-28T24:01')
wrong-value@19 | form.a = new Date('02/30/2026'); form.b = new Date('2/28/2026')
wrong-value@57 wrong-value@89 | form.a = new Date(2026, 11, 1); form.b = new Date(2026, 12, 1); form.c = Date.UTC(2026, 12)
- | if (form.a) return; await (go())⏎if (!form.a) form.b = 1
- | if (form.a) { await (async () => { go() })()⏎if (!form.a) form.b = 1 }
- | if (form.a) return; go(1)⏎if (form.a) form.b = 1
duplicate-key@37 | if (form.a) return; form.c = 1; if (form.a) form.b = 1
duplicate-key@67 | if (form.a) return; form.c = Number(form.d) + Math.max(1, 2); if (form.a) form.b = 1
duplicate-key@46 | if (form.a) return; console.log(form.c); if (form.a) form.b = 1
duplicate-key@50 | if (form.a) return; form.c = form.d?.trim(); if (form.a) form.b = 1
duplicate-key@64 | if (form.a) return; form.明细.forEach(row => { row.x = 1 }); if (form.a) form.b = 1
- | if (form.a) return; 工具.重算(form); if (form.a) form.b = 1
- | if (form.a) return; Object.assign(form, {a: 1}); if (form.a) form.b = 1
duplicate-key@44 | if (form.a) return; Object.keys(form); if (form.a) form.b = 1
- | function 重算() { form.a = 1 } if (form.a) return; 重算(); if (form.a) form.b = 1
- | const 重算 = 单 => { 单.a++ }; if (form.a) return; 重算(form); if (form.a) form.b = 1
- | function 重算() { 再算() } function 再算() { form.a = 1 } if (form.a) return; 重算(); if (form.a) form.b = 1
duplicate-key@61 | function 读() { return form.c } if (form.a) return; 读(); if (form.a) form.b = 1
duplicate-key@103 | function 甲(n) { return n ? 乙(n) : 1 } function 乙(n) { return 甲(n - 1) } if (form.a) return; 甲(1); if (form.a) form.b = 1
duplicate-key@45 | const 数 = form.a; if (数) return; go(1); if (数) form.b = 1
- | if (form.a && go(form) && form.a) form.b = 1
duplicate-key@105 | function 合计() { let 和 = 0; for (const 行 of form.明细) 和 += 行.数量; return 和 } if (form.a) return; 合计(); if (form.a) form.b = 1
- | function 清() { delete form.a } if (form.a) return; 清(); if (form.a) form.b = 1
- | function 清() { 表[0]++ } if (form.a) return; 清(); if (form.a) form.b = 1
- | function 算(行) { form.a = 行.x } if (form.a) return; form.明细.forEach(算); if (form.a) form.b = 1
duplicate-key@79 | function 看(行) { return 行.x } if (form.a) return; form.c = form.明细.map(看); if (form.a) form.b = 1
- | const 算 = () => { form.a = 1 }; if (form.a) return; 运行(算); if (form.a) form.b = 1
- | function 加() { form.明细.push(1) } if (form.明细.length) return; 加(); if (form.明细.length) form.b = 1
duplicate-key@84 | function 看() { return form.明细.map(行 => 行.x) } if (form.明细.length) return; 看(); if (form.明细.length) form.b = 1
duplicate-key@42 | if (form.a) return; form.明细.push(1); if (form.a) form.b = 1
- | if (o?.x) return; o.x = 1; if (o?.x) form.b = 1
constant-condition@31 | if (o.x) return; o.y = 1; if (o?.x) form.b = 1
- | if (form.a) return; form['a'] = 1; if (form.a) form.b = 1
- | if (form['a']) return; form.a = 1; if (form['a']) form.b = 1
constant-condition@40 | if (form['a']) return; form.c = 1; if (form.a) form.b = 1
- | if (form.a) return; form[k] = 1; if (form.a) form.b = 1
- | if (form.l.length) return; form.l[0] = 1; if (form.l.length) form.b = 1
- | if (form.l?.[0]) return; form.l[0] = 1; if (form.l?.[0]) form.b = 1
constant-condition@45 | if (form.l?.[0]) return; form.m[0] = 1; if (form.l[0]) form.b = 1
- | if (form.a) return; delete form.a; if (form.a) form.b = 1
duplicate-key@40 | if (form.a) return; delete form.c; if (form.a) form.b = 1
- | if (form.a) return; ({a: form.a} = o); if (form.a) form.b = 1
- | if (form.a) return; [form.c, ...form.a] = [1]; if (form.a) form.b = 1
no-effect@41 | if (form.a) return; for (form.a of [1]) go2; if (form.a) form.b = 1
- | if (form.o.x) return; form.o = {x: 1}; if (form.o.x) form.b = 1
- | if (form.n) return; form.n++; if (form.n) form.b = 1
no-effect@21 duplicate-key@34 | if (form.n) return; -form.n; if (form.n) form.b = 1
missing-await@17 | form.明细.forEach(async row => { await (go(row)) })
- | if (form.a == true && form.a == '1') go()
constant-condition@24 | if (form.a === true && form.a === '1') go()
- | if (form.a == true && form.a === '1') go()
- | if (form.a == '1' && form.a === true) go()
- | if (form.a == false && form.a === '0') go()
- | if (form.a == '' && form.a === false) go()
constant-condition@25 | if (form.a === false && form.a === '0') go()
- | if (form.a == false && form.a == '') go()
- | if (form.a == false && form.a == '0') go()
- | if (form.a == null && form.a === undefined) go()
wrong-value@10 | form.a = form.名.replace('、', ',')
- | form.a = form.名.replace('；', ',')
for-in@56 | for (var i = 0; i < 3; i++) go().then(() => { form.a = i })
for-in@61 | for (var i = 0; i < 3; i++) queueMicrotask(() => { form.a = i })
for-in@57 | for (var i = 0; i < 3; i++) setTimeout(() => { form.a = i }, 1)
- | for (let i = 0; i < 3; i++) setTimeout(() => { form.a = i }, 1)
for-in@64 | for (var i = 0, n = 3; i < 3; i++) setTimeout(() => { form.a = n }, 1)
- | for (var i = 0; i < 3; i++) form.明细.map(() => { form.a = i })
- | setTimeout(go.bind(null, 1), 100)
wrong-callback@12 | setTimeout(go(1), 100)
wrong-callback@16 | queueMicrotask(go(1))
- | // 库⏎function 甲() { return 1 }⏎/* 完 */
unused-variable@10 unused-variable@7 | // 库⏎function 甲() { return 1 }⏎const 乙 = 1
- | function* 甲() { yield 1 }
- | const _甲 = 1
- | const [甲] = form.明细
"""


def test_members_are_read_in_forms_that_are_seldom() -> None:
    assert retell(MEMBERS, list_members) == MEMBERS.strip()


def list_awaited(script: str) -> list[str]:
    """Return what is read of awaited calls in *script*, and the names that it does not declare."""
    reading = read_script(script)
    calls = [f"{one.api}:{one.usage}" for one in reading.calls]
    names = [f"global:{one.name}" for one in reading.globals if one.name not in {"$proxy", "form"}]
    members = [one for one in list_members(script) if one.startswith("result")]
    return [*calls, *members, *list_ignored(script), *list_misuses(script), *names]


def test_an_await_with_parentheses_is_one_whatever_follows() -> None:
    assert retell(AWAITED, list_awaited) == AWAITED.strip()


def test_comparisons_are_read_in_forms_that_are_seldom() -> None:
    assert retell(COMPARISONS, list_comparisons) == COMPARISONS.strip()


def test_promises_for_values_are_read_in_forms_that_are_seldom() -> None:
    assert retell(MISUSES, list_misuses) == MISUSES.strip()


def test_ignored_errors_are_read_in_forms_that_are_seldom() -> None:
    assert retell(IGNORED, list_ignored) == IGNORED.strip()


def test_slips_are_found_in_forms_that_are_seldom() -> None:
    assert retell(SLIPS, list_slips) == SLIPS.strip()


@pytest.mark.parametrize(
    ("file", "line", "column", "is_covered"),
    [
        ("a.js", 2, 4, False), ("a.js", 2, 5, True), ("a.js", 3, 1, True), ("a.js", 4, 6, True),
        ("a.js", 4, 7, False), ("a.js", 4, 8, False), ("a.js", 1, 9, False), ("a.js", 5, 1, False),
        ("b.js", 3, 1, False),
    ],
)  # fmt: skip
def test_a_handler_covers_what_is_from_its_begin_to_before_its_end(
    file: str, line: int, column: int, *, is_covered: bool
) -> None:
    part = IgnoredErrorRange(Place("a.js", 2, 5), Place("a.js", 4, 7), Place("a.js", 4, 9))

    assert part.covers(Place(file, line, column)) == is_covered


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        (r"'\u{10FFFF}'", "\U0010ffff"), (r"'\u{110000}'", None), (r"'\u5f20\x41'", "张A"),
        (r"'\n\t\r\b\f\v\0\q\''", "\n\t\r\b\f\v\0q'"), ("'a\\\nb'", "ab"), ("'a\\\r\nb'", "ab"),
        ("`甲${x}`", None), ("`甲`", "甲"), ("''", ""), ("1", None),
    ],
)  # fmt: skip
def test_a_text_is_read_as_the_engine_reads_it(literal: str, text: str | None) -> None:
    tree = SyntaxTree(f"x = {literal}")
    right = tree.root.named_children[0].named_children[0].child_by_field_name("right")

    assert tree.read_literal_text(right) == (r"\u{110000}" if "110000" in literal else text)


def test_an_invalid_script_has_its_places_and_no_slips() -> None:
    assert list_slips("if (form.a === NaN) {") == []
    assert [place.line for place in read_script("\nform.a = ;\n").mistakes] == [2]


def one_of(name: str, count: int) -> str:
    return " || ".join(f"form.{name} === '{number}'" for number in range(count))


@pytest.mark.parametrize(
    ("asked", "is_told"),
    [
        (one_of("状态", 32), True),
        (one_of("状态", 33), False),
        (f"({one_of('状态', 4)}) && ({one_of('类型', 8)})", True),
        (f"({one_of('状态', 3)}) && ({one_of('类型', 11)})", False),
    ],
    ids=["32", "33", "4 by 8", "3 by 11"],
)
def test_conditions_of_up_to_32_cases_are_compared(asked: str, *, is_told: bool) -> None:
    found = list_slips(f"if ({asked}) {{ if (form.状态 === '无') form.a = 1 }}")
    assert bool(found) is is_told
