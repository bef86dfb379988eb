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
const ascii = Array.from({length: 95}, (_, i) => String.fromCharCode(32 + i)).filter(c => !/[0-9A-Za-z]/.test(c));
const fullwidth = [...'、。，；：！？…·—‘’“”（）《》【】￥'];
const marks = [...ascii, ...fullwidth].sort((a, b) => compare(a, b) || (a < b ? -1 : 1));
console.log(`// The order of text in zh-CN (Han by pinyin) and en-US. Printed by tests/script/v8_parity/data/collation.mjs.
'use strict';
() => {
const HAN = '${characters.join('')}';
const MOVED = '${moved.join('')}'; // in en-US, where Han sorts by code point, each second one comes after the one before it
const MARKS = ${JSON.stringify(marks.join(''))};
const han = new Map(Array.from(HAN, (c, i) => [c, i])), marks = new Map(Array.from(MARKS, (c, i) => [c, i]));
const strokes = new Map();
for (const [before, c] of MOVED.match(/../gu)) strokes.set(c, (strokes.get(before) ?? before.codePointAt(0)) + 0.001);
const TONES = {'\\u0304': -4, '\\u0301': -3, '\\u030c': -2, '\\u0300': -1}; // in zh-CN a letter with a tone sorts before the bare one
const ACCENTS = '\\u0301\\u0300\\u0306\\u0302\\u030c\\u030a\\u0308\\u030b\\u0303\\u0307\\u0328\\u0327\\u0304';
const rank = (accent, locale) => (locale === 'zh-CN' && TONES[accent]) || ACCENTS.indexOf(accent) + 1 || accent.charCodeAt(0);
const isHan = c => /\\p{Script=Han}/u.test(c);
// A letter's key is [group, order, accents, case]; text is compared by group and order, then accents, then case.
function keys(text, locale) {
  const found = [];
  const plain = locale === 'zh-CN' ? text.replaceAll('重庆', '\\ue000庆') : text; // sorts as Chongqing, not as Zhongqing
  for (const c of plain.normalize('NFD')) {
    const code = c.codePointAt(0), last = found.at(-1);
    if (code >= 0x300 && code <= 0x36f && last) last[2].push(rank(c, locale));
    else if (marks.has(c)) found.push([0, marks.get(c), [], 0]);
    else if (c === '\\ue000') found.push([2, han.get('虫') + 0.5, [], 0]);
    else if (/\\d/.test(c)) found.push([1, Number(c), [], 0]);
    else if (/[A-Za-z]/.test(c)) found.push([3, c.toLowerCase().charCodeAt(0), [], c < 'a' ? 1 : 0]);
    else if (isHan(c)) found.push(locale === 'zh-CN' ? [2, han.get(c) ?? 0x10000 + code, [], 0] : [5, strokes.get(c) ?? code, [], 0]);
    else found.push([code < 0x21 ? -1 : 4, code, [], 0]);
  }
  return found;
}
function numbers(found) { // a run of digits counts as one number
  const joined = [];
  for (const key of found) {
    const last = joined.at(-1);
    if (key[0] === 1 && last?.[0] === 1) last[1] = last[1] * 10 + key[1];
    else joined.push([...key]);
  }
  return joined;
}
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
  comparer: (locale, numeric, sensitivity) => (left, right) => {
    let [a, b] = [keys(\`\${left}\`, locale), keys(\`\${right}\`, locale)];
    if (numeric) [a, b] = [numbers(a), numbers(b)];
    const accents = ['accent', 'variant'].includes(sensitivity), cases = ['case', 'variant'].includes(sensitivity);
    return differ(a, b, primary) || sign(a.length - b.length)
      || (accents && differ(a, b, (x, y) => accentOrder(x[2], y[2]))) || (cases && differ(a, b, (x, y) => order(x[3], y[3]))) || 0;
  },
};
}`);
