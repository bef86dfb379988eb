const o = {
  _v: 1, get 值() { return this._v; }, set 值(v) { this._v = v * 2; },
  get ['计算' + 1]() { return 'c'; }, __proto__: {继承: true}, async *gen() { yield 1; },
};
o.值 = 5;
Object.defineProperty(o, '只读', {value: 1, enumerable: false});
o.只读 = 2;
let 严格;
(() => { 'use strict'; try { o.只读 = 3 } catch (e) { 严格 = e.name } })();
const 冻 = Object.freeze({a: {b: 1}});
冻.a.b = 2; 冻.c = 1;
return [o.值, o.计算1, o.继承, Object.keys(o), o.只读, 严格, 冻, Object.isFrozen(冻), JSON.stringify(o), Object.getOwnPropertyDescriptor(o, '只读'),
  Object.entries({b: 1, 2: 'x', a: 2, 1: 'y'}), {...o, 值: 0}.值, Object.fromEntries([['甲', 1]]), 'gen' in o];
