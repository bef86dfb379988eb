// Counts, by block, the pairs that collation.js orders otherwise than this Node; --write keeps the counts beside it.
import {readFileSync, writeFileSync} from 'node:fs';
const path = new URL('../../../../bpmax_sim/script/v8_parity/collation.js', import.meta.url);
const {comparer} = (0, eval)(readFileSync(path, 'utf8'))();
const range = (a, b) => Array.from({length: b - a + 1}, (_, i) => String.fromCodePoint(a + i)).filter(c => !/\p{Cn}/u.test(c));
let seed = 7;
const draw = n => (seed = seed * 48271 % 2147483647) % n;
const gb = new TextDecoder('gb18030');
const GB2312 = range(0xb0, 0xf7).flatMap((_, h) => range(0xa1, 0xfe).map((_, l) => gb.decode(Uint8Array.of(0xb0 + h, 0xa1 + l)))).filter(c => /^\p{Script=Han}$/u.test(c));
const BLOCKS = {
  'GB 2312': GB2312, 'URO': range(0x4e00, 0x9fff), 'Extension A': range(0x3400, 0x4dbf), 'full-width': range(0xff01, 0xff5e),
  'punctuation': [...range(0x20, 0x2f), ...range(0x3a, 0x40), ...range(0x2010, 0x2027), ...range(0x3001, 0x301f)], 'digits': [...range(0x30, 0x39), ...range(0xff10, 0xff19)],
};
const text = chars => Array.from({length: 1 + draw(3)}, () => chars[draw(chars.length)]).join('');
const sign = Math.sign, result = {};
function count(name, draws, options = {}) {
  const theirs = new Intl.Collator('zh-CN', options), ours = comparer('zh-CN', options.numeric ?? false, options.sensitivity ?? 'variant');
  let differ = 0; const samples = [];
  for (const [a, b] of draws) if (sign(theirs.compare(a, b)) !== sign(ours(a, b))) { differ++; if (samples.length < 4) samples.push([a, b]); }
  result[name] = [draws.length, differ];
  if (differ && process.argv.includes('--samples')) console.error(name, samples);
}
const many = (n, one) => Array.from({length: n}, () => [one(), one()]);
for (const [name, chars] of Object.entries(BLOCKS)) count(name, many(20000, () => text(chars)));
const mixed = Object.values(BLOCKS).flatMap(chars => Array.from({length: 200}, () => chars[draw(chars.length)])).concat([...'abcXYZ王喆李堃']);
count('all of these', many(40000, () => text(mixed)));
count('numeric: true', many(20000, () => `${text([...'A张第'])}${draw(300)}${text([...'号-'])}${draw(30)}`), {numeric: true});
for (const sensitivity of ['base', 'accent', 'case']) count(`sensitivity: ${sensitivity}`, many(10000, () => text(mixed)), {sensitivity});
// Every character of URO and Extension A beside the next one of all: what orders these orders all pairs of single characters.
const every = [...BLOCKS.URO, ...BLOCKS['Extension A']].filter(c => /\p{Script=Han}/u.test(c)).sort(new Intl.Collator('zh-CN').compare);
count('neighbours of URO and Extension A', every.slice(1).map((c, i) => [every[i], c]));
const printed = `${JSON.stringify(result, null, 1)}\n`;
if (process.argv.includes('--write')) writeFileSync(new URL('collation_pairs.json', import.meta.url), printed);
else console.log(printed);
