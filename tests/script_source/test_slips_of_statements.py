# ruff: noqa: E501 - scripts, one a line
"""Slips in statements and declarations: doubled, never reached, without effect, unused."""

from __future__ import annotations

from tests.script_source.tables import list_slips, retell

STATEMENTS = r"""
duplicate-key@23 | form.a = {x: 1, y: 2, x: 3}
duplicate-key@17 | form.a = {x: 1, 'x': 2}
duplicate-key@17 | form.a = {x: 1, ['x']: 2}
duplicate-key@19 | form.a = {1: 'a', 1: 'b'}
duplicate-key@27 | const x = 1; form.a = {x, x: 2}
duplicate-key@29 | form.a = {x() { return 1 }, x: 2}
- | form.a = {get x() { return 1 }, set x(v) { form.b = v }}
- | form.a = {x: 1, ...form.d, X: 2}
- | form.a = {x: 1, y: 2, z: {x: 3}}
duplicate-key@28 | class 甲 { a() { return 1 } a() { return 2 } } form.a = new 甲()
- | class 甲 { a() { return 1 } static a() { return 2 } } form.a = new 甲()
duplicate-key@36 | function 甲() { return 1 } function 甲() { return 2 } form.a = 甲()
unused-variable@50 | function 甲() { return 1 } if (form.x) { function 甲() { return 2 } } form.a = 甲()
- | 'use strict'; form.a = 1
no-effect@1 | 'x'; form.a = 1
no-effect@1 | form.a
no-effect@1 | form.a === 1
no-effect@1 | form.a == 1
no-effect@1 | form.a > 1
no-effect@1 | form.a?.b
no-effect@2 | (form.a)
no-effect@1 | () => { form.a = 1 }
no-effect@2 | (function () { form.a = 1 })
no-effect@32 | function save() { form.a = 1 } save
no-effect@1 | [1]
no-effect@1 | `x`
no-effect@1 | !form.a
no-effect@1 | form.a ? 1 : 2
- | form.a ? save() : 2; function save() { form.a = 1 }
- | -form.a++
- | void 0
- | delete form.a
no-effect@1 | 5
no-effect@1 | null
no-effect@1 | form.a.trim()
no-effect@1 | form.a.trim().toUpperCase()
no-effect@1 | form.明细.map(row => row.数量)
- | form.明细.map(row => { form.a = row; return 1 })
- | form.明细.sort()
- | $proxy('crm').trim()
- | next().trim(); function next() { return form.n++ }
unreachable@11 | return 1; form.a = 1
unreachable@25 | if (form.x) { return 1; form.a = 1 }
unused-variable@20 | return 1; function 甲() { return 1 }
- | return 1; var x; form.a = x
unreachable@11 | return 1; var x = 2; form.a = x
unreachable@23 | throw new Error('x'); form.a = 1
unreachable@44 | if (form.x) { return 1 } else { return 2 } form.a = 1
- | if (form.x) { return 1 } form.a = 1
unreachable@65 | if (form.x) return 1; else if (form.y) return 2; else return 3; form.a = 1
- | if (form.x) return 1; else if (form.y) return 2; form.a = 1
unreachable@41 | try { return 1 } catch (e) { return e } form.a = 1
- | try { return 1 } catch (e) { form.b = e } form.a = 1
unreachable@41 | try { return 1 } finally { form.b = 1 } form.a = 1
unreachable@30 | try { form.b = 1 } finally { return 1 }
- | try { form.b = 1 } finally { const f = () => { return 1 }; f() }
unreachable@14 | { return 1 } form.a = 1
- | switch (form.x) { case 1: return 1; break; case 2: form.a = 1 }
unreachable@37 | switch (form.x) { case 1: return 1; form.a = 2; case 2: form.a = 1 }
unreachable@40 | for (const row of form.明细) { continue; form.a = row }
unreachable@44 | for (const row of form.明细) { form.a = row; break }
- | for (const row of form.明细) { if (row.x) { form.a = row; break } }
- | for (const row of form.明细) { if (row.x) continue; form.a = row; break }
- | for (const row of form.明细) { form.a = row; continue }
- | for (const key in form.明细) { form.a = key; break }
unreachable@43 | for (let i = 0; i < 3; i++) { form.a = i; return i }
- | for (const row of form.明细) form.a = row
- | for (const row of form.明细) { }
no-effect@27 | for (const row of form.明细);
no-effect@12 | if (form.x);
no-effect@1 | if (form.x) {}
no-effect@13 | if (form.x) ; else form.a = 1
no-effect@15 | while (form.x);
no-effect@28 | for (let i = 0; i < 3; i++);
fallthrough@39 | switch (form.x) { case 1: form.a = 1; case 2: form.a = 2 }
- | switch (form.x) { case 1: form.a = 1; /* 继续 */ case 2: form.a = 2 }
- | switch (form.x) { case 1: form.a = 1; break; case 2: form.a = 2 }
- | switch (form.x) { case 1: case 2: form.a = 2 }
fallthrough@39 | switch (form.x) { case 1: form.a = 1; default: form.a = 2 }
- | switch (form.x) { case 1: { form.a = 1; break } case 2: form.a = 2 }
fallthrough@66 fallthrough@86 | switch (form.x) { case 1: form.a = 1; break; case 2: form.b = 1; case 3: form.a = 3; case 4: form.a = 2 }
fallthrough@58 | switch (form.x) { case 1: form.a = 1; if (form.y) break; case 2: form.a = 2 }
turned-operator@9 | form.n =+ 1
turned-operator@9 | form.n =- 1
- | form.n = +1
turned-operator@9 | form.n =! form.x
- | form.n =-1
- | form.n += +1
plain-template@10 | form.a = '${form.b}'
- | form.a = 'x ${名称} y'
- | form.a = '$ {x}'
- | form.a = '${case.x}'
plain-template@10 | form.a = "共${form.数量}件"
- | form.a = `${form.b}`
- | form.a = '${}'
lost-digits@10 | form.a = 9007199254740993
- | form.a = 9007199254740992
- | form.a = 9007199254740991
lost-digits@10 | form.a = 12345678901234567890
- | form.a = 0.1
- | form.a = 1e21
- | form.a = 0x20000000000001
- | form.a = 9007199254740993n
- | form.a = 100000000000000000000
wrong-value@10 | form.a = form.明细.forEach(row => { form.b = row })
wrong-value@8 | return form.明细.forEach(row => { form.b = row })
wrong-value@1 | form.明细.forEach(row => { form.b = row }).length
wrong-value@11 | const x = form.明细.forEach(row => { form.b = row }); form.a = x
wrong-value@11 | form.明细 = form.明细.push(1)
- | form.明细 = form.其他.push(1)
wrong-value@11 | form.明细 = form.明细.unshift(1)
- | const 长 = form.明细.push(1); form.a = 长
- | form.明细 = form.明细.concat(1)
wrong-value@19 | form.a = Math.max([1, 2])
wrong-value@19 | form.a = Math.min(form.明细.map(r => r.数量))
- | form.a = Math.max(...[1, 2])
- | form.a = Math.max(form.x)
- | form.a = Math.max([1], 2)
- | form.a = Math.abs([1, 2])
endless-recursion@24 | function 甲(n) { return 甲(n - 1) } form.a = 甲(1)
- | function 甲(n) { if (n < 1) return 0; return 甲(n - 1) } form.a = 甲(1)
- | function 甲(n) { return n < 1 ? 0 : 甲(n - 1) } form.a = 甲(1)
endless-recursion@16 | const 甲 = n => 甲(n - 1); form.a = 甲(1)
- | const 甲 = n => n && 甲(n - 1); form.a = 甲(1)
endless-recursion@16 | const 甲 = n => 甲(n - 1) && n; form.a = 甲(1)
- | function 甲(n) { const f = () => 甲(n - 1); return f } form.a = 甲(1)
endless-recursion@50 | function 甲(n) { if (n > 5) { form.b = n } return 甲(n - 1) } form.a = 甲(1)
- | function 甲(n) { if (甲(n)) { return 1 } return 2 } form.a = 甲(1)
unreachable@38 | function 甲(n) { for (const x of n) { return x } return 甲(n) } form.a = 甲(1)
endless-recursion@23 | function 甲(n) { throw 甲(n) } form.a = 甲(1)
wrong-pattern@11 | form.a = /[A-z]/.test(form.x)
- | form.a = /[A-Za-z]/.test(form.x)
- | form.a = /[\A-z]/.test(form.x)
wrong-pattern@11 | form.a = /[-A-z]/.test(form.x)
- | form.a = /A-z/.test(form.x)
wrong-pattern@11 | form.a = /[]/.test(form.x)
- | form.a = /[^]/.test(form.x)
- | form.a = /\[]/.test(form.x)
wrong-pattern@11 | form.a = /[^A-z]/.test(form.x)
wrong-pattern@11 | form.a = /[0-9][A-z]/.test(form.x)
"""

DECLARED_NAMES = r"""
unused-variable@7 | const x = 1
unused-variable@5 | let x = 1; x = 2
unused-variable@5 | let x = 1; x += 2
- | let x = 1; form.a = x += 2
unused-variable@5 | let x = 1; x++
- | let x = 1; form.a = x++
- | let x = 1; form.a = (x++)
- | let x; x = 1
- | let x = 1; form.a = x = 2
- | const _x = 1
- | const x = next(); function next() { return form.n++ }
- | const {x} = form.a
unused-variable@10 | function 甲() { return 1 } form.a = 1
- | function 甲() { return 1 }
- | function 甲() { return 1 } function 乙() { return 2 }
- | /* 共用 */ function 甲() { return 1 }
- | function* 甲() { yield 1 }
unused-variable@7 | const 甲 = () => 1
unused-variable@7 | const 甲 = () => form.n++
unused-variable@7 | const 甲 = () => 1; form.a = 1
- | const 甲 = function 乙() { return 1 }; form.a = 甲()
- | (function 计算() { form.a = 1 })()
unused-variable@21 | if (form.x) { const y = 1 }
unused-variable@24 | if (form.x) { function 甲() { return 1 } }
- | class 甲 {}
- | form.a = (x => 1)(2)
- | try { form.a = 1 } catch (e) {}
const-assign@14 | const c = 1; c = 2; form.a = c
const-assign@14 | const c = 1; c++; form.a = c
const-assign@16 | const c = 1; ({c} = form.x); form.a = c
const-assign@15 | const c = 1; [c] = form.x; form.a = c
- | let c = 1; c = 2; form.a = c
const-assign@28 | for (const c of form.明细) { c = 1; form.a = c }
const-assign@1 | form = {a: 1}
const-assign@1 | ctx = 1
const-assign@1 | $proxy = null
- | other = 1
- | form.a = 1
no-effect@1 | (form) => { form = 1 }
for-in@41 | for (const row in form.明细) form.a = row.数量
- | for (const row in form.明细) form.a = row.length
- | for (const row in form.明细) form.a = row.trim()
- | for (const row of form.明细) form.a = row.数量
- | for (const row in form.明细) form.a = form.明细[row].数量
- | for (const row in form.明细) form.a = form.row
- | let row; for (row in form.明细) form.a = row.数量
for-in@39 | for (var row in form.明细) form.a = row.数量
- | for (const {数量} in form.明细) form.a = 数量.x
shadowed-variable@30 | let 和 = 0; if (form.x) { let 和 = 1; form.b = 和 } form.a = 和
shadowed-variable@32 | let 和 = 0; if (form.x) { const 和 = 1; form.b = 和 } form.a = 和
- | let 和 = 0; if (form.x) { var 甲 = 1; form.b = 甲 } form.a = 和
- | let 和 = 0; 和 = 2; if (form.x) { let 和 = 1; form.b = 和 } form.a = 和
- | const 和 = 0; if (form.x) { let 和 = 1; form.b = 和 } form.a = 和
- | let 和 = 0; function 甲() { let 和 = 1; return 和 } form.a = 和 + 甲()
shadowed-variable@44 | let 和 = 0; if (form.x) { if (form.y) { let 和 = 1; form.b = 和 } } form.a = 和
- | let 和 = 0; if (form.x) { const {和} = form.z; form.b = 和 } form.a = 和
- | let {和} = form.y; if (form.x) { let 和 = 1; form.b = 和 } form.a = 和
- | let 和 = 0; for (const 和 of form.明细) { form.b = 和 } form.a = 和
shadowed-variable@30 | let 和 = 0; if (form.x) { let 和 = 1; 和 = 2; form.b = 和 } form.a = 和
"""


def test_slips_of_statements_are_told() -> None:
    assert retell(STATEMENTS, list_slips) == STATEMENTS.strip()


def test_slips_of_declared_names_are_told() -> None:
    assert retell(DECLARED_NAMES, list_slips) == DECLARED_NAMES.strip()
