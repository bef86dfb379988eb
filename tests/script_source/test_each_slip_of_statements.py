# ruff: noqa: E501 - scripts, one a line
"""Each rule about statements, at its limits and with every entry of its tables."""

from __future__ import annotations

from tests.script_source.tables import list_messages, list_slips, retell

STATEMENTS = r"""
duplicate-key@23 duplicate-key@29 duplicate-key@35 | form.a = {甲: 1, 乙: 2, 甲: 3, 乙: 4, 甲: 5}
duplicate-key@33 duplicate-key@56 | const 甲 = 1; form.a = {甲, 乙: 2, 甲: 2}; form.b = {甲: 1, 甲}
duplicate-key@19 duplicate-key@25 | form.a = {'甲': 1, 甲: 2, ['甲']: 3, [form.k]: 4, [form.k]: 5}
duplicate-key@39 | form.a = {...form.b, 甲: 1, ...form.c, 甲: 2}
duplicate-key@29 | form.a = {算() { return 1 }, 算: 2, get 值() { return 1 }, set 值(v) { form.v = v }, static() { return 3 }}
duplicate-key@73 | class 单 { 算() { return 1 } static 算() { return 3 } get 算() { return 4 } 算() { return 2 } set 算(v) { form.v = v } } form.a = new 单()
duplicate-key@19 duplicate-key@44 | form.a = {1: 'a', '1': 'b', 2: 'c', '': 1, '': 2}
duplicate-key@62 duplicate-key@88 | function 甲() { return 1 } function 乙() { return 1 } function 甲() { return 2 } function 甲() { return 3 } form.a = 甲() + 乙()
duplicate-key@51 | function 甲() { function 乙() { return 1 } function 乙() { return 2 } return 乙() } { function 乙() { return 1 } form.b = 乙() } form.a = 甲()
- | 'use strict'; form.a = 1
no-effect@1 | 'used'; form.a = 1
no-effect@1 no-effect@23 | form.b; 'use strict'; form['b']
no-effect@1 no-effect@27 no-effect@56 no-effect@71 no-effect@90 no-effect@112 no-effect@134 no-effect@154 no-effect@172 no-effect@190 | form.b.replace('a', 'b'); form.b.replaceAll('a', 'b'); form.b.trim(); form.b.toFixed(2); form.b.toUpperCase(); form.b.toLowerCase(); form.b.padStart(2); form.b.padEnd(2); form.b.concat(1); form.b.slice(1)
no-effect@1 no-effect@24 no-effect@44 no-effect@59 no-effect@78 no-effect@99 no-effect@120 no-effect@138 no-effect@157 no-effect@172 | form.b.filter(x => x); form.b.map(x => x); form.b.join(); form.b.toSorted(); form.b.toReversed(); form.b.substring(1); form.b.substr(1); form.b.split('-'); form.b.flat(); form.b.includes(1)
no-effect@1 no-effect@20 no-effect@44 no-effect@66 no-effect@88 no-effect@109 no-effect@130 no-effect@152 no-effect@178 no-effect@202 | form.b.indexOf(1); form.b.startsWith('a'); form.b.endsWith('a'); form.b.toISOString(); form.b.find(x => x); form.b.some(x => x); form.b.every(x => x); form.b.findIndex(x => x); form.b.flatMap(x => x); form.b.toLocaleString()
no-effect@91 no-effect@107 | form.b.push(1); form.b.trim().go(); form.b.sort(); form.b.at(1); form.b.forEach(x => x); (form.b.trim()); (form.b).trim()
no-effect@91 no-effect@127 | form.b.filter(row => { form.c = 1; return row }); go().trim(); form.b.replace('a', go()); form.b.trim(); form.b[go()].trim(); form.b.map(go)
no-effect@1 no-effect@7 no-effect@15 no-effect@26 no-effect@29 no-effect@34 no-effect@39 no-effect@44 no-effect@51 no-effect@57 no-effect@64 no-effect@70 no-effect@81 no-effect@85 | form; form.b; form['b']; 5; `a`; 'x'; [1]; 1 + 2; true; false; null; undefined; -1; form.b ? 1 : 2; ({}); /a/; this; (1, 2)
no-effect@77 | go(); -go(); [go()]; form.b ? go() : 2; 1 + go(); void go(); delete form.b; typeof form.b; typeof go(); new Go(); form.b++; form.b ||= 1; await form.b; `a${go()}`; form.b.c[go()]
no-effect@1 no-effect@11 no-effect@39 no-effect@67 | () => 1; (function () { return 1 }); (function* () { yield 1 }); (async () => 1); (class {})
no-effect@1 no-effect@14 no-effect@28 no-effect@41 no-effect@55 no-effect@68 no-effect@82 | form.b == 1; form.b === 1; form.b != 1; form.b !== 1; form.b > 1; (form.b == 1); !form.b
no-effect@29 no-effect@33 no-effect@56 no-effect@72 | function 甲() { form.a = 1 } 甲; (甲); const 乙 = () => 1; 乙; const 丙 = 1; 丙; 甲()
unreachable@59 | function 甲() { if (form.x) { return 1 } else { return 2 } form.a = 1 } 甲()
unreachable@53 | function 甲() { if (form.x) return 1; else return 2; form.a = 1 } 甲()
- | function 甲() { if (form.x) return 1; else form.b = 2; form.a = 1 } 甲()
- | function 甲() { if (form.x) form.b = 2; else return 1; form.a = 1 } 甲()
- | function 甲() { if (form.x) return 1; form.a = 1 } 甲()
unreachable@80 | function 甲() { if (form.x) return 1; else if (form.y) return 2; else return 3; form.a = 1 } 甲()
- | function 甲() { if (form.x) return 1; else if (form.y) return 2; form.a = 1 } 甲()
unreachable@41 | function 甲() { { form.c = 1; return 1 } form.a = 1 } 甲()
unreachable@56 | function 甲() { try { return 1 } catch (e) { return 2 } form.a = 1 } 甲()
- | function 甲() { try { return 1 } catch (e) { form.b = e } form.a = 1 } 甲()
unreachable@56 | function 甲() { try { return 1 } finally { form.b = 1 } form.a = 1 } 甲()
- | function 甲() { try { form.b = 1 } catch (e) { return 2 } form.a = 1 } 甲()
- | function 甲() { try { form.b = 1 } finally { form.c = 1 } form.a = 1 } 甲()
unreachable@40 | function 甲() { throw new Error('不支持'); form.a = 1; return 2; form.b = 1 } 甲()
- | function 甲() { return 1; function 乙() { return 1 } form.a = 乙() } 甲()
- | function 甲() { return 乙(); function 乙() { return 1 } } 甲()
- | function 甲() { form.c = () => 年; return 1; var 年 } 甲()
unreachable@44 | function 甲() { form.c = () => 年; return 1; var 年 = 2 } 甲()
unreachable@48 | function 甲() { form.c = () => 年 + 月; return 1; var 年, 月 = 2; } 甲()
unreachable@44 | function 甲() { form.c = () => 年; return 1; let 年; } 甲()
- | function 甲() { return 1;; form.b = 1 } 甲()
unreachable@2 | function 甲() { return 1 // 注⏎ /* 注 */⏎ form.b = 1 } 甲()
- | function 甲() { return form.a⏎ /* 注 */ } 甲()
unreachable@47 unreachable@81 | for (const 行 of form.明细) { if (行) { continue; form.b = 1 } if (form.b) { break; form.c = 1 } form.d = 行 }
unreachable@61 | switch (form.x) { case 1: return 1; break; case 2: throw 1; form.b = 1; case 3: form.c = 1 }
- | switch (form.x) { case 1: return 1; ; case form.b: form.c = 1; break; default: return 3; form.d = 1 }
unreachable@11 | return 1; form.a = 1
unreachable@92 unreachable@71 unreachable@92 | try { form.b = 1 } finally { form.c = () => { return 1 }; if (form.x) return 2; for (;;) { return 3 } }
- | try { form.b = 1 } catch (e) { return e } finally { go() }
unreachable@40 | for (const 行 of form.明细) { form.a = 行; break }
unreachable@40 | for (const 行 of form.明细) { form.a = 行; return 行 }
- | for (const 行 of form.明细) { if (行) continue; return 行 }
- | for (const 行 of form.明细) { form.a = 行; continue }
- | for (const 键 in form.明细) { form.a = 键; break }
unreachable@43 | for (let i = 0; i < 3; i++) { form.a = i; throw i }
unreachable@91 | for (let i = 0; i < 3; i++) { form.a = () => { for (;;) { if (form.x) continue; go() } }; break }
unreachable@28 | for (const 行 of form.明细) { if (行) { return 1 } else { return 2 } }
- | for (const 行 of form.明细) { if (行) { return 1 } form.a = 1 }
unreachable@40 | for (const 行 of form.明细) { form.a = 行; break // 只取第一行⏎ }
- | for (const 行 of form.明细) { /* 无 */ }
unreachable@28 | for (const 行 of form.明细) { break }
- | for (const 行 of form.明细) break
- | while (go()) { form.a = 1; break }
unreachable@12 | for (;;) { return 1 }
fallthrough@39 fallthrough@59 | switch (form.x) { case 1: form.a = 1; case 2: form.b = 1; case 3: form.c = 1 }
- | switch (form.x) { case 1: case 2: form.b = 1; break; case 3: form.c = 1 }
- | switch (form.x) { case 1: form.a = 1 // 继续⏎ case 2: form.b = 1 /* 继续 */ case 3: form.c = 1 }
unreachable@46 fallthrough@78 | switch (form.x) { case 1: form.a = 1; break; form.b = 1; case 2: form.c = 1; default: form.d = 1 }
fallthrough@39 | switch (form.x) { case 1: form.a = 1; default: form.d = 1; case 2: form.c = 1 }
fallthrough@72 | switch (form.x) { case 1: { form.a = 1; break } case 2: { form.b = 1 } case 3: form.c = 1 }
- | switch (form.x) { /* 注 */ case 1: form.a = 1; /* 注 */ break; /* 注 */ case 2: form.b = 1; break }
fallthrough@47 | switch (form.x) { case 1: /* 注 */ form.a = 1; case 2: break }
- | switch (form.x) { case 1: /* 注 */ case 2: form.a = 2 }
fallthrough@57 | switch (form.x) { case form.y: case form.z: form.a = 2; case 3: break }
no-effect@1 no-effect@14 no-effect@27 no-effect@45 no-effect@58 no-effect@70 no-effect@83 turned-operator@9 turned-operator@22 turned-operator@35 | form.n =+ 1; form.n =- 1; form.n =! form.b; form.n = +1; form.n =+1; form.n =~ 1; form.n = - 1; form.n =⏎+ 1; form.n += + 1; form.n =/* 注 */+ 1
plain-template@23 plain-template@40 plain-template@135 plain-template@160 plain-template@179 unused-variable@7 | const 名 = 1; form.a = '${名}'; form.b = '${form.c} ${ ctx.d } ${$proxy}'; form.c = '${无}'; form.d = '${1}'; form.e = '$form'; form.f = "共 ${名 + 1} 件"; form.g = '${ 名 }'; form.h = '${名.长}'
plain-template@10 plain-template@30 plain-template@49 | form.a = '${form}'; form.b = '${ctx}'; form.c = '${$proxy}'; form.d = '${无} ${form.x}'; form.e = '${form'
lost-digits@37 lost-digits@64 | form.a = 9007199254740992; form.b = 9007199254740993; form.c = 9_007_199_254_740_993; form.d = 0xfffffffffffffff; form.e = 1e400; form.f = 9007199254740993n; form.g = 0.1234567890123456789
no-effect@12 no-effect@26 no-effect@52 no-effect@66 | if (form.x); while (go()); for (const 行 of form.明细); for (;go(););
no-effect@1 no-effect@127 | if (form.x) {} while (go()) {} for (const 行 of form.明细) {} if (form.y) { /* 不处理 */ } if (form.z) {} else { go() } if (form.w) ; else go()
wrong-value@11 wrong-value@44 | const 数 = form.明细.forEach(x => go(x)); 甲 = form.明细.forEach(x => go(x)); 乙(form.明细.forEach(x => go(x))); 丙 = [form.明细.forEach(x => go(x))]; go(数)
wrong-value@1 wrong-value@47 wrong-value@128 | form.明细.forEach(x => go(x)).length; form.a = (form.明细.forEach(x => go(x))); form.b = await form.明细.forEach(x => go(x)); return form.明细.forEach(x => go(x))
wrong-value@11 wrong-value@64 | form.明细 = form.明细.push(1); form.甲 = form.明细.push(1); form.明细 = form.明细.unshift(1); const n = form.明细.push(1); (form.明细) = (form.明细.push(1)); form.明细 = form.明细.pop(); go(n)
wrong-value@12 | form.明细 += form.明细.push(1); form.明细 = [form.明细.push(1)]; return form.明细.push(1)
wrong-value@19 wrong-value@46 | form.a = Math.max([1, 2]); form.b = Math.min(form.明细.map(x => x)); form.c = Math.max(1, [2]); form.d = Math.max(...[1]); form.e = Math.max(form.x); form.f = Math.abs([1]); form.g = Math.min()
endless-recursion@23 | function 甲() { return 甲() } form.a = 甲()
endless-recursion@17 | const 甲 = () => 甲(); form.a = 甲()
endless-recursion@37 | const 甲 = function () { form.b = 1; 甲() }; form.a = 甲()
endless-recursion@38 | const 甲 = function 乙() { form.b = 1; 乙() }; form.a = 甲()
- | function 甲(n) { if (n) return 1; return 甲(n - 1) } form.a = 甲()
endless-recursion@43 | function 甲(n) { if (n) form.b = 1; return 甲(n - 1) } form.a = 甲()
- | function 甲(n) { return n && 甲(n - 1) } form.a = 甲()
endless-recursion@24 | function 甲(n) { return 甲(n - 1) && n } form.a = 甲()
- | function 甲(n) { return n || 甲(n - 1) } form.a = 甲()
- | function 甲(n) { return n ?? 甲(n - 1) } form.a = 甲()
endless-recursion@28 | function 甲(n) { return n + 甲(n - 1) } form.a = 甲()
- | function 甲(n) { return n ? 甲(n - 1) : 1 } form.a = 甲()
endless-recursion@24 | function 甲(n) { return 甲(n) ? 2 : 1 } form.a = 甲()
endless-recursion@21 | function 甲(n) { if (甲(n)) form.b = 1 } form.a = 甲()
- | function 甲(n) { while (n) 甲(n) } form.a = 甲()
endless-recursion@24 | function 甲(n) { while (甲(n)) go() } form.a = 甲()
- | function 甲(n) { for (const 行 of n) 甲(行) } form.a = 甲()
- | function 甲(n) { for (;;) 甲(n) } form.a = 甲()
- | function 甲(n) { switch (n) { case 1: 甲(n) } } form.a = 甲()
endless-recursion@25 | function 甲(n) { switch (甲(n)) { case 1: go() } } form.a = 甲()
- | function 甲(n) { try { 甲(n) } catch (e) { go(e) } } form.a = 甲()
- | function 甲(n) { try { return 1 } catch (e) { go(e) } 甲(n) } form.a = 甲()
- | function 甲(n) { for (const 行 of n) { if (行) throw 行 } 甲(n) } form.a = 甲()
endless-recursion@68 | function 甲(n) { for (const 行 of n) { form.c = () => { return 1 } } 甲(n) } form.a = 甲()
- | function 甲(n) { form.c = () => 甲(n); go(() => { return 甲(n) }) } form.a = 甲()
endless-recursion@23 | function 甲(n) { throw 甲(n) } form.a = 甲()
unreachable@27 | function 甲(n) { return 1; 甲(n) } form.a = 甲()
- | function 甲(n) { 乙(n) } function 乙(n) { 丙.甲(n); return n } form.a = 甲()
endless-recursion@23 | function 甲(n) { go(1, 甲(n), 2) } form.a = 甲()
- | form.a = {算() { 算() }}; class 单 { 算() { return this.算() } } form.b = new 单()
- | let 甲; 甲 = () => 甲(); form.a = 甲()
endless-recursion@23 | (function 甲() { go(); 甲() })(); (() => { go() })()
wrong-pattern@12 wrong-pattern@21 wrong-pattern@31 wrong-pattern@49 wrong-pattern@106 | form.a = [/[A-z]/, /[^A-z]/, /[\]A-z]/, /A-z/, /[0A-z_]/, /[\u0041-z]/, /[A\-z]/, /[A-Za-z]/, /\[A-z]/, /[a-zA-z]/, /[\w-A-z]/, /[a-A-z]/]
wrong-pattern@12 wrong-pattern@39 wrong-pattern@46 wrong-pattern@57 wrong-pattern@76 | form.a = [/[]/, /[^]/, /\[]/, /[a]/, /x[]/, /[A-z][]/, /[][A-z]/, /[\]]/, /\\[]/]
turned-operator@26 | form.n =+ 1 + 2; form.n =- go(); form.m =! form.a && 1
- | for (const 行 of form.明细) if (行) go(行); else break
- | switch (form.x) { case 1: form.a = 1; // 继续⏎ case 2: form.b = 1; break }
- | switch (form.x) { case 1: form.a = 1; /* 继续 */ case 2: form.b = 1; break }
- | form.a = 999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999
- | function 甲(n) { if (n) 甲(n - 1); return 1 } form.a = 甲()
duplicate-key@42 | function 甲() { return 1 } go(); function 甲() { return 2 } form.a = 甲()
no-effect@1 no-effect@32 no-effect@68 | form['use it']; (go().trim)(); (form.b.trim)(); const 函 = () => 1; 函 ?? form.b; 函()
unreachable@61 | function 甲() { form.c = () => 年; return 1; var 年; return 2; form.b = 1 } 甲()
- | form.a = Math.max([1], 2); form.b = Math.min([1], [2]); for (const x of form.y) { try { go(x) } finally { for (;;) { if (form.x) break; go() } } }
no-effect@261 | form.b.map(x => { throw x }); form.b.filter(x => new Go(x)); form.b.map(function* (x) { yield x }); form.b.map(async x => await x); form.b.map(x => x++); form.b.filter(x => x += 1); form.b.map(x => delete x.a); form.b.map(x => void x); form.b.map(x => x = 1); form.b.map(x => x.trim())
"""

STATEMENTS_MESSAGES = r"""
甲 stands twice in this object, and the last one counts
乙 stands twice in this object, and the last one counts
算 stands twice in this object, and the last one counts
1 stands twice in this object, and the last one counts
 stands twice in this object, and the last one counts
the function 甲 is declared twice, and the last one counts
the function 乙 is declared twice, and the last one counts
'used' does nothing here; use it, or take it away
form.b does nothing here; use it, or take it away
form['b'] does nothing here; use it, or take it away
.replace() changes nothing and gives its result back, which nothing takes
.replaceAll() changes nothing and gives its result back, which nothing takes
.trim() changes nothing and gives its result back, which nothing takes
.toFixed() changes nothing and gives its result back, which nothing takes
.toUpperCase() changes nothing and gives its result back, which nothing takes
.toLowerCase() changes nothing and gives its result back, which nothing takes
.padStart() changes nothing and gives its result back, which nothing takes
.padEnd() changes nothing and gives its result back, which nothing takes
.concat() changes nothing and gives its result back, which nothing takes
.slice() changes nothing and gives its result back, which nothing takes
.filter() changes nothing and gives its result back, which nothing takes
.map() changes nothing and gives its result back, which nothing takes
.join() changes nothing and gives its result back, which nothing takes
.toSorted() changes nothing and gives its result back, which nothing takes
.toReversed() changes nothing and gives its result back, which nothing takes
.substring() changes nothing and gives its result back, which nothing takes
.substr() changes nothing and gives its result back, which nothing takes
.split() changes nothing and gives its result back, which nothing takes
.flat() changes nothing and gives its result back, which nothing takes
.includes() changes nothing and gives its result back, which nothing takes
.indexOf() changes nothing and gives its result back, which nothing takes
.startsWith() changes nothing and gives its result back, which nothing takes
.endsWith() changes nothing and gives its result back, which nothing takes
.toISOString() changes nothing and gives its result back, which nothing takes
.find() changes nothing and gives its result back, which nothing takes
.some() changes nothing and gives its result back, which nothing takes
.every() changes nothing and gives its result back, which nothing takes
.findIndex() changes nothing and gives its result back, which nothing takes
.flatMap() changes nothing and gives its result back, which nothing takes
.toLocaleString() changes nothing and gives its result back, which nothing takes
form does nothing here; use it, or take it away
5 does nothing here; use it, or take it away
`a` does nothing here; use it, or take it away
'x' does nothing here; use it, or take it away
[1] does nothing here; use it, or take it away
1 + 2 does nothing here; use it, or take it away
true does nothing here; use it, or take it away
false does nothing here; use it, or take it away
null does nothing here; use it, or take it away
undefined does nothing here; use it, or take it away
-1 does nothing here; use it, or take it away
form.b ? 1 : 2 does nothing here; use it, or take it away
typeof form.b does nothing here; use it, or take it away
this function is not called; put () behind it
this compares and changes nothing; a single = assigns
form.b != 1 does nothing here; use it, or take it away
form.b !== 1 does nothing here; use it, or take it away
form.b > 1 does nothing here; use it, or take it away
!form.b does nothing here; use it, or take it away
丙 does nothing here; use it, or take it away
nothing comes by here; what stands before it leaves
a return in finally drops what was thrown
this ends the loop in its first round
the case before it runs on into this one; end it with break, or say in a comment that it is meant
form.n is overwritten by line 1 before anything reads it
=+ assigns + 1; += is what changes by it
=- assigns - 1; -= is what changes by it
=! assigns ! form.b; != compares
${名} stands in quotes and is not filled in; write the text between backticks
${form.c} stands in quotes and is not filled in; write the text between backticks
${名 + 1} stands in quotes and is not filled in; write the text between backticks
${ 名 } stands in quotes and is not filled in; write the text between backticks
${名.长} stands in quotes and is not filled in; write the text between backticks
nothing reads 名; use it, or take it away
${form} stands in quotes and is not filled in; write the text between backticks
${ctx} stands in quotes and is not filled in; write the text between backticks
${$proxy} stands in quotes and is not filled in; write the text between backticks
a number holds some 16 digits: this becomes 9007199254740992; write it as a text
the ; ends this here, so that what follows always runs
if (form.x) {} does nothing here; use it, or take it away
forEach gives nothing back; map gives a list
push gives the new length back, not the list; leave form.明细 = away
unshift gives the new length back, not the list; leave form.明细 = away
Math.max takes numbers, and gives NaN for a list; write ...[1, 2]
Math.min takes numbers, and gives NaN for a list; write ...form.明细.map(x => x)
甲 calls itself whatever it is given, and so without end; return first where it has to stop
乙 calls itself whatever it is given, and so without end; return first where it has to stop
A-z has [ \ ] ^ _ ` in it, too; write A-Za-z
[] fits no character at all; write \[\] or what it is
=- assigns - go(); -= is what changes by it
form['use it'] does nothing here; use it, or take it away
"""


def test_slips_of_statements_are_told_at_their_limits() -> None:
    assert retell(STATEMENTS, list_slips) == STATEMENTS.strip()


def test_messages_of_slips_of_statements_at_their_limits() -> None:
    assert list_messages(STATEMENTS) == STATEMENTS_MESSAGES.strip().splitlines()
