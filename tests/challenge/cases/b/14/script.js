const rows = form.明细.map(row => ({ 名称: row.名称, 数量: row.数量, 单价: row.单价, 小计: row.数量 * row.单价 }));
form.明细 = rows;
form.合计 = rows.reduce((sum, row) => sum + row.小计, 0);
