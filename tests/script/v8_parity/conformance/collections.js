const m = new Map([['张三', 1], [NaN, 'nan'], [0, '零']]);
m.set(-0, '负零').set({}, 'o').delete('张三');
const s = new Set('合同合同号');
const 弱 = new WeakMap(), 键 = {};
弱.set(键, '私');
const 分组 = (列, f) => 列.reduce((g, x) => ((g[f(x)] ??= []).push(x), g), {});
const order = new Map([[1, 'a'], [2, 'b']]);
const seen = [];
for (const [k] of order) { seen.push(k); if (k === 1) { order.delete(2); order.set(3, 'c'); } }
return [m.size, m.get(NaN), m.get(0), [...m.keys()].map(String), [...s], s.has('同'), 弱.get(键), 弱.has({}), 分组([1, 2, 3, 4], x => x % 2 ? '奇' : '偶'),
  seen, [...new Set([3, 1, 3])], [...new Map(Object.entries({a: 1}))], new Set([1]).add(1).size, [...m.entries()].length, Object.prototype.toString.call(m)];
