# ruff: noqa: E501 - scripts, one a line
"""Slips in calls: callbacks, promises, methods, members and literals, each beside what is right."""

from __future__ import annotations

from tests.script_source.tables import list_slips, retell

CALLBACKS_AND_PROMISES = r"""
no-effect@1 missing-return@16 no-effect@25 | form.明细.filter(row => { row.数量 > 0 })
missing-return@25 no-effect@34 | form.a = form.明细.filter(row => { row.数量 > 0 })
- | form.a = form.明细.filter(row => { return row.数量 > 0 })
- | form.a = form.明细.filter(row => row.数量 > 0)
- | form.a = form.明细.filter(row => ({}))
- | form.a = form.明细.filter(row => { throw new Error('不支持') })
- | form.a = form.明细.filter(row => { if (row.数量) throw new Error('不支持'); form.b = 1 })
missing-return@22 | form.a = form.明细.map(row => { const f = () => { return 1 }; f() })
- | form.明细.map(row => { form.总数 += row.数量 })
- | (form.明细.map(row => { form.总数 += row.数量 }))
- | form.明细.flatMap(row => { form.总数 += row.数量 })
- | form.明细.some(row => { form.总数 += row.数量 })
- | form.明细.every(row => { form.总数 += row.数量 })
missing-return@14 | form.明细.find(row => { form.总数 += row.数量 })
missing-return@14 | form.明细.sort((a, b) => { form.总数 += a.数量 - b.数量 })
missing-return@25 | form.a = form.明细.reduce((sum, row) => { form.b = sum + row.数量 }, 0)
missing-return@27 | form.a = form.明细.toSorted((a, b) => { form.b = a - b })
missing-return@32 | form.a = form.明细.findLastIndex(row => { form.b = row })
- | form.明细.forEach(row => { form.总数 += row.数量 })
- | form.a = _.filter(row => { form.b = row })
- | const 工具 = {filter(f) { return f() }}; form.a = 工具.filter(row => { form.b = row })
missing-return@37 | form.a = Object.keys(form.d).filter(key => { form.b = key })
- | form.a = form.d?.filter(row => { form.b = row })
missing-return@15 | const check = row => { form.b = row }; form.a = form.明细.filter(check)
missing-return@1 | function check(row) { form.b = row } form.a = form.明细.filter(check)
- | form.a = form.明细.filter(ctx.check)
- | form.a = form.明细.filter()
- | form.a = form.明细.map(async row => { form.b = row })
missing-await@25 | form.a = form.明细.filter(async row => row.数量 > 0)
missing-await@27 | form.a = form.明细.findLast(async row => row.数量 > 0)
missing-await@24 | form.a = form.明细.every(async row => row.数量 > 0)
missing-await@23 | form.a = form.明细.sort(async (a, b) => a - b)
missing-await@17 | form.明细.forEach(async row => { await $proxy('crm').save(row) })
- | form.明细.forEach(async row => { form.b = row })
- | form.明细.forEach(row => { form.b = row })
missing-await@22 | form.a = form.明细.map(async row => await $proxy('crm').get(row)).filter(one => one)
missing-await@22 | form.a = form.明细.map(async row => await $proxy('crm').get(row)).length
- | form.a = form.明细.map(async row => await $proxy('crm').get(row)).concat([1])
missing-await@22 | form.a = form.明细.map(row => $proxy('crm').get(row)).join('、')
missing-await@22 | form.a = form.明细.map(row => { if (!row) throw 1; return $proxy('crm').get(row) }).join()
- | form.a = form.明细.map(row => { throw row }).join()
- | form.a = form.明细.map(row => row.名称).join('、')
missing-await@25 | const all = form.明细.map(row => $proxy('crm').get(row)); form.a = all.length
- | const all = form.明细.map(row => $proxy('crm').get(row)); form.a = (await Promise.all(all)).length
- | const all = form.明细.map(row => $proxy('crm').get(row)); form.a = all.length; await Promise.all(all)
missing-await@25 | const all = form.明细.map(row => $proxy('crm').get(row)); form.a = all.join(','); form.b = all.at(0)
- | const [all] = form.明细.map(row => $proxy('crm').get(row)); form.a = all.length
- | form.a = form.明细.map(row => { if (row.数量) return $proxy('crm').get(row); return null }).join(',')
wrong-callback@14 | form.明细.sort((a, b) => a.数量 > b.数量)
- | form.明细.sort((a, b) => { if (a.急) return -1; return a.数量 > b.数量 })
- | form.明细.sort((a, b) => a.数量 - b.数量)
wrong-callback@27 | form.a = form.明细.toSorted((a, b) => a.数量 < b.数量)
wrong-callback@22 | form.a = form.明细.map(parseInt)
- | form.a = form.明细.map(Number)
- | form.a = form.明细.filter(parseInt)
wrong-callback@12 | setTimeout(save(), 100); function save() { form.b = 1 }
wrong-callback@13 | setInterval(save(), 100); function save() { form.b = 1 }
- | setTimeout(save, 100); function save() { form.b = 1 }
- | setTimeout(make(), 100); function make() { return () => { form.b = 1 } }
- | setTimeout(save.bind(null), 100); function save() { form.b = 1 }
wrong-callback@16 | queueMicrotask(save()); function save() { form.b = 1 }
wrong-callback@10 | form.a = [3, 1, 2].sort()
- | form.a = [3].sort()
- | form.a = ['3', '1'].sort()
- | form.a = [3, '1'].sort()
- | form.a = [3, 1].sort((a, b) => a - b)
wrong-callback@28 | const 数 = [3, 1]; form.a = 数.sort()
- | const 数 = [3, 1]; const 别名 = 数; form.a = 别名.sort()
wrong-callback@10 | form.a = form.明细.map(row => row.数量 * 2).sort()
- | form.a = form.明细.map(row => row.数量).sort()
wrong-callback@10 | form.a = form.明细.map(Number).sort()
wrong-callback@10 | form.a = form.明细.map(parseFloat).toSorted()
- | form.a = form.明细.map(String).sort()
- | form.a = form.明细.filter(row => row.数量 * 2).sort()
never-equal@27 | form.a = form.明细.includes({id: 1})
never-equal@26 | form.a = form.明细.indexOf([1])
never-equal@30 | form.a = form.明细.lastIndexOf({})
never-equal@26 | form.a = form.明细.indexOf(NaN)
never-equal@30 | form.a = form.明细.lastIndexOf(NaN)
- | form.a = form.明细.includes(NaN)
- | form.a = form.明细.find({id: 1})
- | form.a = form.明细.includes('x')
missing-await@80 | const 甲 = $proxy('crm').a(), 乙 = $proxy('crm').b(); form.a = (await Promise.all(甲, 乙)).length
- | const 甲 = $proxy('crm').a(), 乙 = $proxy('crm').b(); form.a = (await Promise.all([甲, 乙])).length
missing-await@29 | form.a = (await Promise.race($proxy('crm').a())).code
- | form.a = (await Promise.any(form.明细)).code
- | form.a = await Promise.resolve(1, 2)
missing-await@63 | const sleep = () => new Promise(done => setTimeout(done, 1)); await sleep
- | const sleep = () => new Promise(done => setTimeout(done, 1)); await (sleep)
- | const sleep = () => new Promise(done => setTimeout(done, 1)); await sleep()
missing-await@19 | await new Promise(async done => { await $proxy('crm').a(); done() })
- | await new Promise(done => setTimeout(done, 1))
- | await new Other(async done => { done() })
missing-await@10 | form.a = $proxy('crm').a()
missing-await@39 | const 值 = $proxy('crm').a(); form.a = 值
- | form.a = await $proxy('crm').a()
- | ctx.a = $proxy('crm').a()
- | let x; x = $proxy('crm').a(); form.a = await x
missing-await@53 | form.a = (await $proxy('crm').$api('b').$query({id: $proxy('crm').a()}).$call()).code
missing-await@59 | form.a = (await $proxy('crm').$api('b').$body({data: {id: $proxy('crm').a()}}).$call()).code
missing-await@37 | form.a = await $proxy('crm').b({id: $proxy('crm').a()})
- | const 表 = {id: $proxy('crm').a()}; form.a = await 表.id
unused-result@44 | form.明细.forEach(row => { if (row.错) return false; form.b = row })
unused-result@44 | form.明细.forEach(row => { if (row.错) return '有误'; form.b = row })
unused-result@44 | form.明细.forEach(row => { if (row.错) return `有误`; form.b = row })
- | form.明细.forEach(row => { if (row.错) return; form.b = row })
- | form.明细.forEach(row => { if (row.错) return true; form.b = row })
- | form.明细.forEach(row => '有误')
- | form.明细.some(row => { if (row.错) return false; form.b = row; return true })
unused-result@49 | $proxy('crm').a().then(r => { if (!r.ok) return '有误'; form.b = r })
unused-result@55 | await $proxy('crm').a().then(r => { if (!r.ok) return '有误'; form.b = r })
- | form.c = await $proxy('crm').a().then(r => { if (!r.ok) return '有误'; return r })
- | $proxy('crm').a().then(r => { form.b = r }, e => { return '有误' })
unused-result@27 | setTimeout(() => { return '有误' }, 1)
- | setTimeout(() => '有误', 1)
unused-result@31 | queueMicrotask(() => { return false })
"""

VALUES_AND_MEMBERS = r"""
no-effect@1 | form.a = 1; form.a = 2
- | form.a = 1; form.b = 2; form.a = 3
- | form.a = 1; form.a = form.a + 1
- | form.a = 1; form.a = next(); function next() { return form.n++ }
- | form.a = next(); form.a = 1; function next() { return form.n++ }
- | form.$visible.a = true; form.$visible.a = false
no-effect@1 | form.a = 1; /* 再 */ form.a = 2
no-effect@13 | if (form.x) form.a = 1; form.a = 2
no-effect@15 | if (form.x) { form.a = 1 } form.a = 2
- | if (form.x) { form.a = 1; form.b = 2 } form.a = 3
- | if (form.x) { form.a = 1 } else { form.b = 2 } form.a = 3
no-effect@8 | let x; x = 1; x = 2; form.a = x
- | form.a += 1; form.a = 2
- | form['a'] = 1; form['a'] = 2
no-effect@15 | if (form.x) { form.a = 1; form.a = 2 }
same-sides@1 | if (form.x) { form.a = 1 } else { form.a = 1 }
- | if (form.x) form.a = 1; else form.a = 2
same-sides@1 | if (form.x) { form.a = 1 } else { form.a=1 }
- | if (form.x) {} else {}
same-sides@10 | form.a = form.x ? 1 : 1
- | form.a = form.x ? 1 : 2
constant-condition@5 | if (form.x === form.y === form.z) form.a = 1
- | if ((form.x === form.y) === form.z) form.a = 1
- | if (form.x === form.y === true) form.a = 1
- | if (form.x === (form.y === form.z)) form.a = 1
constant-condition@5 | if (form.x & form.y) form.a = 1
constant-condition@5 | if (form.x | form.y) form.a = 1
constant-condition@6 | if ((form.x & form.y) && form.z) form.a = 1
constant-condition@7 | if (!(form.x | form.y)) form.a = 1
- | form.a = form.x & form.y
- | if ((form.x & 1) === 1) form.a = 1
constant-condition@20 | form.a = form.x || true
constant-condition@20 | form.a = form.x && false
- | form.a = form.x || false
- | form.a = form.x && true
- | form.a = form.x ?? true
constant-condition@15 | if (form.x || true) form.a = 1
never-equal@10 | form.a = 0.1 + form.x === 0.3
never-equal@10 | form.a = form.x * 1.1 === form.y
never-equal@21 | form.a = form.y === form.x - 0.5
- | form.a = form.x + 1 === 3
- | form.a = form.x + 0.1 > 3
- | form.a = form.x % 0.1 === 0
index-condition@10 | form.a = form.x.indexOf('x') > 0
- | form.a = form.x.indexOf('x') > -1
- | form.a = form.x.indexOf('x') >= 0
- | form.a = form.x.search('x') > 0
- | form.a = form.x.lastIndexOf('x') > 0
no-effect@11 | form.a = (form.x, form.y)
- | form.a = (next(), form.y); function next() { return form.n++ }
no-effect@8 | return form.x, form.y
no-effect@12 | const x = (1, 2); form.a = x
- | for (let i = 0, j = 1; i < 3; i++, j++) form.a = i + j
wrong-value@40 | const 集 = new Set(form.明细); form.a = 集.length
wrong-value@20 | form.a = new Map().length
- | const 集 = new Set(form.明细); form.a = 集.size
- | let 集 = new Set(form.明细); 集 = []; form.a = 集.length
wrong-value@17 | form.a = [1, 2].size
wrong-value@14 | form.a = 'x'.size
- | form.a = form.明细.size
- | form.a = [1, 2].size()
wrong-value@18 | form.a = form.明细.length()
- | form.a = form.明细.length
no-effect@17 | form.a = form.x.trim
no-effect@17 | form.a = form.x.toFixed
- | if (form.x.trim) form.a = 1
- | form.a = form.x.trim && form.x.trim()
- | form.a = form.x.trim?.()
- | form.a = typeof form.x.trim
- | form.a = 'trim' in form.x.trim
- | form.x.trim = () => 1
- | form.a = form.x.trim.name
unknown-member@17 | form.a = form.x.touppercase()
unknown-member@17 | form.a = form.x.lenght
- | form.a = form.x.length
unknown-member@17 | form.a = form.x.legnth
unknown-member@17 | form.a = form.x.LENGTH
unknown-member@17 | form.a = form.x.indexof('x')
- | form.a = form.x.indexxOf('x')
- | form.a = form.x.sizes
- | form.a = x.lenght
unknown-member@51 | const LIMITS = {limit: 5, 最高: 9}; form.a = LIMITS.limt
- | const LIMITS = {limit: 5}; form.a = LIMITS.limit
- | const LIMITS = {limit: 5}; form.a = LIMITS.其他
- | let LIMITS = {limit: 5}; form.a = LIMITS.limt
- | const LIMITS = {limit: 5, ...form.d}; form.a = LIMITS.limt
- | const LIMITS = {limit: 5, [form.k]: 1}; form.a = LIMITS.limt
- | const LIMITS = {limit: 5}; LIMITS.limt = 6; form.a = LIMITS.limt
- | const LIMITS = {limit: 5}; fill(LIMITS); form.a = LIMITS.limt
unknown-member@58 | const limit = 5; const LIMITS = {limit}; form.a = LIMITS.limt
unknown-member@56 | const LIMITS = {limit() { return 5 }}; form.a = LIMITS.limt
unknown-member@53 | const LIMITS = {/* 上限 */ limit: 5}; form.a = LIMITS.limt
wrong-value@29 | form.a = Math.round(form.x, 2)
- | form.a = Math.round(form.x)
wrong-value@35 | form.a = Number.isInteger(form.x, 1)
- | form.a = Math.max(form.x, 2)
- | form.a = form.x.round(1, 2)
wrong-value@10 | form.a = form.x.replace(',', '')
wrong-value@10 | form.a = form.x.replace('，', '')
- | form.a = form.x.replace(/,/g, '')
- | form.a = form.x.replace('元', '')
- | form.a = form.x.replaceAll(',', '')
wrong-value@10 | form.a = new Date().getYear()
- | form.a = form.x.getYear(1)
wrong-value@10 | form.a = new Array(5).map(() => 0)
wrong-value@10 | form.a = Array(5).map(() => 0)
- | form.a = Array(5).fill(0).map(() => 0)
- | form.a = Array(1, 2).map(() => 0)
- | form.a = Array(form.n).map(() => 0)
wrong-value@24 | form.a = Array(5).fill([])
wrong-value@24 | form.a = Array(5).fill({})
- | form.a = Array(5).fill(0)
wrong-pattern@21 | const 式 = /x/g; if (式.test(form.x)) form.a = 1
- | const 式 = /x/i; if (式.test(form.x)) form.a = 1
wrong-pattern@22 | const 式 = /x/gi; if (式.test(form.x)) form.a = 1
- | if (/x/g.test(form.x)) form.a = 1
wrong-value@30 | for (const row of form.明细) { form.明细.splice(0, 1); form.b = row }
wrong-value@30 | for (const row of form.明细) { form.明细.shift(); form.b = row }
- | for (const row of form.明细) { form.其他.splice(0, 1); form.b = row }
- | for (const row of form.明细) { if (row.x) { form.明细.splice(0, 1); break } }
wrong-value@26 | form.明细.forEach(row => { form.明细.splice(0, 1); form.b = row })
wrong-value@42 | form.明细.forEach((row, n) => { if (row.x) form.明细.splice(n, 1) })
- | form.其他.forEach(row => { form.明细.splice(0, 1); form.b = row })
- | form.明细.reduce((sum, row) => { form.明细.splice(0, 1); return sum + row }, 0)
- | for (const row of [...form.明细]) { form.明细.splice(0, 1); form.b = row }
wrong-value@21 | form.a = parseFloat('1,200')
wrong-value@19 | form.a = parseInt('1,200')
wrong-value@28 | form.a = Number.parseFloat('1,200')
- | form.a = parseFloat('1200')
wrong-value@21 | form.a = parseFloat('1200元')
- | form.a = parseFloat('12%')
- | form.a = parseFloat('12px')
- | form.a = parseInt('1.5.2')
wrong-value@21 | form.a = parseFloat('-1,200')
wrong-value@19 | form.a = parseInt('2026-03-02')
wrong-value@34 | setTimeout(() => { form.a = 1 }, '1s')
- | setTimeout(() => { form.a = 1 }, '1000')
- | setTimeout(() => { form.a = 1 }, ' 1000 ')
wrong-value@35 | setInterval(() => { form.a = 1 }, '')
- | setTimeout(() => { form.a = 1 })
- | setTimeout(() => { form.a = 1 }, 1000)
for-in@57 | for (var i = 0; i < 3; i++) setTimeout(() => { form.a = i }, 1)
- | for (let i = 0; i < 3; i++) setTimeout(() => { form.a = i }, 1)
for-in@61 | for (var i = 0; i < 3; i++) queueMicrotask(() => { form.a = i })
for-in@64 | for (var i = 0, j = 0; i < 3; i++) setTimeout(() => { form.a = j }, 1)
- | for (var i = 0; i < 3; i++) form.明细.forEach(() => { form.a = i })
- | for (var i = 0; i < 3; i++) setTimeout(() => { form.a = 1 }, 1)
- | for (var i = 0; i < 3; i++) setTimeout(form.f, i)
for-in@69 | for (var i = 0; i < 3; i++) $proxy('crm').a().then(() => { form.a = i })
wrong-value@17 | for (let i = 0; i <= form.明细.length; i++) form.a = form.明细[i]
- | for (let i = 0; i < form.明细.length; i++) form.a = form.明细[i]
- | for (let i = 0; i <= form.明细.length; i++) form.a = i
- | for (let i = 0; i <= form.明细.length; i++) form.a = form.其他[i]
- | for (let i = 0; i <= form.明细.length - 1; i++) form.a = form.明细[i]
constant-condition@30 | form.a = form.明细.find(row => row.sku = 'A')
constant-condition@33 | form.a = form.明细.filter(row => (row.sku = 'A'))
- | form.a = form.明细.filter(row => row.sku === 'A')
- | form.a = form.明细.map(row => row.sku = 'A')
- | form.明细.forEach(row => row.sku = 'A')
no-effect@12 | let n = 1; n = n++; form.a = n
no-effect@12 | let n = 1; n = n--; form.a = n
- | let n = 1; n = ++n; form.a = n
- | let n = 1, m = 2; n = m++; form.a = n
no-effect@1 | form.n = form.n++
wrong-value@45 | const 算 = (a, b) => a + b; form.a = 算(1, 2, 3)
- | const 算 = (a, b) => a + b; form.a = 算(1, 2)
wrong-value@33 | const 算 = a => a; form.a = 算(1, 2)
- | const 算 = (a, ...b) => a + b; form.a = 算(1, 2, 3)
wrong-value@31 | const 算 = () => 1; form.a = 算(1)
- | function 算() { return arguments.length } form.a = 算(1)
- | const 算 = (a, b) => a + b; form.a = 算(...form.明细, 2, 3)
wrong-value@49 | const 算 = (a, b = 1) => a + b; form.a = 算(1, 2, 3)
- | form.a = 外(1, 2, 3)
"""

LITERALS = r"""
wrong-value@19 | form.a = new Date('2026-13-01')
- | form.a = new Date('2026-12-31')
wrong-value@19 | form.a = new Date('2026-00-10')
wrong-value@19 | form.a = new Date('2026-02-29')
- | form.a = new Date('2024-02-29')
wrong-value@19 | form.a = new Date('2026/04/31')
- | form.a = new Date('2026.04.30')
wrong-value@19 | form.a = new Date('2026-04-00')
- | form.a = new Date('2026-04')
wrong-value@19 | form.a = new Date('0000-02-29')
wrong-value@19 | form.a = new Date('13/01/2026')
- | form.a = new Date('12/31/2026')
wrong-value@19 | form.a = new Date('02/30/2026')
wrong-value@19 | form.a = new Date('2026-01-01 25:00')
- | form.a = new Date('2026-01-01T24:00')
wrong-value@19 | form.a = new Date('2026-01-01T24:01')
- | form.a = new Date('2026-01-01T23:59:59+08:00')
wrong-value@19 | form.a = new Date('2026年1月1日')
wrong-value@19 | form.a = new Date(' 2026 年')
wrong-value@19 | form.a = new Date('今天')
- | form.a = new Date('March 2, 2026')
wrong-value@19 | form.a = new Date('')
wrong-value@21 | form.a = Date.parse('2026-13-01')
wrong-value@15 | form.a = Date('2026-13-01')
- | form.a = new Other('2026-13-01')
wrong-value@25 | form.a = new Date(2026, 12, 1)
- | form.a = new Date(2026, 11, 31)
wrong-value@25 | form.a = Date.UTC(2026, 13)
- | form.a = new Date(2026, form.m)
- | form.a = new Date(2026)
- | form.a = new Date()
wrong-value@10 | form.a = Number('1,200')
- | form.a = Number('1200')
- | form.a = Number('')
- | form.a = Number(' 12 ')
wrong-value@10 | form.a = Number('12元')
- | form.a = Number('0x1F')
- | form.a = Number('-1.5e3')
- | form.a = Number('.5')
- | form.a = Number('1.')
wrong-value@10 | form.a = Number('.')
- | form.a = Number(form.x)
- | form.a = Number()
wrong-value@10 | form.a = parseInt('abc')
- | form.a = parseInt('12abc')
- | form.a = parseInt(' -3')
wrong-value@10 | form.a = parseInt('')
- | form.a = parseFloat('.5')
wrong-value@10 | form.a = parseFloat('元5')
wrong-value@10 | form.a = Number.parseFloat('x')
wrong-value@10 | form.a = parseInt(form.x, 1)
- | form.a = parseInt(form.x, 0)
- | form.a = parseInt(form.x, 2)
- | form.a = parseInt(form.x, 36)
wrong-value@10 | form.a = parseInt(form.x, 37)
- | form.a = Number(form.x, 1)
- | form.a = parseFloat(form.x, 1)
- | setTimeout(() => { form.a = 1 }, 2147483647)
wrong-value@34 | setTimeout(() => { form.a = 1 }, 2147483648)
wrong-value@35 | setInterval(() => { form.a = 1 }, 30 * 86400 * 1000)
- | setTimeout(() => { form.a = 1 }, 24 * 86_400 * 1000)
wrong-value@54 | const 天 = 86400000; setTimeout(() => { form.a = 1 }, 30 * 天)
- | let 天 = 86400000; 天 = 1; setTimeout(() => { form.a = 1 }, 30 * 天)
wrong-value@34 | setTimeout(() => { form.a = 1 }, 2147483647 + 1)
- | setTimeout(() => { form.a = 1 }, 2147483649 - 2)
wrong-value@34 | setTimeout(() => { form.a = 1 }, 2147483648 - 0)
- | setTimeout(() => { form.a = 1 }, 4294967296 / 1)
wrong-value@34 | setTimeout(() => { form.a = 1 }, 3e9)
- | setTimeout(() => { form.a = 1 }, form.n * 3e9)
- | wait(() => { form.a = 1 }, 3e9); function wait(f, n) { setTimeout(f, n) }
unknown-member@56 | try { await $proxy('crm').a() } catch (e) { form.a = e.platform }
- | try { await $proxy('crm').a() } catch (e) { form.a = e.platform_key }
unknown-member@56 | try { await $proxy('crm').a() } catch (e) { form.a = e.mesage }
unknown-member@57 | try { await $proxy('crm').a() } catch (e) { form.a = e?.mesage }
- | try { await $proxy('crm').a() } catch (e) { form.a = e.detail }
- | try { form.b = 1 } catch (e) { form.a = e.mesage }
- | try { await $proxy('crm').a() } catch (e) { e = form.x; form.a = e.mesage }
- | try { await $proxy('crm').a() } catch (e) { form.mesage = e.mesage }
unknown-member@49 | await $proxy('crm').a().catch(e => { form.a = e.mesage })
- | const e = form.x; form.a = e.mesage; await $proxy('crm').a()
unknown-member@65 | try { await $proxy('crm').a() } catch (e) { form.a = e.response.data }
- | try { await $proxy('crm').a() } catch (e) { form.a = e.response.status }
- | try { await $proxy('crm').a() } catch (e) { form.a = e.response.body.data }
unknown-member@66 | try { await $proxy('crm').a() } catch (e) { form.a = e.response?.data }
- | try { await $proxy('crm').a() } catch (e) { form.a = e.answer.data }
- | const e = form.x; form.a = e.response.data
unknown-member@42 | form.a = form.n.toLocaleString('zh-CN', {minimumFractionDigit: 2})
- | form.a = form.n.toLocaleString('zh-CN', {minimumFractionDigits: 2})
unknown-member@42 | form.a = new Intl.NumberFormat('zh-CN', {stile: 'currency'})
unknown-member@63 | form.a = new Intl.NumberFormat('zh-CN', {'style': 'currency', curency: 'CNY'})
- | form.a = form.n.toLocaleString('zh-CN', {[form.k]: 2})
- | form.a = form.n.toLocaleString('zh-CN')
- | form.a = form.n.format('zh-CN', {stile: 2})
- | form.a = form.n.toLocaleString({stile: 2}, 'zh-CN')
wrong-value@32 | form.a = form.n.toLocaleString('zh_CN')
wrong-value@32 | form.a = new Intl.NumberFormat('zh_CN').format(form.n)
- | form.a = form.n.toLocaleString('zh-CN', 'zh_CN')
wrong-value@56 | form.a = new Date().toLocaleString('zh-CN', {timeZone: 'Asia/Beijing'})
- | form.a = new Date().toLocaleString('zh-CN', {timeZone: 'Asia/Shanghai'})
- | form.a = new Date().toLocaleString('zh-CN', {timeZone: 'asia/shanghai'})
- | form.a = new Date().toLocaleString('zh-CN', {timeZone: '+08:00'})
- | form.a = new Date().toLocaleString('zh-CN', {timeZone: '-05:00'})
- | form.a = new Date().toLocaleString('zh-CN', {timeZone: 'UTC'})
- | form.a = new Date().toLocaleString('zh-CN', {timeZone: ''})
- | form.a = new Date().toLocaleString('zh-CN', {timeZone: form.z})
- | form.a = new Date().toLocaleString('zh-CN', {timeZoneName: 'Asia/Beijing'})
"""


def test_slips_with_callbacks_and_promises_are_told() -> None:
    assert retell(CALLBACKS_AND_PROMISES, list_slips) == CALLBACKS_AND_PROMISES.strip()


def test_slips_with_values_and_members_are_told() -> None:
    assert retell(VALUES_AND_MEMBERS, list_slips) == VALUES_AND_MEMBERS.strip()


def test_slips_with_literals_are_told() -> None:
    assert retell(LITERALS, list_slips) == LITERALS.strip()
