# ruff: noqa: E501 - scripts, one a line
"""Slips in conditions: always true, never true, and ruled out by an earlier one."""

from __future__ import annotations

from tests.script_source.tables import list_slips, retell

CONSTANT_OR_NEVER_EQUAL = r"""
- | if (form.a) form.b = 1
constant-condition@5 | if (true) form.b = 1
constant-condition@5 | if ('A') form.b = 1
constant-condition@5 | if ('') form.b = 1
constant-condition@5 | if (0) form.b = 1
constant-condition@5 | if (1) form.b = 1
constant-condition@5 | if (0.0) form.b = 1
constant-condition@5 | if (0x10) form.b = 1
constant-condition@5 | if (null) form.b = 1
constant-condition@5 | if (undefined) form.b = 1
constant-condition@5 | if ([]) form.b = 1
constant-condition@5 | if ({}) form.b = 1
constant-condition@5 | if (() => form.a) form.b = 1
- | if (form.a => 5) form.b = 1
constant-condition@40 | function check() { return form.a } if (check) form.b = 1
constant-condition@6 | if (!'A') form.b = 1
constant-condition@7 | if (!![]) form.b = 1
- | if (!0) form.b = 1
constant-condition@15 | if (form.a || 'A') form.b = 1
- | if (form.a && 'A') form.b = 1
constant-condition@15 | if (form.a && '') form.b = 1
- | if (form.a || '') form.b = 1
constant-condition@5 | if ('' || form.a) form.b = 1
constant-condition@23 | if (form.a === 'A' || 'B') form.b = 1
constant-condition@22 | if (form.a == 'A' || 'B') form.b = 1
constant-condition@23 | if (form.a !== 'A' || 'B') form.b = 1
constant-condition@28 | form.c = form.a === 'A' || 'B'
- | form.c = form.a === 'A' || ''
constant-condition@28 | form.c = form.a === 'A' || true
constant-condition@28 | form.c = form.a === 'A' || 5
- | form.c = form.a === 'A' || 0
- | form.c = form.a > 1 || 'B'
- | form.c = form.a === 'A' && 'B'
- | form.c = form.a === 'A' ? 1 : 2
constant-condition@29 | form.c = (form.a === 'A' || 'B') ? 1 : 2
- | form.c = form.a === 'A' || 'B' || form.d
- | form.c = (form.a === 'A' || 'B') && form.d
constant-condition@30 | form.c = !(form.a === 'A' || 'B')
constant-condition@10 | form.c = 'A' || form.a
constant-condition@10 | form.c = 'A' && form.a
constant-condition@10 | form.c = 5 ?? form.a
constant-condition@10 | form.c = {} || form.a
- | form.c = true || form.a
- | while (true) { form.b = 1; break }
- | while (1) { form.b = 1; break }
constant-condition@8 | while ('x') { form.b = 1; break }
constant-condition@8 | while (false) { form.b = 1 }
constant-condition@26 | do { form.b = 1 } while (false)
constant-condition@26 | do { form.b = 1 } while ('')
unreachable@24 | for (;;) { form.b = 1; break }
constant-condition@10 | form.c = true ? 1 : 2
constant-condition@10 | form.c = typeof form.a ? 1 : 2
constant-condition@10 | form.c = `x${form.a}` ? 1 : 2
- | form.c = `${form.a}` ? 1 : 2
constant-condition@11 | form.c = ('x' + form.a) ? 1 : 2
- | form.c = ('' + form.a) ? 1 : 2
- | form.c = (form.a + form.d) ? 1 : 2
constant-condition@11 | form.c = (form.a + ('x' + form.b)) ? 1 : 2
- | form.c = (form.a + ('' + form.b)) ? 1 : 2
never-equal@30 | if ((form.x ? 'a' : 'b') === 5) form.b = 1
- | if ((form.x ? 'a' : 1) === 5) form.b = 1
- | if ((form.x ? 1 : 'a') === 5) form.b = 1
- | if ((form.x || 'a') === 5) form.b = 1
never-equal@22 constant-condition@6 | if (('a' || 'b') === 5) form.b = 1
- | if ($proxy('crm').trim() === 5) form.b = 1
- | if (form.a?.b.map(x => x)) form.b = 1
- | if (form.a?.b.length === '5') form.b = 1
never-equal@24 | if (String(form.a) === 5) form.b = 1
never-equal@24 | if (Number(form.a) === 'x') form.b = 1
never-equal@29 | if (Object.keys(form.a) === 'x') form.b = 1
- | if (form.a.keys() === 'x') form.b = 1
never-equal@17 | if (+form.a === 'x') form.b = 1
never-equal@23 | if (typeof form.a === 5) form.b = 1
never-equal@17 | if (!form.a === 'x') form.b = 1
never-equal@20 | if (form.a - 1 === 'x') form.b = 1
- | if (form.a + 1 === 'x') form.b = 1
never-equal@15 | if (1 + 1 === 'x') form.b = 1
never-equal@24 | const n = 5; if (n === 'x') form.b = 1
- | let n = 5; n = form.a; if (n === 'x') form.b = 1
- | const {n} = {n: 5}; if (n === 'x') form.b = 1
- | function Number(x) { return x } if (Number(form.a) === 'x') form.b = 1
constant-condition@5 | if (form.明细.map(x => x)) form.b = 1
- | if (form.明细.map(x => x).length) form.b = 1
constant-condition@5 | if (new Date()) form.b = 1
- | if (form.明细?.map(x => x)) form.b = 1
constant-condition@5 | if (1 < form.a < 5) form.b = 1
- | if (1 < form.a && form.a < 5) form.b = 1
constant-condition@5 | if ((1 < form.a) < 5) form.b = 1
constant-condition@5 | if (form.明细.length < 0) form.b = 1
constant-condition@5 | if (form.明细.length >= 0) form.b = 1
- | if (form.明细.length <= 0) form.b = 1
- | if (form.明细.length > 0) form.b = 1
- | if (form.明细.size < 0) form.b = 1
- | if (form.明细.length < 1) form.b = 1
never-equal@16 | if (form.a === NaN) form.b = 1
never-equal@5 | if (NaN == form.a) form.b = 1
never-equal@16 | if (form.a !== Number.NaN) form.b = 1
- | if (form.a < NaN) form.b = 1
never-equal@23 | if (typeof form.a === 'text') form.b = 1
- | if (typeof form.a === 'string') form.b = 1
never-equal@5 | if ('undefine' === typeof form.a) form.b = 1
never-equal@23 | if (typeof form.a === undefined) form.b = 1
- | if (typeof form.a === 'bigint') form.b = 1
- | if (typeof form.a === form.b) form.b = 1
never-equal@16 | if (form.a === []) form.b = 1
never-equal@15 | if (form.a == {}) form.b = 1
never-equal@16 | if (form.a === new Date()) form.b = 1
never-equal@16 | if (form.a === /x/) form.b = 1
- | if (null === []) form.b = 1
never-equal@23 | if (form.a.trim() === 5) form.b = 1
- | if (form.a.trim() == 5) form.b = 1
never-equal@24 | if (form.明细.length === '5') form.b = 1
- | if (form.明细.length === 5) form.b = 1
never-equal@30 | if (form.a.includes('x') === 'true') form.b = 1
never-equal@29 | if (form.明细.map(x => x) === 'x') form.b = 1
duplicate-key@53 | switch (form.a) { case 'A': form.b = 1; break; case 'A': form.b = 2 }
duplicate-key@83 | switch (form.a) { case 'A': form.b = 1; break; case 'B': form.b = 2; break; case ('A'): form.b = 3 }
never-equal@24 | switch (form.a) { case form.a > 5: form.b = 1 }
- | switch (true) { case form.a > 5: form.b = 1 }
- | switch (!form.a) { case form.d > 5: form.b = 1 }
- | switch (form.a) { case form.a > 5 && form.d: form.b = 1 }
never-equal@24 | switch (form.a) { case NaN: form.b = 1 }
never-equal@31 | switch (form.a.trim()) { case 5: form.b = 1 }
- | switch (form.a.trim()) { case '5': form.b = 1; break; default: form.b = 2 }
same-sides@5 | if (form.a === form.a) form.b = 1
same-sides@10 | form.c = form.a - form.a
- | form.c = form.a + form.a
- | form.c = form.a * form.a
same-sides@10 | form.c = form.a / form.a
same-sides@10 | form.c = form.a || form.a
- | form.c = form.a ?? form.a
same-sides@1 | form.a = form.a
- | form.c = next() - next(); function next() { return form.a++ }
- | form.c = 5 - 5
index-condition@5 | if (form.a.indexOf('x')) form.b = 1
index-condition@6 | if (!form.a.indexOf('x')) form.b = 1
index-condition@5 | if (form.a.search('x')) form.b = 1
index-condition@5 | if (form.明细.findIndex(x => x)) form.b = 1
index-condition@5 | if (form.a.lastIndexOf('x')) form.b = 1
- | if (form.a.includes('x')) form.b = 1
- | if (form.a.indexOf('x') >= 0) form.b = 1
- | form.c = -form.a.indexOf('x')
index-condition@10 | form.c = form.a.indexOf('x') ? 1 : 2
index-condition@8 | while (form.a.indexOf('x')) { form.a = 'y' }
never-equal@5 | if ('A' in ['A', 'B']) form.b = 1
- | if ('A' in form) form.b = 1
never-equal@5 | if (!'A' in form) form.b = 1
- | if (!('A' in form)) form.b = 1
never-equal@5 | if (!form.a instanceof Date) form.b = 1
- | if ((!form.a) in form.d) form.b = 1
- | if (form.a instanceof Array) form.b = 1
"""

ORDERED_TEXTS = r"""
never-equal@14 | if (form.a > '5,000') form.b = 1
never-equal@14 | if (form.a < '1,234,567.50') form.b = 1
never-equal@15 | if (form.a <= '￥80') form.b = 1
never-equal@15 | if (form.a >= '¥ 5,000') form.b = 1
never-equal@14 | if (form.a > '5000元') form.b = 1
never-equal@14 | if (form.a > '5，000') form.b = 1
never-equal@14 | if (form.a > '５０００') form.b = 1
never-equal@5 | if ('5,000' < form.a) form.b = 1
never-equal@37 | form.b = form.明细.filter(行 => 行.金额 > '1,000').length
never-equal@16 | form.b = (1 >= '一千') ? 1 : 2
never-equal@22 | if (form.明细.length > '三') form.b = 1
never-equal@22 | if (Number(form.a) > 'A') form.b = 1
- | if (form.a > '5000') form.b = 1
- | if (form.a > ' 5e3 ') form.b = 1
- | if (form.a > '-0.5') form.b = 1
- | if (form.a > '') form.b = 1
- | if (form.a > '2026-03-01') form.b = 1
- | if (form.a >= '09:00') form.b = 1
- | if (form.a > '3级') form.b = 1
- | if (form.a > '1.2.3') form.b = 1
- | if (form.a > 'B') form.b = 1
- | if (form.a < '10%') form.b = 1
- | if (form.a > '1,2') form.b = 1
- | if (form.a.trim() > '5,000') form.b = 1
- | if (String(form.a) < '一千') form.b = 1
- | if (form.a > `${form.b},000`) form.b = 1
- | if (form.a === '5,000') form.b = 1
- | form.明细.sort((甲, 乙) => 甲.编号 < 乙.编号 ? -1 : 1)
"""

RULED_OUT = r"""
duplicate-key@40 | if (form.a === 1) form.x = 1; else if (form.a === 1) form.x = 2
- | if (form.a === 1) form.x = 1; else if (form.a === 2) form.x = 2
constant-condition@38 | if (form.a > 5) form.x = 1; else if (form.a > 10) form.x = 2
- | if (form.a > 5) form.x = 1; else if (form.a >= 5) form.x = 2
constant-condition@39 | if (form.a >= 5) form.x = 1; else if (form.a > 5) form.x = 2
duplicate-key@39 | if (form.a >= 5) form.x = 1; else if (form.a >= 5) form.x = 2
constant-condition@23 | if (form.a > 5) { if (form.a <= 5) form.x = 1 }
- | if (form.a > 5) { if (form.a < 6) form.x = 1 }
constant-condition@23 | if (form.a > 5) { if (form.a === 5) form.x = 1 }
- | if (form.a >= 5) { if (form.a === 5) form.x = 1 }
- | if (form.a > 5) { form.a = 1; if (form.a <= 5) form.x = 1 }
constant-condition@35 | if (form.a > 5) { form.b = 1; if (form.a <= 5) form.x = 1 }
- | if (form.a > 5) { await $proxy('crm').a(); if (form.a <= 5) form.x = 1 }
constant-condition@23 | if (form.a === 'A' && form.a === 'B') form.x = 1
- | if (form.a === 'A' || form.a === 'B') form.x = 1
constant-condition@23 | if (form.a !== 'A' || form.a !== 'B') form.x = 1
- | if (form.a !== 'A' && form.a !== 'B') form.x = 1
constant-condition@22 | if (form.a != 'A' || form.a != 'B') form.x = 1
constant-condition@21 | if (form.a !== 1 || form.a !== 2) form.x = 1
constant-condition@19 | if (form.a > 1 || form.a < 5) form.x = 1
constant-condition@20 | if (form.a >= 1 || form.a < 1) form.x = 1
- | if (form.a > 1 || form.a < 1) form.x = 1
constant-condition@19 | if (form.a > 1 && form.a < 1) form.x = 1
constant-condition@33 | if (form.a > 1 && form.b > 1 && form.a < 1) form.x = 1
constant-condition@15 | if (form.a && !form.a) form.x = 1
constant-condition@15 | if (form.a || !form.a) form.x = 1
constant-condition@16 | if (!form.a && form.a === 5) form.x = 1
- | if (!form.a && form.a === 0) form.x = 1
- | if (!form.a && form.a == 0) form.x = 1
- | if (!form.a && form.a === '') form.x = 1
constant-condition@16 | if (!form.a && form.a === 'A') form.x = 1
constant-condition@16 | if (!form.a && form.a > 0) form.x = 1
- | if (!form.a && form.a >= 0) form.x = 1
constant-condition@16 | if (!form.a && form.a < 0) form.x = 1
- | if (!form.a && form.a === null) form.x = 1
constant-condition@15 | if (form.a && form.a === null) form.x = 1
constant-condition@15 | if (form.a && form.a == null) form.x = 1
- | if (form.a == null && form.a === undefined) form.x = 1
constant-condition@24 | if (form.a === null && form.a === undefined) form.x = 1
constant-condition@23 | if (form.a == null && form.a != undefined) form.x = 1
constant-condition@15 | if (form.a && form.a === false) form.x = 1
constant-condition@16 | if (!form.a && form.a === true) form.x = 1
- | if (!form.a && form.a === false) form.x = 1
- | if (form.a && form.a === true) form.x = 1
constant-condition@42 | if (form.a !== 'A' && form.a !== null && form.a === 'A') form.x = 1
constant-condition@16 | if (!form.a && form.a.length) form.x = 1
constant-condition@16 | if (!form.a && form.a.trim()) form.x = 1
- | if (!form.a.length && form.a) form.x = 1
constant-condition@19 | if (5 < form.a && form.a < 3) form.x = 1
constant-condition@19 | if (5 < form.a && 3 > form.a) form.x = 1
- | if (form.a < form.b && form.a > form.b) form.x = 1
- | if (form.a < form.b && form.b > form.a) form.x = 1
constant-condition@24 | if (form.a < form.b && form.a >= form.b) form.x = 1
constant-condition@24 | if (form.a < form.b && !(form.b > form.a)) form.x = 1
constant-condition@26 | if (form.a === form.b && form.b !== form.a) form.x = 1
constant-condition@24 | if (form.a?.b === 1 && form.a.b === 2) form.x = 1
constant-condition@22 | if (form.a === -1 && form.a > 0) form.x = 1
- | if (form.a === '1' && form.a === 1) form.x = 1
- | if (next() && !next()) form.x = 1; function next() { return form.n++ }
duplicate-key@26 | if (!form.a) return; if (!form.a) form.x = 1
- | if (!form.a) return; if (form.a) form.x = 1
duplicate-key@41 | if (!form.a) { return } form.b = 1; if (!form.a) form.x = 1
- | if (!form.a) { form.b = 1 } if (!form.a) form.x = 1
constant-condition@48 | if (form.a) { form.b = 1 } else { return } if (!form.a) form.x = 1
duplicate-key@40 | if (!form.a) throw new Error('x'); if (!form.a) form.x = 1
duplicate-key@56 | for (const row of form.明细) { if (!row.a) continue; if (!row.a) form.x = 1 }
- | for (const row of form.明细) { if (!form.a) break; form.a = row; } if (!form.a) form.x = 1
constant-condition@40 | while (form.y) { if (form.a > 5) { if (form.a < 5) form.x = 1 } form.a = 1 }
- | while (form.a > 5) { form.a = form.a - 1; if (form.a <= 5) form.x = 1 }
- | if (form.a == 'a') { for (const r of form.明细) { if (form.a == 'b') form.x = r; form.a = 'b' } }
- | if (!form.a) return; form.明细.forEach(row => { if (!form.a) form.x = row })
constant-condition@24 | form.x = form.a > 5 ? (form.a < 3 ? 1 : 2) : 3
constant-condition@28 | form.x = form.a > 5 ? 1 : (form.a > 7 ? 2 : 3)
- | form.x = form.a && (form.a ? 1 : 2)
duplicate-key@21 | form.x = form.a || (form.a ? 1 : 2)
constant-condition@61 | if (form.a === 'A') return; if (form.a === 'B') return; if (form.a === 'A' || form.a === 'B') form.x = 1
constant-condition@53 | if (form.a < 1) return; if (form.a > 3) return; if (form.a < 1 || form.a > 3) form.x = 1
- | let n = form.a; if (n > 5) return; n = 9; if (n > 5) form.x = 1
constant-condition@42 | const n = form.a; if (n > 5) return; if (n > 6) form.x = 1
same-sides@5 | if (form.a > 5 && form.a > 5) form.x = 1
duplicate-key@42 | if (form.a.indexOf('x') < 0) return; if (form.a.indexOf('x') < 0) form.x = 1
- | if (form.明细.length === 0) return; form.明细.push(1); if (form.明细.length === 0) form.x = 1
- | if (form.明细[0]) return; fill(); if (form.明细[0]) form.x = 1
- | const 行 = list(); if (行[0]) return; fill(行); if (行[0]) form.x = 1
- | const 行 = list(); if (行['甲']) return; fill(行); if (行['甲']) form.x = 1
- | const 行 = list(); if (行.甲) return; fill(行); if (行.甲) form.x = 1
- | const 行 = list(); if (行[0]) return; 行[0] = 1; if (行[0]) form.x = 1
duplicate-key@53 | const 行 = list(); if (行[0]) return; form.b = 1; if (行[0]) form.x = 1
duplicate-key@51 | const n = form.a; if (n > 5) return; fill(n); if (n > 5) form.x = 1
"""


def test_conditions_that_decide_nothing_are_told() -> None:
    assert retell(CONSTANT_OR_NEVER_EQUAL, list_slips) == CONSTANT_OR_NEVER_EQUAL.strip()


def test_texts_that_are_no_numbers_and_are_ordered_as_numbers_are_told() -> None:
    assert retell(ORDERED_TEXTS, list_slips) == ORDERED_TEXTS.strip()


def test_conditions_that_earlier_ones_rule_out_are_told() -> None:
    assert retell(RULED_OUT, list_slips) == RULED_OUT.strip()
