// The transcendental functions of Math as V8 computes them, to the last bit and whatever the machine's C library does:
// the algorithms of fdlibm, with V8's choices where its versions differ.
// Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunSoft, a Sun Microsystems, Inc. business.
// Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.
'use strict';
({primordials: {Math, Math: {abs, sqrt, trunc}, BigInt: toBigInt, Number: toNumber, Float64Array, Uint32Array}}) => {
const real = new Float64Array(1), words = new Uint32Array(real.buffer); // little-endian, as are all machines with a wheel
const high = x => { real[0] = x; return words[1] | 0; };
const low = x => { real[0] = x; return words[0]; };
const withHigh = (x, word) => { real[0] = x; words[1] = word; return real[0]; };
const withoutLow = x => { real[0] = x; words[0] = 0; return real[0]; };
const ofWords = (upper, lower) => { words[1] = upper; words[0] = lower; return real[0]; };
const powerOfTwo = k => k === 1024 ? Infinity : ofWords(0x3ff + k << 20, 0); // of a normal number
const LN2_HI = 6.93147180369123816490e-01, LN2_LO = 1.90821492927058770002e-10, LN2 = 6.93147180559945286227e-01;
const INV_LN2 = 1.44269504088896338700e+00, TWO54 = 2 ** 54, E = 2.718281828459045, OVERFLOWS = 7.09782712893383973096e+02;

// Trigonometry.
const PIO2_1 = 1.57079632673412561417e+00, PIO2_1T = 6.07710050650619224932e-11, PIO2_2 = 6.07710050630396597660e-11,
  PIO2_2T = 2.02226624879595063154e-21, PIO2_3 = 2.02226624871116645580e-21, PIO2_3T = 8.47842766036889956997e-32,
  INV_PIO2 = 6.36619772367581382433e-01;
let y0 = 0, y1 = 0; // what `reduced` leaves: x - n π / 2, in two parts
let pio2; // π / 2 times 2 ** 1300, for arguments beyond 2 ** 20
const BITS = 1300n;
function arctangentOf(inverse) { // of 1 / inverse, by its series
  let term = (1n << BITS + 32n) / inverse, sum = term;
  for (let n = 3n, sign = -1n; term; n += 2n, sign = -sign) { term /= inverse * inverse; sum += sign * (term / n); }
  return sum;
}
function reducedExactly(x) {
  pio2 ??= 2n * (4n * arctangentOf(5n) - arctangentOf(239n)) >> 32n; // Machin's formula
  const bits = (toBigInt(high(x) & 0xfffff | 0x100000) << 32n) | toBigInt(low(x));
  const value = bits << toBigInt((high(x) >> 20 & 0x7ff) - 1075) + BITS;
  let n = value / pio2, rest = value - n * pio2;
  if (2n * rest > pio2) { n++; rest -= pio2; }
  const part = big => { // rounded to a double, and what is left
    const size = big < 0n ? -big : big;
    let shift = 0n;
    while (size >> shift >= 1n << 53n) shift += 64n;
    while (shift > 0n && size >> shift - 1n < 1n << 53n) shift--;
    const kept = shift > 0n ? size + (1n << shift - 1n) >> shift : size, signed = big < 0n ? -kept : kept;
    return [toNumber(signed) * 2 ** (toNumber(shift) - toNumber(BITS) + 600) * 2 ** -600, big - (signed << shift)];
  };
  const first = part(rest);
  y0 = first[0];
  y1 = part(first[1])[0];
  return toNumber(n & 3n);
}
function reducedOnce(x) { // |x| < 3π/4
  let z = x - PIO2_1, tail = PIO2_1T;
  if (high(x) === 0x3ff921fb) { z -= PIO2_2; tail = PIO2_2T; }
  y0 = z - tail;
  y1 = z - y0 - tail;
  return 1;
}
function reducedMedium(x) {
  const n = trunc(x * INV_PIO2 + 0.5), exponent = high(x) >> 20;
  const lost = () => exponent - (high(y0) >> 20 & 0x7ff);
  let r = x - n * PIO2_1, w = n * PIO2_1T;
  y0 = r - w;
  if ((n >= 32 || high(x) === high(n * 1.5707963267948966)) && lost() > 16) {
    let t = r;
    w = n * PIO2_2; r = t - w;
    w = n * PIO2_2T - (t - r - w);
    y0 = r - w;
    if (lost() > 49) {
      t = r;
      w = n * PIO2_3; r = t - w;
      w = n * PIO2_3T - (t - r - w);
      y0 = r - w;
    }
  }
  y1 = r - y0 - w;
  return n & 3;
}
function reduced(x) { // returns n modulo 4
  const size = abs(x), ix = high(size);
  const n = ix < 0x4002d97c ? reducedOnce(size) : ix <= 0x413921fb ? reducedMedium(size) : reducedExactly(size);
  if (x > 0) return n;
  y0 = -y0; y1 = -y1;
  return -n & 3;
}
function kernelSin(x, y, hasTail) {
  if ((high(x) & 0x7fffffff) < 0x3e400000) return x;
  const z = x * x, v = z * x;
  const r = 8.33333333332248946124e-03 + z * (-1.98412698298579493134e-04 + z * (2.75573137070700676789e-06 +
    z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)));
  return hasTail ? x - (z * (0.5 * y - v * r) - y - v * -1.66666666666666324348e-01) : x + v * (-1.66666666666666324348e-01 + z * r);
}
function kernelCos(x, y) {
  const ix = high(x) & 0x7fffffff;
  if (ix < 0x3e400000) return 1;
  const z = x * x;
  const r = z * (4.16666666666666019037e-02 + z * (-1.38888888888741095749e-03 + z * (2.48015872894767294178e-05 +
    z * (-2.75573143513906633035e-07 + z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11)))));
  if (ix < 0x3fd33333) return 1 - (0.5 * z - (z * r - x * y));
  const qx = ix > 0x3fe90000 ? 0.28125 : ofWords(ix - 0x00200000, 0), hz = 0.5 * z - qx;
  return 1 - qx - (hz - (z * r - x * y));
}
const TAN = [3.33333333333334091986e-01, 1.33333333333201242699e-01, 5.39682539762260521377e-02, 2.18694882948595424599e-02,
  8.86323982359930005737e-03, 3.59207910759131235356e-03, 1.45620945432529025516e-03, 5.88041240820264096874e-04,
  2.46463134818469906812e-04, 7.81794442939557092300e-05, 7.14072491382608190305e-05, -1.85586374855275456654e-05, 2.59073051863633712884e-05];
function inverted(x, y, sum, r) { // -1 / (x + r), with the digits that a division loses
  const z = withoutLow(sum), v = r - (z - x), a = -1 / sum, t = withoutLow(a);
  return t + a * (1 + t * z + t * v);
}
function kernelTan(x, y, isEven) {
  const ix = high(x) & 0x7fffffff, isBig = ix >= 0x3fe59428, isNegative = x < 0;
  if (ix < 0x3e300000) return tinyTan(x, y, isEven);
  if (isBig) {
    if (isNegative) { x = -x; y = -y; }
    x = 7.85398163397448278999e-01 - x + (3.06161699786838301793e-17 - y);
    y = 0;
  }
  const z = x * x, w = z * z, T = TAN;
  let r = T[1] + w * (T[3] + w * (T[5] + w * (T[7] + w * (T[9] + w * T[11]))));
  const v = z * (T[2] + w * (T[4] + w * (T[6] + w * (T[8] + w * (T[10] + w * T[12]))))), s = z * x;
  r = y + z * (s * (r + v) + y);
  r += T[0] * s;
  const sum = x + r;
  if (isBig) {
    const one = isEven ? 1 : -1;
    return (isNegative ? -1 : 1) * (one - 2 * (x - (sum * sum / (sum + one) - r)));
  }
  return isEven ? sum : inverted(x, y, sum, r);
}
function tinyTan(x, y, isEven) {
  if (isEven) return x;
  const w = x + y, z = withoutLow(w), v = y - (z - x), a = -1 / w, t = withoutLow(a);
  return t + a * (1 + t * z + t * v);
}
const isSmall = x => (high(x) & 0x7fffffff) <= 0x3fe921fb, isEndless = x => x !== x || x === Infinity || x === -Infinity;
function sin(x) {
  if (isSmall(x)) return kernelSin(x, 0, false);
  if (isEndless(x)) return NaN;
  const n = reduced(x), found = n & 1 ? kernelCos(y0, y1) : kernelSin(y0, y1, true);
  return n & 2 ? -found : found;
}
function cos(x) {
  if (isSmall(x)) return kernelCos(x, 0);
  if (isEndless(x)) return NaN;
  const n = reduced(x), found = n & 1 ? kernelSin(y0, y1, true) : kernelCos(y0, y1);
  return n === 1 || n === 2 ? -found : found;
}
function tan(x) {
  if (isSmall(x)) return kernelTan(x, 0, true);
  if (isEndless(x)) return NaN;
  const n = reduced(x);
  return kernelTan(y0, y1, !(n & 1));
}
const PIO2_HI = 1.57079632679489655800e+00, PIO2_LO = 6.12323399573676603587e-17, PI_LO = 1.2246467991473531772e-16;
const arc = z => z * (1.66666666666666657415e-01 + z * (-3.25565818622400915405e-01 + z * (2.01212532134862925881e-01 +
  z * (-4.00555345006794114027e-02 + z * (7.91534994289814532176e-04 + z * 3.47933107596021167570e-05))))) /
  (1 + z * (-2.40339491173441421878e+00 + z * (2.02094576023350569471e+00 + z * (-6.88283971605453293030e-01 + z * 7.70381505559019352791e-02))));
function asin(x) {
  const size = abs(x), ix = high(size);
  if (!(size <= 1)) return NaN;
  if (size === 1) return x * PIO2_HI + x * PIO2_LO;
  if (ix < 0x3e400000) return x;
  if (ix < 0x3fe00000) return x + x * arc(x * x);
  const t = (1 - size) * 0.5, s = sqrt(t);
  let found;
  if (ix >= 0x3fef3333) found = PIO2_HI - (2 * (s + s * arc(t)) - PIO2_LO);
  else {
    const w = withoutLow(s), c = (t - w * w) / (s + w), p = 2 * s * arc(t) - (PIO2_LO - 2 * c), q = 7.85398163397448278999e-01 - 2 * w;
    found = 7.85398163397448278999e-01 - (p - q);
  }
  return x > 0 ? found : -found;
}
function acos(x) {
  const size = abs(x), ix = high(size);
  if (!(size <= 1)) return NaN;
  if (size === 1) return x > 0 ? 0 : 3.14159265358979311600e+00 + 2 * PIO2_LO;
  if (ix <= 0x3c600000) return PIO2_HI + PIO2_LO;
  if (ix < 0x3fe00000) return PIO2_HI - (x - (PIO2_LO - x * arc(x * x)));
  if (x < 0) {
    const z = (1 + x) * 0.5, s = sqrt(z), w = arc(z) * s - PIO2_LO;
    return 3.14159265358979311600e+00 - 2 * (s + w);
  }
  const z = (1 - x) * 0.5, s = sqrt(z), df = withoutLow(s), c = (z - df * df) / (s + df);
  return 2 * (df + (arc(z) * s + c));
}
const ATAN_HI = [4.63647609000806093515e-01, 7.85398163397448278999e-01, 9.82793723247329054082e-01, PIO2_HI];
const ATAN_LO = [2.26987774529616870924e-17, 3.06161699786838301793e-17, 1.39033110312309984516e-17, PIO2_LO];
function atan(x) {
  let size = abs(x), id = -1;
  const ix = high(size);
  if (x !== x) return NaN;
  if (ix >= 0x44100000) return x > 0 ? ATAN_HI[3] + ATAN_LO[3] : -ATAN_HI[3] - ATAN_LO[3];
  if (ix < 0x3fdc0000) { if (ix < 0x3e400000) return x; size = x; }
  else if (ix < 0x3fe60000) { id = 0; size = (2 * size - 1) / (2 + size); }
  else if (ix < 0x3ff30000) { id = 1; size = (size - 1) / (size + 1); }
  else if (ix < 0x40038000) { id = 2; size = (size - 1.5) / (1 + 1.5 * size); }
  else { id = 3; size = -1 / size; }
  const z = size * size, w = z * z;
  const s1 = z * (3.33333333333329318027e-01 + w * (1.42857142725034663711e-01 + w * (9.09088713343650656196e-02 +
    w * (6.66107313738753120669e-02 + w * (4.97687799461593236017e-02 + w * 1.62858201153657823623e-02)))));
  const s2 = w * (-1.99999999998764832476e-01 + w * (-1.11111104054623557880e-01 + w * (-7.69187620504482999495e-02 +
    w * (-5.83357013379057348645e-02 + w * -3.65315727442169155270e-02))));
  if (id < 0) return size - size * (s1 + s2);
  const found = ATAN_HI[id] - (size * (s1 + s2) - ATAN_LO[id] - size);
  return x < 0 ? -found : found;
}
function atan2(y, x) {
  if (x !== x || y !== y) return NaN;
  if (x === 1) return atan(y);
  const m = (high(y) >>> 31) | (high(x) >>> 30 & 2), PI = 3.1415926535897931160e+00, sign = m & 1 ? -1 : 1;
  if (y === 0) return m < 2 ? y : sign * PI;
  if (x === 0) return sign * PIO2_HI;
  if (abs(x) === Infinity) {
    if (abs(y) === Infinity) return sign * (m < 2 ? 7.8539816339744827900e-01 : 3 * 7.8539816339744827900e-01);
    return sign * (m < 2 ? 0 : PI);
  }
  if (abs(y) === Infinity) return sign * PIO2_HI;
  const k = (high(y) & 0x7fffffff) - (high(x) & 0x7fffffff) >> 20;
  let z, quadrant = m;
  if (k > 60) { z = PIO2_HI + 0.5 * PI_LO; quadrant &= 1; }
  else z = m & 2 && k < -60 ? 0 : atan(abs(y / x));
  if (quadrant < 2) return quadrant ? -z : z;
  return quadrant === 2 ? PI - (z - PI_LO) : z - PI_LO - PI;
}

// Exponentials and logarithms.
function exp(x) {
  const hx = high(x) & 0x7fffffff;
  let k = 0, hi = 0, lo = 0;
  if (hx >= 0x40862e42) {
    if (x !== x) return NaN;
    if (x > OVERFLOWS) return Infinity;
    if (x < -7.45133219101941108420e+02) return 0;
  }
  if (hx > 0x3fd62e42) {
    if (hx < 0x3ff0a2b2) {
      if (x === 1) return E;
      k = x < 0 ? -1 : 1;
    } else k = trunc(INV_LN2 * x + (x < 0 ? -0.5 : 0.5));
    hi = x - k * LN2_HI;
    lo = k * LN2_LO;
    x = hi - lo;
  } else if (hx < 0x3e300000) return 1 + x;
  const t = x * x;
  const c = x - t * (1.66666666666666019037e-01 + t * (-2.77777777770155933842e-03 + t * (6.61375632143793436117e-05 +
    t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))));
  if (k === 0) return 1 - (x * c / (c - 2) - x);
  const y = 1 - (lo - x * c / (2 - c) - hi);
  if (k < -1021) return y * powerOfTwo(k + 1000) * 2 ** -1000;
  return k === 1024 ? y * 2 * 2 ** 1023 : y * powerOfTwo(k);
}
function expm1(x) {
  const hx = high(x) & 0x7fffffff, isNegative = x < 0;
  if (x !== x) return NaN;
  if (hx >= 0x4043687a) {
    if (x > OVERFLOWS) return Infinity;
    if (isNegative) return -1;
  }
  let k = 0, c = 0;
  if (hx > 0x3fd62e42) {
    k = hx < 0x3ff0a2b2 ? isNegative ? -1 : 1 : trunc(INV_LN2 * x + (isNegative ? -0.5 : 0.5));
    const hi = x - k * LN2_HI, lo = k * LN2_LO;
    x = hi - lo;
    c = hi - x - lo;
  } else if (hx < 0x3c900000) return x;
  const hfx = 0.5 * x, hxs = x * hfx;
  const r = 1 + hxs * (-3.33333333333331316428e-02 + hxs * (1.58730158725481460165e-03 + hxs * (-7.93650757867487942473e-05 +
    hxs * (4.00821782732936239552e-06 + hxs * -2.01099218183624371326e-07))));
  const t = 3 - r * hfx;
  let e = hxs * ((r - t) / (6 - x * t));
  if (k === 0) return x - (x * e - hxs);
  e = x * (e - c) - c - hxs;
  if (k === -1) return 0.5 * (x - e) - 0.5;
  if (k === 1) return x < -0.25 ? -2 * (e - (x + 0.5)) : 1 + 2 * (x - e);
  const scaled = y => k === 1024 ? y * 2 * 2 ** 1023 : y * powerOfTwo(k);
  if (k <= -2 || k > 56) return scaled(1 - (e - x)) - 1;
  if (k < 20) return scaled(ofWords(0x3ff00000 - (0x200000 >> k), 0) - (e - x));
  return scaled(x - (e + powerOfTwo(-k)) + 1);
}
const LOG = [6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
  1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01];
function logSeries(z) {
  const w = z * z, L = LOG;
  return z * (L[0] + w * (L[2] + w * (L[4] + w * L[6]))) + w * (L[1] + w * (L[3] + w * L[5]));
}
const beyond = x => x === 0 ? -Infinity : x < 0 || x !== x ? NaN : x === Infinity ? Infinity : undefined; // the logarithm of what has no digits
function log(x) {
  const special = beyond(x);
  if (special !== undefined) return special;
  let k = 0;
  if (high(x) < 0x00100000) { k = -54; x *= TWO54; }
  let hx = high(x);
  k += (hx >> 20) - 1023;
  hx &= 0x000fffff;
  const i = hx + 0x95f64 & 0x100000;
  x = withHigh(x, hx | i ^ 0x3ff00000);
  k += i >> 20;
  const f = x - 1;
  if ((0x000fffff & 2 + hx) < 3) {
    if (f === 0) return k === 0 ? 0 : k * LN2_HI + k * LN2_LO;
    const R = f * f * (0.5 - 0.33333333333333333 * f);
    return k === 0 ? f - R : k * LN2_HI - (R - k * LN2_LO - f);
  }
  const s = f / (2 + f), R = logSeries(s * s);
  if ((hx - 0x6147a | 0x6b851 - hx) > 0) {
    const hfsq = 0.5 * f * f;
    return k === 0 ? f - (hfsq - s * (hfsq + R)) : k * LN2_HI - (hfsq - (s * (hfsq + R) + k * LN2_LO) - f);
  }
  return k === 0 ? f - s * (f - R) : k * LN2_HI - (s * (f - R) - k * LN2_LO - f);
}
function log1p(x) {
  if (x === -1) return -Infinity;
  if (x < -1 || x !== x) return NaN;
  if (x === Infinity) return x;
  const hx = high(x), ax = hx & 0x7fffffff;
  let k = 1, f = 0, hu = 1, c = 0;
  if (hx < 0x3fda827a) {
    if (ax < 0x3e200000) return ax < 0x3c900000 ? x : x - x * x * 0.5;
    if (hx > 0 || hx <= (0xbfd2bec4 | 0)) { k = 0; f = x; }
  }
  if (k !== 0) {
    let u = hx < 0x43400000 ? 1 + x : x;
    hu = high(u);
    k = (hu >> 20) - 1023;
    if (hx < 0x43400000) c = (k > 0 ? 1 - (u - x) : x - (u - 1)) / u;
    hu &= 0x000fffff;
    if (hu < 0x6a09e) u = withHigh(u, hu | 0x3ff00000);
    else {
      k++;
      u = withHigh(u, hu | 0x3fe00000);
      hu = 0x00100000 - hu >> 2;
    }
    f = u - 1;
  }
  const hfsq = 0.5 * f * f;
  if (hu === 0) {
    if (f === 0) return k === 0 ? 0 : k * LN2_HI + (c + k * LN2_LO);
    const R = hfsq * (1 - 0.66666666666666666 * f);
    return k === 0 ? f - R : k * LN2_HI - (R - (k * LN2_LO + c) - f);
  }
  const s = f / (2 + f), z = s * s, L = LOG;
  const R = z * (L[0] + z * (L[1] + z * (L[2] + z * (L[3] + z * (L[4] + z * (L[5] + z * L[6]))))));
  return k === 0 ? f - (hfsq - s * (hfsq + R)) : k * LN2_HI - (hfsq - (s * (hfsq + R) + (k * LN2_LO + c)) - f);
}
function log2(x) {
  const special = beyond(x);
  if (special !== undefined) return special;
  let k = 0;
  if (high(x) < 0x00100000) { k = -54; x *= TWO54; }
  let hx = high(x) + (0x3ff00000 - 0x3fe6a09e);
  k += (hx >> 20) - 0x3ff;
  hx = (hx & 0x000fffff) + 0x3fe6a09e;
  x = withHigh(x, hx);
  if (x === 1) return k;
  const f = x - 1, hfsq = 0.5 * f * f, s = f / (2 + f), r = s * (hfsq + logSeries(s * s));
  const hi = withoutLow(f - hfsq), lo = f - hi - hfsq + r, INV_HI = 1.44269504072144627571e+00, INV_LO = 1.67517131648865118353e-10;
  const valueHi = hi * INV_HI, w = k + valueHi;
  return (lo + hi) * INV_LO + lo * INV_HI + (k - w + valueHi) + w;
}
function log10(x) {
  const special = beyond(x);
  if (special !== undefined) return special;
  let k = 0;
  if (high(x) < 0x00100000) { k = -54; x *= TWO54; }
  const hx = high(x);
  k += (hx >> 20) - 1023;
  const i = k < 0 ? 1 : 0, y = k + i;
  x = withHigh(x, hx & 0x000fffff | 0x3ff - i << 20);
  return y * 3.69423907715893078616e-13 + 4.34294481903251816668e-01 * log(x) + y * 3.01029995663611771306e-01;
}
function cbrt(x) {
  if (x === 0 || isEndless(x)) return x;
  const size = abs(x);
  let t = high(size) < 0x00100000 ? TWO54 : 0;
  t = t ? ofWords((high(size * t) / 3 | 0) + 696219795, 0) : ofWords((high(size) / 3 | 0) + 715094163, 0);
  if (x < 0) t = -t;
  let r = t * t * (t / x);
  t *= 1.87595182427177009643 + r * (-1.88497979543377169875 + r * 1.621429720105354466140) +
    r * r * r * (-0.758397934778766047437 + r * 0.145996192886612446982);
  real[0] = t; // to 23 bits, rounded away from zero
  const sum = words[0] + 0x80000000;
  words[1] += sum >= 2 ** 32 ? 1 : 0;
  words[0] = sum >>> 0 & 0xc0000000;
  t = real[0];
  const s = t * t;
  r = x / s;
  return t + t * ((r - t) / (t + t + r));
}
function sinh(x) {
  const size = abs(x), half = x < 0 ? -0.5 : 0.5;
  if (isEndless(x)) return x;
  if (size < 22) {
    if (size < 2 ** -28) return x;
    const t = expm1(size);
    return size < 1 ? half * (2 * t - t * t / (t + 1)) : half * (t + t / (t + 1));
  }
  if (size < 709.7822265625) return half * exp(size);
  if (size <= 710.4758600739439) { const w = exp(0.5 * size); return half * w * w; }
  return x * Infinity;
}
function cosh(x) {
  const size = abs(x);
  if (isEndless(x)) return size;
  if (size < 0.5 * LN2) {
    const t = expm1(size), w = 1 + t;
    return size < 2 ** -55 ? w : 1 + t * t / (w + w);
  }
  if (size < 22) { const t = exp(size); return 0.5 * t + 0.5 / t; }
  if (size < 709.7822265625) return 0.5 * exp(size);
  if (size <= 710.4758600739439) { const w = exp(0.5 * size); return 0.5 * w * w; }
  return Infinity;
}
function tanh(x) {
  const size = abs(x);
  if (x !== x) return NaN;
  let z = 1;
  if (size < 22) {
    if (size < 2 ** -28) return x;
    if (size >= 1) z = 1 - 2 / (expm1(2 * size) + 2);
    else { const t = expm1(-2 * size); z = -t / (t + 2); }
  }
  return x < 0 ? -z : z;
}
function asinh(x) {
  const size = abs(x), ix = high(size);
  if (isEndless(x) || ix < 0x3e300000) return x;
  const w = ix > 0x41b00000 ? log(size) + LN2 : ix > 0x40000000 ? log(2 * size + 1 / (sqrt(x * x + 1) + size))
    : log1p(size + x * x / (1 + sqrt(1 + x * x)));
  return x > 0 ? w : -w;
}
function acosh(x) {
  if (!(x >= 1)) return NaN;
  if (x === 1) return 0;
  if (high(x) >= 0x41b00000) return x === Infinity ? x : log(x) + LN2;
  if (x > 2) return log(2 * x - 1 / (x + sqrt(x * x - 1)));
  const t = x - 1;
  return log1p(t + sqrt(2 * t + t * t));
}
function atanh(x) {
  const size = abs(x);
  if (!(size <= 1)) return NaN;
  if (size === 1) return x * Infinity;
  if (size < 2 ** -28) return x;
  const t = size < 0.5 ? 0.5 * log1p(2 * size + 2 * size * size / (1 - size)) : 0.5 * log1p(2 * size / (1 - size));
  return x < 0 ? -t : t;
}

function hypot(values) { // with Kahan's sum
  let most = 0, sum = 0, rest = 0, hasNaN = false;
  for (let i = 0; i < values.length; i++) {
    const size = values[i] = abs(+values[i]);
    if (size !== size) hasNaN = true;
    else if (size > most) most = size;
  }
  if (most === Infinity) return most;
  if (hasNaN) return NaN;
  if (most === 0) return 0;
  for (let i = 0; i < values.length; i++) {
    const n = values[i] / most, summand = n * n - rest, next = sum + summand;
    rest = next - sum - summand;
    sum = next;
  }
  return sqrt(sum) * most;
}
const first = args => args.length > 0 ? +args[0] : NaN, second = args => args.length > 1 ? +args[1] : NaN;
const ofOne = {__proto__: null, acos, acosh, asin, asinh, atan, atanh, cbrt, cos, cosh, exp, expm1, log, log10, log1p, log2, sin, sinh, tan, tanh};
const made = {
  __proto__: null, hypot,
  atan2(args) { const y = first(args); return atan2(y, second(args)); },
};
for (const name in ofOne) { const method = ofOne[name]; made[name] = args => method(first(args)); }
return made;
}
