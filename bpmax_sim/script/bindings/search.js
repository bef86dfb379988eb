// String.prototype's searches for a text, in JavaScript and in time that grows with the sum of both lengths (Knuth, Morris
// and Pratt), where the engine's own takes their product and looks at no limit.
'use strict';
({primordials: {Uint32Array, Array: NativeArray, apply, charCodeAt, slice, indexOf, trunc, min, max, String: toText}, put}) => {
const integer = value => { const n = trunc(+value); return n === n ? n : 0; };
function finder(needle) { // start -> where it is found from there on, or -1
  const size = needle.length, back = new Uint32Array(size);
  for (let i = 1, k = 0; i < size; i++) {
    const unit = charCodeAt(needle, i);
    while (k && charCodeAt(needle, k) !== unit) k = back[k - 1];
    back[i] = charCodeAt(needle, k) === unit ? ++k : k;
  }
  return (text, start) => {
    for (let i = start, k = 0; i < text.length; i++) {
      const unit = charCodeAt(text, i);
      while (k && (k === size || charCodeAt(needle, k) !== unit)) k = back[k - 1];
      if (charCodeAt(needle, k) === unit && ++k === size) return i - size + 1;
    }
    return -1;
  };
}
function substituted(pattern, text, at, found) { // GetSubstitution without groups
  let made = '', from = 0;
  for (let next; (next = indexOf(pattern, '$', from)) >= 0; from = next + 2) {
    const sign = slice(pattern, next + 1, next + 2);
    made += slice(pattern, from, next) + (sign === '$' ? '$' : sign === '&' ? found : sign === '`' ? slice(text, 0, at)
      : sign === "'" ? slice(text, at + found.length) : '$' + sign);
  }
  return made + slice(pattern, from);
}
function replace(text, needle, replacement, all) {
  const find = finder(needle), isCall = typeof replacement === 'function', pattern = isCall ? '' : toText(replacement);
  let made = '', from = 0;
  for (let at = find(text, 0); at >= 0; at = all ? find(text, from) : -1) {
    made += slice(text, from, at) + (isCall ? toText(replacement(needle, at, text)) : substituted(pattern, text, at, needle));
    from = at + needle.length;
  }
  return made + slice(text, from);
}
return {
  indexOf: (text, needle, start) => finder(needle)(text, min(max(integer(start), 0), text.length)),
  includes: (text, needle, start) => finder(needle)(text, min(max(integer(start), 0), text.length)) >= 0,
  lastIndexOf(text, needle, start) {
    const n = +start, last = n === n ? integer(n) : text.length, find = finder(needle);
    let found = -1;
    for (let at = find(text, 0); at >= 0 && at <= max(last, 0); at = find(text, at + 1)) found = at;
    return found;
  },
  replace: (text, needle, replacement) => replace(text, needle, replacement, false),
  replaceAll: (text, needle, replacement) => replace(text, needle, replacement, true),
  split(text, needle, limit) {
    const most = limit === undefined ? 2 ** 32 - 1 : limit >>> 0, find = finder(needle), parts = new NativeArray();
    let from = 0;
    for (let at = find(text, 0); at >= 0 && parts.length < most; at = find(text, from)) {
      put(parts, parts.length, slice(text, from, at));
      from = at + needle.length;
    }
    if (parts.length < most) put(parts, parts.length, slice(text, from));
    return parts;
  },
};
}
