# ruff: noqa: E501 - scripts, one a line
"""Calls, members, comparisons, promises and marks of scripts, each beside what is none."""

from __future__ import annotations

from bpmax_sim.script_source.reading import read_script
from tests.script_source.tables import retell


def list_members(script: str) -> list[str]:
    """Return each use of a member: ``root.path:access@column``, ``!`` where it was tested."""
    return [
        f"{use.root}{_number(use.call)}.{'.'.join(use.path)}:{use.access}"
        f"{'!' if use.is_guarded else ''}@{use.place.column}"
        for use in read_script(script).members
    ]


def list_comparisons(script: str) -> list[str]:
    """Return each comparison with a literal: member, ``===`` or ``==``, kind and text."""
    return [
        f"{one.root}{_number(one.call)}.{'.'.join(one.path)}{'===' if one.is_strict else '=='}"
        f"{one.kind}:{one.text}@{one.place.column}"
        for one in read_script(script).comparisons
    ]


def list_misuses(script: str) -> list[str]:
    """Return each promise that stands for its value, and each assignment that is a condition."""
    reading = read_script(script)
    return [
        f"{one.usage}:{one.name}{f'({one.function})' if one.function else ''}@{one.place.column}"
        for one in reading.misuses
    ] + [f"assigns@{place.column}" for place in reading.assignments]


def list_ignored(script: str) -> list[str]:
    """Return the calls whose result nobody uses, and what a handler drops the errors of."""
    reading = read_script(script)
    return [f"unused:{reading.calls[number].api}" for number in reading.unused_calls] + [
        f"dropped:{one.start.column}-{one.end.column}@{one.place.column}"
        for one in reading.dropped_errors
    ]


def list_calls(script: str) -> list[str]:
    """Return each call with its places, its setters ``$`` and its options ``+``."""
    return [
        f"{one.platform}.{one.api}/{one.instance!r}:{one.style}({one.arguments})"
        f"{'' if one.is_called else '!uncalled'}:{one.usage}"
        f"@{one.place.column},{one.platform_place.column},{one.api_place.column}"
        + "".join(
            f"${setter.part}{'?' if setter.names is None else list(setter.names)}"
            f"@{setter.place.column}"
            for setter in one.setters
        )
        + "".join(f"+{name}@{place.column}" for name, place in one.options)
        for one in read_script(script).calls
    ]


def list_names_and_marks(script: str) -> list[str]:
    """Return globals, functions, powers, owners, returned texts, mistakes and comments."""
    reading = read_script(script)
    return [
        *(f"global:{one.name}:{one.access}@{one.place.column}" for one in reading.globals),
        *(f"async:{name}" for name in reading.asynchronous),
        *(f"sig:{name}({','.join(names)})" for name, names in reading.signatures.items()),
        *(f"power@{place.column}" for place in reading.powers),
        *(f"owner:{text}@{place.column}" for text, place in reading.named_owners),
        *(f"ownerless@{place.column}" for place in reading.ownerless),
        *(f"text:{text}@{place.column}" for text, place in reading.returned_texts),
        *(f"mistake@{place.line}:{place.column}" for place in reading.mistakes),
        *(f"wide:{one}{meant}@{at.line}:{at.column}" for one, meant, at in reading.full_width),
        *(f"ignore:{line}:{','.join(rules)}" for line, rules in reading.suppressed.items()),
    ]


def _number(call: int | None) -> str:
    return "" if call is None else f"#{call}"


MEMBERS = r"""
form.b:write@6 form.a:read@15 | form.b = form.a
form.a:write@6 | form.a += 1
form.a:write@6 | form.a++
form.a:write@13 | delete form.a
form.a:write@11 form.b:read@29 | for (form.a of [1]) go(form.b)
form.b:write@6 form.a:truth@15 | form.b = form.a || 1
form.b:write@6 form.a:truth@15 | form.b = form.a ?? 1
form.b:write@6 form.a:truth@15 | form.b = form.a && 1
form.b:write@6 form.a:truth@20 | form.b = 1 || form.a
form.b:write@6 form.a.c:read@18 form.a:truth@15 | form.b = form.a?.c
form.b:write@6 form.a.c:read@17 form.a:read@15 | form.b = form.a.c
form.b:write@6 form.a.c.d:read@20 form.a.c:truth@17 form.a:read@15 | form.b = form.a.c?.d
form.b:write@6 form.a:truth@16 | form.b = !form.a
form.b:write@6 form.a:read@16 | form.b = -form.a
form.b:write@6 form.a:truth@15 | form.b = form.a ? 1 : 2
form.a:truth@10 | if (form.a) go()
form.a:truth@11 | if ((form.a)) go()
form.a:truth@13 | while (form.a) go()
form.b:write@6 form.a:test@22 | form.b = typeof form.a
form.b:write@6 form.a:test@15 | form.b = form.a === undefined
form.b:write@6 form.a:test@15 | form.b = form.a !== null
form.b:write@6 form.a:test@28 | form.b = undefined == form.a
form.b:write@6 form.a:test@15 | form.b = form.a === 'undefined'
form.b:write@6 form.a:test@22 | form.b = typeof form.a !== 'undefined'
form.b:write@6 form.a:truth@15 | form.b = form.a === 1
form.b:write@6 form.a:truth@15 form.c:truth@25 | form.b = form.a == form.c
form.b:write@6 form.a:read@15 | form.b = form.a > 1
form.b:write@6 form.a:test@10 | form.b = 'a' in form
form.b:write@6 form.c.a:test@10 form.c:read@22 | form.b = 'a' in form.c
form.b:write@6 form.a:read@15 | form.b = form.a in form
form.b:write@6 form.a:read@15 form.*:read@27 form.*:read@37 | form.b = form['a'] + form[1] + form[k]
form.b:write@6 form.a:read@15 | form.b = form[`a`]
form.b:write@6 form.明细:read@18 form.明细:read@15 | form.b = form.明细.length
form.b:write@6 form.明细.*.数量:read@21 form.明细.*:read@18 form.明细:read@15 | form.b = form.明细[0].数量
form.b:write@6 form.明细:read@18 form.明细:read@15 form.明细.*.数量:read@33 | form.b = form.明细.map(row => row.数量)
form.b:write@6 form.明细:read@18 form.明细:read@15 | form.b = form.明细.map((row, n) => n.数量)
form.b:write@6 form.明细:read@18 form.明细:read@15 | form.b = form.明细.map(go, row => row.数量)
form.b:write@6 form.明细:read@18 form.明细:read@15 | form.b = form.明细.reduce((sum, row) => row.数量, 0)
form.b:write@6 form.明细:read@39 form.明细:read@18 form.明细:read@15 form.明细.*.x:read@36 form.明细.*.y:read@54 | form.b = form.明细.filter(row => row.x).map(row => row.y)
form.b:write@6 form.明细.*.y:read@37 form.明细:read@18 form.明细:read@15 form.明细.*.x:read@34 | form.b = form.明细.find(row => row.x).y
form.b:write@6 form.明细.*.y:read@24 form.明细:read@18 form.明细:read@15 | form.b = form.明细.at(0).y
form.b:write@6 form.明细:read@18 form.明细:read@15 | form.b = form.明细.keys().y
form.明细:read@24 form.b:write@33 form.明细.*.x:read@41 form.明细.*:read@12 | for (const row of form.明细) form.b = row.x
form.明细:read@24 form.b:write@33 | for (const key in form.明细) form.b = key.x
form.b:write@51 form.a:read@8 form.c:read@14 form.e:truth@17 form.f.g:read@28 | const {a, c: d, e = 1, f: {g}, ...h} = form; form.b = [a, d, e, g, h.x]
form.明细:read@30 form.b:write@39 form.明细.*.x:read@49 form.明细.*.y:read@60 form.明细.*:read@8 form.明细.*:read@15 | const [first, second] = form.明细; form.b = first.x + second.y
form.a:read@16 form.b:write@24 form.a.c:read@30 | const x = form.a; form.b = x.c
form.a:read@14 form.b:write@29 | let x = form.a; x = 1; form.b = x.c
form.b:write@22 form.a:read@28 | const f = form; form.b = f.a
form.b:write@26 form.a:read@32 | const f = ctx.form; form.b = f.a
form.b:write@6 ctx.step.name:read@19 ctx.step:read@14 | form.b = ctx.step.name
form.b:write@6 form.a:read@19 | form.b = ctx.form.a
form.b:write@6 | form.b = ctx.form
form.b:write@29 form.a:read@35 | const {form: f} = ctx; form.b = f.a
form.b:write@43 result#0.data.name:read@54 result#0.data:read@49 | const r = await $proxy('crm').get(); form.b = r.data.name
form.b:write@43 result#0.data.name:truth@55 result#0.data:truth@49 result#0.message:truth@65 | const r = await $proxy('crm').get(); form.b = r.data?.name || r.message
form.b:write@37 result#0.data:read@51 | const r = $proxy('crm').get(); form.b = (await r).data
form.b:write@44 result#0.data:read@50 | await $proxy('crm').get().then(r => { form.b = r.data })
form.b:write@51 result#0.data.x:read@60 result#0.data:read@34 | await $proxy('crm').get().then(({data}) => { form.b = data.x })
form.b:write@52 | await $proxy('crm').get().then(r => r, e => { form.b = e.reason })
form.b:write@57 | await $proxy('crm').get().then(go, ({reason}) => { form.b = reason.x })
form.b:write@49 | await $proxy('crm').get().then((a, r) => { form.b = r.data })
form.b:write@45 | await $proxy('crm').get().catch(r => { form.b = r.data })
form.b:write@47 | await $proxy('crm').get().finally(r => { form.b = r.data })
form.b:write@6 result#0.data.name:read@56 result#0.data:read@49 | form.b = (await $proxy('crm').get().then(r => r.data)).name
form.b:write@6 result#0.data:read@53 | form.b = (await $proxy('crm').get().catch(() => 1)).data
form.b:write@56 result#0.data:read@72 | async function 取() { return $proxy('crm').get() } form.b = (await 取()).data
form.b:write@62 result#0.data:read@78 | async function 取() { return await $proxy('crm').get() } form.b = (await 取()).data
form.x:truth@31 form.b:write@84 result#0.data:read@100 | async function 取() { if (form.x) return 1; return await $proxy('crm').get() } form.b = (await 取()).data
form.b:write@43 result#0.data:read@59 | const 取 = () => $proxy('crm').get(); form.b = (await 取()).data
form.a:truth@10 form.b:write@18 form.a.c:read@29 form.a:read@27 | if (form.a) form.b = form.a.c
form.a:truth@10 form.b:write@20 form.a.c:read@31 form.a:read@29 form.b:write@47 form.a.d:read@58 form.a:read@56 | if (form.a) { form.b = form.a.c } else { form.b = form.a.d }
form.a:truth@11 form.b:write@21 form.a.c:read@32 form.a:read@30 form.b:write@48 form.a.d:read@59 form.a:read@57 | if (!form.a) { form.b = form.a.c } else { form.b = form.a.d }
form.a.c:truth@12 form.a:read@10 form.b:write@20 form.a.c.d:read@33 form.a.c:read@31 form.a:read@29 | if (form.a.c) form.b = form.a.c.d
form.a:truth@10 form.c:truth@20 form.b:write@28 form.a.d:read@39 form.a:read@37 form.c.d:read@50 form.c:read@48 | if (form.a && form.c) form.b = form.a.d + form.c.d
form.a:truth@10 form.c:truth@20 form.b:write@28 form.a.d:read@39 form.a:read@37 | if (form.a || form.c) form.b = form.a.d
form.a:test@12 form.c:test@36 form.b:write@59 form.a.d:read!@70 form.a:read!@68 form.c.d:read!@81 form.c:read!@79 | if (!(form.a === undefined || form.c === undefined)) form.b = form.a.d + form.c.d
form.a:test@10 form.b:write@32 form.a.d:read!@43 form.a:read!@41 | if (form.a !== undefined) form.b = form.a.d
form.a:test@10 form.b:write@32 form.a.d:read@43 form.a:read@41 form.b:write@56 form.a.e:read!@67 form.a:read!@65 | if (form.a === undefined) form.b = form.a.d; else form.b = form.a.e
form.a:test@10 form.b:write@26 form.a.d:read!@37 form.a:read!@35 | if (form.a != null) form.b = form.a.d
form.a:test@18 form.b:write@26 form.a.d:read!@37 form.a:read!@35 | if (null != form.a) form.b = form.a.d
form.a:test@17 form.b:write@41 form.a.d:read!@52 form.a:read!@50 | if (typeof form.a !== 'undefined') form.b = form.a.d
form.a:test@17 form.b:write@41 form.a.d:read@52 form.a:read@50 | if (typeof form.a === 'undefined') form.b = form.a.d
form.a:test@17 form.b:write@38 form.a.d:read@49 form.a:read@47 | if (typeof form.a !== 'string') form.b = form.a.d
form.a:test@5 form.b:write@23 form.a:read!@32 | if ('a' in form) form.b = form.a
form.a:test@7 form.b:write@26 form.a:read@35 | if (!('a' in form)) form.b = form.a
form.b:write@36 form.a:read!@45 | if (form.hasOwnProperty('a')) form.b = form.a
form.b:write@36 form.a:read!@45 | if (Object.hasOwn(form, 'a')) form.b = form.a
form.b:write@39 form.a:read@48 | if (form.hasOwnProperty('a', 1)) form.b = form.a
form.b:write@31 form.a:read@40 | if (Object.hasOwn(form)) form.b = form.a
form.b:write@37 form.a:read@46 | if (!form.hasOwnProperty('a')) form.b = form.a
form.b:write@6 form.a:test@15 form.a.c:truth!@41 form.a:read!@39 | form.b = form.a !== undefined && form.a.c
form.b:write@6 form.a:test@15 form.a.c:truth!@41 form.a:read!@39 | form.b = form.a === undefined || form.a.c
form.b:write@6 form.a:test@15 form.a.c:truth@41 form.a:read@39 | form.b = form.a === undefined && form.a.c
form.b:write@6 form.a:test@15 form.a.c:read!@40 form.a:read!@38 form.a.d:read@51 form.a:read@49 | form.b = form.a !== undefined ? form.a.c : form.a.d
form.a:test@10 form.b:write@40 form.a.c:read!@51 form.a:read!@49 | if (form.a === undefined) return; form.b = form.a.c
form.a:test@10 form.b:write@40 form.a.c:read@51 form.a:read@49 | if (form.a !== undefined) return; form.b = form.a.c
form.a:test@5 form.b:write@48 form.a.c:read!@59 form.a:read!@57 | if ('a' in form) { go() } else { return } form.b = form.a.c
form.a:test@7 form.b:write@48 form.a.c:read!@59 form.a:read!@57 | if (!('a' in form)) throw new Error('x'); form.b = form.a.c
result#0.data:test@42 form.b:write@60 result#0.data.x:read!@71 result#0.data:read!@66 | const r = await $proxy('crm').get(); if ('data' in r) form.b = r.data.x
result#0.data:test@74 form.b:write@92 result#1.data.x:read@103 result#1.data:read@98 | const r = await $proxy('crm').get(), s = await $proxy('crm').list(); if ('data' in r) form.b = s.data.x
"""

COMPARISONS = r"""
form.a===text:A@16 | if (form.a === 'A') go()
form.a===text:A@5 | if ('A' === form.a) go()
form.a==text:A@15 | if (form.a == 'A') go()
form.a===number:5@16 | if (form.a !== 5) go()
form.a==boolean:true@15 | if (form.a != true) go()
form.a===text:A@16 | if (form.a === `A`) go()
- | if (form.a === `A${x}`) go()
- | if (form.a === null) go()
- | if (form.a > 5) go()
form.a===text:A@18 | if ((form.a) === 'A') go()
form.a===text:A@16 form.c===text:B@34 | if (form.a === 'A' && form.c === 'B') go()
ctx.action===text:approve@20 | if (ctx.action === 'approve') go()
form.a===text:A@20 | if (ctx.form.a === 'A') go()
- | if (x.a === 'A') go()
form.a===text:A@24 form.a===number:5@47 | switch (form.a) { case 'A': go(); break; case 5: go(); break; default: go() }
- | switch (form.a) { case x: go() }
form.a===text:A@6 form.a===text:B@11 form.a===number:3@16 | if (['A', 'B', 3].includes(form.a)) go()
- | if (['A', 'B'].indexOf(form.a) >= 0) go()
- | if (list.includes(form.a)) go()
- | if (['A'].includes()) go()
form.a===text:A@11 form.a===text:B@19 | form.b = {'A': 1, 'B': 2}[form.a]
form.a===text:B@17 | form.b = {A: 1, 'B': 2}[form.a]
form.a===text:A@12 | form.b = ({'A': 1})[form.a]
- | form.b = form['A']
result#0.data.level===text:VIP@59 | const r = await $proxy('crm').get(); if (r.data.level === 'VIP') go()
error.code===text:TIMEOUT@62 | try { await $proxy('crm').get() } catch (e) { if (e.code === 'TIMEOUT') go() }
- | try { await $proxy('crm').get() } catch (e) { if (e[x] === 'TIMEOUT') go() }
- | try { await $proxy('crm').get() } catch (e) { e = 1; if (e.code === 'TIMEOUT') go() }
error.code===text:TIMEOUT@55 | await $proxy('crm').get().catch(e => { if (e.code === 'TIMEOUT') go() })
- | await $proxy('crm').get().catch((x, e) => { if (e.code === 'TIMEOUT') go() })
result#0.code===text:TIMEOUT@54 | await $proxy('crm').get().then(e => { if (e.code === 'TIMEOUT') go() })
- | await $proxy('crm').get().then(go, e => { if (e.code === 'TIMEOUT') go() })
- | list.find(e => e.code === 'TIMEOUT')
- | catch_(e => e.code === 'TIMEOUT')
form.a===text:it's@16 | if (form.a === 'it\'s') go()
- | if (form.a === -5) go()
form.明细.length===number:0@24 | if (form.明细.length === 0) go()
"""

MISUSES = r"""
member:data@43 | const r = $proxy('crm').get(); form.a = r.data
member:data@43 | const r = $proxy('crm').get(); form.a = r['data']
member:*@43 | const r = $proxy('crm').get(); form.a = r[k]
- | const r = $proxy('crm').get(); form.a = r.then
- | const r = $proxy('crm').get(); form.a = await r.finally(go)
- | const r = await $proxy('crm').get(); form.a = r.data
member:data@46 | async function 取() { return 1 } form.a = 取().data
member:data(取)@14 | form.a = 取().data
value:(取)@10 | form.a = 取() + 1
value:@36 | const r = $proxy('crm').get(); if (r) go()
value:@37 | const r = $proxy('crm').get(); if (!r) go()
- | const r = $proxy('crm').get(); if (await r) go()
value:@41 | const r = $proxy('crm').get(); form.a = r ? 1 : 2
value:@39 | const r = $proxy('crm').get(); while (r) go()
value:@41 | const r = $proxy('crm').get(); form.a = r + 1
value:@45 | const r = $proxy('crm').get(); form.a = 1 + r
value:@47 | const r = $proxy('crm').get(); form.a = 1 === r
value:@41 | const r = $proxy('crm').get(); form.a = r && 1
- | const r = $proxy('crm').get(); form.a = 1 && r
- | const r = $proxy('crm').get(); form.a = r ?? 1
value:@42 | const r = $proxy('crm').get(); form.a = -r
- | const r = $proxy('crm').get(); form.a = void r
- | const r = $proxy('crm').get(); form.a = typeof r
value:@47 | const r = $proxy('crm').get(); form.a = `客户 ${r}`
- | const r = $proxy('crm').get(); form.a = `客户 ${await r}`
value:@42 | const r = $proxy('crm').get(); form.a = (r) > 1
value:@42 | const r = $proxy('crm').get(); form.a = (r + 1) > 1
nothing:Promise.all@1 | Promise.all([$proxy('crm').get()])
- | await Promise.all([$proxy('crm').get()])
nothing:Promise.allSettled@1 nothing:Promise.any@25 nothing:Promise.race@42 | Promise.allSettled([]); Promise.any([]); Promise.race([]); Promise.resolve(1)
- | void Promise.all([])
- | const Promise = {all() { return 1 }}; Promise.all([])
- | other.all([])
- | Promise.all
- | form.a = Promise.all([])
assigns@5 | if (form.a = 1) go()
- | if ((form.a = 1)) go()
- | if (form.b && (form.a = 1)) go()
- | while (m = re.exec(x)) go()
- | while (m = x.next) go()
- | while (m = x[0]) go()
assigns@8 | while (m = 5) go()
assigns@5 | if (m = re.exec(x)) go()
- | for (; m = re.exec(x);) go()
assigns@8 | for (; m = 5;) go()
assigns@20 | do { go() } while (m = 5)
assigns@11 | form.a = (form.b = 1) ? 1 : 2
value:(go)@5 | if (go(form.a = 1)) go()
"""

RESULTS = r"""
unused:save | $proxy('crm').save(1)
unused:save | await $proxy('crm').save(1)
unused:save | (await $proxy('crm').save(1))
unused:save | const r = await $proxy('crm').save(1)
- | const r = await $proxy('crm').save(1); form.a = r
- | const {id} = await $proxy('crm').save(1)
- | void $proxy('crm').save(1)
- | return $proxy('crm').save(1)
- | go($proxy('crm').save(1))
- | try { await $proxy('crm').save(1) } catch (e) { go(e) }
- | try { await $proxy('crm').save(1) } catch {}
unused:save | try { await $proxy('crm').save(1) } finally { go() }
unused:save | try { go() } catch (e) { await $proxy('crm').save(1) }
unused:save | try { go(async () => { await $proxy('crm').save(1) }) } catch (e) { go(e) }
- | try { if (form.x) { await $proxy('crm').save(1) } } catch (e) { go(e) }
unused:save | await $proxy('crm').$api('save').$call()
- | $proxy('crm').$api('save')
unused:save unused:push | await $proxy('crm').save(1); await $proxy('erp').push(2)
- | await $proxy('crm').save(1).then(r => go(r))
dropped:5-43@44 | try { form.a = await $proxy('crm').get() } catch (e) {}
- | try { form.a = await $proxy('crm').get() } catch (e) { go(e) }
- | try { form.a = await $proxy('crm').get() } catch (e) { /* 无 */ }
- | try { const r = await $proxy('crm').get(); if (r) form.a = 1 } catch (e) {}
dropped:5-61@62 | try { const r = await $proxy('crm').get(); form.a = r.data } catch (e) {}
dropped:5-71@72 | try { const r = await $proxy('crm').get(); if (r.ok) form.a = r.data } catch (e) {}
- | try { const r = await $proxy('crm').get(); if (r === null) form.a = 1; form.b = r } catch (e) {}
- | try { await $proxy('crm').save(); form.a = 1 } catch (e) {}
- | try { form.a = 1 } catch (e) {}
dropped:16-35@42 | form.a = await $proxy('crm').get().catch(() => {})
dropped:16-35@42 | form.a = await $proxy('crm').get().catch(() => null)
dropped:16-35@42 | form.a = await $proxy('crm').get().catch(() => ({}))
dropped:16-35@42 | form.a = await $proxy('crm').get().catch(() => [])
dropped:16-35@42 | form.a = await $proxy('crm').get().catch(() => '')
- | form.a = await $proxy('crm').get().catch(() => 1)
dropped:16-35@42 | form.a = await $proxy('crm').get().catch(() => { return null })
dropped:16-35@42 | form.a = await $proxy('crm').get().catch(() => { return })
- | form.a = await $proxy('crm').get().catch(() => { go(); return null })
- | form.a = await $proxy('crm').get().catch(e => { go(e) })
- | form.a = await $proxy('crm').get().catch()
- | form.a = await $proxy('crm').get().catch(go)
unused:get | await $proxy('crm').get().catch(() => {})
- | form.a = await $proxy('crm').get().finally(() => {})
- | form.a = await list.catch(() => {})
dropped:7-65@7 | await Promise.allSettled([$proxy('crm').a(), $proxy('crm').b()])
dropped:18-57@18 | const rs = await Promise.allSettled([$proxy('crm').a()])
- | const rs = await Promise.allSettled([$proxy('crm').a()]); form.a = rs.length
dropped:18-57@18 | const rs = await Promise.allSettled([$proxy('crm').a()]); form.a = rs.map(r => r.value)
- | const rs = await Promise.allSettled([$proxy('crm').a()]); form.a = rs.map(r => r.status)
- | const rs = await Promise.allSettled([$proxy('crm').a()]); form.a = rs.map(r => r.reason)
- | const rs = await Promise.allSettled([$proxy('crm').a()]); go(rs)
- | const rs = await Promise.allSettled([$proxy('crm').a()]); form.a = 汇总(1, (rs))
dropped:18-57@18 | const rs = await Promise.allSettled([$proxy('crm').a()]); go(rs[0].value)
dropped:18-57@18 | const rs = await Promise.allSettled([$proxy('crm').a()]); go([...rs].map(r => r.value))
- | const rs = await Promise.allSettled([$proxy('crm').a()]); rs.forEach(显示)
dropped:18-57@18 | const rs = await Promise.allSettled([$proxy('crm').a()]); rs.forEach(() => 显示('好了'))
dropped:18-57@18 | const rs = await Promise.allSettled([$proxy('crm').a()]); form.a = rs[0].value.trim('x')
dropped:18-57@18 | const rs = await Promise.allSettled([$proxy('crm').a()]); rs.forEach()
- | const rs = await Promise.allSettled([$proxy('crm').a()]); go(rs); form.a = rs.map(r => r.status)
- | const rs = await Promise.allSettled([$proxy('crm').a()]); return rs
- | const rs = await Promise.allSettled([$proxy('crm').a()]); return rs.map(r => r.value)
- | const rs = await Promise.allSettled([$proxy('crm').a()]); return 汇总(rs)
- | const rs = await Promise.allSettled([$proxy('crm').a()]); for (const r of rs) go(r.status)
dropped:18-57@18 | const rs = await Promise.allSettled([$proxy('crm').a()]); for (const r of rs) go(r.value)
dropped:18-57@18 | const rs = await Promise.allSettled([$proxy('crm').a()]); go(rs[0].value); return
- | return (await Promise.allSettled([$proxy('crm').a()])).map(r => r.value)
- | return Promise.allSettled([$proxy('crm').a()])
- | form.a = (await Promise.allSettled([$proxy('crm').a()])).length
- | await Promise.all([$proxy('crm').a()])
"""

CALLS = r"""
crm.get/'':direct(2):awaited@7,14,21 | await $proxy('crm').get(1, 2)
crm.get/'':direct(None):awaited@7,14,21 | await $proxy('crm').get(...list)
crm.get/'':direct(2):awaited@7,14,21 | await $proxy('crm').get(1, /* 二 */ 2)
crm.get/'':direct(1):awaited@7,14,21 | await $proxy('crm')['get'](1)
crm.None/'':direct(1):awaited@7,14,21 | await $proxy('crm')[x](1)
crm.*/'':direct(1):awaited@7,14,21 | await $proxy('crm')[0](1)
None.get/'':direct(0):awaited@7,14,17 | await $proxy(x).get()
- | await $proxy().get()
crm.get/'east':direct(0):awaited@7,14,45+instance_key@22 | await $proxy('crm', {instance_key: 'east'}).get()
crm.get/None:direct(0):awaited@7,14,40+instance_key@22 | await $proxy('crm', {instance_key: x}).get()
crm.get/'':direct(0):awaited@7,14,37+caller@22 | await $proxy('crm', {caller: '合同'}).get()
crm.get/'east':direct(0):awaited@7,14,59+instance_key@22+caller@44 | await $proxy('crm', {instance_key: 'east', caller: '合同'}).get()
crm.get/'east':direct(0):awaited@36,43,66+instance_key@51 | const instance_key = 'east'; await $proxy('crm', {instance_key}).get()
crm.get/None:direct(0):awaited@7,14,30 | await $proxy('crm', options).get()
crm.get/'':direct(0):awaited@7,14,31 | await $proxy('crm', {[x]: 1}).get()
crm.get/'':chain(None):awaited@7,14,26$path['id']@33$query['page']@48$header['h']@66$body['b']@82 | await $proxy('crm').$api('get').$path({id: 1}).$query({page: 1}).$header({h: 1}).$body({b: 1}).$call()
crm.get/'':chain(None):awaited@7,14,26$query['page']@33$query['size']@51 | await $proxy('crm').$api('get').$query({page: 1}).$query({size: 2}).$call()
crm.None/'':chain(None):awaited@7,14,26 | await $proxy('crm').$api(x).$call()
crm.None/'':chain(None):awaited@7,14,7 | await $proxy('crm').$api().$call()
crm.get/'':chain(None):awaited@7,14,26$query[]@33 | await $proxy('crm').$api('get').$query().$call()
crm.get/'':chain(None):awaited@7,14,26$query['id', 'size']@33 | await $proxy('crm').$api('get').$query({id: 1, /* 号 */ size: 2}).$call()
crm.get/'':chain(None):awaited@7,14,26$query?@33 | await $proxy('crm').$api('get').$query(q).$call()
crm.get/'':chain(None):awaited@7,14,26$query?@33 | await $proxy('crm').$api('get').$query({...q}).$call()
crm.get/'':chain(None):awaited@7,14,26$query?@33 | await $proxy('crm').$api('get').$query({[k]: 1}).$call()
crm.get/'':chain(None):awaited@7,14,26$body['a', 'a.b', 'a.b.c', 'd']@33 | await $proxy('crm').$api('get').$body({a: {b: {c: 1}}, d: [1]}).$call()
crm.get/'':chain(None):awaited@7,14,26$body['a']@33 | await $proxy('crm').$api('get').$body({a: {...x}}).$call()
- | await $proxy('crm').$api('get').$other({a: 1}).$call()
crm.get/'':chain(None):awaited@44,18,30$query['a']@46 | const c = $proxy('crm').$api('get'); await c.$query({a: 1}).$call()
crm.get/'':chain(None)!uncalled:awaited@7,14,26$query['a']@33 | await $proxy('crm').$api('get').$query({a: 1})
crm.get/'':chain(None)!uncalled:nothing@1,8,20 | $proxy('crm').$api('get')
- | const c = $proxy('crm').$api('get')
- | $proxy('crm').then(go)
- | $proxy('crm').catch(go)
- | $proxy('crm').toJSON()
- | $proxy('crm').$other()
- | $proxy('crm')._x()
crm.a/'':direct(0):nothing@26,18,28 crm.b/'':direct(0):nothing@33,18,35 | const p = $proxy('crm'); p.a(); p.b()
- | const {get} = $proxy('crm'); get()
crm.a/'':direct(0):argument@29,18,31 crm.b/'':direct(0):returned@44,18,46 | const p = $proxy('crm'); go(p.a()); return p.b()
crm.a/'':direct(0):assigned@10,17,24 | form.a = $proxy('crm').a()
crm.a/'':direct(0):argument@12,19,26 crm.b/'':direct(0):assigned@40,47,54 | const x = [$proxy('crm').a()], y = {z: $proxy('crm').b()}
crm.a/'':direct(0):argument@7,14,21 | go(...$proxy('crm').a())
crm.a/'':direct(0):void@6,13,20 | void $proxy('crm').a()
crm.a/'':direct(0):member@1,8,15 | $proxy('crm').a().then(go)
crm.a/'':direct(0):member@1,8,15 | $proxy('crm').a()['then'](go)
crm.a/'':direct(0):other@10,17,24 crm.b/'':direct(0):other@30,37,44 | form.x ? $proxy('crm').a() : $proxy('crm').b()
crm.a/'':direct(0):other@11,18,25 | form.x && $proxy('crm').a()
crm.a/'':direct(0):returned@17,24,31 | const f = () => $proxy('crm').a()
None.get/'':direct(0):nothing@33,40,45 | const key = form.x ? 'a' : 'b'; $proxy(key).get()
crm.get/'':direct(0):nothing@27,34,39 | const key = 'crm' || 'b'; $proxy(key).get()
None.get/'':direct(0):nothing@27,34,39 | const key = 'crm' && 'b'; $proxy(key).get()
crm.get/'':direct(0):nothing@32,39,45 | function 平台() { return 'crm' } $proxy(平台()).get()
None.get/'':direct(0):nothing@58,65,71 | function 平台() { if (form.x) return 'crm'; return 'erp' } $proxy(平台()).get()
crm.get/'':direct(0):nothing@58,65,71 | function 平台() { if (form.x) return 'crm'; return 'crm' } $proxy(平台()).get()
crm.get/'':direct(0):nothing@63,70,76 | function 平台() { 表.map(() => { return 'erp' }); return 'crm' } $proxy(平台()).get()
"""

NAMES = r"""
global:other:write@1 global:form:read@12 global:other:read@21 global:other:read@35 global:other:read@44 | other = 1; form.a = other; delete other.x; other.y = 2
global:form:read@1 global:other:read@10 | form.a = other.x ?? 1
global:form:read@33 async:取 sig:取() | async function 取() { return 1 } form.a = await 取()
global:form:read@26 async:取 sig:取() | const 取 = async () => 1; form.a = await 取()
global:form:read@33 sig:取() | async function* 取() { yield 1 } form.a = 取()
global:form:read@34 sig:取() | let 取 = async () => 1; 取 = null; form.a = 取
global:form:read@5 | if (form.x) { async function 内() { return 1 } }
global:form:read@33 | const {取} = {取: async () => 1}; form.a = 取
global:form:read@51 sig:f(a,b,options3,options4,rest5) | function f(a, b = 1, {c}, [d], ...e) { return a } form.a = f
global:form:read@19 sig:f(x) | const f = x => x; form.a = f
global:form:read@23 sig:f(options1) | const f = ({x}) => x; form.a = f
global:form:read@14 | const f = 1; form.a = f
global:form:read@1 | form.a = 2 ** 3
global:form:read@1 power@12 | form.a = 2 ** -3
global:form:read@1 | form.a = 2n ** 3n
global:form:read@1 power@14 | form.a = 1.5 ** 2
global:form:read@1 | form.a = (2) ** (3)
global:form:read@1 global:x:read@10 power@12 | form.a = x ** 2
global:form:read@1 | form.a = (-2) ** 2
global:form:read@1 power@8 | form.a **= 2
global:form:read@38 owner:张三@20 | return [{owner_id: '张三'}, {owner_id: form.x}]
owner:张三@9 owner:李四@15 | return ['张三', '李四', '']
sig:f() owner:张三@18 | const f = () => ['张三']
global:form:read@1 | form.a = ['张三']
owner:张三@22 | return [{'owner_id': '张三'}]
ownerless@9 | return [{name: '张三'}]
owner:x@32 | return [{name: '张三', owner_id: 'x'}]
global:x:read@13 | return [{...x}]
- | return [{}]
global:x:read@9 | return [x]
global:x:read@11 | return [{[x]: 1}]
global:form:read@8 owner:x@46 ownerless@18 | return form.x ? [{name: '张三'}] : [{owner_id: 'x'}]
global:form:read@40 sig:f() | function f() { return [{name: '张三'}] } form.a = f()
text:有误@8 | return '有误'
global:form:read@8 text:也有误@24 text:有误@17 | return form.x ? '有误' : '也有误'
global:form:read@9 text:有误@19 | return (form.x ? ('有误') : '')
sig:f() | const f = () => { return '有误' }
global:form:read@5 text:有误@20 text:也有误@33 | if (form.x) return '有误'; return '也有误'
- | return
text:有误@8 | return `有误`
global:form:read@1 global:；:read@11 mistake@1:10 wide:；;@1:11 | form.a = 1；
global:form:read@1 global:“x”:read@10 wide:“"@1:10 wide:”"@1:12 | form.a = “x”
global:form:read@1 | form.a = '，'; // ，
global:form:read@1 global:f（1）:read@10 wide:（(@1:11 wide:）)@1:13 | form.a = f（1）
global:form:read@1 global:x：1:read@11 wide:：:@1:12 | form.a = {x：1}
global:form:read@1 global:“甲”；:read@10 wide:“"@2:10 wide:”"@2:12 wide:；;@2:13 | #!/usr/bin/env 节点（一）⏎form.a = “甲”；
global:form:read@1 | form.a = /（.）/.test(`：`)
global:form:read@1 mistake@1:1 | form.a =
global:form:read@1 ignore:1:power,same-sides | form.a = 1 // bpmax-ignore: power, same-sides
global:form:read@1 power@14 ignore:2:power | // bpmax-ignore: power⏎form.a = 1.5 ** 2
global:form:read@27 ignore:2:power | /* bpmax-ignore: power */ form.a = 1
- | // bpmax-ignore power
global:form:read@1 ignore:1:power,same-sides,no-effect | form.a = 1 // bpmax-ignore：power，same-sides、no-effect
- | // bpmax-ignore ：power
- | // bpmax-ignore-next：power
ignore:2: | // bpmax-ignore:
- | // 别的: power
- | // bpmax-ignore
global:部门:read@22 | return [{name: '张三', 部门}]
global:x:read@25 | return [{name: '张三', ...x}]
global:form:read@20 global:form:read@53 global:y:read@68 sig:f() | function f() { if (form.x) { var y = 2 } return y } form.a = f() + y
global:form:read@20 global:go:read@41 global:y:read@56 global:form:read@60 sig:f() | function f() { if (form.x) { let y = 2; go(y) } return y } form.a = f
global:form:read@5 global:form:read@29 global:go:read@38 global:form:read@45 | if (form.x) { for (var 行 of form.明细) go() } form.a = 行
global:form:read@5 global:form:read@29 global:go:read@38 global:form:read@45 | if (form.x) { for (var 键 in form.明细) go() } form.a = 键
global:form:read@5 global:form:read@34 global:go:read@43 global:form:read@50 | if (form.x) { for (var [键, 值] of form.明细) go() } form.a = 键 + 值
global:form:read@5 global:go:read@43 global:form:read@50 | if (form.x) { for (var i = 0; i < 3; i++) go() } form.a = i
global:form:read@20 global:form:read@44 global:go:read@53 global:form:read@71 global:行:read@86 sig:f() | function f() { if (form.x) { for (var 行 of form.明细) go() } return 行 } form.a = f() + 行
global:form:read@17 global:go:read@26 global:form:read@32 global:行:read@41 | for (const 行 of form.明细) go(); form.a = 行
global:form:read@30 global:丙:read@47 | import 甲, {乙} from './x.js'; form.a = 甲 + 乙 + 丙
global:form:read@1 ignore:1:a,b | form.a = 1; /* bpmax-ignore: a b */
"""


def test_members_are_read_with_what_is_done_and_tested() -> None:
    assert retell(MEMBERS, list_members) == MEMBERS.strip()


def test_comparisons_with_literals_are_read() -> None:
    assert retell(COMPARISONS, list_comparisons) == COMPARISONS.strip()


def test_promises_for_values_and_assignments_for_comparisons_are_read() -> None:
    assert retell(MISUSES, list_misuses) == MISUSES.strip()


def test_unused_results_and_dropped_errors_are_read() -> None:
    assert retell(RESULTS, list_ignored) == RESULTS.strip()


def test_calls_are_read_with_their_places() -> None:
    assert retell(CALLS, list_calls) == CALLS.strip()


def test_names_signatures_owners_and_marks_are_read() -> None:
    assert retell(NAMES, list_names_and_marks) == NAMES.strip()
