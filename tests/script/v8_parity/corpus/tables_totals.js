const rows = [{品: '笔', 价: 2.5, 数: 4}, {品: '纸', 价: 19.9, 数: 2}];
for (const r of rows) r.小计 = +(r.价 * r.数).toFixed(2);
console.log(rows);
return rows.reduce((s, r) => s + r.小计, 0).toFixed(2);
