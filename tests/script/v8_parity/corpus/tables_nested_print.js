console.log({a: {b: {c: {d: 1}}}, list: [[1, [2, [3, [4]]]]], f() {}, g: class X {}, s: Symbol('号'), d: new Date(0), r: /x/g, n: null, u: undefined});
console.log(new Map([[{k: 1}, new Set([1, [2]])]]), new Set(), new Map(), [undefined, null, , 3, , ,]);
console.log([[]], [{}], {a: []}, {a: {}}, [[[[]]]], [[[[1]]]]);
console.log(Object.create(null), Object.create({x: 1}), new (class extends Array {})(3), [1, 2, 3].entries().next());
