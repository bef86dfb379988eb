const 日志 = [];
const p = new Proxy({a: 1}, {
  get(t, k, r) { if (typeof k === 'string') 日志.push('get ' + k); return Reflect.get(t, k, r) ?? `无${String(k)}`; },
  set(t, k, v, r) { 日志.push(`set ${k}`); return Reflect.set(t, k, v, r); },
  has: (t, k) => k.startsWith('a'), deleteProperty(t, k) { 日志.push('del ' + k); return delete t[k]; },
  ownKeys: t => [...Reflect.ownKeys(t), '虚'], getOwnPropertyDescriptor: () => ({configurable: true, enumerable: true, value: 9}),
});
p.b = 2; delete p.a;
const f = new Proxy(function () {}, {apply: (t, s, a) => a.length, construct: (t, a) => ({n: a[0]})});
const {proxy, revoke} = Proxy.revocable({}, {});
revoke();
let 错;
try { proxy.x } catch (e) { 错 = e.name }
return [p.b, p.c, 'abc' in p, 'b' in p, Object.keys(p), f(1, 2), new f('x'), 日志, 错, Reflect.apply(Math.max, null, [1, 3, 2]),
  Reflect.construct(Date, [0]).getTime(), Reflect.has({x: 1}, 'x'), Reflect.ownKeys({[Symbol.iterator]: 1, b: 1, 0: 1}).map(String)];
