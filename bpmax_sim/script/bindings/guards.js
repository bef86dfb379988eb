// Functions that the engine runs in C, where no limit stops it. Arrays and array-likes that could be long or lie about
// their length are walked in JavaScript (walk.js), or refused where nearly all of an array is holes; long texts are
// searched for in JavaScript (search.js). What stands for a function here has its name, length and text: a Proxy.
'use strict';
({walk, search, sort, basics: {Array: {prototype: arrays}, Object: toObject, Object: {prototype: objects}, Proxy: NativeProxy, Uint8Array: Bytes, isView, viewKind, RangeError: NativeRangeError, SyntaxError: NativeSyntaxError, RegExp: NativeRegExp,
  Array: NativeArray, Function: {prototype: functions}, Reflect, Symbol: {iterator}, defineProperty,
  String: NativeString, String: {prototype: texts}, Symbol, JSON, isArray, apply, construct, getOwnPropertyDescriptor, getPrototypeOf, hasOwn, reflectGet, WeakSet, uncurry}}) => {
const views = getPrototypeOf(Bytes.prototype);
const LONGEST = 2 ** 25, SHORT = 1000;
const {has, add} = WeakSet.prototype, proxies = new WeakSet();
const isProxy = uncurry(has), note = uncurry(add);
let proxied = false; // whether the script has made a Proxy
const isFew = (length, value, proto) => length <= SHORT
  || (length <= LONGEST && getPrototypeOf(value) === proto && getPrototypeOf(arrays) === objects);
function isShort(value) { // whether the engine's own loop over it ends soon, whatever it reads
  if (typeof value !== 'object' || value === null) return typeof value === 'string';
  if (proxied && isProxy(proxies, value)) return false;
  if (isArray(value)) return isFew(value.length, value, arrays);
  const length = getOwnPropertyDescriptor(value, 'length')?.value;
  return typeof length === 'number' && isFew(length, value, objects);
}
const isPlain = value => (typeof value !== 'object' && typeof value !== 'function') || value === null
  || (!(proxied && isProxy(proxies, value)) && isArray(value) && isShort(value)); // concat takes it as it is
const REFUSED = ['concat', 'copyWithin', 'flat', 'flatMap', 'join', 'reverse', 'shift', 'slice', 'sort', 'splice', 'toLocaleString', 'unshift'];
const METHODS = [...REFUSED, 'every', 'fill', 'filter', 'find', 'findIndex', 'findLast', 'findLastIndex', 'forEach', 'includes',
  'indexOf', 'lastIndexOf', 'map', 'reduce', 'reduceRight', 'some', 'toReversed', 'toSorted', 'toSpliced', 'with'];
const refused = {__proto__: null};
for (const name of REFUSED) refused[name] = true;
const isRefused = value => isArray(value) && !isProxy(proxies, value) && value.length > LONGEST;
function refuse(name) { throw new NativeRangeError('array too long for ' + name); }
const native = {__proto__: null}; // by name what a Proxy stands for, whose name, length and text it has
function nameOf(method) {
  for (let i = 0; i < METHODS.length; i++) if (native[METHODS[i]] === method) return METHODS[i];
  return 'raw';
}
const guarded = ends => ({__proto__: null, apply(method, self, args) {
  if (ends(self, args)) return apply(method, self, args);
  const name = nameOf(method);
  if ((self === undefined || self === null) && name !== 'raw') return apply(method, self, args);
  if (refused[name] && isRefused(self)) refuse(name);
  return apply(walk()[name], self, args);
}});
function areSpread(self, args) {
  for (let n = 0; n < args.length; n++) if (!isPlain(args[n])) return false;
  return typeof self === 'object' && isPlain(self);
}
const short = guarded(isShort), deep = guarded(() => false), looks = {__proto__: null, concat: guarded(areSpread), flat: deep, flatMap: deep};
// By a comparator, JavaScript sorts as V8 does; the engine's own sort, which takes other steps, does without one.
function sorts(name, native) {
  return new NativeProxy(native, {__proto__: null, apply(_, self, args) {
    const compare = args[0];
    if (typeof compare !== 'function' || self === undefined || self === null) return apply(native, self, args);
    if (isRefused(self)) refuse(name);
    return sort()[name](toObject(self), compare);
  }});
}
for (let i = 0; i < METHODS.length; i++) {
  const name = METHODS[i], method = native[name] = arrays[name];
  arrays[name] = new NativeProxy(method, looks[name] ?? short);
}
views.sort = new NativeProxy(views.sort, {__proto__: null, apply(native, self, args) {
  const compare = args[0];
  return typeof compare === 'function' && isView(self) && viewKind(self) ? sort().sortView(self, compare) : apply(native, self, args);
}});
for (const name of ['sort', 'toSorted']) arrays[name] = sorts(name, arrays[name]);
const ownArray = (value, name) => { // a short array in a property of its own, which nothing can come between
  const own = isPlain(value) ? getOwnPropertyDescriptor(value, name)?.value : undefined;
  return isArray(own) && isShort(own);
};
NativeString.raw = new NativeProxy(NativeString.raw, guarded((_, args) => args[0] === undefined || args[0] === null || ownArray(args[0], 'raw')));
const made = proxy => { proxied = true; note(proxies, proxy); };
const FEW = 32, MUCH = 1e7, {match} = Symbol;
function sought(name, native, symbol) {
  return new NativeProxy(native, {__proto__: null, apply(_, self, args) {
    const needle = args[0];
    if (typeof needle === 'string' ? needle.length < FEW : typeof needle !== 'object' && typeof needle !== 'function') return apply(native, self, args);
    if (self === undefined || self === null || needle === null) return apply(native, self, args);
    if (typeof needle !== 'string') {
      const method = needle[symbol]; // of a regular expression, mostly
      if (method !== undefined && method !== null) return apply(native, self, args);
    }
    const text = NativeString(self), wanted = args[0] = NativeString(needle);
    if (text.length * wanted.length < MUCH || wanted.length < FEW) return apply(native, text, args);
    return search()[name](text, wanted, args[1]);
  }});
}
const SOUGHT = [['indexOf'], ['lastIndexOf'], ['includes', match], ['split', Symbol.split], ['replace', Symbol.replace], ['replaceAll', Symbol.replace]];
for (const [name, symbol] of SOUGHT) texts[name] = sought(name, texts[name], symbol ?? Symbol());
// The engine looks at its limits once in ten thousand steps of a regular expression, of which one takes as long as the
// text that is compared in it: a long one would take minutes. V8 refuses some, too, in these words.
const LONGEST_PATTERN = 2 ** 16;
const pattern = value => { // as a text, or the regular expression that it is
  const text = value === undefined || ((typeof value === 'object' || typeof value === 'function') && value !== null && value[match] !== undefined) ? value : NativeString(value);
  if (typeof text === 'string' && text.length > LONGEST_PATTERN) throw new NativeSyntaxError('Invalid regular expression: Regular expression too large');
  return text;
};
for (const name of ['match', 'matchAll', 'search']) texts[name] = new NativeProxy(texts[name], {__proto__: null, apply(native, self, args) {
  const {0: wanted} = args, method = typeof wanted === 'object' && wanted !== null ? wanted[Symbol[name]] ?? undefined : undefined;
  if (self !== undefined && self !== null && wanted !== undefined && wanted !== null && method === undefined) args[0] = pattern(wanted);
  return apply(native, self, args);
}});
const patterns = NativeRegExp.prototype;
patterns.compile = new NativeProxy(patterns.compile, {__proto__: null, apply(native, self, args) {
  if (args.length) args[0] = pattern(args[0]);
  return apply(native, self, args);
}});
const isLegacy = {__proto__: null, lastMatch: true, lastParen: true, leftContext: true, rightContext: true, '$&': true, '$+': true, '$`': true, "$'": true, $_: true};
for (let n = 1; n <= 9; n++) isLegacy['$' + n] = true;
const GuardedRegExp = new NativeProxy(NativeRegExp, {__proto__: null,
  apply(native, self, args) {
    const {0: first, 1: flags} = args;
    if (args.length) args[0] = pattern(first);
    if (flags === undefined && typeof first === 'object' && first !== null && first[match] && first.constructor === GuardedRegExp) return first;
    return apply(native, self, args);
  },
  construct(native, args, target) {
    if (args.length) args[0] = pattern(args[0]);
    return construct(native, args, target === GuardedRegExp ? native : target);
  },
  get(native, name, self) { // v8_parity/legacy.js has these where the text of a script names them
    if (isLegacy[name] && !hasOwn(native, name)) throw new NativeRangeError('RegExp.' + name + " is not simulated: RegExp and " + name + ' have to stand in the text of the script');
    return reflectGet(native, name, self);
  },
});
defineProperty(patterns, 'constructor', {__proto__: null, value: GuardedRegExp});
defineProperty(globalThis, 'RegExp', {__proto__: null, value: GuardedRegExp});
// The engine reads what is only like an array index by index: one that inherits from thousands of objects, each of
// which is asked for each index, would take it hours. Arrays and short array-likes are as fast as it reads them.
function listed(value) {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || isShort(value) || isView(value)) return value;
  return isArray(value) && getPrototypeOf(value) === arrays ? value : walk().listed(value);
}
const unlessIterable = value => ((typeof value === 'object' && value !== null) || typeof value === 'function')
  && !isShort(value) && !isView(value) && (value[iterator] ?? undefined) === undefined ? listed(value) : value;
function reads(holder, name, at, list) { // of `holder[name]`, whose argument `at` is an array-like
  holder[name] = new NativeProxy(holder[name], {__proto__: null, apply(native, self, args) {
    if (args.length > at) args[at] = list(args[at]);
    return apply(native, self, args);
  }});
}
reads(functions, 'apply', 1, listed);
reads(Reflect, 'apply', 2, listed);
reads(Reflect, 'construct', 1, listed);
reads(NativeArray, 'from', 0, unlessIterable);
reads(getPrototypeOf(Bytes), 'from', 0, unlessIterable);
reads(views, 'set', 0, listed);
const ofKind = {__proto__: null, construct(native, args, target) {
  if (args.length) args[0] = unlessIterable(args[0]);
  return construct(native, args, target);
}};
const KINDS = ['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array',
  'BigInt64Array', 'BigUint64Array', 'Float16Array', 'Float32Array', 'Float64Array'];
for (let i = 0; i < KINDS.length; i++) {
  const kind = globalThis[KINDS[i]];
  if (kind === undefined) continue; // in an older V8
  const constructed = {__proto__: null, value: new NativeProxy(kind, ofKind)};
  defineProperty(kind.prototype, 'constructor', constructed);
  defineProperty(globalThis, KINDS[i], constructed);
}
const {fromEntries} = toObject;
toObject.fromEntries = new NativeProxy(fromEntries, {__proto__: null, apply(_, self, args) { return walk().fromEntries(args[0]); }});
const {revocable} = NativeProxy, {stringify} = JSON;
NativeProxy.revocable = new NativeProxy(revocable, {__proto__: null, apply(_, self, args) {
  const found = apply(revocable, self, args);
  made(found.proxy);
  return found;
}});
JSON.stringify = new NativeProxy(stringify, {__proto__: null, apply(_, self, args) {
  const names = args[1];
  if (typeof names === 'object' && isArray(names) && !isShort(names)) args[1] = apply(walk().slice, names, []);
  return apply(stringify, self, args);
}});
return {
  native, isRefused, refuse,
  Proxy: new NativeProxy(NativeProxy, {__proto__: null, construct(_, args, target) {
    const proxy = construct(NativeProxy, args, target);
    made(proxy);
    return proxy;
  }}),
};
}
