// Array.prototype.sort and toSorted by a comparator, as V8 has them: its TimSort, step by step, so that a comparator which
// contradicts itself (`(a, b) => a.n > b.n`) leaves the order that it leaves in Chrome. Typed arrays: V8's merge sort.
'use strict';
({primordials: {defineProperty, Array: NativeArray, RangeError: NativeRangeError, trunc, newList, min, max}}) => {
const MIN_GALLOP = 7;
function put(target, key, value) {
  defineProperty(target, key, {__proto__: null, value, writable: true, enumerable: true, configurable: true});
}
const lengthOf = self => { const n = trunc(+self.length); return n === n ? min(max(n, 0), 2 ** 53 - 1) : 0; };
function comparer(compare) { // NaN counts as equal
  return (a, b) => { const order = +compare(a, b); return order === order ? order : 0; };
}
function copy(source, from, target, to, count) { // the ranges may overlap
  if (source === target && from < to) for (let i = count - 1; i >= 0; i--) target[to + i] = source[from + i];
  else for (let i = 0; i < count; i++) target[to + i] = source[from + i];
}
function run(items, low, high, order) { // the length of the run that begins at `low`; a descending one is reversed
  if (low + 1 === high) return 1;
  let length = 2, previous = items[low + 1];
  const isDescending = order(previous, items[low]) < 0;
  for (let i = low + 2; i < high; i++, length++) {
    const item = items[i];
    if (order(item, previous) < 0 !== isDescending) break;
    previous = item;
  }
  if (isDescending) for (let i = low, k = low + length - 1; i < k; i++, k--) { const item = items[i]; items[i] = items[k]; items[k] = item; }
  return length;
}
function insert(items, low, start, high, order) { // [low, start) is sorted
  for (let at = start === low ? start + 1 : start; at < high; at++) {
    const pivot = items[at];
    let left = low, right = at;
    while (left < right) {
      const middle = left + (right - left >> 1);
      if (order(pivot, items[middle]) < 0) right = middle; else left = middle + 1;
    }
    for (let i = at; i > left; i--) items[i] = items[i - 1];
    items[left] = pivot;
  }
}
function gallop(items, base, length, hint, isBefore) { // where in a run what is before the key ends; `isBefore(item)`
  let last = 0, offset = 1;
  if (isBefore(items[base + hint])) {
    const most = length - hint;
    while (offset < most && isBefore(items[base + hint + offset])) { last = offset; offset = offset * 2 + 1; }
    last += hint;
    offset = min(offset, most) + hint;
  } else {
    const most = hint + 1;
    while (offset < most && !isBefore(items[base + hint - offset])) { last = offset; offset = offset * 2 + 1; }
    const far = hint - min(offset, most);
    offset = hint - last;
    last = far;
  }
  last++;
  while (last < offset) {
    const middle = last + (offset - last >> 1);
    if (isBefore(items[base + middle])) last = middle + 1; else offset = middle;
  }
  return offset;
}
const gallopLeft = (items, key, base, length, hint, order) => gallop(items, base, length, hint, item => order(item, key) < 0);
const gallopRight = (items, key, base, length, hint, order) => gallop(items, base, length, hint, item => !(order(key, item) < 0));
function mergeLow(state, a, lengthA, b, lengthB) {
  const {items, order} = state, held = newList();
  copy(items, a, held, 0, lengthA);
  let to = a, at = 0;
  const rest = () => copy(held, at, items, to, lengthA);
  const lastOfA = () => { copy(items, b, items, to, lengthB); items[to + lengthB] = held[at]; };
  items[to++] = items[b++];
  if (--lengthB === 0) return rest();
  if (lengthA === 1) return lastOfA();
  for (;;) {
    let winsA = 0, winsB = 0;
    for (;;) { // one at a time, until one run wins again and again
      if (order(items[b], held[at]) < 0) {
        items[to++] = items[b++];
        winsB++; winsA = 0;
        if (--lengthB === 0) return rest();
        if (winsB >= state.gallop) break;
      } else {
        items[to++] = held[at++];
        winsA++; winsB = 0;
        if (--lengthA === 1) return lastOfA();
        if (winsA >= state.gallop) break;
      }
    }
    state.gallop++;
    do {
      state.gallop = max(1, state.gallop - 1);
      winsA = gallopRight(held, items[b], at, lengthA, 0, order);
      if (winsA > 0) {
        copy(held, at, items, to, winsA);
        to += winsA; at += winsA; lengthA -= winsA;
        if (lengthA === 1) return lastOfA();
        if (lengthA === 0) return rest(); // of a comparator that contradicts itself
      }
      items[to++] = items[b++];
      if (--lengthB === 0) return rest();
      winsB = gallopLeft(items, held[at], b, lengthB, 0, order);
      if (winsB > 0) {
        copy(items, b, items, to, winsB);
        to += winsB; b += winsB; lengthB -= winsB;
        if (lengthB === 0) return rest();
      }
      items[to++] = held[at++];
      if (--lengthA === 1) return lastOfA();
    } while (winsA >= MIN_GALLOP || winsB >= MIN_GALLOP);
    state.gallop++;
  }
}
function mergeHigh(state, a, lengthA, b, lengthB) {
  const {items, order} = state, held = newList();
  copy(items, b, held, 0, lengthB);
  let to = b + lengthB - 1, at = lengthB - 1, from = a + lengthA - 1;
  const rest = () => copy(held, 0, items, to - (lengthB - 1), lengthB);
  const firstOfB = () => { copy(items, from - lengthA + 1, items, to - lengthA + 1, lengthA); items[to - lengthA] = held[at]; };
  items[to--] = items[from--];
  if (--lengthA === 0) return rest();
  if (lengthB === 1) return firstOfB();
  for (;;) {
    let winsA = 0, winsB = 0;
    for (;;) {
      if (order(held[at], items[from]) < 0) {
        items[to--] = items[from--];
        winsA++; winsB = 0;
        if (--lengthA === 0) return rest();
        if (winsA >= state.gallop) break;
      } else {
        items[to--] = held[at--];
        winsB++; winsA = 0;
        if (--lengthB === 1) return firstOfB();
        if (winsB >= state.gallop) break;
      }
    }
    state.gallop++;
    do {
      state.gallop = max(1, state.gallop - 1);
      winsA = lengthA - gallopRight(items, held[at], a, lengthA, lengthA - 1, order);
      if (winsA > 0) {
        to -= winsA; from -= winsA; lengthA -= winsA;
        copy(items, from + 1, items, to + 1, winsA);
        if (lengthA === 0) return rest();
      }
      items[to--] = held[at--];
      if (--lengthB === 1) return firstOfB();
      winsB = lengthB - gallopLeft(held, items[from], 0, lengthB, lengthB - 1, order);
      if (winsB > 0) {
        to -= winsB; at -= winsB; lengthB -= winsB;
        copy(held, at + 1, items, to + 1, winsB);
        if (lengthB === 1) return firstOfB();
        if (lengthB === 0) return rest(); // of a comparator that contradicts itself
      }
      items[to--] = items[from--];
      if (--lengthA === 0) return rest();
    } while (winsA >= MIN_GALLOP || winsB >= MIN_GALLOP);
    state.gallop++;
  }
}
function mergeAt(state, i) {
  const {items, order, bases, lengths} = state, b = bases[i + 1];
  let a = bases[i], lengthA = lengths[i], lengthB = lengths[i + 1];
  lengths[i] = lengthA + lengthB;
  if (i === state.size - 3) { bases[i + 1] = bases[i + 2]; lengths[i + 1] = lengths[i + 2]; }
  state.size--;
  const skipped = gallopRight(items, items[b], a, lengthA, 0, order);
  a += skipped;
  lengthA -= skipped;
  if (lengthA === 0) return;
  lengthB = gallopLeft(items, items[a + lengthA - 1], b, lengthB, lengthB - 1, order);
  if (lengthB === 0) return;
  if (lengthA <= lengthB) mergeLow(state, a, lengthA, b, lengthB); else mergeHigh(state, a, lengthA, b, lengthB);
}
function collapse(state) { // until each run is longer than the two after it together
  const {lengths} = state, isGood = n => n < 2 || lengths[n - 2] > lengths[n - 1] + lengths[n];
  while (state.size > 1) {
    const n = state.size - 2;
    if (!isGood(n + 1) || !isGood(n)) mergeAt(state, lengths[n - 1] < lengths[n + 1] ? n - 1 : n);
    else if (lengths[n] <= lengths[n + 1]) mergeAt(state, n);
    else break;
  }
}
function timSort(items, length, order) {
  const state = {__proto__: null, items, order, gallop: MIN_GALLOP, size: 0, bases: newList(), lengths: newList()};
  let shortest = length, odd = 0;
  while (shortest >= 64) { odd |= shortest & 1; shortest >>= 1; }
  shortest += odd;
  for (let low = 0, left = length; left > 0;) {
    let size = run(items, low, low + left, order);
    if (size < shortest) {
      const forced = min(shortest, left);
      insert(items, low, low + size, low + forced, order);
      size = forced;
    }
    state.bases[state.size] = low;
    state.lengths[state.size++] = size;
    collapse(state);
    low += size;
    left -= size;
  }
  while (state.size > 1) {
    const n = state.size - 2;
    mergeAt(state, n > 0 && state.lengths[n - 1] < state.lengths[n + 1] ? n - 1 : n);
  }
}
function sorted(items, length, compare) { // `undefined` comes last, and is never compared
  let some = 0;
  for (let i = 0; i < length; i++) if (items[i] !== undefined) items[some++] = items[i];
  for (let i = some; i < length; i++) items[i] = undefined;
  if (some > 1) timSort(items, some, comparer(compare));
  return items;
}
function merged(source, from, to, target, order) {
  const middle = from + (to - from >> 1);
  if (middle - from > 1) merged(target, from, middle, source, order);
  if (to - middle > 1) merged(target, middle, to, source, order);
  let left = from, right = middle;
  for (let i = from; i < to; i++) {
    if (left < middle && (right >= to || order(source[left], source[right]) <= 0)) target[i] = source[left++];
    else target[i] = source[right++];
  }
}
return {
  sort(self, compare) {
    const items = newList(), length = lengthOf(self);
    let some = 0;
    for (let k = 0; k < length; k++) if (k in self) items[some++] = self[k];
    if (length < 2) return self;
    sorted(items, some, compare);
    for (let k = 0; k < some; k++) self[k] = items[k];
    for (let k = some; k < length; k++) if (k in self) delete self[k];
    return self;
  },
  toSorted(self, compare) {
    const length = lengthOf(self), items = newList();
    if (length > 2 ** 32 - 1) throw new NativeRangeError('invalid array length');
    const made = new NativeArray(length);
    for (let k = 0; k < length; k++) items[k] = self[k];
    sorted(items, length, compare);
    for (let k = 0; k < length; k++) put(made, k, items[k]);
    return made;
  },
  sortView(self, compare) {
    const first = newList(), second = newList(), length = self.length;
    for (let i = 0; i < length; i++) first[i] = second[i] = self[i];
    if (length > 1) merged(second, 0, length, first, comparer(compare));
    for (let i = 0; i < length; i++) self[i] = first[i];
    return self;
  },
};
}
