// Number.prototype.toString by another radix than 10, digit by digit as V8 does it: the language leaves the last ones open,
// and `Math.random().toString(36)` has them. What is more than 2 ** 53 is written by the engine.
'use strict';
({primordials: {Float64Array, Uint32Array, floor, trunc, slice, valuesOf, numberText}}) => {
const real = new Float64Array(1), words = new Uint32Array(real.buffer); // little-endian, as are all machines with a wheel
const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz', TWO53 = 9007199254740992, numberOf = valuesOf[0][1];
function half(value) { // of the way to the next number
  real[0] = value;
  if (++words[0] > 0xffffffff) words[1]++;
  return (real[0] - value) / 2 || 5e-324;
}
function written(value, radix) { // from 0 to 2 ** 53
  let whole = floor(value), part = value - whole, delta = half(value), after = '';
  for (let last = -1; part >= delta;) {
    part *= radix;
    delta *= radix;
    last = trunc(part);
    part -= last;
    after += DIGITS[last];
    if (!(part > 0.5 || (part === 0.5 && last % 2)) || part + delta <= 1) continue;
    let kept = after.length; // rounded up: the last digit that can be one more is
    while (kept && after[kept - 1] === DIGITS[radix - 1]) kept--;
    if (kept) after = slice(after, 0, kept - 1) + next(after[kept - 1]); else { after = ''; whole++; }
    break;
  }
  let before = '';
  do { const digit = whole % radix; before = DIGITS[digit] + before; whole = (whole - digit) / radix; } while (whole > 0);
  return after ? before + '.' + after : before;
}
function next(digit) { for (let n = 0;; n++) if (DIGITS[n] === digit) return DIGITS[n + 1]; }
return {toString(self, asked) {
  const value = numberOf(self), radix = asked === undefined ? 10 : trunc(+asked);
  if (radix === 10 || !(radix >= 2 && radix <= 36) || !(value >= -TWO53 && value <= TWO53)) return numberText(value, radix);
  return value < 0 ? '-' + written(-value, radix) : written(value, radix);
}};
}
