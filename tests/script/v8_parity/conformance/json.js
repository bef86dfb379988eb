const big = '{"id":1234567890123456789,"e":1e400,"f":0.1,"g":-0,"u":"\\u5f20\\ud83d\\ude00"}';
const v = JSON.parse(big);
const o = {b: undefined, f() {}, d: new Date(0), n: null, nan: NaN, nest: [undefined, () => 1, Symbol('x')], s: new Set([1]), big: {toJSON: k => `json of ${k}`}, '': 1};
let 环错, 大错;
const c = {}; c.c = c;
try { JSON.stringify(c) } catch (e) { 环错 = e.name }
try { JSON.stringify({a: 1n}) } catch (e) { 大错 = e.name }
return [v.id, String(v.id), v.e, v.g, v.u, JSON.stringify(o), JSON.stringify([1, {a: 2}], null, 2), JSON.stringify({a: 1, b: [1]}, null, '--'),
  JSON.stringify({a: 1, b: 2, c: {a: 3}}, ['a', 'c']), JSON.stringify({x: 1}, (k, val) => k ? val + 1 : val), JSON.parse('[1,{"a":2}]', (k, val) => typeof val === 'number' ? val * 10 : val),
  JSON.stringify('\u2028\ud800"\\/'), JSON.stringify(undefined) === undefined, 环错, 大错, JSON.stringify({'__proto__': 1, ['__proto__']: 2}), JSON.parse('{"__proto__":1}').__proto__, JSON.stringify(Object.create({a: 1})), JSON.stringify(1e21), JSON.stringify(new Map([[1, 2]]))];
