// console.*, and the text of values as Node prints them on one line.
'use strict';
({emit, encode, encoders, list, attempt, shared, stackOf, timeOf, primordials: {Error: {prototype: errors}, RegExp: patterns,
  Promise: NativePromise, String: toText, Number: toNumber, toPrimitive, stringify, parseInt, parseFloat, apply, isArray, isView, keys, hasOwn, is,
  getPrototypeOf, exec, slice, includes, indexOf, functionText, symbolText, toISOString, mapSize, setSize, mapForEach,
  setForEach, viewKind, isDate, inherits, newMap, newList}}) => {
const DEPTH = 3, ITEMS = 100;
const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u, CLASS = /^class\b/;
const key = name => exec(NAME, name) ? name : quote(name);
function replaced(text, from, to) {
  let made = '', at = 0;
  for (let next; (next = indexOf(text, from, at)) >= 0; at = next + from.length) made += slice(text, at, next) + to;
  return made + slice(text, at);
}
function quote(text) {
  const mark = !includes(text, "'") ? "'" : !includes(text, '"') ? '"' : !includes(text, '`') ? '`' : "'";
  return mark + replaced(replaced(replaced(text, '\\', '\\\\'), mark, ('\\' + mark)), '\n', '\\n') + mark;
}
function joined(items, glue) {
  let text = '';
  for (let i = 0; i < items.length; i++) text += (i ? glue : '') + items[i];
  return text;
}
const wrap = (open, items, close) => items.length ? (open + ' ' + joined(items, ', ') + ' ' + close) : open + close;
function shown() { // what is listed of many
  const found = newList();
  let count = 0;
  return {
    add(text) { if (++count <= ITEMS) found[found.length] = text(); },
    end() { if (count > ITEMS) found[found.length] = '... ' + (count - ITEMS) + ' more'; return found; },
  };
}
function items(values, one) {
  const found = shown();
  for (let i = 0; i < values.length; i++) { const value = values[i]; found.add(() => one(value)); }
  return found.end();
}
function elements(value, one) { // a run of holes is one item
  const found = newList();
  for (let i = 0; i < value.length && found.length < ITEMS; i++) {
    const start = i;
    while (i < value.length && !hasOwn(value, i)) i++;
    if (i > start) found[found.length] = '<' + (i - start) + ' empty item' + (i - start > 1 ? 's' : '') + '>';
    if (i < value.length && found.length < ITEMS) found[found.length] = one(value[i]);
  }
  if (value.length > ITEMS && found.length === ITEMS) found[ITEMS] = '... ' + (value.length - ITEMS) + ' more';
  return found;
}
function pairs(walk, value, one) {
  const found = shown();
  walk(value, (item, name) => found.add(() => one(item, name)));
  return found.end();
}
const own = (value, one) => items(keys(value), name => (key(name) + ': ' + one(value[name])));
const isOf = (brand, value) => attempt(() => (brand(value), true), false);
function inspectObject(value, one) {
  if (isArray(value)) return wrap('[', elements(value, one), ']');
  if (inherits(value, errors)) {
    const text = stackOf(value) ? value.stack : (value.name + ': ' + value.message), fields = own(value, one);
    return fields.length ? wrap((text + ' {'), fields, '}') : text;
  }
  if (isDate(value)) return is(apply(timeOf, value, []), NaN) ? 'Invalid Date' : toISOString(value);
  if (inherits(value, patterns.prototype)) return toText(value);
  if (inherits(value, NativePromise.prototype)) return 'Promise {}';
  if (isOf(mapSize, value)) return wrap(('Map(' + mapSize(value) + ') {'), pairs(mapForEach, value, (v, k) => (one(k) + ' => ' + one(v))), '}');
  if (isOf(setSize, value)) return wrap(('Set(' + setSize(value) + ') {'), pairs(setForEach, value, v => one(v)), '}');
  const name = getPrototypeOf(value)?.constructor?.name ?? '[Object: null prototype]';
  if (isView(value)) return wrap((name + '(' + value.length + ') ['), viewKind(value) ? items(value, one) : own(value, one), ']');
  if (typeof value[toPrimitive] === 'function' && keys(value).length === 0) return toText(value);
  return wrap(name === 'Object' ? '{' : (name + ' {'), own(value, one), '}');
}
const plain = {
  __proto__: null,
  string: quote, undefined: () => 'undefined', boolean: v => ('' + v), symbol: v => symbolText(v), bigint: v => (v + 'n'),
  number: v => is(v, -0) ? '-0' : ('' + v),
  function: v => ('[' + (exec(CLASS, functionText(v)) ? 'class' : v.name ? 'Function:' : 'Function') + ' ' + (v.name || '(anonymous)') + ']'),
};
function inspect(value, path = null, depth = 0) {
  const simple = plain[typeof value];
  if (simple) return simple(value);
  if (value === null) return 'null';
  for (let one = path; one; one = one.up) if (one.value === value) return '[Circular]';
  if (depth >= DEPTH) return isArray(value) ? '[Array]' : '[Object]';
  const inner = {value, up: path};
  return inspectObject(value, one => inspect(one, inner, depth + 1));
}
const UNREAD = '[cannot be read]', read = value => attempt(() => toText(inspect(value)), UNREAD);
const show = value => typeof value === 'string' ? value : read(value);
const directives = {
  __proto__: null,
  s: v => typeof v === 'object' && v !== null ? show(v) : (toText(v)),
  d: v => ('' + (typeof v === 'bigint' ? (v + 'n') : typeof v === 'object' ? NaN : toNumber(v))),
  i: v => ('' + parseInt(v, 10)), f: v => ('' + parseFloat(v)),
  j: v => ('' + stringify(v)), o: read, O: read, c: () => '',
};
function formatted(first, values) { // as far as values go; returns how many were taken
  let text = '', at = 0, taken = 1;
  for (let next; (next = indexOf(first, '%', at)) >= 0;) {
    const letter = slice(first, next + 1, next + 2), directive = directives[letter];
    text += slice(first, at, next);
    at = next + 2;
    if (letter === '%') text += '%';
    else if (directive && taken < values.length) {
      const value = values[taken++];
      text += attempt(() => directive(value), ('%' + letter));
    } else { text += '%'; at = next + 1; }
  }
  return {text: text + slice(first, at), taken};
}
function format(values) {
  const isFormat = typeof values[0] === 'string' && includes(values[0], '%');
  let {text, taken} = isFormat ? formatted(values[0], values) : {text: show(values[0]), taken: 1};
  for (; taken < values.length; taken++) text += ' ' + show(values[taken]);
  return text;
}
let indent = '';
const counts = newMap(), starts = newMap();
function before(first, rest) {
  const all = newList();
  all[0] = first;
  for (let i = 0; i < rest.length; i++) all[i + 1] = rest[i];
  return all;
}
function log(level, values) {
  const text = values.length ? format(values) : '';
  emit(('"log","' + level + '",' + (encoders.string(indent + replaced(text, '\n', ('\n' + indent)))) + ',') +
    list(values, v => attempt(() => encode(v), '{"$":"undefined"}')));
}
const console = {
  log: (...v) => log('log', v), info: (...v) => log('info', v), debug: (...v) => log('debug', v),
  warn: (...v) => log('warn', v), error: (...v) => log('error', v),
  trace: (...v) => log('trace', v), dir: v => log('log', [v]), table: v => log('log', [v]),
  assert(ok, ...v) { if (!ok) log('error', before('Assertion failed:', v)); },
  group(...v) { if (v.length) log('log', v); indent += '  '; },
  groupEnd() { indent = slice(indent, 2); },
  count(label = 'default') {
    counts.set(label, (counts.get(label) ?? 0) + 1);
    log('log', [(label + ': ' + counts.get(label))]);
  },
  countReset(label = 'default') { counts.delete(label); },
  time(label = 'default') { starts.set(label, shared.now); },
  timeLog(label = 'default', ...v) { log('log', before((label + ': ' + (shared.now - (starts.get(label) ?? shared.now)) + 'ms'), v)); },
  timeEnd(label = 'default') { console.timeLog(label); starts.delete(label); },
};
console.groupCollapsed = console.group;
return {console, inspect};
}
