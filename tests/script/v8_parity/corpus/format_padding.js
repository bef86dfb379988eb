return ['5'.padStart(3, '0'), 'abc'.padEnd(6, '一二'), 'x'.padStart(0), '中'.padStart(4, '*'), ('000' + 7).slice(-3)];
