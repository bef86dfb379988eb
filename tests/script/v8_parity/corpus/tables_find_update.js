const rows = [{id: 1, s: '新'}, {id: 2, s: '新'}];
const i = rows.findIndex(r => r.id === 2);
rows.splice(i, 1, {...rows[i], s: '审'});
rows.push({id: 3, s: '新'});
return [i, rows, rows.findLast(r => r.s === '新').id];
