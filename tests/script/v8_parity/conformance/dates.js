const d = new Date(2026, 0, 31, 10, 30);
d.setMonth(1);
const 天 = (a, b) => Math.round((new Date(b) - new Date(a)) / 864e5);
const 月末 = (y, m) => new Date(y, m, 0).getDate();
const 加月 = (s, n) => { const t = new Date(s); t.setMonth(t.getMonth() + n); return t.toISOString().slice(0, 10); };
const x = new Date('2026-03-02T09:05:07.008+08:00');
const 格式 = (t, f) => f.replace(/YYYY|MM|DD|HH|mm|ss/g, k => String({YYYY: t.getFullYear(), MM: t.getMonth() + 1, DD: t.getDate(), HH: t.getHours(), mm: t.getMinutes(), ss: t.getSeconds()}[k]).padStart(2, '0'));
return [d.getMonth(), d.getDate(), 天('2026-02-27', '2026-03-02'), [1, 2, 3].map(m => 月末(2028, m)), 加月('2026-11-15', 3), 格式(x, 'YYYY-MM-DD HH:mm:ss'), x.getDay(), x.getTimezoneOffset(), x.toISOString(), JSON.stringify(x), +x, x.getTime() === Date.parse('2026-03-02 09:05:07.008'),
  new Date('2026-03-02').getHours(), new Date('2026/03/02').getHours(), new Date(2026, 12, 1).getFullYear(), new Date('坏').getTime(), String(new Date('坏')), new Date(0).toString(), new Date(0).toDateString(), new Date(0).toUTCString(), Date.UTC(2026, 0), new Date(2026, 1, 29).getMonth(), new Date(99, 0).getFullYear(), new Date(x).valueOf() === x.valueOf(), x > new Date(0), `${new Date(8.64e15)}`, isNaN(new Date(8.64e15 + 1)), typeof (x - 0), typeof (x + 0), new Date(2026, 2, 2, 25, 61).getHours()];
