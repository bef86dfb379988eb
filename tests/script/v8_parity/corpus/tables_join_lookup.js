const 客 = [{id: 1, 名: '甲'}, {id: 2, 名: '乙'}], 单 = [{no: 'A', c: 2}, {no: 'B', c: 9}];
const idx = new Map(客.map(c => [c.id, c]));
console.log(单.map(({no, c}) => ({no, 客: idx.get(c)?.名 ?? '未知'})));
