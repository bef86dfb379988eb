# ruff: noqa: E501 - scripts, one a line
"""Methods, members and operators that do something else, each at its limits."""

from __future__ import annotations

from tests.script_source.tables import list_messages, list_slips, retell

VALUES = r"""
no-effect@1 | form.a = 1; form.a = 2
no-effect@1 no-effect@13 | form.a = 1; form.a = 2; form.a = 3
- | form.a = 1; form.b = 2; form.a = 3
- | form.a = 1; form.a = form.a + 1
- | form.a = 1; form.a = go()
- | form.a = go(); form.a = 1
no-effect@1 | form.a = 1; /* 注 */ form.a = 2
- | form.a = 1; form.a += 2
- | form.$message = 1; form.$message = 2
- | form['a'] = 1; form['a'] = 2
no-effect@12 | let 甲 = 1; 甲 = 2; 甲 = 3; form.a = 甲
no-effect@1 | (form.a = 1); (form.a = 2)
no-effect@13 | if (form.x) form.a = 1; form.a = 2
no-effect@15 | if (form.x) { form.a = 1 } form.a = 2
no-effect@23 | if (form.x) { /* 注 */ form.a = 1 } form.a = 2
- | if (form.x) { form.a = 1; form.b = 1 } form.a = 2
- | if (form.x) { form.a = 1 } else { form.b = 1 } form.a = 2
no-effect@1 | if (form.x) { } form.a = 2
- | if (form.x) go(); form.a = 2
no-effect@2 | function 甲() {⏎ form.a = 1⏎ form.a = 2⏎ } 甲()
same-sides@10 same-sides@35 same-sides@94 | form.a = form.x ? 1 : 1; form.b = form.x ? go( 1) : go(1); form.c = form.x ? 1 : 2; form.d = form.x ? '' : ''; if (form.x) { } else { }
same-sides@1 | if (form.x) { form.a = 1 } else { form.a = 1 }
- | if (form.x) form.a = 1; else form.a = 1
- | if (form.x) { form.a = 1 } else form.a = 1
same-sides@1 | if (form.x) { form.a = 1 } else { form.a  =1 }
- | if (form.x) { form.a = 1 } else { form.a = 2 }
constant-condition@5 constant-condition@45 | if (form.a === form.b === form.c) go(); if (form.a == form.b != form.c) go(); if ((form.a === form.b) === form.c) go(); if (form.a === form.b === true) go(); if (form.a === form.b === false) go(); if (form.a < form.b === form.c) go(); if (form.a === (form.b === form.c)) go(); if (form.a === form.b > form.c) go()
constant-condition@5 constant-condition@32 constant-condition@90 constant-condition@136 constant-condition@164 constant-condition@187 constant-condition@279 | if (form.a & form.b) go(); if (form.a | form.b) go(); form.c = form.a & form.b; form.d = form.a & form.b && form.c; form.e = form.c || form.a | form.b; form.f = !(form.a & 1); form.g = (form.a & 1) ? 1 : 2; form.h = form.a ^ form.b ? 1 : 2; if ((form.a & 1) === 1) go(); while (form.a & 1) go(); form.i = ~(form.a & 1); if (go(form.a & 1)) go()
constant-condition@20 constant-condition@45 constant-condition@117 constant-condition@144 constant-condition@178 constant-condition@240 constant-condition@266 | form.a = form.x || true; form.b = form.x && false; form.c = form.x || false; form.d = form.x && true; if (form.x || true) go(); if ((form.x && false)) go(); form.e = (form.x || true) && form.y; form.f = form.x ?? true; form.g = form.x || (true); form.h = form.x || true ? 1 : 2
never-equal@5 never-equal@48 never-equal@69 never-equal@98 never-equal@128 never-equal@270 never-equal@320 never-equal@333 never-equal@347 | if (0.1 + form.x === 0.3) go(); if (form.x === 0.1 + 0.2) go(); if (form.x - 0.5 == 1) go(); if (form.x * 1.5 !== 1) go(); if (form.x / 0.5 != 1) go(); if (form.x + 1 === 2) go(); if (form.x === 0.3) go(); if (form.x % 0.5 === 0) go(); if (form.x + 0.1 > 1) go(); if ((form.x + 0.1) === 1) go(); if (form.x + '0.1' === 1) go(); if (0.1 + 0.2 === 0.1 + 0.3) go()
index-condition@5 index-condition@219 index-condition@283 | if (form.x.indexOf('a') > 0) go(); if (form.x.indexOf('a') >= 0) go(); if (form.x.indexOf('a') > 1) go(); if (form.x.lastIndexOf('a') > 0) go(); if (0 < form.x.indexOf('a')) go(); if (form.x.search('a') > 0) go(); if (form.x?.indexOf('a') > 0) go(); if (indexOf('a') > 0) go(); if ((form.x.indexOf('a')) > (0)) go()
no-effect@11 no-effect@39 no-effect@141 wrong-value@160 no-effect@215 | form.a = (form.x, form.y); const 甲 = (1, 2); let 乙; 乙 = (go(), 2); for (let i = 0, j = 0; i < 1; i++, j++) go(i, j); function 丙() { return (1, 2) } form.b = 丙(甲, 乙); form.c = [(1, 2)]; if ((1, 2)) go(); form.d = ((1, 2))
wrong-value@77 wrong-value@87 wrong-value@133 wrong-value@153 wrong-value@163 | const 集 = new Set(), 表 = new Map(), 列 = [1], 弱 = new WeakMap(); form.a = [集.length, 表.length, 列.length, 集.size, 弱.length, new Set().length, (new Map()).length, 集.length()]
- | let 集 = new Set(); 集 = go(); const {表} = {表: new Map()}; const 外 = go(); form.a = [集.length, 表.length, 外.length, 无.length]
wrong-value@15 wrong-value@25 wrong-value@46 wrong-value@66 wrong-value@115 wrong-value@177 | form.a = [[1].size, 'x'.size, form.x.map(go).size, form.x.trim().size, form.x.size, form.x.map(go).size(), form.x.length(), form.x.map(go).length, 5 .size, (form.x.split('-')).size]
no-effect@18 no-effect@35 no-effect@51 no-effect@64 no-effect@84 no-effect@104 no-effect@120 no-effect@137 no-effect@152 no-effect@172 no-effect@188 no-effect@208 no-effect@225 no-effect@248 | form.a = [form.x.toString, form.x.toFixed, form.x.trim, form.x.toUpperCase, form.x.toLowerCase, form.x.reverse, form.x.padStart, form.x.padEnd, form.x.toISOString, form.x.getTime, form.x.getFullYear, form.x.getMonth, form.x.toLocaleString, form.x.toLocaleDateString, form.x.split, form.x.join]
no-effect@92 constant-condition@137 | form.a = [form.x.trim(), (form.x.trim)(), form.x.trim.name, form.x.trim['name'], go[form.x.trim], typeof form.x.trim, form.x.trim && 1, 1 || form.x.trim, form.x.trim ?? 1, !form.x.trim, form.x.trim === go, 'x' in form.x.trim, form.x.trim ? 1 : 2, form.y ? form.x.trim : 2]
no-effect@34 no-effect@57 no-effect@122 no-effect@136 no-effect@164 no-effect@190 | form.x.trim = 1; form.y = form.x.trim; form.z += form.x.trim; if (form.x.trim) go(); while (form.x.trim) go(); go(form.x.trim); form.x.trim += 1; const 甲 = form.x.trim; form.w = 甲 + form.x.trim
unknown-member@18 unknown-member@33 unknown-member@55 unknown-member@90 unknown-member@110 unknown-member@136 unknown-member@194 unknown-member@232 unknown-member@257 | form.a = [form.x.lenght, form.x.toUppercase(), form.x.indexof(1), form.x.lengths, form.x.foreach(go), form.x.repalce('a', 'b'), form.x.getFullyear(), lenght.x, form.lenght, form.x.size, form.x.Length, form.x.Map, form.x.JOIN, go().lenght, 甲.lenght, form.x.substrign(1), form.x.strat, form.x.reduce1]
unknown-member@61 unknown-member@93 unknown-member@99 | const 限 = {limit: 5, 上限: 6, go() { return 1 }}; form.a = [限.limt, 限.limit, 限.zzz, 限.go(), 限.上线, 限.Limit]
- | const 限 = {limit: 5, ...form.x}; form.a = 限.limt
- | const 限 = {limit: 5, [form.x]: 6}; form.a = 限.limt
unknown-member@51 | const 限 = {limit: 5 /* 注 */, '上限': 1}; form.a = 限.limt
unknown-member@42 | const limit = 5, 限 = {limit}; form.a = 限.limt
- | let 限 = {limit: 5}; form.a = 限.limt
- | const 限 = {limit: 5}; go(限); form.a = 限.limt
- | const 限 = {limit: 5}; 限.x = 5; form.a = 限.limt
- | const 限 = {limit: 5}; 限['x'] = 5; form.a = 限.limt
no-effect@23 | const 限 = {limit: 5}; form.a = form.b[限]; form.a = 限.limt
unknown-member@109 | const {限} = {limit: 5}; form.a = 限.limt; const 表 = [1]; form.b = 表.limt; const 物 = ({limit: 5}); form.c = 物.limt
wrong-value@30 wrong-value@53 wrong-value@75 wrong-value@98 wrong-value@119 wrong-value@141 wrong-value@170 wrong-value@275 | form.a = [Math.round(form.x, 2), Math.floor(form.x, 2), Math.ceil(form.x, 2), Math.trunc(form.x, 2), Math.abs(form.x, 2), Math.sqrt(form.x, 2), Number.isInteger(form.x, 2), Math.max(form.x, 2), Math.round(form.x), _.round(form.x, 2), Math.pow(form.x, 2), Math.round(form.x, 1, 2)]
wrong-value@11 wrong-value@36 wrong-value@61 wrong-value@86 wrong-value@111 wrong-value@136 wrong-value@330 | form.a = [form.x.replace(',', ''), form.x.replace(' ', ''), form.x.replace('-', ''), form.x.replace('/', ''), form.x.replace('，', ''), form.x.replace('、', ''), form.x.replace('a', ''), form.x.replace(/,/g, ''), form.x.replace(), form.x.replaceAll(',', ''), form.x.replace('.', ''), form.x.replace(form.y, ','), replace(',', ''), form.x.replace(`,`, '')]
wrong-value@11 | form.a = [form.x.getYear(), form.x.getYear(1), form.x.getFullYear(), getYear()]
wrong-value@11 wrong-value@29 wrong-value@51 wrong-value@180 | form.a = [Array(5).map(go), new Array(5).map(go), new Array(5).forEach(go), new Array(5).filter(go), new Array(5, 6).map(go), new Array(form.n).map(go), Array(5).fill(0).map(go), (new Array(5)).map(go), new 别(5).map(go), [5].map(go)]
wrong-value@23 wrong-value@40 | form.a = [form.x.fill([]), form.x.fill({}), form.x.fill(0), form.x.fill(), form.x.fill(1, []), fill([])]
wrong-pattern@57 wrong-pattern@83 wrong-pattern@151 | const 式 = /a/g, 样 = /a/, 双 = /a/gi, 忽 = /a/i; form.a = [式.test('a'), 样.test('a'), 双.test('a'), 忽.test('a'), /a/g.test('a'), 无.test('a'), 式.exec('a'), (式).test('a')]
wrong-value@28 | for (const 行 of form.明细) { form.明细.splice(0, 1) }
wrong-value@28 | for (const 行 of form.明细) { form.明细.shift() }
- | for (const 行 of form.明细) { form.明细.pop(); form.别.splice(0, 1); splice(0) }
unreachable@50 | for (const 行 of form.明细) { form.明细.splice(0, 1); break }
- | for (const 行 of form.明细) { if (行) { form.明细.splice(0, 1); break } }
wrong-value@54 | for (const 甲 of form.别) { for (const 行 of form.明细) { form.别.splice(0, 1); go(甲, 行) } }
wrong-value@28 | for (const 键 in form.明细) { form.明细.splice(键, 1) }
- | for (let i = 0; i < form.明细.length; i++) { form.明细.splice(i, 1) }
wrong-value@24 | form.明细.forEach(行 => { form.明细.splice(行, 1) }); form.明细.reduce(行 => { form.明细.splice(行, 1); return 1 }); form.别.forEach(行 => { form.明细.splice(行, 1) }); form.明细.sort(行 => { form.明细.splice(行, 1); return 1 })
wrong-value@29 wrong-value@95 wrong-value@159 wrong-value@222 wrong-value@273 wrong-value@329 | form.a = form.明细.map(行 => { form.明细.splice(行, 1); return 1 }); form.b = form.明细.filter(行 => { form.明细.splice(行, 1); return 1 }); form.c = form.明细.some(行 => { form.明细.splice(行, 1); return 1 }); form.d = form.明细.every(行 => form.明细.splice(行, 1)); form.e = form.明细.find((行 => form.明细.splice(行, 1))); form.f = form.明细.findIndex(行 => form.明细.shift())
wrong-value@130 | form.明细.forEach(行 => { form.明细.splice(行, 1); for (;;) { if (form.x) break; go() } }); for (const 行 of form.明细) { const f = () => form.明细.splice(行, 1); f() }
for-in@51 | for (var i = 0; i < 3; i++) { setTimeout(() => go(i), 1) }
- | for (let i = 0; i < 3; i++) { setTimeout(() => go(i), 1) }
for-in@62 | for (var i = 0, j = 0; i < 3; i++) { queueMicrotask(() => go(j)) }
for-in@50 | for (var i = 0; i < 3; i++) { go().then(() => go(i)); setTimeout(() => go(i), 1) }
no-effect@78 | for (var i = 0; i < 3; i++) { setTimeout(go, i); setTimeout(() => go(1), 1); form.明细.map(() => i); setInterval(() => go(i), 1) }
- | for (i = 0; i < 3; i++) { setTimeout(() => go(i), 1) }
for-in@57 | for (var i = 0; i < 3; i++) setTimeout(function () { go(i) }, 1)
wrong-value@17 | for (let i = 0; i <= form.明细.length; i++) go(form.明细[i])
- | for (let i = 0; i < form.明细.length; i++) go(form.明细[i])
- | for (let i = 0; i <= form.明细.length; i++) go(form.别[i])
- | for (let i = 0; i <= form.明细.length - 1; i++) go(form.明细[i])
wrong-value@18 | for (let i = 0; (i <= form.明细.length); i++) { go(form.明细[i]) }
- | for (let i = 0; form.明细.length >= i; i++) { go(form.明细[i]) }
- | for (let i = 0; i <= 长; i++) go(form.明细[i]); for (let i = 0; i <= form.明细.size; i++) go(form.明细[i]); for (;;) { go() }
constant-condition@28 constant-condition@57 constant-condition@85 constant-condition@114 constant-condition@146 constant-condition@177 | form.a = [form.x.find(行 => 行.a = 1), form.x.filter(行 => 行.a = 1), form.x.some(行 => (行.a = 1)), form.x.every(行 => 行.a = 1), form.x.findIndex(行 => 行.a = 1), form.x.findLast(行 => 行.a = 1), form.x.map(行 => 行.a = 1), form.x.find(行 => { 行.a = 1; return 1 }), form.x.find(go), form.x.find(), form.x.find(行 => 行.a === 1), find(行 => 行.a = 1), form.x.find(行 => 行.a += 1), form.x.find(1, 行 => 行.a = 1)]
no-effect@19 no-effect@46 no-effect@55 no-effect@66 | let n = 1, m = 1; n = n++; m = n++; n = ++n; n = n--; n = (n++); form.n = form.n++; form.n += form.n++; n = n + 1; form.a = n + m
wrong-value@193 wrong-value@202 wrong-value@229 wrong-value@250 wrong-value@256 wrong-value@284 | function 甲(x) { return x } function 乙(...x) { return x } function 丙() { return arguments.length } const 丁 = x => x, 戊 = (x, y = 1) => x + y, 己 = function () { return 1 }; form.a = [甲(1), 甲(1, 2), 甲(1, 2, 3), 乙(1, 2), 丙(1), 丁(1, 2), 戊(1, 2), 戊(1, 2, 3), 己(1), 甲(...form.x, 1), (甲)(1, 2), 无(1, 2), form.x.甲(1, 2), 己()]
unknown-member@34 unknown-member@54 unknown-member@70 unknown-member@87 unknown-member@105 unknown-member@124 unknown-member@141 unknown-member@158 unknown-member@175 unknown-member@190 unknown-member@205 unknown-member@220 unknown-member@237 unknown-member@253 unknown-member@273 unknown-member@307 unknown-member@330 unknown-member@350 | form.a = [form.x.lenghts, form.x.tolowercase, form.x.toFiexd, form.x.inculdes, form.x.subsrting, form.x.startswith, form.x.endswith, form.x.padstart, form.x.tostring, form.x.conact, form.x.spilce, form.x.redcue, form.x.getmonth, form.x.gettime, form.x.toIsoString, form.x.findindex, JSON.strinigfy, form.x.hasownproperty, form.x.touppercase, form.x.getfullyear]
wrong-value@10 | form.a = (form.x.replace)(',', ''); if (form.x) return form.a = 1; form.a = 2
- | for (var i = 0; i < 3; i++) { setTimeout(); go().then(); go(i) }
wrong-value@75 wrong-value@116 | form.a = (x => x)(1, 2); function 甲(x /* 注 */) { return x } form.b = 甲(1, 2); const 乙 = (/* 注 */) => 1; form.c = 乙(1)
no-effect@13 | go(); go(); form.a = 1; form.a = 2
no-effect@28 | form.a = go(); form.a = 1; form.b = 1; form.b = 2
wrong-value@75 wrong-pattern@83 | const {表} = new Map(), 集 = (new Set()), 式 = (/a/g); form.a = [表.length, 集.length, 式.test('a')]
- | form.a = form.明细.shift() || form.明细; form.b = form.明细.splice(1) === form.明细
constant-condition@44 constant-condition@85 | if (form.a === form.b && form.c) go(); if (form.a === form.b === !form.c) go(); if (form.a !== form.b !== form.c) go(); if (form.a === form.b + form.c) go()
no-effect@63 wrong-value@79 no-effect@99 wrong-value@118 no-effect@166 | form.a = [(form.x.trim)(), (form.x.trim).name, form.x[(form.x.trim)], (form.x.length)(), ((form.x.trim)), (new Set().length)()]; (form.x.trim) = 1; form.b = (form.x.trim)
"""

VALUES_MESSAGES = r"""
form.a is overwritten by line 1 before anything reads it
甲 is overwritten by line 1 before anything reads it
if (form.x) { } does nothing here; use it, or take it away
form.a is overwritten by line 3 before anything reads it
both branches do the same, so the condition decides nothing
this compares true or false with form.c; join two comparisons by &&
& works on the bits of numbers; write &&
| works on the bits of numbers; write ||
|| true decides it, whatever stands before
&& false decides it, whatever stands before
true is always true here
false is always false here
0.1 + form.x is not exact, so that it may equal nothing; compare rounded values
0.1 + 0.2 is not exact, so that it may equal nothing; compare rounded values
form.x - 0.5 is not exact, so that it may equal nothing; compare rounded values
form.x * 1.5 is not exact, so that it may equal nothing; compare rounded values
form.x / 0.5 is not exact, so that it may equal nothing; compare rounded values
form.x + 0.1 is not exact, so that it may equal nothing; compare rounded values
form.x + '0.1' is a text and never equals 1, which is a number
0.1 + 0.3 is not exact, so that it may equal nothing; compare rounded values
indexOf gives 0 for the first place, which > 0 leaves out; write includes, or >= 0
of values joined by a comma only the last one counts
丙 takes 0, so that this is dropped
a Set has no length; write size
a Map has no length; write size
a list and a text have no size; write length
length is a number and cannot be called; leave () away
toString is a method that is not called; write toString()
toFixed is a method that is not called; write toFixed()
trim is a method that is not called; write trim()
toUpperCase is a method that is not called; write toUpperCase()
toLowerCase is a method that is not called; write toLowerCase()
reverse is a method that is not called; write reverse()
padStart is a method that is not called; write padStart()
padEnd is a method that is not called; write padEnd()
toISOString is a method that is not called; write toISOString()
getTime is a method that is not called; write getTime()
getFullYear is a method that is not called; write getFullYear()
getMonth is a method that is not called; write getMonth()
toLocaleString is a method that is not called; write toLocaleString()
toLocaleDateString is a method that is not called; write toLocaleDateString()
1 decides || by itself: what follows it, or the whole, is never used
there is no 'lenght'; did you mean 'length'?
there is no 'toUppercase'; did you mean 'toUpperCase'?
there is no 'indexof'; did you mean 'indexOf'?
there is no 'foreach'; did you mean 'forEach'?
there is no 'repalce'; did you mean 'replace'?
there is no 'getFullyear'; did you mean 'getFullYear'?
there is no 'Length'; did you mean 'length'?
there is no 'substrign'; did you mean 'substring'?
there is no 'limt'; did you mean 'limit'?
there is no '上线'; did you mean '上限'?
there is no 'Limit'; did you mean 'limit'?
round takes one number and drops the rest; for two digits write Math.round(x * 100) / 100
floor takes one number and drops the rest; for two digits write Math.round(x * 100) / 100
ceil takes one number and drops the rest; for two digits write Math.round(x * 100) / 100
trunc takes one number and drops the rest; for two digits write Math.round(x * 100) / 100
abs takes one number and drops the rest; for two digits write Math.round(x * 100) / 100
sqrt takes one number and drops the rest; for two digits write Math.round(x * 100) / 100
isInteger takes one number and drops the rest; for two digits write Math.round(x * 100) / 100
replace changes the first ',' alone; write replaceAll
replace changes the first ' ' alone; write replaceAll
replace changes the first '-' alone; write replaceAll
replace changes the first '/' alone; write replaceAll
replace changes the first '，' alone; write replaceAll
replace changes the first '、' alone; write replaceAll
getYear counts from 1900; write getFullYear
Array(n) has no elements yet, so that map does nothing; write Array.from
Array(n) has no elements yet, so that forEach does nothing; write Array.from
fill puts the same object into each place; write Array.from(…, () => …)
a pattern with g goes on where its last test ended; leave the g away
this takes elements out of form.明细 while it is gone through, which skips the next one; write filter
this ends the loop in its first round
this takes elements out of form.别 while it is gone through, which skips the next one; write filter
all callbacks share this i, which has its last value by then; write let
all callbacks share this j, which has its last value by then; write let
.map() changes nothing and gives its result back, which nothing takes
form.明细[i] is not there in the last round; write <
this assigns to each element; a comparison is ===
n = n++ changes nothing; leave the assignment away
n = n-- changes nothing; leave the assignment away
n = (n++) changes nothing; leave the assignment away
form.n = form.n++ changes nothing; leave the assignment away
甲 takes 1, so that this is dropped
丁 takes 1, so that this is dropped
戊 takes 2, so that this is dropped
己 takes 0, so that this is dropped
there is no 'tolowercase'; did you mean 'toLowerCase'?
there is no 'toFiexd'; did you mean 'toFixed'?
there is no 'inculdes'; did you mean 'includes'?
there is no 'subsrting'; did you mean 'substring'?
there is no 'startswith'; did you mean 'startsWith'?
there is no 'endswith'; did you mean 'endsWith'?
there is no 'padstart'; did you mean 'padStart'?
there is no 'tostring'; did you mean 'toString'?
there is no 'conact'; did you mean 'concat'?
there is no 'spilce'; did you mean 'splice'?
there is no 'redcue'; did you mean 'reduce'?
there is no 'getmonth'; did you mean 'getMonth'?
there is no 'gettime'; did you mean 'getTime'?
there is no 'toIsoString'; did you mean 'toISOString'?
there is no 'findindex'; did you mean 'findIndex'?
there is no 'hasownproperty'; did you mean 'hasOwnProperty'?
there is no 'touppercase'; did you mean 'toUpperCase'?
there is no 'getfullyear'; did you mean 'getFullYear'?
乙 takes 0, so that this is dropped
form.b is overwritten by line 1 before anything reads it
this compares true or false with !form.c; join two comparisons by &&
"""


def test_slips_of_values_are_told_at_their_limits() -> None:
    assert retell(VALUES, list_slips) == VALUES.strip()


def test_messages_of_slips_of_values_at_their_limits() -> None:
    assert list_messages(VALUES) == VALUES_MESSAGES.strip().splitlines()
