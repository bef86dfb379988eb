# ruff: noqa: E501 - scripts, one a line
"""Each rule about callbacks and promises, at its limits and with every method that it knows."""

from __future__ import annotations

from tests.script_source.tables import list_messages, list_slips, retell

CALLBACKS = r"""
missing-return@22 missing-return@72 missing-return@120 missing-return@172 missing-return@225 | form.a = form.明细.map(row => { form.b = row }); form.c = form.明细.filter(row => { form.b = row }); form.d = form.明细.find(row => { form.b = row }); form.e = form.明细.findLast(row => { form.b = row }); form.f = form.明细.findIndex(row => { form.b = row })
missing-return@32 missing-return@80 missing-return@129 missing-return@179 missing-return@234 | form.a = form.明细.findLastIndex(row => { form.b = row }); form.c = form.明细.some(row => { form.b = row }); form.d = form.明细.every(row => { form.b = row }); form.e = form.明细.reduce(row => { form.b = row }); form.f = form.明细.reduceRight(row => { form.b = row })
missing-return@26 missing-return@74 missing-return@126 wrong-value@161 | form.a = form.明细.flatMap(row => { form.b = row }); form.c = form.明细.sort(row => { form.b = row }); form.d = form.明细.toSorted(row => { form.b = row }); form.e = form.明细.forEach(row => { form.b = row }); form.f = form.明细.join(row => { form.b = row })
missing-return@175 missing-return@216 | form.明细.map(row => { form.b = row }); form.明细.flatMap(row => { form.b = row }); form.明细.some(row => { form.b = row }); form.明细.every(row => { form.b = row }); form.明细.filter(row => { form.b = row }); form.明细.reduce(row => { form.b = row })
missing-return@76 missing-return@167 | form.a = form.明细.map(async row => { form.b = row }); form.c = form.明细.map((function (row) { form.b = row })); form.d = form.明细.map(row => ({})); form.e = form.明细.map(row => {})
unreachable@54 missing-return@90 | form.a = form.明细.map(row => { for (const x of row) { return x } }); form.c = form.明细.map(row => { return }); form.d = form.明细.map(row => { throw row }); form.e = form.明细.map(row => { if (row) throw row; return 1 })
missing-await@25 missing-await@62 missing-await@103 missing-await@145 missing-await@191 | form.a = form.明细.filter(async x => x); form.b = form.明细.find(async x => x); form.c = form.明细.findLast(async x => x); form.d = form.明细.findIndex(async x => x); form.e = form.明细.findLastIndex(async x => x)
missing-await@23 missing-await@61 missing-await@98 wrong-value@158 missing-await@174 | form.a = form.明细.some(async x => x); form.b = form.明细.every(async x => x); form.c = form.明细.sort(async x => x); form.d = form.明细.map(async x => x); form.e = form.明细.forEach(async x => { await x }); form.f = form.明细.flatMap(async x => x)
missing-await@48 missing-await@140 | form.明细.forEach(async x => x); form.明细.forEach(async x => { await (x) }); form.明细.forEach(x => { go(async () => { await x }) }); const 存 = async x => { await x }; form.明细.forEach(存)
missing-await@22 missing-await@69 missing-await@112 missing-await@157 missing-await@203 | form.a = form.明细.map(async x => x).filter(go); form.b = form.明细.map(async x => x).length; form.c = form.明细.map(async x => x).some(go); form.d = form.明细.map(async x => x).every(go); form.e = form.明细.map(async x => x).find(go)
missing-await@22 missing-await@72 missing-await@115 missing-await@163 missing-await@210 | form.a = form.明细.map(async x => x).findIndex(go); form.b = form.明细.map(async x => x).join(); form.c = form.明细.map(async x => x).includes(1); form.d = form.明细.map(async x => x).indexOf(1); form.e = form.明细.map(async x => x).sort()
missing-await@22 missing-await@64 missing-await@195 | form.a = form.明细.map(async x => x).at(0); form.b = form.明细.map(async x => x).slice(1); form.c = form.明细.map(async x => x).concat(1); form.d = form.明细.map(async x => x)[0]; form.e = (form.明细.map(async x => x)).length; form.f = form.明细.map(x => x).length
missing-await@69 | form.a = form.明细.flatMap(async x => x).length; form.b = form.明细.map(x => { if (x) return $proxy('crm').a(); return $proxy('crm').b() }).length; form.c = form.明细.map(x => { if (x) return $proxy('crm').a(); return 1 }).length
missing-await@66 | form.b = form.明细.map(go).length; form.c = form.明细.map(存).length; async function 存() { return 1 }
missing-await@23 | const 甲 = form.明细.map(async x => x); form.a = 甲.length; form.b = 甲.join()
- | const 甲 = form.明细.map(async x => x); form.a = 甲.length; form.b = 甲
- | const 甲 = form.明细.map(async x => x); form.a = go(甲); form.b = 甲.length
unused-variable@7 | const 甲 = form.明细.map(async x => x); const 乙 = 1; form.a = 乙.length
- | const {length} = form.明细.map(async x => x); form.a = length.length
- | let 甲; 甲 = form.明细.map(async x => x); form.a = 甲.length
wrong-callback@14 no-effect@32 wrong-callback@49 wrong-callback@150 no-effect@200 | form.明细.sort((a, b) => a > b); form.明细.toSorted((a, b) => { return a < b }); form.明细.sort((a, b) => { if (a) return 1; return a > b }); form.明细.sort((a, b) => { if (a) return a < b; return a > b }); form.明细.filter((a, b) => a > b)
wrong-callback@22 wrong-callback@125 | form.a = form.明细.map(parseInt); form.b = form.明细.map(parseFloat); form.c = form.明细.flatMap(parseInt); form.d = form.明细.map((parseInt)); form.e = form.明细.map(Number.parseInt)
wrong-callback@12 wrong-callback@34 wrong-callback@59 wrong-callback@197 | setTimeout(go(), 1); setInterval(go(), 1); queueMicrotask(go()); setImmediate(go()); setTimeout(go, 1); setTimeout(() => go(), 1); setTimeout(go.bind(null), 1); 甲.setTimeout(go(), 1); setTimeout((go()), 1); setTimeout(new Go(), 1)
wrong-callback@77 | setTimeout(造(), 1); function 造() { return () => { form.b = 1 } } setTimeout(建(), 1); function 建() { form.b = 1 }
wrong-callback@10 wrong-callback@34 wrong-callback@178 | form.a = [3, 1].sort(); form.b = [3, 1].toSorted(); form.c = [3, 1].reverse(); form.d = [3].sort(); form.e = [3, 'x'].sort(); form.f = [3, 1, 2].sort((a, b) => a - b); form.g = ([3, 1]).sort(); form.h = [3, form.x].sort()
wrong-callback@54 | const 甲 = [3, 1], 乙 = 甲, [丙] = [[3, 1], 2]; form.a = 甲.sort(); form.b = 乙.sort(); form.c = 丙.sort()
wrong-callback@10 wrong-callback@51 wrong-callback@88 wrong-callback@129 | form.a = form.明细.map(x => x * 2).sort(); form.b = form.明细.map(Number).sort(); form.c = form.明细.map(parseFloat).sort(); form.d = form.明细.map(x => { if (x) return 1; return 2 }).sort(); form.e = form.明细.map(x => { if (x) return 1; return '2' }).sort(); form.f = form.明细.map(x => x).sort()
missing-return@22 | form.a = form.明细.map(x => {}).length; form.b = form.明细.filter(x => x * 2).sort(); form.c = form.明细.map(go).sort(); form.d = form.明细.map().sort(); form.e = form.明细.map(x => { throw x }).sort()
never-equal@27 never-equal@57 never-equal@91 never-equal@180 never-equal@215 never-equal@284 | form.a = form.明细.includes({}); form.b = form.明细.indexOf([]); form.c = form.明细.lastIndexOf({}); form.d = form.明细.find({}); form.e = form.明细.includes(NaN); form.f = form.明细.indexOf(NaN); form.g = form.明细.lastIndexOf(NaN); form.h = form.明细.includes(() => 1); form.i = form.明细.includes(({}))
missing-await@70 missing-await@102 missing-await@127 missing-await@153 missing-await@226 | const 甲 = $proxy('crm').a(), 乙 = $proxy('crm').b(); await Promise.all(甲, 乙); await Promise.allSettled(甲, 乙); await Promise.any(甲, 乙); await Promise.race(甲, 乙); await Promise.resolve(甲, 乙); await 别.all(甲, 乙); await Promise.all([甲], 乙)
missing-await@47 missing-await@142 | const 甲 = $proxy('crm').a(); await Promise.all(甲); await Promise.all([甲]); await Promise.all(); await Promise.all(form.明细); await Promise.all(go()); await Promise['all'](甲)
missing-await@23 missing-await@32 missing-await@132 | const 等 = () => go(); await 等; await (等); await 等(); await go; const 值 = 1; await 值; await form.等; async function 存() { return 1 } await 存
missing-await@19 | await new Promise(async 好 => { await go(); 好() }); await new Promise(好 => go(好)); await new 别(async 好 => 好()); await new Promise(存); async function 存() { return 1 } await new Promise()
missing-await@10 missing-await@110 missing-await@152 | form.a = $proxy('crm').a(); form.b = go(); ctx.c = $proxy('crm').a(); let 值; 值 = $proxy('crm').a(); form.d = $proxy('crm').$api('a').$call(); form.e = 存(); async function 存() { return 1 } go(值)
missing-await@64 missing-await@127 | form.a = {甲: $proxy('crm').a()}; await $proxy('crm').b({甲: {乙: $proxy('crm').a()}}); await $proxy('crm').$api('b').$query({甲: $proxy('crm').a()}).$call(); go({甲: $proxy('crm').a()}); await $proxy('crm').b([{甲: $proxy('crm').a()}])
unused-result@38 unused-result@91 unused-result@143 | form.明细.forEach(x => { if (x) return false; go() }); form.明细.forEach(x => { if (x) return '有误'; go() }); form.明细.forEach(x => { if (x) return `有误`; go() }); form.明细.forEach(x => { if (x) return true; go() }); form.明细.forEach(x => { if (x) return 1; go() })
unused-result@27 unused-result@67 unused-result@110 unused-result@182 unused-result@257 unused-result@290 | setTimeout(() => { return false }, 1); setInterval(() => { return false }, 1); queueMicrotask(() => { return false }); setImmediate(() => { return false }); go().then(x => { return false }); go().catch(x => { return false }); await go().then(x => { return '停' }); (go().then(x => { return '停' }))
unused-result@80 unused-result@150 unused-result@199 | form.a = go().then(x => { return false }); await form.明细.forEach(x => { return false }); form.明细.forEach(x => false); form.明细.forEach((x => { return false })); form.明细.forEach(function (x) { return false }, x => { return false }); form.明细.forEach(go); then(x => { return false })
unused-result@64 unused-result@38 | form.明细.forEach(x => { if (x) return false; if (form.y) return '有误'; go(() => { return false }); return 1 }); setTimeout(存, 1); function 存() { return false }
missing-return@100 | const 造 = () => (row => { form.b = row }); form.a = form.明细.filter(造()); form.c = (form.明细.filter)(row => { form.b = row }); (form.明细.map(row => { form.b = row }))
wrong-callback@14 wrong-callback@33 unused-result@99 unused-result@141 | (setTimeout)(go(), 1); form.a = (form.明细.map(x => x * 2).sort)(); (form.明细.forEach)(x => { return false }); (await (go().then(x => { return false }))); setTimeout((go.bind)(null), 1)
wrong-callback@14 wrong-callback@145 | form.明细.sort((a, b) => { if (!a) throw 1; return a > b }); form.明细.sort((a, b) => { throw a }); form.明细.forEach(x => { throw x }); form.明细.sort((a, b) => { return /* 注 */ a > b })
wrong-callback@92 missing-await@134 | const 甲 = ['x', 'y'], {length: 乙} = [3, 1]; form.a = 甲.sort(); form.b = 乙.sort(); form.c = [3, /* 注 */ 1].sort(); const 等 = () => 1; await /* 注 */ 等
"""

CALLBACKS_MESSAGES = r"""
this callback of map has braces and returns nothing; write return, or leave the braces away
this callback of filter has braces and returns nothing; write return, or leave the braces away
this callback of find has braces and returns nothing; write return, or leave the braces away
this callback of findLast has braces and returns nothing; write return, or leave the braces away
this callback of findIndex has braces and returns nothing; write return, or leave the braces away
this callback of findLastIndex has braces and returns nothing; write return, or leave the braces away
this callback of some has braces and returns nothing; write return, or leave the braces away
this callback of every has braces and returns nothing; write return, or leave the braces away
this callback of reduce has braces and returns nothing; write return, or leave the braces away
this callback of reduceRight has braces and returns nothing; write return, or leave the braces away
this callback of flatMap has braces and returns nothing; write return, or leave the braces away
this callback of sort has braces and returns nothing; write return, or leave the braces away
this callback of toSorted has braces and returns nothing; write return, or leave the braces away
forEach gives nothing back; map gives a list
this ends the loop in its first round
filter takes the promise of an async function for its result, and a promise is always true; await the results first: await Promise.all(….map(…))
find takes the promise of an async function for its result, and a promise is always true; await the results first: await Promise.all(….map(…))
findLast takes the promise of an async function for its result, and a promise is always true; await the results first: await Promise.all(….map(…))
findIndex takes the promise of an async function for its result, and a promise is always true; await the results first: await Promise.all(….map(…))
findLastIndex takes the promise of an async function for its result, and a promise is always true; await the results first: await Promise.all(….map(…))
some takes the promise of an async function for its result, and a promise is always true; await the results first: await Promise.all(….map(…))
every takes the promise of an async function for its result, and a promise is always true; await the results first: await Promise.all(….map(…))
sort takes the promise of an async function for its result, and a promise is always true; await the results first: await Promise.all(….map(…))
forEach waits for no async function; write for (… of …), or await Promise.all(….map(…))
these are promises, of which .filter says nothing; await them first: await Promise.all(….map(…))
these are promises, of which .length says nothing; await them first: await Promise.all(….map(…))
these are promises, of which .some says nothing; await them first: await Promise.all(….map(…))
these are promises, of which .every says nothing; await them first: await Promise.all(….map(…))
these are promises, of which .find says nothing; await them first: await Promise.all(….map(…))
these are promises, of which .findIndex says nothing; await them first: await Promise.all(….map(…))
these are promises, of which .join says nothing; await them first: await Promise.all(….map(…))
these are promises, of which .includes says nothing; await them first: await Promise.all(….map(…))
these are promises, of which .indexOf says nothing; await them first: await Promise.all(….map(…))
these are promises, of which .sort says nothing; await them first: await Promise.all(….map(…))
these are promises, of which .at says nothing; await them first: await Promise.all(….map(…))
these are promises, of which .slice says nothing; await them first: await Promise.all(….map(…))
nothing reads 甲; use it, or take it away
sort wants a number below, at or above 0, and gets true or false; write (a, b) => a - b
.toSorted() changes nothing and gives its result back, which nothing takes
toSorted wants a number below, at or above 0, and gets true or false; write (a, b) => a - b
.filter() changes nothing and gives its result back, which nothing takes
map gives parseInt the index as its base; write Number, or text => parseInt(text, 10)
go() is called here and now, not when the time is up; write () => go()
建() is called here and now, not when the time is up; write () => 建()
sort() without a callback sorts numbers as texts, 10 before 9; write (a, b) => a - b
what is made here anew equals nothing else; compare its members or its length
nothing equals NaN, not even itself; write Number.isNaN(…)
Promise.all takes one list; write Promise.all([…])
Promise.allSettled takes one list; write Promise.allSettled([…])
Promise.any takes one list; write Promise.any([…])
Promise.race takes one list; write Promise.race([…])
this awaits the function 等 and does not call it; write await 等(…)
this awaits the function 存 and does not call it; write await 存(…)
what an async function throws in new Promise is lost; leave new Promise away and call the async function
a promise is handed on here in place of its value; put await before the call
this goes back to forEach, which nothing asks for it, and the script goes on; await what is needed first, and return it from the script itself
this goes back to setTimeout, which nothing asks for it, and the script goes on; await what is needed first, and return it from the script itself
this goes back to setInterval, which nothing asks for it, and the script goes on; await what is needed first, and return it from the script itself
this goes back to queueMicrotask, which nothing asks for it, and the script goes on; await what is needed first, and return it from the script itself
this goes back to then, which nothing asks for it, and the script goes on; await what is needed first, and return it from the script itself
"""


def test_slips_of_callbacks_are_told_at_their_limits() -> None:
    assert retell(CALLBACKS, list_slips) == CALLBACKS.strip()


def test_messages_of_slips_of_callbacks_at_their_limits() -> None:
    assert list_messages(CALLBACKS) == CALLBACKS_MESSAGES.strip().splitlines()
