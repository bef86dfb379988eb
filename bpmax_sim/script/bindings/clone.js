// structuredClone (WHATWG HTML, structured data) of the values a script can have.
'use strict';
({NativeDate, NativeError}) => {
const fail = value => {
  const what = typeof value === 'function' ? value.name || 'a function' : String(value);
  throw new DOMException(`${what} could not be cloned.`, 'DataCloneError');
};
const NAMES = ['Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError'];
function cloneError(value, one) {
  const name = NAMES.includes(value.name) ? value.name : 'Error';
  const copy = Object.create(globalThis[name].prototype);
  const made = Object.setPrototypeOf(new NativeError(value.message), Object.getPrototypeOf(copy));
  if (typeof value.stack === 'string') made.stack = value.stack;
  if (Object.hasOwn(value, 'cause')) Object.defineProperty(made, 'cause', {value: one(value.cause), writable: true, configurable: true});
  return made;
}
function cloneView(value, one) {
  const buffer = one(value.buffer);
  return new value.constructor(buffer, value.byteOffset, value.length ?? value.byteLength);
}
const KINDS = [
  [NativeDate, value => new NativeDate(value.getTime())],
  [RegExp, value => new RegExp(value.source, value.flags)],
  [Boolean, value => Object(value.valueOf())], [Number, value => Object(value.valueOf())], [String, value => Object(value.valueOf())],
  [ArrayBuffer, value => value.slice(0)],
  [NativeError, cloneError],
];
function clone(value, seen) {
  if (typeof value === 'function' || typeof value === 'symbol') fail(value);
  if (typeof value !== 'object' || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  const one = inner => clone(inner, seen);
  const keep = copy => { seen.set(value, copy); return copy; };
  if (ArrayBuffer.isView(value)) return keep(cloneView(value, one));
  const kind = KINDS.find(([type]) => value instanceof type);
  if (kind) return keep(kind[1](value, one));
  if (value instanceof Map) {
    const copy = keep(new Map());
    for (const [k, v] of [...value]) copy.set(one(k), one(v));
    return copy;
  }
  if (value instanceof Set) {
    const copy = keep(new Set());
    for (const item of [...value]) copy.add(one(item));
    return copy;
  }
  if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef) fail('#<object>');
  const copy = keep(Array.isArray(value) ? new Array(value.length) : {});
  for (const k of Object.keys(value)) {
    Object.defineProperty(copy, k, {value: one(value[k]), writable: true, enumerable: true, configurable: true});
  }
  return copy;
}
return {structuredClone: function structuredClone(value, {transfer = []} = {}) {
  if (transfer.length) throw new RangeError('structuredClone: the option transfer is not simulated: leave it out to copy');
  return clone(value, new Map());
}};
}
