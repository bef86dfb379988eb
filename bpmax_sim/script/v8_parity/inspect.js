// The text of a value as Node prints it: util.inspect with its defaults. It runs in the middle of a script, so it looks nothing
// up that a script can redefine (primordials.js).
'use strict';
({shared, attempt, stackOf, timeOf, primordials: {Error: {prototype: errors}, RegExp: patterns, Promise: NativePromise, WeakSet: NativeWeakSet,
  WeakMap: NativeWeakMap, Array: NativeArray, Object: NativeObject, Map: NativeMap, Set: NativeSet, String: toText, Symbol: {toStringTag, iterator}, Uint8Array: Bytes, toPrimitive, apply, isArray, isView, keys, names, symbols,
  isEnumerable, hasOwn, is, min, max, floor, round, sqrt, getPrototypeOf, getOwnPropertyDescriptor, exec, slice, includes, indexOf,
  repeat, padStart, padEnd, charCodeAt, codePointAt, functionText, symbolText, patternText, numberText, dateText, toISOString, mapSize, setSize, mapForEach, setForEach,
  viewKind, bufferSize, isDate, inherits, valuesOf, kindText, newList}}) => {
const OBJECT = 0, ITEM = 1, ARRAY = 2; // what a property belongs to
const DEFAULTS = {__proto__: null, depth: 2, breakLength: 80, maxItems: 100, showHidden: false};
const MANY = 10000; // of so many items, an array's other properties are not looked for
const COMPACT = 3, LONGEST_TEXT = 10000, MIN_WIDTH = 16;
const NAME = /^[a-zA-Z_][a-zA-Z_0-9]*$/, INDEX = /^(?:0|[1-9]\d*)$/;
const push = (list, item) => { list[list.length] = item; };
function joined(items, glue) {
  let text = '';
  for (let i = 0; i < items.length; i++) text += (i ? glue : '') + items[i];
  return text;
}
function has(list, item) {
  for (let i = 0; i < list.length; i++) if (list[i] === item) return true;
  return false;
}
function without(list, item) {
  const made = newList();
  for (let i = 0; i < list.length; i++) if (list[i] !== item) push(made, list[i]);
  return made;
}

// Texts.
const ESCAPED = {__proto__: null, 8: '\\b', 9: '\\t', 10: '\\n', 12: '\\f', 13: '\\r', 92: '\\\\'};
function escape(code, next, previous, quote) {
  if (code === quote) return '\\' + (quote === 39 ? "'" : quote === 34 ? '"' : '`');
  if (code === 92 || code < 32) return ESCAPED[code] ?? ('\\x' + hex(code));
  if (code >= 127 && code <= 159) return '\\x' + hex(code);
  const isHigh = code >= 0xd800 && code <= 0xdbff, isLow = code >= 0xdc00 && code <= 0xdfff;
  const isPaired = isHigh ? next >= 0xdc00 && next <= 0xdfff : previous >= 0xd800 && previous <= 0xdbff;
  return (isHigh || isLow) && !isPaired ? '\\u' + numberText(code, 16) : '';
}
const hex = code => { const text = numberText(code, 16); return (code < 16 ? '0' : '') + upper(text); };
function upper(text) {
  let made = '';
  for (let i = 0; i < text.length; i++) { const at = indexOf('abcdef', text[i]); made += at < 0 ? text[i] : 'ABCDEF'[at]; }
  return made;
}
function quoted(text) {
  const mark = !includes(text, "'") ? "'" : !includes(text, '"') ? '"' : !includes(text, '`') && !includes(text, '${') ? '`' : "'";
  const quote = charCodeAt(mark, 0);
  let made = mark, from = 0;
  for (let i = 0; i < text.length; i++) {
    const code = charCodeAt(text, i);
    if (code > 13 && code < 127 && code !== 92 && code !== quote) continue;
    if (code > 159 && (code < 0xd800 || code > 0xdfff)) continue;
    const own = escape(code, i + 1 < text.length ? charCodeAt(text, i + 1) : 0, i ? charCodeAt(text, i - 1) : 0, quote);
    if (own) { made += slice(text, from, i) + own; from = i + 1; }
  }
  return made + slice(text, from) + mark;
}
function textIn(state, text) { // a long one is split where its lines end
  let trailer = '';
  if (text.length > LONGEST_TEXT) {
    const rest = text.length - LONGEST_TEXT;
    text = slice(text, 0, LONGEST_TEXT);
    trailer = '... ' + rest + ' more character' + (rest > 1 ? 's' : '');
  }
  if (text.length <= MIN_WIDTH || text.length <= state.breakLength - state.indent - 4) return quoted(text) + trailer;
  const lines = newList();
  for (let from = 0; from < text.length;) {
    const end = indexOf(text, '\n', from), to = end < 0 ? text.length : end + 1;
    push(lines, quoted(slice(text, from, to)));
    from = to;
  }
  return joined(lines, (' +\n' + repeat(' ', state.indent + 2))) + trailer;
}
const WIDE = [0x1100, 0x115f, 0x2329, 0x232a, 0x2e80, 0x303e, 0x3040, 0x3247, 0x3250, 0x4dbf, 0x4e00, 0xa4c6, 0xa960, 0xa97c, 0xac00, 0xd7a3,
  0xf900, 0xfaff, 0xfe10, 0xfe19, 0xfe30, 0xfe6b, 0xff01, 0xff60, 0xffe0, 0xffe6, 0x1b000, 0x1b001, 0x1f200, 0x1f251, 0x1f300, 0x1f64f,
  0x1f680, 0x1f6ff, 0x1f900, 0x1f9ff, 0x20000, 0x3fffd];
function width(text) { // in columns of a terminal
  let columns = 0;
  for (let i = 0; i < text.length;) {
    const code = codePointAt(text, i);
    i += code < 0x10000 ? 1 : 2;
    let own = code <= 0x1f || (code >= 0x7f && code <= 0x9f) || (code >= 0x300 && code <= 0x36f) || (code >= 0x200b && code <= 0x200f) ||
      (code >= 0xfe00 && code <= 0xfe0f) ? 0 : 1;
    for (let n = 0; own && n < WIDE.length; n += 2) if (code >= WIDE[n] && code <= WIDE[n + 1]) { own = 2; break; }
    columns += own;
  }
  return columns;
}
const plain = {
  __proto__: null,
  string: (state, v) => textIn(state, v), undefined: () => 'undefined', boolean: (_, v) => ('' + v), symbol: (_, v) => symbolText(v),
  bigint: (_, v) => (v + 'n'), number: (_, v) => is(v, -0) ? '-0' : ('' + v),
};

// What kind of object it is, and what stands before its braces.
const USUAL = [NativeArray, 'Array', NativeObject, 'Object', NativeMap, 'Map', NativeSet, 'Set']; // whatever a script made of them
function constructorOf(value) { // the name of its class, or null
  for (let proto = value; proto !== null; proto = getPrototypeOf(proto)) {
    if (proto !== value) for (let i = 0; i < USUAL.length; i++) if (USUAL[i].prototype === proto) return USUAL[i + 1];
    const own = getOwnPropertyDescriptor(proto, 'constructor'), made = own && hasOwn(own, 'value') ? own.value : undefined;
    const name = typeof made === 'function' ? made.name : '';
    if (typeof name === 'string' && name !== '' && isMadeBy(value, made)) return name;
  }
  return null;
}
function isMadeBy(value, made) {
  const proto = getOwnPropertyDescriptor(made, 'prototype');
  const own = proto !== undefined && hasOwn(proto, 'value') ? proto.value : made.prototype; // a Proxy answers for its target
  return own !== null && (typeof own === 'object' || typeof own === 'function') && inherits(value, own);
}
function tagOf(state, value, constructor) {
  const tag = attempt(() => value[toStringTag], '');
  if (typeof tag !== 'string' || tag === '' || (state.showHidden ? hasOwn(value, toStringTag) : isEnumerable(value, toStringTag))) return '';
  return tag === constructor ? '' : tag;
}
function prefix(constructor, tag, fallback, size = '') {
  const own = constructor === null ? '[' + fallback + size + ': null prototype]' : constructor + size;
  return own + ' ' + (tag !== '' && (constructor === null ? fallback !== tag : constructor !== tag) ? '[' + tag + '] ' : '');
}
const isOf = (brand, value) => attempt(() => (brand(value), true), false);
function keysOf(state, value, isIndexed) {
  const found = newList();
  if (isIndexed && value.length > MANY) return found;
  const all = state.showHidden ? names(value) : keys(value), marks = symbols(value);
  let first = 0;
  if (isIndexed) for (first = all.length; first > 0 && !exec(INDEX, all[first - 1]);) first--; // indexes come first
  for (let i = first; i < all.length; i++) push(found, all[i]);
  for (let i = 0; i < marks.length; i++) if (state.showHidden || isEnumerable(value, marks[i])) push(found, marks[i]);
  return found;
}
const FUNCTIONS = {__proto__: null, AsyncFunction: 'AsyncFunction', GeneratorFunction: 'GeneratorFunction', AsyncGeneratorFunction: 'AsyncGeneratorFunction'};
const CLASS = /^class\b/;
function functionHead(value, constructor, tag) {
  const name = typeof value.name === 'string' && value.name;
  if (exec(CLASS, functionText(value))) {
    const above = constructor === null ? null : getPrototypeOf(value).name;
    return '[class ' + (hasOwn(value, 'name') && name || '(anonymous)') + (constructor !== 'Function' && constructor !== null ? ' [' + constructor + ']' : '') +
      (above === null ? ' extends null' : above ? ' extends ' + above : '') + ']';
  }
  const kind = FUNCTIONS[value[toStringTag]] ?? 'Function';
  const own = '[' + kind + (constructor === null ? ' (null prototype)' : '') + (name ? ': ' + name : ' (anonymous)') + ']';
  return own + (constructor !== kind && constructor !== null && !(kind !== 'Function' && constructor === 'Function') ? ' ' + constructor : '') +
    (tag !== '' && constructor !== tag && tag !== kind ? ' [' + tag + ']' : '');
}
function errorHead(state, value, shape) {
  const stack = stackOf(value) && typeof value.stack === 'string' && value.stack ? value.stack : errorText(value);
  const hidden = ['name', 'message', 'stack'];
  for (let i = 0; i < 3; i++) if (has(shape.keys, hidden[i]) && typeof value[hidden[i]] === 'string' && includes(stack, value[hidden[i]])) shape.keys = without(shape.keys, hidden[i]);
  if ('cause' in value && !has(shape.keys, 'cause')) push(shape.keys, 'cause');
  if (isArray(value.errors) && !has(shape.keys, 'errors')) push(shape.keys, 'errors');
  const full = classNamed(stack, shape, value.name === undefined || value.name === null ? 'Error' : toText(value.name));
  const text = indexOf(full, '\n    at') < 0 ? '[' + full + ']' : full;
  return state.indent ? indented(text, state.indent) : text;
}
function classNamed(stack, {constructor, tag}, name) { // the class of an error stands before its name where the name hides it
  const at = name.length, next = stack[at];
  if (constructor === null || slice(name, -5) !== 'Error' || slice(stack, 0, at) !== name || (stack.length > at && next !== ':' && next !== '\n')) return stack;
  const own = slice(prefix(constructor, tag, 'Error'), 0, -1);
  if (own === name) return stack;
  return (includes(own, name) ? own : own + ' [' + name + ']') + slice(stack, at);
}
const errorText = error => {
  const name = error.name === undefined ? 'Error' : toText(error.name), message = error.message === undefined ? '' : toText(error.message);
  return name && message ? name + ': ' + message : name || message;
};
function indented(text, by) {
  let made = '', from = 0;
  for (let at; (at = indexOf(text, '\n', from)) >= 0; from = at + 1) made += slice(text, from, at + 1) + repeat(' ', by);
  return made + slice(text, from);
}
const BOXES = ['Number', 'String', 'Boolean', 'BigInt'];
function boxed(value) { // [kind, what is inside] of a primitive in an object
  for (let i = 0; i < valuesOf.length; i++) {
    const valueOf = valuesOf[i][1];
    if (isOf(valueOf, value)) return {__proto__: null, kind: BOXES[i], inner: valueOf(value)};
  }
  const symbol = attempt(() => symbolText(value));
  return symbol === undefined ? undefined : {__proto__: null, kind: 'Symbol', text: symbol};
}
function items(state, value, depth, length, one) {
  const found = newList(), most = min(length, state.maxItems);
  let i = 0;
  for (; i < length && found.length < most; i++) {
    const from = i;
    while (i < length && !hasOwn(value, i)) i++;
    if (i > from) push(found, ('<' + (i - from) + ' empty item' + (i - from > 1 ? 's' : '') + '>'));
    if (i < length && found.length < most) push(found, one(i)); else i--;
  }
  if (i < length) push(found, more(length - i));
  return found;
}
const more = rest => '... ' + rest + ' more item' + (rest > 1 ? 's' : '');
function collection(state, walk, value, size, one) {
  const found = newList();
  state.indent += 2;
  walk(value, (item, key) => { if (found.length < state.maxItems) push(found, one(item, key)); });
  state.indent -= 2;
  if (size > state.maxItems) push(found, more(size - state.maxItems));
  return found;
}
function bufferText(state, value) {
  const bytes = new Bytes(value), size = bufferSize(value);
  let text = '';
  for (let i = 0; i < min(size, state.maxItems); i++) {
    const own = numberText(bytes[i], 16);
    text += (i ? ' ' : '') + (bytes[i] < 16 ? '0' : '') + own;
  }
  const rest = size - state.maxItems;
  return '[Uint8Contents]: <' + text + (rest > 0 ? ' ... ' + rest + ' more byte' + (rest > 1 ? 's' : '') : '') + '>';
}
const none = () => newList(), only = text => { const found = newList(); push(found, text); return found; };
// A shape: what is between which braces, behind which head; `whole` where nothing more is to say.
function shapeOf(state, value) {
  const constructor = constructorOf(value), tag = tagOf(state, value, constructor), isList = isArray(value), kind = isView(value) ? viewKind(value) : undefined;
  const shape = {__proto__: null, constructor, tag, keys: keysOf(state, value, isList || kind !== undefined), extras: OBJECT, head: '', open: '{', close: '}', inner: none};
  if (isList) return listShape(state, value, shape);
  if (kind !== undefined) return viewShape(state, value, kind, shape);
  return isOf(setSize, value) || isOf(mapSize, value) ? collectionShape(state, value, shape) : otherShape(state, value, shape);
}
function listShape(state, value, shape) {
  const {constructor, tag} = shape;
  shape.extras = ARRAY;
  shape.open = (constructor !== 'Array' || tag !== '' ? prefix(constructor, tag, 'Array', ('(' + value.length + ')')) : '') + '[';
  shape.close = ']';
  if (value.length === 0 && shape.keys.length === 0) shape.whole = shape.open + ']';
  shape.inner = depth => items(state, value, depth, value.length, i => property(state, value, i, depth, ITEM));
  return shape;
}
function viewShape(state, value, kind, shape) {
  shape.extras = ARRAY;
  shape.open = prefix(shape.constructor, shape.tag === kind ? '' : shape.tag, kind, ('(' + value.length + ')')) + '[';
  shape.close = ']';
  if (value.length === 0 && shape.keys.length === 0) shape.whole = shape.open + ']';
  shape.inner = () => items(state, value, 0, value.length, i => plain[typeof value[i]](state, value[i]));
  return shape;
}
function collectionShape(state, value, shape) {
  const isSet = isOf(setSize, value), size = isSet ? setSize(value) : mapSize(value), name = isSet ? 'Set' : 'Map';
  shape.open = prefix(shape.constructor, shape.tag, name, ('(' + size + ')')) + '{';
  if (size === 0 && shape.keys.length === 0) shape.whole = shape.open + '}';
  shape.inner = depth => isSet ? collection(state, setForEach, value, size, item => format(state, item, depth))
    : collection(state, mapForEach, value, size, (item, key) => (format(state, key, depth) + ' => ' + format(state, item, depth)));
  return shape;
}
function partsShape(state, parts, shape, named) { // of what has nothing of its own: pairs, or an object that stands for it
  const names = isArray(parts) ? parts : keys(parts);
  shape.open = named('Object');
  shape.inner = depth => {
    const found = newList();
    for (let i = 0; i < names.length; i++) {
      push(found, isArray(parts) ? quoted(names[i][0]) + ' => ' + quoted(names[i][1]) : property(state, parts, names[i], depth, OBJECT));
    }
    return found;
  };
  if (names.length === 0) shape.whole = shape.open + '}';
  return shape;
}
function headed(shape, head) {
  shape.head = head;
  if (shape.keys.length === 0) shape.whole = head;
  return shape;
}
function otherShape(state, value, shape) {
  const {constructor, tag} = shape, named = fallback => prefix(constructor, tag, fallback) + '{';
  const before = (kind, text) => { const own = prefix(constructor, tag, kind); return own === kind + ' ' ? text : own + text; };
  if (typeof value === 'function') return headed(shape, functionHead(value, constructor, tag));
  if (inherits(value, errors)) { const head = errorHead(state, value, shape); return headed(shape, head); }
  if (isDate(value)) return headed(shape, before('Date', is(apply(timeOf, value, []), NaN) ? 'Invalid Date' : toISOString(value)));
  if (inherits(value, patterns.prototype)) return headed(shape, before('RegExp', patternText(value)));
  if (isOf(bufferSize, value)) {
    shape.open = named('ArrayBuffer');
    shape.inner = () => { const found = only(bufferText(state, value)); push(found, ('byteLength: ' + bufferSize(value))); return found; };
    return shape;
  }
  const box = boxed(value);
  if (box) {
    if (box.kind === 'String') shape.keys = keysOf(state, value, true);
    return headed(shape, ('[' + box.kind + (constructor === box.kind ? '' : ' (' + constructor + ')') + ': ' + (hasOwn(box, 'text') ? box.text : plain[typeof box.inner](state, box.inner)) + ']'));
  }
  if (inherits(value, NativePromise.prototype)) { shape.open = named('Promise'); shape.inner = () => only('<state unknown>'); return shape; }
  const isWeakSet = inherits(value, NativeWeakSet.prototype);
  if (isWeakSet || inherits(value, NativeWeakMap.prototype)) { shape.open = named(isWeakSet ? 'WeakSet' : 'WeakMap'); shape.inner = () => only('<items unknown>'); return shape; }
  const parts = shared.shownAs?.(value);
  if (parts !== undefined) return partsShape(state, parts, shape, named);
  if (constructor === 'Object' && kindText(value) === '[object Arguments]') shape.open = '[Arguments] {';
  else if (constructor !== 'Object' || tag !== '') shape.open = named('Object');
  if (shape.keys.length === 0) shape.whole = isSpoken(value, shape) ? toText(value) : shape.open + '}';
  return shape;
}
// $proxy('key') has nothing of its own but its text.
const isSpoken = (value, {constructor, tag}) => constructor === 'Object' && tag === '' && !hasOwn(value, toPrimitive) &&
  attempt(() => typeof value[toPrimitive] === 'function', false);

function property(state, value, key, depth, kind) {
  const own = getOwnPropertyDescriptor(value, key);
  let text;
  if (own === undefined || (hasOwn(own, 'value') && own.value !== undefined)) {
    state.indent += 2;
    text = format(state, own === undefined ? value[key] : own.value, depth);
    state.indent -= 2;
  } else if (own.get !== undefined) text = own.set !== undefined ? '[Getter/Setter]' : '[Getter]';
  else text = own.set !== undefined ? '[Setter]' : 'undefined';
  if (kind === ITEM) return text;
  return nameOf(key, own) + ': ' + text;
}
function nameOf(key, own) {
  if (typeof key === 'symbol') return '[' + symbolText(key) + ']';
  if (key === '__proto__') return "['__proto__']";
  if (own !== undefined && own.enumerable === false) return '[' + key + ']';
  return exec(NAME, key) ? key : quoted(key);
}
function grouped(state, output, value) { // many short items stand in columns
  const count = output.length - (state.maxItems < output.length ? 1 : 0), sizes = newList();
  let total = 0, most = 0;
  for (let i = 0; i < count; i++) {
    const size = width(output[i]);
    push(sizes, size);
    total += size + 2;
    most = max(most, size);
  }
  const actual = most + 2;
  if (actual * 3 + state.indent >= state.breakLength || !(total / actual > 5 || most <= 6)) return output;
  const biased = max(actual - 3 - sqrt(actual - total / output.length), 1);
  const columns = min(round(sqrt(2.5 * biased * count) / biased), floor((state.breakLength - state.indent) / actual), COMPACT * 4, 15);
  if (columns <= 1) return output;
  const widths = newList(), lines = newList();
  for (let i = 0; i < columns; i++) {
    let widest = 0;
    for (let j = i; j < count; j += columns) widest = max(widest, sizes[j]);
    push(widths, widest + 2);
  }
  let isRight = true;
  for (let i = 0; i < output.length && isRight; i++) isRight = typeof value[i] === 'number' || typeof value[i] === 'bigint';
  const pad = isRight ? padStart : padEnd;
  for (let i = 0; i < count; i += columns) {
    const end = min(i + columns, count);
    let line = '', j = i;
    for (; j < end - 1; j++) line += pad((output[j] + ', '), widths[j - i] + output[j].length - sizes[j], ' ');
    line += isRight ? padStart(output[j], widths[j - i] + output[j].length - sizes[j] - 2, ' ') : output[j];
    push(lines, line);
  }
  if (count < output.length) push(lines, output[count]);
  return lines;
}
function fits(state, output, start, head) {
  let total = output.length + start;
  if (total + output.length > state.breakLength) return false;
  for (let i = 0; i < output.length; i++) if ((total += output[i].length) > state.breakLength) return false;
  return head === '' || !includes(head, '\n');
}
function laidOut(state, entries, shape, depth, value) {
  const head = shape.head ? shape.head + ' ' : '', count = entries.length;
  const output = shape.extras === ARRAY && count > 6 ? grouped(state, entries, value) : entries;
  if (state.current - depth < COMPACT && output.length === count) {
    const start = output.length + state.indent + shape.open.length + shape.head.length + 10;
    if (fits(state, output, start, shape.head)) {
      const line = joined(output, ', ');
      if (!includes(line, '\n')) return head + shape.open + ' ' + line + ' ' + shape.close;
    }
  }
  const break_ = '\n' + repeat(' ', state.indent);
  return head + shape.open + break_ + '  ' + joined(output, (',' + break_ + '  ')) + break_ + shape.close;
}
function format(state, value, depth) {
  const simple = plain[typeof value];
  if (simple) return simple(state, value);
  if (value === null) return 'null';
  if (has(state.seen, value)) {
    if (!has(state.circular, value)) push(state.circular, value);
    let n = 0;
    while (state.circular[n] !== value) n++;
    return '[Circular *' + (n + 1) + ']';
  }
  const shape = shapeOf(state, value);
  if (shape.whole !== undefined) return shape.whole;
  if (depth > state.depth) return '[' + nameAtDepth(shape, value) + ']';
  const level = depth + 1;
  push(state.seen, value);
  state.current = level;
  const output = shape.inner(level);
  for (let i = 0; i < shape.keys.length; i++) push(output, property(state, value, shape.keys[i], level, shape.extras));
  state.seen.length--;
  for (let n = 0; n < state.circular.length; n++) {
    if (state.circular[n] === value) shape.head = '<ref *' + (n + 1) + '>' + (shape.head && ' ' + shape.head);
  }
  return laidOut(state, output, shape, level, value);
}
const nameAtDepth = (shape, value) => slice(prefix(shape.constructor, shape.tag, isArray(value) ? 'Array' : 'Object'), 0, -1);
function inspect(value, options = DEFAULTS) {
  const {depth, breakLength, maxItems, showHidden} = options;
  return format({__proto__: null, depth, breakLength, maxItems, showHidden, indent: 0, current: 0, seen: newList(), circular: newList()}, value, 0);
}
return {inspect, width, DEFAULTS, push, joined};
}
