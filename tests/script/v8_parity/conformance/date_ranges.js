const 日 = 864e5, 两 = n => String(n).padStart(2, '0');
const 文 = d => `${d.getFullYear()}-${两(d.getMonth() + 1)}-${两(d.getDate())}`;
const 月末 = (年, 月) => new Date(年, 月, 0).getDate();
const 加月 = (d, n) => { const r = new Date(d.getFullYear(), d.getMonth() + n, 1); r.setDate(Math.min(d.getDate(), 月末(r.getFullYear(), r.getMonth() + 1))); return r; };
const 休 = new Set(['2026-05-01', '2026-05-04', '2026-05-05']), 班 = new Set(['2026-05-09']);
const 工作日 = d => 班.has(文(d)) || (d.getDay() % 6 !== 0 && !休.has(文(d)));
const 加工作日 = (d, n) => { const r = new Date(d); while (n > 0) { r.setDate(r.getDate() + 1); if (工作日(r)) n--; } return r; };
const 周 = d => { const t = new Date(d.getFullYear(), d.getMonth(), d.getDate()); t.setDate(t.getDate() + 3 - (t.getDay() + 6) % 7); const 一 = new Date(t.getFullYear(), 0, 4); return 1 + Math.round((t - 一) / 日 / 7 + ((一.getDay() + 6) % 7 - 3) / 7); };
const 年龄 = (生, 今) => 今.getFullYear() - 生.getFullYear() - (今 < new Date(今.getFullYear(), 生.getMonth(), 生.getDate()) ? 1 : 0);
const 季 = d => `${d.getFullYear()}Q${Math.ceil((d.getMonth() + 1) / 3)}`;
const d = new Date('2026-01-31T23:59:59+08:00');
const 拍 = new Date(2026, 1, 28, 25, 61, 61, 1001);
return [[1, 2, 12, 25, -2].map(n => 文(加月(d, n))), [2024, 2025, 2100, 2000].map(y => 月末(y, 2)), 文(加工作日(new Date(2026, 3, 30), 3)),
  ['2026-01-01', '2024-12-30', '2021-01-03', '2020-12-31'].map(s => 周(new Date(s))), 年龄(new Date(2000, 1, 29), new Date(2026, 1, 28)), 季(d), 拍.toISOString(),
  new Date(0, 0, 1).getFullYear(), new Date(99, 0).getFullYear(), new Date(100, 0).getFullYear(), new Date(2026, 0, 1, 0, 0, 0) - new Date('2026-01-01'), new Date('2026-02-30').getTime(),
  new Date('2026/02/30 08:00').getDate(), Date.UTC(2026, 1), new Date(8.64e15 + 1).getTime(), new Date(null).getTime(), new Date(undefined).getTime(), new Date(true).getTime(),
  new Date('2026-03-02T09:00').toJSON(), new Date(2026, 2, 2, 9).toLocaleDateString('zh-CN', {weekday: 'short'}), [new Date(2), new Date(10), new Date(1)].sort().map(Number), [new Date(2), new Date(10), new Date(1)].sort((a, b) => a - b).map(Number), new Date(2026, 11, 31).setMonth(1), Number(new Date(5)) + 1, `${new Date(NaN)}`];
