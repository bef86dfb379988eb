# ruff: noqa: E501 - scripts, one a line
"""Conditions that contradict each other, beside those that nearly do."""

from __future__ import annotations

from tests.script_source.tables import list_messages, list_slips, retell

CONTRADICTIONS = r"""
constant-condition@21 | if (form.a === 1 && form.a === 2) go()
constant-condition@23 | if (form.a === '甲' && form.a === '乙') go()
constant-condition@22 | if (form.a == '甲' && form.a == '乙') go()
- | if (form.a === '甲' || form.a === '乙') go()
constant-condition@23 | if (form.a !== '甲' || form.a !== '乙') go()
constant-condition@22 | if (form.a != '甲' || form.a != '乙') go()
- | if (form.a !== '甲' && form.a !== '乙') go()
constant-condition@21 | if (form.a !== 1 || form.a !== 2) go()
constant-condition@20 | if (form.a != 1 || form.a != 2) go()
constant-condition@19 | if (form.a > 5 && form.a < 3) go()
constant-condition@19 | if (form.a > 5 && form.a < 5) go()
- | if (form.a >= 5 && form.a <= 5) go()
constant-condition@20 | if (form.a >= 5 && form.a < 5) go()
constant-condition@19 | if (form.a > 5 && form.a <= 5) go()
- | if (form.a > 3 && form.a < 5) go()
constant-condition@19 | if (5 < form.a && 3 > form.a) go()
- | if (5 <= form.a && 5 >= form.a) go()
constant-condition@19 | if (form.a < 5 || form.a > 3) go()
constant-condition@19 | if (form.a < 5 || form.a >= 5) go()
- | if (form.a < 3 || form.a > 5) go()
constant-condition@20 | if (form.a <= 5 || form.a > 5) go()
constant-condition@19 | if (form.a > 5 && form.a === 5) go()
- | if (form.a > 5 && form.a === 6) go()
constant-condition@19 | if (form.a > 5 && form.a == 5) go()
- | if (form.a > 5 && form.a === '5') go()
- | if (form.a == 5 && form.a === '5') go()
- | if (form.a === 5 && form.a === '5') go()
- | if (form.a === 5 && form.a === 5.0) go()
constant-condition@22 | if (form.a === -5 && form.a === 5) go()
- | if (form.a === 0 && form.a === -0) go()
constant-condition@21 | if (form.a === 5 && form.a !== 5) go()
constant-condition@20 | if (form.a == 5 && form.a != 5) go()
constant-condition@15 | if (form.a && !form.a) go()
constant-condition@15 | if (form.a || !form.a) go()
constant-condition@24 | if (form.a === null && form.a) go()
constant-condition@23 | if (form.a == null && form.a) go()
constant-condition@29 | if (form.a === undefined && form.a === null) go()
- | if (form.a == null && form.a === undefined) go()
- | if (form.a == null && form.a == undefined) go()
constant-condition@23 | if (form.a != null && form.a === undefined) go()
- | if (form.a !== null && form.a === undefined) go()
constant-condition@22 | if (form.a === '' && form.a) go()
- | if (form.a == '' && form.a) go()
constant-condition@21 | if (form.a === 0 && form.a) go()
- | if (form.a == 0 && form.a) go()
constant-condition@25 | if (form.a === false && form.a) go()
- | if (form.a == false && form.a) go()
constant-condition@21 | if (form.a === 0 && form.a === false) go()
constant-condition@24 | if (form.a === true && !form.a) go()
constant-condition@23 | if (form.a == true && !form.a) go()
constant-condition@23 | if (form.a === '甲' && !form.a) go()
- | if (form.a == '甲' && !form.a) go()
constant-condition@21 | if (form.a === 5 && !form.a) go()
constant-condition@20 | if (form.a == 5 && !form.a) go()
constant-condition@19 | if (form.a > 5 && !form.a) go()
- | if (form.a > -1 && !form.a) go()
- | if (form.a >= 0 && !form.a) go()
constant-condition@19 | if (form.a > 0 && !form.a) go()
constant-condition@19 | if (form.a < 0 && !form.a) go()
- | if (form.a <= 0 && !form.a) go()
constant-condition@20 | if (form.a < -1 && !form.a) go()
constant-condition@22 | if (!(form.a > 5) && form.a > 6) go()
- | if (!(form.a > 5) && form.a > 4) go()
- | if (!(form.a > 5) && !(form.a <= 5)) go()
constant-condition@22 | if (form.a.length && !form.a) go()
constant-condition@22 | if (form.a.trim() && !form.a) go()
- | if (form.a.size && !form.a) go()
- | if (!form.a.length && form.a) go()
- | if (form.a == true && form.a == '1') go()
constant-condition@23 | if (form.a == true && form.a == '2') go()
- | if (form.a == false && form.a == '0') go()
- | if (form.a == false && form.a == '') go()
- | if (form.a == '0' && form.a == '') go()
constant-condition@24 | if (form.a == false && form.a == '1') go()
constant-condition@24 | if (form.a === true && form.a === '1') go()
constant-condition@23 | if (form.a == null && form.a == false) go()
- | if (form.a < form.b && form.a > form.b) go()
- | if (form.a < form.b && form.b < form.a) go()
constant-condition@24 | if (form.a < form.b && form.a >= form.b) go()
constant-condition@24 | if (form.a < form.b && form.b <= form.a) go()
- | if (form.a <= form.b && form.a >= form.b) go()
constant-condition@26 | if (form.a === form.b && form.a !== form.b) go()
constant-condition@26 | if (form.a === form.b && form.b !== form.a) go()
constant-condition@25 | if (form.a == form.b && form.a != form.b) go()
- | if (form.a === form.b && form.a != form.b) go()
- | if (form.a < form.b || form.a >= form.b) go()
- | if (form.a < form.b || form.a > form.b) go()
constant-condition@39 | if ((form.a === 1 || form.a === 2) && form.a === 3) go()
- | if ((form.a === 1 || form.a === 2) && form.a === 2) go()
- | if ((form.a === 1 || form.b === 2) && form.a === 3) go()
constant-condition@41 | if (form.b && form.a === 1 && form.c && form.a === 2) go()
constant-condition@40 | if (!(form.a === 1 || form.a === 2) && form.a === 1) go()
- | if (!(form.a === 1 && form.b === 2) && form.a === 1) go()
- | if (!(form.a === 1 && form.b === 2) && form.a === 1 && form.b === 2) go()
constant-condition@24 | if (form['a'] === 1 && form.a === 2) go()
constant-condition@22 | if (form?.a === 1 && form.a === 2) go()
constant-condition@29 | if (form.a === 1 && go() && form.a === 2) go()
- | if (go() === 1 && go() === 2) go()
- | if (form.a === 'x' && form.a === x) go()
- | if (form.a > 'x' && form.a < 'a') go()
- | if (1 === 2 && 2 === 3) go()
constant-condition@26 constant-condition@65 | form.b = form.a === 1 && form.a === 2; form.c = form.a !== 1 || form.a !== 2
- | form.b = form.a ?? form.a === 1
constant-condition@25 | if (form.a === 1) { if (form.a === 2) go() }
- | if (form.a === 1) { if (form.a === 1) go() }
duplicate-key@34 | if (form.a === 1) go(); else if (form.a === 1) go()
constant-condition@32 | if (form.a > 1) go(); else if (form.a > 2) go()
- | if (form.a > 2) go(); else if (form.a > 1) go()
- | if (form.a === 1) { form.a = 2; if (form.a === 2) go() }
constant-condition@37 | if (form.a === 1) { form.b = 2; if (form.a === 2) go() }
- | if (form.a === 1) { go(); if (form.a === 2) go() }
- | if (form.a === 1) { await go(); if (form.a === 2) go() }
- | if (form.a === 1) { await $proxy('crm').b(); if (form.a === 2) go() }
constant-condition@49 | if (ctx.a === 1) { await $proxy('crm').b(); if (ctx.a === 2) go() }
constant-condition@41 | if (form.a === 1) { console.log(1); if (form.a === 2) go() }
constant-condition@50 | const 值 = form.a; if (值 === 1) { await go(); if (值 === 2) go() }
- | let 值 = form.a; if (值 === 1) { if (值 === 2) go() } 值 = 2
duplicate-key@31 | if (form.a === 1) return; if (form.a === 1) go()
constant-condition@31 | if (form.a !== 1) return; if (form.a === 2) go()
- | if (form.a === 1) return; else go(); if (form.a === 1) go()
- | if (form.a === 1) { go() } else { return } if (form.a === 2) go()
constant-condition@54 | if (form.a === 1) { form.b = 1 } else { return } if (form.a === 2) go()
constant-condition@59 | if (form.a === 1) throw 1; if (form.a === 2) throw 2; if (form.a === 1 || form.a === 2) go()
- | if (form.a === 1) throw 1; if (form.a === 2) throw 2; if (form.a === 1 || form.a === 3) go()
- | if (form.a === 1) throw 1; form.a = go(); if (form.a === 1) go()
duplicate-key@60 | for (const 行 of form.明细) { if (form.a === 1) continue; if (form.a === 1) go(行) }
duplicate-key@60 | for (const 行 of form.明细) { if (form.a === 1) continue; if (form.a === 1) go(行); form.a = 行 }
- | if (form.a === 1) { for (const 行 of form.明细) { if (form.a === 2) go(行); form.a = 行 } }
constant-condition@52 | if (form.a === 1) { for (const 行 of form.明细) { if (form.a === 2) form.b = 行 } }
- | if (form.a === 1) { form.f = () => { if (form.a === 2) go() } }
constant-condition@26 duplicate-key@51 | form.b = form.a === 1 ? (form.a === 2 ? 1 : 2) : (form.a === 1 ? 3 : 4)
constant-condition@27 | form.b = form.a === 1 && (form.a === 2 ? 1 : 2)
duplicate-key@27 | form.b = form.a === 1 || (form.a === 1 ? 1 : 2)
- | form.b = form.a === 1 ?? (form.a === 1 ? 1 : 2)
- | form.b = (form.a === 1 ? 1 : 2) && form.a === 2
constant-condition@49 | if (form.a && form.b) return; if (form.a) { if (form.b) go() }
constant-condition@35 | if (form.a || form.b) return; if (form.a) go()
constant-condition@35 | if (form.a || form.b) return; if (form.b) go()
- | if (form.a && form.b) return; if (form.a) go()
- | if (form.明细[0] === 1) { form.明细.push(2); if (form.明细[0] === 2) go() }
- | if (form.明细[0] === 1) { form.明细[form.i] = 2; if (form.明细[0] === 2) go() }
constant-condition@45 | if (form.明细[0] === 1) { form.别.push(2); if (form.明细[0] === 2) go() }
- | if (form.a === 1) { delete form.a; if (form.a === 2) go() }
no-effect@21 constant-condition@40 | if (form.a === 1) { typeof form.a; if (form.a === 2) form.c = 1 }
- | if (form.a === 1) { form.a++; if (form.a === 2) go() }
- | if (form.a === 1) { form.a += 1; if (form.a === 2) go() }
- | if (form.a === 1) { [form.a] = [2]; if (form.a === 2) go() }
- | if (form.a === 1) { for (form.a of [2]) form.b = 1; if (form.a === 2) go() }
- | if (form.a === 1) { 改(); if (form.a === 2) go() } function 改() { form.a = 2 }
constant-condition@30 | if (form.a === 1) { 改(); if (form.a === 2) go() } function 改() { return form.a }
- | if (form.a === 1) { 改(); if (form.a === 2) go() } function 改() { 再() } function 再() { form.a = 2 }
- | if (form.a === 1) { 改(); if (form.a === 2) go() } function 改() { form.明细.push(1) }
- | if (form.a === 1) { form.明细.forEach(改); if (form.a === 2) go() } function 改() { form.a = 2 }
constant-condition@50 | if (form.a === 1) { form.明细.forEach(x => 2); if (form.a === 2) go() }
- | if (form.a === 1) { Object.assign(form, {a: 2}); if (form.a === 2) go() }
constant-condition@49 | if (form.a === 1) { form.b = form.c.trim(); if (form.a === 2) go() }
constant-condition@50 | if (form.a === 1) { form.b = Number(form.c); if (form.a === 2) form.d = 1 }
constant-condition@54 | if (form.a === 1) { form.b = lodash.map(form.c); if (form.a === 2) form.d = 1 }
- | if (form.a === 1) { form.b = lodash.set(form, 'a', 2); if (form.a === 2) form.d = 1 }
constant-condition@54 | if (form.a === 1) { form.b = Promise.resolve(2); if (form.a === 2) form.d = 1 }
- | if (form.a === 1) { form.b = await (form.c); if (form.a === 2) form.d = 1 }
constant-condition@122 | if (form.a in form.b && form.a instanceof B) go(); if (form.a === 1 && (form.b === 1 || form.b === 2 || form.b === 3) && form.b === 4) go()
- | if (-form.a && form.a) go(); if (typeof form.a && !form.a) go(); if (+form.a || !form.a) go()
constant-condition@136 | if ((form.a === 1 || form.a === 2 || form.a === 3 || form.a === 4 || form.a === 5 || form.a === 6 || form.a === 7 || form.a === 8) && (form.a === 11 || form.a === 12 || form.a === 13 || form.a === 14)) go()
- | if ((form.a === 1 || form.a === 2 || form.a === 3 || form.a === 4 || form.a === 5 || form.a === 6 || form.a === 7 || form.a === 8 || form.a === 9 || form.a === 10 || form.a === 11) && (form.a === 21 || form.a === 22 || form.a === 23)) go()
constant-condition@542 | if ((form.a === 1 || form.a === 2 || form.a === 3 || form.a === 4 || form.a === 5 || form.a === 6 || form.a === 7 || form.a === 8 || form.a === 9 || form.a === 10 || form.a === 11 || form.a === 12 || form.a === 13 || form.a === 14 || form.a === 15 || form.a === 16 || form.a === 17 || form.a === 18 || form.a === 19 || form.a === 20 || form.a === 21 || form.a === 22 || form.a === 23 || form.a === 24 || form.a === 25 || form.a === 26 || form.a === 27 || form.a === 28 || form.a === 29 || form.a === 30 || form.a === 31 || form.a === 32) && form.a === 99) go()
- | if ((form.a === 1 || form.a === 2 || form.a === 3 || form.a === 4 || form.a === 5 || form.a === 6 || form.a === 7 || form.a === 8 || form.a === 9 || form.a === 10 || form.a === 11 || form.a === 12 || form.a === 13 || form.a === 14 || form.a === 15 || form.a === 16 || form.a === 17 || form.a === 18 || form.a === 19 || form.a === 20 || form.a === 21 || form.a === 22 || form.a === 23 || form.a === 24 || form.a === 25 || form.a === 26 || form.a === 27 || form.a === 28 || form.a === 29 || form.a === 30 || form.a === 31 || form.a === 32 || form.a === 33) && form.a === 99) go()
- | if (!(form.a > 5) && !form.a) go(); if (!(form.a < -5) && !form.a) go()
constant-condition@108 | if (1 === 2 && 1 === 3) go(); if (!(form.a < form.b) && form.a >= form.b) go(); if (!(form.a >= form.b) && form.b <= form.a) go()
constant-condition@77 | form.b = form.a + !form.a; form.c = form.a === !form.a; form.d = (form.a && !form.a) && form.b
- | let 值 = form.a; const 定 = 1; if (值 > 定) { if (值 <= 定) go() } 值 = 2
constant-condition@155 constant-condition@198 | if (form.a === +5 && form.a === 6) go(); if (form.a === Infinity && form.a === 5) go(); if (form.a === 0x10 && form.a === 16) go(); if (form.a === 1e1 && form.a === 11) go(); if (form.a === 1_0 && form.a === 11) go()
constant-condition@15 | if (form.a && !form.a) { if (form.b) go() }
constant-condition@78 | if (go()) { if (form.a) go() } if (form.a === 1) { if (Number(form.x)) { if (form.a === 2) form.b = 1 } }
- | if ((form.a === 2 ? 1 : 2) && form.a === 1) go(); form.b = ((form.a === 2 ? 1 : 2) && form.a === 1) && form.c
constant-condition@44 constant-condition@109 constant-condition@170 | if (!(form.a === '甲' || form.a === '乙') && form.a === '甲') go(); if (!(form.a === '甲' || form.a === '乙') && form.a === '乙') go(); if (!(form.a === 1 || form.a === 2) && form.a === 2) go(); if (form.a !== '甲' && form.a !== '乙' && form.a === '丙') go()
constant-condition@199 | if (form.a !== 5 && !form.a) go(); if (form.a != '甲' && !form.a) go(); if (form.a !== true && !form.a) go(); if (form.a !== '' && form.a) go(); if (form.a != 0 && !form.a) go(); if (form.a !== 0 && form.a === 0) go()
duplicate-key@29 constant-condition@80 | form.b = (form.a === 1) || (form.a === 1 ? 1 : 2); form.c = (form.a === 1) && (form.a === 2 ? 1 : 2)
- | if (form.a === 1) { (改)(); if (form.a === 2) go() } function 改() { form.a = 2 }
constant-condition@30 | if (form.a === 1) { 改(); if (form.a === 2) form.c = 1 } function 改() { 再() } function 再() { 改() }
constant-condition@40 | if (form.a === 1) { form['b'] = 2; if (form.a === 2) form.c = 1 }
constant-condition@47 | if (form.x[0].z === 1) { form.x[0].y = 2; if (form.x[0].z === 2) form.c = 1 }
constant-condition@60 | if (form.a === 1) { form.明细.forEach(x => { x.b = 2 }); if (form.a === 2) form.c = 1 }
constant-condition@30 | if (form.a === 1) { 改(); if (form.a === 2) form.c = 1 } function 改() { return form.b.trim() }
- | if (form.a === 1) { await (form.c)⏎ if (form.a === 2) form.d = 1 }
constant-condition@26 constant-condition@69 | if (form?.['a'] === 1 && form.a === 2) go(); if (form.b?.c === 1 && form['b'].c === 2) go()
constant-condition@61 constant-condition@104 | if (form.a !== 5 && form.a == 5) go(); if (form.a.length && !form.a.length) go(); if (form.a.trim() && form.a.trim() === '') go()
- | if (!form.a && form.a === false) go(); if (!form.a && form.a === null) go(); if (!form.a && form.a === undefined) go(); if (!form.a && form.a === 0) go(); if (!form.a && form.a === '') go()
- | if (form.a === 1) { while (form.x) { if (form.a === 2) form.b = 1; form.a = 3 } }
- | if (form.a === 1) { for (;form.x;) { if (form.a === 2) form.b = 1; form.a = 3 } }
- | if (form.a === 1) { do { if (form.a === 2) form.b = 1; form.a = 3 } while (form.x) }
constant-condition@27 | if (form.a === 1) { { if (form.a === 2) form.b = 1; form.a = 3 } }
- | if (form.明细[0] === 1) { form.明细[0] = 2; if (form.明细[0] === 2) go() }
constant-condition@41 constant-condition@111 constant-condition@182 constant-condition@245 constant-condition@308 constant-condition@373 constant-condition@440 constant-condition@509 constant-condition@573 | if (form.a === 0) { console.log(1); if (form.a === 1) form.c = 1 } if (form.a === 2) { $proxy('crm').a(); if (form.a === 3) form.c = 1 } if (form.a === 4) { Promise.resolve(1); if (form.a === 5) form.c = 1 } if (form.a === 6) { Number(go); if (form.a === 7) form.c = 1 } if (form.a === 8) { String(go); if (form.a === 9) form.c = 1 } if (form.a === 10) { Boolean(go); if (form.a === 11) form.c = 1 } if (form.a === 12) { parseInt(go); if (form.a === 13) form.c = 1 } if (form.a === 14) { parseFloat(go); if (form.a === 15) form.c = 1 } if (form.a === 16) { isNaN(go); if (form.a === 17) form.c = 1 }
constant-condition@39 constant-condition@101 constant-condition@164 constant-condition@227 constant-condition@302 constant-condition@378 constant-condition@444 constant-condition@518 constant-condition@587 | if (form.a === 0) { isFinite(go); if (form.a === 1) form.c = 1 } if (form.a === 2) { Array(go); if (form.a === 3) form.c = 1 } if (form.a === 4) { BigInt(go); if (form.a === 5) form.c = 1 } if (form.a === 6) { Symbol(go); if (form.a === 7) form.c = 1 } if (form.a === 8) { encodeURIComponent(go); if (form.a === 9) form.c = 1 } if (form.a === 10) { decodeURIComponent(go); if (form.a === 11) form.c = 1 } if (form.a === 12) { Intl.foo(1); if (form.a === 13) form.c = 1 } if (form.a === 14) { structuredClone(go); if (form.a === 15) form.c = 1 } if (form.a === 16) { setTimeout(go); if (form.a === 17) form.c = 1 }
constant-condition@42 constant-condition@111 constant-condition@181 constant-condition@253 constant-condition@324 constant-condition@386 constant-condition@449 | if (form.a === 0) { setInterval(go); if (form.a === 1) form.c = 1 } if (form.a === 2) { clearTimeout(go); if (form.a === 3) form.c = 1 } if (form.a === 4) { clearInterval(go); if (form.a === 5) form.c = 1 } if (form.a === 6) { crypto.randomUUID(); if (form.a === 7) form.c = 1 } if (form.a === 8) { queueMicrotask(go); if (form.a === 9) form.c = 1 } if (form.a === 10) { atob(go); if (form.a === 11) form.c = 1 } if (form.a === 12) { btoa(go); if (form.a === 13) form.c = 1 }
constant-condition@864 | if (form.a === 0) { f0(); if (form.a === 1) form.c = 1 } function f0() { form.x.push(1) } if (form.a === 2) { f1(); if (form.a === 3) form.c = 1 } function f1() { form.x.pop(1) } if (form.a === 4) { f2(); if (form.a === 5) form.c = 1 } function f2() { form.x.shift(1) } if (form.a === 6) { f3(); if (form.a === 7) form.c = 1 } function f3() { form.x.unshift(1) } if (form.a === 8) { f4(); if (form.a === 9) form.c = 1 } function f4() { form.x.splice(1) } if (form.a === 10) { f5(); if (form.a === 11) form.c = 1 } function f5() { form.x.sort(1) } if (form.a === 12) { f6(); if (form.a === 13) form.c = 1 } function f6() { form.x.reverse(1) } if (form.a === 14) { f7(); if (form.a === 15) form.c = 1 } function f7() { form.x.fill(1) } if (form.a === 16) { f8(); if (form.a === 17) form.c = 1 } function f8() { form.x.copyWithin(1) } if (form.a === 18) { f9(); if (form.a === 19) form.c = 1 } function f9() { form.x.at(1) }
constant-condition@73 | if (form.a === 0x10 && form.a === 0b10000) go(); if (form.a === 0x10 && form.a !== 0x10) go()
"""

CONTRADICTIONS_MESSAGES = r"""
form.a is never both, so this is always false; write ||
form.a always differs from one of the two, so this is always true; write &&
form.a is always one of the two, so this is always true; write &&
whatever number form.a is, it is one of the two, so this is true; write &&
form.a < form.b is never both, so this is always false; write ||
form.a === form.b is never both, so this is always false; write ||
form.a == form.b is never both, so this is always false; write ||
this is never true here, where form.a === 1
an if before it asks the same, so this never runs: form.a === 1
this is never true here, since all of it goes to form.a > 1 before; ask for the narrower one first
this is never true here, where ctx.a === 1
this is never true here, where 值 === 1
this is never true here, since all of it goes to form.a !== 1 before; ask for the narrower one first
this is never true here, since all of it goes to form.a === 2 before; ask for the narrower one first
this is never true here, since all of it goes to form.a && form.b before; ask for the narrower one first
this is never true here, since all of it goes to form.a || form.b before; ask for the narrower one first
this is never true here, where form.明细[0] === 1
typeof form.a does nothing here; use it, or take it away
form.b is never both, so this is always false; write ||
form.b <= form.a is never both, so this is always false; write ||
this is never true here, where form.x[0].z === 1
form.b.c is never both, so this is always false; write ||
form.a.length is never both, so this is always false; write ||
form.a.trim() is never both, so this is always false; write ||
this is never true here, where form.a === 0
this is never true here, where form.a === 2
this is never true here, where form.a === 4
this is never true here, where form.a === 6
this is never true here, where form.a === 8
this is never true here, where form.a === 10
this is never true here, where form.a === 12
this is never true here, where form.a === 14
this is never true here, where form.a === 16
this is never true here, where form.a === 18
0x10 === form.a is never both, so this is always false; write ||
"""


def test_contradictions_are_told_at_their_limits() -> None:
    assert retell(CONTRADICTIONS, list_slips) == CONTRADICTIONS.strip()


def test_messages_of_contradictions_at_their_limits() -> None:
    assert list_messages(CONTRADICTIONS) == CONTRADICTIONS_MESSAGES.strip().splitlines()
