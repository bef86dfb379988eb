console.log('%s 有 %d 份, 占 %i%%, %o', '合同', 3.5, 42.9, 'x');
console.log({a: 1, b: ['x', null, undefined], c: {d: {e: {f: 1}}}});
console.log([1, 'a', true], new Map([['k', {v: 1}]]), new Set([1]));
console.log(null, undefined, NaN, -0, 10n, Symbol('s'));
console.log('a\nb', ['a\nb', "it's"]);
console.log([], {}, [[]], [{}], '');
console.log(function 名() {}, () => {}, class 类 {}, new (class 客户 { x = 1; })());
console.log(new Date(0), /x/g, [1, , 3]);
