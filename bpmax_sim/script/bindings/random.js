// Math.random and crypto from the scenario's seed (xoshiro128**, Blackman and Vigna).
'use strict';
({emit, seed, shared, primordials: {imul, padStart, numberText, freeze, isView, Uint8Array: Bytes, TypeError: NativeTypeError, viewKind, viewBuffer, viewOffset, viewSize}}) => {
const rotate = (x, k) => x << k | x >>> 32 - k;
function turn() { // to the part that what is drawn next is of
  for (; !shared.left; shared.part++) {
    const part = shared.parts[shared.part], end = part[4];
    for (let i = 0; i < 4; i++) seed[i] = part[i];
    shared.left = end === null ? Infinity : end - shared.drawn;
  }
}
function next() {
  if (!shared.drawn) emit('"drew",0'); // what draws nothing is the same with any seed
  if (!shared.left) turn();
  shared.left--;
  shared.drawn++;
  const result = imul(rotate(imul(seed[1], 5), 7), 9) >>> 0, t = seed[1] << 9;
  seed[2] ^= seed[0]; seed[3] ^= seed[1]; seed[1] ^= seed[2]; seed[0] ^= seed[3];
  seed[2] ^= t;
  seed[3] = rotate(seed[3], 11);
  return result;
}
const hex = (n, width) => padStart(numberText(n, 16), width, '0');
const QUOTA = 65536;
return {
  random: () => (next() >>> 5) * 2 ** -27 + (next() >>> 6) * 2 ** -53,
  crypto: freeze({
    getRandomValues(view) {
      if (!ArrayBuffer.isView(view)) throw new TypeError('crypto.getRandomValues(array): expected an integer array');
      if (view.byteLength > QUOTA) throw new DOMException(('at most ' + QUOTA + ' bytes at a time'), 'QuotaExceededError');
      const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      for (let i = 0; i < bytes.length; i++) bytes[i] = next();
      return view;
    },
    randomUUID: () => ('' + (hex(next(), 8)) + '-' + (hex(next() >>> 16, 4)) + '-4' + (hex(next() >>> 20, 3)) + '-') +
      ('' + (hex(0x8000 | next() >>> 18, 4)) + '-' + (hex(next(), 8)) + (hex(next() >>> 16, 4))),
  }),
};
}
