// What stands, in each context, where the engine's own functions do otherwise than those of V8: once one of these is
// called, the binding that has it is read. V8 itself needs but Math.pow, of which its versions differ in the last digit.
'use strict';
({shared, global, basics: {Object: toObject, Reflect, Proxy: NativeProxy, defineProperty, newMap}}) => {
const NativeMath = Math, isV8 = typeof InternalError !== 'function';
const MATH = ['acos', 'acosh', 'asin', 'asinh', 'atan', 'atan2', 'atanh', 'cbrt', 'cos', 'cosh', 'exp', 'expm1', 'hypot', 'log',
  'log10', 'log1p', 'log2', 'sin', 'sinh', 'tan', 'tanh'];
function replace(holder, names, binding) {
  const nameOf = newMap(), handler = {__proto__: null, apply: (native, self, args) => binding()[nameOf.get(native)](args, self, native)};
  for (let i = 0; i < names.length; i++) {
    const name = names[i], native = holder[name];
    nameOf.set(native, name);
    holder[name] = new NativeProxy(native, handler);
  }
}
defineProperty(globalThis, 'Math', { // until it is read: most scripts that do have use for rounding alone
  __proto__: null, configurable: true,
  get() {
    if (!isV8) replace(NativeMath, MATH, shared.math);
    replace(NativeMath, ['pow'], shared.pow);
    global('Math', NativeMath);
    return NativeMath;
  },
  set(value) { global('Math', value); },
});
if (isV8) return;
replace(toObject, ['getOwnPropertyNames'], shared.ownNames);
replace(Reflect, ['ownKeys'], shared.ownNames);
Number.prototype.toString = {toString(radix) { // no Proxy, which would take ten times as long
  return radix === undefined && typeof this === 'number' ? '' + this : shared.radix().toString(this, radix);
}}.toString;
}
