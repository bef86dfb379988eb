const 平 = [[1, 0, '总部'], [2, 1, '销售'], [3, 1, '研发'], [4, 3, '平台'], [5, 9, '孤儿']].map(([id, 父, 名]) => ({id, 父, 名}));
const 建 = (列, 父 = 0) => 列.filter(x => x.父 === 父).map(({父: _, ...x}) => ({...x, 子: 建(列, x.id)}));
const 走 = function* (树, 深 = 0) { for (const {子, 名} of 树) { yield '  '.repeat(深) + 名; yield* 走(子, 深 + 1); } };
const 并 = (a, b) => b === undefined ? a : typeof b !== 'object' || b === null || Array.isArray(b) || typeof a !== 'object' || a === null ? b
  : Object.keys({...a, ...b}).reduce((o, k) => (o[k] = 并(a[k], b[k]), o), {});
const 取 = (o, 路) => 路.split(/[.[\]]+/).filter(Boolean).reduce((v, k) => v?.[k], o);
const 设 = (o, [k, ...余], v) => 余.length ? {...o, [k]: 设(o?.[k] ?? {}, 余, v)} : {...o, [k]: v};
const 差 = (a, b, 路 = '') => [...new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})])].flatMap(k => {
  const [x, y] = [a?.[k], b?.[k]];
  return Object.is(x, y) ? [] : [x, y].every(v => v && typeof v === 'object') ? 差(x, y, `${路}/${k}`) : [[`${路}/${k}`, x, y]];
});
const 树 = 建(平), 甲 = {a: 1, b: {c: [1, 2], d: null}, 空: undefined}, 乙 = {b: {c: [9], e: NaN}, a: 0};
return [[...走(树)], JSON.stringify(树), 并(甲, 乙), 取({行: [{价: 5}]}, '行[0].价'), 取({}, 'a.b.c'), 设({x: 1}, ['y', '0', 'z'], '深'), 差(甲, 并(甲, 乙)),
  JSON.stringify(甲, (k, v) => v === undefined ? '未定义' : v, '··'), JSON.stringify({b: 1, a: [new Date(0), /x/, () => 1, Symbol('s'), 1n < 2]}, null, 1)];
