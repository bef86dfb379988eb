const rows = [{id: 1, 名: '甲'}, {id: 2, 名: '乙'}, {id: 1, 名: '丙'}];
console.log([...new Map(rows.map(r => [r.id, r])).values()]);
return rows.filter((r, i, all) => all.findIndex(x => x.id === r.id) === i);
