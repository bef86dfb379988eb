# ruff: noqa: E501 - scripts, one a line
"""Dates, numbers, options and locales, each at its limits."""

from __future__ import annotations

from bpmax_sim.script_source.literal_slips import is_no_number, is_number_text
from tests.script_source.tables import list_messages, list_slips, retell

LITERALS = r"""
wrong-value@20 wrong-value@44 wrong-value@92 wrong-value@140 wrong-value@164 | form.a = [new Date('2026-13-01'), new Date('2026-00-01'), new Date('2026-12-01'), new Date('2026-02-29'), new Date('2028-02-29'), new Date('2026-02-00'), new Date('2026/4/31'), new Date('2026.1.5')]
wrong-value@50 wrong-value@80 wrong-value@110 wrong-value@223 | form.a = [new Date('2026-01-01 24:00'), new Date('2026-01-01 24:01'), new Date('2026-01-01T25:00'), new Date('2026-01-01T23:60'), new Date('2026-01-01T23:59:61'), new Date('2026-01-01 0:59'), new Date('2026-01'), new Date('2026-13')]
wrong-value@44 wrong-value@68 wrong-value@119 | form.a = [new Date('12/31/2026'), new Date('13/31/2026'), new Date('2/30/2026'), new Date('1/1/2026 25:00'), new Date('1/0/2026'), new Date('12/31/26')]
wrong-value@20 wrong-value@36 wrong-value@50 wrong-value@71 wrong-value@89 wrong-value@149 wrong-value@190 wrong-value@213 wrong-value@232 wrong-value@249 | form.a = [new Date('今天'), new Date(''), new Date('2026年1月'), new Date('２０２６'), new Date('20260101'), new Date('202601'), new Date('2026'), new Date('1 月'), new Date('Jan 5 2026'), new Date('2026-1-1（'), new Date('10：30'), new Date('1，2'), new Date(' 1234567 ')]
wrong-value@22 wrong-value@38 wrong-value@50 wrong-value@66 | form.a = [Date.parse('今天'), Date.UTC('今天'), Date('今天'), new Date(`今天`), new Date(今天), new 别('今天'), Date.now('今天'), new Date(), new Date(5)]
wrong-value@26 wrong-value@72 wrong-value@92 | form.a = [new Date(2026, 12, 1), new Date(2026, 11, 1), new Date(2026, 13), Date.UTC(2026, 12), new Date(2026, form.m), new Date(2026, 0), new Date(2026, 1.5), new Date(12)]
wrong-value@11 wrong-value@148 wrong-value@165 wrong-value@197 wrong-value@229 wrong-value@245 wrong-value@261 wrong-value@274 | form.a = [Number('1,200'), Number('5'), Number(' 5 '), Number(''), Number('0x1F'), Number('1e5'), Number('.5'), Number('5.'), Number('-Infinity'), Number('1_000'), Number('５'), Number('\ufeff5'), Number('0b12'), Number('0o17'), Number('0o18'), Number('+0x1'), Number('.'), Number(`1元`), Number(form.x), Number()]
wrong-value@11 wrong-value@37 wrong-value@44 wrong-value@90 wrong-value@123 wrong-value@139 wrong-value@155 wrong-value@179 wrong-value@260 wrong-value@276 | form.a = [parseInt('abc'), parseInt('5元'), parseInt(''), parseInt(' 5'), parseInt('-5'), parseInt('0x'), parseInt('0xA'), parseInt('.5'), parseInt('x5'), Number.parseInt('abc'), parseFloat('abc'), parseFloat('.5x'), parseFloat('-.5'), parseFloat('Infinity'), parseFloat(''), Number.parseFloat('元5')]
wrong-value@11 wrong-value@66 wrong-value@126 wrong-value@147 wrong-value@188 wrong-value@245 | form.a = [parseInt('5', 1), parseInt('5', 2), parseInt('5', 36), parseInt('5', 37), parseInt('5', 0), parseInt('5', form.x), parseInt('abc', 10), parseInt('abc', 0), parseInt('abc', 16), parseInt(form.x, 1), parseFloat('5', 1), Number('5', 1), parseFloat('abc', 16)]
wrong-value@22 wrong-value@41 wrong-value@62 wrong-value@189 wrong-value@207 wrong-value@237 wrong-value@315 wrong-value@338 | form.a = [parseFloat('1,200'), parseInt('1,200'), parseFloat('5元'), parseFloat('5 kg'), parseFloat('5%'), parseFloat('5 '), parseFloat('5'), parseInt('5.7'), parseFloat('5.7.8'), parseInt('0x1G'), parseInt('12abc34'), Number.parseFloat('1-2'), parseFloat('-5.5px'), parseInt('5', 16), parseInt('1z', 16), parseInt('1,2', 10), parseFloat('1e5x y'), parseInt('5\ufeff')]
wrong-value@44 wrong-value@73 wrong-value@143 wrong-value@165 wrong-value@238 | setTimeout(go, 2147483647); setTimeout(go, 2147483648); setInterval(go, 30 * 86400 * 1000); setTimeout(go, 24 * 86400 * 1000); setTimeout(go, 1e10); setTimeout(go, 2147483647 + 1); setTimeout(go, 9999999999 - 9999999998); setTimeout(go, 2_147_483_648); setTimeout(go); setTimeout(go, '9'); queueMicrotask(go, 1e10); setTimeout(go, 9e9 / 1)
wrong-value@40 wrong-value@146 wrong-value@253 | const 天 = 86400 * 1000; setTimeout(go, 天 * 30); let 时 = 1e10; 时 = 1; setTimeout(go, 时); const {月} = {月: 1e10}; setTimeout(go, 月); setTimeout(go, (1e10)); setTimeout(go, form.x * 1e10); setTimeout(go, -1e10); setTimeout(go, 0xFFFFFFFFF); setTimeout(go, 1e10, 1)
wrong-value@16 wrong-value@87 wrong-value@109 wrong-value@129 wrong-value@201 wrong-value@222 | setTimeout(go, '1s'); setTimeout(go, '100'); setTimeout(go, ' 100 '); setInterval(go, '一百'); setTimeout(go, ''); setTimeout(go, '-5'); setTimeout(go, form.x); queueMicrotask(go, '1s'); setTimeout(go, ' '); setTimeout(go, `5m`); setTimeout('1s'); setTimeout(go, '1e3')
unknown-member@57 unknown-member@78 unknown-member@90 unknown-member@106 unknown-member@113 | try { await $proxy('crm').a() } catch (e) { form.a = [e.mesage, e.message, e.platform, e.statu, e.zzz, e.nam, e.stak] }
- | try { await $proxy('crm').a() } catch (e) { form.a = e.mesage; const 错 = {mesage: 1}; form.b = 错.mesage }
unknown-member@56 unknown-member@68 | try { await $proxy('crm').a() } catch (e) { form.a = e.mesage + e?.mesage }
- | try { await $proxy('crm').a() } catch (e) { e = 1; form.a = e.mesage }
- | try { go() } catch (e) { form.a = e.mesage }
unknown-member@49 unknown-member@77 | await $proxy('crm').a().catch(e => { form.a = e.mesage; form.b = e.response.data }); await $proxy('crm').a().catch((x, y) => { form.c = y.response.data }); await $proxy('crm').a().then(e => { form.d = e.response.data }); form.e = e.response.data
unknown-member@66 unknown-member@140 | try { await $proxy('crm').a() } catch (e) { form.a = [e.response.data, e.response.status, e.response.headers, e.response.body, e.response?.data, e.answer.data, e['response'].text, e.response['data'], e.response.body.data, e.x.response.data] }
unknown-member@43 unknown-member@106 unknown-member@181 | form.a = [form.n.toLocaleString('zh-CN', {minimumFractionDigit: 2}), form.n.toLocaleDateString('zh-CN', {dateStile: 'full', 'timeStyle': 'short'}), new Intl.NumberFormat('zh-CN', {zzz: 1}), Intl.DateTimeFormat('zh-CN', {[form.k]: 1, ...form.o}), form.n.format('zh-CN', {zzz: 1}), form.n.toLocaleString({zzz: 1}), new 别.Intl.NumberFormat('zh', {zzz: 1})]
- | form.a = form.n.toLocaleString('zh-CN', {minimumFractionDigits: 1, maximumFractionDigits: 1, minimumIntegerDigits: 1, useGrouping: 1, minimumSignificantDigits: 1, maximumSignificantDigits: 1, style: 1, currency: 1, currencyDisplay: 1, unit: 1, unitDisplay: 1, notation: 1, signDisplay: 1, compactDisplay: 1, currencySign: 1, roundingMode: 1, roundingIncrement: 1, roundingPriority: 1, trailingZeroDisplay: 1, localeMatcher: 1, numberingSystem: 1, calendar: 1})
- | form.a = form.n.toLocaleString('zh-CN', {timeZone: 1, hour12: 1, hourCycle: 1, weekday: 1, era: 1, year: 1, month: 1, day: 1, dayPeriod: 1, hour: 1, minute: 1, second: 1, timeZoneName: 1, fractionalSecondDigits: 1, dateStyle: 1, timeStyle: 1, formatMatcher: 1, numeric: 1, usage: 1, sensitivity: 1, ignorePunctuation: 1, caseFirst: 1, collation: 1, type: 1, granularity: 1})
wrong-value@33 wrong-value@119 wrong-value@383 wrong-value@532 wrong-value@557 | form.a = [form.n.toLocaleString('zh_CN'), form.n.toLocaleString('zh-CN', 'a_b'), form.n.toLocaleString('', {timeZone: 'Asia/Beijing'}), form.n.toLocaleString('zh', {timeZone: 'asia/SHANGHAI'}), form.n.toLocaleString('zh', {timeZone: '+08:00'}), form.n.toLocaleString('zh', {timeZone: '-08:00'}), form.n.toLocaleString('zh', {timeZone: ''}), form.n.toLocaleString('zh', {'timeZone': 'CST8'}), form.n.toLocaleString('zh', {timeZoneName: 'CST8'}), form.n.x('zh_CN'), form.n.toLocaleString({timeZone: 'CST8'}), new Intl.DateTimeFormat('zh_Hans_CN', {timeZone: 'CST8'}), form.n.toLocaleString('zh', {timeZone: form.z})]
never-equal@14 never-equal@33 never-equal@101 never-equal@129 never-equal@154 never-equal@229 never-equal@264 never-equal@314 | if (form.a > '5,000') go(); if ('5,000' < form.a) go(); if (form.a === '5,000') go(); if (form.a >= '￥500') go(); if (form.a <= '5元') go(); if (form.a < '５') go(); if (form.a > '5') go(); if (form.a > '5,00') go(); if (form.a > '¥ 5,000.50 元') go(); if (form.a > '$5') go(); if (form.a > '一千') go(); if (form.a > '5，000') go()
never-equal@21 never-equal@119 never-equal@179 never-equal@251 constant-condition@284 | if (form.a.length > '一千') go(); if (form.a.length > '5') go(); if (form.a.trim() > '5,000') go(); if (form.a.length > '5,000') go(); if (form.a.trim() > '一千') go(); if (form.a > `5,000`) go(); if (form.a > '') go(); if (form.a.length > '') go(); if ('一千' >= form.a.length) go(); if (form.a.length + '一千') go()
wrong-value@16 | setTimeout(go, 3e9 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1); setTimeout(go, 3e9 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1); const {月} = 1e10; setTimeout(go, 月)
- | const e = await $proxy('crm').a(); form.a = e.mesage
wrong-value@41 wrong-value@83 wrong-value@127 | form.a = [parseInt('1,2', 16), parseInt('1,2', 0), parseFloat('1e5 '), parseFloat('1e5 元'), parseFloat('5\ufeff'), parseFloat(' 5 元')]
"""

LITERALS_MESSAGES = r"""
'2026-13-01' is no date: there is no month 13
'2026-00-01' is no date: there is no month 0
'2026-02-29' is no date: there is no day 29 in it
'2026-02-00' is no date: there is no day 0 in it
'2026/4/31' is no date: there is no day 31 in it
'2026-01-01 24:01' is no date: there is no time 24:01
'2026-01-01T25:00' is no date: there is no time 25:00
'2026-01-01T23:60' is no date: there is no time 23:60
'2026-13' is no date: there is no month 13
'13/31/2026' is no date: there is no month 13
'2/30/2026' is no date: there is no day 30 in it
'1/0/2026' is no date: there is no day 0 in it
'今天' is no date: write it as 2026-01-31
'' is no date: write it as 2026-01-31
'2026年1月' is no date: write it as 2026-01-31
'２０２６' is no date: write it as 2026-01-31
'20260101' is no date: write it as 2026-01-31
'1 月' is no date: write it as 2026-01-31
'2026-1-1（' is no date: write it as 2026-01-31
'10：30' is no date: write it as 2026-01-31
'1，2' is no date: write it as 2026-01-31
' 1234567 ' is no date: write it as 2026-01-31
`今天` is no date: write it as 2026-01-31
months count from 0 here, so that 12 is one of the next year; write 11
months count from 0 here, so that 13 is one of the next year; write 12
Number('1,200') gives NaN, and nothing compares with that
Number('1_000') gives NaN, and nothing compares with that
Number('５') gives NaN, and nothing compares with that
Number('0b12') gives NaN, and nothing compares with that
Number('0o18') gives NaN, and nothing compares with that
Number('+0x1') gives NaN, and nothing compares with that
Number('.') gives NaN, and nothing compares with that
Number(`1元`) gives NaN, and nothing compares with that
parseInt('abc') gives NaN, and nothing compares with that
parseInt reads 5 of '5元' and stops
parseInt('') gives NaN, and nothing compares with that
parseInt('0x') gives NaN, and nothing compares with that
parseInt('.5') gives NaN, and nothing compares with that
parseInt('x5') gives NaN, and nothing compares with that
Number.parseInt('abc') gives NaN, and nothing compares with that
parseFloat('abc') gives NaN, and nothing compares with that
parseFloat('') gives NaN, and nothing compares with that
Number.parseFloat('元5') gives NaN, and nothing compares with that
parseInt('5', 1) gives NaN, and nothing compares with that
parseInt('5', 37) gives NaN, and nothing compares with that
parseInt('abc', 10) gives NaN, and nothing compares with that
parseInt('abc', 0) gives NaN, and nothing compares with that
parseInt(form.x, 1) gives NaN, and nothing compares with that
parseFloat('abc', 16) gives NaN, and nothing compares with that
parseFloat reads 1 of '1,200' and stops
parseInt reads 1 of '1,200' and stops
parseFloat reads 5 of '5元' and stops
parseInt reads 0x1 of '0x1G' and stops
parseInt reads 12 of '12abc34' and stops
parseFloat reads 1 of '1-2' and stops
parseInt reads 1 of '1,2' and stops
parseFloat reads 1e5 of '1e5x y' and stops
a timer takes 24.8 days at most (2147483647 ms), and fires at once beyond that; wait in pieces, or let a deadline of the flow do it
'1s' is no number of milliseconds, so that this fires at once
'一百' is no number of milliseconds, so that this fires at once
'' is no number of milliseconds, so that this fires at once
'-5' is no number of milliseconds, so that this fires at once
' ' is no number of milliseconds, so that this fires at once
'5m' is no number of milliseconds, so that this fires at once
an error of $proxy has no 'mesage'; did you mean 'message'?
an error of $proxy has no 'platform'; did you mean 'platform_key'?
an error of $proxy has no 'statu'; did you mean 'status'?
an error of $proxy has no 'nam'; did you mean 'name'?
an error of $proxy has no 'stak'; did you mean 'stack'?
the response of an error has no data; it has status, headers and body
there is no option 'minimumFractionDigit'; did you mean 'minimumFractionDigits'?
there is no option 'dateStile'; did you mean 'dateStyle'?
there is no option 'zzz'; there are minimumFractionDigits, maximumFractionDigits, minimumIntegerDigits, useGrouping, minimumSignificantDigits, maximumSignificantDigits, style, currency, currencyDisplay, unit, unitDisplay, notation, signDisplay, compactDisplay, currencySign, roundingMode, roundingIncrement, roundingPriority, trailingZeroDisplay, localeMatcher, numberingSystem, calendar, timeZone, hour12, hourCycle, weekday, era, year, month, day, dayPeriod, hour, minute, second, timeZoneName, fractionalSecondDigits, dateStyle, timeStyle, formatMatcher, numeric and 7 more
'zh_CN' is no locale, and a RangeError; write 'zh-CN'
there is no time zone 'Asia/Beijing', which is a RangeError; that of China is 'Asia/Shanghai'
there is no time zone 'CST8', which is a RangeError; that of China is 'Asia/Shanghai'
'zh_Hans_CN' is no locale, and a RangeError; write 'zh-Hans-CN'
'5,000' is no number, so that no number is above or below it; write 5000
'￥500' is no number, so that no number is above or below it; write 500
'5元' is no number, so that no number is above or below it; write 5
'５' is no number, so that no number is above or below it; write 5
'¥ 5,000.50 元' is no number, so that no number is above or below it; write 5000.50
'$5' is no number, so that no number is above or below it; write 5
'5，000' is no number, so that no number is above or below it; write 5000
'一千' is no number, so that no number is above or below it; compare with a number
`5,000` is no number, so that no number is above or below it; write 5000
form.a.length + '一千' is always true here
parseFloat reads 1e5 of '1e5 元' and stops
parseFloat reads 5 of ' 5 元' and stops
"""


def test_slips_of_literals_are_told_at_their_limits() -> None:
    assert retell(LITERALS, list_slips) == LITERALS.strip()


def test_messages_of_slips_of_literals_at_their_limits() -> None:
    assert list_messages(LITERALS) == LITERALS_MESSAGES.strip().splitlines()


def test_a_text_is_no_number_where_neither_javascript_nor_people_read_one() -> None:
    texts = ["一千", "5,00", "abc", "5元元", "5", "5,000", "５", "￥5", "", " 5 ", "0x1F", "5元"]

    assert [text for text in texts if is_no_number(text)] == ["一千", "5,00", "abc", "5元元"]
    assert [text for text in texts if is_number_text(text)] == ["5", "", " 5 ", "0x1F"]
