class 总线 {
  #听 = new Map();
  static #个数 = 0;
  constructor() { 总线.#个数++; }
  on(名, 做, {once = false} = {}) {
    const 列 = this.#听.get(名) ?? this.#听.set(名, new Set()).get(名), 项 = {做, once};
    列.add(项);
    return () => 列.delete(项);
  }
  emit(名, ...参) {
    let n = 0;
    for (const 项 of [...this.#听.get(名) ?? []]) { if (项.once) this.#听.get(名).delete(项); 项.做.apply(this, 参); n++; }
    return n;
  }
  static get 个数() { return 总线.#个数; }
  get [Symbol.toStringTag]() { return '总线'; }
  *[Symbol.iterator]() { for (const [名, {size}] of this.#听) yield [名, size]; }
  has(x) { return #听 in x; }
}
const 线 = new 总线(), 记 = [];
const 离 = 线.on('改', function (v) { 记.push([v, this === 线]); });
线.on('改', v => { 记.push(v * 2); if (v < 3) 线.emit('改', v + 1); }, {once: true});
线.on('加', (...v) => 记.push(v.flat(Infinity)));
const 数 = [线.emit('改', 1), 线.emit('改', 5), 线.emit('无')];
离(); 线.emit('改', 9); 线.emit('加', 1, [2, [3]]);
let 错; try { 总线.prototype.emit.call({}, 'x'); } catch (e) { 错 = e.constructor.name; }
return [数, 记, [...线], `${线}`, 总线.个数, 线.has(线), 线.has({}), 错];
