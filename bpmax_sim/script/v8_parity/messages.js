// What the engine says of an error in the words of V8, before a script can catch it: the engine asks Error.prepareStackTrace
// for the stack of each error that it makes. Where V8 names what was called, it is read from the source at the error's place.
'use strict';
({shared, files, places, NativeError, define, attempt, basics: {apply, defineProperty, getOwnPropertyDescriptor}}) => {
const FRAME = /^ +at (?:(.*) \()?<input>:(\d+):(\d+)\)?$/;
const FIRST_USER_LINE = 500;
const SAME = {__proto__: null,
  'invalid array length': 'Invalid array length',
  'empty array': 'Reduce of empty array with no initial value',
  'Date value is NaN': 'Invalid time value',
  'circular reference': 'Converting circular structure to JSON',
  'BigInt are forbidden in JSON.stringify': 'Do not know how to serialize a BigInt',
  'expecting hex digit': 'URI malformed',
  'expecting surrogate pair': 'URI malformed',
  'cannot convert symbol to string': 'Cannot convert a Symbol value to a string',
  'this is not initialized': "Must call super constructor in derived class before accessing 'this' or returning from derived constructor",
};
const DIGITS = {__proto__: null, toFixed: 'toFixed() digits argument must be between 0 and 100', toPrecision: 'toPrecision() argument must be between 1 and 100'};
const NATIVE = /^ +at (\S+) \(native\)/, ITERATOR = 'Symbol.iterator', NOT_ITERABLE = ' is not iterable (cannot read property Symbol(Symbol.iterator))';
const WORD = /^[\w$\u0080-\uffff]+(?:\??\.[\w$\u0080-\uffff]+)*/, LAST = /[\w$\u0080-\uffff]+$/;
function offsetOf(source, row, column) { // columns are UTF-8 bytes
  const lines = source.split('\n');
  let offset = 0;
  for (let n = 0; n < row; n++) offset += lines[n].length + 1;
  let bytes = column - 1;
  for (const character of lines[row] ?? '') {
    if (bytes <= 0) break;
    const code = character.codePointAt(0);
    bytes -= code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    offset += character.length;
  }
  return offset;
}
function sourceAt(raw) { // of the innermost frame, where that is in a script
  const [,, row, column] = FRAME.exec(raw.split('\n')[0]) ?? [], file = row > FIRST_USER_LINE ? files.findLast(({start}) => start < row) : undefined;
  return file && {source: file.source, at: offsetOf(file.source, row - file.start - 1, +column)};
}
const isOwn = ({source, at}) => /^(?:new\s+)?[\w$.]*(?:Error|Exception)\b/.test(source.slice(at, at + 60)) || /\bnew\s+[\w$.]*$/.test(source.slice(0, at).slice(-60)) && /^[\w$.]*Error\b/.test(source.slice(at));
function opening(source, end) { // of the bracket that closes before `end`; no text or comment is looked into
  let depth = 0;
  for (let i = end - 1; i >= 0; i--) {
    if (')]}'.includes(source[i])) depth++;
    else if ('([{'.includes(source[i]) && --depth === 0) return i;
  }
  return -1;
}
function closing(source, start) {
  let depth = 0;
  for (let i = start; i < source.length; i++) {
    if ('([{'.includes(source[i])) depth++;
    else if (')]}'.includes(source[i]) && --depth === 0) return i;
  }
  return -1;
}
function chain(source, end) { // the expression before `end` as V8 prints it, and where it begins
  let at = end, text = '';
  for (;;) {
    const before = source.slice(0, at).trimEnd();
    at = before.length;
    const last = before[at - 1];
    if (last === ')' || last === ']') {
      const open = opening(before, at), inner = before.slice(open + 1, at - 1).trim();
      if (open < 0) return undefined;
      if (last === ')') {
        if (!/[\w$\u0080-\uffff)\]]\s*$/.test(before.slice(0, open))) return undefined;
        if (/\b(?:await|return|typeof|in|of|if|while)\s*$/.test(before.slice(0, open))) return undefined;
        text = '(...)' + text;
      } else {
        const literal = /^(['"])([^'"\\]*)\1$/.exec(inner);
        if (!literal && !/^[\w$.\u0080-\uffff]+$/.test(inner)) return undefined;
        if (!/[\w$\u0080-\uffff)\]]\s*$/.test(before.slice(0, open))) return undefined;
        text = (literal ? '.' + literal[2] : '[' + inner + ']') + text;
      }
      at = open;
      continue;
    }
    const word = LAST.exec(before)?.[0];
    if (word === undefined || /^\d/.test(word)) return undefined;
    text = word + text;
    at -= word.length;
    const dot = /(\?\.|\.)\s*$/.exec(source.slice(0, at));
    if (!dot) return {text, at};
    text = dot[1] + text;
    at = dot.index;
  }
}
const KNOWN = /^(?:console|JSON|Math|Object|Array|Promise|Number|String|Boolean|Reflect|\$proxy|parseInt|parseFloat|isNaN)(?:\.|$)/;
function callee({source, at}) { // what is called at a place, which is that of the word, or of the last argument
  const before = source.slice(0, at), [word] = WORD.exec(source.slice(at)) ?? [''];
  const after = source.slice(at + word.length), next = after.trimStart()[0];
  let end = word && (next === '(' || next === '`' || next === '[') ? at + word.length : -1;
  if (next === '[') {
    const close = closing(source, source.indexOf('[', end));
    if (close < 0 || source.slice(close + 1).trimStart()[0] !== '(') return undefined;
    end = close + 1;
  }
  if (end >= 0 && next === '(') { // m.get(…)() calls the result
    const close = closing(source, source.indexOf('(', end));
    if (close >= 0 && source.slice(close + 1).trimStart()[0] === '(') end = close + 1;
  }
  let depth = 0, outer = -1, i = at;
  while (i-- > 0 && outer < 0) {
    if (')]}'.includes(before[i])) depth++;
    else if ('([{'.includes(before[i]) && depth-- === 0) { outer = i; }
    else if (before[i] === ';' && depth === 0) break;
  }
  const around = outer >= 0 && (before[outer] === '(' || before[outer] === '[') ? chain(source, outer) : undefined;
  const calls = around && before[outer] === '(' && !/^(?:if|while|for|switch|catch|await|return|function|typeof)$/.test(around.text);
  if (outer >= 0 && before[outer] === '[' && end < 0 && around) { // o[▶k]()
    const close = closing(source, outer);
    if (close >= 0 && source.slice(close + 1).trimStart()[0] === '(') return chain(source, close + 1);
  }
  if (end < 0) return calls ? around : undefined;
  return calls && !KNOWN.test(around.text) ? undefined : chain(source, end);
}
function uncallable(place, kind) {
  const found = place && callee(place);
  if (!found) return undefined;
  const isNew = /\bnew\s*$/.test(place.source.slice(0, found.at));
  const made = isNew ? found.text.indexOf('(...)') : -1;
  if (made >= 0) return '(intermediate value)' + found.text.slice(made + 5) + ' is not a function';
  return found.text + (isNew || kind === 'not a constructor' ? ' is not a constructor' : ' is not a function');
}
const PATTERN = /^(?:(?:const|let|var)\s*[{[]|\(?\s*[{[]|(?:async\s*)?(?:function\b[^(]*)?\([^)]*[{[])/;
function initial(error, raw, bracket) { // of the next pattern: its text, and what it takes apart
  const moved = places().moved({message: bracket === '{' ? 'Cannot convert undefined or null to object' : "cannot read property 'Symbol.iterator' of undefined"}, raw);
  const place = sourceAt(moved);
  if (!place || !PATTERN.test(place.source.slice(place.at))) return undefined;
  const from = place.source.indexOf(bracket, place.at), close = from < 0 ? -1 : closing(place.source, from);
  if (close < 0) return undefined;
  const [, value] = /^\s*=(?![=>])\s*([^;\n]*)/.exec(place.source.slice(close + 1)) ?? [];
  return {pattern: place.source.slice(from + 1, close), value: value === undefined ? undefined : /^[\w$.\u0080-\uffff]+(?=\s*(?:[;,)\n]|$))/.exec(value)?.[0] ?? ''};
}
function destructured(error, raw) {
  const found = initial(error, raw, '{'), [, inner] = /^\s*[\w$\u0080-\uffff]+\s*:\s*\{\s*([\w$\u0080-\uffff]+)/.exec(found?.pattern ?? '') ?? [];
  if (inner && found.value !== 'null' && found.value !== 'undefined') return "Cannot read properties of undefined (reading '" + inner + "')";
  const [name] = /^[\w$\u0080-\uffff]+/.exec(found?.pattern.trim() ?? '') ?? [];
  if (!name || found.value === '') return undefined;
  const kind = found.value === 'null' ? 'null' : 'undefined';
  return "Cannot destructure property '" + name + "' of '" + (found.value ?? kind) + "' as it is " + kind + '.';
}
function iterated(error, raw, kind) {
  const place = sourceAt(raw), before = place?.source.slice(0, place.at) ?? '';
  const rest = place && /(?:\bof|[[,]\s*\.\.\.)\s*$/.test(before) ? WORD.exec(place.source.slice(place.at))?.[0] : undefined;
  if (rest) return rest + ' is not iterable';
  const found = place && initial(error, raw, '[');
  if (found?.value && !(kind && found.value.includes('.'))) return found.value + ' is not iterable';
  return kind && (kind === 'null' ? 'object null' : kind) + NOT_ITERABLE;
}
function json(message, raw) {
  const [, token] = /^unexpected token: '(.*)'$/s.exec(message) ?? [], [first, second] = raw.split('\n');
  if (token === undefined || !/^ +at parse \(native\)/.test(second ?? '')) return undefined;
  const [,, line, column] = FRAME.exec(first) ?? [];
  return 'Unexpected token ' + token[0] + ' in JSON at position ' + (line === '1' ? column - 1 : 'line ' + line);
}
const READ = /^cannot (read|set) property '(.*)' of (undefined|null)$/s;
function translate(error, message, raw) { // undefined where V8 says the same, or is not known to say what
  const [, does, name, kind] = READ.exec(message) ?? [];
  if (does === 'read' && name !== ITERATOR) return 'Cannot read properties of ' + kind + " (reading '" + name + "')";
  if (does === 'set') return 'Cannot set properties of ' + kind + " (setting '" + name + "')";
  const [, native] = NATIVE.exec(raw) ?? [];
  if (does) return native ? (kind === 'null' ? 'object null' : kind) + NOT_ITERABLE : iterated(error, raw, kind);
  if (SAME[message] !== undefined) return SAME[message];
  if (message === 'invalid number of digits') return DIGITS[native];
  if (message === 'cannot convert BigInt to number') return native ? 'Cannot convert a BigInt value to a number' : 'Cannot mix BigInt and other types, use explicit conversions';
  if (message === "class constructors must be invoked with 'new'") return 'Class constructor ' + (FRAME.exec(raw.split('\n')[0])?.[1] ?? '') + " cannot be invoked without 'new'";
  if (message === 'must be called with new') return native && (native === 'Promise' ? "Promise constructor cannot be invoked without 'new'" : 'Constructor ' + native + " requires 'new'");
  const place = native ? undefined : sourceAt(raw);
  if (message === 'not a function' || message === 'not a constructor') return uncallable(place, message);
  if (message === 'value is not iterable') return native ? undefined : iterated(error, raw, '');
  if (message === 'Cannot convert undefined or null to object') return native ? undefined : destructured(error, raw);
  const [, uninitialised] = /^(\S+) is not initialized$/.exec(message) ?? [];
  if (uninitialised) return "Cannot access '" + uninitialised + "' before initialization";
  const [, constant] = /^'(.+)' is read-only$/.exec(message) ?? [];
  if (constant && place && !new RegExp('[.\\]]\\s*' + constant.replace(/\$/g, '\\$') + '\\s*(?:[-+*/%&|^]?=|\\+\\+|--)').test(place.source)) return 'Assignment to constant variable.';
  const [position] = /^.* in JSON at position \d+(?= \(line )/.exec(message) ?? [];
  return position ?? json(message, raw);
}
const {get, set} = getOwnPropertyDescriptor(NativeError, 'prepareStackTrace') ?? {};
function rawStack(sites) { // as the engine itself writes it
  let raw = '';
  for (let n = 0; n < sites.length; n++) {
    const site = sites[n], name = site.getFunctionName() ?? '<anonymous>', line = site.getLineNumber();
    raw += (n ? '\n' : '') + '    at ' + name + ' (' + (line === null ? 'native' : site.getFileName() + ':' + line + ':' + site.getColumnNumber()) + ')';
  }
  return raw;
}
function prepare(error, sites) {
  let raw = rawStack(sites);
  if (shared.original) raw = shared.original(raw);
  attempt(() => {
    const own = getOwnPropertyDescriptor(error, 'message'), place = sourceAt(raw);
    if (typeof own?.value !== 'string' || (place && isOwn(place))) return;
    const told = translate(error, own.value, raw);
    if (!told) return;
    raw = attempt(() => places().moved(error, raw), raw); // which knows the engine's words
    define(error, 'message', told);
  });
  return raw;
}
if (set) {
  apply(set, NativeError, [prepare]);
  defineProperty(NativeError, 'prepareStackTrace', {__proto__: null, configurable: true,
    get() { const own = apply(get, NativeError, []); return own === prepare ? undefined : own; },
    set(value) { apply(set, NativeError, [value ?? prepare]); }});
}
return {translate: (error, message, raw) => attempt(() => translate(error, message, raw))};
}
