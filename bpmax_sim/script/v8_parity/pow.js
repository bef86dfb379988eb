// Math.pow as Node 20 computes it, to the last bit and whatever the machine's C library does: e_pow.c of fdlibm, with the
// one quotient that V8 brackets otherwise. Newer versions of V8 leave it to the C library, as `**` does here.
// Copyright (C) 2004 by Sun Microsystems, Inc. All rights reserved.
// Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.
'use strict';
({primordials: {Math: {abs, sqrt}, Float64Array, Uint32Array}}) => {
const real = new Float64Array(1), words = new Uint32Array(real.buffer); // little-endian, as are all machines with a wheel
const high = x => { real[0] = x; return words[1] | 0; };
const low = x => { real[0] = x; return words[0]; };
const withHigh = (x, word) => { real[0] = x; words[1] = word; return real[0]; };
const withoutLow = x => { real[0] = x; words[0] = 0; return real[0]; };
const TWO53 = 9007199254740992, HUGE = 1e300, TINY = 1e-300, SMALLEST_NORMAL = 2.2250738585072014e-308;
const INV_LN2 = 1.44269504088896338700e+00, INV_LN2_HI = 1.44269502162933349609e+00, INV_LN2_LO = 1.92596299112661746887e-08;
const LG2 = 6.93147180559945286227e-01, LG2_HI = 6.93147182464599609375e-01, LG2_LO = -1.90465429995776804525e-09;
const CP = 9.61796693925975554329e-01, CP_HI = 9.61796700954437255859e-01, CP_LO = -7.02846165095275826516e-09; // 2 / (3 ln 2)
const BP = [1, 1.5], DP_HI = [0, 5.84962487220764160156e-01], DP_LO = [0, 1.35003920212974897128e-08]; // log2(1.5)
const OVERFLOW = 8.0085662595372944372e-17; // -(1024 - log2(largest + half a unit))
let t1 = 0, t2 = 0; // log2(x) in two parts
const MANY = 0x43400000, ONE = 0x3ff00000, ENDLESS = 0x7ff00000;
function oddness(y) { // 0 is no integer, 1 an odd one, 2 an even one
  const iy = high(y) & 0x7fffffff, word = low(y);
  if (iy >= MANY) return 2;
  if (iy < ONE) return 0;
  const k = (iy >> 20) - 0x3ff;
  if (k > 20) { const j = word >>> 52 - k; return j << 52 - k >>> 0 === word ? 2 - (j & 1) : 0; }
  const j = iy >> 20 - k;
  return word === 0 && j << 20 - k === iy ? 2 - (j & 1) : 0;
}
function ofSimple(x, y, size) { // where no logarithm is needed
  if (y === 0) return 1;
  if (x !== x || y !== y) return NaN;
  if (y === Infinity || y === -Infinity) return size === 1 ? NaN : size > 1 === y > 0 ? Infinity : 0;
  if (y === 1) return x;
  if (y === -1) return 1 / x;
  if (y === 2) return x * x;
  if (y === 0.5 && x >= 0 && 1 / x > 0) return sqrt(x);
  if (size !== 0 && size !== 1 && size !== Infinity) return undefined;
  const z = y < 0 ? 1 / size : size, isNegative = high(x) < 0;
  if (!isNegative) return z;
  const odd = oddness(y);
  return size === 1 && odd === 0 ? NaN : odd === 1 ? -z : z;
}
function logarithmNear1(size) {
  const t = size - 1, w = t * t * (0.5 - t * (0.3333333333333333333333 - t * 0.25));
  const u = INV_LN2_HI * t, v = t * INV_LN2_LO - w * INV_LN2;
  t1 = withoutLow(u + v);
  t2 = v - (t1 - u);
}
function logarithm(size) {
  let n = 0;
  if (size < SMALLEST_NORMAL) { size *= TWO53; n = -53; }
  let ix = high(size);
  n += (ix >> 20) - 0x3ff;
  const j = ix & 0x000fffff;
  ix = j | ONE;
  let k = 0;
  if (j > 0x3988e && j < 0xbb67a) k = 1;
  else if (j >= 0xbb67a) { n++; ix -= 0x00100000; }
  size = withHigh(size, ix);
  const u = size - BP[k], v = 1 / (size + BP[k]), ss = u * v, sHi = withoutLow(ss);
  let tHi = withHigh(0, (ix >> 1 | 0x20000000) + 0x00080000 + (k << 18)), tLo = size - (tHi - BP[k]);
  const sLo = v * (u - sHi * tHi - sHi * tLo), s4 = ss * ss;
  let r = s4 * s4 * (5.99999999999994648725e-01 + s4 * (4.28571428578550184252e-01 + s4 * (3.33333329818377432918e-01 +
    s4 * (2.72728123808534006489e-01 + s4 * (2.30660745775561754067e-01 + s4 * 2.06975017800338417784e-01)))));
  r += sLo * (sHi + ss);
  const s2 = sHi * sHi;
  tHi = withoutLow(3 + s2 + r);
  tLo = r - (tHi - 3 - s2);
  const a = sHi * tHi, b = sLo * tHi + tLo * ss, pHi = withoutLow(a + b), pLo = b - (pHi - a);
  const zHi = CP_HI * pHi, zLo = CP_LO * pHi + pLo * CP + DP_LO[k];
  t1 = withoutLow(zHi + zLo + DP_HI[k] + n);
  t2 = zLo - (t1 - n - DP_HI[k] - zHi);
}
function scaled(z, n) { // by 2 ** n into what is no normal number any more
  return n < -1021 ? z * 2 ** -1000 * 2 ** (n + 1000) : z * 2 ** n;
}
function exponential(pHi, pLo, z, sign) { // 2 ** z
  let j = high(z), n = 0;
  const i = j & 0x7fffffff;
  let k = (i >> 20) - 0x3ff;
  if (i > 0x3fe00000) {
    n = j + (0x00100000 >> k + 1);
    k = ((n & 0x7fffffff) >> 20) - 0x3ff;
    pHi -= withHigh(0, n & ~(0x000fffff >> k));
    n = (n & 0x000fffff | 0x00100000) >> 20 - k;
    if (j < 0) n = -n;
  }
  const t = withoutLow(pLo + pHi), u = t * LG2_HI, v = (pLo - (t - pHi)) * LG2 + t * LG2_LO, sum = u + v, w = v - (sum - u), s = sum * sum;
  const p = sum - s * (1.66666666666666019037e-01 + s * (-2.77777777770155933842e-03 + s * (6.61375632143793436117e-05 +
    s * (-1.65339022054652515390e-06 + s * 4.13813679705723846039e-08))));
  const r = sum * p / (p - 2 - (w + sum * w)), found = 1 - (r - sum);
  j = high(found) + (n << 20);
  return sign * (j >> 20 <= 0 ? scaled(found, n) : withHigh(found, j));
}
function pow(x, y) {
  const size = abs(x), simple = ofSimple(x, y, size);
  if (simple !== undefined) return simple;
  const odd = x < 0 ? oddness(y) : 2, ix = high(size), iy = high(y) & 0x7fffffff;
  if (odd === 0) return NaN;
  const sign = odd === 1 ? -1 : 1, over = sign * HUGE * HUGE, under = sign * TINY * TINY;
  if (iy > 0x41e00000) {
    if (iy > 0x43f00000) return size < 1 === y < 0 ? Infinity : 0;
    if (ix < 0x3fefffff) return y < 0 ? over : under;
    if (ix > ONE) return y > 0 ? over : under;
    logarithmNear1(size);
  } else logarithm(size);
  const y1 = withoutLow(y), pLo = (y - y1) * t1 + y * t2, pHi = y1 * t1, z = pLo + pHi;
  if (z >= 1024 && (z > 1024 || pLo + OVERFLOW > z - pHi)) return over;
  if (z <= -1075 && (z < -1075 || pLo <= z - pHi)) return under;
  return exponential(pHi, pLo, z, sign);
}
return {pow(args) { const x = args.length > 0 ? +args[0] : NaN; return pow(x, args.length > 1 ? +args[1] : NaN); }};
}
