class 区间 {
  constructor(a, b) { Object.assign(this, {a, b}); }
  *[Symbol.iterator]() { for (let i = this.a; i <= this.b; i++) yield i; }
  [Symbol.toPrimitive](hint) { return hint === 'number' ? this.b - this.a : `${this.a}~${this.b}`; }
}
const r = new 区间(2, 5);
const 关 = [];
const it = {[Symbol.iterator]() { let i = 0; return {next: () => ({value: i, done: i++ > 5}), return() { 关.push('关'); return {}; }}; }};
const [x, y] = it;
for (const v of it) if (v === 1) break;
const [...所有] = r;
return [[...r], Math.max(...r), `${r}`, +r, r + '', x, y, 关, 所有, Array.from(r, v => v * v), Object.fromEntries(r[Symbol.iterator]().constructor ? [['k', 1]] : []),
  [...'😀a'], [...[1, 2].entries()], [...'ab'].keys().next(), Symbol('描').description, Symbol.for('a') === Symbol.for('a'), typeof Symbol()];
