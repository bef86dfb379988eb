function addDays(date, days) { const d = new Date(date); d.setDate(d.getDate() + days); return d; }
const fmt = d => `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}-${String(d.getDate()).padStart(2, '0')}`;
return [0, 1, 28, 365, -60].map(n => fmt(addDays('2024-02-28', n)));
