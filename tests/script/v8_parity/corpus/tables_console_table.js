console.table([{姓名: '张三', 金额: 12.5, 有效: true}, {姓名: '欧阳娜娜', 金额: null}]);
console.table([['a', 1], ['b', 2]]);
console.table({x: {v: 1}, y: {v: 2}});
console.table([1, 'two', {three: 3}]);
console.table([{a: 1, b: 2}], ['b']);
console.table(5); console.table([]); console.table(new Map([['k', 1]])); console.table(new Set(['s']));
