# ruff: noqa: E501 - a script and its mistakes, one a line
"""Every mistake that is made in small scripts, with what it is about and whether it has a probe."""

from __future__ import annotations

import pytest

from bpmax_sim.challenge.mutants import Mutant, read_mutants
from bpmax_sim.script_source.syntax import SyntaxTree
from tests.challenge.test_mutants import NEAR, OTHER, PLAIN

FOUND = "const 客户 = await $proxy('crm').getCustomer('1');\n"
MISTAKES: dict[str, tuple[str, list[str]]] = {
    "members of a response": (
        FOUND + "f(客户.data?.name, 客户.list.length, 客户.text.trim(), 客户.$raw, 客户['x']);",
        [
            "args-swap: 客户.data?.name, 客户.list.length → 客户.list.length, 客户.data?.name [f] +",
            "member-name: data → data_ [客户.data]",
            "member-name: name → name_ [客户.data?.name]",
            "args-swap: 客户.list.length, 客户.text.trim() → 客户.text.trim(), 客户.list.length [f] +",
            "member-name: list → list_ [客户.list]",
            "args-swap: 客户.text.trim(), 客户.$raw → 客户.$raw, 客户.text.trim() [f] +",
            "member-name: text → text_ [客户.text]",
            "args-swap: 客户.$raw, 客户['x'] → 客户['x'], 客户.$raw [f] +",
        ],
    ),
    "members of what is global or called": (
        "f(Math.PI, window.a, a.b.c, a.b(), a.toString, x.y++, x.z = 1);",
        [
            "args-swap: Math.PI, window.a → window.a, Math.PI [f] +",
            "args-swap: window.a, a.b.c → a.b.c, window.a [f] +",
            "member-name: a → a_ [window.a]",
            "args-swap: a.b.c, a.b() → a.b(), a.b.c [f] +",
            "member-name: b → b_ [a.b]",
            "member-name: c → c_ [a.b.c]",
            "args-swap: a.b(), a.toString → a.toString, a.b() [f] +",
            "args-swap: a.toString, x.y++ → x.y++, a.toString [f] +",
            "args-swap: x.y++, x.z = 1 → x.z = 1, x.y++ [f] +",
        ],
    ),
    "members that are destructured": (
        FOUND + "const {name, data: {level}} = 客户; const {备注} = form; const {a} = b;",
        [
            "member-name: name → name_: name [name]",
            "member-name: level → level_: level [level]",
            "member-name: a → a_: a [a]",
        ],
    ),
    "a member in a log": (
        FOUND + "console.log(客户.name);",
        [
            "member-name: name → name_ [客户.name]",
        ],
    ),
    "a field written twice": (
        "form.a = 1; form.a = 1;",
        [
            "field-write: form.a = 1 → void (1) [a]",
            "field-write: 1 → PLAIN(1) [a]",
            "field-write: form.a = 1 → void (1) [a]",
            "field-write: 1 → PLAIN(1) [a]",
        ],
    ),
    "a field written from itself": (
        "form.a = form.a; form.b += 1;",
        [
            "field-write: form.a = form.a → void (form.a) [a]",
            "field-write: form.a → PLAIN(form.a) [a]",
            "field-write: form.a → NEAR(form.a) [a]",
            "member-name: a → a_ [form.a]",
            "field-write: form.b += 1 → void (1) [b]",
        ],
    ),
    "a chain of writes": (
        "form.a = form.b = x;",
        [
            "field-write: form.a = form.b = x → void (form.b = x) [a] +",
            "field-write: form.b = x → (x) [b] +",
            "field-write: x → PLAIN(x) [b]",
            "field-write: x → NEAR(x) [b]",
        ],
    ),
    "a field of the project and of ctx": (
        "ctx.project.a = 1; ctx.user = 2; ctx.form.b = 3;",
        [
            "field-write: ctx.project.a = 1 → void (1) [project.a] +",
            "member-name: project → project_ [ctx.project]",
            "field-write: 1 → PLAIN(1) [project.a]",
            "field-write: ctx.form.b = 3 → void (3) [b] +",
            "member-name: form → form_ [ctx.form]",
            "field-write: 3 → PLAIN(3) [b]",
        ],
    ),
    "states": (
        "form.$required.a = true; form.$required.b = x; form.$required = {a: true}; form.$visible = {a: true, b: false};",
        [
            "field-state: form.$required.a = true → void (true) [$required.a]",
            "field-state: form.$required.b = x → void (x) [$required.b]",
            "field-state: x → PLAIN(x) [$required.b]",
            "field-state: form.$required = {a: true} → void ({a: true}) [$required]",
            "field-state: a: true → ...{} [$visible]",
            "field-state: b: false → ...{} [$visible]",
        ],
    ),
    "messages": (
        "form.$message = x; form.$message = '错'; form.$message = {type: 'error'}; form.$message = {text: y, type: 'info'}; form.$message = '';",
        [
            "message: form.$message = x → void (x) [$message]",
            "message: form.$message = '错' → void ('错') [$message]",
            "message: '错' → '~' [$message]",
            "message: form.$message = {type: 'error'} → void ({type: 'error'}) [$message]",
            "message: form.$message = {text: y, type: 'info'} → void ({text: y, type: 'info'}) [$message]",
            "message: form.$message = '' → void ('') [$message]",
        ],
    ),
    "writes to what a script made": (
        "const row = {}; row.a = 1; x = (row.b = 2); other.c = 3; [row][0].d = 4;",
        [
            "body-member: row.a = 1 → void (1)",
        ],
    ),
    "arguments of its own function": (
        "f('甲', 1, true, '', {a: '乙', b: {c: '丙'}}, ['丁']);",
        [
            "argument: '甲' → '甲~' [f]",
            "args-swap: '甲', 1 → 1, '甲' [f] +",
            "args-swap: 1, true → true, 1 [f] +",
            "args-swap: true, '' → '', true [f] +",
            "args-swap: '', {a: '乙', b: {c: '丙'}} → {a: '乙', b: {c: '丙'}}, '' [f] +",
            "args-swap: {a: '乙', b: {c: '丙'}}, ['丁'] → ['丁'], {a: '乙', b: {c: '丙'}} [f] +",
            "body-member: a: '乙' → ...{}",
            "argument: '乙' → '乙~' [f]",
            "body-member: b: {c: '丙'} → ...{}",
            "body-member: c: '丙' → ...{}",
            "argument: '丙' → '丙~' [f]",
        ],
    ),
    "arguments that are sent": (
        "await $proxy('crm').getA('', 7, true, null, x.y, {a: '乙', b: [1], c: z});",
        [
            "error-swallowed: await $proxy('crm').getA('', 7, true, null, x.y, {a: '乙', b: [1], c: z}) → SWALLOWED [crm.getA]",
            "args-swap: '', 7 → 7, '' [crm.getA] +",
            "argument: 7 → OTHER(7) [crm.getA]",
            "args-swap: 7, true → true, 7 [crm.getA] +",
            "argument: true → OTHER(true) [crm.getA]",
            "args-swap: true, null → null, true [crm.getA] +",
            "args-swap: null, x.y → x.y, null [crm.getA] +",
            "argument: x.y → OTHER(x.y) [crm.getA]",
            "argument: x.y → NEAR(x.y) [crm.getA]",
            "args-swap: x.y, {a: '乙', b: [1], c: z} → {a: '乙', b: [1], c: z}, x.y [crm.getA] +",
            "member-name: y → y_ [x.y]",
            "body-member: a: '乙' → ...{} [crm.getA]",
            "argument: '乙' → '乙~' [crm.getA]",
            "body-member: b: [1] → ...{} [crm.getA]",
            "body-member: c: z → ...{} [crm.getA]",
            "argument: z → OTHER(z) [crm.getA]",
            "argument: z → NEAR(z) [crm.getA]",
        ],
    ),
    "what a builder sends": (
        "await $proxy('crm').$api('getA').$body({a: 1, b: x}).$query({c: '2'}).$header({d: y}).$timeout(3).$call();",
        [
            "body-member: a: 1 → ...{} [crm.getA]",
            "argument: 1 → OTHER(1) [crm.getA]",
            "body-member: b: x → ...{} [crm.getA]",
            "argument: x → OTHER(x) [crm.getA]",
            "argument: x → NEAR(x) [crm.getA]",
            "body-member: c: '2' → ...{} [crm.getA]",
            "argument: '2' → '2~' [crm.getA]",
            "body-member: d: y → ...{} [crm.getA]",
            "argument: y → OTHER(y) [crm.getA]",
            "argument: y → NEAR(y) [crm.getA]",
        ],
    ),
    "an object that is sent by its name": (
        "const 单 = {a: 1}; let 改 = {b: 2}; 改 = {c: 3}; await $proxy('crm').getA(单, 改);",
        [
            "body-member: a: 1 → ...{} [crm.getA]",
            "argument: 1 → OTHER(1) [crm.getA]",
            "body-member: b: 2 → ...{}",
            "body-member: c: 3 → ...{}",
            "error-swallowed: await $proxy('crm').getA(单, 改) → SWALLOWED [crm.getA]",
            "args-swap: 单, 改 → 改, 单 [crm.getA] +",
            "argument: 改 → OTHER(改) [crm.getA]",
            "argument: 改 → NEAR(改) [crm.getA]",
        ],
    ),
    "swaps": (
        "f(a, b, c); f(a, a); f(a, () => 1); f(...a, b); f(a, /* 乙 */ b);",
        [
            "args-swap: a, b → b, a [f] +",
            "args-swap: b, c → c, b [f] +",
            "args-swap: a, /* 乙 */ b → b, /* 乙 */ a [f] +",
        ],
    ),
    "a call whose result nobody wants": (
        "await $proxy('oa').refresh(); $proxy('oa').refresh(); const x = await $proxy('oa').refresh(); await $proxy('oa').refresh('1');",
        [
            "error-swallowed: await $proxy('oa').refresh() → SWALLOWED [oa.refresh]",
            "call: $proxy('oa').refresh() → void 0 [oa.refresh]",
            "call: $proxy('oa').refresh() → void 0 [oa.refresh]",
            "error-swallowed: await $proxy('oa').refresh() → SWALLOWED [oa.refresh]",
            "error-swallowed: await $proxy('oa').refresh('1') → SWALLOWED [oa.refresh]",
            "argument: '1' → '1~' [oa.refresh]",
        ],
    ),
    "Object.assign": (
        "Object.assign(form, {a: 1, b}, {...c}); Object.assign(row, {d: 1});",
        [
            "field-write: a: 1 → ...{} [a: 1]",
            "field-write: b → ...{} [b]",
        ],
    ),
    "arguments of methods": (
        "a.slice(0, 10); a.split('/').join('、'); a.padStart(2, '0'); Math.round(1.5); f().replace('甲', ''); d.setDate(n + 1); d.setUTCMonth(n); d.setTime(n);",
        [
            "argument: 0 → OTHER(0)",
            "argument: 10 → OTHER(10)",
            "argument: '/' → '/~' +",
            "argument: '、' → '、~'",
            "argument: 2 → OTHER(2)",
            "argument: '0' → '0~'",
            "argument: '甲' → '甲~'",
            "argument: n + 1 → OTHER(n + 1)",
            "argument: n + 1 → NEAR(n + 1)",
            "argument: n → OTHER(n)",
            "argument: n → NEAR(n)",
        ],
    ),
    "what is returned": (
        "const f = () => { if (a) return true; if (b) return undefined; if (c) return '甲'; if (d) return x; if (e) return ''; return {a: 1}; };",
        [
            "code-check: a → true",
            "code-check: a → false",
            "code-check: b → true",
            "code-check: b → false",
            "code-check: c → true",
            "code-check: c → false",
            "argument: '甲' → '~' [return]",
            "code-check: d → true",
            "code-check: d → false",
            "argument: x → PLAIN(x) [return]",
            "code-check: e → true",
            "code-check: e → false",
            "body-member: a: 1 → ...{}",
        ],
    ),
    "errors that are thrown": (
        "if (a) throw new Error('没有'); if (b) throw new BizError(`没有${x}`); if (c) throw new Foo('x'); if (d) throw new Error(x); if (e) throw new Error();",
        [
            "code-check: a → true",
            "code-check: a → false",
            "guard: throw new Error('没有'); → ; [throw new Error('没有');]",
            "argument: '没有' → '~' [Error]",
            "code-check: b → true",
            "code-check: b → false",
            "guard: throw new BizError(`没有${x}`); → ; [throw new BizError(`没有${x}`);]",
            "argument: `没有${x}` → PLAIN(`没有${x}`) [BizError]",
            "code-check: c → true",
            "code-check: c → false",
            "guard: throw new Foo('x'); → ; [throw new Foo('x');]",
            "code-check: d → true",
            "code-check: d → false",
            "guard: throw new Error(x); → ; [throw new Error(x);]",
            "code-check: e → true",
            "code-check: e → false",
            "guard: throw new Error(); → ; [throw new Error();]",
        ],
    ),
    "objects": (
        "const a = {b: 1, c, ...d, e() {}}; 列.push({f: 1}); 列.unshift({g: 1}); 列.concat({h: 1}); 列.find({i: 1}); f({j: 1}); g.h({k: 1}); return {l: 1};",
        [
            "body-member: b: 1 → ...{}",
            "body-member: c → ...{}",
            "body-member: f: 1 → ...{}",
            "body-member: g: 1 → ...{}",
            "body-member: h: 1 → ...{}",
            "body-member: j: 1 → ...{}",
            "body-member: l: 1 → ...{}",
        ],
    ),
    "conditions": (
        "if (true) f(); if (a === 1) f(); if (a > b) f(); while (i < n) i++; while (a) f(); x = a ? 1 : 2;",
        [
            "code-check: a === 1 → true [a === 1]",
            "code-check: a === 1 → false [a === 1]",
            "code-check: a > b → true",
            "code-check: a > b → false",
            "comparison: a > b → a >= b [a > b] +",
            "loop: while (i < n) i++; → while (i < n) { i++; break; } [while (i < n)]",
            "code-check: i < n → false",
            "comparison: i < n → i <= n [i < n] +",
            "loop: while (a) f(); → while (a) { f(); break; } [while (a)] +",
            "code-check: a → true",
            "code-check: a → false",
            "code-check: a → true",
            "code-check: a → false",
        ],
    ),
    "a condition that is decided already": (
        "if (!a) return; if (a) f();",
        [
            "code-check: !a → true",
            "code-check: !a → false",
            "guard: return; → ; [return;]",
            "code-check: a → false",
        ],
    ),
    "statements that are conditions": (
        "a || f(); a && b && f(); a ?? f(); !a; (a);",
        [
            "code-check: a → true",
            "code-check: a → false",
            "code-check: a && b → true",
            "code-check: a && b → false",
            "code-check: a && b → (a) [b]",
            "code-check: a && b → (b) [a]",
        ],
    ),
    "cases": (
        "switch (true) { case a === 1: f(); break; case b: g(); } switch (c) { case 1: h(); }",
        [
            "code-check: a === 1 → true [a === 1]",
            "code-check: a === 1 → false [a === 1]",
            "code-check: b → true",
            "code-check: b → false",
        ],
    ),
    "loops": (
        "for (const a of b) f(a); for (const a of b) { f(a); break; } for (const a of b) {} 外: for (const a of b) { f(a); } for (const a in b) { f(a); } while (x) { f(); return; } do { f(); } while (y);",
        [
            "loop: for (const a of b) f(a); → for (const a of b) { f(a); break; } [for (const a of b)]",
            "loop: for (const a in b) { f(a); } → for (const a in b) { { f(a); } break; } [for (const a in b)]",
            "code-check: x → true",
            "code-check: x → false",
            "guard: return; → ; [return;]",
            "loop: do { f(); } while (y); → do { { f(); } break; } while (y); [do] +",
            "code-check: y → true",
            "code-check: y → false",
        ],
    ),
    "callbacks": (
        "a.filter(x => x.b > 1); a.filter(x => y); a.some(x => { if (x) return true; return !x; }); a.catch(f);",
        [
            "code-check: x.b > 1 → true [x.b > 1] +",
            "code-check: x.b > 1 → false [x.b > 1] +",
            "comparison: x.b > 1 → x.b >= 1 [x.b > 1] +",
            "member-name: b → b_ [x.b]",
            "code-check: x → true",
            "code-check: x → false",
            "code-check: !x → false [!x] +",
            "argument: !x → PLAIN(!x) [return]",
        ],
    ),
    "checks that are stored": (
        "const a = b === 1; const c = d > 1; const e = !f; const g = h === 1 && i; return !客户;",
        [
            "code-check: b === 1 → true [b === 1] +",
            "code-check: b === 1 → false [b === 1] +",
            "comparison: d > 1 → d >= 1 [d > 1] +",
            "argument: !客户 → PLAIN(!客户) [return]",
        ],
    ),
    "boundaries": (
        "if (a < 1) f(); if (a >= b) f(); x = a > b ? a : b; if (a > b) a = b; 列.sort((p, q) => p > q ? 1 : -1); x = a == 1;",
        [
            "code-check: a < 1 → true",
            "code-check: a < 1 → false",
            "comparison: a < 1 → a <= 1 [a < 1] +",
            "code-check: a >= b → true",
            "code-check: a >= b → false",
            "comparison: a >= b → a > b [a >= b] +",
            "code-check: a > b → true",
            "code-check: a > b → false",
            "code-check: a > b → true",
            "code-check: a > b → false",
            "code-check: p > q → true",
            "code-check: p > q → false",
            "code-check: a == 1 → true [a == 1] +",
            "code-check: a == 1 → false [a == 1] +",
        ],
    ),
    "fallbacks": (
        "x = a || 1; x = a ?? ''; x = a.length || 0; a || b; x = '' || 1; if (a || b) f(); x = a && b;",
        [
            "fallback: a || 1 → (a) [a]",
            "fallback: a ?? '' → (a) [a]",
            "code-check: a → true",
            "code-check: a → false",
            "fallback: '' || 1 → ('') ['']",
            "code-check: a || b → true",
            "code-check: a || b → false",
            "code-check: a || b → (a) [b]",
            "code-check: a || b → (b) [a]",
        ],
    ),
    "what leaves": (
        "function f() { if (a) return; if (b) return false; if (c) { throw d; } for (const e of f) { if (e) return; } g(); return; }",
        [
            "code-check: a → true",
            "code-check: a → false",
            "guard: return; → ; [return;]",
            "code-check: b → true",
            "code-check: b → false",
            "guard: return false; → return; [return false;]",
            "guard: return false; → ; [return false;]",
            "code-check: c → true",
            "code-check: c → false",
            "guard: throw d; → ; [throw d;]",
            "loop: for (const e of f) { if (e) return; } → for (const e of f) { { if (e) return; } break; } [for (const e of f)]",
            "code-check: e → true",
            "code-check: e → false",
            "guard: return; → ; [return;]",
        ],
    ),
    "what a catch does": (
        "try { f(); } catch { throw a; } try { f(); } catch { g(); throw a; } try { f(); } catch {} try { f(); } catch { /* 无 */ }",
        [
            "error-swallowed: { throw a; } → {}",
            "error-swallowed: { g(); throw a; } → {}",
            "guard: throw a; → ; [throw a;]",
        ],
    ),
    "errors that are swallowed": (
        FOUND + "try { await $proxy('oa').a(); $proxy('oa')[x](); await $proxy('oa').a(); } catch (e) { f(e); }",
        [
            "call: $proxy('oa').a() → void 0 [oa.a]",
            "call: $proxy('oa')[x]() → void 0 [oa.?]",
            "call: $proxy('oa').a() → void 0 [oa.a]",
            "error-swallowed: { f(e); } → {} [oa.a, oa.?]",
        ],
    ),
    "calls of a platform that is not named": (
        "try { await $proxy(x).a(); await $proxy(x)[y](); } catch (e) { f(e); }",
        [
            "call: $proxy(x).a() → void 0 [?.a]",
            "call: $proxy(x)[y]() → void 0 [?.?]",
            "error-swallowed: { f(e); } → {} [?.a, ?.?]",
        ],
    ),
    "members of what is named like a global": (
        "const Map = await $proxy('crm').getMap('1'); f(Map.a); { const Math = g(); f(Math.b); } f(Math.c);",
        [
            "error-swallowed: await $proxy('crm').getMap('1') → SWALLOWED [crm.getMap]",
            "argument: '1' → '1~' [crm.getMap]",
            "member-name: a → a_ [Map.a]",
            "member-name: b → b_ [Math.b]",
        ],
    ),
    "catch callbacks": (
        "p.catch(e => f(e)); p.catch(() => {}); p.catch(function () { g(); }); p.catch(h); p.then(x, e => f(e)); p.catch(e => e); p.catch(() => ({}));",
        [
            "error-swallowed: e => f(e) → () => {}",
            "error-swallowed: function () { g(); } → () => {}",
            "error-swallowed: e => e → () => {}",
            "error-swallowed: () => ({}) → () => {}",
        ],
    ),
    "awaited calls": (
        "await $proxy('a').b(); try { await $proxy('a').c(); } finally { d(); } try { await $proxy('a').e(); } catch { f(); } await $proxy('a').g().catch(h); await $proxy('a').i(arguments); await x; await ($proxy('a').j());",
        [
            "error-swallowed: await $proxy('a').b() → SWALLOWED [a.b]",
            "call: $proxy('a').b() → void 0 [a.b]",
            "error-swallowed: await $proxy('a').c() → SWALLOWED [a.c]",
            "call: $proxy('a').c() → void 0 [a.c]",
            "call: $proxy('a').e() → void 0 [a.e]",
            "error-swallowed: { f(); } → {} [a.e]",
            "argument: arguments → OTHER(arguments) [a.i]",
            "argument: arguments → NEAR(arguments) [a.i]",
            "error-swallowed: await ($proxy('a').j()) → SWALLOWED [a.j]",
        ],
    ),
    "syntax errors": (
        "if (a {",
        [
        ],
    ),
    "an empty script": (
        "",
        [
        ],
    ),
}  # fmt: skip
"""Script -> its mistakes, without those of `FOUND`: kind, text and replacement, [subject], + with a probe."""


def describe(mutant: Mutant) -> str:
    new = mutant.new
    for name, text in (("OTHER", OTHER), ("PLAIN", PLAIN), ("NEAR", NEAR)):
        new = new.replace(f"({text})", name)
    if (
        new
        == f"await (async () => {{ try {{ return {mutant.old}; }} catch {{ return {{}}; }} }})()"
    ):
        new = "SWALLOWED"
    about = f" [{mutant.about}]" if mutant.about else ""
    return f"{mutant.kind}: {mutant.old} → {new}{about}{' +' if mutant.probe else ''}"


@pytest.mark.parametrize("name", MISTAKES)
def test_these_mistakes_are_made_in_a_script_and_no_others(name: str) -> None:
    script, mistakes = MISTAKES[name]

    found = read_mutants(SyntaxTree(script, "x.js"))

    own = [one for one in found if one.start >= len(FOUND.encode()) * script.startswith(FOUND)]
    assert [describe(one) for one in own] == mistakes
    data = script.encode()
    for one in found:
        assert data[one.start : one.end].decode() == one.old
        line = script.encode()[: one.start].count(b"\n") + 1
        assert (one.place.file, one.place.line) == ("x.js", line)


PROBES: dict[str, tuple[str, str, str]] = {
    # a script, the probe of its first mistake that has one, and what is said if it never reported
    "a swap": (
        "f(a, b);",
        "...((...v) => { if (v[0] !== v[1]) console.debug('\\x01matters'); return v; })(a, b)",
        "a and b were the same in every run; add a row where they differ",
    ),
    "a write": (
        "form.a = x;",
        "form.a = ((v, o) => { if (v !== o) console.debug('\\x01matters'); return v; })(x, form.a)",
        "form.a had this value already in every run; add a row where it has another",
    ),
    "a member of a response": (
        FOUND + "await $proxy('erp').save({名: 客户.name});",
        "名: ((v, o) => { if (v !== o) console.debug('\\x01matters'); return v; })(客户.name, undefined)",
        "客户.name was missing in every answer; add one that has it",
    ),
    "a separator": (
        "x = a.join('、');",
        "((v, o) => { if (o.length > 1) console.debug('\\x01matters'); return v; })('、', a)",
        "a had one element at most in every run; add a row or an answer with more",
    ),
    "a text that is replaced": (
        "x = a.replaceAll('甲', '乙');",
        "((v, o) => { if (typeof o === 'string' && o.split('甲').length > 1) console.debug('\\x01matters'); return v; })('甲', a)",
        "'甲' was in a in no run; add a row where it is",
    ),
    "a comparison": (
        "x = f(a > b);",
        "(((l, r) => { if (l <= r && l >= r) console.debug('\\x01matters'); return l > r; })(a, b))",
        "",
    ),
    "a check that is stored": (
        "x = a === 1;",
        "((v => { if (!v) console.debug('\\x01matters'); return v; })(a === 1))",
        "",
    ),
    "a loop": (
        "do { f(); } while (y);",
        "{ let $turn = 0; do { if ($turn++) console.debug('\\x01matters'); { f(); } } while (y); }",
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_has_the_value_of_the_script_and_tells_where_a_mistake_would_matter(
    name: str,
) -> None:
    script, probe, unmet = PROBES[name]

    first = next(one for one in read_mutants(SyntaxTree(script)) if one.probe)

    assert (first.probe, str(first.unmet)) == (probe, unmet)


def test_only_a_truth_that_a_condition_can_lose_has_the_probe_of_it() -> None:
    always, never = read_mutants(SyntaxTree("x = a === 1;"))
    loop, *_ = read_mutants(SyntaxTree("while (数 !== 1) f();"))

    assert ("if (!v)" in always.probe, "if (v)" in never.probe) == (True, True)
    assert loop.condition == (6, 17)
    assert [one.probe for one in read_mutants(SyntaxTree("if (a === 1) f();"))] == ["", ""]
    assert "+" not in "".join(map(describe, read_mutants(SyntaxTree("x = f(a).join('、');"))))
