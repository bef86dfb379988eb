// console.*, and the text of values as Node prints them on one line.
'use strict';
({emit, encode, encoders, list, attempt, shared, stackOf, NativeError, NativeDate}) => {
const {keys} = Object;
const DEPTH = 3, ITEMS = 100;
const key = name => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? name : quote(name);
function quote(text) {
  const mark = ["'", '"', '`'].find(one => !text.includes(one)) ?? "'";
  return mark + text.replaceAll('\\', '\\\\').replaceAll(mark, `\\${mark}`).replaceAll('\n', '\\n') + mark;
}
const wrap = (open, items, close) => items.length ? `${open} ${items.join(', ')} ${close}` : open + close;
function items(values, one) {
  const shown = values.slice(0, ITEMS).map(one);
  if (values.length > ITEMS) shown.push(`... ${values.length - ITEMS} more`);
  return shown;
}
function elements(value, one) { // a run of holes is one item
  const shown = [];
  for (let i = 0; i < value.length && shown.length < ITEMS; i++) {
    const start = i;
    while (i < value.length && !Object.hasOwn(value, i)) i++;
    if (i > start) shown.push(`<${i - start} empty item${i - start > 1 ? 's' : ''}>`);
    if (i < value.length) shown.push(one(value[i]));
  }
  return value.length > ITEMS && shown.length === ITEMS ? [...shown, `... ${value.length - ITEMS} more`] : shown;
}
function inspectObject(value, one) {
  if (Array.isArray(value)) return wrap('[', elements(value, one), ']');
  if (value instanceof NativeError) {
    const text = stackOf(value) ? value.stack : `${value.name}: ${value.message}`;
    const own = items(keys(value), k => `${key(k)}: ${one(value[k])}`);
    return own.length ? wrap(`${text} {`, own, '}') : text;
  }
  if (value instanceof NativeDate) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof RegExp) return `${value}`;
  if (value instanceof Promise) return 'Promise {}';
  if (value instanceof Map) return wrap(`Map(${value.size}) {`, items([...value], ([k, v]) => `${one(k)} => ${one(v)}`), '}');
  if (value instanceof Set) return wrap(`Set(${value.size}) {`, items([...value], one), '}');
  const name = Object.getPrototypeOf(value)?.constructor?.name ?? '[Object: null prototype]';
  if (ArrayBuffer.isView(value)) return wrap(`${name}(${value.length}) [`, items([...value], one), ']');
  if (typeof value[Symbol.toPrimitive] === 'function' && keys(value).length === 0) return `${value}`;
  return wrap(name === 'Object' ? '{' : `${name} {`, items(keys(value), k => `${key(k)}: ${one(value[k])}`), '}');
}
const plain = {
  string: quote, undefined: String, boolean: String, symbol: v => v.toString(), bigint: v => `${v}n`,
  number: v => Object.is(v, -0) ? '-0' : `${v}`,
  function: v => `[${/^class\b/.test(Function.prototype.toString.call(v)) ? 'class' : v.name ? 'Function:' : 'Function'} ${v.name || '(anonymous)'}]`,
};
function inspect(value, path = []) {
  if (plain[typeof value]) return plain[typeof value](value);
  if (value === null) return 'null';
  if (path.includes(value)) return '[Circular]';
  if (path.length >= DEPTH) return Array.isArray(value) ? '[Array]' : '[Object]';
  return inspectObject(value, inner => inspect(inner, [...path, value]));
}
const show = value => typeof value === 'string' ? value : attempt(() => inspect(value), '[cannot be read]');
const directives = {
  s: v => typeof v === 'object' && v !== null ? show(v) : `${typeof v === 'symbol' ? v.toString() : v}`,
  d: v => `${typeof v === 'bigint' ? `${v}n` : typeof v === 'object' ? NaN : Number(v)}`,
  i: v => `${parseInt(v, 10)}`, f: v => `${parseFloat(v)}`,
  j: v => JSON.stringify(v), o: v => attempt(() => inspect(v), '[cannot be read]'), O: v => attempt(() => inspect(v), '[cannot be read]'), c: () => '',
};
function format([first, ...rest]) {
  if (typeof first === 'string' && first.includes('%')) {
    first = first.replace(/%([sdifjoOc%])/g, (whole, letter) =>
      letter === '%' ? '%' : rest.length ? attempt(() => directives[letter](rest.shift()), whole) : whole);
  }
  return [first, ...rest].map(show).join(' ');
}
let indent = '';
const counts = new Map(), starts = new Map();
function log(level, values) {
  const text = values.length ? format(values) : '';
  emit(`"log","${level}",${encoders.string(indent + text.replaceAll('\n', `\n${indent}`))},` +
    list(values, v => attempt(() => encode(v), '{"$":"undefined"}')));
}
const console = {
  log: (...v) => log('log', v), info: (...v) => log('info', v), debug: (...v) => log('debug', v),
  warn: (...v) => log('warn', v), error: (...v) => log('error', v),
  trace: (...v) => log('trace', v), dir: v => log('log', [v]), table: v => log('log', [v]),
  assert(ok, ...v) { if (!ok) log('error', ['Assertion failed:', ...v]); },
  group(...v) { if (v.length) log('log', v); indent += '  '; },
  groupEnd() { indent = indent.slice(2); },
  count(label = 'default') {
    counts.set(label, (counts.get(label) ?? 0) + 1);
    log('log', [`${label}: ${counts.get(label)}`]);
  },
  countReset(label = 'default') { counts.delete(label); },
  time(label = 'default') { starts.set(label, shared.now); },
  timeLog(label = 'default', ...v) { log('log', [`${label}: ${shared.now - (starts.get(label) ?? shared.now)}ms`, ...v]); },
  timeEnd(label = 'default') { console.timeLog(label); starts.delete(label); },
};
console.groupCollapsed = console.group;
return {console, inspect};
}
