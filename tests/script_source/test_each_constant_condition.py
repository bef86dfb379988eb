# ruff: noqa: E501 - scripts, one a line
"""Conditions that are always true or never, beside those that nearly are; kinds of values."""

from __future__ import annotations

from tests.script_source.tables import list_messages, list_slips, retell

CONSTANTS = r"""
constant-condition@5 constant-condition@18 constant-condition@33 constant-condition@48 constant-condition@63 constant-condition@78 constant-condition@93 constant-condition@107 constant-condition@121 constant-condition@136 constant-condition@150 constant-condition@165 constant-condition@180 constant-condition@195 | if (0) go(); if (0.0) go(); if (0x0) go(); if (0b0) go(); if (0o0) go(); if (0e5) go(); if (.0) go(); if (0n) go(); if (0_0) go(); if (00) go(); if (0x1) go(); if (0.5) go(); if (0X0) go(); if (0E0) go()
constant-condition@5 constant-condition@20 constant-condition@57 constant-condition@81 constant-condition@96 constant-condition@116 constant-condition@136 constant-condition@176 | if (`x`) go(); if (``) go(); if (`${form.a}`) go(); if (`x${form.a}`) go(); if (/a/) go(); if (new Go()) go(); if (class {}) go(); if (function () {}) go(); if (-1) go(); if (typeof go) go(); if (this) go()
constant-condition@15 constant-condition@29 constant-condition@29 constant-condition@87 constant-condition@101 constant-condition@101 constant-condition@185 constant-condition@212 | if (form.a || []) go(); if ([] || form.a) go(); if (form.a && []) go(); if (form.a && '') go(); if ('' && form.a) go(); if (form.a || '') go(); if (form.a ?? []) go(); if (!(form.a || [])) go(); if (!(form.a && '')) go()
constant-condition@70 | if ((form.a || []) && (form.b || {})) go(); if (form.a || (form.b || 'x')) go(); if (form.a && (form.b || 'x')) go(); if (form.a || (form.b && 'x')) go()
constant-condition@45 constant-condition@64 constant-condition@182 | while (1) break; while (true) break; while ('x') break; while ([]) break; do { break } while (true); do { break } while (1); for (;true;) break; for (;;) break; do { break } while ([]); for (;[];) break
constant-condition@5 constant-condition@26 constant-condition@50 constant-condition@67 never-equal@106 never-equal@129 constant-condition@159 constant-condition@190 | if (true) go(); form.b = true ? 1 : 2; form.c = !true; form.d = !![]; form.e = !0; form.f = !1; form.g = !'x' in form; form.h = !'x' instanceof go; form.i = !null; form.j = -'x'; form.k = !undefined
constant-condition@11 constant-condition@44 constant-condition@140 constant-condition@182 | form.b = ('x' + form.a) ? 1 : 2; form.c = (form.a + 'x') ? 1 : 2; form.d = ('' + form.a) ? 1 : 2; form.e = (form.a - 1) ? 1 : 2; form.f = (`x${form.a}` + form.b) ? 1 : 2; form.g = (form.a + form.b + 'x') ? 1 : 2; form.h = ('' + '') ? 1 : 2
constant-condition@23 constant-condition@55 constant-condition@82 constant-condition@115 constant-condition@205 | if (form.a === 'x' || 'y') go(); if (form.a == 'x' || 5) go(); if (form.a > 1 || 'y') go(); if (form.a !== 'x' || []) go(); if (form.a === 'x' || go) go(); function 甲() { return 1 } if (form.a === 'x' || 甲) 甲()
constant-condition@28 constant-condition@60 constant-condition@293 | form.b = form.a === 'x' || 'y'; form.c = form.a === 'x' || true; form.d = form.a === 'x' || 0; form.e = form.a === 'x' || null; form.f = form.a === 'x' || form.b; form.g = form.a === 'x' && 'y'; form.h = form.a === 'x' ?? 'y'; form.i = form.a === 'x' || undefined; form.j = form.a === 'x' || 5; form.k = form.a === 'x' || false
constant-condition@118 constant-condition@152 constant-condition@196 constant-condition@230 | form.b = (form.a === 'x' || 'y') || form.c; form.d = (form.a === 'x' || 'y') && form.c; form.e = !(form.a === 'x' || 'y'); form.f = (form.a === 'x' || 'y') ? 1 : 2; form.g = go(form.a === 'x' || 'y'); form.h = (form.a === 'x' || 'y') + 1
constant-condition@10 constant-condition@34 constant-condition@56 constant-condition@79 constant-condition@103 | form.b = 'x' || form.a; form.c = 5 && form.a; form.d = {} ?? form.a; form.e = [] || form.a; form.f = (() => 1) || form.a; form.g = true || form.a; form.h = null ?? form.a; form.i = -1 || form.a; form.j = `x` || form.a; form.k = 'x' + form.a
constant-condition@5 constant-condition@31 constant-condition@58 | if (1 < form.a < 5) go(); if (1 < form.a <= 5) go(); if ((1 < form.a) < 5) go(); if (1 < (form.a < 5)) go(); if (1 + form.a < 5) go(); if (1 < form.a === true) go()
constant-condition@5 constant-condition@34 constant-condition@155 | if (form.a.length < 0) go(); if (form.a.length >= 0) go(); if (form.a.length > 0) go(); if (form.a.length <= 0) go(); if (form.a['length'] < 0) go(); if (form.a?.length < 0) go(); if (form.长 < 0) go(); if (form.a.length < 1) go(); if (0 > form.a.length) go(); if (length < 0) go()
never-equal@16 never-equal@31 never-equal@67 never-equal@125 | if (form.a === NaN) go(); if (NaN == form.a) go(); if (form.a !== Number.NaN) go(); if (form.a > NaN) go(); if (form.a === (NaN)) go(); if (form.a === 'NaN') go()
never-equal@64 never-equal@100 never-equal@121 never-equal@156 never-equal@306 | if (typeof form.a === 'undefined') go(); if (typeof form.a === 'text') go(); if (typeof form.a === undefined) go(); if ('text' == typeof form.a) go(); if (undefined !== typeof form.a) go(); if (typeof form.a === null) go(); if (form.a === 'text') go(); if (typeof form.a === form.b) go(); if (-form.a === 'text') go()
- | if (typeof form.a === 'object' || typeof form.b === 'boolean' || typeof form.c === 'number' || typeof form.d === 'bigint' || typeof form.e === 'string' || typeof form.f === 'symbol' || typeof form.g === 'function') go()
never-equal@16 never-equal@30 never-equal@65 never-equal@91 never-equal@123 never-equal@200 same-sides@193 | if (form.a === []) go(); if ({} == form.a) go(); if (form.a === /a/) go(); if (form.a === new Go()) go(); if (form.a === (() => 1)) go(); if (null === []) go(); if (undefined == {}) go(); if ([] === []) go(); if ([] === null) go()
never-equal@23 never-equal@72 never-equal@148 never-equal@183 never-equal@221 | if (form.a.trim() === 5) go(); if (form.a.trim() == 5) go(); if (5 !== form.a.trim()) go(); if (form.a.trim() === '5') go(); if (form.a.length === true) go(); if (form.a.map(go) === 'x') go(); if (form.a.includes(1) === 'x') go(); if (form.a.trim() === form.b) go(); if (form.a.trim() === null) go()
duplicate-key@58 duplicate-key@76 never-equal@94 never-equal@111 | switch (form.a) { case 'x': break; case 'y': break; case 'x': break; case ('y'): break; case NaN: break; case []: break; default: break }
never-equal@24 never-equal@151 | switch (form.a) { case form.a > 5: break; case form.b && form.c > 1: break; case form.b || form.c: break; case !form.b: break; case true: break; case form.b === 1: break; case form.b in form.c: break }
never-equal@46 never-equal@147 | switch (true) { case form.a > 5: break; case 5: break } switch (false) { case form.a > 5: break } switch (!form.a) { case form.a > 5: break; case 'x': break } switch ((true)) { case form.a > 5: break }
never-equal@31 never-equal@73 never-equal@114 | switch (typeof form.a) { case 'text': break; case 'string': break; case 5: break } switch (form.a.length) { case '5': break; case 5: break }
same-sides@1 same-sides@40 same-sides@69 same-sides@101 same-sides@127 same-sides@153 same-sides@179 same-sides@206 | form.a = form.a; form.b -= form.b; if (form.a === form.a) go(); if (form.a < form.a) go(); form.c = form.a - form.a; form.d = form.a / form.a; form.e = form.a % form.a; form.f = form.a && form.a; form.g = form.a || form.a; form.h = form.a + form.a; form.i = form.a * form.a; form.j = form.a ?? form.a
same-sides@97 same-sides@212 same-sides@235 same-sides@263 same-sides@291 | if (1 === 1) go(); if ('x' === 'x') go(); if (null === null) go(); if (go() === go()) go(); if ((form.a) === form.a) go(); if (form.a === form.b) go(); if (true === true) go(); if (undefined == undefined) go(); form.a = (form.a); if (form.a != form.a) go(); if (form.a >= form.a) go(); if (form.x[1] == form.x[1]) go()
index-condition@5 index-condition@37 index-condition@71 index-condition@118 index-condition@153 | if (form.a.indexOf('x')) go(); if (!form.a.indexOf('x')) go(); while (form.a.findIndex(go)) go(); do { go() } while (form.a.lastIndexOf('x')); form.b = form.a.search('x') ? 1 : 2; if (form.a.findLastIndex(go)) go(); if (form.a.indexOf('x') + 1) go(); if (form.a?.indexOf('x')) go(); form.c = -form.a.indexOf('x'); if (~form.a.indexOf('x')) go(); if (form.a.includes('x')) go()
never-equal@5 never-equal@34 never-equal@93 never-equal@169 never-equal@260 | if ('x' in ['x', 'y']) go(); if (form.a in form.b.map(go)) go(); if ('x' in form) go(); if (!'x' in form) go(); if (!('x' in form)) go(); if ((!'x') in form) go(); if (!form.a instanceof B) go(); if (form.a instanceof []) go(); if (-form.a in form) go(); if (!form.a in [form.b]) go()
constant-condition@24 | if (form.a === 'A' || ('B')) go(); form.b = form.a || 'y'; form.c = form.a > 1 || 5; form.d = form.a === 'x' || []; form.e = form.a === 'x' || form.b === 'y'
duplicate-key@57 | switch (form.a) { case 'x': break; default: break; case 'x': break }
constant-condition@16 constant-condition@41 constant-condition@67 constant-condition@93 | if (form.a || !'') go(); if (form.a && !'x') go(); if (form.a || !'x') go(); if (form.a && !'') go(); form.b = !(0) ? 1 : 2; form.c = (typeof form.x + form.y) ? 1 : 2
constant-condition@5 never-equal@90 never-equal@111 never-equal@132 never-equal@156 never-equal@177 never-equal@200 never-equal@251 | if (() => form.a) go(); const 物 = {}, 列 = [], 函 = () => 1, 真 = !form.x, 数 = 1; if (物 === 'x') go(); if (列 === 'x') go(); if (函 === 'x') go(函()); if (真 === 'x') go(); if (数 === 'x') go(); if ('x' === form.x.trim().length) go(); switch (form.a) { case form.b > 1 || form.c > 1: go() }
"""

CONSTANTS_MESSAGES = r"""
0 is always false here
0.0 is always false here
0x0 is always false here
0b0 is always false here
0o0 is always false here
0e5 is always false here
.0 is always false here
0n is always false here
0_0 is always false here
00 is always false here
0x1 is always true here
0.5 is always true here
0X0 is always false here
0E0 is always false here
`x` is always true here
`` is always false here
`x${form.a}` is always true here
/a/ is always true here
new Go() is always true here
class {} is a function, which is always true; call it: class {}()
function () {} is a function, which is always true; call it: function () {}()
typeof go is always true here
a list is always true, also an empty one; ask for its length
[] decides || by itself: what follows it, or the whole, is never used
'' is always false here
'' decides && by itself: what follows it, or the whole, is never used
'x' is always true here
true is always true here
! stands for the left side alone here; write !('x' in form)
! stands for the left side alone here; write !('x' instanceof go)
null is always false here
undefined is always false here
'x' + form.a is always true here
form.a + 'x' is always true here
`x${form.a}` + form.b is always true here
form.a + form.b + 'x' is always true here
'y' stands here by itself and is always true; compare it, too: form.a === 'y'
5 stands here by itself and is always true; compare it, too: form.a == 5
'y' is always true here
[] stands here by itself and is always true; compare it, too: form.a !== []
甲 stands here by itself and is always true; compare it, too: form.a === 甲
|| true decides it, whatever stands before
5 stands here by itself and is always true; compare it, too: form.a === 5
'x' decides || by itself: what follows it, or the whole, is never used
5 decides && by itself: what follows it, or the whole, is never used
{} decides ?? by itself: what follows it, or the whole, is never used
() => 1 decides || by itself: what follows it, or the whole, is never used
this compares true or false with 5; write 1 < form.a && form.a < 5
this compares true or false with 5; write 1 < form.a && form.a <= 5
a length is never below 0; write form.a.length > 0
a length is never below 0; write form.a?.length > 0
nothing equals NaN, not even itself; write Number.isNaN(form.a)
typeof never gives 'text'; it gives a text: 'string', 'number', 'boolean', 'object', 'function', 'undefined'
typeof never gives undefined; it gives a text: 'undefined'
-form.a is a number and never equals 'text', which is a text
what is made here anew equals nothing else; compare its members or its length
both sides are []; one of them is hardly meant
form.a.trim() is a text and never equals 5, which is a number
5 is a number and never equals form.a.trim(), which is a text
form.a.length is a number and never equals true, which is true or false
form.a.map(go) is a list and never equals 'x', which is a text
form.a.includes(1) is true or false and never equals 'x', which is a text
the case 'x' stands twice
the case 'y' stands twice
form.a is compared with true or false here; write switch (true), or if
true is true or false and never equals 5, which is a number
!form.a is true or false and never equals 'x', which is a text
typeof form.a is a text and never equals 5, which is a number
form.a.length is a number and never equals '5', which is a text
both sides are form.a; one of them is hardly meant
both sides are form.x[1]; one of them is hardly meant
indexOf gives 0 for the first place and -1 for none; write includes, or compare with -1
findIndex gives 0 for the first place and -1 for none; write includes, or compare with -1
lastIndexOf gives 0 for the first place and -1 for none; write includes, or compare with -1
search gives 0 for the first place and -1 for none; write includes, or compare with -1
in asks a list for an index; write ['x', 'y'].includes('x')
in asks a list for an index; write form.b.map(go).includes(form.a)
! stands for the left side alone here; write !(form.a instanceof B)
! stands for the left side alone here; write !(form.a in [form.b])
'B' stands here by itself and is always true; compare it, too: form.a === 'B'
=> makes a function, which is always true; >= compares
物 is an object and never equals 'x', which is a text
列 is a list and never equals 'x', which is a text
函 is a function and never equals 'x', which is a text
真 is true or false and never equals 'x', which is a text
数 is a number and never equals 'x', which is a text
'x' is a text and never equals form.x.trim().length, which is a number
"""


def test_constant_conditions_are_told_at_their_limits() -> None:
    assert retell(CONSTANTS, list_slips) == CONSTANTS.strip()


def test_messages_of_constant_conditions_at_their_limits() -> None:
    assert list_messages(CONSTANTS) == CONSTANTS_MESSAGES.strip().splitlines()
