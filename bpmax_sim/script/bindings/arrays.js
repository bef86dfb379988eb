// Methods of arrays that the engine cannot be stopped in: where an array is longer than memory could
// hold it, so that nearly all of it is holes, they refuse instead of walking it for minutes.
'use strict';
() => {
const LONGEST = 2 ** 25, {prototype: arrays, isArray} = Array, {apply} = Reflect, NativeRangeError = RangeError;
const {concat, copyWithin, flat, flatMap, join, reverse, shift, slice, sort, splice, toLocaleString, unshift} = arrays;
const isLong = value => isArray(value) && value.length > LONGEST;
function tooLong(name) { throw new NativeRangeError(`array too long for ${name}`); }
function guarded(native, self, args) {
  if (isLong(self)) tooLong(native.name);
  return apply(native, self, args);
}
// Their parameters make the `length` that the functions have elsewhere.
const methods = {
  concat(item) {
    for (let n = 0; n < arguments.length; n++) if (isLong(arguments[n])) tooLong('concat');
    return guarded(concat, this, arguments);
  },
  copyWithin(target, start) { return guarded(copyWithin, this, arguments); },
  flat() { return guarded(flat, this, arguments); },
  flatMap(callback) { return guarded(flatMap, this, arguments); },
  join(separator) { return guarded(join, this, arguments); },
  reverse() { return guarded(reverse, this, arguments); },
  shift() { return guarded(shift, this, arguments); },
  slice(start, end) { return guarded(slice, this, arguments); },
  sort(compare) { return guarded(sort, this, arguments); },
  splice(start, count) { return guarded(splice, this, arguments); },
  toLocaleString() { return guarded(toLocaleString, this, arguments); },
  unshift(item) { return guarded(unshift, this, arguments); },
};
for (const name in methods) arrays[name] = methods[name]; // keeps the properties' attributes
return {};
}
