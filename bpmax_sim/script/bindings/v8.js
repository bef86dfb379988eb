// Lets V8 look to the prelude like the default engine: stacks with byte columns behind Error.prototype,
// and V8's own Intl in the scenario's zone, with zh-CN and virtual time where a script names none.
(function (prelude, bindings, intlAt) {
'use strict';
const {defineProperty, getOwnPropertyDescriptor, getOwnPropertyDescriptors, hasOwn, create} = Object;
const {apply, construct} = Reflect, {parse} = JSON, NativeDate = Date, native = Intl, indirectEval = eval;
const hidden = (target, name, value) => defineProperty(target, name, {value, writable: true, configurable: true});

const FIRST_USER_LINE = 500, raws = new WeakMap(), files = [];
function byteColumn(row, column) {
  const file = files.findLast(({start}) => start < row);
  if (!file) return column;
  file.lines ??= (file.code ?? file.source).split('\n');
  let bytes = 1;
  for (const c of (file.lines[row - file.start - 1] ?? '').slice(0, column - 1)) {
    const code = c.codePointAt(0);
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
function frame(site) {
  const row = site.getLineNumber(), name = site.isEval() ? '' : site.getFunctionName();
  if (!row || row < FIRST_USER_LINE) return [];
  const place = `<input>:${row}:${byteColumn(row, site.getColumnNumber())}`;
  return [name ? `    at ${name} (${place})` : `    at ${place}`];
}
const text = error => { try { return `${error}`; } catch { return 'Error'; } };
Error.prepareStackTrace = (error, sites) => {
  raws.set(error, sites.flatMap(frame).join('\n') || undefined); // a rejected call has the line of its call
  return apply(getOwnPropertyDescriptor(Error.prototype, 'stack').get, error, []) ?? text(error);
};
defineProperty(Error.prototype, 'stack', {
  configurable: true,
  get() {
    if (!raws.has(this) && hasOwn(this, 'stack')) void this.stack; // V8 makes a stack when it is first read
    return raws.get(this);
  },
  set(value) { hidden(this, 'stack', value); },
});

function icu({shared}) {
  const LOCALE = 'zh-CN', ZONES = {480: 'Asia/Shanghai', 0: 'UTC'};
  const two = n => `${n}`.padStart(2, '0');
  function zone() {
    const minutes = shared.offset / 60000, size = Math.abs(minutes);
    return ZONES[minutes] ?? `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
  }
  const zoned = options => ({timeZone: zone(), ...options});
  const same = options => options;
  function pinned(Native, complete) {
    const given = ([locales, options]) => [locales ?? LOCALE, complete(options)];
    const Pinned = new Proxy(Native, {
      apply: (_, self, args) => apply(Native, self, given(args)),
      construct: (_, args, target) => construct(Native, given(args), target === Pinned ? Native : target),
    });
    return Pinned;
  }
  const Own = create(Object.prototype, getOwnPropertyDescriptors(native));
  for (const name of Object.getOwnPropertyNames(native)) {
    if (name === 'Locale' || !/^[A-Z]/.test(name)) continue;
    hidden(Own, name, pinned(native[name], name === 'DateTimeFormat' ? zoned : same));
  }
  const dates = native.DateTimeFormat.prototype, {formatToParts} = dates;
  const {get: format} = getOwnPropertyDescriptor(dates, 'format');
  const present = date => date === undefined ? shared.now : date;
  defineProperty(dates, 'format', {configurable: true, get() {
    const bound = apply(format, this, []);
    return date => bound(present(date));
  }});
  hidden(dates, 'formatToParts', {formatToParts(date) { return apply(formatToParts, this, [present(date)]); }}.formatToParts);
  const table = {Intl: Own};
  for (const [name, method] of before.dates) table[`date.${name}`] = (self, locales, options) => apply(method, self, [locales ?? LOCALE, zoned(options)]);
  table['number.toLocaleString'] = (self, locales, options) =>
    apply(typeof self.valueOf() === 'bigint' ? before.bigint : before.number, self, [locales ?? LOCALE, options]);
  table['string.localeCompare'] = (self, that, locales, options) => apply(before.compare, self, [that, locales ?? LOCALE, options]);
  return table;
}
const before = {
  dates: ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString'].map(name => [name, NativeDate.prototype[name]]),
  bigint: BigInt.prototype.toLocaleString, number: Number.prototype.toLocaleString, compare: String.prototype.localeCompare,
};
for (const name of ['Temporal', 'WebAssembly']) delete globalThis[name]; // real clock; not in the default engine

// What the default engine has of the web by itself: queueMicrotask, DOMException, btoa and atob.
const global = (name, value) => hidden(globalThis, name, value);
global('queueMicrotask', function queueMicrotask(work) {
  if (typeof work !== 'function') throw new TypeError('queueMicrotask(function): expected a function');
  Promise.resolve().then(() => { try { work(); } catch (error) { track({}, error, false); } });
});
const CODES = {InvalidCharacterError: 5, QuotaExceededError: 22, DataCloneError: 25, AbortError: 20, TimeoutError: 23, SyntaxError: 12};
class DOMException extends Error {
  constructor(message = '', name = 'Error') {
    super(`${message}`);
    hidden(this, 'name', `${name}`);
  }
  get code() { return CODES[this.name] ?? 0; }
}
global('DOMException', DOMException);
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const invalid = message => new DOMException(message, 'InvalidCharacterError');
global('btoa', function btoa(data) {
  const units = Array.from({length: `${data}`.length}, (_, i) => `${data}`.charCodeAt(i));
  if (units.some(unit => unit > 255)) throw invalid('Invalid character');
  let text = '';
  for (let i = 0; i < units.length; i += 3) {
    const [a, b, c] = units.slice(i, i + 3), bits = a << 16 | (b ?? 0) << 8 | (c ?? 0);
    text += LETTERS[bits >> 18] + LETTERS[bits >> 12 & 63] + (b === undefined ? '=' : LETTERS[bits >> 6 & 63]) +
      (c === undefined ? '=' : LETTERS[bits & 63]);
  }
  return text;
});
global('atob', function atob(data) {
  let text = `${data}`.replace(/[\t\n\f\r ]/g, '');
  if (text.length % 4 === 0) text = text.replace(/==?$/, '');
  if (text.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(text)) throw invalid('The string to be decoded is not correctly encoded.');
  let bits = 0, held = 0, found = '';
  for (const letter of text) {
    bits = (bits << 6 | LETTERS.indexOf(letter)) & 0xffff;
    held += 6;
    if (held >= 8) found += String.fromCharCode(bits >> (held -= 8) & 255);
  }
  return found;
});

const entry = indirectEval(prelude)(undefined, ...bindings.with(intlAt, icu));
AggregateError.prototype.message = ''; // V8's own has a message where it should
const {track} = entry; // V8 does not tell us of rejections, only we ourselves of a few
defineProperty(globalThis, '__bpm', {value(operation, argument) {
  if (operation === 'open' || operation === 'run') files.push(...parse(argument).files);
  return entry(operation, argument);
}});
})
