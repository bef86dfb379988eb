// Methods of arrays that the engine cannot be stopped in: where an array is longer than memory could
// hold it, so that nearly all of it is holes, they refuse instead of walking it for minutes.
'use strict';
({define}) => {
const LONGEST = 2 ** 25, {prototype: arrays, isArray} = Array, {apply} = Reflect, NativeRangeError = RangeError;
const isLong = value => isArray(value) && value.length > LONGEST;
for (const name of ['concat', 'copyWithin', 'flat', 'flatMap', 'join', 'reverse', 'shift', 'slice', 'sort', 'splice',
  'toLocaleString', 'unshift']) {
  const native = arrays[name];
  const guarded = {[name](...args) {
    if (isLong(this) || (name === 'concat' && args.some(isLong))) throw new NativeRangeError(`array too long for ${name}`);
    return apply(native, this, args);
  }}[name];
  Object.defineProperty(guarded, 'length', {value: native.length, configurable: true});
  define(arrays, name, guarded);
}
return {};
}
