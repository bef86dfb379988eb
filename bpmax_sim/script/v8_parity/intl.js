// Intl for zh-CN, zh-TW, zh-HK and en-US, equal to Node 20 where it answers; what it does not know, it refuses.
'use strict';
({shared, shared: {icu}, brief, NativeDate, timeOf, collation}) => {
const refuse = (what, hint) => { throw new RangeError(`${what} is not simulated: ${hint}`); };
const LOCALES = {zh: 'zh-CN', 'zh-cn': 'zh-CN', 'zh-hans': 'zh-CN', 'zh-hans-cn': 'zh-CN', en: 'en-US', 'en-us': 'en-US',
  'zh-tw': 'zh-TW', 'zh-hant': 'zh-TW', 'zh-hant-tw': 'zh-TW', 'zh-hk': 'zh-HK', 'zh-hant-hk': 'zh-HK'};
function localeOf(locales) {
  const asked = Array.isArray(locales) ? locales[0] : locales;
  if (asked === undefined) return 'zh-CN';
  return LOCALES[`${asked}`.toLowerCase()] ?? refuse(`the locale ${brief(`${asked}`)}`, 'use zh-CN, zh-TW, zh-HK or en-US');
}
// en-CA and sv-SE are asked for since they write 2026-03-02: that they do, and refuse the rest.
const NUMERIC_DATES = {'en-ca': 'en-CA', 'sv-se': 'sv-SE', sv: 'sv-SE'};
function dateLocaleOf(locales) {
  const asked = Array.isArray(locales) ? locales[0] : locales;
  return NUMERIC_DATES[`${asked}`.toLowerCase()] ?? localeOf(locales);
}
const writesNumbers = locale => locale === 'en-CA' || locale === 'sv-SE';
function read(owner, options, known) {
  const chosen = {};
  for (const name of Object.keys(options ?? {})) {
    const value = options[name];
    if (value === undefined) continue;
    const allowed = known[name];
    if (!allowed) refuse(`${owner}: the option ${brief(name)}`, `known are ${Object.keys(known).join(', ')}`);
    if (Array.isArray(allowed) && !allowed.includes(value)) {
      refuse(`${owner}: ${name} ${brief(`${JSON.stringify(value)}`)}`, `known are ${allowed.join(', ')}`);
    }
    if (allowed === Number && !(value >= 0 && value <= 100)) throw new RangeError(`${owner}: ${name} value is out of range.`);
    chosen[name] = value;
  }
  return chosen;
}

// Numbers: decimal digits throughout, since ICU rounds the shortest decimal, half away from zero.
const NUMBER = {style: ['decimal', 'percent', 'currency', 'unit'], unit: String, unitDisplay: ['short', 'long', 'narrow'], compactDisplay: ['short', 'long'], currency: String, currencyDisplay: ['symbol', 'code', 'narrowSymbol'],
  minimumIntegerDigits: Number, minimumFractionDigits: Number, maximumFractionDigits: Number,
  minimumSignificantDigits: Number, maximumSignificantDigits: Number, useGrouping: [true, false, 'auto', 'always', 'min2'],
  signDisplay: ['auto', 'always', 'never', 'exceptZero', 'negative'], notation: ['standard', 'compact']};
const SYMBOLS = {
  'zh-CN': {CNY: '¥', USD: 'US$', EUR: '€', GBP: '£', JPY: 'JP¥', HKD: 'HK$', TWD: 'NT$', AUD: 'AU$', CAD: 'CA$', INR: '₹'},
  'zh-TW': {CNY: 'CN¥', USD: 'US$', EUR: '€', GBP: '£', JPY: '¥', HKD: 'HK$', TWD: '$', AUD: 'AU$', CAD: 'CA$', INR: '₹'},
  'zh-HK': {CNY: 'CN¥', USD: 'US$', EUR: '€', GBP: '£', JPY: '¥', HKD: 'HK$', TWD: 'NT$', AUD: 'AU$', CAD: 'CA$', INR: '₹'},
  'en-US': {CNY: 'CN¥', USD: '$', EUR: '€', GBP: '£', JPY: '¥', HKD: 'HK$', TWD: 'NT$', AUD: 'A$', CAD: 'CA$', INR: '₹'},
};
const NARROW = {CNY: '¥', USD: '$', EUR: '€', GBP: '£', JPY: '¥', HKD: '$', TWD: '$', AUD: '$', CAD: '$', INR: '₹'};
function digitsOf(value) { // [digits, power]: value = 0.digits × 10 ** power
  const [mantissa, exponent = '0'] = `${value}`.replace(/^-/, '').split('e');
  const [whole, fraction = ''] = mantissa.split('.');
  const all = (whole + fraction).replace(/^0+/, '');
  return [all.replace(/0+$/, ''), all ? whole.length + Number(exponent) - (whole + fraction).length + all.length : 0];
}
function rounded([digits, power], keep) { // keeps that many digits of `digits`
  if (keep >= digits.length) return [digits, power];
  if (keep < 0) return ['', 0];
  const kept = digits.slice(0, keep);
  if (digits[keep] < '5') return [kept.replace(/0+$/, ''), kept ? power : 0];
  const next = `${BigInt(kept || '0') + 1n}`.padStart(keep, '0');
  return [next.replace(/0+$/, ''), power + next.length - keep];
}
const grouped = whole => whole.replace(/\B(?=(\d{3})+$)/g, ',');
function numberFormat(locales, given) {
  const locale = localeOf(locales), options = read('Intl.NumberFormat', given, NUMBER);
  const {style = 'decimal', notation = 'standard', useGrouping = notation === 'compact' ? 'min2' : 'auto', signDisplay = 'auto', minimumIntegerDigits = 1} = options;
  const currency = options.currency?.toUpperCase();
  if (style === 'currency' && !currency) throw new TypeError('Currency code is required with currency style.');
  if (style === 'currency' && !NARROW[currency]) refuse(`the currency ${brief(currency)}`, `known are ${Object.keys(NARROW).join(', ')}`);
  const usual = style === 'percent' ? [0, 0] : style === 'decimal' || style === 'unit' ? [0, 3] : currency === 'JPY' ? [0, 0] : [2, 2];
  const {minimumFractionDigits: low, maximumFractionDigits: high} = options;
  const {minimumSignificantDigits: few, maximumSignificantDigits: many} = options;
  const significant = few !== undefined || many !== undefined;
  if (!significant && low > high) throw new RangeError('maximumFractionDigits value is out of range.');
  const minimum = low ?? Math.min(usual[0], high ?? usual[0]), maximum = high ?? Math.max(usual[1], minimum);
  if (few === 0 || many === 0 || few > (many ?? 21)) throw new RangeError('maximumSignificantDigits value is out of range.');
  const asIs = notation === 'compact' && !significant && low === undefined && high === undefined;
  const keptIn = ([, power]) => significant ? many ?? 21 : asIs ? Math.max(2, power) : power + maximum;
  function body(value, scale) {
    if (value === Infinity || value === -Infinity) return ['∞', false];
    let parts = digitsOf(value);
    if (style === 'percent' && parts[0]) parts = [parts[0], parts[1] + 2];
    if (parts[0]) parts = [parts[0], parts[1] - scale];
    parts = rounded(parts, keptIn(parts));
    const [digits, power] = parts;
    const whole = power > 0 ? digits.slice(0, power).padEnd(power, '0') : '';
    let fraction = power > 0 ? digits.slice(power) : digits && '0'.repeat(-power) + digits;
    fraction = fraction.padEnd(significant ? Math.max(0, (few ?? 1) - Math.max(power, digits ? power : 1)) : asIs ? 0 : minimum, '0');
    const padded = whole.padStart(minimumIntegerDigits, '0');
    const split = useGrouping === false || (useGrouping === 'min2' && padded.length < 5) ? padded : grouped(padded);
    return [fraction ? `${split}.${fraction}` : split, !digits];
  }
  const before = style !== 'currency' ? '' : {symbol: SYMBOLS[locale][currency], narrowSymbol: NARROW[currency], code: `${currency}\u00a0`}[
    options.currencyDisplay ?? 'symbol'];
  const unit = style === 'unit' ? unitOf(locale, options) : undefined, compact = notation === 'compact' && {step: COMPACT[locale].step, names: COMPACT[locale][options.compactDisplay ?? 'short']};
  if (compact && style === 'percent') refuse('a compact percentage', 'use notation or style alone');
  function pieces(input) { // what stands around the digits, and the digits
    const value = typeof input === 'bigint' ? input : Number(input);
    const finite = typeof value === 'bigint' || Number.isFinite(value), head = finite ? before : before.trim();
    const scale = compact && finite ? scaleOf(value, compact, keptIn) : undefined;
    const [text, zero] = value === value ? body(value, scale?.power ?? 0) : [locale === 'zh-CN' || locale === 'en-US' ? 'NaN' : '非數值', true];
    const negative = value < 0 || Object.is(value, -0);
    const minus = negative && signDisplay !== 'never' && !(zero && ['exceptZero', 'negative'].includes(signDisplay));
    const plus = !negative && (signDisplay === 'always' || (signDisplay === 'exceptZero' && !zero));
    return {sign: minus ? '-' : plus ? '+' : '', head, text, scale: scale?.name ?? '', percent: style === 'percent' ? '%' : '', around: unit?.(text) ?? ''};
  }
  function format(input) {
    const {sign, head, text, scale, percent, around} = pieces(input), digits = `${sign}${head}${text}${scale}${percent}`;
    return around ? around.replace('#', digits) : digits;
  }
  function formatToParts(input) {
    const {sign, head, text, scale, percent, around} = pieces(input), found = [], put = (type, value) => { if (value) found.push({type, value}); };
    const [, ahead, behind] = /^(.*)#(.*)$/.exec(around || '#'), worded = (words, type) => {
      const [, start, word, end] = /^(\s*)(.*?)(\s*)$/.exec(words);
      put('literal', start); put(type, word); put('literal', end);
    };
    worded(ahead, 'unit');
    put(sign === '-' ? 'minusSign' : 'plusSign', sign);
    worded(head, 'currency');
    let isFraction = false;
    for (const piece of text.match(/\d+|NaN|非數值|./g)) {
      put(piece === ',' ? 'group' : piece === '.' ? 'decimal' : piece === '∞' ? 'infinity' : piece.length === 3 && piece[0] > '9' ? 'nan' : isFraction ? 'fraction' : 'integer', piece);
      isFraction ||= piece === '.';
    }
    worded(scale, 'compact');
    put('percentSign', percent);
    worded(behind, 'unit');
    return found;
  }
  return {format, formatToParts, locale, options: {style, ...currency && {currency}, minimumIntegerDigits,
    minimumFractionDigits: minimum, maximumFractionDigits: maximum}};
}
const CHINESE_SCALES = (...names) => ({short: names, long: names, step: 4});
const LETTERS = {short: ['K', 'M', 'B', 'T'], long: ['K', 'M', 'B', 'T'], step: 3};
const COMPACT = {'zh-CN': CHINESE_SCALES('万', '亿', '万亿'), 'zh-TW': CHINESE_SCALES('萬', '億', '兆'), 'zh-HK': LETTERS,
  'en-US': {...LETTERS, long: [' thousand', ' million', ' billion', ' trillion']}};
function scaleOf(value, {step, names}, keptIn) { // the largest of its scales that leaves a digit before the point
  const [digits, power] = digitsOf(value);
  if (!digits) return undefined;
  let index = Math.max(0, Math.min(Math.floor((power - 1) / step), names.length));
  const scaled = [digits, power - index * step];
  if (index < names.length && rounded(scaled, keptIn(scaled))[1] > step) index++;
  return index ? {power: index * step, name: names[index - 1]} : undefined;
}
function unitOf(locale, {unit, unitDisplay = 'short'}) { // how it is written around digits
  const {units, locales} = icu(), known = Object.keys(units);
  if (unit === undefined) throw new TypeError('Required unit must not be undefined');
  if (!known.includes(unit)) refuse(`the unit ${brief(unit)}`, `known are ${known.join(', ')}`);
  const [many, one = many] = units[unit][locales.indexOf(locale)][['short', 'long', 'narrow'].indexOf(unitDisplay)].split('|');
  return text => text === '1' ? one : many;
}

// Dates.
const WIDTH = ['numeric', '2-digit'], NAME = ['short', 'long'], STYLE = ['full', 'long', 'medium', 'short'];
const DATE = {weekday: NAME, year: WIDTH, month: [...WIDTH, ...NAME], day: WIDTH, hour: WIDTH, minute: WIDTH, second: WIDTH,
  hour12: [true, false], hourCycle: ['h23', 'h12'], timeZone: String, dateStyle: STYLE, timeStyle: ['medium', 'short'],
  calendar: ['gregory'], numberingSystem: ['latn']};
const NEAR = {utc: 0, gmt: 0, 'etc/utc': 0, 'etc/gmt': 0, 'asia/shanghai': 8, 'asia/hong_kong': 8, 'asia/taipei': 8,
  'asia/singapore': 8, 'asia/tokyo': 9, 'asia/seoul': 9};
function zoneOf(name) { // [its name, instant -> milliseconds east of Greenwich]
  if (name === undefined) return [zoneName(shared.offset), () => shared.offset];
  const hours = NEAR[`${name}`.toLowerCase()], [, sign, h, m] = /^([+-])(\d\d):?(\d\d)$/.exec(name) ?? [];
  if (hours === undefined && !sign) return farZone(name);
  const offset = (hours ?? (sign === '-' ? -1 : 1) * (Number(h) + Number(m) / 60)) * 3600000;
  return [hours === undefined ? `${sign}${h}:${m}` : name, () => offset];
}
const HOUR = 3600000;
function farZone(asked) {
  const hint = 'use Asia/Shanghai, UTC or an offset such as +08:00';
  const {zones, changes, first, last} = icu(), name = Object.keys(zones).find(one => one.toLowerCase() === `${asked}`.toLowerCase());
  if (name === undefined) refuse(`the time zone ${brief(`${asked}`)}`, hint);
  const [start, list, ...offsets] = zones[name];
  let instant = first;
  const instants = list === undefined ? [] : changes[list].split(' ').map(text => instant += parseInt(text, 36));
  return [name, ms => {
    if (ms < first * HOUR || ms >= last * HOUR) refuse(`the time in ${name} before 1990 or after 2037`, 'use an offset such as -05:00');
    const past = instants.filter(hour => hour * HOUR <= ms).length;
    return (past ? offsets[(past - 1) % offsets.length] : start) * 60000;
  }];
}
const two = n => `${n}`.padStart(2, '0');
const zoneName = offset => ({0: 'UTC', 28800000: 'Asia/Shanghai'})[offset]
  ?? `${offset < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(offset) / 3600000))}:${two(Math.abs(offset) / 60000 % 60)}`;
const ENGLISH = {
  month: ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'],
  weekday: ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'],
};
const CHINESE_MONTHS = ['一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '十一', '十二'].map(n => `${n}月`);
const PATTERNS = { // w weekday, y year, m month in digits, M month in words, d day
  'zh-CN': {d: 'd日', m: 'm月', md: 'm/d', M: 'M', Md: 'M月d日', y: 'y年', ym: 'y/m', ymd: 'y/m/d', yM: 'y年M月', yMd: 'y年M月d日',
    w: 'w', wd: 'd日w', wmd: 'm/dw', wMd: 'M月d日w', wymd: 'y/m/dw', wyMd: 'y年M月d日w'},
  'zh-TW': {d: 'd日', m: 'm月', md: 'm/d', M: 'M', Md: 'M月d日', y: 'y年', ym: 'y/m', ymd: 'y/m/d', yM: 'y年M月', yMd: 'y年M月d日',
    w: 'w', wd: 'd w', wmd: 'm/d（w）', wMd: 'M月d日w', wymd: 'y/m/d（w）', wyMd: 'y年M月d日w'},
  'zh-HK': {d: 'd日', m: 'm月', md: 'd/m', M: 'M', Md: 'M月d日', y: 'y年', ym: 'm/y', ymd: 'd/m/y', yM: 'y年M月', yMd: 'y年M月d日',
    w: 'w', wd: 'd w', wmd: 'd/m（w）', wMd: 'M月d日w', wymd: 'd/m/y（w）', wyMd: 'y年M月d日w'},
  'en-US': {d: 'd', m: 'm', md: 'm/d', M: 'M', Md: 'M d', y: 'y', ym: 'm/y', ymd: 'm/d/y', yM: 'M y', yMd: 'M d, y',
    w: 'w', wd: 'd w', wmd: 'w, m/d', wMd: 'w, M d', wymd: 'w, m/d/y', wyMd: 'w, M d, y'},
};
const FULL = {weekday: 'long', year: 'numeric', month: 'long', day: 'numeric'}, LONG = {year: 'numeric', month: 'long', day: 'numeric'};
const SHORT = {year: 'numeric', month: 'numeric', day: 'numeric'}, CHINESE_STYLES = {full: FULL, long: LONG, medium: LONG, short: SHORT};
const STYLES = {
  'zh-CN': CHINESE_STYLES, 'zh-HK': CHINESE_STYLES, 'zh-TW': {...CHINESE_STYLES, full: {...FULL, pattern: 'y年M月d日 w'}},
  'en-US': {full: FULL, long: LONG, medium: {year: 'numeric', month: 'short', day: 'numeric'}, short: {year: '2-digit', month: 'numeric', day: 'numeric'}},
};
const TIMES = {medium: {hour: 'numeric', minute: 'numeric', second: 'numeric'}, short: {hour: 'numeric', minute: 'numeric'}};
const TAIWAN = [[5, '凌晨'], [8, '清晨'], [12, '上午'], [13, '中午'], [19, '下午'], [24, '晚上']], HALVES = [[12, '上午'], [24, '下午']]; // until which hour
const DAY = {year: 'numeric', month: 'numeric', day: 'numeric'};
function partsOf(options, locale, needs) {
  const {dateStyle, timeStyle} = options, some = ['weekday', 'year', 'month', 'day', 'hour', 'minute', 'second'].filter(n => options[n]);
  if (dateStyle || timeStyle) {
    if (some.length) throw new TypeError(`Can't set option ${some[0]} when ${dateStyle ? 'dateStyle' : 'timeStyle'} is used`);
    if (needs === 'date' && timeStyle) throw new TypeError('Invalid option : timeStyle');
    if (needs === 'time' && dateStyle) throw new TypeError('Invalid option : dateStyle');
    const twelve = timeStyle && locale !== 'en-US' && (options.hour12 || options.hourCycle === 'h12');
    if (twelve && dateStyle) refuse('a dateStyle beside a time of twelve hours', 'ask for the parts, such as year and hour');
    return {...dateStyle && STYLES[locale][dateStyle], ...timeStyle && TIMES[timeStyle], ...twelve && locale === 'zh-CN' && {hour: '2-digit'}, ...timeStyle && locale === 'zh-TW' && {periods: TAIWAN}};
  }
  const chosen = {};
  for (const name of some) chosen[name] = options[name];
  const hasDate = some.some(n => ['weekday', 'year', 'month', 'day'].includes(n)), hasTime = some.some(n => ['hour', 'minute', 'second'].includes(n));
  const date = {any: !hasDate && !hasTime, date: !hasDate, time: false, all: !hasDate && !hasTime}[needs];
  const time = {any: false, date: false, time: !hasTime, all: !hasDate && !hasTime}[needs];
  return {...chosen, ...date && DAY, ...time && TIMES.medium};
}
const TYPES = {w: 'weekday', y: 'year', m: 'month', M: 'month', d: 'day'};
function dateKey({weekday, year, month, day}, locale) {
  const words = NAME.includes(month), key = (weekday ? 'w' : '') + (year ? 'y' : '') + (month ? words ? 'M' : 'm' : '') + (day ? 'd' : '');
  if (locale === 'zh-CN' && key === 'ym' && month === '2-digit') return 'yM';
  return locale === 'zh-CN' && key === 'wymd' && weekday === 'long' ? 'wyMd' : key;
}
function numericDate(date, {weekday, year, month, day}, locale) {
  if (!year && !month && !day && !weekday) return [];
  const known = !weekday && year !== '2-digit' && month && !NAME.includes(month) && (year ? true : day && locale === 'en-CA');
  if (!known) refuse(`this choice of date parts in ${locale}`, 'known are year, month and day in digits, or year and month');
  const pieces = [];
  for (const [type, wanted, text] of [['year', year, `${date.getUTCFullYear()}`], ['month', month, two(date.getUTCMonth() + 1)], ['day', day, two(date.getUTCDate())]]) {
    if (wanted) pieces.push(...pieces.length ? [['literal', '-']] : [], [type, text]);
  }
  return pieces;
}
function numericTime(date, {hour, minute, second}, locale, {hour12, hourCycle}) {
  if (!hour && !minute && !second) return [];
  if (!hour || !minute) refuse(`this choice of time parts in ${locale}`, 'ask for hour and minute');
  if (locale === 'sv-SE' && (hour12 || hourCycle === 'h12')) refuse('a time of twelve hours in sv-SE', 'leave hour12 out');
  const h = date.getUTCHours(), tail = [['minute', two(date.getUTCMinutes())], ...second ? [['second', two(date.getUTCSeconds())]] : []];
  const half = locale === 'en-CA' && (hour12 ?? (hourCycle ? hourCycle === 'h12' : true));
  if (!half) return joined([['hour', locale === 'en-CA' && hour12 === false && h === 0 ? '24' : two(h)], ...tail]);
  return [...joined([['hour', hour === '2-digit' ? two(h % 12 || 12) : `${h % 12 || 12}`], ...tail]), ['literal', '\u202f'], ['dayPeriod', h < 12 ? 'a.m.' : 'p.m.']];
}
function datePieces(date, parts, locale) { // [type, text], as one after the other
  if (writesNumbers(locale)) return numericDate(date, parts, locale);
  const {weekday, year, month, day} = parts, words = NAME.includes(month), key = dateKey(parts, locale);
  if (!key) return [];
  const chinese = locale !== 'en-US', digits = (n, width) => width === '2-digit' ? two(n) : `${n}`;
  let pattern = parts.pattern ?? (words ? PATTERNS[locale][key] : PATTERNS[locale][key]?.replace('M', 'm'));
  if (!pattern) refuse('this choice of date parts', `known are those of ${Object.keys(PATTERNS[locale]).join(' ')}`);
  if (chinese && locale !== 'zh-CN' && key === 'wymd' && weekday === 'long') pattern = `y年${words ? 'M' : 'm'}月d日 w`;
  const m = date.getUTCMonth(), w = ENGLISH.weekday[date.getUTCDay()];
  const short = text => words && month === 'short' ? text.slice(0, 3) : text;
  const alone = () => locale === 'zh-CN' && month === 'long' ? CHINESE_MONTHS[m] : `${m + 1}月`;
  const values = {
    y: year === '2-digit' ? two(date.getUTCFullYear() % 100) : `${date.getUTCFullYear()}`,
    m: digits(m + 1, key === 'yM' ? 'numeric' : month), d: digits(date.getUTCDate(), day), M: !chinese ? short(ENGLISH.month[m]) : key === 'M' ? alone() : `${m + 1}`,
    w: chinese ? (weekday === 'long' ? '星期' : locale === 'zh-CN' ? '周' : '週') + '日一二三四五六'[date.getUTCDay()] : weekday === 'short' ? w.slice(0, 3) : w,
  };
  return pattern.match(/[wymMd]|[^wymMd]+/g).map(piece => TYPES[piece] ? [TYPES[piece], values[piece]] : ['literal', piece]);
}
function timePieces(date, parts, locale, {hour12, hourCycle}) {
  if (writesNumbers(locale)) return numericTime(date, parts, locale, {hour12, hourCycle});
  const {hour, minute, second} = parts, chinese = locale !== 'en-US', mainland = locale === 'zh-CN';
  if (!hour && !minute && !second) return [];
  if (hour && second && !minute) refuse('hour and second without minute', 'ask for minute too');
  const h = date.getUTCHours(), rest = [['minute', minute, date.getUTCMinutes()], ['second', second, date.getUTCSeconds()]].filter(([, width]) => width);
  if (!hour) return rest.length > 1 ? joined(rest.map(([type,, n]) => [type, two(n)])) : [[rest[0][0], `${rest[0][2]}`]];
  const tail = rest.map(([type,, n]) => [type, two(n)]), unit = mainland ? '时' : '時';
  if (hour12 ?? (hourCycle ? hourCycle === 'h12' : !mainland)) {
    const base = mainland && hour12 ? h % 12 : h % 12 || 12, pieces = joined([['hour', hour === '2-digit' ? two(base) : `${base}`], ...tail]);
    if (!chinese) return [...pieces, ['literal', '\u202f'], ['dayPeriod', h < 12 ? 'AM' : 'PM']];
    return [['dayPeriod', (parts.periods ?? HALVES).find(([end]) => h < end)[1]], ...pieces, ...tail.length ? [] : [['literal', unit]]];
  }
  const bare = hour === 'numeric' && (mainland ? rest.every(([, width]) => width === '2-digit') : chinese && !rest.length);
  const shown = !mainland && hour12 === false && h === 0 ? 24 : h, text = bare ? `${shown}` : two(shown);
  return [...joined([['hour', text], ...tail]), ...chinese && !tail.length ? [['literal', unit]] : []];
}
function joined(pieces) { // with colons between; no flatMap, which would be compiled for it
  const found = [];
  for (const piece of pieces) found.length ? found.push(['literal', ':'], piece) : found.push(piece);
  return found;
}
function dateFormat(locales, given, needs = 'any') {
  const locale = dateLocaleOf(locales), options = read('Intl.DateTimeFormat', given, DATE);
  if (writesNumbers(locale) && (options.dateStyle || options.timeStyle)) refuse(`dateStyle and timeStyle of ${locale}`, 'ask for year, month and day');
  const [zone, offsetAt] = zoneOf(options.timeZone), parts = partsOf(options, locale, needs);
  const glue = locale === 'zh-CN' || locale === 'sv-SE' ? ' ' : locale === 'en-CA' ? ', ' : locale !== 'en-US' ? NAME.includes(parts.month) ? ' ' : '\u2009' : parts.month === 'long' ? ' at ' : ', ';
  if (parts.weekday && !parts.month && parts.hour) refuse('a weekday with a time', 'ask for month and day too');
  function pieces(value) {
    const ms = value === undefined ? shared.now : value instanceof NativeDate ? Reflect.apply(timeOf, value, []) : Number(value);
    if (!(Math.abs(ms) <= 8.64e15)) throw new RangeError('Invalid time value');
    const date = new NativeDate(ms + offsetAt(ms)), days = datePieces(date, parts, locale), times = timePieces(date, parts, locale, options);
    return days.length && times.length ? [...days, ['literal', glue], ...times] : [...days, ...times];
  }
  function formatToParts(value) {
    const found = [];
    for (const [type, text] of pieces(value)) {
      if (type === 'literal' && found.at(-1)?.type === type) found.at(-1).value += text;
      else found.push({type, value: text});
    }
    return found;
  }
  const {pattern, periods, ...shown} = parts;
  return {format: value => pieces(value).map(([, text]) => text === '\u202f' ? ' ' : text).join(''), formatToParts, locale,
    options: {calendar: 'gregory', numberingSystem: 'latn', timeZone: zone, ...shown}};
}
const shownDate = (date, locales, options, needs) => {
  const {format} = dateFormat(locales, options, needs);
  return Number.isNaN(Reflect.apply(timeOf, date, [])) ? 'Invalid Date' : format(date);
};

const COLLATOR = {numeric: [true, false], sensitivity: ['base', 'accent', 'case', 'variant'], usage: ['sort', 'search']};
let isNoted = false;
function noteUnranked(c) { // of each context the first one
  if (isNoted) return;
  isNoted = true;
  shared.emit(`"unranked",${JSON.stringify(c)},${shared.here()}`);
}
function collator(locales, given) {
  const locale = localeOf(locales), options = read('Intl.Collator', given, COLLATOR);
  if (!['zh-CN', 'en-US'].includes(locale)) refuse(`sorting for ${locale}`, 'use zh-CN or en-US');
  const {numeric = false, sensitivity = 'variant'} = options;
  return {locale, options: {usage: 'sort', sensitivity, numeric}, compare: collation().comparer(locale, numeric, sensitivity, noteUnranked)};
}

const constructors = {NumberFormat: [numberFormat, 'format'], DateTimeFormat: [dateFormat, 'format'], Collator: [collator, 'compare']};
const Intl = {getCanonicalLocales: locales => (locales === undefined ? [] : [locales].flat().map(localeOf))};
for (const [name, [make, verb]] of Object.entries(constructors)) {
  Intl[name] = {[name]: function (locales, options) {
    const made = make(locales, options);
    const self = new.target ? this : Object.create(Intl[name].prototype);
    for (const own of [verb, 'formatToParts']) if (made[own]) Object.defineProperty(self, own, {value: made[own], configurable: true});
    Object.defineProperty(self, 'resolvedOptions', {value: () => ({locale: made.locale, ...made.options}), enumerable: false});
    return self;
  }}[name];
  Object.defineProperty(Intl[name].prototype, Symbol.toStringTag, {value: `Intl.${name}`});
  Intl[name].supportedLocalesOf = locales => [locales].flat().filter(one => LOCALES[`${one}`.toLowerCase()]);
}
// What V8 has besides: it is there, and says what it is when a script uses it.
const HINT = 'Intl has NumberFormat, DateTimeFormat, Collator, DisplayNames, PluralRules, RelativeTimeFormat, ListFormat and getCanonicalLocales; --bpmax-engine=v8 has all of ICU';
const POLYFILLED = ['PluralRules', 'RelativeTimeFormat', 'ListFormat'];
for (const name of ['PluralRules', 'RelativeTimeFormat', 'ListFormat', 'Segmenter', 'Locale', 'DurationFormat', 'supportedValuesOf']) {
  const closed = () => refuse(`Intl.${name}`, POLYFILLED.includes(name) ? `${name} has to stand in the text of the script` : HINT);
  Intl[name] = new Proxy(function () {}, {apply: closed, construct: closed, get: (target, key) => typeof key === 'symbol' || key === 'prototype' ? target[key] : closed()});
}
for (const kind of ['NumberFormat', 'DateTimeFormat']) {
  for (const name of ['formatRange', 'formatRangeToParts']) {
    Intl[kind].prototype[name] = {[name]() { refuse(`Intl.${kind}.prototype.${name}`, 'known are format, formatToParts and resolvedOptions; --bpmax-engine=v8 has all of ICU'); }}[name];
  }
}
const NAMES = {type: ['region', 'language', 'currency', 'script'], style: ['long'], fallback: ['code', 'none'], languageDisplay: ['dialect']};
const CODES = {region: /^([A-Z]{2}|\d{3})$/i, script: /^[A-Z]{4}$/i, currency: /^[A-Z]{3}$/i, language: /^[A-Z]{2,8}(-[A-Z\d]{2,8})*$/i};
Intl.DisplayNames = class DisplayNames {
  #names;
  #options;
  constructor(locales, given) {
    if (given === undefined) throw new TypeError('Cannot convert undefined or null to object');
    const {names, locales: known} = icu(), locale = localeOf(locales), options = read('Intl.DisplayNames', given, NAMES);
    if (options.type === undefined) throw new TypeError('Required option "type" must not be undefined');
    this.#options = {locale, style: 'long', fallback: 'code', ...options};
    this.#names = new Map(names[options.type][known.indexOf(locale)].split('|').map(text => [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)]));
  }
  of(code) {
    const {type, fallback} = this.#options, text = `${code}`;
    if (!CODES[type].test(text)) throw new RangeError(`Invalid argument to Intl.DisplayNames.prototype.of: ${text}`);
    const spelled = type === 'currency' ? text.toUpperCase() : type === 'language' ? text.toLowerCase().replace(/-([a-z]{4})\b/g, (_, s) => `-${s[0].toUpperCase()}${s.slice(1)}`).replace(/-([a-z]{2})\b/g, (_, r) => `-${r.toUpperCase()}`) : text;
    const name = this.#names.get(spelled);
    if (name === undefined && type === 'language') refuse(`Intl.DisplayNames: the ${type} ${text}`, 'known are common ones');
    return name ?? (fallback === 'code' ? spelled : undefined);
  }
  resolvedOptions() { return {...this.#options}; }
  get [Symbol.toStringTag]() { return 'Intl.DisplayNames'; }
  static supportedLocalesOf(locales) { return [locales].flat().filter(one => LOCALES[`${one}`.toLowerCase()]); }
};
function languageOf(locales, name) {
  const locale = localeOf(locales);
  return {'zh-CN': 'zh', 'en-US': 'en'}[locale] ?? refuse(`Intl.${name} for ${locale}`, 'use zh-CN or en-US');
}
function adopt(name, Made) { // of a polyfill, for the locales that it has data of
  Intl[name] = new Proxy(Made, {construct: (_, [locales, options], target) =>
    Reflect.construct(Made, [languageOf(locales, name), options], target === Intl[name] ? Made : target)});
  Object.defineProperty(Made, 'name', {value: name, configurable: true});
  Object.defineProperty(Made.prototype, 'constructor', {value: Intl[name], writable: true, configurable: true});
  const {resolvedOptions} = Made.prototype, LOCALE = {zh: 'zh-CN', en: 'en-US'};
  Object.defineProperty(Made.prototype, 'resolvedOptions', {configurable: true, writable: true, value: function resolvedOptions_() {
    const options = Reflect.apply(resolvedOptions, this, []);
    return {...options, locale: LOCALE[options.locale] ?? options.locale};
  }});
  Made.supportedLocalesOf = locales => [locales].flat().filter(one => LOCALES[`${one}`.toLowerCase()]);
}
const cased = (locales, text) => { if (locales !== undefined) localeOf(locales); return text; };
return {
  Intl, localeOf, adopt,
  'number.toLocaleString': (value, locales, options) => numberFormat(locales, options).format(value.valueOf()),
  'date.toLocaleString': (date, locales, options) => shownDate(date, locales, options, 'all'),
  'date.toLocaleDateString': (date, locales, options) => shownDate(date, locales, options, 'date'),
  'date.toLocaleTimeString': (date, locales, options) => shownDate(date, locales, options, 'time'),
  'string.toLocaleLowerCase': (text, locales) => cased(locales, `${text}`.toLowerCase()),
  'string.toLocaleUpperCase': (text, locales) => cased(locales, `${text}`.toUpperCase()),
  'string.localeCompare': (text, that, locales, options) => collator(locales, options).compare(`${text}`, `${that}`),
};
}
