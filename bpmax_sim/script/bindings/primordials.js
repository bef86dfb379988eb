// What the prelude and the bindings need of the language, taken before a script can replace any of it. Code that runs
// after a script looks nothing up in globals or prototypes: it does not iterate, spread, append to arrays, call methods
// of plain values, read names that may be missing, or write templates (the engine makes them by String.prototype.concat),
// each of which a script can redefine.
'use strict';
() => {
const {bind, call} = Function.prototype, uncurry = bind.bind(call); // method -> f(self, ...)
const {getOwnPropertyDescriptor, getPrototypeOf, setPrototypeOf, defineProperty} = Object;
const getter = (proto, name) => uncurry(getOwnPropertyDescriptor(proto, name).get);
const texts = String.prototype, views = getPrototypeOf(Uint8Array.prototype);
const kinds = []; // of typed arrays
for (const name of Object.getOwnPropertyNames(globalThis)) if (name.endsWith('Array') && getPrototypeOf(globalThis[name]) === views.constructor) kinds.push(globalThis[name]);
const taken = {
  __proto__: null, uncurry, kinds, parse: JSON.parse, stringify: JSON.stringify, apply: Reflect.apply, construct: Reflect.construct,
  reflectGet: Reflect.get, isArray: Array.isArray, join: uncurry(Array.prototype.join), defineProperty, getOwnPropertyDescriptor,
  getPrototypeOf, setPrototypeOf, create: Object.create, hasOwn: Object.hasOwn, keys: Object.keys, names: Object.getOwnPropertyNames, symbols: Object.getOwnPropertySymbols, freeze: Object.freeze, is: Object.is,
  Array, Object, Function, Reflect, Proxy, RangeError, TypeError, SyntaxError, AggregateError, String, Number, JSON, WeakSet, WeakMap, Map, Set,
  Uint8Array, Uint32Array, Float64Array, BigInt, Boolean, ArrayBuffer, Promise, Error, Date, Math, Symbol,
  fromCharCode: String.fromCharCode, encodeURIComponent, isView: ArrayBuffer.isView,
  trunc: Math.trunc, min: Math.min, max: Math.max, floor: Math.floor, ceil: Math.ceil, round: Math.round, sqrt: Math.sqrt, imul: Math.imul,
  species: Symbol.species, isConcatSpreadable: Symbol.isConcatSpreadable, toPrimitive: Symbol.toPrimitive,
  resolve: Promise.resolve, reject: Promise.reject, race: Promise.race, any: Promise.any, then: Promise.prototype.then,
  exec: uncurry(RegExp.prototype.exec), mapSize: getter(Map.prototype, 'size'), setSize: getter(Set.prototype, 'size'),
  viewBuffer: getter(views, 'buffer'), viewOffset: getter(views, 'byteOffset'), viewSize: getter(views, 'byteLength'),
  dataBuffer: getter(DataView.prototype, 'buffer'), dataOffset: getter(DataView.prototype, 'byteOffset'),
  dataSize: getter(DataView.prototype, 'byteLength'), viewKind: getter(views, Symbol.toStringTag),
  bufferSize: getter(ArrayBuffer.prototype, 'byteLength'), mapForEach: uncurry(Map.prototype.forEach),
  mapSet: uncurry(Map.prototype.set), setAdd: uncurry(Set.prototype.add), setForEach: uncurry(Set.prototype.forEach),
  valuesOf: [Number, String, Boolean, BigInt].map(kind => [kind.prototype, uncurry(kind.prototype.valueOf)]),
  RegExp, parseInt, parseFloat, toISOString: uncurry(Date.prototype.toISOString), numberText: uncurry(Number.prototype.toString), functionText: uncurry(Function.prototype.toString),
  symbolText: uncurry(Symbol.prototype.toString), patternText: uncurry(RegExp.prototype.toString),
  kindText: uncurry(Object.prototype.toString), isEnumerable: uncurry(Object.prototype.propertyIsEnumerable),
};
for (const name of ['charCodeAt', 'codePointAt', 'includes', 'indexOf', 'isWellFormed', 'lastIndexOf', 'padEnd', 'padStart', 'repeat', 'slice',
  'toWellFormed']) taken[name] = uncurry(texts[name]);
const holding = (kind, names) => { // collections of ours have these methods of their own
  const methods = {__proto__: null};
  for (const name of names) methods[name] = kind.prototype[name];
  return () => setPrototypeOf(new kind(), methods);
};
taken.newMap = holding(Map, ['get', 'set', 'has', 'delete', 'forEach']);
taken.newSet = holding(Set, ['add', 'has', 'delete', 'forEach']);
taken.newWeakMap = holding(WeakMap, ['get', 'set', 'has']);
taken.newList = () => setPrototypeOf([], null); // `list[list.length] = x` is all that it can do
taken.inherits = (value, proto) => { // instanceof, which nothing can redefine
  for (let one = value; (one = getPrototypeOf(one)) !== null;) if (one === proto) return true;
  return false;
};
const getTime = uncurry(Date.prototype.getTime);
taken.isDate = value => { try { getTime(value); return true; } catch { return false; } };
taken.linesOf = text => {
  const lines = taken.newList();
  for (let at = 0, end; at <= text.length; at = end + 1) {
    end = taken.indexOf(text, '\n', at);
    if (end < 0) end = text.length;
    lines[lines.length] = taken.slice(text, at, end);
  }
  return lines;
};
return taken;
}
