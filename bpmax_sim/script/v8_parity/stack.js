// In V8 `stack` is an own property of an error: JSON.stringify(error, Object.getOwnPropertyNames(error)), as everybody
// copies it, has it first.
'use strict';
({rawOf, primordials: {apply, hasOwn}}) => {
function names(args, self, native) {
  const found = apply(native, self, args), one = args[0];
  if (typeof one !== 'object' || one === null || rawOf(one) === undefined || hasOwn(one, 'stack')) return found;
  const all = ['stack'];
  for (let i = 0; i < found.length; i++) all[i + 1] = found[i];
  return all;
}
return {getOwnPropertyNames: names, ownKeys: names};
}
