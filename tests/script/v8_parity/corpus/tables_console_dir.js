const 单 = {甲: {乙: {丙: {丁: 1}}}, 明细: [[[[1]]]]};
console.dir(单);
console.dir(单, {depth: 0});
console.dir(单, {depth: null});
console.dir(单, {depth: 1, colors: false});
