console.log({1: 'a', b: 2, 'c-d': 3, 中文: 4, _x: 5, $y: 6, 'a b': 7, [Symbol.iterator]: 8, '': 9, true: 10, e1: 11});
console.log([Object.assign([1, 2], {extra: 'x', '-1': 0})], Object.assign(() => 1, {p: 1}), Object.assign(function 名() {}, {q: {r: 1}}));
const o = {name: 'o'}; o.me = o; o.list = [o, {o}]; console.log(o);
console.log(new Number(3), new String('str'), new Boolean(false), Object(10n), Object(Symbol('x')), [new Number(-0)]);
