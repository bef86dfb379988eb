const 日期 = /(?<年>\d{4})年(?<月>\d{1,2})月(?<日>\d{1,2})日/gu;
const 文 = '签于2026年3月2日,止于2027年12月31日';
const 组 = [...文.matchAll(日期)].map(({groups: {年, 月, 日}, index}) => [`${年}-${月.padStart(2, 0)}-${日.padStart(2, 0)}`, index]);
return [组, 文.replace(日期, '$<年>/$<月>/$<日>'), 文.replace(日期, (...m) => m.at(-1).年),
  '¥1,234.50'.match(/(?<=¥)[\d,]+(?:\.\d+)?/)[0], 'a1b2'.replace(/(?<![a])\d/g, '#'), '价格100元'.match(/\d+(?=元)/)[0],
  /\p{Script=Han}+/u.exec('abc合同123')[0], [...'张😀三'.matchAll(/./gu)].map(m => m[0]), /^.$/u.test('😀'), /^.$/.test('😀'),
  'aBC'.replace(/b/i, m => `[${m}]`), /a.c/s.test('a\nc'), 'x\ny'.match(/^y$/m)?.index, /(a)|(b)/.exec('b'), 'a-b_c'.split(/[-_]/), 'a1b'.split(/(\d)/)];
