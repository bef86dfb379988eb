// What the prelude and the bindings need of the language, taken before a script can replace any of it. Code that runs
// after a script looks nothing up in globals or prototypes: it does not iterate, spread, append to arrays, call methods
// of plain values, read names that may be missing, or write templates (the engine makes them by String.prototype.concat),
// each of which a script can redefine.
'use strict';
() => {
const {bind, call} = Function.prototype, uncurry = bind.bind(call); // method -> f(self, ...)
const {getOwnPropertyDescriptor, getPrototypeOf, setPrototypeOf, defineProperty} = Object;
const getter = (proto, name) => getOwnPropertyDescriptor(proto, name).get;
const texts = String.prototype, views = getPrototypeOf(Uint8Array.prototype), data = DataView.prototype;
const holding = (kind, names) => { // collections of ours have these methods of their own
  const methods = {__proto__: null};
  for (let i = 0; i < names.length; i++) methods[names[i]] = kind.prototype[names[i]];
  return () => setPrototypeOf(new kind(), methods);
};
const taken = {
  __proto__: null, uncurry, parse: JSON.parse, stringify: JSON.stringify, apply: Reflect.apply, construct: Reflect.construct,
  reflectGet: Reflect.get, isArray: Array.isArray, join: uncurry(Array.prototype.join), defineProperty, getOwnPropertyDescriptor,
  getPrototypeOf, setPrototypeOf, create: Object.create, hasOwn: Object.hasOwn, keys: Object.keys, freeze: Object.freeze,
  Array, Object, Function, Reflect, Proxy, RangeError, SyntaxError, String, JSON, WeakSet, RegExp, Uint8Array, Promise, Error, Date, Symbol,
  isView: ArrayBuffer.isView, viewKind: uncurry(getter(views, Symbol.toStringTag)), toPrimitive: Symbol.toPrimitive,
  resolve: Promise.resolve, reject: Promise.reject, then: Promise.prototype.then,
  charCodeAt: uncurry(texts.charCodeAt), includes: uncurry(texts.includes), indexOf: uncurry(texts.indexOf),
  isWellFormed: uncurry(texts.isWellFormed), lastIndexOf: uncurry(texts.lastIndexOf), repeat: uncurry(texts.repeat), slice: uncurry(texts.slice),
  newMap: holding(Map, ['get', 'set', 'has', 'delete', 'forEach']), newSet: holding(Set, ['add', 'has', 'delete', 'forEach']),
  newWeakMap: holding(WeakMap, ['get', 'set', 'has']),
  newList: () => setPrototypeOf([], null), // `list[list.length] = x` is all that it can do
};
// The others are put there where a binding is made that is not in every context.
const others = [
  'names', Object.getOwnPropertyNames, 'symbols', Object.getOwnPropertySymbols, 'is', Object.is, 'TypeError', TypeError,
  'AggregateError', AggregateError, 'Number', Number, 'WeakMap', WeakMap, 'Map', Map, 'Set', Set, 'Uint32Array', Uint32Array,
  'Float64Array', Float64Array, 'BigInt', BigInt, 'Boolean', Boolean, 'ArrayBuffer', ArrayBuffer, 'Math', Math,
  'fromCharCode', String.fromCharCode, 'encodeURIComponent', encodeURIComponent, 'trunc', Math.trunc, 'min', Math.min, 'max', Math.max,
  'floor', Math.floor, 'ceil', Math.ceil, 'round', Math.round, 'sqrt', Math.sqrt, 'imul', Math.imul, 'species', Symbol.species,
  'isConcatSpreadable', Symbol.isConcatSpreadable, 'race', Promise.race, 'any', Promise.any, 'parseInt', parseInt, 'parseFloat', parseFloat,
];
const methods = [
  'exec', RegExp.prototype.exec, 'mapSize', getter(Map.prototype, 'size'), 'setSize', getter(Set.prototype, 'size'),
  'viewBuffer', getter(views, 'buffer'), 'viewOffset', getter(views, 'byteOffset'), 'viewSize', getter(views, 'byteLength'),
  'dataBuffer', getter(data, 'buffer'), 'dataOffset', getter(data, 'byteOffset'), 'dataSize', getter(data, 'byteLength'),
  'bufferSize', getter(ArrayBuffer.prototype, 'byteLength'), 'mapForEach', Map.prototype.forEach, 'mapSet', Map.prototype.set,
  'setAdd', Set.prototype.add, 'setForEach', Set.prototype.forEach, 'toISOString', Date.prototype.toISOString,
  'getTime', Date.prototype.getTime, 'numberText', Number.prototype.toString, 'functionText', Function.prototype.toString,
  'symbolText', Symbol.prototype.toString, 'patternText', RegExp.prototype.toString, 'kindText', Object.prototype.toString,
  'isEnumerable', Object.prototype.propertyIsEnumerable, 'codePointAt', texts.codePointAt, 'padEnd', texts.padEnd,
  'padStart', texts.padStart, 'toWellFormed', texts.toWellFormed,
];
const values = [Number, Number.prototype.valueOf, String, String.prototype.valueOf, Boolean, Boolean.prototype.valueOf, BigInt, BigInt.prototype.valueOf];
let isWhole = false;
function whole() {
  if (isWhole) return taken;
  isWhole = true;
  for (let i = 0; i < others.length; i += 2) taken[others[i]] = others[i + 1];
  for (let i = 0; i < methods.length; i += 2) taken[methods[i]] = uncurry(methods[i + 1]);
  taken.valuesOf = taken.newList();
  for (let i = 0; i < values.length; i += 2) taken.valuesOf[i / 2] = [values[i].prototype, uncurry(values[i + 1])];
  taken.inherits = (value, proto) => { // instanceof, which nothing can redefine
    for (let one = value; (one = getPrototypeOf(one)) !== null;) if (one === proto) return true;
    return false;
  };
  const {getTime, indexOf, slice} = taken;
  taken.isDate = value => { try { getTime(value); return true; } catch { return false; } };
  taken.linesOf = text => {
    const lines = taken.newList();
    for (let at = 0, end; at <= text.length; at = end + 1) {
      end = indexOf(text, '\n', at);
      if (end < 0) end = text.length;
      lines[lines.length] = slice(text, at, end);
    }
    return lines;
  };
  return taken;
}
return {taken, whole};
}
