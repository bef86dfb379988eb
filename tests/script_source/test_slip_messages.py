# ruff: noqa: E501 - messages and scripts, one a line
"""What is said of a slip names the values, names and lines that are there."""

from __future__ import annotations

from bpmax_sim.script_source.reading import find_slips
from tests.script_source.tables import retell

MESSAGES = r"""
this callback of map has braces and returns nothing; write return, or leave the braces away | form.a = form.明细.map(row => { const f = () => { return 1 }; f() })
filter takes the promise of an async function for its result, and a promise is always true; await the results first: await Promise.all(….map(…)) | form.a = form.明细.filter(async row => row.数量 > 0)
forEach waits for no async function; write for (… of …), or await Promise.all(….map(…)) | form.明细.forEach(async row => { await $proxy('crm').save(row) })
these are promises, of which .filter says nothing; await them first: await Promise.all(….map(…)) | form.a = form.明细.map(async row => await $proxy('crm').get(row)).filter(one => one)
sort wants a number below, at or above 0, and gets true or false; write (a, b) => a - b | form.明细.sort((a, b) => a.数量 > b.数量)
map gives parseInt the index as its base; write Number, or text => parseInt(text, 10) | form.a = form.明细.map(parseInt)
save() is called here and now, not when the time is up; write () => save() | setTimeout(save(), 100); function save() { form.b = 1 }
sort() without a callback sorts numbers as texts, 10 before 9; write (a, b) => a - b | form.a = [3, 1, 2].sort()
what is made here anew equals nothing else; compare its members or its length | form.a = form.明细.includes({id: 1})
nothing equals NaN, not even itself; write Number.isNaN(…) | form.a = form.明细.indexOf(NaN)
Promise.all takes one list; write Promise.all([…]) | const 甲 = $proxy('crm').a(), 乙 = $proxy('crm').b(); form.a = (await Promise.all(甲, 乙)).length
this awaits the function sleep and does not call it; write await sleep(…) | const sleep = () => new Promise(done => setTimeout(done, 1)); await sleep
what an async function throws in new Promise is lost; leave new Promise away and call the async function | await new Promise(async done => { await $proxy('crm').a(); done() })
a promise is handed on here in place of its value; put await before the call | form.a = $proxy('crm').a()
this goes back to forEach, which nothing asks for it, and the script goes on; await what is needed first, and return it from the script itself | form.明细.forEach(row => { if (row.错) return false; form.b = row })
true is always true here | if (true) form.b = 1
a list is always true, also an empty one; ask for its length | if ([]) form.b = 1
=> makes a function, which is always true; >= compares | if (() => form.a) form.b = 1
'' decides || by itself: what follows it, or the whole, is never used | if ('' || form.a) form.b = 1
'B' stands here by itself and is always true; compare it, too: form.a === 'B' | if (form.a === 'A' || 'B') form.b = 1
|| true decides it, whatever stands before | form.c = form.a === 'A' || true
this ends the loop in its first round | for (;;) { form.b = 1; break }
this compares true or false with 5; write 1 < form.a && form.a < 5 | if (1 < form.a < 5) form.b = 1
'5,000' is no number, so that no number is above or below it; write 5000 | if (form.a > '5,000') form.b = 1
'￥５,000.5' is no number, so that no number is above or below it; write 5000.5 | if (form.a > '￥５,000.5') form.b = 1
'三' is no number, so that no number is above or below it; compare with a number | if (form.明细.length > '三') form.b = 1
a length is never below 0; write form.明细.length > 0 | if (form.明细.length < 0) form.b = 1
typeof never gives 'text'; it gives a text: 'string', 'number', 'boolean', 'object', 'function', 'undefined' | if (typeof form.a === 'text') form.b = 1
form.a.trim() is a text and never equals 5, which is a number | if (form.a.trim() === 5) form.b = 1
the case 'A' stands twice | switch (form.a) { case 'A': form.b = 1; break; case 'A': form.b = 2 }
form.a is compared with true or false here; write switch (true), or if | switch (form.a) { case form.a > 5: form.b = 1 }
both sides are form.a; one of them is hardly meant | if (form.a === form.a) form.b = 1
indexOf gives 0 for the first place and -1 for none; write includes, or compare with -1 | if (form.a.indexOf('x')) form.b = 1
! stands for the left side alone here; write !('A' in form) | if (!'A' in form) form.b = 1
x stands twice in this object, and the last one counts | form.a = {x: 1, y: 2, x: 3}
the function 甲 is declared twice, and the last one counts | function 甲() { return 1 } function 甲() { return 2 } form.a = 甲()
nothing calls 甲; call it, or take it away | function 甲() { return 1 } if (form.x) { function 甲() { return 2 } } form.a = 甲()
'x' does nothing here; use it, or take it away | 'x'; form.a = 1
this compares and changes nothing; a single = assigns | form.a === 1
this function is not called; put () behind it | () => { form.a = 1 }
.trim() changes nothing and gives its result back, which nothing takes | form.a.trim()
nothing comes by here; what stands before it leaves | return 1; form.a = 1
a return in finally drops what was thrown | try { form.b = 1 } finally { return 1 }
the ; ends this here, so that what follows always runs | for (const row of form.明细);
the case before it runs on into this one; end it with break, or say in a comment that it is meant | switch (form.x) { case 1: form.a = 1; case 2: form.a = 2 }
=+ assigns + 1; += is what changes by it | form.n =+ 1
${form.b} stands in quotes and is not filled in; write the text between backticks | form.a = '${form.b}'
a number holds some 16 digits: this becomes 9007199254740992; write it as a text | form.a = 9007199254740993
forEach gives nothing back; map gives a list | form.a = form.明细.forEach(row => { form.b = row })
push gives the new length back, not the list; leave form.明细 = away | form.明细 = form.明细.push(1)
Math.max takes numbers, and gives NaN for a list; write ...[1, 2] | form.a = Math.max([1, 2])
甲 calls itself whatever it is given, and so without end; return first where it has to stop | function 甲(n) { return 甲(n - 1) } form.a = 甲(1)
A-z has [ \ ] ^ _ ` in it, too; write A-Za-z | form.a = /[A-z]/.test(form.x)
[] fits no character at all; write \[\] or what it is | form.a = /[]/.test(form.x)
both branches do the same, so the condition decides nothing | if (form.x) { form.a = 1 } else { form.a = 1 }
this compares true or false with form.z; join two comparisons by && | if (form.x === form.y === form.z) form.a = 1
& works on the bits of numbers; write && | if (form.x & form.y) form.a = 1
0.1 + form.x is not exact, so that it may equal nothing; compare rounded values | form.a = 0.1 + form.x === 0.3
indexOf gives 0 for the first place, which > 0 leaves out; write includes, or >= 0 | form.a = form.x.indexOf('x') > 0
of values joined by a comma only the last one counts | form.a = (form.x, form.y)
a Set has no length; write size | const 集 = new Set(form.明细); form.a = 集.length
length is a number and cannot be called; leave () away | form.a = form.明细.length()
trim is a method that is not called; write trim() | form.a = form.x.trim
there is no 'touppercase'; did you mean 'toUpperCase'? | form.a = form.x.touppercase()
round takes one number and drops the rest; for two digits write Math.round(x * 100) / 100 | form.a = Math.round(form.x, 2)
replace changes the first ',' alone; write replaceAll | form.a = form.x.replace(',', '')
getYear counts from 1900; write getFullYear | form.a = new Date().getYear()
a pattern with g goes on where its last test ended; leave the g away | const 式 = /x/g; if (式.test(form.x)) form.a = 1
this takes elements out of form.明细 while it is gone through, which skips the next one; write filter | for (const row of form.明细) { form.明细.splice(0, 1); form.b = row }
parseFloat reads 1 of '1,200' and stops | form.a = parseFloat('1,200')
'1s' is no number of milliseconds, so that this fires at once | setTimeout(() => { form.a = 1 }, '1s')
all callbacks share this i, which has its last value by then; write let | for (var i = 0; i < 3; i++) setTimeout(() => { form.a = i }, 1)
form.明细[i] is not there in the last round; write < | for (let i = 0; i <= form.明细.length; i++) form.a = form.明细[i]
n = n++ changes nothing; leave the assignment away | let n = 1; n = n++; form.a = n
算 takes 2, so that this is dropped | const 算 = (a, b) => a + b; form.a = 算(1, 2, 3)
'2026-13-01' is no date: there is no month 13 | form.a = new Date('2026-13-01')
Number('1,200') gives NaN, and nothing compares with that | form.a = Number('1,200')
a timer takes 24.8 days at most (2147483647 ms), and fires at once beyond that; wait in pieces, or let a deadline of the flow do it | setTimeout(() => { form.a = 1 }, 2147483648)
an error of $proxy has no 'platform'; did you mean 'platform_key'? | try { await $proxy('crm').a() } catch (e) { form.a = e.platform }
there is no time zone 'Asia/Beijing', which is a RangeError; that of China is 'Asia/Shanghai' | form.a = new Date().toLocaleString('zh-CN', {timeZone: 'Asia/Beijing'})
nothing reads x; use it, or take it away | const x = 1
c is a const and cannot be assigned to; use let | const c = 1; c = 2; form.a = c
this puts something else in the place of form and changes nothing in it; assign to a member, such as form.field | form = {a: 1}
for … in gives names and indexes, which are texts and have no 数量; write for (const row of …) | for (const row in form.明细) form.a = row.数量
an if before it asks the same, so this never runs: form.a === 1 | if (form.a === 1) form.x = 1; else if (form.a === 1) form.x = 2
this is never true here, since all of it goes to form.a > 5 before; ask for the narrower one first | if (form.a > 5) form.x = 1; else if (form.a > 10) form.x = 2
form.a is never both, so this is always false; write || | if (form.a === 'A' && form.a === 'B') form.x = 1
form.a always differs from one of the two, so this is always true; write && | if (form.a !== 'A' || form.a !== 'B') form.x = 1
=! assigns ! form.x; != compares | form.n =! form.x
=- assigns - 1; -= is what changes by it | form.n =- 1
form.a is overwritten by line 2 before anything reads it | form.a = 1⏎form.a = 2
this declares another 额, and that of line 2 never changes; leave out the word before it | let 和 = 0⏎let 额 = 1⏎if (form.x) {⏎  let 额 = 2; form.b = 额⏎}⏎form.a = 和 + 额
typeof never gives undefined; it gives a text: 'undefined' | if (typeof form.a === undefined) form.b = 1
'A' is always true here | if (!'A') form.b = 1
'A' is always true here | if (form.a && !'A') form.b = 1
'' is always false here | if ('') form.b = 1
'' is always false here | if (form.a && '') form.b = 1
null is always false here | if (null) form.b = 1
check is a function, which is always true; call it: check() | function check() { return form.a } if (check) form.b = 1
'B' stands here by itself and is always true; compare it, too: form.a == 'B' | if (form.a == 'A' || 'B') form.b = 1
form.明细.length is a number and never equals '5', which is a text | if (form.明细.length === '5') form.b = 1
form.a.includes('x') is true or false and never equals 5, which is a number | if (form.a.includes('x') === 5) form.b = 1
form.明细.map(x => x) is a list and never equals 'x', which is a text | if (form.明细.map(x => x) === 'x') form.b = 1
form.a.trim() is a text and never equals 5, which is a number | switch (form.a.trim()) { case 5: form.b = 1 }
Math.min takes numbers, and gives NaN for a list; write ...[1, 2] | form.a = Math.min([1, 2])
a list and a text have no size; write length | form.a = 'x'.size
a Map has no length; write size | form.a = new Map().length
| works on the bits of numbers; write || | form.a = form.x | form.y ? 1 : 2
&& false decides it, whatever stands before | form.a = form.x && false
form.x + 1.5 is not exact, so that it may equal nothing; compare rounded values | form.a = form.x + 1.5 === form.y
unshift gives the new length back, not the list; leave form.明细 = away | form.明细 = form.明细.unshift(1)
months count from 0 here, so that 12 is one of the next year; write 11 | form.a = new Date(2026, 12, 1)
'2026-02-30' is no date: there is no day 30 in it | form.a = new Date('2026-02-30')
'2026-01-01 25:00' is no date: there is no time 25:00 | form.a = new Date('2026-01-01 25:00')
'13/01/2026' is no date: there is no month 13 | form.a = new Date('13/01/2026')
'2026年1月1日' is no date: write it as 2026-01-31 | form.a = new Date('2026年1月1日')
'zh_CN' is no locale, and a RangeError; write 'zh-CN' | form.a = form.n.toLocaleString('zh_CN')
there is no option 'minimumFractionDigit'; did you mean 'minimumFractionDigits'? | form.a = form.n.toLocaleString('zh-CN', {minimumFractionDigit: 2})
the response of an error has no data; it has status, headers and body | try { await $proxy('crm').a() } catch (e) { form.a = e.response.data }
Array(n) has no elements yet, so that map does nothing; write Array.from | form.a = Array(5).map(() => 0)
fill puts the same object into each place; write Array.from(…, () => …) | form.a = Array(5).fill([])
this assigns to each element; a comparison is === | form.a = form.明细.find(row => row.sku = 'A')
there is no 'limt'; did you mean 'limit'? | const LIMITS = {limit: 5, 最高: 9}; form.a = LIMITS.limt
算 takes 0, so that this is dropped | const 算 = () => 1; form.a = 算(1)
nothing calls 甲; call it, or take it away | function 甲() { return 1 } form.a = 1
parseFloat reads -1 of '-1,200' and stops | form.a = parseFloat('-1,200')
this goes back to setTimeout, which nothing asks for it, and the script goes on; await what is needed first, and return it from the script itself | setTimeout(() => { return '有误' }, 1)
toSorted wants a number below, at or above 0, and gets true or false; write (a, b) => a - b | form.a = form.明细.toSorted((a, b) => a.数量 < b.数量)
Promise.race takes one list; write Promise.race([…]) | form.a = (await Promise.race($proxy('crm').a())).code
this is never true here, where form.x | if (form.x) { if (!form.x) form.a = 1 }
whatever number form.a is, it is one of the two, so this is true; write && | if (form.a > 1 || form.a < 5) form.x = 1
a length is never below 0; write form.明细.map(row => row.一个非常长的字段名字叫做客户名称… > 0 | if (form.明细.map(row => row.一个非常长的字段名字叫做客户名称加上合同编号).length < 0) form.b = 1
these are promises, of which .join says nothing; await them first: await Promise.all(….map(…)) | const all = form.明细.map(row => $proxy('crm').get(row)); form.a = all.join(','); form.b = all.at(0)
"""


def list_messages(script: str) -> list[str]:
    """Return the messages of all slips in *script* as one text."""
    return ["; also ".join(str(slip.message) for slip in find_slips(script))]


def test_messages_name_what_stands_in_the_script() -> None:
    assert retell(MESSAGES, list_messages) == MESSAGES.strip()
