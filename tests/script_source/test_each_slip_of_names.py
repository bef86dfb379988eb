# ruff: noqa: E501 - scripts, one a line
"""Declared names that nothing reads, that hide others or that are assigned to."""

from __future__ import annotations

from tests.script_source.tables import list_messages, list_slips, retell

NAMES = r"""
unused-variable@7 unused-variable@18 unused-variable@29 unused-variable@45 unused-variable@68 | const 甲 = 1; let 乙 = 2; var 丙 = 3; function 丁() { return 1 } const 戊 = () => 1; const _己 = 1; const 庚 = go(); let 辛; const {壬} = {壬: 1}; class 癸 {}
- | function 甲() { return 1 } function* 乙() { yield 1 } // 库⏎
unused-variable@10 | function 甲() { return 1 } const 乙 = 1; form.a = 乙
unused-variable@25 unused-variable@48 | function 甲() { function 丙() { return 1 } const 丁 = 1; return 2 }
unused-variable@7 | const 甲 = 1; { const 甲 = 2; form.a = 甲 }
shadowed-variable@18 | let 甲 = 1; { let 甲 = 2; form.a = 甲 } form.b = 甲
shadowed-variable@20 | let 甲 = 1; { const 甲 = 2; form.a = 甲 } form.b = 甲
- | let 甲 = 1; 甲 = 3; { let 甲 = 2; form.a = 甲 } form.b = 甲
- | let 甲 = 1; { let [甲] = [2]; form.a = 甲 } form.b = 甲
- | let [甲] = [1]; { let 甲 = 2; form.a = 甲 } form.b = 甲
- | const 甲 = 1; { let 甲 = 2; form.a = 甲 } form.b = 甲
- | let 甲 = 1; { var 乙 = 2; class 甲 {} form.a = 甲 } form.b = 甲 + 乙
- | let 甲 = 1; function 丙() { let 甲 = 2; return 甲 } form.a = 甲 + 丙()
shadowed-variable@44 | let 甲 = 1; if (form.x) { if (form.y) { let 甲 = 2; form.a = 甲 } } form.b = 甲
shadowed-variable@21 | let 甲 = 1; for (let 甲 = 0; 甲 < 3; 甲++) go(甲); form.b = 甲
- | let 甲 = 1; for (const 甲 of form.明细) go(甲); form.b = 甲
- | let 甲 = 1; try { go() } catch (甲) { go(甲) } form.b = 甲
const-assign@14 const-assign@33 const-assign@38 const-assign@47 const-assign@59 const-assign@78 | const 甲 = 1; 甲 = 2; form.a = 甲; 甲++; 甲 += 1; [甲] = [3]; ({甲} = form.x); for (甲 of [1]) go()
const-assign@1 const-assign@12 const-assign@22 const-assign@41 const-assign@49 const-assign@73 | form = {}; ctx = {}; $proxy = 1; 别 = 1; form++; form += 1; form.a = 1; [form] = [1]
unused-variable@5 | let 甲 = 1; 甲 = 2
unused-variable@5 | let 甲 = 1; 甲++; 甲 += 1
- | let 甲 = 1; form.a = 甲++
- | let 甲 = 1; form.a = (甲 += 1)
- | let 甲 = 1; form.a = (甲 = 2)
unused-variable@5 | let 甲 = 1; (甲++)
unused-variable@5 | let 甲 = 1, 乙 = 1; 甲 = 乙 = 2
for-in@39 | for (const 行 in form.明细) { form.a = 行.数量 }
- | for (const 行 in form.明细) { form.a = 行.length + 行.trim() }
- | for (const 行 in form.明细) { form.a = [行.split(), 行.replace(), 行.replaceAll(), 行.startsWith(), 行.endsWith(), 行.includes(), 行.slice(), 行.substring(), 行.indexOf(), 行.match(), 行.toUpperCase(), 行.toLowerCase(), 行.padStart(), 行.padEnd(), 行.charAt(), 行.concat(), 行.at(), 行.localeCompare(), 行.toString(), 行.test, 行.search(), 行.charCodeAt()] }
for-in@46 | for (const 行 in form.明细) { form.a = form.b[行.数量].行; go(行['数量'], form.c.行) }
- | for (const 行 of form.明细) { form.a = 行.数量 }
- | for (const {行} in form.明细) { form.a = 行.数量 }
for-in@37 | for (var 行 in form.明细) { form.a = 行.数量 }
- | form.明细.forEach(({...行}) => { form.a = 行.数量 }); const {...余} = form.x; form.b = 余.数量
- | (function 甲() { return 1 })(); const 乙 = function 丙() { return 1 }; form.a = 乙()
unused-variable@27 unused-variable@46 unused-variable@62 unused-variable@92 | let 甲 = go(), 乙 = [go()], 丙 = form.x.trim(), 丁 = () => go(), 戊 = function () { return 1 }, 己 = form.x, 庚 = await form.x
constant-condition@5 unused-variable@7 | const 甲 = {⏎  数: 1,⏎  长长长长长长长长长长长长长长长: '很长很长很长很长很长很长很长很长'⏎}; ({⏎  数: 1⏎}) || go()
- | const 乙 = 1; let 甲; [甲 = 乙] = form.x; ({a: 甲 = 乙} = form.x); ({甲 = 乙} = form.x); form.a = 甲
unused-variable@5 | let 甲 = 1; for (甲 of [1]) go()
no-effect@1 no-effect@43 no-effect@86 | '1234567890123456789012345678901234567_'; '1234567890123456789012345678901234567__'; '1234567890123456789012345678901234567 ___'
unused-variable@37 unused-variable@155 | const 甲 = new Go(), 乙 = [new Go()], 丙 = x => new Go(x), 丁 = form.x++, 戊 = (form.y = 1), 己 = (form.z += 1), 庚 = delete form.w, 辛 = void 0, 壬 = `a${go()}`, 癸 = `a${form.x}`; function* 子() { const 丑 = yield 1; return 2 } form.a = 子()
- | // 库⏎function 甲() { return 1 }⏎/* 注 */ function 乙() { return 2 }
unused-variable@7 unused-variable@10 | const 甲 = 1; // 库⏎function 乙() { return 1 }
"""

NAMES_MESSAGES = r"""
nothing reads 甲; use it, or take it away
nothing reads 乙; use it, or take it away
nothing reads 丙; use it, or take it away
nothing calls 丁; call it, or take it away
nothing calls 戊; call it, or take it away
nothing calls 甲; call it, or take it away
nothing calls 丙; call it, or take it away
nothing reads 丁; use it, or take it away
this declares another 甲, and that of line 1 never changes; leave out the word before it
甲 is a const and cannot be assigned to; use let
this puts something else in the place of form and changes nothing in it; assign to a member, such as form.field
this puts something else in the place of ctx and changes nothing in it; assign to a member, such as ctx.field
this puts something else in the place of $proxy and changes nothing in it; assign to a member, such as $proxy.field
for … in gives names and indexes, which are texts and have no 数量; write for (const 行 of …)
nothing reads 己; use it, or take it away
{ 数: 1 } decides || by itself: what follows it, or the whole, is never used
'1234567890123456789012345678901234567_' does nothing here; use it, or take it away
'1234567890123456789012345678901234567_… does nothing here; use it, or take it away
'1234567890123456789012345678901234567 … does nothing here; use it, or take it away
nothing reads 癸; use it, or take it away
nothing calls 乙; call it, or take it away
"""


def test_slips_of_names_are_told_at_their_limits() -> None:
    assert retell(NAMES, list_slips) == NAMES.strip()


def test_messages_of_slips_of_names_at_their_limits() -> None:
    assert list_messages(NAMES) == NAMES_MESSAGES.strip().splitlines()
