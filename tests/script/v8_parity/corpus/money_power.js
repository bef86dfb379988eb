const 四舍五入 = (n, d) => Math.round((n + Number.EPSILON) * Math.pow(10, d)) / Math.pow(10, d);
console.log([1.005, 2.675, -1.005, 1234.5678].map(n => 四舍五入(n, 2)));
const 月供 = (本金, 年利率, 月数) => { const r = 年利率 / 12; return 本金 * r * Math.pow(1 + r, 月数) / (Math.pow(1 + r, 月数) - 1); };
for (const 利率 of [0.0325, 0.0435, 0.049, 0.0735]) console.log(月供(1000000, 利率, 360), 月供(350000.5, 利率, 127));
const 复利 = [];
for (let 年 = 1; 年 <= 12; 年++) 复利.push(10000 * Math.pow(1.0277777134968444, 年 * 46.03 / 12));
console.log(复利);
let 余额 = 1.0210452026841583; 余额 = Math.pow(余额, -24.113526828761373); console.log(余额, 2 ** 10, Math.pow(10, -5), Math.pow(7, 1.5));
