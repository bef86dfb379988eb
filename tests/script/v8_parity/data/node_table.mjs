// Writes node_table.json, what Node says of expressions: `LANG=zh_CN.UTF-8 node tests/script/v8_parity/data/node_table.mjs`.
import {writeFileSync} from 'node:fs';

process.env.TZ = 'Asia/Shanghai';
const product = (...lists) => lists.reduce((rows, list) => rows.flatMap(row => list.map(item => [...row, item])), [[]]);
const text = value => JSON.stringify(value);
const options = (...pairs) => text(Object.fromEntries(pairs.filter(([, value]) => value !== undefined)));
const LOCALES = ["'zh-CN'", "'en-US'"];
const groups = {};

const NUMBERS = ['0', '-0', '1', '-1', '0.5', '1.005', '2.5', '-2.5', '1234.5', '1234567.891', '-9876543.21', '1e21', '1e-7', '0.1+0.2',
  '999.995', '0.0005', 'NaN', 'Infinity', '-Infinity', '12345678901234567890', '100', '99.5', '123456789012345678n'];
const NUMBER_OPTIONS = ['undefined', '{}', ...[
  {minimumFractionDigits: 2}, {maximumFractionDigits: 0}, {minimumFractionDigits: 2, maximumFractionDigits: 2}, {maximumFractionDigits: 1},
  {minimumIntegerDigits: 3}, {useGrouping: false}, {style: 'percent'}, {style: 'percent', minimumFractionDigits: 1},
  {style: 'currency', currency: 'CNY'}, {style: 'currency', currency: 'USD'}, {style: 'currency', currency: 'JPY'},
  {style: 'currency', currency: 'EUR', maximumFractionDigits: 0}, {style: 'currency', currency: 'HKD'},
  {style: 'currency', currency: 'TWD'}, {style: 'currency', currency: 'GBP', currencyDisplay: 'code'},
  {style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol'}, {style: 'currency', currency: 'CNY', useGrouping: false},
  {maximumSignificantDigits: 3}, {minimumSignificantDigits: 4}, {minimumSignificantDigits: 2, maximumSignificantDigits: 2},
  {signDisplay: 'always'}, {signDisplay: 'exceptZero'}, {signDisplay: 'never'}, {minimumFractionDigits: 3, maximumFractionDigits: 1, maximumSignificantDigits: 4},
].map(text)];
groups.numbers = product(NUMBERS, LOCALES, NUMBER_OPTIONS).map(([n, locale, o]) => `(${n}).toLocaleString(${locale}, ${o})`);
groups.numbers.push("new Intl.NumberFormat('zh-CN').format(1234.5)", "Intl.NumberFormat('en-US', {style: 'percent'}).format(0.256)",
  "(1).toLocaleString('zh-CN', {style: 'currency'})", "(1).toLocaleString('zh-CN', {minimumFractionDigits: 3, maximumFractionDigits: 1})",
  "(1).toLocaleString('zh-CN', {maximumFractionDigits: 101})", "[1, 2].map(new Intl.NumberFormat('zh-CN', {minimumFractionDigits: 1}).format)");

const INSTANTS = ['2026-03-02T01:04:05.678Z', '2026-12-31T15:59:59Z', '2026-12-31T16:00:00Z', '2000-02-29T04:00:00Z', '2025-10-09T16:30:00Z'];
const date = instant => `new Date('${instant}')`;
const some = [undefined, 'numeric', '2-digit'], words = [...some, 'short', 'long'], names = [undefined, 'short', 'long'];
const DATES = product(names, some, words, some).filter(([w, y, m, d]) => {
  const key = (w ? 'w' : '') + (y ? 'y' : '') + (m ? 'm' : '') + (d ? 'd' : '');
  return ['d', 'm', 'md', 'y', 'ym', 'ymd', 'w', 'wd', 'wmd', 'wymd'].includes(key);
}).map(([weekday, year, month, day]) => options(['weekday', weekday], ['year', year], ['month', month], ['day', day]));
const TIMES = product(some, some, some, [undefined, true, false]).filter(([h, m, s]) => (h || m || s) && !(h && s && !m))
  .map(([hour, minute, second, hour12]) => options(['hour', hour], ['minute', minute], ['second', second], ['hour12', hour12]));
const BOTH = product(['numeric', '2-digit'], ['numeric', '2-digit', 'short', 'long'], ['numeric', '2-digit'], [undefined, false], [undefined, '2-digit'])
  .map(([year, month, day, hour12, second]) => options(['year', year], ['month', month], ['day', day], ['hour', '2-digit'], ['minute', '2-digit'],
    ['second', second], ['hour12', hour12]));
const CYCLES = product(['numeric', '2-digit'], some, some, ['h12', 'h23']).filter(([, m, s]) => m || !s)
  .map(([hour, minute, second, hourCycle]) => options(['hour', hour], ['minute', minute], ['second', second], ['hourCycle', hourCycle]));
const TWELVE = product(['medium', 'short'], [true, false]).map(([timeStyle, hour12]) => options(['timeStyle', timeStyle], ['hour12', hour12]));
const STYLES = product([undefined, 'full', 'long', 'medium', 'short'], [undefined, 'medium', 'short']).slice(1)
  .map(([dateStyle, timeStyle]) => options(['dateStyle', dateStyle], ['timeStyle', timeStyle]));
const MORE = ['undefined', '{}', ...[{timeZone: 'UTC'}, {timeZone: 'Asia/Shanghai'}, {timeZone: 'Asia/Tokyo'}, {hour12: false}, {hour12: true}, {hourCycle: 'h23'}].map(text)];
const zoned = "'zh-CN'";
groups.dates = [
  ...product(INSTANTS, LOCALES, [...MORE, ...STYLES, ...BOTH]).map(([i, l, o]) => `${date(i)}.toLocaleString(${l}, ${o})`),
  ...product(INSTANTS.slice(0, 2), LOCALES, DATES).map(([i, l, o]) => `${date(i)}.toLocaleDateString(${l}, ${o})`),
  ...product(INSTANTS, LOCALES, MORE).map(([i, l, o]) => `${date(i)}.toLocaleDateString(${l}, ${o})`),
  ...product(INSTANTS, LOCALES, [...MORE, ...TIMES, ...CYCLES, ...TWELVE]).map(([i, l, o]) => `${date(i)}.toLocaleTimeString(${l}, ${o})`),
  ...product(INSTANTS, LOCALES).map(([i, l]) => `new Intl.DateTimeFormat(${l}).format(${date(i)})`),
  `new Date(NaN).toLocaleString(${zoned})`, `new Intl.DateTimeFormat(${zoned}).format(new Date(NaN))`,
  `new Intl.DateTimeFormat(${zoned}).resolvedOptions().timeZone`, `${date(INSTANTS[0])}.toLocaleDateString(${zoned}, {timeStyle: 'short'})`,
  `${date(INSTANTS[0])}.toLocaleString(${zoned}, {dateStyle: 'short', hour: 'numeric'})`,
];

const NAMES = ['张三', '李四', '王五', '赵六', '欧阳', '陈一', '阿宝', '曾', '单', 'Alice', 'bob', 'Bob', 'éclair', 'eclair', 'Zoe', '1号', '10号', '2号', '',
  ' 空', '-负', '(括)', '张三丰', '重庆', '重要', '长沙', '中国', 'lǜ', 'lü', 'lu', 'lú'];
groups.collation = [
  ...product(NAMES, NAMES, LOCALES).map(([a, b, l]) => `'${a}'.localeCompare('${b}', ${l})`),
  `${text(NAMES)}.sort((a, b) => a.localeCompare(b, 'zh-CN'))`, `${text(NAMES)}.sort(new Intl.Collator('zh-CN', {numeric: true}).compare)`,
  ...LOCALES.map(l => `[...'张王李赵刘陈杨黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段钱汤尹黎易常武乔贺赖龚文丽丸溉滋滞糸纟紊'].sort((a, b) => a.localeCompare(b, ${l})).join('')`),
  ...['base', 'accent', 'case', 'variant'].flatMap(s => ["'a', 'A'", "'e', 'é'", "'a', 'b'"].map(p => `new Intl.Collator('en-US', {sensitivity: '${s}'}).compare(${p})`)),
];

groups.dateTexts = [
  ...product(
    ['2026-01-31', '2026/1/31', '2026.1.31', '2026-1-3', '2026年1月31日', '20260131', '1/31/2026', 'Jan 31, 2026', '2026-01', '2026-02-30', '2026-13-01', '1-31'],
    ['', ' 10:05:09', 'T10:05:09', 'T10:05:09+0800', ' 3:05 PM', ' 下午3:05', ' 24:00:00', ' 10:60', ' 10:05:09 GMT+0800 (中国标准时间)', ' (周六)', 'Z', ' 星期六'],
  ).map(([day, time]) => `Date.parse('${day}${time}')`),
  ...product(['日期：', '日期:', '日期 ', '（', 'x', '-', ' '], ['2026-01-31', '2026/1/31 10:05', '2026.1.31']).map(([word, day]) => `Date.parse('${word}${day}')`),
  ...['0005-13-01', '0000-01-01', '+002026-01-31', '-000000-01-01', '31 Jan', 'Sept 1972', '1/31/49', '1/31/50', '12 AM 1/31/2026 12:00', '2026-01-31 10:05+8', '2026-01-31\\0x']
    .map(day => `Date.parse('${day}')`),
];

groups.localTime = [
  ...['new Date(2026, 0, 31)', 'new Date(2026, 1, 29, 23, 59, 59, 999)', 'new Date(99, 0)', "new Date('2026-03-02')", "new Date('2026-03-02T09:00')",
    "new Date('2026-03-02T09:00:00Z')", "new Date('2026-03-02T09:00:00+09:00')", "new Date('2026/3/2')", "new Date('2026/03/02 10:00:00')",
    "new Date('2026-03-02 10:00:00')", "new Date('2026-3-2')", "new Date('Mar 2, 2026')", "new Date('Mar 2, 2026 10:00 GMT+0900')", "new Date('坏')",
    "new Date(1772413200000)", 'new Date(new Date(5))', 'new Date(null)', 'new Date(undefined)', "new Date('2026')", 'new Date(2026, 11, 31, 24)',
    "new Date('Mon Mar 02 2026 09:00:00 GMT+0800 (China Standard Time)')", "new Date('2026-03')", "new Date(' 2026-03-02 ')", "new Date('2026-03-02T09:05z')",
    "new Date('2026-03-02T09:05:06,7Z')", "new Date('2026-03-02 09:05 PM')", "new Date('Mar 2 2026 09:05 PST')", "new Date('2026-03-02+08:00')",
    "new Date('3/2/2026 9:05 PM')", "new Date('2026年3月2日')", "new Date('2026.3.2')", "new Date('20260302')", "new Date('2026-02-30')", "new Date('2026-03-02T24:00')",
  ].flatMap(d => [`${d}.getTime()`, `${d}.toString()`, `${d}.getHours()`, `${d}.getDay()`, `${d}.getTimezoneOffset()`, `JSON.stringify(${d})`, `${d}.toDateString()`]),
  '(d => (d.setHours(0, 0, 0, 0), d.toISOString()))(new Date(1772413200000))', '(d => (d.setMonth(1, 31), d.toISOString()))(new Date(1772413200000))',
  '(d => (d.setDate(0), d.getDate()))(new Date(1772413200000))', '(d => d.setFullYear(2027))(new Date(NaN))', '(d => d.setMinutes(90))(new Date(1772413200000))',
  'Date.UTC(2026, 2, 2)', 'typeof Date()', 'new Date(5) instanceof Date', 'new Date(5).constructor === Date', 'class D extends Date {}; new D(5).getTime()',
  'Object.prototype.toString.call(new Date(5))', 'Date.name', 'Date.length', '`${new Date(1772413200000)}`', 'new Date(1772413200000) - new Date(0)',
  'new Date(1772413200000) + 1', "Date.parse('2026-03-02 10:00')", '[new Date(5)].map(Number)', 'Date.prototype.getHours.name', 'new Date(2026, NaN).getTime()',
].filter(one => !one.startsWith('class'));

const URLS = [['https://CRM.Example.com:443/a/../b/./c?x=1&y=张三#节'], ['http://user:p@ss@host:8080/路径/%E4%BD%A0?a b#c d'], ['/x?y', 'https://a.test/b/c'],
  ['../x', 'https://a.test/b/c/d'], ['?q=1', 'https://a.test/b?z'], ['#h', 'https://a.test/b?z'], ['//other.test/p', 'https://a.test/b'], ['x', 'https://a.test'],
  ['', 'https://a.test/b?c#d'], ['mailto:zhang@a.test?subject=你'], ['data:text/plain,你好'], ['https://例子.中国/'], ['https://münchen.de/'], ['not a url'], ['http://'],
  ['https://a.test:99999/'], ['http://1.2.3'], ['http://0x7f.1/'], ['http://256.1.1.1/'], ['http://[::1]:80/x'], ['file:///etc/a b'], ['HTTP://A.test\\b\\c'],
  ['https://a.test/%2e%2E/b'], ["https://a.test/?q='\"<>"], ['https://a.test/a|b^c`d{e}'], ['  https://a.test/x\ty  '], ['ws://a.test'], ['https:a.test'],
  ['custom://Host/p/../q'], ['https://a.test?'], ['https://a.test#'], ['https://a b.test/'], ['javascript:alert(1)'], ['https://a.test/?a=%zz&b=%'],
  ['blob:https://a.test/1'], ['x:y', 'https://a.test'], ['http:x', 'http://a.test/b/c'], ['https://@a.test/'], ['https://u@a.test/'], ['https://u:@a.test/']];
const FIELDS = 'u => [u.href, u.protocol, u.username, u.password, u.host, u.hostname, u.port, u.pathname, u.search, u.hash, u.origin, [...u.searchParams]]';
groups.url = [
  ...URLS.map(args => `(${FIELDS})(new URL(${args.map(text).join(', ')}))`),
  ...[['search', '?a=1&b=二'], ['hash', 'x y'], ['pathname', '/路 径?'], ['port', '8443'], ['port', '443'], ['host', 'b.test:81'], ['hostname', 'B.test'],
    ['protocol', 'http'], ['username', '张'], ['password', 'a:b'], ['search', ''], ['hash', ''], ['port', ''], ['port', 'x'], ['protocol', 'mailto'],
  ].map(([name, value]) => `(u => { u.${name} = ${text(value)}; return [u.href, u.searchParams.toString()]; })(new URL('https://a.test/p?q=1#h'))`),
  "(u => { u.searchParams.append('名', '张 三&'); u.searchParams.delete('q'); return u.href; })(new URL('https://a.test/p?q=1'))",
  "(u => { u.searchParams.delete('q'); return u.href; })(new URL('https://a.test/p?q=1#h'))",
  "JSON.stringify({u: new URL('https://a.test')})", "`${new URL('https://a.test')}`", "URL.canParse('x')", "URL.canParse('x', 'http://a')",
  "new URLSearchParams({a: 1, b: '二', c: ' +&=~*-._'}).toString()", "new URLSearchParams([['a', '1'], ['a', '2']]).getAll('a')",
  "new URLSearchParams('?a=1&a=2&b').get('b')", "[...new URLSearchParams('a=%E4%BD%A0+x&b=%FF&c=%zz&=e&f=')]", "new URLSearchParams('b=2&a=1&a=0').toString()",
  "(p => { p.sort(); return `${p}`; })(new URLSearchParams('b=2&a=1&a=0'))", "(p => { p.set('a', 9); return `${p}`; })(new URLSearchParams('a=1&b=2&a=3'))",
  "(p => [p.has('a'), p.has('a', '2'), p.size, [...p.keys()], [...p.values()]])(new URLSearchParams('a=1&b=2'))",
  "(p => { p.delete('a', '1'); return `${p}`; })(new URLSearchParams('a=1&a=2'))", "new URLSearchParams(new Map([['a', 1]])).toString()",
  "(p => { const s = []; p.forEach((v, k) => s.push(k + v)); return s; })(new URLSearchParams('a=1&b=2'))", "new URLSearchParams([['a']])",
  "Object.prototype.toString.call(new URL('http://a'))", "new URLSearchParams('a=!\\'()').toString()", 'new URLSearchParams().toString()',
];

groups.text = [
  "[...new TextEncoder().encode('a¢€😀\\ud800')]", "new TextDecoder().decode(new TextEncoder().encode('张三😀'))", "new TextDecoder().decode(Uint8Array.of(0xff, 97, 0xe4, 0xbd))",
  "new TextDecoder().decode(Uint8Array.of(0xf0, 0x90, 0x80, 97, 0xc0, 0xaf, 0xed, 0xa0, 0x80))", "new TextDecoder('utf-8', {fatal: true}).decode(Uint8Array.of(0xff))",
  "new TextDecoder().decode(Uint8Array.of(0xef, 0xbb, 0xbf, 97))", "new TextDecoder('utf-8', {ignoreBOM: true}).decode(Uint8Array.of(0xef, 0xbb, 0xbf, 97))",
  "new TextDecoder('utf-16le').decode(Uint8Array.of(0x20, 0x5f, 97, 0))", 'new TextDecoder().encoding', "new TextDecoder('坏')", 'new TextEncoder().encode().length',
  "new TextEncoder().encodeInto('张三a', new Uint8Array(7))", "btoa('a\\xff')", "btoa('张')", "atob('5byg')", "atob('坏')", "atob(' YQ = = ')", 'new TextDecoder().decode()',
  "structuredClone({a: [1, {b: new Date(5)}], m: new Map([[1, new Set([2])]]), u: undefined}).a[1].b.getTime()", '(o => { o.o = o; const c = structuredClone(o); return c !== o && c.o === c; })({})',
  'structuredClone(() => 1)', 'structuredClone({a: Symbol()})', 'structuredClone(new RangeError("x")) instanceof RangeError', 'structuredClone(new RangeError("x")).message',
  '[...structuredClone(Uint8Array.of(1, 2))]', "structuredClone(/a/g).flags", 'Object.keys(structuredClone(Object.create({a: 1}, {b: {value: 2, enumerable: true}})))',
  'structuredClone([1,,2]).length', '1 in structuredClone([1,,2])', 'structuredClone(10n) === 10n', 'Object.is(structuredClone(-0), -0)', 'structuredClone(new Number(3)) instanceof Number',
];

groups.polyfills = [
  ...product(LOCALES, ['long', 'short', 'narrow'], ['always', 'auto'], ['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second'], ['-2', '-1', '-0', '0', '1', '2', '1.5', '-1000'])
    .map(([l, style, numeric, unit, n]) => `new Intl.RelativeTimeFormat(${l}, ${text({style, numeric})}).format(${n}, '${unit}')`),
  ...product(LOCALES, ['long', 'short', 'narrow'], ['conjunction', 'disjunction', 'unit'], [0, 1, 2, 3, 4])
    .map(([l, style, type, n]) => `new Intl.ListFormat(${l}, ${text({style, type})}).format(${text(['张三', '李四', 'B', 'd'].slice(0, n))})`),
  ...product(LOCALES, ['cardinal', 'ordinal'], ['0', '1', '2', '3', '4', '11', '21', '22', '103', '1.5', '-1', '1e6']).map(([l, type, n]) => `new Intl.PluralRules(${l}, {type: '${type}'}).select(${n})`),
  ...['RelativeTimeFormat', 'ListFormat', 'PluralRules'].flatMap(name => [`Intl.${name}.name`, `new Intl.${name}() instanceof Intl.${name}`, `new Intl.${name}().resolvedOptions().locale`,
    `Object.prototype.toString.call(new Intl.${name}('en-US'))`, `Intl.${name}.supportedLocalesOf(['zh-CN', 'en-US'])`, `Intl.${name}()`, `new Intl.${name}('zh-CN', {style: 'x', type: 'x'})`]),
  "new Intl.RelativeTimeFormat('zh-CN').formatToParts(-10, 'day')", "new Intl.RelativeTimeFormat('en-US').formatToParts(1234.5, 'day')", "new Intl.ListFormat('zh-CN').formatToParts(['甲', '乙', '丙'])",
  "new Intl.RelativeTimeFormat('zh-CN').format(1, '年')", "new Intl.ListFormat('zh-CN').format([1])", "new Intl.PluralRules('en-US').resolvedOptions().pluralCategories",
];

// Traditional Chinese, parts, compact numbers, units, other time zones and names.
const thin = (list, every) => list.filter((_, i) => i % every === 0);
const HANT = ["'zh-TW'", "'zh-HK'"], ALL = [...LOCALES, ...HANT];
const HERE = '2026-03-02T01:04:05.678Z', NIGHT = '2026-12-31T16:00:00Z', DAY = '2025-10-09T05:30:00Z';
const PARTS = ['{}', ...thin(DATES, 9), ...thin(STYLES, 3), ...thin(BOTH, 7), ...thin(TIMES, 7)];
groups.traditional = [
  ...product(['0', '-1234567.891', '0.005', '1e21', '99.5'], HANT, NUMBER_OPTIONS).map(([n, locale, o]) => `(${n}).toLocaleString(${locale}, ${o})`),
  ...product([HERE, NIGHT], HANT, [...MORE, ...STYLES, ...thin(BOTH, 3)]).map(([i, l, o]) => `${date(i)}.toLocaleString(${l}, ${o})`),
  ...product([HERE], HANT, thin(DATES, 2)).map(([i, l, o]) => `${date(i)}.toLocaleDateString(${l}, ${o})`),
  ...product([NIGHT, DAY], HANT, [...TIMES, ...CYCLES, ...TWELVE]).map(([i, l, o]) => `${date(i)}.toLocaleTimeString(${l}, ${o})`),
];
const COMPACTS = [{}, {compactDisplay: 'long'}, {style: 'currency', currency: 'CNY'}, {maximumFractionDigits: 1}, {minimumFractionDigits: 1}, {maximumSignificantDigits: 3},
  {maximumFractionDigits: 0}, {signDisplay: 'always'}, {useGrouping: false}].map(o => text({notation: 'compact', ...o}));
const SIZES = ['0', '0.123', '-1.5', '12.34', '999.9', '1234', '9999.6', '-12345', '99999', '123456', '999999', '9999950', '123456789', '99995e6', '1e12', '1.5e16', 'NaN', '-Infinity', '123456789n'];
const UNITS = ['kilometer', 'celsius', 'gigabyte', 'day', 'month', 'year', 'hour', 'minute', 'second', 'percent', 'liter', 'kilogram', 'gram', 'meter', 'kilometer-per-hour', 'week'];
groups.parts = [
  ...product([HERE, NIGHT], ALL, PARTS).map(([i, l, o]) => `new Intl.DateTimeFormat(${l}, ${o}).formatToParts(${date(i)})`),
  ...thin(product(['0', '-1234567.891', 'NaN', '-Infinity', '0.256'], ALL, NUMBER_OPTIONS.slice(1)), 3).map(([n, l, o]) => `new Intl.NumberFormat(${l}, ${o}).formatToParts(${n})`),
  ...product(['12345', '-0.5'], ALL, COMPACTS).map(([n, l, o]) => `new Intl.NumberFormat(${l}, ${o}).formatToParts(${n})`),
  ...thin(product(['1', '-1234.5'], ALL, UNITS, ['short', 'long', 'narrow']), 5).map(([n, l, unit, unitDisplay]) => `new Intl.NumberFormat(${l}, ${text({style: 'unit', unit, unitDisplay})}).formatToParts(${n})`),
];
groups.compact = product(SIZES, ALL, COMPACTS).map(([n, l, o]) => `new Intl.NumberFormat(${l}, ${o}).format(${n})`);
groups.units = [
  ...product(['1', '-1234.5'], ALL, UNITS, ['short', 'long', 'narrow']).map(([n, l, unit, unitDisplay]) => `(${n}).toLocaleString(${l}, ${text({style: 'unit', unit, unitDisplay})})`),
  "(1).toLocaleString('zh-CN', {style: 'unit'})", "(5).toLocaleString('zh-CN', {style: 'unit', unit: 'kilometer', minimumFractionDigits: 2})",
];
const CHANGES = ['2026-03-08T06:59:59Z', '2026-03-08T07:00:00Z', '2026-03-29T00:59:59Z', '2026-03-29T01:00:00Z', '2026-10-25T01:00:00Z', '2026-11-01T06:00:00Z', '2026-07-01T12:34:56Z', '1999-12-31T23:59:59Z', '1991-06-01T00:00:00Z', '2037-12-31T00:00:00Z'];
groups.zones = product(CHANGES, ['America/New_York', 'America/Los_Angeles', 'Europe/London', 'Europe/Berlin', 'Europe/Moscow', 'Asia/Kolkata', 'Asia/Dubai', 'Australia/Sydney', 'America/Sao_Paulo',
  'Africa/Cairo', 'Pacific/Auckland', 'asia/bangkok', 'Pacific/Honolulu'], ["'zh-CN'", "'en-US'"]).map(([i, timeZone, l]) => `${date(i)}.toLocaleString(${l}, ${text({timeZone})})`);
groups.names = [
  ...product(ALL, [['region', ['CN', 'us', 'HK', 'TW', 'GB', 'XX', '001', 'ZZ']], ['currency', ['CNY', 'usd', 'EUR', 'XAU', 'ABC', 'JPY']], ['language', ['zh', 'en', 'ZH-hans', 'zh-Hant', 'ja', 'de', 'en-US']],
    ['script', ['Hans', 'latn', 'Hant']]].flatMap(([type, codes]) => codes.map(code => [type, code]))).map(([l, [type, code]]) => `new Intl.DisplayNames(${l}, ${text({type})}).of('${code}')`),
  "new Intl.DisplayNames('zh-CN')", "new Intl.DisplayNames('zh-CN', {})", "new Intl.DisplayNames('zh-CN', {type: 'region'}).of('CHN')", "new Intl.DisplayNames('zh-CN', {type: 'currency'}).of('Y')",
  "new Intl.DisplayNames('zh-CN', {type: 'region', fallback: 'none'}).of('XX')", "Object.prototype.toString.call(new Intl.DisplayNames(['zh-CN'], {type: 'region'}))",
];

function say(expression) {
  try {
    const value = (0, eval)(`(${expression})`);
    return JSON.stringify(value === undefined ? null : typeof value === 'number' && !Number.isFinite(value) ? `${value}` : value);
  } catch (error) { return `throws ${error.name}`; }
}
const table = Object.fromEntries(Object.entries(groups).map(([name, list]) => [name, list.map(one => [one, say(one)])]));
const lines = Object.entries(table).map(([name, rows]) => `${text(name)}: [\n${rows.map(text).join(',\n')}\n]`);
writeFileSync(new URL('node_table.json', import.meta.url), `{\n${lines.join(',\n')}\n}\n`);
