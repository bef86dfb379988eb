// Tagged JSON of what is not a plain object: Date, bytes, Map, Set, Error, boxed primitives.
'use strict';
({date, encoders, decode, put, list, tag, timeOf, noOpaque, NativeDate, NativeError}) => {
const NativePromise = (async () => {})().constructor;
const {stringify} = JSON;
function base64({buffer, byteOffset, byteLength}) {
  let text = '';
  for (const byte of new Uint8Array(buffer, byteOffset, byteLength)) text += String.fromCharCode(byte);
  return stringify(btoa(text));
}
const decoders = {
  nan: () => NaN, inf: () => Infinity, '-inf': () => -Infinity, '-0': () => -0, bigint: BigInt,
  bytes: v => Uint8Array.from(atob(v), c => c.charCodeAt(0)),
  date: v => (date(), new NativeDate(v ?? NaN)),
  map: v => new Map(v.map(([k, x]) => [decode(k), decode(x)])),
  set: v => new Set(v.map(decode)),
  str: v => v.map(unit => String.fromCharCode(unit)).join(''),
  object: v => { const o = {}; for (const [k, x] of v) put(o, decode(k), decode(x)); return o; },
};
return {
  decode: (name, value) => decoders[name]?.(value), // undefined, function, symbol, cycle
  encode(value, one, sent) {
    if (value instanceof NativeDate) return tag('date', stringify(Reflect.apply(timeOf, value, [])));
    if (ArrayBuffer.isView(value)) return tag('bytes', base64(value));
    if (value instanceof ArrayBuffer) return tag('bytes', base64(new Uint8Array(value)));
    if (value instanceof NativePromise) return sent && noOpaque('promise', sent), tag('promise');
    if (value instanceof Map) return tag('map', list([...value], pair => list(pair, one)));
    if (value instanceof Set) return tag('set', list([...value], one));
    if ([Number, String, Boolean, BigInt].some(kind => value instanceof kind)) return one(value.valueOf());
    if (typeof value.toJSON === 'function') return one(value.toJSON(''));
    if (!sent && value instanceof NativeError) return one({name: value.name, message: value.message, ...value});
    return undefined;
  },
};
}
