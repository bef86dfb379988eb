const rows = [['张三', '12'], ['欧阳娜娜', '7']];
const w = s => [...s].reduce((n, c) => n + (c > 'ÿ' ? 2 : 1), 0);
for (const [n, v] of rows) console.log(n + ' '.repeat(10 - w(n)) + v.padStart(4));
