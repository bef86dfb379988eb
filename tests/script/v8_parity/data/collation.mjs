// Prints v8_parity/collation.js: `node collation.mjs > bpmax_sim/script/v8_parity/collation.js`.
// The characters of GB 2312, in the order that ICU sorts them by pinyin.
const decoder = new TextDecoder('gb18030');
const characters = [];
for (let high = 0xb0; high <= 0xf7; high++) {
  for (let low = 0xa1; low <= 0xfe; low++) {
    const c = decoder.decode(Uint8Array.of(high, low));
    if (/^\p{Script=Han}$/u.test(c)) characters.push(c);
  }
}
const {compare} = new Intl.Collator('zh-CN');
characters.sort((a, b) => compare(a, b) || (a < b ? -1 : 1));

// In en-US Han sorts by radical and stroke, which is the order of code points but for these: each
// pair is a character and what comes after it. What is in order is the longest rising sequence.
function outOfOrder(sorted) {
  const codes = sorted.map(c => c.codePointAt(0)), ends = [], before = [];
  codes.forEach((code, i) => {
    const at = ends.findIndex(end => codes[end] >= code), place = at < 0 ? ends.length : at;
    before[i] = ends[place - 1];
    ends[place] = i;
  });
  const rising = new Set();
  for (let i = ends.at(-1); i !== undefined; i = before[i]) rising.add(i);
  return sorted.flatMap((c, i) => rising.has(i) ? [] : [sorted[i - 1] + c]);
}
const moved = outOfOrder([...characters].sort(new Intl.Collator('en-US').compare));

// The order of zh-CN: every character of URO and Extension A and 〇 has a weight of its own. Its rank stands at its code, as a
// character from U+3400 on, so that nothing has to be built from the table.
const range = (a, b) => Array.from({length: b - a + 1}, (_, i) => String.fromCodePoint(a + i));
const FIRST = 0x3400, LAST = 0x9fff, every = [...range(FIRST, LAST).filter(c => /\p{Script=Han}/u.test(c)), '〇'].sort(compare);
const rankOf = new Map(every.map((c, i) => [c, i + 1]));
const ranks = [...range(FIRST, LAST), '〇'].map(c => String.fromCharCode(FIRST + (rankOf.get(c) ?? 0))).join('');
const chongqing = every.findIndex(c => compare(`${c}庆`, '重庆') > 0) + 0.5; // before that one
// Marks, digits and letters, full-width ones among them: one group has one weight, and differs by case and width.
const base = new Intl.Collator('zh-CN', {sensitivity: 'base'});
const others = [...range(0x20, 0x7e), ...range(0xa1, 0xac), ...range(0xae, 0xbf), '×', '÷', ...range(0x2010, 0x2027), ...range(0x2030, 0x205e), ...range(0x3000, 0x3020),
  ...range(0x303b, 0x303f), '〰', ...range(0xff01, 0xff60), ...range(0xffe0, 0xffe6)].filter(c => c === '々' || !/\p{Cn}|\p{Script=Han}|[ªºµ]/u.test(c));
const isLong = c => c.normalize('NFKC').length > 1 && base.compare(c, c.normalize('NFKC')) === 0;
const expanded = others.filter(isLong), groups = [];
for (const c of others.filter(c => !isLong(c)).sort(compare)) {
  if (groups.length && base.compare(groups.at(-1)[0], c) === 0) groups.at(-1).push(c); else groups.push([c]);
}
const digits = groups.findIndex(([c]) => c === '0'), letters = groups.findIndex(([c]) => c === 'a');
console.log(`// The order of text in zh-CN (Han by pinyin) and en-US. Printed by tests/script/v8_parity/data/collation.mjs.
'use strict';
() => {
const RANKS = '${ranks}';
const MOVED = '${moved.join('')}'; // in en-US, where Han sorts by code point, each second one comes after the one before it
const OTHERS = ${JSON.stringify(groups)}, LONG = ${JSON.stringify(expanded.join(''))}, DIGITS = ${digits}, LETTERS = ${letters}, CHONGQING = ${chongqing};
const others = new Map(), FIRST = 0x3400, LAST = 0x9fff;
OTHERS.forEach((group, order) => group.forEach((c, rank) => others.set(c, [order < DIGITS ? 0 : order < LETTERS ? 1 : 3, order, [], rank])));
function rankOf(c, code, note) { // of Han by pinyin; what is beyond the table follows it by code point
  const at = code >= FIRST && code <= LAST ? code - FIRST : c === '〇' ? LAST + 1 - FIRST : -1;
  const known = at < 0 ? 0 : RANKS.charCodeAt(at) - FIRST;
  if (!known) note(c);
  return known || 0x10000 + code;
}
const strokes = new Map();
for (const [before, c] of MOVED.match(/../gu)) strokes.set(c, (strokes.get(before) ?? before.codePointAt(0)) + 0.001);
const TONES = {'\\u0304': -4, '\\u0301': -3, '\\u030c': -2, '\\u0300': -1}; // in zh-CN a letter with a tone sorts before the bare one
const ACCENTS = '\\u0301\\u0300\\u0306\\u0302\\u030c\\u030a\\u0308\\u030b\\u0303\\u0307\\u0328\\u0327\\u0304';
const rank = (accent, locale) => (locale === 'zh-CN' && TONES[accent]) || ACCENTS.indexOf(accent) + 1 || accent.charCodeAt(0);
const isHan = c => /\\p{Script=Han}/u.test(c);
// A letter's key is [group, order, accents, case]; text is compared by group and order, then accents, then case.
function keys(text, locale, note) {
  const found = [];
  const plain = locale === 'zh-CN' ? text.replaceAll('重庆', '\\ue000庆') : text; // sorts as Chongqing, not as Zhongqing
  for (const c of plain.normalize('NFD')) {
    const code = c.codePointAt(0), last = found.at(-1);
    if (code === 0xad) continue; // a soft hyphen
    if (code >= 0x300 && code <= 0x36f && last) last[2].push(rank(c, locale));
    else if (c === '\\ue000') found.push([2, CHONGQING, [], 0]);
    else if (others.has(c)) { const [group, order,, rank] = others.get(c); found.push([group, order, [], rank]); }
    else if (LONG.includes(c)) for (const one of c.normalize('NFKC')) { const [group, order] = others.get(one); found.push([group, order, [], 9]); }
    else if (isHan(c)) found.push(locale === 'zh-CN' ? [2, rankOf(c, code, note), [], 0] : [5, strokes.get(c) ?? code, [], 0]);
    else found.push([code < 0x21 ? -1 : 4, code, [], 0]);
  }
  return found;
}
function numbers(found) { // a run of digits counts as one number
  const joined = [];
  for (const key of found) {
    const last = joined.at(-1);
    const value = key[0] === 1 ? DECIMALS.indexOf(key[1]) : -1;
    if (value >= 0 && last?.[0] === 1 && last.whole) last[1] = last[1] * 10 + value;
    else { joined.push([...key]); if (value >= 0) { joined.at(-1)[1] = value; joined.at(-1).whole = true; } }
  }
  return joined;
}
const DECIMALS = '0123456789'.split('').map(c => others.get(c)[1]);
const sign = n => (n < 0 ? -1 : n > 0 ? 1 : 0), order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
function differ(left, right, level) {
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const found = level(left[i], right[i]);
    if (found) return found;
  }
  return 0;
}
function accentOrder(a, b) {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const found = order(a[i] ?? 0, b[i] ?? 0);
    if (found) return found;
  }
  return 0;
}
const primary = (a, b) => order(a[0], b[0]) || order(a[1], b[1]);
return {
  comparer: (locale, numeric, sensitivity, note) => (left, right) => {
    let [a, b] = [keys(\`\${left}\`, locale, note), keys(\`\${right}\`, locale, note)];
    if (numeric) [a, b] = [numbers(a), numbers(b)];
    const accents = ['accent', 'variant'].includes(sensitivity), cases = ['case', 'variant'].includes(sensitivity);
    const tier = sensitivity === 'case' ? key => (key[0] === 3 ? key[3] >> 1 : 0) : key => key[3];
    return differ(a, b, primary) || sign(a.length - b.length)
      || (accents && differ(a, b, (x, y) => accentOrder(x[2], y[2]))) || (cases && differ(a, b, (x, y) => order(tier(x), tier(y)))) || 0;
  },
};
}`);
