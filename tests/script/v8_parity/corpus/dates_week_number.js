function isoWeek(input) {
  const d = new Date(Date.UTC(input.getFullYear(), input.getMonth(), input.getDate()));
  const num = d.getUTCDay() || 7;
  d.setUTCDate(d.getUTCDate() + 4 - num);
  return Math.ceil(((d - Date.UTC(d.getUTCFullYear(), 0, 1)) / 86400000 + 1) / 7);
}
return ['2026-01-01', '2025-12-29', '2026-12-31', '2024-12-30'].map(s => isoWeek(new Date(s)));
