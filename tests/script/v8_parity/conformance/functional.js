const pipe = (...fs) => x => fs.reduce((v, f) => f(v), x);
const curry = f => (...a) => a.length >= f.length ? f(...a) : curry(f.bind(null, ...a));
const memo = f => { const c = new Map(); return k => c.has(k) ? c.get(k) : (c.set(k, f(k)), c.get(k)); };
const fib = memo(n => n < 2 ? n : fib(n - 1) + fib(n - 2));
const 树 = [{id: 1, 父: 0}, {id: 2, 父: 1}, {id: 3, 父: 1}, {id: 4, 父: 2}];
const 建 = 父 => 树.filter(x => x.父 === 父).map(({id}) => ({id, 子: 建(id)}));
const 深 = (a, b) => Object.fromEntries([...new Set([...Object.keys(a), ...Object.keys(b)])].map(k => [k, typeof a[k] === 'object' && typeof b[k] === 'object' ? 深(a[k], b[k]) : b[k] ?? a[k]]));
function 老() { return Array.prototype.slice.call(arguments, 1).concat(this.x); }
return [pipe(x => x + 1, x => x * 2)(3), curry((a, b, c) => a + b + c)(1)(2)(3), fib(40), 建(0), 深({a: {b: 1, c: 2}}, {a: {c: 3}, d: 4}), 老.apply({x: 9}, [1, 2]), 老.bind({x: 8}, 0)(7), (() => {})() === undefined, [1, 2, 3].map(Number.prototype.toFixed.call.bind(Number.prototype.toFixed))];
