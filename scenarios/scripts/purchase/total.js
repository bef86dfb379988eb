// 明细变化：逐行算金额，再合计
form.明细 = form.明细.map(row => ({ ...row, 金额: row.数量 * row.单价 }));
form.合计 = form.明细.reduce((sum, row) => sum + row.金额, 0);
