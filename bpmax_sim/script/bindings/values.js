// Tagged JSON of what is not a plain object: Date, bytes, Map, Set, Error, boxed primitives.
'use strict';
({shared, date, native, attempt, encoders, decode, put, list, tag, timeOf, noOpaque, NativeDate, NativeError, primordials: {Promise: NativePromise,
  Map: NativeMap, Set: NativeSet, Uint8Array: Bytes, BigInt: toBigInt, stringify, apply, isView, viewKind, viewBuffer, viewOffset, viewSize, dataBuffer,
  dataOffset, dataSize, bufferSize, mapSize, setSize, mapForEach, mapSet, setForEach, setAdd, valuesOf, fromCharCode, charCodeAt,
  isDate, inherits, keys}}) => {
const {atob, btoa} = native;
function base64(bytes) {
  let text = '';
  for (let i = 0, size = viewSize(bytes); i < size; i++) text += fromCharCode(bytes[i]);
  return stringify(btoa(text));
}
const bytesOf = view => viewKind(view) === undefined ? new Bytes(dataBuffer(view), dataOffset(view), dataSize(view))
  : new Bytes(viewBuffer(view), viewOffset(view), viewSize(view));
function bytes(text) {
  const found = atob(text), made = new Bytes(found.length);
  for (let i = 0; i < found.length; i++) made[i] = charCodeAt(found, i);
  return made;
}
function each(values, work) { for (let i = 0; i < values.length; i++) work(values[i]); }
const decoders = {
  __proto__: null,
  nan: () => NaN, inf: () => Infinity, '-inf': () => -Infinity, '-0': () => -0, bigint: toBigInt, bytes,
  date: v => (date(), new NativeDate(v ?? NaN)),
  map: v => { const made = new NativeMap(); each(v, pair => mapSet(made, decode(pair[0]), decode(pair[1]))); return made; },
  set: v => { const made = new NativeSet(); each(v, item => setAdd(made, decode(item))); return made; },
  str: v => { let text = ''; each(v, unit => { text += fromCharCode(unit); }); return text; },
  object: v => { const made = {}; each(v, pair => put(made, decode(pair[0]), decode(pair[1]))); return made; },
};
const is = (brand, value) => attempt(() => (brand(value), true), false); // whether its own methods take it
function entries(walk, value, one) {
  let text = '';
  walk(value, (item, key) => { text += (text && ',') + one(item, key); });
  return '[' + text + ']';
}
return {
  decode: (name, value) => decoders[name]?.(value), // undefined, function, symbol, cycle
  encode(value, one, sent) {
    if (isDate(value)) return tag('date', stringify(apply(timeOf, value, [])));
    if (isView(value)) return tag('bytes', base64(bytesOf(value)));
    if (is(bufferSize, value)) return tag('bytes', base64(new Bytes(value)));
    if (inherits(value, NativePromise.prototype)) return shared.promises++, sent && noOpaque('promise', sent), tag('promise');
    if (is(mapSize, value)) return tag('map', entries(mapForEach, value, (item, key) => ('[' + one(key) + ',' + one(item) + ']')));
    if (is(setSize, value)) return tag('set', entries(setForEach, value, item => one(item)));
    const pairs = sent && shared.pairsOf?.(value); // of a URLSearchParams
    if (pairs) return tag('params', list(pairs, pair => '[' + one(pair[0]) + ',' + one(pair[1]) + ']'));
    for (let i = 0; i < valuesOf.length; i++) {
      const proto = valuesOf[i][0], valueOf = valuesOf[i][1];
      if (inherits(value, proto) && is(valueOf, value)) return one(valueOf(value));
    }
    if (typeof value.toJSON === 'function') return one(value.toJSON(''));
    if (!sent && inherits(value, NativeError.prototype)) {
      const copy = {}, names = keys(value);
      put(copy, 'name', value.name);
      put(copy, 'message', value.message);
      for (let i = 0; i < names.length; i++) put(copy, names[i], value[names[i]]);
      return one(copy);
    }
    return undefined;
  },
};
}
