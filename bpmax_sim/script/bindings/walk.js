// Array.prototype's methods as ECMA-262 has them, in JavaScript, so that the limits hold at each step: for
// array-likes and Proxies, whose length can be anything. Ordinary arrays have the engine's own.
'use strict';
({guards: {native, isRefused, refuse}, primordials: {Array: NativeArray, Object: toObject, TypeError: NativeTypeError,
  RangeError: NativeRangeError, isArray, apply, construct, defineProperty, trunc, min, max, species, isConcatSpreadable}}) => {
const MOST = 2 ** 53 - 1;
const integer = value => { const n = trunc(+value); return n === n ? n + 0 : 0; };
const lengthOf = self => min(max(integer(self.length), 0), MOST);
const from = (value, length, otherwise) => {
  if (value === undefined) return otherwise;
  const n = integer(value);
  return n < 0 ? max(length + n, 0) : min(n, length);
};
function put(target, key, value) {
  defineProperty(target, key, {__proto__: null, value, writable: true, enumerable: true, configurable: true});
}
function callable(work) {
  if (typeof work !== 'function') throw new NativeTypeError('not a function');
  return work;
}
function sized(length) {
  if (length > 2 ** 32 - 1) throw new NativeRangeError('invalid array length');
  return new NativeArray(length);
}
function likeIt(self, length) { // ArraySpeciesCreate
  if (!isArray(self)) return sized(length);
  let kind = self.constructor;
  if ((typeof kind === 'object' && kind !== null) || typeof kind === 'function') kind = kind[species] ?? undefined;
  return kind === undefined ? sized(length) : construct(kind, [length]);
}
function remove(target, key) { delete target[key]; } // a TypeError where it stays
function move(self, source, target) { if (source in self) self[target] = self[source]; else remove(self, target); }
function seek(self, work, that, backwards) {
  const length = lengthOf(self);
  callable(work);
  for (let n = 0; n < length; n++) {
    const k = backwards ? length - 1 - n : n, value = self[k];
    if (apply(work, that, [value, k, self])) return [k, value];
  }
  return [-1, undefined];
}
function each(self, work, that, visit, begin) { // until `visit` says so
  const length = lengthOf(self);
  callable(work);
  const made = begin?.(length);
  for (let k = 0; k < length; k++) {
    if (!(k in self)) continue;
    const value = self[k];
    if (visit(apply(work, that, [value, k, self]), k, value, made)) return begin ? made : true;
  }
  return begin ? made : false;
}
function fold(self, work, rest, backwards) {
  const length = lengthOf(self);
  callable(work);
  let n = 0, value = rest[0], some = rest.length > 0;
  const at = () => backwards ? length - 1 - n : n;
  for (; !some && n < length; n++) if (at() in self) { value = self[at()]; some = true; }
  if (!some) throw new NativeTypeError('empty array');
  for (; n < length; n++) if (at() in self) value = work(value, self[at()], at(), self);
  return value;
}
function joined(self, separator, textOf) {
  const length = lengthOf(self), glue = separator === undefined ? ',' : `${separator}`;
  let text = '';
  for (let k = 0; k < length; k++) {
    const value = self[k];
    text += (k ? glue : '') + (value === undefined || value === null ? '' : textOf(value));
  }
  return text;
}
function sorted(items) { return apply(native.sort, items, []); } // by a comparator: sort.js
function comparer(compare) {
  if (compare !== undefined && typeof compare !== 'function') throw new NativeTypeError('not a function');
}
function flatten(target, start, source, length, depth, mapper, that) {
  for (let k = 0; k < length; k++) {
    if (!(k in source)) continue;
    let value = source[k];
    if (mapper) value = apply(mapper, that, [value, k, source]);
    if (depth > 0 && isArray(value)) {
      if (isRefused(value)) refuse('flat');
      start = flatten(target, start, value, lengthOf(value), depth - 1);
    } else put(target, start++, value);
  }
  return start;
}
function spreads(value) {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return false;
  const own = value[isConcatSpreadable];
  return own === undefined ? isArray(value) : !!own;
}
const copy = (self, length) => {
  const made = sized(length);
  for (let k = 0; k < length; k++) put(made, k, self[k]);
  return made;
};
const tooLarge = () => { throw new NativeTypeError('array too long'); };
const methods = {
  every(work, that) { return !each(toObject(this), work, that, result => !result); },
  some(work, that) { return each(toObject(this), work, that, result => result); },
  forEach(work, that) { each(toObject(this), work, that, () => false); },
  map(work, that) {
    const self = toObject(this);
    return each(self, work, that, (result, k, _, made) => put(made, k, result), length => likeIt(self, length));
  },
  filter(work, that) {
    const self = toObject(this);
    let n = 0;
    return each(self, work, that, (result, _, value, made) => { if (result) put(made, n++, value); }, () => likeIt(self, 0));
  },
  reduce(work, ...rest) { return fold(toObject(this), work, rest, false); },
  reduceRight(work, ...rest) { return fold(toObject(this), work, rest, true); },
  find(work, that) { return seek(toObject(this), work, that, false)[1]; },
  findIndex(work, that) { return seek(toObject(this), work, that, false)[0]; },
  findLast(work, that) { return seek(toObject(this), work, that, true)[1]; },
  findLastIndex(work, that) { return seek(toObject(this), work, that, true)[0]; },
  fill(value, start, end) {
    const self = toObject(this), length = lengthOf(self), first = from(start, length, 0), last = from(end, length, length);
    for (let k = first; k < last; k++) self[k] = value;
    return self;
  },
  indexOf(item, start) {
    const self = toObject(this), length = lengthOf(self);
    if (length) for (let k = from(start, length, 0); k < length; k++) if (k in self && self[k] === item) return k;
    return -1;
  },
  lastIndexOf(item, ...rest) {
    const self = toObject(this), length = lengthOf(self);
    if (length === 0) return -1;
    const n = rest.length ? integer(rest[0]) : length - 1;
    for (let k = n < 0 ? length + n : min(n, length - 1); k >= 0; k--) if (k in self && self[k] === item) return k;
    return -1;
  },
  includes(item, start) {
    const self = toObject(this), length = lengthOf(self);
    if (length) for (let k = from(start, length, 0); k < length; k++) {
      const value = self[k];
      if (value === item || (value !== value && item !== item)) return true;
    }
    return false;
  },
  join(separator) { return joined(toObject(this), separator, value => `${value}`); },
  toLocaleString() { return joined(toObject(this), ',', value => `${value.toLocaleString()}`); },
  shift() {
    const self = toObject(this), length = lengthOf(self);
    if (length === 0) { self.length = 0; return undefined; }
    const first = self[0];
    for (let k = 1; k < length; k++) move(self, k, k - 1);
    remove(self, length - 1);
    self.length = length - 1;
    return first;
  },
  unshift(...items) {
    const self = toObject(this), length = lengthOf(self), count = items.length;
    if (count) {
      if (length + count > MOST) tooLarge();
      for (let k = length; k > 0; k--) move(self, k - 1, k + count - 1);
      for (let k = 0; k < count; k++) self[k] = items[k];
    }
    return self.length = length + count;
  },
  reverse() {
    const self = toObject(this), length = lengthOf(self);
    for (let low = 0, high = length - 1; low < high; low++, high--) {
      const hasLow = low in self, first = hasLow ? self[low] : undefined;
      const hasHigh = high in self, last = hasHigh ? self[high] : undefined;
      if (hasHigh) self[low] = last; else if (hasLow) remove(self, low);
      if (hasLow) self[high] = first; else if (hasHigh) remove(self, high);
    }
    return self;
  },
  toReversed() {
    const self = toObject(this), length = lengthOf(self), made = sized(length);
    for (let k = 0; k < length; k++) put(made, k, self[length - 1 - k]);
    return made;
  },
  sort(compare) {
    comparer(compare);
    const self = toObject(this), length = lengthOf(self), items = [];
    for (let k = 0; k < length; k++) if (k in self) put(items, items.length, self[k]);
    sorted(items);
    for (let k = 0; k < items.length; k++) self[k] = items[k];
    for (let k = items.length; k < length; k++) if (k in self) remove(self, k);
    return self;
  },
  toSorted(compare) {
    comparer(compare);
    const self = toObject(this);
    return sorted(copy(self, lengthOf(self)));
  },
  slice(start, end) {
    const self = toObject(this), length = lengthOf(self), first = from(start, length, 0), last = from(end, length, length);
    const made = likeIt(self, max(last - first, 0));
    let n = 0;
    for (let k = first; k < last; k++, n++) if (k in self) put(made, n, self[k]);
    made.length = n;
    return made;
  },
  splice(start, count, ...items) {
    const self = toObject(this), length = lengthOf(self), first = from(start, length, 0), {length: added} = items;
    const gone = arguments.length === 0 ? 0 : arguments.length === 1 ? length - first
      : min(max(integer(count), 0), length - first);
    if (length + added - gone > MOST) tooLarge();
    const made = likeIt(self, gone);
    for (let k = 0; k < gone; k++) if (first + k in self) put(made, k, self[first + k]);
    made.length = gone;
    if (added < gone) {
      for (let k = first; k < length - gone; k++) move(self, k + gone, k + added);
      for (let k = length; k > length - gone + added; k--) remove(self, k - 1);
    } else if (added > gone) for (let k = length - gone; k > first; k--) move(self, k + gone - 1, k + added - 1);
    for (let k = 0; k < added; k++) self[first + k] = items[k];
    self.length = length - gone + added;
    return made;
  },
  toSpliced(start, count, ...items) {
    const self = toObject(this), length = lengthOf(self), first = from(start, length, 0), {length: added} = items;
    const gone = arguments.length === 0 ? 0 : arguments.length === 1 ? length - first
      : min(max(integer(count), 0), length - first);
    if (length + added - gone > MOST) tooLarge();
    const made = sized(length + added - gone);
    for (let k = 0; k < first; k++) put(made, k, self[k]);
    for (let k = 0; k < added; k++) put(made, first + k, items[k]);
    for (let k = first + gone; k < length; k++) put(made, k + added - gone, self[k]);
    return made;
  },
  with(index, value) {
    const self = toObject(this), length = lengthOf(self), n = integer(index), at = n < 0 ? length + n : n;
    if (at >= length || at < 0) throw new NativeRangeError('invalid array index');
    const made = sized(length);
    for (let k = 0; k < length; k++) put(made, k, k === at ? value : self[k]);
    return made;
  },
  copyWithin(target, start, end) {
    const self = toObject(this), length = lengthOf(self), to = from(target, length, 0);
    const first = from(start, length, 0), last = from(end, length, length), count = min(last - first, length - to);
    const backwards = first < to && to < first + count;
    for (let n = 0; n < count; n++) {
      const k = backwards ? count - 1 - n : n;
      move(self, first + k, to + k);
    }
    return self;
  },
  flat(depth) {
    const self = toObject(this), length = lengthOf(self), levels = depth === undefined ? 1 : integer(depth);
    const made = likeIt(self, 0);
    flatten(made, 0, self, length, levels);
    return made;
  },
  flatMap(work, that) {
    const self = toObject(this), length = lengthOf(self);
    callable(work);
    const made = likeIt(self, 0);
    flatten(made, 0, self, length, 1, work, that);
    return made;
  },
  concat(...items) {
    const self = toObject(this), made = likeIt(self, 0);
    let n = 0;
    for (let i = -1; i < items.length; i++) {
      const item = i < 0 ? self : items[i];
      if (!spreads(item)) {
        if (n >= MOST) tooLarge();
        put(made, n++, item);
        continue;
      }
      if (isRefused(item)) refuse('concat');
      const length = lengthOf(item);
      if (n + length > MOST) tooLarge();
      for (let k = 0; k < length; k++, n++) if (k in item) put(made, n, item[k]);
    }
    made.length = n;
    return made;
  },
  listed(value) { // as a list of arguments, or of a typed array's members
    if (!('length' in value)) return value;
    const length = lengthOf(value), made = [];
    for (let k = 0; k < length; k++) put(made, k, value[k]);
    return made;
  },
  fromEntries(entries) { // Object.fromEntries
    const made = {};
    for (const entry of entries) {
      if ((typeof entry !== 'object' && typeof entry !== 'function') || entry === null) throw new NativeTypeError('not an object');
      put(made, entry[0], entry[1]);
    }
    return made;
  },
  raw(template, ...values) { // String.raw
    const parts = toObject(toObject(template).raw), length = lengthOf(parts);
    let text = '';
    for (let k = 0; k < length; k++) {
      text += `${parts[k]}`;
      if (k + 1 < length && k < values.length) text += `${values[k]}`;
    }
    return text;
  },
};
return methods;
}
