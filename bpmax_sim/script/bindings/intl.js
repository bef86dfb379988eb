// Intl for zh-CN and en-US, equal to Node 20 where it answers; what it does not know, it refuses.
'use strict';
({shared, NativeDate, timeOf, collation}) => {
const refuse = (what, hint) => { throw new RangeError(`${what} is not simulated: ${hint}`); };
const LOCALES = {zh: 'zh-CN', 'zh-cn': 'zh-CN', 'zh-hans': 'zh-CN', 'zh-hans-cn': 'zh-CN', en: 'en-US', 'en-us': 'en-US'};
function localeOf(locales) {
  const asked = Array.isArray(locales) ? locales[0] : locales;
  if (asked === undefined) return 'zh-CN';
  return LOCALES[`${asked}`.toLowerCase()] ?? refuse(`the locale ${asked}`, 'use zh-CN or en-US');
}
function read(owner, options, known) {
  const chosen = {};
  for (const name of Object.keys(options ?? {})) {
    const value = options[name];
    if (value === undefined) continue;
    const allowed = known[name];
    if (!allowed) refuse(`${owner}: the option ${name}`, `known are ${Object.keys(known).join(', ')}`);
    if (Array.isArray(allowed) && !allowed.includes(value)) {
      refuse(`${owner}: ${name} ${JSON.stringify(value)}`, `known are ${allowed.join(', ')}`);
    }
    if (allowed === Number && !(value >= 0 && value <= 100)) throw new RangeError(`${owner}: ${name} value is out of range.`);
    chosen[name] = value;
  }
  return chosen;
}

// Numbers: decimal digits throughout, since ICU rounds the shortest decimal, half away from zero.
const NUMBER = {style: ['decimal', 'percent', 'currency'], currency: String, currencyDisplay: ['symbol', 'code', 'narrowSymbol'],
  minimumIntegerDigits: Number, minimumFractionDigits: Number, maximumFractionDigits: Number,
  minimumSignificantDigits: Number, maximumSignificantDigits: Number, useGrouping: [true, false, 'auto', 'always', 'min2'],
  signDisplay: ['auto', 'always', 'never', 'exceptZero', 'negative'], notation: ['standard']};
const SYMBOLS = {
  'zh-CN': {CNY: '¥', USD: 'US$', EUR: '€', GBP: '£', JPY: 'JP¥', HKD: 'HK$', TWD: 'NT$', AUD: 'AU$', CAD: 'CA$', INR: '₹'},
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
  const {style = 'decimal', useGrouping = 'auto', signDisplay = 'auto', minimumIntegerDigits = 1} = options;
  const currency = options.currency?.toUpperCase();
  if (style === 'currency' && !currency) throw new TypeError('Currency code is required with currency style.');
  if (style === 'currency' && !NARROW[currency]) refuse(`the currency ${currency}`, `known are ${Object.keys(NARROW).join(', ')}`);
  const usual = style === 'percent' ? [0, 0] : style === 'decimal' ? [0, 3] : currency === 'JPY' ? [0, 0] : [2, 2];
  const {minimumFractionDigits: low, maximumFractionDigits: high} = options;
  const {minimumSignificantDigits: few, maximumSignificantDigits: many} = options;
  const significant = few !== undefined || many !== undefined;
  if (!significant && low > high) throw new RangeError('maximumFractionDigits value is out of range.');
  const minimum = low ?? Math.min(usual[0], high ?? usual[0]), maximum = high ?? Math.max(usual[1], minimum);
  if (few === 0 || many === 0 || few > (many ?? 21)) throw new RangeError('maximumSignificantDigits value is out of range.');
  function body(value) {
    if (value === Infinity || value === -Infinity) return ['∞', false];
    let parts = digitsOf(value);
    if (style === 'percent' && parts[0]) parts = [parts[0], parts[1] + 2];
    parts = rounded(parts, significant ? many ?? 21 : parts[1] + maximum);
    const [digits, power] = parts;
    const whole = power > 0 ? digits.slice(0, power).padEnd(power, '0') : '';
    let fraction = power > 0 ? digits.slice(power) : digits && '0'.repeat(-power) + digits;
    fraction = fraction.padEnd(significant ? Math.max(0, (few ?? 1) - Math.max(power, digits ? power : 1)) : minimum, '0');
    const padded = whole.padStart(minimumIntegerDigits, '0');
    const split = useGrouping === false || (useGrouping === 'min2' && padded.length < 5) ? padded : grouped(padded);
    return [fraction ? `${split}.${fraction}` : split, !digits];
  }
  const shown = {'zh-CN': SYMBOLS['zh-CN'], 'en-US': SYMBOLS['en-US']}[locale];
  const before = style !== 'currency' ? '' : {symbol: shown[currency], narrowSymbol: NARROW[currency], code: `${currency}\u00a0`}[
    options.currencyDisplay ?? 'symbol'];
  function format(input) {
    const value = typeof input === 'bigint' ? input : Number(input);
    const finite = typeof value === 'bigint' || Number.isFinite(value), head = finite ? before : before.trim();
    const [text, zero] = value === value ? body(value) : ['NaN', true];
    const negative = value < 0 || Object.is(value, -0);
    const minus = negative && signDisplay !== 'never' && !(zero && ['exceptZero', 'negative'].includes(signDisplay));
    const plus = !negative && (signDisplay === 'always' || (signDisplay === 'exceptZero' && !zero));
    return `${minus ? '-' : plus ? '+' : ''}${head}${text}${style === 'percent' ? '%' : ''}`;
  }
  return {format, locale, options: {style, ...currency && {currency}, minimumIntegerDigits,
    minimumFractionDigits: minimum, maximumFractionDigits: maximum}};
}

// Dates.
const WIDTH = ['numeric', '2-digit'], NAME = ['short', 'long'], STYLE = ['full', 'long', 'medium', 'short'];
const DATE = {weekday: NAME, year: WIDTH, month: [...WIDTH, ...NAME], day: WIDTH, hour: WIDTH, minute: WIDTH, second: WIDTH,
  hour12: [true, false], hourCycle: ['h23', 'h12'], timeZone: String, dateStyle: STYLE, timeStyle: ['medium', 'short'],
  calendar: ['gregory'], numberingSystem: ['latn']};
const ZONES = {utc: 0, gmt: 0, 'etc/utc': 0, 'etc/gmt': 0, 'asia/shanghai': 8, 'asia/hong_kong': 8, 'asia/taipei': 8,
  'asia/singapore': 8, 'asia/tokyo': 9, 'asia/seoul': 9};
function zoneOf(name) {
  if (name === undefined) return shared.offset;
  const hours = ZONES[`${name}`.toLowerCase()], [, sign, h, m] = /^([+-])(\d\d):?(\d\d)$/.exec(name) ?? [];
  if (hours === undefined && !sign) refuse(`the time zone ${name}`, 'use Asia/Shanghai, UTC or an offset such as +08:00');
  return (hours ?? (sign === '-' ? -1 : 1) * (Number(h) + Number(m) / 60)) * 3600000;
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
  'zh-CN': {d: 'd日', m: 'm月', md: 'm/d', M: 'M', Md: 'm月d日', y: 'y年', ym: 'y/m', ymd: 'y/m/d', yM: 'y年m月', yMd: 'y年m月d日',
    w: 'w', wd: 'd日w', wmd: 'm/dw', wMd: 'm月d日w', wymd: 'y/m/dw', wyMd: 'y年m月d日w'},
  'en-US': {d: 'd', m: 'm', md: 'm/d', M: 'M', Md: 'M d', y: 'y', ym: 'm/y', ymd: 'm/d/y', yM: 'M y', yMd: 'M d, y',
    w: 'w', wd: 'd w', wmd: 'w, m/d', wMd: 'w, M d', wymd: 'w, m/d/y', wyMd: 'w, M d, y'},
};
const STYLES = {
  'zh-CN': {full: {weekday: 'long', year: 'numeric', month: 'long', day: 'numeric'}, long: {year: 'numeric', month: 'long', day: 'numeric'},
    medium: {year: 'numeric', month: 'long', day: 'numeric'}, short: {year: 'numeric', month: 'numeric', day: 'numeric'}},
  'en-US': {full: {weekday: 'long', year: 'numeric', month: 'long', day: 'numeric'}, long: {year: 'numeric', month: 'long', day: 'numeric'},
    medium: {year: 'numeric', month: 'short', day: 'numeric'}, short: {year: '2-digit', month: 'numeric', day: 'numeric'}},
};
const TIMES = {medium: {hour: 'numeric', minute: 'numeric', second: 'numeric'}, short: {hour: 'numeric', minute: 'numeric'}};
const DAY = {year: 'numeric', month: 'numeric', day: 'numeric'};
function partsOf(options, locale, needs) {
  const {dateStyle, timeStyle} = options, some = ['weekday', 'year', 'month', 'day', 'hour', 'minute', 'second'].filter(n => options[n]);
  if (dateStyle || timeStyle) {
    if (some.length) throw new TypeError(`Can't set option ${some[0]} when ${dateStyle ? 'dateStyle' : 'timeStyle'} is used`);
    if (needs === 'date' && timeStyle) throw new TypeError('Invalid option : timeStyle');
    if (needs === 'time' && dateStyle) throw new TypeError('Invalid option : dateStyle');
    const twelve = timeStyle && locale === 'zh-CN' && (options.hour12 || options.hourCycle === 'h12');
    if (twelve && dateStyle) refuse('a dateStyle beside a time of twelve hours', 'ask for the parts, such as year and hour');
    return {...dateStyle && STYLES[locale][dateStyle], ...timeStyle && TIMES[timeStyle], ...twelve && {hour: '2-digit'}};
  }
  const chosen = Object.fromEntries(some.map(name => [name, options[name]]));
  const hasDate = some.some(n => ['weekday', 'year', 'month', 'day'].includes(n)), hasTime = some.some(n => ['hour', 'minute', 'second'].includes(n));
  const date = {any: !hasDate && !hasTime, date: !hasDate, time: false, all: !hasDate && !hasTime}[needs];
  const time = {any: false, date: false, time: !hasTime, all: !hasDate && !hasTime}[needs];
  return {...chosen, ...date && DAY, ...time && TIMES.medium};
}
function dateText(date, parts, locale) {
  const {weekday, year, month, day} = parts, words = NAME.includes(month);
  const chinese = locale === 'zh-CN', digits = (n, width) => width === '2-digit' ? two(n) : `${n}`;
  let key = (weekday ? 'w' : '') + (year ? 'y' : '') + (month ? words ? 'M' : 'm' : '') + (day ? 'd' : '');
  if (!key) return '';
  if (chinese && (key === 'wymd' && weekday === 'long')) key = 'wyMd';
  const spelled = chinese && key === 'ym' && month === '2-digit';
  if (spelled) key = 'yM';
  const pattern = PATTERNS[locale][key];
  if (!pattern) refuse('this choice of date parts', `known are those of ${Object.keys(PATTERNS[locale]).join(' ')}`);
  const m = date.getUTCMonth(), w = ENGLISH.weekday[date.getUTCDay()];
  const short = text => words && month === 'short' ? text.slice(0, 3) : text;
  const values = {
    y: year === '2-digit' ? two(date.getUTCFullYear() % 100) : `${date.getUTCFullYear()}`,
    m: digits(m + 1, spelled ? 'numeric' : month), d: digits(date.getUTCDate(), day),
    M: chinese ? month === 'long' ? CHINESE_MONTHS[m] : `${m + 1}月` : short(ENGLISH.month[m]),
    w: chinese ? (weekday === 'long' ? '星期' : '周') + '日一二三四五六'[date.getUTCDay()] : weekday === 'short' ? w.slice(0, 3) : w,
  };
  return pattern.replace(/[wymMd]/g, letter => values[letter]);
}
function timeText(date, parts, locale, {hour12, hourCycle}) {
  const {hour, minute, second} = parts, chinese = locale === 'zh-CN';
  if (!hour && !minute && !second) return '';
  if (hour && second && !minute) refuse('hour and second without minute', 'ask for minute too');
  const h = date.getUTCHours(), rest = [minute && date.getUTCMinutes(), second && date.getUTCSeconds()].filter(n => n !== undefined);
  if (!hour) return rest.length > 1 ? rest.map(two).join(':') : `${rest[0]}`;
  const twelve = hour12 ?? (hourCycle ? hourCycle === 'h12' : !chinese);
  const tail = rest.map(n => `:${two(n)}`).join('');
  if (twelve) {
    const base = chinese && hour12 ? h % 12 : h % 12 || 12, text = hour === '2-digit' ? two(base) : base;
    return chinese ? `${h < 12 ? '上午' : '下午'}${text}${tail || '时'}` : `${text}${tail} ${h < 12 ? 'AM' : 'PM'}`;
  }
  const others = [minute, second].filter(Boolean);
  const bare = chinese && hour === 'numeric' && others.every(width => width === '2-digit');
  const text = bare ? `${h}` : two(!chinese && hour12 === false && h === 0 ? 24 : h);
  return `${text}${tail || (chinese ? '时' : '')}`;
}
function dateFormat(locales, given, needs = 'any') {
  const locale = localeOf(locales), options = read('Intl.DateTimeFormat', given, DATE);
  const offset = zoneOf(options.timeZone), parts = partsOf(options, locale, needs);
  const glue = locale === 'zh-CN' ? ' ' : parts.month === 'long' ? ' at ' : ', ';
  if (parts.weekday && !parts.month && parts.hour) refuse('a weekday with a time', 'ask for month and day too');
  function format(value) {
    const ms = value === undefined ? shared.now : value instanceof NativeDate ? Reflect.apply(timeOf, value, []) : Number(value);
    if (!(Math.abs(ms) <= 8.64e15)) throw new RangeError('Invalid time value');
    const date = new NativeDate(ms + offset);
    return [dateText(date, parts, locale), timeText(date, parts, locale, options)].filter(Boolean).join(glue);
  }
  return {format, locale, options: {calendar: 'gregory', numberingSystem: 'latn', timeZone: options.timeZone ?? zoneName(offset), ...parts}};
}
const shownDate = (date, locales, options, needs) => {
  const {format} = dateFormat(locales, options, needs);
  return Number.isNaN(Reflect.apply(timeOf, date, [])) ? 'Invalid Date' : format(date);
};

const COLLATOR = {numeric: [true, false], sensitivity: ['base', 'accent', 'case', 'variant'], usage: ['sort', 'search']};
function collator(locales, given) {
  const locale = localeOf(locales), options = read('Intl.Collator', given, COLLATOR);
  const {numeric = false, sensitivity = 'variant'} = options;
  return {locale, options: {usage: 'sort', sensitivity, numeric}, compare: collation().comparer(locale, numeric, sensitivity)};
}

const constructors = {NumberFormat: [numberFormat, 'format'], DateTimeFormat: [dateFormat, 'format'], Collator: [collator, 'compare']};
const Intl = {getCanonicalLocales: locales => (locales === undefined ? [] : [locales].flat().map(localeOf))};
for (const [name, [make, verb]] of Object.entries(constructors)) {
  Intl[name] = {[name]: function (locales, options) {
    const made = make(locales, options);
    const self = new.target ? this : Object.create(Intl[name].prototype);
    Object.defineProperty(self, verb, {value: made[verb], configurable: true});
    Object.defineProperty(self, 'resolvedOptions', {value: () => ({locale: made.locale, ...made.options}), enumerable: false});
    return self;
  }}[name];
  Object.defineProperty(Intl[name].prototype, Symbol.toStringTag, {value: `Intl.${name}`});
  Intl[name].supportedLocalesOf = locales => [locales].flat().filter(one => LOCALES[`${one}`.toLowerCase()]);
}
// What V8 has besides: it is there, and says what it is when a script uses it.
const HINT = 'Intl has NumberFormat, DateTimeFormat, Collator, PluralRules, RelativeTimeFormat, ListFormat and getCanonicalLocales; --bpmax-engine=v8 has all of ICU';
const POLYFILLED = ['PluralRules', 'RelativeTimeFormat', 'ListFormat'];
for (const name of ['PluralRules', 'RelativeTimeFormat', 'ListFormat', 'DisplayNames', 'Segmenter', 'Locale', 'supportedValuesOf']) {
  const closed = () => refuse(`Intl.${name}`, POLYFILLED.includes(name) ? `${name} has to stand in the text of the script` : HINT);
  Intl[name] = new Proxy(function () {}, {apply: closed, construct: closed, get: (target, key) => typeof key === 'symbol' || key === 'prototype' ? target[key] : closed()});
}
for (const [kind, names] of [['NumberFormat', ['formatToParts', 'formatRange', 'formatRangeToParts']], ['DateTimeFormat', ['formatToParts', 'formatRange', 'formatRangeToParts']]]) {
  for (const name of names) Intl[kind].prototype[name] = {[name]() { refuse(`Intl.${kind}.prototype.${name}`, 'known are format and resolvedOptions; --bpmax-engine=v8 has all of ICU'); }}[name];
}
function adopt(name, Made) { // of a polyfill, for the locales that it has data of
  Intl[name] = new Proxy(Made, {construct: (_, [locales, options], target) =>
    Reflect.construct(Made, [localeOf(locales).slice(0, 2), options], target === Intl[name] ? Made : target)});
  Object.defineProperty(Made, 'name', {value: name, configurable: true});
  Object.defineProperty(Made.prototype, 'constructor', {value: Intl[name], writable: true, configurable: true});
  const {resolvedOptions} = Made.prototype, FULL = {zh: 'zh-CN', en: 'en-US'};
  Object.defineProperty(Made.prototype, 'resolvedOptions', {configurable: true, writable: true, value: function resolvedOptions_() {
    const options = Reflect.apply(resolvedOptions, this, []);
    return {...options, locale: FULL[options.locale] ?? options.locale};
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
