const 起 = new Date('2026-02-26T00:00:00+08:00'), 日 = [];
for (let d = new Date(起); d <= new Date('2026-03-03T00:00:00+08:00'); d.setDate(d.getDate() + 1)) 日.push(`${d.getMonth() + 1}/${d.getDate()}周${'日一二三四五六'[d.getDay()]}`);
const 工作日 = (s, n) => { const d = new Date(s); while (n > 0) { d.setDate(d.getDate() + 1); if (d.getDay() % 6) n--; } return d.toISOString(); };
const 季 = d => Math.floor(d.getMonth() / 3) + 1;
const 周岁 = (生, 今) => 今.getFullYear() - 生.getFullYear() - (今 < new Date(今.getFullYear(), 生.getMonth(), 生.getDate()) ? 1 : 0);
return [日, 工作日('2026-02-27T09:00:00+08:00', 3), 季(起), 周岁(new Date(1990, 4, 20), new Date(2026, 2, 2)), new Date(Math.min(...[5, 3].map(x => +new Date(2026, x)))), [...Array(3).keys()].map(i => new Date(2026, 1 + i, 0).getDate())];
