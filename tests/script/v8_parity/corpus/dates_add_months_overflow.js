const d = new Date(2026, 0, 31);
d.setMonth(d.getMonth() + 1);
console.log(d.toString());
const safe = (date, n) => { const day = date.getDate(); const r = new Date(date.getFullYear(), date.getMonth() + n, 1); r.setDate(Math.min(day, new Date(r.getFullYear(), r.getMonth() + 1, 0).getDate())); return r; };
return [1, 2, 13].map(n => safe(new Date(2026, 0, 31), n).toLocaleDateString('zh-CN'));
